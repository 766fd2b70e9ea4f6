"""Extracts of any size to tiles: read as a stream, keeping ways to run on and nothing else.

Ways, nodes and tags are held in flat arrays, and the places of all nodes of a large file on disk, so that
memory grows with the roads and not with the file.
"""

from __future__ import annotations

import tempfile
from array import array
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from camber import network
from camber.errors import NoRoadsError, RoadsError
from camber.roads.crossings import tells_crossing
from camber.roads.extract import find_late, inspect_file, refuse_history, ways_and_crossings
from camber.roads.grid import tile_of_key, tiles_of_ways
from camber.roads.raw_ways import RawWays, joined_ways
from camber.roads.tags import is_for_running
from camber.roads.tiles import NOWHERE, TileWays, as_degrees

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from camber.roads.grid import Tile
    from camber.roads.tiles import TileStore

    IntArray = NDArray[np.int64]
    FloatArray = NDArray[np.float64]
    Progress = Callable[[str, int, int | None], None]

_EVERY: Final = 20_000
"""Ways between two reports of progress (judgement)."""

_LARGE_BYTES: Final = 200_000_000
"""From here on the places of nodes are kept on disk: in memory they would take 2 to 3 times the size of the
file (16 bytes for each node, 6 to 7 bytes of a ``.osm.pbf``)."""


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


@dataclass(frozen=True, eq=False)
class _Content:
    """Ways of a file as flat arrays; tags as numbers of pairs."""

    way_id: IntArray
    first: IntArray
    node_id: IntArray
    longitude_deg: FloatArray
    latitude_deg: FloatArray
    tag_first: IntArray
    tag: IntArray
    pairs: tuple[tuple[str, str], ...]
    node_tags: dict[int, dict[str, str]]
    box_deg: tuple[float, float, float, float]
    osm_date: str | None

    def ways(self, at: IntArray) -> RawWays:
        rows, first = network.ranges(self.first[at], self.first[at + 1])
        return RawWays(
            way_id=self.way_id[at],
            tags=tuple(
                dict(self.pairs[pair] for pair in self.tag[self.tag_first[way] : self.tag_first[way + 1]])
                for way in at
            ),
            first=first,
            node_id=self.node_id[rows],
            longitude_deg=self.longitude_deg[rows],
            latitude_deg=self.latitude_deg[rows],
            node_tags={
                node: self.node_tags[node] for node in self.node_id[rows].tolist() if node in self.node_tags
            },
        )


def add_file(
    path: Path, store: TileStore, wanted: Collection[Tile] | None, *, progress: Progress | None = None
) -> Added:
    """Keep the tiles of an extract that are wanted.

    Parameters
    ----------
    path : Path
        An ``.osm``, ``.osm.gz``, ``.osm.bz2`` or ``.osm.pbf`` file of any size.
    store : TileStore
        Where tiles are kept.
    wanted : collection of Tile or None
        The tiles that runs need; None for all of the extract.
    progress : callable, optional
        Called with what is going on, how many of it are done, and how many there are (None: unknown).

    Returns
    -------
    Added
        What was kept and what not.

    Raises
    ------
    RoadsError
        If the file is damaged or no OpenStreetMap data, or the folder cannot be written to.
    NoRoadsError
        If it holds no road or path that a runner could use.
    """
    store.prepare()
    content = _read(path, store.place, progress or (lambda *_: None))
    if not np.isfinite(content.longitude_deg).any():
        text = "holds no road or path that a runner could use; take an extract with ways tagged `highway`."
        raise NoRoadsError(text, path=path)
    keys = None if wanted is None else {tile.key for tile in wanted}
    found = dict(_ways_by_tile(content, keys))
    inside = frozenset(tile for tile in wanted or found if _overlap(tile.bounds_deg, content.box_deg))
    torn = _torn(content)
    kept, cut, older, ways = set(), set(), set(), 0
    at = datetime.now(UTC).isoformat(timespec="seconds")
    for number, tile in enumerate(sorted(inside | set(found))):
        rows = found.get(tile, np.zeros(0, dtype=np.int64))
        whole = _holds(content.box_deg, tile.bounds_deg) and not torn[rows].any()
        new = TileWays(content.ways(rows), content.osm_date, path.name, at, whole)
        if _replaces(store, tile, new):
            store.write(tile, _united(store, tile, new))
            kept.add(tile)
            cut |= set() if whole else {tile}
            ways += len(rows)
        else:
            older.add(tile)
        if progress:
            progress("keeping tiles", number + 1, len(inside | set(found)))
    outside = frozenset(wanted or ()) - inside - set(found)
    parts = (frozenset(kept), frozenset(cut), frozenset(older))
    return Added(*parts, outside, ways, content.osm_date)


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


def _ways_by_tile(content: _Content, keys: Collection[int] | None) -> Iterator[tuple[Tile, IntArray]]:
    pairs = tiles_of_ways(content.first, content.longitude_deg, content.latitude_deg)
    if keys is not None:
        pairs = pairs[np.isin(pairs[:, 1], np.fromiter(keys, dtype=np.int64))]
    pairs = pairs[np.lexsort((pairs[:, 0], pairs[:, 1]))]
    tile_keys, begins = np.unique(pairs[:, 1], return_index=True)
    for key, ways in zip(tile_keys, np.split(pairs[:, 0], begins[1:]), strict=bool(len(tile_keys))):
        yield tile_of_key(key), ways


