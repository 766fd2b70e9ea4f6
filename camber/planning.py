"""What could be changed, made when it is asked for: on a run, on a planned route, or after some days.

One run has one answer, whoever asks: `plan_route` makes it from the analysis and from what the runner ran in
the weeks beside it, and a `Planner` gives the same to every command that asks about a library.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from camber.errors import CamberError
from camber.pipeline import trip_on
from camber.schema import Advice, NextBest, RoutePlan, Suggestion, interval_of
from camber.suggestions import EVEN, Effect, concluded, is_lawful, suggest, target_words, what_ifs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import date

    from camber.library import Library
    from camber.schema import (
        Analysis,
        Draws,
        Period,
        Recording,
        RunResult,
        SuggestionSettings,
    )

    Line = Callable[[Recording, RunResult], Analysis]
    """Analyses a run of a library again: what a plan needs of it is too much to be kept."""

_HISTORY: Final = timedelta(days=28)
"""How far back a run is evened out: four weeks (judgement: as far as the usual range first looks)."""

_MOST_ROUTES: Final = 5
"""Most routes that are planned to find what is best (judgement: each takes about a second)."""

_ALIKE: Final = 2.0 / 3.0
"""Least ratio of the lengths of two routes of which one may stand in for the other (judgement)."""

_LEAST: Final = 0.01
"""Least gain of another route that is worth a word: a percent, rounded."""


def plan_route(
    analysis: Analysis,
    settings: SuggestionSettings | None = None,
    *,
    history: Effect | None = None,
    dark: bool | None = None,
) -> RoutePlan:
    """Plan the sides of an analysed run or planned route.

    Parameters
    ----------
    analysis : Analysis
        Of `camber.analyse`; of a planned route, recorded without times, too.
    settings : SuggestionSettings, optional
        The runner's limits; those of the analysis if missing.
    history : Effect, optional
        Drawn metres by leg of the weeks beside it, from `effect_of_draws`.
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
        limits=settings,
        history=history,
        dark=dark,
        observed=analysis.observed,
    )
    return RoutePlan(suggest(trip, analysis.summary), what_ifs(trip), trip.dark, is_lawful(trip))


class _Planned(NamedTuple):
    """A run with its analysis and what could be done on it."""

    run: RunResult
    analysis: Analysis
    plan: RoutePlan


