"""No plan on real maps breaks a rule: each is checked again, from the tags, without the planner's own rules.

The checks are written from the wording of the law and safety rules: a mapped sidewalk is used; without one,
traffic from behind only where neither the law of the place, nor speed, nor darkness, nor a bend, nor the
runner's own limits speak against it; never the middle; crossings at mapped ones, or on quiet
straight streets.
"""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
import shapely

import camber
from camber import pipeline, simulate, standards
from camber.planning import plan_route
from camber.schema import Settings, SuggestionSettings

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "data" / "osm"
MAPS = {
    "kouvola": ROOT / "data" / "kouvola.osm.pbf",
    "helsinki": ROOT / "data" / "helsinki.osm.pbf",
    "heidelberg": SHARED / "heidelberg_ors.osm.pbf",
    "neukolln": SHARED / "osm2streets_neukolln.osm",
    "moorgate": SHARED / "london-moorgate_otp.osm.pbf",
}
SIDES = {"left_sidewalk": "left", "left_edge": "left", "right_edge": "right", "right_sidewalk": "right"}

FACING_IS_LAW = {"DE": "rural", "FR": "rural", "IT": "rural", "ES": "rural", "US": "always", "JP": "always",
                 "AU": "always", "CA": "always", "FI": "", "GB": "", "NZ": "", "NL": ""}  # fmt: skip
"""Where the law asks for facing traffic without a sidewalk, read from the laws by hand."""

ADVISED = {"GB", "NZ", "FI"}
"""Where facing traffic is advised: the Highway Code, NZTA, the Vienna Convention."""


@lru_cache
def roads_of(name: str) -> camber.Roads:
    path = MAPS[name]
    if not path.exists():
        pytest.skip(f"the extract {path.name} is not here: see ../shared/data/INDEX.md")
    return camber.read_roads(path)


@lru_cache(maxsize=64)
def analysed(name: str, number: int) -> camber.Analysis:
    roads = roads_of(name)
    rng = np.random.default_rng([88, number])
    starts = np.flatnonzero(np.diff(roads.graph.node_first_edge) > 2)
    preference = simulate.Preference(sidewalk=1.3, path=1.6)
    for attempt in range(60):
        length_m = 4000.0 * 0.95**attempt
        make = simulate.random_tour if number % 2 else simulate.out_and_back
        try:
            route = make(roads, int(rng.choice(starts)), length_m, preference, rng)
            break
        except camber.CamberError:
            continue
    habit = simulate.Habit((1.0, 0.0, 0.9, 0.5)[number % 4], 0.9)
    setup = simulate.Setup(simulate.RunnerModel(habit=habit), world_seed=number)
    return camber.analyse(simulate.simulate_run(roads, route, setup, rng).recording, roads)


LIMITS: dict[tuple[int, str], float] = {}
"""Limits already looked up: the same way comes up in every plan."""


def limit_kmh(way) -> float:
    """The tagged limit; that of a class without one is from the table of the standards."""
    if not math.isnan(way["maxspeed_kmh"]):
        return float(way["maxspeed_kmh"])
    key = (int(way.name), str(way["country"]))
    if key not in LIMITS:
        LIMITS[key] = float(np.asarray(standards.maxspeed_default_kmh(way.to_frame().T.astype(object)))[0])
    return LIMITS[key]


def bends(line: shapely.LineString, low_m: float, high_m: float) -> bool:
    """Whether the line turns by clearly more than 30 degrees within 50 m, by chords of 10 m."""
    low, high = max(low_m, 0.0), min(high_m, line.length)
    marks = np.arange(low, high + 1e-6, 10.0)
    if len(marks) < 3:
        return False
    xy = shapely.get_coordinates(shapely.line_interpolate_point(line, marks))
    step = np.diff(xy, axis=0)
    heading = np.unwrap(np.arctan2(step[:, 1], step[:, 0]))
    return any(
        np.degrees(abs(heading[j] - heading[i])) > 45.0
        for i in range(len(heading))
        for j in range(i + 1, min(i + 5, len(heading)))
    )


SETTINGS = {
    "as it comes": (SuggestionSettings(), False),
    "in the dark": (SuggestionSettings(), True),
    "never with traffic": (SuggestionSettings(never_with_traffic=True), False),
    "mapped crossings only": (SuggestionSettings(mapped_crossings_only=True), False),
    "no fast crossings": (SuggestionSettings(crossing_limit_kmh=30.0), False),
}


@pytest.mark.parametrize("chosen", SETTINGS)
@pytest.mark.parametrize("name", MAPS)
def test_no_plan_breaks_a_rule(name, chosen):
    settings, dark = SETTINGS[chosen]
    checked = 0
    for number in range(3):
        analysis = analysed(name, number)
        trip = trip_on(analysis, settings, dark=dark)
        for plan in some_of(trip.plans.front):
            for fault in faults_of(plan, trip, analysis, settings, dark=dark):
                pytest.fail(f"{name}, route {number}, {chosen}: {fault}")
            checked += 1
    assert checked


def some_of(front):
    """Five plans of a front at most, its two ends among them."""
    rows = np.unique(np.linspace(0, len(front) - 1, 5).round().astype(int)) if front else ()
    return [front[row] for row in rows]


def trip_on(analysis, settings, *, dark):
    tables = (analysis.roads, analysis.lateral, analysis.exposure, analysis.slope_histories)
    return pipeline.trip_on(analysis.recording, *tables, analysis.settings, limits=settings, dark=dark)


