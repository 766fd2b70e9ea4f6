"""Many runs: what is missing or stale, in parallel, pooled, into the library.

Three passes (architecture.md): every run without what other runs say; what all of them say together; every
run again with it, its own part taken out. Workers get plain values and give plain values; one process writes,
in the order of the runs, so that the library is the same whatever their number. A run's roads depend on where
it went alone, so that it is the same whatever else is in the library.
"""

from __future__ import annotations

import multiprocessing
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import cache, lru_cache
from hashlib import sha256
from importlib import resources
from itertools import groupby
from typing import TYPE_CHECKING, Final

import camber
from camber.errors import CamberError, LibraryError, MissingTilesError, RoadsError
from camber.lateral import pool_evidence
from camber.library.outcomes import Outcome, distil
from camber.library.packing import fingerprint, pack_json
from camber.library.results import read_evidence, store_evidence, store_failure, store_outcome
from camber.library.stored_values import json_of
from camber.pipeline import analyse, evidence_of
from camber.roads import read_roads
from camber.roads.tile_store import TileStore
from camber.roads.tiles import open_tiles, usable_tiles
from camber.schema import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Executor, Future
    from importlib.resources.abc import Traversable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from camber.library import Library
    from camber.roads.grid import Tile
    from camber.schema import Learned, Recording, Roads

    FloatArray = NDArray[np.float64]
    RoadChoice = Callable[[FloatArray, FloatArray], "RoadsOf | None"]
    """Chooses roads for the longitudes and latitudes of a run [deg]; None where it has none."""

_RUNS_PER_TASK: Final = 4
"""Runs of the same roads that a worker takes at once (judgement: what is sent along with them is shared)."""

_TASKS_AHEAD: Final = 16
_OTHER_ROOMS: Final = frozenset({"cli", "report", "recording", "simulate", "sample", "batch.py", "library"})
"""What of camber decides nothing about a result once the recording is read."""


@dataclass(frozen=True)
class RoadsOf:
    """How a worker opens the roads of a run.

    Parameters
    ----------
    version : str
        Of their data.
    extract : Path or None
        An extract; tiles if missing.
    tiles : tuple of Tile
        The tiles.
    folder : Path or None
        Where tiles, and what was parsed of extracts, are kept.
    country : str or None
        Overrides the place.
    """

    version: str
    extract: Path | None
    tiles: tuple[Tile, ...]
    folder: Path | None
    country: str | None


def from_extracts(paths: Sequence[Path], *, country: str | None, folder: Path | None) -> RoadChoice:
    """Choose among extracts the one that holds most fixes of a run.

    Parameters
    ----------
    paths : sequence of Path
        The extracts.
    country : str or None
        Overrides the place.
    folder : Path or None
        Where what was parsed is kept.

    Returns
    -------
    RoadChoice
        None for a run that none of them holds a fix of.

    Raises
    ------
    RoadsError
        If one of them cannot be read.
    """
    bounds = {path: read_roads(path, country=country, cache=folder).bounds_deg for path in paths}
    versions = {path: _file_version(path, country) for path in paths}

    def choose(longitude_deg: FloatArray, latitude_deg: FloatArray) -> RoadsOf | None:
        def held(path: Path) -> int:
            west, south, east, north = bounds[path]
            across = (longitude_deg >= west) & (longitude_deg <= east)
            return int((across & (latitude_deg >= south) & (latitude_deg <= north)).sum())

        best = max(paths, key=held, default=None)
        if best is None or not held(best):
            return None
        return RoadsOf(versions[best], best.resolve(), (), folder, country)

    return choose


def from_tiles(folder: Path, *, country: str | None) -> RoadChoice:
    """Take the tiles that a run touches, and those that it comes near.

    Parameters
    ----------
    folder : Path
        The user's folder for roads.
    country : str or None
        Overrides the place.

    Returns
    -------
    RoadChoice
        None for a run of which a tile is missing.
    """
    store = TileStore(folder)

    def choose(longitude_deg: FloatArray, latitude_deg: FloatArray) -> RoadsOf | None:
        try:
            tiles = tuple(sorted(usable_tiles(folder, longitude_deg, latitude_deg)))
        except MissingTilesError:
            return None
        state = sha256(repr(country).encode())
        for tile in tiles:
            checksum = store.checksum(tile)
            if checksum is None:
                return None
            state.update(tile.name.encode() + checksum)
        return RoadsOf(f"tiles-{state.hexdigest()[:16]}", None, tiles, folder.resolve(), country)

    return choose


