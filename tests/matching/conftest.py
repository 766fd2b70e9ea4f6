"""Small towns written by hand and runs through them; metres from a place on the meridian of UTM zone 32."""

from xml.sax.saxutils import quoteattr

import numpy as np
import pandas as pd
import pytest
from pyproj import Transformer

from camber.matching import match
from camber.roads import read_roads
from camber.schema import MatchingSettings, Recording, TrackSettings, as_fixes
from camber.schema.tables import FIXES
from camber.track import prepare_track

ORIGIN = (500_000.0, 5_450_000.0)
"""Grid position of the local origin: 9 E, 49.2 N in Germany, where grid north is true north."""

PACE_MPS = 3.0
TO_DEGREES = Transformer.from_crs("EPSG:32632", "EPSG:4326", always_xy=True)
OPTIONAL = [column.name for column in FIXES if column.missing and column.kind == "float"]
STREET = {"highway": "residential"}


def _xml(ways):
    """Extract of ways ``{id: (points, tags)}``; points in the same place are one node."""
    nodes, lines, drawn = {}, ['<osm version="0.6">'], []
    for way, (points, tags) in ways.items():
        refs = [nodes.setdefault(tuple(map(float, point)), len(nodes) + 1) for point in points]
        listed = "".join(f'<nd ref="{node}"/>' for node in refs)
        listed += "".join(f"<tag k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in tags.items())
        drawn.append(f'<way id="{way}" version="1">{listed}</way>')
    for (x, y), node in nodes.items():
        lon, lat = TO_DEGREES.transform(ORIGIN[0] + x, ORIGIN[1] + y)
        lines.append(f'<node id="{node}" version="1" lat="{lat:.10f}" lon="{lon:.10f}"/>')
    return "\n".join([*lines, *drawn, "</osm>"])


def _recording(time_s, xy):
    """Recording of fixes at these metres from `ORIGIN`; a missing second is a missing time."""
    lon, lat = TO_DEGREES.transform(*(np.asarray(xy, dtype=float) + ORIGIN).T)
    start = pd.Timestamp("2026-11-17T05:12:00Z").as_unit("us")
    frame = pd.DataFrame(
        {
            "time": start
            + pd.to_timedelta(np.round(np.asarray(time_s, dtype=float), 6), unit="s").as_unit("us"),
            "latitude_deg": lat,
            "longitude_deg": lon,
            **dict.fromkeys(OPTIONAL, np.nan),
            "part": np.zeros(len(xy), dtype=np.int64),
        },
        index=pd.RangeIndex(len(xy), name="fix_id"),
    )
    return Recording("by hand", "gpx", "running", None, None, None, None, as_fixes(frame))


@pytest.fixture(scope="session")
def town(tmp_path_factory):
    """Read roads from ways ``{id: (points, tags)}``."""
    folder = tmp_path_factory.mktemp("towns")

    def build(ways, country="DE"):
        path = folder / f"town_{len(list(folder.iterdir()))}.osm"
        path.write_text(_xml(ways), encoding="utf-8")
        return read_roads(path, country=country)

    return build


@pytest.fixture(scope="session")
def run():
    """Seconds and metres of a run along corners at 3 m/s, right of them where `right_m` is positive."""

    def along(corners, *, step_s=1.0, right_m=0.0):
        corners = np.asarray(corners, dtype=float)
        lengths = np.hypot(*np.diff(corners, axis=0).T)
        ends = np.concatenate([[0.0], np.cumsum(lengths)])
        where = np.arange(0.0, ends[-1] + 1e-9, PACE_MPS * step_s)
        xy = np.stack([np.interp(where, ends, corners[:, k]) for k in (0, 1)], axis=1)
        leg = np.clip(np.searchsorted(ends, where, side="right") - 1, 0, len(lengths) - 1)
        ahead = (np.diff(corners, axis=0) / lengths[:, None])[leg]
        xy += right_m * np.stack([ahead[:, 1], -ahead[:, 0]], axis=1)
        return np.arange(len(where)) * step_s, xy

    return along


@pytest.fixture(scope="session")
def record():
    return _recording


@pytest.fixture(scope="session")
def match_run():
    """Prepare and match a run; gives matched track, candidates and path."""

    def through(roads, time_s, xy, *, gap_s=30.0, **settings):
        track, _ = prepare_track(_recording(time_s, xy), crs=roads.crs, settings=TrackSettings(gap_s=gap_s))
        return match(track, roads, MatchingSettings(**settings))

    return through


@pytest.fixture(scope="session")
def noise():
    """Errors of a receiver: a first-order Gauss-Markov process in both axes."""

    def draw(n, *, sigma_m=2.5, tau_s=20.0, step_s=1.0, seed=1):
        rng = np.random.default_rng(seed)
        keep = np.exp(-step_s / tau_s)
        error = np.empty((n, 2))
        error[0] = rng.normal(0.0, sigma_m, 2)
        for i in range(1, n):
            error[i] = keep * error[i - 1] + rng.normal(0.0, sigma_m * np.sqrt(1.0 - keep**2), 2)
        return error

    return draw


@pytest.fixture(scope="session")
def high_street(town):
    """One straight street, 400 m, drawn from west to east."""
    return town({1: ([(0, 0), (400, 0)], STREET)})


@pytest.fixture(scope="session")
def blocks(town):
    """Nine streets of a small grid, 100 m apart, each its own way between its ends."""
    ways = {}
    for k in range(4):
        ways[10 + k] = ([(100 * j, 100 * k) for j in range(4)], STREET)
        ways[20 + k] = ([(100 * k, 100 * j) for j in range(4)], STREET)
    return town(ways)
