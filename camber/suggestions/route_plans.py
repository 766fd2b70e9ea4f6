"""A run, or a planned route, and what other sides would do to it: rules, plans and their effect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from camber import standards
from camber.conventions import LATERAL_STATES, MIRRORED_STATES
from camber.suggestions.plan import SidePlan, SideProblem, plan_sides
from camber.suggestions.route_line import RouteLine, line_of, reversed_line
from camber.suggestions.rules import CENTRE, OTHER, Rules, side_rules
from camber.suggestions.stretches import Stretches, stretches_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.schema import (
        Exposure,
        LateralTrack,
        Roads,
        SlopeHistories,
        SlopeOptions,
        SuggestionSettings,
    )

    BoolArray = NDArray[np.bool_]
    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

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

_MOST_OF_IT: Final = 0.8
"""Share of the possible gain that a simpler plan has to reach (judgement)."""


class Route(NamedTuple):
    """A route in one direction, interval by interval; states are in the frame of travel.

    Parameters
    ----------
    stretches : Stretches
        What is beside each of the ``n`` intervals.
    usual : ndarray of int64, shape (n,)
        State in which it is run without a plan: the likeliest one.
    usual_slope_pct : ndarray of float64, shape (n_draws, n)
        Drawn cross slope of the run as it was [%]; 0 where it is not known to be on a way.
    option_slope_pct : ndarray of float64, shape (n_draws, n, 6)
        Drawn cross slope in each state [%]; 0 where the state does not exist.
    row : ndarray of int64, shape (n,)
        Row of the exposure table that each interval is.
    line : RouteLine
        Where the route is at which distance from its start.
    reversed_direction : bool
        Whether the route is run the other way round.
    """

    stretches: Stretches
    usual: IntArray
    usual_slope_pct: FloatArray
    option_slope_pct: FloatArray
    row: IntArray
    line: RouteLine
    reversed_direction: bool


class Effect(NamedTuple):
    """Drawn metres by leg; shape (n_draws,).

    Parameters
    ----------
    left_m, right_m : ndarray of float64
        Metres with the left and with the right leg low [m].
    """

    left_m: FloatArray
    right_m: FloatArray


class Plans(NamedTuple):
    """Every plan of a route that is worth a look.

    Parameters
    ----------
    front : tuple of SidePlan
        The Pareto front, interval by interval, most even first; empty where no plan is possible.
    first : ndarray of int64
        First interval of each group that is planned as one.
    rules : Rules
        What was allowed where, interval by interval.
    """

    front: tuple[SidePlan, ...]
    first: IntArray
    rules: Rules


def route_of(
    exposure: Exposure,
    lateral: LateralTrack,
    histories: SlopeHistories,
    options: SlopeOptions,
    roads: Roads,
) -> Route:
    """Take a run apart into what is planned over.

    Parameters
    ----------
    exposure : Exposure
        One row per interval.
    lateral : LateralTrack
        The fixes.
    histories : SlopeHistories
        Drawn states and slopes of the run as it was.
    options : SlopeOptions
        Drawn slopes of every state.
    roads : Roads
        The roads.

    Returns
    -------
    Route
        The route as it was run.
    """
    line = line_of(lateral)
    stretches = stretches_of(exposure, lateral, roads, line=line)
    count = np.stack([(histories.state == state).sum(axis=0) for state in range(len(LATERAL_STATES))])
    usual = np.where(count.sum(axis=0) > 0, count.argmax(axis=0), OTHER)
    # What may be a street's unmapped verge is, to a plan, a path: there is nothing to choose.
    usual = np.where(stretches.is_road, usual, OTHER)
    return Route(
        stretches,
        usual.astype(np.int64),
        np.nan_to_num(histories.cross_slope_pct.astype(float)),
        np.nan_to_num(options.cross_slope_pct.astype(float)),
        np.arange(len(usual)),
        line,
        reversed_direction=False,
    )


def reversed_route(route: Route) -> Route:
    """Turn a route round: the same places from the other side, and each tilt to the other leg.

    Parameters
    ----------
    route : Route
        A route.

    Returns
    -------
    Route
        The route run the other way, with the runner on the same side of travel where that exists, which is
        what a habit does; else on the same physical side.
    """
    mirror = np.array(MIRRORED_STATES)
    back = slice(None, None, -1)
    of = route.stretches
    following = Stretches(
        way_id=of.way_id[back],
        length_m=of.length_m[back],
        is_road=of.is_road[back],
        left_walk=of.right_walk[back],
        right_walk=of.left_walk[back],
        limit_kmh=of.limit_kmh[back],
        built_up=of.built_up[back],
        traffic_side=of.traffic_side[back],
        flow=-of.flow[back],
        facing_required=of.facing_required[back],
        facing_advised=of.facing_advised[back],
        edge_required=-of.edge_required[back],
        bend=of.bend[back],
        # What is met between two intervals is met at the start of the later one, whichever that is.
        crossing=np.r_[np.array([""], dtype=object), of.crossing[1:][back]],
        # At a turn it is passed once more on the other leg, as far behind the turn as it was before it.
        crossing_ahead_m=np.r_[0.0, np.where(of.turned, 1.0, -1.0)[1:][back] * of.crossing_ahead_m[1:][back]],
        turned=np.r_[False, of.turned[1:][back]],
        joins=of.joins[back],
        corner=np.r_[0, -of.corner[1:][back]],
        closed=of.closed[back],
    )
    options = -route.option_slope_pct[:, back][:, :, mirror]
    exists = following_exists(following, options)
    kept = route.usual[back]
    usual = np.where(exists[np.arange(len(kept)), kept], kept, mirror[kept])
    slope = np.take_along_axis(options, usual[np.newaxis, :, np.newaxis], axis=2)[:, :, 0]
    line = reversed_line(route.line)
    return Route(following, usual, slope, options, route.row[back], line, not route.reversed_direction)


def following_exists(stretches: Stretches, options: FloatArray) -> BoolArray:
    """Which states there are at all on each interval.

    Parameters
    ----------
    stretches : Stretches
        The route.
    options : ndarray of float64, shape (n_draws, n, 6)
        Drawn slopes, 0 where a state does not exist.

    Returns
    -------
    ndarray of bool, shape (n, 6)
        Edges and middle on roads, sidewalks where they are known, ``other`` elsewhere.
    """
    road = stretches.is_road
    exists = np.stack([stretches.left_walk, road, road, road, stretches.right_walk, ~road], axis=1)
    return np.asarray(exists | (options != 0.0).any(axis=0))


def plans_of(
    route: Route,
    settings: SuggestionSettings,
    *,
    level_pct: float,
    before: Effect | None = None,
    dark: bool = False,
) -> Plans:
    """Plan the sides of a route.

    Parameters
    ----------
    route : Route
        The route.
    settings : SuggestionSettings
        Limits.
    level_pct : float
        Absolute cross slope below which the surface counts as level [%].
    before : Effect, optional
        Drawn metres by leg of the weeks before, which the plan is to even out too.
    dark : bool
        Whether the route is run in the dark.

    Returns
    -------
    Plans
        The front; balances hold what was run before.
    """
    rules = side_rules(route.stretches, route.usual, settings, dark=dark)
    crossed = crossed_as_run(route)
    # What the route crosses anyway stays possible; it is counted like an unmarked crossing.
    anyway = np.where(
        crossed & ~np.isfinite(rules.crossing_km), standards.side_choice().crossing_unmarked, np.inf
    )
    rules = rules._replace(crossing_km=np.minimum(rules.crossing_km, anyway))
    before_m = 0.0 if before is None else float((before.right_m - before.left_m).mean())
    most = settings.most_crossings + int(crossed.sum())
    found = _planned(route, rules, crossed, before_m, most, level_pct)
    if found.front:
        return found
    # Where the rules ask for a side that no crossing leads to, that stretch is left as it was run.
    return _planned(route, _left_as_run(rules, route.usual), crossed, before_m, most, level_pct)


def _left_as_run(rules: Rules, usual: IntArray) -> Rules:
    rows = np.arange(len(usual))
    allowed = rules.allowed.copy()
    kept = rules.kept | ~allowed[rows, usual]
    allowed[rows, usual] = True
    return rules._replace(allowed=allowed, kept=kept)


def _planned(
    route: Route, rules: Rules, crossed: BoolArray, before_m: float, most_crossings: int, level_pct: float
) -> Plans:
    first = _groups(route, rules, crossed)
    # A sidewalk that is in no map ("no_state") is no wrong place to stay on.
    unasked = (rules.reason != "") & (rules.reason != "no_state")
    unasked_km = np.where(unasked, route.stretches.length_m[:, np.newaxis] / 1000.0, 0.0)
    cost_km = rules.traffic_km + _effort(route) + _UNASKED_KM * unasked_km
    signed_m = np.add.reduceat(_signed_m(route, rules, level_pct), first, axis=0)
    problem = SideProblem(
        allowed=rules.allowed[first],
        traffic_km=np.add.reduceat(cost_km, first, axis=0),
        signed_m=signed_m,
        crossing_km=rules.crossing_km[first],
        turned=route.stretches.turned[first],
        joins=route.stretches.joins[first],
        corner=route.stretches.corner[first],
    )
    front = plan_sides(
        problem,
        before_m=before_m,
        most_crossings=most_crossings,
        bucket_m=max(2.0 * np.abs(signed_m).max(axis=1).sum() / _BUCKETS, _LEAST_BUCKET_M),
    )
    whole = [_spread(plan, first, len(unasked_km)) for plan in front]
    return Plans(_least_unasked(whole, unasked_km), first, rules)


def _signed_m(route: Route, rules: Rules, level_pct: float) -> FloatArray:
    """Expect right-low minus left-low metres of each state; as it was run where nobody is told anything."""
    left, right = low_metres(route.option_slope_pct, route.stretches.length_m[:, np.newaxis], level_pct)
    was_left, was_right = low_metres(route.usual_slope_pct, route.stretches.length_m, level_pct)
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


def unevenness(effect: Effect) -> float:
    """Take the expected absolute balance: what is minimised over draws (science.md 7.2).

    Parameters
    ----------
    effect : Effect
        Drawn metres by leg.

    Returns
    -------
    float
        Mean over the draws of |right - left| / (right + left), 0 to 1; a draw without any tilt is even. A
        side that is not known counts as uneven, to whichever leg; its mean balance would be zero.
    """
    total = effect.left_m + effect.right_m
    return float((np.abs(effect.right_m - effect.left_m) / np.where(total > 0.0, total, 1.0)).mean())


def unevenness_of_plans(
    route: Route,
    plans: Plans,
    obedience: float,
    level_pct: float,
    rng: np.random.Generator,
    *,
    rest: Effect,
    share: float = 1.0,
) -> FloatArray:
    """Judge every plan of a front over the same draws, disobedience included.

    Parameters
    ----------
    route : Route
        The route.
    plans : Plans
        Its plans.
    obedience : float
        Share of the groups that are followed, 0 to 1.
    level_pct : float
        Absolute cross slope below which the surface counts as level [%].
    rng : numpy.random.Generator
        Source of disobedience: the same for every plan.
    rest : Effect
        Drawn metres of everything else that the balance is taken over.
    share : float
        How often the route is run so, for each time that ``rest`` is.

    Returns
    -------
    ndarray of float64, shape (n_plans,)
        Expected absolute balance, as `unevenness`.
    """
    length, told = route.stretches.length_m, _told(route, plans.rules)
    was = as_run(route, level_pct)
    follows = rng.random((len(route.usual_slope_pct), len(plans.first))) < obedience
    pairs = zip(
        low_metres(route.option_slope_pct, length[:, np.newaxis], level_pct),
        low_metres(route.usual_slope_pct, length, level_pct),
        strict=True,
    )
    # What following adds to each leg, group by group.
    more = [
        np.add.reduceat(np.where(told, state - usual[:, :, np.newaxis], 0.0), plans.first, axis=1)
        * follows[:, :, np.newaxis]
        for state, usual in pairs
    ]
    groups = np.arange(len(plans.first))
    found = np.empty(len(plans.front))
    for number, plan in enumerate(plans.front):
        state = plan.state[plans.first]
        left_m, right_m = (extra[:, groups, state].sum(axis=1) for extra in more)
        found[number] = unevenness(
            Effect(
                rest.left_m + share * (was.left_m + left_m),
                rest.right_m + share * (was.right_m + right_m),
            )
        )
    return found


def recommended(plans: Plans, uneven: FloatArray, now: float, most_traffic_km: float) -> SidePlan | None:
    """Choose the plan that a careful coach would name: nearly the most even one, and the simplest of those.

    Parameters
    ----------
    plans : Plans
        The front.
    uneven : ndarray of float64, shape (n_plans,)
        Expected absolute balance with each plan, of `unevenness_of_plans`.
    now : float
        The same without a plan.
    most_traffic_km : float
        Most exposure to traffic that it may have [km facing traffic].

    Returns
    -------
    SidePlan or None
        Among the plans that reach most of what can be gained, the one with the fewest crossings, and of
        those the one with the least exposure to traffic; None if no plan is within the limit.
    """
    pairs = zip(plans.front, uneven.tolist(), strict=True)
    fitting = [(plan, value) for plan, value in pairs if plan.traffic_km <= most_traffic_km]
    if not fitting:
        return None
    best = min(value for _, value in fitting)
    enough = best + (1.0 - _MOST_OF_IT) * max(now - best, 0.0)
    good = [plan for plan, value in fitting if value <= enough]
    return min(good, key=lambda plan: (plan.crossings, plan.traffic_km))


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
    count = np.diff(np.r_[first, n])
    crossed = np.zeros(n, dtype=bool)
    crossed[first] = plan.crossed
    return plan._replace(state=np.repeat(plan.state, count), crossed=crossed)


def low_metres(
    slope_pct: FloatArray, length_m: FloatArray, level_pct: float
) -> tuple[FloatArray, FloatArray]:
    """Metres with the left and with the right leg low.

    Parameters
    ----------
    slope_pct : ndarray of float64
        Cross slope [%], positive falling to the right.
    length_m : ndarray of float64
        Lengths [m] that broadcast to it.
    level_pct : float
        Absolute cross slope below which the surface counts as level [%].

    Returns
    -------
    left_m, right_m : ndarray of float64
        Metres [m], shaped like the slopes.
    """
    return length_m * (slope_pct < -level_pct), length_m * (slope_pct > level_pct)


def as_run(route: Route, level_pct: float) -> Effect:
    """Metres by leg of the route without a plan.

    Parameters
    ----------
    route : Route
        The route.
    level_pct : float
        Absolute cross slope below which the surface counts as level [%].

    Returns
    -------
    Effect
        Drawn metres.
    """
    left, right = low_metres(route.usual_slope_pct, route.stretches.length_m, level_pct)
    return Effect(left.sum(axis=1), right.sum(axis=1))


def predicted(
    route: Route,
    state: IntArray,
    plans: Plans,
    obedience: float,
    level_pct: float,
    rng: np.random.Generator,
) -> Effect:
    """Metres by leg of a plan, by a runner who follows it most of the time.

    Parameters
    ----------
    route : Route
        The route.
    state : ndarray of int64, shape (n,)
        Planned state of each interval.
    plans : Plans
        Where each group begins, which is followed as a whole or not at all, and the rules: what a plan leaves
        as it was run stays as uncertain as it is.
    obedience : float
        Share of the groups that are followed, 0 to 1; the others are run as usual.
    level_pct : float
        Absolute cross slope below which the surface counts as level [%].
    rng : numpy.random.Generator
        Source of disobedience.

    Returns
    -------
    Effect
        Drawn metres.
    """
    n_draws, n = route.usual_slope_pct.shape
    first, rules = plans.first, plans.rules
    follows = np.repeat(rng.random((n_draws, len(first))) < obedience, np.diff(np.r_[first, n]), axis=1)
    planned = np.take_along_axis(route.option_slope_pct, state[np.newaxis, :, np.newaxis], axis=2)[:, :, 0]
    told = route.stretches.is_road & ~against_rule(state, rules)
    slope = np.where(follows & told, planned, route.usual_slope_pct)
    left, right = low_metres(slope, route.stretches.length_m, level_pct)
    return Effect(left.sum(axis=1), right.sum(axis=1))


def against_rule(state: IntArray, rules: Rules) -> BoolArray:
    """Tell where a plan leaves the runner on a side that would not be suggested.

    Parameters
    ----------
    state : ndarray of int64, shape (n,)
        Planned states.
    rules : Rules
        What was allowed where.

    Returns
    -------
    ndarray of bool, shape (n,)
        True in the middle of a road, and where the rules speak against the state.
    """
    return np.asarray((state == CENTRE) | (rules.reason[np.arange(len(state)), state] != ""))


def costs_as_run(route: Route, rules: Rules) -> tuple[int, float]:
    """Count crossings and exposure to traffic of the route without a plan.

    Parameters
    ----------
    route : Route
        The route.
    rules : Rules
        Its rules, for the weights and the costs of the crossings that it makes.

    Returns
    -------
    crossings : int
        Changes of the physical side.
    traffic_km : float
        Exposure to traffic, crossings included [km facing traffic].
    """
    crossed = crossed_as_run(route)
    walked = rules.traffic_km[np.arange(len(crossed)), route.usual].sum()
    return int(crossed.sum()), float(walked + rules.crossing_km[crossed].sum())


def crossed_as_run(route: Route) -> BoolArray:
    """Find where the route crosses to the other physical side without a plan.

    Parameters
    ----------
    route : Route
        The route.

    Returns
    -------
    ndarray of bool, shape (n,)
        True where it crosses at the start of the interval.
    """
    crossed = np.zeros(len(route.usual), dtype=bool)
    before = 0
    sides = np.array([-1, -1, 0, 1, 1, 0])[route.usual]
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
