"""What could be changed, under law and safety, with the predicted effect; or nothing, and why.

Law and safety are constraints, never traded (`camber.suggestions.rules`). Under them the exact plan of sides
(`camber.suggestions.plan`) is found for the route as it was run and for the route the other way round, and
the lever that a change pulls is said in one sentence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from camber.conventions import NO_WAY
from camber.schema import PlanPoint, Suggestion, Suggestions, SuggestionSettings, balance_of
from camber.suggestions.describe import changed_side, lever_of, p_even, real_choice, suggestion_of
from camber.suggestions.level_detours import find_detours
from camber.suggestions.level_surface import effect_of_rounds, level_suggestion, rounds_of
from camber.suggestions.patterns import explain, outbound_partners, pattern_of
from camber.suggestions.plan import SidePlan, choose_plans
from camber.suggestions.route_plans import (
    Effect,
    Plans,
    Route,
    as_run,
    costs_as_run,
    plans_of,
    predicted,
    recommended,
    reversed_route,
    route_of,
    unevenness,
    unevenness_of_plans,
)
from camber.suggestions.rules import LEFT_EDGE, RIGHT_EDGE, WHY_NOT
from camber.suggestions.what_if import what_ifs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.schema import Exposure, LateralTrack, Roads, SlopeHistories, SlopeOptions, Summary
    from camber.suggestions.level_surface import SlopesOfWays

__all__ = ["Effect", "Trip", "outbound_partners", "suggest", "suggest_on", "trip_of", "what_ifs"]

_LIKELY: Final = 2.0 / 3.0
"""Probability from which something is said to be so: "likely" is 66 % and more (Mastrandrea et al. 2010,
guidance note of the IPCC on the treatment of uncertainties, table 1)."""

_NOTHING: Final = Effect(np.zeros(1), np.zeros(1))
"""No metres, in every draw."""

_UNLAWFUL: Final = 0.1
"""Share of a run on sides never suggested up to which it may be run again as it was (judgement)."""


def suggest(
    summary: Summary,
    exposure: Exposure,
    lateral: LateralTrack,
    histories: SlopeHistories,
    options: SlopeOptions,
    roads: Roads,
    settings: SuggestionSettings | None = None,
    *,
    level_pct: float,
    rng: np.random.Generator,
    before: Effect | None = None,
    dark: bool = False,
    slopes_of: SlopesOfWays | None = None,
) -> Suggestions:
    """Say which pattern a run followed and what, if anything, could be changed.

    Parameters
    ----------
    summary : Summary
        Totals of the run.
    exposure : Exposure
        One row per interval.
    lateral : LateralTrack
        The fixes, for what lies beside each interval.
    histories : SlopeHistories
        Drawn states and slopes.
    options : SlopeOptions
        Drawn slopes of every state.
    roads : Roads
        The roads, with limits, sidewalks, crossings and country.
    settings : SuggestionSettings, optional
        Constraints and thresholds.
    level_pct : float
        Absolute cross slope below which the surface counts as level [%].
    rng : numpy.random.Generator
        Source of disobedience in predicted effects.
    before : Effect, optional
        Drawn metres by leg of the weeks before, which a change is to even out too.
    dark : bool
        Whether the route is run in the dark: then only facing traffic.
    slopes_of : callable, optional
        Draws the cross slope [%] of ways that were not run, shape (n_draws, n), from their ids and directions
        of travel; without it no level ground nearby is looked for.

    Returns
    -------
    Suggestions
        Pattern, explanation and zero to three suggestions, best first; level ground nearby is the last.
    """
    settings = settings or SuggestionSettings()
    tables = (exposure, lateral, histories, options, roads)
    trip = trip_of(*tables, settings, level_pct=level_pct, rng=rng, before=before, dark=dark)
    return suggest_on(trip, summary, histories, dark=dark, slopes_of=slopes_of)


def suggest_on(
    trip: Trip,
    summary: Summary,
    histories: SlopeHistories,
    *,
    dark: bool = False,
    slopes_of: SlopesOfWays | None = None,
) -> Suggestions:
    """Say which pattern a planned route followed and what, if anything, could be changed.

    Parameters
    ----------
    trip : Trip
        Of `trip_of`.
    summary : Summary
        Totals of the run.
    histories : SlopeHistories
        Drawn states and slopes.
    dark : bool
        Whether the route is run in the dark.
    slopes_of : callable, optional
        As `suggest` takes it.

    Returns
    -------
    Suggestions
        As `suggest`. Even is said where it is likely; a change where one is expected to even out noticeably,
        also where it is not known which leg was low, since who follows a plan knows the side, or where level
        ground nearby takes tilted metres away; else that nothing safe was found, if it is likely that one leg
        had more, or that it is not known.
    """
    pattern = pattern_of(trip.exposure, trip.partner)
    explanation = explain(pattern, histories, trip.partner, trip.exposure)
    now = _with(trip.before, trip.now())
    balance = balance_of(now.right_m, now.left_m)
    on_ways = trip.route.stretches.way_id != NO_WAY
    if not trip.route.stretches.length_m[on_ways].sum():
        text = "None of it could be followed along the ways of the map, so that nothing is known of its tilt."
        return Suggestions(pattern, explanation, (), text, answer="not_known")
    if summary.balance is None or balance is None:
        text = "No tilted stretch was found, so there is nothing to even out."
        return Suggestions(pattern, explanation, (), text, answer="level", p_even=1.0)
    even = p_even(now, trip.settings.usual_balance)
    if even >= _LIKELY:
        text = (
            f"Both legs likely got about the same: the probability that it was within what counts as even is "
            f"{_percent(even)}. A fine choice."
        )
        return Suggestions(pattern, explanation, (), text, answer="even", p_even=even)
    items = _worthwhile(trip, pattern, dark=dark, slopes_of=slopes_of)
    points = real_choice(tuple(_point(plan, trip) for plan in choose_plans(trip.plans.front)))
    if items:
        count = "One change" if len(items) == 1 else f"{len(items)} changes"
        text, answer = f"{count} found; law and safety come first.", "change"
    elif max(_lean(now, trip.settings.usual_balance)) >= _LIKELY:
        text, answer = _nothing(trip, pattern), "no_safe_change"
    else:
        text, answer = _not_known(trip, now, even), "not_known"
    return Suggestions(pattern, explanation, items, text, points, answer, even)


def _worthwhile(
    trip: Trip, pattern: str, *, dark: bool, slopes_of: SlopesOfWays | None
) -> tuple[Suggestion, ...]:
    """List the changes that even out noticeably: of side and direction, best first, then level ground."""
    found = [_other_sides(trip)]
    if pattern == "loop":
        found.append(_other_way_round(trip, dark=dark))
    worth = [change for change in found if change is not None and _worth(change, trip.settings)]
    worth.sort(key=_gain, reverse=True)
    level = None if slopes_of is None else _level_ground(trip, slopes_of, dark=dark)
    if level is not None and _evens_out(level, trip.settings):
        worth.append(level)
    return tuple(change.item for change in worth)


class Trip(NamedTuple):
    """A route with everything that its suggestions are made from.

    Parameters
    ----------
    route : Route
        The route.
    plans : Plans
        Its plans and the rules they keep.
    partner : ndarray of int64
        As `outbound_partners` returns them.
    exposure : Exposure
        One row per interval.
    roads : Roads
        The roads.
    settings : SuggestionSettings
        Limits.
    before : Effect or None
        Drawn metres by leg of the weeks before.
    level_pct : float
        Absolute cross slope below which the surface counts as level [%].
    rng : numpy.random.Generator
        Source of disobedience.
    """

    route: Route
    plans: Plans
    partner: NDArray[np.int64]
    exposure: Exposure
    roads: Roads
    settings: SuggestionSettings
    before: Effect | None
    level_pct: float
    rng: np.random.Generator

    def now(self) -> Effect:
        """Drawn metres by leg of the route as it was run."""
        return as_run(self.route, self.level_pct)

    def most_traffic_km(self) -> float:
        """Most exposure to traffic that a plan may have [km facing traffic]."""
        _, traffic_km = costs_as_run(self.route, self.plans.rules)
        length_km = float(self.route.stretches.length_m.sum()) / 1000.0
        return traffic_km + self.settings.extra_traffic_share * length_km

    def judged(self, rest: Effect, *, share: float = 1.0) -> NDArray[np.float64]:
        """Judge every plan by the expected absolute balance of it, ``share`` times, and the rest."""
        obedience, level_pct = self.settings.obedience, self.level_pct
        return unevenness_of_plans(
            self.route, self.plans, obedience, level_pct, self.rng, rest=rest, share=share
        )

    def effect_of(self, plan: SidePlan, route: Route, plans: Plans) -> Effect:
        """Drawn metres by leg of a plan."""
        return predicted(route, plan.state, plans, self.settings.obedience, self.level_pct, self.rng)


def trip_of(
    exposure: Exposure,
    lateral: LateralTrack,
    histories: SlopeHistories,
    options: SlopeOptions,
    roads: Roads,
    settings: SuggestionSettings,
    *,
    level_pct: float,
    rng: np.random.Generator,
    before: Effect | None = None,
    dark: bool = False,
) -> Trip:
    """Plan a route, without choosing yet.

    Parameters
    ----------
    exposure, lateral, histories, options, roads, settings
        As `suggest` takes them.
    level_pct, rng, before, dark
        As `suggest` takes them.

    Returns
    -------
    Trip
        The route and its plans.
    """
    route = route_of(exposure, lateral, histories, options, roads)
    plans = plans_of(route, settings, level_pct=level_pct, before=before, dark=dark)
    partner = outbound_partners(exposure)
    return Trip(route, plans, partner, exposure, roads, settings, before, level_pct, rng)


class _Change(NamedTuple):
    """A suggestion, and the drawn metres it was judged by."""

    item: Suggestion
    before: Effect
    after: Effect


def _with(before: Effect | None, effect: Effect) -> Effect:
    """Add the weeks before, draw by draw."""
    if before is None:
        return effect
    return Effect(before.left_m + effect.left_m, before.right_m + effect.right_m)


def _other_sides(trip: Trip) -> _Change | None:
    """Take the same route on other sides, at no more exposure to traffic than is allowed."""
    now = _with(trip.before, trip.now())
    rest = _with(trip.before, _NOTHING)
    best = recommended(trip.plans, trip.judged(rest), unevenness(now), trip.most_traffic_km())
    if best is None or not changed_side(best, trip.route).any():
        return None
    after = _with(trip.before, trip.effect_of(best, trip.route, trip.plans))
    lever = lever_of(best, trip.route, trip.partner)
    return _written(trip, lever, best, trip.route, trip.plans, now, after)


def _other_way_round(trip: Trip, *, dark: bool) -> _Change | None:
    """Run it the other way round every other time: that run is planned to even out this one."""
    if not _lawful(trip):
        return None
    now, route = trip.now(), reversed_route(trip.route)
    so_far = _with(trip.before, now)
    plans = plans_of(route, trip.settings, level_pct=trip.level_pct, before=so_far, dark=dark)
    # Only every other run is run this way, so the mean of both is what it costs.
    _, traffic_km = costs_as_run(trip.route, trip.plans.rules)
    turned = trip._replace(route=route, plans=plans)
    uneven = turned.judged(_with(trip.before, _mean(now, _NOTHING)), share=0.5)
    best = recommended(plans, uneven, unevenness(so_far), 2.0 * trip.most_traffic_km() - traffic_km)
    if best is None:
        return None
    mean = _mean(now, trip.effect_of(best, route, plans))
    return _written(trip, "alternate_direction", best, route, plans, so_far, _with(trip.before, mean))


def _level_ground(trip: Trip, slopes_of: SlopesOfWays, *, dark: bool) -> _Change | None:
    """Take level ground nearby in place of stretches where no change of side helps."""
    if not _lawful(trip):
        return None
    route, rules = trip.route, trip.plans.rules
    before_m = 0.0 if trip.before is None else trip.before.right_m - trip.before.left_m
    detours = find_detours(
        route,
        rules,
        trip.exposure,
        trip.roads,
        trip.settings,
        level_pct=trip.level_pct,
        before_m=before_m,
        dark=dark,
    )
    if not detours:
        return None
    rounds = rounds_of(detours, trip.roads, slopes_of)
    effect = effect_of_rounds(
        route, rounds, obedience=trip.settings.obedience, level_pct=trip.level_pct, rng=trip.rng
    )
    now, after = _with(trip.before, trip.now()), _with(trip.before, effect)
    item = level_suggestion(
        route, rounds, trip.roads, rules, now, after, trip.settings, level_pct=trip.level_pct, dark=dark
    )
    return _Change(item, now, after)


def _lawful(trip: Trip) -> bool:
    """Whether nearly all of the run may be run again as it was: else nothing can be built upon it.

    A sidewalk that is in no map is no wrong place, and where no side is suggested at all there is none that
    the run could have kept to; what is left so is said with the change.
    """
    reason = trip.plans.rules.reason
    kept_to = reason[np.arange(len(trip.route.usual)), trip.route.usual]
    fine = (kept_to == "") | (kept_to == "no_state") | ~(reason == "").any(axis=1)
    fine |= ~trip.route.stretches.is_road
    length = trip.route.stretches.length_m
    return bool(length[fine].sum() >= (1.0 - _UNLAWFUL) * length.sum())


def _written(
    trip: Trip, lever: str, plan: SidePlan, route: Route, plans: Plans, before: Effect, after: Effect
) -> _Change:
    crossings, traffic_km = costs_as_run(trip.route, trip.plans.rules)
    item = suggestion_of(
        lever,
        plan,
        route,
        trip.roads,
        before,
        after,
        trip.settings,
        extra_crossings=max(plan.crossings - crossings, 0),
        extra_traffic_km=plan.traffic_km - traffic_km,
        rules=plans.rules,
    )
    return _Change(item, before, after)


def _point(plan: SidePlan, trip: Trip) -> PlanPoint:
    effect = _with(trip.before, trip.effect_of(plan, trip.route, trip.plans))
    even = p_even(effect, trip.settings.usual_balance)
    return PlanPoint(balance_of(effect.right_m, effect.left_m), even, plan.crossings, plan.traffic_km)


def _mean(one: Effect, other: Effect) -> Effect:
    return Effect(0.5 * (one.left_m + other.left_m), 0.5 * (one.right_m + other.right_m))


def _worth(change: _Change, settings: SuggestionSettings) -> bool:
    """Whether it evens out noticeably, and not by tilting the ground under the other leg instead."""
    before = np.maximum(change.before.left_m, change.before.right_m).mean()
    after = np.maximum(change.after.left_m, change.after.right_m).mean()
    enough = _gain(change) >= settings.smallest_gain
    return enough and bool(after <= before * (1.0 - 0.5 * settings.smallest_gain))


def _evens_out(change: _Change, settings: SuggestionSettings) -> bool:
    """Whether level ground takes away enough of what one leg has too much of.

    It leaves fewer tilted metres, so that the balance of those that are left may stay as it is: what is lost
    of the difference between the legs is compared with all tilted metres before. Where the number of tilted
    metres stays the same, as with a change of side, this is the same gain.
    """
    before, after = (np.abs(one.right_m - one.left_m).mean() for one in (change.before, change.after))
    total = (change.before.left_m + change.before.right_m).mean()
    lower = np.maximum(change.before.left_m, change.before.right_m).mean()
    lower -= np.maximum(change.after.left_m, change.after.right_m).mean()
    return bool(before - after >= settings.smallest_gain * total and lower >= 0.0)


def _gain(change: _Change) -> float:
    """Take the expected absolute balance before less that after: a side that is not known counts too."""
    return change.item.uneven_before - change.item.uneven_after


def _lean(effect: Effect, usual_balance: float) -> tuple[float, float]:
    """Probability that the left leg, and that the right leg, was low for longer than counts as even."""
    difference, total = effect.right_m - effect.left_m, effect.left_m + effect.right_m
    limit = usual_balance * total
    return float((difference < -limit).mean()), float((difference > limit).mean())


def _not_known(trip: Trip, effect: Effect, even: float) -> str:
    left, right = _lean(effect, trip.settings.usual_balance)
    why = _why(trip)
    return (
        f"Which leg was low for longer is not known well enough (the left one {_percent(left)}, about even "
        f"{_percent(even)}, the right one {_percent(right)}), and no change that is safe would even it out "
        f"whichever it was{': ' + why if why else ''}."
    )


def _percent(probability: float) -> str:
    """Say a probability; of a few hundred draws none is certain."""
    percent = 100.0 * probability
    return "over 99 %" if percent > 99.0 else "under 1 %" if percent < 1.0 else f"{percent:.0f} %"


def _nothing(trip: Trip, pattern: str) -> str:
    why = _why(trip)
    if why:
        return f"No safe change found: {why}."
    if pattern == "other":
        return "No safe change found: the route gives no choice of side that would even it out."
    return "No change found that would even it out noticeably."


def _why(trip: Trip) -> str:
    """Say what stands against the other edge, by metres."""
    route, rules = trip.route, trip.plans.rules
    left, right = rules.reason[:, LEFT_EDGE], rules.reason[:, RIGHT_EDGE]
    reason = np.where(left == "", right, left)
    length = pd.Series(route.stretches.length_m).groupby(reason).sum()
    length = length[[key for key in length.index if key not in {"", "no_state"}]]
    length = length[length > 0.0].sort_values(ascending=False)
    limits = vars(trip.settings)
    return "; ".join(
        f"{WHY_NOT[str(key)].format_map(limits)} ({metres / 1000:.1f} km)" for key, metres in length.items()
    )
