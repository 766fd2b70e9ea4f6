"""Numbers as mappers write them in OpenStreetMap values: metres, speeds, slopes, counts.

Each function takes the text of one value and returns None where it cannot be understood; none raises.
"""

from __future__ import annotations

import math
import re
from typing import Final

_NUMBER: Final = r"[+-]?(?:\d{1,9}(?:[.,]\d{1,9})?|[.,]\d{1,9})"
_LENGTH: Final = re.compile(rf"({_NUMBER})\s*(m|metres?|meters?|cm|km|ft|feet|foot|in|')?", re.IGNORECASE)
_FEET_INCHES: Final = re.compile(rf"({_NUMBER})\s*(?:'|ft)\s*({_NUMBER})\s*(?:\"|''|in)", re.IGNORECASE)
_SPEED: Final = re.compile(rf"({_NUMBER})\s*(km/?h|kph|kmph|mph|knots)?", re.IGNORECASE)
_ZONE: Final = re.compile(r"([A-Z]{2}(?:-[A-Z]{2,3})?):([a-z_:]*?):?(\d*)")
_SLOPE: Final = re.compile(rf"({_NUMBER})\s*(%|°|deg|degrees?)?", re.IGNORECASE)
_CONDITION_END: Final = re.compile(r";(?![^(]*\))")
_CONDITION: Final = re.compile(r"([^@()]*[^@()\s])\s*@\s*(?:\(\s*([^@()]*[^@()\s])\s*\)|([^@()]*[^@()\s]))")
_WHOLE: Final = re.compile(r"[+-]?\d{1,9}")

FOOT_M: Final = 0.3048
"""International foot [m] (exact, 1959 agreement)."""

MILE_KM: Final = 1.609344
"""International mile [km] (exact, 1959 agreement)."""

KNOT_KMH: Final = 1.852
"""Knot [km/h] (exact, 1929 agreement)."""

_METRES: Final = {"": 1.0, "m": 1.0, "cm": 0.01, "km": 1000.0, "in": FOOT_M / 12.0, "'": FOOT_M}

WALK_KMH: Final = 7.0
"""Walking pace as a speed limit [km/h]: German courts read it as 4 to 7 (wiki Key:maxspeed); upper end."""

URBAN_KMH: Final = {"GB": 30 * MILE_KM, "UK": 30 * MILE_KM, "RU": 60.0, "BY": 60.0, "UZ": 70.0, "*": 50.0}
"""Limit in built-up areas by country [km/h] (wiki Key:maxspeed, implicit values); ``*``: all others."""

RURAL_KMH: Final = {
    **dict.fromkeys(("AT", "DE", "UZ"), 100.0),
    **dict.fromkeys(("CH", "DK", "FI", "FR", "NL", "NO", "RS"), 80.0),
    **dict.fromkeys(("SE", "BE-VLG", "BE-BRU"), 70.0),
}
"""Limit outside built-up areas [km/h] (wiki Key:maxspeed, implicit values; osmose-backend's check of them).

Elsewhere 90, the commonest value of that table.
"""

LIVING_STREET_KMH: Final = 20.0
"""Limit in living streets [km/h] (wiki Key:maxspeed: 20 in most countries; walking pace in some)."""

NATIONAL_LIMIT_KMH: Final = {
    "nsl_single": 60 * MILE_KM,
    "nsl_dual": 70 * MILE_KM,
    "nsl_restricted": 30 * MILE_KM,
}
"""British national limits [km/h] (Highway Code rule 124)."""


def metres(text: str) -> float | None:
    """Read a length [m]: ``3``, ``3,5 m``, ``350 cm``, ``12 ft`` or ``12'6"``; metres without a unit."""
    both = _FEET_INCHES.fullmatch(text.strip())
    if both:
        return (_number(both[1]) + _number(both[2]) / 12.0) * FOOT_M
    found = _LENGTH.fullmatch(text.strip())
    if not found:
        return None
    unit = (found[2] or "").lower()
    unit = "m" if unit.startswith("met") else "'" if unit in {"ft", "feet", "foot"} else unit
    return _number(found[1]) * _METRES[unit]


def kilometres_per_hour(text: str) -> float | None:
    """Read a speed limit [km/h] such as ``50``, ``30 mph``, ``DE:urban``, ``DE:zone:30`` or ``walk``.

    NaN for values that are understood but name no number (``none``, ``signals``, ...).
    """
    text = text.strip()
    if text.lower() in {"none", "signals", "variable", "no", "unposted", "default"}:
        return math.nan
    if text.lower() == "walk":
        return WALK_KMH
    found = _SPEED.fullmatch(text)
    if found:
        unit = (found[2] or "").lower()
        return _number(found[1]) * (MILE_KM if unit == "mph" else KNOT_KMH if unit == "knots" else 1.0)
    zone = _ZONE.fullmatch(text)
    return _zone_limit(zone[1], zone[2], zone[3]) if zone else None


def _zone_limit(region: str, kind: str, number: str) -> float | None:
    if kind in {"", "zone"} and number:
        return float(number) * (MILE_KM if region in {"GB", "UK"} else 1.0)
    if kind == "urban":
        return URBAN_KMH.get(region, URBAN_KMH["*"])
    if kind == "rural":
        return RURAL_KMH.get(region, 90.0)
    if kind in {"living_street", "pedestrian_zone"}:
        return LIVING_STREET_KMH
    if kind in NATIONAL_LIMIT_KMH:
        return NATIONAL_LIMIT_KMH[kind]
    return (
        math.nan if kind in {"motorway", "trunk", "bicycle_road", "cyclestreet", "nsl", "express"} else None
    )


def slope_percent(text: str) -> float | None:
    """Read a slope [%] with its sign such as ``2.5%``, ``2°`` or ``-2``; per cent without a unit."""
    found = _SLOPE.fullmatch(text.strip())
    if not found:
        return None
    number, unit = _number(found[1]), (found[2] or "%").lower()
    if unit == "%":
        return number
    return 100.0 * math.tan(math.radians(number)) if abs(number) < 90.0 else None


def count(text: str) -> float | None:
    """Read a number of things such as ``2`` or ``1.5``."""
    return _number(text) if re.fullmatch(_NUMBER, text.strip()) else None


def whole(text: str) -> int | None:
    """Read a whole number such as ``-1`` or ``+2``."""
    return int(text) if _WHOLE.fullmatch(text.strip()) else None


def conditional(text: str) -> tuple[tuple[str, str], ...] | None:
    """Read a value that holds at times, such as ``30 @ (22:00-06:00; Su)`` or ``no @ wet; 80 @ (Mo-Fr)``.

    Each value with the condition under which it holds (wiki Conditional restrictions); None where a part has
    no value, no condition or brackets that do not match.
    """
    parts = _CONDITION_END.split(text.strip().rstrip(";"))
    found = [_CONDITION.fullmatch(part.strip()) for part in parts]
    return tuple((part[1], part[2] or part[3]) for part in found if part) if all(found) else None


def _number(text: str) -> float:
    return float(text.strip().replace(",", "."))
