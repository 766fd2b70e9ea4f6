"""Work on a large area strip by strip, so that memory does not grow with the area."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

MOST: Final = 100_000.0
"""Places in a strip (judgement: some ten megabytes of working memory)."""


def strips(bounds: FloatArray, places: FloatArray) -> Iterator[IntArray]:
    """Split lines into strips from west to east.

    Parameters
    ----------
    bounds : ndarray of float64, shape (n, 4)
        West, south, east, north of each line [m].
    places : ndarray of float64, shape (n,)
        How many places each line asks for.

    Yields
    ------
    ndarray of int64
        Positions of the lines of one strip, ascending; a strip is full at `MOST` places. Every line is in
        one strip.
    """
    order = np.argsort(bounds[:, 0], kind="stable")
    strip = np.floor(np.cumsum(places[order]) / MOST)
    yield from map(np.sort, np.split(order, np.flatnonzero(np.diff(strip)) + 1))


def near_strip(bounds: FloatArray, rows: IntArray, of: FloatArray, reach_m: float) -> IntArray:
    """Find the lines that can be within reach of a strip.

    Parameters
    ----------
    bounds : ndarray of float64, shape (n, 4)
        West, south, east, north of the lines to choose from [m].
    rows : ndarray of int64
        Positions of the lines of the strip in ``of``.
    of : ndarray of float64, shape (m, 4)
        Bounds of the lines of which the strip is a part [m].
    reach_m : float
        How far away counts [m].

    Returns
    -------
    ndarray of int64
        Positions in ``bounds``, ascending.
    """
    west, east = of[rows, 0].min() - reach_m, of[rows, 2].max() + reach_m
    return np.flatnonzero((bounds[:, 0] <= east) & (bounds[:, 2] >= west))
