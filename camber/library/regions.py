"""Regions: hidden ground that is the same for all homes in it, and which roads beyond it may be shown.

What is cut must not point at what is hidden. A circle does, wherever its middle is (Hassan et al., USENIX
Security 2018: 95 % of places hidden by a circle were found), and so do the roads by which somebody comes out
of it, with the distance that was hidden (Dhondt et al., PETS 2022: 85 %). So a square of the ground is cut
into groups of houses along a Hilbert curve (Kalnis et al. 2007, IEEE TKDE 19(12), whose order makes that each
home of a group would have the same group), each no larger than is needed for that within 200 m of no place
lies more than a twentieth of it. Around a group everything is hidden, and beyond it every road is that is
not run in the same direction on the way from each of its houses: from which of them somebody came cannot be
told from the rest. Arrays in, arrays out; metres.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import numpy as np
import shapely
from pyproj import Transformer

from camber.conventions import DEGREE_M, WGS84
from camber.longitudes import wrapped
from camber.network import bounded_distances, edges_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from camber.schema import RoadGraph, Roads

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]

CELL_M: Final = 200.0
"""Side of a cell [m] (judgement: as far as an attacker may not come near)."""

_SIDE: Final = 64
SQUARE_M: Final = _SIDE * CELL_M
"""Side of a square, which is cut into groups by itself [m]: a city's districts, or several villages."""

NEAR_M: Final = 200.0
"""Whoever guesses a place this near to a home [m] has found it."""

MOST_NEAR: Final = 1.0 / 20.0
"""Most of a group's houses, by metres of road, that lie this near to one place."""

_BIN_M: Final = 50.0
_HALF_CELL_M: Final = CELL_M / np.sqrt(2.0)
_HOMES: Final = 60
"""Houses of a group from which ways are looked for (judgement: one for each 1 km of its roads or so)."""

_ALIKE: Final = 0.95
"""A road is run alike from a group when it is from this share of those houses (judgement: one in twenty may
lie on the road itself, or beyond it)."""

_REACH_M: Final = 12_000.0
"""How far from a home roads are judged, by the road [m] (judgement: beyond, its streets have long merged)."""

_SLACK_M: Final = 1.0
"""Ways that differ by no more are as short as each other [m]."""

_LIVED_IN: Final = ("residential", "living_street", "unclassified", "tertiary")
"""Roads that stand for the houses along them (judgement)."""

LEAST_M: Final = 300.0
"""Shorter pieces of a run are left out: crumbs where many ways cross [m] (judgement)."""


@dataclass(frozen=True)
class Square:
    """A square of the ground, of a grid whose origin is secret; rows and columns of 12.8 km.

    ``band_deg`` is the latitude at which its width is measured, so that all places in it use one scale.
    """

    band_deg: float
    south_m: float
    west_m: float

    @classmethod
    def around(cls, latitude_deg: float, longitude_deg: float, origin_m: tuple[float, float]) -> Self:
        """Find the square that holds a place."""
        band = round(latitude_deg * 2.0) / 2.0
        north, east = _scaled(latitude_deg, longitude_deg, band)
        south, west = (
            origin + np.floor((at - origin) / SQUARE_M) * SQUARE_M
            for at, origin in zip((north, east), origin_m, strict=True)
        )
        return cls(band, float(south), float(west))

    def xy(self, latitude_deg: ArrayLike, longitude_deg: ArrayLike) -> FloatArray:
        """Place in the square, east and north of its corner [m], shape (n, 2)."""
        latitude = np.asarray(latitude_deg, dtype=np.float64)
        middle = (self.west_m + SQUARE_M / 2.0) / (DEGREE_M * _narrowed(self.band_deg))
        from_middle = wrapped(np.asarray(longitude_deg, dtype=np.float64) - middle)
        east = from_middle * DEGREE_M * _narrowed(self.band_deg) + SQUARE_M / 2.0
        return np.stack([east, latitude * DEGREE_M - self.south_m], axis=-1)

    def bounds_deg(self, around_m: float = 0.0) -> tuple[float, float, float, float]:
        """West, south, east and north of the square and so much around it [deg]."""
        degree_m = DEGREE_M * _narrowed(self.band_deg)
        west = float(wrapped((self.west_m - around_m) / degree_m))
        wide, high = SQUARE_M + 2.0 * around_m, (self.south_m - around_m) / DEGREE_M
        return west, high, west + wide / degree_m, high + wide / DEGREE_M


