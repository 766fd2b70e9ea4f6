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
inference in switching linear dynamical systems"; `camber.lateral.smoothing`), whole histories from forward
filtering and backward sampling (`camber.lateral.sampling`).

The kernels are loops, since matrices of six rows gain nothing from general routines, which would need scipy
and take longer to compile than a year of runs takes to analyse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numba
import numpy as np

from camber.kernels import compiled_once, inner_kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

LATENT = 6
"""Latent parts: offset of the device, error of half widths; bias east and north, fast part, map offset."""

DEVICE, WIDTH, EAST, NORTH, FAST, MAP = range(LATENT)
"""Places of them; what all runs have in common comes first, so that its draws hang on nothing else."""

_MOST_POWERS = 16.0
"""Degrees of freedom up to which tails are products (judgement: more are all but a normal distribution)."""


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


@compiled_once
@numba.njit(cache=True)
def filter_forward(given: Observations, degrees_of_freedom: float) -> Filtered:
    """Filter the blocks in order, with Student-t tails of the innovations."""
    # Kernels within are handed whole arrays and where to read: a part taken out of one costs its count.
    residual_m, coefficient, noise_m, keep, prior, transition = given
    n, s, size = coefficient.shape
    weight, mean, covariance = np.zeros((n, s)), np.empty((n, s, size)), np.empty((n, s, size, size))
    # The start has a single origin, of unit variance.
    before, centre, predicted = np.zeros(s), np.zeros((s, size)), np.zeros((s, size, size))
    before[0] = 1.0
    for i in range(size):
        predicted[0, i, i] = 1.0
    gain, moved, evidence = np.zeros(size), np.zeros(size), 0.0
    first, second = np.zeros(size), np.zeros((size, size))
    for k in range(n):
        for a in range(s):
            if k > 0:
                before[a] = weight[k - 1, a]
                if before[a] > 0.0:
                    predict(mean, covariance, k - 1, a, keep, centre, predicted)
        least = 0.0
        if degrees_of_freedom > _MOST_POWERS:
            least = _least_squared(given, k, before, centre, predicted, gain)
        total = 0.0
        for b in range(s):
            for i in range(size):
                first[i] = 0.0
                for j in range(i + 1):
                    second[i, j] = 0.0
            for a in range(s):
                reach = prior[0, b] if k == 0 else before[a] * transition[k, a, b]
                if reach > 0.0 and before[a] > 0.0:
                    seen = _innovate(
                        centre, predicted, a, residual_m[k, b], coefficient, k, b, noise_m[k, b], gain
                    )  # fmt: skip
                    weight[k, b] += _take(
                        reach, centre, predicted, a, gain, seen, degrees_of_freedom, least, moved, first,
                        second,
                    )  # fmt: skip
            _divide(weight[k, b], first, second, mean, covariance, k, b)
            total += weight[k, b]
        evidence += np.log(total) - _far(least, degrees_of_freedom)
        for b in range(s):
            weight[k, b] /= total
    return Filtered(weight, mean, covariance, evidence)


@inner_kernel
def predict(
    mean: FloatArray,
    covariance: FloatArray,
    k: int,
    a: int,
    keep: FloatArray,
    centre: FloatArray,
    predicted: FloatArray,
) -> None:
    """One step of the latent parts from state ``a`` of block ``k``, into the same state of the last two.

    Each part keeps a share, renewed to unit variance.
    """
    for i in range(LATENT):
        centre[a, i] = mean[k, a, i] * keep[k + 1, i]
        for j in range(i + 1):
            value = covariance[k, a, i, j] * (keep[k + 1, i] * keep[k + 1, j])
            predicted[a, i, j] = predicted[a, j, i] = value
        predicted[a, i, i] += 1.0 - keep[k + 1, i] * keep[k + 1, i]


