"""Whole histories of the switching model, drawn backwards from what its filter found.

Carter & Kohn 1994; Fruhwirth-Schnatter 1994. A sidewalk that no tag tells of either exists at every pass or
at none, in every run. So in each draw a way has one rank, from a generator keyed with the seed, the way and
nothing of the run (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"). A pass over the way is
on the sidewalk where the rank is below its probability of that, so that laps, runs and weeks add draw by
draw instead of averaging out what is not known about the street, and every pass by itself is on it as often
as it is likely to be.

What else is not known of a street, and what the model leaves out of a runner, errs alike at each pass too. So
the numbers that states are drawn by are correlated between passes, as far as what two runs tell of the use of
places is (`camber.lateral.learning`): a Gaussian copula (Nelsen 2006, "An Introduction to Copulas", section
2.3), which leaves every number by itself uniform.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numba
import numpy as np

from camber import standards
from camber.kernels import ZERO, compiled_once, inner_kernel
from camber.lateral.smoothing import NEVER, Backward, lower_root, squared_distances
from camber.lateral.switching import LATENT, Filtered, Observations

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.lateral.blocks import Blocks
    from camber.lateral.places import Places

    FloatArray = NDArray[np.float64]

_COMMON = 2
"""Errors that all runs have in common: the first latent parts."""

_HALVINGS = 20
"""Steps of a bisection: what is left of some metres is nothing."""

_SUREST = 0.98
"""Nothing that is in no map is surer than this to exist (judgement)."""


class Doubts(NamedTuple):
    """States that may not exist; ``n`` blocks, ``s`` states, ``r`` roads in doubt.

    Parameters
    ----------
    doubtful : ndarray of bool, shape (n, s)
        True where a state of a block may not exist.
    road : ndarray of int64, shape (n,)
        Number of the road in doubt under each block; -1 where nothing is in doubt.
    rank : ndarray of float64, shape (draws, r)
        Uniform rank in [0, 1) of each road in each draw.
    used : ndarray of float64, shape (n,)
        Probability that a pass goes by the road's rank and not by one of its own: that of a sidewalk being
        used by those who could.
    """

    doubtful: NDArray[np.bool_]
    road: NDArray[np.int64]
    rank: FloatArray
    used: FloatArray


def no_doubts(draws: int, shape: tuple[int, ...]) -> Doubts:
    """Say that every state of so many blocks and states exists."""
    return Doubts(
        np.zeros(shape, dtype=bool), np.full(shape[0], -1), np.zeros((draws, 0)), np.zeros(shape[0])
    )


def draw_existence(places: Places, share: FloatArray, draws: int, seed: int) -> Doubts:
    """Rank the ways that may have sidewalks without a tag.

    ``share``, shape (n,), is the prior share of runners on a sidewalk: that of one existing and being used.
    """
    used = standards.mapped_sidewalk_share()
    here = places.doubtful.any(axis=1) & (share > 0.0) & (share < _SUREST * used)
    if not here.any():
        return no_doubts(draws, places.doubtful.shape)
    ways, number = np.unique(places.reference[here], return_inverse=True)
    road = np.full(len(here), -1)
    road[here] = number
    rank = np.column_stack(
        [np.random.Generator(np.random.Philox(key=[seed % 2**64, int(way)])).random(draws) for way in ways]
    )
    return Doubts(places.doubtful & here[:, np.newaxis], road, rank, np.full(len(here), used))


class Passes(NamedTuple):
    """Passes of a run over ways in one direction, and what other passes of the same ways share.

    Parameters
    ----------
    on_way : ndarray of bool, shape (n,)
        Whether a block is on one.
    last : ndarray of bool, shape (n,)
        Whether it is the last of its pass, where a history drawn backwards enters it.
    normal : ndarray of float64, shape (draws, n)
        Standard normal numbers of each way and direction, by how many blocks are left of the pass.
    """

    on_way: NDArray[np.bool_]
    last: NDArray[np.bool_]
    normal: FloatArray


def find_passes(blocks: Blocks, places: Places, draws: int, seed: int) -> Passes:
    """Find the passes of a run, and draw for each way and direction what all passes of it share."""
    way = np.column_stack([places.reference, places.direction, blocks.section])
    new = np.r_[True, (way[1:] != way[:-1]).any(axis=1)]
    after = np.append(np.flatnonzero(new)[1:], len(new))[np.cumsum(new) - 1]
    left, on_way = after - 1 - np.arange(len(new)), places.reference >= 0
    normal = np.zeros((draws, len(new)))
    keys = 2 * places.reference + (places.direction > 0)
    # A stream for each key, apart from that of the way's existence: one generator begins anew for each, since
    # to make one takes longer than what is drawn from it.
    bits = np.random.Philox(key=np.array([~seed % 2**64, 0], dtype=np.uint64))
    stream, begin = np.random.Generator(bits), bits.state
    for key in np.unique(keys[on_way]).tolist():
        here = np.flatnonzero(on_way & (keys == key))
        begin["state"]["key"][1] = key
        bits.state = begin
        normal[:, here] = stream.standard_normal((int(left[here].max()) + 1, draws))[left[here]].T
    return Passes(on_way, (left == 0) & on_way, normal)


def no_passes(draws: int, n: int) -> Passes:
    """Say that no block is on a way that other passes share."""
    nowhere = np.zeros(n, dtype=bool)
    return Passes(nowhere, nowhere, np.zeros((draws, n)))


@compiled_once
@numba.njit(cache=True)
def rank_blocks(
    passes: Passes, own: FloatArray, runner: FloatArray, same_street: float, same_runner: float
) -> FloatArray:
    """Uniform ranks of the blocks, shape (draws, n): sums of normal numbers, each rank by itself uniform.

    From those of this run alone, ``own``, (draws, n); of the ways; and of the runner, (draws,). The runner's
    goes in where a pass ends: what is between follows the state there.
    """
    draws, n = own.shape
    rank = np.empty((draws, n))
    for d in range(draws):
        for k in range(n):
            value = own[d, k]
            if passes.on_way[k]:
                common = same_runner if passes.last[k] else 0.0
                value *= math.sqrt(1.0 - same_street - common)
                value += math.sqrt(same_street) * passes.normal[d, k] + math.sqrt(common) * runner[d]
            rank[d, k] = 0.5 * math.erfc(-value * math.sqrt(0.5))
    return rank


@compiled_once
@numba.njit(cache=True)
def sample(
    given: Observations,
    filtered: Filtered,
    back: Backward,
    uniform: FloatArray,
    normal: FloatArray,
    doubts: Doubts,
) -> NDArray[np.int8]:
    """Draw histories from the joint posterior of the states, shape (draws, n).

    From uniform numbers in [0, 1), shape (draws, n), and standard normal ones, shape (draws, n, 6). Those of
    the last block say, by their rank, what the errors are that all runs have in common.
    """
    draws, n = uniform.shape
    s, last = filtered.weight.shape[1], n - 1
    state, latent = np.zeros((n, draws), dtype=np.int8), np.zeros((LATENT, draws))
    likely, reach, near = np.zeros(s), np.zeros((s, s)), np.zeros((s, draws))
    roots, begin = np.zeros((s, LATENT, LATENT)), normal[:, last:].copy()
    for a in range(s):
        lower_root(filtered.covariance[last], a, roots)
    away = np.zeros((s, _COMMON))
    for d in range(draws):
        for a in range(s):
            likely[a] = filtered.weight[last, a]
        _draw_common(likely, filtered.mean[last], roots, normal[d, last], away)
        state[last, d] = _draw_entry(likely, doubts, last, d, uniform[d, last])
        for i in range(_COMMON):
            begin[d, 0, i] = away[state[last, d], i]
    # Nothing comes after the last block: without gains its own Gaussians are drawn from.
    nothing, none = np.zeros((s, LATENT)), np.zeros((s, LATENT, LATENT))
    remaining, rooted = np.zeros((s, LATENT, LATENT)), np.zeros(s, dtype=np.bool_)
    _draw_latents(ZERO, state[last], filtered.mean[last], nothing, none, roots, begin, latent)
    for k in range(n - 2, -1, -1):
        weight, mean = filtered.weight[k], filtered.mean[k]
        # How likely each state was, given the state after it and the latent parts drawn there.
        squared_distances(latent, back.log_height[k], back.centre[k], back.whiten[k], near)
        for a in range(s):
            for b in range(s):
                way = weight[a] * given.transition[k + 1, a, b]
                reach[a, b] = np.log(way) + back.log_height[k, a] if way > 0.0 else -np.inf
        enters, rooted[:] = doubts.road[k] >= 0 and doubts.road[k + 1] != doubts.road[k], False
        for d in range(draws):
            after, highest = state[k + 1, d], -np.inf
            for a in range(s):
                likely[a] = reach[a, after] - 0.5 * near[a, d]
                highest = max(highest, likely[a])
            for a in range(s):
                likely[a] = np.exp(likely[a] - highest) if likely[a] > highest - NEVER else 0.0
            if enters:
                chosen = _draw_entry(likely, doubts, k, d, uniform[d, k])
            else:
                chosen = _draw(likely, uniform[d, k])
            state[k, d] = chosen
            # Few of the states are drawn: what it takes to draw their latent parts is worked out then.
            if not rooted[chosen]:
                rooted[chosen] = True
                _remaining(filtered.covariance, given.keep, back.gain, k, chosen, remaining)
                lower_root(remaining, chosen, roots)
        _draw_latents(k, state[k], mean, back.centre[k], back.gain[k], roots, normal, latent)
    return state.T


@inner_kernel
def _draw_common(
    likely: FloatArray, mean: FloatArray, root: FloatArray, normal: FloatArray, away: FloatArray
) -> None:
    """Draw the common errors before the state: likely states, (s,), follow from them.

    Each error is that of the rank among all states together, so that it is the same whatever the state. How
    far it is from the mean under each state, in its own standard deviations, goes into the last, (s, 2).
    """
    s = len(likely)
    centre = np.empty(s)
    for i in range(_COMMON):
        for a in range(s):
            centre[a] = mean[a, i]
            for j in range(i):
                centre[a] += root[a, i, j] * away[a, j]
        value = _quantile(likely, centre, root[:, i, i], normal[i])
        highest = -np.inf
        for a in range(s):
            away[a, i] = (value - centre[a]) / root[a, i, i]
            if likely[a] > 0.0:
                highest = max(highest, -0.5 * away[a, i] ** 2 - np.log(root[a, i, i]))
        for a in range(s):
            if likely[a] > 0.0:
                likely[a] *= np.exp(-0.5 * away[a, i] ** 2 - np.log(root[a, i, i]) - highest)


@inner_kernel
def _quantile(weight: FloatArray, centre: FloatArray, scale: FloatArray, normal: float) -> float:
    """Value of a mixture of normal distributions with the rank of a standard normal number, by bisection."""
    low, high, total = np.inf, -np.inf, 0.0
    for a in range(len(weight)):
        if weight[a] > 0.0:
            low = min(low, centre[a] + scale[a] * normal)
            high = max(high, centre[a] + scale[a] * normal)
            total += weight[a]
    rank = total * math.erfc(-normal * math.sqrt(0.5))
    for _ in range(_HALVINGS):
        middle, below = 0.5 * (low + high), 0.0
        for a in range(len(weight)):
            if weight[a] > 0.0:
                below += weight[a] * math.erfc((centre[a] - middle) / scale[a] * math.sqrt(0.5))
        if below < rank:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


@inner_kernel
def _remaining(
    covariance: FloatArray, keep: FloatArray, gain: FloatArray, k: int, a: int, remaining: FloatArray
) -> None:
    """Write the covariance of the latent parts once those of the next block are given into the last."""
    size = remaining.shape[1]
    for i in range(size):
        for j in range(i + 1):
            value = covariance[k, a, i, j]
            for m in range(size):
                value -= gain[k, a, i, m] * keep[k + 1, m] * covariance[k, a, m, j]
            remaining[a, i, j] = value


@inner_kernel
def _draw_entry(weight: FloatArray, doubts: Doubts, block: int, draw: int, uniform: float) -> int:
    """Draw a state at the end of a pass; most passes go by the road's rank, which all passes share.

    Whatever the rank, a state is drawn as often as its weight says: the rank is as uniform as the number.
    """
    if doubts.road[block] < 0:
        return _draw(weight, uniform)
    doubtful, used = doubts.doubtful[block], doubts.used[block]
    total, walk = 0.0, 0.0
    for a in range(len(weight)):
        total += weight[a]
        walk += weight[a] if doubtful[a] else 0.0
    if walk <= 0.0 or walk >= total:
        return _draw(weight, uniform)
    if uniform >= used:
        return _draw(weight, (uniform - used) / (1.0 - used))
    on_walk = doubts.rank[draw, doubts.road[block]] * total < walk
    for a in range(len(weight)):
        if doubtful[a] != on_walk:
            weight[a] = 0.0
    return _draw(weight, uniform / used)


@inner_kernel
def _draw(weight: FloatArray, uniform: float) -> int:
    """Index drawn by inverting the cumulative weights."""
    total, running, chosen = 0.0, 0.0, 0
    for b in range(len(weight)):
        total += weight[b]
    target = uniform * total
    for b in range(len(weight)):
        if weight[b] > 0.0:
            chosen = b
            running += weight[b]
            if running > target:
                break
    return chosen


@inner_kernel
def _draw_latents(
    block: int,
    state: NDArray[np.int8],
    mean: FloatArray,
    centre: FloatArray,
    gain: FloatArray,
    root: FloatArray,
    normal: FloatArray,
    latent: FloatArray,
) -> None:
    """Draw the latent parts of all draws given those of the next block, which are overwritten."""
    away = np.empty(LATENT)
    for d in range(len(state)):
        a = state[d]
        for i in range(LATENT):
            away[i] = latent[i, d] - centre[a, i]
        for i in range(LATENT):
            total = mean[a, i]
            for j in range(LATENT):
                total += gain[a, i, j] * away[j]
            for j in range(i + 1):
                total += root[a, i, j] * normal[d, block, j]
            latent[i, d] = total
