"""Kernels of the switching model: filter and smoother over arrays.

Written out in loops over scratch arrays, since matrices of six rows gain nothing from general routines,
which would need scipy and take longer to compile than a year of runs takes to analyse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

LATENT = 6
"""Latent parts: bias east, bias north, fast part, map offset, half-width error, device offset."""

MAP, WIDTH, DEVICE = 3, 4, 5
"""Places of the last three among them."""

_FLOOR = 1e-6
"""Smallest pivot of a Cholesky factor."""

NEVER = 40.0
"""States whose logarithm is this much below that of the likeliest are never drawn."""

_NEGLIGIBLE = 1e-9
"""States and origins that are less likely than this are passed over by the smoother."""


@numba.njit(cache=True)
def _predict(
    mean: FloatArray, covariance: FloatArray, keep: FloatArray, centre: FloatArray, predicted: FloatArray
) -> None:
    """One step of the latent parts: each keeps a share and is renewed to unit variance."""
    for i in range(LATENT):
        centre[i] = mean[i] * keep[i]
        for j in range(LATENT):
            predicted[i, j] = covariance[i, j] * keep[i] * keep[j]
        predicted[i, i] += 1.0 - keep[i] * keep[i]


@numba.njit(cache=True)
def _update(
    centre: FloatArray,
    predicted: FloatArray,
    residual: float,
    coefficient: FloatArray,
    noise: float,
    dof: float,
    gain: FloatArray,
) -> tuple[float, float, float]:
    """Kalman update with one scalar observation: writes the gain, returns step, shrinkage, log-likelihood.

    The innovation has Student-t tails: a large one widens its own variance (Roth, Ozkan & Gustafsson 2013),
    so that a burst neither drags the latent parts along nor decides the state.
    """
    variance, innovation = noise * noise, residual
    for i in range(LATENT):
        total = 0.0
        for j in range(LATENT):
            total += predicted[i, j] * coefficient[j]
        gain[i] = total
        variance += coefficient[i] * total
        innovation -= coefficient[i] * centre[i]
    squared = innovation * innovation / variance
    likelihood = float(-0.5 * (dof + 1.0) * np.log1p(squared / dof) - 0.5 * np.log(variance))
    if squared > 1.0:
        variance *= (dof + squared) / (dof + 1.0)
    return innovation / variance, 1.0 / variance, likelihood


@numba.njit(cache=True)
def filter_blocks(
    residual: FloatArray,
    coefficient: FloatArray,
    noise: FloatArray,
    keep: FloatArray,
    prior: FloatArray,
    transition: FloatArray,
    dof: float,
) -> tuple[FloatArray, FloatArray, FloatArray, float]:
    """Filter the blocks in order; see `camber.lateral.switching.filter_forward`.

    Parameters
    ----------
    residual, coefficient, noise, keep, prior, transition : ndarray of float64
        Fields of `camber.lateral.switching.Observations`.
    dof : float
        Degrees of freedom of the tails.

    Returns
    -------
    weight, mean, covariance : ndarray of float64
        Fields of `camber.lateral.switching.Filtered`.
    log_evidence : float
        As there.
    """
    n, s = residual.shape
    weight, mean, covariance = np.zeros((n, s)), np.zeros((n, s, LATENT)), np.zeros((n, s, LATENT, LATENT))
    centre, predicted = np.zeros((s, LATENT)), np.zeros((s, LATENT, LATENT))
    gain, step, shrink, logs = np.zeros((s, s, LATENT)), np.zeros((s, s)), np.zeros((s, s)), np.zeros((s, s))
    evidence = 0.0
    for k in range(n):
        logs[:] = -np.inf
        highest = -np.inf
        for a in range(s):
            if k == 0:
                if a > 0:
                    break
                for i in range(LATENT):
                    predicted[0, i, i] = 1.0
            elif weight[k - 1, a] > 0.0:
                _predict(mean[k - 1, a], covariance[k - 1, a], keep[k], centre[a], predicted[a])
            else:
                continue
            for b in range(s):
                before = prior[k, b] if k == 0 else weight[k - 1, a] * transition[k, a, b]
                if before <= 0.0:
                    continue
                step[a, b], shrink[a, b], likelihood = 0.0, 0.0, 0.0
                if not np.isnan(residual[k, b]):
                    step[a, b], shrink[a, b], likelihood = _update(
                        centre[a],
                        predicted[a],
                        residual[k, b],
                        coefficient[k, b],
                        noise[k, b],
                        dof,
                        gain[a, b],
                    )
                logs[a, b] = np.log(before) + likelihood
                highest = max(highest, logs[a, b])
        total = 0.0
        for b in range(s):
            weight[k, b] = _merge_origins(
                logs[:, b],
                highest,
                centre,
                predicted,
                gain[:, b],
                step[:, b],
                shrink[:, b],
                mean[k, b],
                covariance[k, b],
            )
            total += weight[k, b]
        evidence += highest + np.log(total)
        weight[k] /= total
    return weight, mean, covariance, evidence


@numba.njit(cache=True)
def _merge_origins(
    logs: FloatArray,
    highest: float,
    centre: FloatArray,
    predicted: FloatArray,
    gain: FloatArray,
    step: FloatArray,
    shrink: FloatArray,
    mean: FloatArray,
    covariance: FloatArray,
) -> float:
    """Update from every origin and collapse to one Gaussian, written into the last two; its weight."""
    total = 0.0
    for a in range(len(logs)):
        if logs[a] > -np.inf:
            total += np.exp(logs[a] - highest)
    if total <= 0.0:
        for i in range(LATENT):
            covariance[i, i] = 1.0
        return 0.0
    for a in range(len(logs)):
        if logs[a] > -np.inf:
            share = np.exp(logs[a] - highest) / total
            for i in range(LATENT):
                mean[i] += share * (centre[a, i] + gain[a, i] * step[a])
    for a in range(len(logs)):
        if logs[a] > -np.inf:
            share = np.exp(logs[a] - highest) / total
            for i in range(LATENT):
                away = centre[a, i] + gain[a, i] * step[a] - mean[i]
                for j in range(i + 1):
                    other = centre[a, j] + gain[a, j] * step[a] - mean[j]
                    covariance[i, j] += share * (
                        predicted[a, i, j] - gain[a, i] * gain[a, j] * shrink[a] + away * other
                    )
    for i in range(LATENT):
        for j in range(i):
            covariance[j, i] = covariance[i, j]
    return total


@numba.njit(cache=True)
def lower_root(matrix: FloatArray, root: FloatArray) -> None:
    """Lower Cholesky factor; a pivot that is not positive is floored, so that rounding never stops a run.

    Parameters
    ----------
    matrix : ndarray of float64, shape (6, 6)
        Symmetric matrix; its lower half is read.
    root : ndarray of float64, shape (6, 6)
        The factor is written into its lower half.
    """
    for i in range(LATENT):
        for j in range(i + 1):
            value = matrix[i, j]
            for k in range(j):
                value -= root[i, k] * root[j, k]
            root[i, j] = np.sqrt(max(value, _FLOOR)) if i == j else value / root[j, j]


@numba.njit(cache=True)
def prepare_back(
    weight: FloatArray,
    mean: FloatArray,
    covariance: FloatArray,
    keep: FloatArray,
    centre: FloatArray,
    predicted: FloatArray,
    whiten: FloatArray,
    gain: FloatArray,
    height: FloatArray,
    root: FloatArray,
) -> None:
    """Prepare a step back in time from the filtered Gaussians of a block.

    Parameters
    ----------
    weight, mean, covariance : ndarray of float64, shapes (s,), (s, 6) and (s, 6, 6)
        The filtered Gaussians; those without weight are passed over.
    keep : ndarray of float64, shape (6,)
        Correlation of each latent part with the next block.
    centre, predicted, whiten, gain : ndarray of float64, shapes (s, 6) and (s, 6, 6)
        Written: the predictions' means and covariances, the inverses of those covariances' Cholesky factors,
        and the smoother's gains (Rauch, Tung & Striebel 1965).
    height : ndarray of float64, shape (s,)
        Written: logarithms of the predictions' heights, up to a constant.
    root : ndarray of float64, shape (6, 6)
        Room to work in.
    """
    for a in range(len(weight)):
        if weight[a] > 0.0:
            height[a] = _prepare_one(
                mean[a], covariance[a], keep, centre[a], predicted[a], whiten[a], gain[a], root
            )


@numba.njit(cache=True)
def _prepare_one(
    mean: FloatArray,
    covariance: FloatArray,
    keep: FloatArray,
    centre: FloatArray,
    predicted: FloatArray,
    whiten: FloatArray,
    gain: FloatArray,
    root: FloatArray,
) -> float:
    """Prepare a step back from one Gaussian, written into the arrays after ``keep``; its height."""
    _predict(mean, covariance, keep, centre, predicted)
    lower_root(predicted, root)
    height = 0.0
    for j in range(LATENT):
        height -= np.log(root[j, j])
        for i in range(j, LATENT):
            value = 1.0 if i == j else 0.0
            for k in range(j, i):
                value -= root[i, k] * whiten[k, j]
            whiten[i, j] = value / root[i, i]
    for i in range(LATENT):
        for j in range(LATENT):
            total = 0.0
            for k in range(LATENT):
                inner = 0.0
                for m in range(max(j, k), LATENT):
                    inner += whiten[m, k] * whiten[m, j]
                total += covariance[i, k] * keep[k] * inner
            gain[i, j] = total
    return height


@numba.njit(cache=True)
def squared_distances(
    points: FloatArray, centre: FloatArray, whiten: FloatArray, value: FloatArray, near: FloatArray
) -> None:
    """Squared distances of points from a Gaussian, in standard deviations.

    Parameters
    ----------
    points : ndarray of float64, shape (6, m)
        The points, one a column.
    centre : ndarray of float64, shape (6,)
        Mean of the Gaussian.
    whiten : ndarray of float64, shape (6, 6)
        Inverse of the lower Cholesky factor of its covariance.
    value : ndarray of float64, shape (m,)
        Room to work in.
    near : ndarray of float64, shape (m,)
        The squared distances are written into it.
    """
    near[:] = 0.0
    for i in range(LATENT):
        value[:] = 0.0
        for j in range(i + 1):
            for d in range(len(near)):
                value[d] += whiten[i, j] * (points[j, d] - centre[j])
        for d in range(len(near)):
            near[d] += value[d] * value[d]


@numba.njit(cache=True)
def smooth_blocks(
    keep: FloatArray, transition: FloatArray, weight: FloatArray, mean: FloatArray, covariance: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Smooth by expectation correction; see `camber.lateral.switching.smooth`.

    Parameters
    ----------
    keep, transition : ndarray of float64
        Fields of `camber.lateral.switching.Observations`.
    weight, mean, covariance : ndarray of float64
        Fields of `camber.lateral.switching.Filtered`.

    Returns
    -------
    probability, mean, variance : ndarray of float64
        Fields of `camber.lateral.switching.Smoothed`.
    """
    n, s = weight.shape
    probability, latent = np.zeros((n, s)), np.zeros((n, LATENT))
    variance = np.zeros((n, LATENT))
    probability[n - 1] = weight[n - 1]
    ahead, ahead_covariance = mean[n - 1].copy(), covariance[n - 1].copy()
    _moments(probability[n - 1], ahead, ahead_covariance, latent[n - 1], variance[n - 1])
    centre, predicted = np.zeros((s, LATENT)), np.zeros((s, LATENT, LATENT))
    whiten, gain, height = np.zeros((s, LATENT, LATENT)), np.zeros((s, LATENT, LATENT)), np.zeros(s)
    root, share, place = np.zeros((LATENT, LATENT)), np.zeros(s), np.zeros((s, LATENT))
    point, value, near = np.zeros((LATENT, 2 * LATENT)), np.zeros(2 * LATENT), np.zeros((s, 2 * LATENT))
    joint, means = np.zeros((s, s)), np.zeros((s, s, LATENT))
    inner, spread = np.zeros((LATENT, LATENT)), np.zeros((s, s, LATENT, LATENT))
    for k in range(n - 2, -1, -1):
        prepare_back(
            weight[k], mean[k], covariance[k], keep[k + 1], centre, predicted, whiten, gain, height, root
        )
        joint[:] = 0.0
        for b in range(s):
            if probability[k + 1, b] <= _NEGLIGIBLE:
                continue
            _origins(
                ahead[b],
                ahead_covariance[b],
                weight[k],
                transition[k + 1, :, b],
                centre,
                whiten,
                height,
                root,
                point,
                value,
                near,
                share,
                place,
            )
            for a in range(s):
                if share[a] <= _NEGLIGIBLE:
                    continue
                joint[a, b] = probability[k + 1, b] * share[a]
                _step_back(
                    mean[k, a],
                    covariance[k, a],
                    centre[a],
                    predicted[a],
                    gain[a],
                    place[a],
                    ahead_covariance[b],
                    inner,
                    means[a, b],
                    spread[a, b],
                )
        joint /= joint.sum()
        for a in range(s):
            probability[k, a] = _collapse(joint[a], means[a], spread[a], ahead[a], ahead_covariance[a])
        _moments(probability[k], ahead, ahead_covariance, latent[k], variance[k])
    return probability, latent, variance


