"""The library as tables for notebooks: by run, by week, by street, by shoes and by habit."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from camber.library.days import week_of
from camber.library.moments import doubt_of_day, moment
from camber.library.periods import state_of, trend_of
from camber.library.results import draws_from, read_evidence
from camber.schema import EVEN, balance_of, interval_of, low_leg

if TYPE_CHECKING:
    import sqlite3

    from camber.schema import Draws, Interval, LowLeg, PeriodTotal

_RUNS: Final = """
SELECT activity.activity_id AS run, day, started_at_ms, time_zone, title, sport, gear, source, format, kind,
       activity.reason, duplicate_of, fixes, activity.distance_m AS recorded_m,
       result.distance_m AS result_m, result.duration_s, result.judged_m, result.osm_date, result.draws,
       failure.state, failure.message, activity.problems, activity.likely_start_ms, activity.told
FROM activity LEFT JOIN result USING (activity_id) LEFT JOIN failure USING (activity_id)
ORDER BY started_at_ms DESC, activity.activity_id DESC LIMIT ?
"""
STREETS: Final = """
SELECT name AS street, count(*) AS runs, min(day) AS first_day, max(day) AS last_day,
       sum(distance_m) AS distance_m, sum(left_low_m) AS left_low_m, sum(right_low_m) AS right_low_m,
       sum(level_m) AS level_m, sum(net_tilt_pct_km) AS net_tilt_pct_km
