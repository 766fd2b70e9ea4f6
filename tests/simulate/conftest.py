"""Roads made by hand, so that every length, side and slope is known."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from camber.network import build_graph
from camber.schema import Roads, as_ways

CRS = "EPSG:32635"
ORIGIN = np.array([385600.0, 6672000.0])
TEXT = (
    *("name", "surface", "shoulder_left", "shoulder_right", "parking_left", "parking_right"),
    *("cycleway_left", "cycleway_right", "footway", "service", "junction", "leisure", "foot", "access"),
    *("lit", "sidewalk_left", "sidewalk_right"),
)
FLAGS = ("motorroad", "is_sidepath", "area", "bridge", "tunnel")
NUMBERS = ("lanes", "width_m", "maxspeed_kmh", "incline_across_pct")


def way_row(way_id, line, tags):
    row = dict.fromkeys(TEXT, "") | dict.fromkeys(FLAGS, False) | dict.fromkeys(NUMBERS, np.nan)
    row |= {"highway": "residential", "oneway": 0, "layer": 0, "country": "FI", "traffic_side": "right"}
    row |= {"built_up": True, "length_m": line.length, "street_id": way_id}
    return row | {"carriageway_id": -1, "carriageway_side": 0} | tags


def roads_of(ways):
    """Make roads from {way_id: (points, tags)}; equal points are one node."""
    points = [np.asarray(xy, dtype=float) + ORIGIN for xy, _ in ways.values()]
    lines = {way_id: shapely.LineString(xy) for way_id, xy in zip(ways, points, strict=True)}
    rows = {way_id: way_row(way_id, lines[way_id], tags) for way_id, (_, tags) in ways.items()}
    frame = pd.DataFrame.from_dict(rows, orient="index").rename_axis("way_id")
    table = as_ways(gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(lines), crs=CRS))
    vertices = np.concatenate(points)
    _, node = np.unique(np.round(vertices, 3), axis=0, return_inverse=True)
    first = np.concatenate([[0], np.cumsum([len(xy) for xy in points])])
    graph = build_graph(first, node.ravel(), vertices)
    bounds = tuple(float(value) for value in table.to_crs("EPSG:4326").total_bounds)
    return Roads(table, graph, CRS, bounds, None, "by_hand.osm")


@pytest.fixture(scope="session")
def make_roads():
    return roads_of


@pytest.fixture(scope="session")
def straight():
    """One residential street, 1200 m, drawn towards the north-east; vehicles drive on the right."""
    return roads_of({7: ([(0.0, 0.0), (720.0, 960.0)], {})})


@pytest.fixture(scope="session")
def town():
    """A grid of 24 streets of 200 m, drawn in all directions, with a sidewalk mapped beside and a path."""
    ways, way_id = {}, 100
    for row in range(4):
        for column in range(3):
            ends = [(200.0 * column, 200.0 * row), (200.0 * column + 200.0, 200.0 * row)]
            across = [(y, x) for x, y in ends]
            ways[way_id] = (ends[:: 1 if row % 2 else -1], {})
            ways[way_id + 1] = (across[:: 1 if column % 2 else -1], {})
            way_id += 2
    ways[900] = ([(0.0, 0.0), (0.0, -6.0), (600.0, -6.0), (600.0, 0.0)], SIDEWALK)
    ways[901] = ([(0.0, 600.0), (300.0, 800.0), (600.0, 600.0)], {"highway": "path"})
    return roads_of(ways)


SIDEWALK = {
    "highway": "footway",
    "footway": "sidewalk",
    "is_sidepath": True,
    "carriageway_id": 100,
    "carriageway_side": -1,
}
