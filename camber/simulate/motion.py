"""How fast a runner goes and where it stands still."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from camber.simulate.gnss import ornstein_uhlenbeck

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.simulate.runner import RunnerModel

    FloatArray = NDArray[np.float64]

STEP_S: Final = 0.25
"""Step of the grid on which motion and lateral moves are laid out [s]."""

_SLOWEST: Final = 0.5


@dataclass(frozen=True, eq=False)
class Motion:
    """Progress along a route.

    Parameters
    ----------
    moving_s : ndarray of float64, shape (n,)
        Moving time, in steps of `STEP_S` [s].
    distance_m : ndarray of float64, shape (n,)
        Distance along the route at that time [m].
    pause_start_s : ndarray of float64, shape (n_pauses,)
        Elapsed time at which each pause begins, pauses before it included [s].
    pause_s : ndarray of float64, shape (n_pauses,)
        How long it lasts [s].
    """

    moving_s: FloatArray
    distance_m: FloatArray
    pause_start_s: FloatArray
    pause_s: FloatArray

    @property
    def duration_s(self) -> float:
        """Elapsed time of the whole run, pauses included [s]."""
        return float(self.moving_s[-1] + self.pause_s.sum())

    def moving_at(self, elapsed_s: FloatArray) -> FloatArray:
        """Turn elapsed into moving time.

        Parameters
        ----------
        elapsed_s : ndarray of float64, shape (n,)
            Time since the start, pauses included [s].

        Returns
        -------
        ndarray of float64, shape (n,)
            Moving time [s]; it stands still during a pause.
        """
        begun = elapsed_s[:, np.newaxis] - self.pause_start_s
        return np.asarray(elapsed_s - np.clip(begun, 0.0, self.pause_s).sum(axis=1))

    def pausing_at(self, elapsed_s: FloatArray) -> NDArray[np.bool_]:
        """Tell when the runner stands.

        Parameters
        ----------
        elapsed_s : ndarray of float64, shape (n,)
            Time since the start, pauses included [s].

        Returns
        -------
        ndarray of bool, shape (n,)
            True within a pause, its two ends left out.
        """
        begun = elapsed_s[:, np.newaxis] - self.pause_start_s
        return np.asarray(((begun > 0.0) & (begun < self.pause_s)).any(axis=1))


def draw_motion(length_m: float, runner: RunnerModel, rng: np.random.Generator) -> Motion:
    """Draw a runner's progress along a route.

    Speed is the runner's own times 1 + an Ornstein-Uhlenbeck process, held between half and one and a half
    times its mean; pauses lie at random places and last 0.5 to 1.5 times their mean duration.

    Parameters
    ----------
    length_m : float
        Length of the route [m].
    runner : RunnerModel
        Speed, its variation, pauses.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Motion
        Progress until the end of the route.
    """
    longest = int(np.ceil(length_m / (_SLOWEST * runner.speed_mps) / STEP_S)) + 2
    moving_s: FloatArray = STEP_S * np.arange(longest, dtype=np.float64)
    change = ornstein_uhlenbeck(moving_s, runner.speed_variation, runner.speed_tau_s, rng, columns=1)[:, 0]
    speed = runner.speed_mps * np.clip(1.0 + change, _SLOWEST, 2.0 - _SLOWEST)
    distance_m = np.concatenate([[0.0], np.cumsum(STEP_S * speed[:-1])])
    count = int(rng.poisson(runner.pauses_per_km * length_m / 1000.0))
    at_m = np.sort(rng.uniform(0.0, length_m, count))
    pause_s = runner.pause_s * rng.uniform(0.5, 1.5, count)
    paused_before = np.cumsum(pause_s) - pause_s
    last = int(np.searchsorted(distance_m, length_m)) + 1
    return Motion(
        moving_s=moving_s[:last],
        distance_m=np.minimum(distance_m[:last], length_m),
        pause_start_s=np.interp(at_m, distance_m, moving_s) + paused_before,
        pause_s=pause_s,
    )
