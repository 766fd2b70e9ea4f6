"""Weights of the trellis against the model written out state by state, and paths counted one by one."""

from itertools import product
from math import exp, inf, log, log1p, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camber.matching.candidates import edge_grid, find_candidates
from camber.matching.inference import decode
from camber.matching.prepared import EdgeDistances, EdgeTraits
from camber.matching.trellis import Fixes, trellis
from camber.network import build_graph
from camber.schema import MatchingSettings

PATIENT = settings(deadline=None)  # kernels compile at their first call
MODEL = MatchingSettings()
REACH_M = 120.0


@st.composite
def worlds(draw, fixes=4, most=2):
    """A few crossing ways, fixes among them, and everything else that the weights depend on."""
    place = st.tuples(st.integers(0, 12), st.integers(0, 12))
    places = np.array(draw(st.lists(place, min_size=3, max_size=8, unique=True)), dtype=float) * 9.3
    node = st.integers(0, len(places) - 1)
    ways = draw(st.lists(st.lists(node, min_size=2, max_size=4, unique=True), min_size=1, max_size=5))
    nodes = np.concatenate(ways)
    graph = build_graph(np.cumsum([0, *map(len, ways)]), nodes, places[nodes])
    n, edges = draw(st.integers(1, fixes)), len(graph.edge_from)
    metres = st.floats(0.0, 110.0)
    xy = np.array(draw(st.lists(st.tuples(metres, metres), min_size=n, max_size=n)))

    def numbers(low, high, size=n):
        return np.array(draw(st.lists(st.floats(low, high), min_size=size, max_size=size)))

    steps = numbers(0.0, 60.0), numbers(0.05, 60.0), numbers(-30, 30), numbers(-30, 60), numbers(1, 12)
    street = np.array(draw(st.lists(st.integers(0, 1), min_size=edges, max_size=edges)))
    net = EdgeTraits(graph.edge_length_m, street, numbers(-0.03, 0, edges), numbers(-0.03, 0, edges))
    starts = np.array([True, *draw(st.lists(st.booleans(), min_size=n - 1, max_size=n - 1))])
    candidates = find_candidates(xy, edge_grid(graph), radius_m=40.0, most=most)
    fixes = Fixes(xy, np.cumsum(steps[0]), np.cumsum(starts), starts, *steps)
    return graph, candidates, fixes, net


def tail(x):
    return -0.5 * (MODEL.degrees_of_freedom + 1.0) * log1p(x * x / MODEL.degrees_of_freedom)


def huber(x):
    return -0.5 * x * x if abs(x) <= 2.0 else 2.0 - 2.0 * abs(x)


def node_distances(graph):
    n = len(graph.node_xy)
    distance = np.where(np.eye(n, dtype=bool), 0.0, inf)
    for a, b, length in zip(graph.edge_from, graph.edge_to, graph.edge_length_m, strict=True):
        distance[a, b] = distance[b, a] = min(distance[a, b], length)
    for k in range(n):
        distance = np.minimum(distance, distance[:, [k]] + distance[[k]])
    return np.where(distance <= REACH_M, distance, inf)


def move(world, between, i, a, b):
    """Log-weight of the way from state to state: ahead, after a turn, or back within the noise."""
    graph, candidates, steps, net = world
    (ka, da), (kb, db) = a, b
    ea, eb = candidates.edge[i - 1, ka], candidates.edge[i, kb]
    sa, sb = candidates.along_m[i - 1, ka], candidates.along_m[i, kb]
    run, beta = steps.step_m[i], max(MODEL.beta_m, 0.1 * steps.step_m[i])
    if ea == eb and da != db:
        return MODEL.u_turn - abs(abs(sb - sa) - run) / beta
    ends = {+1: (graph.edge_from, graph.edge_to), -1: (graph.edge_to, graph.edge_from)}
    done_a = sa if da > 0 else net.length_m[ea] - sa
    done_b = sb if db > 0 else net.length_m[eb] - sb
    enter_a, leave_a = ends[da][0][ea], ends[da][1][ea]
    enter_b, leave_b = ends[db][0][eb], ends[db][1][eb]
    ahead = net.length_m[ea] - done_a + between[leave_a, enter_b] + done_b
    turned = done_a + between[enter_a, enter_b] + done_b
    behind = net.length_m[eb] - done_b + between[leave_b, enter_a] + done_a
    ways = [-abs(ahead - run) / beta, MODEL.u_turn - abs(turned - run) / beta]
    if ea == eb:
        ways.append(-abs(da * (sb - sa) - run) / beta)
    if behind <= MODEL.back_m:
        ways.append(-(behind + run) / beta)
    return max(ways)


