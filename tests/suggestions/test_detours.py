"""The shortest allowed way round: against every path written out, and closed nodes by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camber.suggestions.level_network import cut_network, path_between, ways_round


@pytest.fixture(scope="module", autouse=True)
def _compiled():
    cut = cut_network(np.array([0]), np.array([1]), np.array([1.0]), np.zeros(2, dtype=bool))
    found = ways_round(cut, np.array([0, 1]), np.array([0.0, 1.0]), longest_m=1.0, furthest_m=2.0)
    path_between(cut, int(found.leave_end[0]), int(found.rejoin_end[0]))


def every_path(edges, lengths, closed, start, goal):
    """Shortest simple path from one node to another that passes through no closed node, by trying all."""
    best = np.inf
    stack = [(start, frozenset([start]), 0.0)]
    while stack:
        node, seen, run = stack.pop()
        if node == goal:
            best = min(best, run)
            continue
        if closed[node] and node != start:
            continue
        for (one, other), length in zip(edges, lengths, strict=True):
            for here, there in ((one, other), (other, one)):
                if here == node and there not in seen:
                    stack.append((there, seen | {there}, run + length))
    return best


@st.composite
def networks(draw):
    n = draw(st.integers(2, 7))
    pair = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda ends: ends[0] != ends[1])
    edges = draw(st.lists(pair, min_size=1, max_size=10))
    lengths = [float(draw(st.integers(1, 9))) for _ in edges]
    closed = draw(st.lists(st.booleans(), min_size=n, max_size=n))
    route = draw(st.lists(st.integers(0, n - 1), min_size=2, max_size=6))
    steps = draw(st.lists(st.integers(0, 9), min_size=len(route), max_size=len(route)))
    return edges, lengths, closed, route, np.cumsum(steps).astype(float)


@given(networks(), st.integers(0, 12), st.integers(3, 30))
def test_the_way_round_is_the_shortest_that_is_allowed(network, longest, furthest):
    edges, lengths, closed, route, at_m = network
    ends = np.array(edges, dtype=np.int64)
    cut = cut_network(ends[:, 0], ends[:, 1], np.array(lengths), np.array(closed))
    found = ways_round(cut, np.array(route), at_m, longest_m=float(longest), furthest_m=float(furthest))
    shortest = {}
    for here, there, length in zip(found.leave.tolist(), found.rejoin.tolist(), found.length_m, strict=True):
        shortest[here, there] = min(length, shortest.get((here, there), np.inf))
    for here in range(len(route)):
        for there in range(here + 1, len(route)):
            if route[here] == route[there]:
                continue
            best = every_path(edges, lengths, closed, route[here], route[there])
            allowed = best <= furthest and best <= at_m[there] - at_m[here] + longest
            assert ((here, there) in shortest) == allowed
            if allowed:
                assert shortest[here, there] == best


@given(networks())
def test_a_path_is_as_long_as_it_says_and_leads_through_no_closed_node(network):
    edges, lengths, closed, route, at_m = network
    ends = np.array(edges, dtype=np.int64)
    cut = cut_network(ends[:, 0], ends[:, 1], np.array(lengths), np.array(closed))
    found = ways_round(cut, np.array(route), at_m, longest_m=1e3, furthest_m=1e3)
    for row in range(len(found.leave)):
        path, directions = path_between(cut, int(found.leave_end[row]), int(found.rejoin_end[row]))
        node = route[found.leave[row]]
        assert sum(lengths[edge] for edge in path) == found.length_m[row]
        for number, (edge, direction) in enumerate(zip(path, directions, strict=True)):
            assert number == 0 or not closed[node]
            assert edges[edge][0 if direction > 0 else 1] == node
            node = edges[edge][1 if direction > 0 else 0]
        assert node == route[found.rejoin[row]]


def test_a_closed_node_is_a_place_to_begin_and_to_end_but_not_to_pass():
    # 0 - 1 - 2 in a row, and a long way 0 - 3 - 2 round it.
    ends = np.array([(0, 1), (1, 2), (0, 3), (3, 2)])
    length = np.array([100.0, 100.0, 300.0, 300.0])
    for closed, far in ((False, 200.0), (True, 600.0)):
        cut = cut_network(ends[:, 0], ends[:, 1], length, np.array([False, closed, False, False]))
        found = ways_round(
            cut, np.array([0, 1, 2]), np.array([0.0, 150.0, 400.0]), longest_m=500.0, furthest_m=1e3
        )
        legs = dict(zip(zip(found.leave, found.rejoin, strict=True), found.length_m, strict=True))
        assert legs[0, 1] == 100.0
        assert legs[0, 2] == far


def test_a_network_without_places_of_the_route_has_no_way_round():
    cut = cut_network(np.array([0]), np.array([1]), np.array([5.0]), np.zeros(9, dtype=bool))
    found = ways_round(cut, np.array([7, 8]), np.array([0.0, 9.0]), longest_m=9.0, furthest_m=9.0)
    assert len(found.length_m) == 0