def _narrowed(latitude_deg: float) -> float:
    return max(float(np.cos(np.radians(latitude_deg))), 0.01)


def _scaled(latitude_deg: float, longitude_deg: float, band_deg: float) -> tuple[float, float]:
    return latitude_deg * DEGREE_M, longitude_deg * DEGREE_M * _narrowed(band_deg)


def curve(xy: FloatArray) -> IntArray:
    """Count the cell of each place along the Hilbert curve (1891); -1 outside the square."""
    cell = np.floor(xy / CELL_M).astype(np.int64)
    outside = ((cell < 0) | (cell >= _SIDE)).any(axis=-1)
    x, y = np.where(outside, 0, cell[..., 0]), np.where(outside, 0, cell[..., 1])
    number = np.zeros(x.shape, dtype=np.int64)
    step = _SIDE // 2
    while step:
        right, up = (x & step) > 0, (y & step) > 0
        number += step * step * ((3 * right) ^ up)
        mirrored = right & ~up
        x, y = np.where(mirrored, _SIDE - 1 - x, x), np.where(mirrored, _SIDE - 1 - y, y)
        x, y = np.where(up, x, y), np.where(up, y, x)
        step //= 2
    return np.where(outside, -1, number)


def groups(xy: FloatArray, road_m: FloatArray) -> tuple[int, ...]:
    """Cut the curve into groups: the first cell of each but the first, in order.

    ``xy``, shape (n, 2), are places of houses in the square, ``road_m`` the metres of road that stand for
    them. A group ends as soon as it holds enough; what is left at the end belongs to the last.
    """
    number = curve(xy)
    order = np.argsort(number, kind="stable")[np.count_nonzero(number < 0) :]
    ends = np.flatnonzero(np.diff(number[order], append=-2)) + 1
    cuts, start = [], 0
    for end in ends.tolist():
        here = order[start:end]
        if _most_near(xy[here], road_m[here]) <= MOST_NEAR:
            cuts.append(int(number[order[end - 1]]) + 1)
            start = end
    return tuple(cuts[:-1])


def _most_near(xy: FloatArray, road_m: FloatArray) -> float:
    """Largest share of the road that lies within 200 m of one place, to 50 m."""
    reach = int(NEAR_M / _BIN_M)
    bins = np.floor((xy - xy.min(axis=0)) / _BIN_M).astype(np.int64) + reach
    shape = bins.max(axis=0) + reach + 1
    metres = np.bincount(bins[:, 0] * shape[1] + bins[:, 1], road_m, minlength=shape[0] * shape[1])
    if metres.max() > MOST_NEAR * metres.sum():
        return 1.0
    rows = np.cumsum(np.pad(metres.reshape(shape), ((0, 0), (reach + 1, reach))), axis=1)
    near = np.zeros(shape)
    for up in range(-reach, reach + 1):
        wide = int(np.sqrt(reach**2 - up**2))
        line = rows[:, reach + 1 + wide :][:, : shape[1]] - rows[:, reach - wide :][:, : shape[1]]
        near[max(-up, 0) : shape[0] - max(up, 0)] += line[max(up, 0) : shape[0] - max(-up, 0)]
    return float(near.max() / metres.sum())


@dataclass(frozen=True, eq=False)
class Region:
    """What is hidden for a home: cells ``first`` to before ``end`` of the curve, and around.

    ``middle_xy``, shape (n, 2), are the middles of those cells [m] in the square; ``around_m`` is how far
    from a cell everything is hidden [m].
    """

    square: Square
    first: int
    end: int
    middle_xy: FloatArray
    around_m: float

    def hides(self, latitude_deg: ArrayLike, longitude_deg: ArrayLike) -> BoolArray:
        """Tell which places, shape (n,), are hidden ground."""
        tree = shapely.STRtree(np.asarray(shapely.points(self.middle_xy)))
        places = np.asarray(shapely.points(self.square.xy(latitude_deg, longitude_deg)))
        near = tree.query(places, predicate="dwithin", distance=self.around_m + _HALF_CELL_M)[0]
        return np.bincount(near, minlength=len(places)) > 0

    def homes(self, xy: FloatArray) -> IntArray:
        """Choose houses of the group, of all houses: enough of them, spread along the curve."""
        number = curve(xy)
        of_group = np.flatnonzero((number >= self.first) & (number < self.end))
        of_group = of_group[np.argsort(number[of_group], kind="stable")]
        chosen = np.linspace(0, len(of_group) - 1, min(_HOMES, len(of_group))).round().astype(np.int64)
        return np.asarray(of_group[chosen])


