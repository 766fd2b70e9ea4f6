"""Totals of a run, of a week, of a season, with intervals from the draws."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from pandas.api.typing import NaTType

from camber import standards
from camber.adding import intervals_of_draws, join_assumptions, ranked, share_of, surfaces_of
from camber.conventions import (
    NO_WAY,
    SideBasis,
    TrafficSide,
    Verdict,
)
from camber.schema import (
    SILENT,
    Assumption,
    Draws,
    Problem,
    StreetTotal,
    Summary,
)
from camber.schema.column_arrays import take_columns

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
        **intervals_of_draws(draws),
        verdict_m={v.value: float(distance[rows["verdict"] == v.value].sum()) for v in Verdict},
        side_basis_m=_by_basis(rows),
        coverage=share_of(float((distance - rows["unmatched_m"]).sum()), float(distance.sum())),
        judged=share_of(float(distance[np.isin(rows["verdict"], _JUDGED)].sum()), float(distance.sum())),
        facing_traffic=share_of(facing_m, two_way_m) if two_way_m > 0.0 else None,
        surfaces=surfaces_of(draws),
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


def _streets(rows: _Rows, roads: Roads) -> tuple[StreetTotal, ...]:
    on = rows["way_id"] != NO_WAY
    matched_m = rows["distance_m"] - rows["unmatched_m"]
    tilt = np.nan_to_num(rows["cross_slope_pct"]) * matched_m / 1000.0
    values = (*(rows[name] for name in ("distance_m", "left_low_m", "right_low_m", "level_m")), tilt)
    number, names = pd.factorize(roads.street_names(rows["way_id"][on]))
    sums = [np.bincount(number, each[on], minlength=len(names)).tolist() for each in values]
    return ranked([StreetTotal(str(name), *row) for name, *row in zip(names, *sums, strict=True)])


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
    return join_assumptions(
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
