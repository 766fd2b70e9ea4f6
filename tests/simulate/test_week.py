"""The sample week: made again from the extracts it is what is committed, and it shows what it promises."""

import csv
import gzip
import io
from pathlib import Path

import gpxpy
import numpy as np
import pandas as pd
import pytest

from camber.roads import read_roads
from camber.simulate import truth_totals
from camber.simulate.week import WEEK_SEED, fixes_csv, sample_week, totals_csv, week_files

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="module")
def roads():
    return {town: read_roads(DATA / f"{town}.osm.pbf") for town in ("kouvola", "helsinki")}


@pytest.fixture(scope="module")
def week(roads):
    return sample_week(roads["kouvola"], roads["helsinki"], WEEK_SEED)


@pytest.fixture(scope="module")
def named(week):
    return {run.recording.source.split("_", 1)[1].removesuffix(".gpx"): run for run in week}


def test_made_again_the_week_is_what_is_committed(week):
    made = week_files(week)
    assert {path.name for path in (DATA / "week").iterdir()} == set(made)
    for name, content in made.items():
        kept = (DATA / "week" / name).read_bytes()
        # The packed bytes depend on the version of zlib, what is in them does not.
        unpack = gzip.decompress if name.endswith(".gz") else bytes
        assert unpack(kept) == unpack(content), name


def test_the_week_is_small(week):
    assert sum(len(content) for content in week_files(week).values()) < 3_000_000


def test_six_runs_of_four_to_nine_kilometres_in_week_47(week):
    assert len(week) == 6
    for run in week:
        assert run.recording.started_at.isocalendar()[:2] == (2026, 47)
        assert run.recording.source.startswith(run.recording.started_at.date().isoformat())
        assert 4000.0 <= truth_totals(run.truth).distance_m <= 9000.0
        assert run.recording.time_zone == "Europe/Helsinki"


def test_fixes_lie_where_the_runner_was(week, roads):
    for run in week:
        crs = roads["helsinki" if "city" in run.recording.source else "kouvola"].crs
        fixes = run.recording.fixes
        places = pd.DataFrame({"x": fixes["longitude_deg"], "y": fixes["latitude_deg"]})
        metres = to_metres(crs, places)
        shift = np.hypot(*(metres - run.truth[["x_m", "y_m"]].to_numpy()).T)
        assert np.median(shift) < (15.0 if "city" in run.recording.source else 8.0)
        assert shift.max() < 60.0


def to_metres(crs, places):
    from pyproj import Transformer  # noqa: PLC0415 - one use

    transformer = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    return np.stack(transformer.transform(places["x"].to_numpy(), places["y"].to_numpy()), axis=1)


def test_nobody_runs_faster_than_a_runner(week):
    for run in week:
        step_s = run.truth["time"].diff().dt.total_seconds()
        assert (run.truth["distance_m"] / step_s).max() < 8.0


def test_monday_faces_traffic_both_ways(named):
    truth = named["facing_traffic"].truth
    assert (truth["lateral_state"] == "left_edge").all()
    crowned = truth[(truth["profile"] == "crowned") & (truth["offset_m"].abs() > 0.7)]
    totals = truth_totals(crowned)
    assert totals.left_low_m > 0.9 * totals.distance_m > 1000.0


def test_tuesday_stays_on_one_side_of_the_road(named):
    truth = named["same_physical_side"].truth
    on_roads = truth[truth["lateral_state"].isin(["left_edge", "right_edge"])]
    side_on_the_map = np.sign(on_roads["offset_m"]) * on_roads["travel_direction"]
    by_way = side_on_the_map.groupby(on_roads["way_id"])
    assert (by_way.min() == by_way.max()).mean() > 0.8
    crowned = truth_totals(truth[truth["profile"] == "crowned"])
    assert crowned.left_low_m == pytest.approx(crowned.right_low_m, rel=0.1)


