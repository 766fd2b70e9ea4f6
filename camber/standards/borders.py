"""Country and traffic side of a place.

The borders are those of the npm package @rapideditor/country-coder 5.6.1 (ISC licence, text in
``borders.LICENSE.md``), file ``src/data/borders.json`` unchanged, gzipped. They are made for
OpenStreetMap: exact on land, generous over coastal water.

A feature with a geometry that names no ``driveSide`` drives on the right, as in that package: the feature's
own word counts, not that of the state it belongs to (Gibraltar is British and drives on the right).
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


@dataclass(frozen=True, eq=False)
class _Borders:
    """Polygons with their country code and traffic side, and the index over them."""

    tree: shapely.STRtree
    polygon: NDArray[np.object_]
    country: NDArray[np.object_]
    traffic_side: NDArray[np.object_]
    area: NDArray[np.float64]


def region_at(longitude_deg: ArrayLike, latitude_deg: ArrayLike) -> pd.DataFrame:
    """Country and traffic side at places.

    Parameters
    ----------
    longitude_deg, latitude_deg : array_like of float, shape (n,)
        Places [deg], WGS 84.

    Returns
    -------
    DataFrame
        One row per place, index 0, 1, ...: ``country`` (ISO 3166-1 alpha-2; a territory with a code of its
        own has that one; "" at sea, on land without a code, and where a coordinate is missing) and
        ``traffic_side`` ("left" or "right"; "right" where no country says otherwise).
    """
    borders = _borders()
    x = np.atleast_1d(np.asarray(longitude_deg, dtype=np.float64))
    y = np.atleast_1d(np.asarray(latitude_deg, dtype=np.float64))
    country, side = np.array([""] * x.size, dtype=object), np.array(["right"] * x.size, dtype=object)
    place, polygon = borders.tree.query(shapely.points(x, y))
    # The tree compares boxes only; the polygons are prepared, which the tree would not make use of.
    inside = shapely.intersects_xy(borders.polygon[polygon], x[place], y[place])
    place, polygon = place[inside], polygon[inside]
    # On a shared border, and in an enclave, the smaller polygon is written last and stays.
    order = np.argsort(-borders.area[polygon], kind="stable")
    place, polygon = place[order], polygon[order]
    country[place] = borders.country[polygon]
    side[place] = borders.traffic_side[polygon]
    return pd.DataFrame({"country": country, "traffic_side": side})


@cache
def region_codes() -> frozenset[str]:
    """Codes of the countries that the borders know.

    Returns
    -------
    frozenset of str
        ISO 3166-1 alpha-2.
    """
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
    country = np.array([_country(entry, official) for entry in properties], dtype=object)
    side = np.array([entry.get("driveSide", "right") for entry in properties], dtype=object)
    return _Borders(shapely.STRtree(parts), parts, country[owner], side[owner], shapely.area(parts))


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
