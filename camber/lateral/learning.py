"""Learning across runs: what single runs say, pooled, and what each of them is told by the others.

A habit is a Beta distribution over the side that faces traffic; a map offset is a normal distribution per
piece of a way, to which each run adds information with a slow bias of its own (camber/standards/model.md,
The side). A run is never told what it said itself, so nothing confirms itself.
"""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

from camber.lateral.blocks import block_mean
from camber.schema import Evidence, HabitCount, Learned, MapOffset

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from camber.lateral.blocks import Blocks
    from camber.lateral.places import Places
    from camber.schema import MatchedTrack

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    ObjectArray = NDArray[np.object_]
    Pair = tuple[float, float]
    Place = tuple[int, int]

_About = TypeVar("_About", str, "Place")

_PIECE_M: Final = 250.0
"""Length of the pieces of ways for which map errors are learned [m]: the error's own correlation length
(judgement: lines are traced from picture to picture)."""

_LEAST_INFORMATION: Final = 1e-6
"""A run that knows less of a piece of a way, in precisions of its prior, says nothing of it (judgement:
rounding)."""

_BEST_SIGMA: Final = 0.4
"""However many runs there are, a way's error is known no better than to this share of its prior deviation:
each run tells it from its own bias by the other ways it passed, which err too, and every run passes the same
ones (judgement: about six of them, 1 / sqrt 6)."""


def pool_evidence(evidence: Iterable[Evidence]) -> Learned:
    """Pool what several runs say about the runner's habits and about the map.

    Parameters
    ----------
    evidence : iterable of Evidence
        One per run, in any order; the same run counts once.

    Returns
    -------
    Learned
        Sums, the same to the last bit whatever the order.
    """
    runs = {one.run: one for one in evidence}
    habits = _sums(_habits(one) for one in runs.values())
    offsets = _sums(_offsets(one) for one in runs.values())
    return Learned(
        tuple(sorted(runs)),
        tuple(HabitCount(context, *pair) for context, pair in habits.items()),
        tuple(MapOffset(*place, *pair) for place, pair in offsets.items()),
    )


def without(learned: Learned, own: Evidence) -> Learned:
    """Take a run out of what was learned, up to rounding; unchanged if it is not part of it."""
    if own.run not in learned.runs:
        return learned
    habits, offsets, nothing = _habits(own), _offsets(own), (0.0, 0.0)
    less_habits, less_offsets = [], []
    for context, (facing, with_traffic) in _habits(learned).items():
        own_facing, own_with = habits.get(context, nothing)
        count = HabitCount(context, max(facing - own_facing, 0.0), max(with_traffic - own_with, 0.0))
        less_habits.append(count)
    for place, (information, weighted) in _offsets(learned).items():
        own_information, own_weighted = offsets.get(place, nothing)
        less = max(information - own_information, 0.0), weighted - own_weighted
        less_offsets.append(MapOffset(*place, *less))
    return Learned(
        tuple(run for run in learned.runs if run != own.run), tuple(less_habits), tuple(less_offsets)
    )


def _habits(said: Evidence | Learned) -> dict[str, Pair]:
    return {row.context: (row.facing, row.with_traffic) for row in said.habits}


def _offsets(said: Evidence | Learned) -> dict[Place, Pair]:
    return {
        (row.way_id, row.piece): (row.information_per_m2, row.weighted_offset_per_m)
        for row in said.map_offsets
    }


def _sums(said: Iterable[Mapping[_About, Pair]]) -> dict[_About, Pair]:
    """Sum what is said about each thing, in the order of the things."""
    pairs: dict[_About, list[Pair]] = {}
    for one in said:
        for about, pair in one.items():
            pairs.setdefault(about, []).append(pair)
    return {about: _sum(pairs[about]) for about in sorted(pairs)}


def _sum(pairs: list[Pair]) -> Pair:
    first, second = zip(*pairs, strict=True)
    return fsum(first), fsum(second)


class SharedEvidence:
    """What all runs say, ready to tell each of them what the others said, of the places it passed itself.

    Given in the order of time; the same run counts once, where it stands first. Were every run told
    everything, each new run would change the results of all of them, if only in the sixth digit, and a
    history would have to be computed again every week. So a run hears the first 1, 2, 4, 8, ... of the others
    that have something to say about a place or a habit: always more than half of them, and what it hears
    changes only when their number has doubled. Nothing is lost by it that could be seen: what half of the
    runs know, all know better by a factor of 1 / sqrt 2 of the standard deviation at most (judgement).
    """

    def __init__(self, evidence: Iterable[Evidence]) -> None:
        self._habits: dict[str, _Subject] = {}
        self._offsets: dict[Place, _Subject] = {}
        heard = set()
        for one in evidence:
            if one.run not in heard:
                heard.add(one.run)
                for context, pair in _habits(one).items():
                    self._habits.setdefault(context, _Subject()).add(one.run, pair)
                for place, pair in _offsets(one).items():
                    self._offsets.setdefault(place, _Subject()).add(one.run, pair)

    def told(self, own: Evidence) -> Learned:
        """Give what a run is told by the others; what it says itself is left out, so no runs are named."""
        habits, offsets = [], []
        for context in sorted(self._habits):
            pair = self._habits[context].told(own.run)
            if pair is not None:
                habits.append(HabitCount(context, max(pair[0], 0.0), max(pair[1], 0.0)))
        for place in sorted(_offsets(own)):
            pair = self._offsets[place].told(own.run) if place in self._offsets else None
            if pair is not None:
                offsets.append(MapOffset(*place, max(pair[0], 0.0), pair[1]))
        return Learned((), tuple(habits), tuple(offsets))


