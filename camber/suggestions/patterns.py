"""The three patterns of science.md 7.1: what a run's shape does to the legs, told apart in one sentence.

Facing traffic out and back keeps the same foot at the edge both ways; the same physical side out and back
balances a crowned road; a loop run the other way round swaps the legs only on the same physical side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from camber.conventions import MIRRORED_STATES, NO_WAY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.schema import Exposure, SlopeHistories

    IntArray = NDArray[np.int64]

_RETRACED: Final = 0.5
"""Share of the run on ways run in both directions from which it counts as out and back (judgement)."""

_CLOSED_M: Final = 200.0
"""Distance between start and end up to which a run counts as a loop [m] (judgement)."""

_EARTH_M: Final = 6_371_000.0
"""Mean radius of the earth [m] (IUGG)."""


def outbound_partners(exposure: Exposure) -> IntArray:
    """Find for each interval the earlier one at the same place in the other direction.

    Parameters
    ----------
    exposure : Exposure
        One row per interval.

    Returns
    -------
    ndarray of int64, shape (n,)
        Position of the partner, -1 where there is none within 50 m along the way; of a planned route with few
        points, whose intervals are long, within the length of the shorter of both.
    """
    way = exposure["way_id"].to_numpy()
    direction = exposure["travel_direction"].to_numpy()
    middle = exposure[["start_chainage_m", "end_chainage_m"]].mean(axis=1).to_numpy()
    # An interval with a single fix has no extent along the way, and its distance all the same.
    length_m = exposure["distance_m"].to_numpy()
    partner = np.full(len(way), -1, dtype=np.int64)
    for known in np.unique(way[way != NO_WAY]):
        positions = np.flatnonzero(way == known)
        for position in positions:
            earlier = positions[(positions < position) & (direction[positions] == -direction[position])]
            away = np.abs(middle[earlier] - middle[position])
            nearest = earlier[away.argmin()] if len(earlier) else position
            reach_m = max(50.0, min(length_m[position], length_m[nearest]))
            if len(earlier) and away.min() <= reach_m:
                partner[position] = nearest
    return partner


def pattern_of(exposure: Exposure, partner: IntArray) -> str:
    """Tell the pattern of a run.

    Parameters
    ----------
    exposure : Exposure
        One row per interval.
    partner : ndarray of int64, shape (n,)
        As `outbound_partners` returns them.

    Returns
    -------
    str
        ``"out_and_back"``, ``"loop"`` or ``"other"``.
    """
    distance = exposure["distance_m"].to_numpy()
    back = distance[partner >= 0].sum()
    if back > 0.0 and 2.0 * back >= _RETRACED * distance.sum():
        return "out_and_back"
    ends = np.radians(exposure[["latitude_deg", "longitude_deg"]].to_numpy()[[0, -1]])
    north, east = np.diff(ends[:, 0])[0], np.diff(ends[:, 1])[0] * np.cos(ends[0, 0])
    return "loop" if _EARTH_M * np.hypot(north, east) <= _CLOSED_M else "other"


def explain(pattern: str, histories: SlopeHistories, partner: IntArray, exposure: Exposure) -> str:
    """Say in one sentence what the pattern does to the legs.

    Parameters
    ----------
    pattern : str
        As `pattern_of` returns it.
    histories : SlopeHistories
        Drawn states.
    partner : ndarray of int64, shape (n,)
        As `outbound_partners` returns them.
    exposure : Exposure
        One row per interval.

    Returns
    -------
    str
        One sentence or two, correct for left- and right-hand traffic.
    """
    if pattern == "loop":
        return (
            "A loop. Keeping the same side of travel, for example always facing traffic, puts the same foot "
            "at the road's edge in either direction; only the same physical side, run the other way round, "
            "swaps the legs."
        )
    if pattern == "other":
        return "Neither out and back nor a loop."
    back = np.flatnonzero(partner >= 0)
    weight = exposure["distance_m"].to_numpy()[back]
    there, here = histories.state[:, partner[back]], histories.state[:, back]
    mirror = np.array(MIRRORED_STATES)
    kept = ((here >= 0) & (here == mirror[np.maximum(there, 0)])).mean(axis=0) @ weight / weight.sum()
    if kept > 0.5:
        return (
            "Out and back, most likely on about the same physical side both ways: what is the low side on "
            "the way out is the high side on the way back, so that a crowned road evens out."
        )
    return (
        "Out and back, most likely on the same side of travel both ways, as when always facing traffic: the "
        "same foot is at the road's edge out and back, so that a crowned road does not even out."
    )
