"""Recording to track: cleaned, projected to metres, cut where the runner or the device paused.

Nothing is invented: fixes are dropped or the track is cut, and both are counted; the order is that of the
file. Positions stay as they were recorded; only distance, speed and heading come from smoothed ones.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numba import njit
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

from camber.conventions import EARTH_M, NOMINAL_MPS, WGS84
from camber.errors import NoTrackError, SettingsError
from camber.geometry import heading_deg, local_utm
from camber.kernels import NONE, ZERO, compiled_once, inner_kernel
from camber.schema import Problem, TrackSettings, as_track

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.schema import Recording, Track

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]

_FAR_FROM_NULL_ISLAND_M: Final = 100_000.0
"""Points at 0 N 0 E are dropped while the others are further away (judgement: a run may start at sea)."""
_STANDING_MPS: Final = 0.3
"""Below this a heading is noise (judgement: a tenth of an easy run; jitter of 1 m feigns 0.34 m/s)."""
_SPIKE_S: Final = 1.0
"""Steps shorter than this are held against the distance of this long [s]: jitter at 10 Hz is no spike
(judgement)."""
_COARSE_S: Final = 10.0
"""Where most fixes share their time with the one before, and times are this far apart [s], the clock tells
minutes or so: no fix is a duplicate (judgement)."""
_NEIGHBOURS: Final = 128
"""Fixes looked at on each side when smoothing: a window of 5 s at 25 Hz; bounds the work on odd times."""

KEEP: Final = 0
DUPLICATE: Final = 1
SPIKE: Final = 2


@compiled_once
@njit(cache=True)
def find_unusable(
    time_s: FloatArray, xy: FloatArray, part: IntArray, jump_mps: float, jump_m: float
) -> IntArray:
    """Tell duplicates and single spikes from fixes worth keeping: `KEEP`, `DUPLICATE` or `SPIKE` for each.

    A duplicate has the time of the last fix kept, or its place where neither has a time. A spike is one fix,
    or two, to which no runner could have got, and from which none could have come back, while the fixes
    around, of the same part of the file, are close together.
    """
    n = len(time_s)
    codes = np.zeros(n, dtype=np.int64)
    last, i = NONE, ZERO
    while i < n:
        if last >= 0 and _is_same(time_s, xy, last, i):
            codes[i] = DUPLICATE
            i += 1
            continue
        length = _spike_length(time_s, xy, part, last, i, jump_mps, jump_m) if last >= 0 else 0
        for k in range(length):
            codes[i + k] = SPIKE
        if length == 0:
            last = i
        i += max(length, 1)
    return codes


@inner_kernel
def _is_same(time_s: FloatArray, xy: FloatArray, a: int, b: int) -> bool:
    if np.isnan(time_s[a]) and np.isnan(time_s[b]):
        return bool(xy[a, 0] == xy[b, 0] and xy[a, 1] == xy[b, 1])
    return bool(time_s[a] == time_s[b])


@inner_kernel
def _distance(xy: FloatArray, a: int, b: int) -> float:
    return float(np.hypot(xy[b, 0] - xy[a, 0], xy[b, 1] - xy[a, 1]))


@inner_kernel
def _is_out_of_reach(
    time_s: FloatArray, xy: FloatArray, a: int, b: int, jump_mps: float, jump_m: float
) -> bool:
    reach = jump_m
    duration = abs(time_s[b] - time_s[a])
    if not np.isnan(duration):
        reach = min(jump_m, jump_mps * max(duration, _SPIKE_S))
    return _distance(xy, a, b) > reach


@inner_kernel
def _spike_length(
    time_s: FloatArray, xy: FloatArray, part: IntArray, last: int, i: int, jump_mps: float, jump_m: float
) -> int:
    if not _is_out_of_reach(time_s, xy, last, i, jump_mps, jump_m):
        return 0
    for length in (1, 2):
        back = i + length
        if back >= len(time_s) or part[back] != part[last] or part[i] != part[last]:
            return 0
        out_and_back = _distance(xy, last, back) < min(_distance(xy, last, i), _distance(xy, back - 1, back))
        if (
            out_and_back
            and _is_out_of_reach(time_s, xy, back - 1, back, jump_mps, jump_m)
            and not _is_out_of_reach(time_s, xy, last, back, jump_mps, jump_m)
        ):
            return length
    return 0


def find_borders(
    time_s: FloatArray, xy: FloatArray, part: IntArray, settings: TrackSettings
) -> dict[str, BoolArray]:
    """Find the steps between fixes at which the track is cut, shape (n - 1,), by the first reason that holds.

    Every step of a stretch that is too fast is cut, so that a ride adds no distance.
    """
    step_s, step_m = np.diff(time_s), np.hypot(*np.diff(xy, axis=0).T)
    new_part = np.diff(part) != 0
    backwards = step_s < 0.0
    # A recording that is sparse throughout has no gap at every step: its own interval is the measure then.
    usual_s = float(np.median(step_s[step_s > 0.0])) if (step_s > 0.0).any() else 0.0
    long_s = max(settings.gap_s, 3.0 * usual_s)
    gap = (step_s > long_s) & (step_m > settings.gap_m) | (step_s > max(settings.long_gap_s, 3.0 * usual_s))
    fast = ~new_part & (step_s > 0.0) & (step_m > settings.jump_mps * step_s)
    jump = (step_m > settings.jump_m) | _lasting(fast, step_s, settings.jump_s)
    found, taken = {}, np.zeros(len(step_s), dtype=bool)
    for reason, holds in (("part", new_part), ("time_backwards", backwards), ("gap", gap), ("jump", jump)):
        found[reason] = holds & ~taken
        taken |= holds
    return found


def _lasting(flag: BoolArray, step_s: FloatArray, least_s: float) -> BoolArray:
    run = np.cumsum(np.diff(flag, prepend=False))
    lasted_s = np.bincount(run, weights=np.where(flag, step_s, 0.0), minlength=1)
    lasting: BoolArray = flag & (lasted_s[run] >= least_s)
    return lasting


@compiled_once
@njit(cache=True)
def smooth_positions(time_s: FloatArray, xy: FloatArray, half_window_s: float) -> FloatArray:
    """Smooth the positions of one section by local quadratic regression with tricube weights.

    Each position becomes the value, at its own time, of the parabola fitted to its neighbours (Cleveland
    1979, J. Am. Stat. Assoc. 74, 829-836, without the robust step). Degree 2, since with a half window of
    5 s a straight line cuts 4 % off a circle of 20 m radius run at 3 m/s, a parabola 0.04 %. Where there are
    too few neighbours the degree falls, down to the position itself.
    """
    n = len(time_s)
    smoothed, weight, linear = np.empty((n, 2)), np.empty(2 * _NEIGHBOURS + 1), np.empty(2 * _NEIGHBOURS + 1)
    for i in range(n):
        first, last = i, i
        while first > 0 and i - first < _NEIGHBOURS and time_s[i] - time_s[first - 1] < half_window_s:
            first -= 1
        while last < n - 1 and last - i < _NEIGHBOURS and time_s[last + 1] - time_s[i] < half_window_s:
            last += 1
        size, total, mean = last + 1 - first, 0.0, 0.0
        if size == 1:
            smoothed[i, 0], smoothed[i, 1] = xy[i, 0], xy[i, 1]
            continue
        for j in range(size):
            linear[j] = (time_s[first + j] - time_s[i]) / half_window_s
            weight[j] = (1.0 - abs(linear[j]) ** 3) ** 3
            total += weight[j]
            mean += weight[j] * linear[j]
        mean /= total
        # Orthogonal polynomials under the weights: a degree that the points do not carry drops out by itself.
        spread, third, fourth, bend = 0.0, 0.0, 0.0, 0.0
        for j in range(size):
            linear[j] -= mean
            spread += weight[j] * linear[j] ** 2
            third += weight[j] * linear[j] ** 3
            fourth += weight[j] * linear[j] ** 4
        skew = third / spread if spread > 0.0 else 0.0
        for j in range(size):
            bend += weight[j] * (linear[j] ** 2 - skew * linear[j] - spread / total) ** 2
        for k in range(2):
            level, slope, curve = 0.0, 0.0, 0.0
            for j in range(size):
                away = weight[j] * (xy[first + j, k] - xy[i, k])
                level += away
                slope += away * linear[j]
                curve += away * (linear[j] ** 2 - skew * linear[j] - spread / total)
            value = level / total
            if spread > 0.0:
                value -= mean * slope / spread
            if bend > 1e-9 * fourth:
                value += (mean**2 + skew * mean - spread / total) * curve / bend
            smoothed[i, k] = xy[i, k] + value
    return smoothed


def prepare_track(
    recording: Recording, *, crs: object = None, settings: TrackSettings | None = None
) -> tuple[Track, tuple[Problem, ...]]:
    """Clean a recording, project it to metres and cut it into sections.

    Dropped: fixes at 0 N 0 E while the rest is far away, fixes that the coordinate system cannot hold,
    duplicates, single spikes. Cut: at each new part of the file, at gaps and jumps (`TrackSettings`), and
    where time goes backwards. Distance, speed and heading come from positions smoothed within each section;
    without times the window is counted along the distance, 3 m for each second, and speed is missing.

    Parameters
    ----------
    recording : Recording
        What was read; is not changed.
    crs : CRS or str or int, optional
        Local coordinate system in metres, such as that of the roads; the UTM zone of the first fix if not
        given.
    settings : TrackSettings, optional
        How it is cleaned and cut.

    Returns
    -------
    track : Track
        One row per fix kept; headings in degrees clockwise from grid north, missing where the runner stood.
    problems : tuple of Problem
        What was dropped and where the track was cut, by reason.

    Raises
    ------
    SettingsError
        If the coordinate system is not one in which metres are metres.
    NoTrackError
        If fewer than two fixes are left.
    """
    settings = settings or TrackSettings()
    fixes = recording.fixes
    latitude, longitude = fixes["latitude_deg"].to_numpy(), fixes["longitude_deg"].to_numpy()
    astray = _is_null_island(latitude, longitude, settings.null_island_m)
    if astray.all():
        raise _too_few(recording, 0)
    place = longitude[~astray][0], latitude[~astray][0]
    target = CRS.from_user_input(local_utm((*place, *place))) if crs is None else _metric_crs(crs)
    xy = np.stack(_to_metres(target).transform(longitude, latitude), axis=1)
    outside = ~astray & ~np.isfinite(xy).all(axis=1)
    kept = np.flatnonzero(~astray & ~outside)
    written_s, part = _seconds(fixes["time"]), fixes["part"].to_numpy(dtype=np.int64)
    time_s = written_s.copy()
    time_s[kept] = _filled(written_s[kept], xy[kept])
    codes = find_unusable(time_s[kept], xy[kept], part[kept], settings.jump_mps, settings.jump_m)
    kept = kept[codes == KEEP]
    if len(kept) < 2:
        raise _too_few(recording, len(kept))
    borders = find_borders(time_s[kept], xy[kept], part[kept], settings)
    dropped = {"null_island": astray, "outside_crs": outside, "duplicate": codes == DUPLICATE}
    given = time_s[kept] != written_s[kept]
    dropped["given_time"] = given & np.isfinite(time_s[kept])
    problems = (
        *_problems({**dropped, "spike": codes == SPIKE, "time_backwards": borders["time_backwards"]}),
        *_not_counted(borders, np.diff(time_s[kept]), np.hypot(*np.diff(xy[kept], axis=0).T), settings.gap_m),
    )
    section = np.concatenate([[0], np.cumsum(np.any(list(borders.values()), axis=0))])
    rows = fixes.iloc[kept]
    if dropped["given_time"].any():
        start = fixes["time"].dropna().iloc[0]
        rows = rows.assign(time=start + pd.to_timedelta(np.round(time_s[kept] * 1e6), unit="us"))
    track = _track(
        rows,
        xy=xy[kept],
        time_s=time_s[kept],
        section=section,
        crs=target,
        half_window_s=settings.smoothing_s,
    )
    return track, problems


def _track(
    fixes: pd.DataFrame,
    *,
    xy: FloatArray,
    time_s: FloatArray,
    section: IntArray,
    crs: CRS,
    half_window_s: float,
) -> Track:
    smoothed = _smooth_sections(time_s, xy, section, half_window_s)
    step_m = np.hypot(*np.diff(smoothed, axis=0).T) * (np.diff(section) == 0)
    heading, speed = _movement(time_s, smoothed, section)
    columns = {
        "time": fixes["time"].array,
        "elapsed_s": time_s - _first_known(time_s),
        "distance_m": np.concatenate([[0.0], np.cumsum(step_m)]),
        "speed_mps": speed,
        "heading_deg": heading,
        "accuracy_m": fixes["accuracy_m"].to_numpy(),
        "section": section.astype(np.int64),
    }
    geometry = gpd.points_from_xy(xy[:, 0], xy[:, 1], crs=crs)
    return as_track(gpd.GeoDataFrame(columns, geometry=geometry, index=fixes.index))


def _smooth_sections(
    time_s: FloatArray, xy: FloatArray, section: IntArray, half_window_s: float
) -> FloatArray:
    firsts = np.flatnonzero(np.diff(section, prepend=-1))
    origin = xy[0]
    smoothed = np.empty_like(xy)
    for first, last in zip(firsts, np.append(firsts[1:], len(xy)), strict=True):
        piece, clock = xy[first:last] - origin, time_s[first:last]
        if np.isnan(clock).any():
            along_m = np.cumsum(np.hypot(*np.diff(piece, axis=0, prepend=piece[:1]).T))
            clock = along_m / NOMINAL_MPS
        smoothed[first:last] = smooth_positions(clock, piece, half_window_s)
    return smoothed


def _movement(time_s: FloatArray, xy: FloatArray, section: IntArray) -> tuple[FloatArray, FloatArray]:
    index = np.arange(len(section))
    before = np.maximum(index - 1, 0)
    before = np.where(section[before] == section, before, index)
    after = np.minimum(index + 1, len(section) - 1)
    after = np.where(section[after] == section, after, index)
    moved, lasted_s = xy[after] - xy[before], time_s[after] - time_s[before]
    known = np.isfinite(lasted_s) & (lasted_s > 0.0)
    speed = np.where(known, np.hypot(*moved.T) / np.where(known, lasted_s, 1.0), np.nan)
    return np.where(speed < _STANDING_MPS, np.nan, heading_deg(moved)), speed


def _is_null_island(latitude_deg: FloatArray, longitude_deg: FloatArray, radius_m: float) -> BoolArray:
    phi, lam = np.radians(latitude_deg), np.radians(longitude_deg)
    distance_m = EARTH_M * np.arccos(np.clip(np.cos(phi) * np.cos(lam), -1.0, 1.0))
    near: BoolArray = distance_m < radius_m
    # The median: devices that lost their place may also draw a line to it.
    if near.all() or np.median(distance_m[~near]) <= _FAR_FROM_NULL_ISLAND_M:
        return np.zeros(len(near), dtype=bool)
    return near


@lru_cache(maxsize=16)
def _to_metres(crs: CRS) -> Transformer:
    return Transformer.from_crs(WGS84, crs, always_xy=True)


def _metric_crs(given: object) -> CRS:
    advice = "give a local one in metres, such as a UTM zone"
    try:
        crs = CRS.from_user_input(given)
    except ProjError as error:
        raise SettingsError(f"{given!r} is no coordinate system; {advice}", key="crs") from error
    method = "" if crs.coordinate_operation is None else crs.coordinate_operation.method_name
    stretched = "Mercator" in method and "Transverse" not in method and "Oblique" not in method
    metres = all(axis.unit_name == "metre" for axis in crs.axis_info[:2])
    if not crs.is_projected or not metres or stretched:
        raise SettingsError(f"metres are none in {crs.name}; {advice}", key="crs")
    return crs


def _seconds(time: pd.Series) -> FloatArray:
    clock = time.dt.tz_convert(None).to_numpy().astype("datetime64[us]")
    known = clock[~np.isnat(clock)]
    start = known[0] if len(known) else np.datetime64(0, "us")
    seconds: FloatArray = (clock - start) / np.timedelta64(1, "s")
    return seconds


def _filled(time_s: FloatArray, xy: FloatArray) -> FloatArray:
    """Give times to fixes that lack one, and part those of clocks that tell minutes, by the way in between.

    Where most fixes lack a time nothing is known of the others, and all stay as they are.
    """
    known = np.flatnonzero(np.isfinite(time_s))
    if 2 * len(known) <= len(time_s) or len(known) < 2:
        return time_s
    step_s = np.diff(time_s[known])
    if np.median(step_s) == 0.0 and (step_s > 0.0).any() and np.median(step_s[step_s > 0.0]) >= _COARSE_S:
        known = known[np.concatenate([[True], step_s != 0.0])]
    if len(known) == len(time_s) or len(known) < 2:
        return time_s
    # The index keeps those apart that stand at one place.
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))]) + 1e-6 * np.arange(len(xy))
    filled = np.interp(along, along[known], time_s[known])
    first, last = known[0], known[-1]
    pace = (time_s[last] - time_s[first]) / (along[last] - along[first])
    filled[:first] = time_s[first] - (along[first] - along[:first]) * pace
    filled[last + 1 :] = time_s[last] + (along[last + 1 :] - along[last]) * pace
    filled[known] = time_s[known]
    return np.asarray(filled)


def _first_known(time_s: FloatArray) -> float:
    known = time_s[np.isfinite(time_s)]
    return float(known[0]) if len(known) else np.nan


def _problems(found: dict[str, BoolArray]) -> tuple[Problem, ...]:
    messages = {
        "null_island": "Fixes at 0 N 0 E, far from all others, were dropped.",
        "outside_crs": "Fixes too far away for the local coordinate system were dropped.",
        "duplicate": "Fixes with the time of the one before were dropped.",
        "given_time": "Fixes without a time of their own were given one by the way run meanwhile.",
        "spike": "Fixes out of a runner's reach, out and back, were dropped.",
        "time_backwards": "Time goes backwards: the track was cut there.",
    }
    counts = {code: int(np.count_nonzero(found[code])) for code in messages}
    return tuple(Problem(code, messages[code], count) for code, count in counts.items() if count)


def _not_counted(
    borders: dict[str, BoolArray], step_s: FloatArray, step_m: FloatArray, least_m: float
) -> tuple[Problem, ...]:
    """Say how much lies between the sections, as the crow flies, and is not counted; stops are no loss."""
    causes = {
        "part": "Pauses or new parts of the file, and the runner was elsewhere after them",
        "gap": "Gaps in time: the track was cut there",
        "jump": "Steps faster or longer than a runner's: the track was cut there",
    }
    problems = []
    for code, cause in causes.items():
        here = borders[code] & (step_m > least_m) if code == "part" else borders[code]
        if here.any():
            metres, minutes = float(step_m[here].sum()), float(np.nansum(step_s[here])) / 60.0
            length = f"{metres / 1000.0:.2f} km" if metres >= 1000.0 else f"{metres:.0f} m"
            text = f"{cause}; {length} and {minutes:.0f} min in them are not counted."
            problems.append(Problem(code, text, int(np.count_nonzero(here))))
    return tuple(problems)


def _too_few(recording: Recording, left: int) -> NoTrackError:
    text = f"after cleaning {left} of {len(recording.fixes)} fixes are left; a run needs two or more"
    return NoTrackError(text, path=recording.source)
