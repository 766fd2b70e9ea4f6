"""Simulated weeks on simulated terrain under real streets: what measuring does, and what bad tiles do.

    python -m tests.benchmarks.terrain_weeks [--weeks N] [--runs N] [--towns NAME...] [--cases ...] [--csv F]
    python -m tests.benchmarks.terrain_weeks --joined F...

Each week is a few runs of one runner in one world (`tests.benchmarks.calibration.scenarios`), on the streets
of a town, (c) OpenStreetMap contributors; its ground is laid under the streets that were run and those beside
them (`camber.simulate.ground`), written as GeoTIFF, measured, and told to the analysis as a library does.
Streets are told by most of the true metres, one answer per way and direction. Three more tiles are wrong:
moved by 5 m, flown ten years before and before the streets were rebuilt (another world's surfaces on the same
lines), and of other streets that a wrong coordinate system puts under these. `--tiles FOLDER` keeps the
tiles, which do not depend on how they are measured; `--joined` sums up tables that were written before.
"""

from __future__ import annotations

import argparse
import sys
import time
import zlib
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import rasterio
import shapely

import camber
from camber import standards
from camber.conventions import LateralState
from camber.lateral import pool_evidence
from camber.library.surveys import in_turn
from camber.pipeline import analyse, evidence_of
from camber.schema import Observed, Settings, SideObserved
from camber.simulate.ground import Survey, lay_streets, sections_of
from camber.terrain.headers import read_header
from camber.terrain.mapped_ways import mapped_ways
from camber.terrain.misplaced import Surveyors, measured_elsewhere
from camber.terrain.sources import key_of, measure_ways, middles_moved
from tests.benchmarks.answers import CERTAIN, LIKELY, STEADY, measured
from tests.benchmarks.calibration import scenarios, scores

ROOT = Path(__file__).resolve().parents[2]
OSM = ROOT.parent / "shared" / "data" / "osm"
TOWNS = {
    "kouvola": ROOT / "data" / "kouvola.osm.pbf",
    "helsinki": ROOT / "data" / "helsinki.osm.pbf",
    "herrenberg": OSM / "herrenberg_otp.osm.pbf",
    "neukoelln": OSM / "osm2streets_neukolln.osm",
    "moorgate": OSM / "london-moorgate_otp.osm.pbf",
    "bristol": OSM / "osm2streets_bristol_contraflow_cycleway.osm",
}
"""The last two drive on the left."""

CASES = (
    *("without", "1 m on half", "1 m on all", "0.5 m on all", "sides told", "0.5 m and sides told"),
    *("5 m off", "before it was rebuilt", "of another system"),
)
YEARS = {"before it was rebuilt": 10}
"""How long ago the tiles of a case were flown: countries are flown each 6 to 10 years."""
_BESIDE_M = 30.0
_ALL_DAY_M = (1500.0, 4000.0)


@dataclass
class Week:
    """Four runs on the streets of a town, and what the others told each."""

    town: str
    roads: camber.Roads
    world: int
    error: object
    runs: list
    learned: list
    ways: list
    sides: tuple
    done: dict = field(default_factory=dict)


def week_of(town, roads, seed, number, runs=4):
    """Draw a week; None where the town has no room for its routes."""
    rng = np.random.default_rng([seed, number, zlib.crc32(town.encode())])
    receiver = scenarios.CLASSES[number % len(scenarios.CLASSES)]
    error = scenarios.draw_error(receiver, rng, misspecified=False)
    runner = scenarios.draw_runner(rng, misspecified=False)
    world = 50_000 + number
    made = [_run(roads, (town, number, world), error, runner, rng) for _ in range(runs)]
    if any(one is None for one in made):
        return None
    evidence = [evidence_of(one.recording, roads) for one in made]
    learned = [pool_evidence([other for other in evidence if other is not one]) for one in evidence]
    ways = [one.ways for one in evidence]
    return Week(town, roads, world, error, made, learned, ways, told_sides(roads, made))


def _run(roads, names, error, runner, rng):
    town, number, world = names
    route = scenarios.draw_route(roads, rng, *_ALL_DAY_M)
    if route is None:
        return None
    setup = camber.simulate.Setup(
        *(runner, camber.simulate.DeviceModel(), error, scenarios.STARTED, f"{town} {number}", None, world),
        unmapped_sidewalks=True,
    )
    return camber.simulate.simulate_run(roads, route, setup, rng)


