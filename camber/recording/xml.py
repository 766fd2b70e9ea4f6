"""XML as a stream: parsed hardened, piece by piece, and forgotten as soon as it is read.

A piece of the file is parsed into a small tree by libxml2, whose elements are looked at only where a reader
asked for them; what is complete is then cut off, so that memory does not grow with the file.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal, Protocol

from lxml import etree

from camber.errors import DamagedFileError, UnsupportedFormatError
from camber.recording.content import Chunks, doctype_error

if TYPE_CHECKING:
    from collections.abc import Iterable

    from camber.recording.limits import ReadLimits

_Event = Literal["start", "end"]

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


class _Reader(Protocol):
    """What reads one kind of XML."""

    tags: tuple[str, ...]
    """Full names of the elements whose start and end it is told, as lxml's filters take them."""
    points: frozenset[str]
    """Local names of the elements that are read as a whole, at their end."""

    def start(self, element: etree._Element) -> None:
        """Take the start of an element; of what is in it nothing is known yet.

        Parameters
        ----------
        element : Element
            The element.
        """

    def end(self, element: etree._Element) -> None:
        """Take an element that is complete.

        Parameters
        ----------
        element : Element
            The element.
        """

    def pause(self) -> None:
        """Read what was gathered: the elements are about to be forgotten."""


class UndeclaredPrefixError(DamagedFileError):
    """The XML uses a namespace prefix that it does not declare."""

    prefix: str = ""


def root_of(content: Chunks, encoding: str | None, label: str) -> tuple[etree._Element, Chunks]:
    """Give the first element of a document, and refuse a document type.

    Parameters
    ----------
    content : Chunks
        The content, trimmed.
    encoding : str or None
        Encoding that overrules what the content declares.
    label : str
        What errors name.

    Returns
    -------
    root : Element
        The element, with its attributes.
    content : Chunks
        The content, from its beginning once more.

    Raises
    ------
    DamagedFileError
        If the XML is broken, or declares a document type.
    """
    parser = _parser(("start",), None, encoding)
    read: list[bytes] = []
    broken: etree.LxmlError | None = None
    while broken is None and (chunk := content.read()):
        read.append(chunk)
        try:
            parser.feed(chunk)
        except etree.LxmlError as error:
            broken = error
        for _, root in parser.read_events():
            if root.getroottree().docinfo.internalDTD is not None:
                raise doctype_error(label)
            return root, content.after(*read)
    try:
        parser.close()
    except etree.LxmlError as error:
        broken = broken or error
    raise broken_xml(broken or etree.LxmlError("no element found"), label)


def not_read(root: str, label: str) -> UnsupportedFormatError:
    """Error for XML that is no recording.

    Parameters
    ----------
    root : str
        Local name of its first element.
    label : str
        What the error names.

    Returns
    -------
    UnsupportedFormatError
        The error, to be raised; says what the file seems to be.
    """
    meaning = _OTHER_XML.get(root, f"XML of another kind (<{root[:40]}>)")
    return UnsupportedFormatError(f"is neither GPX nor TCX: it seems to be {meaning}", path=label)


def parse(content: Chunks, encoding: str | None, reader: _Reader, label: str, limits: ReadLimits) -> None:
    """Parse a document and tell a reader what it asked for.

    Parameters
    ----------
    content : Chunks
        The content, trimmed.
    encoding : str or None
        Encoding that overrules what the content declares.
    reader : Reader
        Is told.
    label : str
        What errors name.
    limits : ReadLimits
        What the file may cost.

    Raises
    ------
    DamagedFileError
        If the XML is broken or goes beyond a limit.
    UndeclaredPrefixError
        If a prefix in it is not declared.
    """
    parser = _parser(("start", "end"), reader.tags, encoding)
    tree = _Tree(reader.points, label, limits)
    try:
        while chunk := content.read():
            parser.feed(chunk)
            _tell(reader, parser.read_events(), tree)
            reader.pause()
            tree.forget()
        parser.close()
    except etree.LxmlError as error:
        raise broken_xml(error, label) from error
    _tell(reader, parser.read_events(), tree)
    reader.pause()


