"""What was believed of sides before they were told: kept when an answer comes, added up later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from camber.library.results import read_passes
from camber.observations.answers import SideAnswer
from camber.observations.record import added, believed
from camber.schema import Believed

if TYPE_CHECKING:
    import sqlite3

    from camber.observations.answers import Answer


def note_belief(connection: sqlite3.Connection, number: int, answer: Answer) -> None:
    """Keep what was believed of a street whose side is told for the first time, within a transaction."""
    from camber.library.tellings import read_told, touched_by  # noqa: PLC0415 - the map's tables, to write alone

    if not isinstance(answer, SideAnswer) or answer.street is None or answer.run:
        return
    others = [told.answer for told in read_told(connection) if told.number != number]
    heard = {
        way
        for other in others
        if isinstance(other, SideAnswer) and other.street is not None
        for way in other.street.ways
    }
    if heard & set(answer.street.ways):
        return  # what is believed now has heard of it already
    found = (read_passes(connection, run) for run in touched_by(connection, answer) or ())
    rows = believed(answer, [one for one in found if one is not None])
    connection.executemany(
        "INSERT INTO believed VALUES (?, ?, ?, ?, ?)",
        [(number, one.receiver, one.told_m, one.named_m, one.right_m) for one in rows],
    )


def read_record(connection: sqlite3.Connection) -> tuple[Believed, ...]:
    """Add up what was believed before each answer that was not taken back, by receiver."""
    rows = connection.execute(
        "SELECT receiver, told_m, named_m, right_m FROM believed JOIN answer USING (answer_id) "
        "WHERE withdrawn = 0 ORDER BY answer_id, receiver"
    )
    return added([Believed(*row) for row in rows])
