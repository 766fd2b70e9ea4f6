"""What measured slopes err by beyond their standard errors, and where a grid may have been smoothed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class TerrainErrors:
    """What measured slopes err by beyond their standard errors.

    Parameters
    ----------
    slope_pct, kerbs_pct : float
        Scatter beyond that, and where both kerbs are seen (the second: judgement) [%]. With it, and standard
        errors as they are, the slopes of Delft lie 0.8 to 1.2 deviations about those of the survey.
    smoothed_pct : float
        Error of slopes where the grid may have been smoothed: over 3 m it takes 1.5 % off the slope of a road
        of 6 m in simulations [%].
    yearly_pct : float
        Change of a road's slope per year: settling, overlays [%] (judgement).
    rebuilt_years : float
        In so many years a street is built anew with another section [yr] (judgement: whole roads last some 50
        years, layers laid on them keep the section, and every other road gets its old one again).
    unknown_years : int
        Age of what does not say when it was measured (judgement: countries are flown every 6 to 10 years).
    ridge_pct : float
        Spread of half the difference between the halves of a path [%] (a quarter of paths are crowned, by
        1.7 %: standards/cross_slope.csv).
    p_wrong, p_wrong_doubtful : float
        Probability that another strip was measured: 4 of 87 windows in Delft; and where a grid may have been
        smoothed, which shows the kerbs' slope in place of the road's (judgement: of such windows in Delft no
        more are wrong than of others, of grids smoothed over 3 m nearly all).
    walk_times : float
        Factor on standard errors of strips beyond a kerb, whose scatter is that of one plane (judgement: in
        Delft those of roads came out 2 times too small as long as they were).
    kerb_m : float
        Steps from this height on are kerbs [m] (judgement: a lowered kerb is 2 to 3 cm high).
    offset_m, offset_sd_m : float
        Scatter of the middle, and the largest standard error with which it is believed [m] (judgement).
    """

    slope_pct: float = 0.6
    kerbs_pct: float = 0.3
    smoothed_pct: float = 1.2
    yearly_pct: float = 0.1
    rebuilt_years: float = 100.0
    unknown_years: int = 8
    ridge_pct: float = 0.85
    p_wrong: float = 0.05
    p_wrong_doubtful: float = 0.2
    walk_times: float = 1.5
    kerb_m: float = 0.04
    offset_m: float = 0.3
    offset_sd_m: float = 0.3


ERRORS: Final = TerrainErrors()

DOUBTFUL: Final = 0.7
"""Second differences over 1 m below this share of those over 3 m: the grid may have been smoothed, and slopes
be too small (simulated grids smoothed over 3 m have 0.42 to 0.70; half of Delft's brick streets, too, are
below it)."""


def is_doubtful(evenness: Any) -> NDArray[np.bool_]:  # noqa: ANN401 - a number or an array of them
    """Tell where a grid may have been smoothed; what is not known (NaN) is not doubted."""
    return np.asarray(np.asarray(evenness, dtype=np.float64) < DOUBTFUL)
