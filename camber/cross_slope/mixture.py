"""The mixture of profiles, slopes and places under each state, integrated: arrays in, arrays out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numba
import numpy as np

from camber.conventions import NO_WAY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.cross_slope.surfaces import Surfaces

    FloatArray = NDArray[np.float64]

BLEND_M: Final = 0.4
"""Scale over which the planes of a crown blend [m]; as in `camber.cross_section.cross_slope`."""

_NODES: Final = 16
"""Places at which a state is sampled across; even, so that left and right are mirror images."""

_FLAT_PCT: Final = 1e-9


def leg_probabilities(
    surfaces: Surfaces, level_pct: float
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Integrate the mixture of profiles, slopes and places for each state.

    Parameters
    ----------
    surfaces : Surfaces
        What lies under each state.
    level_pct : float
        Absolute cross slope below which the surface counts as level [%].

    Returns
    -------
    p_left_low, p_right_low : ndarray of float64, shape (n_blocks, 6)
        Probability that the surface falls to the left or right by more than ``level_pct``.
    mean_pct, square_pct2 : ndarray of float64, shape (n_blocks, 6)
        Mean of the signed cross slope [%] and of its square. All 0 where the state does not exist.
    """
    given, exists = surfaces, surfaces.way_id != NO_WAY
    weights = (given.p_crowned, given.p_parabolic, given.p_inverted, given.p_one_way, given.p_banked)
    numbers = (given.mean_pct, given.std_pct, given.banked_pct, given.banked_std_pct)
    places = (given.place_m, given.spread_m, given.half_width_m)
    sides = (given.low_side, given.banked_side)
    result = _integrate(
        np.stack([np.where(exists, part, 0.0).ravel() for part in weights], axis=1),
        np.stack([part.ravel() for part in numbers], axis=1),
        np.stack([part.ravel() for part in places], axis=1),
        np.stack([part.ravel() for part in sides], axis=1),
        NODES,
        level_pct,
    )
    left, right, mean, square = (result[:, column].reshape(given.p_crowned.shape) for column in range(4))
    return left, right, mean, square


