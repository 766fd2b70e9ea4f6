"""Drawn histories of a run, and the totals with intervals that are made of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - types are read when a stored value is
from html import escape
from typing import TYPE_CHECKING, Final

import numpy as np

from camber.schema.inputs import Problem  # noqa: TC001 - types are read when a stored value is

if TYPE_CHECKING:
    from numpy.typing import NDArray


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


SILENT: Final = {
    "snapped": "the positions lie on the map's own lines: they were moved there, and say nothing of the side",
    "sparse": "the positions are too far apart in time to say anything of the side of the road",
    "noisy": "the positions are too uncertain to say anything of the side of the road",
}
"""Why a recording says nothing about the side, as a clause for people."""


@dataclass(frozen=True, eq=False)
class LateralHistories:
    """Drawn histories of the lateral state, so that its correlation along the run is kept.

    Parameters
    ----------
    block : ndarray of int64, shape (n_blocks,)
        Values of column ``block`` of the lateral track, in order.
    state : ndarray of int8, shape (n_draws, n_blocks)
        Index into `camber.conventions.LATERAL_STATES`; -1 where the draw is on no mapped way.
    astray : ndarray of bool, shape (n_draws, n_blocks)
        True where the draw is on another street than the matched one, of which nothing is known but that it
        is tilted like this one, to either side.
    device_class : str
        Row of ``standards/gnss_error.csv`` that was used.
    silent : str
        Key of `SILENT` where the recording as a whole says nothing about the side; "" where it does.
    """

    block: NDArray[np.int64]
    state: NDArray[np.int8]
    astray: NDArray[np.bool_]
    device_class: str
    silent: str


@dataclass(frozen=True, eq=False)
class SlopeHistories:
    """Drawn histories of lateral state and of the cross slope under the runner.

    Parameters
    ----------
    block : ndarray of int64, shape (n_blocks,)
        Values of column ``block`` of the sloped track, in order.
    state : ndarray of int8, shape (n_draws, n_blocks)
        As in `LateralHistories`.
    cross_slope_pct : ndarray of float32, shape (n_draws, n_blocks)
        Cross slope [%], positive where it falls to the runner's right; NaN where the state is -1.
    profile : ndarray of int8, shape (n_draws, n_blocks)
        Code of the drawn profile: its place in `camber.conventions.Profile`; -1 where the state is -1.
    """

    block: NDArray[np.int64]
    state: NDArray[np.int8]
    cross_slope_pct: NDArray[np.float32]
    profile: NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class SlopeOptions:
    """Drawn cross slopes of every lateral state: what the surface does wherever the runner may be.

    Parameters
    ----------
    block : ndarray of int64, shape (n_blocks,)
        Values of column ``block`` of the sloped track, in order.
    cross_slope_pct : ndarray of float32, shape (n_draws, n_blocks, 6)
        Cross slope [%] in each of `camber.conventions.LATERAL_STATES`, positive where it falls to the
        runner's right; NaN where the state does not exist. Draws of a road are those of the histories.
    """

    block: NDArray[np.int64]
    cross_slope_pct: NDArray[np.float32]


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
        rows = [
            ("left leg low", self.left_low_m),
            ("right leg low", self.right_low_m),
            ("level", self.level_m),
            ("not on a mapped way", self.unmatched_m),
        ]
        body = "".join(
            f"<tr><th style='text-align:left'>{label}</th><td>{value.median / 1000:.2f} km</td>"
            f"<td>{value.low / 1000:.2f} to {value.high / 1000:.2f} km</td></tr>"
            for label, value in rows
        )
        return (
            f"<table><caption>{escape(self.title)}: {self.distance_m / 1000:.2f} km</caption>"
            "<thead><tr><th></th><th>median</th><th>90 % interval</th></tr></thead>"
            f"<tbody>{body}</tbody></table>"
        )
