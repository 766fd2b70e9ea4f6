"""What the whole run says of each block of the switching model: back in time from what its filter found.

Steps back are prepared once for all blocks (`prepare_back`); the smoother takes them, and so do the draws of
`camber.lateral.sampling`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numba
import numpy as np

from camber.kernels import compiled_once, inner_kernel
from camber.lateral.switching import LATENT, Filtered, Observations, predict

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

NEVER = 40.0
"""States whose logarithm is this much below that of the likeliest are never drawn."""

_FLOOR = 1e-6
"""Smallest pivot of a Cholesky factor, so that rounding never stops a run."""

_NEGLIGIBLE = 1e-9
"""States and origins that are less likely than this are passed over by the smoother."""


class Smoothed(NamedTuple):
    """What the whole run says about each block.

    Parameters
    ----------
    probability : ndarray of float64, shape (n, s)
        Probabilities of the states; they sum to 1 in each row.
    mean, variance : ndarray of float64, shape (n, 6)
        Mean and variance of each latent part, over all states.
    """

    probability: FloatArray
    mean: FloatArray
    variance: FloatArray


class Backward(NamedTuple):
    """What steps back in time need of the ``s`` filtered Gaussians of each of ``n`` blocks, but for the last.

    Parameters
    ----------
    centre : ndarray of float64, shape (n, s, 6)
        Means of their predictions of the next block.
    whiten, gain : ndarray of float64, shape (n, s, 6, 6)
        Inverses of the lower Cholesky factors of the predictions' covariances; gains of the smoother.
    log_height : ndarray of float64, shape (n, s)
        Logarithms of the predictions' heights, up to a constant; -inf for a Gaussian without weight, of which
        nothing else is said.
    """

    centre: FloatArray
    whiten: FloatArray
    gain: FloatArray
    log_height: FloatArray


@inner_kernel
def lower_root(matrix: FloatArray, a: int, root: FloatArray) -> None:
    """Write the lower Cholesky factor of matrix ``a``, whose lower half is read, into that of the last."""
    size = root.shape[1]
    for j in range(size):
        pivot = matrix[a, j, j]
        for k in range(j):
            pivot -= root[a, j, k] * root[a, j, k]
        root[a, j, j] = np.sqrt(max(pivot, _FLOOR))
        # A division for each column: they take longer than all else.
        share = 1.0 / root[a, j, j]
        for i in range(j + 1, size):
            value = matrix[a, i, j]
            for k in range(j):
                value -= root[a, i, k] * root[a, j, k]
            root[a, i, j] = value * share


def prepare_back(given: Observations, filtered: Filtered) -> Backward:
    """Prepare all steps back in time, from the filtered Gaussians of the blocks."""
    back: Backward = _prepare(filtered.weight, filtered.mean, filtered.covariance, given.keep)
    return back


@compiled_once
@numba.njit(cache=True)
def _prepare(weight: FloatArray, mean: FloatArray, covariance: FloatArray, keep: FloatArray) -> Backward:
    # Sizes are read off the arrays: loops over a constant would be written out, which takes long to compile.
    n, s, size = mean.shape
    centre, whiten, gain = np.empty((n, s, size)), np.empty((n, s, size, size)), np.empty((n, s, size, size))
    ahead, predicted, root = np.zeros((s, size)), np.zeros((s, size, size)), np.zeros((s, size, size))
    log_height, product = np.empty((n, s)), np.zeros((size, size))
    for k in range(n):
        for a in range(s):
            log_height[k, a] = -np.inf
            if k < n - 1 and weight[k, a] > 0.0:
                predict(mean, covariance, k, a, keep, ahead, predicted)
                for i in range(size):
                    centre[k, a, i] = ahead[a, i]
                lower_root(predicted, a, root)
                log_height[k, a] = _invert(root, whiten, k, a)
                _smoother_gain(covariance, keep, whiten, k, a, product, gain)
    return Backward(centre, whiten, gain, log_height)


@inner_kernel
def _invert(root: FloatArray, inverse: FloatArray, k: int, a: int) -> float:
    """Write the inverse of lower factor ``a``, its lower half, into the last; minus its log determinant."""
    size, height = root.shape[1], 1.0
    for i in range(size):
        share = 1.0 / root[a, i, i]
        height *= share
        for j in range(i):
            value = 0.0
            for m in range(j, i):
                value -= root[a, i, m] * inverse[k, a, m, j]
            inverse[k, a, i, j] = value * share
        inverse[k, a, i, i] = share
    return float(np.log(height))


@inner_kernel
def _smoother_gain(
    covariance: FloatArray,
    keep: FloatArray,
    whiten: FloatArray,
    k: int,
    a: int,
    product: FloatArray,
    gain: FloatArray,
) -> None:
    """Write the gain (Rauch, Tung & Striebel 1965): covariance with the next block, over its own."""
    size = len(product)
    for i in range(size):
        for m in range(size):
            value = 0.0
            for j in range(m + 1):
                value += covariance[k, a, i, j] * keep[k + 1, j] * whiten[k, a, m, j]
            product[i, m] = value
        for j in range(size):
            value = 0.0
            for m in range(j, size):
                value += product[i, m] * whiten[k, a, m, j]
            gain[k, a, i, j] = value


@compiled_once
@numba.njit(cache=True)
def smooth(given: Observations, filtered: Filtered, back: Backward) -> Smoothed:
    """Probability of each state given the whole run, by expectation correction (Barber 2006)."""
    keep, transition, weight = given.keep, given.transition, filtered.weight
    mean, covariance, log_height = filtered.mean, filtered.covariance, back.log_height
    n, s, size = mean.shape
    probability, latent, variance = np.zeros((n, s)), np.zeros((n, size)), np.zeros((n, size))
    # The smoothed Gaussian of each state of the block ahead.
    ahead, ahead_covariance = mean[n - 1].copy(), covariance[n - 1].copy()
    for a in range(s):
        probability[n - 1, a] = weight[n - 1, a]
    _moments(n - 1, probability, ahead, ahead_covariance, latent, variance)
    # For each state, where the block ahead lies of what came from it into each state there.
    joint, places, height = np.zeros((s, s)), np.zeros((s, s, size)), np.zeros(s)
    place, spread, root = np.zeros((s, size)), np.zeros((s, size, size)), np.zeros((s, size, size))
    near, share, middle = np.zeros((s, 2 * size)), np.zeros(s), np.zeros(size)
    centre, predicted = np.zeros((s, size)), np.zeros((s, size, size))
    for k in range(n - 2, -1, -1):
        total = 0.0
        for b in range(s):
            for a in range(s):
                joint[a, b] = 0.0
            if probability[k + 1, b] <= _NEGLIGIBLE:
                continue
            lower_root(ahead_covariance, b, root)
            for a in range(s):
                reach = weight[k, a] * transition[k + 1, a, b]
                height[a] = np.log(reach) + log_height[k, a] if reach > 0.0 else -np.inf
                if height[a] > -np.inf:
                    _sigma_distances(ahead, root, b, back.centre, back.whiten, k, a, middle, near)
            _origins(ahead, root, b, height, near, share, places)
            for a in range(s):
                if share[a] > _NEGLIGIBLE:
                    joint[a, b] = probability[k + 1, b] * share[a]
                    total += joint[a, b]
        for a in range(s):
            for b in range(s):
                joint[a, b] /= total
        # A step back is linear, so what came from one state is collapsed first and steps back once.
        for a in range(s):
            probability[k, a] = _collapse(joint, places, ahead_covariance, a, place, spread)
        for a in range(s):
            if probability[k, a] > 0.0:
                predict(mean, covariance, k, a, keep, centre, predicted)
                _step_back(
                    mean, covariance, back.gain, k, a, centre, predicted, place, spread, ahead,
                    ahead_covariance,
                )  # fmt: skip
            else:
                for i in range(size):
                    ahead[a, i] = 0.0
                    for j in range(size):
                        ahead_covariance[a, i, j] = 1.0 if i == j else 0.0
        _moments(k, probability, ahead, ahead_covariance, latent, variance)
    return Smoothed(probability, latent, variance)


@inner_kernel
def _sigma_distances(
    mean: FloatArray,
    root: FloatArray,
    b: int,
    centre: FloatArray,
    whiten: FloatArray,
    k: int,
    a: int,
    middle: FloatArray,
    near: FloatArray,
) -> None:
    """Squared distances of Gaussian ``b``'s sigma points from a prediction (Julier & Uhlmann 1997).

    In deviations of the prediction, points lie in pairs about the ``middle``, a step to either side.
    """
    squared, far = 0.0, 2.0 * np.sqrt(float(LATENT))
    for i in range(LATENT):
        value = 0.0
        for j in range(i + 1):
            value += whiten[k, a, i, j] * (mean[b, j] - centre[k, a, j])
        middle[i] = value
        squared += value * value
    for number in range(LATENT):
        cross, own = 0.0, 0.0
        for i in range(number, LATENT):
            value = 0.0
            for j in range(number, i + 1):
                value += whiten[k, a, i, j] * root[b, j, number]
            cross += value * middle[i]
            own += value * value
        near[a, 2 * number] = squared + far * cross + LATENT * own
        near[a, 2 * number + 1] = squared - far * cross + LATENT * own


@inner_kernel
def squared_distances(
    points: FloatArray, height: FloatArray, centre: FloatArray, whiten: FloatArray, near: FloatArray
) -> None:
    """Squared distances of points, shape (6, m), from predictions in their deviations, into the last, (s, m).

    Points lie along the last axis, so that the processor takes several at once. Predictions without height
    are left out.
    """
    size, many = points.shape
    value = np.empty(many)
    for a in range(len(centre)):
        if height[a] == -np.inf:
            continue
        for d in range(many):
            near[a, d] = 0.0
        for i in range(size):
            for d in range(many):
                value[d] = 0.0
            for j in range(i + 1):
                for d in range(many):
                    value[d] += whiten[a, i, j] * (points[j, d] - centre[a, j])
            for d in range(many):
                near[a, d] += value[d] * value[d]


@inner_kernel
def _moments(
    k: int,
    weight: FloatArray,
    means: FloatArray,
    covariances: FloatArray,
    mean: FloatArray,
    variance: FloatArray,
) -> None:
    """Mean and variance of each part of the mixture of block ``k``, into the last two."""
    for i in range(LATENT):
        first, second = 0.0, 0.0
        for a in range(len(means)):
            first += weight[k, a] * means[a, i]
            second += weight[k, a] * (covariances[a, i, i] + means[a, i] * means[a, i])
        mean[k, i], variance[k, i] = first, second - first * first


@inner_kernel
def _step_back(
    mean: FloatArray,
    covariance: FloatArray,
    gain: FloatArray,
    k: int,
    a: int,
    centre: FloatArray,
    predicted: FloatArray,
    place: FloatArray,
    spread: FloatArray,
    ahead: FloatArray,
    ahead_covariance: FloatArray,
) -> None:
    """Smooth state ``a`` of block ``k`` given place and spread ahead, into the last two.

    Rauch, Tung & Striebel 1965: m + G (m' - G's prediction), and P + G (P' - its covariance) G^T.
    """
    for i in range(LATENT):
        ahead[a, i] = mean[k, a, i]
        for j in range(LATENT):
            ahead[a, i] += gain[k, a, i, j] * (place[a, j] - centre[a, j])
            ahead_covariance[a, i, j] = covariance[k, a, i, j]
        for m in range(LATENT):
            inner = 0.0
            for j in range(LATENT):
                inner += gain[k, a, i, j] * (spread[a, j, m] - predicted[a, j, m])
            for j in range(i + 1):
                ahead_covariance[a, i, j] += inner * gain[k, a, j, m]
    for i in range(LATENT):
        for j in range(i):
            ahead_covariance[a, j, i] = ahead_covariance[a, i, j]


@inner_kernel
def _origins(
    mean: FloatArray,
    root: FloatArray,
    b: int,
    height: FloatArray,
    near: FloatArray,
    share: FloatArray,
    places: FloatArray,
) -> None:
    """Share of smoothed Gaussian ``b`` that came from each state, and mean of that share, into the last two.

    The probability of an origin depends on the latent parts, so it is taken at the sigma points of the
    Gaussian instead of at its mean; ``height`` is the logarithm of weight, transition and prediction.
    """
    s, many = near.shape
    for number in range(many):
        highest, total = -np.inf, 0.0
        for a in range(s):
            if height[a] > -np.inf:
                near[a, number] = height[a] - 0.5 * near[a, number]
                highest = max(highest, near[a, number])
        for a in range(s):
            away = near[a, number] - highest if height[a] > -np.inf else -np.inf
            near[a, number] = np.exp(away) if away > -NEVER else 0.0
            total += near[a, number]
        for a in range(s):
            near[a, number] /= total * many
    far = np.sqrt(float(LATENT))
    for a in range(s):
        share[a] = 0.0
        for number in range(many):
            share[a] += near[a, number]
        for i in range(LATENT):
            moved = 0.0
            for number in range(i + 1):
                moved += (near[a, 2 * number] - near[a, 2 * number + 1]) * root[b, i, number]
            places[a, b, i] = mean[b, i] + far * moved / share[a] if share[a] > 0.0 else mean[b, i]


@inner_kernel
def _collapse(
    joint: FloatArray,
    places: FloatArray,
    covariances: FloatArray,
    a: int,
    place: FloatArray,
    spread: FloatArray,
) -> float:
    """Replace what came from state ``a`` by the Gaussian of its moments, in the last two; gives its weight.

    Of the covariances the lower halves are read.
    """
    total, s = 0.0, len(covariances)
    for b in range(s):
        total += joint[a, b]
    for i in range(LATENT):
        place[a, i] = 0.0
        for j in range(LATENT):
            spread[a, i, j] = 1.0 if i == j and total <= 0.0 else 0.0
    if total <= 0.0:
        return 0.0
    for b in range(s):
        if joint[a, b] > 0.0:
            share = joint[a, b] / total
            for i in range(LATENT):
                place[a, i] += share * places[a, b, i]
    for b in range(s):
        if joint[a, b] > 0.0:
            share = joint[a, b] / total
            for i in range(LATENT):
                for j in range(i + 1):
                    away = (places[a, b, i] - place[a, i]) * (places[a, b, j] - place[a, j])
                    spread[a, i, j] += share * (covariances[b, i, j] + away)
    for i in range(LATENT):
        for j in range(i):
            spread[a, j, i] = spread[a, i, j]
    return total
