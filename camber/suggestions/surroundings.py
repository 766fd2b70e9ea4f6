"""Where a route is, what is beside the runner on it, interval by interval, and which crossings it meets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd
import shapely

from camber import standards
from camber.conventions import NO_WAY, WGS84
from camber.geometry import project_to_segment
from camber.longitudes import unrolled, wrapped

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.schema import Exposure, LateralTrack, Roads
    from camber.standards import SideChoice

    BoolArray = NDArray[np.bool_]
    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    ObjectArray = NDArray[np.object_]

_SAMPLE_M: Final = 5.0
"""Step at which the heading of a way is sampled [m]: a node distance of a well-drawn bend (judgement)."""

_CLOSED: Final = ("no", "private", "use_sidepath")
"""Values of ``foot`` that keep people off a carriageway (wiki.openstreetmap.org, Key:foot)."""

_CORNER_DEG: Final = (45.0, 135.0)
"""Change of heading from which a change of street is a corner, and beyond which the runner turns back [deg]
(judgement)."""

_JOIN_M: Final = 50.0
"""From a path this long either side of the next road is reached as the path itself lies [m] (judgement)."""

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


class RouteLine(NamedTuple):
    """A route as places by distance from its start, ``at_m``, which never falls; shape (n_fixes,), xy (n, 2).

    ``xy`` is in the CRS of the roads [m], longitude and latitude are the same places [deg], in one turn.
    """

    at_m: FloatArray
    xy: FloatArray
    longitude_deg: FloatArray
    latitude_deg: FloatArray


class Stretches(NamedTuple):
    """What is beside a runner, interval by interval, in the frame of travel; shape (n,) throughout."""

    way_id: IntArray  # carriageway, or the path itself; -1 off the mapped ways
    length_m: FloatArray
    is_road: BoolArray  # whether it has edges; else there is nothing to choose
    left_walk: BoolArray
    right_walk: BoolArray  # whether a sidewalk is known to be there, tagged or mapped
    limit_kmh: FloatArray  # speed limit, tagged or assumed
    built_up: BoolArray
    traffic_side: IntArray  # side on which vehicles drive: +1 right, -1 left
    flow: IntArray  # one-way traffic: +1 runs with the runner, -1 comes towards the runner, 0 both
    facing_required: BoolArray
    facing_advised: BoolArray  # what law or advice says about the side where there is no sidewalk
    # Edge of a one-way road that the law asks for whichever way people go: +1 right of travel, -1 left, 0.
    edge_required: IntArray
    bend: BoolArray  # whether vehicles are seen late
    # Mapped crossing of the road at the start of the interval: "signals", "marked", "unmarked" or "".
    crossing: ObjectArray
    # How far after the start of the interval the route passes that crossing [m]; negative before it.
    crossing_ahead_m: FloatArray
    turned: BoolArray  # whether the runner turns round at its start
    # Whether it is part of a path, or off the roads, for so long that either side of the next road is free.
    joins: BoolArray
    corner: IntArray  # turn into another street at its start: +1 to the right, -1 to the left, 0 none
    closed: BoolArray  # whether people on foot are kept off the carriageway, by its tags


def line_of(lateral: LateralTrack) -> RouteLine:
    """Take the line out of a track; distances are those of the exposure's intervals, added up."""
    degrees = lateral.geometry.to_crs(WGS84)
    run_m = lateral["along_m"].to_numpy(dtype=float)
    return RouteLine(
        run_m - run_m[:1],
        np.column_stack([lateral.geometry.x, lateral.geometry.y]),
        unrolled(np.asarray(degrees.x, dtype=np.float64)),
        np.asarray(degrees.y, dtype=np.float64),
    )


def reversed_line(line: RouteLine) -> RouteLine:
    """Run a line the other way round, with distances from the other end."""
    length_m = line.at_m[-1] if len(line.at_m) else 0.0
    return RouteLine(length_m - line.at_m[::-1], *(column[::-1] for column in line[1:]))


