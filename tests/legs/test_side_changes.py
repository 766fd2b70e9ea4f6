"""Another side than before: by hand, mirrored, and never of passes that say nothing."""

import math

import numpy as np
import pytest

from camber.legs.side_changes import P_CHANGED, constancy, evidence, grid, p_changed, routes_of

DRAWS = 50
JEFFREYS = np.array([0.0, 0.0, 1.0, 0.0, 0.0])
"""A runner of whom it is known that Beta(1/2, 1/2) holds."""


def told(before, after, constant=JEFFREYS):
    return evidence(before, after, constant)


def known(*sides):
    """Passes whose sides all draws agree on, -1 left and 1 right."""
    return np.tile(np.array(sides, dtype=np.int8), (DRAWS, 1))


def unsure(rng, count, p_left=0.5):
    return np.where(rng.random((20_000, count)) < p_left, -1, 1).astype(np.int8)


def test_each_distribution_has_its_mean_and_its_variance():
    """Beta(b, b): mean one half, variance 1 / (4 (2 b + 1))."""
    odds, weight = grid()
    left = 1.0 / (1.0 + np.exp(-odds))
    assert weight.sum(axis=1) == pytest.approx(np.ones(len(weight)))
    assert weight @ left == pytest.approx(np.full(len(weight), 0.5))
    assert weight @ (left - 0.5) ** 2 == pytest.approx([1 / 4.8, 1 / 5.6, 1 / 8, 1 / 12, 1 / 20], rel=3e-3)


def test_three_passes_on_either_side_are_weighed_as_beta_functions_have_it():
    """Same habit: B(7/2, 7/2) / B(1/2, 1/2) = 5/1024; two: (5/16)^2; so the odds are 20 to 1."""
    said = told(known(1, 1, 1), known(-1, -1, -1))
    assert said.log_odds == pytest.approx(math.log(20.0), abs=1e-3)
    assert said.to_left > 0.9
    assert said.to_right < 1e-2


def test_more_passes_say_more():
    odds = [told(known(*[1] * n), known(*[-1] * n)).log_odds for n in (1, 2, 4, 8, 800)]
    assert odds == sorted(odds)
    assert math.isfinite(odds[-1])


def test_left_and_right_mirrored_mirror_the_answer():
    before, after = known(1, 1, -1, 1), known(-1, -1, 0, -1)
    one, other = told(before, after), told(-before, -after)
    assert one.log_odds == pytest.approx(other.log_odds)
    assert (one.to_left, one.to_right) == pytest.approx((other.to_right, other.to_left))


def test_the_same_side_twice_speaks_against_a_change():
    for side in (-1, 1):
        said = [told(known(*[side] * n), known(*[side] * n)).log_odds for n in (1, 3, 9)]
        assert said == sorted(said, reverse=True)
        assert said[-1] < -0.5


def test_passes_of_which_nothing_is_known_say_nothing():
    rng = np.random.default_rng(3)
    assert told(unsure(rng, 4), unsure(rng, 4)).log_odds == pytest.approx(0.0, abs=0.05)
    neither = np.zeros((DRAWS, 3), dtype=np.int8)
    said = told(neither, neither)
    assert said.log_odds == pytest.approx(0.0)
    assert (said.to_left, said.to_right) == pytest.approx((0.25, 0.25))


def test_a_watch_that_is_always_wrong_alike_shows_a_change_all_the_same():
    """Both periods are seen on the wrong side in the same draws: which side is open, the change is not."""
    wrong = np.where(np.arange(DRAWS) % 2, -1, 1)[:, None]
    said = told(*(wrong * known(*[side] * 5) for side in (1, -1)))
    assert said.log_odds > 4.0
    assert said.to_left == pytest.approx(said.to_right)


def test_a_runner_who_keeps_to_a_side_is_known_by_it_and_then_two_passes_say_more():
    rng = np.random.default_rng(8)
    firm = [known(*[rng.choice([-1, 1])] * 4) for _ in range(20)]
    loose = [known(*rng.choice([-1, 1], 4)) for _ in range(20)]
    weights = [constancy(sides, np.full(20, 2000.0)) for sides in (firm, loose)]
    assert [int(weight.argmax()) for weight in weights] == [0, 4]
    odds = [told(known(1, 1), known(-1, -1), weight).log_odds for weight in weights]
    # B(2.1, 2.1) / B(0.1, 0.1) against its like with two: odds of 29 to 1 at most.
    assert math.log(29.4) > odds[0] > math.log(20.0) > 2.0 * odds[1]


def test_runs_over_the_same_streets_are_of_one_route():
    metres = np.array(
        [
            [500.0, 800.0, 100.0, 0.0, 0.0],
            [0.0, 0.0, 100.0, 900.0, 700.0],
            [510.0, 790.0, 0.0, 0.0, 0.0],
            [500.0, 0.0, 0.0, 0.0, 700.0],
            [0.0, 60.0, 90.0, 900.0, 690.0],
        ]
    )
    assert routes_of(metres).tolist() == [0, 1, 0, 3, 1]


def test_short_streets_of_a_route_add_up_to_what_their_length_is_worth():
    """Four times half a kilometre say as much as one street of two, along which one side is kept."""
    said = told(known(1, 1, 1), known(-1, -1, -1))
    short, long = p_changed([said] * 4, np.full(4, 500.0)), p_changed([said], np.array([2000.0]))
    assert short == pytest.approx(long)
    odds = 20.0 * P_CHANGED / (1.0 - P_CHANGED)
    assert long == pytest.approx(odds / (1.0 + odds), abs=1e-3)
    assert p_changed([said], np.array([9000.0])) == pytest.approx(long)


def test_streets_that_stayed_speak_against_those_that_changed():
    other, same = (told(known(*[1] * 6), known(*[side] * 6)) for side in (-1, 1))
    chance = [p_changed([other, *[same] * n], np.full(n + 1, 1000.0)) for n in (0, 2, 9)]
    assert chance == sorted(chance, reverse=True)
    assert chance[-1] < P_CHANGED


@pytest.mark.parametrize("p_left", [0.1, 0.9])
def test_one_habit_all_along_is_called_another_in_few_cases(p_left):
    """Eight passes each of 2 km, sides known, nine of ten on one side."""
    rng = np.random.default_rng(11)
    alarms = []
    for _ in range(300):
        said = told(*(known(*np.where(rng.random(8) < p_left, -1, 1)) for _ in range(2)))
        alarms.append(p_changed([said], np.array([2000.0])) >= 0.8)
    assert np.mean(alarms) < 0.05
