"""Is everything in the library as it was written? Looks at all of it and changes nothing."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Final, NamedTuple

from camber.library.database import FILE_NAME, ORIGINALS, build, connected
from camber.library.originals import content_of, laid_sha256, original_path
from camber.library.sealing import unsound
from camber.library.snapshot import DERIVED, read_snapshot, snapshots
from camber.roads.tiles import TileStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from camber.library.library import Library

_MOST: Final = 100
_ANEW: Final = "`camber import FILE` puts it back"
_OF_RUNS: Final = frozenset({"activity", *DERIVED} - {"segment"})


class Finding(NamedTuple):
    """Something that is not as it was written: table and row, or file, and one sentence."""

    where: str
    what: str


@dataclass(frozen=True)
class Checked:
    """How many recordings, results and original files were looked at, and what is wrong."""

    recordings: int
    results: int
    originals: int
    findings: tuple[Finding, ...]


def check_library(
    library: Library, roads: Path | None = None, *, watch: Callable[[str], None] = lambda _part: None
) -> Checked:
    """Check the database row by row, the original files, the snapshots, and the map kept in ``roads``.

    ``watch`` is told what is looked at next.
    """
    parts: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
        ("the database", partial(database_findings, library.connection)),
        ("original files", partial(_originals, library)),
        ("snapshots", partial(_snapshots, library.folder)),
        ("the map", partial(_roads, roads)),
        ("permissions", partial(_permissions, library)),
    )
    findings: list[Finding] = []
    for name, part in parts:
        watch(name)
        try:
            findings.extend(part())
        except (sqlite3.Error, UnicodeDecodeError) as error:
            findings.append(Finding(name, f"cannot be read: {error}"))
    return Checked(
        _count(library, "activity"), _count(library, "result"), _count(library, "original"), tuple(findings)
    )


def _count(library: Library, table: str) -> int:
    try:
        found = library.connection.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 - a constant
        return int(found.fetchone()[0])
    except sqlite3.Error:
        return 0


def database_findings(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Find what is wrong with a database: its pages, what its rows refer to, its tables, and each row."""
    for row in connection.execute(f"PRAGMA integrity_check({_MOST})"):
        if row[0] != "ok":
            yield Finding(FILE_NAME, str(row[0]))
    for table, rowid, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        yield Finding(f"{table} {rowid}", f"refers to a row of {parent} that is not there")
    if _schema(connection) != _schema_of_steps():
        yield Finding(FILE_NAME, "its tables are not those that camber made")
    for table, key in unsound(connection):
        of = "run " if table in _OF_RUNS else ""
        yield Finding(f"{table} of {of}{key}", "is not as it was written")


def _schema(connection: sqlite3.Connection) -> list[tuple[str, ...]]:
    query = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite!_%' ESCAPE '!'"
    return sorted(tuple(map(str, row)) for row in connection.execute(query))


@cache
def _schema_of_steps() -> list[tuple[str, ...]]:
    with closing(connected(":memory:")) as made:
        build(made)
        return _schema(made)


def _originals(library: Library) -> Iterator[Finding]:
    known = set()
    for row in library.connection.execute("SELECT * FROM original ORDER BY content_sha256"):
        known.add(row["content_sha256"])
        path = original_path(library.folder, row["content_sha256"])
        name = path.relative_to(library.folder).as_posix()
        try:
            data = path.read_bytes()
        except OSError as error:
            yield Finding(name, f"cannot be read ({error.strerror}); {_ANEW}")
            continue
        if laid_sha256(data) != row["kept_sha256"]:
            yield Finding(name, f"has changed since it was written; {_ANEW}")
        elif content_of(data, largest=row["content_bytes"]).sha256 != row["content_sha256"]:
            yield Finding(name, f"does not hold what its name says; {_ANEW}")
    for path in sorted(library.folder.glob(ORIGINALS)):
        if path.stem not in known:
            name = path.relative_to(library.folder).as_posix()
            yield Finding(name, "is of no run: `camber check --repair` reads it")


def _snapshots(folder: Path) -> Iterator[Finding]:
    for path in snapshots(folder):
        found = read_snapshot(path)
        if found is None:
            yield Finding(path.relative_to(folder).as_posix(), "is not as it was written")
        else:
            found.close()


def _roads(folder: Path | None) -> Iterator[Finding]:
    for path in () if folder is None else TileStore(folder).damaged():
        yield Finding(path.name, "is not as it was written: `camber check --repair` puts it aside")


def _permissions(library: Library) -> Iterator[Finding]:
    if not hasattr(os, "getuid") or not os.access(library.folder, os.W_OK):
        return  # nobody can close what cannot be written to
    for path in (library.folder, *library.folder.rglob("*")):
        mode = _mode(path)
        if mode is not None and mode & 0o077:
            yield Finding(path.relative_to(library.folder.parent).as_posix(), f"is open to others ({mode:o})")


def _mode(path: Path) -> int | None:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return None  # a journal that has just been folded in
