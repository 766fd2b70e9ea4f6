"""Many runs: what is missing or stale, in parallel, pooled, into the library.

Three passes: every run without what other runs say; what all of them say together; every run again with it,
its own part taken out. Which roads a run is analysed with depends on where it went alone. Workers get plain
values and give plain values; one process writes, in the order of the runs. So a result is the same whatever
else is in the library, and the library is the same whatever the number of workers.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from hashlib import sha256
from itertools import groupby
from typing import TYPE_CHECKING, Final

from camber.conventions import NO_WAY
from camber.errors import MissingTilesError
from camber.lateral import SharedEvidence
from camber.library.activities import stored_recording
from camber.library.database import note_sizes
from camber.library.results import read_evidence, store_evidence, store_failure, store_outcome
from camber.library.surveying import Surveyed, measure_missing
from camber.library.surveys import MeasuredRoads, measured_roads, years_of
from camber.library.workers import Job, RoadsOf, Work, Workers
from camber.longitudes import is_inside
from camber.roads import read_roads
from camber.roads.tiles import TileStore, usable_tiles
from camber.schema import Evidence, Observed, Settings
from camber.versions import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from concurrent.futures import Executor
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from camber.library import Library
    from camber.schema import Learned

    FloatArray = NDArray[np.float64]
    RoadChoice = Callable[[FloatArray, FloatArray], RoadsOf | None]
    """Chooses roads for the longitudes and latitudes of a run [deg]; None where it has none."""

_RUNS_PER_TASK: Final = 4
"""Runs of the same roads that a worker takes at once (judgement: what is sent along with them is shared)."""


_HEARD_FROM: Final = 8
"""So many observed roads, or answers, are heard by runs that do not pass them (judgement: fewer hardly move a
share that is worth as many, and each doubling makes every result anew)."""


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
    surveyed : Surveyed
        What came of measuring their ways.
    """

    runs: int
    analysed: int
    kept: int
    no_roads: tuple[tuple[int, str], ...]
    failed: tuple[tuple[int, str], ...]
    surveyed: Surveyed = field(default_factory=Surveyed)


@dataclass(frozen=True)
class Step:
    """How far a batch is.

    Parameters
    ----------
    what : str
        What is going on: ``"reading habits and map offsets"``, ``"measuring ways"`` or ``"analysing"``.
    done, total : int
        Runs, or ways.
    run : int
        The run that is done; 0 for ways.
    """

    what: str
    done: int
    total: int
    run: int = 0


@dataclass(frozen=True)
class _Planned:
    run: int
    roads: RoadsOf
    version: str
    learned: Learned | None = None
    observed: Observed | None = None
    evidence_version: str = ""

    @property
    def learned_version(self) -> str:
        return _digest(self.learned if self.observed is None else (self.learned, self.observed))


@dataclass
class _Batch:
    """A batch under way: where it works, and what came of it so far."""

    library: Library
    settings: Settings
    pool: Workers
    watch: Callable[[Step], None]
    observed: Observed | None = None
    measured: MeasuredRoads = field(default_factory=MeasuredRoads)
    only: Collection[int] | None = None
    goes_on: bool = True
    """Whether a second pass follows the first."""
    runs: int = 0
    analysed: int = 0
    no_roads: list[tuple[int, str]] = field(default_factory=list)
    failed: dict[int, str] = field(default_factory=dict)

    def said(self) -> tuple[Observed, ...]:
        """Give what was observed in parts: each road by itself, or each answer in the library."""
        if self.observed is None:
            return self.library.observed_parts()
        return tuple(
            replace(Observed(), **{part.name: (one,)})
            for part in fields(self.observed)
            for one in getattr(self.observed, part.name)
        )


def analyse_library(
    library: Library,
    choices: Sequence[RoadChoice],
    settings: Settings | None = None,
    *,
    observed: Observed | None = None,
    only: Collection[int] | None = None,
    executor: Executor | None = None,
    workers: int | None = None,
    watch: Callable[[Step], None] = lambda _step: None,
) -> BatchReport:
    """Analyse every run of a library whose result is missing or stale.

    A result is stale when the model, its roads, the settings or what it is told by other runs have changed
    (`camber.lateral.SharedEvidence`), or what was observed of its ways. Of other ways it hears the first 8,
    16, 32, ... in the order that is given, so that a new answer concerns the runs that pass there. A run that
    kills its worker is given up, with that as the reason. Interrupted at any time, what was done is kept and
    the next call goes on.

    Parameters
    ----------
    library : Library
        The library; nobody else may write to it meanwhile.
    choices : sequence of RoadChoice
        Asked in order for the roads of a run.
    settings : Settings, optional
        Settings of every stage.
    observed : Observed, optional
        What was told or measured, in the order in which it came; what the library keeps of it if missing.
    only : collection of int, optional
        Runs to which it keeps itself; all of them if missing.
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
        If the library cannot be written.
    """
    with library.held_for("analyse"), Workers(executor, workers) as pool:
        batch = _Batch(library, settings or Settings(), pool, watch, observed, only=only)
        planned, parts = _plan(batch, choices), batch.said()
        _work_off(batch, _silent(batch, planned, parts), "reading habits and map offsets")
        surveyed = _survey(batch, planned)
        batch.measured = measured_roads(library.connection)
        _work_off(batch, _stale(batch, _told(batch, planned, parts)), "analysing")
        if batch.analysed and parts and (again := batch.said()) != parts:
            # A run was the first on a part of a street of which something was told.
            _work_off(batch, _stale(batch, _told(batch, planned, again)), "analysing")
        if batch.analysed:
            note_sizes(library.connection)
    kept = batch.runs - batch.analysed - len(batch.failed) - len(batch.no_roads)
    failed = tuple(sorted(batch.failed.items()))
    return BatchReport(batch.runs, batch.analysed, kept, tuple(batch.no_roads), failed, surveyed)


