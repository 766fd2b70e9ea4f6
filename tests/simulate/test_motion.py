"""Progress, pauses and the times of fixes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camber.simulate.receiver import SEMICIRCLE_DEG, DeviceModel, fix_times
from camber.simulate.runner import STEP_S, Motion, RunnerModel, draw_motion

EVEN = RunnerModel(speed_variation=0.0)


def draw(length_m=3000.0, runner=EVEN, seed=1):
    return draw_motion(length_m, runner, np.random.default_rng(seed))


def paused(pauses):
    """1000 s of running with pauses (elapsed start, duration)."""
    moving_s = np.arange(0.0, 1000.0 + STEP_S, STEP_S)
    start, duration = np.array(pauses, dtype=float).reshape(-1, 2).T
    return Motion(moving_s, 3.0 * moving_s, start, duration)


def test_an_even_runner_takes_length_over_speed():
    assert draw().duration_s == pytest.approx(1000.0, abs=STEP_S)


@given(st.floats(20.0, 5000.0), st.floats(1.0, 6.0), st.integers(0, 2**32))
def test_progress_never_turns_back_and_ends_at_the_end(length_m, speed_mps, seed):
    runner = RunnerModel(speed_mps=speed_mps, speed_variation=0.2)
    motion = draw(length_m, runner, seed)
    step_m = np.diff(motion.distance_m)
    assert motion.distance_m[0] == 0.0
    assert motion.distance_m[-1] == length_m
    assert (step_m >= 0.0).all()
    assert step_m.max() <= 1.5 * speed_mps * STEP_S + 1e-9


def test_speed_varies_as_much_as_asked():
    motion = draw(200_000.0, RunnerModel(speed_variation=0.1, speed_tau_s=20.0))
    speed = np.diff(motion.distance_m)[:-1] / STEP_S
    assert speed.mean() == pytest.approx(3.0, rel=0.01)
    assert speed.std() == pytest.approx(0.3, rel=0.05)


def test_pauses_come_at_their_rate_and_last_as_long_as_asked():
    runner = RunnerModel(pauses_per_km=1.0, pause_s=40.0)
    pauses = [draw(5000.0, runner, seed).pause_s for seed in range(300)]
    assert np.mean([len(each) for each in pauses]) == pytest.approx(5.0, abs=4.0 * np.sqrt(5.0 / 300))
    assert np.concatenate(pauses).mean() == pytest.approx(40.0, rel=0.05)


def test_moving_time_stands_still_in_a_pause():
    motion = paused([(100.0, 30.0), (300.0, 10.0)])
    elapsed_s = np.array([0.0, 100.0, 115.0, 130.0, 131.0, 305.0, 320.0])
    assert motion.moving_at(elapsed_s).tolist() == [0.0, 100.0, 100.0, 100.0, 101.0, 270.0, 280.0]
    assert motion.pausing_at(elapsed_s).tolist() == [False, False, True, False, False, True, False]
    assert motion.duration_s == 1040.0


def test_without_pauses_moving_time_is_elapsed_time():
    elapsed_s = np.arange(50.0)
    assert paused([]).moving_at(elapsed_s).tolist() == elapsed_s.tolist()
    assert not paused([]).pausing_at(elapsed_s).any()


def times(motion, seed=1, **settings):
    return fix_times(motion, DeviceModel(**settings), np.random.default_rng(seed))


def test_a_fix_every_second():
    assert times(paused([])).tolist() == np.arange(1001.0).tolist()


def test_smart_recording_takes_all_intervals_from_two_to_seven_alike():
    elapsed_s = np.concatenate([np.diff(times(paused([]), seed, recording="smart")) for seed in range(40)])
    interval_s, count = np.unique(elapsed_s, return_counts=True)
    assert interval_s.tolist() == [2.0, 3.0, 4.0, 5.0, 6.0, 7.0]
    assert count / count.sum() == pytest.approx(1.0 / 6.0, abs=0.02)


def test_auto_pause_leaves_a_gap_and_its_ends():
    motion = paused([(100.0, 30.0)])
    recorded = times(motion)
    assert {100.0, 130.0} <= set(recorded)
    assert not ((recorded > 100.0) & (recorded < 130.0)).any()
    assert len(times(motion, auto_pause=False)) == 1031


def test_dropouts_come_at_their_rate_and_last_as_long_as_asked():
    lost = [1001 - len(times(paused([]), seed, dropouts_per_hour=3.6, dropout_s=40.0)) for seed in range(400)]
    # One dropout of 40 s in 1000 s: 39.5 fixes, less what overlaps or sticks out at the end.
    assert np.mean(lost) == pytest.approx(39.5, rel=0.12)


def test_the_first_fix_is_never_lost():
    for seed in range(20):
        assert times(paused([]), seed, dropouts_per_hour=400.0)[0] == 0.0


@given(st.floats(-180.0, 180.0))
def test_coordinates_are_rounded_to_what_a_device_can_write(degrees):
    seven = DeviceModel(coordinate_decimals=7).round_degrees(np.array([degrees]))
    watch = DeviceModel(coordinate_decimals=None).round_degrees(np.array([degrees]))
    assert abs(seven[0] - degrees) <= 0.5000001e-7
    assert abs(watch[0] - degrees) <= 0.5 * SEMICIRCLE_DEG
    assert (watch[0] / SEMICIRCLE_DEG).is_integer()
