"""Road graph kernels: closed forms, and networkx as an independent oracle."""

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camber import network


def make(ways, places):
    """Graph of ways given as lists of node ids."""
    first = np.concatenate([[0], np.cumsum([len(way) for way in ways])]).astype(np.int64)
    node = np.array([n for way in ways for n in way], dtype=np.int64)
    return network.build_graph(first, node, np.array([places[n] for n in node], dtype=float))


@st.composite
def random_ways(draw):
    """Ways over a few nodes on a plane: shared nodes, closed ways and ways that cross themselves."""
    n = draw(st.integers(2, 12))
    xy = draw(st.lists(st.tuples(st.integers(-50, 50), st.integers(-50, 50)), min_size=n, max_size=n))
    node = st.integers(0, n - 1)
    way = st.lists(node, min_size=2, max_size=8).filter(lambda nodes: all(a != b for a, b in pairwise(nodes)))
    return draw(st.lists(way, min_size=1, max_size=8)), {
        k: (float(x), float(y)) for k, (x, y) in enumerate(xy)
    }


def oracle(graph):
    known = nx.MultiGraph()
    known.add_nodes_from(range(len(graph.node_xy)))
    for edge, (a, b) in enumerate(zip(graph.edge_from, graph.edge_to, strict=True)):
        known.add_edge(int(a), int(b), key=edge, weight=graph.edge_length_m[edge])
    return known


def test_edges_end_at_junctions_and_way_ends():
    # Way 0 runs east through node 2, where way 1 branches off to the north.
    places = {1: (0, 0), 2: (30, 0), 3: (30, 40), 4: (70, 0), 5: (50, 0)}
    graph = make([[1, 2, 5, 4], [2, 3]], places)
    assert graph.edge_way.tolist() == [0, 0, 1]
    assert graph.edge_start_m.tolist() == [0.0, 30.0, 0.0]
    assert graph.edge_length_m.tolist() == [30.0, 40.0, 40.0]
    assert graph.edge_first_vertex.tolist() == [0, 2, 5, 7]
    assert graph.vertex_chainage_m.tolist() == [0.0, 30.0, 30.0, 50.0, 70.0, 0.0, 40.0]
    assert graph.node_xy.tolist() == [[0, 0], [30, 0], [30, 40], [70, 0]]
    assert graph.node_first_edge.tolist() == [0, 1, 4, 5, 6]
    assert sorted(graph.node_edge[1:4].tolist()) == [0, 1, 2]


def test_a_ring_is_cut_so_that_no_edge_comes_back_to_its_start():
    places = {k: (100 * np.cos(k * np.pi / 6), 100 * np.sin(k * np.pi / 6)) for k in range(12)}
    graph = make([[*range(12), 0]], places)
    assert graph.edge_from.tolist() == [0, 1, 2, 3]
    assert graph.edge_to.tolist() == [1, 2, 3, 0]
    np.testing.assert_allclose(graph.edge_length_m, 300 * 2 * np.sin(np.pi / 12) * 100 / 100)
    triangle = make([[1, 2, 3, 1]], {1: (0, 0), 2: (3, 0), 3: (3, 4)})
    assert triangle.edge_length_m.tolist() == [3.0, 4.0, 5.0]


def test_a_loop_at_the_end_of_a_way_is_cut_too():
    places = {1: (0, 0), 2: (10, 0), 3: (20, 5), 4: (30, 0), 5: (20, -5)}
    graph = make([[1, 2, 3, 4, 5, 2]], places)
    assert (graph.edge_from != graph.edge_to).all()
    assert len(graph.edge_way) == 5


@settings(deadline=None)
@given(random_ways())
def test_no_edge_has_both_ends_at_one_node(case):
    graph = make(*case)
    assert ((graph.edge_from != graph.edge_to) | (graph.edge_length_m == 0.0)).all()


