"""XML as a stream: parsed hardened, piece by piece, and forgotten as soon as it is read.

A piece of the file is parsed into a small tree by libxml2, whose elements are looked at only where a reader
asked for them; what is complete is then cut off, so that memory does not grow with the file.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, ClassVar, Final, Literal

import numpy as np
from lxml import etree

from camber.errors import DamagedFileError, UnsupportedFormatError
from camber.recording.content import doctype_error
from camber.recording.outings import Leg, recordings
from camber.recording.points import SIGNED, Points, assemble, check_usable
from camber.recording.texts import parse_numbers, parse_time, parse_times
from camber.recording.virtual_worlds import virtual_program

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from camber.recording.limits import ReadLimits
    from camber.schema import Recording

_OTHER_XML: Final = {
    "kml": "a KML file; export the run as GPX",
    "osm": "OpenStreetMap data, not a recording; give it as the roads",
    "html": "a web page, perhaps that of a login; fetch the recording itself",
    "loc": "a list of geocaches",
    "HealthData": "the list of an Apple Health export; import the whole export",
}
_UNDECLARED: Final = re.compile(r"Namespace prefix (\S{1,64}) (?:for \S+ )?(?:on \S+ )?is not defined")
_ROOT_TAG: Final = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?(?:gpx|TrainingCenterDatabase)(?=[\s>/])")
_ELEMENTS: Final = etree.XPath("count(//*)")
PREFIXES_MENDED: Final = 16
"""Undeclared prefixes that are declared before the file is given up; a judgement."""


class LocalNames(dict[object, str]):
    """Local names of elements by their full names, "" for what is no element, remembered as they come."""

    def __missing__(self, tag: object) -> str:
        """Cut the namespace off."""
        self[tag] = tag.rpartition("}")[2] if isinstance(tag, str) else ""
        return self[tag]


class Columns:
    """What the elements of points say, as texts, gathered column by column until they are read at once.

    Readers append to the lists themselves: a call for each point would cost as much as reading it.
    """

    def __init__(self, points: Points) -> None:
        self.points = points
        self._last_leg = -1
        self._begin()

    def _begin(self) -> None:
        self.latitude: list[str | None] = []
        self.longitude: list[str | None] = []
        self.time: list[str | None] = []
        self.lines: list[int | None] = []
        self._begins: list[int] = []
        self._legs: list[int] = []
        self._measures: dict[str, tuple[list[int], list[str]]] = {}

    def add(self, column: str, text: str | None) -> None:
        """Keep a measure of the point that is being read; an empty element says nothing."""
        if text:
            rows, texts = self._measures.setdefault(column, ([], []))
            rows.append(len(self.latitude))
            texts.append(text)

    def drop_last(self) -> None:
        """Forget what was added of the point that is being read."""
        row = len(self.latitude)
        for rows, texts in self._measures.values():
            while rows and rows[-1] == row:
                rows.pop()
                texts.pop()

    def begin_part(self) -> None:
        """Let the next usable point start a new part."""
        self._begins.append(len(self.latitude))

    def begin_leg(self) -> None:
        """Let the next point be of another leg."""
        self._legs.append(len(self.latitude))
        self.begin_part()

    def flush(self) -> None:
        """Read what was gathered, and begin again."""
        length = len(self.latitude)
        legs = self._last_leg + np.cumsum(np.bincount(self._legs, minlength=length + 1))
        if length:
            begins = np.zeros(length + 1, dtype=bool)
            begins[self._begins] = True
            self.points.extend(
                parse_numbers(self.latitude),
                parse_numbers(self.longitude),
                parse_times(self.time),
                {name: self._measure(name) for name in self._measures},
                begins[:length],
                self.lines,
                np.maximum(legs[:length], 0),
            )
        self._last_leg = int(legs[-1])
        if self._begins and self._begins[-1] == length:
            self.points.begin_part()
        self._begin()

    def _measure(self, name: str) -> NDArray[np.float64]:
        """Read one measure; where a point says it twice, the first that can be true counts."""
        rows, texts = self._measures[name]
        numbers = parse_numbers(texts)
        self.points.counts["bad_value"] += int(np.isnan(numbers).sum())
        usable = ~np.isnan(numbers) if name == SIGNED else numbers >= 0.0
        column = np.full(len(self.latitude), math.nan)
        column[np.array(rows)[usable][::-1]] = numbers[usable][::-1]
        return column


class UndeclaredPrefixError(DamagedFileError):
    """The XML uses a namespace prefix that it does not declare."""

    prefix: str = ""


def pull_parser(
    events: tuple[Literal["start", "end"], ...], tags: Sequence[str] | None, encoding: str | None = None
) -> etree.XMLPullParser[etree._Element]:
    """Give a parser that resolves nothing, loads nothing and keeps libxml2's own limits."""
    return etree.XMLPullParser(
        events=events,
        tag=tags,
        encoding=encoding,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def root_of(chunks: Iterator[bytes], encoding: str | None, label: str) -> tuple[str, Iterator[bytes]]:
    """Give the local name of a document's first element, and its bytes anew; refuse a document type."""
    parser = pull_parser(("start",), None, encoding)
    read: list[bytes] = []
    broken: etree.LxmlError | None = None
    for chunk in chunks:
        read.append(chunk)
        try:
            parser.feed(chunk)
        except etree.LxmlError as error:
            broken = error
        for _, root in parser.read_events():
            if root.getroottree().docinfo.internalDTD is not None:
                raise doctype_error(label)
            return LocalNames()[root.tag], chain(read, chunks)
        if broken is not None:
            break
    try:
        parser.close()
    except etree.LxmlError as error:
        broken = broken or error
    raise _broken_xml(broken or etree.LxmlError("no element found"), label)


def not_read(root: str, label: str) -> UnsupportedFormatError:
    """Error for XML that is no recording, told by the local name of its first element."""
    meaning = _OTHER_XML.get(root, f"XML of another kind (<{root[:40]}>)")
    return UnsupportedFormatError(f"is neither GPX nor TCX: it seems to be {meaning}", path=label)


def _broken_xml(error: etree.LxmlError, label: str) -> DamagedFileError:
    """Error for XML that is not well formed; an `UndeclaredPrefixError` where that alone is wrong so far."""
    line = getattr(error, "lineno", None)
    reason = str(error).split(", line ")[0][:200]
    text = f"is no well-formed XML ({reason}); export it again"
    undeclared = _UNDECLARED.match(str(error))
    if undeclared is None:
        return DamagedFileError(text, path=label, offset=line)
    found = UndeclaredPrefixError(text, path=label, offset=line)
    found.prefix = undeclared[1]
    return found


def declare(chunks: Iterator[bytes], prefixes: Sequence[str]) -> Iterator[bytes]:
    """Bind prefixes to names that mean nothing, in the first tag of a document; its encoding holds ASCII."""
    names = "".join(f' xmlns:{prefix}="urn:undeclared:{prefix}"' for prefix in prefixes).encode()
    head = next(chunks, b"")
    tag = _ROOT_TAG.search(head)
    if tag is not None:
        head = head[: tag.end()] + names + head[tag.end() :]
    return chain([head], chunks)


class TrackReader:
    """Gathers the points and titles of one kind of document.

    After each piece of the file comes a look at what it has cost so far, and what is complete is cut off.
    """

    format: ClassVar[str]
    elements: ClassVar[frozenset[str]]
    """Local names of the elements whose start and end it is told."""
    points: ClassVar[frozenset[str]]
    """Those that are read as a whole, at their end, and forgotten only then."""
    titles: ClassVar[frozenset[str]]
    """Those whose text is kept in `texts`, the first of each kind of parent."""

    def __init__(self, label: str, limits: ReadLimits) -> None:
        self.label = label
        self.limits = limits
        self.names = LocalNames()
        self.runs, self.plans = Columns(Points(label, limits)), Columns(Points(label, limits))
        self.legs: list[Leg] = []
        self.texts: dict[str, str] = {}
        self._root: etree._Element | None = None
        self._seen = self._kept = 0
        self._attributes = etree.XPath(f"//*[@*[{limits.attributes + 1}]]")
        self._too_deep = etree.XPath(f"/*{'/*' * limits.depth}")

    def start(self, name: str, element: etree._Element) -> None:
        """Take the start of an element; of what is in it nothing is known yet."""
        raise NotImplementedError

    def take(self, name: str, within: str, point: etree._Element) -> None:
        """Take a point that is complete, and the local name of the element that it stands in."""
        raise NotImplementedError

    def header(self, *, is_route: bool) -> tuple[str | None, str | None, str | None]:
        """Give title, sport and device of a plan, or of what was run where a leg does not say."""
        raise NotImplementedError

    def parse(self, chunks: Iterable[bytes], encoding: str | None) -> None:
        """Parse a document; `encoding` overrules what it declares."""
        tags = [f"{{*}}{name}" for name in self.elements]
        parser = pull_parser(("start", "end"), tags, encoding)
        try:
            for chunk in chunks:
                parser.feed(chunk)
                self._read(parser.read_events())
                self._forget()
            parser.close()
        except etree.LxmlError as error:
            raise _broken_xml(error, self.label) from error
        self._read(parser.read_events())

    def recordings(self) -> tuple[Recording, ...]:
        """Give what was run; what is planned, where no run holds two positions."""
        is_route = len(self.runs.points) < 2 <= len(self.plans.points)
        name, sport, device = self.header(is_route=is_route)
        if not is_route:
            return recordings(self.runs.points, self.format, self.legs, device=device, name=name)
        check_usable(self.plans.points)
        route = assemble(self.plans.points, self.format, name=name, sport=sport, device=device, is_route=True)
        return (route,)

    def note(self, key: str, text: str | None) -> None:
        """Keep the first text of this kind that is not blank."""
        if text and text.strip():
            self.texts.setdefault(key, text)

    def first(self, *keys: str) -> str | None:
        """Give the first of these texts that there is."""
        return next((self.texts[key] for key in keys if key in self.texts), None)

    def device(self, first: str, *others: str) -> str | None:
        """Give the device, or the program among those that had a hand in it that invents the place."""
        told = (self.texts.get(key) for key in (first, *others))
        return next((text for text in told if virtual_program(text)), self.texts.get(first))

    def note_date(self, text: str | None) -> None:
        """Keep what the file says of when it was recorded, besides its points."""
        moment = parse_time(text)
        if moment is not None and moment.microseconds > 0 and not moment.is_local:
            self.runs.points.dates.append(datetime.fromtimestamp(moment.microseconds / 1e6, UTC))

    def flush(self) -> None:
        """Read what was gathered."""
        self.runs.flush()
        self.plans.flush()

    def check_point(self, point: etree._Element) -> None:
        """Refuse a point, as far as it is read, that holds more than a point can."""
        if sum(1 for _ in point.iter()) > self.limits.point_elements + 1:
            raise self._refusal(f"has a point with more than {self.limits.point_elements} elements", point)

    def _read(self, events: Iterable[tuple[str, etree._Element]]) -> None:
        names, points, titles = self.names, self.points, self.titles
        for event, element in events:
            name = names[element.tag]
            if event == "start":
                self._root = element if self._root is None else self._root
                self.start(name, element)
            elif name in points or name in titles:
                parent = element.getparent()
                within = "" if parent is None else names[parent.tag]
                if name in points:
                    self.take(name, within, element)
                else:
                    self.note(f"{within}/{name}", element.text)
        self.flush()

    def _forget(self) -> None:
        """Check what came since the last time, and cut off everything that is complete."""
        if self._root is None:
            return
        self._check(self._root)
        here: etree._Element = self._root
        while len(here):
            del here[:-1]
            here = here[-1]
            if self.names[here.tag] in self.points:
                break
        self.check_point(here)
        self._kept = int(_ELEMENTS(self._root))

    def _check(self, root: etree._Element) -> None:
        limits = self.limits
        self._seen += int(_ELEMENTS(root)) - self._kept
        if self._seen > limits.elements:
            raise self._refusal(f"holds more than {limits.elements:,} elements", root)
        for element in self._attributes(root):
            raise self._refusal(f"has an element with more than {limits.attributes} attributes", element)
        for element in self._too_deep(root):
            raise self._refusal(f"nests more than {limits.depth} elements", element)

    def _refusal(self, what: str, element: etree._Element) -> DamagedFileError:
        return DamagedFileError(f"{what}, as no recording does", path=self.label, offset=element.sourceline)
