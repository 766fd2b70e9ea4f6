"""Tiles of the map: each one file in a folder, written whole or not at all; several of them one road set.

A tile holds all ways that touch it, whole and with all their tags; joined, no way is there twice, and none
is cut at a border between tiles. Extracts of any size are cut into tiles.
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from camber.errors import MissingTilesError, NoRoadsError, RoadsError
from camber.longitudes import turned_to
from camber.packing import is_as_written, pack_arrays, pack_texts, read_head, unpack_arrays, unpack_texts
from camber.roads.cache import ENTRY_FORM, QUARANTINE, SUFFIX, entry_name, keep_entry, open_entry
from camber.roads.extract import read_extract
from camber.roads.grid import Tile, tile_of_key, tile_of_name, tiles_of_keys, tiles_of_ways
from camber.roads.needed_tiles import metres_by_tile, needed_keys, regions_of
from camber.roads.raw_ways import (
    RawWays,
    as_degrees,
    as_units,
    clean_ways,
    joined_ways,
    refuse_ways_without_nodes,
)
from camber.roads.road_set import roads_from_raw_ways
from camber.schema import Problem
from camber.versions import CAMBER
from camber.whole_files import clear_unfinished, closed_folder, write_whole

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray

    from camber.longitudes import Bounds
    from camber.roads.extract import Extract, Progress
    from camber.schema import Roads

    IntArray = NDArray[np.int64]

SOURCE: Final = "OpenStreetMap tiles"

MOST_OPENED_BYTES: Final = 1_000_000_000
"""How much of what was opened is kept beside the tiles [B] (judgement: some 60 cities)."""

_FORM: Final = b"tile\x00\x00\x00\x02"
"""First bytes of a stored tile; the last one is the version of the form."""

_SUFFIX: Final = ".tile"


@dataclass(frozen=True, eq=False)
class TileWays:
    """The ways of a tile and where they come from.

    ``source`` is the base name of an extract or the address of a server; ``osm_date`` and ``kept_at`` are ISO
    8601; not ``whole`` is a tile that an extract may have cut: there can be roads in it that are not here.
    """

    raw: RawWays
    osm_date: str | None
    source: str
    kept_at: str
    whole: bool = True


@dataclass(frozen=True)
class Kept:
    """What the head of a stored tile says, see `TileWays`: number of ways, and ``size`` of the file [B]."""

    osm_date: str | None
    source: str
    kept_at: str
    whole: bool
    ways: int
    size: int
    checksum: bytes


@dataclass(frozen=True)
class Added:
    """What came of an extract.

    ``kept`` are tiles that were written, ``cut`` those of them at its border, where roads may be missing;
    ``older`` were left as they are, since what is kept of them is newer or whole; ``outside`` are wanted but
    not covered. ``ways`` counts those of two tiles twice.
    """

    kept: frozenset[Tile]
    cut: frozenset[Tile]
    older: frozenset[Tile]
    outside: frozenset[Tile]
    ways: int
    osm_date: str | None


@dataclass(frozen=True)
class TileStore:
    """Tiles in the user's folder for roads, which need not exist; damaged ones are put aside."""

    folder: Path

    @property
    def place(self) -> Path:
        """Folder in which the tiles lie."""
        return self.folder / "tiles"

    def path(self, tile: Tile) -> Path:
        """Say where a tile lies, or would lie."""
        return self.place / f"{tile.name}{_SUFFIX}"

    def tiles(self) -> frozenset[Tile]:
        """List the tiles that are kept, by the names of the files."""
        names = [path.stem for path in self.place.glob(f"*{_SUFFIX}")] if self.place.is_dir() else []
        return frozenset(tile for tile in map(tile_of_name, names) if tile is not None)

    def heads(self) -> dict[Tile, Kept | None]:
        """Read the heads of all tiles, in the order of the grid; see `head`."""
        return {tile: self.head(tile) for tile in sorted(self.tiles())}

    def head(self, tile: Tile) -> Kept | None:
        """Read what the head of a tile says; None where there is none of this form."""
        head = read_head(self.path(tile), _FORM)
        if head is None:
            return None
        with suppress(KeyError):
            facts = {name: head.facts[name] for name in ("osm_date", "source", "kept_at", "whole", "ways")}
            return Kept(**facts, size=head.size, checksum=head.checksum)
        return None

    def read(self, tile: Tile) -> TileWays | None:
        """Open a tile; None where there is none that can be trusted, and such a one is put aside."""
        path = self.path(tile)
        try:
            return _unpacked(np.fromfile(path, dtype=np.uint8), label=tile.name)
        except FileNotFoundError:
            return None
        except Exception:  # noqa: BLE001 - whatever is wrong with it, it can be got again
            with suppress(OSError):
                closed_folder(self.place / QUARANTINE)
                path.replace(self.place / QUARANTINE / path.name)
            return None

    def prepare(self) -> None:
        """Make the folder where it is missing; a `RoadsError` where that is not possible."""
        try:
            closed_folder(self.place)
            clear_unfinished(self.place)
        except OSError as error:
            raise self._refused(error) from error

    def write(self, tile: Tile, ways: TileWays) -> None:
        """Keep a tile, in place of the one that was; a `RoadsError` where that is not possible."""
        self.prepare()
        try:
            write_whole(self.path(tile), _packed(ways, label=tile.name), mode=0o600)
        except OSError as error:
            raise self._refused(error) from error

    def _refused(self, error: OSError) -> RoadsError:
        reason = error.strerror or type(error).__name__
        text = f"roads cannot be kept there ({reason}); make room or give the right to write, and repeat."
        return RoadsError(text, path=self.place)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let one process at a time fetch into the folder: a server is asked one thing at a time."""
        from filelock import FileLock, Timeout  # noqa: PLC0415 - wanted by few commands

        self.prepare()
        try:
            held = FileLock(self.place / ".fetching").acquire(blocking=False)
        except Timeout as error:
            text = "another `camber roads fetch` is going on; wait for it to end, and repeat."
            raise RoadsError(text, path=self.place) from error
        with held:
            yield

    def put_aside(self) -> tuple[Path, ...]:
        """List the files of tiles that could not be trusted."""
        folder = self.place / QUARANTINE
        return tuple(sorted(folder.iterdir())) if folder.is_dir() else ()

    def damaged(self) -> list[Path]:
        """List the files of tiles, and of what was opened of them, that are not as they were written."""
        files = ((path, _FORM) for path in sorted(self.place.glob(f"*{_SUFFIX}")))
        entries = ((path, ENTRY_FORM) for path in sorted(self.folder.glob(f"*{SUFFIX}")))
        return [path for path, form in (*files, *entries) if not is_as_written(path, form)]

    def opened(self) -> list[Path]:
        """List the files of road sets that were opened before, those last that were written longest ago."""
        entries = [(path.stat().st_mtime, path) for path in self.folder.glob(f"*{SUFFIX}")]
        return [path for _, path in sorted(entries, reverse=True)]

    def old(self, days: float) -> list[Tile]:
        """Find the tiles whose data are older than some days, the oldest first; without a date, when kept."""
        limit = (datetime.now(UTC) - timedelta(days=days)).isoformat()
        dated = [(head.osm_date or head.kept_at, tile) for tile, head in self.heads().items() if head]
        return [tile for date, tile in sorted(dated) if date < limit]

    def prune(self, *, most_bytes: float, needed: Collection[Tile] | None) -> tuple[int, int]:
        """Forget what can be opened again, what was put aside, and tiles beyond a size or not ``needed``.

        Tiles kept longest ago go first; returns how many were removed, and the bytes freed in all.
        """
        freed = self.trim_opened(most_bytes=0) + sum(_removed(path) for path in self.put_aside())
        heads = self.heads()
        stay = {tile: head for tile, head in heads.items() if head and (needed is None or tile in needed)}
        size = 0
        for tile, head in sorted(stay.items(), key=lambda kept: (kept[1].kept_at, kept[0]), reverse=True):
            size += head.size
            if size > most_bytes:
                del stay[tile]
        gone = heads.keys() - stay.keys()
        return len(gone), freed + sum(_removed(self.path(tile)) for tile in gone)

    def trim_opened(self, *, most_bytes: int = MOST_OPENED_BYTES) -> int:
        """Forget opened road sets beyond a size, those first that were written longest ago; bytes freed."""
        freed, size = 0, 0
        with suppress(OSError):
            for path in self.opened():
                own = path.stat().st_size
                size += own
                freed += _removed(path) if size > most_bytes else 0
        return freed


def _removed(path: Path) -> int:
    """Remove a file; bytes that this freed."""
    with suppress(OSError):
        size = path.stat().st_size
        path.unlink()
        return size
    return 0


def open_tiles(folder: Path, tiles: Collection[Tile], *, country: str | None = None) -> Roads:
    """Open the roads of several tiles as one road set; it is kept too, to open at once the next time.

    Every way that touches one of the tiles is there whole and once; ``osm_date`` is that of the oldest tile.
    Raises `MissingTilesError` where tiles are not kept, or were damaged and have been put aside.
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
    store.trim_opened()
    return found