def _file_version(path: Path, country: str | None) -> str:
    with path.open("rb") as file:
        state = sha256()
        while piece := file.read(1 << 20):
            state.update(piece)
    state.update(repr(country).encode())
    return f"extract-{state.hexdigest()[:16]}"


@dataclass(frozen=True)
class BatchReport:
    """What came of a batch.

    Parameters
    ----------
    runs : int
        Runs that are to be analysed.
    analysed : int
        Runs whose result is new.
    kept : int
        Runs whose result was up to date.
    no_roads, failed : tuple of (int, str)
        Runs without roads, and runs that could not be analysed: number and reason.
    """

    runs: int
    analysed: int
    kept: int
    no_roads: tuple[tuple[int, str], ...]
    failed: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Step:
    """How far a batch is.

    Parameters
    ----------
    what : str
        What is going on: ``"reading habits and map offsets"`` or ``"analysing"``.
    done, total : int
        Runs.
    run : int
        The run that is done.
    """

    what: str
    done: int
    total: int
    run: int


@dataclass(frozen=True)
class _Planned:
    run: int
    roads: RoadsOf
    version: str


@dataclass(frozen=True)
class _Answer:
    run: int
    outcome: Outcome | None = None
    evidence: str = ""
    state: str = ""
    message: str = ""


@dataclass
class _Running:
    analysed: int = 0
    no_roads: list[tuple[int, str]] = field(default_factory=list)
    failed: dict[int, str] = field(default_factory=dict)


def analyse_library(
    library: Library,
    choices: Sequence[RoadChoice],
    settings: Settings | None = None,
    *,
    executor: Executor | None = None,
    workers: int | None = None,
    watch: Callable[[Step], None] | None = None,
) -> BatchReport:
    """Analyse every run of a library whose result is missing or stale.

    A result is stale when the model, its roads, the settings or what the other runs say have changed.
    Interrupted at any time, what was done is kept and the next call goes on.

    Parameters
    ----------
    library : Library
        The library; nobody else may write to it meanwhile.
    choices : sequence of RoadChoice
        Asked in order for the roads of a run.
    settings : Settings, optional
        Settings of every stage.
    executor : concurrent.futures.Executor, optional
        Where runs are analysed, such as that of a Dask client; processes of this machine if missing.
    workers : int, optional
        How many processes; one per processor if missing.
    watch : callable, optional
        Called after each run.

    Returns
    -------
    BatchReport
        What came of it.

    Raises
    ------
    LibraryBusyError
        If somebody else is writing; says who.
    LibraryError
        If the library cannot be written, or a worker died.
    """
    settings = settings or Settings()
    running = _Running()
    with library.held_for("analyse"), _executor(executor, workers) as pool:
        planned, everything = _plan(library, choices, settings, running)
        _gather(library, planned, settings, pool, watch)
        learned = pool_evidence(read_evidence(library.connection))
        learned_version = _digest(asdict(learned))
        _keep_learned(library, learned, learned_version)
        stale = _stale(library, planned, learned_version, running)
        tasks = _tasks(library, stale, settings, learned)
        for done, (plan, answer) in enumerate(_answers(tasks, pool), start=1):
            with library.writing() as connection:
                if answer.outcome is None:
                    store_failure(connection, plan.run, plan.version, answer.state, answer.message)
                    running.failed[plan.run] = answer.message
                else:
                    store_outcome(connection, plan.run, plan.version, learned_version, answer.outcome)
                    running.analysed += 1
            _tell(watch, Step("analysing", done, len(stale), plan.run))
        if running.analysed:
            library.connection.execute("PRAGMA analysis_limit = 1000")
            library.connection.execute("ANALYZE")
    kept = everything - running.analysed - len(running.failed) - len(running.no_roads)
    return BatchReport(
        everything, running.analysed, kept, tuple(running.no_roads), tuple(sorted(running.failed.items()))
    )


