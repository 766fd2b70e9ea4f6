"""Totals with their intervals: what is left of the probabilities when a person reads them."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from camber.schema.recording import Problem


@dataclass(frozen=True)
class Interval:
    """Median and 90 % interval of a quantity.

    Parameters
    ----------
    low, median, high : float
        5 %, 50 % and 95 % quantile over the draws, in the unit that the field's name gives.
    """

    low: float
    median: float
    high: float


def interval_of(values: NDArray[np.float64]) -> Interval:
    """Median and 90 % interval of drawn values.

    Parameters
    ----------
    values : ndarray of float64, shape (n_draws,)
        Drawn values.

    Returns
    -------
    Interval
        5 %, 50 % and 95 % quantile.
    """
    low, median, high = (float(value) for value in np.quantile(values, [0.05, 0.5, 0.95]))
    return Interval(low, median, high)


def balance_of(right: NDArray[np.float64], left: NDArray[np.float64]) -> Interval | None:
    """Interval of (right - left) / (right + left); draws without any tilt have none.

    Parameters
    ----------
    right, left : ndarray of float64, shape (n_draws,)
        Metres [m] with the right and the left leg low, or any other pair of like quantities.

    Returns
    -------
    Interval or None
        -1 (all left) to 1 (all right); None where no draw is tilted.
    """
    tilted = right + left > 0.0
    if not tilted.any():
        return None
    return interval_of((right - left)[tilted] / (right + left)[tilted])


@dataclass(frozen=True, eq=False)
class Draws:
    """Drawn totals of a run, per surface kind; totals of runs, weeks and streets add draw by draw.

    Parameters
    ----------
    left_low_m, right_low_m, level_m, unmatched_m : ndarray of float64, shape (n_draws, n_kinds)
        Metres [m] by draw and by `camber.conventions.SURFACE_KINDS`. Each metre of a draw is in exactly
        one of them, so that they sum to the distance in every draw.
    net_tilt_pct_km, gross_tilt_pct_km : ndarray of float64, shape (n_draws, n_kinds)
        Integral of the cross slope, and of its absolute value, over the distance [% km]; net is positive
        where the right foot was lower.
    """

    left_low_m: NDArray[np.float64]
    right_low_m: NDArray[np.float64]
    level_m: NDArray[np.float64]
    unmatched_m: NDArray[np.float64]
    net_tilt_pct_km: NDArray[np.float64]
    gross_tilt_pct_km: NDArray[np.float64]


@dataclass(frozen=True)
class SurfaceTotal:
    """Totals on one kind of surface; sidewalk and road edge fall to opposite sides and stay apart.

    Parameters
    ----------
    surface_kind : str
        One of `camber.conventions.SURFACE_KINDS`.
    distance_m : float
        Expected distance [m].
    left_low_m, right_low_m, level_m : float
        Expected metres [m] with the left leg low, the right leg low, and level.
    """

    surface_kind: str
    distance_m: float
    left_low_m: float
    right_low_m: float
    level_m: float


@dataclass(frozen=True)
class StreetTotal:
    """One street's contribution.

    Parameters
    ----------
    name : str
        Name of the street, or its class where it has none, such as ``"residential (no name)"``.
    distance_m : float
        Distance run on it [m].
    left_low_m, right_low_m, level_m : float
        Expected metres [m].
    net_tilt_pct_km : float
        Expected integral of the cross slope [% km], positive where the right foot was lower.
    """

    name: str
    distance_m: float
    left_low_m: float
    right_low_m: float
    level_m: float
    net_tilt_pct_km: float


@dataclass(frozen=True)
class Assumption:
    """One sourced assumption that a result rests on.

    Parameters
    ----------
    table : str
        Table under ``standards/`` that holds it.
    applies_to : str
        Region, class and surface.
    value : str
        The numbers, with units.
    confidence : str
        ``"high"``, ``"medium"`` or ``"low"``.
    reference : str
        Source, or ``"judgement"``.
    distance_m : float
        Metres of the run that rest on it [m]; 0 where that has no meaning.
    """

    table: str
    applies_to: str
    value: str
    confidence: str
    reference: str
    distance_m: float = 0.0


@dataclass(frozen=True)
class Summary:
    """Totals of one run, or of several, with 90 % intervals.

    Parameters
    ----------
    title : str
        Name of the run, or of the period.
    runs : int
        Number of recordings in it.
    started_at, ended_at : datetime or None
        First and last time, UTC.
    time_zone : str or None
        IANA name of the zone to show times in.
    distance_m, duration_s : float
        Distance [m] and moving time [s].
    left_low_m, right_low_m, level_m, unmatched_m : Interval
        Metres [m]; in every draw they sum to the distance.
    balance : Interval or None
        (right - left) / (right + left) in low-leg metres, -1 to 1; None where no draw has any tilt.
    tilt_balance : Interval or None
        Net over gross tilt, -1 to 1, positive where the right foot was lower.
    net_tilt_pct_km, gross_tilt_pct_km : Interval
        Integral of the cross slope, and of its absolute value [% km].
    verdict_m : dict of str to float
        Metres by `camber.conventions.Verdict`; sums to the distance.
    side_basis_m : dict of str to float
        Metres by `camber.conventions.SideBasis`; sums to the distance.
    coverage : float
        Share of the distance matched to a mapped way, 0 to 1.
    judged : float
        Share of the distance with a verdict about a leg or level, 0 to 1.
    facing_traffic : float or None
        Share of the expected road-edge metres on two-way roads run facing traffic, 0 to 1.
    surfaces : tuple of SurfaceTotal
        By surface kind, those with any metres.
    streets : tuple of StreetTotal
        By contribution, largest absolute net tilt first.
    assumptions : tuple of Assumption
        Used for this result.
    problems : tuple of Problem
        Of the recordings, the roads and the stages.
    two_way_edge_m : float
        Expected metres at the edges of two-way roads [m], of which ``facing_traffic`` is a share.
    """

    title: str
    runs: int
    started_at: datetime | None
    ended_at: datetime | None
    time_zone: str | None
    distance_m: float
    duration_s: float
    left_low_m: Interval
    right_low_m: Interval
    level_m: Interval
    unmatched_m: Interval
    balance: Interval | None
    tilt_balance: Interval | None
    net_tilt_pct_km: Interval
    gross_tilt_pct_km: Interval
    verdict_m: dict[str, float]
    side_basis_m: dict[str, float]
    coverage: float
    judged: float
    facing_traffic: float | None
    surfaces: tuple[SurfaceTotal, ...]
    streets: tuple[StreetTotal, ...]
    assumptions: tuple[Assumption, ...]
    problems: tuple[Problem, ...]
    two_way_edge_m: float = 0.0

    def __repr__(self) -> str:
        """Say what it is, without its parts."""
        return f"<Summary {self.title}: {self.distance_m / 1000:.2f} km>"

    def _repr_html_(self) -> str:
        return summary_card(self)


def summary_card(summary: Summary) -> str:
    """Draw a summary as a small HTML table for notebooks; text is escaped, nothing is loaded.

    Parameters
    ----------
    summary : Summary
        The totals.

    Returns
    -------
    str
        A ``<table>``.
    """
    rows = [
        ("left leg low", summary.left_low_m),
        ("right leg low", summary.right_low_m),
        ("level", summary.level_m),
        ("not on a mapped way", summary.unmatched_m),
    ]
    body = "".join(
        f"<tr><th style='text-align:left'>{label}</th><td>{value.median / 1000:.2f} km</td>"
        f"<td>{value.low / 1000:.2f} to {value.high / 1000:.2f} km</td></tr>"
        for label, value in rows
    )
    return (
        f"<table><caption>{escape(summary.title)}: {summary.distance_m / 1000:.2f} km</caption>"
        "<thead><tr><th></th><th>median</th><th>90 % interval</th></tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )
