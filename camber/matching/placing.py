"""Fixes on their chain: where along it each one truly was, from the smoother, and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numba import njit

from camber.matching.along import AlongModel, Line, smooth_along
from camber.matching.chain import HOP, Chain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.matching.chain import Piece
    from camber.schema import RoadGraph

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

_LATERAL_M: Final = 2.3
"""Standard deviation of a runner's place across the street [m] (as in the emission)."""

_LATERAL_S: Final = 60.0
"""Its correlation time [s] (judgement: a runner keeps a side for minutes and weaves within it)."""

_SPEED_S: Final = 60.0
"""Correlation time of the speed of a short run [s] (judgement)."""

_SPEED_LIMITS_S: Final = (4.0, 90.0)
"""The same where the fixes say it: from stop and go to a steady pace [s] (judgement)."""

_LEAST_MPS: Final = 0.05
"""No speed is steadier than this [m/s] (judgement)."""

_WHITE_M: Final = 0.5
"""Error of a fix without memory [m] (judgement: rounding, the swing of the arm)."""

_WINDOW_S: Final = 20.0
"""Over so long the speed is read off the fixes, to see how much it varies [s] (judgement)."""


class Placed(NamedTuple):
    """Fixes of one chain, each on a piece of it.

    Parameters
    ----------
    fix : ndarray of int64, shape (n,)
        The fixes.
    piece : ndarray of int64, shape (n,)
        Piece of each.
    distance_m, std_m : ndarray of float64, shape (n,)
        Distance along the chain [m], and its standard deviation [m].
    start_m : ndarray of float64, shape (n_pieces + 1,)
        Distance at which each piece starts, and the chain ends [m].
    line : Line
        The chain as straight segments, metres from `origin`.
    origin : ndarray of float64, shape (2,)
        Where those are counted from [m].
    segment : ndarray of int64, shape (n,)
        Segment of each fix.
    """

    fix: IntArray
    piece: IntArray
    distance_m: FloatArray
    std_m: FloatArray
    start_m: FloatArray
    line: Line
    origin: FloatArray
    segment: IntArray


def place_on_chain(
    chain: Chain,
    along_m: FloatArray,
    edge: IntArray,
    xy: FloatArray,
    seconds: FloatArray,
    sigma_m: FloatArray,
    correlation_s: float,
    graph: RoadGraph,
) -> Placed:
    """Find where along its chain each fix was.

    Parameters
    ----------
    chain : Chain
        Pieces and fixes.
    along_m, edge : ndarray, shape (n_all,)
        Place of every fix of the track on its likeliest edge [m], and that edge.
    xy : ndarray of float64, shape (n_all, 2)
        Fixes [m].
    seconds, sigma_m : ndarray of float64, shape (n_all,)
        Time since the fix before [s] and standard deviation across the line [m], the runner's place
        included.
    correlation_s : float
        Correlation time of the receiver's error [s].
    graph : RoadGraph
        The roads.

    Returns
    -------
    Placed
        Where they were; a fix keeps its side of a hop.
    """
    fix = np.concatenate([np.arange(begin, end) for begin, end, _ in chain.runs])
    place = np.repeat([place for *_, place in chain.runs], [end - begin for begin, end, _ in chain.runs])
    start_m = np.concatenate([[0.0], np.cumsum([piece.length_m for piece in chain.pieces])])
    # Small numbers keep their digits wherever on the grid the run is.
    origin = xy[fix[0]]
    line, first_segment = _line(chain, start_m, graph, origin)
    group = np.cumsum([piece.joint == HOP for piece in chain.pieces])
    first_piece = np.searchsorted(group, group[place], side="left")
    last_piece = np.searchsorted(group, group[place], side="right") - 1
    guess = _guess(chain, start_m, along_m[fix], edge[fix], place)
    lasted = np.diff(np.cumsum(seconds)[fix], prepend=0.0)
    lasted[0] = 0.0
    receiver = np.sqrt(np.maximum(sigma_m[fix] ** 2 - _LATERAL_M**2, 1.0))
    model = _model(guess, lasted, receiver, correlation_s)
    first, last = first_segment[first_piece], np.maximum(first_segment[last_piece + 1] - 1, 0)
    first = np.minimum(first, last)
    distance, std = smooth_along(
        line, xy[fix] - origin, lasted, receiver, guess, first, last, model, rounds=3
    )
    distance = np.clip(distance, start_m[first_piece], start_m[last_piece + 1])
    piece = np.searchsorted(start_m, distance, side="right") - 1
    piece = np.clip(piece, first_piece, last_piece)
    segment = np.clip(np.searchsorted(line.start_m, distance, side="right") - 1, first, last)
    return Placed(fix, piece, distance, std, start_m, line, origin, segment)


