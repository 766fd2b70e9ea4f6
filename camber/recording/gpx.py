"""GPX 1.0 and 1.1, read by local name in any namespace, and as objects of gpxpy."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

import gpxpy.gpx

from camber.errors import UnsupportedFormatError
from camber.recording.limits import ReadLimits
from camber.recording.outings import Leg, the_one
from camber.recording.xml import TrackReader

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml import etree

    from camber.recording.xml import Columns
    from camber.schema import Recording

    _Point = gpxpy.gpx.GPXTrackPoint | gpxpy.gpx.GPXRoutePoint

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
    titles = frozenset({"name", "type", "src"})
    elements = points | titles | {"gpx", "trk", "trkseg", "rte", "metadata"}

    def start(self, name: str, element: etree._Element) -> None:
        """Begin a part with each track, segment and route."""
        if name == "trk":
            self.begin_track()
        elif name == "trkseg":
            self.runs.begin_part()
        elif name == "rte":
            self.plans.begin_part()
        elif name == "gpx":
            self.note("creator", element.get("creator"))
        if name == "trk" and not self.runs.points.dates:
            self._date(element.getparent())

    def _date(self, root: etree._Element | None) -> None:
        """Look for the time of the file before its tracks: in ``metadata``, or in GPX 1.0 bare."""
        heads = () if root is None else [root, *(e for e in root if self.names[e.tag] == "metadata")]
        for head in heads:
            for element in head:
                if self.names[element.tag] == "time":
                    self.note_date(element.text)

    def begin_track(self) -> None:
        """Begin a track, of which nothing is known yet."""
        self.legs.append(Leg())
        self.runs.begin_leg()

    def note(self, key: str, text: str | None) -> None:
        """Keep title and sport of a track with it too."""
        super().note(key, text)
        if self.legs and text and text.strip():
            leg = self.legs[-1]
            if key == "trk/name":
                leg.name = leg.name or text
            elif key == "trk/type":
                leg.sport = leg.sport or text

    def take(self, name: str, within: str, point: etree._Element) -> None:
        """Take a point of a track or a route; waypoints are none."""
        if within not in _LINES or name == "wpt":
            return
        columns = self.runs if name == "trkpt" else self.plans
        names, moment = self.names, None
        if len(point) > _USUAL:
            self.check_point(point)
        for child in point:
            name = names[child.tag]
            if name == "time":
                moment = moment or child.text
            elif name in _DIRECT:
                columns.add(_DIRECT[name], child.text)
            elif name == "extensions":
                self._extensions(child, columns)
        columns.time.append(moment)
        columns.longitude.append(point.get("lon"))
        columns.lines.append(point.sourceline)
        columns.latitude.append(point.get("lat"))

    def take_objects(self, points: Iterable[_Point], columns: Columns) -> None:
        """Take the points of a line that gpxpy has read."""
        columns.begin_part()
        for point in points:
            columns.add("elevation_m", _text(point.elevation))
            columns.add("speed_mps", _text(getattr(point, "speed", None)))
            for extension in point.extensions:
                self._extensions(extension, columns)
            columns.time.append(_text(point.time))
            columns.longitude.append(_text(point.longitude))
            columns.lines.append(None)
            columns.latitude.append(_text(point.latitude))

    def _extensions(self, extensions: etree._Element, columns: Columns) -> None:
        for element in extensions.iter():
            column = _EXTENDED.get(self.names[element.tag])
            if column is not None:
                columns.add(column, element.text)

    def header(self, *, is_route: bool) -> tuple[str | None, str | None, str | None]:
        """Give title, sport and device."""
        name = self.first(*(["rte/name"] if is_route else []), "metadata/name", "gpx/name")
        device = self.device("creator", "author/name", "rte/src" if is_route else "trk/src")
        return name, self.first("rte/type"), device


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
    SeveralRecordingsError
        If it holds more than one recording on foot.
    """
    if not isinstance(gpx, gpxpy.gpx.GPX):
        raise UnsupportedFormatError(f"is no gpxpy.gpx.GPX but {type(gpx).__name__}", path=_OBJECT)
    reader = GpxReader(_OBJECT, limits or ReadLimits())
    for track in gpx.tracks:
        reader.begin_track()
        reader.note("trk/name", track.name)
        reader.note("trk/type", track.type)
        for segment in track.segments:
            reader.take_objects(segment.points, reader.runs)
    for route in gpx.routes:
        reader.note("rte/name", route.name)
        reader.note("rte/type", route.type)
        reader.take_objects(route.points, reader.plans)
    reader.note("metadata/name", gpx.name)
    reader.note("creator", gpx.creator)
    reader.flush()
    return the_one(reader.recordings(), _OBJECT)


def _text(value: object) -> str | None:
    """Write a value as a file would."""
    return None if value is None else value.isoformat() if isinstance(value, datetime) else str(value)
