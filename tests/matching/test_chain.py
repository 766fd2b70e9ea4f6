"""Chains: every round is in them, noise at a corner adds none, and nothing is run that was not."""

import numpy as np
import pytest

from camber.matching.chain import HOP, JUNCTION, START, TURN, Links, States, follow
from camber.network import Edges, edges_by_node
from camber.schema import MatchingSettings

MODEL = MatchingSettings(beta_m=5.0, u_turn=-5.0, hop=-5.0, back_m=15.0)


def links(edges, *, street=None, reach_m=300.0):
    """A network from ``(from, to, length)`` of each edge."""
    start, end, length = (np.array(column) for column in zip(*edges, strict=True))
    nodes = max(start.max(), end.max()) + 1
    known = Edges(start, end, length.astype(float), *edges_by_node(start, end, nodes))
    return Links(known, np.arange(len(edges)) if street is None else np.array(street), reach_m, MODEL)


def lead(places, line, run_m=None):
    """Chains of one section of fixes ``(edge, direction, along)``, each 3 m on from the one before."""
    edge, direction, along = (np.array(column) for column in zip(*places, strict=True))
    run_m = 3.0 * np.arange(len(edge)) if run_m is None else run_m
    starts = np.arange(len(edge)) == 0
    return follow(States(edge, direction, along.astype(float), np.zeros(len(edge))), run_m, starts, line)


def keys(chain):
    return [piece.key for piece in chain.pieces]


def walk(edge, direction, begin, end):
    return [(edge, direction, along) for along in np.arange(begin, end, direction * 3.0)]


