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


def test_a_run_in_the_dark_is_kept_facing_traffic(call):
    code, out, _ = call("suggest", RUN, "--roads", ROADS)
    assert code == 0
    assert "Planned for the dark" in out
    assert "in the dark only facing traffic (" in " ".join(out.split())
    assert "change found;" not in out
    assert "not medical advice" in out


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
