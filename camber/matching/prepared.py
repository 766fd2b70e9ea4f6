"""What the matcher derives from a road set once and then keeps as long as the roads live."""

from __future__ import annotations

from typing import TYPE_CHECKING
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


class PreparedRoads:
    """Grid, distances and rates of a road set, shared by all runs on it; none changes an answer.

    Parameters
    ----------
    roads : Roads
        The roads.
    """

    grid: EdgeGrid
    distances: EdgeDistances

    def __init__(self, roads: Roads) -> None:
        self.grid = edge_grid(roads.graph)
        self.distances = EdgeDistances(roads.graph)
        self._networks: dict[tuple[float, float], Network] = {}

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
