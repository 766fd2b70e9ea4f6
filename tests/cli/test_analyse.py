"""The real line behind the command, over a small town."""

import csv
import io
import json

import jsonschema
import pytest

from camber.report import story_schema
from camber.report.intervals import COLUMNS


@pytest.fixture(scope="module")
def seen():
    """Outputs that several tests look at, made once."""
    return {}


@pytest.fixture
def output(call, seen, morning, town):
    def make(kind, *more):
        if (kind, more) not in seen:
            seen[kind, more] = call("-q", "analyse", morning, "--roads", town, "--format", kind, *more)
        return seen[kind, more]

    return make


def test_text_says_what_was_found(output):
    code, out, err = output("text")
    assert (code, err) == (0, "")
    assert out.startswith("Morning run · Tue 17 Nov 2026 · ")
    assert "LEFT  " in out
    assert "Next: " in out
    assert "Rantatie" in output("text", "--details")[1]
    assert "\x1b" not in out
    assert all(line == line.rstrip() for line in out.splitlines())


def test_json_follows_its_schema_and_sums(output):
    code, out, _err = output("json")
    found = json.loads(out)
    assert code == 0
    jsonschema.Draft202012Validator(story_schema()).validate(found)
    total = found["total"]
    # 55 blocks of 36 m; smoothing and the path's bends take a little
    assert total["distance_m"] == pytest.approx(1980.0, rel=0.03)
    assert sum(total["verdict_m"].values()) == pytest.approx(total["distance_m"], abs=0.01)
    (run,) = found["runs"]
    apart = {"title": "", "problems": []}  # joined in the total, told by source in a run
    assert total | apart == run["summary"] | apart
    assert found["answer"] == run["answer"]


def test_csv_has_the_columns_and_sums(output):
    code, out, _err = output("csv")
    rows = list(csv.DictReader(io.StringIO(out, newline="")))
    assert code == 0
    assert tuple(rows[0]) == COLUMNS
    for row in rows:
        parts = sum(float(row[f"{leg}_m"]) for leg in ("left_low", "right_low", "level", "unmatched"))
        assert parts == pytest.approx(float(row["distance_m"]), abs=0.003)


def test_the_formats_agree_with_each_other(output):
    table = list(csv.DictReader(io.StringIO(output("csv")[1], newline="")))
    features = json.loads(output("geojson")[1])["features"]
    total = json.loads(output("json")[1])["total"]
    assert len(features) == len(table)
    metres = sum(float(row["distance_m"]) for row in table)
    assert metres == pytest.approx(total["distance_m"], abs=0.001 * len(table))
    for feature, row in zip(features, table, strict=True):
        assert feature["properties"]["verdict"] == row["verdict"]
        assert feature["properties"]["left_low_m"] == float(row["left_low_m"])


def test_html_is_one_page(output):
    code, out, _err = output("html")
    assert code == 0
    assert out.startswith("<!doctype html>")
    assert out.count("<svg") >= 2


def test_the_left_edge_facing_traffic_leans_left(call, morning, town, tmp_path):
    """East, 4 m left of the middle of a residential street where traffic drives right.

    With no sidewalk there, that is the edge, which mostly falls to the left; a sidewalk would fall back.
    """
    name = '<tag k="name" v="Rantatie"/>'
    legs = {}
    for sidewalk in ("no", "both"):
        path = tmp_path / f"{sidewalk}.osm"
        tagged = f'{name}<tag k="sidewalk" v="{sidewalk}"/>'
        path.write_text(town.read_text(encoding="utf-8").replace(name, tagged), encoding="utf-8")
        _, csv_text, _ = call("-q", "analyse", morning, "--roads", path, "--format", "csv")
        rows = csv.DictReader(io.StringIO(csv_text, newline=""))
        out = [row for row in rows if row["way_id"] == "101" and row["travel_direction"] == "1"]
        assert len(out) >= 10
        legs[sidewalk] = [sum(float(row[f"{leg}_low_m"]) for row in out) for leg in ("left", "right")]
    left, right = legs["no"]
    assert left > 1.5 * right
    left, right = legs["both"]
    assert right > 1.5 * left
