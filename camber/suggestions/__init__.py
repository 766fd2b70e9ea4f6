"""What could be changed, under law and safety, with the predicted effect; or nothing, and why.

Law and safety are constraints, never traded (`camber.suggestions.rules`). Under them the exact plan of sides
(`camber.suggestions.side_plans`) is found for the route as it was run and for the route the other way round,
level ground nearby is looked for, and each change is judged by what it does to the route itself
(`camber.suggestions.levers`). Where nothing is worth it, the true reason is given, and what else would help
(`camber.suggestions.reasons`). Where the numbers are from: camber/standards/model.md, Suggestions.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from camber.conventions import LATERAL_STATES, NO_WAY
from camber.schema import EVEN, Suggestions, Word, chance_words, low_leg, target_words
from camber.suggestions.levers import changes, is_lawful, safe_side
from camber.suggestions.patterns import explain, outbound_partners, pattern_of, what_ifs
from camber.suggestions.reasons import next_best_of, question_of, why_not_changed
from camber.suggestions.rules import in_the_dark
from camber.suggestions.trip import NOTHING, Effect, Trip, plans_of, route_of

if TYPE_CHECKING:
    from camber.schema import (
        Exposure,
        LateralTrack,
        Roads,
        SlopeHistories,
        SlopeOptions,
        Suggestion,
        SuggestionSettings,
        Summary,
    )
    from camber.suggestions.trip import SlopesOfWays

__all__ = [
    "EVEN",
    "NOTHING",
    "Effect",
    "Trip",
    "concluded",
    "in_the_dark",
    "is_lawful",
    "suggest",
    "target_words",
    "trip_of",
    "what_ifs",
]

_LIKELY: Final = 2.0 / 3.0
"""Probability from which something is said to be so: "likely" is 66 % and more (Mastrandrea et al. 2010,
guidance note of the IPCC on the treatment of uncertainties, table 1)."""


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
    history: Effect | None = None,
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
    history : Effect, optional
        Drawn metres by leg of the weeks beside it, which say which leg has had more.
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
    history = replace(history or NOTHING, target_left=settings.target_left)
    route = route_of(exposure, lateral, histories, options, roads, level_pct=level_pct)
    plans = plans_of(route, settings, history, dark=dark)
    partner = outbound_partners(exposure)
    pattern = pattern_of(exposure, partner)
    count = np.stack(
        [(histories.state == state).mean(axis=0) for state in range(len(LATERAL_STATES))], axis=1
    )
    return Trip(
        route=route,
        plans=plans,
        p_state=count,
        partner=partner,
        pattern=pattern,
        explanation=explain(pattern, route, partner),
        exposure=exposure,
        roads=roads,
        settings=settings,
        history=history,
        rng=rng,
        dark=dark,
        slopes_of=slopes_of,
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
        Pattern, explanation and zero to four suggestions, best first; what law and safety ask for stands
        before what evens out. Even is said where it is likely. A change is worth it where it is expected to
        take enough off the difference between the legs, measured by the route itself; the weeks beside it
        only say which leg has had more. Else the true reason is given, what comes closest, and the street
        about which an answer would help most.
    """
    now = trip.now()
    found = Suggestions(
        trip.pattern,
        trip.explanation,
        (),
        "",
        direction=low_leg(now.left_m, now.right_m),
        with_history=trip.history.left_m is not NOTHING.left_m,
    )
    of = trip.route.stretches
    if not of.length_m[of.way_id != NO_WAY].sum():
        text = "None of it could be followed along the ways of the map, so nothing is known of its tilt."
        return replace(found, conclusion=text, answer="not_known")
    if summary.balance is None or now.balance() is None:
        return replace(found, conclusion="Nothing on it is known to tilt.", answer="level", p_even=1.0)
    even = now.p_even(trip.settings.usual_balance)
    found = replace(found, p_even=even, question=question_of(trip))
    if even >= _LIKELY:
        safer = safe_side(trip)
        only = () if safer is None else (safer.item,)
        return replace(
            found, items=only, conclusion=f"{_even(found, trip.settings)} A fine choice.", answer="even"
        )
    made = changes(trip)
    items = tuple(one.item for one in made if one.is_worth)
    if items:
        return concluded(found, items)
    why = why_not_changed(trip)
    return replace(
        found,
        conclusion=f"{_leg(found)} Stay as you are on this route: {why.words}.",
        answer="no_safe_change" if found.direction and found.direction.leg else "not_known",
        reason=why.reason,
        next_best=next_best_of(made),
    )


def concluded(found: Suggestions, items: tuple[Suggestion, ...]) -> Suggestions:
    """Conclude that there is something to try."""
    count = "One thing" if len(items) == 1 else f"{len(items)} things"
    text = f"{_leg(found)} {count} to try; law and safety come first."
    return replace(found, items=items, conclusion=text, answer="change", reason="", next_best=())


_EVEN: Final = {
    False: "Both legs likely got about the same on this route.",
    True: "Both legs likely got about the same over these weeks.",
}


def _even(found: Suggestions, settings: SuggestionSettings) -> str:
    """Say that the legs likely got what is aimed at."""
    if settings.target_left == EVEN:
        return _EVEN[found.with_history]
    over = "these weeks" if found.with_history else "this route"
    return f"You are likely about at your target of {target_words(settings.target_left)} over {over}."


def _leg(found: Suggestions) -> str:
    """Say which leg has had more, and how likely that is, in the words that everything shares."""
    of = found.direction
    over = "over these weeks" if found.with_history else "on this route"
    if of is None or not of.leg:
        return f"It could be either leg that was low for longer {over}."
    chance = chance_words(of.probability)
    if of.word is Word.PERHAPS:
        return f"Perhaps your {of.leg} leg was the low one {over} ({chance})."
    return f"Your {of.leg} leg was {of.word} the low one {over} ({chance})."
