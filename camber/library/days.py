"""Days that belong together: a week by the calendar, a month, a year, or whatever a runner asks for."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from camber.errors import SettingsError

_WEEK: Final = re.compile(r"(\d{4})-?[Ww](\d{1,2})")
_BACK: Final = re.compile(r"last|-(\d{1,4})")
_DAY: Final = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_NUMBER: Final = re.compile(r"w?(\d{1,2})")
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


def week_named(name: str, week_start: str = "monday", latest: Week | None = None) -> Week:
    """Find a week by its name.

    Parameters
    ----------
    name : str
        ``"2026-W47"``, or any day in it, such as ``"2026-11-18"`` or ``"18.11.2026"``; ``"last"``, ``"-1"``
        for the one before that, or ``"47"`` for the latest week of that number.
    week_start : {"monday", "sunday"}
        First day of a week; the week from Sunday that is called W47 holds the Monday of ISO week 47.
    latest : Week, optional
        What ``"last"`` means; the week of today if missing.

    Returns
    -------
    Week
        The week.

    Raises
    ------
    SettingsError
        If it is no week.
    """
    text, latest = name.strip().lower(), latest or week_of(date.today(), week_start)  # noqa: DTZ011 - own day
    named, back, day, number = (one.fullmatch(text) for one in (_WEEK, _BACK, _DAY, _NUMBER))
    try:
        if back:
            return latest.before(int(back[1] or 0))
        if number:
            return _latest_of_number(int(number[1]), week_start, latest)
        if named:
            return week_of(date.fromisocalendar(int(named[1]), int(named[2]), 1), week_start)
        if day:
            return week_of(date(int(day[3]), int(day[2]), int(day[1])), week_start)
        return week_of(date.fromisoformat(text), week_start)
    except (ValueError, OverflowError):
        said = f"{name!r} is not a week: try last, -1, 47, 2026-W47, or a day in it such as 2026-11-18"
        raise SettingsError(said, key="week") from None


def _latest_of_number(number: int, week_start: str, latest: Week) -> Week:
    """Find the latest week of a number that is not after another; not every year has a week 53."""
    for year in range(latest.ends_on.year, latest.ends_on.year - 7, -1):
        if number == 53 and date(year, 12, 28).isocalendar().week < 53:
            continue
        found = week_of(date.fromisocalendar(year, number, 1), week_start)
        if found <= latest:
            return found
    raise ValueError


def span_named(name: str, kind: str = "month", latest: date | None = None) -> Span:
    """Find a month, such as ``"2026-11"``, ``"11"``, ``"last"`` or ``"-1"``, or a year in the same way.

    Parameters
    ----------
    name : str
        Its name, or how many before the last.
    kind : {"month", "year"}
        What is counted back from the last.
    latest : date, optional
        A day of the last one; today if missing.

    Returns
    -------
    Span
        The month or year.

    Raises
    ------
    SettingsError
        If it is neither.
    """
    text, day = name.strip().lower(), latest or date.today()  # noqa: DTZ011 - the runner's own day
    month, back = _MONTH.fullmatch(text), _BACK.fullmatch(text)
    try:
        if _YEAR.fullmatch(text) or (back and kind == "year"):
            year = day.year - int(back[1] or 0) if back else int(text)
            return Span(date(year, 1, 1), date(year, 12, 31), f"{year}", "year")
        if back:
            year, before = divmod(12 * day.year + day.month - 1 - int(back[1] or 0), 12)
            return _month(year, before + 1)
        if kind == "month" and text.isdecimal() and len(text) <= 2:
            return _month(day.year - (int(text) > day.month), int(text))
        if month:
            return _month(int(month[1]), int(month[2]))
    except ValueError:
        pass
    raise SettingsError(f"{name!r} is not a month such as 2026-11, nor a year such as 2026", key="period")


def _month(year: int, number: int) -> Span:
    first, last = date(year, number, 1), date(year, number, monthrange(year, number)[1])
    return Span(first, last, f"{first:%Y-%m}", "month")


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
