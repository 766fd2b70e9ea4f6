"""A plan in words: what changes where, where to cross, which rule holds, and what speaks against it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from camber import standards
from camber.conventions import LATERAL_STATES, MIRRORED_STATES, NO_WAY
from camber.schema import Cue, PlannedStretch, Suggestion, balance_of, interval_of
from camber.suggestions.route_line import places_at
from camber.suggestions.route_plans import against_rule, unevenness
from camber.suggestions.rules import LEFT_WALK, RIGHT_WALK, WHY_NOT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.schema import PlanPoint, Roads, SuggestionSettings
    from camber.suggestions.plan import SidePlan
    from camber.suggestions.route_plans import Effect, Route
    from camber.suggestions.rules import Rules

    BoolArray = NDArray[np.bool_]
    IntArray = NDArray[np.int64]

SIDE_OF_STATE: Final = np.array([-1, -1, 0, 1, 1, 0])
"""Side of travel of each lateral state."""

SAID_M: Final = 50.0
"""Metres from which something is said of a stretch [m]: a tenth of a kilometre, rounded (judgement)."""

_SAME_PLACE_M: Final = 5.0
"""A cue this close before a border counts as lying on it [m]: half the width of a street (judgement)."""

CROSSED_AT: Final = {
    "signals": "at the signals",
    "marked": "at the marked crossing",
    "unmarked": "at the mapped crossing, which has no marking",
    "quiet": "where you see and hear well: there is no mapped crossing",
    "as_run": "as you did: the route crosses there anyway, and there is no mapped crossing",
}
"""Where a road is crossed, by what is there, in words."""

WHAT: Final = {
    "same_side_back": (
        "On the way back, stay on the physical side of the street that you used on the way out: what is the "
        "low side on the way out is then the high side on the way back."
    ),
    "other_sidewalk": (
        "Use the sidewalk on the other side of the street: it falls to the road too, so to your other leg."
    ),
    "other_side": "Change to the other side of the street where that is allowed, on part of the route.",
    "alternate_direction": (
        "Run this route the other way round every other time; the figures are the mean of one run each way."
    ),
}
"""The levers in words."""

_SAME_SIDEWALK: Final = (
    "Use the sidewalk on the same physical side of the street on the way back as on the way out, so that it "
    "falls to the other leg."
)


def lever_of(plan: SidePlan, route: Route, partner: IntArray) -> str:
    """Name the lever that most of a plan's change pulls.

    Parameters
    ----------
    plan : SidePlan
        The plan.
    route : Route
        The route it is for.
    partner : ndarray of int64, shape (n,)
        Earlier interval at the same place in the other direction, -1 where there is none.

    Returns
    -------
    str
        Key of `WHAT`.
    """
    moved = changed_side(plan, route)
    length = route.stretches.length_m
    there = (partner >= 0) & route.stretches.is_road & (moved | moved[partner])
    same = _same_physical(plan.state, partner) & there
    gained = same & ~_same_physical(route.usual, partner)
    if 2.0 * length[gained].sum() > 0.5 * length[moved].sum():
        return "same_side_back"
    walks = np.isin(plan.state, (LEFT_WALK, RIGHT_WALK)) & np.isin(route.usual, (LEFT_WALK, RIGHT_WALK))
    return "other_sidewalk" if length[moved & walks].sum() > 0.5 * length[moved].sum() else "other_side"


def _same_physical(state: IntArray, partner: IntArray) -> BoolArray:
    """Tell where the way back is on the same physical side as the way out."""
    mirror = np.array(MIRRORED_STATES)
    there = SIDE_OF_STATE[mirror[state[np.maximum(partner, 0)]]]
    return np.asarray((partner >= 0) & (SIDE_OF_STATE[state] == there))


def changed_side(plan: SidePlan, route: Route) -> BoolArray:
    """Tell where a plan is on another side than the run was.

    Parameters
    ----------
    plan : SidePlan
        The plan.
    route : Route
        The route it is for.

    Returns
    -------
    ndarray of bool, shape (n,)
        True where the state differs and the place is a road.
    """
    return np.asarray(route.stretches.is_road & (plan.state != route.usual))


def street_names(way_id: IntArray, roads: Roads) -> NDArray[np.object_]:
    """Name the street of each interval, by its class where it has no name.

    Parameters
    ----------
    way_id : ndarray of int64, shape (n,)
        Ways; -1 off the roads.
    roads : Roads
        The roads.

    Returns
    -------
    ndarray of object, shape (n,)
        Names.
    """
    names = np.full(len(way_id), "off the mapped ways", dtype=object)
    on = way_id != NO_WAY
    ways = roads.ways.loc[way_id[on], ["name", "highway"]]
    names[on] = [name or f"{kind} (no name)" for name, kind in ways.itertuples(index=False)]
    return names


def stretches_in_words(
    plan: SidePlan, route: Route, names: NDArray[np.object_]
) -> tuple[PlannedStretch, ...]:
    """List a plan as stretches of one street and one state.

    Parameters
    ----------
    plan : SidePlan
        The plan.
    route : Route
        The route.
    names : ndarray of object, shape (n,)
        Street of each interval.

    Returns
    -------
    tuple of PlannedStretch
        In order, without gaps.
    """
    border = np.r_[borders_m(plan, route), route.stretches.length_m.sum()]
    moved = changed_side(plan, route)
    new = np.r_[
        True, (plan.state[1:] != plan.state[:-1]) | (names[1:] != names[:-1]) | (moved[1:] != moved[:-1])
    ]
    first = np.flatnonzero(new)
    last = np.r_[first[1:], len(names)]
    return tuple(
        PlannedStretch(
            from_m=float(border[a]),
            to_m=float(border[b]),
            street=str(names[a]),
            state=str(LATERAL_STATES[plan.state[a]]),
            changed=bool(moved[a]),
        )
        for a, b in zip(first, last, strict=True)
    )


def borders_m(plan: SidePlan, route: Route) -> NDArray[np.float64]:
    """Say where each interval of a plan begins: where the side is changed at a mapped crossing, right there.

    Parameters
    ----------
    plan : SidePlan
        The plan.
    route : Route
        The route.

    Returns
    -------
    ndarray of float64, shape (n,)
        Distances from the start of the route [m], never falling.
    """
    of = route.stretches
    start = np.cumsum(of.length_m) - of.length_m
    crossed_m = np.clip(start + of.crossing_ahead_m, 0.0, of.length_m.sum())
    # A crossing stays where it is; what begins between it and its own border gives way.
    following = np.minimum.accumulate(np.where(plan.crossed, crossed_m, np.inf)[::-1])[::-1]
    return np.asarray(np.maximum.accumulate(np.where(plan.crossed, crossed_m, np.minimum(start, following))))


def cues_of(
    plan: SidePlan,
    route: Route,
    names: NDArray[np.object_],
    settings: SuggestionSettings,
    *,
    silent: BoolArray | None = None,
) -> tuple[Cue, ...]:
    """List what to do where: the first side to keep, and every crossing.

    Parameters
    ----------
    plan : SidePlan
        The plan.
    route : Route
        The route.
    names : ndarray of object, shape (n,)
        Street of each interval.
    settings : SuggestionSettings
        What counts as a quiet street.
    silent : ndarray of bool, shape (n,), optional
        Where nothing is said: nobody is told to keep to a side that would not be suggested.

    Returns
    -------
    tuple of Cue
        In order.
    """
    of = route.stretches
    at_m = borders_m(plan, route)
    longitude, latitude = places_at(route.line, at_m)
    streets = _streets_there(at_m, route, names)
    quiet = of.limit_kmh <= settings.quiet_limit_kmh
    cues, keeping = [], False
    for row in range(len(at_m)):
        side = int(SIDE_OF_STATE[plan.state[row]])
        if not side or (silent is not None and silent[row]):
            keeping = False
            continue
        word = "left" if side < 0 else "right"
        place = (float(at_m[row]), float(latitude[row]), float(longitude[row]))
        if plan.crossed[row]:
            kind = str(of.crossing[row]) or ("quiet" if quiet[row] else "as_run")
            text = f"Cross to the {word}-hand side of {streets[row]}, {CROSSED_AT[kind]}."
            cues.append(Cue(*place, "cross", word, kind, text))
        elif not keeping:
            where = "sidewalk" if plan.state[row] in (LEFT_WALK, RIGHT_WALK) else "side"
            cues.append(Cue(*place, "keep", word, "", f"Keep to the {word}-hand {where} of {names[row]}."))
        keeping = True
    return tuple(cues)


def _streets_there(
    at_m: NDArray[np.float64], route: Route, names: NDArray[np.object_]
) -> NDArray[np.object_]:
    """Name the street at the place of a cue, which may be the one before the border."""
    start = np.cumsum(route.stretches.length_m) - route.stretches.length_m
    there = np.searchsorted(start, at_m + _SAME_PLACE_M, side="right") - 1
    return np.asarray(names[np.minimum(there, np.arange(len(names)))])


def suggestion_of(
    kind: str,
    plan: SidePlan,
    route: Route,
    roads: Roads,
    before: Effect,
    after: Effect,
    settings: SuggestionSettings,
    *,
    extra_crossings: int,
    extra_traffic_km: float,
    rules: Rules,
) -> Suggestion:
    """Write a plan down with everything that a runner is to know of it.

    Parameters
    ----------
    kind : str
        Key of `WHAT`.
    plan : SidePlan
        The plan.
    route : Route
        The route it is for.
    roads : Roads
        The roads.
    before, after : Effect
        Drawn metres by leg without and with it.
    settings : SuggestionSettings
        What counts as even.
    extra_crossings : int
        Crossings more than without it.
    extra_traffic_km : float
        Exposure to traffic more than without it [km facing traffic].
    rules : Rules
        What was allowed where, to say what is left as it was run against it.

    Returns
    -------
    Suggestion
        The suggestion.
    """
    names = street_names(route.stretches.way_id, roads)
    moved = changed_side(plan, route)
    if kind == "alternate_direction":
        moved = route.stretches.is_road
    metres = pd.Series(route.stretches.length_m[moved]).groupby(names[moved]).sum()
    main = metres.sort_values(ascending=False, kind="stable")
    rule = _rule(route, moved, roads)
    alone = against_rule(plan.state, rules) & route.stretches.is_road
    cues = cues_of(plan, route, names, settings, silent=alone)
    return Suggestion(
        kind=kind,
        what=_what(kind, plan, route, moved),
        where=tuple(str(name) for name in main.index[:5]),
        way_ids=tuple(int(way) for way in pd.unique(route.stretches.way_id[moved])),
        distance_m=float(metres.sum()),
        left_low_before_m=interval_of(before.left_m),
        right_low_before_m=interval_of(before.right_m),
        left_low_after_m=interval_of(after.left_m),
        right_low_after_m=interval_of(after.right_m),
        balance_before=balance_of(before.right_m, before.left_m),
        balance_after=balance_of(after.right_m, after.left_m),
        crossings=extra_crossings,
        rule=rule.text,
        rule_source=f"{rule.source} ({rule.strength})",
        against=(
            *_against(plan, route, moved, cues, extra_crossings),
            *_left_alone(route, rules, plan, alone, settings),
        ),
        p_even_before=p_even(before, settings.usual_balance),
        p_even_after=p_even(after, settings.usual_balance),
        uneven_before=unevenness(before),
        uneven_after=unevenness(after),
        extra_traffic_km=extra_traffic_km,
        stretches=stretches_in_words(plan, route, names),
        cues=cues,
    )


def _what(kind: str, plan: SidePlan, route: Route, moved: BoolArray) -> str:
    length = route.stretches.length_m
    walks = moved & np.isin(plan.state, (LEFT_WALK, RIGHT_WALK))
    if kind == "same_side_back" and length[walks].sum() > 0.5 * length[moved].sum():
        return _SAME_SIDEWALK
    return WHAT[kind]


def _rule(route: Route, moved: BoolArray, roads: Roads) -> standards.PedestrianRule:
    """Rule of the place where most changes."""
    of = route.stretches
    length = np.where(moved, of.length_m, 0.0)
    row = int(pd.Series(length).groupby(of.way_id).transform("sum").to_numpy().argmax())
    way = roads.ways.loc[of.way_id[row]]
    return standards.pedestrian_rule(
        str(way["country"]),
        built_up=bool(of.built_up[row]),
        has_sidewalk=bool(of.left_walk[row] | of.right_walk[row]),
        one_way=bool(of.flow[row]),
    )


def _left_alone(
    route: Route, rules: Rules, plan: SidePlan, here: BoolArray, settings: SuggestionSettings
) -> tuple[str, ...]:
    """Say what is left as it was run although it would not be suggested, by reason."""
    reason = rules.reason[np.arange(len(plan.state)), plan.state]
    metres = pd.Series(route.stretches.length_m[here]).groupby(reason[here]).sum()
    limits = vars(settings)
    return tuple(
        f"{length / 1000:.1f} km are left as they were run, since no other side is allowed or reached there, "
        f"although {WHY_NOT[str(key)].format_map(limits)}."
        for key, length in metres.items()
        if length >= SAID_M and key not in {"", "no_state", "middle"}
    )


def _against(
    plan: SidePlan, route: Route, moved: BoolArray, cues: tuple[Cue, ...], extra_crossings: int
) -> tuple[str, ...]:
    of = route.stretches
    edge = moved & ~np.isin(plan.state, (LEFT_WALK, RIGHT_WALK))
    behind = edge & np.where(of.flow == 0, SIDE_OF_STATE[plan.state] == of.traffic_side, of.flow > 0)
    said = []
    if (behind & of.facing_advised).any():
        said.append("Where there is no sidewalk, facing traffic is recommended; this would be with traffic.")
    if behind.any():
        said.append("Vehicles come from behind on part of it; only where you see and hear them well.")
    if extra_crossings > 0:
        more = "crossing" if extra_crossings == 1 else "crossings"
        said.append(f"It takes {extra_crossings} more {more} of the road.")
    if any(cue.crossing == "quiet" for cue in cues):
        said.append("Not every crossing is in the map: some are on quiet streets without one.")
    return tuple(said)


def p_even(effect: Effect, usual_balance: float) -> float:
    """Probability that the balance lies within what counts as even.

    Parameters
    ----------
    effect : Effect
        Drawn metres by leg.
    usual_balance : float
        Absolute balance that counts as even.

    Returns
    -------
    float
        Share of the draws, 0 to 1; a draw without any tilt is even.
    """
    difference = np.abs(effect.right_m - effect.left_m)
    return float((difference <= usual_balance * (effect.left_m + effect.right_m)).mean())


def real_choice(points: tuple[PlanPoint, ...]) -> tuple[PlanPoint, ...]:
    """Leave out what is no choice: a plan that is at no point better than another one, as it is shown.

    Parameters
    ----------
    points : tuple of PlanPoint
        Plans of one route, most even first by their mean: over the draws, and followed as far as people do,
        some of them are alike.

    Returns
    -------
    tuple of PlanPoint
        Each is better than every other one in its balance, the probability that it is even, its crossings or
        its exposure to traffic; of several that are alike, the first.
    """
    shown = [
        (
            0.0 if one.balance is None else round(abs(one.balance.median), 2),
            -round(100.0 * one.p_even),
            one.crossings,
            round(one.traffic_km, 1),
        )
        for one in points
    ]
    return tuple(
        point
        for row, point in enumerate(points)
        if not any(
            all(a <= b for a, b in zip(other, shown[row], strict=True)) and (other != shown[row] or at < row)
            for at, other in enumerate(shown)
        )
    )
