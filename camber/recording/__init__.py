"""What runners' devices write, turned into a `camber.schema.Recording`.

Foreign names, units and zones end here: latitude and longitude in degrees, metres, seconds, UTC. The names
load when they are first used, so that what compares times and places does not wait for the readers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from camber.lazy_names import lazy_names

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

__getattr__, __dir__ = lazy_names(__name__, _HOME)
