"""How likely it is that one leg was the low one, in numbers and in words: one rule for all that speaks of it.

The words follow the scale of the IPCC (Mastrandrea et al. 2010, Guidance Note for Lead Authors of the IPCC
Fifth Assessment Report, table 1: *likely* from .66, *very likely* from .90, *extremely likely* from .95),
thinned to three; *likely* begins at .80 here, so that two of three stays a *perhaps* (judgement). Headline,
terminal, runs, streets, suggestions and coach share it; ``tests/benchmarks/words.py`` measures its worth.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np

from camber.schema.totals import Interval, interval_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.schema.totals import Draws

VERY_LIKELY_FROM: Final = 0.95
LIKELY_FROM: Final = 0.80
PERHAPS_FROM: Final = 0.65
"""Probabilities from which a leg is called so (judgement: the scale of the IPCC, thinned; see above)."""

VERDICT_FROM: Final = 0.90
"""Probability from which a program may take a leg as named (judgement: as the 90 % intervals)."""

EVEN: Final = 0.5
"""Share of the left leg that is aimed at where the runner has no other target."""

EVEN_SHARE: Final = 0.10
"""How far from one half, or from the runner's own target, the share of the left leg may be and still count as
even, or on target (judgement: 60 to 40)."""

EVEN_FROM: Final = 2.0 / 3.0
"""Probability of that from which both legs are called about even (IPCC 2010, table 1: *likely*)."""

SOLID_FROM: Final = 0.75
PALE_FROM: Final = 0.60
"""Probabilities of one leg from which a stretch is drawn solid, and pale; below it is grey (judgement: a side
that is known, on a road that is assumed, gives no more than about .87)."""

_ODDS: Final = ((1, 2), (3, 5), (2, 3), (3, 4), (4, 5), (9, 10), (19, 20), (99, 100))
"""Chances as people say them; natural frequencies are understood better than percent (Gigerenzer and Hoffrage
1995, Psychological Review 102)."""


class Word(StrEnum):
    """What is said of a leg, from sure to open; the value is the word itself."""

    VERY_LIKELY = "very likely"
    LIKELY = "likely"
    PERHAPS = "perhaps"
    EITHER = "could be either"
    EVEN = "about even"
    ON_TARGET = "about on target"
    LEVEL = "no tilt known"


LEG_NAMED: Final = frozenset({Word.VERY_LIKELY, Word.LIKELY, Word.PERHAPS})
"""Words that name a leg."""


@dataclass(frozen=True)
class LowLeg:
    """Which leg was low on more of the tilted metres, and how sure that is.

    Parameters
    ----------
    word : Word
        What is said.
    leg : str
        ``"left"`` or ``"right"`` where the word names a leg; "" otherwise.
    p_left, p_right : float
        Probability by the draws that this leg was low on more metres than the other, 0 to 1. Draws that are
        even to the metre, or without any tilt, count for neither.
    p_even : float
        Probability that the share of the left leg is within 10 points of what is aimed at, 0 to 1.
    left_share : Interval or None
        Share of the tilted metres on which the left leg was low, 0 to 1; None where no draw has any tilt.
    target_left : float
        Share of the left leg that is aimed at: one half, or the runner's own target, 0 to 1.
    p_beyond : float
        Probability that the left leg had more than that, 0 to 1.
    """

    word: Word
    leg: str
    p_left: float
    p_right: float
    p_even: float
    left_share: Interval | None
    target_left: float = EVEN
    p_beyond: float = 0.0

    @property
    def likelier(self) -> str:
        """The leg that is more likely, even where that is too little to name it.

        Returns
        -------
        str
            ``"left"`` or ``"right"``; "" where both are equally likely.
        """
        if self.p_left == self.p_right:
            return ""
        return "left" if self.p_left > self.p_right else "right"

    @property
    def probability(self) -> float:
        """Probability of the likelier leg.

        Returns
        -------
        float
            0 to 1.
        """
        return max(self.p_left, self.p_right)

    @property
    def verdict(self) -> str:
        """What a program may take as named.

        Returns
        -------
        str
            ``"left_low"`` or ``"right_low"`` from a probability of .9; ``"unknown"`` otherwise.
        """
        return f"{self.likelier}_low" if self.probability >= VERDICT_FROM else "unknown"

    @property
    def phrase(self) -> str:
        """The word with its leg, for a list.

        Returns
        -------
        str
            Such as ``"likely left"`` or ``"could be either"``.
        """
        return f"{self.word} {self.leg}" if self.leg else str(self.word)


def low_leg(
    left_low_m: NDArray[np.float64], right_low_m: NDArray[np.float64], target_left: float = EVEN
) -> LowLeg:
    """Say from draws which leg was low on more metres.

    Parameters
    ----------
    left_low_m, right_low_m : ndarray of float64, shape (n_draws,)
        Metres [m] with this leg low in each draw.
    target_left : float
        Share of the left leg that the runner aims at, 0 to 1.

    Returns
    -------
    LowLeg
        *About even* goes before any leg: a share of 55 % that is known to the point is even, whoever leads;
        and so does *about on target* where the runner has one of their own.
    """
    whole = left_low_m + right_low_m
    tilted = whole > 0.0
    if not tilted.any():
        return LowLeg(Word.LEVEL, "", 0.0, 0.0, 0.0, None, target_left)
    p_left, p_right = float(np.mean(left_low_m > right_low_m)), float(np.mean(right_low_m > left_low_m))
    share = left_low_m[tilted] / whole[tilted]
    # A billionth so that a share of 0.6 in floating point is within 10 points of one half.
    p_even = float((np.abs(share - target_left) <= EVEN_SHARE + 1e-9).sum() / len(whole))
    there = Word.EVEN if target_left == EVEN else Word.ON_TARGET
    word = there if p_even >= EVEN_FROM else word_for(max(p_left, p_right))
    leg = ("left" if p_left > p_right else "right") if word in LEG_NAMED else ""
    beyond = float((share > target_left).sum() / len(whole))
    return LowLeg(word, leg, p_left, p_right, p_even, interval_of(share), target_left, beyond)


def low_leg_of(draws: Draws, target_left: float = EVEN) -> LowLeg:
    """Say which leg was low in drawn totals of a run, a week or a season.

    Parameters
    ----------
    draws : Draws
        Drawn totals.
    target_left : float
        As in `low_leg`.

    Returns
    -------
    LowLeg
        Over all kinds of surface.
    """
    return low_leg(draws.left_low_m.sum(axis=1), draws.right_low_m.sum(axis=1), target_left)


def target_words(target_left: float) -> str:
    """Write a target as a runner sets it.

    Parameters
    ----------
    target_left : float
        Share of the left leg, 0 to 1.

    Returns
    -------
    str
        Such as ``"60 % left"`` or ``"60 % right"``.
    """
    left = target_left >= EVEN
    return f"{100.0 * (target_left if left else 1.0 - target_left):.0f} % {'left' if left else 'right'}"


def word_for(probability: float) -> Word:
    """Choose the word for a probability.

    Parameters
    ----------
    probability : float
        That something is so rather than the other way, 0 to 1.

    Returns
    -------
    Word
        `Word.VERY_LIKELY` from .95, `Word.LIKELY` from .80, `Word.PERHAPS` from .65, else `Word.EITHER`.
    """
    # A billionth because 0.95 as a mean of draws may be a bit below 0.95 in floating point.
    steps = (
        (VERY_LIKELY_FROM, Word.VERY_LIKELY),
        (LIKELY_FROM, Word.LIKELY),
        (PERHAPS_FROM, Word.PERHAPS),
    )
    return next((word for least, word in steps if probability >= least - 1e-9), Word.EITHER)


def chance_words(probability: float) -> str:
    """Write a probability as people say it.

    Parameters
    ----------
    probability : float
        0 to 1.

    Returns
    -------
    str
        Such as ``"19 in 20"`` or ``"1 in 4"``: the nearest of a few of the same word; ``"even"`` for one
        half.
    """
    flipped = probability < 0.5
    size = 1.0 - probability if flipped else probability
    alike = (odds for odds in _ODDS if word_for(odds[0] / odds[1]) is word_for(size))
    over, of = min(alike, key=lambda odds: abs(odds[0] / odds[1] - size))
    if (over, of) == (1, 2):
        return "even"
    return f"{of - over if flipped else over} in {of}"
