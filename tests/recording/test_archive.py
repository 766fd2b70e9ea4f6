"""Exports: every recording is found once, and what would harm is named and costs itself alone."""

import gzip
import io
import os
import struct
import tracemalloc
import zipfile

import pytest

from camber.errors import DamagedFileError, RecordingError
from camber.recording import ReadLimits
from camber.recording.archive import PrivacyZone, find_recordings
from camber.recording.fit import fit_type
from tests.recording.conftest import gpx
from tests.recording.zips import Entry, archive

RUN = gpx("<time>2026-01-01T00:00:00Z</time>", "<time>2026-01-01T00:00:01Z</time>").encode()
GERMAN = (
    "Aktivitäts-ID,Aktivitätsdatum,Name der Aktivität,Aktivitätsart,Beschreibung,Distanz,Distanz,Ausrüstung,"
    'Dateiname,NaN\n1201,"09.12.2022, 15:24:49",Feierabendrunde,Lauf,"Zeile,\nnoch eine","9,44",9440.2,'
    'Schuh A,activities/77.gpx.gz,\n1202,"10.12.2022, 15:24:49",Ohne Datei,Lauf,,"1,0",1000,,,\n'
    '1203,"11.12.2022, 15:24:49",Kaputt,Radfahrt,,"1,0",1000,,#error#,\n'
    '1204,"12.12.2022, 15:24:49",Weg,Lauf,,"1,0",1000,Schuh B,activities/79.fit.gz,\n'
)
STRAVA = {
    "activities.csv": b"\xef\xbb\xbf" + GERMAN.encode(),
    "activities/77.gpx.gz": gzip.compress(RUN),
    "activities/78.tcx": RUN,
    "routes/1.gpx": RUN,
    "media/a.jpg": b"\xff\xd8\xff",
    "privacy_zones.csv": b'Adresse,Radius,Ort\nHeim,200,"60.5, 26.9"\nKaputt,x,y\n',
    "general_preferences.csv": "Gewicht,Maßeinheit\nkg,Metrisch\n".encode(),
    "profile.csv": b"secret",
}


def packed(files):
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files.items():
            file.writestr(name, content)
    return whole.getvalue()


def laid_out(files, folder):
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def look(tmp_path):
    """Look through bytes as a file, or names and bytes as a folder."""

    def look(content, name="export.zip", **arguments):
        if isinstance(content, dict):
            place = laid_out(content, tmp_path / "folder")
        else:
            place = tmp_path / name
            place.write_bytes(content)
        found = find_recordings(place, **arguments)
        return list(found), found.notes

    return look


def codes(notes):
    return {problem.source: problem.code for problem in notes.problems if problem.source}


@pytest.mark.parametrize(
    "layout", [dict, packed, lambda files: packed({f"export_1/{k}": v for k, v in files.items()})]
)
def test_a_strava_export_is_understood_in_any_language_packed_or_not(look, layout):
    found, notes = look(layout(STRAVA))
    assert [each.source.removeprefix("export_1/") for each in found] == [
        "activities/77.gpx.gz",
        "activities/78.tcx",
    ]
    assert (found[0].name, found[0].sport, found[0].gear) == ("Feierabendrunde", "lauf", "Schuh A")
    assert found[0].data == STRAVA["activities/77.gpx.gz"]
    assert (found[1].name, found[1].sport) == (None, None)
    assert notes.privacy_zones == (PrivacyZone(60.5, 26.9, 200.0),)
    assert notes.units == "metric"
    assert [problem.code for problem in notes.problems] == ["missing_file", "other_file"]


def fit(kind, body=b"", definitions=1):
    """A FIT file of one ``file_id`` message and whatever follows; checksums are zero, which is allowed."""
    data = b"\x40\0\0\0\0\1\0\1\0" * definitions + b"\0" + bytes([kind]) + body
    return struct.pack("<2BHI4sH", 14, 16, 2132, len(data), b".FIT", 0) + data + b"\0\0"


