"""Many runs over one or several extracts: a bad file costs itself alone."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import camber
from camber.cli.road_tiles import TileRoads
from camber.errors import CamberError
from camber.pipeline import analyse
from camber.recording import read_recording
from camber.report.contents import Report
from camber.report.wording import period_title, plain
from camber.roads import read_roads
from camber.schema import Problem
from camber.summary import add_summaries

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from camber.cli.session import Session
    from camber.schema import Analysis, Recording, Roads, Settings


@dataclass(frozen=True)
class Outcome:
    """What came of several files.

    Parameters
    ----------
    report : Report
        The runs that could be analysed, and their total.
    failures : tuple of CamberError
        The files that could not be used.
    """

    report: Report
    failures: tuple[CamberError, ...]


def analyse_files(
    runs: Sequence[Path],
    road_files: Sequence[Path],
    session: Session,
    *,
    settings: Settings,
    country: str | None = None,
    cache: Path | None = None,
    kept: TileRoads | None = None,
    remarks: tuple[str, ...] = (),
) -> Outcome:
    """Analyse recordings, each over the extract that holds most of it.

    Parameters
    ----------
    runs, road_files : sequence of Path
        Recordings and extracts.
    session : Session
        Where to say what goes on.
    settings : Settings
        Settings of every stage.
    country : str, optional
        Overrides the place of the roads.
    cache : Path, optional
        Folder in which parsed roads are kept; none are kept without.
    kept : TileRoads, optional
        Where roads come from if there are no extracts.
    remarks : tuple of str
        For the top of the report.

    Returns
    -------
    Outcome
        What could be used, and what not.

    Raises
    ------
    CamberError
        The last failure, if nothing could be used; the others were said.
    """
    if not kernels_compiled():
        session.say("compiling numerical kernels, once on this machine: this takes up to a minute")
    with session.progress() as progress:
        task = progress.add_task("reading roads", total=len(road_files) + len(runs))
        extracts, no_roads = _read_all(road_files, country, cache, lambda: progress.advance(task))
        analyses: list[Analysis] = []
        no_runs: list[CamberError] = []
        source = extracts if road_files or kept is None else kept
        for path in runs if source else ():
            progress.update(task, description=plain(path.name, 40), advance=1)
            try:
                analyses.append(_run(path, source, settings, session))
            except CamberError as error:
                no_runs.append(error)
    failures = (*no_roads, *no_runs)
    if not analyses:
        *others, last = no_runs or no_roads
        for failure in others:
            session.say(f"camber: {failure}", at=-1)
        raise last
    for failure in failures:
        session.say(f"skipped: {failure}", at=-1)
    return Outcome(_report(analyses, failures, session, remarks), failures)


def _read_all(
    paths: Sequence[Path], country: str | None, cache: Path | None, advance: Callable[[], None]
) -> tuple[list[Roads], list[CamberError]]:
    extracts, failures = [], []
    for path in paths:
        try:
            extracts.append(read_roads(path, country=country, cache=cache))
        except CamberError as error:
            failures.append(error)
        advance()
    return extracts, failures


def _run(path: Path, source: Sequence[Roads] | TileRoads, settings: Settings, session: Session) -> Analysis:
    began = time.perf_counter()
    recording = read_recording(path)
    if isinstance(source, TileRoads):
        roads = source.of(recording, path, session)
    else:
        roads = fitting_roads(recording, source)
    analysis = analyse(recording, roads, settings)
    took = time.perf_counter() - began
    session.say(f"{recording.source}: {len(recording.fixes)} fixes over {roads.source}, {took:.1f} s", at=1)
    return analysis


def fitting_roads(recording: Recording, extracts: Sequence[Roads]) -> Roads:
    """Choose the extract whose area holds most fixes of a recording.

    Parameters
    ----------
    recording : Recording
        The recording.
    extracts : sequence of Roads
        One or more; the first of equals is taken.

    Returns
    -------
    Roads
        The extract; if none holds a single fix, the first, whose refusal says where it lies.
    """
    longitude = recording.fixes["longitude_deg"].to_numpy()
    latitude = recording.fixes["latitude_deg"].to_numpy()

    def held(roads: Roads) -> int:
        west, south, east, north = roads.bounds_deg
        inside = (longitude >= west) & (longitude <= east) & (latitude >= south) & (latitude <= north)
        return int(np.count_nonzero(inside))

    return max(extracts, key=held)


def _report(
    analyses: list[Analysis], failures: Sequence[CamberError], session: Session, remarks: tuple[str, ...]
) -> Report:
    preferences = session.preferences
    if len(analyses) == 1:
        total = analyses[0].summary
    else:
        starts = [(a.summary.started_at, a.summary.time_zone) for a in analyses]
        title = period_title(starts, week_start=preferences.week_start)
        total = add_summaries([(a.summary, a.draws) for a in analyses], title)
    skipped = tuple(Problem("skipped_file", f"skipped: {_with_base_name(error)}") for error in failures)
    total = replace(total, problems=(*total.problems, *skipped))
    return Report(tuple(analyses), total, preferences.units, remarks)


def _with_base_name(error: CamberError) -> str:
    """Name a file in a report without the folders it lies in: they often hold the name of a person."""
    path = str(getattr(error, "path", ""))
    return str(error).replace(path, Path(path).name) if path else str(error)


def kernels_compiled() -> bool:
    """Tell whether numba has compiled the matching kernels on this machine before.

    Returns
    -------
    bool
        False also where numba keeps its cache in a place that is not looked at; then only a line too many
        is said.
    """
    package = Path(camber.__file__).parent
    moved = os.environ.get("NUMBA_CACHE_DIR")
    places = [Path(moved)] if moved else [package, Path.home() / ".cache" / "numba"]
    return any("/matching" in path.as_posix() for place in places for path in place.rglob("*.nbi"))
