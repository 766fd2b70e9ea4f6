"""Exports of whole accounts, folders and single files: every recording in them, one in memory at a time."""

from __future__ import annotations

import re
import tempfile
import zlib
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Literal, Self

from camber.errors import RecordingError
from camber.recording.archive.garmin_lists import GEAR, SUMMARIES, begun, gear_of
from camber.recording.archive.items import Budget, Item, file_item, folder_items, label_of, zip_items
from camber.recording.archive.lists import (
    Line,
    PrivacyZone,
    apple_lines,
    privacy_zones,
    runkeeper_lines,
    strava_lines,
    unit_preference,
)
from camber.recording.content import FIT_MARK, FIT_MARK_AT, open_content
from camber.recording.fit import fit_files, fit_type
from camber.recording.foreign import Foreign, foreign_kind
from camber.recording.limits import ReadLimits
from camber.schema import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from os import PathLike

__all__ = ["ArchiveNotes", "Found", "PrivacyZone", "Recordings", "find_recordings"]

_IN_MEMORY: Final = 32 * 2**20
"""An archive within an archive up to this size stays in memory, a larger one in a nameless file [bytes]."""

_UNPACKED: Final = 1 << 16
_LISTS: Final = frozenset(
    {"activities.csv", "privacy_zones.csv", "general_preferences.csv", "cardioactivities.csv", "export.xml"}
)
_CLAIM: Final = re.compile(r"\.(?:gpx|tcx|fit)(?:\.gz)?(?:#\d+)?$", re.IGNORECASE)
_ROOT: Final = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?(gpx|TrainingCenterDatabase|HealthData)[\s>/]")


@dataclass(frozen=True)
class Found:
    """A file that is, or claims to be, a recording, as it lay there.

    Parameters
    ----------
    source : str
        Where it lay, for people: path within the folder or archive, such as ``activities/123.fit.gz``; of a
        file in several archives, their names joined by ``!``.
    data : bytes
        Its bytes, still compressed where it was.
    name, gear : str or None
        Title and shoes that the export's own list gives it.
    sport : str or None
        Sport that the export's own list gives it, lower case, in the language of the account; the file's
        own word counts more.
    at : datetime or None
        When the export's own list says that it began: UTC, or without a zone by the clock at its place.
    """

    source: str
    data: bytes
    name: str | None = None
    sport: str | None = None
    gear: str | None = None
    at: datetime | None = None


@dataclass(frozen=True)
class ArchiveNotes:
    """What an export says besides its recordings.

    Parameters
    ----------
    privacy_zones : tuple of PrivacyZone
        The runner's own zones (Strava).
    units : {"metric", "imperial"} or None
        The runner's choice (Strava); None where the export does not say.
    shoes : tuple of (datetime, str)
        When an activity began (UTC), and what was worn (Garmin, whose files do not say).
    problems : tuple of Problem
        What could not be taken out of it, with ``source`` naming the entry, and what was passed over.
    """

    privacy_zones: tuple[PrivacyZone, ...] = ()
    units: Literal["metric", "imperial"] | None = None
    problems: tuple[Problem, ...] = ()
    shoes: tuple[tuple[datetime, str], ...] = ()


