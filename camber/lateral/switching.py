"""A switching linear-Gaussian model over blocks: which state, given correlated errors.

The observation of a block is the mean offset of its fixes,

    y = x[s] + n_e b_e + n_n b_n + f + t m + c[s] w + noise,

with the place ``x[s]`` of state ``s``; a slow two-dimensional bias ``b`` in the world frame, shared by the
whole run; a fast part ``f``, correlated from block to block; the map's offset ``m`` of the way's line (way
frame, ``t`` turns it); and the error ``w`` of the half width, which moves left and right states apart. All
latent parts are Gauss-Markov with unit variance here; their standard deviations are in the coefficients
(science.md 5.5). The states switch by a Markov chain.

Exact inference grows exponentially, so the mixture is collapsed to one Gaussian per state after each block
(generalised pseudo-Bayes of second order; Bar-Shalom, Li & Kirubarajan 2001, section 11.6.4). Marginals
come from a backward pass that corrects expectations (Barber 2006, "Expectation correction for smoothed
inference in switching linear dynamical systems"), whole histories from forward filtering and backward
sampling (Carter & Kohn 1994; Fruhwirth-Schnatter 1994).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numba
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

LATENT = 5
"""Latent parts: bias east, bias north, fast part, map offset, half-width error."""

MAP = 3
"""Place of the map offset among them."""

_FLOOR = 1e-6
"""Smallest pivot of a Cholesky factor."""


class Observations(NamedTuple):
    """Blocks as the kernel sees them; ``n`` blocks, ``s`` states.

    Parameters
    ----------
    residual_m : ndarray of float64, shape (n, s)
        Observed offset minus the state's place [m]; NaN where the block has no evidence.
    coefficient : ndarray of float64, shape (n, s, 5)
        Coefficients of the latent parts [m per standard deviation].
    noise_m : ndarray of float64, shape (n, s)
        Standard deviation of the block's own noise [m].
    keep : ndarray of float64, shape (n, 5)
        Correlation of each latent part with the block before.
    prior : ndarray of float64, shape (n, s)
        Prior of the states, 0 where a state is impossible; used at the start.
    transition : ndarray of float64, shape (n, s, s)
        Probability of going from a state of the block before to each state of this one.
    """

    residual_m: NDArray[np.float64]
    coefficient: NDArray[np.float64]
    noise_m: NDArray[np.float64]
    keep: NDArray[np.float64]
    prior: NDArray[np.float64]
    transition: NDArray[np.float64]


class Filtered(NamedTuple):
    """Result of the forward filter: one weighted Gaussian per block and state.

    Parameters
    ----------
    weight : ndarray of float64, shape (n, s)
        Probability of each state given the blocks so far.
    mean : ndarray of float64, shape (n, s, 5)
        Mean of the latent parts.
    covariance : ndarray of float64, shape (n, s, 5, 5)
        Their covariance.
    """

    weight: NDArray[np.float64]
    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]


def filter_forward(observations: Observations, degrees_of_freedom: float) -> Filtered:
    """Filter the blocks in order.

    Parameters
    ----------
    observations : Observations
        The blocks.
    degrees_of_freedom : float
        Of the Student-t tails of the innovations.

    Returns
    -------
    Filtered
        One Gaussian per block and state.
    """
    return Filtered(*_filter(*observations, degrees_of_freedom))


class Smoothed(NamedTuple):
    """What the whole run says about each block.

    Parameters
    ----------
    probability : ndarray of float64, shape (n, s)
        Probabilities of the states; they sum to 1 in each row.
    mean, variance : ndarray of float64, shape (n, 5)
        Mean and variance of each latent part, over all states.
    """

    probability: NDArray[np.float64]
    mean: NDArray[np.float64]
    variance: NDArray[np.float64]


def smooth(observations: Observations, filtered: Filtered) -> Smoothed:
    """Probability of each state given the whole run.

    Parameters
    ----------
    observations : Observations
        The blocks.
    filtered : Filtered
        Result of `filter_forward` on them.

    Returns
    -------
    Smoothed
        States and latent parts.
    """
    return Smoothed(*_smooth(observations.keep, observations.transition, *filtered))


def sample(
    observations: Observations,
    filtered: Filtered,
    uniform: NDArray[np.float64],
    normal: NDArray[np.float64],
) -> NDArray[np.int8]:
    """Draw whole histories of the states from their joint posterior.

    Parameters
    ----------
    observations : Observations
        The blocks.
    filtered : Filtered
        Result of `filter_forward` on them.
    uniform : ndarray of float64, shape (draws, n)
        Uniform numbers in [0, 1).
    normal : ndarray of float64, shape (draws, n, 5)
        Standard normal numbers.

    Returns
    -------
    ndarray of int8, shape (draws, n)
        State of each block in each draw.
    """
    return _sample(observations.keep, observations.transition, *filtered, uniform, normal)


@numba.njit(cache=True)
def _dot(first: FloatArray, second: FloatArray) -> float:
    """Inner product; written out like the next two, since numba's own need scipy and long to compile."""
    total = 0.0
    for i in range(LATENT):
        total += first[i] * second[i]
    return total


