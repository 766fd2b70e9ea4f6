"""What is not known about a run is integrated over: how noisy it was, and what the runner's habit is.

A few hypotheses are filtered each on its own and weighed by how well they foretold the blocks; posterior
probabilities are mixtures over them, and every drawn history belongs to one of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from camber.lateral.switching import (
    LATENT,
    Filtered,
    Observations,
    Smoothed,
    filter_forward,
    sample,
    smooth,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from camber.lateral.existence import Doubts
    from camber.standards import GnssClass

    FloatArray = NDArray[np.float64]

_LEAST_WEIGHT = 0.02
"""Hypotheses with less of the posterior than this are dropped (judgement: a hundredth of an interval)."""


class Hypothesis(NamedTuple):
    """One way in which the run may have come about.

    Parameters
    ----------
    noise : GnssClass
        Errors of the receiver.
    habit : float
        The runner's habit in standard deviations of its prior, towards facing traffic.
    weight : float
        Prior weight.
    """

    noise: GnssClass
    habit: float
    weight: float


class Part(NamedTuple):
    """A hypothesis with what follows from it.

    Parameters
    ----------
    hypothesis : Hypothesis
        The hypothesis; its weight is that of the posterior.
    observations : Observations
        The blocks under it.
    filtered : Filtered
        The filter's result.
    smoothed : Smoothed
        The smoother's.
    """

    hypothesis: Hypothesis
    observations: Observations
    filtered: Filtered
    smoothed: Smoothed


def weigh(
    given: Iterable[tuple[Hypothesis, Observations]], degrees_of_freedom: float, noise_evidence: float
) -> tuple[Part, ...]:
    """Filter the run under every hypothesis, weigh them, and smooth those that are left.

    Parameters
    ----------
    given : iterable of (Hypothesis, Observations)
        What is to be weighed.
    degrees_of_freedom : float
        Student-t tails of the blocks.
    noise_evidence : float
        Power to which the evidence for one size of the errors against another is taken; that for habits
        counts in full.

    Returns
    -------
    tuple of Part
        In the order given, without those that hardly count; weights sum to 1.
    """
    pairs = list(given)
    filtered = [filter_forward(observations, degrees_of_freedom) for _, observations in pairs]
    prior = np.array([hypothesis.weight for hypothesis, _ in pairs])
    logs = np.log(prior) + np.array([one.log_evidence for one in filtered])
    noises = [hypothesis.noise for hypothesis, _ in pairs]
    for noise in set(noises):
        same = np.array([one == noise for one in noises])
        evidence = np.logaddexp.reduce(logs[same]) - np.log(prior[same].sum())
        logs[same] -= (1.0 - noise_evidence) * evidence
    weight = np.exp(logs - logs.max())
    weight = np.where(weight >= _LEAST_WEIGHT * weight.sum(), weight, 0.0)
    weight /= weight.sum()
    return tuple(
        Part(hypothesis._replace(weight=float(share)), observations, one, smooth(observations, one))
        for (hypothesis, observations), one, share in zip(pairs, filtered, weight, strict=True)
        if share > 0.0
    )


def combine(parts: Sequence[Part]) -> Smoothed:
    """Mix what follows from the hypotheses.

    Parameters
    ----------
    parts : sequence of Part
        Of `weigh`.

    Returns
    -------
    Smoothed
        Probabilities, means and variances over all of them.
    """
    weight = [part.hypothesis.weight for part in parts]

    def mixed(values: Iterable[FloatArray]) -> FloatArray:
        return np.asarray(sum(share * value for share, value in zip(weight, values, strict=True)))

    mean = mixed(part.smoothed.mean for part in parts)
    square = mixed(part.smoothed.variance + part.smoothed.mean**2 for part in parts)
    probability = mixed(part.smoothed.probability for part in parts)
    return Smoothed(probability / probability.sum(axis=1, keepdims=True), mean, square - mean**2)


def likeliest_noise(parts: Sequence[Part]) -> str:
    """Name the class of errors with most of the posterior.

    Parameters
    ----------
    parts : sequence of Part
        Of `weigh`.

    Returns
    -------
    str
        Name of a row of ``standards/gnss_error.csv``.
    """
    total: dict[str, float] = {}
    for part in parts:
        name = part.hypothesis.noise.name
        total[name] = total.get(name, 0.0) + part.hypothesis.weight
    return max(total, key=lambda name: total[name])


def draw_histories(
    parts: Sequence[Part], habit_rank: FloatArray, rng: np.random.Generator, doubts: Doubts | None = None
) -> NDArray[np.int8]:
    """Draw whole histories of the states, each under one hypothesis.

    Parameters
    ----------
    parts : sequence of Part
        Of `weigh`.
    habit_rank : ndarray of float64, shape (draws,)
        Uniform ranks in [0, 1) that choose the habit: the same for all runs of a runner, who has one habit.
    rng : numpy.random.Generator
        Source of the rest.
    doubts : Doubts, optional
        States that may not exist, with a rank of each road in each draw.

    Returns
    -------
    ndarray of int8, shape (draws, n)
        State of each block in each draw.
    """
    order = sorted(parts, key=lambda part: part.hypothesis.habit)
    edges = np.cumsum([part.hypothesis.weight for part in order])
    habits = np.array([part.hypothesis.habit for part in order])
    weights = np.array([part.hypothesis.weight for part in order])
    chosen_habit = habits[np.minimum(np.searchsorted(edges, habit_rank, side="right"), len(order) - 1)]
    n, draws = len(order[0].observations.prior), len(habit_rank)
    noise_rank = rng.random(draws)
    uniform, normal = rng.random((draws, n)), rng.standard_normal((draws, n, LATENT))
    chosen = np.empty(draws, dtype=np.int64)
    for habit in np.unique(chosen_habit):
        rows, mine = np.flatnonzero(habits == habit), chosen_habit == habit
        among = np.cumsum(weights[rows]) / weights[rows].sum()
        chosen[mine] = rows[np.minimum(np.searchsorted(among, noise_rank[mine], "right"), len(rows) - 1)]
    state = np.empty((draws, n), dtype=np.int8)
    for number in np.unique(chosen):
        mine, part = np.flatnonzero(chosen == number), order[number]
        given = None if doubts is None else doubts._replace(rank=doubts.rank[mine])
        state[mine] = sample(part.observations, part.filtered, uniform[mine], normal[mine], given)
    return state