def places_at(line: RouteLine, at_m: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Longitude and latitude [deg] of the route at given distances from its start [m]."""
    longitude = np.interp(at_m, line.at_m, line.longitude_deg)
    return wrapped(longitude), np.interp(at_m, line.at_m, line.latitude_deg)


def passed_at(line: RouteLine, place_xy: FloatArray, low_m: float, high_m: float) -> tuple[float, FloatArray]:
    """Where a part of the route, by distance, passes nearest to a place: distance [m] and point (2,) [m]."""
    low_m, high_m = (min(max(bound, 0.0), float(line.at_m[-1])) for bound in (low_m, high_m))
    inside = (line.at_m > low_m) & (line.at_m < high_m)
    marks = np.r_[low_m, line.at_m[inside], high_m]
    ends = np.column_stack([np.interp([low_m, high_m], line.at_m, line.xy[:, axis]) for axis in (0, 1)])
    xy = np.concatenate([ends[:1], line.xy[inside], ends[1:]])
    start, step = xy[:-1], np.diff(xy, axis=0)
    along, offset = project_to_segment(np.broadcast_to(place_xy, start.shape), start, xy[1:])
    best = int(np.abs(offset).argmin())
    length = np.hypot(*step[best])
    share = along[best] / length if length > 0.0 else 0.0
    at_m = marks[best] + share * (marks[best + 1] - marks[best])
    return float(at_m), np.asarray(start[best] + share * step[best])


def stretches_of(
    exposure: Exposure, lateral: LateralTrack, roads: Roads, line: RouteLine | None = None
) -> Stretches:
    """Describe a route, interval by interval; its line is made of the fixes if missing."""
    _, first = np.unique(lateral["block"].to_numpy(), return_index=True)
    beside = lateral.iloc[first]
    way, travel = _reference(exposure, beside)
    on = way != NO_WAY
    ways = roads.ways.loc[np.unique(way[on])]
    at = _per_interval(ways, np.where(on, ways.index.get_indexer(pd.Index(way)), -1), roads)
    is_road, length_m = at["is_road"], exposure["distance_m"].to_numpy(dtype=float)
    flow = np.where(is_road, at["oneway"].astype(np.int64) * travel, 0)
    turned = np.r_[False, (way[1:] == way[:-1]) & on[1:] & (travel[1:] == -travel[:-1])]
    crossing, ahead_m = met_crossings(roads, way, exposure, line or line_of(lateral), turned)
    traffic_side = np.where(at["drives_left"], -1, 1)
    left, right = (_sidewalk(side, at, travel, beside, way) for side in ("left", "right"))
    return Stretches(
        way_id=way,
        length_m=length_m,
        is_road=is_road,
        left_walk=is_road & left,
        right_walk=is_road & right,
        limit_kmh=at["limit_kmh"],
        built_up=at["built_up"],
        traffic_side=traffic_side,
        flow=flow,
        facing_required=at["facing_required"],
        facing_advised=at["facing_advised"],
        edge_required=np.where(at["driving_side_required"], flow * traffic_side, 0),
        bend=is_road & _bends(ways, way, exposure),
        crossing=crossing,
        crossing_ahead_m=ahead_m,
        turned=turned,
        joins=_joins(is_road, length_m),
        corner=_corners(exposure, np.where(is_road, at["street_id"], NO_WAY)),
        closed=at["closed"],
    )


def _reference(exposure: Exposure, beside: pd.DataFrame) -> tuple[IntArray, IntArray]:
    """Carriageway of each interval, else its own way, and the direction of travel on it."""
    own, carriageway = exposure["way_id"].to_numpy(), exposure["carriageway_way_id"].to_numpy()
    has = (carriageway != NO_WAY) & (own != NO_WAY)
    along = np.where(has, beside["carriageway_direction"].to_numpy(), exposure["travel_direction"].to_numpy())
    return np.where(has, carriageway, own), along.astype(np.int64)


def _per_interval(ways: pd.DataFrame, row: IntArray, roads: Roads) -> dict[str, NDArray[Any]]:
    """Kind, limit and the rule of the place by interval, from rows of ways; zero or False where row is -1."""
    keys = list(zip(ways["country"], ways["built_up"], ways["oneway"] != 0, strict=True))
    rules = {
        key: standards.pedestrian_rule(
            str(key[0]), built_up=bool(key[1]), has_sidewalk=False, one_way=bool(key[2])
        )
        for key in set(keys)
    }
    columns = {
        "is_road": standards.assume(ways, roads.overrides)["is_road"].to_numpy(dtype=bool),
        "limit_kmh": np.asarray(standards.maxspeed_default_kmh(ways), dtype=float),
        "oneway": ways["oneway"].to_numpy(),
        "built_up": ways["built_up"].to_numpy(dtype=bool),
        "street_id": ways["street_id"].to_numpy(),
        "closed": (ways["foot"].isin(_CLOSED) | ways["motorroad"]).to_numpy(dtype=bool),
        "drives_left": (ways["traffic_side"] == "left").to_numpy(dtype=bool),
        "facing_required": np.array([rules[key].facing_required for key in keys], dtype=bool),
        "facing_advised": np.array([rules[key].facing_recommended for key in keys], dtype=bool),
        "driving_side_required": np.array([rules[key].driving_side_required for key in keys], dtype=bool),
        "left": ways["sidewalk_left"].isin(["yes", "separate"]).to_numpy(dtype=bool),
        "right": ways["sidewalk_right"].isin(["yes", "separate"]).to_numpy(dtype=bool),
    }
    return {name: np.append(values, values.dtype.type(0))[row] for name, values in columns.items()}


def _sidewalk(
    side: str, at: dict[str, NDArray[Any]], travel: IntArray, beside: pd.DataFrame, way: IntArray
) -> BoolArray:
    """Whether there is a sidewalk on a side of travel: tagged on the carriageway, or a way of its own."""
    other = "right" if side == "left" else "left"
    own = beside[f"{side}_sidewalk_way_id"].to_numpy()
    tagged = np.where(travel < 0, at[other], at[side])
    return np.asarray(tagged | ((own != NO_WAY) & (own != way)))


def _bends(ways: pd.DataFrame, way: IntArray, exposure: Exposure) -> BoolArray:
    """Tell where the way turns by more than the limit within the bend's length, there or just before."""
    ends = np.nan_to_num(exposure[["start_chainage_m", "end_chainage_m"]].to_numpy(dtype=float))
    choice = standards.side_choice()
    bend = np.zeros(len(way), dtype=bool)
    for name, line in zip(ways.index, ways.geometry, strict=True):
        turn = _turns(line, choice)
        for row in np.flatnonzero(way == name):
            bend[row] = _is_bend(turn, ends[row].min(), ends[row].max(), choice)
    return bend


def turns_within(line: shapely.LineString, at_m: float, choice: SideChoice) -> bool:
    """Tell whether a way turns by more than the limit within a bend's length about a chainage [m]."""
    return _is_bend(_turns(line, choice), at_m, at_m, choice)


def _is_bend(turn: FloatArray, low_m: float, high_m: float, choice: SideChoice) -> bool:
    first = max(int((low_m - choice.bend_length_m) // _SAMPLE_M), 0)
    last = int(high_m // _SAMPLE_M) + 1
    return bool(turn[first:last].max(initial=0.0) > np.radians(choice.bend_heading_deg))


def _turns(line: shapely.LineString, choice: SideChoice) -> FloatArray:
    """Change of heading over the bend's length ahead of each sample of a line, as it is drawn [rad]."""
    window = max(round(choice.bend_length_m / _SAMPLE_M), 1)
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
    longitude, latitude = (exposure[name].to_numpy(dtype=float) for name in ("longitude_deg", "latitude_deg"))
    place = np.radians(np.column_stack([unrolled(longitude), latitude]))
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


def met_crossings(
    roads: Roads, way: IntArray, exposure: Exposure, line: RouteLine, turned: BoolArray
) -> tuple[ObjectArray, FloatArray]:
    """Find the mapped crossing at the start of each interval, "" if none, and how far ahead it is passed [m].

    ``way`` is the carriageway of each interval. Of several that are near, the best kind serves, of those the
    nearest along the route. What is crossed at a turn is crossed after it, or the side of travel would be
    another.
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
    roads: Roads, way: IntArray, exposure: Exposure, known: IntArray, places: ObjectArray
) -> list[tuple[int, int, shapely.LineString]]:
    """Pair intervals with the crossings near their start that lie on their street, or on the one before."""
    geometry = roads.ways.geometry.to_numpy()
    own = exposure["way_id"].to_numpy()[known]
    lines, own_lines = (geometry[roads.ways.index.get_indexer(pd.Index(one))] for one in (way[known], own))
    # The chainage is that of the matched way; on a sidewalk of its own, the border is carried over.
    chainage = np.nan_to_num(exposure["start_chainage_m"].to_numpy(dtype=float)[known])
    border = np.asarray(shapely.line_interpolate_point(own_lines, chainage))
    near, found = shapely.STRtree(places).query(border, predicate="dwithin", distance=_AT_M)
    # Where two streets meet, a crossing of either serves.
    before = np.maximum(np.arange(len(known)) - 1, 0)
    pairs = []
    for row, point in zip(near, found, strict=True):
        street = min((lines[row], lines[before[row]]), key=lambda one: shapely.distance(one, places[point]))
        if shapely.distance(street, places[point]) <= _ON_WAY_M:
            pairs.append((int(known[row]), int(point), street))
    return pairs


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
