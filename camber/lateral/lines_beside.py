"""Which lines of a street run along each block of a run, and how far beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numba
import numpy as np
import shapely

from camber.geometry import project_to_line

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.lateral.blocks import Blocks

    BoolArray = NDArray[np.bool_]
    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

WIDEST_M = 25.0
"""A mapped sidewalk further than this from the carriageway's line is none of it (judgement)."""

_REACH_M = WIDEST_M + 10.0
"""Lines further than this from all fixes of a block are not looked at [m]: nothing so wide is used."""


class Beside(NamedTuple):
    """Pairs of a block and a line along it, the block's own line among them.

    Parameters
    ----------
    block, row : ndarray of int64, shape (m,)
        Number of the block, and row of the way.
    own : ndarray of bool, shape (m,)
        True where it is the matched way.
    offset_m : ndarray of float64, shape (m,)
        Mean offset of the block's fixes from the line [m], positive right of travel.
    direction : ndarray of int64, shape (m,)
        Direction of travel, +1 along and -1 against the drawing of the line.
    """

    block: IntArray
    row: IntArray
    own: BoolArray
    offset_m: FloatArray
    direction: IntArray


def find_lines_beside(
    blocks: Blocks,
    own_row: IntArray,
    offset_m: FloatArray,
    xy: FloatArray,
    ways: tuple[IntArray, NDArray[np.object_]],
) -> Beside:
    """Find the lines of its street that run along each block.

    Parameters
    ----------
    blocks : Blocks
        The blocks.
    own_row : ndarray of int64, shape (n,)
        Row of the matched way of each block; -1 off the road.
    offset_m : ndarray of float64, shape (n_fixes,)
        Offset of each fix from its matched way [m], positive right of travel.
    xy : ndarray of float64, shape (n_fixes, 2)
        The fixes [m].
    ways : tuple of ndarray, shape (w,)
        Street and line of each way.

    Returns
    -------
    Beside
        First the matched ways of the blocks, then other lines: of the same street, with more than half of the
        fixes beside them, and followed rather than crossed.
    """
    on = np.flatnonzero(own_row >= 0)
    block, row = _near(blocks, own_row, xy, *ways)
    vertex_xy, owner = shapely.get_coordinates(ways[1], return_index=True)
    direction, count, offsets = _follow(
        blocks.first[block],
        blocks.last[block] + 1,
        row,
        xy,
        np.column_stack([np.sin(blocks.heading_rad), np.cos(blocks.heading_rad)])[block],
        np.searchsorted(owner, np.arange(len(ways[1]) + 1)),
        vertex_xy,
    )
    end = np.cumsum(count)
    found = direction != 0
    beside = direction[found] * _means(offsets, (end - count)[found], end[found])
    return Beside(
        np.concatenate([on, block[found]]),
        np.concatenate([own_row[on], row[found]]),
        np.arange(len(on) + len(beside)) < len(on),
        np.concatenate([_means(offset_m, blocks.first[on], blocks.last[on] + 1), beside]),
        np.concatenate([blocks.travel_direction[on], direction[found]]),
    )


def _near(
    blocks: Blocks, own_row: IntArray, xy: FloatArray, street_id: IntArray, lines: NDArray[np.object_]
) -> tuple[IntArray, IntArray]:
    """Blocks, and rows of other ways of their streets that come near them."""
    on = np.flatnonzero(own_row >= 0)
    by_street = np.argsort(street_id, kind="stable")
    begin, end = (
        np.searchsorted(street_id[by_street], blocks.street_id[on], side) for side in ("left", "right")
    )
    count = end - begin
    block = np.repeat(on, count)
    row = by_street[np.arange(count.sum()) + np.repeat(begin - np.cumsum(count) + count, count)]
    bounds = shapely.bounds(lines)[row]
    low = np.minimum.reduceat(xy, blocks.first)[block] - _REACH_M
    high = np.maximum.reduceat(xy, blocks.first)[block] + _REACH_M
    near = (bounds[:, :2] <= high).all(axis=1) & (bounds[:, 2:] >= low).all(axis=1)
    near &= row != own_row[block]
    return block[near], row[near]


def _means(values: FloatArray, first: IntArray, end: IntArray) -> FloatArray:
    """Mean of each stretch of values; numpy's sums round less than running ones."""
    sums = [np.add.reduce(values[a:b]) for a, b in zip(first.tolist(), end.tolist(), strict=True)]
    return np.array(sums, dtype=np.float64) / (end - first)


@numba.njit(cache=True)
def _follow(
    first: IntArray,
    end: IntArray,
    row: IntArray,
    xy: FloatArray,
    heading: FloatArray,
    first_vertex: IntArray,
    vertex_xy: FloatArray,
) -> tuple[IntArray, IntArray, FloatArray]:
    """Direction of travel along each line, 0 where it is not followed; how many fixes are beside it; offsets.

    The offsets are those of the fixes that are beside a line that is followed, one pair after the other.
    """
    direction, count = np.zeros(len(row), np.int64), np.zeros(len(row), np.int64)
    offsets, filled = np.empty((end - first).sum()), 0
    places = np.empty((2, 2))
    for k in range(len(row)):
        line = vertex_xy[first_vertex[row[k]] : first_vertex[row[k] + 1]]
        _, offset, beside = project_to_line(xy[first[k] : end[k]], line)
        number, x, y = 0, 0.0, 0.0
        for i in range(len(beside)):
            if beside[i]:
                number, x, y = number + 1, x + xy[first[k] + i, 0], y + xy[first[k] + i, 1]
        if 2 * number <= len(beside):
            continue
        # The middle of those fixes, and a place a little ahead of it.
        places[0, 0], places[0, 1] = x / number, y / number
        places[1, 0], places[1, 1] = x / number + 5.0 * heading[k, 0], y / number + 5.0 * heading[k, 1]
        chainage, _, _ = project_to_line(places, line)
        step = chainage[1] - chainage[0]
        if abs(step) < 3.0:
            continue  # it crosses the street rather than follows it
        direction[k], count[k] = 1 if step > 0.0 else -1, number
        for i in range(len(beside)):
            if beside[i]:
                offsets[filled] = offset[i]
                filled += 1
    return direction, count, offsets[:filled]
