"""What days amount to: a month is the sum of its days, and a week is the same by any name."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from camber.conventions import LATERAL_STATES, SURFACE_KINDS
from camber.library.days import span_between, span_named, week_named
from camber.library.periods import usual_range
from camber.schema import Draws, PeriodTotal, balance_of

MONDAY = date(2026, 11, 16)


def test_a_month_is_the_sum_of_its_days(library):
    month = library.period(span_named("2026-11"), with_stretches=True)
    halves = [library.period(span_between(*days)) for days in
              (("2026-11-01", "2026-11-10"), ("2026-11-11", "2026-11-30"))]  # fmt: skip
    assert sum(half.total.distance_m for half in halves) == pytest.approx(month.total.distance_m)
    draws = sum(half.draws.left_low_m for half in halves)
    assert draws == pytest.approx(month.draws.left_low_m, abs=1e-6)
    assert sum(week.runs for week in month.weeks) == len([run for run in month.runs if run.summary])


def test_a_week_as_days_is_the_week(library):
    week = library.period(week_named("2026-W47"))
    days = library.period(span_between("2026-11-16", "2026-11-22"))
    assert replace(days.total, title="") == replace(week.total, title="")
    assert days.usual == week.usual


def weekly(shares, on_roads_m=12_000.0):
    """A week of 10 tilted kilometres in which the left leg has these shares, draw by draw."""
    left = np.zeros((len(shares), len(SURFACE_KINDS)))
    left[:, 0] = 10_000.0 * np.asarray(shares)
    right, none = np.zeros_like(left), np.zeros_like(left)
    right[:, 0] = 10_000.0 - left[:, 0]
    balance = balance_of(right[:, 0], left[:, 0])
    total = PeriodTotal("", MONDAY, MONDAY, 3, 12_000.0, on_roads_m, None, None, balance, balance, balance)
    return total, Draws(left, right, none, none, none, none)


def test_what_weeks_share_cancels_when_one_is_held_against_the_others():
    """All weeks are unsure by 15 points, and alike; what a week has beyond the others is known."""
    shared = np.random.default_rng(5).normal(0.5, 0.15, 200).clip(0.05, 0.75)
    before = [weekly(shared + step) for step in (0.0, 0.01, -0.01, 0.02)]
    alike, more = usual_range([*before, weekly(shared)]), usual_range([*before, weekly(shared + 0.2)])
    assert (alike.p_more_left, alike.p_more_right) == (0.0, 0.0)
    assert (more.p_more_left, more.p_more_right) == (1.0, 0.0)
    less = usual_range([*before, weekly(shared - 0.04)])
    assert less.p_more_right == 0.0, "four points are no news"
    assert alike.left_share.median == pytest.approx(np.median(shared), abs=0.01)


def test_weeks_that_share_nothing_differ_only_as_far_as_is_known():
    rng = np.random.default_rng(6)
    before = [weekly(rng.normal(0.5, 0.15, 200).clip(0.0, 1.0)) for _ in range(4)]
    found = usual_range([*before, weekly(rng.normal(0.55, 0.15, 200).clip(0.0, 1.0))])
    assert found.p_more_left + found.p_more_right < 0.65


def test_nothing_is_usual_of_three_weeks_and_too_little_is_not_compared():
    week = weekly(np.full(200, 0.6))
    assert usual_range([week] * 4) is None
    assert usual_range([week] * 5).p_more_left == 0.0
    little = usual_range([*[week] * 4, weekly(np.full(200, 0.9), on_roads_m=3000.0)])
    assert (little.p_more_left, little.p_more_right, little.closer_to_even) == (None, None, None)
    assert usual_range([*[weekly(np.full(200, 0.6), 3000.0)] * 8, week]) is None


def test_a_period_knows_which_side_was_kept(library):
    week = library.period(week_named("2026-W47"))
    assert [side.state for side in week.sides] == list(LATERAL_STATES)
    on_ways = sum(side.distance_m for side in week.sides)
    assert on_ways == pytest.approx(week.total.distance_m - week.total.unmatched_m.median, rel=0.02)
    for side in week.sides:
        assert side.known_m >= 0.0
        assert min(side.left_low_m, side.right_low_m) >= 0.0


def test_a_run_alone_is_told_as_in_its_week(library):
    week = library.period(week_named("2026-W47"))
    run = next(run for run in week.runs if run.summary)
    alone = library.run_period(run.run)
    assert (alone.kind, alone.title, alone.weeks) == ("run", run.title, ())
    assert alone.total.left_low_m.median == pytest.approx(run.summary.left_low_m.median, rel=1e-5)
    assert {street.total.name for street in alone.streets} <= {street.total.name for street in week.streets}
    reasons = {item.reason: item.distance_m for item in week.not_judged}
    assert all(item.distance_m <= reasons[item.reason] + 0.01 for item in alone.not_judged)
