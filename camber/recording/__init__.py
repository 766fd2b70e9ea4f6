"""What runners' devices write, turned into a `camber.schema.Recording`.

Foreign names, units and zones end here: latitude and longitude in degrees, metres, seconds, UTC.
"""

from camber.recording.files import read_recording
from camber.recording.limits import ReadLimits
from camber.recording.objects import from_gpxpy

__all__ = ["ReadLimits", "from_gpxpy", "read_recording"]
