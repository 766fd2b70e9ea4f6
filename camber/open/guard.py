"""Who may ask: this machine alone, whoever holds the secret of this start, and changes by a token of a page.

A page of somebody else that this browser has open can send requests here, and can have its own name lead to
this machine ("DNS rebinding"): host, origin and token are checked for that. Other programs of this machine
can connect too: they lack the secret.
"""

from __future__ import annotations

import asyncio
import hmac
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse, Response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

DOOR: Final = "/in"
"""Where the key of a start is handed over."""

TOKEN_HEADER: Final = "x-camber-token"  # noqa: S105 - the name of a header
FORM: Final = "camber.form"
"""Key of a request's scope under which its form is, once its token was checked."""

_MOST_FORM_BYTES: Final = 64 * 1024
_FORM_S: Final = 10.0
"""Size and time that a form may take (judgement: the largest has a few hundred bytes)."""

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_URLENCODED: Final = "application/x-www-form-urlencoded"
_BYTES: Final = "application/octet-stream"
_NOT_KNOWN: Final = (
    "This page belongs to whoever started camber on this machine. Open the address that `camber open` "
    "prints; each is good once. From a second machine it takes a tunnel with the same port, such as "
    "ssh -L {port}:127.0.0.1:{port}."
)
_PLACE: Final = re.compile(r"(?<![\w:/.])(?:[A-Za-z]:)?(?:[/\\][^\s/\\:;,'\"<>]+){2,}")


@dataclass
class Keys:
    """The secrets of one start: what the browser keeps, what its pages hold, and what opens the door once."""

    secret: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    once: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    def used(self, given: str) -> bool:
        """Tell whether a key opens the door; it never does again."""
        if not _same(given, self.once):
            return False
        self.once = secrets.token_urlsafe(32)
        return True


class Guard:
    """Stands before every page: refuses what may not ask, and says to browsers what a page may do."""

    def __init__(self, app: ASGIApp, keys: Keys, port: int) -> None:
        self._app, self._keys, self._port = app, keys, port
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        self._cookie = f"camber-{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("cache-control", "no-store")
            await send(message)

        refused = self._answer(scope) or await self._changes(scope, receive)
        await (refused or self._app)(scope, receive, send_on)

    def _answer(self, scope: Scope) -> Response | None:
        """Answer at once whoever may not ask, and whoever comes with a key."""
        headers = Headers(scope=scope)
        if headers.getlist("host") not in [[host] for host in self._hosts]:
            return PlainTextResponse("This is not the name of camber on this machine.", 421)
        if scope["method"] not in {"GET", "HEAD", "POST"}:
            return PlainTextResponse("Only GET and POST are known here.", 405)
        if headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
            return PlainTextResponse("Other pages may not ask here.", 403)
        if scope["path"] == DOOR and scope["method"] == "GET":
            return self._opened(scope)
        if not _same(cookie_parser(headers.get("cookie", "")).get(self._cookie, ""), self._keys.secret):
            return PlainTextResponse(_NOT_KNOWN.format(port=self._port), 403)
        return None

    def _opened(self, scope: Scope) -> Response:
        given = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        if not self._keys.used(given.get("key", "")):
            return PlainTextResponse(_NOT_KNOWN.format(port=self._port), 403)
        answer = RedirectResponse("/", 303)
        answer.set_cookie(self._cookie, self._keys.secret, httponly=True, samesite="strict", path="/")
        return answer

    async def _changes(self, scope: Scope, receive: Receive) -> Response | None:
        """Refuse a change that no page of this start asks for; read its form into the scope."""
        if scope["method"] != "POST":
            return None
        headers = Headers(scope=scope)
        if headers.getlist("origin") != [f"http://{headers['host']}"]:
            return PlainTextResponse("Only a page of camber may change anything.", 403)
        token, kind = headers.get(TOKEN_HEADER, ""), headers.get("content-type", "").partition(";")[0]
        if kind == _URLENCODED:
            try:
                body = await asyncio.wait_for(_body(receive), _FORM_S)
                scope[FORM] = dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=100))
            except (ValueError, TimeoutError):
                return PlainTextResponse("That is no form of camber's.", 413)
            token = token or scope[FORM].get("token", "")
        elif kind != _BYTES:
            return PlainTextResponse("That is no form of camber's.", 415)
        if not _same(token, self._keys.token):
            return PlainTextResponse("The page is of an earlier start of camber: load it again.", 403)
        return None


async def _body(receive: Receive) -> bytes:
    """Read a small body; ValueError if it is none, or breaks off."""
    parts = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ValueError("broken off")
        parts += message.get("body", b"")
        if len(parts) > _MOST_FORM_BYTES:
            raise ValueError("too large")
        if not message.get("more_body", False):
            return bytes(parts)


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())


def without_places(text: str) -> str:
    """Take folders of this machine out of a sentence; the name of a file stays.

    Parameters
    ----------
    text : str
        Such as the message of an error.

    Returns
    -------
    str
        For a page.
    """
    text = text.replace(f"{Path.home()}/", "")
    return _PLACE.sub(lambda found: re.split(r"[/\\]", found[0])[-1], text)
