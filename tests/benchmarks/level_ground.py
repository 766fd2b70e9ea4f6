"""Level ground, predicted against realised: ``python -m tests.benchmarks.level_ground [runs]``.

A fast road of 6 km in Britain, made by hand, with a paved path beside 2 km of it that nobody knows to fall to
one side. Each simulated world has a road and a path of its own. The runner faces traffic; where level ground
is suggested, the run is made again over the path, in the same world, and its true metres are compared with
the stated 90 % intervals. Simulated data: the world is drawn from what the prediction assumes.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pandas as pd

import camber
from camber import simulate
from camber.planning import plan_route
from camber.schema import Interval, Roads, SuggestionSettings
from tests.worlds import roads_of

SETTINGS = SuggestionSettings(obedience=1.0, usual_balance=0.0)
"""The runner takes every path here; and runs that are even by chance are looked at too."""

ROAD: dict[str, Any] = {
    "highway": "tertiary", "country": "GB", "traffic_side": "left", "built_up": False, "maxspeed_kmh": 80.0,
    "surface": "asphalt", "sidewalk_left": "no", "sidewalk_right": "no",
}  # fmt: skip
PATH: dict[str, Any] = {"highway": "path", "foot": "yes", "surface": "asphalt", "country": "GB"}
PATHS = (200, 201, 202, 203)


def world() -> Roads:
    """Six kilometres of road, each a way of its own, and a path beside the second and the third."""
    ways = {100 + k: ([(1000.0 * k, 0.0), (1000.0 * (k + 1), 0.0)], ROAD) for k in range(6)}
    corners = [(1000.0, -60.0), (1500.0, -60.0), (2000.0, -60.0), (2500.0, -60.0), (3000.0, -60.0)]
    for number, way in enumerate(PATHS):
        points = corners[number : number + 2]
        points = [(1000.0, 0.0), *points] if number == 0 else points
        points = [*points, (3000.0, 0.0)] if number == len(PATHS) - 1 else points
        ways[way] = (points, PATH | {"name": "Path", "traffic_side": "left"})
    roads: Roads = roads_of(ways)
    return roads


def holds(interval: Interval, value: float) -> bool:
    """Whether a stated interval holds a value, to a metre."""
    return interval.low - 1.0 <= value <= interval.high + 1.0


def measure(runs: int) -> pd.DataFrame:
    """One row per run for which level ground is suggested."""
    roads = world()
    along = np.arange(6)
    over = np.array([0, 6, 7, 8, 9, 3, 4, 5])
    rows = []
    for seed in range(runs):
        setup = simulate.Setup(simulate.RunnerModel(habit=simulate.Habit(1.0, 1.0)), world_seed=seed)
        usual = simulate.Route(along, np.ones(len(along), dtype=np.int64))
        run = simulate.simulate_run(roads, usual, setup, np.random.default_rng([4, seed]))
        items = plan_route(camber.analyse(run.recording, roads), SETTINGS, dark=False).suggestions.items
        item = next((one for one in items if one.kind == "level_surface"), None)
        if item is None or item.way_ids != PATHS:
            continue
        other = simulate.Route(over, np.ones(len(over), dtype=np.int64))
        again = simulate.simulate_run(roads, other, setup, np.random.default_rng([5, seed]))
        before, after = simulate.truth_totals(run.truth), simulate.truth_totals(again.truth)
        difference = abs(before.right_low_m - before.left_low_m)
        rows.append(
            {
                "left": holds(item.left_low_after_m, after.left_low_m),
                "right": holds(item.right_low_after_m, after.right_low_m),
                "evened_m": difference - abs(after.right_low_m - after.left_low_m),
            }
        )
    return pd.DataFrame(rows)


def main() -> None:
    """Measure and print."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    found = measure(runs)
    print(f"level ground suggested in {len(found)} of {runs} simulated runs")
    print(f"90 % interval held: left {found['left'].mean():.0%}, right {found['right'].mean():.0%}")
    print(
        f"difference between the legs: median {found['evened_m'].median():.0f} m less, "
        f"smaller in {(found['evened_m'] > 0.0).mean():.0%}"
    )


if __name__ == "__main__":
    main()