def region_around(
    square: Square, home_deg: tuple[float, float], cuts: tuple[int, ...], around_m: float
) -> Region:
    """Find the region of a home, latitude and longitude [deg], of the groups of its square."""
    group = int(np.searchsorted(cuts, int(curve(square.xy(*home_deg))), side="right"))
    first, end = (0, *cuts)[group], (*cuts, _SIDE * _SIDE)[group]
    # All cells of the group, with a road in them or not: which cell a home is in changes nothing.
    middle_xy = (np.stack(np.divmod(np.arange(_SIDE * _SIDE), _SIDE), axis=-1) + 0.5) * CELL_M
    number = curve(middle_xy)
    return Region(square, first, end, middle_xy[(number >= first) & (number < end)], around_m)


def run_alike(graph: RoadGraph, homes: IntArray) -> BoolArray:
    """Tell which edges, shape (n_edges,), are run in one direction on the shortest ways from some nodes.

    Of two ways over such edges both are as likely from any of the homes. Edges that none of them reaches
    within 12 km say nothing either.
    """
    edges = edges_of(graph)
    table = bounded_distances(edges, homes, _REACH_M)
    onward, back, reached = (np.zeros(len(graph.edge_way)) for _ in range(3))
    for source in range(len(homes)):
        rows = slice(table.first[source], table.first[source + 1])
        distance = np.full(len(graph.node_xy), np.inf)
        distance[table.target[rows]] = table.distance_m[rows]
        start, end = distance[graph.edge_from], distance[graph.edge_to]
        both = np.isfinite(start) & np.isfinite(end)
        step = np.where(both, end, 0.0) - np.where(both, start, 0.0)
        reached += both
        onward += both & (step >= edges.cost_m - _SLACK_M)
        back += both & (-step >= edges.cost_m - _SLACK_M)
    # Where only some of the homes get within reach, or a few of them lie on an island, the others count.
    alike = (np.maximum(onward, back) >= _ALIKE * reached) & (reached >= 0.5 * len(homes))
    return np.asarray(alike | (reached == 0.0))


def _nodes_deg(roads: Roads) -> tuple[FloatArray, FloatArray]:
    """Latitude and longitude of all nodes [deg]."""
    to_degrees = Transformer.from_crs(roads.crs, WGS84, always_xy=True)
    longitude, latitude = to_degrees.transform(*roads.graph.node_xy.T)
    return np.asarray(latitude), np.asarray(longitude)


def house_edges(roads: Roads) -> BoolArray:
    """Tell the edges along which people live, shape (n_edges,): nobody knows the houses themselves."""
    lived_in = roads.ways["highway"].isin(_LIVED_IN).to_numpy()
    return np.asarray(lived_in[roads.graph.edge_way])


def cuts_of(square: Square, roads: Roads) -> tuple[int, ...]:
    """Cut a square into groups by the houses along its roads."""
    return groups(*_houses(square, roads))


def _houses(square: Square, roads: Roads) -> tuple[FloatArray, FloatArray]:
    """Places of houses, shape (n, 2), and the metres of road that stand for them, shape (n,)."""
    graph, there = roads.graph, house_edges(roads)
    places = square.xy(*_nodes_deg(roads))
    middle = (places[graph.edge_from] + places[graph.edge_to]) / 2.0
    return middle[there], graph.edge_length_m[there]


def is_crowd(roads: Roads, region: Region) -> bool:
    """Tell whether a region holds so many houses that none stands out, which no village does."""
    middle, road_m = _houses(region.square, roads)
    number = curve(middle)
    here = (number >= region.first) & (number < region.end)
    return bool(here.any()) and _most_near(middle[here], road_m[here]) <= MOST_NEAR


def open_edges(roads: Roads, region: Region) -> BoolArray:
    """Tell which edges of the roads may be shown for all that a region hides, shape (n_edges,).

    None where too few live in it.
    """
    graph = roads.graph
    if not is_crowd(roads, region):
        return np.zeros(len(graph.edge_way), dtype=bool)
    latitude, longitude = _nodes_deg(roads)
    hidden = region.hides(latitude, longitude)
    there = house_edges(roads)
    nodes = np.unique(np.r_[graph.edge_from[there], graph.edge_to[there]])
    homes = nodes[region.homes(region.square.xy(latitude[nodes], longitude[nodes]))]
    seen = ~(hidden[graph.edge_from] | hidden[graph.edge_to])
    return np.asarray(seen & run_alike(graph, homes))