def _torn(content: _Content) -> NDArray[np.bool_]:
    """Ways of which the file does not hold every node: it was cut there."""
    way = np.repeat(np.arange(len(content.way_id)), np.diff(content.first))
    torn = np.zeros(len(content.way_id), dtype=bool)
    torn[way[~np.isfinite(content.longitude_deg)]] = True
    return torn


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _holds(outer: tuple[float, ...], inner: tuple[float, ...]) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and outer[2] >= inner[2] and outer[3] >= inner[3]


def _read(path: Path, folder: Path, progress: Progress) -> _Content:
    form, date = inspect_file(path)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".camber-nodes-") as scratch:
        large = path.stat().st_size > _LARGE_BYTES
        places = f"sparse_file_array,{scratch}/nodes" if large else "flex_mem"
        try:
            return _streamed(path, form, date, places, progress)
        except RoadsError:
            raise
        except Exception as error:
            # The library raises errors of many kinds; all of them mean that the file cannot be trusted.
            raise RoadsError(
                f"the OpenStreetMap data cannot be read ({error}); the file is damaged or incomplete: "
                "download it again.",
                path=path,
            ) from error


def _streamed(path: Path, form: str, date: str | None, places: str, progress: Progress) -> _Content:
    import osmium  # noqa: PLC0415 - loads native code that most commands do not need

    source = osmium.io.File(str(path), form)
    ways = _Ways()
    reader: Any = osmium.FileProcessor(source).with_locations(places)
    for only in ways_and_crossings():
        reader = reader.with_filter(only)
    for entity in reader:
        if not entity.is_way():
            ways.add_node(entity)
            continue
        ways.add(entity)
        if len(ways.way_id) % _EVERY == 0:
            progress("reading ways", len(ways.way_id), None)
    header = reader.header
    refuse_history(header, ways.way_id, ways.version, ways.gone, path)
    date = header.get("osmosis_replication_timestamp") or header.get("timestamp") or date
    node_id = np.array(ways.node_id, dtype=np.int64)
    places_deg = find_late(node_id, ways.places_deg(), reader.node_location_storage, source)
    return _Content(
        way_id=np.array(ways.way_id, dtype=np.int64),
        first=np.array(ways.first, dtype=np.int64),
        node_id=node_id,
        longitude_deg=np.ascontiguousarray(places_deg[:, 0]),
        latitude_deg=np.ascontiguousarray(places_deg[:, 1]),
        tag_first=np.array(ways.tag_first, dtype=np.int64),
        tag=np.array(ways.tag, dtype=np.int32),
        pairs=tuple(ways.pairs),
        node_tags=ways.node_tags,
        box_deg=_box(header.box(), places_deg),
        osm_date=date,
    )


class _Ways:
    """Ways as they are read, in flat arrays: an object of the library dies when the next is read."""

    def __init__(self) -> None:
        self.way_id = array("q")
        self.version = array("q")
        self.first = array("q", [0])
        self.node_id = array("q")
        self.units = array("i")
        self.tag_first = array("q", [0])
        self.tag = array("i")
        self.pairs: dict[tuple[str, str], int] = {}
        self.node_tags: dict[int, dict[str, str]] = {}
        self.gone: set[int] = set()

    def add_node(self, node: Any) -> None:  # noqa: ANN401 - untyped library
        tags = dict(node.tags)
        if not node.deleted and tells_crossing(tags):
            self.node_tags[node.id] = tags

    def add(self, way: Any) -> None:  # noqa: ANN401 - untyped library
        tags = [(tag.k, tag.v) for tag in way.tags]
        if way.deleted:
            self.gone.add(way.id)
        if way.deleted or not is_for_running(dict(tags)):
            return
        self.way_id.append(way.id)
        self.version.append(way.version)
        for node in way.nodes:
            place = node.location
            self.node_id.append(node.ref)
            self.units.extend((place.x, place.y) if place.valid() else (NOWHERE, NOWHERE))
        self.first.append(len(self.node_id))
        self.tag.extend([self.pairs.setdefault(pair, len(self.pairs)) for pair in tags])
        self.tag_first.append(len(self.tag))

    def places_deg(self) -> FloatArray:
        units = np.array(self.units, dtype=np.int32).reshape(-1, 2)
        return as_degrees(units)


def _box(box: Any, places_deg: FloatArray) -> tuple[float, float, float, float]:  # noqa: ANN401
    """Area that the file says it covers, else that of its roads."""
    if box.valid():
        return box.bottom_left.lon, box.bottom_left.lat, box.top_right.lon, box.top_right.lat
    known = places_deg[np.isfinite(places_deg[:, 0])]
    if not len(known):
        return (0.0, 0.0, 0.0, 0.0)
    return (*map(float, known.min(axis=0)), *map(float, known.max(axis=0)))  # type: ignore[return-value]
