"""Where along its chain each fix truly was: a smoother over place, speed and the receiver's error.

The nearest place on a line is as wrong along it as the receiver is: 4 m, as often before as behind a
junction. But a runner keeps a speed, a receiver its error, and where the line turns, what was an error along
it becomes one across it, which is seen. One linear-Gaussian model says all three.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numba import njit

from camber.cross_section import ACROSS_M
from camber.kernels import compiled_once, inner_kernel
from camber.matching.chain import HOP

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.matching.chain import Chain, States
    from camber.matching.trellis import Fixes
    from camber.schema import RoadGraph

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

_LATERAL_S: Final = 60.0
"""Correlation time of the runner's place across the street [s] (judgement: a runner keeps a side for minutes
and weaves within it)."""

_SPEED_S: Final = 60.0
"""Correlation time of the speed of a short run [s] (judgement)."""

_SPEED_LIMITS_S: Final = (4.0, 90.0)
"""The same where the fixes say it: from stop and go to a steady pace [s] (judgement)."""

_LEAST_MPS: Final = 0.05
"""No speed is steadier than this [m/s] (judgement)."""

_START_M: Final = 20.0
"""How well the guess of the first place is known, the receiver's error apart [m] (judgement)."""

_WHITE_M: Final = 0.5
"""Error of a fix without memory [m] (judgement: rounding, the swing of the arm)."""

_WINDOW_S: Final = 20.0
"""Over so long the speed is read off the fixes, to see how much it varies [s] (judgement)."""


class Pieces(NamedTuple):
    """The pieces of a chain as arrays; shape (n_pieces,) but for the last."""

    edge: IntArray
    direction: IntArray
    enter_m: FloatArray
    leave_m: FloatArray
    group: IntArray  # another one after each hop
    start_m: FloatArray  # (n_pieces + 1,): distance along the chain at which each starts, and the end


class Line(NamedTuple):
    """Straight segments that follow each other, in the order of travel; each may start anywhere."""

    start_m: FloatArray  # (n_segments,): distance along the line
    start_xy: FloatArray  # (n_segments, 2)
    tangent: FloatArray  # (n_segments, 2): unit vector in the direction of travel


class Seen(NamedTuple):
    """Fixes of one chain as the smoother sees them; shape (n,)."""

    xy: FloatArray  # (n, 2)
    seconds: FloatArray  # since the fix before; the first is not read
    sigma_m: FloatArray  # standard deviation of the receiver's error, per axis
    first: IntArray  # segments that each fix may be on, both ends included: what is known of parallel
    last: IntArray  # lines is not for the distance to decide


class AlongModel(NamedTuple):
    """Sizes of what moves the fixes."""

    correlation_s: float  # of the receiver's error
    lateral_sigma_m: float  # of the runner's place across the line
    lateral_s: float  # correlation time of that
    speed_mps: float  # mean
    speed_sigma_mps: float  # standard deviation about it
    speed_s: float  # correlation time of that
    white_m: float  # error without memory, per axis


class Placed(NamedTuple):
    """Fixes of one chain, each on a piece of it; shape (n,) where nothing else is said."""

    fix: IntArray
    piece: IntArray
    distance_m: FloatArray  # along the chain
    std_m: FloatArray
    segment: IntArray  # of the line
    line: Line  # the chain, metres from `origin`
    origin: FloatArray  # (2,)
    pieces: Pieces


