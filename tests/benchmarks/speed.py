"""From export to answer, small: each step beside an earlier camber, gpxpy's parsing, and fastmm.

Run with ``python tests/benchmarks/speed.py`` in the project's root; needs the Heidelberg extract. Steps are
commands and processes of their own, as a runner has them, with everything that they start; ``--before`` names
a checkout of an earlier camber, measured step by step in turn with this one; ``--compile`` measures first
compilations too, a minute each. Then the line in one process by part (`from_files.py`), and matching beside
fastmm on raw and on thinned fixes (`peers.py`, which installs it in an environment of its own; ``--no-peers``
leaves it out). Ten minutes on two processors. Times are processor seconds with the imports, of an installed
camber: with its bytecode.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from from_files import EXTRACT, make_zip
from growing import make_newest

ROOT = Path(__file__).parents[2]

PARSE = """
import sys, zipfile, gpxpy
with zipfile.ZipFile(sys.argv[1]) as archive:
    for name in archive.namelist():
        gpxpy.parse(archive.read(name).decode())
"""

ONE_RUN = """
import sys, time, zipfile
from io import BytesIO
from pathlib import Path
import camber, camber.pipeline
from camber.recording import read_stream
from camber.recording.limits import ReadLimits
from camber.library.workers import distil
with zipfile.ZipFile(sys.argv[1]) as archive:
    [run, *_] = read_stream(BytesIO(archive.read(archive.namelist()[0])), "run.gpx", ReadLimits())
roads = camber.read_roads(sys.argv[2], cache=Path(sys.argv[3]))
whole = lambda: camber.analyse(run, roads, with_suggestions=False)
done = whole()
parts = {
    "analyse": whole,
    "first pass": lambda: camber.pipeline.evidence_of(run, roads),
    "match": lambda: camber.pipeline.match(done.track, roads),
    "distil": lambda: distil(done),
}
for name, part in parts.items():
    times = []
    for _ in range(7):
        before = time.process_time()
        part()
        times.append(time.process_time() - before)
    print(name, min(times), len(run.fixes), sep="\\t")
"""

LONG_RUN = """
import resource, sys, time, zipfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path
import numpy as np, pandas as pd
import camber
from camber.recording import read_stream
from camber.recording.limits import ReadLimits
from camber.schema import as_fixes
with zipfile.ZipFile(sys.argv[1]) as archive:
    [run, *_] = read_stream(BytesIO(archive.read(archive.namelist()[0])), "run.gpx", ReadLimits())
roads = camber.read_roads(sys.argv[2], cache=Path(sys.argv[3]))
lasts = run.fixes["time"].iloc[-1] - run.fixes["time"].iloc[0] + pd.Timedelta(seconds=60)
turns = range(int(sys.argv[4]))
parts = [run.fixes.assign(time=run.fixes["time"] + turn * lasts, part=turn) for turn in turns]
fixes = pd.concat(parts, ignore_index=True).rename_axis("fix_id")
long = replace(run, fixes=as_fixes(fixes))
camber.analyse(run, roads, with_suggestions=False)
before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
done = camber.analyse(long, roads, with_suggestions=False)
used = time.process_time() - began
print(len(fixes), done.summary.distance_m / 1e3, used, before / 1024,
      resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, sep="\\t")
