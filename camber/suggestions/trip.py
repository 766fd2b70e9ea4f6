"""A run, or a planned route, and what other sides would do to it: rules, plans and their effect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from camber import standards
from camber.conventions import CENTRE, LATERAL_STATES, MIRRORED_STATES, OTHER
from camber.schema import EVEN, balance_of
from camber.suggestions.rules import SIDE_OF_STATE, Rules, side_rules
from camber.suggestions.side_plans import SidePlan, SideProblem, plan_sides
from camber.suggestions.surroundings import RouteLine, Stretches, line_of, reversed_line, stretches_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from camber.schema import (
        Exposure,
        Interval,
        LateralTrack,
        Roads,
        SlopeHistories,
        SlopeOptions,
        SuggestionSettings,
    )

    BoolArray = NDArray[np.bool_]
    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    SlopesOfWays = Callable[[IntArray, IntArray], FloatArray]
    """Draws the cross slope of ways [%], shape (n_draws, n), from their ids and directions of travel."""

_LONGEST_M: Final = 120.0
"""Like intervals are planned together up to this length [m]: less is not worth a change (judgement)."""

_BUCKETS: Final = 800
"""Into how many parts the reachable balance is cut: a part of a 25 km route is about 60 m (judgement)."""

_LEAST_BUCKET_M: Final = 5.0
"""Balances nearer than this count as equal [m] (judgement)."""

_TIE_KM: Final = 1e-6
"""Cost of a changed kilometre that only decides between plans that are equal otherwise [km]."""

_UNASKED_KM: Final = 1e4
"""Cost of a kilometre on a side that is only kept for want of another [km/km]: more than any plan is worth,
so that no such metre is kept for the balance's sake."""

_ROUNDED_M: Final = 50.0
"""Plans that keep so much more on such sides than the best one count as equal to it [m]: a tenth of a
kilometre, rounded (judgement)."""


def weighed(left_m: FloatArray, right_m: FloatArray, target_left: float) -> tuple[FloatArray, FloatArray]:
    """Weigh metres of the legs so that they are equal where the left leg has its target of the share."""
    return 2.0 * (1.0 - target_left) * left_m, 2.0 * target_left * right_m


@dataclass(frozen=True, eq=False)
class Effect:
    """Drawn metres with the left and with the right leg low, each of shape (n_draws,) [m].

    Even is where the left leg has the share ``target_left`` of them, one half unless the runner has another
    target; of a sum it is that of the part that has one.
    """

    left_m: FloatArray
    right_m: FloatArray
    target_left: float = EVEN

    def __add__(self, other: Effect) -> Effect:
        """Both together, draw by draw."""
        target = other.target_left if self.target_left == EVEN else self.target_left
        return Effect(self.left_m + other.left_m, self.right_m + other.right_m, target)

    def times(self, share: float) -> Effect:
        """So often."""
        return Effect(share * self.left_m, share * self.right_m, self.target_left)

    def aimed(self) -> tuple[FloatArray, FloatArray]:
        """Weigh the legs so that both have the same where the target is met, shape (n_draws,) [m]."""
        return weighed(self.left_m, self.right_m, self.target_left)

    def balance(self) -> Interval | None:
        """(right - left) / (right + left); None without any tilt."""
        return balance_of(self.right_m, self.left_m)

    def tilted_m(self) -> float:
        """Expect the metres with either leg low."""
        return float((self.left_m + self.right_m).mean())

    def uneven_m(self) -> float:
        """Take the expected absolute difference between the legs [m].

        A side that is not known counts as uneven, to whichever leg; its mean difference would be zero.
        """
        left, right = self.aimed()
        return float(np.abs(right - left).mean())

    def unevenness(self) -> float:
        """Take the expected absolute balance, 0 to 1; a draw without any tilt is even."""
        left, right = self.aimed()
        total = left + right
        return float((np.abs(right - left) / np.where(total > 0.0, total, 1.0)).mean())

    def most_m(self) -> float:
        """Expect the metres of the leg that has more in a draw."""
        return float(np.maximum(*self.aimed()).mean())

    def p_even(self, usual_balance: float) -> float:
        """Probability that the balance lies within what counts as even; a draw without any tilt does."""
        left, right = self.aimed()
        return float((np.abs(right - left) <= usual_balance * (left + right)).mean())


