"""Random numbers that belong to a road or to a region: functions of a key, spread evenly over the draws.

A counter-based generator (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): each number is
a function of the model's seed, the key, the draw (and how many there are) and the use, mixed by splitmix64
(Steele, Lea & Flood 2014). So it is the same in every run, whatever else is drawn.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numba
import numpy as np

from camber.kernels import codes, compiled_once, inner_kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
"""Odd, and far from anything: the golden ratio in 64 bits."""

WHOLE_STREET: Final = np.uint64(0x5851F42D4C957F2D)
"""Turns the seed of ways into that of whole streets."""

USE_PROFILE, USE_SIDE, USE_BANKED, USE_SLOPE, USE_LEFT, USE_RIGHT = codes(6)
"""What the normal numbers of a road are for: each is a function of its use alone, whenever it is drawn."""

_SURELY_POSITIVE: Final = 6.0
"""So many standard deviations above zero nothing is cut off that a draw could show."""


@numba.njit(cache=True)
def key_of(seed: np.uint64, road: np.uint64, use: int) -> np.uint64:
    """Key of one use of the numbers of a road."""
    return mix(mix(seed + GOLDEN) ^ road * GOLDEN) ^ mix(np.uint64(use) + GOLDEN)


@numba.njit(cache=True)
def road_normal(seed: np.uint64, road: np.uint64, draw: int, draws: int, use: int) -> float:
    """Draw a standard normal number that belongs to a road, by its key, and a use.

    Its draws are spread evenly: each comes from another of equally likely slices, in an order of the road's
    own (McKay, Beckman & Conover 1979, Latin hypercube sampling). A runner's usual streets are few, and the
    same draws serve all runs, so that luck in them would never average out.
    """
    key = key_of(seed, road, use)
    inside = float(mix(key ^ np.uint64(draw) * GOLDEN) >> np.uint64(11)) * 2.0**-53
    rank = (slice_of(key, draw, draws) + inside) / draws
    return inverse_normal(min(max(rank, 1e-12), 1.0 - 1e-12))


@inner_kernel
def mix(value: np.uint64) -> np.uint64:
    """Scatter the bits of a number: the finalizer of splitmix64."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@numba.njit(cache=True)
def slice_of(key: np.uint64, draw: int, draws: int) -> int:
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
            mixed = mix(key + np.uint64(turn) * GOLDEN ^ right)
            left, right = right, left ^ (mixed & low)
        value = left << np.uint64(half) | right
        if value < np.uint64(draws):
            return int(value)


@compiled_once
@numba.njit(cache=True)
def distribution(z: float) -> float:
    """Distribution function of a standard normal number."""
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


@numba.njit(cache=True)
def grade(mean: float, std: float, z: float) -> float:
    """Slope truncated at zero that has the rank of the normal number ``z``.

    By its rank and not by trying again: what is tried again for one way of a street and not for the next
    would make them less alike than they are.
    """
    if mean >= _SURELY_POSITIVE * std:
        return mean + std * z
    negative = distribution(-mean / std)
    rank = negative + (1.0 - negative) * distribution(z)
    return max(mean + std * inverse_normal(min(max(rank, 1e-12), 1.0 - 1e-12)), 0.0)


@compiled_once
@numba.njit(cache=True)
def grades(mean: float, std: float, normal: FloatArray) -> FloatArray:
    """Slopes truncated at zero that have the ranks of some normal numbers."""
    slopes = np.empty(len(normal))
    for place in range(len(normal)):
        slopes[place] = grade(mean, std, normal[place])
    return slopes
