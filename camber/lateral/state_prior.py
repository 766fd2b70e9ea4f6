"""How likely each lateral state is before anything was recorded, and how states follow each other.

The prior comes from traffic side, law and tags (`camber.standards`), moved by how this runner uses places
(`camber.lateral.use`); a change of state from how far the runner went, junctions and ways.
"""

from __future__ import annotations

from functools import cache
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
from camber.kernels import compiled_once, inner_kernel
from camber.lateral.told_streets import believed_existence
from camber.schema.column_arrays import take_columns

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from camber.lateral.blocks import Blocks
    from camber.lateral.places import Places
    from camber.schema import LateralSettings, Roads

    BoolArray = NDArray[np.bool_]
    FloatArray = NDArray[np.float64]

_TAGS = (
    *("highway", "surface", "oneway", "footway", "service", "junction", "leisure", "is_sidepath", "bridge"),
    *("country", "built_up", "traffic_side", "sidewalk_left", "sidewalk_right"),
)
"""Columns of the ways that say who runs where."""

_WALKS = [LEFT_SIDEWALK, RIGHT_SIDEWALK]

_KIND = (0, 1, 2, 1, 0, 3)
"""Kind of each lateral state, in their order: sidewalk, edge, middle, other."""

_TINY = 1e-12

_ROUNDABOUTS = ("roundabout", "circular")

_ONE_WAY_HABIT = 0.6
"""Share of runners who keep to their usual side on one-way streets, too, where nothing is to be faced
(judgement: who keeps left on every other street mostly does so there; no study was found)."""


class StreetShares(NamedTuple):
    """What is assumed about runners on the street of each block; shape (n,) throughout.

    Parameters
    ----------
    existence : ndarray of float64
        Probability that sidewalks exist that no tag and no line tells of; 1 where one does.
    used, centre : ndarray of float64
        Share of runners on a sidewalk where there is one, and in the middle of those who are on none.
    facing, walk_facing : ndarray of float64
        Share of those at the edges, and on sidewalks, who face traffic, at the usual node: over all nodes it
        is that of the standards, and even on sidewalks.
    habit : ndarray of float64
        Share of those who keep to their usual side here: all on two-way streets, none off carriageways and
        on roundabouts, some on one-way streets, where both sides face the same traffic; the others are on
        either.
    left_faces : ndarray of bool
        Whether the left side faces traffic: where vehicles drive on the right, and off carriageways.
    walk_left, walk_right : ndarray of float64
        How likely a sidewalk left and right of travel exists if any does: 1 unless something was told.
    """

    existence: FloatArray
    used: FloatArray
    centre: FloatArray
    facing: FloatArray
    walk_facing: FloatArray
    habit: FloatArray
    left_faces: BoolArray
    walk_left: FloatArray
    walk_right: FloatArray

    def at(self, rows: NDArray[np.int64]) -> StreetShares:
        """Give the shares at some blocks."""
        return StreetShares(
            self.existence[rows],
            self.used[rows],
            self.centre[rows],
            self.facing[rows],
            self.walk_facing[rows],
            self.habit[rows],
            self.left_faces[rows],
            self.walk_left[rows],
            self.walk_right[rows],
        )

    @property
    def sidewalk(self) -> FloatArray:
        """Share of runners on a sidewalk, those that may not exist among them."""
        return self.existence * self.used


def street_shares(places: Places, roads: Roads) -> StreetShares:
    """Look up what is assumed about runners on the street of each block; neutral off carriageways."""
    centre = places.way_id[:, CENTRE]
    road = np.asarray(centre != NO_WAY)
    # Off carriageways any way serves as a placeholder: its shares are not used.
    some = np.where(road, centre, centre[road][0] if road.any() else roads.ways.index[0])
    ids, row = np.unique(some, return_inverse=True)
    ways = take_columns(roads.ways, _TAGS, roads.ways.index.get_indexer(pd.Index(ids)))
    table = standards.prior_columns(ways)
    share, middle, facing = (table[name][row] for name in ("p_sidewalk", "p_centre", "p_facing"))
    always = standards.mapped_sidewalk_share()
    there = np.asarray((places.way_id[:, _WALKS] != NO_WAY) & ~places.doubtful[:, _WALKS]).any(axis=1)
    mapped = np.asarray(places.mapped[:, _WALKS].any(axis=1))
    # Where a sidewalk is tagged or mapped, its share is that of those who use one; else it may not exist.
    known = there & ((share > 0.0) | mapped)
    used = np.where(known, np.maximum(share, always), np.where(share > 0.0, always, 0.0))
    existence = np.where(known | (share <= 0.0), 1.0, np.minimum(share / always, 1.0))
    # Who is on a sidewalk that the context does not foresee comes from the edges and the middle alike.
    middle = np.divide(middle, 1.0 - share, out=np.zeros_like(share), where=share < 1.0)
    one_way = (ways["oneway"] != 0)[row]
    habit = np.where(one_way, _ONE_WAY_HABIT, 1.0)
    # Who goes along a roundabout turns off it: which side is the shorter one.
    round_about = np.isin(ways["junction"], _ROUNDABOUTS)[row]
    habit = np.where(road & ~round_about, habit, 0.0)
    left_faces = ~road | (ways["traffic_side"] == TrafficSide.RIGHT)[row]
    facing, walk_facing = _usual_facing(facing), _usual_facing(np.full(len(row), 0.5))
    sides = np.ones((2, len(row)))
    if places.odds is not None:
        existence, used, sides = _as_told(places, places.odds, ways, row, (existence, used), known)
    return StreetShares(existence, used, middle, facing, walk_facing, habit, left_faces, sides[0], sides[1])


