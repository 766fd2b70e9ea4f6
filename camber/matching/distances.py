"""Network distances between the ends of edges that runs pass one after the other, kept with the roads.

The table begins empty and grows with what was run, whatever the size of the extract: a pair of edges is
measured once, by a bounded search from the ends of the first. What it answers does not depend on what it was
asked before: distances beyond the reach of a question count as none, also where the table knows them.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numba
import numpy as np

from camber import network

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.matching.candidates import EdgeCandidates
    from camber.schema import RoadGraph

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    ShortArray = NDArray[np.int32]

    _Values = TypeVar("_Values", FloatArray, IntArray)

_FIRST_LIMIT_M = 100.0
"""Searches go this far, or to a double, four times … of it: the least that is asked at 1 Hz [m]."""


class Pairs(NamedTuple):
    """Distances between the candidate edges of neighbouring fixes.

    Parameters
    ----------
    row : ndarray of int32, shape (m,)
        For each step that starts no section, each candidate before and each candidate now (in this order),
        the row of their edges in ``between_m``.
    between_m : ndarray of float64, shape (n_rows, 4)
        Shortest distance [m] along the network from the start or end of the first edge to the start or end
        of the second: start-start, start-end, end-start, end-end.
    reach_m : float
        Longer distances than this count as none [m].
    """

    row: NDArray[np.int32]
    between_m: NDArray[np.float64]
    reach_m: float


class EdgeDistances:
    """A growing table of the distances between edges; safe to share between threads.

    Parameters
    ----------
    graph : RoadGraph
        The roads.
    """

    def __init__(self, graph: RoadGraph) -> None:
        self._graph = graph
        self._room = network.scratch(len(graph.node_first_edge) - 1)
        self._lock = Lock()
        # Pairs: a hash table with open addressing, and by row the distances and how far was searched.
        self._pairs = 0
        self._key, self._slot = np.zeros(1024, dtype=np.int64), np.zeros(1024, dtype=np.int32)
        self._between_m, self._known_m = np.empty((512, 4)), np.empty(512)
        # Nodes: where the entries of each begin and end, and how far was searched.
        self._reached = 0
        self._first, self._end = np.zeros((2, len(self._room.place)), dtype=np.int64)
        self._limit_m = np.zeros(len(self._room.place))
        self._target, self._distance_m = np.empty(4096, dtype=np.int64), np.empty(4096)

    def __len__(self) -> int:
        """Count the pairs of edges known so far."""
        return self._pairs

    def pairs(self, candidates: EdgeCandidates, starts: NDArray[np.bool_], reach_m: float) -> Pairs:
        """Look up all pairs of candidates of neighbouring fixes.

        Parameters
        ----------
        candidates : EdgeCandidates
            Of each of ``n`` fixes.
        starts : ndarray of bool, shape (n,)
            True at the first fix of a section.
        reach_m : float
            Longest distance that matters [m].

        Returns
        -------
        Pairs
            Rows of the table, which later calls lengthen but do not change.
        """
        limit_m = _FIRST_LIMIT_M
        while limit_m < reach_m:
            limit_m *= 2.0
        asked = (candidates.number, candidates.edge, starts, len(self._graph.edge_from))
        with self._lock:
            row, unknown = _look_up(*asked, limit_m, self._key, self._slot, self._known_m)
            if unknown:
                self._learn(_keys(row, unknown, *asked), limit_m)
                row, _ = _look_up(*asked, limit_m, self._key, self._slot, self._known_m)
            return Pairs(row, self._between_m, float(reach_m))

    def _learn(self, keys: IntArray, limit_m: float) -> None:
        """Measure the pairs of these keys, all different and none known as far as the limit."""
        graph = self._graph
        first, second = np.divmod(keys - 1, len(graph.edge_from))
        self._search_from(np.unique([graph.edge_from[first], graph.edge_to[first]]), limit_m)
        # Pairs that were searched for with a lower limit keep their row.
        size = self._pairs + len(keys)
        self._between_m = _with_room(self._between_m, self._pairs, size)
        self._known_m = _with_room(self._known_m, self._pairs, size)
        if 2 * size > len(self._key):
            longer = 2 ** int(np.ceil(np.log2(4 * size)))
            self._key, self._slot = _spread(self._key, self._slot, longer)
        self._pairs = _measure(
            keys, first, second, limit_m, graph.edge_from, graph.edge_to, self._first, self._end,
            self._target, self._distance_m, self._key, self._slot, self._between_m, self._known_m,
            self._pairs,
        )  # fmt: skip

    def _search_from(self, nodes: IntArray, limit_m: float) -> None:
        """List the nodes within the limit of each of these, where that was not done before."""
        nodes = nodes[self._limit_m[nodes] < limit_m]
        found = network.bounded_distances(network.edges_of(self._graph), nodes, limit_m, self._room)
        begin, size = self._reached, self._reached + len(found.target)
        self._target = _with_room(self._target, begin, size)
        self._distance_m = _with_room(self._distance_m, begin, size)
        self._target[begin:size], self._distance_m[begin:size] = found.target, found.distance_m
        self._first[nodes], self._end[nodes] = begin + found.first[:-1], begin + found.first[1:]
        self._limit_m[nodes], self._reached = limit_m, size


def _with_room(values: _Values, used: int, size: int) -> _Values:
    """Copy what is used into an array at least twice as long, where the size does not fit."""
    if size <= len(values):
        return values
    longer = np.empty((max(size, 2 * len(values)), *values.shape[1:]), dtype=values.dtype)
    longer[:used] = values[:used]
    return longer


@numba.njit(cache=True)
def _look_up(
    count: IntArray, edge: IntArray, starts: NDArray[np.bool_], edges: int, limit: float,
    key: IntArray, slot: ShortArray, known: FloatArray,
) -> tuple[ShortArray, int]:  # fmt: skip
    """Find the rows of all pairs; -1, and counted, where too little is known."""
    n, total = len(count), 0
    for i in range(1, n):
        if not starts[i]:
            total += count[i - 1] * count[i]
    rows, m, unknown = np.empty(total, dtype=np.int32), 0, 0
    for i in range(1, n):
        if starts[i]:
            continue
        for a in range(count[i - 1]):
            base = edge[i - 1, a] * edges + 1
            for b in range(count[i]):
                place = _place(key, base + edge[i, b])
                row = slot[place]
                if key[place] == 0 or known[row] < limit:
                    row = -1
                    unknown += 1
                rows[m] = row
                m += 1
    return rows, unknown


@numba.njit(cache=True)
def _keys(
    rows: ShortArray, unknown: int, count: IntArray, edge: IntArray, starts: NDArray[np.bool_], edges: int
) -> IntArray:
    """List the pairs that have no row, as keys, each of them once."""
    size = 2
    while size < 2 * unknown:
        size *= 2
    seen, keys, found, m = np.zeros(size, dtype=np.int64), np.empty(unknown, dtype=np.int64), 0, 0
    for i in range(1, len(count)):
        if starts[i]:
            continue
        for a in range(count[i - 1]):
            for b in range(count[i]):
                if rows[m] < 0:
                    key = edge[i - 1, a] * edges + edge[i, b] + 1
                    place = _place(seen, key)
                    if seen[place] == 0:
                        seen[place] = keys[found] = key
                        found += 1
                m += 1
    return keys[:found]


@numba.njit(cache=True)
def _place(keys: IntArray, key: int) -> int:
    """Find where a key lies in the hash table, or where it would go."""
    # Multiplicative hashing with the golden ratio (Knuth, The Art of Computer Programming 3, section 6.4).
    mask = len(keys) - 1
    place = int((np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(33)) & mask
    while keys[place] not in (0, key):
        place = (place + 1) & mask
    return place


@numba.njit(cache=True)
def _spread(keys: IntArray, slots: ShortArray, size: int) -> tuple[IntArray, ShortArray]:
    """Move a hash table into a larger one."""
    larger_keys, larger_slots = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int32)
    for old in range(len(keys)):
        if keys[old] != 0:
            place = _place(larger_keys, keys[old])
            larger_keys[place], larger_slots[place] = keys[old], slots[old]
    return larger_keys, larger_slots


@numba.njit(cache=True)
def _measure(
    keys: IntArray, first: IntArray, second: IntArray, limit: float, edge_from: IntArray, edge_to: IntArray,
    row_first: IntArray, row_end: IntArray, target: IntArray, distance: FloatArray,
    key: IntArray, slot: ShortArray, between: FloatArray, known: FloatArray, pairs: int,
) -> int:  # fmt: skip
    """Write the distances of pairs whose nodes were searched from; returns the number of pairs known."""
    for p in range(len(keys)):
        place = _place(key, keys[p])
        if key[place] == 0:
            key[place], slot[place] = keys[p], pairs
            pairs += 1
        row = slot[place]
        start, end = edge_from[second[p]], edge_to[second[p]]
        for side in range(2):
            node = edge_from[first[p]] if side == 0 else edge_to[first[p]]
            to_start, to_end = np.inf, np.inf
            for entry in range(row_first[node], row_end[node]):
                if target[entry] == start:
                    to_start = distance[entry]
                if target[entry] == end:
                    to_end = distance[entry]
            between[row, 2 * side], between[row, 2 * side + 1] = to_start, to_end
        known[row] = limit
    return pairs
