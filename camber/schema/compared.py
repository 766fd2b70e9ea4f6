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
class OtherSide:
    """A street that is run on another side of travel than before.

    Parameters
    ----------
    name : str
        Its name; "" where it has none.
    heading_deg : float or None
        Direction of travel [deg], clockwise from north; None where the other direction was not run in both
        periods, or has changed to the same side of travel.
    side : str
        ``"left"`` or ``"right"``: the side of travel that is kept now.
    probability : float
        That it is mostly kept now and was not before, where the route has changed, 0 to 1.
    """

    name: str
    heading_deg: float | None
    side: str
    probability: float


@dataclass(frozen=True)
class RouteChange:
    """A route that was run in both periods, and is run on other sides than before.

    Parameters
    ----------
    runs_before, runs_after : int
        Runs of it.
    probability : float
        That it is run on other sides, 0 to 1.
    streets : tuple of OtherSide
        Streets of it of which another side is kept with a probability of .8 or more, the surest first.
    """

    runs_before: int
    runs_after: int
    probability: float
    streets: tuple[OtherSide, ...]


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
    routes : tuple of RouteChange
        Routes that are run on other sides with a probability of .8 or more, the surest first.
    routes_in_both : int
        Routes that were run in both periods; runs that are of none of them count as one.
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
    routes: tuple[RouteChange, ...] = ()
    routes_in_both: int = 0
