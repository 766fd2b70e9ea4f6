"""``camber suggest``: what could be different on a run, on a planned route, or in the coming week."""

from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import camber
from camber.cli.analyse import fitting
from camber.cli.chosen import has_tiles, run_number
from camber.cli.completion import of_runs
from camber.cli.options import AsJson, Details, RoadFiles
from camber.cli.roads import kept_roads
from camber.cli.session import Session
from camber.errors import UnknownRunError
from camber.library.place import roads_cache

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from camber.library import Library
    from camber.planning import Planner
    from camber.schema import Analysis, Period, Recording, RoutePlan, RunResult

    Line = Callable[[Recording, Path], Analysis]
    """Analyses a recording, which came from a file."""

_MOST_CHANGES = 3
"""Most routes of a week whose plans are shown (judgement: more is no plan that a runner keeps in mind)."""

app = typer.Typer(rich_markup_mode=None)


@app.command()
def suggest(
    context: typer.Context,
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN",
            autocompletion=of_runs,
            help="A recording, a planned route without times, or a number of `camber runs`.",
        ),
    ] = None,
    week: Annotated[
        bool, typer.Option("--week", help="What to try in the coming week, on your usual routes.")
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
    details: Details = False,
    no_history: Annotated[
        bool, typer.Option("--no-history", help="Plan for this route alone, whatever the weeks beside it.")
    ] = False,
) -> None:
    """Suggest other sides for a run, a route or the coming week.

    Law and safety come first; where nothing safe would help, it says so.

    A planned route needs no times: each simple rule is scored on it, and the best plan is shown.
    """
    session: Session = context.obj
    if week == (run is not None):
        raise typer.BadParameter("give a run or a route, or --week for your library", param_hint="RUN")
    with _library() as library:
        conclusion = ""
        if run is None:
            planned, conclusion = _plan_week(session, library, roads or [], dark)
        else:
            planned = [_plan_run(session, library, run, roads or [], dark, with_history=not no_history)]
    _show(session, planned, conclusion, as_json=as_json, details=details)
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


def planner_for(
    session: Session, library: "Library", road_files: "Sequence[Path]", *, dark: bool | None = None
) -> "Planner":
    """Plan runs of a library over extracts, or over kept tiles, told what all runs say."""
    from camber.planning import Planner

    line = line_over(session, road_files, library)
    given = session.preferences.settings
    return Planner(
        library,
        lambda recording, run: line(recording, Path(run.source)),
        draws=given.draws,
        dark=dark,
        target_left=given.suggestion.target_left,
    )


def advised(session: Session, library: "Library", period: "Period", road_files: "Sequence[Path]") -> "Period":
    """Add what to try next to some days or a run, which only the runner is told."""
    from camber.schema import Advice

    if period.total is None:
        return period
    # A week without a map is there before all that a plan needs is loaded.
    if not road_files and not has_tiles():
        return replace(period, advice=Advice((), Advice.NO_MAP))
    from camber.library.kept_advice import keep_advice, name_of_advice, with_kept_advice

    tiles = sorted((roads_cache() / "tiles").rglob("*"))
    name = name_of_advice(library, period, session.preferences, [*road_files, *tiles])
    kept = with_kept_advice(library, period, name)
    if kept is not None:
        return kept
    from camber.planning import with_advice

    period = with_advice(planner_for(session, library, road_files), period)
    if period.advice is not None:
        keep_advice(library, period.advice, name)
    return period


def line_over(session: Session, road_files: "Sequence[Path]", library: "Library | None" = None) -> "Line":
    """Say how a recording is analysed: over the extract that fits it, or without any over kept tiles.

    With what the library has learned and measured, if there is one.
    """
    learned = None if library is None else library.learned()
    country = session.preferences.country or None
    extracts = [camber.read_roads(file, country=country, cache=roads_cache()) for file in road_files]
    roads_for = fitting(extracts) if extracts else kept_roads(session, country)
    settings = session.preferences.settings

    def line(recording: "Recording", path: Path) -> "Analysis":
        roads = roads_for(recording, path)
        observed = None if library is None else library.measured_along(roads, recording)
        return camber.analyse(recording, roads, settings, learned, observed=observed, with_suggestions=False)

    return line


