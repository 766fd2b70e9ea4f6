"""What runners' devices write, turned into a `camber.schema.Recording`.

Foreign names, units and zones end here: latitude and longitude in degrees, metres, seconds, UTC. The names
load when they are first used, so that what compares times and places does not wait for the readers.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from camber.recording.gpx import from_gpxpy
    from camber.recording.limits import ReadLimits
    from camber.recording.reading import read_recording, read_recordings, read_stream

_HOME = {
    "ReadLimits": "limits",
    "from_gpxpy": "gpx",
    "read_recording": "reading",
    "read_recordings": "reading",
    "read_stream": "reading",
}

__all__ = ["ReadLimits", "from_gpxpy", "read_recording", "read_recordings", "read_stream"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module attribute may be anything
    if name not in _HOME:
        raise AttributeError(f"module 'camber.recording' has no attribute {name!r}")
    return getattr(import_module(f"camber.recording.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
