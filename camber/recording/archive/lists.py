"""What the lists in an export say: titles, gear, privacy zones, units.

Columns are found by what stands in them: their names, order and number differ with the language of the
account and the year of the export (users.md 1.1).
"""

from __future__ import annotations

import contextlib
import csv
import io
import re
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from camber.recording.archive.found import PrivacyZone
from camber.recording.values import clean_text, parse_number

if TYPE_CHECKING:
    from collections.abc import Callable

_STRAVA_FILE: Final = re.compile(r"activities/[^/]+\.(?:gpx|tcx|fit)(?:\.gz)?", re.IGNORECASE)
_RUNKEEPER_FILE: Final = re.compile(r"[^/]+\.gpx", re.IGNORECASE)
_PLACE: Final = re.compile(r"\(?\s*(-?\d{1,3}\.\d+)\s*[,;]\s*(-?\d{1,3}\.\d+)\s*\)?")
_RADIUS: Final = re.compile(r"(\d+(?:[.,]\d+)?)\s*(m|km|ft|mi|yd)?", re.IGNORECASE)
_METRES: Final = {"": 1.0, "m": 1.0, "km": 1000.0, "ft": 0.3048, "yd": 0.9144, "mi": 1609.344}
"""Metres in each unit (international foot, yard and mile)."""

_METRIC: Final = ("metr", "métr", "kilom", "метр", "公制", "メートル", "미터")
_IMPERIAL: Final = ("imper", "impér", "feet", "mile", "brit", "имп", "英制", "ヤード", "야드")
_NAME_LENGTH: Final = 1000


class Line(NamedTuple):
    """What a list says of one file.

    Parameters
    ----------
    name, sport, gear : str or None
        Title, sport in the language of the account, shoes.
    """

    name: str | None
    sport: str | None
    gear: str | None


def strava_lines(content: bytes) -> dict[str, Line]:
    """Read Strava's ``activities.csv``, whatever its language.

    The column of the files is the one that names files under ``activities/``; the identity is the first
    column that holds nothing but digits, followed by date, title and sport; the gear stands before the file.

    Parameters
    ----------
    content : bytes
        The file.

    Returns
    -------
    dict of str to Line
        By file, in lower case; empty where the file is no such list.
    """
    rows = _rows(content)
    at = _column(rows, _STRAVA_FILE.fullmatch)
    identity = _column(rows, str.isdigit)
    if at is None or identity is None:
        return {}
    return {
        row[at].strip().lower(): Line(_cell(row, identity + 2), _sport(row, identity + 3), _cell(row, at - 1))
        for row in rows
        if len(row) > at and _STRAVA_FILE.fullmatch(row[at].strip())
    }


def runkeeper_lines(content: bytes) -> dict[str, Line]:
    """Read Runkeeper's ``cardioActivities.csv``: identity, date, sport, route name, and a column of files.

    Parameters
    ----------
    content : bytes
        The file.

    Returns
    -------
    dict of str to Line
        By file, in lower case; empty where the file is no such list.
    """
    rows = _rows(content)
    at = _column(rows, _RUNKEEPER_FILE.fullmatch)
    if at is None:
        return {}
    return {
        row[at].strip().lower(): Line(_cell(row, 3), _sport(row, 2), None)
        for row in rows
        if len(row) > at and _RUNKEEPER_FILE.fullmatch(row[at].strip())
    }


def privacy_zones(content: bytes) -> tuple[PrivacyZone, ...]:
    """Read Strava's ``privacy_zones.csv``; the address in it is not kept.

    Parameters
    ----------
    content : bytes
        The file.

    Returns
    -------
    tuple of PrivacyZone
        The zones whose place and radius can be read; a radius without a unit is in metres.
    """
    zones = []
    for row in _rows(content):
        places = [match for match in map(_PLACE.fullmatch, map(str.strip, row)) if match]
        radii = [match for match in map(_RADIUS.fullmatch, map(str.strip, row)) if match]
        if places and radii:
            latitude, longitude = map(parse_number, places[-1].groups())
            radius = parse_number(radii[-1][1].replace(",", ".")) * _METRES[(radii[-1][2] or "").lower()]
            if abs(latitude) <= 90.0 and abs(longitude) <= 180.0 and radius > 0.0:
                zones.append(PrivacyZone(latitude, longitude, radius))
    return tuple(zones)


def unit_preference(content: bytes) -> Literal["metric", "imperial"] | None:
    """Read the choice of units from Strava's ``general_preferences.csv``.

    Parameters
    ----------
    content : bytes
        The file.

    Returns
    -------
    {"metric", "imperial"} or None
        The choice; None where no cell speaks of it.
    """
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
    with contextlib.suppress(csv.Error):  # a cell beyond any measure: what stands before is kept
        rows.extend(csv.reader(text))
    return rows


def _column(rows: list[list[str]], fits: Callable[[str], object]) -> int | None:
    """Find the first column whose cells, but for the first row and empty ones, all fit."""
    width = max(map(len, rows), default=0)
    for at in range(width):
        cells = [row[at].strip() for row in rows[1:] if len(row) > at and row[at].strip()]
        good = sum(1 for cell in cells if fits(cell))
        # Some cells may hold "#error#" instead of a file, and a row may be torn.
        if good and good >= 0.5 * len(cells):
            return at
    return None


def _cell(row: list[str], at: int) -> str | None:
    return clean_text(row[at], _NAME_LENGTH) if 0 <= at < len(row) else None


def _sport(row: list[str], at: int) -> str | None:
    sport = _cell(row, at)
    return sport.lower() if sport else None
