"""Which side to take where: the exact dynamic programme over stretch, state, crossings and balance.

The route is fixed here; what may be chosen is the lateral state on each stretch and where to cross. Law and
safety are constraints, not prices that an even balance could pay (judgement: traded against balance they
would be broken on the roads where they matter most): a state that is not allowed does not exist for the
programme. Among what is allowed it finds, for each number of crossings and each balance that can be reached,
the plan with the least exposure to traffic; what is not worse in all three is the Pareto front.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numba import njit

from camber.conventions import CENTRE, LEFT_EDGE, LEFT_SIDEWALK, OTHER, RIGHT_EDGE, RIGHT_SIDEWALK
from camber.kernels import compiled_once, inner_kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    BoolArray = NDArray[np.bool_]
    CodeArray = NDArray[np.int32]
    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

_OUTWARD: Final = np.array(
    [LEFT_SIDEWALK, LEFT_EDGE, CENTRE, RIGHT_EDGE, RIGHT_SIDEWALK, OTHER, OTHER, CENTRE], dtype=np.int64
)
"""State of LATERAL_STATES of each inner one: a path, or the middle, remembers the side of the road before it;
2 and 5 come from the left, 7 and 6 from the right."""

_SIDE: Final = np.array([-1, -1, -1, 1, 1, -1, 1, 1], dtype=np.int64)
"""Side of travel of each inner state, remembered or taken."""

_STATES: Final = len(_SIDE)


class SideProblem(NamedTuple):
    """What may be chosen along a route of n stretches; columns as LATERAL_STATES."""

    allowed: BoolArray  # whether the state may be taken, shape (n, 6); at least one in every row
    traffic_km: FloatArray  # exposure to traffic, shape (n, 6) [km facing traffic at the edge of a road]
    signed_m: FloatArray  # expected right-low minus left-low metres, shape (n, 6) [m]
    # Cost of crossing to the other physical side at the start, shape (n,) [km as above]; infinite where that
    # is not allowed.
    crossing_km: FloatArray
    # Whether the runner turns round at the start: the same physical side is then the other one of travel.
    turned: BoolArray
    # Whether it is a path from which either side of the next road is reached without a crossing of the plan's
    # own; other rows in state ``other`` remember the side.
    joins: BoolArray
    # Turn into another street at the start: +1 to the right, -1 to the left, 0 none. Who keeps to the outer
    # side there crosses the street that is left or the one that is entered.
    corner: IntArray


class SidePlan(NamedTuple):
    """One way to run the route of n stretches."""

    state: IntArray  # as LATERAL_STATES, shape (n,)
    crossed: BoolArray  # whether the plan crosses at the start of the stretch, shape (n,)
    signed_m: float  # right-low minus left-low metres, those before the route included [m]
    crossings: int
    traffic_km: float  # exposure to traffic, crossings included [km facing traffic at the edge of a road]


def plan_sides(
    problem: SideProblem, *, before_m: float = 0.0, most_crossings: int = 6, bucket_m: float = 10.0
) -> tuple[SidePlan, ...]:
    """Find the plans of which none is better in balance, crossings and exposure at once, most even first.

    ``before_m`` are the right-low minus left-low metres run before. Bellman's principle over (stretch, state,
    crossings, bucket of the balance); each bucket keeps the exact balance of its best plan, so that errors do
    not add up along the route. Exact where all balances are multiples of the bucket's width; else two plans
    that come to lie in one bucket are told apart by their exposure alone. Empty only if some stretch cannot
    be reached at all.
    """
    if not len(problem.allowed):
        return ()
    inner = _with_inner_state(problem)
    reach = np.abs(np.where(inner.allowed, inner.signed_m, 0.0)).max(axis=1).sum()
    buckets = int(2.0 * np.ceil(reach / bucket_m)) + 3
    cost, balance, came = _sweep(inner, most_crossings + 1, buckets, bucket_m)
    ends = np.argwhere(np.isfinite(cost))
    keys = np.column_stack(
        [np.abs(before_m + balance[tuple(ends.T)]), ends[:, 1].astype(float), cost[tuple(ends.T)]]
    )
    plans = []
    for end in ends[_undominated(keys)]:
        state, crossed = _walk_back(came, end, buckets)
        at, crossings = tuple(end), int(end[1])
        plans.append(
            SidePlan(_OUTWARD[state], crossed, before_m + float(balance[at]), crossings, float(cost[at]))
        )
    return tuple(plans)


def _with_inner_state(problem: SideProblem) -> SideProblem:
    """Split ``other`` and ``centre`` in two, so that they remember the side of the road before them."""
    return problem._replace(
        allowed=np.ascontiguousarray(problem.allowed[:, _OUTWARD]),
        traffic_km=np.ascontiguousarray(problem.traffic_km[:, _OUTWARD]),
        signed_m=np.ascontiguousarray(problem.signed_m[:, _OUTWARD]),
    )


def _undominated(keys: FloatArray) -> IntArray:
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
    return np.asarray(order[kept])


def _walk_back(came: CodeArray, end: IntArray, buckets: int) -> tuple[IntArray, BoolArray]:
    """Inner states and crossings of the plan that ends in a cell (state, crossings, bucket)."""
    n, levels = len(came), came.shape[2]
    state, crossed = np.empty(n, dtype=np.int64), np.zeros(n, dtype=bool)
    s, c, b = (int(value) for value in end)
    for row in range(n - 1, -1, -1):
        state[row] = s
        code = int(came[row, s, c, b])
        if row:
            before = code // (levels * buckets), code // buckets % levels, code % buckets
            crossed[row] = before[1] != c
            s, c, b = before
    return state, crossed


@inner_kernel
def _crosses(before: int, after: int, turned: bool, joins: bool, corner: int) -> bool:  # noqa: FBT001 - a kernel
    side = -_SIDE[before] if turned else _SIDE[before]
    if _OUTWARD[before] == OTHER and joins:
        return False
    beside = _OUTWARD[before] not in (CENTRE, OTHER) and _OUTWARD[after] not in (CENTRE, OTHER)
    if beside and corner != 0 and side == -corner and _SIDE[after] == -corner:
        return True
    return bool(side * _SIDE[after] < 0)


@compiled_once
@njit(cache=True)
def _sweep(
    of: SideProblem, levels: int, buckets: int, bucket_m: float
) -> tuple[FloatArray, FloatArray, CodeArray]:
    """Go along the route and keep, for each state, crossings and bucket, the plan with least exposure.

    Returns cost and exact balance at the end, shape (8, levels, buckets), and for each stretch where the
    best plan of each cell came from.
    """
    n, middle = len(of.allowed), buckets // 2
    came = np.full((n, _STATES, levels, buckets), -1, dtype=np.int32)
    cost = np.full((_STATES, levels, buckets), np.inf)
    balance = np.zeros((_STATES, levels, buckets))
    # The first stretch is begun on any side that is allowed, without a crossing.
    for s in range(_STATES):
        if of.allowed[0, s]:
            b = middle + round(of.signed_m[0, s] / bucket_m)
            cost[s, 0, b], balance[s, 0, b], came[0, s, 0, b] = of.traffic_km[0, s], of.signed_m[0, s], 0
    for i in range(1, n):
        new_cost = np.full((_STATES, levels, buckets), np.inf)
        new_balance = np.zeros((_STATES, levels, buckets))
        for before in range(_STATES):
            for s in range(_STATES):
                if not of.allowed[i, s] or not of.allowed[i - 1, before]:
                    continue
                crossing = _crosses(before, s, of.turned[i], of.joins[i - 1], of.corner[i])
                if crossing and not np.isfinite(of.crossing_km[i]):
                    continue
                extra = of.traffic_km[i, s] + (of.crossing_km[i] if crossing else 0.0)
                # Every plan that has come to `before` goes on to `s`, and stays if it is the cheapest of
                # those with as many crossings and about the same balance.
                for c in range(levels - 1 if crossing else levels):
                    for b in range(buckets):
                        total = cost[before, c, b] + extra
                        if not total < np.inf:
                            continue
                        value = balance[before, c, b] + of.signed_m[i, s]
                        target = middle + round(value / bucket_m)
                        level = c + 1 if crossing else c
                        if total < new_cost[s, level, target]:
                            new_cost[s, level, target] = total
                            new_balance[s, level, target] = value
                            came[i, s, level, target] = (before * levels + c) * buckets + b
        cost, balance = new_cost, new_balance
    return cost, balance, came
