"""Totals of a run, of a week, of a season, with intervals from the draws."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from pandas.api.typing import NaTType

from camber import standards
from camber.conventions import LATERAL_STATES, NO_WAY, SURFACE_KINDS, SideBasis, TrafficSide, Verdict
from camber.schema import (
    SILENT,
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
from camber.schema.tables import P_STATES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import pandas as pd
    from numpy.typing import NDArray

    from camber.schema import Exposure, LateralHistories, Recording, Roads

    FloatArray = NDArray[np.float64]

_JUDGED: Final = (Verdict.LEFT_LOW, Verdict.RIGHT_LOW, Verdict.LEVEL)


def summarise(
    recording: Recording,
    exposure: Exposure,
    draws: Draws,
    roads: Roads,
    histories: LateralHistories,
    problems: Sequence[Problem] = (),
) -> Summary:
    """Sum one run up.

    Parameters
    ----------
    recording : Recording
        What was read: gives title, time zone and problems.
    exposure : Exposure
        One row per interval.
    draws : Draws
        Drawn totals.
    roads : Roads
        The roads: names, and which way traffic runs.
    histories : LateralHistories
        Tells which error class was used, and whether the recording says anything of the side.
    problems : sequence of Problem
        Found by the stages.

    Returns
    -------
    Summary
        Totals with 90 % intervals.
    """
    distance = exposure["distance_m"]
    silent = [Problem("no_side", SILENT[histories.silent])] if histories.silent else []
    title = recording.name or recording.source
    facing_m, two_way_m = _facing(exposure, roads)
    times = exposure[["start_time", "end_time"]]
    return Summary(
        title=title,
        runs=1,
        started_at=_moment(times["start_time"].min()),
        ended_at=_moment(times["end_time"].max()),
        time_zone=recording.time_zone,
        distance_m=float(distance.sum()),
        duration_s=float(exposure["duration_s"].sum()),
        **_intervals(draws),
        verdict_m={v.value: float(distance[exposure["verdict"] == v].sum()) for v in Verdict},
        side_basis_m=_by_basis(exposure, distance),
        coverage=_share(float((distance - exposure["unmatched_m"]).sum()), float(distance.sum())),
        judged=_share(float(distance[exposure["verdict"].isin(_JUDGED)].sum()), float(distance.sum())),
        facing_traffic=_share(facing_m, two_way_m) if two_way_m > 0.0 else None,
        surfaces=_surfaces(draws),
        streets=_streets(exposure, roads),
        assumptions=_assumptions(exposure, roads, histories),
        problems=(
            *(
                replace(problem, source=recording.source)
                for problem in (*recording.problems, *problems, *silent)
            ),
            *(replace(problem, source=roads.source, shared=True) for problem in roads.problems),
        ),
        two_way_edge_m=two_way_m,
    )


def _by_basis(exposure: pd.DataFrame, distance: pd.Series[float]) -> dict[str, float]:
    """Sum metres by what the side rests on; what was told stands there only where something was."""
    found = {b.value: float(distance[exposure["side_basis"] == b].sum()) for b in SideBasis}
    return {name: metres for name, metres in found.items() if metres or name != SideBasis.TOLD}


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
        **_intervals(draws),
        verdict_m={v.value: sum(s.verdict_m.get(v, 0.0) for s in summaries) for v in Verdict},
        side_basis_m={
            b.value: sum(s.side_basis_m.get(b, 0.0) for s in summaries)
            for b in SideBasis
            if b != SideBasis.TOLD or any(b in s.side_basis_m for s in summaries)
        },
        coverage=_share(sum(s.coverage * s.distance_m for s in summaries), distance),
        judged=_share(sum(s.judged * s.distance_m for s in summaries), distance),
        facing_traffic=_share(facing_m, two_way_m) if two_way_m > 0.0 else None,
        surfaces=_surfaces(draws),
        streets=_join_streets([street for s in summaries for street in s.streets]),
        assumptions=_join_assumptions([item for s in summaries for item in s.assumptions]),
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


def side_totals(exposures: Sequence[pd.DataFrame]) -> tuple[SideTotal, ...]:
    """Sum up on which side of the road some runs were, and what that did to the legs.

    Parameters
    ----------
    exposures : sequence of DataFrame
        Tables of intervals, as `camber.schema.tables.EXPOSURE`; may be empty.

    Returns
    -------
    tuple of SideTotal
        By lateral state, from left to right; empty without any interval on a mapped way.
    """
    sums = np.zeros((len(LATERAL_STATES), 4))
    for table in exposures:
        metres = table["distance_m"].to_numpy() - table["unmatched_m"].to_numpy()
        states = np.nan_to_num(table[list(P_STATES)].to_numpy(dtype=np.float64))
        known = table["side_basis"].isin((SideBasis.SEEN, SideBasis.MAPPED)).to_numpy()
        legs = table[["left_low_m", "right_low_m"]].to_numpy(dtype=np.float64)
        sums[:, 0] += metres @ states
        np.add.at(sums[:, 1:], states.argmax(axis=1), np.column_stack([legs, metres * known]))
    if not sums.any():
        return ()
    return tuple(
        SideTotal(state.value, *(float(value) for value in row))
        for state, row in zip(LATERAL_STATES, sums, strict=True)
    )


def _intervals(draws: Draws) -> dict[str, Any]:
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


def _share(part: float, whole: float) -> float:
    return min(max(part / whole, 0.0), 1.0) if whole > 0.0 else 0.0


def _moment(value: pd.Timestamp | NaTType) -> datetime | None:
    return None if isinstance(value, NaTType) else value.to_pydatetime()


def _facing(exposure: Exposure, roads: Roads) -> tuple[float, float]:
    """Sum the expected metres at the edges of two-way roads: those that face traffic, and all [m]."""
    ways = roads.ways[["oneway", "traffic_side"]]
    joined = exposure.join(ways, on="carriageway_way_id")
    on = joined["distance_m"] * (joined["oneway"] == 0)
    left, right = on * joined["p_left_edge"], on * joined["p_right_edge"]
    facing = left.where(joined["traffic_side"] == TrafficSide.RIGHT, right)
    return float(facing.sum()), float((left + right).sum())


def _surfaces(draws: Draws) -> tuple[SurfaceTotal, ...]:
    totals = []
    for position, kind in enumerate(SURFACE_KINDS):
        left, right, level, off = (
            float(values[:, position].mean())
            for values in (draws.left_low_m, draws.right_low_m, draws.level_m, draws.unmatched_m)
        )
        if left + right + level + off > 0.0:
            totals.append(SurfaceTotal(kind.value, left + right + level + off, left, right, level))
    return tuple(totals)


def _streets(exposure: Exposure, roads: Roads) -> tuple[StreetTotal, ...]:
    on = exposure[exposure["way_id"] != NO_WAY]
    matched_m = on["distance_m"] - on["unmatched_m"]
    tilt = on["cross_slope_pct"].fillna(0.0) * matched_m / 1000.0
    columns = ["distance_m", "left_low_m", "right_low_m", "level_m"]
    sums = on[columns].assign(net=tilt).groupby(roads.street_names(on["way_id"].to_numpy())).sum()
    return _ranked([StreetTotal(str(row.Index), *(float(v) for v in row[1:])) for row in sums.itertuples()])


def _join_streets(streets: Sequence[StreetTotal]) -> tuple[StreetTotal, ...]:
    by_name: dict[str, list[StreetTotal]] = {}
    for street in streets:
        by_name.setdefault(street.name, []).append(street)
    numbers = [field.name for field in fields(StreetTotal)][1:]
    return _ranked(
        [
            StreetTotal(name, *(sum(getattr(s, n) for s in same) for n in numbers))
            for name, same in by_name.items()
        ]
    )


def _ranked(streets: list[StreetTotal]) -> tuple[StreetTotal, ...]:
    return tuple(sorted(streets, key=lambda street: (-abs(street.net_tilt_pct_km), street.name)))


MEASURED: Final = "measured"
"""How sources of slopes begin that were measured, such as ``"measured (terrain model, flown 2019)"``."""


def _assumptions(exposure: Exposure, roads: Roads, histories: LateralHistories) -> tuple[Assumption, ...]:
    """Rows of the standards that this run rests on, with the metres that rest on each."""
    on = exposure[exposure["way_id"] != NO_WAY]
    carriageway = on[on["carriageway_way_id"] != NO_WAY]
    ways = roads.ways.loc[carriageway["carriageway_way_id"]]
    assumed = standards.assume(ways, roads.overrides)
    # A width and a prior are used where there is a carriageway to be beside or on.
    road = assumed["is_road"].to_numpy()
    rows = {
        "cross_slope": (on, on["slope_source"].to_numpy()),
        "width": (carriageway[road], assumed["width_row"].to_numpy()[road]),
        "side_prior": (carriageway[road], standards.prior_context(ways)["context"].to_numpy()[road]),
        "gnss_error": (on, np.full(len(on), histories.device_class)),
    }
    metres = {
        (table, str(row)): float(value)
        for table, (part, keys) in rows.items()
        for row, value in part["distance_m"].groupby(keys).sum().items()
    }
    listed = standards.list_assumptions(roads.overrides).to_dict("records")
    return _join_assumptions(
        [
            Assumption(
                str(row["table"]),
                str(row["applies_to"]),
                str(row["value"]),
                str(row["confidence"]),
                str(row["reference"]),
                metres[row["table"], row["row"]],
            )
            for row in listed
            if (row["table"], row["row"]) in metres
        ]
        + [
            Assumption("cross_slope", row, "as measured", "high", "not assumed", value)
            for (table, row), value in metres.items()
            if table == "cross_slope" and row.startswith(MEASURED)
        ]
    )


def _join_assumptions(items: Sequence[Assumption]) -> tuple[Assumption, ...]:
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
