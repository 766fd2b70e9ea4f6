"""What an XML file of OpenStreetMap data marks as deleted: numbers of ways and nodes.

JOSM keeps what was deleted in its files until it is uploaded (``action='delete'``, wiki JOSM file format);
files with history have ``visible='false'`` (wiki OSM XML), and files of changes ``<delete>`` blocks (wiki
OsmChange). The reader of the data knows the last two of ways, and nothing of nodes without tags.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from xml.parsers import expat

from camber.roads.json_answer import opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CHUNK: Final = 1 << 20
_LONGEST_MARK: Final = 64
"""Bytes that a mark may be cut at by the end of a chunk (judgement: with blanks around the sign)."""
_MARK: Final = re.compile(
    rb"""<delete\b|\b(?:action\s*=\s*(?:"delete"|'delete')|visible\s*=\s*(?:"false"|'false'))"""
)


@dataclass
class Deletions:
    """Numbers of ways that an editor has deleted, and of all nodes whose last version is deleted."""

    ways: set[int] = field(default_factory=set)
    nodes: set[int] = field(default_factory=set)


def find_deletions(path: Path, form: str) -> Deletions:
    """Find what is deleted in an XML file, packed or not (``form`` in pyosmium's words)."""
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
    before = b""
    for chunk in _chunks(path, form):
        piece = before + chunk
        # Plain searches first: they are many times as fast.
        if (b"delete" in piece or b"false" in piece) and _MARK.search(piece):
            return True
        before = chunk[-_LONGEST_MARK:]
    return False


def _chunks(path: Path, form: str) -> Iterator[bytes]:
    with opened(path, form) as file:
        while chunk := file.read(_CHUNK):
            yield chunk
