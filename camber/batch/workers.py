"""Where runs are analysed: a worker that dies costs the run that it died of, and no other."""

from __future__ import annotations

import multiprocessing
import pickle
from collections import deque
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, Self

from camber.batch.work import Answer, do

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Executor, Future

    from camber.batch.work import Work

_AHEAD: Final = 16
"""Pieces of work that are given out before the first of them is waited for (judgement)."""

_DIED: Final = (
    "the process that analysed it died, and died again with this run alone, perhaps for want of memory; "
    "the next version of camber or of its roads tries again"
)


class Workers:
    """Processes, or an executor that is given.

    When a process dies, nobody can say of which of the runs it died that were under way: each piece of work
    is then done alone, and if its process dies again, each of its runs. A run that is alone when its process
    dies is tried once more in a fresh one, and then given up.

    Parameters
    ----------
    given : concurrent.futures.Executor or None
        Where runs are analysed, such as on a Dask cluster; processes of this machine if missing.
    count : int or None
        How many processes; one per processor if missing.
    """

    def __init__(self, given: Executor | None, count: int | None) -> None:
        self._given = given
        self._count = count
        self._folder = TemporaryDirectory(prefix="camber-")
        self._sent = 0
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

    def answers(self, works: Iterator[Work]) -> Iterator[Answer]:
        """Do work after work.

        Parameters
        ----------
        works : iterator of Work
            Taken as workers get free.

        Yields
        ------
        Answer
            One per run, in the order of the work.
        """
        waiting: deque[tuple[Work, Future[list[Answer]] | None]] = deque()
        try:
            for work in works:
                waiting.append((work, self._submit(work)))
                if len(waiting) >= _AHEAD:
                    yield from self._first(waiting)
            while waiting:
                yield from self._first(waiting)
        finally:
            for _, future in waiting:
                if future is not None:
                    future.cancel()

    def _first(self, waiting: deque[tuple[Work, Future[list[Answer]] | None]]) -> list[Answer]:
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

    def _submit(self, work: Work) -> Future[list[Answer]] | None:
        try:
            return self._given.submit(do, work) if self._given else self._hand_over(self._processes(), work)
        except BrokenExecutor:
            return None

    def _hand_over(self, pool: ProcessPoolExecutor, work: Work) -> Future[list[Answer]]:
        """Send work by way of a file: a process that dies while the pipe to it is full blocks the pool."""
        self._sent += 1
        path = Path(self._folder.name) / str(self._sent)
        path.write_bytes(pickle.dumps(work))
        return pool.submit(_do_sent, do, path)

    def _processes(self) -> ProcessPoolExecutor:
        self._own = self._own or _processes(self._count)
        return self._own

    def _alone(self, work: Work) -> list[Answer]:
        for _ in range(2):  # where the process that is there dies of it, once more in a fresh one
            self._lone = self._lone or _processes(1)
            try:
                return self._hand_over(self._lone, work).result()
            except BrokenExecutor:
                self._lone.shutdown(wait=True)
                self._lone = None
        if len(work.runs) == 1:
            return [Answer(work.runs[0], state="failed", message=_DIED)]
        return [answer for single in work.singly() for answer in self._alone(single)]

    def _drop_processes(self) -> None:
        if self._own is not None:
            self._own.shutdown(wait=True, cancel_futures=True)
            self._own = None


def _do_sent(do_it: Callable[[Work], list[Answer]], path: Path) -> list[Answer]:
    work = pickle.loads(path.read_bytes())  # noqa: S301 - of our own, in a folder that is ours alone
    path.unlink()
    return do_it(work)


def _is_broken(future: Future[list[Answer]] | None) -> bool:
    if future is None:
        return True
    return future.done() and (future.cancelled() or isinstance(future.exception(), BrokenExecutor))


def _processes(count: int | None) -> ProcessPoolExecutor:
    # Started anew and not forked: a fork copies the locks that threads of this process may hold.
    return ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn"))
