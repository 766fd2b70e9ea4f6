"""Questions: which are asked, in which order, and what a key means; signed cases are written by hand."""

from datetime import date

import numpy as np
import pytest

from camber.conventions import CENTRE, LEFT_EDGE, LEFT_SIDEWALK, OTHER, RIGHT_EDGE, RIGHT_SIDEWALK
from camber.errors import AnswerError
from camber.observations.answers import HabitAnswer, SideAnswer, TiltAnswer
from camber.observations.passes import StreetPasses, columns_of
from camber.observations.questions import (
    LEAST_NARROWER,
    answers_to,
    candidates,
    concerned,
    habit_shares,
    questions_of,
)

DRAWS = 200
DAY = date(2026, 11, 20)


def row(key, street, metres, **given):
    return {
        "key": key,
        "street": street,
        "ways": f"{key} {key + 1}",
        "before": "Kirkkokatu",
        "after": "Valtakatu",
        "latitude_deg": 60.53,
        "longitude_deg": 26.94,
        "heading_deg": 90.0,
        "distance_m": metres,
        "facing": -1,
        "walk": "",
        "receiver": "single",
        "quiet": True,
    } | given


def passes_of(*streets):
    """Streets of one run: (row, place by draw, +1 right or -1 left low by draw, share of metres tilted)."""
    rows, places, signs = zip(*streets, strict=True)
    metres = np.array([one["distance_m"] for one in rows])
    sign = np.column_stack(signs)
    left, right = metres * (sign < 0), metres * (sign > 0)
    return StreetPasses(
        columns_of(rows),
        np.column_stack(places).astype(np.int8),
        left.astype(float),
        right.astype(float),
    )


def totals(*passes):
    return sum(one.left_low_m.sum(axis=1) for one in passes), sum(
        one.right_low_m.sum(axis=1) for one in passes
    )


@pytest.fixture
def rng():
    return np.random.default_rng(1)


def sure(place, sign):
    return np.full(DRAWS, place), np.full(DRAWS, sign)


def open_(rng):
    """Edge or sidewalk of the left, which fall to opposite sides."""
    edge = rng.random(DRAWS) < 0.5
    return np.where(edge, LEFT_EDGE, LEFT_SIDEWALK), np.where(edge, -1, 1)


def test_the_longest_open_street_comes_first_and_what_is_known_is_not_asked(rng):
    one = passes_of(
        (row(10, "Short", 300.0), *open_(rng)),
        (row(20, "Long", 1500.0), *open_(rng)),
        (row(30, "Known", 4000.0, walk="no", quiet=False), *sure(LEFT_EDGE, -1)),
    )
    found = questions_of(*totals(one), [one])
    streets = [question.street for question in found if question.street]
    assert streets[0] == "Long"
    assert "Known" not in streets
    assert found[0].where == "between Kirkkokatu and Valtakatu"
    assert all(question.narrower >= LEAST_NARROWER for question in found)


def test_the_mirrored_week_asks_the_same(rng):
    one = passes_of(
        (row(10, "A", 800.0), *open_(rng)),
        (row(20, "B", 1500.0), *open_(rng)),
    )
    turned = StreetPasses(
        columns_of([street | {"facing": 1} for street in one.rows]),
        np.array([4, 3, 2, 1, 0, 5])[one.place].astype(np.int8),
        one.right_low_m,
        one.left_low_m,
    )
    here, there = (questions_of(*totals(each), [each]) for each in (one, turned))
    assert [(q.name, pytest.approx(q.narrower)) for q in here] == [(q.name, q.narrower) for q in there]


def test_passed_over_streets_without_a_name_and_few_questions(rng):
    one = passes_of(
        (row(10, "", 1600.0, walk="no"), *open_(rng)),
        (row(20, "B", 1500.0, walk="no"), *open_(rng)),
        (row(30, "C", 1400.0, walk="no"), *open_(rng)),
    )
    names = [q.name for q in questions_of(*totals(one), [one])]
    assert "street-10" not in names
    assert "street-20" in names
    assert "street-20" not in [q.name for q in questions_of(*totals(one), [one], without={"street-20"})]
    assert len(questions_of(*totals(one), [one], most=1)) == 1


def test_a_habit_that_moves_all_streets_is_asked_before_any_of_them(rng):
    """All streets follow one habit in each history: the habit tells of all of them, a street of itself."""
    edge = rng.random(DRAWS) < 0.5
    streets = []
    for key in range(10, 300, 10):
        keeps = np.where(rng.random(DRAWS) < 0.9, edge, ~edge)
        place, sign = np.where(keeps, LEFT_EDGE, LEFT_SIDEWALK), np.where(keeps, -1, 1)
        streets.append((row(key, f"S{key}", 400.0, walk="yes"), place, sign))
    one = passes_of(*streets)
    first = questions_of(*totals(one), [one])[0]
    assert first.name == "sidewalk"
    # What it can take away at most: right with 0.6, so that 0.36 of it counts, and answered with 0.95.
    assert first.narrower == pytest.approx(1.0 - np.sqrt(1.0 - 0.95 * 0.6**2), rel=0.1)


def test_nothing_to_ask():
    nothing = passes_of((row(10, "A", 800.0), *sure(LEFT_EDGE, -1)))
    assert questions_of(*totals(nothing), [nothing]) == ()
    assert questions_of(np.zeros(DRAWS), np.zeros(DRAWS), [nothing]) == ()
    assert questions_of(np.ones(DRAWS), np.ones(DRAWS), []) == ()


