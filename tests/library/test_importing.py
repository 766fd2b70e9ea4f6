"""One command takes a whole history: exactly once, whole or not at all, and the bad files alone."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from camber.errors import LibraryBusyError
from camber.library import open_library
from camber.library.checking import check_library
from camber.library.importing import import_paths
from tests.exports import activities, fit_bytes, gpx_bytes, tcx_bytes, write_folder
from tests.library.conftest import everybody_ends
from tests.library.dump import dump, exact

ROOT = Path(__file__).parents[2]
MADE = activities(60, fixes=90)
START = MADE[0].started_at


@pytest.fixture(scope="module")
def export(tmp_path_factory):
    return write_folder(tmp_path_factory.mktemp("export"), MADE)


@pytest.fixture(scope="module")
def whole(export, tmp_path_factory):
    """A library after an undisturbed import."""
    folder = tmp_path_factory.mktemp("whole")
    with open_library(folder) as library:
        report = import_paths(library, [export])
        return folder, report, dump(library.connection)


def test_exactly_the_good_ones_are_in_and_every_bad_one_has_a_reason(whole):
    _, report, _ = whole
    found = {Path(file.source).name: file for file in report.files}
    assert len(found) == len(MADE)
    for one in MADE:
        file = found[Path(one.name).name]
        if one.damage:
            assert file.outcome == "problem"
            assert file.code
            assert len(file.reason) > 10
        else:
            assert (file.outcome, file.fixes) == ("run", one.fixes)
    assert report.count("problem") == 3


def test_a_second_import_changes_nothing(whole, export):
    folder, first, before = whole
    with open_library(folder) as library:
        state = exact(library.connection)
        report = import_paths(library, [export])
        assert exact(library.connection) == state
    assert report.count("known") == first.count("run")
    assert report.count("problem") == first.count("problem")
    assert dump_of(folder) == before


def dump_of(folder):
    with open_library(folder) as library:
        return dump(library.connection)


def test_the_order_of_the_files_does_not_matter(whole, export, tmp_path):
    paths = sorted((export / "activities").iterdir())
    np.random.default_rng(3).shuffle(paths)
    with open_library(tmp_path) as library:
        import_paths(library, paths)
        ours = dump(library.connection)
    labels = re.compile(r"'activities/")  # of the files say in which folder they were found
    assert sorted(labels.sub("'", ours).splitlines()) == sorted(labels.sub("'", whole[2]).splitlines())


def test_everything_checks_out(whole):
    with open_library(whole[0]) as library:
        found = check_library(library)
    assert (found.findings, found.recordings, found.originals) == ((), 57, 57)


def write(path, name, data):
    (path / name).write_bytes(data)
    return path / name


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (1, 0, 2)])
def test_three_recordings_of_one_run_count_once_and_the_richest_counts(tmp_path, order):
    later = START + timedelta(seconds=4)
    files = [
        write(tmp_path, "a.gpx", gpx_bytes(1, 300, START)),
        write(tmp_path, "z.fit", fit_bytes(1, 300, START)),
        write(tmp_path, "b.tcx", tcx_bytes(1, 300, later)),  # its clock is 4 s, 12 m, off
    ]
    with open_library(tmp_path / "library") as library:
        import_paths(library, [files[place] for place in order])
        frame = library.runs()
        primary = frame[frame["state"] != "duplicate"]
        assert primary["format"].tolist() == ["fit"]
        assert set(frame.loc[frame["state"] == "duplicate", "duplicate_of"]) == set(primary.index)
        assert len(list(library.positions())) == 1


def test_other_runs_of_the_same_time_or_the_same_place_are_no_copies(tmp_path):
    files = [
        write(tmp_path, "a.gpx", gpx_bytes(1, 300, START)),
        write(tmp_path, "elsewhere.gpx", gpx_bytes(2, 300, START)),
        write(tmp_path, "tomorrow.gpx", gpx_bytes(1, 300, START + timedelta(days=1))),
        write(tmp_path, "a_short_part.gpx", gpx_bytes(1, 100, START)),
    ]
    with open_library(tmp_path / "library") as library:
        import_paths(library, files)
        assert (library.runs()["state"] == "waiting").all()


def test_the_same_content_under_another_name_or_compressed_is_known(tmp_path):
    data = gpx_bytes(1, 50, START)
    import gzip  # noqa: PLC0415 - here alone

    files = [write(tmp_path, "a.gpx", data), write(tmp_path, "b.gpx", data),
             write(tmp_path, "c.gpx.gz", gzip.compress(data))]  # fmt: skip
    with open_library(tmp_path / "library") as library:
        report = import_paths(library, files)
        assert [file.outcome for file in report.files] == ["run", "known", "known"]


def test_other_sports_and_files_without_positions_are_kept_and_not_analysed(tmp_path):
    empty = b'<gpx version="1.1"><trk><trkseg></trkseg></trk></gpx>'
    files = [
        write(tmp_path, "ride.gpx", gpx_bytes(1, 50, START, sport="cycling")),
        write(tmp_path, "treadmill.gpx", gpx_bytes(2, 50, START, sport="treadmill_running")),
        write(tmp_path, "none.gpx", empty),
    ]
    with open_library(tmp_path / "library") as library:
        report = import_paths(library, files)
        assert [file.outcome for file in report.files] == ["other_sport", "other_sport", "no_track"]
        assert list(library.positions()) == []
        assert check_library(library).findings == ()


def garmin_export(path, worn):
    """An export of Garmin: runs in an archive within it, by names of their own, and lists beside them."""
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        for number in range(3):
            began = START + timedelta(days=number)
            archive.writestr(f"someone_{number + 900}.fit", fit_bytes(number, 300, began))
    begun = [
        {"activityId": 70 + n, "beginTimestamp": int((START + timedelta(days=n)).timestamp() * 1000) - 9000}
        for n in range(3)
    ]
    gear = {
        "gearDTOS": [
            {"gearPk": 1, "customMakeModel": "Maker Model", "displayName": "Blue ones"},
            {"gearPk": 2, "customMakeModel": "Trail \x1b[31mshoe", "displayName": None},
            "nonsense",
        ],
        "gearActivityDTOs": worn,
    }
    base = "DI_CONNECT/DI-Connect-Fitness/someone@example.org"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("DI_CONNECT/DI-Connect-Uploaded-Files/Part1.zip", inner.getvalue())
        listed = json.dumps([{"summarizedActivitiesExport": begun}])
        archive.writestr(f"{base}_0_summarizedActivities.json", listed)
        archive.writestr(f"{base}_gear.json", json.dumps([gear]))
    return path


def test_shoes_of_a_garmin_export_find_the_runs_that_began_when_its_list_says(tmp_path):
    worn = {"1": [{"activityId": 70}], "2": [{"activityId": 72}, {}], "3": [{"activityId": 71}], "4": None}
    with open_library(tmp_path / "library") as library:
        export = garmin_export(tmp_path / "export.zip", worn)
        for _ in range(2):
            import_paths(library, [export])
            gear = library.connection.execute("SELECT gear FROM activity ORDER BY started_at_ms").fetchall()
            assert [row[0] for row in gear] == ["Blue ones", None, "Trail [31mshoe"]
        assert not check_library(library).findings


def test_the_recording_comes_back_as_it_was_read(tmp_path):
    import camber  # noqa: PLC0415 - here alone

    path = write(tmp_path, "a.gpx", gpx_bytes(1, 50, START))
    read = camber.read_recording(path)
    with open_library(tmp_path / "library") as library:
        import_paths(library, [path])
        kept = library.recording(1)
    for name in ("time", "latitude_deg", "longitude_deg", "elevation_m", "part"):
        assert kept.fixes[name].equals(read.fixes[name]), name
    assert (kept.name, kept.sport, kept.time_zone, kept.started_at) == (
        read.name, read.sport, read.time_zone, read.started_at)  # fmt: skip


def started(export, home):
    """An import as a process of its own, as people start it."""
    return subprocess.Popen(
        [sys.executable, "-m", "camber", "-v", "import", str(export)],
        env={**os.environ, "CAMBER_HOME": str(home), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def reported(process):
    """Names of files that were said to be in, as far as they were said."""
    out, err = process.communicate()
    return [line.removeprefix("run: ") for line in (out + err).splitlines() if line.startswith("run: ")]


KILLS = int(os.environ.get("CAMBER_KILLS", "8"))


def test_killed_at_any_moment_nothing_is_lost_and_nothing_is_half_there(whole, export, tmp_path):
    """kill -9 at random moments; CAMBER_KILLS sets how often (1,000 on demand)."""
    rng = np.random.default_rng(5)
    home, said, killed = tmp_path / "home", set(), 0
    while killed < KILLS:
        process = started(export, home)
        # Most of a start is loading libraries: wait for the first word at times, for none at others.
        if rng.random() < 0.8:
            process.stderr.readline()
            time.sleep(rng.uniform(0.0, 0.15))
        else:
            time.sleep(rng.uniform(0.0, 1.0))
        process.kill()
        assert everybody_ends(process.pid)  # those who read files, too
        said |= set(reported(process))
        killed += 1
        with open_library(home / "library") as library:
            assert all("is of no run" in finding.what for finding in check_library(library).findings)
            there = {row[0] for row in library.connection.execute("SELECT source FROM activity")}
            assert said <= there
            done = library.connection.execute("SELECT count(*) FROM input").fetchone()[0]
        if done == len(MADE):  # all in: begin again
            assert dump_of(home / "library") == whole[2]
            home, said = tmp_path / f"home{killed}", set()
    process = started(export, home)
    process.communicate()
    assert process.returncode == 0
    assert dump_of(home / "library") == whole[2]
    assert not list(home.rglob("*.part"))


def test_ctrl_c_says_what_is_safe_and_the_next_import_goes_on(export, tmp_path, whole):
    process = started(export, tmp_path)
    process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    if process.returncode != 0:  # it may have been quicker
        assert process.returncode == 130
        assert "again to go on" in err
        assert "Traceback" not in err
    process = started(export, tmp_path)
    process.communicate()
    assert dump_of(tmp_path / "library") == whole[2]


def test_a_second_import_waits_or_says_who_is_at_work(tmp_path):
    with open_library(tmp_path) as first, open_library(tmp_path) as second, first.held_for("import"):
        with (
            pytest.raises(LibraryBusyError, match=rf"import, process {os.getpid()}"),
            second.held_for("import", patience_s=0.2),
        ):
            pass
        assert len(second.runs()) == 0  # reading needs no waiting


def test_two_imports_at_once_give_the_same_library(export, tmp_path, whole):
    pair = [started(export, tmp_path), started(export, tmp_path)]
    codes = []
    for process in pair:
        _, err = process.communicate()
        codes.append(process.returncode)
        assert process.returncode == 0 or "is writing to it" in err
    assert 0 in codes
    assert dump_of(tmp_path / "library") == whole[2]


@pytest.fixture
def small_disk(tmp_path):
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=700k,mode=0700", "tmpfs", str(place)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_is_told_nothing_is_lost_and_the_import_goes_on(small_disk, export, whole):
    process = started(export, small_disk)
    _, err = process.communicate()
    assert process.returncode == 1
    assert "disk is full" in err
    assert "Traceback" not in err
    said = [line.removeprefix("run: ") for line in err.splitlines() if line.startswith("run: ")]
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    with open_library(small_disk / "library") as library:
        assert all("is of no run" in finding.what for finding in check_library(library).findings)
        there = {row[0] for row in library.connection.execute("SELECT source FROM activity")}
        assert set(said) <= there
    process = started(export, small_disk)
    process.communicate()
    assert process.returncode == 0
    assert dump_of(small_disk / "library") == whole[2]
