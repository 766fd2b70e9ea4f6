"""The way through an export: every file looked at once, in order, one in memory at a time."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Final, Literal

from camber.errors import RecordingError
from camber.recording.archive.apple import route_sports
from camber.recording.archive.found import ArchiveNotes, Found
from camber.recording.archive.items import Item, file_item, folder_items, label_of
from camber.recording.archive.lists import (
    Line,
    privacy_zones,
    runkeeper_lines,
    strava_lines,
    unit_preference,
)
from camber.recording.archive.sniffing import fit_files, fit_type, kind_of
from camber.recording.archive.zipped import Budget, zip_items
from camber.recording.content import FIT_MARK, FIT_MARK_AT, open_content
from camber.schema import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import IO

    from camber.recording.archive.found import PrivacyZone
    from camber.recording.limits import ReadLimits

_IN_MEMORY: Final = 32 * 2**20
"""An archive within an archive up to this size stays in memory, a larger one in a nameless file [bytes]."""

_ACTIVITY: Final = 4


class Search:
    """Looks through an export and keeps what it notes on the way.

    Parameters
    ----------
    limits : ReadLimits
        What the export may cost.
    """

    def __init__(self, limits: ReadLimits) -> None:
        self._limits = limits
        self._budget = Budget(limits)
        self._zones: list[PrivacyZone] = []
        self._units: Literal["metric", "imperial"] | None = None
        self._problems: list[Problem] = []
        self._other_fit = self._other = 0

    def notes(self) -> ArchiveNotes:
        """Give what was noted so far.

        Returns
        -------
        ArchiveNotes
            Zones, units and problems.
        """
        counts = (
            Problem("other_fit", "FIT files without an activity were passed over.", self._other_fit),
            Problem("other_file", "Files that are no recordings were passed over.", self._other),
        )
        counted = tuple(problem for problem in counts if problem.count)
        return ArchiveNotes(tuple(self._zones), self._units, (*self._problems, *counted))

    def start(self, root: Path) -> Iterator[Found]:
        """Look through a path.

        Parameters
        ----------
        root : Path
            A recording, a folder or an archive.

        Yields
        ------
        Found
            The recordings.

        Raises
        ------
        RecordingError
            If the path cannot be read, or is a broken archive.
        """
        if root.is_dir():
            yield from self._look(list(folder_items(root)), depth=0)
            return
        label = label_of(root.name)
        item = file_item(root, label)
        if kind_of(item.head(), label) != "zip":
            yield from self._found(item, Line(None, None, None))
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
                    self._note("unreadable", _without_label(error), prefix + item.label)

    def _item(self, item: Item, lines: dict[str, Line], depth: int, prefix: str) -> Iterator[Found]:
        kind = kind_of(item.head(), item.label)
        if kind == "zip":
            yield from self._nested(item, depth, prefix)
        elif kind == "recording":
            name = item.label.lower()
            line = lines.get(name) or lines.get(name.rpartition("/")[2]) or Line(None, None, None)
            yield from self._found(item, line, prefix)
        else:
            self._other_fit += kind == "other_fit"
            self._other += kind == "other"

    def _nested(self, item: Item, depth: int, prefix: str) -> Iterator[Found]:
        if depth >= self._limits.archive_depth:
            text = f"is an archive within {depth} archives; unpack the outer one first"
            self._note("refused", text, prefix + item.label)
            return
        with self._held(item) as file:
            items = zip_items(file, item.label, self._limits, self._budget)
            yield from self._look(items, depth + 1, f"{prefix}{item.label}!")

    @contextmanager
    def _held(self, item: Item) -> Iterator[IO[bytes]]:
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
            for piece in item.chunks():
                file.write(piece)
            yield file

    def _found(self, item: Item, line: Line, prefix: str = "") -> Iterator[Found]:
        data = item.read(self._limits.size_bytes)
        label = prefix + item.label
        pieces = list(self._activities(data, label))
        for number, piece in enumerate(pieces, start=1):
            source = label if len(pieces) == 1 else f"{label}#{number}"
            yield Found(source, piece, line.name, line.sport, line.gear)

    def _activities(self, data: bytes, label: str) -> Iterator[bytes]:
        """Give a file, or where it holds several FIT activities each of them."""
        try:
            kind, chunks, _ = open_content(BytesIO(data), label, self._limits)
        except RecordingError:  # it is for the reader to name
            yield data
            return
        if kind != "fit":
            yield data
            return
        plain = b"".join(iter(chunks.read, b"")) if not data.startswith(FIT_MARK, FIT_MARK_AT) else data
        files = list(fit_files(plain, self._limits.fit_files))
        activities = [file for file in files if fit_type(file) in {_ACTIVITY, None}]
        yield from activities if len(activities) > 1 else [data]

    def _lists(self, items: list[Item]) -> tuple[dict[str, Line], set[str]]:
        """Read the lists first: they may stand after what they speak of."""
        lines: dict[str, Line] = {}
        bases: set[str] = set()
        for item in items:
            base, _, name = item.label.rpartition("/")
            if item.refused is None and name.lower() in _LISTS | {"export.xml"} | _routes_list(item):
                try:
                    found = self._list(item, name.lower())
                except RecordingError as error:
                    self._note("unreadable", _without_label(error), item.label)
                    continue
                if name.lower() == "activities.csv" and found:
                    bases.add(base)
                lines |= {f"{base}/{file}".lstrip("/").lower(): line for file, line in found.items()}
        self._note_missing(lines, items)
        return lines, bases

    def _note_missing(self, lines: dict[str, Line], items: list[Item]) -> None:
        there = {item.label.lower() for item in items}
        for file in sorted(lines.keys() - there):
            self._note("missing_file", "is listed but is not in the export; ask for the export again", file)

    def _list(self, item: Item, name: str) -> dict[str, Line]:
        if name not in _LISTS:
            sports = route_sports(item.chunks())
            return {f"workout-routes/{file}": Line(None, sport, None) for file, sport in sports.items()}
        content = item.read(self._limits.list_bytes)
        if name == "activities.csv":
            return strava_lines(content)
        if name == "cardioactivities.csv":
            return runkeeper_lines(content)
        if name == "privacy_zones.csv":
            self._zones.extend(privacy_zones(content))
        else:
            self._units = self._units or unit_preference(content)
        return {}

    def _note(self, code: str, message: str, source: str) -> None:
        text = message[:1].upper() + message[1:] if message[:2] != "is" else f"It {message}"
        self._problems.append(Problem(code, text.rstrip(".") + ".", 1, source))


_LISTS: Final = frozenset(
    {"activities.csv", "privacy_zones.csv", "general_preferences.csv", "cardioactivities.csv"}
)


def _routes_list(item: Item) -> set[str]:
    """Give the name of Apple Health's list, which differs with the language, if the item is it."""
    base, _, name = item.label.rpartition("/")
    if not name.lower().endswith(".xml") or "apple_health" not in base.lower():
        return set()
    try:
        return {name.lower()} if kind_of(item.head(), name) == "health" else set()
    except RecordingError:
        return set()


def _is_plan(label: str, bases: set[str]) -> bool:
    """Tell whether a file lies among the planned routes of a Strava export, which nobody ran."""
    return any(label.startswith(f"{base}/routes/" if base else "routes/") for base in bases)


def _without_label(error: RecordingError) -> str:
    text = str(error)
    return text.removeprefix(f"{error.path}: ")
