"""``camber legs``: how the balance of your ground contact goes with the tilt under you."""

from typing import TYPE_CHECKING, Annotated

import typer

from camber.cli.chosen import filled_library, run_number, units_of
from camber.cli.options import AsJson

if TYPE_CHECKING:
    from camber.cli.session import Session

app = typer.Typer(rich_markup_mode=None)


@app.command()
def legs(
    context: typer.Context,
    run: Annotated[
        str | None,
        typer.Option("--run", metavar="RUN", help="One run, or `last`; default: all."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say how the balance of your ground contact goes with the tilt, where your sensor records it."""
    from dataclasses import asdict

    from camber.report.json_document import rows_json
    from camber.report.leg_words import contact_lines

    session: Session = context.obj
    with filled_library(or_empty=as_json) as library:
        number = None if run is None else run_number(library, run)
        said = library.contact_balance(None if number is None else [number])
        units = units_of(session, library)
    if as_json:
        session.write(rows_json("legs", [asdict(said)]))
    else:
        session.write("".join(f"{line}\n" for line in contact_lines(said, units)))