def measure_library(
    library: Library,
    choices: Sequence[RoadChoice],
    settings: Settings | None = None,
    *,
    runs: Collection[int] = (),
    executor: Executor | None = None,
    workers: int | None = None,
    watch: Callable[[Step], None] = lambda _step: None,
) -> Surveyed:
    """Measure the ways of runs in the terrain models that are known, each once, and analyse nothing.

    Parameters
    ----------
    library, choices, settings, executor, workers, watch
        As for `analyse_library`.
    runs : collection of int
        Which runs; none for all.

    Returns
    -------
    Surveyed
        What came of it.

    Raises
    ------
    LibraryBusyError
        If somebody else is writing; says who.
    LibraryError
        If the library cannot be written.
    """
    with library.held_for("measure"), Workers(executor, workers) as pool:
        batch = _Batch(library, settings or Settings(), pool, watch, goes_on=False)
        planned = [plan for plan in _plan(batch, choices) if not runs or plan.run in runs]
        _work_off(batch, _silent(batch, planned, batch.said()), "reading habits and map offsets")
        return _survey(batch, planned)


def _survey(batch: _Batch, planned: Sequence[_Planned]) -> Surveyed:
    """Measure the ways of the runs, each over the roads of the first run that has to do with it."""
    roads_of: dict[int, RoadsOf] = {}
    evidence = dict(read_evidence(batch.library.connection))
    for plan in planned:
        for way in evidence.get(plan.run, Evidence()).ways:
            roads_of.setdefault(way, plan.roads)

    def watch(done: int, total: int) -> None:
        batch.watch(Step("measuring ways", done, total))

    return measure_missing(batch.library, roads_of, batch.pool, watch)


def _plan(batch: _Batch, choices: Sequence[RoadChoice]) -> list[_Planned]:
    """Choose roads for every run; one that has none keeps what was found out before."""
    connection = batch.library.connection
    # What may be suggested is asked for later, and decides nothing that is kept.
    settings = {name: value for name, value in asdict(batch.settings).items() if name != "suggestion"}
    decided = f"{MODEL}-{_digest(settings)}"
    planned = []
    for run, longitude, latitude in batch.library.positions(batch.only):
        batch.runs += 1
        chosen = (choice(longitude, latitude) for choice in choices)
        roads = next((roads for roads in chosen if roads is not None), None)
        if roads is not None:
            planned.append(_Planned(run, roads, f"{decided}-{roads.version}"))
        elif not connection.execute("SELECT 1 FROM result WHERE activity_id = ?", (run,)).fetchone():
            text = "no roads are there for it: `camber roads fetch` or `camber roads add` brings them"
            batch.no_roads.append((run, text))
            with batch.library.writing():
                store_failure(connection, run, decided, "no_roads", text)
    return planned


def _silent(batch: _Batch, planned: Sequence[_Planned], parts: Sequence[Observed]) -> list[_Planned]:
    """First pass: runs that have not said by themselves what they say about habits and map.

    Of what was observed they take only what all runs hear, so that an answer concerns few.
    """
    connection = batch.library.connection
    known = dict(connection.execute("SELECT activity_id, version FROM evidence").fetchall())
    query = "SELECT activity_id, version FROM failure WHERE state = 'failed'"
    failed = dict(connection.execute(query).fetchall())
    heard = _joined(parts[: _heard(parts)])
    mark = "" if heard is None else f"-{_digest(heard)}"
    asked = [replace(p, observed=heard, evidence_version=p.version + mark) for p in planned]
    return [p for p in asked if p.evidence_version != known.get(p.run) and p.version != failed.get(p.run)]


def _told(batch: _Batch, planned: Sequence[_Planned], parts: Sequence[Observed]) -> list[_Planned]:
    """Second pass: what all runs say together, of which each run is told what the others say.

    And of the roads that were observed its own, and some.
    """
    evidence = dict(read_evidence(batch.library.connection))
    shared, told = SharedEvidence(evidence.values()), []
    years = years_of(batch.library.connection)
    for plan in planned:
        own = evidence.get(plan.run, Evidence())
        measured = batch.measured.told(own.ways, years.get(plan.run))
        observed = _with_measured(_handed(parts, own), measured)
        told.append(replace(plan, learned=shared.told(own), observed=observed))
    return told


