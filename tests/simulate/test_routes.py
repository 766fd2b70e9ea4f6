"""Routes on the graph: laid out without gaps, turned round exactly, made the way a runner would go."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camber.errors import RoadsError
from camber.simulate.routes import (
    Preference,
    Route,
    edge_costs,
    excursion,
    nearest_node,
    nodes_by_distance,
    out_and_back,
    random_tour,
    route_via,
    trace_route,
)


def along(edges, directions=None):
    edges = np.asarray(edges)
    return Route(edges, np.ones_like(edges) if directions is None else np.asarray(directions))


@pytest.fixture
def bent(make_roads):
    """A way of 300 + 400 m with a corner, continued by one that is drawn towards it."""
    return make_roads({1: ([(0, 0), (300, 0), (300, 400)], {}), 2: ([(500, 400), (300, 400)], {})})


def test_a_route_along_a_way_has_its_chainages(bent):
    line = trace_route(bent, along([0]))
    assert line.length_m == pytest.approx(700.0)
    assert line.chainage(np.array([0.0, 120.0, 700.0])) == pytest.approx([0.0, 120.0, 700.0])
    assert line.right_normal == pytest.approx(np.array([[0.0, -1.0], [1.0, 0.0]]))


def test_against_the_drawing_chainage_falls(bent):
    line = trace_route(bent, along([0], [-1]))
    assert line.chainage(np.array([0.0, 120.0, 700.0])) == pytest.approx([700.0, 580.0, 0.0])
    assert line.direction.tolist() == [-1, -1]


def test_a_second_way_counts_its_own_chainage(bent):
    line = trace_route(bent, along([0, 1], [1, -1]))
    assert line.length_m == pytest.approx(900.0)
    assert line.chainage(np.array([750.0])) == pytest.approx([150.0])
    assert line.leg_start_m() == pytest.approx([0.0, 700.0])
    assert line.way.tolist() == [0, 0, 1]


@given(st.floats(0.0, 1800.0))
def test_the_way_back_passes_the_same_places_in_reverse(bent_line, distance_m):
    line = bent_line
    there, back = line.position(np.array([distance_m])), line.position(np.array([1800.0 - distance_m]))
    assert there == pytest.approx(back, abs=1e-6)


@pytest.fixture(scope="module")
def bent_line(make_roads):
    roads = make_roads({1: ([(0, 0), (300, 0), (300, 400)], {}), 2: ([(500, 400), (300, 400)], {})})
    return trace_route(roads, along([0, 1], [1, -1]).out_and_back())


def test_only_the_turn_is_a_turn_back():
    route = along([0, 1], [1, -1]).out_and_back()
    assert route.edge.tolist() == [0, 1, 1, 0]
    assert route.turns_back().tolist() == [False, False, True, False]


def test_a_lap_of_a_ring_is_no_turn_back():
    assert not along([4, 4], [1, 1]).turns_back().any()


def test_a_route_that_leaps_is_refused(bent):
    with pytest.raises(RoadsError, match=r"leg 1 .* 200\.0 m away"):
        trace_route(bent, along([0, 1], [1, 1]))


def test_a_route_without_length_is_refused(bent):
    with pytest.raises(RoadsError, match="no length"):
        trace_route(bent, along(np.empty(0, dtype=int)))


def test_an_excursion_comes_back_and_is_on_no_way(bent):
    end = bent.graph.node_xy[bent.graph.edge_to[0]]
    route = along([0]).then(excursion(end, 90.0, 600.0)).then(along([0], [-1]))
    line = trace_route(bent, route)
    assert line.length_m == pytest.approx(700.0 + 600.0 + 700.0, rel=2e-3)
    outside = line.position(np.array([1000.0]))[0] - end
    # The middle of the stretch lies in the direction asked for, a diameter away.
    assert outside == pytest.approx([600.0 / np.pi, 0.0], abs=2.0)
    assert np.isnan(line.chainage(np.array([1000.0]))).all()
    assert line.way[line.segment_at(np.array([1000.0]))] == -1
    assert line.chainage(np.array([line.length_m - 1.0])) == pytest.approx([1.0])


def test_a_reversed_excursion_runs_the_other_way_round(bent):
    end = bent.graph.node_xy[0]
    route = excursion(end, 0.0, 500.0)
    forward, back = trace_route(bent, route), trace_route(bent, route.reversed())
    assert forward.position(np.array([100.0])) == pytest.approx(
        back.position(np.array([forward.length_m - 100.0]))
    )


def test_the_shortest_way_is_taken_and_the_wanted_kind_preferred(town):
    first, last = nearest(town, 0.0, 0.0), nearest(town, 600.0, 0.0)
    road = trace_route(town, route_via(town, [first, last], Preference(sidewalk=5.0)))
    walk = trace_route(town, route_via(town, [first, last], Preference(road=5.0)))
    assert road.length_m == pytest.approx(600.0)
    assert walk.length_m == pytest.approx(612.0)
    assert town.ways.index[walk.way].unique().tolist() == [900]


def test_who_takes_sidewalks_avoids_the_carriageway_beside_one_and_no_other(town):
    plain, walker = (edge_costs(town, Preference(beside_sidewalk=factor)) for factor in (1.0, 4.0))
    street = town.ways["street_id"]
    lined = street.isin(street[town.ways["carriageway_side"] != 0]) & (town.ways["carriageway_side"] == 0)
    dearer = walker > plain
    assert set(town.ways.index[town.graph.edge_way[dearer]]) == set(town.ways.index[lined])
    np.testing.assert_allclose(walker[dearer], 4.0 * plain[dearer])


def nearest(roads, x_m, y_m):
    target = np.array([385600.0 + x_m, 6672000.0 + y_m])
    return int(np.argmin(np.hypot(*(roads.graph.node_xy - target).T)))


@pytest.mark.parametrize(
    "tags",
    [
        {"highway": "motorway"},
        {"highway": "steps"},
        {"access": "private"},
        {"foot": "no"},
        {"motorroad": True},
        {"area": True},
    ],
)
def test_nobody_runs_where_nobody_may(make_roads, tags):
    roads = make_roads({1: ([(0, 0), (100, 0)], tags), 2: ([(100, 0), (200, 0)], {})})
    assert np.isinf(edge_costs(roads, Preference())).tolist() == [True, False]
    with pytest.raises(RoadsError, match="no runnable way"):
        route_via(roads, [nearest(roads, 0, 0), nearest(roads, 200, 0)], Preference())


def test_foot_overrides_access(make_roads):
    roads = make_roads({1: ([(0, 0), (100, 0)], {"access": "private", "foot": "yes"})})
    assert np.isfinite(edge_costs(roads, Preference())).all()


def test_a_single_node_is_no_route(town):
    with pytest.raises(RoadsError, match="two nodes"):
        route_via(town, [0], Preference())


def test_nothing_leads_away_from_a_closed_street(make_roads):
    roads = make_roads({1: ([(0, 0), (100, 0)], {"foot": "no"})})
    for tour in (out_and_back, random_tour):
        with pytest.raises(RoadsError):
            tour(roads, 0, 1000.0, Preference(), np.random.default_rng(0))


def test_reach_is_the_true_length_whatever_the_preference(town):
    start = nearest(town, 0.0, 0.0)
    nodes, reach_m = nodes_by_distance(town, start, Preference(road=3.0, sidewalk=1.0))
    assert (nodes[0], reach_m[0]) == (start, 0.0)
    assert reach_m[nodes == nearest(town, 600.0, 0.0)] == pytest.approx([612.0])


@pytest.mark.parametrize("seed", range(5))
def test_tours_have_about_the_length_asked_for_and_come_home(town, seed):
    start = nearest(town, 0.0, 0.0)
    for tour in (out_and_back, random_tour):
        route = tour(town, start, 2000.0, Preference(), np.random.default_rng(seed))
        line = trace_route(town, route)
        assert 0.75 * 2000.0 < line.length_m < 1.2 * 2000.0
        ends = line.position(np.array([0.0, line.length_m]))
        assert ends == pytest.approx(np.tile(town.graph.node_xy[start], (2, 1)), abs=1e-6)


def test_the_same_luck_makes_the_same_tour(town):
    tours = [random_tour(town, 3, 3000.0, Preference(), np.random.default_rng(4)) for _ in range(2)]
    assert tours[0].edge.tolist() == tours[1].edge.tolist()
    assert tours[0].direction.tolist() == tours[1].direction.tolist()


def test_the_nearest_node_is_found_by_degrees(town):
    corner = nearest(town, 400.0, 200.0)
    places = town.ways.to_crs("EPSG:4326").geometry
    longitude, latitude = places.loc[way_to(town, corner)].coords[-1]
    assert nearest_node(town, longitude, latitude) == corner


def way_to(roads, node):
    return roads.ways.index[roads.graph.edge_way[np.flatnonzero(roads.graph.edge_to == node)[0]]]
