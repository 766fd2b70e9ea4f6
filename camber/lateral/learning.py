"""Learning across runs: what single runs say, pooled, and what each of them is told by the others.

How the runner uses places is a log-likelihood over nodes (`camber.lateral.use`); a map offset is a normal
distribution per piece of a way and direction of travel, to which each run adds information with a slow bias
of its own (camber/standards/model.md, The side). A run is never told what it said itself, so nothing confirms
itself.
"""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING, Final

import numpy as np

from camber.lateral.blocks import block_mean
from camber.schema import Evidence, Learned, MapOffset, UseLikelihood

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from camber.lateral.blocks import Blocks
    from camber.lateral.places import Places
    from camber.schema import MatchedTrack

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    Pair = tuple[float, float]
    Place = tuple[int, int, int]
    """Way, piece, direction of travel."""

_PIECE_M: Final = 250.0
"""Length of the pieces of ways for which map errors are learned [m]: the error's own correlation length
(judgement: lines are traced from picture to picture)."""

_LEAST_INFORMATION: Final = 1e-6
"""A run that knows less of a piece of a way, in precisions of its prior, says nothing of it (judgement:
rounding)."""

_BEST_SIGMA: Final = 0.4
"""However many runs there are, a way's error is known no better than to this share of its prior deviation:
each run tells it from its own bias by the other ways it passed, which err too, and every run passes the same
ones (judgement: about six of them, 1 / sqrt 6)."""

_PLACE_SIGMA_M: Final = 1.0
"""Error of the place that a run takes a runner to be at when it tells a line's offset [m] (judgement: half of
what lies between edge and middle, or edge and sidewalk)."""

SAME_RUNNER: Final = 0.2
"""Correlation of what two runs of a runner on different streets say of the use of places (judgement: the
class of the receiver and what the model leaves out, 0.5 m; the mean of a run errs by 1 m). In
drawn histories passes are correlated by this and the next."""

SAME_STREET: Final = 0.75
"""The same, in addition, of two passes over the same streets in the same direction (judgement: map offset,
width, sidewalks and usual choice there are the same, so that a second pass hardly says anything new)."""


def pool_evidence(evidence: Iterable[Evidence]) -> Learned:
    """Pool what several runs say about the runner's use of places and about the map.

    Parameters
    ----------
    evidence : iterable of Evidence
        One per run, in any order; the same run counts once.

    Returns
    -------
    Learned
        Sums, the same to the last bit whatever the order.
    """
    runs = {one.run: one for one in evidence}
    names = sorted(runs)
    ordered = [runs[name] for name in names]
    weights = novelty([_passes(one) for one in ordered])
    return Learned(
        tuple(names),
        tuple(weights),
        _pooled_uses(zip(ordered, weights, strict=True)),
        as_offsets(_sums(offsets_of(one) for one in ordered)),
    )


def without(learned: Learned, own: Evidence) -> Learned:
    """Take a run out of what was learned, up to rounding; unchanged if it is not part of it.

    What it says today may be of other places than what was learned of it over another map or by an earlier
    version; of those nothing is taken out.
    """
    if own.run not in learned.runs:
        return learned
    at = learned.runs.index(own.run)
    offsets, nothing = offsets_of(own), (0.0, 0.0)
    less_offsets = {}
    for place, (information, weighted) in offsets_of(learned).items():
        own_information, own_weighted = offsets.get(place, nothing)
        less_offsets[place] = max(information - own_information, 0.0), weighted - own_weighted
    uses = {(one.region, one.device): told_of_use(one) for one in learned.uses}
    for one in own.uses:
        if (one.region, one.device) not in uses:
            continue
        uses[one.region, one.device] = uses[one.region, one.device] - learned.weights[at] * told_of_use(one)
    return Learned(
        tuple(run for run in learned.runs if run != own.run),
        tuple(weight for k, weight in enumerate(learned.weights) if k != at),
        tuple(as_use(place, uses[place]) for place in sorted(uses)),
        as_offsets(less_offsets),
        learned.weights[at],
    )


def novelty(passes: Sequence[frozenset[Place]]) -> list[float]:
    """Share of what each run says that is new, given that streets are passed again and the watch is the same.

    A run is a sample of streets. Runs on other streets share the device and the class of the roads, passes
    of one street in one direction share its map offset, width, sidewalks and what the runner usually does
    there; the information of correlated samples is that of fewer (design effect: Kish 1965, "Survey
    Sampling", section 5.4), here 1 / (1 + the sum of the correlations with the other runs).
    """
    count: dict[Place, int] = {}
    for run in passes:
        for place in run:
            count[place] = count.get(place, 0) + 1
    found = []
    for run in passes:
        again = sum(sorted(count[place] - 1 for place in run)) / max(len(run), 1)
        found.append(1.0 / (1.0 + SAME_RUNNER * (len(passes) - 1) + SAME_STREET * again))
    return found


def _passes(said: Evidence) -> frozenset[Place]:
    return frozenset(offsets_of(said))


def _pooled_uses(said: Iterable[tuple[Evidence, float]]) -> tuple[UseLikelihood, ...]:
    """Sum what weighted runs say of the use of places, for each region and device."""
    rows: dict[tuple[str, str], list[FloatArray]] = {}
    for one, weight in said:
        for use in one.uses:
            rows.setdefault((use.region, use.device), []).append(weight * told_of_use(use))
    return tuple(as_use(place, np.sum(rows[place], axis=0)) for place in sorted(rows))


