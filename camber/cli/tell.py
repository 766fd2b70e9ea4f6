"""``camber tell``: what you know of a street, a run or yourself, and what that changes."""

import math
import re
import shlex
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

import camber
from camber.cli.completion import of_runs, of_streets
from camber.cli.options import RoadFiles, place_named
from camber.errors import AnswerError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from camber.cli.session import Session
    from camber.library import Library, Week
    from camber.library.days import Span
    from camber.observations.answers import Answer
    from camber.schema import Inquiry

app = typer.Typer(rich_markup_mode=None)

_AT_ONCE: Final = 60
"""So many of the runs that an answer touches are analysed at once, the latest (judgement: under a minute)."""

_BY_NAME: Final = re.compile(r"([a-z]+(?:-\d+)?)=([0-9a-z?]{1,4})", re.IGNORECASE)
_EDITOR: Final = "https://www.openstreetmap.org/edit?way={}"
_KILOMETRES: Final = re.compile(r"(\d{1,4}(?:[.,]\d{1,4})?)\s*(km|m)?")


@app.command()
def tell(
    context: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="WHAT",
            autocompletion=of_streets,
            help='A street and what you know of it, such as "Kuusitie" crowned (hollow, level, falls north), '
            "sidewalk none (both, left, separate), width 6m, tilt 2% north at north edge, facing, left edge, "
            "north sidewalk, middle, or town sidewalks never; with --run only where you were; habit facing "
            "always (sidewalk, middle; usually to never); or list, undo 3, export or import FILE, osm NAME.",
        ),
    ] = None,
    run: Annotated[
        str | None,
        typer.Option(
            "--run", metavar="RUN", autocompletion=of_runs, help="The run that it is about, or `last`."
        ),
    ] = None,
    start: Annotated[
        str | None, typer.Option("--from", metavar="KM", help="From there in the run, such as 1.2km.")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="KM", help="To there in the run.")] = None,
    near: Annotated[
        str | None,
        typer.Option("--near", metavar="LAT,LON", help="Near there, where several streets have the name."),
    ] = None,
    on: Annotated[
        str | None, typer.Option("--on", metavar="DAY", help="Since that day; today if missing.")
    ] = None,
    instrument: Annotated[
        str, typer.Option("--with", help="Instrument of a tilt: phone, spirit level, digital level, eye.")
    ] = "phone",
    turned: Annotated[
        bool,
        typer.Option(
            "--turned",
            help="The tilt is the mean of two readings, turned by 180 degrees.",
        ),
    ] = False,
    sure: Annotated[
        float | None, typer.Option("--sure", help="How sure you are, 0.5 to 0.99; 0.95 if missing.")
    ] = None,
    roads: RoadFiles = None,
) -> None:
    """Tell camber what you know about a street, a run or yourself."""
    from camber.observations.phrases import Where

    session: Session = context.obj
    given = words or ["list"]
    with camber.open_library() as library:
        if _kept(session, library, given, roads or []):
            return
        where = Where(
            _day(on),
            from_m=_metres(start),
            to_m=_metres(end),
            sure=math.nan if sure is None else sure,
            instrument=instrument,
            turned=turned,
        )
        number = _run_of(library, run)
        name, phrase = _parted(given, number)
        told = library.tell(
            name, phrase, run=number, near=None if near is None else place_named(near), where=where
        )
        answer = library.answers()[told]
        session.write(f"{told}: {_said(library, answer)}\n")
        look_again(session, library, [answer], roads or [])
        session.write(_offer(library, answer))


def _parted(words: "Sequence[str]", run: int | None) -> tuple[str, str]:
    """Part the name of a street from what is said of it; of a run alone there is no name."""
    from camber.observations.phrases import is_phrase

    if words[0] != "habit" and run is not None and is_phrase(words[0]):
        return " ".join(words), ""
    return words[0], " ".join(words[1:])


