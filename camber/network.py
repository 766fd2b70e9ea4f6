"""The road graph as arrays: junctions and edges, bounded shortest distances, routes.

Arrays in, arrays out; metres. Edges run between junctions in the drawn direction of their way and are
searched in both directions, since a runner may run against the drawing and against traffic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numba import njit

from camber.kernels import NONE, compiled_once, inner_kernel
from camber.schema import RoadGraph

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]


class Edges(NamedTuple):
    """Edges as a search goes over them, each in both directions.

    Parameters
    ----------
    edge_from, edge_to : ndarray of int64, shape (n_edges,)
        Nodes of each edge.
    cost_m : ndarray of float64, shape (n_edges,)
        Cost of each edge [m], not negative; infinite for a closed edge.
    node_first_edge, node_edge : ndarray of int64
        Edges by node, as `edges_by_node` lists them.
    """

    edge_from: IntArray
    edge_to: IntArray
    cost_m: FloatArray
    node_first_edge: IntArray
    node_edge: IntArray


def edges_of(graph: RoadGraph, cost_m: FloatArray | None = None) -> Edges:
    """Edges of the roads, at their length or at these costs [m], shape (n_edges,)."""
    cost_m = graph.edge_length_m if cost_m is None else cost_m
    return Edges(graph.edge_from, graph.edge_to, cost_m, graph.node_first_edge, graph.node_edge)


class Distances(NamedTuple):
    """Shortest distances from each source to every node within a limit.

    Parameters
    ----------
    first : ndarray of int64, shape (n_sources + 1,)
        The entries of source ``s`` are rows ``first[s]:first[s + 1]``, nearest first, the source itself at 0.
    target : ndarray of int64
        Node reached.
    distance_m : ndarray of float64
        Cost of the shortest path to it [m].
    via_edge : ndarray of int64
        Last edge of that path; -1 for the source itself.
    predecessor : ndarray of int64
        Node before the last edge; -1 for the source itself.
    """

    first: IntArray
    target: IntArray
    distance_m: FloatArray
    via_edge: IntArray
    predecessor: IntArray


def build_graph(way_first_vertex: IntArray, vertex_node: IntArray, vertex_xy: FloatArray) -> RoadGraph:
    """Cut ways into edges at junctions and way ends.

    A junction is a node that two ways share or that one way visits twice. A part of a way that comes back to
    where it began is cut at up to three vertices more, so that no edge has both ends at one node: places on
    an edge, and ways between them, are then never ambiguous. The vertices of way ``w`` are rows
    ``way_first_vertex[w]:way_first_vertex[w + 1]``, two at least, each with the identifier of its node and
    its position [m], shape (n_vertices, 2). Edges come in the order of the ways and, on a way, of chainage;
    nodes in the order of their identifiers.
    """
    first, last = way_first_vertex[:-1], way_first_vertex[1:] - 1
    identifiers, node = np.unique(vertex_node, return_inverse=True)
    is_cut = np.bincount(node, minlength=len(identifiers))[node] > 1
    is_cut[first] = True
    is_cut[last] = True
    is_last = np.zeros(len(vertex_node), dtype=bool)
    is_last[last] = True
    chainage = _way_chainage(way_first_vertex, vertex_xy)
    start, end = _between_cuts(is_cut, is_last)
    for closed in np.flatnonzero(node[start] == node[end]).tolist():
        is_cut[_quarters(start[closed], end[closed], chainage)] = True
    start, end = _between_cuts(is_cut, is_last)
    cuts = np.flatnonzero(is_cut)
    way_of_vertex = np.repeat(np.arange(len(first)), np.diff(way_first_vertex))
    vertex, edge_first_vertex = ranges(start, end + 1)
    at_junction, junction = np.unique(node[cuts], return_inverse=True)
    number = np.full(len(identifiers), -1, dtype=np.int64)
    number[at_junction] = np.arange(len(at_junction))
    node_xy = np.empty((len(at_junction), 2))
    node_xy[junction] = vertex_xy[cuts]
    edge_from, edge_to = number[node[start]], number[node[end]]
    node_first_edge, node_edge = edges_by_node(edge_from, edge_to, len(at_junction))
    return RoadGraph(
        node_xy=node_xy,
        edge_way=way_of_vertex[start].astype(np.int64),
        edge_from=edge_from,
        edge_to=edge_to,
        edge_start_m=chainage[start],
        edge_length_m=chainage[end] - chainage[start],
        edge_first_vertex=edge_first_vertex,
        vertex_xy=vertex_xy[vertex],
        vertex_chainage_m=chainage[vertex],
        node_first_edge=node_first_edge,
        node_edge=node_edge,
    )


def _between_cuts(is_cut: NDArray[np.bool_], is_last: NDArray[np.bool_]) -> tuple[IntArray, IntArray]:
    """First and last vertex of each edge, for vertices at which ways are cut, and those that end a way."""
    cuts = np.flatnonzero(is_cut)
    starts_edge = ~is_last[cuts][:-1]
    return cuts[:-1][starts_edge], cuts[1:][starts_edge]


def _quarters(start: int, end: int, chainage: FloatArray) -> IntArray:
    """Up to three vertices strictly between two others, about a quarter of the length apart."""
    inner = np.arange(start + 1, end)
    if len(inner) <= 3:
        return inner
    wanted = chainage[start] + (chainage[end] - chainage[start]) * np.array([0.25, 0.5, 0.75])
    nearest = start + 1 + np.abs(chainage[inner] - wanted[:, np.newaxis]).argmin(axis=1)
    return np.unique(nearest)


def _way_chainage(way_first_vertex: IntArray, vertex_xy: FloatArray) -> FloatArray:
    """Distance of every vertex from the start of its way, along the way [m]."""
    chainage = np.zeros(len(vertex_xy))
    for way in range(len(way_first_vertex) - 1):
        first, end = way_first_vertex[way], way_first_vertex[way + 1]
        step = np.diff(vertex_xy[first:end], axis=0)
        # Summed way by way: one running sum over all ways would lose digits and depend on their order.
        chainage[first + 1 : end] = np.cumsum(np.hypot(step[:, 0], step[:, 1]))
    return chainage


def ranges(start: IntArray, stop: IntArray) -> tuple[IntArray, IntArray]:
    """List the integers of half-open ranges, one after the other, and where among them each range begins."""
    first = np.concatenate([[0], np.cumsum(stop - start)]).astype(np.int64)
    return np.arange(first[-1]) + np.repeat(start - first[:-1], stop - start), first


def edges_by_node(edge_from: IntArray, edge_to: IntArray, n_nodes: int) -> tuple[IntArray, IntArray]:
    """List the edges that touch each node: ``node_first_edge``, shape (n_nodes + 1,), and ``node_edge``.

    Those of node ``n`` are ``node_edge[node_first_edge[n]:node_first_edge[n + 1]]``; an edge from a node to
    itself is listed twice.
    """
    node = np.stack([edge_from, edge_to], axis=1).ravel()
    edge = np.repeat(np.arange(len(edge_from), dtype=np.int64), 2)
    count = np.bincount(node, minlength=n_nodes)
    first = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    return first, edge[np.argsort(node, kind="stable")]


def goes_through(graph: RoadGraph) -> NDArray[np.bool_]:
    """Tell the nodes at which one way goes on and nothing meets it, as on a ring: no junctions."""
    first = graph.node_first_edge[:-1][np.diff(graph.node_first_edge) == 2]
    way = graph.edge_way[graph.node_edge]
    through = np.zeros(len(graph.node_xy), dtype=bool)
    through[np.diff(graph.node_first_edge) == 2] = way[first] == way[first + 1]
    return through


def ends_and_junctions(graph: RoadGraph) -> NDArray[np.bool_]:
    """Tell the nodes that are an end of a way or a junction: all but those at which a ring was cut."""
    kept = ~goes_through(graph)
    kept[graph.edge_from[graph.edge_start_m == 0.0]] = True
    return kept


def links(graph: RoadGraph) -> IntArray:
    """Give edges that only go on into each other, between two junctions, one number: the least of them."""
    first = graph.node_first_edge[:-1][goes_through(graph)]
    return connected_groups(len(graph.edge_way), graph.node_edge[first], graph.node_edge[first + 1])


@compiled_once
@njit(cache=True)
def connected_groups(n_nodes: int, first: IntArray, second: IntArray) -> IntArray:
    """Smallest member of the group of each node; pairs ``first``, ``second`` join nodes into groups.

    Union by smallest member with path halving (Tarjan & van Leeuwen 1984, J. ACM 31(2)).
    """
    parent = np.arange(n_nodes)
    for pair in range(len(first)):
        a, b = first[pair], second[pair]
        while parent[a] != a:
            parent[a] = parent[parent[a]]
            a = parent[a]
        while parent[b] != b:
            parent[b] = parent[parent[b]]
            b = parent[b]
        if a != b:
            parent[max(a, b)] = min(a, b)
    for node in range(n_nodes):
        # A parent is never larger than its child, so it is final when its child is reached.
        parent[node] = parent[parent[node]]
    return parent


class Scratch(NamedTuple):
    """Working memory of a search, one entry per node; a search leaves ``place`` as it found it, zero.

    Parameters
    ----------
    distance_m : ndarray of float64, shape (n_nodes,)
        Cost of the best path so far, of the nodes that were seen.
    via, before : ndarray of int64, shape (n_nodes,)
        Its last edge, and the node before that.
    place : ndarray of int64, shape (n_nodes,)
        0 unseen, -1 settled, else the position in the heap, counted from 1.
    heap, settled : ndarray of int64, shape (n_nodes,)
        Nodes to be looked at, and those done, nearest first.
    """

    distance_m: FloatArray
    via: IntArray
    before: IntArray
    place: IntArray
    heap: IntArray
    settled: IntArray


def scratch(n_nodes: int) -> Scratch:
    """Make room for a search.

    The system hands out only the pages that a search touches: a short one costs the same in a large graph.
    """
    return Scratch(np.zeros(n_nodes), *(np.zeros(n_nodes, dtype=np.int64) for _ in range(5)))


@inner_kernel
def _sift_up(heap: IntArray, place: IntArray, distance: FloatArray, position: int) -> None:
    """Move a node up the heap until the one above is as near."""
    node = heap[position]
    while position > 0:
        above = (position - 1) // 2
        if distance[heap[above]] <= distance[node]:
            break
        heap[position] = heap[above]
        place[heap[position]] = position + 1
        position = above
    heap[position] = node
    place[node] = position + 1


@inner_kernel
def _sift_down(heap: IntArray, place: IntArray, distance: FloatArray, size: int) -> None:
    """Move the top of a heap of this size down until both below are as far."""
    if size == 0:
        return
    node = heap[0]
    position = 0
    while 2 * position + 1 < size:
        below = 2 * position + 1
        if below + 1 < size and distance[heap[below + 1]] < distance[heap[below]]:
            below += 1
        if distance[node] <= distance[heap[below]]:
            break
        heap[position] = heap[below]
        place[heap[position]] = position + 1
        position = below
    heap[position] = node
    place[node] = position + 1


@inner_kernel
def _search(edges: Edges, source: int, goal: int, limit_m: float, room: Scratch) -> int:
    """Settle the nodes within the limit of a source, nearest first, up to a goal (-1: none); count them.

    Dijkstra (1959, Numerische Mathematik 1, 269-271) with a binary heap in place. Of equally short paths the
    first in the order of ``node_edge`` is kept. The answer lies in the working memory.
    """
    edge_from, edge_to, cost_m, node_first_edge, node_edge = edges
    distance, via, before, place, heap, settled = room
    distance[source], via[source], before[source] = 0.0, -1, -1
    heap[0], place[source], size, count = source, 1, 1, 0
    while size > 0:
        node = heap[0]
        size -= 1
        heap[0] = heap[size]
        _sift_down(heap, place, distance, size)
        place[node] = -1
        settled[count] = node
        count += 1
        if node == goal:
            break
        for row in range(node_first_edge[node], node_first_edge[node + 1]):
            edge = node_edge[row]
            other = edge_to[edge] if edge_from[edge] == node else edge_from[edge]
            cost = distance[node] + cost_m[edge]
            if place[other] == -1 or not cost <= limit_m:
                continue
            if place[other] == 0:
                size += 1
                place[other] = size
                heap[size - 1] = other
            elif not cost < distance[other]:
                continue
            distance[other], via[other], before[other] = cost, edge, node
            _sift_up(heap, place, distance, place[other] - 1)
    for left in range(size):
        place[heap[left]] = 0
    for done in range(count):
        place[settled[done]] = 0
    return count


def bounded_distances(
    edges: Edges, sources: IntArray, limit_m: float, room: Scratch | None = None
) -> Distances:
    """Shortest distances from some nodes to all within a limit [m], included; one block of rows per source.

    Callers that search often keep the working memory.
    """
    room = room or scratch(len(edges.node_first_edge) - 1)
    return _table(edges, np.ascontiguousarray(sources, dtype=np.int64), float(limit_m), room)


@compiled_once
@njit(cache=True)
def _table(edges: Edges, sources: IntArray, limit_m: float, room: Scratch) -> Distances:
    first, size = np.zeros(len(sources) + 1, dtype=np.int64), max(16, 8 * len(sources))
    target, via, before = np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.int64)
    cost = np.empty(size)
    for s in range(len(sources)):
        count, start = _search(edges, sources[s], NONE, limit_m, room), first[s]
        if start + count > size:
            size = 2 * (start + count)
            target, via = _resized(target, start, size), _resized(via, start, size)
            before, cost = _resized(before, start, size), _resized(cost, start, size)
        for k in range(count):
            node = room.settled[k]
            target[start + k], cost[start + k] = node, room.distance_m[node]
            via[start + k], before[start + k] = room.via[node], room.before[node]
        first[s + 1] = start + count
    end = first[-1]
    return Distances(
        first, _resized(target, end, end), _resized(cost, end, end), _resized(via, end, end),
        _resized(before, end, end),
    )  # fmt: skip


@inner_kernel
def _resized(values: NDArray[Any], count: int, size: int) -> NDArray[Any]:
    """Copy the first values into an array of another size."""
    resized = np.empty(size, values.dtype)
    for k in range(count):
        resized[k] = values[k]
    return resized


def route(
    edges: Edges, from_node: int, to_node: int, limit_m: float, room: Scratch | None = None
) -> tuple[IntArray, IntArray]:
    """Shortest path between two nodes: edges in the order of travel, and the direction of each.

    Directions are +1 where an edge is run as drawn, -1 against it. Empty where start and goal are one, or no
    path is within the limit [m], included.
    """
    room = room or scratch(len(edges.node_first_edge) - 1)
    path: tuple[IntArray, IntArray] = _route(edges, from_node, to_node, float(limit_m), room)
    return path


@compiled_once
@njit(cache=True)
def _route(
    edges: Edges, from_node: int, to_node: int, limit_m: float, room: Scratch
) -> tuple[IntArray, IntArray]:
    count = _search(edges, from_node, to_node, limit_m, room)
    via, before = room.via, room.before
    if room.settled[count - 1] != to_node:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    length, node = 0, to_node
    while before[node] >= 0:
        length, node = length + 1, before[node]
    path, directions = np.empty(length, dtype=np.int64), np.empty(length, dtype=np.int64)
    node = to_node
    for k in range(length - 1, -1, -1):
        path[k] = via[node]
        directions[k] = 1 if edges.edge_from[via[node]] == before[node] else -1
        node = before[node]
    return path, directions
