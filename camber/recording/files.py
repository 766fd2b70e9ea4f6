"""Files in: whatever a runner's device or its app wrote."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from camber.errors import RecordingError
from camber.recording.content import open_xml
from camber.recording.gpx import read_gpx
from camber.recording.limits import ReadLimits
from camber.recording.values import clean_text

if TYPE_CHECKING:
    from os import PathLike
    from typing import BinaryIO

    from camber.schema import Recording


def read_recording(path: str | PathLike[str], *, limits: ReadLimits | None = None) -> Recording:
    """Read a recording: GPX 1.0 or 1.1, plain or compressed with gzip, whatever its name says.

    Points without a usable position are dropped and counted; a track whose points are bad is broken only
    there. A file with routes alone is read as a track without times.

    Parameters
    ----------
    path : str or path-like
        The file.
    limits : ReadLimits, optional
        What the file may cost before it is refused.

    Returns
    -------
    Recording
        What the device wrote, times in UTC; ``problems`` lists what was dropped or assumed.

    Raises
    ------
    UnsupportedFormatError
        If the content is no GPX; says what it seems to be.
    DamagedFileError
        If it is broken, or built to harm.
    NoTrackError
        If it holds fewer than two usable positions.
    RecordingError
        If the file cannot be opened or read.
    """
    label = clean_text(Path(path).name, 255) or "recording"
    try:
        with _open(path) as file:
            return read_stream(file, label, limits or ReadLimits())
    except OSError as error:
        raise _unreadable(path, error) from error


def read_stream(file: BinaryIO, label: str, limits: ReadLimits) -> Recording:
    """Read a recording from an open file.

    Parameters
    ----------
    file : BinaryIO
        The file, at its beginning.
    label : str
        What errors name, and the ``source`` of the recording.
    limits : ReadLimits
        What the file may cost.

    Returns
    -------
    Recording
        As `read_recording`.

    Raises
    ------
    RecordingError
        As `read_recording`.
    """
    content, encoding = open_xml(file, label, limits)
    return read_gpx(content, encoding, label, limits)


def _open(path: str | PathLike[str]) -> BinaryIO:
    try:
        return Path(path).open("rb")
    except ValueError as error:  # a zero byte in the name
        raise _unreadable(path, error) from error


def _unreadable(path: str | PathLike[str], error: Exception) -> RecordingError:
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return RecordingError(f"cannot be read: {reason}; check the name and the permissions", path=Path(path))
