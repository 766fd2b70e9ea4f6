"""What is compiled ahead is what an analysis calls, and no more; who compiles ends with who asked for it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

import numba
import numpy as np
import pytest

from camber.compiled_ahead import listed_kernels, type_of

ROOT: Final = Path(__file__).parents[1]

ANALYSIS: Final = """
import json
from numba.core.dispatcher import Dispatcher
called, compile_for_args = set(), Dispatcher._compile_for_args
def noting(kernel, *arguments, **named):  # what numba does with types that Python calls for the first time
    found = compile_for_args(kernel, *arguments, **named)
    function = kernel.py_func
    if function.__module__.startswith("camber"):
        called.add((function.__module__, function.__name__, tuple(map(kernel.typeof_pyval, arguments))))
    return found
Dispatcher._compile_for_args = noting
import camber
from camber.compiled_ahead import listed_kernels, type_of
recording = camber.read_recording("data/week/" + FIRST)
camber.analyse(recording, camber.read_roads("data/kouvola.osm.pbf"))
listed = {(module, name, tuple(map(type_of, arguments))) for module, name, arguments in listed_kernels()}
print(json.dumps([sorted(map(str, one)) for one in (listed - called, called - listed)]))
"""


def test_the_list_is_what_an_analysis_calls() -> None:
    code = ANALYSIS.replace("FIRST", repr(min((ROOT / "data/week").glob("*.gpx")).name))
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    needless, missing = json.loads(done.stdout)
    hint = "python tests/benchmarks/compiling.py --write"
    assert not needless, hint
    assert not missing, hint


def test_types_are_those_that_numba_sees() -> None:
    typeof: Any = numba.typeof
    assert type_of(["<f8", 2]) == typeof(np.ones((3, 2)))
    assert type_of(["<i8", 0]) == typeof(7)
    assert type_of(["|b1", 1]) == typeof(np.array([True]))
    rows = np.zeros(2, [("a", "<f8"), ("b", "|i1")])
    assert type_of([[["a", "<f8"], ["b", "|i1"]], 1]) == typeof(rows)


def test_every_listed_kernel_stands_in_its_module() -> None:
    assert len(listed_kernels()) > 20
    for _, _, arguments in listed_kernels():
        assert all(type_of(argument) is not None for argument in arguments)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system cannot kill so")
def test_who_compiles_ends_with_who_asked_for_it(tmp_path: Path) -> None:
    code = "import time, camber.compiled_ahead as c, multiprocessing as m\n"
    code += "if __name__ == '__main__':\n    c.os.cpu_count = lambda: 2\n    c.start_compiling()\n"
    code += "    print(m.active_children()[0].pid, flush=True)\n    time.sleep(60)\n"
    script = tmp_path / "asks.py"
    script.write_text(code)
    environment = dict(os.environ, NUMBA_CACHE_DIR=str(tmp_path / "kernels"))
    asking = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True, env=environment)
    assert asking.stdout is not None
    helper = int(asking.stdout.readline())
    asking.kill()
    asking.wait()
    asking.stdout.close()
    for _ in range(200):
        if not _is_there(helper):
            break
        time.sleep(0.1)
    assert not _is_there(helper)


def _is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except OSError:
        return False
    state = Path(f"/proc/{process}/stat")
    return not state.is_file() or state.read_text().rpartition(")")[2].split()[0] != "Z"
