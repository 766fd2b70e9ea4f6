"""The likeliest states of some fixes and the posterior of all: candidates, weights and passes, by windows.

A section may be as long as a day. The trellis of a window is let go before that of the next is made, so that
memory does not grow with the section; windows overlap by more than what a fix knows of another, and are
joined where the two agree best.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from camber import hmm
from camber.matching.candidates import find_candidates
from camber.matching.prepared import prepared
from camber.matching.trellis import trellis

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.matching.trellis import Fixes
    from camber.schema import MatchingSettings, Roads

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

_WINDOW = 8_000
"""Fixes of a trellis: about 10 MB of weights (judgement)."""

_OVERLAP = 500
"""Fixes that two windows share: minutes at 1 Hz, against a correlation time of 25 s (judgement)."""


class Inferred(NamedTuple):
    """What ``n`` fixes could have been, ``k`` edges each at most, and how likely each is."""

    edge: IntArray  # (n, k): candidates, -1 for none
    along_m: FloatArray  # (n, k): place on each, from its start in the drawn direction
    offset_m: FloatArray  # (n, k): distance from each, positive right of the drawn direction
    state: IntArray  # (n,): the likeliest; 2 i along, 2 i + 1 against candidate i, 2 k off the road
    posterior: FloatArray  # (n, 2 k + 1): probability of each state

    def part(self, rows: slice) -> Inferred:
        """Take some neighbouring fixes."""
        return Inferred._make(values[rows] for values in self)


def infer(
    fixes: Fixes,
    roads: Roads,
    reach_m: float,
    settings: MatchingSettings,
    *,
    window: int = _WINDOW,
    overlap: int = _OVERLAP,
) -> Inferred:
    """Weigh what each fix could have been, given all others of its section.

    ``reach_m`` is the longest distance on the network between two fixes. The answer is the same whatever
    the windows (fixes at most, and fixes that two share), as far as fixes further apart than two share tell
    nothing of each other.
    """
    found: list[Inferred] = []
    joint = 0
    for begin, end in _windows(fixes.starts, window, overlap):
        here = _look(fixes.part(slice(begin, end)), roads, reach_m, settings)
        shared = joint - begin
        if shared > 0:
            before = found[-1]
            kept = len(before.state) - shared
            seam = _seam(before.part(slice(kept, None)), here.part(slice(0, shared)))
            found[-1], here = before.part(slice(0, kept + seam)), here.part(slice(seam, None))
        found.append(here)
        joint = end
    if len(found) == 1:
        return found[0]
    return Inferred(*(np.concatenate(values) for values in zip(*found, strict=True)))


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


def _look(fixes: Fixes, roads: Roads, reach_m: float, settings: MatchingSettings) -> Inferred:
    """Candidates, weights and both passes over fixes that are taken to begin a section."""
    starts = fixes.starts.copy()
    starts[0] = True
    known, radius_m, most = prepared(roads), settings.search_radius_m, settings.max_candidates
    near = find_candidates(fixes.xy, known.grid(fixes.xy, radius_m), radius_m=radius_m, most=most)
    pairs = known.distances.pairs(near, starts, reach_m)
    weighed = trellis(near, fixes._replace(starts=starts), known.traits(roads, settings), pairs, settings)
    return Inferred(near.edge, near.along_m, near.offset_m, *decode(weighed, most))


def decode(weighed: hmm.Trellis, most: int) -> tuple[IntArray, FloatArray]:
    """Likeliest path and posterior, states numbered as in `Inferred` for so many candidates at most."""
    state = hmm.viterbi(weighed)
    posterior = np.zeros((len(state), 2 * most + 1))
    listed = np.arange(2 * most + 1) < weighed.width[:, np.newaxis] - 1
    listed[:, -1] = True
    posterior[listed] = hmm.forward_backward(weighed)
    return np.where(state == weighed.width - 1, 2 * most, state), posterior


def _seam(one: Inferred, other: Inferred) -> int:
    """Where two windows agree best; both have forgotten their ends in the middle, so of equals that one."""
    apart = np.abs(one.posterior - other.posterior).sum(axis=1) + 2.0 * (one.state != other.state)
    middle = np.abs(np.arange(len(apart)) - len(apart) / 2.0)
    return int(np.lexsort((middle, np.round(apart, 9)))[0])