def log_weight(world, between, i, a, b):
    """Of going from a state to the next; None is off the road, else a candidate and a direction."""
    _, candidates, steps, net = world
    run, sigma = steps.step_m[i], steps.sigma_m[i]
    beta, rho = max(MODEL.beta_m, 0.1 * run), exp(-steps.seconds[i] / MODEL.correlation_s)
    spread = sqrt(sigma**2 * max(1.0 - rho**2, 1e-4) + (MODEL.map_bearing * run) ** 2)
    change = log(min(max(run, 0.5) / MODEL.switch_off_m, 0.5))
    if b is None:
        apart = max(-0.5 * ((1.0 - rho) * MODEL.off_road_m / spread) ** 2, tail(MODEL.off_road_m / sigma))
        weight = huber(steps.across_m[i] / spread) - abs(steps.along_m[i] - run) / beta + apart
        weight -= MODEL.nowhere_per_m * run
        return max(weight + (change if a else 0.0), -79.0)
    (kb, db), eb = b, candidates.edge[i, b[0]]
    fresh = log(spread / sigma) + tail(candidates.offset_m[i, kb] / sigma)
    if a is None:
        return max(fresh + change, -79.0)
    (ka, da), ea = a, candidates.edge[i - 1, a[0]]
    u, v = candidates.direction_xy[i - 1, ka], candidates.direction_xy[i, kb]
    cosine = da * db * float(u @ v)
    evidence = fresh
    if abs(cosine) > 0.7:
        before = da * candidates.offset_m[i - 1, ka] * np.sign(cosine)
        evidence = huber((db * candidates.offset_m[i, kb] - rho * before) / spread)
    total = evidence + move(world, between, i, a, b)
    if ea != eb and net.street[ea] == net.street[eb] and cosine > 0.8:
        beside = da * float((candidates.foot_xy[i, kb] - candidates.foot_xy[i - 1, ka]) @ u)
        total = max(total, MODEL.hop + fresh - abs(beside - run) / beta)
    return total + run * (net.rate_along if db > 0 else net.rate_against)[eb]


def states_of(candidates, i):
    return [(k, d) for k in range(candidates.number[i]) for d in (1, -1)] + [None]


def expected_steps(world):
    """The weights of each step as a matrix; a single row where a section starts."""
    graph, candidates, steps, _ = world
    between = node_distances(graph)
    for i, begins in enumerate(steps.starts):
        here, sigma = states_of(candidates, i), steps.sigma_m[i]
        if begins:
            away = [candidates.offset_m[i, b[0]] if b else MODEL.off_road_m for b in here]
            logs = np.array([[tail(x / sigma) for x in away]])
        else:
            before = states_of(candidates, i - 1)
            logs = np.array([[log_weight(world, between, i, a, b) for b in here] for a in before])
        yield np.where(logs > -80.0, np.exp(logs), 0.0)


def infer(world):
    graph, candidates, fixes, net = world
    pairs = EdgeDistances(graph).pairs(candidates, fixes.starts, REACH_M)
    return trellis(candidates, fixes, net, pairs, MODEL)


@PATIENT
@given(worlds())
def test_weights_are_those_of_the_model(world):
    found = infer(world)
    for i, expected in enumerate(expected_steps(world)):
        block = found.weight[found.first[i] : found.first[i + 1]].reshape(expected.shape)
        assert block == pytest.approx(expected, rel=1e-6, abs=1e-33)


@PATIENT
@given(worlds(fixes=3))
def test_path_and_posterior_are_those_of_all_paths_together(world):
    _, candidates, fixes, _ = world
    starts = fixes.starts
    matrices, n = list(expected_steps(world)), len(starts)
    widths = 2 * candidates.number + 1
    sums, likeliest, best = [np.zeros(width) for width in widths], 0.0, None
    total = 0.0
    for path in product(*map(range, widths)):
        weight = 1.0
        for i in range(n):
            weight *= matrices[i][0 if starts[i] else path[i - 1], path[i]]
        total += weight
        if weight > likeliest:
            likeliest, best = weight, path
        for i in range(n):
            sums[i][path[i]] += weight
    assert best is not None
    state, posterior = decode(infer(world), most=2)
    index = np.where(state == 4, widths - 1, state)
    found = np.prod([matrices[i][0 if starts[i] else index[i - 1], index[i]] for i in range(n)])
    assert found == pytest.approx(likeliest, rel=1e-6)
    for i in range(n):
        on = widths[i] - 1
        assert posterior[i, :on] == pytest.approx(sums[i][:on] / total, abs=1e-9)
        assert posterior[i, 4] == pytest.approx(sums[i][on] / total, abs=1e-9)
        assert posterior[i, on:4].sum() == 0.0


def test_two_impossible_steps_in_a_row_still_have_a_posterior():
    graph = build_graph(np.array([0, 2]), np.array([0, 1]), np.array([[0.0, 0.0], [100.0, 0.0]]))
    xy, big = np.array([[5.0, 1.0], [95.0, 1.0], [5.0, 1.0], [95.0, 1.0]]), np.full(4, 1e6)
    candidates = find_candidates(xy, edge_grid(graph), radius_m=40.0, most=2)
    net = EdgeTraits(graph.edge_length_m, np.zeros(1, dtype=int), np.full(1, -300.0), np.full(1, -300.0))
    starts = np.array([True, False, False, False])
    short = np.full(4, 0.5)
    fixes = Fixes(xy, np.cumsum(short), np.zeros(4, dtype=int), starts, short, np.ones(4), big, -big, short)
    pairs = EdgeDistances(graph).pairs(candidates, starts, REACH_M)
    state, posterior = decode(trellis(candidates, fixes, net, pairs, MODEL), most=2)
    assert np.isfinite(posterior).all()
    assert posterior.sum(axis=1) == pytest.approx(1.0)
    assert ((state >= 0) & (state <= 4)).all()
