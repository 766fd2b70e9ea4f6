"""Files that are dropped on a page: streamed to disk within limits, then taken in like any other."""

from __future__ import annotations

import asyncio
import secrets
import shutil
from functools import partial
from typing import TYPE_CHECKING, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse, Response

from camber.open.office import office_of
from camber.recording.limits import ReadLimits
from camber.report.wording import plain
from camber.whole_files import closed_folder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from starlette.requests import Request

_MAPS: Final = (".osm", ".osm.gz", ".osm.bz2", ".osm.pbf", ".pbf")
_ZIP: Final = b"PK"
_PIECE_S: Final = 30.0
"""How long the next piece of a file may take [s] (judgement: on loopback it takes none)."""

_AT_ONCE: Final = 2
_LEFT_BYTES: Final = 2**30
"""Room that is left on the disk [bytes] (judgement: what the library itself may need)."""

_NAME_LENGTH: Final = 100


async def upload(request: Request) -> Response:
    """Take a file, and put it into the list of what is to be taken in."""
    office = office_of(request)
    name = _safe(request.query_params.get("name", ""))
    place = secrets.token_hex(8)
    folder = office.folder / "uploads" / place
    if office.uploading >= _AT_ONCE:
        return PlainTextResponse("Two files are on their way already: wait until they are there.", 429)
    office.uploading += 1
    try:
        await run_in_threadpool(closed_folder, folder)
        refused = await _stream(request, folder / name)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        office.uploading -= 1
    if refused is not None:
        shutil.rmtree(folder, ignore_errors=True)
        return refused
    kind = "roads" if name.lower().endswith(_MAPS) else "import"
    title = f"Taking in {name}" if kind == "import" else f"Taking roads from {name}"
    await run_in_threadpool(partial(office.chores.add, kind, title, upload=place, file=name))
    return PlainTextResponse(title)


def _safe(name: str) -> str:
    """Keep the last part of a name, in letters that every disk takes."""
    last = plain(name.replace("\\", "/").rpartition("/")[2], _NAME_LENGTH)
    kept = "".join(one if one.isalnum() or one in " ._-()" else "_" for one in last).strip(" .")
    return kept or "file"


def _most(name: str, begins: bytes, folder: Path) -> int:
    """Say how large a file may be: as for an import, and what the disk has room for [bytes]."""
    limits = ReadLimits()
    whole = begins.startswith(_ZIP) or name.lower().endswith(_MAPS)
    room = shutil.disk_usage(folder).free - _LEFT_BYTES
    return min(limits.archive_bytes if whole else limits.size_bytes, max(room, 0))


async def _stream(request: Request, path: Path) -> Response | None:
    """Write the body to a file as it comes; gives why it was refused, or None."""
    size, most = 0, None
    said = request.headers.get("content-length", "")
    with path.open("wb") as file:
        try:
            async for piece in _pieces(request):
                if most is None:
                    most = await run_in_threadpool(_most, path.name, piece[:4], path.parent)
                size += len(piece)
                if max(size, int(said) if said.isdigit() else 0) > most:
                    mb = most // 10**6
                    return PlainTextResponse(
                        f"{path.name} is larger than the {mb} MB that a file may have.", 413
                    )
                await run_in_threadpool(file.write, piece)
        except (TimeoutError, ClientDisconnect):
            return PlainTextResponse(f"{path.name} broke off: drop it again.", 408)
    return None if size else PlainTextResponse(f"{path.name} is empty.", 400)


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    stream = request.stream().__aiter__()
    while True:
        try:
            piece = await asyncio.wait_for(anext(stream), _PIECE_S)
        except StopAsyncIteration:
            return
        if piece:
            yield piece
