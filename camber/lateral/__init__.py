"""Where across the street the runner was, and how sure that is.

Evidence is weighed in blocks of 10-15 s with correlated errors (`camber.lateral.switching`); the prior
comes from traffic side, law and tags (`camber.standards`). The evidence is weighed once with and once
without the prior's preference for a side, so that *seen* and *assumed* stay apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely

from camber.conventions import NO_WAY, Side, SideBasis
from camber.lateral.blocks import Blocks, block_mean, cut_blocks
from camber.lateral.existence import draw_existence
from camber.lateral.learning import habit_evidence, map_evidence, map_prior, pool_evidence, without
from camber.lateral.mixture import Hypothesis, Part, combine, draw_histories, likeliest_noise, weigh
from camber.lateral.model import change_probability, map_pieces, observe, transitions
from camber.lateral.noise import classify, noise_hypotheses, why_silent
from camber.lateral.sharing import SharedEvidence
from camber.lateral.street import (
    CENTRE,
    LEFT_EDGE,
    LEFT_SIDEWALK,
    OTHER,
    RIGHT_EDGE,
    RIGHT_SIDEWALK,
    Places,
    StreetShares,
    find_places,
    state_prior,
    street_shares,
)
from camber.lateral.switching import MAP, Smoothed
from camber.schema import (
    Candidates,
    Evidence,
    HabitCount,
    LateralHistories,
    LateralSettings,
    LateralTrack,
    Learned,
    MapOffset,
    MatchedTrack,
    Roads,
    as_lateral_track,
)
from camber.schema.tables import P_STATES, with_columns

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from camber.standards import GnssClass

__all__ = ["SharedEvidence", "locate", "pool_evidence"]

_WIDE_M = 2 * (3.5 - 0.75)
"""Distance between the places at the two edges of a road of 7 m [m]."""

_HABITS = ((-(1.5**0.5), 1.0 / 3.0), (0.0, 1.0 / 3.0), (1.5**0.5, 1.0 / 3.0))
"""Nodes for the runner's habit, in standard deviations, with their weights: three equal ones that have the
variance of the distribution."""

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
    learned: Learned | None = None,
    run: str = "",
    seed: int = 0,
) -> tuple[LateralTrack, LateralHistories, Evidence]:
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
    learned : Learned, optional
        What other runs say; the part of this one is taken out first.
    run : str
        Fingerprint of the recording.
    seed : int
        Seed of what all runs of a runner share: in draw ``i`` of every run the runner has the same habit.

    Returns
    -------
    LateralTrack
        One row per fix, probabilities constant within a block; left and right are those of travel.
    LateralHistories
        Drawn histories of the state.
    Evidence
        What this run says about the runner's habits and the map, gained without ``learned`` and without any
        preference for a side.
    """
    settings = settings or LateralSettings()
    blocks = cut_blocks(matched, candidates, roads.ways, settings)
    offset = matched["offset_m"].to_numpy(dtype=float)
    xy = shapely.get_coordinates(np.asarray(matched.geometry.array))
    places = find_places(blocks, offset, xy, roads)
    device = classify(blocks, block_mean(offset, blocks.number), settings)
    why = why_silent(blocks, matched, settings)
    silent = (why != "") | ~(np.abs(block_mean(offset, blocks.number)) <= settings.mismatch_m)
    places = places._replace(observed_m=np.where(silent[:, np.newaxis], np.nan, places.observed_m))
    change = change_probability(blocks, places, settings)
    stage = _Stage(blocks, places, map_pieces(blocks, places, matched), change, device, settings)
    shares = street_shares(places, roads, None, settings.habit_decisions)
    alone = stage.infer(shares, None, noise_hypotheses(device, settings), habit=False)
    likely = [part.hypothesis.noise for part in alone]
    smoothed = combine(alone)
    evidence = Evidence(run, *stage.evidence(smoothed, shares))
    others = None if learned is None else without(learned, evidence)
    seen, parts = smoothed, alone
    if others is not None:
        shares = street_shares(places, roads, others, settings.habit_decisions)
        parts = stage.infer(shares, others, stage.noises(likely), habit=False)
        seen = combine(parts)
    if settings.facing_habit:
        parts = stage.infer(shares, others, stage.noises(likely), habit=True)
    probability = combine(parts).probability
    n = len(blocks.first)
    doubts = draw_existence(places, shares.sidewalk, draws, seed)
    state = draw_histories(parts, _habit_ranks(seed, draws), rng, doubts)
    state = np.where(_doubtful(blocks.p_off_road, rng.random((draws, n))), np.int8(-1), state)
    astray = _doubtful(1.0 - blocks.p_street, rng.random((draws, n)))
    columns = _columns(blocks, places, probability, seen.probability, settings.threshold)
    frame = with_columns(matched, columns, blocks.number)
    histories = LateralHistories(np.arange(n), state, astray, likeliest_noise(parts), why)
    return as_lateral_track(frame), histories, evidence


