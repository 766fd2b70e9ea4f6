"""An own target: even is where it is met, and what is planned comes nearer to it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import camber
from camber.pipeline import trip_on
from camber.simulate.season import Season, simulate_season
from camber.suggestions import EVEN, Effect, target_words
from camber.suggestions.trip import weighed

ROOT = Path(__file__).parents[2]


def effect(left, right, target=EVEN):
    return Effect(np.full(5, float(left)), np.full(5, float(right)), target)


@pytest.mark.parametrize(("left", "target"), [(0.5, 0.5), (0.6, 0.6), (0.3, 0.3), (0.9, 0.9)])
def test_what_meets_the_target_is_even(left, target):
    met = effect(1000.0 * left, 1000.0 * (1.0 - left), target)
    assert met.uneven_m() == pytest.approx(0.0, abs=1e-9)
    assert met.p_even(1e-9) == 1.0
    away = effect(1000.0 * (left - 0.1), 1000.0 * (1.1 - left), target)
    assert away.uneven_m() > 0.0
    assert away.p_even(0.0) == 0.0


def test_left_and_right_mirrored_with_the_target_are_the_same():
    one, other = effect(700.0, 300.0, 0.6), effect(300.0, 700.0, 0.4)
    for name in ("uneven_m", "unevenness", "most_m"):
        assert getattr(one, name)() == pytest.approx(getattr(other, name)())


def test_without_a_target_nothing_is_weighed():
    left, right = weighed(np.array([3.0, 1.0 / 3.0]), np.array([5.0, 0.1]), EVEN)
    assert left.tolist() == [3.0, 1.0 / 3.0]
    assert right.tolist() == [5.0, 0.1]


def test_a_sum_keeps_the_target_of_the_part_that_has_one():
    for whole in (effect(1, 2, 0.7) + effect(3, 4), effect(1, 2) + effect(3, 4, 0.7)):
        assert whole.target_left == 0.7
    assert effect(1, 2, 0.7).times(2.0).target_left == 0.7


def test_a_target_is_written_as_it_is_set():
    assert [target_words(share) for share in (0.6, 0.4, 0.5)] == ["60 % left", "60 % right", "50 % left"]


@pytest.fixture(scope="module")
def analysis():
    roads = camber.read_roads(ROOT / "data" / "kouvola.osm.pbf")
    recording = simulate_season(roads, Season(weeks=1))[0].recording
    return camber.analyse(recording, roads, with_suggestions=False)


def test_the_most_even_plan_is_the_one_nearest_to_the_target(analysis):
    """Who faces traffic here has the left leg low: a target on the left leaves it there."""
    shares, away = {}, {}
    for target in (0.2, 0.5, 0.8):
        limits = replace(analysis.settings.suggestion, target_left=target)
        trip = trip_on(
            analysis.recording,
            analysis.roads,
            analysis.lateral,
            analysis.exposure,
            analysis.slope_histories,
            analysis.settings,
            limits=limits,
        )
        assert trip.history.target_left == target
        best = trip.plans.front[0].state
        away[target] = abs(trip.plans.front[0].signed_m)
        left, right = trip.route.option_m()
        rows = np.arange(len(best))
        left_m, right_m = (legs[:, rows, best].mean(axis=0).sum() for legs in (left, right))
        shares[target] = left_m / (left_m + right_m)
    assert shares[0.2] <= shares[0.5] <= shares[0.8]
    # About four of five tilted metres are the left leg's here, whatever is allowed: a target there is met.
    assert away[0.8] < 0.5 * away[0.5] < 0.5 * away[0.2]