def _heard(parts: Sequence[Observed]) -> int:
    """Count what all runs hear: the first 8, 16, 32, ..."""
    return 1 << (len(parts).bit_length() - 1) if len(parts) >= _HEARD_FROM else 0


def _handed(parts: Sequence[Observed], own: Evidence) -> Observed | None:
    """Take what was observed of a run or its ways, habits, and the first 8, 16, 32, ... of all; or None.

    Of other ways nothing is told that only says where the runner was, or how wide they are.
    """
    ways, heard = {NO_WAY, *own.ways}, _heard(parts)
    taken = []
    for n, part in enumerate(parts):
        sides = tuple(one for one in part.sides if one.way_id in ways and one.run in {"", own.run})
        widths = tuple(one for one in part.widths if one.way_id in ways)
        roads, walks = part.roads, part.sidewalks
        if n >= heard:
            roads = tuple(one for one in roads if one.way_id in ways)
            walks = tuple(one for one in walks if one.way_id in ways)
        taken.append(replace(part, roads=roads, sides=sides, sidewalks=walks, widths=widths))
    return _joined(taken)


def _joined(parts: Sequence[Observed]) -> Observed | None:
    """Put parts together again; None if nothing is in them."""
    names = [part.name for part in fields(Observed)]
    joined = {name: tuple(one for part in parts for one in getattr(part, name)) for name in names}
    return Observed(**joined) if any(joined.values()) else None


def _with_measured(observed: Observed | None, measured: Observed) -> Observed | None:
    """Add what was measured to what was told."""
    if not (measured.roads or measured.widths):
        return observed
    told = observed or Observed()
    return replace(told, roads=(*told.roads, *measured.roads), widths=(*told.widths, *measured.widths))


def _stale(batch: _Batch, planned: Sequence[_Planned]) -> list[_Planned]:
    """Third pass: runs whose result is missing or stale, without those that have failed."""
    connection = batch.library.connection
    rows = connection.execute("SELECT activity_id, version, learned_version FROM result").fetchall()
    known = {run: versions for run, *versions in rows}
    failed = connection.execute("SELECT activity_id, version, message FROM failure").fetchall()
    refused = {(run, version): message for run, version, message in failed}
    batch.failed |= {p.run: refused[p.run, p.version] for p in planned if (p.run, p.version) in refused}
    return [
        p for p in planned if known.get(p.run) != [p.version, p.learned_version] and p.run not in batch.failed
    ]


def _work_off(batch: _Batch, planned: Iterable[_Planned], what: str) -> None:
    """Do work, and keep what came of each run in a transaction of its own, in an order of the runs alone."""
    ordered = sorted(planned, key=lambda plan: (plan.roads.version, plan.run))
    answers = batch.pool.answers(_works(batch, ordered))
    for done, (plan, answer) in enumerate(zip(ordered, answers, strict=True), start=1):
        with batch.library.writing() as connection:
            if answer.state:
                store_failure(connection, plan.run, plan.version, answer.state, answer.message)
                batch.failed[plan.run] = answer.message
            elif answer.outcome is None:
                store_evidence(connection, plan.run, plan.evidence_version, answer.evidence)
                batch.pool.note_kept(answer.kept_bytes)
            else:
                store_outcome(connection, plan.run, plan.version, plan.learned_version, answer.outcome)
                batch.pool.drop_match(plan.run)
                batch.analysed += 1
        batch.watch(Step(what, done, len(ordered), plan.run))


def _works(batch: _Batch, ordered: Sequence[_Planned]) -> Iterator[Work]:
    for roads, group in groupby(ordered, key=lambda plan: plan.roads):
        plans = list(group)
        for start in range(0, len(plans), _RUNS_PER_TASK):
            jobs = tuple(_job(batch, plan) for plan in plans[start : start + _RUNS_PER_TASK])
            yield Work(jobs, roads, batch.settings)


def _job(batch: _Batch, plan: _Planned) -> Job:
    recording = stored_recording(batch.library.connection, plan.run)
    match = batch.pool.match_of(plan.run) if batch.goes_on else None
    return Job(plan.run, recording, plan.learned, plan.observed, match)


def _digest(value: object) -> str:
    """Give a short name to plain numbers and texts."""
    return sha256(repr(value).encode()).hexdigest()[:16]


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
            return int(is_inside(bounds[path], longitude_deg, latitude_deg).sum())

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
            head = store.head(tile)
            if head is None:
                return None
            state.update(tile.name.encode() + head.checksum)
        return RoadsOf(f"tiles-{state.hexdigest()[:16]}", None, tiles, folder.resolve(), country)

    return choose


def _file_version(path: Path, country: str | None) -> str:
    with path.open("rb") as file:
        state = sha256()
        while piece := file.read(1 << 20):
            state.update(piece)
    state.update(repr(country).encode())
    return f"extract-{state.hexdigest()[:16]}"
