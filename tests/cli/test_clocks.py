"""Wrong places and times: a few of them change nothing but a count, and what a whole file says is told."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.cli.made_runs import as_fit, as_gpx, as_tcx, fit_seconds, stamps
from tests.cli.whole_way import assert_runs, kouvola_run, osm_along, through, told

BASE_M, FIXES, MADE_M = 2702.0, 240, 719.0
"""The base of the cases; fixes of the sample run, and what they add up to by gpxpy's `length_2d`."""

PLACES = kouvola_run(FIXES)
MONDAY = datetime(2026, 11, 16, 5, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 15, 22, 30, tzinfo=UTC)
"""Half an hour into Monday in Finland, and Sunday nearly everywhere west of it."""

pytestmark = pytest.mark.usefixtures("kept_map")


# Places


def assert_after_midnight(one, metres, lost=1):
    """The run of the first minutes of Monday, less a few fixes."""
    assert one.days == ["2026-11-16"]
    start = datetime.fromisoformat(one.starts[0])
    assert MIDNIGHT <= start <= MIDNIGHT + timedelta(seconds=lost)
    assert one.imported_m == pytest.approx([metres], abs=4.0 * lost)
    assert one.analysed_m == pytest.approx([metres], abs=0.02 * metres + 4.0 * lost)


def test_a_first_fix_elsewhere_moves_no_day(call, case):
    names = ("run.gpx", "first00.tcx", "local_times.gpx", "stale_place/run.gpx", "control.gpx")
    for name in names:
        found, weeks, _ = told(call, [case / "first_fix_null_island" / name])
        (one,) = found.values()
        assert_after_midnight(one, BASE_M)
        assert ("wrong_place" in one.codes) == (name != "control.gpx")
    assert weeks == {"2026-W47": 1}, "whichever is read, it is one run"


def moved(where, *at):
    """The places, of which some are elsewhere."""
    latitude, longitude = (list(values) for values in PLACES)
    for index in at:
        latitude[index], longitude[index] = where
    return [latitude, longitude]


NULL, NEW_YORK, BESIDE_HOME = (0.0, 0.0), (40.768, -73.975), (60.45, 22.26)


def local(start):
    return stamps(start + timedelta(hours=2), FIXES, form="%Y-%m-%dT%H:%M:%S")


ELSEWHERE = {
    "first.fit": (as_fit(moved(NULL, 0), fit_seconds(MIDNIGHT, FIXES)), 1),
    "last.gpx": (as_gpx(moved(NULL, FIXES - 1), stamps(MIDNIGHT, FIXES)), 1),
    "amidst.tcx": (as_tcx(moved(NULL, 50, 51, 120), stamps(MIDNIGHT, FIXES)), 3),
    "last week's.tcx": (as_tcx(moved(BESIDE_HOME, *range(12)), stamps(MIDNIGHT, FIXES)), 12),
    "wall clock.tcx": (as_tcx(moved(NEW_YORK, *range(5)), local(MIDNIGHT)), 5),
    "wall clock.gpx": (as_gpx(moved(NULL, 0, 1, 2), local(MIDNIGHT)), 3),
}


def test_places_where_nobody_was_move_no_day_in_any_format(call, tmp_path):
    found, weeks, _ = through(call, tmp_path / "runs", {name: data for name, (data, _) in ELSEWHERE.items()})
    for name, one in found.items():
        assert_after_midnight(one, MADE_M, ELSEWHERE[name][1])
        assert "wrong_place" in one.codes
    assert weeks == {"2026-W47": 1}


# Times


def test_a_few_wrong_times_are_named_and_change_nothing(call, case):
    folder = case / "few_wrong_times"
    names = ("run.gpx", "first_times_before_lock/run.gpx", "fit_first_times_since_switch_on/run.fit")
    for name in (*names, "clock_jump_midway/run.gpx"):
        found, weeks, _ = told(call, [folder / name])
        (one,) = found.values()
        assert_runs(one, [MONDAY], BASE_M, 899)
        assert one.codes & {"clock_set", "wrong_time"}, name
    assert weeks == {"2026-W47": 1}


def other(times, values):
    """The times, of which some are others."""
    return [values.get(at, time) for at, time in enumerate(times)]


def years(*at, year=2004):
    return {index: f"{year}-01-01T00:00:{index % 60:02d}Z" for index in at}


STAMPS = stamps(MONDAY, FIXES)
SECONDS = fit_seconds(MONDAY, FIXES)
AGO = timedelta(weeks=1024)
FEW = {
    "amidst.tcx": as_tcx(PLACES, other(STAMPS, years(30, 31, 100, 170))),
    "last.gpx": as_gpx(PLACES, other(STAMPS, years(236, 237, 238, 239, year=2037))),
    "one in 2000.fit": as_fit(PLACES, other(SECONDS, {120: 325_900_800})),
    "weeks ago.gpx": as_gpx(PLACES, stamps(MONDAY - AGO, 20) + STAMPS[20:]),
    "since switched on.fit": as_fit(PLACES, list(range(40, 52)) + SECONDS[12:]),
    "set amidst.tcx": as_tcx(PLACES, stamps(MONDAY - timedelta(days=20), 130) + STAMPS[130:]),
    "set amidst.fit": as_fit(PLACES, fit_seconds(MONDAY + timedelta(days=3), 100) + SECONDS[100:]),
}


def test_a_few_wrong_times_change_nothing_in_any_format(call, tmp_path):
    found, weeks, _ = through(call, tmp_path / "runs", FEW)
    for name, one in found.items():
        assert_runs(one, [MONDAY], MADE_M, FIXES - 1)
        assert one.codes & {"clock_set", "wrong_time", "bad_time"}, name
    assert weeks == {"2026-W47": 1}


