"""Ways round over level ground: against every path written out; on a real map, against its tags."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import osmium
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

import camber
from camber import simulate
from camber.conventions import LEFT_EDGE, LEFT_SIDEWALK, OTHER
from camber.schema import SuggestionSettings
from camber.suggestions.level_detours import (
    cut_network,
    find_detours,
    path_between,
    path_line,
    replaced_share,
    ways_round,
)
from camber.suggestions.trip import Effect
from tests.suggestions.test_constraints import MAPS, limit_kmh, roads_of, trip_on

ROADS = {"motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential",
         "living_street", "service", "road", "motorway_link", "trunk_link", "primary_link", "secondary_link",
         "tertiary_link", "busway", "raceway", "bus_guideway", "construction"}  # fmt: skip
WALKED = {"path", "footway", "cycleway", "pedestrian", "track"}
SETTINGS = SuggestionSettings(longest_detour_m=800.0)


@pytest.fixture(scope="module", autouse=True)
def _compiled():
    cut = cut_network(np.array([0]), np.array([1]), np.array([1.0]), np.zeros(2, dtype=bool))
    found = ways_round(cut, np.array([0, 1]), np.array([0.0, 1.0]), longest_m=1.0, furthest_m=2.0)
    path_between(cut, int(found.leave_end[0]), int(found.rejoin_end[0]))


def every_path(edges, lengths, closed, start, goal):
    """Shortest simple path from one node to another that passes through no closed node, by trying all."""
    best = np.inf
    stack = [(start, frozenset([start]), 0.0)]
    while stack:
        node, seen, run = stack.pop()
        if node == goal:
            best = min(best, run)
            continue
        if closed[node] and node != start:
            continue
        for (one, other), length in zip(edges, lengths, strict=True):
            for here, there in ((one, other), (other, one)):
                if here == node and there not in seen:
                    stack.append((there, seen | {there}, run + length))
    return best


@st.composite
def networks(draw):
    n = draw(st.integers(2, 7))
    pair = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda ends: ends[0] != ends[1])
    edges = draw(st.lists(pair, min_size=1, max_size=10))
    lengths = [float(draw(st.integers(1, 9))) for _ in edges]
    closed = draw(st.lists(st.booleans(), min_size=n, max_size=n))
    route = draw(st.lists(st.integers(0, n - 1), min_size=2, max_size=6))
    steps = draw(st.lists(st.integers(0, 9), min_size=len(route), max_size=len(route)))
    return edges, lengths, closed, route, np.cumsum(steps).astype(float)


@given(networks(), st.integers(0, 12), st.integers(3, 30))
def test_the_way_round_is_the_shortest_that_is_allowed(network, longest, furthest):
    edges, lengths, closed, route, at_m = network
    ends = np.array(edges, dtype=np.int64)
    cut = cut_network(ends[:, 0], ends[:, 1], np.array(lengths), np.array(closed))
    found = ways_round(cut, np.array(route), at_m, longest_m=float(longest), furthest_m=float(furthest))
    shortest = {}
    for here, there, length in zip(found.leave.tolist(), found.rejoin.tolist(), found.length_m, strict=True):
        shortest[here, there] = min(length, shortest.get((here, there), np.inf))
    for here in range(len(route)):
        for there in range(here + 1, len(route)):
            if route[here] == route[there]:
                continue
            best = every_path(edges, lengths, closed, route[here], route[there])
            allowed = best <= furthest and best <= at_m[there] - at_m[here] + longest
            assert ((here, there) in shortest) == allowed
            if allowed:
                assert shortest[here, there] == best


@given(networks())
def test_a_path_is_as_long_as_it_says_and_leads_through_no_closed_node(network):
    edges, lengths, closed, route, at_m = network
    ends = np.array(edges, dtype=np.int64)
    cut = cut_network(ends[:, 0], ends[:, 1], np.array(lengths), np.array(closed))
    found = ways_round(cut, np.array(route), at_m, longest_m=1e3, furthest_m=1e3)
    for row in range(len(found.leave)):
        path, directions = path_between(cut, int(found.leave_end[row]), int(found.rejoin_end[row]))
        node = route[found.leave[row]]
        assert sum(lengths[edge] for edge in path) == found.length_m[row]
        for number, (edge, direction) in enumerate(zip(path, directions, strict=True)):
            assert number == 0 or not closed[node]
            assert edges[edge][0 if direction > 0 else 1] == node
            node = edges[edge][1 if direction > 0 else 0]
        assert node == route[found.rejoin[row]]


def test_a_closed_node_is_a_place_to_begin_and_to_end_but_not_to_pass():
    # 0 - 1 - 2 in a row, and a long way 0 - 3 - 2 round it.
    ends = np.array([(0, 1), (1, 2), (0, 3), (3, 2)])
    length = np.array([100.0, 100.0, 300.0, 300.0])
    for closed, far in ((False, 200.0), (True, 600.0)):
        cut = cut_network(ends[:, 0], ends[:, 1], length, np.array([False, closed, False, False]))
        found = ways_round(
            cut, np.array([0, 1, 2]), np.array([0.0, 150.0, 400.0]), longest_m=500.0, furthest_m=1e3
        )
        legs = dict(zip(zip(found.leave, found.rejoin, strict=True), found.length_m, strict=True))
        assert legs[0, 1] == 100.0
        assert legs[0, 2] == far


def test_a_network_without_places_of_the_route_has_no_way_round():
    cut = cut_network(np.array([0]), np.array([1]), np.array([5.0]), np.zeros(9, dtype=bool))
    found = ways_round(cut, np.array([7, 8]), np.array([0.0, 9.0]), longest_m=9.0, furthest_m=9.0)
    assert len(found.length_m) == 0


# -- On a real map -------------------------------------------------------------------------------------


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
    for number in (3, 17, 29):
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
        usual = np.where(of.is_road, np.where(of.left_walk, LEFT_SIDEWALK, LEFT_EDGE), OTHER)
        slope = trip.route.slope_in(usual)
        yield analysis, trip, trip.route._replace(usual=usual, usual_slope_pct=slope)


def test_every_way_round_keeps_to_the_tags_of_the_file(tagged):
    seen = 0
    for analysis, trip, route in runs():
        for dark, before_m in ((False, -2500.0), (True, 2500.0)):
            before = Effect(np.array([max(-before_m, 0.0)]), np.array([max(before_m, 0.0)]))
            found = find_detours(trip._replace(route=route, history=before, dark=dark))
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
