"""Classes of position error, for simulation and for inference."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache

from camber.standards.assumptions import table


@dataclass(frozen=True)
class GnssClass:
    """Error of a receiver across the track: fast part, slow part and bursts (judgement).

    Parameters
    ----------
    name : str
        "multi_band", "single_band", "trees" or "dense".
    fast_sigma_m, fast_tau_s : float
        Standard deviation [m] and correlation time [s] of the fast part (exponential correlation).
    slow_sigma_m, slow_tau_s : float
        The same of the slow part.
    burst_share : float
        Share of the time in bursts, 0 to 1.
    burst_sigma_m, burst_tau_s : float
        Standard deviation [m] and duration [s] of a burst.
    reference : str
        What the numbers rest on.
    """

    name: str
    fast_sigma_m: float
    fast_tau_s: float
    slow_sigma_m: float
    slow_tau_s: float
    burst_share: float
    burst_sigma_m: float
    burst_tau_s: float
    reference: str


def gnss_classes() -> dict[str, GnssClass]:
    """Classes of position error by name, from the best sky to the worst.

    Returns
    -------
    dict of str to GnssClass
        Standard deviations in metres, one dimension.

    Raises
    ------
    StandardsError
        If the packaged table is malformed.
    """
    return {row.name: row for row in _rows()}


@cache
def _rows() -> tuple[GnssClass, ...]:
    names = {field.name for field in fields(GnssClass)}
    rows = table("gnss_error").rename(columns={"basis": "reference"}).to_dict("records")
    return tuple(GnssClass(**{name: row[name] for name in row if name in names}) for row in rows)
