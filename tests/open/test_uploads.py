"""Files that are dropped: whole or not at all, within limits, under harmless names."""

import pytest

from camber.open import uploads
from tests.open.asking import HOST


@pytest.fixture
def drop(asking, office):
    def send(name, *pieces, breaks_off=False, **headers):
        usual = {"origin": f"http://{HOST}", "content-type": "application/octet-stream"}
        usual["x-camber-token"] = office.keys.token
        headers = {key.replace("_", "-"): value for key, value in headers.items()}
        return asking.ask("POST", f"/upload?name={name}", b"", usual | headers, pieces, breaks_off=breaks_off)

    return send


def files(office):
    return sorted(path for path in office.folder.glob("uploads/*/*"))


def test_a_file_is_kept_whole_and_waits_to_be_taken_in(drop, office):
    answer = drop("a%20run.gpx", b"<gpx>", b"", b"</gpx>")
    assert (answer.status, answer.text) == (200, "Taking in a run.gpx")
    (path,) = files(office)
    assert path.read_bytes() == b"<gpx></gpx>"
    chore = next(one for one in office.chores.all() if one.kind == "import")
    assert chore.given == {"upload": path.parent.name, "file": "a run.gpx"}
    assert {place.stat().st_mode & 0o077 for place in (path.parent, path.parent.parent)} == {0}
    assert drop("Kouvola.OSM.PBF", b"x").text == "Taking roads from Kouvola.OSM.PBF"
    assert [one.given["file"] for one in office.chores.all() if one.kind == "roads"] == ["Kouvola.OSM.PBF"]


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        *(
            ("..%2f..%2f..%2fetc%2fpasswd", "passwd"),
            ("..%5c..%5cboot.ini", "boot.ini"),
            ("%00%1b[31m", "_31m"),
        ),
        *(("", "file"), ("..", "file"), ("x" * 500, "x" * 99), ("<script>.gpx", "_script_.gpx")),
    ],
)
def test_no_name_leads_out_of_the_folder(drop, office, name, safe):
    before = set(files(office))
    assert drop(name, b"x").status == 200
    (path,) = set(files(office)) - before
    assert path.name.startswith(safe)
    assert path.parents[2] == office.folder


def test_what_is_too_large_is_refused_before_it_is_there(drop, office, monkeypatch):
    before = files(office)
    answer = drop("zeros.gpx", b"\0" * 10, content_length=str(2**30))
    assert answer.status == 413
    assert "larger than the 536 MB" in answer.text
    monkeypatch.setattr(uploads, "_most", lambda *_: 25)
    assert drop("lies.gpx", *[b"0123456789"] * 9, content_length="9").status == 413
    assert files(office) == before


def test_what_breaks_off_or_is_empty_leaves_nothing(drop, office):
    before = files(office)
    assert drop("empty.gpx", b"").status == 400
    assert drop("half.gpx", b"half", breaks_off=True).status == 408
    assert files(office) == before


def test_an_archive_may_be_as_large_as_an_import_takes(tmp_path):
    assert uploads._most("a.zip", b"PK\3\4", tmp_path) > uploads._most("a.zip", b"\0\0\0\0", tmp_path)
