"""The likeliest states of some fixes and the posterior of all: candidates, weights and passes, by windows.

A section may be as long as a day. The trellis of a window is let go before that of the next is made, so that
memory does not grow with the section; windows overlap by more than what a fix knows of another, and are
joined where the two agree best.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from camber.matching.candidates import Places, find_candidates
from camber.matching.prepared import prepared
from camber.matching.trellis import Costs, Steps, decode, trellis

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.schema import MatchingSettings, Roads

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

_WINDOW = 8_000
"""Fixes of a trellis: about 10 MB of weights (judgement)."""

_OVERLAP = 500
"""Fixes that two windows share: minutes at 1 Hz, against a correlation time of 25 s (judgement)."""


class Inferred(NamedTuple):
    """What ``n`` fixes could have been, ``k`` edges each at most, and how likely each is.

    Parameters
    ----------
    places : Places
        The candidates.
    state : ndarray of int64, shape (n,)
        Likeliest states, as `camber.matching.trellis.decode` numbers them.
    posterior : ndarray of float64, shape (n, 2 k + 1)
        Probability of each state.
    """

    places: Places
    state: IntArray
    posterior: FloatArray


def infer(
    xy: FloatArray,
    steps: Steps,
    starts: NDArray[np.bool_],
    roads: Roads,
    reach_m: float,
    settings: MatchingSettings,
    *,
    window: int = _WINDOW,
    overlap: int = _OVERLAP,
) -> Inferred:
    """Weigh what each fix could have been, given all others of its section.

    Parameters
    ----------
    xy : ndarray of float64, shape (n, 2)
        Fixes [m].
    steps : Steps
        The steps between them.
    starts : ndarray of bool, shape (n,)
        True at the first fix of a section; the first must be.
    roads : Roads
        The roads.
    reach_m : float
        Longest distance on the network between two fixes [m].
    settings : MatchingSettings
        Numbers of the model.
    window, overlap : int
        Fixes that are looked at together at most, and those that two windows share.

    Returns
    -------
    Inferred
        Whatever the windows, as far as fixes further apart than the overlap tell nothing of each other.
    """
    windows = _windows(starts, window, overlap)
    inferred, joint = _room(0 if len(windows) == 1 else len(starts), settings.max_candidates), 0
    for begin, end in windows:
        rows = slice(begin, end)
        begun = starts[rows].copy()
        begun[0] = True
        found = _look(xy[rows], Steps(*(values[rows] for values in steps)), begun, roads, reach_m, settings)
        if len(windows) == 1:
            return found
        shared = slice(begin, max(begin, joint))
        seam = _seam(inferred.state[shared], inferred.posterior[shared], found.state, found.posterior)
        _put(inferred, found, begin + seam, end)
        joint = end
    return inferred


def _windows(starts: NDArray[np.bool_], window: int, overlap: int) -> list[tuple[int, int]]:
    """Whole sections joined up to the size of a window; longer ones in pieces that overlap."""
    found, begin, borders = [], 0, np.append(np.flatnonzero(starts), len(starts))
    while begin < len(starts):
        ahead = borders[(borders > begin) & (borders <= begin + window)]
        if len(ahead):
            found.append((begin, int(ahead[-1])))
            begin = int(ahead[-1])
        else:
            found.append((begin, begin + window))
            begin += window - overlap
    return found


def _look(
    xy: FloatArray,
    steps: Steps,
    starts: NDArray[np.bool_],
    roads: Roads,
    reach_m: float,
    settings: MatchingSettings,
) -> Inferred:
    kept, radius_m = prepared(roads), settings.search_radius_m
    near = find_candidates(xy, kept.grid(xy, radius_m), radius_m=radius_m, most=settings.max_candidates)
    pairs = kept.distances.pairs(near, starts, reach_m)
    costs = Costs(*(getattr(settings, name) for name in Costs._fields))
    possible = trellis(near, steps, starts, kept.network(roads, settings), pairs, costs)
    return Inferred(near.places(), *decode(possible, settings.max_candidates))


def _room(n: int, most: int) -> Inferred:
    places = Places(np.empty((n, most), np.int64), np.empty((n, most)), np.empty((n, most)))
    return Inferred(places, np.empty(n, np.int64), np.empty((n, 2 * most + 1)))


def _put(whole: Inferred, found: Inferred, begin: int, end: int) -> None:
    """Write the last fixes of a window to their place."""
    last = slice(len(found.state) - (end - begin), None)
    for all_values, values in zip(whole.places, found.places, strict=True):
        all_values[begin:end] = values[last]
    whole.state[begin:end], whole.posterior[begin:end] = found.state[last], found.posterior[last]


def _seam(state: IntArray, posterior: FloatArray, other: IntArray, other_posterior: FloatArray) -> int:
    """Where two windows agree best; both have forgotten their ends in the middle, so of equals that one."""
    n = len(state)
    if n == 0:
        return 0
    apart = np.abs(posterior - other_posterior[:n]).sum(axis=1) + 2.0 * (state != other[:n])
    middle = np.abs(np.arange(n) - n / 2.0)
    return int(np.lexsort((middle, np.round(apart, 9)))[0])
