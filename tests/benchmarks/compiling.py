"""What a new machine compiles: processor time and pieces, by kernel; or the whole demo, cold and warm.

Run with ``python tests/benchmarks/compiling.py`` in the project's root; ``--demo`` for the latter,
``--write`` to write down for `camber.compiled_ahead` what the line calls with which types. Kernels go to a
folder of their own, so that those of this machine are neither used nor changed.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))


def watched():
    """Give a listener that notes depth, seconds of the processor and name of each piece that is compiled."""
    from numba.core import event  # noqa: PLC0415 - numba reads where to keep kernels as it loads

    class Listener(event.Listener):
        def __init__(self):
            self.begun, self.pieces, self.called = [], [], []

        def on_start(self, _event):
            self.begun.append((time.process_time(), len(self.pieces)))
            self.pieces.append(None)

        def on_end(self, event):
            begun, place = self.begun.pop()
            function = event.data["dispatcher"].py_func
            name = f"{function.__module__}.{function.__name__}"
            self.pieces[place] = len(self.begun), time.process_time() - begun, name
            if not self.begun:
                self.called.append((function, event.data["args"]))

    listener = Listener()
    event.register("numba:compile", listener)
    return listener


def written(kind):
    """Write a type of numba as `camber.compiled_ahead` reads it."""
    from numba import types  # noqa: PLC0415 - as above
    from numba.np.numpy_support import as_dtype  # noqa: PLC0415

    if isinstance(kind, types.BaseNamedTuple):
        of = kind.instance_class
        return {f"{of.__module__}.{of.__qualname__}": [written(field) for field in kind.types]}
    dtype = as_dtype(getattr(kind, "dtype", kind))
    return [dtype.descr if dtype.names else dtype.str, getattr(kind, "ndim", 0)]


def analysis(shown: int, *, write: bool) -> None:
    """Analyse a run of the sample, with suggestions, and print or write down what was compiled."""
    listener = watched()
    import camber  # noqa: PLC0415 - after numba knows its folder

    recording = camber.read_recording(min((ROOT / "data/week").glob("*.gpx")))
    camber.analyse(recording, camber.read_roads(ROOT / "data/kouvola.osm.pbf"))
    if write:
        lines = [
            [of.__module__, of.__name__, [written(kind) for kind in kinds]] for of, kinds in listener.called
        ]
        text = ",\n".join(json.dumps(line) for line in lines)
        (ROOT / "camber/compiled_ahead.json").write_text(f"[\n{text}\n]\n", "utf-8")
    spent = defaultdict(float)
    for depth, seconds, name in listener.pieces:
        if depth == 0:
            spent[name] += seconds
    size = f"{len(listener.pieces)} pieces, {len(spent)} kernels called from Python"
    print(f"{sum(spent.values()):.1f} CPU-s, {size}")
    for top in sorted(spent, key=lambda name: -spent[name])[:shown]:
        print(f"  {spent[top]:5.2f}  {top}")


def demo() -> None:
    """Run the demo twice, its children included, and print what the first time takes more."""
    with TemporaryDirectory() as folder:
        environment = dict(os.environ, NUMBA_CACHE_DIR=f"{folder}/kernels", CAMBER_HOME=f"{folder}/home")
        environment["PYTHONPATH"] = str(ROOT)
        used, waited = [], []
        for turn in ("cold", "warm"):
            before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
            command = [sys.executable, "-m", "camber", "demo", "--no-open", "--output", f"{folder}/{turn}"]
            subprocess.run(command, check=True, capture_output=True, env=environment)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            used.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
            waited.append(time.perf_counter() - begun)
            print(f"demo, {turn}: {used[-1]:.1f} CPU-s, {waited[-1]:.1f} s")
        print(f"compiling: {used[0] - used[1]:.1f} CPU-s, {waited[0] - waited[1]:.1f} s")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--demo", action="store_true", help="the whole demo instead of one analysis")
    parser.add_argument("--shown", type=int, default=10, help="kernels in the list")
    parser.add_argument("--write", action="store_true", help="write the list of what is compiled ahead")
    options = parser.parse_args()
    if options.demo:
        demo()
        return
    with TemporaryDirectory() as folder:
        os.environ["NUMBA_CACHE_DIR"] = folder
        analysis(options.shown, write=options.write)


if __name__ == "__main__":
    main()
