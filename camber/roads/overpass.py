"""Roads from an Overpass server: the only part of camber that touches the network.

osmnx makes the requests, inside a fence: every answer is read and checked here, within a deadline and a
size, before osmnx could take a part of it for the whole. Its graph is not needed, and its cache, its look-up
of names by a third party and its own retries are off; its settings are as they were afterwards.
"""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import camber
from camber.errors import FetchError, RoadsError
from camber.roads.answers import AnswerFault, read_answer
from camber.roads.grid import tiles_of_ways
from camber.roads.raw_ways import RawWays, joined_ways, selected_ways
from camber.roads.tiles import TileWays

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import requests
    from tenacity import RetryCallState

    from camber.roads.grid import Tile
    from camber.roads.tiles import TileStore

    Box = tuple[float, float, float, float]

PUBLIC_SERVER: Final = "https://overpass-api.de/api"
"""The server that osmnx uses by default."""

WAYS: Final = '["highway"];>;way["leisure"="track"]'
"""What is asked for, in the language of Overpass: all ways with ``highway`` and their nodes, and running
tracks. osmnx puts it into ``(way...(poly:...);>;);out;``; the bounding box is in the settings of the query.
"""

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_CHUNK: Final = 1 << 16


@dataclass(frozen=True)
class Fetching:
    """How a server is asked.

    Parameters
    ----------
    server : str
        Address of the interface without ``/interpreter``; https but for this machine.
    total_s : float
        Longest time for one tile, with all attempts and pauses [s] (issue 6: 10 minutes).
    attempt_s : float
        Longest time for one request [s]: what the server may take, and half a minute for the way.
    server_s : int
        Longest time that the server may work on one request [s] (default of Overpass).
    most_bytes : int
        Largest answer [B]; a tile of a dense city has about 5 MB (judgement: 20 times that).
    attempts : int
        Requests for the same area before giving up where the server is busy (reliability.md section 4).
    broken_attempts : int
        The same where an answer is broken or none comes (judgement: a runner without network waits 15 s).
    first_wait_s : float
        Pause after the first failure [s], doubled each time (reliability.md section 4).
    busy_wait_s : float
        Shortest pause after the server called itself busy [s] (rule of the public server since April 2026).
    between_s : float
        Pause between two requests [s] (reliability.md section 4).
    levels : int
        How often an area is quartered that is too much for the server (reliability.md section 4).
    """

    server: str = PUBLIC_SERVER
    total_s: float = 600.0
    attempt_s: float = 210.0
    server_s: int = 180
    most_bytes: int = 100_000_000
    attempts: int = 5
    broken_attempts: int = 3
    first_wait_s: float = 5.0
    busy_wait_s: float = 30.0
    between_s: float = 1.0
    levels: int = 3


@dataclass
class _Taken(Exception):  # noqa: N818 - leaves osmnx with the answer, before it makes a graph of it
    body: bytes


@dataclass
class _Attempt:
    """One request under way."""

    ends_at: float
    most_bytes: int
    response: Any = None
    body: bytes | None = None
    fault: BaseException | None = None
    sent: threading.Event = field(default_factory=threading.Event)
    abandoned: bool = False


def check_server(address: str) -> str:
    """Check the address of a server.

    Parameters
    ----------
    address : str
        Such as ``"https://overpass-api.de/api"``.

    Returns
    -------
    str
        The address without a slash at its end.

    Raises
    ------
    RoadsError
        If it is no address, or would be asked in the clear over the network.
    """
    parts = urlsplit(address)
    if parts.scheme == "https" and parts.hostname:
        return address.rstrip("/")
    if parts.scheme == "http" and parts.hostname in _LOOPBACK:
        return address.rstrip("/")
    text = f"is no address of an Overpass server that can be used; give one such as {PUBLIC_SERVER} (https)."
    raise RoadsError(text, path=address)


def fetch_tile(tile: Tile, how: Fetching) -> TileWays:
    """Fetch the roads of a tile, whole or not at all.

    Parameters
    ----------
    tile : Tile
        The tile.
    how : Fetching
        Server and limits.

    Returns
    -------
    TileWays
        Every way that touches the tile, with all its nodes and tags.

    Raises
    ------
    FetchError
        If the server could not be reached, refused, stayed busy, or gave no whole answer in time. The
        message says which, and what to do.
    RoadsError
        If the address of the server is none.
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
    """Fetch tiles one after the other; each is kept as soon as it is there.

    Parameters
    ----------
    tiles : sequence of Tile
        The tiles, in this order.
    store : TileStore
        Where to keep them.
    how : Fetching
        Server and limits.
    done : callable, optional
        Called with each tile that has been kept, and its roads.

    Returns
    -------
    tuple of FetchError
        Why some tiles could not be had; the others are there.

    Raises
    ------
    FetchError
        If the server gives nothing more: the tiles so far are kept.
    RoadsError
        If the folder cannot be written to, or another fetch is going on.
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
    import tenacity  # noqa: PLC0415 - wanted by few commands

    def wait(state: RetryCallState) -> float:
        fault = state.outcome.exception() if state.outcome else None
        usual = how.first_wait_s * 2.0 ** (state.attempt_number - 1)
        if not isinstance(fault, AnswerFault) or fault.kind != "busy":
            return usual
        return max(usual, fault.wait_s, how.busy_wait_s)

    def helps(fault: BaseException) -> bool:
        return isinstance(fault, AnswerFault) and fault.kind in {"busy", "broken"}

    def enough(state: RetryCallState) -> bool:
        fault = state.outcome.exception() if state.outcome else None
        busy = isinstance(fault, AnswerFault) and fault.kind == "busy"
        return state.attempt_number >= (how.attempts if busy else how.broken_attempts)

    late = tenacity.stop_before_delay(ends_at - time.monotonic())
    return tenacity.Retrying(
        retry=tenacity.retry_if_exception(helps),
        wait=wait,
        stop=lambda state: enough(state) or bool(late(state)),
        reraise=True,
    )(_asked_once, box, how, ends_at)


