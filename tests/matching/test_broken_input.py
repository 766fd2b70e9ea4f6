"""Broken recordings: what is bad costs itself alone, and nothing is invented."""

import numpy as np
import pandas as pd
import pytest

from camber.conventions import NO_WAY
from camber.errors import NoTrackError, OutsideRoadsError
from camber.matching import match
from camber.recording import read_recording
from camber.track import prepare_track

STREET = {"highway": "residential"}
NEAR_M = 0.02
"""Extracts hold 1e-7 degrees, which is a centimetre."""


@pytest.fixture(scope="module")
def long_street(town):
    """A street of 6 km in ways of 1 km."""
    return town({k: ([(1000 * k, 0), (1000 * k + 1000, 0)], STREET) for k in range(1, 7)})


@pytest.fixture(scope="module")
def good(run):
    return run([(1010, 0), (1990, 0)], right_m=2.0)


def same_match(one, other, rows):
    columns = ["way_id", "travel_direction", "chainage_m", "offset_m"]
    pd.testing.assert_frame_equal(
        pd.DataFrame(one.loc[rows, columns]), pd.DataFrame(other.loc[rows, columns]), atol=1e-6
    )


@pytest.mark.parametrize("away", [(200_000.0, 0.0), (0.0, 330.0)], ids=["200 km away", "330 m off the road"])
def test_sixty_bad_fixes_leave_the_rest_unharmed(long_street, match_run, good, away):
    time_s, xy = good
    bad = xy.copy()
    bad[120:180] += away
    matched, _, path = match_run(long_street, time_s, bad)
    whole, _, _ = match_run(long_street, time_s, xy)
    assert len(matched) == len(xy)
    assert matched.loc[120:179, "way_id"].eq(NO_WAY).all()
    assert (matched.loc[120:179, "p_off_road"] > 0.99).all()
    same_match(matched, whole, [*range(118), *range(182, len(xy))])
    assert path["way_id"].eq(1).all()
    assert (path["to_chainage_m"] - path["from_chainage_m"]).sum() == pytest.approx(980 - 183, abs=15)


def test_all_outside_the_roads_names_the_area_that_is_missing(long_street, match_run, good):
    time_s, xy = good
    with pytest.raises(OutsideRoadsError) as caught:
        match_run(long_street, time_s, xy + np.array([0.0, 20_000.0]))
    error = caught.value
    west, south, east, north = error.track_bounds_deg
    assert 9.013 < west < east < 9.029
    assert 49.38 < south <= north < 49.39
    assert error.roads_bounds_deg == long_street.bounds_deg
    assert error.path == long_street.source
    for value in error.track_bounds_deg:
        assert f"{value:.3f}" in str(error)


def test_a_gap_of_five_kilometres_is_no_distance(long_street, match_run, run):
    time_s, xy = run([(1010, 0), (1250, 0)])
    later, far = run([(6250, 0), (6500, 0)])
    seconds = np.concatenate([time_s, time_s[-1] + 1800.0 + later])
    matched, _, path = match_run(long_street, seconds, np.concatenate([xy, far]))
    assert matched["section"].unique().tolist() == [0, 1]
    assert matched["distance_m"].iloc[-1] == pytest.approx(240.0 + 250.0, abs=5.0)
    assert path[["section", "way_id"]].to_numpy().tolist() == [[0, 1], [1, 6]]
    assert path["to_chainage_m"].iloc[0] == pytest.approx(250.0, abs=3.0)
    assert path["from_chainage_m"].iloc[1] == pytest.approx(250.0, abs=3.0)


def test_a_gap_within_a_section_is_bridged_on_the_network(town, match_run, run):
    """20 s without a fix while the street turns: the path goes round the corner."""
    roads = town({1: ([(0, 0), (200, 0)], STREET), 2: ([(200, 0), (200, 200)], STREET)})
    time_s, xy = run([(11, 0), (200, 0), (200, 190)])
    kept = (time_s < 53.0) | (time_s > 73.0)
    _, _, path = match_run(roads, time_s[kept], xy[kept])
    assert path["way_id"].tolist() == [1, 2]
    assert path["to_chainage_m"].iloc[0] == pytest.approx(200.0, abs=NEAR_M)


def test_fixes_given_twice_change_nothing(long_street, match_run, good):
    time_s, xy = good
    twice = np.repeat(np.arange(len(xy)), np.where(np.arange(len(xy)) % 3 == 0, 2, 1))
    matched, _, path = match_run(long_street, time_s[twice], xy[twice])
    once, _, whole = match_run(long_street, time_s, xy)
    assert len(matched) == len(once)
    for column in ("way_id", "travel_direction", "chainage_m", "offset_m", "match_probability"):
        assert matched[column].to_numpy() == pytest.approx(once[column].to_numpy())
    assert path["way_id"].tolist() == whole["way_id"].tolist()


