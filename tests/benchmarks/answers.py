"""Simulated seasons with a known truth: what answers do to a week, as asked, at random, and at best.

``python tests/benchmarks/answers.py ROADS... [--seasons N] [--runs N] [--trials N] [--csv FILE]``

Each season is one runner (strict, mixed, or fond of sidewalks) in one simulated world on the roads of an
extract: a few routes, run again and again. Questions are those of `camber.observations.questions`; answers
are the truth of the simulation, read as a runner would (where most of the metres were, which way it fell
there), and go the way of told answers: answer, evidence, whole analysis. Three orders are compared: as camber
asks, at random, and the best by what each answer alone was found to do (a greedy order, the truth in hand).
``promised`` and ``realised`` are the variance of the week's share of the left leg that an answer takes away,
for as many questions as ``--trials`` says. Everything is simulated on real maps, (c) OpenStreetMap
contributors; seeds are fixed.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

import camber
from camber import simulate, standards
from camber.conventions import NO_WAY, WGS84
from camber.lateral import pool_evidence
from camber.observations.answers import SHARES
from camber.observations.evidence_of_answers import Known, observed_of
from camber.observations.passes import street_passes
from camber.observations.promise import promise_of
from camber.observations.questions import answers_to, candidates, questions_of
from camber.observations.way_frame import StreetWay
from camber.pipeline import analyse, evidence_of
from camber.schema import Observed, Settings
from camber.simulate.world import draw_surfaces

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.benchmarks.coaching import route_from

RUNNERS = {
    "strict": simulate.Habit(0.97, 0.1, 0.02),
    "mixed": simulate.Habit(0.7, 0.6, 0.15),
    "sidewalks": simulate.Habit(0.6, 0.95, 0.02),
}
ORDERS = ("asked", "random", "best")
COUNTS = (0, 1, 3, 5, 10)
WRONG = 0.05
LIKELY, CERTAIN = 0.75, 0.9
STEADY = 0.6
"""Share of the metres of a street from which a runner can say where he runs there; less is no habit."""

DAY = date(2026, 1, 1)


@dataclass
class Season:
    """One runner's runs, what they are analysed with, and what is true."""

    roads: camber.Roads
    runs: list[simulate.SimulatedRun]
    world: int
    learned: list
    evidence: list
    known: Known
    ways: pd.DataFrame
    done: dict = field(default_factory=dict)

    def walked(self, used):
        """Whether there are sidewalks along some ways that no tag tells of."""
        surfaces = draw_surfaces(used, self.world)
        return (surfaces["unmapped_left"] | surfaces["unmapped_right"]).to_numpy()


def season_of(roads, habit, seed, runs):
    """Simulate runs over three routes of one runner, and learn from them as the library does."""
    rng = np.random.default_rng([seed, 77])
    routes = [route_from(roads, rng, back=back, most_m=6000.0) for back in (True, False, True)]
    error = simulate.GnssErrorModel.from_class(
        standards.gnss_classes()[("single_band", "multi_band")[seed % 2]]
    )
    made = []
    for number in range(runs):
        setup = simulate.Setup(
            simulate.RunnerModel(habit=habit, decisions_per_km=0.2, p_junction_decision=0.02),
            simulate.DeviceModel(),
            error,
            datetime(2026, 5, 1, 8, tzinfo=UTC) + timedelta(days=number),
            f"run {number}",
            None,
            5000 + seed,
            unmapped_sidewalks=True,
        )
        made.append(
            simulate.simulate_run(roads, routes[number % 3], setup, np.random.default_rng([seed, number]))
        )
    evidence = [evidence_of(one.recording, roads) for one in made]
    learned = [pool_evidence([other for k, other in enumerate(evidence) if k != n]) for n in range(runs)]
    lines = roads.ways.geometry.to_crs(WGS84)
    rows = zip(roads.ways.index, roads.ways["name"], lines, roads.ways["length_m"], strict=True)
    known = Known(
        [
            StreetWay(int(way), name, shapely.get_coordinates(line), length)
            for way, name, line, length in rows
        ],
        lambda _run: (),
        lambda latitude, longitude: bool(
            standards.region_at([longitude], [latitude])["traffic_side"].iloc[0] == "right"
        ),
        lambda _latitude, _longitude: "",
    )
    return Season(roads, made, 5000 + seed, learned, evidence, known, roads.ways)


