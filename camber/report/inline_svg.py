"""A matplotlib figure as SVG that may stand inside a page with a strict content security policy.

matplotlib writes its colours into ``style`` attributes, which such a policy switches off; here they become
presentation attributes, which it allows and which the page's own style sheet can still change (dark mode).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from lxml import etree

from camber.report.figures import figure_svg

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SVG: Final = "{http://www.w3.org/2000/svg}"
_XLINK_HREF: Final = "{http://www.w3.org/1999/xlink}href"
_OWN: Final = "camber-"
_NUMBER: Final = re.compile(r"-?\d+\.\d{2,}")


def inline_svg(figure: Figure, *, words: str, prefix: str) -> str:
    """Draw a figure as an ``<svg>`` element for an HTML page.

    Parameters
    ----------
    figure : Figure
        The figure; shapes whose ``gid`` starts with ``camber-`` keep it as their class.
    words : str
        What the figure shows, for people who do not see it.
    prefix : str
        Put before every id, so that several figures may stand in one page.

    Returns
    -------
    str
        The element: no style attributes, no external references, coordinates to a tenth of a point.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    root = etree.fromstring(figure_svg(figure), parser)
    for unwanted in (*root.findall(f"{_SVG}metadata"), *root.iter(f"{_SVG}style")):
        parent = unwanted.getparent()
        if parent is not None:
            parent.remove(unwanted)
    for element in root.iter(etree.Element):
        _restyle(element)
        _rename(element, prefix)
        _round(element)
    for size in ("width", "height"):
        root.attrib.pop(size, None)
    root.set("role", "img")
    root.set("stroke-linejoin", "round")
    title = etree.Element(f"{_SVG}title")
    title.text = words
    root.insert(0, title)
    return etree.tostring(root, encoding="unicode")


def _restyle(element: etree._Element) -> None:
    style = element.attrib.pop("style", None)
    for declaration in (style or "").split(";"):
        name, _, value = declaration.partition(":")
        if name.strip():
            element.set(name.strip(), value.strip())


def _rename(element: etree._Element, prefix: str) -> None:
    name = element.get("id")
    if name is not None:
        if name.startswith(_OWN):
            element.set("class", name)
        element.set("id", f"{prefix}-{name}")
    target = element.get(_XLINK_HREF)
    if target is not None:
        element.set(_XLINK_HREF, f"#{prefix}-{target.removeprefix('#')}")
    clip = element.get("clip-path")
    if clip is not None:
        element.set("clip-path", clip.replace("url(#", f"url(#{prefix}-"))


def _round(element: etree._Element) -> None:
    # Glyph outlines are in units of their font and scaled down later: one decimal is still far below a pixel.
    path = element.get("d")
    if path is not None:
        element.set("d", _NUMBER.sub(lambda found: f"{float(found[0]):.1f}", " ".join(path.split())))