def usable_tiles(folder: Path, longitude_deg: ArrayLike, latitude_deg: ArrayLike) -> frozenset[Tile]:
    """Choose the tiles over which a run (fixes in their order, shape (n,)) can be analysed.

    Of the tiles that the run touches or comes near those that are kept. Every tile with at least 200 m of the
    run in it or near it is among them, or there is a `MissingTilesError`; of the others, which planning may
    have left out, some may not be.
    """
    key, near_m, _ = metres_by_tile(longitude_deg, latitude_deg)
    kept = TileStore(folder).tiles()
    missing = tiles_of_keys(needed_keys(key, near_m)) - kept
    if missing:
        raise _missing(sorted(missing), folder)
    return tiles_of_keys(key) & kept


def open_around(
    folder: Path,
    longitude_deg: ArrayLike,
    latitude_deg: ArrayLike,
    *,
    country: str | None = None,
    run: Path | None = None,
) -> Roads:
    """Open the roads around a run (fixes in their order, shape (n,)); ``run`` is its file, for the error."""
    try:
        return open_tiles(folder, usable_tiles(folder, longitude_deg, latitude_deg), country=country)
    except MissingTilesError as error:
        if run is None:
            raise
        tiles = [tile for tile in map(tile_of_name, sorted(error.tiles)) if tile is not None]
        raise _missing(tiles, folder, run=run) from error