def test_where_time_goes_back_the_run_is_cut_and_goes_on(long_street, match_run, good):
    time_s, xy = good
    shifted = np.where(np.arange(len(xy)) < 150, time_s, time_s - 100.0)
    matched, _, path = match_run(long_street, shifted, xy)
    assert matched["section"].unique().tolist() == [0, 1]
    assert matched["way_id"].eq(1).all()
    assert matched["travel_direction"].eq(1).all()
    assert path[["section", "way_id", "travel_direction"]].to_numpy().tolist() == [[0, 1, 1], [1, 1, 1]]


def test_one_position_that_is_no_number_costs_one_fix(long_street, record, good, tmp_path):
    """From the file on: NaN in one point, and the other points are matched as if it were not there."""
    time_s, xy = good
    fixes = record(time_s, xy).fixes
    point = '<trkpt lat="{}" lon="{}"><time>{}</time></trkpt>'
    points = [
        point.format(fix.latitude_deg, fix.longitude_deg, fix.time.isoformat()) for fix in fixes.itertuples()
    ]
    points[100] = points[100].replace('lat="49', 'lat="NaN" was="49')
    text = f'<gpx version="1.1"><trk><trkseg>{"".join(points)}</trkseg></trk></gpx>'
    path = tmp_path / "one_nan.gpx"
    path.write_text(text, encoding="utf-8")
    track, _ = prepare_track(read_recording(path), crs=long_street.crs)
    matched, _, _ = match(track, long_street)
    assert len(matched) == len(xy) - 1
    assert matched["way_id"].eq(1).all()
    assert matched["offset_m"].to_numpy() == pytest.approx(2.0, abs=NEAR_M)


@pytest.mark.parametrize("n", [0, 1])
def test_fewer_than_two_fixes_are_no_track(long_street, match_run, good, n):
    time_s, xy = good
    with pytest.raises(NoTrackError):
        match_run(long_street, time_s[:n], xy[:n])


def test_two_fixes_are_a_track(long_street, match_run, good):
    time_s, xy = good
    matched, _, path = match_run(long_street, time_s[:2], xy[:2])
    assert matched["way_id"].eq(1).all()
    assert path["way_id"].tolist() == [1]


def test_a_run_without_times_is_matched_like_one_with(long_street, match_run, good):
    time_s, xy = good
    matched, _, path = match_run(long_street, np.full(len(time_s), np.nan), xy)
    assert matched["way_id"].eq(1).all()
    assert matched["travel_direction"].eq(1).all()
    assert matched["offset_m"].to_numpy() == pytest.approx(2.0, abs=NEAR_M)
    assert (matched["match_probability"] > 0.95).all()
    assert path["from_time"].isna().all()
    assert path["to_time"].isna().all()


@pytest.mark.parametrize("step_s", [0.2, 0.5, 1.0, 4.0, 10.0, 25.0, 60.0])
def test_any_sampling_gives_the_same_streets(blocks, run, match_run, noise, step_s):
    """Five times a second to once a minute: the same streets in the same order and direction.

    Steps of more than 30 s are gaps unless the settings say otherwise, as for a device that saves power.
    """
    time_s, xy = run([(20, 0), (300, 0), (300, 300), (20, 300)], step_s=step_s)
    error = noise(len(xy), sigma_m=1.0, step_s=step_s, seed=8)
    matched, _, path = match_run(blocks, time_s, xy + error, gap_s=90.0)
    assert matched["way_id"].ne(NO_WAY).all()
    assert path[["way_id", "travel_direction"]].to_numpy().tolist() == [[10, 1], [23, 1], [13, -1]]
    last = 300.0 - xy[-1, 0] if xy[-1, 1] == 300.0 else 0.0
    run_m = (path["to_chainage_m"] - path["from_chainage_m"]).abs().sum()
    assert run_m == pytest.approx(280.0 + 300.0 + last, abs=10.0)


@pytest.mark.parametrize(("south_m", "bridged"), [(30.0, False), (90.0, True)])
def test_of_two_routes_alike_none_is_invented(town, match_run, run, south_m, bridged):
    """Round a block without fixes, north or south: bridged only where the south would be much longer."""
    roads = town(
        {
            1: ([(0, 0), (200, 0)], STREET),
            2: ([(200, 0), (200, 30), (280, 30), (280, 0)], STREET),
            3: ([(200, 0), (200, -south_m), (280, -south_m), (280, 0)], STREET),
            4: ([(280, 0), (480, 0)], STREET),
        }
    )
    time_s, xy = run([(5, 0), (200, 0), (200, 30), (280, 30), (280, 0), (475, 0)])
    seen = (time_s < 64.0) | (time_s > 115.0)
    matched, _, path = match_run(roads, time_s[seen], xy[seen], gap_s=90.0)
    assert matched["section"].eq(0).all()
    assert path["way_id"].tolist() == ([1, 2, 4] if bridged else [1, 4])
    assert path["to_chainage_m"].iloc[0] == pytest.approx(200.0 if bridged else 194.0, abs=NEAR_M)
