"""How far a run is: the same wherever it is told, or the difference is named."""

import csv
import json
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from camber.report.wording import far_text
from tests.cli.made_runs import as_fit, as_gpx, as_tcx, fit_seconds, stamps
from tests.cli.whole_way import kouvola_run

DATA = Path(__file__).parents[2] / "data"
RUNS = ("2026-11-16_facing_traffic.gpx", "2026-11-22_easy_with_pauses.gpx")
"""Of the sample: one whose positions add up to 1 % more than the run, and one to 11 %."""


def made(folder):
    """Runs on days of their own: in TCX, in FIT with a fix every 5 s, with a gap, and two in one file."""
    places = [kouvola_run(240, begin) for begin in (0, 200, 300, 500, 700)]
    days = [datetime(2026, 11, day, 9, 3, tzinfo=UTC) for day in (17, 18, 19, 20, 21)]
    sparse = [values[::5] for values in places[1]]
    gap = [values[:100] + values[160:] for values in places[2]]
    both = [one + two for one, two in zip(places[3], places[4], strict=True)]
    files = {
        "run.tcx": as_tcx(places[0], stamps(days[0], 240)),
        "sparse.fit": as_fit(sparse, fit_seconds(days[1], 240)[::5]),
        "gap.gpx": as_gpx(gap, stamps(days[2], 240)[:100] + stamps(days[2], 240)[160:]),
        "two.gpx": as_gpx(both, stamps(days[3], 240) + stamps(days[4], 240)),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return [folder / name for name in files]


def listed(call):
    return {row["source"]: row for row in json.loads(call("runs", "--json")[1])["runs"]}


def test_the_same_in_import_runs_show_week_csv_and_page(call, tmp_path, morning, town):
    files = [*(DATA / "week" / name for name in RUNS), *made(tmp_path)]
    imported = json.loads(call("import", "--json", *files, morning)[1])["files"]
    told = {one["source"]: one["distance_m"] for one in imported if one["outcome"] == "run"}
    before = listed(call)
    assert {name: before[name]["distance_m"] for name in told} == told
    maps = ("--roads", DATA / "kouvola.osm.pbf", "--roads", town)
    assert call("analyse", "--all", "--workers", "1", *maps)[0] == 0
    rows = listed(call)
    assert len(rows) == 8
    assert {row["state"] for row in rows.values()} == {"analysed"}
    week = json.loads(call("week", "2026-W47", "--json")[1])
    in_week = {run["source"]: run["distance_m"] for run in week["runs"]}
    page = tmp_path / "week.html"
    assert call("week", "2026-W47", "--html", page)[0] == 0
    assert call("export", "--format", "csv", "-o", tmp_path / "runs.csv")[0] == 0
    in_csv = defaultdict(float)
    with (tmp_path / "runs.csv").open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            in_csv[int(line["run"])] += float(line["distance_m"])
    text = call("runs")[1]
    for name, row in rows.items():
        distance = row["distance_m"]
        shown = call("show", row["run"], "--details")[1]
        assert in_week[name] == pytest.approx(distance, rel=1e-6)
        assert in_csv[row["run"]] == pytest.approx(distance, rel=0.01)
        for place in (shown, text, page.read_text("utf-8")):
            assert far_text(distance, "km") in place, name
        is_named = "from one recorded position to the next" in shown
        assert is_named == (abs(told[name] / distance - 1.0) > 0.01), name
        assert not is_named or far_text(told[name], "km") in shown
    assert any(abs(told[name] / rows[name]["distance_m"] - 1.0) > 0.01 for name in told)
    assert "from one recorded position to the next" in " ".join(text.split())
    total = sum(row["distance_m"] for row in rows.values())
    assert week["total"]["distance_m"] == pytest.approx(total, rel=1e-6)
