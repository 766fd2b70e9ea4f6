"""Ground near a route that is level, or falls to no side in particular, as a network; and where to cross it.

What counts is taken from the tables: a path whose low side nobody knows puts no leg low in particular, a
running track falls by less than 1 %. Sidewalks and crossings that are ways of their own link such paths to
the roads. Who may walk there is read strictly: what the tags do not open to people on foot is closed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import shapely

from camber import standards
from camber.suggestions.detours import CutNetwork, cut_network
from camber.suggestions.stretches import turns_within

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from camber.schema import Roads, SuggestionSettings
    from camber.standards import SideChoice

    BoolArray = NDArray[np.bool_]
    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

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


class LevelNetwork(NamedTuple):
    """Ground near a route.

    Parameters
    ----------
    cut : CutNetwork
        The network, with roads that may not be crossed as closed nodes.
    edge : ndarray of int64, shape (n_edges,)
        Edge of the road graph that each of its edges is.
    level : ndarray of bool, shape (n_edges,)
        Whether it is level or falls to no side in particular; the others are links.
    on_road : ndarray of bool, shape (n_nodes,)
        Whether a carriageway passes a node of the road graph.
    crossing : ndarray of object, shape (n_nodes,)
        How the road may be crossed there: "signals", "marked", "unmarked", "quiet", or "" not at all.
    """

    cut: CutNetwork
    edge: IntArray
    level: BoolArray
    on_road: BoolArray
    crossing: NDArray[np.object_]


def level_network(
    roads: Roads,
    box_m: tuple[float, float, float, float],
    settings: SuggestionSettings,
    *,
    dark: bool,
    choice: SideChoice | None = None,
) -> LevelNetwork:
    """Find the level ground in a box.

    Parameters
    ----------
    roads : Roads
        The roads.
    box_m : tuple of float
        West, south, east, north [m, CRS of the roads].
    settings : SuggestionSettings
        Where a road may be crossed.
    dark : bool
        Whether it is dark: then only mapped crossings count.
    choice : SideChoice, optional
        What counts as a bend; that of `standards` if missing.

    Returns
    -------
    LevelNetwork
        The network of the edges of which one end lies in the box.
    """
    graph = roads.graph
    low, high = np.array(box_m[:2]), np.array(box_m[2:])
    inside = np.asarray(((graph.node_xy >= low) & (graph.node_xy <= high)).all(axis=1))
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
    crossing = _crossings(
        roads, ways, near[is_road[of_edge]], met & on_road, settings, dark=dark, choice=choice
    )
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
    choice: SideChoice | None,
) -> NDArray[np.object_]:
    """How the roads at the wanted nodes may be crossed: by the rules for crossings of a plan of sides."""
    graph = roads.graph
    limit = np.zeros(len(wanted))
    of_way = np.zeros(len(roads.ways))
    of_way[roads.ways.index.get_indexer(ways.index)] = standards.maxspeed_default_kmh(ways)
    for ends in (graph.edge_from, graph.edge_to):
        np.maximum.at(limit, ends[road_edges], of_way[graph.edge_way[road_edges]])
    kind = np.full(len(wanted), "", dtype=object)
    if not settings.mapped_crossings_only and not dark:
        quiet = wanted & (limit <= settings.quiet_limit_kmh)
        kind[quiet & ~_in_bends(roads, road_edges, quiet, choice or standards.side_choice())] = "quiet"
    mapped = _mapped(roads, wanted)
    slow = limit <= settings.with_traffic_limit_kmh
    for name, fine in (("unmarked", slow), ("marked", True), ("signals", True)):
        kind[(mapped == name) & fine] = name
    kind[limit > settings.crossing_limit_kmh] = ""
    return kind


def _mapped(roads: Roads, wanted: BoolArray) -> NDArray[np.object_]:
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


def _in_bends(roads: Roads, road_edges: IntArray, wanted: BoolArray, choice: SideChoice) -> BoolArray:
    """Whether a road turns within the length of a bend about a node, to either side of it."""
    graph = roads.graph
    bend = np.zeros(len(wanted), dtype=bool)
    lines = roads.ways.geometry.to_numpy()
    for edge in road_edges[wanted[graph.edge_from[road_edges]] | wanted[graph.edge_to[road_edges]]]:
        line, start = lines[graph.edge_way[edge]], graph.edge_start_m[edge]
        for node, chainage in (
            (graph.edge_from[edge], start),
            (graph.edge_to[edge], start + graph.edge_length_m[edge]),
        ):
            if wanted[node] and not bend[node]:
                bend[node] = turns_within(line, chainage, chainage, choice)
    return bend