@numba.njit(cache=True)
def _times(matrix: FloatArray, vector: FloatArray) -> FloatArray:
    """Matrix times vector."""
    result = np.zeros(LATENT)
    for i in range(LATENT):
        for j in range(LATENT):
            result[i] += matrix[i, j] * vector[j]
    return result


@numba.njit(cache=True)
def _product(first: FloatArray, second: FloatArray) -> FloatArray:
    """Matrix times matrix."""
    result = np.zeros((LATENT, LATENT))
    for i in range(LATENT):
        for j in range(LATENT):
            for k in range(LATENT):
                result[i, j] += first[i, k] * second[k, j]
    return result


@numba.njit(cache=True)
def _predict(mean: FloatArray, covariance: FloatArray, keep: FloatArray) -> tuple[FloatArray, FloatArray]:
    """One step of the latent parts: each keeps a share and is renewed to unit variance."""
    predicted = np.empty_like(covariance)
    for i in range(LATENT):
        for j in range(LATENT):
            predicted[i, j] = covariance[i, j] * keep[i] * keep[j]
        predicted[i, i] += 1.0 - keep[i] * keep[i]
    return mean * keep, predicted


@numba.njit(cache=True)
def _update(
    mean: FloatArray,
    covariance: FloatArray,
    residual: float,
    coefficient: FloatArray,
    noise: float,
    dof: float,
) -> tuple[FloatArray, FloatArray, float]:
    """Kalman update with one scalar observation; returns the log-likelihood too.

    The innovation has Student-t tails: a large one widens its own variance (Roth, Ozkan & Gustafsson 2013),
    so that a burst neither drags the latent parts along nor decides the state.
    """
    gain = _times(covariance, coefficient)
    variance = _dot(coefficient, gain) + noise * noise
    innovation = residual - _dot(coefficient, mean)
    squared = innovation * innovation / variance
    likelihood = float(-0.5 * (dof + 1.0) * np.log1p(squared / dof) - 0.5 * np.log(variance))
    if squared > 1.0:
        variance *= (dof + squared) / (dof + 1.0)
    updated = covariance.copy()
    for i in range(LATENT):
        for j in range(LATENT):
            updated[i, j] -= gain[i] * gain[j] / variance
    return mean + gain * (innovation / variance), updated, likelihood


@numba.njit(cache=True)
def _collapse(
    weights: FloatArray, means: FloatArray, covariances: FloatArray
) -> tuple[float, FloatArray, FloatArray]:
    """Replace a mixture by the Gaussian with its mean and covariance; returns its total weight too."""
    total: float = weights.sum()
    mean = np.zeros(LATENT)
    covariance = np.zeros((LATENT, LATENT))
    if total <= 0.0:
        return total, mean, np.eye(LATENT)
    for k in range(len(weights)):
        mean += weights[k] / total * means[k]
    for k in range(len(weights)):
        share = weights[k] / total
        away = means[k] - mean
        for i in range(LATENT):
            for j in range(LATENT):
                covariance[i, j] += share * (covariances[k, i, j] + away[i] * away[j])
    return total, mean, covariance