class Planner:
    """Plans the runs of a library, each of them once.

    ``analysed`` may raise `CamberError` where roads are missing; results with another number of ``draws``
    than it makes cannot be added to its own, and do not count.
    """

    def __init__(
        self,
        library: Library,
        analysed: Line,
        *,
        draws: int,
        dark: bool | None = None,
        target_left: float = EVEN,
    ) -> None:
        self.target_left = target_left
        self._library, self._analysed, self._draws, self._dark = library, analysed, draws, dark
        self._alone: dict[int, _Planned] = {}
        self._last = library.last_analysed_day()

    def weeks_beside(self, day: date | None) -> tuple[RunResult, ...]:
        """List the analysed runs of the four weeks that a day is planned with; without one the last ones.

        What is changed is the next run: a route of the last four weeks stands beside all that was run in
        them, an older one at the end of the four weeks up to it.
        """
        if self._last is None:
            return ()
        until = self._last if day is None or day > self._last - _HISTORY else day
        runs = self._library.results(until - _HISTORY + timedelta(days=1), until)
        return tuple(one for one in runs if one.draws and len(one.draws.left_low_m) == self._draws)

    def history(self, day: date | None, own: int | None = None) -> Effect | None:
        """Add up the weeks beside a day, draw by draw, without the run ``own``; None without another run."""
        beside = effect_of_draws(one.draws for one in self.weeks_beside(day) if one.draws and one.run != own)
        return None if beside is None else replace(beside, target_left=self.target_left)

    def plan(self, run: RunResult) -> _Planned:
        """Plan a run, with another of the runner's routes in its place among what is suggested."""
        mine = self._plan_alone(run)
        rest, now = self.history(run.day, run.run), _effect(run)
        found = mine.plan.suggestions
        if rest is None or now is None or found.answer in {"even", "level"}:
            return mine
        other = self._other_route(run, rest, now, mine.analysis.settings.suggestion.smallest_gain)
        if isinstance(other, NextBest):
            best = sorted((*found.next_best, other), key=lambda one: one.gain, reverse=True)
            found = replace(found, next_best=() if found.items else tuple(best))
        elif other is not None:
            found = concluded(found, (*found.items, other))
        return mine._replace(plan=replace(mine.plan, suggestions=found))

    def _plan_alone(self, run: RunResult) -> _Planned:
        if run.run not in self._alone:
            analysis = self._analysed(self._library.recording(run.run), run)
            plan = plan_route(analysis, history=self.history(run.day, run.run), dark=self._dark)
            self._alone[run.run] = _Planned(run, analysis, plan)
        return self._alone[run.run]

    def _other_route(
        self, run: RunResult, rest: Effect, now: Effect, smallest_gain: float
    ) -> Suggestion | NextBest | None:
        """Find the route of the same weeks that would even out most in place of a run, run as it was."""
        found = []
        for other in usual_routes(self.weeks_beside(run.day)):
            effect, lengths = _effect(other), sorted((run.distance_m, other.distance_m))
            if effect is None or _same_route(run, other) or lengths[0] < _ALIKE * lengths[1]:
                continue
            gain = gain_of_swap(now, effect, rest)
            if gain >= _LEAST:
                found.append((gain, other.run, other, effect))
        for gain, _, other, effect in sorted(found, key=lambda one: (-one[0], one[1]))[:2]:
            if self._plan_alone(other).plan.is_lawful:
                if gain < smallest_gain:
                    text = f"Closest: {_named(other)} in its place now and then."
                    return NextBest("other_route", text, (), other.distance_m, gain, other.run)
                return _swap(now, effect, other, gain, rest)
        return None


def gain_of_swap(before: Effect, after: Effect, rest: Effect) -> float:
    """Take what another route evens out, by the tilted metres of this one; 0 where it spares no leg.

    As if it were as long: to run less is no way to even out.
    """
    if (rest + before).most_m() <= (rest + after).most_m():
        return 0.0
    after = after.times(before.tilted_m() / max(after.tilted_m(), 1.0))
    return ((rest + before).uneven_m() - (rest + after).uneven_m()) / max(before.tilted_m(), 1.0)


def _swap(before: Effect, after: Effect, other: RunResult, gain: float, rest: Effect) -> Suggestion:
    """Write another route of the runner's down as a change."""
    streets = other.summary.streets if other.summary else ()
    weeks = (rest + before, rest + after)
    return Suggestion(
        kind="other_route",
        what=f"Now and then, run {_named(other)} in its place.",
        where=tuple(street.name for street in streets[:5]),
        way_ids=(),
        distance_m=other.distance_m,
        left_low_before_m=interval_of(before.left_m),
        right_low_before_m=interval_of(before.right_m),
        left_low_after_m=interval_of(after.left_m),
        right_low_after_m=interval_of(after.right_m),
        balance_before=before.balance(),
        balance_after=after.balance(),
        crossings=0,
        rule="You ran that route as law and safety ask, but for little of it",
        rule_source="the rules that every plan keeps",
        against=(),
        p_even_before=weeks[0].p_even(0.2),
        p_even_after=weeks[1].p_even(0.2),
        gain=gain,
        run=other.run,
    )


def _named(run: RunResult) -> str:
    """Name a run by its day and title, such as "Saturday's Lunch run"."""
    return run.title if run.day is None else f"{run.day:%A}'s {run.title}"


def suggested(planner: Planner, run: RunResult) -> RunResult:
    """Give a run with what could be changed on it; as it is where it is not analysed, or has no map."""
    if run.summary is None:
        return run
    try:
        return replace(run, suggestions=planner.plan(run).plan.suggestions)
    except CamberError:
        return run


