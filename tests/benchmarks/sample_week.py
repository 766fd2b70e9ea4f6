"""Hold the sample week against its truth; prints the table of the README.

Run with ``python tests/benchmarks/sample_week.py`` in the project's root.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

import camber

DATA = Path(__file__).parents[2] / "data"


class Score(NamedTuple):
    """How one analysis compares with the truth; shares are of metres, 0 to 1."""

    way: float
    direction: float
    off_road: float | None
    named: float
    named_right: float
    seen_m: float
    seen_right_m: float
    leg_named_m: float
    leg_right_m: float
    left_low_true_m: float
    left_low: camber.Summary
    holds_left: bool
    holds_right: bool


def score(analysis: camber.Analysis, truth: pd.DataFrame) -> Score:
    """Compare one analysis with its truth, weighted by the metres run."""
    table = analysis.sloped.join(truth.add_suffix("_true"), how="inner")
    step = np.diff(table["distance_m"], prepend=table["distance_m"].iloc[0])
    mapped = (table["way_id_true"] >= 0).to_numpy()
    right_way = mapped & (table["way_id"] == table["way_id_true"]).to_numpy()
    right_direction = (table["travel_direction"] == table["travel_direction_true"]).to_numpy()
    side = table["lateral_state_true"].str.split("_").str[0].to_numpy()
    named = (table["side"] != "unknown").to_numpy()
    correct = (table["side"] == side).to_numpy()
    seen = (table["side_basis"] == "seen").to_numpy()
    # A leg is named by the direction of the fall, whatever the percent.
    verdict = analysis.exposure.set_index("block")["verdict"].reindex(table["block"]).to_numpy()
    falls = np.sign(table["cross_slope_pct_true"].fillna(0.0).to_numpy())
    leg = np.select([verdict == "left_low", verdict == "right_low"], [-1.0, 1.0], 0.0)
    # Metres inside a gap are in no section, and counted neither in the truth nor in the summary.
    metres = truth["distance_m"]
    left, right = (float(metres[truth["low"] == leg].sum()) for leg in ("left", "right"))
    summary = analysis.summary
    return Score(
        way=step[right_way].sum() / step[mapped].sum(),
        direction=step[right_way & right_direction].sum() / step[right_way].sum(),
        off_road=(
            step[~mapped & (table["way_id"] < 0)].sum() / step[~mapped].sum() if step[~mapped].sum() else None
        ),
        named=step[named].sum() / step.sum(),
        named_right=step[named & correct].sum() / max(step[named].sum(), 1e-9),
        seen_m=step[seen].sum(),
        seen_right_m=step[seen & correct].sum(),
        leg_named_m=step[leg != 0.0].sum(),
        leg_right_m=step[(leg != 0.0) & (leg == falls)].sum(),
        left_low_true_m=left,
        left_low=summary,
        holds_left=summary.left_low_m.low <= left <= summary.left_low_m.high,
        holds_right=summary.right_low_m.low <= right <= summary.right_low_m.high,
    )


def sample_scores() -> dict[str, Score]:
    """Analyse every run of the sample week and compare it with its truth."""
    roads = {name: camber.read_roads(DATA / f"{name}.osm.pbf") for name in ("kouvola", "helsinki")}
    fixes = pd.read_csv(DATA / "week/truth_fixes.csv.gz")
    scores = {}
    for file, truth in fixes.groupby("file"):
        recording = camber.read_recording(DATA / "week" / str(file))
        north, south = recording.fixes["latitude_deg"].max(), roads["kouvola"].bounds_deg[1]
        town = "kouvola" if north > south else "helsinki"
        scores[str(file)] = score(camber.analyse(recording, roads[town]), truth.set_index("fix_id"))
    return scores


def main() -> None:
    """Print the table."""
    print("| run | way | direction | side named | of it right | true left low | 90 % interval | holds |")
    print("|---|---|---|---|---|---|---|---|")
    scores = sample_scores()
    for file, row in scores.items():
        interval = row.left_low.left_low_m
        holds = "yes" if row.holds_left else "no"
        print(
            f"| {file.removesuffix('.gpx')} | {row.way:.1%} | {row.direction:.1%} | {row.named:.0%} "
            f"| {row.named_right:.1%} | {row.left_low_true_m / 1000:.2f} km "
            f"| {interval.low / 1000:.2f} to {interval.high / 1000:.2f} km | {holds} |"
        )
    named_m, right_m = (
        sum(getattr(row, f"leg_{what}_m") for row in scores.values()) for what in ("named", "right")
    )
    right = f"{right_m / named_m:.1%}" if named_m > 0.0 else "none"
    print(f"A leg is named on {named_m / 1000:.2f} km, and the surface falls there as named on {right}.")


if __name__ == "__main__":
    main()
