"""What is true about the ways of a simulated world: surface, width, sidewalks, and how far the map is off.

A way has the same surface and place in every run of one world: its draws come from a generator keyed by the
world's seed and the way. Streets are built as a whole while the map cuts them at every change of a tag, so
the ways of one street share a part of their draws. Slopes and widths are normal distributions cut off below,
since a negative slope would flip the leg. What has no side of its own (which way a one-way crossfall tilts)
is drawn relative to the side of traffic, so that a mirrored world is the mirror image. The true road is the
line of the map moved by a shift that the whole town shares (imagery that was not aligned) and by an offset of
its own across its direction, which changes slowly along it.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import shapely

from camber import cross_section, standards
from camber.conventions import NO_WAY, PROFILE_CODE, STATE_CODE, LateralState, Profile, TrafficSide
from camber.schema import Ways
from camber.simulate.chance import Stream, keyed_generator, ornstein_uhlenbeck, truncated_normal
from camber.simulate.runner import Choices
from camber.street_direction import paired_carriageways, ways_drawn_alike

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.schema import Roads
    from camber.simulate.receiver import GnssErrorModel
    from camber.simulate.routes import RouteLine
    from camber.simulate.runner import RunnerModel

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

_SLOPE, _PROFILE, _SIDE, _WIDTH, _WALK, _NEAR, _FAR, _BANKED, _BANK, _SHOULDER, _UNMAPPED = range(11)
"""Uses of the ranks of a way."""

_SHARED: Final = (_SLOPE, _PROFILE, _SIDE, _WALK, _BANKED, _BANK, _SHOULDER, _UNMAPPED)
"""Those in which the ways of a street are alike."""

STREET_CORRELATION: Final = 0.7
"""Correlation of the normal numbers of the ways of one street (judgement: ``standards/surface.csv``)."""

_LEAST_WIDTH: Final = 0.5
"""No road is narrower than this share of the expected width (judgement)."""

_WALK_IN_M: Final = 0.4
"""A sidewalk lies at most this much closer to the road than expected [m]: it still has 0.5 m inside
(judgement)."""


def draw_surfaces(
    ways: Ways,
    seed: int,
    *,
    drawn_alike: IntArray | None = None,
    street_correlation: float = STREET_CORRELATION,
) -> pd.DataFrame:
    """Draw the true surface of each way: a row per way, sides in the way frame.

    ``kind`` and ``is_road`` of the standards; ``profile`` (code, see `PROFILE_CODE`); ``slope_pct``,
    ``sidewalk_slope_pct``, ``shoulder_slope_pct`` and ``driveway_slope_pct`` (of sidewalks across driveways)
    [%, positive]; ``driveway_share`` of a sidewalk's metres, ``sidewalk_driveway_share`` of those of an
    attached one, and where the first driveway lies (``driveway_place``, 0 to 1 of their distance);
    ``half_width_m``, at least half of the expected one (judgement); ``low_side``: +1 where a surface that
    tilts one way falls to the right, -1 to the left; ``walk_shift_*_m``: how much further out than
    expected an attached sidewalk lies; ``banked_rank`` (tight bends are banked where the probability of
    that exceeds it) and ``banked_z`` (how much steeper than expected, in standard deviations);
    ``unmapped_*``: whether an untagged street of a town has a sidewalk there. ``drawn_alike`` is +1 where
    a way is drawn as its street runs, -1 where against it.
    """
    assumed = standards.assume(ways)
    rank = _ranks(ways, seed, street_correlation)
    expected_m, spread_m = cross_section.half_width(ways, assumed)
    tagged_pct = ways["incline_across_pct"].to_numpy(float)

    def slope(prefix: str, use: int) -> FloatArray:
        mean, std = (assumed[f"{prefix}slope_{what}_pct"].to_numpy(float) for what in ("mean", "std"))
        return truncated_normal(mean, std, 0.0, rank[:, use])

    alike = np.ones(len(ways), dtype=np.int64) if drawn_alike is None else drawn_alike
    profile, low_side = _profile(ways, assumed, rank[:, _PROFILE], rank[:, _SIDE], alike)
    place = cross_section.OffsetAssumptions()
    nearest = np.zeros(len(ways))
    walk_spread = np.full(len(ways), np.hypot(place.verge_std_m, place.sidewalk_std_m / 2.0))
    near_m, far_m = (truncated_normal(nearest, walk_spread, -_WALK_IN_M, rank[:, k]) for k in (_NEAR, _FAR))
    drives_right = np.asarray(ways["traffic_side"] == TrafficSide.RIGHT)
    return pd.DataFrame(
        {
            "kind": assumed["kind"],
            "is_road": assumed["is_road"],
            "profile": profile,
            "slope_pct": np.where(np.isnan(tagged_pct), slope("", _SLOPE), np.abs(tagged_pct)),
            "low_side": low_side,
            "half_width_m": truncated_normal(
                expected_m, spread_m, _LEAST_WIDTH * expected_m, rank[:, _WIDTH]
            ),
            "sidewalk_slope_pct": slope("sidewalk_", _WALK),
            "shoulder_slope_pct": slope("shoulder_", _SHOULDER),
            "driveway_slope_pct": slope("driveway_", _BANK),
            "driveway_share": assumed["driveway_share"],
            "sidewalk_driveway_share": assumed["sidewalk_driveway_share"],
            "driveway_place": rank[:, _SHOULDER],
            "banked_rank": rank[:, _BANKED],
            "banked_z": [NormalDist().inv_cdf(u) for u in np.clip(rank[:, _BANK], 1e-12, 1.0 - 1e-12)],
            "walk_shift_left_m": np.where(drives_right, far_m, near_m),
            "walk_shift_right_m": np.where(drives_right, near_m, far_m),
            "unmapped_left": _unmapped(ways, "left", rank[:, _UNMAPPED]),
            "unmapped_right": _unmapped(ways, "right", rank[:, _UNMAPPED]),
        },
        index=ways.index,
    )


def _ranks(ways: Ways, seed: int, correlation: float) -> FloatArray:
    """Uniform ranks of each way, joined within streets by a Gaussian copula; shape (n_ways, 11)."""
    own, street = (
        np.array([keyed_generator(seed, key, stream).random(_UNMAPPED + 1) for key in keys.tolist()])
        for keys, stream in (
            (ways.index.to_numpy(), Stream.SURFACE),
            (ways["street_id"].to_numpy(), Stream.STREET),
        )
    )
    rank = own.reshape(-1, _UNMAPPED + 1)
    if correlation == 0.0:
        return rank
    normal = NormalDist()
    parts = math.sqrt(correlation), math.sqrt(1.0 - correlation)
    for use in _SHARED:
        pairs = zip(street[:, use].tolist(), rank[:, use].tolist(), strict=True)
        joined = [
            parts[0] * normal.inv_cdf(max(whole, 1e-12)) + parts[1] * normal.inv_cdf(max(single, 1e-12))
            for whole, single in pairs
        ]
        rank[:, use] = [normal.cdf(z) for z in joined]
    return rank


def _unmapped(ways: Ways, side: str, rank: FloatArray) -> NDArray[np.bool_]:
    """Draw which untagged streets of towns have sidewalks."""
    context = standards.prior_context(ways)
    used = standards.mapped_sidewalk_share()
    untagged = ways["built_up"] & (ways[f"sidewalk_{side}"] == "")
    open_to_doubt = context["context"].str.endswith("_untagged") & untagged
    return np.asarray(open_to_doubt & (rank < context["p_sidewalk"].to_numpy(float) / used))


def _profile(
    ways: Ways,
    assumed: pd.DataFrame,
    profile_rank: FloatArray,
    side_rank: FloatArray,
    drawn_alike: IntArray,
) -> tuple[IntArray, IntArray]:
    share = assumed["p_crowned"].to_numpy(float)
    crowned = profile_rank < share
    bowed = crowned & (profile_rank >= share * (1.0 - assumed["parabolic_share"].to_numpy(float)))
    inverted = profile_rank >= 1.0 - assumed["p_inverted"].to_numpy(float)
    tilted = assumed["one_way_profile"].map(PROFILE_CODE).to_numpy(dtype=np.int64)
    profile = np.where(inverted, PROFILE_CODE[Profile.INVERTED], tilted)
    profile = np.where(crowned, PROFILE_CODE[Profile.CROWNED], profile)
    profile = np.where(bowed, PROFILE_CODE[Profile.PARABOLIC], profile)
    inner = _inner_side(ways)
    traffic = np.where(ways["traffic_side"] == TrafficSide.RIGHT, 1, -1)
    low_side = np.where(side_rank < 0.5, traffic, -traffic) * drawn_alike
    low_side = np.where(profile == PROFILE_CODE[Profile.TO_INSIDE], inner, low_side)
    low_side = np.where(profile == PROFILE_CODE[Profile.OUTWARD], -inner, low_side)
    # A sidewalk whose road is not known falls to a drawn side.
    side_of_road = ways["carriageway_side"].to_numpy()
    to_road = (profile == PROFILE_CODE[Profile.TO_ROAD]) & (side_of_road != 0)
    low_side = np.where(to_road, side_of_road, low_side)
    tag = ways["incline_across_pct"].to_numpy(float)
    profile = np.where(np.isnan(tag), profile, PROFILE_CODE[Profile.TAGGED])
    low_side = np.where(np.isnan(tag), low_side, np.where(tag < 0.0, -1, 1))
    return profile.astype(np.int64), low_side.astype(np.int64)


def _inner_side(ways: Ways) -> IntArray:
    """Side of the middle of a ring: -1 left of the drawn direction, 1 right."""
    left = np.asarray(ways["traffic_side"] == TrafficSide.RIGHT).copy()
    for row in np.flatnonzero(shapely.is_closed(ways.geometry.to_numpy())):
        left[row] = shapely.is_ccw(shapely.LinearRing(ways.geometry.iloc[row].coords))
    return np.where(left, -1, 1)


_PARKED_ON_CARRIAGEWAY = ("lane", "half_on_kerb")

_BESIDE_M = 25.0
"""A sidewalk drawn further than this from a carriageway's line is none of it (judgement)."""


