"""The mapped crossings that a route meets: which one serves where, and where along the route it is passed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import shapely

from camber.conventions import NO_WAY
from camber.suggestions.route_line import passed_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.schema import Exposure, Roads
    from camber.suggestions.route_line import RouteLine

    BoolArray = NDArray[np.bool_]
    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

_AT_M: Final = 25.0
"""A crossing this close to the border of two intervals is used there [m]: an interval is about 36 m long."""

_ON_WAY_M: Final = 3.0
"""A crossing this close to a way's line crosses that way [m]: its node is one of the way's own."""

_BESIDE_M: Final = 5.0
"""A crossing is passed if the route comes this close to it along its street [m]; one further away lies beyond
a corner where the route leaves that street (judgement)."""

_TANGENT_M: Final = 2.0
"""Half the length over which the direction of a street at a crossing is taken [m] (judgement)."""

_BEST: Final = {"signals": 0, "marked": 1, "unmarked": 2}


def met_crossings(
    roads: Roads, way: IntArray, exposure: Exposure, line: RouteLine, turned: BoolArray
) -> tuple[NDArray[np.object_], FloatArray]:
    """Find the mapped crossing of the road at the start of each interval, and where the route passes it.

    Parameters
    ----------
    roads : Roads
        The roads.
    way : ndarray of int64, shape (n,)
        Carriageway of each interval, or the path itself; -1 off the roads.
    exposure : Exposure
        One row per interval.
    line : RouteLine
        The line that was run.
    turned : ndarray of bool, shape (n,)
        Whether the runner turns round at the start of the interval: what is crossed there is crossed after
        the turn, or the side of travel would be another.

    Returns
    -------
    kind : ndarray of object, shape (n,)
        "signals", "marked", "unmarked" or "": the best that is near, of those the nearest along the route.
    ahead_m : ndarray of float64, shape (n,)
        How far after the start of the interval the route passes it [m]; negative before it, 0 without one.
    """
    n = len(way)
    kind, ahead_m = np.full(n, "", dtype=object), np.zeros(n)
    points = roads.crossings
    known = np.flatnonzero(way != NO_WAY)
    if points is None or points.empty or not len(known):
        return kind, ahead_m
    places, kinds = points.geometry.to_numpy(), points["kind"].to_numpy(dtype=object)
    border_m = np.r_[0.0, np.cumsum(exposure["distance_m"].to_numpy(dtype=float))]
    best: dict[int, tuple[int, float]] = {}
    for row, point, street in _near(roads, way, exposure, known, places):
        # What is passed beyond the intervals on both sides of the border is met at another border.
        first = row if turned[row] else max(row - 1, 0)
        found_m = _passed(line, places[point], street, float(border_m[first]), float(border_m[row + 1]))
        rank = (_BEST[kinds[point]], abs(found_m - border_m[row]))
        if np.isfinite(found_m) and (row not in best or rank < best[row]):
            best[row] = rank
            kind[row], ahead_m[row] = kinds[point], found_m - border_m[row]
    return kind, ahead_m


def _near(
    roads: Roads, way: IntArray, exposure: Exposure, known: IntArray, places: NDArray[np.object_]
) -> list[tuple[int, int, shapely.LineString]]:
    """Pair intervals with the crossings near their start that lie on their street, or on the one before."""
    lines = roads.ways.geometry.to_numpy()[roads.ways.index.get_indexer(pd.Index(way[known]))]
    # The chainage is that of the matched way; on a sidewalk of its own, the border is carried over.
    border = _borders(roads, exposure, known)
    near, found = shapely.STRtree(places).query(border, predicate="dwithin", distance=_AT_M)
    # Where two streets meet, a crossing of either serves.
    before = np.maximum(np.arange(len(known)) - 1, 0)
    pairs = []
    for row, point in zip(near, found, strict=True):
        street = min((lines[row], lines[before[row]]), key=lambda one: shapely.distance(one, places[point]))
        if shapely.distance(street, places[point]) <= _ON_WAY_M:
            pairs.append((int(known[row]), int(point), street))
    return pairs


def _borders(roads: Roads, exposure: Exposure, known: IntArray) -> NDArray[np.object_]:
    own = exposure["way_id"].to_numpy()[known]
    chainage = np.nan_to_num(exposure["start_chainage_m"].to_numpy(dtype=float)[known])
    lines = roads.ways.geometry.to_numpy()[roads.ways.index.get_indexer(pd.Index(own))]
    return np.asarray(shapely.line_interpolate_point(lines, chainage))


def _passed(
    line: RouteLine, crossing: shapely.Point, street: shapely.LineString, low_m: float, high_m: float
) -> float:
    """Where the route passes a crossing [m from its start]; NaN where it does not between two distances."""
    place = np.array([crossing.x, crossing.y])
    at_m, foot = passed_at(line, place, low_m, high_m)
    chainage = shapely.line_locate_point(street, crossing)
    ends = np.clip([chainage - _TANGENT_M, chainage + _TANGENT_M], 0.0, street.length)
    along = np.diff(shapely.get_coordinates(shapely.line_interpolate_point(street, ends)), axis=0)[0]
    away_m = abs(along @ (foot - place)) / max(float(np.hypot(*along)), 1e-9)
    return at_m if away_m <= _BESIDE_M else float("nan")
