"""Arrays and facts in one file that is checked whole when it is opened; nothing in it can run.

::

    8 bytes   name of the form and its version
    32 bytes  SHA-256 of everything that follows
    8 bytes   length of the header, little-endian
    header    JSON: what the arrays are, and facts
    payload   the arrays one after the other, each from a multiple of 64 bytes on
"""

from __future__ import annotations

import hashlib
import json
import struct
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from camber.errors import RoadsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Array = NDArray[Any]

PREFIX: Final = struct.Struct("<8s32sQ")
"""Form, checksum, length of the header."""

_ALIGNMENT: Final = 64
"""Bytes; a line of the processor's cache, and more than any number needs."""

_CHECKED_FROM: Final = 40


def pack_arrays(
    form: bytes, facts: Mapping[str, Any], arrays: Mapping[str, Array]
) -> list[bytes | memoryview]:
    """Turn arrays and facts into the parts of a file.

    Parameters
    ----------
    form : bytes
        Name and version of the form, 8 bytes.
    facts : mapping
        What JSON can hold; ``label`` among it says what the file stands for.
    arrays : mapping of str to ndarray
        The arrays.

    Returns
    -------
    list of bytes or memoryview
        The parts in order; views of the arrays where nothing had to be copied.
    """
    arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    listed = [(name, array.dtype.str, array.shape) for name, array in arrays.items()]
    text = json.dumps({**facts, "arrays": listed}).encode("ascii")
    # Blanks at its end are JSON too: they bring the payload to where its arrays are aligned.
    header = text + b" " * (-(PREFIX.size + len(text)) % _ALIGNMENT)
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
    """Open what `pack_arrays` made.

    Parameters
    ----------
    form : bytes
        The form that is expected.
    stored : ndarray of uint8, shape (n_bytes,)
        The file as a whole, writeable; the arrays are views of it.
    label : str
        What it must stand for.

    Returns
    -------
    facts : dict
        As they were given.
    arrays : dict of str to ndarray
        As they were given.

    Raises
    ------
    RoadsError
        If it is of another form, stands for something else, or a single bit of it is not as written.
    """
    if len(stored) < PREFIX.size:
        raise RoadsError("the stored form is cut off; delete it.", path=label)
    found, checksum, length = PREFIX.unpack(stored[: PREFIX.size].data)
    if found != form or hashlib.sha256(stored[_CHECKED_FROM:].data).digest() != checksum:
        raise RoadsError("the stored form is damaged, or of another kind; delete it.", path=label)
    facts = json.loads(stored[PREFIX.size : PREFIX.size + length].tobytes())
    if facts["label"] != label:
        raise RoadsError(f"the stored form stands for {facts['label']}; delete it.", path=label)
    arrays, at = {}, PREFIX.size + length
    for name, kind, shape in facts.pop("arrays"):
        dtype = np.dtype(kind)
        size = dtype.itemsize * int(np.prod(shape))
        arrays[name] = stored[at : at + size].view(dtype).reshape(shape)
        at += size + -size % _ALIGNMENT
    return facts, arrays


def pack_texts(texts: Sequence[str]) -> tuple[Array, Array]:
    """Turn texts into arrays.

    Parameters
    ----------
    texts : sequence of str, length n
        Any texts.

    Returns
    -------
    first : ndarray of int64, shape (n + 1,)
        Text ``t`` is bytes ``first[t]:first[t + 1]``.
    utf8 : ndarray of uint8
        The bytes.
    """
    packed = [text.encode() for text in texts]
    return np.cumsum([0, *map(len, packed)], dtype=np.int64), np.frombuffer(b"".join(packed), dtype=np.uint8)


def unpack_texts(first: Array, utf8: Array) -> list[str]:
    """Turn arrays into texts again.

    Parameters
    ----------
    first, utf8 : ndarray
        As `pack_texts` returns them.

    Returns
    -------
    list of str
        The texts.
    """
    content = utf8.tobytes()
    return [content[start:end].decode() for start, end in pairwise(first.tolist())]
