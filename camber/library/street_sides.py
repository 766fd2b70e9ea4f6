"""Which routes are run on other sides of their streets than before, from what is kept of each run."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from camber.conventions import LEFT_EDGE, LEFT_SIDEWALK, RIGHT_EDGE, RIGHT_SIDEWALK
from camber.legs.side_changes import constancy, evidence, p_changed, routes_of
from camber.schema import OtherSide, RouteChange
from camber.schema.likelihood import LIKELY_FROM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from camber.observations.passes import StreetPasses

    FloatArray = NDArray[np.float64]
    SideArray = NDArray[np.int8]
    Where = tuple[int, bool]

_SIDE: Final = {LEFT_SIDEWALK: -1, LEFT_EDGE: -1, RIGHT_EDGE: 1, RIGHT_SIDEWALK: 1}
_REST: Final = -1
"""Number of the runs that are of no route which was run in both periods."""


class Directions:
    """Tells the two directions of a street by the first one that it was run in.

    A fixed direction such as north would part the passes of a street that runs across it at random.
    """

    def __init__(self) -> None:
        self._first: dict[int, float] = {}

    def of(self, key: int, heading_deg: float) -> bool:
        """Tell whether a pass goes against the first one on the street of this number."""
        away = heading_deg - self._first.setdefault(key, heading_deg)
        return bool(np.cos(np.radians(away)) < 0.0)


def sides_of(place: NDArray[np.int8]) -> SideArray:
    """Turn places in `camber.conventions.LATERAL_STATES` into sides: -1 left, 1 right, 0 neither."""
    sides = np.zeros(place.shape, dtype=np.int8)
    for state, side in _SIDE.items():
        sides[place == state] = side
    return sides


class _Street:
    """A street in one direction: its name, that direction [deg], and of each run the metres and the sides."""

    def __init__(self, name: str, heading_deg: float) -> None:
        self.name, self.heading_deg = name, heading_deg
        self.metres: dict[int, float] = {}
        self.sides: dict[int, SideArray] = {}


class _Compared(NamedTuple):
    """A street in one direction with the sides of both periods, (n_draws, n_passes), and its length."""

    name: str
    heading_deg: float
    before: SideArray
    after: SideArray
    length_m: float


class _Route(NamedTuple):
    """Runs of one route in both periods, and the streets that they share."""

    runs_before: int
    runs_after: int
    streets: dict[Where, _Compared]


def changed_routes(
    before: Sequence[StreetPasses | None], after: Sequence[StreetPasses | None]
) -> tuple[tuple[RouteChange, ...], int]:
    """Find the routes that likely are run on other sides, and how many were run in both periods."""
    streets = _streets([*before, *after])
    if not streets:
        return (), 0
    metres = np.zeros((len(before) + len(after), len(streets)))
    for column, street in enumerate(streets.values()):
        metres[list(street.metres), column] = list(street.metres.values())
    route = routes_of(metres)
    first, last = route[: len(before)], route[len(before) :]
    route[~np.isin(route, np.intersect1d(first, last))] = _REST
    parts = [np.flatnonzero(route == number).tolist() for number in np.unique(route)]
    pairs = [[run for run in runs if run < len(before)] for runs in parts]
    compared = [
        _shared(streets, was, [run for run in runs if run >= len(before)])
        for was, runs in zip(pairs, parts, strict=True)
    ]
    compared = [route for route in compared if route.streets]
    if not compared:
        return (), 0
    every = [street for route in compared for street in route.streets.values()]
    constant = constancy(
        [sides for street in every for sides in (street.before, street.after)],
        np.repeat([street.length_m for street in every], 2),
    )
    changes = [_changed(route, constant) for route in compared]
    said = [change for change in changes if change.probability >= LIKELY_FROM]
    return tuple(sorted(said, key=lambda one: -one.probability)), len(compared)


def _streets(runs: Sequence[StreetPasses | None]) -> dict[Where, _Street]:
    directions, found = Directions(), dict[tuple[int, bool], _Street]()
    for run, passes in enumerate(runs):
        if passes is None or not passes.place.shape[1]:
            continue
        sides = sides_of(passes.place)
        columns = (passes.table[name] for name in ("key", "street", "heading_deg", "distance_m"))
        for row, (key, name, heading, length_m) in enumerate(zip(*columns, strict=True)):
            where = int(key), directions.of(int(key), float(heading))
            street = found.setdefault(where, _Street(str(name), float(heading)))
            street.metres[run], street.sides[run] = float(length_m), sides[:, row]
    return found


def _shared(streets: dict[Where, _Street], was: list[int], now: list[int]) -> _Route:
    """Take what some runs before and some after have in common."""
    found = {}
    for where, street in streets.items():
        parts = [[run for run in runs if run in street.sides] for runs in (was, now)]
        if all(parts):
            before, after = (np.stack([street.sides[run] for run in runs], axis=1) for runs in parts)
            length_m = float(np.mean([street.metres[run] for run in (*parts[0], *parts[1])]))
            found[where] = _Compared(street.name, street.heading_deg, before, after, length_m)
    return _Route(len(was), len(now), found)


def _changed(route: _Route, constant: FloatArray) -> RouteChange:
    """Weigh whether a route is run on other sides than before, and say on which streets that shows."""
    said = {where: evidence(one.before, one.after, constant) for where, one in route.streets.items()}
    length_m = np.array([one.length_m for one in route.streets.values()])
    found: dict[int, list[OtherSide]] = defaultdict(list)
    for (key, back), told in said.items():
        side, flipped = max(("left", told.to_left), ("right", told.to_right), key=lambda pair: pair[1])
        if flipped >= LIKELY_FROM:
            street = route.streets[key, back]
            heading = street.heading_deg if (key, not back) in said else None
            found[key].append(OtherSide(street.name, heading, side, flipped))
    sides = [one for both in found.values() for one in _joined(both)]
    sides.sort(key=lambda one: (-one.probability, one.name, one.heading_deg or 0.0))
    return RouteChange(
        route.runs_before, route.runs_after, p_changed(list(said.values()), length_m), tuple(sides)
    )


def _joined(both: list[OtherSide]) -> list[OtherSide]:
    """Say once what changed alike in both directions of a street."""
    if len(both) == 1 or len({one.side for one in both}) > 1:
        return both
    return [OtherSide(both[0].name, None, both[0].side, min(one.probability for one in both))]
