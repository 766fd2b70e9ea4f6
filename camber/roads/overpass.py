"""Roads from an Overpass server: the only part of camber that touches the network.

An answer is taken only where it is whole, in every respect that can be checked, and within a deadline and a
size; else it is an `AnswerFault`, which says what helps: waiting, asking again, or asking for less.
"""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, count
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import urlsplit

import numpy as np

from camber.errors import FetchError, RoadsError
from camber.roads.crossings import tells_crossing
from camber.roads.grid import tiles_of_ways
from camber.roads.raw_ways import RawWays, joined_ways, selected_ways
from camber.roads.tags import is_for_running
from camber.roads.tiles import TileWays
from camber.versions import CAMBER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import requests

    from camber.roads.grid import Tile
    from camber.roads.tiles import TileStore

    Box = tuple[float, float, float, float]

Kind = Literal["busy", "broken", "too_much", "refused"]
"""What helps: waiting; asking again; asking for less; nothing but a person."""

PUBLIC_SERVER: Final = "https://overpass-api.de/api"
"""The server that is asked by default, as by osmnx."""

_WAYS: Final = '(way["highway"];>;way["leisure"="track"];>;);out;'
"""What is asked for, in the language of Overpass: ways with ``highway``, running tracks, and their nodes."""

_NAME: Final = f"camber/{CAMBER} (map of a runner's own runs, one request at a time)"
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_CHUNK: Final = 1 << 16
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?Z")
_SHOWN: Final = 120
"""Characters of a server's words that are repeated (judgement: a line)."""


@dataclass(frozen=True)
class Fetching:
    """How a server is asked.

    Parameters
    ----------
    server : str
        Address of the interface without ``/interpreter``; https but for this machine.
    total_s : float
        Longest time for one tile, with all attempts and pauses [s] (judgement: a runner's patience).
    attempt_s : float
        Longest time for one request [s]: what the server may take, and half a minute for the way.
    server_s : int
        Longest time that the server may work on one request [s] (default of Overpass).
    most_bytes : int
        Largest answer [B]; a tile of a dense city has about 5 MB (judgement: 20 times that).
    most_values : int
        Most values in an answer, by its commas and brackets; a tile of a dense city has about a million, and
        one takes up to 120 B in memory (judgement: twice that, and 240 MB).
    attempts : int
        Requests for the same area before giving up where the server is busy (judgement: some minutes).
    broken_attempts : int
        The same where an answer is broken or none comes (judgement: a runner without network waits 15 s).
    first_wait_s : float
        Pause after the first failure [s], doubled each time (judgement).
    busy_wait_s : float
        Shortest pause after the server called itself busy [s] (rule of the public server since April 2026).
    between_s : float
        Pause between two requests [s] (judgement: one at a time, as the public server asks for).
    levels : int
        How often an area is quartered that is too much for the server (judgement: 700 m at last).
    """

    server: str = PUBLIC_SERVER
    total_s: float = 600.0
    attempt_s: float = 210.0
    server_s: int = 180
    most_bytes: int = 100_000_000
    most_values: int = 2_000_000
    attempts: int = 5
    broken_attempts: int = 3
    first_wait_s: float = 5.0
    busy_wait_s: float = 30.0
    between_s: float = 1.0
    levels: int = 3


class AnswerFault(Exception):  # noqa: N818 - it becomes an error only where nothing helps
    """An answer that cannot be taken: what happened, as the end of a sentence about the server.

    ``wait_s`` is how long the server asks to wait [s].
    """

    def __init__(self, kind: Kind, text: str, *, wait_s: float = 0.0) -> None:
        super().__init__(text)
        self.kind = kind
        self.wait_s = wait_s


def check_server(address: str) -> str:
    """Give the address of a server without a slash at its end; a `RoadsError` for one in the clear."""
    with suppress(ValueError):  # of half a bracket, or of what no name can be
        parts = urlsplit(address)
        host = parts.hostname or ""
        if host.encode("idna") and (
            parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
        ):
            return address.rstrip("/")
    text = f"is no address of an Overpass server that can be used; give one such as {PUBLIC_SERVER} (https)."
    raise RoadsError(text, path=address)


