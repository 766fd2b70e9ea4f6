"""Numbers, times and names as files write them, read strictly.

Python's own ``float`` takes ``1_0``, ``nan`` and Arabic digits, and ``datetime`` refuses a leap second:
both would be wrong here.
"""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import date
from typing import Final, NamedTuple

_NUMBER: Final = re.compile(r"[ \t\r\n]*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?[ \t\r\n]*", re.ASCII)
_NUMBER_LENGTH: Final = 64
_TIME: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ]\s*(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,32}))?)?"
    r"\s*(?:([Zz])|([+-])(\d\d):?(\d\d)?)?",
    re.ASCII,
)
_TIME_LENGTH: Final = 80
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_LARGEST_ZONE_MIN: Final = 14 * 60
"""Civil time runs from UTC-12 to UTC+14 (IANA time zone database)."""
_BIDI: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""The explicit directional marks of Unicode Standard Annex 9, section 2: they can disguise a name."""


class Moment(NamedTuple):
    """A time as it was written.

    Parameters
    ----------
    microseconds : int
        Since 1970-01-01 00:00 [us]: of UTC, or of the wall clock where `is_local`.
    is_local : bool
        Whether the text names no zone.
    """

    microseconds: int
    is_local: bool


def parse_number(text: str | None) -> float:
    """Read a decimal number in ASCII.

    Parameters
    ----------
    text : str or None
        Text of an element or attribute; blank space around it is allowed, as in XML Schema.

    Returns
    -------
    float
        The number; NaN where the text is none or not finite.
    """
    if text is None or len(text) > _NUMBER_LENGTH or _NUMBER.fullmatch(text) is None:
        return math.nan
    number = float(text)
    return number if math.isfinite(number) else math.nan


def parse_time(text: str | None) -> Moment | None:
    """Read a time in the forms that recordings use.

    ISO 8601 with ``Z``, an offset or neither; lower-case letters, a blank for ``T``, blank space around,
    fractions after a point or a comma, a missing second. Second 60 is the next minute's first, hour 24 the
    next day's first.

    Parameters
    ----------
    text : str or None
        Text of an element.

    Returns
    -------
    Moment or None
        The time, rounded down to microseconds; None where the text is none.
    """
    if text is None or len(text) > _TIME_LENGTH:
        return None
    match = _TIME.fullmatch(text.strip(" \t\r\n"))
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, _, sign, zone_hour, zone_minute = match.groups()
    try:
        days = date(int(year), int(month), int(day)).toordinal() - _EPOCH_DAY
    except ValueError:
        return None
    clock_s = _clock_s(int(hour), int(minute), int(second or 0))
    zone_min = _zone_min(sign, zone_hour, zone_minute)
    if clock_s is None or zone_min is None:
        return None
    seconds = days * 86_400 + clock_s - 60 * zone_min
    part = int((fraction or "")[:6].ljust(6, "0"))
    return Moment(seconds * 1_000_000 + part, is_local=match[8] is None and sign is None)


def _clock_s(hour: int, minute: int, second: int) -> int | None:
    if hour == 24 and (minute or second):
        return None
    if hour > 24 or minute > 59 or second > 60:
        return None
    return hour * 3600 + minute * 60 + second


def _zone_min(sign: str | None, hour: str | None, minute: str | None) -> int | None:
    if sign is None:
        return 0
    offset = int(hour or 0) * 60 + int(minute or 0)
    if offset > _LARGEST_ZONE_MIN or int(minute or 0) > 59:
        return None
    return offset if sign == "+" else -offset


def clean_text(text: str | None, length: int) -> str | None:
    """Make a name safe to show: one line, without control characters and directional marks.

    Parameters
    ----------
    text : str or None
        Text as the file gives it.
    length : int
        Characters kept.

    Returns
    -------
    str or None
        The text; None where nothing is left of it.
    """
    if not text:
        return None
    # Twice the length is plenty of room for what falls away, and bounds the work on a name of megabytes.
    one_line = " ".join(text[: 2 * length].split())
    kept = "".join(c for c in one_line if c not in _BIDI and unicodedata.category(c) not in {"Cc", "Cs"})
    return kept[:length].strip() or None


def sport_of(text: str | None, length: int) -> str | None:
    """Sport as the file names it, lower case.

    Parameters
    ----------
    text : str or None
        Text of GPX's ``<type>``.
    length : int
        Characters kept.

    Returns
    -------
    str or None
        The sport. Strava's exports up to about 2018 write a number: 9 is a run, 1 a ride.
    """
    sport = clean_text(text, length)
    return None if sport is None else {"9": "running", "1": "cycling"}.get(sport, sport.lower())
