"""Cross slopes drawn along whole histories; what belongs to a road is the same in every run.

Profile, steepness and low side of a way are drawn by a counter-based generator (Salmon et al. 2011, "Parallel
random numbers: as easy as 1, 2, 3"): each number is a function of the model's seed, the way, the draw (and
how many there are) and the use, mixed by splitmix64 (Steele, Lea & Flood 2014). A street is built as a whole
while its line in the map is cut at every change of a tag, so ways of one street share a part of their normal
numbers (a Gaussian copula: each way alone still follows its own row of the standards).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numba
import numpy as np

from camber.conventions import Profile
from camber.cross_slope.mixture import WANDER_LIMIT, shape_factor
from camber.cross_slope.surfaces import CODES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.cross_slope.surfaces import Surfaces
    from camber.schema import LateralHistories

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

_PROFILE: Final = 0
_SIDE: Final = 1
_BANKED: Final = 2
_SLOPE: Final = 3
_OF_MEAN, _OF_STD, _GRADE = range(4, 7)
"""Columns of what is drawn for a road; the last three keep a slope, and the mean and spread that it is of."""

_OTHER_STREET: Final = np.uint64(0xD1342543DE82EF95)
"""Turns the key of a road into that of the unknown other one that the runner may have been on instead."""

_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_WHOLE: Final = np.uint64(0x5851F42D4C957F2D)
"""Turns the seed of ways into that of whole streets."""

_SURELY_POSITIVE: Final = 6.0
"""So many standard deviations above zero nothing is cut off that a draw could show."""

_MEAN, _STD, _PLACE, _SPREAD, _HALF, _BANKED_MEAN, _BANKED_STD, _P_BANKED = range(8)
_P_CROWNED, _P_PARABOLIC, _P_INVERTED = range(8, 11)
_LOW, _BANKED_LOW, _ALONG, _ONE_WAY = range(4)
"""Places of the numbers and of the signs of a surface in the arrays of the kernel."""

_PART_CODES: Final = tuple(
    CODES[profile]
    for profile in (
        Profile.CROWNED,
        Profile.PARABOLIC,
        Profile.INVERTED,
        Profile.ONE_WAY,
        Profile.BANKED,
    )
)
"""Profiles in the order of the parts of `camber.cross_slope.mixture.shape_factor`."""


def draw_slopes(
    surfaces: Surfaces,
    histories: LateralHistories,
    keep: FloatArray,
    correlation: float,
    seed: int,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float32], NDArray[np.int8]]:
    """Draw cross slope and profile of every block in every history.

    Parameters
    ----------
    surfaces : Surfaces
        What lies under each state.
    histories : LateralHistories
        Drawn states.
    keep : ndarray of float64, shape (n_blocks,)
        Correlation of the runner's place with that in the block before, 0 to 1.
    correlation : float
        Correlation of the roads' normal numbers between ways of one street, 0 to 1.
    seed : int
        Seed of the roads' own draws.
    rng : numpy.random.Generator
        Source of the draws that belong to this run.

    Returns
    -------
    cross_slope_pct : ndarray of float32, shape (n_draws, n_blocks)
        Cross slope [%], positive falling to the right; NaN where the state is -1.
    profile : ndarray of int8, shape (n_draws, n_blocks)
        Codes of the profiles; -1 where the state is -1.
    """
    given = surfaces
    numbers = (
        *(given.mean_pct, given.std_pct, given.place_m, given.spread_m, given.half_width_m),
        *(given.banked_pct, given.banked_std_pct, given.p_banked),
        *(given.p_crowned, given.p_parabolic, given.p_inverted),
    )
    signs = (given.low_side, given.banked_side, given.along_street, given.one_way_profile)
    # A sidewalk is built on its own, and has keys of its own for way and street.
    ways, first, road = np.unique(
        2 * (given.way_id + 1) + given.attached, return_index=True, return_inverse=True
    )
    streets = (2 * (given.street_id + 1) + given.attached).ravel()[first]
    keys = np.stack([ways, streets], axis=1).astype(np.uint64)
    return _draw(
        histories.state,
        histories.astray,
        np.stack([np.asarray(part, dtype=np.float64) for part in numbers], axis=2),
        np.stack([np.asarray(part, dtype=np.int64) for part in signs], axis=2),
        road.reshape(given.way_id.shape),
        np.concatenate([keys, keys ^ _OTHER_STREET]),
        keep,
        rng.standard_normal(histories.state.shape, dtype=np.float32),
        rng.random(histories.state.shape, dtype=np.float32),
        np.array([math.sqrt(correlation), math.sqrt(1.0 - correlation)]),
        np.uint64(seed % 2**64),
    )


@numba.njit(cache=True)
def _mix(value: np.uint64) -> np.uint64:
    """Scatter the bits of a number: the finalizer of splitmix64."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@numba.njit(cache=True)
