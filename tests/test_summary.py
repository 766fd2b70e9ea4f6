"""Totals with intervals: quantiles of summed draws, runs that add draw by draw, shares that are honest."""

from dataclasses import fields, replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from camber.adding import add_draws, add_summaries
from camber.conventions import SURFACE_KINDS
from camber.cross_slope import assign_cross_slope
from camber.exposure import measure_exposure
from camber.schema import SILENT, Draws, Interval, Problem, balance_of, interval_of
from camber.summary import summarise
from tests.worlds import fixed_histories, histories_of, lateral_on, recording_of, roads_of, track_of

ROADS = roads_of(
    {
        1: ([(0.0, 0.0), (3000.0, 0.0)], {"name": "Main"}),
        2: ([(3000.0, 0.0), (3000.0, 3000.0)], {"highway": "path"}),
        3: ([(0.0, 100.0), (3000.0, 100.0)], {"name": "Steep", "incline_across_pct": 8.0}),
        4: ([(0.0, 200.0), (3000.0, 200.0)], {"name": "Single", "oneway": 1, "highway": "primary"}),
        5: ([(0.0, 300.0), (3000.0, 300.0)], {"name": "Left", "traffic_side": "left", "country": "GB"}),
    }
)
START = datetime(2026, 11, 17, 6, 0, tzinfo=UTC)


def summed(legs, *, draws=200, seed=3, name="Morning run", problems=(), certain=False, roads=ROADS):
    """Summary and draws of a run made by hand; with `certain` each block stays in its likeliest state."""
    lateral = lateral_on(roads, legs)
    if certain:
        states = [max(leg["p"], key=leg["p"].get) for leg in legs for _ in range(leg["blocks"])]
        histories = fixed_histories(lateral, states, draws)
    else:
        histories = histories_of(lateral, draws=draws, seed=seed)
    sloped, slopes = assign_cross_slope(lateral, histories, roads, seed=1, rng=np.random.default_rng(seed))
    exposure, drawn = measure_exposure(sloped, slopes)
    recording = recording_of(track_of(np.column_stack([lateral.geometry.x, lateral.geometry.y])), name=name)
    return summarise(recording, exposure, drawn, roads, histories, problems), drawn


def on(way_id, blocks=5, **p):
    return {"way_id": way_id, "blocks": blocks, "p": p or {"left_edge": 0.6, "right_edge": 0.4}}


SUMMARY, DRAWN = summed([on(1, 6), on(2, 3, other=1.0), {"way_id": -1, "blocks": 1, "section": 1}])
OTHER, OTHER_DRAWN = summed([on(3, 2), on(1, 4, right_edge=0.9, left_edge=0.1)], name="Evening", seed=8)


def total(draws, name):
    return getattr(draws, name).sum(axis=1)


def quantiles(values):
    return Interval(*np.quantile(values, [0.05, 0.5, 0.95]).tolist())


def assert_close(one, two):
    assert (one.low, one.median, one.high) == pytest.approx((two.low, two.median, two.high))


# -- One run --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["left_low_m", "right_low_m", "level_m", "unmatched_m", "net_tilt_pct_km"])
def test_intervals_are_quantiles_of_the_drawn_totals(name):
    assert_close(getattr(SUMMARY, name), quantiles(total(DRAWN, name)))


def test_an_interval_of_a_sum_is_no_sum_of_intervals():
    # Half the draws have all metres on the left of one kind, the other half on the left of another.
    half = np.zeros((200, len(SURFACE_KINDS)))
    half[:100, 0], half[100:, 1] = 1000.0, 1000.0
    none = np.zeros_like(half)
    draws = Draws(half, none, none, none, none, none)
    added = add_summaries([(SUMMARY, draws)], "x")
    assert_close(added.left_low_m, Interval(1000.0, 1000.0, 1000.0))


def test_the_balance_is_that_of_each_draw():
    left, right = total(DRAWN, "left_low_m"), total(DRAWN, "right_low_m")
    tilted = left + right > 0.0
    assert_close(SUMMARY.balance, quantiles((right - left)[tilted] / (right + left)[tilted]))
    net, gross = total(DRAWN, "net_tilt_pct_km"), total(DRAWN, "gross_tilt_pct_km")
    assert_close(SUMMARY.tilt_balance, quantiles(net / gross))


