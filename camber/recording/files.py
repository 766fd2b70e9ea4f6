"""Files in: whatever a runner's device or its app wrote."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from camber.errors import RecordingError
from camber.recording.content import Chunks, open_content
from camber.recording.fit import read_fit
from camber.recording.gpx import GpxReader
from camber.recording.limits import ReadLimits
from camber.recording.measures import LocalNames
from camber.recording.tcx import TcxReader
from camber.recording.values import clean_text
from camber.recording.xml import PREFIXES_MENDED, UndeclaredPrefixError, declare, not_read, parse, root_of
from camber.schema import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike
    from typing import BinaryIO

    from camber.schema import Recording

_READERS: Final[dict[str, type[GpxReader | TcxReader]]] = {
    "gpx": GpxReader,
    "TrainingCenterDatabase": TcxReader,
}


def read_recording(path: str | PathLike[str], *, limits: ReadLimits | None = None) -> Recording:
    """Read a recording: GPX, TCX or FIT, plain or compressed with gzip, whatever its name says.

    Points without a usable position are dropped and counted; a track whose points are bad is broken only
    there. A file with routes or courses alone is read as a track without times. Of a FIT file that is
    damaged, the records before the damage are kept, and the problem ``partial`` says so. Where one file
    holds several sports, what was done on foot is kept.

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
        If the content is none of these; says what it seems to be.
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
    prefixes: list[str] = []
    while True:
        kind, chunks, encoding = open_content(file, label, limits)
        if kind == "fit":
            return read_fit(chunks, label, limits)
        try:
            return _read_xml(declare(chunks, prefixes), encoding, prefixes, label, limits)
        except UndeclaredPrefixError as error:
            if len(prefixes) >= PREFIXES_MENDED or error.prefix in prefixes or not file.seekable():
                raise
            prefixes.append(error.prefix)
            file.seek(0)


def _read_xml(
    content: Chunks, encoding: str | None, prefixes: Sequence[str], label: str, limits: ReadLimits
) -> Recording:
    root, content = root_of(content, encoding, label)
    kind = _READERS.get(LocalNames()[root.tag])
    if kind is None:
        raise not_read(LocalNames()[root.tag], label)
    reader = kind(root, label, limits)
    parse(content, encoding, reader, label, limits)
    text = f"Prefixes of the XML that are declared nowhere were taken as they are: {', '.join(prefixes)}."
    return reader.recording((Problem("undeclared_prefix", text, len(prefixes)),) if prefixes else ())


def _open(path: str | PathLike[str]) -> BinaryIO:
    try:
        return Path(path).open("rb")
    except ValueError as error:  # a zero byte in the name
        raise _unreadable(path, error) from error


def _unreadable(path: str | PathLike[str], error: Exception) -> RecordingError:
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return RecordingError(f"cannot be read: {reason}; check the name and the permissions", path=Path(path))