def _kept(session: "Session", library: "Library", words: "Sequence[str]", roads: "Sequence[Path]") -> bool:
    """Do what has to do with answers that are there, or to questions; False where something else is told."""
    what, rest = words[0], list(words[1:])
    if what == "list" and not rest:
        session.write(_listed(library))
    elif what == "undo" and len(rest) == 1:
        answer = library.take_back(_number(rest[0]))
        session.write(f"taken back: {_said(library, answer)}\n")
        look_again(session, library, [answer], roads)
    elif what == "export" and len(rest) == 1:
        from camber.observations.answers_file import write_answers
        from camber.whole_files import write_whole

        write_whole(Path(rest[0]), write_answers(library.answers().values()))
        session.write(f"{rest[0]}: {len(library.answers())} answers; streets are named in it\n")
    elif what == "import" and len(rest) == 1:
        new = _imported(library, Path(rest[0]))
        session.write(f"{len(new)} answers taken in\n")
        if new:
            look_again(session, library, new, roads)
    elif (answers := _by_name(library, words)) is not None:
        session.write("".join(f"{_said(library, answer)}\n" for answer in answers))
        look_again(session, library, answers, roads)
    elif what == "osm" and len(rest) == 1:
        session.write(_links(library, rest[0]))
    else:
        return False
    return True


def _imported(library: "Library", path: Path) -> "list[Answer]":
    """Take in the answers of a file that are not there yet: all of them, or none."""
    from camber.library.tellings import keep_answer
    from camber.observations.answers_file import read_answers

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise AnswerError(
            f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is not text'}"
        ) from None
    try:
        answers = read_answers(text)
    except AnswerError as error:
        raise AnswerError(f"{path}: {error}") from None
    known = {repr(answer) for answer in library.answers().values()}
    new = [answer for answer in answers if repr(answer) not in known]
    with library.writing() as connection:
        for answer in new:
            keep_answer(connection, answer)
    return new


def _listed(library: "Library") -> str:
    from camber.observations.trust import contradictions

    answers = library.answers()
    if not answers:
        return 'nothing is told yet; such as: camber tell "Kuusitie" crowned\n'
    against = contradictions(answers)
    lines = []
    for number, answer in answers.items():
        others = ", ".join(str(other) for other in against.get(number, ()))
        doubt = f"; contradicts {others}" if others else ""
        lines.append(f"{number:>4}  {answer.on}  {_said(library, answer)}{doubt}\n")
    return "".join(lines)


def _said(library: "Library", answer: "Answer") -> str:
    from camber.library.tellings import runs_by_fingerprint
    from camber.observations.phrases import in_words

    runs = {mark: f"run {run}" for mark, run in runs_by_fingerprint(library.connection).items()}
    return in_words(answer, runs)


def _links(library: "Library", name: str) -> str:
    """Say where a street is edited in OpenStreetMap, and what was told of it as tags; nothing is sent."""
    from camber.library.tellings import find_street
    from camber.observations.answers import street_of
    from camber.observations.map_tags import latest_tags
    from camber.observations.way_frame import ways_of

    ways = find_street(library.connection, name)
    own = {way.way_id for way in ways}
    streets = [(answer, street_of(answer)) for answer in library.answers().values()]
    told = [one for one, street in streets if street and own & {way.way_id for way in ways_of(street, ways)}]
    tags: dict[int, list[str]] = {way.way_id: [] for way in ways}
    for one in latest_tags(told, ways):
        tags[one.way_id].append(one.tag)
    lines = [f"{name} in the editor of OpenStreetMap (it asks for an account; nothing was sent):"]
    lines += [" ".join([_EDITOR.format(way), *said]) for way, said in tags.items()]
    if not any(tags.values()):
        lines.append("What you told has no tag there: of roads it has sidewalk and width.")
    return "\n".join([*lines, ""])


