"""Whether the share of a leg changed from one period to the next: by draws, and by runs.

Arrays in, numbers out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from camber.schema import Change, interval_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

FEWEST_RUNS: Final = 3
"""Runs in each period below which chance between runs cannot be told (judgement)."""

SURE_FROM: Final = 0.95
"""Probability from which a change is said to be one (judgement: `camber.schema.likelihood`, very likely)."""

_TIMES: Final = 10
"""How often the runs of a period are weighed anew for each draw (judgement: 2000 in all with 200 draws)."""


def change_of(
    before: tuple[FloatArray, FloatArray], after: tuple[FloatArray, FloatArray], rng: np.random.Generator
) -> Change | None:
    """Compare the left leg's share in two periods.

    ``before`` and ``after`` are metres with the left and with the right leg low, each of shape
    (n_draws, n_runs) [m]. None where a period has too few runs, or no tilt in a draw.
    """
    if min(before[0].shape[1], after[0].shape[1]) < FEWEST_RUNS:
        return None
    whole = [left.sum(axis=1) + right.sum(axis=1) for left, right in (before, after)]
    if min(float(total.min()) for total in whole) <= 0.0:
        return None
    plain = [left.sum(axis=1) / total for (left, _), total in zip((before, after), whole, strict=True)]
    away = [_by_chance(*period, rng) for period in (before, after)]
    # Draws stay side by side, so that what is not known of shared roads cancels; runs are weighed apart.
    change = (plain[1] - plain[0])[:, None] + away[1] - away[0]
    return Change(
        interval_of(plain[0]),
        interval_of(plain[1]),
        interval_of(change.ravel()),
        float((change < 0.0).mean()),
        float((change > 0.0).mean()),
    )


def _by_chance(left: FloatArray, right: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Say how far the expected share moves when the runs are weighed anew, shape (n_draws, times).

    The weights are exponential (Rubin 1981, Annals of Statistics 9: the Bayesian bootstrap). How much runs
    differ is as unsure as n runs leave it (Student 1908, Biometrika 6: n - 1 degrees of freedom); without
    that, of four runs a chance is called a change twice as often as it may be. What is not known of a run is
    in the draws, and only there.
    """
    runs = left.shape[1]
    weight = rng.exponential(size=(len(left), _TIMES, runs))
    lefts, both = left.mean(axis=0), (left + right).mean(axis=0)
    share = weight @ lefts / np.maximum(weight @ both, 1e-9)
    # Weights of the bootstrap give the spread over n + 1; chi-square over n - 1 makes it a Student's t.
    wider = np.sqrt((runs + 1.0) / rng.chisquare(runs - 1, size=share.shape))
    return np.asarray((share - lefts.sum() / both.sum()) * wider)
