"""How the line grows with the number of runs: from an export to the year's report, by the commands.

Run with ``python tests/benchmarks/growing.py 250 500 1000`` in the project's root; needs the Heidelberg
extract. Each size is an export of so many GPX runs: ``--shapes`` simulated ones of 9 km, each again on other
days with a tenth of a metre of noise. Then: import, analysis, the year's page; the week as text; the analysis
again with nothing new; one new run. ``--copied 3000`` multiplies the rows of the first size instead, one run
each day, and measures what only reads: every run of that library says what its shape says.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from from_files import EXTRACT, make_zip

from camber.cli.analyse import road_choices
from camber.lateral import SharedEvidence
from camber.library import open_library
from camber.library.batch import _Batch, _plan, _told
from camber.library.hearing import names_of_heard, said_from
from camber.library.stored_values import json_of
from camber.library.workers import Workers
from camber.schema import Evidence, MapOffset, Settings, UseLikelihood

ROOT = Path(__file__).parents[2]
LENGTH_M = 9_000.0
TURN_DAYS = 50
_TIME = re.compile(r"<time>([^<]+)</time>")
_PLACE = re.compile(r'lat="([-0-9.]+)" lon="([-0-9.]+)"')
_NOISE_DEG = 1e-6
MEASURE = """
import resource, subprocess, sys, time
began = time.perf_counter()
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024.0)
"""
COPIED = ("original", "activity", "fixes", "evidence", "result", "traversal", "street", "passes", "chosen")


class Cost(NamedTuple):
    """Of one command with all that it starts; the peak is that of its largest process."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def moved(text: str, days: int) -> str:
    """Give a recording of so many days later, each fix a little elsewhere."""

    def later(found: re.Match[str]) -> str:
        when = datetime.fromisoformat(found[1]) + timedelta(days=days)
        return f"<time>{when.astimezone(UTC).strftime('%Y-%m-%dT%H:%M:%SZ')}</time>"

    def beside(found: re.Match[str]) -> str:
        at = ((found.start() * 2654435761 + days * 40503) % 2**32 / 2**32 - 0.5) * _NOISE_DEG
        return f'lat="{float(found[1]) + at:.7f}" lon="{float(found[2]) - at:.7f}"'

    return _PLACE.sub(beside, _TIME.sub(later, text))


def make_export(path: Path, shapes: Path, count: int) -> None:
    """Write so many runs, shape by shape and turn by turn, each turn earlier than the one before."""
    with zipfile.ZipFile(shapes) as given, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        names = given.namelist()
        for number in range(count):
            turn, shape = divmod(number, len(names))
            text = given.read(names[shape]).decode()
            archive.writestr(f"activities/{number}.gpx", moved(text, -TURN_DAYS * turn))


def make_newest(path: Path, shapes: Path) -> None:
    """Write one run that is later than all others."""
    with zipfile.ZipFile(shapes) as given, zipfile.ZipFile(path, "w") as archive:
        archive.writestr("new.gpx", moved(given.read(given.namelist()[0]).decode(), TURN_DAYS))


def camber(home: Path, *arguments: str) -> Cost:
    """Run a command, and wait for it."""
    given = {**os.environ, "PYTHONPATH": str(ROOT), "CAMBER_HOME": str(home)}
    command = [sys.executable, "-c", MEASURE, sys.executable, "-m", "camber", "-q", "--offline", *arguments]
    done = subprocess.run(command, cwd=home, env=given, check=True, stdout=subprocess.PIPE, text=True)
    return Cost(*map(float, done.stdout.split()))


ANALYSE = ("analyse", "--all", "--roads", str(EXTRACT), "--workers", "2")


def whole_line(home: Path, shapes: Path, count: int) -> None:
    """From an export of so many runs to the year's report."""
    home.mkdir()
    export = home.with_suffix(".zip")
    make_export(export, shapes, count)
    tell(count, "import", camber(home, "import", str(export)))
    tell(count, "analyse --all", camber(home, *ANALYSE))
    tell(count, "year's page", camber(home, "year", "-o", "year.html"))
    [database] = home.rglob("runs.sqlite")
    print(f"| {count} | database | {database.stat().st_size / 1e3 / count:.0f} kB a run |", flush=True)


def what_follows(home: Path, shapes: Path, count: int) -> None:
    """Pages, an analysis with nothing new, and one new run."""
    tell(count, "week as text", camber(home, "week"))
    tell(count, "week's page", camber(home, "week", "-o", "week.html"))
    tell(count, "analyse, nothing new", camber(home, *ANALYSE))
    make_newest(home / "new.zip", shapes)
    tell(count, "import of one", camber(home, "import", str(home / "new.zip")))
    tell(count, "analyse, one new run", camber(home, *ANALYSE))