def place_on_chain(
    chain: Chain, states: States, fixes: Fixes, correlation_s: float, graph: RoadGraph
) -> Placed:
    """Find where along its chain each fix was; a fix keeps its side of a hop."""
    pieces = _pieces(chain)
    fix = np.concatenate([np.arange(begin, end) for begin, end, _ in chain.runs])
    place = np.repeat([place for *_, place in chain.runs], [end - begin for begin, end, _ in chain.runs])
    # Small numbers keep their digits wherever on the grid the run is.
    origin = fixes.xy[fix[0]]
    line, first_segment = _line(pieces, graph, origin)
    first_piece = np.searchsorted(pieces.group, pieces.group[place], side="left")
    last_piece = np.searchsorted(pieces.group, pieces.group[place], side="right") - 1
    guess = _guess(pieces, place, states.along_m[fix], states.edge[fix])
    lasted = np.diff(np.cumsum(fixes.seconds)[fix], prepend=0.0)
    lasted[0] = 0.0
    receiver = np.sqrt(np.maximum(fixes.sigma_m[fix] ** 2 - ACROSS_M**2, 1.0))
    model = _model(guess, lasted, receiver, correlation_s)
    first, last = first_segment[first_piece], np.maximum(first_segment[last_piece + 1] - 1, 0)
    first = np.minimum(first, last)
    seen = Seen(fixes.xy[fix] - origin, lasted, receiver, first, last)
    distance, std = smooth_along(line, seen, guess, model, rounds=3)
    distance = np.clip(distance, pieces.start_m[first_piece], pieces.start_m[last_piece + 1])
    piece = np.searchsorted(pieces.start_m, distance, side="right") - 1
    piece = np.clip(piece, first_piece, last_piece)
    segment = np.clip(np.searchsorted(line.start_m, distance, side="right") - 1, first, last)
    return Placed(fix, piece, distance, std, segment, line, origin, pieces)


def _pieces(chain: Chain) -> Pieces:
    edge, direction, enter_m, leave_m, joint = map(np.array, zip(*chain.pieces, strict=True))
    start_m = np.concatenate([[0.0], np.cumsum(np.abs(leave_m - enter_m))])
    return Pieces(edge, direction, enter_m, leave_m, np.cumsum(joint == HOP), start_m)


def _guess(pieces: Pieces, place: IntArray, along_m: FloatArray, edge: IntArray) -> FloatArray:
    """Distance along the chain of fixes, from their places on their likeliest edges [m]."""
    progress = pieces.direction[place] * (along_m - pieces.enter_m[place])
    # A fix whose own edge was left out of the chain stands at the end of the piece before it.
    progress = np.where(edge == pieces.edge[place], progress, np.inf)
    within = np.clip(progress, 0.0, np.diff(pieces.start_m)[place])
    return np.asarray(pieces.start_m[place] + within)


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
        ACROSS_M,
        _LATERAL_S,
        float(speed),
        max(float(spread), _LEAST_MPS),
        float(memory),
        _WHITE_M,
    )


def _line(pieces: Pieces, graph: RoadGraph, origin: FloatArray) -> tuple[Line, IntArray]:
    """Pieces as straight segments, and the first segment of each piece (and their number)."""
    if pieces.start_m[-1] == 0.0:
        return _standstill(pieces, graph, origin), np.array([0] + [1] * len(pieces.edge))
    shapes = _Shapes(graph.edge_first_vertex, graph.edge_start_m, graph.vertex_xy, graph.vertex_chainage_m)
    found: tuple[Line, IntArray] = _segments(pieces, shapes, origin)
    return found


class _Shapes(NamedTuple):
    """Shapes of edges, as in `camber.schema.RoadGraph`."""

    first_vertex: IntArray
    start_m: FloatArray
    xy: FloatArray
    chainage_m: FloatArray