def analysed(season, observed=None):
    """Analyse every run of a season with what was told; a run that nothing new concerns is known already."""
    found = []
    for number, (one, told_) in enumerate(zip(season.runs, season.learned, strict=True)):
        heard = heard_by(season.evidence[number].ways, observed)
        if (number, heard) not in season.done:
            season.done[number, heard] = analyse(
                one.recording, season.roads, Settings(), told_, observed=heard, with_suggestions=False
            )
        found.append(season.done[number, heard])
    return found


def heard_by(ways, observed):
    """What of some evidence concerns a run on some ways, as the library hands it on for few answers."""
    if observed is None:
        return None
    parts = {
        name: tuple(row for row in getattr(observed, name) if row.way_id in set(ways))
        for name in ("roads", "sides", "sidewalks", "widths")
    }
    return Observed(**parts, habits=observed.habits) if any(parts.values()) or observed.habits else None


def totals(analyses):
    """Metres of each draw with the left and with the right leg low."""
    left = sum(one.draws.left_low_m.sum(axis=1) for one in analyses)
    return left, sum(one.draws.right_low_m.sum(axis=1) for one in analyses)


def true_share(season):
    """Share of the left leg of the metres that were tilted."""
    metres = pd.concat(one.truth for one in season.runs).groupby("low")["distance_m"].sum()
    return metres.get("left", 0.0) / (metres.get("left", 0.0) + metres.get("right", 0.0))


def measured(analyses, truth):
    """Width and coverage of the week's share, and metres whose leg is likely and certain."""
    left, right = totals(analyses)
    share = left / (left + right)
    low, high = np.quantile(share, [0.05, 0.95])
    exposure = pd.concat(pd.DataFrame(one.exposure) for one in analyses)
    metres = exposure["distance_m"].to_numpy()
    leg = np.maximum(exposure["p_falls_left"], exposure["p_falls_right"]).to_numpy()
    return {
        "width": high - low,
        "covered": float(low <= truth <= high),
        "variance": float(share.var(ddof=1)),
        "likely": float(metres[leg >= LIKELY].sum() / metres.sum()),
        "certain": float(metres[leg >= CERTAIN].sum() / metres.sum()),
    }


# -- The truth as a runner would tell it --------------------------------------------------------------------


def true_keys(season, inquiry):
    """Keys of the true answer to a question: where most of the metres were, and which way it fell there."""
    truth = pd.concat(one.truth for one in season.runs)
    truth = truth[truth["way_id"] != NO_WAY]
    of_ways = season.ways.loc[truth["way_id"].to_numpy()]
    if not inquiry.street:
        return _habit_key(season, inquiry.name, truth, of_ways)
    street_id = season.ways["street_id"].to_numpy()[season.ways.index.get_indexer(list(inquiry.ways))]
    truth = truth[of_ways["street_id"].isin(street_id).to_numpy()]
    if truth.empty:
        return "?" * len(inquiry.choices)
    state, metres = truth["lateral_state"].to_numpy(), truth["distance_m"].to_numpy()
    side = np.where(np.char.startswith(state.astype(str), "left"), -1, 1)
    heading = np.degrees(np.arctan2(truth["x_m"].diff().bfill(), truth["y_m"].diff().bfill())).to_numpy()
    main = side * np.where(np.cos(np.radians(heading - inquiry.headings_deg[0])) < 0.0, -1, 1)
    faces = side == (inquiry.facing or -1)
    walks = np.char.endswith(state.astype(str), "sidewalk")
    edge_key = np.where(faces, "1", "2") if inquiry.facing else np.where(main < 0, "1", "2")
    key = np.where(state == "centre", "3", np.where(walks, np.where(main < 0, "4", "5"), edge_key))
    key = np.where(state == "other", "?", key)
    weight = pd.Series(metres).groupby(key).sum()
    return _street_key(inquiry, (key, main, side), weight, truth)