def fetch_tile(tile: Tile, how: Fetching) -> TileWays:
    """Fetch every way that touches a tile, with all its nodes and tags, or nothing.

    A `FetchError` says whether the server could not be reached, refused, stayed busy, or gave no whole answer
    in time, and what to do.
    """
    server = check_server(how.server)
    try:
        parts = _area(tile.bounds_deg, how, time.monotonic() + how.total_s, how.levels)
    except AnswerFault as fault:
        text = f"the server {fault}; {_advice(fault)}"
        raise FetchError(text, path=server, only_here=fault.kind == "too_much") from fault
    raw = joined_ways([part for part, _ in parts])
    pairs = tiles_of_ways(raw.first, raw.longitude_deg, raw.latitude_deg)
    raw = selected_ways(raw, pairs[pairs[:, 1] == tile.key, 0])
    kept_at = datetime.now(UTC).isoformat(timespec="seconds")
    return TileWays(raw, min(date for _, date in parts), urlsplit(server).hostname or server, kept_at)


def fetch_tiles(
    tiles: Sequence[Tile],
    store: TileStore,
    how: Fetching,
    *,
    done: Callable[[Tile, TileWays], None] | None = None,
) -> tuple[FetchError, ...]:
    """Fetch tiles one after the other; each is kept as soon as it is there, and told to ``done``.

    Returns why some could not be had; a `FetchError` where the server gives nothing more.
    """
    failures = []
    with store.alone():
        for number, tile in enumerate(tiles):
            if number:
                time.sleep(how.between_s)
            try:
                ways = fetch_tile(tile, how)
            except FetchError as error:
                if not error.only_here:
                    raise
                failures.append(error)
                continue
            store.write(tile, ways)
            if done:
                done(tile, ways)
    return tuple(failures)


def _advice(fault: AnswerFault) -> str:
    kept = "what has been fetched is kept, and the same command goes on from there"
    return {
        "busy": f"repeat the command later: {kept}.",
        "broken": f"check the connection and repeat the command: {kept}.",
        "too_much": "repeat the command later, or take the roads from a file with `camber roads add`.",
        "refused": "check the address of the server (`camber config show`), or take the roads from a file "
        "with `camber roads add`.",
    }[fault.kind]


def _area(box: Box, how: Fetching, ends_at: float, levels: int) -> list[tuple[RawWays, str]]:
    """Fetch an area at once or, if that is too much for the server, in quarters."""
    try:
        return [_asked_again(box, how, ends_at)]
    except AnswerFault as fault:
        if fault.kind != "too_much" or levels == 0 or time.monotonic() >= ends_at:
            raise
    west, south, east, north = box
    x, y = (west + east) / 2.0, (south + north) / 2.0
    quarters = ((west, south, x, y), (x, south, east, y), (west, y, x, north), (x, y, east, north))
    parts = []
    for quarter in quarters:
        time.sleep(how.between_s)
        parts += _area(quarter, how, ends_at, levels - 1)
    return parts


def _asked_again(box: Box, how: Fetching, ends_at: float) -> tuple[RawWays, str]:
    """Ask until an answer is whole, with growing pauses, within the deadline."""
    for attempt in count(1):
        try:
            return _asked_once(box, how, ends_at)
        except AnswerFault as fault:
            busy = fault.kind == "busy"
            last = how.attempts if busy else how.broken_attempts if fault.kind == "broken" else 1
            wait_s = how.first_wait_s * 2.0 ** (attempt - 1)
            wait_s = max(wait_s, fault.wait_s, how.busy_wait_s) if busy else wait_s
            if attempt >= last or time.monotonic() + wait_s >= ends_at:
                raise
            time.sleep(wait_s)
    raise AssertionError


def _asked_once(box: Box, how: Fetching, ends_at: float) -> tuple[RawWays, str]:
    """Make one request, in a thread of its own: nothing else ends a name look-up or a head that drips in."""
    now = time.monotonic()
    if now >= ends_at:
        raise AnswerFault("too_much", f"gave no whole answer within {how.total_s:.0f} s")
    ends_at = min(ends_at, now + how.attempt_s)
    came: SimpleQueue[bytes | Exception] = SimpleQueue()

    def ask() -> None:
        try:
            came.put(_body(box, how, ends_at))
        except Exception as error:  # noqa: BLE001 - raised where the answer is waited for
            came.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        found = came.get(timeout=ends_at - now + 0.1)
    except Empty:
        raise AnswerFault("too_much", f"gave no whole answer within {how.attempt_s:.0f} s") from None
    if isinstance(found, Exception):
        raise found
    return read_answer(found)


