"""Other map matchers on the very fixes of `heidelberg.py`, beside ours: one table.

Run with ``python tests/benchmarks/peers.py --output table.md`` in the project's root; needs the Heidelberg
extract, and the network once, to install the peers into an environment of their own (a temporary folder,
or the one that ``--environment`` names). No peer is a dependency of camber.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from heidelberg import EXTRACT, PLAIN, Run, make_runs, way_mismatch
from peer_worker import cpu_s, peak_memory_mb

import camber
from camber.matching import match

if TYPE_CHECKING:
    from camber.schema import Roads

PART = {"runs": 4, "fixes": 400}
"""The part for what is too slow for all fixes: the first 400 of each of four runs."""


class Peer(NamedTuple):
    """One row: a matcher with its settings, metres throughout.

    ``thin_m`` drops fixes nearer than that to the last one kept before matching; all fixes are scored.
    """

    name: str
    worker: str
    packages: tuple[str, ...]
    settings: dict
    thin_m: float = 0.0
    part: bool = False


FASTMM = {"candidates": 8, "radius_m": 30.0, "error_m": 15.0, "reverse_m": 0.0, "table_m": 300.0}
"""``error_m`` is the best of 4, 10, 15, 20, 30 on these fixes; ``reverse_m`` 0 is the peer's default."""

BACK = {**FASTMM, "reverse_m": 20.0}
WIDE = {**FASTMM, "radius_m": 50.0}
LEUVEN = {"max_dist": 50.0, "obs_noise": 10.0, "max_lattice_width": 5, "non_emitting_states": True}

PEERS = (
    Peer("fastmm, every fix", "fastmm", ("fastmm", "numpy"), FASTMM),
    Peer("fastmm, every fix, 20 m back is free", "fastmm", ("fastmm", "numpy"), BACK),
    Peer("fastmm, thinned to 10 m", "fastmm", ("fastmm", "numpy"), WIDE, thin_m=10.0),
    Peer(
        "fastmm, thinned, 16 candidates",
        "fastmm",
        ("fastmm", "numpy"),
        {**WIDE, "candidates": 16},
        thin_m=10.0,
    ),
    # The most accurate of four settings, its defaults (50 m) among them.
    Peer("mappymatch, LCSS", "mappymatch", ("mappymatch",), {"distance_epsilon": 30.0}),
    # Of five settings the fastest of those that were as accurate as any.
    Peer("LeuvenMapMatching", "leuven", ("leuvenmapmatching", "rtree"), LEUVEN, part=True),
    # Its defaults on foot.
    Peer("Valhalla, Meili", "valhalla", ("pyvalhalla", "numpy"), {"costing": "pedestrian"}),
)


class Row(NamedTuple):
    """What the table says of one matcher."""

    name: str
    version: str = ""
    fixes: int = 0
    way: float = float("nan")
    rmf: float = float("nan")
    per_s: tuple[float, ...] = ()
    per_s_read: float = float("nan")
    set_up_s: float = float("nan")
    memory_mb: float = float("nan")
    note: str = ""


def cut(runs: list[Run]) -> list[Run]:
    """The part of the runs that slow matchers see."""
    size = PART["fixes"]
    return [Run(run.track.iloc[:size], run.truth.iloc[:size]) for run in runs[: PART["runs"]]]


def score(
    runs: list[Run], way_ids: list[np.ndarray], paths: list[pd.DataFrame], roads: Roads
) -> tuple[float, float]:
    """Share of metres on the true way, and route mismatch fraction, as `heidelberg.score_runs` has them."""
    sums = np.zeros(4)
    for run, way_id, path in zip(runs, way_ids, paths, strict=True):
        distance = run.track["distance_m"].to_numpy()
        step = np.diff(distance, prepend=distance[0])
        right = way_id == run.truth["way_id"].reindex(run.track.index).to_numpy()
        wrong_m = sum(way_mismatch(path, run.truth, roads))
        sums += [step[right].sum(), step.sum(), wrong_m, run.truth["distance_m"].sum()]
    return sums[0] / sums[1], sums[2] / sums[3]


def measure_own(name: str, runs: list[Run], roads: Roads, set_up_s: float) -> Row:
    """Match with camber, twice; the first time counts the building of tables in."""
    # The kernels are compiled on a copy, which leaves nothing behind for the roads that are measured.
    match(runs[0].track, replace(roads, graph=replace(roads.graph)))
    seconds = []
    for _ in range(2):
        begin = time.process_time()
        found = [match(run.track, roads) for run in runs]
        seconds.append(time.process_time() - begin)
    memory_mb = peak_memory_mb()
    ways = [
        matched["way_id"].reindex(run.track.index, fill_value=-1).to_numpy()
        for run, (matched, _, _) in zip(runs, found, strict=True)
    ]
    way, rmf = score(runs, ways, [path for _, _, path in found], roads)
    fixes = sum(len(run.track) for run in runs)
    per_s = tuple(fixes / second for second in seconds)
    return Row(name, own_version(), fixes, way, rmf, per_s, per_s[0], set_up_s, memory_mb)


