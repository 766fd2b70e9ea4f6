"""The route as stretches between which a side may be changed: what is beside the runner, and what is met."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import shapely

from camber import standards
from camber.conventions import NO_WAY
from camber.suggestions.met_crossings import met_crossings
from camber.suggestions.route_line import line_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.schema import Exposure, LateralTrack, Roads
    from camber.standards import SideChoice
    from camber.suggestions.route_line import RouteLine

    BoolArray = NDArray[np.bool_]
    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

_SAMPLE_M = 5.0
"""Step at which the heading of a way is sampled [m]: a node distance of a well-drawn bend (judgement)."""

_CLOSED = ("no", "private", "use_sidepath")
"""Values of ``foot`` that keep people off a carriageway (wiki.openstreetmap.org, Key:foot)."""

_CORNER_DEG = (45.0, 135.0)
"""Change of heading from which a change of street is a corner, and beyond which the runner turns back [deg]
(judgement)."""

_JOIN_M = 50.0
"""From a path this long either side of the next road is reached as the path itself lies [m] (judgement)."""


class Stretches(NamedTuple):
    """What is beside a runner, interval by interval, in the frame of travel; shape (n,) throughout.

    Parameters
    ----------
    way_id : ndarray of int64
        Carriageway, or the path itself; -1 off the mapped ways.
    length_m : ndarray of float64
        Distance [m].
    is_road : ndarray of bool
        Whether it has edges; else there is nothing to choose.
    left_walk, right_walk : ndarray of bool
        Whether a sidewalk is known to be there, tagged or mapped.
    limit_kmh : ndarray of float64
        Speed limit, tagged or assumed [km/h].
    built_up : ndarray of bool
        Whether it lies in a built-up area.
    traffic_side : ndarray of int64
        Side on which vehicles drive: +1 right, -1 left.
    flow : ndarray of int64
        One-way traffic: +1 runs with the runner, -1 comes towards the runner, 0 both.
    facing_required, facing_advised : ndarray of bool
        What law or advice says about the side where there is no sidewalk.
    edge_required : ndarray of int64
        Edge of a one-way road that the law asks for whichever way people go: +1 right of travel, -1 left,
        0 none.
    bend : ndarray of bool
        Whether vehicles are seen late.
    crossing : ndarray of object
        Mapped crossing of the road at the start of the interval: "signals", "marked", "unmarked" or "".
    crossing_ahead_m : ndarray of float64
        How far after the start of the interval the route passes that crossing [m]; negative before it.
    turned : ndarray of bool
        Whether the runner turns round at its start.
    joins : ndarray of bool
        Whether it is part of a path, or off the roads, for so long that either side of the next road is free.
    corner : ndarray of int64
        Turn into another street at its start: +1 to the right, -1 to the left, 0 none.
    closed : ndarray of bool
        Whether people on foot are kept off the carriageway, by its tags.
    """

    way_id: IntArray
    length_m: FloatArray
    is_road: BoolArray
    left_walk: BoolArray
    right_walk: BoolArray
    limit_kmh: FloatArray
    built_up: BoolArray
    traffic_side: IntArray
    flow: IntArray
    facing_required: BoolArray
    facing_advised: BoolArray
    edge_required: IntArray
    bend: BoolArray
    crossing: NDArray[np.object_]
    crossing_ahead_m: FloatArray
    turned: BoolArray
    joins: BoolArray
    corner: IntArray
    closed: BoolArray


def stretches_of(
    exposure: Exposure,
    lateral: LateralTrack,
    roads: Roads,
    choice: SideChoice | None = None,
    line: RouteLine | None = None,
) -> Stretches:
    """Describe a route, interval by interval.

    Parameters
    ----------
    exposure : Exposure
        One row per interval.
    lateral : LateralTrack
        The fixes, for what lies beside each interval.
    roads : Roads
        The roads.
    choice : SideChoice, optional
        What counts as a bend; that of `standards` if missing.
    line : RouteLine, optional
        The line of the fixes; made of them if missing.

    Returns
    -------
    Stretches
        One row per interval.
    """
    choice = choice or standards.side_choice()
    _, first = np.unique(lateral["block"].to_numpy(), return_index=True)
    beside = lateral.iloc[first]
    way, travel = _reference(exposure, beside)
    on = way != NO_WAY
    ways = roads.ways.loc[np.unique(way[on])]
    row = np.where(on, ways.index.get_indexer(pd.Index(way)), 0)
    at = _per_way(ways, roads)
    is_road = on & _take(at["is_road"], row, on)
    flow = np.where(is_road, _take(at["oneway"], row, on).astype(np.int64) * travel, 0)
    left, right = _sidewalks(at, row, on, travel, beside, way)
    start = np.nan_to_num(exposure["start_chainage_m"].to_numpy(dtype=float))
    end = np.nan_to_num(exposure["end_chainage_m"].to_numpy(dtype=float))
    length_m = exposure["distance_m"].to_numpy(dtype=float)
    turned = np.r_[False, (way[1:] == way[:-1]) & on[1:] & (travel[1:] == -travel[:-1])]
    crossing, ahead_m = met_crossings(roads, way, exposure, line or line_of(lateral), turned)
    traffic_side = np.where(_take(at["drives_left"], row, on), -1, 1)
    return Stretches(
        way_id=way,
        length_m=length_m,
        is_road=is_road,
        left_walk=is_road & left,
        right_walk=is_road & right,
        limit_kmh=np.where(on, _take(at["limit_kmh"], row, on), 0.0),
        built_up=_take(at["built_up"], row, on).astype(bool),
        traffic_side=traffic_side,
        flow=flow.astype(np.int64),
        facing_required=_take(at["facing_required"], row, on).astype(bool),
        facing_advised=_take(at["facing_advised"], row, on).astype(bool),
        edge_required=np.where(_take(at["driving_side_required"], row, on), flow * traffic_side, 0),
        bend=is_road & _bends(ways, way, np.minimum(start, end), np.maximum(start, end), choice),
        crossing=crossing,
        crossing_ahead_m=ahead_m,
        turned=turned,
        joins=_joins(is_road, length_m),
        corner=_corners(exposure, np.where(is_road, _take(at["street_id"], row, on), NO_WAY)),
        closed=_take(at["closed"], row, on).astype(bool),
    )


def _reference(exposure: Exposure, beside: pd.DataFrame) -> tuple[IntArray, IntArray]:
    """Carriageway of each interval, else its own way, and the direction of travel on it."""
    own, carriageway = exposure["way_id"].to_numpy(), exposure["carriageway_way_id"].to_numpy()
    has = (carriageway != NO_WAY) & (own != NO_WAY)
    along = np.where(has, beside["carriageway_direction"].to_numpy(), exposure["travel_direction"].to_numpy())
    return np.where(has, carriageway, own), along.astype(np.int64)


def _per_way(ways: pd.DataFrame, roads: Roads) -> dict[str, NDArray[np.generic]]:
    """Columns by way: kind, limit and the rule of the place."""
    columns: dict[str, NDArray[np.generic]] = {
        "is_road": standards.assume(ways, roads.overrides)["is_road"].to_numpy(dtype=bool),
        "limit_kmh": np.asarray(standards.maxspeed_default_kmh(ways), dtype=float),
        "oneway": ways["oneway"].to_numpy(),
        "built_up": ways["built_up"].to_numpy(),
        "street_id": ways["street_id"].to_numpy(),
        "closed": (ways["foot"].isin(_CLOSED) | ways["motorroad"]).to_numpy(dtype=bool),
        "drives_left": (ways["traffic_side"] == "left").to_numpy(),
    }
    places = list(zip(ways["country"], ways["built_up"], ways["oneway"] != 0, strict=True))
    rules = {
        key: standards.pedestrian_rule(
            str(key[0]), built_up=bool(key[1]), has_sidewalk=False, one_way=bool(key[2])
        )
        for key in set(places)
    }
    of_way = [rules[key] for key in places]
    columns["facing_required"] = np.array([rule.facing_required for rule in of_way], dtype=bool)
    columns["facing_advised"] = np.array([rule.facing_recommended for rule in of_way], dtype=bool)
    columns["driving_side_required"] = np.array([rule.driving_side_required for rule in of_way], dtype=bool)
    for side in ("left", "right"):
        columns[side] = ways[f"sidewalk_{side}"].isin(["yes", "separate"]).to_numpy()
    return columns


def _take(values: NDArray[np.generic], row: IntArray, on: BoolArray) -> NDArray[np.generic]:
    """Value of each interval's way; zero or False where there is none."""
    if not len(values):
        return np.zeros(len(row), dtype=values.dtype)
    return np.where(on, values[row], np.zeros(1, dtype=values.dtype))


