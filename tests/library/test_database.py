"""The file: closed to others, brought up to date whole or not at all, never touched by an older camber."""

import os
import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial

import pytest

from camber.errors import LibraryBusyError, LibraryError, NewerLibraryError
from camber.library.database import APPLICATION_ID, FILE_NAME, KEPT_BACKUPS, STEPS, open_database, writing
from camber.library.lock import held
from camber.library.place import is_on_network, library_folder

NEXT = "CREATE TABLE later (a INTEGER) STRICT;\nALTER TABLE zone ADD COLUMN note TEXT;\n"


def pragma(connection, name):
    return connection.execute(f"PRAGMA {name}").fetchone()[0]


def tables(path):
    with closing(sqlite3.connect(path)) as connection:
        return {row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}


def test_it_is_kept_the_safe_way(tmp_path):
    with closing(open_database(tmp_path / "library")) as connection:
        assert pragma(connection, "journal_mode") == "wal"
        assert pragma(connection, "synchronous") == 2
        assert pragma(connection, "foreign_keys") == 1
        assert pragma(connection, "busy_timeout") == 30_000
        assert pragma(connection, "application_id") == APPLICATION_ID
        assert pragma(connection, "user_version") == len(STEPS)
        strict = "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
        assert connection.execute(strict + " AND NOT strict AND name NOT LIKE 'sqlite_%'").fetchone()[0] == 0


def test_nobody_else_can_read_it_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        with closing(open_database(tmp_path / "library")) as connection, writing(connection):
            connection.execute("INSERT INTO preference VALUES ('a', 'b')")
            modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "library").iterdir()}
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "library").stat().st_mode) == 0o700
    assert modes == {FILE_NAME: 0o600, f"{FILE_NAME}-wal": 0o600, f"{FILE_NAME}-shm": 0o600}


def test_an_open_folder_is_closed(tmp_path):
    tmp_path.chmod(0o755)
    open_database(tmp_path).close()
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


def test_home_moves_it(tmp_path, monkeypatch):
    monkeypatch.setenv("CAMBER_HOME", str(tmp_path))
    assert library_folder() == tmp_path / "library"


def test_an_older_library_is_brought_up_to_date_after_a_backup(tmp_path):
    with closing(open_database(tmp_path)) as connection, writing(connection):
        connection.execute("INSERT INTO preference VALUES ('units', 'imperial')")
    with closing(open_database(tmp_path, (*STEPS, NEXT))) as connection:
        assert pragma(connection, "user_version") == len(STEPS) + 1
        assert connection.execute("SELECT value FROM preference").fetchone()[0] == "imperial"
        assert connection.execute("SELECT count(*) FROM later").fetchone()[0] == 0
    (backup,) = (tmp_path / "backups").iterdir()
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert "later" not in tables(backup)
    with closing(sqlite3.connect(backup)) as copy:
        assert copy.execute("SELECT value FROM preference").fetchone()[0] == "imperial"
        assert pragma(copy, "user_version") == len(STEPS)


def test_several_at_once_bring_it_up_to_date_once(tmp_path):
    open_database(tmp_path).close()
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(open_database, tmp_path, (*STEPS, NEXT)) for _ in range(4)]:
            done.result()
    assert len(list((tmp_path / "backups").iterdir())) == 1
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        assert pragma(connection, "user_version") == len(STEPS) + 1


def test_an_older_library_is_not_brought_up_to_date_while_somebody_works_on_it(tmp_path, monkeypatch):
    open_database(tmp_path).close()
    monkeypatch.setattr("camber.library.database.held", partial(held, patience_s=0.1))
    with held(tmp_path, "import"), pytest.raises(LibraryBusyError, match="import"):
        open_database(tmp_path, (*STEPS, NEXT))
    open_database(tmp_path, (*STEPS, NEXT)).close()


def test_three_backups_are_kept_the_newest(tmp_path):
    steps = STEPS
    open_database(tmp_path).close()
    for number in range(KEPT_BACKUPS + 2):
        steps = (*steps, f"CREATE TABLE later_{number} (a INTEGER) STRICT;")
        open_database(tmp_path, steps).close()
    names = sorted(path.name for path in (tmp_path / "backups").iterdir())
    assert [name.split("-")[1] for name in names] == ["0003", "0004", "0005"]