def tell(count: int, name: str, cost: Cost) -> None:
    """Print a row."""
    print(
        f"| {count} | {name} | {cost.wall_s:.2f} s | {cost.cpu_s:.2f} CPU-s | {cost.peak_mb:.0f} MB |",
        flush=True,
    )


def multiply(home: Path, count: int) -> None:
    """Copy the rows of the runs of a library until there are so many, each turn a cycle of days earlier."""
    [database] = home.rglob("runs.sqlite")
    with open_library(database.parent) as library:
        connection = library.connection
        there = connection.execute("SELECT count(*) FROM activity").fetchone()[0]
        for turn in range(1, -(-count // there)):
            with library.writing():
                for table in COPIED:
                    copy_rows(connection, table, turn, there)


def copy_rows(connection, table: str, turn: int, there: int) -> None:
    """Copy the rows of one table for one turn."""
    names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    days = turn * there  # one run each day
    changed = {
        "activity_id": f"activity_id + {turn * there}",
        "content_sha256": f"content_sha256 || '-{turn}'",
        "day": f"date(day, '-{days} days')",
        "started_at_ms": f"started_at_ms - {days * 86_400_000}",
        "ended_at_ms": f"ended_at_ms - {days * 86_400_000}",
        "value": f'replace(value, \'"run":"\', \'"run":"{turn}-\')',
    }
    values = ", ".join(changed.get(name, name) for name in names)
    first = "" if "activity_id" not in names else f"WHERE activity_id <= {there}"
    first = "WHERE content_sha256 NOT LIKE '%-%'" if table == "original" else first
    connection.execute(f"INSERT INTO {table} SELECT {values} FROM {table} {first}")  # noqa: S608 - names above


def settle(home: Path) -> None:
    """Say of copied results that they are up to date; tells what finding out what each run is told takes."""
    [database] = home.rglob("runs.sqlite")
    os.environ["CAMBER_HOME"] = str(home)
    with open_library(database.parent) as library, Workers(None, 1) as pool:
        batch = _Batch(library, Settings(), pool, lambda _step: None)
        planned = _plan(batch, road_choices([EXTRACT], None))
        began = time.process_time()
        told = _told(batch, planned, batch.said())
        rows = [(plan.learned_version, plan.run) for plan in told]
        print(f"what {len(told)} runs are told: {time.process_time() - began:.1f} CPU-s", flush=True)
        with library.writing() as connection:
            connection.executemany("UPDATE result SET learned_version = ? WHERE activity_id = ?", rows)


def heard(count: int) -> None:
    """Tell what finding out takes what each of so many made-up runs hears, and is told."""
    rng = np.random.default_rng(1)
    runs = []
    for number in range(count):
        common = tuple(tuple(row) for row in rng.normal(size=(5, 81)).tolist())
        use = UseLikelihood("here", tuple(rng.normal(size=81).tolist()), "watch", common)
        ways = sorted(rng.choice(2000, 50, replace=False).tolist())
        offsets = tuple(MapOffset(way, 0, *rng.uniform(0.1, 2.0, 2).tolist(), 1) for way in ways)
        runs.append(Evidence(f"{number:032x}", (use,), offsets, tuple(range(200))))
    texts = [json_of(run) for run in runs]
    began = time.process_time()
    said = {number: said_from(text) for number, text in enumerate(texts)}
    names_of_heard(said)
    named = time.process_time()
    shared = SharedEvidence(one.statement for one in said.values())
    pooled = time.process_time()
    for run in runs[-20:]:
        shared.told(run)
    told = (time.process_time() - pooled) / 20
    print(
        f"{count} runs: what they say is read, and what they hear is named, in {named - began:.2f} CPU-s, "
        f"pooled in {pooled - named:.2f}; each is told the rest in {1e3 * told:.1f} ms"
    )


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", type=int, nargs="*", default=[250, 500, 1000])
    parser.add_argument("--shapes", type=int, default=25)
    parser.add_argument("--copied", type=int, help="multiply the first size to so many runs")
    parser.add_argument("--heard", type=int, help="only: what so many made-up runs hear of each other")
    options = parser.parse_args()
    if options.heard:
        heard(options.heard)
        return
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        shapes = folder / "shapes.zip"
        fixes = make_zip(shapes, options.shapes, LENGTH_M)
        print(f"{fixes / options.shapes:.0f} fixes a run", flush=True)
        for count in options.sizes:
            home = folder / f"home{count}"
            whole_line(home, shapes, count)
            if options.copied:
                multiply(home, options.copied)
                settle(home)
                tell(options.copied, "analyse, nothing remembered", camber(home, *ANALYSE))
                tell(options.copied, "year's page", camber(home, "year", "-o", "year.html"))
                what_follows(home, shapes, options.copied)
                return
            what_follows(home, shapes, count)


if __name__ == "__main__":
    main()
