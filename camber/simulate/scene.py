"""What a simulated run is made of before any error: route, progress along it, and streets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from camber.simulate.motion import Motion
    from camber.simulate.route import Route, RouteLine


@dataclass(frozen=True, eq=False)
class Scene:
    """A runner's way through the streets.

    Parameters
    ----------
    route : Route
        The route.
    line : RouteLine
        The same, laid out as segments.
    motion : Motion
        Progress along it.
    streets : DataFrame
        Of `camber.simulate.street.streets_of`: one row per way, and a last one for being on no way.
    """

    route: Route
    line: RouteLine
    motion: Motion
    streets: pd.DataFrame

    def street_rows(self, segment: NDArray[np.int64]) -> NDArray[np.int64]:
        """Find the rows of ``streets`` for segments of the line.

        Parameters
        ----------
        segment : ndarray of int64, shape (n,)
            Segments.

        Returns
        -------
        ndarray of int64, shape (n,)
            Row positions; the last row off the network.
        """
        used = np.unique(self.line.way[self.line.way >= 0])
        way = self.line.way[segment]
        return np.where(way >= 0, np.searchsorted(used, way), len(used)).astype(np.int64)

    def distance_at(self, elapsed_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Find how far along the route the runner is.

        Parameters
        ----------
        elapsed_s : ndarray of float64, shape (n,)
            Time since the start, pauses included [s].

        Returns
        -------
        ndarray of float64, shape (n,)
            Distance along the route [m].
        """
        return self.at(elapsed_s, self.motion.distance_m)

    def at(self, elapsed_s: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Read values that are laid out on the grid of the motion.

        Parameters
        ----------
        elapsed_s : ndarray of float64, shape (n,)
            Time since the start, pauses included [s].
        values : ndarray of float64, shape (m,) or (m, k)
            Values on the grid.

        Returns
        -------
        ndarray of float64, shape (n,) or (n, k)
            Values at those times, linear between the points of the grid.
        """
        moving_s = self.motion.moving_at(elapsed_s)
        columns = values.reshape(len(values), -1).T
        read = np.stack([np.interp(moving_s, self.motion.moving_s, column) for column in columns], axis=1)
        return read.reshape(len(elapsed_s), *values.shape[1:])
