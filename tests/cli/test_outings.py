"""What is one run, and in what order: files of several days, of segments, of repeats, newest first."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.cli.made_runs import as_fit, as_gpx, as_tcx, fit_seconds, stamps
from tests.cli.whole_way import assert_runs, kouvola_run, osm_along, through, told

BASE_M = 2702.0
DAYS = [datetime(2026, 11, day, 5, 12, tzinfo=UTC) for day in (3, 10, 16)]
MONDAY = DAYS[-1]
WEEKS = {"2026-W45": 1, "2026-W46": 1, "2026-W47": 1}
FIXES = 240
PLACES = kouvola_run(FIXES)
MADE_M = 719.0
"""What the first 240 fixes of the sample run add up to, by gpxpy's `length_2d`: see the first test."""

pytestmark = pytest.mark.usefixtures("kept_map")


# Several runs in one file


def test_a_run_as_it_is_is_the_measure(call, tmp_path):
    found, weeks, _ = through(call, tmp_path / "runs", {"run.gpx": as_gpx(PLACES, stamps(MONDAY, FIXES))})
    assert_runs(found["run.gpx"], [MONDAY], MADE_M, FIXES - 1)
    assert weeks == {"2026-W47": 1}
    odd = {"repeated", "order", "newest_first", "wrong_time", "clock_set", "same_time", "gap"}
    assert not found["run.gpx"].codes & odd


def test_three_activities_of_a_file_are_three_runs(call, case):
    """The same three in TCX and in GPX: each counts once."""
    folder = case / "tcx_many_activities"
    found, weeks, _ = told(call, [folder / "history.tcx", folder / "gpx_many_tracks/year.gpx"])
    assert_runs(found["history.tcx"], DAYS, BASE_M, 899)
    assert_runs(found["year.gpx"], DAYS, BASE_M, 899)
    assert weeks == WEEKS


def test_a_ride_and_a_run_of_the_next_week_are_two(call, case):
    found, weeks, _ = told(call, [case / "tcx_many_activities/ride_then_run.tcx"])
    assert_runs(found["ride_then_run.tcx"], [MONDAY], BASE_M, 899)
    assert weeks == {"2026-W47": 1}


def test_three_days_in_one_segment_are_three_runs(call, case, tmp_path):
    """Of 1.11 km each, as 400 fixes of 2.78 m make; together they are the 3.33 km of the case."""
    roads = osm_along(tmp_path / "road.osm", [60.4999, 60.505, 60.5101], [26.7] * 3)
    starts = [datetime(2026, 11, day, 7, tzinfo=UTC) for day in (3, 12, 21)]
    found, weeks, _ = told(call, [case / "several_days/two_weeks_one_gpx.gpx"], roads)
    assert_runs(found["two_weeks_one_gpx.gpx"], starts, 1109.0, 399)
    assert weeks == WEEKS


def activity(start, sport="Running"):
    text = as_tcx(PLACES, stamps(start, FIXES), sport=sport).decode()
    return text[text.index("<Activity ") : text.index("</Activities>")]


def many_activities(*starts, sports=None):
    text = as_tcx(PLACES, stamps(starts[0], FIXES)).decode()
    head, tail = text[: text.index("<Activity ")], text[text.index("</Activities>") :]
    kinds = sports or ["Running"] * len(starts)
    body = "".join(activity(start, sport) for start, sport in zip(starts, kinds, strict=True))
    return f"{head}{body}{tail}".encode()


def cut(text, tag):
    return text[text.index(f"<{tag}>") : text.rindex(f"</{tag}>") + len(tag) + 3]


def gpx_of(tag, *starts, kinds=None):
    """Tracks, or segments of one, that begin at these times."""
    kinds = kinds or ["running"] * len(starts)
    made = [
        as_gpx(PLACES, stamps(start, FIXES), kind=k).decode() for start, k in zip(starts, kinds, strict=True)
    ]
    return made[0].replace(cut(made[0], tag), "".join(cut(text, tag) for text in made)).encode()


