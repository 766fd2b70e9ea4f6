"""A week, or any other days, as one self-contained HTML page: figures, map and tables; nothing is loaded.

The content security policy allows the style sheet and the two scripts that stand in the page, by their
hashes, and nothing else. Everything that a recording or the map may have named is escaped, or is data that
the script writes as text.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from camber.conventions import OSM_COPYRIGHT_URL
from camber.report.details import how_sure, problem_lines
from camber.report.figures import figure_of
from camber.report.inline_svg import inline_svg
from camber.report.page_map import map_document, script_json
from camber.report.period_answer import answer, judged_sentence, usual_sentence
from camber.report.period_contents import SIMULATED_REMARK, is_simulated, period_facts
from camber.report.period_figures import MOST_BARS, plot_answer, plot_days, plot_trend, plot_week_bars
from camber.report.period_tables import (
    assumption_table,
    day_table,
    leg_table,
    not_judged_table,
    run_name,
    street_table,
    suggestion_items,
    surface_table,
    trend_table,
)
from camber.report.strokes import LEFT_COLOUR, RIGHT_COLOUR, STROKES
from camber.report.wording import NAME_LENGTH, STANDING_NOTES, plain, share_text
from camber.versions import CAMBER

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.axes import Axes

    from camber.schema import Period

_HUES: Final = {LEFT_COLOUR: "left", RIGHT_COLOUR: "right"}
_STYLES: Final = ("vendor/leaflet/leaflet.css", "templates/page.css", "templates/week.css")
_SOURCE_MAP: Final = "//# sourceMappingURL=leaflet.js.map"
SHARED_REMARK: Final = (
    "To be shown to others: what lies in a privacy zone is left out from junction to junction. Metres are "
    "those that are left; shares and their intervals are of the whole runs."
)


class Audience(StrEnum):
    """Who reads a page: the runner, whom they share it with, or a coach or physiotherapist."""

    RUNNER = "runner"
    SHARED = "shared"
    COACH = "coach"


@dataclass(frozen=True, eq=False)
class PageOptions:
    """How a page is written.

    Parameters
    ----------
    units : {"km", "mi"}
        Unit of distances.
    audience : Audience
        For a coach there is no map and no name; for others who see it no file, device, time of day or title.
    basemap : GeoDataFrame or None
        Roads to draw below the map, geometry in degrees (WGS 84), column ``highway``.
    """

    units: str = "km"
    audience: Audience = Audience.RUNNER
    basemap: gpd.GeoDataFrame | None = None


def week_page(period: Period, options: PageOptions | None = None) -> str:
    """Write a week, or any other days, as one HTML page.

    Parameters
    ----------
    period : Period
        The days; with its stretches where the page is to have a map. For others than the runner it has to
        hold only what they may see: `camber.library.privacy`.
    options : PageOptions, optional
        The usual ones if missing.

    Returns
    -------
    str
        The page; the same period gives the same text.
    """
    chosen = options or PageOptions()
    css = "".join(map(_file, _STYLES))
    # Leaflet's pictures of markers and its shapes for old browsers are not used, and would be loaded.
    style = "\n".join(line for line in css.splitlines() if "url(" not in line) + "\n"
    drawn = _map(period, chosen)
    leaflet, script = _leaflet(), _file("templates/map.js")
    values = {
        **_head(period, chosen),
        **_parts(period, chosen),
        "map": drawn,
        "map_wanted": _has_map_section(period, chosen),
        "map_reason": _no_map(period),
        "style": Markup(style),  # noqa: S704 - the package's own file
        "style_hash": source_hash(style),
        "leaflet": Markup(leaflet),  # noqa: S704 - the package's own file
        "leaflet_hash": source_hash(leaflet),
        "script": Markup(script),  # noqa: S704 - the package's own file
        "script_hash": source_hash(script),
    }
    return page_environment().get_template("week.html.j2").render(values).lstrip()


def page_environment() -> Environment:
    """Build the template engine: everything is escaped and freed of control characters.

    Returns
    -------
    Environment
        Of the package's templates.
    """
    return Environment(
        loader=PackageLoader("camber.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_without_controls,
    )


def _without_controls(value: object) -> object:
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value


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


def _file(name: str) -> str:
    return files("camber.report").joinpath(name).read_text(encoding="utf-8")


def _leaflet() -> str:
    """Read Leaflet with its licence before it, which asks to stand wherever the program does."""
    program = _file("vendor/leaflet/leaflet.js").replace(_SOURCE_MAP, "").rstrip()
    return f"/*\n{_file('vendor/leaflet/LICENSE').strip()}\n*/\n{program}\n"


def _head(period: Period, options: PageOptions) -> dict[str, Any]:
    total, shared = period.total, options.audience is Audience.SHARED
    remarks = [*([SIMULATED_REMARK] if is_simulated(period) else []), *([SHARED_REMARK] if shared else [])]
    facing = None if total is None or total.facing_traffic is None else share_text(total.facing_traffic)
    return {
        "title": plain(period.title, NAME_LENGTH),
        "facts": period_facts(period, options.units),
        "remarks": remarks,
        "answer": answer(period),
        "sentences": (judged_sentence(period, options.units), usual_sentence(period), _copies(period)),
        "facing": facing and f"Facing traffic on {facing} of the metres at the edge of two-way roads.",
        "answer_figure": total
        and _drawn(
            plot_answer(total),
            "Bar from all left to all right; the legs meet at the median and the whisker spans the 90 % "
            "interval. The table below holds the metres.",
            "answer",
        ),
        "notes": STANDING_NOTES[:-1],
        "copyright_url": OSM_COPYRIGHT_URL,
        "version": CAMBER,
        "versions": ", ".join(plain(version) for version in period.model_versions),
        "units": options.units,
        "roads": period.roads,
    }


def _copies(period: Period) -> str:
    if not period.duplicates:
        return ""
    noun = "recording is another copy" if period.duplicates == 1 else "recordings are other copies"
    return f"{period.duplicates} {noun} of these runs and not counted."


def _parts(period: Period, options: PageOptions) -> dict[str, Any]:
    total, units = period.total, options.units
    own = options.audience is Audience.RUNNER
    coach = options.audience is Audience.COACH
    draws = 0 if period.draws is None else len(period.draws.left_low_m)
    return {
        "legs": total and leg_table(total, units),
        "surfaces": surface_table(total, units) if total and total.surfaces else None,
        "days": _days(period, options),
        "trend": {
            "heading": "Twelve weeks" if len(period.weeks) == 12 else "Week by week",
            "figure": _drawn(
                plot_trend(period),
                "One arrow per week at the median, pointing to the leg that was low on more metres; the line "
                "is the 90 % interval"
                + ("" if period.usual is None else ", the band your usual range")
                + ". Hollow: too little to compare.",
                "trend",
            ),
            "table": trend_table(period.weeks, units, with_distance=options.audience is not Audience.SHARED),
        },
        "streets": street_table(period.streets, units) if period.streets and not coach else None,
        "suggestions": suggestion_items(period, units) if own and total else None,
        "how_sure": how_sure(total, draws) if total else (),
        "not_judged": not_judged_table(period, units) if period.not_judged else None,
        "problems": problem_lines(total) if total and own else (),
        "assumptions": assumption_table(total, units) if total and total.assumptions else None,
    }


def _days(period: Period, options: PageOptions) -> dict[str, Any] | None:
    if not period.runs:
        return None
    units, named = options.units, options.audience is Audience.RUNNER
    whole = {"heading": "Days", "figure": None, "table": day_table(period.runs, units, named=named)}
    if not any(run.summary for run in period.runs):
        return whole
    words = (
        "metres with the left leg low to the left, with the right leg low to the right; bars end at the "
        "median, whiskers span the 90 % interval. Hollow: too little to judge; a cross: not judged."
    )
    if len(period.runs) > MOST_BARS:
        bars = plot_week_bars(period.weeks, units=units)
        return whole | {"figure": _drawn(bars, f"One bar per week: {words}", "days")}
    return whole | {
        "figure": _drawn(plot_days(period.runs, units=units), f"One bar per run: {words}", "days")
    }


def _drawn(axes: Axes, words: str, prefix: str) -> dict[str, Any]:
    svg = inline_svg(figure_of(axes), words=words, prefix=prefix)
    return {"svg": Markup(svg), "words": words}  # noqa: S704 - drawn here, text as outlines


def _map(period: Period, options: PageOptions) -> dict[str, Any] | None:
    if options.audience is Audience.COACH:
        return None
    document = map_document(period, options.basemap, options.units)
    if document is None:
        return None
    named = options.audience is Audience.RUNNER
    return {
        "json": Markup(script_json(document)),  # noqa: S704 - escaped for where it stands
        "strokes": [_key(index) for index in sorted({row[1] for row in document["stretches"]})],
        "runs": [(run.run, run_name(run, named=named)) for run in period.runs if run.summary],
        "words": (
            f"Map of {len(document['stretches'])} stretches; arrow keys pan, plus and minus zoom. "
            "The buttons below step through the stretches, and the tables hold the numbers."
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


def _has_map_section(period: Period, options: PageOptions) -> bool:
    if options.audience is Audience.COACH:
        return False
    return period.stretches is not None or len(period.runs) > MOST_BARS


def _no_map(period: Period) -> str:
    if period.stretches is not None and period.stretches.empty:
        return "There is nothing to draw."
    return (
        "More stretches than a page can hold; `camber export` writes them for a map program, and "
        "`camber week` draws each week."
    )
