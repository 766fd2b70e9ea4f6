"""Points of a terrain model in the frame of a way: how far along its line, and how far beside it.

The line is drawn by hand, with corners; its direction is smoothed over about 8 m, since a grade of 8 % seen
3 degrees askew is a cross slope of 0.4 %.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numba
import numpy as np

from camber.kernels import compiled_once

if TYPE_CHECKING:
    from numpy.typing import NDArray

    BoolArray = NDArray[np.bool_]
    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

_NODE_M: Final = 1.0
"""About this far apart are the nodes of a smoothed line [m]."""

_SMOOTH_M: Final = 3.0
"""Standard deviation of the smoothing: about 8 m at half height (judgement)."""

_TURN_M: Final = 20.0
"""Length over which a bend's radius is taken [m] (judgement: corners of hand-drawn lines are points)."""

_COARSE: Final = 10


def smooth_line(line_xy: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Resample a polyline at about 1 m and smooth it; nodes (k, 2) and their chainages on the line (k,)."""
    step = np.hypot(*np.diff(line_xy, axis=0).T)
    passed = np.concatenate([[0.0], np.cumsum(step)])
    count = max(int(np.ceil(passed[-1] / _NODE_M)), 2)
    chainage = np.linspace(0.0, passed[-1], count + 1)
    node = np.stack([np.interp(chainage, passed, line_xy[:, axis]) for axis in (0, 1)], axis=1)
    spacing = chainage[1]
    reach = min(round(3.0 * _SMOOTH_M / spacing), count)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * spacing / _SMOOTH_M) ** 2)
    # Turned about its ends the line goes on straight, so that it keeps its ends.
    head, tail = 2.0 * node[0] - node[reach:0:-1], 2.0 * node[-1] - node[-2 : -2 - reach : -1]
    longer = np.concatenate([head, node, tail])
    smoothed = [np.convolve(longer[:, axis], kernel / kernel.sum(), mode="valid") for axis in (0, 1)]
    return np.stack(smoothed, axis=1), chainage


def tight(node_xy: FloatArray, chainage_m: FloatArray, radius_m: float) -> BoolArray:
    """Which nodes of a smoothed line lie in a bend tighter than a radius, shape (k,)."""
    across = np.diff(node_xy, axis=0)
    heading = np.unwrap(np.arctan2(across[:, 0], across[:, 1]))
    middle = (chainage_m[:-1] + chainage_m[1:]) / 2.0
    # The line goes on straight beyond its ends.
    ahead, behind = (np.interp(chainage_m + side * _TURN_M / 2.0, middle, heading) for side in (1.0, -1.0))
    return np.asarray(np.abs(ahead - behind) > _TURN_M / radius_m)


@compiled_once
@numba.njit(cache=True)
def beside_line(
    point_xyz: FloatArray, node_xy: FloatArray, chainage_m: FloatArray, reach_m: float
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Find the points within reach of a smoothed line and not beyond its ends.

    Returns their numbers, chainages and offsets from the line [m], positive right of the drawn direction.
    """
    n, last = len(point_xyz), len(node_xy) - 2
    number = np.empty(n, dtype=np.int64)
    along, beside = np.empty(n), np.empty(n)
    found = 0
    farthest = (reach_m + _COARSE * (chainage_m[1] - chainage_m[0])) ** 2
    for i in range(n):
        x, y = point_xyz[i, 0], point_xyz[i, 1]
        nearest, least = -1, farthest
        for j in range(0, last + 1 + _COARSE, _COARSE):
            k = min(j, last + 1)
            square = (x - node_xy[k, 0]) ** 2 + (y - node_xy[k, 1]) ** 2
            if square < least:
                nearest, least = k, square
        if nearest < 0:
            continue
        best, s, t, inside = np.inf, 0.0, 0.0, False
        for j in range(max(nearest - _COARSE, 0), min(nearest + _COARSE, last + 1)):
            dx, dy = node_xy[j + 1, 0] - node_xy[j, 0], node_xy[j + 1, 1] - node_xy[j, 1]
            length = np.sqrt(dx * dx + dy * dy)
            if length == 0.0:
                continue
            rx, ry = x - node_xy[j, 0], y - node_xy[j, 1]
            share = (rx * dx + ry * dy) / (length * length)
            foot = min(max(share, 0.0), 1.0)
            away = np.hypot(rx - foot * dx, ry - foot * dy)
            if away < best:
                # x east, y north: right of the direction is where the cross product is negative.
                best, t = away, (-away if dx * ry - dy * rx > 0.0 else away)
                s = chainage_m[j] + foot * (chainage_m[j + 1] - chainage_m[j])
                inside = not ((j == 0 and share < 0.0) or (j == last and share > 1.0))
        if best <= reach_m and inside:
            number[found], along[found], beside[found] = i, s, t
            found += 1
    return number[:found], along[:found], beside[:found]
