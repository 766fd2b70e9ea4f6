import io
import re
from dataclasses import replace

import pytest
from rich.console import Console

from camber.report import Report, text_report
from camber.report.text import bar_text, rendered
from camber.schema import Interval


def printed(report, width=100):
    return rendered(text_report(report), width)


def test_it_says_what_a_runner_asks_first(single):
    text = printed(single)
    for needed in (
        "Morning run",
        "Tue 2026-11-17 07:12 · 1.98 km · 11 min",
        "left leg low",
        "right leg low",
        "tilted, leg not known",
        "not on a mapped way",
        "Facing traffic on 82 %",
        "Rantatie",
        "sidewalk (usually falls the other way)",
        "seen in the recording",
        "assumed from traffic side, law and tags",
        "Come back on the same physical side of Rantatie.",
        "additional crossings: 0",
        "How sure, and why",
        "Road Traffic Act 729/2018",
        "not medical advice",
        "Safety first",
        "© OpenStreetMap contributors",
        "fabricated.osm, data of 2026-11-01",
    ):
        assert needed in text, needed


def test_every_row_carries_its_own_numbers(single, run):
    text = printed(single)
    row = re.search(r"left leg low +(\S+) km +(\S+) to (\S+) km +(\S+) km", text)
    interval = run.summary.left_low_m
    expected = [interval.median, interval.low, interval.high, run.summary.verdict_m["left_low"]]
    assert [float(value) for value in row.groups()] == pytest.approx([m / 1000 for m in expected], abs=0.005)


def test_several_runs_are_shown_singly_and_in_total(week):
    text = printed(week)
    first, second, total = (text.index(t) for t in ("Morning run", "Tuesday, with", "Week 2026-W47"))
    assert first < second < total
    assert text.startswith("Made up for a test.")
    assert "2 runs · 3.96 km" in text
    assert text.count("by surface") == 1  # the tables stand once, under the total


def test_miles_are_miles(run):
    text = printed(Report((run,), run.summary, units="mi"))
    assert "1.23 mi" in text  # 1980 m / 1609.344
    assert not re.search(r"\d km", text)


def test_left_is_on_the_left_of_the_bar(run):
    bar = bar_text(run.summary).plain
    left, right = bar.split("┃")
    assert left.startswith("LEFT")
    assert right.endswith("RIGHT leg low")
    summary = replace(run.summary, right_low_m=Interval(0.0, 0.0, 0.0))
    left, right = bar_text(summary).plain.split("┃")
    assert "█" in left
    assert not set(right) & set("█▓░")


def test_the_bar_ends_where_the_interval_does(run):
    summary = replace(
        run.summary,
        distance_m=2400.0,
        left_low_m=Interval(300.0, 600.0, 1200.0),
        right_low_m=Interval(0.0, 0.0, 2400.0),
    )
    left, right = bar_text(summary).plain.removeprefix("LEFT leg low ").split("┃")
    assert left.strip() == "░" * 6 + "▓" * 3 + "█" * 3  # 24 columns are 2400 m
    assert right.startswith("░" * 24)


def test_a_run_without_anything_has_a_report(run):
    nothing = Interval(0.0, 0.0, 0.0)
    summary = replace(
        run.summary,
        distance_m=0.0,
        left_low_m=nothing,
        right_low_m=nothing,
        level_m=nothing,
        balance=None,
        facing_traffic=None,
        streets=(),
        problems=(),
        assumptions=(),
        side_basis_m={},
        verdict_m={},
    )
    text = printed(Report((replace(run, summary=summary),), summary))
    assert "not defined" in text
    assert "Facing traffic on" not in text


@pytest.mark.parametrize("width", [60, 80, 200])
def test_no_line_is_wider_than_the_terminal(week, width):
    assert max(len(line) for line in printed(week, width).splitlines()) <= width


def test_colours_only_where_there_is_a_terminal(single):
    plain = io.StringIO()
    Console(file=plain).print(text_report(single))
    assert "\x1b" not in plain.getvalue()
    coloured = io.StringIO()
    Console(file=coloured, force_terminal=True, color_system="256").print(text_report(single))
    assert "\x1b[" in coloured.getvalue()


def test_equal_problems_are_counted_together(week):
    assert printed(week).count("no accuracy recorded (110)") == 1
