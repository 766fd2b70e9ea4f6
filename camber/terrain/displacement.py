"""How far a terrain model lies off as a whole: what the middles of its roads have in common.

Each line on the map is off by itself, and where to has nothing to do with the others. A model in the wrong
place moves all its roads alike: a way shows the part of that which goes across it, and ways in different
directions show the whole.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from camber.terrain.edges import GIVEN, REACH_M
from camber.terrain.line_frame import smooth_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from camber.schema import CrossSections

    FloatArray = NDArray[np.float64]

_MAP_M: Final = 2.0
"""So far lines may be off together, traced from the same picture [m] (judgement: they lie 1 to 2 m off, as
standards/model.md has it of a single one)."""

_TOWARDS: Final = (
    *("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west"),
)

_SURE: Final = 2.0
"""Standard deviations by which a displacement has to be beyond that (judgement: 1 of 40 by chance)."""

_LEAST: Final = 5
"""Ways that may say so (judgement: one line of ten lies far off, and of fewer all may be such)."""

_OUTLIER: Final = 1.345
"""Residuals from so many of their deviations on count less (Huber 1964: 95 % of the efficiency if normal)."""

_ROUNDS: Final = 50

_WAYS: Final = 40
_TIMES: Final = 8
_STILL_M: Final = 0.15
"""Ways that are enough to tell, how often they are measured at most, and a step [m] that ends it (judgement:
each time is half a second of processor time per km)."""


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
    """

    east_m: float = 0.0
    north_m: float = 0.0
    sd_m: float = REACH_M
    ways: int = 0

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
    def is_more_than_chance(self) -> bool:
        """Whether roads have anything in common."""
        return self.length_m >= _SURE * self.sd_m

    @property
    def is_of_the_model(self) -> bool:
        """Whether it is more than lines on a map may be off together."""
        return self.ways >= _LEAST and self.length_m - _SURE * self.sd_m > _MAP_M

    def differs_from(self, other: Displacement) -> bool:
        """Whether some roads, enough to say so, lie elsewhere than others do."""
        away = float(np.hypot(self.east_m - other.east_m, self.north_m - other.north_m))
        return self.ways >= _LEAST and away > _SURE * float(np.hypot(self.sd_m, other.sd_m))


def common_displacement(right: FloatArray, middle_m: FloatArray, way: NDArray[np.int64]) -> Displacement:
    """Solve for what middles of roads have in common, as ``middle_m`` = ``right`` · displacement + own error.

    Parameters
    ----------
    right : ndarray of float64, shape (n, 2)
        East and north of the unit vector to the right of the line, where each was measured.
    middle_m : ndarray of float64, shape (n,)
        Its offset from the line, positive to the right [m].
    way : ndarray of int64, shape (n,)
        The way; all windows of one count as one, since its line is off by the same.

    Returns
    -------
    Displacement
        Zero, and as uncertain as the search is wide, where nothing was measured.
    """
    if not len(middle_m):
        return Displacement()
    _, number, count = np.unique(way, return_inverse=True, return_counts=True)
    share = 1.0 / count[number]
    # What no way shows stays at zero, within the reach of the search.
    before = np.eye(2) / REACH_M**2
    # No line is better than the map's are taken to be, so a few that agree by chance prove nothing.
    scale = GIVEN.line_std_m
    found: FloatArray = np.zeros(2)
    trust = np.ones(len(middle_m))
    for _ in range(_ROUNDS):
        weighted = right * (share * trust / scale**2)[:, np.newaxis]
        precision = weighted.T @ right + before
        last, found = found, np.asarray(np.linalg.solve(precision, weighted.T @ middle_m), dtype=np.float64)
        away = np.abs(middle_m - right @ found)
        scale = max(GIVEN.line_std_m, 1.4826 * _weighted_median(away, share))
        trust[:] = np.minimum(1.0, _OUTLIER * scale / np.maximum(away, 1e-9))
        if np.abs(found - last).max() < 1e-6:
            break
    length = float(np.hypot(*found))
    covariance = np.linalg.inv(precision)
    toward = found / length if length > 0.0 else np.array([1.0, 0.0])
    return Displacement(
        float(found[0]), float(found[1]), float(np.sqrt(toward @ covariance @ toward)), len(count)
    )


def _weighted_median(values: FloatArray, weight: FloatArray) -> float:
    order = np.argsort(values, kind="stable")
    passed = np.cumsum(weight[order])
    return float(values[order][np.searchsorted(passed, passed[-1] / 2.0)])


def middles_along(line: FloatArray, sections: CrossSections) -> FloatArray:
    """Say where a road was found beside its line: a row per window that was measured.

    Parameters
    ----------
    line : ndarray of float64, shape (m, 2)
        The way in the system of the model [m].
    sections : CrossSections
        What was measured along it, with chainages of that line.

    Returns
    -------
    ndarray of float64, shape (n, 3)
        East and north of the unit vector to the right of the line, and the offset of the middle [m].
    """
    seen = sections[(sections["refused"] == "").to_numpy() & sections["centre_m"].notna().to_numpy()]
    if not len(seen):
        return np.empty((0, 3))
    at_m = ((seen["from_m"] + seen["to_m"]) / 2.0).to_numpy()
    return np.column_stack([_right_of(line, at_m), seen["centre_m"].to_numpy()])


def in_common(middles: Sequence[FloatArray]) -> Displacement:
    """Solve for what some ways have in common: for each right of it, and its middles (`middles_along`)."""
    if not middles:
        return Displacement()
    way = np.repeat(np.arange(len(middles)), [len(one) for one in middles])
    rows = np.concatenate(middles)
    return common_displacement(rows[:, :2], rows[:, 2], way)


def followed(
    found: Displacement, ways: int, measure: Callable[[slice, FloatArray], Sequence[FloatArray]]
) -> Displacement:
    """Follow what the roads of a model have in common, until it does not grow.

    Roads that are several metres off are seldom found where they lie: strips nearer to the line are taken for
    them. But more of them are found on one side, and from there more yet. Where they have nothing in common
    to begin with, nothing is measured again.

    Parameters
    ----------
    found : Displacement
        What was found along the lines as they are mapped.
    ways : int
        Ways that said so.
    measure : callable
        Gives the middles of each of some of these ways, as if it lay a vector of east and north away [m].

    Returns
    -------
    Displacement
        Of the model against the map.
    """
    if not found.is_more_than_chance:
        return found
    some = slice(None, None, -(-ways // _WAYS))
    for _ in range(_TIMES):
        step = in_common(measure(some, np.array([found.east_m, found.north_m])))
        found = replace(step, east_m=found.east_m + step.east_m, north_m=found.north_m + step.north_m)
        if step.length_m < _STILL_M:
            break
    return found


def _right_of(line: FloatArray, at_m: FloatArray) -> FloatArray:
    """Give unit vectors to the right of a line at some chainages, shape (n, 2)."""
    nodes, chainage = smooth_line(line)
    ahead = np.diff(nodes, axis=0)
    at = np.clip(np.searchsorted(chainage, at_m, side="right") - 1, 0, len(ahead) - 1)
    right = np.column_stack([ahead[at, 1], -ahead[at, 0]])
    return np.asarray(right / np.hypot(*ahead[at].T)[:, np.newaxis])
