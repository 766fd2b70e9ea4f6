"""A course is read back by others as what it is: the same line, the same cues, elements in their order."""

from types import SimpleNamespace
from xml.etree import ElementTree as ET

import gpxpy
import numpy as np
import pandas as pd
import pytest
from lxml import etree

from camber.recording import read_recording
from camber.report.course import course_gpx, course_of, course_tcx
from camber.schema import Cue, Detour

N = 50
LATITUDE = 60.5 + 0.0001 * np.arange(N)
LONGITUDE = np.full(N, 26.7)
CUES = (
    Cue(0.0, 60.5, 26.7, "keep", "left", "", "Keep to the left-hand side of Lane."),
    Cue(220.0, 60.502, 26.7, "cross", "right", "marked", "Cross to the right-hand side of <Lane> & Co."),
)
TCX = "{http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2}"


def course(kind="same_side_back", cues=CUES):
    fixes = pd.DataFrame({"latitude_deg": LATITUDE, "longitude_deg": LONGITUDE})
    analysis = SimpleNamespace(recording=SimpleNamespace(fixes=fixes))
    whole = SimpleNamespace(to_m=11.14 * (N - 1))
    suggestion = SimpleNamespace(
        kind=kind, what="Stay on one side.", cues=cues, stretches=(whole,), detours=()
    )
    return course_of(analysis, suggestion, "A very long name of a course")


@pytest.mark.parametrize("kind", ["same_side_back", "alternate_direction"])
def test_a_course_across_180_degrees_is_that_of_another_place(kind):
    """The same line eastward, with a way round and a cue, about 174 E and about 180."""

    def across(middle_deg):
        def at(east):
            return float(np.round((middle_deg + east + 180.0) % 360.0 - 180.0, 7))

        longitude = np.array([at(east) for east in np.linspace(-0.00245, 0.00245, N)])
        fixes = pd.DataFrame({"latitude_deg": np.full(N, -16.8), "longitude_deg": longitude})
        detour = Detour(
            200.0, 330.0, 150.0, (1,), ("Lane",), 0.0, 0.0,
            tuple(at(east) for east in (-0.0005, -0.0001, 0.0001, 0.0007)),
            (-16.8, -16.8002, -16.8002, -16.8),
        )  # fmt: skip
        cues = (Cue(90.0, -16.8, at(-0.0015), "keep", "left", "", "Keep."),)
        cues += (Cue(262.0, -16.8002, at(0.00005), "cross", "left", "", "Cross."),)
        suggestion = SimpleNamespace(
            kind=kind, what="So.", cues=cues, stretches=(SimpleNamespace(to_m=545.0),), detours=(detour,)
        )
        analysis = SimpleNamespace(recording=SimpleNamespace(fixes=fixes))
        return course_of(analysis, suggestion, "Course")

    here, there = across(174.0), across(180.0)
    np.testing.assert_allclose((there.longitude_deg - here.longitude_deg) % 360.0, 6.0, atol=1e-7)
    np.testing.assert_allclose(there.latitude_deg, here.latitude_deg, atol=1e-9)
    assert there.cue_row.tolist() == here.cue_row.tolist()
    assert np.abs(there.longitude_deg).max() <= 180.0


def test_gpx_is_read_back_by_gpxpy_and_by_our_own_reader(tmp_path):
    text = course_gpx(course())
    document = gpxpy.parse(text)
    assert [point.name for point in document.waypoints] == ["Keep L", "Cross R"]
    assert [point.symbol for point in document.waypoints] == ["Information", "Crossing"]
    assert "<Lane> & Co." in document.waypoints[1].description
    line = document.tracks[0].segments[0].points
    np.testing.assert_allclose([point.latitude for point in line], LATITUDE)
    path = tmp_path / "course.gpx"
    path.write_text(text, encoding="utf-8")
    np.testing.assert_allclose(read_recording(path).fixes["latitude_deg"], LATITUDE)
    # The schema wants waypoints before tracks.
    assert [etree.QName(child).localname for child in etree.fromstring(text.encode())] == [
        "metadata",
        "wpt",
        "wpt",
        "trk",
    ]


