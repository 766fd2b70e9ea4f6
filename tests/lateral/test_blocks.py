"""Blocks: 10-15 s each, within one section, way and direction; and how doubtful their street is."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camber.conventions import CENTRE, LEFT_EDGE, RIGHT_EDGE
from camber.lateral.blocks import block_mean, cut_blocks, street_probability
from camber.lateral.hypotheses import observer
from camber.lateral.places import find_places
from camber.lateral.state_prior import change_probability
from camber.lateral.switching import DEVICE, MAP, WIDTH
from camber.lateral.use import CommonErrors
from camber.schema import LateralSettings, as_matched_track
from camber.standards import gnss_classes
from tests.worlds import candidates_of, matched_on, places_on, roads_of

ROADS = roads_of(
    {
        1: ([(0.0, 0.0), (3000.0, 0.0)], {}),
        2: ([(3000.0, 0.0), (3000.0, 3000.0)], {}),
        3: ([(0.0, 30.0), (3000.0, 30.0)], {"street_id": 1}),
    }
)
SETTINGS = LateralSettings()


def cut(legs, *others, step_s=1.0, changed=lambda matched: matched):
    matched = changed(matched_on(ROADS, legs, step_s=step_s))
    return cut_blocks(matched, candidates_of(matched, *others), ROADS, SETTINGS), matched


@given(seconds=st.integers(20, 400))
@settings(max_examples=40, deadline=None)
def test_a_stretch_of_twenty_seconds_or_more_is_cut_into_ten_to_fifteen(seconds):
    blocks, _ = cut([{"way_id": 1, "offset_m": np.zeros(seconds + 1)}])
    # The last fix of a block is one step short of the first of the next.
    lengths = np.diff(np.r_[blocks.first, seconds])
    assert lengths.min() >= 9
    assert lengths.max() <= 16
    assert lengths.mean() >= 10.0
    assert lengths.mean() <= 15.0


@given(
    legs=st.lists(
        st.tuples(
            st.sampled_from([1, 2, -1]), st.sampled_from([1, -1]), st.integers(1, 40), st.integers(0, 1)
        ),
        min_size=1,
        max_size=6,
    ),
    step_s=st.sampled_from([1.0, 3.0, 7.0]),
)
@settings(max_examples=60, deadline=None)
def test_blocks_never_cross_a_border(legs, step_s):
    section, rows = 0, []
    for way, direction, n, pause in legs:
        section += pause
        rows.append({"way_id": way, "direction": direction, "offset_m": np.zeros(n), "section": section})
    blocks, matched = cut(rows, step_s=step_s)
    assert blocks.number[0] == 0
    assert set(np.diff(blocks.number)) <= {0, 1}
    keys = matched[["section", "way_id", "travel_direction"]]
    np.testing.assert_array_equal(keys, keys.iloc[blocks.first[blocks.number]])
    np.testing.assert_array_equal(blocks.number[blocks.first], np.arange(len(blocks.first)))
    np.testing.assert_array_equal(blocks.number[blocks.last], np.arange(len(blocks.first)))
    np.testing.assert_array_equal(blocks.way_id, keys["way_id"].to_numpy()[blocks.first])
    np.testing.assert_array_equal(blocks.section, keys["section"].to_numpy()[blocks.first])
    assert (blocks.duration_s <= 18.0 + step_s).all()
    assert (np.diff(blocks.time_s) > 0.0).all()


def test_turning_round_on_one_way_opens_a_block():
    there = {"way_id": 1, "offset_m": np.zeros(30)}
    back = {"way_id": 1, "offset_m": np.zeros(30), "direction": -1, "start_m": 87.0}
    blocks, _ = cut([there, back])
    assert 30 in blocks.first
    np.testing.assert_array_equal(blocks.travel_direction, [1, 1, -1, -1])


def test_without_times_the_distance_stands_in():
    def timeless(matched):
        never = pd.Series(pd.NaT, matched.index, dtype="datetime64[us, UTC]")
        return as_matched_track(matched.assign(elapsed_s=np.nan, time=never))

    with_times, _ = cut([{"way_id": 1, "offset_m": np.zeros(100)}])
    without, _ = cut([{"way_id": 1, "offset_m": np.zeros(100)}], changed=timeless)
    # The run is at 3 m/s, which is the nominal speed.
    np.testing.assert_array_equal(with_times.number, without.number)
    np.testing.assert_allclose(with_times.duration_s, without.duration_s, atol=1e-9)


def test_middle_and_length_are_those_of_the_fixes():
    blocks, _ = cut([{"way_id": 1, "offset_m": np.zeros(25)}])
    np.testing.assert_allclose(blocks.time_s, [5.5, 18.0])
    np.testing.assert_allclose(blocks.distance_m, [16.5, 54.0])
    np.testing.assert_allclose(blocks.duration_s, [11.0, 12.0])


def test_headings_are_averaged_round_the_circle():
    def swaying(matched):
        sway = np.where(np.arange(len(matched)) % 2 == 0, 350.0, 10.0)
        return as_matched_track(matched.assign(heading_deg=sway))

    blocks, _ = cut([{"way_id": 1, "offset_m": np.zeros(12)}], changed=swaying)
    assert np.cos(blocks.heading_rad[0]) == pytest.approx(1.0)


def test_means_pass_over_what_is_missing():
    number = np.array([0, 0, 1, 1, 2])
    values = np.array([1.0, np.nan, 3.0, 5.0, np.nan])
    np.testing.assert_array_equal(block_mean(values, number), [1.0, 4.0, np.nan])


def test_off_the_road_is_certain_where_nothing_is_matched():
    legs = [
        {"way_id": 1, "offset_m": np.zeros(12), "p_off_road": 0.25},
        {"way_id": -1, "offset_m": np.zeros(12)},
    ]
    blocks, _ = cut(legs)
    np.testing.assert_allclose(blocks.p_off_road, [0.25, 1.0])


def test_doubt_about_the_street_counts_other_streets_only():
    legs = [{"way_id": 1, "offset_m": np.zeros(12), "p_off_road": 0.1}]
    # Way 3 is another line of the same street; way 2 is another street.
    same, _ = cut(legs, (3, 0.4))
    other, matched = cut(legs, (2, 0.4))
    assert same.p_street[0] == pytest.approx(1.0)
    assert other.p_street[0] == pytest.approx(0.6)
    everywhere = street_probability(matched, candidates_of(matched, (2, 0.4)), ROADS.ways)
    np.testing.assert_allclose(everywhere, 0.6)


def test_without_candidates_there_is_no_doubt():
    blocks, _ = cut([{"way_id": -1, "offset_m": np.zeros(12)}])
    np.testing.assert_array_equal(blocks.p_street, 1.0)


def test_junctions_are_counted_where_a_way_goes_on_over_them():
    # 180 s on one way: edges end after 20 s, 95 s and 100 s, and another way begins at 120 s.
    edges = np.repeat([0, 1, 2, 0], [20, 75, 5, 20])
    legs = [{"way_id": 1, "offset_m": np.zeros(120)}, {"way_id": 2, "offset_m": np.zeros(60)}]
    blocks, _ = cut(legs, changed=lambda one: one.assign(edge_id=np.r_[edges, np.full(60, 0)]))
    middle = (blocks.first + blocks.last) // 2
    ends = np.array([20, 95, 100, 120])
    passed = [int(((middle[k - 1] < ends) & (middle[k] >= ends)).sum()) for k in range(1, len(middle))]
    assert blocks.junctions[1:].tolist() == passed
    assert blocks.junctions.sum() == 4


@given(junctions=st.integers(0, 20), metres=st.floats(1.0, 2000.0))
@settings(deadline=None)
def test_a_junction_is_as_likely_a_decision_as_so_many_metres(junctions, metres):
    # Judgement: a rate per km, and twenty times that at a junction.
    blocks, _ = cut([{"way_id": 1, "offset_m": np.zeros(5)}])
    one = blocks._replace(junctions=np.array([junctions]))
    extra_m = junctions * (SETTINGS.junction_factor - 1.0) * SETTINGS.junction_m
    expected = 1.0 - np.exp(-SETTINGS.switches_per_km / 1000.0 * (metres + extra_m))
    two = one._replace(
        **{
            name: np.repeat(getattr(one, name), 2)
            for name in ("way_id", "street_id", "junctions", "travel_direction")
        },
        distance_m=np.array([0.0, metres]),
    )
    on_road = places_on(two.way_id)
    np.testing.assert_allclose(change_probability(two, on_road, SETTINGS)[1], expected)


def test_a_street_entered_by_a_sidewalk_of_its_own_says_nothing_of_the_side_before():
    # The first street is run on the road, the second on the line of its sidewalk, then on its road, then
    # again on the first: two changes of street by a line, one of line within a street.
    blocks, _ = cut([{"way_id": way, "offset_m": np.zeros(10)} for way in (1, 3, 2, 1)])
    blocks = blocks._replace(street_id=np.array([1, 2, 2, 1]))
    change = change_probability(blocks, places_on(np.array([1, 2, 2, 1])), SETTINGS)
    assert change[1] == 1.0
    assert (change[2:] < 0.5).all()
    # Left by its line the second street says nothing either.
    blocks = blocks._replace(way_id=np.array([1, 2, 3, 1]))
    change = change_probability(blocks, places_on(np.array([1, 2, 2, 1])), SETTINGS)
    assert change[3] == 1.0
    assert (change[1:3] < 0.5).all()


def test_half_of_what_widths_err_is_common_to_all_streets_and_the_rest_their_own():
    """Moments of the places, by hand: 3.0 +- 0.55 m of half width; the rest joins the line's error."""
    world = roads_of(
        {
            1: ([(0.0, 0.0), (600.0, 0.0)], {"street_id": 1}),
            2: ([(600.0, 0.0), (900.0, 0.0)], {"street_id": 1}),
            3: ([(900.0, 0.0), (1200.0, 0.0)], {"street_id": 3}),
        }
    )
    matched = matched_on(world, [{"way_id": way, "offset_m": np.zeros(100)} for way in (1, 2, 3)])
    blocks = cut_blocks(matched, candidates_of(matched), world, SETTINGS)
    xy = np.column_stack([matched.geometry.x, matched.geometry.y])
    places = find_places(blocks, np.zeros(len(matched)), xy, world)
    prior = np.full((len(blocks.first), 6), 1.0 / 6.0)
    line = np.zeros(len(prior)), np.full(len(prior), 1.5)
    states = prior, np.zeros((len(prior), 6, 6))

    def seen(mean, root):
        common = CommonErrors(np.array(mean), np.array(root))
        return observer(blocks, places, states, line, common, SETTINGS)(gnss_classes()["single_band"])

    nothing = seen([0.0, 0.0], np.eye(2))
    new = np.flatnonzero(np.diff(blocks.way_id)) + 1
    within = np.setdiff1d(np.arange(1, len(prior)), new)
    # What is common is never forgotten; the line forgets within a way, and each way is drawn on its own.
    np.testing.assert_allclose(nothing.keep[:, [WIDTH, DEVICE]], 0.9999)
    assert (nothing.keep[within, MAP] < 0.95).all()
    np.testing.assert_allclose(nothing.keep[new, MAP], 0.0)
    # All of an edge's variance is there: the width's, the clearance of one runner against others, the line's.
    width = places.width_std_m[0, RIGHT_EDGE]
    square = (nothing.coefficient[0, RIGHT_EDGE, [MAP, WIDTH]] ** 2).sum()
    assert square == pytest.approx(1.5**2 + width**2)
    assert nothing.coefficient[0, RIGHT_EDGE, WIDTH] == pytest.approx(np.hypot(width * 0.5**0.5, 0.3))
    assert nothing.coefficient[0, LEFT_EDGE, WIDTH] == -nothing.coefficient[0, RIGHT_EDGE, WIDTH]
    assert nothing.coefficient[0, CENTRE, WIDTH] == 0.0
    # With known means and a correlation the mean and the covariance of what is observed follow.
    root = np.array([[0.5, 0.0], [0.3, 0.4]])
    told = seen([0.4, -0.7], root)
    unit = np.stack([np.full(6, SETTINGS.device_sigma_m), nothing.coefficient[0, :, WIDTH]], axis=1)
    np.testing.assert_allclose(nothing.residual_m[0] - told.residual_m[0], unit @ [0.4, -0.7])
    parts = told.coefficient[0][:, [DEVICE, WIDTH]]
    np.testing.assert_allclose(parts @ parts.T, unit @ root @ root.T @ unit.T, atol=1e-12)
