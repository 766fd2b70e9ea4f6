"""Streets whose cross section is known, as a map, and a run along them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyproj
import pytest
import shapely

DATA = Path(__file__).parents[2] / "shared" / "data" / "terrain"


def terrain_data():
    """Give the folder of terrain models; skips where it is not beside the project."""
    if not DATA.is_dir():
        pytest.skip("the folder with terrain models is absent")
    return DATA


def streets_of(name):
    """Give the lines of a file: properties, and the line in the system of its terrain model [m]."""
    features = json.loads((DATA / name).read_text("utf-8"))["features"]
    return [(one["properties"], np.array(one["properties"]["projected"])) for one in features]


def degrees(line, epsg):
    turn = pyproj.Transformer.from_crs(epsg, 4326, always_xy=True)
    return np.column_stack(turn.transform(*np.asarray(line, dtype=float).T))


def osm(lines_deg, tags, first=1):
    """Write streets as OpenStreetMap XML: ways from a number on, with these tags each."""
    nodes, ways = [], []
    for way, (line, own) in enumerate(zip(lines_deg, tags, strict=True), start=first):
        refs = []
        for x, y in line:
            nodes.append(f'<node id="{len(nodes) + 1}" lat="{y:.8f}" lon="{x:.8f}" version="1"/>')
            refs.append(f'<nd ref="{len(nodes)}"/>')
        text = "".join(f'<tag k="{key}" v="{value}"/>' for key, value in own.items())
        ways.append(f'<way id="{way}" version="1">{"".join(refs)}{text}</way>')
    return f'<?xml version="1.0"?><osm version="0.6" generator="test">{"".join(nodes + ways)}</osm>'


def gpx_along(line, epsg, *, name="Run", day=17, offset_m=1.5, pace_mps=3.0):
    """Write a run along a line, on its right, as GPX: a fix each second."""
    whole = shapely.LineString(line)
    places = [whole.interpolate(d) for d in np.arange(0.0, whole.length, pace_mps)]
    ahead = [whole.interpolate(d + 1.0) for d in np.arange(0.0, whole.length, pace_mps)]
    xy = np.array([(p.x, p.y) for p in places])
    way = np.array([(q.x, q.y) for q in ahead]) - xy
    way /= np.maximum(np.hypot(*way.T), 1e-9)[:, np.newaxis]
    there = degrees(xy + offset_m * np.column_stack([way[:, 1], -way[:, 0]]), epsg)
    start = datetime(2026, 11, day, 6, 0, tzinfo=UTC)
    times = [f"{start + timedelta(seconds=n):%Y-%m-%dT%H:%M:%SZ}" for n in range(len(there))]
    points = "".join(
        f'<trkpt lat="{y:.7f}" lon="{x:.7f}"><time>{time}</time></trkpt>'
        for time, (x, y) in zip(times, there.tolist(), strict=True)
    )
    head = '<?xml version="1.0"?><gpx version="1.1" creator="test" xmlns="http://www.topografix.com/GPX/1/1">'
    return f"{head}<trk><name>{name}</name><type>running</type><trkseg>{points}</trkseg></trk></gpx>"
