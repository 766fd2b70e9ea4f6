"""Sidewalks that no tag tells of: whether a way has them is the same at every pass, in every run.

In each draw it is decided once for a way, by a generator keyed with the seed, the way and nothing of the run
(Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"), so that laps, runs and weeks add draw by
draw instead of averaging out what is not known about the street.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from camber import standards

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.lateral.street import Places

_SUREST = 0.98
"""Nothing that is in no map is surer than this to exist (judgement)."""


class Doubts(NamedTuple):
    """States that may not exist; ``n`` blocks, ``s`` states, ``r`` roads in doubt.

    Parameters
    ----------
    doubtful : ndarray of bool, shape (n, s)
        True where a state of a block may not exist.
    road : ndarray of int64, shape (n,)
        Number of the road in doubt under each block; -1 where nothing is in doubt.
    p_there : ndarray of float64, shape (r,)
        Probability that they exist, given the run.
    p_missed : ndarray of float64, shape (r,)
        The same for a pass on which the runner was beside them.
    there : ndarray of bool, shape (draws, r)
        Whether they exist in each draw.
    """

    doubtful: NDArray[np.bool_]
    road: NDArray[np.int64]
    p_there: NDArray[np.float64]
    p_missed: NDArray[np.float64]
    there: NDArray[np.bool_]


def no_doubts(draws: int, shape: tuple[int, ...]) -> Doubts:
    """Say that every state exists.

    Parameters
    ----------
    draws : int
        Number of draws.
    shape : tuple of int
        Blocks and states.

    Returns
    -------
    Doubts
        Without roads.
    """
    nothing = np.zeros(0)
    return Doubts(
        np.zeros(shape, dtype=bool),
        np.full(shape[0], -1, dtype=np.int64),
        nothing,
        nothing,
        np.zeros((draws, 0), dtype=bool),
    )


def draw_existence(
    places: Places, share: NDArray[np.float64], probability: NDArray[np.float64], draws: int, seed: int
) -> Doubts:
    """Draw which ways without a tag have sidewalks.

    Parameters
    ----------
    places : Places
        States of the blocks.
    share : ndarray of float64, shape (n,)
        Prior share of runners on a sidewalk: that of one existing and being used.
    probability : ndarray of float64, shape (n, 6)
        What the run says about its states.
    draws : int
        Number of draws.
    seed : int
        Seed of what all runs share.

    Returns
    -------
    Doubts
        One existence for each way and draw.
    """
    used = standards.mapped_sidewalk_share()
    here = places.doubtful.any(axis=1) & (share > 0.0) & (share < _SUREST * used)
    none = no_doubts(draws, places.doubtful.shape)
    if not here.any():
        return none
    ways, inverse = np.unique(places.reference[here], return_inverse=True)
    road = none.road.copy()
    road[here] = inverse
    walk = (probability * places.doubtful).sum(axis=1)
    p_there = np.array([_posterior(road == r, walk, share, used) for r in range(len(ways))])
    rank = np.column_stack(
        [np.random.Generator(np.random.Philox(key=[seed % 2**64, int(way)])).random(draws) for way in ways]
    )
    missed = p_there * (1.0 - used) / (1.0 - p_there * used)
    return Doubts(places.doubtful & here[:, np.newaxis], road, p_there, missed, rank < p_there)


def _posterior(
    here: NDArray[np.bool_], walk: NDArray[np.float64], share: NDArray[np.float64], used: float
) -> float:
    """Probability that a way has sidewalks, given all passes of the run over it.

    By Bayes each pass multiplies the odds with q L + 1 - q: q is the share of runners who use a sidewalk that
    exists, L how much likelier the pass is on one than not (posterior by prior odds).
    """
    at = np.flatnonzero(here)
    exists = share[at[0]] / used
    odds, largest = exists / (1.0 - exists), 0.0
    for run in np.split(at, np.flatnonzero(np.diff(at) > 1) + 1):
        on = float(np.clip(walk[run].mean(), 1e-3, 1.0 - 1e-3))
        prior = share[at[0]]
        odds *= used * on / (1.0 - on) * (1.0 - prior) / prior + 1.0 - used
        largest = max(largest, float(walk[run].max()))
    return float(np.clip(max(odds / (1.0 + odds), largest), 0.01, _SUREST))
