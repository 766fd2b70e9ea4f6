"""The effect of the tilt on the contact over several runs, with what differs between runs and devices.

Arrays in, numbers out.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from camber.schema import ContactEffect, Interval

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from camber.schema import ContactPart, ContactRun

    FloatArray = NDArray[np.float64]

WANTED: Final = 0.1
"""Effect that should be seen [percentage points per percent]: over usual tilts of two percent a fifth of a
point, the step between neighbouring values of a watch's display (judgement)."""

_TO_SEE_IT: Final = 1.645 + 0.842
"""Standard errors in `WANTED` for a 90 % interval to be clear of nothing in four of five cases."""

_BETWEEN: Final = (0.0, 0.01, 0.02, 0.04, 0.08, 0.16)
"""Standard deviations between runs, and between devices, that are weighed [percentage points per percent]."""

_BETWEEN_SCALE: Final = 0.04
"""Scale of the half-normal prior of both (judgement: less than half the effect that is looked for)."""

_WIDEST: Final = 5.0
"""Bound of what an effect may be [percentage points per percent]: ten points at two percent (judgement)."""

_LEAST_INFORMATION: Final = 1e-6
_FREE: Final = 1e6
"""Degrees of freedom with which Student's t is a normal distribution."""


def pooled_effect(runs: Sequence[ContactRun]) -> ContactEffect:
    """Find the effect of the tilt over some runs.

    Parameters
    ----------
    runs : sequence of ContactRun
        With the same number of draws, each history the same in all runs.

    Returns
    -------
    ContactEffect
        Effect, interval, and how much more running would show `WANTED`.
    """
    metres = np.array([run.whole.distance_m for run in runs])
    devices = len({run.device for run in runs})
    effect, more_m = None, None
    if runs:
        numbers = _numbers([run.device for run in runs])
        effect, error = interval_over([run.whole for run in runs], numbers)
        # Every further kilometre like these brings as much as one of them.
        more_m = float(metres.sum()) * max((error * _TO_SEE_IT / WANTED) ** 2 - 1.0, 0.0)
    pairs = [(run.paired, run.device) for run in runs if run.paired is not None]
    paired = None
    if pairs:
        paired, _ = interval_over([part for part, _ in pairs], _numbers([device for _, device in pairs]))
    return ContactEffect(
        runs=len(runs),
        devices=devices,
        distance_m=float(metres.sum()),
        right_pct=float(np.average([run.right_pct for run in runs], weights=metres)) if runs else math.nan,
        effect=effect,
        paired=paired,
        paired_m=sum(part.distance_m for part, _ in pairs),
        more_m=None if more_m is not None and not math.isfinite(more_m) else more_m,
    )


def _numbers(names: Sequence[str]) -> NDArray[np.int64]:
    return np.unique(names, return_inverse=True)[1].astype(np.int64)


def interval_over(parts: Sequence[ContactPart], device: NDArray[np.int64]) -> tuple[Interval, float]:
    """Give the effect over parts with its 90 % interval, and the standard error that noise alone leaves.

    What is observed is the effect times how much of the expected tilt was there, and noise, whose size is
    known by so many degrees of freedom (Student's t). The interval holds the effects under which the
    observation is neither too high nor too low: at no effect, what is not known of the tilt plays no part.
    """
    information = np.maximum([part.information for part in parts], _LEAST_INFORMATION)
    found = np.array([part.score for part in parts]) / information
    there = np.array([part.drawn for part in parts]) / information[:, None]
    freedom = np.minimum([part.freedom for part in parts], _FREE)
    settings = [
        (between, among)
        for between in (_BETWEEN if len(parts) > 1 else (0.0,))
        for among in (_BETWEEN if device.max(initial=0) > 0 else (0.0,))
    ]
    cases = [_weighed(found, there, (information, freedom), device, *setting) for setting in settings]
    weight = np.exp(np.array([case[0] for case in cases]) - max(case[0] for case in cases))
    weight /= weight.sum()
    middles, errors, free = (np.array([case[at] for case in cases]) for at in (1, 2, 3))
    drawn = np.array([case[4] for case in cases])

    def share_below(effect: float) -> float:
        t = (middles[:, None] - effect * drawn) / errors[:, None]
        return float(weight @ _student(t, free[:, None]).mean(axis=1))

    low, median, high = (_where(share_below, level) for level in (0.95, 0.5, 0.05))
    noise = float(np.sqrt(weight @ errors**2))
    spread = float(np.sqrt(weight @ drawn.var(axis=1))) * WANTED
    return Interval(low, median, high), math.hypot(noise, spread)


def _weighed(
    found: FloatArray,
    there: FloatArray,
    known: tuple[FloatArray, FloatArray],
    device: NDArray[np.int64],
    between: float,
    among: float,
) -> tuple[float, float, float, float, FloatArray]:
    """Pool runs whose effects differ by this much: log weight, effect, error, its freedom, and the draws.

    ``known`` are the information and the degrees of freedom of each run, shape (n_runs,).
    """
    information, freedom = known
    variance = 1.0 / information + between**2
    sums = np.bincount(device, 1.0 / variance)
    # A device shifts all its runs alike: the covariance within it is a diagonal and a constant.
    shrink = 1.0 / (1.0 + among**2 * sums)
    weight = (1.0 / variance) * shrink[device]
    total = weight.sum()
    effect = float(weight @ found / total)
    away = found - effect
    quadratic = (
        away @ (away / variance) - (among**2 * shrink * np.bincount(device, away / variance) ** 2).sum()
    )
    determinant = np.log(variance).sum() - np.log(shrink).sum() + np.log(total)
    # Of a sum of variances each known by its own degrees of freedom (Satterthwaite 1946, Biometrics 2).
    parts = (weight / total) ** 2 / information
    prior = (between / _BETWEEN_SCALE) ** 2 + (among / _BETWEEN_SCALE) ** 2
    return (
        -0.5 * float(quadratic + determinant + prior),
        effect,
        float(1.0 / np.sqrt(total)),
        float(1.0 / total**2 / (parts**2 / freedom).sum()),
        weight @ there / total,
    )


def _student(t: FloatArray, freedom: FloatArray) -> FloatArray:
    """Distribution function of Student's t, by way of the normal one.

    Off by less than .001 from three degrees of freedom on (Wallace 1959, Annals of Mathematical
    Statistics 30).
    """
    wide = np.sqrt(freedom * np.log1p(t * t / freedom))
    z = np.sign(t) * wide * (8.0 * freedom + 1.0) / (8.0 * freedom + 3.0)
    return np.asarray(0.5 * (1.0 + np.vectorize(math.erf, otypes=[float])(z / math.sqrt(2.0))))


def _where(falling: Callable[[float], float], level: float) -> float:
    """Find where a function that falls crosses a level, between the bounds of what an effect may be."""
    low, high = -_WIDEST, _WIDEST
    for _ in range(40):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if falling(middle) > level else (low, middle)
    return 0.5 * (low + high)
