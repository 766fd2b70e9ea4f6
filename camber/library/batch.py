"""Many runs: what is missing or stale, in parallel, pooled, into the library.

Three passes: every run without what other runs say; what all of them say together; every run again with it,
its own part taken out. Which roads a run is analysed with depends on where it went alone. Workers get plain
values and give plain values; one process writes, in the order of the runs. So a result is the same whatever
else is in the library, and the library is the same whatever the number of workers.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from functools import cached_property
from hashlib import sha256
from itertools import groupby
from typing import TYPE_CHECKING, Final

from camber.conventions import NO_WAY
from camber.lateral import SharedEvidence
from camber.library.activities import stored_recording
from camber.library.choosing import chosen_roads
from camber.library.database import note_sizes
from camber.library.hearing import Said, names_of_heard, said_from
from camber.library.results import (
    evidence_of_run,
    evidence_texts,
    read_evidence,
    store_evidence,
    store_failure,
    store_outcome,
)
from camber.library.surveying import Surveyed, measure_missing
from camber.library.surveys import MeasuredRoads, measured_roads, surveys, years_of
from camber.library.workers import Job, Work, Workers
from camber.schema import Evidence, Observed, Settings
from camber.versions import MODEL

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Executor

    from camber.library import Library
    from camber.library.choosing import RoadChoice, RoadsOf
    from camber.schema import Learned


_RUNS_PER_TASK: Final = 4
"""Runs of the same roads that a worker takes at once (judgement: what is sent along with them is shared)."""


_HEARD_FROM: Final = 8
"""So many observed roads, or answers, are heard by runs that do not pass them (judgement: fewer hardly move a
share that is worth as many, and each doubling makes every result anew)."""


_GONE_BY: Final = (
    """SELECT activity_id, version FROM evidence JOIN activity USING (activity_id)
    ORDER BY started_at_ms IS NULL, started_at_ms, content_sha256, part""",
    "SELECT activity_id, version, learned_version FROM result ORDER BY activity_id",
    "SELECT activity_id, version, state FROM failure ORDER BY activity_id",
    "SELECT way_id, version, asked, middles FROM measured_way ORDER BY number",
    "SELECT activity_id, day FROM activity ORDER BY activity_id",
)
"""What decides whether a result is stale, beside what is chosen and told: versions stand for values."""


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
    heard: str = ""

    @cached_property
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
    read: dict[str, Said] = field(default_factory=dict)
    """What runs say to each other, as it was read, by its text: read once where it stays as it is."""

    def evidence(self) -> dict[int, Said]:
        """Read what every run says to the others, in the order of time."""
        before, self.read = self.read, {}
        found = {}
        for run, text in evidence_texts(self.library.connection):
            found[run] = self.read[text] = before.get(text) or said_from(text)
        return found

    def said(self) -> tuple[Observed, ...]:
        """Give what was observed in parts: each road by itself, or each answer in the library."""
        if self.observed is None:
            return self.library.observed_parts()
        return tuple(
            replace(Observed(), **{part.name: (one,)})
            for part in fields(self.observed)
            for one in getattr(self.observed, part.name)
        )

    def report(self, surveyed: Surveyed) -> BatchReport:
        """Say what came of it."""
        kept = self.runs - self.analysed - len(self.failed) - len(self.no_roads)
        failed = tuple(sorted(self.failed.items()))
        return BatchReport(self.runs, self.analysed, kept, tuple(self.no_roads), failed, surveyed)


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
        if _state(batch, planned, parts) == _settled(library.connection):
            _note_refused(batch, planned)
            return batch.report(Surveyed())
        _work_off(batch, _silent(batch, planned, parts), "reading habits and map offsets")
        surveyed = _survey(batch, planned)
        batch.measured = measured_roads(library.connection)
        _work_off(batch, _stale(batch, _told(batch, planned, parts)), "analysing")
        if batch.analysed and parts and (again := batch.said()) != parts:
            # A run was the first on a part of a street of which something was told.
            _work_off(batch, _stale(batch, _told(batch, planned, again)), "analysing")
        if batch.analysed:
            note_sizes(library.connection)
        if only is None:
            with library.writing() as connection:
                state = _state(batch, planned, batch.said())
                connection.execute("INSERT OR REPLACE INTO settled VALUES (1, ?)", (state,))
    return batch.report(surveyed)


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
    if not surveys(batch.library.connection):
        return Surveyed()
    roads_of: dict[int, RoadsOf] = {}
    evidence = dict(read_evidence(batch.library.connection))
    for plan in planned:
        for way in evidence.get(plan.run, Evidence()).ways:
            roads_of.setdefault(way, plan.roads)

    def watch(done: int, total: int) -> None:
        batch.watch(Step("measuring ways", done, total))

    batch.pool.expect(None)
    return measure_missing(batch.library, roads_of, batch.pool, watch)


def _plan(batch: _Batch, choices: Sequence[RoadChoice]) -> list[_Planned]:
    """Choose roads for every run; one that has none keeps what was found out before."""
    connection = batch.library.connection
    # What may be suggested is asked for later, and decides nothing that is kept.
    settings = {name: value for name, value in asdict(batch.settings).items() if name != "suggestion"}
    decided = f"{MODEL}-{_digest(settings)}"
    planned = []
    for run, roads in chosen_roads(batch.library, choices, batch.only):
        batch.runs += 1
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

    And of the roads that were observed its own, and some. Runs that hear what they heard are left out.
    """
    connection = batch.library.connection
    said = batch.evidence()
    asked = _as_heard(batch, planned, parts, said)
    query = "SELECT activity_id, version, heard FROM result WHERE heard <> ''"
    same = {(run, version, heard) for run, version, heard in connection.execute(query)}
    planned = [plan for plan in asked if (plan.run, plan.version, plan.heard) not in same]
    if not planned:
        return []
    shared, told = SharedEvidence(one.statement for one in said.values()), []
    years = years_of(connection)
    for plan in planned:
        own = evidence_of_run(connection, plan.run) or Evidence()
        measured = batch.measured.told(own.ways, years.get(plan.run))
        observed = _with_measured(_handed(parts, own), measured)
        told.append(replace(plan, learned=shared.told(own), observed=observed))
    return told


