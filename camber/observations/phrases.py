"""Short phrases that people type, such as "crowned" or "north sidewalk", as answers; and answers in words."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from math import isfinite, nan
from typing import TYPE_CHECKING, Any, Final

from camber.errors import AnswerError
from camber.observations.answers import (
    BY_TRAFFIC,
    COMPASS,
    HABITS,
    INSTRUMENTS,
    RELATIVE,
    SHARES,
    Answer,
    FallAnswer,
    HabitAnswer,
    SideAnswer,
    SidewalkAnswer,
    Street,
    TiltAnswer,
    WidthAnswer,
)

if TYPE_CHECKING:
    from datetime import date

_FALLS: Final = ("crowned", "hollow", "level", "outward", "inward")
_NUMBER: Final = r"\d{1,4}(?:[.,]\d{1,4})?"
_TILT: Final = re.compile(rf"(?:({_NUMBER})\s*(%|pct|percent|deg|degrees?|°)|1\s*[:in]+\s*({_NUMBER}))")
_WIDTH: Final = re.compile(rf"({_NUMBER})\s*(m|metres?|meters?|ft|feet)?")
_FOOT_M: Final = 0.3048
_WORST_ZERO_PCT: Final = 2.0
"""No phone or level is further off than this, and two readings no further apart than twice that [%]
(judgement: about 1 degree, a phone on the bulge of its camera)."""
_SHORT: Final = {"n": "north", "ne": "north-east", "e": "east", "se": "south-east"} | {
    "s": "south", "sw": "south-west", "w": "west", "nw": "north-west"
}  # fmt: skip
_NOISE: Final = frozenset(
    {"the", "a", "to", "at", "on", "of", "side", "traffic", "i", "run", "ran", "is", "it"}
)
_SIDES: Final = (*BY_TRAFFIC, *RELATIVE, *COMPASS, "middle")
_PLACES: Final = ("edge", "sidewalk")
_USUAL: Final = ("always", "usually")

EXAMPLES: Final = (
    "crowned, hollow, level, falls north; sidewalk none (both, left, separate); width 6m; "
    "tilt 2% north at north edge (two readings, turned round: 2.4% 1.8%); "
    "facing, with, left edge, north sidewalk, middle"
)
"""What can be said of a street."""


@dataclass(frozen=True)
class Where:
    """Of what something is told, and how it was found out.

    Parameters
    ----------
    street : Street or None
        The street.
    heading_deg : float
        Direction of travel at its place in which left and right are said [deg]; NaN where there is none.
    run : str
        Fingerprint of the run; "".
    from_m, to_m : float
        Stretch of the run [m]; NaN for all of it.
    on : date
        Day from which on it was so.
    by : str
        Who says so.
    sure : float
        Probability that it is right; NaN for what is usual.
    instrument : str
        What a tilt was measured with.
    turned : bool
        Whether it was read twice, turned by 180 degrees.
    taped : bool
        Whether a width was measured rather than stepped out.
    """

    on: date
    street: Street | None = None
    heading_deg: float = nan
    run: str = ""
    from_m: float = nan
    to_m: float = nan
    by: str = "you"
    sure: float = nan
    instrument: str = "phone"
    turned: bool = False
    taped: bool = False


def words_of(phrase: str) -> list[str]:
    """Cut a phrase into the words that matter; compass points are written out."""
    cut = re.sub(r"(?<=[a-z])-(?=side|hand|walk)", " ", phrase.strip().lower()).split()
    words = [_SHORT.get(word.strip(",."), word.strip(",")) for word in cut]
    joined = " ".join(word for word in words if word not in _NOISE)
    joined = joined.replace("side walk", "sidewalk").replace("pavement", "sidewalk")
    for one in ("north", "south"):
        joined = re.sub(rf"\b{one}[ ]?(east|west)\b", rf"{one}-\1", joined)
    return joined.split()


def answer_of(phrase: str, where: Where) -> Answer:
    """Read a phrase as an answer about a street or a run.

    Parameters
    ----------
    phrase : str
        Such as ``"crowned"``, ``"sidewalk none"``, ``"tilt 2% north at north edge"`` or ``"left edge"``.
    where : Where
        Of what.

    Returns
    -------
    Answer
        Checked.

    Raises
    ------
    AnswerError
        If it cannot be understood, or makes no sense.
    """
    words = words_of(phrase)
    said: dict[str, Any] = {"on": where.on, "by": where.by, "sure": where.sure}
    first, rest = (words[0], words[1:]) if words else ("", [])
    of_street: dict[str, Any] = said | {"street": where.street, "heading_deg": where.heading_deg}
    if of_road(phrase) and where.street is None:
        raise AnswerError(f"which street is {phrase!r}? Name it first")
    if first in _FALLS and not rest:
        return FallAnswer(**of_street | {"fall": first})
    if first == "falls" and len(rest) <= 1:
        return FallAnswer(**of_street, fall="one side", to=rest[0] if rest else "")
    if first == "sidewalk" and len(rest) == 1:
        return SidewalkAnswer(**of_street, sides=rest[0])
    if first == "width" and rest:
        return WidthAnswer(**of_street, width_m=_metres(" ".join(rest)), paced=not where.taped)
    if first == "tilt" and rest:
        return _tilt(rest, phrase, of_street, where)
    if words and all(word in {*_SIDES, *_PLACES, *_USUAL} for word in words):
        found = {key: [word for word in words if word in known] for key, known in
                 (("side", _SIDES), ("place", _PLACES), ("often", _USUAL))}  # fmt: skip
        if all(len(values) <= 1 for values in found.values()):
            chosen: dict[str, Any] = said | {key: values[0] for key, values in found.items() if values}
            chosen |= {"street": where.street, "run": where.run, "from_m": where.from_m, "to_m": where.to_m}
            return SideAnswer(**chosen)
    raise AnswerError(f"{phrase!r} is not understood; say one of: {EXAMPLES}")


def of_road(phrase: str) -> bool:
    """Say whether a phrase is about the road itself, rather than about where somebody was."""
    words = words_of(phrase)
    first = words[0] if words else ""
    return first in {*_FALLS, "falls", "width", "tilt"} or (first == "sidewalk" and len(words) > 1)


def is_phrase(text: str) -> bool:
    """Say whether a text is the beginning of a phrase rather than the name of a street."""
    words = words_of(text)
    known = {*_SIDES, *_PLACES, *_USUAL, *_FALLS, "falls", "width", "tilt"}
    return bool(words) and words[0] in known


def habit_of(phrase: str, where: Where) -> HabitAnswer:
    """Read a phrase such as ``"facing always"`` as a habit; where a street is named, of its town."""
    words = phrase.lower().split()
    names = {"sidewalks": "existence", "town": "existence"}
    habits = [names.get(word, word) for word in words if names.get(word, word) in HABITS]
    often = [word for word in words if word in SHARES]
    if len(habits) != 1 or len(often) != 1 or len(words) != 2:
        listed = "; ".join(f"{key} ({text})" for key, text in HABITS.items())
        raise AnswerError(
            f"{phrase!r} is no habit; say one of: {listed}; and one of: {', '.join(SHARES)}, such as"
            " facing always"
        )
    said: dict[str, Any] = {"on": where.on, "by": where.by, "sure": where.sure, "town": where.street}
    return HabitAnswer(**said | {"habit": habits[0], "often": often[0]})


def _tilt(rest: list[str], phrase: str, of_street: dict[str, Any], where: Where) -> TiltAnswer:
    text = " ".join(rest)
    found = _TILT.match(text)
    if not found:
        raise AnswerError(f"{phrase!r}: give the tilt in %, degrees or as 1:n, such as 2%, 1.2deg or 1:50")
    pct, turned, rest_of = _percent(found), where.turned, text[found.end() :].removeprefix(" and")
    if second := _TILT.match(rest_of.lstrip()):
        pct, turned, rest_of = _both_ways(pct, _percent(second)), True, rest_of.lstrip()[second.end() :]
    words = [word for word in rest_of.split() if word != "falls"]
    spots = [word for word in words if word in {"edge", "sidewalk", "middle"}]
    sides = [word for word in words if word in {*RELATIVE, *COMPASS}]
    spot = spots[0] if spots else "edge"
    wanted = 1 if spot == "middle" else 2
    if len(sides) != wanted or len(spots) + len(sides) != len(words):
        raise AnswerError(
            f"{phrase!r}: say to which side it falls and where you measured, such as"
            " tilt 2% north at north edge"
        )
    if where.instrument not in INSTRUMENTS:
        raise AnswerError(f"{where.instrument!r} is no instrument; say one of: {', '.join(INSTRUMENTS)}")
    return TiltAnswer(
        **of_street,
        tilt_pct=round(pct, 3),
        falls=sides[0],
        spot=spot,
        side=sides[1] if wanted == 2 else "",
        instrument=where.instrument,
        turned=turned,
    )


def _percent(found: re.Match[str]) -> float:
    """Read a tilt in percent, degrees or as 1 in n."""
    value, unit, ratio = found.groups()
    if ratio:
        return 100.0 / max(_number(ratio), 1e-3)
    if unit in {"%", "pct", "percent"}:
        return _number(value)
    return 100.0 * math.tan(math.radians(min(_number(value), 89.0)))


def _both_ways(first_pct: float, second_pct: float) -> float:
    """Join two readings, turned by 180 degrees between: the zero of the instrument is in them both ways."""
    if abs(first_pct - second_pct) > 2.0 * _WORST_ZERO_PCT:
        raise AnswerError(
            f"{first_pct:.1f} % one way round and {second_pct:.1f} % the other: no instrument is so far off;"
            " lay it down twice more, on the same spot"
        )
    return 0.5 * (first_pct + second_pct)


def _metres(text: str) -> float:
    found = _WIDTH.fullmatch(text)
    if not found:
        raise AnswerError(f"{text!r} is no width; give one such as 6m")
    return _number(found[1]) * (_FOOT_M if (found[2] or "").startswith("f") else 1.0)


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def in_words(answer: Answer, runs: dict[str, str] | None = None) -> str:
    """Say an answer in words: what ``camber tell list`` shows, without who and when."""
    if isinstance(answer, HabitAnswer):
        town = "" if answer.town is None else f" (the town of {answer.town.name})"
        return f"{HABITS[answer.habit]}: {answer.often}{town}"
    if isinstance(answer, SideAnswer):
        on = (runs or {}).get(answer.run, f"run {answer.run[:8]}") if answer.run else ""
        ends = answer.from_m, answer.to_m
        if any(isfinite(end) for end in ends):
            first = ends[0] if isfinite(ends[0]) else 0.0
            on += f" from km {first / 1000.0:.1f}" + (
                f" to {ends[1] / 1000.0:.1f}" if isfinite(ends[1]) else ""
            )
        place = " ".join(word for word in (answer.side, answer.place) if word)
        name = "" if answer.street is None else _name(answer.street)
        return f"{', '.join(text for text in (name, on) if text)}: {answer.often} {place}"
    name = _name(answer.street)
    if isinstance(answer, SidewalkAnswer):
        return f"{name}: sidewalk {answer.sides}"
    if isinstance(answer, WidthAnswer):
        return f"{name}: {answer.width_m:.1f} m wide"
    if isinstance(answer, FallAnswer):
        side = f"falls {answer.to}" if answer.to else "falls to one side"
        under = f"falls {answer.fall} where you run"
        words = {"one side": side, "outward": under, "inward": under}
        return f"{name}: {words.get(answer.fall, answer.fall)}"
    spot = answer.spot if answer.spot == "middle" else f"{answer.side} {answer.spot}"
    twice = ", read both ways round" if answer.turned else ""
    return (
        f"{name}: {answer.tilt_pct:.1f} % falling {answer.falls} at the {spot} ({answer.instrument}{twice})"
    )


def _name(street: Street) -> str:
    return street.name or f"way {street.ways[0]}"