def test_garmins_archives_in_an_archive_give_their_activities_alone(look):
    inner = packed({"a_1.fit": fit(4), "a_2.fit": fit(32), "a_3.fit": fit(49), "a_4.fit": fit(4)})
    outer = packed(
        {"DI_CONNECT/DI-Connect-Uploaded-Files/UploadedFiles_0-_Part1.zip": inner, "x.json": b"{}"}
    )
    found, notes = look(outer)
    assert [each.source.rpartition("!")[2] for each in found] == ["a_1.fit", "a_4.fit"]
    assert {problem.code: problem.count for problem in notes.problems} == {"other_fit": 2, "other_file": 1}


def test_archives_deeper_than_garmins_are_refused(look):
    content = RUN
    for depth in range(3):
        content = packed({f"{depth}.gpx" if depth == 0 else f"{depth}.zip": content})
    found, notes = look(content)
    assert not found
    assert codes(notes) == {"2.zip!1.zip": "refused"}


def test_chained_fit_files_are_given_one_by_one(look):
    found, _ = look(fit(4) + fit(2) + fit(4), name="chained.fit")
    assert [each.source for each in found] == ["chained.fit#1", "chained.fit#2"]
    assert [each.data for each in found] == [fit(4), fit(4)]
    found, _ = look(gzip.compress(fit(4) + fit(4)), name="chained.fit.gz")
    assert [each.data for each in found] == [fit(4), fit(4)]


APPLE = """<?xml version="1.0"?><!DOCTYPE HealthData [<!ELEMENT HealthData (Record*)>]>
<HealthData locale="de_DE">
{}<Workout workoutActivityType="HKWorkoutActivityTypeRunning"><WorkoutRoute>
<FileReference path="/workout-routes/route_1.gpx"/></WorkoutRoute></Workout>
<Workout workoutActivityType="HKWorkoutActivityTypeTrailRunning"/>
<Workout workoutActivityType="HKWorkoutActivityTypeCycling"><WorkoutRoute>
<FileReference path="/workout-routes/route_2.gpx"/></WorkoutRoute></Workout></HealthData>"""


@pytest.mark.parametrize("name", ["export.xml", "Exportieren.xml"])
def test_apples_routes_get_their_sport_from_the_list(look, name):
    records = '<Record type="HeartRate" value="60"/>' * 20_000
    base = "apple_health_export/"
    found, _ = look(
        packed(
            {
                f"{base}{name}": APPLE.format(records).encode(),
                f"{base}export_cda.xml": b"<ClinicalDocument/>",
                f"{base}workout-routes/route_1.gpx": RUN,
                f"{base}workout-routes/route_2.gpx": RUN,
            }
        )
    )
    assert [each.sport for each in found] == ["running", "cycling"]


def test_runkeepers_list_names_sports_and_routes(look):
    rows = "Activity Id,Date,Type,Route Name,Distance (km),GPX File\nab-1,2020-01-01,Running,Home,5,r.gpx\n"
    found, _ = look({"cardioActivities.csv": (rows + "ab-2,2020-01-02,Walking,,1,\n").encode(), "r.gpx": RUN})
    assert [(each.source, each.name, each.sport) for each in found] == [("r.gpx", "Home", "running")]


def test_content_decides_and_a_claim_is_taken_at_its_word(look):
    files = {
        "a": RUN,
        "b.txt": gzip.compress(RUN),
        "c.gpx": b"",
        "d.fit.gz": b"no",
        "e.txt": b"words",
        "f": fit(4),
    }
    found, notes = look(files)
    assert [each.source for each in found] == ["a", "b.txt", "c.gpx", "d.fit.gz", "f"]
    assert notes.problems[0].code == "other_file"


