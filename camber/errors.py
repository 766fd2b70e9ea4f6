"""Errors that camber raises: one root, and children that carry the facts a caller can act on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path


class CamberError(Exception):
    """Root of all errors raised by camber; the message says what happened, where, and what to do next."""

    def __reduce__(self) -> tuple[object, ...]:
        """Travel between processes whole, whatever the child's constructor asks for."""
        return _rebuilt, (type(self), self.args, self.__dict__)


class RecordingError(CamberError, ValueError):
    """A recording could not be read.

    Parameters
    ----------
    message : str
        What happened and what to do next.
    path : Path or str
        The file, or a label of the object that was read.
    offset : int, optional
        Line (XML) or byte (binary) at which reading stopped.
    """

    def __init__(self, message: str, *, path: Path | str, offset: int | None = None) -> None:
        where = f"{path}" if offset is None else f"{path}, line {offset}"
        super().__init__(f"{where}: {message}")
        self.path = path
        self.offset = offset


class UnsupportedFormatError(RecordingError):
    """The content of the file is of no format that camber reads."""


class DamagedFileError(RecordingError):
    """The file is broken, or built to harm: nothing in it is trusted."""


class NoTrackError(RecordingError):
    """The file is well formed but holds fewer than two usable positions."""


class SeveralRecordingsError(RecordingError):
    """The file holds several recordings where one was asked for; the message says how to get them all."""


class ReaderCrashError(RecordingError):
    """Reading the file crashed, hung, or went beyond a limit of memory or time: it was left out."""


class RoadsError(CamberError, ValueError):
    """Road data could not be read or do not fit.

    Parameters
    ----------
    message : str
        What happened and what to do next.
    path : Path or str
        The file, or a label of the object that was read.
    """

    def __init__(self, message: str, *, path: Path | str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path


class NoRoadsError(RoadsError):
    """The extract is readable but holds no road or path that a runner could use."""


class MissingTilesError(RoadsError):
    """Roads that are needed are not kept yet.

    Parameters
    ----------
    message : str
        What is missing and what to do next.
    path : Path or str
        Folder of the tiles, or the recording that needs them.
    tiles : collection of str
        Names of the tiles that are missing: south-west corners in hundredths of a degree, such as
        ``"n6050e02690"``.
    """

    def __init__(self, message: str, *, path: Path | str, tiles: Collection[str]) -> None:
        super().__init__(message, path=path)
        self.tiles = frozenset(tiles)


class FetchError(RoadsError):
    """A server of map data gave no whole answer.

    Parameters
    ----------
    message : str
        What happened and what to do next.
    path : Path or str
        Address of the server.
    only_here : bool
        Whether other areas may still be had from it.
    """

    def __init__(self, message: str, *, path: Path | str, only_here: bool = False) -> None:
        super().__init__(message, path=path)
        self.only_here = only_here


class OutsideRoadsError(RoadsError):
    """No part of the recording lies within the area of the roads.

    Parameters
    ----------
    message : str
        What happened and what to do next.
    path : Path or str
        The source of the roads.
    track_bounds_deg, roads_bounds_deg : tuple of float
        West, south, east, north in degrees.
    """

    def __init__(
        self,
        message: str,
        *,
        path: Path | str,
        track_bounds_deg: tuple[float, float, float, float],
        roads_bounds_deg: tuple[float, float, float, float],
    ) -> None:
        super().__init__(message, path=path)
        self.track_bounds_deg = track_bounds_deg
        self.roads_bounds_deg = roads_bounds_deg


class TerrainError(CamberError, ValueError):
    """A terrain model, or a survey of cross slopes, cannot be used.

    Parameters
    ----------
    message : str
        What happened and what to do next.
    path : Path or str
        The file.
    code : str
        Short stable name of the reason, such as ``"no_crs"``.
    """

    def __init__(self, message: str, *, path: Path | str, code: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path
        self.code = code


class DamagedStoreError(CamberError, ValueError):
    """What camber stored is damaged, or of another kind: nothing in it is trusted.

    Parameters
    ----------
    message : str
        What happened and what to do next.
    path : Path or str
        The file, or what it stands for.
    """

    def __init__(self, message: str, *, path: Path | str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path


class TableError(CamberError, ValueError):
    """A table does not follow its schema; lists everything that is wrong at once.

    Parameters
    ----------
    table : str
        Name of the table.
    problems : sequence of str
        One sentence for each violation, naming column and first bad rows.
    """

    def __init__(self, table: str, problems: Sequence[str]) -> None:
        listed = "\n".join(f"  - {problem}" for problem in problems)
        super().__init__(f"{table} does not follow its schema:\n{listed}")
        self.table = table
        self.problems = tuple(problems)


class StandardsError(CamberError, ValueError):
    """An assumption is missing or malformed in the tables under ``standards/``."""


class SettingsError(CamberError, ValueError):
    """A setting has a value outside its range, or a settings file is malformed.

    Parameters
    ----------
    message : str
        What is wrong, where, and which values are allowed.
    key : str
        The setting.
    """

    def __init__(self, message: str, *, key: str) -> None:
        super().__init__(message)
        self.key = key


class LibraryError(CamberError):
    """The library of runs could not be read or written.

    Parameters
    ----------
    message : str
        What happened and what to do next.
    path : Path or str
        The folder or file of the library.
    """

    def __init__(self, message: str, *, path: Path | str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path


class LibraryBusyError(LibraryError):
    """Another process is writing to the library; the message says which."""


class NewerLibraryError(LibraryError):
    """The library was written by a newer camber; it was not touched."""


class EmptyLibraryError(LibraryError):
    """There is nothing in the library yet; the message says how to begin."""

    def __init__(self, path: Path | str) -> None:
        Exception.__init__(
            self,
            "Your library is empty. `camber start EXPORT` brings your runs in; `camber demo` shows a season "
            "of a simulated runner.",
        )
        self.path = path


class UnknownRunError(LibraryError, LookupError):
    """There is no such run in the library."""


class AnswerError(CamberError, ValueError):
    """What was told makes no sense, or fits nothing that is known; nothing of it was kept."""


def _rebuilt(kind: type[CamberError], args: tuple[object, ...], facts: dict[str, object]) -> CamberError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(facts)
    return error
