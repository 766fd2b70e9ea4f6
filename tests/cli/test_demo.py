"""The sample week through the command line: demo, simulate and standards."""

import csv
import gzip
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import camber
from camber.cli.demo import EXTRACTS, sample_folder, true_totals
from camber.errors import RoadsError

DATA = Path(__file__).parents[2] / "data"


def run(folder, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "camber", "demo", *arguments],
        cwd=folder,
        env={**os.environ, "CAMBER_HOME": str(folder / "home")},
        capture_output=True,
        text=True,
        check=False,
    )
    return done, folder / "camber-demo"


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """One check for all tests: it analyses a whole week."""
    return run(tmp_path_factory.mktemp("demo"), "--check")


@pytest.fixture(scope="module")
def season(tmp_path_factory):
    """Ten weeks of a runner who always faces traffic, at the road's edge, in a home of their own."""
    return run(tmp_path_factory.mktemp("season"), "--no-open")


def test_the_demo_shows_a_season_in_a_few_lines_and_a_page(season):
    done, folder = season
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    lines = done.stdout.splitlines()
    assert len([line for line in lines if line]) <= 14
    assert lines[0].startswith("27 runs, ")
    assert "These recordings are simulated: nobody ran them." in done.stdout
    assert "Your left leg was" in done.stdout
    assert "camber start EXPORT" in done.stdout
    assert "simulated" in (folder / "2026-W47.html").read_text(encoding="utf-8")
    # A library of one's own is not touched.
    assert not (folder.parent / "home" / "library").exists()
    assert len(list((folder / "recordings").glob("*.gpx"))) == 27


def test_the_demo_again_gives_the_same_answer(season):
    before, folder = season
    again, _ = run(folder.parent, "--no-open")
    assert again.returncode == 0, again.stderr
    words, before_words = (done.stdout.split("Week 47", 1)[1].split() for done in (again, before))
    assert words == before_words
    assert "analysing" not in again.stderr


def test_the_check_runs_offline_and_says_what_it_is(demo):
    done, _folder = demo
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "Simulated recordings on real streets: nobody ran these." in " ".join(done.stdout.splitlines()[:3])


def test_each_run_and_the_week_are_shown(demo):
    done, _folder = demo
    runs = sorted((DATA / "week").glob("*.gpx"))
    assert len(runs) in {5, 6}
    assert done.stdout.count("LEFT  ") == 1
    assert done.stdout.startswith(f"{len(runs)} runs · 16\u201322 Nov 2026 · ")


def test_the_truth_stands_beside_the_estimate(demo):
    done, _folder = demo
    rows = re.findall(
        r"(left|right) leg low +([\d.]+) km +([\d.]+) km +([\d.]+) to ([\d.]+) km +(yes|no)", done.stdout
    )
    truth = true_totals(DATA / "week" / "truth.csv")
    assert len(rows) == 2 * len(truth)
    told = [float(row[1]) for row in rows if row[0] == "left"]
    assert told == pytest.approx([truth[name]["left_low_m"] / 1000 for name in sorted(truth)], abs=0.0051)
    for _leg, true, _median, low, high, verdict in rows:
        clearly_in = float(low) + 0.01 < float(true) < float(high) - 0.01
        clearly_out = not float(low) - 0.01 < float(true) < float(high) + 0.01
        assert not (clearly_in and verdict == "no")
        assert not (clearly_out and verdict == "yes")
    count = sum(row[-1] == "yes" for row in rows)
    assert f"The truth lies in {count} of {len(rows)} intervals" in done.stdout


def test_the_page_and_the_maps_are_written(demo):
    _done, folder = demo
    page = (folder / "week.html").read_text(encoding="utf-8")
    assert "Simulated recordings on real streets: nobody ran these" in page
    maps = sorted(path.name for path in folder.glob("map_*.png"))
    assert maps == [f"map_{path.stem}.png" for path in sorted((DATA / "week").glob("*.gpx"))]
    for path in folder.glob("*.png"):
        assert path.read_bytes().startswith(b"\x89PNG")


def test_the_demo_keeps_its_roads_for_the_next_time(demo):
    _done, folder = demo
    kept = (folder.parent / "home" / "cache" / "roads").iterdir()
    assert [path.suffix for path in kept] == [".roads"] * len(EXTRACTS)


def test_simulate_writes_the_sample_again(call, tmp_path):
    code, _out, err = call("simulate", "-o", tmp_path)
    assert code == 0
    names = {path.name for path in (DATA / "week").iterdir()}
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == names
    assert err.count("wrote ") == len(names)
    for name in names:
        again, kept = ((folder / name).read_bytes() for folder in (tmp_path, DATA / "week"))
        if name.endswith(".gz"):
            again, kept = gzip.decompress(again), gzip.decompress(kept)
        assert again == kept, name


def test_another_seed_is_another_week(call, tmp_path):
    assert call("-q", "simulate", "-o", tmp_path, "--seed", "1")[0] == 0
    kept = true_totals(DATA / "week" / "truth.csv")
    other = true_totals(tmp_path / "truth.csv")
    assert other.keys() == kept.keys()
    assert all(other[name] != kept[name] for name in kept)
    for name, totals in other.items():
        parts = sum(value for key, value in totals.items() if key != "distance_m")
        assert parts == pytest.approx(totals["distance_m"], abs=0.03), name


def test_the_sample_is_found_in_the_package_or_beside_it(monkeypatch, tmp_path):
    assert sample_folder() == DATA
    package = tmp_path / "site-packages" / "camber"
    (package / "sample").mkdir(parents=True)
    monkeypatch.setattr(camber, "__file__", str(package / "__init__.py"))
    with pytest.raises(RoadsError, match="install camber again"):
        sample_folder()
    for name in EXTRACTS:
        (package / "sample" / name).touch()
    assert sample_folder() == package / "sample"


def test_without_truth_there_is_none(tmp_path):
    assert true_totals(tmp_path / "truth.csv") == {}


def test_every_assumption_has_a_reference_in_every_format(call):
    rows = json.loads(call("standards", "--format", "json")[1])
    assert len(rows) > 50
    table = list(csv.DictReader(io.StringIO(call("standards", "--format", "csv")[1], newline="")))
    text = " ".join(call("standards")[1].split())
    assert len(table) == len(rows)
    for row, cells in zip(rows, table, strict=True):
        assert row["reference"]
        assert row["confidence"] in {"high", "medium", "low"}
        assert cells["value"].removeprefix("'") == row["value"]
        assert " ".join(row["reference"].split()) in text
