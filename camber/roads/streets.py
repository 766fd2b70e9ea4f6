"""Which ways are one street, with the sidewalks and tracks beside it, and which lie among streets of a town.

A large area is worked on strip by strip, so that memory does not grow with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import shapely

from camber.geometry import project_to_segment
from camber.network import connected_groups

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd
    from numpy.typing import NDArray

    from camber.schema import RoadGraph

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]

CARRIAGEWAYS: Final = frozenset(
    {
        *("trunk", "trunk_link", "primary", "primary_link", "secondary", "secondary_link", "tertiary"),
        *("tertiary_link", "unclassified", "residential", "living_street", "road", "busway", "service"),
    }
)
"""Classes of ``highway`` on which vehicles drive, and which can have a sidewalk beside them."""

COMPANIONS: Final = frozenset({"footway", "cycleway", "path"})
"""Classes that can run beside a carriageway as its sidewalk or cycle track."""

GAP_M: Final = 12.0
"""Widest gap between the edge of a carriageway and the middle of a way beside it [m] (judgement)."""

SPACING_M: Final = 10.0
"""Distance between the places at which a way is held against carriageways [m] (judgement)."""

TURN_DEG: Final = 25.0
"""Largest angle between a carriageway and a way beside it [deg] (judgement)."""

SHARE_TAGGED: Final = 0.5
"""Share of a way tagged as a sidepath that must run beside the carriageway (judgement)."""

SHARE_UNTAGGED: Final = 0.75
"""The same for a way that no tag calls a sidepath (judgement: most of its length)."""

SHORTEST_UNTAGGED_M: Final = 25.0
"""Shorter ways beside a road are its sidewalk only if tagged so [m] (judgement: links, crossings)."""

TWIN_M: Final = 25.0
"""Widest distance between the middles of the two directions of a dual carriageway [m] (judgement: two
carriageways of 7 m and a median of 18 m)."""

SHARE_TWIN: Final = 0.5
"""Share of a one-way carriageway beside which the other direction must run (judgement)."""

NAME_BONUS_M: Final = 8.0
"""How much nearer a carriageway of the same name counts [m] (judgement)."""

LANE_M: Final = 3.0
"""Width of a lane [m] (default of osm2streets, ``osm2lanes``)."""

HALF_WIDTH_M: Final = 3.5
"""Half width of a carriageway without width or lanes [m] (judgement: two lanes and some parking)."""

TOWN_STREETS: Final = ("residential", "living_street", "pedestrian")
"""Classes that are by definition lined with houses (wiki Key:highway)."""

FAST_KMH: Final = 70.0
"""From this limit on a road is taken as outside the town [km/h] (judgement: in towns 60 at most)."""

NEAR_M: Final = 100.0
"""How far around the middle of a way town streets count [m] (judgement)."""

PLACES_EACH: Final = 10.0
"""Pieces of streets that are held against a way, for the size of a strip (judgement)."""

ENOUGH_M: Final = 200.0
"""Length of town streets within that circle that makes a town [m] (judgement: one street across it)."""

MOST_PLACES: Final = 100_000.0
"""Places in a strip (judgement: some ten megabytes of working memory)."""


def assign_streets(ways: gpd.GeoDataFrame, graph: RoadGraph) -> pd.DataFrame:
    """Find the street of every way, and the carriageway that a sidewalk or cycle track accompanies.

    Columns ``street_id`` (smallest way id of the street's carriageways, or of the ways that continue each
    other), ``carriageway_id`` and ``carriageway_side`` as in `camber.schema.tables.WAYS`.
    """
    carriageway, side = find_carriageways(ways)
    way_id = ways.index.to_numpy()
    beside = carriageway >= 0
    onward, twins = _continuations(ways, graph, ~beside), find_twins(ways)
    first, second = (np.concatenate(pair) for pair in zip(onward, twins, strict=True))
    group = connected_groups(len(ways), first, second)
    smallest = np.full(len(ways), np.iinfo(np.int64).max)
    np.minimum.at(smallest, group[~beside], way_id[~beside])
    street = smallest[group[np.where(beside, carriageway, np.arange(len(ways)))]]
    accompanied = np.where(beside, way_id[carriageway], -1)
    return pd.DataFrame(
        {"street_id": street, "carriageway_id": accompanied, "carriageway_side": side}, index=ways.index
    )


def _continuations(ways: gpd.GeoDataFrame, graph: RoadGraph, alone: BoolArray) -> tuple[IntArray, IntArray]:
    """Pairs of ways that are one street: same name at a shared node, or the only continuation of a class."""
    ends = np.diff(graph.node_first_edge)
    node = np.repeat(np.arange(len(ends)), ends)
    way = graph.edge_way[graph.node_edge]
    name = pd.factorize(ways["name"])[0]
    has_name = (ways["name"] != "").to_numpy()
    kind = pd.factorize(ways["highway"])[0]
    named = (has_name & alone)[way]
    order = np.lexsort((name[way[named]], node[named]))
    at, of = node[named][order], way[named][order]
    same = (np.diff(at) == 0) & (np.diff(name[of]) == 0)
    through = graph.node_first_edge[:-1][ends == 2]
    one, other = way[through], way[through + 1]
    goes_on = (kind[one] == kind[other]) & (name[one] == name[other]) & alone[one] & alone[other]
    first = np.concatenate([of[:-1][same], one[goes_on]])
    second = np.concatenate([of[1:][same], other[goes_on]])
    return first.astype(np.int64), second.astype(np.int64)


def find_carriageways(ways: gpd.GeoDataFrame) -> tuple[IntArray, IntArray]:
    """Find the carriageway that each separately mapped sidewalk or cycle track accompanies.

    At every 10 m of a footway, cycleway or path the nearest carriageway is sought that runs the same way
    within 12 m and half its own width. Where enough of these places find one, on one side, the way
    accompanies the carriageway that most of them found.

    Returns its position in ``ways``, -1 for none, and the side of the accompanying way, as that is drawn, on
    which the carriageway lies: -1 left, 1 right, 0 for none.
    """
    carriageway, side = np.full(len(ways), -1), np.zeros(len(ways), dtype=np.int64)
    companion = np.flatnonzero(_may_accompany(ways))
    road = np.flatnonzero(ways["highway"].isin(CARRIAGEWAYS) & ~ways["area"])
    if not len(companion) or not len(road):
        return carriageway, side
    beside = _Beside(ways)
    tagged = ways["is_sidepath"].to_numpy()
    bounds = shapely.bounds(beside.lines)
    places = beside.length_m / SPACING_M
    for rows in strips(bounds[companion], places[companion]):
        way = companion[rows]
        near = road[near_strip(bounds[road], way, bounds, float(beside.reach_m[road].max()))]
        if len(near):
            place_way, votes = _votes_for_carriageways(beside, way, near)
            found = _count_votes(votes, np.bincount(place_way), tagged[way])
            carriageway[way], side[way] = found
    return carriageway, side


class _Beside:
    """What decides whether one way accompanies another, as arrays by position of the way."""

    def __init__(self, ways: gpd.GeoDataFrame) -> None:
        self.lines = ways.geometry.to_numpy()
        self.length_m = shapely.length(self.lines)
        self.reach_m = _half_width_m(ways) + GAP_M
        self.tagged = ways["is_sidepath"].to_numpy()
        self.service = (ways["highway"] == "service").to_numpy()
        self.layer = ways["layer"].to_numpy()
        number, names = pd.factorize(pd.concat([ways["name"], ways["beside"]], ignore_index=True))
        unnamed = np.flatnonzero(names == "")
        number = np.where(np.isin(number, unnamed), -1, number).astype(np.int64)
        self.name, beside = number[: len(ways)], number[len(ways) :]
        self.own_name = np.where(beside < 0, self.name, beside)

    def fits(self, way: IntArray, road: IntArray) -> BoolArray:
        """Only a way that is tagged as a sidepath accompanies a service road, or one on another layer."""
        level = self.layer[way] == self.layer[road]
        return np.asarray(self.tagged[way] | (~self.service[road] & level))

    def same_name(self, way: IntArray, road: IntArray) -> BoolArray:
        return np.asarray((self.own_name[way] >= 0) & (self.own_name[way] == self.name[road]))


def _votes_for_carriageways(beside: _Beside, way: IntArray, road: IntArray) -> tuple[IntArray, pd.DataFrame]:
    """At every place of some ways the carriageway there; ways are numbered as given."""
    place_way, place_xy, direction = sample_line(beside.lines[way])
    segment_road, segment = _segments(beside.lines[road])
    segment_road = road[segment_road]
    place, found, offset = _alongside(place_xy, direction, segment, beside.reach_m[segment_road])
    fits = beside.fits(way[place_way[place]], segment_road[found])
    place, found, offset = place[fits], segment_road[found][fits], offset[fits]
    same_name = beside.same_name(way[place_way[place]], found)
    nearness = np.abs(offset) - np.where(same_name, NAME_BONUS_M, 0.0)
    nearest = _nearest(place, nearness, found)
    votes = {
        "way": place_way[place[nearest]],
        "road": found[nearest],
        "side": np.sign(offset[nearest]).astype(int),
    }
    return place_way, pd.DataFrame(votes)


def _count_votes(votes: pd.DataFrame, places: IntArray, tagged: BoolArray) -> tuple[IntArray, IntArray]:
    """Majority of the places of each way, first for the side, then for the carriageway on that side."""
    carriageway, side = np.full(len(places), -1), np.zeros(len(places), dtype=np.int64)
    best = _commonest(votes, "side", largest=True)
    way = best["way"].to_numpy()
    enough = best["count"].to_numpy() >= np.where(tagged[way], SHARE_TAGGED, SHARE_UNTAGGED) * places[way]
    best = best[enough & (best["side"] != 0).to_numpy()]
    on_side = votes.merge(best[["way", "side"]], on=["way", "side"])
    chosen = _commonest(on_side, "road")
    carriageway[chosen["way"]] = chosen["road"]
    side[best["way"]] = best["side"]
    return carriageway, side


def find_twins(ways: gpd.GeoDataFrame) -> tuple[IntArray, IntArray]:
    """Find pairs of carriageways that are the two directions of one dual carriageway.

    At every 10 m of a one-way carriageway the nearest other of its class and name is sought that carries
    the traffic the other way, within 25 m on the side where oncoming traffic is: left of travel where people
    drive on the right. Where at least half of these places find one, the most frequent one is the twin.

    Returns the positions of the ways of each pair.
    """
    roundabout = ways["junction"].isin(["roundabout", "circular"])
    single = ways["highway"].isin(CARRIAGEWAYS) & (ways["oneway"] != 0) & ~ways["area"] & ~roundabout
    road = np.flatnonzero(single & (ways["highway"] != "service"))
    none = np.zeros(0, dtype=np.int64)
    if len(road) < 2:
        return none, none
    lines = ways.geometry.to_numpy()[road]
    flow = ways["oneway"].to_numpy()[road]
    oncoming = np.where(ways["traffic_side"] == "right", -1.0, 1.0)[road]
    name, highway = (pd.factorize(ways[key])[0][road].astype(np.int64) for key in ("name", "highway"))
    kind = highway * (name.max() + 1) + name
    bounds = shapely.bounds(lines)
    pairs = []
    for rows in strips(bounds, shapely.length(lines) / SPACING_M):
        near = near_strip(bounds, rows, bounds, TWIN_M)
        place_way, votes = _votes_for_twins(lines, flow, kind, oncoming, rows, near)
        way, other = _most_votes(votes, np.bincount(place_way))
        pairs.append((road[rows[way]], road[other]))
    first, second = (np.concatenate(side) for side in zip(*pairs, strict=True))
    return first, second


def _votes_for_twins(
    lines: NDArray[np.object_],
    flow: IntArray,
    kind: IntArray,
    oncoming: FloatArray,
    rows: IntArray,
    near: IntArray,
) -> tuple[IntArray, pd.DataFrame]:
    """At every place of some carriageways (``rows``) the other direction; they are numbered as given."""
    place_way, place_xy, direction = sample_line(lines[rows])
    segment_line, segment = _segments(lines[near])
    segment_way = near[segment_line]
    travel = direction * flow[rows[place_way]][:, np.newaxis]
    place, found, offset = _alongside(place_xy, travel, segment, np.full(len(segment), TWIN_M))
    ahead = ((segment[:, 1] - segment[:, 0]) * flow[segment_way][:, np.newaxis])[found]
    way, other = rows[place_way[place]], segment_way[found]
    against = (ahead * travel[place]).sum(axis=1) < 0.0
    fits = (kind[way] == kind[other]) & against & (offset * oncoming[way] > 0.0)
    place, other, offset = place[fits], other[fits], offset[fits]
    nearest = _nearest(place, np.abs(offset), other)
    return place_way, pd.DataFrame({"way": place_way[place[nearest]], "other": other[nearest]})


def _most_votes(votes: pd.DataFrame, places: IntArray) -> tuple[IntArray, IntArray]:
    """Choose the most frequent other of each way of which enough places found one."""
    found = np.bincount(votes["way"].to_numpy(), minlength=len(places))
    best = _commonest(votes, "other")
    best = best[found[best["way"]] >= SHARE_TWIN * places[best["way"]]]
    return best["way"].to_numpy(dtype=np.int64), best["other"].to_numpy(dtype=np.int64)


def _nearest(place: IntArray, distance_m: FloatArray, other: IntArray) -> IntArray:
    """Position of the nearest found at each place; of equals that with the smallest ``other``."""
    order = np.lexsort((other, distance_m, place))
    return order[np.flatnonzero(np.diff(place[order], prepend=-1))]


def _commonest(votes: pd.DataFrame, key: str, *, largest: bool = False) -> pd.DataFrame:
    """Most frequent value of ``key`` of each way, and its count; of equals the smallest, or the largest."""
    counted = votes.groupby(["way", key]).size().rename("count").reset_index()
    order = counted.sort_values(["way", "count", key], ascending=[True, True, largest], kind="stable")
    return order.drop_duplicates("way", keep="last")


def _may_accompany(ways: gpd.GeoDataFrame) -> BoolArray:
    crossing = ways["footway"].isin(["crossing", "traffic_island", "link", "access_aisle"])
    kind = ways["highway"].isin(COMPANIONS) & ~ways["area"] & ~crossing
    return np.asarray(kind & (ways["is_sidepath"] | (ways["length_m"] >= SHORTEST_UNTAGGED_M)))


def _half_width_m(ways: gpd.GeoDataFrame) -> FloatArray:
    """Half width of carriageways [m], roughly: from the width, else from the lanes, else 3.5."""
    width, lanes = ways["width_m"].to_numpy(), ways["lanes"].to_numpy()
    by_lanes = np.where(np.isnan(lanes), HALF_WIDTH_M, lanes * LANE_M / 2.0)
    return np.where(np.isnan(width), by_lanes, width / 2.0)


def sample_line(lines: NDArray[np.object_]) -> tuple[IntArray, FloatArray, FloatArray]:
    """Places at even distances along lines, with the direction of the line there.

    Returns the position of the line of each place; the places [m], shape (m, 2), in the middle of equal
    pieces of at most 10 m, one at least for each line; unit vectors along the line as drawn, shape (m, 2),
    zero where it turns back on itself.
    """
    length = shapely.length(lines)
    pieces = np.maximum(np.ceil(length / SPACING_M), 1).astype(np.int64)
    line = np.repeat(np.arange(len(lines)), pieces)
    rank = np.arange(len(line)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    step = (length / pieces)[line]
    at = (rank + 0.5) * step
    vertices, of = shapely.get_coordinates(lines, return_index=True)
    before, xy, after = (_interpolated(vertices, of, line, at + shift * step) for shift in (-0.25, 0.0, 0.25))
    along = after - before
    size = np.hypot(along[:, 0], along[:, 1])[:, np.newaxis]
    return line, xy, np.divide(along, size, out=np.zeros_like(along), where=size > 0.0)


def _interpolated(vertices: FloatArray, of: IntArray, line: IntArray, at_m: FloatArray) -> FloatArray:
    """Places on lines at distances from their starts; all lines in one sum, exact to 1e-7 m here."""
    step = np.diff(vertices, axis=0)
    length = np.where(np.diff(of) == 0, np.hypot(step[:, 0], step[:, 1]), 0.0)
    chainage = np.concatenate([[0.0], np.cumsum(length)])
    first = np.searchsorted(of, line, side="left")
    last = np.searchsorted(of, line, side="right") - 2
    distance = chainage[first] + at_m
    segment = np.clip(np.searchsorted(chainage, distance, side="right") - 1, first, last)
    share = np.divide(
        distance - chainage[segment],
        length[segment],
        out=np.zeros_like(distance),
        where=length[segment] > 0.0,
    )
    return np.asarray(vertices[segment] + np.clip(share, 0.0, 1.0)[:, np.newaxis] * step[segment])


def _segments(lines: NDArray[np.object_]) -> tuple[IntArray, FloatArray]:
    """Segments of lines: line of each, and start and end, shape (m, 2, 2)."""
    vertices, line = shapely.get_coordinates(lines, return_index=True)
    same = np.diff(line) == 0
    return line[:-1][same], np.stack([vertices[:-1][same], vertices[1:][same]], axis=1)


def _alongside(
    xy: FloatArray, direction: FloatArray, segment: FloatArray, reach_m: FloatArray
) -> tuple[IntArray, IntArray, FloatArray]:
    """Pairs of a place and a parallel segment within reach, and how far to the right of the place it lies."""
    tree = shapely.STRtree(np.asarray(shapely.linestrings(segment), dtype=object))
    place, found = tree.query(shapely.points(xy), predicate="dwithin", distance=float(reach_m.max()))
    start, end = segment[found, 0], segment[found, 1]
    _, offset = project_to_segment(xy[place], start, end)
    along = end - start
    length = np.hypot(along[:, 0], along[:, 1])
    cosine = (along * direction[place]).sum(axis=1) / np.where(length > 0.0, length, 1.0)
    near = (np.abs(offset) <= reach_m[found]) & (np.abs(cosine) >= np.cos(np.radians(TURN_DEG)))
    # A place to the right of a segment of the same direction has that segment on its left.
    seen = -offset * np.sign(cosine)
    return place[near], found[near], seen[near]


def is_built_up(ways: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Judge whether each way lies among streets of a town. All of it is judgement.

    In this order: a zone value of a speed tag (``DE:urban``, ``DE:rural``) decides; a limit of 70 km/h or
    more says no; a town street, a sidewalk tag, a mapped sidewalk or street lamps (``lit=yes``) say yes;
    for the rest, 200 m of town streets within 100 m of the middle of the way say yes.
    """
    town_street = ways["highway"].isin(TOWN_STREETS).to_numpy()
    sidewalk = (ways[["sidewalk_left", "sidewalk_right"]].isin(["yes", "separate"])).any(axis=1).to_numpy()
    told = town_street | sidewalk | (ways["footway"] == "sidewalk") | (ways["lit"] == "yes")
    result = np.asarray(told) | _among_town_streets(ways, town_street)
    result &= ~(ways["maxspeed_kmh"] >= FAST_KMH).to_numpy()
    zone = ways["zone"].to_numpy(dtype=str)
    return np.where(zone == "", result, zone == "urban")


