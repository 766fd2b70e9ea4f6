"""What the runner told, kept in the library: found again by street and run, and turned into evidence."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from difflib import get_close_matches
from functools import partial
from math import nan
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from camber import standards
from camber.errors import AnswerError, UnknownRunError
from camber.library.database import insert
from camber.observations.answers import HabitAnswer, SideAnswer, Street, street_of
from camber.observations.answers_file import answer_from, fields_of
from camber.observations.evidence_of_answers import Known, observed_of
from camber.observations.phrases import EXAMPLES, Where, answer_of, habit_of, of_road
from camber.observations.trust import learned_trust
from camber.observations.way_frame import StreetWay, heading_at, middle_of, towns_of, ways_of
from camber.packing import unpack_table

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

    from camber.observations.answers import Answer
    from camber.schema import Observed

_WAYS: Final = """
SELECT way_id, name, length_m, line FROM segment
WHERE segment_id IN (SELECT max(segment_id) FROM segment GROUP BY way_id) AND {which}
ORDER BY way_id
"""
"""Ways as they were last analysed."""

_PASSES: Final = """
SELECT way_id, direction, sum(traversal.length_m) AS metres
FROM traversal JOIN segment USING (segment_id) WHERE activity_id = ? GROUP BY way_id, direction
"""

_ON_WAYS: Final = """
SELECT DISTINCT activity_id FROM evidence, json_each(evidence.value, '$.ways') AS way
WHERE way.value IN (SELECT value FROM json_each(?)) ORDER BY activity_id
"""
"""Runs that were on some ways, or may have been beside them."""

_NEAR_KM: Final = 5.0
"""How far a place that was named may be from the street that is meant [km] (judgement)."""


class Told(NamedTuple):
    """An answer as it is kept: its number, and when it was given (UTC)."""

    number: int
    at: datetime
    answer: Answer


def keep_answer(connection: sqlite3.Connection, answer: Answer) -> int:
    """Keep an answer, within a transaction, and give its number."""
    value = _json(answer)
    row = {"told_at_ms": int(datetime.now(UTC).timestamp() * 1000.0), "value": value}
    return insert(connection, "answer", row)


def take_back(connection: sqlite3.Connection, number: int) -> Answer:
    """Take an answer back, within a transaction; it stays in the file, but is heard no more."""
    for told in read_told(connection):
        if told.number == number:
            connection.execute("UPDATE answer SET withdrawn = 1 WHERE answer_id = ?", (number,))
            return told.answer
    raise AnswerError(f"there is no answer {number}; `camber tell list` has them all")


def read_told(connection: sqlite3.Connection) -> list[Told]:
    """Read what was told and not taken back, in the order in which it came."""
    rows = connection.execute(
        "SELECT answer_id, told_at_ms, value FROM answer WHERE withdrawn = 0 ORDER BY answer_id"
    )
    return [
        Told(
            row["answer_id"],
            datetime.fromtimestamp(row["told_at_ms"] / 1000.0, UTC),
            answer_from(json.loads(row["value"])),
        )
        for row in rows
    ]


def _place_among_all(answer: Answer) -> tuple[date, str]:
    return answer.on, _json(answer)


def _json(answer: Answer) -> str:
    return json.dumps(fields_of(answer), ensure_ascii=False, sort_keys=True, default=_plain)


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)


# -- Streets and runs -------------------------------------------------------------------------------------


def find_street(
    connection: sqlite3.Connection,
    name: str,
    *,
    near: tuple[float, float] | None = None,
    run: int | None = None,
) -> list[StreetWay]:
    """Find the ways of a street that runs were on, by its name as people write it.

    Of several towns the one near a place (latitude, longitude), or on a run; AnswerError where that leaves
    none, or more than one.
    """
    names = [row[0] for row in connection.execute("SELECT DISTINCT name FROM segment WHERE name <> ''")]
    same = [each for each in names if each.casefold() == name.strip().casefold()]
    if not same:
        close = get_close_matches(name.strip().casefold(), {each.casefold() for each in names}, 3, 0.0)
        listed = ", ".join(next(each for each in names if each.casefold() == one) for one in close)
        hint = f"nearest are: {listed}" if listed else "no street is known yet: `camber analyse --all` first"
        raise AnswerError(f"none of your runs was on a street called {name!r}; {hint}")
    towns = towns_of([way for each in same for way in _ways(connection, "name = ?", (each,))])
    if run is not None:
        on = {row["way_id"] for row in connection.execute(_PASSES, (run,))}
        towns = [town for town in towns if any(way.way_id in on for way in town)]
        if not towns:
            raise AnswerError(f"run {run} was not on {same[0]}")
    if near is not None:
        towns = [town for town in towns if _away_km(town, near) <= _NEAR_KM]
        if not towns:
            raise AnswerError(f"there is no {same[0]} within {_NEAR_KM:.0f} km of {near[0]}, {near[1]}")
    if len(towns) > 1:
        places = " and ".join("{:.3f},{:.3f}".format(*middle_of(town[0])) for town in towns[:3])
        raise AnswerError(
            f"there are {len(towns)} streets called {same[0]}, at {places}: say which with --near or --run"
        )
    return towns[0]


def street_from(ways: Sequence[StreetWay]) -> Street:
    """Make a street of its ways, with a place on its longest one."""
    longest = max(ways, key=lambda way: (way.length_m, way.way_id))
    latitude, longitude = (round(value, 6) for value in middle_of(longest))
    return Street(longest.name, latitude, longitude, tuple(sorted(way.way_id for way in ways)))


def heading_on(
    connection: sqlite3.Connection, run: int, street: Street, ways: Sequence[StreetWay]
) -> tuple[Street, float]:
    """Give the direction of travel of a run on a street [deg], and the street with its place where that is.

    AnswerError where the run was not on it, or went along it both ways.
    """
    by_id = {way.way_id: way for way in ways}
    metres: dict[int, dict[int, float]] = {}
    for row in connection.execute(_PASSES, (run,)):
        if row["way_id"] in by_id:
            metres.setdefault(row["way_id"], {})[row["direction"]] = row["metres"]
    if not metres:
        raise AnswerError(f"run {run} was not on {street.name}")
    most = max(metres, key=lambda way: (max(metres[way].values()), way))
    ways_gone = metres[most]
    if len(ways_gone) > 1 and min(ways_gone.values()) > 0.2 * max(ways_gone.values()):
        raise AnswerError(
            f"run {run} went along {street.name} both ways: say the side by the compass, as north"
        )
    latitude, longitude = (round(value, 6) for value in middle_of(by_id[most]))
    drawn = heading_at(by_id[most], latitude, longitude)
    heading = (drawn + (180.0 if max(ways_gone, key=lambda way: ways_gone[way]) < 0 else 0.0)) % 360.0
    return Street(street.name, latitude, longitude, street.ways), round(heading, 1)


def fingerprint_of(connection: sqlite3.Connection, run: int) -> str:
    """Give the fingerprint of a run's recording; UnknownRunError where it is not analysed."""
    row = connection.execute("SELECT value FROM evidence WHERE activity_id = ?", (run,)).fetchone()
    if row is None:
        raise UnknownRunError(f"there is no analysed run {run}; `camber runs` lists all", path="library")
    return str(json.loads(row["value"])["run"])


