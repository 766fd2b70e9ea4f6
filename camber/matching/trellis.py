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

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.matching.candidates import EdgeCandidates

_IMPOSSIBLE = -80.0
"""Log-weights below this are zero in single precision."""


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
    correlation_s, beta_m, off_road_m, switch_off_m, degrees_of_freedom : float
        As in the settings.
    u_turn, hop : float
        Log-likelihood of turning round, and of changing between the parallel lines of one street.
    back_m : float
        Longest step backwards that counts as noise [m].
    """

    correlation_s: float
    beta_m: float
    off_road_m: float
    switch_off_m: float
    degrees_of_freedom: float
    u_turn: float
    hop: float
    back_m: float


def trellis(
    candidates: EdgeCandidates, steps: Steps, starts: NDArray[np.bool_], network: Network, costs: Costs
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
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
    weights : ndarray of float32, shape (n, 2 k + 1, 2 k + 1)
        For `camber.hmm`; off the road is reachable from everywhere at every step.
    initial : ndarray of float64, shape (n, 2 k + 1)
        Weights at the start of a section.
    """
    return _trellis(*candidates, *steps, starts, *network, *costs)  # type: ignore[no-any-return]


@numba.njit(cache=True)
def _trellis(
    count, edge, along, offset, foot, direction,
    run_m, seconds, across_m, along_m, sigma_m, starts,
    edge_from, edge_to, length_m, street, rate_along, rate_against, first, target, distance_m,
    correlation_s, beta_m, off_road_m, switch_off_m, dof, u_turn, hop, back_m,
):  # fmt: skip
    n, k = edge.shape
    off = 2 * k
    weights = np.zeros((n, off + 1, off + 1), dtype=np.float32)
    initial = np.zeros((n, off + 1))
    for i in range(n):
        far = _tail(off_road_m / sigma_m[i], dof)
        if starts[i]:
            for b in range(2 * count[i]):
                initial[i, b] = np.exp(_tail(offset[i, b // 2] / sigma_m[i], dof))
            initial[i, off] = np.exp(far)
            continue
        rho = np.exp(-seconds[i] / correlation_s)
        spread = sigma_m[i] * np.sqrt(max(1.0 - rho * rho, 1e-4))
        renewal = np.log(spread / sigma_m[i])
        beta = max(beta_m, 0.1 * run_m[i])
        # Off the road is a line that follows the smoothed track, at a steady charge for being nowhere.
        steady = -0.5 * ((1.0 - rho) * off_road_m / spread) ** 2
        nowhere = _huber(across_m[i] / spread) - abs(along_m[i] - run_m[i]) / beta + max(steady, far)
        leave = np.log(min(max(run_m[i], 0.5) / switch_off_m, 0.5))
        weights[i, off, off] = np.exp(nowhere)
        for a in range(2 * count[i - 1]):
            weights[i, a, off] = np.exp(nowhere + leave)
        for b in range(2 * count[i]):
            kb = b // 2
            db = 1.0 if b % 2 == 0 else -1.0
            fresh = renewal + _tail(offset[i, kb] / sigma_m[i], dof)
            weights[i, off, b] = np.exp(fresh)
            for a in range(2 * count[i - 1]):
                ka = a // 2
                da = 1.0 if a % 2 == 0 else -1.0
                cosine = (
                    da
                    * db
                    * (
                        direction[i - 1, ka, 0] * direction[i, kb, 0]
                        + direction[i - 1, ka, 1] * direction[i, kb, 1]
                    )
                )
                move = _move(
                    edge[i - 1, ka],
                    along[i - 1, ka],
                    da,
                    edge[i, kb],
                    along[i, kb],
                    db,
                    run_m[i],
                    beta,
                    edge_from,
                    edge_to,
                    length_m,
                    first,
                    target,
                    distance_m,
                    u_turn,
                    back_m,
                )
                if (
                    street[edge[i - 1, ka]] == street[edge[i, kb]]
                    and edge[i - 1, ka] != edge[i, kb]
                    and cosine > 0.8
                ):
                    beside = da * (
                        (foot[i, kb, 0] - foot[i - 1, ka, 0]) * direction[i - 1, ka, 0]
                        + (foot[i, kb, 1] - foot[i - 1, ka, 1]) * direction[i - 1, ka, 1]
                    )
                    move = max(move, hop - abs(beside - run_m[i]) / beta)
                if move <= _IMPOSSIBLE:
                    continue
                if abs(cosine) > 0.7:
                    # The same error in the same frame; a U-turn swaps the runner's left and right.
                    kept = da * offset[i - 1, ka] * (1.0 if cosine > 0.0 else -1.0)
                    evidence = _huber((db * offset[i, kb] - rho * kept) / spread)
                else:
                    evidence = fresh
                rate = rate_along[edge[i, kb]] if db > 0.0 else rate_against[edge[i, kb]]
                total = move + evidence + rate * run_m[i]
                if total > _IMPOSSIBLE:
                    weights[i, a, b] = np.exp(total)
    return weights, initial


@numba.njit(cache=True)
def _move(
    ea, sa, da, eb, sb, db, run_m, beta,
    edge_from, edge_to, length_m, first, target, distance_m, u_turn, back_m,
):  # fmt: skip
    """Log-weight of the way along the network from one candidate to the next.

    The network distance, negative where the runner seems to step back inside the noise, is compared with
    the distance run (Newson & Krumm 2009, equation 2, here with a sign).
    """
    if ea == eb and da == db:
        return -abs(da * (sb - sa) - run_m) / beta
    best = 2.0 * _IMPOSSIBLE
    if ea == eb:
        best = u_turn - abs(abs(sb - sa) - run_m) / beta
    enter_b = edge_from[eb] if db > 0.0 else edge_to[eb]
    into_b = sb if db > 0.0 else length_m[eb] - sb
    exit_a = edge_to[ea] if da > 0.0 else edge_from[ea]
    rest_a = length_m[ea] - sa if da > 0.0 else sa
    ahead = rest_a + _between(exit_a, enter_b, first, target, distance_m) + into_b
    best = max(best, -abs(ahead - run_m) / beta)
    back_a = edge_from[ea] if da > 0.0 else edge_to[ea]
    turned = length_m[ea] - rest_a + _between(back_a, enter_b, first, target, distance_m) + into_b
    best = max(best, u_turn - abs(turned - run_m) / beta)
    exit_b = edge_to[eb] if db > 0.0 else edge_from[eb]
    behind = (
        length_m[eb] - into_b + _between(exit_b, back_a, first, target, distance_m) + length_m[ea] - rest_a
    )
    if behind <= back_m:
        best = max(best, -(behind + run_m) / beta)
    return best


@numba.njit(cache=True)
def _between(source, destination, first, target, distance_m):
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
        return distance_m[low]
    return np.inf


@numba.njit(cache=True)
def _huber(x):
    """Log-density of an innovation, up to a constant; quadratic to 2 sigma, then linear (Huber 1964)."""
    x = abs(x)
    return -0.5 * x * x if x <= 2.0 else 2.0 - 2.0 * x


@numba.njit(cache=True)
def _tail(x, dof):
    """Log-density of a Student-t error, up to a constant."""
    return -0.5 * (dof + 1.0) * np.log1p(x * x / dof)
