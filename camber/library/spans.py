"""Days from one to another: a month, a year, or whatever a runner asks for."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from typing import Final

from camber.errors import SettingsError

_YEAR: Final = re.compile(r"\d{4}")
_MONTH: Final = re.compile(r"(\d{4})-(\d{2})")
LONGEST_DAYS: Final = 3700
"""Days that a span may have: ten years (judgement; what is longer is a typing error)."""


@dataclass(frozen=True, order=True)
class Span:
    """Days from one to another.

    Parameters
    ----------
    starts_on, ends_on : date
        First and last day, both included.
    title : str
        Its name.
    """

    starts_on: date
    ends_on: date
    title: str


def span_named(name: str) -> Span:
    """Find a month or a year by its name.

    Parameters
    ----------
    name : str
        ``"2026-11"`` or ``"2026"``.

    Returns
    -------
    Span
        Its days.

    Raises
    ------
    SettingsError
        If it is neither.
    """
    text = name.strip()
    month = _MONTH.fullmatch(text)
    try:
        if month:
            year, number = int(month[1]), int(month[2])
            return Span(date(year, number, 1), date(year, number, monthrange(year, number)[1]), text)
        if _YEAR.fullmatch(text):
            return Span(date(int(text), 1, 1), date(int(text), 12, 31), text)
    except ValueError:
        pass
    raise SettingsError(f"{name!r} is no month such as 2026-11 and no year such as 2026", key="period")


def span_between(first: str, last: str) -> Span:
    """Take the days from one to another.

    Parameters
    ----------
    first, last : str
        ISO 8601 dates, such as ``"2026-11-18"``, both included.

    Returns
    -------
    Span
        The days.

    Raises
    ------
    SettingsError
        If one is no date, or the last is before the first, or they are more than ten years apart.
    """
    try:
        start, end = date.fromisoformat(first.strip()), date.fromisoformat(last.strip())
    except ValueError:
        text = f"{first!r} and {last!r} are not both dates such as 2026-11-18"
        raise SettingsError(text, key="from") from None
    if not 0 <= (end - start).days < LONGEST_DAYS:
        raise SettingsError(f"from {start} to {end} is no stretch of 1 to {LONGEST_DAYS} days", key="to")
    return Span(start, end, f"{start} to {end}")
