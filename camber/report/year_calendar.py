"""A year as a calendar: one square for each day, in the colour of the leg that was the low one."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from camber.adding import add_draws
from camber.schema import Word, low_leg_of

if TYPE_CHECKING:
    from datetime import date

    from camber.schema import Draws, Period

_STEP: Final = 14
_CELL: Final = 12
_HALF: Final = 7
_TOP, _LEFT = 14, 24


def year_calendar(period: Period) -> str:
    """Draw the days of a period, weeks from left to right, Monday on top.

    Parameters
    ----------
    period : Period
        The period; a year, or less.

    Returns
    -------
    str
        An SVG element without any text of a recording: the half on the side of the leg that was low is
        filled, all of it where it could be either; paler is less sure, a dot a run that is not judged.
    """
    draws: dict[date, list[Draws]] = defaultdict(list)
    for run in period.runs:
        if run.day is not None:
            draws[run.day] += [run.draws] if run.draws is not None else []
    if period.starts_on is None or period.ends_on is None:
        return ""
    first = period.starts_on - timedelta(days=period.starts_on.weekday())
    weeks = (period.ends_on - first).days // 7 + 1
    parts = [
        f'<text x="0" y="{_TOP + row * _STEP + 9}">{name}</text>'
        for row, name in ((0, "Mon"), (3, "Thu"), (6, "Sun"))
    ]
    day = period.starts_on
    while day <= period.ends_on:
        column, row = divmod((day - first).days, 7)
        x, y = _LEFT + column * _STEP, _TOP + row * _STEP
        if day.day == 1 or day == period.starts_on:
            parts.append(f'<text x="{x}" y="9">{day:%b}</text>')
        parts.append(f'<rect class="cell off" x="{x}" y="{y}" width="{_CELL}" height="{_CELL}" rx="2"/>')
        if draws.get(day):
            parts.append(_mark(draws[day], x, y, period.target_left))
        if day in draws and not draws[day]:
            parts.append(f'<circle class="dot" cx="{x + _CELL / 2:g}" cy="{y + _CELL / 2:g}" r="2"/>')
        day += timedelta(days=1)
    size = f"0 0 {_LEFT + weeks * _STEP} {_TOP + 7 * _STEP}"
    words = "One square for each day; the weeks below hold the numbers."
    return f'<svg class="days" viewBox="{size}" role="img" aria-label="{words}">{"".join(parts)}</svg>'


def _mark(draws: list[Draws], x: int, y: int, target_left: float) -> str:
    """Fill the half of a square on the side of the leg, so that left and right differ without colour."""
    low = low_leg_of(add_draws(draws), target_left)
    hue = f"{low.leg or 'none'}{' pale' if low.word is Word.PERHAPS else ''}"
    begin = x + _CELL - _HALF if low.leg == "right" else x
    width = _HALF if low.leg else _CELL
    return f'<rect class="cell {hue}" x="{begin}" y="{y}" width="{width}" height="{_CELL}" rx="2"/>'
