"""``camber ask``: the few questions whose answers would make your balance surer, answered by one key each."""

import sys
from typing import TYPE_CHECKING, Annotated, Final

import typer

from camber.cli.chosen import filled_library
from camber.cli.options import AsJson, RoadFiles
from camber.cli.tell import keep, look_again

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from camber.cli.session import Session
    from camber.library import Library
    from camber.observations.answers import Answer
    from camber.schema import Inquiry

app = typer.Typer(rich_markup_mode=None)

_SKIP, _NEVER, _ENOUGH = "s", "x", "q"
_OTHERWISE: Final = f"  ?  don't know   {_SKIP} skip   {_NEVER} never ask   {_ENOUGH} enough"


@app.command()
def ask(
    context: typer.Context,
    most: Annotated[int, typer.Option(min=1, max=20, help="How many questions.")] = 5,
    again: Annotated[bool, typer.Option("--again", help="Ask what you passed over for good, too.")] = False,
    as_json: AsJson = False,
    roads: RoadFiles = None,
) -> None:
    """Answer a few questions about what only you know; each makes your weeks surer."""
    session: Session = context.obj
    with filled_library() as library:
        if again:
            library.pass_over(None)
        found = library.questions(most)
        if as_json:
            from camber.report.json_document import rows_json

            session.write(rows_json("questions", [_row(one) for one in found]))
        elif not found:
            session.write(_nothing(library))
        elif _is_somebody_there(session):
            _ask(session, library, found, roads or [])
        else:
            _list(session, library, found)


def answers_given(session: "Session", library: "Library") -> bool:
    """Offer a few questions after an answer, and look again; says whether anything was told."""
    found = library.questions()
    if not found or not _is_somebody_there(session):
        return False
    count = "One question" if len(found) == 1 else f"{len(found)} questions"
    session.write(f"\n{count} that only you can answer would make this surer.\n")
    if not typer.confirm("Answer now, by one key each?", default=True):
        return False
    return _ask(session, library, found, [])


def _is_somebody_there(session: "Session") -> bool:
    return sys.stdin.isatty() and session.out.is_terminal


def _ask(session: "Session", library: "Library", found: "Sequence[Inquiry]", roads: "Sequence[Path]") -> bool:
    """Ask, and analyse again what the answers speak of; says whether there were any."""
    told = _converse(session, library, found)
    if told:
        look_again(session, library, told, roads)
    return bool(told)


def _nothing(library: "Library") -> str:
    if library.last_analysed_day() is None:
        return "There are no analysed runs to ask about. Next: camber start EXPORT\n"
    return "There is nothing to ask: no answer would make your last four weeks much surer.\n"


def _row(inquiry: "Inquiry") -> dict[str, object]:
    return {
        "name": inquiry.name,
        "street": inquiry.street,
        "where": inquiry.where,
        "metres": inquiry.metres,
        "asks": list(inquiry.asks),
        "choices": [{choice.key: choice.words for choice in part} for part in inquiry.choices],
        "narrower": inquiry.narrower,
    }


def _heads(session: "Session", library: "Library", found: "Sequence[Inquiry]") -> list[list[str]]:
    """Lines that stand before each question: what it is about, where that is, and what it would help."""
    from camber.cli.chosen import units_of
    from camber.report.sentences import question_lines

    units = units_of(session, library)
    return [list(question_lines(inquiry, units)) for inquiry in found]


def _part(inquiry: "Inquiry", number: int) -> list[str]:
    """Lines of one part of a question: what is asked, and a line for each key."""
    asked = [inquiry.asks[number]] if inquiry.street else []
    return [*asked, *(f"  {choice.key}  {choice.words}" for choice in inquiry.choices[number])]


def _list(session: "Session", library: "Library", found: "Sequence[Inquiry]") -> None:
    """Write the questions out where nobody can press a key."""
    for number, (inquiry, head) in enumerate(
        zip(found, _heads(session, library, found), strict=True), start=1
    ):
        parts = [line for part in range(len(inquiry.asks)) for line in _part(inquiry, part)]
        example = "".join(part[0].key for part in inquiry.choices)
        lines = [*head[1:], *parts, f"Answer: camber tell {inquiry.name}={example}"]
        session.write("\n   ".join([f"{number}. {head[0]}", *lines]) + "\n\n")


def _converse(session: "Session", library: "Library", found: "Sequence[Inquiry]") -> "list[Answer]":
    """Ask one question after the other, each part answered by one key; gives what was told."""
    told: list[Answer] = []
    for number, (inquiry, head) in enumerate(
        zip(found, _heads(session, library, found), strict=True), start=1
    ):
        session.write("\n".join(["", f"{number} of {len(found)}  {head[0]}", *head[1:]]) + "\n")
        keys = _keys(session, inquiry)
        if keys == _ENOUGH:
            break
        if keys == _NEVER:
            library.pass_over(inquiry.name)
        elif keys != _SKIP:
            told += keep(library, [(inquiry, keys)])
    return told


def _keys(session: "Session", inquiry: "Inquiry") -> str:
    """Ask for one key for each part of a question; skip, never and enough end it at once."""
    keys = ""
    for number, part in enumerate(inquiry.choices):
        session.write("\n".join([*_part(inquiry, number), _OTHERWISE]) + "\n")
        key = _pressed({choice.key for choice in part} | {"?", _SKIP, _NEVER, _ENOUGH})
        if key in {_SKIP, _NEVER, _ENOUGH}:
            return key
        keys += key
    return keys


def _pressed(allowed: set[str]) -> str:
    """Wait for a key that is allowed; the end of the input is enough."""
    while True:
        key = typer.getchar().lower()
        if key in {"\x03", "\x04", "\x1b", ""}:
            return _ENOUGH
        if key in allowed:
            typer.echo(f"> {key}")
            return key
