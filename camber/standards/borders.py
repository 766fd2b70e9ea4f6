"""Country, traffic side and speed unit of a place.

The borders are those of the npm package @rapideditor/country-coder 5.6.1 (ISC licence, text in
``borders.LICENSE.md``), file ``src/data/borders.json`` unchanged, gzipped. They are made for
OpenStreetMap: exact on land, generous over coastal water.

A feature with a geometry that names no ``driveSide`` drives on the right, as in that package: the feature's
own word counts, not that of the state it belongs to (Gibraltar is British and drives on the right). In the
same way one that names no ``roadSpeedUnit`` posts its limits in km/h.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Borders:
    """Polygons with what is true inside them, and the index over them."""

    tree: shapely.STRtree
    polygon: NDArray[np.object_]
    country: NDArray[np.object_]
    traffic_side: NDArray[np.object_]
    speed_unit: NDArray[np.object_]
    area: FloatArray


def region_at(longitude_deg: ArrayLike, latitude_deg: ArrayLike) -> pd.DataFrame:
    """Country, traffic side and speed unit at places.

    Parameters
    ----------
    longitude_deg, latitude_deg : array_like of float, shape (n,)
        Places [deg], WGS 84.

    Returns
    -------
    DataFrame
        One row per place, index 0, 1, ...: ``country`` (ISO 3166-1 alpha-2; a territory with a code of its
        own has that one; "" at sea, on land without a code, and where a coordinate is missing),
        ``traffic_side`` ("left" or "right"; "right" where no country says otherwise) and ``speed_unit``
        ("km/h" or "mph": in which speed limits are posted; "km/h" where no country says otherwise).
    """
    x = np.atleast_1d(np.asarray(longitude_deg, dtype=np.float64))
    y = np.atleast_1d(np.asarray(latitude_deg, dtype=np.float64))
    whole = _common_region(x, y)
    if whole is not None:
        return pd.DataFrame({name: np.full(x.size, value, dtype=object) for name, value in whole.items()})
    return _region_of_each(x, y)


def _common_region(x: FloatArray, y: FloatArray) -> dict[str, str] | None:
    """Find what is true of all places at once, where one polygon holds their box and none else touches it."""
    if not (x.size and np.isfinite(x).all() and np.isfinite(y).all()):
        return None
    borders = _borders()
    box = shapely.box(x.min(), y.min(), x.max(), y.max())
    near = borders.tree.query(box)
    near = near[shapely.intersects(borders.polygon[near], box)]
    if len(near) != 1 or not shapely.contains_properly(borders.polygon[near[0]], box):
        return None
    only = near[0]
    return {
        "country": str(borders.country[only]),
        "traffic_side": str(borders.traffic_side[only]),
        "speed_unit": str(borders.speed_unit[only]),
    }


def _region_of_each(x: FloatArray, y: FloatArray) -> pd.DataFrame:
    borders = _borders()
    defaults = {"country": "", "traffic_side": "right", "speed_unit": "km/h"}
    columns = {name: np.full(x.size, value, dtype=object) for name, value in defaults.items()}
    place, polygon = borders.tree.query(shapely.points(x, y))
    # The tree compares boxes only; the polygons are prepared, which the tree would not make use of.
    inside = shapely.intersects_xy(borders.polygon[polygon], x[place], y[place])
    place, polygon = place[inside], polygon[inside]
    # On a shared border, and in an enclave, the smaller polygon is written last and stays.
    order = np.argsort(-borders.area[polygon], kind="stable")
    place, polygon = place[order], polygon[order]
    for name, values in columns.items():
        values[place] = getattr(borders, name)[polygon]
    return pd.DataFrame(columns)


def traffic_side_of(country: str) -> str:
    """Name the traffic side of most of a country's land ("left", "right"), by ISO 3166-1 alpha-2."""
    return _side_by_code()[country]


@cache
def _side_by_code() -> dict[str, str]:
    """Traffic side by code; parts of a country count by their area, codes without land by their own word."""
    borders = _borders()
    left = np.where(borders.traffic_side == "left", 1.0, -1.0) * borders.area
    balance = pd.Series(left).groupby(borders.country).sum()
    sides = {str(code): "left" if value > 0.0 else "right" for code, value in balance.items()}
    own = {
        str(entry["iso1A2"]): str(entry.get("driveSide", "right"))
        for entry in (feature["properties"] for feature in _features())
        if "iso1A2" in entry
    }
    return own | {code: side for code, side in sides.items() if code}


@cache
def region_codes() -> frozenset[str]:
    """Codes of the countries that the borders know, ISO 3166-1 alpha-2."""
    return frozenset(
        str(feature["properties"]["iso1A2"]) for feature in _features() if "iso1A2" in feature["properties"]
    )


@cache
def _features() -> tuple[dict[str, Any], ...]:
    packed = resources.files("camber.standards").joinpath("borders.json.gz").read_bytes()
    return tuple(json.loads(gzip.decompress(packed))["features"])


@cache
def _borders() -> _Borders:
    drawn = [feature for feature in _features() if feature["geometry"] is not None]
    shapes = shapely.from_geojson([json.dumps(feature["geometry"]) for feature in drawn])
    parts, owner = shapely.get_parts(shapes, return_index=True)
    shapely.prepare(parts)
    official = _official_codes()
    properties = [feature["properties"] for feature in drawn]
    return _Borders(
        tree=shapely.STRtree(parts),
        polygon=parts,
        country=np.array([_country(entry, official) for entry in properties], dtype=object)[owner],
        traffic_side=np.array([entry.get("driveSide", "right") for entry in properties], dtype=object)[owner],
        speed_unit=np.array([entry.get("roadSpeedUnit", "km/h") for entry in properties], dtype=object)[
            owner
        ],
        area=shapely.area(parts),
    )


def _official_codes() -> frozenset[str]:
    # Reserved codes (FX for metropolitan France, IC for the Canary Islands, ...) name parts of a country.
    return frozenset(
        entry["iso1A2"]
        for entry in (feature["properties"] for feature in _features())
        if "iso1A2" in entry and entry.get("isoStatus") != "excRes"
    )


def _country(entry: dict[str, Any], official: frozenset[str]) -> str:
    own = entry.get("iso1A2", "")
    if own in official:
        return str(own)
    territory = next((code for code in entry.get("groups", ()) if code in official), None)
    return str(territory or entry.get("country", ""))
