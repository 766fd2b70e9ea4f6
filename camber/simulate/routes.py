"""Routes on the road graph and off it, laid out as lines, and ways to make one that a runner would take."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
from pyproj import Transformer

from camber import network, standards
from camber.conventions import NO_WAY, WGS84
from camber.errors import RoadsError

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        """Turn the route round."""
        lines = tuple(line[::-1] for line in reversed(self.off_network_xy))
        return Route(self.edge[::-1], -self.direction[::-1], lines)

    def then(self, other: Route) -> Route:
        """Go on with another route, which must start where this one ends."""
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
        """Tell at which legs the runner turns round on the spot: the leg before, run the other way."""
        turns = np.zeros(len(self.edge), dtype=bool)
        same = (self.edge[1:] == self.edge[:-1]) & (self.edge[1:] != NO_WAY)
        turns[1:] = same & (self.direction[1:] == -self.direction[:-1])
        return turns


@dataclass(frozen=True, eq=False)
class RouteLine:
    """A route as n straight segments, each with its place on a way.

    Start and unit vector of travel of each segment, shape (n, 2) [m]; ``start_m``, shape (n + 1,), the
    distance along the route at which each starts, and the end [m]; ``leg`` of the route; ``way``, row of
    ``Roads.ways``, and ``direction`` (+1 along, -1 against the drawn direction), -1 and 0 off the network;
    ``chainage_m`` at its start.
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
        """Find the distance along the route [m] at which each leg begins."""
        return self.start_m[np.searchsorted(self.leg, np.arange(int(self.leg[-1]) + 1))]

    def segment_at(self, distance_m: FloatArray) -> IntArray:
        """Find the segments in which distances lie; one at which a segment ends belongs to the next."""
        found = np.searchsorted(self.start_m, distance_m, side="right") - 1
        return np.clip(found, 0, len(self.leg) - 1)

    def position(self, distance_m: FloatArray) -> FloatArray:
        """Find the points at distances along the route [m], shape (n, 2)."""
        segment = self.segment_at(distance_m)
        beyond = np.clip(distance_m, 0.0, self.length_m) - self.start_m[segment]
        return np.asarray(self.start_xy[segment] + beyond[:, np.newaxis] * self.tangent[segment])

    def chainage(self, distance_m: FloatArray) -> FloatArray:
        """Find chainages on the ways [m] at distances along the route [m]; NaN off the network."""
        segment = self.segment_at(distance_m)
        beyond = np.clip(distance_m, 0.0, self.length_m) - self.start_m[segment]
        return np.asarray(self.chainage_m[segment] + self.direction[segment] * beyond)


def trace_route(roads: Roads, route: Route) -> RouteLine:
    """Lay a route out as segments; `RoadsError` if it has no length or a leg leaps by more than 1 m."""
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


_CLOSED: Final = ("no", "private")

_NEVER: Final = ("motorway", "motorway_link", "construction", "proposed", "steps", "elevator", "corridor")

_BUSY: Final = ("trunk", "trunk_link", "primary", "primary_link")


@dataclass(frozen=True)
class Preference:
    """How much longer a metre feels on each sort of way; 1 is neutral (all values: judgement).

    Parameters
    ----------
    road : float
        On carriageways.
    busy_road : float
        On primary and trunk roads.
    service : float
        On service roads.
    sidewalk : float
        On sidewalks and crossings mapped as ways of their own.
    path : float
        On other paths, tracks and footways.
    beside_sidewalk : float
        On carriageways whose street has sidewalks mapped as ways of their own, on top of ``road``: above 1
        for a runner who takes a sidewalk where there is one.
    """

    road: float = 1.0
    busy_road: float = 3.0
    service: float = 1.5
    sidewalk: float = 1.0
    path: float = 1.0
    beside_sidewalk: float = 1.0


