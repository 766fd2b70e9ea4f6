"""One library on Dask clusters of several sizes: time, the one writer's share, and whether all are alike.

Run with ``python tests/benchmarks/cluster.py 1 2 4`` in the project's root; needs the Heidelberg extract and
the extra ``dask``. Scheduler and workers are processes of their own on loopback, which have loaded the line
before the clock starts. The first row is processes of this machine without Dask. What the writer spends is
the processor time of the process that reads and writes the library, with its end of the cluster.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1] / "library"))
sys.path.insert(0, str(Path(__file__).parents[2]))

from distributed import Client
from dump import exact
from from_files import EXTRACT, make_zip
from growing import LENGTH_M, make_export

from camber.library import analyse_library, from_extracts, open_library
from camber.library.importing import import_paths

if TYPE_CHECKING:
    from collections.abc import Iterator


class Cost(NamedTuple):
    """Of one analysis: by the clock, of the process that writes, and what the library then holds."""

    wall_s: float
    writer_s: float
    digest: str


@contextmanager
def cluster(workers: int) -> Iterator[Client]:
    """Start a scheduler and so many workers of one thread, and wait until they have loaded the line."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    port = address.partition(":")[2]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    scheduler = ["distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard"]
    worker = ["distributed.cli.dask_worker", address, "--nworkers", str(workers), "--nthreads", "1"]
    begun = []
    try:
        for module, *options in (scheduler, [*worker, "--no-dashboard", "--host", "127.0.0.1"]):
            begun.append(subprocess.Popen([sys.executable, "-m", module, *options], **quiet))
        with Client(address, timeout="60s") as client:
            client.wait_for_workers(workers, timeout=120)
            client.run(_load)
            yield client
    finally:
        for one in reversed(begun):
            one.terminate()
            one.wait()


def _load() -> None:
    import camber.library.workers  # noqa: F401, PLC0415 - where it runs is another process


def analysed(imported: Path, folder: Path, client: Client | None, workers: int | None) -> Cost:
    """Analyse a copy of a library that has its runs already."""
    shutil.copytree(imported, folder)
    choice = from_extracts([EXTRACT], country=None, folder=imported.parent / "roads")
    with open_library(folder) as library:
        executor = None if client is None else client.get_executor(pure=False)
        wall, cpu = time.perf_counter(), time.process_time()
        done = analyse_library(library, [choice], executor=executor, workers=workers)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        assert done.analysed == done.runs
        return Cost(wall, cpu, hashlib.sha256(exact(library.connection).encode()).hexdigest()[:12])


def tell(name: str, cost: Cost, runs: int) -> None:
    """Print a row."""
    print(
        f"| {name} | {cost.wall_s:.1f} s | {cost.writer_s:.2f} CPU-s | {1e3 * cost.writer_s / runs:.1f} ms "
        f"| {cost.writer_s / cost.wall_s:.0%} | {cost.digest} |",
        flush=True,
    )


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workers", type=int, nargs="*", default=[1, 2, 4])
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--shapes", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        fixes = make_zip(folder / "shapes.zip", options.shapes, LENGTH_M)
        make_export(folder / "export.zip", folder / "shapes.zip", options.runs)
        with open_library(folder / "imported") as library:
            import_paths(library, [folder / "export.zip"])
        print(f"{options.runs} runs of {fixes / options.shapes:.0f} fixes\n", flush=True)
        print("| workers | wall | writer | a run | of the wall | library |\n|---|---:|---:|---:|---:|---|")
        tell("2, without Dask", analysed(folder / "imported", folder / "own", None, 2), options.runs)
        for workers in options.workers:
            with cluster(workers) as client:
                cost = analysed(folder / "imported", folder / f"dask{workers}", client, None)
            tell(str(workers), cost, options.runs)


if __name__ == "__main__":
    main()
