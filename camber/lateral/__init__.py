"""Where across the street the runner was, and how sure that is.

Evidence is weighed in blocks of 10-15 s with correlated errors (`camber.lateral.switching`); the prior
comes from traffic side, law and tags (`camber.standards`). The evidence is weighed once with and once
without the prior's preference for a side, so that *seen* and *assumed* stay apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely

from camber.conventions import (
    CENTRE,
    LEFT_EDGE,
    LEFT_SIDEWALK,
    NO_WAY,
    OTHER,
    P_STATES,
    RIGHT_EDGE,
    RIGHT_SIDEWALK,
    Side,
    SideBasis,
)
from camber.cross_section import OffsetAssumptions
from camber.lateral.blocks import Blocks, block_mean, cut_blocks
from camber.lateral.hypotheses import Hypothesis, Posterior, alike, draw_histories, observer, weigh
from camber.lateral.learning import (
    map_evidence,
    map_pieces,
    map_prior,
    pool_evidence,
    without,
)
from camber.lateral.noise import classify, noise_hypotheses, why_silent
from camber.lateral.places import (
    Places,
    chainage_on,
    find_places,
    silenced,
)
from camber.lateral.sampling import draw_existence, find_passes
from camber.lateral.state_prior import (
    StreetShares,
    change_probability,
    mover,
    state_prior,
    street_shares,
)
from camber.lateral.statements import SharedEvidence
from camber.lateral.switching import MAP
from camber.lateral.told_passes import (
    Claims,
    Ground,
    claims_on,
    with_answers,
    with_claims,
    without_claims,
)
from camber.lateral.told_streets import measured_middle, region_of, said_of_use
from camber.lateral.use import (
    CommonErrors,
    Hypothesised,
    Looks,
    hypothesise,
    learned_shares,
    mixed_prior,
    use_likelihood,
    use_posterior,
)
from camber.schema import (
    Candidates,
    Evidence,
    LateralHistories,
    LateralSettings,
    LateralTrack,
    Learned,
    MatchedTrack,
    Observed,
    Roads,
    UseLikelihood,
    WidthObserved,
    as_lateral_track,
)
from camber.schema.column_arrays import with_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.standards import GnssClass

    FloatArray = NDArray[np.float64]

__all__ = ["SharedEvidence", "gather", "learned_shares", "locate", "pool_evidence"]

_WIDE_M = 2.0 * (3.5 - OffsetAssumptions().edge_clearance_m)
"""Distance between the places at the two edges of a road of 7 m [m]."""

_BEYOND_M, _BEYOND_SIGMAS = 4.0, 2.0
"""Further than this, and so many deviations of the half width, from the place at its edge the carriageway has
ended [m] (judgement: what the runner leaves free there, and two deviations of the map's line)."""

_SIDES = {
    Side.LEFT: [LEFT_SIDEWALK, LEFT_EDGE],
    Side.CENTRE: [CENTRE],
    Side.RIGHT: [RIGHT_EDGE, RIGHT_SIDEWALK],
    Side.OTHER: [OTHER],
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
    observed: Observed | None = None,
    device: str = "",
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
        Seed of what all runs of a runner share: in draw ``i`` of every run places are used alike.
    observed : Observed, optional
        What was told or measured of sides, sidewalks, widths and habits.
    device : str
        What recorded the run: the offset of a device is the same in all its runs.

    Returns
    -------
    LateralTrack
        One row per fix, probabilities constant within a block; left and right are those of travel.
    LateralHistories
        Drawn histories of the state.
    Evidence
        What this run says about the runner's use of places and the map, gained without ``learned``.
    """
    settings = settings or LateralSettings()
    scene, silent = _look(matched, candidates, roads, settings, observed, device)
    blocks, places, shares = scene.blocks, scene.places, street_shares(scene.places, roads)
    seen = posterior = alone = infer_alone(scene, shares)
    scene = _told(scene, shares, observed, run)
    claims = scene.claims
    known = () if learned is None or claims is not None else learned.own
    said = alone if claims is None else infer_alone(scene, shares)
    evidence = _evidence(run, scene, said, shares, known)
    others = None if learned is None else without(learned, evidence)
    if others is not None:
        seen = posterior = infer_told(scene._replace(claims=None), shares, alone, others)
    if settings.facing_habit:
        own = said_of_use(observed, roads, scene.region)
        where = scene.region, scene.recorder
        uses = hypothesise(use_posterior(evidence.uses, others, where, own))
        posterior = infer_with_use(scene, shares, alone, others, uses)
    elif claims is not None:
        posterior = said if others is None else infer_told(scene, shares, alone, others)
    n = len(blocks.first)
    doubts = with_answers(draw_existence(places, shares.sidewalk, draws, seed), claims, seed)
    passes = find_passes(blocks, places, draws, seed)
    state = draw_histories(posterior, alike(seed, device, draws), rng, doubts, passes) % len(P_STATES)
    state = np.where(_doubtful(blocks.p_off_road, rng.random((draws, n))), np.int8(-1), state)
    astray = _doubtful(1.0 - blocks.p_street, rng.random((draws, n)))
    columns = _columns(blocks, places, posterior, seen, claims, settings.threshold)
    frame = with_columns(matched, columns, blocks.number)
    histories = LateralHistories(np.arange(n), state, astray, posterior.likeliest_noise, silent)
    return as_lateral_track(frame), histories, evidence


def gather(
    matched: MatchedTrack,
    candidates: Candidates,
    roads: Roads,
    settings: LateralSettings | None = None,
    *,
    run: str = "",
    observed: Observed | None = None,
    device: str = "",
) -> Evidence:
    """Find out what a run says about the runner's use of places and the map: the part of `locate` for that.

    Parameters
    ----------
    matched, candidates, roads, settings, run, observed, device
        As for `locate`.

    Returns
    -------
    Evidence
        The same as that of `locate`.
    """
    scene, _ = _look(matched, candidates, roads, settings or LateralSettings(), observed, device)
    shares = street_shares(scene.places, roads)
    scene = _told(scene, shares, observed, run)
    return _evidence(run, scene, infer_alone(scene, shares), shares)


def _look(
    matched: MatchedTrack,
    candidates: Candidates,
    roads: Roads,
    settings: LateralSettings,
    observed: Observed | None,
    device: str,
) -> tuple[Scene, str]:
    """Lay a run out; one that is no evidence of a side is silenced, and why."""
    scene = lay_out(matched, candidates, roads, settings, observed)._replace(recorder=device)
    silent = why_silent(scene.blocks, matched, settings)
    if silent:
        scene = scene._replace(places=silenced(scene.places, np.ones(len(scene.piece), dtype=bool)))
    return scene, silent


class Scene(NamedTuple):
    """A run and its streets, as all inferences see them; ``n`` blocks.

    Parameters
    ----------
    blocks, places : Blocks, Places
        The run and the streets around it.
    piece : ndarray of int64, shape (n,)
        Piece of the way under each block.
    change : ndarray of float64, shape (n,)
        Probability that the runner made up its mind anew since the block before.
    device : GnssClass
        Likeliest class of errors.
    region : str
        Where it was, for what towns share.
    settings : LateralSettings
        Numbers of the model.
    along_m : ndarray of float64, shape (n,)
        Chainage on the street, where something was observed that is in a place of its own [m].
    widths : tuple of WidthObserved
        Where the middle of streets lies.
    claims : Claims or None
        What was told of sides.
    recorder : str
        What recorded the run.
    """

    blocks: Blocks
    places: Places
    piece: NDArray[np.int64]
    change: FloatArray
    device: GnssClass
    region: str
    settings: LateralSettings
    along_m: FloatArray
    widths: tuple[WidthObserved, ...] = ()
    claims: Claims | None = None
    recorder: str = ""


def lay_out(
    matched: MatchedTrack,
    candidates: Candidates,
    roads: Roads,
    settings: LateralSettings,
    observed: Observed | None = None,
) -> Scene:
    """Cut a run into blocks and find its streets; blocks far from their way are no evidence of a side."""
    blocks = cut_blocks(matched, candidates, roads, settings)
    offset = matched["offset_m"].to_numpy(dtype=float)
    xy = shapely.get_coordinates(np.asarray(matched.geometry.array))
    places = find_places(blocks, offset, xy, roads, observed)
    mean_offset = block_mean(offset, blocks.number)
    device = classify(blocks, mean_offset, settings)
    places = silenced(places, ~(np.abs(mean_offset) <= settings.mismatch_m))
    change = change_probability(blocks, places, settings)
    pieces, region = map_pieces(blocks, places, matched), region_of(roads.crs, xy)
    along, widths = np.zeros(len(blocks.first)), () if observed is None else observed.widths
    if observed is not None and (observed.sides or widths):
        along = chainage_on(places, blocks, matched, roads)
    return Scene(blocks, places, pieces, change, device, region, settings, along, widths)


def _told(scene: Scene, shares: StreetShares, observed: Observed | None, run: str) -> Scene:
    """Add what was told of sides."""
    if observed is None or not observed.sides:
        return scene
    blocks, places = scene.blocks, scene.places
    ground = Ground(places.reference, places.direction, scene.along_m, blocks.distance_m, shares.habit >= 1.0)
    return scene._replace(claims=claims_on(ground, observed.sides, run, state_prior(places, shares)))


def infer_alone(scene: Scene, shares: StreetShares) -> Posterior:
    """Infer the states from the recording alone, without any preference for a side."""
    return _infer(scene, shares, None, noise_hypotheses(scene.device, scene.settings), None)


def infer_told(scene: Scene, shares: StreetShares, alone: Posterior, others: Learned) -> Posterior:
    """Infer the states with what other runs say of the map, under the errors that the run left possible."""
    return _infer(scene, shares, others, _left(scene, alone), None)


def infer_with_use(
    scene: Scene,
    shares: StreetShares,
    alone: Posterior,
    others: Learned | None,
    uses: tuple[Hypothesised, ...],
) -> Posterior:
    """Infer the states with what the runner prefers too, under a few hypotheses on that."""
    return _infer(scene, shares, others, _left(scene, alone), uses)


def _left(scene: Scene, alone: Posterior) -> tuple[tuple[GnssClass, float], ...]:
    """Errors that the run alone did not rule out, with their prior weights."""
    return tuple(pair for pair in noise_hypotheses(scene.device, scene.settings) if pair[0] in alone.noises)


def _infer(
    scene: Scene,
    shares: StreetShares,
    learned: Learned | None,
    noises: tuple[tuple[GnssClass, float], ...],
    uses: tuple[Hypothesised, ...] | None,
) -> Posterior:
    """Weigh what the noise may be, and infer the states under each, and under each use of places."""
    blocks, places, settings = scene.blocks, scene.places, scene.settings
    line = map_prior(places.reference, scene.piece, settings.map_sigma_m, learned)
    if scene.widths and (learned is not None or uses is not None):
        line = measured_middle(places.reference, scene.along_m, line, scene.widths)
    priors = [(1.0, state_prior(places, shares), CommonErrors(np.zeros(2), np.eye(2)))]
    if uses is not None:
        priors = [(use.mass, mixed_prior(places, shares, use.share), use.common) for use in uses]
    move, hypotheses = mover(blocks, scene.change), []
    for number, (mass, prior, common) in enumerate(priors):
        states = prior, move(prior)
        observe = observer(blocks, places, states, line, common, settings)
        for noise, weight in noises:
            told = with_claims(observe(noise), scene.claims, move)
            hypotheses.append(Hypothesis(noise, number, mass, weight, told))
    return weigh(hypotheses, settings.degrees_of_freedom, settings.noise_evidence)


def _evidence(
    run: str, scene: Scene, alone: Posterior, here: StreetShares, known: tuple[UseLikelihood, ...] = ()
) -> Evidence:
    """Read the use of places, unless it is known already, and map offsets off what the run says alone."""
    blocks, places, states, settings = scene.blocks, scene.places, alone.states, scene.settings
    likeliest = max(alone.parts, key=lambda part: part.weight)
    looks = Looks(blocks, places, here, scene.change, without_claims(likeliest.observations), scene.claims)
    uses = known or use_likelihood((scene.region, scene.recorder), looks, settings.degrees_of_freedom)
    seen = np.isfinite(places.observed_m).any(axis=1)
    where = np.where(seen & (scene.piece >= 0), places.reference, NO_WAY)
    line = states.mean[:, MAP], states.variance[:, MAP]
    offsets = map_evidence(where, scene.piece, places.direction, settings.map_sigma_m, *line)
    return Evidence(run, uses, offsets)


def _doubtful(probability: FloatArray, uniform: FloatArray) -> NDArray[np.bool_]:
    """Draw where a doubt of the matcher comes true: one decision for each stretch in doubt."""
    doubt = probability > 0.01
    stretch = np.cumsum(np.r_[True, ~(doubt[1:] & doubt[:-1])]) - 1
    first = np.flatnonzero(np.r_[True, np.diff(stretch) > 0])
    return np.ascontiguousarray(uniform[:, first][:, stretch] < probability)


def _columns(
    blocks: Blocks,
    places: Places,
    posterior: Posterior,
    seen: Posterior,
    claims: Claims | None,
    threshold: float,
) -> dict[str, Any]:
    """Columns of the lateral track, one value for each block."""
    probability, on_road = posterior.states.probability, 1.0 - blocks.p_off_road
    shown = probability * on_road[:, np.newaxis]
    shown[:, OTHER] += blocks.p_off_road
    sure = (on_road * blocks.p_street)[:, np.newaxis]
    side, basis = _sides(places, probability * sure, seen.states.probability * sure, claims, threshold)
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


def _shown_by_map(places: Places, seen: FloatArray, states: list[int]) -> NDArray[np.bool_]:
    """Whether a side may be called seen, shape (n,): it is on the carriageway, or a sidewalk in the map.

    Not where more than two thirds of it are a sidewalk that no tag and no line shows, for then the road may
    as well be wider; nor beyond the place where the carriageway may end, and no sidewalk is known.
    """
    doubtful = (seen[:, states] * places.doubtful[:, states]).sum(axis=1)
    surest = (seen[:, states] * ~places.doubtful[:, states]).sum(axis=1)
    edges = np.abs(places.place_m[:, [LEFT_EDGE, RIGHT_EDGE]]).max(axis=1)
    end = edges + _BEYOND_M + _BEYOND_SIGMAS * places.width_std_m[:, RIGHT_EDGE]
    walk = (places.way_id[:, states] != NO_WAY) & np.isin(states, [LEFT_SIDEWALK, RIGHT_SIDEWALK])
    known = (walk & ~places.doubtful[:, states]).any(axis=1)
    off_road = places.way_id[:, CENTRE] == NO_WAY
    beyond = np.abs(places.observed_m[:, CENTRE]) > end
    return np.asarray(off_road | ((doubtful <= 2.0 * surest) & (known | ~beyond)))


def _sides(
    places: Places, shown: FloatArray, seen: FloatArray, claims: Claims | None, threshold: float
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Name the side where a probability reaches the threshold, and what the statement rests on."""
    side = np.full(len(shown), Side.UNKNOWN.value, dtype=object)
    basis = np.full(len(shown), SideBasis.UNKNOWN.value, dtype=object)
    on_path = places.mapped[:, OTHER]
    agrees = np.zeros(shown.shape, dtype=bool) if claims is None else claims.agreed()
    for name, states in _SIDES.items():
        named = shown[:, states].sum(axis=1) >= threshold
        by_line = (shown[:, states] * places.mapped[:, states]).sum(axis=1) >= threshold
        by_line |= named & on_path
        alone = (seen[:, states].sum(axis=1) >= threshold) & _shown_by_map(places, seen, states)
        if name == Side.CENTRE:
            # Thirds of a road below 7 m cannot be told apart by any receiver on a wrist: places 2 m apart
            # are told apart in 60 to 70 % of cases over a kilometre (simulated, errors of 3 to 5 m).
            named &= places.place_m[:, RIGHT_EDGE] - places.place_m[:, LEFT_EDGE] >= _WIDE_M
        side[named] = name.value
        basis[named] = SideBasis.ASSUMED.value
        basis[named & agrees[:, states].any(axis=1)] = SideBasis.TOLD.value
        basis[named & alone] = SideBasis.SEEN.value
        basis[named & by_line] = SideBasis.MAPPED.value
    return side, basis
