"""Answers become evidence in the frame of ways, whichever way they are drawn and however they bend."""

from dataclasses import replace
from datetime import date
from itertools import product

import numpy as np
import pytest

from camber.conventions import LateralState
from camber.observations.answers import Street
from camber.observations.evidence_of_answers import Known, observed_of
from camber.observations.phrases import Where, answer_of, habit_of
from camber.observations.way_frame import StreetWay, sided, towns_of

DAY = date(2026, 11, 22)
LAT, LON = 60.53, 26.94
METRE = 1.0 / 111_195.0
EAST = METRE / np.cos(np.radians(LAT))


def way(number, *points, name="Kuusitie", turned=False):
    xy = np.array(points[::-1] if turned else points, dtype=float)
    line = np.column_stack([LON + xy[:, 0] * EAST, LAT + xy[:, 1] * METRE])
    return StreetWay(number, name, line, float(np.hypot(*np.diff(xy, axis=0).T).sum()))


def street(x=0.0, y=0.0, *ways):
    return Street("Kuusitie", LAT + y * METRE, LON + x * EAST, ways)


def known(*ways, left_faces=True, on_run=()):
    return Known(ways, lambda _run: on_run or ways, lambda _lat, _lon: left_faces, lambda _lat, _lon: "town")


def told(phrase, *ways, place=None, heading=float("nan"), left_faces=True, **where):
    given = Where(DAY, street=street(50.0, 0.0) if place is None else place, heading_deg=heading, **where)
    return observed_of([answer_of(phrase, given)], known(*ways, left_faces=left_faces))


HORSESHOE = (
    ((0, 0), (200, 0)),
    ((200, 0), (300, 0), (300, -150)),
    ((300, -150), (300, -300), (0, -300)),
)
"""East, then south, then back west: it bends by 180 degrees over three ways."""


@pytest.mark.parametrize("turned", list(product([False, True], repeat=3)))
def test_left_of_travel_is_carried_along_a_street_that_bends_however_its_ways_are_drawn(turned):
    ways = [
        way(k, *points, turned=flip) for k, (points, flip) in enumerate(zip(HORSESHOE, turned, strict=True))
    ]
    found = {one.way_id: one.side for one in sided("left", ways, street(50.0), 90.0)}
    assert found == {k: 1 if flip else -1 for k, flip in enumerate(turned)}
    back = {one.way_id: one.side for one in sided("left", ways, street(50.0), 270.0)}
    assert back == {k: -side for k, side in found.items()}


@pytest.mark.parametrize("turned", [False, True])
def test_a_side_by_the_compass_is_that_of_each_stretch_and_of_none_that_runs_towards_it(turned):
    one = way(7, (0, 0), (300, 0), (300, -300), (0, -300), turned=turned)
    ends = [(0.0, 300.0), (600.0, 900.0)]
    sides = [-1, 1] if not turned else [-1, 1][::-1]
    found = sided("north", [one])
    assert [piece.side for piece in found] == (sides if not turned else [-1, 1])
    for piece, (start, end) in zip(found, ends, strict=True):
        assert (piece.from_m, piece.to_m) == pytest.approx((start, end), abs=1.0)
    assert {piece.side for piece in sided("south", [one])} == {-1, 1}
    assert [piece.side for piece in sided("east", [one])] == ([-1] if not turned else [1])


@pytest.mark.parametrize("turned", [False, True])
def test_two_answers_for_one_street_from_runs_in_opposite_directions_agree(turned):
    one = way(7, (0, 0), (100, 0), turned=turned)
    east = told("sidewalk left", one, heading=90.0)
    west = told("sidewalk right", one, heading=270.0)
    north = told("sidewalk north", one)
    assert east == west == north
    assert east.sidewalks[0].left is not turned
    assert east.sidewalks[0].right is turned
    falls = (
        told("falls left", one, heading=90.0),
        told("falls right", one, heading=270.0),
        told("falls n", one),
    )
    assert falls[0] == falls[1] == falls[2]
    level = told("tilt 2% left at right edge", one, heading=90.0), told("tilt 2% n at s edge", one)
    assert level[0] == level[1]
    half = level[0].roads[0]
    assert (half.right_pct, half.left_pct)[turned] == pytest.approx(2.0 if turned else -2.0)


