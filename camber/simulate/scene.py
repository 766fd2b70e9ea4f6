"""A simulated run before any error: where across the street the runner is, and the tilt there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from camber import bends, cross_section
from camber.conventions import PROFILE_CODE, STATE_CODE, LateralState, Profile
from camber.cross_section import WANDER_LIMIT
from camber.geometry import to_travel_frame
from camber.simulate.chance import ornstein_uhlenbeck
from camber.simulate.runner import STEP_S, choose_states, draw_decisions
from camber.simulate.world import choices_of, in_travel_frame, town_offset, way_map_offset

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from camber.simulate.receiver import GnssErrorModel
    from camber.simulate.routes import Route, RouteLine
    from camber.simulate.runner import Motion, RunnerModel

    BoolArray = NDArray[np.bool_]
    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]


_TILTS_AS_ONE: Final = tuple(
    PROFILE_CODE[profile] for profile in (Profile.TAGGED, Profile.TO_ROAD, Profile.TO_INSIDE, Profile.OUTWARD)
)

_STAYS: Final = 0.5
"""Widest spread at an edge, as a share of the distance from the middle: on a narrow road a runner at the edge
stays on that side (judgement)."""


@dataclass(frozen=True, eq=False)
class Scene:
    """A runner's way through the streets: `streets` has a row per way and a last one for being on no way."""

    route: Route
    line: RouteLine
    motion: Motion
    streets: pd.DataFrame

    def street_rows(self, segment: NDArray[np.int64]) -> NDArray[np.int64]:
        """Find the rows of ``streets`` for segments of the line; the last row off the network."""
        used = np.unique(self.line.way[self.line.way >= 0])
        way = self.line.way[segment]
        return np.where(way >= 0, np.searchsorted(used, way), len(used)).astype(np.int64)

    def distance_at(self, elapsed_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Find how far along the route [m] the runner is at elapsed times [s]."""
        return self.at(elapsed_s, self.motion.distance_m)

    def at(self, elapsed_s: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Read values on the grid of the motion, (m,) or (m, k), at elapsed times [s], linear between."""
        moving_s = self.motion.moving_at(elapsed_s)
        columns = values.reshape(len(values), -1).T
        read = np.stack([np.interp(moving_s, self.motion.moving_s, column) for column in columns], axis=1)
        return read.reshape(len(elapsed_s), *values.shape[1:])


@dataclass(frozen=True, eq=False)
class Lateral:
    """Lateral state and displacements [m] along a run, on the grid of its motion.

    ``state`` changes in the middle of a lateral move. ``runner_shift_xy`` leads from the true middle of the
    road to the runner, ``road_shift_xy`` from the line of the map to the true middle, both of shape (n, 2).
    """

    state: IntArray
    runner_shift_xy: FloatArray
    road_shift_xy: FloatArray


def draw_lateral(scene: Scene, runner: RunnerModel, rng: np.random.Generator) -> tuple[IntArray, FloatArray]:
    """Draw where a runner is across the street: lateral state, and shift from the true middle (n, 2) [m].

    The state that the runner wants gives an offset from the true middle of the road; about it the runner
    wanders. The displacement, as a vector, is smoothed over the duration of a crossing, so that a change of
    side takes that long, a turn back on the same physical side moves nothing, and corners are rounded.
    """
    line, motion = scene.line, scene.motion
    decisions = draw_decisions(line, scene.route, runner, rng)
    segment = line.segment_at(motion.distance_m)
    direction = line.direction[segment]
    here = scene.streets.iloc[scene.street_rows(segment)]
    state = choose_states(decisions, motion.distance_m, choices_of(here, direction))
    mean_m, spread_m = _targets(here, direction, state)
    wander = ornstein_uhlenbeck(motion.moving_s, 1.0, runner.wander_tau_s, rng, columns=1)[:, 0]
    wander = np.clip(wander, -WANDER_LIMIT, WANDER_LIMIT) * here["traffic_sign"].to_numpy()
    shift_xy = (mean_m + wander * spread_m)[:, np.newaxis] * line.right_normal[segment]
    return state, smooth(shift_xy, runner.crossing_s)


def _targets(here: pd.DataFrame, direction: IntArray, state: IntArray) -> tuple[FloatArray, FloatArray]:
    parked_left, parked_right = in_travel_frame(here, "parked", direction)
    shoulder_left, shoulder_right = in_travel_frame(here, "shoulder", direction)
    # The true widths are known here, so the spread is the runner's alone.
    mean_m, spread_m = cross_section.state_offsets(
        here["half_width_m"].to_numpy(),
        np.zeros(len(here)),
        parked_left=parked_left,
        parked_right=parked_right,
        shoulder_left=shoulder_left,
        shoulder_right=shoulder_right,
        assumptions=cross_section.OffsetAssumptions(verge_std_m=0.0, sidewalk_std_m=0.0),
    )
    out_left, out_right = in_travel_frame(here, "walk_shift", direction, "_m")
    mean_m[:, STATE_CODE[LateralState.LEFT_SIDEWALK]] -= out_left
    mean_m[:, STATE_CODE[LateralState.RIGHT_SIDEWALK]] += out_right
    row = np.arange(len(here))
    # On a path and on a mapped sidewalk the way's own line is the middle.
    column = np.where(here["is_road"], state, STATE_CODE[LateralState.OTHER])
    mean, spread = mean_m[row, column], spread_m[row, column]
    spread = np.where(mean == 0.0, spread, np.minimum(spread, _STAYS * np.abs(mean)))
    return mean, np.where(here["way_id"] >= 0, spread, 0.0)


def smooth(values: FloatArray, duration_s: float) -> FloatArray:
    """Smooth steps, shape (n, 2) on the grid of `STEP_S`, into moves of a duration, with a raised cosine."""
    half = round(duration_s / STEP_S / 2.0)
    kernel = np.hanning(2 * half + 3)[1:-1]
    kernel /= kernel.sum()
    padded = np.pad(values, ((half, half), (0, 0)), mode="edge")
    return np.stack([np.convolve(padded[:, axis], kernel, mode="valid") for axis in (0, 1)], axis=1)


def road_shift(scene: Scene, error: GnssErrorModel, seed: int) -> FloatArray:
    """Displacement of the true road from the line of the map, shape (n, 2) [m]; zero off the network."""
    line, distance_m = scene.line, scene.motion.distance_m
    segment = line.segment_at(distance_m)
    row = scene.street_rows(segment)
    chainage_m = line.chainage(distance_m)
    offset_m = np.zeros(len(distance_m))
    for number in np.unique(row[line.way[segment] >= 0]):
        way = scene.streets.iloc[number]
        here = row == number
        drawn = way_map_offset(chainage_m[here], float(way["length_m"]), int(way["way_id"]), error, seed)
        offset_m[here] = drawn * way["traffic_sign"]
    across = to_travel_frame(offset_m, line.direction[segment])[:, np.newaxis] * line.right_normal[segment]
    mapped = (line.way[segment] >= 0)[:, np.newaxis]
    return np.asarray(across + mapped * town_offset(error, seed))


def true_cross_slope(
    here: pd.DataFrame,
    state: IntArray,
    offset_m: FloatArray,
    direction: IntArray,
    curvature_per_m: FloatArray | None = None,
    chainage_m: FloatArray | None = None,
) -> tuple[FloatArray, IntArray]:
    """Cross slope under a runner [%], positive falling to the right, and the code of its profile.

    Beyond the edge of the carriageway, on the way to or on an attached sidewalk, the sidewalk's slope holds,
    at an edge with a paved shoulder that of the shoulder, in a banked bend that of the bank; everywhere else
    that of the way. ``here`` has a row of `streets_of` per place; the slope is NaN on no way. Curvature [1/m]
    is positive for a bend to the right of the drawn direction; driveways are crossed where the chainage [m]
    is given.
    """
    profile = here["profile"].to_numpy()
    half_width_m = here["half_width_m"].to_numpy()
    attached = (
        np.isin(state, (STATE_CODE[LateralState.LEFT_SIDEWALK], STATE_CODE[LateralState.RIGHT_SIDEWALK]))
        & here["is_road"]
    )
    on_walk = attached.to_numpy() & (np.abs(offset_m) >= half_width_m)
    # A surface that tilts one way as a whole has a low side, whatever it is called.
    shape = np.where(np.isin(profile, _TILTS_AS_ONE), PROFILE_CODE[Profile.ONE_WAY], profile)
    shape = np.where(on_walk, PROFILE_CODE[Profile.TO_ROAD], shape)
    grade_pct = np.where(on_walk, here["sidewalk_slope_pct"], here["slope_pct"])
    if chainage_m is not None:
        grade_pct = np.where(_on_driveway(here, on_walk, chainage_m), here["driveway_slope_pct"], grade_pct)
    slope_pct = cross_section.cross_slope(
        shape,
        offset_m,
        grade_pct,
        half_width_m,
        to_travel_frame(here["low_side"].to_numpy().astype(float), direction),
    )
    shoulder = _on_shoulder(here, state, direction) & (profile != PROFILE_CODE[Profile.TAGGED])
    slope_pct = np.where(shoulder, here["shoulder_slope_pct"] * np.sign(offset_m), slope_pct)
    profile = np.where(shoulder, PROFILE_CODE[Profile.CROWNED], profile)
    curvature = np.zeros(len(here)) if curvature_per_m is None else curvature_per_m
    banked, bank_pct = banked_at(here, curvature)
    on_bank = banked & ~on_walk
    slope_pct = np.where(on_bank, to_travel_frame(bank_pct, direction), slope_pct)
    slope_pct = np.where(here["way_id"] >= 0, slope_pct, np.nan)
    profile = np.where(on_bank, PROFILE_CODE[Profile.BANKED], profile)
    return slope_pct, np.where(on_walk, PROFILE_CODE[Profile.TO_ROAD], profile)


_DRIVEWAY_M: Final = 3.0
"""Width of a driveway, one car wide [m] (``width.csv``)."""


def _on_driveway(here: pd.DataFrame, on_walk: BoolArray, chainage_m: FloatArray) -> BoolArray:
    """Where a sidewalk crosses a driveway: each way has them evenly spaced, from a place of its own on."""
    share = np.where(on_walk, here["sidewalk_driveway_share"], here["driveway_share"])
    share = np.where(here["profile"] == PROFILE_CODE[Profile.TAGGED], 0.0, share)
    apart_m = _DRIVEWAY_M / np.maximum(np.nan_to_num(share), 1e-9)
    along_m = chainage_m + here["driveway_place"].to_numpy() * apart_m
    return np.asarray((share > 0.0) & (np.mod(along_m, apart_m) < _DRIVEWAY_M))


def curvature_of(here: pd.DataFrame, chainage_m: FloatArray) -> FloatArray:
    """Curvature of the lines of ways [1/m], positive to the right of the drawing; 0 on no way."""
    on = (here["built_share"] > 0.0).to_numpy()
    curvature = np.zeros(len(here))
    rows = here[on]
    curvature[on] = bends.curvature_along(
        rows["line"].to_numpy(),
        rows["length_m"].to_numpy(dtype=float),
        chainage_m[on],
        bends.window_of(rows["speed_kmh"].to_numpy(dtype=float)),
    )
    return curvature


def _on_shoulder(here: pd.DataFrame, state: IntArray, direction: IntArray) -> NDArray[np.bool_]:
    on = np.zeros(len(here), dtype=bool)
    edges = (LateralState.LEFT_EDGE, LateralState.RIGHT_EDGE)
    beside = (in_travel_frame(here, what, direction) for what in ("shoulder", "parked"))
    for edge, paved, parked in zip(edges, *beside, strict=True):
        on |= (state == STATE_CODE[edge]) & paved.astype(bool) & ~parked.astype(bool)
    return np.asarray(on & here["is_road"].to_numpy(dtype=bool))


def banked_at(here: pd.DataFrame, curvature_per_m: FloatArray) -> tuple[NDArray[np.bool_], FloatArray]:
    """Whether a place lies in a banked bend, and its slope [%], positive to the right of the drawing."""
    speed = here["speed_kmh"].to_numpy(dtype=float)
    built_up = here["built_up"].to_numpy(dtype=bool)
    share = bends.banked_share(curvature_per_m, speed, built_up, here["built_share"].to_numpy(dtype=float))
    expected = bends.banked_slope(curvature_per_m, speed, built_up)
    steeper = bends.BendAssumptions().superelevation_std_pct * here["banked_z"].to_numpy(dtype=float)
    slope = np.maximum(expected + steeper, 0.0) * np.sign(curvature_per_m)
    return here["banked_rank"].to_numpy(dtype=float) < share, slope