def _street_key(inquiry, where_, weight, truth):
    key, main, side = where_
    metres = truth["distance_m"].to_numpy()
    where = str(weight.idxmax())
    both = "6" in {choice.key for choice in inquiry.choices[1]}
    steady = weight.max() >= STEADY * weight.sum() and where != "?"
    if not steady and not both:
        return "??"
    where = where if steady else "?"
    here = key == where if steady else np.isin(key, ["1", "2"])
    slope = truth["cross_slope_pct"].to_numpy()
    outward = np.where(np.abs(slope) < 0.5, "f", np.where(slope * side > 0.0, "o", "i"))
    if where == "3":
        return where + "?"
    sides = [_most(outward[here & (main == one)], metres[here & (main == one)]) for one in (-1, 1)]
    if both and set(sides) == {"o", "i"}:
        return where + ("6" if sides[0] == "o" else "7")
    if not steady:
        return where + (sides[0] if sides[0] == sides[1] and sides[0] in {"o", "i"} else "?")
    return where + _most(outward[here], metres[here])


def _most(keys, metres):
    """Key with most of the metres; none without any."""
    return str(pd.Series(metres).groupby(keys).sum().idxmax()) if len(keys) else ""


def _habit_key(season, habit, truth, of_ways):
    state, metres = truth["lateral_state"].to_numpy().astype(str), truth["distance_m"].to_numpy()
    walks, edge = np.char.endswith(state, "sidewalk"), np.char.endswith(state, "edge")
    right_hand = (of_ways["traffic_side"] == "right").to_numpy()
    tagged = of_ways["sidewalk_left"].isin(["yes", "separate"]) | of_ways["sidewalk_right"].isin(
        ["yes", "separate"]
    )
    if habit == "existence":
        used = season.ways.loc[np.unique(truth["way_id"])]
        used = used[used["built_up"] & (used["sidewalk_left"] == "") & (used["sidewalk_right"] == "")]
        yes, of = season.walked(used), np.ones(len(used), bool)
        metres = used["length_m"].to_numpy()
    else:
        two_way = edge & (of_ways["oneway"] == 0).to_numpy()
        facing = np.char.startswith(state, "left") == right_hand
        yes, of = {
            "facing": (two_way & facing, two_way),
            "sidewalk": (walks & tagged.to_numpy(), tagged.to_numpy()),
            "middle": (state == "centre", edge | (state == "centre")),
        }[habit]
    if not metres[of].sum():
        return "?"
    share = metres[yes].sum() / metres[of].sum()
    return "auhrn"[int(np.abs(np.array(list(SHARES.values())) - share).argmin())]


def told(season, pairs):
    """Evidence of some questions with their keys."""
    answers = [answer for inquiry, keys in pairs for answer in answers_to(inquiry, keys, DAY)]
    return observed_of(answers, season.known) if answers else None


def wrong_key(inquiry, keys, rng):
    """Another answer than the true one, at random."""
    others = [
        "".join(str(rng.choice([one.key for one in part])) for part in inquiry.choices) for _ in range(20)
    ]
    return next((one for one in others if one != keys), keys)


# -- The study ----------------------------------------------------------------------------------------------


