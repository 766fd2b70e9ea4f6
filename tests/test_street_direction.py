"""Streets that the map cuts into ways: one direction for all of them, and one surface in the draws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camber import cross_section
from camber.cross_slope import assign_cross_slope
from camber.schema import CrossSlopeSettings
from camber.street_direction import drawn_alike, paired_carriageways, ways_drawn_alike
from tests.worlds import fixed_histories, lateral_on, roads_of

CODE = {str(profile): code for code, profile in enumerate(cross_section.PROFILES)}


def test_a_chain_of_ways_is_oriented_from_end_to_end():
    # 0 -> 1 -> 2 <- 3 -> 4: the third way is drawn against the rest, the fourth along again.
    alike = drawn_alike(
        np.array([0, 1, 3, 3]), np.array([1, 2, 2, 4]), np.zeros(4, np.int64), np.array([5, 6, 7, 8])
    )
    assert alike.tolist() == [1, 1, -1, 1]


def test_streets_do_not_orient_each_other():
    alike = drawn_alike(np.array([0, 2]), np.array([1, 1]), np.array([1, 2]), np.array([5, 6]))
    assert alike.tolist() == [1, 1]


@given(st.lists(st.booleans(), min_size=1, max_size=12), st.integers(0, 10_000))
def test_however_a_street_is_cut_and_drawn_its_ways_agree(flips, seed):
    n = len(flips)
    flip = np.array(flips)
    nodes = np.arange(n + 1)
    start, end = np.where(flip, nodes[1:], nodes[:-1]), np.where(flip, nodes[:-1], nodes[1:])
    ids = np.random.default_rng(seed).permutation(n)
    alike = drawn_alike(start, end, np.zeros(n, np.int64), ids)
    along = alike * np.where(flip, -1, 1)
    assert (along == along[0]).all()
    assert alike[ids.argmin()] == 1


STREET = roads_of(
    {
        7: ([(0.0, 0.0), (300.0, 0.0)], {"street_id": 7, "highway": "secondary"}),
        8: ([(600.0, 0.0), (300.0, 0.0)], {"street_id": 7, "highway": "secondary"}),
        9: ([(0.0, 90.0), (300.0, 90.0)], {"highway": "secondary"}),
    }
)


def along_the_street(correlation, draws=4000):
    """Slopes on way 7, on way 8 (drawn against the run) and on way 9 of another street."""
    legs = [
        {"way_id": 7, "blocks": 1, "p": {"left_edge": 1.0}},
        {"way_id": 8, "blocks": 1, "p": {"left_edge": 1.0}, "direction": -1},
        {"way_id": 9, "blocks": 1, "p": {"left_edge": 1.0}},
    ]
    lateral = lateral_on(STREET, legs)
    settings = CrossSlopeSettings(street_correlation=correlation)
    histories = fixed_histories(lateral, ["left_edge"] * 3, draws)
    return assign_cross_slope(lateral, histories, STREET, settings, seed=1, rng=np.random.default_rng(2))[1]


def test_ways_of_one_street_are_alike_and_those_of_another_are_not():
    drawn = along_the_street(0.7)
    planes = drawn.profile == CODE["one_way"]
    same, other = (np.mean(planes[:, 0] == planes[:, k]) for k in (1, 2))
    # Bivariate normal with correlation 0.7, cut at a share of 0.75: equal in 0.80 of draws, else by
    # the share that both have: of Beta(2, 6) planes 1 - 2 ab / ((a + b)(a + b + 1)) = 2/3.
    assert same == pytest.approx(0.80, abs=0.04)
    assert other == pytest.approx(2.0 / 3.0, abs=0.04)
    both = planes[:, 0] & planes[:, 1]
    alike = np.sign(drawn.cross_slope_pct[both, 0]) == np.sign(drawn.cross_slope_pct[both, 1])
    # Sheppard 1899: signs agree in 1/2 + arcsin(0.7) / pi of draws.
    assert alike.mean() == pytest.approx(0.5 + np.arcsin(0.7) / np.pi, abs=0.04)


@pytest.mark.parametrize(("correlation", "same"), [(1.0, 1.0), (0.0, 2.0 / 3.0)])
def test_the_ends_of_the_correlation(correlation, same):
    planes = along_the_street(correlation).profile == CODE["one_way"]
    assert np.mean(planes[:, 0] == planes[:, 1]) == pytest.approx(same, abs=0.04)


def test_each_way_alone_follows_its_row_whatever_the_correlation():
    for correlation in (0.0, 0.7, 1.0):
        planes = along_the_street(correlation).profile == CODE["one_way"]
        np.testing.assert_allclose(planes.mean(axis=0), 0.75, atol=4.0 * 0.5 / np.sqrt(4000))


def test_the_roads_tell_the_direction():
    rows = np.arange(3)
    assert ways_drawn_alike(STREET.graph, STREET.ways, rows).tolist() == [1, -1, 1]
    assert ways_drawn_alike(STREET.graph, STREET.ways, rows[1:2]).tolist() == [-1]


def carriageways(*ways):
    """Ways of secondary roads: way, street, direction of traffic against the drawing, and two points."""
    table = {
        way: (list(points), {"street_id": street, "oneway": oneway, "highway": "secondary"})
        for way, street, oneway, points in ways
    }
    roads = roads_of(table)
    rows = np.arange(len(roads.ways))
    return dict(zip(roads.ways.index, paired_carriageways(roads.ways, rows).tolist(), strict=True))


EAST, EAST_ABOVE = ((0.0, 0.0), (400.0, 0.0)), ((0.0, 15.0), (400.0, 15.0))


def test_two_carriageways_of_a_street_that_lead_against_each_other_are_a_pair():
    assert carriageways((1, 1, 1, EAST), (2, 1, -1, EAST_ABOVE)) == {1: True, 2: True}
    assert carriageways((1, 1, 1, EAST), (2, 1, 1, EAST_ABOVE[::-1])) == {1: True, 2: True}


@pytest.mark.parametrize(
    "other",
    [
        (2, 1, 1, EAST_ABOVE),  # both lead east
        (2, 2, -1, EAST_ABOVE),  # of another street
        (2, 1, 0, EAST_ABOVE),  # two-way
        (2, 1, -1, ((0.0, 60.0), (400.0, 60.0))),  # a block away
        (
            2,
            1,
            -1,
            ((430.0, 0.0), (800.0, 0.0)),
        ),  # further along: the street changes its direction of traffic
    ],
)
def test_a_single_one_way_street_is_not(other):
    assert not carriageways((1, 1, 1, EAST), other)[1]


def test_a_cut_carriageway_is_paired_piece_by_piece():
    cut = ((0.0, 15.0), (200.0, 15.0))
    found = carriageways((1, 1, 1, EAST), (2, 1, -1, cut), (3, 1, -1, ((200.0, 15.0), (400.0, 15.0))))
    assert found == {1: True, 2: True, 3: True}


def test_no_way_asked_none_said():
    roads = roads_of({7: (list(EAST), {"highway": "secondary"})})
    assert paired_carriageways(roads.ways, np.zeros(0, np.int64)).shape == (0,)
    assert not paired_carriageways(roads.ways, np.array([0])).any()


def test_the_profile_of_a_pair_is_that_of_dual_carriageways():
    roads = roads_of(
        {
            way: (list(points), {"street_id": 1, "oneway": oneway, "highway": "secondary", "country": "GB"})
            for way, oneway, points in ((1, 1, EAST), (2, -1, EAST_ABOVE))
        }
    )
    lateral = lateral_on(roads, [{"way_id": 1, "blocks": 1, "p": {"left_edge": 1.0}}])
    histories = fixed_histories(lateral, ["left_edge"])
    sloped, _ = assign_cross_slope(
        lateral, histories, roads, CrossSlopeSettings(), seed=1, rng=np.random.default_rng(1)
    )
    assert (sloped["slope_source"] == "gb_dual_paved").all()
