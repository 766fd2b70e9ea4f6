"""Simulated runners and their plans: do predictions hold, and how often is there a safe change at all?

Run in the project's root:

``python tests/benchmarks/coaching.py follow ROADS...`` simulates runs in the towns of the extracts, plans
each, lets the runner follow the plan except for a tenth of its parts, and counts how often the realised
metres and balance lie within the stated 90 % intervals.

``python tests/benchmarks/coaching.py weeks CSV ROADS...`` simulates runner-weeks, asks for the best change of
each as ``camber suggest --week`` does, and writes one row per week.

``--count N`` sets how many runs, or weeks, there are in all. Everything here is simulated on real maps, (c)
OpenStreetMap contributors; seeds are fixed.
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

import camber
from camber import simulate, standards
from camber.conventions import LATERAL_STATES
from camber.lateral import pool_evidence
from camber.planning import effect_of_draws, plan_route
from camber.simulate.lateral import _targets, curvature_of, true_cross_slope
from camber.simulate.route import trace_route
from camber.simulate.street import streets_of
from camber.simulate.truth import low_leg
from camber.suggestions.stretches import stretches_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.schema import Analysis, Interval, Roads, Suggestion
    from camber.suggestions import Effect

    IntArray = NDArray[np.int64]

DISOBEDIENCE = 0.1
STREETS = simulate.Preference(road=1.0, busy_road=2.0, service=1.5, sidewalk=1.3, path=1.6)
"""Runners of these studies keep to streets: on paths there is nothing to choose."""

OUTCOMES = ("change", "even", "not known", "no safe change")

STATE = {str(name): code for code, name in enumerate(LATERAL_STATES)}


def route_from(
    roads: Roads, rng: np.random.Generator, *, back: bool, least_m: float = 3000.0, most_m: float = 8000.0
) -> simulate.Route:
    """A random route of a runner who keeps to streets."""
    degree = np.diff(roads.graph.node_first_edge)
    starts = np.flatnonzero(degree > 2)
    for attempt in range(60):
        # On a small map a long route is not to be had: the wish gets smaller.
        wish_m = float(rng.uniform(least_m, most_m))
        start, length_m = int(rng.choice(starts)), wish_m * 0.96**attempt
        make = simulate.out_and_back if back else simulate.random_tour
        try:
            route = make(roads, start, length_m, STREETS, rng)
        except camber.CamberError:
            continue  # a corner of the network that is too small for a tour
        if roads.graph.edge_length_m[route.edge].sum() > 0.6 * length_m:
            return route
    message = "no route was found in sixty attempts"
    raise SystemExit(message)


def setup_of(number: int, habit: simulate.Habit) -> simulate.Setup:
    """A run by day with a common receiver, in a world of its own."""
    names = ("multi_band", "single_band")
    error = simulate.GnssErrorModel.from_class(standards.gnss_classes()[names[number % 2]])
    return simulate.Setup(
        simulate.RunnerModel(habit=habit),
        simulate.DeviceModel(),
        error,
        datetime(2026, 5, 1, 8, tzinfo=UTC),
        f"run {number}",
        None,
        5000 + number,
        unmapped_sidewalks=True,
    )


def planned_states(item: Suggestion, analysis: Analysis, rng: np.random.Generator) -> IntArray:
    """State of each block of the run as its runner follows the plan; -1 where the plan is not followed.

    The parts of a plan that are followed or not are at most 120 m long, as the prediction has it.
    """
    end = analysis.exposure["distance_m"].to_numpy().cumsum()
    middle = end - 0.5 * analysis.exposure["distance_m"].to_numpy()
    state = np.full(len(middle), -1, dtype=np.int64)
    for part in item.stretches:
        inside = (middle >= part.from_m) & (middle <= part.to_m)
        # Nobody is told to keep to the middle: there the runner stays as before.
        state[inside] = -1 if part.state == "centre" else STATE[part.state]
        pieces = max(round((part.to_m - part.from_m) / 90.0), 1)
        piece = ((middle - part.from_m) / max(part.to_m - part.from_m, 1.0) * pieces).astype(int)
        ignored = rng.random(pieces + 1) < DISOBEDIENCE
        state[inside & ignored[np.clip(piece, 0, pieces)]] = -1
    road = stretches_of(analysis.exposure, analysis.lateral, analysis.roads).is_road
    return np.where(road, state, -1)


def realised(
    roads: Roads,
    route: simulate.Route,
    run: simulate.SimulatedRun,
    setup: simulate.Setup,
    analysis: Analysis,
    state: IntArray,
    rng: np.random.Generator,
) -> tuple[float, float]:
    """True metres with the left and the right leg low when the states of a plan are run in the same world."""
    truth = run.truth
    line = trace_route(roads, route)
    streets = streets_of(roads, line, setup.runner, setup.world_seed, unmapped_sidewalks=True)
    block = analysis.lateral["block"].reindex(truth.index).ffill().bfill().to_numpy().astype(np.int64)
    wanted = state[block]
    # On a sidewalk mapped beside its street the plan speaks of the street.
    table = streets.set_index("way_id", drop=False)
    here = table.loc[truth["way_id"].to_numpy()]
    direction = truth["travel_direction"].to_numpy()
    follow = (wanted >= 0) & here["is_road"].to_numpy()
    beside = (wanted >= 0) & ~here["is_road"].to_numpy() & (here["carriageway_side"] != 0).to_numpy()
    chosen = np.where(follow, wanted, 2)
    mean, spread = _targets(here, direction, chosen)
    wander = np.clip(rng.standard_normal(int(block.max()) + 1), -1.7, 1.7)[block]
    offset = mean + wander * spread
    curvature = curvature_of(here, truth["chainage_m"].to_numpy())
    slope, _ = true_cross_slope(here, chosen, offset, direction, curvature)
    # The sidewalk across the street falls the other way; the simulator has only the one that was run on.
    was, side = truth["lateral_state"].map(STATE).to_numpy(), np.array([-1, -1, 0, 1, 1, 0])
    across = beside & (side[wanted] * side[was] < 0)
    old = truth["cross_slope_pct"].to_numpy()
    slope = np.where(follow, slope, np.where(across, -old, old))
    low, metres = low_leg(slope, truth["way_id"].to_numpy()), truth["distance_m"].to_numpy()
    return float(metres[low == "left"].sum()), float(metres[low == "right"].sum())


def holds(interval: Interval | None, value: float) -> bool:
    """Whether a stated 90 % interval holds a value, to a metre or a thousandth."""
    if interval is None:
        return False
    slack = 1.0 if abs(interval.high) > 1.0 else 1e-3
    return interval.low - slack <= value <= interval.high + slack


def follow(files: list[str], count: int) -> pd.DataFrame:
    """One row per plan that was followed."""
    towns = [(town_of(name), camber.read_roads(name)) for name in files]
    rows: list[dict[str, Any]] = []
    number = 0
    while len(rows) < count and number < 10 * count:
        town, roads = towns[number % len(towns)]
        if sum(row["town"] == town for row in rows) >= 2 * count / len(towns):
            number += 1  # no town may drown the others
            continue
        rng = np.random.default_rng([8, number])
        number += 1
        setup = setup_of(number, simulate.Habit(float(rng.choice([0.0, 0.05, 0.95, 1.0])), 0.95))
        route = route_from(roads, rng, back=bool(rng.random() < 0.6))
        run = simulate.simulate_run(roads, route, setup, rng)
        analysis = camber.analyse(run.recording, roads)
        items = plan_route(analysis, dark=False).suggestions.items
        elsewhere = {"alternate_direction", "level_surface"}  # another run, other ground
        item = next((one for one in items if one.kind not in elsewhere), None)
        if item is None:
            continue
        state = planned_states(item, analysis, rng)
        left, right = realised(roads, route, run, setup, analysis, state, rng)
        balance = (right - left) / (right + left)
        total = simulate.truth_totals(run.truth)
        as_it_was = (total.right_low_m - total.left_low_m) / (total.right_low_m + total.left_low_m)
        rows.append(
            {
                "town": town, "country": country_of(roads), "kind": item.kind,
                "left": holds(item.left_low_after_m, left), "right": holds(item.right_low_after_m, right),
                "balance": holds(item.balance_after, balance),
                "before": holds(item.balance_before, as_it_was),
                "true_before": as_it_was, "true_after": balance,
                "said_before": item.balance_before.median, "said_after": item.balance_after.median,
                "width": item.balance_after.high - item.balance_after.low, "extra": item.crossings,
            }
        )  # fmt: skip
    return pd.DataFrame(rows).assign(simulated=True)


def town_of(name: str) -> str:
    """Give a short name of an extract; the files of one project carry its name first."""
    return Path(name).name.removeprefix("osm2streets_").split("_")[0].split(".")[0]


def country_of(roads: Roads) -> str:
    """The country in which most ways lie."""
    return str(roads.ways["country"].mode().iloc[0])


def weeks(files: list[str], count: int) -> pd.DataFrame:
    """One row per runner-week: three runs, the best change of one of them, or why there is none."""
    towns = [(town_of(name), camber.read_roads(name)) for name in files]
    return pd.DataFrame([_week(*towns[n % len(towns)], n) for n in range(count)])


def _week(town: str, roads: Roads, number: int) -> dict[str, Any]:
    rng = np.random.default_rng([9, number])
    habit = simulate.Habit(float(rng.choice([0.0, 0.05, 0.5, 0.95, 1.0])), 0.95)
    setup = setup_of(number, habit)
    loop, back = (route_from(roads, rng, back=one) for one in (False, True))
    simulated = [simulate.simulate_run(roads, route, setup, rng) for route in (loop, back, loop)]
    first = [camber.analyse(run.recording, roads) for run in simulated]
    # As a library does: the habits of all runs are learned, and each run judged again with them.
    learned = pool_evidence(run.evidence for run in first)
    runs = [camber.analyse(run.recording, roads, learned=learned) for run in simulated]
    true = [simulate.truth_totals(run.truth) for run in simulated]
    left_m, right_m = sum(one.left_low_m for one in true), sum(one.right_low_m for one in true)
    found = []
    for row, analysis in enumerate(runs[:2]):
        rest: Effect | None = effect_of_draws(run.draws for n, run in enumerate(runs) if n != row)
        found.append(plan_route(analysis, before=rest, dark=False).suggestions)
    items = [item for one in found for item in one.items]
    best = max(items, key=_gain, default=None)
    road, walk = _coverage(runs)
    week = effect_of_draws(run.draws for run in runs)
    difference, tilted = week.right_m - week.left_m, week.right_m + week.left_m
    before = abs(float(np.median(difference / np.maximum(tilted, 1.0))))
    even = all("fine choice" in one.conclusion or "nothing to even" in one.conclusion for one in found)
    unknown = not any("No safe change" in one.conclusion for one in found)
    return {
        "week": number, "town": town, "country": country_of(roads), "simulated": True,
        "distance_km": round(sum(run.summary.distance_m for run in runs) / 1000.0, 1),
        "road_share": round(road, 3), "sidewalk_share": round(walk, 3), "p_facing": habit.p_facing,
        "true_balance": round((right_m - left_m) / max(right_m + left_m, 1.0), 3),
        "outcome": "change" if best else "even" if even else "not known" if unknown else "no safe change",
        "kind": best.kind if best else "", "balance_before": round(before, 3),
        "balance_after": round(abs(best.balance_after.median), 3) if best else round(before, 3),
        "extra_crossings": best.crossings if best else 0,
        "extra_traffic_km": round(best.extra_traffic_km, 3) if best else 0.0,
        "left_changes": len(items),
    }  # fmt: skip


def _gain(item: Suggestion) -> float:
    return abs(item.balance_before.median) - abs(item.balance_after.median)


def _coverage(runs: list[Analysis]) -> tuple[float, float]:
    """Share of the metres on roads, and of those the share beside a known sidewalk."""
    road, walk, total = 0.0, 0.0, 0.0
    for run in runs:
        of = stretches_of(run.exposure, run.lateral, run.roads)
        total += of.length_m.sum()
        road += of.length_m[of.is_road].sum()
        walk += of.length_m[of.is_road & (of.left_walk | of.right_walk)].sum()
    return road / total, walk / max(road, 1e-9)


def follow_table(table: pd.DataFrame) -> str:
    """The coverage of the stated intervals, by town and in all."""
    lines = [
        "| town | plans | left held | right held | balance held | as run held | true balance before | after |"
    ]
    lines.append("|---|---|---|---|---|---|---|---|")
    for name, part in [*table.groupby("town"), ("all", table)]:
        lines.append(
            f"| {name} | {len(part)} | {part['left'].mean():.0%} | {part['right'].mean():.0%} "
            f"| {part['balance'].mean():.0%} | {part['before'].mean():.0%} "
            f"| {part['true_before'].abs().median():.2f} | {part['true_after'].abs().median():.2f} |"
        )
    return "\n".join(lines)


def weeks_table(table: pd.DataFrame) -> str:
    """What came out of the weeks, by country and by sidewalk coverage."""
    part = pd.cut(table["sidewalk_share"], [-0.01, 0.1, 0.5, 1.0], labels=["< 10 %", "10-50 %", "> 50 %"])
    titles = "| where | weeks | change | even already | not known | no safe change | balance before | after "
    lines = [f"{titles}| crossings | truly within 0.2 of even where called even |"]
    lines.append("|" + "---|" * 10)
    groups = [*table.groupby("country"), *table.groupby("town")]
    groups += [(f"sidewalks {name}", one) for name, one in table.groupby(part, observed=True)]
    for name, one in [*groups, ("all", table)]:
        changed = one[one["outcome"] == "change"]
        shares = [f"{(one['outcome'] == word).mean():.0%}" for word in OUTCOMES]
        middle = [
            f"{changed[column].median():.2f}" if len(changed) else "-"
            for column in ("balance_before", "balance_after", "extra_crossings")
        ]
        even = one[one["outcome"] == "even"]
        truly = f"{(even['true_balance'].abs() <= 0.2).mean():.0%}" if len(even) else "-"
        lines.append(f"| {name} | {len(one)} | {' | '.join([*shares, *middle, truly])} |")
    return "\n".join(lines)


def main() -> None:
    """Simulate, and print the table with date, versions and machine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["follow", "weeks"])
    parser.add_argument("files", nargs="+")
    parser.add_argument("--count", type=int, default=200)
    given = parser.parse_args()
    begin = time.process_time()
    if given.what == "follow":
        print(follow_table(follow(given.files, given.count)))
    else:
        table = weeks(given.files[1:], given.count)
        table.to_csv(given.files[0], index=False, lineterminator="\n")
        print(weeks_table(table))
    print(
        f"\nSimulated. {datetime.now(tz=UTC):%Y-%m-%d}, camber {version('camber')}, "
        f"Python {sys.version.split()[0]}, numpy {np.__version__}, {platform.machine()}, "
        f"{time.process_time() - begin:.0f} CPU-s"
    )


if __name__ == "__main__":
    main()
