"""One JSON document for whatever camber tells of: it follows its schema, and the texts hold its numbers."""

import json
import math
import re
from dataclasses import replace
from datetime import timedelta

import jsonschema
import pytest

from camber.conventions import ENOUGH_TO_COMPARE_M
from camber.report.json_document import rows_json, story_json, story_schema, weeks_json
from camber.report.story import Reader, story_of
from camber.report.text import rendered, story_text
from camber.report.wording import METRES_PER_UNIT
from camber.schema import Interval, chance_words, low_leg_of
from tests import fabricate_period


@pytest.fixture(scope="module")
def week(run):
    return fabricate_period.week(run)


@pytest.fixture(scope="module")
def validator():
    schema = story_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def document(period, reader=Reader.RUNNER, units="km"):
    return json.loads(story_json(story_of(period, reader, units=units)))


def numbers(value):
    """All numbers of a document."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [number for inner in value for number in numbers(inner)]
    return [float(value)] if isinstance(value, (int, float)) and not isinstance(value, bool) else []


def test_every_story_follows_the_schema(week, single, both, validator):
    run = week.runs[0]
    sixty = replace(
        week, runs=tuple(replace(run, run=n, day=week.starts_on + timedelta(n % 7)) for n in range(60))
    )
    periods = [week, single, both, sixty, replace(week, usual=None),
               fabricate_period.without_runs(week), fabricate_period.not_analysed(week)]  # fmt: skip
    for period in periods:
        for reader in Reader:
            assert [error.message for error in validator.iter_errors(document(period, reader))] == []


def test_lists_follow_it_too(week, validator):
    assert validator.is_valid(json.loads(weeks_json(week.weeks)))
    assert validator.is_valid(json.loads(rows_json("runs", [{"run": 1, "day": None}])))
    assert not validator.is_valid({"document": "runs", "runs": []})


def test_the_schema_refuses_what_it_should(week, validator):
    good = document(week)
    answer = good["answer"]
    for change in (
        {"schema_version": "1.1"},
        {"surprise": 1},
        {"answer": answer | {"word": "surely"}},
        {"answer": answer | {"p_left": 1.5}},
        {"answer": answer | {"leg": "both"}},
        {"total": good["total"] | {"coverage": 1.5}},
        {"total": good["total"] | {"left_low_m": {"low": 1.0, "median": 2.0}}},
        {"total": good["total"] | {"balance": {"low": -2.0, "median": 0.0, "high": 0.0}}},
        {"runs": [good["runs"][0] | {"surprise": 1}]},
        {"streets": [good["streets"][0] | {"slope_basis": "guessed"}]},
    ):
        assert not validator.is_valid(good | change), change


def test_bases_are_what_statements_may_rest_on(validator):
    assert set(story_schema()["$defs"]["basis"]["enum"]) >= {"seen", "told", "measured", "mapped", "assumed"}
    del validator


def test_the_probabilities_behind_each_word_and_the_verdict_are_in_it(week):
    found = document(week)
    low = low_leg_of(week.draws)
    assert found["answer"]["word"] == low.word
    assert found["answer"]["p_left"] == pytest.approx(low.p_left, abs=1e-6)
    assert found["answer"]["verdict"] == ("left_low" if low.p_left >= 0.9 else "unknown")
    for run, known in zip(found["runs"], week.runs, strict=True):
        assert run["answer"]["p_right"] == pytest.approx(low_leg_of(known.draws).p_right, abs=1e-6)


@pytest.mark.parametrize("units", ["km", "mi"])
def test_every_number_in_the_text_is_one_of_the_document(week, units):
    """Every percent is a share of it, every distance a length of it, every count a count of it."""
    story = story_of(week, units=units)
    found = json.loads(story_json(story))
    known = numbers({name: value for name, value in found.items() if name != "story"})
    known += numbers([[item["left_before"], item["left_after"]] for item in found["story"]["tries"]])
    spans = [week.total.distance_m, sum(run.distance_m for run in week.runs)]
    spans += [sum(side.distance_m for side in week.sides), ENOUGH_TO_COMPARE_M]
    lengths = {f"{value / METRES_PER_UNIT[units]:.1f}" for value in [*known, *spans]}
    lengths |= {length.removesuffix(".0") for length in lengths}
    shares = {str(round(100.0 * value)) for value in known if 0.0 <= value <= 1.0}
    shares |= {str(100 - int(share)) for share in shares}
    sides = week.total.side_basis_m.values()
    shares |= {str(round(100.0 * metres / week.total.distance_m)) for metres in sides}
    slopes = [item for item in found["total"]["assumptions"] if item["table"].startswith("cross_slope")]
    guessed = sum(item["distance_m"] for item in slopes if item["confidence"] == "low")
    shares.add(str(round(100.0 * guessed / sum(item["distance_m"] for item in slopes))))
    for low in (story.low, *(line.low for line in story.runs)):
        assert low is None or chance_words(low.probability)
    text = rendered(story_text(story, details=True), 4000).partition("Assumptions")[0]
    for number, unit in re.findall(r"([\d.]+)(?: to [\d.]+)? (%|km\b|mi\b)", text):
        if "100" in number or number == "90":
            continue  # the level of the ranges
        assert number in (shares if unit == "%" else lengths), (number, unit)


def test_metres_sum_to_the_distance(both):
    found = document(both)
    for one in (found["total"], *(run["summary"] for run in found["runs"])):
        assert sum(one["verdict_m"].values()) == pytest.approx(one["distance_m"], abs=0.01)
        assert sum(item["distance_m"] for item in one["surfaces"]) == pytest.approx(one["distance_m"])


def test_left_and_right_are_not_swapped(single):
    found = document(single)
    edge = next(item for item in found["total"]["surfaces"] if item["surface_kind"] == "road_edge")
    walk = next(item for item in found["total"]["surfaces"] if item["surface_kind"] == "sidewalk")
    assert edge["left_low_m"] > edge["right_low_m"]  # the left edge of a crowned road
    assert walk["right_low_m"] > walk["left_low_m"]  # the sidewalk left of it falls the other way
    assert found["total"]["balance"]["median"] < 0.0
    assert found["answer"]["p_left"] > found["answer"]["p_right"]
    assert found["answer"]["left_share"]["median"] > 0.5


def test_what_is_not_defined_is_null(single):
    total = replace(single.total, balance=None, tilt_balance=None, facing_traffic=None, started_at=None)
    found = document(replace(single, total=total, starts_on=None, ends_on=None))
    for name in ("balance", "tilt_balance", "facing_traffic", "started_at"):
        assert found["total"][name] is None
    assert found["starts_on"] is None


def test_there_is_no_nan(week):
    broken = replace(week.total, left_low_m=Interval(math.nan, 0.0, 0.0))
    found = document(replace(week, total=broken))
    assert found["total"]["left_low_m"]["low"] is None
    assert all(math.isfinite(number) for number in numbers(found))


def test_no_zero_has_a_sign(week):
    broken = replace(week.total, balance=Interval(-0.0, -0.0, 0.0))
    assert "-0.0" not in story_json(story_of(replace(week, total=broken)))


def test_the_same_period_gives_the_same_bytes(fabricate):
    texts = {story_json(story_of(fabricate_period.week(fabricate.analysis()))) for _ in range(2)}
    assert len(texts) == 1


def test_readers_get_what_is_for_them(week):
    own, shared, coach = (document(week, reader) for reader in Reader)
    assert own["runs"][0]["title"]
    for other in (shared, coach):
        assert "Morning run" not in json.dumps(other)
        assert "1.gpx" not in json.dumps(other)
        assert all(run["suggestions"] is None for run in other["runs"])
    assert shared["streets"]
    names = [street.total.name for street in week.streets]
    assert coach["streets"] == []
    assert not any(name in json.dumps(coach) for name in names)
    assert coach["answer"] == own["answer"]


def test_it_names_its_version_the_map_and_the_date_of_the_map(both):
    found = document(both)
    assert (found["document"], found["schema_version"]) == ("story", "2.2")
    assert found["attribution"] == "© OpenStreetMap contributors"
    assert found["roads"] == [{"source": "fabricated.osm", "osm_date": "2026-11-01"}]
    assert any("not medical advice" in note for note in found["notes"])
