"""Where a tilted stretch of a run that no change of side evens out can be left for level ground nearby."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from camber.conventions import NO_WAY
from camber.suggestions.describe import SIDE_OF_STATE
from camber.suggestions.detours import path_between, ways_round
from camber.suggestions.level_network import LevelNetwork, level_network
from camber.suggestions.route_plans import low_metres

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.schema import Exposure, Roads, SuggestionSettings
    from camber.suggestions.detours import WaysRound
    from camber.suggestions.route_plans import Route
    from camber.suggestions.rules import Rules

    BoolArray = NDArray[np.bool_]
    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

_FURTHEST_M: Final = 3000.0
"""Longest way round that is looked for [m] (judgement)."""

_SHORTEST_M: Final = 100.0
"""Shortest stretch that is worth leaving the road for [m] (judgement)."""

_KEPT: Final = 0.75
"""Least length of a way round as a share of what it replaces: a run is not cut short (judgement)."""

_PER_EXTRA_M: Final = 0.25
"""Metres evened out that a metre of detour has to be worth (judgement)."""

_MOST: Final = 3
"""Most stretches of one run that are replaced (one to three doable changes: users.md 6)."""

_TRIED: Final = 300
"""How many of the most promising ways round are looked at closely (judgement)."""

_LEVEL_SHARE: Final = 0.5
"""Least share of a way round that has to be level ground itself, not a link to it (judgement)."""

_BETTER: Final = 0.5
"""A stretch is avoidable if a side that is allowed puts the leg low on less than this share (judgement)."""

_REACH_M: Final = 15.0
"""A node this far beyond the fixes of a way was passed when the way was left there [m]: half the width of a
wide junction (judgement)."""

_HEADING_M: Final = 20.0
"""Length over which the direction of the run, and of a path, is taken at a junction [m] (judgement)."""

_STRAIGHT_DEG: Final = 20.0
"""A path that leaves within this angle of the run's own line lies on neither side of it [deg] (judgement)."""


class Crossed(NamedTuple):
    """A road that a way round crosses.

    Parameters
    ----------
    node : int
        Node of the road graph.
    along_m : float
        Distance from the beginning of the way round [m].
    kind : str
        "signals", "marked", "unmarked" or "quiet".
    """

    node: int
    along_m: float
    kind: str


class LevelDetour(NamedTuple):
    """Level ground in place of a stretch of a run.

    Parameters
    ----------
    leave_m, rejoin_m : float
        Distances from the start of the run at which it is left and met again [m].
    edges, directions : ndarray of int64
        Edges of the road graph in the order of travel, and whether each is run as drawn, +1, or against, -1.
    length_m : float
        Length of the way round [m].
    turn : int
        Where it leaves: -1 to the left, 1 to the right, 0 straight on.
    crossed : tuple of Crossed
        Roads that it crosses, in order.
    """

    leave_m: float
    rejoin_m: float
    edges: IntArray
    directions: IntArray
    length_m: float
    turn: int
    crossed: tuple[Crossed, ...]


class _Places(NamedTuple):
    """Junctions that the run passes."""

    at_m: FloatArray
    node: IntArray


def find_detours(
    route: Route,
    rules: Rules,
    exposure: Exposure,
    roads: Roads,
    settings: SuggestionSettings,
    *,
    level_pct: float,
    before_m: float | FloatArray = 0.0,
    dark: bool = False,
) -> tuple[LevelDetour, ...]:
    """Choose the stretches to be replaced: those that even out most for what they are longer.

    Parameters
    ----------
    route : Route
        The route as it was run.
    rules : Rules
        What law and safety leave on it.
    exposure : Exposure
        One row per interval.
    roads : Roads
        The roads.
    settings : SuggestionSettings
        Limits.
    level_pct : float
        Absolute cross slope below which the surface counts as level [%].
    before_m : float or ndarray of float64, shape (n_draws,)
        Right-low minus left-low metres of the weeks before [m].
    dark : bool
        Whether it is run in the dark.

    Returns
    -------
    tuple of LevelDetour
        In the order of the run, without overlap; together no longer than the settings allow.
    """
    signed = _signed(route, level_pct)
    uneven_m = before_m + signed.sum(axis=1)
    counted = np.where(_unavoidable(route, rules, signed, uneven_m > 0.0, level_pct), signed, 0.0)
    reach = 0.5 * _FURTHEST_M
    low, high = route.line.xy.min(axis=0) - reach, route.line.xy.max(axis=0) + reach
    network = level_network(roads, (low[0], low[1], high[0], high[1]), settings, dark=dark)
    places = _places(route, exposure, roads, np.unique(network.cut.node))
    pairs = ways_round(
        network.cut,
        places.node,
        places.at_m,
        longest_m=settings.longest_detour_m,
        furthest_m=_FURTHEST_M,
    )
    chosen: list[LevelDetour] = []
    while len(chosen) < _MOST:
        best = _best(pairs, places, counted, uneven_m, chosen, route, network, roads, settings)
        if best is None:
            break
        chosen.append(best)
        ends = _until(counted, route, np.array([best.leave_m, best.rejoin_m]))
        uneven_m = uneven_m - (ends[:, 1] - ends[:, 0])
    return tuple(sorted(chosen, key=lambda one: one.leave_m))


