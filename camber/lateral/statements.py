"""What all runs say, side by side, ready to tell each of them what the others said."""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from camber.lateral.learning import SAME_RUNNER, SAME_STREET, as_offsets, as_use, offsets_of, told_of_use
from camber.schema import Evidence, Learned

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from camber.schema import UseLikelihood

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    Pair = tuple[float, float]
    Place = tuple[int, int, int]
    """Way, piece, direction of travel."""

_DIGITS: Final = 3
"""Digits of a run's own share that are kept, so that it is stale only when something was said."""


class Statement(NamedTuple):
    """What one run says, as arrays: of an `Evidence` what others are told of it.

    ``places`` has shape (n, 3): way, piece and direction of travel, each once; ``pairs`` (n, 2) what is said
    of each, information and weighted offset; ``uses`` region, device and what is said of the use of places
    there, shape (6, k).
    """

    run: str
    places: IntArray
    pairs: FloatArray
    uses: tuple[tuple[str, str, FloatArray], ...]


def statement_of(said: Evidence) -> Statement:
    """Take out of what a run says what others are told of it."""
    uses = tuple((use.region, use.device, told_of_use(use)) for use in said.uses)
    return _statement(said.run, offsets_of(said), uses)


def statement_from(given: Mapping[str, Any]) -> Statement:
    """Take it from the fields of an `Evidence`, as JSON has them: many times faster than by its classes."""
    offsets = {
        (one["way_id"], one["piece"], one.get("direction", 0)): (
            one["information_per_m2"],
            one["weighted_offset_per_m"],
        )
        for one in given.get("map_offsets", ())
    }
    uses = []
    for use in given.get("uses", ()):
        log = use["log_likelihood"]
        told = np.array([log, *(use.get("common") or [[0.0] * len(log)] * 5)], dtype=np.float64)
        uses.append((use["region"], use.get("device", ""), told))
    return _statement(given.get("run", ""), offsets, tuple(uses))


def _statement(
    run: str, offsets: Mapping[Place, Pair], uses: tuple[tuple[str, str, FloatArray], ...]
) -> Statement:
    places = np.array(list(offsets), dtype=np.int64).reshape(-1, 3)
    return Statement(run, places, np.array(list(offsets.values()), dtype=np.float64).reshape(-1, 2), uses)


class SharedEvidence:
    """What all runs say, ready to tell each of them what the others said, of the places it passed itself.

    Given in the order of time; the same run counts once, where it stands first. Were every run told
    everything, each new run would change the results of all of them, if only in the sixth digit, and a
    history would have to be computed again every week. So a run hears the first 1, 2, 4, 8, ... of the others
    that have something to say about a place or the use of places: always more than half of them, and what it
    hears changes only when their number has doubled. Nothing is lost by it that could be seen: what half of
    the runs know, all know better by a factor of 1 / sqrt 2 of the standard deviation at most (judgement).
    """

    def __init__(self, evidence: Iterable[Evidence | Statement]) -> None:
        said: dict[str, Statement] = {}
        for one in evidence:
            if one.run not in said:
                said[one.run] = statement_of(one) if isinstance(one, Evidence) else one
        self._spoken = Spoken(list(said.values()))
        users = [one for one in said.values() if one.uses]
        self._users = _Users(users, self._spoken if len(users) == len(said) else Spoken(users))

    def told(self, own: Evidence) -> Learned:
        """Give what a run is told by the others; what it says itself stands apart, so no runs are named."""
        mine = frozenset(offsets_of(own))
        here = {(way, piece) for way, piece, _ in mine}
        places = sorted((*pair, direction) for pair in here for direction in (-1, 1))
        said = self._spoken.told(places, own.run)
        offsets = {place: (max(pair[0], 0.0), pair[1]) for place, pair in said.items()}
        uses, weight = self._users.told(own.run, mine)
        return Learned((), (), uses, as_offsets(offsets), weight, own.uses)


def numbered(places: IntArray) -> tuple[IntArray, IntArray]:
    """Sort places, each once, shape (k, n), and give the number of every one that was given."""
    # One whole number for each sorts many times faster than rows do.
    _, way = np.unique(places[:, 0], return_inverse=True)
    code = way.astype(np.int64)
    for column in places[:, 1:].T:
        low = column.min(initial=0)
        code = code * (column.max(initial=0) - low + 1) + (column - low)
    _, first, number = np.unique(code, return_index=True, return_inverse=True)
    return places[first], number