NOTHING: Final = Effect(np.zeros(1), np.zeros(1))
"""No metres, in every draw."""


class Route(NamedTuple):
    """A route of n intervals in one direction; states are in the frame of travel."""

    stretches: Stretches  # what is beside each interval
    usual: IntArray  # state in which it is run without a plan: the likeliest one, shape (n,)
    # Drawn cross slope of the run as it was, shape (n_draws, n) [%]; 0 where not known to be on a way.
    usual_slope_pct: FloatArray
    # Drawn cross slope in each state, shape (n_draws, n, 6) [%]; 0 where the state does not exist.
    option_slope_pct: FloatArray
    line: RouteLine
    level_pct: float  # absolute cross slope below which the surface counts as level [%]

    def usual_m(self) -> tuple[FloatArray, FloatArray]:
        """Drawn metres with the left and with the right leg low as it was run, shape (n_draws, n)."""
        return low_metres(self.usual_slope_pct, self.stretches.length_m, self.level_pct)

    def option_m(self) -> tuple[FloatArray, FloatArray]:
        """Drawn metres with the left and with the right leg low in each state, shape (n_draws, n, 6)."""
        return low_metres(self.option_slope_pct, self.stretches.length_m[:, np.newaxis], self.level_pct)

    def as_run(self) -> Effect:
        """Drawn metres by leg without a plan."""
        return summed(*self.usual_m())

    def slope_in(self, state: IntArray) -> FloatArray:
        """Drawn cross slope in one state for each interval, shape (n_draws, n) [%]."""
        return np.take_along_axis(self.option_slope_pct, state[np.newaxis, :, np.newaxis], axis=2)[:, :, 0]

    def end_m(self) -> FloatArray:
        """Distance from the start of the route at which each interval ends, shape (n,) [m]."""
        return np.cumsum(self.stretches.length_m)

    def start_m(self) -> FloatArray:
        """Distance from the start of the route at which each interval begins, shape (n,) [m]."""
        return np.asarray(self.end_m() - self.stretches.length_m)

    def row_at(self, at_m: float) -> int:
        """Interval at a distance from the start of the route [m]."""
        return min(int(np.searchsorted(self.end_m(), at_m)), len(self.usual) - 1)


class Plans(NamedTuple):
    """Every plan of a route that is worth a look."""

    # The Pareto front, interval by interval, most even first; empty where no plan is possible.
    front: tuple[SidePlan, ...]
    first: IntArray  # first interval of each group that is planned, and followed, as one
    rules: Rules  # what was allowed where, interval by interval


class Trip(NamedTuple):
    """A route with everything that its suggestions are made from."""

    route: Route
    plans: Plans
    p_state: FloatArray  # probability of each state as it was run, shape (n, 6); 0 off the mapped ways
    partner: IntArray  # as `outbound_partners` returns them
    pattern: str
    explanation: str
    exposure: Exposure
    roads: Roads
    settings: SuggestionSettings
    history: Effect  # what was run in the weeks beside it: only which leg has had more, and how much more
    rng: np.random.Generator  # source of disobedience
    dark: bool
    slopes_of: SlopesOfWays | None

    def now(self) -> Effect:
        """Drawn metres by leg of the route as it was run, and of the weeks beside it."""
        return self.history + self.route.as_run()

    def street_names(self) -> NDArray[np.object_]:
        """Street of each interval."""
        return self.roads.street_names(self.route.stretches.way_id, "off the mapped ways")

    def most_traffic_km(self) -> float:
        """Most exposure to traffic that a plan may have [km facing traffic]."""
        _, traffic_km = costs_as_run(self.route, self.plans.rules)
        length_km = float(self.route.stretches.length_m.sum()) / 1000.0
        return traffic_km + self.settings.extra_traffic_share * length_km

    def turned(self) -> Trip:
        """Plan the same route the other way round, to even out this run and the weeks beside it."""
        route = reversed_route(self.route)
        return self._replace(route=route, plans=plans_of(route, self.settings, self.now(), dark=self.dark))


