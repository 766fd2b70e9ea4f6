"""Days that belong together: a week by the calendar, a month, a year, or whatever a runner asks for."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from camber.errors import SettingsError

_WEEK: Final = re.compile(r"(\d{4})-?[Ww](\d{1,2})")
_YEAR: Final = re.compile(r"\d{4}")
_MONTH: Final = re.compile(r"(\d{4})-(\d{2})")
LONGEST_DAYS: Final = 3700
"""Days that a span may have: ten years (judgement; what is longer is a typing error)."""


@dataclass(frozen=True, order=True)
class Week:
    """Seven days.

    Parameters
    ----------
    starts_on : date
        First day.
    """

    starts_on: date

    @property
    def ends_on(self) -> date:
        """Last day.

        Returns
        -------
        date
            Six days after the first.
        """
        return self.starts_on + timedelta(days=6)

    @property
    def title(self) -> str:
        """Name of the week.

        Returns
        -------
        str
            ``"2026-W47"`` where it starts on Monday (its year is not always that of its days), else by its
            Sunday.
        """
        if self.starts_on.isoweekday() != 1:
            return f"Week of Sunday {self.starts_on}"
        year, week, _ = self.starts_on.isocalendar()
        return f"{year}-W{week:02d}"

    def before(self, weeks: int) -> Week:
        """Go back.

        Parameters
        ----------
        weeks : int
            How many.

        Returns
        -------
        Week
            That many weeks earlier.
        """
        return Week(self.starts_on - timedelta(weeks=weeks))


@dataclass(frozen=True, order=True)
class Span:
    """Days from one to another, both included, under a name: a month, a year, or any days."""

    starts_on: date
    ends_on: date
    title: str
    kind: str = "days"


def week_of(day: date, week_start: str = "monday") -> Week:
    """Find the week of a day.

    Parameters
    ----------
    day : date
        Any day.
    week_start : {"monday", "sunday"}
        First day of a week.

    Returns
    -------
    Week
        The week that holds it.
    """
    behind = day.isoweekday() % 7 if week_start == "sunday" else day.isoweekday() - 1
    return Week(day - timedelta(days=behind))


def week_named(name: str, week_start: str = "monday") -> Week:
    """Find a week by its name.

    Parameters
    ----------
    name : str
        ``"2026-W47"``, or any day in it, such as ``"2026-11-18"``.
    week_start : {"monday", "sunday"}
        First day of a week; the week from Sunday that is called W47 holds the Monday of ISO week 47.

    Returns
    -------
    Week
        The week.

    Raises
    ------
    SettingsError
        If it is no week.
    """
    found = _WEEK.fullmatch(name.strip())
    try:
        if found:
            day = date.fromisocalendar(int(found[1]), int(found[2]), 1)
        else:
            day = date.fromisoformat(name.strip())
    except ValueError:
        text = f"{name!r} is no week; give one such as 2026-W47, or a day in it such as 2026-11-18"
        raise SettingsError(text, key="week") from None
    return week_of(day, week_start)


def span_named(name: str) -> Span:
    """Find a month, such as ``"2026-11"``, or a year; `SettingsError` if it is neither."""
    text = name.strip()
    month = _MONTH.fullmatch(text)
    try:
        if month:
            year, number = int(month[1]), int(month[2])
            return Span(date(year, number, 1), date(year, number, monthrange(year, number)[1]), text, "month")
        if _YEAR.fullmatch(text):
            return Span(date(int(text), 1, 1), date(int(text), 12, 31), text, "year")
    except ValueError:
        pass
    raise SettingsError(f"{name!r} is no month such as 2026-11 and no year such as 2026", key="period")


def span_between(first: str, last: str) -> Span:
    """Take the days between two ISO 8601 dates, both included; `SettingsError` if they are no such days."""
    try:
        start, end = date.fromisoformat(first.strip()), date.fromisoformat(last.strip())
    except ValueError:
        text = f"{first!r} and {last!r} are not both dates such as 2026-11-18"
        raise SettingsError(text, key="from") from None
    if not 0 <= (end - start).days < LONGEST_DAYS:
        raise SettingsError(f"from {start} to {end} is no stretch of 1 to {LONGEST_DAYS} days", key="to")
    return Span(start, end, f"{start} to {end}")
