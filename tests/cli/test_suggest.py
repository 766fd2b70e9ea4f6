"""`camber suggest` on a run, on a route without times, and on what it cannot use."""

import json
from pathlib import Path

import gpxpy
import gpxpy.gpx
import pytest

ROOT = Path(__file__).parents[2]
RUN = ROOT / "data" / "week" / "2026-11-16_facing_traffic.gpx"
ROADS = ROOT / "data" / "kouvola.osm.pbf"


@pytest.fixture(scope="module")
def route(tmp_path_factory):
    """Every tenth point of the simulated run, as a planned route without times."""
    points = gpxpy.parse(RUN.read_text(encoding="utf-8")).tracks[0].segments[0].points[::10]
    document = gpxpy.gpx.GPX()
    planned = gpxpy.gpx.GPXRoute("evening lap")
    planned.points += [gpxpy.gpx.GPXRoutePoint(point.latitude, point.longitude) for point in points]
    document.routes.append(planned)
    path = tmp_path_factory.mktemp("routes") / "route.gpx"
    path.write_text(document.to_xml(), encoding="utf-8")
    return path


def test_a_run_in_the_dark_is_kept_facing_traffic(call, tmp_path):
    code, out, _ = call("suggest", RUN, "--roads", ROADS)
    assert code == 0
    assert "Planned for the dark" in out
    assert "facing traffic is the only safe side in the dark on" in " ".join(out.split())
    assert "to try;" not in out
    assert "not medical advice" in out
    assert not list(tmp_path.rglob("library")), "a plan makes no library"


def test_a_route_without_times_is_scored_under_each_rule(call, route):
    code, out, _ = call("suggest", route, "--roads", ROADS, "--json")
    assert code == 0
    document = json.loads(out)
    (plan,) = document["plans"]
    assert document["attribution"] == "© OpenStreetMap contributors"
    assert not plan["dark"]
    found = {one["name"]: one for one in plan["what_ifs"]}
    assert set(found) == {"facing_traffic", "same_physical_side", "left_side", "right_side"}
    assert found["facing_traffic"]["balance"]["median"] < -0.2
    assert abs(found["same_physical_side"]["balance"]["median"]) < 0.15
    assert found["facing_traffic"]["not_allowed_m"] == 0.0


def test_the_plan_is_written_as_courses(call, tmp_path):
    gpx, tcx = tmp_path / "c.gpx", tmp_path / "c.tcx"
    code, out, err = call("suggest", RUN, "--roads", ROADS, "--light", "--gpx", gpx, "--tcx", tcx, "--json")
    assert code == 0
    items = json.loads(out)["plans"][0]["suggestions"]["items"]
    assert gpx.exists() == tcx.exists() == bool(items)
    if items:
        assert len(gpxpy.parse(gpx.read_text(encoding="utf-8")).waypoints) == len(items[0]["cues"])
    else:
        assert "no course written" in err


def test_what_cannot_be_used_is_said_in_one_line(call, tmp_path):
    two = tmp_path / "two.gpx"
    document = gpxpy.gpx.GPX()
    planned = gpxpy.gpx.GPXRoute()
    planned.points += [gpxpy.gpx.GPXRoutePoint(60.52936, 26.7), gpxpy.gpx.GPXRoutePoint(60.5294, 26.7001)]
    document.routes.append(planned)
    two.write_text(document.to_xml(), encoding="utf-8")
    away = tmp_path / "away.gpx"
    away.write_text(two.read_text(encoding="utf-8").replace("60.529", "10.529"), encoding="utf-8")
    for arguments, codes in (
        (("suggest",), {2}),
        (("suggest", RUN, "--week"), {2}),
        (("suggest", "--week"), {2, 3}),
        (("suggest", "4711"), {2, 3}),
        (("suggest", tmp_path / "none.gpx"), {3}),
        (("suggest", away, "--roads", ROADS), {4}),
        (("suggest", RUN), {4}),
        (("suggest", two, "--roads", ROADS), {0, 3, 4}),
    ):
        code, _, err = call(*arguments)
        assert code in codes, arguments
        assert "Traceback" not in err
        assert code == 0 or err.strip()
    assert not list(tmp_path.rglob("library"))


ROAD = {"highway": "tertiary", "name": "Ledbury Road", "maxspeed": "60 mph", "sidewalk": "no"}
PATH = {"highway": "path", "name": "Old Railway", "foot": "designated", "surface": "fine_gravel", "lit": "no"}


@pytest.fixture(scope="module")
def beside_a_path(tmp_path_factory):
    """A fast straight road in England with a path beside it, and a planned route along its right edge."""
    folder = tmp_path_factory.mktemp("path")
    places = [(0, 0), (500, 0), (3000, 0), (4000, 0), (500, -60), (3000, -60)]

    def degrees(x_m, y_m):
        return 51.8 + y_m / 111_195.0, -2.5 + x_m / (111_195.0 * 0.6184)

    lines = ['<osm version="0.6">']
    for number, xy in enumerate(places, start=1):
        latitude, longitude = degrees(*xy)
        lines.append(f'<node id="{number}" lat="{latitude:.8f}" lon="{longitude:.8f}"/>')
    for way, refs, tags in ((7, (1, 2, 3, 4), ROAD), (8, (2, 5, 6, 3), PATH)):
        nodes = "".join(f'<nd ref="{ref}"/>' for ref in refs)
        told = "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())
        lines.append(f'<way id="{way}">{nodes}{told}</way>')
    roads, route = folder / "roads.osm", folder / "route.gpx"
    roads.write_text("\n".join([*lines, "</osm>"]), encoding="utf-8")
    document = gpxpy.gpx.GPX()
    planned = gpxpy.gpx.GPXRoute("over the hill")
    planned.points += [gpxpy.gpx.GPXRoutePoint(*degrees(x_m, -2.5)) for x_m in range(0, 4001, 20)]
    document.routes.append(planned)
    route.write_text(document.to_xml(), encoding="utf-8")
    return roads, route


def test_level_ground_beside_a_fast_road_is_found_said_and_written_as_a_course(call, beside_a_path, tmp_path):
    roads, route = beside_a_path
    gpx, tcx = tmp_path / "c.gpx", tmp_path / "c.tcx"
    code, out, _ = call(
        "suggest", route, "--roads", roads, "--no-history", "--json", "--gpx", gpx, "--tcx", tcx
    )
    assert code == 0
    (item,) = json.loads(out)["plans"][0]["suggestions"]["items"]
    assert (item["kind"], item["crossings"], item["way_ids"]) == ("level_surface", 0, [8])
    assert item["detours"][0]["length_m"] == pytest.approx(2620.0, rel=0.004)
    assert item["detours"][0]["unpaved_m"] == item["detours"][0]["unlit_m"] == item["detours"][0]["length_m"]
    before, after = (item[f"right_low_{when}_m"]["median"] for when in ("before", "after"))
    assert after < before - 500.0
    assert [cue["side"] for cue in item["cues"]] == ["right", ""]
    document = gpxpy.parse(gpx.read_text(encoding="utf-8"))
    assert [point.name for point in document.waypoints] == ["Turn R", "Go on"]
    south = 51.8 - 55.0 / 111_195.0
    assert sum(point.latitude < south for point in document.tracks[0].segments[0].points) >= 2
    assert "<PointType>Right</PointType>" in tcx.read_text(encoding="utf-8")
    code, out, _ = call("suggest", route, "--roads", roads, "--no-history", "--dark")
    assert code == 0
    assert "Instead of 2.5 km of Ledbury Road" in " ".join(out.split())
    assert "not known to be lit" in " ".join(out.split())