def _sidewalks(
    at: dict[str, NDArray[np.generic]],
    row: IntArray,
    on: BoolArray,
    travel: IntArray,
    beside: pd.DataFrame,
    way: IntArray,
) -> tuple[BoolArray, BoolArray]:
    """Sidewalks left and right of travel: tagged on the carriageway, or ways of their own."""
    drawn = [_take(at[side], row, on).astype(bool) for side in ("left", "right")]
    mapped = []
    for side in ("left", "right"):
        own = beside[f"{side}_sidewalk_way_id"].to_numpy()
        mapped.append((own != NO_WAY) & (own != way))
    left = np.where(travel < 0, drawn[1], drawn[0]) | mapped[0]
    right = np.where(travel < 0, drawn[0], drawn[1]) | mapped[1]
    return left, right


def _bends(
    ways: pd.DataFrame, way: IntArray, low_m: FloatArray, high_m: FloatArray, choice: SideChoice
) -> BoolArray:
    """Tell where the way turns by more than the limit within the bend's length, there or just before."""
    bend = np.zeros(len(way), dtype=bool)
    window = max(round(choice.bend_length_m / _SAMPLE_M), 1)
    for name, line in zip(ways.index, ways.geometry, strict=True):
        turn = _turns(line, window)
        if not len(turn):
            continue
        for row in np.flatnonzero(way == name):
            bend[row] = _is_bend(turn, low_m[row], high_m[row], choice)
    return bend


