"""Laps of closed ways and gaps, through the command line: what is imported is what is analysed."""

import json
import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

CASES = Path(__file__).parents[2] / "../shared/data/cases"
HEIDELBERG = CASES / "../osm/heidelberg_ors.osm.pbf"
LATITUDE, LONGITUDE = 49.41, 8.67
METRE = np.array([1.0 / 111_320.0, 1.0 / (111_320.0 * np.cos(np.radians(LATITUDE)))])


def degrees(xy):
    """Latitude and longitude of places in metres east and north."""
    return np.array([LATITUDE, LONGITUDE]) + np.asarray(xy, dtype=float)[:, ::-1] * METRE


def osm(path, ways):
    """Write an extract of ways, given as ``{way: (points, tags)}``; equal points are one node."""
    ids, nodes, lines = {}, [], []
    for way, (points, tags) in ways.items():
        refs = []
        for point, (latitude, longitude) in zip(points, degrees(points), strict=True):
            if point not in ids:
                ids[point] = len(ids) + 1
                nodes.append(
                    f'<node id="{ids[point]}" lat="{latitude:.8f}" lon="{longitude:.8f}" version="1"/>'
                )
            refs.append(f'<nd ref="{ids[point]}"/>')
        tagged = "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())
        lines.append(f'<way id="{way}" version="1">{"".join(refs)}{tagged}</way>')
    path.write_text(f'<osm version="0.6" generator="test">{"".join(nodes + lines)}</osm>', encoding="utf-8")
    return path


def gpx(path, xy, seconds):
    start = datetime(2026, 11, 17, 9, 0, tzinfo=UTC)
    rows = "".join(
        f'<trkpt lat="{latitude:.7f}" lon="{longitude:.7f}"><time>'
        f"{(start + timedelta(seconds=float(at))).isoformat()}</time></trkpt>"
        for (latitude, longitude), at in zip(degrees(xy), seconds, strict=True)
    )
    head = '<gpx version="1.1" creator="test" xmlns="http://www.topografix.com/GPX/1/1">'
    track = f"<trk><name>Laps</name><type>running</type><trkseg>{rows}</trkseg></trk></gpx>"
    path.write_text(head + track, encoding="utf-8")
    return path


def along(line, step_m, noise_m=0.3):
    """Fixes along a line of points, evenly, with some noise."""
    line = np.asarray(line, dtype=float)
    reach = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    gone = np.arange(0.0, reach[-1], step_m)
    xy = np.column_stack([np.interp(gone, reach, line[:, axis]) for axis in range(2)])
    return xy + np.random.default_rng(5).normal(size=xy.shape) * noise_m, float(gone[-1])


def kilometres(call, run, roads):
    """Distance in `import`, `analyse` and `week`, each as the command says it."""
    code, _, _ = call("import", run)
    assert code == 0
    listed = json.loads(call("runs", "--json")[1])["runs"]
    analysed = json.loads(call("analyse", run, "--roads", roads, "--format", "json")[1])
    assert call("analyse", "--all", "--roads", roads)[0] == 0
    week = json.loads(call("week", "2026-W47", "--json")[1])
    return listed[0]["distance_m"] / 1000.0, analysed, week


@pytest.mark.parametrize(
    ("run", "roads", "right_km"),
    [
        *(("run", roads, 4.0) for roads in ("roads", "roads_linked", "roads_two_ways")),
        ("run", "roads_residential_ring_linked", 4.0),
        *(("run_2_laps", roads, 0.8) for roads in ("roads", "roads_linked", "roads_two_ways")),
        ("run_1_lap", "roads", 0.4),
        ("run_road_10_laps_road", "roads_linked", 4.51),
        ("run_road_10_laps_road", "roads_residential_ring_linked", 4.51),
        ("run_block_6_laps", "roads_block", 3.60),
        ("run_roundabout", "roads_roundabout", 1.52),
        ("heidelberg_track_6_laps", None, 2.49),
    ],
)
def test_the_laps_of_the_cases_count(run, roads, right_km, call):
    folder = CASES / "track_laps"
    if not folder.exists() or not HEIDELBERG.exists():
        pytest.skip("the small inputs lie beside the project")
    extract = HEIDELBERG if roads is None else folder / f"{roads}.osm"
    imported, analysed, week = kilometres(call, folder / f"{run}.gpx", extract)
    assert imported == pytest.approx(right_km, rel=0.02)
    assert analysed["total"]["distance_m"] / 1000.0 == pytest.approx(right_km, rel=0.02)
    assert week["total"]["distance_m"] / 1000.0 == pytest.approx(right_km, rel=0.02)
    assert not [one for one in analysed["total"]["problems"] if one["code"] == "distance"]


CORNERS = [(0.0, 0.0), (150.0, 0.0), (150.0, 90.0), (70.0, 140.0), (0.0, 90.0)]


