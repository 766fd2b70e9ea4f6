"""A recording device: when it takes a fix, when it does not, and how it rounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.simulate.motion import Motion

    FloatArray = NDArray[np.float64]

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
        Shortest and longest interval of smart recording [s] (2 to 7: science.md 4.3, judgement).
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
        """Round coordinates to what the device can write.

        Parameters
        ----------
        degrees : ndarray of float64
            Coordinates [deg].

        Returns
        -------
        ndarray of float64
            Rounded coordinates [deg].
        """
        if self.coordinate_decimals is None:
            return np.asarray(np.rint(degrees / SEMICIRCLE_DEG) * SEMICIRCLE_DEG)
        return np.round(degrees, self.coordinate_decimals)


def fix_times(motion: Motion, device: DeviceModel, rng: np.random.Generator) -> FloatArray:
    """Draw the times at which a device takes a fix.

    Parameters
    ----------
    motion : Motion
        Duration and pauses of the run.
    device : DeviceModel
        Recording interval, pauses, dropouts.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of float64, shape (n,)
        Elapsed times, growing [s]; the first is 0 and is never dropped.
    """
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
