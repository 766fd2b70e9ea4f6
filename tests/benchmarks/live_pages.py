"""How quick `camber open` is on a library of thousands of runs: first page, week to week, two tabs, memory.

Run with ``python tests/benchmarks/live_pages.py LIBRARY_HOME [RUNS]`` in the project's root, where the home
is that of a demo (``camber demo -o DIR`` makes ``DIR/library``). Its runs are copied, further back in time
each time, into a library of its own in a temporary folder; nothing is analysed. Times are those of a client
that waits; on a machine that does other work, look at the processor time beside them.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[2]))

from camber.library import open_library
from tests.open.served import Client, served

if TYPE_CHECKING:
    import sqlite3

WEEK_MS = 7 * 24 * 3600 * 1000
TABLES = ("activity", "fixes", "evidence", "result", "traversal", "street", "passes")


def enlarge(home: Path, runs: int) -> None:
    """Copy the runs of a library, weeks further back each time, until it has so many."""
    with open_library(home / "library") as library:
        connection = library.connection
        own = [row[0] for row in connection.execute("SELECT activity_id FROM result").fetchall()]
        span = 1 + len({row[0] for row in connection.execute("SELECT strftime('%Y-%W', day) FROM activity")})
        number = connection.execute("SELECT max(activity_id) FROM activity").fetchone()[0]
        for copy in range(1, 1 + (runs - len(own)) // len(own) + 1):
            with library.writing():
                for run in own:
                    number += 1
                    copy_run(connection, run, number, copy, span * copy)


def copy_run(connection: sqlite3.Connection, run: int, number: int, part: int, weeks: int) -> None:
    """Copy all rows of one run under another number, so many weeks earlier."""
    for table in TABLES:
        for row in connection.execute(f"SELECT * FROM {table} WHERE activity_id = ?", (run,)).fetchall():  # noqa: S608 - one of ours
            values = dict(row) | {"activity_id": number}
            if table == "activity":
                values["part"] = part
            if values.get("day"):
                values["day"] = (date.fromisoformat(values["day"]) - timedelta(weeks=weeks)).isoformat()
            for name in ("started_at_ms", "ended_at_ms"):
                if values.get(name):
                    values[name] -= weeks * WEEK_MS
            marks = ", ".join("?" for _ in values)
            connection.execute(
                f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})",  # noqa: S608 - one of ours
                tuple(values.values()),
            )


def memory_mb(pid: int) -> float:
    """Most memory that a process has held so far, by its status [MB]."""
    for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024.0
    return float("nan")


def cpu_s(pid: int) -> float:
    """Processor time of a process so far [s]."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(home: Path) -> None:
    """Look at pages, and print what they took."""
    began = time.perf_counter()
    with served(home) as (address, process):
        ready = time.perf_counter() - began
        client = Client(address)
        before, used = time.perf_counter(), cpu_s(process.pid)
        client.get("/week/last")
        print(f"ready after {ready:.2f} s; first page {time.perf_counter() - before:.2f} s "
              f"({cpu_s(process.pid) - used:.2f} s of processor)")  # fmt: skip
        weeks = [f"/week/{date(2026, 11, 16) - timedelta(weeks=n)}" for n in range(1, 21)]
        show("week to week, without a pause", client, process.pid, weeks[:10])
        show("week to week, read for two seconds each", client, process.pid, weeks[10:20], pause_s=2.0)
        both = [
            threading.Thread(target=show, args=("two tabs", client, process.pid, weeks[:10]))
            for _ in range(2)
        ]
        for one in both:
            one.start()
        for one in both:
            one.join()
        show("month", client, process.pid, ["/month/2026-10", "/month/2026-09"])
        show("year", client, process.pid, ["/year/2026", "/year/2025"])
        for path in ("/runs", "/streets", "/next", "/library", "/zones", "/settings"):
            show(path, client, process.pid, [path, path])
        print(f"memory {memory_mb(process.pid):.0f} MB")


def show(what: str, client: Client, pid: int, paths: list[str], *, pause_s: float = 0.0) -> None:
    """Load pages one after the other, and print median and most."""
    took, used = [], cpu_s(pid)
    for path in paths:
        time.sleep(pause_s)
        began = time.perf_counter()
        assert client.ask("GET", path)[0] == 200, path
        took.append(time.perf_counter() - began)
    each = (cpu_s(pid) - used) / len(paths)
    print(
        f"{what}: median {statistics.median(took):.2f} s, most {max(took):.2f} s; processor {each:.2f} s each"
    )


def main(home: Path, runs: int) -> None:
    """Measure on a copy."""
    with tempfile.TemporaryDirectory() as folder:
        copied = Path(folder) / "home"
        shutil.copytree(home, copied)
        enlarge(copied, runs)
        with open_library(copied / "library") as library:
            print(repr(library))
        measure(copied)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 3000)