@compiled_once
@njit(cache=True)
def _segments(pieces: Pieces, shapes: _Shapes, origin: FloatArray) -> tuple[Line, IntArray]:
    """Straight segments of all pieces, in the order of travel; and where each piece's begin."""
    most = 0
    for e in pieces.edge:
        most += shapes.first_vertex[e + 1] - shapes.first_vertex[e] + 1
    start, point, tangent = np.empty(most), np.empty((most, 2)), np.empty((most, 2))
    firsts, m = np.zeros(len(pieces.edge) + 1, dtype=np.int64), 0
    for p in range(len(pieces.edge)):
        e, ahead, enter, leave = pieces.edge[p], pieces.direction[p], pieces.enter_m[p], pieces.leave_m[p]
        first, last, zero = shapes.first_vertex[e], shapes.first_vertex[e + 1] - 1, shapes.start_m[e]
        # From the place of entry over the vertices before the exit, in the order of travel.
        j = first if ahead > 0 else last
        while first <= j <= last and ahead * (shapes.chainage_m[j] - zero - enter) <= 0.0:
            j += ahead
        at = enter
        at_x, at_y = _point(enter + zero, j, ahead, first, last, shapes)
        at_x, at_y = at_x - origin[0], at_y - origin[1]
        done = False
        while not done:
            done = not first <= j <= last or ahead * (shapes.chainage_m[j] - zero - leave) >= 0.0
            if done:
                to = leave
                to_x, to_y = _point(leave + zero, j, ahead, first, last, shapes)
            else:
                to, to_x, to_y = shapes.chainage_m[j] - zero, shapes.xy[j, 0], shapes.xy[j, 1]
            to_x, to_y = to_x - origin[0], to_y - origin[1]
            length = np.hypot(to_x - at_x, to_y - at_y)
            if length > 0.0:
                start[m], point[m, 0], point[m, 1] = pieces.start_m[p] + abs(at - enter), at_x, at_y
                tangent[m, 0], tangent[m, 1] = (to_x - at_x) / length, (to_y - at_y) / length
                m += 1
            at, at_x, at_y, j = to, to_x, to_y, j + ahead
        firsts[p + 1] = m
    return Line(start[:m].copy(), point[:m].copy(), tangent[:m].copy()), firsts


@inner_kernel
def _point(
    at_m: float, following: int, ahead: int, first: int, last: int, shapes: _Shapes
) -> tuple[float, float]:
    """Place at a chainage on an edge, between the vertex that follows and the one before it."""
    high = min(max(following if ahead > 0 else following + 1, first + 1), last)
    low = high - 1
    between = shapes.chainage_m[high] - shapes.chainage_m[low]
    part = min(max((at_m - shapes.chainage_m[low]) / between, 0.0), 1.0) if between > 0.0 else 0.0
    x = shapes.xy[low, 0] + part * (shapes.xy[high, 0] - shapes.xy[low, 0])
    return x, shapes.xy[low, 1] + part * (shapes.xy[high, 1] - shapes.xy[low, 1])


def _standstill(pieces: Pieces, graph: RoadGraph, origin: FloatArray) -> Line:
    """Tangent of a piece without length: a runner who stood."""
    enter_m, edge = pieces.enter_m[0], pieces.edge[0]
    rows = slice(graph.edge_first_vertex[edge], graph.edge_first_vertex[edge + 1])
    step = np.diff(graph.vertex_xy[rows], axis=0)
    length = np.hypot(step[:, 0], step[:, 1])
    ends = np.cumsum(length)
    here = min(int(np.searchsorted(ends, enter_m)), int(np.flatnonzero(length > 0.0)[-1]))
    while length[here] == 0.0:
        here += 1
    tangent = step[here] / length[here]
    start = graph.vertex_xy[rows][here] - origin + (enter_m - (ends[here] - length[here])) * tangent
    return Line(np.zeros(1), start[np.newaxis], pieces.direction[0] * tangent[np.newaxis])


def smooth_along(
    line: Line, seen: Seen, guess_m: FloatArray, model: AlongModel, *, rounds: int = 2
) -> tuple[FloatArray, FloatArray]:
    """Estimate the distance along a line of every fix, and its standard deviation [m], from all fixes.

    State: distance along the line, speed (an Ornstein-Uhlenbeck process about its mean), the receiver's
    error east and north (one each) and the runner's place across the line (another). A fix is the line's
    point at that distance, plus the place across, plus the error; linearised about the last estimate
    and over its uncertainty, so that a corner within reach counts as the bend it is (iterated posterior
    linearisation smoother: Garcia-Fernandez, Svensson & Sarkka 2017, IEEE Trans. Autom. Control 62(4)).
    Backward pass after Bierman (1973, "Fixed interval smoothing with discrete measurements"), which inverts
    no matrix. Fixes further than three standard deviations from the forecast count less (Huber 1964).
    """
    distance, std = guess_m, 0.5 * seen.sigma_m
    for _ in range(rounds):
        distance, std = _smooth(line, seen, distance, std, model)
    return distance, std


