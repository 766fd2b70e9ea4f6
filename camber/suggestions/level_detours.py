"""Where a tilted stretch of a run that no change of side evens out can be left for level ground nearby.

Ground counts as level if the tables say so: a path whose low side nobody knows puts no leg low in particular,
a running track falls by less than 1 %, to a side that is known. Sidewalks and crossings that are ways of
their own link such paths to the roads. Who may walk there is read strictly: what the tags do not open to
people on foot is closed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd
import shapely

from camber import standards
from camber.conventions import NO_WAY
from camber.network import Edges, bounded_distances, edges_by_node, ranges
from camber.network import route as shortest_path
from camber.suggestions.rules import SIDE_OF_STATE, may_cross
from camber.suggestions.surroundings import turns_within
from camber.suggestions.trip import weighed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.schema import RoadGraph, Roads, SuggestionSettings
    from camber.suggestions.trip import Route, Trip

    BoolArray = NDArray[np.bool_]
    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    ObjectArray = NDArray[np.object_]

_FURTHEST_M: Final = 3000.0
"""Longest way round that is looked for [m] (judgement)."""

_SHORTEST_M: Final = 100.0
"""Shortest stretch that is worth leaving the road for [m] (judgement)."""

_KEPT: Final = 0.75
"""Least length of a way round as a share of what it replaces: a run is not cut short (judgement)."""

_PER_EXTRA_M: Final = 0.25
"""Metres evened out that a metre of detour has to be worth (judgement)."""

_MOST: Final = 3
"""Most stretches of one run that are replaced (judgement: more is no plan that a runner keeps in mind)."""

_TRIED: Final = 300
"""How many of the most promising ways round are looked at closely (judgement)."""

_LEVEL_SHARE: Final = 0.5
"""Least share of a way round that has to be level ground itself, not a link to it (judgement)."""

_BETTER: Final = 0.5
"""A stretch is avoidable if a side that is allowed puts the leg low on less than this share (judgement)."""

_REACH_M: Final = 15.0
"""A node this far beyond the fixes of a way was passed when the way was left there [m]: half the width of a
wide junction (judgement)."""

_HEADING_M: Final = 20.0
"""Length over which the direction of the run, and of a path, is taken at a junction [m] (judgement)."""

_STRAIGHT_DEG: Final = 20.0
"""A path that leaves within this angle of the run's own line lies on neither side of it [deg] (judgement)."""


_GROUND: Final = ("path", "footway", "cycleway", "pedestrian", "track", "track:running")
"""Kinds of `camber.standards` that are ground to run on away from a road; steps and platforms are not."""

_LINKS: Final = ("footway:crossing", "footway:sidewalk")
"""Kinds that may lead from a road to such ground; they fall to their road, and are predicted so."""

_OPEN_FOOT: Final = ("yes", "designated", "permissive", "official")
_OPEN_ACCESS: Final = ("", "yes", "permissive", "public", "designated")
"""Values of ``foot`` and ``access`` that let people on foot in (wiki.openstreetmap.org, Key:access).

A cycleway without ``foot`` does not (OSM tags for routing/Access-Restrictions, table for all countries);
where a country's custom is another one, that is left out.
"""

_SAME_M: Final = 0.5
"""A mapped crossing this close to a node is that node [m]: both have one place in the map."""


class Crossed(NamedTuple):
    """A road that a way round crosses."""

    node: int  # node of the road graph
    along_m: float  # distance from the beginning of the way round [m]
    kind: str  # "signals", "marked", "unmarked" or "quiet"


class LevelDetour(NamedTuple):
    """Level ground in place of a stretch of a run."""

    leave_m: float
    rejoin_m: float  # distances from the start of the run at which it is left and met again [m]
    edges: IntArray  # edges of the road graph in the order of travel, shape (n_edges,)
    directions: IntArray  # whether each is run as drawn, +1, or against, -1
    way_id: IntArray  # way of each edge
    edge_m: FloatArray  # length of each edge [m]
    turn: int  # where it leaves: -1 to the left, 1 to the right, 0 straight on
    crossed: tuple[Crossed, ...]  # roads that it crosses, in order

    @property
    def length_m(self) -> float:
        """Length of the way round [m]."""
        return float(self.edge_m.sum())

    @property
    def extra_m(self) -> float:
        """How much longer it is than what it replaces [m]; negative where it is shorter."""
        return self.length_m - (self.rejoin_m - self.leave_m)


