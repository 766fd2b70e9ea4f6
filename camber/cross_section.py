"""Half width, lateral states and the tilt of each profile at an offset: arrays in, arrays out.

Signs are those of `camber.conventions`: positive is right of travel, and a positive cross slope falls to the
right. Lateral states come in the order of `camber.conventions.LATERAL_STATES`. Numbers are arguments with
documented defaults; the defaults equal ``standards/lateral_offset.csv``, which says where each is from.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np

from camber.conventions import LATERAL_STATES, MIRRORED_STATES, LateralState, Profile

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    BoolArray = NDArray[np.bool_]
    FloatArray = NDArray[np.float64]
    ObjectArray = NDArray[np.object_]
    Columns = Mapping[str, Any] | pd.DataFrame

_Number = TypeVar("_Number", np.float64, np.bool_)

PROFILES: Final = tuple(Profile)
"""Order of the profiles; a profile's code is its place in it."""

BLEND_M: Final = 0.4
"""Scale over which the two planes of a crown blend [m] (judgement: within about half a metre)."""

ACROSS_M: Final = 2.3
"""Standard deviation of a runner's place across a street of about 6 m, whatever the state [m] (judgement)."""

WANDER_LIMIT: Final = math.sqrt(3.0)
"""Widest excursion of a runner from the middle of a lateral state, in standard deviations: the half width of
a uniform distribution, the edge of a path."""


@dataclass(frozen=True)
class WidthAssumptions:
    """How well a width is known.

    Parameters
    ----------
    tagged_std_m : float
        Standard deviation of a tagged total width [m] (judgement).
    lanes_std_m : float
        Standard deviation of lanes times lane width [m], for up to two lanes and in proportion to more of
        them (judgement: medians, turning and parking lanes of wide roads are not counted).
    """

    tagged_std_m: float = 0.5
    lanes_std_m: float = 0.8


_WIDTHS: Final = WidthAssumptions()


@dataclass(frozen=True)
class OffsetAssumptions:
    """Where across the street a runner is in each lateral state.

    Parameters
    ----------
    edge_clearance_m, edge_std_m : float
        Distance of a runner at the edge from it, and its spread [m] (judgement: no published study of
        runners' lateral position was found).
    parked_car_m, parked_clearance_m, parked_std_m : float
        Width taken by parked cars, a runner's distance from them, and its spread [m] (the width after
        osm-public-space-mapper and osm2streets; else judgement).
    shoulder_beyond_m, shoulder_std_m : float
        How far outside the carriageway a runner on a paved shoulder is [m] (judgement).
    kerb_m, verge_m, verge_std_m, sidewalk_m, sidewalk_std_m, sidewalk_spread_m : float
        Width of kerb, of the green strip and of the sidewalk with their spreads, and a runner's spread on
        it [m] (osm2streets and judgement).
    centre_std_m : float
        Spread about the middle [m] (judgement).
    least_share : float
        A runner at the edge of a narrow or parked-up road keeps at least this share of the half width from
        the middle (judgement).
    """

    edge_clearance_m: float = 0.75
    edge_std_m: float = 0.4
    parked_car_m: float = 2.1
    parked_clearance_m: float = 0.6
    parked_std_m: float = 0.5
    shoulder_beyond_m: float = 0.4
    shoulder_std_m: float = 0.5
    kerb_m: float = 0.1
    verge_m: float = 0.0
    verge_std_m: float = 0.7
    sidewalk_m: float = 1.8
    sidewalk_std_m: float = 0.6
    sidewalk_spread_m: float = 0.4
    centre_std_m: float = 0.8
    least_share: float = 0.25


