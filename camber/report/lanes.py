"""The streets of some days, all runs together: one line for each side and direction of a way."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import shapely

from camber.conventions import NO_WAY
from camber.report.strokes import UNKNOWN_SIDE, sides_of, stroke_of_chances
from camber.report.wording import NAME_LENGTH, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

ALL_RUNS: Final = 0
"""Number under which the streets of all runs together stand; a run of the library has one from 1."""

LANE_METRES: Final = ("distance_m", "left_low_m", "right_low_m", "level_m", "unmatched_m")
"""Columns of metres, which add."""

_CELL_M: Final = 120.0
"""Length in which a way is coloured [m] (judgement: a street's profile seldom changes within one block)."""

_LEAST_SHARE: Final = 0.25
"""Share of the metres with a known side from which a side has a line of its own [1] (judgement)."""

_SAYS: Final = ("street", "named", "placed", "side_basis", "surface_kind", "slope_source")
_NEEDED: Final = (
    *LANE_METRES,
    *_SAYS,
    *("run", "block", "pass", "passes", "way_id", "travel_direction", "start_chainage_m", "end_chainage_m"),
    *("shift", "stroke", "cross_slope_pct", "line"),
)


@dataclass
class _Lane:
    """What all runs say of one cell of a way, in one direction and on one side."""

    metres: dict[str, float] = field(default_factory=lambda: dict.fromkeys(LANE_METRES, 0.0))
    slope_pct_m: float = 0.0
    sloped_m: float = 0.0
    passes: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    said: dict[str, Any] = field(default_factory=dict)
    said_m: float = -1.0

    def add(self, row: dict[str, Any], share: float) -> None:
        distance = share * row["distance_m"]
        for name in LANE_METRES:
            self.metres[name] += share * row[name]
        if np.isfinite(row["cross_slope_pct"]):
            self.slope_pct_m += distance * row["cross_slope_pct"]
            self.sloped_m += distance
        took_part(self.passes, (row["run"], row["pass"]), row.get("block", 0), row.get("block", 0))
        if distance > self.said_m:
            self.said, self.said_m = {name: row[name] for name in _SAYS}, distance

    def take(self, other: _Lane) -> None:
        for name in LANE_METRES:
            self.metres[name] += other.metres[name]
        self.slope_pct_m += other.slope_pct_m
        self.sloped_m += other.sloped_m
        for one, blocks in other.passes.items():
            took_part(self.passes, one, *blocks)


def took_part(
    passes: dict[tuple[int, int], tuple[int, int]], name: tuple[int, int], first: int, last: int
) -> None:
    """Note from which interval to which of a run somebody came along, by run and number of the pass."""
    low, high = passes.get(name, (first, last))
    passes[name] = min(low, first), max(high, last)


def records_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Give the rows as plain values, of the columns that a map needs: many times faster than pandas does."""
    names = [name for name in _NEEDED if name in table]
    columns = [table[name].tolist() for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def lanes_of(stretches: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    """Add the stretches of all runs up, place by place.

    Parameters
    ----------
    stretches : GeoDataFrame
        As `camber.schema.Period` holds them, with ``shift``, ``placed``, ``named`` and ``stroke``.

    Returns
    -------
    list of dict
        As `camber.report.page_map.merged_stretches` gives them, ``run`` is `ALL_RUNS`; ``passes`` counts how
        often somebody came along. What lies on no way has no line here.
    """
    table = pd.DataFrame(stretches.drop(columns="geometry"))
    table["line"] = pd.Series([shapely.get_coordinates(line) for line in stretches.geometry], table.index)
    new = (table[["run", "way_id", "travel_direction"]].diff() != 0).any(axis=1)
    table["pass"] = new.cumsum()
    along = table["travel_direction"] * (table["end_chainage_m"] - table["start_chainage_m"])
    on_ways = table[(table["way_id"] != NO_WAY) & (along > 0.0)]
    by_way: dict[tuple[int, int], list[dict[str, Any]]] = {}
    for row in records_of(on_ways):
        by_way.setdefault((row["way_id"], row["travel_direction"]), []).append(row)
    return [lane for rows in by_way.values() for lane in _lanes_of_way(rows)]


def _lanes_of_way(records: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    chain = _chain(records)
    direction = int(records[0]["travel_direction"])
    cells: dict[int, dict[int, _Lane]] = defaultdict(lambda: defaultdict(_Lane))
    for row in records:
        low, high = sorted((row["start_chainage_m"], row["end_chainage_m"]))
        for cell in range(int(low // _CELL_M), int(high // _CELL_M) + 1):
            share = (min(high, (cell + 1) * _CELL_M) - max(low, cell * _CELL_M)) / (high - low)
            if share > 0.0:
                cells[cell][row["shift"]].add(row, share)
    drawn = [
        (shift, stroke_of_chances(*_chances(lane)), cell, lane)
        for cell in sorted(cells)
        for shift, lane in _told_apart(cells[cell]).items()
    ]
    drawn.sort(key=lambda item: (item[0], item[2]))
    runs = groupby(enumerate(drawn), key=lambda item: (item[1][0], item[1][1], item[1][2] - item[0]))
    for (shift, stroke, _), members in runs:
        parts = [item for _, item in members]
        low, high = parts[0][2] * _CELL_M, (parts[-1][2] + 1) * _CELL_M
        line = _piece(chain, low, high)
        if len(line) > 1:
            yield _row([lane for *_, lane in parts], line[::direction], shift=shift, stroke=stroke)


def _chances(lane: _Lane) -> tuple[float, float, float]:
    judged = lane.metres["distance_m"] - lane.metres["unmatched_m"] or 1.0
    left, right, level = (lane.metres[name] / judged for name in ("left_low_m", "right_low_m", "level_m"))
    return left, right, level


def _told_apart(lanes: dict[int, _Lane]) -> dict[int, _Lane]:
    """Keep the sides that count, and give them what came by on a side that is not known."""
    known = {shift: lane for shift, lane in lanes.items() if shift != UNKNOWN_SIDE}
    whole = sum(lane.metres["distance_m"] for lane in known.values())
    if not known:
        return lanes
    order = sorted(known, key=lambda shift: (-known[shift].metres["distance_m"], shift))
    kept = {s: known[s] for s in order if known[s].metres["distance_m"] >= _LEAST_SHARE * whole}
    for shift, lane in lanes.items():
        if shift not in kept:
            kept[order[0]].take(lane)
    return kept


def _row(lanes: list[_Lane], line: FloatArray, *, shift: int, stroke: int) -> dict[str, Any]:
    first = max(lanes, key=lambda lane: lane.said_m)
    passes: dict[tuple[int, int], tuple[int, int]] = {}
    for lane in lanes:
        for name, blocks in lane.passes.items():
            took_part(passes, name, *blocks)
    sloped = sum(lane.sloped_m for lane in lanes)
    return {
        **first.said,
        **{name: sum(lane.metres[name] for lane in lanes) for name in LANE_METRES},
        "run": ALL_RUNS,
        "way_id": 0,
        "shift": shift,
        "stroke": stroke,
        "passes": len(passes),
        "where": [[run, *blocks] for (run, _), blocks in sorted(passes.items())],
        "cross_slope_pct": sum(lane.slope_pct_m for lane in lanes) / sloped if sloped else float("nan"),
        "line": line,
    }


def _chain(records: list[dict[str, Any]]) -> tuple[FloatArray, FloatArray]:
    """Put the pieces of a way together: chainage of each point [m], and the points, as the way is drawn."""
    along, points = [], []
    for row in records:
        line = row["line"]
        steps = np.hypot(np.diff(line[:, 0]) * np.cos(np.radians(line[0, 1])), np.diff(line[:, 1]))
        share = np.r_[0.0, np.cumsum(steps)] / (steps.sum() or 1.0)
        along.append(row["start_chainage_m"] + share * (row["end_chainage_m"] - row["start_chainage_m"]))
        points.append(line)
    chainage, place = np.concatenate(along), np.concatenate(points)
    order = np.argsort(chainage, kind="stable")
    chainage, place = chainage[order], place[order]
    # The same corner from several runs differs by centimetres: one of them is enough.
    kept = np.r_[True, np.diff(chainage) > 0.5]
    return chainage[kept], place[kept]


def _piece(chain: tuple[FloatArray, FloatArray], low: float, high: float) -> FloatArray:
    along, points = chain
    low, high = max(low, along[0]), min(high, along[-1])
    if high <= low:
        return points[:0]
    inner = points[(along > low) & (along < high)]
    ends = np.array([[np.interp(at, along, axis) for axis in points.T] for at in (low, high)])
    return np.concatenate([ends[:1], inner, ends[1:]])


def street_sides(stretches: gpd.GeoDataFrame) -> dict[str, str]:
    """Say of each street on which side of it, by the compass, it was run how often.

    Parameters
    ----------
    stretches : GeoDataFrame
        As `camber.schema.Period` holds them.

    Returns
    -------
    dict of str to str
        Such as ``"8 of 9 passes on the north side"``; streets of which no pass has a known side are left out.
    """
    side = sides_of(stretches)
    known = np.abs(side) == 1
    if not known.any():
        return {}
    runs = stretches["run"].to_numpy()
    names = np.array([plain(str(name), NAME_LENGTH) for name in stretches["street"]], dtype=object)
    ends = np.array([shapely.get_coordinates(line)[[0, -1]] for line in stretches.geometry])[known]
    along = (ends[:, 1] - ends[:, 0]) * np.column_stack(
        [np.cos(np.radians(ends[:, 0, 1])), np.ones(len(ends))]
    )
    # A quarter turn clockwise from where the runner went, on the right; the other way on the left.
    beside = np.column_stack([along[:, 1], -along[:, 0]]) * side[known][:, np.newaxis]
    passed = np.cumsum(np.r_[True, (runs[1:] != runs[:-1]) | (names[1:] != names[:-1])])[known]
    return {
        name: _side_of(beside[names[known] == name], passed[names[known] == name])
        for name in dict.fromkeys(names[known])
        if name
    }


def _side_of(beside: FloatArray, passed: NDArray[np.int64]) -> str:
    passes = np.array([beside[passed == one].sum(axis=0) for one in np.unique(passed)])
    spread = passes.T @ passes
    axis = np.linalg.eigh(spread)[1][:, -1]
    ahead = passes @ axis > 0.0
    most = max(int(ahead.sum()), int((~ahead).sum()))
    if int(ahead.sum()) < most:
        axis = -axis
    name = ("north", "east", "south", "west")[round(np.degrees(np.arctan2(axis[0], axis[1])) / 90.0) % 4]
    return f"{most} of {len(passes)} passes on the {name} side" if len(passes) > 1 else f"on the {name} side"
