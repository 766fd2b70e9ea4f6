"""Left and right of travel, sides by the compass and by traffic, turned into the frame of ways: here alone.

A way is a line in degrees as drawn in OpenStreetMap. Left and right that were said on a known way are carried
along the street from way to way, whichever way each is drawn and however it bends; a side by the compass is
that of each stretch by itself, and of none that runs towards that side.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from camber.conventions import EARTH_M, LateralState
from camber.observations.answers import COMPASS, RELATIVE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from camber.observations.answers import Street

    FloatArray = NDArray[np.float64]

_TOWN_M: Final = 3000.0
"""Ways of one name further apart than this are two streets [m] (judgement: a street of a town)."""

_ABEAM: Final = 0.5
"""Least cosine between what lies beside a street and a side by the compass (judgement: 60 degrees)."""

_NODE_DEG: Final = 2e-7
"""Ends nearer than this are one node [deg]: positions are kept to 1e-7."""


class StreetWay(NamedTuple):
    """A way as it was drawn.

    Parameters
    ----------
    way_id : int
        Its number in OpenStreetMap.
    name : str
        Of its street.
    line_deg : ndarray of float64, shape (n, 2)
        Longitude and latitude of its nodes [deg].
    length_m : float
        Its length [m], on which chainages are counted.
    """

    way_id: int
    name: str
    line_deg: FloatArray
    length_m: float


class Sided(NamedTuple):
    """A stretch of a way, from chainage to chainage [m], and a side of it as drawn: -1 left, +1 right."""

    way_id: int
    from_m: float
    to_m: float
    side: int


def ways_of(street: Street, ways: Sequence[StreetWay]) -> list[StreetWay]:
    """Find the ways of a street: those that were named, and those of its name near its place."""
    place = np.array([[street.longitude_deg, street.latitude_deg]])
    found = []
    for way in sorted(ways, key=lambda way: way.way_id):
        same = bool(street.name) and way.name == street.name
        if way.way_id in street.ways or (same and _metres(way.line_deg, place).min() <= _TOWN_M):
            found.append(way)
    return found


def way_at(ways: Sequence[StreetWay], street: Street) -> StreetWay | None:
    """Find the way at the place of a street; None without any."""
    place = np.array([[street.longitude_deg, street.latitude_deg]])
    return min(ways, key=lambda way: (_beside_m(way, place), way.way_id), default=None)


def towns_of(ways: Sequence[StreetWay]) -> list[list[StreetWay]]:
    """Part ways of one name into streets of their own towns, those with more metres first."""
    rest, towns = sorted(ways, key=lambda way: way.way_id), []
    while rest:
        town, rest = [rest[0]], rest[1:]
        grown = True
        while grown:
            near = [way for way in rest if any(_apart_m(way, other) <= _TOWN_M for other in town)]
            grown = bool(near)
            town += near
            rest = [way for way in rest if all(way is not other for other in near)]
        towns.append(town)
    return sorted(towns, key=lambda town: -sum(way.length_m for way in town))


def middle_of(way: StreetWay) -> tuple[float, float]:
    """Give latitude and longitude of a place about the middle of a way [deg]."""
    chainage = _chainage(way)
    at = [float(np.interp(way.length_m / 2.0, chainage, way.line_deg[:, axis])) for axis in (1, 0)]
    return at[0], at[1]


def heading_at(way: StreetWay, latitude_deg: float, longitude_deg: float) -> float:
    """Direction of the drawing of a way nearest to a place [deg], clockwise from north."""
    east_north = _flat(way.line_deg, latitude_deg) - _flat(
        np.array([[longitude_deg, latitude_deg]]), latitude_deg
    )
    start, step = east_north[:-1], np.diff(east_north, axis=0)
    squared = np.maximum((step**2).sum(axis=1), 1e-12)
    share = np.clip(-(start * step).sum(axis=1) / squared, 0.0, 1.0)
    away = ((start + share[:, np.newaxis] * step) ** 2).sum(axis=1)
    east, north = step[int(away.argmin())]
    return float(np.degrees(np.arctan2(east, north)) % 360.0)


def sided(
    side: str, ways: Sequence[StreetWay], street: Street | None = None, heading_deg: float = 0.0
) -> list[Sided]:
    """Find a side of a street as its ways are drawn: one by the compass, or left or right of a heading.

    The heading is the direction of travel at the street's place.
    """
    if side in COMPASS:
        return [piece for way in ways for piece in _by_compass(way, COMPASS[side])]
    if street is None:
        return []
    sign = -1 if side == RELATIVE[0] else 1
    ahead = _directions(ways, street, heading_deg)
    return [
        Sided(way.way_id, 0.0, way.length_m, sign * ahead[way.way_id]) for way in ways if ahead[way.way_id]
    ]


def _by_compass(way: StreetWay, bearing_deg: float) -> list[Sided]:
    """Stretches of a way that have a side by the compass, and which it is."""
    chainage, step = _chainage(way), np.diff(_flat(way.line_deg, float(way.line_deg[:, 1].mean())), axis=0)
    heading = np.arctan2(step[:, 0], step[:, 1])
    # To the right of the drawing lies the bearing of the drawing and a quarter turn.
    beside = np.cos(np.radians(bearing_deg) - heading - np.pi / 2.0)
    side = np.where(np.abs(beside) >= _ABEAM, np.sign(beside), 0.0).astype(int)
    new = np.flatnonzero(np.diff(side, prepend=2))
    ends = np.append(new[1:], len(side))
    return [
        Sided(way.way_id, float(chainage[a]), float(chainage[b]), int(side[a]))
        for a, b in zip(new.tolist(), ends.tolist(), strict=True)
        if side[a]
    ]


def _directions(ways: Sequence[StreetWay], street: Street, heading_deg: float) -> dict[int, int]:
    """Say whether going on along a street is along the drawing of each way, +1, or against it, -1; 0 unknown.

    From the way at the street's place, where the heading says it, from end to end; where ways are not joined,
    by their bearings.
    """
    ahead = {way.way_id: 0 for way in ways}
    start = way_at(ways, street)
    if start is None:
        return ahead
    turn = np.radians(heading_at(start, street.latitude_deg, street.longitude_deg) - heading_deg)
    ahead[start.way_id] = 1 if np.cos(turn) > 0.0 else -1
    waiting = deque([start])
    while waiting:
        here = waiting.popleft()
        for other in ways:
            if ahead[other.way_id]:
                continue
            for mine, other_end in ((0, 0), (0, -1), (-1, 0), (-1, -1)):
                gap = np.abs(here.line_deg[mine] - other.line_deg[other_end]).max()
                if gap <= _NODE_DEG:
                    # Where one ends and the other begins, the drawing goes on.
                    along = 1 if mine != other_end else -1
                    ahead[other.way_id] = along * ahead[here.way_id]
                    waiting.append(other)
                    break
    whole = np.radians([_bearing_deg(way) for way in ways])
    own = np.radians(_bearing_deg(start))
    for way, bearing in zip(ways, whole.tolist(), strict=True):
        cosine = float(np.cos(bearing - own))
        if not ahead[way.way_id] and abs(cosine) >= _ABEAM:
            ahead[way.way_id] = int(np.sign(cosine)) * ahead[start.way_id]
    return ahead


def _bearing_deg(way: StreetWay) -> float:
    first, last = _flat(way.line_deg[[0, -1]], float(way.line_deg[0, 1]))
    east, north = last - first
    return float(np.degrees(np.arctan2(east, north)) % 360.0)


def _flat(degrees: FloatArray, latitude_deg: float) -> FloatArray:
    """Metres east and north of 0, 0 on a plane that fits at a latitude."""
    scale = np.radians(1.0) * EARTH_M
    return np.asarray(degrees * np.array([scale * np.cos(np.radians(latitude_deg)), scale]))


def _metres(line: FloatArray, place: FloatArray) -> FloatArray:
    """Distances of the nodes of a line from a place [m]."""
    away = _flat(line, float(place[0, 1])) - _flat(place, float(place[0, 1]))
    return np.asarray(np.hypot(away[:, 0], away[:, 1]))


def _beside_m(way: StreetWay, place: FloatArray) -> float:
    """Distance of a place from a way [m]."""
    line = _flat(way.line_deg, float(place[0, 1])) - _flat(place, float(place[0, 1]))
    start, step = line[:-1], np.diff(line, axis=0)
    share = np.clip(-(start * step).sum(axis=1) / np.maximum((step**2).sum(axis=1), 1e-12), 0.0, 1.0)
    return float(np.hypot(*(start + share[:, np.newaxis] * step).T).min())


def _apart_m(one: StreetWay, other: StreetWay) -> float:
    return float(min(_metres(other.line_deg, one.line_deg[[end]]).min() for end in (0, -1)))


def _chainage(way: StreetWay) -> FloatArray:
    """Chainage of the nodes of a way [m]."""
    step = np.diff(_flat(way.line_deg, float(way.line_deg[:, 1].mean())), axis=0)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(step[:, 0], step[:, 1]))])
    return np.asarray(along * way.length_m / max(along[-1], 1e-9))


def states_on(side: int | None, place: str) -> tuple[LateralState, ...]:
    """States on a side of travel (-1 left, 0 middle, +1 right, None either), on edge or sidewalk or both."""
    if side == 0:
        return (LateralState.CENTRE,)
    rows = {
        -1: (LateralState.LEFT_EDGE, LateralState.LEFT_SIDEWALK),
        1: (LateralState.RIGHT_EDGE, LateralState.RIGHT_SIDEWALK),
    }
    chosen = rows[-1] + rows[1] if side is None else rows[side]
    wanted = {"": chosen, "edge": chosen[::2], "sidewalk": chosen[1::2]}
    return wanted[place]
