"""Notes of the runner in the library: kept, listed, deleted, and written whole for the runner alone."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final

from camber.errors import AnswerError
from camber.library.database import insert
from camber.library.moments import STARTED_WITHIN_MS
from camber.schema import Note

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from camber.recording.archive.private_notes import PrivateNote

LEGS: Final = ("", "left", "right", "both")
LONGEST: Final = 2000
"""Characters of a note (judgement: a page of a diary)."""

_FIRST_DAY: Final = date(1990, 1, 1)


def keep_note(connection: sqlite3.Connection, note: Note) -> int:
    """Keep a note, within a transaction, and give its number; AnswerError where it makes no sense."""
    if not note.text.strip():
        raise AnswerError('a note needs words, such as: camber note today "left hip sore after 8 km"')
    if len(note.text) > LONGEST:
        raise AnswerError(f"a note has at most {LONGEST} characters; this one has {len(note.text)}")
    if note.leg not in LEGS:
        raise AnswerError(f"{note.leg!r} is no leg; give left, right or both")
    if note.day < _FIRST_DAY:
        raise AnswerError(f"{note.day} is no day of a runner's notes")
    row = {
        "day": note.day.isoformat(),
        "leg": note.leg,
        "text": _storable(note.text.strip()),
        "source": note.source,
        "activity_id": note.run,
        "written_at_ms": int(datetime.now(UTC).timestamp() * 1000.0),
    }
    return insert(connection, "note", row)


def _storable(text: str) -> str:
    """Replace halves of characters, which no file holds."""
    return text.encode("utf-8", "replace").decode("utf-8")


def delete_note(connection: sqlite3.Connection, number: int) -> Note:
    """Delete a note, within a transaction: nothing of it stays in the library but in copies of old days."""
    for note in read_notes(connection):
        if note.number == number:
            connection.execute("DELETE FROM note WHERE note_id = ?", (number,))
            return note
    raise AnswerError(f"there is no note {number}; `camber note list` has them all")


def read_notes(
    connection: sqlite3.Connection, first: date | None = None, last: date | None = None
) -> tuple[Note, ...]:
    """Read the notes of some days, both included, in their order; of all days where none is named."""
    rows = connection.execute(
        "SELECT note_id, day, text, leg, activity_id, source FROM note WHERE day BETWEEN ? AND ? "
        "ORDER BY day, note_id",
        ((first or date.min).isoformat(), (last or date.max).isoformat()),
    )
    return tuple(Note(row[0], date.fromisoformat(row[1]), *row[2:]) for row in rows)


def take_in(connection: sqlite3.Connection, notes: Iterable[PrivateNote]) -> tuple[int, int]:
    """Keep the notes of an export, within a transaction, each once; gives how many, and how many have no day.

    A note is of the run that came from its file, or began when it did; its day is that of the run, else that
    of the list.
    """
    kept = without_day = 0
    known: dict[tuple[date, str], set[int | None]] = defaultdict(set)
    for there in read_notes(connection):
        known[there.day, there.text].add(there.run)
    for note in notes:
        row = _run_of(connection, note)
        day = row["day"] if row is not None and row["day"] else None
        at = date.fromisoformat(day) if day else note.day or (note.at.date() if note.at else None)
        text = _storable(note.text.strip())[:LONGEST]
        if at is None:
            without_day += 1
            continue
        run = None if row is None else row["activity_id"]
        # Two runs of a day may have the same words; one whose run came later is the same note.
        runs = known[at, text]
        if text and not runs & {run, None} and not (run is None and runs):
            keep_note(connection, Note(0, at, text, "", run, note.source))
            runs.add(run)
            kept += 1
    return kept, without_day


def _run_of(connection: sqlite3.Connection, note: PrivateNote) -> sqlite3.Row | None:
    row = None
    if note.file:
        row = connection.execute(_RUN_OF_FILE, (f"%/{_literal(note.file)}", note.file)).fetchone()
    if row is None and note.at is not None:
        at_ms = int(note.at.timestamp() * 1000.0)
        row = connection.execute(
            _RUN_AT, (at_ms - STARTED_WITHIN_MS, at_ms + STARTED_WITHIN_MS, at_ms)
        ).fetchone()
    return row


def _literal(text: str) -> str:
    """Keep a name from being a pattern."""
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


_RUN_OF_FILE: Final = """
SELECT activity_id, day FROM activity WHERE (source LIKE ? ESCAPE '!' OR source = ?) AND duplicate_of IS NULL
ORDER BY activity_id LIMIT 1
"""

_RUN_AT: Final = """
SELECT activity_id, day FROM activity WHERE started_at_ms BETWEEN ? AND ? AND duplicate_of IS NULL
ORDER BY abs(started_at_ms - ?), activity_id LIMIT 1
"""


def notes_csv(notes: Sequence[Note]) -> str:
    """Write notes as CSV, none of which a spreadsheet runs as a formula."""
    from camber.report.intervals import guarded  # noqa: PLC0415 - tables load where something is written
    from camber.report.wording import plain  # noqa: PLC0415 - as above

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["note", "day", "leg", "run", "source", "text"])
    for note in notes:
        run = "" if note.run is None else note.run
        text = guarded(plain(note.text, LONGEST))
        writer.writerow([note.number, note.day.isoformat(), note.leg, run, guarded(plain(note.source)), text])
    return out.getvalue()