class CutNetwork(NamedTuple):
    """Edges between ends; an open node is one end, a closed one an end for each of its edges.

    No path leads through a closed node: it may begin or end there. A road that must not be crossed is such a
    node, and a path that comes to it from one side cannot go on at the other.
    """

    edges: Edges
    node: IntArray  # node that each end is, or is a part of, shape (n_ends,)


class WaysRound(NamedTuple):
    """Pairs of places of a route with the shortest path between them; shape (n_pairs,) throughout."""

    leave: IntArray
    rejoin: IntArray  # places, by their position in the order of the route
    leave_end: IntArray
    rejoin_end: IntArray  # ends of the network at which the path begins and ends
    length_m: FloatArray


class LevelNetwork(NamedTuple):
    """Ground near a route."""

    cut: CutNetwork  # the network, with roads that may not be crossed as closed nodes
    edge: IntArray  # edge of the road graph that each of its edges is, shape (n_edges,)
    # Whether an edge is level or falls to no side in particular, shape (n_edges,); the others are links.
    level: BoolArray
    on_road: BoolArray  # whether a carriageway passes a node of the road graph, shape (n_nodes,)
    # How the road may be crossed there: "signals", "marked", "unmarked", "quiet", or "" not at all.
    crossing: ObjectArray


class _Places(NamedTuple):
    """Junctions that the run passes: distances from its start [m] and nodes of the road graph."""

    at_m: FloatArray
    node: IntArray


class _Search(NamedTuple):
    """Every way round of a run, and what a stretch of it would take off the difference between the legs."""

    route: Route
    roads: Roads
    network: LevelNetwork
    places: _Places
    pairs: WaysRound
    # Right-low minus left-low metres where no change of side helps, else 0, shape (n_draws, n) [m].
    counted: FloatArray


def find_detours(trip: Trip) -> tuple[LevelDetour, ...]:
    """Choose the stretches to be replaced: those that even out most for what they are longer.

    They come in the order of the run, without overlap; together no longer than the settings allow.
    """
    route, settings = trip.route, trip.settings
    (left, right), (had_left, had_right) = (
        weighed(*legs, settings.target_left)
        for legs in (route.usual_m(), (trip.history.left_m, trip.history.right_m))
    )
    signed = right - left
    uneven_m = (had_right - had_left) + signed.sum(axis=1)
    unavoidable = _unavoidable(trip, signed, uneven_m > 0.0)
    reach = 0.5 * _FURTHEST_M
    low, high = route.line.xy.min(axis=0) - reach, route.line.xy.max(axis=0) + reach
    network = level_network(trip.roads, low, high, settings, dark=trip.dark)
    places = _places(trip, np.unique(network.cut.node))
    pairs = ways_round(
        network.cut,
        places.node,
        places.at_m,
        longest_m=settings.longest_detour_m,
        furthest_m=_FURTHEST_M,
    )
    search = _Search(route, trip.roads, network, places, pairs, np.where(unavoidable, signed, 0.0))
    chosen: list[LevelDetour] = []
    while len(chosen) < _MOST:
        best = _best(search, uneven_m, chosen, settings)
        if best is None:
            break
        chosen.append(best)
        ends = _until(search, np.array([best.leave_m, best.rejoin_m]))
        uneven_m = uneven_m - (ends[:, 1] - ends[:, 0])
    return tuple(sorted(chosen, key=lambda one: one.leave_m))


def replaced_share(route: Route, detour: LevelDetour) -> FloatArray:
    """Share of each interval that a way round replaces, 0 to 1, shape (n,)."""
    length = route.stretches.length_m
    overlap = np.minimum(route.end_m(), detour.rejoin_m) - np.maximum(route.start_m(), detour.leave_m)
    return np.asarray(np.clip(overlap, 0.0, None) / np.where(length > 0.0, length, 1.0))


def path_line(roads: Roads, edges: IntArray, directions: IntArray) -> FloatArray:
    """Vertices along a path in the order of travel, shape (n_vertices, 2) [m]; where edges meet once."""
    graph = roads.graph
    parts = [
        graph.vertex_xy[graph.edge_first_vertex[edge] : graph.edge_first_vertex[edge + 1]][::step]
        for edge, step in zip(edges, directions, strict=True)
    ]
    return np.concatenate([parts[0][:1], *[part[1:] for part in parts]])


