"""How likely each lateral state is before anything was recorded, and how states follow each other.

The prior comes from traffic side, law and tags (`camber.standards`), and from what other runs say of the
runner's habits; a change of state from how far the runner went, junctions and ways.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numba
import numpy as np
import pandas as pd

from camber import standards
from camber.conventions import (
    CENTRE,
    LEFT_EDGE,
    LEFT_SIDEWALK,
    MIRRORED_STATES,
    NO_WAY,
    OTHER,
    RIGHT_EDGE,
    RIGHT_SIDEWALK,
    SIDE_OF_STATE,
    TrafficSide,
)
from camber.schema.tables import take_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.lateral.blocks import Blocks
    from camber.lateral.places import Places
    from camber.schema import LateralSettings, Learned, Roads

    BoolArray = NDArray[np.bool_]
    FloatArray = NDArray[np.float64]
    ObjectArray = NDArray[np.object_]

_TAGS = (
    *("highway", "surface", "oneway", "footway", "service", "junction", "leisure", "is_sidepath", "bridge"),
    *("country", "built_up", "traffic_side", "sidewalk_left", "sidewalk_right"),
)
"""Columns of the ways that say who runs where."""

_WALKS, _EDGES = [LEFT_SIDEWALK, RIGHT_SIDEWALK], [LEFT_EDGE, RIGHT_EDGE]

_KIND = (0, 1, 2, 1, 0, 3)
"""Kind of each lateral state, in their order: sidewalk, edge, middle, other."""

_FURTHEST = 0.02
"""A habit is kept within this of never and always (judgement: nobody always does the same)."""

_TINY = 1e-12


class StreetShares(NamedTuple):
    """What is assumed about runners on the street of each block; shape (n,) throughout.

    Parameters
    ----------
    sidewalk, centre : ndarray of float64
        Share of runners on a sidewalk where there is one, and in the middle.
    facing, walk_facing : ndarray of float64
        Share of those at the edges, and on sidewalks, who face traffic; there it is even until learned.
    decisions : ndarray of float64
        Decisions that these shares are worth; infinite on one-way streets, where nothing is open.
    context : ndarray of object
        Context of the runner's habit: "rural_no_sidewalk", "rural_sidewalk", "urban_no_sidewalk" or
        "urban_sidewalk" (one that is tagged or mapped); "" off carriageways and on one-way streets, where
        both sides face the same traffic.
    left_faces : ndarray of bool
        Whether the left side faces traffic: where vehicles drive on the right, and off carriageways.
    """

    sidewalk: FloatArray
    centre: FloatArray
    facing: FloatArray
    walk_facing: FloatArray
    decisions: FloatArray
    context: ObjectArray
    left_faces: BoolArray


def street_shares(
    places: Places, roads: Roads, learned: Learned | None, prior_decisions: float
) -> StreetShares:
    """Look up what is assumed about runners on the street of each block; neutral off carriageways.

    ``prior_decisions`` is the number of decisions that the standards' shares are worth.
    """
    centre = places.way_id[:, CENTRE]
    road = np.asarray(centre != NO_WAY)
    # Off carriageways any way serves as a placeholder: its shares are not used.
    some = np.where(road, centre, centre[road][0] if road.any() else roads.ways.index[0])
    ids, row = np.unique(some, return_inverse=True)
    ways = take_columns(roads.ways, _TAGS, roads.ways.index.get_indexer(pd.Index(ids)))
    table = standards.prior_columns(ways)
    share, middle, facing = (table[name][row] for name in ("p_sidewalk", "p_centre", "p_facing"))
    mapped = np.asarray(places.mapped[:, _WALKS].any(axis=1))
    raised = np.where(mapped, np.maximum(share, standards.mapped_sidewalk_share()), share)
    # Who is on a sidewalk that the context does not foresee comes from the edges and the middle alike.
    middle = middle * np.divide(1.0 - raised, 1.0 - share, out=np.ones_like(share), where=share < 1.0)
    one_way = (ways["oneway"] != 0)[row]
    context, left_faces = _habit_context(road, mapped, ways, row)
    decisions = np.full(len(row), prior_decisions)
    facing = np.where(one_way, 0.5, facing)
    (facing, walk_facing), decisions = learned_facing(
        context, (facing, np.full(len(row), 0.5)), decisions, learned
    )
    decisions = np.where(one_way | ~road, np.inf, decisions)
    return StreetShares(raised, middle, facing, walk_facing, decisions, context, left_faces)


def _habit_context(
    road: BoolArray, mapped: BoolArray, ways: dict[str, NDArray[Any]], row: NDArray[np.int64]
) -> tuple[ObjectArray, BoolArray]:
    """Context of each block for the runner's habit, and whether the left side faces traffic there."""
    tagged = np.zeros(len(ways["oneway"]), dtype=bool)
    for tag in (ways["sidewalk_left"], ways["sidewalk_right"]):
        tagged |= (tag == "yes") | (tag == "separate")
    names = np.array(
        [["rural_no_sidewalk", "rural_sidewalk"], ["urban_no_sidewalk", "urban_sidewalk"]], dtype=object
    )
    here = names[ways["built_up"][row].astype(np.int64), (tagged[row] | mapped).astype(np.int64)]
    context = np.where(road & (ways["oneway"][row] == 0), here, "")
    return context, ~road | (ways["traffic_side"] == TrafficSide.RIGHT)[row]


