"""Heights near ways, out of terrain models as they are: cells and ground returns alike are points.

Memory is bounded by the windows that are asked for, and by what clouds hold near the ways of one piece.
"""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
import shapely

from camber.terrain.headers import GROUND, TerrainFile, heights_in, open_cloud, open_grid, reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    BoolArray = NDArray[np.bool_]
    FloatArray = NDArray[np.float64]
    Bounds = tuple[float, float, float, float]
    ReadPoints = Callable[[Bounds], FloatArray]
    """Gives points within west, south, east, north: east, north and height, shape (n, 3) [m]."""

_REACH_M: Final = 30.0
"""How far beside a way returns of clouds are kept [m] (judgement: what is asked for lies within 25 m)."""

_POINTS_AT_ONCE: Final = 500_000
"""Returns of a cloud that are unpacked at once (judgement: some 50 MB)."""

_SQUARE_M: Final = 10.0
"""Squares by which the returns near any line are told [m]."""

_BLOCK: Final = 20
"""Squares on each side of a block that is asked for at once of an indexed cloud (judgement: 200 m)."""


class Opened:
    """Terrain models of one system, open as long as some ways are measured; each is opened when it is asked.

    Parameters
    ----------
    lines : sequence of ndarray of float64, shape (m, 2)
        The ways, in the system of the files [m]: of a cloud only what is near them is kept.
    """

    def __init__(self, lines: Sequence[FloatArray]) -> None:
        self._lines = lines
        self._stack = ExitStack()
        self._parts: dict[TerrainFile, ReadPoints] = {}

    def __enter__(self) -> Self:
        """Open nothing yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close all of them."""
        self._stack.close()

    def points(self, files: Sequence[TerrainFile], bounds: Bounds) -> FloatArray:
        """Read the points of some files within bounds [m]; where they overlap, of the first alone.

        A TerrainError names the file that cannot be read.
        """
        found = [np.empty((0, 3))]
        for number, file in enumerate(files):
            own = np.array(file.bounds) * file.metres
            if own[0] >= bounds[2] or own[1] >= bounds[3] or own[2] <= bounds[0] or own[3] <= bounds[1]:
                continue
            with reading(file.place):
                points = self._part(file)(bounds)
            for other in files[:number]:
                west, south, east, north = np.array(other.bounds) * other.metres
                x, y = points[:, 0], points[:, 1]
                points = points[(x < west) | (x >= east) | (y < south) | (y >= north)]
            found.append(points)
        return np.concatenate(found)

    def _part(self, file: TerrainFile) -> ReadPoints:
        if file not in self._parts:
            if file.is_cloud:
                self._parts[file] = partial(_within, _returns_near(file, self._lines))
            else:
                grid = self._stack.enter_context(open_grid(file.path, file.member))
                self._parts[file] = partial(_cells_in, grid, file)
        return self._parts[file]


def _cells_in(grid: Any, file: TerrainFile, bounds: Bounds) -> FloatArray:  # noqa: ANN401 - of rasterio
    from rasterio.windows import Window  # noqa: PLC0415 - an extra

    west, south, east, north = np.array(bounds) / file.metres
    turn = np.reshape(grid.transform, (3, 3))
    corners = np.array([(x, y, 1.0) for x in (west, east) for y in (south, north)])
    columns, rows, _ = np.linalg.solve(turn, corners.T)
    left, right = np.clip([np.floor(columns.min()), np.ceil(columns.max())], 0, grid.width).astype(int)
    top, bottom = np.clip([np.floor(rows.min()), np.ceil(rows.max())], 0, grid.height).astype(int)
    if left >= right or top >= bottom:
        return np.empty((0, 3))
    heights = heights_in(grid, Window(left, top, right - left, bottom - top)).ravel()
    row, column = np.divmod(np.flatnonzero(np.isfinite(heights)), right - left)
    x, y, _ = turn @ np.stack([column + left + 0.5, row + top + 0.5, np.ones(len(row))])
    known = heights[np.isfinite(heights)]
    return np.column_stack([x * file.metres, y * file.metres, known * file.height_metres])


