"""Run one peer matcher in a process of its own; `peers.py` starts this with the Python the peers live in.

``python peer_worker.py JOB`` reads the job (JSON) and beside it ``network.npz`` and ``fixes.npz``, and writes
its answer (JSON) to the file the job names. Knows nothing of camber, and is never told the truth.
"""

from __future__ import annotations

import importlib.metadata
import itertools
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Network(NamedTuple):
    """The roads as arrays; every edge may be run in both directions, as on foot."""

    node_xy: np.ndarray
    edge_from: np.ndarray
    edge_to: np.ndarray
    edge_way: np.ndarray
    edge_length_m: np.ndarray
    edge_first_vertex: np.ndarray
    vertex_xy: np.ndarray

    def line(self, edge: int) -> np.ndarray:
        """Vertices of an edge in the drawn direction."""
        return self.vertex_xy[self.edge_first_vertex[edge] : self.edge_first_vertex[edge + 1]]


class Fixes(NamedTuple):
    """One run."""

    xy: np.ndarray
    degrees: np.ndarray
    elapsed_s: np.ndarray

    def take(self, rows: Iterable[int]) -> Fixes:
        """Some of the fixes."""
        chosen = np.fromiter(rows, np.int64)
        return Fixes(self.xy[chosen], self.degrees[chosen], self.elapsed_s[chosen])


class Matched(NamedTuple):
    """What a peer says: the way of each fix it saw (-1 for none), and metres of way in driving order.

    ``between`` holds, for each fix and the next, the edges of the route that joins them, where a peer tells.
    """

    way_id: list[int]
    path: list[tuple[int, float]]
    between: list[list[int]]


class Peer(NamedTuple):
    """A matcher with its network set up: ``match`` is timed, ``read`` turns its result into `Matched`.

    ``alive`` is what must live as long as the matcher does.
    """

    match: Callable[[Fixes], object]
    read: Callable[[Fixes, object], Matched]
    alive: object = None


