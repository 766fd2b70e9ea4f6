"""``camber analyse``: recordings over roads, a bad file costing itself alone; or the whole library."""

import os
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

import typer

import camber
from camber.cli.options import RoadFiles, Strict, spread
from camber.cli.outputs import INTERVALS, Form, Outputs
from camber.cli.roads import kept_roads
from camber.cli.session import Exit, Session
from camber.errors import CamberError, SettingsError
from camber.library.place import roads_cache

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from concurrent.futures import Executor

    import geopandas as gpd

    from camber.cli.config import Preferences
    from camber.cli.roads import RoadsFor
    from camber.cli.session import Tell
    from camber.library.batch import BatchReport, Step
    from camber.library.choosing import RoadChoice
    from camber.schema import Analysis, Recording, Roads, Settings

S = TypeVar("S")
T = TypeVar("T")

app = typer.Typer(rich_markup_mode=None)

_OF_THE_CACHE: Final = ("damaged_cache", "cache_not_written")
"""Problems of roads that are about this machine and not about the map."""

_AROUND_M: Final = 300.0
"""How far around a run the roads are drawn [m] (judgement: what is seen beside it)."""


@dataclass(frozen=True, kw_only=True)
class _Beside(Outputs):
    """Options beside the files: what takes the place of settings, and how much is shown."""

    country: Annotated[
        str | None,
        typer.Option(metavar="CC", help="Country code that overrides the place of the roads."),
    ] = None
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of the draws.")] = None
    draws: Annotated[int | None, typer.Option(min=20, max=10_000, help="Number of draws.")] = None

    def over(self, usual: "Preferences") -> "tuple[Settings, str | None]":
        """Give settings of every stage, and the country."""
        given = {name: value for name in ("seed", "draws") if (value := getattr(self, name)) is not None}
        return replace(usual.settings, **given), self.country or usual.country or None


@app.command("analyze", hidden=True)
@app.command()
@spread
def analyse(
    context: typer.Context,
    runs: Annotated[
        list[Path] | None, typer.Argument(metavar="RUN", help="Recordings (GPX, TCX or FIT).")
    ] = None,
    roads: RoadFiles = None,
    fetch: Annotated[
        bool, typer.Option("--fetch", help="Fetch roads that are not there yet from a server.")
    ] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Every run of your library that is new or out of date.")
    ] = False,
    dask: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="With --all: on a Dask cluster (extra: dask).")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="With --all: processes on this machine.")] = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Read the roads again and keep nothing.")
    ] = False,
    strict: Strict = False,
    *,
    beside: _Beside,
) -> None:
    """Analyse one recording or several, or with --all every run of your library.

    The roads are those that `camber roads` keeps, or those of the extracts that are given.

    What was read of an extract is kept in your cache folder, so that it opens at once the next time.
    """
    session: Session = context.obj
    settings, country = beside.over(session.preferences)
    if everything:
        done = analyse_all(session, roads or [], settings, country, dask=dask, workers=workers)
        raise typer.Exit(_exit_of(done, session, strict=strict))
    if not runs:
        raise typer.BadParameter("give recordings, or --all for your library", param_hint="RUN...")
    found = analyse_files(
        runs,
        roads or [],
        session,
        settings=settings,
        country=country,
        cache=None if no_cache else roads_cache(),
        kept=kept_roads(session, country, fetch=fetch),
    )
    write_files(found, beside, session)
    if strict and found.failures:
        raise typer.Exit(Exit.PARTIAL)


@dataclass(frozen=True, eq=False)
class Analysed:
    """Files that were analysed, and what came of those that could not be used."""

    analyses: "tuple[Analysis, ...]"
    failures: tuple[CamberError, ...] = ()
    remarks: tuple[str, ...] = ()


def write_files(found: Analysed, outputs: Outputs, session: Session) -> None:
    """Tell the story of one file or several in every form that is asked for, or write their intervals."""
    import camber.report as write
    from camber.cli.chosen import aimed
    from camber.library.loose_runs import period_of_analyses

    if outputs.main in INTERVALS:
        rows = write.intervals_csv if outputs.main is Form.CSV else write.intervals_geojson
        session.write(rows(found.analyses), outputs.output)
        if not outputs.beside:
            return
        outputs = replace(outputs, kind=None, output=None)
    period = period_of_analyses(found.analyses, found.failures, with_stretches=outputs.has_page)
    period = aimed(session, period)
    story = write.story_of(period, units=session.preferences.units)
    story = replace(story, remarks=found.remarks or story.remarks)
    basemap = _ways_around(found.analyses) if outputs.has_page else None
    steps = [
        "--details for the rest",
        "-o page.html for a page with a map",
        "camber import FILE keeps your runs",
    ]
    outputs.write(session, story, basemap, steps)