def _guess(
    chain: Chain, start_m: FloatArray, along_m: FloatArray, edge: IntArray, place: IntArray
) -> FloatArray:
    pieces = chain.pieces
    direction = np.array([piece.direction for piece in pieces])[place]
    enter = np.array([piece.enter_m for piece in pieces])[place]
    progress = direction * (along_m - enter)
    # A fix whose own edge was left out of the chain stands at the end of the piece before it.
    progress = np.where(edge == np.array([piece.edge for piece in pieces])[place], progress, np.inf)
    return np.asarray(start_m[place] + np.clip(progress, 0.0, np.diff(start_m)[place]))


def _model(
    guess_m: FloatArray, lasted_s: FloatArray, sigma_m: FloatArray, correlation_s: float
) -> AlongModel:
    """Sizes for one chain: the speed varies as the fixes say, less what the receiver adds to that."""
    clock = np.cumsum(lasted_s)
    speed = (guess_m[-1] - guess_m[0]) / max(clock[-1], 1.0)
    spread, memory = 0.25 * speed, _SPEED_S
    if clock[-1] > 8.0 * _WINDOW_S:
        ticks = np.arange(0.0, clock[-1], _WINDOW_S)
        apart = np.diff(np.interp(ticks, clock, guess_m)) / _WINDOW_S - speed
        lost = 1.0 - np.exp(-_WINDOW_S / correlation_s)
        error = np.median(sigma_m) ** 2 / _WINDOW_S**2
        variance = max((apart**2).mean() - 2.0 * error * lost, (0.05 * speed) ** 2, _LEAST_MPS**2)
        alike = (apart[1:] * apart[:-1]).mean() + error * lost**2
        spread = np.sqrt(variance)
        memory = np.clip(-_WINDOW_S / np.log(np.clip(alike / variance, 1e-3, 0.99)), *_SPEED_LIMITS_S)
    return AlongModel(
        correlation_s,
        _LATERAL_M,
        _LATERAL_S,
        float(speed),
        max(float(spread), _LEAST_MPS),
        float(memory),
        _WHITE_M,
    )


def _line(chain: Chain, start_m: FloatArray, graph: RoadGraph, origin: FloatArray) -> tuple[Line, IntArray]:
    """Pieces as straight segments, and the first segment of each piece (and their number)."""
    if start_m[-1] == 0.0:
        return _standstill(chain.pieces[0], graph, origin), np.array([0] + [1] * len(chain.pieces))
    pieces = chain.pieces
    edge = np.array([piece.edge for piece in pieces])
    enter, leave = (np.array([getattr(piece, end) for piece in pieces]) for end in ("enter_m", "leave_m"))
    direction = np.array([piece.direction for piece in pieces])
    *line, firsts = _segments(
        edge, direction, enter, leave, start_m, origin, graph.edge_first_vertex, graph.edge_start_m,
        graph.vertex_xy, graph.vertex_chainage_m,
    )  # fmt: skip
    return Line(*line), firsts