def _unavoidable(trip: Trip, signed: FloatArray, to_right: BoolArray) -> BoolArray:
    """Tell where no side that is allowed would tilt the ground less to the leg that has too much of it.

    Which leg that is may not be known: the draws in which it is the right one, and those in which it is the
    left one, are each looked at for themselves. Shape (n_draws, n).
    """
    left, right = trip.route.option_m()
    usable = trip.plans.rules.allowed & trip.route.stretches.is_road[:, np.newaxis]
    found = np.zeros(signed.shape, dtype=bool)
    for lean, here in ((-1.0, ~to_right), (1.0, to_right)):
        if here.any():
            as_run = lean * signed[here].mean(axis=0)
            options = lean * (right[here] - left[here]).mean(axis=0)
            least = np.where(usable, options, np.inf).min(axis=1)
            found[here] = (as_run <= 0.0) | (least > _BETTER * as_run)
    return found


def _places(trip: Trip, wanted: IntArray) -> _Places:
    """List the wanted nodes that the run passes, in order."""
    graph, exposure, index = trip.roads.graph, trip.exposure, trip.roads.ways.index
    way = exposure["way_id"].to_numpy()
    position = np.where(way == NO_WAY, -1, index.get_indexer(pd.Index(way)))
    first = np.searchsorted(graph.edge_way, position, side="left")
    last = np.searchsorted(graph.edge_way, position, side="right")
    length, begin = trip.route.stretches.length_m, trip.route.start_m()
    travel = exposure["travel_direction"].to_numpy()
    ends = np.nan_to_num(exposure[["start_chainage_m", "end_chainage_m"]].to_numpy(dtype=float))
    found: list[tuple[float, int]] = []
    for row in np.flatnonzero(position >= 0):
        edges = np.arange(first[row], last[row])
        nodes = np.r_[graph.edge_from[edges], graph.edge_to[edges[-1:]]]
        chainage = np.r_[
            graph.edge_start_m[edges],
            graph.edge_start_m[edges[-1:]] + graph.edge_length_m[edges[-1:]],
        ]
        reach = _reach(int(row), position, travel, ends)
        passed = (chainage - reach[0]) * travel[row] / max(abs(reach[1] - reach[0]), 1e-9)
        here = (passed >= 0.0) & (passed <= 1.0) & np.isin(nodes, wanted)
        found += [
            (float(begin[row] + share * length[row]), int(node))
            for share, node in zip(passed[here], nodes[here], strict=True)
        ]
    return _once(sorted(found))


def _reach(row: int, position: IntArray, travel: IntArray, ends: FloatArray) -> tuple[float, float]:
    """Chainages between which an interval passed its way, out to the junctions where it came and went."""
    start, end = float(ends[row, 0]), float(ends[row, 1])
    same = [
        0 <= other < len(position) and (position[other], travel[other]) == (position[row], travel[row])
        for other in (row - 1, row + 1)
    ]
    # It reaches back to the last fix of the interval before, where its first step began; past the first node
    # of a closed way begins another passage.
    back = float(ends[row - 1, 1])
    met = same[0] and travel[row] * (start - back) > -_REACH_M
    goes_on = same[1] and travel[row] * (float(ends[row + 1, 0]) - end) > -_REACH_M
    return back if met else start - travel[row] * _REACH_M, end if goes_on else end + travel[row] * _REACH_M


def _once(found: list[tuple[float, int]]) -> _Places:
    """Keep one place of each pass of a node: on two ways that meet there it is found twice."""
    last: dict[int, float] = {}
    kept = []
    for at_m, node in found:
        if at_m - last.get(node, -np.inf) > 2.0 * _REACH_M:
            kept.append((at_m, node))
        last[node] = at_m
    return _Places(np.array([at for at, _ in kept]), np.array([node for _, node in kept], dtype=np.int64))


def _until(search: _Search, at_m: FloatArray) -> FloatArray:
    """Add up what counts before each distance, draw by draw; shape (n_draws, n_distances)."""
    border = np.r_[0.0, np.cumsum(search.route.stretches.length_m)]
    return np.stack([np.interp(at_m, border, np.r_[0.0, np.cumsum(draw)]) for draw in search.counted])