@numba.njit(cache=True)
def _moments(
    weight: FloatArray, means: FloatArray, covariances: FloatArray, mean: FloatArray, variance: FloatArray
) -> None:
    """Mean and variance of each part of a mixture, written into the last two."""
    for i in range(LATENT):
        first, second = 0.0, 0.0
        for a in range(len(weight)):
            first += weight[a] * means[a, i]
            second += weight[a] * (covariances[a, i, i] + means[a, i] * means[a, i])
        mean[i], variance[i] = first, second - first * first


@numba.njit(cache=True)
def _step_back(
    mean: FloatArray,
    covariance: FloatArray,
    centre: FloatArray,
    predicted: FloatArray,
    gain: FloatArray,
    place: FloatArray,
    ahead_covariance: FloatArray,
    inner: FloatArray,
    smoothed: FloatArray,
    spread: FloatArray,
) -> None:
    """Smooth one Gaussian with what is known of the next block; written into the last two."""
    for i in range(LATENT):
        total = mean[i]
        for j in range(LATENT):
            total += gain[i, j] * (place[j] - centre[j])
            value = 0.0
            for m in range(LATENT):
                value += gain[i, m] * (ahead_covariance[m, j] - predicted[m, j])
            inner[i, j] = value
        smoothed[i] = total
    for i in range(LATENT):
        for j in range(i + 1):
            value = covariance[i, j]
            for m in range(LATENT):
                value += inner[i, m] * gain[j, m]
            spread[i, j] = spread[j, i] = value