@pytest.mark.parametrize("step_m", [3.0, 12.0, 30.0])
@pytest.mark.parametrize("tags", [{"highway": "footway"}, {"highway": "service"}])
def test_laps_round_a_park_from_a_street_and_home(call, tmp_path, step_m, tags):
    # Drawn against the run, from a corner that is not the gate.
    path = [*CORNERS[2:], *CORNERS[:3]][::-1]
    street = ([(-300.0, -20.0), (0.0, 0.0)], {"highway": "residential"})
    roads = osm(tmp_path / "park.osm", {1: (path, tags), 2: street})
    line = [(-300.0, -20.0), *(CORNERS * 5), (0.0, 0.0), (-300.0, -20.0)]
    xy, run_m = along(line, step_m)
    imported, analysed, week = kilometres(
        call, gpx(tmp_path / "park.gpx", xy, np.arange(len(xy)) * step_m / 3.0), roads
    )
    found = np.array([1000.0 * imported, analysed["total"]["distance_m"], week["total"]["distance_m"]])
    np.testing.assert_allclose(found[1:], run_m, rtol=0.02)
    np.testing.assert_allclose(found[0], run_m, rtol=0.06 if step_m > 20.0 else 0.03)


def test_intervals_are_drawn_over_the_first_node_of_a_ring(call, tmp_path):
    angle = np.linspace(0.0, 2.0 * np.pi, 33)[:-1]
    points = [(round(60.0 * np.cos(a), 3), round(60.0 * np.sin(a), 3)) for a in angle]
    roads = osm(tmp_path / "ring.osm", {1: ([*points[9:], *points[:10]], {"highway": "residential"})})
    xy, run_m = along([*points, *points, *points, points[0]], 3.0)
    kilometres(call, gpx(tmp_path / "ring.gpx", xy, np.arange(len(xy))), roads)
    assert call("export", "--format", "geojson", "-o", tmp_path / "ring.geojson")[0] == 0
    lines = [
        np.array(one["geometry"]["coordinates"])[:, ::-1] / METRE
        for one in json.loads((tmp_path / "ring.geojson").read_text(encoding="utf-8"))["features"]
    ]
    drawn = np.array([np.hypot(*np.diff(line, axis=0).T).sum() for line in lines])
    assert drawn.max() < 60.0
    assert drawn.sum() == pytest.approx(run_m, rel=0.02)
    gaps = [np.hypot(*(after[0] - before[-1])) for before, after in pairwise(lines)]
    assert max(gaps) < 0.5


def test_a_run_to_a_turning_circle_round_it_twice_and_back(call, tmp_path):
    angle = np.linspace(0.0, 2.0 * np.pi, 17)[:-1]
    circle = [(round(200.0 + 40.0 - 40.0 * np.cos(a), 3), round(-40.0 * np.sin(a), 3)) for a in angle]
    lollipop = [(-200.0, 0.0), (0.0, 0.0), *circle, circle[0]]
    roads = osm(tmp_path / "circle.osm", {1: (lollipop, {"highway": "residential", "name": "Sackgasse"})})
    xy, run_m = along([(-200.0, 0.0), *circle, *circle, circle[0], (-200.0, 0.0)], 3.0)
    _, analysed, week = kilometres(call, gpx(tmp_path / "circle.gpx", xy, np.arange(len(xy))), roads)
    assert analysed["total"]["distance_m"] == pytest.approx(run_m, rel=0.02)
    assert week["total"]["distance_m"] == pytest.approx(run_m, rel=0.02)


def test_a_tunnel_is_a_gap_that_says_how_much_is_missing(call):
    folder = CASES / "tunnel_gap"
    if not folder.exists():
        pytest.skip("the small inputs lie beside the project")
    _, analysed, _ = kilometres(call, folder / "run.gpx", folder / "roads.osm")
    (gap,) = [one["message"] for one in analysed["total"]["problems"] if one["code"] == "gap"]
    assert "606 m and 3 min in them are not counted" in gap
    assert analysed["total"]["distance_m"] + 606.0 == pytest.approx(2900.0, rel=0.01)


@pytest.mark.parametrize(
    ("ride_m", "ride_s", "said"),
    [(4000.0, 400, r"[34]\.\d\d km and 7 min"), (900.0, 3600, r"\d{3} m and 60 min")],
)
def test_a_lift_in_a_car_is_no_run_and_is_said(call, tmp_path, ride_m, ride_s, said):
    roads = osm(tmp_path / "road.osm", {1: ([(0.0, 0.0), (6000.0, 0.0)], {"highway": "residential"})})
    first, _ = along([(0.0, 0.0), (600.0, 0.0)], 3.0, 0.0)
    then = first + [ride_m + 3.0, 0.0] + first[-1] - first[0] - [3.0, 0.0]
    seconds = np.concatenate([np.arange(len(first)), len(first) - 1 + ride_s + np.arange(len(then))])
    run = gpx(tmp_path / "lift.gpx", np.concatenate([first, then]), seconds)
    _, out, _ = call("analyse", run, "--roads", roads, "--details")
    assert re.search(f"{said} in them are not counted", " ".join(out.split()))