def turns_within(line: shapely.LineString, low_m: float, high_m: float, choice: SideChoice) -> bool:
    """Tell whether a way turns by more than the limit within a bend's length, there or just before.

    Parameters
    ----------
    line : LineString
        The way [m].
    low_m, high_m : float
        Chainages between which it is looked at [m].
    choice : SideChoice
        What counts as a bend.

    Returns
    -------
    bool
        True in a bend.
    """
    window = max(round(choice.bend_length_m / _SAMPLE_M), 1)
    return _is_bend(_turns(line, window), low_m, high_m, choice)


def _is_bend(turn: FloatArray, low_m: float, high_m: float, choice: SideChoice) -> bool:
    first = max(int((low_m - choice.bend_length_m) // _SAMPLE_M), 0)
    last = int(high_m // _SAMPLE_M) + 1
    return bool(turn[first:last].max(initial=0.0) > np.radians(choice.bend_heading_deg))


def _turns(line: shapely.LineString, window: int) -> FloatArray:
    """Change of heading over the next ``window`` samples of a line, in its drawn direction [rad]."""
    places = np.arange(0.0, line.length, _SAMPLE_M)
    xy = shapely.get_coordinates(shapely.line_interpolate_point(line, np.r_[places, line.length]))
    step = np.diff(xy, axis=0)
    step = step[np.hypot(step[:, 0], step[:, 1]) > 0.0]
    if len(step) < 2:
        return np.zeros(0)
    heading = np.unwrap(np.arctan2(step[:, 1], step[:, 0]))
    ahead = heading[np.minimum(np.arange(len(heading)) + window, len(heading) - 1)]
    return np.asarray(np.abs(ahead - heading))


def _joins(is_road: BoolArray, length_m: FloatArray) -> BoolArray:
    """Mark the intervals of paths, and of what is off the roads, that are long enough together."""
    joins = ~is_road
    edges = np.flatnonzero(np.diff(np.r_[False, ~is_road, False].astype(int)))
    for first, end in edges.reshape(-1, 2):
        joins[first:end] = length_m[first:end].sum() >= _JOIN_M
    return joins


def _corners(exposure: Exposure, street: IntArray) -> IntArray:
    """Find where the route turns into another street, by the middles of the intervals about that place."""
    corner = np.zeros(len(street), dtype=np.int64)
    if len(street) < 2:
        return corner
    place = np.radians(exposure[["longitude_deg", "latitude_deg"]].to_numpy(dtype=float))
    step = np.diff(place, axis=0) * np.column_stack([np.cos(place[:-1, 1]), np.ones(len(place) - 1)])
    # The step over the border itself cuts the corner: those before and after it are compared.
    before = np.concatenate([step[:1], step[:-1]])
    after = np.concatenate([step[1:], step[-1:]])
    cross = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    turn_deg = np.degrees(np.arctan2(cross, (before * after).sum(axis=1)))
    other = (street[1:] != street[:-1]) & (street[1:] != NO_WAY) & (street[:-1] != NO_WAY)
    at = other & (np.abs(turn_deg) >= _CORNER_DEG[0]) & (np.abs(turn_deg) <= _CORNER_DEG[1])
    corner[1:] = np.where(at, -np.sign(turn_deg), 0.0)
    return corner
