"""What all roads of one kind in a country share and nobody knows: how many are crowned, how steep they are.

The shares of a row are no fact of a country: they are the mean of a distribution. In each draw all roads of
the row take one share and one mean slope, in every run of a library, so that what is wrong for all streets
alike does not average out over them. A single road still follows its row: the share enters with its mean, and
the slope's spread between countries is a part of the row's own.

Kernel first: shares are spread over the draws as the means of equally likely slices of their distribution
(Latin hypercube sampling, McKay, Beckman & Conover 1979), so that their mean over the draws is the row's.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

import numba
import numpy as np

from camber.conventions import NO_WAY
from camber.cross_slope.road_numbers import road_normal
from camber.kernels import codes, compiled_once

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from camber.cross_slope.surfaces import Surfaces

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

_COUNTRY: Final = np.uint64(0xA0761D6478BD642F)
"""Turns the seed of ways into that of what the roads of a country share."""

_EVERYWHERE: Final = np.uint64(0x9E3779B97F4A7C15)
"""Names what all kinds of roads share."""

_ALIKE: Final = 0.5
"""Correlation of the shares of two kinds of roads, through normal ranks (judgement: where main roads are
crowned more often than the standards say, the same builders made the side streets)."""

_USE_CROWNED, _USE_INVERTED, _USE_SLOPE = codes(3)
"""What the numbers of a kind of road are for."""

_MOST_ODDS: Final = 690.0
"""Log odds of a share that a computer can still tell from 0 or 1."""

_CROWNED_CELLS, _INVERTED_CELLS = 400, 40
"""Cells in which the posterior of each share is held (judgement: a share is known no better than to .01)."""

_TINY: Final = 1e-300
_TURNS: Final = 500
"""Most steps of the continued fraction; it needs about the root of the larger parameter."""


class Unknowns(NamedTuple):
    """Distributions of what roads of one kind share; shape (n_kinds,) throughout.

    Parameters
    ----------
    key : ndarray of uint64
        Names the kind: row of the standards and country.
    crowned, crowned_weight : ndarray of float64
        Share of crowned roads, parabolic ones among them: mean of a Beta distribution, and the number of
        roads that it is worth; infinite where the share is certain.
    inverted, inverted_weight : ndarray of float64
        The same for the share of inverted roads among the others.
    slope, slope_std : ndarray of float64
        Mean slope of the kind: mean and standard deviation of a normal distribution, in units of the shared
        part of the row's spread and counted from the row's mean; 0 and 1 as long as nothing was observed.
    """

    key: NDArray[np.uint64]
    crowned: FloatArray
    crowned_weight: FloatArray
    inverted: FloatArray
    inverted_weight: FloatArray
    slope: FloatArray
    slope_std: FloatArray


class Shared(NamedTuple):
    """What roads of one kind share in each draw, shape (n_draws, n_kinds).

    ``crowned`` and ``inverted`` are shares of all roads; ``slope`` is the mean slope as in `Unknowns`.
    """

    crowned: FloatArray
    inverted: FloatArray
    slope: FloatArray


def unknowns_of(
    key: NDArray[np.uint64], crowned: FloatArray, inverted: FloatArray, weight: FloatArray
) -> Unknowns:
    """Say what is unknown about kinds of roads by the shares of their rows, worth ``weight`` roads.

    A Dirichlet distribution over crowned, inverted and one-way roads, which is a Beta distribution of the
    crowned ones and another one of the inverted among the rest. All of shape (n_kinds,).
    """
    rest = np.maximum(1.0 - crowned, 0.0)
    rest_weight = np.multiply(weight, rest, out=np.full_like(rest, np.inf), where=rest > 0.0)
    among = np.divide(inverted, rest, out=np.zeros_like(rest), where=rest > 0.0)
    among = np.minimum(among, 1.0)  # rounding must not make more of the rest than there is
    return Unknowns(
        key,
        crowned,
        weight,
        among,
        rest_weight,
        np.zeros(len(key)),
        np.ones(len(key)),
    )


def kinds_of(surfaces: Surfaces) -> tuple[Unknowns, IntArray]:
    """Find the kinds of road among some surfaces: what each shares, and the kind of each, -1 without one."""
    asked = (surfaces.way_id != NO_WAY) & (surfaces.kind_key != 0)
    keys, first, number = np.unique(surfaces.kind_key[asked], return_index=True, return_inverse=True)
    crowned, parabolic, inverted, weight = (
        values[asked][first]
        for values in (surfaces.p_crowned, surfaces.p_parabolic, surfaces.p_inverted, surfaces.kind_weight)
    )
    kind = np.full(surfaces.way_id.shape, -1)
    kind[asked] = number
    return unknowns_of(keys.astype(np.uint64), crowned + parabolic, inverted, weight), kind


def draw_shared(unknowns: Unknowns, seed: int, draws: int) -> Shared:
    """Draw what roads of each kind share: the same in every run, by the seed of the model."""
    crowned, inverted, slope = np.empty((3, draws, len(unknowns.key)))
    for kind, key in enumerate(unknowns.key.tolist()):
        first, second, normal = _orders(seed, key, draws)
        crowned[:, kind] = beta_slices(unknowns.crowned[kind], unknowns.crowned_weight[kind], draws)[first]
        inverted[:, kind] = beta_slices(unknowns.inverted[kind], unknowns.inverted_weight[kind], draws)[
            second
        ]
        slope[:, kind] = unknowns.slope[kind] + unknowns.slope_std[kind] * normal
    return Shared(crowned, (1.0 - crowned) * inverted, slope)


# -- What observed roads tell ---------------------------------------------------------------------------


class SlopeLesson(NamedTuple):
    """A steepness that was measured: its weight, and how far it lies from the row's mean.

    Both in units of the shared part of the row's spread.
    """

    weight: float
    away: float


class Lesson(NamedTuple):
    """What the observed roads of one kind tell of all of them.

    Parameters
    ----------
    likelihood : ndarray of float64, shape (m, 3)
        Of what was observed of each stretch, if the road is crowned, inverted, or one plane.
    weight : ndarray of float64, shape (m,)
        Number of roads that it stands for, at most 1.
    slopes : tuple of SlopeLesson
        Measured slopes.
    """

    likelihood: FloatArray
    weight: FloatArray
    slopes: tuple[SlopeLesson, ...]


def learned(unknowns: Unknowns, lessons: Mapping[int, Lesson]) -> Unknowns:
    """Move what is unknown about kinds of road by roads that were observed; the others stay bit for bit.

    Where each road's pattern is certain, the shares keep to a Dirichlet distribution whose counts grow by the
    roads; else Beta distributions take mean and variance of the exact posterior. The mean slope is normal.
    """
    fields = [np.array(values) for values in unknowns[1:]]
    crowned, crowned_weight, inverted, inverted_weight, slope, slope_std = fields
    for kind, key in enumerate(unknowns.key.tolist()):
        if key in lessons:
            one = lessons[key]
            before = (crowned[kind], crowned_weight[kind]), (inverted[kind], inverted_weight[kind])
            after = _learned_shares(*before, one)
            (crowned[kind], crowned_weight[kind]), (inverted[kind], inverted_weight[kind]) = after
            information = 1.0 + sum(each.weight for each in one.slopes)
            slope[kind] = sum(each.weight * each.away for each in one.slopes) / information
            slope_std[kind] = 1.0 / math.sqrt(information)
    return Unknowns(unknowns.key, *fields)


def _learned_shares(
    crowned: tuple[float, float], inverted: tuple[float, float], lesson: Lesson
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Mean and weight of both shares after some roads, by the exact posterior on a grid."""
    share, mass = _grid(*crowned, _CROWNED_CELLS)
    among, among_mass = _grid(*inverted, _INVERTED_CELLS)
    total = np.zeros((len(share), len(among)))
    for (ridge, bowl, plane), roads in zip(lesson.likelihood.tolist(), lesson.weight.tolist(), strict=True):
        other = bowl * among + plane * (1.0 - among)
        total += roads * np.log(share[:, np.newaxis] * ridge + np.outer(1.0 - share, other) + _TINY)
    posterior = np.outer(mass, among_mass) * np.exp(total - total.max())
    posterior /= posterior.sum()
    return (
        _matched(share, posterior.sum(axis=1), crowned[1]),
        _matched(among, posterior.sum(axis=0), inverted[1]),
    )


