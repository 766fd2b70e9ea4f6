"""A check sum over every row of every table, kept up to date as rows are written.

The rows that share the first column of a primary key, such as the streets of one run, are one *group*. The
table ``seal`` holds of each group how many rows it has, and the exclusive or of their sums: so a row that
comes or goes changes one number. Triggers that live as long as the connection tell of every change; what is
written past them, or by anything that is no program, is found.
"""

from __future__ import annotations

import sqlite3
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

SEAL: Final = "seal"
"""Name of the table of sums."""

_BROKEN: Final = -1
"""Sum of a group that was damaged when the sums were made anew: none comes out like that."""

Group = tuple[str, Any]
"""A table, and a value of the first column of its primary key."""

_ADD: Final = (
    "INSERT INTO seal VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE "
    "SET rows = rows + excluded.rows, sum = (sum | excluded.sum) - (sum & excluded.sum)"
)


class Table(NamedTuple):
    """A table: its columns in order, and the place among them of what groups its rows."""

    name: str
    columns: tuple[str, ...]
    key: int


class Sum(NamedTuple):
    """How many rows a group has, and the exclusive or of their sums."""

    rows: int
    sum: int


class SealedConnection(sqlite3.Connection):
    """A connection that knows which groups were changed since the transaction began."""

    changes: dict[Group, Sum] | None = None
    """None as long as nothing tells of changes."""


def tables_of(connection: sqlite3.Connection) -> tuple[Table, ...]:
    """List the tables of a database that hold rows of ours, by name, whatever they are."""
    query = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'"
    names = sorted(str(name) for (name,) in connection.execute(query))
    return tuple(_table(connection, name) for name in names if name != SEAL)


def _table(connection: sqlite3.Connection, name: str) -> Table:
    columns = connection.execute("SELECT name, pk FROM pragma_table_info(?) ORDER BY cid", (name,)).fetchall()
    key = next((at for at, (_, place) in enumerate(columns) if place == 1), 0)
    return Table(name, tuple(column for column, _ in columns), key)


def row_sum(*values: object) -> int:
    """Check sum of a row: 62 bits, so that SQLite's whole numbers hold it and sums of it."""
    plain = [len(value) if isinstance(value, bytes) else value for value in values]
    state = blake2b(repr(plain).encode(), digest_size=8)
    for value in values:
        if isinstance(value, bytes):
            state.update(value)
    return int.from_bytes(state.digest()) >> 2


def watch_changes(connection: SealedConnection) -> None:
    """Have a connection note every row that comes, goes or changes, in a library that has seals."""
    if connection.changes is not None or not is_sealed(connection):
        return
    changes: dict[Group, Sum] = {}

    def note(table: str, rows: int, key: object, *values: object) -> None:
        known = changes.get((table, key), Sum(0, 0))
        changes[table, key] = Sum(known.rows + rows, known.sum ^ row_sum(*values))

    connection.create_function("note_row", -1, note)
    connection.execute("PRAGMA recursive_triggers = ON")  # or a row that is replaced would go unnoticed
    for table in tables_of(connection):
        came, went = _noted(table, 1, "NEW"), _noted(table, -1, "OLD")
        for event, said in (("INSERT", came), ("DELETE", went), ("UPDATE", went + came)):
            connection.execute(
                f"CREATE TEMP TRIGGER seal_{table.name}_{event} AFTER {event} ON main.{table.name} "
                f"BEGIN {said} END"
            )
    connection.changes = changes


def _noted(table: Table, rows: int, row: str) -> str:
    values = ", ".join(f'{row}."{name}"' for name in table.columns)
    return f"SELECT note_row('{table.name}', {rows}, {row}.\"{table.columns[table.key]}\", {values});"


def is_sealed(connection: sqlite3.Connection) -> bool:
    """Tell whether a database has sums."""
    return connection.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (SEAL,)).fetchone() is not None


def seal_changes(connection: SealedConnection) -> None:
    """Write the sums of the groups that were changed, before the transaction ends."""
    changes = connection.changes
    if changes:
        rows = [(*group, *change) for group, change in changes.items() if change != (0, 0)]
        connection.executemany(_ADD, rows)
        gone = [group for group, change in changes.items() if change.rows < 0]
        connection.executemany("DELETE FROM seal WHERE table_name = ? AND key = ? AND rows = 0", gone)
        changes.clear()


def seal_all(connection: sqlite3.Connection, but: Collection[Group] = ()) -> None:
    """Make all sums anew, within a transaction, after the tables themselves were changed.

    Groups that were known to be damaged before stay so.
    """
    connection.execute("DELETE FROM seal")
    for table in tables_of(connection):
        sums = sums_of(table, read_rows(connection, table))
        rows = [
            (table.name, key, found.rows, _BROKEN if (table.name, key) in but else found.sum)
            for key, found in sums.items()
        ]
        connection.executemany("INSERT INTO seal VALUES (?, ?, ?, ?)", rows)


def read_rows(
    connection: sqlite3.Connection, table: Table, *, back: bool = False
) -> Iterator[tuple[Any, ...]]:
    """Read the rows of a table as they lie, or from the other end, damaged text too."""
    cursor = connection.cursor()
    cursor.row_factory = None
    given, connection.text_factory = connection.text_factory, _as_it_lies
    try:
        order = ", ".join(f'"{name}"' for name in table.columns)
        turned = f' ORDER BY "{table.columns[table.key]}" DESC' if back else ""
        query = f'SELECT {order} FROM "{table.name}"{turned}'  # noqa: S608 - names of our own tables
        yield from cursor.execute(query)
    finally:
        connection.text_factory = given


def _as_it_lies(text: bytes) -> str:
    return text.decode("utf-8", "surrogateescape")


def fill(
    connection: sqlite3.Connection, table: Table, rows: Iterable[tuple[Any, ...]], *, how: str = ""
) -> None:
    """Insert whole rows of a table; ``how`` is such as ``"OR IGNORE"``."""
    names, marks = ", ".join(f'"{name}"' for name in table.columns), ", ".join("?" * len(table.columns))
    query = f'INSERT {how} INTO "{table.name}" ({names}) VALUES ({marks})'  # noqa: S608 - as above
    connection.executemany(query, rows)


def sums_of(table: Table, rows: Iterable[tuple[Any, ...]]) -> dict[Any, Sum]:
    """Sum up rows group by group."""
    found: dict[Any, Sum] = {}
    for row in rows:
        key = row[table.key]
        known = found.get(key, Sum(0, 0))
        found[key] = Sum(known.rows + 1, known.sum ^ row_sum(*row))
    return found


def sealed_sums(connection: sqlite3.Connection, table: str) -> dict[Any, Sum]:
    """Give the sums of a table as they were written."""
    rows = connection.execute("SELECT key, rows, sum FROM seal WHERE table_name = ?", (table,))
    return {key: Sum(count, total) for key, count, total in rows}


def unsound(connection: sqlite3.Connection) -> Iterator[Group]:
    """Find the groups that are not as they were written, those that are gone or have come among them.

    Raises `sqlite3.Error` where a table cannot be read to its end.
    """
    for table in tables_of(connection):
        there, written = sums_of(table, read_rows(connection, table)), sealed_sums(connection, table.name)
        for key in sorted(there.keys() | written.keys(), key=repr):
            if there.get(key) != written.get(key):
                yield table.name, key