@given(st.lists(st.tuples(st.floats(0.0, 1e4), st.floats(0.0, 1e4)), min_size=1, max_size=30))
@hypothesis_settings(max_examples=60, deadline=None)
def test_a_balance_lies_between_all_left_and_all_right_and_mirrors(pairs):
    right, left = np.array(pairs).T
    balance = balance_of(right, left)
    if not (right + left > 0.0).any():
        assert balance is None
        return
    assert -1.0 <= balance.low <= balance.median <= balance.high <= 1.0
    swapped = balance_of(left, right)
    assert (-swapped.high, -swapped.low) == pytest.approx((balance.low, balance.high))


@pytest.mark.parametrize(("left", "right", "expected"), [(1.0, 0.0, -1.0), (0.0, 1.0, 1.0), (1.0, 1.0, 0.0)])
def test_the_balance_of_one_leg_is_at_its_end(left, right, expected):
    balance = balance_of(np.full(10, right), np.full(10, left))
    assert (balance.low, balance.median, balance.high) == (expected,) * 3


def test_without_any_tilt_there_is_no_balance():
    none = np.zeros_like(DRAWN.level_m)
    level = Draws(none, none, DRAWN.level_m, none, none, none)
    added = add_summaries([(SUMMARY, level)], "flat")
    assert added.balance is None
    assert added.tilt_balance is None
    assert balance_of(np.zeros(5), np.zeros(5)) is None


def test_draws_without_tilt_are_left_out_of_the_balance_only():
    right, left = np.array([0.0, 10.0, 10.0]), np.array([0.0, 0.0, 0.0])
    assert balance_of(right, left).low == 1.0
    assert interval_of(right).low < 10.0


def test_metres_by_verdict_and_by_basis_sum_to_the_distance():
    assert sum(SUMMARY.verdict_m.values()) == pytest.approx(SUMMARY.distance_m)
    assert sum(SUMMARY.side_basis_m.values()) == pytest.approx(SUMMARY.distance_m)
    assert sum(surface.distance_m for surface in SUMMARY.surfaces) == pytest.approx(SUMMARY.distance_m)
    decided = sum(SUMMARY.verdict_m[name] for name in ("left_low", "right_low", "level"))
    assert SUMMARY.judged == pytest.approx(decided / SUMMARY.distance_m)


def test_coverage_is_what_lies_on_mapped_ways():
    # Ten blocks of three fixes 12 m apart; the first fix of each of the two sections has no step, so the
    # block off the road has 24 m of 336 m.
    assert SUMMARY.distance_m == pytest.approx(336.0)
    assert SUMMARY.coverage == pytest.approx(1.0 - 24.0 / 336.0)


def test_surfaces_are_means_over_the_draws_and_only_those_with_metres():
    kinds = {surface.surface_kind: surface for surface in SUMMARY.surfaces}
    assert set(kinds) == {"road_edge", "path", "unmatched"}
    edge = SURFACE_KINDS.index("road_edge")
    assert kinds["road_edge"].left_low_m == pytest.approx(DRAWN.left_low_m[:, edge].mean())
    assert kinds["unmatched"].distance_m == pytest.approx(24.0)
    assert kinds["unmatched"].left_low_m == 0.0


def test_the_assumptions_are_listed_with_the_metres_that_rest_on_them():
    on_ways = SUMMARY.distance_m * SUMMARY.coverage
    found = dict.fromkeys(("cross_slope", "width", "side_prior", "gnss_error"), 0.0)
    for item in SUMMARY.assumptions:
        found[item.table] += item.distance_m
    assert found["cross_slope"] == found["gnss_error"] == pytest.approx(on_ways)
    # Width and prior speak of carriageways: a path has neither.
    assert 0.0 < found["width"] == found["side_prior"] < on_ways
    assert all(item.reference for item in SUMMARY.assumptions)


def test_a_title_is_the_name_of_the_run_else_its_source():
    assert SUMMARY.title == "Morning run"
    assert summed([on(1)], name=None)[0].title == "run.gpx"


def test_problems_of_the_stages_are_kept():
    jump = Problem("jump", "a jump", 2)
    (found,) = summed([on(1)], problems=[jump])[0].problems
    assert (found.code, found.message, found.count) == ("jump", "a jump", 2)
    assert found.source  # so that a total can tell two recordings' problems from one road set's


