"""A plan in words: what changes where, where to cross, which rule holds, and what speaks against it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from camber import standards
from camber.conventions import LATERAL_STATES, MIRRORED_STATES
from camber.schema import Cue, PlannedStretch, Suggestion, interval_of
from camber.suggestions.rules import SIDE_OF_STATE, WALKS, WHY_NOT
from camber.suggestions.surroundings import places_at
from camber.suggestions.trip import against_rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from camber.schema import Roads, SuggestionSettings
    from camber.suggestions.side_plans import SidePlan
    from camber.suggestions.trip import Effect, Route, Trip

    BoolArray = NDArray[np.bool_]
    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    ObjectArray = NDArray[np.object_]

SAID_M: Final = 50.0
"""Metres from which something is said of a stretch [m]: a tenth of a kilometre, rounded (judgement)."""

_SAME_PLACE_M: Final = 5.0
"""A cue this close before a border counts as lying on it [m]: half the width of a street (judgement)."""

CROSSED_AT: Final = {
    "signals": "at the signals",
    "marked": "at the marked crossing",
    "unmarked": "at the mapped crossing, which has no marking",
    "quiet": "where you see and hear well: there is no mapped crossing",
}
"""Where a road is crossed, by what is there, in words."""

UNMAPPED: Final = "Not every crossing is in the map: some are on quiet streets without one."

_WHAT: Final = {
    "same_side_back": "Come back on the side of the street that you went out on.",
    "other_sidewalk": "Use the sidewalk on the other side of the street.",
    "other_side": "Change to the other side of the street on part of the route.",
    "alternate_direction": "Run this loop the other way round every other time.",
}
"""The levers in words."""

_SAME_SIDEWALK: Final = "Come back on the sidewalk that you went out on."

_USE_SIDEWALK: Final = "Use the sidewalk: there is one where you were on the road."
_SAFE_SIDE: Final = "Run on the side that law and safety ask for: {why}."


def lever_of(plan: SidePlan, trip: Trip) -> str:
    """Name the lever that most of a plan's change pulls: ``Suggestion.kind``."""
    route, partner = trip.route, trip.partner
    moved = changed_side(plan, route)
    length = route.stretches.length_m
    there = (partner >= 0) & route.stretches.is_road & (moved | moved[partner])
    same = _same_physical(plan.state, partner) & there
    gained = same & ~_same_physical(route.usual, partner)
    if 2.0 * length[gained].sum() > 0.5 * length[moved].sum():
        return "same_side_back"
    walks = np.isin(plan.state, WALKS) & np.isin(route.usual, WALKS)
    return "other_sidewalk" if length[moved & walks].sum() > 0.5 * length[moved].sum() else "other_side"


def _same_physical(state: IntArray, partner: IntArray) -> BoolArray:
    """Tell where the way back is on the same physical side as the way out."""
    mirror = np.array(MIRRORED_STATES)
    there = SIDE_OF_STATE[mirror[state[np.maximum(partner, 0)]]]
    return np.asarray((partner >= 0) & (SIDE_OF_STATE[state] == there))


def changed_side(plan: SidePlan, route: Route) -> BoolArray:
    """Tell where, on roads, a plan is on another side than the run was."""
    return np.asarray(route.stretches.is_road & (plan.state != route.usual))


