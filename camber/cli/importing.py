"""Commands that bring runs in and look after them: ``camber import|check``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from camber.cli.exits import Exit

if TYPE_CHECKING:
    from camber.cli.session import Session
    from camber.library.importing import ImportReport

# ruff: noqa: PLC0415 - what is heavy loads inside the commands

app = typer.Typer(rich_markup_mode=None)


@app.command("import")
def import_(
    context: typer.Context,
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH...", help="Export archives (zip), folders, or GPX, TCX and FIT files."),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Write the outcome of each file as JSON.")] = False,  # noqa: FBT002
    strict: Annotated[  # noqa: FBT002
        bool, typer.Option("--strict", help="Exit with 5 if any file could not be read.")
    ] = False,
) -> None:
    """Take recordings into your library: a Strava or Garmin export as it is, or any folder of files.

    What is there already is not read again, so that the same command can be given each week. It may be
    interrupted at any time, and goes on when it is given again.
    """
    from camber.cli.import_progress import ImportProgress, counted_files
    from camber.cli.import_report import report_json, report_text
    from camber.library import open_library
    from camber.library.importing import import_paths

    session: Session = context.obj
    with open_library() as library, ImportProgress(session, counted_files(paths)) as progress:
        report = import_paths(library, paths, watch=progress.tell)
    if as_json:
        session.write(report_json(report), None)
    else:
        session.show(report_text(report, session.preferences.units), None)
    for failure in report.failures:
        session.say(f"camber: {failure}", at=-1)
    raise typer.Exit(_exit_of(report, strict=strict))


def _exit_of(report: "ImportReport", *, strict: bool) -> Exit:
    usable = len(report.files) - report.count("problem")
    if not usable:
        return Exit.NO_INPUT
    bad = report.failures or report.count("problem")
    return Exit.PARTIAL if strict and bad else Exit.DONE


@app.command()
def check(context: typer.Context) -> None:
    """Check that everything in your library is as it was written."""
    from camber.library import open_library
    from camber.library.checking import check_library

    session: Session = context.obj
    with open_library() as library:
        found = check_library(library, watch=lambda what: session.say(f"checking {what}", at=1))
    for finding in found.findings:
        session.say(f"{finding.where}: {finding.what}", at=-1)
    counts = f"{found.recordings} recordings, {found.results} results, {found.originals} original files"
    if found.findings:
        session.say(f"{counts}: {len(found.findings)} findings", at=-1)
        raise typer.Exit(Exit.UNEXPECTED)
    session.write(f"{counts}: all is well\n", None)