def streets_of(
    roads: Roads, line: RouteLine, runner: RunnerModel, seed: int, *, unmapped_sidewalks: bool = False
) -> pd.DataFrame:
    """Collect what is true about each way of a route, and what the runner likes there.

    A row per way, in the order of ``Roads.ways``, and a last one for being on no way: the columns of
    `draw_surfaces` and, in the way frame, ``way_id``, ``length_m``, ``traffic_sign`` (+1 right, -1 left),
    ``carriageway_side``, ``walk_*`` (an attached sidewalk), ``parked_*``, ``shoulder_*``, the runner's
    ``p_facing``, ``p_sidewalk`` and ``p_centre``, ``line``, and what decides about its bends.
    """
    rows = np.unique(line.way[line.way >= 0])
    ways, table = surfaces_of(roads, rows, seed, unmapped_sidewalks=unmapped_sidewalks)
    habits = _habits(_as_they_are(ways, table) if unmapped_sidewalks else ways, runner)
    return pd.concat([table.join(habits).reset_index(drop=True), _nowhere(habits)], ignore_index=True)


def surfaces_of(
    roads: Roads, rows: IntArray, seed: int, *, unmapped_sidewalks: bool = False
) -> tuple[Ways, pd.DataFrame]:
    """Give the ways at some rows of ``Roads.ways``, and what is true about each, as `streets_of` has it."""
    ways = Ways(roads.ways.iloc[rows].assign(paired=paired_carriageways(roads.ways, rows)))
    alike = ways_drawn_alike(roads.graph, roads.ways, rows)
    table = draw_surfaces(ways, seed, drawn_alike=alike)
    banking = standards.banking(ways, standards.assume(ways))
    tagged = np.isfinite(ways["incline_across_pct"].to_numpy(dtype=float))
    table["speed_kmh"], table["built_up"] = banking.speed_kmh, banking.built_up
    table["built_share"] = np.where(tagged, 0.0, banking.built_share)
    table["line"] = ways.geometry.to_numpy()
    table["way_id"] = ways.index
    table["length_m"] = ways["length_m"]
    table["traffic_sign"] = np.where(ways["traffic_side"] == TrafficSide.RIGHT, 1, -1)
    table["carriageway_side"] = ways["carriageway_side"]
    beside = _lined(roads, ways)
    for side in ("left", "right"):
        walk = ways[f"sidewalk_{side}"] == "yes"
        if unmapped_sidewalks:
            # Where sidewalks are mapped as lines beside a way, those that are not do not exist.
            walk |= table[f"unmapped_{side}"] & ~beside
        table[f"walk_{side}"] = walk & table["is_road"]
        table[f"parked_{side}"] = ways[f"parking_{side}"].isin(_PARKED_ON_CARRIAGEWAY)
        table[f"shoulder_{side}"] = ways[f"shoulder_{side}"] == "yes"
    return ways, table.drop(columns=["unmapped_left", "unmapped_right"])


