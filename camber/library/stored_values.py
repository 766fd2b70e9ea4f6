"""Summaries, suggestions and evidence as JSON, and back: plain values, exact to the last bit."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from camber.schema import (
    Assumption,
    Cue,
    Detour,
    Interval,
    PlannedStretch,
    PlanPoint,
    Problem,
    StreetTotal,
    Suggestion,
    Suggestions,
    Summary,
    SurfaceTotal,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_INTERVALS = (
    *("left_low_m", "right_low_m", "level_m", "unmatched_m", "balance", "tilt_balance"),
    *("net_tilt_pct_km", "gross_tilt_pct_km"),
)
_CHANGES = (
    *("left_low_before_m", "right_low_before_m", "left_low_after_m", "right_low_after_m"),
    *("balance_before", "balance_after"),
)


def json_of(value: Any) -> str:  # noqa: ANN401 - any frozen dataclass of plain values
    """Write a value as JSON.

    Parameters
    ----------
    value : dataclass
        Of plain values, times and other dataclasses.

    Returns
    -------
    str
        The same value gives the same text.
    """
    return json.dumps(asdict(value), ensure_ascii=False, separators=(",", ":"), default=_time)


def summary_from(text: str) -> Summary:
    """Read a summary back.

    Parameters
    ----------
    text : str
        Of `json_of`.

    Returns
    -------
    Summary
        The same value.
    """
    values = json.loads(text)
    return Summary(
        **values
        | {name: _interval(values[name]) for name in _INTERVALS}
        | {name: _moment(values[name]) for name in ("started_at", "ended_at")}
        | {
            "surfaces": tuple(SurfaceTotal(**item) for item in values["surfaces"]),
            "streets": tuple(StreetTotal(**item) for item in values["streets"]),
            "assumptions": tuple(Assumption(**item) for item in values["assumptions"]),
            "problems": tuple(Problem(**item) for item in values["problems"]),
        }
    )


def suggestions_from(text: str) -> Suggestions:
    """Read suggestions back.

    Parameters
    ----------
    text : str
        Of `json_of`.

    Returns
    -------
    Suggestions
        The same value.
    """
    values = json.loads(text)
    items = tuple(_suggestion(item) for item in values["items"])
    front = tuple(PlanPoint(**item | {"balance": _interval(item["balance"])}) for item in values["front"])
    return Suggestions(**values | {"items": items, "front": front})


def _suggestion(values: Mapping[str, Any]) -> Suggestion:
    lists = {name: tuple(item) for name, item in values.items() if isinstance(item, list)}
    plan = {
        "stretches": tuple(PlannedStretch(**item) for item in values["stretches"]),
        "cues": tuple(Cue(**item) for item in values["cues"]),
        "detours": tuple(_detour(item) for item in values.get("detours", ())),
    }
    return Suggestion(**{**values, **lists, **plan, **{name: _interval(values[name]) for name in _CHANGES}})


def _detour(values: Mapping[str, Any]) -> Detour:
    lists: dict[str, Any] = {name: tuple(item) for name, item in values.items() if isinstance(item, list)}
    return Detour(**{**values, **lists})


def _interval(values: Mapping[str, float] | None) -> Interval | None:
    return None if values is None else Interval(**values)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _time(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{value!r} is no plain value")
