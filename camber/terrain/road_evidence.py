"""From measured cross sections to evidence about a way: slopes and errors, patterns, and where it lies."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from math import expm1, hypot, isfinite, nan
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from camber.schema import RoadObserved, WidthObserved
from camber.terrain.slope_errors import ERRORS, is_doubtful

if TYPE_CHECKING:
    from collections.abc import Hashable

    from numpy.typing import NDArray

    from camber.schema import CrossSections, RoadSurface

_SLOPES: Final = ("left_pct", "left_sd_pct", "right_pct", "right_sd_pct")
_PATTERNS: Final = ("log_crowned", "log_one_way_left", "log_one_way_right", "log_inverted")


def slope_sd_pct(rows: CrossSections) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the standard deviations that measured slopes deserve, left and right half [%], shape (n,)."""
    beyond = np.where(both_kerbs(rows), ERRORS.kerbs_pct, ERRORS.slope_pct)
    smoothed = np.where(is_doubtful(rows["evenness"].to_numpy()), ERRORS.smoothed_pct, 0.0)
    left, right = (
        np.sqrt(rows[f"{side}_sd_pct"].to_numpy() ** 2 + beyond**2 + smoothed**2)
        for side in ("left", "right")
    )
    return left, right


def both_kerbs(rows: CrossSections) -> NDArray[np.bool_]:
    """Tell where the ground steps up at both edges, shape (n,)."""
    return np.asarray((rows["step_left_m"] >= ERRORS.kerb_m) & (rows["step_right_m"] >= ERRORS.kerb_m))


def roads_observed(
    rows: CrossSections, way_id: int, year: int | None = None, *, is_road: bool = True
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
    is_road : bool
        Whether it is a carriageway. A path is nearly a plane, and has no pattern beside its slopes.

    Returns
    -------
    tuple of RoadObserved
        One for the carriageway of each window, and one for each strip beyond a kerb that was wide enough; as
        of the year of the flight (`aged` for a later run).
    """
    left, right = slope_sd_pct(rows)
    found = []
    for number, row in enumerate(rows.to_dict("records")):
        if row["refused"]:
            continue
        place = way_id, row["from_m"], row["to_m"]
        p_wrong = ERRORS.p_wrong_doubtful if is_doubtful(row["evenness"]) else ERRORS.p_wrong
        facts: dict[str, Any] = {"p_wrong": p_wrong, "source": "terrain", "year": year}
        facts |= {name: row[name] if is_road else nan for name in _PATTERNS}
        halves = row["left_pct"], float(left[number]), row["right_pct"], float(right[number])
        slopes = halves if is_road else _whole(halves, row["correlation"])
        facts |= dict(zip(_SLOPES, slopes, strict=True))
        found.append(RoadObserved(*place, **facts))
        if is_road:
            found += _walks(row, way_id, year)
    return tuple(found)


def _whole(
    halves: tuple[float, float, float, float], correlation: float
) -> tuple[float, float, float, float]:
    """Join both halves of a path, which is a plane or nearly so: its halves hardly differ."""
    left, left_sd, right, right_sd = halves
    both = correlation * left_sd * right_sd
    precision = np.linalg.inv([[left_sd**2, both], [both, right_sd**2]])
    alike = np.array([[0.25, -0.25], [-0.25, 0.25]]) / ERRORS.ridge_pct**2
    covariance = np.linalg.inv(precision + alike)
    mean, sd = covariance @ precision @ np.array([left, right]), np.sqrt(np.diag(covariance))
    return float(mean[0]), float(sd[0]), float(mean[1]), float(sd[1])


def _walks(row: dict[Hashable, Any], way_id: int, year: int | None) -> list[RoadObserved]:
    """Give the slopes of the strips beyond the kerbs of one window."""
    found = []
    sides: tuple[tuple[str, RoadSurface], ...] = (("left", "left_sidewalk"), ("right", "right_sidewalk"))
    for side, surface in sides:
        slope, step = row[f"{side}_walk_pct"], row[f"step_{side}_m"]
        if step >= ERRORS.kerb_m and isfinite(slope):
            sd = hypot(ERRORS.walk_times * row[f"{side}_walk_sd_pct"], ERRORS.slope_pct)
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


@lru_cache(maxsize=65536)
def aged(one: RoadObserved, year: int | None) -> RoadObserved:
    """Say what a measured slope is worth in a later year: roads settle, and some are built anew.

    Parameters
    ----------
    one : RoadObserved
        As of the year when it was measured; what was told stays as it is.
    year : int or None
        Year of the run; where that, or the year of the flight, is not known, 8 years have passed.

    Returns
    -------
    RoadObserved
        With standard deviations that have grown by 0.1 % per year, and wrong of 1 % more roads each year.
    """
    if one.source not in {"terrain", "inventory"}:
        return one
    years = ERRORS.unknown_years if one.year is None or year is None else max(year - one.year, 0)
    drift = ERRORS.yearly_pct * years
    return replace(
        one,
        left_sd_pct=hypot(one.left_sd_pct, drift),
        right_sd_pct=hypot(one.right_sd_pct, drift),
        p_wrong=one.p_wrong - (1.0 - one.p_wrong) * expm1(-years / ERRORS.rebuilt_years),
    )


def middles_observed(rows: CrossSections, way_id: int, year: int | None = None) -> tuple[WidthObserved, ...]:
    """Turn measured middles into what is known of where a way truly lies beside its mapped line.

    Only where both kerbs are seen and the middle is known to 0.3 m: strips for parking that lie flush with
    the lanes fool the rest.

    Parameters
    ----------
    rows : CrossSections
        What was measured along the way.
    way_id : int
        The way.
    year : int, optional
        Year of the flight.

    Returns
    -------
    tuple of WidthObserved
        The middle of each window that passes, without its width.
    """
    good = both_kerbs(rows) & (rows["refused"] == "").to_numpy()
    good &= (rows["centre_sd_m"] < ERRORS.offset_sd_m).to_numpy()
    return tuple(
        WidthObserved(
            *(way_id, row["from_m"], row["to_m"]),
            middle_m=row["centre_m"],
            middle_sd_m=ERRORS.offset_m,
            source="terrain",
            year=year,
        )
        for row in rows[good].to_dict("records")
    )
