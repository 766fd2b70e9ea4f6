"""Which side to take where: the exact dynamic programme over stretch, state, crossings and balance.

The route is fixed here; what may be chosen is the lateral state on each stretch and where to cross. Law and
safety are constraints (science.md 7.2: the constraint form, not the penalty form, is the default): a state
that is not allowed does not exist for the programme. Among what is allowed it finds, for each number of
crossings and each balance that can be reached, the plan with the least exposure to traffic; what is not
worse in all three is the Pareto front.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    BoolArray = NDArray[np.bool_]
    CodeArray = NDArray[np.int32]
    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

_CENTRE: Final = 2
_PATH: Final = 5
_OUTWARD: Final = np.array([0, 1, _CENTRE, 3, 4, _PATH, _PATH, _CENTRE], dtype=np.int64)
"""State of LATERAL_STATES of each inner one: a path, or the middle, remembers the side of the road before it;
2 and 5 come from the left, 7 and 6 from the right."""

_SIDE: Final = np.array([-1, -1, -1, 1, 1, -1, 1, 1], dtype=np.int64)
"""Side of travel of each inner state, remembered or taken."""

_STATES: Final = len(_SIDE)


class SideProblem(NamedTuple):
    """What may be chosen along a route; one row per stretch, columns as LATERAL_STATES.

    Parameters
    ----------
    allowed : ndarray of bool, shape (n, 6)
        Whether the state may be taken; at least one in every row.
    traffic_km : ndarray of float64, shape (n, 6)
        Exposure to traffic of the stretch in that state, in kilometres facing traffic at the edge of a road
        [equivalent km].
    signed_m : ndarray of float64, shape (n, 6)
        Expected right-low minus left-low metres of the stretch in that state [m].
    crossing_km : ndarray of float64, shape (n,)
        Cost of crossing to the other physical side at the start of the stretch [equivalent km]; infinite
        where that is not allowed.
    turned : ndarray of bool, shape (n,)
        Whether the runner turns round at the start of the stretch: the same physical side is then the other
        side of travel.
    joins : ndarray of bool, shape (n,)
        Whether the stretch is a path from which either side of the next road is reached without a crossing
        of the plan's own; other rows in state ``other`` remember the side.
    corner : ndarray of int64, shape (n,)
        Turn into another street at the start of the stretch: +1 to the right, -1 to the left, 0 none. Who
        keeps to the outer side there crosses the street that is left or the one that is entered.
    """

    allowed: BoolArray
    traffic_km: FloatArray
    signed_m: FloatArray
    crossing_km: FloatArray
    turned: BoolArray
    joins: BoolArray
    corner: IntArray


class SidePlan(NamedTuple):
    """One way to run the route.

    Parameters
    ----------
    state : ndarray of int64, shape (n,)
        State of each stretch, as LATERAL_STATES.
    crossed : ndarray of bool, shape (n,)
        Whether the plan crosses at the start of the stretch.
    signed_m : float
        Right-low minus left-low metres, those before the route included [m].
    crossings : int
        Number of crossings.
    traffic_km : float
        Exposure to traffic, crossings included [equivalent km].
    """

    state: IntArray
    crossed: BoolArray
    signed_m: float
    crossings: int
    traffic_km: float


def plan_sides(
    problem: SideProblem, *, before_m: float = 0.0, most_crossings: int = 6, bucket_m: float = 10.0
) -> tuple[SidePlan, ...]:
    """Find the plans of which none is better in balance, crossings and exposure to traffic at once.

    Bellman's principle over (stretch, state, crossings, bucket of the balance); each bucket keeps the exact
    balance of its best plan, so that errors do not add up along the route. Exact where all balances are
    multiples of the bucket's width; else two plans that come to lie in one bucket are told apart by their
    exposure alone.

    Parameters
    ----------
    problem : SideProblem
        The route.
    before_m : float
        Right-low minus left-low metres of what was run before [m].
    most_crossings : int
        Most crossings that a plan may have.
    bucket_m : float
        Width of a bucket [m].

    Returns
    -------
    tuple of SidePlan
        The front, most even first; empty only if some stretch cannot be reached at all.
    """
    n = len(problem.allowed)
    if n == 0:
        return ()
    inner = _with_inner_state(problem)
    reach = np.abs(np.where(inner.allowed, inner.signed_m, 0.0)).max(axis=1).sum()
    buckets = int(2.0 * np.ceil(reach / bucket_m)) + 3
    cost, balance, came = _sweep(
        inner.allowed,
        inner.traffic_km,
        inner.signed_m,
        inner.crossing_km,
        inner.turned,
        inner.joins,
        inner.corner,
        most_crossings + 1,
        buckets,
        bucket_m,
    )
    ends = np.argwhere(np.isfinite(cost))
    keys = np.column_stack(
        [np.abs(before_m + balance[tuple(ends.T)]), ends[:, 1].astype(float), cost[tuple(ends.T)]]
    )
    plans = []
    for row in _undominated(keys):
        state, crossed = _walk_back(came, ends[row], buckets)
        at = tuple(ends[row])
        plans.append(
            SidePlan(
                _OUTWARD[state],
                crossed,
                before_m + float(balance[at]),
                int(ends[row, 1]),
                float(cost[at]),
            )
        )
    return tuple(plans)


def choose_plans(plans: tuple[SidePlan, ...], most: int = 5) -> tuple[SidePlan, ...]:
    """Pick at most a handful of plans that show the whole front.

    Parameters
    ----------
    plans : tuple of SidePlan
        A front, most even first.
    most : int
        How many to keep (5: science.md 7.2).

    Returns
    -------
    tuple of SidePlan
        The most even one, the one with the least exposure to traffic, and between them, again and again, the
        plan that lies furthest from those already chosen, each aim scaled to its range over the front.
    """
    if len(plans) <= most:
        return plans
    aims = np.array([[abs(plan.signed_m), plan.crossings, plan.traffic_km] for plan in plans])
    spread = np.ptp(aims, axis=0)
    scaled = aims / np.where(spread > 0.0, spread, 1.0)
    chosen = [0, int(np.lexsort((aims[:, 0], aims[:, 2]))[0])]
    while len(set(chosen)) < most:
        away = np.min([np.abs(scaled - scaled[one]).sum(axis=1) for one in chosen], axis=0)
        if away.max() <= 0.0:
            break
        chosen.append(int(away.argmax()))
    return tuple(plans[row] for row in sorted(set(chosen)))


def _with_inner_state(problem: SideProblem) -> SideProblem:
    """Split ``other`` and ``centre`` in two, so that they remember the side of the road before them."""
    return problem._replace(
        allowed=np.ascontiguousarray(problem.allowed[:, _OUTWARD]),
        traffic_km=np.ascontiguousarray(problem.traffic_km[:, _OUTWARD]),
        signed_m=np.ascontiguousarray(problem.signed_m[:, _OUTWARD]),
    )


def _undominated(keys: FloatArray) -> list[int]:
    """Rows of which no other row is at most equal in all columns and smaller in one; equals once.

    Columns are balance, crossings and cost. In order of the balance a row is dominated if one before it with
    at most as many crossings costs at most as much: a running minimum for each number of crossings.
    """
    order = np.lexsort(keys.T[::-1])
    crossings, cost = keys[order, 1], keys[order, 2]
    kept = np.zeros(len(order), dtype=bool)
    for level in np.unique(crossings):
        least = np.minimum.accumulate(np.where(crossings <= level, cost, np.inf))
        at = crossings == level
        kept[at] = (cost + 1e-12 < np.concatenate([[np.inf], least[:-1]]))[at]
    return [int(row) for row in order[kept]]


def _walk_back(came: CodeArray, end: IntArray, buckets: int) -> tuple[IntArray, BoolArray]:
    n = len(came)
    state, crossed = np.empty(n, dtype=np.int64), np.zeros(n, dtype=bool)
    s, c, b = (int(value) for value in end)
    levels = came.shape[2]
    for row in range(n - 1, -1, -1):
        state[row] = s
        code = int(came[row, s, c, b])
        if row:
            before = code // (levels * buckets), code // buckets % levels, code % buckets
            crossed[row] = before[1] != c
            s, c, b = before
    return state, crossed


@njit(cache=True)
def _crosses(before: int, after: int, turned: bool, joins: bool, corner: int) -> bool:  # noqa: FBT001 - a kernel
    side = -_SIDE[before] if turned else _SIDE[before]
    if _OUTWARD[before] == _PATH and joins:
        return False
    beside = _OUTWARD[before] not in (_CENTRE, _PATH) and _OUTWARD[after] not in (_CENTRE, _PATH)
    if beside and corner != 0 and side == -corner and _SIDE[after] == -corner:
        return True
    return bool(side * _SIDE[after] < 0)


@njit(cache=True)
def _sweep(
    allowed: BoolArray,
    traffic_km: FloatArray,
    signed_m: FloatArray,
    crossing_km: FloatArray,
    turned: BoolArray,
    joins: BoolArray,
    corner: IntArray,
    levels: int,
    buckets: int,
    bucket_m: float,
) -> tuple[FloatArray, FloatArray, CodeArray]:
    """Go along the route and keep, for each state, crossings and bucket, the plan with least exposure.

    Returns cost and exact balance at the end, shape (8, levels, buckets), and for each stretch where the
    best plan of each cell came from.
    """
    n, middle = len(allowed), buckets // 2
    came = np.full((n, _STATES, levels, buckets), -1, dtype=np.int32)
    cost = np.full((_STATES, levels, buckets), np.inf)
    balance = np.zeros((_STATES, levels, buckets))
    for s in range(_STATES):
        if allowed[0, s]:
            b = middle + round(signed_m[0, s] / bucket_m)
            cost[s, 0, b], balance[s, 0, b], came[0, s, 0, b] = traffic_km[0, s], signed_m[0, s], 0
    for i in range(1, n):
        new_cost = np.full((_STATES, levels, buckets), np.inf)
        new_balance = np.zeros((_STATES, levels, buckets))
        for before in range(_STATES):
            for s in range(_STATES):
                if not allowed[i, s] or not allowed[i - 1, before]:
                    continue
                crossing = _crosses(before, s, turned[i], joins[i - 1], corner[i])
                if crossing and not np.isfinite(crossing_km[i]):
                    continue
                extra = traffic_km[i, s] + (crossing_km[i] if crossing else 0.0)
                for c in range(levels - 1 if crossing else levels):
                    for b in range(buckets):
                        total = cost[before, c, b] + extra
                        if not total < np.inf:
                            continue
                        value = balance[before, c, b] + signed_m[i, s]
                        target = middle + round(value / bucket_m)
                        level = c + 1 if crossing else c
                        if total < new_cost[s, level, target]:
                            new_cost[s, level, target] = total
                            new_balance[s, level, target] = value
                            came[i, s, level, target] = (before * levels + c) * buckets + b
        cost, balance = new_cost, new_balance
    return cost, balance, came
