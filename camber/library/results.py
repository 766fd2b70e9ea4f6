"""Results in the library: written whole, read back as they were."""

from __future__ import annotations

from dataclasses import astuple
from typing import TYPE_CHECKING, Any, Final

from camber.library.stored_values import value_from
from camber.packing import fingerprint, unpack_columns, unpack_table
from camber.schema import Draws, Evidence, Suggestions, Summary

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    import pandas as pd

    from camber.library.outcomes import Outcome, Segment
_KEPT: Final = (
    *("camber_version", "roads_source", "osm_date", "distance_m", "duration_s", "judged_m"),
    *("summary", "suggestions", "not_judged", "intervals", "draws", "exposure"),
)
_CHECKED: Final = ("version", "learned_version", *_KEPT, "traversals", "streets")


def store_evidence(connection: sqlite3.Connection, activity_id: int, version: str, value: str) -> None:
    """Keep what a run says about habits and map, gained without other runs.

    Parameters
    ----------
    connection : sqlite3.Connection
        The library, within a transaction.
    activity_id : int
        The run.
    version : str
        Of all that decided it.
    value : str
        JSON of `camber.schema.Evidence`.
    """
    row = (activity_id, version, value, fingerprint(version, value))
    connection.execute("INSERT OR REPLACE INTO evidence VALUES (?, ?, ?, ?)", row)
    connection.execute("DELETE FROM failure WHERE activity_id = ?", (activity_id,))


def store_failure(
    connection: sqlite3.Connection, activity_id: int, version: str, state: str, message: str
) -> None:
    """Keep that a run could not be analysed, and why; what an older version found is taken back.

    Parameters
    ----------
    connection : sqlite3.Connection
        The library, within a transaction.
    activity_id : int
        The run.
    version : str
        Of all that decided it.
    state : {"no_roads", "failed"}
        Whether roads are wanting, or something else.
    message : str
        One sentence.
    """
    drop_result(connection, activity_id)
    old = (activity_id, version)
    connection.execute("DELETE FROM evidence WHERE activity_id = ? AND version <> ?", old)
    row = (activity_id, version, state, message)
    connection.execute("INSERT OR REPLACE INTO failure VALUES (?, ?, ?, ?)", row)


def store_outcome(
    connection: sqlite3.Connection, activity_id: int, version: str, learned_version: str, outcome: Outcome
) -> None:
    """Keep what was found out about a run, in the place of what was there.

    Parameters
    ----------
    connection : sqlite3.Connection
        The library, within a transaction.
    activity_id : int
        The run.
    version, learned_version : str
        Of all that decided it, and of what other runs said.
    outcome : Outcome
        What is to be kept.
    """
    drop_result(connection, activity_id)
    row = {
        "activity_id": activity_id,
        "version": version,
        "learned_version": learned_version,
        **{name: getattr(outcome, name) for name in _KEPT},
        "traversals": len(outcome.traversals),
        "streets": len(outcome.streets),
    }
    row["fingerprint"] = result_fingerprint(row)
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    connection.execute(
        f"INSERT INTO result ({names}) VALUES ({marks})",  # noqa: S608 - names of our own columns
        tuple(row.values()),
    )
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


def drop_result(connection: sqlite3.Connection, activity_id: int) -> None:
    """Take back what was found out about a run.

    Parameters
    ----------
    connection : sqlite3.Connection
        The library, within a transaction.
    activity_id : int
        The run.
    """
    connection.execute("DELETE FROM result WHERE activity_id = ?", (activity_id,))
    connection.execute("DELETE FROM failure WHERE activity_id = ?", (activity_id,))


def _segment_id(connection: sqlite3.Connection, segment: Segment) -> int:
    known = connection.execute(
        "SELECT segment_id FROM segment WHERE way_id = ? AND digest = ?", (segment.way_id, segment.digest)
    ).fetchone()
    if known is not None:
        return int(known[0])
    done = connection.execute(
        "INSERT INTO segment (way_id, digest, name, highway, length_m, points, line, junctions, fingerprint) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*astuple(segment), fingerprint(*astuple(segment))),
    )
    return int(done.lastrowid or 0)


def result_fingerprint(row: sqlite3.Row | dict[str, Any]) -> int:
    """Check sum of a result.

    Parameters
    ----------
    row : mapping
        Of the table ``result``.

    Returns
    -------
    int
        See `camber.packing.fingerprint`.
    """
    return fingerprint(*(row[name] for name in _CHECKED))


def read_evidence(connection: sqlite3.Connection) -> Iterator[tuple[int, Evidence]]:
    """Read what every run that counts says about habits and map.

    Parameters
    ----------
    connection : sqlite3.Connection
        The library.

    Yields
    ------
    tuple of int and Evidence
        One per run, with its number, in the order of time, whatever the order in which they were imported.
    """
    rows = connection.execute(
        "SELECT activity_id, value FROM evidence JOIN activity USING (activity_id) "
        "ORDER BY started_at_ms IS NULL, started_at_ms, content_sha256, part"
    )
    for row in rows:
        yield row["activity_id"], value_from(row["value"], Evidence)


def read_exposure(connection: sqlite3.Connection, activity_id: int) -> pd.DataFrame | None:
    """Read the intervals of a run.

    Parameters
    ----------
    connection : sqlite3.Connection
        The library.
    activity_id : int
        The run.

    Returns
    -------
    DataFrame or None
        As `camber.schema.tables.EXPOSURE` in single precision, and ``street``, ``first_fix``, ``last_fix``;
        None where the run is not analysed.
    """
    found = connection.execute("SELECT exposure FROM result WHERE activity_id = ?", (activity_id,)).fetchone()
    return None if found is None else unpack_table(found[0])


def draws_from(data: bytes) -> Draws:
    """Read drawn totals back.

    Parameters
    ----------
    data : bytes
        As they are stored.

    Returns
    -------
    Draws
        In single precision.
    """
    return Draws(**unpack_columns(data))


def whole_result(row: sqlite3.Row) -> tuple[Summary, Suggestions, Draws]:
    """Read a result back.

    Parameters
    ----------
    row : sqlite3.Row
        With ``summary``, ``suggestions`` and ``draws``.

    Returns
    -------
    Summary, Suggestions, Draws
        As they were.
    """
    summary = value_from(row["summary"], Summary)
    return summary, value_from(row["suggestions"], Suggestions), draws_from(row["draws"])