def told_sides(roads, runs):
    """Say of each street, as run in each direction, where most of the metres were, if that was a habit."""
    truth = pd.concat(one.truth for one in runs)
    truth = truth[truth["way_id"].isin(roads.ways.index[roads.ways["highway"].notna()])]
    found = []
    for way, rows in truth.groupby("way_id"):
        stated = {}
        for direction, part in rows.groupby("travel_direction"):
            metres = part.groupby("lateral_state")["distance_m"].sum()
            if metres.max() >= STEADY * metres.sum() and metres.idxmax() != "other":
                stated[int(direction)] = (LateralState(metres.idxmax()),)
        if stated:
            states = {"along": stated.get(1, ()), "against": stated.get(-1, ())}
            found.append(SideObserved(int(way), answer=f"way {way}", **states))
    return tuple(found)


# -- The ground -----------------------------------------------------------------------------------------


def ground_of(week, survey, *, world=None, moved=(0.0, 0.0)):
    """Lay the streets of a week and those beside them, in their world or another; each ground once."""
    if (survey, world) not in week.done:
        week.done[survey, world] = _laid(week, survey, world)
    heights = week.done[survey, world]
    return replace(heights, west_m=heights.west_m + moved[0], north_m=heights.north_m + moved[1])


def _laid(week, survey, world):
    ways = week.roads.ways
    run = ways.index[ways.index.isin({way for some in week.ways for way in some})]
    near = ways.sindex.query(np.asarray(ways.geometry.loc[run]), predicate="dwithin", distance=_BESIDE_M)[1]
    rows = np.unique(near)
    seed = week.world if world is None else world
    # The lines stay where they are when a street is rebuilt.
    true = sections_of(week.roads, rows, week.world, week.error, unmapped_sidewalks=True)
    if world is not None:
        other = sections_of(week.roads, rows, seed, week.error, unmapped_sidewalks=True)
        true = [
            (line, replace(new, course=old.course)) for (line, old), (_, new) in zip(true, other, strict=True)
        ]
    lines = [line for line, _ in true]
    bounds = shapely.total_bounds(shapely.multilinestrings([shapely.linestrings(line) for line in lines]))
    around = tuple((bounds + np.array([-20.0, -20.0, 20.0, 20.0])).tolist())
    rng = np.random.default_rng([seed, 3])
    about = [shapely.get_coordinates(line) for line in ways.geometry.loc[run]]
    return lay_streets(lines, [section for _, section in true], around, survey, rng, about=about)


def write_tile(path, heights, crs, columns=slice(None)):
    """Write a grid, or some of its columns, as GeoTIFF."""
    values = heights.height_m[:, columns]
    west = heights.west_m + (columns.start or 0) * heights.cell_m
    place = rasterio.Affine(heights.cell_m, 0.0, west, 0.0, -heights.cell_m, heights.north_m)
    given = {
        "driver": "GTiff",
        "count": 1,
        "dtype": "float32",
        "nodata": -9999.0,
        "crs": crs,
        "transform": place,
    }
    given |= {"height": values.shape[0], "width": values.shape[1], "tiled": True, "compress": "deflate"}
    with rasterio.open(path, "w", **given) as out:
        out.write(np.nan_to_num(values, nan=-9999.0).astype(np.float32), 1)
    return path


def measured_in(ways, files):
    """Measure ways, and find the files that lie in the wrong place by all of them, as a library does."""
    numbered = {way.way_id: way for way in ways}
    found = {one.way_id: one for one in measure_ways(ways, files, {})}
    surveyors = Surveyors(
        lambda some, models, moved: {
            n: one for n in some for one in measure_ways([numbered[n]], models, {}, moved)
        },
        lambda some, models, moved: middles_moved([numbered[n] for n in some], models, moved),
    )
    judged = measured_elsewhere(found, files, set(map(key_of, files)), (), surveyors)
    return list((found | judged.measured).values()), judged.problems


def surveyed(week, paths, years=0):
    """Measure the ways of a week in some tiles that were flown some years before."""
    files = [read_header(path, flown=scenarios.STARTED.year - years) for path in paths]
    ways = sorted({way for some in week.ways for way in some})
    return measured_in(mapped_ways(week.roads, ways), files)[0]


