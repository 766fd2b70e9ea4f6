"""What a tile holds: all ways that touch it, whole and with all their tags, as plain arrays in one file."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

import camber
from camber.packing import pack_arrays, pack_texts, unpack_arrays, unpack_texts
from camber.roads.raw_ways import RawWays

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

FORM: Final = b"tile\x00\x00\x00\x02"
"""First bytes of a stored tile; the last one is the version of the form."""

UNITS_PER_DEGREE: Final = 1e7
"""OpenStreetMap keeps places as whole numbers of 1e-7 degrees (wiki Node)."""

_NOWHERE: Final = np.iinfo(np.int32).min


@dataclass(frozen=True, eq=False)
class TileWays:
    """The ways of a tile and where they come from.

    Parameters
    ----------
    raw : RawWays
        All ways that touch the tile, whole; none in the desert.
    osm_date : str or None
        Date of the OpenStreetMap data, ISO 8601.
    source : str
        Base name of an extract, or the address of a server.
    kept_at : str
        When it was kept, ISO 8601 in UTC.
    whole : bool
        False for a tile that an extract may have cut: there can be roads in it that are not here.
    """

    raw: RawWays
    osm_date: str | None
    source: str
    kept_at: str
    whole: bool = True


def pack_tile(tile: TileWays, *, label: str) -> list[bytes | memoryview]:
    """Turn a tile into its stored form.

    Parameters
    ----------
    tile : TileWays
        The tile.
    label : str
        Its name; opening asks for the same.

    Returns
    -------
    list of bytes or memoryview
        The parts of the file in order.
    """
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
        "longitude": _as_units(raw.longitude_deg),
        "latitude": _as_units(raw.latitude_deg),
        "tag_first": tag_first,
        "tag": tag,
        "tagged_node": np.fromiter(nodes, dtype=np.int64, count=len(nodes)),
        "node_tag_first": node_tag_first,
        "node_tag": node_tag,
        "text_first": text_first,
        "text_utf8": text_utf8,
    }
    facts: dict[str, Any] = {"label": label, "made_by": camber.__version__, "osm_date": tile.osm_date}
    facts |= {"source": tile.source, "kept_at": tile.kept_at, "whole": tile.whole, "ways": len(raw.way_id)}
    facts["tells_nodes"] = raw.node_tags is not None
    return pack_arrays(FORM, facts, arrays)


def unpack_tile(stored: NDArray[np.uint8], *, label: str) -> TileWays:
    """Open the stored form of a tile.

    Parameters
    ----------
    stored : ndarray of uint8
        The file as a whole.
    label : str
        The name that it must have.

    Returns
    -------
    TileWays
        As it was packed; places to 1e-7 degrees.

    Raises
    ------
    RoadsError
        If it is no tile of this form, another tile, or damaged.
    """
    facts, arrays = unpack_arrays(FORM, stored, label=label)
    texts = unpack_texts(arrays["text_first"], arrays["text_utf8"])
    node_tags = _tags(texts, arrays["node_tag_first"], arrays["node_tag"])
    raw = RawWays(
        way_id=arrays["way_id"],
        tags=_tags(texts, arrays["tag_first"], arrays["tag"]),
        first=arrays["first"],
        node_id=arrays["node_id"],
        longitude_deg=_as_degrees(arrays["longitude"]),
        latitude_deg=_as_degrees(arrays["latitude"]),
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


def _as_units(degrees: NDArray[np.float64]) -> NDArray[np.int32]:
    units = np.rint(np.nan_to_num(degrees) * UNITS_PER_DEGREE)
    return np.where(np.isnan(degrees), _NOWHERE, units).astype(np.int32)


def _as_degrees(units: NDArray[np.int32]) -> NDArray[np.float64]:
    return np.where(units == _NOWHERE, np.nan, units / UNITS_PER_DEGREE)
