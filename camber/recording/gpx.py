"""GPX 1.0 and 1.1, read by local name in any namespace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from camber.recording.columns import Columns
from camber.recording.measures import DIRECT, EXTENDED, LocalNames
from camber.recording.points import Header, Points, assemble
from camber.recording.xml import check_point

if TYPE_CHECKING:
    from lxml import etree

    from camber.recording.limits import ReadLimits
    from camber.schema import Problem, Recording

_TITLES: Final = frozenset({"name", "type"})
_LINES: Final = frozenset({"trkseg", "trk", "rte", "gpx"})
"""Where points stand; in a point's extensions they are none."""

_USUAL: Final = 20
"""Children of a point that the schema knows; the elements of one with more are counted."""


class GpxReader:
    """Gathers the tracks and routes of a GPX document; told by `camber.recording.xml.parse`.

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
        for name in ("gpx", "trk", "trkseg", "trkpt", "rte", "rtept", "wpt", "name", "type", "metadata")
    )
    points = frozenset({"trkpt", "rtept", "wpt"})

    def __init__(self, root: etree._Element, label: str, limits: ReadLimits) -> None:
        self._tracks, self._routes = Points(label, limits), Points(label, limits)
        self._track_columns, self._route_columns = Columns(), Columns()
        self._names = LocalNames()
        self._texts = {"creator": root.get("creator") or ""}
        self._limits = limits

    def start(self, element: etree._Element) -> None:
        """Take the start of an element.

        Parameters
        ----------
        element : Element
            The element.
        """
        name = self._names[element.tag]
        if name in {"trk", "trkseg"}:
            self._track_columns.begin_part()
        elif name == "rte":
            self._route_columns.begin_part()

    def end(self, element: etree._Element) -> None:
        """Take an element that is complete.

        Parameters
        ----------
        element : Element
            The element.
        """
        name = self._names[element.tag]
        parent = element.getparent()
        within = "" if parent is None else self._names[parent.tag]
        if name == "trkpt" and within in _LINES:
            self._take(element, self._track_columns)
        elif name == "rtept" and within in _LINES:
            self._take(element, self._route_columns)
        elif name in _TITLES and parent is not None and element.text and element.text.strip():
            self._texts.setdefault(f"{self._names[parent.tag]}/{name}", element.text)

    def pause(self) -> None:
        """Read what was gathered."""
        self._track_columns.flush(self._tracks)
        self._route_columns.flush(self._routes)

    def recording(self, problems: tuple[Problem, ...]) -> Recording:
        """Give what was read.

        Parameters
        ----------
        problems : tuple of Problem
            What was found on the way.

        Returns
        -------
        Recording
            The tracks; the routes where no track holds two positions.
        """
        is_route = len(self._tracks) < 2 <= len(self._routes)
        header = Header(
            format="gpx",
            name=self._first("rte/name" if is_route else "trk/name", "metadata/name", "gpx/name"),
            sport=self._first("rte/type" if is_route else "trk/type"),
            device=self._texts.get("creator"),
            problems=problems,
        )
        return assemble(self._routes if is_route else self._tracks, header, is_route=is_route)

    def _first(self, *keys: str) -> str | None:
        return next((self._texts[key] for key in keys if key in self._texts), None)

    def _take(self, point: etree._Element, columns: Columns) -> None:
        names, moment = self._names, None
        if len(point) > _USUAL:
            check_point(point, self._tracks.label, self._limits)
        for child in point:
            name = names[child.tag]
            if name == "time":
                moment = moment or child.text
            elif name in DIRECT:
                columns.add(DIRECT[name], child.text)
            elif name == "extensions":
                for element in child.iter():
                    column = EXTENDED.get(names[element.tag])
                    if column is not None:
                        columns.add(column, element.text)
        columns.time.append(moment)
        columns.longitude.append(point.get("lon"))
        columns.lines.append(point.sourceline)
        columns.latitude.append(point.get("lat"))
