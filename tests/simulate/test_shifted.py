"""The worlds of `tests/benchmarks/shifted`: their truth obeys the signed cases, and mirrors."""

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import pytest

from camber import simulate
from camber.conventions import MIRRORED_STATES, PROFILE_CODE, Profile
from camber.simulate.routes import trace_route
from tests.benchmarks.shifted import told
from tests.benchmarks.shifted.receiver import RECEIVERS, draw_receiver
from tests.benchmarks.shifted.run import simulate as run_once
from tests.benchmarks.shifted.runner import KINDS, draw_runner, targets
from tests.benchmarks.shifted.season import plan
from tests.benchmarks.shifted.world import Streets, build_streets, draw_town, slopes_by_state
from tests.signed_cases import CASES
from tests.worlds import ORIGIN, STATE, TOWN, mirrored_ways, roads_from_tags, roads_of

_PLANES = (Profile.ONE_WAY, Profile.TAGGED, Profile.OUTWARD, Profile.TO_INSIDE, Profile.BANKED)
_CORNERS = [
    (-1000.0, -50.0),
    (0.0, 0.0),
    (600.0, 0.0),
    (600.0, 400.0),
    (0.0, 400.0),
    (0.0, 0.0),
    (0.0, 400.0),
]
_STARTED = datetime(2026, 3, 2, 6, tzinfo=UTC)


def plain(town):
    """A world in which nothing falls the other way than its profile says."""
    return replace(town, walk_falls_away=0.0, driveways=0.0, parked=0.0, banked=0.0, crown_shift_m=0.0)


@pytest.mark.parametrize("case", [case for case in CASES if case.low_leg != "unknown"], ids=lambda c: c.name)
def test_the_true_leg_is_that_of_the_signed_cases(case, tmp_path):
    roads = roads_from_tags(tmp_path / "case.osm", case.tags, case.country)
    streets = build_streets(roads, [0], plain(draw_town(11)))
    own_way = case.state.endswith("sidewalk") and not streets.at("road", [0])[0]
    profile = Profile.ONE_WAY if case.profile in _PLANES or own_way else Profile(case.profile)
    fall = {"left": -1, "right": 1}.get(case.falls, 1)
    if (
        own_way and not case.falls
    ):  # the road lies on the other side of travel than the sidewalk of the street
        fall = case.travel_direction * (1 if case.state == "left_sidewalk" else -1)
    forced = {"low": np.array([fall]), "crown_m": np.zeros(1)}
    if profile != Profile.TO_ROAD:
        forced["profile"] = np.array([PROFILE_CODE[profile]])
    streets = Streets(streets.way_id, streets.column | forced, streets.town)
    direction, runner = np.array([case.travel_direction]), replace(draw_runner("mixed", 5), centre_m=0.0)
    place = targets(streets, np.array([0]), direction, runner)
    slope = slopes_by_state(streets, np.array([0]), np.array([300.0]), direction, place)[0, STATE[case.state]]
    assert np.sign(np.round(slope, 6)) == {"left": -1, "level": 0, "right": 1}[case.low_leg], case.story


def _run(roads, kind, receiver, side=1.0):
    away = roads.graph.node_xy[:, np.newaxis] - (np.array(_CORNERS) * [side, 1.0] + ORIGIN)
    corners = np.hypot(*np.moveaxis(away, 2, 0)).argmin(axis=0).tolist()
    route = simulate.route_via(roads, corners, simulate.Preference()).out_and_back()
    streets = build_streets(roads, np.unique(trace_route(roads, route).way), draw_town(11))
    device, rng = draw_receiver(receiver, 5), np.random.default_rng(8)
    recording, truth = run_once(roads, streets, route, draw_runner(kind, 5), device, _STARTED, rng)
    return recording, truth, streets, trace_route(roads, route).length_m


