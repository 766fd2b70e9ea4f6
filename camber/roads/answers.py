"""What a server of map data answers: taken only where it is whole, in every respect that can be checked."""

from __future__ import annotations

import json
import re
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from camber.roads.crossings import tells_crossing
from camber.roads.raw_ways import RawWays
from camber.roads.tags import is_for_running

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Kind = Literal["busy", "broken", "too_much", "refused"]
"""What helps: waiting; asking again; asking for less; nothing but a person."""

_DATE: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?Z")
_SHOWN: Final = 120
"""Characters of a server's words that are repeated (judgement: a line)."""


class AnswerFault(Exception):  # noqa: N818 - it becomes an error only where nothing helps
    """An answer that cannot be taken.

    Parameters
    ----------
    kind : {"busy", "broken", "too_much", "refused"}
        What helps.
    text : str
        What happened, as the end of a sentence about the server.
    wait_s : float
        How long the server asks to wait [s].
    """

    def __init__(self, kind: Kind, text: str, *, wait_s: float = 0.0) -> None:
        super().__init__(text)
        self.kind = kind
        self.wait_s = wait_s


def read_answer(body: bytes) -> tuple[RawWays, str]:
    """Read an answer of an Overpass server in JSON.

    Parameters
    ----------
    body : bytes
        The answer.

    Returns
    -------
    raw : RawWays
        Its ways on which a person can run, with all their nodes and tags.
    osm_date : str
        Date of the data, ISO 8601.

    Raises
    ------
    AnswerFault
        If it is no whole answer: not JSON to its end, with a remark (the server stopped half way), without
        the date of its data, or with ways whose nodes are not in it.
    """
    answer = _parsed(body)
    remark = answer.get("remark")
    if remark is not None:
        raise AnswerFault("too_much", f"gave part of an answer only ({_quoted(remark)})")
    osm3s = answer.get("osm3s")
    date = osm3s.get("timestamp_osm_base") if isinstance(osm3s, dict) else None
    if not isinstance(date, str) or not _DATE.fullmatch(date):
        raise AnswerFault("broken", "did not say how old its data are")
    try:
        return _ways(answer["elements"]), date
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        text = f"answered in a form that is not understood ({type(error).__name__})"
        raise AnswerFault("broken", text) from error


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        start = body[:_SHOWN].lstrip().lower()
        if start.startswith((b"<!doctype html", b"<html", b"<?xml")):
            text = "answered with a web page instead of map data: is there a login page on this network?"
            raise AnswerFault("broken", text) from error
        raise AnswerFault("broken", "gave an answer that breaks off") from error
    if not isinstance(answer, dict) or not isinstance(answer.get("elements"), list):
        raise AnswerFault("broken", "answered in a form that is not understood")
    return answer


def _ways(elements: Sequence[Mapping[str, Any]]) -> RawWays:
    nodes = {e["id"]: (float(e["lon"]), float(e["lat"])) for e in elements if e["type"] == "node"}
    ways = [e for e in elements if e["type"] == "way" and is_for_running(e.get("tags", {}))]
    node_id = np.fromiter(chain.from_iterable(way["nodes"] for way in ways), dtype=np.int64)
    missing = set(node_id.tolist()).difference(nodes)
    if missing:
        raise AnswerFault("broken", f"left out {len(missing)} nodes of its ways")
    places = np.array([nodes[node] for node in node_id.tolist()], dtype=float).reshape(-1, 2)
    if not (np.isfinite(places).all() and (np.abs(places) <= (180.0, 90.0)).all()):
        raise AnswerFault("broken", "gave places that are nowhere on Earth")
    return RawWays(
        way_id=np.array([way["id"] for way in ways], dtype=np.int64),
        tags=tuple({str(key): str(value) for key, value in way["tags"].items()} for way in ways),
        first=np.cumsum([0, *(len(way["nodes"]) for way in ways)], dtype=np.int64),
        node_id=node_id,
        longitude_deg=places[:, 0],
        latitude_deg=places[:, 1],
        node_tags=_tags_of_crossings(elements),
    )


def _tags_of_crossings(elements: Sequence[Mapping[str, Any]]) -> dict[int, dict[str, str]]:
    tagged = [element for element in elements if element["type"] == "node" and element.get("tags")]
    return {
        node["id"]: {str(key): str(value) for key, value in node["tags"].items()}
        for node in tagged
        if tells_crossing(node["tags"])
    }


def _quoted(remark: object) -> str:
    return " ".join(str(remark).split())[:_SHOWN]
