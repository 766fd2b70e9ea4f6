"""Habits: the states come out with the shares that the habit says, on the side that traffic makes them."""

import numpy as np
import pytest

from camber.conventions import LATERAL_STATES
from camber.simulate.routes import Route, trace_route
from camber.simulate.runner import Choices, Decisions, RunnerModel, choose_states, draw_decisions

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