def _asked_once(box: Box, how: Fetching, ends_at: float) -> tuple[RawWays, str]:
    now = time.monotonic()
    if now >= ends_at:
        raise AnswerFault("too_much", f"gave no whole answer within {how.total_s:.0f} s")
    attempt = _Attempt(min(ends_at, now + how.attempt_s), how.most_bytes)
    # In a thread of its own, since nothing in the libraries ends a name look-up or a head that drips in.
    thread = threading.Thread(target=_run, args=(attempt, box, how), daemon=True)
    with _fence(attempt, box, how):
        thread.start()
        thread.join(max(attempt.ends_at - time.monotonic(), 0.0) + 0.1)
        if not attempt.sent.is_set():
            # Up to its request osmnx reads the settings: they stay ours until it is through, or has stopped
            # there. Only the look-up of the name can take long, and the system ends that.
            attempt.abandoned = True
            thread.join()
    if thread.is_alive() or (attempt.body is None and attempt.fault is None):
        if attempt.response is not None:
            attempt.response.close()
        raise AnswerFault("too_much", f"gave no whole answer within {how.attempt_s:.0f} s")
    if attempt.fault is not None:
        raise attempt.fault
    return read_answer(attempt.body or b"")


def _run(attempt: _Attempt, box: Box, how: Fetching) -> None:
    """Have osmnx make one request; whatever comes of it is noted in the attempt."""
    import osmnx  # noqa: PLC0415 - slow to load
    import requests  # noqa: PLC0415 - as above

    host = urlsplit(how.server).hostname
    try:
        osmnx.graph.graph_from_bbox(box, simplify=False, retain_all=True, custom_filter=WAYS)
    except _Taken as taken:
        attempt.body = taken.body
    except AnswerFault as fault:
        attempt.fault = fault
    except requests.exceptions.SSLError:
        attempt.fault = AnswerFault("refused", "has no certificate that can be trusted")
    except requests.exceptions.Timeout:
        attempt.fault = AnswerFault("too_much", f"did not answer within {how.attempt_s:.0f} s")
    except (requests.exceptions.RequestException, OSError) as error:
        text = f"could not be reached ({host}: {type(error).__name__})"
        attempt.fault = AnswerFault("broken", text)
    except Exception as error:  # noqa: BLE001 - osmnx raises errors of many kinds; none may pass for an answer
        attempt.fault = AnswerFault("refused", f"could not be asked ({type(error).__name__}: {error})")


@contextmanager
def _fence(attempt: _Attempt, box: Box, how: Fetching) -> Iterator[None]:
    """Set osmnx up for one request of ours, and as it was afterwards."""
    from osmnx import settings  # noqa: PLC0415 - slow to load

    def check(response: requests.Response, **_: object) -> None:
        raise _Taken(_checked(response, attempt))

    def begin(request: requests.PreparedRequest) -> requests.PreparedRequest:
        if attempt.abandoned:
            raise AnswerFault("too_much", "could not be found in time")
        attempt.sent.set()
        return request

    west, south, east, north = box
    name = f"camber/{camber.__version__} (map of a runner's own runs, one request at a time)"
    ours = {
        "overpass_url": how.server,
        "overpass_settings": f"[out:json][timeout:{how.server_s}][bbox:{south},{west},{north},{east}]",
        "overpass_rate_limit": False,
        "requests_timeout": how.attempt_s,
        "requests_kwargs": {"stream": True, "auth": begin, "hooks": {"response": check}},
        "use_cache": False,
        "doh_url_template": None,
        "http_user_agent": name,
        "http_referer": name,
        "log_console": False,
        "log_file": False,
    }
    before = {key: getattr(settings, key) for key in ours}
    look_up = socket.getaddrinfo
    try:
        for key, value in ours.items():
            setattr(settings, key, value)
        yield
    finally:
        for key, value in before.items():
            setattr(settings, key, value)
        socket.getaddrinfo = look_up  # osmnx replaces it for the whole process


def _checked(response: requests.Response, attempt: _Attempt) -> bytes:
    """Read an answer of status 200 to its end, within the limits."""
    attempt.response = response
    try:
        _check_status(response)
        return b"".join(_pieces(response, attempt))
    finally:
        response.close()


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


def _pieces(response: requests.Response, attempt: _Attempt) -> Iterator[bytes]:
    import urllib3  # noqa: PLC0415 - as osmnx

    size = 0
    try:
        while piece := response.raw.read1(_CHUNK, decode_content=True):
            size += len(piece)
            if size > attempt.most_bytes:
                raise AnswerFault("too_much", f"sends more than {attempt.most_bytes / 1e6:.0f} MB")
            if time.monotonic() > attempt.ends_at:
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