def test_habits_by_hand():
    """In a right-hand country the left edge faces traffic; in a left-hand one the right edge."""
    here, there = row(1, "A", 1.0, walk="yes"), row(2, "B", 1.0, facing=1)
    one_way = row(3, "C", 1.0, facing=0)
    place = np.array([LEFT_EDGE, RIGHT_EDGE, CENTRE, LEFT_SIDEWALK, RIGHT_SIDEWALK, OTHER])
    one = StreetPasses(
        columns_of([here, there, one_way]),
        np.column_stack([place] * 3).astype(np.int8),
        *np.zeros((2, 6, 3)),
    )
    shares = habit_shares(concerned([one]))
    facing, of = shares["facing"]
    assert facing.T.tolist() == [[True, *[False] * 5], [False, True, *[False] * 4], [False] * 6]
    assert of.T.tolist() == [[True, True, *[False] * 4], [True, True, *[False] * 4], [False] * 6]
    walk, of = shares["sidewalk"]
    assert walk[:, 0].tolist() == [False, False, False, True, True, False]
    assert of[:, 0].tolist() == [True] * 5 + [False]
    assert not shares["sidewalk"][1][:, 1:].any()
    assert shares["middle"][0][:, 0].tolist() == [False, False, True, False, False, False]
    assert shares["existence"][0][:, 1].tolist() == [False, False, False, True, True, False]


def street_question(rng, rows, name="street-10"):
    one = passes_of(*((each, *open_(rng)) for each in rows))
    return next(q for _, q in candidates(*totals(one), [one])[1] if q.name == name)


@pytest.mark.parametrize(
    ("keys", "side", "place", "tilts"),
    [
        # Heading east in a right-hand country: facing traffic is the left, which is north.
        ("1o", "facing", "edge", [("north", "north", 2.5)]),
        ("1i", "facing", "edge", [("north", "south", 2.5)]),
        ("1f", "facing", "edge", [("north", "north", 0.0)]),
        ("2o", "with", "edge", [("south", "south", 2.5)]),
        ("4i", "north", "sidewalk", [("north", "south", 2.5)]),
        ("5o", "south", "sidewalk", [("south", "south", 2.5)]),
        ("3f", "middle", "", []),
        ("1?", "facing", "edge", []),
    ],
)
def test_keys_mean_what_they_say(rng, keys, side, place, tilts):
    question = street_question(rng, [row(10, "A", 800.0)])
    first, *others = answers_to(question, keys, DAY)
    assert isinstance(first, SideAnswer)
    assert (first.side, first.place, first.street.name) == (side, place, "A")
    assert all(isinstance(one, TiltAnswer) and one.instrument == "eye" for one in others)
    assert [(one.side, one.falls, one.tilt_pct) for one in others] == tilts


def test_out_and_back_facing_traffic_falls_outward_on_both_sides(rng):
    there, back = row(10, "A", 800.0), row(10, "A", 700.0, heading_deg=271.0)
    question = street_question(rng, [there, back])
    _, tilt = answers_to(question, "1o", DAY)
    assert tilt.fall == "outward"
    _, *flat = answers_to(question, "1f", DAY)
    assert [(one.side, one.tilt_pct) for one in flat] == [("north", 0.0), ("south", 0.0)]
    _, *tilts = answers_to(question, "4i", DAY)
    assert [(one.side, one.falls) for one in tilts] == [("north", "south")]


def test_on_the_left_facing_traffic_is_the_right_edge(rng):
    question = street_question(rng, [row(10, "A", 800.0, facing=1)])
    assert [(one.side, one.falls) for one in answers_to(question, "1o", DAY)[1:]] == [("south", "south")]


def test_a_one_way_street_is_asked_by_the_compass(rng):
    question = street_question(rng, [row(10, "A", 800.0, facing=0, heading_deg=0.0)])
    assert question.choices[0][0].words == "at the west edge"
    side, tilt = answers_to(question, "2o", DAY)
    assert (side.side, tilt.side, tilt.falls) == ("east", "east", "east")


def test_habits_are_told_as_words(rng):
    one = passes_of(*((row(key, "A", 3000.0, walk="yes"), *open_(rng)) for key in (10, 20)))
    question = next(q for _, q in candidates(*totals(one), [one])[1] if q.name == "sidewalk")
    assert answers_to(question, "a", DAY) == (HabitAnswer(on=DAY, habit="sidewalk", often="always"),)
    assert answers_to(question, "?", DAY) == ()


@pytest.mark.parametrize("keys", ["", "1", "o1", "1oo", "9o", "1x"])
def test_keys_that_are_no_answer_are_refused_with_an_example(rng, keys):
    question = street_question(rng, [row(10, "A", 800.0)])
    with pytest.raises(AnswerError, match="such as 1o"):
        answers_to(question, keys, DAY)


def test_a_road_that_was_run_both_ways_may_fall_to_one_side_all_of_it(rng):
    there, back = row(10, "A", 800.0), row(10, "A", 700.0, heading_deg=271.0)
    question = street_question(rng, [there, back])
    words = {choice.key: choice.words for choice in question.choices[1]}
    assert words["6"] == "all of it to the north side"
    side, fall = answers_to(question, "16", DAY)
    assert (side.side, fall.fall, fall.to) == ("facing", "one side", "north")
    # Who keeps to no side may know the road; on the sidewalk of one side that is all that is known.
    assert [one.to for one in answers_to(question, "?7", DAY)] == ["south"]
    assert [one.fall for one in answers_to(question, "?o", DAY)] == ["outward"]
    assert answers_to(question, "?f", DAY) == ()
    _, tilt = answers_to(question, "47", DAY)
    assert (tilt.spot, tilt.side, tilt.falls) == ("sidewalk", "north", "south")
    assert len(street_question(rng, [there]).choices[1]) == 3