def _plan_run(
    session: Session,
    library: "Library | None",
    name: str,
    road_files: "Sequence[Path]",
    dark: bool | None,
    *,
    with_history: bool,
) -> _Planned:
    """Plan a recording, a planned route, or a run of the library, beside the weeks around it."""
    from camber.planning import plan_route
    from camber.report.wording import run_name

    recording, known = _found(library, name)
    planner = None if library is None else planner_for(session, library, road_files, dark=dark)
    if planner is not None and known is not None and known.summary is not None and with_history:
        planned = planner.plan(known)
        return _Planned(run_name(known.title), planned.analysis, planned.plan)
    day = None if recording.started_at is None else recording.started_at.date()
    history = planner.history(day, known.run if known else None) if planner and with_history else None
    line = line_over(session, road_files, library)
    analysis = line(recording, Path(name))
    plan = plan_route(analysis, history=history, dark=dark)
    return _Planned(run_name(recording.name or Path(name).name), analysis, plan)


def _found(library: "Library | None", name: str) -> "tuple[Recording, RunResult | None]":
    """Find a file or a run, and what the library knows of it, so that it does not count twice."""
    path = Path(name)
    if not path.exists() and not path.suffix:
        if library is None:
            raise UnknownRunError(f"there is no run {name}; `camber import` brings runs in", path="library")
        known = library.run(run_number(library, name))
        return library.recording(known.run), known
    recording = camber.read_recording(path)
    if library is None or recording.started_at is None:
        return recording, None
    day = recording.started_at.date()
    near = library.results(day - timedelta(days=1), day + timedelta(days=1))
    return recording, next((run for run in near if run.started_at == recording.started_at), None)


def _plan_week(
    session: Session, library: "Library | None", road_files: "Sequence[Path]", dark: bool | None
) -> "tuple[list[_Planned], str]":
    """Plan the routes that would be run again, and say what that comes to."""
    from camber.planning import with_advice
    from camber.report.wording import run_name

    last = None if library is None else library.last_week(session.preferences.week_start)
    if library is None or last is None or library.last_analysed_day() is None:
        text = "no run is analysed yet: `camber import` brings runs in, `camber analyse --all` judges them"
        raise UnknownRunError(text, path="library")
    planner = planner_for(session, library, road_files, dark=dark)
    advice = with_advice(planner, library.period(last)).advice
    routes = (
        [] if advice is None else [run for run in advice.routes if run.suggestions and run.suggestions.items]
    )
    planned = [planner.plan(run) for run in routes[:_MOST_CHANGES]]
    found = [_Planned(f"{one.run.day} {run_name(one.run.title)}", one.analysis, one.plan) for one in planned]
    return found, "" if advice is None else advice.conclusion


def _show(
    session: Session, planned: "Sequence[_Planned]", conclusion: str, *, as_json: bool, details: bool
) -> None:
    from rich.console import Group
    from rich.text import Text

    from camber.report.plan import plan_text, plans_json
    from camber.report.wording import plain

    if as_json:
        session.write(plans_json((one.title, one.plan) for one in planned))
        return
    units = session.preferences.units
    parts = [
        # Of a planned route there is no side that was run: what simple rules would do is all there is.
        plan_text(one.title, one.plan, units, details=details or one.analysis.recording.started_at is None)
        for one in planned
    ]
    session.show(Group(*(parts or [Text(plain(conclusion))])))


def _write_courses(
    session: Session, planned: "Sequence[_Planned]", gpx: Path | None, tcx: Path | None
) -> None:
    """Write the best plan as a course, where one was asked for."""
    if gpx is None and tcx is None:
        return
    from camber.report.course import course_gpx, course_of, course_tcx

    # Another route is followed by its own course.
    plans = [(one, item) for one in planned for item in one.plan.suggestions.items if item.stretches]
    if not plans:
        session.say("no course written: there is no plan to follow", at=-1)
        return
    best, item = plans[0]
    course = course_of(best.analysis, item, f"{best.title} (camber)")
    for path, write in ((gpx, course_gpx), (tcx, course_tcx)):
        if path is not None:
            session.write(write(course), path)
