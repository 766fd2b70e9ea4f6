"""Roads kept in parsed form, so that an extract is parsed once: a folder with one file per extract.

An entry is found by what decides its content: the bytes of the extract, the country given by hand, and the
version of whatever parses. It is written whole or not at all, and checked whole when it is opened; whatever
is wrong with it, the extract is at hand and is parsed again. Texts are kept once each, the columns as numbers
of texts, and lines as coordinates with offsets.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import fields, replace
from functools import cache as once
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from camber.packing import pack_arrays, pack_texts, unpack_arrays, unpack_texts
from camber.roads.crossings import crossing_table
from camber.roads.extract import parse_extract
from camber.schema import Problem, RoadGraph, Roads, as_ways
from camber.schema.tables import CROSSINGS, WAYS
from camber.versions import CAMBER, ROADS
from camber.whole_files import clear_unfinished, closed_folder, write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from camber.schema import Crossings, Ways

    Array = NDArray[Any]

QUARANTINE: Final = "quarantine"
"""Folder beside the entries for those that could not be trusted."""

SUFFIX: Final = ".roads"
"""Ending of the names of entries."""

ENTRY_FORM: Final = b"roads\x00\x00\x02"
"""First bytes of an entry; the last one is the version of the form."""

_TEXTS: Final = tuple(column.name for column in WAYS if column.kind == "text")
_NUMBERS: Final = tuple(column.name for column in WAYS if column.kind != "text")
_KINDS: Final = next(column.allowed for column in CROSSINGS if column.name == "kind")


def read_roads(path: Path | str, *, country: str | None = None, cache: Path | str | None = None) -> Roads:
    """Read the roads and paths of an OpenStreetMap extract.

    The format is found from the content, not from the name.

    Parameters
    ----------
    path : Path or str
        An ``.osm``, ``.osm.gz``, ``.osm.bz2`` or ``.osm.pbf`` file, or the answer of a map server in JSON.
    country : str, optional
        ISO 3166-1 alpha-2 code that overrides the place of every way, and with it the traffic side.
    cache : Path or str, optional
        Folder in which parsed roads are kept, made where it is missing; nobody else should be able to write
        to it. The result is the same with and without it, only sooner the second time. Damaged entries are
        moved to ``quarantine`` in it, and noted in ``problems``, as is a folder that cannot be written to.

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
    path = Path(path)
    digest = None if cache is None else _digest(path)
    if cache is None or digest is None:
        return parse_extract(path, country=country)
    entry = Path(cache) / entry_name(digest, country)
    kept, problems = open_entry(entry)
    if kept is not None:
        return replace(kept, source=path.name)
    roads = parse_extract(path, country=country)
    # An extract that was replaced while it was parsed must not be kept under the name of the old one.
    if _digest(path) == digest:
        problems += keep_entry(roads, entry)
    return replace(roads, problems=roads.problems + problems)


def entry_name(digest: str, country: str | None) -> str:
    """Name the entry of an extract by its SHA-256: what was parsed before the dash, by what behind it.

    Entries that agree before the dash replace each other.
    """
    asked = hashlib.sha256(f"{digest} {country!r}".encode()).hexdigest()
    return f"{asked}-{parser_version()[:16]}{SUFFIX}"


@once
def parser_version() -> str:
    """Name what decides how an extract comes out: our number, and the libraries that set the last digits."""
    libraries = (np.__version__, pd.__version__, gpd.__version__, shapely.__version__, shapely.geos_version)
    projection = (pyproj.__version__, pyproj.proj_version_str, metadata.version("osmium"))
    return hashlib.sha256(repr((ENTRY_FORM, ROADS, libraries, projection)).encode()).hexdigest()


def _digest(path: Path) -> str | None:
    """SHA-256 of a file; None for what is no plain file: parsing it says what is wrong."""
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def open_entry(entry: Path) -> tuple[Roads | None, tuple[Problem, ...]]:
    """Open a road set that was kept; None where none can be trusted, with a note if it was put aside."""
    try:
        return unpack_roads(np.fromfile(entry, dtype=np.uint8), label=entry.name), ()
    except FileNotFoundError:
        return None, ()
    except Exception:  # noqa: BLE001 - whatever is wrong with an entry, it is not needed
        return None, _quarantined(entry)


def _quarantined(entry: Path) -> tuple[Problem, ...]:
    place = entry.parent / QUARANTINE
    try:
        closed_folder(place)
        entry.replace(place / entry.name)
    except OSError:
        return ()
    text = "What was kept of these roads was damaged: it was put aside, and the extract was read again."
    return (Problem("damaged_cache", text),)