def inverse_normal(p: float) -> float:
    """Inverse of the standard normal distribution function, to seven digits.

    Wichura 1988, "Algorithm AS 241: the percentage points of the normal distribution", routine PPND7.

    Parameters
    ----------
    p : float
        Probability, inside (0, 1).

    Returns
    -------
    float
        The number that a standard normal one is below with that probability.
    """
    q = p - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        above = ((59.109374720 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179
        return q * above / (((67.187563600 * r + 78.757757664) * r + 17.895169469) * r + 1.0)
    r = math.sqrt(-math.log(min(p, 1.0 - p)))
    if r <= 5.0:
        r -= 1.6
        above = ((0.17023821103 * r + 1.3067284816) * r + 2.7568153900) * r + 1.4234372777
        below = (0.12021132975 * r + 0.73700164250) * r + 1.0
    else:
        r -= 5.0
        above = ((0.017337203997 * r + 0.42868294337) * r + 3.0812263860) * r + 6.6579051150
        below = (0.012258202635 * r + 0.24197894225) * r + 1.0
    return math.copysign(above / below, q)


@numba.njit(cache=True)
def _distribution(z: float) -> float:
    return 0.5 * math.erfc(-z / 2.0**0.5)


@numba.njit(cache=True)
def _slice(key: np.uint64, draw: int, draws: int) -> int:
    """Place of a draw in a permutation of all draws that belongs to the key.

    A Feistel network of four rounds over the smallest domain of an even number of bits, walked until it ends
    inside (Black & Rogaway 2002, "Ciphers with arbitrary finite domains", cycle walking).
    """
    half = 1
    while 1 << (2 * half) < draws:
        half += 1
    low = np.uint64((1 << half) - 1)
    value = np.uint64(draw)
    while True:
        left, right = value >> np.uint64(half), value & low
        for turn in range(4):
            mixed = _mix(key + np.uint64(turn) * _GOLDEN ^ right)
            left, right = right, left ^ (mixed & low)
        value = left << np.uint64(half) | right
        if value < np.uint64(draws):
            return int(value)


@numba.njit(cache=True)
def road_normal(seed: np.uint64, road: np.uint64, draw: int, draws: int, use: int) -> float:
    """Draw a standard normal number that belongs to a road.

    Its draws are spread evenly: each comes from another of equally likely slices, in an order of the road's
    own (McKay, Beckman & Conover 1979, Latin hypercube sampling). A runner's usual streets are few, and the
    same draws serve all runs, so that luck in them would never average out.

    Parameters
    ----------
    seed : uint64
        Seed of the model.
    road : uint64
        Key of the road.
    draw, draws : int
        Number of the draw, and how many there are.
    use : int
        What the number is for.

    Returns
    -------
    float
        The number.
    """
    key = _mix(_mix(seed + _GOLDEN) ^ road * _GOLDEN) ^ _mix(np.uint64(use) + _GOLDEN)
    inside = float(_mix(key ^ np.uint64(draw) * _GOLDEN) >> np.uint64(11)) * 2.0**-53
    rank = (_slice(key, draw, draws) + inside) / draws
    return inverse_normal(min(max(rank, 1e-12), 1.0 - 1e-12))


@numba.njit(cache=True)
def _shared_normal(
    seed: np.uint64, keys: NDArray[np.uint64], draw: int, draws: int, use: int, parts: FloatArray
) -> float:
    """Draw a normal number of a way, which correlates with that of its street."""
    own = road_normal(seed, keys[0], draw, draws, use)
    if parts[0] == 0.0:
        return own
    street = road_normal(seed ^ _WHOLE, keys[1], draw, draws, use)
    return float(parts[0] * street + parts[1] * own)


@numba.njit(cache=True)
def _grade(mean: float, std: float, z: float) -> float:
    """Slope truncated at zero that has the rank of the normal number ``z``.

    By its rank and not by trying again: what is tried again for one way of a street and not for the next
    would make them less alike than they are.
    """
    if mean >= _SURELY_POSITIVE * std:
        return mean + std * z
    negative = _distribution(-mean / std)
    rank = negative + (1.0 - negative) * _distribution(z)
    return max(mean + std * inverse_normal(min(max(rank, 1e-12), 1.0 - 1e-12)), 0.0)


@numba.njit(cache=True)
def _draw_road(
    seed: np.uint64, keys: NDArray[np.uint64], draw: int, draws: int, parts: FloatArray, known: FloatArray
) -> None:
    """Draw what belongs to a road: ranks of its profile and of being banked, normals of side and slope."""
    for use in range(4):
        known[use] = _shared_normal(seed, keys, draw, draws, use, parts)
    known[_PROFILE] = _distribution(known[_PROFILE])
    known[_BANKED] = _distribution(known[_BANKED])
    known[_OF_MEAN] = np.nan


@numba.njit(cache=True)
def _part(
    shape_rank: float, banked_rank: float, crowned: float, parabolic: float, inverted: float, banked: float
) -> int:
    """Read ranks against shares: 0 crowned, 1 parabolic, 2 inverted, 3 one plane, 4 banked."""
    if banked_rank < banked:
        return 4
    if shape_rank >= 1.0 - inverted:
        return 2
    if shape_rank < crowned:
        return 0
    return 1 if shape_rank < crowned + parabolic else 3


@numba.njit(cache=True)
def _draw(
    state: NDArray[np.int8],
    astray: NDArray[np.bool_],
    numbers: FloatArray,
    signs: IntArray,
    road: IntArray,
    keys: NDArray[np.uint64],
    keep: FloatArray,
    weave: NDArray[np.float32],
    chance: NDArray[np.float32],
    parts: FloatArray,
    seed: np.uint64,
) -> tuple[NDArray[np.float32], NDArray[np.int8]]:
    draws, blocks = state.shape
    slope = np.full((draws, blocks), np.nan, dtype=np.float32)
    profile = np.full((draws, blocks), -1, dtype=np.int8)
    drawn = np.full(len(keys), -1)
    known = np.zeros((len(keys), 7))
    fresh = np.sqrt(1.0 - keep * keep)
    for d in range(draws):
        place, flip = 0.0, 1.0
        for b in range(blocks):
            place = keep[b] * place + fresh[b] * weave[d, b]
            if astray[d, b] and (b == 0 or not astray[d, b - 1]):
                flip = -1.0 if chance[d, b] < 0.5 else 1.0
            k = state[d, b]
            if k < 0:
                continue
            r = road[b, k] + (len(keys) // 2 if astray[d, b] else 0)
            if drawn[r] != d:
                drawn[r] = d
                _draw_road(seed, keys[r], d, draws, parts, known[r])
            # Element by element: views of rows cost more than all the arithmetic here.
            part = _part(
                known[r, _PROFILE],
                known[r, _BANKED],
                numbers[b, k, _P_CROWNED],
                numbers[b, k, _P_PARABOLIC],
                numbers[b, k, _P_INVERTED],
                numbers[b, k, _P_BANKED],
            )
            profile[d, b] = signs[b, k, _ONE_WAY] if part == 3 else _PART_CODES[part]
            mean, std, low = numbers[b, k, _MEAN], numbers[b, k, _STD], signs[b, k, _LOW]
            if part == 4:
                mean, std = numbers[b, k, _BANKED_MEAN], numbers[b, k, _BANKED_STD]
                low = signs[b, k, _BANKED_LOW]
            if mean != known[r, _OF_MEAN] or std != known[r, _OF_STD]:
                known[r, _OF_MEAN], known[r, _OF_STD] = mean, std
                known[r, _GRADE] = _grade(mean, std, known[r, _SLOPE])
            # A plane falls one way for all who pass: its unknown side is drawn for the street, and turned.
            side = 1.0 if known[r, _SIDE] >= 0.0 else -1.0
            plane = float(low) if low != 0 else side * signs[b, k, _ALONG]
            wander = min(max(place, -WANDER_LIMIT), WANDER_LIMIT)
            offset = numbers[b, k, _PLACE] + numbers[b, k, _SPREAD] * wander
            slope[d, b] = known[r, _GRADE] * shape_factor(part, offset, numbers[b, k, _HALF], plane)
            if astray[d, b]:
                # Another street than the matched one has a surface of its own, and falls to either side,
                # alike for a stretch of doubt.
                slope[d, b] *= flip
    return slope, profile
