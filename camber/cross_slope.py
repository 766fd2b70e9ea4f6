"""From where the runner was to the tilt of the surface there: a mixture, never one number.

Which profile a road has, how steep it is and, on a one-way crossfall, to which side it falls is seldom
known: the shares and spreads of `camber.standards` are carried as they are. Slopes are drawn truncated at
zero, since a negative draw would flip the leg (architecture.md).
"""

from __future__ import annotations

from math import erf, pi
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from camber import cross_section, standards
from camber.conventions import LATERAL_STATES, NO_WAY, LateralState, Profile, SurfaceKind
from camber.schema import (
    CrossSlopeSettings,
    LateralHistories,
    LateralTrack,
    Roads,
    SlopedTrack,
    SlopeHistories,
    Ways,
    as_sloped_track,
)
from camber.schema.tables import P_STATES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

_CODES: Final = {profile: code for code, profile in enumerate(cross_section.PROFILES)}
_STATE: Final = {state: position for position, state in enumerate(LATERAL_STATES)}
_SIDEWALKS: Final = (_STATE[LateralState.LEFT_SIDEWALK], _STATE[LateralState.RIGHT_SIDEWALK])
_FAR_M: Final = 2.0
"""An edge is this far from the crown [m] or further: the two planes no longer blend there."""

_NODES: Final = 16
"""Places at which a state is sampled across; even, so that left and right are mirror images."""

_TAGGED_STD_PCT: Final = 0.5
"""Spread of a tagged ``incline:across`` [%]: the tag gives the practical maximum (judgement)."""

_TRIES: Final = 16
"""Normal numbers drawn for each slope; the first positive one is the truncated draw."""


class Surfaces(NamedTuple):
    """What lies under each lateral state of each block; shape (n_blocks, 6) throughout.

    Parameters
    ----------
    way_id : ndarray of int64
        Way that carries the state, -1 where the state does not exist.
    attached : ndarray of bool
        True for a sidewalk that is only a tag on its carriageway.
    p_crowned, p_one_way, p_inverted : ndarray of float64
        Shares of the profiles; they sum to 1 where the state exists.
    one_way_profile : ndarray of int64
        Code of what a single plane means here (one_way, to_road, to_inside, outward, tagged).
    low_side : ndarray of int64
        Side to which that plane falls: +1 right of travel, -1 left, 0 unknown.
    travel : ndarray of int64
        Direction of travel on that way, +1 along and -1 against its drawing.
    mean_pct, std_pct : ndarray of float64
        Of the absolute cross slope before truncation at zero [%].
    place_m, spread_m : ndarray of float64
        Offset from the crown and its spread [m], positive right of travel.
    """

    way_id: IntArray
    attached: NDArray[np.bool_]
    p_crowned: FloatArray
    p_one_way: FloatArray
    p_inverted: FloatArray
    one_way_profile: IntArray
    low_side: IntArray
    travel: IntArray
    mean_pct: FloatArray
    std_pct: FloatArray
    place_m: FloatArray
    spread_m: FloatArray


def assign_cross_slope(
    lateral: LateralTrack,
    histories: LateralHistories,
    roads: Roads,
    settings: CrossSlopeSettings | None = None,
    *,
    seed: int,
    rng: np.random.Generator,
) -> tuple[SlopedTrack, SlopeHistories]:
    """Say how the surface under every fix falls, as a mixture, and draw it.

    Parameters
    ----------
    lateral : LateralTrack
        Fixes with lateral-state probabilities.
    histories : LateralHistories
        Drawn histories of the state.
    roads : Roads
        The roads.
    settings : CrossSlopeSettings, optional
        Numbers of the stage.
    seed : int
        Seed of the roads' own draws: profile and slope of a way are the same in every run.
    rng : numpy.random.Generator
        Source of the draws that belong to this run.

    Returns
    -------
    SlopedTrack
        Mean and spread of the cross slope [%], positive falling to the right, and the leg probabilities.
    SlopeHistories
        Drawn histories of the cross slope.
    """
    settings = settings or CrossSlopeSettings()
    _, first, number = np.unique(lateral["block"].to_numpy(), return_index=True, return_inverse=True)
    surfaces = find_surfaces(lateral, first, roads.ways)
    columns = _mixture(lateral, first, surfaces, roads.ways, settings.level_pct)
    slope, profile = _draw_slopes(surfaces, histories, seed, rng)
    frame = lateral.assign(**{name: values[number] for name, values in columns.items()})
    return as_sloped_track(frame), SlopeHistories(histories.block, histories.state, slope, profile)


