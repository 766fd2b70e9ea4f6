"""One call of the command line: where it prints and how much, the settings, and the code it ends with."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import TYPE_CHECKING, Final, Protocol

from camber.errors import (
    AnswerError,
    CamberError,
    EmptyLibraryError,
    RecordingError,
    RoadsError,
    SettingsError,
    TerrainError,
    UnknownRunError,
)
from camber.library.place import HOME_VARIABLE
from camber.whole_files import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from rich.console import Console, RenderableType

    from camber.cli.config import Preferences

_LINES: Final = 20
"""Plain lines of a whole command: one per 5 % (judgement: a log that is read, not scrolled)."""

_FEWEST: Final = 25
"""Steps between two plain lines, at least (judgement)."""

_MOST: Final = 20
"""Lines of one kind that are said unasked (judgement)."""


class Exit(IntEnum):
    """What the exit code of the command line means.

    ``PARTIAL`` is used only where ``--strict`` asks for it; otherwise a bad file among good ones is listed
    and the code is ``DONE``.
    """

    DONE = 0
    UNEXPECTED = 1
    USAGE = 2
    NO_INPUT = 3
    NO_ROADS = 4
    PARTIAL = 5
    INTERRUPTED = 130


def exit_code(error: BaseException) -> Exit:
    """Choose the exit code for what stopped a command: unexpected, unless it is a known error."""
    known = (
        (UnknownRunError, Exit.USAGE),
        (EmptyLibraryError, Exit.NO_INPUT),
        (RecordingError, Exit.NO_INPUT),
        (TerrainError, Exit.NO_INPUT),
        (RoadsError, Exit.NO_ROADS),
        ((SettingsError, AnswerError), Exit.USAGE),
        (KeyboardInterrupt, Exit.INTERRUPTED),
    )
    return next((code for kind, code in known if isinstance(error, kind)), Exit.UNEXPECTED)


def error_line(error: BaseException) -> str:
    """Say in one line what stopped a command; of an unknown error its kind too, and how to see more."""
    if isinstance(error, CamberError):
        return str(error)
    if isinstance(error, KeyboardInterrupt):
        return "interrupted; nothing half-written was left behind"
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return f"unexpected {type(error).__name__}: {error}; run with -vv for the traceback"


class Tell(Protocol):
    """Says how far a command is: what goes on, steps done (one more if missing), and how many there are."""

    def __call__(self, what: str | None = None, done: int | None = None, total: int | None = None) -> None:
        """Say it."""


@dataclass(frozen=True)
class Session:
    """One call of the command line.

    Parameters
    ----------
    verbosity : int
        -1 quiet, 0 usual, 1 and more say more.
    colour : bool
        False where colours were refused; the environment variable ``NO_COLOR`` refuses them too.
    offline : bool
        True where the network must not be touched.
    """

    verbosity: int = 0
    colour: bool = True
    offline: bool = False

    @cached_property
    def out(self) -> Console:
        """Standard output, for data."""
        from rich.console import Console

        return Console(no_color=not self.colour or None, highlight=False, markup=False, emoji=False)

    @cached_property
    def err(self) -> Console:
        """Standard error, for all that is no data."""
        from rich.console import Console

        plain = not self.colour or None
        return Console(stderr=True, no_color=plain, highlight=False, markup=False, emoji=False)

    @cached_property
    def begun(self) -> set[str]:
        """What goes on in the background, and is begun once."""
        return set()

    @cached_property
    def preferences(self) -> Preferences:
        """The user's settings; unknown keys are warned about once."""
        from camber.cli.config import read_preferences, settings_path

        preferences, warnings = read_preferences(settings_path())
        for warning in warnings:
            self.say(f"warning: {warning}")
        return preferences

    @contextmanager
    def at_home(self, folder: Path) -> Iterator[None]:
        """Keep library and roads in this folder meanwhile, also in processes begun here; settings stay."""
        _ = self.preferences
        before = os.environ.get(HOME_VARIABLE)
        os.environ[HOME_VARIABLE] = str(folder.resolve())
        try:
            yield
        finally:
            os.environ.pop(HOME_VARIABLE)
            if before is not None:
                os.environ[HOME_VARIABLE] = before

    def say(self, text: str, *, at: int = 0) -> None:
        """Say one or more lines on standard error, from a verbosity on; -1 says them always."""
        if self.verbosity >= at:
            from camber.report.wording import plain

            self.err.print("\n".join(plain(line) for line in text.splitlines()), soft_wrap=True)

    def say_each(self, lines: Sequence[str]) -> None:
        """Say lines always, and of very many how many more there are, unless more is asked for."""
        most = len(lines) if self.verbosity > 0 else _MOST
        for line in lines[:most]:
            self.say(line, at=-1)
        if len(lines) > most:
            self.say(f"... and {len(lines) - most} more like these; -v says all", at=-1)

    @contextmanager
    def steps(self, what: str, total: int | None = None, *, lines: bool = False) -> Iterator[Tell]:
        """Show how far a command is: live on a terminal; with `lines` a plain line now and then elsewhere."""
        from rich.progress import Progress

        hidden = not self.err.is_terminal
        bar = Progress(
            console=self.err,
            transient=True,
            disable=hidden or self.verbosity < 0,
            speed_estimate_period=600.0,  # the time that is left shall not jump with each file
        )
        bar.add_task(what, total=total)
        (task,) = bar.tasks
        said = 0.0

        def tell(what: str | None = None, done: int | None = None, total: int | None = None) -> None:
            nonlocal said
            now = task.completed + 1 if done is None else done
            bar.update(task.id, description=what, completed=now, total=total)
            said = min(said, now)
            if lines and hidden and task.total and now - said >= max(task.total // _LINES, _FEWEST):
                said = now
                self.say(f"{task.description}{_left(task.time_remaining)}")

        with bar:
            yield tell

    def show(self, renderable: RenderableType, path: Path | None = None) -> None:
        """Print to a terminal, or write as plain text to a file or a pipe."""
        from camber.report.text import rendered

        if path is not None:
            self.write(rendered(renderable), path)
        elif self.out.is_terminal:
            self.out.print(renderable)
        else:
            self.write(rendered(renderable, self.out.width))

    def write(self, content: str | bytes, path: Path | None = None) -> None:
        """Write data as they are, in UTF-8, to a file or to standard output."""
        if path is not None:
            self.say(f"wrote {write_whole(path, content)}")
            return
        sys.stdout.flush()
        sys.stdout.buffer.write(content.encode("utf-8") if isinstance(content, str) else content)
        sys.stdout.buffer.flush()


def _left(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f", about {seconds:.0f} s left" if seconds < 90.0 else f", about {seconds / 60.0:.0f} min left"
