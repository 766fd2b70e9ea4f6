"""Garmin's Training Center XML, read by local name in any namespace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from camber.recording.outings import Leg
from camber.recording.xml import TrackReader

if TYPE_CHECKING:
    from lxml import etree

    from camber.recording.limits import ReadLimits

_MEASURES: Final = {
    "AltitudeMeters": "elevation_m",
    "HeartRateBpm": "heart_rate_bpm",
    "Value": "heart_rate_bpm",
    "Cadence": "cadence_spm",
    "RunCadence": "cadence_spm",
    "Speed": "speed_mps",
}
"""Descendants of a trackpoint (TrainingCenterDatabase v2 and ActivityExtension v2)."""


class TcxReader(TrackReader):
    """Gathers the activities, and the courses, which are plans, of a TCX document.

    A lap's first track goes on where the lap before ended; each further one in the same lap follows a
    pause, which is how Garmin's devices write one. Trackpoints without a position are normal: they carry
    heart rate alone.
    """

    format = "tcx"
    points = frozenset({"Trackpoint"})
    titles = frozenset({"Notes", "Name", "Id"})
    elements = (
        points
        | titles
        | {"TrainingCenterDatabase", "Activity", "Course", "Lap", "Track", "Creator", "Author"}
    )

    def __init__(self, label: str, limits: ReadLimits) -> None:
        super().__init__(label, limits)
        self._target = self.runs
        self._tracks_in_lap = 0

    def start(self, name: str, element: etree._Element) -> None:
        """Begin a part with each activity and course, and after each pause."""
        if name in {"Activity", "Course"}:
            self._target = self.runs if name == "Activity" else self.plans
            self._target.begin_leg()
            if name == "Activity":
                self.legs.append(Leg(sport=element.get("Sport")))
        elif name == "Lap":
            self._tracks_in_lap = 0
            if not self._target.points.dates:
                self.note_date(element.get("StartTime"))
        elif name == "Track":
            self._tracks_in_lap += 1
            if self._tracks_in_lap > 1:
                self._target.begin_part()

    def note(self, key: str, text: str | None) -> None:
        """Keep title and number of an activity with it."""
        super().note(key, text)
        if self.legs and text and text.strip():
            leg = self.legs[-1]
            if key == "Activity/Notes":
                leg.name = leg.name or text
            elif key == "Activity/Id":
                leg.ident = leg.ident or text.strip()

    def take(self, name: str, within: str, point: etree._Element) -> None:  # noqa: ARG002 - what all are told
        """Take a trackpoint."""
        names, columns = self.names, self._target
        moment = latitude = longitude = None
        for element in point.iter():
            name, text = names[element.tag], element.text
            if name == "Time":
                moment = moment or text
            elif name == "LatitudeDegrees":
                latitude = latitude or text
            elif name == "LongitudeDegrees":
                longitude = longitude or text
            elif name in _MEASURES and not len(element):
                columns.add(_MEASURES[name], text)
        if latitude is None and longitude is None:
            columns.points.counts["no_position"] += 1
            columns.drop_last()
            return
        columns.time.append(moment)
        columns.longitude.append(longitude)
        columns.lines.append(point.sourceline)
        columns.latitude.append(latitude)

    def header(self, *, is_route: bool) -> tuple[str | None, str | None, str | None]:
        """Give title, sport and device."""
        device = self.device("Creator/Name", "Author/Name")
        return self.first("Course/Name") if is_route else None, None, device
