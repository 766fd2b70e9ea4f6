"""How long answers take: ``camber ask`` in a library of thousands of runs, one answer that touches dozens.

``python tests/benchmarks/answer_times.py ROADS [--runs 3000] [--touched 40]``

Simulated runs over one route on real streets, (c) OpenStreetMap contributors, are imported and analysed; the
rest of a long history are copies of their rows on earlier days, since asking reads rows and analyses nothing.
Times are those of the commands in fresh processes, on the wall and as CPU time.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np

import camber
from camber import simulate, standards
from camber.library import analyse_library, from_extracts
from camber.library.importing import import_paths

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.benchmarks.coaching import route_from

LAST = date(2026, 11, 22)
ERROR = simulate.GnssErrorModel.from_class(standards.gnss_classes()["single_band"])
COPIED = ("fixes", "evidence", "result", "passes", "traversal", "street")


def simulated(roads, folder, count):
    """Write runs over one route of about 6 km, one each of the last days."""
    route = route_from(roads, np.random.default_rng(5), back=True, most_m=6000.0)
    runner = simulate.RunnerModel(habit=simulate.Habit(0.9, 0.5, 0.05))
    for number in range(count):
        day = datetime(LAST.year, LAST.month, LAST.day, 8, tzinfo=UTC) - timedelta(hours=12 * number)
        setup = simulate.Setup(runner, simulate.DeviceModel(), ERROR, day, f"run {number}", None, 5)
        made = simulate.simulate_run(roads, route, setup, np.random.default_rng(number))
        (folder / f"{number}.gpx").write_text(simulate.gpx_document(made.recording), "utf-8")


def grow(library, runs):
    """Copy the rows of one run to earlier days until there are so many runs."""
    with library.writing() as connection:
        first = connection.execute("SELECT max(activity_id) FROM result").fetchone()[0]
        have = connection.execute("SELECT count(*) FROM result").fetchone()[0]
        row = dict(connection.execute("SELECT * FROM activity WHERE activity_id = ?", (first,)).fetchone())
        for number in range(runs - have):
            new = 1_000_000 + number
            day = LAST - timedelta(days=40 + number)
            _put(
                connection, "activity", row | {"activity_id": new, "part": number + 1, "day": day.isoformat()}
            )
            for table in COPIED:
                query = f"SELECT * FROM {table} WHERE activity_id = ?"  # noqa: S608 - our own tables
                for part in connection.execute(query, (first,)).fetchall():
                    _put(connection, table, dict(part) | {"activity_id": new})


def _put(connection, table, row):
    marks = ", ".join("?" * len(row))
    query = f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})"  # noqa: S608 - our own tables
    connection.execute(query, tuple(row.values()))


def timed(home, *words):
    """Wall and CPU seconds of a command in a process of its own."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    given = os.environ | {"CAMBER_HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-m", "camber", *map(str, words)],
        env=given,
        capture_output=True,
        check=True,
        text=True,
    )
    wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def main():
    """Build the library, time both commands, and print what they took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("roads", type=Path)
    parser.add_argument("--runs", type=int, default=3000)
    parser.add_argument("--touched", type=int, default=40)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home, runs = Path(folder) / "home", Path(folder) / "runs"
        runs.mkdir()
        simulated(camber.read_roads(args.roads), runs, args.touched)
        os.environ["CAMBER_HOME"] = str(home)
        with camber.open_library() as library:
            import_paths(library, [runs])
            analyse_library(library, [from_extracts([args.roads], country=None, folder=None)], workers=2)
            asked = library.questions(20)
            street = max((one for one in asked if one.street), key=lambda one: one.metres)
            # Runs of an answer are analysed again in full: the long history comes afterwards.
        wall, cpu, said = timed(home, "tell", f"{street.name}=1o", "--roads", args.roads)
        print(said.strip())
        print(f"tell, {args.touched} runs touched: {wall:.1f} s on the wall, {cpu:.1f} s of CPU time")
        with camber.open_library() as library:
            grow(library, args.runs)
        wall, cpu, said = timed(home, "ask")
        print(f"ask, {args.runs} runs: {wall:.2f} s on the wall, {cpu:.2f} s of CPU, {len(said)} characters")


if __name__ == "__main__":
    main()