HARMFUL = {
    "link": (Entry(b"a.gpx", b"/etc/passwd", mode=0o120777), "refused"),
    "encrypted": (Entry(b"a.gpx", RUN, flags=1), "refused"),
    "unknown packing": (Entry(b"a.gpx", RUN, method=12), "refused"),
    "bomb": (Entry(b"a.gpx", b"\0" * 40_000_000), "unreadable"),
    "wrong checksum": (Entry(b"a.gpx", RUN, crc=1), "unreadable"),
    "size too small": (Entry(b"a.gpx", RUN, size=9), "unreadable"),
    "size too large": (Entry(b"a.gpx", RUN, size=10**6), "unreadable"),
}


@pytest.mark.parametrize(("entry", "code"), HARMFUL.values(), ids=HARMFUL.keys())
def test_a_harmful_entry_costs_itself_alone(look, entry, code):
    found, notes = look(archive(Entry(b"first.gpx", RUN), entry, Entry(b"last.gpx", RUN)))
    assert [each.source for each in found] == ["first.gpx", "last.gpx"]
    assert codes(notes) == {"a.gpx": code}


def test_entries_that_share_their_bytes_are_refused_but_for_the_first(look):
    shared = [Entry(f"{k}.gpx".encode(), RUN, shares=0) for k in range(1, 50)]
    found, notes = look(archive(Entry(b"0.gpx", RUN), *shared))
    assert [each.source for each in found] == ["0.gpx"]
    assert len(codes(notes)) == 49


@pytest.mark.parametrize(
    ("name", "label"),
    [
        (b"../../evil.gpx", "evil.gpx"),
        (b"/etc/cron.d/x.gpx", "etc/cron.d/x.gpx"),
        (b"C:\\x.gpx", "C:/x.gpx"),
        (b"a\x1b[2Jb.gpx", "a[2Jb.gpx"),
        ("straße.gpx".encode(), "straße.gpx"),
        (b"bad\x81.gpx", "badü.gpx"),
        (b"..", "unnamed"),
    ],
)
def test_a_name_is_a_label_and_nothing_else(look, tmp_path, name, label):
    before = set(tmp_path.iterdir())
    found, _ = look(archive(Entry(name, RUN)))
    assert [each.source for each in found] == [label]
    assert {path.name for path in set(tmp_path.iterdir()) - before} == {"export.zip"}


def test_a_name_that_only_claims_to_be_utf_8_costs_nothing(look):
    found, _ = look(archive(Entry(b"\xff\xfe.gpx", RUN, flags=0x800), Entry(b"b.gpx", RUN)))
    assert [each.source for each in found] == ["\\xff\\xfe.gpx", "b.gpx"]


def test_both_of_two_entries_with_one_name_are_read(look):
    other = RUN.replace(b"50.0", b"51.0")
    found, _ = look(archive(Entry(b"a.gpx", RUN), Entry(b"a.gpx", other)))
    assert [(each.source, each.data) for each in found] == [("a.gpx", RUN), ("a.gpx#2", other)]


def test_descriptors_after_the_data_and_text_before_the_archive_are_no_trouble(look):
    class Unseekable(io.BytesIO):
        def seekable(self):
            return False

        def seek(self, *_):
            raise io.UnsupportedOperation

        def tell(self):
            raise io.UnsupportedOperation

    whole = Unseekable()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.gpx", RUN)
        file.writestr("b.gpx", RUN)
    for content in (whole.getvalue(), b"PK\3\4 and a program before" + whole.getvalue()):
        found, _ = look(content)
        assert [each.data for each in found] == [RUN, RUN]


def test_a_large_archive_with_zip64_numbers_is_read(look):
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as file, file.open("a.gpx", "w", force_zip64=True) as entry:
        entry.write(RUN)
    with zipfile.ZipFile(whole, "a") as file:
        for k in range(66_000):
            file.writestr(f"{k}", b"")
    found, notes = look(whole.getvalue())
    assert [each.data for each in found] == [RUN]
    assert notes.problems[0].count == 66_000


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_an_archive_cut_short_is_named(look, share):
    content = packed(STRAVA)
    with pytest.raises(DamagedFileError):
        look(content[: int(share * len(content))])


