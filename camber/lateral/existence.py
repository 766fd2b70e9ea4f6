"""Sidewalks that no tag tells of: whether a way has them is the same at every pass, in every run.

In each draw a way has one rank, from a generator keyed with the seed, the way and nothing of the run (Salmon
et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"). A pass over the way is on the sidewalk where the
rank is below its probability of that, so that laps, runs and weeks add draw by draw instead of averaging out
what is not known about the street, and every pass by itself is on it as often as it is likely to be.
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
    rank : ndarray of float64, shape (draws, r)
        Uniform rank in [0, 1) of each road in each draw.
    used : float
        Probability that a pass goes by the road's rank and not by one of its own: that of a sidewalk being
        used by those who could.
    """

    doubtful: NDArray[np.bool_]
    road: NDArray[np.int64]
    rank: NDArray[np.float64]
    used: float


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
    nowhere = np.full(shape[0], -1, dtype=np.int64)
    return Doubts(np.zeros(shape, dtype=bool), nowhere, np.zeros((draws, 0)), 0.0)


def draw_existence(places: Places, share: NDArray[np.float64], draws: int, seed: int) -> Doubts:
    """Rank the ways that may have sidewalks without a tag.

    Parameters
    ----------
    places : Places
        States of the blocks.
    share : ndarray of float64, shape (n,)
        Prior share of runners on a sidewalk: that of one existing and being used.
    draws : int
        Number of draws.
    seed : int
        Seed of what all runs share.

    Returns
    -------
    Doubts
        One rank for each way and draw.
    """
    used = standards.mapped_sidewalk_share()
    here = places.doubtful.any(axis=1) & (share > 0.0) & (share < _SUREST * used)
    none = no_doubts(draws, places.doubtful.shape)
    if not here.any():
        return none
    ways, inverse = np.unique(places.reference[here], return_inverse=True)
    road = none.road.copy()
    road[here] = inverse
    rank = np.column_stack(
        [np.random.Generator(np.random.Philox(key=[seed % 2**64, int(way)])).random(draws) for way in ways]
    )
    return Doubts(places.doubtful & here[:, np.newaxis], road, rank, used)
