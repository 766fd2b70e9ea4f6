"""Everything for other programs: one JSON document with one schema version, whatever it tells of.

A public interface, described by ``story.schema.json`` beside this file. Within one major version fields are
only added. ``document`` says what it is: a ``"story"``, or a list such as ``"runs"``, ``"weeks"`` or
``"plans"``. Metres and seconds are numbers in ``*_m`` and ``*_s``; each interval is ``low``, ``median`` and
``high`` (5, 50 and 95 % of the draws); a value that is not defined is null; there is no NaN. ``left_share``
runs from 0 (all right) to 1 (all left), balances from -1 (all left) to 1 (all right). Behind each word stand
its probabilities, and the ``verdict`` that a program may take from .9 on. What a statement rests on is one of
`BASES`.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from datetime import date, datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from camber.conventions import OSM_ATTRIBUTION
from camber.report.details import basis_of_slope, shoe_metres
from camber.report.wording import LICENCE_LINE, STANDING_NOTES, plain
from camber.schema import LowLeg, low_leg_of
from camber.versions import CAMBER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from camber.report.story import Story
    from camber.schema import PeriodTotal, RunResult, StreetVisits, Summary, UsualRange

SCHEMA_VERSION: Final = "2.2"
"""Grows after the point when fields are added, before it when one is changed or taken away."""

BASES: Final = ("seen", "told", "measured", "mapped", "assumed", "unknown")
"""What a statement about a side or a slope rests on: the recording, what the runner told, what was measured,
the map, or what is assumed for such places."""


def story_schema() -> dict[str, Any]:
    """Read the JSON Schema (draft 2020-12) that every document follows.

    Returns
    -------
    dict
        The schema.
    """
    text = files("camber.report").joinpath("story.schema.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def story_json(story: Story) -> str:
    """Write a story as JSON.

    Parameters
    ----------
    story : Story
        Of `camber.report.story.story_of`.

    Returns
    -------
    str
        The document; the same story gives the same bytes.
    """
    return json_text(story_document(story))


def story_document(story: Story) -> dict[str, Any]:
    """Build the document of a story: its texts, and every number behind them.

    Parameters
    ----------
    story : Story
        Of `camber.report.story.story_of`; its reader decides what is in it.

    Returns
    -------
    dict
        Plain values, times and days; follows `story_schema` once it is written by `json_text`.
    """
    period = story.period
    return {
        **head("story", story.remarks),
        "reader": str(story.reader),
        "units": story.units,
        "draws": 0 if period.draws is None else len(period.draws.left_low_m),
        "seed": period.seed,
        "title": period.title,
        "kind": period.kind,
        "starts_on": period.starts_on,
        "ends_on": period.ends_on,
        "story": _texts(story),
        "answer": _answer(story.low),
        "usual": None if period.usual is None else _usual(period.usual, story),
        "total": None if period.total is None else _totals(period.total, story),
        "sides": [asdict(side) for side in period.sides],
        "runs": [_run(run, story) for run in period.runs],
        "streets": [_street(street) for street in period.streets] if story.streets else [],
        "weeks": [_week(week) for week in period.weeks],
        "shoes": _shoes(story),
        "not_judged": [asdict(item) for item in period.not_judged],
        "duplicates": period.duplicates,
        "without_day": period.without_day,
        "roads": [{"source": source, "osm_date": day} for source, day in period.roads],
        "model_versions": period.model_versions,
    }


def _shoes(story: Story) -> list[dict[str, Any]]:
    """Write the metres of each pair of shoes, for the runner alone."""
    names = ("distance_m", "left_low_m", "right_low_m")
    pairs = shoe_metres(story.period.runs) if story.reader == "runner" else {}
    return [{"name": plain(name), **dict(zip(names, pair, strict=True))} for name, pair in pairs.items()]


def _usual(usual: UsualRange, story: Story) -> dict[str, Any]:
    """Write what is usual; how far a runner usually goes is not for everybody."""
    values = asdict(usual)
    if story.reader == "shared":
        del values["distance_m"]
    return values


def _texts(story: Story) -> dict[str, Any]:
    return {
        "title": story.title,
        "eyebrow": story.eyebrow,
        "headline": story.headline,
        "scale": story.scale,
        "why": story.why,
        "usual": story.usual,
        "tiles": [asdict(tile) for tile in story.tiles],
        "tries": [asdict(item) for item in story.tries],
        "instead": story.instead,
        "cannot_tell": story.cannot_tell,
    }


def _answer(low: LowLeg | None) -> dict[str, Any] | None:
    if low is None:
        return None
    return {
        "word": str(low.word),
        "leg": low.leg or None,
        "p_left": low.p_left,
        "p_right": low.p_right,
        "p_even": low.p_even,
        "verdict": low.verdict,
        "left_share": None if low.left_share is None else asdict(low.left_share),
        "target_left": low.target_left,
    }


def _run(run: RunResult, story: Story) -> dict[str, Any]:
    """Write a run as its reader may see it: the runner's own names and suggestions are for them alone."""
    own = story.reader == "runner"
    facts = ("run", "started_at", "time_zone", "day", "likely_day", "distance_m", "recorded_m", "duration_s")
    names = ("title", "source", "sport", "gear", "reason", "doubt") if own else ("sport",)
    return {
        **{name: getattr(run, name) for name in (*facts, *names, "state", "simulated")},
        "answer": None if run.draws is None else _answer(low_leg_of(run.draws, story.period.target_left)),
        "summary": None if run.summary is None else _totals(run.summary, story),
        "suggestions": asdict(run.suggestions) if own and run.suggestions is not None else None,
    }


