"""GPX 1.0 and 1.1 as a stream of elements, read by local name in any namespace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lxml import etree

from camber.errors import DamagedFileError, UnsupportedFormatError
from camber.recording.content import doctype_error
from camber.recording.measures import DIRECT, LocalNames, measure, measure_extensions
from camber.recording.points import UNREADABLE, Header, Points, assemble
from camber.recording.values import parse_number, parse_time

if TYPE_CHECKING:
    from collections.abc import Iterable

    from camber.recording.content import Chunks
    from camber.recording.limits import ReadLimits
    from camber.schema import Recording

_OTHER_XML: Final = {
    "TrainingCenterDatabase": "a Garmin TCX file, which is not read yet; export the run as GPX",
    "kml": "a KML file; export the run as GPX",
    "osm": "OpenStreetMap data, not a recording; give it as the roads",
    "html": "a web page, perhaps that of a login; fetch the recording itself",
    "loc": "a list of geocaches",
}


def read_gpx(content: Chunks, encoding: str | None, label: str, limits: ReadLimits) -> Recording:
    """Read GPX from a stream; memory does not grow but for the numbers kept.

    Parameters
    ----------
    content : Chunks
        The content, trimmed.
    encoding : str or None
        Encoding that overrules what the content declares.
    label : str
        Base name of the file.
    limits : ReadLimits
        What the file may cost.

    Returns
    -------
    Recording
        The tracks; the routes where no track holds two positions.

    Raises
    ------
    UnsupportedFormatError
        If the XML is no GPX.
    DamagedFileError
        If the XML is broken, declares a document type or goes beyond a limit.
    NoTrackError
        If neither tracks nor routes hold two usable positions.
    """
    events = etree.iterparse(
        content,
        events=("start", "end"),
        encoding=encoding,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    reader = _Reader(label, limits)
    try:
        _run(events, reader, limits)
    except etree.LxmlError as error:
        raise _broken(error, label) from error
    return reader.recording()


def _run(events: Iterable[tuple[str, etree._Element]], reader: _Reader, limits: ReadLimits) -> None:
    depth = elements = point_depth = 0
    allowed = limits.elements
    for event, element in events:
        if event == "start":
            depth += 1
            elements += 1
            if depth > limits.depth or elements > allowed:
                raise reader.refuse(element, depth, elements)
            # Most elements stand within a point, which is read as a whole at its end.
            if not point_depth and reader.start(element):
                point_depth, allowed = depth, min(allowed, elements + limits.point_elements)
        else:
            if depth == point_depth:
                point_depth, allowed = 0, limits.elements
            if not point_depth:
                reader.end(element)
            depth -= 1


class _Reader:
    def __init__(self, label: str, limits: ReadLimits) -> None:
        self.label = label
        self.limits = limits
        self.tracks = Points(label, limits)
        self.routes = Points(label, limits)
        self.path: list[str] = []
        self.texts: dict[str, str] = {}
        self.names = LocalNames()

    def start(self, element: etree._Element) -> bool:
        name = self.names[element.tag]
        if not self.path:
            self._check_root(element, name)
        if len(element.attrib) > self.limits.attributes:
            raise self._refusal(f"has an element with more than {self.limits.attributes} attributes", element)
        self.path.append(name)
        if name in {"trk", "trkseg"}:
            self.tracks.begin_part()
        elif name == "rte":
            self.routes.begin_part()
        return name in {"trkpt", "rtept", "wpt"}

    def end(self, element: etree._Element) -> None:
        name = self.path.pop()
        if name == "trkpt":
            self._take_point(element, self.tracks)
        elif name == "rtept":
            self._take_point(element, self.routes)
        elif name in {"name", "type"}:
            self._keep_text(element, name)
        element.clear()
        # What stands before is done with; the element itself has to stay for the parser to go on from.
        parent = element.getparent()
        while parent is not None and element.getprevious() is not None:
            del parent[0]

    def _keep_text(self, element: etree._Element, name: str) -> None:
        if self.path and element.text and element.text.strip():
            self.texts.setdefault(f"{self.path[-1]}/{name}", element.text)

    def recording(self) -> Recording:
        is_route = len(self.tracks) < 2 <= len(self.routes)
        header = Header(
            name=self._first("rte/name" if is_route else "trk/name", "metadata/name", "gpx/name"),
            sport=self._first("rte/type" if is_route else "trk/type"),
            device=self.texts.get("creator"),
        )
        return assemble(self.routes if is_route else self.tracks, header, is_route=is_route)

    def refuse(self, element: etree._Element, depth: int, elements: int) -> DamagedFileError:
        limits = self.limits
        if depth > limits.depth:
            return self._refusal(f"nests more than {limits.depth} elements", element)
        if elements > limits.elements:
            return self._refusal(f"holds more than {limits.elements:,} elements", element)
        return self._refusal(f"has a point with more than {limits.point_elements} elements", element)

    def _refusal(self, what: str, element: etree._Element) -> DamagedFileError:
        return DamagedFileError(f"{what}, as no recording does", path=self.label, offset=element.sourceline)

    def _first(self, *keys: str) -> str | None:
        return next((self.texts[key] for key in keys if key in self.texts), None)

    def _check_root(self, root: etree._Element, name: str) -> None:
        if root.getroottree().docinfo.internalDTD is not None:
            raise doctype_error(self.label)
        if name != "gpx":
            meaning = _OTHER_XML.get(name, f"XML of another kind (<{name[:40]}>)")
            raise UnsupportedFormatError(f"is no GPX: it seems to be {meaning}", path=self.label)
        self.texts["creator"] = root.get("creator") or ""

    def _take_point(self, element: etree._Element, points: Points) -> None:
        found: dict[str, float] = {}
        moment_text: str | None = None
        for child in element:
            name, text = self.names[child.tag], child.text
            if name == "time":
                moment_text = moment_text or text
            elif name == "extensions":
                points.bad_values += measure_extensions(found, child.iter(), self.names)
            elif name in DIRECT and text:
                points.bad_values += measure(found, DIRECT[name], parse_number(text))
        moment = (parse_time(moment_text) or UNREADABLE) if moment_text else None
        place = parse_number(element.get("lat")), parse_number(element.get("lon"))
        points.add(place, moment, found, element.sourceline)


def _broken(error: etree.LxmlError, label: str) -> DamagedFileError:
    line = getattr(error, "lineno", None)
    reason = str(error).split(", line ")[0][:200]
    return DamagedFileError(f"is no well-formed XML ({reason}); export it again", path=label, offset=line)
