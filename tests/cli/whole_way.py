"""What `import`, `runs`, `analyse` and `week` say of files, each as the command says it."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import gpxpy
import pytest

DATA = Path(__file__).parents[2] / "data"
KOUVOLA = DATA / "kouvola.osm.pbf"


def kouvola_run(fixes=300, begin=0):
    """Places of the sample week in Kouvola, which are on its roads: latitudes and longitudes."""
    with (DATA / "week/2026-11-16_facing_traffic.gpx").open(encoding="utf-8") as file:
        points = [point for point, *_ in gpxpy.parse(file).walk()][begin : begin + fixes]
    return [point.latitude for point in points], [point.longitude for point in points]


@dataclass(frozen=True)
class Told:
    """Of the runs of a file: day, start, distance and duration; and what was said of them."""

    days: list
    starts: list
    imported_m: list
    analysed_m: list
    seconds: list
    codes: set
    likely: list
    words: str
    """What `show` writes of them for people."""


def told(call, paths, roads=KOUVOLA):
    """Import files at once, analyse each over roads, and ask for the weeks of their days.

    Gives what is told of each file by its name, how many runs each week counts, and all that `import` said.
    """
    before = {row["run"] for row in json.loads(call("runs", "--json")[1])["runs"]}
    code, said, warned = call("import", *paths)
    assert (code, "ended the process" in said + warned) == (0, False), said + warned
    rows = json.loads(call("runs", "--json")[1])["runs"]
    rows = sorted(
        (row for row in rows if row["run"] not in before and row["state"] != "other_sport"),
        key=lambda row: row["started_at"] or "",
    )
    found = {path.name: _of_file(call, path, rows, roads) for path in paths}
    weeks = {}
    for day in sorted({day for one in found.values() for day in one.days if day}):
        week = f"{datetime.fromisoformat(day):%G-W%V}"
        runs = json.loads(call("week", week, "--json")[1])["runs"]
        weeks[week] = sum(run["state"] in ("waiting", "analysed") for run in runs)
    return found, weeks, " ".join((said + call("runs")[1] + warned).split())


def _of_file(call, path, rows, roads):
    own = [row for row in rows if row["source"].partition("#")[0] == path.name]
    code, out, err = call("analyse", path, "--roads", roads, "--format", "json")
    assert code == 0, err
    assert "Warning" not in err
    runs = json.loads(out)["runs"]
    return Told(
        days=[row["day"] for row in own],
        starts=[row["started_at"] for row in own],
        imported_m=[row["distance_m"] for row in own],
        analysed_m=[run["distance_m"] for run in runs],
        seconds=[run["duration_s"] for run in runs],
        codes={problem["code"] for run in runs for problem in run["summary"]["problems"]},
        likely=[row["likely_day"] for row in own],
        words=" ".join(" ".join(call("show", row["run"])[1] for row in own).split()) + err,
    )


def assert_runs(found, starts, metres, seconds=None):
    """So many runs of one length at these times, the same in every command."""
    assert found.starts == [f"{start:%Y-%m-%dT%H:%M:%SZ}" for start in starts]
    assert found.days == [start.date().isoformat() for start in starts]
    assert found.imported_m == pytest.approx([metres] * len(starts), rel=0.005)
    assert found.analysed_m == pytest.approx([metres] * len(starts), rel=0.02)
    if seconds is not None:
        assert found.seconds == pytest.approx([seconds] * len(starts), abs=2.0)


def through(call, folder, files):
    """Write files, and take them all the way."""
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return told(call, [folder / name for name in files])


def osm_along(path, latitude, longitude):
    """Write an extract of one street along places [deg]."""
    nodes = "".join(
        f'<node id="{number}" version="1" lat="{y:.7f}" lon="{x:.7f}"/>'
        for number, (y, x) in enumerate(zip(latitude, longitude, strict=True), start=1)
    )
    nds = "".join(f'<nd ref="{number + 1}"/>' for number in range(len(latitude)))
    way = f'<way id="1" version="1">{nds}<tag k="highway" v="residential"/></way>'
    path.write_text(f'<osm version="0.6" generator="test">{nodes}{way}</osm>', encoding="utf-8")
    return path
