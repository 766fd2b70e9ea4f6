"""Columns of numbers as bytes: small, exact in a stated way, and refused when a bit of them has changed.

One zlib stream (whose Adler-32 notices damage, RFC 1950) of a JSON line that lists the columns, and after it
their values one by one, as differences where they run on, with bytes of equal weight side by side.
"""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from camber.errors import LibraryError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_LEVEL: Final = 6
_DEGREES: Final = 1e7
"""Degrees are kept as whole 1e-7 degrees: 1.1 cm at most, the seven decimals that exports write."""


def pack_table(table: pd.DataFrame) -> bytes:
    """Turn a table into bytes.

    Parameters
    ----------
    table : DataFrame
        Columns of numbers, flags, texts and times; the index is not kept.

    Returns
    -------
    bytes
        Times whole milliseconds, ``*_deg`` of positions whole 1e-7 degrees, other floats single precision,
        whole numbers and texts exact.
    """
    columns, parts = [], []
    for name in table.columns:
        kind, more, values = _coded(str(name), table[name])
        columns.append([str(name), kind, *more])
        parts.append(_shuffled(values))
    head = json.dumps({"rows": len(table), "columns": columns}, ensure_ascii=False, separators=(",", ":"))
    return zlib.compress(b"".join([head.encode(), b"\n", *parts]), _LEVEL)


def unpack_table(data: bytes, only: tuple[str, ...] | None = None) -> pd.DataFrame:
    """Turn bytes back into a table.

    Parameters
    ----------
    data : bytes
        Of `pack_table`.
    only : tuple of str, optional
        Columns that are wanted.

    Returns
    -------
    DataFrame
        Index 0, 1, ...; times with zone UTC.

    Raises
    ------
    LibraryError
        If a bit has changed, or the bytes are of something else.
    """
    try:
        head, _, body = zlib.decompress(data).partition(b"\n")
        listed = json.loads(head)
        rows, at, found = int(listed["rows"]), 0, {}
        for name, kind, *more in listed["columns"]:
            code, width = _CODES[kind]
            if only is None or name in only:
                values = _unshuffled(body[at : at + rows * width], code, rows)
                found[name] = _decoded(kind, more, values)
            at += rows * width
        _check_filled(at, body)
    except (zlib.error, ValueError, KeyError, IndexError, TypeError) as error:
        text = f"a stored table is damaged ({error}); `camber check` says which"
        raise LibraryError(text, path="library") from error
    return pd.DataFrame(found, index=pd.RangeIndex(rows))


def pack_arrays(arrays: Mapping[str, NDArray[np.float64]]) -> bytes:
    """Turn equally shaped arrays into bytes; columns that are zero throughout cost nothing.

    Parameters
    ----------
    arrays : mapping of str to ndarray of float64, shape (n, m)
        The arrays.

    Returns
    -------
    bytes
        Single precision.
    """
    shape = next(iter(arrays.values())).shape
    used = {name: np.flatnonzero(values.any(axis=0)).tolist() for name, values in arrays.items()}
    parts = [_shuffled(arrays[name][:, used[name]].T.astype("<f4").ravel()) for name in arrays]
    head = json.dumps({"shape": shape, "used": used}, separators=(",", ":"))
    return zlib.compress(b"".join([head.encode(), b"\n", *parts]), _LEVEL)


def unpack_arrays(data: bytes) -> dict[str, NDArray[np.float64]]:
    """Turn bytes back into arrays.

    Parameters
    ----------
    data : bytes
        Of `pack_arrays`.

    Returns
    -------
    dict of str to ndarray of float64, shape (n, m)
        The arrays.

    Raises
    ------
    LibraryError
        If a bit has changed, or the bytes are of something else.
    """
    try:
        head, _, body = zlib.decompress(data).partition(b"\n")
        listed = json.loads(head)
        (rows, width), at, found = listed["shape"], 0, {}
        for name, used in listed["used"].items():
            values = np.zeros((rows, width))
            size = 4 * rows * len(used)
            piece = _unshuffled(body[at : at + size], "<f4", rows * len(used))
            values[:, used] = piece.reshape(len(used), rows).T
            found[name], at = values, at + size
        _check_filled(at, body)
    except (zlib.error, ValueError, KeyError, IndexError, TypeError) as error:
        text = f"stored draws are damaged ({error}); `camber check` says which"
        raise LibraryError(text, path="library") from error
    return found