def replaced_share(route: Route, detour: LevelDetour) -> FloatArray:
    """Say which share of each interval a way round replaces.

    Parameters
    ----------
    route : Route
        The route as it was run.
    detour : LevelDetour
        The way round.

    Returns
    -------
    ndarray of float64, shape (n,)
        Shares, 0 to 1.
    """
    length = route.stretches.length_m
    end = np.cumsum(length)
    start = end - length
    overlap = np.minimum(end, detour.rejoin_m) - np.maximum(start, detour.leave_m)
    return np.asarray(np.clip(overlap, 0.0, None) / np.where(length > 0.0, length, 1.0))


def path_line(roads: Roads, detour: LevelDetour) -> FloatArray:
    """Lay a way round out as a line.

    Parameters
    ----------
    roads : Roads
        The roads.
    detour : LevelDetour
        The way round.

    Returns
    -------
    ndarray of float64, shape (n_vertices, 2)
        Its vertices in the order of travel [m].
    """
    return _line(roads, detour.edges, detour.directions)


def _nodes(roads: Roads, edges: IntArray, directions: IntArray) -> IntArray:
    """List the nodes along a path, both ends included."""
    graph = roads.graph
    start = np.where(directions > 0, graph.edge_from[edges], graph.edge_to[edges])
    end = np.where(directions > 0, graph.edge_to[edges], graph.edge_from[edges])
    return np.concatenate([start[:1], end])


def _line(roads: Roads, edges: IntArray, directions: IntArray) -> FloatArray:
    """List the vertices along a path, in the order of travel; where edges meet once."""
    graph = roads.graph
    parts = [
        graph.vertex_xy[graph.edge_first_vertex[edge] : graph.edge_first_vertex[edge + 1]][::step]
        for edge, step in zip(edges, directions, strict=True)
    ]
    return np.concatenate([parts[0][:1], *[part[1:] for part in parts]])


def _signed(route: Route, level_pct: float) -> FloatArray:
    """Take the right-low minus left-low metres of each interval as it was run; shape (n_draws, n)."""
    left, right = low_metres(route.usual_slope_pct, route.stretches.length_m, level_pct)
    return np.asarray(right - left)


def _unavoidable(
    route: Route, rules: Rules, signed: FloatArray, to_right: BoolArray, level_pct: float
) -> BoolArray:
    """Tell where no side that is allowed would tilt the ground less to the leg that has too much of it.

    Which leg that is may not be known: the draws in which it is the right one, and those in which it is the
    left one, are each looked at for themselves. Shape (n_draws, n).
    """
    left, right = low_metres(route.option_slope_pct, route.stretches.length_m[:, np.newaxis], level_pct)
    usable = rules.allowed & route.stretches.is_road[:, np.newaxis]
    found = np.zeros(signed.shape, dtype=bool)
    for lean, here in ((-1.0, ~to_right), (1.0, to_right)):
        if here.any():
            as_run = lean * signed[here].mean(axis=0)
            options = lean * (right[here] - left[here]).mean(axis=0)
            least = np.where(usable, options, np.inf).min(axis=1)
            found[here] = (as_run <= 0.0) | (least > _BETTER * as_run)
    return found


