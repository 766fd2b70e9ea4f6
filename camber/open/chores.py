"""Long work as one list, done one by one in a process of its own, kept on disk until it is done.

What is under way when a server ends, however it ends, stands first in the list when the next one starts: it
does the same again, and the library knows what is done already.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from camber.errors import CamberError, LibraryBusyError
from camber.open.guard import without_places
from camber.parent_process import after_parent
from camber.whole_files import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess
    from pathlib import Path

    from camber.open.desk import MakeDesk, Tell

_FINISHED: Final = 20
"""Chores that are done and still told of (judgement: what fits on a page)."""

_BUSY_S: Final = 2.0
"""How long to wait before asking again whether the library is free [s] (judgement)."""

_TOLD_S: Final = 0.1
"""Least time between two reports of how far a chore is [s] (judgement: no eye is faster)."""

_PATIENCE_S: Final = 20.0
"""How long a chore may take to come to a safe point [s] (judgement: a few runs that are under way)."""

_ASIDE: Final = 2
"""Waiting chores that do not last (judgement: what two tabs show now)."""

_LINES: Final = 40


@dataclass(frozen=True)
class Chore:
    """One piece of long work: what it is, of what, and how far it is.

    ``state`` is ``"waiting"``, ``"running"``, ``"done"`` or ``"failed"``; ``lasting`` ones are kept on disk.
    """

    number: int
    kind: str
    title: str
    given: dict[str, Any] = field(default_factory=dict)
    lasting: bool = True
    state: str = "waiting"
    what: str = ""
    done: float = 0.0
    total: float = 0.0
    said: tuple[str, ...] = ()
    result: Any = None

    @property
    def is_open(self) -> bool:
        """Whether it is still to be done."""
        return self.state in {"waiting", "running"}


class Chores:
    """The list of long work, and the process that does it."""

    def __init__(self, folder: Path, make_desk: MakeDesk) -> None:
        self._path, self._make_desk = folder / "chores.json", make_desk
        self._lock = threading.Condition()
        self._open: deque[Chore] = deque()
        self._finished: deque[Chore] = deque(maxlen=_FINISHED)
        self.stopping = False
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._thread = threading.Thread(target=self._work, daemon=True)
        self.turn = 0
        self.after: Callable[[Chore], None] = lambda _chore: None
        self._numbers = 0
        for kept in self._kept():
            self.add(kept["kind"], kept["title"], **kept["given"])

    def start(self) -> None:
        """Begin with what there is to do."""
        self._thread.start()

    def add(
        self,
        kind: str,
        title: str,
        *,
        lasting: bool = True,
        join: str = "",
        **given: Any,  # noqa: ANN401 - JSON
    ) -> int:
        """Put work into the list, before what does not last.

        The same that still waits is done once; a list in it that may be joined grows.
        """
        with self._lock:
            for place, one in enumerate(self._open):
                if (one.kind, one.state) != (kind, "waiting") or one.given | {join: 0} != given | {join: 0}:
                    continue
                if join:
                    grown = given | {join: [*one.given[join], *given[join]]}
                    self._open[place] = replace(one, given=grown)
                    self._note()
                return one.number
            aside = [one for one in self._open if not one.lasting and one.state == "waiting"]
            for old in aside[: len(aside) + 1 - _ASIDE] if not lasting else ():
                self._open.remove(old)  # of pages that somebody only leafed through
            self._numbers += 1
            chore = Chore(self._numbers, kind, title, given, lasting)
            later = next((n for n, one in enumerate(self._open) if lasting and n and not one.lasting), None)
            self._open.insert(len(self._open) if later is None else later, chore)
            self._note()
            return chore.number

    def all(self) -> list[Chore]:
        """List what is to be done, and what was done last."""
        with self._lock:
            return [*self._open, *reversed(self._finished)]

    def dismiss(self) -> None:
        """Forget what is done."""
        with self._lock:
            self._finished.clear()
            self._note()

    def stop(self) -> None:
        """Stop at a safe point; what was under way stays in the list on disk."""
        with self._lock:
            self.stopping = True
            self._lock.notify_all()
        process = self._process
        if process is not None and process.pid is not None and process.is_alive():
            with suppress(OSError):
                os.kill(process.pid, signal.SIGINT)
            process.join(_PATIENCE_S)
            if process.is_alive():
                process.kill()

    def _kept(self) -> list[dict[str, Any]]:
        try:
            found = json.loads(self._path.read_text("utf-8"))
            return [one for one in found if {"kind", "title", "given"} <= one.keys()]
        except (OSError, ValueError, AttributeError, TypeError):
            return []

    def _note(self) -> None:
        """Keep the list, and let those know who look at it; while the lock is held."""
        lasting = [asdict(one) for one in self._open if one.lasting]
        rows = [{name: one[name] for name in ("kind", "title", "given")} for one in lasting]
        if rows != self._kept():
            write_whole(self._path, json.dumps(rows), mode=0o600)
        self.turn += 1
        self._lock.notify_all()

    def _change(self, **values: Any) -> None:  # noqa: ANN401 - fields of a chore
        with self._lock:
            if self._open:
                self._open[0] = replace(self._open[0], **values)
            self.turn += 1

    def _work(self) -> None:
        while True:
            with self._lock:
                self._lock.wait_for(lambda: self._open or self.stopping)
                if self.stopping:
                    return
                chore = self._open[0] = replace(self._open[0], state="running")
                self.turn += 1
            state, said, result = self._do(chore)
            if self.stopping:
                return
            with self._lock:
                finished = replace(self._open.popleft(), state=state, said=said, result=result)
            self.after(finished)
            with self._lock:
                if finished.lasting:
                    self._finished.append(finished)
                self._note()

    def _do(self, chore: Chore) -> tuple[str, tuple[str, ...], Any]:
        """Have a chore done; if the process that does it dies, it is tried once more in a fresh one."""
        for _ in range(2):
            with suppress(EOFError, OSError):
                pipe = self._hand_over(chore)
                while not self.stopping:
                    if not pipe.poll(_BUSY_S):
                        continue
                    name, *values = pipe.recv()
                    if name == "step":
                        self._change(what=values[0], done=values[1], total=values[2])
                    else:
                        return name, tuple(values[0]), values[1]
            if self.stopping:
                return "waiting", (), None
            self._process = None
        text = "its process died, and died again, perhaps for want of memory: start it again by its button"
        return "failed", (text,), None

    def _hand_over(self, chore: Chore) -> Connection:
        if self._process is None or self._pipe is None or not self._process.is_alive():
            context = multiprocessing.get_context("spawn")
            self._pipe, theirs = context.Pipe()
            self._process = context.Process(target=work_off, args=(theirs, self._make_desk))
            self._process.start()
            theirs.close()
        self._pipe.send((chore.kind, chore.given))
        return self._pipe


def work_off(pipe: Connection, make_desk: MakeDesk) -> None:
    """Do chores as they come, in a process of its own; ends with the process that began it."""
    with suppress(AttributeError, OSError):
        os.setsid()  # what the terminal sends goes to the server, which says when to stop
    after_parent(partial(os.kill, os.getpid(), signal.SIGINT))
    with suppress(EOFError, OSError, KeyboardInterrupt):
        while True:
            kind, given = pipe.recv()
            pipe.send(_done(pipe, make_desk, kind, given))


def _done(
    pipe: Connection, make_desk: MakeDesk, kind: str, given: dict[str, Any]
) -> tuple[str, list[str], Any]:
    """Do a chore, waiting where somebody else holds the library; gives how it ended and what was said."""
    said: list[str] = []
    tell = _teller(pipe)
    while True:
        try:
            result = make_desk(tell, said.append).do(kind, given)
            return "done", [without_places(line) for line in said[-_LINES:]], result
        except LibraryBusyError as error:
            said.clear()
            tell(f"waiting: {spoken(error)}", 0.0, 0.0)
            time.sleep(_BUSY_S)
        except Exception as error:  # noqa: BLE001 - whatever it is, it costs this chore alone
            return "failed", [*(without_places(line) for line in said[-_LINES:]), spoken(error)], None


def _teller(pipe: Connection) -> Tell:
    last = [0.0]

    def tell(what: str, done: float, total: float) -> None:
        now = time.monotonic()
        if now - last[0] >= _TOLD_S or done == total:
            last[0] = now
            pipe.send(("step", without_places(what), done, total))

    return tell


def spoken(error: BaseException) -> str:
    """Say to a reader of a page what happened, without places of this machine.

    Parameters
    ----------
    error : BaseException
        Ours, or one that nobody thought of.

    Returns
    -------
    str
        A sentence.
    """
    if isinstance(error, CamberError):
        return without_places(str(error).removeprefix(f"{getattr(error, 'path', '')}: "))
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return f"unexpected {type(error).__name__}; the terminal in which camber runs says more with -vv"
