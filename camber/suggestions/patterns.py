"""What the shape of a run does to the legs, in one sentence, and what one rule kept all the way would do.

Facing traffic out and back keeps the same foot at the edge both ways; the same physical side out and back
balances a crowned road; a loop run the other way round swaps the legs only on the same physical side. On a
crowned road of slope g and length L, out and back facing traffic tilts one leg by 2 g L, on the same
physical side by none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from camber.conventions import (
    EARTH_M,
    LEFT_EDGE,
    LEFT_SIDEWALK,
    MIRRORED_STATES,
    NO_WAY,
    OTHER,
    RIGHT_EDGE,
    RIGHT_SIDEWALK,
)
from camber.longitudes import unrolled
from camber.schema import WhatIf, interval_of
from camber.suggestions.rules import SIDE_OF_STATE
from camber.suggestions.trip import low_metres, summed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.schema import Exposure
    from camber.suggestions.surroundings import Stretches
    from camber.suggestions.trip import Route, Trip

    IntArray = NDArray[np.int64]

_RETRACED: Final = 0.5
"""Share of the run on ways run in both directions from which it counts as out and back (judgement)."""

_CLOSED_M: Final = 200.0
"""Distance between start and end up to which a run counts as a loop [m] (judgement)."""

_RULES: Final = {
    "facing_traffic": "facing traffic all the way",
    "same_physical_side": "the same physical side out and back",
    "left_side": "the left side of travel all the way",
    "right_side": "the right side of travel all the way",
}
"""The rules in words."""


def outbound_partners(exposure: Exposure) -> IntArray:
    """Position of the earlier interval at the same place in the other direction, shape (n,); -1 without one.

    It lies within 50 m along the way; of a planned route with few points, whose intervals are long, within
    the length of the shorter of both.
    """
    way = exposure["way_id"].to_numpy()
    direction = exposure["travel_direction"].to_numpy()
    middle = exposure[["start_chainage_m", "end_chainage_m"]].mean(axis=1).to_numpy()
    # An interval with a single fix has no extent along the way, and its distance all the same.
    length_m = exposure["distance_m"].to_numpy()
    partner = np.full(len(way), -1, dtype=np.int64)
    for known in np.unique(way[way != NO_WAY]):
        positions = np.flatnonzero(way == known)
        for position in positions:
            earlier = positions[(positions < position) & (direction[positions] == -direction[position])]
            away = np.abs(middle[earlier] - middle[position])
            nearest = earlier[away.argmin()] if len(earlier) else position
            reach_m = max(50.0, min(length_m[position], length_m[nearest]))
            if len(earlier) and away.min() <= reach_m:
                partner[position] = nearest
    return partner


def pattern_of(exposure: Exposure, partner: IntArray) -> str:
    """Tell the pattern of a run: ``"out_and_back"``, ``"loop"`` or ``"other"``."""
    distance = exposure["distance_m"].to_numpy()
    back = distance[partner >= 0].sum()
    if back > 0.0 and 2.0 * back >= _RETRACED * distance.sum():
        return "out_and_back"
    ends = exposure[["latitude_deg", "longitude_deg"]].to_numpy()[[0, -1]]
    ends = np.radians(np.column_stack([ends[:, 0], unrolled(ends[:, 1])]))
    north, east = np.diff(ends[:, 0])[0], np.diff(ends[:, 1])[0] * np.cos(ends[0, 0])
    return "loop" if EARTH_M * np.hypot(north, east) <= _CLOSED_M else "other"


def explain(pattern: str, route: Route, partner: IntArray) -> str:
    """Say in a sentence what the pattern does to the legs, for left- and right-hand traffic."""
    if pattern == "loop":
        return (
            "A loop. The same side of travel, such as always facing traffic, puts the same foot at the edge "
            "of the road either way round; only the same side of the road, run the other way round, swaps "
            "the legs."
        )
    if pattern == "other":
        return "Neither out and back nor a loop."
    back = np.flatnonzero(partner >= 0)
    weight = route.stretches.length_m[back]
    mirror = np.array(MIRRORED_STATES)
    kept = (route.usual[back] == mirror[route.usual[partner[back]]]) @ weight
    if kept > 0.5 * weight.sum():
        return (
            "Out and back, most likely on the same side of the road: the low side on the way out was the "
            "high side on the way back, so a crowned road evens out."
        )
    facing = (SIDE_OF_STATE[route.usual[back]] == -route.stretches.traffic_side[back]) @ weight
    how = (
        "You most likely faced traffic"
        if facing > 0.5 * weight.sum()
        else "You most likely kept one side of travel"
    )
    return (
        f"{how} out and back: the same foot was at the road's edge both ways, and a crowned road does not "
        "even out."
    )


def what_ifs(trip: Trip) -> tuple[WhatIf, ...]:
    """Score a route under each simple rule, in their order; no recording of the side is needed."""
    route, rules, of = trip.route, trip.plans.rules, trip.route.stretches
    rows = np.arange(len(of.length_m))
    found = []
    for name, words in _RULES.items():
        state = _state(_side(name, of, trip.partner), of)
        effect = summed(*low_metres(route.option_slope_pct[:, rows, state], of.length_m, route.level_pct))
        against = of.is_road & ~rules.allowed[rows, state]
        found.append(
            WhatIf(
                name=name,
                words=words,
                left_low_m=interval_of(effect.left_m),
                right_low_m=interval_of(effect.right_m),
                balance=effect.balance(),
                not_allowed_m=float(of.length_m[against].sum()),
                traffic_km=float(rules.traffic_in(state).sum()),
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


def _state(side: IntArray, of: Stretches) -> IntArray:
    """Take the sidewalk on that side, else the one across the street, else the edge."""
    left = side < 0
    own = np.where(left, of.left_walk, of.right_walk)
    other = np.where(left, of.right_walk, of.left_walk)
    walk = np.where(left == own, LEFT_SIDEWALK, RIGHT_SIDEWALK)
    state = np.where(own | other, walk, np.where(left, LEFT_EDGE, RIGHT_EDGE))
    return np.where(of.is_road, state, OTHER)
