"""What to ask the runner about the runs of the last weeks, and what is not to be asked again."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from camber.adding import add_draws
from camber.errors import AnswerError
from camber.library.periods import LAST_ANALYSED_DAY
from camber.library.results import draws_from, read_passes
from camber.observations.questions import MOST, candidates, questions_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable

    import numpy as np
    from numpy.typing import NDArray

    from camber.observations.passes import StreetPasses
    from camber.schema import Inquiry

WEEKS: Final = 4
"""Weeks whose balance the questions are chosen to narrow (judgement: a block of training; suggestions look as
far back)."""

_PASSED_OVER: Final = "questions_passed_over"
"""The preference that holds names of questions which are never to be asked again."""

_RECENT: Final = """
SELECT activity_id, draws FROM result JOIN activity USING (activity_id)
WHERE activity.day > ? AND activity.duplicate_of IS NULL ORDER BY activity.day, activity_id
"""


def recent(
    connection: sqlite3.Connection,
) -> tuple[NDArray[np.float64], NDArray[np.float64], list[StreetPasses]] | None:
    """Metres of the last weeks by leg in each history [m], and the streets of their runs."""
    last = connection.execute(LAST_ANALYSED_DAY).fetchone()[0]
    if last is None:
        return None
    since = date.fromisoformat(last) - timedelta(weeks=WEEKS)
    rows = connection.execute(_RECENT, (since.isoformat(),)).fetchall()
    found = [read_passes(connection, row["activity_id"]) for row in rows]
    total = add_draws([draws_from(row["draws"]) for row in rows])
    left, right = total.left_low_m.sum(axis=1), total.right_low_m.sum(axis=1)
    return left, right, [one for one in found if one is not None and len(one.place) == len(left)]


def questions_due(
    connection: sqlite3.Connection, most: int = MOST, without: Collection[str] = ()
) -> tuple[Inquiry, ...]:
    """Choose questions; see `camber.library.library.Library.questions`."""
    known = recent(connection)
    if known is None:
        return ()
    return questions_of(*known, without={*without, *passed_over(connection)}, most=most)


def question_named(connection: sqlite3.Connection, name: str) -> Inquiry:
    """Find a question by its name, whether it would be asked or not; AnswerError if there is none."""
    known = recent(connection)
    found = [] if known is None else [inquiry for _, inquiry in candidates(*known)[1]]
    for inquiry in found:
        if inquiry.name == name:
            return inquiry
    raise AnswerError(f"there is no question {name!r} about the runs of the last {WEEKS} weeks: camber ask")


def passed_over(connection: sqlite3.Connection) -> set[str]:
    """Give the names of the questions that are never to be asked again."""
    query = "SELECT value FROM preference WHERE key = ?"
    found = connection.execute(query, (_PASSED_OVER,)).fetchone()
    return set() if found is None else set(json.loads(found[0]))


def pass_over(connection: sqlite3.Connection, names: Iterable[str]) -> None:
    """Never ask some questions again, whatever was said before; none for all of them to be asked."""
    row = (_PASSED_OVER, json.dumps(sorted(set(names))))
    connection.execute("INSERT OR REPLACE INTO preference VALUES (?, ?)", row)