def in_one_segment(*starts):
    times = [time for start in starts for time in stamps(start, FIXES)]
    return [values * len(starts) for values in PLACES], times


def chain(*starts):
    return b"".join(as_fit(PLACES, fit_seconds(start, FIXES)) for start in starts)


HOURS = [MONDAY, MONDAY + timedelta(hours=6, minutes=7)]
MORNING = [MONDAY, MONDAY + timedelta(minutes=40)]
OF_DAYS = {
    "activities newest first.tcx": many_activities(*DAYS[::-1]),
    "chain.fit": chain(*DAYS),
    "tracks, newest first.gpx": gpx_of("trk", *DAYS[::-1]),
    "segments.gpx": gpx_of("trkseg", *DAYS),
    "one lap.tcx": as_tcx(*in_one_segment(*DAYS)),
    "records.fit": as_fit([v * 3 for v in PLACES], [s for day in DAYS for s in fit_seconds(day, FIXES)]),
}


def test_days_part_runs_in_every_format(call, tmp_path):
    found, weeks, _ = through(call, tmp_path / "runs", OF_DAYS)
    for one in found.values():
        assert_runs(one, DAYS, MADE_M, FIXES - 1)
    assert weeks == WEEKS


def test_hours_and_activities_of_their_own_part_runs(call, tmp_path):
    hours = {"segments.gpx": gpx_of("trkseg", *HOURS), "one.gpx": as_gpx(*in_one_segment(*HOURS))}
    files = hours | {"morning.tcx": many_activities(*MORNING), "morning.fit": chain(*MORNING[::-1])}
    found, weeks, _ = through(call, tmp_path / "runs", files)
    for name, one in found.items():
        assert_runs(one, HOURS if name in hours else MORNING, MADE_M, FIXES - 1)
    assert weeks == {"2026-W47": 3}


PAUSED = [MONDAY, MONDAY + timedelta(minutes=67)]
ONE_RUN = {
    "tracks.gpx": gpx_of("trk", *PAUSED),
    "segments.gpx": gpx_of("trkseg", *PAUSED),
    "records.fit": as_fit([v * 2 for v in PLACES], [s for at in PAUSED for s in fit_seconds(at, FIXES)]),
}


def test_a_pause_of_an_hour_stays_in_its_run(call, tmp_path):
    found, weeks, _ = through(call, tmp_path / "runs", ONE_RUN)
    for one in found.values():
        assert one.days == ["2026-11-16"]
        assert one.analysed_m == pytest.approx([2 * MADE_M], rel=0.02)
    assert weeks == {"2026-W47": 1}


def test_a_ride_beside_a_run_is_no_part_of_it(call, tmp_path):
    before, after = MONDAY - timedelta(minutes=5), MONDAY + timedelta(minutes=5)
    files = {
        "ride.tcx": many_activities(before, MONDAY, sports=["Biking", "Running"]),
        "ride.gpx": gpx_of("trk", MONDAY, after, kinds=["running", "cycling"]),
    }
    found, weeks, _ = through(call, tmp_path / "runs", files)
    for one in found.values():
        assert_runs(one, [MONDAY], MADE_M, FIXES - 1)
        assert "is not analysed" in one.words
    assert weeks == {"2026-W47": 1}


# The same points again


def test_cumulative_segments_count_once(call, case):
    found, weeks, _ = told(call, [case / "outrun_cumulative_segments/run.gpx"])
    assert_runs(found["run.gpx"], [MONDAY], BASE_M, 899)
    assert "repeated" in found["run.gpx"].codes
    assert weeks == {"2026-W47": 1}


def cumulative(*upto):
    times = stamps(MONDAY, FIXES)
    return [([values[:end] for values in PLACES], times[:end]) for end in upto]


def segments(parts):
    texts = [cut(as_gpx(places, times).decode(), "trkseg") for places, times in parts]
    whole = as_gpx(*parts[0]).decode()
    return whole.replace(cut(whole, "trkseg"), "".join(texts)).encode()