def test_tcx_is_read_back_and_keeps_the_order_of_the_schema(tmp_path):
    text = course_tcx(course())
    root = etree.fromstring(text.encode())
    body = root.find(f"{TCX}Courses/{TCX}Course")
    names = [etree.QName(child).localname for child in body]
    assert names == ["Name", "Lap", "Track", "Notes", "CoursePoint", "CoursePoint"]
    assert len(body.findtext(f"{TCX}Name")) <= 15
    points = body.findall(f"{TCX}CoursePoint")
    assert [etree.QName(child).localname for child in points[1]] == [
        "Name",
        "Time",
        "Position",
        "PointType",
        "Notes",
    ]
    assert all(len(point.findtext(f"{TCX}Name")) <= 10 for point in points)
    # A course point stands at the time and place of a point of the track.
    times = {point.findtext(f"{TCX}Time") for point in body.iter(f"{TCX}Trackpoint")}
    assert {point.findtext(f"{TCX}Time") for point in points} <= times
    path = tmp_path / "course.tcx"
    path.write_text(text, encoding="utf-8")
    np.testing.assert_allclose(read_recording(path).fixes["latitude_deg"], LATITUDE, atol=1e-7)


def test_the_cue_stands_at_its_distance_along_the_line():
    root = etree.fromstring(course_tcx(course()).encode())
    cross = root.findall(f".//{TCX}CoursePoint")[1]
    latitude = float(cross.findtext(f"{TCX}Position/{TCX}LatitudeDegrees"))
    # 220 m north of the start; a degree of latitude is 111.4 km there.
    assert latitude == pytest.approx(60.5 + 220.0 / 111_400.0, abs=0.0001)


def test_the_other_way_round_turns_the_line_and_says_that_times_are_made_up():
    turned = course("alternate_direction", ())
    np.testing.assert_array_equal(turned.latitude_deg, LATITUDE[::-1])
    assert "made up" in turned.note
    assert "OpenStreetMap" in turned.note


def test_a_cue_between_two_points_gets_a_point_of_its_own():
    between = Cue(225.0, 60.50202, 26.7, "cross", "left", "marked", "Cross to the left-hand side of Lane.")
    root = etree.fromstring(course_tcx(course(cues=(between,))).encode())
    assert len(list(root.iter(f"{TCX}Trackpoint"))) == N + 1
    cross = root.find(f".//{TCX}CoursePoint")
    assert float(cross.findtext(f"{TCX}Position/{TCX}LatitudeDegrees")) == pytest.approx(60.50202, abs=1e-7)
    times = [point.findtext(f"{TCX}Time") for point in root.iter(f"{TCX}Trackpoint")]
    assert times == sorted(times)
    assert cross.findtext(f"{TCX}Time") in times


@pytest.mark.parametrize(("at_m", "row"), [(220.0, 20), (860.0, 77)])
def test_where_a_place_is_passed_twice_the_distance_run_decides(at_m, row):
    # Out for 49 steps of 11.14 m and back on the same line: row 20 and row 78 are one place.
    there = np.r_[LATITUDE, LATITUDE[-2::-1]]
    fixes = pd.DataFrame({"latitude_deg": there, "longitude_deg": np.full(len(there), 26.7)})
    analysis = SimpleNamespace(recording=SimpleNamespace(fixes=fixes))
    cue = Cue(at_m, float(there[row]), 26.7, "cross", "left", "marked", "Cross.")
    whole = SimpleNamespace(to_m=11.14 * (len(there) - 1))
    suggestion = SimpleNamespace(
        kind="other_side", what="Change.", cues=(cue,), stretches=(whole,), detours=()
    )
    assert course_of(analysis, suggestion, "twice").cue_row.tolist() == [row]


def test_a_runner_who_stood_still_does_not_break_the_line():
    still = np.r_[LATITUDE[:10], np.full(30, LATITUDE[10]), LATITUDE[11:]]
    fixes = pd.DataFrame({"latitude_deg": still, "longitude_deg": np.full(len(still), 26.7)})
    analysis = SimpleNamespace(recording=SimpleNamespace(fixes=fixes))
    whole = SimpleNamespace(to_m=11.14 * (N - 1))
    suggestion = SimpleNamespace(kind="other_side", what="Change.", cues=CUES, stretches=(whole,), detours=())
    np.testing.assert_array_equal(course_of(analysis, suggestion, "still").latitude_deg, LATITUDE)


# -- What the two schemas ask for, in our own words -------------------------------------------------------
# GPX 1.1 (topografix.com/GPX/1/1/gpx.xsd) and TCX 2 (garmin.com, TrainingCenterDatabasev2.xsd), read in full;
# the written courses were validated against the types of theirs that a course uses.