def _grid(mean: float, weight: float, cells: int) -> tuple[FloatArray, FloatArray]:
    """Midpoints of equal cells, and the mass that a Beta distribution has in each."""
    if not math.isfinite(weight) or mean <= 0.0 or mean >= 1.0:
        return np.array([mean]), np.ones(1)
    edges = np.arange(1, cells) / cells
    a, b = mean * weight, (1.0 - mean) * weight
    below = [beta_distribution(odds, a, b) for odds in np.log(edges / (1.0 - edges)).tolist()]
    return (np.arange(cells) + 0.5) / cells, np.diff([0.0, *below, 1.0])


def _matched(share: FloatArray, mass: FloatArray, weight: float) -> tuple[float, float]:
    """Mean of a share, and the weight of the Beta distribution that has its variance."""
    mean = float(share @ mass)
    variance = float((share - mean) ** 2 @ mass)
    return mean, weight if variance <= 0.0 else mean * (1.0 - mean) / variance - 1.0


@lru_cache(maxsize=1024)
def _orders(seed: int, key: int, draws: int) -> tuple[IntArray, IntArray, FloatArray]:
    """Slice of each of the two shares in each draw, and normal numbers of the slope, shape (n_draws,)."""
    mixed, normal = _numbers(np.uint64(seed % 2**64) ^ _COUNTRY, np.uint64(key), draws)
    order = np.argsort(np.argsort(mixed, axis=1), axis=1)
    return order[_USE_CROWNED], order[_USE_INVERTED], normal