def _evened(search: _Search, uneven_m: FloatArray) -> FloatArray:
    """Expect what each pair takes off the absolute difference between the legs: its mean over the draws [m].

    Where it is not known which leg was low, the mean difference is near zero and the absolute one is not.
    """
    pairs = search.pairs
    evened = np.zeros(len(pairs.leave))
    for until, whole in zip(_until(search, search.places.at_m), uneven_m.tolist(), strict=True):
        evened += abs(whole) - np.abs(whole - (until[pairs.rejoin] - until[pairs.leave]))
    return evened / len(uneven_m)


def _best(
    search: _Search, uneven_m: FloatArray, chosen: list[LevelDetour], settings: SuggestionSettings
) -> LevelDetour | None:
    """Take the way round that evens out most for what it is longer, of those that keep to every rule."""
    pairs, at_m = search.pairs, search.places.at_m
    leave, rejoin = at_m[pairs.leave], at_m[pairs.rejoin]
    extra = pairs.length_m - (rejoin - leave)
    used = sum(max(one.extra_m, 0.0) for one in chosen)
    score = _evened(search, uneven_m) - _PER_EXTRA_M * np.maximum(extra, 0.0)
    free = (rejoin - leave >= _SHORTEST_M) & (score >= _BETTER * _SHORTEST_M)
    free &= pairs.length_m >= _KEPT * (rejoin - leave)
    free &= used + np.maximum(extra, 0.0) <= settings.longest_detour_m
    for one in chosen:
        free &= (rejoin <= one.leave_m) | (leave >= one.rejoin_m)
    crossings = settings.most_crossings - sum(len(one.crossed) for one in chosen)
    order = np.flatnonzero(free)[np.argsort(-score[free], kind="stable")]
    for row in order[:_TRIED]:
        detour = _laid_out(search, int(row))
        if detour is not None and len(detour.crossed) <= crossings:
            return detour
    return None


def _laid_out(search: _Search, row: int) -> LevelDetour | None:
    """Lay a way round out and look at it closely; None where it breaks a rule or is no level ground."""
    route, network, pairs, graph = search.route, search.network, search.pairs, search.roads.graph
    steps, directions = path_between(network.cut, int(pairs.leave_end[row]), int(pairs.rejoin_end[row]))
    edges = network.edge[steps]
    length = graph.edge_length_m[edges]
    leave_m, rejoin_m = (float(search.places.at_m[end[row]]) for end in (pairs.leave, pairs.rejoin))
    if length[network.level[steps]].sum() < _LEVEL_SHARE * length.sum():
        return None
    way = search.roads.ways.index.to_numpy()[graph.edge_way[edges]].astype(np.int64)
    if _runs_there(route, way, leave_m, rejoin_m):
        return None
    nodes, xy = _nodes(graph, edges, directions), path_line(search.roads, edges, directions)
    turn, near = _side(route, leave_m, xy, leaving=True)
    _, far = _side(route, rejoin_m, xy[::-1], leaving=False)
    # A path that lies on the runner's own side is reached without crossing the road.
    across = network.on_road[nodes]
    across[0] &= not near
    across[-1] &= not far
    if (network.crossing[nodes[across]] == "").any():
        return None
    along = np.r_[0.0, np.cumsum(length)]
    crossed = tuple(
        Crossed(int(nodes[at]), float(along[at]), str(network.crossing[nodes[at]]))
        for at in np.flatnonzero(across)
    )
    return LevelDetour(leave_m, rejoin_m, edges, directions, way, length, turn, crossed)


def _nodes(graph: RoadGraph, edges: IntArray, directions: IntArray) -> IntArray:
    """List the nodes along a path, both ends included."""
    start = np.where(directions > 0, graph.edge_from[edges], graph.edge_to[edges])
    end = np.where(directions > 0, graph.edge_to[edges], graph.edge_from[edges])
    return np.concatenate([start[:1], end])


def _runs_there(route: Route, way: IntArray, leave_m: float, rejoin_m: float) -> bool:
    """Whether the run was on that ground itself, on the stretch that would be replaced."""
    inside = (route.end_m() > leave_m) & (route.start_m() < rejoin_m)
    return bool(np.isin(way, route.stretches.way_id[inside]).any())


