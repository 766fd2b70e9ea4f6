"""What a week amounts to, and how it stands beside the runner's own earlier weeks."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from camber.adding import SIDE_TOTAL_COLUMNS, add_draws, add_summaries, side_totals
from camber.conventions import ENOUGH_TO_COMPARE_M, SURFACE_KINDS, SurfaceKind
from camber.legs.pooling import pooled_effect
from camber.legs.turning import COLUMNS, track_bends
from camber.library.days import Week, week_of
from camber.library.moments import doubt_of_day, moment
from camber.library.results import draws_from, exposure_columns, read_contact, whole_result
from camber.schema import (
    EVEN,
    Interval,
    NotJudged,
    Period,
    PeriodTotal,
    RunResult,
    StreetVisits,
    UsualRange,
    balance_of,
    interval_of,
    low_leg_of,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from camber.library.days import Span
    from camber.schema import Draws, Summary, TrackBends

    FloatArray = NDArray[np.float64]
    Weekly = tuple[PeriodTotal, Draws | None]
    """A week with the draws behind it, None without a run."""

TREND_WEEKS: Final = 12
"""Weeks of a trend (judgement: a quarter of a year, a block of training)."""

_ROADS: Final = tuple(
    place
    for place, kind in enumerate(SURFACE_KINDS)
    if kind in {SurfaceKind.ROAD_EDGE, SurfaceKind.ROAD_CENTRE, SurfaceKind.SIDEWALK}
)

LEAST_WEEKS: Final = 4
"""Weeks after which the usual range appears (judgement: of fewer, quantiles say little)."""

UNUSUAL_SHARE: Final = 0.05
"""How far the share of the left leg has to lie outside the usual range to be called so (judgement: five of a
hundred metres; less is no news to anybody)."""

_YEAR: Final = timedelta(days=364)
_SIMULATED: Final = "simulated"

_RUN: Final = """
SELECT activity.activity_id, activity.title, activity.source, activity.sport, activity.gear, activity.day,
       activity.started_at_ms, activity.ended_at_ms, activity.time_zone, activity.kind, activity.reason,
       activity.duplicate_of, activity.distance_m, result.distance_m AS result_m, result.duration_s,
       result.summary, result.draws, result.not_judged, result.roads_source,
       result.osm_date, result.camber_version, failure.state, failure.message, activity.problems,
       activity.likely_start_ms, activity.told
FROM activity LEFT JOIN result USING (activity_id) LEFT JOIN failure USING (activity_id)
"""
RUNS: Final = (
    _RUN
    + "WHERE activity.day BETWEEN ? AND ? "
    + "ORDER BY activity.day, activity.started_at_ms, activity.activity_id"
)
"""All recordings of some days with their results."""

ONE_RUN: Final = _RUN + "WHERE activity.activity_id = ?"
"""One recording with its result."""

_STATES: Final = """
SELECT activity.kind, activity.reason, activity.duplicate_of, result.distance_m AS result_m,
       failure.state, failure.message
