"""What every command needs to speak: where to print, how much, and the user's settings."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from camber.report.files import write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console, RenderableType
    from rich.progress import Progress

    from camber.cli.settings_file import Preferences


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
        from rich.console import Console  # noqa: PLC0415 - not needed for --help

        return Console(no_color=not self.colour or None, highlight=False, markup=False, emoji=False)

    @cached_property
    def err(self) -> Console:
        """Standard error, for all that is no data."""
        from rich.console import Console  # noqa: PLC0415 - not needed for --help

        plain = not self.colour or None
        return Console(stderr=True, no_color=plain, highlight=False, markup=False, emoji=False)

    @cached_property
    def preferences(self) -> Preferences:
        """The user's settings; unknown keys are warned about once."""
        from camber.cli.settings_file import read_preferences, settings_path  # noqa: PLC0415 - loads tables

        preferences, warnings = read_preferences(settings_path())
        for warning in warnings:
            self.say(f"warning: {warning}")
        return preferences

    def say(self, text: str, *, at: int = 0) -> None:
        """Say something on standard error.

        Parameters
        ----------
        text : str
            One or more lines.
        at : int
            Smallest verbosity at which it is said; -1 says it always.
        """
        if self.verbosity >= at:
            from camber.report.wording import plain  # noqa: PLC0415 - not needed for --help

            self.err.print("\n".join(plain(line) for line in text.splitlines()), soft_wrap=True)

    def progress(self) -> Progress:
        """Show how far a command is.

        Returns
        -------
        Progress
            On standard error, and only where that is a terminal.
        """
        from rich.progress import Progress  # noqa: PLC0415 - not needed for --help

        silent = self.verbosity < 0 or not self.err.is_terminal
        return Progress(console=self.err, transient=True, disable=silent)

    def show(self, renderable: RenderableType, path: Path | None) -> None:
        """Print to a terminal, or write as plain text to a file or a pipe.

        Parameters
        ----------
        renderable : rich renderable
            What to show.
        path : Path or None
            The file; None for standard output.
        """
        from camber.report.text import rendered  # noqa: PLC0415 - not needed for --help

        if path is None and self.out.is_terminal:
            self.out.print(renderable)
        elif path is None:
            self.write(rendered(renderable, self.out.width), None)
        else:
            self.write(rendered(renderable), path)

    def write(self, text: str, path: Path | None) -> None:
        """Write data as it is, in UTF-8.

        Parameters
        ----------
        text : str
            The data.
        path : Path or None
            The file; None for standard output.
        """
        if path is None:
            sys.stdout.flush()
            sys.stdout.buffer.write(text.encode("utf-8"))
            sys.stdout.buffer.flush()
        else:
            write_whole(path, text)
            self.say(f"wrote {path}")
