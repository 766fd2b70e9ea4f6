"""Several tiles to one road set: no way twice, none cut at a border between tiles."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from camber.errors import MissingTilesError
from camber.roads.cache import SUFFIX, entry_name, keep_entry, open_entry
from camber.roads.grid import Tile, tiles_of, tiles_of_keys
from camber.roads.plan import metres_by_tile, needed_keys
from camber.roads.raw_ways import RawWays, clean_ways, selected_ways
from camber.roads.road_set import roads_from_raw_ways
from camber.roads.tile_store import TileStore
from camber.schema import Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import ArrayLike

    from camber.roads.tile_form import TileWays
    from camber.schema import Roads

__all__ = ["MissingTilesError", "Tile", "merge_tiles", "open_tiles", "tiles_of", "usable_tiles"]

SOURCE: Final = "OpenStreetMap tiles"

MOST_OPENED_BYTES: Final = 1_000_000_000
"""How much of what was opened is kept beside the tiles [B] (judgement: some 60 cities)."""


def open_tiles(folder: Path, tiles: Collection[Tile], *, country: str | None = None) -> Roads:
    """Open the roads of several tiles as one road set.

    What was opened is kept too, so that the same tiles open at once the next time.

    Parameters
    ----------
    folder : Path
        The user's folder for roads, see `camber.roads.tile_store.TileStore`.
    tiles : collection of Tile
        The tiles, one at least.
    country : str, optional
        ISO 3166-1 alpha-2 code that overrides the place of every way, and with it the traffic side.

    Returns
    -------
    Roads
        Every way that touches one of the tiles, whole and once; ``osm_date`` is that of the oldest tile.

    Raises
    ------
    MissingTilesError
        If some of the tiles are not kept, or were damaged and have been put aside.
    NoRoadsError
        If there is no road or path in any of them.
    RoadsError
        If the country is unknown.
    """
    store = TileStore(folder)
    wanted = sorted(set(tiles))
    heads = {tile: store.head(tile) for tile in wanted}
    state = hashlib.sha256()
    for tile, head in heads.items():
        state.update(tile.name.encode() + (head.checksum if head else b""))
    entry = folder / entry_name(state.hexdigest(), country)
    kept, _ = open_entry(entry) if all(heads.values()) else (None, ())
    if kept is not None:
        return kept
    opened = {tile: store.read(tile) for tile in wanted}
    missing = [tile for tile, ways in opened.items() if ways is None]
    if missing:
        raise _missing(missing, folder)
    found = merge_tiles([ways for ways in opened.values() if ways is not None], country=country)
    # What is wrong with the folder is no property of the roads, and tiles cost little to open without it.
    keep_entry(found, entry)
    trim_opened(folder)
    return found


def trim_opened(folder: Path, *, most_bytes: int = MOST_OPENED_BYTES) -> int:
    """Forget road sets that were opened before and kept, those first that were written longest ago.

    Parameters
    ----------
    folder : Path
        The user's folder for roads.
    most_bytes : int
        How much may stay [B].

    Returns
    -------
    int
        Bytes that this freed; the tiles stay.
    """
    freed, size = 0, 0
    with suppress(OSError):
        entries = [(path.stat(), path) for path in folder.glob(f"*{SUFFIX}")]
        for about, path in sorted(entries, key=lambda entry: entry[0].st_mtime, reverse=True):
            size += about.st_size
            if size > most_bytes:
                path.unlink()
                freed += about.st_size
    return freed


def usable_tiles(folder: Path, longitude_deg: ArrayLike, latitude_deg: ArrayLike) -> frozenset[Tile]:
    """Choose the tiles over which a run can be analysed.

    Parameters
    ----------
    folder : Path
        The user's folder for roads.
    longitude_deg, latitude_deg : array_like, shape (n,)
        Fixes of the run in their order [deg].

    Returns
    -------
    frozenset of Tile
        Of the tiles that the run touches or comes near those that are kept. Every tile with at least 200 m
        of the run in it or near it is among them; of the others, which planning may have left out, some may
        not be.

    Raises
    ------
    MissingTilesError
        If one with at least 200 m of the run is not kept.
    """
    key, near_m, _ = metres_by_tile(longitude_deg, latitude_deg)
    kept = TileStore(folder).tiles()
    missing = tiles_of_keys(needed_keys(key, near_m)) - kept
    if missing:
        raise _missing(sorted(missing), folder)
    return tiles_of_keys(key) & kept


def merge_tiles(tiles: Sequence[TileWays], *, country: str | None = None) -> Roads:
    """Make one road set of several tiles.

    Parameters
    ----------
    tiles : sequence of TileWays
        The tiles, one at least.
    country : str, optional
        As in `open_tiles`.

    Returns
    -------
    Roads
        Of copies of a way, or of a node, that of the newest tile.

    Raises
    ------
    NoRoadsError
        If there is no road or path in any of them.
    """
    by_age = sorted(tiles, key=lambda tile: (tile.osm_date or "", tile.kept_at))
    raw = joined_ways([tile.raw for tile in by_age])
    cut = sum(not tile.whole for tile in tiles)
    if cut:
        text = "tiles of the map lie at the border of an extract: roads may be missing there."
        raw = replace(raw, problems=(Problem("cut_tile", text, cut),))
    dates = [tile.osm_date for tile in tiles]
    oldest = min((date for date in dates if date), default=None)
    return roads_from_raw_ways(clean_ways(raw, path=SOURCE), source=SOURCE, osm_date=oldest, country=country)


def joined_ways(parts: Sequence[RawWays]) -> RawWays:
    """Join ways that several sources gave.

    Parameters
    ----------
    parts : sequence of RawWays
        One at least.

    Returns
    -------
    RawWays
        Each way once, as its last copy has it, in the order of ids; each node where its last copy has it.
    """
    way_id = np.concatenate([part.way_id for part in parts])
    tags = [way for part in parts for way in part.tags]
    first = np.cumsum(np.concatenate([[0], *(np.diff(part.first) for part in parts)]), dtype=np.int64)
    node_id = np.concatenate([part.node_id for part in parts])
    longitude = np.concatenate([part.longitude_deg for part in parts])
    latitude = np.concatenate([part.latitude_deg for part in parts])
    ids, node = np.unique(node_id, return_inverse=True)
    known = np.flatnonzero(np.isfinite(longitude) & np.isfinite(latitude))
    place = np.full(len(ids), -1)
    place[node[known]] = known  # of equal nodes the last one stays
    _, from_end = np.unique(way_id[::-1], return_index=True)
    at = place[node]
    longitude, latitude = (np.where(at >= 0, places[at], np.nan) for places in (longitude, latitude))
    node_tags = _joined_node_tags(parts)
    everything = RawWays(way_id, tuple(tags), first, node_id, longitude, latitude, (), node_tags)
    return selected_ways(everything, len(way_id) - 1 - from_end)


def _joined_node_tags(parts: Sequence[RawWays]) -> dict[int, Mapping[str, str]] | None:
    """Tags of nodes as the last part that has a node has them; None where no part tells any."""
    told = [part for part in parts if part.node_tags is not None]
    if not told:
        return None
    joined: dict[int, Mapping[str, str]] = {}
    for part in told:
        for node in set(part.node_id.tolist()) & joined.keys():
            del joined[node]
        joined.update(part.node_tags or {})
    return joined


def _missing(tiles: Sequence[Tile], folder: Path) -> MissingTilesError:
    names = ", ".join(tile.name for tile in tiles[:3]) + (", ..." if len(tiles) > 3 else "")
    noun = "tile" if len(tiles) == 1 else "tiles"
    text = (
        f"{len(tiles)} {noun} of the map are not there yet ({names}); get them with `camber roads fetch`, "
        "or from a file with `camber roads add FILE.osm.pbf`."
    )
    return MissingTilesError(text, path=folder, tiles=tiles)
