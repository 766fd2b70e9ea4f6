import json
import tomllib
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camber.cli.config import (
    Preferences,
    defaults,
    effective,
    read_preferences,
    read_target,
    set_preference,
    settings_path,
)
from camber.errors import SettingsError
from camber.schema import Settings


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / "camber.toml"


def test_without_a_file_everything_has_its_default(path):
    preferences, warnings = read_preferences(path)
    assert preferences == Preferences()
    assert preferences.settings == Settings()
    assert warnings == ()


def test_what_is_set_is_read_back(path):
    set_preference(path, "units", "mi")
    set_preference(path, "draws", "500")
    set_preference(path, "suggestion.with_traffic_limit_kmh", "30")
    set_preference(path, "week_start", "sunday")
    preferences, _ = read_preferences(path)
    assert preferences.units == "mi"
    assert preferences.week_start == "sunday"
    assert preferences.settings.draws == 500
    assert preferences.settings.suggestion.with_traffic_limit_kmh == 30.0
    assert preferences.settings.suggestion.quiet_limit_kmh == Settings().suggestion.quiet_limit_kmh
    assert preferences.settings.track == Settings().track


@pytest.mark.parametrize("key", list(defaults()))
def test_every_key_can_be_set_to_its_own_default_and_taken_out_again(path, key):
    value = defaults()[key]
    if value != "":
        set_preference(path, key, str(value))
        assert effective(read_preferences(path)[0]) == defaults()
        assert len(tomllib.loads(path.read_text())) == 1
    set_preference(path, key, "")
    assert tomllib.loads(path.read_text()) == {}


def test_every_setting_of_every_stage_has_a_key():
    stages = [f.name for f in fields(Settings) if f.name not in {"draws", "seed", "overrides"}]
    for stage in stages:
        for inner in fields(getattr(Settings(), stage)):
            assert f"{stage}.{inner.name}" in defaults()


@pytest.mark.parametrize(
    ("key", "text", "why"),
    [
        ("units", "furlong", "km, mi"),
        ("week_start", "friday", "monday, sunday"),
        ("country", "Finland", "country code"),
        ("country", "fi", "country code"),
        ("draws", "10", "20 to 10000"),
        ("draws", "many", "whole number"),
        ("draws", "200.5", "whole number"),
        ("seed", "-1", "sign"),
        ("suggestion.quiet_limit_kmh", "-30", "sign"),
        ("suggestion.quiet_limit_kmh", "nan", "not a number"),
        ("suggestion.quiet_limit_kmh", "inf", "not a number"),
        ("matching.no_access", "3", "sign"),
        ("lateral.threshold", "1.5", "share"),
        ("exposure.decided", "90", "share"),
        ("lateral.device_class", "abacus", "single_band"),
        ("lateral.facing_habit", "perhaps", "true nor false"),
    ],
)
def test_a_value_that_cannot_be_is_refused_and_nothing_is_written(path, key, text, why):
    with pytest.raises(SettingsError, match=why) as caught:
        set_preference(path, key, text)
    assert caught.value.key == key
    assert not path.exists()


def test_the_file_is_checked_as_the_command_line_is(path):
    path.parent.mkdir()
    for content, why in (("units = 3\n", "km, mi"), ("draws = true\n", "whole"), ("units = [", "TOML")):
        path.write_text(content)
        with pytest.raises(SettingsError, match=why):
            read_preferences(path)


def test_an_unknown_key_is_warned_about_with_the_one_that_may_be_meant(path):
    path.parent.mkdir()
    path.write_text('unit = "mi"\n[suggestion]\nquiet_limit = 20\n')
    preferences, warnings = read_preferences(path)
    assert preferences == Preferences()
    assert "did you mean units?" in warnings[0]
    assert "did you mean suggestion.quiet_limit_kmh?" in warnings[1]
    with pytest.raises(SettingsError, match="did you mean week_start"):
        set_preference(path, "weekstart", "sunday")


def test_unknown_keys_survive_a_change(path):
    path.parent.mkdir()
    path.write_text('future = "kept"\n["other tool"]\n"odd key" = 1.5\n')
    set_preference(path, "units", "mi")
    assert tomllib.loads(path.read_text()) == {
        "units": "mi",
        "future": "kept",
        "other tool": {"odd key": 1.5},
    }