def learned_facing(
    context: ObjectArray,
    priors: tuple[FloatArray, FloatArray],
    decisions: FloatArray,
    learned: Learned | None,
) -> tuple[tuple[FloatArray, FloatArray], FloatArray]:
    """Probability of facing traffic, at edges and on sidewalks: means of Beta distributions; their weight.

    Starting from ``priors`` p worth s ``decisions``, with a learned decisions for facing traffic and b
    against: (s p + a) / (s + a + b), and s + a + b; shape (n,) throughout.
    """
    facing, total = np.zeros(len(context)), np.zeros(len(context))
    for row in () if learned is None else learned.habits:
        here = context == row.context
        facing[here], total[here] = row.facing, row.facing + row.with_traffic
    edge, walk = ((decisions * prior + facing) / (decisions + total) for prior in priors)
    return (edge, walk), decisions + total


def habit_node(share: FloatArray, decisions: FloatArray, shift: float) -> FloatArray:
    """Share at a node of its Beta distribution with mean ``share`` and weight ``decisions``, shape (n,).

    ``shift`` is the node's place in standard deviations, sqrt(p (1 - p) / (a + b + 1)). Both far nodes are
    equally far from the mean, so that the mean stays.
    """
    if shift == 0.0:
        return share
    deviation = np.sqrt(share * (1.0 - share) / (decisions + 1.0))
    furthest = np.maximum(np.minimum(share, 1.0 - share) - _FURTHEST, 0.0)
    return np.asarray(share + np.clip(shift * deviation, -furthest, furthest))


def state_prior(places: Places, here: StreetShares, *, habit: bool, shift: float = 0.0) -> FloatArray:
    """Prior probability of the states of each block, shape (n, 6); 0 where a state does not exist.

    Without ``habit``, the preference for facing traffic and for the side with a sidewalk, both sides are
    even, and tags only share a side's half between edge and sidewalk. ``shift`` is the runner's habit: so
    many standard deviations from the mean towards facing traffic.
    """
    exists = places.way_id != NO_WAY
    road = exists[:, CENTRE]
    prior = np.where(exists, 1.0, 0.0)
    prior[:, OTHER] = ~exists[:, :OTHER].any(axis=1)
    sidewalks = exists[:, _WALKS]
    share = np.where(sidewalks.any(axis=1), here.sidewalk, 0.0)
    centre = np.minimum(here.centre, 1.0 - share)
    if habit:
        facing, walk_facing = (
            _sides(habit_node(one, here.decisions, shift), here) for one in (here.facing, here.walk_facing)
        )
        weight = sidewalks * walk_facing
        walks = share[:, np.newaxis] * weight / np.maximum(weight.sum(axis=1, keepdims=True), _TINY)
        edges = (1.0 - share - centre)[:, np.newaxis] * facing
    else:
        walks = 0.5 * share[:, np.newaxis] * sidewalks
        edges = 0.5 * (1.0 - centre)[:, np.newaxis] - walks
    prior[road, CENTRE] = centre[road]
    prior[np.ix_(road, _EDGES)] = edges[road]
    prior[np.ix_(road, _WALKS)] = walks[road]
    return prior