class _Passed(NamedTuple):
    """What the forward pass leaves for the backward pass."""

    distance: FloatArray  # (n,): mean after each fix
    cov: FloatArray  # (n, 5, 5): covariance after each fix
    gain: FloatArray  # (n, 2, 5): of each coordinate
    seen: FloatArray  # (n, 2, 4): slope ahead and aside, misfit, and one over its variance
    keep: FloatArray  # (n, 5): what is left of each state after the step to the fix
    reach: FloatArray  # (n,): distance that a speed above the mean adds in that step [s]


@compiled_once
@njit(cache=True)
def _smooth(
    line: Line, seen: Seen, guess_m: FloatArray, guess_std_m: FloatArray, model: AlongModel
) -> tuple[FloatArray, FloatArray]:
    n = len(guess_m)
    mean, cov = np.zeros(5), np.zeros((5, 5))
    passed = _Passed(np.empty(n), np.empty((n, 5, 5)), np.empty((n, 2, 5)), np.empty((n, 2, 4)),
                     np.empty((n, 5)), np.zeros(n))  # fmt: skip
    passed.keep[:] = 1.0
    # Before the first fix: somewhere around its guess, at the mean speed.
    mean[0] = guess_m[0]
    cov[0, 0], cov[1, 1] = _START_M**2 + seen.sigma_m[0] ** 2, model.speed_sigma_mps**2
    cov[2, 2] = cov[3, 3] = seen.sigma_m[0] ** 2
    cov[4, 4] = model.lateral_sigma_m**2
    for i in range(n):
        if i > 0:
            h, keep = seen.seconds[i], passed.keep[i]
            mean[0] += model.speed_mps * h
            if i > 1 and h == seen.seconds[i - 1]:
                for j in range(1, 5):
                    keep[j] = passed.keep[i - 1, j]
            else:
                keep[1] = np.exp(-h / model.speed_s)
                keep[2] = keep[3] = np.exp(-h / model.correlation_s)
                keep[4] = np.exp(-h / model.lateral_s)
            passed.reach[i] = model.speed_s * (1.0 - keep[1])
            _forecast(mean, cov, keep, passed.reach[i])
            _spread(cov, keep, h, seen.sigma_m[i], model)
        about, slope, bent = _linearise(line, guess_m[i], guess_std_m[i], seen.first[i], seen.last[i])
        # The place across moves a fix to the right of the slope.
        aside = (slope[1], -slope[0])
        for axis in range(2):
            row = passed.seen[i, axis]
            row[0], row[1] = slope[axis], aside[axis]
            apart = seen.xy[i, axis] - about[axis] + slope[axis] * guess_m[i]
            _update(mean, cov, passed.gain[i, axis], row, axis, apart, model.white_m**2 + bent[axis])
        passed.distance[i] = mean[0]
        for j in range(5):
            for k in range(5):
                passed.cov[i, j, k] = cov[j, k]
    return _backward(passed)