def test_a_step_that_fails_leaves_the_library_as_it_was(tmp_path):
    open_database(tmp_path).close()
    broken = NEXT + "ALTER TABLE nothing ADD COLUMN a TEXT;\n"
    with pytest.raises(LibraryError):
        open_database(tmp_path, (*STEPS, broken))
    assert "later" not in tables(tmp_path / FILE_NAME)
    with closing(open_database(tmp_path)) as connection:
        assert pragma(connection, "user_version") == len(STEPS)


@pytest.mark.parametrize("statement", range(4))
def test_a_process_killed_while_it_migrates_leaves_the_library_as_it_was(tmp_path, statement):
    open_database(tmp_path).close()
    script = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from camber.library import database\n"
        "given = database._statements\n"
        "def cut(script):\n"
        "    for number, statement in enumerate(given(script)):\n"
        f"        if number == {statement}:\n"
        "            os.kill(os.getpid(), signal.SIGKILL)\n"
        "        yield statement\n"
        "database._statements = cut\n"
        "more = 'CREATE TABLE a (a);\\nCREATE TABLE b (a);\\nCREATE TABLE c (a);\\nCREATE TABLE d (a);\\n'\n"
        "database.open_database(Path(sys.argv[1]), (*database.STEPS, more))\n"
    )
    done = subprocess.run([sys.executable, "-c", script, tmp_path], check=False, capture_output=True)
    assert done.returncode == -9
    with closing(open_database(tmp_path)) as connection:
        assert pragma(connection, "user_version") == len(STEPS)
        assert pragma(connection, "integrity_check") == "ok"
    assert not {"a", "b"} & tables(tmp_path / FILE_NAME)
    with closing(open_database(tmp_path, (*STEPS, NEXT))) as connection:
        assert pragma(connection, "user_version") == len(STEPS) + 1


def test_a_newer_library_is_refused_and_not_touched(tmp_path):
    open_database(tmp_path, (*STEPS, NEXT)).close()
    before = (tmp_path / FILE_NAME).read_bytes()
    with pytest.raises(NewerLibraryError, match="update camber"):
        open_database(tmp_path)
    assert (tmp_path / FILE_NAME).read_bytes() == before
    assert not (tmp_path / "backups").exists()


def test_what_is_no_library_is_refused_and_not_touched(tmp_path):
    path = tmp_path / FILE_NAME
    path.write_bytes(b"these are no tables" * 1000)
    with pytest.raises(LibraryError, match="no library"):
        open_database(tmp_path)
    path.unlink()
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE theirs (a)")
        other.commit()
    with pytest.raises(LibraryError, match="another program"):
        open_database(tmp_path)
    assert tables(path) == {"theirs"}


def test_a_network_folder_is_known_by_its_mount(tmp_path):
    mounts = tmp_path / "mounts"
    mounts.write_text(f"server:/x {tmp_path} nfs4 rw 0 0\n/dev/sda / ext4 rw 0 0\n", encoding="utf-8")
    assert is_on_network(tmp_path, mounts)
    mounts.write_text(f"/dev/sdb {tmp_path} ext4 rw 0 0\n", encoding="utf-8")
    assert not is_on_network(tmp_path, mounts)
    assert not is_on_network(tmp_path, tmp_path / "nothing")


def test_on_a_network_folder_the_rollback_journal_is_used(tmp_path, monkeypatch):
    monkeypatch.setattr("camber.library.database.is_on_network", lambda _folder: True)
    with closing(open_database(tmp_path)) as connection:
        assert pragma(connection, "journal_mode") == "delete"
        assert pragma(connection, "synchronous") == 2


def test_a_transaction_happens_whole_or_not(tmp_path):
    with closing(open_database(tmp_path)) as connection:
        with pytest.raises(sqlite3.IntegrityError), writing(connection):
            connection.executemany("INSERT INTO preference VALUES (?, 'b')", [("a",), ("c",), ("a",)])
        assert connection.execute("SELECT count(*) FROM preference").fetchone()[0] == 0
