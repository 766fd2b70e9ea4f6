"""Edges near each fix, from a grid over all edges that is built once for a road set."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from camber.kernels import ZERO, compiled_once, inner_kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.schema import RoadGraph

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    ShortArray = NDArray[np.int32]

_CELL_M = 50.0
"""Side of a cell of the grid [m]; about the search radius, so that a query reads few cells (judgement)."""

_SLACK_M = 15.0
"""How far a runner may go before the edges around are gathered anew [m] (the fastest of 5 to 40)."""


class EdgeCandidates(NamedTuple):
    """Up to ``k`` nearest edges of each of ``n`` fixes, nearest first."""

    number: IntArray  # (n,): how many there are
    edge: IntArray  # (n, k): -1 beyond that
    along_m: FloatArray  # (n, k): from the start of the edge to the foot of the perpendicular
    offset_m: FloatArray  # (n, k): of the fix from the edge, positive right of the drawn direction
    foot_xy: FloatArray  # (n, k, 2)
    direction_xy: FloatArray  # (n, k, 2): unit vector of the edge at the foot, in the drawn direction


class EdgeGrid(NamedTuple):
    """The straight segments of all edges, and which of them touch each cell of a grid."""

    edge: ShortArray  # (n_vertices,): of the segment to the next vertex; -1 at ends and for length zero
    vertex_xy: FloatArray  # (n_vertices, 2)
    chainage_m: FloatArray  # (n_vertices,): on the way
    start_m: FloatArray  # (n_edges,): chainage at which each edge starts
    low_xy: FloatArray  # (2,): corner of the first cell
    cell_m: float  # side of a cell
    column_first: IntArray  # (n_columns + 1,): where the entries of each column (equal x) begin
    row: ShortArray  # of each entry, ascending within a column
    segment: ShortArray  # of each entry, ascending within a cell


def edge_grid(
    graph: RoadGraph, low_xy: FloatArray | None = None, high_xy: FloatArray | None = None
) -> EdgeGrid:
    """Sort the segments of the edges that touch an area (corners [m]; everything without) into a grid."""
    edge, xy, chainage = _cut_out(
        graph.edge_first_vertex,
        np.ascontiguousarray(graph.vertex_xy),
        graph.vertex_chainage_m,
        np.full(2, -np.inf) if low_xy is None else low_xy,
        np.full(2, np.inf) if high_xy is None else high_xy,
    )
    low, high = (xy.min(axis=0), xy.max(axis=0)) if len(xy) else (np.zeros(2), np.zeros(2))
    # Coordinates far from all others would make the list of columns long, for nothing.
    cell = max(_CELL_M, float((high - low).max()) / 4e6)
    shape = ((high - low) / cell).astype(np.int64) + 2
    filled = _fill_grid(edge, xy, low, cell, shape)
    return EdgeGrid(edge, xy, chainage, graph.edge_start_m, low, cell, *filled)


def find_candidates(xy: FloatArray, grid: EdgeGrid, *, radius_m: float, most: int) -> EdgeCandidates:
    """Find up to ``most`` nearest edges of fixes, shape (n, 2) [m], no further than the radius.

    Of equally near places on one edge the first along it is taken.
    """
    found: EdgeCandidates = _find(np.ascontiguousarray(xy), grid, radius_m, most)
    return found


@compiled_once
@njit(cache=True)
def _cut_out(
    edge_first_vertex: IntArray, xy: FloatArray, chainage: FloatArray, low: FloatArray, high: FloatArray
) -> tuple[ShortArray, FloatArray, FloatArray]:
    """Copy the vertices of the edges that touch an area; with each, the edge of the segment that follows."""
    edges = len(edge_first_vertex) - 1
    inside, size = np.zeros(edges, dtype=np.bool_), 0
    for e in range(edges):
        first, last = edge_first_vertex[e], edge_first_vertex[e + 1] - 1
        left, below, right, above = xy[first, 0], xy[first, 1], xy[first, 0], xy[first, 1]
        for j in range(first + 1, last + 1):
            left, right = min(left, xy[j, 0]), max(right, xy[j, 0])
            below, above = min(below, xy[j, 1]), max(above, xy[j, 1])
        if left <= high[0] and right >= low[0] and below <= high[1] and above >= low[1]:
            inside[e] = True
            size += last + 1 - first
    edge, m = np.full(size, -1, dtype=np.int32), 0
    vertex, along = np.empty((size, 2)), np.empty(size)
    for e in range(edges):
        if not inside[e]:
            continue
        first, last = edge_first_vertex[e], edge_first_vertex[e + 1] - 1
        for j in range(first, last + 1):
            vertex[m, 0], vertex[m, 1], along[m] = xy[j, 0], xy[j, 1], chainage[j]
            if j < last and (xy[j, 0] != xy[j + 1, 0] or xy[j, 1] != xy[j + 1, 1]):
                edge[m] = e
            m += 1
    return edge, vertex, along


@compiled_once
@njit(cache=True)
def _fill_grid(
    edge: ShortArray, xy: FloatArray, low: FloatArray, cell: float, shape: IntArray
) -> tuple[IntArray, ShortArray, ShortArray]:
    """List the cells that the bounding box of each segment touches; sorted by column, row and segment."""
    in_row, in_column = np.zeros(shape[1] + 1, dtype=np.int64), np.zeros(shape[0] + 1, dtype=np.int64)
    for j in range(len(edge)):
        if edge[j] >= 0:
            x0, x1 = _cells(xy[j, 0], xy[j + 1, 0], low[0], cell)
            y0, y1 = _cells(xy[j, 1], xy[j + 1, 1], low[1], cell)
            for x in range(x0, x1 + 1):
                in_column[x + 1] += y1 - y0 + 1
            for y in range(y0, y1 + 1):
                in_row[y + 1] += x1 - x0 + 1
    _add_up(in_row)
    _add_up(in_column)
    total = in_row[-1]
    # A sort by counting, first by row, then by column: each keeps the order of the one before.
    by_row, column_of = np.empty(total, dtype=np.int32), np.empty(total, dtype=np.int32)
    at = in_row[:-1].copy()
    for j in range(len(edge)):
        if edge[j] >= 0:
            x0, x1 = _cells(xy[j, 0], xy[j + 1, 0], low[0], cell)
            y0, y1 = _cells(xy[j, 1], xy[j + 1, 1], low[1], cell)
            for y in range(y0, y1 + 1):
                for x in range(x0, x1 + 1):
                    by_row[at[y]], column_of[at[y]] = j, x
                    at[y] += 1
    row, segment = np.empty(total, dtype=np.int32), np.empty(total, dtype=np.int32)
    at = in_column[:-1].copy()
    for y in range(shape[1]):
        for entry in range(in_row[y], in_row[y + 1]):
            x = column_of[entry]
            row[at[x]], segment[at[x]] = y, by_row[entry]
            at[x] += 1
    return in_column, row, segment


@inner_kernel
def _add_up(counts: IntArray) -> None:
    """Turn counts into running sums, in place; that of numpy brings along a second of compilation."""
    for k in range(1, len(counts)):
        counts[k] += counts[k - 1]


@inner_kernel
def _cells(a: float, b: float, low: float, cell: float) -> tuple[int, int]:
    """First and last cell between two coordinates, as far as there can be cells."""
    first, last = (min(a, b) - low) / cell, (max(a, b) - low) / cell
    return int(max(first, 0.0)), int(min(max(last, -1.0), 1e9))


@inner_kernel
def _gather(x: float, y: float, reach: float, grid: EdgeGrid, near: ShortArray) -> tuple[ShortArray, int]:
    """List the segments whose bounding box is within reach of a place along both axes, in order."""
    xy, low, cell, row = grid.vertex_xy, grid.low_xy, grid.cell_m, grid.row
    x0, x1 = _cells(x - reach, x + reach, low[0], cell)
    y0, y1 = _cells(y - reach, y + reach, low[1], cell)
    n = ZERO
    for column in range(x0, min(x1, len(grid.column_first) - 2) + 1):
        # Rows ascend within a column: the first one within reach, by halving.
        entry, end = grid.column_first[column], grid.column_first[column + 1]
        stop = end
        while entry < stop:
            middle = (entry + stop) // 2
            if row[middle] < y0:
                entry = middle + 1
            else:
                stop = middle
        while entry < end and row[entry] <= y1:
            j = grid.segment[entry]
            left, right = min(xy[j, 0], xy[j + 1, 0]), max(xy[j, 0], xy[j + 1, 0])
            below, above = min(xy[j, 1], xy[j + 1, 1]), max(xy[j, 1], xy[j + 1, 1])
            # A segment in several cells is taken in the first of them that is read.
            first_x, first_y = int((left - low[0]) / cell), int((below - low[1]) / cell)
            first = column == max(first_x, x0) and row[entry] == max(first_y, y0)
            beside = left <= x + reach and right >= x - reach
            if first and beside and below <= y + reach and above >= y - reach:
                if n == len(near):
                    longer = np.empty(2 * n, dtype=np.int32)
                    for k in range(n):
                        longer[k] = near[k]
                    near = longer
                near[n] = j
                n += 1
            entry += 1
    _sort(near, n)
    return near, n


@inner_kernel
def _sort(numbers: ShortArray, n: int) -> None:
    """Sort the first numbers in place (Shell 1959, CACM 2(7)); that of numpy takes a second to compile."""
    gap = 1
    while 3 * gap + 1 < n:
        gap = 3 * gap + 1
    while gap > 0:
        for k in range(gap, n):
            number, at = numbers[k], k
            while at >= gap and numbers[at - gap] > number:
                numbers[at] = numbers[at - gap]
                at -= gap
            numbers[at] = number
        gap //= 3


@compiled_once
@njit(cache=True)
def _find(xy: FloatArray, grid: EdgeGrid, radius: float, most: int) -> EdgeCandidates:
    n, vertex = len(xy), grid.vertex_xy
    count, edge = np.zeros(n, dtype=np.int64), np.full((n, most), -1, dtype=np.int64)
    edge_along, offset = np.zeros((n, most)), np.zeros((n, most))
    foot, direction = np.zeros((n, most, 2)), np.zeros((n, most, 2))
    near, m = np.empty(256, dtype=np.int32), 0
    local, away = np.empty((5, 256)), np.empty(256)
    best, winner = np.empty(most), np.empty(most, dtype=np.int64)
    x0, y0 = np.inf, np.inf
    for i in range(n):
        # A runner stays for some fixes within the slack of the place around which segments were gathered.
        if not max(abs(xy[i, 0] - x0), abs(xy[i, 1] - y0)) <= _SLACK_M:
            x0, y0 = xy[i, 0], xy[i, 1]
            near, m = _gather(x0, y0, radius + _SLACK_M, grid, near)
            if m > len(away):
                local, away = np.empty((5, 2 * m)), np.empty(2 * m)
            _place(near, m, x0, y0, vertex, local)
        _measure(xy[i, 0] - x0, xy[i, 1] - y0, m, local, away)
        count[i] = _rank(m, near, away, grid.edge, radius * radius, best, winner)
        for k in range(count[i]):
            # The few that won are measured again from their own vertices, which are exact.
            s = winner[k]
            j = near[s]
            dx, dy = local[2, s], local[3, s]
            length = np.sqrt(dx * dx + dy * dy)
            ux, uy = dx / length, dy / length
            rx, ry = xy[i, 0] - vertex[j, 0], xy[i, 1] - vertex[j, 1]
            t = min(max(rx * ux + ry * uy, 0.0), length)
            e = grid.edge[j]
            edge[i, k], edge_along[i, k] = e, grid.chainage_m[j] - grid.start_m[e] + t
            # x east, y north: right of the direction is where the cross product is negative.
            d = np.sqrt(away[s])
            offset[i, k] = -d if ux * ry - uy * rx > 0.0 else d
            foot[i, k, 0], foot[i, k, 1] = vertex[j, 0] + t * ux, vertex[j, 1] + t * uy
            direction[i, k, 0], direction[i, k, 1] = ux, uy
    return EdgeCandidates(count, edge, edge_along, offset, foot, direction)


@inner_kernel
def _place(near: ShortArray, m: int, x0: float, y0: float, vertex: FloatArray, local: FloatArray) -> None:
    """Lay segments out about a place: start, direction, and one over the square of the length."""
    for s in range(m):
        j = near[s]
        dx, dy = vertex[j + 1, 0] - vertex[j, 0], vertex[j + 1, 1] - vertex[j, 1]
        local[0, s], local[1, s] = vertex[j, 0] - x0, vertex[j, 1] - y0
        local[2, s], local[3, s], local[4, s] = dx, dy, 1.0 / (dx * dx + dy * dy)


@njit(cache=True, fastmath={"nnan", "nsz"})
def _measure(x: float, y: float, m: int, local: FloatArray, away: FloatArray) -> None:
    """Square of the distance from a place to each segment; no branches, so that it runs in parallel lanes."""
    for s in range(m):
        rx, ry, dx, dy = x - local[0, s], y - local[1, s], local[2, s], local[3, s]
        t = min(1.0, max(0.0, (rx * dx + ry * dy) * local[4, s]))
        ex, ey = rx - t * dx, ry - t * dy
        away[s] = ex * ex + ey * ey


@njit(cache=True)
def _rank(
    m: int, near: ShortArray, away: FloatArray, edge_of: ShortArray, limit: float, best: FloatArray,
    winner: IntArray,
) -> int:  # fmt: skip
    """Nearest segment of each edge within the limit, nearest first; returns how many were listed."""
    number, most, s = 0, len(best), 0
    while s < m:
        if away[s] > limit:
            s += 1
            continue
        edge, nearest, at = edge_of[near[s]], away[s], s
        s += 1
        while s < m and edge_of[near[s]] == edge:
            # Where two segments meet they are equally near, but for rounding; the first is taken.
            if away[s] < nearest * (1.0 - 1e-11):
                nearest, at = away[s], s
            s += 1
        if number < most:
            slot, number = number, number + 1
        elif nearest < best[most - 1]:
            slot = most - 1
        else:
            continue
        while slot > 0 and best[slot - 1] > nearest:
            best[slot], winner[slot] = best[slot - 1], winner[slot - 1]
            slot -= 1
        best[slot], winner[slot] = nearest, at
    return number
