"""A hundred simulated kilometres at 1 Hz in Heidelberg: accuracy and speed of the matcher.

Run with ``python tests/benchmarks/heidelberg.py`` in the project's root; needs the Heidelberg extract.
"""

from __future__ import annotations

import argparse
import resource
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

import camber
from camber import simulate, standards
from camber.matching import match
from camber.track import prepare_track

if TYPE_CHECKING:
    from camber.schema import Roads, Track

EXTRACT = Path(__file__).parents[2] / "../shared/data/osm/heidelberg_ors.osm.pbf"

PLAIN = simulate.GnssErrorModel(
    fast_sigma_m=4.0,
    fast_tau_s=20.0,
    slow_sigma_m=0.0,
    burst_share=0.0,
    jitter_m=0.0,
    device_sigma_m=0.0,
    map_sigma_m=0.0,
    town_sigma_m=0.0,
)
"""The error of matching.md: sigma 4 m, correlation time 20 s, nothing else."""


class Run(NamedTuple):
    """One simulated run, ready to be matched."""

    track: Track
    truth: pd.DataFrame


def make_runs(
    roads: Roads, error: simulate.GnssErrorModel, *, count: int = 10, length_m: float = 10_000.0
) -> list[Run]:
    """Simulate random tours; the seeds are fixed, so every matcher sees the same fixes."""
    degree = np.diff(roads.graph.node_first_edge)
    runs: list[Run] = []
    for number in range(10 * count):
        rng = np.random.default_rng([2026, number])
        start = int(rng.choice(np.flatnonzero(degree > 2)))
        try:
            route = simulate.random_tour(roads, start, length_m, simulate.Preference(), rng)
        except camber.CamberError:
            continue  # a corner of the network that is too small for a tour
        setup = simulate.Setup(
            simulate.RunnerModel(),
            simulate.DeviceModel(),
            error,
            datetime(2026, 5, 1, 8, tzinfo=UTC),
            f"tour {number}",
            None,
            number,
        )
        run = simulate.simulate_run(roads, route, setup, rng)
        runs.append(Run(prepare_track(run.recording, crs=roads.crs)[0], run.truth))
        if len(runs) == count:
            break
    return runs


class Score(NamedTuple):
    """Accuracy over several runs, weighted by metres."""

    way: float
    street: float
    direction: float
    missing_m: float
    extra_m: float
    true_m: float
    off_m: float


def score_runs(runs: list[Run], roads: Roads) -> tuple[Score, pd.DataFrame]:
    """Match every run and compare it with its truth; also the metres lost, by true and matched class."""
    sums = np.zeros(8)
    lost = []
    for run in runs:
        matched, _, path = match(run.track, roads)
        table = matched.join(run.truth.add_suffix("_true"), how="inner")
        step = np.diff(table["distance_m"], prepend=table["distance_m"].iloc[0])
        way = (table["way_id"] == table["way_id_true"]).to_numpy()
        street_of = roads.ways["street_id"]
        true_street = street_of.reindex(table["way_id_true"]).to_numpy()
        street = way | (table["street_id"].to_numpy() == true_street)
        direction = (table["travel_direction"] == table["travel_direction_true"]).to_numpy()
        off = (table["way_id"] < 0).to_numpy()
        missing, extra = way_mismatch(path, run.truth, roads)
        sums += [
            step[way].sum(),
            step[street].sum(),
            step[way & direction].sum(),
            step.sum(),
            missing,
            extra,
            float(run.truth["distance_m"].sum()),
            step[off].sum(),
        ]
        lost.append(
            pd.DataFrame(
                {
                    "true": roads.ways["highway"].reindex(table["way_id_true"]).to_numpy()[~way],
                    "matched": roads.ways["highway"].reindex(table["way_id"]).to_numpy()[~way],
                    "same_street": street[~way],
                    "metres": step[~way],
                }
            )
        )
    where = pd.concat(lost).fillna("off the road").groupby(["true", "matched", "same_street"])["metres"].sum()
    way_m, street_m, direction_m, all_m, missing, extra, true_m, off_m = sums
    result = Score(way_m / all_m, street_m / all_m, direction_m / way_m, missing, extra, true_m, off_m)
    return result, where.sort_values(ascending=False).head(12).round().reset_index()


def way_mismatch(path: pd.DataFrame, truth: pd.DataFrame, roads: Roads) -> tuple[float, float]:
    """Metres of way missing from the path, and extra in it (Newson & Krumm 2009, section 5.3)."""
    along = (path["to_chainage_m"] - path["from_chainage_m"]).abs()
    found = along.groupby(path["way_id"]).sum()
    true = truth[truth["way_id"] >= 0].groupby("way_id")["distance_m"].sum()
    both = pd.concat([found, true], axis=1).fillna(0.0).to_numpy()
    # A runner weaves and rounds corners: a tenth of a way, or 10 m, is no mismatch of ways.
    length = roads.ways["length_m"].reindex(pd.concat([found, true], axis=1).index).to_numpy()
    slack = np.minimum(10.0, 0.1 * length) + 0.05 * both.max(axis=1)
    difference = both[:, 1] - both[:, 0]
    counted = np.where(np.abs(difference) > slack, difference, 0.0)
    return float(np.maximum(counted, 0.0).sum()), float(np.maximum(-counted, 0.0).sum())


def measure_speed(runs: list[Run], roads: Roads) -> tuple[float, float]:
    """Fixes per CPU-second over all runs after one warm-up, the distance tables counted in."""
    match(runs[0].track, roads)
    begin = time.process_time()
    for run in runs:
        match(run.track, roads)
    seconds = time.process_time() - begin
    return sum(len(run.track) for run in runs) / seconds, seconds


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kilometres", type=float, default=100.0)
    given = parser.parse_args()
    begin = time.perf_counter()
    roads = camber.read_roads(EXTRACT)
    print(f"opening the extract: {time.perf_counter() - begin:.1f} s")
    trees = simulate.GnssErrorModel.from_class(standards.gnss_classes()["trees"])
    for name, error in (("sigma 4 m, tau 20 s", PLAIN), ("single-band under trees, map offset", trees)):
        runs = make_runs(roads, error, length_m=100.0 * given.kilometres)
        score, where = score_runs(runs, roads)
        rmf = (score.missing_m + score.extra_m) / score.true_m
        print(f"\n{name}: {sum(len(run.track) for run in runs)} fixes, {score.true_m / 1000:.1f} km")
        print(f"way {score.way:.2%}, street {score.street:.2%}, direction {score.direction:.2%}")
        print(
            f"RMF {rmf:.4f} (missing {score.missing_m:.0f} m, extra {score.extra_m:.0f} m), "
            f"off {score.off_m:.0f} m"
        )
        print(where.to_string(index=False))
    speed, seconds = measure_speed(runs, roads)
    print(f"\n{speed:,.0f} fixes per CPU-second ({seconds:.2f} s), tables and frames included")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