def test_a_recording_that_says_nothing_of_the_side_says_why():
    lateral = lateral_on(ROADS, [on(1)])
    histories = replace(histories_of(lateral, draws=20, seed=1), silent="sparse")
    arguments = assign_cross_slope(lateral, histories, ROADS, seed=1, rng=np.random.default_rng(1))
    exposure, drawn = measure_exposure(*arguments)
    recording = recording_of(track_of(np.column_stack([lateral.geometry.x, lateral.geometry.y])))
    (found,) = summarise(recording, exposure, drawn, ROADS, histories).problems
    assert (found.code, found.message) == ("no_side", SILENT["sparse"])


def test_problems_of_two_recordings_add_and_those_of_shared_roads_count_once():
    first, draws = summed([on(1)])
    jump = Problem("jump", "a jump", 5, source="a.gpx")
    clipped = Problem("clipped_way", "ways were clipped", 7, source="roads.osm", shared=True)
    parts = [
        (replace(first, problems=(jump, clipped)), draws),
        (replace(first, problems=(replace(jump, source="b.gpx"), clipped)), draws),
    ]
    assert [(p.code, p.count) for p in add_summaries(parts, "both").problems] == [
        ("jump", 10),
        ("clipped_way", 7),
    ]


# -- Streets --------------------------------------------------------------------------------------------


def test_streets_are_ranked_by_what_they_contribute_whatever_the_leg():
    # 8 % over 100 m of Steep, run to the right; 2.5 % over 250 m of Main to the left; and a path.
    summary, _ = summed([on(2, 2, other=1.0), on(1, 7, left_edge=1.0), on(3, 7, left_edge=1.0)])
    assert [street.name for street in summary.streets] == ["Steep", "Main", "path (no name)"]
    tilt = [street.net_tilt_pct_km for street in summary.streets]
    assert tilt[0] > 0.0 > tilt[1]
    assert [abs(value) for value in tilt] == sorted(map(abs, tilt), reverse=True)
    assert sum(street.distance_m for street in summary.streets) == pytest.approx(summary.distance_m)


def test_a_street_run_twice_is_one_street():
    summary, _ = summed([on(1, 3), on(3, 2), on(1, 4)])
    main = next(street for street in summary.streets if street.name == "Main")
    assert main.distance_m == pytest.approx(36.0 * 7 - 12.0)


# -- Facing traffic -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("way_id", "direction", "state", "expected"),
    [
        (1, 1, "left_edge", 1.0),
        (1, 1, "right_edge", 0.0),
        (1, -1, "left_edge", 1.0),
        (1, -1, "right_edge", 0.0),
        (5, 1, "right_edge", 1.0),
        (5, 1, "left_edge", 0.0),
        (5, -1, "right_edge", 1.0),
        (1, 1, "centre", None),
        (4, 1, "left_edge", None),
        (2, 1, "other", None),
    ],
)
def test_who_faces_traffic_by_side_of_the_cars(way_id, direction, state, expected):
    summary, _ = summed([on(way_id, 4, **{state: 1.0}) | {"direction": direction}], certain=True)
    assert summary.facing_traffic == expected


def test_the_share_facing_counts_the_edges_of_two_way_roads_only():
    legs = [on(1, 3, left_edge=0.75, right_edge=0.25), on(4, 9, left_edge=1.0), on(2, 9, other=1.0)]
    assert summed(legs)[0].facing_traffic == pytest.approx(0.75)


# -- Several runs ---------------------------------------------------------------------------------------

NUMBERS = ("distance_m", "duration_s", "coverage", "judged", "facing_traffic")
INTERVALS = ("left_low_m", "right_low_m", "level_m", "unmatched_m", "balance", "tilt_balance",
             "net_tilt_pct_km", "gross_tilt_pct_km")  # fmt: skip


def assert_same(one, two):
    for name in NUMBERS:
        assert getattr(one, name) == pytest.approx(getattr(two, name)), name
    for name in INTERVALS:
        assert_close(getattr(one, name), getattr(two, name))
    for name in ("verdict_m", "side_basis_m"):
        assert getattr(one, name) == pytest.approx(getattr(two, name))
    for mine, yours in zip(one.streets + one.surfaces, two.streets + two.surfaces, strict=True):
        assert (type(mine), *_values(mine)) == (type(yours), *map(pytest.approx, _values(yours)))
    assert [replace(item, distance_m=0.0) for item in one.assumptions] == [
        replace(item, distance_m=0.0) for item in two.assumptions
    ]


def _values(row):
    return [value for value in vars(row).values() if not isinstance(value, str)]


