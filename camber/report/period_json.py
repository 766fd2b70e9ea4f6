"""A week, a run or a list of runs as JSON: plain values, the same input gives the same bytes."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from camber.conventions import OSM_ATTRIBUTION
from camber.report.period_contents import SIMULATED_REMARK, is_simulated
from camber.report.wording import LICENCE_LINE, STANDING_NOTES, plain
from camber.versions import CAMBER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from camber.schema import Period, PeriodTotal, RunResult

SCHEMA_VERSION: Final = "1.1"
"""Grows after the point when fields are added, before it when one is changed or taken away."""


def period_json(period: Period) -> str:
    """Write a week as JSON.

    Parameters
    ----------
    period : Period
        The week.

    Returns
    -------
    str
        The document.
    """
    remarks = (SIMULATED_REMARK,) if is_simulated(period) else ()
    document = _head(remarks) | {
        "title": period.title,
        "starts_on": period.starts_on,
        "ends_on": period.ends_on,
        "total": None if period.total is None else asdict(period.total),
        "usual": None if period.usual is None else asdict(period.usual),
        "runs": [run_values(run) for run in period.runs],
        "streets": [asdict(street) for street in period.streets],
        "not_judged": [asdict(item) for item in period.not_judged],
        "weeks": [asdict(week) for week in period.weeks],
        "duplicates": period.duplicates,
        "without_day": period.without_day,
        "roads": [{"source": source, "osm_date": date} for source, date in period.roads],
        "model_versions": period.model_versions,
    }
    return json_text(document)


def run_json(run: RunResult) -> str:
    """Write one run as JSON.

    Parameters
    ----------
    run : RunResult
        The run.

    Returns
    -------
    str
        The document.
    """
    return json_text(_head((SIMULATED_REMARK,) if run.simulated else ()) | {"run": run_values(run)})


def weeks_json(weeks: Iterable[PeriodTotal]) -> str:
    """Write weeks as JSON.

    Parameters
    ----------
    weeks : iterable of PeriodTotal
        Oldest first.

    Returns
    -------
    str
        The document.
    """
    return json_text(_head(()) | {"weeks": [asdict(week) for week in weeks]})


def rows_json(name: str, rows: Iterable[Mapping[str, Any]]) -> str:
    """Write a list of objects as JSON.

    Parameters
    ----------
    name : str
        Name of the list in the document.
    rows : iterable of mapping
        Plain values, times and days.

    Returns
    -------
    str
        The document.
    """
    return json_text(_head(()) | {name: [dict(row) for row in rows]})


def run_values(run: RunResult) -> dict[str, Any]:
    """Turn a run into plain values; its draws stay in the library.

    Parameters
    ----------
    run : RunResult
        The run.

    Returns
    -------
    dict
        Plain values, times and days.
    """
    return {
        "run": run.run,
        "title": run.title,
        "source": run.source,
        "sport": run.sport,
        "gear": run.gear,
        "started_at": run.started_at,
        "time_zone": run.time_zone,
        "day": run.day,
        "distance_m": run.distance_m,
        "recorded_m": run.recorded_m,
        "duration_s": run.duration_s,
        "state": run.state,
        "reason": run.reason,
        "likely_day": run.likely_day,
        "doubt": run.doubt,
        "simulated": run.simulated,
        "summary": None if run.summary is None else asdict(run.summary),
        "suggestions": None if run.suggestions is None else asdict(run.suggestions),
    }


def _head(remarks: tuple[str, ...]) -> dict[str, Any]:
    return {
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
