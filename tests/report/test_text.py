import io
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from rich.console import Console

from camber.report.story import Reader, story_of
from camber.report.text import rendered, scale_text, story_text
from camber.schema import Interval
from tests import fabricate_period

STEPS = ("camber week --details", "camber week --html page.html")


@pytest.fixture(scope="module")
def week(run):
    return fabricate_period.week(run)


def printed(period, width=80, **how):
    return rendered(story_text(story_of(period), STEPS, **how), width)


def test_a_week_of_daily_runs_fits_a_screen_and_ends_in_what_to_do_next(week):
    run = week.runs[0]
    days = [replace(run, run=n + 1, day=week.starts_on + timedelta(days=n)) for n in range(7)]
    for runs in (week.runs, tuple(days), tuple(days) * 3):
        lines = printed(replace(week, runs=runs)).splitlines()
        assert len(lines) <= 25
        assert lines[-2] == f"Next: {STEPS[0]} · {STEPS[1]}"
        assert lines[-1].endswith("© OpenStreetMap contributors")
    assert "and 14 runs before" in printed(replace(week, runs=tuple(days) * 3))


def test_the_answer_is_among_the_first_lines(week):
    story = story_of(week)
    first = " ".join(" ".join(printed(week).splitlines()[:8]).split())
    for part in (story.eyebrow, story.scale, story.headline, story.why):
        assert part in first


def test_one_run_is_told_in_twelve_lines(single):
    lines = rendered(story_text(story_of(single), STEPS), 100).splitlines()
    assert len(lines) <= 12
    assert lines[0] == f"Morning run · {story_of(single).eyebrow}"


def test_details_hold_everything_that_stands_behind(week):
    text = printed(week, 100, details=True)
    story = story_of(week)
    for section in story.details:
        assert section.title in text
    for needed in ("sidewalk (usually falls the other way)", "How sure, and why", "not medical advice",
                   "Safety first", "fabricated.osm, data of 2026-11-01", "`camber standards`"):  # fmt: skip
        assert needed in text
    short = printed(week, 100)
    assert "How sure, and why" not in short
    assert "not medical advice" in short


def test_every_row_carries_its_own_numbers(week):
    row = re.search(r"left leg low +(\S+) km +(\S+) to (\S+) km", printed(week, 100, details=True))
    interval = week.total.left_low_m
    expected = [interval.median, interval.low, interval.high]
    assert [float(value) for value in row.groups()] == pytest.approx([m / 1000 for m in expected], abs=0.05)


def test_the_scale_is_full_to_the_median_and_pale_to_the_ends_of_the_range():
    bar = scale_text(Interval(0.25, 0.75, 1.0), "75 % left (25 to 100)").plain
    left, right = bar.removeprefix("LEFT  ").split("│")
    assert left == "░" * 7 + "█" * 7
    assert right.startswith("░" * 7 + "·" * 7 + "  RIGHT")
    turned = scale_text(Interval(0.0, 0.25, 0.75), "").plain.removeprefix("LEFT  ").split("│")
    assert turned[1].startswith("█" * 7 + "░" * 7)
    assert turned[0] == "·" * 7 + "░" * 7


def test_a_surely_left_bar_has_nothing_on_the_right():
    left, right = scale_text(Interval(0.6, 0.7, 0.8), "").plain.split("│")
    assert "█" in left
    assert not set(right) & set("█░")


def test_months_and_years_show_weeks(week):
    month = replace(week, kind="month", title="2026-11")
    assert "Mon 16 Nov" in printed(month)
    text = printed(replace(month, runs=week.runs * 3))
    assert text.startswith("November 2026 · ")
    assert "Week 47" in text
    assert "Mon 16 Nov" not in text


@pytest.mark.parametrize("make", [fabricate_period.without_runs, fabricate_period.not_analysed])
def test_without_a_result_there_is_no_scale(week, make):
    text = printed(make(week))
    assert "RIGHT" not in text
    assert story_of(make(week)).headline in text


def test_others_see_no_names_of_runs(week):
    for reader in (Reader.SHARED, Reader.COACH):
        text = rendered(story_text(story_of(week, reader), details=True), 100)
        assert "Morning run" not in text
        assert "Come back" not in text


@pytest.mark.parametrize("width", [60, 80, 200])
def test_no_line_is_wider_than_the_terminal(week, width):
    assert max(len(line) for line in printed(week, width, details=True).splitlines()) <= width


def test_colours_only_where_there_is_a_terminal(week):
    plain, coloured = io.StringIO(), io.StringIO()
    Console(file=plain).print(story_text(story_of(week)))
    assert "\x1b" not in plain.getvalue()
    Console(file=coloured, force_terminal=True, color_system="256").print(story_text(story_of(week)))
    assert "\x1b[" in coloured.getvalue()


def test_equal_problems_are_counted_together(both):
    text = rendered(story_text(story_of(both), details=True), 100)
    assert text.count("no accuracy recorded (110)") == 1