def fastmm_peer(network: Network, job: dict) -> Peer:
    """Edge ``e`` is 2e in the drawn direction and 2e + 1 against it."""
    import fastmm  # noqa: PLC0415 - each peer is imported in its own process only

    settings = job["settings"]
    roads = fastmm.Network()
    ends = zip(network.edge_from.tolist(), network.edge_to.tolist(), strict=True)
    for edge, (start, end) in enumerate(ends):
        line = [tuple(point) for point in network.line(edge).tolist()]
        roads.add_edge(2 * edge, start, end, line)
        roads.add_edge(2 * edge + 1, end, start, line[::-1])
    roads.finalize()
    matcher = fastmm.FastMapMatch(
        roads,
        fastmm.TransitionMode.SHORTEST,
        max_distance_between_candidates=settings["table_m"],
        cache_dir=tempfile.mkdtemp(dir=job["folder"]),  # a table from an earlier job would hide its cost
    )
    way = network.edge_way.tolist()

    def match(fixes: Fixes) -> object:
        rows = np.column_stack([fixes.xy, fixes.elapsed_s]).tolist()
        return matcher.match(
            fastmm.Trajectory.from_xyt_tuples([tuple(row) for row in rows]),
            settings["candidates"],
            settings["radius_m"],
            settings["error_m"],
            settings["reverse_m"],
        )

    def read(fixes: Fixes, result: fastmm.SplitMatchResult) -> Matched:
        way_id = [-1] * len(fixes.xy)
        between: list[list[int]] = [[] for _ in way_id]
        driven: list[list[float]] = []
        for part in result.subtrajectories:
            # Counted from the part's first fix: the peer's own index starts at 0, not at 1 as documented.
            base = part.segments[0].p0.trajectory_index if part.segments else 0
            for segment in part.segments:
                edges = segment.edges
                at = part.start_index + segment.p0.trajectory_index - base
                to = part.start_index + segment.p1.trajectory_index - base
                between[at] = [edge.edge_id // 2 for edge in edges]
                way_id[at], way_id[to] = way[between[at][0]], way[between[at][-1]]
                for edge in edges:
                    points = edge.points
                    metres = points[-1].edge_offset - points[0].edge_offset
                    # Backward steps within the tolerance are taken back from the way, not added to it.
                    signed = -metres if edge.reversed else metres
                    if driven and driven[-1][0] == edge.edge_id:
                        driven[-1][1] += signed
                    else:
                        driven.append([edge.edge_id, signed])
        return Matched(way_id, [(way[int(edge) // 2], abs(metres)) for edge, metres in driven], between)

    return Peer(match, read, alive=roads)  # fastmm crashes when its network is collected before it


def leuven_peer(network: Network, job: dict) -> Peer:
    """LeuvenMapMatching knows straight segments only, so every vertex becomes a node; x and y are swapped."""
    from leuvenmapmatching.map.inmem import InMemMap  # noqa: PLC0415 - as above
    from leuvenmapmatching.matcher.distance import DistanceMatcher  # noqa: PLC0415 - as above

    graph: dict[int, tuple] = {node: ((y, x), []) for node, (x, y) in enumerate(network.node_xy.tolist())}
    way: dict[tuple[int, int], int] = {}
    for edge, edge_way in enumerate(network.edge_way.tolist()):
        inner = len(network.node_xy) + np.arange(
            network.edge_first_vertex[edge] + 1, network.edge_first_vertex[edge + 1] - 1
        )
        graph.update(
            {
                node: ((y, x), [])
                for node, (x, y) in zip(inner.tolist(), network.line(edge)[1:-1].tolist(), strict=True)
            }
        )
        chain = [int(network.edge_from[edge]), *inner.tolist(), int(network.edge_to[edge])]
        for start, end in itertools.pairwise(chain):
            for a, b in ((start, end), (end, start)):
                if a != b and (a, b) not in way:
                    graph[a][1].append(b)
                    way[a, b] = edge_way
    roads = InMemMap("roads", use_latlon=False, use_rtree=True, index_edges=True, graph=graph)

    def match(fixes: Fixes) -> object:
        line = [(y, x) for x, y in fixes.xy.tolist()]
        start, states = 0, []
        while start < len(line) - 1:  # where it stops early, it is started again there, as its manual says
            matcher = DistanceMatcher(roads, **job["settings"])
            _, last = matcher.match(line[start:])
            states.append([(start, state) for state in matcher.lattice_best or []])
            if start + last >= len(line) - 1:
                break
            start += max(last, 1)
        return states

    def read(fixes: Fixes, result: list) -> Matched:
        way_id = [-1] * len(fixes.xy)
        path: list[tuple[int, float]] = []
        for part in result:
            for start, state in part:
                if state.is_emitting():
                    way_id[start + state.obs] = way[state.edge_m.l1, state.edge_m.l2]
            path += [
                (way[a, b], metres) for a, b, metres in leuven_route([state.edge_m for _, state in part])
            ]
        return Matched(way_id, path, [])

    return Peer(match, read)


def leuven_route(segments: list) -> list[tuple[int, int, float]]:
    """Net metres on each straight segment; to and fro on one segment cancel, in the peer's favour."""
    groups: list[list] = []
    for segment in segments:
        if groups and {groups[-1][-1].l1, groups[-1][-1].l2} == {segment.l1, segment.l2}:
            groups[-1].append(segment)
        else:
            groups.append([segment])
    route = []
    for number, group in enumerate(groups):
        nodes = {group[0].l1: group[0].p1, group[0].l2: group[0].p2}
        ends = []
        for neighbour, own in ((number - 1, group[0]), (number + 1, group[-1])):
            other = groups[neighbour][0] if 0 <= neighbour < len(groups) else None
            shared = nodes.keys() & ({other.l1, other.l2} if other else set())
            ends.append(nodes[shared.pop()] if shared else own.pi or own.p1)
        route.append((group[0].l1, group[0].l2, float(np.hypot(*np.subtract(*ends)))))
    return route


def mappymatch_peer(network: Network, job: dict) -> Peer:
    """The longest common subsequence matcher over the faster of its two maps."""
    import geopandas as gpd  # noqa: PLC0415 - as above
    import networkx as nx  # noqa: PLC0415 - as above
    import pyproj  # noqa: PLC0415 - as above
    import shapely  # noqa: PLC0415 - as above
    from mappymatch.constructs.trace import Trace  # noqa: PLC0415 - as above
    from mappymatch.maps.igraph.igraph_map import IGraphMap  # noqa: PLC0415 - as above
    from mappymatch.matchers.lcss.lcss import LCSSMatcher  # noqa: PLC0415 - as above

    graph = nx.MultiDiGraph(crs=pyproj.CRS(job["crs"]))
    for edge, way in enumerate(network.edge_way.tolist()):
        start, end = int(network.edge_from[edge]), int(network.edge_to[edge])
        km = float(network.edge_length_m[edge]) / 1000.0
        tags = {"kilometers": km, "minutes": 6.0 * km, "metadata": {"way": way}}  # one speed for all ways
        line = shapely.LineString(network.line(edge))
        graph.add_edge(start, end, key=2 * edge, geometry=line, **tags)
        graph.add_edge(end, start, key=2 * edge + 1, geometry=line.reverse(), **tags)
    matcher = LCSSMatcher(IGraphMap.from_nx_graph(graph), **job["settings"])

    def match(fixes: Fixes) -> object:
        points = gpd.GeoDataFrame(geometry=shapely.points(fixes.xy), crs=job["crs"])
        return matcher.match_trace(Trace.from_geo_dataframe(points, xy=False))

    def read(fixes: Fixes, result: object) -> Matched:
        way_id = [match.road.metadata["way"] if match.road else -1 for match in result.matches]
        path = [(road.metadata["way"], road.geom.length) for road in result.path or []]
        if path:  # the route is of whole edges: its two ends are cut at the first and the last fix
            first, last = result.path[0].geom, result.path[-1].geom
            path[0] = (path[0][0], first.length - first.project(shapely.Point(fixes.xy[0])))
            path[-1] = (path[-1][0], last.project(shapely.Point(fixes.xy[-1])))
        return Matched(way_id, path, [])

    return Peer(match, read)


def valhalla_peer(_network: Network, job: dict) -> Peer:
    """Valhalla builds its own network from the extract."""
    import valhalla  # noqa: PLC0415 - as above
    from valhalla.config import get_config  # noqa: PLC0415 - as above

    folder = Path(job["folder"])
    tiles = folder / "valhalla_tiles"
    tiles.mkdir(exist_ok=True)
    config = get_config(tile_extract="", tile_dir=tiles)
    file = folder / "valhalla.json"
    file.write_text(json.dumps(config))
    build = Path(valhalla.__file__).parent / "bin" / "valhalla_build_tiles"
    subprocess.run([build, "-c", file, job["extract"]], check=True, capture_output=True)
    actor = valhalla.Actor(config)

    def match(fixes: Fixes) -> object:
        shape = [
            {"lon": lon, "lat": lat, "time": time_s}
            for (lon, lat), time_s in zip(fixes.degrees.tolist(), fixes.elapsed_s.tolist(), strict=True)
        ]
        return actor.trace_attributes({"shape": shape, "shape_match": "map_snap", **job["settings"]})

    def read(_fixes: Fixes, result: dict) -> Matched:
        edges = result["edges"]
        indices = [point.get("edge_index", -1) for point in result["matched_points"]]
        way_id = [edges[at]["way_id"] if 0 <= at < len(edges) else -1 for at in indices]
        path = [
            (
                edge["way_id"],
                1000.0
                * edge["length"]
                * abs(edge.get("target_percent_along", 1.0) - edge.get("source_percent_along", 0.0)),
            )
            for edge in edges
        ]
        return Matched(way_id, path, [])

    return Peer(match, read)


PEERS: dict[str, tuple[str, Callable[[Network, dict], Peer]]] = {
    "fastmm": ("fastmm", fastmm_peer),
    "leuven": ("leuvenmapmatching", leuven_peer),
    "mappymatch": ("mappymatch", mappymatch_peer),
    "valhalla": ("pyvalhalla", valhalla_peer),
}


def thin(xy: np.ndarray, least_m: float) -> list[int]:
    """Rows that are left when fixes nearer than ``least_m`` to the last one kept are dropped."""
    kept = [0]
    for row in range(1, len(xy)):
        if np.hypot(*(xy[row] - xy[kept[-1]])) >= least_m:
            kept.append(row)
    return kept


def spread(network: Network, fixes: Fixes, kept: list[int], matched: Matched) -> list[int]:
    """Way of every fix: of a dropped one, the nearest edge of the route between its neighbours kept."""
    way_id = np.full(len(fixes.xy), -1)
    for number, row in enumerate(kept):
        after = kept[number + 1] if number + 1 < len(kept) else len(fixes.xy)
        way_id[row:after] = matched.way_id[number]
        edges = matched.between[number] if matched.between else []
        for dropped in range(row + 1, after) if edges else ():
            distance = [distance_m(fixes.xy[dropped], network.line(edge)) for edge in edges]
            way_id[dropped] = network.edge_way[edges[int(np.argmin(distance))]]
    return way_id.tolist()


def distance_m(point: np.ndarray, line: np.ndarray) -> float:
    """Distance of a point from a polyline."""
    start, along = line[:-1], np.diff(line, axis=0)
    share = ((point - start) * along).sum(axis=1) / np.maximum((along**2).sum(axis=1), 1e-12)
    foot = start + np.clip(share, 0.0, 1.0)[:, None] * along
    return float(np.hypot(*(point - foot).T).min())


def cpu_s() -> float:
    """CPU seconds of this process and of those it has started and waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def peak_memory_mb() -> float:
    """Largest resident memory of this process.

    Linux counts the parent's memory into ``ru_maxrss`` of a process that was started from it, so the high
    water mark of the process image is read there.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(row for row in status.read_text().splitlines() if row.startswith("VmHWM"))
        return int(line.split()[1]) / 1024.0
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def attempt(function: Callable, *given: object) -> tuple[object, str]:
    """Call a peer; what it cannot match costs that run alone."""
    try:
        return function(*given), ""
    except Exception as error:  # noqa: BLE001 - whatever a peer raises is its result
        return None, f"{type(error).__name__}: {error}"


def main() -> None:
    """Do the job."""
    job = json.loads(Path(sys.argv[1]).read_text())
    folder = Path(job["folder"])
    network = Network(**np.load(folder / "network.npz"))
    stored = np.load(folder / "fixes.npz")
    every = Fixes(stored["xy"], stored["degrees"], stored["elapsed_s"])
    runs = [every.take(np.flatnonzero(stored["run"] == run)[: job["fixes"]]) for run in range(job["runs"])]
    kept = [thin(run.xy, job["thin_m"]) if job["thin_m"] else list(range(len(run.xy))) for run in runs]
    given = [run.take(rows) for run, rows in zip(runs, kept, strict=True)]

    package, set_up = PEERS[job["peer"]]
    begin = cpu_s()
    peer = set_up(network, job)
    set_up_s = cpu_s() - begin
    match_s = []
    for _ in range(2):
        begin = time.process_time()
        results = [attempt(peer.match, fixes) for fixes in given]
        match_s.append(time.process_time() - begin)
    memory_mb = peak_memory_mb()
    begin = time.process_time()
    nothing = [Matched([-1] * len(fixes.xy), [], []) for fixes in given]
    matched = [
        none if problem else peer.read(fixes, result)
        for fixes, none, (result, problem) in zip(given, nothing, results, strict=True)
    ]
    read_s = time.process_time() - begin
    answer = {
        "version": importlib.metadata.version(package),
        "set_up_s": set_up_s,
        "match_s": match_s,
        "read_s": read_s,
        "memory_mb": memory_mb,
        "problems": [problem for _, problem in results if problem],
        "way_id": [
            spread(network, run, rows, found) for run, rows, found in zip(runs, kept, matched, strict=True)
        ],
        "path": [found.path for found in matched],
    }
    Path(job["answer"]).write_text(json.dumps(answer))


if __name__ == "__main__":
    main()
