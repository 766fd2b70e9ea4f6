"""Where the edges of a road lie in its cross profile: every place and width is tried.

Between the edges two planes meet in the middle (or a parabola), beside each a strip may go on, as a sidewalk
or a verge, beyond that lies anything. A window alone is often of two minds; all windows of a way together are
seldom, since the middle of the road and its width change slowly along it. Arrays in, arrays out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numba
import numpy as np

from camber.kernels import compiled_once, inner_kernel
from camber.terrain.grade import BIN_M

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

REACH_M: Final = 5.0
"""The middle of the road lies at most this far from its line [m]: beyond three standard deviations."""

PLACES_M: Final = np.linspace(-REACH_M, REACH_M, 21)
"""Places of the middle of which is told how likely each is, whatever the map says [m]."""

_STRAIGHT, _BOWED = range(2)
"""Shapes between the edges: two planes, and a parabola."""


@dataclass(frozen=True)
class EdgeAssumptions:
    """What the search for edges takes for granted; all are judgements, tried on simulated and real streets.

    Parameters
    ----------
    line_std_m, far_std_m, far_share : float
        Standard deviation of the middle of the road about its mapped line [m], of lines that are far off,
        and the share of these.
    told_again : float
        Share of what the map says that counts anew in each window.
    drift_std_m, widening_std_m : float
        Change of the middle and of half the width from window to window [m].
    jump : float
        Probability of any other change.
    misfit_m : float
        Scatter of a road's surface about its planes, in the mean of a window [m].
    bowed : float
        Share of parabolas.
    free_per_m : float
        Cost of a metre beyond the strips, where anything may lie, in logarithms of likelihood.
    strip_cost : float
        Cost of a strip beside the road.
    alike : float
        Blocks of 10 m err alike with their neighbours: by so much the errors that they show beyond those of
        single points are too small.
    tempered : float
        Share of the evidence that counts: neighbouring bins err alike.
    """

    line_std_m: float = 1.5
    far_std_m: float = 3.0
    far_share: float = 0.1
    told_again: float = 0.5
    drift_std_m: float = 0.4
    widening_std_m: float = 0.2
    jump: float = 0.02
    misfit_m: float = 0.006
    bowed: float = 0.15
    free_per_m: float = 3.5
    strip_cost: float = 3.0
    alike: float = 3.0
    tempered: float = 0.6


GIVEN: Final = EdgeAssumptions()

_STEP_MEAN_M: Final = np.array([0.10, 0.0, -0.05, 0.0])
_STEP_STD_M: Final = np.array([0.04, 0.012, 0.04, 0.25])
_STEP_AT_EDGE: Final = np.array([0.55, 0.25, 0.10, 0.10])
_STEP_ELSEWHERE: Final = np.array([0.03, 0.85, 0.03, 0.09])
"""Steps of kerbs, flush edges, drops and anything else: mean, spread, and shares at edges and elsewhere
(judgement)."""

_BREAK: Final = 0.05
_EVEN: Final = 0.008
_EVEN_SHARE: Final = 0.8
"""Change of slope at an edge, and elsewhere, where it is small in most places [1] (judgement)."""

_SIGNS: Final = np.array([[-1.0, 1.0], [-1.0, -1.0], [1.0, 1.0], [1.0, -1.0]])
_PATTERN: Final = np.array([0.5, 0.2, 0.2, 0.1])
_USUAL: Final = np.array([[0.8, 0.023, 0.010, 0.007], [0.2, 0.030, 0.020, 0.015]])
_GROUND: Final = 0.04
"""Halves of roads: signs and shares of the patterns, and of usual and odd slopes their share, mean, spread in
common and of each half [1], as `camber.terrain.halves` has them; and slopes of other ground (judgement). A
crown is a break of slope, too: were breaks looked for at edges alone, a crown would be taken for one."""

_STRIPS_M: Final = np.array([0.0, 1.5, 3.0])


class Search(NamedTuple):
    """Places and half widths that are tried [m], and the margins that cells at an edge are left out in."""

    centre_m: FloatArray
    half_m: FloatArray
    inside_m: float
    outside_m: float


class Evidence(NamedTuple):
    """What each place and half width of a window makes of its profile; arrays (2, n_centres, n_halves).

    The first axis is the shape. ``score`` is a log-likelihood; ``left``, ``right`` the slopes of both halves
    [1], ``crown`` the height in the middle; ``step_left``, ``step_right`` how much higher the ground is
    beyond the edges [m].
    """

    score: FloatArray
    left: FloatArray
    right: FloatArray
    crown: FloatArray
    step_left: FloatArray
    step_right: FloatArray


@inner_kernel
def _moments(weight: FloatArray, t: FloatArray, z: FloatArray) -> FloatArray:
    """Sum up from the left w t^0..4, w z, w z t, w z t^2, w z^2 and the bins that hold anything."""
    sums = np.zeros((10, len(weight) + 1))
    for b in range(len(weight)):
        w = weight[b]
        for k in range(5):
            sums[k, b + 1] = sums[k, b] + w * t[b] ** k
        for k in range(3):
            sums[5 + k, b + 1] = sums[5 + k, b] + w * z[b] * t[b] ** k
        sums[8, b + 1] = sums[8, b] + w * z[b] * z[b]
        sums[9, b + 1] = sums[9, b] + (1.0 if w > 0.0 else 0.0)
    return sums


@inner_kernel
def _between(sums: FloatArray, low: float, high: float, half: int) -> FloatArray:
    """Take the moments of the bins whose middles lie between two offsets."""
    bins = sums.shape[1] - 1
    first = min(max(int(np.ceil(low / BIN_M - 1e-9)) + half, 0), bins)
    last = min(max(int(np.floor(high / BIN_M + 1e-9)) + half + 1, first), bins)
    return sums[:, last] - sums[:, first]


@numba.njit(cache=True)
def _about(m: FloatArray, c: float) -> FloatArray:
    """Moments about another place: w u^0..4, w z, w z u, w z u^2, w z^2 with u = t - c."""
    a = np.empty(9)
    a[0], a[1] = m[0], m[1] - c * m[0]
    a[2] = m[2] - 2.0 * c * m[1] + c * c * m[0]
    a[3] = m[3] - 3.0 * c * m[2] + 3.0 * c * c * m[1] - c**3 * m[0]
    a[4] = m[4] - 4.0 * c * m[3] + 6.0 * c * c * m[2] - 4.0 * c**3 * m[1] + c**4 * m[0]
    a[5], a[6] = m[5], m[6] - c * m[5]
    a[7] = m[7] - 2.0 * c * m[6] + c * c * m[5]
    a[8] = m[8]
    return a


@inner_kernel
def _halves(
    left: FloatArray, right: FloatArray, half_m: float, shape: int
) -> tuple[FloatArray, FloatArray, float]:
    """Fit crown height and both slopes, from moments about the middle.

    And their covariance, as far as points err, and the weighted sum of squares left.

    Slopes are held within tens of percent, and their difference within 8 %, so that nothing is singular.
    """
    if shape == _STRAIGHT:
        l1, l2, r1, r2 = left[1], left[2], right[1], right[2]
        lz, rz = left[6], right[6]
    else:
        l1, l2, r1, r2 = -left[2] / half_m, left[4] / half_m**2, right[2] / half_m, right[4] / half_m**2
        lz, rz = -left[7] / half_m, right[7] / half_m
    wide, bent = 1.0 / 0.2**2, 1.0 / 0.08**2
    a = np.array(
        [
            [left[0] + right[0] + 1e-9, -l1, -r1],
            [-l1, l2 + wide + bent, -bent],
            [-r1, -bent, r2 + wide + bent],
        ]
    )
    y = np.array([left[5] + right[5], -lz, -rz])
    inverse = np.linalg.inv(a)
    x = inverse @ y
    rest = left[8] + right[8] - x[0] * y[0] - x[1] * y[1] - x[2] * y[2]
    return x, inverse, max(rest, 0.0)


@inner_kernel
def _slopes_ratio(x: FloatArray, inverse: FloatArray) -> float:
    """Log-likelihood ratio of the slopes of both halves on a road against those on any ground."""
    v_left, v_right, both = inverse[1, 1] + 0.005**2, inverse[2, 2] + 0.005**2, inverse[1, 2]
    road = 0.0
    for k in range(len(_PATTERN)):
        for j in range(len(_USUAL)):
            mean, common, own = _USUAL[j, 1], _USUAL[j, 2] ** 2, _USUAL[j, 3] ** 2
            a, b = v_left + common + own, v_right + common + own
            c = both + _SIGNS[k, 0] * _SIGNS[k, 1] * common
            u, w = x[1] - _SIGNS[k, 0] * mean, x[2] - _SIGNS[k, 1] * mean
            determinant = a * b - c * c
            square = (b * u * u - 2.0 * c * u * w + a * w * w) / determinant
            road += _PATTERN[k] * _USUAL[j, 0] * np.exp(-0.5 * square) / np.sqrt(determinant)
    # Elsewhere one slope goes on, in most places.
    change, whole = x[2] - x[1], 0.5 * (x[1] + x[2])
    spread = v_left + v_right - 2.0 * both
    wide, narrow = np.sqrt(_BREAK**2 + spread), np.sqrt(_EVEN**2 + spread)
    ground = _EVEN_SHARE * np.exp(-0.5 * (change / narrow) ** 2) / narrow
    ground += (1.0 - _EVEN_SHARE) * np.exp(-0.5 * (change / wide) ** 2) / wide
    lie = np.sqrt(_GROUND**2 + 0.25 * (v_left + v_right + 2.0 * both))
    ground *= np.exp(-0.5 * (whole / lie) ** 2) / lie
    return float(np.log((road + 1e-12) / (ground + 1e-12)))


@inner_kernel
def _step_ratio(step: float, variance: float) -> float:
    """Log-likelihood ratio of a step at an edge against one elsewhere."""
    edge, elsewhere = 0.0, 0.0
    for k in range(len(_STEP_MEAN_M)):
        spread = np.sqrt(_STEP_STD_M[k] ** 2 + variance)
        density = np.exp(-0.5 * ((step - _STEP_MEAN_M[k]) / spread) ** 2) / spread
        edge += _STEP_AT_EDGE[k] * density
        elsewhere += _STEP_ELSEWHERE[k] * density
    return float(np.log((edge + 1e-12) / (elsewhere + 1e-12)))


@inner_kernel
def _break_ratio(change: float, variance: float) -> float:
    """Log-likelihood ratio of a change of slope at an edge against one elsewhere."""
    wide, narrow = np.sqrt(_BREAK**2 + variance), np.sqrt(_EVEN**2 + variance)
    edge = np.exp(-0.5 * (change / wide) ** 2) / wide
    even = np.exp(-0.5 * (change / narrow) ** 2) / narrow
    return float(np.log((edge + 1e-12) / (_EVEN_SHARE * even + (1.0 - _EVEN_SHARE) * edge + 1e-12)))


@numba.njit(cache=True)
def _beside(
    sums: FloatArray,
    edge: float,
    road: tuple[float, float],
    side: int,
    outside_m: float,
    half: int,
    cost: FloatArray,
) -> tuple[float, float]:
    """Score one side beyond an edge, and the step there; ``cost`` is that of a metre and of a strip.

    ``road`` is the height that the road has there, and its slope. All widths of strips are added up.
    """
    end = half * BIN_M + 1.0
    start = edge + side * outside_m
    total, best, step_of_best = -np.inf, -np.inf, np.nan
    for strip in _STRIPS_M:
        stop = start + side * strip
        free = _between(sums, min(stop, side * end), max(stop, side * end), half)[9] * BIN_M
        score, step = -cost[0] * free, np.nan
        if strip > 0.0:
            m = _about(_between(sums, min(start, stop), max(start, stop), half), edge)
            if m[0] <= 0.0:
                continue
            # Level at the edge and slope, the slope within some percent.
            flat = m[2] + 1.0 / 0.06**2
            least = m[0] - m[1] * m[1] / flat
            height = (m[5] - m[1] * m[6] / flat) / max(least, 1e-9)
            slope = (m[6] - m[1] * height) / flat
            rest = max(m[8] - height * m[5] - slope * m[6], 0.0)
            step = height - road[0]
            score += -0.5 * rest - cost[1] + _step_ratio(step, 1.0 / max(least, 1e-9) + 1e-4)
            across = max(m[2] - m[1] * m[1] / m[0], 1e-9)
            score += _break_ratio(slope + road[1], 1.0 / across + 0.005**2)
        if strip > 0.0 and score > best:
            best, step_of_best = score, step
        total = score if total == -np.inf else max(total, score) + np.log1p(np.exp(-abs(total - score)))
    return total, step_of_best


@compiled_once
@numba.njit(cache=True)
def try_edges(
    weight: FloatArray,
    t: FloatArray,
    z: FloatArray,
    search: Search,
    half: int,
    cost: FloatArray,
    bowed: float,
) -> Evidence:
    """Score all places and half widths on one profile: bins with weights, offsets and heights."""
    sums = _moments(weight, t, z)
    shape = (2, len(search.centre_m), len(search.half_m))
    score, left, right = np.empty(shape), np.empty(shape), np.empty(shape)
    crown, step_left, step_right = np.empty(shape), np.empty(shape), np.empty(shape)
    for i in range(shape[1]):
        c = search.centre_m[i]
        for j in range(shape[2]):
            h = search.half_m[j]
            inner = max(h - search.inside_m, 0.5 * h)
            # The bin in the middle belongs to both halves.
            middle = 0.5 * _about(_between(sums, c, c, half), c)
            m_left = _about(_between(sums, c - inner, c - 0.5 * BIN_M, half), c) + middle
            m_right = _about(_between(sums, c + 0.5 * BIN_M, c + inner, half), c) + middle
            for form in range(2):
                x, inverse, rest = _halves(m_left, m_right, h, form)
                crown[form, i, j], left[form, i, j], right[form, i, j] = x[0], x[1], x[2]
                prior = np.log(bowed if form == _BOWED else 1.0 - bowed)
                steep = 2.0 if form == _BOWED else 1.0
                edge = (x[0] + x[1] * h, steep * x[1])
                low, step_left[form, i, j] = _beside(sums, c - h, edge, -1, search.outside_m, half, cost)
                edge = (x[0] - x[2] * h, steep * x[2])
                high, step_right[form, i, j] = _beside(sums, c + h, edge, 1, search.outside_m, half, cost)
                score[form, i, j] = -0.5 * rest + prior + low + high + _slopes_ratio(x, inverse)
                if m_left[0] + m_right[0] <= 0.0:
                    score[form, i, j] = -1e9
    return Evidence(score, left, right, crown, step_left, step_right)


def prior_of(search: Search, width_m: float, width_sd_m: float) -> tuple[FloatArray, FloatArray]:
    """Give the probabilities of all places, and of all half widths, before any evidence."""
    near, far = (_normal(search.centre_m / std) / std for std in (GIVEN.line_std_m, GIVEN.far_std_m))
    centre = (1.0 - GIVEN.far_share) * near + GIVEN.far_share * far
    away = (search.half_m - width_m / 2.0) / (width_sd_m / 2.0)
    half = 0.85 * _normal(away) + 0.15 * _normal(away / 2.5) / 2.5
    return centre / centre.sum(), half / half.sum()


def anywhere(
    scores: Sequence[FloatArray], prior: tuple[FloatArray, FloatArray], search: Search, gap: Sequence[int]
) -> list[FloatArray]:
    """Probabilities of `PLACES_M` for the middle of each window, (21,), wherever the line is drawn."""
    flat = np.full(len(search.centre_m), 1.0 / len(search.centre_m))
    near = np.maximum(1.0 - np.abs(search.centre_m[:, np.newaxis] - PLACES_M) / np.diff(PLACES_M)[0], 0.0)
    return [each.sum(axis=1) @ near for each in along_way(scores, (flat, prior[1]), search, gap)]


def _normal(z: FloatArray) -> FloatArray:
    return np.asarray(np.exp(-0.5 * z**2))


def _change(value_m: FloatArray, std_m: float) -> FloatArray:
    """Weights of changes between values, alike in both directions; any jump is possible."""
    kernel = _normal((value_m[:, np.newaxis] - value_m) / std_m)
    usual = kernel.sum(axis=1).max()
    return np.asarray((1.0 - GIVEN.jump) * kernel / usual + GIVEN.jump / len(value_m))


def along_way(
    scores: Sequence[FloatArray], prior: tuple[FloatArray, FloatArray], search: Search, gap: Sequence[int]
) -> list[FloatArray]:
    """Probabilities of places and half widths of each window, (n_centres, n_halves), all windows together.

    ``gap`` counts how many windows on each one lies; the first entry is not read.
    """
    # What the map says holds once for a way, and in part in each window; the same from either end.
    told = max(1.0 / len(scores), GIVEN.told_again) * np.log(np.outer(*prior) + 1e-12)
    here = [np.exp(np.maximum(each - each.max(), -60.0) + told) for each in scores]
    change = [
        (
            _change(search.centre_m, GIVEN.drift_std_m * math.sqrt(steps)),
            _change(search.half_m, GIVEN.widening_std_m * math.sqrt(steps)),
        )
        for steps in gap
    ]
    before, behind = [np.ones_like(here[0])], [np.ones_like(here[0])]
    for number in range(1, len(here)):
        ahead = change[number][0] @ (before[-1] * here[number - 1]) @ change[number][1]
        before.append(ahead / ahead.max())
        back = -number
        ahead = change[back][0] @ (behind[-1] * here[back]) @ change[back][1]
        behind.append(ahead / ahead.max())
    joined = [a * b * c for a, b, c in zip(before, here, reversed(behind), strict=True)]
    return [each / each.sum() for each in joined]
