"""The summary for other programs: one JSON document with a schema version.

A public interface, described by ``summary.schema.json`` beside this file. Within one major version fields
are only added. Metres and seconds are numbers in ``*_m`` and ``*_s``; each interval is ``low``, ``median``
and ``high`` (5, 50 and 95 % of the draws); a value that is not defined is null; there is no NaN. Balances
run from -1 (all left) to 1 (all right).
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from camber.conventions import OSM_ATTRIBUTION, SideBasis, Verdict
from camber.report.contents import roads_of
from camber.report.wording import LICENCE_LINE, STANDING_NOTES, plain
from camber.versions import CAMBER

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from camber.report.contents import Report
    from camber.schema import Analysis, Assumption, Detour, Interval, Suggestion, Summary

SCHEMA_VERSION: Final = "1.1"
"""Grows after the point when fields are added, before it when one is changed or taken away."""


def summary_schema() -> dict[str, Any]:
    """Read the JSON Schema (draft 2020-12) that every document follows.

    Returns
    -------
    dict
        The schema.
    """
    text = files("camber.report").joinpath("summary.schema.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def summary_json(report: Report) -> str:
    """Write a report as JSON.

    Parameters
    ----------
    report : Report
        One run or several.

    Returns
    -------
    str
        The document; the same input gives the same bytes.
    """
    return json.dumps(summary_document(report), ensure_ascii=False, allow_nan=False, indent=2) + "\n"


def summary_document(report: Report) -> dict[str, Any]:
    """Build the document of a report.

    Parameters
    ----------
    report : Report
        One run or several.

    Returns
    -------
    dict
        Plain values only; follows `summary_schema`.
    """
    settings = report.analyses[0].settings
    return {
        "schema_version": SCHEMA_VERSION,
        "camber_version": CAMBER,
        "attribution": OSM_ATTRIBUTION,
        "licence": LICENCE_LINE,
        "notes": [plain(note) for note in (*report.remarks, *STANDING_NOTES)],
        "interval_level": 0.9,
        "draws": settings.draws,
        "seed": settings.seed,
        "roads": [{"source": plain(source), "osm_date": date} for source, date in roads_of(report)],
        "total": _totals(report.total),
        "runs": [_run(analysis) for analysis in report.analyses],
    }


def _run(analysis: Analysis) -> dict[str, Any]:
    suggestions = analysis.suggestions
    return {
        "recording": plain(analysis.recording.source),
        "sport": None if analysis.recording.sport is None else plain(analysis.recording.sport),
        "osm_date": analysis.roads.osm_date,
        **_totals(analysis.summary),
        "suggestions": {
            "pattern": suggestions.pattern,
            "explanation": plain(suggestions.explanation),
            "conclusion": plain(suggestions.conclusion),
            "answer": suggestions.answer,
            "p_even": round(suggestions.p_even, 6),
            "items": [_suggestion(item) for item in suggestions.items],
        },
    }


def _totals(summary: Summary) -> dict[str, Any]:
    return {
        "title": plain(summary.title),
        "run_count": summary.runs,
        "started_at": _time(summary.started_at),
        "ended_at": _time(summary.ended_at),
        "time_zone": summary.time_zone,
        "distance_m": _metres(summary.distance_m),
        "duration_s": _metres(summary.duration_s),
        "left_low_m": _interval(summary.left_low_m, 3),
        "right_low_m": _interval(summary.right_low_m, 3),
        "level_m": _interval(summary.level_m, 3),
        "unmatched_m": _interval(summary.unmatched_m, 3),
        "balance": _interval(summary.balance, 6),
        "tilt_balance": _interval(summary.tilt_balance, 6),
        "net_tilt_pct_km": _interval(summary.net_tilt_pct_km, 6),
        "gross_tilt_pct_km": _interval(summary.gross_tilt_pct_km, 6),
        "verdict_m": _by_name(summary.verdict_m, Verdict),
        "side_basis_m": _by_name(summary.side_basis_m, SideBasis),
        "coverage": round(summary.coverage, 6),
        "judged": round(summary.judged, 6),
        "facing_traffic": None if summary.facing_traffic is None else round(summary.facing_traffic, 6),
        "surfaces": [_legs(item, surface_kind=item.surface_kind) for item in summary.surfaces],
        "streets": [
            _legs(item, name=plain(item.name)) | {"net_tilt_pct_km": round(item.net_tilt_pct_km, 6) + 0.0}
            for item in summary.streets
        ],
        "assumptions": [_assumption(item) for item in summary.assumptions],
        "problems": [
            {"code": item.code, "message": plain(item.message), "count": item.count}
            for item in summary.problems
        ],
    }


def _suggestion(item: Suggestion) -> dict[str, Any]:
    names = ("left_low_before_m", "right_low_before_m", "left_low_after_m", "right_low_after_m")
    return {
        "kind": item.kind,
        "what": plain(item.what),
        "where": [plain(name) for name in item.where],
        "way_ids": list(item.way_ids),
        "distance_m": _metres(item.distance_m),
        **{name: _interval(getattr(item, name), 3) for name in names},
        "balance_before": _interval(item.balance_before, 6),
        "balance_after": _interval(item.balance_after, 6),
        "uneven_before": round(item.uneven_before, 6),
        "uneven_after": round(item.uneven_after, 6),
        "crossings": item.crossings,
        "rule": plain(item.rule),
        "rule_source": plain(item.rule_source),
        "against": [plain(reason) for reason in item.against],
        "crossed_at": [
            {
                "at_m": _metres(cue.at_m),
                "latitude_deg": round(cue.latitude_deg, 7),
                "longitude_deg": round(cue.longitude_deg, 7),
                "crossing": cue.crossing,
                "text": plain(cue.text),
            }
            for cue in item.cues
            if cue.kind == "cross"
        ],
        "detour_m": _metres(item.detour_m),
        "detours": [_detour(one) for one in item.detours],
    }


def _detour(detour: Detour) -> dict[str, Any]:
    lengths = ("leave_m", "rejoin_m", "length_m", "unpaved_m", "unlit_m")
    return {
        **{name: _metres(getattr(detour, name)) for name in lengths},
        "way_ids": list(detour.way_ids),
        "names": [plain(name) for name in detour.names],
        "longitude_deg": list(detour.longitude_deg),
        "latitude_deg": list(detour.latitude_deg),
    }


def _assumption(item: Assumption) -> dict[str, Any]:
    return {
        "table": item.table,
        "applies_to": plain(item.applies_to),
        "value": plain(item.value),
        "confidence": item.confidence,
        "reference": plain(item.reference),
        "distance_m": _metres(item.distance_m),
    }


def _legs(item: Any, **named: str) -> dict[str, Any]:  # noqa: ANN401 - a surface or a street: same fields
    fields = ("distance_m", "left_low_m", "right_low_m", "level_m")
    return {**named, **{name: _metres(getattr(item, name)) for name in fields}}


def _by_name(metres: dict[str, float], names: Iterable[str]) -> dict[str, float]:
    return {str(name): _metres(metres.get(name, 0.0)) for name in names}


def _interval(interval: Interval | None, decimals: int) -> dict[str, float] | None:
    if interval is None:
        return None
    return {name: round(getattr(interval, name), decimals) + 0.0 for name in ("low", "median", "high")}


def _metres(value: float) -> float:
    return round(value, 3) + 0.0


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds").replace("+00:00", "Z")
