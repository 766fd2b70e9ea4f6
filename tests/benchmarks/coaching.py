"""Simulated runners and their plans: do predictions hold, and how often is there a safe change at all?

Run in the project's root:

``python tests/benchmarks/coaching.py follow ROADS...`` simulates runs in the towns of the extracts, plans
each, lets the runner follow the plan except for a tenth of its parts, and counts how often the realised
metres and balance lie within the stated 90 % intervals.

``python tests/benchmarks/coaching.py weeks CSV ROADS...`` simulates runner-weeks, asks for the best change of
each as ``camber suggest --week`` does, and writes one row per week.

``--count N`` sets how many runs, or weeks, there are in all. Runners are ``strict`` if nothing else is said:
they keep to one side and to sidewalks far more than the standards assume. ``--runners assumed`` takes
runners as the standards assume them, of whom camber's probabilities should be right. Everything here is
simulated on real maps, (c) OpenStreetMap contributors; seeds are fixed.
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import shapely

import camber
from camber import simulate, standards
from camber.conventions import LATERAL_STATES, MIRRORED_STATES, NO_WAY
from camber.lateral import pool_evidence
from camber.pipeline import evidence_of
from camber.planning import effect_of_draws, gain_of_swap, plan_route
from camber.simulate.routes import trace_route
from camber.simulate.run import low_leg
from camber.simulate.scene import _targets, curvature_of, true_cross_slope
from camber.simulate.world import streets_of
from camber.suggestions.rules import side_rules
from camber.suggestions.surroundings import line_of, stretches_of
from camber.suggestions.trip import Route, against_rule, reversed_route

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.schema import Analysis, Interval, Roads, Suggestion, Suggestions
    from camber.simulate.routes import RouteLine
    from camber.suggestions.surroundings import Stretches

    IntArray = NDArray[np.int64]

DISOBEDIENCE = 0.1
STREETS = simulate.Preference(
    road=1.0, busy_road=2.0, service=1.5, sidewalk=1.3, path=1.6, beside_sidewalk=4.0
)
"""Runners of these studies keep to streets: on paths there is nothing to choose."""

OUTCOMES = ("change", "level ground", "other route", "safe side", "even", "not known", "no safe change")
"""What a week comes to: the first four are something to do, in this order."""

ELSEWHERE = ("level_surface", "safe_side")
"""Kinds of change that are not followed here: ground not simulated, and what is not about the legs."""

EVEN = 0.2
"""Absolute balance up to which a run or a week is even, as `SuggestionSettings.usual_balance`."""

PARTS = (0.0, 0.2, 0.4, 2.0 / 3.0, 0.8, 1.0)
"""Borders between the stated probabilities that are held against the truth; 2/3 is where "even" is said."""

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


def setup_of(number: int, habit: simulate.Habit | None) -> simulate.Setup:
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


class World(NamedTuple):
    """A run in its simulated world, and what camber says of it."""

    roads: Roads
    route: simulate.Route
    setup: simulate.Setup
    run: simulate.SimulatedRun
    analysis: Analysis


def planned_states(item: Suggestion, analysis: Analysis, rng: np.random.Generator) -> IntArray:
    """State of each block of the run as its runner follows the plan; -1 where the plan is not followed.

    The parts of a plan that are followed or not are at most 120 m long, as the prediction has it. A plan for
    the other way round is read from its end, in the frame in which it is run.
    """
    length = analysis.exposure["distance_m"].to_numpy()
    turned = item.kind == "alternate_direction"
    length = length[::-1] if turned else length
    middle = length.cumsum() - 0.5 * length
    state = np.full(len(middle), STATE["other"], dtype=np.int64)
    ignored = np.zeros(len(middle), dtype=bool)
    for part in item.stretches:
        inside = (middle >= part.from_m) & (middle <= part.to_m)
        state[inside] = STATE[part.state]
        pieces = max(round((part.to_m - part.from_m) / 90.0), 1)
        piece = ((middle - part.from_m) / max(part.to_m - part.from_m, 1.0) * pieces).astype(int)
        skipped = rng.random(pieces + 1) < DISOBEDIENCE
        ignored |= inside & skipped[np.clip(piece, 0, pieces)]
    stretches = _stretches(analysis, turned=turned)
    # No cue asks for the middle, nor for a side that is only left as it was run: there nothing changes.
    rules = side_rules(stretches, state, analysis.settings.suggestion)
    told = stretches.is_road & ~against_rule(state, rules) & ~ignored
    planned = np.where(told, state, -1)
    return planned[::-1] if turned else planned


def _stretches(analysis: Analysis, *, turned: bool) -> Stretches:
    of = stretches_of(analysis.exposure, analysis.lateral, analysis.roads)
    if not turned:
        return of
    n = len(of.length_m)
    level = np.zeros((1, n, len(STATE)))
    usual, line = np.full(n, STATE["centre"]), line_of(analysis.lateral)
    bare = Route(of, usual, level[:, :, 0], level, line, level_pct=0.5)
    return reversed_route(bare).stretches


def realised(
    world: World, state: IntArray, rng: np.random.Generator, *, turned: bool = False
) -> tuple[float, float]:
    """True metres with the left and the right leg low when the states of a plan are run in the same world.

    Run the other way round, the states are those of that direction: what is run is their mirror image in the
    frame of the run as it was, and each tilt goes to the other leg. Who does not follow keeps the side of
    travel, as a habit does.
    """
    truth, roads = world.run.truth, world.roads
    block = world.analysis.lateral["block"].reindex(truth.index).ffill().bfill().to_numpy().astype(np.int64)
    wanted = state[block]
    line = trace_route(roads, world.route)
    if turned:
        wanted = _mirrored(world, line, wanted)
    way, direction, chosen = _run_on(roads, truth, world.analysis, wanted)
    followed = chosen >= 0
    chosen = np.maximum(chosen, 0)
    here = _streets_under(world, line, way)
    mean, spread = _targets(here, direction, chosen)
    wander = np.clip(rng.standard_normal(int(block.max()) + 1), -1.7, 1.7)[block]
    curvature = curvature_of(here, _chainage(here, truth, way))
    slope, _ = true_cross_slope(here, chosen, mean + wander * spread, direction, curvature)
    slope = np.where(followed, slope, truth["cross_slope_pct"].to_numpy()) * (-1.0 if turned else 1.0)
    low, metres = low_leg(slope, truth["way_id"].to_numpy()), truth["distance_m"].to_numpy()
    return float(metres[low == "left"].sum()), float(metres[low == "right"].sum())


def _streets_under(world: World, line: RouteLine, way: IntArray) -> pd.DataFrame:
    """What is true about the ways that are run on, also those that the route itself does not touch."""
    seen = world.roads.ways.index.get_indexer(pd.Index(np.unique(way[way != NO_WAY])))
    wider = replace(line, way=np.r_[line.way, seen])
    setup = world.setup
    streets = streets_of(world.roads, wider, setup.runner, setup.world_seed, unmapped_sidewalks=True)
    return streets.set_index("way_id", drop=False).loc[way]


def _mirrored(world: World, line: RouteLine, wanted: IntArray) -> IntArray:
    """States of a run the other way round, in the frame of the run as it was."""
    truth, mirror = world.run.truth, np.array(MIRRORED_STATES)
    here = _streets_under(world, line, truth["way_id"].to_numpy())
    along = truth["travel_direction"].to_numpy() >= 0
    walk = [here[f"walk_{side}"].to_numpy(dtype=bool) for side in ("left", "right")]
    left, right = np.where(along, walk[0], walk[1]), np.where(along, walk[1], walk[0])
    was = truth["lateral_state"].map(STATE).to_numpy()
    kept = mirror[was]
    there = np.where(kept == STATE["left_sidewalk"], left, right)
    kept = np.where(np.isin(kept, (STATE["left_sidewalk"], STATE["right_sidewalk"])) & ~there, was, kept)
    habit = np.where(here["is_road"].to_numpy(dtype=bool), kept, -1)
    return np.where(wanted >= 0, mirror[np.maximum(wanted, 0)], habit)


def _run_on(
    roads: Roads, truth: pd.DataFrame, analysis: Analysis, wanted: IntArray
) -> tuple[IntArray, IntArray, IntArray]:
    """Way, direction of travel on it and lateral state of a runner who follows; state -1 who does not.

    A sidewalk that is mapped as a line of its own is run on that line, with the surface that it has in this
    world; every other state on the carriageway, also where the run itself was on the line beside it.
    """
    names = ["left_sidewalk_way_id", "right_sidewalk_way_id", "carriageway_way_id", "carriageway_direction"]
    said = analysis.lateral[names].reindex(truth.index).ffill().bfill().astype(np.int64)
    way, direction = truth["way_id"].to_numpy(), truth["travel_direction"].to_numpy()
    side_of = roads.ways["carriageway_side"]
    street = roads.ways["street_id"].reindex(way, fill_value=NO_WAY).to_numpy()
    is_road = standards.assume(roads.ways)["is_road"].reindex(way, fill_value=False).to_numpy()
    beside = side_of.reindex(way, fill_value=0).to_numpy() != 0
    on_left = wanted == STATE["left_sidewalk"]
    path = np.where(on_left, said["left_sidewalk_way_id"], said["right_sidewalk_way_id"])
    path = np.where(on_left | (wanted == STATE["right_sidewalk"]), path, NO_WAY)
    road = said["carriageway_way_id"].to_numpy()

    def same_street(other: IntArray) -> NDArray[np.bool_]:
        theirs = roads.ways["street_id"].reindex(other, fill_value=NO_WAY).to_numpy()
        return np.asarray((theirs == street) & (street != NO_WAY))

    follows = (wanted >= 0) & (is_road | beside)
    # With the carriageway on its right, the left sidewalk is run as it is drawn.
    path_side = side_of.reindex(path, fill_value=0).to_numpy()
    on_path = follows & (path_side != 0) & same_street(path)
    across = follows & ~on_path & ~is_road & same_street(road)
    follows &= on_path | across | is_road
    new_way = np.where(on_path, path, np.where(across, road, way))
    along = np.where(on_left, path_side, -path_side)
    new_direction = np.where(on_path, along, np.where(across, said["carriageway_direction"], direction))
    state = np.where(on_path, STATE["other"], wanted)
    return new_way, new_direction, np.where(follows, state, -1)


def _chainage(here: pd.DataFrame, truth: pd.DataFrame, way: IntArray) -> NDArray[np.float64]:
    """Chainage along the way that is run on: that of the run, or of the nearest place on another way."""
    chainage = truth["chainage_m"].to_numpy(dtype=float).copy()
    moved = way != truth["way_id"].to_numpy()
    points = shapely.points(truth["x_m"].to_numpy()[moved], truth["y_m"].to_numpy()[moved])
    chainage[moved] = shapely.line_locate_point(here["line"].to_numpy()[moved], points)
    return chainage


def holds(interval: Interval | None, value: float) -> bool:
    """Whether a stated 90 % interval holds a value, to a metre or a thousandth."""
    if interval is None:
        return False
    slack = 1.0 if abs(interval.high) > 1.0 else 1e-3
    return interval.low - slack <= value <= interval.high + slack


def follow(files: list[str], count: int, runners: str) -> pd.DataFrame:
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
        habit = simulate.Habit(float(rng.choice([0.0, 0.05, 0.95, 1.0])), 0.95)
        setup = setup_of(number, habit if runners == "strict" else None)
        number += 1
        route = route_from(roads, rng, back=bool(rng.random() < 0.6))
        run = simulate.simulate_run(roads, route, setup, rng)
        analysis = camber.analyse(run.recording, roads)
        items = plan_route(analysis, dark=False).suggestions.items
        item = next((one for one in items if one.kind not in {"alternate_direction", *ELSEWHERE}), None)
        if item is None:
            continue
        world = World(roads, route, setup, run, analysis)
        left, right = realised(world, planned_states(item, analysis, rng), rng)
        balance = (right - left) / (right + left)
        total = simulate.truth_totals(run.truth)
        as_it_was = _balance(total.left_low_m, total.right_low_m)
        rows.append(
            {
                "town": town, "country": country_of(roads), "kind": item.kind,
                "left": holds(item.left_low_after_m, left), "right": holds(item.right_low_after_m, right),
                "balance": holds(item.balance_after, balance),
                "before": holds(item.balance_before, as_it_was),
                "true_before": as_it_was, "true_after": balance,
                "said_before": item.balance_before.median, "said_after": item.balance_after.median,
                "p_even_after": item.p_even_after,
                "width": item.balance_after.high - item.balance_after.low, "extra": item.crossings,
            }
        )  # fmt: skip
    return pd.DataFrame(rows).assign(simulated=True)


def _balance(left_m: float, right_m: float) -> float:
    return (right_m - left_m) / max(right_m + left_m, 1.0)


def town_of(name: str) -> str:
    """Give a short name of an extract; the files of one project carry its name first."""
    return Path(name).name.removeprefix("osm2streets_").split("_")[0].split(".")[0]


def country_of(roads: Roads) -> str:
    """The country in which most ways lie."""
    return str(roads.ways["country"].mode().iloc[0])


def weeks(files: list[str], count: int, runners: str) -> pd.DataFrame:
    """One row per runner-week: three runs, the best change of one of them, or why there is none."""
    towns = [(town_of(name), camber.read_roads(name)) for name in files]
    return pd.DataFrame([_week(*towns[n % len(towns)], n, runners) for n in range(count)])


def _week(town: str, roads: Roads, number: int, runners: str) -> dict[str, Any]:
    rng = np.random.default_rng([9, number])
    habit = simulate.Habit(float(rng.choice([0.0, 0.05, 0.5, 0.95, 1.0])), 0.95)
    setup = setup_of(number, habit if runners == "strict" else None)
    loop, back = (route_from(roads, rng, back=one) for one in (False, True))
    routes = (loop, back, loop)
    simulated = [simulate.simulate_run(roads, route, setup, rng) for route in routes]
    # As a library does: the habits of all runs are learned, and each run judged again with them.
    learned = pool_evidence(evidence_of(run.recording, roads) for run in simulated)
    runs = [camber.analyse(run.recording, roads, learned=learned) for run in simulated]
    worlds = [World(roads, *one) for one in zip(routes, [setup] * 3, simulated, runs, strict=True)]
    found, swaps = [], []
    for row, analysis in enumerate(runs[:2]):
        rest = effect_of_draws(run.draws for n, run in enumerate(runs) if n != row)
        found.append(plan_route(analysis, history=rest, dark=False))
        mine, other = (effect_of_draws([one.draws]) for one in (analysis, runs[1 - row]))
        swaps.append(gain_of_swap(mine, other, rest) >= analysis.settings.suggestion.smallest_gain)
    plans, swapped = (
        [one.suggestions for one in found],
        any(
            swap and found[1 - row].is_lawful and found[row].suggestions.answer != "even"
            for row, swap in enumerate(swaps)
        ),
    )
    items = [(row, item) for row, one in enumerate(plans) for item in one.items if item.kind not in ELSEWHERE]
    row, best = max(items, key=lambda pair: _gain(pair[1]), default=(0, None))
    said, even = _said(runs)
    lefts, rights = zip(*(_low(run) for run in simulated), strict=True)
    before = _balance(sum(lefts), sum(rights))
    after, route_after = before, 0.0
    if best:
        left, right = _changed(worlds[row], best, rng)
        route_after = _balance(left, right)
        after = _balance(sum(lefts) - lefts[row] + left, sum(rights) - rights[row] + right)
    road, walk = _coverage(runs)
    alone = [_said([run])[1] for run in runs[:2]]
    return {
        "week": number, "town": town, "country": country_of(roads), "simulated": True, "runners": runners,
        "distance_km": round(sum(run.summary.distance_m for run in runs) / 1000.0, 1),
        "road_share": round(road, 3), "sidewalk_share": round(walk, 3), "p_facing": habit.p_facing,
        "outcome": "change" if best else _outcome(plans, swapped=swapped),
        "closest": any(one.next_best for one in plans), "asked": any(one.question for one in plans),
        "reason": next((one.reason for one in plans if one.reason), ""),
        "safe_side": any(item.kind == "safe_side" for one in plans for item in one.items),
        "kind": best.kind if best else "", "p_even": round(even, 3),
        "p_even_after": round(best.p_even_after if best else even, 3),
        "said_before": round(said, 3),
        "said_after": round(best.balance_after.median if best else said, 3),
        "true_before": round(before, 3), "true_after": round(after, 3),
        "held_after": holds(best.balance_after, route_after) if best else "",
        "extra_crossings": best.crossings if best else 0,
        "extra_traffic_km": round(best.extra_traffic_km, 3) if best else 0.0,
        "left_changes": len(items),
        "loop_p_even": round(alone[0], 3), "loop_true": round(_balance(lefts[0], rights[0]), 3),
        "back_p_even": round(alone[1], 3), "back_true": round(_balance(lefts[1], rights[1]), 3),
    }  # fmt: skip


def _low(run: simulate.SimulatedRun) -> tuple[float, float]:
    total = simulate.truth_totals(run.truth)
    return total.left_low_m, total.right_low_m


def _changed(world: World, item: Suggestion, rng: np.random.Generator) -> tuple[float, float]:
    """True metres by leg of a run that is changed; of one each way where it is turned every other time."""
    turned = item.kind == "alternate_direction"
    left, right = realised(world, planned_states(item, world.analysis, rng), rng, turned=turned)
    if not turned:
        return left, right
    was_left, was_right = _low(world.run)
    return 0.5 * (was_left + left), 0.5 * (was_right + right)


def _said(runs: list[Analysis]) -> tuple[float, float]:
    """Median of the balance of some runs together, and the probability that it is even."""
    effect = effect_of_draws(run.draws for run in runs)
    balance = effect.balance()
    return (balance.median if balance else 0.0), effect.p_even(EVEN)


def _outcome(plans: list[Suggestions], *, swapped: bool) -> str:
    """Join what is said of the routes of one week without a change that is followed here."""
    kinds, answers = {item.kind for one in plans for item in one.items}, {one.answer for one in plans}
    if "level_surface" in kinds:
        return "level ground"
    if swapped:
        return "other route"
    if "safe_side" in kinds:
        return "safe side"
    if answers <= {"even", "level"}:
        return "even"
    return "not known" if "not_known" in answers else "no safe change"


def _gain(item: Suggestion) -> float:
    return item.gain


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
    """What came out of the weeks, by country, by town and by sidewalk coverage; balances are true ones."""
    part = pd.cut(table["sidewalk_share"], [-0.01, 0.1, 0.5, 1.0], labels=["< 10 %", "10-50 %", "> 50 %"])
    titles = [
        *("where", "weeks", *OUTCOMES, "something to do", "else closest or a question"),
        *("true before", "true after", "said after holds", "made it more even", "crossings"),
        *("called even: truly", "called even: said"),
    ]
    lines = [f"| {' | '.join(titles)} |", "|" + "---|" * len(titles)]
    groups = [*table.groupby("country"), *table.groupby("town")]
    groups += [(f"sidewalks {name}", one) for name, one in table.groupby(part, observed=True)]
    for name, one in [*groups, ("all", table)]:
        cells = [str(name), str(len(one)), *(f"{(one['outcome'] == word).mean():.0%}" for word in OUTCOMES)]
        cells += _to_do_cells(one)
        cells += _change_cells(one[one["outcome"] == "change"]) + _even_cells(one[one["outcome"] == "even"])
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _to_do_cells(one: pd.DataFrame) -> list[str]:
    """Share of weeks with something to do, and of the rest that are not even, with a next best thing."""
    rest = one[one["outcome"].isin(OUTCOMES[5:])]
    helped = rest["closest"] | rest["asked"]
    return [f"{one['outcome'].isin(OUTCOMES[:4]).mean():.0%}", f"{helped.mean():.0%}" if len(rest) else "-"]


def _change_cells(changed: pd.DataFrame) -> list[str]:
    if changed.empty:
        return ["-"] * 5
    before, after = changed["true_before"].abs(), changed["true_after"].abs()
    return [
        f"{before.median():.2f}",
        f"{after.median():.2f}",
        f"{changed['held_after'].astype(bool).mean():.0%}",
        f"{(after < before).mean():.0%}",
        f"{changed['extra_crossings'].median():.0f}",
    ]


def _even_cells(even: pd.DataFrame) -> list[str]:
    if even.empty:
        return ["-", "-"]
    return [f"{(even['true_before'].abs() <= EVEN).mean():.0%}", f"{even['p_even'].mean():.0%}"]


def reliability_table(table: pd.DataFrame) -> str:
    """Of what is even with a stated probability, how much truly is: weeks, single runs, changed weeks."""
    changed = table[table["outcome"] == "change"]
    pairs = {
        "weeks": [(table["p_even"], table["true_before"])],
        "single runs": [(table[f"{one}_p_even"], table[f"{one}_true"]) for one in ("loop", "back")],
        "weeks with the change": [(changed["p_even_after"], changed["true_after"])],
    }
    lines = ["| what | stated probability of even | how many | mean stated | truly even |"]
    lines.append("|---|---|---|---|---|")
    for name, columns in pairs.items():
        said = np.concatenate([one.to_numpy(dtype=float) for one, _ in columns])
        truly = np.concatenate([np.abs(true.to_numpy(dtype=float)) <= EVEN for _, true in columns])
        for low, high in pairwise(PARTS):
            here = (said >= low) & (said < high + (high >= 1.0))
            if here.any():
                lines.append(
                    f"| {name} | {low:.2f}-{high:.2f} | {here.sum()} | {said[here].mean():.2f} "
                    f"| {truly[here].mean():.2f} |"
                )
    return "\n".join(lines)


def main() -> None:
    """Simulate, and print the table with date, versions and machine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["follow", "weeks"])
    parser.add_argument("files", nargs="+")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--runners", choices=["strict", "assumed"], default="strict")
    given = parser.parse_args()
    begin = time.process_time()
    if given.what == "follow":
        print(follow_table(follow(given.files, given.count, given.runners)))
    else:
        table = weeks(given.files[1:], given.count, given.runners)
        table.to_csv(given.files[0], index=False, lineterminator="\n")
        print(weeks_table(table), reliability_table(table), sep="\n\n")
    print(
        f"\nSimulated. {datetime.now(tz=UTC):%Y-%m-%d}, camber {version('camber')}, "
        f"Python {sys.version.split()[0]}, numpy {np.__version__}, {platform.machine()}, "
        f"{time.process_time() - begin:.0f} CPU-s"
    )


if __name__ == "__main__":
    main()
