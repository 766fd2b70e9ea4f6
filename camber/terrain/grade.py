"""Heights of a stretch of road without its grade: a profile across it, bin by bin. Arrays in, arrays out.

Heights are a grade along the road plus a free profile across it, found in turn; what stands on the road
(cars) is trimmed more sharply than what lies below it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numba
import numpy as np

from camber.kernels import compiled_once, inner_kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

BIN_M: Final = 0.25
"""Width of the bins across the road [m]."""

BLOCK_M: Final = 10.0
"""Length of the blocks along the road within which errors are alike [m] (judgement)."""

_KNOT_M: Final = 10.0
"""Distance of the knots of the grade, linear between them [m]."""

_UP, _DOWN = 2.5, 4.0
"""Cells further above or below the profile than this, in robust standard deviations, are left out: cars stand
up (judgement)."""

_ROUNDS: Final = 4

_PATCH_M: Final = (2.5, 1.0)
_STANDING_M: Final = 0.025
"""Patches along and across the road [m], and how far one has to stand up at least to be left out (judgement:
a car is 4 m long and 1.8 m wide; its rests stand out of single cells' noise as a whole)."""

_RIB_M: Final = 0.5
"""Distance of the ribs of the profile that the grade is found beside, linear between them [m]."""

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


@inner_kernel
def _away(value: FloatArray, used: NDArray[np.bool_], first: IntArray, order: IntArray) -> FloatArray:
    """Take from each value the median of those used in its bin, or of all if none is."""
    away = value.copy()
    for b in range(len(first) - 1):
        here = order[first[b] : first[b + 1]]
        if len(here) > 0:
            good = here[used[here]]
            away[here] -= np.median(value[good if len(good) > 0 else here])
    return away


@inner_kernel
def _standing(
    share: FloatArray, offset_m: FloatArray, away_m: FloatArray, length_m: float, near_m: float
) -> NDArray[np.bool_]:
    """Which points lie in patches that stand up as a whole, as the rests of a parked car do.

    ``share`` is how far along the window each one lies.
    """
    wide = 2 * int(np.ceil(near_m / _PATCH_M[1])) + 1
    long = max(int(np.round(length_m / _PATCH_M[0])), 1)
    count, total = np.zeros(wide * long), np.zeros(wide * long)
    patch = np.full(len(share), -1, dtype=np.int64)
    for i in range(len(share)):
        column = int(np.floor(offset_m[i] / _PATCH_M[1] + 0.5)) + wide // 2
        if abs(offset_m[i]) <= near_m and 0 <= column < wide:
            patch[i] = min(int(share[i] * long), long - 1) * wide + column
            count[patch[i]] += 1.0
            total[patch[i]] += away_m[i]
    full = count >= 2.0
    if full.sum() < 10:
        return np.zeros(len(share), dtype=np.bool_)
    mean = np.where(full, total / np.maximum(count, 1.0), 0.0)
    noise = _MAD * np.median(np.abs(mean[full]))
    high = mean > max(_UP * noise, _STANDING_M)
    stands = np.zeros(len(share), dtype=np.bool_)
    for i in range(len(share)):
        stands[i] = patch[i] >= 0 and high[patch[i]]
    return stands


@inner_kernel
def grade_of(
    along_m: FloatArray, offset_m: FloatArray, height_m: FloatArray, length_m: float, near_m: float
) -> FloatArray:
    """Height of the grade at each point, from those within ``near_m`` of the line.

    Grade and profile are solved for at once: where a road runs nearly along the rows of a grid, each row
    tells of one stretch and one offset only, and taking turns would not come to an end.
    """
    n, knots = len(along_m), max(int(np.round(length_m / _KNOT_M)), 1) + 1
    ribs = 2 * int(np.ceil(near_m / _RIB_M)) + 1
    unknowns = knots + ribs
    fitted, weight = np.zeros(n), np.ones(n)
    near = np.flatnonzero(np.abs(offset_m) <= near_m)
    base = np.median(height_m[near]) if len(near) else 0.0
    column, share = np.zeros(4, dtype=np.int64), np.zeros(4)
    for _ in range(_ROUNDS):
        left, right = np.eye(unknowns) * 1e-6, np.zeros(unknowns)
        # The profile is held to be even, lightly; its mean belongs to the grade.
        for b in range(1, ribs - 1):
            for i, f in ((-1, 1.0), (0, -2.0), (1, 1.0)):
                for j, g in ((-1, 1.0), (0, -2.0), (1, 1.0)):
                    left[knots + b + i, knots + b + j] += 0.05 * f * g
        for p in near:
            _hats(along_m[p] / length_m * (knots - 1), offset_m[p] / _RIB_M, knots, ribs, column, share)
            for i in range(4):
                right[column[i]] += weight[p] * share[i] * (height_m[p] - base)
                for j in range(4):
                    left[column[i], column[j]] += weight[p] * share[i] * share[j]
        solved = np.linalg.solve(left, right)
        for q in range(n):
            _hats(along_m[q] / length_m * (knots - 1), offset_m[q] / _RIB_M, knots, ribs, column, share)
            fitted[q] = base + share[0] * solved[column[0]] + share[1] * solved[column[1]]
            weight[q] = height_m[q] - fitted[q] - share[2] * solved[column[2]] - share[3] * solved[column[3]]
        noise = max(_MAD * np.median(np.abs(weight[near])), 1e-4) if len(near) else 1e-4
        weight = np.where((weight < _UP * noise) & (weight > -_DOWN * noise), 1.0, 0.0)
    return fitted


@inner_kernel
def _hats(x: float, y: float, knots: int, ribs: int, column: IntArray, share: FloatArray) -> None:
    """Write the two knots of the grade and the two ribs of the profile at a place, and their shares."""
    k = min(int(x), knots - 2)
    y = min(max(y + (ribs - 1) / 2.0, 0.0), ribs - 1.0)
    b = min(int(y), ribs - 2)
    column[0], column[1], column[2], column[3] = k, k + 1, knots + b, knots + b + 1
    share[0], share[1], share[2], share[3] = 1.0 - (x - k), x - k, 1.0 - (y - b), y - b


@compiled_once
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
    rest = height_m - grade_of(along_m, offset_m, height_m, length_m, near_m)
    used, noise = np.ones(n, dtype=np.bool_), 1e-4
    for _ in range(3):
        away = _away(rest, used, first, order)
        near = np.flatnonzero((np.abs(offset_m) <= near_m) & used)
        if len(near) > 0:
            noise = max(_MAD * np.median(np.abs(away[near])), 1e-4)
        used = (away < _UP * noise) & (away > -_DOWN * noise)
        used &= ~_standing(along_m / length_m, offset_m, away, length_m, near_m)
    blocks = max(int(np.round(length_m / BLOCK_M)), 1)
    count, total, square = np.zeros((blocks, bins)), np.zeros((blocks, bins)), np.zeros((blocks, bins))
    middle = np.zeros(bins)
    for i in range(n):
        if used[i]:
            k = min(int(along_m[i] / length_m * blocks), blocks - 1)
            count[k, place[i]] += 1.0
            total[k, place[i]] += rest[i]
            square[k, place[i]] += rest[i] * rest[i]
            middle[place[i]] += offset_m[i]
    for b in range(bins):
        middle[b] /= max(count[:, b].sum(), 1.0)
    return Levelled(count, total, square, middle, noise, rest, used)


@compiled_once
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
