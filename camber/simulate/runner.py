"""A runner: pace and pauses, habits about the side, and how they turn into a lateral state at each place.

The runner holds two ranks between 0 and 1, one for the kind of place (sidewalk, edge, middle) and one for
the side. On each way they are read against that way's probabilities, so the shares come out as the habit
says while the runner does not change its mind at every corner; only a *decision* draws new ranks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from camber.conventions import STATE_CODE, LateralState
from camber.simulate.chance import ornstein_uhlenbeck

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.simulate.routes import Route, RouteLine

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class Habit:
    """Where across the street a runner likes to be.

    Parameters
    ----------
    p_facing : float
        Probability of the side that faces traffic, 0 to 1; the other side is run with traffic.
    p_sidewalk : float
        Probability of taking a sidewalk where there is one.
    p_centre : float
        Probability of the middle of the road; the rest is its edge.
    """

    p_facing: float
    p_sidewalk: float = 0.85
    p_centre: float = 0.0


@dataclass(frozen=True)
class RunnerModel:
    """How a runner moves.

    Parameters
    ----------
    speed_mps : float
        Mean speed [m/s] (3.0: about 5:33 per km, an easy run; judgement).
    speed_variation, speed_tau_s : float
        Standard deviation of the speed relative to its mean, and its correlation time [s] (judgement).
    habit : Habit or None
        The same habit everywhere; None takes the prior of the standards for each way
        (`camber.standards.prior_context`).
    habits_by_context : tuple of (str, Habit)
        Habits for single contexts of `camber.standards.prior_context`; they come before ``habit``.
    p_same_physical_side : float
        Probability, at a turn back, of staying on the same physical side of the road; else the runner stays
        on the same side of *travel* and crosses.
    decisions_per_km : float
        Rate at which the runner makes up its mind anew along the way [1/km] (0.3-1 changes per
        km: judgement).
    p_junction_decision : float
        Probability of the same at each junction (about 20 times the rate along 5 m; as above).
    crossing_s : float
        Duration of a lateral move from one state to another [s] (3-5 s: judgement).
    wander_tau_s : float
        Correlation time of the place within a state [s] (judgement).
    arm_swing_m, arm_swing_hz : float
        Amplitude [m] and frequency [1/s] of the wrist across the track (0.25 m, 1.4 Hz: judgement).
    pauses_per_km, pause_s : float
        Rate of standing still [1/km] and its mean duration [s] (judgement).
    """

    speed_mps: float = 3.0
    speed_variation: float = 0.06
    speed_tau_s: float = 90.0
    habit: Habit | None = None
    habits_by_context: tuple[tuple[str, Habit], ...] = ()
    p_same_physical_side: float = 0.0
    decisions_per_km: float = 0.5
    p_junction_decision: float = 0.05
    crossing_s: float = 4.0
    wander_tau_s: float = 30.0
    arm_swing_m: float = 0.25
    arm_swing_hz: float = 1.4
    pauses_per_km: float = 0.0
    pause_s: float = 45.0


@dataclass(frozen=True, eq=False)
class Decisions:
    """When a runner made up its mind, and how.

    Each decision holds from ``start_m`` along the route [m], the first from 0; its two ranks, uniform in 0 to
    1, are read against the habit. ``flip_m``: the turns back at which the physical side was kept [m].
    """

    start_m: FloatArray
    kind_rank: FloatArray
    side_rank: FloatArray
    flip_m: FloatArray

    def at(self, distance_m: FloatArray) -> tuple[FloatArray, FloatArray, BoolArray]:
        """Read both ranks that hold at each place, and whether the side was flipped since they were drawn."""
        held = np.searchsorted(self.start_m, distance_m, side="right") - 1
        flips = np.searchsorted(self.flip_m, distance_m, side="right")
        before = np.searchsorted(self.flip_m, self.start_m, side="right")
        return self.kind_rank[held], self.side_rank[held], (flips - before[held]) % 2 == 1


def draw_decisions(line: RouteLine, route: Route, runner: RunnerModel, rng: np.random.Generator) -> Decisions:
    """Draw when a runner makes up its mind along a route: at junctions, between them, and at turns back."""
    junction_m = line.leg_start_m()
    turns = route.turns_back()
    at_junction = (rng.random(len(junction_m)) < runner.p_junction_decision) & ~turns
    keeps_side = turns & (rng.random(len(junction_m)) < runner.p_same_physical_side)
    count = int(rng.poisson(runner.decisions_per_km * line.length_m / 1000.0))
    between = rng.uniform(0.0, line.length_m, count)
    later = np.union1d(junction_m[at_junction], between)
    start_m = np.concatenate([[0.0], later[later > 0.0]])
    return Decisions(start_m, rng.random(len(start_m)), rng.random(len(start_m)), junction_m[keeps_side])


@dataclass(frozen=True, eq=False)
class Choices:
    """What a runner may choose from at each of n places, travel frame.

    ``habit``, shape (n, 3): probability of facing traffic, of a sidewalk where there is one, and of the
    middle. ``traffic_sign``: +1 where vehicles drive on the right, -1 on the left. ``sidewalk_*``: whether
    one is attached on that side of travel. ``fixed_state``: lateral state where the way leaves no choice; -1
    elsewhere.
    """

    habit: FloatArray
    traffic_sign: IntArray
    sidewalk_left: BoolArray
    sidewalk_right: BoolArray
    fixed_state: IntArray


def choose_states(decisions: Decisions, distance_m: FloatArray, choices: Choices) -> IntArray:
    """Find the lateral state (index into `LATERAL_STATES`) that a runner wants at each distance [m]."""
    kind_rank, side_rank, flipped = decisions.at(distance_m)
    faces = (side_rank < choices.habit[:, 0]) != flipped
    # Facing traffic is the left side of travel where vehicles drive on the right.
    left = faces == (choices.traffic_sign > 0)
    walks = (kind_rank < choices.habit[:, 1]) & (choices.sidewalk_left | choices.sidewalk_right)
    on_left_walk = np.where(left, choices.sidewalk_left, ~choices.sidewalk_right)
    centre = ~walks & (kind_rank >= 1.0 - choices.habit[:, 2])
    edge = np.where(left, STATE_CODE[LateralState.LEFT_EDGE], STATE_CODE[LateralState.RIGHT_EDGE])
    walk = np.where(
        on_left_walk, STATE_CODE[LateralState.LEFT_SIDEWALK], STATE_CODE[LateralState.RIGHT_SIDEWALK]
    )
    wanted = np.where(walks, walk, np.where(centre, STATE_CODE[LateralState.CENTRE], edge))
    return np.where(choices.fixed_state >= 0, choices.fixed_state, wanted).astype(np.int64)


STEP_S: Final = 0.25
"""Step of the grid on which motion and lateral moves are laid out [s]."""

_SLOWEST: Final = 0.5
"""Least speed of a runner who does not pause, as a share of the mean; the greatest is as far above it
(judgement)."""


@dataclass(frozen=True, eq=False)
class Motion:
    """Progress along a route: moving time [s] in steps of `STEP_S`, and the distance [m] reached by then.

    Pauses begin at an elapsed time that counts those before [s], and last ``pause_s``.
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
        """Turn elapsed into moving time [s], which stands still during a pause."""
        begun = elapsed_s[:, np.newaxis] - self.pause_start_s
        return np.asarray(elapsed_s - np.clip(begun, 0.0, self.pause_s).sum(axis=1))

    def pausing_at(self, elapsed_s: FloatArray) -> NDArray[np.bool_]:
        """Tell at which elapsed times [s] the runner stands; the two ends of a pause are left out."""
        begun = elapsed_s[:, np.newaxis] - self.pause_start_s
        return np.asarray(((begun > 0.0) & (begun < self.pause_s)).any(axis=1))


def draw_motion(length_m: float, runner: RunnerModel, rng: np.random.Generator) -> Motion:
    """Draw a runner's progress along a route of a given length [m].

    Speed is the runner's own times 1 + an Ornstein-Uhlenbeck process, held between half and one and a half
    times its mean; pauses lie at random places and last 0.5 to 1.5 times their mean duration.
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