@compiled_once
@numba.njit(cache=True)
def _numbers(seed: np.uint64, key: np.uint64, draws: int) -> tuple[FloatArray, FloatArray]:
    """Draw normal numbers: by which the two shares are ordered, shape (2, n_draws), and of slopes."""
    mixed, normal = np.empty((2, draws)), np.empty(draws)
    own = math.sqrt(1.0 - _ALIKE)
    for use in range(2):
        for d in range(draws):
            everywhere = road_normal(seed, _EVERYWHERE, d, draws, use)
            mixed[use, d] = math.sqrt(_ALIKE) * everywhere + own * road_normal(seed, key, d, draws, use)
    for d in range(draws):
        normal[d] = road_normal(seed, key, d, draws, _USE_SLOPE)
    return mixed, normal


@lru_cache(maxsize=4096)
def beta_slices(mean: float, weight: float, count: int) -> FloatArray:
    """Give the means of equally likely slices of a Beta distribution, in order, shape (count,).

    Their mean is its own. ``weight`` is the sum of its parameters; where that has no limit, or at a mean of 0
    or 1, every slice is the mean.
    """
    if not math.isfinite(weight) or mean <= 0.0 or mean >= 1.0:
        slices = np.full(count, mean)
    else:
        a, b = mean * weight, (1.0 - mean) * weight
        # The part of the mean up to x is the mean times the distribution function for a + 1.
        slices = np.clip(count * mean * np.diff(_beta_parts(a, b, count)), 0.0, 1.0)
    slices.flags.writeable = False
    return slices


@compiled_once
@numba.njit(cache=True)
def _beta_parts(a: float, b: float, count: int) -> FloatArray:
    """Distribution function for a + 1 and b at the quantiles 0, 1 / count, ..., 1 of that for a and b.

    Quantiles by bisection of the log odds, since shares crowd at 0 and 1 where a parameter is below 1.
    """
    parts = np.empty(count + 1)
    parts[0], parts[count], start = 0.0, 1.0, -_MOST_ODDS
    for k in range(1, count):
        low, high = start, _MOST_ODDS
        while high - low > 1e-10:
            middle = 0.5 * (low + high)
            if beta_distribution(middle, a, b) < k / count:
                low = middle
            else:
                high = middle
        start = low
        parts[k] = beta_distribution(low, a + 1.0, b)
    return parts


@compiled_once
@numba.njit(cache=True)
def beta_distribution(log_odds: float, a: float, b: float) -> float:
    """Distribution function of a Beta distribution: the regularised incomplete beta function.

    By its continued fraction (NIST Digital Library of Mathematical Functions, 8.17.22) with the algorithm of
    Lentz, on the side on which that converges fast.
    """
    turned = 1.0 / (1.0 + math.exp(-log_odds)) > (a + 1.0) / (a + b + 2.0)
    if turned:
        log_odds, a, b = -log_odds, b, a
    # Logarithms of the share and of the rest, exact at either end.
    log_rest = -math.log1p(math.exp(-abs(log_odds))) - max(log_odds, 0.0)
    x = math.exp(log_odds + log_rest)
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * (log_odds + log_rest) + b * log_rest
    upper, lower = 1.0, 1.0 - (a + b) * x / (a + 1.0)
    lower = 1.0 / (lower if abs(lower) > _TINY else _TINY)
    whole = lower
    for m in range(1, _TURNS):
        for even in range(2):
            if even == 0:
                factor = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
            else:
                factor = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
            lower = 1.0 + factor * lower
            upper = 1.0 + factor / upper
            lower = 1.0 / (lower if abs(lower) > _TINY else _TINY)
            upper = upper if abs(upper) > _TINY else _TINY
            step = lower * upper
            whole *= step
        if abs(step - 1.0) < 1e-14:
            break
    below = math.exp(front) * whole / a
    return 1.0 - below if turned else below
