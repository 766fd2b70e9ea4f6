"""`camber start`: one command from an export to the first page, offline, resumable, brief."""

from pathlib import Path

import pytest

import camber
from camber.roads.tiles import TileStore
from tests.cli.whole_way import KOUVOLA

DATA = Path(__file__).parents[2] / "data"
EXPORT = DATA / "simulated_strava_export.zip"


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CAMBER_HOME", str(tmp_path / "home"))
    return tmp_path


def test_one_command_leads_from_an_export_to_the_page_and_another_goes_on_from_there(home, call):
    arguments = ("--offline", "start", EXPORT, "--roads", KOUVOLA, "-o", home / "pages", "--workers", "1")
    code, out, err = call(*arguments)
    assert code == 0, err
    lines = out.splitlines()
    assert lines[0] == "6 runs, 36.4 km, 16\u201322 Nov 2026. Your privacy zone was taken over."
    assert len(lines) <= 15
    assert any(line.startswith("LEFT  ") for line in lines)
    assert "simulated" in out
    assert "outside the map" in err
    page = home / "pages" / "2026-W47.html"
    assert "Week 47" in page.read_text(encoding="utf-8")
    assert str(page) in out.replace("\n", "")
    # The map is kept for the weeks to come: nothing is read or analysed again without the extract.
    assert any(head is not None for head in TileStore(home / "home" / "cache" / "roads").heads().values())
    with camber.open_library() as library:
        before = library.runs()
    code, again, err = call("--offline", "start", EXPORT, "-o", home / "pages", "--roads", KOUVOLA)
    assert code == 0, err
    assert again.splitlines()[2:] == lines[2:]
    with camber.open_library() as library:
        assert library.runs().equals(before)
    code, out, err = call("analyse", "--all")
    assert "0 analysed, 5 up to date" in out


def test_without_a_map_or_a_network_it_says_what_to_do_and_keeps_the_runs(home, call):
    code, out, err = call("--offline", "start", EXPORT, "-o", home / "pages")
    assert code == 4
    assert "6 runs, 36.4 km" in out
    assert "--roads FILE" in err
    assert "--offline forbids" in err
    with camber.open_library() as library:
        assert len(library.runs()) == 6
    assert not (home / "pages").exists()


def test_where_nobody_can_be_asked_nothing_is_fetched(home, call):
    code, _, err = call("start", EXPORT, "-o", home / "pages")
    assert code == 2
    assert "give --yes where nobody can be asked" in err


def test_nothing_to_begin_with_is_said(home, call):
    empty = home / "empty"
    empty.mkdir()
    code, out, err = call("--offline", "start", empty)
    assert code == 3
    assert out == ""
    assert "no run or walk with positions" in err
    code, _, err = call("--offline", "start", home / "nowhere.zip")
    assert code == 3
    assert "nowhere.zip" in err
