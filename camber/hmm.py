"""Hidden Markov models over sparse trellises: arrays in, arrays out, and not a word about roads.

A trellis lists for each step the transitions that are possible at all, with their weights, evidence
included, so that evidence which depends on both ends of a step (correlated errors) has a place. Weights are
plain, not logarithms; every step is rescaled, so only their ratios matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numba
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Trellis(NamedTuple):
    """Possible transitions of ``n`` steps over ``s`` states, in compressed rows.

    Parameters
    ----------
    first : ndarray of int64, shape (n + 1,)
        The transitions into step ``i`` are rows ``first[i]:first[i + 1]``; none where a chain starts.
    source, target : ndarray of int16, shape (m,)
        State at the step before, and at the step.
    weight : ndarray of float64, shape (m,)
        Weight of the transition, not negative.
    initial : ndarray of float64, shape (n, s)
        Weight of each state where a chain starts; read only there.
    starts : ndarray of bool, shape (n,)
        True where a new, independent chain starts; the first must be True.
    """

    first: NDArray[np.int64]
    source: NDArray[np.int16]
    target: NDArray[np.int16]
    weight: NDArray[np.float64]
    initial: NDArray[np.float64]
    starts: NDArray[np.bool_]


def forward_backward(trellis: Trellis) -> NDArray[np.float64]:
    """Posterior probability of each state at each step.

    Rabiner 1989, Proc. IEEE 77(2), equations 18-27, with scaling (section V.A).

    Parameters
    ----------
    trellis : Trellis
        Some state must be reachable at every step.

    Returns
    -------
    ndarray of float64, shape (n, s)
        Probabilities that sum to 1 in each row.
    """
    return _forward_backward(*trellis)


def viterbi(trellis: Trellis) -> NDArray[np.int64]:
    """Likeliest sequence of states.

    Viterbi 1967; Rabiner 1989, equations 32-35.

    Parameters
    ----------
    trellis : Trellis
        As for `forward_backward`.

    Returns
    -------
    ndarray of int64, shape (n,)
        State at each step; of equals the transition that is listed first.
    """
    return _viterbi(*trellis)


@numba.njit(cache=True)
def _forward_backward(
    first: NDArray[np.int64],
    source: NDArray[np.int16],
    target: NDArray[np.int16],
    weight: NDArray[np.float64],
    initial: NDArray[np.float64],
    starts: NDArray[np.bool_],
) -> NDArray[np.float64]:
    n, s = initial.shape
    alpha = np.zeros((n, s))
    for i in range(n):
        if starts[i]:
            alpha[i] = initial[i]
        else:
            for e in range(first[i], first[i + 1]):
                alpha[i, target[e]] += alpha[i - 1, source[e]] * weight[e]
        alpha[i] /= alpha[i].sum()
    beta = np.ones(s)
    before = np.empty(s)
    for i in range(n - 1, 0, -1):
        if starts[i]:
            beta[:] = 1.0
        else:
            before[:] = 0.0
            for e in range(first[i], first[i + 1]):
                before[source[e]] += weight[e] * beta[target[e]]
            beta[:] = before / before.max()
        alpha[i - 1] *= beta
        alpha[i - 1] /= alpha[i - 1].sum()
    return alpha


@numba.njit(cache=True)
def _viterbi(
    first: NDArray[np.int64],
    source: NDArray[np.int16],
    target: NDArray[np.int16],
    weight: NDArray[np.float64],
    initial: NDArray[np.float64],
    starts: NDArray[np.bool_],
) -> NDArray[np.int64]:
    n, s = initial.shape
    best = np.zeros(s)
    now = np.zeros(s)
    back = np.zeros((n, s), dtype=np.int16)
    last = np.zeros(n, dtype=np.int64)
    for i in range(n):
        if starts[i]:
            if i > 0:
                last[i - 1] = np.argmax(best)
            now[:] = initial[i]
        else:
            now[:] = -1.0
            for e in range(first[i], first[i + 1]):
                value = best[source[e]] * weight[e]
                if value > now[target[e]]:
                    now[target[e]] = value
                    back[i, target[e]] = source[e]
        best[:] = np.maximum(now / now.max(), 0.0)
    states = np.zeros(n, dtype=np.int64)
    state = np.argmax(best)
    for i in range(n - 1, -1, -1):
        if i < n - 1 and starts[i + 1]:
            state = last[i]
        states[i] = state
        if not starts[i]:
            state = np.int64(back[i, state])
    return states