def find_surfaces(lateral: LateralTrack, first: IntArray, all_ways: Ways) -> Surfaces:
    """Look up the surface under each lateral state of each block.

    Parameters
    ----------
    lateral : LateralTrack
        The lateral track.
    first : ndarray of int64, shape (n_blocks,)
        Position of the first fix of each block.
    all_ways : Ways
        The ways of the roads.

    Returns
    -------
    Surfaces
        One row per block, one column per state.
    """
    way = _surface_ways(lateral, first)
    matched = lateral["way_id"].to_numpy()[first]
    ways = all_ways[all_ways.index.isin(np.union1d(way, matched))]
    if ways.empty:  # nothing matched: any way serves as a placeholder for states that do not exist
        ways = all_ways.iloc[:1]
    assumed = standards.assume(ways)
    row = ways.index.get_indexer(pd.Index(way.ravel())).reshape(way.shape)
    sidewalk = np.zeros(way.shape, dtype=bool)
    sidewalk[:, _SIDEWALKS] = True
    attached = sidewalk & assumed["is_road"].to_numpy()[row] & (way != NO_WAY)
    side = np.broadcast_to(np.array([1, 0, 0, 0, -1, 0]), way.shape)
    travel = _travel_direction(lateral, first, way)
    names = ("p_crowned", "p_one_way", "p_inverted", "slope_mean_pct", "slope_std_pct")
    crowned, one_way, inverted, mean, std = (assumed[name].to_numpy(dtype=float)[row] for name in names)
    profile = np.array([_CODES[Profile(name)] for name in assumed["one_way_profile"]])[row]
    low = np.where(profile == _CODES[Profile.ONE_WAY], 0, _ring_side(ways)[row] * travel)
    # A sidewalk falls to the road: left of the road to the runner's right.
    walk = (attached | (profile == _CODES[Profile.TO_ROAD])) & (side != 0)
    crowned, inverted, one_way = (
        np.where(walk, value, share) for value, share in ((0, crowned), (0, inverted), (1, one_way))
    )
    profile, low = np.where(walk, _CODES[Profile.TO_ROAD], profile), np.where(walk, side, low)
    # The road beside a sidewalk may be out of reach: it falls one way, and nobody knows which.
    lost = (profile == _CODES[Profile.TO_ROAD]) & ~walk
    profile = np.where(lost, _CODES[Profile.ONE_WAY], profile)
    mean = np.where(attached, assumed["sidewalk_slope_mean_pct"].to_numpy()[row], mean)
    std = np.where(attached, assumed["sidewalk_slope_std_pct"].to_numpy()[row], std)
    tag = ways["incline_across_pct"].to_numpy(dtype=float)[row]
    tagged = np.isfinite(tag) & ~attached
    place = np.broadcast_to(np.array([-_FAR_M, -_FAR_M, 0.0, _FAR_M, _FAR_M, _FAR_M]), way.shape)
    spread = np.zeros(way.shape)
    spread[:, _STATE[LateralState.CENTRE]] = cross_section.OffsetAssumptions().centre_std_m
    spread[:, _STATE[LateralState.OTHER]] = _FAR_M  # on a path nobody knows the side of the crown
    place = np.where(np.arange(6) == _STATE[LateralState.OTHER], 0.0, place)
    return Surfaces(
        way,
        attached,
        np.where(tagged, 0.0, crowned),
        np.where(tagged, 1.0, one_way),
        np.where(tagged, 0.0, inverted),
        np.where(tagged, _CODES[Profile.TAGGED], profile),
        np.where(tagged, np.sign(np.nan_to_num(tag)) * travel, low).astype(np.int64),
        np.where(travel == 0, 1, travel),
        np.where(tagged, np.abs(tag), mean),
        np.where(tagged, _TAGGED_STD_PCT, std),
        place,
        spread,
    )


def _surface_ways(lateral: LateralTrack, first: IntArray) -> IntArray:
    """Way under each state; `other` is the matched way itself."""
    carriageway = lateral["carriageway_way_id"].to_numpy()[first]
    path = lateral["way_id"].to_numpy()[first]
    has_state = [lateral[name].to_numpy()[first] > 0.0 for name in P_STATES]
    # On a street, `other` holds only what is off the road, and that has no surface.
    has_state[-1] &= ~np.any(has_state[:-1], axis=0)
    ids = [lateral["left_sidewalk_way_id"].to_numpy()[first], *[carriageway] * 3]
    ids += [lateral["right_sidewalk_way_id"].to_numpy()[first], path]
    return np.column_stack(
        [np.where(exists, way, NO_WAY) for exists, way in zip(has_state, ids, strict=True)]
    )


