"""A track keeps where the runner was, in metres, and nothing that no runner could have run."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer

from camber.errors import NoTrackError, SettingsError
from camber.recording import read_recording
from camber.schema import Recording, TrackSettings, as_fixes
from camber.track import prepare_track, smooth_positions

UTM = "EPSG:32632"
CENTRE = np.array([500_000.0, 5_500_000.0])  # on the central meridian of zone 32, near 49.65 N
PACE = 3.0
PATIENT = settings(deadline=None, max_examples=50)  # a coordinate system takes its time to set up


def recording_of(time_s, xy, part=None, accuracy_m=np.nan):
    """A recording at these metres east and north of `CENTRE` and these seconds; None is no time."""
    longitude, latitude = Transformer.from_crs(UTM, "EPSG:4326", always_xy=True).transform(*(CENTRE + xy).T)
    return recording_at(time_s, latitude, longitude, part, accuracy_m)


def recording_at(time_s, latitude, longitude, part=None, accuracy_m=np.nan):
    start = pd.Timestamp("2024-01-01T10:00:00Z").as_unit("us")
    seconds = np.array([np.nan if second is None else second for second in time_s], dtype=float)
    missing = np.full(len(seconds), np.nan)
    fixes = pd.DataFrame(
        {
            "time": start + pd.to_timedelta(np.round(seconds * 1e6), unit="us").as_unit("us"),
            "latitude_deg": latitude,
            "longitude_deg": longitude,
            "elevation_m": missing,
            "speed_mps": missing,
            "accuracy_m": accuracy_m * np.ones(len(seconds)),
            "cadence_spm": missing,
            "heart_rate_bpm": missing,
            "stance_time_balance_pct": missing,
            "part": np.zeros(len(seconds), dtype=np.int64) if part is None else np.asarray(part),
        },
        index=pd.RangeIndex(len(seconds), name="fix_id"),
    )
    return Recording("a run", "gpx", "running", None, None, None, None, as_fixes(fixes))


def straight(n, *, step_s=1.0, pace=PACE):
    """Seconds and metres of a run due north."""
    time_s = np.arange(n) * step_s
    return time_s, np.stack([np.zeros(n), pace * time_s], axis=1)


def prepare(time_s, xy, part=None, **settings):
    track, problems = prepare_track(recording_of(time_s, xy, part), settings=TrackSettings(**settings))
    return track, {problem.code: problem.count for problem in problems}


def place(track):
    return np.stack([track.geometry.x, track.geometry.y], axis=1) - CENTRE


def test_a_straight_run_is_itself():
    time_s, xy = straight(200)
    track, problems = prepare(time_s, xy)
    assert problems == {}
    assert track.crs == CRS(UTM)
    assert track["section"].eq(0).all()
    assert place(track) == pytest.approx(xy, abs=1e-6)
    assert track["distance_m"].to_numpy() == pytest.approx(PACE * time_s, abs=1e-5)
    assert track["elapsed_s"].to_numpy() == pytest.approx(time_s)
    assert track["speed_mps"].to_numpy() == pytest.approx(PACE, abs=1e-5)
    northwards = (track["heading_deg"].to_numpy() + 180.0) % 360.0
    assert northwards == pytest.approx(180.0, abs=1e-3)


@pytest.mark.parametrize(
    ("east", "north", "heading"), [(1, 0, 90.0), (0, -1, 180.0), (-1, 0, 270.0), (1, 1, 45.0)]
)
def test_headings_are_clockwise_from_north(east, north, heading):
    time_s, xy = straight(20)
    turned = np.stack([east * xy[:, 1], north * xy[:, 1]], axis=1)
    assert prepare(time_s, turned)[0]["heading_deg"].to_numpy() == pytest.approx(heading, abs=1e-3)


def test_a_runner_who_stands_has_no_heading():
    time_s, xy = straight(60)
    xy[20:40] = xy[20]
    xy[40:] -= xy[40] - xy[20]
    track, _ = prepare(time_s, xy)
    assert track["heading_deg"].iloc[26:34].isna().all()
    assert track["speed_mps"].iloc[26:34].to_numpy() == pytest.approx(0.0, abs=1e-6)
    assert track["heading_deg"].iloc[[0, 10, 50, 59]].notna().all()


def test_the_recording_is_not_changed():
    recording = recording_of(*straight(10))
    before = recording.fixes.copy(deep=True)
    prepare_track(recording)
    pd.testing.assert_frame_equal(recording.fixes, before)


def test_accuracy_and_fix_ids_stay_with_their_fixes():
    time_s, xy = straight(10)
    time_s[3] = time_s[2]
    recording = recording_of(time_s, xy, accuracy_m=np.arange(10.0))
    track, _ = prepare_track(recording)
    assert track.index.tolist() == [0, 1, 2, 4, 5, 6, 7, 8, 9]
    assert track["accuracy_m"].tolist() == track.index.tolist()
    assert track["time"].tolist() == recording.fixes["time"].loc[track.index].tolist()


# What is dropped


def test_of_fixes_at_the_same_time_the_first_is_kept():
    time_s, xy = straight(10)
    doubled = np.repeat(time_s, 3)
    moved = np.repeat(xy, 3, axis=0)
    moved[1::3] += 2.0
    track, problems = prepare(doubled, moved)
    assert problems == {"duplicate": 20}
    assert place(track) == pytest.approx(xy, abs=1e-6)
    assert track["distance_m"].iloc[-1] == pytest.approx(9 * PACE, abs=1e-5)


def test_standing_still_is_no_duplicate_where_time_goes_on():
    assert len(prepare(np.arange(10), np.zeros((10, 2)))[0]) == 10


def test_without_times_the_same_place_again_is_a_duplicate():
    track, problems = prepare([None] * 4, np.array([[0.0, 0], [0, 0], [0, 5], [0, 0]]))
    assert len(track) == 3
    assert problems == {"duplicate": 1}


def test_null_island_is_dropped_where_the_rest_is_far_away():
    track, problems = prepare_track(
        recording_at(np.arange(5), [50.0, 0.0, 50.00001, 0.0005, 50.00002], [8.0, 0.0, 8.0, 0.0, 8.0])
    )
    assert track.index.tolist() == [0, 2, 4]
    assert [(problem.code, problem.count) for problem in problems] == [("null_island", 2)]


def test_a_line_drawn_to_null_island_does_not_save_it():
    latitude = np.concatenate([50.0 + np.arange(9) * 2e-5, [0.5, 0.0, 0.0]])
    longitude = np.concatenate([np.full(9, 8.0), [0.1, 0.0, 0.0]])
    track, _ = prepare_track(recording_at(np.arange(12), latitude, longitude))
    assert track.index.max() == 9


def test_a_run_near_null_island_stays():
    latitude = np.arange(50) * 2e-5
    assert len(prepare_track(recording_at(np.arange(50), latitude, np.zeros(50)))[0]) == 50
    far = np.concatenate([np.zeros(5), 0.5 + latitude])
    assert len(prepare_track(recording_at(np.arange(55), far, np.zeros(55)))[0]) == 55


@pytest.mark.parametrize("length", [1, 2])
@pytest.mark.parametrize("height", [40.0, 400.0, 5_000.0])
def test_a_spike_out_and_back_is_dropped(length, height):
    time_s, xy = straight(60)
    spiked = xy.copy()
    spiked[30 : 30 + length, 0] += height
    track, problems = prepare(time_s, spiked)
    assert problems == {"spike": length}
    assert place(track) == pytest.approx(np.delete(xy, slice(30, 30 + length), axis=0), abs=1e-6)
    assert track["section"].eq(0).all()


@pytest.mark.parametrize("where", [0, 59])
def test_a_wild_fix_at_an_end_is_cut_off(where):
    time_s, xy = straight(60)
    xy[where, 0] += 2_000.0
    track, problems = prepare(time_s, xy)
    assert problems == {"jump": 1}
    assert track["section"].nunique() == 2
    assert track["distance_m"].iloc[-1] == pytest.approx(58 * PACE, abs=1e-4)


def test_jitter_at_ten_hertz_is_no_spike():
    time_s, xy = straight(300, step_s=0.1)
    xy[::10, 0] += 3.0
    assert prepare(time_s, xy)[1] == {}


def test_a_bent_sprint_is_no_spike():
    time_s, xy = straight(60)
    step = np.diff(xy, axis=0)
    bend = np.radians(20.0)
    step[30], step[31] = [0.0, 12.6], [12.6 * np.sin(bend), 12.6 * np.cos(bend)]
    assert prepare(time_s, np.concatenate([xy[:1], np.cumsum(step, axis=0)]))[1] == {}


def test_a_turn_on_the_spot_is_no_spike():
    time_s, xy = straight(60, pace=6.0)
    xy[30:, 1] = xy[30, 1] - (xy[30:, 1] - xy[30, 1])
    assert prepare(time_s, xy)[1] == {}


# Where it is cut


def gap_run(pause_s, moved_m):
    time_s, xy = straight(40)
    time_s[20:] += pause_s - 1.0
    xy[20:, 1] += moved_m - PACE
    return time_s, xy


@pytest.mark.parametrize(
    ("pause_s", "moved_m", "cut"),
    [
        (31.0, 26.0, True),
        (29.0, 26.0, False),
        (31.0, 24.0, False),
        (299.0, 24.0, False),
        (301.0, 0.0, True),
        (100.0, 1_001.0, True),
        (29.0, 200.0, False),
    ],
)
def test_a_gap_cuts_by_time_and_distance(pause_s, moved_m, cut):
    track, problems = prepare(*gap_run(pause_s, moved_m))
    assert track["section"].tolist() == [0] * 20 + [int(cut)] * 20
    assert problems == ({"gap": 1} if cut else {})


@pytest.mark.parametrize(
    ("step_s", "moved_m", "cut"),
    [(1.0, 999.0, False), (1.0, 1_001.0, True), (3.0, 38.0, True), (3.0, 37.0, False), (2.9, 60.0, False)],
)
def test_a_jump_cuts_by_length_or_by_speed_that_lasts(step_s, moved_m, cut):
    assert prepare(*gap_run(step_s, moved_m))[1] == ({"jump": 1} if cut else {})


def test_a_ride_adds_no_distance():
    time_s, xy = straight(100)
    ride = np.zeros(100)
    ride[41:61] = 20.0 - PACE
    xy[:, 1] += np.cumsum(ride)
    track, problems = prepare(time_s, xy)
    assert problems == {"jump": 20}
    assert track["distance_m"].iloc[-1] == pytest.approx((99 - 20) * PACE, abs=1e-4)
    assert track["section"].nunique() == 21


def test_a_short_sprint_is_no_ride():
    time_s, xy = straight(100)
    xy[50:, 1] += 12.0
    xy[51:, 1] += 12.0
    assert prepare(time_s, xy)[1] == {}


def test_a_sparse_recording_is_not_cut_at_every_step():
    """A fix a minute, as some phones save: only an interval far longer than its own is a gap."""
    seconds = np.array([0.0, 60.0, 120.0, 180.0, 240.0, 600.0, 660.0])
    track, _ = prepare_track(recording_of(seconds, np.stack([0.0 * seconds, PACE * seconds], axis=1)))
    assert track["section"].tolist() == [0, 0, 0, 0, 0, 1, 1]
    assert track["distance_m"].iloc[-1] == pytest.approx(PACE * 300.0, rel=1e-3)


def test_time_going_back_cuts_and_is_not_sorted():
    time_s, xy = straight(40)
    time_s[20:] -= 15.0
    track, problems = prepare(time_s, xy)
    assert problems == {"time_backwards": 1}
    assert track["elapsed_s"].tolist() == time_s.tolist()
    assert track["section"].tolist() == [0] * 20 + [1] * 20


def test_each_part_of_the_file_begins_a_section():
    time_s, xy = straight(30)
    track, problems = prepare(time_s, xy, part=[0] * 10 + [1] * 19 + [2])
    assert track["section"].tolist() == [0] * 10 + [1] * 19 + [2]
    assert problems == {}
    assert track["distance_m"].iloc[-1] == pytest.approx((9 + 18) * PACE, abs=1e-5)
    assert np.isnan(track["speed_mps"].iloc[-1])
    assert np.isnan(track["heading_deg"].iloc[-1])


def test_smoothing_does_not_reach_across_a_cut():
    time_s, xy = straight(40)
    xy[20:, 0] += 30.0
    whole, _ = prepare(time_s, xy, part=[0] * 20 + [1] * 20)
    assert whole["heading_deg"].iloc[:20].map(lambda h: min(h, 360 - h)).max() < 1e-3
    assert whole["distance_m"].iloc[-1] == pytest.approx(38 * PACE, abs=1e-5)


# Without times


def test_without_times_the_track_is_ordered_and_has_no_speed():
    _, xy = straight(100)
    track, problems = prepare([None] * 100, xy)
    assert problems == {}
    assert track[["elapsed_s", "speed_mps"]].isna().all(axis=None)
    assert track["time"].isna().all()
    assert track["distance_m"].iloc[-1] == pytest.approx(99 * PACE, abs=1e-4)
    assert track["heading_deg"].notna().all()


def test_vertices_of_a_planned_route_are_not_rounded_off():
    corners = np.array([[0.0, 0], [0, 200], [300, 200], [300, -50]])
    track, _ = prepare([None] * 4, corners)
    assert track["distance_m"].iloc[-1] == pytest.approx(750.0, abs=1e-4)


def test_some_missing_times_do_not_break_the_track():
    time_s, xy = straight(60)
    track, problems = prepare([None if i % 7 == 0 else t for i, t in enumerate(time_s)], xy)
    assert problems == {"given_time": 9}
    assert len(track) == 60
    assert track["distance_m"].iloc[-1] == pytest.approx(59 * PACE, abs=1e-4)
    np.testing.assert_allclose(track["elapsed_s"], time_s, atol=1e-4)
    np.testing.assert_allclose(track["speed_mps"], PACE, atol=1e-3)
    step = track["time"].diff().dt.total_seconds().to_numpy()[1:]
    np.testing.assert_allclose(step, 1.0, atol=1e-4)


@pytest.mark.parametrize("clock_s", [15, 60, 120])
def test_a_clock_that_tells_minutes_costs_no_fix(clock_s):
    time_s, xy = straight(600)
    track, problems = prepare(time_s // clock_s * clock_s, xy)
    assert len(track) == 600
    assert problems == {"given_time": 600 - 600 // clock_s}
    np.testing.assert_allclose(track["elapsed_s"], time_s, atol=1e-3)
    assert track["section"].eq(0).all()


def test_most_times_missing_say_nothing_of_the_others():
    time_s, xy = straight(60)
    track, problems = prepare([t if i % 3 == 0 else None for i, t in enumerate(time_s)], xy)
    assert problems == {}
    assert track["elapsed_s"].isna().sum() == 40


# Smoothing


def length(xy):
    return np.hypot(*np.diff(xy, axis=0).T).sum()


def circle(radius, step_s=1.0):
    time_s = np.arange(0.0, 600.0, step_s)
    angle = PACE * time_s / radius
    return time_s, radius * np.stack([np.sin(angle), np.cos(angle)], axis=1)


@pytest.mark.parametrize("step_s", [0.2, 1.0, 2.0, 4.0])
def test_a_circle_of_20_m_keeps_its_length(step_s):
    time_s, xy = circle(20.0, step_s)
    assert length(smooth_positions(time_s, xy, 5.0)) == pytest.approx(length(xy), rel=0.002)


def test_a_corner_is_hardly_cut():
    time_s = np.arange(0.0, 61.0)
    xy = np.stack([PACE * np.clip(time_s - 30.0, 0.0, None), PACE * np.clip(time_s, None, 30.0)], axis=1)
    smoothed = smooth_positions(time_s, xy, 5.0)
    assert length(xy) - length(smoothed) < 1.5
    assert np.hypot(*(smoothed - xy).T).max() < 1.5


@pytest.mark.parametrize(("sigma_m", "at_most"), [(0.28, 0.002), (1.0, 0.012)])
def test_jitter_does_not_lengthen_a_straight_run(sigma_m, at_most):
    time_s, xy = straight(3000)
    noisy = xy + np.random.default_rng(1).normal(0.0, sigma_m, xy.shape)
    excess = length(smooth_positions(time_s, noisy, 5.0)) / length(xy) - 1.0
    raw = length(noisy) / length(xy) - 1.0
    assert -0.001 < excess < at_most
    assert excess < raw / 10.0


def test_headings_survive_jitter():
    time_s, xy = straight(1000)
    noisy = xy + np.random.default_rng(2).normal(0.0, 0.5, xy.shape)
    heading = prepare(time_s, noisy)[0]["heading_deg"].to_numpy()
    assert np.nanstd((heading + 180.0) % 360.0) < 8.0


@PATIENT
@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.floats(0.5, 20.0))
def test_a_parabola_in_time_is_its_own_smoothing(seed, n, half_window_s):
    rng = np.random.default_rng(seed)
    time_s = np.cumsum(rng.uniform(0.1, 4.0, n))
    a, b, c = rng.normal(0.0, 1.0, (3, 2))
    xy = a + b * time_s[:, np.newaxis] + c * time_s[:, np.newaxis] ** 2 / 100.0
    assert smooth_positions(time_s, xy, half_window_s) == pytest.approx(xy, abs=1e-6)


@PATIENT
@given(st.integers(0, 2**32 - 1), st.integers(2, 60))
def test_smoothing_agrees_with_least_squares(seed, n):
    rng = np.random.default_rng(seed)
    time_s = np.cumsum(rng.uniform(0.2, 3.0, n))
    xy = rng.normal(0.0, 5.0, (n, 2))
    smoothed = smooth_positions(time_s, xy, 5.0)
    for i in range(n):
        u = (time_s - time_s[i]) / 5.0
        near = np.abs(u) < 1.0
        if near.sum() < 5:
            continue
        root = np.sqrt((1.0 - np.abs(u[near]) ** 3) ** 3)[:, np.newaxis]
        powers = np.vander(u[near], 3, increasing=True)
        fitted = np.linalg.lstsq(powers * root, xy[near] * root, rcond=None)[0]
        assert smoothed[i] == pytest.approx(fitted[0], abs=1e-6)


def test_no_window_means_no_smoothing_and_a_crowd_of_fixes_costs_no_time():
    time_s, xy = circle(20.0)
    assert smooth_positions(time_s, xy, 0.0) == pytest.approx(xy, abs=0.0)
    crowded = np.linspace(0.0, 1.0, 100_000)
    there = np.stack([crowded, crowded], axis=1)
    assert smooth_positions(crowded, there, 5.0) == pytest.approx(there, abs=1e-9)


# Invariants


def wander(seed, n=80):
    rng = np.random.default_rng(seed)
    heading = np.cumsum(rng.normal(0.0, 0.3, n))
    step = rng.uniform(1.0, 4.5, n)[:, np.newaxis]
    xy = np.cumsum(step * np.stack([np.sin(heading), np.cos(heading)], axis=1), axis=0)
    time_s = np.cumsum(rng.choice([1.0, 1.0, 2.0, 5.0, 400.0], n, p=[0.5, 0.3, 0.1, 0.09, 0.01]))
    return time_s, xy


def same_headings(a, b):
    turned = np.abs((a - b + 180.0) % 360.0 - 180.0)
    assert np.array_equal(np.isnan(a), np.isnan(b))
    assert np.nanmax(turned, initial=0.0) < 1e-6


@PATIENT
@given(st.integers(0, 2**32 - 1))
def test_the_mirrored_run_has_mirrored_headings(seed):
    time_s, xy = wander(seed)
    here, problems = prepare(time_s, xy)
    there, mirrored_problems = prepare(time_s, xy * [-1.0, 1.0])
    assert problems == mirrored_problems
    assert there["distance_m"].to_numpy() == pytest.approx(here["distance_m"].to_numpy(), rel=1e-9, abs=1e-6)
    assert there["section"].tolist() == here["section"].tolist()
    same_headings(there["heading_deg"].to_numpy(), -here["heading_deg"].to_numpy())


@PATIENT
@given(st.integers(0, 2**32 - 1))
def test_mirror_and_shift_are_exact_in_metres(seed):
    time_s, xy = wander(seed)
    smoothed = smooth_positions(time_s, xy, 5.0)
    assert smooth_positions(time_s, xy * [-1.0, 1.0], 5.0) == pytest.approx(smoothed * [-1.0, 1.0], abs=1e-9)
    assert smooth_positions(time_s + 1e5, xy + 1e5, 5.0) - 1e5 == pytest.approx(smoothed, abs=1e-9)


@PATIENT
@given(st.integers(0, 2**32 - 1))
def test_a_shift_of_100_km_changes_no_distance(seed):
    time_s, xy = wander(seed)
    here, _ = prepare(time_s, xy)
    there, _ = prepare_track(recording_of(time_s, xy + np.array([20_000.0, 100_000.0])), crs=UTM)
    assert there["distance_m"].to_numpy() == pytest.approx(here["distance_m"].to_numpy(), rel=1e-9, abs=1e-6)
    same_headings(there["heading_deg"].to_numpy(), here["heading_deg"].to_numpy())


@PATIENT
@given(st.integers(0, 2**32 - 1))
def test_the_run_backwards_has_the_same_smoothed_line(seed):
    time_s, xy = wander(seed)
    backwards = smooth_positions(time_s[-1] - time_s[::-1], xy[::-1].copy(), 5.0)
    assert backwards[::-1] == pytest.approx(smooth_positions(time_s, xy, 5.0), abs=1e-8)


@PATIENT
@given(
    st.lists(
        st.tuples(
            st.none() | st.floats(0, 2000).map(lambda s: round(s, 3)),
            st.floats(-90, 90),
            st.floats(-180, 180),
            st.integers(0, 1),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_any_recording_is_a_track_or_none(points):
    time_s, latitude, longitude, grown = zip(*points, strict=True)
    recording = recording_at(time_s, list(latitude), list(longitude), np.cumsum(grown))
    try:
        track, problems = prepare_track(recording)
    except NoTrackError:
        return
    dropped = sum(p.count for p in problems if p.code in {"null_island", "outside_crs", "duplicate", "spike"})
    assert len(track) == len(points) - dropped
    assert np.isfinite(track["distance_m"]).all()
    assert (np.diff(track["distance_m"]) >= 0.0).all()
    assert set(np.diff(track["section"])) <= {0, 1}


# Coordinate systems


@pytest.mark.parametrize(
    ("latitude", "longitude", "epsg"),
    [
        (49.4, 8.7, 32632),
        (60.2, 24.9, 32635),
        (-37.8, 145.0, 32755),
        (0.0, -180.0, 32601),
        (1.0, 180.0, 32601),
    ],
)
def test_the_zone_is_that_of_the_first_fix(latitude, longitude, epsg):
    track, _ = prepare_track(recording_at([0.0, 1.0], [latitude, latitude + 2e-5], [longitude] * 2))
    assert track.crs.to_epsg() == epsg


def test_a_run_across_the_antimeridian_is_one_section():
    longitude = (np.arange(-20, 20) * 3e-5 + 360.0 + 180.0) % 360.0 - 180.0
    track, problems = prepare_track(recording_at(np.arange(40), np.full(40, -17.0), longitude))
    assert problems == ()
    assert track["section"].eq(0).all()
    assert track["distance_m"].iloc[-1] == pytest.approx(
        39 * 3e-5 * 111_320 * np.cos(np.radians(17.0)), rel=0.002
    )


@pytest.mark.parametrize("crs", ["EPSG:25832", 31467, CRS("EPSG:2056")])
def test_a_local_system_in_metres_is_taken(crs):
    track, _ = prepare_track(recording_of(*straight(20)), crs=crs)
    assert track.crs == CRS.from_user_input(crs)
    assert track["distance_m"].iloc[-1] == pytest.approx(19 * PACE, rel=0.002)


@pytest.mark.parametrize(
    "crs", ["EPSG:3857", "ESRI:102100", 3395, 4326, "EPSG:4978", 2263, "nonsense", 12345678]
)
def test_systems_in_which_metres_are_none_are_refused(crs):
    with pytest.raises(SettingsError, match="UTM"):
        prepare_track(recording_of(*straight(20)), crs=crs)


def test_fixes_that_the_system_cannot_hold_are_dropped():
    latitude, longitude = [49.0, 49.00002, 0.0, 49.00004], [9.0, 9.0, 99.5, 9.0]
    track, problems = prepare_track(recording_at(np.arange(4), latitude, longitude))
    codes = {problem.code for problem in problems}
    assert codes & {"outside_crs", "spike"}
    assert len(track) == 3


@pytest.mark.parametrize("time_s", [[0.0, 0.0], [5.0]])
def test_fewer_than_two_fixes_are_no_track(time_s):
    with pytest.raises(NoTrackError, match="1 of"):
        prepare(time_s, np.zeros((len(time_s), 2)))


def test_only_null_island_is_a_place_like_any_other():
    assert len(prepare_track(recording_at([0.0, 1.0], [0.0, 1e-5], [0.0, 0.0]))[0]) == 2


def test_settings_decide():
    time_s, xy = straight(100, pace=20.0)
    assert prepare(time_s, xy)[0]["section"].nunique() == 100
    assert prepare(time_s, xy, jump_mps=30.0)[0]["section"].eq(0).all()


def test_part_numbers_need_not_begin_at_zero():
    recording = recording_of(*straight(10), part=[4] * 5 + [9] * 5)
    assert prepare_track(replace(recording, source="x"))[0]["section"].tolist() == [0] * 5 + [1] * 5


def test_real_recordings_become_tracks(pytestconfig):
    """Skips where the real recordings are absent (they are not ours to ship)."""
    folder = pytestconfig.rootpath / "../shared/data/traces"
    if not folder.is_dir():
        pytest.skip("the folder with real recordings is absent")
    for name, least_m, most_m in (("altona_walk", 1_700, 2_000), ("tomtom-runner3-ride", 5_000, 5_200)):
        recording = read_recording(folder / f"{name}.converted.gpx")
        track, problems = prepare_track(recording)
        assert problems == ()
        assert len(track) == len(recording.fixes)
        assert least_m < track["distance_m"].iloc[-1] < most_m