def normal_nodes(count: int) -> FloatArray:
    """Midpoints of equally likely slices of a standard normal, by bisection on its distribution function.

    Parameters
    ----------
    count : int
        Number of slices, even.

    Returns
    -------
    ndarray of float64, shape (count,)
        Midpoints, mirrored about 0.
    """
    nodes = []
    for k in range(count // 2):
        target, low, high = (k + 0.5) / count, -8.0, 0.0
        while high - low > 1e-12:
            middle = 0.5 * (low + high)
            low, high = (middle, high) if 0.5 * math.erfc(-middle / 2**0.5) < target else (low, middle)
        nodes += [low, -low]
    return np.array(nodes)


WANDER_LIMIT: Final = math.sqrt(3.0)
"""Widest excursion in standard deviations: the half width of a uniform distribution, the edge of a path."""

NODES: Final = np.clip(normal_nodes(_NODES), -WANDER_LIMIT, WANDER_LIMIT)
"""The places across, in standard deviations."""


@numba.njit(cache=True)
def exceeds(limit: float, mean: float, std: float) -> float:
    """Probability that a normal variable truncated at zero exceeds a limit.

    Parameters
    ----------
    limit : float
        The limit, not negative.
    mean, std : float
        Of the variable before truncation.

    Returns
    -------
    float
        The probability.
    """
    return _upper(limit, mean, std) / _positive(mean, std)


@numba.njit(cache=True)
def _upper(limit: float, mean: float, std: float) -> float:
    """Twice the probability that a normal variable exceeds a limit; 1 or 0 where it hardly varies."""
    if std <= _FLAT_PCT:
        return 1.0 if mean > limit else 0.0
    return math.erfc((limit - mean) * (1.0 / (std * math.sqrt(2.0))))


@numba.njit(cache=True)
def _positive(mean: float, std: float) -> float:
    """Twice the probability that it is above zero: what the truncated variable is divided by."""
    return 1.0 if std <= _FLAT_PCT else math.erfc(-mean * (1.0 / (std * math.sqrt(2.0))))


@numba.njit(cache=True)
def truncated_moments(mean: float, std: float) -> tuple[float, float]:
    """First and second moment of a normal variable truncated at zero (Johnson & Kotz 1970, section 13.7).

    Parameters
    ----------
    mean, std : float
        Of the variable before truncation.

    Returns
    -------
    first, second : float
        Moments about zero.
    """
    if std <= _FLAT_PCT:
        return mean, mean * mean
    alpha = -mean / std
    tail = 0.5 * math.erfc(alpha / math.sqrt(2.0))
    hazard = math.exp(-0.5 * alpha * alpha) / math.sqrt(2.0 * math.pi) / tail
    return mean + std * hazard, mean * mean + std * std + std * hazard * mean


@numba.njit(cache=True)
def shape_factor(part: int, place_m: float, half_width_m: float, side: float) -> float:
    """Signed slope of a profile at a place, as a multiple of its grade.

    Parameters
    ----------
    part : int
        0 crowned, 1 parabolic, 2 inverted; anything else is one plane.
    place_m, half_width_m : float
        Offset from the crown, positive right, and half width [m].
    side : float
        Low side of a plane: +1 right, -1 left.

    Returns
    -------
    float
        As `camber.cross_section.cross_slope` and `camber.cross_section.parabolic_slope` have it.
    """
    if part > 2:
        return side
    if part == 1:
        return 2.0 * min(max(place_m / half_width_m, -1.0), 1.0)
    blend = min(BLEND_M, half_width_m / 2.0)
    ridge = math.tanh(place_m / blend)
    return ridge if part == 0 else -ridge


@numba.njit(cache=True)
def _integrate(
    weights: FloatArray,
    numbers: FloatArray,
    places: FloatArray,
    sides: NDArray[np.int64],
    nodes: FloatArray,
    level_pct: float,
) -> FloatArray:
    result = np.zeros((len(weights), 4))
    factor, beyond = np.zeros((3, len(nodes))), np.zeros((3, len(nodes)))
    for row in range(len(weights)):
        if weights[row, :4].sum() <= 0.0:
            continue
        rest = 1.0 - weights[row, 4]
        count = len(nodes) if places[row, 1] > 0.0 else 1
        for part in range(5):
            weight = weights[row, 4] if part == 4 else rest * weights[row, part]
            if weight <= 0.0:
                continue
            column = 2 if part == 4 else 0
            mean, std = numbers[row, column], numbers[row, column + 1]
            first, second = truncated_moments(mean, std)
            if part >= 3:
                tail, low = exceeds(level_pct, mean, std), sides[row, part - 3]
                for side in (-1.0, 1.0):
                    share = weight * (0.5 if low == 0 else (1.0 if low == side else 0.0))
                    _add(result, row, share, side, tail, first, second)
                continue
            if part == 2 and rest * weights[row, 0] > 0.0:
                # An inverted profile is a crown upside down.
                for look in range(count):
                    factor[2, look], beyond[2, look] = -factor[0, look], beyond[0, look]
            else:
                _across(part, row, places, nodes, count, level_pct, mean, std, factor, beyond)
            for look in range(count):
                _add(result, row, weight / count, factor[part, look], beyond[part, look], first, second)
    return result


@numba.njit(cache=True)
def _across(
    part: int,
    row: int,
    places: FloatArray,
    nodes: FloatArray,
    count: int,
    level_pct: float,
    mean: float,
    std: float,
    factor: FloatArray,
    beyond: FloatArray,
) -> None:
    """Write slope as a multiple of the grade at each place across, and how likely it exceeds the level."""
    positive = _positive(mean, std)
    for look in range(count):
        node = nodes[look] if count > 1 else 0.0
        at_m = places[row, 0] + places[row, 1] * node
        factor[part, look] = shape_factor(part, at_m, places[row, 2], 0.0)
        if factor[part, look] != 0.0:
            beyond[part, look] = _upper(level_pct / abs(factor[part, look]), mean, std) / positive


@numba.njit(cache=True)
def _add(
    result: FloatArray, row: int, share: float, factor: float, beyond: float, first: float, second: float
) -> None:
    """Add one place, or one side of a plane, to the probabilities and moments of a row."""
    if share <= 0.0 or factor == 0.0:
        return
    result[row, 0 if factor < 0.0 else 1] += share * beyond
    result[row, 2] += share * factor * first
    result[row, 3] += share * factor * factor * second
