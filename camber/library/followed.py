"""What was suggested is remembered for some weeks, and held against what was run since."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from camber.library.results import read_passes
from camber.library.street_sides import Directions, sides_of
from camber.schema import Tried

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence


_KEY: Final = "suggested"
"""The preference that holds what was suggested: days, levers, sentences and streets."""

_KEPT: Final = timedelta(weeks=12)
WEEKS: Final = timedelta(weeks=4)
"""How long after it a suggestion is looked back on, and how far before it what was usual is looked for
(judgement: as far as suggestions themselves look)."""

_RUNS: Final = """
SELECT activity_id FROM activity JOIN result USING (activity_id)
WHERE duplicate_of IS NULL AND day > ? AND day <= ? ORDER BY day, activity_id
"""


class _Pass(NamedTuple):
    """One street of one run in one direction: left of the road in so many draws, tilted metres by leg [m]."""

    where: tuple[str, int, bool]
    p_left: float
    p_right: float
    left_m: float
    right_m: float


def note_suggested(
    connection: sqlite3.Connection, day: date, kind: str, what: str, streets: Sequence[str]
) -> None:
    """Remember a suggestion, within a transaction; of one that is there already the first day stays."""
    known = _suggested(connection)
    if any(one["what"] == what and one["streets"] == list(streets) for one in known):
        return
    recent = [one for one in known if date.fromisoformat(one["day"]) > day - _KEPT]
    now = {"day": day.isoformat(), "kind": kind, "what": what, "streets": list(streets)}
    value = json.dumps([*recent, now])
    connection.execute("INSERT OR REPLACE INTO preference VALUES (?, ?)", (_KEY, value))


def _suggested(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    found = connection.execute("SELECT value FROM preference WHERE key = ?", (_KEY,)).fetchone()
    return [] if found is None else list(json.loads(found[0]))


def tried_until(connection: sqlite3.Connection, starts_on: date, ends_on: date) -> tuple[Tried, ...]:
    """Look back on what was suggested in the four weeks before some days, latest first."""
    found = []
    for one in _suggested(connection):
        day, streets = date.fromisoformat(one["day"]), tuple(one["streets"])
        if not starts_on - WEEKS <= day < starts_on or not streets:
            continue
        directions = Directions()
        before, since = (
            _passes(connection, after, until, streets, directions)
            for after, until in ((day - WEEKS, day), (day, ends_on))
        )
        found.append(
            Tried(
                day,
                one["what"],
                streets,
                len(since),
                changed_of(before, since),
                _left_share(before),
                _left_share(since),
                one.get("kind", ""),
            )
        )
    return tuple(sorted(found, key=lambda tried: tried.day, reverse=True))


def changed_of(before: Sequence[_Pass], since: Iterable[_Pass]) -> float:
    """Expect how many passes were on another side than was usual for that street and direction before."""
    usual: dict[tuple[str, int, bool], float] = defaultdict(float)
    for one in before:
        usual[one.where] += one.p_right - one.p_left
    return sum(one.p_left if usual[one.where] > 0.0 else one.p_right for one in since if usual[one.where])


def _left_share(passes: Sequence[_Pass]) -> float | None:
    left, right = (sum(getattr(one, name) for one in passes) for name in ("left_m", "right_m"))
    return left / (left + right) if left + right > 0.0 else None


def _passes(
    connection: sqlite3.Connection, after: date, until: date, streets: Sequence[str], directions: Directions
) -> list[_Pass]:
    found = []
    for (run,) in connection.execute(_RUNS, (after.isoformat(), until.isoformat())).fetchall():
        passes = read_passes(connection, run)
        if passes is None:
            continue
        side = sides_of(passes.place)
        p_left, p_right = (side < 0).mean(axis=0), (side > 0).mean(axis=0)
        for row, (key, name, heading) in enumerate(
            zip(*(passes.table[column] for column in ("key", "street", "heading_deg")), strict=True)
        ):
            if name in streets:
                found.append(
                    _Pass(
                        (str(name), int(key), directions.of(int(key), float(heading))),
                        float(p_left[row]),
                        float(p_right[row]),
                        float(passes.left_low_m[:, row].mean()),
                        float(passes.right_low_m[:, row].mean()),
                    )
                )
    return found
