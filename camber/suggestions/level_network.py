"""Ground near a route that is level, or falls to no side in particular, as a network; and where to cross it.

What counts is taken from the tables: a path whose low side nobody knows puts no leg low in particular, a
running track falls by less than 1 %. Sidewalks and crossings that are ways of their own link such paths to
the roads. Who may walk there is read strictly: what the tags do not open to people on foot is closed.

A node of the network may be closed to passing: a path may begin or end there, but not lead through it. A road
that must not be crossed is such a node, and a path that comes to it from one side cannot go on at the other.
Closed nodes are cut into one end for each edge, so that plain shortest paths keep to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import shapely

from camber import standards
from camber.network import Edges, bounded_distances, edges_by_node, route
from camber.suggestions.rules import may_cross
from camber.suggestions.surroundings import turns_within

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from camber.schema import Roads, SuggestionSettings

    BoolArray = NDArray[np.bool_]
    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    ObjectArray = NDArray[np.object_]

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


class CutNetwork(NamedTuple):
    """Edges between ends; an open node is one end, a closed one an end for each of its edges."""

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
    places = _places_by_end(network, node)
    sources = np.array(sorted(places), dtype=np.int64)
    found = bounded_distances(network.edges, sources, furthest_m)
    rows = []
    for number, source in enumerate(sources.tolist()):
        part = slice(found.first[number], found.first[number + 1])
        for target, length_m in zip(
            found.target[part].tolist(), found.distance_m[part].tolist(), strict=True
        ):
            for here in places[source] if target in places and target != source else ():
                rows += [
                    (here, there, source, target, length_m)
                    for there in places[target]
                    if there > here and length_m <= at_m[there] - at_m[here] + longest_m
                ]
    rows.sort()
    columns = list(zip(*rows, strict=True)) if rows else [()] * 5
    leave, rejoin, leave_end, rejoin_end = (np.array(column, dtype=np.int64) for column in columns[:4])
    return WaysRound(leave, rejoin, leave_end, rejoin_end, np.array(columns[4], dtype=float))


def _places_by_end(network: CutNetwork, node: IntArray) -> dict[int, list[int]]:
    """Positions on the route of each end of the network that lies on it, in order."""
    order = np.argsort(network.node, kind="stable")
    first = np.searchsorted(network.node[order], node, side="left")
    last = np.searchsorted(network.node[order], node, side="right")
    places: dict[int, list[int]] = {}
    for position, (low, high) in enumerate(zip(first, last, strict=True)):
        for end in order[low:high].tolist():
            places.setdefault(end, []).append(position)
    return places


def path_between(network: CutNetwork, leave_end: int, rejoin_end: int) -> tuple[IntArray, IntArray]:
    """Edges of the shortest path between two ends, and +1 where one is run as drawn, -1 against it."""
    return route(network.edges, leave_end, rejoin_end, np.inf)
