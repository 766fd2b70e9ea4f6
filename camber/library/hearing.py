"""What each run hears of the others, named without being worked out: a name that stays says nothing is new.

The same runs in the same order, of each place and of the use of places, as `camber.lateral.SharedEvidence`
takes them: the first 1, 2, 4, ... of the others.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from camber.lateral.statements import Spoken, Statement, numbered, statement_from

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    IntArray = NDArray[np.int64]
    Names = NDArray[np.uint64]
    """Short names as numbers: sums and products of them wrap around."""


class Said(NamedTuple):
    """What a run says, and the name of all that it says."""

    digest: bytes
    statement: Statement


def said_from(text: str) -> Said:
    """Read what a run says from its evidence as JSON."""
    return Said(sha256(text.encode()).digest(), statement_from(json.loads(text)))


def names_of_heard(said: Mapping[int, Said]) -> dict[int, str]:
    """Name what runs hear, from what each says by its number, in the order of time."""
    rows = list(said.values())
    if not rows:
        return {}
    first: dict[str, Said] = {}
    for one in rows:
        first.setdefault(one.statement.run, one)
    spoken = Spoken([one.statement for one in first.values()])
    own = np.array([spoken.rank_of[one.statement.run] for one in rows])
    of_places = _heard_of_places(spoken, [one.statement for one in rows], own)
    of_use = _heard_of_use(list(first.values()))
    return {
        number: sha256(one.digest + repr((of_use[rank], heard)).encode()).hexdigest()[:16]
        for number, one, rank, heard in zip(said, rows, own.tolist(), of_places.tolist(), strict=True)
    }


def _heard_of_use(said: list[Said]) -> list[tuple[int, bool]]:
    """Name what each of the runs hears of the use of places, and whether it stands among them itself."""
    speaks = np.array([bool(one.statement.uses) for one in said])
    digests = np.array([int.from_bytes(one.digest[:8], "big") for one in said], dtype=np.uint64)
    begin = np.zeros(len(said), dtype=np.int64)
    names, is_among = _named(
        _beginnings(digests[speaks], np.arange(speaks.sum())),
        begin,
        begin + speaks.sum(),
        np.where(speaks, np.cumsum(speaks) - 1, -1),
    )
    return list(zip(names.tolist(), is_among.tolist(), strict=True))


def _heard_of_places(spoken: Spoken, rows: list[Statement], own: IntArray) -> Names:
    """Name what is said to each row of the places that it passed, in both directions."""
    known = np.array(list(spoken.number_of), dtype=np.int64).reshape(-1, 3)
    passed = np.concatenate([one.places for one in rows])
    _, piece = numbered(np.concatenate([known, passed])[:, :2])
    place_of = np.full((len(piece) + 1, 2), -1, dtype=np.int64)
    for column, direction in enumerate((-1, 1)):
        there = np.flatnonzero(known[:, 2] == direction)
        place_of[piece[there], column] = there
    asker = np.repeat(np.arange(len(rows)), [len(one.places) for one in rows])
    asked, _ = numbered(np.column_stack([asker, piece[len(known) :]]))
    asker, place = np.repeat(asked[:, 0], 2), place_of[asked[:, 1]].reshape(-1)
    asker, place = asker[place >= 0], place[place >= 0]
    begin, end = spoken.first[place], spoken.first[place + 1]
    pair = np.ascontiguousarray(spoken.pairs).view(np.uint64)
    rank = np.arange(len(pair)) - np.repeat(spoken.first[:-1], np.diff(spoken.first))
    chain = _beginnings(_mixed(pair[:, 0]) + pair[:, 1], rank)
    names, is_among = _named(chain, begin, end, spoken.place_in_line(place, own[asker]))
    way, of_way, towards = known.astype(np.uint64).T
    of_place = _mixed(_mixed(_mixed(way) + of_way) + towards)
    sums = np.zeros(len(rows), dtype=np.uint64)
    np.add.at(sums, asker, _mixed(_mixed(names + is_among.astype(np.uint64)) + of_place[place]))
    return sums


def _named(chain: Names, begin: IntArray, end: IntArray, rank: IntArray) -> tuple[Names, NDArray[np.bool_]]:
    """Name the first 1, 2, 4, ... of the others in lines of speakers, and say whether one stands among them.

    Lines begin and end in the chain; ``rank`` is where the one who hears stands in theirs, -1 nowhere.
    """
    others = end - begin - (rank >= 0)
    count = np.where(others > 0, 1 << np.frexp(np.maximum(others, 1))[1] - 1, 0)
    is_among = (rank >= 0) & (rank < count)
    return chain[begin + count + is_among] - chain[begin], is_among


def _beginnings(said: Names, rank: IntArray) -> Names:
    """Sum what is said, told apart by the rank of who says it: a difference names what lies between."""
    return np.concatenate([np.zeros(1, np.uint64), np.cumsum(_mixed(_mixed(said) + rank.astype(np.uint64)))])


def _mixed(value: NDArray[np.int64] | Names) -> Names:
    """Spread numbers over all 64 bits (SplitMix64: Steele, Lea & Flood 2014)."""
    mixed = value.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
