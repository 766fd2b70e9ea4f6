"""Answers of map servers in JSON, kept as files: of Overpass (also to ``out geom``) and of the OSM API.

Formats: wiki Overpass API/Overpass QL (``out``) and wiki OSM JSON; both list ``elements``.
"""

from __future__ import annotations

import bz2
import gzip
import json
import math
from dataclasses import dataclass, field
from functools import partial
from typing import IO, TYPE_CHECKING, Any, Final, cast

from camber.errors import RoadsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

Place = tuple[float, float]

_TAKEN: Final = frozenset({"node", "way"})
"""Elements that are used; relations are not."""


@dataclass
class Answer:
    """Ways as they stand in an answer, places of nodes [deg] and tags by their numbers, date of the data."""

    ways: list[WayInJson] = field(default_factory=list)
    places: dict[int, Place] = field(default_factory=dict)
    node_tags: dict[int, dict[str, str]] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
    osm_date: str | None = None


@dataclass(frozen=True)
class WayInJson:
    """A way: numbers of nodes (0 where none is told), each with the place that the way tells, or None."""

    id: int
    version: int
    deleted: bool
    tags: dict[str, str]
    nodes: tuple[tuple[int, Place | None], ...]


def opened(path: Path, form: str) -> IO[bytes]:
    """Open a file, packed as its form says (``osm``, ``json.gz``, ``osm.bz2``, ...)."""
    if form.endswith(".gz"):
        return cast("IO[bytes]", gzip.open(path))
    return cast("IO[bytes]", bz2.open(path)) if form.endswith(".bz2") else path.open("rb")


def read_json(path: Path, form: str) -> Answer:
    """Read an answer; a `RoadsError` for JSON that is none, or that the server broke off."""
    answer = Answer()
    with opened(path, form) as file:
        document = json.loads(file.read(), object_hook=partial(_taken, answer))
    if not isinstance(document, dict) or not isinstance(document.get("elements"), list):
        text = "this is JSON, but no OpenStreetMap data of a map server (`elements`); give an extract."
        raise RoadsError(text, path=path)
    if any(isinstance(one, dict) and one.get("type") in _TAKEN for one in document["elements"]):
        raise ValueError("a node or way without a number")
    if document.get("remark"):
        raise part_only(path, str(document["remark"]))
    osm3s = document.get("osm3s")
    date = osm3s.get("timestamp_osm_base") if isinstance(osm3s, dict) else None
    answer.osm_date = date if isinstance(date, str) else None
    return answer


def _taken(answer: Answer, found: dict[str, Any]) -> dict[str, Any] | None:
    """Take an element as soon as it is read, and leave nothing in its place: not all are held at once.

    The number of an element tells it from tags, whose values are texts.
    """
    if found.get("type") not in _TAKEN or not isinstance(found.get("id"), int):
        return found
    if found["type"] == "node":
        _add_node(answer, found)
    else:
        answer.ways.append(_way(found))
    return None


def part_only(path: Path, remark: str) -> RoadsError:
    """Say that the server broke off, by its own remark."""
    words = " ".join(remark.split())[:100]
    return RoadsError(f"the server gave part of an answer only ({words}); ask for a smaller area.", path=path)


def _add_node(answer: Answer, element: Mapping[str, Any]) -> None:
    number = int(element["id"])
    if element.get("visible") is False or element.get("action") == "delete":
        answer.gone.add(number)
        return
    place = _place(element)
    if place is not None:
        answer.places[number] = place
    if element.get("tags"):
        answer.node_tags[number] = _tags(element)


def _way(element: Mapping[str, Any]) -> WayInJson:
    return WayInJson(
        id=int(element["id"]),
        version=int(element.get("version", 0)),
        deleted=element.get("visible") is False or element.get("action") == "delete",
        tags=_tags(element),
        nodes=tuple(_nodes(element)),
    )


def _nodes(element: Mapping[str, Any]) -> Iterator[tuple[int, Place | None]]:
    numbers, places = element.get("nodes") or (), element.get("geometry") or ()
    for at in range(max(len(numbers), len(places))):
        place = places[at] if at < len(places) else None
        yield int(numbers[at]) if at < len(numbers) else 0, None if place is None else _place(place)


def _place(of: Mapping[str, Any]) -> Place | None:
    if of.get("lon") is None or of.get("lat") is None:
        return None
    longitude, latitude = float(of["lon"]), float(of["lat"])
    known = math.isfinite(longitude) and abs(longitude) <= 180.0 and abs(latitude) <= 90.0
    return (longitude, latitude) if known else None


def _tags(element: Mapping[str, Any]) -> dict[str, str]:
    return {str(key): str(value) for key, value in (element.get("tags") or {}).items()}
