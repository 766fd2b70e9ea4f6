"""Hidden Markov models over trellises of varying width: arrays in, arrays out, and not a word about roads.

A trellis lists for each step the weights of all transitions, evidence included, so that evidence which
depends on both ends of a step (correlated errors) has a place. Weights are plain, not logarithms; every step
is rescaled, so only their ratios matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from camber.kernels import ZERO, compiled_once, inner_kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Trellis(NamedTuple):
    """Transitions of ``n`` steps, each with states of its own."""

    width: NDArray[np.int64]
    """Number of states at each step, 1 at least."""
    first: NDArray[np.int64]
    """The weights of step ``i`` are entries ``first[i]:first[i + 1]``; shape (n + 1,)."""
    weight: NDArray[np.float64]
    """Not negative. For a step that goes on, a row for each state of the step before, with an entry for each
    state of this one; where a chain starts, a single row of the states' own weights."""
    starts: NDArray[np.bool_]
    """True where a new, independent chain starts; the first must be True."""


@compiled_once
@njit(cache=True)
def forward_backward(trellis: Trellis) -> NDArray[np.float64]:
    """Posterior probabilities of the states of each step, one step after the other.

    Rabiner 1989, Proc. IEEE 77(2), equations 18-27, with scaling (section V.A). Some state must be reachable
    at every step.
    """
    width, first, weight, starts = trellis
    n, states, widest = len(width), ZERO, ZERO
    for i in range(n):
        states, widest = states + width[i], max(widest, width[i])
    alpha, end = np.zeros(states), ZERO
    # Forward: alpha, of all steps.
    for i in range(n):
        here, end, m = end, end + width[i], first[i]
        before = here if starts[i] else here - width[i - 1]
        if starts[i]:
            for b in range(width[i]):
                alpha[here + b] = weight[m + b]
        for a in range(before, here):
            for b in range(here, end):
                alpha[b] += alpha[a] * weight[m]
                m += 1
        _rescale(alpha, here, end)
    # Backward: beta, of one step at a time, multiplied into alpha.
    beta, ahead = np.empty(widest), np.empty(widest)
    beta[:] = 1.0
    for i in range(n - 1, 0, -1):
        end -= width[i]
        here, m = end - width[i - 1], first[i]
        if starts[i]:
            beta[:] = 1.0
            continue
        top = 0.0
        ahead, beta = beta, ahead
        for a in range(width[i - 1]):
            total = 0.0
            for b in range(width[i]):
                total += weight[m] * ahead[b]
                m += 1
            beta[a] = total
            top = max(top, total)
        for a in range(width[i - 1]):
            beta[a] /= top
            alpha[here + a] *= beta[a]
        _rescale(alpha, here, end)
    return alpha


@inner_kernel
def _rescale(values: NDArray[np.float64], start: int, end: int) -> None:
    total = 0.0
    for b in range(start, end):
        total += values[b]
    for b in range(start, end):
        values[b] /= total


@compiled_once
@njit(cache=True)
def viterbi(trellis: Trellis) -> NDArray[np.int64]:
    """Likeliest sequence of states, shape (n,); of equals the first (Viterbi 1967; Rabiner 1989, 32-35)."""
    width, first, weight, starts = trellis
    n, s = len(width), ZERO
    for i in range(n):
        s = max(s, width[i])
    best, now = np.zeros(s), np.zeros(s)
    back, last = np.zeros((n, s), dtype=np.int16), np.zeros(n, dtype=np.int64)
    for i in range(n):
        m = first[i]
        if starts[i]:
            for b in range(width[i]):
                now[b] = weight[m + b]
        else:
            now[: width[i]] = -1.0
            for a in range(width[i - 1]):
                for b in range(width[i]):
                    value = best[a] * weight[m]
                    m += 1
                    if value > now[b]:
                        now[b], back[i, b] = value, a
        for b in range(width[i]):
            if now[b] > now[last[i]]:
                last[i] = b
        top = now[last[i]]
        for b in range(width[i]):
            best[b] = now[b] / top
    states = np.zeros(n, dtype=np.int64)
    for i in range(n - 1, -1, -1):
        states[i] = last[i] if i == n - 1 or starts[i + 1] else back[i + 1, states[i + 1]]
    return states