@contextmanager
def _executor(given: Executor | None, workers: int | None) -> Iterator[Executor]:
    if given is not None:
        yield given
        return
    # Started anew and not forked: a fork copies the locks that threads of this process may hold.
    pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
    try:
        yield pool
    except BrokenProcessPool as error:
        text = "a worker process died, perhaps for want of memory; what was done is kept: run this again"
        raise LibraryError(text, path="analyse") from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _plan(
    library: Library, choices: Sequence[RoadChoice], settings: Settings, running: _Running
) -> tuple[list[_Planned], int]:
    """Choose roads for every run; one that has none keeps what was found out before."""
    decided = f"{model_version()}-{_digest(asdict(settings))}"
    planned, everything = [], 0
    for run, longitude, latitude in library.positions():
        everything += 1
        chosen = (choice(longitude, latitude) for choice in choices)
        roads = next((roads for roads in chosen if roads is not None), None)
        if roads is not None:
            planned.append(_Planned(run, roads, f"{decided}-{roads.version}"))
        elif not _has_result(library, run):
            text = "no roads are there for it: `camber roads fetch` or `camber roads add` brings them"
            running.no_roads.append((run, text))
            with library.writing() as connection:
                store_failure(connection, run, decided, "no_roads", text)
    return planned, everything


def _has_result(library: Library, run: int) -> bool:
    found = library.connection.execute("SELECT 1 FROM result WHERE activity_id = ?", (run,)).fetchone()
    return found is not None


def _gather(
    library: Library,
    planned: Sequence[_Planned],
    settings: Settings,
    pool: Executor,
    watch: Callable[[Step], None] | None,
) -> None:
    """First pass: what each run says by itself about habits and map."""
    known = dict(library.connection.execute("SELECT activity_id, version FROM evidence").fetchall())
    failed = dict(
        library.connection.execute(
            "SELECT activity_id, version FROM failure WHERE state = 'failed'"
        ).fetchall()
    )
    wanted = [p for p in planned if p.version not in {known.get(p.run), failed.get(p.run)}]
    tasks = _tasks(library, wanted, settings, None)
    for done, (plan, answer) in enumerate(_answers(tasks, pool), start=1):
        with library.writing() as connection:
            if answer.state:
                store_failure(connection, plan.run, plan.version, answer.state, answer.message)
            else:
                store_evidence(connection, plan.run, plan.version, answer.evidence)
        _tell(watch, Step("reading habits and map offsets", done, len(wanted), plan.run))


def _stale(
    library: Library, planned: Sequence[_Planned], learned_version: str, running: _Running
) -> list[_Planned]:
    rows = library.connection.execute("SELECT activity_id, version, learned_version FROM result").fetchall()
    known = {row[0]: (row[1], row[2]) for row in rows}
    failed = library.connection.execute("SELECT activity_id, version, message FROM failure").fetchall()
    refused = {(row[0], row[1]): row[2] for row in failed}
    running.failed |= {p.run: refused[p.run, p.version] for p in planned if (p.run, p.version) in refused}
    return [
        p for p in planned if known.get(p.run) != (p.version, learned_version) and p.run not in running.failed
    ]


def _keep_learned(library: Library, learned: Learned, version: str) -> None:
    with library.writing() as connection:
        data = pack_json(asdict(learned))
        row = (version, data, fingerprint(version, data))
        connection.execute("INSERT OR REPLACE INTO learned VALUES (1, ?, ?, ?)", row)


_Task = tuple["list[_Planned]", "list[Recording]", Settings, "Learned | None"]


def _tasks(
    library: Library, planned: Sequence[_Planned], settings: Settings, learned: Learned | None
) -> Iterator[_Task]:
    """Give runs of the same roads to a worker together; in an order that depends on the runs alone."""
    ordered = sorted(planned, key=lambda plan: (plan.roads.version, plan.run))
    for _, group in groupby(ordered, key=lambda plan: plan.roads):
        runs = list(group)
        for start in range(0, len(runs), _RUNS_PER_TASK):
            part = runs[start : start + _RUNS_PER_TASK]
            yield part, [library.recording(plan.run) for plan in part], settings, learned