def test_an_archive_beyond_a_limit_is_refused(look):
    with pytest.raises(DamagedFileError, match="4 files"):
        look(packed({str(k): b"" for k in range(4)}), limits=ReadLimits(archive_entries=3))
    found, notes = look(
        packed({f"{k}.gpx": RUN for k in range(9)}), limits=ReadLimits(archive_bytes=4 * len(RUN))
    )
    assert len(found) < 3
    assert set(codes(notes).values()) == {"unreadable"}


def test_links_to_folders_and_pipes_in_a_folder_are_passed_over(look, tmp_path):
    laid_out({"folder/a.gpx": RUN, "secret/b.gpx": RUN}, tmp_path)
    (tmp_path / "folder/link").symlink_to(tmp_path / "secret", target_is_directory=True)
    os.mkfifo(tmp_path / "folder/pipe.gpx")
    found, _ = look({})
    assert [each.source for each in found] == ["a.gpx"]


def test_what_is_not_there_is_named(tmp_path):
    with pytest.raises(RecordingError, match="not there"):
        find_recordings(tmp_path / "none.zip")


def test_one_file_is_in_memory_at_a_time(tmp_path):
    """Ten entries of 2 MB from an archive: the peak grows by few of them and not by ten."""
    content = RUN + b"<!--" + os.urandom(1_000_000).hex().encode() + b"-->"
    path = tmp_path / "export.zip"
    path.write_bytes(packed({f"{k}.gpx": content for k in range(10)}))
    tracemalloc.start()
    assert sum(1 for _ in find_recordings(path)) == 10
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4.5 * len(content)


def test_an_entry_of_a_later_version_of_the_format_costs_no_other(look):
    content = bytearray(archive(Entry(b"a.gpx", RUN), Entry(b"b.gpx", RUN)))
    content[content.index(b"PK\1\2") + 6] = 99  # version needed to extract, of the first entry
    found, _ = look(bytes(content))
    assert [each.data for each in found] == [RUN, RUN]


@pytest.mark.parametrize(
    "extra",
    [b"\xff\xff\xff\x7f", b"\x75\x70\3\0abc", b"\1\0\2\0ab", b"\0"],
    ids=["longer than itself", "half a name", "half a size", "one byte"],
)
def test_an_extra_field_of_a_wrong_form_costs_no_other(look, extra):
    found, _ = look(archive(Entry(b"a.gpx", RUN, extra=extra), Entry("ö.gpx".encode(), RUN)))
    assert [(each.source, each.data) for each in found] == [("a.gpx", RUN), ("ö.gpx", RUN)]


def test_what_a_fit_file_is_stands_at_its_beginning(look):
    assert fit_type(fit(32, definitions=5)) == "monitoring_b"
    assert fit_type(fit(32, definitions=10_000)) is None
    found, _ = look(packed({"soon.fit": fit(32, definitions=5), "late.fit": fit(32, definitions=10_000)}))
    assert [each.source for each in found] == ["late.fit"]  # the reader will say what it is


def test_a_name_may_be_written_in_two_ways(look):
    content = archive(Entry(b"a/b.gpx", RUN)).replace(b"a/b.gpx", b"a\\b.gpx", 1)
    found, _ = look(content)
    assert [(each.source, each.data) for each in found] == [("a/b.gpx", RUN)]


def test_a_bomb_that_claims_to_be_large_while_packed_is_stopped(look):
    bomb = archive(Entry(b"a.gpx", b"\0" * 40_000_000))
    at = bomb.index(b"PK\1\2") + 20
    found, notes = look(bomb[:at] + struct.pack("<L", 0x7FFFFFFF) + bomb[at + 4 :])
    assert not found
    assert codes(notes) == {"a.gpx": "unreadable"}
