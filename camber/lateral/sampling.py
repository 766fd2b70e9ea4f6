"""Kernel that draws whole histories of the switching model, backwards from what the filter found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from camber.lateral.kernels import LATENT, NEVER, lower_root, prepare_back, squared_distances

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]


@numba.njit(cache=True)
def _draw(weights: FloatArray, u: float) -> int:
    """Index drawn by inverting the cumulative weights."""
    target = u * weights.sum()
    running = 0.0
    chosen = 0
    for b in range(len(weights)):
        if weights[b] > 0.0:
            chosen = b
            running += weights[b]
            if running > target:
                break
    return chosen


@numba.njit(cache=True)
def sample_blocks(
    keep: FloatArray,
    transition: FloatArray,
    weight: FloatArray,
    mean: FloatArray,
    covariance: FloatArray,
    uniform: FloatArray,
    normal: FloatArray,
    doubtful: NDArray[np.bool_],
    road: NDArray[np.int64],
    rank: FloatArray,
    used: float,
) -> NDArray[np.int8]:
    """Draw whole histories; see `camber.lateral.switching.sample`.

    Parameters
    ----------
    keep, transition : ndarray of float64
        Fields of `camber.lateral.switching.Observations`.
    weight, mean, covariance : ndarray of float64
        Fields of `camber.lateral.switching.Filtered`.
    uniform : ndarray of float64, shape (draws, n)
        Uniform numbers in [0, 1).
    normal : ndarray of float64, shape (draws, n, 6)
        Standard normal numbers.
    doubtful, road, rank, used : ndarray, float
        Fields of `camber.lateral.existence.Doubts`.

    Returns
    -------
    ndarray of int8, shape (draws, n)
        State of each block in each draw.
    """
    draws, n = uniform.shape
    s = weight.shape[1]
    # Draws lie along the last axis, so that the processor takes several at once.
    state, latent, near = np.zeros((n, draws), dtype=np.int8), np.zeros((LATENT, draws)), np.zeros((s, draws))
    value = np.zeros(draws)
    centre, predicted = np.zeros((s, LATENT)), np.zeros((s, LATENT, LATENT))
    whiten, gain, root = (
        np.zeros((s, LATENT, LATENT)),
        np.zeros((s, LATENT, LATENT)),
        np.zeros((s, LATENT, LATENT)),
    )
    scratch, logs, height = np.zeros((LATENT, LATENT)), np.zeros(s), np.zeros(s)
    reach = np.zeros((s, s))
    for a in range(s):
        lower_root(covariance[n - 1, a], root[a])
    for d in range(draws):
        logs[:] = weight[n - 1]
        if road[n - 1] >= 0:
            chosen = _enter(logs, doubtful[n - 1], rank[d, road[n - 1]], used, uniform[d, n - 1])
        else:
            chosen = _draw(logs, uniform[d, n - 1])
        state[n - 1, d] = chosen
        for i in range(LATENT):
            latent[i, d] = mean[n - 1, chosen, i]
            for j in range(i + 1):
                latent[i, d] += root[chosen, i, j] * normal[d, n - 1, j]
    for k in range(n - 2, -1, -1):
        prepare_back(
            weight[k], mean[k], covariance[k], keep[k + 1], centre, predicted, whiten, gain, height, scratch
        )
        for a in range(s):
            if weight[k, a] > 0.0:
                _remaining(covariance[k, a], keep[k + 1], gain[a], scratch)
                lower_root(scratch, root[a])
                squared_distances(latent, centre[a], whiten[a], value, near[a])
            for b in range(s):
                likely = weight[k, a] * transition[k + 1, a, b]
                reach[a, b] = np.log(likely) + height[a] if likely > 0.0 else -np.inf
        for d in range(draws):
            after, highest = state[k + 1, d], -np.inf
            for a in range(s):
                logs[a] = reach[a, after] - 0.5 * near[a, d] if reach[a, after] > -np.inf else -np.inf
                highest = max(highest, logs[a])
            for a in range(s):
                logs[a] = np.exp(logs[a] - highest) if logs[a] > highest - NEVER else 0.0
            if road[k] >= 0 and road[k + 1] != road[k]:
                state[k, d] = _enter(logs, doubtful[k], rank[d, road[k]], used, uniform[d, k])
            else:
                state[k, d] = _draw(logs, uniform[d, k])
        _draw_latents(state[k], mean[k], centre, gain, root, normal[:, k], latent)
    return state.T.copy()


@numba.njit(cache=True)
def _enter(weights: FloatArray, doubtful: NDArray[np.bool_], rank: float, used: float, uniform: float) -> int:
    """Draw a state at the end of a pass; most passes go by the road's rank, which all passes share.

    Whatever the rank, a state is drawn as often as its weight says: the rank is as uniform as the number.
    """
    total, walk = 0.0, 0.0
    for a in range(len(weights)):
        total += weights[a]
        walk += weights[a] if doubtful[a] else 0.0
    if walk <= 0.0 or walk >= total:
        return _draw(weights, uniform)
    if uniform >= used:
        return _draw(weights, (uniform - used) / (1.0 - used))
    on_walk = rank * total < walk
    for a in range(len(weights)):
        if doubtful[a] != on_walk:
            weights[a] = 0.0
    return _draw(weights, uniform / used)


@numba.njit(cache=True)
def _remaining(covariance: FloatArray, keep: FloatArray, gain: FloatArray, remaining: FloatArray) -> None:
    """Covariance of the latent parts once those of the next block are given, written into the last."""
    for i in range(LATENT):
        for j in range(LATENT):
            total = covariance[i, j]
            for m in range(LATENT):
                total -= gain[i, m] * keep[m] * covariance[m, j]
            remaining[i, j] = total


@numba.njit(cache=True)
def _draw_latents(
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
                total += root[a, i, j] * normal[d, j]
            latent[i, d] = total
