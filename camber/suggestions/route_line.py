"""The line that was run, by distance from its start: where a place beside it is passed, and where that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from camber.conventions import WGS84
from camber.geometry import project_to_segment

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.schema import LateralTrack

    FloatArray = NDArray[np.float64]


class RouteLine(NamedTuple):
    """A route as places by distance; shape (n_fixes,) unless said.

    Parameters
    ----------
    at_m : ndarray of float64
        Distance from the start of the route [m], never falling.
    xy : ndarray of float64, shape (n_fixes, 2)
        Places in the CRS of the roads [m].
    longitude_deg, latitude_deg : ndarray of float64
        The same places [deg].
    """

    at_m: FloatArray
    xy: FloatArray
    longitude_deg: FloatArray
    latitude_deg: FloatArray


def line_of(lateral: LateralTrack) -> RouteLine:
    """Take the line out of a track.

    Parameters
    ----------
    lateral : LateralTrack
        The fixes.

    Returns
    -------
    RouteLine
        The line; distances are those of the exposure's intervals, added up.
    """
    degrees = lateral.geometry.to_crs(WGS84)
    run_m = lateral["along_m"].to_numpy(dtype=float)
    return RouteLine(
        run_m - run_m[:1],
        np.column_stack([lateral.geometry.x, lateral.geometry.y]),
        np.asarray(degrees.x, dtype=np.float64),
        np.asarray(degrees.y, dtype=np.float64),
    )


def reversed_line(line: RouteLine) -> RouteLine:
    """Run a line the other way round.

    Parameters
    ----------
    line : RouteLine
        A line.

    Returns
    -------
    RouteLine
        The same places, with distances from the other end.
    """
    length_m = line.at_m[-1] if len(line.at_m) else 0.0
    return RouteLine(length_m - line.at_m[::-1], *(column[::-1] for column in line[1:]))


def places_at(line: RouteLine, at_m: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Say where the route is at given distances.

    Parameters
    ----------
    line : RouteLine
        The line.
    at_m : ndarray of float64, shape (n,)
        Distances from its start [m].

    Returns
    -------
    longitude_deg, latitude_deg : ndarray of float64, shape (n,)
        Places [deg].
    """
    return np.interp(at_m, line.at_m, line.longitude_deg), np.interp(at_m, line.at_m, line.latitude_deg)


def passed_at(line: RouteLine, place_xy: FloatArray, low_m: float, high_m: float) -> tuple[float, FloatArray]:
    """Find where a part of the route passes nearest to a place.

    Parameters
    ----------
    line : RouteLine
        The line, of two places at least.
    place_xy : ndarray of float64, shape (2,)
        The place [m].
    low_m, high_m : float
        Distances from the start between which it is looked for [m].

    Returns
    -------
    at_m : float
        Distance of the nearest point from the start [m].
    foot_xy : ndarray of float64, shape (2,)
        That point [m].
    """
    low_m, high_m = (min(max(bound, 0.0), float(line.at_m[-1])) for bound in (low_m, high_m))
    inside = (line.at_m > low_m) & (line.at_m < high_m)
    marks = np.r_[low_m, line.at_m[inside], high_m]
    ends = np.column_stack([np.interp([low_m, high_m], line.at_m, line.xy[:, axis]) for axis in (0, 1)])
    xy = np.concatenate([ends[:1], line.xy[inside], ends[1:]])
    start, step = xy[:-1], np.diff(xy, axis=0)
    along, offset = project_to_segment(np.broadcast_to(place_xy, start.shape), start, xy[1:])
    best = int(np.abs(offset).argmin())
    length = np.hypot(*step[best])
    share = along[best] / length if length > 0.0 else 0.0
    at_m = marks[best] + share * (marks[best + 1] - marks[best])
    return float(at_m), np.asarray(start[best] + share * step[best])