def pack_json(value: object) -> bytes:
    """Turn plain values into bytes.

    Parameters
    ----------
    value : object
        Dicts, lists, texts and numbers.

    Returns
    -------
    bytes
        JSON, compressed with zlib.
    """
    return zlib.compress(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), _LEVEL)


def fingerprint(*values: object) -> int:
    """Check sum of the values of a row, so that a flipped bit in any of them is noticed.

    Parameters
    ----------
    *values : object
        Text, numbers, bytes and None, as they stand in the row.

    Returns
    -------
    int
        CRC-32 of all of them in order.
    """
    state = 0
    for value in values:
        data = value if isinstance(value, bytes) else repr(value).encode("utf-8", "surrogatepass")
        state = zlib.crc32(data + b"\x1f", state)
    return state


_CODES: Final = {
    "time": ("<i8", 8),
    "degrees": ("<i4", 4),
    "float": ("<f4", 4),
    "int": ("<i8", 8),
    "flag": ("|u1", 1),
    "text": ("<u2", 2),
}


def _coded(name: str, values: pd.Series) -> tuple[str, list[Any], NDArray[Any]]:
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        stamps = values.dt.tz_convert("UTC").dt.as_unit("ms").astype("int64").to_numpy()
        return "time", [], _steps(stamps.astype("<i8"))
    if pd.api.types.is_bool_dtype(values):
        return "flag", [], values.to_numpy().astype("|u1")
    if pd.api.types.is_integer_dtype(values):
        return "int", [], _steps(values.to_numpy().astype("<i8"))
    if pd.api.types.is_float_dtype(values):
        numbers = values.to_numpy(dtype=float)
        if name in {"latitude_deg", "longitude_deg"}:
            return "degrees", [], _steps(np.rint(numbers * _DEGREES).astype("<i4"))
        return "float", [], numbers.astype("<f4")
    codes, vocabulary = pd.factorize(values.astype(str), sort=True)
    return "text", [list(map(str, vocabulary))], codes.astype("<u2")


def _decoded(kind: str, more: list[Any], values: NDArray[Any]) -> Any:  # noqa: ANN401 - what a column may hold
    if kind == "time":
        stamps = np.cumsum(values, dtype=np.int64)
        # As readers give them; the smallest number is numpy's "not a time" in every unit.
        stamps = stamps.astype("datetime64[ms]").astype("datetime64[us]")
        return pd.DatetimeIndex(stamps).tz_localize("UTC")
    if kind == "degrees":
        return np.cumsum(values, dtype=np.int32).astype(float) / _DEGREES
    if kind == "int":
        return np.cumsum(values, dtype=np.int64)
    if kind == "flag":
        return values.astype(bool)
    if kind == "float":
        return values.astype(float)
    return np.asarray(more[0], dtype=object)[values] if len(values) else np.zeros(0, dtype=object)


def _check_filled(at: int, body: bytes) -> None:
    if at != len(body):
        raise ValueError("its values do not fill it")


def _steps(values: NDArray[Any]) -> NDArray[Any]:
    """Differences, which wrap around where they are large, and back again when they are summed."""
    return np.diff(values, prepend=values.dtype.type(0))


def _shuffled(values: NDArray[Any]) -> bytes:
    width = values.dtype.itemsize
    return np.ascontiguousarray(values).view(np.uint8).reshape(-1, width).T.tobytes()


def _unshuffled(data: bytes, code: str, rows: int) -> NDArray[Any]:
    width = np.dtype(code).itemsize
    turned = np.frombuffer(data, dtype=np.uint8).reshape(width, rows).T
    return np.ascontiguousarray(turned).reshape(-1).view(code)
