"""The day of a run: where its own times cannot be right it is offered, told, kept and taken back."""

import json
import zipfile
from datetime import UTC, datetime, timedelta

import pytest

from tests.cli.made_runs import CASES, MONDAY, as_fit, as_gpx, as_tcx, fit_seconds, route, stamps

PLACES = route()
AGO = timedelta(weeks=1024)


@pytest.fixture
def case():
    if not CASES.is_dir():
        pytest.skip("the folder with small wrong inputs is absent")
    return CASES


def listed(call):
    return json.loads(call("runs", "--json")[1])["runs"]


def week_runs(call, week):
    return json.loads(call("week", week, "--json")[1])["runs"]


def put(folder, name, data):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_times_1024_weeks_back_are_asked_about(call, case):
    out = call("import", case / "week_rollover")[1]
    assert "2007-04-02" in out
    assert "1024 weeks" in out
    assert "camber runs --date 1 2026-11-16" in " ".join(out.split())
    assert [row["day"] for row in listed(call)] == ["2007-04-02"], "offered, not taken"
    assert call("runs", "--date", "1", "2026-11-16")[:2] == (0, "run 1 is of Mon 2026-11-16, in 2026-W47\n")
    (row,) = listed(call)
    assert (row["day"], row["started_at"]) == ("2026-11-16", "2026-11-16T05:12:00Z")
    assert row["likely_day"] is None, "it is said once"
    assert len(week_runs(call, "2026-W47")) == 1
    assert not week_runs(call, "2007-W14")


def test_1024_weeks_in_every_format(call, tmp_path):
    days = [MONDAY - timedelta(days=number) for number in (200, 300, 400)]
    put(tmp_path, "runs/run.tcx", as_tcx(route(1), stamps(days[0] - AGO)))
    put(tmp_path, "runs/run.fit", as_fit(route(2), fit_seconds(days[1] - AGO), made=1))
    put(tmp_path, "runs/run.gpx", as_gpx(route(3), stamps(days[2] - AGO)))
    out = " ".join(call("import", tmp_path / "runs")[1].split())
    for day in days:
        assert f"1024 weeks before {day:%Y-%m-%d}" in out
        assert f"{day:%Y-%m-%d}" in {row["likely_day"] for row in listed(call)}


def test_a_date_in_the_name_or_the_list_of_an_export_says_which_day_is_likely(call, tmp_path):
    """A recent run is not asked about, an old one whose name agrees with it neither."""
    put(tmp_path, "runs/2026-11-16-0712.gpx", as_gpx(PLACES, stamps(datetime(1989, 12, 31, tzinfo=UTC))))
    put(tmp_path, "runs/2005-05-07.gpx", as_gpx(route(2), stamps(datetime(2005, 5, 7, 8, tzinfo=UTC))))
    put(tmp_path, "runs/20260101.gpx", as_gpx(route(3), stamps(MONDAY)))
    out = " ".join(call("import", tmp_path / "runs")[1].split())
    assert out.count("camber runs --date") == 1
    assert "Its clock was not set: its times are of 1989-12-31." in out
    assert "2026-11-16" in out
    rows = {row["source"]: row for row in listed(call)}
    assert rows["2026-11-16-0712.gpx"]["day"] is None
    assert rows["2026-11-16-0712.gpx"]["likely_day"] == "2026-11-16"
    table = (
        "Activity ID,Activity Date,Activity Name,Activity Type,Gear,Filename\n"
        '77,"Nov 17, 2026, 6:05:00 PM",Evening,Run,,activities/77.gpx\n'
    )
    archive = tmp_path / "export.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("activities.csv", table)
        file.writestr("activities/77.gpx", as_gpx(route(4), stamps(datetime(2013, 6, 1, 9, tzinfo=UTC))))
    out = " ".join(call("import", archive)[1].split())
    assert "the list of the export says 2026-11-17" in out
    assert "2026-11-17" in out.rpartition("camber runs --date")[2]


def test_fit_times_since_the_device_was_switched_on_are_dated_by_the_file(call, case):
    call("import", case / "fit_times_since_switch_on/run.fit")
    (row,) = listed(call)
    assert (row["day"], row["started_at"]) == ("2026-11-16", "2026-11-16T05:12:00Z")
    assert row["distance_m"] == pytest.approx(2700, rel=0.01)
    assert len(week_runs(call, "2026-W47")) == 1


