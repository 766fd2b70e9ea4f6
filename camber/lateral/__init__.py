"""Where across the street the runner was, and how sure that is.

Evidence is weighed in blocks of 10-15 s with correlated errors (`camber.lateral.switching`); the prior
comes from traffic side, law and tags (`camber.standards`). The evidence is weighed once with and once
without the prior's preference for a side, so that *seen* and *assumed* stay apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from camber.conventions import NO_WAY, Side, SideBasis
from camber.lateral.blocks import Blocks, block_mean, cut_blocks
from camber.lateral.noise import block_factors, classify, is_snapped
from camber.lateral.street import (
    CENTRE,
    LEFT_EDGE,
    LEFT_SIDEWALK,
    MIRRORED,
    OTHER,
    RIGHT_EDGE,
    RIGHT_SIDEWALK,
    Places,
    find_places,
    state_prior,
)
from camber.lateral.switching import LATENT, Filtered, Observations, filter_forward, sample, smooth
from camber.schema import (
    Candidates,
    LateralHistories,
    LateralSettings,
    LateralTrack,
    MatchedTrack,
    Roads,
    as_lateral_track,
)
from camber.schema.tables import P_STATES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.standards import GnssClass

__all__ = ["locate"]

_MAP_LENGTH_M = 250.0
"""Distance over which a way's map error keeps its value [m] (science.md 4.3, judgement); used for the half
width too."""

_WIDE_M = 2 * (3.5 - 0.75)
"""Distance between the places at the two edges of a road of 7 m [m]."""

_SIDES = {
    Side.LEFT: (LEFT_SIDEWALK, LEFT_EDGE),
    Side.CENTRE: (CENTRE,),
    Side.RIGHT: (RIGHT_EDGE, RIGHT_SIDEWALK),
    Side.OTHER: (OTHER,),
}


def locate(
    matched: MatchedTrack,
    candidates: Candidates,
    roads: Roads,
    settings: LateralSettings | None = None,
    *,
    draws: int,
    rng: np.random.Generator,
) -> tuple[LateralTrack, LateralHistories]:
    """Infer the lateral state of every fix.

    Parameters
    ----------
    matched : MatchedTrack
        Fixes with way, direction and signed offset.
    candidates : Candidates
        What else each fix could have been on.
    roads : Roads
        The roads.
    settings : LateralSettings, optional
        Numbers of the model.
    draws : int
        Number of histories drawn.
    rng : numpy.random.Generator
        Source of the draws; the probabilities do not depend on it.

    Returns
    -------
    LateralTrack
        One row per fix, probabilities constant within a block; left and right are those of travel.
    LateralHistories
        Drawn histories of the state.
    """
    settings = settings or LateralSettings()
    blocks = cut_blocks(matched, candidates, roads.ways, settings)
    offset = matched["offset_m"].to_numpy(dtype=float)
    xy = np.column_stack([matched.geometry.x, matched.geometry.y])
    places = find_places(blocks, offset, xy, roads)
    device = classify(blocks, block_mean(offset, blocks.number), settings)
    snapped = is_snapped(blocks, offset, settings.snapped_sigma_m)
    silent = snapped | ~(np.abs(block_mean(offset, blocks.number)) <= settings.mismatch_m)
    places = places._replace(observed_m=np.where(silent[:, np.newaxis], np.nan, places.observed_m))
    seen = _probabilities(blocks, places, device, state_prior(places, roads, habit=False), settings)[0]
    prior = state_prior(places, roads, habit=settings.facing_habit)
    probability, observations, filtered = _probabilities(blocks, places, device, prior, settings)
    n = len(blocks.first)
    state = sample(observations, filtered, rng.random((draws, n)), rng.standard_normal((draws, n, LATENT)))
    state = np.where(_doubtful(blocks.p_off_road, rng.random((draws, n))), np.int8(-1), state)
    astray = _doubtful(1.0 - blocks.p_street, rng.random((draws, n)))
    frame = matched.assign(
        block=blocks.number, **_columns(blocks, places, probability, seen, settings.threshold)
    )
    histories = LateralHistories(np.arange(n), state, astray, device.name, snapped)
    return as_lateral_track(frame), histories


def _probabilities(
    blocks: Blocks,
    places: Places,
    device: GnssClass,
    prior: NDArray[np.float64],
    settings: LateralSettings,
) -> tuple[NDArray[np.float64], Observations, Filtered]:
    observations = _observations(blocks, places, device, prior, settings)
    filtered = filter_forward(observations, settings.degrees_of_freedom)
    return smooth(observations, filtered), observations, filtered


def _observations(
    blocks: Blocks,
    places: Places,
    device: GnssClass,
    prior: NDArray[np.float64],
    settings: LateralSettings,
) -> Observations:
    """Put the blocks into the form of the switching model."""
    n = len(blocks.first)
    normal = np.column_stack([np.cos(blocks.heading_rad), -np.sin(blocks.heading_rad)])
    coefficient = np.zeros((n, 6, LATENT))
    slow = np.hypot(settings.slow_factor * device.slow_sigma_m, settings.town_sigma_m)
    coefficient[:, :, :2] = slow * normal[:, np.newaxis]
    fast = device.fast_sigma_m * np.sqrt(block_factors(blocks.duration_s, device.fast_tau_s))
    coefficient[:, :, 2] = fast[:, np.newaxis]
    coefficient[:, :, 3] = settings.map_sigma_m * np.where(places.direction < 0, -1.0, 1.0)[:, np.newaxis]
    coefficient[:, :, 4] = places.width_std_m
    seconds = np.diff(blocks.time_s, prepend=blocks.time_s[0])
    metres = np.diff(blocks.distance_m, prepend=blocks.distance_m[0])
    same_street = np.r_[False, (np.diff(blocks.street_id) == 0) & (blocks.street_id[1:] >= 0)]
    keep = np.zeros((n, LATENT))
    keep[:, :2] = np.exp(-seconds / device.slow_tau_s)[:, np.newaxis]
    keep[:, 2] = _fast_correlation(blocks, device)
    keep[:, 3:] = np.where(same_street, np.exp(-metres / _MAP_LENGTH_M), 0.0)[:, np.newaxis]
    residual = places.observed_m - places.place_m
    known = np.isfinite(places.observed_m)
    # A missing observation says nothing about any state of its block.
    residual[~(known | (places.way_id == NO_WAY)).all(axis=1)] = np.nan
    return Observations(
        residual,
        coefficient,
        places.spread_m,
        np.clip(keep, 0.0, 0.9999),
        prior,
        _transitions(blocks, prior, metres, settings),
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


def _transitions(
    blocks: Blocks, prior: NDArray[np.float64], metres: NDArray[np.float64], settings: LateralSettings
) -> NDArray[np.float64]:
    """Probability of going from each state of one block to each state of the next."""
    n = len(prior)
    new_way = np.r_[True, np.diff(blocks.way_id) != 0]
    rate = settings.switches_per_km * np.where(new_way, settings.junction_factor, 1.0)
    change = 1.0 - np.exp(-rate * np.maximum(metres, 1.0) / 1000.0)
    turned = np.r_[
        False, (np.diff(blocks.way_id) == 0) & (blocks.travel_direction[1:] == -blocks.travel_direction[:-1])
    ]
    fresh = np.r_[True, np.diff(blocks.section) != 0]
    transition = np.empty((n, 6, 6))
    for k in range(n):
        stay = _stay(prior[k], min(0.5, 5.0 * change[k]))
        if turned[k]:
            # Whoever turns round keeps the physical side or crosses: both are common.
            stay = 0.5 * stay + 0.5 * stay[list(MIRRORED)]
        transition[k] = prior[k] if fresh[k] else (1.0 - change[k]) * stay + change[k] * prior[k]
    return transition


def _stay(prior: NDArray[np.float64], along_side: float) -> NDArray[np.float64]:
    """Transition of a runner who keeps the side: moving between edge and sidewalk of one side is easy."""
    stay = np.tile(prior, (6, 1))
    for group in ((LEFT_SIDEWALK, LEFT_EDGE), (RIGHT_EDGE, RIGHT_SIDEWALK), (CENTRE,), (OTHER,)):
        total = prior[list(group)].sum()
        if total <= 0.0:
            continue
        shared = np.zeros(6)
        shared[list(group)] = prior[list(group)] / total
        for state in group:
            stay[state] = shared
            if prior[state] > 0.0:
                stay[state] = along_side * shared
                stay[state, state] += 1.0 - along_side
    return stay


def _doubtful(probability: NDArray[np.float64], uniform: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Draw where a doubt of the matcher comes true: one decision for each stretch in doubt."""
    doubt = probability > 0.01
    stretch = np.cumsum(np.r_[True, ~(doubt[1:] & doubt[:-1])]) - 1
    first = np.flatnonzero(np.r_[True, np.diff(stretch) > 0])
    return np.asarray(uniform[:, first][:, stretch] < probability)


