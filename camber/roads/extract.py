"""OpenStreetMap extracts: ``.osm``, ``.osm.gz``, ``.osm.bz2`` and ``.osm.pbf`` to raw ways.

A damaged file is one clear error; a damaged way costs itself alone and is counted.
"""

from __future__ import annotations

import bz2
import gzip
import re
from array import array
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from camber.errors import RoadsError
from camber.roads.crossings import tells_crossing
from camber.roads.raw_ways import RawWays, clean_ways, left_out
from camber.roads.road_set import roads_from_raw_ways
from camber.roads.tag_pool import TagPool
from camber.roads.tags import is_for_running

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from camber.schema import Roads

_HEAD_BYTES: Final = 4096
_OSM_BASE: Final = re.compile(rb"(?:osm_base|timestamp)=[\"'](\d{4}-\d\d-\d\dT[\d:.]+Z?)[\"']")
_READABLE: Final = "a .osm, .osm.gz, .osm.bz2 or .osm.pbf extract"


def parse_extract(path: Path, *, country: str | None = None) -> Roads:
    """Parse the roads and paths of an OpenStreetMap extract.

    The format is found from the content, not from the name.

    Parameters
    ----------
    path : Path
        An ``.osm``, ``.osm.gz``, ``.osm.bz2`` or ``.osm.pbf`` file.
    country : str, optional
        ISO 3166-1 alpha-2 code that overrides the place of every way, and with it the traffic side.

    Returns
    -------
    Roads
        Ways in their drawn direction with the tags that matter, and their graph; what was clipped, dropped
        or could not be understood is counted in ``problems``.

    Raises
    ------
    RoadsError
        If the file is missing, empty, damaged or no OpenStreetMap data, or ``country`` is unknown.
    NoRoadsError
        If it holds no road or path that a runner could use.
    """
    # Nothing here keeps the raw ways: each step lets go of what it was given as soon as it can.
    return roads_from_raw_ways(clean_ways(_read_whole(path), path=path), source=path.name, country=country)


def _read_whole(path: Path) -> RawWays:
    form, date = inspect_file(path)
    try:
        return _read(path, form, date)
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
    """Find the format of a file by its first bytes.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    form : str
        The format in pyosmium's words.
    date : str or None
        The date of the data, where the head of an XML file tells it.

    Raises
    ------
    RoadsError
        If it cannot be opened, is empty or no OpenStreetMap file.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
        packing = ".gz" if head.startswith(b"\x1f\x8b") else ".bz2" if head.startswith(b"BZh") else ""
        if packing:
            with (gzip if packing == ".gz" else bz2).open(path) as file:
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
    raise RoadsError(f"this is no OpenStreetMap file; give {_READABLE}.", path=path)


def _read(path: Path, form: str, date: str | None) -> RawWays:
    """Read all ways with the places of their nodes; the header knows the date of the data better."""
    import osmium  # noqa: PLC0415 - loads native code that most commands do not need

    source = osmium.io.File(str(path), form)
    processor = osmium.FileProcessor(source).with_locations()
    for only in ways_and_crossings():
        processor = processor.with_filter(only)
    pages = _Pages()
    entity: Any
    for entity in processor:
        if entity.is_way():
            pages.add(entity)
        else:
            pages.add_node(entity)
    refuse_history(processor.header, pages.way_id, pages.version, pages.gone, path)
    header = processor.header
    date = header.get("osmosis_replication_timestamp") or header.get("timestamp") or date
    places, node_id = (
        _as_array(pages.places_deg, np.float64).reshape(-1, 2),
        _as_array(pages.node_id, np.int64),
    )
    return pages.raw_ways(find_late(node_id, places, processor.node_location_storage, source), date)


def _as_array(values: array[Any], kind: Any) -> NDArray[Any]:  # noqa: ANN401 - a type of numpy
    """View of what has been read; arrays of no length cannot be viewed."""
    return np.frombuffer(values, dtype=kind) if len(values) else np.zeros(0, dtype=kind)


def ways_and_crossings() -> tuple[Any, ...]:
    """Give the filters of pyosmium that let pass what camber reads.

    Returns
    -------
    tuple of filters
        For ways with ``highway`` or ``leisure``, and nodes that may mark a crossing; everything else is
        turned away before it reaches Python.
    """
    import osmium  # noqa: PLC0415 - loads native code that most commands do not need

    ways = osmium.filter.KeyFilter("highway", "leisure")
    ways.enable_for(osmium.osm.WAY)
    nodes = osmium.filter.TagFilter(("highway", "crossing"), ("highway", "traffic_signals"))
    nodes.enable_for(osmium.osm.NODE)
    return osmium.filter.EntityFilter(osmium.osm.WAY | osmium.osm.NODE), ways, nodes


def refuse_history(
    header: Any,  # noqa: ANN401 - untyped library
    way_id: array[int],
    version: array[int],
    gone: set[int],
    path: Path,
) -> None:
    """Refuse a file that tells how the map changed, not how it is.

    Parameters
    ----------
    header : osmium.io.Header
        Its header.
    way_id, version : array of int, length n
        Ways that it holds, in the order of the file, and which version; 0 where it does not say.
    gone : set of int
        Ways of which it says that they were deleted.
    path : Path
        The file, for the error.

    Raises
    ------
    RoadsError
        If it is a history file or a file of changes.
    """
    if header.has_multiple_object_versions or not gone.isdisjoint(way_id) or _changes(way_id, version):
        text = (
            "this is a history or change file: it holds several versions of one way; give an extract of the "
            "map as it is now (`osmium time-filter` makes one)."
        )
        raise RoadsError(text, path=path)


def _changes(way_id: array[int], version: array[int]) -> bool:
    """Whether a way stands there in several versions; copies of one version are harmless."""
    ids, versions = _as_array(way_id, np.int64), _as_array(version, np.int64)
    if (np.diff(ids) > 0).all():
        return False
    order = np.lexsort((versions, ids))
    return bool(((np.diff(ids[order]) == 0) & (np.diff(versions[order]) != 0)).any())


def find_late(
    node_id: NDArray[np.int64],
    places_deg: NDArray[np.float64],
    store: Any,  # noqa: ANN401 - untyped library
    source: Any,  # noqa: ANN401 - untyped library
) -> NDArray[np.float64]:
    """Find the places of nodes that stand after their ways in the file, and of those with negative ids.

    Parameters
    ----------
    node_id : ndarray of int64, shape (n,)
        Ids of nodes.
    places_deg : ndarray of float64, shape (n, 2)
        Longitude and latitude [deg]; NaN where not known yet.
    store : osmium.index.LocationTable
        All places of nodes with ids from 0 on.
    source : osmium.io.File
        The file, for the others.

    Returns
    -------
    ndarray of float64, shape (n, 2)
        The same, with what could be found.
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


