"""What an earlier camber read otherwise is read anew when the same file is imported again."""

from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest

from camber.library import importing, open_library
from camber.library.checking import check_library
from camber.recording.isolated import IsolatedReader
from camber.schema import as_fixes
from tests.exports import gpx_bytes

START = datetime(2026, 11, 3, 7, tzinfo=UTC)


def three_runs(*, days=(0, 9, 18)):
    """GPX of three runs in one file, each a track of its own."""
    texts = [gpx_bytes(n, 100, START + timedelta(days=day)).decode() for n, day in enumerate(days)]
    tracks = "".join(text[text.index("<trk>") : text.index("</gpx>")] for text in texts)
    return (texts[0][: texts[0].index("<trk>")] + tracks + "</gpx>").encode()


def as_one(self, found, read=IsolatedReader.read):
    """Read all recordings of a file as one, as camber did before."""
    recordings = read(self, found)
    fixes = pd.concat([one.fixes for one in recordings], ignore_index=True).rename_axis("fix_id")
    (first, *_) = recordings
    return (type(first)(**{**vars(first), "source": found.source, "fixes": as_fixes(fixes)}),)


@pytest.fixture
def old(tmp_path, monkeypatch):
    """A library in which an earlier camber has put a file of three runs as one, and the file."""
    path = tmp_path / "year.gpx"
    path.write_bytes(three_runs())
    with monkeypatch.context() as before:
        before.setattr(IsolatedReader, "read", as_one)
        before.setattr(importing, "READING", 1)
        with open_library(tmp_path / "library") as library:
            importing.import_paths(library, [path])
            assert library.runs()["fixes"].tolist() == [300]
    with open_library(tmp_path / "library") as library:
        yield library, path


def test_the_same_file_brings_its_three_runs_and_the_first_keeps_its_number(old):
    library, path = old
    with library.writing() as connection:
        connection.execute("UPDATE activity SET title = 'Mine', gear = 'Old shoes'")
    report = importing.import_paths(library, [path])
    runs = library.runs()
    assert runs.index.tolist() == [1, 2, 3]
    assert runs["fixes"].tolist() == [100, 100, 100]
    assert runs["day"].tolist() == ["2026-11-03", "2026-11-12", "2026-11-21"]
    assert runs["title"].tolist() == ["Mine", "Lauf 1", "Lauf 2"]
    assert runs["gear"].tolist()[0] == "Old shoes"
    assert [file.outcome for file in report.files] == ["known", "run", "run"]
    assert check_library(library).findings == ()
    again = importing.import_paths(library, [path])
    assert [file.outcome for file in again.files] == ["known"]
    assert library.runs()["fixes"].tolist() == [100, 100, 100]


def test_what_was_found_out_before_is_taken_back_and_the_runs_wait(old):
    library, path = old
    with library.writing() as connection:
        connection.execute("INSERT INTO failure VALUES (1, 'x', 'failed', 'no')")
    importing.import_paths(library, [path])
    assert library.runs()["state"].tolist() == ["waiting"] * 3


def test_a_day_that_the_runner_told_stays(old):
    library, path = old
    library.tell_day(1, date(2026, 11, 5))
    importing.import_paths(library, [path])
    assert library.runs()["day"].tolist() == ["2026-11-05", "2026-11-12", "2026-11-21"]


def test_another_recording_of_one_of_the_runs_counts_once(old, tmp_path):
    library, path = old
    other = tmp_path / "second.gpx"
    other.write_bytes(gpx_bytes(1, 100, START + timedelta(days=9)))
    importing.import_paths(library, [other])
    assert library.runs()["state"].tolist() == ["waiting", "waiting"]  # 300 fixes in 18 days, and one of them
    importing.import_paths(library, [path])
    runs = library.runs()
    assert len(runs) == 4
    assert (runs["state"] == "duplicate").sum() == 1
    assert runs.loc[runs["state"] != "duplicate", "distance_m"].sum() == pytest.approx(3 * 300.0, rel=0.3)


def test_a_file_that_is_read_as_before_keeps_what_was_found_out(tmp_path, monkeypatch):
    path = tmp_path / "run.gpx"
    path.write_bytes(gpx_bytes(1, 100, START))
    with open_library(tmp_path / "library") as library:
        with monkeypatch.context() as before:
            before.setattr(importing, "READING", 1)
            importing.import_paths(library, [path])
        with library.writing() as connection:
            connection.execute("INSERT INTO failure VALUES (1, 'x', 'failed', 'no')")
        report = importing.import_paths(library, [path])
        assert [file.outcome for file in report.files] == ["known"]
        assert library.connection.execute("SELECT count(*) FROM failure").fetchone()[0] == 1
        readers = library.connection.execute("SELECT reader FROM input").fetchall()
        assert [row[0] for row in readers] == [str(importing.READING)]


def test_a_file_that_can_no_longer_be_read_keeps_its_run(tmp_path, monkeypatch):
    path = tmp_path / "run.gpx"
    path.write_bytes(gpx_bytes(1, 100, START))
    with open_library(tmp_path / "library") as library:
        with monkeypatch.context() as before:
            before.setattr(importing, "READING", 1)
            importing.import_paths(library, [path])
        monkeypatch.setattr(IsolatedReader, "read", _refuse)
        importing.import_paths(library, [path])
        assert library.runs()["fixes"].tolist() == [100]


def _refuse(_self, found):
    raise importing.NoTrackError("holds nothing", path=found.source)
