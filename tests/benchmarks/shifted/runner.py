"""Runners of seven kinds, who hold a place across the street for a while and then take another.

How long a place is held follows a gamma distribution over metres (a semi-Markov chain), streets are
remembered from run to run, and the runner wanders about the place; nothing of it is the model's switching.
"""

from dataclasses import dataclass

import numpy as np

from camber.conventions import (
    CENTRE,
    LEFT_EDGE,
    LEFT_SIDEWALK,
    OTHER,
    RIGHT_EDGE,
    RIGHT_SIDEWALK,
)
from tests.benchmarks.shifted.hashed import uniform
from tests.benchmarks.shifted.world import RESIDENTIAL, SLOW

KINDS = (
    "faces at the edge",
    "faces and sidewalks",
    "mixed",
    "same physical side",
    "sidewalk lover",
    "middle of quiet roads",
    "even by design",
)


@dataclass(frozen=True)
class Runner:
    """Shares of quiet and busy streets: sidewalk where there is one, middle of the road, facing traffic."""

    kind: str
    seed: int
    walk: tuple
    centre: tuple
    facing: float
    crosses_for_walk: float
    memory: float
    dwell_m: float
    anew_at_corner: float
    clearance_m: float
    centre_m: float
    wander_m: float
    wander_s: float
    crossing_s: float
    speed_mps: float


_HABITS = {
    # kind: sidewalk (quiet, busy), middle (quiet, busy), facing; each the middle of a range
    "faces at the edge": ((0.03, 0.06), (0.03, 0.01), 0.94),
    "faces and sidewalks": ((0.75, 0.92), (0.05, 0.0), 0.88),
    "mixed": ((0.40, 0.60), (0.20, 0.04), 0.50),
    "same physical side": ((0.30, 0.50), (0.10, 0.02), 0.50),
    "sidewalk lover": ((0.93, 0.98), (0.10, 0.0), 0.55),
    "middle of quiet roads": ((0.10, 0.35), (0.80, 0.15), 0.75),
    "even by design": ((0.25, 0.45), (0.15, 0.02), 0.50),
}


def draw_runner(kind, seed):
    """Draw one runner of a kind."""
    rng = np.random.default_rng([seed, 1])

    def about(share):
        return float(np.clip(share + rng.normal(0.0, 0.35) * share * (1.0 - share), 0.0, 1.0))

    walk, centre, facing = _HABITS[kind]
    return Runner(
        kind=kind,
        seed=seed,
        walk=tuple(about(share) for share in walk),
        centre=tuple(about(share) for share in centre),
        facing=about(facing),
        crosses_for_walk=0.95 if kind == "sidewalk lover" else rng.uniform(0.1, 0.8),
        memory=rng.uniform(0.2, 0.9),
        dwell_m=float(np.exp(rng.uniform(np.log(150.0), np.log(1200.0)))),
        anew_at_corner=rng.uniform(0.05, 0.5),
        clearance_m=rng.uniform(0.35, 1.4),
        centre_m=float(rng.normal(0.0, 0.35)),
        wander_m=rng.uniform(0.15, 0.5),
        wander_s=rng.uniform(8.0, 80.0),
        crossing_s=rng.uniform(1.0, 3.0),
        speed_mps=rng.uniform(2.4, 3.9),
    )


def stretches(distance_m, street, runner, rng):
    """Number of the held place at each metre of a run: a new one after a dwell, or at a corner."""
    length = float(distance_m[-1]) + 1.0
    count = int(4.0 * length / runner.dwell_m) + 20
    ends = np.cumsum(rng.gamma(2.0, runner.dwell_m / 2.0, count))
    held = np.searchsorted(ends, distance_m, side="right")
    corner = np.r_[False, np.diff(street) != 0]
    anew = corner & (rng.random(len(street)) < runner.anew_at_corner)
    return held + np.cumsum(anew)


def choose(streets, row, direction, held, runner, rng):
    """Lateral state at each place, as the runner wants it and the street allows."""
    at = streets.at
    street, hand = at("street", row), at("hand", row)
    number = np.arange(int(held.max()) + 1)
    fresh = rng.random((2, len(number)))
    kept = uniform(runner.seed, "kept", street) < runner.memory
    along = np.where(direction * at("alike", row) > 0, 1, 0)
    kind_rank = np.where(kept, uniform(runner.seed, "kind", street), fresh[0][held])
    side_rank = np.where(kept, uniform(runner.seed, "side", street, along), fresh[1][held])
    faces = side_rank < runner.facing
    left = faces == (hand > 0)
    if runner.kind == "same physical side":
        # The same side of the street in every run and both directions, at home with one of them.
        towards = np.where(uniform(runner.seed, "bank", street) < 0.5, 1, -1) * hand
        left = towards * direction * at("alike", row) < 0
    if runner.kind == "even by design":
        left = ((held + int(2 * rng.random())) % 2 == 0) == (hand > 0)
    quiet = np.isin(at("group", row), (RESIDENTIAL, SLOW))
    walk, centre = (np.where(quiet, *pair) for pair in (runner.walk, runner.centre))
    walks = [np.where(direction > 0, at(f"walk_{a}", row), at(f"walk_{b}", row))
             for a, b in (("left", "right"), ("right", "left"))]  # fmt: skip
    here = np.where(left, *walks)
    across = ~here & np.where(left, walks[1], walks[0])
    across &= uniform(runner.seed, "cross", street, along) < runner.crosses_for_walk
    on_walk = (kind_rank < walk) & (here | across)
    on_left = left ^ (on_walk & across)
    middle = ~on_walk & (kind_rank > 1.0 - centre)
    state = np.where(on_left, LEFT_EDGE, RIGHT_EDGE)
    state = np.where(middle, CENTRE, state)
    state = np.where(on_walk, np.where(on_left, LEFT_SIDEWALK, RIGHT_SIDEWALK), state)
    beside = at("carriageway_side", row) * direction
    off = np.where(beside > 0, LEFT_SIDEWALK, np.where(beside < 0, RIGHT_SIDEWALK, OTHER))
    return np.where(at("road", row), state, off)


def targets(streets, row, direction, runner):
    """Offset [m] of every lateral state from the true middle, positive right of travel; shape (n, 6)."""
    at, half = streets.at, streets.at("half_m", row)
    found = np.zeros((len(row), 6))
    for travel, edge, walk in ((-1, LEFT_EDGE, LEFT_SIDEWALK), (1, RIGHT_EDGE, RIGHT_SIDEWALK)):
        on_right = travel * direction > 0
        parked, shoulder, gap = (
            np.where(on_right, at(f"{what}_right{unit}", row), at(f"{what}_left{unit}", row))
            for what, unit in (("parked", ""), ("shoulder", ""), ("gap", "_m"))
        )
        place = np.where(shoulder, half + 0.5, half - runner.clearance_m)
        place = np.where(parked, half - 2.0 - 0.7, place)
        found[:, edge] = travel * np.maximum(place, 0.25 * half)
        found[:, walk] = travel * (half + gap)
    found[:, CENTRE] = runner.centre_m * at("hand", row)
    road = at("road", row)[:, np.newaxis]
    return np.where(road, found, 0.0)