def _places(route: Route, exposure: Exposure, roads: Roads, wanted: IntArray) -> _Places:
    """List the wanted nodes that the run passes, in order."""
    graph = roads.graph
    way = exposure["way_id"].to_numpy()
    position = np.where(way == NO_WAY, -1, roads.ways.index.get_indexer(pd.Index(way)))
    first = np.searchsorted(graph.edge_way, position, side="left")
    last = np.searchsorted(graph.edge_way, position, side="right")
    length = route.stretches.length_m
    begin = np.cumsum(length) - length
    travel = exposure["travel_direction"].to_numpy()
    ends = np.nan_to_num(exposure[["start_chainage_m", "end_chainage_m"]].to_numpy(dtype=float))
    found: list[tuple[float, int]] = []
    for row in np.flatnonzero(position >= 0):
        edges = np.arange(first[row], last[row])
        nodes = np.r_[graph.edge_from[edges], graph.edge_to[edges[-1:]]]
        chainage = np.r_[
            graph.edge_start_m[edges],
            graph.edge_start_m[edges[-1:]] + graph.edge_length_m[edges[-1:]],
        ]
        reach = _reach(int(row), position, travel, ends)
        passed = (chainage - reach[0]) * travel[row] / max(abs(reach[1] - reach[0]), 1e-9)
        here = (passed >= 0.0) & (passed <= 1.0) & np.isin(nodes, wanted)
        found += [
            (float(begin[row] + share * length[row]), int(node))
            for share, node in zip(passed[here], nodes[here], strict=True)
        ]
    return _once(sorted(found))


def _reach(row: int, position: IntArray, travel: IntArray, ends: FloatArray) -> tuple[float, float]:
    """Chainages between which an interval passed its way, out to the junctions where it came and went."""
    start, end = float(ends[row, 0]), float(ends[row, 1])
    same = [
        0 <= other < len(position) and (position[other], travel[other]) == (position[row], travel[row])
        for other in (row - 1, row + 1)
    ]
    # It reaches back to the last fix of the interval before, where its first step began.
    start = float(ends[row - 1, 1]) if same[0] else start - travel[row] * _REACH_M
    return start, end if same[1] else end + travel[row] * _REACH_M


def _once(found: list[tuple[float, int]]) -> _Places:
    """Keep one place of each pass of a node: on two ways that meet there it is found twice."""
    last: dict[int, float] = {}
    kept = []
    for at_m, node in found:
        if at_m - last.get(node, -np.inf) > 2.0 * _REACH_M:
            kept.append((at_m, node))
        last[node] = at_m
    return _Places(np.array([at for at, _ in kept]), np.array([node for _, node in kept], dtype=np.int64))


def _until(signed: FloatArray, route: Route, at_m: FloatArray) -> FloatArray:
    """Add up what lies before each distance, draw by draw; shape (n_draws, n_distances)."""
    border = np.r_[0.0, np.cumsum(route.stretches.length_m)]
    return np.stack([np.interp(at_m, border, np.r_[0.0, np.cumsum(draw)]) for draw in signed])


def _evened(
    pairs: WaysRound, places: _Places, counted: FloatArray, uneven_m: FloatArray, route: Route
) -> FloatArray:
    """Expect what each pair takes off the absolute difference between the legs: its mean over the draws [m].

    Where it is not known which leg was low, the mean difference is near zero and the absolute one is not.
    """
    evened = np.zeros(len(pairs.leave))
    for until, whole in zip(_until(counted, route, places.at_m), uneven_m.tolist(), strict=True):
        evened += abs(whole) - np.abs(whole - (until[pairs.rejoin] - until[pairs.leave]))
    return evened / len(uneven_m)


