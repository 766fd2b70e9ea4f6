"""Profiles, slopes and places under each lateral state: integrated, and drawn along whole histories.

What belongs to a road is the same in every run. Profile, steepness and low side of a way are drawn from
numbers of its own (`camber.cross_slope.road_numbers`). A street is built as a whole while its line in the map
is cut at every change of a tag, so ways of one street share a part of their normal numbers (a Gaussian
copula: each way alone still follows its own row of the standards); and all roads of a row in one country
share what nobody knows about it (`camber.cross_slope.shared_unknowns`).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

import numba
import numpy as np

from camber.conventions import NO_WAY, PROFILE_CODE, Profile
from camber.cross_section import BLEND_M, WANDER_LIMIT
from camber.cross_slope.observed_roads import (
    NO_SPOTS,
    PARABOLIC,
    PATTERN_CODES,
    PLANE_LEFT,
    PLANE_RIGHT,
    SpotDraws,
    draw_spots,
)
from camber.cross_slope.road_numbers import (
    USE_BANKED,
    USE_PROFILE,
    USE_SIDE,
    USE_SLOPE,
    WHOLE_STREET,
    distribution,
    grade,
    road_normal,
)
from camber.cross_slope.shared_unknowns import Shared, draw_shared, kinds_of, learned
from camber.cross_slope.surfaces import Surfaces
from camber.kernels import codes, compiled_once, inner_kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.cross_slope.spots import Known
    from camber.schema import LateralHistories

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    Record = np.void

_SURFACE: Final = np.dtype(
    [
        *((name, np.float64) for name in ("p_crowned", "p_parabolic", "p_inverted", "p_one_way", "p_banked")),
        *((name, np.float64) for name in ("mean_pct", "std_pct", "banked_pct", "banked_std_pct")),
        *((name, np.float64) for name in ("p_driveway", "driveway_pct", "driveway_std_pct")),
        *((name, np.float64) for name in ("place_m", "spread_m", "half_width_m")),
        *((name, np.float64) for name in ("ridged", "unbowed", "common", "own")),
        *((name, np.int64) for name in ("way_id", "low_side", "banked_side", "along_street")),
        *((name, np.int64) for name in ("one_way_profile", "kind", "spot", "turn")),
    ]
)
"""Columns of `Surfaces` that the kernels read, side by side for one state of one block; and share of crowned
and parabolic profiles, that of the crowned ones among them, parts of the slope's normal number that all roads
of the kind share and that are the road's own, the kind, and the spot that was observed with the direction of
travel there; -1 without one."""

_ROAD: Final = np.dtype(
    [
        (name, np.float64)
        for name in ("profile", "side", "banked", "slope", "mean_pct", "std_pct", "normal", "grade_pct")
    ]
)
"""What is drawn for a road: ranks of its profile and of being banked, normal numbers of low side and slope;
and the slope itself, for the mean, the spread and the normal number that it was last asked for."""

_CROWNED, _PARABOLIC, _INVERTED, _ONE_WAY, _BANKED = codes(5)
"""Parts of the mixture of profiles."""

_PART_CODES: Final = tuple(
    PROFILE_CODE[profile]
    for profile in (
        Profile.CROWNED,
        Profile.PARABOLIC,
        Profile.INVERTED,
        Profile.ONE_WAY,
        Profile.BANKED,
    )
)
"""Their profiles."""

_FLAT_PCT: Final = 1e-9
"""A spread up to this is none [%]: rounding."""

_OTHER_STREET: Final = np.uint64(0xD1342543DE82EF95)
"""Turns the key of a road into that of the unknown other one that the runner may have been on instead."""


def _midpoints(count: int) -> FloatArray:
    """Midpoints of equally likely slices of a standard normal, mirrored about 0; an even number of them."""
    nodes = []
    for k in range(count // 2):
        target, low, high = (k + 0.5) / count, -8.0, 0.0
        while high - low > 1e-12:
            middle = 0.5 * (low + high)
            low, high = (middle, high) if 0.5 * math.erfc(-middle / 2**0.5) < target else (low, middle)
        nodes += [low, -low]
    return np.array(nodes)


_NODES: Final = np.clip(_midpoints(16), -WANDER_LIMIT, WANDER_LIMIT)
"""Places at which a state is sampled across, in standard deviations."""


def _packed(surfaces: Surfaces) -> NDArray[np.void]:
    """Put what the kernels read of each surface side by side, shape (n_blocks, 6)."""
    table = np.empty(surfaces.way_id.shape, _SURFACE)
    for name in Surfaces._fields:
        if name in (_SURFACE.names or ()):
            table[name] = getattr(surfaces, name)
    table["ridged"] = ridged = surfaces.p_crowned + surfaces.p_parabolic
    table["unbowed"] = np.divide(surfaces.p_crowned, ridged, out=np.ones_like(ridged), where=ridged > 0.0)
    std, common = surfaces.std_pct, surfaces.mean_sd_pct
    table["common"] = common = np.divide(common, std, out=np.zeros_like(std), where=std > 0.0)
    table["own"] = np.sqrt(1.0 - common**2)
    table["kind"] = table["spot"] = -1
    return table


@inner_kernel
def shape_factor(part: int, place_m: float, half_width_m: float, side: float) -> float:
    """Signed slope of a part at an offset from the crown [m], positive right, as a multiple of its grade.

    As `camber.cross_section.cross_slope` and `camber.cross_section.parabolic_slope` have it; a plane falls to
    its low ``side``.
    """
    if part > _INVERTED:
        return side
    if part == _PARABOLIC:
        return 2.0 * min(max(place_m / half_width_m, -1.0), 1.0)
    ridge = math.tanh(place_m / min(BLEND_M, half_width_m / 2.0))
    return ridge if part == _CROWNED else -ridge


# -- The mixture, integrated ----------------------------------------------------------------------------


class Legs(NamedTuple):
    """What the mixture of profiles, slopes and places says of each state; shape (n_blocks, 6) throughout.

    Parameters
    ----------
    left_low, right_low : ndarray of float64
        Probabilities that the surface falls to that side by more than counts as level.
    mean_pct, square_pct2 : ndarray of float64
        Means of the signed cross slope [%] and of its square.
    falls_left, falls_right : ndarray of float64
        Probabilities that it falls to that side at all, by however little.
    """

    left_low: FloatArray
    right_low: FloatArray
    mean_pct: FloatArray
    square_pct2: FloatArray
    falls_left: FloatArray
    falls_right: FloatArray


def leg_probabilities(surfaces: Surfaces, level_pct: float, drawn: RoadDraws | None = None) -> Legs:
    """Integrate the mixture for each state of each block; all 0 where the state does not exist.

    ``drawn`` tells what was observed.
    """
    table = _packed(surfaces)
    if drawn is None or len(drawn.spots.parts) == 0:
        return Legs(*_integrate(table, _NODES, level_pct))
    table["spot"], table["turn"] = drawn.table["spot"], drawn.table["turn"]
    legs = _integrate(table, _NODES, level_pct)
    _integrate_spots(table, drawn.spots.parts, _NODES, level_pct, legs)
    return Legs(*legs)


@compiled_once
@numba.njit(cache=True)
def _integrate(table: NDArray[np.void], nodes: FloatArray, level_pct: float) -> FloatArray:
    """Sum over the parts of each surface, and for what is curved over places across; shape (6, n, 6)."""
    blocks, states = table.shape
    result = np.zeros((6, blocks, states))
    ridge, over_ridge, bow, over_bow = np.zeros((4, len(nodes)))
    for b in range(blocks):
        for k in range(states):
            one, total = table[b, k], result[:, b, k]
            if one["way_id"] == NO_WAY or one["spot"] >= 0:
                continue
            count = len(nodes) if one["spread_m"] > 0.0 else 1
            rest = 1.0 - one["p_banked"]
            crowned, bowed = rest * one["p_crowned"] / count, rest * one["p_parabolic"] / count
            inverted = rest * one["p_inverted"] / count
            if crowned > 0.0 or inverted > 0.0:
                _across(_CROWNED, one, nodes[:count], level_pct, ridge, over_ridge)
            if bowed > 0.0:
                _across(_PARABOLIC, one, nodes[:count], level_pct, bow, over_bow)
            mean, std = one["mean_pct"], one["std_pct"]
            first, second = truncated_moments(mean, std)
            for look in range(count):
                _add(total, crowned, ridge[look], over_ridge[look], first, second)
            for look in range(count):
                _add(total, bowed, bow[look], over_bow[look], first, second)
            for look in range(count):
                # An inverted profile is a crown upside down.
                _add(total, inverted, -ridge[look], over_ridge[look], first, second)
            plane, driveway = rest * one["p_one_way"], one["p_driveway"]
            _add_plane(total, plane * (1.0 - driveway), one["low_side"], level_pct, mean, std)
            mean, std = one["driveway_pct"], one["driveway_std_pct"]
            _add_plane(total, plane * driveway, one["low_side"], level_pct, mean, std)
            mean, std = one["banked_pct"], one["banked_std_pct"]
            _add_plane(total, one["p_banked"], one["banked_side"], level_pct, mean, std)
    return result


@inner_kernel
def _across(
    part: int, one: Record, nodes: FloatArray, level_pct: float, factor: FloatArray, beyond: FloatArray
) -> None:
    """Write slope as a multiple of the grade at each place across, and how likely it exceeds the level."""
    mean, std = one["mean_pct"], one["std_pct"]
    positive = _positive(mean, std)
    for look in range(len(nodes)):
        at_m = one["place_m"] + one["spread_m"] * nodes[look]
        factor[look] = shape_factor(part, at_m, one["half_width_m"], 0.0)
        if factor[look] != 0.0:
            beyond[look] = _upper(level_pct / abs(factor[look]), mean, std) / positive


@inner_kernel
def _add_plane(
    total: FloatArray, weight: float, low_side: int, level_pct: float, mean: float, std: float
) -> None:
    """Add a plane to the sums of a surface; it falls to either side where nobody knows to which."""
    if weight <= 0.0:
        return
    first, second = truncated_moments(mean, std)
    beyond = exceeds(level_pct, mean, std)
    for side in (-1.0, 1.0):
        share = weight * (0.5 if low_side == 0 else (1.0 if low_side == side else 0.0))
        _add(total, share, side, beyond, first, second)


@inner_kernel
def _add(total: FloatArray, share: float, factor: float, beyond: float, first: float, second: float) -> None:
    """Add one place, or one side of a plane, to probabilities and moments."""
    if share > 0.0 and factor != 0.0:
        total[0 if factor < 0.0 else 1] += share * beyond
        total[2] += share * factor * first
        total[3] += share * factor * factor * second
        if first > 0.0:
            total[4 if factor < 0.0 else 5] += share


@compiled_once
@numba.njit(cache=True)
def _integrate_spots(
    table: NDArray[np.void], parts: NDArray[np.void], nodes: FloatArray, level_pct: float, legs: FloatArray
) -> None:
    """Add what lies under observed surfaces to ``legs``, component by component and place by place."""
    begin = np.searchsorted(parts["spot"], np.arange(parts["spot"][-1] + 2))
    for b in range(table.shape[0]):
        for k in range(table.shape[1]):
            one, total = table[b, k], legs[:, b, k]
            if one["way_id"] == NO_WAY or one["spot"] < 0:
                continue
            count = len(nodes) if one["spread_m"] > 0.0 else 1
            for p in range(begin[one["spot"]], begin[one["spot"] + 1]):
                for look in range(count):
                    _add_half(total, one, parts[p], nodes[look] if count > 1 else 0.0, count, level_pct)


@inner_kernel
def _add_half(
    total: FloatArray, one: Record, part: Record, node: float, count: int, level_pct: float
) -> None:
    """Add one component at one place to the sums of a surface."""
    turn = float(one["turn"])
    bowed = part["pattern"] == PARABOLIC
    right = right_share(one["place_m"] + one["spread_m"] * node, one["half_width_m"], turn, bowed)
    weight = part["weight"] / count
    if part["free"]:
        factor = turn * ((1.0 - right) * part["left_sign"] + right * part["right_sign"])
        if factor != 0.0:
            mean, std = part["mean_pct"], part["std_pct"]
            first, second = truncated_moments(mean, std)
            _add(total, weight, factor, exceeds(level_pct / abs(factor), mean, std), first, second)
        return
    left = 1.0 - right
    mean = turn * (left * part["left_pct"] + right * part["right_pct"])
    if part["tied"] != 0:
        own = (left + right * part["tied"]) ** 2 * part["left_own"] ** 2
    else:
        own = (left * part["left_own"]) ** 2 + (right * part["right_own"]) ** 2
    common = left * part["left_common"] + right * part["right_common"]
    std = math.sqrt(own + common * common)
    total[2] += weight * mean
    total[3] += weight * (mean * mean + std * std)
    total[0] += weight * _tail(level_pct, -mean, std)
    total[1] += weight * _tail(level_pct, mean, std)
    total[4] += weight * _tail(0.0, -mean, std)
    total[5] += weight * _tail(0.0, mean, std)


@inner_kernel
def _tail(limit: float, mean: float, std: float) -> float:
    """Probability that a normal variable exceeds a limit."""
    upper = _upper(limit, mean, std)
    return upper if std <= _FLAT_PCT else 0.5 * upper


@numba.njit(cache=True)
def right_share(place_m: float, half_width_m: float, turn: float, bowed: bool) -> float:  # noqa: FBT001
    """How much the right half (as drawn) counts at an offset from the crown, positive right of travel.

    From 0 on the left to 1 on the right, with the blend of a crown; of a parabola, whose half is measured as
    a whole, 1.5 at the edge and -0.5 at the other one, since it is twice as steep there as on average.
    """
    place = turn * place_m
    if bowed:
        return 0.5 + min(max(place / half_width_m, -1.0), 1.0)
    return 0.5 + 0.5 * math.tanh(place / min(BLEND_M, half_width_m / 2.0))


@numba.njit(cache=True)
def exceeds(limit: float, mean: float, std: float) -> float:
    """Probability that a normal variable truncated at zero exceeds a limit that is not negative."""
    return _upper(limit, mean, std) / _positive(mean, std)


@inner_kernel
def _upper(limit: float, mean: float, std: float) -> float:
    """Twice the probability that a normal variable exceeds a limit; 1 or 0 where it hardly varies."""
    if std <= _FLAT_PCT:
        return 1.0 if mean > limit else 0.0
    return math.erfc((limit - mean) * (1.0 / (std * math.sqrt(2.0))))


@inner_kernel
def _positive(mean: float, std: float) -> float:
    """Twice the probability that it is above zero: what the truncated variable is divided by."""
    return 1.0 if std <= _FLAT_PCT else math.erfc(-mean * (1.0 / (std * math.sqrt(2.0))))


@numba.njit(cache=True)
def truncated_moments(mean: float, std: float) -> tuple[float, float]:
    """First and second moment of a normal variable truncated at zero (Johnson & Kotz 1970, section 13.7)."""
    if std <= _FLAT_PCT:
        return mean, mean * mean
    alpha = -mean / std
    tail = 0.5 * math.erfc(alpha / math.sqrt(2.0))
    hazard = math.exp(-0.5 * alpha * alpha) / math.sqrt(2.0 * math.pi) / tail
    return mean + std * hazard, mean * mean + std * std + std * hazard * mean


# -- The mixture, drawn ---------------------------------------------------------------------------------


class RoadDraws(NamedTuple):
    """What the draws of some surfaces come from; ``r`` roads, and ``r`` others.

    Parameters
    ----------
    table : ndarray of void, shape (n_blocks, 6)
        The surfaces.
    road : ndarray of int64, shape (n_blocks, 6)
        Number of the road; that of the unknown other one is ``r`` more.
    keys : ndarray of uint64, shape (2 r, 2)
        Keys of way and street of each.
    shared : Shared
        What roads of each kind share.
    spots : SpotDraws
        What was observed of some of them.
    street_part, own_part : float
        Shares of the street and of the way itself in their normal numbers.
    seed : uint64
        Seed of the model.
    """

    table: NDArray[np.void]
    road: IntArray
    keys: NDArray[np.uint64]
    shared: Shared
    spots: SpotDraws
    street_part: float
    own_part: float
    seed: np.uint64


def road_draws(
    surfaces: Surfaces, draws: int, correlation: float, seed: int, known: Known | None = None
) -> RoadDraws:
    """Prepare what all histories over some surfaces have in common.

    ``correlation`` is that of the roads' normal numbers between ways of one street, ``seed`` that of the
    roads' own draws; ``known`` is what was observed.
    """
    # A sidewalk is built on its own, and has keys of its own for way and street.
    ways, first, road = np.unique(
        2 * (surfaces.way_id + 1) + surfaces.attached, return_index=True, return_inverse=True
    )
    streets = (2 * (surfaces.street_id + 1) + surfaces.attached).ravel()[first]
    keys = np.stack([ways, streets], axis=1).astype(np.uint64)
    unknowns, kind = kinds_of(surfaces)
    table = _packed(surfaces)
    table["kind"] = kind
    spots = NO_SPOTS
    if known is not None:
        unknowns = learned(unknowns, known.lessons)
        table["spot"], table["turn"] = known.met.number, known.met.turn
    shared = draw_shared(unknowns, seed, draws)
    if known is not None and known.met.spots:
        spots = draw_spots(known.met.spots, known.seen, shared, unknowns, correlation, seed)
    return RoadDraws(
        table,
        road.reshape(surfaces.way_id.shape),
        np.concatenate([keys, keys ^ _OTHER_STREET]),
        shared,
        spots,
        math.sqrt(correlation),
        math.sqrt(1.0 - correlation),
        np.uint64(seed % 2**64),
    )


def draw_slopes(
    roads: RoadDraws, histories: LateralHistories, keep: FloatArray, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.int8]]:
    """Draw cross slope [%], positive falling to the right, and code of the profile along every history.

    NaN and -1 where the state is -1; shape (n_draws, n_blocks). ``keep`` is the correlation of the runner's
    place with that in the block before, shape (n_blocks,); ``rng`` draws what belongs to this run.
    """
    weave = rng.standard_normal(histories.state.shape, dtype=np.float32)
    chance = rng.random(histories.state.shape, dtype=np.float32)
    return _draw(histories.state, histories.astray, roads, keep, weave, chance)


@compiled_once
@numba.njit(cache=True)
def _draw(
    state: NDArray[np.int8],
    astray: NDArray[np.bool_],
    roads: RoadDraws,
    keep: FloatArray,
    weave: NDArray[np.float32],
    chance: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.int8]]:
    draws, blocks = state.shape
    slope = np.full((draws, blocks), np.nan, dtype=np.float32)
    profile = np.full((draws, blocks), -1, dtype=np.int8)
    # A call is handed what it needs and no more: each array in a tuple costs it its count.
    table, keys, shared = roads.table, roads.keys, roads.shared
    crowned_of, inverted_of, slope_of = shared.crowned, shared.inverted, shared.slope
    left_of, right_of, pattern_of = roads.spots.left_pct, roads.spots.right_pct, roads.spots.pattern
    parts = roads.seed, roads.street_part, roads.own_part
    drawn, known = np.full(len(roads.keys), -1), np.empty(len(roads.keys), _ROAD)
    fresh = np.sqrt(1.0 - keep * keep)
    for d in range(draws):
        place, flip = 0.0, 1.0
        for b in range(blocks):
            place = keep[b] * place + fresh[b] * weave[d, b]
            if astray[d, b] and (b == 0 or not astray[d, b - 1]):
                flip = -1.0 if chance[d, b] < 0.5 else 1.0
            k = state[d, b]
            if k < 0:
                continue
            r = roads.road[b, k] + (len(drawn) // 2 if astray[d, b] else 0)
            road, one, way, street = known[r], table[b, k], keys[r, 0], keys[r, 1]
            offset = one["place_m"] + one["spread_m"] * min(max(place, -WANDER_LIMIT), WANDER_LIMIT)
            spot = one["spot"]
            if spot >= 0 and not astray[d, b]:
                halves = left_of[d, spot], right_of[d, spot]
                slope[d, b], profile[d, b] = _observed(one, pattern_of[d, spot], halves, offset)
                continue
            if drawn[r] != d:
                drawn[r] = d
                road["profile"] = distribution(_shared_normal(parts, way, street, d, draws, USE_PROFILE))
                road["slope"] = _shared_normal(parts, way, street, d, draws, USE_SLOPE)
                road["side"] = road["banked"] = road["mean_pct"] = np.nan
            # What is seldom asked for is drawn when it is.
            if one["p_banked"] > 0.0 and np.isnan(road["banked"]):
                road["banked"] = distribution(_shared_normal(parts, way, street, d, draws, USE_BANKED))
            ridged, inverted, common = one["ridged"], one["p_inverted"], 0.0
            if one["kind"] >= 0:
                ridged, inverted = crowned_of[d, one["kind"]], inverted_of[d, one["kind"]]
                common = slope_of[d, one["kind"]]
            part = _part(road, one, ridged, inverted)
            profile[d, b] = one["one_way_profile"] if part == _ONE_WAY else _PART_CODES[part]
            mean, std, low = _steepness(one, part, chance[d, b])
            normal = road["slope"]
            if part != _BANKED:
                # A part of the row's spread is one number for all of its roads.
                normal = one["common"] * common + one["own"] * normal
            if mean != road["mean_pct"] or std != road["std_pct"] or normal != road["normal"]:
                road["mean_pct"], road["std_pct"], road["normal"] = mean, std, normal
                road["grade_pct"] = grade(mean, std, normal)
            if part >= _ONE_WAY and low == 0:
                # A plane falls one way for all who pass: its unknown side is the street's, turned.
                if np.isnan(road["side"]):
                    road["side"] = _shared_normal(parts, way, street, d, draws, USE_SIDE)
                low = one["along_street"] if road["side"] >= 0.0 else -one["along_street"]
            slope[d, b] = road["grade_pct"] * shape_factor(part, offset, one["half_width_m"], float(low))
            if astray[d, b]:
                # Another street than the matched one has a surface of its own, and falls to either side,
                # alike for a stretch of doubt.
                slope[d, b] *= flip
    return slope, profile


@inner_kernel
def _observed(one: Record, pattern: int, halves: tuple[float, float], offset_m: float) -> tuple[float, int]:
    """Slope and code of the profile at a place on a surface of which something was observed."""
    turn = float(one["turn"])
    right = right_share(offset_m, one["half_width_m"], turn, pattern == PARABOLIC)
    plane = pattern in (PLANE_LEFT, PLANE_RIGHT)
    code = one["one_way_profile"] if plane else PATTERN_CODES[pattern]
    return turn * ((1.0 - right) * halves[0] + right * halves[1]), code


@inner_kernel
def _steepness(one: Record, part: int, chance: float) -> tuple[float, float, int]:
    """Mean and spread of the slope of a part, and the side to which it falls."""
    if part == _BANKED:
        return one["banked_pct"], one["banked_std_pct"], one["banked_side"]
    if part == _ONE_WAY and chance < one["p_driveway"]:
        # Driveways are met place by place, whatever the sidewalk is like between them.
        return one["driveway_pct"], one["driveway_std_pct"], one["low_side"]
    return one["mean_pct"], one["std_pct"], one["low_side"]


@numba.njit(cache=True)
def _part(road: Record, one: Record, ridged: float, inverted: float) -> int:
    """Part of the mixture: the ranks of a road read against the shares of its kind in this draw."""
    if road["banked"] < one["p_banked"]:
        return _BANKED
    rank = road["profile"]
    if rank >= 1.0 - inverted:
        return _INVERTED
    if rank < ridged:
        return _CROWNED if rank < ridged * one["unbowed"] else _PARABOLIC
    return _ONE_WAY


@inner_kernel
def _shared_normal(
    parts: tuple[np.uint64, float, float], way: np.uint64, street: np.uint64, draw: int, draws: int, use: int
) -> float:
    """Draw a normal number of a way, which correlates with that of its street."""
    seed, street_part, own_part = parts
    own = road_normal(seed, way, draw, draws, use)
    if street_part == 0.0:
        return own
    return float(street_part * road_normal(seed ^ WHOLE_STREET, street, draw, draws, use) + own_part * own)
