"""What the matcher derives from a road set once and then keeps as long as the roads live."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from camber.matching.candidates import EdgeGrid, edge_grid
from camber.matching.distances import EdgeDistances
from camber.matching.trellis import Network

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.schema import MatchingSettings, Roads

_PREPARED: WeakKeyDictionary[Roads, PreparedRoads] = WeakKeyDictionary()
"""Beside the roads, not in them: they stay plain values that can be copied and sent to other processes."""


_MARGIN_M = 500.0
"""So much more than what was asked for is put into a grid [m]: the next run is often near (judgement)."""


class _Area(NamedTuple):
    """A rectangle [m], and the grid of what lies in it."""

    low_xy: NDArray[np.float64]
    high_xy: NDArray[np.float64]
    grid: EdgeGrid | None = None

    def holds(self, other: _Area) -> bool:
        return bool((self.low_xy <= other.low_xy).all() and (self.high_xy >= other.high_xy).all())

    def touches(self, other: _Area) -> bool:
        return bool((self.low_xy <= other.high_xy).all() and (self.high_xy >= other.low_xy).all())

    def joined(self, other: _Area) -> _Area:
        return _Area(np.minimum(self.low_xy, other.low_xy), np.maximum(self.high_xy, other.high_xy))


class PreparedRoads:
    """Grid, distances and rates of a road set, shared by all runs on it; none changes an answer.

    Parameters
    ----------
    roads : Roads
        The roads.
    """

    distances: EdgeDistances

    def __init__(self, roads: Roads) -> None:
        self.distances = EdgeDistances(roads.graph)
        self._graph = roads.graph
        self._areas: list[_Area] = []
        self._lock = Lock()
        self._networks: dict[tuple[float, float], Network] = {}

    def grid(self, xy: NDArray[np.float64], radius_m: float) -> EdgeGrid:
        """Look up a grid that holds all edges near some fixes, or make it.

        Parameters
        ----------
        xy : ndarray of float64, shape (n, 2)
            Fixes [m].
        radius_m : float
            Edges further away are not asked for [m].

        Returns
        -------
        EdgeGrid
            Of an area around them; areas that overlap become one.
        """
        asked = _Area(xy.min(axis=0) - radius_m, xy.max(axis=0) + radius_m)
        with self._lock:
            for known in self._areas:
                if known.grid is not None and known.holds(asked):
                    return known.grid
            joined = _Area(asked.low_xy - _MARGIN_M, asked.high_xy + _MARGIN_M)
            apart = []
            for known in self._areas:
                if known.touches(joined):
                    joined = known.joined(joined)
                else:
                    apart.append(known)
            grid = edge_grid(self._graph, joined.low_xy, joined.high_xy)
            self._areas = [*apart, joined._replace(grid=grid)]
            return grid

    def network(self, roads: Roads, settings: MatchingSettings) -> Network:
        """Look up what the weights need to know of each edge.

        Parameters
        ----------
        roads : Roads
            The roads.
        settings : MatchingSettings
            Numbers of the model.

        Returns
        -------
        Network
            For `camber.matching.trellis.trellis`.
        """
        key = (settings.no_access, settings.against_oneway)
        if key not in self._networks:
            street = roads.ways["street_id"].to_numpy()[roads.graph.edge_way]
            self._networks[key] = Network(roads.graph.edge_length_m, street, *_rates(roads, settings))
        return self._networks[key]


def prepared(roads: Roads) -> PreparedRoads:
    """Look up what was derived from these roads, or derive it now.

    Parameters
    ----------
    roads : Roads
        The roads; taken as never changed.

    Returns
    -------
    PreparedRoads
        The same for the same object.
    """
    found = _PREPARED.get(roads)
    if found is None:
        found = _PREPARED[roads] = PreparedRoads(roads)
    return found


def _rates(roads: Roads, settings: MatchingSettings) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Log-likelihood per metre of each edge, along and against its drawn direction."""
    ways = roads.ways
    closed = (ways["foot"] == "no") | (
        ways["access"].isin(["no", "private"]) & ~ways["foot"].isin(["yes", "designated", "permissive"])
    )
    closed |= ways["motorroad"] | (ways["foot"] == "private")
    shut = np.where(closed, settings.no_access, 0.0)
    oneway = ways["oneway"].to_numpy()
    along = (shut + np.where(oneway < 0, settings.against_oneway, 0.0)) / 100.0
    against = (shut + np.where(oneway > 0, settings.against_oneway, 0.0)) / 100.0
    return along[roads.graph.edge_way], against[roads.graph.edge_way]
