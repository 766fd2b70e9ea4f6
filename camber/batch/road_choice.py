"""Which roads a run is analysed with: an extract that holds it, or the tiles that it touches.

A run's roads depend on where it went alone, so that it is the same whatever else is in the library.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from camber.errors import MissingTilesError
from camber.roads import read_roads
from camber.roads.tiles import TileStore, usable_tiles

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from camber.roads.grid import Tile

    FloatArray = NDArray[np.float64]
    RoadChoice = Callable[[FloatArray, FloatArray], "RoadsOf | None"]
    """Chooses roads for the longitudes and latitudes of a run [deg]; None where it has none."""


@dataclass(frozen=True)
class RoadsOf:
    """How a worker opens the roads of a run.

    Parameters
    ----------
    version : str
        Of their data.
    extract : Path or None
        An extract; tiles if missing.
    tiles : tuple of Tile
        The tiles.
    folder : Path or None
        Where tiles, and what was parsed of extracts, are kept.
    country : str or None
        Overrides the place.
    """

    version: str
    extract: Path | None
    tiles: tuple[Tile, ...]
    folder: Path | None
    country: str | None


def from_extracts(paths: Sequence[Path], *, country: str | None, folder: Path | None) -> RoadChoice:
    """Choose among extracts the one that holds most fixes of a run.

    Parameters
    ----------
    paths : sequence of Path
        The extracts.
    country : str or None
        Overrides the place.
    folder : Path or None
        Where what was parsed is kept.

    Returns
    -------
    RoadChoice
        None for a run that none of them holds a fix of.

    Raises
    ------
    RoadsError
        If one of them cannot be read.
    """
    bounds = {path: read_roads(path, country=country, cache=folder).bounds_deg for path in paths}
    versions = {path: _file_version(path, country) for path in paths}

    def choose(longitude_deg: FloatArray, latitude_deg: FloatArray) -> RoadsOf | None:
        def held(path: Path) -> int:
            west, south, east, north = bounds[path]
            across = (longitude_deg >= west) & (longitude_deg <= east)
            return int((across & (latitude_deg >= south) & (latitude_deg <= north)).sum())

        best = max(paths, key=held, default=None)
        if best is None or not held(best):
            return None
        return RoadsOf(versions[best], best.resolve(), (), folder, country)

    return choose


def from_tiles(folder: Path, *, country: str | None) -> RoadChoice:
    """Take the tiles that a run touches, and those that it comes near.

    Parameters
    ----------
    folder : Path
        The user's folder for roads.
    country : str or None
        Overrides the place.

    Returns
    -------
    RoadChoice
        None for a run of which a tile is missing.
    """
    store = TileStore(folder)

    def choose(longitude_deg: FloatArray, latitude_deg: FloatArray) -> RoadsOf | None:
        try:
            tiles = tuple(sorted(usable_tiles(folder, longitude_deg, latitude_deg)))
        except MissingTilesError:
            return None
        state = sha256(repr(country).encode())
        for tile in tiles:
            head = store.head(tile)
            if head is None:
                return None
            state.update(tile.name.encode() + head.checksum)
        return RoadsOf(f"tiles-{state.hexdigest()[:16]}", None, tiles, folder.resolve(), country)

    return choose


def _file_version(path: Path, country: str | None) -> str:
    with path.open("rb") as file:
        state = sha256()
        while piece := file.read(1 << 20):
            state.update(piece)
    state.update(repr(country).encode())
    return f"extract-{state.hexdigest()[:16]}"
