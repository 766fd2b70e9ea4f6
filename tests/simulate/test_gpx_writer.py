"""GPX text: what gpxpy reads back is what was recorded, in the dress of Strava and of Garmin Connect."""

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import gpxpy
import numpy as np
import pytest

from camber.simulate import (
    DeviceModel,
    GnssErrorModel,
    Route,
    RunnerModel,
    Setup,
    gpx_document,
    simulate_run,
)

WATCH = DeviceModel(name="Garmin Connect", coordinate_decimals=None, sensors=True)
TPX = "{http://www.garmin.com/xmlschemas/TrackPointExtension/v1}"


@pytest.fixture(scope="module")
def recordings(straight):
    route = Route(np.array([0]), np.array([1]))
    paused = RunnerModel(pauses_per_km=4.0, pause_s=60.0)
    setup = Setup(runner=paused, error=GnssErrorModel(), name="Lunch <run> & more")
    return {
        style: simulate_run(
            straight, route, replace(setup, device=device), np.random.default_rng(3)
        ).recording
        for style, device in [("strava", DeviceModel(name="StravaGPX")), ("garmin", WATCH)]
    }


@pytest.mark.parametrize("style", ["strava", "garmin"])
def test_gpxpy_reads_back_what_was_recorded(recordings, style):
    recording = recordings[style]
    gpx = gpxpy.parse(gpx_document(recording, style))
    points = [point for track in gpx.tracks for segment in track.segments for point in segment.points]
    fixes = recording.fixes
    assert [point.latitude for point in points] == fixes["latitude_deg"].tolist()
    assert [point.longitude for point in points] == fixes["longitude_deg"].tolist()
    assert [point.time.timestamp() for point in points] == [time.timestamp() for time in fixes["time"]]


@pytest.mark.parametrize("style", ["strava", "garmin"])
def test_every_document_says_that_nobody_ran_it(recordings, style):
    gpx = gpxpy.parse(gpx_document(recordings[style], style))
    assert gpx.description == gpx.tracks[0].description == "Simulated recording on real streets"
    assert gpx.tracks[0].name == "Lunch <run> & more (simulated recording on real streets)"
    assert gpx.tracks[0].type == "running"


def test_a_run_without_a_name_is_still_called_simulated(recordings):
    text = gpx_document(replace(recordings["strava"], name=None, sport=None))
    track = gpxpy.parse(text).tracks[0]
    assert (track.name, track.type) == ("Simulated recording on real streets", "running")


@pytest.mark.parametrize("style", ["strava", "garmin"])
def test_pauses_are_gaps_in_one_segment(recordings, style):
    gpx = gpxpy.parse(gpx_document(recordings[style], style))
    assert [len(track.segments) for track in gpx.tracks] == [1]
    times = np.array([point.time.timestamp() for point in gpx.tracks[0].segments[0].points])
    assert np.diff(times).max() > 25.0


def test_strava_writes_seven_decimals_and_whole_seconds(recordings):
    text = gpx_document(recordings["strava"], "strava")
    assert 'creator="StravaGPX"' in text
    points = re.findall(r'<trkpt lat="(.*?)" lon="(.*?)">\s*<time>(.*?)</time>\s*</trkpt>', text)
    assert len(points) == len(recordings["strava"].fixes)
    assert all(re.fullmatch(r"\d+\.\d{7}", degrees) for point in points for degrees in point[:2])
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", point[2]) for point in points)
    assert any(degrees.endswith("0") for point in points for degrees in point[:2])


def test_garmin_writes_milliseconds_many_decimals_and_its_own_prefix(recordings):
    recording = recordings["garmin"]
    text = gpx_document(recording, "garmin")
    assert 'creator="Garmin Connect"' in text
    assert "<ns3:TrackPointExtension>" in text
    assert re.search(r"<time>2026-11-16T16:00:00\.000Z</time>", text)
    assert max(len(degrees.split(".")[1]) for degrees in re.findall(r'lat="(.*?)"', text)) > 10
    root = ET.fromstring(text)  # noqa: S314 - our own text
    heart_rate = [int(node.text) for node in root.iter(f"{TPX}hr")]
    cadence = [int(node.text) for node in root.iter(f"{TPX}cad")]
    assert heart_rate == recording.fixes["heart_rate_bpm"].tolist()
    # One leg's steps: half of the steps per minute.
    assert [2 * steps for steps in cadence] == recording.fixes["cadence_spm"].tolist()


def test_elevation_is_written_where_it_is_known(recordings):
    recording = recordings["strava"]
    fixes = recording.fixes.assign(elevation_m=[np.nan, *np.full(len(recording.fixes) - 1, 61.25)])
    points = gpxpy.parse(gpx_document(replace(recording, fixes=fixes))).tracks[0].segments[0].points
    assert points[0].elevation is None
    assert points[1].elevation == pytest.approx(61.25, abs=0.05)


def test_a_recording_without_fixes_is_a_document_without_points(recordings):
    empty = replace(recordings["strava"], fixes=recordings["strava"].fixes.iloc[:0])
    assert gpxpy.parse(gpx_document(empty)).get_points_no() == 0


@pytest.mark.parametrize("style", ["strava", "garmin"])
def test_the_same_recording_gives_the_same_text(recordings, style):
    assert gpx_document(recordings[style], style) == gpx_document(recordings[style], style)
