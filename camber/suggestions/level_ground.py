"""Level ground nearby as a suggestion: where it is, what it costs and does, and what speaks against it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from camber import standards
from camber.conventions import LATERAL_STATES, WGS84
from camber.schema import Cue, Detour, Suggestion
from camber.suggestions.level_detours import path_line, replaced_share
from camber.suggestions.plan_in_words import (
    CROSSED_AT,
    SAID_M,
    UNMAPPED,
    against_rules,
    crossings_needed,
    effects,
    joined_stretches,
    longest,
)
from camber.suggestions.rules import SIDE_OF_STATE
from camber.suggestions.surroundings import places_at
from camber.suggestions.trip import Effect, against_rule, low_metres

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from camber.schema import PlannedStretch, Roads, SuggestionSettings
    from camber.suggestions.level_detours import Crossed, LevelDetour
    from camber.suggestions.trip import Trip

    FloatArray = NDArray[np.float64]

_LIT: Final = ("yes", "24/7", "automatic", "dusk-dawn", "sunset-sunrise")
"""Values of ``lit`` that tell of light all night (wiki.openstreetmap.org, Key:lit)."""

_LESS_EVEN: Final = 0.01
"""From how much more of the expected absolute balance, or less of the probability to be even, it is said that
what is left is shared less evenly: a percent, rounded."""

_TILTED: Final = 0.1
"""Share of a way round that is tilted from which it is said that nobody knows to which side (judgement)."""

_TURN: Final = {-1: "to the left, onto", 1: "to the right, onto", 0: "straight on, onto"}
_SIDE: Final = {-1: "left", 1: "right", 0: ""}

_RULE: Final = (
    "Paths that the map opens to people on foot; roads are crossed only where that may be suggested"
)
_RULE_SOURCE: Final = "OpenStreetMap tags foot and access (wiki.openstreetmap.org, Key:access), read strictly"


def effect_of_detours(trip: Trip, detours: Sequence[LevelDetour], slopes_pct: Sequence[FloatArray]) -> Effect:
    """Drawn metres by leg of a run with ways round in it, by a runner who takes most of them.

    ``slopes_pct`` are the drawn cross slopes of each way round's edges, shape (n_draws, n_edges).
    """
    as_run = trip.route.usual_m()
    legs = [metres.sum(axis=1) for metres in as_run]
    for one, slope_pct in zip(detours, slopes_pct, strict=True):
        taken = trip.rng.random(len(legs[0])) < trip.settings.obedience
        share = replaced_share(trip.route, one)
        instead = low_metres(slope_pct, one.edge_m, trip.route.level_pct)
        legs = [
            leg + taken * (new.sum(axis=1) - old @ share)
            for leg, new, old in zip(legs, instead, as_run, strict=True)
        ]
    # A sum of differences may end a hair below zero.
    return Effect(*(np.maximum(leg, 0.0) for leg in legs))


def level_suggestion(
    trip: Trip,
    detours: Sequence[LevelDetour],
    slopes_pct: Sequence[FloatArray],
    after: Effect,
    gain: float,
) -> Suggestion:
    """Write ways round, one at least, down with everything that a runner is to know of them."""
    before = trip.route.as_run()
    way_id = np.concatenate([one.way_id for one in detours])
    edge_m = np.concatenate([one.edge_m for one in detours])
    told = tuple(_detour(one, trip.roads) for one in detours)
    left = 1.0 - np.sum([replaced_share(trip.route, one) for one in detours], axis=0)
    return Suggestion(
        kind="level_surface",
        what=_what(trip, detours),
        where=longest(pd.Series(edge_m).groupby(trip.roads.street_names(way_id)).sum(), 5),
        way_ids=tuple(int(way) for way in pd.unique(way_id)),
        distance_m=sum(one.length_m for one in detours),
        crossings=sum(len(one.crossed) for one in detours),
        rule=_RULE,
        rule_source=_RULE_SOURCE,
        against=(
            *_less_even(trip.now(), trip.history + after, trip.settings),
            *_against(trip, detours, told, slopes_pct),
            *against_rules(
                trip, trip.route.usual, trip.route.stretches.length_m * left, "are run as before, although"
            ),
        ),
        extra_traffic_km=_extra_traffic_km(trip, detours),
        detour_m=sum(one.extra_m for one in detours),
        stretches=_stretches(trip, detours),
        cues=_cues(trip, detours),
        detours=told,
        gain=gain,
        **effects(trip, before, after),
    )


def _what(trip: Trip, detours: Sequence[LevelDetour]) -> str:
    share = np.sum([replaced_share(trip.route, one) for one in detours], axis=0)
    names = trip.street_names()
    metres = pd.Series(trip.route.stretches.length_m * share).groupby(names).sum()
    left = metres[metres > 0.0].sort_values(ascending=False, kind="stable")
    length_m, extra_m = sum(one.length_m for one in detours), sum(one.extra_m for one in detours)
    longer = f"{abs(extra_m) / 1000:.1f} km {'longer' if extra_m >= 0.0 else 'shorter'}"
    return (
        f"Instead of {left.sum() / 1000:.1f} km of {' and '.join(longest(left, 2))}, where no change of side "
        f"helps, run over ground nearby that is level or falls to neither side in particular: "
        f"{length_m / 1000:.1f} km, so that the run gets {longer}."
    )


def _detour(one: LevelDetour, roads: Roads) -> Detour:
    ways = roads.ways.loc[one.way_id.tolist()]
    assumed = standards.assume(ways, roads.overrides)
    unpaved = (assumed["surface_group"] != "paved").to_numpy(dtype=bool)
    unlit = ~ways["lit"].isin(_LIT).to_numpy(dtype=bool)
    line = _degrees(path_line(roads, one.edges, one.directions), roads)
    return Detour(
        leave_m=one.leave_m,
        rejoin_m=one.rejoin_m,
        length_m=one.length_m,
        way_ids=tuple(int(way) for way in pd.unique(one.way_id)),
        names=tuple(str(name) for name in pd.unique(roads.street_names(one.way_id))),
        unpaved_m=float(one.edge_m[unpaved].sum()),
        unlit_m=float(one.edge_m[unlit].sum()),
        longitude_deg=tuple(round(float(value), 7) for value in line[:, 0]),
        latitude_deg=tuple(round(float(value), 7) for value in line[:, 1]),
    )


def _degrees(xy: FloatArray, roads: Roads) -> FloatArray:
    places = gpd.GeoSeries.from_xy(xy[:, 0], xy[:, 1], crs=roads.crs).to_crs(WGS84)
    return np.column_stack([places.x, places.y])


def _less_even(before: Effect, after: Effect, settings: SuggestionSettings) -> tuple[str, ...]:
    """Say where the balance of the metres that are left gets worse, though they get fewer."""
    rises = after.unevenness() - before.unevenness()
    falls = before.p_even(settings.usual_balance) - after.p_even(settings.usual_balance)
    if max(rises, falls) < _LESS_EVEN:
        return ()
    return ("Fewer metres are tilted, but those that are left are shared less evenly between the legs.",)


def _against(
    trip: Trip, detours: Sequence[LevelDetour], told: tuple[Detour, ...], slopes_pct: Sequence[FloatArray]
) -> list[str]:
    said = []
    extra_m = sum(one.extra_m for one in detours)
    unpaved_m, unlit_m = sum(one.unpaved_m for one in told), sum(one.unlit_m for one in told)
    if extra_m >= SAID_M:
        said.append(f"It makes the run {extra_m / 1000:.1f} km longer.")
    if unpaved_m >= SAID_M:
        said.append(f"{unpaved_m / 1000:.1f} km of it are unpaved, or taken to be: uneven in places.")
    if trip.dark and unlit_m >= SAID_M:
        said.append(f"In the dark {unlit_m / 1000:.1f} km of it are not known to be lit.")
    length = np.concatenate([one.edge_m for one in detours])
    tilted = np.abs(np.concatenate(slopes_pct, axis=1)) > trip.route.level_pct
    if float(tilted.mean(axis=0) @ length) >= _TILTED * length.sum():
        said.append("Part of it may be tilted too; to which side, the map does not tell.")
    crossed = [crossed for one in detours for crossed in one.crossed]
    if crossed:
        said.append(crossings_needed(len(crossed), "", "a road"))
    if any(one.kind == "quiet" for one in crossed):
        said.append(UNMAPPED)
    said.append("Mud, gates and works are not in the map.")
    return said


def _extra_traffic_km(trip: Trip, detours: Sequence[LevelDetour]) -> float:
    """Exposure of the crossings, less that of the stretches that are left."""
    walked, choice = trip.plans.rules.traffic_in(trip.route.usual), standards.side_choice()
    left = sum(float(walked @ replaced_share(trip.route, one)) for one in detours)
    crossed = (crossed.kind for one in detours for crossed in one.crossed)
    return float(sum(getattr(choice, f"crossing_{kind}") for kind in crossed)) - left


def _stretches(trip: Trip, detours: Sequence[LevelDetour]) -> tuple[PlannedStretch, ...]:
    """List the route with its ways round, in order and without gaps, by distance as it is to be run."""
    start, end = trip.route.start_m(), trip.route.end_m()
    names = trip.street_names()
    pieces: list[tuple[float, str, str, bool]] = []
    at_m = 0.0
    for one in (*detours, None):
        until = float(end[-1]) if one is None else one.leave_m
        for row in np.flatnonzero((end > at_m) & (start < until)):
            run_m = min(float(end[row]), until) - max(float(start[row]), at_m)
            pieces.append((run_m, str(names[row]), str(LATERAL_STATES[trip.route.usual[row]]), False))
        if one is not None:
            ground = zip(one.edge_m.tolist(), trip.roads.street_names(one.way_id).tolist(), strict=True)
            pieces += [(length, str(name), "other", True) for length, name in ground]
            at_m = one.rejoin_m
    lengths, streets, states, changed = zip(*pieces, strict=True)
    return joined_stretches(np.cumsum(lengths), streets, states, changed)


def _cues(trip: Trip, detours: Sequence[LevelDetour]) -> tuple[Cue, ...]:
    """Say where to leave the route, where to cross, and where to go on as before.

    Nobody is told to keep to a side that would not be suggested.
    """
    route = trip.route
    names = trip.street_names()
    silent = against_rule(route.usual, trip.plans.rules) | ~route.stretches.is_road
    cues: list[Cue] = []
    longer = 0.0
    for one in detours:
        first_m = one.leave_m + longer
        longitude, latitude = places_at(route.line, np.array([one.leave_m, one.rejoin_m]))
        place, back = zip(latitude.tolist(), longitude.tolist(), strict=True)
        street, ground = names[route.row_at(one.leave_m - 1.0)], trip.roads.street_names(one.way_id[:1])[0]
        text = f"Leave {street} {_TURN[one.turn]} {ground}, instead of the tilted stretch."
        cues.append(Cue(first_m, *place, "turn", _SIDE[one.turn], "", text))
        cues += [_crossed(crossed, first_m, trip.roads) for crossed in one.crossed]
        longer += one.extra_m
        row = route.row_at(one.rejoin_m + 1.0)
        side = "" if silent[row] else _SIDE[int(SIDE_OF_STATE[route.usual[row]])]
        kept = f", on the {side}-hand side" if side else ""
        text = f"Back on your route: go on along {names[row]} as before{kept}."
        cues.append(Cue(one.rejoin_m + longer, *back, "turn", "", "", text))
    return tuple(cues)


def _crossed(crossed: Crossed, first_m: float, roads: Roads) -> Cue:
    longitude, latitude = _degrees(roads.graph.node_xy[[crossed.node]], roads)[0].tolist()
    text = f"Cross {_road_at(crossed.node, roads)}, {CROSSED_AT[crossed.kind]}."
    return Cue(first_m + crossed.along_m, latitude, longitude, "cross", "", crossed.kind, text)


def _road_at(node: int, roads: Roads) -> str:
    """Name the carriageway at a node, the first with a name if there is one."""
    graph = roads.graph
    edges = graph.node_edge[graph.node_first_edge[node] : graph.node_first_edge[node + 1]]
    ways = roads.ways.iloc[np.unique(graph.edge_way[edges])]
    on = ways[standards.assume(ways, roads.overrides)["is_road"].to_numpy(dtype=bool)]
    return next((str(name) for name in on["name"] if name), "the road")
