"""One long operation at a time: a lock that dies with its holder, and says who that is."""

from __future__ import annotations

import json
import os
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from camber.errors import LibraryBusyError
from camber.library.place import FILE_MODE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_STEP_S: Final = 0.1
_ANNOUNCED_BYTES: Final = 400


@contextmanager
def held(path: Path, what: str, *, patience_s: float = 10.0) -> Iterator[None]:
    """Hold the library for a long operation.

    The operating system drops the lock when the process ends, however it ends. Readers need no lock.

    Parameters
    ----------
    path : Path
        The lock file.
    what : str
        What is going on, for others to read, such as ``"import"``.
    patience_s : float
        How long to wait for another holder [s].

    Yields
    ------
    None
        While the lock is held.

    Raises
    ------
    LibraryBusyError
        If somebody else holds it for longer than that; says who.
    """
    file = os.open(path, os.O_RDWR | os.O_CREAT, FILE_MODE)
    try:
        deadline = time.monotonic() + patience_s
        while not _taken(file):
            if time.monotonic() >= deadline:
                raise LibraryBusyError(_who(file), path=path.parent)
            time.sleep(_STEP_S)
        _announce(file, what)
        yield
        with suppress(OSError):
            os.ftruncate(file, 0)
    finally:
        os.close(file)


def _taken(file: int) -> bool:
    try:
        import fcntl  # noqa: PLC0415 - not on Windows
    except ImportError:
        return _taken_on_windows(file)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _taken_on_windows(file: int) -> bool:
    import msvcrt  # noqa: PLC0415 - only there

    os.lseek(file, _ANNOUNCED_BYTES + 1, os.SEEK_SET)  # a locked byte cannot be read: beyond what is written
    try:
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    except OSError:
        return False
    return True


def _announce(file: int, what: str) -> None:
    started = datetime.now(UTC).astimezone().isoformat(timespec="seconds")
    os.ftruncate(file, 0)
    os.lseek(file, 0, os.SEEK_SET)
    text = json.dumps({"pid": os.getpid(), "what": what[:100], "since": started})
    os.write(file, text.encode()[:_ANNOUNCED_BYTES])


def _who(file: int) -> str:
    advice = "wait until it is done, or stop it, and run this again"
    try:
        os.lseek(file, 0, os.SEEK_SET)
        holder = json.loads(os.read(file, _ANNOUNCED_BYTES))
        return (
            f"another camber ({holder['what']}, process {holder['pid']}, since {holder['since']}) is writing "
            f"to it; {advice}"
        )
    except (OSError, ValueError, KeyError, TypeError):
        return f"another camber is writing to it; {advice}"
