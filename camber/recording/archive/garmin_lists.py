"""What the lists of a Garmin account say beside its recordings: what began when, and in which shoes.

They are ``..._summarizedActivities.json`` and ``..._gear.json``, as github.com/michael-simons/garmin-babel
reads them (app/src/main/java/ac/simons/garmin/Application.java). Recordings have names of their own in the
export, so that shoes find their run by when it began.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final

from camber.recording.texts import clean_text

SUMMARIES: Final = "summarizedactivities.json"
GEAR: Final = "_gear.json"
_LIST: Final = "summarizedActivitiesExport"
_NAME_LENGTH: Final = 200


def listed(content: bytes) -> list[dict[str, Any]]:
    """Give the rows of a list of activities; none of what is no such list."""
    rows: list[Any] = []
    for part in _parts(content):
        inner = part.get(_LIST)
        rows.extend(inner if isinstance(inner, list) else [part])
    return [row for row in rows if isinstance(row, dict)]


def begun(content: bytes) -> dict[str, datetime]:
    """Read when each activity of a list began (UTC), by its identity."""
    moments = ((str(row.get("activityId")), moment(row.get("beginTimestamp"))) for row in listed(content))
    return {identity: at for identity, at in moments if at is not None}


def gear_of(content: bytes) -> dict[str, str]:
    """Read the name of what was worn in each activity, by its identity."""
    found: dict[str, str] = {}
    for part in _parts(content):
        pairs, worn = part.get("gearDTOS"), part.get("gearActivityDTOs")
        if not isinstance(pairs, list) or not isinstance(worn, dict):
            continue
        names = {str(one.get("gearPk")): _name(one) for one in pairs if isinstance(one, dict)}
        for key, activities in worn.items():
            name = names.get(str(key))
            for one in activities if name and isinstance(activities, list) else ():
                if name and isinstance(one, dict) and one.get("activityId") is not None:
                    found[str(one["activityId"])] = name
    return found


def _parts(content: bytes) -> list[dict[str, Any]]:
    try:
        whole = json.loads(content)
    except (ValueError, RecursionError):
        return []
    return [part for part in (whole if isinstance(whole, list) else [whole]) if isinstance(part, dict)]


def _name(pair: dict[str, Any]) -> str | None:
    """Name a pair as its owner does, else as its maker does."""
    names = (pair.get(key) for key in ("displayName", "customMakeModel"))
    return next(
        (clean_text(name, _NAME_LENGTH) for name in names if isinstance(name, str) and name.strip()), None
    )


def number(value: object, least: float, most: float) -> float | None:
    """Take a number that can be; None for anything else."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if least <= value <= most else None


def moment(milliseconds: object) -> datetime | None:
    """Turn milliseconds since 1970 into a moment (UTC)."""
    since = number(milliseconds, 0.0, 4e12)
    return None if since is None else datetime.fromtimestamp(since / 1000.0, UTC)