def test_what_the_user_wrote_beside_the_values_stays(path):
    """Comments, blank lines, order, and values that camber does not know."""
    path.parent.mkdir()
    before = (
        "# mine\ndates = [2026-11-22]  # a list\nunits = 'km' # at home\n\n"
        "[suggestion]\n# slow streets\nquiet_limit_kmh = 20.0\n\n[other]\nx = {y = 1}\n"
    )
    path.write_text(before)
    set_preference(path, "units", "mi")
    set_preference(path, "suggestion.quiet_limit_kmh", "15")
    expected = before.replace("'km'", '"mi"').replace("20.0", "15.0")
    assert path.read_text() == expected
    set_preference(path, "draws", "300")
    set_preference(path, "lateral.threshold", "0.8")
    assert read_preferences(path)[0].settings.draws == 300
    for key in ("draws", "lateral.threshold"):
        set_preference(path, key, "")
    assert path.read_text().rstrip() == expected.rstrip()
    set_preference(path, "suggestion.quiet_limit_kmh", "")
    assert "# slow streets" in path.read_text()


@pytest.mark.parametrize(
    "before",
    ["suggestion.quiet_limit_kmh = 20\n", "suggestion = {quiet_limit_kmh = 20}\n", "\ufeff[suggestion]\n"],
)
def test_every_way_of_writing_a_table_is_understood(path, before):
    path.parent.mkdir()
    path.write_text(before, encoding="utf-8")
    set_preference(path, "suggestion.quiet_limit_kmh", "15")
    set_preference(path, "units", "mi")
    preferences, warnings = read_preferences(path)
    assert (preferences.settings.suggestion.quiet_limit_kmh, preferences.units, warnings) == (15.0, "mi", ())


def test_a_stage_that_is_no_table_is_said(path):
    path.parent.mkdir()
    path.write_text("suggestion = 3\n")
    with pytest.raises(SettingsError, match="suggestion"):
        set_preference(path, "suggestion.quiet_limit_kmh", "15")
    assert path.read_text() == "suggestion = 3\n"


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_whatever_is_written_is_toml_and_reads_back(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("any") / "camber.toml"
    set_preference(path, "overrides", text)
    set_preference(path, "units", "mi")
    assert tomllib.loads(path.read_bytes().decode()) == {"overrides": text, "units": "mi"}


def test_the_folder_moves_with_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("CAMBER_HOME", str(tmp_path / "here"))
    assert settings_path() == tmp_path / "here" / "camber.toml"
    monkeypatch.delenv("CAMBER_HOME")
    assert settings_path().name == "camber.toml"
    assert "camber" in settings_path().parent.name


def test_the_commands_do_what_the_functions_do(call):
    code, out, _err = call("config", "path")
    assert code == 0
    assert out.strip().endswith("camber.toml")
    assert call("config", "set", "units", "mi")[0] == 0
    assert "units = 'mi'   (default 'km')" in call("config", "show")[1]
    assert call("config", "set", "units", "")[0] == 0
    assert "units = 'km'\n" in call("config", "show")[1]
    assert len(call("config", "show")[1].splitlines()) == 7
    assert len(call("config", "show", "--all")[1].splitlines()) == len(defaults())
    call("config", "set", "draws", "300")
    assert "draws = 300   (default 200)" in call("config", "show")[1], "what is set is always shown"


# A user's own rows of the standards, from the settings file to the report


def set_rows(call, *lines):
    settings_path().parent.mkdir(parents=True, exist_ok=True)
    (settings_path().parent / "mine.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert call("config", "set", "overrides", "mine.csv")[0] == 0


def test_the_report_says_what_the_user_set(call, morning, town):
    plain = json.loads(call("-q", "analyse", morning, "--roads", town, "--format", "json")[1])["total"]
    set_rows(call, "row,slope_mean_pct,slope_std_pct", "fi_residential_paved,6,0.2", "fi_main_paved,6,0.2")
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


def test_an_own_target_is_read_and_kept_with_whose_it_is(call):
    for text, share in (("60 % left", 0.6), ("70% right, my physiotherapist", 0.3), ("55 LEFT", 0.55)):
        assert call("config", "set", "target", text)[0] == 0
        preferences, _ = read_preferences(settings_path())
        assert preferences.settings.suggestion.target_left == pytest.approx(share)
        assert preferences.target == text
    assert read_target("70% right, my physiotherapist")[1] == "my physiotherapist"
    assert call("config", "set", "target", "")[0] == 0
    assert read_preferences(settings_path())[0].settings.suggestion.target_left == 0.5


@pytest.mark.parametrize("text", ["left", "60 % middle", "5 % left", "95 % right", "60 % left my physio"])
def test_what_is_no_target_is_refused(call, text):
    code, _, err = call("config", "set", "target", text)
    assert code == 2
    assert "60 % left" in err
