"""What is kept of an analysis: written whole, read back as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from camber.legs.kept_contact import unpack_contact
from camber.library.database import insert
from camber.library.stored_values import value_from
from camber.observations.passes import StreetPasses, unpack_passes
from camber.packing import table_columns, unpack_columns, unpack_table
from camber.schema import Draws, Evidence, Summary

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator

    import pandas as pd
    from numpy.typing import NDArray

    from camber.library.distilling import Outcome, Segment
    from camber.schema import ContactRun


def store_evidence(connection: sqlite3.Connection, activity_id: int, version: str, value: str) -> None:
    """Keep what a run says about habits and map, gained without other runs: JSON of `Evidence`."""
    row = (activity_id, version, value)
    connection.execute("INSERT OR REPLACE INTO evidence VALUES (?, ?, ?)", row)
    connection.execute("DELETE FROM failure WHERE activity_id = ?", (activity_id,))


def store_failure(
    connection: sqlite3.Connection, activity_id: int, version: str, state: str, message: str
) -> None:
    """Keep why a run could not be analysed (``"no_roads"`` or ``"failed"``), and nothing older about it."""
    _drop_result(connection, activity_id)
    old = (activity_id, version)
    connection.execute("DELETE FROM evidence WHERE activity_id = ? AND version <> ?", old)
    row = (activity_id, version, state, message)
    connection.execute("INSERT OR REPLACE INTO failure VALUES (?, ?, ?, ?)", row)


def store_outcome(
    connection: sqlite3.Connection,
    activity_id: int,
    version: str,
    learned_version: str,
    outcome: Outcome,
    heard: str = "",
) -> None:
    """Keep what was found out about a run in the place of what was there.

    The versions are of all that decided it, and of what other runs said, which ``heard`` names too
    (`camber.library.hearing`).
    """
    _drop_result(connection, activity_id)
    row = {"version": version, "learned_version": learned_version, "heard": heard, **outcome.result}
    insert(connection, "result", row | {"activity_id": activity_id})
    ids = [_segment_id(connection, segment) for segment in outcome.segments]
    connection.executemany(
        "INSERT INTO traversal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(activity_id, seq, ids[at], *rest) for seq, (at, *rest) in enumerate(outcome.traversals)],
    )
    day = connection.execute("SELECT day FROM activity WHERE activity_id = ?", (activity_id,)).fetchone()[0]
    connection.executemany(
        "INSERT INTO street VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(activity_id, seq, name, day, *rest) for seq, (name, *rest) in enumerate(outcome.streets)],
    )
    connection.execute("INSERT INTO passes VALUES (?, ?, ?)", (activity_id, *outcome.passes))
    if outcome.contact is not None:
        connection.execute("INSERT INTO contact VALUES (?, ?, ?)", (activity_id, *outcome.contact))


def _drop_result(connection: sqlite3.Connection, activity_id: int) -> None:
    connection.execute("DELETE FROM result WHERE activity_id = ?", (activity_id,))
    connection.execute("DELETE FROM failure WHERE activity_id = ?", (activity_id,))


def _segment_id(connection: sqlite3.Connection, segment: Segment) -> int:
    known = connection.execute(
        "SELECT segment_id FROM segment WHERE way_id = ? AND digest = ?", (segment.way_id, segment.digest)
    ).fetchone()
    if known is not None:
        return int(known[0])
    return insert(connection, "segment", segment._asdict())


def evidence_texts(connection: sqlite3.Connection) -> Iterator[tuple[int, str]]:
    """Read what every run that counts says about habits and map, as JSON, in the order of time."""
    rows = connection.execute(
        "SELECT activity_id, value FROM evidence JOIN activity USING (activity_id) "
        "ORDER BY started_at_ms IS NULL, started_at_ms, content_sha256, part"
    )
    yield from ((row["activity_id"], row["value"]) for row in rows)


def read_evidence(connection: sqlite3.Connection) -> Iterator[tuple[int, Evidence]]:
    """Read what every run that counts says, with its number, in the order of time."""
    for run, text in evidence_texts(connection):
        yield run, value_from(text, Evidence)


def evidence_of_run(connection: sqlite3.Connection, activity_id: int) -> Evidence | None:
    """Read what one run says; None where it has said nothing."""
    found = connection.execute("SELECT value FROM evidence WHERE activity_id = ?", (activity_id,)).fetchone()
    return None if found is None else value_from(found[0], Evidence)


def read_exposure(connection: sqlite3.Connection, activity_id: int) -> pd.DataFrame | None:
    """Read the intervals of a run, with ``street`` and its first and last fix; None if it is not analysed."""
    from camber.schema.tables import EXPOSURE  # noqa: PLC0415 - tables load where one is asked for

    found = _kept_exposure(connection, activity_id)
    if found is None:
        return None
    table = unpack_table(found)
    # What an earlier camber did not say is missing.
    missing = (column.name for column in EXPOSURE if column.name not in table.columns)
    return table.assign(**dict.fromkeys(missing, np.nan))


def exposure_columns(
    connection: sqlite3.Connection, activity_id: int, names: tuple[str, ...]
) -> dict[str, NDArray[Any]] | None:
    """Read some columns of the intervals of a run, which is quicker; None if it is not analysed."""
    found = _kept_exposure(connection, activity_id)
    if found is None:
        return None
    rows, columns = table_columns(found, names)
    return {name: columns.get(name, np.full(rows, np.nan)) for name in names}


def _kept_exposure(connection: sqlite3.Connection, activity_id: int) -> bytes | None:
    found = connection.execute("SELECT exposure FROM result WHERE activity_id = ?", (activity_id,)).fetchone()
    return None if found is None else bytes(found[0])


def read_passes(connection: sqlite3.Connection, activity_id: int) -> StreetPasses | None:
    """Read the streets of a run as its histories have them; None where an earlier camber analysed it."""
    query = "SELECT streets, draws FROM passes WHERE activity_id = ?"
    found = connection.execute(query, (activity_id,)).fetchone()
    return None if found is None else unpack_passes(*found)


def read_contact(connection: sqlite3.Connection, runs: Iterable[int] | None = None) -> list[ContactRun]:
    """Read what runs that count say of contact and tilt, in their order; all of them if none are named."""
    rows = connection.execute(
        "SELECT activity_id, said, drawn FROM contact JOIN activity USING (activity_id) "
        "WHERE duplicate_of IS NULL ORDER BY started_at_ms, activity_id"
    )
    wanted = None if runs is None else set(runs)
    return [unpack_contact(said, drawn) for run, said, drawn in rows if wanted is None or run in wanted]


def draws_from(data: bytes) -> Draws:
    """Read drawn totals back, in single precision."""
    return Draws(**unpack_columns(data))


def whole_result(row: sqlite3.Row) -> tuple[Summary, Draws]:
    """Read ``summary`` and ``draws`` of a row back."""
    return value_from(row["summary"], Summary), draws_from(row["draws"])