POINT_TYPES = {
    *("Generic", "Summit", "Valley", "Water", "Food", "Danger", "Left", "Right", "Straight", "First Aid"),
    *("4th Category", "3rd Category", "2nd Category", "1st Category", "Hors Category", "Sprint"),
}
TCX_ORDER = {
    "TrainingCenterDatabase": ("Courses!",),
    "Courses": ("Course!*",),
    "Course": ("Name!", "Lap*", "Track*", "Notes", "CoursePoint*"),
    "Lap": ("TotalTimeSeconds!", "DistanceMeters!", "BeginPosition", "EndPosition", "Intensity!"),
    "Track": ("Trackpoint!*",),
    "Trackpoint": ("Time!", "Position", "AltitudeMeters", "DistanceMeters"),
    "CoursePoint": ("Name!", "Time!", "Position!", "AltitudeMeters", "PointType!", "Notes"),
    **dict.fromkeys(("Position", "BeginPosition", "EndPosition"), ("LatitudeDegrees!", "LongitudeDegrees!")),
}
GPX_ORDER = {
    "gpx": ("metadata", "wpt*", "rte*", "trk*"),
    "metadata": ("name", "desc", "author", "copyright", "link*", "time", "keywords", "bounds"),
    "wpt": ("ele", "time", "name", "cmt", "desc", "src", "link*", "sym", "type"),
    "trk": ("name", "cmt", "desc", "src", "link*", "number", "type", "trkseg*"),
    "trkseg": ("trkpt*",),
    "trkpt": ("ele", "time"),
}
"""Children of each element in the order of the schema; ! is required, * may be repeated."""

EVERY_CUE = tuple(
    Cue(33.0 * i, 60.5 + 0.0003 * i, 26.7, kind, side, "marked" if kind == "cross" else "", "<Über> & weg")
    for i, (kind, side) in enumerate(
        [("keep", "left"), ("keep", "right"), ("cross", "left"), ("cross", "right"), ("cross", ""),
         ("turn", "left"), ("turn", "right"), ("turn", "")]
    )
)  # fmt: skip


def misplaced(element, order):
    """Every fault of an element and its children against the order, in words; unknown ones are faults too."""
    local = element.tag.partition("}")[2]
    if local not in order:
        return [f"{local} has children"] if len(element) else []
    allowed = [item.strip("!*") for item in order[local]]
    found = [child.tag.partition("}")[2] for child in element]
    faults = [f"{name} in {local}" for name in found if name not in allowed]
    places = [allowed.index(name) for name in found if name in allowed]
    faults += [f"order in {local}: {found}"] if places != sorted(places) else []
    for item in order[local]:
        count = found.count(item.strip("!*"))
        faults += [f"{local} without {item}"] if "!" in item and not count else []
        faults += [f"{local} with {count} {item}"] if "*" not in item and count > 1 else []
    return faults + [fault for child in element for fault in misplaced(child, order)]


def named_course(name, longitude=LONGITUDE, cues=EVERY_CUE):
    fixes = pd.DataFrame({"latitude_deg": LATITUDE, "longitude_deg": longitude})
    analysis = SimpleNamespace(recording=SimpleNamespace(fixes=fixes))
    whole = SimpleNamespace(to_m=11.14 * (N - 1))
    suggestion = SimpleNamespace(kind="other_side", what="Way.", cues=cues, stretches=(whole,), detours=())
    return course_of(analysis, suggestion, name)