def _stored(store: Any, node: int) -> Any:  # noqa: ANN401 - untyped library
    try:
        return store.get(node)
    except KeyError:
        return None


class _Pages:
    """What has been read so far, in flat arrays: an object of the library dies when the next is read."""

    def __init__(self) -> None:
        self.way_id = array("q")
        self.version = array("q")
        self.first = array("q", [0])
        self.node_id = array("q")
        self.places_deg = array("d")
        self.tags: list[dict[str, str]] = []
        self.pool = TagPool()
        self.node_tags: dict[int, dict[str, str]] = {}
        self.gone: set[int] = set()
        self.left_out = 0

    def add_node(self, node: Any) -> None:  # noqa: ANN401 - untyped library
        tags = dict(node.tags)
        if not node.deleted and tells_crossing(tags):
            self.node_tags[node.id] = tags

    def add(self, way: Any) -> None:  # noqa: ANN401 - untyped library
        tags = self.pool.tags((tag.k, tag.v) for tag in way.tags)
        if way.deleted:
            self.gone.add(way.id)
        if way.deleted or not is_for_running(tags):
            self.left_out += "highway" in tags
            return
        for node in way.nodes:
            place = node.location
            self.node_id.append(node.ref)
            self.places_deg.extend((place.lon, place.lat) if place.valid() else (np.nan, np.nan))
        self.way_id.append(way.id)
        self.version.append(way.version)
        self.first.append(len(self.node_id))
        self.tags.append(tags)

    def raw_ways(self, places: NDArray[np.float64], osm_date: str | None) -> RawWays:
        return RawWays(
            way_id=np.array(self.way_id, dtype=np.int64),
            tags=tuple(self.tags),
            first=np.array(self.first, dtype=np.int64),
            node_id=_as_array(self.node_id, np.int64),
            longitude_deg=places[:, 0].copy(),
            latitude_deg=places[:, 1].copy(),
            problems=left_out(self.left_out),
            node_tags=self.node_tags,
            osm_date=osm_date,
        )
