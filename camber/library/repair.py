"""A damaged library heals: from rows that are sound, from snapshots, and from the original files."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from camber.errors import CamberError, LibraryBusyError, LibraryError
from camber.library.activities import keep_fixes
from camber.library.checking import database_findings
from camber.library.database import (
    FILE_NAME,
    ORIGINALS,
    build,
    connected,
    create_closed,
    elsewhere,
    open_database,
)
from camber.library.importing import import_paths
from camber.library.lock import held
from camber.library.originals import content_of, laid_sha256, original_path
from camber.library.place import own_folder
from camber.library.sealing import fill, is_sealed, read_rows, seal_all, sealed_sums, sums_of, tables_of
from camber.library.snapshot import DERIVED, keep_snapshot, read_snapshot, snapshots
from camber.recording.archive import Found
from camber.recording.isolated import read_isolated
from camber.roads.cache import QUARANTINE
from camber.roads.tiles import TileStore

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from camber.library.library import Library
    from camber.library.sealing import Table


def repair_database(folder: Path) -> Path | None:
    """Build a database that is damaged, lost or of a newer camber again; gives where the old one lies now.

    What is sound of the old one is taken over, and what no original file tells from the snapshots. None where
    nothing had to be done. A `LibraryError` where the disk is at fault, or where nothing shows that there was
    a library.
    """
    if _is_sound(folder):
        return None
    path = folder / FILE_NAME
    with held(folder, "check --repair"):
        aside = own_folder(folder / "damaged")
        aside = own_folder(aside / f"{len(list(aside.iterdir())) + 1:04d}")
        old_files = [path, path.with_name(f"{path.name}-wal")]
        for one in filter(type(path).is_file, old_files):
            shutil.copy2(one, aside / one.name)
        part = folder / ".camber-repair.part"
        part.unlink(missing_ok=True)
        create_closed(part)
        sources: list[sqlite3.Connection] = []
        if path.is_file() and path.stat().st_size:
            sources.append(connected(path))
        found = (read_snapshot(one) for one in reversed(snapshots(folder)))
        sources += [snapshot for snapshot in found if snapshot is not None][:1]
        with closing(connected(part)) as new:
            new.execute("BEGIN")
            build(new)
            for table in tables_of(new):
                for source in sources:
                    _take_over(new, table, source)
            _keep_originals(new, folder)
            _drop_orphans(new)
            seal_all(new)
            new.execute("COMMIT")
        for source in sources:
            source.close()
        for name in ("-wal", "-shm"):
            path.with_name(path.name + name).unlink(missing_ok=True)
        part.replace(path)
    return aside


def read_originals_again(library: Library) -> tuple[int, ...]:
    """Read the positions of recordings whose own are lost, and files of no run; runs that stay without."""
    query = "SELECT * FROM activity WHERE fixes > 0 AND activity_id NOT IN (SELECT activity_id FROM fixes)"
    for row in library.connection.execute(query).fetchall():
        path = original_path(library.folder, row["content_sha256"])
        with suppress(OSError, CamberError):
            read = read_isolated(Found(row["source"], path.read_bytes()))
            if len(read) > row["part"] and len(read[row["part"]].fixes) == row["fixes"]:
                with library.writing() as connection:
                    keep_fixes(connection, row["activity_id"], read[row["part"]], row["kind"])
    known = {name for (name,) in library.connection.execute("SELECT content_sha256 FROM activity")}
    more = [path for path in sorted(library.folder.glob(ORIGINALS)) if path.stem not in known]
    if more:
        import_paths(library, more)
    keep_snapshot(library.folder, library.connection, apart=True)
    return tuple(row["activity_id"] for row in library.connection.execute(query))


def _is_sound(folder: Path) -> bool:
    try:
        with closing(open_database(folder)) as connection:
            return next(iter(database_findings(connection)), None) is None
    except LibraryBusyError:
        raise
    except LibraryError as error:
        ours = next(folder.glob(ORIGINALS), None) is not None or bool(snapshots(folder))
        if not ours or elsewhere(error.__cause__):
            raise
        return False
    except (sqlite3.Error, UnicodeDecodeError) as error:
        if elsewhere(error):
            raise
        return False


def _take_over(new: sqlite3.Connection, table: Table, source: sqlite3.Connection) -> None:
    """Take the sound groups of a table that are not there yet; nothing where it cannot be read at all."""
    with suppress(sqlite3.Error, UnicodeDecodeError):
        there = next((one for one in tables_of(source) if one.name == table.name), None)
        if there is None:
            return
        rows: dict[Any, list[tuple[Any, ...]]] = {}
        for row in dict.fromkeys(_salvaged(source, there)):
            rows.setdefault(row[there.key], []).append(row)
        written = sealed_sums(source, table.name) if is_sealed(source) else None
        if written is None and table.name in DERIVED:
            return
        known = {row[table.key] for row in read_rows(new, table)}
        both = [name for name in table.columns if name in there.columns]
        places = [there.columns.index(name) for name in both]
        only = table._replace(columns=tuple(both))
        for key, group in rows.items():
            is_whole = written is None or sums_of(there, group).get(key) == written.get(key)
            if key not in known and is_whole:
                with suppress(sqlite3.Error, UnicodeError):
                    fill(new, only, [tuple(row[at] for at in places) for row in group], how="OR IGNORE")


def _salvaged(source: sqlite3.Connection, table: Table) -> list[tuple[Any, ...]]:
    """Read what can be read of a table, from both ends."""
    found: list[tuple[Any, ...]] = []
    for back in (False, True):
        try:
            found.extend(read_rows(source, table, back=back))
        except sqlite3.Error:
            continue
        break
    return found


def _keep_originals(new: sqlite3.Connection, folder: Path) -> None:
    """Note the original files of recordings of which that is lost."""
    query = (
        "SELECT DISTINCT content_sha256 FROM activity "
        "WHERE content_sha256 NOT IN (SELECT content_sha256 FROM original)"
    )
    for (name,) in new.execute(query).fetchall():
        path = folder / "originals" / str(name)[:2] / f"{name}.gz"
        data = path.read_bytes() if path.is_file() else b""
        content = content_of(data, largest=1 << 30)
        new.execute("INSERT INTO original VALUES (?, ?, ?)", (name, content.size, laid_sha256(data)))


def _drop_orphans(new: sqlite3.Connection) -> None:
    """Drop what refers to rows that are gone, and results of which a part is."""
    before = -1
    while new.total_changes != before:
        before = new.total_changes
        new.execute(
            "UPDATE activity SET duplicate_of = NULL "
            "WHERE duplicate_of NOT IN (SELECT activity_id FROM activity)"
        )
        new.execute(
            "DELETE FROM result WHERE traversals <> (SELECT count(*) FROM traversal AS t WHERE "
            "t.activity_id = result.activity_id) OR streets <> (SELECT count(*) FROM street AS s WHERE "
            "s.activity_id = result.activity_id)"
        )
        for child, parent in (
            ("fixes", "activity"),
            ("evidence", "activity"),
            ("failure", "activity"),
            ("result", "activity"),
            ("traversal", "result"),
            ("street", "result"),
            ("passes", "result"),
            ("contact", "result"),
            ("chosen", "fixes"),
        ):
            there = f"SELECT activity_id FROM {parent}"  # noqa: S608 - names above
            new.execute(f"DELETE FROM {child} WHERE activity_id NOT IN ({there})")  # noqa: S608 - as above
        new.execute("DELETE FROM traversal WHERE segment_id NOT IN (SELECT segment_id FROM segment)")


def put_roads_aside(folder: Path) -> list[str]:
    """Move damaged files of the map into ``quarantine`` beside them; gives their names."""
    names = []
    for path in TileStore(folder).damaged():
        place = path.parent / QUARANTINE
        place.mkdir(mode=0o700, exist_ok=True)
        path.replace(place / path.name)
        names.append(path.name)
    return names
