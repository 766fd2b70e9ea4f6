"""What lies under each lateral state of each block: profile, steepness, place, and whose it is."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from zlib import crc32

import numpy as np
import pandas as pd
import shapely

from camber import bends, cross_section, standards
from camber.conventions import NO_WAY, P_STATES, PROFILE_CODE, STATE_CODE, LateralState, Profile
from camber.schema.column_arrays import take_columns
from camber.street_direction import paired_carriageways, ways_drawn_alike

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.schema import Roads, Ways

    BoolArray = NDArray[np.bool_]
    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

_SIDEWALKS: Final = (STATE_CODE[LateralState.LEFT_SIDEWALK], STATE_CODE[LateralState.RIGHT_SIDEWALK])
_EDGES: Final = ((STATE_CODE[LateralState.LEFT_EDGE], "left"), (STATE_CODE[LateralState.RIGHT_EDGE], "right"))
_TAGGED_STD_PCT: Final = 0.5
"""Spread of a tagged ``incline:across`` [%]: the tag gives the practical maximum (judgement)."""

SHOULDER: Final = "any_shoulder"
"""Row of the standards that paved shoulders rest on."""

_COLUMNS: Final = (
    *("highway", "surface", "oneway", "footway", "service", "junction", "leisure", "is_sidepath", "bridge"),
    *("country", "built_up", "traffic_side", "maxspeed_kmh", "width_m", "lanes", "length_m", "street_id"),
    *("parking_left", "parking_right", "shoulder_left", "shoulder_right", "incline_across_pct", "geometry"),
)
"""What is looked up about the ways of a run."""


class Surfaces(NamedTuple):
    """What lies under each lateral state of each block; shape (n_blocks, 6) throughout.

    Parameters
    ----------
    way_id : ndarray of int64
        Way that carries the state, -1 where the state does not exist.
    attached : ndarray of bool
        True for a sidewalk that is only a tag on its carriageway.
    p_crowned, p_parabolic, p_one_way, p_inverted : ndarray of float64
        Shares of the profiles away from banked bends; they sum to 1 where the state exists.
    one_way_profile : ndarray of int64
        Code of what a single plane means here (one_way, to_road, to_inside, outward, tagged).
    low_side : ndarray of int64
        Side to which that plane falls: +1 right of travel, -1 left, 0 unknown.
    mean_pct, std_pct : ndarray of float64
        Of the absolute cross slope before truncation at zero [%].
    place_m, spread_m : ndarray of float64
        Offset from the crown and its spread [m], positive right of travel.
    half_width_m : ndarray of float64
        Half width of the way [m].
    p_banked : ndarray of float64
        Probability that the bend here is banked; the profiles above share the rest.
    banked_side : ndarray of int64
        Side to which it then falls, the inside of the bend: +1 right of travel, -1 left.
    banked_pct, banked_std_pct : ndarray of float64
        Its absolute slope before truncation at zero, and the spread [%].
    street_id : ndarray of int64
        Street of the way, -1 where there is none.
    along_street : ndarray of int64
        Direction of travel against that of the whole street, +1 or -1.
    travel : ndarray of int64
        Direction of travel on the way, +1 as drawn, -1 against, 0 unknown.
    source : ndarray of object
        Row of the standards, or the tag, that the slope is from.
    p_driveway : ndarray of float64
        Share of a sidewalk's metres that lie across driveways, where it is steeper.
    driveway_pct, driveway_std_pct : ndarray of float64
        The absolute slope there before truncation at zero, and its spread [%].
    kind_key : ndarray of int64
        Names row and country, whose roads share what is unknown about them; 0 where they share nothing.
    kind_weight : ndarray of float64
        Number of roads that the shares of the profiles are worth, infinite where they are certain.
    mean_sd_pct : ndarray of float64
        Part of ``std_pct`` that all roads of the kind share [%].
    """

    way_id: IntArray
    attached: BoolArray
    p_crowned: FloatArray
    p_parabolic: FloatArray
    p_one_way: FloatArray
    p_inverted: FloatArray
    one_way_profile: IntArray
    low_side: IntArray
    mean_pct: FloatArray
    std_pct: FloatArray
    place_m: FloatArray
    spread_m: FloatArray
    half_width_m: FloatArray
    p_banked: FloatArray
    banked_side: IntArray
    banked_pct: FloatArray
    banked_std_pct: FloatArray
    street_id: IntArray
    along_street: IntArray
    travel: IntArray
    source: NDArray[np.object_]
    p_driveway: FloatArray
    driveway_pct: FloatArray
    driveway_std_pct: FloatArray
    kind_key: IntArray
    kind_weight: FloatArray
    mean_sd_pct: FloatArray


class _Known(NamedTuple):
    """The ways of a run by column, and what is assumed about each; rows are ways.

    Arrays of shape (2, w, 6) are for travel along and against the drawing.
    """

    way_id: IntArray
    ways: dict[str, NDArray[Any]]
    assumed: dict[str, NDArray[Any]]
    ring_side: IntArray
    drawn_alike: IntArray
    half_width_m: FloatArray
    place_m: FloatArray
    spread_m: FloatArray
    shoulder: BoolArray

    def row(self, way: IntArray) -> IntArray:
        """Row of each way; that of some other one for `NO_WAY`, which has no surface."""
        return np.minimum(np.searchsorted(self.way_id, way), len(self.way_id) - 1)


def find_surfaces(
    lateral: pd.DataFrame, first: IntArray, roads: Roads, *, tagged_walks: bool = False
) -> Surfaces:
    """Look up the surface under each lateral state of each block, by the position of its first fix.

    With ``tagged_walks`` a sidewalk whose tag says that it is mapped as a line of its own counts as attached
    where no such line is within reach: a plan sends people there, so it has to fall to something.
    """
    way, column = _surface_ways(lateral, first)
    if tagged_walks:
        way = _with_tagged_walks(way, column, roads.ways)
    known = _look_up(way, column["way_id"], roads)
    row = known.row(way)
    travel = _travel_direction(column, way)
    profiles = _profiles(known, row, way, travel)
    turned = (travel < 0).astype(np.int64)
    number = np.arange(way.shape[1])
    attached = profiles["attached"]
    chainage = lateral["chainage_m"].to_numpy(dtype=float)[first]
    banked = _banked(known, column, chainage, way, travel)
    street = known.ways["street_id"][row]
    return Surfaces(
        way_id=way,
        place_m=known.place_m[turned, row, number],
        spread_m=known.spread_m[turned, row, number],
        half_width_m=known.half_width_m[row],
        street_id=np.where(way != NO_WAY, street, NO_WAY),
        along_street=np.where(travel == 0, 1, travel) * known.drawn_alike[row],
        travel=travel,
        **profiles,
        **{name: np.where(attached, 0, values) for name, values in banked.items()},
    )


def _surface_ways(lateral: pd.DataFrame, first: IntArray) -> tuple[IntArray, dict[str, IntArray]]:
    """Way under each state (`other` is the matched way itself), and the columns that tell it."""
    names = (
        *("way_id", "travel_direction", "carriageway_way_id", "carriageway_direction"),
        *("left_sidewalk_way_id", "right_sidewalk_way_id"),
    )
    column = {name: lateral[name].to_numpy()[first] for name in names}
    has_state = np.stack([lateral[name].to_numpy()[first] for name in P_STATES], axis=1) > 0.0
    # On a street, `other` holds only what is off the road, and that has no surface.
    has_state[:, -1] &= ~has_state[:, :-1].any(axis=1)
    ids = [column["left_sidewalk_way_id"], *[column["carriageway_way_id"]] * 3]
    ids += [column["right_sidewalk_way_id"], column["way_id"]]
    return np.where(has_state, np.column_stack(ids), NO_WAY), column


def _with_tagged_walks(way: IntArray, column: dict[str, IntArray], ways: Ways) -> IntArray:
    """Put the sidewalks that a tag tells of, but no line, on their carriageway."""
    carriageway, ahead = column["carriageway_way_id"], column["carriageway_direction"] >= 0
    on_road = (
        STATE_CODE[LateralState.LEFT_EDGE],
        STATE_CODE[LateralState.CENTRE],
        STATE_CODE[LateralState.RIGHT_EDGE],
    )
    road = (way[:, on_road] != NO_WAY).any(axis=1)
    row = ways.index.get_indexer(pd.Index(carriageway))
    tags = take_columns(ways, ("sidewalk_left", "sidewalk_right"), row)
    left, right = (tags[f"sidewalk_{side}"] == "separate" for side in ("left", "right"))
    there = np.where(ahead, left, right), np.where(ahead, right, left)
    filled = way.copy()
    for state, tagged in zip(_SIDEWALKS, there, strict=True):
        missing = tagged & road & (way[:, state] == NO_WAY)
        filled[missing, state] = carriageway[missing]
    return filled


def _travel_direction(column: dict[str, IntArray], way: IntArray) -> IntArray:
    """Direction of travel on the way of each state; 0 for a mapped sidewalk beside the matched way."""
    matched, travel, carriageway, along = (
        column[name][:, np.newaxis]
        for name in ("way_id", "travel_direction", "carriageway_way_id", "carriageway_direction")
    )
    return np.where(way == matched, travel, np.where(way == carriageway, along, 0))


def _look_up(way: IntArray, matched: IntArray, roads: Roads) -> _Known:
    index = roads.ways.index
    rows = index.get_indexer(pd.Index(np.union1d(way, matched)))
    rows = rows[rows >= 0]
    if len(rows) == 0:  # nothing matched: any way serves as a placeholder for states that do not exist
        rows = np.zeros(1, dtype=np.int64)
    ways = take_columns(roads.ways, _COLUMNS, rows)
    ways["paired"] = paired_carriageways(roads.ways, rows)
    assumed = standards.assumed_columns(ways, roads.overrides)
    country = ways["country"].tolist()
    for kind in ("", "shoulder_", "sidewalk_"):
        rows_used = assumed[f"{kind}slope_row"].tolist()
        keys = [kind_key(*pair) for pair in zip(rows_used, country, strict=True)]
        assumed[f"{kind}kind_key"] = np.array(keys, dtype=np.int64)
    half, _ = cross_section.half_width(ways, assumed)
    place, spread = cross_section.offsets_both_ways(ways, half)
    # At an edge of a narrow road a runner stays on that side of its middle (judgement).
    spread = np.where(place == 0.0, spread, np.minimum(spread, 0.5 * np.abs(place)))
    shoulder = np.zeros(place.shape[1:], dtype=bool)
    for state, side in _EDGES:
        parked = cross_section.is_parked(ways[f"parking_{side}"])
        shoulder[:, state] = (ways[f"shoulder_{side}"] == "yes") & ~parked
    return _Known(
        index.to_numpy()[rows],
        ways,
        assumed,
        _ring_side(ways),
        ways_drawn_alike(roads.graph, roads.ways, rows),
        half,
        place,
        spread,
        cross_section.both_ways(shoulder),
    )


def _ring_side(ways: dict[str, NDArray[Any]]) -> IntArray:
    """Side, in the way frame, to which a ring falls: running tracks inwards, roundabouts outwards; else 0."""
    side = np.zeros(len(ways["junction"]), dtype=np.int64)
    rings = (ways["junction"] == "roundabout") | (ways["junction"] == "circular")
    tracks = ways["leisure"] == "track"
    for position in np.flatnonzero(rings | tracks):
        xy = shapely.get_coordinates(ways["geometry"][position])
        step = np.diff(xy, axis=0)
        turn = step[:-1, 0] * step[1:, 1] - step[:-1, 1] * step[1:, 0]
        # Drawn anticlockwise (turning left): the inside is on the left.
        inside = -int(np.sign(turn.sum()))
        if inside == 0 and rings[position]:
            # A straight piece: traffic that keeps right circulates anticlockwise, along the drawing.
            inside = -1 if ways["traffic_side"][position] == "right" else 1
        side[position] = inside if tracks[position] else -inside
    return side


def _profiles(known: _Known, row: IntArray, way: IntArray, travel: IntArray) -> dict[str, NDArray[Any]]:
    """Shares of the profiles and steepness under each state."""
    assumed = known.assumed
    sidewalk = np.zeros(way.shape, dtype=bool)
    sidewalk[:, _SIDEWALKS] = True
    attached = sidewalk & assumed["is_road"][row] & (way != NO_WAY)
    side = np.broadcast_to(np.array([1, 0, 0, 0, -1, 0]), way.shape)
    names = ("p_crowned", "parabolic_share", "p_one_way", "p_inverted")
    crowned, parabolic, one_way, inverted = (assumed[name][row] for name in names)
    profile = np.array([PROFILE_CODE[Profile(name)] for name in assumed["one_way_profile"].tolist()])[row]
    low = np.where(profile == PROFILE_CODE[Profile.ONE_WAY], 0, known.ring_side[row] * travel)
    # A sidewalk falls to the road: left of the road to the runner's right.
    walk = (attached | (profile == PROFILE_CODE[Profile.TO_ROAD])) & (side != 0)
    profile, low = np.where(walk, PROFILE_CODE[Profile.TO_ROAD], profile), np.where(walk, side, low)
    # The road beside a sidewalk may be out of reach: it falls one way, and nobody knows which.
    lost = (profile == PROFILE_CODE[Profile.TO_ROAD]) & ~walk
    profile = np.where(lost, PROFILE_CODE[Profile.ONE_WAY], profile)
    shoulder = known.shoulder[(travel < 0).astype(np.int64), row, np.arange(6)] & (way != NO_WAY)
    tag = known.ways["incline_across_pct"][row]
    tagged = np.isfinite(tag) & ~attached
    put = _put_slopes(assumed, row, attached, shoulder)
    plane = attached | tagged
    crown = np.where(plane, 0.0, np.where(shoulder, 1.0, crowned))
    bowed = np.where(shoulder, 0.0, parabolic)
    return {
        "attached": attached,
        "p_crowned": crown * (1.0 - bowed),
        "p_parabolic": crown * bowed,
        "p_one_way": np.where(plane, 1.0, np.where(shoulder, 0.0, one_way)),
        "p_inverted": np.where(plane | shoulder, 0.0, inverted),
        "one_way_profile": np.where(tagged, PROFILE_CODE[Profile.TAGGED], profile),
        "low_side": np.where(tagged, np.sign(np.nan_to_num(tag)) * travel, low).astype(np.int64),
        "mean_pct": np.where(tagged, np.abs(tag), put["slope_mean_pct"]),
        "std_pct": np.where(tagged, _TAGGED_STD_PCT, put["slope_std_pct"]),
        "source": np.where(tagged, "incline:across", put["slope_row"]),
        "p_driveway": np.where(tagged | shoulder, 0.0, put["driveway_share"]),
        "driveway_pct": assumed["driveway_slope_mean_pct"][row],
        "driveway_std_pct": assumed["driveway_slope_std_pct"][row],
        "kind_key": np.where(tagged, 0, put["kind_key"]),
        "kind_weight": np.where(plane | shoulder, np.inf, assumed["profile_concentration"][row]),
        "mean_sd_pct": np.where(tagged, 0.0, np.minimum(put["mean_slope_sd_pct"], put["slope_std_pct"])),
    }


def _put_slopes(
    assumed: dict[str, NDArray[Any]], row: IntArray, attached: BoolArray, shoulder: BoolArray
) -> dict[str, NDArray[Any]]:
    """Mean and spread of the slope of carriageways, shoulders and attached sidewalks, and their rows."""
    names = ("slope_mean_pct", "slope_std_pct", "mean_slope_sd_pct", "slope_row", "kind_key")
    put = {name: assumed[name][row] for name in names}
    for where, kind in ((shoulder, "shoulder"), (attached, "sidewalk")):
        put = {name: np.where(where, assumed[f"{kind}_{name}"][row], put[name]) for name in names}
    share = assumed["driveway_share"][row]
    return put | {"driveway_share": np.where(attached, assumed["sidewalk_driveway_share"][row], share)}


@lru_cache(maxsize=4096)
def kind_key(row: str, country: str) -> int:
    """Name a kind of road, a row of the standards in one country, by a number that is never 0.

    By the country and not by the town: a grid would cut towns in two, and what is drawn apart for the halves
    of a runner's streets averages out though nobody knows it (judgement).
    """
    return crc32(f"{row}|{country}".encode()) + 1


def _banked(
    known: _Known, column: dict[str, IntArray], chainage_m: FloatArray, way: IntArray, travel: IntArray
) -> dict[str, NDArray[Any]]:
    """Superelevation of the matched carriageway at each block, for the states on it."""
    row = known.row(column["way_id"])
    built = standards.banking(known.ways, known.assumed)
    speed, built_up = built.speed_kmh[row], built.built_up[row]
    length, lines = known.ways["length_m"][row], known.ways["geometry"][row]
    curvature = bends.curvature_along(lines, length, chainage_m, bends.window_of(speed))
    share = bends.banked_share(curvature, speed, built_up, built.built_share[row])
    slope = bends.banked_slope(curvature, speed, built_up)
    own = (way == column["way_id"][:, np.newaxis]) & (way != NO_WAY)
    tagged = np.isfinite(known.ways["incline_across_pct"])[row]
    side = np.where(curvature < 0.0, -1, 1)[:, np.newaxis] * np.where(travel == 0, 1, travel)
    return {
        "p_banked": np.where(own, (share * ~tagged)[:, np.newaxis], 0.0),
        "banked_side": side,
        "banked_pct": np.broadcast_to(slope[:, np.newaxis], way.shape),
        "banked_std_pct": np.full(way.shape, bends.BendAssumptions().superelevation_std_pct),
    }