def route_of(
    exposure: Exposure,
    lateral: LateralTrack,
    histories: SlopeHistories,
    options: SlopeOptions,
    roads: Roads,
    *,
    level_pct: float,
) -> Route:
    """Take a run apart into what is planned over; ``options`` are the drawn slopes of every state."""
    line = line_of(lateral)
    stretches = stretches_of(exposure, lateral, roads, line)
    count = np.stack([(histories.state == state).sum(axis=0) for state in range(len(LATERAL_STATES))])
    usual = np.where(count.sum(axis=0) > 0, count.argmax(axis=0), OTHER)
    # What may be a street's unmapped verge is, to a plan, a path: there is nothing to choose.
    usual = np.where(stretches.is_road, usual, OTHER).astype(np.int64)
    as_run, in_states = (np.nan_to_num(one.cross_slope_pct.astype(float)) for one in (histories, options))
    return Route(stretches, usual, as_run, in_states, line, level_pct)


def low_metres(
    slope_pct: FloatArray, length_m: FloatArray, level_pct: float
) -> tuple[FloatArray, FloatArray]:
    """Metres with the left and with the right leg low, of lengths [m] that broadcast to the slopes [%]."""
    return length_m * (slope_pct < -level_pct), length_m * (slope_pct > level_pct)


def summed(left_m: FloatArray, right_m: FloatArray) -> Effect:
    """Add up metres of intervals, shape (n_draws, n)."""
    return Effect(left_m.sum(axis=1), right_m.sum(axis=1))


def reversed_route(route: Route) -> Route:
    """Turn a route round: the same places from the other side, and each tilt to the other leg.

    The runner keeps the side of travel where that exists, as a habit does; else the physical side.
    """
    mirror = np.array(MIRRORED_STATES)
    back = slice(None, None, -1)
    of = Stretches._make(column[back] for column in route.stretches)
    ahead = np.where(of.turned, 1.0, -1.0) * of.crossing_ahead_m
    following = of._replace(
        left_walk=of.right_walk,
        right_walk=of.left_walk,
        flow=-of.flow,
        edge_required=-of.edge_required,
        # What is met between two intervals is met at the start of the later one, whichever that is.
        crossing=np.r_[np.array([""], dtype=object), of.crossing[:-1]],
        # At a turn it is passed once more on the other leg, as far behind the turn as it was before it.
        crossing_ahead_m=np.r_[0.0, ahead[:-1]],
        turned=np.r_[False, of.turned[:-1]],
        corner=np.r_[0, -of.corner[:-1]],
    )
    options = -route.option_slope_pct[:, back][:, :, mirror]
    road = following.is_road
    exists = np.stack([following.left_walk, road, road, road, following.right_walk, ~road], axis=1)
    exists |= (options != 0.0).any(axis=0)
    kept = route.usual[back]
    usual = np.where(exists[np.arange(len(kept)), kept], kept, mirror[kept])
    turned = route._replace(
        stretches=following, usual=usual, option_slope_pct=options, line=reversed_line(route.line)
    )
    return turned._replace(usual_slope_pct=turned.slope_in(usual))


def plans_of(route: Route, settings: SuggestionSettings, before: Effect, *, dark: bool) -> Plans:
    """Plan the sides of a route; balances hold what was run before."""
    rules = side_rules(route.stretches, route.usual, settings, dark=dark)
    crossed = crossed_as_run(route)
    # What the route crosses anyway stays possible; it is counted like an unmarked crossing.
    anyway = np.where(
        crossed & ~np.isfinite(rules.crossing_km), standards.side_choice().crossing_unmarked, np.inf
    )
    rules = rules._replace(crossing_km=np.minimum(rules.crossing_km, anyway))
    most = settings.most_crossings + int(crossed.sum())
    found = _planned(route, rules, crossed, before, most)
    if found.front:
        return found
    # Where the rules ask for a side that no crossing leads to, that stretch is left as it was run.
    rows = np.arange(len(route.usual))
    kept = rules.kept | ~rules.allowed[rows, route.usual]
    allowed = rules.allowed.copy()
    allowed[rows, route.usual] = True
    return _planned(route, rules._replace(allowed=allowed, kept=kept), crossed, before, most)


