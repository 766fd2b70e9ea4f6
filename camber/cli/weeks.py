"""Commands that look at the library: ``camber runs|show|weeks``."""

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from camber.cli.session import Session

if TYPE_CHECKING:
    from camber.library import Library, Week

# ruff: noqa: PLC0415 - what is heavy loads inside the commands

app = typer.Typer(rich_markup_mode=None)

AsJson = Annotated[bool, typer.Option("--json", help="Write JSON.")]


@app.command()
def runs(context: typer.Context, as_json: AsJson = False) -> None:  # noqa: FBT002
    """List all recordings of your library, with the low leg where it is known."""
    from camber.cli.run_list import list_json, list_text
    from camber.library import open_library

    session: Session = context.obj
    with open_library() as library:
        frame = library.runs()
        units = units_of(session, library)
    if as_json:
        session.write(list_json(frame), None)
    else:
        session.show(list_text(frame, units), None)


@app.command()
def show(
    context: typer.Context,
    run: Annotated[str, typer.Argument(help="Number of a run in `camber runs`, or `last`.")],
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Show one run of your library."""
    from camber.cli.run_list import run_number
    from camber.library import open_library
    from camber.report.period_json import run_json
    from camber.report.period_text import run_text

    session: Session = context.obj
    with open_library() as library:
        found = library.run(run_number(library, run))
        units = units_of(session, library)
    if as_json:
        session.write(run_json(found), None)
    else:
        session.show(run_text(found, units), None)


@app.command()
def weeks(
    context: typer.Context,
    last: Annotated[int, typer.Option(min=1, max=5000, help="How many, up to that of the last run.")] = 12,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """List your weeks: how many runs, how far, and the balance between the legs."""
    from camber.library import open_library
    from camber.report.period_json import weeks_json
    from camber.report.period_text import trend_table

    session: Session = context.obj
    with open_library() as library:
        found = library.trend(chosen_week(library, session, None), last)
        units = units_of(session, library)
    if as_json:
        session.write(weeks_json(found), None)
    else:
        session.show(trend_table(found, units), None)


def chosen_week(library: "Library", session: Session, name: str | None) -> "Week":
    """Find the week that is meant.

    Parameters
    ----------
    library : Library
        The library.
    session : Session
        With the first day of a week.
    name : str or None
        As typed; the week of the last run if missing, today's in an empty library.

    Returns
    -------
    Week
        The week.
    """
    from camber.library import week_named, week_of

    start = session.preferences.week_start
    if name is not None:
        return week_named(name, start)
    return library.last_week(start) or week_of(date.today(), start)  # noqa: DTZ011 - the runner's own day


def units_of(session: Session, library: "Library") -> str:
    """Choose the unit of distances: what the runner set here, else what an export says.

    Parameters
    ----------
    session : Session
        With the settings.
    library : Library
        With what exports say.

    Returns
    -------
    str
        ``"km"`` or ``"mi"``.
    """
    from camber.cli.settings_file import is_set, settings_path

    chosen: Any = session.preferences.units
    if is_set(settings_path(), "units"):
        return str(chosen)
    return {"imperial": "mi", "metric": "km"}.get(library.preference("units") or "", str(chosen))
