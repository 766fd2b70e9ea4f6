"""One self-contained HTML page: it opens without a network, runs no script and loads nothing.

Everything that a recording or the map may have named is escaped by the template engine and freed of control
characters before. The content security policy allows the page's own style sheet, by its hash, and no more.
"""

from __future__ import annotations

import base64
import hashlib
from functools import partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from camber.conventions import OSM_COPYRIGHT_URL, SurfaceKind
from camber.report.contents import cues_to_do, facts, how_sure, leg_rows, problem_lines, roads_of
from camber.report.figures import figure_of
from camber.report.inline_svg import inline_svg
from camber.report.map import plot_map
from camber.report.strokes import LEFT_COLOUR, RIGHT_COLOUR, STROKES, Stroke, strokes_of
from camber.report.wording import (
    BASIS_WORDS,
    KIND_WORDS,
    NAME_LENGTH,
    STANDING_NOTES,
    balance_text,
    change_text,
    distance_text,
    longer_text,
    plain,
    range_text,
    share_text,
    tilt_text,
)
from camber.versions import CAMBER

if TYPE_CHECKING:
    from collections.abc import Callable

    from camber.report.contents import Report
    from camber.schema import Analysis

_HUES: Final = {LEFT_COLOUR: "left", RIGHT_COLOUR: "right"}


def html_page(report: Report) -> str:
    """Write a report as one HTML page.

    Parameters
    ----------
    report : Report
        One run or several.

    Returns
    -------
    str
        The page; the same report gives the same text. For people who see no figures each has words, and its
        numbers stand in a table beside it.
    """
    style = files("camber.report").joinpath("templates/page.css").read_text(encoding="utf-8")
    summaries = [analysis.summary for analysis in report.analyses]
    settings = report.analyses[0].settings
    page = _environment(report).get_template("report.html.j2")
    text = page.render(
        total=report.total,
        runs=[_run(analysis, f"m{i}", report.units) for i, analysis in enumerate(report.analyses)],
        reach=max(max(s.left_low_m.high, s.right_low_m.high) for s in summaries),
        remarks=report.remarks,
        notes=STANDING_NOTES[:-1],
        roads=roads_of(report),
        copyright_url=OSM_COPYRIGHT_URL,
        version=CAMBER,
        draws=settings.draws,
        seed=settings.seed,
        units=report.units,
        how_sure=partial(how_sure, draws=settings.draws),
        style=Markup(style),  # noqa: S704 - the package's own file
        style_hash=_source_hash(style),
    )
    return text.lstrip()


def _source_hash(text: str) -> str:
    """Name a piece of the page for its content security policy (CSP level 3, section 2.3.1)."""
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


def _environment(report: Report) -> Environment:
    environment = Environment(
        loader=PackageLoader("camber.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_without_controls,
    )
    words: dict[str, Callable[..., Any]] = {
        "distance": partial(distance_text, units=report.units),
        "change": partial(change_text, units=report.units),
        "longer": partial(longer_text, units=report.units),
        "bare": lambda metres: distance_text(metres, report.units).removesuffix(f" {report.units}"),
        "range": partial(range_text, units=report.units),
        "share": share_text,
        "tilt": tilt_text,
        "balance": balance_text,
        "cues": cues_to_do,
        "name": partial(plain, longest=NAME_LENGTH),
        "px": lambda value: f"{value:.2f}",
        "kind_words": lambda kind: KIND_WORDS[SurfaceKind(kind)],
        "facts": partial(facts, units=report.units),
        "leg_rows": leg_rows,
        "problem_lines": problem_lines,
        "basis_rows": lambda summary: [
            (word, summary.side_basis_m.get(basis, 0.0)) for basis, word in BASIS_WORDS.items()
        ],
    }
    environment.globals.update(words)
    return environment


def _without_controls(value: object) -> object:
    """Clean every text that the template prints; markup made by this package passes as it is."""
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _run(analysis: Analysis, prefix: str, units: str) -> dict[str, Any]:
    figure = figure_of(plot_map(analysis, legend=False, units=units))
    summary = analysis.summary
    words = (
        f"Map of the run, {distance_text(summary.distance_m, units)}: left leg low on about "
        f"{distance_text(summary.left_low_m.median, units)}, right leg low on about "
        f"{distance_text(summary.right_low_m.median, units)}. The tables beside it hold the numbers."
    )
    drawn = set(strokes_of(analysis.exposure).tolist())
    return {
        "summary": summary,
        "source": analysis.recording.source,
        "suggestions": analysis.suggestions,
        "map": Markup(inline_svg(figure, words=words, prefix=prefix)),  # noqa: S704 - drawn here, text as outlines
        "strokes": [_key(stroke) for i, stroke in enumerate(STROKES) if i in drawn],
    }


def _key(stroke: Stroke) -> dict[str, Any]:
    """Symbol of the legend; the words say the side, so that they need no arrow of their own."""
    dashes = " ".join(f"{2.0 * length:g}" for length in stroke.dashes)
    hue = _HUES.get(stroke.colour, "neutral")
    return {"hue": hue, "dashes": dashes, "barb": stroke.barb, "words": stroke.words}
