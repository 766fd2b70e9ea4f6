"""``camber suggest``: what could be different on a run, on a planned route, or in the coming week."""

from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import camber
from camber.cli.analyse import fitting
from camber.cli.options import AsJson, RoadFiles
from camber.cli.roads import kept_roads
from camber.cli.runs import run_number
from camber.cli.session import Session, roads_cache
from camber.errors import UnknownRunError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from datetime import date

    from camber.library import Library
    from camber.planning import RoutePlan
    from camber.schema import Analysis, Learned, Recording

    Line = Callable[[Recording, Path], Analysis]
    """Analyses a recording, which came from a file."""

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
    week: Annotated[
        bool, typer.Option("--week", help="Changes for the coming week, from your usual routes.")
    ] = False,
    roads: RoadFiles = None,
    gpx: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Write the best plan as a GPX course with cues.")
    ] = None,
    tcx: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Write the best plan as a TCX course with cues.")
    ] = None,
    dark: Annotated[
        bool | None, typer.Option("--dark/--light", help="Default: by the sun at the start of the run.")
    ] = None,
    as_json: AsJson = False,
    no_history: Annotated[
        bool, typer.Option("--no-history", help="Plan for this route alone, whatever the weeks before.")
    ] = False,
) -> None:
    """Say what other sides would do, under law and safety; or that nothing safe would help.

    A planned route needs no times: each simple rule is scored on it, and the best plan is shown.
    """
    session: Session = context.obj
    if week == (run is not None):
        raise typer.BadParameter("give a run or a route, or --week for your library", param_hint="[RUN]")
    with _library() as library:
        line = _line(session, roads or [], None if library is None else library.learned())
        if run is None:
            planned = _plan_week(session, library, line, dark)
        else:
            planned = [_plan_run(session, library, run, line, dark, with_history=not no_history)]
    _show(session, planned, as_json=as_json)
    _write_courses(session, planned, gpx, tcx)


@dataclass(frozen=True, eq=False)
class _Planned:
    """One run or route, what is known about it, and what could be done."""

    title: str
    analysis: "Analysis"
    plan: "RoutePlan"


def _library() -> "AbstractContextManager[Library | None]":
    """Open the library where there is one: asking for a plan makes none."""
    from camber.library.database import FILE_NAME
    from camber.library.place import library_folder

    return camber.open_library() if (library_folder() / FILE_NAME).exists() else nullcontext()


def _line(session: Session, road_files: "Sequence[Path]", learned: "Learned | None") -> "Line":
    """Say how a recording is analysed: over the extract that fits it, or without any over kept tiles."""
    country = session.preferences.country or None
    extracts = [camber.read_roads(file, country=country, cache=roads_cache()) for file in road_files]
    roads_for = fitting(extracts) if extracts else kept_roads(session, country)

    def line(recording: "Recording", path: Path) -> "Analysis":
        return camber.analyse(recording, roads_for(recording, path), session.preferences.settings, learned)

    return line


def _plan_run(
    session: Session,
    library: "Library | None",
    name: str,
    line: "Line",
    dark: bool | None,
    *,
    with_history: bool,
) -> _Planned:
    """Plan a recording, a planned route, or a run of the library, after the weeks before it."""
    from camber.planning import history, plan_route

    path, draws = Path(name), session.preferences.settings.draws
    if path.exists() or path.suffix:
        recording, title = camber.read_recording(path), path.name
        own, day = _already_known(library, recording)
    elif library is None:
        raise UnknownRunError(f"there is no run {name}; `camber import` brings runs in", path="library")
    else:
        own = run_number(library, name)
        known = library.run(own)
        recording, title, day = library.recording(own), known.title, known.day
    before = history(library, day, own=own, draws=draws) if library and with_history else None
    analysis = line(recording, path)
    return _Planned(recording.name or title, analysis, plan_route(analysis, before=before, dark=dark))


def _already_known(library: "Library | None", recording: "Recording") -> "tuple[int | None, date | None]":
    """Find a file's own run in the library, so that it does not count twice, and its day."""
    from camber.planning import analysed_runs

    if recording.started_at is None:
        return None, None
    for run in () if library is None else analysed_runs(library):
        if run.started_at == recording.started_at:
            return run.run, run.day
    return None, recording.started_at.date()


def _plan_week(
    session: Session, library: "Library | None", line: "Line", dark: bool | None
) -> list[_Planned]:
    from camber.planning import plan_week

    found = None
    if library is not None:
        draws = session.preferences.settings.draws
        found = plan_week(library, lambda run, of: line(run, Path(of.source)), draws=draws, dark=dark)
    if found is None:
        text = "no run is analysed yet: `camber import` brings runs in, `camber analyse --all` judges them"
        raise UnknownRunError(text, path="library")
    return [_Planned(f"{run.day} {run.title}", analysis, plan) for run, analysis, plan in found]


def _show(session: Session, planned: "Sequence[_Planned]", *, as_json: bool) -> None:
    from rich.console import Group
    from rich.text import Text

    from camber.report.plan_json import plan_document, plans_json
    from camber.report.plan_text import plan_text

    if as_json:
        documents = (
            plan_document(p.title, p.plan.suggestions, p.plan.what_ifs, dark=p.plan.dark) for p in planned
        )
        session.write(plans_json(documents))
        return
    units = session.preferences.units
    parts = [
        plan_text(p.title, p.plan.suggestions, p.plan.what_ifs, units, dark=p.plan.dark) for p in planned
    ]
    if not parts:
        parts = [Text("No safe change found among your routes of the last weeks: nothing to do.")]
    session.show(Group(*parts))


def _write_courses(
    session: Session, planned: "Sequence[_Planned]", gpx: Path | None, tcx: Path | None
) -> None:
    """Write the best plan as a course, where one was asked for."""
    if gpx is None and tcx is None:
        return
    from camber.report.course import course_gpx, course_of, course_tcx

    best = next((one for one in planned if one.plan.suggestions.items), None)
    if best is None:
        session.say("no course written: there is no plan to follow", at=-1)
        return
    course = course_of(best.analysis, best.plan.suggestions.items[0], f"{best.title} (camber)")
    for path, write in ((gpx, course_gpx), (tcx, course_tcx)):
        if path is not None:
            session.write(write(course), path)
