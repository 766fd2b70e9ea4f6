"""One plan in many places: the law of each, its mirror image, and routes that leave no choice."""

import time

import numpy as np
import pytest

import camber
from camber import simulate
from camber.conventions import NO_WAY
from camber.errors import OutsideRoadsError
from camber.planning import effect_of_draws, plan_route
from camber.schema import SuggestionSettings
from tests.suggestions.test_constraints import MAPS, roads_of
from tests.suggestions.test_suggest import QUIET, lap, leg, out_and_back, suggested
from tests.worlds import roads_of as roads_by_hand
from tests.worlds import straight

MIRROR = {"left_edge": "right_edge", "right_edge": "left_edge", "left_sidewalk": "right_sidewalk",
          "right_sidewalk": "left_sidewalk", "other": "other", "centre": "centre"}  # fmt: skip

LAW = [
    # country, side of traffic, built up, may the other side be suggested at 30 km/h?
    ("DE", "right", True, True), ("DE", "right", False, False),
    ("FR", "right", True, True), ("FR", "right", False, False),
    ("IT", "right", True, True), ("IT", "right", False, False),
    ("GB", "left", True, True), ("GB", "left", False, True),
    ("US", "right", True, False), ("US-CA", "right", True, True), ("US-CA", "right", False, False),
    ("AU", "left", True, False), ("AU-NSW", "left", False, False),
    ("JP", "left", True, False), ("JP", "left", False, False),
    ("NZ", "left", True, True), ("NZ", "left", False, True),
    ("NL", "right", False, True),
]  # fmt: skip


@pytest.mark.parametrize(("country", "traffic", "built_up", "free"), LAW)
def test_the_law_of_the_place_decides(country, traffic, built_up, free):
    facing = "left_edge" if traffic == "right" else "right_edge"
    roads = straight(**QUIET | {"country": country, "traffic_side": traffic, "built_up": built_up})
    found = suggested(roads, out_and_back(facing, facing))
    assert bool(found.items) == free
    if not free:
        assert "facing traffic is the law" in found.conclusion


@pytest.mark.parametrize("country", ["AU", "US-ZZ", "CA"])
def test_where_the_state_is_not_known_the_strictest_rule_of_the_country_holds(country):
    traffic = "left" if country == "AU" else "right"
    facing = "left_edge" if traffic == "right" else "right_edge"
    roads = straight(**QUIET | {"country": country, "traffic_side": traffic})
    assert not suggested(roads, out_and_back(facing, facing)).items


@pytest.mark.parametrize(
    ("country", "traffic", "turn", "behind"),
    [("AU", "left", -1, "left_edge"), ("CA", "right", 1, "right_edge")],
)
def test_a_suggestion_says_that_its_rule_is_the_strictest_one_known(country, traffic, turn, behind):
    # Round a block with traffic from behind, the block on the side that faces it: the change is to face it.
    tags = QUIET | {"country": country, "traffic_side": traffic}
    corners = [(0.0, 0.0), (180.0, 0.0), (180.0, 180.0 * turn), (0.0, 180.0 * turn), (0.0, 0.0)]
    roads = roads_by_hand({way: (corners[way - 1 : way + 1], tags) for way in range(1, 5)})
    limits = SuggestionSettings(obedience=1.0, smallest_gain=0.0)
    (item,) = suggested(roads, lap(behind), limits).items
    assert f"strictest rule known in {country}" in item.rule


@pytest.mark.parametrize("walks", ["no", "yes"])
def test_the_plan_of_the_mirror_image_is_the_mirror_image_of_the_plan(walks):
    tags = QUIET | {"sidewalk_left": walks, "sidewalk_right": walks}
    right = straight(**tags)
    left = straight(**tags | {"traffic_side": "left"})
    place = "sidewalk" if walks == "yes" else "edge"
    one = suggested(right, out_and_back(f"left_{place}", f"left_{place}")).items[0]
    other = suggested(left, out_and_back(f"right_{place}", f"right_{place}")).items[0]
    assert [MIRROR[part.state] for part in one.stretches] == [part.state for part in other.stretches]
    assert [cue.side for cue in one.cues] == [
        {"left": "right", "right": "left"}[cue.side] for cue in other.cues
    ]
    assert (one.what, one.rule, one.crossings) == (other.what, other.rule, other.crossings)
    assert one.left_low_after_m == other.right_low_after_m
    assert one.balance_after.median == pytest.approx(-other.balance_after.median)