def _habit_ranks(seed: int, draws: int) -> NDArray[np.float64]:
    """Ranks of the runner's habit in each draw: one for all runs of a seed, spread evenly."""
    rng = np.random.default_rng([seed, draws])
    return np.asarray((rng.permutation(draws) + rng.random(draws)) / draws)


class _Stage(NamedTuple):
    """What stays the same while the prior changes."""

    blocks: Blocks
    places: Places
    piece: NDArray[np.int64]
    change: NDArray[np.float64]
    device: GnssClass
    settings: LateralSettings

    def noises(self, likely: Iterable[GnssClass]) -> tuple[tuple[GnssClass, float], ...]:
        """Keep those errors that the run alone did not rule out, with their prior weights."""
        kept = set(likely)
        return tuple(pair for pair in noise_hypotheses(self.device, self.settings) if pair[0] in kept)

    def infer(
        self,
        shares: StreetShares,
        learned: Learned | None,
        noises: Iterable[tuple[GnssClass, float]],
        *,
        habit: bool,
    ) -> tuple[Part, ...]:
        """Weigh what the noise, and perhaps the habit, may be, and infer the states under each."""
        line = map_prior(self.places.reference, self.piece, self.settings.map_sigma_m, learned)
        given = tuple(noises)
        pairs = []
        for shift, share in _HABITS if habit else ((0.0, 1.0),):
            prior = state_prior(self.places, shares, habit=habit, shift=shift)
            transition = transitions(self.blocks, prior, self.change)
            for noise, weight in given:
                observed = observe(self.blocks, self.places, noise, (prior, transition), line, self.settings)
                pairs.append((Hypothesis(noise, shift, share * weight), observed))
        return weigh(pairs, self.settings.degrees_of_freedom, self.settings.noise_evidence)

    def evidence(
        self, alone: Smoothed, here: StreetShares
    ) -> tuple[tuple[HabitCount, ...], tuple[MapOffset, ...]]:
        """Read habits and map offsets off what the run says alone."""
        share = alone.probability * ((1.0 - self.blocks.p_off_road) * self.blocks.p_street)[:, None]
        known = np.isfinite(self.places.observed_m).any(axis=1)
        left = share[:, [LEFT_SIDEWALK, LEFT_EDGE]].sum(axis=1)
        right = share[:, [RIGHT_EDGE, RIGHT_SIDEWALK]].sum(axis=1)
        facing = np.where(here.left_faces, left, right)
        against = np.where(here.left_faces, right, left)
        decided = np.where(facing >= against, facing, -against)
        where = np.where(known & (self.piece >= 0), self.places.reference, NO_WAY)
        line = alone.mean[:, MAP], alone.variance[:, MAP]
        return (
            habit_evidence(np.where(known, here.context, ""), decided, self.change, self.settings.threshold),
            map_evidence(where, self.piece, self.settings.map_sigma_m, *line),
        )


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
    """Columns of the lateral track, one value for each block."""
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
        "block": np.arange(len(blocks.first)),
        "p_street": blocks.p_street,
        **{name: shown[:, s] for s, name in enumerate(P_STATES)},
        "offset_mean_m": np.where(known, mean, np.nan),
        "offset_std_m": np.where(known, np.sqrt(np.maximum(variance, 0.0)), np.nan),
        "side": side,
        "side_basis": basis,
        "carriageway_way_id": np.maximum(ids[:, CENTRE], ids[:, OTHER]),
        "carriageway_direction": places.direction,
        "left_sidewalk_way_id": ids[:, LEFT_SIDEWALK],
        "right_sidewalk_way_id": ids[:, RIGHT_SIDEWALK],
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
