"""Why nothing changes, what comes closest, what is asked, and what law and safety ask for before all that."""

from dataclasses import replace

import numpy as np
import pytest

from camber.schema import SuggestionSettings
from camber.suggestions import Effect, suggest, trip_of
from camber.suggestions.levers import gain_of, wrong_side
from camber.suggestions.reasons import question_of, why_not_changed
from camber.suggestions.trip import predicted
from tests.suggestions.test_suggest import QUIET, in_draws, leg, out_and_back, ran
from tests.worlds import straight

FACING = out_and_back("left_edge", "left_edge")


def trip_on(roads, legs=None, tables=None, settings=None, **more):
    _, *tables = tables or ran(roads, legs or FACING)
    settings = settings or SuggestionSettings(obedience=1.0)
    return trip_of(*tables, roads, settings, level_pct=0.5, rng=np.random.default_rng(1), **more)


def weeks(left_m, right_m=0.0, draws=40):
    return Effect(np.full(draws, left_m), np.full(draws, right_m))


@pytest.mark.parametrize("weeks_m", [0.0, 1e4, 1e5])
def test_a_change_of_one_run_is_no_smaller_after_long_weeks(weeks_m):
    # 0.7 km out and back, all on the left leg: turned round whole it takes that and as much again off the
    # difference, were it after one run or after a hundred kilometres.
    trip = trip_on(straight(**QUIET), history=weeks(weeks_m))
    whole = np.full(len(trip.route.usual), 3)
    expected = 0.0 if weeks_m == 0.0 else 2.0
    assert gain_of(trip, predicted(trip, whole)) == pytest.approx(expected, abs=1e-9)
    found = suggest(trip, ran(straight(**QUIET), FACING)[0])
    assert found.answer == "change"
    # Traffic from behind on all of the way would be more than a plan may add: so a part of it.
    assert found.items[0].gain == pytest.approx(1.39 if weeks_m else 0.98, abs=0.02)
    assert found.items[0].balance_before.median == pytest.approx(-1.0)


def test_weeks_on_the_other_leg_make_the_same_run_right_as_it_is():
    summary, *_ = tables = ran(straight(**QUIET), FACING)
    found = suggest(trip_on(straight(**QUIET), tables=tables, history=weeks(0.0, 1e5)), summary)
    assert (found.items, found.direction.leg, found.with_history) == ((), "right", True)
    assert found.conclusion.startswith("Your right leg was very likely the low one over these weeks")


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({"maxspeed_kmh": 51.0}, "fast"),
        ({"country": "DE", "built_up": False}, "law"),
        ({"country": "GB", "traffic_side": "right", "maxspeed_kmh": 40.0}, "advised"),
    ],
)
def test_the_reason_is_what_rules_out_the_side_that_would_help(tags, reason):
    why = why_not_changed(trip_on(straight(**QUIET | tags)))
    assert why.reason == reason
    assert why.words.endswith("on 0.7 km")


def test_where_both_sides_fall_alike_the_road_itself_is_the_reason():
    trip = trip_on(straight(**QUIET), [leg("left_edge", low=-1)])
    assert why_not_changed(trip).reason == "no_side"


def test_where_no_crossing_leads_to_the_other_side_that_is_the_reason():
    mine = SuggestionSettings(obedience=1.0, mapped_crossings_only=True)
    assert why_not_changed(
        trip_on(straight(**QUIET), [leg("left_edge", blocks=20)], settings=mine)
    ).reason == ("no_crossing")


def test_on_the_road_beside_a_sidewalk_is_advice_whatever_it_does_to_the_legs():
    roads = straight(**QUIET | {"sidewalk_left": "yes", "sidewalk_right": "yes"})
    legs = out_and_back("left_edge", "right_edge")
    found = suggest(trip_on(roads, legs), ran(roads, legs)[0])
    (item,) = found.items
    assert (found.answer, item.kind) == ("even", "safe_side")
    assert "sidewalk" in item.what
    assert {part.state for part in item.stretches} <= {"left_sidewalk", "right_sidewalk"}


def test_a_wrong_side_has_to_be_likely_and_long_enough():
    roads = straight(**QUIET | {"sidewalk_left": "yes"})
    trip = trip_on(roads)
    assert wrong_side(trip).all()
    assert not wrong_side(trip._replace(p_state=0.79 * trip.p_state)).any()
    short = [leg("left_edge", blocks=5)]
    found = suggest(trip_on(roads, short), ran(roads, short)[0])
    assert "safe_side" not in {item.kind for item in found.items}


@pytest.mark.parametrize(("left", "right"), [(40, 0), (20, 20), (10, 30)])
def test_the_question_is_about_the_metres_of_which_either_leg_may_have_been_the_low_one(left, right):
    roads = straight(**QUIET | {"maxspeed_kmh": 100.0})
    tables = in_draws(FACING, left=left, even=0, right=right, roads=roads)
    asked = question_of(trip_on(roads, tables=tables))
    if right == 0:
        assert asked is None
        return
    assert (asked.street, asked.way_ids, asked.asks) == ("Lane", (7,), "fall")
    metres = tables[1]["distance_m"].sum()
    assert asked.undecided_m == pytest.approx(2.0 * min(left, right) / 40.0 * metres)


def test_a_side_that_nobody_knows_is_asked_for_and_a_street_without_a_name_is_not():
    roads = straight(**QUIET | {"maxspeed_kmh": 100.0})
    tables = in_draws(FACING, left=20, even=0, right=20, roads=roads)
    trip = trip_on(roads, tables=tables)
    p_state = np.zeros_like(trip.p_state)
    p_state[:, [1, 3]] = 0.5
    assert question_of(trip._replace(p_state=p_state)).asks == "side"
    nameless = replace(roads, ways=roads.ways.assign(name=""))
    assert question_of(trip._replace(roads=nameless)) is None


def test_where_nothing_is_worth_it_what_comes_closest_is_named():
    # Nobody is told anything who asks for more than there is; what there is comes closest.
    mine = SuggestionSettings(obedience=1.0, smallest_gain=1.9)
    found = suggest(trip_on(straight(**QUIET), settings=mine), ran(straight(**QUIET), FACING)[0])
    assert (found.items, found.answer) == ((), "no_safe_change")
    (closest, *_) = found.next_best
    assert closest.kind == "same_side_back"
    assert closest.what == "Closest: come back on the side of the street that you went out on."
    assert 0.8 <= closest.gain < 1.9