def by_edge(found):
    """Metres by planned state of the first suggestion."""
    metres = {}
    for part in found.items[0].stretches:
        metres[part.state] = metres.get(part.state, 0.0) + part.to_m - part.from_m
    return metres


@pytest.mark.parametrize("traffic", ["right", "left"])
@pytest.mark.parametrize("built_up", [False, True])
def test_on_a_one_way_road_in_italy_the_edge_right_of_the_vehicles_is_the_law(traffic, built_up):
    # Out with the vehicles and back against them; Italy's law, and what it would be driving on the left.
    tags = QUIET | {"country": "IT", "traffic_side": traffic, "oneway": 1, "built_up": built_up}
    wrong, lawful = ("left_edge", "right_edge") if traffic == "right" else ("right_edge", "left_edge")
    roads = roads_by_hand({7: ([(0.0, 0.0), (1200.0, 0.0)], tags)})
    limits = SuggestionSettings(obedience=1.0, smallest_gain=0.0)
    found = suggested(roads, out_and_back(wrong, wrong), limits)
    if not built_up:
        # With the vehicles that is their own side; against them the other side of travel: one physical edge.
        metres = by_edge(found)
        assert metres[lawful] == pytest.approx(metres[wrong], abs=12.1)
        assert [part.state for part in found.items[0].stretches] == [lawful, wrong]
        assert "one-way roads the right edge" in found.items[0].rule
    # The other way round the law asks for the same: who is right already has nothing to change.
    kept = suggested(roads, out_and_back(lawful, wrong), limits)
    assert not kept.items


@pytest.mark.parametrize(("oneway", "other"), [(1, "right_edge"), (-1, "left_edge")])
def test_in_italy_nobody_is_sent_to_the_other_edge_of_a_one_way_road(oneway, other):
    # A long one-way road, run on the lawful edge all the way: with the vehicles right, against them left.
    tags = QUIET | {"country": "IT", "built_up": False, "oneway": oneway}
    roads = roads_by_hand({7: ([(0.0, 0.0), (3600.0, 0.0)], tags)})
    found = suggested(roads, [leg(other, blocks=100)])
    assert not found.items
    assert "the law asks for this edge of the one-way road" in found.conclusion
    free = roads_by_hand({7: ([(0.0, 0.0), (3600.0, 0.0)], tags | {"built_up": True})})
    assert suggested(free, [leg(other, blocks=100)]).items


def test_a_network_of_one_way_streets_has_an_answer():
    roads = roads_by_hand({7: ([(0.0, 0.0), (1200.0, 0.0)], QUIET | {"oneway": 1})})
    found = suggested(roads, [leg("left_edge", blocks=20)])
    assert found.conclusion
    for item in found.items:
        assert item.cues


def test_a_runner_without_history_is_planned_for_by_the_route_alone():
    assert effect_of_draws([]) is None
    assert suggested(straight(**QUIET), out_and_back("left_edge", "left_edge")).items


def test_off_the_roads_there_is_nothing_to_suggest():
    found = suggested(straight(**QUIET), [leg("other", way_id=NO_WAY)])
    assert not found.items
    assert found.conclusion


def test_a_route_elsewhere_is_refused_by_name():
    here = roads_of("kouvola")
    rng = np.random.default_rng(1)
    route = simulate.random_tour(roads_of("helsinki"), 5, 2000.0, simulate.Preference(), rng)
    run = simulate.simulate_run(roads_of("helsinki"), route, simulate.Setup(), rng)
    with pytest.raises(OutsideRoadsError):
        camber.analyse(run.recording, here)


def test_a_long_route_is_planned_at_once():
    # The figure is 2 s for 25 km on a quiet machine, 0.6 s measured; the test leaves room for a busy one.
    assert MAPS["kouvola"].exists()
    roads = roads_of("kouvola")
    rng = np.random.default_rng(3)
    starts = np.flatnonzero(np.diff(roads.graph.node_first_edge) > 2)
    route = simulate.random_tour(roads, int(starts[7]), 25_000.0, simulate.Preference(), rng)
    analysis = camber.analyse(simulate.simulate_run(roads, route, simulate.Setup(), rng).recording, roads)
    plan_route(analysis, dark=False)
    begin = time.process_time()
    plan = plan_route(analysis, dark=False)
    assert time.process_time() - begin < 6.0
    assert plan.suggestions.conclusion
