"""Why nothing is to be changed on a route, and what else would help: the next best thing, and a question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from camber.conventions import CENTRE, NO_WAY, OTHER
from camber.schema import NextBest, Question
from camber.suggestions.rules import SIDE_OF_STATE, WHY_KEPT
from camber.suggestions.trip import weighed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from camber.suggestions.levers import Change
    from camber.suggestions.trip import Trip

    FloatArray = NDArray[np.float64]

_KNOWN: Final = 0.75
"""Probability of one side from which it is not asked for: what a stretch is drawn solid from (judgement)."""

_ASKED_M: Final = 200.0
"""Least metres of a street that an answer has to decide [m]: less is not worth a question (judgement)."""

_CLOSE: Final = 0.01
"""Least gain of a change that is named as coming closest: a percent, rounded."""

_SAID: Final = 3
"""Most reasons that are said of one route (judgement)."""

_LEAST_SAID_M: Final = 50.0
"""Metres of a reason that are 0.1 km when rounded."""


class Why(NamedTuple):
    """Why no change of side helps: its stable name, and a clause for people."""

    reason: str
    words: str


def why_not_changed(trip: Trip) -> Why:
    """Find what truly stands against another side: the road itself, law and safety, or no place to cross."""
    rules, front = trip.plans.rules, trip.plans.front
    rows = np.arange(len(trip.route.usual))
    spared = trip.settings.obedience * _spared_m(trip)
    spared[rows, trip.route.usual] = 0.0
    there = rules.reason != "no_state"
    there[:, [CENTRE, OTHER]] = False
    least_m = trip.settings.smallest_gain * trip.route.as_run().tilted_m()
    lawful = there & (rules.reason == "")
    most, allowed = (np.where(kept, spared, 0.0).max(axis=1) for kept in (there, lawful))
    if most.sum() < least_m:
        return Why("no_side", "no side of these roads is known to put the other leg low")
    if allowed.sum() < least_m:
        return _ruled_out(trip, np.where(there, spared, -np.inf).argmax(axis=1), most - allowed)
    reached = [plan for plan in front if spared[rows, plan.state].sum() >= least_m]
    if not reached:
        return Why("no_crossing", "there is no safe place to cross where it would help")
    if all(plan.traffic_km > trip.most_traffic_km() for plan in reached):
        return Why("traffic", "the other side would mean more traffic than it is worth")
    return Why("little", "another side would even out too little")


def _spared_m(trip: Trip) -> FloatArray:
    """Expect what each state takes off the leg that has had more, on each interval, shape (n, 6) [m].

    Which leg that is may not be known: it is the one of each draw.
    """
    had_left, had_right = trip.now().aimed()
    lean = np.sign(had_right - had_left)[:, np.newaxis]
    (left, right), (was_left, was_right) = (
        weighed(*legs, trip.settings.target_left) for legs in (trip.route.option_m(), trip.route.usual_m())
    )
    was = (lean * (was_right - was_left)).mean(axis=0)
    return np.asarray(was[:, np.newaxis] - (lean[:, :, np.newaxis] * (right - left)).mean(axis=0))


def _ruled_out(trip: Trip, state: NDArray[np.int64], withheld_m: FloatArray) -> Why:
    """Say what rules out the side that would help, by the metres of the route to which it applies."""
    here = withheld_m > 0.0
    reason, length_m = trip.plans.rules.reason_in(state)[here], trip.route.stretches.length_m[here]
    weight = pd.Series(withheld_m[here]).groupby(reason).sum().drop("", errors="ignore")
    metres = pd.Series(length_m).groupby(reason).sum()
    order = [str(key) for key in weight.sort_values(ascending=False, kind="stable").index[:_SAID]]
    # What would read "on 0.0 km" says nothing beside the others.
    order = [key for key in order if metres[key] >= _LEAST_SAID_M] or order[:1]
    said = [
        WHY_KEPT[key].format_map(vars(trip.settings)) + f" on {metres[key] / 1000:.1f} km" for key in order
    ]
    return Why(order[0] if order else "no_side", "; ".join(said))


def next_best_of(made: Iterable[Change]) -> tuple[NextBest, ...]:
    """List what would help a little: changes that come closest to being worth it, best first."""
    return tuple(
        NextBest(
            item.kind,
            f"Closest: {item.what[0].lower()}{item.what[1:]}",
            item.where,
            item.distance_m,
            item.gain,
        )
        for item in (change.item for change in made if not change.is_worth)
        if item.gain >= _CLOSE
    )


def question_of(trip: Trip) -> Question | None:
    """Find the street whose answer would help most: the one with the most tilted metres of undecided leg."""
    of, (left, right) = trip.route.stretches, trip.route.usual_m()
    undecided_m = 2.0 * np.minimum(left.mean(axis=0), right.mean(axis=0))
    names = trip.street_names()
    # A street without a name is none that anybody could be asked about.
    on = (of.way_id != NO_WAY) & np.array([not str(name).endswith("(no name)") for name in names], dtype=bool)
    metres = pd.Series(undecided_m[on]).groupby(names[on]).sum()
    if metres.empty or metres.max() < _ASKED_M:
        return None
    street = str(metres.idxmax())
    here = on & (names == street)
    side = [trip.p_state[:, one == SIDE_OF_STATE].sum(axis=1) for one in (-1, 1)]
    open_side = here & of.is_road & (np.maximum(*side) < _KNOWN)
    asked = "side" if 2.0 * undecided_m[open_side].sum() > undecided_m[here].sum() else "fall"
    ways = tuple(int(way) for way in pd.unique(of.way_id[here]))
    return Question(asked, street, ways, float(metres.max()))
