"""A runner's habits, progress and pauses, and the times at which a device takes a fix."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camber.conventions import LATERAL_STATES
from camber.simulate.receiver import SEMICIRCLE_DEG, DeviceModel, fix_times
from camber.simulate.routes import Route, trace_route
from camber.simulate.runner import (
    STEP_S,
    Choices,
    Decisions,
    Motion,
    RunnerModel,
    choose_states,
    draw_decisions,
    draw_motion,
)

MANY = 40_000


def choices(p_facing, p_sidewalk, p_centre, *, traffic=1, left=False, right=False, fixed=-1, n=1):
    return Choices(
        habit=np.tile([p_facing, p_sidewalk, p_centre], (n, 1)).astype(float),
        traffic_sign=np.full(n, traffic),
        sidewalk_left=np.full(n, left),
        sidewalk_right=np.full(n, right),
        fixed_state=np.full(n, fixed),
    )


def decisions(kind_rank, side_rank, *, flip_m=()):
    ranks = np.atleast_1d(kind_rank).astype(float), np.atleast_1d(side_rank).astype(float)
    return Decisions(np.arange(len(ranks[0]), dtype=float), *ranks, np.asarray(flip_m, dtype=float))


def state(*args, **kwargs):
    held = decisions(
        kwargs.pop("kind_rank", 0.5), kwargs.pop("side_rank", 0.5), flip_m=kwargs.pop("flip_m", ())
    )
    at_m = np.array([kwargs.pop("at_m", 0.0)])
    return str(LATERAL_STATES[choose_states(held, at_m, choices(*args, **kwargs))[0]])


@pytest.mark.parametrize(
    ("traffic", "p_facing", "expected"),
    [(1, 1.0, "left_edge"), (1, 0.0, "right_edge"), (-1, 1.0, "right_edge"), (-1, 0.0, "left_edge")],
)
def test_facing_traffic_is_left_where_cars_drive_on_the_right(traffic, p_facing, expected):
    assert state(p_facing, 0.0, 0.0, traffic=traffic) == expected


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (True, True, "left_sidewalk"),
        (True, False, "left_sidewalk"),
        (False, True, "right_sidewalk"),
        (False, False, "left_edge"),
    ],
)
def test_a_sidewalk_is_taken_where_there_is_one(left, right, expected):
    assert state(1.0, 1.0, 0.0, left=left, right=right) == expected


def test_the_middle_is_taken_by_those_who_like_it_and_by_nobody_on_a_sidewalk():
    assert state(1.0, 0.0, 1.0) == "centre"
    assert state(1.0, 0.85, 0.15, kind_rank=0.9, left=True) == "centre"
    assert state(1.0, 0.85, 0.15, kind_rank=0.8, left=True) == "left_sidewalk"


def test_a_way_without_choice_decides():
    other = LATERAL_STATES.index("other")
    assert state(1.0, 1.0, 0.0, left=True, fixed=other) == "other"


def test_keeping_the_physical_side_swaps_the_side_of_travel_at_each_turn():
    assert state(1.0, 0.0, 0.0, flip_m=[10.0], at_m=9.0) == "left_edge"
    assert state(1.0, 0.0, 0.0, flip_m=[10.0], at_m=10.0) == "right_edge"
    assert state(1.0, 0.0, 0.0, flip_m=[10.0, 20.0], at_m=25.0) == "left_edge"


def test_a_new_decision_forgets_the_turns_before_it():
    held = Decisions(np.array([0.0, 15.0]), np.full(2, 0.5), np.full(2, 0.5), np.array([10.0]))
    where = np.array([12.0, 16.0])
    found = choose_states(held, where, choices(1.0, 0.0, 0.0, n=2))
    assert [LATERAL_STATES[code] for code in found] == ["right_edge", "left_edge"]


@pytest.mark.parametrize("traffic", [1, -1])
def test_shares_come_out_as_the_habit_says(traffic):
    rng = np.random.default_rng(1)
    held = decisions(rng.random(MANY), rng.random(MANY))
    offer = choices(0.7, 0.6, 0.1, traffic=traffic, left=True, right=True, n=MANY)
    found = choose_states(held, held.start_m, offer)
    share = np.bincount(found, minlength=6) / MANY
    facing = [0.6 * 0.7, 0.3 * 0.7, 0.1, 0.3 * 0.3, 0.6 * 0.3, 0.0]
    expected = facing if traffic > 0 else [*facing[4::-1], 0.0]
    assert share == pytest.approx(expected, abs=4.0 * 0.5 / np.sqrt(MANY))


def test_mirrored_traffic_mirrors_the_choice():
    rng = np.random.default_rng(2)
    held = decisions(rng.random(500), rng.random(500))
    right = choose_states(held, held.start_m, choices(0.7, 0.6, 0.1, left=True, n=500))
    left = choose_states(held, held.start_m, choices(0.7, 0.6, 0.1, traffic=-1, right=True, n=500))
    assert (left == 4 - right).all()


@pytest.fixture(scope="module")
def street(make_roads):
    """Twenty streets of 250 m in a row."""
    return make_roads({n: ([(250.0 * n, 0.0), (250.0 * n + 250.0, 0.0)], {}) for n in range(20)})


def laid_out(roads):
    route = Route(np.arange(20), np.ones(20, dtype=int)).out_and_back()
    return trace_route(roads, route), route


def test_the_rate_of_decisions_is_the_one_given(street):
    line, route = laid_out(street)
    runner = RunnerModel(decisions_per_km=1.5, p_junction_decision=0.1)
    rng = np.random.default_rng(3)
    count = [len(draw_decisions(line, route, runner, rng).start_m) for _ in range(600)]
    # The first, 1.5 on each of 10 km, and at a tenth of 38 junctions (a turn back is none, nor is the start).
    assert np.mean(count) == pytest.approx(1.0 + 15.0 + 3.8, abs=4.0 * np.std(count) / np.sqrt(600))


def test_a_steady_runner_decides_once(street):
    line, route = laid_out(street)
    runner = RunnerModel(decisions_per_km=0.0, p_junction_decision=0.0)
    held = draw_decisions(line, route, runner, np.random.default_rng(4))
    assert held.start_m.tolist() == [0.0]
    assert held.flip_m.tolist() == []


def test_the_side_is_kept_at_turns_back_only(street):
    line, route = laid_out(street)
    runner = RunnerModel(decisions_per_km=0.0, p_junction_decision=0.0, p_same_physical_side=1.0)
    assert draw_decisions(line, route, runner, np.random.default_rng(5)).flip_m.tolist() == [5000.0]


def test_decisions_begin_at_zero_and_grow(street):
    line, route = laid_out(street)
    for seed in range(20):
        start_m = draw_decisions(line, route, RunnerModel(), np.random.default_rng(seed)).start_m
        assert start_m[0] == 0.0
        assert (np.diff(start_m) > 0.0).all()


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
