"""Questions whose answers would narrow the balance of some runs most: chosen by histories, told in words.

A question about a street asks at once where the runner is there and which way it falls: the side alone is
worth next to nothing (on simulated runs: the width times 1.02, against 0.24 with the fall). Words of the
answers need no direction: *outward* is away from the middle of the road, on whichever side the runner is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import numpy as np

from camber.conventions import CENTRE, LEFT_EDGE, LEFT_SIDEWALK, RIGHT_EDGE, RIGHT_SIDEWALK
from camber.errors import AnswerError
from camber.observations.answers import (
    COMPASS,
    SHARES,
    FallAnswer,
    HabitAnswer,
    SideAnswer,
    Street,
    TiltAnswer,
)
from camber.observations.promise import Asked, best_first
from camber.schema import Choice, Inquiry

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import date

    from numpy.typing import NDArray

    from camber.observations.answers import Answer, Fall, Often
    from camber.observations.passes import StreetPasses

    FloatArray = NDArray[np.float64]
    Habit = Literal["facing", "sidewalk", "middle", "existence"]

MOST: Final = 5
"""Questions at once (judgement: what is answered before a run)."""

LEAST_NARROWER: Final = 0.02
"""What a question has to narrow the range by, as a share of its width (judgement: less is not seen)."""

_LEAST_M: Final = 2000.0
"""Metres that a habit has to concern to be asked about [m] (judgement: less tells of no habit)."""

_SURE: Final = 0.95 * 0.8 * 0.85
"""How much of a street is as an answer says (judgement, as evidence has it: nineteen in twenty answers are
right, of what is usual four decisions in five are so, and what was said of a street holds for 0.85 of it)."""

_SURE_HABIT: Final = 0.6
"""The same of a habit (judgement: a word such as usually stands for shares from a half to nearly all; in
simulated seasons habits took away a third of the variance that the shares themselves would)."""

_ANSWERED: Final = {"habit": 0.95, "town": 0.7, "usual street": 0.6, "street": 0.4}
"""How likely a runner can answer (judgement: of oneself everybody knows; of a street that was passed once few
saw which way it falls)."""

_USUAL_PCT: Final = 2.5
"""Steepness that stands for a fall which is seen and not measured [%]: as most roads are built
(`cross_slope.csv`); by eye, so give or take 1.5."""


_HABITS: Final[dict[Habit, str]] = {
    "sidewalk": "Do you take the sidewalk where there is one?",
    "facing": "Where there is no sidewalk, do you face traffic?",
    "middle": "Do you run in the middle of empty roads?",
    "existence": "Do the quiet streets where you run have sidewalks?",
}
_OFTEN: Final = (
    *(Choice("a", "always, or nearly so"), Choice("u", "usually"), Choice("h", "half and half")),
    *(Choice("r", "seldom"), Choice("n", "never")),
)
_HAVE: Final = (Choice("a", "nearly all"), Choice("u", "most"), Choice("h", "half of them"))
_HAVE_FEW: Final = (Choice("r", "few"), Choice("n", "none"))
_WORDS: Final[dict[str, Often]] = dict(zip("auhrn", SHARES, strict=True))
_WHERE: Final = "Where do you run there, as a rule?"
_FALLS: Final = "And which way does it fall under you there? (Think of rain water, or lay your phone across.)"
_FALL_KEYS: Final[tuple[Choice, ...]] = (
    Choice("o", "outward, away from the middle of the road"),
    Choice("i", "inward, to the middle of the road"),
    Choice("f", "flat"),
)
_UNDER: Final[dict[str, Fall]] = {"o": "outward", "i": "inward"}
_TO_SIDES: Final = {"6": -1, "7": 1}
"""Of a street that was run both ways: all of it falls to one side, left or right of the first of them."""

_SIDES: Final = {"1": "facing", "2": "with", "3": "middle"}


class Concerned(NamedTuple):
    """Streets of several runs side by side: rows of their tables, and the histories of each."""

    rows: list[dict[str, Any]]
    run: NDArray[np.int64]
    place: NDArray[np.int8]
    left_low_m: FloatArray
    right_low_m: FloatArray


def concerned(passes: Sequence[StreetPasses]) -> Concerned:
    """Put the streets of some runs side by side."""
    rows = [row for one in passes for row in one.rows]
    parts = [(one.place, one.left_low_m, one.right_low_m) for one in passes]
    number = np.repeat(np.arange(len(passes)), [one.place.shape[1] for one in passes])
    place, left, right = (np.concatenate(arrays, axis=1) for arrays in zip(*parts, strict=True))
    return Concerned(rows, number, place, left, right)


def questions_of(
    left_low_m: FloatArray,
    right_low_m: FloatArray,
    passes: Sequence[StreetPasses],
    without: Collection[str] = (),
    most: int = MOST,
) -> tuple[Inquiry, ...]:
    """Choose the questions whose answers are expected to narrow the balance of some runs most.

    Parameters
    ----------
    left_low_m, right_low_m : ndarray of float64, shape (n_draws,)
        Metres of all those runs with that leg low [m].
    passes : sequence of StreetPasses
        Their streets.
    without : collection of str
        Names of questions that are not to be asked.
    most : int
        How many.

    Returns
    -------
    tuple of Inquiry
        Best first, each as it helps after those before it; none where nothing would help.
    """
    share, known = candidates(left_low_m, right_low_m, passes)
    found = [(asked, inquiry) for asked, inquiry in known if inquiry.name not in without]
    if not found:
        return ()
    variance = float(share.var(ddof=1))
    chosen = []
    for number, promise in best_first(share, [asked for asked, _ in found], most):
        narrower = 1.0 - float(np.sqrt(max(1.0 - promise / variance, 0.0)))
        variance -= promise
        if narrower >= LEAST_NARROWER:
            chosen.append(replace(found[number][1], narrower=narrower))
    return tuple(chosen)


def candidates(
    left_low_m: FloatArray, right_low_m: FloatArray, passes: Sequence[StreetPasses]
) -> tuple[FloatArray, list[tuple[Asked, Inquiry]]]:
    """List all that could be asked of some runs, beside their share of the left leg in each history."""
    tilted = left_low_m + right_low_m
    if not passes or not (tilted > 0.0).any():
        return np.empty(0), []
    # A history in which nothing was tilted is in balance.
    share = np.divide(left_low_m, tilted, out=np.full(len(tilted), 0.5), where=tilted > 0.0)
    all_ = concerned(passes)
    # What each street adds to the share, to first order: they sum to it, and are known apart.
    part = (all_.left_low_m - share.mean() * (all_.left_low_m + all_.right_low_m)) / tilted.mean()
    return share, [*_of_habits(share, all_), *_of_streets(part, all_)]


def _of_habits(share: FloatArray, all_: Concerned) -> Iterator[tuple[Asked, Inquiry]]:
    metres = np.array([row["distance_m"] for row in all_.rows], dtype=float)
    for habit, (yes, of) in habit_shares(all_).items():
        kept, whole = yes @ metres, of @ metres
        if whole.mean() < _LEAST_M:
            continue
        # A history with few metres to tell by is taken for an ordinary one.
        often = (kept + _LEAST_M * kept.mean() / whole.mean()) / (whole + _LEAST_M)
        word = np.abs(often[:, np.newaxis] - np.array(list(SHARES.values()))).argmin(axis=1)
        town = habit == "existence"
        asked = Asked(
            share[:, np.newaxis], word[:, np.newaxis], _SURE_HABIT, _ANSWERED["town" if town else "habit"]
        )
        choices = (*_HAVE, *_HAVE_FEW) if town else _OFTEN
        yield asked, Inquiry(habit, "", "", float(whole.mean()), (_HABITS[habit],), (choices,), 0.0)


def habit_shares(all_: Concerned) -> dict[Habit, tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """Say where each history keeps to a habit, and where it could; shape (n_draws, n_rows) each."""
    place = all_.place
    facing, walk, quiet = (np.array([row[name] for row in all_.rows]) for name in ("facing", "walk", "quiet"))
    edge = (place == LEFT_EDGE) | (place == RIGHT_EDGE)
    on_walk = (place == LEFT_SIDEWALK) | (place == RIGHT_SIDEWALK)
    two_way = edge & (facing != 0)
    return {
        "sidewalk": (on_walk & (walk == "yes"), (on_walk | edge | (place == CENTRE)) & (walk == "yes")),
        "facing": (two_way & ((place == LEFT_EDGE) == (facing < 0)), two_way),
        "middle": (place == CENTRE, edge | (place == CENTRE)),
        "existence": (
            on_walk & quiet & (walk == ""),
            (on_walk | edge | (place == CENTRE)) & quiet & (walk == ""),
        ),
    }


def _of_streets(part: FloatArray, all_: Concerned) -> Iterator[tuple[Asked, Inquiry]]:
    answer = all_.place.astype(np.int64) * 3 + _fall(all_)
    rows_of: dict[int, list[int]] = {}
    for number, row in enumerate(all_.rows):
        rows_of.setdefault(row["key"], []).append(number)
    for _, at in sorted(rows_of.items()):
        metres = [float(all_.rows[n]["distance_m"]) for n in at]
        first = all_.rows[at[int(np.argmax(metres))]]
        if not first["street"]:
            continue  # a street without a name is none that anybody could be asked about
        usual = len(set(all_.run[at].tolist())) > 1
        asked = Asked(part[:, at], answer[:, at], _SURE, _ANSWERED["usual street" if usual else "street"])
        yield asked, _street_question([all_.rows[n] for n in at], first, sum(metres))


def _fall(all_: Concerned) -> NDArray[np.int64]:
    """Which leg has more of the metres of a street: 0 neither, 1 left, 2 right."""
    left, right = all_.left_low_m, all_.right_low_m
    return np.where(left > right, 1, np.where(right > left, 2, 0))


def _street_question(rows: list[dict[str, Any]], first: dict[str, Any], metres: float) -> Inquiry:
    ways = sorted({int(way) for row in rows for way in str(row["ways"]).split()})
    heading = float(first["heading_deg"])
    headings = [heading]
    if any(np.cos(np.radians(float(row["heading_deg"]) - heading)) < 0.0 for row in rows):
        headings.append((heading + 180.0) % 360.0)
    ends = sorted({str(first["before"]), str(first["after"])} - {""})
    two_way = bool(first["facing"])
    edges = (
        (Choice("1", "at the edge, facing traffic"), Choice("2", "at the edge, with traffic behind you"))
        if two_way
        else (
            Choice("1", f"at the {_side(heading, -1)} edge"),
            Choice("2", f"at the {_side(heading, 1)} edge"),
        )
    )
    walks = [
        Choice(key, f"on the sidewalk of the {_side(heading, turn)} side")
        for key, turn in (("4", -1), ("5", 1))
    ]
    falls = _FALL_KEYS
    if two_way and len(headings) > 1:
        falls += tuple(
            Choice(key, f"all of it to the {_side(heading, turn)} side") for key, turn in _TO_SIDES.items()
        )
    where = " and ".join(ends)
    return Inquiry(
        name=f"street-{first['key']}",
        street=str(first["street"]),
        where=f"between {where}" if len(ends) == 2 else f"near {where}" if ends else "",
        metres=metres,
        asks=(_WHERE, _FALLS),
        choices=((*edges, Choice("3", "in the middle"), *walks), falls),
        narrower=0.0,
        latitude_deg=float(first["latitude_deg"]),
        longitude_deg=float(first["longitude_deg"]),
        ways=tuple(ways),
        headings_deg=tuple(headings),
        facing=int(first["facing"]),
    )


def _side(heading_deg: float, turn: int) -> str:
    """Name the side of a street by the compass: -1 left, 1 right of a direction of travel."""
    names = list(COMPASS)
    return names[round((heading_deg + 90.0 * turn) / 45.0) % len(names)]


def _opposite(side: str) -> str:
    names = list(COMPASS)
    return names[(names.index(side) + len(names) // 2) % len(names)]


def answers_to(inquiry: Inquiry, keys: str, on: date) -> tuple[Answer, ...]:
    """Turn the keys that answer a question into answers, none for a question that was passed over.

    Parameters
    ----------
    inquiry : Inquiry
        The question.
    keys : str
        One key for each part, such as ``"1o"``; ``"?"`` for a part that is not known.
    on : date
        The day on which it is told.

    Returns
    -------
    tuple of Answer
        To be told to the library.

    Raises
    ------
    AnswerError
        If a key is none of the choices.
    """
    keys = keys.replace(" ", "").lower()
    allowed = [{*(choice.key for choice in part), "?"} for part in inquiry.choices]
    if len(keys) != len(allowed) or any(key not in part for key, part in zip(keys, allowed, strict=True)):
        what = " and ".join("/".join(sorted(part)) for part in allowed)
        raise AnswerError(f"{keys!r} is no answer to this question; give {what}, such as {_example(inquiry)}")
    if not inquiry.street:
        often = _WORDS.get(keys)
        return () if often is None else (HabitAnswer(on=on, habit=_habit(inquiry.name), often=often),)
    return tuple(_of_street(inquiry, *keys, on=on))


def _example(inquiry: Inquiry) -> str:
    return "".join(part[0].key for part in inquiry.choices)


def _habit(name: str) -> Habit:
    return next(habit for habit in _HABITS if habit == name)


def _of_street(inquiry: Inquiry, where: str, fall: str, *, on: date) -> Iterator[Answer]:
    """Say where the runner was, and which way it falls on each side that this means."""
    street = Street(inquiry.street, inquiry.latitude_deg, inquiry.longitude_deg, inquiry.ways)
    heading = inquiry.headings_deg[0]
    turn = {"1": inquiry.facing or -1, "2": -inquiry.facing or 1, "4": -1, "5": 1}.get(where, 0)
    side = _side(heading, turn) if turn else ""
    by_traffic = bool(inquiry.facing) and where in "12"
    place = {"1": "edge", "2": "edge", "4": "sidewalk", "5": "sidewalk"}.get(where, "")
    if where != "?":
        told = _SIDES[where] if by_traffic or where == "3" else side
        # Asked for the rule, people leave exceptions out.
        yield SideAnswer(on=on, street=street, side=told, place=place, often="usually")
    # At the edge facing traffic is the one side on the way out and the other on the way back; and who keeps
    # to no side has been on either.
    both = (by_traffic or where == "?") and bool(inquiry.facing) and len(inquiry.headings_deg) > 1
    if fall == "?" or not (place or (both and fall != "f")):
        return
    if both and fall in _UNDER:
        yield FallAnswer(on=on, street=street, fall=_UNDER[fall])
        return
    if both and fall in _TO_SIDES:
        yield FallAnswer(on=on, street=street, fall="one side", to=_side(heading, _TO_SIDES[fall]))
        return
    for one in (side, _opposite(side)) if both else (side,):
        falls = one if fall != "i" else _opposite(one)
        falls = _side(heading, _TO_SIDES[fall]) if fall in _TO_SIDES else falls
        steep = 0.0 if fall == "f" else _USUAL_PCT
        yield TiltAnswer(
            on=on, street=street, tilt_pct=steep, falls=falls, spot=place, side=one, instrument="eye"
        )
