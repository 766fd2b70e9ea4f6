"""Level ground nearby as a suggestion: where it is, what it costs and does, and what speaks against it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from camber import standards
from camber.conventions import LATERAL_STATES, WGS84
from camber.schema import Cue, Detour, PlannedStretch, Suggestion, balance_of, interval_of
from camber.suggestions.describe import CROSSED_AT, SAID_M, SIDE_OF_STATE, p_even, street_names
from camber.suggestions.level_detours import Crossed, LevelDetour, path_line, replaced_share
from camber.suggestions.route_line import places_at
from camber.suggestions.route_plans import Effect, against_rule, low_metres, unevenness
from camber.suggestions.rules import CENTRE, WHY_NOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from camber.schema import Roads, SuggestionSettings
    from camber.standards import SideChoice
    from camber.suggestions.route_plans import Route
    from camber.suggestions.rules import Rules

    BoolArray = NDArray[np.bool_]
    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    SlopesOfWays = Callable[[IntArray, IntArray], FloatArray]
    """Draws the cross slope of ways [%], shape (n_draws, n), from their ids and directions of travel."""

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


class Round(NamedTuple):
    """A way round with what is known of its ground.

    Parameters
    ----------
    detour : LevelDetour
        Where it goes.
    way_id : ndarray of int64, shape (n_edges,)
        Way of each of its edges.
    length_m : ndarray of float64, shape (n_edges,)
        Length of each edge [m].
    slope_pct : ndarray of float64, shape (n_draws, n_edges)
        Drawn cross slope [%], positive falling to the right.
    names : ndarray of object, shape (n_edges,)
        Name of each edge's way.
    """

    detour: LevelDetour
    way_id: IntArray
    length_m: FloatArray
    slope_pct: FloatArray
    names: NDArray[np.object_]

    @property
    def extra_m(self) -> float:
        """How much longer it is than what it replaces [m]; negative where it is shorter."""
        return self.detour.length_m - (self.detour.rejoin_m - self.detour.leave_m)


def rounds_of(detours: tuple[LevelDetour, ...], roads: Roads, slopes_of: SlopesOfWays) -> tuple[Round, ...]:
    """Look up the ground of ways round.

    Parameters
    ----------
    detours : tuple of LevelDetour
        Where they go.
    roads : Roads
        The roads.
    slopes_of : callable
        Draws the cross slope of ways from their ids and directions of travel.

    Returns
    -------
    tuple of Round
        In the same order.
    """
    found = []
    for detour in detours:
        way = roads.ways.index.to_numpy()[roads.graph.edge_way[detour.edges]].astype(np.int64)
        slope = slopes_of(way, detour.directions)
        length = roads.graph.edge_length_m[detour.edges]
        found.append(Round(detour, way, length, slope, street_names(way, roads)))
    return tuple(found)


def effect_of_rounds(
    route: Route,
    rounds: tuple[Round, ...],
    *,
    obedience: float,
    level_pct: float,
    rng: np.random.Generator,
) -> Effect:
    """Metres by leg of a run with level ground in place of some stretches.

    Parameters
    ----------
    route : Route
        The route as it was run.
    rounds : tuple of Round
        What is run instead.
    obedience : float
        Share of the ways round that are taken, 0 to 1; else the run stays as it was.
    level_pct : float
        Absolute cross slope below which the surface counts as level [%].
    rng : numpy.random.Generator
        Source of disobedience.

    Returns
    -------
    Effect
        Drawn metres.
    """
    as_run = low_metres(route.usual_slope_pct, route.stretches.length_m, level_pct)
    legs = [metres.sum(axis=1) for metres in as_run]
    for one in rounds:
        taken = rng.random(len(legs[0])) < obedience
        share = replaced_share(route, one.detour)
        instead = low_metres(one.slope_pct, one.length_m, level_pct)
        legs = [
            leg + taken * (new.sum(axis=1) - old @ share)
            for leg, new, old in zip(legs, instead, as_run, strict=True)
        ]
    # A sum of differences may end a hair below zero.
    left, right = (np.maximum(leg, 0.0) for leg in legs)
    return Effect(left, right)


def level_suggestion(
    route: Route,
    rounds: tuple[Round, ...],
    roads: Roads,
    rules: Rules,
    before: Effect,
    after: Effect,
    settings: SuggestionSettings,
    *,
    level_pct: float,
    dark: bool,
    choice: SideChoice | None = None,
) -> Suggestion:
    """Write ways round down with everything that a runner is to know of them.

    Parameters
    ----------
    route : Route
        The route as it was run.
    rounds : tuple of Round
        What is run instead, one at least.
    roads : Roads
        The roads.
    rules : Rules
        Exposure to traffic of the route, and what is run as before although it would not be suggested.
    before, after : Effect
        Drawn metres by leg without and with them.
    settings : SuggestionSettings
        What counts as even.
    level_pct : float
        Absolute cross slope below which the surface counts as level [%].
    dark : bool
        Whether it is run in the dark.
    choice : SideChoice, optional
        Cost of crossings; that of `standards` if missing.

    Returns
    -------
    Suggestion
        Of the kind ``level_surface``.
    """
    detours = tuple(_detour(one, roads) for one in rounds)
    names = street_names(route.stretches.way_id, roads)
    crossings = sum(len(one.detour.crossed) for one in rounds)
    extra_m = sum(one.extra_m for one in rounds)
    metres = pd.Series(np.concatenate([one.length_m for one in rounds])).groupby(
        np.concatenate([one.names for one in rounds])
    )
    main = metres.sum().sort_values(ascending=False, kind="stable")
    return Suggestion(
        kind="level_surface",
        what=_what(route, rounds, names, extra_m),
        where=tuple(str(name) for name in main.index[:5]),
        way_ids=tuple(int(way) for way in pd.unique(np.concatenate([one.way_id for one in rounds]))),
        distance_m=sum(one.detour.length_m for one in rounds),
        left_low_before_m=interval_of(before.left_m),
        right_low_before_m=interval_of(before.right_m),
        left_low_after_m=interval_of(after.left_m),
        right_low_after_m=interval_of(after.right_m),
        balance_before=balance_of(before.right_m, before.left_m),
        balance_after=balance_of(after.right_m, after.left_m),
        crossings=crossings,
        rule=_RULE,
        rule_source=_RULE_SOURCE,
        against=(
            *_less_even(before, after, settings),
            *_against(rounds, detours, extra_m, crossings, level_pct=level_pct, dark=dark),
            *_run_as_before(route, rounds, rules, settings),
        ),
        p_even_before=p_even(before, settings.usual_balance),
        p_even_after=p_even(after, settings.usual_balance),
        uneven_before=unevenness(before),
        uneven_after=unevenness(after),
        extra_traffic_km=_extra_traffic_km(route, rounds, rules, choice or standards.side_choice()),
        detour_m=extra_m,
        stretches=_stretches(route, rounds, names),
        cues=_cues(route, rounds, roads, names, silent=against_rule(route.usual, rules)),
        detours=detours,
    )


def _what(route: Route, rounds: tuple[Round, ...], names: NDArray[np.object_], extra_m: float) -> str:
    share = np.sum([replaced_share(route, one.detour) for one in rounds], axis=0)
    metres = pd.Series(route.stretches.length_m * share).groupby(names).sum()
    left = metres[metres > 0.0].sort_values(ascending=False, kind="stable")
    streets = " and ".join(str(name) for name in left.index[:2])
    length = sum(one.detour.length_m for one in rounds)
    longer = f"{abs(extra_m) / 1000:.1f} km {'longer' if extra_m >= 0.0 else 'shorter'}"
    return (
        f"Instead of {left.sum() / 1000:.1f} km of {streets}, where no change of side helps, run over ground "
        f"nearby that is level or falls to neither side in particular: {length / 1000:.1f} km, "
        f"so that the run gets {longer}."
    )


def _detour(one: Round, roads: Roads) -> Detour:
    ways = roads.ways.loc[one.way_id.tolist()]
    assumed = standards.assume(ways, roads.overrides)
    unpaved = (assumed["surface_group"] != "paved").to_numpy(dtype=bool)
    unlit = ~ways["lit"].isin(_LIT).to_numpy(dtype=bool)
    line = _degrees(path_line(roads, one.detour), roads)
    return Detour(
        leave_m=one.detour.leave_m,
        rejoin_m=one.detour.rejoin_m,
        length_m=one.detour.length_m,
        way_ids=tuple(int(way) for way in pd.unique(one.way_id)),
        names=tuple(str(name) for name in pd.unique(one.names)),
        unpaved_m=float(one.length_m[unpaved].sum()),
        unlit_m=float(one.length_m[unlit].sum()),
        longitude_deg=tuple(round(float(value), 7) for value in line[:, 0]),
        latitude_deg=tuple(round(float(value), 7) for value in line[:, 1]),
    )


def _degrees(xy: FloatArray, roads: Roads) -> FloatArray:
    places = gpd.GeoSeries.from_xy(xy[:, 0], xy[:, 1], crs=roads.crs).to_crs(WGS84)
    return np.column_stack([places.x, places.y])


def _against(
    rounds: tuple[Round, ...],
    detours: tuple[Detour, ...],
    extra_m: float,
    crossings: int,
    *,
    level_pct: float,
    dark: bool,
) -> tuple[str, ...]:
    said = []
    if extra_m >= SAID_M:
        said.append(f"It makes the run {extra_m / 1000:.1f} km longer.")
    unpaved, unlit = (sum(getattr(one, name) for one in detours) for name in ("unpaved_m", "unlit_m"))
    if unpaved >= SAID_M:
        said.append(f"{unpaved / 1000:.1f} km of it are unpaved, or taken to be: uneven in places.")
    if dark and unlit >= SAID_M:
        said.append(f"In the dark {unlit / 1000:.1f} km of it are not known to be lit.")
    length = np.concatenate([one.length_m for one in rounds])
    tilted = np.abs(np.concatenate([one.slope_pct for one in rounds], axis=1)) > level_pct
    if float(tilted.mean(axis=0) @ length) >= _TILTED * length.sum():
        said.append("Part of it may be tilted too; to which side, the map does not tell.")
    if crossings:
        said.append(f"It takes {crossings} {'crossing' if crossings == 1 else 'crossings'} of a road.")
    if any(crossed.kind == "quiet" for one in rounds for crossed in one.detour.crossed):
        said.append("Not every crossing is in the map: some are on quiet streets without one.")
    said.append("Mud, gates and works are not in the map.")
    return tuple(said)


def _less_even(before: Effect, after: Effect, settings: SuggestionSettings) -> tuple[str, ...]:
    """Say where the balance of the metres that are left gets worse, though they get fewer."""
    rises = unevenness(after) - unevenness(before)
    falls = p_even(before, settings.usual_balance) - p_even(after, settings.usual_balance)
    if max(rises, falls) < _LESS_EVEN:
        return ()
    return ("Fewer metres are tilted, but those that are left are shared less evenly between the legs.",)


def _run_as_before(
    route: Route, rounds: tuple[Round, ...], rules: Rules, settings: SuggestionSettings
) -> tuple[str, ...]:
    """Say what is run as before although nobody would be sent there, by reason."""
    left = 1.0 - np.sum([replaced_share(route, one.detour) for one in rounds], axis=0)
    reason = rules.reason[np.arange(len(route.usual)), route.usual]
    on = route.stretches.is_road & (route.usual != CENTRE)
    metres = pd.Series((route.stretches.length_m * left)[on]).groupby(reason[on]).sum()
    limits = vars(settings)
    return tuple(
        f"{length / 1000:.1f} km are run as before, although {WHY_NOT[str(key)].format_map(limits)}."
        for key, length in metres.items()
        if length >= SAID_M and key not in {"", "no_state"}
    )


def _extra_traffic_km(route: Route, rounds: tuple[Round, ...], rules: Rules, choice: SideChoice) -> float:
    """Exposure of the crossings, less that of the stretches that are left."""
    walked = rules.traffic_km[np.arange(len(route.usual)), route.usual]
    left = sum(float(walked @ replaced_share(route, one.detour)) for one in rounds)
    crossed = (crossed.kind for one in rounds for crossed in one.detour.crossed)
    return float(sum(getattr(choice, f"crossing_{kind}") for kind in crossed)) - left


def _stretches(
    route: Route, rounds: tuple[Round, ...], names: NDArray[np.object_]
) -> tuple[PlannedStretch, ...]:
    """List the route with its ways round, in order and without gaps, by distance as it is to be run."""
    end = np.cumsum(route.stretches.length_m)
    states = [str(LATERAL_STATES[state]) for state in route.usual]
    pieces: list[tuple[float, str, str, bool]] = []
    at_m = 0.0
    for one in (*rounds, None):
        until = float(end[-1]) if one is None else one.detour.leave_m
        for row in np.flatnonzero((end > at_m) & (end - route.stretches.length_m < until)):
            run_m = min(float(end[row]), until) - max(float(end[row] - route.stretches.length_m[row]), at_m)
            pieces.append((run_m, str(names[row]), states[row], False))
        if one is not None:
            ground = zip(one.length_m.tolist(), one.names.tolist(), strict=True)
            pieces += [(length, str(name), "other", True) for length, name in ground]
            at_m = one.detour.rejoin_m
    return _joined(pieces)


def _joined(pieces: list[tuple[float, str, str, bool]]) -> tuple[PlannedStretch, ...]:
    """Join neighbours that are alike."""
    found: list[PlannedStretch] = []
    at_m = 0.0
    for length, name, state, changed in pieces:
        alike = found and (found[-1].street, found[-1].state, found[-1].changed) == (name, state, changed)
        start = found.pop().from_m if alike else at_m
        at_m += length
        found.append(PlannedStretch(start, at_m, name, state, changed))
    return tuple(found)


def _cues(
    route: Route,
    rounds: tuple[Round, ...],
    roads: Roads,
    names: NDArray[np.object_],
    *,
    silent: BoolArray,
) -> tuple[Cue, ...]:
    """Say where to leave the route, where to cross, and where to go on as before."""
    end = np.cumsum(route.stretches.length_m)
    cues: list[Cue] = []
    longer = 0.0
    for one in rounds:
        detour = one.detour
        first = detour.leave_m + longer
        cues.append(_turn(route, one, first, str(names[_row(end, detour.leave_m - 1.0)])))
        cues += [_crossed(crossed, first, roads) for crossed in detour.crossed]
        longer += one.extra_m
        row = _row(end, detour.rejoin_m + 1.0)
        side = "" if silent[row] or not route.stretches.is_road[row] else _SIDE[_side_of(route, row)]
        at_m = detour.rejoin_m + longer
        cues.append(_rejoin(route, detour.rejoin_m, at_m, side, str(names[row])))
    return tuple(cues)


def _row(end: FloatArray, at_m: float) -> int:
    return min(int(np.searchsorted(end, at_m)), len(end) - 1)


def _turn(route: Route, one: Round, at_m: float, street: str) -> Cue:
    longitude, latitude = places_at(route.line, np.array([one.detour.leave_m]))
    text = f"Leave {street} {_TURN[one.detour.turn]} {one.names[0]}, instead of the tilted stretch."
    return Cue(at_m, float(latitude[0]), float(longitude[0]), "turn", _SIDE[one.detour.turn], "", text)


def _crossed(crossed: Crossed, first_m: float, roads: Roads) -> Cue:
    longitude, latitude = _degrees(roads.graph.node_xy[[crossed.node]], roads)[0]
    text = f"Cross {_road_at(crossed.node, roads)}, {CROSSED_AT[crossed.kind]}."
    at_m = first_m + crossed.along_m
    return Cue(at_m, float(latitude), float(longitude), "cross", "", crossed.kind, text)


def _road_at(node: int, roads: Roads) -> str:
    """Name the carriageway at a node, the first with a name if there is one."""
    graph = roads.graph
    edges = graph.node_edge[graph.node_first_edge[node] : graph.node_first_edge[node + 1]]
    ways = roads.ways.iloc[np.unique(graph.edge_way[edges])]
    on = ways[standards.assume(ways, roads.overrides)["is_road"].to_numpy(dtype=bool)]
    named = [str(name) for name in on["name"] if name]
    return named[0] if named else "the road"


def _side_of(route: Route, row: int) -> int:
    return int(SIDE_OF_STATE[route.usual[row]])


def _rejoin(route: Route, as_run_m: float, at_m: float, side: str, street: str) -> Cue:
    """Say where to go on as before; nobody is told to keep to a side that would not be suggested."""
    longitude, latitude = places_at(route.line, np.array([as_run_m]))
    kept = f", on the {side}-hand side" if side else ""
    text = f"Back on your route: go on along {street} as before{kept}."
    return Cue(at_m, float(latitude[0]), float(longitude[0]), "turn", "", "", text)
