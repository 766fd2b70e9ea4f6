"""Totals of a run, of a week, of a season, with intervals from the draws."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
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
from camber.schema.column_arrays import take_columns
from camber.schema.tables import P_STATES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from camber.schema import Exposure, LateralHistories, Recording, Roads

    FloatArray = NDArray[np.float64]
    _Rows = Mapping[str, NDArray[Any]]
    """Columns of an exposure as plain arrays."""

_JUDGED: Final = (Verdict.LEFT_LOW.value, Verdict.RIGHT_LOW.value, Verdict.LEVEL.value)

_COLUMNS: Final = (
    *("way_id", "carriageway_way_id", "distance_m", "duration_s", "unmatched_m", "verdict", "side_basis"),
    *("left_low_m", "right_low_m", "level_m", "cross_slope_pct", "slope_source"),
    *("p_left_edge", "p_right_edge"),
)
"""The columns of an exposure that its summary reads."""

_TAGS: Final = (
    *("highway", "surface", "footway", "service", "junction", "leisure", "is_sidepath", "bridge"),
    *("oneway", "country", "built_up", "sidewalk_left", "sidewalk_right"),
)
"""The columns of ways that assumptions are looked up by."""


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
    # As arrays, once: a column of a table costs more to take than a run's worth of numbers to add.
    rows = {name: exposure[name].to_numpy() for name in _COLUMNS}
    distance = rows["distance_m"]
    silent = [Problem("no_side", SILENT[histories.silent])] if histories.silent else []
    title = recording.name or recording.source
    facing_m, two_way_m = _facing(rows, roads)
    return Summary(
        title=title,
        runs=1,
        started_at=_moment(exposure["start_time"].min()),
        ended_at=_moment(exposure["end_time"].max()),
        time_zone=recording.time_zone,
        distance_m=float(distance.sum()),
        duration_s=float(rows["duration_s"].sum()),
        **_intervals(draws),
        verdict_m={v.value: float(distance[rows["verdict"] == v.value].sum()) for v in Verdict},
        side_basis_m=_by_basis(rows),
        coverage=_share(float((distance - rows["unmatched_m"]).sum()), float(distance.sum())),
        judged=_share(float(distance[np.isin(rows["verdict"], _JUDGED)].sum()), float(distance.sum())),
        facing_traffic=_share(facing_m, two_way_m) if two_way_m > 0.0 else None,
        surfaces=_surfaces(draws),
        streets=_streets(rows, roads),
        assumptions=_assumptions(rows, roads, histories),
        problems=(
            *(
                replace(problem, source=recording.source)
                for problem in (*recording.problems, *problems, *silent)
            ),
            *(replace(problem, source=roads.source, shared=True) for problem in roads.problems),
        ),
        two_way_edge_m=two_way_m,
    )


def _by_basis(rows: _Rows) -> dict[str, float]:
    """Sum metres by what the side rests on; what was told stands there only where something was."""
    found = {b.value: float(rows["distance_m"][rows["side_basis"] == b.value].sum()) for b in SideBasis}
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


def _facing(rows: _Rows, roads: Roads) -> tuple[float, float]:
    """Sum the expected metres at the edges of two-way roads: those that face traffic, and all [m]."""
    place = roads.ways.index.get_indexer(pd.Index(rows["carriageway_way_id"]))
    known = place >= 0
    ways = take_columns(roads.ways, ("oneway", "traffic_side"), place[known])
    two_way = ways["oneway"] == 0
    on = rows["distance_m"][known] * two_way
    left, right = on * rows["p_left_edge"][known], on * rows["p_right_edge"][known]
    facing = np.where(ways["traffic_side"] == TrafficSide.RIGHT.value, left, right)
    return float(np.nansum(facing)), float(np.nansum(left + right))


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


def _streets(rows: _Rows, roads: Roads) -> tuple[StreetTotal, ...]:
    on = rows["way_id"] != NO_WAY
    matched_m = rows["distance_m"] - rows["unmatched_m"]
    tilt = np.nan_to_num(rows["cross_slope_pct"]) * matched_m / 1000.0
    values = (*(rows[name] for name in ("distance_m", "left_low_m", "right_low_m", "level_m")), tilt)
    number, names = pd.factorize(roads.street_names(rows["way_id"][on]))
    sums = [np.bincount(number, each[on], minlength=len(names)).tolist() for each in values]
    return _ranked([StreetTotal(str(name), *row) for name, *row in zip(names, *sums, strict=True)])


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


def _assumptions(rows: _Rows, roads: Roads, histories: LateralHistories) -> tuple[Assumption, ...]:
    """Rows of the standards that this run rests on, with the metres that rest on each."""
    metres: dict[tuple[str, str], float] = {}
    for table, key, distance_m in (*_by_slope(rows, histories), *_by_road(rows, roads)):
        metres[table, key] = metres.get((table, key), 0.0) + distance_m
    listed = [
        replace(item, distance_m=metres[item.table, name])
        for name, item in _listed(roads.overrides)
        if (item.table, name) in metres
    ]
    return _join_assumptions(
        listed
        + [
            Assumption("cross_slope", row, "as measured", "high", "not assumed", value)
            for (table, row), value in metres.items()
            if table == "cross_slope" and row.startswith(MEASURED)
        ]
    )


@lru_cache(maxsize=8)
def _listed(overrides: standards.Overrides | None) -> tuple[tuple[str, Assumption], ...]:
    """Every row of the standards by its name, without metres: a hundred rows, the same for every run."""
    names = ("row", "table", "applies_to", "value", "confidence", "reference")
    listed = standards.list_assumptions(overrides)
    rows = zip(*(listed[name].astype(str).tolist() for name in names), strict=True)
    return tuple(
        (row, Assumption(table, applies_to, value, confidence, reference, 0.0))
        for row, table, applies_to, value, confidence, reference in rows
    )


def _by_slope(rows: _Rows, histories: LateralHistories) -> Iterator[tuple[str, str, float]]:
    """Metres by the row of the cross slope, and by the class of the recording's error."""
    on = rows["way_id"] != NO_WAY
    distance = rows["distance_m"][on]
    number, names = pd.factorize(rows["slope_source"][on])
    sums = np.bincount(number, distance, minlength=len(names)).tolist()
    yield from (("cross_slope", str(name), metres) for name, metres in zip(names, sums, strict=True))
    if on.any():
        yield "gnss_error", str(histories.device_class), float(distance.sum())


def _by_road(rows: _Rows, roads: Roads) -> Iterator[tuple[str, str, float]]:
    """Metres by the rows of width and of side: used where there is a carriageway to be beside or on."""
    on = (rows["way_id"] != NO_WAY) & (rows["carriageway_way_id"] != NO_WAY)
    ids, number = np.unique(rows["carriageway_way_id"][on], return_inverse=True)
    ways = take_columns(roads.ways, _TAGS, roads.ways.index.get_indexer(pd.Index(ids)))
    assumed = standards.assumed_columns(ways, roads.overrides)
    contexts = standards.prior_columns(ways)["context"]
    sums = np.bincount(number, rows["distance_m"][on], minlength=len(ids))
    for place in np.flatnonzero(assumed["is_road"]).tolist():
        yield "width", str(assumed["width_row"][place]), float(sums[place])
        yield "side_prior", str(contexts[place]), float(sums[place])


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