@numba.njit(cache=True)
def _collapse(
    weights: FloatArray,
    means: FloatArray,
    covariances: FloatArray,
    mean: FloatArray,
    covariance: FloatArray,
) -> float:
    """Replace a mixture by the Gaussian with its mean and covariance, written into the last two."""
    total = 0.0
    for k in range(len(weights)):
        total += weights[k]
    for i in range(LATENT):
        mean[i] = 0.0
        for j in range(LATENT):
            covariance[i, j] = 1.0 if total <= 0.0 and i == j else 0.0
    if total <= 0.0:
        return 0.0
    for k in range(len(weights)):
        if weights[k] > 0.0:
            for i in range(LATENT):
                mean[i] += weights[k] / total * means[k, i]
    for k in range(len(weights)):
        if weights[k] > 0.0:
            share = weights[k] / total
            for i in range(LATENT):
                for j in range(LATENT):
                    away = (means[k, i] - mean[i]) * (means[k, j] - mean[j])
                    covariance[i, j] += share * (covariances[k, i, j] + away)
    return total


@numba.njit(cache=True)
def _origins(
    mean: FloatArray,
    covariance: FloatArray,
    weight: FloatArray,
    into: FloatArray,
    centre: FloatArray,
    whiten: FloatArray,
    height: FloatArray,
    root: FloatArray,
    point: FloatArray,
    value: FloatArray,
    near: FloatArray,
    share: FloatArray,
    place: FloatArray,
) -> None:
    """From which state a smoothed Gaussian came, and which part of it came from each: into the last two.

    The probability of an origin depends on the latent parts, so it is taken at the sigma points of the
    Gaussian (Julier & Uhlmann 1997) instead of at its mean.
    """
    s, points = len(weight), 2 * LATENT
    share[:] = 0.0
    place[:] = 0.0
    lower_root(covariance, root)
    for number in range(points):
        sign = np.sqrt(float(LATENT)) * (1.0 if number % 2 == 0 else -1.0)
        for i in range(LATENT):
            point[i, number] = mean[i] + sign * root[i, number // 2]
    for a in range(s):
        reach = weight[a] * into[a]
        near[a] = -np.inf
        if reach > 0.0:
            squared_distances(point, centre[a], whiten[a], value, near[a])
            for number in range(points):
                near[a, number] = np.log(reach) + height[a] - 0.5 * near[a, number]
    for number in range(points):
        highest, total = -np.inf, 0.0
        for a in range(s):
            highest = max(highest, near[a, number])
        for a in range(s):
            away = near[a, number] - highest
            near[a, number] = np.exp(away) if away > -NEVER else 0.0
            total += near[a, number]
        for a in range(s):
            likely = near[a, number] / (total * points)
            if likely > 0.0:
                share[a] += likely
                for i in range(LATENT):
                    place[a, i] += likely * point[i, number]
    for a in range(s):
        for i in range(LATENT):
            place[a, i] = place[a, i] / share[a] if share[a] > 0.0 else mean[i]
