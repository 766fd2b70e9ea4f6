"""A hundred simulated kilometres at 1 Hz in Heidelberg: accuracy and speed of the matcher.

Run with ``python tests/benchmarks/heidelberg.py`` in the project's root; needs the Heidelberg extract.
"""

from __future__ import annotations

import argparse
import multiprocessing
import platform
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
"""The error of the simulated tours: sigma 4 m, correlation time 20 s, nothing else."""


class Run(NamedTuple):
    """One simulated run, ready to be matched."""

    track: Track
    truth: pd.DataFrame


def make_runs(
    roads: Roads,
    error: simulate.GnssErrorModel,
    *,
    count: int = 10,
    length_m: float = 10_000.0,
    seed: int = 2026,
) -> list[Run]:
    """Simulate random tours; equal seeds are equal fixes, for every matcher."""
    degree = np.diff(roads.graph.node_first_edge)
    runs: list[Run] = []
    for number in range(10 * count):
        rng = np.random.default_rng([seed, number])
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
    """Match every run and compare it with its truth; also the metres lost, by reason and class."""
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
                    "kind": kinds_of_loss(table, roads)[~way],
                    "metres": step[~way],
                }
            )
        )
    where = pd.concat(lost).fillna("off the road").groupby(["kind", "true", "matched"])["metres"].sum()
    way_m, street_m, direction_m, all_m, missing, extra, true_m, off_m = sums
    result = Score(way_m / all_m, street_m / all_m, direction_m / way_m, missing, extra, true_m, off_m)
    return result, where.sort_values(ascending=False).round().reset_index()


FOOTWAYS = {"footway", "path", "cycleway", "pedestrian", "steps"}
NEAR_M = 25.0
"""Metres to the nearest change of the true way within which a wrong way counts as that change misplaced."""


def kinds_of_loss(table: pd.DataFrame, roads: Roads) -> pd.Series:
    """Why each fix's way is wrong: a junction or a way split misplaced, a parallel footway, off the road."""
    true, got = table["way_id_true"].to_numpy(), table["way_id"].to_numpy()
    run = table["distance_m"].to_numpy()
    change = np.flatnonzero(true[1:] != true[:-1])
    street = roads.ways["street_id"].reindex(true).to_numpy()
    split = street[change] == street[change + 1]
    borders = np.concatenate([[-np.inf], (run[change] + run[change + 1]) / 2.0, [np.inf]])
    after = np.searchsorted(borders, run)
    nearest = np.where(run - borders[after - 1] < borders[after] - run, after - 1, after)
    near = np.abs(run - borders[nearest]) <= NEAR_M
    is_split = np.concatenate([[False], split, [False]])[nearest]
    classes = [roads.ways["highway"].reindex(ways).isin(FOOTWAYS).to_numpy() for ways in (true, got)]
    kind = np.select(
        [got == true, got < 0, near & is_split, near, classes[0] != classes[1]],
        ["", "off the road", "way split", "junction", "parallel footway"],
        "other way",
    )
    return pd.Series(kind, index=table.index)


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


def report(name: str, runs: list[Run], roads: Roads) -> list[str]:
    """Lines of the table for one error model."""
    score, where = score_runs(runs, roads)
    rmf = (score.missing_m + score.extra_m) / score.true_m
    reasons = where.groupby("kind")["metres"].sum().sort_values(ascending=False)
    classes = where.head(12)
    found = (
        f"way {score.way:.2%}, street {score.street:.2%}, direction {score.direction:.2%}; RMF {rmf:.4f} "
        f"(missing {score.missing_m:.0f} m, extra {score.extra_m:.0f} m), off the road {score.off_m:.0f} m"
    )
    return [
        f"## {name}: {sum(len(run.track) for run in runs):,} fixes, {score.true_m / 1000:.1f} km",
        "",
        found,
        "",
        "| lost at | metres |\n|---|--:|",
        *(f"| {kind} | {metres:.0f} |" for kind, metres in reasons.items()),
        "",
        "| lost at | true | matched | metres |\n|---|---|---|--:|",
        *(f"| {row.kind} | {row.true} | {row.matched} | {row.metres:.0f} |" for row in classes.itertuples()),
        "",
    ]


def machine() -> str:
    """Platform and versions, without a name of this machine."""
    python, cores = platform.python_version(), multiprocessing.cpu_count()
    versions = f"Python {python}, numpy {np.__version__}, camber {camber.__version__}"
    return f"{platform.platform()}, {cores} cores; {versions}"


def main() -> None:
    """Print the tables, and write them where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kilometres", type=float, default=100.0)
    parser.add_argument("--seed", type=int, default=2026, help="other tours; nothing was chosen by these")
    parser.add_argument("--output", type=Path, help="also write the tables to this file")
    given = parser.parse_args()
    begin = time.perf_counter()
    roads = camber.read_roads(EXTRACT)
    lines = [
        f"{datetime.now(UTC):%Y-%m-%d}, {machine()}. Simulated runs.",
        "",
        f"Opening the extract: {time.perf_counter() - begin:.1f} s",
        "",
    ]
    trees = simulate.GnssErrorModel.from_class(standards.gnss_classes()["trees"])
    for name, error in (("sigma 4 m, tau 20 s", PLAIN), ("single-band under trees, map offset", trees)):
        runs = make_runs(roads, error, length_m=100.0 * given.kilometres, seed=given.seed)
        lines += report(name, runs, roads)
    speed, seconds = measure_speed(runs, roads)
    lines.append(f"{speed:,.0f} fixes per CPU-second ({seconds:.2f} s), tables and frames included")
    lines.append(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    print("\n".join(lines))
    if given.output:
        given.output.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
