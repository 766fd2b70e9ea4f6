"""Roads from and to graphs of osmnx, the tool that people know for OpenStreetMap streets.

osmnx itself is not needed here: its graphs are networkx graphs with agreed attributes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from pyproj import Transformer

from camber.conventions import WGS84
from camber.errors import NoRoadsError, RoadsError
from camber.roads.crossings import tells_crossing
from camber.roads.raw_ways import RawWays, clean_ways, left_out
from camber.roads.road_set import roads_from_raw_ways
from camber.roads.tags import format_tags, is_for_running

if TYPE_CHECKING:
    from collections.abc import Hashable

    import networkx as nx  # type: ignore[import-untyped]

    from camber.schema import Roads

SOURCE: Final = "osmnx graph"
_TURNED: Final = ("-1", "reverse", "T")
"""Values of ``oneway`` with which osmnx draws a way the other way round (its ``graph._add_paths``)."""

_GAP: Final = -1
_NO_NODE: Final = np.iinfo(np.int64).min
_HOW: Final = (
    "build the graph with osmnx.graph.graph_from_place(..., simplify=False, retain_all=True), or "
    "graph_from_xml(..., bidirectional=True, simplify=False, retain_all=True) from a file"
)


def roads_from_osmnx(graph: nx.MultiDiGraph, *, country: str | None = None) -> Roads:
    """Take the roads of an unsimplified osmnx graph.

    Edges are joined to their ways again, in the drawn direction. What osmnx did not keep cannot come back: by
    default it keeps no sidewalk and no surface tags, and of crossings only that they are there (extend
    ``osmnx.settings.useful_tags_way`` and ``useful_tags_node`` before building the graph). It loses at which
    node a closed way starts. A bidirectional graph (``network_type="walk"`` is one) does not tell which ways
    are one-way, but for roundabouts, and so not which two ways are the directions of one street; any other
    has ways tagged ``oneway=-1`` turned round, which swaps their sides. With
    ``osmnx.settings.all_oneway = True`` both are kept.

    Parameters
    ----------
    graph : networkx.MultiDiGraph
        Graph built with ``simplify=False``, node ``x`` and ``y`` in its ``crs``, edge ``osmid``.
    country : str, optional
        ISO 3166-1 alpha-2 code that overrides the place of every way, and with it the traffic side.

    Returns
    -------
    Roads
        As `camber.read_roads` gives for the same data, as far as osmnx kept it.

    Raises
    ------
    RoadsError
        If the graph is simplified, which merges ways drawn in opposite directions, or is no osmnx graph.
    NoRoadsError
        If it holds no road or path that a runner could use.
    """
    _refuse_simplified(graph)
    try:
        raw = _raw_ways(graph)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        text = f"this is no osmnx graph ({type(error).__name__}: {error}); {_HOW}."
        raise RoadsError(text, path=SOURCE) from error
    if not len(raw.way_id):
        raise NoRoadsError(f"holds no road or path that a runner could use; {_HOW}.", path=SOURCE)
    return roads_from_raw_ways(clean_ways(raw, path=SOURCE), source=SOURCE, country=country)


def _refuse_simplified(graph: nx.MultiDiGraph) -> None:
    attributes = getattr(graph, "graph", {})
    merged = attributes.get("simplified", False) or any(
        "geometry" in data or isinstance(data.get("osmid"), list)
        for _, _, data in getattr(graph, "edges", lambda **_: ())(data=True)
    )
    if merged:
        raise RoadsError(
            "the graph is simplified: ways drawn in opposite directions have been merged, and with them left "
            f"and right; {_HOW}.",
            path=SOURCE,
        )


def _raw_ways(graph: nx.MultiDiGraph) -> RawWays:
    number = {node: row for row, node in enumerate(graph.nodes)}
    node_id = np.array([*map(int, graph.nodes), _NO_NODE], dtype=np.int64)
    segments: dict[int, dict[tuple[int, int], None]] = {}
    tags: dict[int, dict[str, str]] = {}
    forward: dict[int, bool] = {}
    for start, end, data in graph.edges(data=True):
        way = int(data["osmid"])
        # osmnx turns such ways round and says so in nothing but the tag, where it keeps that.
        turned = bool(data.get("reversed", False)) != (data.get("oneway") in _TURNED)
        a, b = number[start], number[end]
        segments.setdefault(way, {})[(b, a) if turned else (a, b)] = None
        tags[way] = _tags_of_edge(data)
        forward[way] = forward.get(way, False) or not turned
    wanted = [way for way in segments if is_for_running(tags[way])]
    chains = [_chain(list(segments[way])) for way in wanted]
    row = np.array([node for chain in chains for node in chain], dtype=np.int64)
    longitude, latitude = _places(graph)
    for way in wanted:
        if tags[way].get("oneway") == "yes" and not forward[way]:
            tags[way]["oneway"] = "-1"
    return RawWays(
        way_id=np.array(wanted, dtype=np.int64),
        tags=tuple(tags[way] for way in wanted),
        first=np.concatenate([[0], np.cumsum([len(chain) for chain in chains])]).astype(np.int64),
        node_id=node_id[row],
        longitude_deg=longitude[row],
        latitude_deg=latitude[row],
        problems=left_out(sum("highway" in way and not is_for_running(way) for way in tags.values())),
        node_tags=_tags_of_nodes(graph),
    )


def _tags_of_nodes(graph: nx.MultiDiGraph) -> dict[int, dict[str, str]]:
    tags = {
        int(node): {key: value for key, value in data.items() if isinstance(value, str)}
        for node, data in graph.nodes(data=True)
    }
    return {node: about for node, about in tags.items() if tells_crossing(about)}


def _tags_of_edge(data: dict[str, Any]) -> dict[str, str]:
    """Tags are text in osmnx; its own attributes are not, but for ``oneway``, which it overwrites."""
    tags = {key: value for key, value in data.items() if isinstance(value, str)}
    if data.get("oneway") is True:
        tags["oneway"] = "yes"
    return tags


def _places(graph: nx.MultiDiGraph) -> tuple[np.ndarray, np.ndarray]:
    """Longitude and latitude of the nodes [deg], with one more without a place: the gap in a torn way."""
    x = np.array([float(data["x"]) for _, data in graph.nodes(data=True)])
    y = np.array([float(data["y"]) for _, data in graph.nodes(data=True)])
    longitude, latitude = Transformer.from_crs(graph.graph["crs"], WGS84, always_xy=True).transform(x, y)
    return np.append(longitude, np.nan), np.append(latitude, np.nan)


def _chain(segments: list[tuple[int, int]]) -> list[int]:
    """Nodes of a way in the drawn order, from its segments in any order (Hierholzer 1873).

    A way torn apart, because the graph was cut, gives its pieces with a gap between them.
    """
    onward: dict[int, list[int]] = {}
    surplus: dict[int, int] = {}
    for start, end in sorted(segments, reverse=True):
        onward.setdefault(start, []).append(end)
        surplus[start] = surplus.get(start, 0) + 1
        surplus[end] = surplus.get(end, 0) - 1
    starts = [node for node in sorted(onward) if surplus[node] > 0] + sorted(onward)
    chain: list[int] = []
    known = set(segments)
    for start in starts:
        if onward[start]:
            walk = _walk(onward, start)
            for before, after in zip([_GAP, *walk[:-1]], walk, strict=True):
                if (before, after) not in known and chain:
                    chain.append(_GAP)
                chain.append(after)
    return chain


def _walk(onward: dict[int, list[int]], start: int) -> list[int]:
    """Use up all segments that can be reached from a node, in one go where that is possible."""
    stack, walk = [start], []
    while stack:
        ahead = onward.get(stack[-1])
        if ahead:
            stack.append(ahead.pop())
        else:
            walk.append(stack.pop())
    return walk[::-1]


def roads_to_osmnx(roads: Roads) -> nx.MultiDiGraph:
    """Give the roads as a graph in the form of osmnx, unsimplified.

    Nodes are numbered from 0, since roads do not keep the ids of nodes; `roads_from_osmnx` takes the graph
    back. One-way streets have edges in the direction of traffic only, as in osmnx's own graphs.

    Parameters
    ----------
    roads : Roads
        A road set.

    Returns
    -------
    networkx.MultiDiGraph
        Nodes with ``x`` and ``y`` [deg] and ``street_count``; edges with ``osmid``, ``length`` [m],
        ``reversed`` (against the drawing), ``oneway`` and the tags of the way; graph attribute ``crs``.
    """
    import networkx as nx  # noqa: PLC0415 - slow to load, and wanted by few

    start, end, way, length = _segments(roads)
    graph = nx.MultiDiGraph(crs=WGS84, simplified=False, created_with="camber")
    graph.add_nodes_from(_nodes(roads, start, end))
    rows = [{str(key): value for key, value in row.items()} for row in roads.ways.to_dict("records")]
    tags = [format_tags(row) for row in rows]
    ways = roads.ways.index.tolist()
    edges: list[tuple[Hashable, Hashable, dict[str, Any]]] = []
    for a, b, position, metres in zip(
        start.tolist(), end.tolist(), way.tolist(), length.tolist(), strict=True
    ):
        oneway = rows[position]["oneway"]
        about = {**tags[position], "osmid": ways[position], "length": metres, "oneway": oneway != 0}
        if oneway >= 0:
            edges.append((a, b, {**about, "reversed": False}))
        if oneway <= 0:
            edges.append((b, a, {**about, "reversed": True}))
    graph.add_edges_from(edges)
    return graph


def _segments(roads: Roads) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Node at the start and the end, way and length of every straight segment."""
    graph = roads.graph
    first, last = graph.edge_first_vertex[:-1], graph.edge_first_vertex[1:] - 1
    node = np.full(len(graph.vertex_xy), -1, dtype=np.int64)
    node[first], node[last] = graph.edge_from, graph.edge_to
    inner = np.flatnonzero(node < 0)
    node[inner] = len(graph.node_xy) + np.arange(len(inner))
    begins = np.ones(len(node), dtype=bool)
    begins[last] = False
    at = np.flatnonzero(begins)
    way = np.repeat(graph.edge_way, last - first)
    return node[at], node[at + 1], way, graph.vertex_chainage_m[at + 1] - graph.vertex_chainage_m[at]


def _nodes(roads: Roads, start: np.ndarray, end: np.ndarray) -> list[tuple[int, dict[str, Any]]]:
    graph = roads.graph
    last = graph.edge_first_vertex[1:] - 1
    inner = np.ones(len(graph.vertex_xy), dtype=bool)
    inner[graph.edge_first_vertex[:-1]] = False
    inner[last] = False
    xy = np.concatenate([graph.node_xy, graph.vertex_xy[inner]])
    longitude, latitude = Transformer.from_crs(roads.crs, WGS84, always_xy=True).transform(xy[:, 0], xy[:, 1])
    streets = np.bincount(np.concatenate([start, end]), minlength=len(xy))
    return [
        (node, {"x": x, "y": y, "street_count": count})
        for node, (x, y, count) in enumerate(
            zip(longitude.tolist(), latitude.tolist(), streets.tolist(), strict=True)
        )
    ]
