"""What a shared week holds: nothing of a zone, of a file, of a device, of a time of day."""

import json
from dataclasses import replace

import numpy as np
import pytest

from camber.errors import SettingsError
from camber.library.sharing import WITHHELD, public_period
from camber.library.spans import span_between, span_named
from camber.library.zones import add_zone
from camber.report.period_json import period_json
from camber.report.period_page import Audience, PageOptions, week_page


@pytest.fixture
def month(library):
    return library.period(span_named("2026-11"), with_stretches=True)


@pytest.fixture
def home(library):
    fixes = library.recording(int(library.runs().query("state == 'analysed'").index[0])).fixes
    return float(fixes["latitude_deg"].iloc[0]), float(fixes["longitude_deg"].iloc[0])


class Westward:
    """Draws the nearest middle, straight to the west, so that a test knows what is cut."""

    @staticmethod
    def uniform(low, high):
        return low if low > 0.0 else 0.75 * high


@pytest.fixture
def shared(library, month, home, monkeypatch):
    """A zone of 400 m whose edge lies 20 m east of home."""
    monkeypatch.setattr("camber.library.zones.secrets.SystemRandom", Westward)
    west = 380.0 / (111_195.0 * np.cos(np.radians(home[0])))
    add_zone(library, home[0], home[1] - west, 400.0)
    return public_period(library, month)


def test_it_refuses_without_a_zone_unless_told(library, month):
    with pytest.raises(SettingsError, match="camber zones add"):
        public_period(library, month)
    assert public_period(library, month, without_zone=True).total.distance_m == pytest.approx(
        month.total.distance_m
    )


def test_metres_are_those_of_what_is_shown(shared, month):
    assert shared.total.distance_m < 0.9 * month.total.distance_m
    for run in shared.runs:
        drawn = shared.stretches.loc[shared.stretches["run"] == run.run, "distance_m"].sum()
        whole = next(r for r in month.runs if r.run == run.run)
        assert run.distance_m <= whole.distance_m
        # A stretch of one fix has no line.
        assert drawn == pytest.approx(run.distance_m, abs=40.0)
        parts = (run.draws.left_low_m, run.draws.right_low_m, run.draws.level_m, run.draws.unmatched_m)
        assert sum(parts).sum(axis=1) == pytest.approx(run.distance_m, rel=1e-5)
        assert run.summary.balance == whole.summary.balance


def test_names_of_streets_with_a_hidden_part_are_withheld(shared, month):
    assert "Rantatie" in set(month.stretches["street"])
    assert "Rantatie" not in set(shared.stretches["street"])
    assert WITHHELD in set(shared.stretches["street"])


def test_nothing_tells_of_files_titles_shoes_or_times_of_day(shared, month):
    page = week_page(shared, PageOptions(audience=Audience.SHARED))
    text = json.dumps(json.loads(period_json(shared)))
    names = {run.title for run in month.runs} | {run.source for run in month.runs}
    names |= {source for source, _ in month.roads} | {"Rantatie", "Europe/Helsinki"}
    for whole in (page, text):
        for name in names:
            assert name not in whole
    starts = [run.started_at for run in month.runs]
    for whole in (page, text):
        for start in starts:
            assert f"{start:%H:%M:%S}" not in whole
    assert "start_time" not in shared.stretches
    assert all(run.started_at is None for run in shared.runs)
    assert np.isnan([week.distance_m for week in shared.weeks]).all()


def test_a_month_is_the_sum_of_its_days(library, month):
    halves = [library.period(span_between(*days)) for days in
              (("2026-11-01", "2026-11-10"), ("2026-11-11", "2026-11-30"))]  # fmt: skip
    assert sum(half.total.distance_m for half in halves) == pytest.approx(month.total.distance_m)
    draws = sum(half.draws.left_low_m for half in halves)
    assert draws == pytest.approx(month.draws.left_low_m, abs=1e-6)
    assert sum(week.runs for week in month.weeks) == len([run for run in month.runs if run.summary])


def test_a_week_as_days_is_the_week(library):
    from camber.library import week_named  # noqa: PLC0415 - beside what it is compared with

    week = library.period(week_named("2026-W47"))
    days = library.period(span_between("2026-11-16", "2026-11-22"))
    assert replace(days.total, title="") == replace(week.total, title="")
    assert days.usual == week.usual


@pytest.mark.parametrize("name", ["2026-13", "26", "soon", "2026-11-18", ""])
def test_what_is_no_month_and_no_year_is_refused(name):
    with pytest.raises(SettingsError, match="no month"):
        span_named(name)


@pytest.mark.parametrize(
    "days", [("2026-11-18", "2026-11-17"), ("x", "2026-11-17"), ("1900-01-01", "2026-01-01")]
)
def test_days_that_are_no_span_are_refused(days):
    with pytest.raises(SettingsError):
        span_between(*days)
