"""What could be changed, under law and safety, with the predicted effect; or nothing, and why.

Law and safety are constraints, never traded (`camber.suggestions.rules`). Under them the exact plan of sides
(`camber.suggestions.side_plans`) is found for the route as it was run and for the route the other way round,
level ground nearby is looked for, and the lever that a change pulls is said in one sentence. Where the
numbers are from: camber/standards/model.md, Suggestions.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from camber.conventions import LEFT_EDGE, NO_WAY, RIGHT_EDGE
from camber.schema import PlanPoint, Suggestion, Suggestions
from camber.suggestions.level_detours import find_detours
from camber.suggestions.level_ground import effect_of_detours, level_suggestion
from camber.suggestions.patterns import explain, outbound_partners, pattern_of, what_ifs
from camber.suggestions.plan_in_words import by_reason, changed_side, lever_of, suggestion_of, why_not
from camber.suggestions.rules import in_the_dark
from camber.suggestions.side_plans import choose_plans
from camber.suggestions.trip import NOTHING, Effect, Trip, costs_as_run, judged, plans_of, predicted, route_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.schema import (
        Exposure,
        LateralTrack,
        Roads,
        SlopeHistories,
        SlopeOptions,
        SuggestionSettings,
        Summary,
    )
    from camber.suggestions.side_plans import SidePlan
    from camber.suggestions.trip import SlopesOfWays

__all__ = ["NOTHING", "Effect", "Trip", "in_the_dark", "suggest", "trip_of", "what_ifs"]

_LIKELY: Final = 2.0 / 3.0
"""Probability from which something is said to be so: "likely" is 66 % and more (Mastrandrea et al. 2010,
guidance note of the IPCC on the treatment of uncertainties, table 1)."""

_UNLAWFUL: Final = 0.1
"""Share of a run on sides never suggested up to which it may be run again as it was (judgement)."""

_MOST_OF_IT: Final = 0.8
"""Share of the possible gain that a simpler plan has to reach (judgement)."""


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
    slopes_of: SlopesOfWays | None = None,
) -> Trip:
    """Plan a run, or a planned route, without choosing yet.

    Parameters
    ----------
    exposure : Exposure
        One row per interval.
    lateral : LateralTrack
        The fixes, for what lies beside each interval.
    histories : SlopeHistories
        Drawn states and slopes of the run as it was.
    options : SlopeOptions
        Drawn slopes of every state.
    roads : Roads
        The roads, with limits, sidewalks, crossings and country.
    settings : SuggestionSettings
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
    Trip
        The route with its plans.
    """
    before = before or NOTHING
    route = route_of(exposure, lateral, histories, options, roads, level_pct=level_pct)
    plans = plans_of(route, settings, before, dark=dark)
    partner = outbound_partners(exposure)
    pattern = pattern_of(exposure, partner)
    return Trip(
        route,
        plans,
        partner,
        pattern,
        explain(pattern, histories, partner, exposure),
        exposure,
        roads,
        settings,
        before,
        rng,
        dark,
        slopes_of,
    )


def suggest(trip: Trip, summary: Summary) -> Suggestions:
    """Say which pattern a run followed and what, if anything, could be changed.

    Parameters
    ----------
    trip : Trip
        The run, or the planned route, of `trip_of`.
    summary : Summary
        Totals of the run.

    Returns
    -------
    Suggestions
        Pattern, explanation and zero to three suggestions, best first; level ground nearby is the last. Even
        is said where it is likely; a change where one is expected to even out noticeably, also where it is
        not known which leg was low, since who follows a plan knows the side, or where level ground nearby
        takes tilted metres away; else that nothing safe was found, if it is likely that one leg had more, or
        that it is not known.
    """
    now, usual_balance = trip.now(), trip.settings.usual_balance
    of = trip.route.stretches
    nothing = Suggestions(trip.pattern, trip.explanation, (), "")
    if not of.length_m[of.way_id != NO_WAY].sum():
        text = "None of it could be followed along the ways of the map, so that nothing is known of its tilt."
        return replace(nothing, conclusion=text, answer="not_known")
    if summary.balance is None or now.balance() is None:
        text = "No tilted stretch was found, so there is nothing to even out."
        return replace(nothing, conclusion=text, answer="level", p_even=1.0)
    even = now.p_even(usual_balance)
    if even >= _LIKELY:
        text = (
            f"Both legs likely got about the same: the probability that it was within what counts as even is "
            f"{_percent(even)}. A fine choice."
        )
        return replace(nothing, conclusion=text, answer="even", p_even=even)
    items = _worthwhile(trip)
    front = real_choice(tuple(_point(plan, trip) for plan in choose_plans(trip.plans.front)))
    if items:
        count = "One change" if len(items) == 1 else f"{len(items)} changes"
        text, answer = f"{count} found; law and safety come first.", "change"
    elif max(now.p_uneven(usual_balance)) >= _LIKELY:
        text, answer = _nothing(trip), "no_safe_change"
    else:
        text, answer = _not_known(trip, now, even), "not_known"
    return Suggestions(trip.pattern, trip.explanation, items, text, front, answer, even)


class _Change(NamedTuple):
    """A suggestion, and the drawn metres it was judged by."""

    item: Suggestion
    before: Effect
    after: Effect

    def gain(self) -> float:
        """Take the expected absolute balance before less that after: a side that is not known counts too."""
        return self.item.uneven_before - self.item.uneven_after


def _worthwhile(trip: Trip) -> tuple[Suggestion, ...]:
    """List the changes that even out noticeably: of side and direction, best first, then level ground."""
    found = [_other_sides(trip)]
    lawful = _lawful(trip)
    if lawful and trip.pattern == "loop":
        found.append(_other_way_round(trip))
    worth = [change for change in found if change is not None and _worth(change, trip.settings)]
    worth.sort(key=_Change.gain, reverse=True)
    level = _level_ground(trip) if lawful else None
    if level is not None and _evens_out(level, trip.settings):
        worth.append(level)
    return tuple(change.item for change in worth)


def _other_sides(trip: Trip) -> _Change | None:
    """Take the same route on other sides, at no more exposure to traffic than is allowed."""
    now = trip.now()
    best = _recommended(trip, judged(trip, trip.before), now, trip.most_traffic_km())
    if best is None or not changed_side(best, trip.route).any():
        return None
    after = trip.before + predicted(trip, best.state)
    as_run = costs_as_run(trip.route, trip.plans.rules)
    return _Change(suggestion_of(lever_of(best, trip), best, trip, now, after, as_run), now, after)


def _other_way_round(trip: Trip) -> _Change | None:
    """Run it the other way round every other time: that run is planned to even out this one."""
    now, half = trip.now(), trip.route.as_run().times(0.5)
    as_run = costs_as_run(trip.route, trip.plans.rules)
    turned = trip.turned()
    # Only every other run is run this way, so the mean of both is what it costs.
    most_traffic_km = 2.0 * trip.most_traffic_km() - as_run[1]
    best = _recommended(turned, judged(turned, trip.before + half, share=0.5), now, most_traffic_km)
    if best is None:
        return None
    after = trip.before + (trip.route.as_run() + predicted(turned, best.state)).times(0.5)
    return _Change(suggestion_of("alternate_direction", best, turned, now, after, as_run), now, after)


def _level_ground(trip: Trip) -> _Change | None:
    """Take level ground nearby in place of stretches where no change of side helps."""
    if trip.slopes_of is None:
        return None
    detours = find_detours(trip)
    if not detours:
        return None
    slopes_pct = [trip.slopes_of(one.way_id, one.directions) for one in detours]
    now, after = trip.now(), trip.before + effect_of_detours(trip, detours, slopes_pct)
    return _Change(level_suggestion(trip, detours, slopes_pct, now, after), now, after)


def _lawful(trip: Trip) -> bool:
    """Whether nearly all of the run may be run again as it was: else nothing can be built upon it.

    A sidewalk that is in no map is no wrong place, and where no side is suggested at all there is none that
    the run could have kept to; what is left so is said with the change.
    """
    of, reason = trip.route.stretches, trip.plans.rules.reason
    kept_to = trip.plans.rules.reason_in(trip.route.usual)
    fine = (kept_to == "") | (kept_to == "no_state") | ~(reason == "").any(axis=1) | ~of.is_road
    return bool(of.length_m[fine].sum() >= (1.0 - _UNLAWFUL) * of.length_m.sum())


def _recommended(
    trip: Trip, uneven: NDArray[np.float64], now: Effect, most_traffic_km: float
) -> SidePlan | None:
    """Choose the plan that a careful coach would name: nearly the most even one, and the simplest of those.

    ``uneven`` is the expected absolute balance with each plan. Among the plans that reach most of what can be
    gained it is the one with the fewest crossings, and of those the one with the least exposure to traffic;
    None if no plan is within the limit.
    """
    pairs = zip(trip.plans.front, uneven.tolist(), strict=True)
    fitting = [(plan, value) for plan, value in pairs if plan.traffic_km <= most_traffic_km]
    if not fitting:
        return None
    best = min(value for _, value in fitting)
    enough = best + (1.0 - _MOST_OF_IT) * max(now.unevenness() - best, 0.0)
    good = [plan for plan, value in fitting if value <= enough]
    return min(good, key=lambda plan: (plan.crossings, plan.traffic_km))


def _worth(change: _Change, settings: SuggestionSettings) -> bool:
    """Whether it evens out noticeably, and not by tilting the ground under the other leg instead."""
    before, after = (np.maximum(one.left_m, one.right_m).mean() for one in (change.before, change.after))
    enough = change.gain() >= settings.smallest_gain
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


def _point(plan: SidePlan, trip: Trip) -> PlanPoint:
    effect = trip.before + predicted(trip, plan.state)
    even = effect.p_even(trip.settings.usual_balance)
    return PlanPoint(effect.balance(), even, plan.crossings, plan.traffic_km)


def real_choice(points: tuple[PlanPoint, ...]) -> tuple[PlanPoint, ...]:
    """Leave out what is no choice: a plan that is at no point better than another one, as it is shown.

    Points come most even first by their mean: over the draws, and followed as far as people do, some of them
    are alike; of those the first is kept.
    """
    shown = [
        (
            0.0 if one.balance is None else round(abs(one.balance.median), 2),
            -round(100.0 * one.p_even),
            one.crossings,
            round(one.traffic_km, 1),
        )
        for one in points
    ]
    return tuple(
        point
        for row, point in enumerate(points)
        if not any(
            all(a <= b for a, b in zip(other, shown[row], strict=True)) and (other != shown[row] or at < row)
            for at, other in enumerate(shown)
        )
    )


def _not_known(trip: Trip, now: Effect, even: float) -> str:
    left, right = now.p_uneven(trip.settings.usual_balance)
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


def _nothing(trip: Trip) -> str:
    why = _why(trip)
    if why:
        return f"No safe change found: {why}."
    if trip.pattern == "other":
        return "No safe change found: the route gives no choice of side that would even it out."
    return "No change found that would even it out noticeably."


def _why(trip: Trip) -> str:
    """Say what stands against the other edge, by metres."""
    reason = trip.plans.rules.reason
    left, right = reason[:, LEFT_EDGE], reason[:, RIGHT_EDGE]
    length = by_reason(trip.route.stretches.length_m, np.where(left == "", right, left))
    length = length[length > 0.0].sort_values(ascending=False)
    return "; ".join(
        f"{why_not(str(key), trip.settings)} ({metres / 1000:.1f} km)" for key, metres in length.items()
    )
