"""A library that an earlier camber made opens, and shows the same week.

``old_library.sqlite.gz`` is of the last state whose results were known by a hash of the source (commit
773dcda): ``camber import data/simulated_strava_export.zip`` and ``camber analyse --all --roads
data/kouvola.osm.pbf``, of which runs 1, 3 and 4 were kept, the last without roads. ``old_library.json`` is
what that state said of the week.
"""

import gzip
import json
from dataclasses import asdict
from pathlib import Path

import pytest
import shapely

from camber.lateral import SharedEvidence
from camber.library import open_library, week_named
from camber.library.checking import check_library
from camber.library.database import FILE_NAME, STEPS
from camber.library.sealing import tables_of, unsound
from camber.library.stored_values import json_of, value_from
from camber.schema import Evidence, Summary

HERE = Path(__file__).parent
STORED = (("result", "summary", Summary),)


@pytest.fixture
def old(tmp_path):
    (tmp_path / FILE_NAME).write_bytes(gzip.decompress((HERE / "old_library.sqlite.gz").read_bytes()))
    with open_library(tmp_path) as library:
        yield library


def plain(value):
    """As JSON would have it."""
    return json.loads(json.dumps(value, default=str))


def coordinates(frame):
    return shapely.get_coordinates(frame.geometry.to_numpy()).sum(axis=0)


def test_it_is_brought_up_to_date_after_a_backup(old):
    assert old.connection.execute("PRAGMA user_version").fetchone()[0] == len(STEPS)
    (backup,) = (old.folder / "backups").iterdir()
    assert backup.name.endswith("-v1.sqlite")
    assert check_library(old).findings  # its original files are not here
    assert all("originals" in finding.where for finding in check_library(old).findings)


def test_no_table_holds_the_check_sums_of_before(old):
    """Each row has had a sum of its own since, in the table of seals."""
    names = [name for table in tables_of(old.connection) for name in table.columns]
    assert "day" in names
    assert "fingerprint" not in names
    assert set(unsound(old.connection)) == set()


def test_it_gives_the_same_week(old):
    said = json.loads((HERE / "old_library.json").read_text("utf-8"))
    period = old.period(week_named("2026-W47"), with_stretches=True)
    assert [run.state for run in period.runs] == said["states"]
    assert json.loads(json_of(period.total)) == said["total"]
    (week,) = plain([asdict(week) for week in period.weeks[-1:]])
    (then,) = said["weeks"]
    assert {name: week[name] for name in then} == then
    assert set(week) - set(then) == {"low"}  # which leg it was has been said since
    assert week["low"]["p_left"] + week["low"]["p_right"] == pytest.approx(1.0)
    assert plain([asdict(street) for street in period.streets]) == said["streets"]
    assert plain([asdict(item) for item in period.not_judged]) == said["not_judged"]
    assert len(period.stretches) == said["stretches"]["rows"]
    assert period.stretches["distance_m"].sum() == said["stretches"]["distance_m"]
    lines = {"places": period.stretches, "ways": old.ways([1, 3])}
    for name, frame in lines.items():
        assert coordinates(frame) == pytest.approx(said["coordinates"][name], rel=1e-12)
    for run, total in said["exposure"].items():
        assert old.exposure(int(run))["p_left_low"].sum() == total


@pytest.mark.parametrize(("table", "column", "kind"), STORED)
def test_what_was_stored_is_read_to_the_last_bit(old, table, column, kind):
    rows = old.connection.execute(f"SELECT {column} FROM {table}").fetchall()  # noqa: S608 - names above
    assert rows
    for (text,) in rows:
        assert json_of(value_from(text, kind)) == text


def test_suggestions_of_old_stay_as_they_were_written_and_are_made_anew_when_asked_for(old):
    (text,) = old.connection.execute("SELECT suggestions FROM result WHERE activity_id = 1").fetchone()
    assert json.loads(text)["conclusion"]
    assert old.run(1).summary is not None
    assert old.run(1).suggestions is None


def test_what_runs_said_in_another_form_is_read_and_says_nothing_wrong(old):
    """Decisions were counted, and offsets of lines did not say in which direction the runner went."""
    rows = old.connection.execute("SELECT value FROM evidence").fetchall()
    evidence = [value_from(text, Evidence) for (text,) in rows]
    assert evidence
    assert all(one.run and not one.uses for one in evidence)
    offsets = [offset for one in evidence for offset in one.map_offsets]
    assert offsets
    assert {offset.direction for offset in offsets} == {0}
    told = SharedEvidence(evidence).told(evidence[0])
    assert (told.uses, told.map_offsets) == ((), ())
