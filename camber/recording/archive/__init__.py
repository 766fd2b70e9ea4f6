"""Exports of whole accounts, folders and single files: every recording in them, one at a time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from camber.errors import RecordingError
from camber.recording.archive.found import ArchiveNotes, Found, PrivacyZone
from camber.recording.archive.items import label_of
from camber.recording.archive.search import Search
from camber.recording.limits import ReadLimits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from os import PathLike

__all__ = ["ArchiveNotes", "Found", "PrivacyZone", "Recordings", "find_recordings"]


class Recordings:
    """The recordings of an export: iterate once, then ask for the `notes`.

    Parameters
    ----------
    root : Path
        A recording, a folder or an archive.
    limits : ReadLimits
        What the export may cost.
    """

    def __init__(self, root: Path, limits: ReadLimits) -> None:
        self._search = Search(limits)
        self._found = self._search.start(root)

    def __iter__(self) -> Iterator[Found]:
        """Give itself."""
        return self

    def __next__(self) -> Found:
        """Give the next recording."""
        return next(self._found)

    @property
    def notes(self) -> ArchiveNotes:
        """What the export says besides; complete once the last recording was given."""
        return self._search.notes()


def find_recordings(path: str | PathLike[str], limits: ReadLimits | None = None) -> Recordings:
    """Find the recordings in a file, a folder or an archive.

    Understood are the exports of Strava, Garmin, Apple Health and Runkeeper, packed or not, folders of
    GPX, TCX and FIT files, and archives of them. Files are told by their content; one that only its name
    calls a recording is given too, so that reading it says what is wrong. Planned routes, and FIT files
    that hold no activity, are passed over and counted. FIT files chained to one are given one by one. What
    an archive refuses to give (links, encrypted, overlapping or exploding entries) is in the notes.

    Parameters
    ----------
    path : str or path-like
        A recording, a folder, or a zip archive.
    limits : ReadLimits, optional
        What the export may cost.

    Returns
    -------
    Recordings
        An iterator of `Found`, in the same order each time, with `Recordings.notes`; holds one file in
        memory at a time. Iterating raises a `RecordingError` where the path cannot be read, or where an
        archive is broken as a whole.

    Raises
    ------
    RecordingError
        If there is nothing at the path.
    """
    root = Path(path)
    try:
        there = root.exists()
    except (OSError, ValueError) as error:
        raise RecordingError(f"cannot be read: {error}; check the name", path=label_of(root.name)) from error
    if not there:
        raise RecordingError("is not there; check the name", path=root)
    return Recordings(root, limits or ReadLimits())