def _sides(facing: FloatArray, here: StreetShares) -> FloatArray:
    """Turn the share that faces traffic into those on the left and on the right of travel."""
    left = np.where(here.left_faces, facing, 1.0 - facing)
    return np.column_stack([left, 1.0 - left])


def change_probability(blocks: Blocks, places: Places, settings: LateralSettings) -> FloatArray:
    """Probability that the runner made up its mind anew since the block before, shape (n,).

    1 where another street is entered or left by a sidewalk's own line: which side that is on follows from
    the way the runner took, and not from the side of the street before.
    """
    metres = np.diff(blocks.distance_m, prepend=blocks.distance_m[0])
    extra_m = blocks.junctions * (settings.junction_factor - 1.0) * settings.junction_m
    rate = settings.switches_per_km / 1000.0
    change = 1.0 - np.exp(-rate * (np.maximum(metres, 1.0) + extra_m))
    by_line = (places.reference != blocks.way_id) & (blocks.way_id != NO_WAY)
    other_street = np.r_[False, np.diff(blocks.street_id) != 0]
    return np.where(other_street & (by_line | np.r_[False, by_line[:-1]]), 1.0, change)


def transitions(blocks: Blocks, prior: FloatArray, change: FloatArray) -> FloatArray:
    """Probability of going from each state of one block to each state of the next, shape (n, 6, 6)."""
    turned = np.r_[
        False, (np.diff(blocks.way_id) == 0) & (blocks.travel_direction[1:] == -blocks.travel_direction[:-1])
    ]
    fresh = np.r_[True, np.diff(blocks.section) != 0]
    return _transitions(prior, change, turned, fresh)


@numba.njit(cache=True)
def _transitions(prior: FloatArray, change: FloatArray, turned: BoolArray, fresh: BoolArray) -> FloatArray:
    n, s = prior.shape
    transition, stay = np.zeros((n, s, s)), np.zeros((s, s))
    for k in range(n):
        if fresh[k]:
            for a in range(s):
                transition[k, a] = prior[k]
            continue
        for a in range(s):
            _stay(a, prior[k - 1], prior[k], stay[a])
        for a in range(s):
            for b in range(s):
                kept = stay[a, b]
                if turned[k]:
                    # Whoever turns round keeps the physical side or crosses: both are common.
                    kept = 0.5 * kept + 0.5 * stay[MIRRORED_STATES[a], b]
                transition[k, a, b] = (1.0 - change[k]) * kept + change[k] * prior[k, b]
    return transition


@numba.njit(cache=True)
def _stay(state: int, before: FloatArray, now: FloatArray, stay: FloatArray) -> None:
    """Where a runner goes on who does not make up its mind anew, into the last; shape (6,) each.

    The side is kept. The kind of place (sidewalk, edge, middle) is kept as far as the shares of the two
    places allow: whoever is on the sidewalk where half of all runners are is on it where most are.
    """
    stay[:] = 0.0
    # Runners stand in a row, by kind of place: those of this state's kind from `low` to `high`.
    kind, total, low, high = _KIND[state], 0.0, 0.0, 0.0
    for b in range(OTHER):
        total += now[b]
        low += before[b] if _KIND[b] < kind else 0.0
        high += before[b] if _KIND[b] <= kind else 0.0
    if kind == _KIND[OTHER] or total <= 0.0 or high - low <= _TINY:
        stay[:] = now
        return
    lower = 0.0
    for other in range(_KIND[OTHER]):
        share, same = 0.0, 0.0
        for b in range(OTHER):
            if _KIND[b] == other:
                share += now[b] / total
                same += now[b] if SIDE_OF_STATE[b] == SIDE_OF_STATE[state] else 0.0
        if share <= 0.0:
            continue
        # What of them is of the other kind here, where they stand in the same row.
        weight = max(min(high, lower + share) - max(low, lower), 0.0) / (high - low)
        lower += share
        for b in range(OTHER):
            # Where that kind is only on the other side, or the runner had no side, the prior decides.
            if _KIND[b] == other and (same <= 0.0 or SIDE_OF_STATE[b] == SIDE_OF_STATE[state]):
                stay[b] += weight * now[b] / (same if same > 0.0 else share * total)
