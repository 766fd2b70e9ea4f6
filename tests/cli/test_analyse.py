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


def test_the_left_edge_facing_traffic_leans_left(output):
    """East on the left edge of a residential street, 4 m left of its middle, where traffic drives right."""
    table = csv.DictReader(io.StringIO(output("csv")[1], newline=""))
    out = [row for row in table if row["way_id"] == "101" and row["travel_direction"] == "1"]
    left = sum(float(row["left_low_m"]) for row in out)
    right = sum(float(row["right_low_m"]) for row in out)
    assert len(out) >= 10
    assert left > right
    assert all(float(row["offset_m"]) < 0.0 for row in out[2:-2])


def test_the_same_call_gives_the_same_bytes_and_another_seed_others(call, output, morning, town):
    again = call("-q", "analyse", morning, "--roads", town, "--format", "json")[1]
    assert again == output("json")[1]
    assert output("json", "--seed", "7")[1] != again


def test_draws_and_seed_are_used_and_written_down(output):
    found = json.loads(output("json", "--seed", "7", "--draws", "50")[1])
    assert (found["seed"], found["draws"]) == (7, 50)


def test_the_suffix_decides_the_format_and_an_explicit_one_wins(call, morning, town, tmp_path):
    starts = {
        "r.html": "<!doctype",
        "r.json": "{",
        "r.csv": "start_time",
        "r.geojson": '{"type"',
        "r.txt": "M",
    }
    for name, start in starts.items():
        code, out, err = call("analyse", morning, "--roads", town, "-o", tmp_path / name)
        assert (code, out) == (0, "")
        assert f"wrote {tmp_path / name}" in err
        assert (tmp_path / name).read_text(encoding="utf-8").startswith(start)
    call("analyse", morning, "--roads", town, "-o", tmp_path / "x.html", "--format", "json")
    assert json.loads((tmp_path / "x.html").read_text(encoding="utf-8"))
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == {*starts, "x.html"}


def test_several_runs_are_shown_singly_and_in_total(call, morning, evening, town):
    code, out, _err = call("analyse", morning, evening, "--roads", town, "--format", "json")
    found = json.loads(out)
    assert code == 0
    assert [run["title"] for run in found["runs"]] == ["Morning run", "Evening run"]
    assert (found["title"], found["kind"]) == ("2 runs", "runs")
    assert found["total"]["runs"] == 2
    singles = sum(run["distance_m"] for run in found["runs"])
    assert found["total"]["distance_m"] == pytest.approx(singles, abs=0.01)


def test_each_run_takes_the_extract_that_holds_it(call, morning, town, tmp_path):
    far = tmp_path / "far.osm"
    far.write_text(town.read_text(encoding="utf-8").replace('lat="60.', 'lat="50.'), encoding="utf-8")
    code, out, _err = call("analyse", morning, "--roads", far, "--roads", town, "--format", "json")
    assert code == 0
    assert json.loads(out)["roads"][0]["source"] == "town.osm"


def test_the_country_can_be_given_by_hand(call, morning, town):
    """In Great Britain traffic drives on the left: the left edge has traffic from behind."""
    here, there = (
        json.loads(call("analyse", morning, "--roads", town, "--format", "json", "--country", country)[1])
        for country in ("FI", "GB")
    )
    assert here["total"]["facing_traffic"] > 0.5 > there["total"]["facing_traffic"]
    code, _out, err = call("analyse", morning, "--roads", town, "--country", "XX")
    assert code == 4
    assert "XX" in err


def test_settings_of_the_user_are_used(call, morning, town):
    call("config", "set", "units", "mi")
    call("config", "set", "seed", "7")
    out = call("-q", "analyse", morning, "--roads", town)[1]
    assert "1.2 mi" in out
    assert json.loads(call("analyse", morning, "--roads", town, "--format", "json")[1])["seed"] == 7


def test_an_unknown_setting_is_warned_about_and_changes_nothing(call, morning, town, tmp_path):
    folder = tmp_path / "settings"
    folder.mkdir()
    (folder / "camber.toml").write_text('unit = "mi"\n')
    code, out, err = call("analyse", morning, "--roads", town)
    assert code == 0
    assert "did you mean units?" in err
    assert " km" in out


def test_quiet_is_quiet_and_verbose_says_more(call, morning, town):
    assert call("-q", "analyse", morning, "--roads", town)[2] == ""
    assert "fixes over town.osm" in call("analyse", "-v", morning, "--roads", town)[2]


def test_no_folder_name_of_the_user_is_in_a_report(call, morning, town, empty):
    for kind in ("text", "json", "html", "csv", "geojson"):
        out = call("analyse", empty, morning, "--roads", town, "--format", kind)[1]
        assert str(morning.parent) not in out
        assert str(empty.parent) not in out


@pytest.mark.parametrize("refusal", [("--no-color",), ()])
def test_colours_can_be_refused(call, monkeypatch, morning, town, refusal):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b[34m" in call("analyse", morning, "--roads", town)[1]
    if not refusal:
        monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in call(*refusal, "analyse", morning, "--roads", town)[1]


def test_a_file_and_the_same_run_in_the_library_are_one_story(call, morning, town):
    """Alone in a library a run is told nothing by others, so that both are the same analysis."""
    assert call("-q", "import", morning)[0] == 0
    assert call("-q", "analyse", "--all", "--workers", "1", "--roads", town)[0] == 0
    kept = json.loads(call("show", "1", "--json")[1])
    loose = json.loads(call("-q", "analyse", morning, "--roads", town, "--format", "json")[1])
    assert set(kept) == set(loose)
    for name in ("title", "eyebrow", "headline", "scale", "why", "usual", "tiles", "cannot_tell"):
        assert kept["story"][name] == loose["story"][name], name
    assert kept["answer"]["p_left"] == pytest.approx(loose["answer"]["p_left"])
    assert [street["name"] for street in kept["streets"]] == [street["name"] for street in loose["streets"]]
    for one, other in zip(kept["sides"], loose["sides"], strict=True):
        assert one["distance_m"] == pytest.approx(other["distance_m"], rel=1e-4, abs=0.1)
