"""What a file does to a run and changes nothing: borders, order, a few wrong times and places."""

import io
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from camber.recording import read_stream
from camber.recording.limits import ReadLimits
from camber.track import prepare_track
from tests.cli.made_runs import as_fit, as_gpx, as_tcx, fit_seconds

N = 240
START = datetime(2026, 11, 15, 22, 40, tzinfo=UTC)
"""Monday in Finland and Sunday further west, so that a wrong zone shows."""

FORMATS = ("gpx", "tcx", "fit")


def winding(n=N):
    """About 3 m a second through bends, so that an order or a place that is wrong shows."""
    at = np.arange(n)
    heading = np.radians(40.0 + 70.0 * np.sin(at / 40.0) + 25.0 * np.sin(at / 9.0))
    pace_m = 3.0 + 0.4 * np.sin(at / 25.0)
    north, east = np.cumsum(pace_m * np.cos(heading)), np.cumsum(pace_m * np.sin(heading))
    degree_m = np.radians(6_371_008.8)
    latitude = 60.53 + north / degree_m
    longitude = 26.95 + east / (degree_m * np.cos(np.radians(60.53)))
    return np.round(latitude, 7).tolist(), np.round(longitude, 7).tolist()


PLACES = winding()
SECONDS = list(range(N))


def written(kind, places, seconds):
    """A file of points; `seconds` after the start, in the order given."""
    if kind == "fit":
        begin = fit_seconds(START, 1)[0]
        return as_fit(places, [begin + second for second in seconds])
    times = [f"{START + timedelta(seconds=second):%Y-%m-%dT%H:%M:%SZ}" for second in seconds]
    return {"gpx": as_gpx, "tcx": as_tcx}[kind](places, times)


def read(data, name="run"):
    return read_stream(io.BytesIO(data), name, ReadLimits())


@cache
def usual(kind):
    (one,) = read(written(kind, PLACES, SECONDS))
    return one


def cut(data, borders, tag):
    """Put borders into the text of a file: before the points of these numbers."""
    point = "<trkpt " if tag != "Lap" else "<Trackpoint>"
    head, *points = data.decode().split(point)
    between = {
        "trkseg": "</trkseg><trkseg>",
        "trk": "</trkseg></trk><trk><type>running</type><trkseg>",
        "Lap": "</Track></Lap><Lap><Track>",
        "Track": "</Track><Track>",
    }[tag]
    pieces = [head]
    for number, text in enumerate(points):
        pieces += [between if number in borders else "", point, text]
    return "".join(pieces).encode()


@given(
    borders=st.sets(st.integers(1, N - 1), max_size=40) | st.just(set(range(1, N))),
    tag=st.sampled_from(["trkseg", "trk", "Lap"]),
)
def test_borders_without_a_pause_change_nothing(borders, tag):
    kind = "tcx" if tag == "Lap" else "gpx"
    (one,) = read(cut(written(kind, PLACES, SECONDS), borders, tag))
    assert one.fixes.equals(usual(kind).fixes)
    assert one.problems == usual(kind).problems
    assert (one.started_at, one.time_zone) == (usual(kind).started_at, usual(kind).time_zone)


@settings(max_examples=60)
@given(kind=st.sampled_from(FORMATS), data=st.data())
def test_points_in_any_order_are_read_in_the_order_of_their_times(kind, data):
    size = data.draw(st.sampled_from([1, 1, 3, 20, 80]), "points that stay together")
    blocks = [list(range(at, min(at + size, N))) for at in range(0, N, size)]
    order = [at for block in data.draw(st.permutations(blocks)) for at in block]
    places = [[values[at] for at in order] for values in PLACES]
    (one,) = read(written(kind, places, [SECONDS[at] for at in order]))
    assert one.fixes.equals(usual(kind).fixes)
    assert {problem.code for problem in one.problems} <= {"order", "newest_first"}