def _planned(route: Route, rules: Rules, crossed: BoolArray, before: Effect, most_crossings: int) -> Plans:
    of = route.stretches
    left, right = before.aimed()
    first = _groups(route, rules, crossed)
    # A sidewalk that is in no map ("no_state") is no wrong place to stay on.
    unasked = (rules.reason != "") & (rules.reason != "no_state")
    unasked_km = np.where(unasked, of.length_m[:, np.newaxis] / 1000.0, 0.0)
    cost_km = rules.traffic_km + _effort(route) + _UNASKED_KM * unasked_km
    signed_m = np.add.reduceat(_signed_m(route, rules, before.target_left), first, axis=0)
    problem = SideProblem(
        allowed=rules.allowed[first],
        traffic_km=np.add.reduceat(cost_km, first, axis=0),
        signed_m=signed_m,
        crossing_km=rules.crossing_km[first],
        turned=of.turned[first],
        joins=of.joins[first],
        corner=of.corner[first],
    )
    front = plan_sides(
        problem,
        before_m=float((right - left).mean()),
        most_crossings=most_crossings,
        bucket_m=max(2.0 * np.abs(signed_m).max(axis=1).sum() / _BUCKETS, _LEAST_BUCKET_M),
    )
    whole = [_spread(plan, first, len(unasked_km)) for plan in front]
    return Plans(_least_unasked(whole, unasked_km), first, rules)


def _signed_m(route: Route, rules: Rules, target_left: float) -> FloatArray:
    """Expect right-low minus left-low metres of each state; as it was run where nobody is told anything."""
    (left, right), (was_left, was_right) = (
        weighed(*legs, target_left) for legs in (route.option_m(), route.usual_m())
    )
    as_it_was = (was_right - was_left).mean(axis=0)
    expected = np.where(_told(route, rules), (right - left).mean(axis=0), as_it_was[:, np.newaxis])
    return np.asarray(expected)


def _told(route: Route, rules: Rules) -> BoolArray:
    """Tell which states a runner can be asked to take; shape (n, 6)."""
    asked = route.stretches.is_road[:, np.newaxis] & (rules.reason == "")
    asked[:, CENTRE] = False
    return np.asarray(asked)


def _least_unasked(front: list[SidePlan], unasked_km: FloatArray) -> tuple[SidePlan, ...]:
    """Keep the plans that keep least on sides that are not suggested, and take the price for it off again.

    Law and safety come before balance: such a side is kept where no other is reached, and nowhere else.
    """
    if not front:
        return ()
    rows = np.arange(len(unasked_km))
    kept_km = np.array([unasked_km[rows, plan.state].sum() for plan in front])
    fine = kept_km <= kept_km.min() + _ROUNDED_M / 1000.0
    priced = zip(front, kept_km, fine, strict=True)
    return tuple(
        plan._replace(traffic_km=plan.traffic_km - _UNASKED_KM * km) for plan, km, keep in priced if keep
    )


def _effort(route: Route) -> FloatArray:
    """Break ties: of equal plans the one that changes least, and rather later than earlier."""
    n = len(route.usual)
    changed = np.arange(len(LATERAL_STATES)) != route.usual[:, np.newaxis]
    later = 2.0 - np.arange(n) / n
    return np.asarray(_TIE_KM * changed * (route.stretches.length_m * later / 1000.0)[:, np.newaxis])