def _answers(tasks: Iterator[_Task], pool: Executor) -> Iterator[tuple[_Planned, _Answer]]:
    waiting: deque[tuple[list[_Planned], Future[list[_Answer]]]] = deque()

    def first() -> Iterator[tuple[_Planned, _Answer]]:
        plans, future = waiting.popleft()
        yield from zip(plans, future.result(), strict=True)

    try:
        for plans, recordings, settings, learned in tasks:
            runs = [plan.run for plan in plans]
            future = pool.submit(analyse_runs, runs, recordings, plans[0].roads, settings, learned)
            waiting.append((plans, future))
            if len(waiting) >= _TASKS_AHEAD:
                yield from first()
        while waiting:
            yield from first()
    finally:
        for _, future in waiting:
            future.cancel()


def analyse_runs(
    runs: Sequence[int],
    recordings: Sequence[Recording],
    roads_of: RoadsOf,
    settings: Settings,
    learned: Learned | None,
) -> list[_Answer]:
    """Analyse some runs of the same roads: what a worker does.

    Parameters
    ----------
    runs : sequence of int
        Their numbers.
    recordings : sequence of Recording
        What was recorded.
    roads_of : RoadsOf
        How to open their roads.
    settings : Settings
        Settings of every stage.
    learned : Learned or None
        What other runs say; without it only what each run says to the others is found out.

    Returns
    -------
    list of answers
        One per run: what is to be kept, or why there is nothing.
    """
    try:
        roads = _opened(roads_of)
    except CamberError as error:
        return [_Answer(run, state=_state_of(error), message=str(error)) for run in runs]
    return [
        _analysed(run, recording, roads, settings, learned)
        for run, recording in zip(runs, recordings, strict=True)
    ]


@lru_cache(maxsize=2)
def _opened(roads_of: RoadsOf) -> Roads:
    """Keep the roads open from one task to the next."""
    if roads_of.extract is not None:
        return read_roads(roads_of.extract, country=roads_of.country, cache=roads_of.folder)
    if roads_of.folder is None:
        raise RoadsError("no folder of tiles is given", path="roads")
    return open_tiles(roads_of.folder, roads_of.tiles, country=roads_of.country)


def _analysed(
    run: int, recording: Recording, roads: Roads, settings: Settings, learned: Learned | None
) -> _Answer:
    try:
        if learned is None:
            return _Answer(run, evidence=json_of(evidence_of(recording, roads, settings)))
        return _Answer(run, distil(analyse(recording, roads, settings, learned)))
    except CamberError as error:
        return _Answer(run, state=_state_of(error), message=str(error))
    except Exception as error:  # noqa: BLE001 - a run that stumbles over a bug of ours costs itself alone
        return _Answer(run, state="failed", message=f"unexpected {type(error).__name__}: {error}")


def _state_of(error: CamberError) -> str:
    return "no_roads" if isinstance(error, RoadsError) else "failed"


@cache
def model_version() -> str:
    """Version of everything that decides a result, once recording, roads and settings are given.

    Returns
    -------
    str
        The version of camber, and a part of the SHA-256 of its source and its tables.
    """
    state = sha256()
    for place in sorted(resources.files("camber").iterdir(), key=lambda item: item.name):
        if place.name not in _OTHER_ROOMS:
            _add_source(state.update, place)
    state.update((resources.files("camber") / "library" / "outcomes.py").read_bytes())
    return f"{camber.__version__}-{state.hexdigest()[:12]}"


def _add_source(update: Callable[[bytes], None], place: Traversable) -> None:
    if place.is_dir():
        for inner in sorted(place.iterdir(), key=lambda item: item.name):
            _add_source(update, inner)
    elif place.name.endswith((".py", ".csv", ".gz")):
        update(place.name.encode() + b"\0" + place.read_bytes())


def _digest(value: object) -> str:
    return sha256(repr(value).encode()).hexdigest()[:16]


def _tell(watch: Callable[[Step], None] | None, step: Step) -> None:
    if watch is not None:
        watch(step)
