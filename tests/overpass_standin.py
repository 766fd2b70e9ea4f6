"""A stand-in for an Overpass server on this machine: it serves a real extract, and fails in every known way.

It reads the extract and the query on its own, so that it does not share camber's mistakes: a way is served
if its line touches the box that the query asks for, with all its nodes and tags.
"""

import json
import re
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import osmium
import shapely

DATE = "2026-11-01T00:00:00Z"
_BOX = re.compile(r"\[bbox:([-\d.]+),([-\d.]+),([-\d.]+),([-\d.]+)\]")

FAULTS = (
    *("429", "429_with_wait", "429_with_date", "429_for_long", "502", "503", "504", "500_json"),
    *("400_html", "403", "406", "413", "redirect", "remark_part", "remark_empty", "empty_object"),
    *("no_date", "bad_date", "html", "list", "json_cut", "connection_cut", "connection_dropped"),
    *("stall", "stall_in_body", "drip_body", "drip_head", "missing_nodes", "way_without_nodes"),
    *("bad_place", "gzip_cut", "gzip_bomb", "too_large", "too_many", "no_json_type"),
)
"""Every way to fail; those that lie in a cache are tested with the tiles."""


class Extract:
    """Ways and nodes of an extract; ways with nodes that are not in it are left out."""

    def __init__(self, path):
        self.nodes, self.node_tags, ways = {}, {}, []
        for thing in osmium.FileProcessor(str(path)):
            if thing.is_node():
                self.nodes[thing.id] = (thing.location.lon, thing.location.lat)
                if thing.tags:
                    self.node_tags[thing.id] = dict(thing.tags)
            elif thing.is_way():
                tags = dict(thing.tags)
                if "highway" in tags or tags.get("leisure") == "track":
                    ways.append((thing.id, [node.ref for node in thing.nodes], tags))
        self.ways = [way for way in ways if len(way[1]) > 1 and all(node in self.nodes for node in way[1])]
        self.lines = shapely.STRtree(
            [shapely.LineString([self.nodes[n] for n in way[1]]) for way in self.ways]
        )

    def answer(self, south, west, north, east):
        found = self.lines.query(shapely.box(west, south, east, north), predicate="intersects")
        ways = [self.ways[at] for at in sorted(found.tolist())]
        ids = sorted({node for _, nodes, _ in ways for node in nodes})
        elements = [{"type": "node", "id": n, "lat": self.nodes[n][1], "lon": self.nodes[n][0]} for n in ids]
        for node in (element for element in elements if element["id"] in self.node_tags):
            node["tags"] = self.node_tags[node["id"]]
        elements += [{"type": "way", "id": w, "nodes": nodes, "tags": tags} for w, nodes, tags in ways]
        return {"version": 0.6, "osm3s": {"timestamp_osm_base": DATE}, "elements": elements}


