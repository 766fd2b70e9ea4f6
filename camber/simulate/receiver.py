"""A recording device: the errors of its receiver, when it takes a fix, and how it rounds.

Along each axis of the world a position carries the sum of a fast and a slow Ornstein-Uhlenbeck process, rare
bursts and white jitter; standard deviations are one-dimensional, so that the error across any street has them
whatever its direction. In the runner's own frame a device offset is added, constant over a run. The errors of
the *map* are in `camber.simulate.world`, with their sizes here, since recorder and map are only ever seen
together. Where the sizes are from stands in ``camber/standards/model.md``, The side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from camber.simulate.chance import ornstein_uhlenbeck

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.simulate.runner import Motion
    from camber.standards import GnssClass

    FloatArray = NDArray[np.float64]


_RAMP: Final = 1.0 / 12.0
"""Share of a burst in which it grows, and in which it goes (judgement: 5 s of a minute)."""

_BURST_ENERGY: Final = 1.0 - 4.0 * _RAMP / 3.0
"""Mean square of that trapezium of height 1: a ramp has a third of its length."""


@dataclass(frozen=True)
class GnssErrorModel:
    """Sizes of all errors between where a runner was and what the recording says, map included.

    Parameters
    ----------
    fast_sigma_m, fast_tau_s : float
        Standard deviation [m] and correlation time [s] of the fast part, per axis (row
        ``single_band`` of ``standards/gnss_error.csv``).
    slow_sigma_m, slow_tau_s : float
        The same of the slow part (300-900 s there; 600 s: middle).
    burst_share : float
        Expected number of bursts under way at any time; for rare ones the share of time spent in them
        (0.005 to 0.08 in ``standards/gnss_error.csv``).
    burst_sigma_m, burst_duration_s : float
        Root mean square per axis within a burst [m], and its mean duration [s] (10 m, 60 s: as above).
    jitter_m : float
        White noise per axis [m] (judgement: watches filter their output, so little of it is left).
    device_sigma_m : float
        Standard deviation over runs of the constant offset across the runner's own frame [m] (0.5:
        judgement, a wrist is at one side of the body).
    map_sigma_m, map_correlation_m : float
        Standard deviation [m] of a way's line about the true middle of its road, and the distance along
        the way over which it stays alike [m] (1.5 and 250: judgement, see
        ``standards/model.md``, The side).
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
        """Make a model without any error, neither of the receiver nor of the map."""
        return cls(0.0, 15.0, 0.0, 600.0, 0.0, 0.0, 60.0, 0.0, 0.0, 0.0, 250.0, 0.0)

    @property
    def cross_track_sigma_m(self) -> float:
        """Standard deviation across the track [m] of all that varies in time (bursts, jitter included)."""
        variance = self.fast_sigma_m**2 + self.slow_sigma_m**2 + self.jitter_m**2
        return float(np.sqrt(variance + self.burst_share * self.burst_sigma_m**2))


def bursts(elapsed_s: FloatArray, error: GnssErrorModel, rng: np.random.Generator) -> FloatArray:
    """Draw the rare large errors, shape (n, 2) [m]: each grows within seconds, stays for a minute and goes.

    Bursts begin at random (a Poisson process), last 0.5 to 1.5 times the mean duration and share one shape, a
    trapezium with ramps of a twelfth of the duration (judgement: 5 s, so that the runner does not seem to
    leap), scaled so that the root mean square within a burst is ``burst_sigma_m``. The variance at any time
    is then exactly ``burst_share * burst_sigma_m ** 2``.
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
    """Draw the receiver's error at each fix, east and north [m], shape (n, 2); times [s] do not fall."""
    fast = ornstein_uhlenbeck(elapsed_s, error.fast_sigma_m, error.fast_tau_s, rng)
    slow = ornstein_uhlenbeck(elapsed_s, error.slow_sigma_m, error.slow_tau_s, rng)
    jitter = error.jitter_m * rng.standard_normal((len(elapsed_s), 2))
    device = error.device_sigma_m * rng.standard_normal()
    return np.asarray(fast + slow + bursts(elapsed_s, error, rng) + jitter + device * right_normal)


SEMICIRCLE_DEG: Final = 180.0 / 2**31
"""Unit of latitude and longitude in FIT files [deg]; programs that convert them print many decimals."""


@dataclass(frozen=True)
class DeviceModel:
    """How a device records.

    Parameters
    ----------
    name : str
        Shown as the recording's device.
    recording : {"1s", "smart"}
        A fix every second, or one every ``smart_low_s`` to ``smart_high_s`` seconds.
    smart_low_s, smart_high_s : int
        Shortest and longest interval of smart recording [s] (2 to 7: judgement).
    auto_pause : bool
        Whether the device stops recording while the runner stands.
    dropouts_per_hour, dropout_s : float
        Rate of gaps while the runner runs on [1/h], and their mean duration [s] (judgement).
    time_decimals : int
        Decimals of the seconds that it writes; times are cut, not rounded.
    coordinate_decimals : int or None
        Decimals of the degrees that it writes; None: whole semicircles.
    reports_accuracy : bool
        Whether the recording says how accurate each position is.
    sensors : bool
        Whether heart rate and cadence are recorded.
    """

    name: str = "Simulated watch"
    recording: Literal["1s", "smart"] = "1s"
    smart_low_s: int = 2
    smart_high_s: int = 7
    auto_pause: bool = True
    dropouts_per_hour: float = 0.0
    dropout_s: float = 90.0
    time_decimals: int = 0
    coordinate_decimals: int | None = 7
    reports_accuracy: bool = False
    sensors: bool = False

    def round_degrees(self, degrees: FloatArray) -> FloatArray:
        """Round coordinates [deg] to what the device can write."""
        if self.coordinate_decimals is None:
            return np.asarray(np.rint(degrees / SEMICIRCLE_DEG) * SEMICIRCLE_DEG)
        return np.round(degrees, self.coordinate_decimals)


def fix_times(motion: Motion, device: DeviceModel, rng: np.random.Generator) -> FloatArray:
    """Draw the times at which a device takes a fix [s], growing; the first is 0 and is never dropped."""
    duration_s = motion.duration_s
    if device.recording == "1s":
        elapsed = np.arange(0.0, duration_s + 1e-9)
    else:
        most = int(duration_s // device.smart_low_s) + 1
        interval = rng.integers(device.smart_low_s, device.smart_high_s, size=most, endpoint=True)
        elapsed = np.concatenate([[0.0], np.cumsum(interval, dtype=np.float64)])
        elapsed = elapsed[elapsed <= duration_s]
    lost = motion.pausing_at(elapsed) if device.auto_pause else np.zeros(len(elapsed), dtype=bool)
    count = int(rng.poisson(device.dropouts_per_hour * duration_s / 3600.0))
    since = elapsed[:, np.newaxis] - rng.uniform(0.0, duration_s, count)
    dropout_s = device.dropout_s * rng.uniform(0.75, 1.25, count)
    lost |= ((since > 0.0) & (since < dropout_s)).any(axis=1)
    lost[0] = False
    return np.asarray(elapsed[~lost])
