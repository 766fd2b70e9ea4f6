"""When a recording was: its day by the clock at its place, as its file says it or as the runner tells."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from camber.conventions import CLOCK_DOUBTS, CLOCK_UNSET
from camber.library.stored_values import value_from
from camber.schema import Problem

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

STARTED_WITHIN_MS: Final = 120_000
"""A list that says when a run began means one whose first position is so near [ms] (judgement: a watch is
started before it has found its satellites)."""

_DAY_MS: Final = 86_400_000
_CLOCK: Final = "clock_"


def moment(stamp_ms: int | None) -> datetime | None:
    """Turn milliseconds since 1970 UTC into a time."""
    return None if stamp_ms is None else datetime.fromtimestamp(stamp_ms / 1000.0, UTC)


def local_day(stamp_ms: int | None, time_zone: str | None) -> str | None:
    """Day by the clock at the place, ISO 8601; by UTC where the zone is unknown."""
    when = moment(stamp_ms)
    if when is None:
        return None
    try:
        return when.astimezone(ZoneInfo(time_zone or "UTC")).date().isoformat()
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return when.date().isoformat()


def told_day(connection: sqlite3.Connection, row: Mapping[str, Any]) -> date | None:
    """Give the day that the runner told of a recording."""
    found = connection.execute(
        "SELECT day FROM told_day WHERE content_sha256 = ? AND part = ?", (row["content_sha256"], row["part"])
    ).fetchone()
    return None if found is None else date.fromisoformat(found[0])


def dated(row: Mapping[str, Any] | sqlite3.Row, told: date | None) -> dict[str, Any]:
    """Give the day of a recording, its times and what they are moved by [ms], as read or as told."""
    zone, start, end = row["time_zone"], row["started_at_ms"], row["ended_at_ms"]
    is_unset = any(
        problem.code == CLOCK_UNSET for problem in value_from(row["problems"], tuple[Problem, ...])
    )
    day = None if is_unset else local_day(None if start is None else start - row["shift_ms"], zone)
    shift_ms = 0
    if told is not None and start is not None:
        shift_ms = _shift_ms(start - row["shift_ms"], zone, row["likely_start_ms"], told)
    moved = shift_ms - row["shift_ms"]
    return {
        "day": day if told is None else told.isoformat(),
        "started_at_ms": None if start is None else start + moved,
        "ended_at_ms": None if end is None else end + moved,
        "shift_ms": shift_ms,
        "told": int(told is not None),
    }


def doubt_of_day(row: sqlite3.Row) -> tuple[date | None, str]:
    """Give the likely day of a recording and what speaks against its own times, unless the day was told."""
    if row["told"]:
        return None, ""
    likely = local_day(row["likely_start_ms"], row["time_zone"])
    problems = value_from(row["problems"], tuple[Problem, ...]) if _CLOCK in row["problems"] else ()
    said = (problem.message for problem in problems if problem.code in CLOCK_DOUBTS)
    return None if likely is None else date.fromisoformat(likely), next(said, "")


def _shift_ms(start_ms: int, time_zone: str | None, likely_ms: int | None, told: date) -> int:
    """Give what brings a start to a day at its place [ms]: whole days, or all the way to the likely start."""
    if likely_ms is not None and local_day(likely_ms, time_zone) == told.isoformat():
        return likely_ms - start_ms
    days = (told - date.fromisoformat(local_day(start_ms, time_zone) or "")).days
    # The change of the clocks may lie between the two days, and midnight between the two hours.
    near = (days, days + 1, days - 1)
    right = (n for n in near if local_day(start_ms + n * _DAY_MS, time_zone) == told.isoformat())
    return next(right, days) * _DAY_MS
