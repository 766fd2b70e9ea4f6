"""Two recordings of one run: told by time and place, never by name, even where a clock is hours off."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from camber.conventions import EARTH_M

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

OVERLAP: Final = 0.8
"""Share of the longer recording's time that two recordings of one run must both cover (judgement: one device
may have been started late)."""

APART_M: Final = 30.0
"""Median distance at equal times up to which it is one run [m] (judgement: two devices' errors, and clocks a
few seconds apart)."""

SHIFTED_APART_M: Final = (20.0, 50.0)
"""The same where one clock is hours off, and what nine of ten moments must keep [m] (judgement: somebody who
walks one way twice a day at one pace shall not lose a walk)."""

_MOVED_M: Final = 60.0
"""How far from their middle two recordings must go before places alone tell that they are one [m]."""

LONGEST_SHIFT_S: Final = 14 * 3600.0
"""Civil time runs up to 14 hours from UTC (IANA time zone database): what a wrong zone can do [s]."""

_HALF_HOUR_S: Final = 1800.0
_LOOKS: Final = 60
"""Moments at which two recordings are compared (judgement: one per minute of an hour)."""


class Line(NamedTuple):
    """Where somebody was when: times [s] in order, with the positions [deg]."""

    seconds: FloatArray
    latitude_deg: FloatArray
    longitude_deg: FloatArray


def distance_m(
    latitude_deg: FloatArray,
    longitude_deg: FloatArray,
    other_latitude_deg: FloatArray | float,
    other_longitude_deg: FloatArray | float,
) -> FloatArray:
    """Give the distance on a sphere [m] by the haversine formula (Sinnott 1984), to 0.6 %."""
    a, b = np.radians(latitude_deg), np.radians(other_latitude_deg)
    half = np.radians(np.asarray(other_longitude_deg) - longitude_deg) / 2.0
    square = np.sin((b - a) / 2.0) ** 2 + np.cos(a) * np.cos(b) * np.sin(half) ** 2
    return np.asarray(2.0 * EARTH_M * np.arcsin(np.sqrt(np.clip(square, 0.0, 1.0))))


def same_run(first: Line, second: Line, time_zone: str | None) -> bool:
    """Tell by time and place; the same with the arguments swapped, and never without times.

    A clock that is a whole number of half hours off is seen through, as one that is off by the zone there.
    """
    if len(first.seconds) < 2 or len(second.seconds) < 2:
        return False
    return any(
        _agree(first, second._replace(seconds=second.seconds + shift_s), moved=shift_s != 0.0)
        for shift_s in _shifts(first, second, time_zone)
    )


def _shifts(first: Line, second: Line, time_zone: str | None) -> Iterator[float]:
    """Give the shifts of the second recording by which the two overlap enough [s], none of them first."""
    longer = max(line.seconds[-1] - line.seconds[0] for line in (first, second))
    if longer <= 0.0:
        return
    steps = int(LONGEST_SHIFT_S / _HALF_HOUR_S)
    offset = _offset_s(first.seconds[0], time_zone)
    shifts = {*(_HALF_HOUR_S * step for step in range(-steps, steps + 1)), offset, -offset}
    for shift_s in sorted(shifts, key=abs):
        begin = max(first.seconds[0], second.seconds[0] + shift_s)
        end = min(first.seconds[-1], second.seconds[-1] + shift_s)
        if end - begin >= OVERLAP * longer:
            yield shift_s


def _offset_s(second: float, time_zone: str | None) -> float:
    """How far local time is ahead of UTC [s]; zero where nobody knows."""
    try:
        there = datetime.fromtimestamp(second, UTC).astimezone(ZoneInfo(time_zone or "UTC"))
    except (ZoneInfoNotFoundError, ValueError, OSError, OverflowError):
        return 0.0
    offset = there.utcoffset()
    return 0.0 if offset is None else offset.total_seconds()


def _agree(first: Line, second: Line, *, moved: bool) -> bool:
    begin = max(first.seconds[0], second.seconds[0])
    end = min(first.seconds[-1], second.seconds[-1])
    looks = np.linspace(begin, end, _LOOKS)
    places = [np.interp(looks, line.seconds, values) for line in (first, second) for values in line[1:]]
    apart = distance_m(*places)
    if not moved:
        return float(np.median(apart)) <= APART_M
    latitude, longitude = places[:2]
    spread = distance_m(latitude, longitude, float(latitude.mean()), float(longitude.mean()))
    within = np.quantile(apart, [0.5, 0.9]) <= SHIFTED_APART_M
    return bool(within.all()) and float(spread.max()) >= _MOVED_M