def test_wednesday_is_recorded_smartly_and_changes_sides(named):
    truth = named["loop_with_a_habit"].truth
    interval_s = truth["time"].diff().dt.total_seconds().dropna()
    assert set(interval_s) == {2.0, 3.0, 4.0, 5.0, 6.0, 7.0}
    assert {"left_edge", "right_edge"} <= set(truth["lateral_state"])
    # A loop: it ends where it began.
    ends = truth[["x_m", "y_m"]].iloc[[0, -1]].to_numpy()
    assert np.hypot(*(ends[1] - ends[0])) < 30.0


def test_friday_is_on_mapped_sidewalks(named):
    truth = named["city_sidewalks"].truth
    walks = truth["lateral_state"].isin(["left_sidewalk", "right_sidewalk"])
    assert truth.loc[walks, "distance_m"].sum() > 0.6 * truth["distance_m"].sum()
    assert (truth.loc[walks, "profile"] == "to_road").mean() > 0.5


def test_saturday_leaves_the_map_and_comes_back(named):
    truth = named["beyond_the_map"].truth
    off = np.flatnonzero(truth["way_id"] == -1)
    assert truth_totals(truth).unmatched_m > 1000.0
    assert 0 < off[0] < off[-1] < len(truth) - 1
    on_roads = truth[truth["lateral_state"] != "other"]
    assert (on_roads["lateral_state"] == "right_edge").all()


def test_sunday_has_pauses_and_gaps_and_is_written_by_garmin(named):
    run = named["easy_with_pauses"]
    gap_s = run.truth["time"].diff().dt.total_seconds()
    gap = gap_s > 20.0
    assert run.truth["section"].max() >= 1
    # Pauses without distance beside gaps with it.
    assert (gap & (run.truth["section"].diff() == 0)).sum() >= 1
    assert run.recording.device == "Garmin Connect"
    assert run.recording.fixes["heart_rate_bpm"].notna().all()


def test_a_street_run_twice_has_one_surface(week):
    kouvola = pd.concat([run.truth for run in week if "city" not in run.recording.source])
    planes = kouvola[kouvola["profile"] == "one_way"]
    slope = (planes["cross_slope_pct"] * planes["travel_direction"]).round(6)
    by_way = slope.groupby(planes["way_id"])
    assert (by_way.min() == by_way.max()).all()


def test_files_hold_the_runs(week):
    files = week_files(week)
    for run in week:
        gpx = gpxpy.parse(files[run.recording.source].decode())
        assert gpx.get_points_no() == len(run.recording.fixes)
        assert "simulated recording on real streets" in gpx.tracks[0].name
    rows = list(csv.DictReader(io.StringIO(totals_csv(week))))
    assert [row["file"] for row in rows] == [run.recording.source for run in week]
    for row, run in zip(rows, week, strict=True):
        assert float(row["left_low_m"]) == pytest.approx(truth_totals(run.truth).left_low_m, abs=0.006)
        parts = [float(row[name]) for name in ("left_low_m", "right_low_m", "level_m", "unmatched_m")]
        assert sum(parts) == pytest.approx(float(row["distance_m"]), abs=0.03)


def test_the_truth_per_fix_can_be_read_back(week):
    table = pd.read_csv(io.StringIO(fixes_csv(week)))
    for run in week:
        rows = table[table["file"] == run.recording.source].set_index("fix_id")
        assert rows.index.equals(run.truth.index)
        for name in ("offset_m", "cross_slope_pct", "distance_m"):
            assert rows[name].to_numpy() == pytest.approx(run.truth[name].to_numpy(), abs=0.0051, nan_ok=True)
        assert (rows["low"] == run.truth["low"]).all()


def test_another_seed_makes_another_week(roads, week):
    other = sample_week(roads["kouvola"], roads["helsinki"], WEEK_SEED + 1)
    pairs = zip(week, other, strict=True)
    assert not any(one.recording.fixes.equals(two.recording.fixes) for one, two in pairs)