def _ways_around(analyses: "Sequence[Analysis]") -> "gpd.GeoDataFrame":
    """Give the roads around some runs, to draw below them."""
    import pandas as pd

    from camber.conventions import WGS84

    parts = []
    for one in analyses:
        west, south, east, north = one.track.to_crs(one.roads.crs).total_bounds
        near = one.roads.ways.cx[west - _AROUND_M : east + _AROUND_M, south - _AROUND_M : north + _AROUND_M]
        parts.append(near.reset_index()[["way_id", "highway", "name", "geometry"]].to_crs(WGS84))
    return pd.concat(parts, ignore_index=True).drop_duplicates("way_id", ignore_index=True)


def analyse_files(
    runs: "Sequence[Path]",
    road_files: "Sequence[Path]",
    session: Session,
    *,
    settings: "Settings",
    country: str | None = None,
    cache: Path | None = None,
    kept: "RoadsFor | None" = None,
    remarks: tuple[str, ...] = (),
) -> Analysed:
    """Analyse recordings, each over the extract that holds most of it, or without extracts over `kept` roads.

    What could not be used is said; the last failure is raised if nothing could be.
    """
    from camber.report.wording import plain

    say_if_compiling(session)
    with session.steps("reading roads", len(road_files) + len(runs)) as tell:

        def each(items: "Sequence[S]", act: "Callable[[S], T]") -> tuple[list[T], list[CamberError]]:
            done, failures = [], []
            for item in items:
                tell(plain(item.name if isinstance(item, Path) else "", 40))
                try:
                    done.append(act(item))
                except CamberError as error:
                    failures.append(error)
            return done, failures

        extracts, no_roads = each(road_files, partial(camber.read_roads, country=country, cache=cache))
        for problem in (one for roads in extracts for one in roads.problems if one.code in _OF_THE_CACHE):
            session.say(plain(problem.message))
        roads_for = fitting(extracts) if extracts or kept is None else kept
        act = partial(_analysed, roads_for=roads_for, settings=settings, session=session)
        found, unread = each(
            runs if extracts or not road_files else (), partial(_recordings, session=session)
        )
        analyses, unfit = each([one for some in found for one in some], act)
        no_runs = [*unread, *unfit]
    if not analyses:
        *others, last = no_runs or no_roads
        for failure in others:
            session.say(f"camber: {failure}", at=-1)
        raise last
    failures = (*no_roads, *no_runs)
    for failure in failures:
        session.say(f"skipped: {failure}", at=-1)
    return Analysed(tuple(analyses), failures, remarks)


def _recordings(path: Path, session: Session) -> "list[tuple[Recording, Path]]":
    """Read a file; of several recordings those on foot are analysed, if there are any; virtual ones never."""
    from camber.errors import NoTrackError
    from camber.recording.sports import SportClass, recording_class

    found = camber.read_recordings(path)
    kinds = [recording_class(one) for one in found]
    real = [one for one, kind in zip(found, kinds, strict=True) if kind is not SportClass.VIRTUAL]
    if not real:
        program = found[0].device or found[0].name or "its file says so"
        text = f"is virtual ({program}): nobody was at its places, so there is nothing to analyse"
        raise NoTrackError(text, path=path)
    on_foot = [one for one, kind in zip(found, kinds, strict=True) if kind is SportClass.ON_FOOT] or real
    for one in found:
        if one not in on_foot:
            session.say(f"skipped: {one.source}: {one.sport} is not analysed", at=-1)
    return [(one, path) for one in on_foot]


def _analysed(
    given: "tuple[Recording, Path]", roads_for: "RoadsFor", settings: "Settings", session: Session
) -> "Analysis":
    began = time.perf_counter()
    recording, path = given
    roads = roads_for(recording, path)
    analysis = camber.analyse(recording, roads, settings)
    took = time.perf_counter() - began
    session.say(f"{recording.source}: {len(recording.fixes)} fixes over {roads.source}, {took:.1f} s", at=1)
    return analysis


