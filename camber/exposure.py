"""From the cross slope to metres by leg: expected metres per interval, and drawn totals.

Additive over rows, draw by draw. Expected metres are distance times probability; intervals come from the
drawn histories, in which the correlation along the run is kept, and never from added variances.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from camber.conventions import (
    LATERAL_STATES,
    NO_WAY,
    SURFACE_KINDS,
    WGS84,
    LateralState,
    SurfaceKind,
    Verdict,
)
from camber.schema import (
    CrossSlopeSettings,
    Draws,
    Exposure,
    ExposureSettings,
    SlopedTrack,
    SlopeHistories,
    as_exposure,
)
from camber.schema.tables import P_STATES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

_KINDS: Final = {kind: position for position, kind in enumerate(SURFACE_KINDS)}
_STATE_KIND: Final = {
    LateralState.LEFT_SIDEWALK: SurfaceKind.SIDEWALK,
    LateralState.LEFT_EDGE: SurfaceKind.ROAD_EDGE,
    LateralState.CENTRE: SurfaceKind.ROAD_CENTRE,
    LateralState.RIGHT_EDGE: SurfaceKind.ROAD_EDGE,
    LateralState.RIGHT_SIDEWALK: SurfaceKind.SIDEWALK,
    LateralState.OTHER: SurfaceKind.PATH,
}
_SHARED: Final = (
    "way_id",
    "travel_direction",
    "section",
    "block",
    *P_STATES,
    "side",
    "side_basis",
    "profile",
    "cross_slope_pct",
    "cross_slope_std_pct",
    "slope_source",
    "p_left_low",
    "p_right_low",
    "p_level",
    "surface_kind",
    "carriageway_way_id",
)


def measure_exposure(
    sloped: SlopedTrack,
    histories: SlopeHistories,
    settings: ExposureSettings | None = None,
    *,
    level_pct: float = CrossSlopeSettings().level_pct,
) -> tuple[Exposure, Draws]:
    """Measure how far each leg was the low one.

    Parameters
    ----------
    sloped : SlopedTrack
        Fixes with leg probabilities.
    histories : SlopeHistories
        Drawn histories of the cross slope.
    settings : ExposureSettings, optional
        Thresholds of the verdicts.
    level_pct : float
        Absolute cross slope below which the surface counts as level [%].

    Returns
    -------
    Exposure
        One row per interval (a block): expected metres [m] by leg that sum to its distance, and the verdict.
    Draws
        Drawn totals per surface kind.
    """
    settings = settings or ExposureSettings()
    _, first, number = np.unique(sloped["block"].to_numpy(), return_index=True, return_inverse=True)
    step = step_lengths(sloped)
    off = np.where(sloped["way_id"].to_numpy() == NO_WAY, 1.0, sloped["p_off_road"].to_numpy())
    distance = np.bincount(number, step).astype(float)
    unmatched = np.bincount(number, step * off)
    matched = np.maximum(distance - unmatched, 0.0)
    shared = sloped.iloc[first][list(_SHARED)].reset_index(drop=True)
    metres = {
        "left_low_m": matched * shared["p_left_low"].to_numpy(),
        "right_low_m": matched * shared["p_right_low"].to_numpy(),
        "level_m": matched * shared["p_level"].to_numpy(),
    }
    unmatched = np.maximum(distance - sum(metres.values()), 0.0)
    frame = pd.DataFrame(shared).assign(
        **_extent(sloped, first, number),
        distance_m=distance,
        **metres,
        unmatched_m=unmatched,
        verdict=verdicts(distance, metres["left_low_m"], metres["right_low_m"], metres["level_m"], settings),
    )
    draws = _draw_totals(shared, distance, histories, level_pct)
    return as_exposure(frame), draws


def step_lengths(sloped: SlopedTrack) -> FloatArray:
    """Distance of each fix from the one before [m]; 0 at the start of a section.

    Parameters
    ----------
    sloped : SlopedTrack
        The track.

    Returns
    -------
    ndarray of float64, shape (n_fixes,)
        Lengths that sum to the distance of the run.
    """
    distance = sloped["distance_m"].to_numpy(dtype=float)
    return np.maximum(np.diff(distance, prepend=distance[0]), 0.0)


def _extent(sloped: SlopedTrack, first: IntArray, number: IntArray) -> dict[str, Any]:
    """Say where and when each interval was: it reaches back to the fix before, where its first step began."""
    last = np.r_[first[1:], len(sloped)] - 1
    section = sloped["section"].to_numpy()
    before = np.maximum(first - 1, 0)
    begin = np.where(section[before] == section[first], before, first)
    seconds = sloped["elapsed_s"].to_numpy(dtype=float)
    duration = np.nan_to_num(seconds[last] - seconds[begin])
    middle = (first + last) // 2
    places = sloped.geometry.iloc[middle].to_crs(WGS84)
    weight = np.bincount(number)
    chainage = sloped["chainage_m"].to_numpy()
    return {
        "start_time": sloped["time"].array[begin],
        "end_time": sloped["time"].array[last],
        "start_chainage_m": chainage[first],
        "end_chainage_m": chainage[last],
        "duration_s": np.maximum(duration, 0.0),
        "latitude_deg": places.y.to_numpy(),
        "longitude_deg": places.x.to_numpy(),
        "offset_m": np.bincount(number, sloped["offset_m"].to_numpy()) / weight,
        "match_probability": np.minimum(np.bincount(number, sloped["match_probability"]) / weight, 1.0),
        "p_off_road": np.minimum(np.bincount(number, sloped["p_off_road"]) / weight, 1.0),
    }


def verdicts(
    distance_m: FloatArray,
    left_low_m: FloatArray,
    right_low_m: FloatArray,
    level_m: FloatArray,
    settings: ExposureSettings,
) -> NDArray[np.object_]:
    """Say what may be said about each interval.

    Parameters
    ----------
    distance_m, left_low_m, right_low_m, level_m : ndarray of float64, shape (n,)
        Distance and expected metres [m]; what is left of the distance is on no mapped way.
    settings : ExposureSettings
        The thresholds.

    Returns
    -------
    ndarray of object, shape (n,)
        Values of `camber.conventions.Verdict`.
    """
    share = np.maximum(distance_m, 1e-12)
    left, right, level = left_low_m / share, right_low_m / share, level_m / share
    verdict = np.full(len(distance_m), Verdict.UNKNOWN.value, dtype=object)
    verdict[left + right > 1.0 - settings.tilted] = Verdict.TILTED_UNKNOWN.value
    verdict[left >= settings.decided] = Verdict.LEFT_LOW.value
    verdict[right >= settings.decided] = Verdict.RIGHT_LOW.value
    verdict[level >= settings.decided] = Verdict.LEVEL.value
    return verdict


def _draw_totals(
    shared: pd.DataFrame, distance: FloatArray, histories: SlopeHistories, level_pct: float
) -> Draws:
    state, slope = histories.state, histories.cross_slope_pct.astype(float)
    by_state = np.array([_KINDS[_STATE_KIND[name]] for name in LATERAL_STATES])
    kind = by_state[np.maximum(state, 0)]
    ring = (shared["surface_kind"] == SurfaceKind.TRACK).to_numpy()
    kind = np.where(ring & (kind == _KINDS[SurfaceKind.PATH]), _KINDS[SurfaceKind.TRACK], kind)
    unmatched = (state < 0) | (shared["way_id"].to_numpy() == NO_WAY) | ~np.isfinite(slope)
    kind = np.where(unmatched, _KINDS[SurfaceKind.UNMATCHED], kind)
    slope = np.where(unmatched, 0.0, slope)
    left, right = slope < -level_pct, slope > level_pct
    km = distance / 1000.0

    def total(values: FloatArray) -> FloatArray:
        return np.stack([(values * (kind == k)).sum(axis=1) for k in range(len(SURFACE_KINDS))], axis=1)

    return Draws(
        left_low_m=total(distance * left),
        right_low_m=total(distance * right),
        level_m=total(distance * ~(left | right | unmatched)),
        unmatched_m=total(distance * unmatched),
        net_tilt_pct_km=total(slope * km),
        gross_tilt_pct_km=total(np.abs(slope) * km),
    )
