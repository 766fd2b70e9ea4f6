"""Regions: a home has that of every home in it, and roads beyond are shown only if all run them alike."""

from pathlib import Path

import numpy as np
import pytest

import camber
from camber.library.regions import (
    CELL_M,
    MOST_NEAR,
    NEAR_M,
    SQUARE_M,
    Square,
    curve,
    cuts_of,
    groups,
    is_crowd,
    open_edges,
    region_around,
    run_alike,
)
from camber.network import build_graph

DATA = Path(__file__).parents[2] / "data"
SIDE = int(SQUARE_M / CELL_M)


def test_the_curve_visits_each_cell_once_and_goes_to_a_neighbour_each_time():
    cells = np.stack(np.meshgrid(np.arange(SIDE), np.arange(SIDE)), axis=-1).reshape(-1, 2)
    number = curve((cells + 0.5) * CELL_M)
    assert sorted(number) == list(range(SIDE * SIDE))
    along = cells[np.argsort(number)]
    assert (np.abs(np.diff(along, axis=0)).sum(axis=1) == 1).all()
    assert (curve(np.array([[-1.0, 5.0], [SQUARE_M, 5.0]])) == -1).all()


@pytest.fixture(scope="module")
def town():
    """Houses of a town and of two villages in a square, with metres of road: no two places are alike."""
    rng = np.random.default_rng(4)
    parts = [
        ((6000.0, 6000.0), 2500.0, 4000),
        ((2000.0, 9000.0), 400.0, 150),
        ((10500.0, 2500.0), 300.0, 120),
    ]
    xy = np.concatenate([rng.normal(middle, wide, (count, 2)) for middle, wide, count in parts])
    return np.clip(xy, 0.0, SQUARE_M - 1.0), rng.uniform(20.0, 120.0, len(xy))


def test_of_no_group_more_than_a_twentieth_lies_within_200_m_of_a_house(town):
    xy, road_m = town
    group = np.searchsorted(groups(xy, road_m), curve(xy), side="right")
    assert group.max() >= 4
    for number in range(group.max() + 1):
        here, metres = xy[group == number], road_m[group == number]
        away = np.hypot(*(here[:, np.newaxis] - here).transpose(2, 0, 1))
        near = np.where(away <= NEAR_M - 75.0, metres, 0.0).sum(axis=1)  # to 50 m, across a corner
        assert near.max() <= MOST_NEAR * metres.sum()


def test_every_home_of_a_group_has_the_same_region(town):
    xy, road_m = town
    cuts = groups(xy, road_m)
    square = Square.around(60.2, 25.0, (1000.0, 3000.0))
    homes = xy[::17]
    # One home lies where nobody else lives, far from any road.
    homes = np.concatenate([homes, [[12_700.0, 12_700.0]]])
    west, south, east, north = square.bounds_deg()
    share = homes / SQUARE_M
    places = zip(south + share[:, 1] * (north - south), west + share[:, 0] * (east - west), strict=True)
    regions = [region_around(square, home_deg, cuts, 400.0) for home_deg in places]
    by_group = {}
    for home, region in zip(homes, regions, strict=True):
        assert region.first <= curve(home) < region.end
        same = by_group.setdefault((region.first, region.end), region.middle_xy)
        assert (same == region.middle_xy).all()
        # The zone of the runner lies in it, wherever in a cell the home is.
        assert np.hypot(*(region.middle_xy - home).T).min() <= CELL_M / np.sqrt(2.0)
    assert len(by_group) == len(cuts) + 1


def test_too_few_houses_are_one_group(town):
    xy, road_m = town
    assert groups(xy[-20:], road_m[-20:]) == ()
    assert groups(xy[:0], road_m[:0]) == ()


def test_where_too_few_people_live_nothing_is_shown():
    """The middle of a small town alone: one house in ten lies within 200 m of some place."""
    roads = camber.read_roads(DATA / "kouvola.osm.pbf")
    home = 60.5301, 26.9402
    square = Square.around(*home, (0.0, 0.0))
    region = region_around(square, home, cuts_of(square, roads), 200.0)
    assert not is_crowd(roads, region)
    assert not open_edges(roads, region).any()


@pytest.mark.parametrize(
    "place", [(60.2, 25.0), (-16.8, 179.99), (-16.8, -179.99), (0.01, 0.01), (69.9, -151.3)]
)
def test_a_square_holds_its_place_and_measures_in_metres(place):
    square = Square.around(*place, (1234.0, 5678.0))
    xy = square.xy(*place)
    assert ((xy >= 0.0) & (xy < SQUARE_M)).all()
    north, east = square.xy(place[0] + 0.001, place[1]), square.xy(place[0], place[1] + 0.001)
    assert north - xy == pytest.approx([0.0, 111.195], abs=0.01)
    assert east - xy == pytest.approx([111.195 * np.cos(np.radians(place[0])), 0.0], abs=0.6)
    west, south, right, top = square.bounds_deg()
    assert -180.0 <= west <= 180.0
    assert south <= place[0] <= top
    assert west <= place[1] <= right or west <= place[1] + 360.0 <= right


def test_a_road_is_shown_only_if_it_is_run_alike_from_every_home():
    """Two homes, a ladder of two roads whose rungs each home takes the other way, and a road on."""
    ladder = [[(0, 0), (1000, 0)], [(0, 300), (1000, 300)], [(0, 0), (0, 300)], [(1000, 0), (1000, 300)]]
    ways = [*ladder, [(1000, 0), (1300, 150)], [(1000, 300), (1300, 150)], [(1300, 150), (4000, 150)]]
    points = [point for way in ways for point in way]
    node = np.array([sorted(set(points)).index(point) for point in points])
    graph = build_graph(np.arange(len(ways) + 1) * 2, node, np.array(points, float))
    homes = np.array([np.flatnonzero((graph.node_xy == home).all(axis=1))[0] for home in ((0, 0), (0, 300))])
    alike = run_alike(graph, homes)
    told = dict(zip(graph.edge_way.tolist(), alike.tolist(), strict=True))
    assert told == {0: True, 1: True, 2: False, 3: False, 4: False, 5: False, 6: True}
    from_one = run_alike(graph, homes[:1])
    assert from_one[np.isin(graph.edge_way, (0, 1, 2, 4, 6))].all()


def test_roads_that_nobody_reaches_say_nothing():
    points = np.array([(0, 0), (100, 0), (5000, 0), (5100, 0)], float)
    graph = build_graph(np.array([0, 2, 4]), np.arange(4), points)
    assert run_alike(graph, np.array([0])).tolist() == [True, True]