def edge_costs(roads: Roads, preference: Preference) -> FloatArray:
    """Weigh the length of each edge [m] with the preference for its way; infinite where nobody runs."""
    ways = roads.ways
    assumed = standards.assume(ways)
    kind, highway = assumed["kind"], ways["highway"]
    factor = np.where(assumed["is_road"], preference.road, preference.path)
    factor = np.where(kind.isin(["footway:sidewalk", "footway:crossing"]), preference.sidewalk, factor)
    factor = np.where(highway == "service", preference.service, factor)
    factor = np.where(highway.isin(_BUSY), preference.busy_road, factor)
    lined = ways["street_id"].isin(ways.loc[ways["carriageway_side"] != 0, "street_id"])
    factor = np.where(lined & assumed["is_road"], factor * preference.beside_sidewalk, factor)
    shut = ways["foot"].isin(_CLOSED) | ((ways["foot"] == "") & ways["access"].isin(_CLOSED))
    shut |= highway.isin(_NEVER) | ways["motorroad"] | ways["area"]
    factor = np.where(shut, np.inf, factor)
    return np.asarray(roads.graph.edge_length_m * factor[roads.graph.edge_way])


def nearest_node(roads: Roads, longitude_deg: float, latitude_deg: float) -> int:
    """Find the node of the graph next to a place.

    Parameters
    ----------
    roads : Roads
        The roads.
    longitude_deg, latitude_deg : float
        The place [deg].

    Returns
    -------
    int
        The node.
    """
    place = Transformer.from_crs(WGS84, roads.crs, always_xy=True).transform(longitude_deg, latitude_deg)
    away = np.hypot(*(roads.graph.node_xy - np.asarray(place)).T)
    return int(np.argmin(np.where(network.ends_and_junctions(roads.graph), away, np.inf)))


def route_via(roads: Roads, nodes: Sequence[int], preference: Preference) -> Route:
    """Make the route of least cost through some nodes in order.

    Parameters
    ----------
    roads : Roads
        The roads.
    nodes : sequence of int
        Nodes of the graph, two at least; the first once more at the end makes a loop.
    preference : Preference
        Factors by sort of way.

    Returns
    -------
    Route
        The route.

    Raises
    ------
    RoadsError
        If fewer than two nodes are given, or no runnable way joins two of them.
    """
    if len(nodes) < 2:
        raise RoadsError("a route needs two nodes at least", path=roads.source)
    costs = edge_costs(roads, preference)
    pieces = [_shortest(roads, costs, first, last) for first, last in pairwise(nodes)]
    edges, directions = zip(*pieces, strict=True)
    return Route(np.concatenate(edges), np.concatenate(directions))


def _shortest(roads: Roads, costs: FloatArray, first: int, last: int) -> tuple[IntArray, IntArray]:
    total = float(costs[np.isfinite(costs)].sum())
    edges, directions = network.route(network.edges_of(roads.graph, costs), first, last, total)
    if len(edges) == 0 and first != last:
        message = f"no runnable way leads from node {first} to node {last}"
        raise RoadsError(message, path=roads.source)
    return edges, directions


def nodes_by_distance(roads: Roads, from_node: int, preference: Preference) -> tuple[IntArray, FloatArray]:
    """List junctions and ends that a runner can reach, the start first, by the true length of the way [m]."""
    graph, costs = roads.graph, edge_costs(roads, preference)
    limit = float(costs[np.isfinite(costs)].sum())
    found = network.bounded_distances(network.edges_of(graph, costs), np.array([from_node]), limit)
    length_m = np.zeros(len(graph.node_xy))
    # A predecessor is settled before the nodes that hang on it.
    for node, edge, before in zip(found.target[1:], found.via_edge[1:], found.predecessor[1:], strict=True):
        length_m[node] = length_m[before] + graph.edge_length_m[edge]
    kept = network.ends_and_junctions(graph)
    kept[from_node] = True
    reached = found.target[kept[found.target]]
    return reached, length_m[reached]