def runs_by_fingerprint(connection: sqlite3.Connection) -> dict[str, int]:
    """Give the number of each analysed run by the fingerprint of its recording."""
    rows = connection.execute("SELECT activity_id, json_extract(value, '$.run') FROM evidence")
    return {str(name): int(run) for run, name in rows}


def touched_by(connection: sqlite3.Connection, answer: Answer) -> list[int] | None:
    """List the runs that an answer speaks of; None for all of them."""
    if isinstance(answer, SideAnswer) and answer.run:
        run = runs_by_fingerprint(connection).get(answer.run)
        return [] if run is None else [run]
    street = street_of(answer)
    if isinstance(answer, HabitAnswer) or street is None:
        return None
    ways = json.dumps([way.way_id for way in ways_of(street, _ways_named(connection, [street]))])
    return [int(row[0]) for row in connection.execute(_ON_WAYS, (ways,))]


def _ways(connection: sqlite3.Connection, which: str, given: tuple[Any, ...]) -> list[StreetWay]:
    rows = connection.execute(_WAYS.format(which=which), given).fetchall()
    return [_way_of(row) for row in rows]


def _way_of(row: sqlite3.Row) -> StreetWay:
    line = unpack_table(row["line"])
    degrees = np.column_stack([line["longitude_deg"], line["latitude_deg"]])
    return StreetWay(row["way_id"], row["name"], degrees, row["length_m"])


