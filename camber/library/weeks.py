"""Weeks by the calendar: ISO 8601, or from Sunday to Saturday."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from camber.errors import SettingsError

_NAMED: Final = re.compile(r"(\d{4})-?[Ww](\d{1,2})")


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
    found = _NAMED.fullmatch(name.strip())
    try:
        if found:
            day = date.fromisocalendar(int(found[1]), int(found[2]), 1)
        else:
            day = date.fromisoformat(name.strip())
    except ValueError:
        text = f"{name!r} is no week; give one such as 2026-W47, or a day in it such as 2026-11-18"
        raise SettingsError(text, key="week") from None
    return week_of(day, week_start)
