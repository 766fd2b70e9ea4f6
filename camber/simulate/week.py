"""The sample week: six runs in ISO week 2026-W47 on the two extracts that come with camber.

Monday to Sunday, 16 to 22 November 2026, in Kouvola and Helsinki. `week_files` gives the files under
``data/week`` byte by byte, so that anybody can make them again.
"""

from __future__ import annotations

import gzip
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import pandas as pd

from camber import standards
from camber.network import ends_and_junctions
from camber.simulate.gpx_writer import gpx_document
from camber.simulate.receiver import DeviceModel, GnssErrorModel
from camber.simulate.routes import (
    Preference,
    excursion,
    nearest_node,
    nodes_by_distance,
    out_and_back,
    random_tour,
    route_via,
)
from camber.simulate.run import Setup, SimulatedRun, simulate_run, truth_totals
from camber.simulate.runner import Habit, RunnerModel

if TYPE_CHECKING:
    from collections.abc import Iterable

    from camber.schema import Roads
    from camber.simulate.routes import Route

WEEK_SEED: Final = 20261122
"""Seed of the week under ``data/week``."""

_ZONE: Final = "Europe/Helsinki"
_STRAVA: Final = DeviceModel(name="StravaGPX")
_GARMIN: Final = DeviceModel(
    name="Garmin Connect", coordinate_decimals=None, sensors=True, dropouts_per_hour=2.0
)
_ON_ROADS: Final = Preference(busy_road=1.5, service=2.0, sidewalk=4.0, path=4.0)
_ON_SIDEWALKS: Final = Preference(road=4.0, busy_road=8.0, service=4.0, path=1.5)
_FACING: Final = Habit(p_facing=1.0, p_sidewalk=0.0)
_STEADY: Final = RunnerModel(habit=_FACING, decisions_per_km=0.0, p_junction_decision=0.0)
_TRUTH_DECIMALS: Final = {"x_m": 2, "y_m": 2, "chainage_m": 1, "offset_m": 2, "map_offset_m": 2} | {
    "cross_slope_pct": 2,
    "distance_m": 2,
}


@dataclass(frozen=True)
class _Plan:
    """One run of the week: when and where it starts (UTC, degrees), how it goes, who runs, with what."""

    slug: str
    title: str
    start: tuple[int, int, int]
    start_deg: tuple[float, float]
    shape: Literal["out_and_back", "loop", "tour", "leaving"]
    error_class: str
    runner: RunnerModel
    length_m: float = 0.0
    device: DeviceModel = _STRAVA
    preference: Preference = _ON_ROADS
    town: Literal["kouvola", "helsinki"] = "kouvola"
    via_deg: tuple[tuple[float, float], ...] = ()


_PLANS: Final = (
    _Plan(
        slug="facing_traffic",
        title="Out and back, facing traffic both ways",
        start=(16, 5, 12),
        start_deg=(26.948, 60.530),
        shape="out_and_back",
        length_m=5000.0,
        error_class="multi_band",
        runner=_STEADY,
    ),
    _Plan(
        slug="same_physical_side",
        title="Out and back on one side of the road",
        start=(17, 15, 40),
        start_deg=(26.952, 60.532),
        shape="out_and_back",
        length_m=4500.0,
        error_class="multi_band",
        runner=replace(_STEADY, p_same_physical_side=1.0, speed_mps=2.8),
    ),
    _Plan(
        slug="loop_with_a_habit",
        title="Evening loop",
        start=(18, 16, 5),
        start_deg=(26.9430, 60.5260),
        shape="loop",
        error_class="single_band",
        runner=RunnerModel(
            habit=Habit(p_facing=0.7, p_sidewalk=0.0, p_centre=0.1), decisions_per_km=1.0, speed_mps=3.2
        ),
        device=replace(_STRAVA, recording="smart"),
        via_deg=(
            *((26.9372, 60.5333), (26.9467, 60.5353), (26.9535, 60.5333), (26.9655, 60.5290)),
            *((26.9690, 60.5240), (26.9600, 60.5210), (26.9522, 60.5202)),
        ),
    ),
    _Plan(
        slug="city_sidewalks",
        title="City sidewalks",
        start=(20, 10, 30),
        start_deg=(24.9390, 60.1679),
        shape="loop",
        error_class="dense",
        runner=RunnerModel(speed_mps=2.9),
        preference=_ON_SIDEWALKS,
        town="helsinki",
        via_deg=(
            *((24.9500, 60.1679), (24.9507, 60.1720), (24.9502, 60.1757), (24.9480, 60.1720)),
            *((24.9445, 60.1705), (24.9385, 60.1700), (24.9355, 60.1655), (24.9385, 60.1645)),
            *((24.9440, 60.1668), (24.9480, 60.1645), (24.9520, 60.1650), (24.9512, 60.1677)),
        ),
    ),
    _Plan(
        slug="beyond_the_map",
        title="Beyond the edge of the map",
        start=(21, 7, 55),
        start_deg=(26.940, 60.526),
        shape="leaving",
        length_m=6500.0,
        error_class="single_band",
        runner=replace(_STEADY, habit=Habit(p_facing=0.0, p_sidewalk=0.0)),
    ),
    _Plan(
        slug="easy_with_pauses",
        title="Easy run",
        start=(22, 8, 20),
        start_deg=(26.950, 60.529),
        shape="tour",
        length_m=6000.0,
        error_class="trees",
        runner=RunnerModel(speed_mps=2.6, pauses_per_km=0.5, pause_s=60.0),
        device=_GARMIN,
    ),
)
"""Monday to Sunday: day, hour and minute of the start; a loop is as long as its places make it."""


