"""Notes that only the runner sees in an account: read from its export only where they are asked for."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from camber.errors import RecordingError
from camber.recording.archive.garmin_lists import SUMMARIES
from camber.recording.archive.items import Budget, file_item, folder_items, label_of, zip_items
from camber.recording.archive.lists import PrivateNote, strava_notes
from camber.recording.archive.self_evaluations import listed_evaluations, recorded_evaluations
from camber.recording.limits import ReadLimits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from camber.recording.archive.items import Item

__all__ = ["PrivateNote", "private_notes"]

_STRAVAS: Final = "activities.csv"
_FIT: Final = re.compile(r"\.fit(?:\.gz)?$", re.IGNORECASE)
_PACKED: Final = b"PK\x03\x04"


def private_notes(path: Path, limits: ReadLimits | None = None) -> tuple[PrivateNote, ...]:
    """Read the private notes and self-evaluations in an export, packed or not, or in FIT files.

    A list says of all of them; without one, each FIT file is looked into. RecordingError where the path
    cannot be read.
    """
    limits = limits or ReadLimits()
    if path.is_dir():
        return _read(list(folder_items(path)), limits)
    label = label_of(path.name)
    item = file_item(path, label)
    if not item.head().startswith(_PACKED):
        return _read([item], limits)
    try:
        file = path.open("rb")
    except OSError as error:
        raise RecordingError(f"cannot be read: {error.strerror}", path=label) from error
    with file:
        return _read(list(zip_items(file, label, limits, Budget(limits))), limits)


def _read(items: list[Item], limits: ReadLimits) -> tuple[PrivateNote, ...]:
    items = [item for item in items if item.refused is None]
    found = []
    for item in items:
        name = item.label.lower().rpartition("/")[2]
        if name == _STRAVAS:
            found += strava_notes(item.read(limits.list_bytes))
        elif name.endswith(SUMMARIES):
            found += listed_evaluations(item.read(limits.list_bytes))
    return tuple(found or _recorded(items, limits))


def _recorded(items: list[Item], limits: ReadLimits) -> Iterator[PrivateNote]:
    for item in items:
        if _FIT.search(item.label):
            with suppress(RecordingError):  # a bad file costs itself alone
                yield from recorded_evaluations(item.read(limits.size_bytes), item.label, limits)
