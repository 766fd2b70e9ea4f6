"""Tiles: extracts of growing size cut into tiles, and planning for 3,000 runs in five regions.

Run with ``python tests/benchmarks/tiles.py`` in the project's root; needs the Heidelberg extract. Times are
processor seconds of a process of its own for each size, memory is its peak.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

WORKER = """
import json, sys, time
from pathlib import Path
from camber.roads.tiles import add_file
from camber.roads.tiles import TileStore
from camber.roads.tiles import open_tiles
path, folder = map(Path, sys.argv[1:3])
def peak_mb():
    # The peak of getrusage is that of the parent too, from before this process was another.
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1000 for line in lines if line.startswith("VmHWM"))
empty_mb = peak_mb()
begin = time.process_time()
added = add_file(path, TileStore(folder), None)
add_s, add_mb = time.process_time() - begin, peak_mb()
some = sorted(added.kept)[:50]
begin = time.process_time()
roads = open_tiles(folder, some)
first_s = time.process_time() - begin
begin = time.perf_counter()
open_tiles(folder, some)
print(json.dumps({"tiles": len(added.kept), "ways": added.ways, "add_s": add_s, "add_mb": add_mb,
    "empty_mb": empty_mb, "opened_ways": len(roads.ways), "first_s": first_s,
    "again_s": time.perf_counter() - begin}))
"""

REGIONS = ((8.68, 49.41), (24.94, 60.17), (-0.12, 51.51), (-122.42, 37.77), (151.21, -33.87))
"""Centres of five towns: longitude and latitude [deg]."""


def cutting(megabytes):
    """Cut an extract of some size into all its tiles, in a process of its own."""
    import large_extract  # noqa: PLC0415 - beside the tests

    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "large.osm.pbf"
        large_extract.build(path, megabytes)
        size = path.stat().st_size / 1e6
        done = subprocess.run(
            [sys.executable, "-c", WORKER, str(path), str(Path(scratch) / "kept")],
            capture_output=True,
            text=True,
            check=True,
        )
    found = json.loads(done.stdout)
    cut = f"{found['tiles']} tiles, {found['ways']} ways, {found['add_s']:.1f} s, {found['add_mb']:.0f} MB"
    opened = f"{found['opened_ways']} ways open in {found['first_s']:.2f} s"
    again = f"again in {1e3 * found['again_s']:.0f} ms"
    print(
        f"{size:6.1f} MB: {cut} ({found['empty_mb']:.0f} before); 50 tiles with {opened}, {again}", flush=True
    )


def synthetic_tracks(count, *, seed=2026):
    """Random walks with momentum from homes in five towns: 3,600 fixes at 2.8 m/s, some runs far away."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        west, south = REGIONS[rng.choice(5, p=[0.6, 0.2, 0.1, 0.06, 0.04])]
        away = rng.normal(0.0, 0.15 if number % 20 == 0 else 0.01, 2)
        heading = rng.uniform(0.0, 2.0 * np.pi) + np.cumsum(rng.normal(0.0, 0.05, 3600))
        x, y = np.cumsum(2.8 * np.cos(heading)), np.cumsum(2.8 * np.sin(heading))
        latitude = south + away[1] + y / 111_320.0
        yield west + away[0] + x / (111_320.0 * np.cos(np.radians(latitude))), latitude


def planning(count):
    """Plan for many synthetic runs."""
    from camber.roads.needed_tiles import find_needed_tiles  # noqa: PLC0415 - after the path is set

    tracks = list(synthetic_tracks(count))
    begin = time.process_time()
    plan = find_needed_tiles(tracks, [])
    took = time.process_time() - begin
    fixes = sum(len(longitude) for longitude, _ in tracks)
    found = f"{len(plan.tiles)} tiles in {len(plan.clusters)} areas, {len(plan.dropped)} dropped"
    cost = f"{plan.area_km2:.0f} km2, {len(plan.lacking)} requests, about {plan.expected_mb:.0f} MB"
    print(f"{plan.tracks} runs, {fixes} fixes: {found}, {cost}, {plan.expected_s / 60.0:.0f} min")
    print(f"  planned in {took:.1f} s")
    for cluster in plan.clusters[:8]:
        print(f"  {cluster.tiles[0].name}: {len(cluster.tiles)} tiles, {cluster.running_m / 1000.0:.0f} km")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=float, nargs="*", default=[8.0, 16.0, 32.0, 67.0])
    parser.add_argument("--runs", type=int, default=3000)
    given = parser.parse_args()
    planning(given.runs)
    for size in given.sizes:
        cutting(size)
