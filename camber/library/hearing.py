"""What each run hears of the others, named without being worked out: a name that stays says nothing is new.

The same runs in the same order, of each place and of the use of places, as `camber.lateral.SharedEvidence`
takes them: the first 1, 2, 4, ... of the others.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    Place = tuple[int, int, int]
    """Way, piece, direction of travel."""


class _Line:
    """Who said what, in the order of time: the name of each beginning of it, and where somebody stands."""

    def __init__(self) -> None:
        self.names = [0]
        self.rank: dict[str, int] = {}

    def add(self, run: str, said: int) -> None:
        self.rank[run] = len(self.rank)
        self.names.append(hash((self.names[-1], said)))

    def heard(self, run: str) -> tuple[int, bool]:
        """Name the first 1, 2, 4, ... of the others, and whether the run itself stands among them."""
        own = self.rank.get(run)
        others = len(self.rank) - (own is not None)
        if not others:
            return 0, False
        count = 1 << (others.bit_length() - 1)
        is_among = own is not None and own < count
        return self.names[count + is_among], is_among


def names_of_heard(said: Iterable[tuple[int, str]]) -> dict[int, str]:
    """Name what runs hear, from their numbers and their evidence as JSON, in the order of time."""
    places: dict[Place, _Line] = {}
    everybody: set[str] = set()
    users, own = _Line(), []
    for number, text in said:
        given = json.loads(text)
        run, digest = given.get("run", ""), sha256(text.encode()).digest()
        offsets = {
            (one["way_id"], one["piece"], one.get("direction", 0)): hash(
                (one["information_per_m2"], one["weighted_offset_per_m"])
            )
            for one in given.get("map_offsets", ())
        }
        own.append((number, run, digest, sorted({(way, piece) for way, piece, _ in offsets})))
        if run not in everybody:
            everybody.add(run)
            if given.get("uses"):
                users.add(run, int.from_bytes(digest[:8]))
            for place, pair in offsets.items():
                places.setdefault(place, _Line()).add(run, pair)
    names = {}
    for number, run, digest, pairs in own:
        here = [(*pair, direction) for pair in pairs for direction in (-1, 1)]
        heard = [places[place].heard(run) for place in here if place in places]
        names[number] = sha256(repr((digest, users.heard(run), heard)).encode()).hexdigest()[:16]
    return names