def half_width(ways: Columns, assumed: Columns) -> tuple[FloatArray, FloatArray]:
    """Half the width of carriageways and its standard deviation [m], shape (n,): by tag, lanes, or class.

    From the columns ``width_m`` (from kerb to kerb, parking included) and ``lanes`` of ways, NaN or 0 where
    untagged, and ``lane_m`` (NaN where lanes make no sense), ``default_total_m`` and ``width_std_m`` [m] of
    what `camber.standards` assumes about them.
    """
    width_m, lanes = (np.asarray(ways[name], dtype=np.float64) for name in ("width_m", "lanes"))
    lane_m, default_m, default_std_m = (
        np.asarray(assumed[name], dtype=np.float64) for name in ("lane_m", "default_total_m", "width_std_m")
    )
    from_lanes = lanes * lane_m
    tagged, has_lanes = width_m > 0.0, from_lanes > 0.0
    total = np.where(tagged, width_m, np.where(has_lanes, from_lanes, default_m))
    lanes_std = _WIDTHS.lanes_std_m * np.maximum(np.where(has_lanes, lanes, 0.0) / 2.0, 1.0)
    std = np.where(has_lanes, lanes_std, default_std_m)
    return total / 2.0, np.where(tagged, _WIDTHS.tagged_std_m, std) / 2.0


_PARKED: Final = frozenset({"lane", "parallel", "diagonal", "perpendicular", "on_street", "yes"})


def is_parked(tags: ObjectArray) -> BoolArray:
    """Whether cars stand on the carriageway along one side, by ``parking_left`` or ``parking_right``."""
    return np.array([tag in _PARKED for tag in tags.tolist()], dtype=bool)


def both_ways(along: NDArray[_Number]) -> NDArray[_Number]:
    """Values of lateral states, shape (n, 6), when ways are run as drawn and when against; (2, n, 6)."""
    return np.stack([along, along[:, MIRRORED_STATES]])


def offsets_both_ways(
    ways: Mapping[str, Any], half_width_m: FloatArray, *, assumptions: OffsetAssumptions = OffsetAssumptions()
) -> tuple[FloatArray, FloatArray]:
    """Where each lateral state of ways lies when they are run as drawn and when against, and its spread.

    `state_offsets` [m] for the ways' parking and shoulders, the width taken as known; shape (2, n, 6).
    """
    place, spread = state_offsets(
        half_width_m,
        np.zeros_like(half_width_m),
        parked_left=is_parked(ways["parking_left"]),
        parked_right=is_parked(ways["parking_right"]),
        shoulder_left=ways["shoulder_left"] == "yes",
        shoulder_right=ways["shoulder_right"] == "yes",
        assumptions=assumptions,
    )
    # What is left of travel on the way out is right of it on the way back.
    return np.stack([place, 0.0 - place[:, MIRRORED_STATES]]), both_ways(spread)


def state_offsets(
    half_width_m: FloatArray,
    half_width_std_m: FloatArray,
    *,
    parked_left: BoolArray,
    parked_right: BoolArray,
    shoulder_left: BoolArray,
    shoulder_right: BoolArray,
    assumptions: OffsetAssumptions = OffsetAssumptions(),
) -> tuple[FloatArray, FloatArray]:
    """Where across the street each lateral state is, in the frame in which left and right are given.

    Offsets from the middle [m], positive right, and their standard deviations, the runner's own spread and
    the uncertainty of the width together; shape (n, 6). Cars parked along an edge win over a paved shoulder.
    ``other`` is the middle, spread evenly over the width (standard deviation w / sqrt 3).
    """
    given = assumptions
    left, left_std = _edge(half_width_m, parked_left, shoulder_left, given)
    right, right_std = _edge(half_width_m, parked_right, shoulder_right, given)
    walk = half_width_m + given.kerb_m + given.verge_m + given.sidewalk_m / 2.0
    walk_std = np.hypot(given.sidewalk_spread_m, np.hypot(given.verge_std_m, given.sidewalk_std_m / 2.0))
    zero = np.zeros_like(half_width_m)
    beside = np.hypot(walk_std, half_width_std_m)
    mean = np.stack([-walk, -left, zero, right, walk, zero], axis=1)
    std = np.stack(
        [
            beside,
            np.hypot(left_std, half_width_std_m),
            np.full_like(half_width_m, given.centre_std_m),
            np.hypot(right_std, half_width_std_m),
            beside,
            np.hypot(half_width_m, half_width_std_m) / np.sqrt(3.0),
        ],
        axis=1,
    )
    return mean, std


