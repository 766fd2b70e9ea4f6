"""Three simulated seasons through the library: each week's sentence and probability beside what was true.

Run with ``python tests/benchmarks/seasons.py`` in the project's root; ``--weeks 3`` is a glance. The first is
that of ``camber demo``; in the second a runner faces traffic where it drives on the left, so that the right
leg is the low one; the third comes back on the side of the road that they went out on, and is truly even.
Prints Markdown; seeds are fixed.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

import camber  # noqa: E402 - the project's root has to be found before
from camber import simulate  # noqa: E402
from camber.library import week_of  # noqa: E402
from camber.schema import Word  # noqa: E402
from tests.benchmarks.markdown import markdown  # noqa: E402

KOUVOLA = ROOT / "data" / "kouvola.osm.pbf"
LEFT_HAND = ROOT.parent / "shared" / "data" / "osm" / "london-moorgate_otp.osm.pbf"

STRICT = simulate.RunnerModel(
    habit=simulate.Habit(p_facing=1.0, p_sidewalk=0.0), decisions_per_km=0.0, p_junction_decision=0.0
)
SAME_SIDE = replace(STRICT, p_same_physical_side=1.0)
SURE = (Word.LIKELY, Word.VERY_LIKELY)


class Case(NamedTuple):
    """A season, its map, and what is true of its runner: the low leg, or that there is none."""

    title: str
    roads: Path
    season: simulate.Season
    leg: str


CASES = (
    Case("Kouvola, faces traffic at the edge (`camber demo`)", KOUVOLA, simulate.Season(), "left"),
    Case(
        "London, left-hand traffic, faces it at the edge",
        LEFT_HAND,
        simulate.Season(start_deg=(-0.088, 51.520), time_zone="Europe/London", runner=STRICT, seed=7),
        "right",
    ),
    Case(
        "Kouvola, back on the side they went out on: even",
        KOUVOLA,
        simulate.Season(runner=SAME_SIDE, loops=False, seed=11),
        "",
    ),
)


def weeks_of(case, folder):
    """One row per week: what was said of it, and what was true."""
    runs = simulate.simulate_season(camber.read_roads(case.roads), case.season)
    for name, content in simulate.season_files(runs).items():
        (folder / name).write_bytes(content)
    with camber.open_library(folder / "library") as library:
        library.add(sorted(folder.glob("*.gpx")))
        library.analyse(case.roads)
        truth = {}
        for run in runs:
            week = week_of(run.recording.started_at.date())
            truth.setdefault(week, []).append(run.truth)
        return pd.DataFrame([_row(library, week, parts) for week, parts in sorted(truth.items())])


def _row(library, week, parts):
    story = camber.story_of(library.period(week))
    true = simulate.truth_totals(pd.concat(parts))
    low = story.low
    share = true.left_low_m / (true.left_low_m + true.right_low_m)
    return {
        "week": week.title,
        "said": story.headline,
        "P left": low.p_left,
        "P even": low.p_even,
        "said left": low.left_share.median,
        "from": low.left_share.low,
        "to": low.left_share.high,
        "truly left": share,
        "leg": low.leg,
        "sure": low.word in SURE,
    }


def verdict(case, rows):
    """Say in one sentence whether the season came out as it should."""
    held = ((rows["from"] <= rows["truly left"]) & (rows["truly left"] <= rows["to"])).sum()
    inside = f"the truth lies in {held} of {len(rows)} intervals"
    if case.leg:
        named = (rows["leg"] == case.leg).sum()
        sure = ((rows["leg"] == case.leg) & rows["sure"]).sum()
        return f"{case.leg} leg named in {named} of {len(rows)} weeks, likely or stronger in {sure}; {inside}"
    wrong = (rows["sure"] & (rows["leg"] != "")).sum()
    return f"a leg named likely or stronger in {wrong} of {len(rows)} weeks; {inside}"


def main():
    """Simulate, analyse and tell each season."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weeks", type=int, default=10)
    options = parser.parse_args()
    for case in CASES:
        if not case.roads.exists():
            print(f"\n{case.title}: {case.roads.name} is not there\n")
            continue
        with tempfile.TemporaryDirectory() as folder:
            os.environ["CAMBER_HOME"] = folder
            own = Path(folder) / "season"
            own.mkdir()
            rows = weeks_of(replace_weeks(case, options.weeks), own)
        table = markdown(rows.drop(columns=["leg", "sure"]), lambda share: f"{100 * share:.0f} %")
        print(f"\n### {case.title}\n\n{table}\n\n{verdict(case, rows)}", flush=True)


def replace_weeks(case, weeks):
    """The same case with fewer weeks."""
    return case._replace(season=replace(case.season, weeks=weeks))


if __name__ == "__main__":
    main()
