"""The page: a story as one self-contained HTML file with its figures, map and tables; nothing is loaded.

The content security policy allows the style sheet and the scripts that stand in the page, by their
hashes, and nothing else. Everything that a recording or the map may have named is escaped, or is data that
the script writes as text. Every figure is SVG of the template, on one scale: left stands on the left.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from camber.conventions import OSM_COPYRIGHT_URL
from camber.report.lanes import street_sides
from camber.report.page_map import map_document, script_json
from camber.report.sentences import usual_band
from camber.report.story import Reader
from camber.report.strokes import LEFT_COLOUR, RIGHT_COLOUR, STROKES
from camber.report.wording import plain
from camber.report.year_calendar import year_calendar
from camber.versions import CAMBER

if TYPE_CHECKING:
    import geopandas as gpd

    from camber.report.story import Story
    from camber.schema import Interval

_HUES: Final = {LEFT_COLOUR: "left", RIGHT_COLOUR: "right"}
_STYLES: Final = ("vendor/leaflet/leaflet.css", "templates/page.css")
_SOURCE_MAP: Final = "//# sourceMappingURL=leaflet.js.map"
MOST_LINES: Final = 14
"""Runs beyond which their lines are folded away (judgement: two weeks of a run every day)."""

_MOST_BESIDE: Final = 9
"""Runs beyond which the streets stand below the weeks, as their column would be longer than a sheet
(judgement: a run takes a thirtieth of A4, the map and the streets a half)."""

_EMPTY: Final = "#e2e5ea"
_FOR_A_COACH: Final = ("sides", "legs", "contact", "notes", "cannot_tell")
"""Parts that a coach finds unfolded; together with the answer they fill one page of paper."""


def story_page(story: Story, basemap: gpd.GeoDataFrame | None = None) -> str:
    """Write a story as one HTML page.

    Parameters
    ----------
    story : Story
        Of a period with its stretches where the page is to have a map.
    basemap : GeoDataFrame or None
        Roads to draw below the map, geometry in degrees (WGS 84), columns ``highway`` and ``name``.

    Returns
    -------
    str
        The page; the same story gives the same text.
    """
    style, leaflet = page_style(), page_leaflet()
    script, questions = _file("templates/map.js"), _file("templates/questions.js")
    values = {
        **page_values(story, basemap),
        "style": Markup(style),  # noqa: S704 - the package's own file
        "style_hash": source_hash(style),
        "leaflet": Markup(leaflet),  # noqa: S704 - the package's own file
        "leaflet_hash": source_hash(leaflet),
        "script": Markup(script),  # noqa: S704 - the package's own file
        "script_hash": source_hash(script),
        "questions_script": Markup(questions),  # noqa: S704 - the package's own file
        "questions_hash": source_hash(questions),
    }
    return page_environment().get_template("page.html.j2").render(values).lstrip()


def page_values(
    story: Story, basemap: gpd.GeoDataFrame | None = None, *, places: bool = False
) -> dict[str, Any]:
    """Gather what the page's template is filled with, but for styles and scripts: the same file or live.

    Parameters
    ----------
    story, basemap
        As for `story_page`.
    places : bool
        Whether the map says where in its run each line lies, for a page that can be told something of it.

    Returns
    -------
    dict
        By name.
    """
    drawn = _map(story, basemap, places=places)
    return {
        **_parts(story),
        "map": drawn,
        "no_map": "" if drawn or not story.has_map else _no_map(story),
        "live": False,
        "copyright_url": OSM_COPYRIGHT_URL,
        "version": CAMBER,
    }


def page_style() -> str:
    """Give the style sheet of the page, Leaflet's before it.

    Returns
    -------
    str
        Without Leaflet's pictures of markers and its shapes for old browsers: they would be loaded.
    """
    css = "".join(map(_file, _STYLES))
    return "\n".join(line for line in css.splitlines() if "url(" not in line) + "\n"


@cache
def page_environment() -> Environment:
    """Build the template engine: everything is escaped and freed of control characters.

    Returns
    -------
    Environment
        Of the package's templates; filters place shares of the left leg on the scale.
    """
    made = Environment(
        loader=PackageLoader("camber.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_without_controls,
    )
    made.filters.update(
        x=_x,
        w=_width,
        anchor=_anchor,
        anchored=_anchored,
        side=_side,
        beyond=_beyond,
        whole=_whole,
        cells=bar_cells,
    )
    return made


def _without_controls(value: object) -> object:
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _whole(text: str) -> str:
    """Keep a number and its unit in one line."""
    return re.sub(r"(?<=\d) (?=km|mi|%)", "\u00a0", plain(text))


def _x(share: float) -> str:
    """Place a share of the left leg: all left at the left end, all right at the right end."""
    return f"{100.0 * (1.0 - share):.2f}%"


def _width(share: float) -> str:
    return f"{100.0 * share:.2f}%"


def _anchor(share: float) -> str:
    return "start" if share > _NEAR_END else "end" if share < 1.0 - _NEAR_END else "middle"


_NEAR_END: Final = 0.8


def _anchored(share: float) -> str:
    """Keep a text inside the scale: near an end it begins, or ends, there."""
    return {"start": "0%", "end": "100%"}.get(_anchor(share), _x(share))


def _side(share: float) -> str:
    return "end" if share < 1.0 - _NEAR_END else "start"


def _beyond(share: float, band: Interval) -> str:
    """Place the name of a band beside it."""
    at = 1.0 - band.low + 0.012 if _side(share) == "start" else 1.0 - band.high - 0.012
    return _width(at)


def bar_cells(share: float) -> list[tuple[int, str]]:
    """Cut a bar that diverges from its middle into cells of a table.

    Parameters
    ----------
    share : float
        Share of the left leg, 0 to 1.

    Returns
    -------
    list of (int, str)
        Percent of the width, which sum to 100, and colour; left stands on the left.
    """
    reach = round(100.0 * abs(share - 0.5))
    sides = [(50, _EMPTY)], [(50, _EMPTY)]
    colour = LEFT_COLOUR if share > 0.5 else RIGHT_COLOUR
    drawn = [(50 - reach, _EMPTY), (reach, colour)]
    left, right = (drawn, sides[1]) if share > 0.5 else (sides[0], drawn[::-1])
    return [(percent, hue) for percent, hue in (*left, *right) if percent > 0]


def source_hash(text: str) -> str:
    """Name a piece of a page for its content security policy (CSP level 3, section 2.3.1).

    Parameters
    ----------
    text : str
        The piece.

    Returns
    -------
    str
        Such as ``"sha256-..."``.
    """
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}"


@cache
def _file(name: str) -> str:
    return files("camber.report").joinpath(name).read_text(encoding="utf-8")


def page_leaflet() -> str:
    """Read Leaflet with its licence before it, which asks to stand wherever the program does.

    Returns
    -------
    str
        The program, which names no file that a browser would look for.
    """
    program = _file("vendor/leaflet/leaflet.js").replace(_SOURCE_MAP, "").rstrip()
    return f"/*\n{_file('vendor/leaflet/LICENSE').strip()}\n*/\n{program}\n"


def coloured_headline(story: Story) -> Markup:
    """Write the headline, escaped, with the leg it names in its colour."""
    headline, named = escape(plain(story.headline)), f"{story.leg} leg"
    if not story.leg:
        return headline
    marked = Markup('<span class="{0}">{1}</span>').format(story.leg, named)
    return Markup(headline.replace(named, marked, 1))  # noqa: S704 - escaped above


def _parts(story: Story) -> dict[str, Any]:
    coach = story.reader is Reader.COACH
    year = story.period.kind == "year"
    open_keys = _FOR_A_COACH if coach else ()
    return {
        "story": story,
        "own": story.reader is Reader.RUNNER,
        "coach": coach,
        "year": year,
        "many": len(story.runs) > MOST_LINES,
        "alone": len(story.runs) == 1 and story.period.kind == "run",
        "headline": coloured_headline(story),
        "usual_words": "" if story.usual_share is None else usual_band(story.usual_share),
        "streets": _street_rows(story),
        "streets_left": _MOST_BESIDE < len(story.runs) <= MOST_LINES,
        "open_parts": [part for key in open_keys for part in story.details if part.key == key],
        "folded": [part for part in story.details if part.key not in open_keys and not coach],
        "calendar": Markup(year_calendar(story.period)) if year else "",  # noqa: S704 - numbers alone
    }


def _street_rows(story: Story) -> list[dict[str, Any]]:
    """Give the streets their bars, and the side on which they were run."""
    sides = {} if story.period.stretches is None else street_sides(story.period.stretches)
    return [
        {
            "name": street.name,
            "distance": street.distance,
            "words": street.words,
            "share": street.share,
            "low": street.low,
            "little": False,
            "note": sides.get(street.name, f"{street.visits_in_year} runs in a year"),
        }
        for street in story.streets
    ]


def _map(story: Story, basemap: gpd.GeoDataFrame | None, *, places: bool) -> dict[str, Any] | None:
    if not story.has_map:
        return None
    if basemap is not None and story.reader is not Reader.RUNNER:
        # Names around what is shown would tell what privacy zones withhold.
        basemap = basemap.drop(columns="name", errors="ignore")
    document = map_document(story.period, basemap, story.units, places=places)
    if document is None:
        return None
    shown = {row[0] for row in document["stretches"]}
    return {
        "json": Markup(script_json(document)),  # noqa: S704 - escaped for where it stands
        "strokes": [_key(index) for index in sorted({row[1] for row in document["stretches"]})],
        "runs": [(line.run, f"{line.day} {line.title}".strip()) for line in story.runs if line.run in shown],
        "words": (
            "Map of the streets that were run; arrow keys pan, plus and minus zoom. The buttons below step "
            "through the lines, and the tables hold the numbers."
        ),
    }


def _key(index: int) -> dict[str, Any]:
    stroke = STROKES[index]
    dashes = " ".join(f"{2.0 * length:g}" for length in stroke.dashes)
    hue = _HUES.get(stroke.colour, "neutral")
    return {
        "hue": hue,
        "dashes": dashes,
        "barb": stroke.barb,
        "words": stroke.words,
        "pale": stroke.opacity < 1.0,
    }


def _no_map(story: Story) -> str:
    if story.period.stretches is not None:
        return "There is nothing to draw on a map."
    if len(story.runs) > MOST_LINES:
        return "More runs than a page can draw: the page of each week has its map."
    return ""
