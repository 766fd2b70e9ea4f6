"""Level ground on a real map: every way round is checked again against the tags of the file, read anew."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import osmium
import pytest
from pyproj import Transformer

import camber
from camber import simulate
from camber.schema import SuggestionSettings
from camber.suggestions.level_detours import find_detours, path_line, replaced_share
from camber.suggestions.rules import LEFT_EDGE, LEFT_WALK, OTHER
from camber.suggestions.trip import Effect
from tests.suggestions.test_constraints import MAPS, limit_kmh, roads_of, trip_on

ROADS = {"motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential",
         "living_street", "service", "road", "motorway_link", "trunk_link", "primary_link", "secondary_link",
         "tertiary_link", "busway", "raceway", "bus_guideway", "construction"}  # fmt: skip
WALKED = {"path", "footway", "cycleway", "pedestrian", "track"}
SETTINGS = SuggestionSettings(longest_detour_m=800.0)


@pytest.fixture(scope="module")
def tagged():
    """Tags of every highway of the file, its nodes, and the tags of every node that has some."""
    path = MAPS["heidelberg"]
    roads_of("heidelberg")
    ways, nodes, places = {}, {}, {}
    for thing in osmium.FileProcessor(str(path)).with_locations():
        if thing.is_node() and len(thing.tags):
            nodes[thing.id] = dict(thing.tags)
        elif thing.is_way() and "highway" in thing.tags:
            refs = [node.ref for node in thing.nodes if node.location.valid()]
            places |= {n.ref: (n.location.lon, n.location.lat) for n in thing.nodes if n.location.valid()}
            ways[thing.id] = (dict(thing.tags), refs)
    return ways, nodes, places


def runs():
    """Runs along roads; each as if it were known to be on the left-hand sidewalk or edge all the way."""
    roads = roads_of("heidelberg")
    starts = np.flatnonzero(np.diff(roads.graph.node_first_edge) > 2)
    along_roads = simulate.Preference(sidewalk=0.7, path=0.2)
    for number in (3, 12, 17, 21, 26, 29):
        rng = np.random.default_rng([5, number])
        for attempt in range(60):
            try:
                start, length_m = int(rng.choice(starts)), 5000.0 * 0.95**attempt
                route = simulate.random_tour(roads, start, length_m, along_roads, rng)
                break
            except camber.CamberError:
                continue
        habit = simulate.RunnerModel(habit=simulate.Habit(1.0, 1.0))
        run = simulate.simulate_run(roads, route, simulate.Setup(habit, world_seed=number), rng)
        analysis = camber.analyse(run.recording, roads)
        trip = trip_on(analysis, SETTINGS, dark=False)
        of = trip.route.stretches
        usual = np.where(of.is_road, np.where(of.left_walk, LEFT_WALK, LEFT_EDGE), OTHER)
        slope = trip.route.slope_in(usual)
        yield analysis, trip, trip.route._replace(usual=usual, usual_slope_pct=slope)


def test_every_way_round_keeps_to_the_tags_of_the_file(tagged):
    seen = 0
    for analysis, trip, route in runs():
        for dark in (False, True):
            for before_m in (-2500.0, 2500.0):
                before = Effect(np.array([max(-before_m, 0.0)]), np.array([max(before_m, 0.0)]))
                found = find_detours(trip._replace(route=route, before=before, dark=dark))
                for detour in found:
                    seen += 1
                    for fault in faults_of(detour, analysis, route, tagged, dark=dark):
                        pytest.fail(fault)
                    length = route.stretches.length_m @ replaced_share(route, detour)
                    assert length == pytest.approx(detour.rejoin_m - detour.leave_m, abs=0.1)
                extra = sum(one.length_m - (one.rejoin_m - one.leave_m) for one in found)
                assert extra <= SETTINGS.longest_detour_m + 1e-6
                assert all(a.rejoin_m <= b.leave_m for a, b in pairwise(found))
    assert seen


def faults_of(detour, analysis, route, tagged, *, dark):
    """Everything that the tags have against a way round, in words."""
    ways, _, _ = tagged
    roads = analysis.roads
    used = roads.ways.index.to_numpy()[roads.graph.edge_way[detour.edges]]
    for way in set(used.tolist()):
        tags, _ = ways[way]
        name = f"way {way} ({tags['highway']})"
        if tags["highway"] not in WALKED:
            yield f"{name} is no path"
        foot, access = tags.get("foot", ""), tags.get("access", "")
        if foot in ("no", "private", "use_sidepath", "discouraged"):
            yield f"{name} is closed: foot={foot}"
        if access in ("no", "private", "customers", "permit", "agricultural", "forestry") and foot not in (
            *("yes", "designated", "permissive", "official"),
        ):
            yield f"{name} is closed: access={access}, foot={foot!r}"
        if tags["highway"] == "cycleway" and foot not in ("yes", "designated", "permissive", "official"):
            yield f"{name} is for bicycles"
        if tags.get("area") == "yes":
            yield f"{name} is an area"
    line = path_line(roads, detour.edges, detour.directions)
    if abs(np.hypot(*np.diff(line, axis=0).T).sum() - detour.length_m) > 1.0:
        yield "the line is not as long as it is said to be"
    yield from crossing_faults(detour, set(used.tolist()), line, roads, route, tagged, dark=dark)


def crossing_faults(detour, used, line, roads, route, tagged, *, dark):
    """Every node of a road on the way is crossed where it may be, or, at an end, not crossed at all."""
    ways, nodes, places = tagged
    own = np.array(sorted({ref for way in used for ref in ways[way][1]}))
    to_metres = Transformer.from_crs("EPSG:4326", roads.crs, always_xy=True).transform
    xy = np.column_stack(to_metres(*np.array([places[ref] for ref in own]).T))
    crossed = [round(one.along_m, 1) for one in detour.crossed]
    along = np.r_[0.0, np.cumsum(np.hypot(*np.diff(line, axis=0).T))]
    counted = 0
    for number, vertex in enumerate(line):
        away = np.hypot(*(xy - vertex).T)
        ref = int(own[away.argmin()])
        assert away.min() < 0.5
        met = [way for way, (tags, refs) in ways.items() if tags["highway"] in ROADS and ref in refs]
        if not met:
            continue
        at_end = number in (0, len(line) - 1)
        if at_end and not any(abs(along[number] - one) < 1.0 for one in crossed):
            if not on_the_left(line if number == 0 else line[::-1], route, detour, first=number == 0):
                yield f"node {ref}: the path is across the road, and no crossing is told of"
            continue
        counted += 1
        tags = nodes.get(ref, {})
        feet = any(ways[way][0].get("footway") == "crossing" and ref in ways[way][1] for way in used)
        if tags.get("highway") == "crossing" or "crossing" in tags or feet:
            continue
        limits = [limit_kmh(roads.ways.loc[way]) for way in met if way in roads.ways.index]
        if dark or max(limits) > 30.0:
            yield f"node {ref}: {max(limits)} km/h, not mapped as a crossing, dark: {dark}"
    if counted != len(crossed):
        yield f"{counted} roads are crossed, {len(crossed)} are told of"


def on_the_left(line, route, detour, *, first):
    """Whether a path lies left of the run where it leaves it, or comes back to it."""
    at_m = detour.leave_m if first else detour.rejoin_m
    ends = (at_m - 25.0, at_m) if first else (at_m, at_m + 25.0)
    run = np.diff(
        [np.interp(ends, route.line.at_m, route.line.xy[:, axis]) for axis in (0, 1)], axis=1
    ).ravel()
    away = np.hypot(*(line - line[0]).T)
    path = line[int(np.argmax(away > 15.0))] - line[0]
    return run[0] * path[1] - run[1] * path[0] > 0.0
