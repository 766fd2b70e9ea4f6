"""GPX objects that notebook users hold already."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import gpxpy.gpx
import numpy as np

from camber.errors import UnsupportedFormatError
from camber.recording.limits import ReadLimits
from camber.recording.measures import EXTENDED, SIGNED, LocalNames
from camber.recording.points import Batch, Header, Points, assemble
from camber.recording.texts import NO_TIME, UNREADABLE_TIME, Moments
from camber.recording.values import parse_number

if TYPE_CHECKING:
    from collections.abc import Iterator

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
        format="gpx",
        name=_first(*(line.name for line in lines), gpx.name),
        sport=_first(*(line.type for line in lines)),
        device=gpx.creator,
    )
    return assemble(routes if is_route else tracks, header, is_route=is_route)


def _take(columns: Points, points: list[Any]) -> None:
    moments = [_moment(point.time) for point in points]
    measures: dict[str, list[float]] = {}
    names = LocalNames()
    for row, point in enumerate(points):
        for name, number in _measures(point, names):
            columns.bad_values += int(math.isnan(number))
            column = measures.setdefault(name, [math.nan] * len(points))
            if math.isnan(column[row]) and (number >= 0.0 or name == SIGNED):
                column[row] = number
    columns.begin_part()
    columns.extend(
        Batch(
            np.array([_number(point.latitude) for point in points], dtype=float),
            np.array([_number(point.longitude) for point in points], dtype=float),
            Moments(
                np.array([moment for moment, _ in moments], dtype=np.int64),
                np.array([is_local for _, is_local in moments], dtype=bool),
            ),
            {name: np.array(column) for name, column in measures.items()},
            np.zeros(len(points), dtype=bool),
            [None] * len(points),
        )
    )


def _measures(point: Any, names: LocalNames) -> Iterator[tuple[str, float]]:  # noqa: ANN401 - gpxpy has no types
    for name, value in (("elevation_m", point.elevation), ("speed_mps", getattr(point, "speed", None))):
        if value is not None:
            yield name, _number(value)
    for extension in point.extensions:
        for element in extension.iter():
            column = EXTENDED.get(names[element.tag])
            if column is not None and element.text:
                yield column, parse_number(element.text)


def _moment(time: object) -> tuple[int, bool]:
    if not isinstance(time, datetime):
        return NO_TIME if time is None else UNREADABLE_TIME, False
    is_local = time.utcoffset() is None
    since = (time.replace(tzinfo=UTC) if is_local else time) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds, is_local


def _number(value: object) -> float:
    number = float(value) if isinstance(value, int | float) else math.nan
    return number if math.isfinite(number) else math.nan


def _first(*texts: str | None) -> str | None:
    return next((text for text in texts if text and text.strip()), None)
