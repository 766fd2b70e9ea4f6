"""Runs added up, draw by draw: their summaries, their draws, and the sides that they were on."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from camber.conventions import LATERAL_STATES, P_STATES, SURFACE_KINDS, SideBasis, Verdict
from camber.schema import (
    Assumption,
    Draws,
    Problem,
    SideTotal,
    StreetTotal,
    Summary,
    SurfaceTotal,
    balance_of,
    interval_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray


def add_summaries(parts: Sequence[tuple[Summary, Draws]], title: str) -> Summary:
    """Add runs up, draw by draw.

    Parameters
    ----------
    parts : sequence of (Summary, Draws)
        One or more runs, all with the same number of draws.
    title : str
        Name of the whole.

    Returns
    -------
    Summary
        Totals; intervals from the added draws, not from added intervals.

    Raises
    ------
    ValueError
        If there is nothing to add.
    """
    if not parts:
        raise ValueError("there is no run to add up")
    summaries = [summary for summary, _ in parts]
    draws = add_draws([part for _, part in parts])
    distance = sum(summary.distance_m for summary in summaries)
    starts = [summary.started_at for summary in summaries if summary.started_at is not None]
    ends = [summary.ended_at for summary in summaries if summary.ended_at is not None]
    zones = {summary.time_zone for summary in summaries}
    two_way_m = sum(summary.two_way_edge_m for summary in summaries)
    facing_m = sum((s.facing_traffic or 0.0) * s.two_way_edge_m for s in summaries)
    return Summary(
        title=title,
        runs=sum(summary.runs for summary in summaries),
        started_at=min(starts, default=None),
        ended_at=max(ends, default=None),
        time_zone=zones.pop() if len(zones) == 1 else None,
        distance_m=distance,
        duration_s=sum(summary.duration_s for summary in summaries),
        **intervals_of_draws(draws),
        verdict_m={v.value: sum(s.verdict_m.get(v, 0.0) for s in summaries) for v in Verdict},
        side_basis_m={
            b.value: sum(s.side_basis_m.get(b, 0.0) for s in summaries)
            for b in SideBasis
            if b != SideBasis.TOLD or any(b in s.side_basis_m for s in summaries)
        },
        coverage=share_of(sum(s.coverage * s.distance_m for s in summaries), distance),
        judged=share_of(sum(s.judged * s.distance_m for s in summaries), distance),
        facing_traffic=share_of(facing_m, two_way_m) if two_way_m > 0.0 else None,
        surfaces=surfaces_of(draws),
        streets=_join_streets([street for s in summaries for street in s.streets]),
        assumptions=join_assumptions([item for s in summaries for item in s.assumptions]),
        problems=_join_problems([problem for s in summaries for problem in s.problems]),
        two_way_edge_m=two_way_m,
    )


def add_draws(parts: Sequence[Draws]) -> Draws:
    """Add drawn totals, all with the same number of draws, draw by draw."""
    return Draws(
        **{
            field.name: np.sum([getattr(part, field.name) for part in parts], axis=0)
            for field in fields(Draws)
        }
    )


SIDE_TOTAL_COLUMNS: Final = (
    *("distance_m", "unmatched_m", "side_basis", "left_low_m", "right_low_m"),
    *P_STATES,
)
"""The columns that `side_totals` reads."""


def side_totals(exposures: Sequence[Mapping[str, NDArray[Any]] | pd.DataFrame]) -> tuple[SideTotal, ...]:
    """Sum up on which side of the road some runs were, and what that did to the legs.

    Parameters
    ----------
    exposures : sequence of DataFrame or of mapping of str to ndarray
        Tables of intervals, as `camber.schema.tables.EXPOSURE`, or their `SIDE_TOTAL_COLUMNS`; may be empty.

    Returns
    -------
    tuple of SideTotal
        By lateral state, from left to right; empty without any interval on a mapped way.
    """
    sums = np.zeros((len(LATERAL_STATES), 4))
    for table in exposures:
        found = {name: np.asarray(table[name]) for name in SIDE_TOTAL_COLUMNS}
        metres, basis = found["distance_m"] - found["unmatched_m"], found["side_basis"]
        states = np.nan_to_num(np.stack([found[name] for name in P_STATES], axis=1).astype(np.float64))
        known = (basis == SideBasis.SEEN.value) | (basis == SideBasis.MAPPED.value)
        sums[:, 0] += metres @ states
        rows = np.column_stack([found["left_low_m"], found["right_low_m"], metres * known])
        np.add.at(sums[:, 1:], states.argmax(axis=1), rows)
    if not sums.any():
        return ()
    return tuple(
        SideTotal(state.value, *(float(value) for value in row))
        for state, row in zip(LATERAL_STATES, sums, strict=True)
    )


def intervals_of_draws(draws: Draws) -> dict[str, Any]:
    """Give the intervals of a summary, by the names of its fields."""
    left, right = draws.left_low_m.sum(axis=1), draws.right_low_m.sum(axis=1)
    net, gross = draws.net_tilt_pct_km.sum(axis=1), draws.gross_tilt_pct_km.sum(axis=1)
    return {
        "left_low_m": interval_of(left),
        "right_low_m": interval_of(right),
        "level_m": interval_of(draws.level_m.sum(axis=1)),
        "unmatched_m": interval_of(draws.unmatched_m.sum(axis=1)),
        "balance": balance_of(right, left),
        "tilt_balance": balance_of(gross + net, gross - net),
        "net_tilt_pct_km": interval_of(net),
        "gross_tilt_pct_km": interval_of(gross),
    }


def share_of(part: float, whole: float) -> float:
    """Share of a whole, 0 to 1; 0 of nothing."""
    return min(max(part / whole, 0.0), 1.0) if whole > 0.0 else 0.0


def surfaces_of(draws: Draws) -> tuple[SurfaceTotal, ...]:
    """Mean metres of each kind of surface that has any."""
    totals = []
    for position, kind in enumerate(SURFACE_KINDS):
        left, right, level, off = (
            float(values[:, position].mean())
            for values in (draws.left_low_m, draws.right_low_m, draws.level_m, draws.unmatched_m)
        )
        if left + right + level + off > 0.0:
            totals.append(SurfaceTotal(kind.value, left + right + level + off, left, right, level))
    return tuple(totals)


def _join_streets(streets: Sequence[StreetTotal]) -> tuple[StreetTotal, ...]:
    by_name: dict[str, list[StreetTotal]] = {}
    for street in streets:
        by_name.setdefault(street.name, []).append(street)
    numbers = [field.name for field in fields(StreetTotal)][1:]
    return ranked(
        [
            StreetTotal(name, *(sum(getattr(s, n) for s in same) for n in numbers))
            for name, same in by_name.items()
        ]
    )


def ranked(streets: list[StreetTotal]) -> tuple[StreetTotal, ...]:
    """Order streets by their absolute net tilt, largest first."""
    return tuple(sorted(streets, key=lambda street: (-abs(street.net_tilt_pct_km), street.name)))


def join_assumptions(items: Sequence[Assumption]) -> tuple[Assumption, ...]:
    """Join equal assumptions of several runs; their metres add."""
    joined: dict[Assumption, float] = {}
    for item in items:
        key = replace(item, distance_m=0.0)
        joined[key] = joined.get(key, 0.0) + item.distance_m
    ordered = sorted(joined.items(), key=lambda pair: (pair[0].table, -pair[1], pair[0].applies_to))
    return tuple(replace(item, distance_m=metres) for item, metres in ordered)


def _join_problems(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """Join the problems of several runs; those of roads that several runs share count once."""
    shared = dict.fromkeys(problem for problem in problems if problem.shared)
    joined: dict[Problem, int] = {}
    for problem in (*(problem for problem in problems if not problem.shared), *shared):
        key = replace(problem, count=0, source="")
        joined[key] = joined.get(key, 0) + problem.count
    return tuple(replace(key, count=count) for key, count in joined.items())
