"""Recordings in the library: what they say of themselves, their fixes, and which of several copies counts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd

from camber.errors import UnknownRunError
from camber.library.database import insert
from camber.library.stored_values import json_of, value_from
from camber.packing import fingerprint, pack_table, unpack_table
from camber.schema import Problem, Recording, as_fixes
from camber.schema.tables import FIXES

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from camber.schema import Fixes

    FloatArray = NDArray[np.float64]

ANALYSABLE: Final = """
SELECT activity_id FROM activity WHERE kind = 'run' AND duplicate_of IS NULL ORDER BY activity_id
"""
OVERLAPPING: Final = """
SELECT activity.activity_id, activity.duplicate_of, fixes.data
FROM activity JOIN fixes USING (activity_id)
WHERE activity.started_at_ms BETWEEN ? AND ? AND activity.ended_at_ms >= ? AND activity.activity_id <> ?
ORDER BY activity.activity_id
"""
"""Recordings that may be of the same time as another."""

OVERLAP: Final = 0.8
"""Share of the longer recording's time that two recordings of one run must both cover (judgement: one device
may have been started late)."""

APART_M: Final = 30.0
"""Median distance at equal times up to which it is one run [m] (judgement: two devices' errors, and clocks a
few seconds apart)."""

_LOOKS: Final = 60
"""Moments at which two recordings are compared (judgement: one per minute of an hour)."""

_FASTEST_STEP_M: Final = 1000.0
"""A step longer than this is a jump, no distance [m] (`camber.schema.TrackSettings.jump_m`)."""

_EARTH_M: Final = 6_371_000.0
_FORMATS: Final = {"fit": 3, "tcx": 2, "gpx": 1}
_CHECKED: Final = (
    *("content_sha256", "part", "source", "format", "kind", "reason", "sport", "device", "title", "gear"),
    *("day", "started_at_ms", "ended_at_ms", "time_zone", "distance_m", "fixes", "richness", "problems"),
)
"""Columns of an activity that its fingerprint covers; ``duplicate_of`` may change later."""

_DTYPES: Final = {"float": "float64", "int": "int64", "time": "datetime64[us, UTC]"}


def add_recording(
    connection: sqlite3.Connection,
    recording: Recording,
    content_sha256: str,
    *,
    gear: str | None,
    kind: str,
    reason: str,
) -> int:
    """Add a recording within a transaction, settle which of several copies counts, and give its number.

    Its kind is ``"run"``, ``"other_sport"`` or ``"no_track"``, the reason why it is no run.
    """
    fixes = recording.fixes
    stamps = seconds_of(fixes)
    stamps = stamps[np.isfinite(stamps)] * 1000.0
    steps = step_lengths_m(fixes)
    started_at_ms = round(stamps.min()) if len(stamps) else None
    row = {
        "content_sha256": content_sha256,
        "part": 0,
        "source": recording.source,
        "format": recording.format,
        "kind": kind,
        "reason": reason,
        "sport": recording.sport,
        "device": recording.device,
        "title": recording.name,
        "gear": gear,
        "day": _local_day(started_at_ms, recording.time_zone),
        "started_at_ms": started_at_ms,
        "ended_at_ms": round(stamps.max()) if len(stamps) else None,
        "time_zone": recording.time_zone,
        "distance_m": round(float(steps[steps <= _FASTEST_STEP_M].sum()), 3),
        "fixes": len(fixes),
        "richness": _richness_of(fixes, recording.format),
        "problems": json_of(recording.problems),
    }
    activity_id = insert(connection, "activity", row | {"fingerprint": activity_fingerprint(row)})
    if kind != "no_track":
        data = pack_table(pd.DataFrame(fixes)[[column.name for column in FIXES]])
        values = (activity_id, len(fixes), data, fingerprint(data))
        connection.execute("INSERT INTO fixes VALUES (?, ?, ?, ?)", values)
        _group_with(connection, activity_id, fixes)
    return activity_id


def without_track(source: str) -> Recording:
    """Stand in for a recording without positions, such as one from a treadmill."""
    columns = {column.name: pd.Series(dtype=_DTYPES[column.kind]) for column in FIXES}
    fixes = as_fixes(pd.DataFrame(columns).rename_axis("fix_id"))
    return Recording(source, "", None, None, None, None, None, fixes)


def read_recording_of(connection: sqlite3.Connection, activity_id: int) -> Recording:
    """Read a recording back: times to the millisecond, positions to 1e-7 degrees, the rest in float32."""
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
        problems=value_from(row["problems"], tuple[Problem, ...]),
    )


def places_of(connection: sqlite3.Connection, activity_id: int) -> FloatArray:
    """Read longitude and latitude of the fixes of a run, shape (n, 2) [deg]."""
    query = "SELECT data FROM fixes WHERE activity_id = ?"
    data = connection.execute(query, (activity_id,)).fetchone()[0]
    table = unpack_table(data, only=("longitude_deg", "latitude_deg"))
    return table[["longitude_deg", "latitude_deg"]].to_numpy()


def moment(stamp_ms: int | None) -> datetime | None:
    """Turn milliseconds since 1970 UTC into a time."""
    return None if stamp_ms is None else datetime.fromtimestamp(stamp_ms / 1000.0, UTC)


def activity_fingerprint(row: sqlite3.Row | Mapping[str, Any]) -> int:
    """Check sum of what a row of the table ``activity`` says."""
    return fingerprint(*(row[name] for name in _CHECKED))


def seconds_of(fixes: pd.DataFrame) -> FloatArray:
    """Give the times of fixes in seconds since 1970 UTC; NaN where missing."""
    stamps = fixes["time"].dt.as_unit("us").astype("int64").to_numpy() / 1e6
    return np.where(fixes["time"].isna().to_numpy(), np.nan, stamps)


def step_lengths_m(fixes: pd.DataFrame) -> FloatArray:
    """Give the steps between neighbouring fixes of one part [m], shape (n - 1,); 0 across parts."""
    latitude, longitude = (fixes[name].to_numpy(float) for name in ("latitude_deg", "longitude_deg"))
    metres = distance_m(latitude[:-1], longitude[:-1], latitude[1:], longitude[1:])
    return np.where(np.diff(fixes["part"].to_numpy()) == 0, metres, 0.0)


def distance_m(
    latitude_deg: FloatArray,
    longitude_deg: FloatArray,
    other_latitude_deg: FloatArray | float,
    other_longitude_deg: FloatArray | float,
) -> FloatArray:
    """Give the distance on a sphere [m] by the haversine formula (Sinnott 1984), to 0.6 %."""
    a, b = np.radians(latitude_deg), np.radians(other_latitude_deg)
    half = np.radians(np.asarray(other_longitude_deg) - longitude_deg) / 2.0
    square = np.sin((b - a) / 2.0) ** 2 + np.cos(a) * np.cos(b) * np.sin(half) ** 2
    return np.asarray(2.0 * _EARTH_M * np.arcsin(np.sqrt(np.clip(square, 0.0, 1.0))))


def _local_day(stamp_ms: int | None, time_zone: str | None) -> str | None:
    """Day by the clock at the place, ISO 8601; by UTC where the zone is unknown."""
    when = moment(stamp_ms)
    if when is None:
        return None
    try:
        return when.astimezone(ZoneInfo(time_zone or "UTC")).date().isoformat()
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return when.date().isoformat()


def _richness_of(fixes: Fixes, file_format: str) -> int:
    """Contact balance first, then accuracy, then the format (FIT knows pauses), then the number of fixes."""
    has = [bool(fixes[name].notna().any()) for name in ("stance_time_balance_pct", "accuracy_m")]
    leading = (has[0] << 3) | (has[1] << 2) | _FORMATS.get(file_format, 0)
    return (leading << 32) | min(len(fixes), 2**32 - 1)


class _Line(NamedTuple):
    """Where somebody was when: times [s] in order, with the positions [deg]."""

    seconds: FloatArray
    latitude_deg: FloatArray
    longitude_deg: FloatArray


def _line(fixes: pd.DataFrame) -> _Line:
    seconds = seconds_of(fixes)
    known = np.flatnonzero(np.isfinite(seconds))
    order = known[np.argsort(seconds[known], kind="stable")]
    latitude, longitude = (fixes[name].to_numpy(float)[order] for name in ("latitude_deg", "longitude_deg"))
    return _Line(seconds[order], latitude, longitude)


def _same_run(first: _Line, second: _Line) -> bool:
    """Tell by time and place, never by name; the same with the arguments swapped, and never without times."""
    if len(first.seconds) < 2 or len(second.seconds) < 2:
        return False
    begin = max(first.seconds[0], second.seconds[0])
    end = min(first.seconds[-1], second.seconds[-1])
    longer = max(line.seconds[-1] - line.seconds[0] for line in (first, second))
    if longer <= 0.0 or end - begin < OVERLAP * longer:
        return False
    looks = np.linspace(begin, end, _LOOKS)
    places = [np.interp(looks, line.seconds, values) for line in (first, second) for values in line[1:]]
    return float(np.median(distance_m(*places))) <= APART_M


def _group_with(connection: sqlite3.Connection, activity_id: int, fixes: pd.DataFrame) -> None:
    """Join a new recording to those of the same run, in whatever order they come."""
    line = _line(fixes)
    if not len(line.seconds):
        return
    begin, end = line.seconds[0] * 1000.0, line.seconds[-1] * 1000.0
    # One that overlaps by 80 % of the longer began at most a quarter of this one's time before it.
    reach = (end - begin) / OVERLAP - (end - begin)
    near = connection.execute(OVERLAPPING, (begin - reach - 1.0, end, begin, activity_id)).fetchall()
    within = ("time", "latitude_deg", "longitude_deg")
    roots = {
        row["duplicate_of"] or row["activity_id"]
        for row in near
        if _same_run(line, _line(unpack_table(row["data"], only=within)))
    }
    if roots:
        _settle(connection, {*roots, activity_id})


def _settle(connection: sqlite3.Connection, roots: set[int]) -> None:
    """Let the richest count, and take back what was found out about the others."""
    marks = ",".join("?" * len(roots))
    group = connection.execute(
        f"SELECT activity_id, richness, content_sha256, part FROM activity "  # noqa: S608 - only marks
        f"WHERE activity_id IN ({marks}) OR duplicate_of IN ({marks})",
        (*roots, *roots),
    ).fetchall()
    ordered = sorted(group, key=lambda row: (-row["richness"], row["content_sha256"], row["part"]))
    primary, *others = [row["activity_id"] for row in ordered]
    connection.execute("UPDATE activity SET duplicate_of = NULL WHERE activity_id = ?", (primary,))
    for other in others:
        connection.execute("UPDATE activity SET duplicate_of = ? WHERE activity_id = ?", (primary, other))
        for table in ("result", "evidence", "failure"):
            connection.execute(f"DELETE FROM {table} WHERE activity_id = ?", (other,))  # noqa: S608 - a constant
