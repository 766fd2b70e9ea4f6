"""One simulated run: a known runner on real roads, and what a device would have written about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pyproj import Transformer

from camber import cross_section
from camber.conventions import LATERAL_STATES, NO_WAY, R68_TO_SIGMA, WGS84
from camber.schema import CrossSlopeSettings, Recording, TrackSettings, as_fixes
from camber.simulate.chance import ornstein_uhlenbeck
from camber.simulate.receiver import DeviceModel, GnssErrorModel, fix_times, position_error
from camber.simulate.routes import trace_route
from camber.simulate.runner import STEP_S, RunnerModel, draw_motion
from camber.simulate.scene import (
    Lateral,
    Scene,
    curvature_of,
    draw_lateral,
    road_shift,
    smooth,
    true_cross_slope,
)
from camber.simulate.world import streets_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.schema import Roads
    from camber.simulate.routes import Route

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]


_HEART_RATE_BPM, _HEART_RATE_SD_BPM, _CADENCE_SD_SPM = 148.0, 6.0, 2.5
"""Sizes of what the sensors write: nothing is read from it (judgement: an easy run)."""


@dataclass(frozen=True)
class Setup:
    """Everything about a simulated run but the roads, the route and the luck.

    Parameters
    ----------
    runner : RunnerModel
        Pace and habits.
    device : DeviceModel
        When it records and how it rounds.
    error : GnssErrorModel
        Errors of receiver and map.
    started_at : datetime
        Start, with a time zone.
    name : str
        Title of the recording.
    time_zone : str or None
        IANA name of the time zone at the start.
    world_seed : int
        Seed of everything that belongs to the roads (surfaces, widths, map errors): the same in all runs
        that share a world.
    unmapped_sidewalks : bool
        Whether untagged streets of towns may have sidewalks, as the standards assume; else only what is
        mapped exists.
    """

    runner: RunnerModel = field(default_factory=RunnerModel)
    device: DeviceModel = field(default_factory=DeviceModel)
    error: GnssErrorModel = field(default_factory=GnssErrorModel)
    started_at: datetime = datetime(2026, 11, 16, 16, 0, tzinfo=UTC)
    name: str = "Simulated run"
    time_zone: str | None = None
    world_seed: int = 0
    unmapped_sidewalks: bool = False


@dataclass(frozen=True, eq=False)
class SimulatedRun:
    """A recording and the truth about it.

    Parameters
    ----------
    recording : Recording
        What the device wrote.
    truth : DataFrame
        What truly happened, one row per fix; see `simulate_run`.
    """

    recording: Recording
    truth: pd.DataFrame


def simulate_run(roads: Roads, route: Route, setup: Setup, rng: np.random.Generator) -> SimulatedRun:
    """Simulate one run.

    The true road is the line of OpenStreetMap moved by the map's error; the runner is placed about the true
    road; the device adds its own error. So the recorded offset from the line is the true offset plus the
    map's error plus the receiver's.

    Parameters
    ----------
    roads : Roads
        The roads.
    route : Route
        Where the run goes.
    setup : Setup
        Runner, device, errors, start, world.
    rng : numpy.random.Generator
        Source of everything that happens once; the same state gives the same run.

    Returns
    -------
    SimulatedRun
        The recording, and the truth with index ``fix_id`` as in its fixes and the columns ``time`` (true,
        UTC), ``x_m``, ``y_m`` (true position [m], CRS of the roads), ``way_id`` (-1 off the network),
        ``travel_direction``, ``chainage_m``, ``offset_m`` (from the true middle of the road [m], positive
        right of travel), ``map_offset_m`` (of the true middle from the line of the map, same sign),
        ``lateral_state``, ``profile``, ``cross_slope_pct`` (positive falls to the runner's right), ``low``
        ("left", "right", "level", or "unmatched" off the network), ``distance_m`` (run since the fix
        before; 0 at the start of a section), ``section`` (new after a gap) and ``surface_way_id``.

    Raises
    ------
    RoadsError
        If the route has no length or leaps.
    """
    runner, error, world = setup.runner, setup.error, setup.world_seed
    line = trace_route(roads, route)
    motion = draw_motion(line.length_m, runner, rng)
    streets = streets_of(roads, line, runner, world, unmapped_sidewalks=setup.unmapped_sidewalks)
    scene = Scene(route, line, motion, streets)
    state, runner_xy = draw_lateral(scene, runner, rng)
    road_xy = smooth(road_shift(scene, error, world), runner.crossing_s)
    elapsed_s = fix_times(motion, setup.device, rng)
    truth = _truth(scene, Lateral(state, runner_xy, road_xy), elapsed_s, setup.started_at)
    recorded_xy = _recorded_xy(scene, truth[["x_m", "y_m"]].to_numpy(), elapsed_s, setup, rng)
    return SimulatedRun(_recording(roads, recorded_xy, elapsed_s, setup, rng), truth)


def _truth(scene: Scene, lateral: Lateral, elapsed_s: FloatArray, started_at: datetime) -> pd.DataFrame:
    line = scene.line
    along_m = scene.distance_at(elapsed_s)
    segment = line.segment_at(along_m)
    right, direction = line.right_normal[segment], line.direction[segment]
    here = scene.streets.iloc[scene.street_rows(segment)].reset_index(drop=True)
    way_id = here["way_id"].to_numpy(dtype=np.int64)
    runner_xy = scene.at(elapsed_s, lateral.runner_shift_xy)
    road_xy = scene.at(elapsed_s, lateral.road_shift_xy)
    offset_m = np.where(way_id == NO_WAY, np.nan, (runner_xy * right).sum(axis=1))
    state = lateral.state[np.rint(scene.motion.moving_at(elapsed_s) / STEP_S).astype(np.int64)]
    curvature = curvature_of(here, line.chainage(along_m))
    chainage_m = line.chainage(along_m)
    slope_pct, profile = true_cross_slope(here, state, offset_m, direction, curvature, chainage_m)
    xy = line.position(along_m) + runner_xy + road_xy
    run_m = _run_m(scene, lateral, elapsed_s)
    section = sections_of(elapsed_s, run_m)
    return pd.DataFrame(
        {
            "time": _times(started_at, elapsed_s, 3),
            "x_m": xy[:, 0],
            "y_m": xy[:, 1],
            "way_id": way_id,
            "travel_direction": direction,
            "chainage_m": chainage_m,
            "offset_m": offset_m,
            "map_offset_m": np.where(way_id == NO_WAY, np.nan, (road_xy * right).sum(axis=1)),
            "lateral_state": np.array(LATERAL_STATES, dtype=str)[state],
            "profile": np.array(cross_section.PROFILES, dtype=str)[profile],
            "cross_slope_pct": slope_pct,
            "low": low_leg(slope_pct, way_id),
            "distance_m": steps_within(section, run_m),
            "section": section,
            "surface_way_id": way_id,
        }
    ).rename_axis("fix_id")


def _run_m(scene: Scene, lateral: Lateral, elapsed_s: FloatArray) -> FloatArray:
    """Distance run until each fix, along the runner's true positions [m]."""
    grid_xy = scene.line.position(scene.motion.distance_m) + lateral.runner_shift_xy + lateral.road_shift_xy
    step_m = np.hypot(*np.diff(grid_xy, axis=0).T)
    return scene.at(elapsed_s, np.concatenate([[0.0], np.cumsum(step_m)]))


def _recorded_xy(
    scene: Scene, true_xy: FloatArray, elapsed_s: FloatArray, setup: Setup, rng: np.random.Generator
) -> FloatArray:
    line, along_m = scene.line, scene.distance_at(elapsed_s)
    segment = line.segment_at(along_m)
    right = line.right_normal[segment]
    error_xy = position_error(elapsed_s, right, setup.error, rng)
    phase = 2.0 * np.pi * (setup.runner.arm_swing_hz * elapsed_s + rng.random())
    # The wrist only swings while the runner runs.
    swing_m = np.where(scene.motion.pausing_at(elapsed_s), 0.0, setup.runner.arm_swing_m * np.sin(phase))
    raw_xy = true_xy + error_xy + swing_m[:, np.newaxis] * right
    if not setup.error.snapped:
        return np.asarray(raw_xy)
    ahead_m = (error_xy * line.tangent[segment]).sum(axis=1)
    mapped = (line.way[segment] >= 0)[:, np.newaxis]
    return np.where(mapped, line.position(along_m + ahead_m), raw_xy)


def _recording(
    roads: Roads, xy: FloatArray, elapsed_s: FloatArray, setup: Setup, rng: np.random.Generator
) -> Recording:
    device = setup.device
    to_degrees = Transformer.from_crs(roads.crs, WGS84, always_xy=True)
    longitude, latitude = to_degrees.transform(xy[:, 0], xy[:, 1])
    time = _times(setup.started_at, elapsed_s, device.time_decimals)
    missing = np.full(len(xy), np.nan)
    heart_rate, cadence = _sensors(elapsed_s, setup, rng) if device.sensors else (missing, missing)
    fixes = pd.DataFrame(
        {
            "time": time,
            "latitude_deg": device.round_degrees(latitude),
            "longitude_deg": device.round_degrees(longitude),
            "elevation_m": missing,
            "speed_mps": missing,
            "accuracy_m": _accuracy(elapsed_s, setup.error, rng) if device.reports_accuracy else missing,
            "cadence_spm": cadence,
            "heart_rate_bpm": heart_rate,
            "stance_time_balance_pct": missing,
            "part": np.zeros(len(xy), dtype=np.int64),
        }
    ).rename_axis("fix_id")
    return Recording(
        source="simulated",
        format="gpx",
        sport="running",
        device=device.name,
        name=setup.name,
        started_at=time.iloc[0].to_pydatetime(),
        time_zone=setup.time_zone,
        fixes=as_fixes(fixes),
    )


def _times(started_at: datetime, elapsed_s: FloatArray, decimals: int) -> pd.Series:
    start_ms = round(started_at.timestamp() * 1000.0)
    unit_ms = 10 ** (3 - decimals)
    whole_ms = (start_ms + np.rint(elapsed_s * 1000.0).astype(np.int64)) // unit_ms * unit_ms
    return pd.Series(whole_ms.astype("datetime64[ms]")).dt.tz_localize("UTC")


def _accuracy(elapsed_s: FloatArray, error: GnssErrorModel, rng: np.random.Generator) -> FloatArray:
    """Radius [m] that holds 68 % of the errors, as receivers estimate it: 20 % off (judgement)."""
    wobble = ornstein_uhlenbeck(elapsed_s, 0.2, error.slow_tau_s, rng, columns=1)[:, 0]
    return np.asarray(R68_TO_SIGMA * error.cross_track_sigma_m * np.exp(wobble))


def _sensors(elapsed_s: FloatArray, setup: Setup, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Heart rate [1/min] and cadence [steps/min, even]: plausible numbers without meaning (judgement)."""
    slow = ornstein_uhlenbeck(elapsed_s, 1.0, 60.0, rng, columns=2)
    cadence_spm = 120.0 * setup.runner.arm_swing_hz + _CADENCE_SD_SPM * slow[:, 1]
    heart_rate_bpm = _HEART_RATE_BPM + _HEART_RATE_SD_BPM * slow[:, 0]
    return np.rint(heart_rate_bpm), 2.0 * np.rint(cadence_spm / 2.0)


@dataclass(frozen=True)
class TruthTotals:
    """True metres of one run, as far as it was recorded.

    Parameters
    ----------
    distance_m : float
        Distance run between fixes of one section [m].
    left_low_m, right_low_m, level_m : float
        Metres on ways with the left foot low, the right foot low, and level (less cross slope than
        ``CrossSlopeSettings.level_pct``) [m].
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
    """Name the low leg: "left", "right", "level" (by `CrossSlopeSettings`) or, on no way, "unmatched"."""
    level_pct = CrossSlopeSettings().level_pct
    steep = np.where(slope_pct < 0.0, "left", "right")
    named = np.where(np.abs(slope_pct) < level_pct, "level", steep)
    return np.where(way_id == NO_WAY, "unmatched", named)


def sections_of(elapsed_s: FloatArray, run_m: FloatArray) -> IntArray:
    """Count the stretches between gaps in time [s] and distance run [m], by the rule that the track uses."""
    rule = TrackSettings()
    gap_s, gap_m = np.diff(elapsed_s, prepend=elapsed_s[0]), np.diff(run_m, prepend=run_m[0])
    cut = ((gap_s > rule.gap_s) & (gap_m > rule.gap_m)) | (gap_s > rule.long_gap_s)
    return np.cumsum(cut).astype(np.int64)


def steps_within(section: IntArray, run_m: FloatArray) -> FloatArray:
    """Take the distance run since the fix before [m]; 0 at the first fix of a section."""
    step_m = np.diff(run_m, prepend=run_m[0])
    return np.where(np.diff(section, prepend=0) > 0, 0.0, step_m)