@numba.njit(cache=True)
def _filter(
    residual: FloatArray,
    coefficient: FloatArray,
    noise: FloatArray,
    keep: FloatArray,
    prior: FloatArray,
    transition: FloatArray,
    dof: float,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    n, s = residual.shape
    weight = np.zeros((n, s))
    mean = np.zeros((n, s, LATENT))
    covariance = np.zeros((n, s, LATENT, LATENT))
    for k in range(n):
        parts = np.zeros((s, s))
        means = np.zeros((s, s, LATENT))
        covariances = np.zeros((s, s, LATENT, LATENT))
        logs = np.full((s, s), -np.inf)
        for a in range(s):
            if k == 0:
                predicted_mean, predicted = np.zeros(LATENT), np.eye(LATENT)
            elif weight[k - 1, a] > 0.0:
                predicted_mean, predicted = _predict(mean[k - 1, a], covariance[k - 1, a], keep[k])
            else:
                continue
            for b in range(s):
                before = prior[k, b] / s if k == 0 else weight[k - 1, a] * transition[k, a, b]
                if before <= 0.0:
                    continue
                logs[a, b] = np.log(before)
                means[a, b], covariances[a, b] = predicted_mean, predicted
                if not np.isnan(residual[k, b]):
                    means[a, b], covariances[a, b], likelihood = _update(
                        predicted_mean, predicted, residual[k, b], coefficient[k, b], noise[k, b], dof
                    )
                    logs[a, b] += likelihood
        parts = np.exp(logs - logs.max())
        for b in range(s):
            weight[k, b], mean[k, b], covariance[k, b] = _collapse(
                parts[:, b], means[:, b], covariances[:, b]
            )
        weight[k] /= weight[k].sum()
    return weight, mean, covariance


@numba.njit(cache=True)
def _root(matrix: FloatArray) -> FloatArray:
    """Lower Cholesky factor; a pivot that is not positive is floored, so that rounding never stops a run.

    Written out, since compiling the general routines for matrices of five rows takes longer than a year of
    runs.
    """
    root = np.zeros((LATENT, LATENT))
    for i in range(LATENT):
        for j in range(i + 1):
            value = matrix[i, j]
            for k in range(j):
                value -= root[i, k] * root[j, k]
            root[i, j] = np.sqrt(max(value, _FLOOR)) if i == j else value / root[j, j]
    return root


@numba.njit(cache=True)
def _inverse(matrix: FloatArray) -> tuple[FloatArray, float]:
    """Inverse of a covariance by its Cholesky factor, and the logarithm of its determinant."""
    root = _root(matrix)
    inner = np.zeros((LATENT, LATENT))
    log_determinant = 0.0
    for j in range(LATENT):
        log_determinant += 2.0 * np.log(root[j, j])
        for i in range(j, LATENT):
            value = 1.0 if i == j else 0.0
            for k in range(j, i):
                value -= root[i, k] * inner[k, j]
            inner[i, j] = value / root[i, i]
    return _product(inner.T, inner), log_determinant


@numba.njit(cache=True)
def _backward(
    mean: FloatArray, covariance: FloatArray, keep: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, float]:
    """Prepare a step back in time from one filtered Gaussian.

    Returns its prediction (mean, covariance), the inverse of that covariance, the smoother's gain (Rauch,
    Tung & Striebel 1965), and the logarithm of the prediction's height.
    """
    centre, predicted = _predict(mean, covariance, keep)
    inverse, log_determinant = _inverse(predicted)
    return centre, predicted, inverse, _product(covariance * keep, inverse), -0.5 * log_determinant


@numba.njit(cache=True)
def _smooth(
    keep: FloatArray, transition: FloatArray, weight: FloatArray, mean: FloatArray, covariance: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    n, s = weight.shape
    probability = np.zeros((n, s))
    latent_mean, latent_variance = np.zeros((n, LATENT)), np.zeros((n, LATENT))
    probability[n - 1] = weight[n - 1]
    _, middle, around = _collapse(weight[n - 1], mean[n - 1], covariance[n - 1])
    latent_mean[n - 1], latent_variance[n - 1] = middle, np.diag(around)
    ahead_mean, ahead_covariance = mean[n - 1].copy(), covariance[n - 1].copy()
    centre, predicted = np.zeros((s, LATENT)), np.zeros((s, LATENT, LATENT))
    inverse, gain, level = np.zeros((s, LATENT, LATENT)), np.zeros((s, LATENT, LATENT)), np.zeros(s)
    for k in range(n - 2, -1, -1):
        for a in range(s):
            centre[a], predicted[a], inverse[a], gain[a], level[a] = _backward(
                mean[k, a], covariance[k, a], keep[k + 1]
            )
        joint = np.zeros((s, s))
        means, covariances = np.zeros((s, s, LATENT)), np.zeros((s, s, LATENT, LATENT))
        for b in range(s):
            if probability[k + 1, b] <= 0.0:
                continue
            share, place = _origins(
                ahead_mean[b],
                ahead_covariance[b],
                weight[k] * transition[k + 1, :, b],
                centre,
                inverse,
                level,
            )
            for a in range(s):
                joint[a, b] = probability[k + 1, b] * share[a]
                means[a, b] = mean[k, a] + _times(gain[a], place[a] - centre[a])
                narrowed = _product(gain[a], ahead_covariance[b] - predicted[a])
                covariances[a, b] = covariance[k, a] + _product(narrowed, gain[a].T)
        total = joint.sum()
        for a in range(s):
            probability[k, a], ahead_mean[a], ahead_covariance[a] = _collapse(
                joint[a] / total, means[a], covariances[a]
            )
        _, middle, around = _collapse(probability[k], ahead_mean, ahead_covariance)
        latent_mean[k], latent_variance[k] = middle, np.diag(around)
    return probability, latent_mean, latent_variance


@numba.njit(cache=True)
def _origins(
    mean: FloatArray,
    covariance: FloatArray,
    reach: FloatArray,
    centre: FloatArray,
    inverse: FloatArray,
    level: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """From which state a smoothed Gaussian came, and which part of it came from each.

    The probability of an origin depends on the latent parts, so it is taken at the sigma points of the
    Gaussian (Julier & Uhlmann 1997) instead of at its mean.
    """
    s = len(reach)
    share, place = np.zeros(s), np.zeros((s, LATENT))
    root = _root(covariance) * np.sqrt(LATENT)
    for point in range(2 * LATENT):
        z = mean + (1.0 if point % 2 == 0 else -1.0) * root[:, point // 2]
        logs = np.full(s, -np.inf)
        for a in range(s):
            if reach[a] > 0.0:
                away = z - centre[a]
                logs[a] = np.log(reach[a]) + level[a] - 0.5 * _dot(away, _times(inverse[a], away))
        likely = np.exp(logs - logs.max())
        likely /= likely.sum() * 2.0 * LATENT
        share += likely
        for a in range(s):
            place[a] += likely[a] * z
    for a in range(s):
        place[a] = place[a] / share[a] if share[a] > 0.0 else mean
    return share, place


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
def _sample(
    keep: FloatArray,
    transition: FloatArray,
    weight: FloatArray,
    mean: FloatArray,
    covariance: FloatArray,
    uniform: FloatArray,
    normal: FloatArray,
) -> NDArray[np.int8]:
    draws, n = uniform.shape
    s = weight.shape[1]
    state = np.zeros((draws, n), dtype=np.int8)
    latent = np.zeros((draws, LATENT))
    inverse = np.zeros((s, LATENT, LATENT))
    centre = np.zeros((s, LATENT))
    gain = np.zeros((s, LATENT, LATENT))
    root = np.zeros((s, LATENT, LATENT))
    for a in range(s):
        root[a] = _root(covariance[n - 1, a])
    for d in range(draws):
        chosen = _draw(weight[n - 1], uniform[d, n - 1])
        state[d, n - 1] = chosen
        latent[d] = mean[n - 1, chosen] + _times(root[chosen], normal[d, n - 1])
    level = np.zeros(s)
    for k in range(n - 2, -1, -1):
        for a in range(s):
            if weight[k, a] > 0.0:
                centre[a], _, inverse[a], gain[a], level[a] = _backward(
                    mean[k, a], covariance[k, a], keep[k + 1]
                )
                cross = covariance[k, a] * keep[k + 1]
                root[a] = _root(covariance[k, a] - _product(gain[a], cross.T))
        for d in range(draws):
            logs = np.full(s, -np.inf)
            for a in range(s):
                reach = weight[k, a] * transition[k + 1, a, state[d, k + 1]]
                if reach > 0.0:
                    away = latent[d] - centre[a]
                    logs[a] = np.log(reach) + level[a] - 0.5 * _dot(away, _times(inverse[a], away))
            chosen = _draw(np.exp(logs - logs.max()), uniform[d, k])
            state[d, k] = chosen
            latent[d] = (
                mean[k, chosen]
                + _times(gain[chosen], latent[d] - centre[chosen])
                + _times(root[chosen], normal[d, k])
            )
    return state
