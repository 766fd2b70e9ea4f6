"""Before and after, by simulation: how often a change is said where there was none, and seen where there was.

Run in the project's root:

``python tests/benchmarks/before_after.py runs FILE [--seasons N] [--each N]`` simulates seasons of one
runner on four routes, each recorded some times by the same habit, and one of them also on the other side.

``python tests/benchmarks/before_after.py compare FILE [--times N] [--runs N ...]`` takes two periods of so
many runs out of each season, by chance and none twice, and compares them as `camber compare` does, by the
share and by routes: without a change, and with that route on the other side in the second period.

``python tests/benchmarks/before_after.py chance [--times N]`` compares periods of few and of more runs whose
shares are nearly known and differ by lot: two routes, or any share.

Everything but those shares is simulated, on real maps, (c) OpenStreetMap contributors; seeds are fixed.
"""

from __future__ import annotations

import argparse
import pickle
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

import camber
from camber import simulate
from camber.legs.share_changes import SURE_FROM, change_of
from camber.library.street_sides import changed_routes
from camber.observations.passes import street_passes
from tests.benchmarks.calibration import scenarios

ROUTES = 4


def simulated_seasons(seasons, each, seed):
    """Every run of each season: its route, whether swapped, and metres by leg, drawn and true."""
    extracts = scenarios.open_extracts()
    names = sorted(extracts)
    for number in range(seasons):
        rng = np.random.default_rng([seed, number])
        name = names[number % len(names)]
        device = scenarios.CLASSES[number // len(names) % len(scenarios.CLASSES)]
        error = scenarios.draw_error(device, rng, misspecified=False)
        faces = 0.9 if rng.random() < 0.5 else 0.1
        runner = simulate.RunnerModel(
            habit=simulate.Habit(p_facing=faces, p_sidewalk=0.4), speed_mps=3.0, decisions_per_km=0.2
        )
        other = replace(runner, habit=simulate.Habit(p_facing=1.0 - faces, p_sidewalk=0.4))
        routes = [scenarios.draw_route(extracts[name], rng, 3000.0, 7000.0) for _ in range(ROUTES)]
        if any(route is None for route in routes):
            continue
        found = []
        for place, swapped in [*((place, False) for place in range(ROUTES)), (0, True)]:
            for _ in range(each):
                setup = simulate.Setup(
                    other if swapped else runner,
                    simulate.DeviceModel(),
                    error,
                    scenarios.STARTED,
                    f"{name} {place}",
                    None,
                    number,
                )
                run = simulate.simulate_run(extracts[name], routes[place], setup, rng)
                analysis = camber.analyse(run.recording, extracts[name], with_suggestions=False)
                low = run.truth.groupby("low")["distance_m"].sum()
                truth = low.get("left", 0.0), low.get("right", 0.0)
                legs = (
                    getattr(analysis.draws, leg).sum(axis=1).astype(np.float32)
                    for leg in ("left_low_m", "right_low_m")
                )
                found.append((place, swapped, *legs, truth, street_passes(analysis)))
        print(f"season {number}: {len(found)} runs", file=sys.stderr, flush=True)
        yield found


def compared(seasons, times, runs, seed):
    """One row per pair of periods."""
    rng = np.random.default_rng(seed)
    rows = []
    for number, season in enumerate(seasons):
        usual = [run for run in season if not run[1]]
        other = [run for run in season if run[1]]
        for _ in range(times):
            order = rng.permutation(len(usual))
            before, after = ([usual[at] for at in part] for part in (order[:runs], order[runs : 2 * runs]))
            spare = iter(rng.permutation(len(other)))
            changed = [other[next(spare)] if run[0] == 0 else run for run in after]
            for swapped, second in ((False, after), (True, changed)):
                said = change_of(legs_of(before), legs_of(second), rng)
                truth = share(second) - share(before)
                sure = max(said.p_less, said.p_more) >= SURE_FROM
                routes, in_both = changed_routes([run[5] for run in before], [run[5] for run in second])
                rows.append(
                    {
                        "season": number,
                        "swapped": swapped,
                        "said": sure,
                        "route said": len(routes) > 0,
                        "route surely": any(route.probability >= SURE_FROM for route in routes),
                        "either said": sure or len(routes) > 0,
                        "in both": in_both,
                        # Of the route in question, in the period with fewer of them.
                        "passes": min(sum(run[0] == 0 for run in part) for part in (before, second)),
                        "receiver": season[0][5].table["receiver"][0],
                        "right": sure and (said.p_more > said.p_less) == (truth > 0.0),
                        "moved": truth,
                        "covered": said.change.low <= truth <= said.change.high,
                        "median": said.change.median,
                    }
                )
    return pd.DataFrame(rows)


def alarms_by_chance(times, seed):
    """How often a change is said of periods whose runs differ by lot alone, one row per number of runs."""
    rng = np.random.default_rng(seed)
    draw = {
        "two routes": lambda runs: rng.choice([0.9, 0.3], runs),
        "any share": lambda runs: rng.beta(3.0, 2.0, runs),
    }
    rows = []
    for runs in (3, 4, 5, 6, 8, 16):
        rows.append({"runs": runs})
        for name, shares in draw.items():
            said = [
                change_of(_known(shares(runs), rng), _known(shares(runs), rng), rng) for _ in range(times)
            ]
            rows[-1][name] = np.mean([max(one.p_less, one.p_more) >= SURE_FROM for one in said])
    return pd.DataFrame(rows).set_index("runs")


def _known(shares, rng):
    """Five kilometres a run, whose share is known to five points."""
    left = 5000.0 * np.clip(shares + 0.05 * rng.normal(size=(100, len(shares))), 0.0, 1.0)
    return left, 5000.0 - left


def legs_of(runs):
    """Drawn metres by leg, each of shape (n_draws, n_runs)."""
    return tuple(np.stack([run[at] for run in runs], axis=1) for at in (2, 3))


def share(runs):
    """True share of the left leg."""
    left, right = np.sum([run[4] for run in runs], axis=0)
    return left / (left + right)


def main():
    """Read the command line and do what it says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["runs", "compare", "chance"])
    parser.add_argument("file", type=Path, nargs="?")
    parser.add_argument("--seasons", type=int, default=12)
    parser.add_argument("--each", type=int, default=8)
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--runs", type=int, nargs="+", default=[4, 8, 12, 16])
    parser.add_argument("--seed", type=int, default=31)
    given = parser.parse_args()
    if given.what == "chance":
        print(alarms_by_chance(given.times, given.seed).round(3).to_string())
        return
    if given.file is None:
        parser.error("name a file")
    if given.what == "runs":
        made = list(simulated_seasons(given.seasons, given.each, given.seed))
        given.file.write_bytes(pickle.dumps(made))
        return
    seasons = pickle.loads(given.file.read_bytes())  # noqa: S301 - written by this file
    shown = ["said", "right", "covered", "route said", "route surely", "either said", "in both", "moved"]
    for runs in given.runs:
        found = compared(seasons, given.times, runs, given.seed)
        print(f"{len(seasons)} seasons, {given.times} times two periods of {runs} runs on {ROUTES} routes")
        print(found.groupby("swapped")[shown].mean().round(3).to_string())
        seen = found[found["swapped"] & (found["passes"] > 0)]
        by = seen.groupby(pd.cut(seen["passes"], [0, 1, 2, 3, 5, 9]), observed=True)
        print(by[["route said", "route surely"]].mean().join(by.size().rename("pairs")).round(3).to_string())
        by = seen.groupby("receiver")
        print(by[["route said", "route surely"]].mean().join(by.size().rename("pairs")).round(3).to_string())


if __name__ == "__main__":
    main()