def _missing(tiles: Sequence[Tile], folder: Path, *, run: Path | None = None) -> MissingTilesError:
    """Say that tiles are missing, and how to get them: in general, or for a run."""
    names = [tile.name for tile in tiles]
    listed = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
    regions = regions_of(tiles)
    file = regions[0].file if regions else "FILE.osm.pbf"
    where = f" (from {regions[0].url})" if regions else ""
    count = f"{len(names)} tile{'s' * (len(names) > 1)} of the map"
    place, given, wanted = "here", "", ""
    if run is not None:
        place, given, wanted = "around this run", f" {run}", f" --for {run}"
    text = (
        f"the roads {place} are not there yet ({count}: {listed}). Get them with "
        f"`camber roads fetch{given}`, or without a server of map data with "
        f"`camber roads add {file}{wanted}`{where}; or name an extract with --roads."
    )
    return MissingTilesError(text, path=folder if run is None else run, tiles=names)


def merge_tiles(tiles: Sequence[TileWays], *, country: str | None = None) -> Roads:
    """Make one road set of several tiles: of copies of a way, or of a node, that of the newest tile."""
    by_age = sorted(tiles, key=lambda tile: (tile.osm_date or "", tile.kept_at))
    raw = joined_ways([tile.raw for tile in by_age])
    cut = sum(not tile.whole for tile in tiles)
    if cut:
        text = "tiles of the map lie at the border of an extract: roads may be missing there."
        raw = replace(raw, problems=(Problem("cut_tile", text, cut),))
    dates = [tile.osm_date for tile in tiles]
    oldest = min((date for date in dates if date), default=None)
    return roads_from_raw_ways(clean_ways(raw, path=SOURCE), source=SOURCE, osm_date=oldest, country=country)


