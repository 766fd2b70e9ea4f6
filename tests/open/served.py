"""`camber open` as a process on an empty library, and a browser of a few lines that asks it over a socket."""

import http.client
import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

ROOT = Path(__file__).parents[2]
EXPORT, ROADS = ROOT / "data" / "simulated_strava_export.zip", ROOT / "data" / "kouvola.osm.pbf"


@contextmanager
def served(home):
    """Start it; gives the address that opens the door, and the process, which is ended as Ctrl-C does."""
    command = [sys.executable, "-m", "camber", "--offline", "open", "--no-browser"]
    process = subprocess.Popen(
        command, cwd=ROOT, text=True, stdout=subprocess.PIPE, env={**os.environ, "CAMBER_HOME": str(home)}
    )
    try:
        yield process.stdout.readline().strip(), process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
        process.stdout.close()


class Client:
    """Comes through the door, and asks with its cookie and token."""

    def __init__(self, address):
        parts = urlsplit(address)
        self.host, self.port, self.cookie = parts.netloc, parts.port, ""
        status, headers, _ = self.ask("GET", f"{parts.path}?{parts.query}")
        assert status == 303
        self.cookie = headers["set-cookie"].partition(";")[0]
        page = self.get("/library")
        self.token = re.search(r'data-token="([^"]+)"', page)[1]

    def ask(self, method, path, body=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent = {"Cookie": self.cookie, "Origin": f"http://{self.host}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode()
        finally:
            connection.close()

    def get(self, path):
        return self.ask("GET", path)[2]

    def post(self, path, **form):
        body = urlencode(form | {"token": self.token})
        return self.ask("POST", path, body, content_type="application/x-www-form-urlencoded")[0]

    def drop(self, path):
        said = {"content_type": "application/octet-stream", "x_camber_token": self.token}
        return self.ask("POST", f"/upload?name={quote(path.name)}", path.read_bytes(), **said)[0]
