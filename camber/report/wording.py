"""The words, units and times that a person reads, the same in the terminal and on the page.

The leg on the falling side is the *low* leg; there is no "short" or "long" leg, no risk and no promise
(camber/standards/model.md, Signs). Left always stands on the left.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from camber.conventions import (
    OSM_ATTRIBUTION,
    OSM_COPYRIGHT_URL,
    LateralState,
    SurfaceKind,
)
from camber.schema import Interval

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

LEG_WORDS: Final = {
    "left_low_m": "left leg low",
    "right_low_m": "right leg low",
    "level_m": "level",
    "unmatched_m": "not on a mapped way",
}
"""Words for the four shares into which every metre of a draw falls, in the order in which they are shown."""

KIND_WORDS: Final = {
    SurfaceKind.ROAD_EDGE: "road edge",
    SurfaceKind.ROAD_CENTRE: "road centre",
    SurfaceKind.SIDEWALK: "sidewalk (usually falls the other way)",
    SurfaceKind.PATH: "path",
    SurfaceKind.TRACK: "track",
    SurfaceKind.UNMATCHED: "not on a mapped way",
}

STATE_WORDS: Final = {
    LateralState.LEFT_SIDEWALK: "left sidewalk",
    LateralState.LEFT_EDGE: "left edge of the road",
    LateralState.CENTRE: "middle of the road",
    LateralState.RIGHT_EDGE: "right edge of the road",
    LateralState.RIGHT_SIDEWALK: "right sidewalk",
    LateralState.OTHER: "path or off the road",
}

_SIMULATED_NOTE: Final = re.compile(r"\s*\(simulated recording on real streets\)$", re.IGNORECASE)
"""What files of `camber.simulate` say behind their title; a story says it once, before everything."""

DAY_WORDS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
"""By `date.weekday`."""

_MEDICAL: Final = (
    "This is a description of the ground you ran on. It is not medical advice: it does not diagnose, "
    "predict or prevent anything. If something hurts, ask a professional."
)
_SAFETY: Final = (
    "Safety first: where you run on a road is a decision about traffic before it is one about camber."
)
_MAP: Final = (
    f"Map data {OSM_ATTRIBUTION}, available under the Open Database Licence 1.0: {OSM_COPYRIGHT_URL}"
)

LICENCE_LINE: Final = f"Open Database Licence 1.0, {OSM_COPYRIGHT_URL}"
"""What every document for programs says of the map in it."""

STANDING_NOTES: Final = (_MEDICAL, _SAFETY, _MAP)
"""What stands under every report (the last by ODbL 1.0 section 4.3)."""

METRES_PER_UNIT: Final = {"km": 1000.0, "mi": 1609.344}
"""Units of distance for people; the international mile of 1959 is 1609.344 m exactly."""

NAME_LENGTH: Final = 80
"""Longest name shown to a person (judgement); what stands behind is cut."""

_BIDI: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


@lru_cache(maxsize=8192)  # the same names come with every interval
def plain(text: str, longest: int = 1000) -> str:
    """Take out of a name, which anybody may have written, what could steer a terminal or reorder a line.

    Control characters, line separators, direction marks, lone surrogates and invisible tags go; blanks join;
    what is longer is cut (judgement: no sentence of ours is).
    """
    kept = "".join(" " if unicodedata.category(c) in {"Cc", "Zl", "Zp"} else c for c in text if _visible(c))
    joined = " ".join(kept.split())
    return joined if len(joined) <= longest else joined[: longest - 1] + "…"


def run_name(title: str) -> str:
    """Write the title of a run as its runner gave it."""
    return plain(_SIMULATED_NOTE.sub("", title), NAME_LENGTH)


def simulated_remark(simulated: Iterable[bool]) -> tuple[str, ...]:
    """Say that runs are simulated: some of them, or all."""
    found = tuple(simulated)
    who = "These" if all(found) else "Some of these"
    return (f"{who} recordings are simulated: nobody ran them.",) if any(found) else ()


def _visible(character: str) -> bool:
    is_tag = "\U000e0000" <= character <= "\U000e007f"
    return character not in _BIDI and unicodedata.category(character) != "Cs" and not is_tag


def distance_text(metres: float, units: str = "km") -> str:
    """Write a distance with two decimals and a thin space between thousands, such as ``"12.35 km"``."""
    return f"{metres / METRES_PER_UNIT[units]:,.2f}".replace(",", "\u2009") + f" {units}"


def far_text(metres: float, units: str = "km") -> str:
    """Write a distance as a story does: one decimal; what would round to nothing is ``"< 0.1 km"``."""
    far = metres / METRES_PER_UNIT[units]
    if 0.0 < far < 0.05:
        return f"< 0.1 {units}"
    return f"{far:,.1f}".replace(",", "\u2009") + f" {units}"


def span_text(interval: Interval, units: str = "km") -> str:
    """Write the bounds of an interval of metres as a story does, such as ``"3.2 to 4.9 km"``."""
    low, high = (f"{value / METRES_PER_UNIT[units]:,.1f}" for value in (interval.low, interval.high))
    return f"{low} to {high} {units}".replace(",", "\u2009")


def left_share_of(balance: Interval | None) -> Interval | None:
    """Turn a balance, -1 to 1, into the share of the left leg, from 0 (all right) to 1 (all left)."""
    if balance is None:
        return None
    return Interval(*((1.0 - value) / 2.0 for value in (balance.high, balance.median, balance.low)))


def percent_left(share: float) -> str:
    """Write a share of the left leg by the leg that has more, such as ``"58 % right"``; one half is left."""
    left = round(100.0 * share)
    return f"{left} % left" if left >= 50 else f"{100 - left} % right"


def share_words(share: Interval | None) -> str:
    """Write the median of a share of the left leg as `percent_left` does; "" for None."""
    return "" if share is None else percent_left(share.median)


_RATIOS: Final = (
    *((0.0, "hardly any", "none"), (0.1, "one of ten", "a tenth"), (0.2, "one of five", "a fifth")),
    *(
        (0.25, "one of four", "a quarter"),
        (1 / 3, "one of three", "a third"),
        (0.4, "two of five", "two fifths"),
    ),
    *((0.5, "half", "half"), (0.6, "three of five", "three fifths"), (2 / 3, "two of three", "two thirds")),
    *((0.75, "three of four", "three quarters"), (0.8, "four of five", "four fifths")),
    *((0.9, "nine of ten", "nine tenths"), (1.0, "nearly all", "all")),
)
"""Shares as people say them: of things, and as parts of a whole."""


def ratio_words(share: float) -> str:
    """Write a share of things that follow, such as ``"about two of three"``: the nearest of a few."""
    _, words, _ = min(_RATIOS, key=lambda ratio: abs(ratio[0] - share))
    return {"half": "about half of the", "nearly all": "nearly all", "hardly any": "hardly any"}.get(
        words, f"about {words}"
    )


def part_words(share: float) -> str:
    """Write a share as a part of a whole, such as ``"four fifths"``: the nearest of a few."""
    return min(_RATIOS, key=lambda ratio: abs(ratio[0] - share))[2]


def range_text(interval: Interval, units: str = "km") -> str:
    """Write the bounds of an interval of metres, such as ``"3.20 to 4.90 km"``."""
    low = distance_text(interval.low, units).removesuffix(f" {units}")
    return f"{low} to {distance_text(interval.high, units)}"


def share_text(share: float | None) -> str:
    """Write a share as whole percent; one that is neither none nor all is never 0 % or 100 %."""
    if share is None:
        return "not defined"
    percent = round(100.0 * share)
    if percent == 0 and share > 0.0:
        return "< 1 %"
    if percent == 100 and share < 1.0 - 1e-9:
        return "> 99 %"
    return f"{percent} %"


def local(moment: datetime, zone: str | None) -> datetime:
    """Turn a time to the clock at the place of the run; unknown zones and None give UTC."""
    try:
        return moment.astimezone(ZoneInfo(zone) if zone else UTC)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return moment.astimezone(UTC)


def day_text(day: date) -> str:
    """Write a day with its weekday, such as ``"Mon 2026-11-16"``."""
    return f"{DAY_WORDS[day.weekday()]} {day}"


def day_words(day: date) -> str:
    """Write a day of which the year is known, such as ``"Tue 17 Nov"``."""
    return f"{DAY_WORDS[day.weekday()]} {day.day} {_MONTHS[day.month - 1][:3]}"


def dates_words(first: date | None, last: date | None) -> str:
    """Write some days as short as can be, such as ``"16\u201322 Nov 2026"``."""
    if first is None or last is None:
        return "no time recorded"
    ending = f"{last.day} {_MONTHS[last.month - 1][:3]} {last.year}"
    if first == last:
        return f"{DAY_WORDS[last.weekday()]} {ending}"
    if first.year != last.year:
        return f"{first.day} {_MONTHS[first.month - 1][:3]} {first.year} \u2013 {ending}"
    if first.month != last.month:
        return f"{first.day} {_MONTHS[first.month - 1][:3]} \u2013 {ending}"
    return f"{first.day}\u2013{ending}"


_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


def title_words(title: str, kind: str) -> str:
    """Name a period in words, such as ``"Week 47"`` or ``"November 2026"``; other names as they are."""
    if kind == "week" and title[4:6] == "-W" and title[6:].isdecimal():
        return f"Week {int(title[6:])}"
    if kind == "month" and title[4:5] == "-" and title[5:].isdecimal():
        return f"{_MONTHS[int(title[5:]) - 1]} {title[:4]}"
    return plain(title, NAME_LENGTH)


def start_text(moment: datetime | None, zone: str | None) -> str:
    """Write weekday, date and minute of a start at its place; ``"no time recorded"`` without one."""
    if moment is None:
        return "no time recorded"
    there = local(moment, zone)
    return f"{day_text(there.date())} {there:%H:%M}"


def duration_text(seconds: float) -> str:
    """Write a duration, such as ``"44 min"`` or ``"1 h 05 min"``."""
    minutes = round(seconds / 60.0)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


_OF_THE_RUNNER: Final = (
    ("Your legs", "Both legs"),
    ("your legs", "both legs"),
    (" than usual for you", " than usual"),
    ("That is as usual for you", "That is as usual"),
    ("with your usual weeks", "with the usual weeks"),
    ("You were", "The runner was"),
    ("you were", "the runner was"),
    ("where you ran", "on those runs"),
    ("Your ", "The "),
    ("your ", "the "),
    ("You ", "The runner "),
)


def of_the_runner(text: str) -> str:
    """Turn a sentence to the runner into one about them, for whoever else reads it."""
    for to_them, about_them in _OF_THE_RUNNER:
        text = text.replace(to_them, about_them)
    return text


def compass(heading_deg: float) -> str:
    """Name a direction [deg, clockwise from north], such as ``"north-east"``."""
    return _POINTS[round(heading_deg / 45.0) % 8]


_POINTS: Final = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")

REASON_WORDS: Final = {
    "other_sport": "other sport, indoors or virtual",
    "no_track": "no positions recorded",
    "waiting": "not analysed yet",
    "no_roads": "no map there",
    "failed": "could not be analysed",
    "duplicate": "another copy",
}
"""Why a recording is not analysed, by its state."""

_VIRTUAL: Final = ": virtual "


def reason_words(state: str, reason: str) -> str:
    """Say in a few words why a run is not analysed; ``state`` and ``reason`` as `camber.schema.RunResult`."""
    return "virtual: counted, not analysed" if is_virtual(state, reason) else REASON_WORDS.get(state, state)


def is_virtual(state: str, reason: str) -> bool:
    """Tell whether nobody was where a run says, because a program invented the place."""
    return state == "other_sport" and _VIRTUAL in reason