def faults_of(plan, trip, analysis, settings, *, dark):
    """Every rule of the place that a plan breaks, in words."""
    exposure, ways = analysis.exposure, analysis.roads.ways
    of, usual = trip.route.stretches, trip.route.usual
    names = list(camber.conventions.LATERAL_STATES)
    first = analysis.lateral.groupby("block").first()
    crossings_as_run = physical_crossings(usual, of, names)
    for row in range(len(plan.state)):
        way_id = int(of.way_id[row])
        state = str(names[plan.state[row]])
        if way_id < 0 or state == "other":
            continue
        way = ways.loc[way_id]
        at = first.iloc[row]
        on_walk = int(exposure["carriageway_way_id"].iloc[row]) not in (-1, int(exposure["way_id"].iloc[row]))
        forward = (at["carriageway_direction"] if on_walk else exposure["travel_direction"].iloc[row]) > 0
        span = None if on_walk else sorted(exposure[["start_chainage_m", "end_chainage_m"]].iloc[row])
        unchanged = plan.state[row] == usual[row]
        yield from side_faults(way, state, span, at, settings, forward=forward, dark=dark, kept=unchanged)
        if plan.crossed[row] and row not in crossings_as_run:
            yield from crossing_faults(row, trip, analysis, settings, dark=dark)


def side_faults(way, state, span, at, settings, *, forward, dark, kept):
    place = f"way {way.name} ({way['highway']}), {state}"
    tagged = {
        side: way[f"sidewalk_{side if forward else flip(side)}"] in ("yes", "separate")
        or int(at[f"{side}_sidewalk_way_id"]) not in (-1, way.name)
        for side in ("left", "right")
    }
    if state == "centre" and not kept:
        yield f"{place}: the middle of the road"
    if state.endswith("sidewalk") and not tagged[SIDES[state]] and not kept:
        yield f"{place}: there is no sidewalk"
    if not state.endswith("edge") or kept:
        return
    if tagged["left"] or tagged["right"]:
        yield f"{place}: there is a sidewalk"
    if way["foot"] in ("no", "use_sidepath") or way["motorroad"]:
        yield f"{place}: closed to people on foot"
    oneway = int(way["oneway"]) * (1 if forward else -1)
    behind = oneway > 0 if oneway else SIDES[state] == way["traffic_side"]
    if not behind:
        return
    country, rural = way["country"][:2], not way["built_up"]
    law = FACING_IS_LAW[country]
    limit = limit_kmh(way)
    if law == "always" or (law == "rural" and rural):
        yield f"{place}: with traffic where the law of {country} asks for facing"
    if country in ADVISED and limit > 30.0:
        yield f"{place}: with traffic at {limit} km/h where facing is advised"
    if limit > 50.0:
        yield f"{place}: with traffic at {limit} km/h without a footway"
    if dark:
        yield f"{place}: with traffic in the dark"
    if settings.never_with_traffic:
        yield f"{place}: with traffic against the runner's own limit"
    if span is not None and bends(way.geometry, *span):
        yield f"{place}: with traffic in a bend"


def crossing_faults(row, trip, analysis, settings, *, dark):
    """A crossing that the route does not make anyway is a mapped one near, or on a quiet straight street."""
    of, ways = trip.route.stretches, analysis.roads.ways
    pair = [int(of.way_id[n]) for n in (row - 1, row) if of.way_id[n] >= 0]
    limit = max(limit_kmh(ways.loc[name]) for name in pair if of.is_road[row] or of.is_road[row - 1])
    lon, lat = analysis.exposure[["longitude_deg", "latitude_deg"]].iloc[[row - 1, row]].to_numpy().T
    points = analysis.roads.crossings
    lines = ways.geometry.loc[pair].to_numpy()
    near = False
    if points is not None and len(points):
        from pyproj import Transformer  # noqa: PLC0415

        x, y = Transformer.from_crs("EPSG:4326", analysis.roads.crs, always_xy=True).transform(lon, lat)
        border = shapely.Point(float(np.mean(x)), float(np.mean(y)))
        places = points.geometry.to_numpy()
        on = np.min([shapely.distance(line, places) for line in lines], axis=0) < 3.5
        near = bool((on & (shapely.distance(border, places) < 70.0)).any())
    if limit > settings.crossing_limit_kmh:
        yield f"crossing at {limit} km/h on {pair}, above the runner's own limit"
    elif not near and settings.mapped_crossings_only:
        yield f"crossing on {pair} that is not mapped, against the runner's own limit"
    elif not near and (limit > 30.0 or dark):
        yield f"crossing at {limit} km/h on {pair} that is not mapped"


def physical_crossings(state, of, names):
    """Where the run itself changes the physical side, counted by hand; corners count both ways."""
    side, crossed = "", set()
    for row, code in enumerate(state):
        here = SIDES.get(str(names[code]), "")
        if of.turned[row]:
            side = flip(side)
        if row and of.joins[row - 1]:
            side = ""
        if side and here and (side != here or of.corner[row]):
            crossed.add(row)
        side = here or side
    return crossed


def flip(side):
    return {"left": "right", "right": "left", "": ""}[side]


def test_planned_in_the_dark_the_report_is_too():
    analysis = analysed("kouvola", 1)
    late = analysis.recording.fixes.assign(time=analysis.recording.fixes["time"] + np.timedelta64(6, "h"))
    moment = late["time"].iloc[0].to_pydatetime()
    from dataclasses import replace  # noqa: PLC0415

    night = replace(analysis.recording, fixes=late, started_at=moment)
    assert plan_route(camber.analyse(night, analysis.roads, Settings())).dark
