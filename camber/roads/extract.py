"""OpenStreetMap extracts: ``.osm``, ``.osm.gz``, ``.osm.bz2`` and ``.osm.pbf`` of any size to raw ways.

Answers of map servers in JSON are read too; places of nodes may stand in the ways.

A file is read as a stream, keeping ways to run on and nothing else, in flat arrays: memory grows with the
roads and not with the file. A damaged file is one clear error; a damaged way costs itself alone.
"""

from __future__ import annotations

import re
import tempfile
from array import array
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from camber import network
from camber.errors import RoadsError
from camber.longitudes import bounds_of, turned_to
from camber.roads.crossings import tells_crossing
from camber.roads.deletions import Deletions, find_deletions
from camber.roads.json_answer import opened, read_json
from camber.roads.raw_ways import NOWHERE, RawWays, as_degrees, as_units, clean_ways, left_out
from camber.roads.road_set import roads_from_raw_ways
from camber.roads.tags import is_for_running, is_read
from camber.schema import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from numpy.typing import NDArray

    from camber.longitudes import Bounds
    from camber.roads.json_answer import Place, WayInJson
    from camber.schema import Roads

    IntArray = NDArray[np.int64]
    FloatArray = NDArray[np.float64]
    Progress = Callable[[str, int, int | None], None]
    """Told what is going on, how many of it are done, and how many there are (None: unknown)."""

_HEAD_BYTES: Final = 4096
_OSM_BASE: Final = re.compile(rb"(?:osm_base|timestamp)=[\"'](\d{4}-\d\d-\d\dT[\d:.]+Z?)[\"']")
_READABLE: Final = "a .osm, .osm.gz, .osm.bz2 or .osm.pbf extract"

_EVERY: Final = 20_000
"""Ways between two reports of progress (judgement)."""

_ENOUGH_WAYS: Final = 1000
"""Ways that are looked at for places of their nodes (judgement)."""

_LARGE_BYTES: Final = 200_000_000
"""From here on the places of nodes are kept on disk: in memory they would take 2 to 3 times the size of the
file (16 bytes for each node, 6 to 7 bytes of a ``.osm.pbf``)."""


def parse_extract(path: Path, *, country: str | None = None) -> Roads:
    """Parse the roads and paths of an extract, see `camber.roads.read_roads`."""
    # Nothing here keeps the raw ways: each step lets go of what it was given as soon as it can.
    return roads_from_raw_ways(clean_ways(_read_whole(path), path=path), source=path.name, country=country)


def _read_whole(path: Path) -> RawWays:
    extract = read_extract(path, is_kept=is_read)
    problems = left_out(extract.left_out) + extract.problems
    return replace(extract.raw_ways(), problems=problems, osm_date=extract.osm_date)


@dataclass(frozen=True, eq=False)
class Extract:
    """Ways of a file to run on, as in `RawWays`; tags as numbers of pairs.

    Those of way ``w`` are ``pairs[tag[tag_first[w]:tag_first[w + 1]]]``. ``left_out`` counts the other ways
    with ``highway``; ``box_deg`` is the area that the file says it covers, else that of its roads (its east
    goes on beyond 180); ``problems`` is what was deleted, or is no map.
    """

    way_id: IntArray
    first: IntArray
    node_id: IntArray
    longitude_deg: FloatArray
    latitude_deg: FloatArray
    tag_first: IntArray
    tag: NDArray[np.int32]
    pairs: tuple[tuple[str, str], ...]
    node_tags: dict[int, dict[str, str]]
    left_out: int
    box_deg: Bounds
    osm_date: str | None
    problems: tuple[Problem, ...] = ()

    def raw_ways(self, at: IntArray | None = None) -> RawWays:
        """Give the ways at some positions, or all."""
        if at is None:
            every = np.arange(len(self.way_id))
            places = (self.first, self.node_id, self.longitude_deg, self.latitude_deg)
            return RawWays(self.way_id, self._tags(every), *places, node_tags=self.node_tags)
        rows, first = network.ranges(self.first[at], self.first[at + 1])
        node_id = self.node_id[rows]
        tagged = {node: self.node_tags[node] for node in node_id.tolist() if node in self.node_tags}
        places = (first, node_id, self.longitude_deg[rows], self.latitude_deg[rows])
        return RawWays(self.way_id[at], self._tags(at), *places, node_tags=tagged)

    def _tags(self, at: IntArray) -> tuple[dict[str, str], ...]:
        """Tags of some ways; equal ones are one object, which nobody may write to."""
        known: dict[bytes, dict[str, str]] = {}
        tags = []
        for begin, end in zip(self.tag_first[at].tolist(), self.tag_first[at + 1].tolist(), strict=True):
            numbers = self.tag[begin:end]
            key = numbers.tobytes()
            if key not in known:
                known[key] = dict(self.pairs[pair] for pair in numbers)
            tags.append(known[key])
        return tuple(tags)