def _body(box: Box, how: Fetching, ends_at: float) -> bytes:
    """Request an area and read the answer to its end, within the limits."""
    import requests  # noqa: PLC0415 - wanted by few commands
    import urllib3  # noqa: PLC0415 - as above

    west, south, east, north = box
    query = f"[out:json][timeout:{how.server_s}][bbox:{south},{west},{north},{east}];{_WAYS}"
    host = urlsplit(how.server).hostname
    # The look-up of the name can take long: what is late after it makes no request.
    with suppress(OSError):
        socket.getaddrinfo(host, None)
    if time.monotonic() >= ends_at:
        raise AnswerFault("too_much", "could not be found in time")
    try:
        with requests.post(
            f"{how.server}/interpreter",
            data={"data": query},
            headers={"User-Agent": _NAME},
            timeout=how.attempt_s,
            auth=_unsigned,
            stream=True,
            allow_redirects=False,
        ) as response:
            _check_status(response)
            return b"".join(_pieces(response, how, ends_at))
    except requests.exceptions.SSLError as error:
        raise AnswerFault("refused", "has no certificate that can be trusted") from error
    except requests.exceptions.Timeout as error:
        raise AnswerFault("too_much", f"did not answer within {how.attempt_s:.0f} s") from error
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        raise AnswerFault("broken", f"could not be reached ({host}: {type(error).__name__})") from error


def _check_status(response: requests.Response) -> None:
    status, reason = response.status_code, f"{response.status_code} {response.reason}"
    if status == 200:
        return
    if status in {429, 502, 503, 504}:
        wait_s = _retry_after(response.headers.get("Retry-After", ""))
        asked = f" and asks to wait {wait_s:.0f} s" if wait_s else ""
        raise AnswerFault("busy", f"is busy ({reason}){asked}", wait_s=wait_s)
    if status == 413:
        raise AnswerFault("too_much", f"finds the area too large ({reason})")
    if status >= 500:
        raise AnswerFault("broken", f"failed ({reason})")
    if response.is_redirect:
        text = f"sends to another address ({urlsplit(response.headers['Location']).hostname})"
        raise AnswerFault("refused", text)
    raise AnswerFault("refused", f"refused the request ({reason})")


def _unsigned(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Leave a request as it is: else it would carry what ``~/.netrc`` holds for its server."""
    return request


def _pieces(response: requests.Response, how: Fetching, ends_at: float) -> Iterator[bytes]:
    import urllib3  # noqa: PLC0415 - wanted by few commands

    size = values = 0
    try:
        while piece := response.raw.read1(_CHUNK, decode_content=True):
            size += len(piece)
            values += sum(map(piece.count, (b",", b"{", b"[")))
            if size > how.most_bytes:
                raise AnswerFault("too_much", f"sends more than {how.most_bytes / 1e6:.0f} MB")
            if values > how.most_values:
                raise AnswerFault("too_much", f"sends more than {how.most_values / 1e6:g} million values")
            if time.monotonic() > ends_at:
                raise AnswerFault("too_much", "sends too slowly")
            yield piece
    except urllib3.exceptions.ReadTimeoutError as error:
        raise AnswerFault("too_much", "stopped sending") from error
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise AnswerFault("broken", f"broke off its answer ({type(error).__name__})") from error


def _retry_after(text: str) -> float:
    """Seconds that a server asks to wait: a number or a date (RFC 9110, section 10.2.3); 0 for neither."""
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - rarely needed

    if text.strip().isascii() and text.strip().isdigit():
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return 0.0
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max((at - datetime.now(UTC)).total_seconds(), 0.0)


def read_answer(body: bytes) -> tuple[RawWays, str]:
    """Read an answer in JSON: its ways on which a person can run, with their nodes and tags, and its date.

    An `AnswerFault` where it is not JSON to its end, with a remark (the server stopped half way), without the
    date of its data, or with ways whose nodes are not in it.
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