FAR_S = st.one_of(
    st.integers(-36 * 365 * 86_400, -2 * 86_400),
    st.integers(2 * 86_400, 20 * 365 * 86_400),
    st.just(-1024 * 7 * 86_400),
)


NEAR_S = st.integers(60, 86_400) | st.integers(-86_400, -60) | st.sampled_from([-3600, 3600])
"""Within a run these show by their order; near its ends they may be what comes before or after a pause."""


@settings(max_examples=100)
@given(
    kind=st.sampled_from(FORMATS),
    wrong=st.dictionaries(st.integers(0, N - 1), FAR_S, min_size=1, max_size=N // 10 - 1)
    | st.dictionaries(
        st.integers(N // 10, N - 1 - N // 10), FAR_S | NEAR_S, min_size=1, max_size=N // 10 - 1
    ),
)
def test_a_few_wrong_times_change_nothing_but_a_count(kind, wrong):
    begin = fit_seconds(START, 1)[0]
    assume(kind != "fit" or all(0 < begin + at + off < 2**31 for at, off in wrong.items()))
    assert_same_run(kind, PLACES, [at + wrong.get(at, 0) for at in SECONDS])


@settings(max_examples=60)
@given(
    kind=st.sampled_from(FORMATS),
    begin=st.integers(0, N - 1),
    count=st.integers(1, N // 10 - 1),
    off_s=FAR_S | NEAR_S,
)
def test_wrong_times_together_change_nothing_but_a_count(kind, begin, count, off_s):
    base = fit_seconds(START, 1)[0]
    assume(kind != "fit" or 0 < base + off_s < 2**31 - N)
    # What is a few hours off nearer to an end than it is long may be what comes before or after a pause.
    assume(abs(off_s) > 86_400 + N or count < min(begin, N - begin - count))
    own = range(begin, begin + count)
    assert_same_run(kind, PLACES, [at + off_s if at in own else at for at in SECONDS])


ELSEWHERE = st.sampled_from(
    [(0.0, 0.0), (40.768, -73.975), (60.4518, 22.2666), (-33.86, 151.21), (60.55, 26.95)]
)


@settings(max_examples=100)
@given(
    kind=st.sampled_from(FORMATS),
    wrong=st.dictionaries(st.integers(0, N - 1), ELSEWHERE, min_size=1, max_size=N // 10 - 1)
    | st.builds(
        lambda begin, count, place: dict.fromkeys(range(begin, min(begin + count, N)), place),
        st.integers(0, N - 1),
        st.integers(1, N // 10 - 1),
        ELSEWHERE,
    ),
)
def test_a_few_wrong_places_change_nothing_but_a_count(kind, wrong):
    places = [list(values) for values in PLACES]
    for at, (latitude, longitude) in wrong.items():
        places[0][at], places[1][at] = latitude, longitude
    (one,) = read(written(kind, places, SECONDS))
    kept = [at for at in SECONDS if at not in wrong]
    (right,) = read(written(kind, [[values[at] for at in kept] for values in PLACES], kept))
    assert one.fixes.equals(right.fixes)
    assert (one.started_at, one.time_zone) == (right.started_at, "Europe/Helsinki")
    (problem,) = one.problems
    assert (problem.code, problem.count) == ("wrong_place", len(wrong))


def assert_same_run(kind, places, seconds):
    found = read(written(kind, places, seconds))
    assert len(found) == 1, [len(one.fixes) for one in found]
    (one,) = found
    was = usual(kind)
    assert one.time_zone == was.time_zone
    assert abs((one.started_at - was.started_at).total_seconds()) <= first_right(seconds)
    assert not {problem.code for problem in one.problems} & {"clock_unset", "clock_weeks", "clock_ahead"}
    track, expected = (prepare_track(recording)[0] for recording in (one, was))
    assert track["distance_m"].iloc[-1] == pytest.approx(expected["distance_m"].iloc[-1], abs=0.5)
    assert len(track) == len(expected)
    assert track["section"].nunique() == 1


def first_right(seconds):
    return next((at for at, second in enumerate(seconds) if second == at), 0)
