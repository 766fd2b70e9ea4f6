"""The whole line from files: 100 simulated runs in Heidelberg, from a zip to the stored exposure.

Run with ``python tests/benchmarks/from_files.py`` in the project's root; needs the Heidelberg extract.
``--runs`` makes it smaller. Processor time of each part, in one process: reading (with unpacking and the
check of duplicates), track, matching, side, slope, exposure and summary, suggestions, storing. Both passes
are counted: every run is analysed without and then with what the others say.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import zipfile
from collections import defaultdict
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import wraps
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

import camber.library.importing
import camber.pipeline
from camber import read_roads, simulate
from camber.errors import CamberError
from camber.library import analyse_library, from_extracts, open_library
from camber.library.importing import import_paths
from camber.recording import read_stream

if TYPE_CHECKING:
    from camber.recording.limits import ReadLimits

EXTRACT = Path(__file__).parents[2] / "../shared/data/osm/heidelberg_ors.osm.pbf"
PARTS = {
    "track": ("prepare_track",),
    "match": ("match",),
    "side": ("gather", "locate"),
    "slope": ("assign_cross_slope",),
    "exposure": ("measure_exposure", "summarise"),
    "suggest": ("slope_options", "suggest"),
}


class Here(Executor):
    """Runs everything at once, in this process, so that its time can be told apart."""

    spent_s = 0.0
    """Of what workers do."""

    def submit(self, fn, /, *args, **kwargs):
        """Run it."""
        before = time.process_time()
        future = Future()
        future.set_result(fn(*args, **kwargs))
        self.spent_s += time.process_time() - before
        return future


def make_zip(path: Path, count: int, length_m: float) -> int:
    """Simulate runs and pack them as GPX; gives the number of fixes."""
    roads = read_roads(EXTRACT)
    degree = np.diff(roads.graph.node_first_edge)
    fixes = made = 0
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(20 * count):
            rng = np.random.default_rng([7, number])
            start = int(rng.choice(np.flatnonzero(degree > 2)))
            try:
                route = simulate.random_tour(roads, start, length_m, simulate.Preference(), rng)
            except CamberError:
                continue
            begin = datetime(2026, 1, 1, 6, tzinfo=UTC) + timedelta(days=number)
            try:
                run = simulate.simulate_run(roads, route, simulate.Setup(started_at=begin), rng)
            except CamberError:
                continue
            archive.writestr(f"activities/{number}.gpx", simulate.gpx_document(run.recording))
            fixes, made = fixes + len(run.recording.fixes), made + 1
            if made == count:
                break
    return fixes


@contextmanager
def timed(spent: dict[str, float]):
    """Add up the processor time of each stage while the block runs."""
    kept = {}
    for part, names in PARTS.items():
        for name in names:
            kept[name] = getattr(camber.pipeline, name)
            setattr(camber.pipeline, name, _timing(kept[name], part, spent))
    try:
        yield
    finally:
        for name, given in kept.items():
            setattr(camber.pipeline, name, given)


def _timing(given, part, spent):
    @wraps(given)
    def measured(*args, **kwargs):
        before = time.process_time()
        try:
            return given(*args, **kwargs)
        finally:
            spent[part] += time.process_time() - before

    return measured


class InProcess:
    """Reads in this process, so that its time counts."""

    def __init__(self, limits: ReadLimits) -> None:
        self._limits = limits

    def read(self, found):
        """Read what was found."""
        return read_stream(BytesIO(found.data), found.source, self._limits)

    def close(self) -> None:
        """Nothing is open."""


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--length", type=float, default=10_000.0, help="metres of each run")
    options = parser.parse_args()
    camber.library.importing.IsolatedReader = InProcess
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        fixes = make_zip(folder / "export.zip", options.runs, options.length)
        choice = from_extracts([EXTRACT], country=None, folder=folder / "roads")
        with open_library(folder / "warm") as library:  # compiles the kernels
            make_zip(folder / "one.zip", 1, 2000.0)
            import_paths(library, [folder / "one.zip"])
            analyse_library(library, [choice], executor=Here())
        spent: dict[str, float] = defaultdict(float)
        with open_library(folder / "library") as library:
            before = time.process_time()
            report = import_paths(library, [folder / "export.zip"])
            spent["read"] = time.process_time() - before
            assert report.count("run") == options.runs
            before = time.process_time()
            here = Here()
            with timed(spent):
                done = analyse_library(library, [choice], executor=here)
            analysing = time.process_time() - before
            assert done.analysed == options.runs
        spent["store"] = analysing - sum(spent[part] for part in PARTS)
        whole = spent["read"] + analysing
        print(f"{options.runs} runs, {fixes} fixes: {whole:.1f} CPU-s, {fixes / whole:.0f} fixes per CPU-s")
        for part in ("read", *PARTS, "store"):
            print(f"  {part:9s} {spent[part]:7.2f} CPU-s  {spent[part] / whole:5.1%}")
        print("  (store: distilling, packing, writing, opening roads, pooling)")
        writer = analysing - here.spent_s
        share, each = writer / analysing, 1e3 * writer / options.runs
        print(f"  of the analysis the one writer does {share:.1%}, {each:.1f} ms a run")


if __name__ == "__main__":
    main()
