"""Cost of matching by length of the recording and size of the extract: time per fix, memory, opening.

Run with ``python tests/benchmarks/scale.py --output table.md`` in the project's root; needs the Heidelberg
extract. The large extract is that one in shifted copies, in a temporary folder.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import osmium
import pandas as pd
from heidelberg import EXTRACT, PLAIN, make_runs
from peers import machine, own_version

import camber
from camber.matching import _fixes, match
from camber.matching.inference import infer
from camber.schema import MatchingSettings

if TYPE_CHECKING:
    from camber.schema import Roads, Track

SHIFT_DEG = 0.35
"""From one copy to the next, northward, so that all share a UTM zone; more than the town's height."""

MODEL = MatchingSettings()


class Cost(NamedTuple):
    """CPU microseconds per fix: arrays only, and the whole of `match`; tables built on the way, and again."""

    kernel_first: float
    kernel: float
    match_first: float
    match: float
    memory_mb: float


class Opened(NamedTuple):
    """CPU seconds to open an extract, from the file and from the cache of parsed roads."""

    size_mb: float
    edges: int
    file_s: float
    cache_s: float
    memory_mb: float


def peak_mb() -> float:
    """Peak memory of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0


def enlarge(copies: int, target: Path) -> None:
    """Write an extract that is so many shifted copies; identifiers are kept apart."""
    step = 100_000_000_000
    with osmium.SimpleWriter(str(target)) as writer:
        for kind in (osmium.osm.NODE, osmium.osm.WAY):
            for copy in range(copies):
                for thing in osmium.FileProcessor(str(EXTRACT), kind):
                    if kind == osmium.osm.NODE:
                        place = (thing.lon, thing.lat + copy * SHIFT_DEG)
                        writer.add_node(thing.replace(id=thing.id + copy * step, location=place))
                    else:
                        nodes = [node.ref + copy * step for node in thing.nodes]
                        writer.add_way(thing.replace(id=thing.id + copy * step, nodes=nodes))


def join(tracks: list[Track], times: int) -> Track:
    """One long recording of several tracks, run so many times; each pass is a section of its own."""
    parts, fix, section, distance, elapsed = [], 0, 0, 0.0, 0.0
    for track in tracks * times:
        part = track.assign(
            section=track["section"] + section,
            distance_m=track["distance_m"] + distance,
            elapsed_s=track["elapsed_s"] + elapsed,
        )
        part.index = pd.RangeIndex(fix, fix + len(part), name=track.index.name)
        fix, section = fix + len(part), int(part["section"].iloc[-1]) + 1
        distance, elapsed = part["distance_m"].iloc[-1], part["elapsed_s"].iloc[-1] + 1.0
        parts.append(part)
    return pd.concat(parts)


def run_kernel(track: Track, roads: Roads) -> None:
    """Path and posterior of a track, without tables for people."""
    fixes = _fixes(track, MODEL)
    reach = float(np.clip(1.5 * fixes.step_m[~fixes.starts].max() + 60.0, 100.0, MODEL.max_gap_m))
    infer(fixes, roads, reach, MODEL)


def twice(job: object, tracks: list[Track], roads: Roads) -> tuple[float, float]:
    """CPU microseconds per fix of a job over all tracks, with nothing known of the roads, and again."""
    roads = replace(roads, graph=replace(roads.graph))
    spent = []
    for _ in range(2):
        begin = time.process_time()
        for track in tracks:
            job(track, roads)
        spent.append(1e6 * (time.process_time() - begin) / sum(map(len, tracks)))
    return spent[0], spent[1]


def measure(tracks: list[Track], extract: Path, cache: Path) -> Cost:
    """Match tracks in this process, which does nothing else."""
    roads = camber.read_roads(extract, cache=cache)
    tracks = [track.to_crs(roads.crs) for track in tracks]
    for job in (run_kernel, match):  # compiled, or read from the disk, on a copy
        job(tracks[0].iloc[:50], replace(roads, graph=replace(roads.graph)))
    kernel, whole = twice(run_kernel, tracks, roads), twice(match, tracks, roads)
    return Cost(*kernel, *whole, peak_mb())


def open_extract(extract: Path, cache: Path) -> Opened:
    """Open an extract twice, the second time from the cache that the first one wrote."""
    spent = []
    for _ in range(2):
        begin = time.process_time()
        roads = camber.read_roads(extract, cache=cache)
        spent.append(time.process_time() - begin)
    return Opened(extract.stat().st_size / 1e6, len(roads.graph.edge_from), spent[0], spent[1], peak_mb())


def alone(job: object, *given: object) -> object:
    """Run a job in a process of its own, so that its peak of memory is its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(job, *given).result()


def main() -> None:
    """Print the tables, and write them where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, help="also write the tables to this file")
    parser.add_argument("--megabytes", type=float, default=60.0, help="size of the large extract")
    parser.add_argument("--kilometres", type=float, default=1000.0, help="length of the longest recording")
    given = parser.parse_args()
    lines = [f"{datetime.now(UTC):%Y-%m-%d}, camber {own_version()}; {machine()}. CPU time, one process.", ""]
    runs = [run.track for run in make_runs(camber.read_roads(EXTRACT), PLAIN)]
    ten = runs[:1]
    recordings = {
        "1 km, ten of them": [run.iloc[: max(len(run) // 10, 2)] for run in runs],
        "10 km": ten,
        "ten of 10 km": runs,
        "100 km": [join(runs, 1)],
        f"{given.kilometres:.0f} km": [join(runs, max(1, round(given.kilometres / 100.0)))],
    }
    head = "| {} | fixes | path and posterior, roads new | again | match(), roads new | again | peak MB |\n"
    rule = "|---|--:|--:|--:|--:|--:|--:|"
    with tempfile.TemporaryDirectory() as name:
        cache, large = Path(name) / "cache", Path(name) / "large.osm.pbf"
        enlarge(max(1, round(given.megabytes * 1e6 / EXTRACT.stat().st_size)), large)
        lines += ["| extract MB | edges | from file, s | from cache, s | peak MB |", "|--:|--:|--:|--:|--:|"]
        for extract in (EXTRACT, large):
            found = alone(open_extract, extract, cache)
            lines.append(
                f"| {found.size_mb:.1f} | {found.edges:,} | {found.file_s:.2f} | {found.cache_s:.2f} "
                f"| {found.memory_mb:.0f} |"
            )
        lines += ["", "Microseconds per fix.", "", head.format("recording") + rule]
        cases = [(label, tracks, EXTRACT) for label, tracks in recordings.items()]
        cases.append((f"ten of 10 km, {large.stat().st_size / 1e6:.0f} MB extract", runs, large))
        for label, tracks, extract in cases:
            cost = alone(measure, tracks, extract, cache)
            cells = " | ".join(f"{value:.2f}" for value in cost[:-1])
            lines.append(f"| {label} | {sum(map(len, tracks)):,} | {cells} | {cost.memory_mb:.0f} |")
    table = "\n".join([*lines, ""])
    print(table)
    if given.output:
        given.output.write_text(table)


if __name__ == "__main__":
    main()
