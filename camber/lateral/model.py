"""Blocks, places and errors in the form of the switching model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from camber.conventions import NO_WAY
from camber.lateral.blocks import block_mean
from camber.lateral.learning import PIECE_M
from camber.lateral.noise import block_factors
from camber.lateral.street import MIRRORED, OTHER, Places
from camber.lateral.switching import DEVICE, LATENT, MAP, WIDTH, Observations

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.lateral.blocks import Blocks
    from camber.schema import LateralSettings, MatchedTrack
    from camber.standards import GnssClass

_MAP_LENGTH_M = 250.0
"""Distance over which a way's map error keeps its value [m] (science.md 4.3, judgement)."""

_WIDTH_CORRELATION = 0.7
"""Correlation of the error of the half width between the ways of one street, which is built as a whole
(judgement: ``street_correlation`` in ``standards/surface.csv``)."""

_KIND = (0, 1, 2, 1, 0, 3)
"""Kind of each lateral state, in their order: sidewalk, edge, middle, other."""

_SIDE = (-1, -1, 0, 1, 1, 0)
"""Side of each lateral state."""

_TINY = 1e-12

_WANDER_TAU_S = 30.0
"""Correlation time of the runner's place within a state [s] (judgement)."""

_JITTER_M = 0.2
"""Noise of a block's mean that is independent from block to block [m] (judgement: arm swing, rounding)."""


def observe(
    blocks: Blocks,
    places: Places,
    device: GnssClass,
    states: tuple[NDArray[np.float64], NDArray[np.float64]],
    line: tuple[NDArray[np.float64], NDArray[np.float64]],
    settings: LateralSettings,
) -> Observations:
    """Put the blocks into the form of the switching model.

    Parameters
    ----------
    blocks, places : Blocks, Places
        The run and the streets around it.
    device : GnssClass
        Error of the receiver, its slow part as large as it is to be taken.
    states : tuple of ndarray of float64, shapes (n, 6) and (n, 6, 6)
        Prior of the states, and `transitions` between them.
    line : tuple of ndarray of float64, shape (n,)
        Mean and standard deviation of the map's error [m], way frame.
    settings : LateralSettings
        Numbers of the model.

    Returns
    -------
    Observations
        One row per block.
    """
    n, (prior, transition) = len(blocks.first), states
    normal = np.column_stack([np.cos(blocks.heading_rad), -np.sin(blocks.heading_rad)])
    coefficient = np.zeros((n, 6, LATENT))
    slow = np.hypot(device.slow_sigma_m, settings.town_sigma_m)
    coefficient[:, :, :2] = slow * normal[:, np.newaxis]
    fast = device.fast_sigma_m * np.sqrt(block_factors(blocks.duration_s, device.fast_tau_s))
    # The runner's own place within a state wanders as slowly as the fast error: they share a latent part. How
    # far is judgement, so all states of a block get the same: scatter must not speak for the widest state.
    wander = (prior * places.spread_m**2).sum(axis=1) * block_factors(blocks.duration_s, _WANDER_TAU_S)
    coefficient[:, :, 2] = np.sqrt(fast**2 + wander)[:, np.newaxis]
    drawn = np.where(places.direction < 0, -1.0, 1.0)
    coefficient[:, :, MAP] = (drawn * line[1])[:, np.newaxis]
    coefficient[:, :, WIDTH] = places.width_std_m
    coefficient[:, :, DEVICE] = settings.device_sigma_m
    seconds = np.diff(blocks.time_s, prepend=blocks.time_s[0])
    metres = np.diff(blocks.distance_m, prepend=blocks.distance_m[0])
    same_way = np.r_[False, (np.diff(places.reference) == 0) & (places.reference[1:] >= 0)]
    keep = np.zeros((n, LATENT))
    keep[:, :2] = np.exp(-seconds / device.slow_tau_s)[:, np.newaxis]
    keep[:, 2] = _fast_correlation(blocks, device)
    keep[:, MAP] = np.where(same_way, np.exp(-metres / _MAP_LENGTH_M), 0.0)
    same_street = np.r_[False, (np.diff(blocks.street_id) == 0) & (blocks.street_id[1:] >= 0)]
    keep[:, WIDTH] = np.where(same_way, 1.0, np.where(same_street, _WIDTH_CORRELATION, 0.0))
    keep[:, DEVICE] = 1.0
    residual = places.observed_m - places.place_m - (drawn * line[0])[:, np.newaxis]
    known = np.isfinite(places.observed_m)
    # A missing observation says nothing about any state of its block.
    residual[~(known | (places.way_id == NO_WAY)).all(axis=1)] = np.nan
    return Observations(
        residual,
        coefficient,
        np.full((n, 6), _JITTER_M),
        np.clip(keep, 0.0, 0.9999),
        prior,
        transition,
    )


