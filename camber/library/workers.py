"""Where runs are analysed, plain values in and plain values out: a worker that dies costs its run alone."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import shutil
from collections import deque
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, Protocol, Self, TypeVar

from camber.errors import CamberError, RoadsError
from camber.library.distilling import Outcome, distil
from camber.library.kept_matches import keep_match, kept_match
from camber.library.stored_values import json_of
from camber.parent_process import after_parent
from camber.pipeline import analyse, evidence_of, place
from camber.roads import read_roads
from camber.roads.tiles import open_tiles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Executor, Future

    from camber.library.activities import StoredRecording
    from camber.library.choosing import RoadsOf
    from camber.schema import Learned, Observed, Recording, Roads, Settings

T = TypeVar("T")


class Task(Protocol[T]):
    """A piece of work that a process does, plain values in and plain values out."""

    def do(self) -> list[T]:
        """Do it; nothing is raised."""
        ...

    def parts(self) -> Sequence[Task[T]]:
        """Cut it into its smallest pieces; one that is left has itself alone."""
        ...

    def died(self) -> list[T]:
        """Say what comes of it where every process that does it dies."""
        ...


_AHEAD: Final = 16
"""Pieces of work that are given out before the first of them is waited for (judgement)."""

_RUNS_PER_PROCESS: Final = 16
"""A process more is started for so many runs: it takes as long to begin as to analyse them (judgement)."""

_MOST_KEPT_BYTES: Final = 4_000_000_000
"""What is kept of the first pass for the second, until it has been read [B] (judgement: some 2,000 runs of an
hour; more are matched again)."""

_DIED: Final = (
    "the process that analysed it died, and died again with this run alone, perhaps for want of memory; "
    "the next version of camber or of its roads tries again"
)


@dataclass(frozen=True)
class Answer:
    """What came of one run: what is to be kept, or what it says to the others as JSON, or why nothing.

    ``state`` is ``"no_roads"`` or ``"failed"``, with a sentence; ``kept_bytes`` is what was written
    for the next pass.
    """

    run: int
    outcome: Outcome | None = None
    evidence: str = ""
    kept_bytes: int = 0
    state: str = ""
    message: str = ""


@dataclass(frozen=True)
class Job:
    """One run, what it is told by the others, and what was observed of roads.

    Told nothing by the others, only what it says to them is found out. ``match`` is a file for what both
    passes begin with: written by the first, read by the second.
    """

    run: int
    recording: StoredRecording
    learned: Learned | None
    observed: Observed | None = None
    match: Path | None = None


@dataclass(frozen=True)
class Work:
    """Some runs of the same roads."""

    jobs: tuple[Job, ...]
    roads: RoadsOf
    settings: Settings

    def do(self) -> list[Answer]:
        """Analyse them; one answer per run, and nothing is raised."""
        try:
            roads = opened(self.roads)
        except CamberError as error:
            return [Answer(job.run, state=_state_of(error), message=str(error)) for job in self.jobs]
        return [_analysed(job, roads, self.settings) for job in self.jobs]

    def parts(self) -> list[Work]:
        """Cut it into single runs."""
        return [replace(self, jobs=(job,)) for job in self.jobs]

    def died(self) -> list[Answer]:
        """Give them up."""
        return [Answer(job.run, state="failed", message=_DIED) for job in self.jobs]


def do(task: Task[T]) -> list[T]:
    """Do a piece of work."""
    return task.do()


@lru_cache(maxsize=2)
def opened(roads_of: RoadsOf) -> Roads:
    """Keep the roads open from one task to the next."""
    if roads_of.extract is not None:
        return read_roads(roads_of.extract, country=roads_of.country, cache=roads_of.folder)
    if roads_of.folder is None:
        raise RoadsError("no folder of tiles is given", path="roads")
    return open_tiles(roads_of.folder, roads_of.tiles, country=roads_of.country)


def _analysed(job: Job, roads: Roads, settings: Settings) -> Answer:
    try:
        return _found_out(job, job.recording.unpacked(), roads, settings)
    except CamberError as error:
        return Answer(job.run, state=_state_of(error), message=str(error))
    except Exception as error:  # noqa: BLE001 - a run that stumbles over a bug of ours costs itself alone
        return Answer(job.run, state="failed", message=f"unexpected {type(error).__name__}: {error}")


def _found_out(job: Job, recording: Recording, roads: Roads, settings: Settings) -> Answer:
    label, size = f"run {job.run}", 0
    placed = None if job.match is None else kept_match(job.match, roads, label=label)
    if placed is None:
        placed = place(recording, roads, settings)
        if job.match is not None and job.learned is None:
            size = keep_match(job.match, placed, label=label)
    if job.learned is None:
        said = evidence_of(recording, roads, settings, job.observed, placed=placed)
        return Answer(job.run, evidence=json_of(said), kept_bytes=size)
    whole = analyse(
        recording,
        roads,
        settings,
        job.learned,
        observed=job.observed,
        with_suggestions=False,
        placed=placed,
    )
    return Answer(job.run, distil(whole))


def _state_of(error: CamberError) -> str:
    return "no_roads" if isinstance(error, RoadsError) else "failed"


class Workers:
    """Processes of this machine, or an executor that is given, such as that of a Dask cluster.

    When a process dies, nobody can say of which of the runs it died that were under way: each piece of work
    is then done alone, and if its process dies again, each of its runs. A run that is alone when its process
    dies is tried once more in a fresh one, and then given up.
    """

    def __init__(self, given: Executor | None, count: int | None) -> None:
        self._given = given
        self._count = count
        self._folder = TemporaryDirectory(prefix="camber-")
        self._most_kept_bytes = min(_MOST_KEPT_BYTES, shutil.disk_usage(self._folder.name).free // 4)
        self._sent = self._kept_bytes = self._expected = 0
        self._own: ProcessPoolExecutor | None = None
        self._lone: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        """Start nothing yet: processes begin with the first work."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the processes of this machine."""
        self._drop_processes()
        if self._lone is not None:
            self._lone.shutdown(wait=True, cancel_futures=True)
        self._folder.cleanup()

    def match_of(self, run: int) -> Path | None:
        """Name the file for what a run was matched to; None where what is kept may take no more room."""
        path = Path(self._folder.name) / f"match-{run}"
        return path if self._kept_bytes < self._most_kept_bytes or path.exists() else None

    def note_kept(self, size: int) -> None:
        """Count what a worker kept [B]."""
        self._kept_bytes += size

    def drop_match(self, run: int) -> None:
        """Forget what a run was matched to."""
        path = Path(self._folder.name) / f"match-{run}"
        with suppress(OSError):
            size = path.stat().st_size
            path.unlink()
            self._kept_bytes -= size

    def expect(self, runs: int | None) -> None:
        """Start no more processes than so many runs are worth; None for as many as there are processors."""
        if self._count is None:
            most = os.cpu_count() or 1
            wanted = most if runs is None else min(most, -(-runs // _RUNS_PER_PROCESS))
            if wanted > self._expected:
                self._drop_processes()
                self._expected = wanted

    def answers(
        self, works: Iterable[Task[T]], meanwhile: Callable[[], object] = lambda: None
    ) -> Iterator[T]:
        """Do work after work, taken as workers get free: the answers in the order of the work.

        ``meanwhile`` is called once, while the first of it is done.
        """
        waiting: deque[tuple[Task[T], Future[list[T]] | None]] = deque()
        try:
            for work in works:
                waiting.append((work, self._submit(work)))
                if len(waiting) >= _AHEAD:
                    yield from self._first(waiting)
            meanwhile()
            while waiting:
                yield from self._first(waiting)
        finally:
            for _, future in waiting:
                if future is not None:
                    future.cancel()

    def _first(self, waiting: deque[tuple[Task[T], Future[list[T]] | None]]) -> list[T]:
        work, future = waiting.popleft()
        try:
            if future is not None:
                return future.result()
        except Exception:  # noqa: BLE001 - `do` raises nothing: it is the process, or the cluster, that failed
            self._drop_processes()
            kept = [(other, None if _is_broken(its) else its) for other, its in waiting]
            waiting.clear()
            waiting.extend(kept)
        return self._alone(work)

    def _submit(self, work: Task[T]) -> Future[list[T]] | None:
        try:
            if self._given is not None:
                return self._given.submit(do, work)
            self._own = self._own or _processes(self._count or self._expected or None, self._folder.name)
            return self._hand_over(self._own, work)
        except BrokenExecutor:
            return None

    def _hand_over(self, pool: ProcessPoolExecutor, work: Task[T]) -> Future[list[T]]:
        """Send work by way of a file: a process that dies while the pipe to it is full blocks the pool."""
        self._sent += 1
        path = Path(self._folder.name) / str(self._sent)
        path.write_bytes(pickle.dumps(work))
        return pool.submit(_do_sent, do, path)

    def _alone(self, work: Task[T]) -> list[T]:
        for _ in range(2):  # where the process that is there dies of it, once more in a fresh one
            self._lone = self._lone or _processes(1, self._folder.name)
            try:
                return self._hand_over(self._lone, work).result()
            except BrokenExecutor:
                self._lone.shutdown(wait=True)
                self._lone = None
        parts = work.parts()
        return work.died() if len(parts) == 1 else [one for part in parts for one in self._alone(part)]

    def _drop_processes(self) -> None:
        if self._own is not None:
            self._own.shutdown(wait=True, cancel_futures=True)
            self._own = None


def _do_sent(do_it: Callable[[Task[T]], list[T]], path: Path) -> list[T]:
    work = pickle.loads(path.read_bytes())  # noqa: S301 - of our own, in a folder that is ours alone
    path.unlink()
    return do_it(work)


def _is_broken(future: Future[list[T]] | None) -> bool:
    if future is None:
        return True
    return future.done() and (future.cancelled() or isinstance(future.exception(), BrokenExecutor))


def _processes(count: int | None, folder: str) -> ProcessPoolExecutor:
    # Started anew and not forked: a fork copies the locks that threads of this process may hold.
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(count, mp_context=context, initializer=_end_with_parent, initargs=(folder,))


def _end_with_parent(folder: str) -> None:
    """Have this process end with the one that started it: it would wait for ever."""
    after_parent(partial(_end, folder))


def _end(folder: str) -> None:
    """End at once, and leave nothing of the runs that were sent."""
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)
