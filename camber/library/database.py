"""The one SQLite file: how it is opened, kept safe and brought up to date."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Final

from camber.errors import LibraryError, NewerLibraryError
from camber.library.place import FILE_MODE, is_on_network, own_folder
from camber.library.steps import STEPS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

FILE_NAME: Final = "runs.sqlite"
APPLICATION_ID: Final = 0x63616D62
"""``camb`` in ASCII: tells `file` and us that this SQLite file is a library of camber."""

KEPT_BACKUPS: Final = 3
_BUSY_MS: Final = 30_000
_FULL: Final = 2


def open_database(folder: Path, steps: Sequence[str] = STEPS) -> sqlite3.Connection:
    """Open the library's database, made or brought up to date where needed.

    Write-ahead log with ``synchronous=FULL``: what was acknowledged survives a power cut (reliability.md
    section 3: 300 of 300 simulated cuts). On a network folder the rollback journal takes its place.

    Parameters
    ----------
    folder : Path
        The folder of the library.
    steps : sequence of str
        SQL of the migrations.

    Returns
    -------
    sqlite3.Connection
        In autocommit; rows are `sqlite3.Row`. Transactions are those of `writing`.

    Raises
    ------
    NewerLibraryError
        If a newer camber wrote it.
    LibraryError
        If it cannot be opened, or the file is no library.
    """
    path = own_folder(folder) / FILE_NAME
    try:
        _create_closed(path)
        connection = sqlite3.connect(path, timeout=_BUSY_MS / 1000.0, isolation_level=None)
    except (OSError, sqlite3.Error) as error:
        raise LibraryError(f"cannot be opened: {error}", path=path) from error
    try:
        _prepare(connection, path, steps)
    except sqlite3.Error as error:
        connection.close()
        raise _refusal(error, path) from error
    except BaseException:
        connection.close()
        raise
    return connection


def _create_closed(path: Path) -> None:
    """Make the file before SQLite does, so that no other user can read it, whatever the umask."""
    # SQLite gives its journal files the mode of the database (os_unix.c, findCreateFileMode).
    file = os.open(path, os.O_RDWR | os.O_CREAT, FILE_MODE)
    with suppress(OSError, AttributeError):
        os.fchmod(file, FILE_MODE)
    os.close(file)


def _prepare(connection: sqlite3.Connection, path: Path, steps: Sequence[str]) -> None:
    connection.row_factory = sqlite3.Row
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA cell_size_check = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute(f"PRAGMA synchronous = {_FULL}")
    version = _version(connection, path, steps)
    # A file that is up to date is not written to, so that a reader never waits here.
    journal = "delete" if is_on_network(path.parent) else "wal"
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != journal:
        connection.execute(f"PRAGMA journal_mode = {journal}")
    if version < len(steps):
        _migrate(connection, path, steps)


def _version(connection: sqlite3.Connection, path: Path, steps: Sequence[str]) -> int:
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if (tables or version) and application != APPLICATION_ID:
        raise LibraryError("is a database of another program; choose another folder", path=path)
    if version > len(steps):
        text = (
            f"was written by a newer camber (version {version}, this one knows {len(steps)}): update camber"
        )
        raise NewerLibraryError(text, path=path)
    return version


def _migrate(connection: sqlite3.Connection, path: Path, steps: Sequence[str]) -> None:
    """Bring the tables up to date in one transaction, after a backup: all steps happen or none."""
    found = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if found:
        back_up(connection, path, found)
    with writing(connection):
        # Another process may have been quicker.
        found = int(connection.execute("PRAGMA user_version").fetchone()[0])
        for step in steps[found:]:
            for statement in _statements(step):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(steps)}")


def _statements(script: str) -> Iterator[str]:
    """Cut a script into statements: `executescript` would commit the transaction that we are in."""
    held = ""
    for line in script.splitlines(keepends=True):
        held += line
        if sqlite3.complete_statement(held):
            yield held
            held = ""


def back_up(connection: sqlite3.Connection, path: Path, version: int) -> Path:
    """Keep a copy of the database as it is, and the two before it.

    Parameters
    ----------
    connection : sqlite3.Connection
        The library.
    path : Path
        Its file.
    version : int
        Version of its tables, for the name of the copy.

    Returns
    -------
    Path
        The copy, in ``backups`` beside the file.
    """
    folder = own_folder(path.parent / "backups")
    taken = [int(p.name.split("-")[1]) for p in _backups(folder)]
    target = folder / f"{path.stem}-{max(taken, default=0) + 1:04d}-v{version}.sqlite"
    part = target.with_suffix(".part")
    part.unlink(missing_ok=True)
    _create_closed(part)
    connection.execute("VACUUM INTO ?", (str(part),))
    with closing(sqlite3.connect(part)) as copy:
        if copy.execute("PRAGMA quick_check").fetchone()[0] != "ok":
            raise LibraryError("the backup before the update is not sound; nothing was changed", path=part)
    _sync(part)
    part.replace(target)
    for old in _backups(folder)[:-KEPT_BACKUPS]:
        old.unlink()
    return target


def _backups(folder: Path) -> list[Path]:
    return sorted(folder.glob("*-*-v*.sqlite"), key=lambda p: int(p.name.split("-")[1]))


def _sync(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[None]:
    """Write in one transaction: all of it happens, or nothing.

    Parameters
    ----------
    connection : sqlite3.Connection
        The library.

    Yields
    ------
    None
        Within the transaction.

    Raises
    ------
    LibraryError
        If it could not be written, such as for want of space; nothing of it is there then.
    """
    path = _path_of(connection)
    try:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    except sqlite3.IntegrityError:
        raise  # a slip of ours, not of the disk
    except sqlite3.Error as error:
        raise _refusal(error, path) from error


def _path_of(connection: sqlite3.Connection) -> str:
    return str(connection.execute("PRAGMA database_list").fetchone()[2])


def _refusal(error: sqlite3.Error, path: Path | str) -> LibraryError:
    code = getattr(error, "sqlite_errorcode", None)
    primary = None if code is None else code & 0xFF
    known = {
        sqlite3.SQLITE_FULL: "the disk is full: make room and run this again; nothing half-written was kept",
        sqlite3.SQLITE_IOERR: "the disk refused to read or write: check it (is it full?) and run this again",
        sqlite3.SQLITE_BUSY: "another program keeps it locked: close that and run this again",
        sqlite3.SQLITE_READONLY: "it is not writable: check the permissions",
        sqlite3.SQLITE_CANTOPEN: "it cannot be opened: check that the folder is writable and not full",
        sqlite3.SQLITE_CORRUPT: "the file is damaged: `camber check` says how; backups lie beside it",
        sqlite3.SQLITE_NOTADB: "the file is no library of camber: move it away, or choose another folder",
    }
    return LibraryError(f"{known.get(primary or -1, 'it cannot be used')} ({error})", path=path)
