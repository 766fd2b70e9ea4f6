"""What pages are filled with, kept while nothing in the library changes, and made ahead of the next click."""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable
    from pathlib import Path

_MOST: Final = 24
"""Pages that are kept (judgement: half a year of weeks, of half a megabyte each)."""


def state_of_files(paths: Iterable[Path]) -> tuple[tuple[int, int], ...]:
    """Tell a state of files by when they were written and their size: every commit changes one of them."""
    found = []
    for path in paths:
        try:
            at = path.stat()
            found.append((at.st_mtime_ns if at.st_size else 0, at.st_size))
        except OSError:
            found.append((0, 0))
    return tuple(found)


class KeptPages:
    """Values of pages by name, each good for one state of the library; whoever asks twice waits for one."""

    def __init__(self, state: Callable[[], Hashable]) -> None:
        self._state = state
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[Hashable, Future[dict[str, Any]]]] = OrderedDict()
        self._ahead = ThreadPoolExecutor(1, thread_name_prefix="ahead")

    def get(self, name: Hashable, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Give the values of a page, made where none are kept of this state."""
        state = self._state()
        fresh = state, Future[dict[str, Any]]()
        with self._lock:
            kept = self._kept.get(name, fresh)
            kept = kept if kept[0] == state else fresh
            self._kept[name] = kept
            self._kept.move_to_end(name)
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)
        if kept is fresh:
            try:
                fresh[1].set_result(make())
            except BaseException as error:
                with self._lock:
                    self._kept.pop(name, None)
                fresh[1].set_exception(error)
                raise
        return dict(kept[1].result())

    def make_ahead(self, name: Hashable, make: Callable[[], dict[str, Any]]) -> None:
        """Make the values of a page that is likely the next; what goes wrong is said when it is asked for."""
        self._ahead.submit(self.get, name, make)

    def close(self) -> None:
        """Make nothing ahead any more."""
        self._ahead.shutdown(wait=False, cancel_futures=True)