def read_extract(
    path: Path,
    *,
    is_kept: Callable[[str], bool] = lambda _: True,
    scratch: Path | None = None,
    progress: Progress = lambda *_: None,
) -> Extract:
    """Read the ways of a file with those of their tags of which the key ``is_kept``.

    ``scratch`` is a folder for the places of the nodes of a large file; without one they are held in memory.
    """
    form, date = inspect_file(path)
    places: AbstractContextManager[str | None] = nullcontext()
    if scratch is not None and not form.startswith("json") and path.stat().st_size > _LARGE_BYTES:
        try:
            places = tempfile.TemporaryDirectory(dir=scratch, prefix=".camber-nodes-")
        except OSError as error:
            text = f"cannot hold the places of a large file meanwhile ({error.strerror}); make room there"
            raise RoadsError(text, path=scratch) from error
    try:
        with places as folder:
            if form.startswith("json"):
                return _read_answer(path, form, is_kept)
            index = "flex_mem" if folder is None else f"sparse_file_array,{folder}/nodes"
            return _read(path, form, date, index, is_kept, progress)
    except RoadsError:
        raise
    except Exception as error:
        # The library raises errors of many kinds (RuntimeError, ValueError, UnicodeDecodeError, ...); all of
        # them mean that the file cannot be trusted.
        raise RoadsError(
            f"the OpenStreetMap data cannot be read ({error}); the file is damaged or incomplete: "
            "download or export it again.",
            path=path,
        ) from error


