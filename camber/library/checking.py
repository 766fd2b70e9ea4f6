"""Is everything in the library as it was written? Looks at all of it and changes nothing."""

from __future__ import annotations

import sqlite3
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from camber.errors import CamberError
from camber.library.activities import activity_fingerprint
from camber.library.originals import content_of, laid_sha256, original_path
from camber.library.results import Segment, result_fingerprint, whole_result
from camber.packing import fingerprint, unpack_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from camber.library.library import Library

_MOST: Final = 100


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


def check_library(library: Library, *, watch: Callable[[str], None] = lambda _part: None) -> Checked:
    """Check the file's structure, references, counts, check sums, and the original files.

    ``watch`` is told what is looked at next.
    """
    parts: tuple[tuple[str, Callable[[Library], Iterator[Finding]]], ...] = (
        ("the file", _structure),
        ("recordings", _recordings),
        ("results", _results),
        ("roads", _segments),
        ("original files", _originals),
        ("permissions", _permissions),
    )
    findings: list[Finding] = []
    for name, part in parts:
        watch(name)
        try:
            findings.extend(part(library))
        except sqlite3.Error as error:
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


def _structure(library: Library) -> Iterator[Finding]:
    for row in library.connection.execute(f"PRAGMA integrity_check({_MOST})"):
        if row[0] != "ok":
            yield Finding(library.path.name, str(row[0]))
    for table, rowid, parent, _ in library.connection.execute("PRAGMA foreign_key_check"):
        yield Finding(f"{table} {rowid}", f"refers to a row of {parent} that is not there")


def _recordings(library: Library) -> Iterator[Finding]:
    for row in library.connection.execute("SELECT * FROM activity ORDER BY activity_id"):
        where = f"run {row['activity_id']}"
        if row["fingerprint"] != activity_fingerprint(row):
            yield Finding(where, "what it says of itself has changed since it was written")
        found = library.connection.execute(
            "SELECT rows, data, fingerprint FROM fixes WHERE activity_id = ?", (row["activity_id"],)
        ).fetchone()
        if found is None:
            if row["fixes"]:
                yield Finding(where, f"its {row['fixes']} fixes are not there")
            continue
        counted = _rows_of(found["data"])
        same = found["fingerprint"] == fingerprint(found["data"])
        if not same or not (counted == found["rows"] == row["fixes"]):
            yield Finding(where, f"its fixes are damaged: {row['fixes']} were written, {counted} can be read")
    for row in library.connection.execute("SELECT * FROM evidence"):
        if row["fingerprint"] != fingerprint(row["version"], row["value"]):
            yield Finding(f"run {row['activity_id']}", "what it says about habits has changed")


def _rows_of(data: bytes) -> int | None:
    try:
        return len(unpack_table(data))
    except CamberError:
        return None


def _results(library: Library) -> Iterator[Finding]:
    counts = {
        table: dict(library.connection.execute(query).fetchall())
        for table, query in (
            ("traversals", "SELECT activity_id, count(*) FROM traversal GROUP BY activity_id"),
            ("streets", "SELECT activity_id, count(*) FROM street GROUP BY activity_id"),
        )
    }
    for row in library.connection.execute("SELECT * FROM result ORDER BY activity_id"):
        where = f"result of run {row['activity_id']}"
        if row["fingerprint"] != result_fingerprint(row):
            yield Finding(where, "has changed since it was written")
        if _rows_of(row["exposure"]) != row["intervals"]:
            yield Finding(where, f"not all of its {row['intervals']} intervals can be read")
        for table, found in counts.items():
            if found.get(row["activity_id"], 0) != row[table]:
                yield Finding(where, f"holds {found.get(row['activity_id'], 0)} {table}, not {row[table]}")
        kept = library.connection.execute("SELECT * FROM passes WHERE activity_id = ?", (row["activity_id"],))
        if any(one["fingerprint"] != fingerprint(one["streets"], one["draws"]) for one in kept):
            yield Finding(where, "what its streets hold has changed since it was written")
        try:
            whole_result(row)
        except (CamberError, ValueError, KeyError, TypeError) as error:
            yield Finding(where, f"cannot be read: {error}")


def _segments(library: Library) -> Iterator[Finding]:
    for row in library.connection.execute("SELECT * FROM segment"):
        same = row["fingerprint"] == fingerprint(*(row[name] for name in Segment._fields))
        if not same or _rows_of(row["line"]) != row["points"] or _rows_of(row["junctions"]) is None:
            yield Finding(f"way {row['way_id']}", "its line is damaged")


def _originals(library: Library) -> Iterator[Finding]:
    for row in library.connection.execute("SELECT * FROM original ORDER BY content_sha256"):
        path = original_path(library.folder, row["content_sha256"])
        name = path.relative_to(library.folder).as_posix()
        try:
            data = path.read_bytes()
        except OSError as error:
            yield Finding(name, f"cannot be read: {error.strerror}; import its file again")
            continue
        if laid_sha256(data) != row["kept_sha256"]:
            yield Finding(name, "has changed since it was written; import its file again")
        elif content_of(data, largest=row["content_bytes"]).sha256 != row["content_sha256"]:
            yield Finding(name, "does not hold what its name says")


def _permissions(library: Library) -> Iterator[Finding]:
    if not hasattr(library.folder, "owner"):
        return
    for path in (library.folder, *library.folder.rglob("*")):
        mode = _mode(path)
        if mode is not None and mode & 0o077:
            yield Finding(path.relative_to(library.folder.parent).as_posix(), f"is open to others ({mode:o})")


def _mode(path: Path) -> int | None:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return None  # a journal that has just been folded in
