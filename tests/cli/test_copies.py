"""Recordings of one run count once, though a clock was hours off; other runs of the same way do not."""

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from tests.cli.made_runs import CASES, MONDAY, as_fit, as_gpx, as_tcx, fit_seconds, route, stamps

PLACES = route()


def beside(places, metres=4.0, seed=3):
    """The same way as another receiver saw it."""
    rng = np.random.default_rng(seed)
    return [(np.array(v) + rng.normal(0.0, metres / 111_195.0, len(v))).tolist() for v in places]


def counted(call):
    rows = json.loads(call("runs", "--json")[1])["runs"]
    return sum(row["state"] != "duplicate" for row in rows)


def put(folder, **files):
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / name.replace("_", ".")).write_bytes(data)
    return folder


def test_an_hour_off_is_one_run_and_the_import_says_so(call):
    if not CASES.is_dir():
        pytest.skip("the folder with small wrong inputs is absent")
    out = call("import", CASES / "same_run_hour_off")[1]
    assert "1  new runs and walks, 2.70 km" in out
    assert counted(call) == 1
    assert len(json.loads(call("week", "2026-W47", "--json")[1])["runs"]) == 1


def test_a_track_that_a_file_holds_again_an_hour_later_counts_once(call, tmp_path):
    """In one file with two tracks or two segments, and beside a second run that is none of the first."""
    (first, _), other = (PLACES, stamps(MONDAY)), route(2)
    again = as_gpx(beside(first), stamps(MONDAY + timedelta(hours=1))).decode()
    later = as_gpx(other, stamps(MONDAY + timedelta(hours=1, minutes=20))).decode()
    tracks = as_gpx(first, stamps(MONDAY)).decode().replace("</gpx>", "")
    track = again[again.index("<trk>") : again.index("</gpx>")]
    segment = again[again.index("<trkseg>") : again.index("</trk>")]
    files = {
        "a_gpx": f"{tracks}{track}</gpx>".encode(),
        "b_gpx": tracks.replace("2026-11", "2026-10").replace("</trk>", f"{segment}</trk></gpx>").encode(),
        "c_gpx": f"{tracks}{later[later.index('<trk>') :]}".replace("2026-11", "2026-09").encode(),
    }
    files["b_gpx"] = files["b_gpx"].replace(b"2026-11", b"2026-10")
    call("import", put(tmp_path / "x", **files))
    rows = {row["source"]: row for row in json.loads(call("runs", "--json")[1])["runs"]}
    assert {name: row["fixes"] for name, row in rows.items()} == {"a.gpx": 600, "b.gpx": 600, "c.gpx": 1200}


SHIFTS_MIN = (-600, -330, -60, 30, 120, 345, 780)


def moved_to_nepal(places):
    return [
        [value - places[0][0] + 27.7 for value in places[0]],
        [value - places[1][0] + 85.3 for value in places[1]],
    ]


@pytest.mark.parametrize("order", [1, -1])
def test_whole_and_half_hours_in_any_order_and_format(call, tmp_path, order):
    first, second = {}, {}
    for number, minutes in enumerate(SHIFTS_MIN):
        start = MONDAY - timedelta(days=3 * number)
        places = route(number)
        if minutes == 345:  # Nepal is 5 hours and 45 minutes ahead of UTC
            places = moved_to_nepal(places)
        first[f"{number}_gpx"] = as_gpx(places, stamps(start))
        moved = start + timedelta(minutes=minutes, seconds=2)
        second[f"{number}_fit"] = as_fit(beside(places), fit_seconds(moved))
    for folder in [put(tmp_path / "a", **first), put(tmp_path / "b", **second)][::order]:
        call("import", folder)
    assert counted(call) == len(SHIFTS_MIN)


def test_other_runs_of_the_same_way_are_not_lost(call, tmp_path):
    """At odd minutes, a day later, at another pace, and without having moved."""
    files = {"a_gpx": as_gpx(PLACES, stamps(MONDAY))}
    for name, minutes in (("b_tcx", 13), ("c_tcx", 24 * 60), ("d_tcx", 90.5)):
        files[name] = as_tcx(beside(PLACES), stamps(MONDAY + timedelta(minutes=minutes)))
    thinned = [values[::2] for values in PLACES]
    files["e_gpx"] = as_gpx(thinned, stamps(MONDAY + timedelta(hours=3), 300, step_s=2.3))
    still = [[48.1] * 600, [11.5] * 600]
    files["f_gpx"] = as_gpx(beside(still), stamps(MONDAY))
    files["g_gpx"] = as_gpx(beside(still, seed=9), stamps(MONDAY + timedelta(hours=3)))
    call("import", put(tmp_path / "x", **files))
    assert counted(call) == len(files)


CHANGES = (
    (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "summer"),
    (datetime(2025, 10, 26, 0, 55, tzinfo=UTC), "both"),
    (datetime(2026, 3, 29, 0, 55, tzinfo=UTC), "both"),
    (datetime(2025, 3, 30, 0, 55, tzinfo=UTC), "winter"),
    (datetime(2024, 10, 27, 1, 10, tzinfo=UTC), "winter"),
)


def test_twins_without_a_zone_over_the_change_of_the_clocks(call, tmp_path):
    """Their clocks may change with those of the place, or keep to the hour that they began with."""
    files = {}
    for number, (start, wall) in enumerate(CHANGES):
        turn = start.replace(hour=1, minute=0)
        before, after = (2, 1) if start.month == 10 else (1, 2)
        kept = {"summer": 2, "winter": 1}.get(wall)
        moments = [start + timedelta(seconds=second) for second in range(600)]
        ahead = [kept or (before if moment < turn else after) for moment in moments]
        local = [
            f"{moment + timedelta(hours=hours):%Y-%m-%dT%H:%M:%S}"
            for moment, hours in zip(moments, ahead, strict=True)
        ]
        files[f"{number}a_gpx"] = as_gpx(route(number), stamps(start))
        files[f"{number}b_gpx"] = as_gpx(beside(route(number)), local)
    call("import", put(tmp_path / "x", **files))
    assert counted(call) == len(CHANGES)
    assert {row["fixes"] for row in json.loads(call("runs", "--json")[1])["runs"]} == {600}
