"""Chainage, signed offset, heading and curvature: arrays in, arrays out.

The only place that turns the way frame (as drawn in OpenStreetMap) into the travel frame, and the
only one that may call what counts offsets to the left as positive (``shapely.offset_curve``).
Positions are metres in a local UTM system, x east and y north; headings are degrees clockwise from north.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numba
import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

_T = TypeVar("_T")


def to_travel_frame(value: FloatArray, travel_direction: NDArray[np.int64]) -> FloatArray:
    """Turn a signed quantity of the way frame (offset, cross slope) into the travel frame, or back.

    Positive is right of the drawn direction in, right of travel out.

    Parameters
    ----------
    value : ndarray of float64
        Signed quantity, positive right of (or falling to the right of) the drawn direction; any unit.
    travel_direction : ndarray of int64
        +1 along, -1 against the drawn direction.

    Returns
    -------
    ndarray of float64
        The same quantity, positive to the right of travel.
    """
    return value * travel_direction


def swap_sides(left: _T, right: _T, travel_direction: int) -> tuple[_T, _T]:
    """Turn a left/right pair of the way frame (``sidewalk:left``, ``parking:left``) into the travel frame.

    Parameters
    ----------
    left, right : object
        Values of the left and right of the drawn direction.
    travel_direction : int
        +1 along, -1 against the drawn direction.

    Returns
    -------
    tuple
        The values on the left and on the right of travel.
    """
    return (left, right) if travel_direction >= 0 else (right, left)


def project_to_segment(
    point_xy: FloatArray, start_xy: FloatArray, end_xy: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Foot of the perpendicular and signed offset of points from straight segments.

    Parameters
    ----------
    point_xy, start_xy, end_xy : ndarray of float64, shape (n, 2)
        Points, and the segments they are held against [m]; a segment of length zero counts as a point.

    Returns
    -------
    along_m : ndarray of float64, shape (n,)
        Distance [m] from the start to the foot, clipped to the segment.
    offset_m : ndarray of float64, shape (n,)
        Distance [m] from the foot, positive right of the direction start to end; beyond the ends it is the
        distance to the end point, with the sign of the side.
    """
    direction = end_xy - start_xy
    length = np.hypot(direction[:, 0], direction[:, 1])
    safe = np.where(length > 0.0, length, 1.0)
    relative = point_xy - start_xy
    along = np.clip((relative * direction).sum(axis=1) / safe, 0.0, length)
    foot = start_xy + direction * (along / safe)[:, np.newaxis]
    distance = np.hypot(*(point_xy - foot).T)
    # x east, y north: a point right of the direction has a negative cross product with it.
    cross = direction[:, 0] * relative[:, 1] - direction[:, 1] * relative[:, 0]
    return along, np.where(cross > 0.0, -distance, distance)


@numba.njit(cache=True)
def project_to_line(
    point_xy: FloatArray, line_xy: FloatArray
) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
    """Chainage and signed offset of points from a polyline.

    Parameters
    ----------
    point_xy : ndarray of float64, shape (n, 2)
        Points [m].
    line_xy : ndarray of float64, shape (m, 2)
        Vertices in the drawn direction [m].

    Returns
    -------
    chainage_m : ndarray of float64, shape (n,)
        Distance [m] along the line to the nearest place on it.
    offset_m : ndarray of float64, shape (n,)
        Distance [m] from it, positive right of the drawn direction.
    beside : ndarray of bool, shape (n,)
        False where the nearest place is an end of the line and the point lies beyond it.
    """
    n = len(point_xy)
    chainage, offset, beside = np.zeros(n), np.full(n, np.inf), np.zeros(n, dtype=np.bool_)
    passed = 0.0
    last = len(line_xy) - 2
    for j in range(last + 1):
        dx, dy = line_xy[j + 1, 0] - line_xy[j, 0], line_xy[j + 1, 1] - line_xy[j, 1]
        length = np.sqrt(dx * dx + dy * dy)
        if length == 0.0:
            continue
        for i in range(n):
            rx, ry = point_xy[i, 0] - line_xy[j, 0], point_xy[i, 1] - line_xy[j, 1]
            along = (rx * dx + ry * dy) / length
            foot = min(max(along, 0.0), length)
            away = np.hypot(rx - foot * dx / length, ry - foot * dy / length)
            if away < abs(offset[i]):
                # x east, y north: right of the direction is where the cross product is negative.
                offset[i] = -away if dx * ry - dy * rx > 0.0 else away
                chainage[i] = passed + foot
                beside[i] = not ((j == 0 and along < 0.0) or (j == last and along > length))
        passed += length
    return chainage, offset, beside


def heading_deg(delta_xy: FloatArray) -> FloatArray:
    """Heading of displacement vectors.

    Parameters
    ----------
    delta_xy : ndarray of float64, shape (n, 2)
        Displacements [m], x east and y north.

    Returns
    -------
    ndarray of float64, shape (n,)
        Degrees [deg] clockwise from north in [0, 360); NaN for a zero vector.
    """
    angle = np.degrees(np.arctan2(delta_xy[:, 0], delta_xy[:, 1])) % 360.0
    return np.where(np.hypot(delta_xy[:, 0], delta_xy[:, 1]) > 0.0, angle, np.nan)


def right_normal(heading: FloatArray) -> FloatArray:
    """Turn headings into the unit vectors to the right of them.

    Parameters
    ----------
    heading : ndarray of float64, shape (n,)
        Degrees [deg] clockwise from north.

    Returns
    -------
    ndarray of float64, shape (n, 2)
        Unit vectors, x east and y north.
    """
    angle = np.radians(heading)
    return np.stack([np.cos(angle), -np.sin(angle)], axis=1)


def circle_radius(before_xy: FloatArray, here_xy: FloatArray, after_xy: FloatArray) -> FloatArray:
    """Signed radius of the circle through three points.

    Parameters
    ----------
    before_xy, here_xy, after_xy : ndarray of float64, shape (n, 2)
        Points in the order of travel [m].

    Returns
    -------
    ndarray of float64, shape (n,)
        Radius [m], positive for a bend to the right, infinite where the points are in line. Circumscribed
        circle: R = abc / (4 A), the law of sines.
    """
    a = np.hypot(*(here_xy - before_xy).T)
    b = np.hypot(*(after_xy - here_xy).T)
    c = np.hypot(*(after_xy - before_xy).T)
    first, second = here_xy - before_xy, after_xy - here_xy
    doubled_area = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    straight = np.abs(doubled_area) <= 1e-9 * np.maximum(a * b, 1e-12)
    return np.where(straight, np.inf, -a * b * c / np.where(straight, 1.0, 2.0 * doubled_area))


def parallel_line(line: shapely.LineString, offset_m: float) -> shapely.LineString | shapely.MultiLineString:
    """Line at a constant offset; positive is right of the drawn direction.

    Parameters
    ----------
    line : LineString
        Line in metres.
    offset_m : float
        Offset [m], positive right.

    Returns
    -------
    LineString or MultiLineString
        The parallel line in the same direction, in several parts where it would cross itself; mitred corners.
    """
    # shapely counts an offset to the left as positive.
    return shapely.offset_curve(line, -offset_m, join_style="mitre")
