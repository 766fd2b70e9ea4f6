"""``camber note``: what you want to remember beside your weeks, for yourself alone."""

from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import camber
from camber.cli.chosen import run_number
from camber.errors import AnswerError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from camber.cli.session import Session
    from camber.library import Library

app = typer.Typer(rich_markup_mode=None)


class Leg(StrEnum):
    """Which leg a note is about."""

    LEFT = "left"
    RIGHT = "right"
    BOTH = "both"


@app.command()
def note(
    context: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[DAY TEXT]",
            help='A day, such as 2026-11-18, today or yesterday, and your words: 2026-11-18 "left hip sore". '
            "Or list, delete 3, export FILE, or import EXPORT for Strava's private notes and Garmin's "
            "self-evaluations.",
        ),
    ] = None,
    leg: Annotated[Leg | None, typer.Option("--leg", help="The leg that it is about.")] = None,
    run: Annotated[
        str | None, typer.Option("--run", metavar="RUN", help="The run that it is about, or `last`.")
    ] = None,
) -> None:
    """Keep a note of a day, shown to you beside your weeks: never scored, compared or shared."""
    session: Session = context.obj
    given = words or ["list"]
    with camber.open_library() as library:
        if _done(session, library, given):
            return
        number = None if run is None else run_number(library, run)
        day = _day(given[0])
        kept = library.note(day, " ".join(given[1:]), leg=str(leg or ""), run=number)
        session.write(f"note {kept} of {day}\n")


def _done(session: "Session", library: "Library", words: "Sequence[str]") -> bool:
    """Do what has to do with notes that are there; False where one is to be kept."""
    from camber.library.notes import notes_csv
    from camber.report.leg_words import note_line
    from camber.whole_files import write_whole

    if list(words) == ["list"]:
        lines = [f"{one.number:>4}  {note_line(one, year=True)}\n" for one in library.notes()]
        session.write("".join(lines) or 'no notes yet; such as: camber note today "left hip sore"\n')
    elif words[0] == "delete" and len(words) == 2:
        if not words[1].isascii() or not words[1].isdigit() or len(words[1]) > 18:
            raise AnswerError(f"{words[1]!r} is not the number of a note; `camber note list` has them all")
        session.write(f"deleted: {note_line(library.delete_note(int(words[1])), year=True)}\n")
    elif words[0] == "import" and len(words) == 2:
        session.write(_taken_in(library, Path(words[1])))
    elif words[0] == "export" and len(words) == 2:
        notes = library.notes()
        write_whole(Path(words[1]), notes_csv(notes))
        session.write(f"{words[1]}: {len(notes)} notes, for yourself\n")
    else:
        return False
    return True


def _taken_in(library: "Library", path: Path) -> str:
    """Keep the private notes of an export, if that is meant."""
    from camber.library.notes import take_in
    from camber.recording.archive.private_notes import private_notes
    from camber.recording.archive.self_evaluations import GARMIN

    found = private_notes(path)
    if not found:
        return f"{path.name} has no private notes and no self-evaluations\n"
    felt = sum(note.source == GARMIN for note in found)
    kinds = ((len(found) - felt, "private note"), (felt, "self-evaluation"))
    count = " and ".join(f"{many} {kind}{'s' if many > 1 else ''}" for many, kind in kinds if many)
    typer.confirm(
        f"{path.name} has {count}. Keep them beside your weeks, for you alone?", abort=True, err=True
    )
    with library.writing() as connection:
        kept, dayless = take_in(connection, found)
    rest = f"; {dayless} have no day" if dayless else ""
    return f"{kept} new of {len(found)} kept{rest}\n"


def _day(text: str) -> date:
    today = date.today()  # noqa: DTZ011 - the runner's own day
    if text in {"today", "yesterday"}:
        return today - timedelta(days=text == "yesterday")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise AnswerError(f"{text!r} is not a day; give one such as 2026-11-18, today or yesterday") from None
    if day > today + timedelta(days=2):
        raise AnswerError(f"{day} has not been yet")
    return day