def _among_town_streets(ways: gpd.GeoDataFrame, town_street: NDArray[np.bool_]) -> NDArray[np.bool_]:
    lines = ways.geometry.to_numpy()
    bounds = shapely.bounds(lines)
    streets = np.flatnonzero(town_street)
    result = np.zeros(len(ways), dtype=bool)
    for rows in strips(bounds, np.full(len(ways), PLACES_EACH)):
        pieces = _pieces(lines[streets[near_strip(bounds[streets], rows, bounds, NEAR_M)]])
        if len(pieces):
            middle = shapely.line_interpolate_point(lines[rows], 0.5, normalized=True)
            way, piece = shapely.STRtree(pieces).query(middle, predicate="dwithin", distance=NEAR_M)
            length = np.bincount(way, weights=shapely.length(pieces)[piece], minlength=len(rows))
            result[rows] = length >= ENOUGH_M
    return result


def _pieces(lines: NDArray[np.object_]) -> NDArray[np.object_]:
    """Straight pieces of at most 25 m, so that a long street counts with its near part only."""
    _, ends = _segments(shapely.segmentize(lines, 25.0))
    return np.asarray(shapely.linestrings(ends), dtype=object)


def strips(bounds: FloatArray, places: FloatArray) -> Iterator[IntArray]:
    """Split lines into strips from west to east: positions of the lines of each, ascending.

    ``bounds`` are west, south, east, north of each line [m], shape (n, 4), and ``places`` how many places
    each asks for; a strip is full at `MOST_PLACES`. Every line is in one strip.
    """
    order = np.argsort(bounds[:, 0], kind="stable")
    strip = np.floor(np.cumsum(places[order]) / MOST_PLACES)
    yield from map(np.sort, np.split(order, np.flatnonzero(np.diff(strip)) + 1))


def near_strip(bounds: FloatArray, rows: IntArray, of: FloatArray, reach_m: float) -> IntArray:
    """Find the lines of ``bounds`` that can be within reach of a strip, ascending.

    The strip is lines ``rows`` of those with the bounds ``of``, shape (m, 4).
    """
    west, east = of[rows, 0].min() - reach_m, of[rows, 2].max() + reach_m
    return np.flatnonzero((bounds[:, 0] <= east) & (bounds[:, 2] >= west))
