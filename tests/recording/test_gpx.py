"""What a GPX file says becomes a recording, whatever its version, namespace or encoding."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from camber.errors import DamagedFileError, NoTrackError
from camber.recording.points import zone_at

GARMIN = 'xmlns:tp="http://www.garmin.com/xmlschemas/TrackPointExtension/v{}"'


def test_places_heights_and_times_are_read(read, gpx):
    recording = read(
        gpx(
            ('lon="8.5" lat="50.1"', "<ele>100.5</ele><time>2024-01-18T18:16:41Z</time>"),
            ('lat="50.2" lon="8.25"', "<ele>-3</ele><time>2024-01-18T18:16:42.250Z</time>"),
        )
    )
    assert recording.fixes["latitude_deg"].tolist() == [50.1, 50.2]
    assert recording.fixes["longitude_deg"].tolist() == [8.5, 8.25]
    assert recording.fixes["elevation_m"].tolist() == [100.5, -3.0]
    assert recording.fixes["time"].diff().iloc[1] == pd.Timedelta(1.25, "s")
    assert recording.fixes["time"].dtype == "datetime64[us, UTC]"
    assert recording.started_at == datetime(2024, 1, 18, 18, 16, 41, tzinfo=UTC)
    assert recording.time_zone == "Europe/Berlin"
    assert recording.problems == ()
    assert recording.fixes.index.tolist() == [0, 1]


def test_the_header_is_read(read, gpx):
    line = "<name>Morning\u202e Run</name><type>9</type>"
    recording = read(gpx("", "", line=line, creator="StravaGPX Android"), name="a b.gpx")
    header = (recording.name, recording.sport, recording.device, recording.format, recording.source)
    assert header == ("Morning Run", "running", "StravaGPX Android", "gpx", "a b.gpx")


def test_a_track_without_name_takes_that_of_the_file(read, gpx):
    assert read(gpx("", "", header="<metadata><name>Week 3</name></metadata>")).name == "Week 3"
    assert read(gpx("", "", version="1.0", header="<name>Week 3</name>")).name == "Week 3"
    assert read(gpx("<name>a point</name>", "")).name is None


def test_names_are_cut(read, gpx):
    assert len(read(gpx("", "", line=f"<name>{'x' * 9_000}</name>")).name) == 1000


def test_what_is_said_twice_counts_once(read, gpx):
    inner = (
        "<speed>3</speed><time>2024-01-01T00:00:00Z</time><time>2025-01-01T00:00:00Z</time>"
        "<extensions><speed>9</speed><hr>150</hr><x><hr>99</hr></x></extensions>"
    )
    first = read(gpx(inner, inner)).fixes.iloc[0]
    assert (first["speed_mps"], first["heart_rate_bpm"], first["time"].year) == (3.0, 150.0, 2024)


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("prefix", ["tp", "ns3"])
def test_garmin_extensions_are_read_by_local_name(read, gpx, version, prefix):
    namespace = GARMIN.format(version).replace("tp=", f"{prefix}=")
    inner = (
        f"<extensions {namespace}><{prefix}:TrackPointExtension><{prefix}:atemp>21</{prefix}:atemp>"
        f"<{prefix}:hr>150</{prefix}:hr><{prefix}:cad>85</{prefix}:cad><{prefix}:speed>3.25</{prefix}:speed>"
        f"</{prefix}:TrackPointExtension></extensions>"
    )
    first = read(gpx(inner, inner)).fixes.iloc[0]
    assert (first["heart_rate_bpm"], first["cadence_spm"], first["speed_mps"]) == (150.0, 170.0, 3.25)
    assert np.isnan(first["accuracy_m"])


def test_cadence_counts_steps_on_foot_and_nothing_on_a_bicycle(read, gpx):
    inner = f"<extensions><tp:cad {GARMIN.format(1)}>85</tp:cad></extensions>"
    on_foot = read(gpx(inner, inner, line="<type>trail_running</type>"))
    cycling = read(gpx(inner, inner, line="<type>cycling</type>"))
    assert on_foot.fixes["cadence_spm"].tolist() == [170.0, 170.0]
    assert cycling.fixes["cadence_spm"].isna().all()


def test_apples_accuracy_is_kept_and_its_minus_one_means_unknown(read, gpx):
    inner = "<extensions><speed>{}</speed><course>9</course><hAcc>{}</hAcc><vAcc>2</vAcc></extensions>"
    fixes = read(gpx(inner.format(2.5, 4.75), inner.format(-1, -1))).fixes
    assert fixes["accuracy_m"].iloc[0] == 4.75
    assert fixes["speed_mps"].iloc[0] == 2.5
    assert fixes[["accuracy_m", "speed_mps"]].iloc[1].isna().all()


def test_the_speed_of_gpx_1_0_is_read(read):
    text = '<gpx version="1.0" xmlns="http://www.topografix.com/GPX/1/0"><trk><trkseg>{}</trkseg></trk></gpx>'
    point = '<trkpt lat="1" lon="{}"><speed>3.5</speed></trkpt>'
    assert read(text.format(point.format(1) + point.format(2))).fixes["speed_mps"].tolist() == [3.5, 3.5]


PLAIN = '<gpx><trk><trkseg><trkpt lat="1" lon="2"/><trkpt lat="2" lon="2"/></trkseg></trk></gpx>'
PREFIXED = PLAIN.replace("</", "</g:").replace("<t", "<g:t").replace("<gpx", '<g:gpx xmlns:g="urn:x"')


@pytest.mark.parametrize("text", [PLAIN, PLAIN.replace("gpx>", 'gpx xmlns="urn:other">', 1), PREFIXED])
def test_the_namespace_does_not_matter(read, text):
    assert read(text).fixes["latitude_deg"].tolist() == [1.0, 2.0]


def test_each_track_and_segment_with_points_begins_a_part(read):
    point = '<trkpt lat="50" lon="8"/>'
    track = f"<trk><trkseg>{point * 4}</trkseg><trkseg/><trkseg>{point}</trkseg></trk>"
    expected = [0, 0, 0, 0, 1, 2, 2, 2, 2, 3]
    assert read(f"<gpx>{track}<trk/>{track}</gpx>").fixes["part"].tolist() == expected


def test_pause_marks_of_opentracks_become_breaks(read, gpx, problems):
    place = 'lat="{}" lon="{}"'
    points = [(place.format(*spot), "") for spot in [(50, 8), (100, 0), (200, 0), (50.001, 8), (50.002, 8)]]
    recording = read(gpx(*points))
    assert recording.fixes["part"].tolist() == [0, 1, 1]
    assert problems(recording) == {"pause_mark": 2, "missing_time": 3}


BAD_PLACES = [
    'lat="91" lon="8"',
    'lat="-90.5" lon="8"',
    'lat="50" lon="180.01"',
    'lat="NaN" lon="8"',
    'lat="inf" lon="8"',
    'lat="51,5" lon="8"',
    'lat="" lon="8"',
    'lon="8"',
    'lat="50"',
    'lat="1_0" lon="8"',
    'LAT="50" LON="8"',
]


@pytest.mark.parametrize("place", BAD_PLACES)
def test_a_bad_point_costs_itself_alone(read, gpx, problems, place):
    good = [(f'lat="{50 + i / 1e4}" lon="8"', "<time>2024-01-01T00:00:00Z</time>") for i in range(5)]
    recording = read(gpx(*good[:3], (place, "<ele>n/a</ele>"), *good[3:]))
    assert len(recording.fixes) == 5
    assert problems(recording)["bad_position"] == 1
    assert recording.fixes["part"].eq(0).all()


@pytest.mark.parametrize(("west", "east"), [(180.01, -179.99), (188.2, -171.8), (-181.5, 178.5)])
def test_longitudes_wholly_beyond_180_are_places(read, gpx, problems, west, east):
    places = [(f'lat="{-16.8 + i / 1e4:.4f}" lon="{west + i / 1e4:.4f}"', "") for i in range(5)]
    recording = read(gpx(*places))
    assert recording.fixes["longitude_deg"].tolist() == pytest.approx([east + i / 1e4 for i in range(5)])
    assert problems(recording)["turned"] == 5


def test_a_file_with_many_bad_points_is_refused_at_the_first_of_them(read, gpx):
    places = ['lat="50" lon="8"'] * 7 + ['lat="95" lon="8"'] * 2
    with pytest.raises(DamagedFileError, match="2 of 9 points have no usable position") as caught:
        read(gpx(*((place, "") for place in places)))
    assert caught.value.offset == 9


def test_a_fifth_of_bad_points_is_not_too_many(read, gpx, problems):
    places = ['lat="50" lon="8"'] * 8 + ['lat="95" lon="8"'] * 2
    assert problems(read(gpx(*((place, "") for place in places))))["bad_position"] == 2


def test_bad_values_and_times_cost_only_themselves(read, gpx, problems):
    recording = read(
        gpx("<ele>n/a</ele><time>noon</time>", "<time>1969-01-01T00:00:00Z</time>", "<ele>1</ele><time/>")
    )
    assert problems(recording) == {"bad_value": 1, "bad_time": 2, "missing_time": 1}
    assert recording.fixes["elevation_m"].tolist()[2] == 1.0
    assert recording.fixes["time"].isna().all()
    assert recording.started_at is None


def test_times_further_ahead_than_the_clock_can_be_wrong_are_dropped(read, times, problems):
    now = datetime.now(UTC)
    texts = [(now + timedelta(days=days)).isoformat() for days in (0.0, 1.9, 2.1)]
    recording = read(times(*texts))
    assert recording.fixes["time"].isna().tolist() == [False, False, True]
    assert problems(recording) == {"bad_time": 1}


def test_a_time_without_zone_is_local_time_at_the_first_fix(read, times, problems):
    recording = read(times("2024-07-01T08:00:00", "2024-07-01T06:00:01Z", "2024-07-01T08:00:02"))
    expected = ["2024-07-01T06:00:00Z", "2024-07-01T06:00:01Z", "2024-07-01T06:00:02Z"]
    assert recording.fixes["time"].tolist() == [pd.Timestamp(text) for text in expected]
    assert problems(recording) == {"local_time": 2}
    assert "Europe/Berlin" in recording.problems[0].message
    winter = read(times("2024-01-01T08:00:00", "2024-01-01T08:00:01"))
    assert winter.started_at == datetime(2024, 1, 1, 7, tzinfo=UTC)


def test_local_hours_that_the_clock_leaps_over_or_repeats_do_no_harm(read, times):
    recording = read(times("2024-03-31T02:30:00", "2024-10-27T02:30:00"))
    leapt, repeated = recording.fixes["time"]
    assert leapt == pd.Timestamp("2024-03-31T01:00:00Z")
    assert repeated == pd.Timestamp("2024-10-27T00:30:00Z")


def test_local_time_where_no_zone_is_known_is_utc(read, times, monkeypatch):
    monkeypatch.setattr("camber.recording.points.tzfpy.get_tz", lambda *_: "Nowhere/At_All")
    recording = read(times("2024-07-01T08:00:00", "2024-07-01T08:00:01"))
    assert recording.time_zone is None
    assert recording.fixes["time"].iloc[0] == pd.Timestamp("2024-07-01T08:00:00Z")
    assert "UTC" in recording.problems[0].message


@pytest.mark.parametrize(
    ("latitude", "longitude", "zone"),
    [
        (60.17, 24.94, "Europe/Helsinki"),
        (-37.8, 145.0, "Australia/Melbourne"),
        (40.7, -74.0, "America/New_York"),
    ],
)
def test_the_zone_is_that_of_the_place(latitude, longitude, zone):
    assert zone_at(latitude, longitude) == zone


def test_every_corner_of_the_world_has_a_zone_or_none():
    for latitude in (-90.0, 0.0, 90.0):
        for longitude in (-180.0, 0.0, 180.0):
            assert isinstance(zone_at(latitude, longitude), str | None)


ROUTE_POINTS = '<rtept lat="50" lon="8"><time>2024-01-01T00:00:00Z</time></rtept><rtept lat="51" lon="8"/>'
ROUTE = f"<rte><name>Loop</name>{ROUTE_POINTS}</rte>"


def test_a_route_alone_is_a_track_without_times(read, problems):
    recording = read(f'<gpx><wpt lat="1" lon="1"/>{ROUTE}{ROUTE}</gpx>')
    assert recording.name == "Loop"
    assert recording.fixes["part"].tolist() == [0, 0, 1, 1]
    assert recording.fixes["time"].isna().all()
    assert recording.started_at is None
    assert problems(recording) == {"route": 4}


def test_routes_and_waypoints_beside_a_track_are_left_alone(read, gpx):
    waypoint = '<wpt lat="1" lon="1"><name>Café</name><type>9</type></wpt>'
    recording = read(gpx("", "", header=waypoint + ROUTE))
    assert recording.fixes["latitude_deg"].tolist() == [50.0, 50.0001]
    assert recording.name is None
    assert recording.sport is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<gpx/>", "no usable positions"),
        ("<gpx><trk><trkseg/></trk></gpx>", "no usable positions"),
        ('<gpx><wpt lat="1" lon="1"/><wpt lat="2" lon="1"/></gpx>', "no usable positions"),
        ('<gpx><trk><trkseg><trkpt lat="1" lon="1"/></trkseg></trk></gpx>', "one usable position;"),
    ],
)
def test_fewer_than_two_positions_are_no_track(read, text, said):
    with pytest.raises(NoTrackError, match=said):
        read(text)


def test_points_within_points_are_no_points(read, gpx):
    inner = '<extensions><trkpt lat="1" lon="1"/><time>2024-01-01T00:00:00Z</time><ele>5</ele></extensions>'
    fixes = read(gpx(inner, inner)).fixes
    assert len(fixes) == 2
    assert fixes["elevation_m"].isna().all()
    assert fixes["time"].isna().all()