def _within(points: FloatArray, bounds: Bounds) -> FloatArray:
    """Take the points within bounds out of some that are sorted by their first coordinate."""
    first, last = np.searchsorted(points[:, 0], [bounds[0], bounds[2]])
    part = points[first:last]
    return np.asarray(part[(part[:, 1] >= bounds[1]) & (part[:, 1] <= bounds[3])])


def _returns_near(file: TerrainFile, lines: Sequence[FloatArray]) -> FloatArray:
    """Read the ground returns near any of some lines in one pass, sorted by place."""
    near = _Squares(lines, np.array(file.bounds) * file.metres)
    kept = [np.empty((0, 3))]
    for points in _chunks(file, near):
        ground = np.asarray(points.classification) == GROUND
        x, y = (np.asarray(values)[ground] * file.metres for values in (points.x, points.y))
        take = near.hold(x, y)
        height = np.asarray(points.z)[ground][take] * file.height_metres
        kept.append(np.column_stack([x[take], y[take], height]))
    whole = np.concatenate(kept)
    whole = whole[np.lexsort(whole.T[::-1])]
    # What lies on the border of two blocks comes twice.
    return np.asarray(whole[np.r_[True, (np.diff(whole, axis=0) != 0.0).any(axis=1)][: len(whole)]])


def _chunks(file: TerrainFile, near: _Squares) -> Iterator[Any]:
    """Give the returns of a cloud part by part; of one with an index of places only what may be near."""
    if not file.member and file.path.lower().endswith(".copc.laz"):
        from laspy import Bounds as Box  # noqa: PLC0415 - an extra
        from laspy import CopcReader  # noqa: PLC0415 - an extra

        with CopcReader.open(file.path) as cloud:
            for block in near.blocks() / file.metres:
                yield cloud.query(Box(mins=block[:2], maxs=block[2:]))
        return
    with open_cloud(file.path, file.member) as cloud:
        yield from cloud.chunk_iterator(_POINTS_AT_ONCE)


class _Squares:
    """Squares of 10 m within bounds that some lines come near."""

    def __init__(self, lines: Sequence[FloatArray], bounds: FloatArray) -> None:
        self._low = np.floor(bounds[:2] / _SQUARE_M).astype(np.int64)
        high = np.floor(bounds[2:] / _SQUARE_M).astype(np.int64)
        self._there: NDArray[np.bool_] = np.zeros(np.maximum(high - self._low + 1, 1), dtype=bool)
        for line in lines:
            for place in shapely.get_coordinates(shapely.segmentize(shapely.LineString(line), _SQUARE_M)):
                squares = np.floor((place + np.array([[-_REACH_M], [_REACH_M]])) / _SQUARE_M).astype(np.int64)
                (left, low), (right, high) = np.maximum(squares - self._low, [[0, 0], [-1, -1]])
                self._there[left : right + 1, low : high + 1] = True

    def hold(self, x: FloatArray, y: FloatArray) -> BoolArray:
        """Which points lie in one of them."""
        columns, rows = self._there.shape
        column, row = (np.floor(values / _SQUARE_M).astype(np.int64) for values in (x, y))
        column, row = column - self._low[0], row - self._low[1]
        inside = (column >= 0) & (row >= 0) & (column < columns) & (row < rows)
        inside[inside] = self._there[column[inside], row[inside]]
        return np.asarray(inside)

    def blocks(self) -> FloatArray:
        """West, south, east, north of blocks of them that touch and do not overlap, shape (n, 4) [m]."""
        blocks = np.unique(np.argwhere(self._there) // _BLOCK, axis=0) * _BLOCK
        return np.asarray(np.hstack([blocks + self._low, blocks + self._low + _BLOCK]) * _SQUARE_M)