def sample_week(
    kouvola_roads: Roads, helsinki_roads: Roads, seed: int = WEEK_SEED
) -> tuple[SimulatedRun, ...]:
    """Simulate the sample week.

    Monday: out and back, facing traffic both ways. Tuesday: out and back on one physical side. Wednesday: a
    loop with a habit, smart recording. Friday: sidewalks of Helsinki between tall houses. Saturday: a run
    with traffic that leaves the mapped area and comes back. Sunday: an easy run with pauses and gaps under
    trees, by a runner who is what the standards assume, written the way Garmin Connect does.

    Parameters
    ----------
    kouvola_roads, helsinki_roads : Roads
        Read from ``data/kouvola.osm.pbf`` and ``data/helsinki.osm.pbf``.
    seed : int
        Seed of everything.

    Returns
    -------
    tuple of SimulatedRun
        In the order of the week; ``recording.source`` is the name of the file.

    Raises
    ------
    RoadsError
        If the roads are others and a run has no room on them.
    """
    towns = {"kouvola": kouvola_roads, "helsinki": helsinki_roads}
    return tuple(_planned_run(towns[plan.town], plan, seed, number) for number, plan in enumerate(_PLANS))


def _planned_run(roads: Roads, plan: _Plan, seed: int, number: int) -> SimulatedRun:
    error_class = standards.gnss_classes()[plan.error_class]
    setup = Setup(
        runner=plan.runner,
        device=plan.device,
        error=GnssErrorModel.from_class(error_class),
        started_at=datetime(2026, 11, *plan.start, tzinfo=UTC),
        name=plan.title,
        time_zone=_ZONE,
        # Each town is a world of its own, with its own shift of the imagery.
        world_seed=seed + int(plan.town == "helsinki"),
    )
    route = _planned_route(roads, plan, np.random.default_rng([seed, number, 0]))
    run = simulate_run(roads, route, setup, np.random.default_rng([seed, number, 1]))
    source = f"2026-11-{plan.start[0]}_{plan.slug}.gpx"
    return SimulatedRun(replace(run.recording, source=source), run.truth)


def _planned_route(roads: Roads, plan: _Plan, rng: np.random.Generator) -> Route:
    start = nearest_node(roads, *plan.start_deg)
    if plan.shape == "out_and_back":
        return out_and_back(roads, start, plan.length_m, plan.preference, rng)
    if plan.shape == "tour":
        return random_tour(roads, start, plan.length_m, plan.preference, rng)
    if plan.shape == "loop":
        via = [nearest_node(roads, *place) for place in plan.via_deg]
        return route_via(roads, [start, *via, start], plan.preference)
    return _leaving(roads, start, plan)


def _leaving(roads: Roads, start: int, plan: _Plan) -> Route:
    """Run to the reachable node furthest out, go round outside for a third of the length, and return."""
    nodes, _ = nodes_by_distance(roads, start, plan.preference)
    middle = roads.graph.node_xy[ends_and_junctions(roads.graph)].mean(axis=0)
    outward = roads.graph.node_xy[nodes] - middle
    last = int(np.argmax(np.hypot(*outward.T)))
    bearing_deg = float(np.degrees(np.arctan2(*outward[last])))
    out = route_via(roads, [start, int(nodes[last])], plan.preference)
    outside = excursion(roads.graph.node_xy[nodes[last]], bearing_deg, plan.length_m / 3.0)
    return out.then(outside).then(out.reversed())


def week_files(runs: Iterable[SimulatedRun]) -> dict[str, bytes]:
    """Give the files of a week: recordings as GPX, true totals, and the truth per fix.

    Parameters
    ----------
    runs : iterable of SimulatedRun
        The runs; those of a device named "Garmin Connect" are written in its style, all others as Strava
        writes them.

    Returns
    -------
    dict of str to bytes
        Content by file name: one ``.gpx`` per run; ``truth.csv``, one row per run with metres by low leg;
        ``truth_fixes.csv.gz``, one row per fix of all runs. Always the same for the same runs.
    """
    runs = tuple(runs)
    files = {run.recording.source: _gpx(run).encode() for run in runs}
    files["truth.csv"] = totals_csv(runs).encode()
    files["truth_fixes.csv.gz"] = gzip.compress(fixes_csv(runs).encode(), 9, mtime=0)
    return files


def _gpx(run: SimulatedRun) -> str:
    return gpx_document(run.recording, "garmin" if run.recording.device == _GARMIN.name else "strava")


def totals_csv(runs: Iterable[SimulatedRun]) -> str:
    """Write the true totals of runs as CSV: file, fixes and metres (two decimals) by low leg."""
    rows = [
        {"file": run.recording.source, "fixes": len(run.truth)} | asdict(truth_totals(run.truth))
        for run in runs
    ]
    return str(pd.DataFrame(rows).to_csv(index=False, float_format="%.2f", lineterminator="\n"))


def fixes_csv(runs: Iterable[SimulatedRun]) -> str:
    """Write the truth per fix as CSV, rounded to centimetres and hundredths of a percent."""
    tables = []
    for run in runs:
        table = run.truth.drop(columns=["time", "surface_way_id"]).round(_TRUTH_DECIMALS)
        table.insert(0, "file", run.recording.source)
        tables.append(table.reset_index())
    return str(pd.concat(tables).to_csv(index=False, lineterminator="\n"))
