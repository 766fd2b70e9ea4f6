"""The bytes of every file that was imported, so that every result can be built again."""

from __future__ import annotations

import gzip
import hashlib
import os
import secrets
import zlib
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from camber.errors import LibraryError
from camber.library.place import own_folder

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

_READ_ONLY: Final = 0o400
_CHUNK: Final = 1 << 18
_GZIP: Final = b"\x1f\x8b"
_FAST: Final = 1
"""Level of compression: text shrinks five times, at a hundred megabytes a second (judgement)."""


@dataclass(frozen=True)
class Content:
    """What a file holds, whether or not it lay there compressed.

    Parameters
    ----------
    sha256 : str
        Of its content once it is unpacked, hexadecimal; the same for a file and its gzip.
    size : int
        Bytes of that content.
    """

    sha256: str
    size: int


def laid_sha256(data: bytes) -> str:
    """Name a file by its bytes as they lay there.

    Parameters
    ----------
    data : bytes
        The file.

    Returns
    -------
    str
        SHA-256, hexadecimal.
    """
    return hashlib.sha256(data).hexdigest()


def content_of(data: bytes, *, largest: int) -> Content:
    """Name a file by what it holds.

    Parameters
    ----------
    data : bytes
        The file, plain or one or several members of gzip.
    largest : int
        Content beyond this many bytes, and broken gzip, is not unpacked: the file is named as it lies.

    Returns
    -------
    Content
        The name and the size.
    """
    state, size = hashlib.sha256(), 0
    try:
        for piece in _unpacked(data):
            size += len(piece)
            if size > largest:
                return Content(laid_sha256(data), len(data))
            state.update(piece)
    except zlib.error:
        return Content(laid_sha256(data), len(data))
    return Content(state.hexdigest(), size)


def keep_original(folder: Path, data: bytes, content: Content) -> str:
    """Keep the bytes of a file, compressed and read-only; those that are kept already stay as they are.

    Parameters
    ----------
    folder : Path
        The folder of the library.
    data : bytes
        The file as it lay there.
    content : Content
        What it holds.

    Returns
    -------
    str
        SHA-256 of the bytes that are kept, hexadecimal.

    Raises
    ------
    LibraryError
        If it could not be written; nothing half-written is left then.
    """
    path = original_path(folder, content.sha256)
    kept = data if data.startswith(_GZIP) else gzip.compress(data, _FAST, mtime=0)
    try:
        if path.is_file():
            found = path.read_bytes()
            if found == kept or content_of(found, largest=content.size) == content:
                return laid_sha256(found)
        _write(path, kept)
    except OSError as error:
        raise LibraryError(_refusal(error), path=path.parent) from error
    return laid_sha256(kept)


def read_original(folder: Path, content_sha256: str) -> bytes:
    """Read the bytes of a file that was imported.

    Parameters
    ----------
    folder : Path
        The folder of the library.
    content_sha256 : str
        The name of its content.

    Returns
    -------
    bytes
        As they are kept: compressed with gzip.

    Raises
    ------
    LibraryError
        If they are not there.
    """
    path = original_path(folder, content_sha256)
    try:
        return path.read_bytes()
    except OSError as error:
        raise LibraryError(f"cannot be read: {error.strerror}; import the file again", path=path) from error


def original_path(folder: Path, content_sha256: str) -> Path:
    """Say where the bytes of a file lie.

    Parameters
    ----------
    folder : Path
        The folder of the library.
    content_sha256 : str
        The name of its content.

    Returns
    -------
    Path
        In ``originals``, in a folder of the first two letters.
    """
    return folder / "originals" / content_sha256[:2] / f"{content_sha256}.gz"


def _unpacked(data: bytes) -> Iterator[bytes]:
    if not data.startswith(_GZIP):
        yield data
        return
    rest = data
    while rest.startswith(_GZIP):
        rest = (yield from _member(rest)).lstrip(b"\0")
    if rest:
        raise zlib.error("something follows the compressed content")


def _member(data: bytes) -> Generator[bytes, None, bytes]:
    """Unpack one member of gzip; returns what follows it."""
    inflate, rest, ended = zlib.decompressobj(31), data, False
    while not ended:
        piece = inflate.decompress(rest, _CHUNK)
        rest, ended = inflate.unconsumed_tail, inflate.eof
        if not (piece or rest or ended):
            raise zlib.error("ends too early")
        yield piece
    return inflate.unused_data


def _write(path: Path, data: bytes) -> None:
    own_folder(path.parent.parent)
    own_folder(path.parent)
    part = path.parent / f".{secrets.token_hex(8)}.part"
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _READ_ONLY), "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make a rename last through a power cut; Windows knows no such thing and refuses to open a folder."""
    with suppress(PermissionError):
        file = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)


def _refusal(error: OSError) -> str:
    import errno  # noqa: PLC0415 - only needed here

    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return "the disk is full: make room and run this again; nothing half-written was kept"
    return f"cannot be written: {error.strerror or type(error).__name__}"
