"""Edges near each fix: a grid over the track, so that cost and memory follow what was run."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numba
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.schema import RoadGraph


class EdgeCandidates(NamedTuple):
    """Up to ``k`` nearest edges of each fix, nearest first.

    Parameters
    ----------
    number : ndarray of int64, shape (n,)
        Number of candidates of each fix.
    edge : ndarray of int64, shape (n, k)
        Edge index, -1 beyond ``number``.
    along_m : ndarray of float64, shape (n, k)
        Distance [m] from the start of the edge to the foot of the perpendicular.
    offset_m : ndarray of float64, shape (n, k)
        Distance [m] of the fix from the edge, positive right of the drawn direction.
    foot_xy, direction_xy : ndarray of float64, shape (n, k, 2)
        The foot [m], and the unit vector of the edge there, in the drawn direction.
    """

    number: NDArray[np.int64]
    edge: NDArray[np.int64]
    along_m: NDArray[np.float64]
    offset_m: NDArray[np.float64]
    foot_xy: NDArray[np.float64]
    direction_xy: NDArray[np.float64]

    def part(self, rows: slice) -> EdgeCandidates:
        """Cut some fixes out.

        Parameters
        ----------
        rows : slice
            The fixes.

        Returns
        -------
        EdgeCandidates
            Their candidates.
        """
        return EdgeCandidates(
            self.number[rows],
            self.edge[rows],
            self.along_m[rows],
            self.offset_m[rows],
            self.foot_xy[rows],
            self.direction_xy[rows],
        )


def find_candidates(
    xy: NDArray[np.float64], graph: RoadGraph, *, radius_m: float, most: int
) -> EdgeCandidates:
    """Find the nearest edges of every fix.

    Parameters
    ----------
    xy : ndarray of float64, shape (n, 2)
        Fixes [m], in the CRS of the graph.
    graph : RoadGraph
        The roads.
    radius_m : float
        Edges further away are no candidates [m].
    most : int
        Largest number of candidates for each fix.

    Returns
    -------
    EdgeCandidates
        Nearest first.
    """
    edge_of, start, end, along = edge_segments(graph)
    low, high = xy.min(axis=0) - radius_m, xy.max(axis=0) + radius_m
    near = (
        (np.minimum(start, end) <= high).all(axis=1)
        & (np.maximum(start, end) >= low).all(axis=1)
        & (np.hypot(*(end - start).T) > 0.0)
    )
    edge_of, start, end, along = edge_of[near], start[near], end[near], along[near]
    # Where the track spans far more than it touches, larger cells keep the grid bounded.
    shape = np.maximum(((high - low) / radius_m).astype(np.int64) + 1, 1)
    coarse = max(1.0, float(np.sqrt(shape[0] * shape[1] / 4e6)))
    cell = radius_m * coarse
    shape = np.maximum(((high - low) / cell).astype(np.int64) + 1, 1)
    first, listed = _fill_grid(start, end, low, cell, shape)
    return EdgeCandidates(
        *_nearest(xy, edge_of, start, end, along, first, listed, low, cell, shape, radius_m, most)
    )


def edge_segments(
    graph: RoadGraph,
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Cut the edges of a graph into their straight segments.

    Parameters
    ----------
    graph : RoadGraph
        The roads.

    Returns
    -------
    edge : ndarray of int64, shape (m,)
        Edge of each segment.
    start_xy, end_xy : ndarray of float64, shape (m, 2)
        Ends [m] in the drawn direction.
    along_m : ndarray of float64, shape (m,)
        Distance [m] from the start of the edge to the start of the segment.
    """
    counts = np.diff(graph.edge_first_vertex)
    edge = np.repeat(np.arange(len(counts)), counts)
    inner = np.flatnonzero(edge[1:] == edge[:-1])
    edge = edge[inner]
    along = graph.vertex_chainage_m[inner] - graph.edge_start_m[edge]
    return edge, graph.vertex_xy[inner], graph.vertex_xy[inner + 1], along