def _edge(
    half_width_m: FloatArray, parked: BoolArray, shoulder: BoolArray, given: OffsetAssumptions
) -> tuple[FloatArray, FloatArray]:
    """Distance of a runner at one edge from the middle, and its own spread [m]."""
    free = half_width_m - given.edge_clearance_m
    beside_cars = half_width_m - given.parked_car_m - given.parked_clearance_m
    beyond = half_width_m + given.shoulder_beyond_m
    distance = np.where(parked, beside_cars, np.where(shoulder, beyond, free))
    alone = np.where(shoulder, given.shoulder_std_m, given.edge_std_m)
    spread = np.where(parked, given.parked_std_m, alone)
    return np.maximum(distance, given.least_share * half_width_m), spread


def allowed_states(
    is_road: BoolArray,
    sidewalk_left: ObjectArray,
    sidewalk_right: ObjectArray,
    *,
    assume_untagged: bool = False,
) -> BoolArray:
    """Which lateral states can exist on each way, shape (n, 6); off carriageways only ``other``.

    Sidewalks are "yes", "no", "separate" or "" (untagged), in the frame wanted. One mapped as a way of its
    own ("separate") is carried by that way; an untagged one exists only if that is assumed.
    """
    wanted = ("yes", "") if assume_untagged else ("yes",)
    allowed = np.repeat(np.asarray(is_road, dtype=bool)[:, np.newaxis], len(LATERAL_STATES), axis=1)
    columns = (LateralState.LEFT_SIDEWALK, sidewalk_left), (LateralState.RIGHT_SIDEWALK, sidewalk_right)
    for state, tags in columns:
        exists = np.array([tag in wanted for tag in tags.tolist()], dtype=bool)
        allowed[:, LATERAL_STATES.index(state)] &= exists
    allowed[:, LATERAL_STATES.index(LateralState.OTHER)] = ~np.asarray(is_road, dtype=bool)
    return allowed


def cross_slope(
    profile: NDArray[np.int64],
    offset_m: FloatArray,
    grade_pct: FloatArray,
    half_width_m: FloatArray,
    low_side: NDArray[np.int64] | FloatArray,
    *,
    blend_m: float = BLEND_M,
) -> FloatArray:
    """Signed cross slope [%] of each profile at an offset, in the frame of the offset; shape (n,).

    Positive where it falls to the right. A crown, g tanh(y / blend), falls to its edges, and so does a
    parabola (`parabolic_slope`); an inverted profile to its middle; ``to_road`` (a sidewalk at offset y) back
    to the road, -g sign(y); the others are one plane, g times the low side (+1 right, -1 left). NaN where the
    profile is unknown. On ways narrower than 1.6 m the blend shrinks to a quarter of the width (judgement);
    where the width is unknown (NaN) it is the usual one.
    """
    blend = np.fmin(blend_m, half_width_m / 2.0)
    ridge = np.tanh(offset_m / np.where(blend > 0.0, blend, blend_m))
    plane = np.asarray(low_side, dtype=np.float64)
    shape = {
        Profile.CROWNED: ridge,
        Profile.INVERTED: -ridge,
        Profile.PARABOLIC: parabolic_slope(offset_m, np.ones_like(ridge), half_width_m),
        Profile.TO_ROAD: -np.sign(offset_m),
        Profile.UNKNOWN: np.full_like(offset_m, np.nan),
    }
    factors = [np.broadcast_to(shape.get(name, plane), np.shape(ridge)) for name in PROFILES]
    chosen: FloatArray = np.choose(profile, factors)
    return grade_pct * chosen


def parabolic_slope(offset_m: FloatArray, grade_pct: FloatArray, half_width_m: FloatArray) -> FloatArray:
    """Signed cross slope [%] of a parabolic camber at an offset: 2 g y / w, positive falling to the right.

    Nominal (the height of the crown over half the width w) at the quarter points, twice that at the edges and
    beyond. From z = 2 x^2 / (n W) for a camber of 1 in n on a width W
    (https://www.civilnotess.com, Camber of road).
    """
    return 2.0 * grade_pct * np.clip(offset_m / half_width_m, -1.0, 1.0)