def fitting(extracts: "Sequence[Roads]") -> "RoadsFor":
    """Choose for each recording the extract whose area holds most of its fixes, the first of equals.

    If none holds a single fix, that is the first, whose refusal says where it lies.
    """
    from camber.longitudes import is_inside

    def choose(recording: "Recording", _: Path) -> "Roads":
        longitude, latitude = (recording.fixes[name] for name in ("longitude_deg", "latitude_deg"))

        def held(roads: "Roads") -> int:
            return int(is_inside(roads.bounds_deg, longitude, latitude).sum())

        return max(extracts, key=held)

    return choose


def say_if_compiling(session: Session) -> None:
    """Say why the first analysis on a machine takes longer, and begin with it in processes of its own."""
    if "compiling" not in session.begun and not _kernels_compiled():
        from camber.compiled_ahead import start_compiling

        session.begun.add("compiling")
        session.say("compiling numerical kernels, once on this machine: this takes up to a minute")
        start_compiling()


def _kernels_compiled() -> bool:
    """Tell whether numba has compiled the matching kernels on this machine before.

    False also where numba keeps its cache elsewhere; then only a line too many is said.
    """
    package = Path(camber.__file__).parent
    moved = os.environ.get("NUMBA_CACHE_DIR")
    places = [Path(moved)] if moved else [package, Path.home() / ".cache" / "numba"]
    return any("/matching" in path.as_posix() for place in places for path in place.rglob("*.nbi"))


def analyse_all(
    session: Session,
    road_files: "Sequence[Path]",
    settings: "Settings",
    country: str | None,
    *,
    dask: str | None = None,
    workers: int | None = None,
    tiles_first: bool = False,
    only: "Collection[int] | None" = None,
) -> "BatchReport":
    """Analyse every run whose result is missing or stale; tiles serve where no extract does, or before it."""
    from camber.library.batch import analyse_library

    choices = road_choices(road_files, country, tiles_first=tiles_first)
    with (
        camber.open_library() as library,
        _cluster(dask) as executor,
        session.steps("analysing", lines=True) as tell,
    ):
        if library.recordings:
            say_if_compiling(session)
        watch = watching(session, tell)
        done = analyse_library(
            library, choices, settings, only=only, executor=executor, workers=workers, watch=watch
        )
    session.say_each(done.surveyed.problems)
    return done


def road_choices(
    road_files: "Sequence[Path]", country: str | None, *, tiles_first: bool = False
) -> "list[RoadChoice]":
    """Choose among extracts and tiles that are kept, in the order in which they are asked."""
    from camber.library.choosing import from_extracts, from_tiles

    cache = roads_cache()
    choices = [from_extracts(road_files, country=country, folder=cache)] if road_files else []
    choices.insert(0 if tiles_first else len(choices), from_tiles(cache, country=country))
    return choices


def watching(session: Session, tell: "Tell") -> "Callable[[Step], None]":
    """Give what shows how far a batch is."""

    def watch(step: "Step") -> None:
        what = "runs" if step.run else "ways"
        tell(f"{step.what}: {step.done} of {step.total} {what}", step.done, step.total)
        if step.run:
            session.say(f"{step.what}: run {step.run}", at=1)

    return watch


@contextmanager
def _cluster(address: str | None) -> "Iterator[Executor | None]":
    if address is None:
        yield None
        return
    try:
        from distributed import Client
    except ImportError:
        text = '--dask needs the extra "dask": pip install "camber[dask]"'
        raise SettingsError(text, key="dask") from None
    with Client(address) as client:  # type: ignore[no-untyped-call]
        yield client.get_executor(pure=False)


def _exit_of(report: "BatchReport", session: Session, *, strict: bool) -> Exit:
    """Say what came of the library, and choose the exit code."""
    say_what_came(report, session)
    if not report.runs:
        return Exit.NO_INPUT
    if report.no_roads and report.analysed + report.kept == 0:
        return Exit.NO_ROADS
    return Exit.PARTIAL if strict and (report.no_roads or report.failed) else Exit.DONE


def say_what_came(report: "BatchReport", session: Session) -> None:
    """Say what came of the library, and what there is to do next."""
    for run, reason in report.failed:
        session.say(f"run {run}: {reason}", at=-1)
    session.write(
        f"{report.runs} runs: {report.analysed} analysed, {report.kept} up to date, "
        f"{len(report.no_roads)} without roads, {len(report.failed)} could not be analysed\n"
    )
    if report.analysed + report.kept:
        session.say("Next: camber week")
    if report.no_roads:
        session.say("`camber roads fetch` gets the map for the runs without roads", at=-1)
    if not report.runs:
        session.say("there are no runs yet: `camber import` brings them in", at=-1)