@inner_kernel
def _linearise(
    line: Line, distance_m: float, std_m: float, first: int, last: int
) -> tuple[tuple[float, float], tuple[float, float], tuple[float, float]]:
    """Point and slope of the line over the places where the fix may be, and the variance they leave.

    Three-point Gauss-Hermite: at the distance and the root of three standard deviations to either side.
    """
    reach = np.sqrt(3.0) * max(std_m, 0.1)
    here = _segment(line.start_m, distance_m, first, last)
    ahead = _segment(line.start_m, distance_m + reach, here, last)
    behind = _segment(line.start_m, distance_m - reach, first, here)
    middle_x, middle_y = _at(line, here, distance_m)
    after_x, after_y = _at(line, ahead, distance_m + reach)
    before_x, before_y = _at(line, behind, distance_m - reach)
    bend_x, bend_y = after_x - 2.0 * middle_x + before_x, after_y - 2.0 * middle_y + before_y
    return (
        ((4.0 * middle_x + after_x + before_x) / 6.0, (4.0 * middle_y + after_y + before_y) / 6.0),
        ((after_x - before_x) / (2.0 * reach), (after_y - before_y) / (2.0 * reach)),
        (bend_x * bend_x / 18.0, bend_y * bend_y / 18.0),
    )


@inner_kernel
def _at(line: Line, segment: int, distance_m: float) -> tuple[float, float]:
    """Place on a segment, or beyond it."""
    gone = distance_m - line.start_m[segment]
    x = line.start_xy[segment, 0] + line.tangent[segment, 0] * gone
    return x, line.start_xy[segment, 1] + line.tangent[segment, 1] * gone


@inner_kernel
def _segment(start_m: FloatArray, distance_m: float, first: int, last: int) -> int:
    """Segment at a distance, by halving."""
    low, high = first, last
    while low < high:
        middle = (low + high + 1) // 2
        if start_m[middle] <= distance_m:
            low = middle
        else:
            high = middle - 1
    return low


@inner_kernel
def _forecast(mean: FloatArray, cov: FloatArray, keep: FloatArray, reach: float) -> None:
    """Apply the transition F to mean and covariance, in place; the speed is its difference from the mean."""
    mean[0] += reach * mean[1]
    for k in range(1, 5):
        mean[k] *= keep[k]
    # F P, then F P F': the distance takes up what the speed adds, all else fades.
    for j in range(5):
        cov[0, j] += reach * cov[1, j]
        for k in range(1, 5):
            cov[k, j] *= keep[k]
    for j in range(5):
        cov[j, 0] += reach * cov[j, 1]
        for k in range(1, 5):
            cov[j, k] *= keep[k]


@inner_kernel
def _spread(cov: FloatArray, keep: FloatArray, h: float, sigma_m: float, model: AlongModel) -> None:
    """Add what is new after ``h`` seconds (the process and its integral: Gillespie 1996, equation 2.14)."""
    fresh, speed_s = model.speed_sigma_mps**2, model.speed_s
    # The difference of large numbers below is lost in rounding for short steps, where it is its first term.
    grown = speed_s**2 * (2.0 * h / speed_s - 3.0 + 4.0 * keep[1] - keep[1] * keep[1])
    cov[0, 0] += fresh * (grown if h > 0.01 * speed_s else 2.0 * h**3 / (3.0 * speed_s))
    together = fresh * speed_s * (1.0 - keep[1]) ** 2
    cov[0, 1] += together
    cov[1, 0] += together
    cov[1, 1] += fresh * (1.0 - keep[1] * keep[1])
    cov[2, 2] += sigma_m**2 * (1.0 - keep[2] * keep[2])
    cov[3, 3] += sigma_m**2 * (1.0 - keep[3] * keep[3])
    cov[4, 4] += model.lateral_sigma_m**2 * (1.0 - keep[4] * keep[4])