def test_equal_times_are_no_times(call, case):
    found, _, words = told(call, [case / "all_times_same/run.gpx"])
    one = found["run.gpx"]
    assert (one.days, one.starts, one.seconds) == ([None], [None], [0.0])
    assert one.imported_m == pytest.approx([BASE_M], rel=0.005)
    assert one.analysed_m == pytest.approx([BASE_M], rel=0.02)
    assert "same_time" in one.codes
    assert "has no day" in words


def test_equal_times_are_no_times_in_any_format(call, tmp_path):
    same = stamps(MONDAY, FIXES, step_s=0)
    files = {
        "run.tcx": as_tcx(PLACES, same),
        "run.fit": as_fit(kouvola_run(FIXES, 300), [SECONDS[0]] * FIXES),
        "thousandths.gpx": as_gpx(kouvola_run(FIXES, 600), other(same, {9: "2026-11-16T05:12:00.400Z"})),
    }
    found, _, words = through(call, tmp_path / "runs", files)
    for name, one in found.items():
        assert (one.days, one.seconds) == ([None], [0.0]), name
        assert one.analysed_m == pytest.approx(one.imported_m, rel=0.03)
        assert "same_time" in one.codes
    assert found["run.tcx"].imported_m == pytest.approx([MADE_M], rel=0.005)
    assert all(f"Run {run} has no day" in words for run in (1, 2, 3))


def test_times_to_the_minute_keep_all_points(call, tmp_path):
    minutes = stamps(MONDAY, FIXES, form="%Y-%m-%dT%H:%M:00Z")
    found, weeks, _ = through(
        call, tmp_path / "runs", {"run.gpx": as_gpx(PLACES, minutes), "run.tcx": as_tcx(PLACES, minutes)}
    )
    for one in found.values():
        assert one.days == ["2026-11-16"]
        assert one.imported_m == pytest.approx([MADE_M], rel=0.005)
        assert one.analysed_m == pytest.approx([MADE_M], rel=0.02)
        assert one.seconds == pytest.approx([FIXES], abs=60.0)
    assert weeks == {"2026-W47": 1}


# Clocks of whole files


def test_one_fix_of_the_year_2000_is_named_and_the_others_say_the_day(call, case, tmp_path):
    path = case / "wrong_clock/run00_one_2000.gpx"
    found, weeks, words = told(call, [path])
    (one,) = found.values()
    assert one.starts == ["2026-05-04T06:00:00Z"]
    assert weeks == {"2026-W19": 1}
    assert one.codes & {"wrong_time", "clock_set"}
    assert "overflow" not in one.words + words
    # What it is without the wrong time, the only one of that year.
    right = re.sub(r"<time>2000-[^<]*</time>", "", path.read_text(encoding="utf-8"))
    control, _, _ = through(call, tmp_path / "right", {"right.gpx": right.encode()})
    assert one.analysed_m == pytest.approx(control["right.gpx"].analysed_m, abs=0.1)
    assert (one.imported_m, one.seconds) == (control["right.gpx"].imported_m, control["right.gpx"].seconds)


def test_a_day_to_come_is_kept_and_asked_about(call, case, tmp_path):
    roads = osm_along(tmp_path / "road.osm", [60.4999, 60.505, 60.5101], [26.7] * 3)
    found, weeks, words = told(call, [case / "wrong_clock/future_30d.gpx"], roads)
    (one,) = found.values()
    if datetime.now(UTC) < datetime(2026, 12, 27, tzinfo=UTC):
        assert "Its times are of 2026-12-29, a day that was still to come." in words
    assert_runs(one, [datetime(2026, 12, 29, 20, 10, 29, tzinfo=UTC)], 1109.0, 399)
    assert weeks == {"2026-W53": 1}


def test_days_to_come_in_any_format_are_asked_about(call, tmp_path):
    later = (datetime.now(UTC) + timedelta(days=40)).replace(microsecond=0)
    day = f"{later:%Y-%m-%d}"
    files = {
        "run.fit": as_fit(PLACES, fit_seconds(later, FIXES)),
        "2026-10-05 run.tcx": as_tcx(kouvola_run(FIXES, 300), stamps(later, FIXES)),
    }
    found, _, words = through(call, tmp_path / "runs", files)
    for one in found.values():
        assert one.days == [day]
        assert "clock_ahead" in one.codes
    assert found["2026-10-05 run.tcx"].likely == ["2026-10-05"]
    assert words.count(f"Its times are of {day}, a day that was still to come.") == 2
    assert "camber runs --date 1 " in words
    assert call("runs", "--date", "1", "2026-10-06")[0] == 0


# Messages without a field


def test_empty_messages_between_records_cost_nothing(call, case, tmp_path):
    roads = osm_along(tmp_path / "road.osm", [49.9999, 50.014, 50.0281], [8.0] * 3)
    (path,) = (case / "bare_messages").glob("*.fit")
    found, weeks, _ = told(call, [path], roads)
    assert_runs(found[path.name], [datetime(2024, 11, 8, 11, 33, 20, tzinfo=UTC)], 3075.7, 1100)
    assert weeks == {"2024-W45": 1}


def test_any_number_of_empty_messages_costs_nothing(call, tmp_path):
    files = {f"{empty}.fit": as_fit(PLACES, SECONDS, empty=empty, made=empty) for empty in (1, 5, 40)}
    found, weeks, _ = through(call, tmp_path / "runs", files)
    for one in found.values():
        assert_runs(one, [MONDAY], MADE_M, FIXES - 1)
    assert weeks == {"2026-W47": 1}
