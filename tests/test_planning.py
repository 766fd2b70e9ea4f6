"""What to try after some days: one history for every command, another route, and the order of routes."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from camber.errors import MissingTilesError
from camber.planning import Planner, _conclusion, gain_of_swap, suggested, usual_routes, with_advice
from camber.schema import Draws, NextBest, Suggestions
from camber.suggestions import Effect
from tests import fabricate_period
from tests.fabricate import analysis
from tests.fabricate_period import run_result

DAY = date(2026, 11, 20)
DRAWS = 40


def effect(left_m, right_m, draws=DRAWS):
    return Effect(np.full(draws, float(left_m)), np.full(draws, float(right_m)))


def drawn(left_m, right_m, draws=DRAWS):
    columns = {name: np.zeros((draws, 6)) for name in Draws.__dataclass_fields__}
    columns["left_low_m"][:, 0], columns["right_low_m"][:, 0] = left_m, right_m
    return Draws(**columns)


def ran_on(number, day, left_m, right_m, *streets):
    result = run_result(analysis(streets=streets or ("A", "B", "C")), number, day)
    return replace(result, draws=drawn(left_m, right_m), suggestions=None)


class Shelf:
    """As much of a library as a planner asks for."""

    def __init__(self, *runs):
        self.runs = runs

    def last_analysed_day(self):
        return max((run.day for run in self.runs), default=None)

    def results(self, first, last):
        return tuple(run for run in self.runs if first <= run.day <= last)

    def recording(self, _run):
        raise MissingTilesError("no map", path="roads", tiles=())


def planner_of(*runs):
    return Planner(Shelf(*runs), lambda *_: None, draws=DRAWS)


def test_a_run_of_the_last_four_weeks_stands_beside_all_of_them_and_an_older_one_beside_its_own():
    days = [DAY - timedelta(days=back) for back in (0, 3, 27, 28, 60, 70)]
    runs = [ran_on(number, day, 100.0, 0.0) for number, day in enumerate(days, 1)]
    planner = planner_of(*runs)
    for day in (None, DAY, DAY - timedelta(days=27)):
        assert [run.run for run in planner.weeks_beside(day)] == [1, 2, 3]
    assert [run.run for run in planner.weeks_beside(days[4])] == [5, 6]
    assert planner.history(DAY, 1).left_m[0] == 200.0
    assert planner.history(days[5], 6) is None


def test_results_with_another_number_of_draws_do_not_count():
    other = replace(ran_on(2, DAY, 0.0, 0.0), draws=drawn(5.0, 5.0, draws=20))
    assert [run.run for run in planner_of(ran_on(1, DAY, 1.0, 0.0), other).weeks_beside(None)] == [1]


@pytest.mark.parametrize(
    ("before", "after", "rest", "gain"),
    [
        # All left against all right, after weeks on the left: all of it, and as much again.
        ((1000, 0), (0, 1000), (9000, 0), 2.0),
        ((1000, 0), (500, 500), (9000, 0), 1.0),
        # On its own the other leg instead is no gain, and tilted metres for both are none either.
        ((1000, 0), (0, 1000), (0, 0), 0.0),
        ((1000, 0), (1000, 900), (9000, 0), 0.0),
        ((1000, 0), (0, 1000), (0, 9000), 0.0),
        # A shorter route that is no more even takes nothing off.
        ((1000, 0), (700, 0), (9000, 0), 0.0),
        ((800, 200), (400, 100), (9000, 0), 0.0),
    ],
)
def test_another_route_is_worth_what_it_takes_off_the_difference(before, after, rest, gain):
    assert gain_of_swap(effect(*before), effect(*after), effect(*rest)) == pytest.approx(gain)


def test_routes_are_those_that_share_few_streets_and_the_latest_run_stands_for_each():
    first, again = (ran_on(number, DAY + timedelta(days=number), 1.0, 0.0) for number in (1, 2))
    other = ran_on(3, DAY, 1.0, 0.0, "D", "E", "F")
    assert [run.run for run in usual_routes((first, again, other))] == [2, 3]


def test_without_a_map_a_run_is_given_back_as_it_is_and_a_week_says_so():
    run = ran_on(1, DAY, 1000.0, 0.0)
    assert suggested(planner_of(run), run) is run
    period = replace(fabricate_period.week(analysis()), ends_on=DAY)
    assert "needs the map of your runs" in with_advice(planner_of(run), period).advice.conclusion


def test_where_nothing_is_worth_it_the_route_that_comes_closest_is_named():
    near = NextBest("other_side", "Closest: change sides.", ("A",), 500.0, 0.05)
    found = Suggestions("loop", "", (), "Stay as you are.", answer="no_safe_change", next_best=(near,))
    best = replace(ran_on(1, date(2026, 11, 21), 1.0, 0.0), title="Lunch run", suggestions=found)
    other = replace(best, run=2, suggestions=replace(found, next_best=()))
    assert _conclusion([best, other]) == (
        "None of your usual routes has a side that is both safe and more even. Closest: Saturday's Lunch run."
    )
    assert _conclusion([best]) == "Stay as you are."
