"""Simulated tours against what camber says of them: are named sides right, do intervals hold the truth?

Run with ``python tests/benchmarks/tours.py EXTRACT [COUNT]`` in the project's root; classes of receivers
take turns, seeds are fixed. A first look, not the calibration study.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import numpy as np
import pandas as pd

import camber
from camber import simulate, standards

CLASSES = ("multi_band", "single_band", "trees")


def score(run: simulate.SimulatedRun, roads: camber.Roads) -> dict[str, float]:
    """Compare one simulated run with its analysis; metres and shares of metres."""
    analysis = camber.analyse(run.recording, roads)
    table = analysis.sloped.join(run.truth.add_suffix("_true"), how="inner")
    step = np.diff(table["distance_m"], prepend=table["distance_m"].iloc[0])
    side = table["lateral_state_true"].str.split("_").str[0].to_numpy()
    seen = (table["side_basis"] == "seen").to_numpy()
    correct = (table["side"] == side).to_numpy()
    totals, summary = simulate.truth_totals(run.truth), analysis.summary
    return {
        "metres": step.sum(),
        "way": step[(table["way_id"] == table["way_id_true"]).to_numpy()].sum(),
        "seen": step[seen].sum(),
        "seen_right": step[seen & correct].sum(),
        "holds_left": summary.left_low_m.low <= totals.left_low_m <= summary.left_low_m.high,
        "holds_right": summary.right_low_m.low <= totals.right_low_m <= summary.right_low_m.high,
    }


def main() -> None:
    """Print one row for each class of receivers, and one for all."""
    roads = camber.read_roads(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 90
    degree = np.diff(roads.graph.node_first_edge)
    rows = []
    for number in range(count):
        rng = np.random.default_rng([7, number])
        start = int(rng.choice(np.flatnonzero(degree > 2)))
        name = CLASSES[number % len(CLASSES)]
        error = simulate.GnssErrorModel.from_class(standards.gnss_classes()[name])
        try:
            length_m = float(rng.uniform(3000.0, 8000.0))
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
            1000 + number,
        )
        rows.append({"class": name} | score(simulate.simulate_run(roads, route, setup, rng), roads))
    table = pd.DataFrame(rows)
    print("| class | runs | way | seen | of it right | left interval holds | right interval holds |")
    print("|---|---|---|---|---|---|---|")
    for name, part in [*table.groupby("class"), ("all", table)]:
        metres, seen = part["metres"].sum(), part["seen"].sum()
        right = part["seen_right"].sum() / max(seen, 1e-9)
        print(
            f"| {name} | {len(part)} | {part['way'].sum() / metres:.1%} | {seen / metres:.0%} | {right:.0%} "
            f"| {part['holds_left'].mean():.0%} | {part['holds_right'].mean():.0%} |"
        )


if __name__ == "__main__":
    main()
