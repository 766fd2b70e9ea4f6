"""The exit codes, and the line that comes with them."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import camber.pipeline
from camber.cli.session import Exit, error_line, exit_code
from camber.errors import (
    CamberError,
    DamagedFileError,
    NoRoadsError,
    NoTrackError,
    OutsideRoadsError,
    SettingsError,
    StandardsError,
    TableError,
    UnsupportedFormatError,
)

OUTSIDE = OutsideRoadsError("far", path="a", track_bounds_deg=(0, 0, 1, 1), roads_bounds_deg=(2, 2, 3, 3))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NoTrackError("x", path="a"), 3),
        (DamagedFileError("x", path="a"), 3),
        (UnsupportedFormatError("x", path="a"), 3),
        (NoRoadsError("x", path="a"), 4),
        (OUTSIDE, 4),
        (SettingsError("x", key="units"), 2),
        (TableError("Track", ["x"]), 1),
        (StandardsError("x"), 1),
        (CamberError("x"), 1),
        (ZeroDivisionError("x"), 1),
        (KeyboardInterrupt(), 130),
    ],
)
def test_each_error_has_its_code(error, code):
    assert exit_code(error) == code


def test_the_codes_are_those_of_the_design():
    assert {code.name: code.value for code in Exit} == {
        "DONE": 0,
        "UNEXPECTED": 1,
        "USAGE": 2,
        "NO_INPUT": 3,
        "NO_ROADS": 4,
        "PARTIAL": 5,
        "INTERRUPTED": 130,
    }


def test_a_known_error_says_its_message_and_an_unknown_one_how_to_see_more():
    assert error_line(NoTrackError("no positions", path="a.gpx")) == "a.gpx: no positions"
    assert "-vv" in error_line(ZeroDivisionError("division by zero"))
    assert error_line(PermissionError(13, "Permission denied", "/x")) == "/x: Permission denied"


def bad_files(folder, gpx):
    """Files that are no usable recording, by what is wrong with them."""
    bomb = '<!DOCTYPE gpx [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
    point = '<trkpt lat="60.17" lon="24.94"/>'
    head = '<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1">'
    contents = {
        "empty": b"",
        "no points": f"{head}</gpx>".encode(),
        "one point": f"{head}<trk><trkseg>{point}</trkseg></trk></gpx>".encode(),
        "doctype bomb": f"{bomb}{head}<trk><name>&b;</name></trk></gpx>".encode(),
        "no gpx": b"\x89PNG\r\n\x1a\n" + bytes(100),
        "html": b"<!doctype html><html><body>sign in</body></html>",
        "cut off": gpx.encode()[:200],
    }
    for name, content in contents.items():
        (folder / f"{name}.gpx").write_bytes(content)
    return sorted(folder.glob("*.gpx"))


def test_bad_recordings_are_refused_with_3_and_one_clear_line(call, town, morning, tmp_path):
    for path in bad_files(tmp_path, morning.read_text(encoding="utf-8")):
        code, out, err = call("-q", "analyse", path, "--roads", town)
        assert code == 3, path.name
        assert out == ""
        assert path.name in err
        assert "Traceback" not in err
        assert len(err.strip().splitlines()) == 1, err


def test_bad_roads_are_refused_with_4(call, morning, tmp_path):
    cut = tmp_path / "cut.osm.pbf"
    cut.write_bytes((Path(__file__).parents[2] / "data" / "kouvola.osm.pbf").read_bytes()[:5000])
    bare = tmp_path / "bare.osm"
    bare.write_text(
        '<osm version="0.6"><node id="1" lat="60.1" lon="24.9" version="1"/></osm>', encoding="utf-8"
    )
    for path in (cut, bare, tmp_path / "missing.osm.pbf", morning):
        code, out, err = call("-q", "analyse", morning, "--roads", path)
        assert code == 4, path.name
        assert out == ""
        assert path.name in err
        assert "Traceback" not in err


def test_a_run_outside_the_roads_is_refused_with_4_and_says_which_roads_it_needs(call, morning):
    roads = Path(__file__).parents[2] / "data" / "kouvola.osm.pbf"
    code, _out, err = call("-q", "analyse", morning, "--roads", roads)
    assert code == 4
    assert "kouvola.osm.pbf" in err
    assert "longitude 24.938 to 24.949, latitude 60.169 to 60.173" in err


@pytest.mark.parametrize(
    "arguments",
    [
        ("analyse",),
        ("roads", "add"),
        ("analyse", "a.gpx", "--roads", "b.osm", "--format", "pdf"),
        ("analyse", "a.gpx", "--roads", "b.osm", "--draws", "3"),
        ("nothing",),
        ("--nothing",),
        ("simulate",),
        ("config", "set", "units", "parsec"),
        ("config", "set", "unit", "mi"),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_2(call, arguments):
    code, out, err = call(*arguments)
    assert code == 2
    assert out == ""
    assert err


def test_one_bad_file_among_several_costs_itself_alone(call, town, morning, empty):
    """The file that is left out is named on standard error and in the report."""
    code, out, err = call("analyse", empty, morning, "--roads", town)
    assert code == 0
    assert "Morning run" in out
    assert f"Skipped: {empty.name}" in out
    assert f"skipped: {empty.name}" in err


def test_strict_says_that_something_was_skipped(call, town, morning, empty, tmp_path):
    """A file that is left out counts, be it a recording or an extract."""
    assert call("analyse", "--strict", empty, morning, "--roads", town)[0] == 5
    assert call("analyse", "--strict", morning, "--roads", town)[0] == 0
    missing = tmp_path / "missing.osm"
    assert call("analyse", "--strict", morning, "--roads", missing, "--roads", town)[0] == 5


def test_no_usable_file_at_all_is_3_and_each_is_named(call, town, empty, tmp_path):
    missing = tmp_path / "missing.gpx"
    code, _out, err = call("analyse", empty, missing, "--roads", town)
    assert code == 3
    assert empty.name in err
    assert missing.name in err


def test_something_unexpected_is_1_in_one_line_and_a_traceback_on_demand(call, town, morning, monkeypatch):
    def broken(*_arguments):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(camber.pipeline, "analyse", broken)
    code, out, err = call("-q", "analyse", morning, "--roads", town)
    assert (code, out) == (1, "")
    assert err == "camber: unexpected ZeroDivisionError: division by zero; run with -vv for the traceback\n"
    for arguments in (("-vv", "analyse"), ("analyse", "-vv")):
        code, _out, err = call(*arguments, morning, "--roads", town)
        assert code == 1
        assert "Traceback" in err


def test_an_output_that_cannot_be_written_is_said_without_a_traceback(call, town, morning, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    code, _out, err = call("-q", "analyse", morning, "--roads", town, "-o", blocked / "report.html")
    assert code == 1
    assert "Traceback" not in err
    assert "file" in err


def test_an_interrupt_is_130_and_leaves_nothing_half_written(town, morning, tmp_path):
    script = (
        "import sys, time, camber.pipeline\n"
        "def slow(*arguments):\n"
        "    print('started', flush=True)\n"
        "    time.sleep(60)\n"
        "camber.pipeline.analyse = slow\n"
        "from camber.cli import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    output = tmp_path / "out.html"
    arguments = ["analyse", str(morning), "--roads", str(town), "-o", str(output)]
    with subprocess.Popen(
        [sys.executable, "-c", script, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "started\n"
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err
    # The roads were read before, and are kept whole.
    assert {path.suffix for path in tmp_path.rglob("*") if path.is_file()} == {".roads"}


def test_a_reader_that_stops_reading_causes_no_traceback():
    command = f"{sys.executable} -m camber standards --format csv | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)  # noqa: S602
    assert done.stdout.startswith("table,")
    assert "Traceback" not in done.stderr
