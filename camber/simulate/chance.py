"""Random numbers that belong to a thing instead of to a moment, and the processes that errors are made of.

A way must have the same surface and the same place in every run that touches it, whatever the order in
which runs are made. Philox is counter-based (Salmon et al. 2011, "Parallel random numbers: as easy as
1, 2, 3"): its stream is a function of key and counter alone.
"""

from __future__ import annotations

import math
from enum import IntEnum
from statistics import NormalDist
from typing import TYPE_CHECKING, Final

import numba
import numpy as np

from camber.kernels import compiled_once

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]


_MASK: Final = (1 << 64) - 1


class Stream(IntEnum):
    """What a keyed stream is used for; each use has its own, so that they stay independent."""

    SURFACE = 1
    MAP_OFFSET = 2
    TOWN_OFFSET = 3
    STREET = 4
    GROUND = 5


def keyed_generator(seed: int, key: int, stream: Stream) -> np.random.Generator:
    """Open the random stream of one thing, such as a way: fixed by seed, key and use."""
    counter = int(stream) << 192
    return np.random.Generator(np.random.Philox(counter=counter, key=((key & _MASK) << 64) | (seed & _MASK)))


@compiled_once
@numba.njit(cache=True)
def _ornstein_uhlenbeck(elapsed_s: FloatArray, tau_s: float, normal: FloatArray) -> FloatArray:
    value = normal.copy()
    for i in range(1, len(elapsed_s)):
        keep = np.exp(-(elapsed_s[i] - elapsed_s[i - 1]) / tau_s)
        fresh = np.sqrt(1.0 - keep * keep)
        for j in range(normal.shape[1]):
            value[i, j] = keep * value[i - 1, j] + fresh * normal[i, j]
    return value


def ornstein_uhlenbeck(
    elapsed_s: FloatArray, sigma: float, tau_s: float, rng: np.random.Generator, *, columns: int = 2
) -> FloatArray:
    """Draw stationary Ornstein-Uhlenbeck paths at given times [s] (or chainages [m]), shape (n, columns).

    Exact for any step: x(t + h) = x(t) exp(-h / tau) + sigma sqrt(1 - exp(-2 h / tau)) z (Gillespie 1996,
    "Exact numerical simulation of the Ornstein-Uhlenbeck process and its integral").
    """
    normal = rng.standard_normal((len(elapsed_s), columns))
    return sigma * np.asarray(_ornstein_uhlenbeck(np.asarray(elapsed_s, dtype=np.float64), tau_s, normal))


def truncated_normal(
    mean: FloatArray, std: FloatArray, least: FloatArray | float, rank: FloatArray
) -> FloatArray:
    """Turn uniform ranks, shape (n,), into draws from normal distributions cut off below ``least``.

    Inverse of the distribution function: z = Phi^-1(p + (1 - p) u) with p = Phi((least - mean) / std). A
    standard deviation of zero gives the mean; NaN where the mean or the standard deviation is missing.
    """
    normal = NormalDist()
    result = np.empty(len(mean))
    columns = (mean, std, np.broadcast_to(least, result.shape), rank)
    for row, (middle, spread, end, u) in enumerate(
        zip(*(column.tolist() for column in columns), strict=True)
    ):
        if not spread > 0.0 or math.isnan(middle):
            result[row] = math.nan if math.isnan(spread) or math.isnan(middle) else max(middle, end)
            continue
        below = normal.cdf((end - middle) / spread)
        # Held inside (0, 1), where the inverse is finite.
        part = min(max(below + (1.0 - below) * u, 1e-12), 1.0 - 1e-12)
        result[row] = max(middle + spread * normal.inv_cdf(part), end)
    return result
