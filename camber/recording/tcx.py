"""Garmin's Training Center XML, read by local name in any namespace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from camber.recording.columns import Columns
from camber.recording.measures import TCX, LocalNames
from camber.recording.points import Header, Points, assemble

if TYPE_CHECKING:
    from lxml import etree

    from camber.recording.limits import ReadLimits
    from camber.schema import Problem, Recording

_TITLES: Final = {"Activity/Notes": "name", "Creator/Name": "device", "Course/Name": "course"}


class TcxReader:
    """Gathers the activities and courses of a TCX document; told by `camber.recording.xml.parse`.

    A lap's first track goes on where the lap before ended; each further one in the same lap follows a
    pause, which is how Garmin's devices write one. Trackpoints without a position are normal: they carry
    heart rate alone.

    Parameters
    ----------
    root : Element
        The first element.
    label : str
        Base name of the file.
    limits : ReadLimits
        What the file may cost.
    """

    tags = tuple(
        f"{{*}}{name}"
        for name in (
            *("TrainingCenterDatabase", "Activity", "Course", "Lap", "Track", "Trackpoint"),
            *("Notes", "Name", "Creator"),
        )
    )
    points = frozenset({"Trackpoint"})

    def __init__(self, root: etree._Element, label: str, limits: ReadLimits) -> None:
        self._activities, self._courses = Points(label, limits), Points(label, limits)
        self._columns = Columns()
        self._target = self._activities
        self._names = LocalNames()
        self._texts: dict[str, str] = {}
        self._legs: list[tuple[int, str | None]] = []
        self._tracks_in_lap = 0
        self._names[root.tag]

    def start(self, element: etree._Element) -> None:
        """Take the start of an element.

        Parameters
        ----------
        element : Element
            The element.
        """
        name = self._names[element.tag]
        if name == "Activity":
            self.pause()
            self._target = self._activities
            self._target.begin_part()
            self._legs.append((len(self._target), element.get("Sport")))
        elif name == "Course":
            self.pause()
            self._target = self._courses
            self._target.begin_part()
        elif name == "Lap":
            self._tracks_in_lap = 0
        elif name == "Track":
            self._tracks_in_lap += 1
            if self._tracks_in_lap > 1:
                self._columns.begin_part()

    def end(self, element: etree._Element) -> None:
        """Take an element that is complete.

        Parameters
        ----------
        element : Element
            The element.
        """
        name = self._names[element.tag]
        if name == "Trackpoint":
            self._take(element)
        elif name in {"Notes", "Name"}:
            parent = element.getparent()
            key = _TITLES.get(f"{self._names[parent.tag]}/{name}") if parent is not None else None
            if key is not None and element.text and element.text.strip():
                self._texts.setdefault(key, element.text)

    def pause(self) -> None:
        """Read what was gathered."""
        self._columns.flush(self._target)

    def recording(self, problems: tuple[Problem, ...]) -> Recording:
        """Give what was read.

        Parameters
        ----------
        problems : tuple of Problem
            What was found on the way.

        Returns
        -------
        Recording
            The activities; the courses, which are plans, where no activity holds two positions.
        """
        is_route = len(self._activities) < 2 <= len(self._courses)
        header = Header(
            format="tcx",
            name=self._texts.get("course" if is_route else "name"),
            sport=None if is_route else self._activities.keep_on_foot(self._legs),
            device=self._texts.get("device"),
            problems=problems,
        )
        return assemble(self._courses if is_route else self._activities, header, is_route=is_route)

    def _take(self, point: etree._Element) -> None:
        names, columns = self._names, self._columns
        moment = latitude = longitude = None
        for element in point.iter():
            name, text = names[element.tag], element.text
            if name == "Time":
                moment = moment or text
            elif name == "LatitudeDegrees":
                latitude = latitude or text
            elif name == "LongitudeDegrees":
                longitude = longitude or text
            elif name in TCX and not len(element):
                columns.add(TCX[name], text)
        if latitude is None and longitude is None:
            self._target.without_position += 1
            columns.drop_last()
            return
        columns.time.append(moment)
        columns.longitude.append(longitude)
        columns.lines.append(point.sourceline)
        columns.latitude.append(latitude)