def suggestion_of(
    kind: str,
    plan: SidePlan,
    trip: Trip,
    legs: tuple[Effect, Effect],
    as_run: tuple[int, float],
    gain: float,
    moved: BoolArray | None = None,
) -> Suggestion:
    """Write a plan of sides down with everything that a runner is to know of it.

    ``legs`` are the metres of the route before and after; ``as_run`` are crossings and exposure to traffic
    without the plan, as `costs_as_run` gives them; ``moved`` where it is about, if not wherever it changes.
    """
    route = trip.route
    names = trip.street_names()
    if moved is None:
        moved = route.stretches.is_road if kind == "alternate_direction" else changed_side(plan, route)
    metres = pd.Series(route.stretches.length_m[moved]).groupby(names[moved]).sum()
    rule = _rule(route, moved, trip.roads)
    cues = _cues(plan, trip, names)
    extra_crossings = max(plan.crossings - as_run[0], 0)
    return Suggestion(
        kind=kind,
        what=_what(kind, plan, trip, moved),
        gain=gain,
        where=longest(metres, 5),
        way_ids=tuple(int(way) for way in pd.unique(route.stretches.way_id[moved])),
        distance_m=float(metres.sum()),
        crossings=extra_crossings,
        rule=rule.text,
        rule_source=f"{rule.source} ({rule.strength})",
        against=(
            *_against(plan, route, moved, cues, extra_crossings),
            *against_rules(
                trip,
                plan.state,
                route.stretches.length_m,
                "stay as you ran them, because no other side is allowed or within reach there, although",
            ),
        ),
        extra_traffic_km=plan.traffic_km - as_run[1],
        stretches=_stretches(plan, route, names),
        cues=cues,
        **effects(trip, *legs),
    )


def effects(trip: Trip, before: Effect, after: Effect) -> dict[str, Any]:
    """Fields of a `Suggestion` that say what it does to the legs, on the route and with the weeks."""
    fields: dict[str, Any] = {}
    for when, effect in (("before", before), ("after", after)):
        fields[f"left_low_{when}_m"] = interval_of(effect.left_m)
        fields[f"right_low_{when}_m"] = interval_of(effect.right_m)
        fields[f"balance_{when}"] = effect.balance()
        fields[f"p_even_{when}"] = (trip.history + effect).p_even(trip.settings.usual_balance)
    return fields


def longest(metres: pd.Series[float], most: int) -> tuple[str, ...]:
    """Name the streets with the most metres, most first."""
    return tuple(str(name) for name in metres.sort_values(ascending=False, kind="stable").index[:most])


def by_reason(length_m: FloatArray, reason: ObjectArray) -> pd.Series[float]:
    """Metres to which each reason of law or safety applies that a runner can do something about."""
    metres = pd.Series(length_m).groupby(reason).sum()
    return metres.drop(["", "no_state", "middle"], errors="ignore")


def why_not(reason: str, settings: SuggestionSettings) -> str:
    """Say a reason with the limits it speaks of."""
    return WHY_NOT[reason].format_map(vars(settings))


def against_rules(trip: Trip, state: IntArray, length_m: FloatArray, words: str) -> tuple[str, ...]:
    """Say by reason of how many metres on roads in a state the rules speak against it."""
    of, reason = trip.route.stretches, trip.plans.rules.reason_in(state)
    metres = by_reason(length_m[of.is_road], reason[of.is_road])
    return tuple(
        f"{length / 1000:.1f} km {words} {why_not(str(key), trip.settings)}."
        for key, length in metres.items()
        if length >= SAID_M
    )


def crossings_needed(count: int, more: str, road: str) -> str:
    """Say how many crossings something takes."""
    return f"It takes {count} {more}{'crossing' if count == 1 else 'crossings'} of {road}."


def joined_stretches(
    to_m: FloatArray, streets: Sequence[str], states: Sequence[str], changed: Sequence[bool]
) -> tuple[PlannedStretch, ...]:
    """Join neighbouring pieces of a route that are alike; ``to_m`` is where each ends [m]."""
    found: list[PlannedStretch] = []
    at_m = 0.0
    for end_m, street, state, moved in zip(to_m.tolist(), streets, states, changed, strict=True):
        last = found[-1] if found else None
        alike = last and (last.street, last.state, last.changed) == (street, state, moved)
        from_m = found.pop().from_m if alike else at_m
        at_m = end_m
        found.append(PlannedStretch(from_m, end_m, street, state, moved))
    return tuple(found)


def _stretches(plan: SidePlan, route: Route, names: ObjectArray) -> tuple[PlannedStretch, ...]:
    """List a plan as stretches of one street and one state, in order and without gaps."""
    to_m = np.r_[borders_m(plan, route)[1:], route.stretches.length_m.sum()]
    states = [str(LATERAL_STATES[state]) for state in plan.state]
    return joined_stretches(to_m, names.tolist(), states, changed_side(plan, route).tolist())


