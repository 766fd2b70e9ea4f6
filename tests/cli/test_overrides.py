"""A user's own rows of the standards, from the settings file to the report."""

import json

from camber.cli.config import settings_path


def set_rows(call, *lines):
    settings_path().parent.mkdir(parents=True, exist_ok=True)
    (settings_path().parent / "mine.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert call("config", "set", "overrides", "mine.csv")[0] == 0


def test_the_report_says_what_the_user_set(call, morning, town):
    plain = json.loads(call("-q", "analyse", morning, "--roads", town, "--format", "json")[1])["total"]
    set_rows(call, "row,slope_mean_pct,slope_std_pct", "any_road_paved,6,0.2")
    code, out, err = call("-q", "analyse", morning, "--roads", town, "--format", "json")
    total = json.loads(out)["total"]
    assert (code, err) == (0, "")
    assert total["gross_tilt_pct_km"]["median"] > 1.3 * plain["gross_tilt_pct_km"]["median"]
    told = [item for item in total["assumptions"] if item["reference"] == "user override mine.csv"]
    assert [item["table"] for item in told] == ["cross_slope"]
    assert told[0]["distance_m"] > 0.0
    assert told[0]["value"].startswith("6 ± 0.2 %")


def test_the_list_of_standards_says_it_too(call):
    set_rows(call, "row,slope_mean_pct", "any_road_paved,6")
    code, out, _ = call("standards", "--format", "json")
    assert code == 0
    assert [row["row"] for row in json.loads(out) if row["status"] == "override"] == ["any_road_paved"]


def test_a_slip_in_the_file_is_told_without_a_traceback(call, morning, town):
    set_rows(call, "row,slope_mean_pct", "any_road_paved,steep")
    code, out, err = call("analyse", morning, "--roads", town)
    assert (code, out) == (2, "")
    assert "mine.csv" in err
    assert "no usable slope_mean_pct" in err
    assert "Traceback" not in err
