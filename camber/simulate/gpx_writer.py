"""GPX text of a recording, the way that Strava and Garmin Connect write it.

Built with lxml: gpxpy drops trailing zeros of coordinates and cannot write ``.000`` seconds, and both are
part of what readers meet. The same recording gives the same text, byte by byte.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from lxml import etree

if TYPE_CHECKING:
    import pandas as pd

    from camber.schema import Recording

NOTE: Final = "Simulated recording on real streets"
"""Stands in the title and the description of every document: nobody ran this."""

_GPX: Final = "http://www.topografix.com/GPX/1/1"
_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
_TPX: Final = "http://www.garmin.com/xmlschemas/TrackPointExtension/v1"
_GPXX: Final = "http://www.garmin.com/xmlschemas/GpxExtensions/v3"


@dataclass(frozen=True)
class _Style:
    creator: str
    prefixes: dict[str | None, str]
    decimals: int | None
    time_unit: Literal["s", "ms"]


_STYLES: Final = {
    "strava": _Style("StravaGPX", {"gpxtpx": _TPX, "gpxx": _GPXX}, 7, "s"),
    "garmin": _Style("Garmin Connect", {"ns2": _GPXX, "ns3": _TPX}, None, "ms"),
}


def gpx_document(recording: Recording, style: Literal["strava", "garmin"] = "strava") -> str:
    """Write a recording as GPX 1.1.

    Parameters
    ----------
    recording : Recording
        The recording; every fix needs a time.
    style : {"strava", "garmin"}
        Strava: seven decimals, whole seconds. Garmin Connect: as many decimals as the number has,
        milliseconds, heart rate and cadence (steps per minute of one leg) under the prefix ``ns3``. Both
        write one segment, across pauses too.

    Returns
    -------
    str
        The document; it says that the recording is simulated.
    """
    look = _STYLES[style]
    names: dict[str | None, str] = {None: _GPX, "xsi": _XSI}
    root = etree.Element(_tag("gpx"), nsmap=names | look.prefixes)
    root.set("creator", look.creator)
    root.set("version", "1.1")
    root.set(f"{{{_XSI}}}schemaLocation", f"{_GPX} {_GPX}/gpx.xsd")
    times = _time_texts(recording.fixes["time"], look)
    metadata = etree.SubElement(root, _tag("metadata"))
    _add_text(metadata, _tag("desc"), NOTE)
    if times:
        _add_text(metadata, _tag("time"), times[0])
    track = etree.SubElement(root, _tag("trk"))
    _add_text(track, _tag("name"), f"{recording.name} ({NOTE.lower()})" if recording.name else NOTE)
    _add_text(track, _tag("desc"), NOTE)
    _add_text(track, _tag("type"), recording.sport or "running")
    segment = etree.SubElement(track, _tag("trkseg"))
    _add_points(segment, recording.fixes, times, look)
    etree.indent(root, space=" ")
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return f"{head}{etree.tostring(root, encoding='unicode')}\n"


def _add_points(segment: etree._Element, fixes: pd.DataFrame, times: list[str], look: _Style) -> None:
    columns = ("latitude_deg", "longitude_deg", "elevation_m", "heart_rate_bpm", "cadence_spm")
    rows = zip(times, *(fixes[name].to_numpy(float) for name in columns), strict=True)
    for time, latitude, longitude, elevation, heart_rate, cadence in rows:
        point = etree.SubElement(segment, _tag("trkpt"))
        point.set("lat", _degrees(latitude, look))
        point.set("lon", _degrees(longitude, look))
        if not np.isnan(elevation):
            _add_text(point, _tag("ele"), f"{elevation:.1f}")
        _add_text(point, _tag("time"), time)
        sensors = [("hr", heart_rate), ("cad", cadence / 2.0)]
        values = [(name, value) for name, value in sensors if not np.isnan(value)]
        if values:
            extensions = etree.SubElement(point, _tag("extensions"))
            holder = etree.SubElement(extensions, f"{{{_TPX}}}TrackPointExtension")
            for name, value in values:
                _add_text(holder, f"{{{_TPX}}}{name}", f"{value:.0f}")


def _tag(name: str) -> str:
    return f"{{{_GPX}}}{name}"


def _add_text(parent: etree._Element, tag: str, text: str) -> None:
    etree.SubElement(parent, tag).text = text


def _degrees(value: float, look: _Style) -> str:
    return repr(float(value)) if look.decimals is None else f"{value:.{look.decimals}f}"


def _time_texts(time: pd.Series, look: _Style) -> list[str]:
    plain = time.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
    return [f"{text}Z" for text in np.datetime_as_string(plain, unit=look.time_unit)]