def _lined(roads: Roads, ways: Ways) -> NDArray[np.bool_]:
    """Tell along which ways a sidewalk of their street is drawn as a line, for at least half of the way."""
    drawn = roads.ways[roads.ways["carriageway_side"] != 0]
    walks = drawn.geometry.groupby(drawn["street_id"]).agg(list)
    found = np.zeros(len(ways), dtype=bool)
    for row, (street, line) in enumerate(zip(ways["street_id"], ways.geometry, strict=True)):
        if street in walks.index:
            share = np.linspace(0.1, 0.9, 9)
            places = shapely.line_interpolate_point(np.array([line]), share, normalized=True)
            near = shapely.distance(places, shapely.MultiLineString(walks[street])) < _BESIDE_M
            found[row] = near.mean() >= 0.5
    return found


def _as_they_are(ways: Ways, table: pd.DataFrame) -> Ways:
    """Tag the sidewalks of untagged streets of towns as they truly are: whoever runs there sees them."""
    tags = {}
    for side in ("left", "right"):
        open_to_doubt = ways["built_up"] & (ways[f"sidewalk_{side}"] == "")
        true = np.where(table[f"walk_{side}"], "yes", "no")
        tags[f"sidewalk_{side}"] = np.where(open_to_doubt, true, ways[f"sidewalk_{side}"])
    return Ways(ways.assign(**tags))


