"""Analysing keeps the parsed roads: the same report the second time, without parsing."""

import stat
from pathlib import Path

import pytest

import camber.roads.cache
from camber.library.place import roads_cache


@pytest.fixture
def no_parsing(monkeypatch):
    """From its call on, nothing can be parsed any more."""

    def begin():
        def parse(path, **_):
            raise AssertionError(f"{path} was parsed")

        monkeypatch.setattr(camber.roads.cache, "parse_extract", parse)

    return begin


def kept():
    folder = roads_cache()
    return [path for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []


def test_the_second_analysis_parses_no_roads_and_says_the_same(call, no_parsing, morning, town):
    command = ("-q", "analyse", morning, "--roads", town, "--format", "json")
    first = call(*command)
    assert first[0] == 0
    assert len(kept()) == 1
    no_parsing()
    assert call(*command) == first
    assert call(*command, "--no-cache")[0] == 1


def test_no_cache_keeps_nothing_and_says_the_same(call, morning, town):
    command = ("-q", "analyse", morning, "--roads", town, "--format", "json")
    without = call(*command, "--no-cache")
    assert without[0] == 0
    assert not roads_cache().exists()
    assert call(*command) == without


def test_a_damaged_cache_is_said_and_changes_no_figure(call, morning, town):
    command = ("analyse", morning, "--roads", town)
    first = call(*command)
    (entry,) = kept()
    entry.write_bytes(entry.read_bytes()[:-100])
    second = call(*command)
    assert second[0] == 0
    assert "put aside" in second[2]
    assert "put aside" not in first[2]
    assert second[1] == first[1]
    assert call(*command)[1:] == (first[1], "")


def test_a_cache_that_cannot_be_written_is_said_and_stops_nothing(call, morning, town):
    roads_cache().parent.parent.mkdir(parents=True)
    roads_cache().parent.write_text("no folder", encoding="utf-8")
    code, _, err = call("analyse", morning, "--roads", town)
    assert code == 0
    assert "could not be kept" in err
    assert str(roads_cache().parent) not in err


def test_the_folder_moves_with_camber_home_and_is_the_users_own(call, morning, town, tmp_path, monkeypatch):
    monkeypatch.setenv("CAMBER_HOME", str(tmp_path / "moved"))
    assert roads_cache() == tmp_path / "moved" / "cache" / "roads"
    call("-q", "analyse", morning, "--roads", town)
    (entry,) = kept()
    assert stat.S_IMODE(entry.stat().st_mode) & 0o077 == 0
    assert stat.S_IMODE(roads_cache().stat().st_mode) & 0o077 == 0


def test_without_camber_home_it_is_in_the_users_folder_for_such_files(monkeypatch, tmp_path):
    monkeypatch.delenv("CAMBER_HOME")
    assert roads_cache().name == "roads"
    assert "camber" in roads_cache().parts
    monkeypatch.setenv("CAMBER_HOME", "~/runs")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert roads_cache() == Path(tmp_path) / "runs" / "cache" / "roads"


def test_the_help_says_that_roads_are_kept(call):
    out = " ".join(call("analyse", "--help")[1].split())
    assert "kept in your cache folder" in out
    assert "--no-cache" in out
