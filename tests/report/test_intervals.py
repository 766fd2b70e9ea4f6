import csv
import io
import json

import numpy as np
import pytest
from pyproj import Geod

from camber.report import interval_table, intervals_csv, intervals_geojson, write_csv, write_geojson
from camber.report.intervals import COLUMNS, guarded, interval_lines

CONTRACT = [  # issue "the whole line", point 7
    "start_time",
    "end_time",
    "section",
    "way_id",
    "travel_direction",
    "start_chainage_m",
    "end_chainage_m",
    "distance_m",
    "duration_s",
    "latitude_deg",
    "longitude_deg",
    "offset_m",
    "match_probability",
    "p_off_road",
    "p_left_sidewalk",
    "p_left_edge",
    "p_centre",
    "p_right_edge",
    "p_right_sidewalk",
    "p_other",
    "side",
    "side_basis",
    "profile",
    "cross_slope_pct",
    "cross_slope_std_pct",
    "p_left_low",
    "p_right_low",
    "p_level",
    "left_low_m",
    "right_low_m",
    "level_m",
    "unmatched_m",
    "verdict",
    "surface_kind",
]


def rows(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_first_columns_are_the_contract_in_its_order(run):
    assert list(COLUMNS[: len(CONTRACT)]) == CONTRACT
    assert list(interval_table(run).columns) == list(COLUMNS)
    # Which way it falls, whatever the percent: added at the end.
    assert COLUMNS[-2:] == ("p_falls_left", "p_falls_right")
    assert intervals_csv([run]).split("\r\n", 1)[0] == ",".join(COLUMNS)


def test_there_is_one_row_per_interval_and_the_metres_sum(run, fabricate):
    table = rows(intervals_csv([run]))
    assert len(table) == sum(leg.blocks for leg in fabricate.LEGS)
    for row in table:
        parts = sum(float(row[f"{leg}_m"]) for leg in ("left_low", "right_low", "level", "unmatched"))
        assert parts == pytest.approx(float(row["distance_m"]), abs=0.002)
    assert sum(float(row["distance_m"]) for row in table) == pytest.approx(run.summary.distance_m)


def test_the_table_reads_back_as_it_was(run):
    table = rows(intervals_csv([run]))
    exposure = run.exposure
    for name in ("latitude_deg", "longitude_deg"):
        written = np.array([float(row[name]) for row in table])
        assert np.abs(written - exposure[name].to_numpy()).max() <= 0.5e-7
    assert [int(row["way_id"]) for row in table] == exposure["way_id"].tolist()
    assert [row["verdict"] for row in table] == exposure["verdict"].tolist()


def test_missing_values_are_empty_and_times_are_utc(run):
    table = rows(intervals_csv([run]))
    off_map = [row for row in table if row["way_id"] == "-1"]
    assert {row["start_chainage_m"] for row in off_map} == {""}
    assert all(row["cross_slope_pct"] == "" for row in off_map)
    assert table[0]["start_time"] == "2026-11-17T05:12:00.000Z"
    assert "nan" not in intervals_csv([run]).lower()


def test_several_runs_follow_each_other(run, fabricate):
    other = fabricate.analysis(title="Tuesday, with a comma", source="tuesday.gpx", seed=6)
    table = rows(intervals_csv([run, other]))
    assert [row["recording"] for row in table[:: len(table) // 2]] == ["morning.gpx", "tuesday.gpx"]


def test_lines_end_as_the_standard_says_and_the_text_is_utf8(fabricate, tmp_path):
    odd = fabricate.analysis(source='Käsi, "1".gpx')
    path = write_csv([odd], tmp_path / "a.csv")
    data = path.read_bytes()
    assert data.count(b"\r\n") == data.count(b"\n") == len(odd.exposure) + 1
    assert rows(data.decode("utf-8"))[0]["recording"] == 'Käsi, "1".gpx'


def test_a_number_below_zero_is_a_number_and_no_formula(run):
    table = rows(intervals_csv([run]))
    assert min(float(row["offset_m"] or 0.0) for row in table) == -3.5


@pytest.mark.parametrize("start", list("=+-@\t\r\uff1d\uff0b\uff0d\uff20"))
def test_a_formula_becomes_text(start):
    assert guarded(f"{start}1").startswith("'")
    assert guarded(f"  {start}1").startswith("'")
    assert guarded(f"a{start}1") == f"a{start}1"


def test_geojson_follows_the_standard(run, tmp_path):
    found = json.loads(write_geojson([run], tmp_path / "a.geojson").read_text(encoding="utf-8"))
    assert found["type"] == "FeatureCollection"
    assert found["attribution"] == "© OpenStreetMap contributors"
    assert "crs" not in found  # RFC 7946 section 4: always WGS 84
    assert len(found["features"]) == len(run.exposure)
    for feature in found["features"]:
        assert set(feature) == {"type", "geometry", "properties"}
        assert feature["geometry"]["type"] == "LineString"
        assert len(feature["geometry"]["coordinates"]) >= 2
        assert list(feature["properties"]) == list(COLUMNS)
        for longitude, latitude in feature["geometry"]["coordinates"]:
            assert 24.9 < longitude < 25.0
            assert 60.1 < latitude < 60.2


def test_the_lines_are_as_long_as_the_run_and_meet(run):
    features = json.loads(intervals_geojson([run]))["features"]
    lines = [feature["geometry"]["coordinates"] for feature in features]
    length = sum(Geod(ellps="WGS84").line_length(*np.array(line).T) for line in lines)
    # 55 intervals of 36 m (path and shortcut a little less), without the pause between the sections.
    assert length == pytest.approx(run.summary.distance_m, rel=0.03)
    section = [feature["properties"]["section"] for feature in features]
    for before, after, same in zip(lines, lines[1:], np.diff(section) == 0, strict=False):
        assert (before[-1] == after[0]) == bool(same)


def test_an_interval_of_one_fix_still_has_a_line(run):
    block = run.exposure["block"].iloc[-1]
    kept = (run.sloped["block"] != block) | ~run.sloped["block"].duplicated()
    lines = interval_lines(run.sloped[kept], run.exposure)
    assert lines[-1].length == pytest.approx(9.0, rel=0.01)
    assert {line.geom_type for line in lines} == {"LineString"}


def test_the_same_run_gives_the_same_bytes(run, fabricate):
    again = fabricate.analysis()
    assert intervals_csv([run]) == intervals_csv([again])
    assert intervals_geojson([run]) == intervals_geojson([again])
