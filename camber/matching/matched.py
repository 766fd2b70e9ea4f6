"""What is said about each fix: its edge, direction and place, and the probabilities that go with them."""

from __future__ import annotations

from math import erfc, sqrt
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numba import njit

from camber.conventions import NO_WAY
from camber.kernels import compiled_once
from camber.matching.chain import States

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.matching.along import Placed
    from camber.matching.inference import Inferred
    from camber.schema import Roads

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

_AROUND: Final = 2
"""Pieces before and behind its own that a fix may truly have been on (judgement: a junction or two)."""

_KEPT: Final = 0.01
"""Ways less probable than this are not listed (judgement)."""


def likeliest(inferred: Inferred) -> States:
    """Read the likeliest states as edges, with fixes at the foot of the perpendicular."""
    state = inferred.state
    rows = np.arange(len(state))
    on = state < 2 * inferred.edge.shape[1]
    k = np.where(on, state // 2, 0)
    direction = np.where(on, np.where(state % 2 == 0, 1, -1), 0)
    return States(
        np.where(on, inferred.edge[rows, k], -1),
        direction,
        np.where(on, inferred.along_m[rows, k], np.nan),
        np.where(on, direction * inferred.offset_m[rows, k], np.nan),
    )


def move_to_chain(
    states: States, inferred: Inferred, placed: Placed, xy: FloatArray, length_m: FloatArray
) -> None:
    """Say for the fixes of a chain what the smoother found, in place.

    The posterior of the pieces around a fix, taken together, stays; it is shared out among them by where the
    fix was along the chain. A fix whose piece is none of its candidates keeps its state. ``xy`` has all
    fixes, ``length_m`` all edges.
    """
    fix, piece, segment, line, pieces = placed.fix, placed.piece, placed.segment, placed.line, placed.pieces
    kept = _share_out(inferred.posterior, inferred.edge, placed)
    edge, direction = pieces.edge[piece], pieces.direction[piece]
    along = pieces.enter_m[piece] + direction * (placed.distance_m - pieces.start_m[piece])
    tangent = line.tangent[segment]
    foot = line.start_xy[segment] + tangent * (placed.distance_m - line.start_m[segment])[:, np.newaxis]
    apart = xy[fix] - placed.origin - foot
    offset = apart[:, 0] * tangent[:, 1] - apart[:, 1] * tangent[:, 0]
    # Beside the line the perpendicular is the better measure across it: an error along a bend is none across.
    beside = (states.edge[fix] == edge) & (states.direction[fix] == direction)
    beside &= (states.along_m[fix] > 0.0) & (states.along_m[fix] < length_m[edge])
    offset = np.where(beside, states.offset_m[fix], offset)
    for values, found in zip(states, (edge, direction, along, offset), strict=True):
        values[fix[kept]] = found[kept]


@compiled_once
@njit(cache=True)
def _share_out(posterior: FloatArray, candidate: IntArray, placed: Placed) -> NDArray[np.bool_]:
    """Share the posterior out among the pieces around each fix; False where its own is no candidate."""
    pieces, distance_m, std_m = placed.pieces, placed.distance_m, placed.std_m
    kept = np.zeros(len(placed.fix), dtype=np.bool_)
    share = np.zeros(posterior.shape[1])
    for j in range(len(placed.fix)):
        row, own = posterior[placed.fix[j]], placed.piece[j]
        share[:] = 0.0
        together, total = 0.0, 0.0
        for q in range(max(own - _AROUND, 0), min(own + _AROUND + 1, len(pieces.edge))):
            if pieces.group[q] != pieces.group[own]:
                continue
            # Normal probability that the fix was between the ends of the piece.
            part = _below(pieces.start_m[q + 1], distance_m[j], std_m[j])
            part = max(part - _below(pieces.start_m[q], distance_m[j], std_m[j]), 1e-12)
            for k in range(candidate.shape[1]):
                if candidate[placed.fix[j], k] == pieces.edge[q]:
                    state = 2 * k + (pieces.direction[q] < 0)
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


def matched_columns(roads: Roads, states: States, inferred: Inferred) -> dict[str, NDArray[Any]]:
    """Say of each fix on which way it was, and how surely: columns of `camber.schema.MATCHED`."""
    graph, ways = roads.graph, roads.ways
    on = states.edge >= 0
    way_row = graph.edge_way[states.edge]
    # Of the matched way in the matched direction, all its edges together; of no way, off the road.
    probability = np.where(on, 0.0, inferred.posterior[:, -1])
    rows, backward = np.arange(len(on)), states.direction < 0
    for k in range(inferred.edge.shape[1]):
        same = on & (inferred.edge[:, k] >= 0) & (graph.edge_way[inferred.edge[:, k]] == way_row)
        probability += np.where(same, inferred.posterior[rows, 2 * k + backward], 0.0)
    chainage = graph.edge_start_m[states.edge] + states.along_m
    return {
        "way_id": np.where(on, ways.index.to_numpy()[way_row], NO_WAY),
        "street_id": np.where(on, ways["street_id"].to_numpy()[way_row], NO_WAY),
        "edge_id": states.edge,
        "chainage_m": np.where(on, np.maximum(chainage, 0.0), np.nan),
        "travel_direction": states.direction,
        "offset_m": states.offset_m,
        "match_probability": np.minimum(probability, 1.0),
        "p_off_road": inferred.posterior[:, -1].copy(),
    }


def candidate_columns(
    roads: Roads, states: States, inferred: Inferred, first: int
) -> dict[str, NDArray[Any]]:
    """Say of each fix what else it could have been on: columns of `camber.schema.CANDIDATES`.

    Fixes are numbered from ``first``; ways come likeliest first. Two edges of one way near a junction are one
    answer, so probabilities are summed before the cut; the matched edge speaks for its way, or else the
    likeliest one.
    """
    fix, k, direction, own, probability = _likely(inferred, states, roads.graph.edge_way)
    edge = inferred.edge[fix, k]
    along = np.where(own, states.along_m[fix], inferred.along_m[fix, k])
    return {
        "fix_id": first + fix,
        "way_id": roads.ways.index.to_numpy()[roads.graph.edge_way[edge]],
        "travel_direction": direction,
        "chainage_m": np.maximum(roads.graph.edge_start_m[edge] + along, 0.0),
        "offset_m": np.where(own, states.offset_m[fix], direction * inferred.offset_m[fix, k]),
        "probability": np.minimum(probability, 1.0),
    }


@compiled_once
@njit(cache=True)
def _likely(
    inferred: Inferred, states: States, edge_way: IntArray
) -> tuple[IntArray, IntArray, IntArray, NDArray[np.bool_], FloatArray]:
    """List the ways of each fix that are likely enough, likeliest first.

    Fix, candidate, direction, whether that is the matched edge, and probability of each.
    """
    posterior, candidate = inferred.posterior, inferred.edge
    # A state that cannot lift its way over the cut, all of them together, is passed over.
    most, least = posterior.shape[1] - 1, _KEPT / posterior.shape[1]
    rows = (posterior[:, :most] >= least).sum()
    fix, place, heading = np.empty(rows, np.int64), np.empty(rows, np.int64), np.empty(rows, np.int64)
    own, total, m = np.empty(rows, np.bool_), np.empty(rows), 0
    # The ways of one fix: the state that speaks for each, whether it is the matched one, and the sum.
    speaker, mine, sums = np.empty(most, np.int64), np.empty(most, np.bool_), np.empty(most)
    for i in range(len(posterior)):
        ways = 0
        for state in range(most):
            value = posterior[i, state]
            if value < least:
                continue
            edge, backward = candidate[i, state // 2], state % 2
            matched = edge == states.edge[i] and backward == (states.direction[i] < 0)
            w = 0
            while w < ways and not (
                speaker[w] % 2 == backward and edge_way[candidate[i, speaker[w] // 2]] == edge_way[edge]
            ):
                w += 1
            if w == ways:
                speaker[w], mine[w], sums[w], ways = state, matched, 0.0, ways + 1
            elif matched or (value > posterior[i, speaker[w]] and not mine[w]):
                speaker[w], mine[w] = state, matched
            sums[w] += value
        # Likeliest first; of equals the matched one.
        for _ in range(ways):
            best = 0
            for w in range(1, ways):
                if sums[w] > sums[best] or (sums[w] == sums[best] and mine[w]):
                    best = w
            if sums[best] < _KEPT:
                break
            fix[m], place[m], heading[m] = i, speaker[best] // 2, 1 - 2 * (speaker[best] % 2)
            own[m], total[m], sums[best], m = mine[best], sums[best], 0.0, m + 1
    return fix[:m], place[:m], heading[:m], own[:m], total[:m]
