"""The same run twice: from two services, two devices or in two formats; the richer recording counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from camber.library.distances import distance_m, seconds_of
from camber.packing import unpack_table

if TYPE_CHECKING:
    import sqlite3

    import pandas as pd
    from numpy.typing import NDArray

OVERLAP: Final = 0.8
"""Share of the longer recording's time that both must cover (users.md 2.1, no. 9)."""

APART_M: Final = 30.0
"""Median distance at equal times up to which it is one run [m] (users.md 2.1, no. 9)."""

_LOOKS: Final = 60
"""Moments at which two recordings are compared (judgement: one per minute of an hour)."""

_WITHIN: Final = ("time", "latitude_deg", "longitude_deg")
_FORMATS: Final = {"fit": 3, "tcx": 2, "gpx": 1}


@dataclass(frozen=True)
class _Line:
    seconds: NDArray[np.float64]
    latitude_deg: NDArray[np.float64]
    longitude_deg: NDArray[np.float64]


def richness_of(fixes: pd.DataFrame, file_format: str) -> int:
    """Say how much a recording tells, so that the richer of two copies counts.

    Parameters
    ----------
    fixes : DataFrame
        Of the recording.
    file_format : str
        ``"fit"``, ``"tcx"`` or ``"gpx"``.

    Returns
    -------
    int
        Contact balance first, then accuracy, then the format (FIT knows pauses), then the number of fixes.
    """
    has = [bool(fixes[name].notna().any()) for name in ("stance_time_balance_pct", "accuracy_m")]
    leading = (has[0] << 3) | (has[1] << 2) | _FORMATS.get(file_format, 0)
    return (leading << 32) | min(len(fixes), 2**32 - 1)


def same_run(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    """Tell whether two recordings are of one run, by time and place and never by name.

    Parameters
    ----------
    one, other : DataFrame
        Fixes; columns ``time``, ``latitude_deg``, ``longitude_deg`` are looked at.

    Returns
    -------
    bool
        True where they overlap by `OVERLAP` and the median distance at equal times is within `APART_M`; the
        same with the arguments swapped. Without times it is never true.
    """
    first, second = _line(one), _line(other)
    if len(first.seconds) < 2 or len(second.seconds) < 2:
        return False
    begin = max(first.seconds[0], second.seconds[0])
    end = min(first.seconds[-1], second.seconds[-1])
    longer = max(line.seconds[-1] - line.seconds[0] for line in (first, second))
    if longer <= 0.0 or end - begin < OVERLAP * longer:
        return False
    looks = np.linspace(begin, end, _LOOKS)
    places = [
        [np.interp(looks, line.seconds, values) for values in (line.latitude_deg, line.longitude_deg)]
        for line in (first, second)
    ]
    return float(np.median(distance_m(*places[0], *places[1]))) <= APART_M


def group_with(connection: sqlite3.Connection, activity_id: int, fixes: pd.DataFrame) -> None:
    """Join a recording to those of the same run, and let the richest of them count.

    What was found out about a recording that no longer counts is taken back. The result does not depend on
    the order in which recordings come.

    Parameters
    ----------
    connection : sqlite3.Connection
        The library, within a transaction.
    activity_id : int
        The recording, just added.
    fixes : DataFrame
        Its fixes.
    """
    seconds = seconds_of(fixes)
    if not np.isfinite(seconds).any():
        return
    begin, end = np.nanmin(seconds) * 1000.0, np.nanmax(seconds) * 1000.0
    # One that overlaps by 80 % of the longer began at most a quarter of this one's time before it.
    reach = (end - begin) / OVERLAP - (end - begin)
    near = connection.execute(OVERLAPPING, (begin - reach - 1.0, end, begin, activity_id)).fetchall()
    roots = {
        row["duplicate_of"] or row["activity_id"]
        for row in near
        if same_run(fixes, unpack_table(row["data"], only=_WITHIN))
    }
    if roots:
        _settle(connection, {*roots, activity_id})


OVERLAPPING: Final = """
SELECT activity.activity_id, activity.duplicate_of, fixes.data
FROM activity JOIN fixes USING (activity_id)
WHERE activity.started_at_ms BETWEEN ? AND ? AND activity.ended_at_ms >= ? AND activity.activity_id <> ?
ORDER BY activity.activity_id
"""
"""Recordings that may be of the same time as another."""


def _settle(connection: sqlite3.Connection, roots: set[int]) -> None:
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


def _line(fixes: pd.DataFrame) -> _Line:
    seconds = seconds_of(fixes)
    known = np.flatnonzero(np.isfinite(seconds))
    order = known[np.argsort(seconds[known], kind="stable")]
    latitude, longitude = (fixes[name].to_numpy(float)[order] for name in ("latitude_deg", "longitude_deg"))
    return _Line(seconds[order], latitude, longitude)