def _habits(ways: Ways, runner: RunnerModel) -> pd.DataFrame:
    prior = standards.prior_context(ways)
    names = ["p_facing", "p_sidewalk", "p_centre"]
    table = prior[names].astype(float)
    chosen = {} if runner.habit is None else dict.fromkeys(prior["context"].unique(), runner.habit)
    for context, habit in (chosen | dict(runner.habits_by_context)).items():
        here = np.asarray(prior["context"] == context)
        table.loc[here, names] = (habit.p_facing, habit.p_sidewalk, habit.p_centre)
    return table


def _nowhere(habits: pd.DataFrame) -> pd.DataFrame:
    flags = [f"{what}_{side}" for what in ("walk", "parked", "shoulder") for side in ("left", "right")]
    missing = ["slope_pct", "sidewalk_slope_pct", "half_width_m", "length_m"]
    missing += ["walk_shift_left_m", "walk_shift_right_m", "shoulder_slope_pct", "banked_rank", "banked_z"]
    missing += ["driveway_slope_pct", "driveway_share", "sidewalk_driveway_share", "driveway_place"]
    return pd.DataFrame(
        [
            dict.fromkeys(flags, False)
            | dict.fromkeys(missing, np.nan)
            | dict.fromkeys(habits.columns, 0.0)
            | {"kind": "", "is_road": False, "profile": PROFILE_CODE[Profile.UNKNOWN], "low_side": 1}
            | {"way_id": NO_WAY, "traffic_sign": 1, "carriageway_side": 0, "line": None}
            | {"speed_kmh": 0.0, "built_up": False, "built_share": 0.0}
        ]
    )