def _totals(summary: Summary, story: Story) -> dict[str, Any]:
    """Write totals; streets only where the reader sees places, what was noticed only for the runner."""
    values = asdict(summary)
    if story.reader != "runner":
        values |= {"problems": [], "title": ""}
    return values if story.has_map else values | {"streets": []}


def _street(street: StreetVisits) -> dict[str, Any]:
    return {
        **asdict(street.total),
        "slope_source": street.slope_source,
        "slope_basis": basis_of_slope(street.slope_source) or "unknown",
        "visits_in_year": street.visits_in_year,
    }


def _week(week: PeriodTotal) -> dict[str, Any]:
    values = asdict(week)
    del values["low"]
    return values | {"answer": _answer(week.low)}


def weeks_json(weeks: Iterable[PeriodTotal]) -> str:
    """Write weeks as JSON, oldest first."""
    return rows_json("weeks", (_week(week) for week in weeks))


def rows_json(name: str, rows: Iterable[Mapping[str, Any]]) -> str:
    """Write a list of objects as JSON: a document of this name, which holds them under it.

    Parameters
    ----------
    name : str
        Such as ``"runs"``.
    rows : iterable of mapping
        Plain values, times and days.

    Returns
    -------
    str
        The document.
    """
    return json_text(head(name) | {name: [dict(row) for row in rows]})


def head(document: str, remarks: Iterable[str] = ()) -> dict[str, Any]:
    """Begin a document: what it is, by which version, and whose the map in it is."""
    return {
        "document": document,
        "schema_version": SCHEMA_VERSION,
        "camber_version": CAMBER,
        "attribution": OSM_ATTRIBUTION,
        "licence": LICENCE_LINE,
        "notes": [*remarks, *STANDING_NOTES],
        "interval_level": 0.9,
    }


def json_text(document: Mapping[str, Any]) -> str:
    """Write values as JSON, through `plain_values`."""
    return json.dumps(plain_values(document), ensure_ascii=False, allow_nan=False, indent=2) + "\n"


def plain_values(value: Any) -> Any:  # noqa: ANN401 - anything that a document may hold
    """Round numbers by a rule, free texts of what steers a terminal, and write times as ISO 8601."""
    if isinstance(value, dict):
        return {str(key): plain_values(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_values(item) for item in value]
    if isinstance(value, float):
        return round(value, 6) + 0.0 if math.isfinite(value) else None
    if isinstance(value, str):
        return plain(str(value))
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds").replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value
