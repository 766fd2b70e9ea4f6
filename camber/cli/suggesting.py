"""``camber suggest``: what could be different on a run, on a planned route, or in the coming week."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from camber.cli.session import Session

if TYPE_CHECKING:
    from camber.cli.suggestions import Planned

# ruff: noqa: PLC0415 - what is heavy loads inside the commands

app = typer.Typer(rich_markup_mode=None)


@app.command()
def suggest(
    context: typer.Context,
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="[RUN]", help="A recording, a planned route without times, or a number of `camber runs`."
        ),
    ] = None,
    week: Annotated[  # noqa: FBT002
        bool, typer.Option("--week", help="Changes for the coming week, from your usual routes.")
    ] = False,
    roads: Annotated[
        list[Path] | None,
        typer.Option("--roads", metavar="FILE", help="Extract; may be given several times."),
    ] = None,
    gpx: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Write the best plan as a GPX course with cues.")
    ] = None,
    tcx: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Write the best plan as a TCX course with cues.")
    ] = None,
    dark: Annotated[
        bool | None, typer.Option("--dark/--light", help="Default: by the sun at the start of the run.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,  # noqa: FBT002
    no_history: Annotated[  # noqa: FBT002
        bool, typer.Option("--no-history", help="Plan for this route alone, whatever the weeks before.")
    ] = False,
) -> None:
    """Say what other sides would do, under law and safety; or that nothing safe would help.

    A planned route needs no times: each simple rule is scored on it, and the best plan is shown.
    """
    from camber.cli.suggestions import plan_file, plan_week, write_courses

    session: Session = context.obj
    if week == (run is not None):
        raise typer.BadParameter("give a run or a route, or --week for your library", param_hint="[RUN]")
    if run is None:
        planned = plan_week(session, roads or [], dark=dark)
    else:
        planned = (plan_file(session, run, roads or [], dark=dark, with_history=not no_history),)
    _show(session, planned, as_json=as_json)
    write_courses(session, planned, gpx, tcx)


def _show(session: Session, planned: "tuple[Planned, ...]", *, as_json: bool) -> None:
    from rich.console import Group
    from rich.text import Text

    from camber.report.plan_json import plan_document, plans_json
    from camber.report.plan_text import plan_text

    if as_json:
        documents = (
            plan_document(p.title, p.plan.suggestions, p.plan.what_ifs, dark=p.plan.dark) for p in planned
        )
        session.write(plans_json(documents), None)
        return
    units = session.preferences.units
    parts = [
        plan_text(p.title, p.plan.suggestions, p.plan.what_ifs, units, dark=p.plan.dark) for p in planned
    ]
    if not parts:
        parts = [Text("No safe change found among your routes of the last weeks: nothing to do.")]
    session.show(Group(*parts), None)
