"""The fixed grid of tiles, 0.05 degrees on a side: what is asked for and kept does not reveal a home.

Kernel first: rows and columns as arrays; then `Tile`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

PER_DEGREE: Final = 20
"""Tiles per degree: 0.05 degrees are 5.6 km north to south and 3.6 km west to east at 50 N (issue 6)."""

ROWS: Final = 180 * PER_DEGREE
COLUMNS: Final = 360 * PER_DEGREE
_CELLS: Final = ROWS * COLUMNS

MARGIN_M: Final = 200.0
"""How far around a track roads are wanted [m] (users.md section 4)."""

METRES_PER_DEGREE: Final = 111_320.0
"""Length of one degree of a great circle on a sphere of 6378 km [m]."""

_NARROWEST: Final = 0.01
"""Smallest cosine of the latitude that counts: nobody runs within 60 km of a pole."""


@dataclass(frozen=True, order=True)
class Tile:
    """One cell of the grid.

    Parameters
    ----------
    row : int
        From 0 at the south pole, northward.
    column : int
        From 0 at 180 W, eastward.
    """

    row: int
    column: int

    @property
    def key(self) -> int:
        """Number of the tile, row by row.

        Returns
        -------
        int
            From 0 on.
        """
        return self.row * COLUMNS + self.column

    @property
    def name(self) -> str:
        """Name of the tile by its south-west corner in hundredths of a degree.

        Returns
        -------
        str
            Such as ``"n6050e02690"``.
        """
        south, west = self.row * 5 - 9000, self.column * 5 - 18000
        return f"{'sn'[south >= 0]}{abs(south):04d}{'we'[west >= 0]}{abs(west):05d}"

    @property
    def bounds_deg(self) -> tuple[float, float, float, float]:
        """Area of the tile.

        Returns
        -------
        tuple of float
            West, south, east, north [deg].
        """
        west, south = self.column / PER_DEGREE - 180.0, self.row / PER_DEGREE - 90.0
        east, north = (self.column + 1) / PER_DEGREE - 180.0, (self.row + 1) / PER_DEGREE - 90.0
        # Rounded, since 0.05 is no binary fraction: the borders of neighbours are the same numbers.
        return round(west, 2), round(south, 2), round(east, 2), round(north, 2)

    @property
    def area_km2(self) -> float:
        """Size of the tile.

        Returns
        -------
        float
            Area [km2], on a sphere.
        """
        side = METRES_PER_DEGREE / PER_DEGREE / 1000.0
        return float(side**2 * np.cos(np.radians((self.row + 0.5) / PER_DEGREE - 90.0)))


def tile_of_key(key: int) -> Tile:
    """Find a tile by its number.

    Parameters
    ----------
    key : int
        `Tile.key`.

    Returns
    -------
    Tile
        The tile.
    """
    return Tile(*divmod(int(key), COLUMNS))


def tiles_of_keys(keys: Iterable[int] | IntArray) -> frozenset[Tile]:
    """Find tiles by their numbers.

    Parameters
    ----------
    keys : iterable of int
        Numbers as in `Tile.key`.

    Returns
    -------
    frozenset of Tile
        The tiles.
    """
    return frozenset(tile_of_key(key) for key in keys)


def tile_keys(longitude_deg: ArrayLike, latitude_deg: ArrayLike) -> IntArray:
    """Find the tile of each place.

    Parameters
    ----------
    longitude_deg, latitude_deg : array_like, shape (n,)
        Places [deg]; longitudes may go on beyond 180.

    Returns
    -------
    ndarray of int64, shape (n,)
        `Tile.key`; -1 for a place that is no number. Southern and western borders belong to a tile.
    """
    longitude, latitude = np.asarray(longitude_deg, dtype=float), np.asarray(latitude_deg, dtype=float)
    known = np.isfinite(longitude) & np.isfinite(latitude)
    row = np.floor((np.where(known, latitude, 0.0) + 90.0) * PER_DEGREE).astype(np.int64)
    column = np.floor((np.where(known, longitude, 0.0) + 180.0) * PER_DEGREE).astype(np.int64)
    return np.where(known, np.clip(row, 0, ROWS - 1) * COLUMNS + column % COLUMNS, -1)


def tiles_of(
    longitude_deg: ArrayLike, latitude_deg: ArrayLike, *, margin_m: float = MARGIN_M
) -> frozenset[Tile]:
    """Find the tiles that a track needs: those it touches, and those it comes near.

    Parameters
    ----------
    longitude_deg, latitude_deg : array_like, shape (n,)
        Places of the track [deg]; those that are no number do not count.
    margin_m : float
        How near [m].

    Returns
    -------
    frozenset of Tile
        The tiles; those between two places far apart are not among them.
    """
    return tiles_of_keys(np.unique(tile_keys_near(longitude_deg, latitude_deg, margin_m=margin_m)))


def tile_keys_near(longitude_deg: ArrayLike, latitude_deg: ArrayLike, *, margin_m: float) -> IntArray:
    """Find the tiles at each place and near it.

    Parameters
    ----------
    longitude_deg, latitude_deg : array_like, shape (n,)
        Places [deg].
    margin_m : float
        How near [m]; less than the width of a tile.

    Returns
    -------
    ndarray of int64
        `Tile.key`, with repetitions, of places that are numbers.
    """
    longitude, latitude = np.asarray(longitude_deg, dtype=float), np.asarray(latitude_deg, dtype=float)
    up = margin_m / METRES_PER_DEGREE
    across = up / np.maximum(np.cos(np.radians(latitude)), _NARROWEST)
    corners = [tile_keys(longitude + x * across, latitude + y * up) for x in (-1.0, 1.0) for y in (-1.0, 1.0)]
    keys = np.concatenate(corners)
    return keys[keys >= 0]


def tiles_of_ways(first: IntArray, longitude_deg: FloatArray, latitude_deg: FloatArray) -> IntArray:
    """Find every tile that each way touches, with its nodes or in between.

    Parameters
    ----------
    first : ndarray of int64, shape (n_ways + 1,)
        The nodes of way ``w`` are rows ``first[w]:first[w + 1]``.
    longitude_deg, latitude_deg : ndarray of float64, shape (n_nodes,)
        Places of the nodes [deg]; NaN where unknown.

    Returns
    -------
    ndarray of int64, shape (n, 2)
        Position of the way and `Tile.key`; each pair once, in order.
    """
    way = np.repeat(np.arange(len(first) - 1), np.diff(first))
    key = tile_keys(longitude_deg, latitude_deg)
    goes_on = np.diff(way, prepend=-1) == 0
    new = (key >= 0) & ~(goes_on & (np.diff(key, prepend=-1) == 0))
    pairs = [way[new] * _CELLS + key[new]]
    at = np.flatnonzero(goes_on & new)
    at = at[key[at - 1] >= 0]
    row, column = np.divmod(key, COLUMNS)
    down, across = np.abs(row[at] - row[at - 1]), np.abs(column[at] - column[at - 1])
    # A straight line between two cells that share a side touches no third; one of half the world is none.
    for end in at[(down + across > 1) & (across < COLUMNS // 2)]:
        both = slice(end - 1, end + 1)
        keys = _crossed(row[both], column[both], longitude_deg[both], latitude_deg[both])
        pairs.append(way[end] * _CELLS + keys)
    return np.stack(np.divmod(np.unique(np.concatenate(pairs)), _CELLS), axis=1)


def _crossed(row: IntArray, column: IntArray, longitude: FloatArray, latitude: FloatArray) -> IntArray:
    """Tiles that a straight line touches, among those of the rectangle around it."""
    rows, columns = np.meshgrid(
        np.arange(row.min(), row.max() + 1), np.arange(column.min(), column.max() + 1), indexing="ij"
    )
    west, south = columns.ravel() / PER_DEGREE - 180.0, rows.ravel() / PER_DEGREE - 90.0
    cells = shapely.box(west, south, west + 1.0 / PER_DEGREE, south + 1.0 / PER_DEGREE)
    line = shapely.linestrings(np.stack([longitude, latitude], axis=1))
    touched = shapely.intersects(np.asarray(cells, dtype=object), line)
    return np.asarray((rows * COLUMNS + columns).ravel()[touched])