def _offer(library: "Library", answer: "Answer") -> str:
    """Offer to hand a fact of the road on; "" where OpenStreetMap has no tag for it."""
    from camber.library.tellings import find_street
    from camber.observations.answers import street_of
    from camber.observations.map_tags import tags_of

    street = street_of(answer)
    if street is None or not street.name:
        return ""
    near = street.latitude_deg, street.longitude_deg
    tags = tags_of(answer, find_street(library.connection, street.name, near=near))
    if not tags:
        return ""
    return (
        f"the map may want that, too: {tags[0].tag}; camber tell osm {shlex.quote(street.name)} has a link\n"
    )


def _by_name(library: "Library", words: "Sequence[str]") -> "list[Answer] | None":
    """Take answers as the page writes them, such as ``facing=a``; None where the words are something else.

    All of them are kept, or none: AnswerError if one cannot be understood.
    """
    found = [_BY_NAME.fullmatch(word) for word in words]
    if not all(found):
        return None
    from camber.library.asking import question_named

    pairs = [(question_named(library.connection, one[1].lower()), one[2]) for one in found if one]
    return keep(library, pairs)


def keep(library: "Library", pairs: "Sequence[tuple[Inquiry, str]]") -> "list[Answer]":
    """Tell the library what was answered: all of it, or nothing; gives the answers."""
    from camber.observations.questions import answers_to

    today = date.today()  # noqa: DTZ011 - the runner's own day
    answers = [answer for inquiry, keys in pairs for answer in answers_to(inquiry, keys, today)]
    for answer in answers:
        library.tell(answer)
    return answers


def look_again(
    session: "Session",
    library: "Library",
    answers: "Sequence[Answer]",
    roads: "Sequence[Path]",
    days: "Week | Span | None" = None,
) -> None:
    """Analyse the runs again that answers speak of, and say what that changed in some days."""
    from camber.cli.analyse import analyse_all
    from camber.library.tellings import touched_by

    runs: set[int] = set()
    states = library.runs()["state"]
    everything = [int(run) for run in states.index[states == "analysed"]]
    for answer in answers:
        touched = touched_by(library.connection, answer)
        runs |= set(everything if touched is None else touched)
    latest = sorted(runs & set(everything))[-_AT_ONCE:]
    if not latest:
        session.write("none of your analysed runs was there yet\n")
        return
    week = days or library.last_week(session.preferences.week_start)
    before = None if week is None else _left(library, week)
    given = session.preferences
    report = analyse_all(session, roads, given.settings, given.country or None, only=latest)
    count = f"{report.analysed} of {len(latest)} runs analysed again"
    rest = "" if len(runs) == len(latest) else "; the others: camber analyse --all"
    session.write(f"{count}{rest}\n")
    if report.no_roads or not report.analysed:
        session.say("if your map is a file: camber analyse --all --roads FILE")
    if week is not None and before:
        session.write(f"{week.title}: {before} is now {_left(library, week)}\n")


def _left(library: "Library", week: "Week | Span") -> str:
    """Say the share of the left leg in some days, such as ``"66 % left (50 to 81)"``; or ""."""
    from camber.report.wording import left_share_of

    total = library.period(week).total
    share = None if total is None else left_share_of(total.balance)
    if share is None:
        return ""
    low, median, high = (round(100.0 * value) for value in (share.low, share.median, share.high))
    return f"{median} % left ({low} to {high})"


def _run_of(library: "Library", run: str | None) -> int | None:
    from camber.cli.chosen import run_number

    return None if run is None else run_number(library, run)


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise AnswerError(f"{text!r} is not the number of an answer; `camber tell list` has them all")
    return int(text)


def _day(text: str | None) -> date:
    try:
        return date.today() if text is None else date.fromisoformat(text)  # noqa: DTZ011 - the runner's own day
    except ValueError:
        raise AnswerError(f"{text!r} is not a day; give one such as 2026-11-22") from None


def _metres(text: str | None) -> float:
    if text is None:
        return math.nan
    found = _KILOMETRES.fullmatch(text.strip().lower())
    if not found:
        raise AnswerError(f"{text!r} is not a place in a run; give kilometres from its start, such as 1.2km")
    return float(found[1].replace(",", ".")) * (1.0 if found[2] == "m" else 1000.0)
