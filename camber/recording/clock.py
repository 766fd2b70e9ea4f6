"""Clocks that were wrong for a whole recording, and when it likely was instead.

Four faults are known: a clock that was never set, and counts on from where its maker put its zero; a count
of weeks that ran over, which puts GPS time 1024 weeks back (IS-GPS-200, 20.3.3.3.1.1: ten bits); one that is
ahead of time; and FIT's times before the device knew the date, which count from when it was switched on.
What else the file, its name or the list of its export say of the day is offered, never taken; only FIT's own
date of the file is.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from camber.conventions import CLOCK_AHEAD, CLOCK_LISTED, CLOCK_UNSET, CLOCK_WEEKS
from camber.schema import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from camber.schema import Recording

    IntArray = NDArray[np.int64]

ROLLOVER: Final = timedelta(weeks=1024)
_ZEROS: Final = frozenset({(1999, 8, 22), (2000, 1, 1)})
"""Days at which clocks begin that nobody set, besides those before `ReadLimits.first_year`: where GPS weeks
began anew, and a round date."""

_LATE: Final = timedelta(days=5 * 366)
"""A recording that would be younger than this with 1024 weeks more is asked about (judgement: few runners
import for the first time what they wore a receiver for twenty years ago, and those are asked once)."""

_FIRST_WATCH: Final = datetime(2003, 9, 1, tzinfo=UTC)
"""Before the first receivers for the wrist were sold (Garmin Forerunner 201, September 2003)."""

_FIRST_FIT: Final = datetime(2008, 1, 1, tzinfo=UTC)
"""Before devices wrote FIT files (Garmin's profile names none earlier)."""

_SAME: Final = timedelta(days=2)
"""How far two dates of one run may part: zones, and files that were closed the day after."""

_OUTING_US: Final = 3 * 3600 * 1_000_000
"""A gap from which the clock is looked at anew [us] (judgement: more than a change of the clocks)."""

_HALF_HOUR_US: Final = 1800 * 1_000_000
_NOON: Final = 12
_YEAR_FIRST: Final = re.compile(
    r"(?<!\d)((?:19|20)\d\d)([-_./ ]?)(\d{1,2})\2(\d{1,2})"
    r"(?:[-_T,. ]*(\d{1,2})[-_:h.]?(\d\d)(?:[-_:m.]?(\d\d))?)?(?!\d)"
)
_YEAR_LAST: Final = re.compile(
    r"(?<!\d)(\d{1,2})([-_./])(\d{1,2})\2((?:19|20)\d\d)"
    r"(?:[-_T,. ]+(\d{1,2})[:h.](\d\d)(?:[:m.](\d\d))?)?(?!\d)"
)
_CLOCK: Final = re.compile(r"(?<!\d)(\d{1,2})[:.h](\d\d)(?:[:.](\d\d))?\s*([ap])?\.?m?")
_WORD: Final = re.compile(r"[^\W\d_]{3,}")
_MONTHS: Final = (
    *(
        ("jan", "ene", "gen", "sty"),
        ("feb", "fev", "lut"),
        ("mar", "mrt", "mae"),
        ("apr", "abr", "avr", "kwi"),
    ),
    *(("may", "mai", "mag", "mei", "maj"), ("jun", "jui", "giu", "cze"), ("jul", "lug", "lip")),
    *(("aug", "ago", "aou", "sie"), ("sep", "set", "wrz"), ("oct", "okt", "ott", "out", "paz")),
    *(("nov", "lis"), ("dec", "dez", "dic", "des", "gru")),
)
"""How the names of months begin in the languages of the exports, without accents."""


class Doubt(NamedTuple):
    """What is wrong with the clock of a whole file, as a problem says it, and when it likely began."""

    code: str
    message: str
    likely: datetime | None


def doubt_of(
    start: datetime | None,
    own: Sequence[datetime],
    named: Sequence[datetime],
    *,
    earliest: datetime,
    is_fit: bool,
    now: datetime,
) -> Doubt | None:
    """Judge the first time of a recording by what else tells of its day, the file itself before names; UTC.

    That the file agrees with itself says nothing: one clock wrote both. What is earlier than `earliest` is
    of no clock that was set. A date without an hour stands at noon. Without any time there is no fault, but
    perhaps a likely start.
    """
    other = [date for date in own if start is None or abs(date - start) > _SAME]
    likely = next((date for date in (*other, *named) if earliest <= date <= now + _SAME), None)
    if start is None:
        return None if likely is None else Doubt("", "", likely)
    day = f"{start:%Y-%m-%d}"
    at_zero = (start.year, start.month, start.day) in _ZEROS
    apart = likely is not None and abs(likely - start) > _SAME
    moved = _rolled_over(start, likely, is_fit=is_fit, now=now)
    if start < earliest or at_zero or ((start.month, start.day) == (1, 1) and apart):
        text = f"Its clock was not set: its times are of {day}."
        recent = moved is not None and moved >= now - _LATE and not at_zero
        return Doubt(CLOCK_UNSET, text, moved if likely is None and recent else likely)
    if start > now + _SAME:
        return Doubt(CLOCK_AHEAD, f"Its times are of {day}, a day that was still to come.", likely)
    if moved is None:
        return None
    text = (
        f"Its times are of {day}, 1024 weeks before {moved:%Y-%m-%d}, as receivers write whose "
        "count of weeks ran over."
    )
    return Doubt(CLOCK_WEEKS, text, moved)


def _rolled_over(start: datetime, likely: datetime | None, *, is_fit: bool, now: datetime) -> datetime | None:
    """Give the time that many rollovers later where it likely was; None where nothing speaks for one."""
    later = (start + ROLLOVER, start + 2 * ROLLOVER)
    possible = [moved for moved in later if moved <= now + _SAME]
    for moved in possible:
        if likely is not None and abs(likely - moved) <= _SAME:
            return moved
    if likely is not None and abs(likely - start) <= _SAME:
        return None
    too_early = start < (_FIRST_FIT if is_fit else _FIRST_WATCH)
    return next((moved for moved in reversed(possible) if too_early or moved >= now - _LATE), None)


def listed(recording: Recording, at: datetime | None) -> Recording:
    """Compare a recording with when the list of its export says that it was; without a zone, by the place."""
    if at is None:
        return recording
    if at.tzinfo is None:
        at = at.replace(tzinfo=ZoneInfo(recording.time_zone or "UTC")).astimezone(UTC)
    codes = {problem.code for problem in recording.problems}
    if recording.started_at is None or codes & {CLOCK_UNSET, CLOCK_WEEKS, CLOCK_AHEAD}:
        kept = recording.likely_started_at
        exact = kept is not None and abs(kept - at) <= _SAME and CLOCK_WEEKS in codes
        return replace(recording, likely_started_at=kept if exact else at)
    if abs(recording.started_at - at) <= _SAME:
        return recording
    text = f"Its times are of {recording.started_at:%Y-%m-%d}, but the list of the export says {at:%Y-%m-%d}."
    problem = Problem(CLOCK_LISTED, text, len(recording.fixes))
    return replace(recording, likely_started_at=at, problems=(*recording.problems, problem))


def dates_in(texts: Iterable[str | None], time_zone: str | None) -> list[datetime]:
    """Read the dates that names hold, such as ``2026-11-16-0712.gpx``, as UTC by the clock at the place."""
    zone = ZoneInfo(time_zone or "UTC")
    found = (date_in(text) for text in texts if text)
    return [date.replace(tzinfo=zone).astimezone(UTC) for date in found if date is not None]


def date_in(text: str) -> datetime | None:
    """Read the first date in a text, in the order of ISO 8601 or with its day first or its month named.

    By the wall clock, at noon where no hour is told; None where there is none, or the day may be the month.
    """
    name = text.rpartition("/")[2]
    found = _YEAR_FIRST.search(name)
    if found:
        year, _, month, day, *clock = found.groups()
        return _moment(year, month, day, *clock)
    found = _YEAR_LAST.search(name)
    if found:
        day, mark, month, year, *clock = found.groups()
        if mark == "/" and int(day) <= 12:
            return _moment(year, day, month, *clock) if int(month) > 12 else None
        return _moment(year, month, day, *clock)
    return _with_named_month(name)


def _with_named_month(text: str) -> datetime | None:
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    months = [_month(word) for word in _WORD.findall(plain)]
    month = next((number for number in months if number), None)
    clock = _CLOCK.search(plain)
    rest = plain if clock is None else plain[: clock.start()]
    year = re.search(r"(?<!\d)((?:19|20)\d\d)(?!\d)", rest)
    day = re.search(r"(?<!\d)(\d{1,2})(?!\d)", rest)
    if month is None or year is None or day is None:
        return None
    if clock is None:
        return _moment(year[1], str(month), day[1])
    hour = int(clock[1]) % 12 + 12 * (clock[4] == "p") if clock[4] else int(clock[1])
    return _moment(year[1], str(month), day[1], str(hour), clock[2], clock[3])


def _month(word: str) -> int | None:
    if word.startswith(("juil", "jul")):
        return 7
    return next((at for at, starts in enumerate(_MONTHS, start=1) if word.startswith(starts)), None)


def _moment(
    year: str,
    month: str,
    day: str,
    hour: str | None = None,
    minute: str | None = None,
    second: str | None = None,
) -> datetime | None:
    clock = (_NOON, 0, 0) if hour is None else (int(hour), int(minute or 0), int(second or 0))
    try:
        return datetime(int(year), int(month), int(day), *clock)  # noqa: DTZ001 - of the wall clock
    except ValueError:
        return None


def utc_of(wall_us: IntArray, zone: ZoneInfo) -> IntArray:
    """Turn times of a wall clock into UTC, shape (n,) both [us since 1970], in the order of the recording.

    Where the clocks change within a run, some devices follow and some keep to the hour that they began with:
    what leaves no gap of an hour is taken. Where nothing tells, an hour that comes twice is the first.
    """
    if not len(wall_us):
        return wall_us
    cuts = np.flatnonzero(np.abs(np.diff(wall_us)) > _OUTING_US) + 1
    return np.concatenate([_stretch_in_utc(stretch, zone) for stretch in np.split(wall_us, cuts)])


def _stretch_in_utc(wall_us: IntArray, zone: ZoneInfo) -> IntArray:
    first = datetime(1970, 1, 1) + timedelta(microseconds=int(wall_us[0]))  # noqa: DTZ001 - of the wall clock
    offsets = (zone.utcoffset(first.replace(fold=fold)) or timedelta() for fold in (0, 1))
    kept = [wall_us - round(offset.total_seconds() * 1e6) for offset in offsets]
    went_back = np.cumsum(np.diff(wall_us, prepend=wall_us[0]) < -_HALF_HOUR_US) > 0
    series = pd.Series(wall_us.astype("datetime64[us]"))
    zoned = series.dt.tz_localize(zone, ambiguous=~went_back, nonexistent="shift_forward")
    followed = zoned.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[us]").astype(np.int64)
    steps = np.diff(wall_us)

    def torn(utc_us: IntArray) -> int:
        """Count gaps of half an hour and more, and moments that fall on one."""
        passed = np.diff(utc_us)
        return int(((np.abs(passed) >= _HALF_HOUR_US) | ((passed == 0) & (steps != 0))).sum())

    return min((followed, *kept), key=torn)
