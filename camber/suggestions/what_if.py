"""What keeping to one rule all the way would do: facing traffic, one physical side, left or right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from camber.conventions import LATERAL_STATES
from camber.schema import WhatIf, balance_of, interval_of
from camber.suggestions.route_plans import Effect, low_metres
from camber.suggestions.rules import LEFT_EDGE, LEFT_WALK, RIGHT_EDGE, RIGHT_WALK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.suggestions.route_plans import Route
    from camber.suggestions.rules import Rules
    from camber.suggestions.stretches import Stretches

    IntArray = NDArray[np.int64]

PATTERNS: Final = {
    "facing_traffic": "facing traffic all the way",
    "same_physical_side": "the same physical side out and back",
    "left_side": "the left side of travel all the way",
    "right_side": "the right side of travel all the way",
}
"""The rules in words."""


def what_ifs(route: Route, rules: Rules, partner: IntArray, *, level_pct: float) -> tuple[WhatIf, ...]:
    """Score a route under each simple rule; no recording of the side is needed.

    Parameters
    ----------
    route : Route
        The route.
    rules : Rules
        What law and safety allow, to say what of it they would not.
    partner : ndarray of int64, shape (n,)
        Earlier interval at the same place in the other direction, -1 where there is none.
    level_pct : float
        Absolute cross slope below which the surface counts as level [%].

    Returns
    -------
    tuple of WhatIf
        In the order of `PATTERNS`.
    """
    length = route.stretches.length_m
    rows = np.arange(len(length))
    found = []
    for name, words in PATTERNS.items():
        state = _state(_side(name, route.stretches, partner), route)
        slope = route.option_slope_pct[:, rows, state]
        left, right = low_metres(slope, length, level_pct)
        effect = Effect(left.sum(axis=1), right.sum(axis=1))
        against = route.stretches.is_road & ~rules.allowed[rows, state]
        found.append(
            WhatIf(
                name=name,
                words=words,
                left_low_m=interval_of(effect.left_m),
                right_low_m=interval_of(effect.right_m),
                balance=balance_of(effect.right_m, effect.left_m),
                not_allowed_m=float(length[against].sum()),
                traffic_km=float(rules.traffic_km[rows, state].sum()),
            )
        )
    return tuple(found)


def _side(name: str, of: Stretches, partner: IntArray) -> IntArray:
    """Side of travel that a rule asks for on each interval: -1 left, +1 right."""
    if name == "facing_traffic":
        return -of.traffic_side
    if name == "same_physical_side":
        return _same_physical_side(of, partner)
    return np.full(len(of.length_m), -1 if name == "left_side" else 1)


def _same_physical_side(of: Stretches, partner: IntArray) -> IntArray:
    """Begin facing traffic, and come back to each place on the physical side that was used there before.

    Where a place is new the side of travel is kept, but for a turn on the spot: the runner may have turned
    off the map, or by a loop.
    """
    side = -of.traffic_side
    for row in range(1, len(side)):
        kept = -side[row - 1] if of.turned[row] else side[row - 1]
        side[row] = -side[partner[row]] if partner[row] >= 0 else kept
    return side


def _state(side: IntArray, route: Route) -> IntArray:
    """Take the sidewalk on that side, else the one across the street, else the edge."""
    of = route.stretches
    left = side < 0
    own = np.where(left, of.left_walk, of.right_walk)
    other = np.where(left, of.right_walk, of.left_walk)
    walk = np.where(left == own, LEFT_WALK, RIGHT_WALK)
    state = np.where(own | other, walk, np.where(left, LEFT_EDGE, RIGHT_EDGE))
    return np.where(of.is_road, state, len(LATERAL_STATES) - 1)
