"""What an answer is expected to narrow: the law of total variance over histories. Arrays in, numbers out.

Each history holds the answer to every question. Its variance falls apart into what is left among histories of
one answer and what lies between the answers, which is what asking takes away (Weiss 2005, A Course in
Probability, section 10.4). Of 200 histories the variance between answers comes out too large: each mean of a
group carries its own noise, and the best of many questions is the luckiest one. Both are taken off.

A question may have a part in each of several runs (the runner was on one street in all of them): each part is
explained by its own answer, and their sum is one number a history, by which the balance is then explained.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]


class Asked(NamedTuple):
    """A question as the histories answer it.

    Parameters
    ----------
    part : ndarray of float64, shape (n_draws, n_parts)
        What the street adds to the balance in each run, or the balance itself.
    answer : ndarray of int64, shape (n_draws, n_parts)
        Which answer is true in that history, and run: small numbers from 0 on.
    sure : float
        Probability that an answer is right; one that is wrong says nothing.
    answered : float
        Probability that the runner can answer at all.
    """

    part: FloatArray
    answer: IntArray
    sure: float = 1.0
    answered: float = 1.0


class Told(NamedTuple):
    """What the true answers would say of the balance.

    Parameters
    ----------
    variance : float
        Variance that they are expected to take away, were they right and given for sure.
    expected : ndarray of float64, shape (n_draws,)
        The balance as it is expected in each history by its answers, about its mean.
    """

    variance: float
    expected: FloatArray


class _Explained(NamedTuple):
    """Its parts explained by its answers, whatever the balance.

    ``score`` is the sum of the parts as their answers have them, less its mean, and ``rest`` what they leave,
    each part weighted by the share of it that means of small groups pick up; (n_draws,) both.
    """

    score: FloatArray
    rest: FloatArray
    noise: float
    within: float


def _explained(asked: Asked) -> _Explained:
    draws = len(asked.part)
    score, remains, noise, within = np.zeros(draws), np.zeros(draws), 0.0, 0.0
    for part, answer in zip(asked.part.T, asked.answer.T, strict=True):
        counts = np.bincount(answer)
        mean = np.bincount(answer, part) / np.maximum(counts, 1)
        groups = int(np.count_nonzero(counts))
        score += mean[answer] - part.mean()
        # Means of groups of few draws follow the draws: so much of their variance is noise.
        rest = part - mean[answer]
        lost = (groups - 1) / (draws * max(draws - groups, 1))
        square = float(rest @ rest)
        noise, within = noise + lost * square, within + square / draws
        remains += lost * rest
    return _Explained(score, remains, noise, within)


def told_by(balance: FloatArray, asked: Asked) -> Told:
    """Say what the true answers tell of the balance, of shape (n_draws,), less what only chance tells."""
    return _told(balance, _explained(asked))


def _told(balance: FloatArray, asked: _Explained) -> Told:
    draws, score, noise = len(balance), asked.score, asked.noise
    spread = float(score @ score) / (draws - 1)
    plain = spread - noise
    if plain <= 0.0:
        return Told(0.0, np.zeros(draws))
    away = balance - balance.mean()
    # Beyond itself the street tells of all others that are built, or run on, alike; seldom much. What a part
    # leaves has no mean within an answer, so that it is the same beside the balance and beside its rest.
    whole = float(away @ away) / (draws - 1)
    beyond = float(score @ away) / (draws - 1) - float(asked.rest @ away) - plain
    beyond = beyond**3 / (beyond**2 + whole * plain / draws) if beyond else 0.0
    weight = max(1.0 + beyond / plain, 0.0)
    variance = min(weight**2 * _shrunk(plain, 4.0 * asked.within / draws, noise), whole)
    return Told(variance, np.sqrt(variance / spread) * score)


def _shrunk(variance: float, slope: float, noise: float) -> float:
    """Shrink a variance between groups by how far it may be chance.

    A sum of squares of means has the error of a noncentral chi-squared variable: four times their own squares
    times the noise of each, and twice its square (Johnson & Kotz 1970, section 28.4).
    """
    if variance <= 0.0:
        return 0.0
    return variance**3 / (variance**2 + slope * variance + 2.0 * noise**2)


def promise_of(balance: FloatArray, asked: Asked) -> float:
    """Variance of the balance that asking is expected to take away."""
    return _weight(asked) * told_by(balance, asked).variance


def _weight(asked: Asked) -> float:
    """How much of what a sure answer would tell is expected of asking."""
    return asked.answered * asked.sure**2


def best_first(balance: FloatArray, questions: Sequence[Asked], most: int) -> list[tuple[int, float]]:
    """Choose up to so many questions, each the best one after those before it: its number, and its promise.

    What earlier answers are expected to explain is taken out of the balance before the next is chosen.
    """
    chosen: list[tuple[int, float]] = []
    left = np.asarray(balance - balance.mean(), dtype=float)
    explained = [_explained(asked) for asked in questions]
    while len(chosen) < most:
        taken = {number for number, _ in chosen}
        promised = [
            -1.0 if number in taken else _weight(asked) * _told(left, explained[number]).variance
            for number, asked in enumerate(questions)
        ]
        best = int(np.argmax(promised)) if promised else -1
        if best < 0 or promised[best] <= 0.0:
            break
        chosen.append((best, promised[best]))
        # So that as much of the variance goes as an answer takes that may not come, or be wrong.
        gone = 1.0 - np.sqrt(1.0 - _weight(questions[best]))
        left = left - gone * _told(left, explained[best]).expected
    return chosen
