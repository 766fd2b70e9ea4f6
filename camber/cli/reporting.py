"""Commands that report some days of the library: ``camber week|month|year|report``."""

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from camber.cli.period_files import Wanted, write_period
from camber.cli.session import Session
from camber.cli.weeks import chosen_week

# ruff: noqa: PLC0415 - what is heavy loads inside the commands

app = typer.Typer(rich_markup_mode=None)


class PeriodFormat(StrEnum):
    """How a period is written to ``--output``."""

    TEXT = "text"
    JSON = "json"
    HTML = "html"


Html = Annotated[Path | None, typer.Option("--html", metavar="FILE", help="One page with a map.")]
Png = Annotated[
    Path | None, typer.Option("--png", metavar="FILE", help="A card of 1200 x 630, and a tall one beside it.")
]
Eml = Annotated[
    Path | None, typer.Option("--eml", metavar="FILE", help="A mail for your mail program; nothing is sent.")
]
Share = Annotated[bool, typer.Option("--share", help="For others: without what your privacy zones hide.")]
NoZone = Annotated[bool, typer.Option("--no-zone", help="With --share: you need no privacy zone.")]
ForCoach = Annotated[bool, typer.Option("--for-coach", help="For a coach: no map, no names.")]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON.")]
Kind = Annotated[
    PeriodFormat | None, typer.Option("--format", help="Default: by the suffix of PATH, else text.")
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="PATH", help="Write to this file instead of the terminal."),
]


@app.command()
def week(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(metavar="[WEEK]", help="Such as 2026-W47, or a day in it; default: the last."),
    ] = None,
    kind: Kind = None,
    output: Output = None,
    html: Html = None,
    png: Png = None,
    eml: Eml = None,
    share: Share = False,  # noqa: FBT002
    no_zone: NoZone = False,  # noqa: FBT002
    for_coach: ForCoach = False,  # noqa: FBT002
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Report a week: which leg was low, how sure that is, and how it stands beside your usual weeks."""
    from camber.library import open_library

    session: Session = context.obj
    wanted = _wanted(kind, output, html, png, eml, share, no_zone, for_coach, as_json)
    with open_library() as library:
        write_period(session, library, chosen_week(library, session, name), wanted)


@app.command()
def month(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="[MONTH]", help="Such as 2026-11; default: that of the last run.")
    ] = None,
    html: Html = None,
    png: Png = None,
    eml: Eml = None,
    share: Share = False,  # noqa: FBT002
    no_zone: NoZone = False,  # noqa: FBT002
    for_coach: ForCoach = False,  # noqa: FBT002
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Report a month: which leg was low, and how sure that is."""
    wanted = _wanted(None, None, html, png, eml, share, no_zone, for_coach, as_json)
    _report_named(context.obj, name, "%Y-%m", wanted)


@app.command()
def year(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="[YEAR]", help="Such as 2026; default: that of the last run.")
    ] = None,
    html: Html = None,
    png: Png = None,
    eml: Eml = None,
    share: Share = False,  # noqa: FBT002
    no_zone: NoZone = False,  # noqa: FBT002
    for_coach: ForCoach = False,  # noqa: FBT002
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Report a year: which leg was low, and how sure that is."""
    wanted = _wanted(None, None, html, png, eml, share, no_zone, for_coach, as_json)
    _report_named(context.obj, name, "%Y", wanted)


@app.command()
def report(
    context: typer.Context,
    first: Annotated[str, typer.Option("--from", metavar="DAY", help="First day, such as 2026-10-01.")],
    last: Annotated[str, typer.Option("--to", metavar="DAY", help="Last day.")],
    html: Html = None,
    png: Png = None,
    eml: Eml = None,
    share: Share = False,  # noqa: FBT002
    no_zone: NoZone = False,  # noqa: FBT002
    for_coach: ForCoach = False,  # noqa: FBT002
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Report the days from one to another."""
    from camber.library import open_library
    from camber.library.spans import span_between

    span = span_between(first, last)
    wanted = _wanted(None, None, html, png, eml, share, no_zone, for_coach, as_json)
    with open_library() as library:
        write_period(context.obj, library, span, wanted)


def _report_named(session: Session, name: str | None, pattern: str, wanted: Wanted) -> None:
    from camber.library import open_library
    from camber.library.spans import span_named

    with open_library() as library:
        last = library.last_week(session.preferences.week_start)
        day = date.today() if last is None else last.ends_on  # noqa: DTZ011 - the runner's own day
        write_period(session, library, span_named(name or f"{day:{pattern}}"), wanted)


def _wanted(
    kind: PeriodFormat | None,
    output: Path | None,
    html: Path | None,
    png: Path | None,
    eml: Path | None,
    share: bool,  # noqa: FBT001 - as typer gives them
    no_zone: bool,  # noqa: FBT001
    for_coach: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
) -> Wanted:
    suffix = output.suffix.lower().removeprefix(".") if output else ""
    by_suffix = {"htm": "html", **{str(known): str(known) for known in PeriodFormat}}
    asked = "json" if as_json else str(kind) if kind else by_suffix.get(suffix, "text")
    if for_coach and share:
        raise typer.BadParameter("--for-coach shows no place: give one of the two", param_hint="--share")
    if no_zone and not share:
        raise typer.BadParameter("--no-zone belongs to --share", param_hint="--no-zone")
    if (share or for_coach) and not (html or png or eml or asked in {"html", "json"}):
        raise typer.BadParameter("say what to write: --html, --png, --eml or --json", param_hint="--share")
    if for_coach and asked == "json":
        raise typer.BadParameter("--json names streets; give --html or --eml", param_hint="--for-coach")
    audience = "shared" if share else "coach" if for_coach else "runner"
    return Wanted(asked, output, html, png, eml, audience, no_zone)
