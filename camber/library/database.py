"""The one SQLite file: how it is opened, kept safe and brought up to date.

Its tables are built by steps: step n takes version n - 1 to version n. A released step is never changed; what
must change gets a step of its own.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing, contextmanager, nullcontext, suppress
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from camber.errors import LibraryError, NewerLibraryError
from camber.library.lock import held
from camber.library.place import FILE_MODE, is_on_network, own_folder
from camber.library.sealing import SealedConnection, is_sealed, seal_all, seal_changes, unsound, watch_changes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

STEPS: Final = tuple(
    files("camber.library").joinpath(f"step_{number}.sql").read_text("utf-8") for number in range(1, 14)
)
"""SQL of each step, in order; the version of a library is the number of steps it has seen."""

FILE_NAME: Final = "runs.sqlite"
APPLICATION_ID: Final = 0x63616D62
"""``camb`` in ASCII: tells `file` and us that this SQLite file is a library of camber."""

ORIGINALS: Final = "originals/*/*.gz"
"""Pattern of the names of what was imported, in the folder of a library."""

KEPT_BACKUPS: Final = 3
_BUSY_MS: Final = 30_000
_PRAGMAS: Final = (
    *(f"busy_timeout = {_BUSY_MS}", "foreign_keys = ON", "synchronous = FULL"),
    *("cell_size_check = ON", "trusted_schema = OFF"),  # against files that were damaged or built to harm
)


def open_database(folder: Path, steps: Sequence[str] = STEPS) -> sqlite3.Connection:
    """Open the database of a folder in autocommit, made or brought up to date where needed.

    Write-ahead log with ``synchronous=FULL``: what was acknowledged survives a power cut
    (sqlite.org/pragma.html, "synchronous"). On a network folder the rollback journal takes its place. What
    lies in a place that cannot be written to is read there, and left as it is.
    """
    path = folder / FILE_NAME
    read_only = path.is_file() and not (os.access(path, os.W_OK) and os.access(folder, os.W_OK))
    try:
        if not read_only:
            own_folder(folder)
            _refuse_lost(path)
            create_closed(path)
        connection = _to_read(path) if read_only else connected(path)
    except (OSError, sqlite3.Error) as error:
        raise LibraryError(f"cannot be opened: {error}", path=path) from error
    try:
        _prepare(connection, path, steps)
        if read_only:
            connection.execute("PRAGMA query_only = ON")
    except sqlite3.Error as error:
        connection.close()
        raise refusal(error, path) from error
    except UnicodeDecodeError as error:  # a message of SQLite's about a table whose name is damaged
        connection.close()
        text = "the file is damaged: `camber check --repair` heals what can be healed"
        raise LibraryError(text, path=path) from error
    except BaseException:
        connection.close()
        raise
    return connection


def connected(path: Path | str, *, uri: bool = False) -> SealedConnection:
    """Connect to a database in autocommit, whatever state it is in."""
    return sqlite3.connect(
        path, timeout=_BUSY_MS / 1000.0, isolation_level=None, uri=uri, factory=SealedConnection
    )


def _to_read(path: Path) -> SealedConnection:
    """Connect to a database whose folder cannot be written to; where it has a log, to a copy in memory."""
    log = path.with_name(f"{path.name}-wal")
    found = connected(f"{path.resolve().as_uri()}?immutable=1", uri=True)
    if not (log.is_file() and log.stat().st_size) and _number(found, "user_version") == len(STEPS):
        return found
    memory = connected(":memory:")
    with TemporaryDirectory(prefix="camber-") as place:
        for one in filter(Path.is_file, (path, log)):
            shutil.copyfile(one, Path(place) / one.name)
        with closing(found), closing(connected(Path(place) / path.name)) as copy:
            copy.backup(memory)
    return memory


def _refuse_lost(path: Path) -> None:
    """Make no new database beside the files of an old one: "all is well" would be said of nothing."""
    if path.is_file() and path.stat().st_size:
        return
    count = sum(1 for _ in path.parent.glob(ORIGINALS))
    if count:
        text = (
            f"is not there any more, or empty, beside {count} original file{'s' * (count > 1)}: "
            "`camber check --repair` builds it again"
        )
        raise LibraryError(text, path=path)


def create_closed(path: Path) -> None:
    """Make the file before SQLite does, so that no other user can read it, whatever the umask."""
    # SQLite gives its journal files the mode of the database (os_unix.c, findCreateFileMode).
    file = os.open(path, os.O_RDWR | os.O_CREAT, FILE_MODE)
    with suppress(OSError, AttributeError):
        os.fchmod(file, FILE_MODE)
    os.close(file)


def _prepare(connection: sqlite3.Connection, path: Path, steps: Sequence[str]) -> None:
    connection.row_factory = sqlite3.Row
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    version = _version(connection, path, steps)
    # A file that is up to date is not written to, so that a reader never waits here.
    journal = "delete" if is_on_network(path.parent) else "wal"
    if connection.execute("PRAGMA journal_mode").fetchone()[0] not in {journal, "memory"}:
        connection.execute(f"PRAGMA journal_mode = {journal}")
    if version < len(steps):
        _migrate(connection, path, steps)


def _version(connection: sqlite3.Connection, path: Path, steps: Sequence[str]) -> int:
    version = _number(connection, "user_version")
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if (tables or version) and _number(connection, "application_id") != APPLICATION_ID:
        text = "is a database of another program; choose another folder (or, if it is damaged: "
        raise LibraryError(f"{text}`camber check --repair`)", path=path)
    if version > len(steps):
        text = (
            f"was written by a newer camber (version {version}, this one knows {len(steps)}): update camber "
            "(or `camber check --repair` makes one for this camber, and keeps the newer beside it)"
        )
        raise NewerLibraryError(text, path=path)
    return version


def _migrate(connection: sqlite3.Connection, path: Path, steps: Sequence[str]) -> None:
    """Bring the tables up to date in one transaction, after a backup: all steps happen or none."""
    is_file = bool(connection.execute("PRAGMA database_list").fetchone()[2])
    # Nobody else may work on an older library meanwhile, or take a backup of it under the same name.
    with held(path.parent, "update") if is_file and _number(connection, "user_version") else nullcontext():
        found = _number(connection, "user_version")
        if is_file and 0 < found < len(steps):
            back_up(connection, path, found)
        with _transaction(connection):
            build(connection, steps)


def build(connection: sqlite3.Connection, steps: Sequence[str] = STEPS) -> None:
    """Take the steps that are missing, within a transaction, and seal what there is then."""
    damaged = set(unsound(connection)) if is_sealed(connection) else set()
    for step in steps[_number(connection, "user_version") :]:  # another process may have been quicker
        for statement in _statements(step):
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {len(steps)}")
    if is_sealed(connection):
        seal_all(connection, damaged)


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])


def _statements(script: str) -> Iterator[str]:
    """Cut a script into statements: `executescript` would commit the transaction that we are in."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def back_up(connection: sqlite3.Connection, path: Path, version: int) -> Path:
    """Keep a copy of the database as it is in ``backups`` beside it, and the two before it."""
    folder = own_folder(path.parent / "backups")
    taken = [int(p.name.split("-")[1]) for p in _backups(folder)]
    target = folder / f"{path.stem}-{max(taken, default=0) + 1:04d}-v{version}.sqlite"
    part = target.with_suffix(".part")
    for left in folder.glob("*.part"):  # by an update that was killed: this one holds the library
        left.unlink()
    create_closed(part)
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
def writing(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Write in one transaction: all of it happens or nothing, and then a `LibraryError` says why."""
    if not isinstance(connection, SealedConnection):
        with _transaction(connection):
            yield connection
        return
    watch_changes(connection)
    try:
        with _transaction(connection):
            yield connection
            seal_changes(connection)
    finally:
        if connection.changes is not None:
            connection.changes.clear()


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    path = str(connection.execute("PRAGMA database_list").fetchone()[2])
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
        raise refusal(error, path) from error


def insert(connection: sqlite3.Connection, table: str, row: Mapping[str, Any]) -> int:
    """Insert a row of named columns, and give its number."""
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    done = connection.execute(
        f"INSERT INTO {table} ({names}) VALUES ({marks})",  # noqa: S608 - names of our own columns
        tuple(row.values()),
    )
    return int(done.lastrowid or 0)


def note_sizes(connection: sqlite3.Connection) -> None:
    """Let SQLite count the rows of its indexes, after much was written, so that it chooses the right ones."""
    connection.execute("PRAGMA analysis_limit = 1000")
    connection.execute("ANALYZE")


def elsewhere(error: BaseException | None) -> bool:
    """Tell whether it is not the library that is at fault, but its disk, its place or somebody else."""
    code = getattr(error, "sqlite_errorcode", 0) or 0
    at_fault = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_READONLY)
    return isinstance(error, OSError) or code & 0xFF in {*at_fault, sqlite3.SQLITE_CANTOPEN}


def refusal(error: sqlite3.Error, path: Path | str) -> LibraryError:
    """Say what SQLite refused, and what to do about it."""
    code = getattr(error, "sqlite_errorcode", None)
    primary = None if code is None else code & 0xFF
    known = {
        sqlite3.SQLITE_FULL: "the disk is full: make room and run this again; nothing half-written was kept",
        sqlite3.SQLITE_IOERR: "the disk refused to read or write: check it (is it full?) and run this again",
        sqlite3.SQLITE_BUSY: "another program keeps it locked: close that and run this again",
        sqlite3.SQLITE_READONLY: "it is not writable: check the permissions",
        sqlite3.SQLITE_CANTOPEN: "it cannot be opened: check that the folder is writable and not full",
        sqlite3.SQLITE_CORRUPT: "the file is damaged: `camber check --repair` heals what can be healed",
        sqlite3.SQLITE_NOTADB: "the file is no library of camber: move it away, choose another folder, or, "
        "if it was one, `camber check --repair`",
    }
    return LibraryError(f"{known.get(primary or -1, 'it cannot be used')} ({error})", path=path)
