"""Slopes of the halves of a road over all places of its edges, how sure they are, and their pattern.

Arrays in, arrays out; slopes in percent, positive where they fall to the right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numba
import numpy as np

from camber.kernels import compiled_once
from camber.terrain.edges import GIVEN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from camber.terrain.edges import Evidence, Search
    from camber.terrain.grade import Levelled

    FloatArray = NDArray[np.float64]

SIGNS: Final = np.array([[-1.0, 1.0], [-1.0, -1.0], [1.0, 1.0], [1.0, -1.0]])
"""Signs of both halves: crowned, one plane to the left, one to the right, inverted."""

_SHARE: Final = (0.8, 0.2)
_MEAN_PCT: Final = (2.3, 3.0)
_COMMON_PCT: Final = (1.0, 2.0)
_OWN_PCT: Final = (0.7, 1.5)
"""Slopes under any pattern, usual roads and odd ones: share, mean, spread that both halves have in common and
of their own (judgement: of 101 points in Bainbridge Island the mean is 2.5 %, the spread 1.8 %)."""


_PARTS: Final = np.array([[1.0, 1.0], [1.0, -1.0]]) / np.sqrt(2.0)
"""Tilt of the whole road, and its crown, of the slopes of both halves."""

_OF_THE_WAY: Final = 8.0
"""Blocks that what is known of the way is worth beside those of a window (judgement)."""

_WALK_MISFIT_M: Final = 0.006
_WALK_STRAIN: Final = 4.0
"""Scatter of a sidewalk about one plane [m], and how many times its variance is no longer one (judgement)."""


class Halves(NamedTuple):
    """Slopes of both halves [%], (2,), with covariance, (2, 2), logs of patterns, (4,), and the best fit."""

    slope_pct: FloatArray
    covariance: FloatArray
    log_pattern: FloatArray
    best: tuple[int, int, int]


@compiled_once
@numba.njit(cache=True)
def scatter(
    count: FloatArray, height_m: FloatArray, square_m2: FloatArray, fit_m: FloatArray, design: FloatArray
) -> tuple[FloatArray, FloatArray, float]:
    """Scatter of a fit: inverse of its normal matrix, scores of blocks (k, 3), and rms.

    ``fit_m`` and ``design`` (n_bins, 3) are the fit at the bins and its derivatives; bins without are NaN.
    """
    blocks, bins = count.shape
    normal, score = np.eye(3) * 1e-9, np.zeros((blocks, 3))
    rest, points = 0.0, 0.0
    for k in range(blocks):
        mean, total = 0.0, 0.0
        for b in range(bins):
            n = count[k, b]
            if n > 0.0 and not np.isnan(fit_m[b]):
                away = height_m[k, b] - n * fit_m[b]
                rest += square_m2[k, b] - 2.0 * fit_m[b] * height_m[k, b] + n * fit_m[b] ** 2
                mean += away
                total += n
                for i in range(3):
                    score[k, i] += design[b, i] * away
                    for j in range(3):
                        normal[i, j] += n * design[b, i] * design[b, j]
        if total > 0.0:
            rest -= mean * mean / total
        points += total
    return (
        np.linalg.inv(normal).astype(np.float64),
        score,
        float(np.sqrt(max(rest, 0.0) / max(points - blocks, 1.0))),
    )


def design_of(search: Search, best: tuple[int, int, int], t: FloatArray) -> FloatArray:
    """Crown height and slopes of a fit as they enter at offsets, (n, 3); NaN outside the road's cells."""
    form, i, j = best
    u, half = t - search.centre_m[i], search.half_m[j]
    shape = u if form == 0 else u * np.abs(u) / half
    inner = max(half - search.inside_m, 0.5 * half)
    design = np.stack([np.ones_like(u), -np.minimum(shape, 0.0), -np.maximum(shape, 0.0)], axis=1)
    return np.where((np.abs(u) <= inner + 0.13)[:, np.newaxis], design, np.nan)


def fit_at(evidence: Evidence, best: tuple[int, int, int], design: FloatArray) -> FloatArray:
    """Heights of a fit [m]."""
    x = np.array([evidence.crown[best], evidence.left[best], evidence.right[best]])
    return np.asarray(design @ x)


class Scatter(NamedTuple):
    """Covariance of both slopes [1], by scatter of blocks and as if points erred alone; and roughness [m]."""

    blocks: FloatArray
    alone: FloatArray
    rms_m: float


def covariance_of(level: Levelled, fit_m: FloatArray, design: FloatArray) -> Scatter:
    """Find how sure both slopes are by what is left of a fit."""
    inverse, score, rms = scatter(level.points, level.height_m, level.square_m2, fit_m, design)
    blocks = max(len(score), 2)
    by_blocks = inverse @ (score.T @ score) @ inverse * blocks / (blocks - 1.0)
    return Scatter(by_blocks[1:, 1:], inverse[1:, 1:] * rms**2, rms)


