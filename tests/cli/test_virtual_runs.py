"""Runs in invented worlds are counted on the day of the runner, and nothing is asked about their place."""

import json
import zipfile
from datetime import UTC, datetime, timedelta

import pytest

from tests.cli.made_runs import CASES, MONDAY, as_fit, as_gpx, as_tcx, fit_seconds, route, stamps

SUNDAY = datetime(2026, 11, 15, 17, 0, tzinfo=UTC)
BAVARIA = route()
WATOPIA = [
    [value - BAVARIA[0][0] - 11.64 for value in BAVARIA[0]],
    [value - BAVARIA[1][0] + 166.95 for value in BAVARIA[1]],
]


@pytest.fixture(autouse=True)
def clock_of_the_computer(monkeypatch):
    import time  # noqa: PLC0415 - here alone

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def the_run(call):
    (row,) = json.loads(call("runs", "--json")[1])["runs"]
    return row


def assert_virtual(call, day="2026-11-15"):
    row = the_run(call)
    assert (row["state"], row["day"]) == ("other_sport", day), row
    assert "virtual" in row["reason"]
    assert "counted, not analysed" in call("show", row["run"])[1]
    assert "virtual: counted" in call("runs")[1]
    week = json.loads(call("week", day, "--json")[1])
    assert [run["state"] for run in week["runs"]] == ["other_sport"]
    assert week["not_judged"][0]["distance_m"] == pytest.approx(row["distance_m"])
    assert "1 virtual" in call("week", day)[1]
    _, out, err = call("roads", "fetch", "--dry-run")
    assert "Solomon" not in out + err
    assert "Oceania" not in out + err


def test_zwift_by_its_number_in_fit(call):
    if not CASES.is_dir():
        pytest.skip("the folder with small wrong inputs is absent")
    out = call("import", CASES / "zwift_run")[1]
    assert "1  virtual: counted, not analysed" in out
    assert_virtual(call)


def at(number):
    """Its own route and its own day for each of many files, so that none is a copy of another."""
    start = SUNDAY - timedelta(days=number)
    return route(number), start, stamps(start)


def of_fit(number, manufacturer=1, sub_sport=0):
    places, start, _ = at(number)
    return as_fit(places, fit_seconds(start), manufacturer=manufacturer, sub_sport=sub_sport)


def of_gpx(number, places=None, **words):
    own, _, times = at(number)
    return as_gpx(places or own, times, **words)


def of_tcx(number, **words):
    places, _, times = at(number)
    return as_tcx(places, times, **words)


PROGRAMS = (
    *("Zwift", "ROUVY", "TrainerRoad", "Peloton", "MyWhoosh", "Wahoo RGT", "Kinomap", "BKOOL", "FulGaz"),
)
VIRTUAL = {
    **{f"fit {n}": of_fit(10 + i, n) for i, n in enumerate((260, 284, 281, 331, 315, 67, 89, 307))},
    **{f"gpx {name}": of_gpx(30 + i, creator=f"{name} 1.2") for i, name in enumerate(PROGRAMS)},
    **{f"tcx {name}": of_tcx(50 + i, device=name) for i, name in enumerate(PROGRAMS)},
    "sub_sport": of_fit(70, sub_sport=58),
    "author": of_tcx(71, device="Garmin", author="Kinomap"),
    "tcx sport": of_tcx(72, sport="VirtualRun"),
    "gpx type": of_gpx(73, kind="VirtualRun"),
    "title": of_gpx(74, creator="StravaGPX", name="Zwift - Jon's Route in Watopia"),
    "place": of_gpx(75, places=WATOPIA, creator="StravaGPX", name="Evening Run"),
    "src": of_gpx(76, line="<src>Zwift</src>"),
    "metadata": of_gpx(77, head="<metadata><author><name>Rouvy</name></author></metadata>"),
}
REAL = {
    "wahoo": of_fit(80, 32),
    "in the title": of_gpx(81, creator="Garmin Connect", name="After Zwift: outside at last"),
    "on Vanikoro": of_gpx(82, places=WATOPIA, creator="Garmin Forerunner 265"),
    "ifit within": of_gpx(83, creator="Kalenji Fit"),
    "peloton outside": of_gpx(84, creator="Peloton", kind="outdoor running"),
}


def test_every_way_to_tell_and_what_stays_a_run(call, tmp_path):
    for name, data in (VIRTUAL | REAL).items():
        (tmp_path / name).write_bytes(data)
    # Told by content: only names that claim to be recordings are taken at their word.
    out = call("import", tmp_path)[1]
    rows = {row["source"]: row for row in json.loads(call("runs", "--json")[1])["runs"]}
    assert {name: rows[name]["state"] for name in VIRTUAL} == dict.fromkeys(VIRTUAL, "other_sport")
    assert [name for name in VIRTUAL if ": virtual" not in rows[name]["reason"]] == []
    assert {name: rows[name]["state"] for name in REAL} == dict.fromkeys(REAL, "waiting")
    assert f"{len(VIRTUAL)}  virtual: counted, not analysed" in out


@pytest.mark.parametrize("name", ["fit 260", "gpx Zwift", "tcx ROUVY", "place"])
def test_a_virtual_file_alone_is_not_analysed(call, tmp_path, town, morning, name):
    (tmp_path / name).write_bytes(VIRTUAL[name])
    code, out, err = call("analyse", tmp_path / name, "--roads", town)
    assert (code, out) == (3, "")
    assert "is virtual (" in err
    code, out, err = call("analyse", tmp_path / name, morning, "--roads", town)
    assert code == 0
    assert "Morning run" in out
    assert "skipped" in err


def test_the_list_of_an_export_may_know_better_than_the_file(call, tmp_path):
    table = (
        "Activity ID,Activity Date,Activity Name,Activity Type,Gear,Filename\n"
        '7,"Nov 15, 2026, 5:00:00 PM",Evening,Virtual Run,,activities/7.gpx\n'
    )
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as file:
        file.writestr("activities.csv", table)
        file.writestr("activities/7.gpx", as_gpx(BAVARIA, stamps(SUNDAY), creator="StravaGPX"))
    call("import", tmp_path / "export.zip")
    assert_virtual(call)


def test_the_day_is_that_of_the_runner_by_the_file_or_by_the_other_runs(call, tmp_path):
    late = datetime(2026, 11, 15, 23, 30, tzinfo=UTC)  # Monday in Bavaria and Tokyo, Sunday in London
    (tmp_path / "zwift.fit").write_bytes(as_fit(WATOPIA, fit_seconds(late), manufacturer=260))
    call("import", tmp_path / "zwift.fit")
    assert the_run(call)["day"] == "2026-11-15", "by this computer, which stands in London"
    (tmp_path / "real.gpx").write_bytes(as_gpx(BAVARIA, stamps(MONDAY)))
    call("import", tmp_path / "real.gpx")
    rows = {row["source"]: row for row in json.loads(call("runs", "--json")[1])["runs"]}
    assert rows["zwift.fit"]["day"] == "2026-11-16", "by the other run"
    other = fit_seconds(late - timedelta(days=3))
    own = as_fit(WATOPIA, other, manufacturer=260, local_s=-5 * 3600, made=other[0])
    (tmp_path / "own.fit").write_bytes(own)
    call("import", tmp_path / "own.fit")
    rows = {row["source"]: row for row in json.loads(call("runs", "--json")[1])["runs"]}
    assert (rows["own.fit"]["day"], rows["zwift.fit"]["day"]) == ("2026-11-12", "2026-11-16")
    assert "all is well" in call("check")[1]
