"""The words for a leg, by the probability that the draws give it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camber.schema import Draws, Word, chance_words, low_leg, low_leg_of, word_for


def of_draws(left_first: int, draws: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """Metres of so many draws in which the left leg leads by far, and the right one in the others."""
    left = np.where(np.arange(draws) < left_first, 900.0, 100.0)
    return left, 1000.0 - left


@pytest.mark.parametrize(
    ("left_first", "word", "leg"),
    [
        (200, Word.VERY_LIKELY, "left"),
        (190, Word.VERY_LIKELY, "left"),
        (189, Word.LIKELY, "left"),
        (160, Word.LIKELY, "left"),
        (159, Word.PERHAPS, "left"),
        (130, Word.PERHAPS, "left"),
        (129, Word.EITHER, ""),
        (100, Word.EITHER, ""),
        (71, Word.EITHER, ""),
        (70, Word.PERHAPS, "right"),
        (40, Word.LIKELY, "right"),
        (10, Word.VERY_LIKELY, "right"),
    ],
)
def test_the_word_follows_from_how_many_draws_one_leg_leads_in(left_first: int, word: Word, leg: str) -> None:
    found = low_leg(*of_draws(left_first))
    assert (found.word, found.leg) == (word, leg)
    assert found.p_left == pytest.approx(left_first / 200)
    assert found.p_left + found.p_right == pytest.approx(1.0)


def test_a_share_known_to_be_near_one_half_is_even_though_one_leg_surely_leads() -> None:
    found = low_leg(np.full(200, 5800.0), np.full(200, 4200.0))
    assert (found.word, found.leg, found.likelier) == (Word.EVEN, "", "left")
    assert (found.p_left, found.p_even) == (1.0, 1.0)
    assert found.verdict == "left_low"


def test_even_needs_two_of_three_draws_within_ten_points() -> None:
    """133 of 200 are too few, 134 enough; 60 to 40 is within, 61 to 39 is not."""
    for near, word in ((133, Word.PERHAPS), (134, Word.EVEN)):
        left = np.r_[np.full(near, 600.0), np.full(140 - near, 900.0), np.full(60, 100.0)]
        assert low_leg(left, 1000.0 - left).word is word
    assert low_leg(np.full(200, 610.0), np.full(200, 390.0)).word is Word.VERY_LIKELY


def test_without_any_tilt_nothing_is_said() -> None:
    found = low_leg(np.zeros(200), np.zeros(200))
    assert (found.word, found.leg, found.likelier, found.verdict) == (Word.LEVEL, "", "", "unknown")
    assert found.left_share is None


def test_draws_without_tilt_count_for_no_leg() -> None:
    left = np.r_[np.full(140, 100.0), np.zeros(60)]
    found = low_leg(left, np.zeros(200))
    assert (found.word, found.p_left, found.p_right, found.p_even) == (Word.PERHAPS, 0.7, 0.0, 0.0)
    assert found.left_share is not None
    assert found.left_share.low == 1.0


def test_a_program_takes_a_leg_as_named_from_nine_in_ten() -> None:
    assert [low_leg(*of_draws(n)).verdict for n in (179, 180, 20, 21)] == [
        "unknown", "left_low", "right_low", "unknown",
    ]  # fmt: skip


@given(st.lists(st.tuples(st.floats(0, 1e5), st.floats(0, 1e5)), min_size=20, max_size=200))
def test_mirrored_draws_name_the_other_leg_with_the_same_word(metres: list[tuple[float, float]]) -> None:
    left, right = np.array(metres).T
    one, other = low_leg(left, right), low_leg(right, left)
    assert one.word is other.word
    assert {one.leg, other.leg} in ({"left", "right"}, {""})
    assert (one.p_left, one.p_right) == (other.p_right, other.p_left)


def test_kinds_of_surface_add_in_each_draw() -> None:
    left, right, none = np.full((50, 6), 70.0), np.full((50, 6), 30.0), np.zeros((50, 6))
    assert low_leg_of(Draws(left, right, none, none, none, none)) == low_leg(
        np.full(50, 420.0), np.full(50, 180.0)
    )


def test_the_words_themselves() -> None:
    assert [str(word_for(p)) for p in (0.96, 0.85, 0.7, 0.5)] == [
        "very likely", "likely", "perhaps", "could be either",
    ]  # fmt: skip
    assert low_leg(*of_draws(165)).phrase == "likely left"
    assert low_leg(*of_draws(100)).phrase == "could be either"


def test_a_chance_and_a_word_never_contradict_each_other() -> None:
    assert [chance_words(p) for p in (0.949, 0.799, 0.649)] == ["9 in 10", "3 in 4", "3 in 5"]
    for percent in range(50, 101):
        over, _, of = chance_words(percent / 100).replace("even", "1 in 2").split(" ")
        assert word_for(int(over) / int(of)) is word_for(percent / 100)


def test_chances_are_said_as_people_say_them() -> None:
    said = {p: chance_words(p) for p in (1.0, 0.95, 0.91, 0.82, 0.74, 0.66, 0.5, 0.34, 0.05)}
    assert said == {
        1.0: "99 in 100", 0.95: "19 in 20", 0.91: "9 in 10", 0.82: "4 in 5", 0.74: "3 in 4",
        0.66: "2 in 3", 0.5: "even", 0.34: "1 in 3", 0.05: "1 in 20",
    }  # fmt: skip