class Server:
    """What the stand-in does and what it was asked."""

    def __init__(self, extract):
        self.extract = extract
        self.faults = []
        """Fault of each request in turn; None serves it. Afterwards `always`."""
        self.always = None
        self.boxes, self.queries, self.headers = [], [], []
        self.served = []
        """Boxes that were answered whole."""
        self.most_at_once = self.at_once = 0
        self.slow_s = 30.0
        self.address = ""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.state.queries.append(self.path)
        self.send_error(404)

    def do_POST(self):
        state = self.server.state
        query = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())["data"][0]
        box = tuple(map(float, _BOX.search(query).groups()))
        state.boxes.append(box)
        state.queries.append(query)
        state.headers.append(dict(self.headers))
        fault = state.faults.pop(0) if state.faults else state.always
        state.at_once += 1
        state.most_at_once = max(state.most_at_once, state.at_once)
        try:
            if fault is None:
                self.give(json.dumps(state.extract.answer(*box)).encode())
                state.served.append(box)
            else:
                self.fail(fault, state.extract.answer(*box))
        except OSError:
            self.close_connection = True
        finally:
            state.at_once -= 1

    def give(self, body, status=200, kind="application/json", length=None, **headers):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def fail(self, fault, answer):
        whole = json.dumps(answer).encode()
        page = b"<!DOCTYPE html><html><body>Please log in</body></html>"
        part = {**answer, "elements": answer["elements"][:5]}
        if fault.startswith("429"):
            waits = {
                "429_with_wait": "1",
                "429_for_long": "7200",
                "429_with_date": "Wed, 21 Oct 2015 07:28:00 GMT",
            }
            extra = {"Retry_After": waits[fault]} if fault in waits else {}
            self.give(page, 429, "text/html", **extra)
        elif fault in {"502", "503", "504", "403", "406", "413"}:
            self.give(page, int(fault), "text/html")
        elif fault == "500_json":
            self.give(b'{"error": "internal"}', 500)
        elif fault == "400_html":
            self.give(page, 400, "text/html")
        elif fault == "redirect":
            self.give(b"", 302, Location="http://login.invalid/")
        elif fault.startswith("remark"):
            told = part if fault == "remark_part" else {**answer, "elements": []}
            remark = 'runtime error: Query timed out in "query" at line 1 after 181 seconds.'
            self.give(json.dumps({**told, "remark": remark}).encode())
        elif fault == "html":
            self.give(page, kind="text/html")
        elif fault == "no_json_type":
            self.give(b"OK", kind="text/plain")
        else:
            getattr(self, fault)(answer, whole)

    def empty_object(self, _answer, _whole):
        self.give(b"{}")

    def no_date(self, answer, _whole):
        self.give(json.dumps({**answer, "osm3s": {}, "elements": []}).encode())

    def bad_date(self, answer, _whole):
        self.give(json.dumps({**answer, "osm3s": {"timestamp_osm_base": ""}}).encode())

    def list(self, answer, _whole):
        self.give(json.dumps(answer["elements"]).encode())

    def json_cut(self, _answer, whole):
        self.give(whole[: len(whole) // 2])

    def connection_cut(self, _answer, whole):
        self.give(whole[: len(whole) // 2], length=len(whole))
        self.close_connection = True

    def connection_dropped(self, _answer, _whole):
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def stall(self, _answer, _whole):
        self.wait()

    def stall_in_body(self, _answer, whole):
        self.give(whole[: len(whole) // 2], length=len(whole))
        self.wait()

    def drip_body(self, _answer, whole):
        self.give(b"", length=len(whole))
        self.drip(whole)

    def drip_head(self, _answer, _whole):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        self.drip(b"x" * 1000)

    def missing_nodes(self, answer, _whole):
        lost = [e for e in answer["elements"] if e["type"] == "node"][::3]
        self.give(
            json.dumps({**answer, "elements": [e for e in answer["elements"] if e not in lost]}).encode()
        )

    def way_without_nodes(self, answer, _whole):
        odd = {"type": "way", "id": 5, "tags": {"highway": "residential"}}
        self.give(json.dumps({**answer, "elements": [*answer["elements"], odd]}).encode())

    def bad_place(self, _answer, whole):
        self.give(re.sub(rb'"lat": [\d.]+', b'"lat": 1e400', whole, count=1))

    def gzip_cut(self, _answer, whole):
        import gzip  # noqa: PLC0415

        packed = gzip.compress(whole)
        self.give(packed[: len(packed) // 2], Content_Encoding="gzip")

    def gzip_bomb(self, _answer, _whole):
        import gzip  # noqa: PLC0415

        self.give(gzip.compress(b" " * 30_000_000), Content_Encoding="gzip")

    def too_large(self, _answer, whole):
        self.give(b" " * 5_000_000 + whole)

    def too_many(self, _answer, _whole):
        self.give(b'{"elements": [' + b'{"type":"x"},' * 260_000 + b"{}]}")

    def drip(self, body):
        for byte in body:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            self.wait(0.05)

    def wait(self, seconds=None):
        self.server.stopping.wait(self.server.state.slow_s if seconds is None else seconds)

    def log_message(self, *_):
        pass


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


@contextmanager
def running(extract):
    """Serve an extract until the end of the block."""
    server = _Quiet(("127.0.0.1", 0), _Handler)
    server.state, server.stopping = Server(extract), threading.Event()
    server.state.address = f"http://127.0.0.1:{server.server_port}/api"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server.state
    finally:
        server.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join(5.0)