def in_travel_frame(
    streets: pd.DataFrame, what: str, direction: IntArray, suffix: str = ""
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Columns ``what_left`` and ``what_right`` of streets, a row per place, as left and right of travel."""
    left, right = (streets[f"{what}_{side}{suffix}"].to_numpy() for side in ("left", "right"))
    along = direction >= 0
    return np.where(along, left, right), np.where(along, right, left)


def choices_of(streets: pd.DataFrame, direction: IntArray) -> Choices:
    """Turn what a street offers into the travel frame; paths and mapped sidewalks leave no choice."""
    sidewalk_left, sidewalk_right = in_travel_frame(streets, "walk", direction)
    road_side = streets["carriageway_side"].to_numpy() * direction
    beside = (road_side != 0) & ~streets["is_road"].to_numpy()
    # The carriageway left of the runner means that this is the right sidewalk of the street.
    walk = np.where(
        road_side < 0, STATE_CODE[LateralState.RIGHT_SIDEWALK], STATE_CODE[LateralState.LEFT_SIDEWALK]
    )
    fixed = np.where(beside, walk, np.where(streets["is_road"], -1, STATE_CODE[LateralState.OTHER]))
    return Choices(
        habit=streets[["p_facing", "p_sidewalk", "p_centre"]].to_numpy(float),
        traffic_sign=streets["traffic_sign"].to_numpy(),
        sidewalk_left=sidewalk_left,
        sidewalk_right=sidewalk_right,
        fixed_state=fixed.astype(np.int64),
    )


_KNOTS_PER_CORRELATION: Final = 10
"""Knots over one correlation length (judgement: neighbours are then alike to 0.9)."""


def way_map_offset(
    chainage_m: FloatArray, length_m: float, way_id: int, error: GnssErrorModel, seed: int
) -> FloatArray:
    """Offset of the true middle of a road from its line [m], positive right of the drawn direction.

    A stationary process with correlation exp(-d / ``map_correlation_m``), drawn at knots a tenth of that
    apart and interpolated with weights that keep its standard deviation between the knots.
    """
    step_m = error.map_correlation_m / _KNOTS_PER_CORRELATION
    knots = np.arange(int(np.ceil(length_m / step_m)) + 2, dtype=np.float64)
    rng = keyed_generator(seed, way_id, Stream.MAP_OFFSET)
    value = ornstein_uhlenbeck(knots, 1.0, float(_KNOTS_PER_CORRELATION), rng, columns=1)[:, 0]
    place = np.clip(chainage_m / step_m, 0.0, len(knots) - 1.001)
    before = place.astype(np.int64)
    part = place - before
    alike = np.exp(-1.0 / _KNOTS_PER_CORRELATION)
    spread = np.sqrt((1.0 - part) ** 2 + part**2 + 2.0 * alike * part * (1.0 - part))
    blend = ((1.0 - part) * value[before] + part * value[before + 1]) / spread
    return np.asarray(error.map_sigma_m * blend)


def town_offset(error: GnssErrorModel, seed: int) -> FloatArray:
    """Displacement of all true roads of a town from their lines, east and north [m], shape (2,)."""
    return error.town_sigma_m * keyed_generator(seed, 0, Stream.TOWN_OFFSET).standard_normal(2)