def _ratio(both: Scatter) -> FloatArray:
    """By how much blocks err more than points alone, in the tilt of the whole road and in its crown, (2,)."""
    blocks, alone = (np.diag(_PARTS @ one @ _PARTS.T) for one in (both.blocks, both.alone))
    return np.asarray(blocks / np.maximum(alone, 1e-12))


def common_excess(windows: Sequence[Scatter]) -> FloatArray:
    """Errors of tilt and crown that the points of a way share, over those of points alone, (2,)."""
    ratio = sum((_ratio(one) for one in windows), np.full(2, 2.0)) / (1.0 + len(windows))
    return np.asarray(GIVEN.alike * np.maximum(ratio - 1.0, 0.0))


def joint_covariance(both: Scatter, excess: FloatArray, blocks: int) -> FloatArray:
    """Join what the blocks of one window say of its errors with what those of its way do.

    A survey errs over tens of metres, which is more than a road is wide: that tilts both halves alike, and is
    told apart from errors of the crown, in which it would drown. Neighbouring blocks err alike, in a window
    as along the way.
    """
    alone = np.diag(_PARTS @ both.alone @ _PARTS.T)
    whole = both.alone + _PARTS.T @ np.diag(excess * alone) @ _PARTS
    own = np.maximum(_ratio(both), 1.0)
    times = _PARTS.T @ np.diag(np.sqrt((1.0 + GIVEN.alike * (own - 1.0)) / own)) @ _PARTS
    return np.asarray((blocks * times @ both.blocks @ times + _OF_THE_WAY * whole) / (blocks + _OF_THE_WAY))


def halves_of(evidence: Evidence, weight: FloatArray, covariance: FloatArray, inflated: FloatArray) -> Halves:
    """Join the fits of all places by their weights, (2, n_centres, n_halves); covariances in [%^2].

    ``inflated`` is the covariance that the patterns are told by.
    """
    best = np.unravel_index(int(np.argmax(weight)), weight.shape)
    at = np.nonzero(weight > 1e-4 * weight.max())
    share = weight[at] / weight[at].sum()
    slope = 100.0 * np.stack([evidence.left[at], evidence.right[at]], axis=1)
    mean = share @ slope
    away = slope - mean
    spread = (away * share[:, np.newaxis]).T @ away
    logs = np.stack([_log_pattern(slope, sign, inflated) for sign in SIGNS])
    top = logs.max()
    pattern = np.log(np.exp(logs - top) @ share + 1e-12)
    return Halves(
        mean, covariance + spread, pattern - pattern.max(), (int(best[0]), int(best[1]), int(best[2]))
    )


def _log_pattern(slope_pct: FloatArray, sign: FloatArray, covariance: FloatArray) -> FloatArray:
    """Log-likelihood of slopes, shape (n, 2), under a pattern."""
    total = np.zeros(len(slope_pct))
    for share, mean, common, own in zip(_SHARE, _MEAN_PCT, _COMMON_PCT, _OWN_PCT, strict=True):
        spread = covariance + common**2 * np.outer(sign, sign) + own**2 * np.eye(2)
        away = slope_pct - mean * sign
        square = np.einsum("ni,ij,nj->n", away, np.linalg.inv(spread), away)
        total += share * np.exp(-0.5 * square) / np.sqrt(np.linalg.det(spread))
    return np.asarray(np.log(total + 1e-300))


def walk_beyond(
    level: Levelled, edge_m: float, side: int, outside_m: float, wide_m: float
) -> tuple[float, float]:
    """Slope of the strip beyond an edge and its standard error [%]; NaN where it is not one plane.

    ``side`` is -1 left of the road and 1 right of it; the strip is ``wide_m`` wide.
    """
    beyond = side * (level.offset_m - edge_m)
    count = level.points.sum(axis=0)
    here = (beyond > outside_m) & (beyond < outside_m + wide_m) & (count > 0.0)
    if here.sum() < 4:
        return np.nan, np.nan
    t, n = level.offset_m[here], count[here]
    height = level.height_m[:, here].sum(axis=0) / n
    variance = level.noise_m**2 / n + _WALK_MISFIT_M**2
    middle = np.average(t, weights=1.0 / variance)
    across = float(((t - middle) ** 2 / variance).sum())
    slope = float(((t - middle) * height / variance).sum()) / across
    rest = height - np.average(height, weights=1.0 / variance) - slope * (t - middle)
    strain = float((rest**2 / variance).sum()) / (here.sum() - 2.0)
    if strain > _WALK_STRAIN:
        return np.nan, np.nan
    return -100.0 * slope, 100.0 * float(np.sqrt(max(strain, 1.0) / across))
