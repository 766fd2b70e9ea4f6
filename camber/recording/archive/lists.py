"""What the lists in an export say: titles, sports, gear, privacy zones, units.

Columns are found by what stands in them: their names, order and number differ with the language of the
account and the year of the export.
"""

from __future__ import annotations

import csv
import io
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from lxml import etree

from camber.recording.clock import date_in
from camber.recording.texts import clean_text, parse_number
from camber.recording.xml import pull_parser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date, datetime, tzinfo

_STRAVA_FILE: Final = re.compile(r"activities/[^/]+\.(?:gpx|tcx|fit)(?:\.gz)?", re.IGNORECASE)
_RUNKEEPER_FILE: Final = re.compile(r"[^/]+\.gpx", re.IGNORECASE)
_PLACE: Final = re.compile(r"\(?\s*(-?\d{1,3}\.\d+)\s*[,;]\s*(-?\d{1,3}\.\d+)\s*\)?")
_RADIUS: Final = re.compile(r"(\d+(?:[.,]\d+)?)\s*(m|km|ft|mi|yd)?", re.IGNORECASE)
_METRES: Final = {"": 1.0, "m": 1.0, "km": 1000.0, "ft": 0.3048, "yd": 0.9144, "mi": 1609.344}
"""Metres in each unit (international foot, yard and mile)."""

_METRIC: Final = ("metr", "métr", "kilom", "метр", "公制", "メートル", "미터")
_IMPERIAL: Final = ("imper", "impér", "feet", "mile", "brit", "имп", "英制", "ヤード", "야드")
_NAME_LENGTH: Final = 1000
_APPLE: Final = "HKWorkoutActivityType"
_WORDS: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


class Line(NamedTuple):
    """What a list says of one file; the sport in lower case, in the language of the account.

    When it began is in UTC, or without a zone by the clock at its place.
    """

    name: str | None = None
    sport: str | None = None
    gear: str | None = None
    at: datetime | None = None


class PrivateNote(NamedTuple):
    """A note that only the runner sees: of which file, when that began (UTC) where known, its words.

    The day by the clock at its place where the list has it, and where the note is from.
    """

    file: str
    at: datetime | None
    text: str
    day: date | None = None
    source: str = "strava"


@dataclass(frozen=True)
class PrivacyZone:
    """A place that the runner does not want to show: its middle [deg] and its radius [m]."""

    latitude_deg: float
    longitude_deg: float
    radius_m: float


def strava_lines(content: bytes) -> dict[str, Line]:
    """Read Strava's ``activities.csv``, in any language, by file in lower case; nothing of another list.

    The column of the files is the one that names files under ``activities/``; the identity is the first
    column that holds nothing but digits, followed by date, title and sport; the gear stands before the file.
    """
    rows = _rows(content)
    at, identity = _column(rows, _STRAVA_FILE.fullmatch), _column(rows, str.isdigit)
    if at is None or identity is None:
        return {}
    columns = _Columns(title=identity + 2, sport=identity + 3, gear=at - 1, date=identity + 1)
    return _lines(rows, _STRAVA_FILE, at, columns, UTC)


def strava_notes(content: bytes) -> list[PrivateNote]:
    """Read the private notes in Strava's ``activities.csv``, in any language.

    They stand between what is true or false of commuting and the gear; lists of earlier years have no such
    column, and then there are none.
    """
    rows = _rows(content)
    at, identity = _column(rows, _STRAVA_FILE.fullmatch), _column(rows, str.isdigit)
    if at is None or identity is None or at < _BEFORE_FILE:
        return []
    commutes = {row[at - _BEFORE_FILE].strip().lower() for row in rows[1:] if len(row) > at}
    if not commutes <= {"true", "false", ""} or commutes == {""}:
        return []
    found = []
    for row in rows:
        text = _cell(row, at - 2)
        if text and len(row) > at and _STRAVA_FILE.fullmatch(row[at].strip()):
            date = date_in(_cell(row, identity + 1) or "")
            when = None if date is None else date.replace(tzinfo=UTC)
            found.append(PrivateNote(row[at].strip().rpartition("/")[2], when, text))
    return found


_BEFORE_FILE: Final = 3
"""Commute, private note, gear, file: so far before the file stands what is true or false."""


def runkeeper_lines(content: bytes) -> dict[str, Line]:
    """Read Runkeeper's ``cardioActivities.csv``: identity, date, sport, route name, and a column of files."""
    rows = _rows(content)
    at = _column(rows, _RUNKEEPER_FILE.fullmatch)
    columns = _Columns(title=3, sport=2, gear=-1, date=1)
    return {} if at is None else _lines(rows, _RUNKEEPER_FILE, at, columns, None)


