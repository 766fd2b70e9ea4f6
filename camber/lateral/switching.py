"""A switching linear-Gaussian model over blocks: which state, given correlated errors.

The observation of a block is the mean offset of its fixes,

    y = x[s] + n_e b_e + n_n b_n + f + t m + c[s] w + d + noise,

with the place ``x[s]`` of state ``s``; a slow two-dimensional bias ``b`` in the world frame, shared by the
whole run; a fast part ``f``, correlated from block to block; the map's offset ``m`` of the way's line (way
frame, ``t`` turns it); the error ``w`` of the half width, which moves left and right states apart; and the
offset ``d`` of the device, constant in the runner's own frame. All latent parts are Gauss-Markov with unit
variance here; their standard deviations are in the coefficients (camber/standards/model.md, The side). The
states switch by a Markov chain.

Exact inference grows exponentially, so the mixture is collapsed to one Gaussian per state after each block
(generalised pseudo-Bayes of second order; Bar-Shalom, Li & Kirubarajan 2001, section 11.6.5). Marginals
come from a backward pass that corrects expectations (Barber 2006, "Expectation correction for smoothed
inference in switching linear dynamical systems"), whole histories from forward filtering and backward
sampling (`camber.lateral.sampling`).

The kernels are loops, since matrices of six rows gain nothing from general routines, which would need scipy
and take longer to compile than a year of runs takes to analyse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numba
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

LATENT = 6
"""Latent parts: offset of the device, error of half widths; bias east and north, fast part, map offset."""

DEVICE, WIDTH, EAST, NORTH, FAST, MAP = range(LATENT)
"""Places of them; what all runs have in common comes first, so that its draws hang on nothing else."""

NEVER = 40.0
"""States whose logarithm is this much below that of the likeliest are never drawn."""

_FLOOR = 1e-6
"""Smallest pivot of a Cholesky factor, so that rounding never stops a run."""

_NEGLIGIBLE = 1e-9
"""States and origins that are less likely than this are passed over by the smoother."""


class Observations(NamedTuple):
    """Blocks as the kernels see them; ``n`` blocks, ``s`` states.

    Parameters
    ----------
    residual_m : ndarray of float64, shape (n, s)
        Observed offset minus the state's place [m]; NaN where the block has no evidence.
    coefficient : ndarray of float64, shape (n, s, 6)
        Coefficients of the latent parts [m per standard deviation].
    noise_m : ndarray of float64, shape (n, s)
        Standard deviation of the block's own noise [m].
    keep : ndarray of float64, shape (n, 6)
        Correlation of each latent part with the block before.
    prior : ndarray of float64, shape (n, s)
        Prior of the states, 0 where a state is impossible; used at the start.
    transition : ndarray of float64, shape (n, s, s)
        Probability of going from a state of the block before to each state of this one.
    """

    residual_m: FloatArray
    coefficient: FloatArray
    noise_m: FloatArray
    keep: FloatArray
    prior: FloatArray
    transition: FloatArray


class Filtered(NamedTuple):
    """Result of the forward filter: one weighted Gaussian per block and state.

    Parameters
    ----------
    weight : ndarray of float64, shape (n, s)
        Probability of each state given the blocks so far.
    mean : ndarray of float64, shape (n, s, 6)
        Mean of the latent parts.
    covariance : ndarray of float64, shape (n, s, 6, 6)
        Their covariance.
    log_evidence : float
        Logarithm of the probability density of all blocks, up to a constant of the tails and their number.
    """

    weight: FloatArray
    mean: FloatArray
    covariance: FloatArray
    log_evidence: float


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
    """What a step back in time needs of the ``s`` filtered Gaussians of a block.

    Parameters
    ----------
    centre, predicted : ndarray of float64, shapes (s, 6) and (s, 6, 6)
        Means and covariances of their predictions of the next block.
    whiten, gain : ndarray of float64, shape (s, 6, 6)
        Inverses of those covariances' lower Cholesky factors; gains of the smoother.
    log_height : ndarray of float64, shape (s,)
        Logarithms of the predictions' heights, up to a constant; -inf for a Gaussian without weight.
    """

    centre: FloatArray
    predicted: FloatArray
    whiten: FloatArray
    gain: FloatArray
    log_height: FloatArray


@numba.njit(cache=True)
def filter_forward(given: Observations, degrees_of_freedom: float) -> Filtered:
    """Filter the blocks in order, with Student-t tails of the innovations."""
    n, s = given.prior.shape
    # One row more than there are blocks: the start has a single origin, of unit variance.
    weight, mean = np.zeros((n + 1, s)), np.zeros((n + 1, s, LATENT))
    covariance = np.zeros((n + 1, s, LATENT, LATENT))
    weight[0, 0] = 1.0
    for i in range(LATENT):
        covariance[0, 0, i, i] = 1.0
    centre, predicted = np.zeros((s, LATENT)), np.zeros((s, LATENT, LATENT))
    # For each state, what comes into it from each state of the block before.
    log_likely, likely = np.zeros((s, s)), np.zeros((s, s))
    means, covariances = np.zeros((s, s, LATENT)), np.zeros((s, s, LATENT, LATENT))
    evidence = 0.0
    for k in range(n):
        log_likely[:] = -np.inf
        for a in range(s):
            if weight[k, a] <= 0.0:
                continue
            _predict(mean[k, a], covariance[k, a], given.keep[k], centre[a], predicted[a])
            for b in range(s):
                reach = given.prior[0, b] if k == 0 else weight[k, a] * given.transition[k, a, b]
                if reach > 0.0:
                    log_likely[b, a] = np.log(reach) + _update(
                        centre[a], predicted[a], given.residual_m[k, b], given.coefficient[k, b],
                        given.noise_m[k, b], degrees_of_freedom, means[b, a], covariances[b, a],
                    )  # fmt: skip
        highest, total = -np.inf, 0.0
        for b in range(s):
            for a in range(s):
                highest = max(highest, log_likely[b, a])
        for b in range(s):
            for a in range(s):
                away = log_likely[b, a] - highest
                likely[b, a] = np.exp(away) if away > -np.inf else 0.0
            weight[k + 1, b] = _collapse(
                likely[b], means[b], covariances[b], mean[k + 1, b], covariance[k + 1, b]
            )
            total += weight[k + 1, b]
        evidence += highest + np.log(total)
        for b in range(s):
            weight[k + 1, b] /= total
    return Filtered(weight[1:], mean[1:], covariance[1:], evidence)


@numba.njit(cache=True)
def _predict(
    mean: FloatArray, covariance: FloatArray, keep: FloatArray, centre: FloatArray, predicted: FloatArray
) -> None:
    """One step of the latent parts, into the last two: each keeps a share, renewed to unit variance."""
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
    mean: FloatArray,
    covariance: FloatArray,
) -> float:
    """Kalman update with one scalar observation, into mean and lower half of the last; its log-likelihood.

    The innovation has Student-t tails: a large one widens its own variance (Roth, Ozkan & Gustafsson 2013),
    so that a burst neither drags the latent parts along nor decides the state.
    """
    if np.isnan(residual):
        for i in range(LATENT):
            mean[i] = centre[i]
            for j in range(LATENT):
                covariance[i, j] = predicted[i, j]
        return 0.0
    # The mean holds the gain first.
    gain, variance, innovation = mean, noise * noise, residual
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
    step, shrink = innovation / variance, 1.0 / variance
    for i in range(LATENT):
        for j in range(i + 1):
            covariance[i, j] = predicted[i, j] - gain[i] * gain[j] * shrink
    for i in range(LATENT):
        mean[i] = centre[i] + gain[i] * step
    return likelihood


@numba.njit(cache=True)
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


@numba.njit(cache=True)
def lower_roots(matrices: FloatArray) -> FloatArray:
    """Lower Cholesky factors of symmetric matrices, of which the lower halves are read, shape (s, 6, 6)."""
    roots = np.zeros(matrices.shape)
    for a in range(len(matrices)):
        for i in range(LATENT):
            for j in range(i + 1):
                value = matrices[a, i, j]
                for k in range(j):
                    value -= roots[a, i, k] * roots[a, j, k]
                roots[a, i, j] = np.sqrt(max(value, _FLOOR)) if i == j else value / roots[a, j, j]
    return roots


@numba.njit(cache=True)
def prepare_back(weight: FloatArray, mean: FloatArray, covariance: FloatArray, keep: FloatArray) -> Backward:
    """Prepare a step back in time from the filtered Gaussians of a block; ``keep`` is that of the next."""
    s = len(weight)
    centre, predicted = np.zeros((s, LATENT)), np.zeros((s, LATENT, LATENT))
    whiten, gain = np.zeros((s, LATENT, LATENT)), np.zeros((s, LATENT, LATENT))
    log_height, precision = np.empty(s), np.zeros((LATENT, LATENT))
    for a in range(s):
        log_height[a] = -np.inf
        if weight[a] > 0.0:
            _predict(mean[a], covariance[a], keep, centre[a], predicted[a])
    roots = lower_roots(predicted)
    for a in range(s):
        if weight[a] <= 0.0:
            continue
        root = roots[a]
        # The height of a Gaussian is one over the determinant of its root; forward substitution inverts it.
        log_height[a] = 0.0
        for j in range(LATENT):
            log_height[a] -= np.log(root[j, j])
            for i in range(j, LATENT):
                value = 1.0 if i == j else 0.0
                for k in range(j, i):
                    value -= root[i, k] * whiten[a, k, j]
                whiten[a, i, j] = value / root[i, i]
        # Gain of the smoother (Rauch, Tung & Striebel 1965): covariance with the next block, over its own.
        precision[:] = 0.0
        for m in range(LATENT):
            for i in range(m + 1):
                for j in range(m + 1):
                    precision[i, j] += whiten[a, m, i] * whiten[a, m, j]
        for i in range(LATENT):
            for m in range(LATENT):
                for j in range(LATENT):
                    gain[a, i, j] += covariance[a, i, m] * keep[m] * precision[m, j]
    return Backward(centre, predicted, whiten, gain, log_height)


@numba.njit(cache=True)
def squared_distances(points: FloatArray, back: Backward) -> FloatArray:
    """Squared distances of points, shape (6, m), from each prediction in its standard deviations, (s, m).

    Points lie along the last axis, so that the processor takes several at once.
    """
    s, m = len(back.centre), points.shape[1]
    near, value = np.zeros((s, m)), np.zeros(m)
    for a in range(s):
        if back.log_height[a] == -np.inf:
            continue
        for i in range(LATENT):
            value[:] = 0.0
            for j in range(i + 1):
                for d in range(m):
                    value[d] += back.whiten[a, i, j] * (points[j, d] - back.centre[a, j])
            for d in range(m):
                near[a, d] += value[d] * value[d]
    return near


@numba.njit(cache=True)
def smooth(given: Observations, filtered: Filtered) -> Smoothed:
    """Probability of each state given the whole run, by expectation correction (Barber 2006)."""
    n, s = filtered.weight.shape
    probability, latent, variance = np.zeros((n, s)), np.zeros((n, LATENT)), np.zeros((n, LATENT))
    # The smoothed Gaussian of each state of the block ahead.
    ahead, ahead_covariance = filtered.mean[n - 1].copy(), filtered.covariance[n - 1].copy()
    for a in range(s):
        probability[n - 1, a] = filtered.weight[n - 1, a]
    _moments(probability[n - 1], ahead, ahead_covariance, latent[n - 1], variance[n - 1])
    # For each state, where the block ahead lies of what came from it into each state there.
    joint, places, reach = np.zeros((s, s)), np.zeros((s, s, LATENT)), np.zeros(s)
    place, spread = np.zeros((s, LATENT)), np.zeros((s, LATENT, LATENT))
    for k in range(n - 2, -1, -1):
        mean, covariance = filtered.mean[k], filtered.covariance[k]
        back = prepare_back(filtered.weight[k], mean, covariance, given.keep[k + 1])
        roots = lower_roots(ahead_covariance)
        joint[:], total = 0.0, 0.0
        for b in range(s):
            if probability[k + 1, b] <= _NEGLIGIBLE:
                continue
            for a in range(s):
                reach[a] = filtered.weight[k, a] * given.transition[k + 1, a, b]
            share, came = _origins(ahead[b], roots[b], reach, back)
            for a in range(s):
                if share[a] > _NEGLIGIBLE:
                    joint[a, b] = probability[k + 1, b] * share[a]
                    total += joint[a, b]
                    for i in range(LATENT):
                        places[a, b, i] = came[a, i]
        for a in range(s):
            for b in range(s):
                joint[a, b] /= total
        # A step back is linear, so what came from one state is collapsed first and steps back once.
        for a in range(s):
            probability[k, a] = _collapse(joint[a], places[a], ahead_covariance, place[a], spread[a])
        for a in range(s):
            if probability[k, a] > 0.0:
                _step_back(
                    mean[a], covariance[a], back.centre[a], back.predicted[a], back.gain[a],
                    place[a], spread[a], ahead[a], ahead_covariance[a],
                )  # fmt: skip
            else:
                ahead[a], ahead_covariance[a] = 0.0, 0.0
                for i in range(LATENT):
                    ahead_covariance[a, i, i] = 1.0
        _moments(probability[k], ahead, ahead_covariance, latent[k], variance[k])
    return Smoothed(probability, latent, variance)


@numba.njit(cache=True)
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


@numba.njit(cache=True)
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


@numba.njit(cache=True)
def _origins(
    mean: FloatArray, root: FloatArray, reach: FloatArray, back: Backward
) -> tuple[FloatArray, FloatArray]:
    """Share of a smoothed Gaussian that came from each state, and mean of that share; (s,) and (s, 6).

    The probability of an origin depends on the latent parts, so it is taken at the sigma points of the
    Gaussian (Julier & Uhlmann 1997) instead of at its mean; ``reach`` is weight times transition.
    """
    s, points = len(reach), 2 * LATENT
    share, place = np.zeros(s), np.zeros((s, LATENT))
    point = np.empty((LATENT, points))
    for number in range(points):
        sign = np.sqrt(float(LATENT)) * (1.0 if number % 2 == 0 else -1.0)
        for i in range(LATENT):
            point[i, number] = mean[i] + sign * root[i, number // 2]
    near = squared_distances(point, back)
    for a in range(s):
        height = np.log(reach[a]) + back.log_height[a] if reach[a] > 0.0 else -np.inf
        for number in range(points):
            near[a, number] = height - 0.5 * near[a, number]
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
    return share, place
