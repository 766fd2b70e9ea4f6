"""What the legs did: ground contact against the tilt under it, and the bends of running tracks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from camber.schema.totals import Interval


@dataclass(frozen=True, eq=False)
class ContactPart:
    """What some stretches of one run say about contact and tilt, boiled down so that runs can be added.

    The regressor is the expected tilt, which knows nothing of the contact; what the tilt really was is in the
    drawn histories. So ``score / information`` is the effect times how much of the expected tilt was there,
    and ``drawn / information`` are draws of how much that was.

    Parameters
    ----------
    distance_m : float
        Distance of these stretches [m].
    information : float
        Sum of squares of the expected tilt after nuisances, weighted by the inverse of the noise's
        covariance [1 / (percentage point per percent)^2].
    score : float
        The same product of the expected tilt with the right foot's share of contact
        [1 / (percentage point per percent)].
    drawn : ndarray of float64, shape (n_draws,)
        The same product of the expected tilt with the tilt of each drawn history.
    freedom : float
        Degrees of freedom by which the size of the noise along the expected tilt is known; infinite where it
        is known for certain.
    """

    distance_m: float
    information: float
    score: float
    drawn: NDArray[np.float64]
    freedom: float = math.inf


@dataclass(frozen=True, eq=False)
class ContactRun:
    """What one run says about contact and tilt.

    Parameters
    ----------
    device : str
        What recorded it, as its file names it; "" where it does not.
    right_pct : float
        Mean share of the right foot in the time on the ground [%].
    noise_pct : float
        Standard deviation of that share over blocks of about 12 s, nuisances taken out [percentage points].
    whole : ContactPart
        All stretches on mapped ways.
    paired : ContactPart or None
        Those on ways that were run in both directions, each way compared with itself alone; None without any.
    """

    device: str
    right_pct: float
    noise_pct: float
    whole: ContactPart
    paired: ContactPart | None


@dataclass(frozen=True)
class ContactEffect:
    """How the balance of ground contact goes with the tilt of the ground: what was measured, how sure.

    Parameters
    ----------
    runs, devices : int
        Runs that have the balance, and devices that recorded them.
    distance_m : float
        Distance that counts [m].
    right_pct : float
        Mean share of the right foot in the time on the ground [%], each run by its distance.
    effect : Interval or None
        Change of the low-side foot's share of the time on the ground, in percentage points per percent of
        cross slope, with its 90 % interval: positive where the foot on the low side stays longer. None where
        no run has the balance.
    paired : Interval or None
        The same of streets alone that were run in both directions within a run.
    paired_m : float
        Distance of those [m].
    more_m : float or None
        How much further running it would take until 0.1 percentage points per percent would be seen in four
        of five cases [m]; 0 where this is enough, None where more of the same runs would never do.
    """

    runs: int
    devices: int
    distance_m: float
    right_pct: float
    effect: Interval | None
    paired: Interval | None
    paired_m: float
    more_m: float | None

    @property
    def is_detected(self) -> bool:
        """Whether the 90 % interval of the effect is on one side of nothing."""
        return self.effect is not None and (self.effect.low > 0.0 or self.effect.high < 0.0)


@dataclass(frozen=True)
class TrackBends:
    """Distance on running tracks, and how much of it in bends; the leg on the inside is that of the turn.

    Parameters
    ----------
    distance_m : float
        On running tracks in all [m].
    left_m, right_m : float
        In left-hand and in right-hand bends [m].
    """

    distance_m: float
    left_m: float
    right_m: float
