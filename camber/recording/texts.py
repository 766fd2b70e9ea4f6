"""Columns of numbers and times as files write them, read at once.

The same as `camber.recording.values` reads one by one, which is also what reads the texts that are not in
the plain form nearly all files keep to.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from camber.recording.values import parse_number, parse_time

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]

NO_TIME: Final = int(np.iinfo(np.int64).min)
"""Stands for a time that is not written."""

UNREADABLE_TIME: Final = NO_TIME + 1
"""Stands for a time that is written but cannot be read."""

_PLAIN: Final = b"0123456789+-.eE\n"
_LONGEST: Final = 64
_SEPARATORS: Final = ((4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":"))
_FORMS: Final = {20: ((19, "Z"),), 24: ((19, "."), (23, "Z"))}
_DIGITS: Final = [0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18]
_LENGTHS: Final = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


class Moments(NamedTuple):
    """Times as they were written.

    Parameters
    ----------
    microseconds : ndarray of int64, shape (n,)
        Since 1970-01-01 00:00 [us]: of UTC, or of the wall clock where `is_local`; `NO_TIME`,
        `UNREADABLE_TIME`.
    is_local : ndarray of bool, shape (n,)
        Whether the text names no zone.
    """

    microseconds: IntArray
    is_local: BoolArray


def parse_numbers(texts: Sequence[str | None]) -> FloatArray:
    """Read decimal numbers in ASCII.

    Parameters
    ----------
    texts : sequence of str or None
        Texts, as `camber.recording.values.parse_number` takes them.

    Returns
    -------
    ndarray of float64, shape (n,)
        The numbers; NaN where a text is none or not finite.
    """
    try:
        joined = "\n".join(texts)  # type: ignore[arg-type]
        plain = joined.isascii() and not joined.encode().translate(None, _PLAIN)
        if plain and max(map(len, joined.split("\n"))) <= _LONGEST:
            numbers = np.array(list(map(float, texts)), dtype=np.float64)  # type: ignore[arg-type]
            return np.where(np.isfinite(numbers), numbers, math.nan)
    except (TypeError, ValueError):  # a text is missing, or is no number
        pass
    return np.array([parse_number(text) for text in texts], dtype=np.float64)


def parse_times(texts: Sequence[str | None]) -> Moments:
    """Read times.

    Parameters
    ----------
    texts : sequence of str or None
        Texts, as `camber.recording.values.parse_time` takes them; None or "" where a point has no time.

    Returns
    -------
    Moments
        The times.
    """
    return _plain_times(texts) or _any_times(texts)


def _any_times(texts: Sequence[str | None]) -> Moments:
    microseconds = np.full(len(texts), NO_TIME)
    is_local = np.zeros(len(texts), dtype=bool)
    for row, text in enumerate(texts):
        if text:
            moment = parse_time(text)
            microseconds[row] = UNREADABLE_TIME if moment is None else moment.microseconds
            is_local[row] = moment is not None and moment.is_local
    return Moments(microseconds, is_local)


def _plain_times(texts: Sequence[str | None]) -> Moments | None:
    """Read ``2026-11-16T05:12:00Z`` and ``2026-11-16T05:12:00.000Z``; None where a text has another form."""
    digits = _digits(texts)
    if digits is None:
        return None
    year = digits[0] * 1000 + digits[1] * 100 + digits[2] * 10 + digits[3]
    month, day, hour, minute, second = (digits[k] * 10 + digits[k + 1] for k in (4, 6, 8, 10, 12))
    # 29 February, leap seconds and hour 24 are left to the careful reader.
    if ((month < 1) | (month > 12)).any() or ((day < 1) | (day > _LENGTHS[month - 1])).any():
        return None
    if ((hour > 23) | (minute > 59) | (second > 59) | (year < 1)).any():
        return None
    seconds = (_days(year, month, day) * 24 + hour) * 3600 + minute * 60 + second
    thousandths = digits[14] * 100 + digits[15] * 10 + digits[16] if len(digits) > 14 else 0
    return Moments(seconds * 1_000_000 + thousandths * 1000, np.zeros(len(texts), dtype=bool))


def _digits(texts: Sequence[str | None]) -> IntArray | None:
    """Give the digits of times that all have one of the plain forms, one row for each place in the text."""
    try:
        joined = "".join(texts)  # type: ignore[arg-type]
    except TypeError:
        return None
    length = len(texts[0] or "") if texts else 0
    signs = _FORMS.get(length)
    if signs is None or not joined.isascii() or any(len(text or "") != length for text in texts):
        return None
    letters = np.frombuffer(joined.encode(), np.uint8).reshape(-1, length)
    if any((letters[:, at] != ord(sign)).any() for at, sign in (*_SEPARATORS, *signs)):
        return None
    digits = letters[:, _DIGITS + [20, 21, 22] * (length == 24)].astype(np.int64).T - ord("0")
    return digits if digits.min() >= 0 and digits.max() <= 9 else None


def _days(year: IntArray, month: IntArray, day: IntArray) -> IntArray:
    """Count days since 1970-01-01 in the Gregorian calendar, by months from March to February."""
    shifted = year - (month <= 2)
    day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return 365 * shifted + shifted // 4 - shifted // 100 + shifted // 400 + day_of_year - 719_468