def _ways_named(connection: sqlite3.Connection, streets: Iterable[Street]) -> list[StreetWay]:
    """Ways of the names, or with the numbers, of some streets."""
    known = list(streets)
    names = json.dumps(sorted({street.name for street in known} - {""}))
    ids = json.dumps(sorted({way for street in known for way in street.ways}))
    which = "(name IN (SELECT value FROM json_each(?)) OR way_id IN (SELECT value FROM json_each(?)))"
    return _ways(connection, which, (names, ids))


def _away_km(town: Sequence[StreetWay], near: tuple[float, float]) -> float:
    scale = np.array([np.cos(np.radians(near[0])), 1.0]) * 111.195
    away = [(way.line_deg - np.array(near[::-1])) * scale for way in town]
    return float(min(np.hypot(*part.T).min() for part in away))


def said_of(
    connection: sqlite3.Connection,
    name: str,
    phrase: str,
    *,
    run: int | None = None,
    near: tuple[float, float] | None = None,
    where: Where | None = None,
) -> Answer:
    """Read a phrase about a street, or, where it is empty, about a run; `habit` begins one about habits."""
    where = where or Where(date.today())  # noqa: DTZ011 - the runner's own day
    words = name.split()
    if words[:1] == ["habit"]:
        return habit_of(" ".join([*words[1:], phrase]), where)
    mark = "" if run is None else fingerprint_of(connection, run)
    if not phrase:
        if run is None:
            raise AnswerError(f"what about {name!r}? Say one of: {EXAMPLES}")
        return answer_of(name, replace(where, run=mark))
    if phrase.split()[:1] == ["town"]:
        ways = find_street(connection, name, near=near, run=run)
        return habit_of(phrase, replace(where, street=street_from(ways)))
    ways = find_street(connection, name, near=near, run=run)
    street = street_from(ways)
    heading = nan
    if run is not None and of_road(phrase):
        street, heading = heading_on(connection, run, street, ways)
        mark = ""
    return answer_of(phrase, replace(where, street=street, heading_deg=heading, run=mark))


# -- Evidence ---------------------------------------------------------------------------------------------


def observed_parts(connection: sqlite3.Connection) -> tuple[Observed, ...]:
    """Turn what was told into evidence, an answer at a time, by day and then by what they say.

    So it does not matter in which order a day's answers came, nor to which of them all runs listen.
    """
    answers = sorted((told.answer for told in read_told(connection)), key=_place_among_all)
    if not answers:
        return ()
    streets = [street for street in map(street_of, answers) if street is not None]
    known = Known(
        _ways_named(connection, streets),
        partial(_ways_on_run, connection, runs_by_fingerprint(connection)),
        _left_faces,
        _region,
    )
    trust = learned_trust(answers)
    return tuple(observed_of([answer], known, trust) for answer in answers)


def _ways_on_run(connection: sqlite3.Connection, runs: Mapping[str, int], run: str) -> Sequence[StreetWay]:
    number = runs.get(run)
    if number is None:
        return ()
    ids = json.dumps(sorted({row["way_id"] for row in connection.execute(_PASSES, (number,))}))
    return _ways(connection, "way_id IN (SELECT value FROM json_each(?))", (ids,))


def _left_faces(latitude_deg: float, longitude_deg: float) -> bool:
    return bool(standards.region_at([longitude_deg], [latitude_deg])["traffic_side"].iloc[0] == "right")


def _region(latitude_deg: float, longitude_deg: float) -> str:
    from camber.lateral.told_streets import region_at  # noqa: PLC0415 - compiled kernels load only where needed

    return region_at(latitude_deg, longitude_deg)
