"""Notes that only the runner sees in an account: read from its export only where they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from camber.errors import RecordingError
from camber.recording.archive.items import Budget, folder_items, label_of, zip_items
from camber.recording.archive.lists import PrivateNote, strava_notes
from camber.recording.limits import ReadLimits

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from camber.recording.archive.items import Item

__all__ = ["PrivateNote", "private_notes"]


def private_notes(path: Path, limits: ReadLimits | None = None) -> tuple[PrivateNote, ...]:
    """Read the private notes in an export of Strava, packed or not; RecordingError if that fails."""
    limits = limits or ReadLimits()
    if path.is_dir():
        return _read(folder_items(path), limits)
    label = label_of(path.name)
    try:
        file = path.open("rb")
    except OSError as error:
        raise RecordingError(f"cannot be read: {error.strerror}", path=label) from error
    with file:
        return _read(zip_items(file, label, limits, Budget(limits)), limits)


def _read(items: Iterable[Item], limits: ReadLimits) -> tuple[PrivateNote, ...]:
    lists = (item for item in items if item.label.lower().rpartition("/")[2] == "activities.csv")
    return tuple(
        note for item in lists if item.refused is None for note in strava_notes(item.read(limits.list_bytes))
    )
