"""The growing table of distances between edges: against a search over all pairs of nodes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camber.matching.candidates import EdgeCandidates
from camber.matching.prepared import EdgeDistances
from camber.network import build_graph

PATIENT = settings(deadline=None)  # kernels compile at their first call


@st.composite
def graphs(draw):
    """Ways over a few places of a coarse grid; loops, islands and parallel ways included."""
    place = st.tuples(st.integers(0, 6), st.integers(0, 6))
    places = np.array(draw(st.lists(place, min_size=3, max_size=9, unique=True)), dtype=float) * 37.0
    node = st.integers(0, len(places) - 1)
    ways = draw(st.lists(st.lists(node, min_size=2, max_size=5, unique=True), min_size=1, max_size=6))
    first = np.cumsum([0, *map(len, ways)])
    nodes = np.concatenate(ways)
    return build_graph(first, nodes, places[nodes])


@st.composite
def asked(draw, graph):
    """Candidate edges of a few fixes; only what the table reads."""
    edges = st.lists(st.integers(0, len(graph.edge_from) - 1), max_size=3, unique=True)
    listed = draw(st.lists(edges, min_size=1, max_size=6))
    edge = np.full((len(listed), 3), -1)
    for i, row in enumerate(listed):
        edge[i, : len(row)] = row
    none = np.empty((len(listed), 3, 2))
    number, rest = np.array([len(row) for row in listed]), len(listed) - 1
    starts = np.array([True, *draw(st.lists(st.booleans(), min_size=rest, max_size=rest))])
    return EdgeCandidates(number, edge, none[..., 0], none[..., 0], none, none), starts


def all_distances(graph):
    """Floyd (1962): every node to every other, by three loops."""
    n = len(graph.node_xy)
    distance = np.where(np.eye(n, dtype=bool), 0.0, np.inf)
    for a, b, length in zip(graph.edge_from, graph.edge_to, graph.edge_length_m, strict=True):
        distance[a, b] = distance[b, a] = min(distance[a, b], length)
    for k in range(n):
        distance = np.minimum(distance, distance[:, [k]] + distance[[k]])
    return distance


def answers(pairs):
    found = pairs.between_m[pairs.row]
    return np.where(found <= pairs.reach_m, found, np.inf)


@PATIENT
@given(st.data(), graphs())
def test_distances_are_those_of_every_pair_of_nodes(data, graph):
    candidates, starts = data.draw(asked(graph))
    reach = data.draw(st.floats(10.0, 500.0))
    nodes = np.column_stack([graph.edge_from, graph.edge_to])
    truth, expected = all_distances(graph), []
    for i in range(1, len(starts)):
        for a in () if starts[i] else candidates.edge[i - 1, : candidates.number[i - 1]]:
            for b in candidates.edge[i, : candidates.number[i]]:
                expected += [truth[np.ix_(nodes[a], nodes[b])].ravel()]
    expected = np.array(expected).reshape(-1, 4)
    found = answers(EdgeDistances(graph).pairs(candidates, starts, reach))
    clear = np.abs(expected - reach) > 1e-6  # rounding decides at the very end of the reach
    assert found[clear] == pytest.approx(np.where(expected <= reach, expected, np.inf)[clear], abs=1e-9)


@PATIENT
@given(st.data(), graphs())
def test_answers_do_not_depend_on_what_was_asked_before(data, graph):
    """Neither on other runs nor on searches that went further; to the last bit."""
    candidates, starts = data.draw(asked(graph))
    reach = data.draw(st.floats(10.0, 500.0))
    alone = answers(EdgeDistances(graph).pairs(candidates, starts, reach))
    shared = EdgeDistances(graph)
    for _ in range(data.draw(st.integers(1, 3))):
        shared.pairs(*data.draw(asked(graph)), data.draw(st.floats(10.0, 900.0)))
    assert answers(shared.pairs(candidates, starts, reach)).tolist() == alone.tolist()


def test_an_earlier_answer_stays_true_while_the_table_grows():
    xy = np.column_stack([np.arange(60) * 20.0, np.zeros(60)])
    ways = np.repeat(np.arange(60), 2)[1:-1]
    graph = build_graph(np.arange(60) * 2, ways, xy[ways])
    shared = EdgeDistances(graph)
    none = np.empty((2, 1, 2))

    def ask(a, b, reach):
        edge = np.array([[a], [b]])
        candidates = EdgeCandidates(np.ones(2, dtype=int), edge, none[..., 0], none[..., 0], none, none)
        return shared.pairs(candidates, np.array([True, False]), reach)

    first = ask(0, 1, 100.0)
    assert answers(first).tolist() == [[20.0, 40.0, 0.0, 20.0]]
    for a in range(59):
        for b in range(59):
            far = ask(a, b, 150.0)
            if abs(a - b) == 1:
                assert answers(far).min() == 0.0
    assert len(shared) == 59 * 59
    assert answers(first).tolist() == [[20.0, 40.0, 0.0, 20.0]]
