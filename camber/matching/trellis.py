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

from camber import hmm
from camber.hmm import Trellis

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

    from camber.matching.candidates import EdgeCandidates
    from camber.matching.distances import Pairs

_IMPOSSIBLE = -80.0
"""Transitions with a log-weight not above this are left out."""

_LEAST = -79.0
"""Being off the road is never less likely than this, so that every step has a transition."""


_LOG2_E, _LOG_2_HIGH, _LOG_2_LOW = 1.4426950408889634, 6.93147180369123816490e-01, 1.90821492927058770002e-10
"""Binary logarithm of e, and log 2 in two parts whose first has zeros to spare (as in fdlibm, e_exp.c)."""

_ROUND = 6755399441055744.0
"""1.5 times 2 to the 52."""


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
    """What the weights need to know of each edge.

    Parameters
    ----------
    length_m : ndarray of float64, shape (n_edges,)
        Length [m].
    street : ndarray of int64, shape (n_edges,)
        Street of each edge.
    rate_along, rate_against : ndarray of float64, shape (n_edges,)
        Log-likelihood per metre of running along and against the drawn direction.
    """

    length_m: NDArray[np.float64]
    street: NDArray[np.int64]
    rate_along: NDArray[np.float64]
    rate_against: NDArray[np.float64]


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
    candidates: EdgeCandidates,
    steps: Steps,
    starts: NDArray[np.bool_],
    network: Network,
    pairs: Pairs,
    costs: Costs,
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
        Edges.
    pairs : Pairs
        Distances between the candidates of neighbouring fixes.
    costs : Costs
        Numbers of the model.

    Returns
    -------
    Trellis
        For `camber.hmm`, with ``2 c + 1`` states where a fix has ``c`` candidates; off the road is the last
        and reachable at every step.
    """
    first, weight = _weights(*candidates, *steps, starts, *network, *pairs, *costs)
    return Trellis(2 * candidates.number + 1, first, weight, starts)


def decode(trellis: Trellis, most: int) -> tuple[IntArray, FloatArray]:
    """Likeliest path and posterior, with states numbered alike at all fixes.

    Parameters
    ----------
    trellis : Trellis
        As `trellis` makes it.
    most : int
        Largest number of candidates ``k``.

    Returns
    -------
    state : ndarray of int64, shape (n,)
        State on the likeliest path; ``2 k`` is off the road.
    posterior : ndarray of float64, shape (n, 2 k + 1)
        Probability of each state.
    """
    state, posterior = hmm.viterbi(trellis), hmm.forward_backward(trellis)
    return np.where(state == trellis.width - 1, 2 * most, state), _widen(posterior, trellis.width, 2 * most)


@numba.njit(cache=True)
def _widen(posterior: FloatArray, width: IntArray, off: int) -> FloatArray:
    wide, m = np.zeros((len(width), off + 1)), 0
    for i in range(len(width)):
        for b in range(width[i] - 1):
            wide[i, b] = posterior[m + b]
        wide[i, off] = posterior[m + width[i] - 1]
        m += width[i]
    return wide


@numba.njit(cache=True, fastmath={"nnan", "nsz"})
def _weights(
    count: IntArray, edge: IntArray, along: FloatArray, offset: FloatArray, foot: FloatArray,
    direction: FloatArray,
    run_m: FloatArray, seconds: FloatArray, across_m: FloatArray, along_m: FloatArray, sigma_m: FloatArray,
    starts: NDArray[np.bool_],
    length_m: FloatArray, street: IntArray, rate_along: FloatArray, rate_against: FloatArray,
    pair: NDArray[np.int32], between: FloatArray, reach: float,
    correlation_s: float, beta_m: float, off_road_m: float, nowhere_per_m: float, switch_off_m: float,
    map_bearing: float, dof: float, u_turn: float, hop: float, back_m: float,
) -> tuple[IntArray, FloatArray]:  # fmt: skip
    n = len(count)
    first = np.zeros(n + 1, dtype=np.int64)
    for i in range(n):
        rows = 1 if starts[i] else 2 * count[i - 1] + 1
        first[i + 1] = first[i] + rows * (2 * count[i] + 1)
    weight, power = np.empty(first[n]), np.empty((2 * edge.shape[1] + 1) ** 2)
    fresh, p = np.empty(edge.shape[1]), 0
    for i in range(n):
        m, wide = first[i], 2 * count[i] + 1
        far = _tail(off_road_m / sigma_m[i], dof)
        for b in range(count[i]):
            fresh[b] = _tail(offset[i, b] / sigma_m[i], dof)
        if starts[i]:
            for b in range(count[i]):
                weight[m + 2 * b], weight[m + 2 * b + 1] = fresh[b], fresh[b]
            weight[first[i + 1] - 1] = far
            _exponentiate(weight, power, m, first[i + 1])
            continue
        rho, spread, beta, nowhere, leave = _odds(
            run_m[i], seconds[i], across_m[i], along_m[i], sigma_m[i], far, correlation_s, beta_m, off_road_m,
            nowhere_per_m, switch_off_m, map_bearing,
        )  # fmt: skip
        renewal, per_m, per_spread = np.log(spread / sigma_m[i]), 1.0 / beta, 1.0 / spread
        for b in range(count[i]):
            fresh[b] += renewal
        for a in range(count[i - 1]):
            # A row for each direction in which the edge before may have been run.
            up = m + 2 * a * wide
            down = up + wide
            ea, sa, oa = edge[i - 1, a], along[i - 1, a], rho * offset[i - 1, a]
            la, ux, uy = length_m[ea] - sa, direction[i - 1, a, 0], direction[i - 1, a, 1]
            for b in range(count[i]):
                eb, sb, ob = edge[i, b], along[i, b], offset[i, b]
                d, lb = pair[p], length_m[eb] - sb
                p += 1
                cosine = ux * direction[i, b, 0] + uy * direction[i, b, 1]
                evidence = fresh[b]
                if abs(cosine) > 0.7:
                    # The same error in the same frame; a U-turn swaps the runner's left and right.
                    evidence = _huber((ob - (oa if cosine > 0.0 else -oa)) * per_spread)
                uu, ud, du, dd = _moves(
                    sa, la, sb, lb, between[d, 0], between[d, 1], between[d, 2], between[d, 3], reach,
                    run_m[i], per_m, u_turn, back_m,
                )  # fmt: skip
                if ea == eb:
                    gone = sb - sa
                    uu = max(uu, -abs(gone - run_m[i]) * per_m)
                    dd = max(dd, -abs(gone + run_m[i]) * per_m)
                    # Also at the end of the edge: a turn at a junction is no cheaper than one beside it.
                    ud = du = u_turn - abs(abs(gone) - run_m[i]) * per_m
                elif abs(cosine) > 0.8 and street[ea] == street[eb]:
                    # Crossing to a parallel line moves the runner, so the offset starts anew.
                    beside = (foot[i, b, 0] - foot[i - 1, a, 0]) * ux + (
                        foot[i, b, 1] - foot[i - 1, a, 1]
                    ) * uy
                    anew = hop + fresh[b] - evidence
                    onward = anew - abs(beside - run_m[i]) * per_m
                    backward = anew - abs(beside + run_m[i]) * per_m
                    if cosine > 0.0:
                        uu, dd = max(uu, onward), max(dd, backward)
                    else:
                        ud, du = max(ud, onward), max(du, backward)
                forth = evidence + rate_along[eb] * run_m[i]
                back = evidence + rate_against[eb] * run_m[i]
                weight[up + 2 * b], weight[up + 2 * b + 1] = forth + uu, back + ud
                weight[down + 2 * b], weight[down + 2 * b + 1] = forth + du, back + dd
            # However odd a step is, leaving the road and coming back must not vanish.
            weight[down - 1] = weight[down + wide - 1] = max(nowhere + leave, _LEAST)
        last = m + 2 * count[i - 1] * wide
        for b in range(count[i]):
            back_on = max(fresh[b] + leave, _LEAST)
            weight[last + 2 * b], weight[last + 2 * b + 1] = back_on, back_on
        weight[last + wide - 1] = max(nowhere, _LEAST)
        _exponentiate(weight, power, m, first[i + 1])
    return first, weight


@numba.njit(cache=True)
def _odds(
    run: float, seconds: float, across: float, along: float, sigma: float, far: float,
    correlation_s: float, beta_m: float, off_road_m: float, nowhere_per_m: float, switch_off_m: float,
    map_bearing: float,
) -> tuple[float, float, float, float, float]:  # fmt: skip
    """Correlation, spread of the innovation, scale of the distance; log-weights off the road and to there."""
    rho = np.exp(-seconds / correlation_s)
    wiggle = map_bearing * run
    spread = np.sqrt(sigma * sigma * max(1.0 - rho * rho, 1e-4) + wiggle * wiggle)
    beta = max(beta_m, 0.1 * run)
    # Off the road is a line that follows the smoothed track, at a charge for so much freedom.
    apart = (1.0 - rho) * off_road_m / spread
    steady = max(-0.5 * apart * apart, far) - nowhere_per_m * run
    nowhere = _huber(across / spread) - abs(along - run) / beta + steady
    return rho, spread, beta, nowhere, np.log(min(max(run, 0.5) / switch_off_m, 0.5))


@numba.njit(cache=True, inline="always", fastmath={"nnan", "nsz"})
def _moves(
    sa: float, la: float, sb: float, lb: float, ss: float, se: float, es: float, ee: float, reach: float,
    run_m: float, per_m: float, u_turn: float, back_m: float,
) -> tuple[float, float, float, float]:  # fmt: skip
    """Log-weights of the ways along the network between two candidates: along or against, then again.

    The network distance, negative where the runner seems to step back inside the noise, is compared with
    the distance run (Newson & Krumm 2009, equation 2, here with a sign). Four distances say it all: leaving
    the first edge by its start or its end, and entering the second by either. Going ahead uses one, turning
    round on the first edge another, and stepping back is going ahead with both directions turned.
    """
    ss = sa + ss + sb if ss <= reach else np.inf
    se = sa + se + lb if se <= reach else np.inf
    es = la + es + sb if es <= reach else np.inf
    ee = la + ee + lb if ee <= reach else np.inf
    ahead_ss, ahead_se = -abs(ss - run_m) * per_m, -abs(se - run_m) * per_m
    ahead_es, ahead_ee = -abs(es - run_m) * per_m, -abs(ee - run_m) * per_m
    none = 2.0 * _IMPOSSIBLE
    back_ss = -(ss + run_m) * per_m if ss <= back_m else none
    back_se = -(se + run_m) * per_m if se <= back_m else none
    back_es = -(es + run_m) * per_m if es <= back_m else none
    back_ee = -(ee + run_m) * per_m if ee <= back_m else none
    uu = max(ahead_es, u_turn + ahead_ss, back_se)
    ud = max(ahead_ee, u_turn + ahead_se, back_ss)
    du = max(ahead_ss, u_turn + ahead_es, back_ee)
    dd = max(ahead_se, u_turn + ahead_ee, back_es)
    return uu, ud, du, dd


@numba.njit(cache=True, fastmath={"nnan", "nsz"})
def _exponentiate(weight: FloatArray, power: FloatArray, start: int, end: int) -> None:
    """From logarithms to weights; the impossible becomes 0.

    Reduced to ``2**k exp(r)`` with ``|r| <= log(2) / 2`` (Cody & Waite 1980, Software Manual for the
    Elementary Functions, chapter 6) and the power series of ``exp(r)`` up to ``r**12``: right to two units in
    the last place over the range of weights, and, without a call or a branch, done in parallel lanes.
    """
    bits = power.view(np.int64)
    for m in range(end - start):
        # Added to so large a number, a small one is rounded to an integer, in the lowest bits.
        power[m] = max(weight[start + m], _IMPOSSIBLE) * _LOG2_E + _ROUND
    for m in range(end - start):
        k = power[m] - _ROUND
        r = (max(weight[start + m], _IMPOSSIBLE) - k * _LOG_2_HIGH) - k * _LOG_2_LOW
        series = 1.0 / 479001600.0
        series = series * r + 1.0 / 39916800.0
        series = series * r + 1.0 / 3628800.0
        series = series * r + 1.0 / 362880.0
        series = series * r + 1.0 / 40320.0
        series = series * r + 1.0 / 5040.0
        series = series * r + 1.0 / 720.0
        series = series * r + 1.0 / 120.0
        series = series * r + 1.0 / 24.0
        series = series * r + 1.0 / 6.0
        series = series * r + 0.5
        series = series * r + 1.0
        series = series * r + 1.0
        weight[start + m] = series if weight[start + m] > _IMPOSSIBLE else 0.0
    for m in range(end - start):
        bits[m] = (bits[m] + 1023) << 52
    for m in range(end - start):
        weight[start + m] *= power[m]


@numba.njit(cache=True)
def _huber(x: float) -> float:
    """Log-density of an innovation, up to a constant; quadratic to 2 sigma, then linear (Huber 1964)."""
    x = abs(x)
    return -0.5 * x * x if x <= 2.0 else 2.0 - 2.0 * x


@numba.njit(cache=True)
def _tail(x: float, dof: float) -> float:
    """Log-density of a Student-t error, up to a constant."""
    return float(-0.5 * (dof + 1.0) * np.log1p(x * x / dof))