def _side(route: Route, at_m: float, path_xy: FloatArray, *, leaving: bool) -> tuple[int, bool]:
    """Side of the run on which a path lies, 0 ahead or behind, and whether the runner is on that side."""
    ends = (at_m - _HEADING_M, at_m) if leaving else (at_m, at_m + _HEADING_M)
    xy = [np.interp(ends, route.line.at_m, route.line.xy[:, axis]) for axis in (0, 1)]
    heading = np.array([xy[0][1] - xy[0][0], xy[1][1] - xy[1][0]])
    away = np.hypot(*(path_xy - path_xy[0]).T)
    far = int(np.argmax(away >= _HEADING_M)) or len(path_xy) - 1
    step = path_xy[far] - path_xy[0]
    angle = np.degrees(np.arctan2(heading[0] * step[1] - heading[1] * step[0], heading @ step))
    straight = min(abs(angle), 180.0 - abs(angle)) < _STRAIGHT_DEG
    side = 0 if straight else -int(np.sign(angle))
    row = route.row_at(at_m - 1.0 if leaving else at_m + 1.0)
    own = int(SIDE_OF_STATE[route.usual[row]]) if route.stretches.is_road[row] else 0
    return side, bool(side and side == own)


def level_network(
    roads: Roads,
    low_xy: FloatArray,
    high_xy: FloatArray,
    settings: SuggestionSettings,
    *,
    dark: bool,
) -> LevelNetwork:
    """Find the level ground in a box between two corners [m]: the edges of which one end lies in it."""
    graph = roads.graph
    inside = np.asarray(((graph.node_xy >= low_xy) & (graph.node_xy <= high_xy)).all(axis=1))
    near = np.flatnonzero(inside[graph.edge_from] | inside[graph.edge_to])
    rows, of_edge = np.unique(graph.edge_way[near], return_inverse=True)
    ways = roads.ways.iloc[rows]
    assumed = standards.assume(ways, roads.overrides)
    ground, link = _ground(ways, assumed)
    is_road = assumed["is_road"].to_numpy(dtype=bool)
    used = np.asarray(ground | link)[of_edge]
    edge = near[used].astype(np.int64)
    on_road = np.zeros(len(graph.node_xy), dtype=bool)
    for ends in (graph.edge_from, graph.edge_to):
        on_road[ends[near[is_road[of_edge]]]] = True
    met = np.zeros(len(graph.node_xy), dtype=bool)
    met[graph.edge_from[edge]] = met[graph.edge_to[edge]] = True
    crossing = _crossings(roads, ways, near[is_road[of_edge]], met & on_road, settings, dark=dark)
    closed = on_road & (crossing == "")
    cut = cut_network(graph.edge_from[edge], graph.edge_to[edge], graph.edge_length_m[edge], closed)
    return LevelNetwork(cut, edge, ground[of_edge][used], on_road, crossing)


def _ground(ways: pd.DataFrame, assumed: pd.DataFrame) -> tuple[BoolArray, BoolArray]:
    """Which ways are level ground, and which link to it."""
    foot, access = ways["foot"], ways["access"]
    free = foot.isin(_OPEN_FOOT) | (
        (foot == "") & access.isin(_OPEN_ACCESS) & (ways["highway"] != "cycleway")
    )
    open_ = (free & ~ways["area"] & ~ways["motorroad"]).to_numpy(dtype=bool)
    either = (assumed["one_way_profile"] == "one_way") | (assumed["slope_mean_pct"] < 1.0)
    known = np.isfinite(ways["incline_across_pct"].to_numpy(dtype=float))
    kind = assumed["class_kind"]
    ground = open_ & (kind.isin(_GROUND) & either).to_numpy(dtype=bool) & ~known
    return ground, open_ & kind.isin(_LINKS).to_numpy(dtype=bool)


def _crossings(
    roads: Roads,
    ways: pd.DataFrame,
    road_edges: IntArray,
    wanted: BoolArray,
    settings: SuggestionSettings,
    *,
    dark: bool,
) -> ObjectArray:
    """How the roads at the wanted nodes may be crossed: by the rules that a plan of sides keeps, too."""
    graph = roads.graph
    limit = np.zeros(len(wanted))
    of_way = np.zeros(len(roads.ways))
    of_way[roads.ways.index.get_indexer(ways.index)] = standards.maxspeed_default_kmh(ways)
    for ends in (graph.edge_from, graph.edge_to):
        np.maximum.at(limit, ends[road_edges], of_way[graph.edge_way[road_edges]])
    slow = wanted & (limit <= settings.quiet_limit_kmh)
    mapped = _mapped(roads, wanted)
    unmapped_fine, mapped_fine = may_cross(
        mapped, limit, slow & ~_in_bends(roads, road_edges, slow), settings, dark=dark
    )
    return np.where(mapped_fine, mapped, np.where(unmapped_fine, "quiet", "")).astype(object)


