"""A recording from its file, of whatever format its content is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from camber.errors import RecordingError
from camber.recording.content import open_content
from camber.recording.fit import read_fit
from camber.recording.gpx import GpxReader
from camber.recording.limits import ReadLimits
from camber.recording.outings import the_one
from camber.recording.tcx import TcxReader
from camber.recording.texts import clean_text
from camber.recording.xml import (
    PREFIXES_MENDED,
    UndeclaredPrefixError,
    declare,
    not_read,
    root_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from os import PathLike
    from typing import BinaryIO

    from camber.recording.xml import TrackReader
    from camber.schema import Recording

_READERS: Final[dict[str, type[TrackReader]]] = {"gpx": GpxReader, "TrainingCenterDatabase": TcxReader}


def read_recording(path: str | PathLike[str], *, limits: ReadLimits | None = None) -> Recording:
    """Read a recording: GPX, TCX or FIT, plain or compressed with gzip, whatever its name says.

    Points without a usable position are dropped and counted; a track whose points are bad is broken only
    there. A few wrong times and places are set aside and counted. A file with routes or courses alone is read
    as a track without times. Of a FIT file that is damaged, the records before the damage are kept, and the
    problem ``partial`` says so. Of a file with several recordings the one that was on foot is given.

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
    SeveralRecordingsError
        If it holds more than one recording on foot: `read_recordings` gives them all.
    RecordingError
        If the file cannot be opened or read.
    """
    return the_one(read_recordings(path, limits=limits), _label(path))


def read_recordings(path: str | PathLike[str], *, limits: ReadLimits | None = None) -> tuple[Recording, ...]:
    """Read every recording of a file, in the order of their times.

    Another activity by the file's own word, another sport, and a pause of hours begin another recording,
    whatever the format; all else is one.

    Parameters
    ----------
    path : str or path-like
        The file.
    limits : ReadLimits, optional
        What the file may cost before it is refused.

    Returns
    -------
    tuple of Recording
        One or more, other sports too; of several, the sources are numbered, such as ``"history.tcx#2"``, and
        what was dropped from the whole file is told with the first.

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
    label = _label(path)
    try:
        with _open(path) as file:
            return read_stream(file, label, limits or ReadLimits())
    except OSError as error:
        raise _unreadable(path, error) from error


def _label(path: str | PathLike[str]) -> str:
    return clean_text(Path(path).name, 255) or "recording"


def read_stream(file: BinaryIO, label: str, limits: ReadLimits) -> tuple[Recording, ...]:
    """Read the recordings of an open file; `label` is what errors name, and their ``source``."""
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
    chunks: Iterator[bytes], encoding: str | None, prefixes: Sequence[str], label: str, limits: ReadLimits
) -> tuple[Recording, ...]:
    root, chunks = root_of(chunks, encoding, label)
    if root not in _READERS:
        raise not_read(root, label)
    reader = _READERS[root](label, limits)
    reader.parse(chunks, encoding)
    for columns in (reader.runs, reader.plans):
        columns.points.counts["undeclared_prefix"] = len(prefixes)
        columns.points.said["prefixes"] = ", ".join(prefixes)
    return reader.recordings()


def _open(path: str | PathLike[str]) -> BinaryIO:
    try:
        return Path(path).open("rb")
    except ValueError as error:  # a zero byte in the name
        raise _unreadable(path, error) from error


def _unreadable(path: str | PathLike[str], error: Exception) -> RecordingError:
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return RecordingError(f"cannot be read: {reason}; check the name and the permissions", path=Path(path))
