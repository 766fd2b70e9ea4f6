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
    centre, predicted : ndarray of float64, shapes (n, s, 6) and (n, s, 6, 6)
        Means and covariances of their predictions of the next block.
    whiten, gain : ndarray of float64, shape (n, s, 6, 6)
        Inverses of those covariances' lower Cholesky factors; gains of the smoother.
    log_height : ndarray of float64, shape (n, s)
        Logarithms of the predictions' heights, up to a constant; -inf for a Gaussian without weight.
    """

    centre: FloatArray
    predicted: FloatArray
    whiten: FloatArray
    gain: FloatArray
    log_height: FloatArray


@inner_kernel
def lower_root(matrix: FloatArray, root: FloatArray) -> None:
    """Write the lower Cholesky factor of a symmetric matrix, whose lower half is read, into the last."""
    size = len(matrix)
    for i in range(size):
        for j in range(i + 1):
            value = matrix[i, j]
            for k in range(j):
                value -= root[i, k] * root[j, k]
            root[i, j] = np.sqrt(max(value, _FLOOR)) if i == j else value / root[j, j]


def prepare_back(given: Observations, filtered: Filtered) -> Backward:
    """Prepare all steps back in time, from the filtered Gaussians of the blocks."""
    back: Backward = _prepare(filtered.weight, filtered.mean, filtered.covariance, given.keep)
    return back


@compiled_once
@numba.njit(cache=True)
def _prepare(weight: FloatArray, mean: FloatArray, covariance: FloatArray, keep: FloatArray) -> Backward:
    # Sizes are read off the arrays: loops over a constant would be written out, which takes long to compile.
    n, s, size = mean.shape
    centre, predicted = np.zeros((n, s, size)), np.zeros((n, s, size, size))
    whiten, gain = np.zeros((n, s, size, size)), np.zeros((n, s, size, size))
    log_height, root, product = np.empty((n, s)), np.zeros((size, size)), np.zeros((size, size))
    for k in range(n):
        for a in range(s):
            log_height[k, a] = -np.inf
            if k < n - 1 and weight[k, a] > 0.0:
                predict(mean[k, a], covariance[k, a], keep[k + 1], centre[k, a], predicted[k, a])
                lower_root(predicted[k, a], root)
                log_height[k, a] = _invert(root, whiten[k, a])
                _smoother_gain(covariance[k, a], keep[k + 1], whiten[k, a], product, gain[k, a])
    return Backward(centre, predicted, whiten, gain, log_height)


@inner_kernel
def _invert(root: FloatArray, inverse: FloatArray) -> float:
    """Write the inverse of a lower factor into the last, forward substitution; minus its log determinant."""
    size, height = len(root), 0.0
    for j in range(size):
        height -= np.log(root[j, j])
        for i in range(j, size):
            value = 1.0 if i == j else 0.0
            for k in range(j, i):
                value -= root[i, k] * inverse[k, j]
            inverse[i, j] = value / root[i, i]
    return height


@inner_kernel
def _smoother_gain(
    covariance: FloatArray, keep: FloatArray, whiten: FloatArray, product: FloatArray, gain: FloatArray
) -> None:
    """Write the gain (Rauch, Tung & Striebel 1965): covariance with the next block, over its own."""
    size = len(covariance)
    for i in range(size):
        for m in range(size):
            value = 0.0
            for j in range(m + 1):
                value += covariance[i, j] * keep[j] * whiten[m, j]
            product[i, m] = value
        for j in range(size):
            value = 0.0
            for m in range(j, size):
                value += product[i, m] * whiten[m, j]
            gain[i, j] = value


@compiled_once
@numba.njit(cache=True)
def smooth(given: Observations, filtered: Filtered, back: Backward) -> Smoothed:
    """Probability of each state given the whole run, by expectation correction (Barber 2006)."""
    n, s, size = filtered.mean.shape
    probability, latent, variance = np.zeros((n, s)), np.zeros((n, size)), np.zeros((n, size))
    # The smoothed Gaussian of each state of the block ahead.
    ahead, ahead_covariance = filtered.mean[n - 1].copy(), filtered.covariance[n - 1].copy()
    for a in range(s):
        probability[n - 1, a] = filtered.weight[n - 1, a]
    _moments(probability[n - 1], ahead, ahead_covariance, latent[n - 1], variance[n - 1])
    # For each state, where the block ahead lies of what came from it into each state there.
    joint, places, height = np.zeros((s, s)), np.zeros((s, s, size)), np.zeros(s)
    place, spread, root = np.zeros((s, size)), np.zeros((s, size, size)), np.zeros((size, size))
    near, share, middle = np.zeros((s, 2 * size)), np.zeros(s), np.zeros(size)
    for k in range(n - 2, -1, -1):
        mean, covariance = filtered.mean[k], filtered.covariance[k]
        joint[:], total = 0.0, 0.0
        for b in range(s):
            if probability[k + 1, b] <= _NEGLIGIBLE:
                continue
            for a in range(s):
                reach = filtered.weight[k, a] * given.transition[k + 1, a, b]
                height[a] = np.log(reach) + back.log_height[k, a] if reach > 0.0 else -np.inf
            lower_root(ahead_covariance[b], root)
            for a in range(s):
                if height[a] > -np.inf:
                    _sigma_distances(ahead[b], root, back.centre[k, a], back.whiten[k, a], middle, near[a])
            _origins(ahead[b], root, height, near, share, places[:, b])
            for a in range(s):
                if share[a] > _NEGLIGIBLE:
                    joint[a, b] = probability[k + 1, b] * share[a]
                    total += joint[a, b]
        for a in range(s):
            for b in range(s):
                joint[a, b] /= total
        # A step back is linear, so what came from one state is collapsed first and steps back once.
        for a in range(s):
            probability[k, a] = _collapse(joint[a], places[a], ahead_covariance, place[a], spread[a])
        for a in range(s):
            if probability[k, a] > 0.0:
                _step_back(
                    mean[a], covariance[a], back.centre[k, a], back.predicted[k, a], back.gain[k, a],
                    place[a], spread[a], ahead[a], ahead_covariance[a],
                )  # fmt: skip
            else:
                ahead[a], ahead_covariance[a] = 0.0, 0.0
                for i in range(size):
                    ahead_covariance[a, i, i] = 1.0
        _moments(probability[k], ahead, ahead_covariance, latent[k], variance[k])
    return Smoothed(probability, latent, variance)


@inner_kernel
def _sigma_distances(
    mean: FloatArray,
    root: FloatArray,
    centre: FloatArray,
    whiten: FloatArray,
    middle: FloatArray,
    near: FloatArray,
) -> None:
    """Squared distances of a Gaussian's sigma points (Julier & Uhlmann 1997) from a prediction.

    In deviations of the prediction, points lie in pairs about the ``middle``, a step to either side.
    """
    squared, far = 0.0, 2.0 * np.sqrt(float(LATENT))
    for i in range(LATENT):
        value = 0.0
        for j in range(i + 1):
            value += whiten[i, j] * (mean[j] - centre[j])
        middle[i] = value
        squared += value * value
    for number in range(LATENT):
        cross, own = 0.0, 0.0
        for i in range(number, LATENT):
            value = 0.0
            for j in range(number, i + 1):
                value += whiten[i, j] * root[j, number]
            cross += value * middle[i]
            own += value * value
        near[2 * number] = squared + far * cross + LATENT * own
        near[2 * number + 1] = squared - far * cross + LATENT * own


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
    weight: FloatArray, means: FloatArray, covariances: FloatArray, mean: FloatArray, variance: FloatArray
) -> None:
    """Mean and variance of each part of a mixture, into the last two."""
    for i in range(LATENT):
        first, second = 0.0, 0.0
        for a in range(len(weight)):
            first += weight[a] * means[a, i]
            second += weight[a] * (covariances[a, i, i] + means[a, i] * means[a, i])
        mean[i], variance[i] = first, second - first * first


@inner_kernel
def _step_back(
    mean: FloatArray,
    covariance: FloatArray,
    centre: FloatArray,
    predicted: FloatArray,
    gain: FloatArray,
    place: FloatArray,
    ahead_covariance: FloatArray,
    smoothed: FloatArray,
    spread: FloatArray,
) -> None:
    """Smooth a Gaussian given mean and covariance ahead, into the last two.

    Rauch, Tung & Striebel 1965: m + G (m' - G's prediction), and P + G (P' - its covariance) G^T.
    """
    for i in range(LATENT):
        smoothed[i] = mean[i]
        for j in range(LATENT):
            smoothed[i] += gain[i, j] * (place[j] - centre[j])
            spread[i, j] = covariance[i, j]
        for m in range(LATENT):
            inner = 0.0
            for j in range(LATENT):
                inner += gain[i, j] * (ahead_covariance[j, m] - predicted[j, m])
            for j in range(i + 1):
                spread[i, j] += inner * gain[j, m]
    for i in range(LATENT):
        for j in range(i):
            spread[j, i] = spread[i, j]


@inner_kernel
def _origins(
    mean: FloatArray,
    root: FloatArray,
    height: FloatArray,
    near: FloatArray,
    share: FloatArray,
    place: FloatArray,
) -> None:
    """Share of a smoothed Gaussian that came from each state, and mean of that share, into the last two.

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
                moved += (near[a, 2 * number] - near[a, 2 * number + 1]) * root[i, number]
            place[a, i] = mean[i] + far * moved / share[a] if share[a] > 0.0 else mean[i]


@inner_kernel
def _collapse(
    weight: FloatArray, means: FloatArray, covariances: FloatArray, mean: FloatArray, covariance: FloatArray
) -> float:
    """Replace a mixture by the Gaussian with its moments, into the last two; returns its whole weight.

    Of the covariances the lower halves are read.
    """
    total = 0.0
    for a in range(len(weight)):
        total += weight[a]
    mean[:], covariance[:] = 0.0, 0.0
    if total <= 0.0:
        for i in range(LATENT):
            covariance[i, i] = 1.0
        return 0.0
    for a in range(len(weight)):
        if weight[a] > 0.0:
            share = weight[a] / total
            for i in range(LATENT):
                mean[i] += share * means[a, i]
    for a in range(len(weight)):
        if weight[a] > 0.0:
            share = weight[a] / total
            for i in range(LATENT):
                for j in range(i + 1):
                    away = (means[a, i] - mean[i]) * (means[a, j] - mean[j])
                    covariance[i, j] += share * (covariances[a, i, j] + away)
    for i in range(LATENT):
        for j in range(i):
            covariance[j, i] = covariance[i, j]
    return total
