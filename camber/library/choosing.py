"""Which roads each run is analysed with: asked once, and again where the map or the run has changed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from camber.errors import MissingTilesError
from camber.library.activities import ANALYSABLE, places_of
from camber.longitudes import is_inside
from camber.roads.cache import read_roads
from camber.roads.grid import tile_of_name
from camber.roads.tiles import TileStore, usable_tiles

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from camber.library import Library
    from camber.longitudes import Bounds
    from camber.roads.grid import Tile

    FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class RoadsOf:
    """How a worker opens the roads of a run: an extract, or tiles in a folder; and their version.

    ``folder`` is also where what was parsed of extracts is kept; ``country`` overrides the place.
    """

    version: str
    extract: Path | None
    tiles: tuple[Tile, ...]
    folder: Path | None
    country: str | None


@dataclass(frozen=True)
class RoadChoice:
    """Chooses roads for the longitudes and latitudes of a run [deg]; None where it has none.

    ``state`` names what it chooses among: as long as that is the same, it chooses the same for a run.
    """

    state: Callable[[], str]
    choose: Callable[[FloatArray, FloatArray], RoadsOf | None]


def chosen_roads(
    library: Library, choices: Sequence[RoadChoice], only: Collection[int] | None = None
) -> Iterator[tuple[int, RoadsOf | None]]:
    """Choose roads for every run that is to be analysed, by the first choice that has some; or None.

    What was chosen among the same map is remembered, so that no positions are read for it again.
    """
    connection = library.connection
    asked = sha256(repr([choice.state() for choice in choices]).encode()).hexdigest()[:32]
    known = dict(
        connection.execute("SELECT activity_id, roads FROM chosen WHERE asked = ?", (asked,)).fetchall()
    )
    rows = []
    for (run,) in connection.execute(ANALYSABLE).fetchall():
        if only is not None and run not in only:
            continue
        if run not in known:
            longitude_deg, latitude_deg = places_of(connection, run).T
            found = (choice.choose(longitude_deg, latitude_deg) for choice in choices)
            roads = next((one for one in found if one is not None), None)
            known[run] = _text_of(roads)
            rows.append((run, asked, known[run]))
        yield run, _roads_from(known[run])
    if rows:
        with library.writing():
            connection.executemany("INSERT OR REPLACE INTO chosen VALUES (?, ?, ?)", rows)


def _text_of(roads: RoadsOf | None) -> str:
    if roads is None:
        return ""
    tiles = [tile.name for tile in roads.tiles]
    extract, folder = (None if path is None else str(path) for path in (roads.extract, roads.folder))
    return json.dumps([roads.version, extract, tiles, folder, roads.country])


@lru_cache(maxsize=4096)
def _roads_from(text: str) -> RoadsOf | None:
    if not text:
        return None
    version, extract, names, folder, country = json.loads(text)
    tiles = tuple(tile for tile in map(tile_of_name, names) if tile is not None)
    paths = (None if path is None else Path(path) for path in (extract, folder))
    return RoadsOf(version, next(paths), tiles, next(paths), country)


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
    try:
        versions = {path: _file_version(path, country) for path in paths}
    except OSError:
        for path in paths:
            read_roads(path, country=country, cache=folder)  # says what is wrong
        raise

    @cache
    def bounds(path: Path) -> Bounds:
        return read_roads(path, country=country, cache=folder).bounds_deg

    def choose(longitude_deg: FloatArray, latitude_deg: FloatArray) -> RoadsOf | None:
        def held(path: Path) -> int:
            return int(is_inside(bounds(path), longitude_deg, latitude_deg).sum())

        best = max(paths, key=held, default=None)
        if best is None or not held(best):
            return None
        return RoadsOf(versions[best], best.resolve(), (), folder, country)

    return RoadChoice(lambda: repr([(str(path.resolve()), versions[path], folder) for path in paths]), choose)


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

    def state() -> str:
        heads = store.heads()
        return repr(
            [(tile.name, head and head.checksum) for tile, head in heads.items()] + [folder.resolve()]
        )

    def choose(longitude_deg: FloatArray, latitude_deg: FloatArray) -> RoadsOf | None:
        try:
            tiles = tuple(sorted(usable_tiles(folder, longitude_deg, latitude_deg)))
        except MissingTilesError:
            return None
        version = sha256(repr(country).encode())
        for tile in tiles:
            head = store.head(tile)
            if head is None:
                return None
            version.update(tile.name.encode() + head.checksum)
        return RoadsOf(f"tiles-{version.hexdigest()[:16]}", None, tiles, folder.resolve(), country)

    return RoadChoice(state, choose)


def _file_version(path: Path, country: str | None) -> str:
    with path.open("rb") as file:
        state = sha256()
        while piece := file.read(1 << 20):
            state.update(piece)
    state.update(repr(country).encode())
    return f"extract-{state.hexdigest()[:16]}"