def _groups(route: Route, rules: Rules, crossed: BoolArray) -> IntArray:
    """Find the first interval of each group that is planned as one: alike, short, no crossing inside."""
    of = route.stretches
    same = (of.way_id[1:] == of.way_id[:-1]) & ~of.turned[1:] & (of.crossing[1:] == "")
    same &= (rules.allowed[1:] == rules.allowed[:-1]).all(axis=1) & (rules.kept[1:] == rules.kept[:-1])
    same &= route.usual[1:] == route.usual[:-1]
    same &= (of.joins[1:] == of.joins[:-1]) & ~crossed[1:] & (of.corner[1:] == 0)
    first, run = [0], of.length_m[0]
    for row in range(1, len(of.length_m)):
        run += of.length_m[row]
        if not same[row - 1] or run > _LONGEST_M:
            first.append(row)
            run = of.length_m[row]
    return np.array(first, dtype=np.int64)


def _spread(plan: SidePlan, first: IntArray, n: int) -> SidePlan:
    """Write a plan over groups as a plan over intervals."""
    crossed = np.zeros(n, dtype=bool)
    crossed[first] = plan.crossed
    return plan._replace(state=np.repeat(plan.state, np.diff(np.r_[first, n])), crossed=crossed)


def judged(trip: Trip, rest: Effect, *, share: float = 1.0) -> FloatArray:
    """Expect the absolute difference [m] with each plan, run ``share`` times, and the rest, draw by draw.

    Disobedience is drawn once: the same for every plan.
    """
    route, plans = trip.route, trip.plans
    told, was = _told(route, plans.rules), route.as_run()
    follows = trip.rng.random((len(route.usual_slope_pct), len(plans.first))) < trip.settings.obedience
    # What following adds to each leg, group by group.
    more = [
        np.add.reduceat(np.where(told, state - usual[:, :, np.newaxis], 0.0), plans.first, axis=1)
        * follows[:, :, np.newaxis]
        for state, usual in zip(route.option_m(), route.usual_m(), strict=True)
    ]
    groups = np.arange(len(plans.first))
    found = np.empty(len(plans.front))
    for number, plan in enumerate(plans.front):
        state = plan.state[plans.first]
        extra = summed(*(metres[:, groups, state] for metres in more))
        found[number] = (rest + (was + extra).times(share)).uneven_m()
    return found


def predicted(trip: Trip, state: IntArray) -> Effect:
    """Drawn metres by leg of a planned state for each interval, by a runner who follows most of the plan.

    A group is followed as a whole or not at all; what a plan leaves as it was run stays as uncertain.
    """
    route, first, rules = trip.route, trip.plans.first, trip.plans.rules
    n_draws, n = route.usual_slope_pct.shape
    obeys = trip.rng.random((n_draws, len(first))) < trip.settings.obedience
    follows = np.repeat(obeys, np.diff(np.r_[first, n]), axis=1)
    told = route.stretches.is_road & ~against_rule(state, rules)
    slope = np.where(follows & told, route.slope_in(state), route.usual_slope_pct)
    return summed(*low_metres(slope, route.stretches.length_m, route.level_pct))


def against_rule(state: IntArray, rules: Rules) -> BoolArray:
    """Tell where planned states leave the runner in the middle, or where the rules speak against them."""
    return np.asarray((state == CENTRE) | (rules.reason_in(state) != ""))


def costs_as_run(route: Route, rules: Rules) -> tuple[int, float]:
    """Count crossings and exposure to traffic, crossings included [km facing traffic], without a plan."""
    crossed = crossed_as_run(route)
    walked_km = rules.traffic_in(route.usual).sum()
    return int(crossed.sum()), float(walked_km + rules.crossing_km[crossed].sum())


def crossed_as_run(route: Route) -> BoolArray:
    """Find the intervals at whose start the route crosses to the other physical side without a plan."""
    crossed = np.zeros(len(route.usual), dtype=bool)
    before = 0
    sides = SIDE_OF_STATE[route.usual]
    for row, here in enumerate(sides):
        if route.stretches.turned[row]:
            before = -before
        if row and route.stretches.joins[row - 1]:
            before = 0
        outer = -route.stretches.corner[row]
        around = bool(outer) and here == before == outer and sides[row - 1] != 0
        crossed[row] = around or here * before < 0
        before = here or before
    return crossed
