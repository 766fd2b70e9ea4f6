"""Arrays and tables as bytes: refused when a bit of them has changed; nothing in them can run.

Two forms of the same idea, a JSON line that lists columns and the columns one after the other:

* *Exact* (`pack_arrays`), for files that are to open at once: the arrays are views of the file. ::

      8 bytes   name of the form and its version
      32 bytes  SHA-256 of everything that follows
      8 bytes   length of the header, little-endian
      header    JSON: what the arrays are, and facts
      payload   the arrays one after the other, each from a multiple of 64 bytes on

* *Small* (`pack_table`, `pack_columns`), exact in a stated way: one zlib stream (whose Adler-32 notices
  damage, RFC 1950), values as differences where they run on, with bytes of equal weight side by side.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from camber.errors import DamagedStoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    Array = NDArray[Any]

_PREFIX: Final = struct.Struct("<8s32sQ")
"""Form, checksum, length of the header."""

_CHECKED_FROM: Final = 40
_ALIGNMENT: Final = 64
"""Bytes; a line of the processor's cache, and more than any number needs."""

_LEVEL: Final = 6
_DEGREES: Final = 1e7
"""Degrees are kept as whole 1e-7 degrees: 1.1 cm at most, the seven decimals that exports write."""


def pack_arrays(
    form: bytes, facts: Mapping[str, Any], arrays: Mapping[str, Array]
) -> list[bytes | memoryview]:
    """Turn arrays and facts into the parts of an exact file; views where nothing had to be copied.

    ``form`` has 8 bytes; ``facts`` are what JSON can hold, with ``label`` for what the file stands for.
    """
    arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    listed = [(name, array.dtype.str, array.shape) for name, array in arrays.items()]
    text = json.dumps({**facts, "arrays": listed}).encode("ascii")
    # Blanks at its end are JSON too: they bring the payload to where its arrays are aligned.
    header = text + b" " * (-(_PREFIX.size + len(text)) % _ALIGNMENT)
    parts: list[bytes | memoryview] = [struct.pack("<Q", len(header)), header]
    for array in arrays.values():
        parts += [array.reshape(-1).view(np.uint8).data, bytes(-array.nbytes % _ALIGNMENT)]
    checksum = hashlib.sha256()
    for part in parts:
        checksum.update(part)
    return [form + checksum.digest(), *parts]


def unpack_arrays(
    form: bytes, stored: NDArray[np.uint8], *, label: str
) -> tuple[dict[str, Any], dict[str, Array]]:
    """Give the facts and arrays of `pack_arrays`; the arrays are views of ``stored``, a whole file as uint8.

    Raises `DamagedStoreError` for another form or label, and where a single bit is not as written.
    """
    if len(stored) < _PREFIX.size:
        raise DamagedStoreError("the stored form is cut off; delete it.", path=label)
    found, checksum, length = _PREFIX.unpack(stored[: _PREFIX.size].data)
    if found != form or hashlib.sha256(stored[_CHECKED_FROM:].data).digest() != checksum:
        raise DamagedStoreError("the stored form is damaged, or of another kind; delete it.", path=label)
    facts = json.loads(stored[_PREFIX.size : _PREFIX.size + length].tobytes())
    if facts["label"] != label:
        raise DamagedStoreError(f"the stored form stands for {facts['label']}; delete it.", path=label)
    arrays, at = {}, _PREFIX.size + length
    for name, kind, shape in facts.pop("arrays"):
        dtype = np.dtype(kind)
        size = dtype.itemsize * int(np.prod(shape))
        arrays[name] = stored[at : at + size].view(dtype).reshape(shape)
        at += size + -size % _ALIGNMENT
    return facts, arrays


class Head(NamedTuple):
    """What an exact file says of itself before its content is looked at; ``size`` in bytes."""

    checksum: bytes
    facts: dict[str, Any]
    size: int


