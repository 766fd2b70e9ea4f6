"""Two periods of one runner beside each other: what is different, and how likely that is no chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from camber.schema.totals import Interval


@dataclass(frozen=True)
class Change:
    """A share of the left leg, before and after.

    The probability compares draw by draw, since both periods hold the same roads, and weighs the runs of each
    period anew, since other routes would have been run by the same habits.

    Parameters
    ----------
    before, after : Interval
        Share of the left leg in the tilted metres, 0 to 1, with 90 % intervals.
    change : Interval
        How much greater the share is after, -1 to 1.
    p_less, p_more : float
        Probability that the left leg's share fell, and that it rose.
    """

    before: Interval
    after: Interval
    change: Interval
    p_less: float
    p_more: float


@dataclass(frozen=True)
class StreetChange:
    """A street that was run in both periods.

    Parameters
    ----------
    name : str
        Its name.
    runs_before, runs_after : int
        Runs that were on it.
    change : Change
        What changed on it.
    """

    name: str
    runs_before: int
    runs_after: int
    change: Change


@dataclass(frozen=True)
class SideChange:
    """A place across the street, and how much of the distance on mapped ways was run there.

    Parameters
    ----------
    state : str
        One of `camber.conventions.LATERAL_STATES`.
    before, after : float
        Expected share of the metres, 0 to 1.
    """

    state: str
    before: float
    after: float


@dataclass(frozen=True)
class Compared:
    """Two periods beside each other.

    Parameters
    ----------
    before_from, since, until : date
        First day before, first day after, and last day after; the period before ends on the day before
        ``since``.
    runs_before, runs_after : int
        Analysed runs.
    before_m, after_m : float
        Their distance [m].
    share : Change or None
        What became of the left leg's share; None where a period has no tilt, or too few runs to tell chance.
    sides : tuple of SideChange
        Where across the street, from left to right.
    streets : tuple of StreetChange
        Streets that changed with a probability of .95 or more, the surest first; five at most.
    """

    before_from: date
    since: date
    until: date
    runs_before: int
    runs_after: int
    before_m: float
    after_m: float
    share: Change | None
    sides: tuple[SideChange, ...]
    streets: tuple[StreetChange, ...]
