"""Numbers, times and names as files write them, read strictly: one by one, and whole columns at once.

Python's own ``float`` takes ``1_0``, ``nan`` and Arabic digits, and ``datetime`` refuses a leap second:
both would be wrong here.
"""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import date
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

NO_TIME: Final = int(np.iinfo(np.int64).min)
"""Stands for a time that is not written; numpy's own "not a time"."""

UNREADABLE_TIME: Final = NO_TIME + 1
"""Stands for a time that is written but cannot be read."""

_NUMBER: Final = re.compile(r"[ \t\r\n]*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?[ \t\r\n]*", re.ASCII)
_NUMBER_LENGTH: Final = 64
_PLAIN_NUMBER: Final = b"0123456789+-.eE\n"
_TIME: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ]\s*(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,32}))?)?"
    r"\s*(?:([Zz])|([+-])(\d\d):?(\d\d)?)?",
    re.ASCII,
)
_TIME_LENGTH: Final = 80
_PLAIN_TIMES: Final = (b"0000-00-00T00:00:00Z\n", b"0000-00-00T00:00:00.000Z\n")
_DIGITS_TO_0: Final = bytes.maketrans(b"123456789", b"000000000")
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_LARGEST_ZONE_MIN: Final = 14 * 60
"""Civil time runs from UTC-12 to UTC+14 (IANA time zone database)."""
_BIDI: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""The explicit directional marks of Unicode Standard Annex 9, section 2: they can disguise a name."""


class Moment(NamedTuple):
    """A time as written: microseconds since 1970, of UTC or, where no zone is named, of the wall clock."""

    microseconds: int
    is_local: bool


class Moments(NamedTuple):
    """Times as in `Moment`, shape (n,) each; `NO_TIME` and `UNREADABLE_TIME` may be among them."""

    microseconds: NDArray[np.int64]
    is_local: NDArray[np.bool_]


def parse_number(text: str | None) -> float:
    """Read a decimal number in ASCII, blank space around it allowed; NaN where it is none or not finite."""
    if text is None or len(text) > _NUMBER_LENGTH or _NUMBER.fullmatch(text) is None:
        return math.nan
    number = float(text)
    return number if math.isfinite(number) else math.nan


def parse_numbers(texts: Sequence[str | None]) -> NDArray[np.float64]:
    """Read numbers as `parse_number` does, at once where all are so plain that ``float`` may read them."""
    try:
        joined = "\n".join(texts)  # type: ignore[arg-type]
        plain = joined.isascii() and not joined.encode().translate(None, _PLAIN_NUMBER)
        if plain and max(map(len, joined.split("\n"))) <= _NUMBER_LENGTH:
            numbers = np.array(list(map(float, texts)), dtype=np.float64)  # type: ignore[arg-type]
            return np.where(np.isfinite(numbers), numbers, math.nan)
    except (TypeError, ValueError):  # a text is missing, or is no number
        pass
    return np.array([parse_number(text) for text in texts], dtype=np.float64)


def parse_time(text: str | None) -> Moment | None:
    """Read a time in the forms that recordings use, rounded down to microseconds; None where it is none.

    ISO 8601 with ``Z``, an offset or neither; lower-case letters, a blank for ``T``, blank space around,
    fractions after a point or a comma, a missing second. Second 60 is the next minute's first, hour 24 the
    next day's first.
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
    zone_min = _zone_min(sign, int(zone_hour or 0), int(zone_minute or 0))
    if clock_s is None or zone_min is None:
        return None
    seconds = days * 86_400 + clock_s - 60 * zone_min
    part = int((fraction or "")[:6].ljust(6, "0"))
    return Moment(seconds * 1_000_000 + part, is_local=match[8] is None and sign is None)


def _clock_s(hour: int, minute: int, second: int) -> int | None:
    if hour > 24 or minute > 59 or second > 60 or (hour == 24 and (minute or second)):
        return None
    return hour * 3600 + minute * 60 + second


def _zone_min(sign: str | None, hour: int, minute: int) -> int | None:
    offset = hour * 60 + minute
    if offset > _LARGEST_ZONE_MIN or minute > 59:
        return None
    return -offset if sign == "-" else offset


def parse_times(texts: Sequence[str | None]) -> Moments:
    """Read times as `parse_time` does; None and "" stand for no time.

    Nearly all files write ``2026-11-16T05:12:00Z`` or ``.000Z`` throughout, which numpy reads at once; leap
    seconds and hour 24, which it does not know, are left to the careful reader.
    """
    try:
        joined = "\n".join([*texts, ""]).encode()  # type: ignore[list-item]
        shape = joined.translate(_DIGITS_TO_0)
        if any(shape == form * len(texts) for form in _PLAIN_TIMES):
            stamps = np.array(joined.decode().replace("Z", "").split(), dtype="datetime64[us]")
            return Moments(stamps.view(np.int64), np.zeros(len(texts), dtype=bool))
    except (TypeError, ValueError):  # a text is missing, or is no time
        pass
    microseconds = np.full(len(texts), NO_TIME)
    is_local = np.zeros(len(texts), dtype=bool)
    for row, text in enumerate(texts):
        if text:
            microseconds[row], is_local[row] = parse_time(text) or (UNREADABLE_TIME, False)
    return Moments(microseconds, is_local)


def clean_text(text: str | None, length: int) -> str | None:
    """Make a name safe to show: one line of at most `length`, without control and directional marks."""
    if not text:
        return None
    # Twice the length is plenty of room for what falls away, and bounds the work on a name of megabytes.
    one_line = " ".join(text[: 2 * length].split())
    kept = "".join(c for c in one_line if c not in _BIDI and unicodedata.category(c) not in {"Cc", "Cs"})
    return kept[:length].strip() or None
