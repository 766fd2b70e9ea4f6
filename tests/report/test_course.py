"""A course is read back by others as what it is: the same line, the same cues, elements in their order."""

from types import SimpleNamespace

import gpxpy
import numpy as np
import pandas as pd
import pytest
from lxml import etree

from camber.recording import read_recording
from camber.report.course import course_gpx, course_of, course_tcx
from camber.schema import Cue

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