def _as_heard(
    batch: _Batch, planned: Sequence[_Planned], parts: Sequence[Observed], said: Mapping[int, Said]
) -> list[_Planned]:
    """Name what each run hears of the others, and of what was told and measured."""
    connection = batch.library.connection
    names, years = names_of_heard(said), years_of(connection)
    everything = _digest((parts, batch.measured)) if parts or batch.measured != MeasuredRoads() else ""
    return [
        replace(plan, heard=f"{names[plan.run]}-{everything and _digest((everything, years.get(plan.run)))}")
        if plan.run in names
        else plan
        for plan in planned
    ]


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
    _note_refused(batch, planned)
    same = [p for p in planned if p.heard and known.get(p.run) == [p.version, p.learned_version]]
    with batch.library.writing():  # what they hear is named otherwise, and comes to the same
        rows = [(p.heard, p.run) for p in same]
        connection.executemany("UPDATE result SET heard = ? WHERE activity_id = ?", rows)
    return [
        p for p in planned if known.get(p.run) != [p.version, p.learned_version] and p.run not in batch.failed
    ]


def _note_refused(batch: _Batch, planned: Sequence[_Planned]) -> None:
    """Take those over that have failed before, and would again."""
    failed = batch.library.connection.execute("SELECT activity_id, version, message FROM failure").fetchall()
    refused = {(run, version): message for run, version, message in failed}
    batch.failed |= {p.run: refused[p.run, p.version] for p in planned if (p.run, p.version) in refused}


def _state(batch: _Batch, planned: Sequence[_Planned], parts: Sequence[Observed]) -> str:
    """Name all that a batch goes by, and what came of it: where both are as they were, nothing is to do."""
    connection = batch.library.connection
    if surveys(connection):
        return ""  # their files may have changed
    rows = [connection.execute(query).fetchall() for query in _GONE_BY]
    return _digest(
        [[(p.run, p.version) for p in planned], parts, [[tuple(row) for row in part] for part in rows]]
    )


def _settled(connection: sqlite3.Connection) -> str | None:
    """Give the state in which the last batch of all runs ended; None where there was none."""
    found = connection.execute("SELECT state FROM settled WHERE state <> ''").fetchone()
    return None if found is None else str(found[0])


def _work_off(batch: _Batch, planned: Iterable[_Planned], what: str) -> None:
    """Do work, and keep what came of each run in a transaction of its own, in an order of the runs alone."""
    ordered = sorted(planned, key=lambda plan: (plan.roads.version, plan.run))
    batch.pool.expect(len(ordered))
    # What runs have said before is read while the processes begin.
    answers = batch.pool.answers(_works(batch, ordered), batch.evidence)
    for done, (plan, answer) in enumerate(zip(ordered, answers, strict=True), start=1):
        with batch.library.writing() as connection:
            if answer.state:
                store_failure(connection, plan.run, plan.version, answer.state, answer.message)
                batch.failed[plan.run] = answer.message
            elif answer.outcome is None:
                store_evidence(connection, plan.run, plan.evidence_version, answer.evidence)
                batch.pool.note_kept(answer.kept_bytes)
            else:
                store_outcome(
                    connection, plan.run, plan.version, plan.learned_version, answer.outcome, plan.heard
                )
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