FROM street GROUP BY name ORDER BY abs(sum(net_tilt_pct_km)) DESC, name
"""


ANALYSED_DAYS: Final = """
SELECT min(activity.day), max(activity.day) FROM activity JOIN result USING (activity_id)
"""
_GEAR_DRAWS: Final = """
SELECT coalesce(gear, '') AS gear, day, result.distance_m, result.draws
FROM activity JOIN result USING (activity_id) WHERE duplicate_of IS NULL ORDER BY gear, activity_id
"""


_LEG_COLUMNS: Final = (
    *("left_low_low90_m", "left_low_m", "left_low_high90_m"),
    *("right_low_low90_m", "right_low_m", "right_low_high90_m"),
    *("balance_low90", "balance", "balance_high90"),
    *("left_share_low90", "left_share", "left_share_high90", "p_left", "p_right", "word"),
)
_RUN_COLUMNS: Final = (
    *("run", "day", "time_zone", "title", "sport", "gear", "source", "format", "osm_date", "started_at"),
    *("likely_day", "fixes", "state", "reason", "duplicate_of", "distance_m", "recorded_m", "duration_s"),
    "judged_m",
)
"""Columns of the table of runs, before those of the legs."""


def runs_frame(
    connection: sqlite3.Connection, target_left: float = EVEN, last: int | None = None
) -> pd.DataFrame:
    """Build a table of recordings; see `camber.library.library.Library.runs`."""
    latest = connection.execute(_RUNS, (-1 if last is None else last,)).fetchall()
    rows = [_run_row(row, target_left) for row in reversed(latest)]
    # The same columns whatever is there: what asks for one of them finds it in an empty library too.
    frame = pd.DataFrame(rows, columns=[*_RUN_COLUMNS, *_LEG_COLUMNS]).set_index("run")
    frame["started_at"] = pd.to_datetime(frame["started_at"], utc=True)
    return frame


def _run_row(row: sqlite3.Row, target_left: float) -> dict[str, Any]:
    draws = None if row["draws"] is None else draws_from(row["draws"])
    likely, _ = doubt_of_day(row)
    named = ("run", "day", "time_zone", "title", "sport", "gear", "source", "format", "osm_date")
    return {
        **{name: row[name] for name in named},
        "started_at": moment(row["started_at_ms"]),
        "likely_day": None if likely is None else likely.isoformat(),
        "fixes": row["fixes"],
        "state": state_of(row)[0],
        "reason": row["reason"] or row["message"] or "",
        "duplicate_of": row["duplicate_of"],
        "distance_m": row["recorded_m"] if draws is None else row["result_m"],
        "recorded_m": row["recorded_m"],
        "duration_s": row["duration_s"],
        "judged_m": row["judged_m"],
        **({} if draws is None else _legs([draws], target_left)),
    }


def _legs(drawn: list[Draws], target_left: float = EVEN) -> dict[str, float | str | None]:
    """Metres by leg, the balance and the word of some runs, added draw by draw, with their 90 % intervals."""
    left = sum(one.left_low_m.sum(axis=1) for one in drawn)
    right = sum(one.right_low_m.sum(axis=1) for one in drawn)
    low = low_leg(np.asarray(left), np.asarray(right), target_left)
    return {
        **_spread("left_low", interval_of(left), "_m"),
        **_spread("right_low", interval_of(right), "_m"),
        **_spread("balance", balance_of(right, left), ""),
        **_low(low),
    }


def _low(low: LowLeg | None) -> dict[str, float | str | None]:
    """Write which leg was low: the share of the left one, the probabilities, and the word."""
    return {
        **_spread("left_share", None if low is None else low.left_share, ""),
        "p_left": None if low is None else low.p_left,
        "p_right": None if low is None else low.p_right,
        "word": None if low is None else low.phrase,
    }


def _spread(name: str, interval: Interval | None, unit: str) -> dict[str, float | None]:
    names = (f"{name}_low90{unit}", f"{name}{unit}", f"{name}_high90{unit}")
    if interval is None:
        return dict.fromkeys(names)
    return dict(zip(names, (interval.low, interval.median, interval.high), strict=True))


def weeks_frame(connection: sqlite3.Connection, week_start: str = "monday") -> pd.DataFrame:
    """Build a table of weeks; see `camber.library.library.Library.weeks`."""
    facts = ["title", "starts_on", "runs", "distance_m", "on_roads_m"]
    first, last = connection.execute(ANALYSED_DAYS).fetchone()
    totals: tuple[PeriodTotal, ...] = ()
    if first is not None:
        end, begin = (week_of(date.fromisoformat(day), week_start) for day in (last, first))
        totals = trend_of(connection, end, (end.starts_on - begin.starts_on).days // 7 + 1)
    rows = [
        {
            **{name: getattr(total, name) for name in facts},
            **_spread("left_low", total.left_low_m, "_m"),
            **_spread("right_low", total.right_low_m, "_m"),
            **_spread("balance", total.balance, ""),
            **_spread("tilt", total.tilt_pct, "_pct"),
            **_low(total.low),
        }
        for total in totals
    ]
    frame = pd.DataFrame(rows, columns=None if rows else facts)
    return frame.rename(columns={"title": "week"}).set_index("week")


def streets_frame(connection: sqlite3.Connection) -> pd.DataFrame:
    """Build a table of streets; see `camber.library.library.Library.streets`."""
    found = connection.execute(STREETS)
    names = [column[0] for column in found.description]
    return pd.DataFrame([tuple(row) for row in found], columns=names).set_index("street")


def shoes_frame(connection: sqlite3.Connection) -> pd.DataFrame:
    """Build a table of shoes; see `camber.library.library.Library.shoes`."""
    found: dict[str, list[sqlite3.Row]] = {}
    for row in connection.execute(_GEAR_DRAWS):
        found.setdefault(row["gear"], []).append(row)
    rows = []
    for gear, runs in found.items():
        days = [row["day"] or "" for row in runs]
        facts = {"shoes": gear, "runs": len(runs), "distance_m": sum(row["distance_m"] for row in runs)}
        facts |= {"first_day": min(days), "last_day": max(days)}
        rows.append(facts | _legs([draws_from(row["draws"]) for row in runs]))
    columns = ["shoes", "runs", "distance_m", "first_day", "last_day"]
    return pd.DataFrame(rows, columns=None if rows else columns).set_index("shoes")


def habits_frame(connection: sqlite3.Connection) -> pd.DataFrame:
    """Build a table of habits; see `camber.library.library.Library.habits`."""
    from camber.lateral import learned_shares, pool_evidence  # noqa: PLC0415 - compiled kernels load only where something is learned

    learned = pool_evidence(evidence for _, evidence in read_evidence(connection))
    columns = ["use", "region", "share", "std", "before"]
    return pd.DataFrame(learned_shares(learned), columns=columns).set_index("use")
