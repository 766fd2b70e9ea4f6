"""Recordings read in a process of their own, so that a crash or a hang costs one file."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING

from camber.recording.files import read_stream
from camber.recording.limits import ReadLimits
from camber.recording.values import clean_text

if TYPE_CHECKING:
    from camber.recording.archive import Found
    from camber.schema import Recording


def read_isolated(found: Found, limits: ReadLimits | None = None) -> Recording:
    """Read what was found in an export.

    Parameters
    ----------
    found : Found
        The file; its title and sport stand in where the recording has none.
    limits : ReadLimits, optional
        What the file may cost.

    Returns
    -------
    Recording
        As `camber.read_recording` gives it.

    Raises
    ------
    RecordingError
        As `camber.read_recording`; also where reading crashed, hung or went beyond a limit.
    """
    limits = limits or ReadLimits()
    recording = read_stream(BytesIO(found.data), found.source, limits)
    name = recording.name or clean_text(found.name, limits.name_length)
    return replace(recording, name=name, sport=recording.sport or found.sport)
