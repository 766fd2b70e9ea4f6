import json
import math
from dataclasses import replace

import jsonschema
import pytest

from camber.report import Report, summary_document, summary_json, summary_schema
from camber.schema import Interval


def numbers(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [number for inner in value for number in numbers(inner)]
    return [value] if isinstance(value, float) else []


@pytest.fixture(scope="module")
def validator():
    schema = summary_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_one_run_and_several_follow_the_schema(single, week, validator):
    for report in (single, week):
        assert [error.message for error in validator.iter_errors(json.loads(summary_json(report)))] == []


def test_the_schema_refuses_what_it_should(single, validator):
    good = json.loads(summary_json(single))
    for change in (
        {"schema_version": "0.9"},
        {"surprise": 1},
        {"total": good["total"] | {"coverage": 1.5}},
        {"total": good["total"] | {"left_low_m": {"low": 1.0, "median": 2.0}}},
        {"total": good["total"] | {"balance": {"low": -2.0, "median": 0.0, "high": 0.0}}},
        {"runs": [good["runs"][0] | {"surprise": 1}]},
        {"runs": []},
    ):
        assert not validator.is_valid(good | change)


def test_it_holds_what_was_found(single, run):
    total = summary_document(single)["total"]
    assert total["left_low_m"]["median"] == pytest.approx(run.summary.left_low_m.median, abs=0.001)
    assert total["balance"]["low"] == pytest.approx(run.summary.balance.low, abs=1e-6)
    assert total["facing_traffic"] == pytest.approx(run.summary.facing_traffic)
    assert [street["name"] for street in total["streets"]] == ["Rantatie", "Puistokatu"]
    assert {item["reference"] for item in total["assumptions"]} == {"judgement", "a guideline"}


def test_metres_sum_to_the_distance(week):
    for found in (summary_document(week)["total"], *summary_document(week)["runs"]):
        assert sum(found["verdict_m"].values()) == pytest.approx(found["distance_m"], abs=0.01)
        assert sum(found["side_basis_m"].values()) == pytest.approx(found["distance_m"], abs=0.01)
        assert sum(item["distance_m"] for item in found["surfaces"]) == pytest.approx(found["distance_m"])


def test_left_and_right_are_not_swapped(single):
    document = summary_document(single)
    edge = next(item for item in document["total"]["surfaces"] if item["surface_kind"] == "road_edge")
    walk = next(item for item in document["total"]["surfaces"] if item["surface_kind"] == "sidewalk")
    assert edge["left_low_m"] > edge["right_low_m"]  # the left edge of a crowned road
    assert walk["right_low_m"] > walk["left_low_m"]  # the sidewalk left of it falls the other way
    assert document["total"]["balance"]["median"] < 0.0


def test_what_is_not_defined_is_null(run):
    summary = replace(run.summary, balance=None, tilt_balance=None, facing_traffic=None, started_at=None)
    found = json.loads(summary_json(Report((replace(run, summary=summary),), summary)))
    for name in ("balance", "tilt_balance", "facing_traffic", "started_at"):
        assert found["total"][name] is None


def test_there_is_no_nan_and_none_could_be_written(single, run):
    assert all(math.isfinite(number) for number in numbers(json.loads(summary_json(single))))
    broken = replace(run.summary, left_low_m=Interval(math.nan, 0.0, 0.0))
    with pytest.raises(ValueError, match="not JSON compliant"):
        summary_json(Report((run,), broken))


def test_no_zero_has_a_sign(run):
    summary = replace(run.summary, balance=Interval(-0.0, -0.0, 0.0))
    assert "-0.0" not in summary_json(Report((run,), summary))


def test_the_same_report_gives_the_same_bytes(fabricate):
    texts = set()
    for _ in range(2):
        run = fabricate.analysis()
        texts.add(summary_json(Report((run,), run.summary)))
    assert len(texts) == 1


def test_it_names_its_version_the_map_and_the_date_of_the_map(week):
    document = summary_document(week)
    assert document["schema_version"] == "1.1"
    assert document["attribution"] == "© OpenStreetMap contributors"
    assert document["roads"] == [{"source": "fabricated.osm", "osm_date": "2026-11-01"}]
    assert document["notes"][0] == "Made up for a test."
    assert any("not medical advice" in note for note in document["notes"])
