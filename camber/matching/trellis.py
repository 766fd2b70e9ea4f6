"""Weights of the matcher's trellis: how well going from one candidate to the next explains two fixes.

A state is a candidate edge with a direction of travel (``2 k`` along the drawn direction, ``2 k + 1``
against), or being off the road (the last state). Errors of neighbouring fixes are correlated, so a fix is
weighed given the one before: the cross-track error is a first-order Gauss-Markov process, and only its
innovation counts. A jump to a parallel line then costs what such a jump of the receiver would, and a
constant offset of a few metres costs little however long it lasts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numba
import numpy as np

from camber.hmm import Trellis

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

    from camber.matching.candidates import EdgeCandidates

_IMPOSSIBLE = -80.0
"""Transitions with a smaller log-weight are left out."""

_BEAM = 40.0
"""States whose best path is less likely than the best of all by this factor, as a logarithm, are left out."""


class Steps(NamedTuple):
    """What is known about each step from the fix before.

    Parameters
    ----------
    run_m : ndarray of float64, shape (n,)
        Distance run [m], from the smoothed track.
    seconds : ndarray of float64, shape (n,)
        Time passed [s].
    across_m, along_m : ndarray of float64, shape (n,)
        Components of the displacement between the fixes [m], right of and along the smoothed heading.
    sigma_m : ndarray of float64, shape (n,)
        Cross-track standard deviation of the fix [m].
    """

    run_m: NDArray[np.float64]
    seconds: NDArray[np.float64]
    across_m: NDArray[np.float64]
    along_m: NDArray[np.float64]
    sigma_m: NDArray[np.float64]


class Network(NamedTuple):
    """The part of the road graph that the weights need.

    Parameters
    ----------
    edge_from, edge_to : ndarray of int64, shape (n_edges,)
        Row of each edge's end nodes in the distance table, -1 where the node is not in it.
    length_m : ndarray of float64, shape (n_edges,)
        Length [m].
    street : ndarray of int64, shape (n_edges,)
        Street of each edge.
    rate_along, rate_against : ndarray of float64, shape (n_edges,)
        Log-likelihood per metre of running along and against the drawn direction.
    first, target : ndarray of int64
        Distance table in compressed rows: targets (as table rows) within reach of each node, sorted.
    distance_m : ndarray of float64
        Network distance [m] to each target.
    """

    edge_from: NDArray[np.int64]
    edge_to: NDArray[np.int64]
    length_m: NDArray[np.float64]
    street: NDArray[np.int64]
    rate_along: NDArray[np.float64]
    rate_against: NDArray[np.float64]
    first: NDArray[np.int64]
    target: NDArray[np.int64]
    distance_m: NDArray[np.float64]


class Costs(NamedTuple):
    """Numbers of the model; see `camber.schema.MatchingSettings` for their sources.

    Parameters
    ----------
    correlation_s, beta_m, off_road_m, nowhere_per_m, switch_off_m, map_bearing, degrees_of_freedom : float
        As in the settings.
    u_turn, hop : float
        Log-likelihood of turning round, and of changing between the parallel lines of one street.
    back_m : float
        Longest step backwards that counts as noise [m].
    """

    correlation_s: float
    beta_m: float
    off_road_m: float
    nowhere_per_m: float
    switch_off_m: float
    map_bearing: float
    degrees_of_freedom: float
    u_turn: float
    hop: float
    back_m: float


def trellis(
    candidates: EdgeCandidates, steps: Steps, starts: NDArray[np.bool_], network: Network, costs: Costs
) -> Trellis:
    """Weights of the whole trellis.

    Parameters
    ----------
    candidates : EdgeCandidates
        Nearest edges of each of the ``n`` fixes, ``k`` at most.
    steps : Steps
        The steps between them.
    starts : ndarray of bool, shape (n,)
        True at the first fix of a section.
    network : Network
        Edges and distances.
    costs : Costs
        Numbers of the model.

    Returns
    -------
    Trellis
        For `camber.hmm`, with ``2 k + 1`` states; off the road is reachable at every step. What lies further
        behind the best path than `_BEAM` is left out.
    """
    first, source, target, weight, initial = _trellis(*candidates, *steps, starts, *network, *costs)  # type: ignore[arg-type]
    return Trellis(first, source, target, weight, initial, starts)


@numba.njit(cache=True)
def _trellis(
    count: IntArray, edge: IntArray, along: FloatArray, offset: FloatArray,
    foot: FloatArray, direction: FloatArray,
    run_m: FloatArray, seconds: FloatArray, across_m: FloatArray, along_m: FloatArray, sigma_m: FloatArray,
    starts: NDArray[np.bool_],
    edge_from: IntArray, edge_to: IntArray, length_m: FloatArray, street: IntArray,
    rate_along: FloatArray, rate_against: FloatArray,
    first: IntArray, target: IntArray, distance_m: FloatArray,
    correlation_s: float, beta_m: float, off_road_m: float, nowhere_per_m: float, switch_off_m: float,
    map_bearing: float, dof: float, u_turn: float, hop: float, back_m: float,
) -> tuple[IntArray, NDArray[np.int16], NDArray[np.int16], FloatArray, FloatArray]:  # fmt: skip
    n, k = edge.shape
    off = 2 * k
    initial, rows = np.zeros((n, off + 1)), np.zeros(n + 1, dtype=np.int64)
    sources, targets = np.empty(64 * n, dtype=np.int16), np.empty(64 * n, dtype=np.int16)
    weights = np.empty(64 * n)
    # Logarithm of the likeliest path into each state, relative to the best.
    score, now = np.full(off + 1, -np.inf), np.full(off + 1, -np.inf)
    m = 0
    for i in range(n):
        far = _tail(off_road_m / sigma_m[i], dof)
        now[:] = -np.inf
        rows[i] = m
        sources, targets, weights = _reserve(sources, targets, weights, m + (off + 1) ** 2)
        if starts[i]:
            for b in range(2 * count[i]):
                now[b] = _tail(offset[i, b // 2] / sigma_m[i], dof)
            now[off] = far
            initial[i] = np.exp(now)
            score[:] = now - now.max()
            continue
        rho = np.exp(-seconds[i] / correlation_s)
        wiggle = map_bearing * run_m[i]
        spread = np.sqrt(sigma_m[i] ** 2 * max(1.0 - rho * rho, 1e-4) + wiggle * wiggle)
        renewal = np.log(spread / sigma_m[i])
        beta = max(beta_m, 0.1 * run_m[i])
        # Off the road is a line that follows the smoothed track, at a charge for so much freedom.
        steady = max(-0.5 * ((1.0 - rho) * off_road_m / spread) ** 2, far) - nowhere_per_m * run_m[i]
        nowhere = _huber(across_m[i] / spread) - abs(along_m[i] - run_m[i]) / beta + steady
        leave = np.log(min(max(run_m[i], 0.5) / switch_off_m, 0.5))
        for b in range(2 * count[i]):
            kb, eb, db = b // 2, edge[i, b // 2], 1 - 2 * (b % 2)
            fresh = renewal + _tail(offset[i, kb] / sigma_m[i], dof)
            rate = (rate_along[eb] if db > 0 else rate_against[eb]) * run_m[i]
            for a in range(2 * count[i - 1]):
                if score[a] < -_BEAM:
                    continue
                total = rate + _step(
                    i, a, b, fresh, rho, spread, beta, edge, along, offset, foot, direction, run_m,
                    edge_from, edge_to, length_m, street, first, target, distance_m, u_turn, hop, back_m,
                )  # fmt: skip
                if total > _IMPOSSIBLE:
                    sources[m], targets[m], weights[m] = a, b, total
                    now[b] = max(now[b], score[a] + total)
                    m += 1
            sources[m], targets[m], weights[m] = off, b, fresh
            now[b] = max(now[b], score[off] + fresh)
            m += 1
        for a in range(2 * count[i - 1]):
            if score[a] >= -_BEAM:
                sources[m], targets[m], weights[m] = a, off, nowhere + leave
                now[off] = max(now[off], score[a] + nowhere + leave)
                m += 1
        sources[m], targets[m], weights[m] = off, off, nowhere
        now[off] = max(now[off], score[off] + nowhere)
        m += 1
        # However odd a step is, its likeliest transition must not vanish.
        weights[rows[i] : m] = np.exp(weights[rows[i] : m] - weights[rows[i] : m].max())
        score[:] = np.maximum(now - now.max(), -1e6)
    rows[n] = m
    return rows, sources[:m], targets[:m], weights[:m], initial


@numba.njit(cache=True)
def _reserve(
    sources: NDArray[np.int16], targets: NDArray[np.int16], weights: FloatArray, size: int
) -> tuple[NDArray[np.int16], NDArray[np.int16], FloatArray]:
    """Copy the lists into longer ones where they are too short."""
    held = len(weights)
    if size <= held:
        return sources, targets, weights
    longer_sources, longer_targets = np.empty(2 * size, dtype=np.int16), np.empty(2 * size, dtype=np.int16)
    longer_weights = np.empty(2 * size)
    longer_sources[:held], longer_targets[:held], longer_weights[:held] = sources, targets, weights
    return longer_sources, longer_targets, longer_weights


@numba.njit(cache=True, inline="always")
def _step(
    i: int, a: int, b: int, fresh: float, rho: float, spread: float, beta: float,
    edge: IntArray, along: FloatArray, offset: FloatArray, foot: FloatArray, direction: FloatArray,
    run_m: FloatArray, edge_from: IntArray, edge_to: IntArray, length_m: FloatArray, street: IntArray,
    first: IntArray, target: IntArray, distance_m: FloatArray, u_turn: float, hop: float, back_m: float,
) -> float:  # fmt: skip
    """Log-weight of going from candidate state ``a`` of the fix before to ``b`` of this one."""
    ka, kb = a // 2, b // 2
    ea, eb = edge[i - 1, ka], edge[i, kb]
    da, db = (1.0 if a % 2 == 0 else -1.0), (1.0 if b % 2 == 0 else -1.0)
    ux, uy = direction[i - 1, ka, 0], direction[i - 1, ka, 1]
    cosine = da * db * (ux * direction[i, kb, 0] + uy * direction[i, kb, 1])
    evidence = fresh
    if abs(cosine) > 0.7:
        # The same error in the same frame; a U-turn swaps the runner's left and right.
        kept = da * offset[i - 1, ka] * (1.0 if cosine > 0.0 else -1.0)
        evidence = _huber((db * offset[i, kb] - rho * kept) / spread)
    total = evidence + _move(
        ea, along[i - 1, ka], da, eb, along[i, kb], db, run_m[i], beta,
        edge_from, edge_to, length_m, first, target, distance_m, u_turn, back_m,
    )  # fmt: skip
    if street[ea] == street[eb] and ea != eb and cosine > 0.8:
        # Crossing to a parallel line moves the runner, so the offset starts anew.
        moved_x, moved_y = foot[i, kb, 0] - foot[i - 1, ka, 0], foot[i, kb, 1] - foot[i - 1, ka, 1]
        beside = da * (moved_x * ux + moved_y * uy)
        total = max(total, hop + fresh - abs(beside - run_m[i]) / beta)
    return float(total)


@numba.njit(cache=True)
def _move(
    ea: int, sa: float, da: float, eb: int, sb: float, db: float, run_m: float, beta: float,
    edge_from: IntArray, edge_to: IntArray, length_m: FloatArray,
    first: IntArray, target: IntArray, distance_m: FloatArray, u_turn: float, back_m: float,
) -> float:  # fmt: skip
    """Log-weight of the way along the network from one candidate to the next.

    The network distance, negative where the runner seems to step back inside the noise, is compared with
    the distance run (Newson & Krumm 2009, equation 2, here with a sign).
    """
    if ea == eb and da != db:
        # Also at the end of the edge: a turn round at a junction is no cheaper than one beside it.
        return float(u_turn - abs(abs(sb - sa) - run_m) / beta)
    best = -abs(da * (sb - sa) - run_m) / beta if ea == eb else 2.0 * _IMPOSSIBLE
    enter_b = edge_from[eb] if db > 0.0 else edge_to[eb]
    into_b = sb if db > 0.0 else length_m[eb] - sb
    exit_a = edge_to[ea] if da > 0.0 else edge_from[ea]
    rest_a = length_m[ea] - sa if da > 0.0 else sa
    ahead = rest_a + _between(exit_a, enter_b, first, target, distance_m) + into_b
    best = max(best, -abs(ahead - run_m) / beta)
    back_a = edge_from[ea] if da > 0.0 else edge_to[ea]
    if best < u_turn:
        turned = length_m[ea] - rest_a + _between(back_a, enter_b, first, target, distance_m) + into_b
        best = max(best, u_turn - abs(turned - run_m) / beta)
    if best >= -run_m / beta:
        return float(best)  # a step back costs at least as much
    exit_b = edge_to[eb] if db > 0.0 else edge_from[eb]
    behind = (
        length_m[eb] - into_b + _between(exit_b, back_a, first, target, distance_m) + length_m[ea] - rest_a
    )
    if behind <= back_m:
        best = max(best, -(behind + run_m) / beta)
    return float(best)


@numba.njit(cache=True)
def _between(
    source: int, destination: int, first: IntArray, target: IntArray, distance_m: FloatArray
) -> float:
    """Bounded network distance between two nodes, infinite where they are not within reach."""
    if source < 0 or destination < 0:
        return np.inf
    if source == destination:
        return 0.0
    low, high = first[source], first[source + 1]
    while low < high:
        middle = (low + high) // 2
        if target[middle] < destination:
            low = middle + 1
        else:
            high = middle
    if low < first[source + 1] and target[low] == destination:
        return float(distance_m[low])
    return np.inf


@numba.njit(cache=True)
def _huber(x: float) -> float:
    """Log-density of an innovation, up to a constant; quadratic to 2 sigma, then linear (Huber 1964)."""
    x = abs(x)
    return -0.5 * x * x if x <= 2.0 else 2.0 - 2.0 * x


@numba.njit(cache=True)
def _tail(x: float, dof: float) -> float:
    """Log-density of a Student-t error, up to a constant."""
    return float(-0.5 * (dof + 1.0) * np.log1p(x * x / dof))
