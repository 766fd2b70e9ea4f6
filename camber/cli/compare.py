"""``camber compare``: whether anything changed since a day, and how likely that is no chance."""

from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from camber.cli.chosen import filled_library, units_of
from camber.cli.options import AsJson
from camber.errors import SettingsError

if TYPE_CHECKING:
    from camber.cli.session import Session

app = typer.Typer(rich_markup_mode=None)


@app.command()
def compare(
    context: typer.Context,
    since: Annotated[str, typer.Argument(metavar="DAY", help="Since when, such as 2026-10-01.")],
    until: Annotated[
        str | None, typer.Option("--to", metavar="DAY", help="Until then; default: your last analysed run.")
    ] = None,
    before: Annotated[
        str | None,
        typer.Option("--before", metavar="DAY", help="Compare with the days from there; default: as many."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare the days since one with those before: which leg was low, sides kept, routes and streets."""
    from dataclasses import asdict

    from camber.report.change_words import change_lines
    from camber.report.json_document import rows_json

    session: Session = context.obj
    first = _day(since)
    last, earlier = (None if text is None else _day(text) for text in (until, before))
    with filled_library(or_empty=as_json) as library:
        found = library.compare(first, until=last, before_from=earlier)
        units = units_of(session, library)
    if as_json:
        session.write(rows_json("compared", [asdict(found)]))
    else:
        session.write("".join(f"{line}\n" for line in change_lines(found, units)))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise SettingsError(f"{text!r} is no day; give one such as 2026-10-01", key="since") from None
