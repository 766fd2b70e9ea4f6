"""The stored form of a road set: one header and plain arrays, opened without parsing anything.

::

    8 bytes   name of the form and its version
    32 bytes  SHA-256 of everything that follows
    8 bytes   length of the header, little-endian
    header    JSON: what the arrays are, and everything of `Roads` that is no array
    payload   the arrays one after the other, each from a multiple of 64 bytes on

Texts are kept once each, as UTF-8 with offsets, and the columns as numbers of texts; lines as coordinates
with offsets. Nothing in it can run: no pickle.
"""

from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import fields
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from camber.errors import RoadsError
from camber.schema import Problem, RoadGraph, Roads, as_ways
from camber.schema.tables import WAYS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from camber.schema import Ways

    Array = NDArray[Any]

FORM: Final = b"roads\x00\x00\x01"
"""First bytes of a stored road set; the last one is the version of the form."""

_ALIGNMENT: Final = 64
"""Bytes; a line of the processor's cache, and more than any number needs."""

_PREFIX: Final = struct.Struct("<8s32sQ")
_CHECKED_FROM: Final = 40
_TEXTS: Final = tuple(column.name for column in WAYS if column.kind == "text")
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
    arrays = {name: np.ascontiguousarray(array) for name, array in _arrays(roads)}
    header = _header(roads, arrays, label=label, made_by=made_by)
    parts: list[bytes | memoryview] = [struct.pack("<Q", len(header)), header]
    for array in arrays.values():
        parts += [array.reshape(-1).view(np.uint8).data, bytes(-array.nbytes % _ALIGNMENT)]
    checksum = hashlib.sha256()
    for part in parts:
        checksum.update(part)
    return [FORM + checksum.digest(), *parts]


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
    if len(stored) < _PREFIX.size:
        raise RoadsError("the stored form is cut off; delete it.", path=label)
    form, checksum, length = _PREFIX.unpack(stored[: _PREFIX.size].data)
    if form != FORM or hashlib.sha256(stored[_CHECKED_FROM:].data).digest() != checksum:
        raise RoadsError("the stored form is damaged, or of another kind; delete it.", path=label)
    header = json.loads(stored[_PREFIX.size : _PREFIX.size + length].tobytes())
    if header["label"] != label:
        raise RoadsError(f"the stored form stands for {header['label']}; delete it.", path=label)
    arrays, at = {}, _PREFIX.size + length
    for name, kind, shape in header["arrays"]:
        dtype = np.dtype(kind)
        size = dtype.itemsize * int(np.prod(shape))
        arrays[name] = stored[at : at + size].view(dtype).reshape(shape)
        at += size + -size % _ALIGNMENT
    return Roads(
        ways=_ways(arrays, header["crs"]),
        graph=RoadGraph(**{field.name: arrays[field.name] for field in fields(RoadGraph)}),
        crs=header["crs"],
        bounds_deg=tuple(header["bounds_deg"]),
        osm_date=header["osm_date"],
        source=header["source"],
        problems=tuple(Problem(*problem) for problem in header["problems"]),
    )


def _header(roads: Roads, arrays: Mapping[str, Array], *, label: str, made_by: str) -> bytes:
    facts = {
        "label": label,
        "made_by": made_by,
        "source": roads.source,
        "crs": roads.crs,
        "bounds_deg": roads.bounds_deg,
        "osm_date": roads.osm_date,
        "problems": [(problem.code, problem.message, problem.count) for problem in roads.problems],
        "arrays": [(name, array.dtype.str, array.shape) for name, array in arrays.items()],
    }
    text = json.dumps(facts).encode("ascii")
    # Blanks at its end are JSON too: they bring the payload to where its arrays are aligned.
    return text + b" " * (-(_PREFIX.size + len(text)) % _ALIGNMENT)


def _arrays(roads: Roads) -> Iterator[tuple[str, Array]]:
    ways = roads.ways
    yield "way_id", ways.index.to_numpy()
    for name in _NUMBERS:
        yield f"ways.{name}", ways[name].to_numpy()
    columns = [ways[name].to_numpy(dtype=object) for name in _TEXTS]
    number, texts = pd.factorize(np.concatenate(columns))
    packed = [text.encode() for text in texts]
    yield "text_number", number.astype(np.int32).reshape(len(_TEXTS), len(ways))
    yield "text_first", np.cumsum([0, *map(len, packed)], dtype=np.int64)
    yield "text_utf8", np.frombuffer(b"".join(packed), dtype=np.uint8)
    _, line_xy, (first,) = shapely.to_ragged_array(ways.geometry.to_numpy())
    yield "line_xy", line_xy
    yield "line_first", first.astype(np.int64)
    for field in fields(RoadGraph):
        yield field.name, getattr(roads.graph, field.name)


def _ways(arrays: Mapping[str, Array], crs: str) -> Ways:
    utf8 = arrays["text_utf8"].tobytes()
    texts = [utf8[start:end].decode() for start, end in pairwise(arrays["text_first"].tolist())]
    index = pd.Index(arrays["way_id"], name="way_id")
    columns: dict[str, Array | pd.Series] = {name: arrays[f"ways.{name}"] for name in _NUMBERS}
    for name, values in zip(_TEXTS, np.array(texts, dtype=object)[arrays["text_number"]], strict=True):
        columns[name] = pd.Series(values, index=index, dtype="str")
    frame = pd.DataFrame({column.name: columns[column.name] for column in WAYS}, index=index)
    parts = (arrays["line_xy"], (arrays["line_first"],))
    lines = shapely.from_ragged_array(shapely.GeometryType.LINESTRING, *parts)
    return as_ways(gpd.GeoDataFrame(frame, geometry=lines, crs=crs))
