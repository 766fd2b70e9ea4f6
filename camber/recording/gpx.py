"""GPX 1.0 and 1.1, read by local name in any namespace, and as objects of gpxpy."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import gpxpy.gpx
import numpy as np

from camber.errors import UnsupportedFormatError
from camber.recording.limits import ReadLimits
from camber.recording.points import SIGNED, Points, assemble
from camber.recording.texts import NO_TIME, UNREADABLE_TIME, Moments, parse_number
from camber.recording.xml import LocalNames, TrackReader, check_point

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

    from camber.schema import Recording

_LINES: Final = frozenset({"trkseg", "trk", "rte", "gpx"})
"""Where points stand; in a point's extensions they are none."""

_USUAL: Final = 20
"""Children of a point that the schema knows; the elements of one with more are counted."""

_DIRECT: Final = {"ele": "elevation_m", "speed": "speed_mps"}
"""Children of a point; ``speed`` is that of GPX 1.0."""

_EXTENDED: Final = {
    "hr": "heart_rate_bpm",
    "heartrate": "heart_rate_bpm",
    "cad": "cadence_spm",
    "cadence": "cadence_spm",
    "speed": "speed_mps",
    "hAcc": "accuracy_m",
}
"""Descendants of a point's extensions, as Garmin (TrackPointExtension), Cluetrust and Apple name them."""

_OBJECT: Final = "GPX object"


class GpxReader(TrackReader):
    """Gathers the tracks and routes of a GPX document."""

    format = "gpx"
    points = frozenset({"trkpt", "rtept", "wpt"})
    titles = frozenset({"name", "type"})
    elements = points | titles | {"gpx", "trk", "trkseg", "rte", "metadata"}

    def start(self, name: str, element: etree._Element) -> None:  # noqa: ARG002 - what all readers are told
        """Begin a part with each track, segment and route."""
        if name in {"trk", "trkseg"}:
            self.runs.begin_part()
        elif name == "rte":
            self.plans.begin_part()

    def take(self, name: str, within: str, point: etree._Element) -> None:
        """Take a point of a track or a route; waypoints are none."""
        if within not in _LINES or name == "wpt":
            return
        columns = self.runs if name == "trkpt" else self.plans
        names, moment = self.names, None
        if len(point) > _USUAL:
            check_point(point, columns.points.label, self.limits)
        for child in point:
            name = names[child.tag]
            if name == "time":
                moment = moment or child.text
            elif name in _DIRECT:
                columns.add(_DIRECT[name], child.text)
            elif name == "extensions":
                for element in child.iter():
                    column = _EXTENDED.get(names[element.tag])
                    if column is not None:
                        columns.add(column, element.text)
        columns.time.append(moment)
        columns.longitude.append(point.get("lon"))
        columns.lines.append(point.sourceline)
        columns.latitude.append(point.get("lat"))

    def header(self, *, is_route: bool) -> tuple[str | None, str | None, str | None]:
        """Give title, sport and device."""
        line = "rte" if is_route else "trk"
        name = self.first(f"{line}/name", "metadata/name", "gpx/name")
        return name, self.first(f"{line}/type"), self.texts["creator"]


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
        raise UnsupportedFormatError(f"is no gpxpy.gpx.GPX but {type(gpx).__name__}", path=_OBJECT)
    limits = limits or ReadLimits()
    tracks, routes = Points(_OBJECT, limits), Points(_OBJECT, limits)
    for track in gpx.tracks:
        for segment in track.segments:
            _extend(tracks, segment.points)
    for route in gpx.routes:
        _extend(routes, route.points)
    is_route = len(tracks) < 2 <= len(routes)
    lines = gpx.routes if is_route else gpx.tracks
    return assemble(
        routes if is_route else tracks,
        "gpx",
        name=_first(*(line.name for line in lines), gpx.name),
        sport=_first(*(line.type for line in lines)),
        device=gpx.creator,
        is_route=is_route,
    )


def _extend(columns: Points, points: list[Any]) -> None:
    moments = [_moment(point.time) for point in points]
    measures: dict[str, np.ndarray[Any, np.dtype[np.float64]]] = {}
    names = LocalNames()
    for row, point in enumerate(points):
        for name, number in _measures(point, names):
            columns.counts["bad_value"] += math.isnan(number)
            column = measures.setdefault(name, np.full(len(points), math.nan))
            if math.isnan(column[row]) and (number >= 0.0 or name == SIGNED):
                column[row] = number
    columns.begin_part()
    columns.extend(
        np.array([_number(point.latitude) for point in points], dtype=float),
        np.array([_number(point.longitude) for point in points], dtype=float),
        Moments(
            np.array([moment for moment, _ in moments], dtype=np.int64),
            np.array([is_local for _, is_local in moments], dtype=bool),
        ),
        measures,
    )


def _measures(point: Any, names: LocalNames) -> Iterator[tuple[str, float]]:  # noqa: ANN401 - gpxpy has no types
    for name, value in (("elevation_m", point.elevation), ("speed_mps", getattr(point, "speed", None))):
        if value is not None:
            yield name, _number(value)
    for extension in point.extensions:
        for element in extension.iter():
            column = _EXTENDED.get(names[element.tag])
            if column is not None and element.text:
                yield column, parse_number(element.text)


def _moment(time: object) -> tuple[int, bool]:
    """Give microseconds since 1970, and whether they are those of the wall clock."""
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
