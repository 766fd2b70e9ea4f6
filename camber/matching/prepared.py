"""What the matcher derives from a road set once and then keeps as long as the roads live.

The table of network distances begins empty and grows with what was run, whatever the size of the extract: a
pair of edges is measured once, by a bounded search from the ends of the first. What it answers does not
depend on what it was asked before: distances beyond the reach of a question count as none, also where the
table knows them.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numba import njit

from camber.kernels import compiled_once, inner_kernel
from camber.matching.candidates import EdgeGrid, edge_grid
from camber.network import bounded_distances, edges_of, scratch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.matching.candidates import EdgeCandidates
    from camber.network import Distances
    from camber.schema import MatchingSettings, RoadGraph, Roads

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    ShortArray = NDArray[np.int32]

_PREPARED: WeakKeyDictionary[Roads, PreparedRoads] = WeakKeyDictionary()
"""Beside the roads, not in them: they stay plain values that can be copied and sent to other processes."""

_MARGIN_M = 500.0
"""So much more than what was asked for is put into a grid [m]: the next run is often near (judgement)."""

_FIRST_LIMIT_M = 100.0
"""Searches go this far, or to a double, four times … of it: the least that is asked at 1 Hz [m]."""


def prepared(roads: Roads) -> PreparedRoads:
    """Look up what was derived from these roads, taken as never changed, or derive it now."""
    found = _PREPARED.get(roads)
    if found is None:
        found = _PREPARED[roads] = PreparedRoads(roads)
    return found


class EdgeTraits(NamedTuple):
    """What the weights need to know of each edge; shape (n_edges,)."""

    length_m: FloatArray
    street: IntArray
    rate_along: FloatArray  # log-likelihood per metre of running along the drawn direction
    rate_against: FloatArray


class PreparedRoads:
    """Grid, distances and traits of a road set, shared by all runs on it; none changes an answer."""

    distances: EdgeDistances

    def __init__(self, roads: Roads) -> None:
        self.distances = EdgeDistances(roads.graph)
        self._graph = roads.graph
        self._areas: list[_Area] = []
        self._lock = Lock()
        self._traits: dict[tuple[float, float], EdgeTraits] = {}

    def grid(self, xy: FloatArray, radius_m: float) -> EdgeGrid:
        """Look up or make a grid of all edges near fixes, (n, 2) [m]; areas that overlap are joined."""
        asked = _Area(xy.min(axis=0) - radius_m, xy.max(axis=0) + radius_m)
        with self._lock:
            for known in self._areas:
                if known.grid is not None and known.holds(asked):
                    return known.grid
            joined = _Area(asked.low_xy - _MARGIN_M, asked.high_xy + _MARGIN_M)
            apart = []
            for known in self._areas:
                if known.touches(joined):
                    joined = known.joined(joined)
                else:
                    apart.append(known)
            grid = edge_grid(self._graph, joined.low_xy, joined.high_xy)
            self._areas = [*apart, joined._replace(grid=grid)]
            return grid

    def traits(self, roads: Roads, settings: MatchingSettings) -> EdgeTraits:
        """Look up what the weights need to know of each edge."""
        key = (settings.no_access, settings.against_oneway)
        if key not in self._traits:
            street = roads.ways["street_id"].to_numpy()[roads.graph.edge_way]
            self._traits[key] = EdgeTraits(roads.graph.edge_length_m, street, *_rates(roads, settings))
        return self._traits[key]


class _Area(NamedTuple):
    """A rectangle [m], and the grid of what lies in it."""

    low_xy: FloatArray
    high_xy: FloatArray
    grid: EdgeGrid | None = None

    def holds(self, other: _Area) -> bool:
        return bool((self.low_xy <= other.low_xy).all() and (self.high_xy >= other.high_xy).all())

    def touches(self, other: _Area) -> bool:
        return bool((self.low_xy <= other.high_xy).all() and (self.high_xy >= other.low_xy).all())

    def joined(self, other: _Area) -> _Area:
        return _Area(np.minimum(self.low_xy, other.low_xy), np.maximum(self.high_xy, other.high_xy))


def _rates(roads: Roads, settings: MatchingSettings) -> tuple[FloatArray, FloatArray]:
    """Log-likelihood per metre of each edge, along and against its drawn direction."""
    ways = roads.ways
    closed = (ways["foot"] == "no") | (
        ways["access"].isin(["no", "private"]) & ~ways["foot"].isin(["yes", "designated", "permissive"])
    )
    closed |= ways["motorroad"] | (ways["foot"] == "private")
    shut = np.where(closed, settings.no_access, 0.0)
    oneway = ways["oneway"].to_numpy()
    along = (shut + np.where(oneway < 0, settings.against_oneway, 0.0)) / 100.0
    against = (shut + np.where(oneway > 0, settings.against_oneway, 0.0)) / 100.0
    return along[roads.graph.edge_way], against[roads.graph.edge_way]


class Pairs(NamedTuple):
    """Distances between the candidate edges of neighbouring fixes."""

    row: ShortArray
    """Row of ``between_m``: for each step in a section, each candidate before and each now, in this order."""
    between_m: FloatArray
    """Along the network, shape (n_rows, 4): from the start (twice), then the end (twice) of the first edge to
    the start and to the end of the second."""
    reach_m: float
    """Longer distances than this count as none."""


class _Table(NamedTuple):
    """Pairs of edges that were measured: a hash table with open addressing, and what is known by row."""

    key: IntArray  # 1 + first edge times number of edges + second edge; 0 is free
    slot: ShortArray  # row of each key
    between_m: FloatArray  # (n_rows, 4), as in `Pairs`
    known_m: FloatArray  # (n_rows,): how far was searched


class EdgeDistances:
    """A growing table of the distances between edges; safe to share between threads."""

    def __init__(self, graph: RoadGraph) -> None:
        self._edges = edges_of(graph)
        self._room = scratch(len(graph.node_first_edge) - 1)
        self._lock = Lock()
        self._pairs = 0
        empty = np.zeros(1024, dtype=np.int64), np.zeros(1024, dtype=np.int32)
        self._table = _Table(*empty, np.empty((512, 4)), np.empty(512))

    def __len__(self) -> int:
        """Count the pairs of edges known so far."""
        return self._pairs

    def pairs(self, candidates: EdgeCandidates, starts: NDArray[np.bool_], reach_m: float) -> Pairs:
        """Look up all pairs of candidates of neighbouring fixes, but over the start of a section.

        The rows that it refers to are lengthened by later calls, but not changed.
        """
        limit_m = _FIRST_LIMIT_M
        while limit_m < reach_m:
            limit_m *= 2.0
        edges = len(self._edges.edge_from)
        asked = _pair_keys(candidates.number, candidates.edge, starts, edges)
        with self._lock:
            row, unknown = _look_up(asked, limit_m, self._table)
            if unknown:
                self._learn(_unknown(asked, row, unknown), limit_m)
                row, _ = _look_up(asked, limit_m, self._table)
            return Pairs(row, self._table.between_m, float(reach_m))

    def _learn(self, keys: IntArray, limit_m: float) -> None:
        """Measure the pairs of these keys, all different and none known as far as the limit."""
        first, second = np.divmod(keys - 1, len(self._edges.edge_from))
        # One search from each end of a first edge serves all pairs.
        ends = np.stack([self._edges.edge_from[first], self._edges.edge_to[first]])
        nodes = np.unique(ends)
        number = np.empty(len(self._edges.node_first_edge) - 1, dtype=np.int64)
        number[nodes] = np.arange(len(nodes))
        found = bounded_distances(self._edges, nodes, limit_m, self._room)
        starts_ends = np.stack([self._edges.edge_from[second], self._edges.edge_to[second]])
        self._table = _with_room(self._table, self._pairs, self._pairs + len(keys))
        self._pairs = _measure(keys, number[ends], starts_ends, found, limit_m, self._table, self._pairs)


def _with_room(table: _Table, used: int, size: int) -> _Table:
    """Lengthen a table of so many rows where more would not fit."""
    key, slot, between_m, known_m = table
    if 2 * size > len(key):
        key, slot = _spread(key, slot, 2 ** int(np.ceil(np.log2(4 * size))))
    return _Table(key, slot, _longer(between_m, used, size), _longer(known_m, used, size))


def _longer(values: FloatArray, used: int, size: int) -> FloatArray:
    if size <= len(values):
        return values
    longer = np.empty((max(size, 2 * len(values)), *values.shape[1:]))
    longer[:used] = values[:used]
    return longer


@compiled_once
@njit(cache=True)
def _pair_keys(count: IntArray, edge: IntArray, starts: NDArray[np.bool_], edges: int) -> IntArray:
    """List the pairs of candidates of neighbouring fixes, as keys of the table."""
    n, total = len(count), 0
    for i in range(1, n):
        if not starts[i]:
            total += count[i - 1] * count[i]
    keys, m = np.empty(total, dtype=np.int64), 0
    for i in range(1, n):
        if starts[i]:
            continue
        for a in range(count[i - 1]):
            for b in range(count[i]):
                keys[m] = edge[i - 1, a] * edges + edge[i, b] + 1
                m += 1
    return keys


@compiled_once
@njit(cache=True)
def _look_up(keys: IntArray, limit: float, table: _Table) -> tuple[ShortArray, int]:
    """Find the row of each pair; -1, and counted, where too little is known."""
    rows, unknown = np.empty(len(keys), dtype=np.int32), 0
    for p in range(len(keys)):
        place = _place(table.key, keys[p])
        row = table.slot[place]
        if table.key[place] == 0 or table.known_m[row] < limit:
            row = -1
            unknown += 1
        rows[p] = row
    return rows, unknown


@compiled_once
@njit(cache=True)
def _unknown(keys: IntArray, rows: ShortArray, unknown: int) -> IntArray:
    """List the pairs that have no row, each of them once."""
    size = 2
    while size < 2 * unknown:
        size *= 2
    seen, found, m = np.zeros(size, dtype=np.int64), np.empty(unknown, dtype=np.int64), 0
    for p in range(len(keys)):
        if rows[p] < 0:
            place = _place(seen, keys[p])
            if seen[place] == 0:
                seen[place] = found[m] = keys[p]
                m += 1
    return found[:m]


@inner_kernel
def _place(keys: IntArray, key: int) -> int:
    """Find where a key lies in the hash table, or where it would go."""
    # Multiplicative hashing with the golden ratio (Knuth, The Art of Computer Programming 3, section 6.4).
    mask = len(keys) - 1
    place = int((np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(33)) & mask
    while keys[place] not in (0, key):
        place = (place + 1) & mask
    return place


@compiled_once
@njit(cache=True)
def _spread(keys: IntArray, slots: ShortArray, size: int) -> tuple[IntArray, ShortArray]:
    """Move a hash table into a larger one."""
    larger_keys, larger_slots = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int32)
    for old in range(len(keys)):
        if keys[old] != 0:
            place = _place(larger_keys, keys[old])
            larger_keys[place], larger_slots[place] = keys[old], slots[old]
    return larger_keys, larger_slots


@compiled_once
@njit(cache=True)
def _measure(
    keys: IntArray, source: IntArray, target: IntArray, found: Distances, limit: float, table: _Table,
    pairs: int,
) -> int:  # fmt: skip
    """Write distances of pairs, ends of first edges by number of their search; count the pairs known."""
    for p in range(len(keys)):
        place = _place(table.key, keys[p])
        # A pair that was searched for with a lower limit keeps its row.
        if table.key[place] == 0:
            table.key[place], table.slot[place] = keys[p], pairs
            pairs += 1
        row = table.slot[place]
        for end in range(2):
            to_start, to_end = np.inf, np.inf
            for entry in range(found.first[source[end, p]], found.first[source[end, p] + 1]):
                if found.target[entry] == target[0, p]:
                    to_start = found.distance_m[entry]
                if found.target[entry] == target[1, p]:
                    to_end = found.distance_m[entry]
            table.between_m[row, 2 * end], table.between_m[row, 2 * end + 1] = to_start, to_end
        table.known_m[row] = limit
    return pairs