FROM activity LEFT JOIN result USING (activity_id) LEFT JOIN failure USING (activity_id)
"""
"""What `state_of` goes by."""

TREND: Final = """
SELECT activity.day, result.distance_m, result.draws
FROM activity JOIN result USING (activity_id)
WHERE activity.day BETWEEN ? AND ? ORDER BY activity.day, activity.started_at_ms, activity.activity_id
"""
"""What a trend needs of the results of some days."""

WITHOUT_DAY: Final = """
SELECT count(*) FROM activity WHERE day IS NULL AND kind = 'run' AND duplicate_of IS NULL
"""
"""How many runs are in no week."""

LAST_DAY: Final = "SELECT max(day) FROM activity"
"""The day of the last recording."""

LAST_ANALYSED_DAY: Final = "SELECT max(day) FROM activity JOIN result USING (activity_id)"
"""The day of the last run that has a result."""

VISITS: Final = """
SELECT count(*) FROM street WHERE name = ? AND day BETWEEN ? AND ?
"""
"""How many runs of some days were on a street."""

STREET_SOURCES: Final = """
SELECT street.name, street.slope_source, street.distance_m
FROM activity JOIN street USING (activity_id) WHERE activity.day BETWEEN ? AND ?
"""
"""Where the cross slopes of the streets of some days come from."""


def period_of(
    connection: sqlite3.Connection,
    week: Week | Span,
    *,
    with_stretches: bool = False,
    week_start: str = "monday",
    target_left: float = EVEN,
) -> Period:
    """Sum a week up, or any other days, which are cut into weeks that begin as is said.

    Weeks, and whatever is said later of the whole, are held against the share of the left leg aimed at.
    """
    days = (week.starts_on.isoformat(), week.ends_on.isoformat())
    rows = connection.execute(RUNS, days).fetchall()
    runs = tuple(run_result(row) for row in rows if row["duplicate_of"] is None)
    total, draws = total_of(runs, week.title)
    weeks, compared = _weeks_of(connection, week, week_start, target_left)
    analysed = [row for row in rows if row["summary"] is not None]
    exposures = (exposure_columns(connection, row["activity_id"], SIDE_TOTAL_COLUMNS) for row in analysed)
    stretches = None
    if with_stretches:
        from camber.library.lines import stretches_of  # noqa: PLC0415 - tables and lines, for a map

        stretches = stretches_of(connection, [row["activity_id"] for row in analysed])
    contact = None
    if not isinstance(week, Week):
        contacts = read_contact(connection, [row["activity_id"] for row in analysed])
        contact = pooled_effect(contacts) if contacts else None
    return Period(
        title=week.title,
        starts_on=week.starts_on,
        ends_on=week.ends_on,
        runs=runs,
        total=total,
        draws=draws,
        usual=usual_range(compared),
        weeks=weeks,
        streets=_streets(connection, total, week),
        stretches=stretches,
        not_judged=_not_judged(rows),
        duplicates=sum(row["duplicate_of"] is not None for row in rows),
        roads=tuple(dict.fromkeys((row["roads_source"], row["osm_date"]) for row in analysed)),
        model_versions=tuple(sorted({row["camber_version"] for row in analysed})),
        without_day=connection.execute(WITHOUT_DAY).fetchone()[0],
        kind="week" if isinstance(week, Week) else week.kind,
        sides=side_totals([table for table in exposures if table is not None]),
        contact=contact,
        bends=bends_of(connection, runs),
        target_left=target_left,
    )


def bends_of(connection: sqlite3.Connection, runs: Sequence[RunResult]) -> TrackBends | None:
    """Sum up the bends that some runs took on running tracks; None where none was on one."""
    on_track = [run.run for run in runs if run.summary and _is_on_track(run.summary)]
    tables = (exposure_columns(connection, run, COLUMNS) for run in on_track)
    return track_bends(table for table in tables if table is not None)


def _is_on_track(summary: Summary) -> bool:
    return any(one.surface_kind == SurfaceKind.TRACK and one.distance_m > 0.0 for one in summary.surfaces)


def total_of(runs: Sequence[RunResult], title: str) -> tuple[Summary | None, Draws | None]:
    """Add the runs that are analysed, draw by draw; None where there is none."""
    parts = [(run.summary, run.draws) for run in runs if run.summary and run.draws]
    if not parts:
        return None, None
    return add_summaries(parts, title), add_draws([draws for _, draws in parts])


def _weeks_of(
    connection: sqlite3.Connection, days: Week | Span, week_start: str, target_left: float
) -> tuple[tuple[PeriodTotal, ...], tuple[Weekly, ...]]:
    """Give the weeks to show, and those before the period with the period itself behind them."""
    if isinstance(days, Week):
        compared = _weekly(connection, days, TREND_WEEKS, target_left)
        return tuple(total for total, _ in compared), compared
    last_day = connection.execute(LAST_DAY).fetchone()[0]
    end = days.ends_on if last_day is None else min(days.ends_on, date.fromisoformat(last_day))
    last = week_of(max(end, days.starts_on), week_start)
    count = (last.starts_on - week_of(days.starts_on, week_start).starts_on).days // 7 + 1
    before = _weekly(connection, week_of(days.starts_on, week_start).before(1), TREND_WEEKS - 1, target_left)
    rows = connection.execute(TREND, (days.starts_on.isoformat(), days.ends_on.isoformat())).fetchall()
    weeks = trend_of(connection, last, max(count, TREND_WEEKS), target_left)
    return weeks, (*before, _total_of(days, rows, target_left))


def run_result(row: sqlite3.Row) -> RunResult:
    """Build one run of a period from a row of `RUNS`, with its summary where it is analysed."""
    state, reason = state_of(row)
    likely_day, doubt = doubt_of_day(row)
    run = RunResult(
        run=row["activity_id"],
        title=row["title"] or row["source"],
        source=row["source"],
        sport=row["sport"],
        gear=row["gear"],
        started_at=moment(row["started_at_ms"]),
        time_zone=row["time_zone"],
        day=None if row["day"] is None else date.fromisoformat(row["day"]),
        distance_m=row["distance_m"],
        duration_s=((row["ended_at_ms"] or 0) - (row["started_at_ms"] or 0)) / 1000.0,
        state=state,
        reason=reason,
        simulated=_SIMULATED in (row["title"] or "").lower(),
        likely_day=likely_day,
        doubt=doubt,
        recorded_m=row["distance_m"],
    )
    if row["summary"] is None:
        return run
    summary, draws = whole_result(row)
    run = replace(run, distance_m=summary.distance_m, duration_s=summary.duration_s)
    return replace(run, summary=summary, draws=draws)


def state_of(row: sqlite3.Row) -> tuple[str, str]:
    """Say what became of a recording, and why in one sentence where it is not analysed."""
    if row["duplicate_of"] is not None:
        return "duplicate", f"another recording of run {row['duplicate_of']}, which tells more"
    if row["kind"] != "run":
        return row["kind"], row["reason"]
    if row["result_m"] is not None:
        return "analysed", ""
    if row["state"] is not None:
        return row["state"], row["message"]
    return "waiting", "not analysed yet: run `camber analyse --all`"


def standing_of(connection: sqlite3.Connection) -> dict[str, int]:
    """Count recordings by what became of them."""
    return dict(Counter(state_of(row)[0] for row in connection.execute(_STATES)))


def trend_of(
    connection: sqlite3.Connection, week: Week, weeks: int = TREND_WEEKS, target_left: float = EVEN
) -> tuple[PeriodTotal, ...]:
    """Sum up a week and those before it, oldest first: so many with that one."""
    return tuple(total for total, _ in _weekly(connection, week, weeks, target_left))


def _weekly(connection: sqlite3.Connection, week: Week, weeks: int, target_left: float) -> tuple[Weekly, ...]:
    first = week.before(weeks - 1)
    by_week: dict[int, list[sqlite3.Row]] = defaultdict(list)
    days = (first.starts_on.isoformat(), week.ends_on.isoformat())
    for row in connection.execute(TREND, days):
        by_week[(date.fromisoformat(row["day"]) - first.starts_on).days // 7].append(row)
    return tuple(
        _total_of(week.before(weeks - 1 - place), by_week[place], target_left) for place in range(weeks)
    )


def _total_of(week: Week | Span, rows: Sequence[sqlite3.Row], target_left: float) -> Weekly:
    distance = sum(row["distance_m"] for row in rows)
    start, end = week.starts_on, week.ends_on
    if not rows:
        return PeriodTotal(week.title, start, end, 0, 0.0, 0.0, None, None, None, None, None), None
    draws: Draws = add_draws([draws_from(row["draws"]) for row in rows])
    left, right = draws.left_low_m.sum(axis=1), draws.right_low_m.sum(axis=1)
    metres = draws.left_low_m + draws.right_low_m + draws.level_m
    net, gross = draws.net_tilt_pct_km.sum(axis=1), draws.gross_tilt_pct_km.sum(axis=1)
    total = PeriodTotal(
        title=week.title,
        starts_on=start,
        ends_on=end,
        runs=len(rows),
        distance_m=distance,
        on_roads_m=float(metres[:, _ROADS].sum(axis=1).mean()),
        left_low_m=interval_of(left),
        right_low_m=interval_of(right),
        balance=balance_of(right, left),
        tilt_balance=balance_of(gross + net, gross - net),
        tilt_pct=interval_of(net / (distance / 1000.0)) if distance > 0.0 else None,
        low=low_leg_of(draws, target_left),
    )
    return total, draws


def usual_range(weeks: Sequence[Weekly]) -> UsualRange | None:
    """Say what is usual, from the weeks before the last, which is compared; None if too few are enough."""
    *earlier, (current, now) = weeks
    judged = [
        (week.balance.median, week.tilt_pct.median, week.distance_m)
        for week, _ in earlier
        if week.balance and week.tilt_pct and week.on_roads_m >= ENOUGH_TO_COMPARE_M
    ]
    if len(judged) < LEAST_WEEKS:
        return None
    balance, tilt, distance = np.array(judged).T
    found = UsualRange(
        *(len(judged), _middle(balance), _middle(tilt), _middle(distance), None),
        left_share=_middle((1.0 - balance) / 2.0),
    )
    if current.balance is None or now is None or current.on_roads_m < ENOUGH_TO_COMPARE_M:
        return found
    drawn = [
        _left_share(draws)
        for week, draws in earlier
        if week.balance and draws and week.on_roads_m >= ENOUGH_TO_COMPARE_M
    ]
    low, high = np.quantile(drawn, [0.1, 0.9], axis=0)
    share = _left_share(now)
    return replace(
        found,
        closer_to_even=int((np.abs(balance) > abs(current.balance.median)).sum()),
        p_more_left=float((share > high + UNUSUAL_SHARE).mean()),
        p_more_right=float((share < low - UNUSUAL_SHARE).mean()),
    )


def _left_share(draws: Draws) -> FloatArray:
    """Share of the left leg in each draw; one half where a draw has no tilt, which is for neither."""
    left, right = draws.left_low_m.sum(axis=1), draws.right_low_m.sum(axis=1)
    tilted = left + right > 0.0
    share: FloatArray = np.where(tilted, left / np.where(tilted, left + right, 1.0), 0.5)
    return share


def _middle(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Interval:
    low, median, high = (float(value) for value in np.quantile(values, [0.1, 0.5, 0.9]))
    return Interval(low, median, high)


def _streets(
    connection: sqlite3.Connection, total: Summary | None, week: Week | Span
) -> tuple[StreetVisits, ...]:
    if total is None:
        return ()
    year = ((week.ends_on - _YEAR).isoformat(), week.ends_on.isoformat())
    metres: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    days = (week.starts_on.isoformat(), week.ends_on.isoformat())
    for row in connection.execute(STREET_SOURCES, days):
        metres[row["name"]][row["slope_source"]] += row["distance_m"]
    visits = []
    for street in total.streets:
        sources = metres[street.name]
        source = min(sources, key=lambda name: (-sources[name], name), default="")
        count = connection.execute(VISITS, (street.name, *year)).fetchone()[0]
        visits.append(StreetVisits(street, source, count))
    return tuple(visits)


def _not_judged(rows: Sequence[sqlite3.Row]) -> tuple[NotJudged, ...]:
    states = ((state_of(row)[0], row) for row in rows)
    return joined_reasons(
        json.loads(row["not_judged"]) if state == "analysed" else {state: row["distance_m"]}
        for state, row in states
        if state != "duplicate"
    )


def joined_reasons(parts: Iterable[dict[str, float]]) -> tuple[NotJudged, ...]:
    """Add up what is not judged in each of some runs, by reason [m], longest first."""
    metres: dict[str, float] = defaultdict(float)
    runs: dict[str, int] = defaultdict(int)
    for part in parts:
        for reason, distance in part.items():
            metres[reason] += distance
            runs[reason] += 1
    ordered = sorted(metres, key=lambda reason: (-metres[reason], reason))
    return tuple(NotJudged(reason, metres[reason], runs[reason]) for reason in ordered)