def test_fit_times_since_switch_on_without_a_date_of_the_file_keep_their_durations(call, tmp_path):
    seconds = list(range(40, 640))
    call("import", put(tmp_path, "run.fit", as_fit(PLACES, seconds)))
    (row,) = listed(call)
    assert row["day"] is None
    call("runs", "--date", "1", "2026-11-16")
    (run,) = week_runs(call, "2026-W47")
    assert run["duration_s"] == 599


@pytest.mark.parametrize("name", ["2026-11-16 morning.gpx", "run.tcx"])
def test_a_run_without_times_has_no_day_and_can_be_given_one(call, tmp_path, name):
    none = [None] * 600
    data = as_tcx(PLACES, none) if name.endswith("tcx") else as_gpx(PLACES, none)
    out = " ".join(call("import", put(tmp_path, name, data))[1].split())
    given = "2026-11-16" if name.startswith("2026") else "DAY"
    assert "Run 1 has no day, so it is in no week." in out
    assert f"camber runs --date 1 {given}" in out
    runs = call("runs")[1]
    assert "no day" in runs
    assert f"camber runs --date 1 {given}" in " ".join(runs.split())
    assert "1 run has no day and is in no week" in call("week")[1]
    assert json.loads(call("week", "--json")[1])["without_day"] == 1
    assert "has no day" in call("show", "1")[1]
    assert call("runs", "--date", "last", "2026-11-16")[0] == 0
    assert len(week_runs(call, "2026-W47")) == 1
    assert "no day" not in call("runs")[1]
    assert json.loads(call("week", "--json")[1])["without_day"] == 0


def test_what_is_told_outlives_import_and_analysis_and_can_be_taken_back(call, morning, town):
    code, said, warned = call("import", morning)
    assert (code, "left out" in said) == (0, False), said + warned
    call("analyse", "--all", "--workers", "1", "--roads", town)
    before = listed(call)
    assert before[0]["state"] == "analysed"
    code, out, _ = call("runs", "--date", "1", "2026-10-23")
    assert (code, "camber analyse --all" in out) == (0, True)
    call("import", morning)
    call("analyse", "--all", "--workers", "1", "--roads", town)
    (row,) = listed(call)
    assert (row["day"], row["state"]) == ("2026-10-23", "analysed")
    (run,) = week_runs(call, "2026-W43")
    assert run["summary"]["started_at"].startswith("2026-10-23")
    assert not week_runs(call, "2026-W47")
    assert json.loads(call("week", "2026-W43", "--json")[1])["streets"][0]["visits_in_year"] == 1
    assert "all is well" in call("check")[1]
    call("runs", "--date", "1", "none")
    call("analyse", "--all", "--workers", "1", "--roads", town)
    assert listed(call) == before
    assert "all is well" in call("check")[1]


def test_days_that_cannot_be_are_refused(call, morning):
    call("import", morning)
    for words in (
        ("1", "soon"),
        ("1", "1066-10-14"),
        ("1", "2126-11-16"),
        ("9", "2026-11-16"),
        ("x", "none"),
    ):
        assert call("runs", "--date", *words)[0] == 2, words
    assert call("runs", "--date", "1", "2026-11-31")[0] == 2


def test_two_recordings_of_one_run_are_found_once_the_day_is_told(call, tmp_path):
    put(tmp_path, "runs/watch.gpx", as_gpx(PLACES, stamps(MONDAY - AGO)))
    put(tmp_path, "runs/phone.tcx", as_tcx(PLACES, stamps(MONDAY)))
    call("import", tmp_path / "runs")
    rows = {row["source"]: row["run"] for row in listed(call)}
    assert {row["duplicate_of"] for row in listed(call)} == {None}
    call("runs", "--date", rows["watch.gpx"], "2026-11-16")
    assert {row["duplicate_of"] for row in listed(call)} == {None, rows["phone.tcx"]}
    call("runs", "--date", rows["watch.gpx"], "none")
    assert {row["duplicate_of"] for row in listed(call)} == {None}
