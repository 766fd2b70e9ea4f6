"""Profiles, slopes and places under each lateral state: integrated, and drawn along whole histories.

What belongs to a road is the same in every run. Profile, steepness and low side of a way are drawn by a
counter-based generator (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): each number is a
function of the model's seed, the way, the draw (and how many there are) and the use, mixed by splitmix64
(Steele, Lea & Flood 2014). A street is built as a whole while its line in the map is cut at every change of a
tag, so ways of one street share a part of their normal numbers (a Gaussian copula: each way alone still
follows its own row of the standards).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

import numba
import numpy as np

from camber.conventions import NO_WAY, PROFILE_CODE, Profile
from camber.cross_section import BLEND_M, WANDER_LIMIT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.cross_slope.surfaces import Surfaces
    from camber.schema import LateralHistories

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    Record = np.void

_SURFACE: Final = np.dtype(
    [
        *((name, np.float64) for name in ("p_crowned", "p_parabolic", "p_inverted", "p_one_way", "p_banked")),
        *((name, np.float64) for name in ("mean_pct", "std_pct", "banked_pct", "banked_std_pct")),
        *((name, np.float64) for name in ("place_m", "spread_m", "half_width_m")),
        *((name, np.int64) for name in ("way_id", "low_side", "banked_side", "along_street")),
        ("one_way_profile", np.int64),
    ]
)
"""Columns of `Surfaces` that the kernels read, side by side for one state of one block."""

_ROAD: Final = np.dtype(
    [
        (name, np.float64)
        for name in ("profile", "side", "banked", "slope", "mean_pct", "std_pct", "grade_pct")
    ]
)
"""What is drawn for a road: ranks of its profile and of being banked, normal numbers of low side and slope;
and the slope itself, for the mean and the spread that it was last asked for."""

_USE_PROFILE, _USE_SIDE, _USE_BANKED, _USE_SLOPE = range(4)
"""What the normal numbers of a road are for: each is a function of its use alone, whenever it is drawn."""

_CROWNED, _PARABOLIC, _INVERTED, _ONE_WAY, _BANKED = range(5)
"""Parts of the mixture of profiles."""

_PART_CODES: Final = tuple(
    PROFILE_CODE[profile]
    for profile in (
        Profile.CROWNED,
        Profile.PARABOLIC,
        Profile.INVERTED,
        Profile.ONE_WAY,
        Profile.BANKED,
    )
)
"""Their profiles."""

_FLAT_PCT: Final = 1e-9
"""A spread up to this is none [%]: rounding."""

_SURELY_POSITIVE: Final = 6.0
"""So many standard deviations above zero nothing is cut off that a draw could show."""

_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_WHOLE: Final = np.uint64(0x5851F42D4C957F2D)
"""Turns the seed of ways into that of whole streets."""

_OTHER_STREET: Final = np.uint64(0xD1342543DE82EF95)
"""Turns the key of a road into that of the unknown other one that the runner may have been on instead."""


def _midpoints(count: int) -> FloatArray:
    """Midpoints of equally likely slices of a standard normal, mirrored about 0; an even number of them."""
    nodes = []
    for k in range(count // 2):
        target, low, high = (k + 0.5) / count, -8.0, 0.0
        while high - low > 1e-12:
            middle = 0.5 * (low + high)
            low, high = (middle, high) if 0.5 * math.erfc(-middle / 2**0.5) < target else (low, middle)
        nodes += [low, -low]
    return np.array(nodes)


_NODES: Final = np.clip(_midpoints(16), -WANDER_LIMIT, WANDER_LIMIT)
"""Places at which a state is sampled across, in standard deviations."""


def _packed(surfaces: Surfaces) -> NDArray[np.void]:
    """Put what the kernels read of each surface side by side, shape (n_blocks, 6)."""
    table = np.empty(surfaces.way_id.shape, _SURFACE)
    for name in _SURFACE.names or ():
        table[name] = getattr(surfaces, name)
    return table


@numba.njit(cache=True)
def shape_factor(part: int, place_m: float, half_width_m: float, side: float) -> float:
    """Signed slope of a part at an offset from the crown [m], positive right, as a multiple of its grade.

    As `camber.cross_section.cross_slope` and `camber.cross_section.parabolic_slope` have it; a plane falls to
    its low ``side``.
    """
    if part > _INVERTED:
        return side
    if part == _PARABOLIC:
        return 2.0 * min(max(place_m / half_width_m, -1.0), 1.0)
    ridge = math.tanh(place_m / min(BLEND_M, half_width_m / 2.0))
    return ridge if part == _CROWNED else -ridge


# -- The mixture, integrated ----------------------------------------------------------------------------


class Legs(NamedTuple):
    """What the mixture of profiles, slopes and places says of each state; shape (n_blocks, 6) throughout.

    Parameters
    ----------
    left_low, right_low : ndarray of float64
        Probabilities that the surface falls to that side by more than counts as level.
    mean_pct, square_pct2 : ndarray of float64
        Means of the signed cross slope [%] and of its square.
    falls_left, falls_right : ndarray of float64
        Probabilities that it falls to that side at all, by however little.
    """

    left_low: FloatArray
    right_low: FloatArray
    mean_pct: FloatArray
    square_pct2: FloatArray
    falls_left: FloatArray
    falls_right: FloatArray


def leg_probabilities(surfaces: Surfaces, level_pct: float) -> Legs:
    """Integrate the mixture for each state of each block; all 0 where the state does not exist."""
    return Legs(*_integrate(_packed(surfaces), _NODES, level_pct))


@numba.njit(cache=True)
def _integrate(table: NDArray[np.void], nodes: FloatArray, level_pct: float) -> FloatArray:
    """Sum over the parts of each surface, and for what is curved over places across; shape (6, n, 6)."""
    blocks, states = table.shape
    result = np.zeros((6, blocks, states))
    ridge, over_ridge, bow, over_bow = np.zeros((4, len(nodes)))
    for b in range(blocks):
        for k in range(states):
            one, total = table[b, k], result[:, b, k]
            if one["way_id"] == NO_WAY:
                continue
            count = len(nodes) if one["spread_m"] > 0.0 else 1
            rest = 1.0 - one["p_banked"]
            crowned, bowed = rest * one["p_crowned"] / count, rest * one["p_parabolic"] / count
            inverted = rest * one["p_inverted"] / count
            if crowned > 0.0 or inverted > 0.0:
                _across(_CROWNED, one, nodes[:count], level_pct, ridge, over_ridge)
            if bowed > 0.0:
                _across(_PARABOLIC, one, nodes[:count], level_pct, bow, over_bow)
            mean, std = one["mean_pct"], one["std_pct"]
            first, second = truncated_moments(mean, std)
            for look in range(count):
                _add(total, crowned, ridge[look], over_ridge[look], first, second)
            for look in range(count):
                _add(total, bowed, bow[look], over_bow[look], first, second)
            for look in range(count):
                # An inverted profile is a crown upside down.
                _add(total, inverted, -ridge[look], over_ridge[look], first, second)
            _add_plane(total, rest * one["p_one_way"], one["low_side"], level_pct, mean, std)
            mean, std = one["banked_pct"], one["banked_std_pct"]
            _add_plane(total, one["p_banked"], one["banked_side"], level_pct, mean, std)
    return result


@numba.njit(cache=True)
def _across(
    part: int, one: Record, nodes: FloatArray, level_pct: float, factor: FloatArray, beyond: FloatArray
) -> None:
    """Write slope as a multiple of the grade at each place across, and how likely it exceeds the level."""
    mean, std = one["mean_pct"], one["std_pct"]
    positive = _positive(mean, std)
    for look in range(len(nodes)):
        at_m = one["place_m"] + one["spread_m"] * nodes[look]
        factor[look] = shape_factor(part, at_m, one["half_width_m"], 0.0)
        if factor[look] != 0.0:
            beyond[look] = _upper(level_pct / abs(factor[look]), mean, std) / positive


@numba.njit(cache=True)
def _add_plane(
    total: FloatArray, weight: float, low_side: int, level_pct: float, mean: float, std: float
) -> None:
    """Add a plane to the sums of a surface; it falls to either side where nobody knows to which."""
    if weight <= 0.0:
        return
    first, second = truncated_moments(mean, std)
    beyond = exceeds(level_pct, mean, std)
    for side in (-1.0, 1.0):
        share = weight * (0.5 if low_side == 0 else (1.0 if low_side == side else 0.0))
        _add(total, share, side, beyond, first, second)


@numba.njit(cache=True)
def _add(total: FloatArray, share: float, factor: float, beyond: float, first: float, second: float) -> None:
    """Add one place, or one side of a plane, to probabilities and moments."""
    if share > 0.0 and factor != 0.0:
        total[0 if factor < 0.0 else 1] += share * beyond
        total[2] += share * factor * first
        total[3] += share * factor * factor * second
        if first > 0.0:
            total[4 if factor < 0.0 else 5] += share


@numba.njit(cache=True)
def exceeds(limit: float, mean: float, std: float) -> float:
    """Probability that a normal variable truncated at zero exceeds a limit that is not negative."""
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
    """First and second moment of a normal variable truncated at zero (Johnson & Kotz 1970, section 13.7)."""
    if std <= _FLAT_PCT:
        return mean, mean * mean
    alpha = -mean / std
    tail = 0.5 * math.erfc(alpha / math.sqrt(2.0))
    hazard = math.exp(-0.5 * alpha * alpha) / math.sqrt(2.0 * math.pi) / tail
    return mean + std * hazard, mean * mean + std * std + std * hazard * mean


# -- The mixture, drawn ---------------------------------------------------------------------------------


class _Keys(NamedTuple):
    """Which road each surface is of, and what its numbers are drawn from; ``r`` roads, and ``r`` others.

    Parameters
    ----------
    road : ndarray of int64, shape (n_blocks, 6)
        Number of the road; that of the unknown other one is ``r`` more.
    keys : ndarray of uint64, shape (2 r, 2)
        Keys of way and street of each.
    street_part, own_part : float
        Shares of the street and of the way itself in their normal numbers.
    seed : uint64
        Seed of the model.
    """

    road: IntArray
    keys: NDArray[np.uint64]
    street_part: float
    own_part: float
    seed: np.uint64


def draw_slopes(
    surfaces: Surfaces,
    histories: LateralHistories,
    keep: FloatArray,
    correlation: float,
    seed: int,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float32], NDArray[np.int8]]:
    """Draw cross slope [%], positive falling to the right, and code of the profile along every history.

    NaN and -1 where the state is -1; shape (n_draws, n_blocks). ``keep`` is the correlation of the runner's
    place with that in the block before, shape (n_blocks,), ``correlation`` that of the roads' normal numbers
    between ways of one street, ``seed`` that of the roads' own draws; ``rng`` draws what belongs to this run.
    """
    # A sidewalk is built on its own, and has keys of its own for way and street.
    ways, first, road = np.unique(
        2 * (surfaces.way_id + 1) + surfaces.attached, return_index=True, return_inverse=True
    )
    streets = (2 * (surfaces.street_id + 1) + surfaces.attached).ravel()[first]
    keys = np.stack([ways, streets], axis=1).astype(np.uint64)
    roads = _Keys(
        road.reshape(surfaces.way_id.shape),
        np.concatenate([keys, keys ^ _OTHER_STREET]),
        math.sqrt(correlation),
        math.sqrt(1.0 - correlation),
        np.uint64(seed % 2**64),
    )
    weave = rng.standard_normal(histories.state.shape, dtype=np.float32)
    chance = rng.random(histories.state.shape, dtype=np.float32)
    return _draw(histories.state, histories.astray, _packed(surfaces), roads, keep, weave, chance)


@numba.njit(cache=True)
def _draw(
    state: NDArray[np.int8],
    astray: NDArray[np.bool_],
    table: NDArray[np.void],
    roads: _Keys,
    keep: FloatArray,
    weave: NDArray[np.float32],
    chance: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.int8]]:
    draws, blocks = state.shape
    slope = np.full((draws, blocks), np.nan, dtype=np.float32)
    profile = np.full((draws, blocks), -1, dtype=np.int8)
    drawn, known = np.full(len(roads.keys), -1), np.empty(len(roads.keys), _ROAD)
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
            r = roads.road[b, k] + (len(drawn) // 2 if astray[d, b] else 0)
            road, one = known[r], table[b, k]
            if drawn[r] != d:
                drawn[r] = d
                road["profile"] = _distribution(_shared_normal(roads, r, d, draws, _USE_PROFILE))
                road["slope"] = _shared_normal(roads, r, d, draws, _USE_SLOPE)
                road["side"] = road["banked"] = road["mean_pct"] = np.nan
            # What is seldom asked for is drawn when it is.
            if one["p_banked"] > 0.0 and np.isnan(road["banked"]):
                road["banked"] = _distribution(_shared_normal(roads, r, d, draws, _USE_BANKED))
            part = _part(road, one)
            profile[d, b] = one["one_way_profile"] if part == _ONE_WAY else _PART_CODES[part]
            mean, std, low = one["mean_pct"], one["std_pct"], one["low_side"]
            if part == _BANKED:
                mean, std, low = one["banked_pct"], one["banked_std_pct"], one["banked_side"]
            if mean != road["mean_pct"] or std != road["std_pct"]:
                road["mean_pct"], road["std_pct"] = mean, std
                road["grade_pct"] = _grade(mean, std, road["slope"])
            if part >= _ONE_WAY and low == 0:
                # A plane falls one way for all who pass: its unknown side is the street's, turned.
                if np.isnan(road["side"]):
                    road["side"] = _shared_normal(roads, r, d, draws, _USE_SIDE)
                low = one["along_street"] if road["side"] >= 0.0 else -one["along_street"]
            wander = min(max(place, -WANDER_LIMIT), WANDER_LIMIT)
            offset = one["place_m"] + one["spread_m"] * wander
            slope[d, b] = road["grade_pct"] * shape_factor(part, offset, one["half_width_m"], float(low))
            if astray[d, b]:
                # Another street than the matched one has a surface of its own, and falls to either side,
                # alike for a stretch of doubt.
                slope[d, b] *= flip
    return slope, profile


@numba.njit(cache=True)
def _part(road: Record, one: Record) -> int:
    """Part of the mixture: the ranks of a road read against the shares of a surface."""
    if road["banked"] < one["p_banked"]:
        return _BANKED
    rank, crowned = road["profile"], one["p_crowned"]
    if rank >= 1.0 - one["p_inverted"]:
        return _INVERTED
    if rank < crowned:
        return _CROWNED
    return _PARABOLIC if rank < crowned + one["p_parabolic"] else _ONE_WAY


@numba.njit(cache=True)
def _shared_normal(roads: _Keys, road: int, draw: int, draws: int, use: int) -> float:
    """Draw a normal number of a way, which correlates with that of its street."""
    own = road_normal(roads.seed, roads.keys[road, 0], draw, draws, use)
    if roads.street_part == 0.0:
        return own
    street = road_normal(roads.seed ^ _WHOLE, roads.keys[road, 1], draw, draws, use)
    return float(roads.street_part * street + roads.own_part * own)


@numba.njit(cache=True)
def road_normal(seed: np.uint64, road: np.uint64, draw: int, draws: int, use: int) -> float:
    """Draw a standard normal number that belongs to a road, by its key, and a use.

    Its draws are spread evenly: each comes from another of equally likely slices, in an order of the road's
    own (McKay, Beckman & Conover 1979, Latin hypercube sampling). A runner's usual streets are few, and the
    same draws serve all runs, so that luck in them would never average out.
    """
    key = _mix(_mix(seed + _GOLDEN) ^ road * _GOLDEN) ^ _mix(np.uint64(use) + _GOLDEN)
    inside = float(_mix(key ^ np.uint64(draw) * _GOLDEN) >> np.uint64(11)) * 2.0**-53
    rank = (_slice(key, draw, draws) + inside) / draws
    return inverse_normal(min(max(rank, 1e-12), 1.0 - 1e-12))


@numba.njit(cache=True)
def _mix(value: np.uint64) -> np.uint64:
    """Scatter the bits of a number: the finalizer of splitmix64."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


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
def _distribution(z: float) -> float:
    return 0.5 * math.erfc(-z / 2.0**0.5)


@numba.njit(cache=True)
def inverse_normal(p: float) -> float:
    """Inverse of the standard normal distribution function, to seven digits, for p inside (0, 1).

    Wichura 1988, "Algorithm AS 241: the percentage points of the normal distribution", routine PPND7.
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
