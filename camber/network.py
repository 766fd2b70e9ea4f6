"""The road graph as arrays: junctions and edges, bounded shortest distances, routes.

Arrays in, arrays out; metres. Edges run between junctions in the drawn direction of their way and are
searched in both directions, since a runner may run against the drawing and against traffic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]


class GraphArrays(NamedTuple):
    """Topology and geometry of ways, field by field as in `camber.schema.RoadGraph`.

    Parameters
    ----------
    node_xy : ndarray of float64, shape (n_nodes, 2)
        Positions of junctions and way ends [m].
    edge_way : ndarray of int64, shape (n_edges,)
        Position of the edge's way in the order given.
    edge_from, edge_to : ndarray of int64, shape (n_edges,)
        Node at which the edge starts and ends, in the drawn direction.
    edge_start_m, edge_length_m : ndarray of float64, shape (n_edges,)
        Chainage of the start on the way, and length [m].
    edge_first_vertex : ndarray of int64, shape (n_edges + 1,)
        First vertex of each edge.
    vertex_xy : ndarray of float64, shape (n_vertices, 2)
        Vertices of the edges [m]; the end of one edge is repeated as the start of the next.
    vertex_chainage_m : ndarray of float64, shape (n_vertices,)
        Chainage [m] of each vertex on its way.
    node_first_edge, node_edge : ndarray of int64
        Edges by node; an edge from a node to itself is listed twice.
    """

    node_xy: FloatArray
    edge_way: IntArray
    edge_from: IntArray
    edge_to: IntArray
    edge_start_m: FloatArray
    edge_length_m: FloatArray
    edge_first_vertex: IntArray
    vertex_xy: FloatArray
    vertex_chainage_m: FloatArray
    node_first_edge: IntArray
    node_edge: IntArray


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


def way_chainage(way_first_vertex: IntArray, vertex_xy: FloatArray) -> FloatArray:
    """Distance of every vertex from the start of its way, along the way.

    Parameters
    ----------
    way_first_vertex : ndarray of int64, shape (n_ways + 1,)
        First vertex of each way.
    vertex_xy : ndarray of float64, shape (n_vertices, 2)
        Vertices in the drawn order [m].

    Returns
    -------
    ndarray of float64, shape (n_vertices,)
        Chainage [m], 0 at the first vertex of each way.
    """
    chainage = np.zeros(len(vertex_xy))
    for way in range(len(way_first_vertex) - 1):
        first, end = way_first_vertex[way], way_first_vertex[way + 1]
        step = np.diff(vertex_xy[first:end], axis=0)
        # Summed way by way: one running sum over all ways would lose digits and depend on their order.
        chainage[first + 1 : end] = np.cumsum(np.hypot(step[:, 0], step[:, 1]))
    return chainage


def build_graph(way_first_vertex: IntArray, vertex_node: IntArray, vertex_xy: FloatArray) -> GraphArrays:
    """Cut ways into edges at junctions and way ends.

    A junction is a node that two ways share or that one way visits twice.

    Parameters
    ----------
    way_first_vertex : ndarray of int64, shape (n_ways + 1,)
        The vertices of way ``w`` are rows ``way_first_vertex[w]:way_first_vertex[w + 1]``, two at least.
    vertex_node : ndarray of int64, shape (n_vertices,)
        Identifier of the node at each vertex (any integers).
    vertex_xy : ndarray of float64, shape (n_vertices, 2)
        Positions [m]; equal for equal nodes.

    Returns
    -------
    GraphArrays
        Edges in the order of the ways and, on a way, of chainage; nodes in the order of their identifiers.
    """
    first, last = way_first_vertex[:-1], way_first_vertex[1:] - 1
    identifiers, node = np.unique(vertex_node, return_inverse=True)
    is_cut = np.bincount(node, minlength=len(identifiers))[node] > 1
    is_cut[first] = True
    is_cut[last] = True
    is_last = np.zeros(len(vertex_node), dtype=bool)
    is_last[last] = True
    cuts = np.flatnonzero(is_cut)
    starts_edge = ~is_last[cuts]
    start, end = cuts[:-1][starts_edge[:-1]], cuts[1:][starts_edge[:-1]]
    way_of_vertex = np.repeat(np.arange(len(first)), np.diff(way_first_vertex))
    vertex, edge_first_vertex = ranges(start, end + 1)
    chainage = way_chainage(way_first_vertex, vertex_xy)
    at_junction, junction = np.unique(node[cuts], return_inverse=True)
    number = np.full(len(identifiers), -1, dtype=np.int64)
    number[at_junction] = np.arange(len(at_junction))
    node_xy = np.empty((len(at_junction), 2))
    node_xy[junction] = vertex_xy[cuts]
    edge_from, edge_to = number[node[start]], number[node[end]]
    node_first_edge, node_edge = edges_by_node(edge_from, edge_to, len(at_junction))
    return GraphArrays(
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


def ranges(start: IntArray, stop: IntArray) -> tuple[IntArray, IntArray]:
    """List all integers of several half-open ranges, one range after the other.

    Parameters
    ----------
    start, stop : ndarray of int64, shape (n,)
        Each range from ``start`` up to and without ``stop``.

    Returns
    -------
    numbers : ndarray of int64
        The integers.
    first : ndarray of int64, shape (n + 1,)
        Where in ``numbers`` each range begins, and the end.
    """
    first = np.concatenate([[0], np.cumsum(stop - start)]).astype(np.int64)
    return np.arange(first[-1]) + np.repeat(start - first[:-1], stop - start), first


def edges_by_node(edge_from: IntArray, edge_to: IntArray, n_nodes: int) -> tuple[IntArray, IntArray]:
    """List the edges that touch each node.

    Parameters
    ----------
    edge_from, edge_to : ndarray of int64, shape (n_edges,)
        Nodes of each edge.
    n_nodes : int
        Number of nodes.

    Returns
    -------
    node_first_edge : ndarray of int64, shape (n_nodes + 1,)
        The edges of node ``n`` are ``node_edge[node_first_edge[n]:node_first_edge[n + 1]]``.
    node_edge : ndarray of int64
        Edges by node; an edge from a node to itself is listed twice.
    """
    node = np.stack([edge_from, edge_to], axis=1).ravel()
    edge = np.repeat(np.arange(len(edge_from), dtype=np.int64), 2)
    count = np.bincount(node, minlength=n_nodes)
    first = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    return first, edge[np.argsort(node, kind="stable")]


@njit(cache=True)
def connected_groups(n_nodes: int, first: IntArray, second: IntArray) -> IntArray:
    """Find the groups of nodes that pairs join, directly or through others.

    Union by smallest member with path halving (Tarjan & van Leeuwen 1984, J. ACM 31(2)).

    Parameters
    ----------
    n_nodes : int
        Number of nodes, 0 to ``n_nodes - 1``.
    first, second : ndarray of int64, shape (n_pairs,)
        The pairs that are joined.

    Returns
    -------
    ndarray of int64, shape (n_nodes,)
        Smallest member of each node's group.
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

    Parameters
    ----------
    n_nodes : int
        Number of nodes of the graph.

    Returns
    -------
    Scratch
        Zeros, of which the system hands out only the pages that a search touches: a short search costs the
        same in a large graph as in a small one.
    """
    distance, integers = np.zeros(n_nodes), [np.zeros(n_nodes, dtype=np.int64) for _ in range(5)]
    return Scratch(distance, *integers)


@njit(cache=True)
def _sift_up(heap: IntArray, place: IntArray, distance: FloatArray, position: int) -> None:
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


@njit(cache=True)
def _sift_down(heap: IntArray, place: IntArray, distance: FloatArray, size: int) -> None:
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


@njit(cache=True)
def search(
    edge_from: IntArray,
    edge_to: IntArray,
    edge_cost_m: FloatArray,
    node_first_edge: IntArray,
    node_edge: IntArray,
    source: int,
    goal: int,
    limit_m: float,
    room: Scratch,
) -> int:
    """Settle the nodes around a source, nearest first; a kernel, for kernels.

    Dijkstra (1959, Numerische Mathematik 1, 269-271) with a binary heap in place. Deterministic: of equally
    short paths the first in the order of ``node_edge`` is kept.

    Parameters
    ----------
    edge_from, edge_to : ndarray of int64, shape (n_edges,)
        Nodes of each edge.
    edge_cost_m : ndarray of float64, shape (n_edges,)
        Cost of each edge [m], not negative; infinite for a closed edge.
    node_first_edge, node_edge : ndarray of int64
        Edges by node, as `build_graph` returns them.
    source, goal : int
        Where to start, and the node to stop at; -1 for none.
    limit_m : float
        Longest distance [m] that is looked at, included.
    room : Scratch
        Working memory; the answer lies in its ``settled``, ``distance_m``, ``via`` and ``before``.

    Returns
    -------
    int
        Number of nodes settled.
    """
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
            cost = distance[node] + edge_cost_m[edge]
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


@njit(cache=True)
def _table(
    edge_from: IntArray,
    edge_to: IntArray,
    edge_cost_m: FloatArray,
    node_first_edge: IntArray,
    node_edge: IntArray,
    sources: IntArray,
    limit_m: float,
    room: Scratch,
) -> tuple[IntArray, IntArray, FloatArray, IntArray, IntArray]:
    first = np.zeros(len(sources) + 1, dtype=np.int64)
    rows = np.empty((max(16, 8 * len(sources)), 3), dtype=np.int64)
    costs = np.empty(len(rows))
    for s in range(len(sources)):
        count = search(
            edge_from, edge_to, edge_cost_m, node_first_edge, node_edge, sources[s], -1, limit_m, room
        )
        start = first[s]
        if start + count > len(rows):
            size = 2 * (start + count)
            longer_rows, longer_costs = np.empty((size, 3), dtype=np.int64), np.empty(size)
            longer_rows[:start], longer_costs[:start] = rows[:start], costs[:start]
            rows, costs = longer_rows, longer_costs
        for k in range(count):
            node = room.settled[k]
            rows[start + k, 0], rows[start + k, 1], rows[start + k, 2] = (
                node,
                room.via[node],
                room.before[node],
            )
            costs[start + k] = room.distance_m[node]
        first[s + 1] = start + count
    end = first[-1]
    return first, rows[:end, 0].copy(), costs[:end].copy(), rows[:end, 1].copy(), rows[:end, 2].copy()


def bounded_distances(
    edge_from: IntArray,
    edge_to: IntArray,
    edge_cost_m: FloatArray,
    node_first_edge: IntArray,
    node_edge: IntArray,
    sources: IntArray,
    limit_m: float,
    room: Scratch | None = None,
) -> Distances:
    """Shortest distances from some nodes to all nodes within a limit, over edges taken in both directions.

    Dijkstra (1959, Numerische Mathematik 1, 269-271) from each source. Deterministic: of equally short paths
    the first in the order of ``node_edge`` is kept.

    Parameters
    ----------
    edge_from, edge_to : ndarray of int64, shape (n_edges,)
        Nodes of each edge.
    edge_cost_m : ndarray of float64, shape (n_edges,)
        Cost of each edge [m], not negative; infinite for a closed edge.
    node_first_edge, node_edge : ndarray of int64
        Edges by node, as `build_graph` returns them.
    sources : ndarray of int64, shape (n_sources,)
        Nodes from which distances are wanted.
    limit_m : float
        Longest distance [m] that is listed, included.
    room : Scratch, optional
        Working memory, for callers that search often.

    Returns
    -------
    Distances
        One block of rows per source.
    """
    return Distances(
        *_table(
            edge_from,
            edge_to,
            edge_cost_m,
            node_first_edge,
            node_edge,
            np.ascontiguousarray(sources, dtype=np.int64),
            float(limit_m),
            room or scratch(len(node_first_edge) - 1),
        )
    )


@njit(cache=True)
def _route(
    edge_from: IntArray,
    edge_to: IntArray,
    edge_cost_m: FloatArray,
    node_first_edge: IntArray,
    node_edge: IntArray,
    from_node: int,
    to_node: int,
    limit_m: float,
    room: Scratch,
) -> tuple[IntArray, IntArray]:
    count = search(
        edge_from, edge_to, edge_cost_m, node_first_edge, node_edge, from_node, to_node, limit_m, room
    )
    via, before = room.via, room.before
    if room.settled[count - 1] != to_node:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    length, node = 0, to_node
    while before[node] >= 0:
        length, node = length + 1, before[node]
    edges, directions = np.empty(length, dtype=np.int64), np.empty(length, dtype=np.int64)
    node = to_node
    for k in range(length - 1, -1, -1):
        edges[k] = via[node]
        directions[k] = 1 if edge_from[via[node]] == before[node] else -1
        node = before[node]
    return edges, directions


def route(
    edge_from: IntArray,
    edge_to: IntArray,
    edge_cost_m: FloatArray,
    node_first_edge: IntArray,
    node_edge: IntArray,
    from_node: int,
    to_node: int,
    limit_m: float,
    room: Scratch | None = None,
) -> tuple[IntArray, IntArray]:
    """Shortest path between two nodes, over edges taken in both directions.

    Parameters
    ----------
    edge_from, edge_to : ndarray of int64, shape (n_edges,)
        Nodes of each edge.
    edge_cost_m : ndarray of float64, shape (n_edges,)
        Cost of each edge [m], not negative; infinite for a closed edge.
    node_first_edge, node_edge : ndarray of int64
        Edges by node, as `build_graph` returns them.
    from_node, to_node : int
        Start and goal.
    limit_m : float
        Longest path [m] that is accepted, included.
    room : Scratch, optional
        Working memory, for callers that search often.

    Returns
    -------
    edges : ndarray of int64
        Edges in the order of travel; empty where start and goal are one, or no path within the limit exists.
    directions : ndarray of int64
        +1 where the edge is run in its drawn direction, -1 against it.
    """
    edges, directions = _route(
        edge_from,
        edge_to,
        edge_cost_m,
        node_first_edge,
        node_edge,
        from_node,
        to_node,
        float(limit_m),
        room or scratch(len(node_first_edge) - 1),
    )
    return edges, directions
