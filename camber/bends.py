"""Superelevation: where a bend is banked, to which side, and how steeply. Arrays in, arrays out.

A banked carriageway is one plane that falls to the inside of the bend across its whole width, so the low leg
does not depend on the side of the road: e + f = V^2 / (127 R) (AASHTO Green Book, chapter 3, method 2).
Signs are those of `camber.conventions`: curvature and low side are positive to the right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

from camber.geometry import circle_radius

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

_SPEED_KMH: Final = np.array([24.0, 32.0, 40.0, 48.0, 56.0, 64.0, 72.0])
_CROWN_M: Final = np.array([15.0, 33.0, 61.0, 102.0, 156.0, 233.0, 318.0])
"""Least radius of the normal crown on low-speed streets, V^2 / (127 (f - 0.02)), with AASHTO's side friction
of 0.32 to 0.15 (recalled, not verified)."""

_RURAL_CROWN: Final = 0.204
"""R = 0.204 V^2 reproduces within 2.5 % the radii below which the United Kingdom allows no adverse camber:
510, 720, 1020, 1440, 2040 and 2880 m for 50 to 120 km/h (CD 109, recalled, not verified)."""

_LOW_SPEED_KMH: Final = 50.0
"""Up to this limit a street is built as a low-speed one (judgement: AASHTO's table ends at 45 mph)."""

_SHORTEST_M: Final = 40.0
"""Shorter lines tell nothing of a bend [m] (judgement)."""


@dataclass(frozen=True)
class BendAssumptions:
    """How bends are banked; the defaults equal ``standards/surface.csv``, which says where each is from.

    Parameters
    ----------
    superelevation : float
        Share of V^2 / (127 R) that the cross slope takes.
    superelevation_least_pct, superelevation_std_pct : float
        Least slope of a banked bend and the spread of its slope [%].
    superelevation_most_urban_pct, superelevation_most_rural_pct : float
        Largest slope [%].
    superelevation_scale : float
        Spread of the logarithm of the radius below which a bend is banked.
    line_std_m : float
        Scatter of a mapped line about a smooth curve [m].
    """

    superelevation: float = 0.6
    superelevation_least_pct: float = 2.0
    superelevation_std_pct: float = 1.5
    superelevation_most_urban_pct: float = 4.0
    superelevation_most_rural_pct: float = 7.0
    superelevation_scale: float = 0.35
    line_std_m: float = 0.7


_GIVEN: Final = BendAssumptions()

_STRAIGHT_PER_M = 1e-9
"""Curvature up to which a line is straight [1/m]: a radius of the earth's order and more (judgement)."""


def curvature_along(
    lines: NDArray[np.object_], length_m: FloatArray, chainage_m: FloatArray, window_m: FloatArray
) -> FloatArray:
    """Curvature 1 / R [1/m] of lines at places along them, positive for a bend to the right of the drawing.

    Of a circle through three points ``window_m`` apart in all (60 m at least: vertices are noisy); 0 where
    the place is unknown (NaN), and on lines shorter than 40 m, which tell nothing of a bend (judgement).
    """
    half = np.minimum(window_m, length_m) / 2.0
    known = np.isfinite(chainage_m)
    middle = np.clip(np.where(known, chainage_m, 0.0), half, np.maximum(length_m - half, half))
    before, here, after = (
        shapely.get_coordinates(shapely.line_interpolate_point(lines, middle + step * half))
        for step in (-1.0, 0.0, 1.0)
    )
    long = known & (2.0 * half >= _SHORTEST_M)
    return np.where(long, 1.0 / circle_radius(before, here, after), 0.0)


def window_of(speed_kmh: FloatArray) -> FloatArray:
    """Length over which a bend is measured [m]: 60, and 120 on roads faster than 50 km/h (judgement)."""
    return np.where(speed_kmh > _LOW_SPEED_KMH, 120.0, 60.0)


def crown_radius(speed_kmh: FloatArray, built_up: NDArray[np.bool_]) -> FloatArray:
    """Radius [m] above which the normal crown stays.

    Up to 50 km/h, and in towns, that of low-speed streets (AASHTO method 2), beyond its table growing with
    the square of the speed; else 0.204 V^2 (after CD 109).
    """
    inside = np.clip(speed_kmh, _SPEED_KMH[0], _SPEED_KMH[-1])
    table = np.interp(inside, _SPEED_KMH, _CROWN_M) * (speed_kmh / inside) ** 2
    slow = built_up | (speed_kmh <= _LOW_SPEED_KMH)
    return np.where(slow, table, _RURAL_CROWN * speed_kmh**2)


def banked_share(
    curvature_per_m: FloatArray,
    speed_kmh: FloatArray,
    built_up: NDArray[np.bool_],
    built_share: FloatArray,
) -> FloatArray:
    """Probability that a place on a road is banked, from the share of tight bends built so on such roads.

    That share times a logistic function of ln R_crown - ln R (judgement; 0.35 wide, and wider where the
    scatter of the line makes R uncertain: a sagitta c^2 / (8 R) of a chord c has the line's scatter).
    """
    size = np.abs(curvature_per_m)
    bent = size > _STRAIGHT_PER_M
    radius = 1.0 / np.where(bent, size, 1.0)
    relative = 8.0 * _GIVEN.line_std_m * radius / window_of(speed_kmh) ** 2
    scale = np.hypot(_GIVEN.superelevation_scale, relative)
    speed = np.maximum(speed_kmh, 1.0)
    excess = np.clip((np.log(crown_radius(speed, built_up)) - np.log(radius)) / scale, -40.0, 40.0)
    return np.where(bent & (speed_kmh > 0.0), built_share / (1.0 + np.exp(-excess)), 0.0)


def banked_slope(
    curvature_per_m: FloatArray,
    speed_kmh: FloatArray,
    built_up: NDArray[np.bool_],
) -> FloatArray:
    """Slope of a banked bend [%]: 0.6 V^2 / (127 R) between the normal crossfall and the largest built."""
    demand = _GIVEN.superelevation * 100.0 * speed_kmh**2 * np.abs(curvature_per_m) / 127.0
    most = np.where(built_up, _GIVEN.superelevation_most_urban_pct, _GIVEN.superelevation_most_rural_pct)
    return np.clip(demand, _GIVEN.superelevation_least_pct, most)
