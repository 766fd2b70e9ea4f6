"""The levers that even a route out or make it safer, and what each is worth by the metres of that route.

What a change is worth is what it takes off the expected difference between the legs, as a share of the tilted
metres of the route itself: 1 makes a route even that was all on one leg, 2 puts it all on the other, which
only weeks on the first leg make worth while. The weeks beside a run say which leg has had more, draw by draw,
and how soon that is made up for; how long they were does not make a change of one run any smaller.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from camber.conventions import CENTRE
from camber.schema.likelihood import LIKELY_FROM
from camber.suggestions.level_detours import find_detours
from camber.suggestions.level_ground import effect_of_detours, level_suggestion
from camber.suggestions.plan_in_words import changed_side, lever_of, suggestion_of
from camber.suggestions.trip import costs_as_run, judged, predicted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.schema import Suggestion
    from camber.suggestions.side_plans import SidePlan
    from camber.suggestions.trip import Effect, Trip

    FloatArray = NDArray[np.float64]

_UNLAWFUL: Final = 0.1
"""Share of a run on sides never suggested up to which it may be run again as it was (judgement)."""

_MOST_OF_IT: Final = 0.8
"""Share of the possible gain that a simpler plan has to reach (judgement)."""

_WRONG_SIDE_M: Final = 200.0
"""Metres on a likely wrong side from which that is said [m]: less is a gap in the map of sidewalks, or the
error of a watch (judgement)."""


class Change(NamedTuple):
    """A suggestion, and whether it is worth it for the legs."""

    item: Suggestion
    is_worth: bool


def changes(trip: Trip) -> tuple[Change, ...]:
    """List what could be changed, best first; what law and safety ask for stands before what evens out."""
    found = [_other_sides(trip)]
    if is_lawful(trip):
        if trip.pattern == "loop":
            found.append(_other_way_round(trip))
        found.append(_level_ground(trip))
    made = sorted(
        (change for change in found if change is not None), key=lambda one: one.item.gain, reverse=True
    )
    # A change of sides that is worth it keeps to the rules as well.
    safer = None if found[0] is not None and found[0].is_worth else safe_side(trip)
    return tuple(made) if safer is None else (safer, *made)


def _other_sides(trip: Trip) -> Change | None:
    """Take the same route on other sides, at no more exposure to traffic than is allowed."""
    best = _recommended(trip, judged(trip, trip.history), trip.most_traffic_km())
    if best is None or not changed_side(best, trip.route).any():
        return None
    return _change(lever_of(best, trip), best, trip, predicted(trip, best.state))


def safe_side(trip: Trip) -> Change | None:
    """Keep to the sides that law and safety ask for, where the run was likely on one that they rule out."""
    wrong = wrong_side(trip)
    if not trip.plans.front or trip.route.stretches.length_m[wrong].sum() < _WRONG_SIDE_M:
        return None
    best = min(trip.plans.front, key=lambda plan: (plan.traffic_km, plan.crossings))
    mended = wrong & changed_side(best, trip.route)
    if trip.route.stretches.length_m[mended].sum() < _WRONG_SIDE_M:
        return None
    made = _change("safe_side", best, trip, predicted(trip, best.state), mended)
    return made._replace(is_worth=True)


def _other_way_round(trip: Trip) -> Change | None:
    """Run it the other way round every other time: that run is planned to even out this one."""
    half = trip.route.as_run().times(0.5)
    turned = trip.turned()
    # Only every other run is run this way, so the mean of both is what it costs.
    most_traffic_km = 2.0 * trip.most_traffic_km() - costs_as_run(trip.route, trip.plans.rules)[1]
    best = _recommended(turned, judged(turned, trip.history + half, share=0.5), most_traffic_km, trip)
    if best is None:
        return None
    after = (trip.route.as_run() + predicted(turned, best.state)).times(0.5)
    return _change("alternate_direction", best, turned, after, of=trip)


def _level_ground(trip: Trip) -> Change | None:
    """Take level ground nearby in place of stretches where no change of side helps."""
    if trip.slopes_of is None:
        return None
    detours = find_detours(trip)
    if not detours:
        return None
    slopes_pct = [trip.slopes_of(one.way_id, one.directions) for one in detours]
    after = effect_of_detours(trip, detours, slopes_pct)
    gain = gain_of(trip, after)
    # It leaves fewer tilted metres, and no more of them to the leg that has had more.
    spared_m = trip.now().most_m() - (trip.history + after).most_m()
    return Change(
        level_suggestion(trip, detours, slopes_pct, after, gain),
        gain >= trip.settings.smallest_gain and spared_m >= 0.0,
    )


def _change(
    kind: str,
    plan: SidePlan,
    planned: Trip,
    after: Effect,
    moved: NDArray[np.bool_] | None = None,
    *,
    of: Trip | None = None,
) -> Change:
    """Write a plan of sides down; ``of`` is the trip as it was run, where the plan is for it turned round."""
    trip = of or planned
    gain = gain_of(trip, after)
    as_run = costs_as_run(trip.route, trip.plans.rules)
    item = suggestion_of(kind, plan, planned, (trip.route.as_run(), after), as_run, gain, moved)
    return Change(item, _is_worth(trip, after, gain))


def gain_of(trip: Trip, after: Effect) -> float:
    """Take what is expected to be evened out as a share of the route's own tilted metres, 2 at most."""
    evened_m = trip.now().uneven_m() - (trip.history + after).uneven_m()
    return evened_m / max(trip.route.as_run().tilted_m(), 1.0)