@njit(cache=True)
def _segments(
    edge: IntArray, direction: IntArray, enter_m: FloatArray, leave_m: FloatArray, start_m: FloatArray,
    origin: FloatArray, first_vertex: IntArray, edge_start_m: FloatArray, xy: FloatArray,
    chainage: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray, IntArray]:  # fmt: skip
    """Start, place and direction of the straight segments of all pieces; and where each piece's begin."""
    most = 0
    for e in edge:
        most += first_vertex[e + 1] - first_vertex[e] + 1
    start, point, tangent = np.empty(most), np.empty((most, 2)), np.empty((most, 2))
    firsts, m = np.zeros(len(edge) + 1, dtype=np.int64), 0
    for p in range(len(edge)):
        first, last, ahead = first_vertex[edge[p]], first_vertex[edge[p] + 1] - 1, direction[p]
        zero = edge_start_m[edge[p]]
        at, at_x, at_y = enter_m[p], 0.0, 0.0
        # From the place of entry over the vertices before the exit, in the order of travel.
        j = first if ahead > 0 else last
        while first <= j <= last and ahead * (chainage[j] - zero - enter_m[p]) <= 0.0:
            j += ahead
        at_x, at_y = _point(enter_m[p] + zero, j, ahead, first, last, xy, chainage)
        at_x, at_y = at_x - origin[0], at_y - origin[1]
        done = False
        while not done:
            done = not first <= j <= last or ahead * (chainage[j] - zero - leave_m[p]) >= 0.0
            if done:
                to = leave_m[p]
                to_x, to_y = _point(leave_m[p] + zero, j, ahead, first, last, xy, chainage)
            else:
                to, to_x, to_y = chainage[j] - zero, xy[j, 0], xy[j, 1]
            to_x, to_y = to_x - origin[0], to_y - origin[1]
            length = np.hypot(to_x - at_x, to_y - at_y)
            if length > 0.0:
                start[m], point[m, 0], point[m, 1] = start_m[p] + abs(at - enter_m[p]), at_x, at_y
                tangent[m, 0], tangent[m, 1] = (to_x - at_x) / length, (to_y - at_y) / length
                m += 1
            at, at_x, at_y, j = to, to_x, to_y, j + ahead
        firsts[p + 1] = m
    return start[:m].copy(), point[:m].copy(), tangent[:m].copy(), firsts


@njit(cache=True)
def _point(
    at_m: float, following: int, ahead: int, first: int, last: int, xy: FloatArray, chainage: FloatArray
) -> tuple[float, float]:
    """Place at a chainage on an edge, between the vertex that follows and the one before it."""
    high = min(max(following if ahead > 0 else following + 1, first + 1), last)
    low = high - 1
    between = chainage[high] - chainage[low]
    part = min(max((at_m - chainage[low]) / between, 0.0), 1.0) if between > 0.0 else 0.0
    x = xy[low, 0] + part * (xy[high, 0] - xy[low, 0])
    return x, xy[low, 1] + part * (xy[high, 1] - xy[low, 1])


def _standstill(piece: Piece, graph: RoadGraph, origin: FloatArray) -> Line:
    """Tangent of a piece without length: a runner who stood."""
    rows = slice(graph.edge_first_vertex[piece.edge], graph.edge_first_vertex[piece.edge + 1])
    step = np.diff(graph.vertex_xy[rows], axis=0)
    length = np.hypot(step[:, 0], step[:, 1])
    ends = np.cumsum(length)
    here = min(int(np.searchsorted(ends, piece.enter_m)), int(np.flatnonzero(length > 0.0)[-1]))
    while length[here] == 0.0:
        here += 1
    tangent = step[here] / length[here]
    start = graph.vertex_xy[rows][here] - origin + (piece.enter_m - (ends[here] - length[here])) * tangent
    return Line(np.zeros(1), start[np.newaxis], piece.direction * tangent[np.newaxis])