@inner_kernel
def _innovate(
    centre: FloatArray,
    predicted: FloatArray,
    a: int,
    residual: float,
    coefficient: FloatArray,
    k: int,
    b: int,
    noise: float,
    gain: FloatArray,
) -> tuple[float, float]:
    """Innovation of a scalar observation and its variance; the covariance with it goes into the last.

    From state ``a`` into state ``b`` of block ``k``. A missing observation moves nothing, and is as likely
    under every state.
    """
    if np.isnan(residual):
        for i in range(LATENT):
            gain[i] = 0.0
        return 0.0, 1.0
    innovation, variance = residual, noise * noise
    for i in range(LATENT):
        total = 0.0
        for j in range(LATENT):
            total += predicted[a, i, j] * coefficient[k, b, j]
        gain[i] = total
        variance += coefficient[k, b, i] * total
        innovation -= coefficient[k, b, i] * centre[a, i]
    return innovation, variance


@inner_kernel
def _take(
    reach: float,
    centre: FloatArray,
    predicted: FloatArray,
    a: int,
    gain: FloatArray,
    seen: tuple[float, float],
    dof: float,
    least: float,
    moved: FloatArray,
    first: FloatArray,
    second: FloatArray,
) -> float:
    """Kalman update, of which first and second moments are added to the last two; gives its weight.

    The innovation has Student-t tails: a large one widens its own variance (Roth, Ozkan & Gustafsson 2013),
    so that a burst neither drags the latent parts along nor decides the state. Tails are products of a root,
    since logarithms and their powers took a third of the time; those of all but a normal distribution are
    relative to the ``least`` square, so that they do not vanish.
    """
    innovation, variance = seen
    squared = innovation * innovation / variance
    weight = reach / np.sqrt(variance)
    if dof > _MOST_POWERS:
        weight *= np.exp(_far(least, dof) - _far(squared, dof))
    else:
        root, whole = 1.0 / np.sqrt(1.0 + squared / dof), int(dof) + 1
        for _ in range(whole):
            weight *= root
        if dof + 1.0 > whole:
            weight *= root ** (dof + 1.0 - whole)
    if squared > 1.0:
        variance *= (dof + squared) / (dof + 1.0)
    shrink = 1.0 / variance
    step = innovation * shrink
    for i in range(LATENT):
        moved[i] = centre[a, i] + gain[i] * step
        share, pulled = weight * moved[i], weight * shrink * gain[i]
        first[i] += share
        for j in range(i + 1):
            second[i, j] += weight * predicted[a, i, j] - pulled * gain[j] + share * moved[j]
    return float(weight)


@inner_kernel
def _far(squared: float, dof: float) -> float:
    """How unlikely a squared innovation is, as a logarithm."""
    return float(0.5 * (dof + 1.0) * np.log1p(squared / dof))


@inner_kernel
def _least_squared(
    given: Observations,
    k: int,
    before: FloatArray,
    centre: FloatArray,
    predicted: FloatArray,
    gain: FloatArray,
) -> float:
    """Least squared innovation of a block, over all ways into its states."""
    least = np.inf
    for b in range(len(before)):
        for a in range(len(before)):
            reach = given.prior[0, b] if k == 0 else given.transition[k, a, b]
            if before[a] > 0.0 and reach > 0.0:
                innovation, variance = _innovate(
                    centre, predicted, a, given.residual_m[k, b], given.coefficient, k, b,
                    given.noise_m[k, b], gain,
                )  # fmt: skip
                least = min(least, innovation * innovation / variance)
    return least


@inner_kernel
def _divide(
    weight: float,
    first: FloatArray,
    second: FloatArray,
    mean: FloatArray,
    covariance: FloatArray,
    k: int,
    b: int,
) -> None:
    """Write summed moments, lower half, as mean and covariance of a state; without weight as at the start."""
    share = 1.0 / weight if weight > 0.0 else 0.0
    for i in range(LATENT):
        mean[k, b, i] = first[i] * share
        for j in range(i + 1):
            value = second[i, j] * share - mean[k, b, i] * mean[k, b, j]
            covariance[k, b, i, j] = covariance[k, b, j, i] = value
        if weight <= 0.0:
            covariance[k, b, i, i] = 1.0
