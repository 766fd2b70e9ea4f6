"""Where a tilted stretch of a run that no change of side evens out can be left for level ground nearby."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from camber.conventions import NO_WAY
from camber.suggestions.level_network import LevelNetwork, level_network, path_between, ways_round
from camber.suggestions.rules import SIDE_OF_STATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.schema import RoadGraph, Roads, SuggestionSettings
    from camber.suggestions.level_network import WaysRound
    from camber.suggestions.trip import Route, Trip

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
"""Most stretches of one run that are replaced (judgement: more is no plan that a runner keeps in mind)."""

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
    """A road that a way round crosses."""

    node: int  # node of the road graph
    along_m: float  # distance from the beginning of the way round [m]
    kind: str  # "signals", "marked", "unmarked" or "quiet"


class LevelDetour(NamedTuple):
    """Level ground in place of a stretch of a run."""

    leave_m: float
    rejoin_m: float  # distances from the start of the run at which it is left and met again [m]
    edges: IntArray  # edges of the road graph in the order of travel, shape (n_edges,)
    directions: IntArray  # whether each is run as drawn, +1, or against, -1
    way_id: IntArray  # way of each edge
    edge_m: FloatArray  # length of each edge [m]
    turn: int  # where it leaves: -1 to the left, 1 to the right, 0 straight on
    crossed: tuple[Crossed, ...]  # roads that it crosses, in order

    @property
    def length_m(self) -> float:
        """Length of the way round [m]."""
        return float(self.edge_m.sum())

    @property
    def extra_m(self) -> float:
        """How much longer it is than what it replaces [m]; negative where it is shorter."""
        return self.length_m - (self.rejoin_m - self.leave_m)


class _Places(NamedTuple):
    """Junctions that the run passes: distances from its start [m] and nodes of the road graph."""

    at_m: FloatArray
    node: IntArray


class _Search(NamedTuple):
    """Every way round of a run, and what a stretch of it would take off the difference between the legs."""

    route: Route
    roads: Roads
    network: LevelNetwork
    places: _Places
    pairs: WaysRound
    # Right-low minus left-low metres where no change of side helps, else 0, shape (n_draws, n) [m].
    counted: FloatArray


def find_detours(trip: Trip) -> tuple[LevelDetour, ...]:
    """Choose the stretches to be replaced: those that even out most for what they are longer.

    They come in the order of the run, without overlap; together no longer than the settings allow.
    """
    route, settings = trip.route, trip.settings
    left, right = route.usual_m()
    signed = right - left
    uneven_m = (trip.before.right_m - trip.before.left_m) + signed.sum(axis=1)
    unavoidable = _unavoidable(trip, signed, uneven_m > 0.0)
    reach = 0.5 * _FURTHEST_M
    low, high = route.line.xy.min(axis=0) - reach, route.line.xy.max(axis=0) + reach
    network = level_network(trip.roads, low, high, settings, dark=trip.dark)
    places = _places(trip, np.unique(network.cut.node))
    pairs = ways_round(
        network.cut,
        places.node,
        places.at_m,
        longest_m=settings.longest_detour_m,
        furthest_m=_FURTHEST_M,
    )
    search = _Search(route, trip.roads, network, places, pairs, np.where(unavoidable, signed, 0.0))
    chosen: list[LevelDetour] = []
    while len(chosen) < _MOST:
        best = _best(search, uneven_m, chosen, settings)
        if best is None:
            break
        chosen.append(best)
        ends = _until(search, np.array([best.leave_m, best.rejoin_m]))
        uneven_m = uneven_m - (ends[:, 1] - ends[:, 0])
    return tuple(sorted(chosen, key=lambda one: one.leave_m))


def replaced_share(route: Route, detour: LevelDetour) -> FloatArray:
    """Share of each interval that a way round replaces, 0 to 1, shape (n,)."""
    length = route.stretches.length_m
    overlap = np.minimum(route.end_m(), detour.rejoin_m) - np.maximum(route.start_m(), detour.leave_m)
    return np.asarray(np.clip(overlap, 0.0, None) / np.where(length > 0.0, length, 1.0))


def path_line(roads: Roads, edges: IntArray, directions: IntArray) -> FloatArray:
    """Vertices along a path in the order of travel, shape (n_vertices, 2) [m]; where edges meet once."""
    graph = roads.graph
    parts = [
        graph.vertex_xy[graph.edge_first_vertex[edge] : graph.edge_first_vertex[edge + 1]][::step]
        for edge, step in zip(edges, directions, strict=True)
    ]
    return np.concatenate([parts[0][:1], *[part[1:] for part in parts]])


def _unavoidable(trip: Trip, signed: FloatArray, to_right: BoolArray) -> BoolArray:
    """Tell where no side that is allowed would tilt the ground less to the leg that has too much of it.

    Which leg that is may not be known: the draws in which it is the right one, and those in which it is the
    left one, are each looked at for themselves. Shape (n_draws, n).
    """
    left, right = trip.route.option_m()
    usable = trip.plans.rules.allowed & trip.route.stretches.is_road[:, np.newaxis]
    found = np.zeros(signed.shape, dtype=bool)
    for lean, here in ((-1.0, ~to_right), (1.0, to_right)):
        if here.any():
            as_run = lean * signed[here].mean(axis=0)
            options = lean * (right[here] - left[here]).mean(axis=0)
            least = np.where(usable, options, np.inf).min(axis=1)
            found[here] = (as_run <= 0.0) | (least > _BETTER * as_run)
    return found


def _places(trip: Trip, wanted: IntArray) -> _Places:
    """List the wanted nodes that the run passes, in order."""
    graph, exposure, index = trip.roads.graph, trip.exposure, trip.roads.ways.index
    way = exposure["way_id"].to_numpy()
    position = np.where(way == NO_WAY, -1, index.get_indexer(pd.Index(way)))
    first = np.searchsorted(graph.edge_way, position, side="left")
    last = np.searchsorted(graph.edge_way, position, side="right")
    length, begin = trip.route.stretches.length_m, trip.route.start_m()
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


def _until(search: _Search, at_m: FloatArray) -> FloatArray:
    """Add up what counts before each distance, draw by draw; shape (n_draws, n_distances)."""
    border = np.r_[0.0, np.cumsum(search.route.stretches.length_m)]
    return np.stack([np.interp(at_m, border, np.r_[0.0, np.cumsum(draw)]) for draw in search.counted])


def _evened(search: _Search, uneven_m: FloatArray) -> FloatArray:
    """Expect what each pair takes off the absolute difference between the legs: its mean over the draws [m].

    Where it is not known which leg was low, the mean difference is near zero and the absolute one is not.
    """
    pairs = search.pairs
    evened = np.zeros(len(pairs.leave))
    for until, whole in zip(_until(search, search.places.at_m), uneven_m.tolist(), strict=True):
        evened += abs(whole) - np.abs(whole - (until[pairs.rejoin] - until[pairs.leave]))
    return evened / len(uneven_m)


def _best(
    search: _Search, uneven_m: FloatArray, chosen: list[LevelDetour], settings: SuggestionSettings
) -> LevelDetour | None:
    """Take the way round that evens out most for what it is longer, of those that keep to every rule."""
    pairs, at_m = search.pairs, search.places.at_m
    leave, rejoin = at_m[pairs.leave], at_m[pairs.rejoin]
    extra = pairs.length_m - (rejoin - leave)
    used = sum(max(one.extra_m, 0.0) for one in chosen)
    score = _evened(search, uneven_m) - _PER_EXTRA_M * np.maximum(extra, 0.0)
    free = (rejoin - leave >= _SHORTEST_M) & (score >= _BETTER * _SHORTEST_M)
    free &= pairs.length_m >= _KEPT * (rejoin - leave)
    free &= used + np.maximum(extra, 0.0) <= settings.longest_detour_m
    for one in chosen:
        free &= (rejoin <= one.leave_m) | (leave >= one.rejoin_m)
    crossings = settings.most_crossings - sum(len(one.crossed) for one in chosen)
    order = np.flatnonzero(free)[np.argsort(-score[free], kind="stable")]
    for row in order[:_TRIED]:
        detour = _laid_out(search, int(row))
        if detour is not None and len(detour.crossed) <= crossings:
            return detour
    return None


def _laid_out(search: _Search, row: int) -> LevelDetour | None:
    """Lay a way round out and look at it closely; None where it breaks a rule or is no level ground."""
    route, network, pairs, graph = search.route, search.network, search.pairs, search.roads.graph
    steps, directions = path_between(network.cut, int(pairs.leave_end[row]), int(pairs.rejoin_end[row]))
    edges = network.edge[steps]
    length = graph.edge_length_m[edges]
    leave_m, rejoin_m = (float(search.places.at_m[end[row]]) for end in (pairs.leave, pairs.rejoin))
    if length[network.level[steps]].sum() < _LEVEL_SHARE * length.sum():
        return None
    way = search.roads.ways.index.to_numpy()[graph.edge_way[edges]].astype(np.int64)
    if _runs_there(route, way, leave_m, rejoin_m):
        return None
    nodes, xy = _nodes(graph, edges, directions), path_line(search.roads, edges, directions)
    turn, near = _side(route, leave_m, xy, leaving=True)
    _, far = _side(route, rejoin_m, xy[::-1], leaving=False)
    # A path that lies on the runner's own side is reached without crossing the road.
    across = network.on_road[nodes]
    across[0] &= not near
    across[-1] &= not far
    if (network.crossing[nodes[across]] == "").any():
        return None
    along = np.r_[0.0, np.cumsum(length)]
    crossed = tuple(
        Crossed(int(nodes[at]), float(along[at]), str(network.crossing[nodes[at]]))
        for at in np.flatnonzero(across)
    )
    return LevelDetour(leave_m, rejoin_m, edges, directions, way, length, turn, crossed)


def _nodes(graph: RoadGraph, edges: IntArray, directions: IntArray) -> IntArray:
    """List the nodes along a path, both ends included."""
    start = np.where(directions > 0, graph.edge_from[edges], graph.edge_to[edges])
    end = np.where(directions > 0, graph.edge_to[edges], graph.edge_from[edges])
    return np.concatenate([start[:1], end])


def _runs_there(route: Route, way: IntArray, leave_m: float, rejoin_m: float) -> bool:
    """Whether the run was on that ground itself, on the stretch that would be replaced."""
    inside = (route.end_m() > leave_m) & (route.start_m() < rejoin_m)
    return bool(np.isin(way, route.stretches.way_id[inside]).any())


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
    row = route.row_at(at_m - 1.0 if leaving else at_m + 1.0)
    own = int(SIDE_OF_STATE[route.usual[row]]) if route.stretches.is_road[row] else 0
    return side, bool(side and side == own)