"""


def spent(arguments: list[str], checkout: Path, home: Path, **more: str) -> tuple[float, str]:
    """Processor seconds of a process with all that it started, and what it wrote."""
    given = {**os.environ, "PYTHONPATH": str(checkout), "CAMBER_HOME": str(home), **more}
    given.pop("PYTHONDONTWRITEBYTECODE", None)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, *arguments], cwd=home, env=given, stdout=subprocess.PIPE, text=True, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def steps_of(export: Path) -> dict[str, list[str]]:
    """Commands, in the order in which a runner gives them."""
    camber = ["-m", "camber", "-q", "--offline"]
    whole = [*camber, "analyse", "--all", "--roads", str(EXTRACT)]
    return {
        "camber --help": ["-m", "camber", "--help"],
        "import of the line": ["-c", "import camber.pipeline"],
        "gpxpy parses the export": ["-c", PARSE, str(export)],
        "camber import": [*camber, "import", str(export)],
        "camber analyse --all": whole,
        "the same with nothing new": whole,
        "camber week": [*camber, "week"],
        "camber week --html": [*camber, "week", "--html", "week.html"],
        "camber year --html": [*camber, "year", "--html", "year.html"],
        "camber import, one new run": [*camber, "import", str(export.with_name("newest.zip"))],
        "camber analyse --all, one new run": whole,
    }


def measure(checkouts: list[Path], folder: Path, export: Path, *, compile_: bool) -> dict[str, list[float]]:
    """Processor seconds of each step, of each checkout in turn."""
    found: dict[str, list[float]] = {}
    homes = [folder / f"home{number}" for number in range(len(checkouts))]
    one_run = ["-c", ONE_RUN, str(export), str(EXTRACT), str(folder)]
    for checkout, home in zip(checkouts, homes, strict=True):
        home.mkdir()
        if compile_:
            fresh, _ = spent(one_run, checkout, home, NUMBA_CACHE_DIR=str(home / "kernels"))
            found.setdefault("first analysis, with compilation", []).append(fresh)
        spent(one_run, checkout, home)  # compiles, and keeps the parsed roads
        spent(["-m", "compileall", "-q", "camber"], checkout, checkout)
    for name, step in steps_of(export).items():
        for checkout, home in zip(checkouts, homes, strict=True):
            found.setdefault(name, []).append(spent(step, checkout, home)[0])
    for checkout, home in zip(checkouts, homes, strict=True):
        for line in spent(one_run, checkout, home)[1].splitlines():
            name, seconds, fixes = line.split("\t")
            found.setdefault(f"one run, {name} ({fixes} fixes)", []).append(float(seconds))
    return found


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=12)
    parser.add_argument("--length", type=float, default=9_000.0, help="metres of each run")
    parser.add_argument("--before", type=Path, help="a checkout of an earlier camber")
    parser.add_argument("--compile", action="store_true", help="measure first compilations too")
    parser.add_argument("--long", type=int, default=0, help="only: a run so many times, as one")
    parser.add_argument("--no-peers", action="store_true", help="without the line by part, and fastmm")
    options = parser.parse_args()
    checkouts = [ROOT, *([options.before.resolve()] if options.before else [])]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        export = folder / "export.zip"
        fixes = make_zip(export, options.runs, options.length)
        make_newest(folder / "newest.zip", export)
        if options.long:
            for checkout in checkouts:
                arguments = ["-c", LONG_RUN, str(export), str(EXTRACT), str(folder), str(options.long)]
                fixes, km, seconds, short_mb, long_mb = spent(arguments, checkout, folder)[1].split()
                print(
                    f"{checkout.name}: {fixes} fixes, {float(km):.0f} km: {float(seconds):.1f} CPU-s, "
                    f"peak {float(long_mb):.0f} MB ({float(short_mb):.0f} MB after one of its parts)"
                )
            return
        found = measure(checkouts, folder, export, compile_=options.compile)
    print(f"{options.runs} runs, {fixes} fixes\n\n| step | CPU-s | before | before / now |")
    print("|---|---:|---:|---:|")
    for name, times in found.items():
        before = f"{times[1]:.3f} | {times[1] / times[0]:.2f}" if len(times) > 1 else "|"
        print(f"| {name} | {times[0]:.3f} | {before} |")
    start, parse = found["import of the line"], found["gpxpy parses the export"][0]
    for number, name in enumerate(("now", "before")[: len(checkouts)]):
        whole = sum(found[step][number] for step in ("camber import", "camber analyse --all"))
        # Above an analysis with nothing new, and an import of nothing: what the runs themselves cost.
        idle = found["the same with nothing new"][number] + start[number]
        print(
            f"\n{name}: {fixes / whole:.0f} fixes per CPU-s through the commands, "
            f"{fixes / max(whole - idle, 1e-9):.0f} above an idle one; {parse / whole:.2f} of gpxpy's parsing"
        )
    if not options.no_peers:
        beside(checkouts, options.runs)


def beside(checkouts: list[Path], runs: int) -> None:
    """Print the line in one process by part, of each checkout, and matching beside fastmm."""
    for name, checkout in zip(("now", "before"), checkouts, strict=False):
        script = checkout / "tests/benchmarks/from_files.py"
        print(
            f"\n{name}, in one process:\n{spent([str(script), '--runs', str(runs)], checkout, checkout)[1]}"
        )
    peers = [str(ROOT / "tests/benchmarks/peers.py"), "--only", "fastmm", "--kilometres", "30"]
    print(spent(peers, ROOT, ROOT)[1])


if __name__ == "__main__":
    main()
