"""Whether a way lies among streets of a town. All of it is judgement; see `is_built_up`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

from camber.roads.strips import near_strip, strips

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

TOWN_STREETS: Final = ("residential", "living_street", "pedestrian")
"""Classes that are by definition lined with houses (wiki Key:highway)."""

FAST_KMH: Final = 70.0
"""From this limit on a road is taken as outside the town [km/h] (judgement: in towns 60 at most)."""

NEAR_M: Final = 100.0
"""How far around the middle of a way town streets count [m] (judgement)."""

PLACES_EACH: Final = 10.0
"""Pieces of streets that are held against a way, for the size of a strip (judgement)."""

ENOUGH_M: Final = 200.0
"""Length of town streets within that circle that makes a town [m] (judgement: one street across it)."""


def is_built_up(ways: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Judge whether each way lies among streets of a town.

    In this order: a zone value of a speed tag (``DE:urban``, ``DE:rural``) decides; a limit of 70 km/h or
    more says no; a town street, a sidewalk tag, a mapped sidewalk or street lamps (``lit=yes``) say yes;
    for the rest, 200 m of town streets within 100 m of the middle of the way say yes.

    Parameters
    ----------
    ways : GeoDataFrame, n rows
        Ways with the tag columns of `camber.schema.tables.WAYS` and ``zone``.

    Returns
    -------
    ndarray of bool, shape (n,)
        True in a town.
    """
    town_street = ways["highway"].isin(TOWN_STREETS).to_numpy()
    sidewalk = (ways[["sidewalk_left", "sidewalk_right"]].isin(["yes", "separate"])).any(axis=1).to_numpy()
    told = town_street | sidewalk | (ways["footway"] == "sidewalk") | (ways["lit"] == "yes")
    result = np.asarray(told) | _among_town_streets(ways, town_street)
    result &= ~(ways["maxspeed_kmh"] >= FAST_KMH).to_numpy()
    zone = ways["zone"].to_numpy(dtype=str)
    return np.where(zone == "", result, zone == "urban")


def _among_town_streets(ways: gpd.GeoDataFrame, town_street: NDArray[np.bool_]) -> NDArray[np.bool_]:
    lines = ways.geometry.to_numpy()
    bounds = shapely.bounds(lines)
    streets = np.flatnonzero(town_street)
    result = np.zeros(len(ways), dtype=bool)
    for rows in strips(bounds, np.full(len(ways), PLACES_EACH)):
        pieces = _pieces(lines[streets[near_strip(bounds[streets], rows, bounds, NEAR_M)]])
        if len(pieces):
            middle = shapely.line_interpolate_point(lines[rows], 0.5, normalized=True)
            way, piece = shapely.STRtree(pieces).query(middle, predicate="dwithin", distance=NEAR_M)
            length = np.bincount(way, weights=shapely.length(pieces)[piece], minlength=len(rows))
            result[rows] = length >= ENOUGH_M
    return result


def _pieces(lines: NDArray[np.object_]) -> NDArray[np.object_]:
    """Straight pieces of at most 25 m, so that a long street counts with its near part only."""
    if not len(lines):
        return lines
    vertices, line = shapely.get_coordinates(shapely.segmentize(lines, 25.0), return_index=True)
    same = np.diff(line) == 0
    ends = np.stack([vertices[:-1][same], vertices[1:][same]], axis=1)
    return np.asarray(shapely.linestrings(ends), dtype=object)
