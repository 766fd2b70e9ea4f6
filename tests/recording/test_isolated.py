"""Reading in a process of its own gives the same, and what crashes or hangs costs one file."""

import os
import signal
import sys
import threading
import time

import pandas as pd
import pytest

from camber.errors import DamagedFileError, NoTrackError, ReaderCrashError, RecordingError
from camber.recording import ReadLimits, isolated
from camber.recording.archive import Found
from camber.recording.isolated import IsolatedReader, read_isolated
from tests.recording.conftest import gpx

RUN = gpx(
    "<ele>5</ele><time>2026-01-01T00:00:00Z</time><speed>3</speed>",
    "<time>2026-01-01T00:00:01.25Z</time>",
    "",
).encode()


@pytest.fixture(scope="module")
def reader():
    with IsolatedReader() as reader:
        yield reader


def test_the_recording_comes_back_whole(reader, read):
    (there,), here = reader.read(Found("run.gpx", RUN)), read(RUN)
    pd.testing.assert_frame_equal(there.fixes, here.fixes)
    for name in ("source", "format", "sport", "device", "name", "started_at", "time_zone", "problems"):
        assert getattr(there, name) == getattr(here, name), name
    there.fixes["latitude_deg"] += 1.0  # its columns are its own and can be written to


def test_several_recordings_of_a_file_come_back_in_order(reader):
    later = RUN.decode().replace("2026-01-01", "2026-01-03").partition("<trk>")[2].partition("</gpx>")[0]
    both = RUN.decode().replace("</gpx>", f"<trk>{later}</gpx>").encode()
    first, second = reader.read(Found("run.gpx", both))
    assert (first.source, second.source) == ("run.gpx#1", "run.gpx#2")
    assert (second.started_at - first.started_at).days == 2
    assert first.fixes["latitude_deg"].equals(second.fixes["latitude_deg"])


def test_without_any_time_there_is_no_beginning(reader):
    (recording,) = reader.read(Found("run.gpx", gpx("", "").encode()))
    assert recording.started_at is None
    assert recording.fixes["time"].isna().all()


def test_the_list_of_an_export_fills_in_what_the_file_does_not_say(reader):
    (silent,) = reader.read(Found("a/run.gpx", RUN, name="Evening\x07 run", sport="lauf"))
    assert (silent.name, silent.sport, silent.source) == ("Evening run", "lauf", "a/run.gpx")
    telling = gpx("", "", line="<name>Mine</name><type>running</type>").encode()
    (own,) = reader.read(Found("run.gpx", telling, name="Theirs", sport="ride"))
    assert (own.name, own.sport) == ("Mine", "running")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", DamagedFileError),
        (b"<gpx>\n<a", DamagedFileError),
        (b"<gpx/>", NoTrackError),
        (b"x", RecordingError),
    ],
)
def test_an_error_is_the_same_as_without_the_process(reader, read, content, kind):
    with pytest.raises(kind) as there:
        reader.read(Found("run.gpx", content))
    with pytest.raises(kind) as here:
        read(content)
    assert (type(there.value), str(there.value)) == (type(here.value), str(here.value))
    assert there.value.offset == here.value.offset


def test_an_error_that_only_the_reader_knows_comes_back_as_what_it_is_a_kind_of(reader):
    inner = "".join(f"<extensions><x{k}:hr>1</x{k}:hr></extensions>" for k in range(20))
    with pytest.raises(DamagedFileError, match="well-formed"):
        reader.read(Found("run.gpx", gpx(inner, "").encode()))


def test_one_process_reads_file_after_file():
    with IsolatedReader() as reader:
        reader.read(Found("a.gpx", RUN))
        first = reader._process.pid
        with pytest.raises(RecordingError):
            reader.read(Found("b.gpx", b""))
        reader.read(Found("c.gpx", RUN))
        assert reader._process.pid == first


def struck(reader):
    """End the process of a reader while a file is under way."""
    os.kill(reader._process.pid, signal.SIGSTOP)
    threading.Timer(0.3, os.kill, (reader._process.pid, signal.SIGSEGV)).start()
    threading.Timer(0.4, os.kill, (reader._process.pid, signal.SIGCONT)).start()


def test_a_file_pays_for_no_crash_but_its_own():
    with IsolatedReader() as reader:
        reader.read(Found("a.gpx", RUN))
        struck(reader)
        assert len(reader.read(Found("b.gpx", RUN))[0].fixes) == 3


def test_a_crash_costs_one_file(monkeypatch):
    began = IsolatedReader._started

    def doomed(reader):
        reader._process = began(reader)
        struck(reader)
        return reader._process

    with IsolatedReader() as reader:
        monkeypatch.setattr(IsolatedReader, "_started", doomed)
        with pytest.raises(ReaderCrashError, match="signal 11"):
            reader.read(Found("b.gpx", RUN))
        monkeypatch.undo()
        assert len(reader.read(Found("c.gpx", RUN))[0].fixes) == 3


def test_a_hang_is_ended_by_the_clock():
    with IsolatedReader(ReadLimits(wall_s=1.0)) as reader:
        reader.read(Found("a.gpx", RUN))
        os.kill(reader._process.pid, signal.SIGSTOP)
        begin = time.monotonic()
        with pytest.raises(ReaderCrashError, match="within 1 s"):
            reader.read(Found("b.gpx", RUN))
        assert time.monotonic() - begin < 10.0


LONG = gpx(*["<ele>5</ele><time>2026-01-01T00:00:00Z</time>"] * 400_000).encode()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds these limits")
@pytest.mark.parametrize("limits", [ReadLimits(memory_bytes=2**28), ReadLimits(cpu_s=0.01)])
def test_too_much_memory_or_time_costs_one_file(limits):
    with IsolatedReader(limits) as reader, pytest.raises(ReaderCrashError):
        reader.read(Found("long.gpx", LONG))


def test_without_a_reader_of_ones_own_one_is_kept():
    assert len(read_isolated(Found("a.gpx", RUN))[0].fixes) == 3
    assert isolated._reader(os.getpid(), ReadLimits()) is isolated._reader(os.getpid(), ReadLimits())
