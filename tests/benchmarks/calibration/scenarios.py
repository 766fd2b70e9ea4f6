"""Runs to be judged: real streets, and runners, receivers and maps drawn from wider ranges than the model's.

Run ``number`` of a seed is always the same. Extracts and classes of receivers take turns; every third run of
each has errors that the model does not know: a slow part half as large again as its class says, three times
the bursts, a map that errs over shorter or longer distances, and a runner who always, or never, faces
traffic.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

import camber
from camber import simulate, standards

ROOT = Path(__file__).resolve().parents[3]
OSM = ROOT.parent / "shared" / "data" / "osm"
EXTRACTS = {
    "kouvola": ROOT / "data" / "kouvola.osm.pbf",
    "herrenberg": OSM / "herrenberg_otp.osm.pbf",
    "moorgate": OSM / "london-moorgate_otp.osm.pbf",
    "bristol": OSM / "osm2streets_bristol_contraflow_cycleway.osm",
}
CLASSES = ("multi_band", "single_band", "trees")
STARTED = datetime(2026, 5, 4, 7, tzinfo=UTC)


@dataclass(frozen=True, eq=False)
class Scenario:
    """One simulated run and what is known about its making."""

    number: int
    extract: str
    device_class: str
    misspecified: bool
    error: simulate.GnssErrorModel
    roads: camber.Roads
    run: simulate.SimulatedRun
    shape: str


def open_extracts():
    """Roads of every extract that is there; the small sets of the project itself always are."""
    return {name: camber.read_roads(path) for name, path in EXTRACTS.items() if path.exists()}


def draw_error(name, rng, *, misspecified):
    """Sizes of the errors of one run, about those of its class."""
    row = standards.gnss_classes()[name]
    return simulate.GnssErrorModel(
        fast_sigma_m=row.fast_sigma_m * float(np.exp(rng.normal(0.0, 0.25))),
        fast_tau_s=float(rng.uniform(8.0, 25.0)),
        slow_sigma_m=row.slow_sigma_m * float(rng.uniform(0.7, 1.3)) * (1.5 if misspecified else 1.0),
        slow_tau_s=float(np.exp(rng.uniform(np.log(150.0), np.log(1200.0)))),
        burst_share=row.burst_share * (3.0 if misspecified else float(rng.uniform(0.3, 1.5))),
        map_sigma_m=float(rng.uniform(1.0, 2.0)),
        map_correlation_m=float(rng.choice([80.0, 600.0])) if misspecified else 250.0,
    )


def draw_runner(rng, *, misspecified):
    """Pace and habits: a third as the standards say, a third of one habit, a third of habits by context."""
    table = standards.table("side_prior")
    whose = int(rng.integers(3))
    habits = ()
    if whose > 0 or misspecified:
        # One rank for all contexts: who faces traffic in town does so outside, more or less.
        rank = rng.random()
        habits = tuple(
            (
                str(row["context"]),
                simulate.Habit(
                    p_facing=float(rank > 0.4)
                    if misspecified
                    else float(np.clip(2.0 * (1.0 - rank) * row["p_facing_advised"], 0.0, 1.0)),
                    p_sidewalk=float(rng.uniform(0.7, 1.0)),
                    p_centre=float(row["p_centre"] * rng.uniform(0.0, 2.0)),
                ),
            )
            for row in table.to_dict("records")
        )
    return simulate.RunnerModel(
        speed_mps=float(rng.uniform(2.4, 3.8)),
        habits_by_context=habits,
        p_same_physical_side=float(rng.random()),
        decisions_per_km=float(rng.uniform(0.2, 1.0)),
        p_junction_decision=float(rng.uniform(0.01, 0.1)),
        wander_tau_s=float(rng.uniform(15.0, 60.0)),
    )


def draw_route(roads, rng, least_m=3000.0, most_m=12_000.0):
    """Draw a tour, or an out-and-back, of 3 to 12 km; None where the network has none.

    Where a street's sidewalks are ways of their own, as many runners take them as the standards say.
    """
    walks = standards.mapped_sidewalk_share()
    preference = simulate.Preference(beside_sidewalk=4.0 if rng.random() < walks else 1.0)
    degree = np.diff(roads.graph.node_first_edge)
    for _ in range(60):
        start = int(rng.choice(np.flatnonzero(degree > 2)))
        length_m = float(rng.uniform(least_m, most_m))
        shape = simulate.out_and_back if rng.random() < 0.3 else simulate.random_tour
        try:
            route = shape(roads, start, length_m, preference, rng)
        except camber.CamberError:
            continue
        # In a corner of the network a tour ends up much shorter than was wished, or goes to and fro all day.
        length = roads.graph.edge_length_m
        if length[route.edge].sum() >= 0.9 * least_m and length[np.unique(route.edge)].sum() >= 800.0:
            return route
    return None


def draw_scenario(extracts, seed, number):
    """Draw run ``number``; None where no route was found."""
    rng = np.random.default_rng([seed, number])
    names = sorted(extracts)
    name, device_class = names[number % len(names)], CLASSES[number // len(names) % len(CLASSES)]
    misspecified = number // (len(names) * len(CLASSES)) % 3 == 2
    error = draw_error(device_class, rng, misspecified=misspecified)
    runner = draw_runner(rng, misspecified=misspecified)
    return simulated(
        extracts, (number, name, device_class, misspecified), error, runner, rng, 10_000 + number
    )


def draw_week(extracts, seed, number, runs=4):
    """Draw four runs of one runner with one receiver in one town; None where no route was found."""
    rng = np.random.default_rng([seed, 1, number])
    names = sorted(extracts)
    name, device_class = names[number % len(names)], CLASSES[number // len(names) % len(CLASSES)]
    misspecified = number // (len(names) * len(CLASSES)) % 3 == 2
    error = draw_error(device_class, rng, misspecified=misspecified)
    runner = draw_runner(rng, misspecified=misspecified)
    parts = (number, name, device_class, misspecified)
    week = [simulated(extracts, parts, error, runner, rng, 1_000_000 + number) for _ in range(runs)]
    return None if any(one is None for one in week) else week


def simulated(extracts, parts, error, runner, rng, world):
    """One run of a runner with a receiver; ``parts`` are number, town, class, and whether misspecified."""
    number, name, device_class, misspecified = parts
    roads = extracts[name]
    route = draw_route(roads, rng)
    if route is None:
        return None
    device = simulate.DeviceModel(recording="smart" if rng.random() < 0.25 else "1s")
    setup = simulate.Setup(
        runner, device, error, STARTED, f"{name} {number}", None, world, unmapped_sidewalks=True
    )
    run = simulate.simulate_run(roads, route, setup, rng)
    returns = np.array_equal(route.edge, route.edge[::-1])
    shape = "there and back" if returns else "tour"
    return Scenario(number, name, device_class, misspecified, error, roads, run, shape)
