"""The number of threads changes no byte of what the matcher says."""

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import hashlib
import numba
import numpy as np
from camber.matching import match
from worlds import TOWN, roads_of, town_track
tables = match(town_track(), roads_of(TOWN))
digest = hashlib.sha256()
for table in tables:
    numbers = table.select_dtypes("number")
    for name in numbers:
        digest.update(np.ascontiguousarray(numbers[name]).tobytes())
assert len(tables[0]) > 100
print(numba.config.NUMBA_NUM_THREADS, digest.hexdigest())
"""


def said_with(threads):
    """Number of threads that were in force, and a digest of all numbers, from a process of its own."""
    tests = Path(__file__).parents[1]
    found = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={
            **os.environ,
            "NUMBA_NUM_THREADS": threads,
            "PYTHONPATH": os.pathsep.join([str(tests), str(tests.parent), os.environ.get("PYTHONPATH", "")]),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    return found.stdout.split()


def test_one_thread_and_two_say_the_same():
    (one, alone), (two, together) = said_with("1"), said_with("2")
    assert (one, two) == ("1", "2")
    assert alone == together
