"""A week as one self-contained HTML page: numbers and words, no script, nothing loaded."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from camber import __version__
from camber.conventions import OSM_COPYRIGHT_URL, SurfaceKind
from camber.report.contents import how_sure, leg_rows
from camber.report.period_contents import (
    REASON_WORDS,
    SIMULATED_REMARK,
    best_suggestions,
    is_simulated,
    not_judged_rows,
    period_facts,
    period_sentences,
    run_label,
    trend_row,
)
from camber.report.wording import (
    KIND_WORDS,
    NAME_LENGTH,
    STANDING_NOTES,
    balance_text,
    distance_text,
    plain,
    range_text,
    tilt_text,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from camber.schema import Period, Summary


def period_html(period: Period, units: str = "km") -> str:
    """Write a week as one HTML page.

    Parameters
    ----------
    period : Period
        The week.
    units : {"km", "mi"}
        Unit of distances.

    Returns
    -------
    str
        The page; the same week gives the same text.
    """
    style = files("camber.report").joinpath("templates/page.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    environment = Environment(
        loader=PackageLoader("camber.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_without_controls,
    )
    draws = 0 if period.draws is None else len(period.draws.left_low_m)
    text = environment.get_template("period.html.j2").render(
        title=plain(period.title, NAME_LENGTH),
        facts=period_facts(period, units),
        remarks=(SIMULATED_REMARK,) if is_simulated(period) else (),
        sentences=period_sentences(period, units),
        parts=_parts(period, units),
        suggestions=_suggestions(period),
        how_sure=() if period.total is None else how_sure(period.total, draws),
        notes=STANDING_NOTES[:-1],
        roads=period.roads,
        copyright_url=OSM_COPYRIGHT_URL,
        version=__version__,
        style=Markup(style),  # noqa: S704 - the package's own file
        style_hash=f"sha256-{digest}",
    )
    return text.lstrip()


def _without_controls(value: object) -> object:
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _parts(period: Period, units: str) -> list[dict[str, Any]]:
    parts = [] if period.total is None else _totals(period.total, units)
    if period.runs:
        rows = [
            (
                run_label(run),
                distance_text(run.distance_m, units),
                REASON_WORDS.get(run.state, run.state)
                if run.summary is None
                else balance_text(run.summary.balance),
            )
            for run in period.runs
        ]
        parts.append(_part("Runs", ("run", "distance", "balance (90 % interval)"), rows))
    if period.streets:
        streets = [
            (
                plain(street.total.name, NAME_LENGTH),
                distance_text(street.total.distance_m, units),
                tilt_text(street.total.net_tilt_pct_km),
                str(street.visits_in_year),
                street.slope_source,
            )
            for street in period.streets[:5]
        ]
        columns = ("street", "distance", "net tilt", "runs in a year", "slope from")
        parts.append(_part("Streets that tilt most", columns, streets))
    if period.not_judged:
        why = not_judged_rows(period, units)
        parts.append(_part("No leg named", ("why", "distance", "runs"), why))
    trend = [trend_row(week, units) for week in period.weeks]
    parts.append(_part("Twelve weeks", ("week", "runs", "distance", "balance (90 % interval)"), trend))
    return parts


def _totals(summary: Summary, units: str) -> list[dict[str, Any]]:
    legs = [
        (
            row.words,
            "" if row.metres is None else distance_text(row.metres.median, units),
            "" if row.metres is None else range_text(row.metres, units),
            "" if row.named_m is None else distance_text(row.named_m, units),
        )
        for row in leg_rows(summary)
    ]
    surfaces = [
        (
            KIND_WORDS[SurfaceKind(item.surface_kind)],
            *(
                distance_text(value, units)
                for value in (item.distance_m, item.left_low_m, item.right_low_m, item.level_m)
            ),
        )
        for item in summary.surfaces
    ]
    return [
        _part("Which leg was low", ("", "median", "90 % interval", "named at ≥ 90 %"), legs),
        _part("On what surface", ("surface", "distance", "left low", "right low", "level"), surfaces),
    ]


def _part(heading: str, titles: Sequence[str], rows: Any) -> dict[str, Any]:  # noqa: ANN401 - rows of text
    return {"heading": heading, "titles": titles, "rows": rows}


def _suggestions(period: Period) -> list[dict[str, Any]]:
    return [
        {
            "run": run_label(run),
            "what": item.what,
            "before": balance_text(item.balance_before),
            "after": balance_text(item.balance_after),
            "crossings": item.crossings,
            "rule": item.rule,
            "rule_source": item.rule_source,
            "against": item.against,
        }
        for run, item in best_suggestions(period)
    ]
