"""Which of several recordings of one run counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from camber.longitudes import unrolled
from camber.packing import unpack_table
from camber.recording.twins import LONGEST_SHIFT_S, OVERLAP, Line, same_run

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

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

_WITHIN: Final = ("time", "latitude_deg", "longitude_deg")


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
