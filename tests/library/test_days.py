"""Weeks, months and years as calendars have them."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camber.errors import SettingsError
from camber.library.days import Week, span_between, span_named, week_named, week_of

DAYS = st.dates(date(1990, 1, 8), date(2100, 12, 20))


@pytest.mark.parametrize(
    ("day", "title"),
    [
        (date(2026, 11, 18), "2026-W47"),
        (date(2021, 1, 3), "2020-W53"),  # a Sunday in January that belongs to the year before
        (date(2024, 12, 30), "2025-W01"),  # a Monday in December that belongs to the year after
        (date(2026, 12, 31), "2026-W53"),
    ],
)
def test_iso_weeks_by_hand(day, title):
    assert week_of(day).title == title
    assert week_named(title) == week_of(day)


@given(DAYS, st.sampled_from(["monday", "sunday"]))
def test_a_week_holds_its_day_and_starts_when_it_should(day, week_start):
    week = week_of(day, week_start)
    assert week.starts_on <= day <= week.ends_on
    assert week.starts_on.strftime("%A").lower() == week_start
    assert week.ends_on - week.starts_on == timedelta(days=6)
    assert week.before(1).ends_on == week.starts_on - timedelta(days=1)
    assert week_named(day.isoformat(), week_start) == week


@given(DAYS)
def test_a_name_leads_back_to_its_week(day):
    assert week_named(week_of(day).title) == week_of(day)


def test_a_week_from_sunday_holds_the_monday_of_its_number():
    week = week_named("2026-W47", "sunday")
    assert (week.starts_on, week.title) == (date(2026, 11, 15), "Week of Sunday 2026-11-15")


@pytest.mark.parametrize(
    "name", ["", "next", "2026-W54", "2025-W53", "2026-13-01", "60", "20261-W02", "31.2.2026", "-"]
)
def test_what_is_no_week_is_refused(name):
    with pytest.raises(SettingsError, match="is not a week"):
        week_named(name)


@pytest.mark.parametrize(
    ("name", "monday"),
    [
        *(("last", date(2026, 11, 16)), ("-1", date(2026, 11, 9)), ("-52", date(2025, 11, 17))),
        *(("47", date(2026, 11, 16)), ("W46", date(2026, 11, 9)), ("48", date(2025, 11, 24))),
        *(("53", date(2020, 12, 28)), ("18.11.2026", date(2026, 11, 16)), ("1", date(2025, 12, 29))),
    ],
)
def test_weeks_are_named_as_people_do(name, monday):
    assert week_named(name, "monday", Week(date(2026, 11, 16))).starts_on == monday


@pytest.mark.parametrize(
    ("name", "kind", "first"),
    [
        *(("last", "month", date(2026, 1, 1)), ("-1", "month", date(2025, 12, 1))),
        *(
            ("-25", "month", date(2023, 12, 1)),
            ("2", "month", date(2025, 2, 1)),
            ("1", "month", date(2026, 1, 1)),
        ),
        *(("last", "year", date(2026, 1, 1)), ("-1", "year", date(2025, 1, 1))),
    ],
)
def test_months_and_years_are_named_as_people_do(name, kind, first):
    found = span_named(name, kind, date(2026, 1, 31))
    assert (found.starts_on, found.kind) == (first, kind)


@pytest.mark.parametrize("name", ["2026-13", "26", "soon", "2026-11-18", ""])
def test_what_is_no_month_and_no_year_is_refused(name):
    with pytest.raises(SettingsError, match="not a month"):
        span_named(name)


@pytest.mark.parametrize(
    "days", [("2026-11-18", "2026-11-17"), ("x", "2026-11-17"), ("1900-01-01", "2026-01-01")]
)
def test_days_that_are_no_span_are_refused(days):
    with pytest.raises(SettingsError):
        span_between(*days)