def test_one_run_alone_is_itself():
    added = add_summaries([(SUMMARY, DRAWN)], SUMMARY.title)
    assert_same(added, SUMMARY)
    assert (added.runs, added.started_at, added.ended_at) == (1, SUMMARY.started_at, SUMMARY.ended_at)
    assert (added.time_zone, added.problems) == (SUMMARY.time_zone, SUMMARY.problems)


def test_runs_add_draw_by_draw():
    added = add_summaries([(SUMMARY, DRAWN), (OTHER, OTHER_DRAWN)], "Week")
    both = total(DRAWN, "left_low_m") + total(OTHER_DRAWN, "left_low_m")
    assert_close(added.left_low_m, quantiles(both))
    # Independent parts partly even out: the interval of the sum is narrower than the sum of intervals.
    parts = [(SUMMARY, DRAWN), summed([on(5, 8)], name="Elsewhere", seed=5)]
    together = add_summaries(parts, "Both").left_low_m
    apart = sum(s.left_low_m.high - s.left_low_m.low for s, _ in parts)
    assert together.high - together.low < apart
    assert (added.runs, added.title) == (2, "Week")
    assert added.distance_m == pytest.approx(SUMMARY.distance_m + OTHER.distance_m)


def test_the_same_street_in_two_runs_stays_as_unsure_as_in_one():
    # The road's shape is drawn once for all runs, so that running it twice is no second look at it.
    one = summed([on(1, 6, left_edge=1.0)], certain=True)
    two = summed([on(1, 6, left_edge=1.0)], certain=True, seed=77)
    added = add_summaries([one, two], "twice")
    assert added.left_low_m.low == pytest.approx(2.0 * one[0].left_low_m.low)
    assert added.left_low_m.high == pytest.approx(2.0 * one[0].left_low_m.high)


@pytest.mark.parametrize("order", [(2, 1, 0), (1, 2, 0), (0, 2, 1)])
def test_the_order_of_the_runs_does_not_matter(order):
    third = summed([on(5, 4), on(4, 2)], name="Third", seed=21)
    parts = [(SUMMARY, DRAWN), (OTHER, OTHER_DRAWN), third]
    assert_same(add_summaries([parts[i] for i in order], "Week"), add_summaries(parts, "Week"))


def test_adding_in_steps_is_adding_at_once():
    parts = [(SUMMARY, DRAWN), (OTHER, OTHER_DRAWN), summed([on(1, 4)], seed=9)]
    first_two = (add_summaries(parts[:2], "a"), add_draws([DRAWN, OTHER_DRAWN]))
    stepwise, at_once = add_summaries([first_two, parts[2]], "b"), add_summaries(parts, "b")
    assert_same(stepwise, at_once)
    assert stepwise.runs == at_once.runs == 3


def test_added_draws_are_sums():
    added = add_draws([DRAWN, OTHER_DRAWN])
    for field in fields(Draws):
        expected = getattr(DRAWN, field.name) + getattr(OTHER_DRAWN, field.name)
        np.testing.assert_array_equal(getattr(added, field.name), expected)


def test_nothing_cannot_be_added():
    with pytest.raises(ValueError, match="no run"):
        add_summaries([], "Week")


def test_a_week_runs_from_its_first_to_its_last_moment():
    later = replace(
        OTHER,
        started_at=OTHER.started_at + pd.Timedelta(days=2),
        ended_at=OTHER.ended_at + pd.Timedelta(days=2),
    )
    added = add_summaries([(later, OTHER_DRAWN), (SUMMARY, DRAWN)], "Week")
    assert (added.started_at, added.ended_at) == (SUMMARY.started_at, later.ended_at)
    abroad = replace(later, time_zone="Asia/Tokyo")
    assert add_summaries([(abroad, OTHER_DRAWN), (SUMMARY, DRAWN)], "Week").time_zone is None
    timeless = replace(later, started_at=None, ended_at=None)
    assert add_summaries([(timeless, OTHER_DRAWN)], "Week").started_at is None


def test_equal_assumptions_of_several_runs_are_joined():
    added = add_summaries([(SUMMARY, DRAWN), (OTHER, OTHER_DRAWN)], "Week")
    keys = [(item.table, item.applies_to, item.value) for item in added.assumptions]
    assert len(keys) == len(set(keys))
    metres = sum(item.distance_m for item in added.assumptions if item.table == "gnss_error")
    expected = sum(s.distance_m * s.coverage for s in (SUMMARY, OTHER))
    assert metres == pytest.approx(expected)
