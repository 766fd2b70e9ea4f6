"""A browser without a socket: asks the application as a server does, and keeps its cookie."""

import asyncio
import re
from urllib.parse import urlencode, urlsplit

PORT = 8123
HOST = f"127.0.0.1:{PORT}"


class Answered:
    def __init__(self, messages):
        start = next(one for one in messages if one["type"] == "http.response.start")
        self.status = start["status"]
        self.headers = {name.decode(): value.decode() for name, value in start["headers"]}
        self.body = b"".join(one.get("body", b"") for one in messages if one["type"] == "http.response.body")

    @property
    def text(self):
        return self.body.decode("utf-8")


class Asking:
    """Asks an application; every header can be another than a browser's."""

    def __init__(self, app):
        self.app = app
        self.cookie = ""

    def enter(self, key):
        answer = self.get(f"/in?key={key}")
        self.cookie = answer.headers.get("set-cookie", "").partition(";")[0]
        return answer

    def get(self, path, **headers):
        return self.ask("GET", path, b"", headers)

    def post(self, path, form, **headers):
        body = form if isinstance(form, bytes) else urlencode(form).encode()
        usual = {"origin": f"http://{HOST}", "content-type": "application/x-www-form-urlencoded"}
        return self.ask("POST", path, body, usual | headers)

    def ask(self, method, path, body, headers, pieces=(), *, breaks_off=False):
        sent = {"host": HOST, "cookie": self.cookie} | {k.replace("_", "-"): v for k, v in headers.items()}
        parts = urlsplit(path)
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": parts.path,
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "root_path": "",
            "headers": [(k.encode(), v.encode("latin-1")) for k, v in sent.items() if v],
            "client": ("127.0.0.1", 5),
            "server": ("127.0.0.1", PORT),
        }
        waiting = [*pieces] or [body]
        messages = []

        async def receive():
            if not waiting:
                return {"type": "http.disconnect"}
            piece = waiting.pop(0)
            return {"type": "http.request", "body": piece, "more_body": bool(waiting) or breaks_off}

        async def send(message):
            messages.append(message)

        asyncio.run(self.app(scope, receive, send))
        return Answered(messages)


def words(html):
    """The texts of a page, without its marks."""
    text = re.sub(r"<(script|style)\b.*?</\1>|<[^>]*>", "\n", html, flags=re.DOTALL)
    return [line.strip() for line in text.splitlines() if line.strip()]
