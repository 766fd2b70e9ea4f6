"""The bytes of every file that was imported, so that every result can be built again."""

from __future__ import annotations

import errno
import gzip
import hashlib
import io
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from camber.errors import LibraryError
from camber.library.place import own_folder
from camber.whole_files import write_whole

if TYPE_CHECKING:
    from pathlib import Path

_READ_ONLY: Final = 0o400
_CHUNK: Final = 1 << 18
_GZIP: Final = b"\x1f\x8b"
_FAST: Final = 1
"""Level of compression: text shrinks five times, at a hundred megabytes a second (judgement)."""


@dataclass(frozen=True)
class Content:
    """What a file holds: SHA-256 (hexadecimal) and bytes once it is unpacked, the same for its gzip."""

    sha256: str
    size: int


def laid_sha256(data: bytes) -> str:
    """Name a file by its bytes as they lay there, hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def content_of(data: bytes, *, largest: int) -> Content:
    """Name a file, plain or of one or several members of gzip, by what it holds.

    Content beyond so many bytes, and broken gzip, is not unpacked: the file is named as it lies.
    """
    as_it_lies = Content(laid_sha256(data), len(data))
    if not data.startswith(_GZIP):
        return as_it_lies
    state, size = hashlib.sha256(), 0
    try:
        with gzip.open(io.BytesIO(data)) as stream:
            while piece := stream.read(_CHUNK):
                size += len(piece)
                if size > largest:
                    return as_it_lies
                state.update(piece)
    except (OSError, EOFError, zlib.error):
        return as_it_lies
    return Content(state.hexdigest(), size)


def keep_original(folder: Path, data: bytes, content: Content) -> str:
    """Keep the bytes of a file, compressed and read-only, unless they are there; gives their SHA-256."""
    path = original_path(folder, content.sha256)
    kept = data if data.startswith(_GZIP) else gzip.compress(data, _FAST, mtime=0)
    try:
        if path.is_file():
            found = path.read_bytes()
            if found == kept or content_of(found, largest=content.size) == content:
                return laid_sha256(found)
        own_folder(path.parent.parent)
        write_whole(own_folder(path.parent) / path.name, kept, mode=_READ_ONLY)
    except OSError as error:
        raise LibraryError(_refusal(error), path=path.parent) from error
    return laid_sha256(kept)


def original_path(folder: Path, content_sha256: str) -> Path:
    """Say where the bytes of a file lie: in ``originals``, in a folder of the first two letters."""
    return folder / "originals" / content_sha256[:2] / f"{content_sha256}.gz"


def _refusal(error: OSError) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return "the disk is full: make room and run this again; nothing half-written was kept"
    return f"cannot be written: {error.strerror or type(error).__name__}"