def _fast_correlation(blocks: Blocks, device: GnssClass) -> NDArray[np.float64]:
    """Correlation of the fast error's block means with those of the block before."""
    length = np.maximum(blocks.duration_s, 1.0) / device.fast_tau_s
    factor = block_factors(blocks.duration_s, device.fast_tau_s)
    apart = np.diff(blocks.time_s, prepend=blocks.time_s[0]) / device.fast_tau_s
    half = 2.0 * np.sinh(length / 2.0) / length
    # Integral of exp(-abs(u - v)) over two blocks that do not overlap, whose middles are `apart`.
    shared = half * np.r_[1.0, half[:-1]] * np.exp(-apart)
    return np.asarray(np.minimum(shared / np.sqrt(factor * np.r_[1.0, factor[:-1]]), 0.99))


def change_probability(blocks: Blocks, places: Places, settings: LateralSettings) -> NDArray[np.float64]:
    """Probability that the runner made up its mind anew since the block before.

    Parameters
    ----------
    blocks, places : Blocks, Places
        The run and the streets around it.
    settings : LateralSettings
        Rates.

    Returns
    -------
    ndarray of float64, shape (n,)
        Probabilities; 1 where another street is entered or left by a sidewalk's own line: which side that
        is on follows from the way the runner took, and not from the side of the street before.
    """
    metres = np.diff(blocks.distance_m, prepend=blocks.distance_m[0])
    extra_m = blocks.junctions * (settings.junction_factor - 1.0) * settings.junction_m
    rate = settings.switches_per_km / 1000.0
    change = 1.0 - np.exp(-rate * (np.maximum(metres, 1.0) + extra_m))
    by_line = (places.reference != blocks.way_id) & (blocks.way_id != NO_WAY)
    other_street = np.r_[False, np.diff(blocks.street_id) != 0]
    return np.where(other_street & (by_line | np.r_[False, by_line[:-1]]), 1.0, change)


def map_pieces(blocks: Blocks, places: Places, matched: MatchedTrack) -> NDArray[np.int64]:
    """Piece of the way under each block, for what is learned about the map.

    Parameters
    ----------
    blocks, places : Blocks, Places
        The run and the streets around it.
    matched : MatchedTrack
        Its fixes.

    Returns
    -------
    ndarray of int64, shape (n,)
        Number of the piece; -1 off the road and where the reference is another line than the matched one.
    """
    chainage = block_mean(matched["chainage_m"].to_numpy(dtype=float), blocks.number)
    own = (places.reference == blocks.way_id) & (blocks.way_id >= 0) & np.isfinite(chainage)
    return np.where(own, np.nan_to_num(chainage) // PIECE_M, -1).astype(np.int64)


def transitions(
    blocks: Blocks, prior: NDArray[np.float64], change: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Probability of going from each state of one block to each state of the next.

    Parameters
    ----------
    blocks : Blocks
        The blocks.
    prior : ndarray of float64, shape (n, 6)
        Prior of the states.
    change : ndarray of float64, shape (n,)
        Of `change_probability`.

    Returns
    -------
    ndarray of float64, shape (n, 6, 6)
        Probabilities; rows sum to 1.
    """
    turned = np.r_[
        False, (np.diff(blocks.way_id) == 0) & (blocks.travel_direction[1:] == -blocks.travel_direction[:-1])
    ]
    fresh = np.r_[True, np.diff(blocks.section) != 0]
    return _transition_kernel(prior, change, turned, fresh)


@numba.njit(cache=True)
def _transition_kernel(
    prior: NDArray[np.float64],
    change: NDArray[np.float64],
    turned: NDArray[np.bool_],
    fresh: NDArray[np.bool_],
) -> NDArray[np.float64]:
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
                    kept = 0.5 * kept + 0.5 * stay[MIRRORED[a], b]
                transition[k, a, b] = (1.0 - change[k]) * kept + change[k] * prior[k, b]
    return transition


@numba.njit(cache=True)
def _stay(
    state: int,
    before: NDArray[np.float64],
    now: NDArray[np.float64],
    stay: NDArray[np.float64],
) -> None:
    """Where a runner goes on who does not make up its mind anew; written into the last.

    The side is kept. The kind of place (sidewalk, edge, middle) is kept as far as the shares of the two
    places allow: whoever is on the sidewalk where half of all runners are is on it where most are.
    """
    stay[:] = 0.0
    kind, total = _KIND[state], 0.0
    for b in range(OTHER):
        total += now[b]
    low, high = 0.0, 0.0
    for a in range(OTHER):
        if _KIND[a] < kind:
            low += before[a]
        if _KIND[a] <= kind:
            high += before[a]
    if kind == _KIND[OTHER] or total <= 0.0 or high - low <= _TINY:
        stay[:] = now
        return
    lower = 0.0
    for other in range(3):
        share = 0.0
        for b in range(OTHER):
            share += now[b] / total if _KIND[b] == other else 0.0
        if share <= 0.0:
            continue
        weight = max(min(high, lower + share) - max(low, lower), 0.0) / (high - low)
        lower += share
        same = 0.0
        for b in range(OTHER):
            same += now[b] if _KIND[b] == other and _SIDE[b] == _SIDE[state] else 0.0
        for b in range(OTHER):
            # Where that kind is only on the other side, or the runner had no side, the prior decides.
            if _KIND[b] == other and (same <= 0.0 or _SIDE[b] == _SIDE[state]):
                stay[b] += weight * now[b] / (same if same > 0.0 else share * total)