def _parser(
    events: tuple[_Event, ...], tags: tuple[str, ...] | None, encoding: str | None
) -> etree.XMLPullParser[etree._Element]:
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


def _tell(reader: _Reader, events: Iterable[tuple[str, etree._Element]], tree: _Tree) -> None:
    start, end = reader.start, reader.end
    for event, element in events:
        if event == "end":
            end(element)
        else:
            tree.begin(element)
            start(element)


def check_point(point: etree._Element, label: str, limits: ReadLimits) -> None:
    """Refuse a point that holds more than a point can.

    Parameters
    ----------
    point : Element
        The point, as far as it is read.
    label : str
        What the error names.
    limits : ReadLimits
        What the file may cost.

    Raises
    ------
    DamagedFileError
        If it does.
    """
    if sum(1 for _ in point.iter()) > limits.point_elements + 1:
        what = f"has a point with more than {limits.point_elements} elements, as no recording does"
        raise DamagedFileError(what, path=label, offset=point.sourceline)


class _Tree:
    """The small tree of what is not forgotten yet, and what of the file it has seen."""

    def __init__(self, points: frozenset[str], label: str, limits: ReadLimits) -> None:
        self._points = points
        self._label = label
        self._limits = limits
        self._root: etree._Element | None = None
        self._elements = self._kept = 0
        self._attributes = etree.XPath(f"//*[@*[{limits.attributes + 1}]]")
        self._too_deep = etree.XPath(f"/*{'/*' * limits.depth}")

    def begin(self, element: etree._Element) -> None:
        if self._root is None:
            self._root = element

    def forget(self) -> None:
        """Check what came since the last time, and cut off everything that is complete."""
        if self._root is None:
            return
        self._check(self._root)
        here: etree._Element = self._root
        while len(here):
            del here[:-1]
            here = here[-1]
            if etree.QName(here).localname in self._points:
                break
        check_point(here, self._label, self._limits)
        self._kept = int(_ELEMENTS(self._root))

    def _check(self, root: etree._Element) -> None:
        limits = self._limits
        self._elements += int(_ELEMENTS(root)) - self._kept
        if self._elements > limits.elements:
            raise self._refusal(f"holds more than {limits.elements:,} elements", root)
        for element in self._attributes(root):
            raise self._refusal(f"has an element with more than {limits.attributes} attributes", element)
        for element in self._too_deep(root):
            raise self._refusal(f"nests more than {limits.depth} elements", element)

    def _refusal(self, what: str, element: etree._Element) -> DamagedFileError:
        return DamagedFileError(f"{what}, as no recording does", path=self._label, offset=element.sourceline)


def broken_xml(error: etree.LxmlError, label: str) -> DamagedFileError:
    """Error for XML that is not well formed.

    Parameters
    ----------
    error : LxmlError
        What libxml2 says.
    label : str
        What the error names.

    Returns
    -------
    DamagedFileError
        The error, to be raised; an `UndeclaredPrefixError` where that alone is wrong so far.
    """
    line = getattr(error, "lineno", None)
    reason = str(error).split(", line ")[0][:200]
    text = f"is no well-formed XML ({reason}); export it again"
    undeclared = _UNDECLARED.match(str(error))
    if undeclared is None:
        return DamagedFileError(text, path=label, offset=line)
    found = UndeclaredPrefixError(text, path=label, offset=line)
    found.prefix = undeclared[1]
    return found


def declare(content: Chunks, prefixes: Iterable[str]) -> Chunks:
    """Declare prefixes in the first tag of a document.

    Parameters
    ----------
    content : Chunks
        The content, in an encoding that holds ASCII.
    prefixes : iterable of str
        The prefixes.

    Returns
    -------
    Chunks
        The content, with the prefixes bound to names that mean nothing.
    """
    names = "".join(f' xmlns:{prefix}="urn:undeclared:{prefix}"' for prefix in prefixes).encode()
    head = content.read()
    tag = _ROOT_TAG.search(head)
    if tag is not None:
        head = head[: tag.end()] + names + head[tag.end() :]

    def pieces() -> Iterable[bytes]:
        yield head
        while chunk := content.read():
            yield chunk

    return Chunks(pieces())
