"""What a process does when the one that started it has ended, even by kill -9: nobody waits for it then."""

from __future__ import annotations

import multiprocessing
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def after_parent(do: Callable[[], object]) -> None:
    """Watch the parent of this process from now on, and do something once it has ended."""
    threading.Thread(target=_wait, args=(do,), daemon=True).start()


def _wait(do: Callable[[], object]) -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()  # the end of a pipe on Linux and macOS, a handle of the process on Windows
        do()
