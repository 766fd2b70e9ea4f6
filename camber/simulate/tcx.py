"""TCX text of a recording, the way that Garmin Connect writes it: one lap, a track for each part.

The same recording gives the same text, byte by byte.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from lxml import etree

from camber.simulate.gpx import NOTE

if TYPE_CHECKING:
    from camber.schema import Recording

_TCX: Final = "http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2"
_EXTENSION: Final = "http://www.garmin.com/xmlschemas/ActivityExtension/v2"
_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"


def tcx_document(recording: Recording) -> str:
    """Write a recording as TCX.

    Parameters
    ----------
    recording : Recording
        The recording; every fix needs a time, which is written to milliseconds.

    Returns
    -------
    str
        The document; it says that the recording is simulated.
    """
    root = etree.Element(_tag("TrainingCenterDatabase"), nsmap={None: _TCX, "ns3": _EXTENSION, "xsi": _XSI})
    activity = _add(_add(root, "Activities"), "Activity")
    activity.set("Sport", "Running")
    fixes = recording.fixes
    plain = fixes["time"].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
    times = [f"{text}Z" for text in np.datetime_as_string(plain, unit="ms")]
    _add(activity, "Id", times[0])
    lap = _add(activity, "Lap")
    lap.set("StartTime", times[0])
    columns = (
        "part",
        "latitude_deg",
        "longitude_deg",
        "elevation_m",
        "heart_rate_bpm",
        "cadence_spm",
        "speed_mps",
    )
    part, track = -1, lap
    for time, *values in zip(times, *(fixes[name].to_numpy(float) for name in columns), strict=True):
        if int(values[0]) != part:
            part, track = int(values[0]), _add(lap, "Track")
        _add_point(track, time, values[1:])
    _add(activity, "Notes", f"{recording.name} ({NOTE.lower()})" if recording.name else NOTE)
    _add(_add(activity, "Creator"), "Name", recording.device or "camber")
    etree.indent(root, space=" ")
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return f"{head}{etree.tostring(root, encoding='unicode')}\n"


def _add_point(track: etree._Element, time: str, values: list[float]) -> None:
    latitude, longitude, elevation, heart_rate, cadence, speed = values
    point = _add(track, "Trackpoint")
    _add(point, "Time", time)
    position = _add(point, "Position")
    _add(position, "LatitudeDegrees", repr(float(latitude)))
    _add(position, "LongitudeDegrees", repr(float(longitude)))
    if not np.isnan(elevation):
        _add(point, "AltitudeMeters", repr(float(elevation)))
    if not np.isnan(heart_rate):
        _add(_add(point, "HeartRateBpm"), "Value", f"{heart_rate:.0f}")
    extended = [("Speed", speed, repr(float(speed)))] if not np.isnan(speed) else []
    extended += [("RunCadence", cadence, f"{cadence / 2.0:.0f}")] if not np.isnan(cadence) else []
    if extended:
        holder = etree.SubElement(_add(point, "Extensions"), f"{{{_EXTENSION}}}TPX")
        for name, _, text in extended:
            etree.SubElement(holder, f"{{{_EXTENSION}}}{name}").text = text


def _tag(name: str) -> str:
    return f"{{{_TCX}}}{name}"


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    child = etree.SubElement(parent, _tag(name))
    child.text = text
    return child