def with_advice(planner: Planner, period: Period) -> Period:
    """Find what to try after a run, or after some days: on the routes of the four weeks up to their end.

    The runs of the period that stand for a route get their suggestions. A route that cannot be analysed
    costs itself alone.
    """
    runs = planner.weeks_beside(period.ends_on)
    routes, failed = [], False
    asked = sorted(usual_routes(runs), key=lambda one: -_share_in(one, runs, planner.target_left))[
        :_MOST_ROUTES
    ]
    for run in period.runs if period.kind == "run" else asked:
        route = suggested(planner, run)
        failed |= route.suggestions is None
        if route.suggestions is not None:
            routes.append(route)
    if not routes:
        return replace(period, advice=Advice((), Advice.NO_MAP)) if failed else period
    routes.sort(key=_worth, reverse=True)
    made = {run.run: run.suggestions for run in routes}
    mine = tuple(replace(run, suggestions=made.get(run.run)) for run in period.runs)
    open_ = [run.suggestions.question for run in routes if run.suggestions and run.suggestions.question]
    question = max(open_, key=lambda one: one.undecided_m, default=None)
    return replace(
        period, runs=mine, advice=Advice(tuple(routes), _conclusion(routes, planner.target_left), question)
    )


def _worth(run: RunResult) -> tuple[bool, float, float]:
    """Order routes by what is worth a plan, by its gain in metres, and by what comes closest."""
    found = run.suggestions
    if found is None:
        return False, 0.0, 0.0
    tilted_m = run.summary.left_low_m.median + run.summary.right_low_m.median if run.summary else 0.0
    item = max((item.gain * tilted_m for item in found.items), default=0.0)
    return bool(found.items), item, max((one.gain for one in found.next_best), default=0.0)


def _conclusion(routes: Sequence[RunResult], target_left: float = EVEN) -> str:
    """Say in a sentence or two what these days come to, for routes of which the best stands first."""
    best = routes[0].suggestions
    if best is not None and len(routes) == 1:
        return best.conclusion
    if (
        best is None
        or best.items
        or all(run.suggestions and run.suggestions.answer == "even" for run in routes)
    ):
        return "" if best is None else best.conclusion
    aim = "more even" if target_left == EVEN else f"closer to your {target_words(target_left)}"
    text = f"None of your usual routes has a side that is both safe and {aim}."
    return f"{text} Closest: {_named(routes[0])}." if best.next_best else f"{text} {best.conclusion}"


def _effect(run: RunResult) -> Effect | None:
    return None if run.draws is None else effect_of_draws([run.draws])


def effect_of_draws(draws: Iterable[Draws]) -> Effect | None:
    """Add up what was run, draw by draw; None without a run."""
    legs = [(one.left_low_m.sum(axis=1), one.right_low_m.sum(axis=1)) for one in draws]
    if not legs:
        return None
    return Effect(np.sum([left for left, _ in legs], axis=0), np.sum([right for _, right in legs], axis=0))


def usual_routes(runs: Iterable[RunResult]) -> tuple[RunResult, ...]:
    """Give the latest run of each route, latest first."""
    routes: list[RunResult] = []
    for run in sorted(runs, key=lambda one: (one.day is not None, one.day, one.run), reverse=True):
        if not any(_same_route(one, run) for one in routes):
            routes.append(run)
    return tuple(routes)


def _same_route(one: RunResult, other: RunResult) -> bool:
    """Whether two runs share most of their streets (Jaccard index above one half; judgement)."""
    if one.summary is None or other.summary is None:
        return False
    mine, theirs = ({street.name for street in run.summary.streets} for run in (one, other) if run.summary)
    return bool(mine | theirs) and 2 * len(mine & theirs) > len(mine | theirs)


def _share_in(route: RunResult, runs: Sequence[RunResult], target_left: float) -> float:
    """Expect the metres that all runs of a route add to the leg that has had more in some weeks."""
    whole = effect_of_draws(run.draws for run in runs if run.draws)
    part = effect_of_draws(
        run.draws for run in runs if run.draws and (run is route or _same_route(run, route))
    )
    if whole is None or part is None:
        return 0.0
    (left, right), (of_left, of_right) = (
        replace(one, target_left=target_left).aimed() for one in (whole, part)
    )
    return float((np.sign(right - left) * (of_right - of_left)).mean())