class _Subject:
    """What runs say about one habit or one place, in the order of time."""

    def __init__(self) -> None:
        self._rank: dict[str, int] = {}
        self._said: list[Pair] = []
        self._sums: dict[int, Pair] = {}

    def add(self, run: str, said: Pair) -> None:
        self._rank[run] = len(self._said)
        self._said.append(said)

    def told(self, run: str) -> Pair | None:
        """Add up the first 1, 2, 4, ... of the others."""
        rank = self._rank.get(run)
        others = len(self._said) - (rank is not None)
        if not others:
            return None
        count = 1 << (others.bit_length() - 1)
        if rank is None or rank >= count:
            return self._sum(count)
        first, second = self._sum(count + 1)
        return first - self._said[rank][0], second - self._said[rank][1]

    def _sum(self, count: int) -> Pair:
        if count not in self._sums:
            self._sums[count] = _sum(self._said[:count])
        return self._sums[count]


def map_pieces(blocks: Blocks, places: Places, matched: MatchedTrack) -> IntArray:
    """Piece of the way under each block, by number, shape (n,), for what is learned about the map.

    -1 off the road and where the reference is another line than the matched one.
    """
    chainage = block_mean(matched["chainage_m"].to_numpy(dtype=float), blocks.number)
    own = (places.reference == blocks.way_id) & (blocks.way_id >= 0) & np.isfinite(chainage)
    return np.where(own, np.nan_to_num(chainage) // _PIECE_M, -1).astype(np.int64)


def map_prior(
    way_id: IntArray, piece: IntArray, sigma_m: float, learned: Learned | None
) -> tuple[FloatArray, FloatArray]:
    """Say what is known about the map's error at each block before the run: mean and deviation [m], (n,).

    Of the true middle from the line, way frame. ``sigma_m`` is the deviation where nothing was learned;
    precisions add, down to 0.4 times that.
    """
    known = {} if learned is None else _offsets(learned)
    mean, std = np.zeros(len(way_id)), np.full(len(way_id), sigma_m)
    if known and sigma_m > 0.0:
        for k, place in enumerate(zip(way_id.tolist(), piece.tolist(), strict=True)):
            if place in known:
                information, weighted = known[place]
                precision = sigma_m**-2 + information
                mean[k] = weighted / precision
                std[k] = max(precision**-0.5, _BEST_SIGMA * sigma_m)
    return mean, std


def map_evidence(
    way_id: IntArray, piece: IntArray, sigma_m: float, mean: FloatArray, variance: FloatArray
) -> tuple[MapOffset, ...]:
    """Say what a run adds to the knowledge of the map's error: its posterior divided by its prior.

    ``way_id`` is -1 where a block says nothing; mean and variance are in units of the prior's standard
    deviation ``sigma_m``. Of each piece the block in its middle speaks, since the error hardly changes within
    a piece and every block has seen the same run.
    """
    rows: dict[Place, list[int]] = {}
    for k, place in enumerate(zip(way_id.tolist(), piece.tolist(), strict=True)):
        if place[0] >= 0:
            rows.setdefault(place, []).append(k)
    found = []
    for place, blocks in sorted(rows.items()):
        k = blocks[len(blocks) // 2]
        gained = 1.0 / variance[k] - 1.0
        if gained > _LEAST_INFORMATION and sigma_m > 0.0:
            weighted = float(mean[k] / variance[k] / sigma_m)
            found.append(MapOffset(*place, float(gained / sigma_m**2), weighted))
    return tuple(found)


def habit_evidence(
    context: ObjectArray, facing: FloatArray, change: FloatArray, threshold: float
) -> tuple[HabitCount, ...]:
    """Count the decisions of a run for and against facing traffic, by context; arrays of shape (n,).

    ``facing`` is the probability of the side that faces traffic minus that of the other, without any prior
    for a side; one of them is decided from ``threshold`` on. Where ``context`` is "" it means nothing.
    Weights add to the number of independent decisions: a decided block counts as much as it is likely that
    the runner made up its mind (``change``) since the last decided one, and one where the side changed.
    """
    counts: dict[str, list[float]] = {}
    held = np.cumsum(np.log1p(-np.minimum(change, 0.999)))
    last = -1
    for k in np.flatnonzero((np.abs(facing) >= threshold) & (context != "")):
        same = last >= 0 and (facing[k] > 0.0) == (facing[last] > 0.0)
        weight = 1.0 - float(np.exp(held[k] - held[last])) if same else 1.0
        counts.setdefault(str(context[k]), [0.0, 0.0])[int(facing[k] <= 0.0)] += weight
        last = int(k)
    return tuple(HabitCount(name, *both) for name, both in sorted(counts.items()))
