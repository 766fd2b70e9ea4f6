"""Tiles of terrain models as agencies name them: which hold given places, and where they are given away."""

from __future__ import annotations

import csv
from collections import Counter
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from pyproj import Transformer

from camber.conventions import WGS84
from camber.standards.borders import region_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

_EAST_DEG: Final = 12.0
"""Longitude east of which German states use zone 33 [deg]."""

_LETTERS: Final = "ABCDEFGHJKLMNOPQRSTUVWXYZ"
"""Of the squares of the National Grid of Great Britain, row by row from the north-west; there is no I."""


class Wanted(NamedTuple):
    """A tile that holds places: its name, "" where names follow no rule; the country, the page, how many."""

    name: str
    country: str
    page: str
    places: int


def tiles_at(longitude_deg: FloatArray, latitude_deg: FloatArray) -> list[Wanted]:
    """Name the tiles that hold some places, those with most of them first; and countries without a rule.

    Of countries that are not in ``standards/terrain_tiles.csv`` there is none.
    """
    country = region_at(longitude_deg, latitude_deg)["country"].str[:2].to_numpy(dtype=str)
    counts: Counter[tuple[str, str, str]] = Counter()
    for row in _rows():
        at = country == row["country"]
        if row["country"] == "DE":
            at &= (longitude_deg >= _EAST_DEG) == (row["crs"] == "EPSG:25833")
        if at.any():
            names = (
                _names(row, longitude_deg[at], latitude_deg[at]) if row["pattern"] else [""] * int(at.sum())
            )
            counts.update((name, row["country"], row["page"]) for name in names)
    return [Wanted(*key, places) for key, places in sorted(counts.items(), key=lambda one: (-one[1], one[0]))]


@cache
def _rows() -> list[dict[str, str]]:
    text = resources.files("camber.standards").joinpath("terrain_tiles.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _names(row: dict[str, str], longitude_deg: FloatArray, latitude_deg: FloatArray) -> list[str]:
    zones = np.floor((longitude_deg + 180.0) / 6.0).astype(int) + 1
    found = np.full(len(zones), "", dtype=object)
    for zone in np.unique(zones if "{zone}" in row["crs"] else zones[:1]):
        at = zones == zone if "{zone}" in row["crs"] else np.ones(len(zones), dtype=bool)
        turn = Transformer.from_crs(WGS84, row["crs"].format(zone=f"{zone:02d}"), always_xy=True)
        east, north = turn.transform(longitude_deg[at], latitude_deg[at])
        unit, tile = int(row["unit_m"]), int(row["tile_m"])
        e = (np.floor(east / tile) * tile / unit).astype(int)
        n = ((np.floor(north / tile) + (row["corner"] == "nw")) * tile / unit).astype(int)
        found[at] = [
            row["pattern"].format(e=a, n=b, zone=zone, grid=_grid_square(5 * a, 5 * b))
            for a, b in zip(e.tolist(), n.tolist(), strict=True)
        ]
    return [str(name) for name in found]


def _grid_square(east_km: int, north_km: int) -> str:
    """Name the quarter of a 10 km square of the National Grid, such as ``"TQ28ne"``."""
    column, row = east_km // 100 + 10, 19 - north_km // 100
    if not (0 <= column < 25 and 0 <= row < 25):
        return ""
    first, second = row // 5 * 5 + column // 5, row % 5 * 5 + column % 5
    quarter = f"{'sn'[north_km % 10 >= 5]}{'we'[east_km % 10 >= 5]}"
    return f"{_LETTERS[first]}{_LETTERS[second]}{east_km % 100 // 10}{north_km % 100 // 10}{quarter}"
