"""Many runs: what is missing or stale, in parallel, pooled, into the library.

Three passes (architecture.md): every run without what other runs say; what all of them say together; every
run again with it, its own part taken out. Workers get plain values and give plain values; one process writes,
in the order of the runs, so that the library is the same whatever their number.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from itertools import groupby
from typing import TYPE_CHECKING, Final

from camber.batch.work import Work
from camber.batch.workers import Workers
from camber.lateral import SharedEvidence, pool_evidence
from camber.library.results import read_evidence, store_evidence, store_failure, store_outcome
from camber.packing import fingerprint, pack_json
from camber.schema import Evidence, Settings
from camber.versions import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Executor

    from camber.batch.road_choice import RoadChoice, RoadsOf
    from camber.library import Library
    from camber.schema import Learned

_RUNS_PER_TASK: Final = 4
"""Runs of the same roads that a worker takes at once (judgement: what is sent along with them is shared)."""


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
    learned: Learned | None = None

    @property
    def learned_version(self) -> str:
        return _digest(self.learned)


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

    A result is stale when the model, its roads, the settings or what it is told by other runs have changed
    (`camber.lateral.SharedEvidence`). A run that kills its worker is given up, with that as the reason.
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
        If the library cannot be written.
    """
    settings = settings or Settings()
    running = _Running()
    with library.held_for("analyse"), Workers(executor, workers) as pool:
        planned, everything = _plan(library, choices, settings, running)
        _gather(library, planned, settings, pool, watch)
        stale = _stale(library, _told(library, planned), running)
        answers = pool.answers(_works(library, stale, settings))
        for done, (plan, answer) in enumerate(zip(stale, answers, strict=True), start=1):
            with library.writing() as connection:
                if answer.outcome is None:
                    store_failure(connection, plan.run, plan.version, answer.state, answer.message)
                    running.failed[plan.run] = answer.message
                else:
                    store_outcome(connection, plan.run, plan.version, plan.learned_version, answer.outcome)
                    running.analysed += 1
            _tell(watch, Step("analysing", done, len(stale), plan.run))
        if running.analysed:
            library.connection.execute("PRAGMA analysis_limit = 1000")
            library.connection.execute("ANALYZE")
    kept = everything - running.analysed - len(running.failed) - len(running.no_roads)
    return BatchReport(
        everything, running.analysed, kept, tuple(running.no_roads), tuple(sorted(running.failed.items()))
    )


def _plan(
    library: Library, choices: Sequence[RoadChoice], settings: Settings, running: _Running
) -> tuple[list[_Planned], int]:
    """Choose roads for every run; one that has none keeps what was found out before."""
    decided = f"{MODEL}-{_digest(asdict(settings))}"
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
    pool: Workers,
    watch: Callable[[Step], None] | None,
) -> None:
    """First pass: what each run says by itself about habits and map."""
    known = dict(library.connection.execute("SELECT activity_id, version FROM evidence").fetchall())
    failed = dict(
        library.connection.execute(
            "SELECT activity_id, version FROM failure WHERE state = 'failed'"
        ).fetchall()
    )
    wanted = _in_order(p for p in planned if p.version not in {known.get(p.run), failed.get(p.run)})
    answers = pool.answers(_works(library, wanted, settings))
    for done, (plan, answer) in enumerate(zip(wanted, answers, strict=True), start=1):
        with library.writing() as connection:
            if answer.state:
                store_failure(connection, plan.run, plan.version, answer.state, answer.message)
            else:
                store_evidence(connection, plan.run, plan.version, answer.evidence)
        _tell(watch, Step("reading habits and map offsets", done, len(wanted), plan.run))


def _told(library: Library, planned: Sequence[_Planned]) -> list[_Planned]:
    """Second pass: what all runs say together, and what of it each run is told."""
    evidence = dict(read_evidence(library.connection))
    learned = asdict(pool_evidence(evidence.values()))
    shared = SharedEvidence(evidence.values())
    with library.writing() as connection:
        version, data = _digest(learned), pack_json(learned)
        row = (version, data, fingerprint(version, data))
        connection.execute("INSERT OR REPLACE INTO learned VALUES (1, ?, ?, ?)", row)
    return [replace(p, learned=shared.told(evidence.get(p.run, Evidence()))) for p in planned]


def _stale(library: Library, planned: Sequence[_Planned], running: _Running) -> list[_Planned]:
    rows = library.connection.execute("SELECT activity_id, version, learned_version FROM result").fetchall()
    known = {row[0]: (row[1], row[2]) for row in rows}
    failed = library.connection.execute("SELECT activity_id, version, message FROM failure").fetchall()
    refused = {(row[0], row[1]): row[2] for row in failed}
    running.failed |= {p.run: refused[p.run, p.version] for p in planned if (p.run, p.version) in refused}
    return _in_order(
        p
        for p in planned
        if known.get(p.run) != (p.version, p.learned_version) and p.run not in running.failed
    )


def _in_order(planned: Iterable[_Planned]) -> list[_Planned]:
    """Put runs of the same roads together, in an order that depends on the runs alone."""
    return sorted(planned, key=lambda plan: (plan.roads.version, plan.run))


def _works(library: Library, ordered: Sequence[_Planned], settings: Settings) -> Iterator[Work]:
    for roads, group in groupby(ordered, key=lambda plan: plan.roads):
        plans = list(group)
        for start in range(0, len(plans), _RUNS_PER_TASK):
            part = plans[start : start + _RUNS_PER_TASK]
            recordings = tuple(library.recording(plan.run) for plan in part)
            told = tuple(plan.learned for plan in part if plan.learned is not None)
            yield Work(tuple(plan.run for plan in part), recordings, roads, settings, told or None)


def _tell(watch: Callable[[Step], None] | None, step: Step) -> None:
    if watch is not None:
        watch(step)


def _digest(value: object) -> str:
    """Give a short name to plain numbers and texts."""
    return sha256(repr(value).encode()).hexdigest()[:16]
