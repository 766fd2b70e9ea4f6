"""Heights of a stretch of road without its grade: a profile across it, bin by bin. Arrays in, arrays out.

Heights are a grade along the road plus a free profile across it, found in turn; what stands on the road
(cars) is trimmed more sharply than what lies below it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numba
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

BIN_M: Final = 0.25
"""Width of the bins across the road [m]."""

BLOCK_M: Final = 5.0
"""Length of the blocks along the road within which errors are alike [m] (judgement)."""

_KNOT_M: Final = 10.0
"""Distance of the knots of the grade, linear between them [m]."""

_UP, _DOWN = 2.5, 4.0
"""Cells further above or below the profile than this, in robust standard deviations, are left out: cars stand
up (judgement)."""

_ROUNDS: Final = 5

_MAD: Final = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation."""


class Levelled(NamedTuple):
    """Heights of a window without its grade, in blocks along it and bins across it.

    ``points``, ``height_m``, ``square_m2``: number of points, sum of their heights and of the squares, shape
    (n_blocks, n_bins); ``offset_m``: mean offset of the points of each bin, (n_bins,); ``noise_m``: robust
    scatter of single points about the profile within reach of the road; ``rest_m``, ``used``: the height of
    each point without the grade, and whether it was not trimmed, (n,).
    """

    points: FloatArray
    height_m: FloatArray
    square_m2: FloatArray
    offset_m: FloatArray
    noise_m: float
    rest_m: FloatArray
    used: NDArray[np.bool_]


@numba.njit(cache=True)
def _median_of_bins(value: FloatArray, first: IntArray, order: IntArray) -> FloatArray:
    profile = np.full(len(first) - 1, np.nan)
    for b in range(len(profile)):
        if first[b + 1] > first[b]:
            profile[b] = np.median(value[order[first[b] : first[b + 1]]])
    return profile


@numba.njit(cache=True)
def level(
    along_m: FloatArray, offset_m: FloatArray, height_m: FloatArray, length_m: float, near_m: float, half: int
) -> Levelled:
    """Take the grade out of the points of a window; bins reach ``half`` bins to each side of the middle one.

    ``along_m`` counts from the start of the window; the grade is that of the points within ``near_m``.
    """
    n, bins = len(along_m), 2 * half + 1
    place = np.empty(n, dtype=np.int64)
    first = np.zeros(bins + 1, dtype=np.int64)
    for i in range(n):
        place[i] = min(max(int(np.floor(offset_m[i] / BIN_M + 0.5)) + half, 0), bins - 1)
        first[place[i] + 1] += 1
    first = np.cumsum(first)
    order = np.argsort(place, kind="mergesort")
    knots = max(int(np.round(length_m / _KNOT_M)), 1) + 1
    grade, residual = np.zeros(n), np.empty(n)
    used, noise = np.ones(n, dtype=np.bool_), 0.0
    for turn in range(_ROUNDS):
        profile = _median_of_bins(height_m - grade, first, order)
        for i in range(n):
            residual[i] = height_m[i] - grade[i] - profile[place[i]]
        near = np.abs(offset_m) <= near_m
        noise = max(_MAD * np.median(np.abs(residual[near])), 1e-4) if near.any() else 1e-4
        used = (residual < _UP * noise) & (residual > -_DOWN * noise)
        if turn == _ROUNDS - 1:
            break
        # Least squares of what the profile leaves, in hat functions; held lightly where there is nothing.
        left, right = np.eye(knots) * 1e-6, np.zeros(knots)
        for i in range(n):
            if used[i] and near[i]:
                x = along_m[i] / length_m * (knots - 1)
                k = min(int(x), knots - 2)
                f = x - k
                rest = height_m[i] - profile[place[i]]
                left[k, k] += (1.0 - f) ** 2
                left[k, k + 1] += f * (1.0 - f)
                left[k + 1, k] += f * (1.0 - f)
                left[k + 1, k + 1] += f * f
                right[k] += (1.0 - f) * rest
                right[k + 1] += f * rest
        solved = np.linalg.solve(left, right)
        for i in range(n):
            x = along_m[i] / length_m * (knots - 1)
            k = min(int(x), knots - 2)
            grade[i] = solved[k] + (x - k) * (solved[k + 1] - solved[k])
    blocks = max(int(np.round(length_m / BLOCK_M)), 1)
    count, total, square = np.zeros((blocks, bins)), np.zeros((blocks, bins)), np.zeros((blocks, bins))
    middle = np.zeros(bins)
    for i in range(n):
        if used[i]:
            k = min(int(along_m[i] / length_m * blocks), blocks - 1)
            value = height_m[i] - grade[i]
            count[k, place[i]] += 1.0
            total[k, place[i]] += value
            square[k, place[i]] += value * value
            middle[place[i]] += offset_m[i]
    for b in range(bins):
        middle[b] /= max(count[:, b].sum(), 1.0)
    return Levelled(count, total, square, middle, noise, height_m - grade, used)


@numba.njit(cache=True)
def second_differences(cell_xy: IntArray, value_m: FloatArray, lag: int) -> float:
    """Robust scatter of second differences of a grid over sqrt 6; NaN where there are few.

    In rows, columns and diagonals; of white noise it is the noise. ``cell_xy``, (n, 2),
    are the places of the values in the grid.
    """
    low_x, low_y = cell_xy[:, 0].min(), cell_xy[:, 1].min()
    wide, high = cell_xy[:, 0].max() - low_x + 1, cell_xy[:, 1].max() - low_y + 1
    grid = np.full((wide, high), np.nan)
    for i in range(len(value_m)):
        grid[cell_xy[i, 0] - low_x, cell_xy[i, 1] - low_y] = value_m[i]
    found, count = np.empty(4 * len(value_m)), 0
    for i in range(len(value_m)):
        x, y = cell_xy[i, 0] - low_x, cell_xy[i, 1] - low_y
        for dx, dy in ((lag, 0), (0, lag), (lag, lag), (lag, -lag)):
            if x - dx >= 0 and x + dx < wide and min(y - dy, y + dy) >= 0 and max(y - dy, y + dy) < high:
                bend = grid[x - dx, y - dy] - 2.0 * grid[x, y] + grid[x + dx, y + dy]
                if not np.isnan(bend):
                    found[count] = abs(bend)
                    count += 1
    return _MAD * np.median(found[:count]) / np.sqrt(6.0) if count >= 20 else np.nan