def borders_m(plan: SidePlan, route: Route) -> FloatArray:
    """Where each interval of a plan begins [m], never falling: a mapped crossing is used right there."""
    of = route.stretches
    start = route.start_m()
    crossed_m = np.clip(start + of.crossing_ahead_m, 0.0, of.length_m.sum())
    # A crossing stays where it is; what begins between it and its own border gives way.
    following = np.minimum.accumulate(np.where(plan.crossed, crossed_m, np.inf)[::-1])[::-1]
    return np.asarray(np.maximum.accumulate(np.where(plan.crossed, crossed_m, np.minimum(start, following))))


def _cues(plan: SidePlan, trip: Trip, names: ObjectArray) -> tuple[Cue, ...]:
    """List what to do where, in order: the first side to keep, and every crossing.

    Nobody is told to keep to a side that would not be suggested.
    """
    route, of = trip.route, trip.route.stretches
    at_m = borders_m(plan, route)
    longitude, latitude = places_at(route.line, at_m)
    # The street at the place of a cue may be the one before the border.
    there = np.searchsorted(route.start_m(), at_m + _SAME_PLACE_M, side="right") - 1
    streets = names[np.minimum(there, np.arange(len(names)))]
    quiet = of.limit_kmh <= trip.settings.quiet_limit_kmh
    silent = against_rule(plan.state, trip.plans.rules) & of.is_road
    cues, keeping = [], False
    for row, state in enumerate(plan.state):
        side = int(SIDE_OF_STATE[state])
        if not side or silent[row]:
            keeping = False
            continue
        word = "left" if side < 0 else "right"
        place = (float(at_m[row]), float(latitude[row]), float(longitude[row]))
        if plan.crossed[row]:
            kind = str(of.crossing[row]) or ("quiet" if quiet[row] else "as_run")
            text = f"Cross to the {word}-hand side{_of(str(streets[row]))}, {CROSSED_AT.get(kind)}."
            text = "Cross as you always do." if kind == "as_run" else text
            cues.append(Cue(*place, "cross", word, kind, text))
        elif not keeping:
            where = "sidewalk" if state in WALKS else "side"
            cues.append(
                Cue(*place, "keep", word, "", f"Keep to the {word}-hand {where}{_of(str(names[row]))}.")
            )
        keeping = True
    return tuple(cues)


def _of(street: str) -> str:
    """Name the street of a cue; a way without a name is seen, and its class would tell nobody more."""
    return "" if street.endswith("(no name)") else f" of {street}"


def _what(kind: str, plan: SidePlan, trip: Trip, moved: BoolArray) -> str:
    route = trip.route
    length = route.stretches.length_m
    if kind == "safe_side":
        reason = trip.plans.rules.reason_in(route.usual)
        metres = by_reason(length[moved], reason[moved])
        key = "use_sidewalk" if metres.empty else str(metres.idxmax())
        return _USE_SIDEWALK if key == "use_sidewalk" else _SAFE_SIDE.format(why=why_not(key, trip.settings))
    walks = moved & np.isin(plan.state, WALKS)
    if kind == "same_side_back" and length[walks].sum() > 0.5 * length[moved].sum():
        return _SAME_SIDEWALK
    return _WHAT[kind]


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


def _against(
    plan: SidePlan, route: Route, moved: BoolArray, cues: tuple[Cue, ...], extra_crossings: int
) -> tuple[str, ...]:
    of = route.stretches
    edge = moved & ~np.isin(plan.state, WALKS)
    behind = edge & np.where(of.flow == 0, SIDE_OF_STATE[plan.state] == of.traffic_side, of.flow > 0)
    said = []
    if (behind & of.facing_advised).any():
        said.append("Where there is no sidewalk, facing traffic is recommended; this would be with traffic.")
    if behind.any():
        said.append("Vehicles come from behind on part of it; only where you see and hear them well.")
    if extra_crossings > 0:
        said.append(crossings_needed(extra_crossings, "more ", "the road"))
    if any(cue.crossing == "quiet" for cue in cues):
        said.append(UNMAPPED)
    return tuple(said)
