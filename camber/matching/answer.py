"""What is said about each fix: its edge, direction and place, and the probabilities that go with them."""

from __future__ import annotations

from itertools import pairwise
from math import erfc, sqrt
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numba import njit

from camber import network
from camber.matching.chain import HOP, Chain, Links, States, follow

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.matching.candidates import Places
    from camber.matching.placing import Placed
    from camber.schema import MatchingSettings, RoadGraph, Roads

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

_AROUND: Final = 2
"""Pieces before and behind its own that a fix may truly have been on."""


class Answer(NamedTuple):
    """The likeliest state of every fix.

    Parameters
    ----------
    edge : ndarray of int64, shape (n,)
        Edge; -1 off the road.
    direction : ndarray of int64, shape (n,)
        +1 along, -1 against the drawn direction; 0 off the road.
    along_m : ndarray of float64, shape (n,)
        Distance [m] from the start of the edge, in the drawn direction; NaN off the road.
    offset_m : ndarray of float64, shape (n,)
        Distance [m] of the fix from the line, positive right of travel; NaN off the road.
    """

    edge: IntArray
    direction: IntArray
    along_m: FloatArray
    offset_m: FloatArray


def likeliest(candidates: Places, state: IntArray) -> Answer:
    """Read states as edges.

    Parameters
    ----------
    candidates : Places
        Candidates of ``n`` fixes, ``k`` at most.
    state : ndarray of int64, shape (n,)
        ``2 i`` along and ``2 i + 1`` against candidate ``i``; ``2 k`` off the road.

    Returns
    -------
    Answer
        At the foot of the perpendicular.
    """
    rows = np.arange(len(state))
    on = state < 2 * candidates.edge.shape[1]
    k = np.where(on, state // 2, 0)
    direction = np.where(on, np.where(state % 2 == 0, 1, -1), 0)
    return Answer(
        np.where(on, candidates.edge[rows, k], -1),
        direction,
        np.where(on, candidates.along_m[rows, k], np.nan),
        np.where(on, direction * candidates.offset_m[rows, k], np.nan),
    )


def follow_all(
    answer: Answer,
    run_m: FloatArray,
    starts: NDArray[np.bool_],
    roads: Roads,
    street: IntArray,
    reach_m: float,
    settings: MatchingSettings,
) -> list[Chain]:
    """Join the fixes of every section into chains.

    Parameters
    ----------
    answer : Answer
        The likeliest states.
    run_m : ndarray of float64, shape (n,)
        Distance run since the first fix [m].
    starts : ndarray of bool, shape (n,)
        True at the first fix of a section.
    roads : Roads
        The roads.
    street : ndarray of int64, shape (n_edges,)
        Street of each edge.
    reach_m : float
        Longest route between two fixes [m].
    settings : MatchingSettings
        Numbers of the model.

    Returns
    -------
    list of Chain
        In the order of travel; fixes are counted over the whole track.
    """
    links = _links(roads, street, reach_m, settings)
    borders = [*np.flatnonzero(starts).tolist(), len(starts)]
    chains = []
    for begin, end in pairwise(borders):
        part = slice(begin, end)
        states = States(answer.edge[part], answer.direction[part], answer.along_m[part], run_m[part])
        for chain in follow(states, links):
            runs = [(begin + first, begin + last, place) for first, last, place in chain.runs]
            chains.append(chain._replace(runs=runs))
    return chains


def _links(roads: Roads, street: IntArray, reach_m: float, settings: MatchingSettings) -> Links:
    graph = roads.graph
    room = network.scratch(len(graph.node_first_edge) - 1)
    known: dict[tuple[int, int], list[tuple[int, int]] | None] = {}

    def route(node: int, other: int) -> list[tuple[int, int]] | None:
        if node == other:
            return []
        if (node, other) not in known:
            edges, directions = network.route(network.edges_of(graph), node, other, reach_m, room)
            known[node, other] = list(zip(edges.tolist(), directions.tolist(), strict=True)) or None
        return known[node, other]

    def detour(edges: list[int], node: int, other: int, limit_m: float) -> float:
        lengths = [_around(graph, street == one, node, other, limit_m) for one in {*street[edges].tolist()}]
        return min(lengths)

    return Links(
        graph.edge_length_m,
        graph.edge_from,
        graph.edge_to,
        street,
        route,
        detour,
        settings.beta_m,
        settings.u_turn,
        settings.hop,
        settings.back_m,
    )


def _around(graph: RoadGraph, closed: NDArray[np.bool_], node: int, other: int, limit_m: float) -> float:
    """Length of the shortest route without some edges [m]; infinite where there is none."""
    cost = np.where(closed, np.inf, graph.edge_length_m)
    edges, _ = network.route(network.edges_of(graph, cost), node, other, limit_m)
    return float(graph.edge_length_m[edges].sum()) if len(edges) else np.inf


def move_to_chain(
    answer: Answer,
    candidates: Places,
    posterior: FloatArray,
    chain: Chain,
    placed: Placed,
    xy: FloatArray,
    length_m: FloatArray,
) -> None:
    """Say for the fixes of a chain what the smoother found, in place.

    The posterior of the pieces around a fix, taken together, stays; it is shared out among them by where the
    fix was along the chain. A fix whose piece is none of its candidates keeps its state.

    Parameters
    ----------
    answer : Answer
        Gets edges, directions, places and offsets.
    candidates : Places
        Candidates of all fixes.
    posterior : ndarray of float64, shape (n, 2 k + 1)
        Probability of each state; is shared out anew.
    chain : Chain
        The chain.
    placed : Placed
        Its fixes.
    xy : ndarray of float64, shape (n, 2)
        All fixes [m].
    length_m : ndarray of float64, shape (n_edges,)
        Lengths of all edges [m].
    """
    edge = np.array([piece.edge for piece in chain.pieces])
    direction = np.array([piece.direction for piece in chain.pieces])
    group = np.cumsum([piece.joint == HOP for piece in chain.pieces])
    fix, piece = placed.fix, placed.piece
    kept = _share_out(
        posterior,
        candidates.edge,
        fix,
        piece,
        placed.distance_m,
        placed.std_m,
        edge,
        direction,
        group,
        placed.start_m,
    )
    enter = np.array([piece.enter_m for piece in chain.pieces])
    along = enter[piece] + direction[piece] * (placed.distance_m - placed.start_m[piece])
    line, segment = placed.line, placed.segment
    tangent = line.tangent[segment]
    foot = line.start_xy[segment] + tangent * (placed.distance_m - line.start_m[segment])[:, np.newaxis]
    apart = xy[fix] - placed.origin - foot
    offset = apart[:, 0] * tangent[:, 1] - apart[:, 1] * tangent[:, 0]
    # Beside the line the perpendicular is the better measure across it: an error along a bend is none across.
    beside = (answer.edge[fix] == edge[piece]) & (answer.direction[fix] == direction[piece])
    beside &= (answer.along_m[fix] > 0.0) & (answer.along_m[fix] < length_m[edge[piece]])
    offset = np.where(beside, answer.offset_m[fix], offset)
    for values, found in zip(answer, (edge[piece], direction[piece], along, offset), strict=True):
        values[fix[kept]] = found[kept]


@njit(cache=True)
def _share_out(
    posterior: FloatArray, candidate: IntArray, fix: IntArray, piece: IntArray, distance_m: FloatArray,
    std_m: FloatArray, edge: IntArray, direction: IntArray, group: IntArray, start_m: FloatArray,
) -> NDArray[np.bool_]:  # fmt: skip
    """Share the posterior out among the pieces around each fix; False where its own is no candidate."""
    kept = np.zeros(len(fix), dtype=np.bool_)
    share = np.zeros(posterior.shape[1])
    for j in range(len(fix)):
        row, own = posterior[fix[j]], piece[j]
        share[:] = 0.0
        together, total = 0.0, 0.0
        for q in range(max(own - _AROUND, 0), min(own + _AROUND + 1, len(edge))):
            if group[q] != group[own]:
                continue
            part = _below(start_m[q + 1], distance_m[j], std_m[j])
            part = max(part - _below(start_m[q], distance_m[j], std_m[j]), 1e-12)
            for k in range(candidate.shape[1]):
                if candidate[fix[j], k] == edge[q]:
                    state = 2 * k + (direction[q] < 0)
                    together += row[state] if share[state] == 0.0 else 0.0
                    share[state] += part
                    total += part
                    kept[j] |= q == own
        if kept[j]:
            for state in range(len(share)):
                if share[state] > 0.0:
                    row[state] = together * share[state] / total
    return kept


@njit(cache=True)
def _below(border_m: float, mean_m: float, std_m: float) -> float:
    """Give the normal probability of lying before a border."""
    return float(0.5 * erfc((mean_m - border_m) / (max(std_m, 0.1) * sqrt(2.0))))