NAMES = ["An ordinary name", "  ", "", "a\x00b\x1b", "abcdefghijklmn opq", "\U0001f3c3 Läufer über alle Maße"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("cues", [EVERY_CUE, ()])
def test_tcx_keeps_to_its_schema(name, cues):
    root = ET.fromstring(course_tcx(named_course(name, cues=cues)))  # noqa: S314 - our own document
    assert root.tag == f"{TCX}TrainingCenterDatabase"
    assert misplaced(root, TCX_ORDER) == []
    said = root.findtext(f"{TCX}Courses/{TCX}Course/{TCX}Name")
    # A token is counted without the spaces at its ends.
    assert 1 <= len(" ".join(said.split())) <= 15
    for point in root.iter(f"{TCX}CoursePoint"):
        assert 1 <= len(point.findtext(f"{TCX}Name")) <= 10
        assert point.findtext(f"{TCX}PointType") in POINT_TYPES
    assert {lap.findtext(f"{TCX}Intensity") for lap in root.iter(f"{TCX}Lap")} <= {"Active", "Resting"}
    for time in root.iter(f"{TCX}Time"):
        assert pd.Timestamp(time.text).tz is not None
    number = {float(one.text) for one in root.iter(f"{TCX}DistanceMeters")}
    assert all(np.isfinite(value) and value >= 0.0 for value in number)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("cues", [EVERY_CUE, ()])
def test_gpx_keeps_to_its_schema(name, cues):
    text = course_gpx(named_course(name, cues=cues))
    root = ET.fromstring(text)  # noqa: S314 - our own document
    assert root.tag == "{http://www.topografix.com/GPX/1/1}gpx"
    assert misplaced(root, GPX_ORDER) == []
    assert (root.get("version"), root.get("creator")) == ("1.1", "camber")
    assert len(gpxpy.parse(text).waypoints) == len(cues)


@pytest.mark.parametrize("longitude", [-180.0, -1e-7, 1e-7, 179.9999999, 179.99999999])
def test_places_are_within_the_bounds_of_both_schemas_and_written_without_an_exponent(longitude):
    course = named_course("Edge", np.full(N, longitude), ())
    gpx, tcx = ET.fromstring(course_gpx(course)), ET.fromstring(course_tcx(course))  # noqa: S314
    written = [point.get("lon") for point in gpx.iter("{http://www.topografix.com/GPX/1/1}trkpt")]
    written += [one.text for one in tcx.iter(f"{TCX}LongitudeDegrees")]
    assert len(written) >= 2 * N
    for text in written:
        assert "e" not in text.lower()
        assert -180.0 <= float(text) < 180.0


def test_the_types_of_course_points_say_where_to_turn():
    root = ET.fromstring(course_tcx(named_course("Turns")))  # noqa: S314 - our own document
    types = [point.findtext(f"{TCX}PointType") for point in root.iter(f"{TCX}CoursePoint")]
    assert types == ["Generic"] * 5 + ["Left", "Right", "Straight"]


def test_a_tcx_course_is_read_back_by_a_plain_reader_with_its_line_and_its_cues():
    course = named_course("Read me")
    root = ET.fromstring(course_tcx(course))  # noqa: S314 - our own document
    points = {
        point.findtext(f"{TCX}Time"): tuple(
            float(point.findtext(f"{TCX}Position/{TCX}{axis}Degrees")) for axis in ("Latitude", "Longitude")
        )
        for point in root.iter(f"{TCX}Trackpoint")
    }
    np.testing.assert_allclose([place[0] for place in points.values()], course.latitude_deg, atol=1e-7)
    assert len(points) == len(course.latitude_deg)
    for cue, point in zip(EVERY_CUE, root.iter(f"{TCX}CoursePoint"), strict=True):
        assert points[point.findtext(f"{TCX}Time")][0] == pytest.approx(cue.latitude_deg, abs=2e-5)
        assert point.findtext(f"{TCX}Notes") == cue.text


def test_a_way_round_is_part_of_the_line():
    # 545 m north; between 111 and 334 m a way round 50 m to the east.
    east = 50.0 / (111_195.0 * np.cos(np.radians(60.5)))
    around = Detour(
        111.4, 334.2, 322.8, (8,), ("Walk",), 0.0, 0.0,
        (26.7, 26.7 + east, 26.7 + east, 26.7 + east, 26.7), (60.501, 60.501, 60.502, 60.503, 60.503),
    )  # fmt: skip
    fixes = pd.DataFrame({"latitude_deg": LATITUDE, "longitude_deg": LONGITUDE})
    analysis = SimpleNamespace(recording=SimpleNamespace(fixes=fixes))
    whole = SimpleNamespace(to_m=11.14 * (N - 1) + 100.0)
    back = Cue(434.2, 60.503, 26.7, "turn", "", "", "Back on your route.")
    suggestion = SimpleNamespace(
        kind="level_surface", what="Round.", cues=(back,), stretches=(whole,), detours=(around,)
    )
    found = course_of(analysis, suggestion, "round")
    inside = (found.latitude_deg > 60.5011) & (found.latitude_deg < 60.5029)
    np.testing.assert_allclose(found.longitude_deg[inside], [26.7 + east])
    assert found.latitude_deg[0] == LATITUDE[0]
    assert found.latitude_deg[-1] == LATITUDE[-1]
    assert (np.diff(found.latitude_deg) >= 0.0).all()
    assert found.latitude_deg[found.cue_row[0]] == pytest.approx(60.503)
