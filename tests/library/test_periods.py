"""What days amount to: a month is the sum of its days, and a week is the same by any name."""

from dataclasses import replace

import pytest

from camber.library.days import span_between, span_named, week_named


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
