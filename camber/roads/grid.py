"""The fixed grid of tiles, 0.05 degrees on a side: what is asked for and kept does not reveal a home.

Kernel first: rows and columns as arrays; then `Tile`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

from camber.errors import RoadsError
from camber.longitudes import unrolled

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

PER_DEGREE: Final = 20
"""Tiles per degree: 0.05 degrees are 5.6 km north to south and 3.6 km west to east at 50 N (judgement: an
answer of some megabytes, and larger than the area around a home)."""

ROWS: Final = 180 * PER_DEGREE
COLUMNS: Final = 360 * PER_DEGREE
_CELLS: Final = ROWS * COLUMNS

MARGIN_M: Final = 200.0
"""How far around a track roads are wanted [m] (judgement: far beyond the error of a position)."""

METRES_PER_DEGREE: Final = 111_320.0
"""Length of one degree of a great circle on a sphere of 6378 km [m]."""

_NARROWEST: Final = 0.01
"""Smallest cosine of the latitude that counts: nobody runs within 60 km of a pole."""

_LARGEST_BOX: Final = 100.0
"""Largest box by hand [square degrees] (judgement: a country)."""

_NAME: Final = re.compile(r"([sn])(\d{4})([we])(\d{5})")


@dataclass(frozen=True, order=True)
class Tile:
    """One cell of the grid: rows from 0 at the south pole northward, columns from 0 at 180 W eastward."""

    row: int
    column: int

    @property
    def key(self) -> int:
        """Number of the tile, row by row."""
        return self.row * COLUMNS + self.column

    @property
    def name(self) -> str:
        """South-west corner in hundredths of a degree, such as ``"n6050e02690"``."""
        south, west = self.row * 5 - 9000, self.column * 5 - 18000
        return f"{'sn'[south >= 0]}{abs(south):04d}{'we'[west >= 0]}{abs(west):05d}"

    @property
    def bounds_deg(self) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        west, south = self.column / PER_DEGREE - 180.0, self.row / PER_DEGREE - 90.0
        east, north = (self.column + 1) / PER_DEGREE - 180.0, (self.row + 1) / PER_DEGREE - 90.0
        # Rounded, since 0.05 is no binary fraction: the borders of neighbours are the same numbers.
        return round(west, 2), round(south, 2), round(east, 2), round(north, 2)

    @property
    def area_km2(self) -> float:
        """Area on a sphere."""
        side = METRES_PER_DEGREE / PER_DEGREE / 1000.0
        return float(side**2 * np.cos(np.radians((self.row + 0.5) / PER_DEGREE - 90.0)))


def tile_of_key(key: int) -> Tile:
    """Find a tile by its `Tile.key`."""
    return Tile(*divmod(int(key), COLUMNS))


def tiles_of_keys(keys: Iterable[int] | IntArray) -> frozenset[Tile]:
    """Find tiles by their `Tile.key`."""
    return frozenset(tile_of_key(key) for key in keys)


def tile_of_name(name: str) -> Tile | None:
    """Find a tile by its `Tile.name`; None for what is no such name."""
    found = _NAME.fullmatch(name)
    if not found:
        return None
    south = int(found[2]) * (1 if found[1] == "n" else -1)
    west = int(found[4]) * (1 if found[3] == "e" else -1)
    tile = Tile((south + 9000) // 5, (west + 18000) // 5)
    return tile if tile.name == name else None


def tiles_of_box(text: str) -> frozenset[Tile]:
    """Find every tile that a box overlaps; ``text`` is west, south, east, north in degrees, with commas."""
    try:
        west, south, east, north = map(float, text.split(","))
        # A box across the antimeridian begins in the east and ends in the west (RFC 7946, section 5.2).
        east += 360.0 if -180.0 <= east < west <= 180.0 else 0.0
        right = -180.0 <= west <= 180.0 and west < east <= west + 360.0 and -90.0 <= south < north <= 90.0
    except ValueError:
        right = False
    if not right:
        raise RoadsError(
            "is no box; give WEST,SOUTH,EAST,NORTH in degrees, such as 8.6,49.3,8.8,49.5.", path=text
        )
    if (east - west) * (north - south) > _LARGEST_BOX:
        problem = f"is larger than {_LARGEST_BOX:.0f} square degrees; use --all to keep all of an extract."
        raise RoadsError(problem, path=text)
    inside = 0.5 / PER_DEGREE / 1000.0
    first, last = (tile_of_key(int(key)) for key in tile_keys([west, east - inside], [south, north - inside]))
    rows, width = range(first.row, last.row + 1), (last.column - first.column) % COLUMNS + 1
    columns = [(first.column + across) % COLUMNS for across in range(width)]
    return frozenset(Tile(row, column) for row in rows for column in columns)


def tile_keys(longitude_deg: ArrayLike, latitude_deg: ArrayLike) -> IntArray:
    """Find the `Tile.key` of each place, shape (n,); -1 for a place that is no number.

    Southern and western borders belong to a tile; longitudes may go on beyond 180.
    """
    longitude, latitude = np.asarray(longitude_deg, dtype=float), np.asarray(latitude_deg, dtype=float)
    known = np.isfinite(longitude) & np.isfinite(latitude)
    row, column = _rows_and_columns(np.where(known, longitude, 0.0), np.where(known, latitude, 0.0))
    return np.where(known, row * COLUMNS + column % COLUMNS, -1)


def tile_keys_near(longitude_deg: ArrayLike, latitude_deg: ArrayLike, *, margin_m: float) -> IntArray:
    """Find the `Tile.key` at four corners around each place [deg], ``margin_m`` away; with repetitions.

    Places that are no number have none; a margin is less than the width of a tile.
    """
    longitude, latitude = np.asarray(longitude_deg, dtype=float), np.asarray(latitude_deg, dtype=float)
    up = margin_m / METRES_PER_DEGREE
    across = up / np.maximum(np.cos(np.radians(latitude)), _NARROWEST)
    corners = [tile_keys(longitude + x * across, latitude + y * up) for x in (-1.0, 1.0) for y in (-1.0, 1.0)]
    keys = np.concatenate(corners)
    return keys[keys >= 0]


def tiles_of_ways(first: IntArray, longitude_deg: FloatArray, latitude_deg: FloatArray) -> IntArray:
    """Find every tile that each way touches, with its nodes or in between.

    The nodes of way ``w`` are rows ``first[w]:first[w + 1]`` of the places; NaN where unknown. Returns
    positions of ways and `Tile.key`, shape (n, 2), each pair once, in order.
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
    across = np.minimum(across, COLUMNS - across)
    # A straight line between two cells that share a side touches no third.
    for end in at[down + across > 1]:
        both = slice(end - 1, end + 1)
        pairs.append(way[end] * _CELLS + _crossed(unrolled(longitude_deg[both]), latitude_deg[both]))
    return np.stack(np.divmod(np.unique(np.concatenate(pairs)), _CELLS), axis=1)


