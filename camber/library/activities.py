"""Recordings in the library: what they say of themselves, and their fixes."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd

from camber.errors import UnknownRunError
from camber.library.distances import seconds_of, step_lengths_m
from camber.library.duplicates import group_with, richness_of
from camber.packing import fingerprint, pack_table, unpack_table
from camber.recording.sports import SportClass, recording_class
from camber.schema import Problem, Recording, as_fixes
from camber.schema.tables import FIXES

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from camber.library.originals import Content
    from camber.schema import Fixes

_FASTEST_STEP_M: Final = 1000.0
"""A step longer than this is a jump, no distance [m] (`camber.schema.TrackSettings.jump_m`)."""

_CHECKED: Final = (
    *("content_sha256", "part", "source", "format", "kind", "reason", "sport", "device", "title", "gear"),
    *("day", "started_at_ms", "ended_at_ms", "time_zone", "distance_m", "fixes", "richness", "problems"),
)
"""Columns of an activity that its fingerprint covers; ``duplicate_of`` may change later."""


@dataclass(frozen=True)
class Entry:
    """One file that was looked at, as the library is to remember it.

    Parameters
    ----------
    laid_sha256 : str
        Of its bytes as they lay there, hexadecimal.
    content : Content
        What it holds.
    source : str
        Label of the file.
    reader : str
        Version of camber that read it.
    """

    laid_sha256: str
    content: Content
    source: str
    reader: str


def add_input(
    connection: sqlite3.Connection, entry: Entry, outcome: str, code: str = "", message: str = ""
) -> None:
    """Remember that a file was looked at, and what came of it.

    Parameters
    ----------
    connection : sqlite3.Connection
        The library, within a transaction.
    entry : Entry
        The file.
    outcome : {"recording", "problem"}
        What came of it.
    code, message : str
        The problem.
    """
    connection.execute(
        "INSERT OR REPLACE INTO input VALUES (?, ?, ?, ?, ?, ?, ?)",
        (entry.laid_sha256, entry.content.sha256, entry.source, outcome, code, message, entry.reader),
    )


def add_original(connection: sqlite3.Connection, content: Content, kept_sha256: str) -> None:
    """Remember the bytes that are kept of a file.

    Parameters
    ----------
    connection : sqlite3.Connection
        The library, within a transaction.
    content : Content
        What the file holds.
    kept_sha256 : str
        Of the bytes that are kept.
    """
    values = (content.sha256, content.size, kept_sha256)
    connection.execute("INSERT OR IGNORE INTO original VALUES (?, ?, ?)", values)


def add_recording(
    connection: sqlite3.Connection, recording: Recording, content: Content, *, part: int, gear: str | None
) -> tuple[int, str]:
    """Add a recording, with its fixes, and settle which of several copies counts.

    Parameters
    ----------
    connection : sqlite3.Connection
        The library, within a transaction.
    recording : Recording
        What was read.
    content : Content
        The file it came from.
    part : int
        Its place in a file that holds several.
    gear : str or None
        Shoes.

    Returns
    -------
    activity_id : int
        Its number.
    kind : {"run", "other_sport"}
        What is to become of it.
    """
    kind, reason = _kind_of(recording)
    seconds = seconds_of(recording.fixes)
    steps = step_lengths_m(recording.fixes)
    times = seconds[np.isfinite(seconds)] * 1000.0
    row = _row_of(recording, content, part, gear, kind, reason) | {
        "started_at_ms": round(times.min()) if len(times) else None,
        "ended_at_ms": round(times.max()) if len(times) else None,
        "distance_m": round(float(steps[steps <= _FASTEST_STEP_M].sum()), 3),
        "fixes": len(recording.fixes),
        "richness": richness_of(recording.fixes, recording.format),
    }
    row["day"] = local_day(row["started_at_ms"], recording.time_zone)
    activity_id = _insert(connection, row)
    table = pd.DataFrame(recording.fixes)[[column.name for column in FIXES]]
    data = pack_table(table)
    values = (activity_id, len(table), data, fingerprint(data))
    connection.execute("INSERT INTO fixes VALUES (?, ?, ?, ?)", values)
    group_with(connection, activity_id, recording.fixes)
    return activity_id, kind


def add_without_track(
    connection: sqlite3.Connection, source: str, content: Content, *, gear: str | None, reason: str
) -> int:
    """Add a recording without positions, such as one from a treadmill.

    Parameters
    ----------
    connection : sqlite3.Connection
        The library, within a transaction.
    source : str
        Label of the file.
    content : Content
        The file it came from.
    gear : str or None
        Shoes.
    reason : str
        What the reader said.

    Returns
    -------
    int
        Its number.
    """
    empty = Recording(source, "", None, None, None, None, None, _no_fixes())
    row = _row_of(empty, content, 0, gear, "no_track", reason)
    numbers = {"started_at_ms": None, "ended_at_ms": None, "distance_m": 0.0, "fixes": 0, "richness": 0}
    return _insert(connection, row | numbers | {"day": None})


def read_recording_of(connection: sqlite3.Connection, activity_id: int) -> Recording:
    """Read a recording back.

    Parameters
    ----------
    connection : sqlite3.Connection
        The library.
    activity_id : int
        Its number.

    Returns
    -------
    Recording
        Times to the millisecond, positions to 1e-7 degrees, other values in single precision.

    Raises
    ------
    UnknownRunError
        If there is none of that number, or it has no positions.
    """
    row = connection.execute(
        "SELECT activity.*, data FROM activity JOIN fixes USING (activity_id) WHERE activity_id = ?",
        (activity_id,),
    ).fetchone()
    if row is None:
        raise UnknownRunError(f"there is no run {activity_id} with positions", path="library")
    return Recording(
        source=row["source"],
        format=row["format"],
        sport=row["sport"],
        device=row["device"],
        name=row["title"],
        started_at=moment(row["started_at_ms"]),
        time_zone=row["time_zone"],
        fixes=as_fixes(unpack_table(row["data"]).rename_axis("fix_id")),
        problems=tuple(Problem(**problem) for problem in json.loads(row["problems"])),
    )


def positions_of(
    connection: sqlite3.Connection,
) -> Iterator[tuple[int, np.ndarray[Any, Any], np.ndarray[Any, Any]]]:
    """Give the positions of all runs that are to be analysed.

    Parameters
    ----------
    connection : sqlite3.Connection
        The library.

    Yields
    ------
    tuple of (int, ndarray of float64, ndarray of float64)
        Number of the run, longitude and latitude of its fixes [deg].
    """
    runs = [row[0] for row in connection.execute(ANALYSABLE)]
    for run in runs:
        data = connection.execute("SELECT data FROM fixes WHERE activity_id = ?", (run,)).fetchone()[0]
        table = unpack_table(data, only=("longitude_deg", "latitude_deg"))
        yield run, table["longitude_deg"].to_numpy(), table["latitude_deg"].to_numpy()


ANALYSABLE: Final = """
SELECT activity_id FROM activity WHERE kind = 'run' AND duplicate_of IS NULL ORDER BY activity_id
"""


def moment(stamp_ms: int | None) -> datetime | None:
    """Turn a stored time into a time.

    Parameters
    ----------
    stamp_ms : int or None
        Milliseconds since 1970 UTC.

    Returns
    -------
    datetime or None
        In UTC.
    """
    return None if stamp_ms is None else datetime.fromtimestamp(stamp_ms / 1000.0, UTC)


def local_day(stamp_ms: int | None, time_zone: str | None) -> str | None:
    """Say on which day it was, by the clock at the place.

    Parameters
    ----------
    stamp_ms : int or None
        Milliseconds since 1970 UTC.
    time_zone : str or None
        IANA name; UTC where it is unknown.

    Returns
    -------
    str or None
        ISO 8601.
    """
    when = moment(stamp_ms)
    if when is None:
        return None
    try:
        return when.astimezone(ZoneInfo(time_zone or "UTC")).date().isoformat()
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return when.date().isoformat()


def activity_fingerprint(row: sqlite3.Row | dict[str, Any]) -> int:
    """Check sum of what a recording says of itself.

    Parameters
    ----------
    row : mapping
        Of the table ``activity``.

    Returns
    -------
    int
        See `camber.packing.fingerprint`.
    """
    return fingerprint(*(row[name] for name in _CHECKED))


def _kind_of(recording: Recording) -> tuple[str, str]:
    """Tell what is to become of a recording: runs are analysed, walks and hikes too."""
    found = recording_class(recording)
    if found is SportClass.ON_FOOT:
        return "run", ""
    name = recording.sport or "no sport is named"
    return "other_sport", f"{name}: {_WHY_NOT.get(found, 'faster than anybody on foot')}"


_WHY_NOT: Final = {
    SportClass.INDOOR: "indoors",
    SportClass.VIRTUAL: "in an invented world",
    SportClass.OTHER: "not on foot",
}


def _row_of(
    recording: Recording, content: Content, part: int, gear: str | None, kind: str, reason: str
) -> dict[str, Any]:
    return {
        "content_sha256": content.sha256,
        "part": part,
        "source": recording.source,
        "format": recording.format,
        "kind": kind,
        "reason": reason,
        "sport": recording.sport,
        "device": recording.device,
        "title": recording.name,
        "gear": gear,
        "time_zone": recording.time_zone,
        "problems": json.dumps([asdict(problem) for problem in recording.problems], ensure_ascii=False),
    }


def _insert(connection: sqlite3.Connection, row: dict[str, Any]) -> int:
    full = row | {"fingerprint": activity_fingerprint(row)}
    names, marks = ", ".join(full), ", ".join("?" * len(full))
    done = connection.execute(
        f"INSERT INTO activity ({names}) VALUES ({marks})",  # noqa: S608 - names of our own columns
        tuple(full.values()),
    )
    return int(done.lastrowid or 0)


def _no_fixes() -> Fixes:
    columns: dict[str, Any] = {
        column.name: pd.Series(dtype=_DTYPES[column.kind]) for column in FIXES if column.kind in _DTYPES
    }
    return as_fixes(pd.DataFrame(columns).rename_axis("fix_id"))


_DTYPES: Final = {"float": "float64", "int": "int64", "time": "datetime64[us, UTC]"}