def laps(parts):
    texts = [as_tcx(places, times).decode() for places, times in parts]
    rows = [text[text.index("<Lap ") : text.index("</Lap>") + 6] for text in texts]
    return texts[0].replace(rows[0], "".join(rows)).encode()


def records(parts):
    first = fit_seconds(MONDAY, FIXES)
    places = [[value for values, _ in parts for value in values[axis]] for axis in (0, 1)]
    return as_fit(places, [second for _, times in parts for second in first[: len(times)]])


AGAIN = {
    "whole twice.gpx": segments(cumulative(FIXES, FIXES)),
    "largest first.gpx": segments(cumulative(FIXES, 160, 80)),
    "two tracks.gpx": gpx_of("trk", MONDAY, MONDAY),
    "laps.tcx": laps(cumulative(60, 120, 180, FIXES)),
    "records.fit": records(cumulative(100, FIXES)),
}


def test_what_a_file_holds_again_counts_once(call, tmp_path):
    found, weeks, _ = through(call, tmp_path / "runs", AGAIN)
    for one in found.values():
        assert_runs(one, [MONDAY], MADE_M, FIXES - 1)
        assert "repeated" in one.codes
    assert weeks == {"2026-W47": 1}


# Borders without a pause


def test_a_segment_per_point_is_no_gap(call, case):
    names = ("run.gpx", "two_points_per_segment.gpx")
    found, weeks, _ = told(call, [case / "segment_per_point" / name for name in names])
    for one in found.values():
        assert_runs(one, [MONDAY], BASE_M, 899)
        assert "gap" not in one.codes
    assert weeks == {"2026-W47": 1}


def pieces(size):
    times = stamps(MONDAY, FIXES)
    return [
        ([values[at : at + size] for values in PLACES], times[at : at + size]) for at in range(0, FIXES, size)
    ]


def tracks(parts):
    texts = [cut(as_gpx(places, times).decode(), "trk") for places, times in parts]
    whole = as_gpx(*parts[0]).decode()
    return whole.replace(cut(whole, "trk"), "".join(texts)).encode()


BORDERS = {
    **{f"tracks of {size}.gpx": tracks(pieces(size)) for size in (1, 7)},
    **{f"laps of {size}.tcx": laps(pieces(size)) for size in (1, 2, 60)},
}


def test_a_border_is_no_gap_in_any_format(call, tmp_path):
    found, weeks, _ = through(call, tmp_path / "runs", BORDERS)
    for one in found.values():
        assert_runs(one, [MONDAY], MADE_M, FIXES - 1)
        assert "gap" not in one.codes
    assert weeks == {"2026-W47": 1}


# Order


def test_the_newest_first_is_the_same_run(call, case):
    names = ("run.gpx", "halves_swapped.gpx")
    found, weeks, _ = told(call, [case / "newest_first" / name for name in names])
    for one in found.values():
        assert_runs(one, [MONDAY], BASE_M, 899)
        assert one.codes & {"newest_first", "order"}
    assert weeks == {"2026-W47": 1}


def backwards(places, times):
    return [values[::-1] for values in places], times[::-1]


TURNED = {
    "points.tcx": as_tcx(*backwards(PLACES, stamps(MONDAY, FIXES))),
    "records.fit": as_fit(*backwards(PLACES, fit_seconds(MONDAY, FIXES))),
    "segments.gpx": segments(pieces(40)[::-1]),
    "segments and points.gpx": segments([backwards(*piece) for piece in pieces(40)[::-1]]),
    "laps.tcx": laps(pieces(60)[::-1]),
}


def test_newest_first_in_every_format_is_the_same_run(call, tmp_path):
    found, weeks, _ = through(call, tmp_path / "runs", TURNED)
    for one in found.values():
        assert_runs(one, [MONDAY], MADE_M, FIXES - 1)
        assert one.codes & {"newest_first", "order"}
    assert weeks == {"2026-W47": 1}
