"""Which recordings are of one run: by time and place, never by name, even where a clock is hours off."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from camber.conventions import EARTH_M
from camber.longitudes import unrolled
from camber.packing import unpack_table

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator

    import pandas as pd
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

OVERLAPPING: Final = """
SELECT activity.activity_id, activity.duplicate_of, activity.shift_ms, fixes.data
FROM activity JOIN fixes USING (activity_id)
WHERE activity.started_at_ms BETWEEN ? AND ? AND activity.ended_at_ms >= ? AND activity.activity_id <> ?
    AND activity.ended_at_ms - activity.started_at_ms BETWEEN ? AND ?
ORDER BY activity.activity_id
"""
"""Recordings that may be of the same time as another, or of one that a wrong zone has moved."""

OVERLAP: Final = 0.8
"""Share of the longer recording's time that two recordings of one run must both cover (judgement: one device
may have been started late)."""

APART_M: Final = 30.0
"""Median distance at equal times up to which it is one run [m] (judgement: two devices' errors, and clocks a
few seconds apart)."""

SHIFTED_APART_M: Final = (20.0, 50.0)
"""The same where one clock is hours off, and what nine of ten moments must keep [m] (judgement: somebody who
walks one way twice a day at one pace shall not lose a walk)."""

_MOVED_M: Final = 60.0
"""How far from their middle two recordings must go before places alone tell that they are one [m]."""

LONGEST_SHIFT_S: Final = 14 * 3600.0
"""Civil time runs up to 14 hours from UTC (IANA time zone database): what a wrong zone can do [s]."""

_HALF_HOUR_S: Final = 1800.0
_LOOKS: Final = 60
"""Moments at which two recordings are compared (judgement: one per minute of an hour)."""

_WITHIN: Final = ("time", "latitude_deg", "longitude_deg")


class Line(NamedTuple):
    """Where somebody was when: times [s] in order, with the positions [deg]."""

    seconds: FloatArray
    latitude_deg: FloatArray
    longitude_deg: FloatArray


def line_of(fixes: pd.DataFrame, shift_ms: int = 0) -> Line:
    """Take the fixes that have a time, in its order, moved by what the runner told of the day."""
    seconds = seconds_of(fixes) + shift_ms / 1000.0
    known = np.flatnonzero(np.isfinite(seconds))
    order = known[np.argsort(seconds[known], kind="stable")]
    latitude, longitude = (fixes[name].to_numpy(float)[order] for name in ("latitude_deg", "longitude_deg"))
    return Line(seconds[order], latitude, unrolled(longitude))


def seconds_of(fixes: pd.DataFrame) -> FloatArray:
    """Give the times of fixes in seconds since 1970 UTC; NaN where missing."""
    stamps = fixes["time"].dt.as_unit("us").astype("int64").to_numpy() / 1e6
    return np.where(fixes["time"].isna().to_numpy(), np.nan, stamps)


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
    return np.asarray(2.0 * EARTH_M * np.arcsin(np.sqrt(np.clip(square, 0.0, 1.0))))


def same_run(first: Line, second: Line, time_zone: str | None) -> bool:
    """Tell by time and place; the same with the arguments swapped, and never without times.

    A clock that is a whole number of half hours off is seen through, as one that is off by the zone there.
    """
    if len(first.seconds) < 2 or len(second.seconds) < 2:
        return False
    return any(
        _agree(first, second._replace(seconds=second.seconds + shift_s), moved=shift_s != 0.0)
        for shift_s in _shifts(first, second, time_zone)
    )


def _shifts(first: Line, second: Line, time_zone: str | None) -> Iterator[float]:
    """Give the shifts of the second recording by which the two overlap enough [s], none of them first."""
    longer = max(line.seconds[-1] - line.seconds[0] for line in (first, second))
    if longer <= 0.0:
        return
    steps = int(LONGEST_SHIFT_S / _HALF_HOUR_S)
    offset = _offset_s(first.seconds[0], time_zone)
    shifts = {*(_HALF_HOUR_S * step for step in range(-steps, steps + 1)), offset, -offset}
    for shift_s in sorted(shifts, key=abs):
        begin = max(first.seconds[0], second.seconds[0] + shift_s)
        end = min(first.seconds[-1], second.seconds[-1] + shift_s)
        if end - begin >= OVERLAP * longer:
            yield shift_s


def _offset_s(second: float, time_zone: str | None) -> float:
    """How far local time is ahead of UTC [s]; zero where nobody knows."""
    try:
        there = datetime.fromtimestamp(second, UTC).astimezone(ZoneInfo(time_zone or "UTC"))
    except (ZoneInfoNotFoundError, ValueError, OSError, OverflowError):
        return 0.0
    offset = there.utcoffset()
    return 0.0 if offset is None else offset.total_seconds()


def _agree(first: Line, second: Line, *, moved: bool) -> bool:
    begin = max(first.seconds[0], second.seconds[0])
    end = min(first.seconds[-1], second.seconds[-1])
    looks = np.linspace(begin, end, _LOOKS)
    places = [np.interp(looks, line.seconds, values) for line in (first, second) for values in line[1:]]
    apart = distance_m(*places)
    if not moved:
        return float(np.median(apart)) <= APART_M
    latitude, longitude = places[:2]
    spread = distance_m(latitude, longitude, float(latitude.mean()), float(longitude.mean()))
    within = np.quantile(apart, [0.5, 0.9]) <= SHIFTED_APART_M
    return bool(within.all()) and float(spread.max()) >= _MOVED_M


def group_with(connection: sqlite3.Connection, activity_id: int, line: Line, time_zone: str | None) -> None:
    """Join a recording to those of the same run, in whatever order they come."""
    if not len(line.seconds):
        return
    begin, end = line.seconds[0] * 1000.0, line.seconds[-1] * 1000.0
    # One that overlaps by 80 % of the longer began at most a quarter of this one's time before it.
    reach = (end - begin) / OVERLAP - (end - begin) + 1.0
    moved = LONGEST_SHIFT_S * 1000.0
    lasts = (int((end - begin) * OVERLAP) - 1, int((end - begin) / OVERLAP) + 1)
    bounds = (begin - reach - moved, end + moved, begin - moved, activity_id, *lasts)
    roots = {
        row["duplicate_of"] or row["activity_id"]
        for row in connection.execute(OVERLAPPING, bounds).fetchall()
        if same_run(line, line_of(unpack_table(row["data"], only=_WITHIN), row["shift_ms"]), time_zone)
    }
    if roots:
        _settle(connection, {*roots, activity_id})


def regroup(connection: sqlite3.Connection, activity_id: int) -> None:
    """Take the group of a recording apart whose times have changed, and join each of it anew."""
    join(connection, take_apart(connection, activity_id))


def take_apart(connection: sqlite3.Connection, activity_id: int) -> set[int]:
    """Let each recording of a group stand for itself, and give their numbers."""
    query = "SELECT coalesce(duplicate_of, activity_id) FROM activity WHERE activity_id = ?"
    root = connection.execute(query, (activity_id,)).fetchone()[0]
    query = "SELECT activity_id FROM activity WHERE activity_id = ? OR duplicate_of = ?"
    group = {row["activity_id"] for row in connection.execute(query, (root, root))}
    connection.execute("UPDATE activity SET duplicate_of = NULL WHERE duplicate_of = ?", (root,))
    return group


def join(connection: sqlite3.Connection, group: Iterable[int]) -> None:
    """Join each of some recordings to those of the same run."""
    query = (
        "SELECT time_zone, shift_ms, data FROM activity JOIN fixes USING (activity_id) WHERE activity_id = ?"
    )
    for activity_id in sorted(group):
        row = connection.execute(query, (activity_id,)).fetchone()
        if row is not None:
            line = line_of(unpack_table(row["data"], only=_WITHIN), row["shift_ms"])
            group_with(connection, activity_id, line, row["time_zone"])


def forget_results(connection: sqlite3.Connection, activity_id: int) -> None:
    """Take back what was found out about a recording."""
    for table in ("result", "evidence", "failure"):
        connection.execute(f"DELETE FROM {table} WHERE activity_id = ?", (activity_id,))  # noqa: S608 - a constant


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
        forget_results(connection, other)
