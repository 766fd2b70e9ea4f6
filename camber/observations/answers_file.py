"""Answers as one small file in TOML that people can read, change and keep; with its version.

    camber_answers = 1

    [[answer]]
    kind = "sidewalk"
    on = 2026-11-22
    sides = "none"
    street = {name = "Kuusitie", latitude_deg = 60.5301, longitude_deg = 26.9402, ways = [23456]}

What has the value that it has anyway is left out. A run is named by the fingerprint of its recording, the
same wherever the file of the recording lies.
"""

from __future__ import annotations

import tomllib
from dataclasses import MISSING, asdict, fields
from datetime import date
from math import isnan
from typing import TYPE_CHECKING, Any, Final

import tomlkit

from camber.errors import AnswerError
from camber.observations.answers import KINDS, Street

if TYPE_CHECKING:
    from collections.abc import Iterable

    from camber.observations.answers import Answer

FORMAT: Final = 1
"""Version of the file."""


def fields_of(answer: Answer) -> dict[str, Any]:
    """Give an answer as plain values: its kind first, and without what is usual."""
    found: dict[str, Any] = {"kind": answer.kind}
    for field in fields(answer):
        value = getattr(answer, field.name)
        usual = field.default is not MISSING and (value == field.default or _is_nan(value))
        if not usual and not _is_nan(value):
            found[field.name] = asdict(value) if isinstance(value, Street) else value
    return found


def answer_from(values: dict[str, Any]) -> Answer:
    """Make an answer of plain values; AnswerError says what is wrong with them."""
    given = dict(values)
    kind = KINDS.get(str(given.pop("kind", "")))
    if kind is None:
        raise AnswerError(f"{values.get('kind')!r} is no kind of answer; there are: {', '.join(KINDS)}")
    known = {field.name for field in fields(kind)}
    if unknown := sorted(set(given) - known):
        raise AnswerError(f"a {kind.kind} answer has no {unknown[0]!r}")
    try:
        for name in {"street", "town"} & set(given):
            place = dict(given[name])
            given[name] = Street(**place | {"ways": tuple(int(way) for way in place.get("ways", ()))})
        if isinstance(given.get("on"), str):
            given["on"] = date.fromisoformat(given["on"])
        return kind(**given)
    except AnswerError:
        raise
    except (TypeError, ValueError, KeyError) as error:
        raise AnswerError(
            f"a {kind.kind} answer is incomplete or has a value of a wrong kind ({error})"
        ) from None


def write_answers(answers: Iterable[Answer]) -> str:
    """Write answers as the text of a file."""
    document = tomlkit.document()
    document.add(
        tomlkit.comment("What you told camber; `camber tell import` reads it. Streets are named in it.")
    )
    document.add("camber_answers", FORMAT)
    rows = tomlkit.aot()
    for answer in answers:
        row = tomlkit.table()
        for name, value in fields_of(answer).items():
            if isinstance(value, dict):
                place = tomlkit.inline_table()
                place.update(
                    {key: list(part) if isinstance(part, tuple) else part for key, part in value.items()}
                )
                row.add(name, place)
            else:
                row.add(name, value)
        rows.append(row)
    document.add("answer", rows)
    return tomlkit.dumps(document)


def read_answers(text: str) -> tuple[Answer, ...]:
    """Read the text of a file: all of its answers, or an AnswerError that says which is wrong, and why."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise AnswerError(f"it is no file of answers: {error}") from None
    version = document.get("camber_answers")
    if version != FORMAT:
        if isinstance(version, int) and version > FORMAT:
            raise AnswerError(
                f"a newer camber wrote it (version {version}; this one reads {FORMAT}): update camber"
            )
        raise AnswerError(
            f"it is no file of answers that this camber reads: camber_answers = {FORMAT} is missing"
        )
    rows, found = document.get("answer", []), []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise AnswerError("its answers are no list of tables: each begins with [[answer]]")
    for number, row in enumerate(rows, start=1):
        try:
            found.append(answer_from(row))
        except AnswerError as error:
            raise AnswerError(f"answer {number}: {error}") from None
    return tuple(found)


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and isnan(value)
