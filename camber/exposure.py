"""From the cross slope to metres by leg: expected metres per interval, and drawn totals.

Additive over rows, draw by draw. Expected metres are distance times probability; intervals come from the
drawn histories, in which the correlation along the run is kept, and never from added variances.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numba
import numpy as np
import pandas as pd

from camber.conventions import (
    LATERAL_STATES,
    NO_WAY,
    P_STATES,
    SURFACE_KINDS,
    WGS84,
    LateralState,
    SurfaceKind,
    Verdict,
)
from camber.kernels import compiled_once
from camber.schema import (
    CrossSlopeSettings,
    Draws,
    Exposure,
    ExposureSettings,
    SlopedTrack,
    SlopeHistories,
    as_exposure,
)

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
    *("way_id", "travel_direction", "section", "block", *P_STATES, "side", "side_basis", "profile"),
    *("cross_slope_pct", "cross_slope_std_pct", "slope_source", "p_left_low", "p_right_low", "p_level"),
    *("p_falls_left", "p_falls_right", "surface_kind", "carriageway_way_id"),
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
    plain = pd.DataFrame(sloped, copy=False)  # columns of a GeoDataFrame are slow to take
    _, first, number = np.unique(plain["block"].to_numpy(), return_index=True, return_inverse=True)
    step = step_lengths(plain)
    off = np.where(plain["way_id"].to_numpy() == NO_WAY, 1.0, plain["p_off_road"].to_numpy())
    distance = np.bincount(number, step).astype(float)
    unmatched = np.bincount(number, step * off)
    matched = np.maximum(distance - unmatched, 0.0)
    # As pandas holds them: text is slow to take out and to put in.
    shared = {name: plain[name].array.take(first) for name in _SHARED}
    metres = {
        f"{leg}_m": matched * np.asarray(shared[f"p_{leg}"]) for leg in ("left_low", "right_low", "level")
    }
    unmatched = np.maximum(distance - sum(metres.values()), 0.0)
    falls_left_m, falls_right_m = (
        matched * np.asarray(shared[f"p_falls_{side}"]) for side in ("left", "right")
    )
    columns = {
        **shared,
        **_extent(sloped, plain, first, number),
        "distance_m": distance,
        **metres,
        "unmatched_m": unmatched,
        "verdict": verdicts(distance, falls_left_m, falls_right_m, metres["level_m"], unmatched, settings),
    }
    ring = np.asarray(shared["surface_kind"] == SurfaceKind.TRACK)
    on_way = np.asarray(shared["way_id"]) != NO_WAY
    draws = _draw_totals(ring, on_way, distance, histories, level_pct)
    return as_exposure(pd.DataFrame(columns)), draws


def step_lengths(sloped: pd.DataFrame) -> FloatArray:
    """Distance of each fix from the one before along the path [m]; 0 at the start of a section.

    Shape (n_fixes,), of a sloped track or its columns; they sum to the distance of the run.
    """
    distance = sloped["along_m"].to_numpy(dtype=float)
    return np.maximum(np.diff(distance, prepend=distance[0]), 0.0)


def _extent(track: SlopedTrack, sloped: pd.DataFrame, first: IntArray, number: IntArray) -> dict[str, Any]:
    """Say where and when each interval was: it reaches back to the fix before, where its first step began."""
    last = np.r_[first[1:], len(sloped)] - 1
    section = sloped["section"].to_numpy()
    before = np.maximum(first - 1, 0)
    begin = np.where(section[before] == section[first], before, first)
    seconds = sloped["elapsed_s"].to_numpy(dtype=float)
    duration = np.nan_to_num(seconds[last] - seconds[begin])
    middle = (first + last) // 2
    places = track.geometry.array[middle].to_crs(WGS84)
    weight = np.bincount(number)
    chainage = sloped["chainage_m"].to_numpy()
    return {
        "start_time": sloped["time"].array[begin],
        "end_time": sloped["time"].array[last],
        "start_chainage_m": chainage[first],
        "end_chainage_m": chainage[last],
        "duration_s": np.maximum(duration, 0.0),
        "latitude_deg": places.y,
        "longitude_deg": places.x,
        "offset_m": np.bincount(number, sloped["offset_m"].to_numpy()) / weight,
        "match_probability": np.minimum(np.bincount(number, sloped["match_probability"]) / weight, 1.0),
        "p_off_road": np.minimum(np.bincount(number, sloped["p_off_road"]) / weight, 1.0),
    }


def verdicts(
    distance_m: FloatArray,
    falls_left_m: FloatArray,
    falls_right_m: FloatArray,
    level_m: FloatArray,
    unmatched_m: FloatArray,
    settings: ExposureSettings,
) -> NDArray[np.object_]:
    """Say what may be said about each interval, by its distance and expected metres [m], shape (n,).

    Values of `camber.conventions.Verdict`. Which leg is low is a matter of the direction in which the surface
    falls, whatever the percent (``falls_*_m``); only what is surely level has no low leg.
    """
    share = np.maximum(distance_m, 1e-12)
    left, right, level, off = (
        metres / share for metres in (falls_left_m, falls_right_m, level_m, unmatched_m)
    )
    verdict = np.full(len(distance_m), Verdict.UNKNOWN.value, dtype=object)
    verdict[(level + off < settings.tilted) & (distance_m > 0.0)] = Verdict.TILTED_UNKNOWN.value
    verdict[left >= settings.decided] = Verdict.LEFT_LOW.value
    verdict[right >= settings.decided] = Verdict.RIGHT_LOW.value
    verdict[level >= settings.decided] = Verdict.LEVEL.value
    return verdict


def _draw_totals(
    ring: NDArray[np.bool_],
    on_way: NDArray[np.bool_],
    distance: FloatArray,
    histories: SlopeHistories,
    level_pct: float,
) -> Draws:
    """Sum the draws; ``ring`` is true where a path is a running track."""
    by_state = np.array([_KINDS[_STATE_KIND[name]] for name in LATERAL_STATES])
    kind = np.tile(by_state, (len(distance), 1))
    path, other = _KINDS[SurfaceKind.PATH], LATERAL_STATES.index(LateralState.OTHER)
    kind[:, other] = np.where(ring, _KINDS[SurfaceKind.TRACK], path)
    totals = _totals(
        histories.state, histories.cross_slope_pct, kind, on_way, distance, level_pct, len(SURFACE_KINDS)
    )
    return Draws(*np.moveaxis(totals, 2, 0))


@compiled_once
@numba.njit(cache=True)
def _totals(
    state: NDArray[np.int8],
    slope_pct: NDArray[np.float32],
    kind_of: IntArray,
    on_way: NDArray[np.bool_],
    distance_m: FloatArray,
    level_pct: float,
    kinds: int,
) -> FloatArray:
    """Sum each draw by kind of surface; the six columns are the fields of `Draws`, in order."""
    draws, blocks = state.shape
    totals = np.zeros((draws, kinds, 6))
    for d in range(draws):
        for b in range(blocks):
            slope, metres = slope_pct[d, b], distance_m[b]
            if state[d, b] < 0 or not on_way[b] or not np.isfinite(slope):
                totals[d, kinds - 1, 3] += metres
                continue
            kind = kind_of[b, state[d, b]]
            leg = 0 if slope < -level_pct else 1 if slope > level_pct else 2
            totals[d, kind, leg] += metres
            totals[d, kind, 4] += slope * metres / 1000.0
            totals[d, kind, 5] += abs(slope) * metres / 1000.0
    return totals
