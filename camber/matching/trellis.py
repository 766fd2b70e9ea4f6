"""Weights of the matcher's trellis: how well going from one candidate to the next explains two fixes.

A state is a candidate edge with a direction of travel (``2 k`` along the drawn direction, ``2 k + 1``
against), or being off the road (the last state). Errors of neighbouring fixes are correlated, so a fix is
weighed given the one before: the cross-track error is a first-order Gauss-Markov process, and only its
innovation counts. A jump to a parallel line then costs what such a jump of the receiver would, and a
constant offset of a few metres costs little however long it lasts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from camber.hmm import Trellis
from camber.kernels import ZERO, compiled_once, inner_kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.matching.candidates import EdgeCandidates
    from camber.matching.prepared import EdgeTraits, Pairs
    from camber.schema import MatchingSettings

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

_IMPOSSIBLE = -80.0
"""Transitions with a log-weight not above this are left out."""

_LEAST = -79.0
"""Being off the road is never less likely than this, so that every step has a transition."""

_LOG2_E, _LOG_2_HIGH, _LOG_2_LOW = 1.4426950408889634, 6.93147180369123816490e-01, 1.90821492927058770002e-10
"""Binary logarithm of e, and log 2 in two parts whose first has zeros to spare (as in fdlibm, e_exp.c)."""

_ROUND = 6755399441055744.0
"""1.5 times 2 to the 52."""


class Fixes(NamedTuple):
    """Fixes of a track, and what is known about the step to each from the one before; shape (n,)."""

    xy: FloatArray  # (n, 2)
    distance_m: FloatArray  # run until here, from the smoothed track
    section: IntArray
    starts: NDArray[np.bool_]  # the first fix of a section
    step_m: FloatArray  # run since the fix before
    seconds: FloatArray  # passed since then
    across_m: FloatArray  # displacement since then, right of the smoothed heading
    along_m: FloatArray  # the same along that heading
    sigma_m: FloatArray  # cross-track standard deviation of the fix

    def part(self, rows: slice) -> Fixes:
        """Take some neighbouring fixes."""
        return Fixes._make(values[rows] for values in self)


class Costs(NamedTuple):
    """Numbers of the model, as in `camber.schema.MatchingSettings`."""

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


class _Odds(NamedTuple):
    """What the weights of one step have in common."""

    rho: float  # correlation of the errors of both fixes
    spread: float  # standard deviation of the innovation [m]
    beta: float  # scale of the difference between network distance and distance run [m]
    nowhere: float  # log-weight of staying off the road
    leave: float  # log-weight of leaving the road or regaining it


def trellis(
    near: EdgeCandidates, fixes: Fixes, traits: EdgeTraits, pairs: Pairs, settings: MatchingSettings
) -> Trellis:
    """Weigh all steps; a fix with ``c`` candidates has ``2 c + 1`` states, the last one off the road."""
    costs = Costs(*(getattr(settings, name) for name in Costs._fields))
    first, weight = _weights(near, fixes, traits, pairs, costs)
    return Trellis(2 * near.number + 1, first, weight, fixes.starts)


@compiled_once
@njit(cache=True, fastmath={"nnan", "nsz"})
def _weights(
    near: EdgeCandidates, fixes: Fixes, traits: EdgeTraits, pairs: Pairs, costs: Costs
) -> tuple[IntArray, FloatArray]:
    n, count, most = len(near.number), near.number, near.edge.shape[1]
    first = np.zeros(n + 1, dtype=np.int64)
    for i in range(n):
        rows = 1 if fixes.starts[i] else 2 * count[i - 1] + 1
        first[i + 1] = first[i] + rows * (2 * count[i] + 1)
    weight, power, fresh, p = np.empty(first[n]), np.empty((2 * most + 1) ** 2), np.empty(most), ZERO
    for i in range(n):
        block, sigma = weight[first[i] : first[i + 1]], fixes.sigma_m[i]
        # Evidence of the fix alone: Student-t tails of its distance from each candidate.
        far = _tail(costs.off_road_m / sigma, costs.degrees_of_freedom)
        for b in range(count[i]):
            fresh[b] = _tail(near.offset_m[i, b] / sigma, costs.degrees_of_freedom)
        if fixes.starts[i]:
            for b in range(count[i]):
                block[2 * b], block[2 * b + 1] = fresh[b], fresh[b]
            block[-1] = far
        else:
            odds = _odds(fixes, i, far, costs)
            # From here on relative to the density of an innovation, whose scale is the spread.
            renewal = np.log(odds.spread / sigma)
            for b in range(count[i]):
                fresh[b] += renewal
            p = _step(i, p, near, fixes, traits, pairs, costs, odds, fresh, block)
        _exponentiate(block, power)
    return first, weight


@inner_kernel
def _odds(fixes: Fixes, i: int, far: float, costs: Costs) -> _Odds:
    """Find what the weights of a step have in common; ``far`` is the evidence of its fix off the road."""
    run, sigma = fixes.step_m[i], fixes.sigma_m[i]
    rho = np.exp(-fixes.seconds[i] / costs.correlation_s)
    wiggle = costs.map_bearing * run
    spread = np.sqrt(sigma * sigma * max(1.0 - rho * rho, 1e-4) + wiggle * wiggle)
    beta = max(costs.beta_m, 0.1 * run)
    # Off the road is a line that follows the smoothed track, at a charge for so much freedom.
    apart = (1.0 - rho) * costs.off_road_m / spread
    steady = max(-0.5 * apart * apart, far) - costs.nowhere_per_m * run
    nowhere = _huber(fixes.across_m[i] / spread) - abs(fixes.along_m[i] - run) / beta + steady
    return _Odds(rho, spread, beta, nowhere, np.log(min(max(run, 0.5) / costs.switch_off_m, 0.5)))


@njit(cache=True, fastmath={"nnan", "nsz"})
def _step(
    i: int, p: int, near: EdgeCandidates, fixes: Fixes, traits: EdgeTraits, pairs: Pairs, costs: Costs,
    odds: _Odds, fresh: FloatArray, block: FloatArray,
) -> int:  # fmt: skip
    """Write the log-weights of one step, row by row, from pair ``p`` on; returns the pair after its last."""
    edge, before, now, run = near.edge, near.number[i - 1], near.number[i], fixes.step_m[i]
    wide, per_m, per_spread = 2 * now + 1, 1.0 / odds.beta, 1.0 / odds.spread
    # However odd a step is, leaving the road and coming back must not vanish.
    leaving = max(odds.nowhere + odds.leave, _LEAST)
    for a in range(before):
        # Two rows: the edge before was run along its drawing, or against it.
        up = 2 * a * wide
        down = up + wide
        ea, sa, oa = edge[i - 1, a], near.along_m[i - 1, a], odds.rho * near.offset_m[i - 1, a]
        la, ux, uy = traits.length_m[ea] - sa, near.direction_xy[i - 1, a, 0], near.direction_xy[i - 1, a, 1]
        for b in range(now):
            eb, sb, ob = edge[i, b], near.along_m[i, b], near.offset_m[i, b]
            lb = traits.length_m[eb] - sb
            cosine = ux * near.direction_xy[i, b, 0] + uy * near.direction_xy[i, b, 1]
            evidence = fresh[b]
            if abs(cosine) > 0.7:
                # The same error seen from both lines; where they are drawn against each other, left is right.
                evidence = _huber((ob - (oa if cosine > 0.0 else -oa)) * per_spread)
            # Four weights per pair: along (u, up the chainage) or against (d, down) on either edge.
            uu, ud, du, dd = _moves(sa, la, sb, lb, pairs, p, run, per_m, costs)
            p += 1
            if ea == eb:
                gone = sb - sa
                uu = max(uu, -abs(gone - run) * per_m)
                dd = max(dd, -abs(gone + run) * per_m)
                # Also at the end of the edge: a turn at a junction is no cheaper than one beside it.
                ud = du = costs.u_turn - abs(abs(gone) - run) * per_m
            elif abs(cosine) > 0.8 and traits.street[ea] == traits.street[eb]:
                # Crossing to a parallel line moves the runner, so the offset starts anew.
                x, y = near.foot_xy[i - 1, a, 0], near.foot_xy[i - 1, a, 1]
                beside = (near.foot_xy[i, b, 0] - x) * ux + (near.foot_xy[i, b, 1] - y) * uy
                anew = costs.hop + fresh[b] - evidence
                onward = anew - abs(beside - run) * per_m
                backward = anew - abs(beside + run) * per_m
                if cosine > 0.0:
                    uu, dd = max(uu, onward), max(dd, backward)
                else:
                    ud, du = max(ud, onward), max(du, backward)
            forth = evidence + traits.rate_along[eb] * run
            back = evidence + traits.rate_against[eb] * run
            block[up + 2 * b], block[up + 2 * b + 1] = forth + uu, back + ud
            block[down + 2 * b], block[down + 2 * b + 1] = forth + du, back + dd
        block[down - 1] = block[down + wide - 1] = leaving
    # The last row: from off the road onto each candidate, and on beside it.
    last = 2 * before * wide
    for b in range(now):
        regain = max(fresh[b] + odds.leave, _LEAST)
        block[last + 2 * b], block[last + 2 * b + 1] = regain, regain
    block[last + wide - 1] = max(odds.nowhere, _LEAST)
    return p


@njit(cache=True, inline="always", fastmath={"nnan", "nsz"})
def _moves(
    sa: float, la: float, sb: float, lb: float, pairs: Pairs, p: int, run_m: float, per_m: float,
    costs: Costs,
) -> tuple[float, float, float, float]:  # fmt: skip
    """Log-weights of the ways along the network between two candidates: along or against, then again.

    The network distance, negative where the runner seems to step back inside the noise, is compared with
    the distance run (Newson & Krumm 2009, equation 2, here with a sign). Four distances say it all: leaving
    the first edge by its start or its end, ``sa`` and ``la`` away, and entering the second by either. Going
    ahead uses one, turning round on the first edge another, and stepping back is going ahead with both
    directions turned.
    """
    row = pairs.row[p]
    ss, se = pairs.between_m[row, 0], pairs.between_m[row, 1]
    es, ee = pairs.between_m[row, 2], pairs.between_m[row, 3]
    ss = sa + ss + sb if ss <= pairs.reach_m else np.inf
    se = sa + se + lb if se <= pairs.reach_m else np.inf
    es = la + es + sb if es <= pairs.reach_m else np.inf
    ee = la + ee + lb if ee <= pairs.reach_m else np.inf
    ahead_ss, ahead_se = -abs(ss - run_m) * per_m, -abs(se - run_m) * per_m
    ahead_es, ahead_ee = -abs(es - run_m) * per_m, -abs(ee - run_m) * per_m
    none = 2.0 * _IMPOSSIBLE
    back_ss = -(ss + run_m) * per_m if ss <= costs.back_m else none
    back_se = -(se + run_m) * per_m if se <= costs.back_m else none
    back_es = -(es + run_m) * per_m if es <= costs.back_m else none
    back_ee = -(ee + run_m) * per_m if ee <= costs.back_m else none
    uu = max(ahead_es, costs.u_turn + ahead_ss, back_se)
    ud = max(ahead_ee, costs.u_turn + ahead_se, back_ss)
    du = max(ahead_ss, costs.u_turn + ahead_es, back_ee)
    dd = max(ahead_se, costs.u_turn + ahead_ee, back_es)
    return uu, ud, du, dd


@njit(cache=True, fastmath={"nnan", "nsz"})
def _exponentiate(weight: FloatArray, power: FloatArray) -> None:
    """From logarithms to weights; the impossible becomes 0.

    Reduced to ``2**k exp(r)`` with ``|r| <= log(2) / 2`` (Cody & Waite 1980, Software Manual for the
    Elementary Functions, chapter 6) and the power series of ``exp(r)`` up to ``r**12``: right to two units in
    the last place over the range of weights, and, without a call or a branch, done in parallel
    lanes: a seventh of the time of `match` (measured against ``np.exp``).
    """
    bits = power.view(np.int64)
    for m in range(len(weight)):
        # Added to so large a number, a small one is rounded to an integer, in the lowest bits.
        power[m] = max(weight[m], _IMPOSSIBLE) * _LOG2_E + _ROUND
    for m in range(len(weight)):
        k = power[m] - _ROUND
        r = (max(weight[m], _IMPOSSIBLE) - k * _LOG_2_HIGH) - k * _LOG_2_LOW
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
        weight[m] = series if weight[m] > _IMPOSSIBLE else 0.0
    for m in range(len(weight)):
        # The integer becomes the exponent of a power of two.
        bits[m] = (bits[m] + 1023) << 52
    for m in range(len(weight)):
        weight[m] *= power[m]


@inner_kernel
def _huber(x: float) -> float:
    """Log-density of an innovation, up to a constant; quadratic to 2 sigma, then linear (Huber 1964)."""
    x = abs(x)
    return -0.5 * x * x if x <= 2.0 else 2.0 - 2.0 * x


@inner_kernel
def _tail(x: float, dof: float) -> float:
    """Log-density of a Student-t error, up to a constant."""
    return float(-0.5 * (dof + 1.0) * np.log1p(x * x / dof))