def apple_lines(chunks: Iterable[bytes]) -> dict[str, Line]:
    """Read the sports of the routes (``trail running``) from the gigabytes of Apple Health's ``export.xml``.

    By file in lower case, as far as the list can be read. It declares a document type, so that entities stay
    unresolved and nothing is loaded.
    """
    parser = pull_parser(("start", "end"), ("Workout", "HealthData"))
    found: dict[str, Line] = {}
    root: etree._Element | None = None
    # What stands before damage is kept; a route without a sport has its speed.
    with suppress(etree.LxmlError):
        for chunk in chunks:
            parser.feed(chunk)
            for event, element in parser.read_events():
                if event == "start":
                    root = element if root is None else root
                elif element.tag == "Workout":
                    found |= _routes(element)
            if root is not None and len(root):
                del root[:-1]  # the last one may not be complete
    return found


def _routes(workout: etree._Element) -> dict[str, Line]:
    kind = (workout.get("workoutActivityType") or "").removeprefix(_APPLE)
    line = Line(sport=_WORDS.sub(" ", kind).lower())
    paths = (reference.get("path") or "" for reference in workout.iter("FileReference"))
    return {
        f"workout-routes/{path.rpartition('/')[2].lower()}": line for path in paths if path and line.sport
    }


def privacy_zones(content: bytes) -> list[PrivacyZone]:
    """Read Strava's ``privacy_zones.csv``, but for the address; a radius without a unit is in metres."""
    zones = []
    for row in _rows(content):
        places = [match for match in map(_PLACE.fullmatch, map(str.strip, row)) if match]
        radii = [match for match in map(_RADIUS.fullmatch, map(str.strip, row)) if match]
        if places and radii:
            latitude, longitude = map(parse_number, places[-1].groups())
            radius = parse_number(radii[-1][1].replace(",", ".")) * _METRES[(radii[-1][2] or "").lower()]
            if abs(latitude) <= 90.0 and abs(longitude) <= 180.0 and radius > 0.0:
                zones.append(PrivacyZone(latitude, longitude, radius))
    return zones


def unit_preference(content: bytes) -> Literal["metric", "imperial"] | None:
    """Read the choice of units from Strava's ``general_preferences.csv``; None where no cell speaks of it."""
    for row in _rows(content)[1:]:
        for cell in row:
            word = cell.strip().casefold()
            if word.startswith(_METRIC):
                return "metric"
            if word.startswith(_IMPERIAL):
                return "imperial"
    return None


def _rows(content: bytes) -> list[list[str]]:
    text = io.StringIO(content.decode("utf-8-sig", "replace").replace("\0", ""), newline="")
    rows: list[list[str]] = []
    with suppress(csv.Error):  # a cell beyond any measure: what stands before is kept
        rows.extend(csv.reader(text))
    return rows


def _column(rows: list[list[str]], fits: Callable[[str], object]) -> int | None:
    """Find the first column whose cells, but for the first row and empty ones, mostly fit."""
    width = max(map(len, rows), default=0)
    for at in range(width):
        cells = [row[at].strip() for row in rows[1:] if len(row) > at and row[at].strip()]
        good = sum(1 for cell in cells if fits(cell))
        # Some cells may hold "#error#" instead of a file, and a row may be torn.
        if good and good >= 0.5 * len(cells):
            return at
    return None


class _Columns(NamedTuple):
    """Where a list has what; -1 for nowhere."""

    title: int
    sport: int
    gear: int
    date: int


def _lines(
    rows: list[list[str]], file: re.Pattern[str], at: int, columns: _Columns, zone: tzinfo | None
) -> dict[str, Line]:
    """Read the rows that name a file in column `at`."""
    found = {}
    for row in rows:
        if len(row) > at and file.fullmatch(row[at].strip()):
            kind, date = _cell(row, columns.sport), date_in(_cell(row, columns.date) or "")
            when = None if date is None else date.replace(tzinfo=zone)
            title, gear = _cell(row, columns.title), _cell(row, columns.gear)
            line = Line(title, kind.lower() if kind else None, gear, when)
            found[row[at].strip().lower()] = line
    return found


def _cell(row: list[str], at: int) -> str | None:
    return clean_text(row[at], _NAME_LENGTH) if 0 <= at < len(row) else None
