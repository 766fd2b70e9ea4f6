"""GPX 1.0 and 1.1 as a stream of elements, read by local name in any namespace."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from lxml import etree

from camber.errors import DamagedFileError, UnsupportedFormatError
from camber.recording.content import doctype_error
from camber.recording.points import Header, Points, assemble
from camber.recording.values import parse_number, parse_time

if TYPE_CHECKING:
    from collections.abc import Iterable

    from camber.recording.content import Chunks
    from camber.recording.limits import ReadLimits
    from camber.schema import Recording

DIRECT: Final = {"ele": "elevation_m", "speed": "speed_mps"}
"""Children of a point; ``speed`` is GPX 1.0's."""

EXTENDED: Final = {
    "hr": "heart_rate_bpm",
    "heartrate": "heart_rate_bpm",
    "cad": "cadence_spm",
    "cadence": "cadence_spm",
    "speed": "speed_mps",
    "hAcc": "accuracy_m",
}
"""Descendants of a point's extensions, as Garmin (TrackPointExtension), Cluetrust and Apple name them."""

_NOT_NEGATIVE: Final = frozenset(EXTENDED.values())
"""Apple writes -1 for a speed or an accuracy that it does not know."""

_OTHER_XML: Final = {
    "TrainingCenterDatabase": "a Garmin TCX file, which is not read yet; export the run as GPX",
    "kml": "a KML file; export the run as GPX",
    "osm": "OpenStreetMap data, not a recording; give it as the roads",
    "html": "a web page, perhaps that of a login; fetch the recording itself",
    "loc": "a list of geocaches",
}


def measure(found: dict[str, float], column: str, number: float) -> bool:
    """Keep a number under its column unless the column is filled; tell whether the number is one.

    Parameters
    ----------
    found : dict
        What the point has so far; is added to.
    column : str
        Column of the fixes.
    number : float
        The number, NaN where the text was none.

    Returns
    -------
    bool
        False where the number is NaN.
    """
    if math.isnan(number):
        return False
    if column not in found and not (number < 0.0 and column in _NOT_NEGATIVE):
        found[column] = number
    return True


def measure_extensions(found: dict[str, float], elements: Iterable[etree._Element]) -> int:
    """Read what camber uses of a point's extensions.

    Parameters
    ----------
    found : dict
        What the point has so far; is added to.
    elements : iterable of elements
        The extensions, at any depth.

    Returns
    -------
    int
        How many values are no numbers; an empty element is none.
    """
    bad = 0
    for element in elements:
        column = EXTENDED.get(_local(element.tag))
        if column is not None and element.text:
            bad += not measure(found, column, parse_number(element.text))
    return bad


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
    reader = _Reader(label, limits)
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
    try:
        for event, element in events:
            if event == "start":
                reader.start(element)
            else:
                reader.end(element)
    except etree.LxmlError as error:
        raise _broken(error, label) from error
    return reader.recording()


@dataclass
class _Reader:
    label: str
    limits: ReadLimits
    path: list[str] = field(default_factory=list)
    elements: int = 0
    point_depth: int = 0
    point_elements: int = 0
    texts: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tracks = Points(self.label, self.limits)
        self.routes = Points(self.label, self.limits)

    def start(self, element: etree._Element) -> None:
        name = _local(element.tag)
        if not self.path:
            self._check_root(element, name)
        self.path.append(name)
        self.elements += 1
        self._check_limits(element)
        if self.point_depth:
            return
        if name in {"trk", "trkseg"}:
            self.tracks.begin_part()
        elif name == "rte":
            self.routes.begin_part()
        elif name in {"trkpt", "rtept", "wpt"}:
            self.point_depth, self.point_elements = len(self.path), 0

    def end(self, element: etree._Element) -> None:
        depth, name = len(self.path), self.path.pop()
        if self.point_depth:
            if depth > self.point_depth:
                return
            self.point_depth = 0
            if name != "wpt":
                self._take_point(element, self.tracks if name == "trkpt" else self.routes)
        elif name in {"name", "type"}:
            self.texts.setdefault(f"{self.path[-1] if self.path else ''}/{name}", element.text or "")
        element.clear()
        # What stands before is done with; the element itself has to stay for the parser to go on from.
        parent = element.getparent()
        while parent is not None and element.getprevious() is not None:
            del parent[0]

    def recording(self) -> Recording:
        is_route = len(self.tracks) < 2 <= len(self.routes)
        header = Header(
            name=self._first("rte/name" if is_route else "trk/name", "metadata/name", "gpx/name"),
            sport=self._first("rte/type" if is_route else "trk/type"),
            device=self.texts.get("creator"),
        )
        return assemble(self.routes if is_route else self.tracks, header, is_route=is_route)

    def _first(self, *keys: str) -> str | None:
        return next((self.texts[key] for key in keys if self.texts.get(key, "").strip()), None)

    def _check_root(self, root: etree._Element, name: str) -> None:
        if root.getroottree().docinfo.internalDTD is not None:
            raise doctype_error(self.label)
        if name != "gpx":
            meaning = _OTHER_XML.get(name, f"XML of another kind (<{name[:40]}>)")
            raise UnsupportedFormatError(f"is no GPX: it seems to be {meaning}", path=self.label)
        self.texts["creator"] = root.get("creator") or ""

    def _check_limits(self, element: etree._Element) -> None:
        limits = self.limits
        self.point_elements += 1
        if len(self.path) > limits.depth:
            text = f"nests more than {limits.depth} elements"
        elif self.elements > limits.elements:
            text = f"holds more than {limits.elements:,} elements"
        elif len(element.attrib) > limits.attributes:
            text = f"has an element with more than {limits.attributes} attributes"
        elif self.point_depth and self.point_elements > limits.point_elements:
            text = f"has a point with more than {limits.point_elements} elements"
        else:
            return
        raise DamagedFileError(f"{text}, as no recording does", path=self.label, offset=element.sourceline)

    def _take_point(self, element: etree._Element, points: Points) -> None:
        found: dict[str, float] = {}
        moment_text: str | None = None
        for child in element:
            name = _local(child.tag)
            if name == "time":
                moment_text = moment_text or child.text
            elif name == "extensions":
                points.bad_values += measure_extensions(found, child.iter())
            elif name in DIRECT and child.text:
                points.bad_values += not measure(found, DIRECT[name], parse_number(child.text))
        moment = parse_time(moment_text)
        if moment_text is not None and moment is None:
            points.bad_times += 1
        place = parse_number(element.get("lat")), parse_number(element.get("lon"))
        points.add(place, moment, found, element.sourceline)


def _local(tag: object) -> str:
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _broken(error: etree.LxmlError, label: str) -> DamagedFileError:
    line = getattr(error, "lineno", None)
    reason = str(error).split(", line ")[0][:200]
    return DamagedFileError(f"is no well-formed XML ({reason}); export it again", path=label, offset=line)