@pytest.mark.parametrize("jitter_m", [0.0, 1.5])
@pytest.mark.parametrize("edges", [1, 2, 3, 4, 7])
def test_every_round_is_in_the_chain(edges, jitter_m):
    """Fixes round a loop of equal edges, every 3 m, with an error along the way."""
    rounds, length_m = 4, 60.0
    true = np.arange(1.0, rounds * edges * length_m, 3.0)
    seen = true + jitter_m * np.random.default_rng(4).standard_normal(len(true))
    seen = np.clip(seen, 0.0, rounds * edges * length_m - 1e-6)
    edge = (seen // length_m).astype(int) % edges
    loop = links([(i, (i + 1) % edges, length_m) for i in range(edges)])
    (chain,) = lead(zip(edge, np.ones(len(edge), dtype=int), seen % length_m, strict=True), loop, true)
    assert [piece.edge for piece in chain.pieces] == [i % edges for i in range(rounds * edges)]
    assert sum(piece.length_m for piece in chain.pieces) == pytest.approx(true[-1] - true[0], abs=6.0)


def test_pieces_begin_where_the_ones_before_end():
    line = links([(0, 1, 50.0), (2, 1, 40.0), (2, 3, 60.0)])
    (chain,) = lead(walk(0, 1, 5, 50) + walk(1, -1, 39, 0) + walk(2, 1, 2, 30), line)
    assert keys(chain) == [(0, 1), (1, -1), (2, 1)]
    assert [piece[2:] for piece in chain.pieces] == [
        (5.0, 50.0, START),
        (40.0, 0.0, JUNCTION),
        (0.0, 29.0, JUNCTION),
    ]


def test_a_turn_within_an_edge_runs_neither_to_its_end():
    line = links([(0, 1, 300.0)])
    (chain,) = lead(walk(0, 1, 50, 120) + walk(0, -1, 118, 20), line)
    assert [tuple(piece) for piece in chain.pieces] == [
        (0, 1, 50.0, 119.0, START),
        (0, -1, 119.0, 22.0, TURN),
    ]


def test_a_turn_just_behind_a_junction_is_no_trip_to_the_far_end():
    """Into a long edge for 20 m, and back out into another one; no fix said that it was run back."""
    line = links([(0, 1, 50.0), (1, 2, 400.0), (1, 3, 60.0)], reach_m=500.0)
    places = [*walk(0, 1, 20, 50), *walk(1, 1, 2, 22), (2, 1, 1.0), *walk(2, 1, 4, 40)]
    run = 3.0 * np.arange(len(places))
    run[len(places) - 13 :] += 20.0
    (chain,) = lead(places, line, run)
    assert keys(chain) == [(0, 1), (1, 1), (1, -1), (2, 1)]
    assert sum(piece.length_m for piece in chain.pieces) < 120.0


def test_a_fix_thrown_back_before_the_junction_rewrites_nothing():
    """Noise puts one fix on a side street that leads to the junction: it was not run."""
    line = links([(0, 1, 50.0), (2, 1, 40.0), (1, 3, 60.0)])
    places = [*walk(0, 1, 20, 50), (2, 1, 2.0), (2, 1, 5.0), (1, 1, 38.0), *walk(2, 1, 8, 40)]
    (chain,) = lead(places, line)
    assert keys(chain) == [(0, 1), (2, 1)]


@pytest.mark.parametrize(("missing_m", "chains"), [(30.0, 1), (300.0, 2)])
def test_fixes_off_the_road_are_bridged_where_the_distance_agrees(missing_m, chains):
    line = links([(0, 1, 100.0), (1, 2, 100.0)])
    places = [*walk(0, 1, 10, 90), *[(-1, 0, np.nan)] * 3, *walk(1, 1, 15, 60)]
    run = 3.0 * np.arange(len(places))
    on = [edge for edge, *_ in places].index(1)
    run[on:] += missing_m - (run[on] - run[on - 4])
    found = lead(places, line, run)
    assert len(found) == chains
    assert [piece.edge for chain in found for piece in chain.pieces] == [0, 1]
    assert all(first >= 0 for chain in found for first, *_ in chain.runs)


def test_parallel_lines_of_a_street_are_changed_without_a_detour():
    line = links([(0, 1, 300.0), (2, 3, 300.0)], street=[7, 7])
    (chain,) = lead(walk(0, 1, 20, 120) + walk(1, 1, 120, 200), line)
    assert keys(chain) == [(0, 1), (1, 1)]
    assert chain.pieces[1].joint == HOP
    assert sum(piece.length_m for piece in chain.pieces) == pytest.approx(180.0, abs=6.0)


def test_what_the_network_does_not_join_are_two_chains():
    line = links([(0, 1, 300.0), (2, 3, 300.0)])
    found = lead(walk(0, 1, 20, 120) + walk(1, 1, 120, 200), line)
    assert [keys(chain) for chain in found] == [[(0, 1)], [(1, 1)]]


@pytest.mark.parametrize(("detour_m", "chains"), [(np.inf, 1), (300.0, 1), (215.0, 2), (205.0, 2)])
def test_a_long_gap_is_bridged_only_by_a_route_that_is_clearly_the_likeliest(detour_m, chains):
    """205 m run between two fixes, 5 m of them on the edges at either end and 200 m on the one between."""
    line = links([(0, 1, 50.0), (1, 2, 200.0), (2, 3, 50.0), (1, 2, detour_m)])
    assert len(lead([(0, 1, 47.0), (2, 1, 2.0)], line, np.array([0.0, 205.0]))) == chains


def test_a_short_step_asks_for_no_other_route():
    line = links([(0, 1, 50.0), (1, 2, 20.0), (2, 3, 50.0), (1, 2, 20.0)])
    assert len(lead([(0, 1, 47.0), (2, 1, 2.0)], line, np.array([0.0, 25.0]))) == 1


def test_sections_are_chains_of_their_own():
    line = links([(0, 1, 300.0)])
    places = np.arange(20.0, 80.0, 3.0)
    here = States(np.zeros(20, dtype=int), np.ones(20, dtype=int), places, np.zeros(20))
    found = follow(here, places, np.isin(np.arange(20), [0, 8]), line)
    assert [chain.runs for chain in found] == [[(0, 8, 0)], [(8, 20, 0)]]
