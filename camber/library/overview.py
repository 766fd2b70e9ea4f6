"""What is said of a whole library at a glance: its days, what could not be used, streets, and outlines."""

from __future__ import annotations

from datetime import date
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import shapely

from camber.library.activities import places_of
from camber.library.periods import ONE_RUN, WITHOUT_DAY, run_result
from camber.longitudes import unrolled

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from camber.schema import RunResult

_MARK: Final = "SELECT activity_id, version, learned_version FROM result ORDER BY activity_id"
_DAYS: Final = "SELECT min(day), max(day) FROM activity"
_DAYLESS: Final = WITHOUT_DAY.replace("count(*)", "activity_id")
_LATEST: Final = """
SELECT activity_id FROM activity WHERE duplicate_of IS NULL AND kind = 'run' AND EXISTS
    (SELECT 1 FROM fixes WHERE fixes.activity_id = activity.activity_id)
ORDER BY started_at_ms DESC LIMIT ?
"""
_UNANALYSED: Final = """
SELECT activity_id FROM activity LEFT JOIN result USING (activity_id)
WHERE kind = 'run' AND duplicate_of IS NULL AND version IS NULL ORDER BY started_at_ms
"""
_PROBLEMS: Final = "SELECT source, message FROM input WHERE outcome = 'problem' ORDER BY source"
_BASES: Final = """
SELECT name, slope_source, sum(distance_m) AS metres FROM street GROUP BY name, slope_source ORDER BY metres
"""
_ON_STREET: Final = """
SELECT DISTINCT activity_id, day FROM street WHERE name = ? ORDER BY day DESC, activity_id DESC LIMIT ?
"""
_OUTLINE_DEG: Final = 1e-4
"""How far an outline may be from where somebody ran [deg] (11 m, judgement: enough to find a place)."""


def results_mark(connection: sqlite3.Connection) -> str:
    """Name the results that a library holds: another name as soon as one of them is another."""
    rows = connection.execute(_MARK).fetchall()
    return sha256(repr([tuple(row) for row in rows]).encode()).hexdigest()[:16]


def first_and_last_day(connection: sqlite3.Connection) -> tuple[date, date] | None:
    """Give the days of the first and the last recording; None where none has a day."""
    first, last = connection.execute(_DAYS).fetchone()
    return None if first is None else (date.fromisoformat(first), date.fromisoformat(last))


def runs_without_day(connection: sqlite3.Connection) -> tuple[RunResult, ...]:
    """Give the runs that are in no week."""
    numbers = [row[0] for row in connection.execute(_DAYLESS).fetchall()]
    return tuple(run_result(connection.execute(ONE_RUN, (run,)).fetchone()) for run in numbers)


def latest_runs(connection: sqlite3.Connection, most: int) -> list[int]:
    """Give the numbers of the latest runs with positions."""
    return [int(row[0]) for row in connection.execute(_LATEST, (most,))]


def unanalysed_runs(connection: sqlite3.Connection) -> list[int]:
    """Give the numbers of the runs without a result, the latest last."""
    return [int(row[0]) for row in connection.execute(_UNANALYSED)]


def unread_files(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """List the files that could not be read, with the reason."""
    return [(row["source"], row["message"]) for row in connection.execute(_PROBLEMS)]


def street_bases(connection: sqlite3.Connection) -> dict[str, str]:
    """Say of each street where the cross slope of most of its metres is from."""
    return {row["name"]: row["slope_source"] for row in connection.execute(_BASES)}


def runs_on_street(connection: sqlite3.Connection, name: str, most: int) -> list[tuple[int, str | None]]:
    """Give number and day of the latest runs on a street."""
    return [(row["activity_id"], row["day"]) for row in connection.execute(_ON_STREET, (name, most))]


def outlines(connection: sqlite3.Connection, runs: Sequence[int]) -> Iterator[NDArray[np.float64]]:
    """Give roughly where some runs went: longitude and latitude [deg], shape (n, 2), for the runner alone."""
    for run in runs:
        longitude, latitude = places_of(connection, run).T
        if len(latitude) > 1:
            line = shapely.LineString(list(zip(unrolled(longitude), latitude, strict=True)))
            yield shapely.get_coordinates(shapely.simplify(line, _OUTLINE_DEG))
