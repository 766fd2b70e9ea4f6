"""Hidden Markov models over trellises: arrays in, arrays out, and not a word about roads.

A trellis holds for each step the weight of going from each state of the step before to each state of this
one, evidence included, so that evidence which depends on both ends of a step (correlated errors) has a
place. Weights are plain, not logarithms; every step is rescaled, so only their ratios matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@numba.njit(cache=True)
def forward_backward(
    weights: NDArray[np.float32], initial: NDArray[np.float64], starts: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Posterior probability of each state at each step.

    Rabiner 1989, Proc. IEEE 77(2), equations 18-27, with scaling (section V.A).

    Parameters
    ----------
    weights : ndarray of float32, shape (n, s, s)
        ``weights[i, a, b]``: weight of going from state ``a`` at step ``i - 1`` to ``b`` at step ``i``;
        ignored where a chain starts. Some state must be reachable at every step.
    initial : ndarray of float64, shape (n, s)
        Weight of each state at the start of a chain; read only there.
    starts : ndarray of bool, shape (n,)
        True where a new, independent chain starts; the first must be True.

    Returns
    -------
    ndarray of float64, shape (n, s)
        Probabilities that sum to 1 in each row.
    """
    n, s = initial.shape
    alpha = np.zeros((n, s))
    for i in range(n):
        total = 0.0
        for b in range(s):
            value = initial[i, b]
            if not starts[i]:
                value = 0.0
                for a in range(s):
                    if alpha[i - 1, a] > 0.0:
                        value += alpha[i - 1, a] * weights[i, a, b]
            alpha[i, b] = value
            total += value
        for b in range(s):
            alpha[i, b] /= total
    beta = np.ones(s)
    before = np.ones(s)
    for i in range(n - 2, -1, -1):
        total = 0.0
        for a in range(s):
            value = 1.0
            if not starts[i + 1]:
                value = 0.0
                for b in range(s):
                    value += weights[i + 1, a, b] * beta[b]
            before[a] = value
            total += value
        norm = 0.0
        for a in range(s):
            beta[a] = before[a] / total
            alpha[i, a] *= beta[a]
            norm += alpha[i, a]
        for a in range(s):
            alpha[i, a] /= norm
    return alpha


@numba.njit(cache=True)
def viterbi(
    weights: NDArray[np.float32], initial: NDArray[np.float64], starts: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Likeliest sequence of states.

    Viterbi 1967; Rabiner 1989, equations 32-35.

    Parameters
    ----------
    weights, initial, starts
        As for `forward_backward`.

    Returns
    -------
    ndarray of int64, shape (n,)
        State at each step; the first of equals.
    """
    n, s = initial.shape
    best = np.zeros(s)
    now = np.zeros(s)
    back = np.zeros((n, s), dtype=np.int16)
    last = np.zeros(n, dtype=np.int64)
    for i in range(n):
        if starts[i] and i > 0:
            last[i - 1] = np.argmax(best)
        top = 0.0
        for b in range(s):
            value = initial[i, b]
            if not starts[i]:
                value = -1.0
                for a in range(s):
                    candidate = best[a] * weights[i, a, b]
                    if candidate > value:
                        value = candidate
                        back[i, b] = a
            now[b] = value
            top = max(top, value)
        for b in range(s):
            best[b] = now[b] / top
    states = np.zeros(n, dtype=np.int64)
    state = np.argmax(best)
    for i in range(n - 1, -1, -1):
        if i < n - 1 and starts[i + 1]:
            state = last[i]
        states[i] = state
        if not starts[i]:
            state = np.int64(back[i, state])
    return states