def find_recordings(path: str | PathLike[str], limits: ReadLimits | None = None) -> Recordings:
    """Find the recordings in a file, a folder or an archive.

    Understood are the exports of Strava, Garmin, Apple Health and Runkeeper, packed or not, folders of
    GPX, TCX and FIT files, and archives of them. Files are told by their content; one that only its name
    calls a recording is given too, so that reading it says what is wrong. Planned routes, and FIT files
    that hold no activity, are passed over and counted; so are runs in a form that is not read, by kind and
    with what to export instead. FIT files chained to one are given one by one. What
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


class Recordings:
    """The recordings of an export: iterate once, then ask for the `notes`."""

    def __init__(self, root: Path, limits: ReadLimits) -> None:
        self._limits = limits
        self._budget = Budget(limits)
        self._zones: list[PrivacyZone] = []
        self._units: Literal["metric", "imperial"] | None = None
        self._begun: dict[str, datetime] = {}
        self._worn: dict[str, str] = {}
        self._problems: list[Problem] = []
        self._passed_over = {"other_fit": 0, "other": 0}
        self._foreign: Counter[Foreign] = Counter()
        self._all = self._search(root)

    def __iter__(self) -> Self:
        """Give itself."""
        return self

    def __next__(self) -> Found:
        """Give the next recording."""
        return next(self._all)

    @property
    def notes(self) -> ArchiveNotes:
        """What the export says besides; complete once the last recording was given."""
        fit, other = self._passed_over["other_fit"], self._passed_over["other"]
        counts = (
            *(Problem(kind.code, kind.message, count) for kind, count in self._foreign.items()),
            Problem("other_fit", "FIT files without an activity were passed over.", fit),
            Problem("other_file", "Files that are no recordings were passed over.", other),
        )
        counted = (problem for problem in counts if problem.count)
        shoes = ((self._begun[one], name) for one, name in self._worn.items() if one in self._begun)
        problems = (*self._problems, *counted)
        return ArchiveNotes(tuple(self._zones), self._units, problems, tuple(sorted(shoes)))

    def _search(self, root: Path) -> Iterator[Found]:
        if root.is_dir():
            yield from self._look(list(folder_items(root)), depth=0)
            return
        label = label_of(root.name)
        item = file_item(root, label)
        if _kind_of(item.head(), label) != "zip":
            yield from self._found(item, Line())
            return
        try:
            file = root.open("rb")
        except OSError as error:
            raise RecordingError(f"cannot be read: {error.strerror}", path=label) from error
        with file:
            yield from self._look(zip_items(file, label, self._limits, self._budget), depth=1)

    def _look(self, items: list[Item], depth: int, prefix: str = "") -> Iterator[Found]:
        lines, bases = self._lists(items)
        for item in items:
            if item.refused is not None:
                self._note("refused", item.refused, prefix + item.label)
            elif not _is_plan(item.label, bases):
                try:
                    yield from self._item(item, lines, depth, prefix)
                except RecordingError as error:
                    self._note_unreadable(error, prefix + item.label)

    def _item(self, item: Item, lines: dict[str, Line], depth: int, prefix: str) -> Iterator[Found]:
        head = item.head()
        kind = _kind_of(head, item.label)
        foreign = foreign_kind(item.label, head) if kind == "other" else None
        if foreign is not None:
            self._foreign[foreign] += 1
        elif kind == "zip":
            yield from self._nested(item, depth, prefix)
        elif kind == "recording":
            name = item.label.lower()
            line = lines.get(name) or lines.get(name.rpartition("/")[2]) or Line()
            yield from self._found(item, line, prefix)
        elif kind in self._passed_over:
            self._passed_over[kind] += 1

    def _nested(self, item: Item, depth: int, prefix: str) -> Iterator[Found]:
        if depth >= self._limits.archive_depth:
            text = f"is an archive within {depth} archives; unpack the outer one first"
            self._note("refused", text, prefix + item.label)
            return
        with _held(item) as file:
            items = zip_items(file, item.label, self._limits, self._budget)
            yield from self._look(items, depth + 1, f"{prefix}{item.label}!")

    def _found(self, item: Item, line: Line, prefix: str = "") -> Iterator[Found]:
        data = item.read(self._limits.size_bytes)
        label = prefix + item.label
        pieces = self._activities(data, label)
        for number, piece in enumerate(pieces, start=1):
            source = label if len(pieces) == 1 else f"{label}#{number}"
            yield Found(source, piece, line.name, line.sport, line.gear, line.at)

    def _activities(self, data: bytes, label: str) -> list[bytes]:
        """Give a file, or where it holds several FIT activities each of them."""
        try:
            kind, chunks, _ = open_content(BytesIO(data), label, self._limits)
        except RecordingError:  # it is for the reader to name
            return [data]
        if kind != "fit":
            return [data]
        plain = data if data.startswith(FIT_MARK, FIT_MARK_AT) else b"".join(chunks)
        files = fit_files(plain, self._limits.fit_files)
        activities = [file for file in files if fit_type(file) in {"activity", None}]
        return activities if len(activities) > 1 else [data]

    def _lists(self, items: list[Item]) -> tuple[dict[str, Line], set[str]]:
        """Read the lists first: they may stand after what they speak of."""
        lines: dict[str, Line] = {}
        bases: set[str] = set()
        for item in tuple(items):
            base, _, name = item.label.lower().rpartition("/")
            if item.refused is None and (name in _LISTS or _is_garmins(name) or _is_apples_list(item)):
                try:
                    found = self._list(item, name)
                except RecordingError as error:
                    self._note_unreadable(error, item.label)
                    items.remove(item)  # once is enough
                    continue
                if name == "activities.csv" and found:
                    bases.add(item.label.rpartition("/")[0])
                lines |= {f"{base}/{file}".lstrip("/"): line for file, line in found.items()}
        there = {item.label.lower() for item in items}
        for file in sorted(lines.keys() - there):
            self._note("missing_file", "is listed but is not in the export; ask for the export again", file)
        return lines, bases

    def _list(self, item: Item, name: str) -> dict[str, Line]:
        if name.endswith(".xml"):
            return apple_lines(item.chunks())
        content = item.read(self._limits.list_bytes)
        if name == "activities.csv":
            return strava_lines(content)
        if name == "cardioactivities.csv":
            return runkeeper_lines(content)
        if name.endswith(SUMMARIES):
            self._begun |= begun(content)
        elif name.endswith(GEAR):
            self._worn |= gear_of(content)
        elif name == "privacy_zones.csv":
            self._zones.extend(privacy_zones(content))
        else:
            self._units = self._units or unit_preference(content)
        return {}

    def _note(self, code: str, message: str, source: str) -> None:
        text = f"It {message}" if message.startswith("is") else message[:1].upper() + message[1:]
        self._problems.append(Problem(code, text.rstrip(".") + ".", 1, source))

    def _note_unreadable(self, error: RecordingError, source: str) -> None:
        self._note("unreadable", str(error).removeprefix(f"{error.path}: "), source)


@contextmanager
def _held(item: Item) -> Iterator[IO[bytes]]:
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
        for piece in item.chunks():
            file.write(piece)
        yield file


def _kind_of(head: bytes, label: str) -> Literal["recording", "other_fit", "zip", "health", "other"]:
    """Tell what a file is by its first bytes; a name that claims to be a recording is taken at its word.

    ``other_fit`` is a FIT file with sleep, settings or steps, ``health`` Apple Health's list.
    """
    if head.startswith(b"\x1f\x8b"):
        try:
            head = zlib.decompressobj(31).decompress(head, _UNPACKED)
        except zlib.error:
            head = b""
    if head.startswith(b"PK\x03\x04"):
        return "zip"
    if head.startswith(FIT_MARK, FIT_MARK_AT):
        return "recording" if fit_type(head) in {"activity", None} else "other_fit"
    root = _ROOT.search(head.replace(b"\0", b""))  # content in two or four bytes per character
    if root is not None:
        return "health" if root[1] == b"HealthData" else "recording"
    return "recording" if _CLAIM.search(label) else "other"


def _is_garmins(name: str) -> bool:
    return name.endswith((SUMMARIES, GEAR))


def _is_apples_list(item: Item) -> bool:
    """Tell Apple Health's list, whose name differs with the language."""
    base, _, name = item.label.lower().rpartition("/")
    if not name.endswith(".xml") or "apple_health" not in base:
        return False
    try:
        return _kind_of(item.head(), name) == "health"
    except RecordingError:
        return False


def _is_plan(label: str, bases: set[str]) -> bool:
    """Tell whether a file lies among the planned routes of a Strava export, which nobody ran."""
    return any(label.startswith(f"{base}/routes/" if base else "routes/") for base in bases)
