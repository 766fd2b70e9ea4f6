"""Notes on the command line: kept, listed, deleted, written to a file, refused where they make no sense."""

import csv
import io
import json

import pytest
import typer

from camber.library import open_library
from camber.library.checking import check_library
from camber.library.snapshot import read_snapshot, snapshots
from tests.recording.test_formats import activity
from tests.simulated_export import fit_document


def test_a_note_is_kept_listed_exported_and_deleted(call, tmp_path):
    assert call("note", "list")[1].startswith("no notes yet")
    assert call("note", "2026-11-18", "left", "hip sore", "--leg", "left")[:2] == (
        0,
        "note 1 of 2026-11-18\n",
    )
    assert call("note", "2026-11-16", "=1+1 \x1b[31mred")[0] == 0
    listed = call("note")[1]
    assert listed.splitlines()[1] == "   1  Wed 18 Nov 2026: left hip sore (left leg)"
    assert "\x1b" not in listed
    file = tmp_path / "notes.csv"
    assert call("note", "export", file)[0] == 0
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"), newline="")))
    assert [(row["day"], row["leg"], row["note"]) for row in rows] == [
        ("2026-11-16", "", "2"),
        ("2026-11-18", "left", "1"),
    ]
    assert rows[0]["text"].startswith("'=1+1")
    assert call("note", "delete", "1")[:2] == (0, "deleted: Wed 18 Nov 2026: left hip sore (left leg)\n")
    assert "hip" not in call("note", "list")[1]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["18.11.", "x"], "is not a day"),
        (["2026-11-18"], "a note needs words"),
        (["2026-11-18", " "], "a note needs words"),
        (["2026-11-18", "x" * 2001], "at most 2000 characters"),
        (["2126-11-18", "x"], "has not been yet"),
        (["delete", "7"], "there is no note 7"),
        (["delete", "last"], "is not the number of a note"),
        (["today", "x", "--run", "7"], "run 7"),
        (["today", "x", "--leg", "middle"], "middle"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_kept(call, words, says):
    code, _, err = call("note", *words)
    assert code == 2
    assert says in err
    assert call("note", "list")[1].startswith("no notes yet")


def test_notes_belong_to_the_coach_on_request_alone_and_to_others_never(call):
    for options in (["--share", "--notes"], ["--share", "--for-coach", "--notes"], ["--notes"]):
        code, _, err = call("week", *options, "--json")
        assert code == 2
        assert "--notes belongs to --for-coach" in " ".join(err.replace("│", " ").split())


def test_a_library_keeps_notes_in_its_snapshots_and_knows_when_one_is_changed(tmp_path):
    from datetime import date  # noqa: PLC0415 - one test needs it

    with open_library(tmp_path) as library:
        library.note(date(2026, 11, 18), "left hip sore", leg="left")
    with open_library(tmp_path) as library:
        assert [note.text for note in library.notes()] == ["left hip sore"]
        kept = read_snapshot(snapshots(tmp_path)[-1]).execute("SELECT text FROM note").fetchall()
        assert kept == [("left hip sore",)]
        assert not check_library(library).findings
        library.connection.execute("UPDATE note SET text = 'right hip sore'")
        assert [finding.where for finding in check_library(library).findings] == ["note of 1"]


HEAD = "Activity ID,Activity Date,Activity Name,Activity Type,Activity Description,Elapsed Time,Distance,"
ROWS = (
    '1,"16 Nov 2026, 05:12:00",Lunch,Run,,1589,4.93,,,false,left hip sore,,activities/31000000017.gpx.gz',
    '2,"17 Nov 2026, 15:40:00",Loop,Run,,1477,4.18,,,true,,Shoes,activities/31000000114.fit.gz',
)


def strava_list(tmp_path, *rows, head=f"{HEAD}Max Heart Rate,Relative Effort,Commute,Private,Gear,Filename"):
    (tmp_path / "activities.csv").write_text("\n".join([head, *rows]), encoding="utf-8")
    return tmp_path


def test_private_notes_of_an_export_are_kept_once_and_only_when_that_is_meant(call, tmp_path, monkeypatch):
    export = strava_list(tmp_path, *ROWS)
    monkeypatch.setattr("typer.confirm", lambda *_, **__: (_ for _ in ()).throw(typer.Abort()))
    assert call("note", "import", export)[0] != 0
    assert call("note", "list")[1].startswith("no notes yet")
    asked = []
    monkeypatch.setattr("typer.confirm", lambda text, **_: asked.append(text))
    assert call("note", "import", export)[1] == "1 new of 1 kept\n"
    assert "1 private note. Keep them beside your weeks, for you alone?" in asked[0]
    assert call("note", "list")[1] == "   1  Mon 16 Nov 2026: left hip sore (from strava)\n"
    assert call("note", "import", export)[1] == "0 new of 1 kept\n"


def test_a_list_of_earlier_years_has_no_private_notes(call, tmp_path):
    row = '1,"16 Nov 2026, 05:12:00",Lunch,Run,hip sore,1589,4.93,,,false,Shoes,activities/31000000017.gpx.gz'
    assert (
        "has no private notes and no self-evaluations"
        in call("note", "import", strava_list(tmp_path, row))[1]
    )


EVALUATIONS = [
    # Local time is two hours ahead of UTC: late on the 16th there, which is the day that counts.
    {"activityType": "running", "beginTimestamp": 1763332200000, "startTimeLocal": 1763339400000}
    | {"workoutFeel": 75, "workoutRpe": 70},
    {"activityType": "trail_running", "beginTimestamp": 1763100000000, "workoutFeel": 0, "workoutRpe": None},
    {"activityType": "cycling", "beginTimestamp": 1763200000000, "workoutFeel": 50, "workoutRpe": 30},
    {"activityType": "running", "beginTimestamp": 1763000000000, "workoutRpe": 0},
    {"activityType": "running", "beginTimestamp": "soon", "workoutFeel": 1e400, "workoutRpe": 100},
    "nonsense",
]


def garmins_list(tmp_path):
    folder = tmp_path / "DI_CONNECT" / "DI-Connect-Fitness"
    folder.mkdir(parents=True)
    content = json.dumps([{"summarizedActivitiesExport": EVALUATIONS}])
    (folder / "someone@example.org_0_summarizedActivities.json").write_text(content, encoding="utf-8")
    return tmp_path


def test_garmins_self_evaluations_are_kept_once_and_only_when_that_is_meant(call, tmp_path, monkeypatch):
    export = garmins_list(tmp_path)
    asked = []
    monkeypatch.setattr("typer.confirm", lambda text, **_: asked.append(text))
    assert call("note", "import", export)[1] == "2 new of 2 kept\n"
    assert "has 2 self-evaluations. Keep them beside your weeks, for you alone?" in asked[0]
    listed = call("note", "list")[1].splitlines()
    assert [line[6:] for line in listed] == [
        "Fri 14 Nov 2025: felt very weak (from garmin)",
        "Mon 17 Nov 2025: felt strong, effort 7 of 10 (from garmin)",
    ]
    assert call("note", "import", export)[1] == "0 new of 2 kept\n"


def test_a_self_evaluation_in_a_fit_file_is_of_its_run(call, tmp_path, monkeypatch):
    """Fields 192 and 193 of a session, and the run that was imported from the same file."""
    document = fit_document(activity(), felt=(25, 90))
    (tmp_path / "run.fit").write_bytes(document)
    monkeypatch.setattr("typer.confirm", lambda *_, **__: True)
    call("import", tmp_path / "run.fit")
    assert call("note", "import", tmp_path)[1] == "1 new of 1 kept\n"
    assert "Mon 16 Nov 2026: felt weak, effort 9 of 10 (run 1, from garmin)" in call("note", "list")[1]
    (tmp_path / "run.fit").write_bytes(document[:200])
    assert call("note", "import", tmp_path)[1].startswith(f"{tmp_path.name} has no private notes")