def add_file(
    path: Path, store: TileStore, wanted: Collection[Tile] | None, *, progress: Progress = lambda *_: None
) -> Added:
    """Keep the tiles of an extract of any size that are wanted; None for all of it.

    A `RoadsError` where the file is damaged or the folder cannot be written to, a `NoRoadsError` where there
    is nothing to run on.
    """
    store.prepare()
    extract = read_extract(path, scratch=store.place, progress=progress)
    refuse_ways_without_nodes(extract.longitude_deg, len(extract.way_id), path=path)
    if not len(extract.way_id):
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
            united = _united(store, tile, new)
            if not _is_kept(store, tile, united):
                store.write(tile, united)
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


def _is_kept(store: TileStore, tile: Tile, new: TileWays) -> bool:
    """Whether the same is kept but for its time: written again, it would make every result stale."""
    old = store.head(tile)
    if old is None:
        return False
    start = bytes(_packed(replace(new, kept_at=old.kept_at), label=tile.name)[0])
    return start.endswith(old.checksum)


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


def _overlap(one: Bounds, other: Bounds) -> bool:
    one = turned_to(one, other)
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _holds(outer: Bounds, inner: Bounds) -> bool:
    inner = turned_to(inner, outer)
    return outer[0] <= inner[0] and outer[1] <= inner[1] and outer[2] >= inner[2] and outer[3] >= inner[3]


def _packed(tile: TileWays, *, label: str) -> list[bytes | memoryview]:
    """Turn a tile into the parts of its file."""
    raw = tile.raw
    texts: dict[str, int] = {}
    nodes = raw.node_tags or {}
    tag_first, tag = _numbered(raw.tags, texts)
    node_tag_first, node_tag = _numbered(nodes.values(), texts)
    text_first, text_utf8 = pack_texts(list(texts))
    arrays: dict[str, NDArray[Any]] = {
        "way_id": raw.way_id,
        "first": raw.first,
        "node_id": raw.node_id,
        "longitude": as_units(raw.longitude_deg),
        "latitude": as_units(raw.latitude_deg),
        "tag_first": tag_first,
        "tag": tag,
        "tagged_node": np.fromiter(nodes, dtype=np.int64, count=len(nodes)),
        "node_tag_first": node_tag_first,
        "node_tag": node_tag,
        "text_first": text_first,
        "text_utf8": text_utf8,
    }
    facts: dict[str, Any] = {"label": label, "made_by": CAMBER, "osm_date": tile.osm_date}
    facts |= {"source": tile.source, "kept_at": tile.kept_at, "whole": tile.whole, "ways": len(raw.way_id)}
    facts["tells_nodes"] = raw.node_tags is not None
    return pack_arrays(_FORM, facts, arrays)


def _unpacked(stored: NDArray[np.uint8], *, label: str) -> TileWays:
    facts, arrays = unpack_arrays(_FORM, stored, label=label)
    texts = unpack_texts(arrays["text_first"], arrays["text_utf8"])
    node_tags = _tags(texts, arrays["node_tag_first"], arrays["node_tag"])
    raw = RawWays(
        way_id=arrays["way_id"],
        tags=_tags(texts, arrays["tag_first"], arrays["tag"]),
        first=arrays["first"],
        node_id=arrays["node_id"],
        longitude_deg=as_degrees(arrays["longitude"]),
        latitude_deg=as_degrees(arrays["latitude"]),
        node_tags=dict(zip(arrays["tagged_node"].tolist(), node_tags, strict=True))
        if facts["tells_nodes"]
        else None,
    )
    return TileWays(raw, facts["osm_date"], facts["source"], facts["kept_at"], facts["whole"])


def _numbered(
    tagged: Collection[Mapping[str, str]], texts: dict[str, int]
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Tags as numbers of texts, one thing after the other; texts not met before are added."""
    pairs = [
        (texts.setdefault(key, len(texts)), texts.setdefault(value, len(texts)))
        for tags in tagged
        for key, value in tags.items()
    ]
    first = np.cumsum([0, *map(len, tagged)], dtype=np.int64)
    return first, np.array(pairs, dtype=np.int32).reshape(-1, 2)


def _tags(
    texts: Sequence[str], first: NDArray[np.int64], tag: NDArray[np.int32]
) -> tuple[dict[str, str], ...]:
    pairs = [(texts[key], texts[value]) for key, value in tag.tolist()]
    return tuple(dict(pairs[start:end]) for start, end in pairwise(first.tolist()))