def test_a_way_that_visits_a_node_twice_is_cut_there():
    graph = make([[1, 2, 3, 4, 2, 5]], {1: (0, 0), 2: (1, 0), 3: (2, 1), 4: (2, -1), 5: (-1, 5)})
    assert graph.edge_way.tolist() == [0, 0, 0, 0, 0]
    assert graph.edge_from.tolist() == [0, 1, 2, 3, 1]
    assert graph.edge_to.tolist() == [1, 2, 3, 1, 4]


@settings(deadline=None)
@given(random_ways())
def test_edges_cover_every_way_once(case):
    ways, places = case
    graph = make(ways, places)
    for number, way in enumerate(ways):
        rows = np.flatnonzero(graph.edge_way == number)
        steps = [np.hypot(*np.subtract(places[b], places[a])) for a, b in pairwise(way)]
        assert graph.edge_length_m[rows].sum() == pytest.approx(sum(steps))
        np.testing.assert_allclose(
            graph.edge_start_m[rows],
            np.concatenate([[0], np.cumsum(graph.edge_length_m[rows])[:-1]]),
            atol=1e-9,
        )
        np.testing.assert_array_equal(graph.edge_to[rows][:-1], graph.edge_from[rows][1:])


@settings(deadline=None)
@given(random_ways())
def test_vertices_agree_with_nodes_and_chainage(case):
    ways, places = case
    graph = make(ways, places)
    first, last = graph.edge_first_vertex[:-1], graph.edge_first_vertex[1:] - 1
    np.testing.assert_array_equal(graph.vertex_xy[first], graph.node_xy[graph.edge_from])
    np.testing.assert_array_equal(graph.vertex_xy[last], graph.node_xy[graph.edge_to])
    np.testing.assert_allclose(graph.vertex_chainage_m[first], graph.edge_start_m)
    np.testing.assert_allclose(graph.vertex_chainage_m[last] - graph.edge_start_m, graph.edge_length_m)


@settings(deadline=None)
@given(random_ways())
def test_the_edges_of_a_node_are_those_that_touch_it(case):
    graph = make(*case)
    for node in range(len(graph.node_xy)):
        listed = graph.node_edge[graph.node_first_edge[node] : graph.node_first_edge[node + 1]].tolist()
        touching = (
            np.flatnonzero(graph.edge_from == node).tolist() + np.flatnonzero(graph.edge_to == node).tolist()
        )
        assert sorted(listed) == sorted(touching)


@settings(max_examples=60, deadline=None)
@given(random_ways(), st.floats(0.0, 150.0))
def test_bounded_distances_agree_with_networkx(case, limit_m):
    graph = make(*case)
    known = oracle(graph)
    sources = np.arange(len(graph.node_xy))
    table = network.bounded_distances(network.edges_of(graph), sources, limit_m)
    for source in sources.tolist():
        rows = slice(table.first[source], table.first[source + 1])
        expected = nx.single_source_dijkstra_path_length(known, source, cutoff=limit_m)
        found = dict(zip(table.target[rows].tolist(), table.distance_m[rows].tolist(), strict=True))
        assert found == pytest.approx(expected)
        assert np.all(np.diff(table.distance_m[rows]) >= 0.0)
        assert table.target[rows][0] == source
        assert table.via_edge[rows][0] == table.predecessor[rows][0] == -1


@settings(max_examples=60, deadline=None)
@given(random_ways())
def test_the_table_traces_every_path_back_to_its_source(case):
    graph = make(*case)
    table = network.bounded_distances(network.edges_of(graph), np.array([0]), np.inf)
    at = {node: row for row, node in enumerate(table.target.tolist())}
    for row in range(1, len(table.target)):
        edge, before = table.via_edge[row], table.predecessor[row]
        assert {graph.edge_from[edge], graph.edge_to[edge]} == {table.target[row], before}
        step = table.distance_m[row] - table.distance_m[at[before]]
        assert step == pytest.approx(graph.edge_length_m[edge])