def _best(
    pairs: WaysRound,
    places: _Places,
    counted: FloatArray,
    uneven_m: FloatArray,
    chosen: list[LevelDetour],
    route: Route,
    network: LevelNetwork,
    roads: Roads,
    settings: SuggestionSettings,
) -> LevelDetour | None:
    """Take the way round that evens out most for what it is longer, of those that keep to every rule."""
    leave, rejoin = places.at_m[pairs.leave], places.at_m[pairs.rejoin]
    extra = pairs.length_m - (rejoin - leave)
    used = sum(max(one.length_m - (one.rejoin_m - one.leave_m), 0.0) for one in chosen)
    evened = _evened(pairs, places, counted, uneven_m, route)
    score = evened - _PER_EXTRA_M * np.maximum(extra, 0.0)
    free = (rejoin - leave >= _SHORTEST_M) & (score >= _BETTER * _SHORTEST_M)
    free &= pairs.length_m >= _KEPT * (rejoin - leave)
    free &= used + np.maximum(extra, 0.0) <= settings.longest_detour_m
    for one in chosen:
        free &= (rejoin <= one.leave_m) | (leave >= one.rejoin_m)
    crossings = settings.most_crossings - sum(len(one.crossed) for one in chosen)
    order = np.flatnonzero(free)[np.argsort(-score[free], kind="stable")]
    for row in order[:_TRIED]:
        detour = _laid_out(pairs, int(row), places, route, network, roads)
        if detour is not None and len(detour.crossed) <= crossings:
            return detour
    return None


def _laid_out(
    pairs: WaysRound, row: int, places: _Places, route: Route, network: LevelNetwork, roads: Roads
) -> LevelDetour | None:
    """Lay a way round out and look at it closely; None where it breaks a rule or is no level ground."""
    steps, directions = path_between(network.cut, int(pairs.leave_end[row]), int(pairs.rejoin_end[row]))
    edges = network.edge[steps]
    length = roads.graph.edge_length_m[edges]
    leave_m, rejoin_m = (float(places.at_m[end[row]]) for end in (pairs.leave, pairs.rejoin))
    if length[network.level[steps]].sum() < _LEVEL_SHARE * length.sum():
        return None
    if _runs_there(route, edges, roads, leave_m, rejoin_m):
        return None
    nodes, xy = _nodes(roads, edges, directions), _line(roads, edges, directions)
    turn, near = _side(route, leave_m, xy, leaving=True)
    _, far = _side(route, rejoin_m, xy[::-1], leaving=False)
    along = np.r_[0.0, np.cumsum(length)]
    across = network.on_road[nodes]
    across[0] &= not near
    across[-1] &= not far
    if (network.crossing[nodes[across]] == "").any():
        return None
    crossed = tuple(
        Crossed(int(nodes[at]), float(along[at]), str(network.crossing[nodes[at]]))
        for at in np.flatnonzero(across)
    )
    return LevelDetour(leave_m, rejoin_m, edges, directions, float(length.sum()), turn, crossed)


def _runs_there(route: Route, edges: IntArray, roads: Roads, leave_m: float, rejoin_m: float) -> bool:
    """Whether the run was on that ground itself, on the stretch that would be replaced."""
    border = np.cumsum(route.stretches.length_m)
    inside = (border > leave_m) & (border - route.stretches.length_m < rejoin_m)
    own = route.stretches.way_id[inside]
    return bool(np.isin(roads.ways.index.to_numpy()[roads.graph.edge_way[edges]], own).any())


def _side(route: Route, at_m: float, path_xy: FloatArray, *, leaving: bool) -> tuple[int, bool]:
    """Side of the run on which a path lies, 0 ahead or behind, and whether the runner is on that side."""
    ends = (at_m - _HEADING_M, at_m) if leaving else (at_m, at_m + _HEADING_M)
    xy = [np.interp(ends, route.line.at_m, route.line.xy[:, axis]) for axis in (0, 1)]
    heading = np.array([xy[0][1] - xy[0][0], xy[1][1] - xy[1][0]])
    away = np.hypot(*(path_xy - path_xy[0]).T)
    far = int(np.argmax(away >= _HEADING_M)) or len(path_xy) - 1
    step = path_xy[far] - path_xy[0]
    angle = np.degrees(np.arctan2(heading[0] * step[1] - heading[1] * step[0], heading @ step))
    straight = min(abs(angle), 180.0 - abs(angle)) < _STRAIGHT_DEG
    side = 0 if straight else -int(np.sign(angle))
    end = np.cumsum(route.stretches.length_m)
    row = int(np.searchsorted(end, at_m - 1.0 if leaving else at_m + 1.0))
    row = min(row, len(end) - 1)
    own = int(SIDE_OF_STATE[route.usual[row]]) if route.stretches.is_road[row] else 0
    return side, bool(side and side == own)