@pytest.mark.parametrize("kind", KINDS)
def test_a_mirrored_world_is_the_mirror_image(kind):
    receiver = RECEIVERS[KINDS.index(kind) % len(RECEIVERS)]
    one, truth, _, _ = _run(roads_of(TOWN), kind, receiver)
    other, mirrored, _, _ = _run(roads_of(mirrored_ways(TOWN)), kind, receiver, -1.0)
    assert len(truth.state) == len(mirrored.state) > 300
    assert (mirrored.state == np.array(MIRRORED_STATES)[truth.state]).all()
    np.testing.assert_allclose(mirrored.slope_pct, -truth.slope_pct, atol=1e-9)
    np.testing.assert_allclose(mirrored.offset_m, -truth.offset_m, atol=1e-9)
    np.testing.assert_allclose(mirrored.by_state_pct, -truth.by_state_pct[:, MIRRORED_STATES], atol=1e-6)
    # East and west of the central meridian, nine degrees east.
    east = one.fixes["longitude_deg"] - 9.0, other.fixes["longitude_deg"] - 9.0
    assert ORIGIN[0] == 500_000.0
    np.testing.assert_allclose(east[1], -east[0], atol=3e-7)
    np.testing.assert_allclose(other.fixes["latitude_deg"], one.fixes["latitude_deg"], atol=3e-7)


def test_the_truth_of_a_run_adds_up_and_agrees_with_itself():
    _, truth, streets, length_m = _run(roads_of(TOWN), "mixed", "single band")
    assert sum(truth.metres(1.0)) == pytest.approx(truth.step_m.sum())
    assert truth.step_m.sum() == pytest.approx(length_m, rel=0.03)
    # Held places: the slope under the runner has mostly the sign of the slope under that state.
    own = truth.by_state_pct[np.arange(len(truth.state)), truth.state]
    tilted = (np.abs(own) > 1.0) & (np.abs(truth.slope_pct) > 1.0)
    assert (np.sign(own) == np.sign(truth.slope_pct))[tilted].mean() > 0.9
    assert set(truth.street_id) <= set(streets.column["street"])


def test_the_same_seed_draws_the_same_world_and_others_differ():
    again, other = draw_town(4), draw_town(5)
    np.testing.assert_array_equal(draw_town(4).crowned, again.crowned)
    assert np.abs(again.crowned - other.crowned).max() > 0.05
    town, roads = draw_town(4), roads_of(TOWN)
    few, all_of_them = build_streets(roads, [2, 5], town), build_streets(roads, range(len(roads.ways)), town)
    row = all_of_them.row(few.way_id)
    for name in ("half_m", "profile", "grade_pct", "walk_left", "gap_right_m"):
        np.testing.assert_array_equal(few.column[name], all_of_them.column[name][row])


def test_kinds_towns_and_receivers_take_turns():
    plans = [plan(number) for number in range(98)]
    for name in ("kind", "town", "receiver"):
        counts = {
            value: sum(getattr(one, name) == value for one in plans)
            for value in {getattr(one, name) for one in plans}
        }
        assert max(counts.values()) - min(counts.values()) <= 6
    assert len({(one.kind, one.town) for one in plans}) == 49


def test_what_is_surveyed_is_what_was_run_on():
    _, truth, streets, _ = _run(roads_of(TOWN), "faces at the edge", "multi band")
    found = told.surveyed(streets, [SimpleNamespace(truth=truth)], 1.0, 4)
    ways = set(truth.way_id.tolist())
    assert {one.way_id for one in found.roads} == ways
    for one in found.sides:
        direction, states = (1, one.along) if one.along else (-1, one.against)
        here = (truth.way_id == one.way_id) & (truth.direction == direction)
        said = truth.state[here] == STATE[states[0]]
        assert (truth.step_m[here] * said).sum() >= told.USUALLY * truth.step_m[here].sum()
    walks = [(one.way_id, one.surface) for one in found.roads if one.surface != "carriageway"]
    for one in found.sidewalks:
        there = [(one.way_id, f"{side}_sidewalk") in walks for side in ("left", "right")]
        assert there == [one.left, one.right]
    halves = np.array([(one.left_pct, one.right_pct) for one in found.roads if one.surface == "carriageway"])
    rows = streets.row(np.array([one.way_id for one in found.roads if one.surface == "carriageway"]))
    profile = streets.at("profile", rows)
    crowned = np.isin(profile, [PROFILE_CODE[one] for one in (Profile.CROWNED, Profile.PARABOLIC)])
    assert crowned.any()
    # A crown falls to the left on its left; errors are drawn, so on the average.
    assert halves[crowned, 0].mean() < 0.0 < halves[crowned, 1].mean()
