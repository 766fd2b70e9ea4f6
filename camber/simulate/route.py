"""A route: edges of the road graph in the order run, with stretches off the network between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from camber.conventions import NO_WAY
from camber.errors import RoadsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.schema import RoadGraph, Roads

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Route:
    """Where a runner goes: one leg per edge, in order.

    Parameters
    ----------
    edge : ndarray of int64, shape (n_legs,)
        Edge of the graph; -1 for a leg off the network.
    direction : ndarray of int64, shape (n_legs,)
        +1 along, -1 against the drawn direction; 0 off the network.
    off_network_xy : tuple of ndarray of float64, each of shape (m, 2)
        Polyline [m] of each leg off the network, in order.
    """

    edge: IntArray
    direction: IntArray
    off_network_xy: tuple[FloatArray, ...] = ()

    def reversed(self) -> Route:
        """Turn the route round.

        Returns
        -------
        Route
            The same legs the other way.
        """
        lines = tuple(line[::-1] for line in reversed(self.off_network_xy))
        return Route(self.edge[::-1], -self.direction[::-1], lines)

    def then(self, other: Route) -> Route:
        """Go on with another route.

        Parameters
        ----------
        other : Route
            What follows; it must start where this one ends.

        Returns
        -------
        Route
            Both, one after the other.
        """
        return Route(
            np.concatenate([self.edge, other.edge]),
            np.concatenate([self.direction, other.direction]),
            self.off_network_xy + other.off_network_xy,
        )

    def out_and_back(self) -> Route:
        """Run to the end, turn, and come back the same way.

        Returns
        -------
        Route
            This route and its reverse.
        """
        return self.then(self.reversed())

    def turns_back(self) -> NDArray[np.bool_]:
        """Tell at which legs the runner turns round on the spot.

        Returns
        -------
        ndarray of bool, shape (n_legs,)
            True where a leg is the leg before it, run the other way.
        """
        turns = np.zeros(len(self.edge), dtype=bool)
        same = (self.edge[1:] == self.edge[:-1]) & (self.edge[1:] != NO_WAY)
        turns[1:] = same & (self.direction[1:] == -self.direction[:-1])
        return turns


@dataclass(frozen=True, eq=False)
class RouteLine:
    """A route as straight segments, each with its place on a way.

    Parameters
    ----------
    start_xy : ndarray of float64, shape (n_segments, 2)
        Where each segment starts [m].
    tangent : ndarray of float64, shape (n_segments, 2)
        Unit vectors in the direction of travel.
    start_m : ndarray of float64, shape (n_segments + 1,)
        Distance along the route at which each segment starts, and the route ends [m].
    leg : ndarray of int64, shape (n_segments,)
        Leg of the route.
    way : ndarray of int64, shape (n_segments,)
        Row of the way in ``Roads.ways``; -1 off the network.
    direction : ndarray of int64, shape (n_segments,)
        +1 along, -1 against the drawn direction; 0 off the network.
    chainage_m : ndarray of float64, shape (n_segments,)
        Chainage at the start of the segment [m]; NaN off the network.
    """

    start_xy: FloatArray
    tangent: FloatArray
    start_m: FloatArray
    leg: IntArray
    way: IntArray
    direction: IntArray
    chainage_m: FloatArray

    @property
    def length_m(self) -> float:
        """Length of the route [m]."""
        return float(self.start_m[-1])

    @property
    def right_normal(self) -> FloatArray:
        """Unit vectors to the right of travel, shape (n_segments, 2)."""
        return np.stack([self.tangent[:, 1], -self.tangent[:, 0]], axis=1)

    def leg_start_m(self) -> FloatArray:
        """Find where each leg begins.

        Returns
        -------
        ndarray of float64, shape (n_legs,)
            Distance along the route [m].
        """
        return self.start_m[np.searchsorted(self.leg, np.arange(int(self.leg[-1]) + 1))]

    def segment_at(self, distance_m: FloatArray) -> IntArray:
        """Find the segments in which distances lie.

        Parameters
        ----------
        distance_m : ndarray of float64, shape (n,)
            Distances along the route [m].

        Returns
        -------
        ndarray of int64, shape (n,)
            Segments; a distance at which one ends belongs to the next.
        """
        found = np.searchsorted(self.start_m, distance_m, side="right") - 1
        return np.clip(found, 0, len(self.leg) - 1)

    def position(self, distance_m: FloatArray) -> FloatArray:
        """Find points on the line.

        Parameters
        ----------
        distance_m : ndarray of float64, shape (n,)
            Distances along the route [m].

        Returns
        -------
        ndarray of float64, shape (n, 2)
            Positions [m].
        """
        segment = self.segment_at(distance_m)
        beyond = np.clip(distance_m, 0.0, self.length_m) - self.start_m[segment]
        return np.asarray(self.start_xy[segment] + beyond[:, np.newaxis] * self.tangent[segment])

    def chainage(self, distance_m: FloatArray) -> FloatArray:
        """Find chainages, in the way frame.

        Parameters
        ----------
        distance_m : ndarray of float64, shape (n,)
            Distances along the route [m].

        Returns
        -------
        ndarray of float64, shape (n,)
            Chainages on the ways [m]; NaN off the network.
        """
        segment = self.segment_at(distance_m)
        beyond = np.clip(distance_m, 0.0, self.length_m) - self.start_m[segment]
        return np.asarray(self.chainage_m[segment] + self.direction[segment] * beyond)


def trace_route(roads: Roads, route: Route) -> RouteLine:
    """Lay a route out as straight segments.

    Parameters
    ----------
    roads : Roads
        The roads.
    route : Route
        Legs in order, each starting where the one before it ends.

    Returns
    -------
    RouteLine
        Segments of positive length.

    Raises
    ------
    RoadsError
        If the route has no length, or a leg does not start where the one before it ended (by 1 m).
    """
    graph = roads.graph
    off_network = iter(route.off_network_xy)
    legs = [
        next(off_network) if edge == NO_WAY else _edge_points(graph, int(edge), int(direction))
        for edge, direction in zip(route.edge, route.direction, strict=True)
    ]
    _refuse_leaps(legs, roads.source)
    start_xy = np.concatenate([leg[:-1, :2] for leg in legs]) if legs else np.empty((0, 2))
    delta = np.concatenate([np.diff(leg[:, :2], axis=0) for leg in legs]) if legs else np.empty((0, 2))
    length = np.hypot(delta[:, 0], delta[:, 1])
    real = length > 0.0
    if not real.any():
        raise RoadsError("the route has no length: give it at least one edge", path=roads.source)
    leg = np.repeat(np.arange(len(legs)), [len(points) - 1 for points in legs])[real]
    edge = route.edge[leg]
    chainage = np.concatenate([_leg_chainage(points) for points in legs])
    return RouteLine(
        start_xy=start_xy[real],
        tangent=delta[real] / length[real, np.newaxis],
        start_m=np.concatenate([[0.0], np.cumsum(length[real])]),
        leg=leg,
        way=np.where(edge == NO_WAY, NO_WAY, graph.edge_way[edge]),
        direction=route.direction[leg],
        chainage_m=chainage[real],
    )


def _edge_points(graph: RoadGraph, edge: int, direction: int) -> FloatArray:
    rows = slice(int(graph.edge_first_vertex[edge]), int(graph.edge_first_vertex[edge + 1]))
    points = np.column_stack([graph.vertex_xy[rows], graph.vertex_chainage_m[rows]])
    return points if direction >= 0 else points[::-1]


def _leg_chainage(points: FloatArray) -> FloatArray:
    return points[:-1, 2] if points.shape[1] > 2 else np.full(len(points) - 1, np.nan)


def _refuse_leaps(legs: list[FloatArray], source: str) -> None:
    for number in range(1, len(legs)):
        leap_m = float(np.hypot(*(legs[number][0, :2] - legs[number - 1][-1, :2])))
        if leap_m > 1.0:
            message = (
                f"leg {number} of the route starts {leap_m:.1f} m away from the end of the leg before it"
            )
            raise RoadsError(message, path=source)
