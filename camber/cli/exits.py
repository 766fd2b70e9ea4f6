"""Exit codes, and the one place that turns an error into one."""

from __future__ import annotations

from enum import IntEnum

from camber.errors import CamberError, RecordingError, RoadsError, SettingsError, UnknownRunError


class Exit(IntEnum):
    """What the exit code of the command line means (architecture.md).

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
    """Choose the exit code for an error.

    Parameters
    ----------
    error : BaseException
        Anything that stopped a command.

    Returns
    -------
    Exit
        ``UNEXPECTED`` for everything that is no `camber.CamberError`.
    """
    known = (
        (UnknownRunError, Exit.USAGE),
        (RecordingError, Exit.NO_INPUT),
        (RoadsError, Exit.NO_ROADS),
        (SettingsError, Exit.USAGE),
        (KeyboardInterrupt, Exit.INTERRUPTED),
    )
    return next((code for kind, code in known if isinstance(error, kind)), Exit.UNEXPECTED)


def error_line(error: BaseException) -> str:
    """Say in one line what stopped a command.

    Parameters
    ----------
    error : BaseException
        Anything that stopped a command.

    Returns
    -------
    str
        The message of a known error, which says what to do next; for any other its kind, its message and
        how to see more.
    """
    if isinstance(error, CamberError):
        return str(error)
    if isinstance(error, KeyboardInterrupt):
        return "interrupted; nothing half-written was left behind"
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return f"unexpected {type(error).__name__}: {error}; run with -vv for the traceback"
