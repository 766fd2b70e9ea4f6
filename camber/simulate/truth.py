"""What truly happened, one row per fix, and its totals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from camber.conventions import NO_WAY
from camber.schema import CrossSlopeSettings, TrackSettings

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class TruthTotals:
    """True metres of one run, as far as it was recorded.

    Parameters
    ----------
    distance_m : float
        Distance run between fixes of one section [m].
    left_low_m, right_low_m, level_m : float
        Metres on ways with the left foot low, the right foot low, and less than 1 % of cross slope [m].
    unmatched_m : float
        Metres on no mapped way [m]; the four sum to the distance.
    """

    distance_m: float
    left_low_m: float
    right_low_m: float
    level_m: float
    unmatched_m: float


def truth_totals(truth: pd.DataFrame) -> TruthTotals:
    """Add up the metres of a truth table.

    Parameters
    ----------
    truth : DataFrame
        Of `camber.simulate.simulate_run`, or rows of it.

    Returns
    -------
    TruthTotals
        The totals.
    """
    by_leg = truth.groupby("low")["distance_m"].sum()
    return TruthTotals(
        distance_m=float(truth["distance_m"].sum()),
        left_low_m=float(by_leg.get("left", 0.0)),
        right_low_m=float(by_leg.get("right", 0.0)),
        level_m=float(by_leg.get("level", 0.0)),
        unmatched_m=float(by_leg.get("unmatched", 0.0)),
    )


def low_leg(slope_pct: FloatArray, way_id: IntArray) -> NDArray[np.str_]:
    """Name the low leg.

    Parameters
    ----------
    slope_pct : ndarray of float64, shape (n,)
        Cross slope [%], positive where it falls to the runner's right.
    way_id : ndarray of int64, shape (n,)
        The way; -1 on none.

    Returns
    -------
    ndarray of str, shape (n,)
        "left", "right", "level" (less than 1 %) or, on no way, "unmatched".
    """
    level_pct = CrossSlopeSettings().level_pct
    steep = np.where(slope_pct < 0.0, "left", "right")
    named = np.where(np.abs(slope_pct) < level_pct, "level", steep)
    return np.where(way_id == NO_WAY, "unmatched", named)


def sections_of(elapsed_s: FloatArray, run_m: FloatArray) -> IntArray:
    """Count the stretches between gaps, by the rule that the track uses.

    Parameters
    ----------
    elapsed_s : ndarray of float64, shape (n,)
        Time of each fix [s].
    run_m : ndarray of float64, shape (n,)
        Distance truly run until each fix [m].

    Returns
    -------
    ndarray of int64, shape (n,)
        0, 1, ...: new after a gap longer than 30 s and 25 m, or longer than 300 s (architecture.md).
    """
    rule = TrackSettings()
    gap_s, gap_m = np.diff(elapsed_s, prepend=elapsed_s[0]), np.diff(run_m, prepend=run_m[0])
    cut = ((gap_s > rule.gap_s) & (gap_m > rule.gap_m)) | (gap_s > rule.long_gap_s)
    return np.cumsum(cut).astype(np.int64)


def steps_within(section: IntArray, run_m: FloatArray) -> FloatArray:
    """Take the distance run since the fix before, gaps left out.

    Parameters
    ----------
    section : ndarray of int64, shape (n,)
        Of `sections_of`.
    run_m : ndarray of float64, shape (n,)
        Distance truly run until each fix [m].

    Returns
    -------
    ndarray of float64, shape (n,)
        Steps [m]; 0 at the first fix of a section.
    """
    step_m = np.diff(run_m, prepend=run_m[0])
    return np.where(np.diff(section, prepend=0) > 0, 0.0, step_m)
