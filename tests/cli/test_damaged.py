"""A library in a bad state: what each command says of it, and that one command heals it."""

import gzip
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from camber.library import open_library

ROOT = Path(__file__).parents[2]
OLD = ROOT / "tests" / "library" / "old_library.sqlite.gz"
READING = (
    "runs",
    "show last",
    "week",
    "weeks",
    "check",
    "zones list",
    "tell list",
    "terrain status",
    "export",
)
"""Commands that write nothing to the library, or can do without."""


@pytest.fixture(scope="module")
def told(morning, evening, tmp_path_factory):
    """A library of two runs, with a title, shoes, a zone and a setting that no file tells."""
    folder = tmp_path_factory.mktemp("told")
    before = os.environ.get("CAMBER_HOME")
    os.environ["CAMBER_HOME"] = str(folder)
    try:
        from camber.cli import main  # noqa: PLC0415 - with its own home

        assert main(["-q", "import", str(morning), str(evening)]) == 0
        assert main(["-q", "zones", "add", "60.5301", "26.9402"]) == 0
    finally:
        if before is None:
            del os.environ["CAMBER_HOME"]
        else:
            os.environ["CAMBER_HOME"] = before
    with open_library(folder / "library") as library, library.writing() as connection:
        connection.execute("UPDATE activity SET title = 'Mine', gear = 'Blue' WHERE activity_id = 1")
        connection.execute("INSERT INTO preference VALUES ('note', 'kept')")
    return folder


@pytest.fixture
def home(told, tmp_path, monkeypatch):
    shutil.copytree(told, tmp_path / "home")
    monkeypatch.setenv("CAMBER_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "library"


def missing(path):
    path.unlink()


def zero_length(path):
    path.write_bytes(b"")


def truncated(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def newer(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 999")


def kept(folder):
    with open_library(folder) as library:
        queries = (
            "SELECT activity_id, title, gear, day, distance_m FROM activity",
            "SELECT source, latitude_deg, longitude_deg, radius_m FROM zone",
            "SELECT key, value FROM preference ORDER BY key",
        )
        return [list(map(tuple, library.connection.execute(query))) for query in queries]


@pytest.mark.parametrize("state", [missing, zero_length, truncated, newer])
def test_a_bad_database_is_told_and_healed_by_one_command_with_what_no_file_tells(call, home, state):
    before = kept(home)
    state(home / "runs.sqlite")
    code, out, err = call("check")
    assert code != 0
    assert "all is well" not in out
    assert "--repair" in err
    assert "Traceback" not in err
    code, out, err = call("check", "--repair")
    assert (code, "all is well" in out) == (0, True), err
    assert kept(home) == before
    assert "built again" in err
    lies = [path.name for path in (home / "damaged" / "0001").iterdir()]
    assert ("runs.sqlite" in lies) == (state is not missing)


def test_an_older_database_is_brought_up_to_date_by_a_reading_command_and_kept_beside(call, home):
    (home / "runs.sqlite").write_bytes(gzip.decompress(OLD.read_bytes()))
    for path in (home / "snapshots", home / "originals"):
        shutil.rmtree(path)
    code, out, err = call("week", "2026-W47")
    assert code == 0, err
    assert "2026-W47" in out
    assert [path.suffix for path in (home / "backups").iterdir()] == [".sqlite"]


def test_an_older_database_that_was_hit_is_healed_as_any_other(call, home):
    (home / "runs.sqlite").write_bytes(gzip.decompress(OLD.read_bytes())[:20_000])
    shutil.rmtree(home / "originals")
    assert call("check")[0] != 0
    err = call("check", "--repair")[2]
    assert "built again" in err
    assert len(kept(home)[0]) >= 2  # those of the snapshot, without positions


@pytest.fixture
def closed_home(home, monkeypatch):
    """The library where nobody may write; who is stopped by no right is told so, and watched."""
    places = [home.parent, home, *home.rglob("*")]
    for path in places:
        path.chmod(0o500 if path.is_dir() else 0o400)
    if hasattr(os, "getuid") and os.getuid() == 0:
        may = os.access
        monkeypatch.setattr("os.access", lambda path, mode, **how: mode != os.W_OK and may(path, mode, **how))
    yield home
    for path in places:
        path.chmod(0o700)


def test_reading_commands_work_from_a_place_that_cannot_be_written_to(call, closed_home, tmp_path):
    def content():
        return {path: path.read_bytes() for path in closed_home.rglob("*") if path.is_file()}

    before = content()
    commands = {command: tuple(command.split()) for command in READING}
    commands["export"] = ("export", "-o", tmp_path / "runs.csv")
    told = {command: call(*arguments) for command, arguments in commands.items()}
    assert {command: (code, err) for command, (code, _, err) in told.items() if code} == {}
    assert "all is well" in told["check"][1]
    assert content() == before
