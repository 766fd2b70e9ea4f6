"""What measuring costs: processor time per kilometre of way, and memory, on one tile of 10,012² cells.

``python tests/benchmarks/large_terrain.py [--cells 10012] [--km 100] [--cell 1.0]``
"""

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import pyproj
import rasterio
from rasterio.windows import Window

from camber.terrain.headers import read_header
from camber.terrain.mapped_ways import MappedWay
from camber.terrain.sources import measure_ways

_EAST, _NORTH = 476_000.0, 5_472_000.0
_STREET_M = 100.0
_WAY_M = 200.0


def write_tile(path, cells, cell_m):
    """Write streets to the east each 100 m, crowned by 2.5 % between kerbs of 10 cm, noise of 2 cm."""
    rng = np.random.default_rng(1)
    profile = {"driver": "GTiff", "count": 1, "dtype": "float32", "crs": "EPSG:25832", "nodata": -9999.0}
    profile |= {"tiled": True, "blockxsize": 256, "blockysize": 256, "compress": "deflate", "predictor": 3}
    place = rasterio.Affine(cell_m, 0.0, _EAST, 0.0, -cell_m, _NORTH)
    with rasterio.open(path, "w", height=cells, width=cells, transform=place, **profile) as out:
        for first in range(0, cells, 256):
            rows = np.arange(first, min(first + 256, cells))
            away = np.abs((rows + 0.5) * cell_m % _STREET_M - _STREET_M / 2.0)
            road = np.where(away < 3.0, -0.025 * away, 0.1 - 0.02 * (away - 3.0))
            heights = road[:, np.newaxis] + 0.02 * rng.standard_normal((len(rows), cells))
            out.write(heights.astype(np.float32), 1, window=Window(0, first, cells, len(rows)))


def ways_of(cells, cell_m, km):
    """Lay ways of 200 m along the streets, up to a length."""
    turn = pyproj.Transformer.from_crs(25832, 4326, always_xy=True)
    size = cells * cell_m
    streets = np.arange(_STREET_M / 2.0, size - 50.0, _STREET_M)
    starts = np.arange(0.0, size - _WAY_M, _WAY_M)
    ways = []
    for north in streets:
        for west in starts:
            if len(ways) * _WAY_M >= km * 1000.0:
                return ways
            x = np.array([west, west + _WAY_M]) + _EAST
            line = np.column_stack(turn.transform(x, np.full(2, _NORTH - north)))
            ways.append(
                MappedWay(len(ways) + 1, _WAY_M, line, 6.0, 1.5, is_road=True, paved=True, covered=False)
            )
    return ways


def cost(cells, km, cell_m):
    """Measure: seconds of processor per km, growth of memory [MB], windows measured and right."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tile_2020.tif"
        write_tile(path, cells, cell_m)
        ways = ways_of(cells, cell_m, km)
        file = read_header(path)
        measure_ways(ways[:1], [file], {})
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
        began = time.process_time()
        done = [one for k in range(0, len(ways), 64) for one in measure_ways(ways[k : k + 64], [file], {})]
        spent = time.process_time() - began
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    roads = [road for one in done for road in one.observed.roads]
    right = sum(road.log_crowned == 0.0 for road in roads)
    length = sum(way.length_m for way in ways) / 1000.0
    return {
        "km": length,
        "s_per_km": spent / length,
        "grown_mb": after - before,
        "windows": len(roads),
        "right": right,
    }


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--cells", type=int, default=10_012)
    options.add_argument("--km", type=float, default=100.0)
    options.add_argument("--cell", type=float, default=1.0)
    given = options.parse_args()
    print(cost(given.cells, given.km, given.cell))
