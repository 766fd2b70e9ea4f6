"""A switching linear-Gaussian model over blocks: which state, given correlated errors.

The observation of a block is the mean offset of its fixes,

    y = x[s] + n_e b_e + n_n b_n + f + t m + c[s] w + d + noise,

with the place ``x[s]`` of state ``s``; a slow two-dimensional bias ``b`` in the world frame, shared by the
whole run; a fast part ``f``, correlated from block to block; the map's offset ``m`` of the way's line (way
frame, ``t`` turns it); the error ``w`` of the half width, which moves left and right states apart; and the
offset ``d`` of the device, constant in the runner's own frame. All latent parts are Gauss-Markov with unit
variance here; their standard deviations are in the coefficients (science.md 5.5). The states switch by a
Markov chain.

Exact inference grows exponentially, so the mixture is collapsed to one Gaussian per state after each block
(generalised pseudo-Bayes of second order; Bar-Shalom, Li & Kirubarajan 2001, section 11.6.4). Marginals
come from a backward pass that corrects expectations (Barber 2006, "Expectation correction for smoothed
inference in switching linear dynamical systems"), whole histories from forward filtering and backward
sampling (Carter & Kohn 1994; Fruhwirth-Schnatter 1994).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from camber.lateral import kernels
from camber.lateral.existence import no_doubts
from camber.lateral.kernels import DEVICE, LATENT, MAP, WIDTH
from camber.lateral.sampling import sample_blocks

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from camber.lateral.existence import Doubts

    FloatArray = NDArray[np.float64]

__all__ = [
    "DEVICE",
    "LATENT",
    "MAP",
    "WIDTH",
    "Filtered",
    "Observations",
    "Smoothed",
    "filter_forward",
    "sample",
    "smooth",
]


class Observations(NamedTuple):
    """Blocks as the kernel sees them; ``n`` blocks, ``s`` states.

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
    mean : ndarray of float64, shape (n, s, 6)
        Mean of the latent parts.
    covariance : ndarray of float64, shape (n, s, 6, 6)
        Their covariance.
    log_evidence : float
        Logarithm of the probability density of all blocks, up to a constant of the tails and the number of
        blocks.
    """

    weight: NDArray[np.float64]
    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]
    log_evidence: float


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
    return Filtered(*kernels.filter_blocks(*observations, degrees_of_freedom))


class Smoothed(NamedTuple):
    """What the whole run says about each block.

    Parameters
    ----------
    probability : ndarray of float64, shape (n, s)
        Probabilities of the states; they sum to 1 in each row.
    mean, variance : ndarray of float64, shape (n, 6)
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
    return Smoothed(*kernels.smooth_blocks(observations.keep, observations.transition, *filtered[:3]))


def sample(
    observations: Observations,
    filtered: Filtered,
    uniform: NDArray[np.float64],
    normal: NDArray[np.float64],
    doubts: Doubts | None = None,
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
    normal : ndarray of float64, shape (draws, n, 6)
        Standard normal numbers.
    doubts : Doubts, optional
        States that may not exist; most passes of a road go by one rank in a draw.

    Returns
    -------
    ndarray of int8, shape (draws, n)
        State of each block in each draw.
    """
    doubts = doubts or no_doubts(len(uniform), observations.prior.shape)
    return sample_blocks(
        observations.keep,
        observations.transition,
        *filtered[:3],
        uniform,
        normal,
        doubts.doubtful,
        doubts.road,
        doubts.rank,
        doubts.used,
    )