class Spoken:
    """Who said what of each place, in the order of time, place after place.

    Of the statements as they come: ``number`` of the place of each pair, ``lengths`` of the statements and
    ``number_of`` places. Sorted by place and time: ``first`` pair of each place and one behind the last,
    ``rank`` of who said it, and ``pairs``.
    """

    def __init__(self, statements: Sequence[Statement]) -> None:
        self.rank_of = {one.run: rank for rank, one in enumerate(statements)}
        self.lengths = np.array([len(one.places) for one in statements], dtype=np.int64)
        nothing = np.zeros((0, 3), dtype=np.int64)
        places = np.concatenate([nothing, *(one.places for one in statements)])
        known, self.number = numbered(places)
        self.number_of = dict(zip(map(tuple, known.tolist()), range(len(known)), strict=True))
        order = np.argsort(self.number, kind="stable")
        self.first = np.searchsorted(self.number[order], np.arange(len(known) + 1))
        self.rank = np.repeat(np.arange(len(statements)), self.lengths)[order]
        self.pairs = np.concatenate([np.zeros((0, 2)), *(one.pairs for one in statements)])[order]
        self._runs = max(len(statements), 1)
        line = np.repeat(np.arange(len(known)), np.diff(self.first))
        self._key = np.append(line * self._runs + self.rank, np.iinfo(np.int64).max)
        self._sums: dict[tuple[int, int], Pair] = {}

    def told(self, places: Sequence[Place], run: str) -> dict[Place, Pair]:
        """Add up what the first 1, 2, 4, ... of the others than a run say of places, where any does."""
        known = [place for place in places if place in self.number_of]
        number = np.array([self.number_of[place] for place in known], dtype=np.int64)
        begin, end = self.first[number], self.first[number + 1]
        at = self.place_in_line(number, np.full(len(number), self.rank_of.get(run, -1)))
        others = end - begin - (at >= 0)
        found = {}
        for place, n, own, count, first in zip(
            known, number.tolist(), at.tolist(), others.tolist(), begin.tolist(), strict=True
        ):
            if count:
                half = 1 << (count.bit_length() - 1)
                if 0 <= own < half:
                    (one, other), said = self._sum(n, half + 1), self.pairs[first + own].tolist()
                    found[place] = one - said[0], other - said[1]
                else:
                    found[place] = self._sum(n, half)
        return found

    def place_in_line(self, number: IntArray, rank: IntArray) -> IntArray:
        """Say where runs stand among those that say something of places: 0, 1, ..., and -1 for nowhere."""
        wanted = number * self._runs + rank
        at = np.searchsorted(self._key, wanted)
        there = (rank >= 0) & (self._key[np.minimum(at, len(self._key) - 1)] == wanted)
        return np.where(there, at - self.first[number], -1)

    def _sum(self, number: int, count: int) -> Pair:
        if (number, count) not in self._sums:
            begin = self.first[number]
            first, second = self.pairs[begin : begin + count].T.tolist()
            self._sums[number, count] = fsum(first), fsum(second)
        return self._sums[number, count]


class _Users:
    """Runs that say something of the use of places, in the order of time, with what `novelty` counts of them.

    What the first of them have in common is counted once, and a run's own share is added: `novelty` and
    `_pooled_uses` to the last bit.
    """

    def __init__(self, users: Sequence[Statement], spoken: Spoken) -> None:
        self._spoken = spoken
        self._again: dict[int, tuple[IntArray, IntArray]] = {}
        rows: dict[tuple[str, str], list[tuple[int, FloatArray]]] = {}
        for rank, one in enumerate(users):
            for region, device, told in one.uses:
                rows.setdefault((region, device), []).append((rank, told))
        self._said = {
            place: (np.array([rank for rank, _ in found]), np.array([told for _, told in found]))
            for place, found in sorted(rows.items())
        }

    def told(self, run: str, mine: frozenset[Place]) -> tuple[tuple[UseLikelihood, ...], float]:
        """Pool the first 1, 2, 4, ... of the others, and weigh the run that is told among them."""
        spoken = self._spoken
        own = spoken.rank_of.get(run)
        others = len(spoken.rank_of) - (own is not None)
        if not others:
            return (), 1.0
        count = 1 << (others.bit_length() - 1)
        is_among = own is not None and own < count
        first = count + is_among
        passed, again = self._counted(first)
        here = [spoken.number_of[place] for place in mine if place in spoken.number_of]
        shared = self._passing(here)
        again = again + np.bincount(shared[shared < first], minlength=first)
        mine_again = sum(passed[here].tolist())
        if is_among:
            theirs = spoken.number[spoken.lengths[:own].sum() :][: spoken.lengths[own]]
            same = self._passing(theirs.tolist())
            again -= np.bincount(same[same < first], minlength=first)
            mine_again -= len(set(here) & set(theirs.tolist()))
        alone = 1.0 + SAME_RUNNER * count
        weights = 1.0 / (alone + SAME_STREET * (again / np.maximum(spoken.lengths[:first], 1)))
        weight = 1.0 / (alone + SAME_STREET * (mine_again / max(len(mine), 1)))
        uses = []
        for place, (ranks, said) in self._said.items():
            row = np.flatnonzero((ranks < first) & (ranks != (own if is_among else -1)))
            if len(row):
                pooled = np.sum(weights[ranks[row], None, None] * said[row], axis=0)
                uses.append(as_use(place, pooled))
        return tuple(uses), round(weight, _DIGITS)

    def _passing(self, numbers: Sequence[int]) -> IntArray:
        """Say who passed some places, one after the other."""
        first = self._spoken.first
        found = [self._spoken.rank[first[number] : first[number + 1]] for number in numbers]
        return np.concatenate([np.zeros(0, dtype=np.int64), *found])

    def _counted(self, first: int) -> tuple[IntArray, IntArray]:
        """Count how often the first of the runs passed each place, and each run places that others passed."""
        if first not in self._again:
            borders = np.concatenate([[0], np.cumsum(self._spoken.lengths[:first])])
            number = self._spoken.number[: borders[-1]]
            passed = np.bincount(number, minlength=len(self._spoken.number_of))
            sums = np.concatenate([[0], np.cumsum(passed[number] - 1)])
            self._again[first] = passed, np.diff(sums[borders])
        return self._again[first]