def _columns(
    blocks: Blocks,
    places: Places,
    probability: NDArray[np.float64],
    seen: NDArray[np.float64],
    threshold: float,
) -> dict[str, Any]:
    """Columns of the lateral track, block values spread over the fixes."""
    number = blocks.number
    on_road = 1.0 - blocks.p_off_road
    shown = probability * on_road[:, np.newaxis]
    shown[:, OTHER] += blocks.p_off_road
    sure = (on_road * blocks.p_street)[:, np.newaxis]
    side, basis = _sides(places, probability * sure, seen * sure, threshold)
    spread = np.sqrt(places.spread_m**2 + places.width_std_m**2)
    mean = (probability * places.place_m).sum(axis=1)
    variance = (probability * (places.place_m**2 + spread**2)).sum(axis=1) - mean**2
    known = blocks.way_id >= 0
    ids = places.way_id
    return {
        "p_street": blocks.p_street[number],
        **{name: shown[number, s] for s, name in enumerate(P_STATES)},
        "offset_mean_m": np.where(known, mean, np.nan)[number],
        "offset_std_m": np.where(known, np.sqrt(np.maximum(variance, 0.0)), np.nan)[number],
        "side": side[number],
        "side_basis": basis[number],
        "carriageway_way_id": np.maximum(ids[:, CENTRE], ids[:, OTHER])[number],
        "carriageway_direction": places.direction[number],
        "left_sidewalk_way_id": ids[number, LEFT_SIDEWALK],
        "right_sidewalk_way_id": ids[number, RIGHT_SIDEWALK],
    }


def _sides(
    places: Places,
    shown: NDArray[np.float64],
    seen: NDArray[np.float64],
    threshold: float,
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Name the side where a probability reaches the threshold, and what the statement rests on."""
    side = np.full(len(shown), Side.UNKNOWN.value, dtype=object)
    basis = np.full(len(shown), SideBasis.UNKNOWN.value, dtype=object)
    on_path = places.mapped[:, OTHER]
    for name, states in _SIDES.items():
        columns = list(states)
        named = shown[:, columns].sum(axis=1) >= threshold
        by_line = (shown[:, columns] * places.mapped[:, columns]).sum(axis=1) >= threshold
        by_line |= named & on_path
        alone = seen[:, columns].sum(axis=1) >= threshold
        if name == Side.CENTRE:
            # Thirds of a road below 7 m cannot be told apart by any receiver on a wrist (science.md 5.4).
            named &= places.place_m[:, RIGHT_EDGE] - places.place_m[:, LEFT_EDGE] >= _WIDE_M
        side[named] = name.value
        basis[named] = SideBasis.ASSUMED.value
        basis[named & alone] = SideBasis.SEEN.value
        basis[named & by_line] = SideBasis.MAPPED.value
    return side, basis
