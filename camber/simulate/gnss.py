"""Errors of a satellite receiver: correlated in time, heavy in the tails, drawn exactly at any time step.

Along each axis of the world a position carries the sum of a fast and a slow Ornstein-Uhlenbeck process,
rare bursts and white jitter (science.md 4.3: one-dimensional standard deviations, so that the error across
any street has them whatever its direction); in the runner's own frame a device offset is added, constant
over a run. The errors of the *map* are in `camber.simulate.map_error`, with their sizes here, since
recorder and map are only ever seen together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numba
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.standards import GnssClass

    FloatArray = NDArray[np.float64]

R68_TO_SIGMA: Final = 1.52
"""Radius that holds 68 % of a circular normal error, in one-dimensional standard deviations: the square
root of -2 ln(1 - 0.68) is 1.51; science.md 4.1 uses 1.52."""

_RAMP: Final = 1.0 / 12.0
_BURST_ENERGY: Final = 1.0 - 4.0 * _RAMP / 3.0


@dataclass(frozen=True)
class GnssErrorModel:
    """Sizes of all errors between where a runner was and what the recording says, map included.

    Parameters
    ----------
    fast_sigma_m, fast_tau_s : float
        Standard deviation [m] and correlation time [s] of the fast part, per axis (science.md 4.3,
        single-band watch under an open sky).
    slow_sigma_m, slow_tau_s : float
        The same of the slow part (300-900 s there; 600 s: middle).
    burst_share : float
        Expected number of bursts under way at any time; for rare ones the share of time spent in them
        (science.md 4.3: 0.005 to 0.08).
    burst_sigma_m, burst_duration_s : float
        Root mean square per axis within a burst [m], and its mean duration [s] (10 m, 60 s: as above).
    jitter_m : float
        White noise per axis [m] (judgement: watches filter their output, so little of it is left).
    device_sigma_m : float
        Standard deviation over runs of the constant offset across the runner's own frame [m] (0.5:
        science.md 4.3, a wrist is at one side of the body).
    map_sigma_m, map_correlation_m : float
        Standard deviation [m] of a way's line about the true middle of its road, and the distance along
        the way over which it stays alike [m] (1.5 and 250: science.md 4.3).
    town_sigma_m : float
        Standard deviation per axis [m] of the displacement that all ways of a town share (1: as above).
    snapped : bool
        Whether the program that wrote the file moved the positions onto the map's lines: nothing about
        the side is left in them.
    """

    fast_sigma_m: float = 1.2
    fast_tau_s: float = 15.0
    slow_sigma_m: float = 2.2
    slow_tau_s: float = 600.0
    burst_share: float = 0.01
    burst_sigma_m: float = 10.0
    burst_duration_s: float = 60.0
    jitter_m: float = 0.1
    device_sigma_m: float = 0.5
    map_sigma_m: float = 1.5
    map_correlation_m: float = 250.0
    town_sigma_m: float = 1.0
    snapped: bool = False

    @classmethod
    def from_class(cls, device_class: GnssClass, *, snapped: bool = False) -> GnssErrorModel:
        """Take the receiver's numbers from a row of the standards, and the map's from the defaults.

        Parameters
        ----------
        device_class : camber.standards.GnssClass
            One of `camber.standards.gnss_classes`.
        snapped : bool
            As in the class.

        Returns
        -------
        GnssErrorModel
            The model of that class.
        """
        return cls(
            fast_sigma_m=device_class.fast_sigma_m,
            fast_tau_s=device_class.fast_tau_s,
            slow_sigma_m=device_class.slow_sigma_m,
            slow_tau_s=device_class.slow_tau_s,
            burst_share=device_class.burst_share,
            burst_sigma_m=device_class.burst_sigma_m,
            burst_duration_s=device_class.burst_tau_s,
            snapped=snapped,
        )

    @classmethod
    def none(cls) -> GnssErrorModel:
        """Make a model without any error, neither of the receiver nor of the map.

        Returns
        -------
        GnssErrorModel
            All standard deviations zero.
        """
        return cls(0.0, 15.0, 0.0, 600.0, 0.0, 0.0, 60.0, 0.0, 0.0, 0.0, 250.0, 0.0)

    def without_map_error(self) -> GnssErrorModel:
        """Keep the receiver's errors and put every way where its line is drawn.

        Returns
        -------
        GnssErrorModel
            A copy with the two map terms zero.
        """
        return replace(self, map_sigma_m=0.0, town_sigma_m=0.0)

    @property
    def cross_track_sigma_m(self) -> float:
        """Standard deviation across the track [m] of all that varies in time (bursts, jitter included)."""
        variance = self.fast_sigma_m**2 + self.slow_sigma_m**2 + self.jitter_m**2
        return float(np.sqrt(variance + self.burst_share * self.burst_sigma_m**2))


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
    """Draw stationary Ornstein-Uhlenbeck paths at given times.

    Exact for any step: x(t + h) = x(t) exp(-h / tau) + sigma sqrt(1 - exp(-2 h / tau)) z (Gillespie 1996,
    "Exact numerical simulation of the Ornstein-Uhlenbeck process and its integral").

    Parameters
    ----------
    elapsed_s : ndarray of float64, shape (n,)
        Times, not falling [s]; for a process along a way, chainages [m].
    sigma : float
        Standard deviation at every time, in the unit of the result.
    tau_s : float
        Correlation time, in the unit of ``elapsed_s``.
    rng : numpy.random.Generator
        Source of randomness.
    columns : int
        Number of independent paths.

    Returns
    -------
    ndarray of float64, shape (n, columns)
        The paths.
    """
    normal = rng.standard_normal((len(elapsed_s), columns))
    return sigma * np.asarray(_ornstein_uhlenbeck(np.asarray(elapsed_s, dtype=np.float64), tau_s, normal))


def bursts(elapsed_s: FloatArray, error: GnssErrorModel, rng: np.random.Generator) -> FloatArray:
    """Draw the rare large errors: each grows within seconds, stays for about a minute and goes.

    Bursts begin at random (a Poisson process), last 0.5 to 1.5 times the mean duration and share one shape,
    a trapezium with ramps of a twelfth of the duration (judgement: 5 s, so that the runner does not seem to
    leap), scaled so that the root mean square within a burst is ``burst_sigma_m``. The variance at any time
    is then exactly ``burst_share * burst_sigma_m ** 2``.

    Parameters
    ----------
    elapsed_s : ndarray of float64, shape (n,)
        Times [s].
    error : GnssErrorModel
        Share, size and duration.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of float64, shape (n, 2)
        Displacement east and north [m].
    """
    longest = 1.5 * error.burst_duration_s
    first, last = (float(elapsed_s[0]), float(elapsed_s[-1])) if len(elapsed_s) else (0.0, 0.0)
    span = last - first + longest
    count = int(rng.poisson(error.burst_share / error.burst_duration_s * span))
    start = first - longest + span * rng.random(count)
    duration = error.burst_duration_s * rng.uniform(0.5, 1.5, count)
    peak = rng.standard_normal((count, 2)) * error.burst_sigma_m / np.sqrt(_BURST_ENERGY)
    drawn = np.zeros((len(elapsed_s), 2))
    firsts, ends = np.searchsorted(elapsed_s, start), np.searchsorted(elapsed_s, start + duration)
    for number, (begin, end) in enumerate(zip(firsts, ends, strict=True)):
        progress = (elapsed_s[begin:end] - start[number]) / duration[number]
        height = np.minimum(np.minimum(progress, 1.0 - progress) / _RAMP, 1.0)
        drawn[begin:end] += height[:, np.newaxis] * peak[number]
    return drawn


def position_error(
    elapsed_s: FloatArray, right_normal: FloatArray, error: GnssErrorModel, rng: np.random.Generator
) -> FloatArray:
    """Draw the receiver's error at each fix.

    Parameters
    ----------
    elapsed_s : ndarray of float64, shape (n,)
        Times of the fixes, not falling [s].
    right_normal : ndarray of float64, shape (n, 2)
        Unit vectors to the runner's right.
    error : GnssErrorModel
        Sizes.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of float64, shape (n, 2)
        Displacement east and north [m].
    """
    fast = ornstein_uhlenbeck(elapsed_s, error.fast_sigma_m, error.fast_tau_s, rng)
    slow = ornstein_uhlenbeck(elapsed_s, error.slow_sigma_m, error.slow_tau_s, rng)
    jitter = error.jitter_m * rng.standard_normal((len(elapsed_s), 2))
    device = error.device_sigma_m * rng.standard_normal()
    return np.asarray(fast + slow + bursts(elapsed_s, error, rng) + jitter + device * right_normal)
