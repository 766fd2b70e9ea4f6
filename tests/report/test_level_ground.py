"""Level ground as a suggestion, wherever a suggestion is shown: terminal, page and JSON."""

import email
import email.policy
import json
from dataclasses import replace

import jsonschema
import pytest

from camber.library.loose_runs import period_of_analyses
from camber.report import story_json, story_of, story_schema, story_text
from camber.report.mail import story_mail
from camber.report.page import story_page
from camber.report.plan import plan_text, plans_json
from camber.report.text import rendered
from camber.schema import Interval, RoutePlan, Suggestions
from tests import fabricate_period
from tests.suggestions.test_level_ground import offered, place


@pytest.fixture(scope="module")
def found():
    return offered(place(deep_m=100.0))


@pytest.fixture(scope="module")
def report(run, found):
    return period_of_analyses([replace(run, suggestions=found)])


def words_of(text):
    return " ".join(text.split())


def planned(found):
    return RoutePlan(found, (), dark=False, is_lawful=True)


def test_the_terminal_tells_of_it(found, report):
    (item,) = found.items
    shown = [
        rendered(story_text(story_of(report), details=True), 100),
        rendered(plan_text("Run", planned(found), "km", details=True), 100),
    ]
    for text in map(words_of, shown):
        assert "0.2" in text
        assert "longer" in text
        assert "Park Walk" in text
        assert item.cues[0].text in text
        for reason in item.against:
            assert reason in text


def test_a_week_says_where_what_it_does_to_each_leg_and_where_to_turn_or_cross(found, run):
    period = fabricate_period.week(run)
    period = replace(period, runs=tuple(replace(one, suggestions=found) for one in period.runs))
    item = found.items[0]
    message = email.message_from_bytes(story_mail(story_of(period)), policy=email.policy.default)
    shown = [
        rendered(story_text(story_of(period), details=True), 100),
        story_page(story_of(period)),
        message.get_body(("plain",)).get_content(),
        message.get_body(("html",)).get_content(),
    ]
    for text in map(words_of, shown):
        assert item.where[0] in text
        assert item.cues[0].text in text


def test_suggestions_of_a_week_are_ordered_by_what_they_are_judged_by(found, run):
    # Of a side that is not known the median is even before and after; what is expected of it is not.
    even = Interval(-1.0, 0.0, 1.0)
    items = [
        replace(found.items[0], balance_before=even, balance_after=even, gain=gain)
        for gain in (0.1, 0.8, 0.4)
    ]
    period = fabricate_period.week(run)
    runs = tuple(
        replace(one, suggestions=replace(found, items=(item,)))
        for one, item in zip(period.runs, items, strict=True)
    )
    assert [item.run for item in story_of(replace(period, runs=runs)).tries] == [2, 3, 1]


def test_a_week_without_a_change_is_not_called_a_fine_choice(run):
    # That nothing was found says nothing of runs of which it is not known which leg was low.
    period = fabricate_period.week(run)
    nothing = Suggestions("other", "", (), "Not known.", answer="not_known")
    period = replace(period, runs=tuple(replace(one, suggestions=nothing) for one in period.runs))
    page = story_page(story_of(period))
    assert story_of(period).instead in page
    assert "fine choice" not in page


def test_miles_are_miles(found):
    text = words_of(rendered(plan_text("Run", planned(found), "mi"), 100))
    assert "0.1 mi longer" in text


def test_the_json_follows_its_schema_and_holds_the_way_round(found, report):
    document = json.loads(story_json(story_of(report)))
    assert list(jsonschema.Draft202012Validator(story_schema()).iter_errors(document)) == []
    (item,) = document["runs"][0]["suggestions"]["items"]
    assert item["kind"] == "level_surface"
    assert document["runs"][0]["suggestions"]["answer"] == "change"
    assert document["runs"][0]["suggestions"]["p_even"] == pytest.approx(found.p_even, abs=1e-6)
    for name in ("p_even_before", "gain"):
        assert item[name] == pytest.approx(getattr(found.items[0], name), abs=1e-6)
    assert item["detour_m"] == pytest.approx(found.items[0].detour_m, abs=0.001)
    (detour,) = item["detours"]
    assert detour["length_m"] == 1000.0
    assert detour["way_ids"] == [8]
    assert len(detour["longitude_deg"]) == len(detour["latitude_deg"]) == 4


def test_what_version_1_1_added_may_be_missing(single):
    document = json.loads(story_json(story_of(single)))
    for run in document["runs"]:
        for name in ("answer", "p_even"):
            run["suggestions"].pop(name)
        for item in run["suggestions"]["items"]:
            for name in ("detours", "detour_m", "p_even_before", "gain"):
                item.pop(name)
    assert list(jsonschema.Draft202012Validator(story_schema()).iter_errors(document)) == []


def test_a_plan_as_json_is_plain_values(found):
    document = json.loads(plans_json([("Run", planned(found))]))
    assert jsonschema.Draft202012Validator(story_schema()).is_valid(document)
    (plan,) = document["plans"]
    assert plan["suggestions"]["items"][0]["detours"][0]["names"] == ["Park Walk"]