def own_row(name: str, runs: list[Run], roads: Roads, set_up_s: float) -> Row:
    """Ours in a process of its own, as the peers are."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        try:
            return pool.submit(measure_own, name, runs, roads, set_up_s).result()
        except Exception as error:  # noqa: BLE001 - a matcher that fails has a row that says so
            return Row(name, own_version(), note=f"failed: {brief(repr(error))}")


def export(runs: list[Run], roads: Roads, folder: Path) -> None:
    """Write network and fixes, without the truth, as plain arrays."""
    graph = roads.graph
    np.savez(
        folder / "network.npz",
        node_xy=graph.node_xy,
        edge_from=graph.edge_from,
        edge_to=graph.edge_to,
        edge_way=roads.ways.index.to_numpy()[graph.edge_way],
        edge_length_m=graph.edge_length_m,
        edge_first_vertex=graph.edge_first_vertex,
        vertex_xy=graph.vertex_xy,
    )
    points = [run.track.geometry for run in runs]
    degrees = [point.to_crs(4326) for point in points]
    np.savez(
        folder / "fixes.npz",
        run=np.repeat(np.arange(len(runs)), [len(point) for point in points]),
        xy=np.vstack([np.column_stack([point.x, point.y]) for point in points]),
        degrees=np.vstack([np.column_stack([point.x, point.y]) for point in degrees]),
        elapsed_s=np.concatenate([run.track["elapsed_s"] for run in runs]),
    )


def python_for(peer: Peer, given: str | None) -> str | None:
    """Find a Python that the peer has wheels for; Valhalla has them from 3.12 on."""
    if peer.worker != "valhalla":
        return sys.executable
    for python in (given, sys.executable, shutil.which("python3.12")):
        command = [python or "", "-c", "import sys; sys.exit(sys.version_info < (3, 12))"]
        if python and subprocess.run(command, check=False, capture_output=True).returncode == 0:
            return python
    return None


def install(python: str, packages: tuple[str, ...], home: Path) -> tuple[Path, str]:
    """Install the newest of the packages; the environment's Python, and what went wrong."""
    home = home / ("peers" if python == sys.executable else "other")
    inside = home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    commands = [] if inside.exists() else [[python, "-m", "venv", home]]
    pip = [inside, "-m", "pip", "install", "--quiet", "--retries", "1", "--only-binary", ":all:"]
    for command in [*commands, [*pip, *packages]]:
        try:
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=180.0)
        except subprocess.CalledProcessError as error:
            said = [line for line in error.stderr.splitlines() if line.startswith("ERROR")]
            return inside, f"not installed: {brief((said or ['no reason given'])[-1])}"
        except (OSError, subprocess.TimeoutExpired) as error:
            return inside, f"not installed: {type(error).__name__}"
    return inside, ""


def peer_row(peer: Peer, runs: list[Run], roads: Roads, folder: Path, given: argparse.Namespace) -> Row:
    """Install a peer, run it in its own process and score its answer."""
    base = python_for(peer, given.python312)
    if base is None:
        return Row(peer.name, note="left out, no Python 3.12 at hand")
    python, problem = install(base, peer.packages, given.environment or folder)
    if problem:
        return Row(peer.name, note=problem)
    answer = folder / "answer.json"
    answer.unlink(missing_ok=True)
    job = folder / "job.json"
    job.write_text(
        json.dumps(
            {
                "peer": peer.worker,
                "settings": peer.settings,
                "thin_m": peer.thin_m,
                "runs": len(runs),
                "fixes": max(len(run.track) for run in runs),
                "crs": roads.crs,
                "extract": str(EXTRACT.resolve()),
                "folder": str(folder),
                "answer": str(answer),
            }
        )
    )
    worker = Path(__file__).with_name("peer_worker.py")
    try:
        done = subprocess.run(
            [python, worker, job], check=False, capture_output=True, text=True, timeout=given.limit
        )
    except subprocess.TimeoutExpired:
        return Row(peer.name, note=f"stopped after {given.limit:.0f} s")
    if not answer.exists():
        last = [*done.stderr.splitlines(), f"exit {done.returncode}"]
        return Row(peer.name, note=f"failed: {brief(last[-2 if len(last) > 1 else 0])}")
    return score_answer(peer.name, json.loads(answer.read_text()), runs, roads)