def inspect_file(path: Path) -> tuple[str, str | None]:
    """Find the format of a file by its first bytes, in pyosmium's words, and the date that XML may tell."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
        packing = ".gz" if head.startswith(b"\x1f\x8b") else ".bz2" if head.startswith(b"BZh") else ""
        with opened(path, packing) as file:
            head = file.read(_HEAD_BYTES)
    except (OSError, EOFError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise RoadsError(f"cannot be opened ({reason}); give {_READABLE}.", path=path) from error
    if not head:
        raise RoadsError(f"the file is empty; give {_READABLE}.", path=path)
    if not packing and b"OSMHeader" in head[:32]:
        return "pbf", None
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        found = _OSM_BASE.search(head.partition(b"<node")[0].partition(b"<way")[0])
        return f"osm{packing}", found[1].decode() if found else None
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return f"json{packing}", None
    raise RoadsError(f"this is no OpenStreetMap file; give {_READABLE}.", path=path)


def _read(
    path: Path, form: str, date: str | None, store: str, is_kept: Callable[[str], bool], progress: Progress
) -> Extract:
    """Read all ways with the places of their nodes; the header knows the date of the data better."""
    import osmium  # noqa: PLC0415 - loads native code that most commands do not need

    source = osmium.io.File(str(path), form)
    reader: Any = osmium.FileProcessor(source).with_locations(store)
    for only in _ways_and_crossings():
        reader = reader.with_filter(only)
    ways = _Ways(is_kept, find_deletions(path, form))
    for entity in reader:
        if not entity.is_way():
            ways.add_node(entity)
            continue
        ways.add(entity)
        if len(ways.way_id) % _EVERY == 0:
            progress("reading ways", len(ways.way_id), None)
    header = reader.header
    _refuse_history(header, ways, path, form)
    date = header.get("osmosis_replication_timestamp") or header.get("timestamp") or date
    places_deg = _find_late(ways.node_ids(), ways.places_deg(), reader.node_location_storage, source)
    places_deg = _find_in_ways(ways, places_deg, source)
    problems = ways.problems() + _only_changes(header)
    return _extract(ways, places_deg, box=header.box(), date=date, problems=problems)


def _read_answer(path: Path, form: str, is_kept: Callable[[str], bool]) -> Extract:
    """Read the ways of an answer of a map server in JSON."""
    answer = read_json(path, form)
    ways = _Ways(is_kept, Deletions(nodes=answer.gone))
    ways.node_tags = {node: tags for node, tags in answer.node_tags.items() if tells_crossing(tags)}
    for way in answer.ways:
        ways.add_from_json(way, answer.places)
    return _extract(ways, ways.places_deg(), box=None, date=answer.osm_date, problems=ways.problems())


def _extract(
    ways: _Ways,
    places_deg: FloatArray,
    *,
    box: Any,  # noqa: ANN401 - untyped library
    date: str | None,
    problems: tuple[Problem, ...],
) -> Extract:
    node_id = ways.node_ids()
    nameless = (node_id == 0) & np.isfinite(places_deg[:, 0])
    if nameless.any():
        node_id = np.where(nameless, _ids_of_places(places_deg), node_id)
    return Extract(
        way_id=_as_array(ways.way_id, np.int64),
        first=_as_array(ways.first, np.int64),
        node_id=node_id,
        longitude_deg=np.ascontiguousarray(places_deg[:, 0]),
        latitude_deg=np.ascontiguousarray(places_deg[:, 1]),
        tag_first=_as_array(ways.tag_first, np.int64),
        tag=_as_array(ways.tag, np.int32),
        pairs=tuple(ways.pairs),
        node_tags=ways.node_tags,
        left_out=ways.left_out,
        box_deg=_box(box, places_deg),
        osm_date=date,
        problems=problems,
    )


def _ids_of_places(places_deg: FloatArray) -> IntArray:
    """Give places numbers below zero where the source does not number nodes, the same place the same."""
    x, y = as_units(places_deg).astype(np.int64).T
    # 32 bits for the longitude and 31 for the latitude, both from 0 on.
    return np.asarray(-1 - (((x + 1_800_000_000) << 31) | (y + 900_000_000)))


def _as_array(values: array[Any], kind: Any) -> NDArray[Any]:  # noqa: ANN401 - a type of numpy
    """View of what has been read; arrays of no length cannot be viewed."""
    return np.frombuffer(values, dtype=kind) if len(values) else np.zeros(0, dtype=kind)


def _ways_and_crossings() -> Iterator[Any]:
    """Give filters of pyosmium: what else a file holds is turned away before it reaches Python."""
    import osmium  # noqa: PLC0415 - as above

    yield osmium.filter.EntityFilter(osmium.osm.WAY | osmium.osm.NODE)
    ways = osmium.filter.KeyFilter("highway", "leisure")
    ways.enable_for(osmium.osm.WAY)
    yield ways
    nodes = osmium.filter.TagFilter(("highway", "crossing"), ("highway", "traffic_signals"))
    nodes.enable_for(osmium.osm.NODE)
    yield nodes


def _refuse_history(header: Any, ways: _Ways, path: Path, form: str) -> None:  # noqa: ANN401
    """Refuse a file that tells how the map changed, not how it is.

    A file of changes in XML is said to hold several versions whether it does or not.
    """
    changes = not ways.gone.isdisjoint(ways.way_id) or _changes(ways.way_id, ways.version)
    if changes or (header.has_multiple_object_versions and form == "pbf"):
        text = (
            "this is a history or change file: it holds several versions of one way; give an extract of the "
            "map as it is now (`osmium time-filter` makes one)."
        )
        raise RoadsError(text, path=path)


def _only_changes(header: Any) -> tuple[Problem, ...]:  # noqa: ANN401 - untyped library
    """Note that a file which was not refused is one of changes."""
    if not header.has_multiple_object_versions:
        return ()
    text = "this is a file of changes: it holds what was drawn or changed, not all of the map."
    return (Problem("change_file", text),)


def _changes(way_id: array[int], version: array[int]) -> bool:
    """Whether a way stands there in several versions; copies of one version are harmless."""
    ids, versions = _as_array(way_id, np.int64), _as_array(version, np.int64)
    if (np.diff(ids) > 0).all():
        return False
    order = np.lexsort((versions, ids))
    return bool(((np.diff(ids[order]) == 0) & (np.diff(versions[order]) != 0)).any())


def _find_late(
    node_id: NDArray[np.int64],
    places_deg: NDArray[np.float64],
    store: Any,  # noqa: ANN401 - untyped library
    source: Any,  # noqa: ANN401 - untyped library
) -> NDArray[np.float64]:
    """Find the places of nodes that stand after their ways in the file, and of those with negative ids.

    ``places_deg``, shape (n, 2), is NaN where not known yet; ``store`` has all places of ids from 0 on.
    """
    import osmium  # noqa: PLC0415 - as below

    rows = np.flatnonzero(np.isnan(places_deg[:, 0]))
    if not len(rows):
        return places_deg
    late = {}
    if (node_id[rows] < 0).any():  # editors give such ids to what is not uploaded yet
        nodes: Any = osmium.FileProcessor(source, osmium.osm.NODE)
        late = {node.id: node.location for node in nodes if node.id < 0}
    found = places_deg.copy()
    for row, node in zip(rows.tolist(), node_id[rows].tolist(), strict=True):
        place = late.get(node) if node < 0 else _stored(store, node)
        if place is not None and place.valid():
            found[row] = place.lon, place.lat
    return found


def _find_in_ways(ways: _Ways, places_deg: FloatArray, source: Any) -> FloatArray:  # noqa: ANN401
    """Take places that stand in the ways themselves for nodes that are not in the file.

    They do in answers of Overpass to ``out geom``, and in a ``.osm.pbf`` with LocationsOnWays.
    """
    unknown = np.isnan(places_deg[:, :1])
    if not unknown.any() or not _tells_places_in_ways(source):
        return places_deg
    again = _Ways(ways.is_kept, ways.deletions)
    for way in _filtered_ways(source):
        again.add(way)
    return np.where(unknown, again.places_deg(), places_deg)


def _tells_places_in_ways(source: Any) -> bool:  # noqa: ANN401 - untyped library
    return any(
        node.location.valid() for way in islice(_filtered_ways(source), _ENOUGH_WAYS) for node in way.nodes
    )


def _filtered_ways(source: Any) -> Iterator[Any]:  # noqa: ANN401 - untyped library
    import osmium  # noqa: PLC0415 - as above

    ways = osmium.filter.KeyFilter("highway", "leisure")
    yield from osmium.FileProcessor(source, osmium.osm.WAY).with_filter(ways)


def _stored(store: Any, node: int) -> Any:  # noqa: ANN401 - untyped library
    try:
        return store.get(node)
    except KeyError:
        return None


class _Ways:
    """Ways as they are read, in flat arrays: an object of the library dies when the next is read."""

    def __init__(self, is_kept: Callable[[str], bool], deletions: Deletions) -> None:
        self.is_kept = cache(is_kept)
        self.deletions = deletions
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
        self.left_out = 0
        self.deleted_nodes = 0

    def node_ids(self) -> IntArray:
        return _as_array(self.node_id, np.int64)

    def places_deg(self) -> FloatArray:
        """Places of the nodes, shape (n, 2), NaN where not known."""
        return as_degrees(_as_array(self.units, np.int32).reshape(-1, 2))

    def problems(self) -> tuple[Problem, ...]:
        """Count what was deleted."""
        notes = (
            Problem("deleted_way", "ways are marked as deleted in the file: left out.", len(self.gone)),
            Problem("deleted_node", "nodes of ways are marked as deleted: left out.", self.deleted_nodes),
        )
        return tuple(note for note in notes if note.count)

    def add_node(self, node: Any) -> None:  # noqa: ANN401 - untyped library
        tags = dict(node.tags)
        if not (node.deleted or node.id in self.deletions.nodes) and tells_crossing(tags):
            self.node_tags[node.id] = tags

    def add(self, way: Any) -> None:  # noqa: ANN401 - untyped library
        tags = [(tag.k, tag.v) for tag in way.tags if self.is_kept(tag.k)]
        if not self._is_wanted(way.id, tags, deleted=way.deleted):
            return
        for node in way.nodes:
            place = node.location
            self._add_place(node.ref, (place.x, place.y) if place.valid() else (NOWHERE, NOWHERE))
        self._end_way(way.id, way.version, tags)

    def add_from_json(self, way: WayInJson, places: Mapping[int, Place]) -> None:
        """Take a way of an answer; a node is where it says itself, else where the way says."""
        tags = [pair for pair in way.tags.items() if self.is_kept(pair[0])]
        if not self._is_wanted(way.id, tags, deleted=way.deleted):
            return
        for node, own in way.nodes:
            place = places.get(node, own)
            units = (NOWHERE, NOWHERE) if place is None else tuple(as_units(np.array(place)).tolist())
            self._add_place(node, units)
        self._end_way(way.id, way.version, tags)

    def _is_wanted(self, way: int, tags: list[tuple[str, str]], *, deleted: bool) -> bool:
        if deleted or way in self.deletions.ways:
            self.gone.add(way)
            return False
        wanted = is_for_running(dict(tags))
        self.left_out += not wanted and "highway" in dict(tags)
        return wanted

    def _add_place(self, node: int, units: tuple[int, ...]) -> None:
        # A way whose node is deleted goes on without it, as in the editor.
        if node in self.deletions.nodes:
            self.deleted_nodes += 1
            return
        self.node_id.append(node)
        self.units.extend(units)

    def _end_way(self, way: int, version: int, tags: list[tuple[str, str]]) -> None:
        self.way_id.append(way)
        self.version.append(version)
        self.first.append(len(self.node_id))
        self.tag.extend([self.pairs.setdefault(pair, len(self.pairs)) for pair in tags])
        self.tag_first.append(len(self.tag))


def _box(box: Any, places_deg: FloatArray) -> Bounds:  # noqa: ANN401 - untyped library
    """Area that a file says it covers, else that of its roads."""
    known = places_deg[np.isfinite(places_deg[:, 0])]
    own = bounds_of(known[:, 0], known[:, 1]) if len(known) else None
    if box is None or not box.valid():
        return own or (0.0, 0.0, 0.0, 0.0)
    west, south, east, north = box.bottom_left.lon, box.bottom_left.lat, box.top_right.lon, box.top_right.lat
    if own is None or east - west <= 180.0 or own[2] - own[0] > 180.0:
        return west, south, east, north
    # More than half the world around roads within less: the library has put the edges of an area across the
    # antimeridian in order. An area of which nothing is left so (-180 to 180) is that of its roads.
    across = turned_to((east, south, west + 360.0, north), own)
    meets = across[0] < across[2] and across[0] <= own[2] and own[0] <= across[2]
    return across if meets else (own[0], south, own[2], north)
