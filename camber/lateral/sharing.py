"""What a run is told by the others: only of the places it passed itself, and in steps that get rarer.

Were every run told everything, each new run would change the results of all of them, if only in the sixth
digit, and a history would have to be computed again every week. So a run hears the first 1, 2, 4, 8, ... of
the others that have something to say about a place or a habit, in the order of time: always more than half
of them, and what it hears changes only when their number has doubled. Nothing is lost by it that could be
seen: what half of the runs know, all of them know better by a factor of 1 / sqrt 2 of the standard deviation
at most (judgement).
"""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING, TypeVar

from camber.schema import HabitCount, Learned, MapOffset

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from camber.schema import Evidence

    Pair = tuple[float, float]

_About = TypeVar("_About", str, tuple[int, int])


class SharedEvidence:
    """What all runs say, ready to tell each of them what the others said.

    Parameters
    ----------
    evidence : iterable of Evidence
        One per run, in the order of time; the same run counts once, where it stands first.
    """

    def __init__(self, evidence: Iterable[Evidence]) -> None:
        self._habits: dict[str, _Subject] = {}
        self._offsets: dict[tuple[int, int], _Subject] = {}
        heard = set()
        for one in evidence:
            if one.run not in heard:
                heard.add(one.run)
                _add(self._habits, one.run, _habits(one))
                _add(self._offsets, one.run, _offsets(one))

    def told(self, own: Evidence) -> Learned:
        """Give what a run is told by the others.

        Parameters
        ----------
        own : Evidence
            What the run says itself, which is left out.

        Returns
        -------
        Learned
            The habits, and the map offsets of the pieces of ways that the run itself says something about.
            It names no runs: what was to be taken out is taken out.
        """
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
            first, second = zip(*self._said[:count], strict=True)
            self._sums[count] = fsum(first), fsum(second)
        return self._sums[count]


def _habits(evidence: Evidence) -> dict[str, Pair]:
    return {row.context: (row.facing, row.with_traffic) for row in evidence.habits}


def _offsets(evidence: Evidence) -> dict[tuple[int, int], Pair]:
    return {
        (row.way_id, row.piece): (row.information_per_m2, row.weighted_offset_per_m)
        for row in evidence.map_offsets
    }


def _add(subjects: dict[_About, _Subject], run: str, said: Mapping[_About, Pair]) -> None:
    for about, pair in said.items():
        subjects.setdefault(about, _Subject()).add(run, pair)
