"""What an XML file of OpenStreetMap data marks as deleted, by number of way and node; and that it breaks off.

JOSM keeps what was deleted in its files until it is uploaded (``action='delete'``, wiki JOSM file format);
files with history have ``visible='false'`` (wiki OSM XML), and files of changes ``<delete>`` blocks (wiki
OsmChange). The reader of the data knows the last two of ways, and nothing of nodes without tags. A server of
Overpass that breaks off closes the file properly, and says so in a ``<remark>`` (wiki Overpass API/XML).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from xml.parsers import expat

from camber.roads.json_answer import opened, part_only

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CHUNK: Final = 1 << 20
_LONGEST_MARK: Final = 1024
"""Bytes that a mark may be cut at by the end of a chunk (judgement: with blanks, or all of a remark)."""
_MARK: Final = re.compile(
    rb"""<delete\b|\b(?:action\s*=\s*(?:"delete"|'delete')|visible\s*=\s*(?:"false"|'false'))"""
)
_REMARK: Final = re.compile(rb"<remark>([^<]*)</remark>")


@dataclass
class Deletions:
    """Numbers of ways that an editor has deleted, and of all nodes whose last version is deleted."""

    ways: set[int] = field(default_factory=set)
    nodes: set[int] = field(default_factory=set)


def find_deletions(path: Path, form: str) -> Deletions:
    """Find what is deleted in an XML file, packed or not (``form`` in pyosmium's words).

    A `RoadsError` where the server says that this is a part only.
    """
    found = Deletions()
    if not form.startswith("osm") or not _has_marks(path, form):
        return found
    parser = expat.ParserCreate()
    inside: list[bool] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if name == "delete":
            inside.append(True)
        elif name == "way" and attributes.get("action") == "delete":
            found.ways.add(int(attributes["id"]))
        elif name == "node" and "id" in attributes:
            gone = bool(inside) or attributes.get("action") == "delete"
            gone = gone or attributes.get("visible") == "false"
            (found.nodes.add if gone else found.nodes.discard)(int(attributes["id"]))

    def end(name: str) -> None:
        if name == "delete" and inside:
            inside.pop()

    parser.StartElementHandler, parser.EndElementHandler = start, end
    try:
        for chunk in _chunks(path, form):
            parser.Parse(chunk)
    except (expat.ExpatError, KeyError, ValueError):
        pass  # whoever reads the data says what is wrong with them
    return found


def _has_marks(path: Path, form: str) -> bool:
    """Look for a mark anywhere: nearly all files have none, and need no second reading."""
    before, found = b"", False
    for chunk in _chunks(path, form):
        piece = before + chunk
        # Plain searches first: they are many times as fast.
        found = found or ((b"delete" in piece or b"false" in piece) and _MARK.search(piece) is not None)
        remark = _REMARK.search(piece) if b"<remark>" in piece else None
        if remark is not None:
            raise part_only(path, remark[1].decode("utf-8", "replace"))
        before = chunk[-_LONGEST_MARK:]
    return found


def _chunks(path: Path, form: str) -> Iterator[bytes]:
    with opened(path, form) as file:
        while chunk := file.read(_CHUNK):
            yield chunk
