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

from camber.kernels import compiled_once

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

_T = TypeVar("_T")


def to_travel_frame(value: FloatArray, travel_direction: NDArray[np.int64]) -> FloatArray:
    """Turn a signed quantity of the way frame (offset, cross slope) into the travel frame, or back.

    Positive is right of the drawn direction in, right of travel out; directions are +1 along, -1 against.
    """
    return value * travel_direction


def swap_sides(left: _T, right: _T, travel_direction: int) -> tuple[_T, _T]:
    """Turn a left/right pair of the way frame (``sidewalk:left``, ``parking:left``) into the travel frame."""
    return (left, right) if travel_direction >= 0 else (right, left)


def project_to_segment(
    point_xy: FloatArray, start_xy: FloatArray, end_xy: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Place along straight segments and signed offset from them [m], each point, (n, 2), against its own.

    The place is clipped to the segment, of length zero a point; the offset is the distance from there,
    positive right of the direction from start to end.
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


@compiled_once
@numba.njit(cache=True)
def project_to_line(
    point_xy: FloatArray, line_xy: FloatArray
) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
    """Chainage on a polyline and signed offset from it [m] of points, and whether they lie beside it.

    The offset is positive right of the drawn direction. Beside is False where the nearest place is an end of
    the line and the point lies beyond it.
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


def local_utm(bounds_deg: tuple[float, float, float, float]) -> str:
    """Universal Transverse Mercator zone of the middle of an area (west, south, east, north): EPSG code.

    Zones are 6 degrees wide from 180 W: EPSG 32601 to 32660 in the north, 32701 to 32760 in the south.
    """
    west, south, east, north = bounds_deg
    zone = int(((west + east) / 2.0 + 180.0) // 6.0) % 60 + 1
    return f"EPSG:{(32600 if south + north >= 0.0 else 32700) + zone}"


def heading_deg(delta_xy: FloatArray) -> FloatArray:
    """Heading of displacements, shape (n, 2): degrees clockwise from north in [0, 360), NaN for no step."""
    angle = np.degrees(np.arctan2(delta_xy[:, 0], delta_xy[:, 1])) % 360.0
    return np.where(np.hypot(delta_xy[:, 0], delta_xy[:, 1]) > 0.0, angle, np.nan)


def circle_radius(before_xy: FloatArray, here_xy: FloatArray, after_xy: FloatArray) -> FloatArray:
    """Signed radius [m] of the circle through three points in the order of travel, positive to the right.

    Infinite where they are in line. Circumscribed circle: R = abc / (4 A), the law of sines.
    """
    a = np.hypot(*(here_xy - before_xy).T)
    b = np.hypot(*(after_xy - here_xy).T)
    c = np.hypot(*(after_xy - before_xy).T)
    first, second = here_xy - before_xy, after_xy - here_xy
    doubled_area = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    straight = np.abs(doubled_area) <= 1e-9 * np.maximum(a * b, 1e-12)
    return np.where(straight, np.inf, -a * b * c / np.where(straight, 1.0, 2.0 * doubled_area))


def parallel_line(line: shapely.LineString, offset_m: float) -> shapely.LineString | shapely.MultiLineString:
    """Line at an offset [m], positive right of the drawn direction; in parts where it would cross itself."""
    # shapely counts an offset to the left as positive.
    return shapely.offset_curve(line, -offset_m, join_style="mitre")