@inner_kernel
def _update(
    mean: FloatArray, cov: FloatArray, gain: FloatArray, seen: FloatArray, axis: int, apart: float,
    noise_m2: float,
) -> None:  # fmt: skip
    """Take in one coordinate of a fix; ``seen`` gets its misfit and the inverse of that one's variance."""
    # The row H of what is seen has three entries: the slope at the distance, 1 at the receiver's error on
    # this axis, and the side. Gain P H' (not yet divided) and variance H P H' + noise.
    ahead, side = seen[0], seen[1]
    for j in range(5):
        gain[j] = ahead * cov[j, 0] + cov[j, 2 + axis] + side * cov[j, 4]
    variance = ahead * gain[0] + gain[2 + axis] + side * gain[4] + noise_m2
    misfit = apart - ahead * mean[0] - mean[2 + axis] - side * mean[4]
    # A misfit beyond three standard deviations widens the variance (Huber).
    variance *= max(1.0, abs(misfit) / (3.0 * np.sqrt(variance)))
    for j in range(5):
        for k in range(5):
            cov[j, k] -= gain[j] * gain[k] / variance
    for j in range(5):
        gain[j] /= variance
        mean[j] += gain[j] * misfit
    seen[2], seen[3] = misfit, 1.0 / variance


@inner_kernel
def _backward(passed: _Passed) -> tuple[FloatArray, FloatArray]:
    """Correct m - P l and P - P L P by what all later fixes say: adjoint l, weight L (Bierman's form)."""
    n = len(passed.distance)
    distance, std = np.empty(n), np.empty(n)
    adjoint, weight, carried = np.zeros(5), np.zeros((5, 5)), np.zeros(5)
    for i in range(n - 1, -1, -1):
        # Only the distance is asked for: the first row of P.
        row = passed.cov[i, 0]
        shift, narrowed = 0.0, 0.0
        for j in range(5):
            shift += row[j] * adjoint[j]
            for k in range(5):
                narrowed += row[j] * weight[j, k] * row[k]
        distance[i] = passed.distance[i] - shift
        std[i] = np.sqrt(max(row[0] - narrowed, 0.0))
        # Back over both updates by this fix, the later one first, and over the step to it.
        for axis in (1, 0):
            _recall(adjoint, weight, carried, passed.gain[i, axis], passed.seen[i, axis], axis)
        _recede(adjoint, weight, passed.keep[i], passed.reach[i])
    return distance, std


@inner_kernel
def _recall(
    adjoint: FloatArray, weight: FloatArray, carried: FloatArray, gain: FloatArray, seen: FloatArray,
    axis: int,
) -> None:  # fmt: skip
    """Take adjoint and weight back over one update: l - H' (K' l + d / v), (I - K H)' L (I - K H) + H' H / v.

    ``K`` is the gain, ``d`` the misfit, ``v`` its variance, ``H`` the row of three entries of `_update`.
    """
    ahead, side, misfit, precision = seen[0], seen[1], seen[2], seen[3]
    along, through = 0.0, 0.0
    for j in range(5):
        along += gain[j] * adjoint[j]
        carried[j] = 0.0
        for k in range(5):
            carried[j] += weight[j, k] * gain[k]
    for j in range(5):
        through += gain[j] * carried[j]
    for j, row in ((0, ahead), (2 + axis, 1.0), (4, side)):
        adjoint[j] -= row * (along + precision * misfit)
        for k in range(5):
            weight[j, k] -= row * carried[k]
            weight[k, j] -= row * carried[k]
    for j, row in ((0, ahead), (2 + axis, 1.0), (4, side)):
        for k, column in ((0, ahead), (2 + axis, 1.0), (4, side)):
            weight[j, k] += row * column * (through + precision)


@inner_kernel
def _recede(adjoint: FloatArray, weight: FloatArray, keep: FloatArray, reach: float) -> None:
    """Apply the transposed transition to adjoint and weight, in place: F' l and F' L F."""
    adjoint[1] = keep[1] * adjoint[1] + reach * adjoint[0]
    for k in range(2, 5):
        adjoint[k] *= keep[k]
    for j in range(5):
        weight[1, j] = keep[1] * weight[1, j] + reach * weight[0, j]
        for k in range(2, 5):
            weight[k, j] *= keep[k]
    for j in range(5):
        weight[j, 1] = keep[1] * weight[j, 1] + reach * weight[j, 0]
        for k in range(2, 5):
            weight[j, k] *= keep[k]