def _is_worth(trip: Trip, after: Effect, gain: float) -> bool:
    """Whether it evens out noticeably, and not by tilting the ground under the other leg instead."""
    least = trip.settings.smallest_gain
    spared_m = trip.now().most_m() - (trip.history + after).most_m()
    return gain >= least and spared_m >= 0.5 * least * trip.route.as_run().tilted_m()


def is_lawful(trip: Trip) -> bool:
    """Whether nearly all of the run may be run again as it was: else nothing can be built upon it.

    A sidewalk that is in no map is no wrong place, and where no side is suggested at all there is none that
    the run could have kept to; what is left so is said with the change.
    """
    of, reason = trip.route.stretches, trip.plans.rules.reason
    kept_to = trip.plans.rules.reason_in(trip.route.usual)
    fine = (kept_to == "") | (kept_to == "no_state") | ~(reason == "").any(axis=1) | ~of.is_road
    return bool(of.length_m[fine].sum() >= (1.0 - _UNLAWFUL) * of.length_m.sum())


def wrong_side(trip: Trip) -> NDArray[np.bool_]:
    """Where the run was likely on a side that the rules speak against, and one is left that they do not."""
    reason = trip.plans.rules.reason
    ruled_out = (reason != "") & (reason != "no_state")
    # The middle is a place like the edge beside it: on the carriageway, where there is a sidewalk to be on.
    ruled_out[:, CENTRE] = trip.route.stretches.left_walk | trip.route.stretches.right_walk
    likely = np.where(ruled_out, trip.p_state, 0.0).sum(axis=1) >= LIKELY_FROM
    return np.asarray(trip.route.stretches.is_road & likely & (reason == "").any(axis=1))


def _recommended(
    trip: Trip, uneven_m: FloatArray, most_traffic_km: float, as_run: Trip | None = None
) -> SidePlan | None:
    """Choose the plan that a careful coach would name: nearly the most even one, and the simplest of those.

    ``uneven_m`` is the expected absolute difference with each plan. Among the plans that reach most of what
    can be gained it is the one with the fewest crossings, and of those the one with the least exposure to
    traffic; None if no plan is within the limit.
    """
    pairs = zip(trip.plans.front, uneven_m.tolist(), strict=True)
    fitting = [(plan, value) for plan, value in pairs if plan.traffic_km <= most_traffic_km]
    if not fitting:
        return None
    best = min(value for _, value in fitting)
    enough = best + (1.0 - _MOST_OF_IT) * max((as_run or trip).now().uneven_m() - best, 0.0)
    good = [plan for plan, value in fitting if value <= enough]
    return min(good, key=lambda plan: (plan.crossings, plan.traffic_km))
