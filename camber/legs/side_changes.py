"""Whether a route is run on other sides than before: pass by pass, draw by draw. Arrays in, numbers out.

A runner keeps to a side of a street in one direction with some probability, mostly a high or a low one; how
often that is so is learned from all streets. Either that probability is the same before and after, or there
are two of them; how well each explains the sides of the passes speaks for or against a change. Runs of one
route are compared with each other, since another route may go along the same street by another habit. A side
that is chosen is kept for a while, so the evidence of streets is added up, each by its length: a route has
changed or not. Sides are those of the drawn histories: a pass of which nothing is known is on either side in
half of them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    SideArray = NDArray[np.int8]

_BETAS: Final = (0.1, 0.2, 0.5, 1.0, 2.0)
"""Parameters that are weighed of the Beta distribution of how often the left is kept: from runners who keep
to one side of each street to those who do not care (judgement: one half is that of Jeffreys 1946)."""

P_CHANGED: Final = 0.5
"""Probability, before anything was seen, that a route is run otherwise than before (judgement: who asks what
changed since a day has a reason to)."""

_KEPT_M: Final = 2000.0
"""For so far a side is kept once it is chosen [m]: streets within it are one choice, not several
(`camber.schema.LateralSettings`, half a change of side a kilometre)."""

_ALIKE: Final = 0.7
"""Two runs are of one route where so much of the longer one is the same streets in the same direction
(judgement: short streets and ends differ from day to day)."""

_TINY: Final = 1e-300
_CELLS: Final = 80
"""Cells of the grid over how often the left is kept (an even number, so that none lies at one half)."""

_NARROW, _BEND = 5.0, 3.2
"""Cells are 0.4 wide in log odds in the middle, and reach to 61 (judgement: what a hundred passes and the
least parameter need)."""


class Evidence(NamedTuple):
    """What the passes of one street say: log odds of a change, and to which side it then was.

    ``to_left`` and ``to_right`` are the probabilities, if there was a change, that this side is mostly kept
    now and was not before.
    """

    log_odds: float
    to_left: float
    to_right: float


def grid() -> tuple[FloatArray, FloatArray]:
    """Log odds to keep to the left, shape (cells,), and the weight of each by parameter, (betas, cells).

    In log odds a Beta distribution is smooth, (p (1 - p))^b; cells are narrow about even odds, and wide where
    a side is kept nearly always.
    """
    bent = (np.arange(_CELLS) + 0.5) / _CELLS * 2.0 - 1.0
    odds = _NARROW * np.sinh(_BEND * bent)
    log = -np.logaddexp(0.0, odds) - np.logaddexp(0.0, -odds)
    weight = np.exp(np.multiply.outer(_BETAS, log)) * np.cosh(_BEND * bent)
    return odds, weight / weight.sum(axis=1, keepdims=True)


def constancy(sides: Sequence[SideArray], length_m: FloatArray) -> FloatArray:
    """Weigh how constant the runner is, by the passes of streets in one period: weights of shape (betas,).

    ``sides`` are -1 left and 1 right of travel and 0 on neither, each of shape (n_draws, n_passes).
    """
    odds, weight = grid()
    worth = np.minimum(length_m / _KEPT_M, 1.0)
    explained = np.array([(_explained(side, odds) @ weight.T).mean(axis=0) for side in sides])
    log = worth @ np.log(np.maximum(explained, _TINY))
    found = np.exp(log - log.max())
    return np.asarray(found / found.sum())


def evidence(before: SideArray, after: SideArray, constant: FloatArray) -> Evidence:
    """Weigh two habits against one on a street; arrays as in `constancy`."""
    odds, weight = grid()
    seen = [_explained(side, odds) for side in (before, after)]
    same = float(((seen[0] * seen[1]) @ (constant @ weight)).mean())
    # Two habits of one runner have the same parameter.
    two = (weight * constant[:, None]).T @ weight
    both = (seen[0].T @ seen[1] / len(seen[0])) * two
    whole = max(float(both.sum()), _TINY)
    kept = odds > 0.0
    to_left, to_right = float(both[np.ix_(~kept, kept)].sum()), float(both[np.ix_(kept, ~kept)].sum())
    return Evidence(math.log(whole / max(same, _TINY)), to_left / whole, to_right / whole)


def _explained(side: SideArray, odds: FloatArray) -> FloatArray:
    """Likelihood of the sides in each draw by each log odds to keep to the left: (n_draws, cells).

    Of the likeliest it is 1: of hundreds of passes each is less than a computer can hold.
    """
    lefts, rights = ((side == sign).sum(axis=1)[:, None] for sign in (-1, 1))
    log = -lefts * np.logaddexp(0.0, -odds) - rights * np.logaddexp(0.0, odds)
    return np.asarray(np.exp(log - log.max()))


def routes_of(metres: FloatArray) -> IntArray:
    """Tell which runs are of one route, shape (n_runs,), by their metres on each street (n_runs, n_streets).

    A run belongs to the first one that it shares most of its metres with, and that one's number names both.
    """
    whole = metres.sum(axis=1)
    route = np.arange(len(metres))
    for run in range(len(metres)):
        for first in np.unique(route[:run]):
            alike = np.minimum(metres[run], metres[first]).sum()
            if alike >= _ALIKE * max(whole[run], whole[first]):
                route[run] = first
                break
    return np.asarray(route, dtype=np.int64)


def p_changed(found: Sequence[Evidence], length_m: FloatArray) -> float:
    """Probability that a route of these streets, shape (n_streets,), is run on other sides than before."""
    worth = np.minimum(length_m / _KEPT_M, 1.0)
    odds = float(worth @ [one.log_odds for one in found]) + math.log(P_CHANGED / (1.0 - P_CHANGED))
    return 1.0 / (1.0 + math.exp(-min(max(odds, -500.0), 500.0)))
