"""Streets are rebuilt: what was said of one says less of a run many years before or after."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from camber.schema import Observed, Recording, RoadObserved, SidewalkObserved

    Built = TypeVar("Built", RoadObserved, SidewalkObserved)

_REBUILT: Final = 0.02
"""Share of streets whose cross section or sidewalks are changed in a year (judgement: surfaces are renewed
after some 20 years, most of them as they were)."""

_RUNNERS: Final = frozenset({"told", "measured"})
"""What runners say themselves; agencies' surveys come with an error of their own."""


def as_of_run(observed: Observed | None, recording: Recording) -> Observed | None:
    """Let what the runner said of streets count less for a run of other years.

    Parameters
    ----------
    observed : Observed or None
        What was told or measured.
    recording : Recording
        The run.

    Returns
    -------
    Observed or None
        The same, but wrong with 2 % more for each year between (judgement); unchanged for a
        run without a date.
    """
    started_at = recording.likely_started_at or recording.started_at
    if observed is None or started_at is None:
        return observed
    year = started_at.year
    roads = tuple(_aged(one, year) for one in observed.roads)
    sidewalks = tuple(_aged(one, year) for one in observed.sidewalks)
    return replace(observed, roads=roads, sidewalks=sidewalks)


def _aged(one: Built, year: int) -> Built:
    if one.year is None or one.source not in _RUNNERS:
        return one
    same = (1.0 - _REBUILT) ** abs(year - one.year)
    return one if same == 1.0 else replace(one, p_wrong=1.0 - (1.0 - one.p_wrong) * same)