def score_answer(name: str, found: dict, runs: list[Run], roads: Roads) -> Row:
    """Turn what a peer wrote into its row."""
    paths = [
        pd.DataFrame(path, columns=["way_id", "to_chainage_m"])
        .astype({"way_id": np.int64, "to_chainage_m": float})
        .assign(from_chainage_m=0.0)
        for path in found["path"]
    ]
    way, rmf = score(runs, [np.array(row) for row in found["way_id"]], paths, roads)
    fixes = sum(len(run.track) for run in runs)
    problems = found["problems"]
    return Row(
        name,
        found["version"],
        fixes,
        way,
        rmf,
        tuple(fixes / second for second in found["match_s"]),
        fixes / (found["match_s"][0] + found["read_s"]),
        found["set_up_s"],
        found["memory_mb"],
        f"{len(problems)} of {len(runs)} runs failed: {brief(problems[0])}" if problems else "",
    )


def own_version() -> str:
    """Version of camber, with the commit where there is one."""
    command = ["git", "describe", "--always", "--dirty"]
    try:
        told = subprocess.run(
            command, check=True, capture_output=True, text=True, cwd=Path(__file__).parent, timeout=10.0
        )
    except (OSError, subprocess.SubprocessError):
        return camber.__version__
    return f"{camber.__version__} ({told.stdout.strip()})"


def machine() -> str:
    """Name the machine and the versions."""
    cpu = platform.processor()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        cpu = models[0].split(":")[1].strip() if models else cpu
    cores = multiprocessing.cpu_count()
    python = platform.python_version()
    return f"{platform.platform()}, {cpu}, {cores} cores; Python {python}, numpy {np.__version__}"


HEAD = (
    "| matcher | version | fixes | way accuracy | RMF | fixes per CPU-s, twice | result read | set-up CPU-s "
    "| peak MB |\n|---|---|--:|--:|--:|--:|--:|--:|--:|"
)
NOTES = """
Way accuracy: share of the metres run that lie on the true way. RMF: missing and extra metres of way over the
true ones. All fixes count, those that thinning dropped too (nearest edge of the route there).

Speed: all fixes over the CPU-seconds of matching, in two passes; ours counts tables and frames, its first
pass the building of tables. Result read: first pass, with ways and route taken out of the peer's objects.

Set-up: the network, and fastmm's table of routes; ours and Valhalla's from the extract, the others' from
arrays in memory. Memory: of the process that matches, up to the end of matching.
"""


def as_lines(row: Row) -> str:
    """Write a row as Markdown."""
    lines = []
    if row.fixes:
        speed = " / ".join(f"{value:,.0f}" for value in row.per_s)
        lines.append(
            f"| {row.name} | {row.version} | {row.fixes:,} | {row.way:.2%} | {row.rmf:.4f} | {speed} "
            f"| {row.per_s_read:,.0f} | {row.set_up_s:.1f} | {row.memory_mb:.0f} |"
        )
    if row.note:
        lines.append(f"| {row.name}: {row.note} | | | | | | | | |")
    return "\n".join(lines)


def brief(text: str) -> str:
    """Shorten what a peer says of its failure; paths of this machine are nobody's business."""
    return re.sub(r"\S*[/\\]\S*", "...", text)[:100]


def main() -> None:
    """Print the table, and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, help="also write the table to this file")
    parser.add_argument("--environment", type=Path, help="keep the peers' environments in this folder")
    parser.add_argument("--python312", help="a Python 3.12 or newer, for Valhalla")
    parser.add_argument("--limit", type=float, default=75.0, help="seconds that a peer may take")
    parser.add_argument("--kilometres", type=float, default=100.0)
    parser.add_argument("--only", help="leave out all peers but this one, such as fastmm")
    given = parser.parse_args()
    peers = [peer for peer in PEERS if given.only in {None, peer.worker}]
    begin = cpu_s()
    roads = camber.read_roads(EXTRACT)
    opened_s = cpu_s() - begin
    runs = make_runs(roads, PLAIN, length_m=100.0 * given.kilometres)
    with tempfile.TemporaryDirectory() as name:
        export(runs, roads, Path(name))
        rows = [
            own_row("camber", runs, roads, opened_s),
            *(
                [own_row("camber, the part that LeuvenMapMatching sees", cut(runs), roads, opened_s)]
                if any(peer.part for peer in peers)
                else []
            ),
            *(peer_row(peer, cut(runs) if peer.part else runs, roads, Path(name), given) for peer in peers),
        ]
    true_km = sum(run.truth["distance_m"].sum() for run in runs) / 1000.0
    title = (
        f"{datetime.now(UTC):%Y-%m-%d}, {machine()}. {len(runs)} runs, {true_km:.1f} km in all, 1 Hz, noise"
    )
    settings = "; ".join(f"{peer.name} {peer.settings}" for peer in peers)
    lines = [
        f"{title} sigma 4 m, tau 20 s.",
        "",
        HEAD,
        *map(as_lines, rows),
        NOTES,
        f"Settings: {settings}.",
        "",
    ]
    table = "\n".join(lines)
    print(table)
    if given.output:
        given.output.write_text(table)


if __name__ == "__main__":
    main()
