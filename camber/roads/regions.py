"""Which extract of a country would cover tiles, for those who would rather take roads from a file.

The paths are those of the download server of Geofabrik, as its public index lists them (as of 2026); nothing
is asked of it here. The country of a tile comes from the borders that camber has.
"""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final

import numpy as np

from camber.standards.borders import region_at

if TYPE_CHECKING:
    from collections.abc import Collection

    from camber.roads.grid import Tile

SERVER: Final = "https://download.geofabrik.de"

_PLACES: Final = 5
"""Places on each side of a tile at which the country is asked (judgement: 1 km apart)."""


@dataclass(frozen=True)
class Region:
    """A country of which there is an extract.

    Parameters
    ----------
    path : str
        Path on the server, without the ending.
    has_parts : bool
        Whether there are smaller extracts of its parts.
    """

    path: str
    has_parts: bool

    @property
    def url(self) -> str:
        """Address of the file.

        Returns
        -------
        str
            An ``.osm.pbf`` file.
        """
        return f"{SERVER}/{self.path}-latest.osm.pbf"

    @property
    def page(self) -> str:
        """Address of the page that lists the parts.

        Returns
        -------
        str
            A web page.
        """
        return f"{SERVER}/{self.path}.html"

    @property
    def file(self) -> str:
        """Name of the file.

        Returns
        -------
        str
            As it is after the download.
        """
        return f"{self.path.rpartition('/')[2]}-latest.osm.pbf"


def regions_of(tiles: Collection[Tile]) -> tuple[Region, ...]:
    """Name the extracts that cover tiles.

    Parameters
    ----------
    tiles : collection of Tile
        The tiles.

    Returns
    -------
    tuple of Region
        That of most tiles first; none for tiles at sea or in countries without an extract.
    """
    known = _regions()
    step = (np.arange(_PLACES) + 0.5) / _PLACES
    found: Counter[Region] = Counter()
    for tile in sorted(tiles):
        west, south, east, north = tile.bounds_deg
        x, y = np.meshgrid(west + (east - west) * step, south + (north - south) * step)
        countries = set(region_at(x.ravel(), y.ravel())["country"])
        found.update(known[country] for country in sorted(countries) if country in known)
    return tuple(region for region, _ in found.most_common())


@cache
def _regions() -> dict[str, Region]:
    text = resources.files("camber.roads").joinpath("extracts.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {row["country"]: Region(row["path"], row["has_parts"] == "yes") for row in rows}