@pytest.mark.parametrize("left_faces", [True, False])
def test_facing_traffic_is_the_side_of_the_country_and_north_is_that_of_the_way(left_faces):
    left, right = (LateralState.LEFT_EDGE,), (LateralState.RIGHT_EDGE,)
    one = way(7, (0, 0), (100, 0))
    side = told("facing edge", one, left_faces=left_faces).sides[0]
    assert side.along == side.against == (left if left_faces else right)
    assert side.by_traffic
    away = told("with edge", one, left_faces=left_faces).sides[0]
    assert away.along == (right if left_faces else left)
    north = told("north edge", one).sides[0]
    assert (north.along, north.against) == (left, right)
    turned = told("north edge", way(7, (0, 0), (100, 0), turned=True)).sides[0]
    assert (turned.along, turned.against) == (right, left)


def test_a_run_needs_no_street_and_its_stretch_is_counted_from_its_start():
    where = Where(DAY, run="ab", from_m=1200.0, to_m=2000.0)
    observed = observed_of([answer_of("left edge", where)], known())
    assert observed.sides[0].way_id == -1
    assert (observed.sides[0].run, observed.sides[0].run_from_m, observed.sides[0].run_to_m) == (
        "ab",
        1200,
        2000,
    )
    compass = observed_of([answer_of("north", where)], known(way(7, (0, 0), (100, 0))))
    assert compass.sides[0].way_id == 7
    assert compass.sides[0].run == "ab"


def test_the_order_of_answers_changes_nothing_but_the_order_of_the_evidence():
    one, where = way(7, (0, 0), (100, 0)), Where(DAY, street=street(50.0))
    answers = [answer_of(text, where) for text in ("crowned", "sidewalk none", "usually facing", "width 6m")]
    answers.append(habit_of("facing always", where=replace(where, street=None)))
    there, back = observed_of(answers, known(one)), observed_of(answers[::-1], known(one))
    assert there.sides == back.sides
    assert there.roads == back.roads
    assert there.habits[0].share == 0.95
    assert there.sides[0].p_wrong == pytest.approx(0.05)
    assert there.sides[0].share == 0.8


def test_what_is_said_of_an_unknown_street_says_nothing_and_towns_of_one_name_are_two():
    far = way(9, (9000, 0), (9100, 0))
    assert told("crowned", far) == observed_of([], known())
    assert told("crowned", far, place=street(9050.0)).roads[0].way_id == 9
    assert [[one.way_id for one in town] for town in towns_of([way(7, (0, 0), (100, 0)), far])] == [[7], [9]]


def test_a_word_that_was_contradicted_goes_less_far_and_one_that_was_repeated_further():
    one, where = way(7, (0, 0), (100, 0)), Where(DAY, street=street(50.0))
    crowned, hollow = answer_of("crowned", where), answer_of("hollow", where)
    alone, twice, torn = (
        observed_of(given, known(one)).roads[0].p_wrong
        for given in ([crowned], [crowned, replace(crowned, on=date(2026, 11, 23))], [crowned, hollow])
    )
    assert twice < alone < torn
    sure = replace(crowned, sure=0.6)
    assert observed_of([sure], known(one)).roads[0].p_wrong == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("phrase", "left_pct"),
    [("tilt 1:50 n at n edge", 2.0), ("tilt 2deg n at n edge", 3.492), ("tilt 2% n middle", 2)],
)
def test_tilts_are_read_in_percent_degrees_and_as_a_ratio(phrase, left_pct):
    road = told(phrase, way(7, (0, 0), (100, 0)), instrument="spirit level").roads[0]
    assert road.left_pct == pytest.approx(-left_pct, abs=1e-3)
    assert road.source == "measured"
    turned = told(phrase, way(7, (0, 0), (100, 0)), instrument="spirit level", turned=True).roads[0]
    assert turned.left_sd_pct < road.left_sd_pct