def out_and_back(
    roads: Roads, from_node: int, length_m: float, preference: Preference, rng: np.random.Generator
) -> Route:
    """Make a route to a random turning point and back the same way.

    Parameters
    ----------
    roads : Roads
        The roads.
    from_node : int
        Start and end.
    length_m : float
        Wanted length, both ways together [m].
    preference : Preference
        Factors by sort of way.
    rng : numpy.random.Generator
        Chooses among the turning points within 10 % of the length (the nearest to it if there is none).

    Returns
    -------
    Route
        The route.

    Raises
    ------
    RoadsError
        If nothing can be reached.
    """
    nodes, reach_m = nodes_by_distance(roads, from_node, preference)
    if len(nodes) == 1:
        raise RoadsError(f"no runnable way leads away from node {from_node}", path=roads.source)
    turn = _about(nodes[1:], reach_m[1:], length_m / 2.0, rng)
    return route_via(roads, [from_node, turn], preference).out_and_back()


def random_tour(
    roads: Roads, from_node: int, length_m: float, preference: Preference, rng: np.random.Generator
) -> Route:
    """Make a tour over random places that ends where it began, of about a given length.

    Stages of about a quarter of the length lead to random nodes; the last stage leads home as soon as going
    on would make the tour too long.

    Parameters
    ----------
    roads : Roads
        The roads.
    from_node : int
        Start and end.
    length_m : float
        Wanted length [m].
    preference : Preference
        Factors by sort of way.
    rng : numpy.random.Generator
        Chooses the places.

    Returns
    -------
    Route
        The route.

    Raises
    ------
    RoadsError
        If nothing can be reached.
    """
    home, home_m = nodes_by_distance(roads, from_node, preference)
    to_home = dict(zip(home.tolist(), home_m.tolist(), strict=True))
    stops, run_m = [from_node], 0.0
    while run_m + to_home[stops[-1]] < 0.85 * length_m:
        nodes, reach_m = nodes_by_distance(roads, stops[-1], preference)
        far = np.array([to_home.get(int(node), np.inf) for node in nodes])
        open_to = (reach_m > 0.0) & (run_m + reach_m + far < 1.1 * length_m)
        if not open_to.any():
            break
        aim_m = min(length_m / 4.0, length_m - run_m)
        stops.append(_about(nodes[open_to], reach_m[open_to], aim_m, rng))
        run_m += float(reach_m[np.flatnonzero(nodes == stops[-1])[0]])
    if len(stops) == 1:
        message = f"no tour of {length_m:.0f} m starts at node {from_node}"
        raise RoadsError(message, path=roads.source)
    return route_via(roads, [*stops, from_node], preference)


def _about(nodes: IntArray, reach_m: FloatArray, aim_m: float, rng: np.random.Generator) -> int:
    near = np.flatnonzero(np.abs(reach_m - aim_m) < 0.1 * aim_m)
    chosen = rng.choice(near) if len(near) else np.argmin(np.abs(reach_m - aim_m))
    return int(nodes[chosen])


def excursion(start_xy: FloatArray, bearing_deg: float, length_m: float) -> Route:
    """Leave the network for a while: a round stretch that comes back to its start.

    Parameters
    ----------
    start_xy : ndarray of float64, shape (2,)
        Where the network is left and regained [m].
    bearing_deg : float
        Direction in which the middle of the stretch lies [deg], clockwise from grid north.
    length_m : float
        Its length [m].

    Returns
    -------
    Route
        One leg off the network: a circle of chords of about 10 m.
    """
    radius_m = length_m / (2.0 * np.pi)
    count = max(8, round(length_m / 10.0))
    turn = np.linspace(0.0, 2.0 * np.pi, count + 1) + np.radians(bearing_deg) + np.pi
    around = radius_m * np.stack([np.sin(turn), np.cos(turn)], axis=1)
    line = start_xy + around - around[0]
    line[-1] = start_xy
    return Route(np.array([NO_WAY]), np.array([0]), (line,))