def _mapped(roads: Roads, wanted: BoolArray) -> ObjectArray:
    """Find the mapped crossing at each wanted node."""
    kind = np.full(len(wanted), "", dtype=object)
    points, nodes = roads.crossings, np.flatnonzero(wanted)
    if points is None or points.empty or not len(nodes):
        return kind
    places = shapely.points(roads.graph.node_xy[nodes])
    near, found = shapely.STRtree(points.geometry.to_numpy()).query(
        places, predicate="dwithin", distance=_SAME_M
    )
    kind[nodes[near]] = points["kind"].to_numpy(dtype=object)[found]
    return kind


def _in_bends(roads: Roads, road_edges: IntArray, wanted: BoolArray) -> BoolArray:
    """Whether a road turns within the length of a bend about a node, to either side of it."""
    graph = roads.graph
    choice = standards.side_choice()
    bend = np.zeros(len(wanted), dtype=bool)
    lines = roads.ways.geometry.to_numpy()
    for edge in road_edges[wanted[graph.edge_from[road_edges]] | wanted[graph.edge_to[road_edges]]]:
        line, start = lines[graph.edge_way[edge]], graph.edge_start_m[edge]
        for node, chainage in (
            (graph.edge_from[edge], start),
            (graph.edge_to[edge], start + graph.edge_length_m[edge]),
        ):
            if wanted[node] and not bend[node]:
                bend[node] = turns_within(line, chainage, choice)
    return bend


def cut_network(
    edge_from: IntArray, edge_to: IntArray, length_m: FloatArray, closed: BoolArray
) -> CutNetwork:
    """Cut the closed nodes of a network apart; nodes by edge, ``closed`` by node. Edges keep their order."""
    node = np.concatenate([edge_from, edge_to])
    # An end of its own for each edge at a closed node; a shared one, by the node's number, else.
    key = np.where(closed[node], len(closed) + np.arange(len(node)), node)
    keys, end = np.unique(key, return_inverse=True)
    of_node = np.where(keys < len(closed), keys, node[np.maximum(keys - len(closed), 0)])
    ends = end.reshape(2, -1).astype(np.int64)
    by_end = edges_by_node(ends[0], ends[1], len(keys))
    edges = Edges(ends[0], ends[1], np.asarray(length_m, dtype=float), *by_end)
    return CutNetwork(edges, of_node.astype(np.int64))


def ways_round(
    network: CutNetwork, node: IntArray, at_m: FloatArray, *, longest_m: float, furthest_m: float
) -> WaysRound:
    """Find the shortest path from each place of a route to every later one, in that order of places.

    A place is a ``node`` at a distance from the start, ``at_m``, which never falls. A path is at most
    ``longest_m`` longer than the route between its ends, and ``furthest_m`` long.
    """
    place, end = _matches(node, network.node)
    sources = np.unique(end)
    found = bounded_distances(network.edges, sources, furthest_m)
    source = np.repeat(sources, np.diff(found.first))
    # A path comes back to the route wherever that passes the path's last end, and leaves it likewise.
    row, at = _matches(found.target, end)
    rejoin = place[at]
    again, at = _matches(source[row], end)
    row, leave, rejoin = row[again], place[at], rejoin[again]
    source, target, length_m = source[row], found.target[row], found.distance_m[row]
    fine = np.flatnonzero(
        (rejoin > leave) & (source != target) & (length_m <= at_m[rejoin] - at_m[leave] + longest_m)
    )
    fine = fine[np.lexsort([one[fine] for one in (target, source, rejoin, leave)])]
    return WaysRound(leave[fine], rejoin[fine], source[fine], target[fine], length_m[fine])


def _matches(values: IntArray, among: IntArray) -> tuple[IntArray, IntArray]:
    """Pair each value with every one among others that equals it: positions of both."""
    order = np.argsort(among, kind="stable")
    first, last = (np.searchsorted(among[order], values, side=side) for side in ("left", "right"))
    return np.repeat(np.arange(len(values)), last - first), order[ranges(first, last)[0]]


def path_between(network: CutNetwork, leave_end: int, rejoin_end: int) -> tuple[IntArray, IntArray]:
    """Edges of the shortest path between two ends, and +1 where one is run as drawn, -1 against it."""
    return shortest_path(network.edges, leave_end, rejoin_end, np.inf)
