"""How far an import is: a live line on a terminal, now and then a plain one elsewhere."""

from __future__ import annotations

import time
import zipfile
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

    from rich.progress import Progress, TaskID

    from camber.cli.session import Session
    from camber.library.importing import Imported

_LINES: Final = 20
"""Plain lines of a whole import (users.md 2.1, no. 6: one per 5 %)."""

_FEWEST: Final = 25
"""Files between two plain lines, at least (judgement)."""


def counted_files(paths: Sequence[Path]) -> int:
    """Guess how many files an import will look at; entries of archives count, whatever they are.

    Parameters
    ----------
    paths : sequence of Path
        Files, folders and archives.

    Returns
    -------
    int
        One at least.
    """
    total = 0
    for path in paths:
        if path.is_dir():
            total += sum(each.is_file() for each in path.rglob("*"))
            continue
        total += 1
        with (
            suppress(OSError, zipfile.BadZipFile, ValueError, UnicodeError),
            zipfile.ZipFile(path) as archive,
        ):
            total += max(len(archive.infolist()) - 1, 0)
    return max(total, 1)


class ImportProgress:
    """Counts what an import has done, and says so.

    Parameters
    ----------
    session : Session
        Where to say it.
    total : int
        How many files there may be.
    """

    def __init__(self, session: Session, total: int) -> None:
        self._session = session
        self._total = total
        self._files = self._runs = 0
        self._metres = 0.0
        self._began = time.monotonic()
        self._said = 0
        self._bar: Progress = session.progress()
        self._task: TaskID = self._bar.add_task("importing", total=total)

    def __enter__(self) -> Self:
        """Show the live line."""
        self._bar.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the live line away, and say what is safe if it was interrupted."""
        self._bar.__exit__(kind, error, trace)
        if kind is not None and issubclass(kind, KeyboardInterrupt):
            text = f"{self._line()}: they are in the library; give the same command again to go on"
            self._session.say(text, at=-1)

    def tell(self, file: Imported) -> None:
        """Count a file that is safe.

        Parameters
        ----------
        file : Imported
            What came of it.
        """
        self._files += 1
        if file.outcome == "run" and file.duplicate_of is None:
            self._runs += 1
            self._metres += file.distance_m
        self._total = max(self._total, self._files)
        self._bar.update(self._task, completed=self._files, total=self._total, description=self._line())
        self._session.say(f"{file.outcome}: {file.source}", at=1)
        if self._bar.disable and self._files - self._said >= max(self._total // _LINES, _FEWEST):
            self._said = self._files
            self._session.say(f"{self._line()}, {self._left()}")

    def _line(self) -> str:
        return f"{self._files} files, {self._runs} new runs, {self._metres / 1000.0:.1f} km"

    def _left(self) -> str:
        seconds = (time.monotonic() - self._began) / self._files * (self._total - self._files)
        return f"about {seconds:.0f} s left" if seconds < 90.0 else f"about {seconds / 60.0:.0f} min left"