def _travel_direction(lateral: LateralTrack, first: IntArray, way: IntArray) -> IntArray:
    """Direction of travel on the way of each state; 0 for a mapped sidewalk beside the matched way."""
    names = ("way_id", "travel_direction", "carriageway_way_id", "carriageway_direction")
    matched, travel, carriageway, along = (lateral[name].to_numpy()[first][:, np.newaxis] for name in names)
    return np.where(way == matched, travel, np.where(way == carriageway, along, 0))


def _ring_side(ways: pd.DataFrame) -> IntArray:
    """Side, in the way frame, to which a ring falls: running tracks inwards, roundabouts outwards; else 0."""
    side = np.zeros(len(ways), dtype=np.int64)
    rings = ways["junction"].isin(["roundabout", "circular"]).to_numpy()
    tracks = (ways["leisure"] == "track").to_numpy()
    for position in np.flatnonzero(rings | tracks):
        xy = np.asarray(ways["geometry"].iloc[position].coords)
        step = np.diff(xy, axis=0)
        turn = step[:-1, 0] * step[1:, 1] - step[:-1, 1] * step[1:, 0]
        # Drawn anticlockwise (turning left): the inside is on the left.
        inside = -int(np.sign(turn.sum()))
        side[position] = inside if tracks[position] else -inside
    return side


def _mixture(
    lateral: LateralTrack, first: IntArray, surfaces: Surfaces, all_ways: Ways, level_pct: float
) -> dict[str, NDArray[np.generic]]:
    """Columns of the sloped track for each block."""
    share = lateral[list(P_STATES)].to_numpy()[first]
    matched = lateral["way_id"].to_numpy()[first] >= 0
    share = np.where(surfaces.way_id != NO_WAY, share, 0.0)
    total = share.sum(axis=1, keepdims=True)
    share = np.divide(share, total, out=np.zeros_like(share), where=total > 0.0)
    left, right, mean, square = (
        (share * part).sum(axis=1) for part in leg_probabilities(surfaces, level_pct)
    )
    # Where it may have been another street, the tilt is kept but its side is open.
    sure = lateral["p_street"].to_numpy()[first]
    left, right = (sure * one + (1.0 - sure) * 0.5 * (left + right) for one in (left, right))
    mean = sure * mean
    profiles = np.zeros((len(first), len(_CODES)))
    for weight, code in (
        (surfaces.p_crowned, _CODES[Profile.CROWNED]),
        (surfaces.p_inverted, _CODES[Profile.INVERTED]),
    ):
        profiles[:, code] = (share * weight).sum(axis=1)
    for code in np.unique(surfaces.one_way_profile):
        profiles[:, code] += (share * surfaces.p_one_way * (surfaces.one_way_profile == code)).sum(axis=1)
    profiles[~matched, _CODES[Profile.UNKNOWN]] = 1.0
    names = np.array([profile.value for profile in cross_section.PROFILES], dtype=object)
    return {
        "cross_slope_pct": np.where(matched, mean, np.nan),
        "cross_slope_std_pct": np.where(matched, np.sqrt(np.maximum(square - mean**2, 0.0)), np.nan),
        "p_left_low": np.where(matched, left, 0.0),
        "p_right_low": np.where(matched, right, 0.0),
        "p_level": np.where(matched, np.clip(1.0 - left - right, 0.0, 1.0), 0.0),
        "profile": names[profiles.argmax(axis=1)],
        "slope_source": _sources(share, surfaces, all_ways, matched),
        "surface_kind": _surface_kinds(share, surfaces, all_ways, matched),
    }


