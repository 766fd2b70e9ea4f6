"""Extracts of any size cut into tiles: only what runs need is kept, or all of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from camber.errors import NoRoadsError
from camber.roads.extract import read_extract
from camber.roads.grid import tile_of_key, tiles_of_ways
from camber.roads.raw_ways import joined_ways
from camber.roads.tiles import TileWays

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from camber.roads.extract import Extract, Progress
    from camber.roads.grid import Tile
    from camber.roads.tiles import TileStore

    IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Added:
    """What came of an extract.

    Parameters
    ----------
    kept : frozenset of Tile
        Tiles that were written.
    cut : frozenset of Tile
        Those of them at the border of the extract, where roads may be missing.
    older : frozenset of Tile
        Tiles that were left as they are, since what is kept of them is newer or whole.
    outside : frozenset of Tile
        Wanted tiles that the extract does not cover.
    ways : int
        Ways in all tiles written, those of two tiles counted twice.
    osm_date : str or None
        Date of the data.
    """

    kept: frozenset[Tile]
    cut: frozenset[Tile]
    older: frozenset[Tile]
    outside: frozenset[Tile]
    ways: int
    osm_date: str | None


def add_file(
    path: Path, store: TileStore, wanted: Collection[Tile] | None, *, progress: Progress = lambda *_: None
) -> Added:
    """Keep the tiles of an extract of any size that are wanted; None for all of it.

    A `RoadsError` where the file is damaged or the folder cannot be written to, a `NoRoadsError` where there
    is nothing to run on.
    """
    store.prepare()
    extract = read_extract(path, scratch=store.place, progress=progress)
    if not np.isfinite(extract.longitude_deg).any():
        text = "holds no road or path that a runner could use; take an extract with ways tagged `highway`."
        raise NoRoadsError(text, path=path)
    keys = None if wanted is None else {tile.key for tile in wanted}
    found = dict(_ways_by_tile(extract, keys))
    inside = frozenset(tile for tile in wanted or found if _overlap(tile.bounds_deg, extract.box_deg))
    torn = _torn(extract)
    kept, cut, older, ways = set(), set(), set(), 0
    at = datetime.now(UTC).isoformat(timespec="seconds")
    for number, tile in enumerate(sorted(inside | set(found))):
        rows = found.get(tile, np.zeros(0, dtype=np.int64))
        whole = _holds(extract.box_deg, tile.bounds_deg) and not torn[rows].any()
        new = TileWays(extract.raw_ways(rows), extract.osm_date, path.name, at, whole)
        if _replaces(store, tile, new):
            store.write(tile, _united(store, tile, new))
            kept.add(tile)
            cut |= set() if whole else {tile}
            ways += len(rows)
        else:
            older.add(tile)
        progress("keeping tiles", number + 1, len(inside | set(found)))
    outside = frozenset(wanted or ()) - inside - set(found)
    parts = (frozenset(kept), frozenset(cut), frozenset(older))
    return Added(*parts, outside, ways, extract.osm_date)


def _replaces(store: TileStore, tile: Tile, new: TileWays) -> bool:
    """Newer data replaces older, and a whole tile one that may be cut; never the other way round."""
    old = store.head(tile)
    if old is None or (new.whole and not old.whole):
        return True
    if old.whole and not new.whole:
        return False
    return not (old.osm_date and new.osm_date and new.osm_date < old.osm_date)


def _united(store: TileStore, tile: Tile, new: TileWays) -> TileWays:
    """Add to a tile that may be cut a neighbouring extract has brought of it."""
    old = None if new.whole or store.head(tile) is None else store.read(tile)
    if old is None or old.whole:
        return new
    raw = joined_ways([old.raw, new.raw])
    oldest = min((date for date in (old.osm_date, new.osm_date) if date), default=None)
    return TileWays(raw, oldest, new.source, new.kept_at, whole=False)


def _ways_by_tile(extract: Extract, keys: Collection[int] | None) -> Iterator[tuple[Tile, IntArray]]:
    pairs = tiles_of_ways(extract.first, extract.longitude_deg, extract.latitude_deg)
    if keys is not None:
        pairs = pairs[np.isin(pairs[:, 1], np.fromiter(keys, dtype=np.int64))]
    pairs = pairs[np.lexsort((pairs[:, 0], pairs[:, 1]))]
    tile_keys, begins = np.unique(pairs[:, 1], return_index=True)
    for key, ways in zip(tile_keys, np.split(pairs[:, 0], begins[1:]), strict=bool(len(tile_keys))):
        yield tile_of_key(key), ways


def _torn(extract: Extract) -> NDArray[np.bool_]:
    """Ways of which the file does not hold every node: it was cut there."""
    way = np.repeat(np.arange(len(extract.way_id)), np.diff(extract.first))
    torn = np.zeros(len(extract.way_id), dtype=bool)
    torn[way[~np.isfinite(extract.longitude_deg)]] = True
    return torn


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _holds(outer: tuple[float, ...], inner: tuple[float, ...]) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and outer[2] >= inner[2] and outer[3] >= inner[3]