def keep_entry(roads: Roads, entry: Path) -> tuple[Problem, ...]:
    """Keep a road set for the next time; a note of why it could not be kept, if so."""
    try:
        closed_folder(entry.parent)
        write_whole(entry, pack_roads(roads, label=entry.name), mode=0o600)
    except OSError as error:
        # The name of the folder stays out: problems are shown in reports.
        reason = error.strerror or type(error).__name__
        text = f"These roads could not be kept for the next time ({reason})."
        return (Problem("cache_not_written", text),)
    _tidy(entry)
    return ()


def _tidy(entry: Path) -> None:
    """Remove what other versions of camber kept of the same extract, and what dead processes left."""
    with suppress(OSError):
        for other in entry.parent.glob(f"{entry.name.partition('-')[0]}-*{SUFFIX}"):
            if other != entry:
                other.unlink()
    clear_unfinished(entry.parent)


def pack_roads(roads: Roads, *, label: str) -> list[bytes | memoryview]:
    """Turn a road set into the parts of an entry; ``label`` says what it stands for."""
    return pack_arrays(ENTRY_FORM, _facts(roads, label=label), dict(_arrays(roads)))


def unpack_roads(stored: NDArray[np.uint8], *, label: str) -> Roads:
    """Give the road set of `pack_roads`, equal in every value and type; arrays are views of ``stored``."""
    header, arrays = unpack_arrays(ENTRY_FORM, stored, label=label)
    return Roads(
        ways=_ways(arrays, header["crs"]),
        graph=RoadGraph(**{field.name: arrays[field.name] for field in fields(RoadGraph)}),
        crs=header["crs"],
        bounds_deg=tuple(header["bounds_deg"]),
        osm_date=header["osm_date"],
        source=header["source"],
        problems=tuple(Problem(*problem) for problem in header["problems"]),
        crossings=_crossings(arrays, header["crs"]) if header["crossings"] else None,
    )


def _facts(roads: Roads, *, label: str) -> dict[str, Any]:
    return {
        "label": label,
        "made_by": CAMBER,
        "source": roads.source,
        "crs": roads.crs,
        "bounds_deg": roads.bounds_deg,
        "osm_date": roads.osm_date,
        "crossings": roads.crossings is not None,
        "problems": [(problem.code, problem.message, problem.count) for problem in roads.problems],
    }


def _arrays(roads: Roads) -> Iterator[tuple[str, Array]]:
    ways = roads.ways
    yield "way_id", ways.index.to_numpy()
    for name in _NUMBERS:
        yield f"ways.{name}", ways[name].to_numpy()
    number, texts = _numbered_texts(ways)
    yield "text_number", number
    yield from zip(("text_first", "text_utf8"), pack_texts(texts), strict=True)
    _, line_xy, (first,) = shapely.to_ragged_array(ways.geometry.to_numpy())
    yield "line_xy", line_xy
    yield "line_first", first.astype(np.int64)
    for field in fields(RoadGraph):
        yield field.name, getattr(roads.graph, field.name)
    if roads.crossings is not None:
        yield "crossing_node", roads.crossings.index.to_numpy()
        yield "crossing_kind", roads.crossings["kind"].map(_KINDS.index).to_numpy(dtype=np.int8)
        yield "crossing_island", roads.crossings["island"].to_numpy()
        yield "crossing_xy", shapely.get_coordinates(roads.crossings.geometry.to_numpy())


def _numbered_texts(ways: Ways) -> tuple[NDArray[np.int32], list[str]]:
    """Text columns as numbers of texts, column by column: as Python objects they would fill the memory."""
    number = np.empty((len(_TEXTS), len(ways)), dtype=np.int32)
    texts: dict[str, int] = {}
    for row, name in zip(number, _TEXTS, strict=True):
        code, own = pd.factorize(ways[name])
        row[:] = np.array([texts.setdefault(text, len(texts)) for text in own], dtype=np.int32)[code]
    return number, list(texts)


def _crossings(arrays: Mapping[str, Array], crs: str) -> Crossings:
    kinds = [_KINDS[number] for number in arrays["crossing_kind"].tolist()]
    return crossing_table(
        arrays["crossing_node"], kinds, arrays["crossing_island"], arrays["crossing_xy"], crs
    )


def _ways(arrays: Mapping[str, Array], crs: str) -> Ways:
    texts = unpack_texts(arrays["text_first"], arrays["text_utf8"])
    index = pd.Index(arrays["way_id"], name="way_id")
    columns: dict[str, Array | pd.Series] = {name: arrays[f"ways.{name}"] for name in _NUMBERS}
    every = np.array(texts, dtype=object)
    for name, number in zip(_TEXTS, arrays["text_number"], strict=True):
        columns[name] = pd.Series(every[number], index=index, dtype="str")
    frame = pd.DataFrame({column.name: columns[column.name] for column in WAYS}, index=index)
    parts = (arrays["line_xy"], (arrays["line_first"],))
    lines = shapely.from_ragged_array(shapely.GeometryType.LINESTRING, *parts)
    return as_ways(gpd.GeoDataFrame(frame, geometry=lines, crs=crs))
