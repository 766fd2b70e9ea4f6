"""The stored form of a road set: plain arrays in one checked file, opened without parsing anything.

Texts are kept once each, as UTF-8 with offsets, and the columns as numbers of texts; lines as coordinates
with offsets.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from camber.packing import pack_arrays, pack_texts, unpack_arrays, unpack_texts
from camber.roads.crossings import crossing_table
from camber.schema import Problem, RoadGraph, Roads, as_ways
from camber.schema.tables import CROSSINGS, WAYS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from camber.schema import Crossings, Ways

    Array = NDArray[Any]

FORM: Final = b"roads\x00\x00\x02"
"""First bytes of a stored road set; the last one is the version of the form."""

_TEXTS: Final = tuple(column.name for column in WAYS if column.kind == "text")
_KINDS: Final = next(column.allowed for column in CROSSINGS if column.name == "kind")
_NUMBERS: Final = tuple(column.name for column in WAYS if column.kind != "text")


def pack_roads(roads: Roads, *, label: str, made_by: str) -> list[bytes | memoryview]:
    """Turn a road set into its stored form.

    Parameters
    ----------
    roads : Roads
        The road set.
    label : str
        What the stored form stands for; opening it asks for the same label.
    made_by : str
        Version of camber, for a person who looks at the file.

    Returns
    -------
    list of bytes or memoryview
        The parts of the file in order; views of the arrays of ``roads`` where nothing had to be copied.
    """
    return pack_arrays(FORM, _facts(roads, label=label, made_by=made_by), dict(_arrays(roads)))


def unpack_roads(stored: NDArray[np.uint8], *, label: str) -> Roads:
    """Open the stored form of a road set.

    Parameters
    ----------
    stored : ndarray of uint8, shape (n_bytes,)
        The file as a whole, writeable; the arrays of the result are views of it.
    label : str
        What it must stand for.

    Returns
    -------
    Roads
        Equal to the road set that was packed, in every value and type.

    Raises
    ------
    RoadsError
        If it is no stored road set, stands for something else, or a single bit of it is not as written.
    """
    header, arrays = unpack_arrays(FORM, stored, label=label)
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


def _facts(roads: Roads, *, label: str, made_by: str) -> dict[str, Any]:
    return {
        "label": label,
        "made_by": made_by,
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
