"""Longitudes about the antimeridian, where 180 degrees east are 180 degrees west.

Places are kept from -180 to 180. What follows a line, or lays several beside each other, takes them in one
turn instead, in which they go on beyond 180; what is written for others is cut there (RFC 7946, 3.1.9).
Where nothing is near 180, every function gives back the numbers that it was given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]
    Bounds = tuple[float, float, float, float]
    """West, south, east, north [deg]; east goes on beyond 180 where an area crosses the antimeridian."""


def wrapped(longitude_deg: ArrayLike) -> FloatArray:
    """Bring longitudes back to between -180 and 180; those that lie there stay as they are."""
    longitude = np.asarray(longitude_deg, dtype=np.float64)
    return np.where(np.abs(longitude) > 180.0, (longitude + 180.0) % 360.0 - 180.0, longitude)


def short_way(difference_deg: ArrayLike) -> FloatArray:
    """Take differences of longitude the short way round."""
    difference = np.asarray(difference_deg, dtype=np.float64)
    return np.where(np.abs(difference) > 180.0, difference - 360.0 * np.round(difference / 360.0), difference)


def unrolled(longitude_deg: FloatArray) -> FloatArray:
    """Let the longitudes of a line, shape (n,), go on beyond 180 where it crosses the antimeridian."""
    turns = np.round(np.nan_to_num(np.diff(longitude_deg)) / 360.0)
    if not turns.any():
        return longitude_deg
    return np.asarray(longitude_deg - 360.0 * np.r_[0.0, np.cumsum(turns)])


def seam_deg(longitude_deg: FloatArray) -> float:
    """Find where to begin to count, so that places lie together: amidst the widest gap between them.

    Longitudes of shape (n,), from -180 to 180 or NaN. Where they lie together as they are, they are all east
    of it.
    """
    known = longitude_deg[np.isfinite(longitude_deg)]
    if not len(known):
        return -180.0
    west, east = float(known.min()), float(known.max())
    if east - west > 180.0:
        places = np.unique(known)
        gaps = np.diff(places)
        widest = int(gaps.argmax())
        if gaps[widest] > west + 360.0 - east:
            return float(places[widest] + gaps[widest] / 2.0)
    return (west + east) / 2.0 - 180.0


def from_seam(longitude_deg: ArrayLike, seam: float) -> FloatArray:
    """Count longitudes, in whichever turn, from a seam on eastward."""
    longitude = np.asarray(longitude_deg, dtype=np.float64)
    return np.asarray(longitude - 360.0 * np.floor((longitude - seam) / 360.0))


def bounds_of(longitude_deg: FloatArray, latitude_deg: FloatArray) -> Bounds:
    """Find the area of places, shape (n,), one at least and none NaN; see `Bounds`."""
    longitude = from_seam(longitude_deg, seam_deg(longitude_deg))
    west, east = longitude.min(), longitude.max()
    return float(west), float(latitude_deg.min()), float(east), float(latitude_deg.max())


def is_inside(bounds: Bounds, longitude_deg: ArrayLike, latitude_deg: ArrayLike) -> NDArray[np.bool_]:
    """Tell which places, shape (n,), lie in an area."""
    west, south, east, north = bounds
    longitude, latitude = np.asarray(longitude_deg, dtype=float), np.asarray(latitude_deg, dtype=float)
    across = (longitude >= west) & (longitude <= east)
    across |= longitude + 360.0 <= east
    return across & (latitude >= south) & (latitude <= north)


def turned_to(bounds: Bounds, other: Bounds) -> Bounds:
    """Count an area in the turn in which it lies nearest to another."""
    west, south, east, north = bounds
    turn = 360.0 * round((other[0] + other[2] - west - east) / 720.0)
    return west + turn, south, east + turn, north


def overlap_deg2(one: Bounds, other: Bounds) -> float:
    """Give how much two areas have in common [square degrees]."""
    west, south, east, north = turned_to(one, other)
    wide, high = min(east, other[2]) - max(west, other[0]), min(north, other[3]) - max(south, other[1])
    return max(wide, 0.0) * max(high, 0.0)


def lines_seam_deg(lines: NDArray[np.object_]) -> float:
    """Find where to begin to count, so that lines lie together; see `seam_deg`."""
    return seam_deg(wrapped(shapely.get_coordinates(lines)[:, 0]))


def lines_from_seam(lines: NDArray[np.object_], seam: float) -> NDArray[np.object_]:
    """Count the longitudes of lines, in whichever turn, from a seam on eastward."""
    longitude = shapely.get_coordinates(lines)[:, 0]
    if (from_seam(longitude, seam) == longitude).all():
        return lines

    def moved(xy: FloatArray) -> FloatArray:
        return np.column_stack([from_seam(xy[:, 0], seam), xy[:, 1]])

    return np.asarray(shapely.transform(lines, moved), dtype=object)


def cut_at_antimeridian(lines: NDArray[np.object_]) -> NDArray[np.object_]:
    """Cut lines in degrees that cross the antimeridian in two, between -180 and 180."""
    cut = np.empty(len(lines), dtype=object)
    cut[:] = [_cut(line) for line in lines]
    return cut


def _cut(line: Any) -> Any:  # noqa: ANN401 - a geometry
    places = shapely.get_coordinates(line)
    longitude = unrolled(places[:, 0])
    if len(places) < 2 or ((np.abs(longitude) <= 180.0).all() and (longitude == places[:, 0]).all()):
        return line
    longitude, latitude = _with_crossings(longitude, places[:, 1])
    turn = np.floor(((longitude[:-1] + longitude[1:]) / 2.0 + 180.0) / 360.0)
    begins = np.flatnonzero(np.diff(turn, prepend=np.nan) != 0.0)
    pieces = []
    for first, end in zip(begins, np.append(begins[1:], len(turn)), strict=True):
        # A place a rounding error short of 180 may come out one beyond.
        here = np.clip(longitude[first : end + 1] - 360.0 * turn[first], -180.0, 180.0)
        pieces.append(shapely.LineString(np.column_stack([here, latitude[first : end + 1]])))
    return pieces[0] if len(pieces) == 1 else shapely.MultiLineString(pieces)


def _with_crossings(longitude: FloatArray, latitude: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give a line, in one turn, a place wherever it crosses the antimeridian."""
    turn = np.floor((longitude + 180.0) / 360.0)
    after = np.flatnonzero(np.diff(turn) != 0.0)
    border = 360.0 * np.maximum(turn[after], turn[after + 1]) - 180.0
    share = (border - longitude[after]) / (longitude[after + 1] - longitude[after])
    crossed = latitude[after] + share * (latitude[after + 1] - latitude[after])
    longitude, latitude = np.insert(longitude, after + 1, border), np.insert(latitude, after + 1, crossed)
    new = np.r_[True, (np.diff(longitude) != 0.0) | (np.diff(latitude) != 0.0)]
    return longitude[new], latitude[new]