def told_of_use(use: UseLikelihood) -> FloatArray:
    """Give what is said of each node, and of the common errors under it, shape (6, k)."""
    common = use.common or np.zeros((5, len(use.log_likelihood)))
    return np.vstack([use.log_likelihood, common])


def as_use(place: tuple[str, str], told: FloatArray) -> UseLikelihood:
    """Turn what is said of region and device back into a likelihood."""
    log, *common = (tuple(row) for row in told.tolist())
    return UseLikelihood(place[0], log, place[1], tuple(common))


def offsets_of(said: Evidence | Learned) -> dict[Place, Pair]:
    """Give what is said of each place: information and weighted offset."""
    return {
        (row.way_id, row.piece, row.direction): (row.information_per_m2, row.weighted_offset_per_m)
        for row in said.map_offsets
    }


def as_offsets(pairs: Mapping[Place, Pair]) -> tuple[MapOffset, ...]:
    """Turn what is said of places back into rows."""
    return tuple(MapOffset(way, piece, *pair, direction) for (way, piece, direction), pair in pairs.items())


def _sums(said: Iterable[Mapping[Place, Pair]]) -> dict[Place, Pair]:
    """Sum what is said about each place, in the order of the places."""
    pairs: dict[Place, list[Pair]] = {}
    for one in said:
        for about, pair in one.items():
            pairs.setdefault(about, []).append(pair)
    return {about: _sum(pairs[about]) for about in sorted(pairs)}


def _sum(pairs: list[Pair]) -> Pair:
    first, second = zip(*pairs, strict=True)
    return fsum(first), fsum(second)


def map_pieces(blocks: Blocks, places: Places, matched: MatchedTrack) -> IntArray:
    """Piece of the way under each block, by number, shape (n,), for what is learned about the map.

    -1 off the road and where the reference is another line than the matched one.
    """
    chainage = block_mean(matched["chainage_m"].to_numpy(dtype=float), blocks.number)
    own = (places.reference == blocks.way_id) & (blocks.way_id >= 0) & np.isfinite(chainage)
    return np.where(own, np.nan_to_num(chainage) // _PIECE_M, -1).astype(np.int64)


def map_prior(
    way_id: IntArray, piece: IntArray, sigma_m: float, learned: Learned | None
) -> tuple[FloatArray, FloatArray]:
    """Say what is known about the map's error at each block before the run: mean and deviation [m], (n,).

    Of the true middle from the line, way frame. ``sigma_m`` is the deviation where nothing was learned;
    precisions add, down to 0.4 times that. Runs take the place of the runner for granted when they tell a
    line's offset, and all of them alike: what they say has an error in the frame of travel, 1 m, which passes
    in both directions cancel, and which is integrated over.
    """
    known: dict[tuple[int, int], dict[int, Pair]] = {}
    for (way, number, direction), pair in offsets_of(learned or Learned()).items():
        known.setdefault((way, number), {})[direction] = pair
    mean, std = np.zeros(len(way_id)), np.full(len(way_id), sigma_m)
    if known and sigma_m > 0.0:
        nothing = (0.0, 0.0)
        for k, place in enumerate(zip(way_id.tolist(), piece.tolist(), strict=True)):
            if place in known:
                along, against = (known[place].get(direction, nothing) for direction in (1, -1))
                information, weighted = _balanced(along, against)
                precision = sigma_m**-2 + information
                mean[k] = weighted / precision
                std[k] = max(precision**-0.5, _BEST_SIGMA * sigma_m)
    return mean, std


def _balanced(along: Pair, against: Pair) -> Pair:
    """Information about a line's offset once the error that turns with the direction is integrated over.

    Along the drawing runs see m + d, against it m - d, with d normal of variance s^2: the Schur complement of
    the precision of (m, d).
    """
    total, difference = along[0] + against[0], along[0] - against[0]
    shrink = difference / (total + _PLACE_SIGMA_M**-2)
    return total - shrink * difference, along[1] + against[1] - shrink * (along[1] - against[1])


def map_evidence(
    way_id: IntArray,
    piece: IntArray,
    direction: IntArray,
    sigma_m: float,
    mean: FloatArray,
    variance: FloatArray,
) -> tuple[MapOffset, ...]:
    """Say what a run adds to the knowledge of the map's error: its posterior divided by its prior.

    ``way_id`` is -1 where a block says nothing; mean and variance are in units of the prior's standard
    deviation ``sigma_m``. Of each piece the block in its middle speaks, since the error hardly changes within
    a piece and every block has seen the same run.
    """
    rows: dict[Place, list[int]] = {}
    keys = zip(way_id.tolist(), piece.tolist(), direction.tolist(), strict=True)
    for k, place in enumerate(keys):
        if place[0] >= 0:
            rows.setdefault(place, []).append(k)
    found = []
    for (way, number, towards), blocks in sorted(rows.items()):
        k = blocks[len(blocks) // 2]
        gained = 1.0 / variance[k] - 1.0
        if gained > _LEAST_INFORMATION and sigma_m > 0.0:
            weighted = float(mean[k] / variance[k] / sigma_m)
            found.append(MapOffset(way, number, float(gained / sigma_m**2), weighted, towards))
    return tuple(found)
