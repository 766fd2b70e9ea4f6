"""What no original file tells, such as titles, shoes, zones and answers: copies of it beside the database.

A snapshot is a database in small: every table but those that originals and roads give again, packed, under a
checksum. It is written when something in it has changed, whole or not at all; of each day the last one stays,
of so many days.
"""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final

from camber.library.place import FILE_MODE, own_folder
from camber.library.sealing import fill, is_sealed, read_rows, sealed_sums, sums_of, tables_of
from camber.whole_files import clear_unfinished, write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from camber.library.sealing import Table

DERIVED: Final = frozenset(
    {"fixes", "evidence", "result", "failure", "segment", "traversal", "street", "passes", "contact"}
    | {"chosen", "settled"}
)
"""Tables that are found again from the original files and the roads; every other one is kept."""

KEPT_DAYS: Final = 5
"""Of so many days the last snapshot is kept (judgement: a mistake is noticed within a week of use)."""

_FORM: Final = b"camber snapshot 1"
_PATTERN: Final = "told-*.snapshot"


def keep_snapshot(folder: Path, connection: sqlite3.Connection, *, apart: bool = False) -> None:
    """Write a snapshot unless the newest is up to date; ``apart`` leaves that of the same day where it is.

    Nothing is written where a row is not as it was when it came: what was kept before is better.
    """
    if not is_sealed(connection):
        return
    state = _state(connection)
    taken = snapshots(folder)
    if taken and _stated(taken[-1]) == state:
        return
    copy = _copied(connection)
    if copy is None:
        return
    today, number = datetime.now(UTC).date(), len(taken) and _number(taken[-1])
    if not taken or apart or _day(taken[-1]) != today:
        number += 1
    place = own_folder(folder / "snapshots")
    content = state.encode() + b"\n" + zlib.compress(copy, 1)
    head = _FORM + b" " + hashlib.sha256(content).hexdigest().encode() + b"\n"
    write_whole(place / f"told-{number:04d}.snapshot", head + content, mode=FILE_MODE)
    clear_unfinished(place)
    for old in snapshots(folder)[:-KEPT_DAYS]:
        old.unlink()


def snapshots(folder: Path) -> list[Path]:
    """List the snapshots of a library, the newest last."""
    return sorted((folder / "snapshots").glob(_PATTERN), key=_number)


def read_snapshot(path: Path) -> sqlite3.Connection | None:
    """Open a snapshot as a database in memory; None where a bit of it is not as it was written."""
    try:
        head, _, content = path.read_bytes().partition(b"\n")
        if head != _FORM + b" " + hashlib.sha256(content).hexdigest().encode():
            return None
        connection = sqlite3.connect(":memory:", isolation_level=None)
        connection.deserialize(zlib.decompress(content.partition(b"\n")[2]))
    except (OSError, zlib.error, sqlite3.Error):
        return None
    return connection


def _number(path: Path) -> int:
    digits = path.stem.partition("-")[2]
    return int(digits) if digits.isdecimal() else 0


def _day(path: Path) -> date:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).date()


def _stated(path: Path) -> str | None:
    """Read which state a snapshot says it is of."""
    try:
        with path.open("rb") as file:
            file.readline(200)
            return file.readline(200).decode("ascii", "replace").rstrip("\n")
    except OSError:
        return None


def _state(connection: sqlite3.Connection) -> str:
    """Name the state of all that is kept, from its sums: neither order nor place of rows matter."""
    state = hashlib.sha256()
    for table in _kept(connection):
        state.update(
            repr(
                (table.name, table.columns, *sorted(sealed_sums(connection, table.name).items(), key=repr))
            ).encode()
        )
    return state.hexdigest()


def _kept(connection: sqlite3.Connection) -> list[Table]:
    return [table for table in tables_of(connection) if table.name not in DERIVED]


def _copied(connection: sqlite3.Connection) -> bytes | None:
    """Copy what is kept into a small database, and give its bytes; None where a row is damaged."""
    copy = sqlite3.connect(":memory:", isolation_level=None)
    query = (
        "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite!_%' ESCAPE '!' "
        "ORDER BY type DESC"
    )
    for (statement,) in connection.execute(query):
        copy.execute(statement)
    for name in ("user_version", "application_id"):
        copy.execute(f"PRAGMA {name} = {connection.execute(f'PRAGMA {name}').fetchone()[0]}")
    copy.execute("BEGIN")
    for table in _kept(connection):
        written = sealed_sums(connection, table.name)
        rows = list(read_rows(connection, table))
        if sums_of(table, rows) != written:
            return None
        fill(copy, table, rows)
        copy.executemany(
            "INSERT INTO seal VALUES (?, ?, ?, ?)",
            [(table.name, key, *found) for key, found in written.items()],
        )
    copy.execute("COMMIT")
    return copy.serialize()
