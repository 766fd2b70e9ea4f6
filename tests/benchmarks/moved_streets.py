"""Terrain models of Delft moved by 5 m in eight directions: not used, or measured where their streets are.

python -m tests.benchmarks.moved_streets [FILE...]
"""

import json
import sys
from pathlib import Path

import numpy as np
import pyproj

from camber.terrain.headers import read_header
from camber.terrain.mapped_ways import MappedWay
from tests.benchmarks.terrain_weeks import measured_in

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "terrain"
FILES = ("delft_ahn3_1m.tif", "delft_ahn3_05m.tif", "delft_ahn3_ground.laz")
MOVED_M = 5.0


def streets(known, east_m, north_m):
    """The streets of Delft, their lines moved so that the model lies east and north of them."""
    turn = pyproj.Transformer.from_crs("EPSG:28992", 4326, always_xy=True)
    ways = []
    for number, one in enumerate(known, start=1):
        line = np.array(one["projected"]) - [east_m, north_m]
        length = float(np.hypot(*np.diff(line, axis=0).T).sum())
        drawn = np.column_stack(turn.transform(*line.T))
        kind = {"is_road": True, "paved": True, "covered": False}
        ways.append(MappedWay(number, length, drawn, one["width_m"], 1.0, **kind))
    return ways


def slopes(known, done):
    """Slopes of both halves, what the survey has, and standard deviations: a row for each half measured."""
    rows = []
    for one in done:
        left, right = (known[one.way_id - 1][f"reference_{side}_pct"] for side in ("left", "right"))
        for road in one.observed.roads:
            if road.surface == "carriageway":
                at = min(int((road.from_m + road.to_m) / 2.0 / one.length_m * len(left)), len(left) - 1)
                rows.append((road.left_pct, left[at], road.left_sd_pct))
                rows.append((road.right_pct, right[at], road.right_sd_pct))
    return np.array(rows).reshape(-1, 3)


def row(known, file, east_m, north_m):
    """Say what comes of a model that lies so far off."""
    done, problems = measured_in(streets(known, east_m, north_m), [file])
    if problems:
        return "not used"
    places = {one.version.partition("@")[2] for one in done}
    measured, truth, sd = slopes(known, done).T
    error, steep = measured - truth, np.abs(truth) > 1.0
    signs = float(np.mean(np.sign(measured) == np.sign(truth), where=steep))
    return (
        f"looked for at {' '.join(places) or '0'}: {len(error) // 2} windows, "
        f"rmse {np.sqrt((error**2).mean()):.2f} %, sign {signs:.2f}, "
        f"90 % holds {np.mean(np.abs(error) < 1.645 * sd):.2f}"
    )


def main():
    """Print a line for each model and direction."""
    known = [
        each["properties"] for each in json.loads((FOLDER / "delft_roads.geojson").read_text())["features"]
    ]
    for name in sys.argv[1:] or FILES:
        file = read_header(FOLDER / name)
        for eighth in range(-1, 8):
            far, angle = (0.0 if eighth < 0 else MOVED_M), eighth * np.pi / 4.0
            east, north = far * np.sin(angle), far * np.cos(angle)
            print(f"{name} {east:+.1f} {north:+.1f}: {row(known, file, east, north)}", flush=True)


if __name__ == "__main__":
    main()
