"""One long operation at a time: a lock that dies with its holder, with who that is written beside it."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from camber.errors import LibraryBusyError
from camber.library.place import FILE_MODE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def held(folder: Path, what: str, *, patience_s: float = 10.0) -> Iterator[None]:
    """Hold the library in a folder for a long operation, such as ``"import"``; readers need no lock.

    The operating system drops the lock when the process ends, however it ends. `LibraryBusyError` says who
    holds it for longer than ``patience_s``.
    """
    holder = folder / "holder.json"
    lock = FileLock(folder / "lock", timeout=patience_s, mode=FILE_MODE)
    try:
        lock.acquire()
    except Timeout:
        raise LibraryBusyError(_who(holder), path=folder) from None
    try:
        with suppress(OSError):  # on a full disk the work itself will say so
            holder.touch(mode=FILE_MODE)
            since = datetime.now(UTC).astimezone().isoformat(timespec="seconds")
            holder.write_text(json.dumps({"pid": os.getpid(), "what": what, "since": since}), "utf-8")
        yield
        with suppress(OSError):
            holder.unlink()
    finally:
        lock.release()


def _who(holder: Path) -> str:
    advice = "wait until it is done, or stop it, and run this again"
    try:
        found = json.loads(holder.read_text("utf-8"))
        who = f"another camber ({found['what']}, process {found['pid']}, since {found['since']})"
    except (OSError, ValueError, KeyError, TypeError):
        who = "another camber"
    return f"{who} is writing to it; {advice}"
