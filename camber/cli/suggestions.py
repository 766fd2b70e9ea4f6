"""What ``camber suggest`` does: finds the run, its roads and the weeks before, plans, and writes courses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from camber.cli.cache_folder import roads_cache
from camber.cli.road_tiles import TileRoads
from camber.cli.run_list import run_number
from camber.cli.runs import fitting_roads
from camber.errors import UnknownRunError
from camber.library import open_library
from camber.pipeline import analyse
from camber.planning import RoutePlan, effect_of_draws, plan_route, usual_routes
from camber.recording import read_recording
from camber.report.course import course_gpx, course_of, course_tcx
from camber.report.files import write_whole
from camber.roads import read_roads

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from camber.cli.session import Session
    from camber.library import Library
    from camber.schema import Analysis, Learned, Recording, Roads, RunResult
    from camber.suggestions import Effect

_HISTORY: Final = timedelta(days=28)
"""How far back a run is evened out: four weeks (users.md 6 compares with the weeks before; judgement)."""


@dataclass(frozen=True, eq=False)
class Planned:
    """One run or route with its plan.

    Parameters
    ----------
    title : str
        Its name.
    analysis : Analysis
        What is known about it.
    plan : RoutePlan
        What could be done.
    """

    title: str
    analysis: Analysis
    plan: RoutePlan


def plan_file(
    session: Session, name: str, road_files: Sequence[Path], *, dark: bool | None, with_history: bool
) -> Planned:
    """Plan a recording, a planned route, or a run of the library.

    Parameters
    ----------
    session : Session
        Preferences, and where to say what goes on.
    name : str
        A file, or a number of a run.
    road_files : sequence of Path
        Extracts; kept tiles serve where there are none.
    dark : bool or None
        Whether it is dark; by the sun where it is not said.
    with_history : bool
        Whether the weeks before count.

    Returns
    -------
    Planned
        The plan.

    Raises
    ------
    CamberError
        If the file, the run or its roads cannot be used.
    """
    path = Path(name)
    with open_library() as library:
        if path.exists() or path.suffix:
            recording, title = read_recording(path), path.name
            own, day = _already_known(library, recording)
        else:
            own = run_number(library, name)
            known = library.run(own)
            recording, title, day = library.recording(own), known.title, known.day
        draws = session.preferences.settings.draws
        before = history(library, day, own, draws) if with_history else None
        learned = library.learned()
    analysis = _analysed(session, recording, path, road_files, learned)
    plan = plan_route(analysis, before=before, dark=dark)
    return Planned(recording.name or title, analysis, plan)


def _already_known(library: Library, recording: Recording) -> tuple[int | None, date | None]:
    """Find a file's own run in the library, so that it does not count twice, and its day."""
    if recording.started_at is None:
        return None, None
    frame = library.runs()
    numbers = frame.index[frame["state"] == "analysed"].tolist() if len(frame) else []
    runs = (library.run(int(number)) for number in numbers)
    same = next((run for run in runs if run.started_at == recording.started_at), None)
    return (None, recording.started_at.date()) if same is None else (same.run, same.day)


def plan_week(session: Session, road_files: Sequence[Path], *, dark: bool | None) -> tuple[Planned, ...]:
    """Find one to three changes for the coming week, should it be like the last one.

    Parameters
    ----------
    session : Session
        Preferences, and where to say what goes on.
    road_files : sequence of Path
        Extracts; kept tiles serve where there are none.
    dark : bool or None
        Whether it is dark; by the sun where it is not said.

    Returns
    -------
    tuple of Planned
        Routes with a change, best first; each predicts the whole week with that change alone.

    Raises
    ------
    UnknownRunError
        If the library holds no analysed run.
    """
    with open_library() as library:
        runs = _analysed_runs(library, session.preferences.settings.draws)
        if not runs:
            text = (
                "no run is analysed yet: `camber import` brings runs in, `camber analyse --all` judges them"
            )
            raise UnknownRunError(text, path="library")
        last = max(run.day for run in runs if run.day is not None)
        usual = [run for run in runs if run.day is not None and run.day > last - _HISTORY]
        week = [run for run in usual if run.day is not None and run.day > last - timedelta(days=7)]
        chosen = usual_routes(usual)
        recordings = {run.run: library.recording(run.run) for run in chosen}
        learned = library.learned()
    planned = []
    for run in chosen:
        rest = effect_of_draws(
            other.draws for other in week if other.run != run.run and other.draws is not None
        )
        analysis = _analysed(session, recordings[run.run], Path(run.source), road_files, learned)
        plan = plan_route(analysis, before=rest, dark=dark)
        if plan.suggestions.items:
            planned.append(Planned(f"{run.day} {run.title}", analysis, plan))
    return tuple(planned)


def write_courses(session: Session, planned: Sequence[Planned], gpx: Path | None, tcx: Path | None) -> None:
    """Write the best plan as a course, where one was asked for.

    Parameters
    ----------
    session : Session
        Where to say what was written.
    planned : sequence of Planned
        Plans, best first.
    gpx, tcx : Path or None
        Where to.
    """
    if gpx is None and tcx is None:
        return
    best = next((one for one in planned if one.plan.suggestions.items), None)
    if best is None:
        session.say("no course written: there is no plan to follow", at=-1)
        return
    course = course_of(best.analysis, best.plan.suggestions.items[0], f"{best.title} (camber)")
    for path, write in ((gpx, course_gpx), (tcx, course_tcx)):
        if path is not None:
            session.say(f"wrote {write_whole(path, write(course))}")


def history(library: Library, day: date | None, own: int | None, draws: int) -> Effect | None:
    """Add up the four weeks before a run, draw by draw.

    Parameters
    ----------
    library : Library
        The library.
    day : date or None
        Day of the run; the last weeks of the library if it has none.
    own : int or None
        Number of the run itself, which does not count.
    draws : int
        Number of draws; results with another number are left out.

    Returns
    -------
    Effect or None
        Drawn metres by leg; None without a run.
    """
    runs = [run for run in _analysed_runs(library, draws) if run.run != own and run.day is not None]
    if not runs:
        return None
    until = day or max(run.day for run in runs if run.day is not None) + timedelta(days=1)
    recent = [run for run in runs if run.day is not None and until - _HISTORY <= run.day <= until]
    return effect_of_draws(run.draws for run in recent if run.draws is not None)


def _analysed_runs(library: Library, draws: int) -> list[RunResult]:
    frame = library.runs()
    analysed = frame.index[frame["state"] == "analysed"].tolist() if len(frame) else []
    runs = [library.run(int(number)) for number in analysed]
    return [run for run in runs if run.draws is not None and len(run.draws.left_low_m) == draws]


def _analysed(
    session: Session, recording: Recording, path: Path, road_files: Sequence[Path], learned: Learned
) -> Analysis:
    place = session.preferences.country or None
    if road_files:
        extracts = [read_roads(file, country=place, cache=roads_cache()) for file in road_files]
        roads: Roads = fitting_roads(recording, extracts)
    else:
        roads = TileRoads(roads_cache(), place, None).of(recording, path, session)
    return analyse(recording, roads, session.preferences.settings, learned)