def study(season, name, args, rng):
    """Measure one season: what each question promised and did, and the three orders."""
    truth, before = true_share(season), analysed(season)
    base = measured(before, truth)
    left, right = totals(before)
    passes = [street_passes(one) for one in before]
    share, all_ = candidates(left, right, passes)
    keys = {inquiry.name: true_keys(season, inquiry) for _, inquiry in all_}
    asked = [one for one in questions_of(left, right, passes, most=10) if keys[one.name].strip("?")]
    by_promise = sorted(all_, key=lambda pair: -promise_of(share, replace_sure(pair[0])))
    tried = [pair for pair in by_promise if keys[pair[1].name].strip("?")]
    rows, alone = [], {}
    for asked_, inquiry in tried[: args.trials]:
        found = measured(analysed(season, told(season, [(inquiry, keys[inquiry.name])])), truth)
        alone[inquiry.name] = base["variance"] - found["variance"]
        rows.append(
            {
                "season": name,
                "question": inquiry.name,
                "kind": "street" if inquiry.street else "habit",
                "promised": promise_of(share, replace_sure(asked_)) / base["variance"],
                "realised": alone[inquiry.name] / base["variance"],
            }
        )
    inquiries = {inquiry.name: inquiry for _, inquiry in tried}
    best = sorted(alone, key=lambda one: -alone[one])
    order = {
        "asked": [one.name for one in asked],
        "random": [str(one) for one in rng.permutation(list(inquiries))],
        "best": best,
    }
    stages = []
    for kind, names in order.items():
        for count in args.counts:
            for wrong in (0.0, WRONG) if kind == "asked" and count >= 5 else (0.0,):
                pairs = [(inquiries[one], keys[one]) for one in names[:count]]
                pairs = [(q, wrong_key(q, k, rng) if rng.random() < wrong else k) for q, k in pairs]
                found = base if not pairs else measured(analysed(season, told(season, pairs)), truth)
                stages.append(
                    {"season": name, "order": kind if not wrong else "asked, 5 % wrong", "answers": count}
                    | found
                )
    return rows, stages


def replace_sure(asked):
    """Take a question as answered for sure: the runner of the simulation always answers."""
    return asked._replace(answered=1.0)


def main(arguments=None):
    """Run the study and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("roads", nargs="+", type=Path)
    parser.add_argument("--seasons", type=int, default=3, help="of each extract")
    parser.add_argument("--runs", type=int, default=8)
    parser.add_argument("--trials", type=int, default=10, help="questions of a season that are tried alone")
    parser.add_argument("--counts", type=int, nargs="+", default=list(COUNTS))
    parser.add_argument("--first", type=int, default=0, help="seed of the first season")
    parser.add_argument("--csv", type=Path)
    args = parser.parse_args(arguments)
    rows, stages = [], []
    for town in args.roads:
        roads = camber.read_roads(town)
        for number in range(args.first, args.first + args.seasons):
            kind = list(RUNNERS)[number % 3]
            begun, name = time.perf_counter(), f"{town.stem.split('.')[0]} {kind} {number}"
            rng = np.random.default_rng([number, 99])
            found = study(season_of(roads, RUNNERS[kind], number, args.runs), name, args, rng)
            rows, stages = [*rows, *found[0]], [*stages, *found[1]]
            print(f"{name}: {time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)
            report(pd.DataFrame(rows), pd.DataFrame(stages), args.csv)
    print(report(pd.DataFrame(rows), pd.DataFrame(stages), args.csv))


def report(rows, stages, csv):
    """Write both tables, and say in short what is in them."""
    if csv:
        rows.to_csv(csv.with_suffix(".questions.csv"), index=False)
        stages.to_csv(csv.with_suffix(".orders.csv"), index=False)
    columns = ["width", "covered", "likely", "certain", "variance"]
    lines = [stages.groupby(["order", "answers"], sort=False)[columns].mean().round(4).to_string()]
    if len(rows) > 2:
        lines.append(
            f"{len(rows)} questions: promised {rows['promised'].mean():.3f}, "
            f"realised {rows['realised'].mean():.3f} of the variance; "
            f"correlation {rows['promised'].corr(rows['realised']):.2f}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
