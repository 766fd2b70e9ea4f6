"""GPX objects that notebook users hold already."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import gpxpy.gpx

from camber.errors import UnsupportedFormatError
from camber.recording.limits import ReadLimits
from camber.recording.measures import LocalNames, measure, measure_extensions
from camber.recording.points import UNREADABLE, Header, Points, assemble
from camber.recording.values import Moment

if TYPE_CHECKING:
    from camber.schema import Recording

_LABEL = "GPX object"


def from_gpxpy(gpx: gpxpy.gpx.GPX, *, limits: ReadLimits | None = None) -> Recording:
    """Take a recording from an object of gpxpy.

    The same as `camber.read_recording` gives for the same well-formed file, but for what gpxpy drops on the
    way: times that it cannot read, the sport in a file of version 1.0 and a point's own speed in one of 1.1.

    Parameters
    ----------
    gpx : gpxpy.gpx.GPX
        The object; is not changed.
    limits : ReadLimits, optional
        How many points it may hold, and which times can be true.

    Returns
    -------
    Recording
        The tracks; the routes where no track holds two positions.

    Raises
    ------
    UnsupportedFormatError
        If it is no object of gpxpy.
    DamagedFileError
        If too large a share of the points has no usable position, or there are too many.
    NoTrackError
        If neither tracks nor routes hold two usable positions.
    """
    if not isinstance(gpx, gpxpy.gpx.GPX):
        raise UnsupportedFormatError(f"is no gpxpy.gpx.GPX but {type(gpx).__name__}", path=_LABEL)
    limits = limits or ReadLimits()
    tracks, routes = Points(_LABEL, limits), Points(_LABEL, limits)
    for track in gpx.tracks:
        for segment in track.segments:
            _take(tracks, segment.points)
    for route in gpx.routes:
        _take(routes, route.points)
    is_route = len(tracks) < 2 <= len(routes)
    lines = gpx.routes if is_route else gpx.tracks
    header = Header(
        name=_first(*(line.name for line in lines), gpx.name),
        sport=_first(*(line.type for line in lines)),
        device=gpx.creator,
    )
    return assemble(routes if is_route else tracks, header, is_route=is_route)


def _take(columns: Points, points: list[Any]) -> None:
    names = LocalNames()
    columns.begin_part()
    for point in points:
        found: dict[str, float] = {}
        for column, value in (("elevation_m", point.elevation), ("speed_mps", getattr(point, "speed", None))):
            if value is not None:
                columns.bad_values += measure(found, column, _number(value))
        elements = (element for extension in point.extensions for element in extension.iter())
        columns.bad_values += measure_extensions(found, elements, names)
        place = _number(point.latitude), _number(point.longitude)
        columns.add(place, None if point.time is None else _moment(point.time), found)


def _moment(time: object) -> Moment:
    if not isinstance(time, datetime):
        return UNREADABLE
    is_local = time.utcoffset() is None
    since = (time.replace(tzinfo=UTC) if is_local else time) - datetime(1970, 1, 1, tzinfo=UTC)
    return Moment((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds, is_local=is_local)


def _number(value: object) -> float:
    number = float(value) if isinstance(value, int | float) else math.nan
    return number if math.isfinite(number) else math.nan


def _first(*texts: str | None) -> str | None:
    return next((text for text in texts if text and text.strip()), None)