def _as_told(
    places: Places,
    odds: FloatArray,
    ways: dict[str, NDArray[Any]],
    row: NDArray[np.int64],
    usual: tuple[FloatArray, FloatArray],
    known: BoolArray,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Existence of sidewalks and their use with what was told, and how much of it is left and right, (2, n).

    A sidewalk that the map shows as a line exists whatever was told.
    """
    existence, used = usual
    tags = np.stack([ways["sidewalk_left"], ways["sidewalk_right"]], axis=1)[row]
    turned = (places.direction < 0)[:, np.newaxis]
    tags = np.where(turned, tags[:, ::-1], tags)
    town = np.where(ways["built_up"][row] & ~known & (existence < 1.0), existence, 0.0)
    believed = believed_existence(odds, tags == "yes", tags == "", town)
    believed = np.where(places.mapped[:, _WALKS], 1.0, believed)
    any_ = believed.max(axis=1)
    told = (odds != 1.0).any(axis=1)
    sides = np.where(told[:, np.newaxis], believed / np.maximum(any_, _TINY)[:, np.newaxis], 1.0)
    used = np.where(told & (used <= 0.0), standards.mapped_sidewalk_share(), used)
    return np.where(told, any_, existence), used, np.ascontiguousarray(sides.T)


def _usual_facing(share: FloatArray) -> FloatArray:
    """Share at the usual node for which the mean over all nodes is ``share``, shape (n,)."""
    values, row = np.unique(share, return_inverse=True)
    return np.array([_usual_for(value) for value in values.tolist()])[row]


@cache
def _usual_for(share: float) -> float:
    """Find that of one share, by bisection of the logit; there are as many as rows of the standards."""
    nodes = standards.use_nodes()
    weight = nodes.weight.sum(axis=(1, 2, 3))
    shift = nodes.shift[:, 0].reshape(nodes.weight.shape)[:, 0, 0, 0]
    low, high = -10.0, 10.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        below = (weight / (1.0 + np.exp(-middle - shift))).sum() < share
        low, high = (middle, high) if below else (low, middle)
    return float(1.0 / (1.0 + np.exp(-low)))


def state_prior(places: Places, here: StreetShares, shift: FloatArray | None = None) -> FloatArray:
    """Prior probability of the states of each block, shape (n, 6); 0 where a state does not exist.

    ``shift``, shape (4,), is how the runner uses places, and how many sidewalks there are: logits of shares,
    as in `camber.standards.UseNodes`. Without it there is no preference for facing traffic and for the side
    with a sidewalk: both sides are even, and tags only share a side's half between edge and sidewalk.
    """
    shifts = np.zeros((1, 0)) if shift is None else shift[np.newaxis]
    return np.asarray(state_priors(places, here, shifts)[0])


def state_priors(places: Places, here: StreetShares, shifts: FloatArray) -> FloatArray:
    """Do the same for m uses of places at once, shape (m, 4), as (m, n, 6)."""
    return np.asarray(_state_priors(places.way_id != NO_WAY, here, shifts))


@compiled_once
@numba.njit(cache=True)
def _state_priors(exists: BoolArray, here: StreetShares, shifts: FloatArray) -> FloatArray:
    priors = np.zeros((len(shifts), *exists.shape))
    for m in range(len(shifts)):
        _state_prior(exists, here, shifts[m], priors[m])
    return priors


@inner_kernel
def _state_prior(exists: BoolArray, here: StreetShares, shift: FloatArray, prior: FloatArray) -> None:
    n, even = len(exists), len(shift) == 0
    for k in range(n):
        if not exists[k, CENTRE]:
            # A path, or a sidewalk whose road is out of reach: what exists is where the runner is.
            prior[k, OTHER] = 1.0
            for s in range(OTHER):
                if exists[k, s]:
                    prior[k, s], prior[k, OTHER] = 1.0, 0.0
            continue
        left, right = exists[k, LEFT_SIDEWALK], exists[k, RIGHT_SIDEWALK]
        walk = 0.0
        if left or right:
            walk = _moved(here.existence[k], 0.0 if even else shift[3])
            walk *= _moved(here.used[k], 0.0 if even else shift[1])
        centre = _moved(here.centre[k], 0.0 if even else shift[2]) * (1.0 - walk)
        if even:
            on_left = 0.5 * walk * left * here.walk_left[k]
            on_right = 0.5 * walk * right * here.walk_right[k]
            at_left, at_right = 0.5 * (1.0 - centre) - on_left, 0.5 * (1.0 - centre) - on_right
        else:
            habit, either = here.habit[k], 0.5 * (1.0 - here.habit[k])
            facing = either + habit * _moved(here.facing[k], shift[0])
            walk_facing = either + habit * _moved(here.walk_facing[k], shift[0])
            if not here.left_faces[k]:
                facing, walk_facing = 1.0 - facing, 1.0 - walk_facing
            at_left, at_right = (1.0 - walk - centre) * facing, (1.0 - walk - centre) * (1.0 - facing)
            weight_left, weight_right = walk_facing * left, (1.0 - walk_facing) * right
            if here.walk_left[k] < 1.0 or here.walk_right[k] < 1.0:
                # Each may exist without the other, and then those who walk are on that one.
                there_left, there_right = left * here.walk_left[k], right * here.walk_right[k]
                weight_left = there_left * (1.0 - there_right * (1.0 - walk_facing))
                weight_right = there_right * (1.0 - there_left * walk_facing)
            total = max(weight_left + weight_right, _TINY)
            on_left, on_right = walk * weight_left / total, walk * weight_right / total
        prior[k, LEFT_SIDEWALK], prior[k, RIGHT_SIDEWALK] = on_left, on_right
        prior[k, LEFT_EDGE], prior[k, CENTRE], prior[k, RIGHT_EDGE] = at_left, centre, at_right


@inner_kernel
def _moved(share: float, shift: float) -> float:
    """Share whose logit is moved; never and always stay."""
    odds = share * np.exp(shift)
    return float(odds / (1.0 - share + odds))


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


def mover(blocks: Blocks, change: FloatArray) -> Callable[[FloatArray], FloatArray]:
    """Give what finds the probability of going from each state of a block to each of the next, for any prior.

    From a prior, shape (n, 6), to transitions, shape (n, 6, 6).
    """
    turned = np.r_[
        False, (np.diff(blocks.way_id) == 0) & (blocks.travel_direction[1:] == -blocks.travel_direction[:-1])
    ]
    fresh = np.r_[True, np.diff(blocks.section) != 0]

    def move(prior: FloatArray) -> FloatArray:
        moves: FloatArray = _transitions(prior, change, turned, fresh)
        return moves

    return move


@compiled_once
@numba.njit(cache=True)
def _transitions(prior: FloatArray, change: FloatArray, turned: BoolArray, fresh: BoolArray) -> FloatArray:
    n, s = prior.shape
    transition, stay = np.zeros((n, s, s)), np.zeros((s, s))
    for k in range(n):
        if fresh[k]:
            for a in range(s):
                for b in range(s):
                    transition[k, a, b] = prior[k, b]
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


@inner_kernel
def _stay(state: int, before: FloatArray, now: FloatArray, stay: FloatArray) -> None:
    """Where a runner goes on who does not make up its mind anew, into the last; shape (6,) each.

    The side is kept. The kind of place (sidewalk, edge, middle) is kept as far as the shares of the two
    places allow: whoever is on the sidewalk where half of all runners are is on it where most are.
    """
    for b in range(len(stay)):
        stay[b] = 0.0
    # Runners stand in a row, by kind of place: those of this state's kind from `low` to `high`.
    kind, total, low, high = _KIND[state], 0.0, 0.0, 0.0
    for b in range(OTHER):
        total += now[b]
        low += before[b] if _KIND[b] < kind else 0.0
        high += before[b] if _KIND[b] <= kind else 0.0
    if kind == _KIND[OTHER] or total <= 0.0 or high - low <= _TINY:
        for b in range(len(stay)):
            stay[b] = now[b]
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
