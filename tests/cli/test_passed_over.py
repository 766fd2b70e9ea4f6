"""What an archive holds in forms that are not read is named by kind, with what to ask for instead."""

import json
import zipfile

import pytest

from tests.cli.made_runs import CASES, MONDAY, as_gpx, route, stamps

KINDS = {
    "Polar": ("polar/training-session-2026-11-16-1-a.json", '{"exercises": []}'),
    "Polar by content": ("a/b.json", '{"exportVersion": "1.6", "exercises": [{"sport": "RUNNING"}]}'),
    "Suunto": ("workouts/1.json", '{"DeviceLog": {"Header": {}}}'),
    "Samsung": ("com.samsung.shealth.exercise.20261116.csv", "com.samsung.shealth.exercise,6301,7\na,b\n"),
    "Huawei": ("HUAWEI_HEALTH/Motion path detail data & description/motion path detail data.json", "[]"),
    "Fitbit": ("Fitbit/Global Export Data/exercise-0.json", "[]"),
    "Nike": ("activities/abc.json", '{"id": "1", "active_duration_ms": 900000}'),
    "Runtastic": ("Sport-sessions/1.json", '{"sport_type_id": "1"}'),
    "Google": ("Takeout/Location History/Records.json", '{"locations": [{"latitudeE7": 1}]}'),
    "Zepp": ("SPORT/SPORT_1.csv", "type,startTime\n1,2\n"),
    "KML": ("maps/run.kml", "<?xml version='1.0'?><kml xmlns='http://www.opengis.net/kml/2.2'/>"),
    "GeoJSON": ("run.geojson", '{"type": "FeatureCollection"}'),
    "CSV": ("run.csv", "time,lat,lon\n1,2,3\n"),
    "NMEA": ("run.nmea", "$GPGGA,051200,"),
    "PWX": ("run.pwx", "<pwx/>"),
}


def notices(call, path):
    files = json.loads(call("import", "--json", path)[1])["files"]
    return {file["code"]: file for file in files if file["outcome"] == "notice"}


def test_polars_export(call):
    if not CASES.is_dir():
        pytest.skip("the folder with small wrong inputs is absent")
    found = notices(call, CASES / "polar_json_export/polar-user-data-export.zip")
    assert found["polar_json"]["count"] == 3
    assert "training sessions as json (polar)" in found["polar_json"]["reason"].lower()
    assert "camber reads GPX, TCX and FIT" in found["polar_json"]["reason"]
    assert "get them by" in found["polar_json"]["reason"]
    assert found["other_file"]["count"] == 1


@pytest.mark.parametrize("packed", [True, False])
def test_each_kind_is_named_in_one_line(call, tmp_path, packed):
    folder, archive = tmp_path / "export", tmp_path / "export.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for name, text in (*KINDS.values(), ("notes.json", "{}")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
            file.writestr(name, text)
    found = notices(call, archive if packed else folder)
    assert found.pop("other_file")["count"] == 1
    assert sum(notice["count"] for notice in found.values()) == len(KINDS)
    assert len(found) == len(KINDS) - 1  # Polar's are of one kind
    for code, notice in found.items():
        assert "camber reads GPX, TCX and FIT" in notice["reason"], code
    said = " ".join(notice["reason"] for notice in found.values()).lower()
    assert [kind for kind in KINDS if kind.split()[0].lower() not in said] == []


def test_a_single_file_says_the_same(call, tmp_path):
    for name, text in (KINDS["Polar by content"], KINDS["CSV"], KINDS["GeoJSON"]):
        path = tmp_path / name.rpartition("/")[2]
        path.write_text(text, encoding="utf-8")
        code, out, _ = call("import", path)
        assert code == 3
        assert "camber reads GPX, TCX and FIT" in " ".join(out.split())


def test_what_is_a_run_is_read_beside_them(call, tmp_path):
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        for name, text in KINDS.values():
            archive.writestr(name, text)
        archive.writestr("runs/1.gpx", as_gpx(route(), stamps(MONDAY)))
    out = call("import", tmp_path / "export.zip")[1]
    assert "1  new runs and walks" in out
    assert "Samsung Health" in out