def read_head(path: Path, form: bytes) -> Head | None:
    """Read the head of an exact file; None where there is none of this form."""
    try:
        with path.open("rb") as file:
            found, checksum, length = _PREFIX.unpack(file.read(_PREFIX.size))
            size = path.stat().st_size
            if found != form or length >= size:
                return None
            return Head(checksum, dict(json.loads(file.read(length))), size)
    except (OSError, ValueError, TypeError, struct.error):
        return None


def is_as_written(path: Path, form: bytes) -> bool:
    """Tell whether an exact file is of a form, and not a bit of it has changed."""
    with path.open("rb") as file:
        head = file.read(_CHECKED_FROM)
        checksum = hashlib.file_digest(file, "sha256").digest()
    return head == form + checksum


def pack_texts(texts: Sequence[str]) -> tuple[Array, Array]:
    """Turn texts into arrays: UTF-8 one after the other, text ``t`` in bytes ``first[t]:first[t + 1]``."""
    packed = [text.encode() for text in texts]
    return np.cumsum([0, *map(len, packed)], dtype=np.int64), np.frombuffer(b"".join(packed), dtype=np.uint8)


def unpack_texts(first: Array, utf8: Array) -> list[str]:
    """Turn the arrays of `pack_texts` into texts again."""
    content = utf8.tobytes()
    return [content[start:end].decode() for start, end in pairwise(first.tolist())]


def pack_table(table: pd.DataFrame | Mapping[str, Array]) -> bytes:
    """Turn a table of numbers, flags, texts and times into bytes; the index is not kept.

    Columns may be plain arrays, which is quicker for small tables.

    Times are whole milliseconds, ``latitude_deg`` and ``longitude_deg`` whole 1e-7 degrees, other floats
    single precision; whole numbers and texts are exact.
    """
    columns, parts, rows = [], [], 0
    for name, given in table.items():
        kind, more, values = _coded(str(name), given)
        columns.append([str(name), kind, *more])
        parts.append(_shuffled(values))
        rows = len(values)
    return _compressed({"rows": rows, "columns": columns}, parts)


def unpack_table(data: bytes, only: tuple[str, ...] | None = None) -> pd.DataFrame:
    """Turn bytes of `pack_table` into a table, index 0, 1, ..., times in UTC; ``only`` some columns."""
    import pandas as pd  # noqa: PLC0415 - what reads a few columns needs no table

    rows, columns = table_columns(data, only)
    timed = {
        name: pd.DatetimeIndex(values).tz_localize("UTC") if values.dtype.kind == "M" else values
        for name, values in columns.items()
    }
    return pd.DataFrame(timed, index=pd.RangeIndex(rows))


def table_columns(data: bytes, only: tuple[str, ...] | None = None) -> tuple[int, dict[str, Array]]:
    """Turn bytes of `pack_table` into the number of rows and plain arrays, times in UTC."""
    with _noticing_damage("a stored table is"):
        listed, body = _uncompressed(data)
        rows, at, found = int(listed["rows"]), 0, {}
        for name, kind, *more in listed["columns"]:
            code, width = _CODES[kind]
            if only is None or name in only:
                values = _unshuffled(body[at : at + rows * width], code, rows)
                found[str(name)] = _decoded(kind, more, values)
            at += rows * width
        _check_filled(at, body)
    return rows, found


def pack_columns(arrays: Mapping[str, NDArray[np.float64]]) -> bytes:
    """Turn arrays of one shape (n, m) into bytes, in single precision; columns of zeros cost nothing."""
    shape = next(iter(arrays.values())).shape
    used = {name: np.flatnonzero(values.any(axis=0)).tolist() for name, values in arrays.items()}
    parts = [_shuffled(arrays[name][:, used[name]].T.astype("<f4").ravel()) for name in arrays]
    return _compressed({"shape": shape, "used": used}, parts)


