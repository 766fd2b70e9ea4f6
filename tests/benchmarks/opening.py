"""From an extract to roads that can be used: time and memory, side by side with osmnx and pyrosm.

Run with ``python tests/benchmarks/opening.py`` in the project's root; needs the Heidelberg extract. The
peers want libraries that camber does without; name the interpreter of an environment that has them:
``python tests/benchmarks/opening.py --peers /path/to/python``. Each way is a process of its own; times are
processor seconds without the imports, memory is the peak of the process with them.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

EXTRACT = Path(__file__).parents[2] / "../shared/data/osm/heidelberg_ors.osm.pbf"

MEASURE = """
import json, resource, sys, time
{imports}
path, folder = sys.argv[1:]
begin, clock = time.process_time(), time.perf_counter()
{work}
used, waited = time.process_time() - begin, time.perf_counter() - clock
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([round(used, 2), round(waited, 2), round(peak), {count}]))
"""

CAMBER = {
    "camber, from the file": (
        "from camber.roads import read_roads",
        "roads = read_roads(path, cache=folder)",
        "len(roads.ways)",
    ),
    "camber, from the cache": (
        "from camber.roads import read_roads",
        "roads = read_roads(path, cache=folder)",
        "len(roads.ways)",
    ),
}
PEERS = {
    "osmnx graph_from_xml": (
        "import osmnx",
        "graph = osmnx.graph.graph_from_xml(path, bidirectional=True, simplify=False, retain_all=True)",
        "len({data['osmid'] for _, _, data in graph.edges(data=True)})",
    ),
    "pyrosm network 'all'": (
        "import pyrosm",
        "nodes, edges = pyrosm.OSM(path).get_network('all', nodes=True)",
        "int(edges['id'].nunique())",
    ),
}


def measure(python: str, case: tuple[str, str, str], path: Path, folder: str) -> list[float] | str:
    """Processor seconds, seconds, peak MB and number of ways of one opening; what it says if it fails."""
    imports, work, count = case
    code = MEASURE.format(imports=imports, work=work, count=count)
    done = subprocess.run(
        [python, "-c", code, str(path), folder],
        check=False,
        capture_output=True,
        text=True,
        env=dict(os.environ),
    )
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["no answer"])[-1][:90]
    return json.loads(done.stdout.splitlines()[-1])


def as_xml(path: Path, folder: str) -> Path:
    """The same extract as XML, the one form that osmnx reads."""
    import osmium  # noqa: PLC0415 - only for the peer

    target = Path(folder) / f"{path.name.partition('.')[0]}.osm"
    writer = osmium.SimpleWriter(str(target))
    for entity in osmium.FileProcessor(str(path)):
        writer.add(entity)
    writer.close()
    return target


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--extract", type=Path, default=EXTRACT)
    parser.add_argument("--peers", default=None, help="a Python that has osmnx and pyrosm")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        jobs = [(name, sys.executable, case, asked.extract) for name, case in CAMBER.items()]
        if asked.peers:
            sources = (as_xml(asked.extract, folder), asked.extract)
            jobs += [
                (name, asked.peers, case, source)
                for (name, case), source in zip(PEERS.items(), sources, strict=True)
            ]
        print(f"{'':24} {'CPU s':>7} {'wall s':>7} {'peak MB':>8} {'ways':>7}")
        for name, python, case, path in jobs:
            found = measure(python, case, path, folder)
            line = found if isinstance(found, str) else "{:7.2f} {:7.2f} {:8.0f} {:7.0f}".format(*found)
            print(f"{name:24} {line}")


if __name__ == "__main__":
    main()
