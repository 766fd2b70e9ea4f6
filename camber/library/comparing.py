"""Two periods of the library beside each other: shares, sides and streets, from what is kept of each run."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from camber.adding import SIDE_TOTAL_COLUMNS, side_totals
from camber.errors import SettingsError
from camber.legs.share_changes import FEWEST_RUNS, SURE_FROM, change_of
from camber.library.results import draws_from, exposure_columns, read_passes
from camber.library.street_sides import changed_routes
from camber.schema import Compared, SideChange, StreetChange

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from camber.observations.passes import StreetPasses

    FloatArray = NDArray[np.float64]

_RUNS: Final = """
SELECT activity_id, result.distance_m, result.draws FROM activity JOIN result USING (activity_id)
WHERE duplicate_of IS NULL AND day BETWEEN ? AND ? ORDER BY day, started_at_ms, activity_id
"""

LONGEST: Final = timedelta(weeks=12)
"""So far back the period before goes at most, if it is not said (judgement: a block of training)."""

_LEAST: Final = timedelta(weeks=4)
_MOST_STREETS: Final = 5


def compare_periods(
    connection: sqlite3.Connection, since: date, until: date, before_from: date | None = None
) -> Compared:
    """Compare the days from one on with as many before it, four weeks at least; else SettingsError."""
    if before_from is None:
        before_from = since - min(max(until - since + timedelta(days=1), _LEAST), LONGEST)
    if not before_from < since <= until:
        text = f"there is nothing to compare from {before_from} to {since} and on to {until}"
        raise SettingsError(text, key="since")
    rows = [
        connection.execute(_RUNS, (first.isoformat(), last.isoformat())).fetchall()
        for first, last in ((before_from, since - timedelta(days=1)), (since, until))
    ]
    runs = [[row["activity_id"] for row in part] for part in rows]
    rng = np.random.default_rng([since.toordinal(), until.toordinal()])
    share = None
    if min(map(len, rows)) >= FEWEST_RUNS:
        share = change_of(_legs(rows[0]), _legs(rows[1]), rng)
    passes = [[read_passes(connection, run) for run in part] for part in runs]
    routes, in_both = changed_routes(*passes)
    return Compared(
        before_from=before_from,
        since=since,
        until=until,
        runs_before=len(rows[0]),
        runs_after=len(rows[1]),
        before_m=sum(row["distance_m"] for row in rows[0]),
        after_m=sum(row["distance_m"] for row in rows[1]),
        share=share,
        sides=_sides(connection, runs),
        streets=_streets(passes, rng),
        routes=routes,
        routes_in_both=in_both,
    )


def _legs(rows: Sequence[sqlite3.Row]) -> tuple[FloatArray, FloatArray]:
    """Metres with the left and with the right leg low, each of shape (n_draws, n_runs) [m]."""
    drawn = [draws_from(row["draws"]) for row in rows]
    left, right = (
        np.stack([getattr(one, name).sum(axis=1) for one in drawn], axis=1)
        for name in ("left_low_m", "right_low_m")
    )
    return left, right


def _sides(connection: sqlite3.Connection, runs: Sequence[Sequence[int]]) -> tuple[SideChange, ...]:
    found = []
    for part in runs:
        tables = (exposure_columns(connection, run, SIDE_TOTAL_COLUMNS) for run in part)
        totals = side_totals([table for table in tables if table is not None and len(table)])
        whole = sum(side.distance_m for side in totals) or 1.0
        found.append({side.state: side.distance_m / whole for side in totals})
    before, after = found
    if not before or not after:
        return ()
    return tuple(SideChange(state, share, after[state]) for state, share in before.items())


def _streets(
    passes: Sequence[Sequence[StreetPasses | None]], rng: np.random.Generator
) -> tuple[StreetChange, ...]:
    """Find the streets with a name whose share surely changed."""
    before, after = map(_by_street, passes)
    found = []
    for name in sorted(before.keys() & after.keys()):
        legs = [
            (np.stack([one for one, _ in part], axis=1), np.stack([one for _, one in part], axis=1))
            for part in (before[name], after[name])
        ]
        change = change_of(legs[0], legs[1], rng)
        if change is not None and max(change.p_less, change.p_more) >= SURE_FROM:
            found.append(StreetChange(name, len(before[name]), len(after[name]), change))
    found.sort(key=lambda one: (-max(one.change.p_less, one.change.p_more), one.name))
    return tuple(found[:_MOST_STREETS])


def _by_street(
    runs: Sequence[StreetPasses | None],
) -> dict[str, list[tuple[FloatArray, FloatArray]]]:
    """Give the metres by leg of each run on each street, shape (n_draws,) [m]; but of nameless ways."""
    found: dict[str, list[tuple[FloatArray, FloatArray]]] = defaultdict(list)
    for passes in runs:
        if passes is None:
            continue
        names = passes.table["street"]
        for name in sorted({str(name) for name in names if name}):
            at = names == name
            found[name].append((passes.left_low_m[:, at].sum(axis=1), passes.right_low_m[:, at].sum(axis=1)))
    return found
