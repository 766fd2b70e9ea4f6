"""What the map says of ways whose surface is to be measured: plain values, sent to where that is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely
from pyproj import Transformer

from camber import cross_section, standards
from camber.conventions import WGS84

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from camber.schema import Roads

    FloatArray = NDArray[np.float64]

_BESIDE_M: Final = 15.0
"""How far from a way others count as beside it [m] (judgement: as far as its cells are looked at)."""

_LEAST_M: Final = 10.0
_ALONG: Final = 0.8
"""Shortest piece beside a way that counts [m], and what share of it has to go along (judgement)."""


@dataclass(frozen=True, eq=False)
class MappedWay:
    """One way as the map has it.

    Parameters
    ----------
    way_id : int
        The way.
    length_m : float
        Its length, in which chainages are counted [m].
    line_deg : ndarray of float64, shape (m, 2)
        Longitude and latitude, as drawn [deg].
    width_m, width_sd_m : float
        Width of the carriageway by tag, lanes or class, and its standard deviation [m].
    is_road, paved, covered : bool
        Whether it is a carriageway, is paved, and lies on a bridge, in a tunnel or on a layer of its own.
    sidewalks_deg, carriageways_deg : tuple of ndarray of float64, shape (m, 2)
        Pieces of paths and of other carriageways that go along beside it [deg].
    """

    way_id: int
    length_m: float
    line_deg: FloatArray
    width_m: float
    width_sd_m: float
    is_road: bool
    paved: bool
    covered: bool
    sidewalks_deg: tuple[FloatArray, ...] = ()
    carriageways_deg: tuple[FloatArray, ...] = ()


def mapped_ways(roads: Roads, way_ids: Sequence[int]) -> list[MappedWay]:
    """Say what a map says of some ways; those that it does not hold are left out."""
    ways = roads.ways.loc[roads.ways.index.isin(way_ids)]
    if ways.empty:
        return []
    assumed = standards.assume(ways, roads.overrides)
    half, half_std = cross_section.half_width(ways, assumed)
    covered = ways["bridge"] | ways["tunnel"] | (ways["layer"] != 0)
    turn = Transformer.from_crs(roads.crs, WGS84, always_xy=True)
    lines = np.asarray(ways.geometry)
    at, other = roads.ways.sindex.query(lines, predicate="dwithin", distance=_BESIDE_M)
    near = roads.ways.iloc[np.unique(other)]
    road_like = standards.assume(near, roads.overrides)["is_road"].to_numpy(dtype=bool)
    is_road = dict(zip(near.index.tolist(), road_like.tolist(), strict=True))
    pieces: dict[int, tuple[list[shapely.LineString], list[shapely.LineString]]] = {}
    for place, row in zip(at.tolist(), other.tolist(), strict=True):
        neighbour = int(roads.ways.index[row])
        if neighbour != ways.index[place]:
            kept = pieces.setdefault(place, ([], []))[is_road[neighbour]]
            kept.extend(_along(lines[place], roads.ways.geometry.iloc[row]))
    return [
        MappedWay(
            int(way_id),
            float(ways["length_m"].iloc[place]),
            _degrees(turn, lines[place]),
            float(2.0 * half[place]),
            float(2.0 * half_std[place]),
            bool(assumed["is_road"].iloc[place]),
            assumed["surface_group"].iloc[place] == "paved",
            bool(covered.iloc[place]),
            *(tuple(_degrees(turn, one) for one in some) for some in pieces.get(place, ((), ()))),
        )
        for place, way_id in enumerate(ways.index)
    ]


def _along(line: shapely.LineString, other: shapely.LineString) -> Iterator[shapely.LineString]:
    """Give the pieces of another line that go along beside one, and not across it or on from its ends."""
    beside = shapely.intersection(shapely.buffer(line, _BESIDE_M, cap_style="flat"), other)
    for piece in shapely.get_parts(beside).tolist():
        if piece.geom_type == "LineString" and piece.length >= _LEAST_M:
            ends = shapely.points(shapely.get_coordinates(piece)[[0, -1]])
            if np.ptp(np.asarray(shapely.line_locate_point(line, ends))) >= _ALONG * piece.length:
                yield piece


def _degrees(turn: Transformer, line: shapely.LineString) -> FloatArray:
    return np.column_stack(turn.transform(*shapely.get_coordinates(line).T))