@settings(max_examples=60, deadline=None)
@given(random_ways(), st.integers(0, 100), st.integers(0, 100))
def test_a_route_is_connected_and_as_short_as_networkx_finds(case, a, b):
    graph = make(*case)
    start, goal = a % len(graph.node_xy), b % len(graph.node_xy)
    edges, directions = network.route(network.edges_of(graph), start, goal, np.inf)
    known = oracle(graph)
    if start == goal or not nx.has_path(known, start, goal):
        assert len(edges) == len(directions) == 0
        return
    node = start
    for edge, direction in zip(edges, directions, strict=True):
        here, there = graph.edge_from[edge], graph.edge_to[edge]
        here, there = (here, there) if direction > 0 else (there, here)
        assert here == node
        node = there
    assert node == goal
    assert graph.edge_length_m[edges].sum() == pytest.approx(nx.dijkstra_path_length(known, start, goal))


def test_a_route_against_the_drawing_has_direction_minus_one():
    graph = make([[1, 2], [3, 2]], {1: (0, 0), 2: (10, 0), 3: (20, 0)})
    edges, directions = network.route(network.edges_of(graph), 0, 2, 100.0)
    assert edges.tolist() == [0, 1]
    assert directions.tolist() == [1, -1]


def test_the_limit_is_included_and_ends_the_search():
    graph = make([[1, 2], [2, 3]], {1: (0, 0), 2: (10, 0), 3: (20, 0)})
    assert network.bounded_distances(network.edges_of(graph), np.array([0]), 10.0).target.tolist() == [0, 1]
    assert len(network.route(network.edges_of(graph), 0, 2, 20.0)[0]) == 2
    assert len(network.route(network.edges_of(graph), 0, 2, 19.9)[0]) == 0


def test_a_closed_edge_is_gone_around():
    graph = make([[1, 2], [1, 3, 2], [2, 4]], {1: (0, 0), 2: (10, 0), 3: (5, 30), 4: (20, 0)})
    cost = np.where(graph.edge_way == 0, np.inf, graph.edge_length_m)
    edges, _ = network.route(network.edges_of(graph, cost), 0, 2, 1e9)
    assert graph.edge_way[edges].tolist() == [1, 2]


def test_the_tables_of_many_sources_do_not_disturb_each_other():
    rng = np.random.default_rng(3)
    places = {k: tuple(rng.uniform(0, 1000, 2)) for k in range(60)}
    ways = [rng.choice(60, size=4, replace=False).tolist() for _ in range(40)]
    graph = make(ways, places)
    sources = rng.permutation(len(graph.node_xy))
    together = network.bounded_distances(network.edges_of(graph), sources, 1500.0)
    for row, source in enumerate(sources):
        alone = network.bounded_distances(network.edges_of(graph), np.array([source]), 1500.0)
        rows = slice(together.first[row], together.first[row + 1])
        np.testing.assert_array_equal(together.target[rows], alone.target)
        np.testing.assert_array_equal(together.distance_m[rows], alone.distance_m)


def test_no_sources_give_an_empty_table():
    graph = make([[1, 2]], {1: (0, 0), 2: (10, 0)})
    table = network.bounded_distances(network.edges_of(graph), np.empty(0, dtype=np.int64), 100.0)
    assert table.first.tolist() == [0]
    assert len(table.target) == 0


@settings(deadline=None)
@given(st.integers(1, 30), st.lists(st.tuples(st.integers(0, 29), st.integers(0, 29)), max_size=40))
def test_connected_groups_agree_with_networkx(n, pairs):
    pairs = [(a % n, b % n) for a, b in pairs]
    known = nx.Graph(pairs)
    known.add_nodes_from(range(n))
    first, second = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    found = network.connected_groups(n, np.ascontiguousarray(first), np.ascontiguousarray(second))
    for group in nx.connected_components(known):
        assert {int(found[node]) for node in group} == {min(group)}


def test_ranges_list_each_range_in_turn():
    numbers, first = network.ranges(np.array([5, 2, 7]), np.array([8, 2, 9]))
    assert numbers.tolist() == [5, 6, 7, 7, 8]
    assert first.tolist() == [0, 3, 3, 5]
