"""Files that a reader sees whole or not at all, and that outlast a power cut once they are seen."""

from __future__ import annotations

import os
import secrets
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

UNFINISHED: Final = ".camber-*.part"
"""Pattern of the names of files under way; old ones were left by processes that died."""

_ABANDONED_S: Final = 86_400.0
"""Age from which a file under way is that of a process that died [s] (judgement: a day)."""


def write_whole(
    path: Path | str, content: str | bytes | Iterable[bytes | memoryview], *, mode: int = 0o666
) -> Path:
    """Write a file in place of the one that was; nothing of it is left behind when that fails.

    Missing folders are made and links followed; a pipe or device is written to directly. Text is UTF-8 with
    the line ends it has. ``mode`` holds the rights of a new file, less the umask.
    """
    target = Path(path).resolve()
    content = content.encode("utf-8") if isinstance(content, str) else content
    parts = [content] if isinstance(content, bytes) else content
    if target.exists() and not target.is_file():
        with target.open("wb") as stream:
            stream.writelines(parts)
        return Path(path)
    with _replacing(target) as part:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "wb") as stream:
            stream.writelines(parts)
            stream.flush()
            os.fsync(handle)  # through the handle that wrote: the file may be closed even to its owner
    return Path(path)


def closed_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, which only their owner can look into."""
    for place in reversed((folder, *folder.parents)):  # `mkdir` gives its mode to the last of them alone
        if not place.is_dir():
            place.mkdir(mode=0o700, exist_ok=True)
            _sync_folder(place.parent)  # or a power cut could take the folder with what is whole in it


def clear_unfinished(folder: Path, *, older_s: float = _ABANDONED_S) -> None:
    """Remove from a folder what processes that died left under way, if it is so old [s]."""
    with suppress(OSError):  # somebody else may have done so
        for part in folder.glob(UNFINISHED):
            if time.time() - part.stat().st_mtime >= older_s:
                part.unlink()


@contextmanager
def in_place_of(target: Path, *, suffix: str = "") -> Iterator[Path]:
    """Name a file for somebody else to write, which takes the place of ``target`` when all of it is there."""
    with _replacing(target, suffix) as part:
        yield part
        handle = os.open(part, os.O_RDWR)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def _replacing(target: Path, suffix: str = "") -> Iterator[Path]:
    """Name a file that takes the place of ``target`` once it is written, or goes when that fails."""
    target.parent.mkdir(parents=True, exist_ok=True)
    # In the same folder, since a rename across file systems is no rename.
    part = target.parent / (UNFINISHED.replace("*", secrets.token_hex(8)) + suffix)
    try:
        yield part
        part.replace(target)
        _sync_folder(target.parent)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _sync_folder(folder: Path) -> None:
    """Have a rename outlast a power cut; systems that cannot open a folder go on without."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
