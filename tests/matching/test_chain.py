"""Chains: every round is in them, noise at a corner adds none, and nothing is run that was not."""

import numpy as np
import pytest

from camber.matching.chain import HOP, JUNCTION, START, TURN, Links, States, follow

BACK_M = 15.0


def links(edges, *, routes=None, street=None, detour_m=np.inf):
    """A network from ``{edge: (from, to, length)}`` with routes ``{(node, other): [(edge, direction)]}``."""
    start, end, length = (np.array(column) for column in zip(*edges, strict=True))
    known = routes or {}

    def route(node, other):
        return [] if node == other else known.get((node, other))

    def detour(_edges, _node, _other, limit_m):
        return detour_m if detour_m <= limit_m else np.inf

    street = np.arange(len(edges)) if street is None else np.array(street)
    return Links(length.astype(float), start, end, street, route, detour, 5.0, -5.0, -5.0, BACK_M)


def states(places, *, step_m=3.0):
    """States from ``(edge, direction, along)``; each a step from the one before."""
    edge, direction, along = (np.array(column) for column in zip(*places, strict=True))
    return States(edge, direction, along.astype(float), step_m * np.arange(len(edge)))


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
    (chain,) = follow(States(edge, np.ones(len(edge), dtype=int), seen % length_m, true), loop)
    assert [piece.edge for piece in chain.pieces] == [i % edges for i in range(rounds * edges)]
    assert sum(piece.length_m for piece in chain.pieces) == pytest.approx(true[-1] - true[0], abs=6.0)


def test_pieces_begin_where_the_ones_before_end():
    line = links([(0, 1, 50.0), (2, 1, 40.0), (2, 3, 60.0)])
    (chain,) = follow(states(walk(0, 1, 5, 50) + walk(1, -1, 39, 0) + walk(2, 1, 2, 30)), line)
    assert keys(chain) == [(0, 1), (1, -1), (2, 1)]
    assert [piece[2:] for piece in chain.pieces] == [
        (5.0, 50.0, START),
        (40.0, 0.0, JUNCTION),
        (0.0, 29.0, JUNCTION),
    ]


def test_a_turn_within_an_edge_runs_neither_to_its_end():
    line = links([(0, 1, 300.0)])
    (chain,) = follow(states(walk(0, 1, 50, 120) + walk(0, -1, 118, 20)), line)
    assert [tuple(piece) for piece in chain.pieces] == [
        (0, 1, 50.0, 119.0, START),
        (0, -1, 119.0, 22.0, TURN),
    ]


def test_a_turn_just_behind_a_junction_is_no_trip_to_the_far_end():
    """Into a long edge for 20 m, and back out into another one; no fix said that it was run back."""
    line = links(
        [(0, 1, 50.0), (1, 2, 400.0), (1, 3, 60.0)],
        routes={(2, 1): [(1, -1)]},
    )
    places = [*walk(0, 1, 20, 50), *walk(1, 1, 2, 22), (2, 1, 1.0), *walk(2, 1, 4, 40)]
    run = 3.0 * np.arange(len(places))
    run[len(places) - 13 :] += 20.0
    edge, direction, along = (np.array(column) for column in zip(*places, strict=True))
    (chain,) = follow(States(edge, direction, along.astype(float), run), line)
    assert keys(chain) == [(0, 1), (1, 1), (1, -1), (2, 1)]
    assert sum(piece.length_m for piece in chain.pieces) < 120.0


def test_a_fix_thrown_back_before_the_junction_rewrites_nothing():
    """Noise puts one fix on a side street that leads to the junction: it was not run."""
    line = links([(0, 1, 50.0), (2, 1, 40.0), (1, 3, 60.0)])
    places = [*walk(0, 1, 20, 50), (2, 1, 2.0), (2, 1, 5.0), (1, 1, 38.0), *walk(2, 1, 8, 40)]
    (chain,) = follow(states(places), line)
    assert keys(chain) == [(0, 1), (2, 1)]


@pytest.mark.parametrize(("missing_m", "chains"), [(30.0, 1), (300.0, 2)])
def test_fixes_off_the_road_are_bridged_where_the_distance_agrees(missing_m, chains):
    line = links([(0, 1, 100.0), (1, 2, 100.0)])
    places = [*walk(0, 1, 10, 90), *[(-1, 0, np.nan)] * 3, *walk(1, 1, 15, 60)]
    edge, direction, along = (np.array(column) for column in zip(*places, strict=True))
    run = 3.0 * np.arange(len(places))
    on = np.flatnonzero(edge == 1)[0]
    run[on:] += missing_m - (run[on] - run[on - 4])
    found = follow(States(edge, direction, along, run), line)
    assert len(found) == chains
    assert [piece.edge for chain in found for piece in chain.pieces] == [0, 1]
    assert all(first >= 0 for chain in found for first, *_ in chain.runs)


def test_parallel_lines_of_a_street_are_changed_without_a_detour():
    line = links([(0, 1, 300.0), (2, 3, 300.0)], street=[7, 7])
    (chain,) = follow(states(walk(0, 1, 20, 120) + walk(1, 1, 120, 200)), line)
    assert keys(chain) == [(0, 1), (1, 1)]
    assert chain.pieces[1].joint == HOP
    assert sum(piece.length_m for piece in chain.pieces) == pytest.approx(180.0, abs=6.0)


def test_what_the_network_does_not_join_are_two_chains():
    line = links([(0, 1, 300.0), (2, 3, 300.0)])
    found = follow(states(walk(0, 1, 20, 120) + walk(1, 1, 120, 200)), line)
    assert [keys(chain) for chain in found] == [[(0, 1)], [(1, 1)]]


@pytest.mark.parametrize(("detour_m", "chains"), [(np.inf, 1), (300.0, 1), (215.0, 2), (205.0, 2)])
def test_a_long_gap_is_bridged_only_by_a_route_that_is_clearly_the_likeliest(detour_m, chains):
    """205 m run between two fixes, 5 m of them on the edges at either end and 200 m on the one between."""
    line = links([(0, 1, 50.0), (1, 2, 200.0), (2, 3, 50.0)], routes={(1, 2): [(1, 1)]}, detour_m=detour_m)
    here = States(np.array([0, 2]), np.array([1, 1]), np.array([47.0, 2.0]), np.array([0.0, 205.0]))
    assert len(follow(here, line)) == chains


def test_a_short_step_asks_for_no_other_route():
    line = links([(0, 1, 50.0), (1, 2, 20.0), (2, 3, 50.0)], routes={(1, 2): [(1, 1)]}, detour_m=20.0)
    here = States(np.array([0, 2]), np.array([1, 1]), np.array([47.0, 2.0]), np.array([0.0, 25.0]))
    assert len(follow(here, line)) == 1
