"""From measured cross sections to evidence about a way: slopes and errors, patterns, and where it lies."""

from __future__ import annotations

from math import hypot, isfinite, nan
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from camber.schema import MapOffset, RoadObserved
from camber.terrain.slope_errors import ERRORS, is_doubtful

if TYPE_CHECKING:
    from collections.abc import Hashable

    from numpy.typing import NDArray

    from camber.schema import CrossSections, RoadSurface

_SLOPES: Final = ("left_pct", "left_sd_pct", "right_pct", "right_sd_pct")
_PATTERNS: Final = ("log_crowned", "log_one_way_left", "log_one_way_right", "log_inverted")


_PIECE_M: Final = 250.0
"""Length of the pieces in which the error of a mapped line is known, as `camber.schema.MapOffset` counts."""


def slope_sd_pct(
    rows: CrossSections, age_years: float = 0.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the standard deviations that measured slopes deserve, left and right half [%], shape (n,)."""
    beyond = np.where(both_kerbs(rows), ERRORS.kerbs_pct, ERRORS.slope_pct)
    drift = ERRORS.yearly_pct * max(age_years, 0.0)
    smoothed = np.where(is_doubtful(rows["evenness"].to_numpy()), ERRORS.smoothed_pct, 0.0)
    left, right = (
        np.sqrt((ERRORS.times * rows[f"{side}_sd_pct"].to_numpy()) ** 2 + beyond**2 + drift**2 + smoothed**2)
        for side in ("left", "right")
    )
    return left, right


def both_kerbs(rows: CrossSections) -> NDArray[np.bool_]:
    """Tell where the ground steps up at both edges, shape (n,)."""
    return np.asarray((rows["step_left_m"] >= ERRORS.kerb_m) & (rows["step_right_m"] >= ERRORS.kerb_m))


def roads_observed(
    rows: CrossSections, way_id: int, year: int | None = None, *, age_years: float = 0.0, is_road: bool = True
) -> tuple[RoadObserved, ...]:
    """Turn measured cross sections of a way into evidence about its surface.

    Parameters
    ----------
    rows : CrossSections
        What was measured along it; refused windows say nothing.
    way_id : int
        The way.
    year : int, optional
        Year of the flight.
    age_years : float
        Years from the flight to the run: slopes drift by 0.1 % in each.
    is_road : bool
        Whether it is a carriageway. A path has one slope, and no pattern beside it.

    Returns
    -------
    tuple of RoadObserved
        One for the carriageway of each window, and one for each strip beyond a kerb that was wide enough.
    """
    left, right = slope_sd_pct(rows, age_years)
    found = []
    for number, row in enumerate(rows.to_dict("records")):
        if row["refused"]:
            continue
        place = way_id, row["from_m"], row["to_m"]
        facts: dict[str, Any] = {"p_wrong": ERRORS.p_wrong, "source": "terrain", "year": year}
        facts |= {name: row[name] if is_road else nan for name in _PATTERNS}
        halves = row["left_pct"], float(left[number]), row["right_pct"], float(right[number])
        slopes = halves if is_road else 2 * _whole(halves, row["correlation"])
        facts |= dict(zip(_SLOPES, slopes, strict=True))
        found.append(RoadObserved(*place, **facts))
        if is_road:
            found += _walks(row, way_id, year, age_years)
    return tuple(found)


def _whole(halves: tuple[float, float, float, float], correlation: float) -> tuple[float, float]:
    """Join both halves to the one slope of a path: the best mean of two correlated values, and its error."""
    left, left_sd, right, right_sd = halves
    inverse = np.linalg.inv(
        [
            [left_sd**2, correlation * left_sd * right_sd],
            [correlation * left_sd * right_sd, right_sd**2],
        ]
    )
    weight = inverse.sum(axis=0)
    # Where one half is known far better, the best weights may leave the two: then it alone is taken.
    share = float(np.clip(weight[0] / weight.sum(), 0.0, 1.0))
    variance = (share * left_sd) ** 2 + ((1.0 - share) * right_sd) ** 2
    variance += 2.0 * share * (1.0 - share) * correlation * left_sd * right_sd
    return share * left + (1.0 - share) * right, float(variance**0.5)


def _walks(row: dict[Hashable, Any], way_id: int, year: int | None, age_years: float) -> list[RoadObserved]:
    """Give the slopes of the strips beyond the kerbs of one window."""
    found = []
    sides: tuple[tuple[str, RoadSurface], ...] = (("left", "left_sidewalk"), ("right", "right_sidewalk"))
    for side, surface in sides:
        slope, step = row[f"{side}_walk_pct"], row[f"step_{side}_m"]
        if step >= ERRORS.kerb_m and isfinite(slope):
            drift = ERRORS.yearly_pct * max(age_years, 0.0)
            sd = hypot(ERRORS.times * row[f"{side}_walk_sd_pct"], ERRORS.slope_pct, drift)
            found.append(
                RoadObserved(
                    *(way_id, row["from_m"], row["to_m"], surface),
                    left_pct=slope,
                    left_sd_pct=sd,
                    p_wrong=ERRORS.p_wrong,
                    source="terrain",
                    year=year,
                )
            )
    return found


def offsets_observed(rows: CrossSections, way_id: int) -> tuple[MapOffset, ...]:
    """Turn measured middles into what is known of the error of the mapped line, piece by piece.

    Only where both kerbs are seen and the middle is known to 0.3 m: strips for parking that lie flush with
    the lanes fool the rest. Windows of one piece see one error, so that they add up to no more than one.

    Parameters
    ----------
    rows : CrossSections
        What was measured along the way.
    way_id : int
        The way.

    Returns
    -------
    tuple of MapOffset
        One for each piece of 250 m in which some window passes; its direction is 0: no run said it.
    """
    good = both_kerbs(rows) & (rows["refused"] == "").to_numpy()
    good &= (rows["centre_sd_m"] < ERRORS.offset_sd_m).to_numpy()
    piece = ((rows["from_m"] + rows["to_m"]) / 2.0 // _PIECE_M).to_numpy(dtype=np.int64)
    middle = rows["centre_m"].to_numpy()
    information = 1.0 / ERRORS.offset_m**2
    found = []
    for number in np.unique(piece[good]).tolist():
        here = good & (piece == number)
        found.append(MapOffset(way_id, number, information, information * float(middle[here].mean())))
    return tuple(found)
