"""Planning over one analysed run or planned route, after the weeks before it, and for the coming week."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from camber.pipeline import trip_on
from camber.suggestions import Effect, suggest, what_ifs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import date

    from camber.library import Library
    from camber.schema import Analysis, Draws, Recording, RunResult, Suggestions, SuggestionSettings, WhatIf

_HISTORY: Final = timedelta(days=28)
"""How far back a run is evened out: four weeks (judgement: as far as the usual range first looks)."""

_WEEK: Final = timedelta(days=7)


@dataclass(frozen=True, eq=False)
class RoutePlan:
    """What could be done on a route.

    Parameters
    ----------
    suggestions : Suggestions
        Pattern, plans and conclusion.
    what_ifs : tuple of WhatIf
        What each simple rule, kept all the way, would do.
    dark : bool
        Whether it was planned for the dark.
    """

    suggestions: Suggestions
    what_ifs: tuple[WhatIf, ...]
    dark: bool


def plan_route(
    analysis: Analysis,
    settings: SuggestionSettings | None = None,
    *,
    before: Effect | None = None,
    dark: bool | None = None,
) -> RoutePlan:
    """Plan the sides of an analysed run or planned route.

    Parameters
    ----------
    analysis : Analysis
        Of `camber.analyse`; of a planned route, recorded without times, too.
    settings : SuggestionSettings, optional
        The runner's limits; those of the analysis if missing.
    before : Effect, optional
        Drawn metres by leg of the weeks before, from `effect_of_draws`.
    dark : bool, optional
        Whether it is run in the dark; by the sun at start and end if missing, light without a time.

    Returns
    -------
    RoutePlan
        Suggestions and what-ifs.
    """
    trip = trip_on(
        analysis.recording,
        analysis.roads,
        analysis.lateral,
        analysis.exposure,
        analysis.slope_histories,
        analysis.settings,
        rng=np.random.default_rng(analysis.settings.seed),
        limits=settings,
        before=before,
        dark=dark,
    )
    return RoutePlan(suggest(trip, analysis.summary), what_ifs(trip), trip.dark)


class _Past(NamedTuple):
    """An analysed run of the library, and what it adds to a sum."""

    day: date
    draws: Draws
    run: RunResult


def analysed_runs(library: Library) -> Iterator[RunResult]:
    """Give the runs of a library that have a result, in the order in which they were run."""
    frame = library.runs()
    numbers = frame.index[frame["state"] == "analysed"].tolist() if len(frame) else []
    return (library.run(int(number)) for number in numbers)


def _past(library: Library, draws: int) -> list[_Past]:
    """List the analysed runs that have a day and this number of draws."""
    return [
        _Past(run.day, run.draws, run)
        for run in analysed_runs(library)
        if run.day is not None and run.draws is not None and len(run.draws.left_low_m) == draws
    ]


def history(library: Library, day: date | None, *, own: int | None, draws: int) -> Effect | None:
    """Add up the four weeks before a day, or the last of a library, draw by draw; None without a run.

    The run with the number ``own`` does not count, nor do results with another number of draws.
    """
    runs = [past for past in _past(library, draws) if past.run.run != own]
    if not runs:
        return None
    until = day or max(past.day for past in runs) + timedelta(days=1)
    return effect_of_draws(past.draws for past in runs if until - _HISTORY <= past.day <= until)


def plan_week(
    library: Library, analysed: Callable[[Recording, RunResult], Analysis], *, draws: int, dark: bool | None
) -> list[tuple[RunResult, Analysis, RoutePlan]] | None:
    """Find one to three changes for the coming week, should it be like the last one, best first.

    Each predicts the whole week with that change alone. None where no run is analysed.
    """
    runs = _past(library, draws)
    if not runs:
        return None
    last = max(past.day for past in runs)
    usual = [past for past in runs if past.day > last - _HISTORY]
    week = [past for past in usual if past.day > last - _WEEK]
    found = []
    for run in usual_routes([past.run for past in usual]):
        rest = effect_of_draws(other.draws for other in week if other.run.run != run.run)
        analysis = analysed(library.recording(run.run), run)
        plan = plan_route(analysis, before=rest, dark=dark)
        if plan.suggestions.items:
            found.append((run, analysis, plan))
    return found


def effect_of_draws(draws: Iterable[Draws]) -> Effect | None:
    """Add up what was run before, draw by draw; None without a run."""
    legs = [(one.left_low_m.sum(axis=1), one.right_low_m.sum(axis=1)) for one in draws]
    if not legs:
        return None
    return Effect(np.sum([left for left, _ in legs], axis=0), np.sum([right for _, right in legs], axis=0))


def usual_routes(runs: Sequence[RunResult], most: int = 3) -> tuple[RunResult, ...]:
    """Choose the routes of the last weeks on which a change promises most (three: judgement).

    Gives the latest run of each route, best first: by the metres that its best suggestion is expected to even
    out, times how often the route was run.
    """
    routes: list[list[RunResult]] = []
    for run in sorted(runs, key=lambda one: (one.day is not None, one.day, one.run), reverse=True):
        alike = next((route for route in routes if _same_route(route[0], run)), None)
        if alike is None:
            routes.append([run])
        else:
            alike.append(run)
    worth = {route[0].run: len(route) * _evened_m(route[0]) for route in routes}
    best = sorted((route[0] for route in routes), key=lambda run: (-worth[run.run], run.run))
    return tuple(run for run in best if worth[run.run] > 0.0)[:most]


def _same_route(one: RunResult, other: RunResult) -> bool:
    """Whether two runs share most of their streets (Jaccard index above one half; judgement)."""
    if one.summary is None or other.summary is None:
        return False
    mine, theirs = ({street.name for street in run.summary.streets} for run in (one, other) if run.summary)
    return bool(mine | theirs) and 2 * len(mine & theirs) > len(mine | theirs)


def _evened_m(run: RunResult) -> float:
    if run.suggestions is None or not run.suggestions.items:
        return 0.0
    item = run.suggestions.items[0]
    # Level ground takes tilted metres away, so that their balance may stay as it is.
    before_m = item.left_low_before_m.median + item.right_low_before_m.median
    after_m = item.left_low_after_m.median + item.right_low_after_m.median
    return item.uneven_before * before_m - item.uneven_after * after_m