def unpack_columns(data: bytes) -> dict[str, NDArray[np.float64]]:
    """Turn bytes of `pack_columns` into arrays of shape (n, m)."""
    with _noticing_damage("stored draws are"):
        listed, body = _uncompressed(data)
        (rows, width), at, found = listed["shape"], 0, {}
        for name, used in listed["used"].items():
            values = np.zeros((rows, width))
            size = 4 * rows * len(used)
            piece = _unshuffled(body[at : at + size], "<f4", rows * len(used))
            values[:, used] = piece.reshape(len(used), rows).T
            found[name], at = values, at + size
        _check_filled(at, body)
    return found


_CODES: Final = {
    "time": ("<i8", 8),
    "degrees": ("<i4", 4),
    "float": ("<f4", 4),
    "int": ("<i8", 8),
    "flag": ("|u1", 1),
    "text": ("<u2", 2),
}


def _coded(name: str, values: pd.Series | Array) -> tuple[str, list[Any], Array]:
    import pandas as pd  # noqa: PLC0415 - what reads a few columns needs no table

    if isinstance(values, pd.Series) and isinstance(values.dtype, pd.DatetimeTZDtype):
        stamps = values.dt.tz_convert("UTC").dt.as_unit("ms").astype("int64").to_numpy()
        return "time", [], _steps(stamps.astype("<i8"))
    if values.dtype.kind == "b":
        return "flag", [], np.asarray(values).astype("|u1")
    if values.dtype.kind in "iu":
        return "int", [], _steps(np.asarray(values).astype("<i8"))
    if values.dtype.kind == "f":
        numbers = np.asarray(values, dtype=float)
        if name in {"latitude_deg", "longitude_deg"}:
            return "degrees", [], _steps(np.rint(numbers * _DEGREES).astype("<i4"))
        return "float", [], numbers.astype("<f4")
    codes, vocabulary = pd.factorize(values.astype(str), sort=True)
    return "text", [list(map(str, vocabulary))], codes.astype("<u2")


def _decoded(kind: str, more: list[Any], values: Array) -> Array:
    if kind == "time":
        stamps = np.cumsum(values, dtype=np.int64)
        # As readers give them; the smallest number is numpy's "not a time" in every unit.
        return stamps.astype("datetime64[ms]").astype("datetime64[us]")
    if kind == "degrees":
        return np.cumsum(values, dtype=np.int32).astype(float) / _DEGREES
    if kind == "int":
        return np.cumsum(values, dtype=np.int64)
    if kind == "flag":
        return values.astype(bool)
    if kind == "float":
        return values.astype(float)
    return np.asarray(more[0], dtype=object)[values] if len(values) else np.zeros(0, dtype=object)


def _compressed(listed: Mapping[str, Any], parts: Sequence[bytes]) -> bytes:
    head = json.dumps(listed, ensure_ascii=False, separators=(",", ":"))
    return zlib.compress(b"".join([head.encode(), b"\n", *parts]), _LEVEL)


def _uncompressed(data: bytes) -> tuple[dict[str, Any], bytes]:
    head, _, body = zlib.decompress(data).partition(b"\n")
    return json.loads(head), body


@contextmanager
def _noticing_damage(what: str) -> Iterator[None]:
    try:
        yield
    except (zlib.error, ValueError, KeyError, IndexError, TypeError) as error:
        text = f"{what} damaged ({error}); `camber check` says which"
        raise DamagedStoreError(text, path="library") from error


def _check_filled(at: int, body: bytes) -> None:
    if at != len(body):
        raise ValueError("its values do not fill it")


def _steps(values: Array) -> Array:
    """Differences, which wrap around where they are large, and back again when they are summed."""
    return np.diff(values, prepend=values.dtype.type(0))


def _shuffled(values: Array) -> bytes:
    width = values.dtype.itemsize
    return np.ascontiguousarray(values).view(np.uint8).reshape(-1, width).T.tobytes()


def _unshuffled(data: bytes, code: str, rows: int) -> Array:
    width = np.dtype(code).itemsize
    turned = np.frombuffer(data, dtype=np.uint8).reshape(width, rows).T
    return np.ascontiguousarray(turned).reshape(-1).view(code)