@numba.njit(cache=True)
def _fill_grid(
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    low: NDArray[np.float64],
    cell: float,
    shape: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """List, for each cell, the segments whose bounding box touches it (compressed rows)."""
    first = np.zeros(shape[0] * shape[1] + 1, dtype=np.int64)
    listed = np.zeros(0, dtype=np.int64)
    for fill in range(2):
        if fill == 1:
            for c in range(len(first) - 1):
                first[c + 1] += first[c]
            listed = np.zeros(first[-1], dtype=np.int64)
            cursor = first[:-1].copy()
        for j in range(len(start)):
            x0 = max(0, int((min(start[j, 0], end[j, 0]) - low[0]) / cell))
            x1 = min(shape[0] - 1, int((max(start[j, 0], end[j, 0]) - low[0]) / cell))
            y0 = max(0, int((min(start[j, 1], end[j, 1]) - low[1]) / cell))
            y1 = min(shape[1] - 1, int((max(start[j, 1], end[j, 1]) - low[1]) / cell))
            for x in range(x0, x1 + 1):
                for y in range(y0, y1 + 1):
                    c = x * shape[1] + y
                    if fill == 0:
                        first[c + 1] += 1
                    else:
                        listed[cursor[c]] = j
                        cursor[c] += 1
    return first, listed


@numba.njit(cache=True)
def _nearest(
    xy: NDArray[np.float64],
    edge_of: NDArray[np.int64],
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    along: NDArray[np.float64],
    first: NDArray[np.int64],
    listed: NDArray[np.int64],
    low: NDArray[np.float64],
    cell: float,
    shape: NDArray[np.int64],
    radius_m: float,
    most: int,
) -> tuple[
    NDArray[np.int64],
    NDArray[np.int64],
    NDArray[np.float64],
    NDArray[np.float64],
    NDArray[np.float64],
    NDArray[np.float64],
]:
    n = len(xy)
    count = np.zeros(n, dtype=np.int64)
    edge = np.full((n, most), -1, dtype=np.int64)
    edge_along = np.zeros((n, most))
    offset = np.zeros((n, most))
    foot = np.zeros((n, most, 2))
    direction = np.zeros((n, most, 2))
    distance = np.full(most, np.inf)
    for i in range(n):
        distance[:] = np.inf
        cx = int((xy[i, 0] - low[0]) / cell)
        cy = int((xy[i, 1] - low[1]) / cell)
        for x in range(max(0, cx - 1), min(shape[0], cx + 2)):
            for y in range(max(0, cy - 1), min(shape[1], cy + 2)):
                c = x * shape[1] + y
                for position in range(first[c], first[c + 1]):
                    j = listed[position]
                    dx, dy = end[j, 0] - start[j, 0], end[j, 1] - start[j, 1]
                    length = np.sqrt(dx * dx + dy * dy)
                    ux, uy = dx / length, dy / length
                    rx, ry = xy[i, 0] - start[j, 0], xy[i, 1] - start[j, 1]
                    t = min(max(rx * ux + ry * uy, 0.0), length)
                    fx, fy = start[j, 0] + t * ux, start[j, 1] + t * uy
                    d = np.sqrt((xy[i, 0] - fx) ** 2 + (xy[i, 1] - fy) ** 2)
                    if d > radius_m or d >= distance[most - 1]:
                        continue
                    slot = _slot(edge[i], distance, edge_of[j], d, most)
                    if slot < 0:
                        continue
                    for m in range(_gap(edge[i], edge_of[j], count[i], most), slot, -1):
                        distance[m] = distance[m - 1]
                        edge[i, m] = edge[i, m - 1]
                        edge_along[i, m] = edge_along[i, m - 1]
                        offset[i, m] = offset[i, m - 1]
                        foot[i, m] = foot[i, m - 1]
                        direction[i, m] = direction[i, m - 1]
                    distance[slot], edge[i, slot] = d, edge_of[j]
                    edge_along[i, slot] = along[j] + t
                    # x east, y north: right of the direction is where the cross product is negative.
                    offset[i, slot] = -d if ux * ry - uy * rx > 0.0 else d
                    foot[i, slot, 0], foot[i, slot, 1] = fx, fy
                    direction[i, slot, 0], direction[i, slot, 1] = ux, uy
                    count[i] = 0
                    for m in range(most):
                        count[i] += edge[i, m] >= 0
    return count, edge, edge_along, offset, foot, direction


@numba.njit(cache=True)
def _slot(edges: NDArray[np.int64], distance: NDArray[np.float64], edge: int, d: float, most: int) -> int:
    """Rank at which an edge belongs, -1 if it is already listed at least as near."""
    for m in range(most):
        if edges[m] == edge and distance[m] <= d:
            return -1
    for m in range(most):
        if d < distance[m]:
            return m
    return -1


@numba.njit(cache=True)
def _gap(edges: NDArray[np.int64], edge: int, count: int, most: int) -> int:
    """Rank that the shift overwrites: the edge's old place, else the first free, else the last."""
    for m in range(most):
        if edges[m] == edge:
            return m
    return min(count, most - 1)