def leg_probabilities(
    surfaces: Surfaces, level_pct: float
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Integrate the mixture of profiles, slopes and places for each state.

    Parameters
    ----------
    surfaces : Surfaces
        What lies under each state.
    level_pct : float
        Absolute cross slope below which the surface counts as level [%].

    Returns
    -------
    p_left_low, p_right_low : ndarray of float64, shape (n_blocks, 6)
        Probability that the surface falls to the left or right by more than ``level_pct``.
    mean_pct, square_pct2 : ndarray of float64, shape (n_blocks, 6)
        Mean of the signed cross slope [%] and of its square.
    """
    left, right, mean, square = (np.zeros(surfaces.p_crowned.shape) for _ in range(4))
    moment1, moment2 = _truncated_moments(surfaces.mean_pct, surfaces.std_pct)
    for node in _normal_nodes():
        blend = np.tanh((surfaces.place_m + surfaces.spread_m * node) / 0.4)
        for weight, factor in (
            (surfaces.p_crowned, blend),
            (surfaces.p_inverted, -blend),
            (
                surfaces.p_one_way * np.where(surfaces.low_side == 0, 0.5, surfaces.low_side > 0),
                np.ones_like(blend),
            ),
            (
                surfaces.p_one_way * np.where(surfaces.low_side == 0, 0.5, surfaces.low_side < 0),
                -np.ones_like(blend),
            ),
        ):
            tilted = weight / _NODES * _exceeds(level_pct / np.maximum(np.abs(factor), 1e-9), surfaces)
            left += tilted * (factor < 0.0)
            right += tilted * (factor > 0.0)
            mean += weight / _NODES * factor * moment1
            square += weight / _NODES * factor**2 * moment2
    return left, right, mean, square


def _normal_nodes() -> list[float]:
    """Midpoints of equally likely slices of a standard normal, by bisection on its distribution function."""
    nodes = []
    for k in range(_NODES // 2):
        target, low, high = (k + 0.5) / _NODES, -6.0, 0.0
        while high - low > 1e-12:
            middle = 0.5 * (low + high)
            low, high = (middle, high) if 0.5 * (1.0 + erf(middle / 2**0.5)) < target else (low, middle)
        nodes += [low, -low]
    return nodes


def _cdf(x: FloatArray) -> FloatArray:
    return np.asarray(0.5 * (1.0 + np.vectorize(erf, otypes=[float])(x / np.sqrt(2.0))))


def _exceeds(limit_pct: FloatArray, surfaces: Surfaces) -> FloatArray:
    """Probability that a slope, normal and truncated at zero, exceeds a limit."""
    std = np.maximum(surfaces.std_pct, 1e-9)
    positive = 1.0 - _cdf(-surfaces.mean_pct / std)
    return (1.0 - _cdf((limit_pct - surfaces.mean_pct) / std)) / positive


def _truncated_moments(mean: FloatArray, std: FloatArray) -> tuple[FloatArray, FloatArray]:
    """First and second moment of a normal variable truncated at zero (Johnson & Kotz 1970, section 13.7)."""
    std = np.maximum(std, 1e-9)
    alpha = -mean / std
    hazard = np.exp(-0.5 * alpha**2) / np.sqrt(2.0 * pi) / (1.0 - _cdf(alpha))
    first = mean + std * hazard
    return first, mean**2 + std**2 + std * hazard * mean


def _sources(
    share: FloatArray, surfaces: Surfaces, all_ways: Ways, matched: NDArray[np.bool_]
) -> NDArray[np.object_]:
    """Row of the standards, or the tag, that the likeliest state's slope is from."""
    ways = all_ways[all_ways.index.isin(np.unique(surfaces.way_id))]
    assumed = standards.assume(ways)
    rows, best = np.arange(len(share)), share.argmax(axis=1)
    if ways.empty:
        return np.full(len(share), "", dtype=object)
    row = ways.index.get_indexer(pd.Index(surfaces.way_id[rows, best]))
    attached = surfaces.attached[rows, best]
    own, walk = (assumed[name].to_numpy(dtype=object)[row] for name in ("slope_row", "sidewalk_slope_row"))
    source = np.where(attached, walk, own)
    source = np.where(
        surfaces.one_way_profile[rows, best] == _CODES[Profile.TAGGED], "incline:across", source
    )
    return np.asarray(np.where(matched, source, ""), dtype=object)


def _surface_kinds(
    share: FloatArray, surfaces: Surfaces, all_ways: Ways, matched: NDArray[np.bool_]
) -> NDArray[np.object_]:
    """Likeliest kind of surface of each block."""
    kinds = np.zeros((len(share), 3))
    edges = [_STATE[LateralState.LEFT_EDGE], _STATE[LateralState.RIGHT_EDGE]]
    kinds[:, 0] = share[:, edges].sum(axis=1)
    kinds[:, 1] = share[:, _STATE[LateralState.CENTRE]]
    kinds[:, 2] = share[:, list(_SIDEWALKS)].sum(axis=1)
    names = np.array([SurfaceKind.ROAD_EDGE.value, SurfaceKind.ROAD_CENTRE.value, SurfaceKind.SIDEWALK.value])
    kind = names[kinds.argmax(axis=1)].astype(object)
    other = _STATE[LateralState.OTHER]
    on_path = share[:, other] > 0.5
    row = all_ways.index.get_indexer(pd.Index(surfaces.way_id[:, other]))
    ring = (all_ways["leisure"] == "track").to_numpy()[row]
    kind[on_path] = np.where(ring, SurfaceKind.TRACK.value, SurfaceKind.PATH.value)[on_path]
    kind[~matched] = SurfaceKind.UNMATCHED.value
    return np.asarray(kind)


def _draw_slopes(
    surfaces: Surfaces, histories: LateralHistories, seed: int, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.int8]]:
    """Draw cross slope [%], positive falling to the right, and profile of every block in every history."""
    state = histories.state
    draws, n = state.shape
    columns = np.broadcast_to(np.arange(n), state.shape)
    known = state >= 0
    chosen = np.where(known, state, 0)
    way, attached = surfaces.way_id[columns, chosen], surfaces.attached[columns, chosen]
    keys, where = np.unique(np.stack([way.ravel(), attached.ravel()]), axis=1, return_inverse=True)
    where = where.reshape(state.shape)
    uniform, normal, side = (
        np.stack(parts)
        for parts in zip(*(_way_draws(seed, key[0], key[1], draws) for key in keys.T.tolist()), strict=True)
    )
    number = np.broadcast_to(np.arange(draws)[:, np.newaxis], state.shape)
    u, z, unknown_side = uniform[where, number], normal[where, number], side[where, number]
    mean, std = surfaces.mean_pct[columns, chosen], surfaces.std_pct[columns, chosen]
    grade = _first_positive(mean, std, z)
    crowned, inverted = surfaces.p_crowned[columns, chosen], surfaces.p_inverted[columns, chosen]
    profile = np.where(u < crowned, _CODES[Profile.CROWNED], surfaces.one_way_profile[columns, chosen])
    profile = np.where(u >= 1.0 - inverted, _CODES[Profile.INVERTED], profile)
    low = surfaces.low_side[columns, chosen]
    # A plane falls one way for all who pass, so its unknown side is drawn in the way frame.
    low = np.where(low == 0, unknown_side * surfaces.travel[columns, chosen], low)
    weave = rng.standard_normal(state.shape)
    offset = surfaces.place_m[columns, chosen] + surfaces.spread_m[columns, chosen] * weave
    slope = cross_section.cross_slope(profile, offset, grade, np.full(offset.shape, np.nan), low)
    # Another street than the matched one falls to either side, the same for a whole stretch of doubt.
    entered = histories.astray & ~np.roll(histories.astray, 1, axis=1)
    entered[:, 0] = histories.astray[:, 0]
    sign = np.where(rng.random(state.shape) < 0.5, -1.0, 1.0)
    stretch = np.maximum.accumulate(np.where(entered, columns, 0), axis=1)
    slope = np.where(histories.astray, np.take_along_axis(sign, stretch, axis=1) * slope, slope)
    return np.where(known, slope, np.nan).astype(np.float32), np.where(known, profile, -1).astype(np.int8)


def _way_draws(seed: int, way_id: int, attached: int, draws: int) -> tuple[FloatArray, FloatArray, IntArray]:
    """Draws that belong to a road, not to a run: the same wherever and whenever it is passed.

    Philox is counter-based (Salmon et al. 2011): the key alone decides the numbers.
    """
    rng = np.random.Generator(np.random.Philox(key=[seed, 2 * (int(way_id) + 1) + int(attached)]))
    return rng.random(draws), rng.standard_normal((draws, _TRIES)), np.where(rng.random(draws) < 0.5, -1, 1)


def _first_positive(mean: FloatArray, std: FloatArray, normal: FloatArray) -> FloatArray:
    """Draw truncated at zero by rejection: the first of several draws that is positive."""
    tries = mean[..., np.newaxis] + std[..., np.newaxis] * normal
    first = (tries > 0.0).argmax(axis=-1)
    return np.abs(np.take_along_axis(tries, first[..., np.newaxis], axis=-1)[..., 0])
