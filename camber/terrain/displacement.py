"""How far a terrain model lies off as a whole: what the places of its roads have in common.

Each line on the map is off by itself, and where to has nothing to do with the others. A model in the wrong
place, or a map that was traced from a picture in the wrong place, moves all its roads alike: a way shows the
part of that which goes across it, and ways in different directions show the whole. What each way has to say
is how likely its road is at any distance from the line, whatever the map says; it is of two minds more often
than not, and all of them together are seldom.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from camber.terrain.edges import GIVEN, PLACES_M, REACH_M
from camber.terrain.line_frame import smooth_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from camber.schema import CrossSections

    FloatArray = NDArray[np.float64]

MAP_M: Final = 3.0
"""So far lines may be off together, traced from the same picture [m] (judgement: they lie 1 to 2 m off, as
standards/model.md has it of a single one; if by 1 m east and north, one town in ninety is further off)."""

_TOWARDS: Final = (
    *("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west"),
)

_CERTAIN: Final = 0.975
"""How probable it has to be that a model lies beyond that (judgement)."""

_SURE: Final = 2.0
"""Standard deviations by which files of one flight differ (judgement: 1 of 40 by chance)."""

_LEAST: Final = 5
"""Ways that may say so (judgement: one line of ten lies far off, and of fewer all may be such)."""

_ELSEWHERE: Final = 0.02
"""Density of roads that are found anywhere [1/m] (judgement: a strip beside it is taken for one in five)."""

_FAR_M: Final = 8.0
_STEP_M: Final = 0.25
_MODE_M: Final = 1.5
"""Displacements that are tried, east and north: how far, how densely, and which count as one with the best
[m]; a grid is never so far off that its roads are still roads without being further off (judgement)."""

_WAYS: Final = 40
_TIMES: Final = 8
_STILL_M: Final = 0.3
"""Ways that are enough to tell, how often they are measured at most, and a step [m] that ends it (judgement:
each time is half a second of processor time per km)."""

_NOTED_M: Final = 1.0
"""Displacements from which on roads are looked for where they are [m] (judgement: less is within what a
single line is off by)."""


@dataclass(frozen=True)
class Displacement:
    """What roads have in common.

    Parameters
    ----------
    east_m, north_m : float
        How far they lie from their lines on the map [m].
    sd_m : float
        Standard deviation in that direction [m].
    ways : int
        Ways that say so.
    p_there, p_here, p_beyond : float
        Probabilities that it is this one, or none, to `_MODE_M`, and that it is one that lines on a map are
        not off by together.
    """

    east_m: float = 0.0
    north_m: float = 0.0
    sd_m: float = REACH_M
    ways: int = 0
    p_there: float = 0.0
    p_here: float = 1.0
    p_beyond: float = 0.0

    @property
    def length_m(self) -> float:
        """How far, whichever way [m]."""
        return float(np.hypot(self.east_m, self.north_m))

    @property
    def towards(self) -> str:
        """The way it lies, in words."""
        eighth = round(float(np.arctan2(self.east_m, self.north_m)) / (np.pi / 4.0)) % 8
        return _TOWARDS[eighth]

    @property
    def is_of_the_model(self) -> bool:
        """Whether it is more than lines on a map may be off together."""
        return self.ways >= _LEAST and self.p_beyond > _CERTAIN

    @property
    def is_noted(self) -> bool:
        """Whether roads are to be looked for there."""
        return self.ways >= _LEAST and self.length_m >= _NOTED_M and self.p_there > self.p_here

    def is_near(self, other: Displacement, within_m: float) -> bool:
        """Whether it is much the same."""
        return float(np.hypot(self.east_m - other.east_m, self.north_m - other.north_m)) < within_m

    def differs_from(self, other: Displacement) -> bool:
        """Whether some roads, enough to say so, lie elsewhere than others do."""
        away = float(np.hypot(self.east_m - other.east_m, self.north_m - other.north_m))
        return self.ways >= _LEAST and away > _SURE * float(np.hypot(self.sd_m, other.sd_m))


def in_common(ways: Sequence[FloatArray]) -> Displacement:
    """Find the displacement under which the places of some roads are likeliest.

    Parameters
    ----------
    ways : sequence of ndarray of float64, shape (n, 24)
        For each road the rows of `likely_middles`; all windows of one count as one, since its line is off by
        the same.

    Returns
    -------
    Displacement
        Zero, and as uncertain as the search is wide, where nothing was measured.
    """
    if not ways:
        return Displacement()
    steps = np.arange(-_FAR_M, _FAR_M + _STEP_M / 2.0, _STEP_M)
    east, north = (axis.ravel() for axis in np.meshgrid(steps, steps, indexing="ij"))
    # What no way shows stays at zero, within the reach of the search.
    score = -0.5 * (east**2 + north**2) / REACH_M**2
    across = np.arange(-2.0 * _FAR_M, 2.0 * _FAR_M + 0.1, 0.1)
    away = PLACES_M[:, np.newaxis] - across
    kernel = (1.0 - GIVEN.far_share) * _normal(away, GIVEN.line_std_m)
    kernel += GIVEN.far_share * _normal(away, GIVEN.far_std_m)
    for rows in ways:
        likely = np.log(rows[:, 3:] @ kernel + _ELSEWHERE)
        for (right_east, right_north, at_m), one in zip(rows[:, :3], likely, strict=True):
            offset_m = right_east * east + right_north * north - at_m
            score += np.interp(offset_m, across, one) / len(rows)
    weight = np.exp(score - score.max())
    weight /= weight.sum()
    best = int(np.argmax(weight))
    near = np.hypot(east - east[best], north - north[best]) <= _MODE_M
    found = np.array([(weight * axis)[near].sum() / weight[near].sum() for axis in (east, north)])
    length = float(np.hypot(*found))
    toward = found / length if length > 0.0 else np.array([1.0, 0.0])
    off = (east - found[0]) * toward[0] + (north - found[1]) * toward[1]
    far = np.hypot(east, north)
    chances = (float(weight[some].sum()) for some in (near, far <= _MODE_M, far > MAP_M))
    sd = float(np.sqrt(weight @ off**2))
    return Displacement(float(found[0]), float(found[1]), sd, len(ways), *chances)


def _normal(away_m: FloatArray, std_m: float) -> FloatArray:
    return np.asarray(np.exp(-0.5 * (away_m / std_m) ** 2) / (std_m * np.sqrt(2.0 * np.pi)))


def likely_middles(
    line: FloatArray, sections: CrossSections, places: FloatArray, moved_m: FloatArray
) -> FloatArray:
    """Say where a road may be beside its line: a row per window that was looked at.

    Parameters
    ----------
    line : ndarray of float64, shape (m, 2)
        The way in the system of the model [m].
    sections : CrossSections
        What was measured along it, with chainages of that line.
    places : ndarray of float64, shape (n, 21)
        How likely its middle is at `camber.terrain.edges.PLACES_M`.
    moved_m : ndarray of float64, shape (2,)
        East and north by which the line was moved to look for the road there [m].

    Returns
    -------
    ndarray of float64, shape (n, 24)
        East and north of the unit vector to the right of the line, how far to the right it was looked [m],
        and how likely the middle is at each of those places from there.
    """
    # What is too rough to be believed may lie in the wrong place.
    seen = np.isfinite(places).all(axis=1)
    at_m = ((sections["from_m"] + sections["to_m"]) / 2.0).to_numpy()[seen]
    right = right_of(line, at_m)
    return np.column_stack([right, right @ moved_m, places[seen]])


def followed(
    found: Displacement, ways: int, measure: Callable[[slice, FloatArray], Sequence[FloatArray]]
) -> Displacement:
    """Follow what the roads of a model have in common, until it does not grow.

    Roads that are several metres off are seldom found where they lie: strips nearer to the line are taken for
    them. But more of them are found on one side, and from there more yet. Where they lie as they are mapped,
    or nearly so, nothing is measured again.

    Parameters
    ----------
    found : Displacement
        What was found along the lines as they are mapped.
    ways : int
        Ways that lie there.
    measure : callable
        Gives the places of each of some of these ways that is a road, as if it lay a vector of east and north
        away [m].

    Returns
    -------
    Displacement
        Of the model against the map.
    """
    if found.length_m < _NOTED_M or ways < _LEAST:
        return found
    some = slice(None, None, -(-ways // _WAYS))
    for _ in range(_TIMES):
        last, found = found, in_common(measure(some, np.array([found.east_m, found.north_m])))
        if found.is_near(last, _STILL_M):
            break
    return found


def right_of(line: FloatArray, at_m: FloatArray) -> FloatArray:
    """Give unit vectors to the right of a line at some chainages, shape (n, 2)."""
    nodes, chainage = smooth_line(line)
    ahead = np.diff(nodes, axis=0)
    at = np.clip(np.searchsorted(chainage, at_m, side="right") - 1, 0, len(ahead) - 1)
    right = np.column_stack([ahead[at, 1], -ahead[at, 0]])
    return np.asarray(right / np.hypot(*ahead[at].T)[:, np.newaxis])
