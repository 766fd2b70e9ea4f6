"""Which ways round there are between places of a route: shortest paths over a network of its own.

Arrays in, arrays out. A node of the network may be closed to passing: a path may begin or end there, but not
lead through it. A road that must not be crossed is such a node, and a path that comes to it from one side
cannot go on at the other. Closed nodes are cut into one end for each edge, so that plain shortest paths keep
to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from camber.network import Edges, bounded_distances, edges_by_node, route

if TYPE_CHECKING:
    from numpy.typing import NDArray

    BoolArray = NDArray[np.bool_]
    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]


class CutNetwork(NamedTuple):
    """Edges between ends; an open node is one end, a closed one an end for each of its edges.

    Parameters
    ----------
    edge_from, edge_to : ndarray of int64, shape (n_edges,)
        Ends of each edge.
    length_m : ndarray of float64, shape (n_edges,)
        Length of each edge [m].
    end_first_edge, end_edge : ndarray of int64
        Edges by end, as `camber.network.edges_by_node` lists them.
    node : ndarray of int64, shape (n_ends,)
        Node that each end is, or is a part of.
    """

    edge_from: IntArray
    edge_to: IntArray
    length_m: FloatArray
    end_first_edge: IntArray
    end_edge: IntArray
    node: IntArray


class WaysRound(NamedTuple):
    """Pairs of places of a route with the shortest path between them; shape (n_pairs,) throughout.

    Parameters
    ----------
    leave, rejoin : ndarray of int64
        Places, by their position in the order of the route.
    leave_end, rejoin_end : ndarray of int64
        Ends of the network at which the path begins and ends.
    length_m : ndarray of float64
        Length of the path [m].
    """

    leave: IntArray
    rejoin: IntArray
    leave_end: IntArray
    rejoin_end: IntArray
    length_m: FloatArray


def cut_network(
    edge_from: IntArray, edge_to: IntArray, length_m: FloatArray, closed: BoolArray
) -> CutNetwork:
    """Cut the closed nodes of a network apart.

    Parameters
    ----------
    edge_from, edge_to : ndarray of int64, shape (n_edges,)
        Nodes of each edge.
    length_m : ndarray of float64, shape (n_edges,)
        Length of each edge [m].
    closed : ndarray of bool, shape (n_nodes,)
        Whether no path may lead through a node.

    Returns
    -------
    CutNetwork
        The network; edges keep their order.
    """
    node = np.concatenate([edge_from, edge_to])
    # An end of its own for each edge at a closed node; a shared one, by the node's number, else.
    key = np.where(closed[node], len(closed) + np.arange(len(node)), node)
    keys, end = np.unique(key, return_inverse=True)
    of_node = np.where(keys < len(closed), keys, node[np.maximum(keys - len(closed), 0)])
    ends = end.reshape(2, -1).astype(np.int64)
    by_end = edges_by_node(ends[0], ends[1], len(keys))
    return CutNetwork(ends[0], ends[1], np.asarray(length_m, dtype=float), *by_end, of_node.astype(np.int64))


def ways_round(
    network: CutNetwork, node: IntArray, at_m: FloatArray, *, longest_m: float, furthest_m: float
) -> WaysRound:
    """Find the shortest path from each place of a route to every later one, if it is no longer than allowed.

    Parameters
    ----------
    network : CutNetwork
        What may be run on.
    node : ndarray of int64, shape (n,)
        Node at each place of the route.
    at_m : ndarray of float64, shape (n,)
        Distance of each place from the start of the route [m], never falling.
    longest_m : float
        How much longer than the route between its ends a path may be [m].
    furthest_m : float
        Longest path that is looked for [m].

    Returns
    -------
    WaysRound
        Pairs with ``leave`` before ``rejoin``, in that order.
    """
    places = _places_by_end(network, node)
    sources = np.array(sorted(places), dtype=np.int64)
    found = bounded_distances(Edges(*network[:5]), sources, furthest_m)
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
    """Lay out the shortest path between two ends.

    Parameters
    ----------
    network : CutNetwork
        What may be run on.
    leave_end, rejoin_end : int
        Where it begins and ends.

    Returns
    -------
    edges : ndarray of int64
        Edges in the order of travel; empty where there is no path.
    directions : ndarray of int64
        +1 where the edge is run in its drawn direction, -1 against it.
    """
    return route(Edges(*network[:5]), leave_end, rejoin_end, np.inf)
