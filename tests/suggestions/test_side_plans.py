"""The plan of sides against brute force, and what a plan must never do."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camber.suggestions.side_plans import SideProblem, plan_sides


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    plan_sides(out_and_back(1))


SIDE = (-1, -1, 0, 1, 1, -1, 1)
"""Side of each state; on a path the side of the road that was left, which may be changed on entering it."""

OTHER = 5


def brute_force(problem: SideProblem, before_m: float, most: int) -> set[tuple[float, int, float]]:
    """Every plan written out; the front of (absolute balance, crossings, exposure)."""
    reached = set()
    rows = [np.flatnonzero(np.append(row, row[OTHER])) for row in problem.allowed]
    for states in product(*rows):
        side, crossings, traffic, balance = 0, 0, 0.0, before_m
        possible = True
        for i, state in enumerate(states):
            traffic += problem.traffic_km[i, min(state, OTHER)]
            balance += problem.signed_m[i, min(state, OTHER)]
            here = side * (-1 if problem.turned[i] and i else 1)
            if i and states[i - 1] >= OTHER and problem.joins[i - 1]:
                here = 0
            around = here and here == SIDE[state] == -problem.corner[i] and max(states[i - 1], state) < OTHER
            if i and (around or (SIDE[state] and here and SIDE[state] != here)):
                crossings += 1
                traffic += problem.crossing_km[i]
                possible = possible and np.isfinite(problem.crossing_km[i])
            side = SIDE[state]
        if possible and crossings <= most:
            reached.add((abs(balance), crossings, round(traffic, 9)))
    return {
        one
        for one in reached
        if not any(all(a <= b for a, b in zip(two, one, strict=True)) and two != one for two in reached)
    }


@st.composite
def problems(draw: st.DrawFn) -> SideProblem:
    n = draw(st.integers(1, 5))
    whole = st.integers(-4, 4)
    allowed = np.array([draw(st.lists(st.booleans(), min_size=6, max_size=6)) for _ in range(n)])
    allowed[:, 2] = False
    allowed[~allowed.any(axis=1), draw(st.sampled_from([0, 1, 3, 4, 5]))] = True
    numbers = [[10.0 * draw(whole) for _ in range(6)] for _ in range(n)]
    traffic = [[0.25 * draw(st.integers(0, 8)) for _ in range(6)] for _ in range(n)]
    crossing = [draw(st.sampled_from([0.125, 0.5, np.inf])) for _ in range(n)]
    flags = [draw(st.lists(st.booleans(), min_size=n, max_size=n)) for _ in range(2)]
    return SideProblem(
        allowed,
        np.array(traffic),
        np.array(numbers),
        np.array(crossing),
        np.array(flags[0]),
        np.array(flags[1]),
        np.array([draw(st.sampled_from([-1, 0, 0, 1])) for _ in range(n)]),
    )


@given(problems(), st.integers(-10, 10), st.integers(0, 3))
def test_the_front_is_that_of_brute_force(problem: SideProblem, before: int, most: int):
    plans = plan_sides(problem, before_m=10.0 * before, most_crossings=most)
    front = {(abs(plan.signed_m), plan.crossings, round(plan.traffic_km, 9)) for plan in plans}
    assert front == brute_force(problem, 10.0 * before, most)


@given(problems(), st.integers(0, 3))
def test_a_plan_is_what_it_says_it_is(problem: SideProblem, most: int):
    for plan in plan_sides(problem, most_crossings=most):
        rows = np.arange(len(plan.state))
        assert problem.allowed[rows, plan.state].all()
        assert plan.signed_m == pytest.approx(problem.signed_m[rows, plan.state].sum())
        assert plan.crossings == plan.crossed.sum()
        paid = problem.traffic_km[rows, plan.state].sum() + problem.crossing_km[plan.crossed].sum()
        assert plan.traffic_km == pytest.approx(paid)
        assert np.isfinite(problem.crossing_km[plan.crossed]).all()


def out_and_back(n: int, crossing_km: float = 0.1) -> SideProblem:
    """A crowned road without sidewalks, n stretches out and n back, 100 m each, both edges allowed."""
    allowed = np.zeros((2 * n, 6), dtype=bool)
    allowed[:, [1, 3]] = True
    signed = np.zeros((2 * n, 6))
    signed[:, 1], signed[:, 3] = -100.0, 100.0
    traffic = np.zeros((2 * n, 6))
    traffic[:, 1], traffic[:, 3] = 0.1, 0.2
    turned = np.zeros(2 * n, dtype=bool)
    turned[n] = True
    joins, corner = np.zeros(2 * n, dtype=bool), np.zeros(2 * n, dtype=np.int64)
    return SideProblem(allowed, traffic, signed, np.full(2 * n, crossing_km), turned, joins, corner)


def test_facing_traffic_both_ways_crosses_at_the_turn_and_the_same_physical_side_does_not():
    plans = plan_sides(out_and_back(5))
    even = next(plan for plan in plans if plan.crossings == 0 and plan.signed_m == 0.0)
    assert (even.state[:5] != even.state[5:]).all()
    facing = min(plans, key=lambda plan: plan.traffic_km)
    assert (facing.state == 1).all()
    assert (facing.crossings, facing.signed_m) == (1, -1000.0)
    assert facing.crossed[5]


def test_without_a_place_to_cross_the_side_is_kept():
    plans = plan_sides(out_and_back(5, np.inf))
    assert {plan.crossings for plan in plans} == {0}
    assert all((np.diff(plan.state[:5]) == 0).all() for plan in plans)


def test_history_is_evened_out():
    plan = plan_sides(out_and_back(5), before_m=-400.0)[0]
    assert plan.signed_m == 0.0
    assert plan.crossings >= 1


def test_a_path_remembers_the_side_unless_it_joins_freely():
    allowed = np.zeros((3, 6), dtype=bool)
    allowed[0, 1] = allowed[1, 5] = allowed[2, 3] = True
    nothing = np.zeros((3, 6))
    for joins, crossings in ((False, 1), (True, 0)):
        off, flat = np.zeros(3, dtype=bool), np.zeros(3, dtype=np.int64)
        joined = np.array([False, joins, False])
        problem = SideProblem(allowed, nothing, nothing, np.ones(3), off, joined, flat)
        (plan,) = plan_sides(problem)
        assert plan.crossings == crossings


def test_a_stretch_beyond_all_crossings_has_no_plan_and_nothing_has_none():
    allowed = np.zeros((2, 6), dtype=bool)
    allowed[0, 1] = allowed[1, 3] = True
    nothing = np.zeros((2, 6))
    off = np.zeros(2, dtype=bool)
    flat = np.zeros(2, dtype=np.int64)
    whole = SideProblem(allowed, nothing, nothing, np.full(2, np.inf), off, off, flat)
    assert plan_sides(whole) == ()
    assert plan_sides(SideProblem(*(column[:0] for column in whole))) == ()


@pytest.mark.parametrize(("corner", "crossings"), [(1, {1: 1, 3: 0}), (-1, {1: 0, 3: 1}), (0, {1: 0, 3: 0})])
def test_the_outer_side_of_a_corner_is_kept_by_crossing(corner, crossings):
    # Left edge round a corner to the right: the street that is left, or the one entered, is crossed.
    nothing, off = np.zeros((2, 6)), np.zeros(2, dtype=bool)
    for state, count in crossings.items():
        allowed = np.zeros((2, 6), dtype=bool)
        allowed[:, state] = True
        turn = np.array([0, corner])
        (plan,) = plan_sides(SideProblem(allowed, nothing, nothing, np.ones(2), off, off, turn))
        assert plan.crossings == count


def test_the_middle_is_no_way_across():
    # Left edge, the middle as it was run, right edge: that is a crossing all the same.
    allowed = np.zeros((3, 6), dtype=bool)
    allowed[0, 1] = allowed[1, 2] = allowed[2, 3] = True
    nothing, off, flat = np.zeros((3, 6)), np.zeros(3, dtype=bool), np.zeros(3, dtype=np.int64)
    assert plan_sides(SideProblem(allowed, nothing, nothing, np.full(3, np.inf), off, off, flat)) == ()
    (plan,) = plan_sides(SideProblem(allowed, nothing, nothing, np.ones(3), off, off, flat))
    assert (plan.crossings, plan.state.tolist()) == (1, [1, 2, 3])
