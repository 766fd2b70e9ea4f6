"""The server: routes on loopback alone, slow connections cut off, ended by Ctrl-C at a safe point."""

from __future__ import annotations

import socket
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from anyio.to_thread import current_default_thread_limiter
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route
from uvicorn import Config, Server
from uvicorn.protocols.http.h11_impl import H11Protocol

from camber.errors import CamberError, LibraryBusyError, UnknownRunError
from camber.open import changes, pages, uploads
from camber.open.chores import spoken
from camber.open.guard import DOOR, Guard
from camber.open.office import filled, new_office
from camber.report.page import page_leaflet, page_style

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from starlette.requests import Request

    from camber.open.desk import MakeDesk
    from camber.open.office import Office

_HEAD_S: Final = 10.0
"""How long a request may take to say what it wants [s] (judgement: on loopback it takes none)."""

_MOST_CONNECTIONS: Final = 256
"""Connections at once (judgement: a browser opens six for each tab)."""

_HEAD_BYTES: Final = 32 * 1024
_THREADS: Final = 6
"""Pages that are made at once (judgement: two tabs, an upload and some room; each thread costs memory)."""

_GET: Final = (
    ("/", pages.first_page),
    ("/{kind:days}/{name}", pages.days_page),
    ("/run/{run:int}", pages.run_page),
    ("/runs", pages.runs_page),
    ("/streets", pages.streets_page),
    ("/street", pages.street_page),
    ("/next", pages.next_page),
    ("/library", pages.library_page),
    ("/zones", pages.zones_page),
    ("/settings", pages.settings_page),
    ("/chores", pages.chores_part),
    ("/events", pages.events),
    ("/shared/{number:int}", pages.shared_file),
)
_POST: Final = (
    ("/tell/question", changes.answer_question),
    ("/tell/street", changes.tell_street),
    ("/tell/stretch", changes.tell_stretch),
    ("/tell/undo", changes.take_back),
    ("/zones", changes.change_zones),
    ("/settings", changes.change_settings),
    ("/begin", changes.begin),
    ("/upload", uploads.upload),
)
_KINDS: Final = ("week", "month", "year")


def serve(
    make_desk: MakeDesk, folder: Path, port: int, ready: Callable[[str], None], *, loud: bool = False
) -> None:
    """Serve a library until the server is told to end.

    Parameters
    ----------
    make_desk : MakeDesk
        Makes what does things, here and in the process for long work.
    folder : Path
        Where the list of long work and files on their way are kept.
    port : int
        Port on 127.0.0.1; 0 for a free one.
    ready : callable
        Called with the address that opens the door, good once, as soon as the server answers.
    loud : bool
        Whether tracebacks are written to standard error.

    Raises
    ------
    OSError
        If the port is taken.
    """
    listener = socket.create_server(("127.0.0.1", port))
    port = listener.getsockname()[1]
    office = new_office(make_desk, folder)
    address = f"http://127.0.0.1:{port}{DOOR}?key={office.keys.once}"
    app = application(office, lambda: ready(address))
    config = Config(
        Guard(app, office.keys, port),
        http=_Hasty,
        ws="none",
        log_level="error" if loud else "critical",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        h11_max_incomplete_event_size=_HEAD_BYTES,
        timeout_graceful_shutdown=3,
    )
    try:
        Server(config).run(sockets=[listener])
    finally:
        office.chores.stop()
        listener.close()


def application(office: Office, ready: Callable[[], None]) -> Starlette:
    """Put the routes together; ``ready`` is called once the server answers."""

    @asynccontextmanager
    async def life(_: Starlette) -> AsyncIterator[None]:
        current_default_thread_limiter().total_tokens = _THREADS
        await run_in_threadpool(_warm, office)
        office.chores.start()
        ready()
        yield
        office.kept.close()
        office.chores.stop()

    routes = [Route(f"/static/{name}", _static(text, kind)) for name, text, kind in _files()]
    for path, page in _GET:
        if "{kind:days}" in path:
            routes += [Route(path.replace("{kind:days}", kind), _of_kind(page, kind)) for kind in _KINDS]
        else:
            routes.append(Route(path, page))
    routes += [Route(path, change, methods=["POST"]) for path, change in _POST]
    handlers = {CamberError: _refused, HTTPException: _unknown, Exception: _refused}
    app = Starlette(routes=routes, lifespan=life, exception_handlers=handlers)
    app.state.office = office
    return app


def _of_kind(page: Callable[[Request], Any], kind: str) -> Callable[[Request], Response]:
    def show(request: Request) -> Response:
        request.path_params["kind"] = kind
        found: Response = page(request)
        return found

    return show


def _warm(office: Office) -> None:
    """Load what the first page needs before anybody waits for it."""
    with office.desk.library() as library:
        office.desk.story(library, office.desk.days_of(library, "week", "last"), lambda _: None)


def _files() -> list[tuple[str, str, str]]:
    own, report = files("camber.open") / "templates", files("camber.report") / "templates"
    style = page_style() + (own / "live.css").read_text("utf-8")
    return [
        ("page.css", style, "text/css"),
        ("leaflet.js", page_leaflet(), "text/javascript"),
        ("map.js", (report / "map.js").read_text("utf-8"), "text/javascript"),
        ("live.js", (own / "live.js").read_text("utf-8"), "text/javascript"),
        ("zones.js", (own / "zones.js").read_text("utf-8"), "text/javascript"),
    ]


def _static(text: str, kind: str) -> Callable[[Request], Response]:
    def give(_: Request) -> Response:
        return Response(text, media_type=kind, headers={"cache-control": "private, max-age=3600"})

    return give


async def _refused(request: Request, error: Exception) -> Response:
    """Say on a page what went wrong, without places of this machine."""
    known = isinstance(error, CamberError)
    status = (
        404 if isinstance(error, UnknownRunError) else 409 if isinstance(error, LibraryBusyError) else 400
    )
    return filled(request, "refused.html.j2", {"message": spoken(error)}, status if known else 500)


async def _unknown(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    return filled(request, "refused.html.j2", {"message": "There is no such page."}, status)


class _Hasty(H11Protocol):
    """A connection that is cut off if it does not say in time what it wants, or if there are too many."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, and do not wait for ever."""
        super().connection_made(transport)
        if len(self.connections) > _MOST_CONNECTIONS:
            transport.abort()
            return
        self.loop.call_later(_HEAD_S, self._hurry)

    def _hurry(self) -> None:
        if self.cycle is None:
            self.transport.abort()
