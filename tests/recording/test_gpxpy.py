"""gpxpy is an independent reader: where both read a well-formed file, both say the same."""

import xml.etree.ElementTree as ET
from itertools import pairwise

import gpxpy
import gpxpy.gpx
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camber.errors import NoTrackError, RecordingError, UnsupportedFormatError
from camber.recording import ReadLimits, from_gpxpy, read_recording

PATIENT = settings(deadline=None)  # a busy machine is no failure

STEP = st.floats(-1e-4, 1e-4)
POINT = st.tuples(
    st.tuples(STEP, STEP, st.integers(1, 9)),
    st.none() | st.floats(-400, 9000).map(lambda x: round(x, 2)),
    st.booleans(),
)
PLACE = st.tuples(st.floats(-80, 80), st.floats(-179, 179), st.integers(631_152_000, 1_700_000_000))


@st.composite
def lines_of_a_run(draw):
    """Segments with pauses of ten minutes between them, as (latitude, longitude, elevation, seconds)."""
    latitude, longitude, seconds = draw(PLACE)
    lines = []
    for steps in draw(st.lists(st.lists(POINT, max_size=6), min_size=1, max_size=4)):
        seconds += 600
        line = []
        for (north, east, took), elevation, has_time in steps:
            latitude, longitude, seconds = latitude + north, longitude + east, seconds + took
            place = round(latitude, 7), round(longitude, 7)
            line.append((*place, elevation, seconds if has_time else None))
        lines.append(line)
    return lines


LINES = lines_of_a_run()


def build(lines):
    gpx = gpxpy.gpx.GPX()
    gpx.creator = "a device"
    track = gpxpy.gpx.GPXTrack(name="A run & more")
    track.type = "running"
    gpx.tracks.append(track)
    for line in lines:
        segment = gpxpy.gpx.GPXTrackSegment()
        track.segments.append(segment)
        for latitude, longitude, elevation, seconds in line:
            time = None if seconds is None else pd.Timestamp(seconds, unit="s", tz="UTC").to_pydatetime()
            segment.points.append(gpxpy.gpx.GPXTrackPoint(latitude, longitude, elevation, time))
    return gpx


def assert_same(ours, theirs, *, but=()):
    pd.testing.assert_frame_equal(ours.fixes, theirs.fixes)
    for name in {"format", "sport", "device", "name", "started_at", "time_zone", "problems"} - set(but):
        assert getattr(ours, name) == getattr(theirs, name), name


@PATIENT
@given(LINES, st.sampled_from(["1.0", "1.1"]))
def test_what_gpxpy_writes_is_read_as_what_it_holds(read, lines, version):
    gpx = build(lines)
    text = gpx.to_xml(version=version)
    points = [point for line in lines for point in line]
    if len(points) < 2:
        with pytest.raises(NoTrackError):
            read(text)
        with pytest.raises(NoTrackError):
            from_gpxpy(gpx)
        return
    recording = read(text)
    assert recording.fixes["latitude_deg"].tolist() == [point[0] for point in points]
    assert recording.fixes["longitude_deg"].tolist() == [point[1] for point in points]
    sizes = [len(line) for line in lines if line]
    pairs = pairwise(point[3] for point in points)
    are_pauses = any(None not in pair for pair in pairs) or 3 * (len(sizes) - 1) <= len(points)
    expected = [part * are_pauses for part, size in enumerate(sizes) for _ in range(size)]
    assert recording.fixes["part"].tolist() == expected
    held = recording.fixes["time"].dropna()
    assert [time.timestamp() for time in held] == [point[3] for point in points if point[3] is not None]
    if version == "1.1":  # 1.0 has no place for the sport
        assert_same(recording, from_gpxpy(gpx))


def test_both_readers_agree_on_real_files(odd_files):
    """Skips where the real files are absent."""
    compared = 0
    for path in odd_files:
        if path.suffix != ".gpx":
            continue
        try:
            gpx = gpxpy.parse(path.read_bytes())
            theirs = from_gpxpy(gpx)
        except (RecordingError, gpxpy.gpx.GPXException):
            continue
        # gpxpy keeps to the letter of 1.0, which has no type of a track; files have it all the same.
        assert_same(read_recording(path), theirs, but=["sport"] if gpx.version == "1.0" else [])
        compared += 1
    assert compared >= 20


def test_extensions_are_read_from_elements_of_either_library():
    gpx = build([[(50.0, 8.0, None, 1_700_000_000), (50.1, 8.0, None, 1_700_000_001)]])
    extension = ET.fromstring('<x xmlns="urn:x"><hr>151</hr><cad>80</cad><hAcc>oops</hAcc></x>')  # noqa: S314 - our own text
    gpx.tracks[0].segments[0].points[0].extensions.append(extension)
    recording = from_gpxpy(gpx)
    assert recording.fixes["heart_rate_bpm"].iloc[0] == 151.0
    assert recording.fixes["cadence_spm"].iloc[0] == 160.0
    assert [(problem.code, problem.count) for problem in recording.problems] == [("bad_value", 1)]


def test_naive_times_in_the_object_are_local_times():
    gpx = build([[(50.0, 8.0, None, 1_700_000_000), (50.1, 8.0, None, 1_700_000_001)]])
    for point in gpx.tracks[0].segments[0].points:
        point.time = point.time.replace(tzinfo=None)
    recording = from_gpxpy(gpx)
    assert recording.started_at.timestamp() == 1_700_000_000 - 3600
    assert recording.problems[0].code == "local_time"


def test_values_that_are_none_are_dropped_from_the_object():
    gpx = build([[(50.0, 8.0, 1.0, None)] * 9])
    points = gpx.tracks[0].segments[0].points
    points[1].latitude = float("nan")
    points[2].time = "noon"
    points[3].elevation = float("inf")
    counts = {problem.code: problem.count for problem in from_gpxpy(gpx).problems}
    assert counts == {"bad_position": 1, "bad_time": 1, "bad_value": 1, "missing_time": 7}


def test_the_object_is_not_changed():
    gpx = build([[(50.0, 8.0, 1.0, 1_700_000_000)] * 3])
    before = gpx.to_xml()
    from_gpxpy(gpx)
    assert gpx.to_xml() == before


def test_other_objects_and_too_many_points_are_refused():
    with pytest.raises(UnsupportedFormatError, match="but str"):
        from_gpxpy("run.gpx")
    with pytest.raises(RecordingError, match="more than 2 points"):
        from_gpxpy(build([[(50.0, 8.0, 1.0, None)] * 3]), limits=ReadLimits(points=2))