def _crossed(longitude: FloatArray, latitude: FloatArray) -> IntArray:
    """`Tile.key` of those that a straight line touches, among those of the rectangle around it."""
    row, column = _rows_and_columns(longitude, latitude)
    rows, columns = np.meshgrid(
        np.arange(row.min(), row.max() + 1), np.arange(column.min(), column.max() + 1), indexing="ij"
    )
    west, south = columns.ravel() / PER_DEGREE - 180.0, rows.ravel() / PER_DEGREE - 90.0
    cells = shapely.box(west, south, west + 1.0 / PER_DEGREE, south + 1.0 / PER_DEGREE)
    line = shapely.linestrings(np.stack([longitude, latitude], axis=1))
    touched = shapely.intersects(np.asarray(cells, dtype=object), line)
    return np.asarray((rows * COLUMNS + columns % COLUMNS).ravel()[touched])


def _rows_and_columns(longitude: FloatArray, latitude: FloatArray) -> tuple[IntArray, IntArray]:
    """Row of each place, and column, which goes on with longitudes beyond 180."""
    row = np.floor((latitude + 90.0) * PER_DEGREE).astype(np.int64)
    column = np.floor((longitude + 180.0) * PER_DEGREE).astype(np.int64)
    # The last places before 180 E are rounded onto it.
    column = np.where(longitude < 180.0, np.minimum(column, COLUMNS - 1), column)
    return np.clip(row, 0, ROWS - 1), column