def tiles_of(week, case, folder):
    """Write the tiles of a case, unless they are there."""
    crs, path = week.roads.crs, folder / f"{case.replace(' ', '_')}.tif"
    if path.exists():
        return [path]
    if case in {"1 m on half", "1 m on all"}:
        heights = ground_of(week, Survey(cell_m=1.0))
        half = slice(0, heights.height_m.shape[1] // 2) if "half" in case else slice(None)
        return [write_tile(path, heights, crs, half)]
    if case.startswith("0.5 m"):
        return [write_tile(path, ground_of(week, Survey(cell_m=0.5)), crs)]
    if case == "5 m off":
        return [write_tile(path, ground_of(week, Survey(cell_m=1.0), moved=(3.0, 4.0)), crs)]
    if case == "before it was rebuilt":
        return [write_tile(path, ground_of(week, Survey(cell_m=1.0), world=week.world + 777), crs)]
    heights = ground_of(week, Survey(cell_m=1.0))
    turned = replace(heights, height_m=np.ascontiguousarray(heights.height_m[::-1, ::-1]))
    return [write_tile(path, turned, crs)]


def analysed(week, measured, sides):
    """Analyse the runs of a week, each with what its ways and the first others said."""
    found = []
    for run, learned, ways in zip(week.runs, week.learned, week.ways, strict=True):
        told = tuple(one for one in sides if one.way_id in set(ways))
        heard = replace(measured.told(ways, scenarios.STARTED.year), sides=told)
        observed = heard if heard != Observed() else None
        run_with = {"observed": observed, "with_suggestions": False}
        found.append(analyse(run.recording, week.roads, Settings(), learned, **run_with))
    return found


def judged(week, analyses):
    """Width and coverage of the week's share, metres with a likely and a certain leg, and scores of these."""
    truth = pd.concat(one.truth for one in week.runs)
    metres = truth.groupby("low")["distance_m"].sum()
    share = metres.get("left", 0.0) / max(metres.get("left", 0.0) + metres.get("right", 0.0), 1.0)
    row = measured(analyses, share)
    blocks = pd.concat(scores.by_block(a, run.truth) for a, run in zip(analyses, week.runs, strict=True))
    left, right = blocks["leg_left_m"].to_numpy(), blocks["leg_right_m"].to_numpy()
    p = np.clip(blocks["p_leg"].to_numpy(), 1e-3, 1.0 - 1e-3)
    row["log_score"] = float(-(left * np.log(p) + right * np.log(1.0 - p)).sum() / (left + right).sum())
    sure = np.maximum(p, 1.0 - p) >= CERTAIN
    right_m = np.where(p > 0.5, left, right)
    row["sure_right"] = (
        float(right_m[sure].sum() / max((left + right)[sure].sum(), 1e-9)) if sure.any() else np.nan
    )
    runs = pd.DataFrame(
        [scores.by_run(a.draws, run.truth) for a, run in zip(analyses, week.runs, strict=True)]
    )
    row["runs_covered"] = float(np.mean([scores.holds(runs, name).mean() for name in scores.TOTALS]))
    row |= {f"{name}_held": float(scores.holds(runs, name).mean()) for name in (*scores.TOTALS, "balance")}
    return row


def judge_week(week, cases, folder):
    """Give a row per case."""
    rows, kept = [], {}
    for case in cases:
        begun = time.process_time()
        which = case.removesuffix(" and sides told") + " on all" if "and sides" in case else case
        done = []
        if which not in {"without", "sides told"}:
            if which not in kept:
                kept[which] = surveyed(week, tiles_of(week, which, folder), YEARS.get(which, 0))
            done = kept[which]
        spent = time.process_time() - begun
        measured_ = in_turn([one.observed for one in done if one.observed is not None])
        windows = [(reason, n) for one in done for said in one.said.values() for reason, n in said.items()]
        row = {"town": week.town, "case": case, "world": week.world, "spent_s": spent}
        row["measured"] = sum(n for reason, n in windows if not reason) / max(sum(n for _, n in windows), 1)
        refused = Counter()
        for reason, n in windows:
            refused[reason] += n if reason else 0
        row["refused"] = ", ".join(f"{n} {reason}" for reason, n in refused.most_common() if n)
        row |= run_on_measured(week, done)
        sides = week.sides if "sides told" in case else ()
        rows.append(row | judged(week, analysed(week, measured_, sides)))
    return rows


def run_on_measured(week, done):
    """Shares of the metres run on carriageways, and on paths, that were measured, and why others were not."""
    truth = pd.concat(one.truth for one in week.runs)
    run = truth.groupby("way_id")["distance_m"].sum()
    ways = week.roads.ways
    run = run[run.index.isin(ways.index)]
    is_road = standards.assume(ways.loc[run.index])["is_road"].to_numpy(dtype=bool)
    share, why = pd.Series(0.0, index=run.index), Counter()
    for one in done:
        counts = Counter()
        for said in one.said.values():
            counts.update(said)
        metres = run.get(one.way_id, 0.0)
        if metres and counts:
            share[one.way_id] = counts[""] / counts.total()
            kind = ways["highway"].loc[one.way_id]
            for reason, n in counts.items():
                why[f"{kind}: {reason or 'measured'}"] += metres * n / counts.total()
    both = {
        name: float((share * run)[at].sum() / max(run[at].sum(), 1e-9))
        for name, at in (("roads_measured", is_road), ("paths_measured", ~is_road))
    }
    said = ", ".join(f"{metres:.0f} {reason}" for reason, metres in why.most_common())
    return both | {"run_on_roads": float(run[is_road].sum() / max(run.sum(), 1e-9)), "metres": said}


def study(towns, numbers, cases=CASES, *, seed=17, runs=4, tiles=None, report=print):
    """Judge some weeks of each town, by their numbers, and give a table with a row per week and case."""
    rows, opened = [], {}
    for number in numbers:
        for town in towns:
            if town not in opened:
                opened[town] = camber.read_roads(TOWNS[town])
            roads = opened[town]
            week = week_of(town, roads, seed, number, runs)
            if week is None:
                continue
            with TemporaryDirectory() as folder:
                kept = Path(folder) if tiles is None else tiles / f"{town}_{number}_{runs}"
                kept.mkdir(parents=True, exist_ok=True)
                rows += judge_week(week, cases, kept)
            report(pd.DataFrame(rows), f"{town} {number}")
    return pd.DataFrame(rows)


COLUMNS = [
    *(
        "measured",
        "roads_measured",
        "paths_measured",
        "run_on_roads",
        "likely",
        "certain",
        "width",
        "covered",
    ),
    *("runs_covered", "log_score", "sure_right"),
]


def summary(rows):
    """Give the mean of each case, and of each town, and what each does beside the first, week by week."""
    both = (
        rows.groupby("case", sort=False)[COLUMNS].mean(),
        rows.groupby(["town", "case"], sort=False)[COLUMNS].mean(),
    )
    return "\n\n".join([*(table.round(3).to_string() for table in both), differences(rows)])


def differences(rows, names=("log_score", "likely", "width", "covered", "runs_covered"), draws=2000):
    """Say what each case does beside the first, in the mean of the weeks that have both, with 90 % intervals.

    The weeks are drawn anew for these: runs of one week, and totals of one run, are right or wrong together.
    Of coverage the first case is told, too.
    """
    rng, text = np.random.default_rng(5), []
    first, *others = rows["case"].unique()
    for name in names:
        wide = rows.pivot_table(index=["town", "world"], columns="case", values=name, sort=False)
        weeks = [(f"{name} of {case} - {first}", (wide[case] - wide[first]).dropna()) for case in others]
        weeks += [(f"{name} of {case}", wide[case].dropna()) for case in wide if "covered" in name]
        for said, values in weeks:
            each = values.to_numpy()
            means = each[rng.integers(0, len(each), (draws, len(each)))].mean(axis=1)
            low, high = np.quantile(means, [0.05, 0.95])
            text.append(f"{said}: {each.mean():+.3f} [{low:+.3f}, {high:+.3f}], {len(each)} weeks")
    return "\n".join(text)


def main():
    """Run the study and print its tables."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--weeks", type=int, default=3, help="of each town")
    options.add_argument("--first", type=int, default=0, help="number of the first of them")
    options.add_argument("--runs", type=int, default=4, help="of each week")
    options.add_argument(
        "--towns", nargs="+", default=[name for name, path in TOWNS.items() if path.exists()]
    )
    options.add_argument("--cases", nargs="+", default=list(CASES))
    options.add_argument("--tiles", type=Path, help="folder in which tiles are kept")
    options.add_argument("--csv", type=Path)
    options.add_argument("--joined", type=Path, nargs="+", help="tables of before; nothing is run")
    given = options.parse_args()

    def report(rows, text):
        print(text, file=sys.stderr, flush=True)
        if given.csv:
            rows.to_csv(given.csv, index=False)

    rows = (
        pd.concat(map(pd.read_csv, given.joined))
        if given.joined
        else study(
            *(given.towns, range(given.first, given.first + given.weeks), given.cases),
            runs=given.runs,
            tiles=given.tiles,
            report=report,
        )
    )
    print(f"likely: {LIKELY:.0%}, certain: {CERTAIN:.0%}\n{summary(rows)}")


if __name__ == "__main__":
    main()
