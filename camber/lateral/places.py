"""The street around each block: which of its lines run along it, which lateral states exist, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numba
import numpy as np
import shapely

from camber import cross_section, standards
from camber.conventions import LATERAL_STATES, LEFT_SIDEWALK, NO_WAY, OTHER, RIGHT_SIDEWALK
from camber.geometry import project_to_line
from camber.kernels import compiled_once
from camber.lateral.told_streets import measured_half, sidewalk_odds
from camber.schema import Observed
from camber.schema.column_arrays import take_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.lateral.blocks import Blocks
    from camber.schema import MatchedTrack, Roads

    BoolArray = NDArray[np.bool_]
    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

_PATH_SPREAD_M = 0.5
"""Spread of a runner about the line of a path or mapped sidewalk of about 1.8 m [m] (judgement)."""

_WIDEST_M = 25.0
"""A mapped sidewalk further than this from the carriageway's line is none of it (judgement)."""

_REACH_M = _WIDEST_M + 10.0
"""Lines further than this from all fixes of a block are not looked at [m]: nothing so wide is used."""

_COLUMNS = (
    *("highway", "surface", "oneway", "footway", "service", "junction", "leisure", "is_sidepath", "bridge"),
    *("country", "built_up", "traffic_side", "sidewalk_left", "sidewalk_right", "width_m", "lanes"),
    *("parking_left", "parking_right", "shoulder_left", "shoulder_right", "street_id", "carriageway_side"),
    "geometry",
)
"""Columns of the ways that say where the states are."""

_STANDARD = cross_section.OffsetAssumptions()
_OWN_SPREAD = cross_section.OffsetAssumptions(verge_std_m=0.0, sidewalk_std_m=0.0)
"""The runner's own spread alone: where an attached sidewalk lies is the same all along a way."""

_WALK_STD_M = float(np.hypot(_STANDARD.verge_std_m, _STANDARD.sidewalk_std_m / 2.0))
"""How well it is known where an attached sidewalk lies, the road's width apart [m]."""


class Places(NamedTuple):
    """Where the lateral states of ``n`` blocks lie; columns are `camber.conventions.LATERAL_STATES`.

    Parameters
    ----------
    observed_m : ndarray of float64, shape (n, 6)
        Mean offset of the block's fixes from the line that the state refers to [m], positive right.
    place_m, spread_m : ndarray of float64, shape (n, 6)
        Where the state lies relative to that line, and the runner's own spread about it [m].
    width_std_m : ndarray of float64, shape (n, 6)
        Standard deviation of the half width [m] where it moves the state, signed like the state.
    way_id : ndarray of int64, shape (n, 6)
        Way whose surface carries the state; -1 where the state does not exist.
    mapped : ndarray of bool, shape (n, 6)
        True where that way's own line in the map says the place.
    reference : ndarray of int64, shape (n,)
        The carriageway, or else the matched way; -1 off the road.
    direction : ndarray of int64, shape (n,)
        Direction of travel on that way; 0 off the road.
    doubtful : ndarray of bool, shape (n, 6)
        True where the state is a sidewalk that no tag and no line tells of: it may not exist.
    odds : ndarray of float64, shape (n, 2), or None
        How much likelier what was told makes a sidewalk left and right of travel; None where nothing was.
    """

    observed_m: FloatArray
    place_m: FloatArray
    spread_m: FloatArray
    width_std_m: FloatArray
    way_id: IntArray
    mapped: BoolArray
    reference: IntArray
    direction: IntArray
    doubtful: BoolArray
    odds: FloatArray | None = None


class Beside(NamedTuple):
    """Pairs of a block and a line along it, the block's own line among them; shape (m,) throughout.

    Parameters
    ----------
    block, row : ndarray of int64
        Number of the block, and row of the way.
    own : ndarray of bool
        True where it is the matched way.
    offset_m : ndarray of float64
        Mean offset of the block's fixes from the line [m], positive right of travel.
    direction : ndarray of int64
        Direction of travel, +1 along and -1 against the drawing of the line.
    """

    block: IntArray
    row: IntArray
    own: BoolArray
    offset_m: FloatArray
    direction: IntArray


class _Streets(NamedTuple):
    """Ways of the streets of a run, and what is assumed about them; ``w`` ways, in the order of their ids.

    Arrays of shape (2, w, 6) are for travel along and against the drawing.
    """

    way_id: IntArray
    street_id: IntArray
    lines: NDArray[np.object_]
    is_road: BoolArray
    road_side: IntArray
    half_std_m: FloatArray
    place_m: FloatArray
    spread_m: FloatArray
    tagged: BoolArray
    allowed: BoolArray
    odds: FloatArray | None


def find_places(
    blocks: Blocks, offset_m: FloatArray, xy: FloatArray, roads: Roads, observed: Observed | None = None
) -> Places:
    """Find the lateral states of each block.

    From the offset of each fix from its matched way [m], positive right of travel, and its position [m];
    shapes (n_fixes,) and (n_fixes, 2). And from what was observed of sidewalks and widths.
    """
    streets = _look_up(roads, blocks.street_id, observed or Observed())
    own_row = np.where(blocks.way_id == NO_WAY, -1, np.searchsorted(streets.way_id, blocks.way_id))
    beside = find_lines_beside(blocks, own_row, offset_m, xy, (streets.street_id, streets.lines))
    shape = len(own_row), len(LATERAL_STATES)
    places = Places(
        observed_m=np.full(shape, np.nan),
        place_m=np.zeros(shape),
        spread_m=np.full(shape, _PATH_SPREAD_M),
        width_std_m=np.zeros(shape),
        way_id=np.full(shape, NO_WAY, dtype=np.int64),
        mapped=np.zeros(shape, dtype=bool),
        reference=blocks.way_id.copy(),
        direction=blocks.travel_direction.copy(),
        doubtful=np.zeros(shape, dtype=bool),
        odds=None if streets.odds is None else np.ones((len(own_row), 2)),
    )
    carriageway = _carriageways(beside, len(own_row), streets)
    _fill_paths(places, beside, carriageway, streets)
    _fill_streets(places, beside, carriageway, streets)
    for state, sign in ((LEFT_SIDEWALK, -1.0), (RIGHT_SIDEWALK, 1.0)):
        _fill_sidewalks(places, beside, carriageway, streets, state, sign)
    return places


def chainage_on(places: Places, blocks: Blocks, matched: MatchedTrack, roads: Roads) -> FloatArray:
    """Chainage of each block on the street that its states refer to [m], shape (n,); 0 off the road."""
    middle = (blocks.first + blocks.last) // 2
    along = matched["chainage_m"].to_numpy(dtype=float)[middle]
    other = np.flatnonzero((places.reference != blocks.way_id) & (places.reference != NO_WAY))
    lines = np.asarray(roads.ways.geometry.loc[places.reference[other].tolist()])
    points = np.asarray(matched.geometry.array)[middle[other]]
    along[other] = shapely.line_locate_point(lines, points)
    return np.asarray(np.nan_to_num(along))


def silenced(places: Places, silent: BoolArray) -> Places:
    """Take back what is observed in some of the blocks, shape (n,)."""
    return places._replace(observed_m=np.where(silent[:, np.newaxis], np.nan, places.observed_m))


def _look_up(roads: Roads, street_id: IntArray, observed: Observed) -> _Streets:
    """Look up all ways of some streets."""
    rows = np.flatnonzero(np.isin(roads.ways["street_id"].to_numpy(), np.unique(street_id)))
    rows = rows[np.argsort(roads.ways.index.to_numpy()[rows])]
    ways = take_columns(roads.ways, _COLUMNS, rows)
    assumed = standards.assumed_columns(ways, roads.overrides)
    way_id = roads.ways.index.to_numpy()[rows]
    half, half_std = cross_section.half_width(ways, assumed)
    if observed.widths:
        half, half_std = measured_half(way_id, half, half_std, observed.widths)
    # Only the runner's own spread is wanted here: what the width errs by is latent.
    place, spread = cross_section.offsets_both_ways(ways, half, assumptions=_OWN_SPREAD)
    tagged, possible = (
        cross_section.allowed_states(
            assumed["is_road"], ways["sidewalk_left"], ways["sidewalk_right"], assume_untagged=untagged
        )
        for untagged in (False, True)
    )
    # Most sidewalks in towns are in no map: untagged means unknown there, not absent.
    allowed = np.where(ways["built_up"][:, np.newaxis], possible, tagged)
    odds = sidewalk_odds(way_id, observed.sidewalks)
    return _Streets(
        way_id=way_id,
        street_id=ways["street_id"],
        lines=ways["geometry"],
        is_road=assumed["is_road"],
        road_side=ways["carriageway_side"],
        half_std_m=half_std,
        place_m=place,
        spread_m=spread,
        tagged=cross_section.both_ways(tagged),
        allowed=cross_section.both_ways(allowed),
        odds=None if odds is None else np.stack([odds, odds[:, ::-1]]),
    )


def find_lines_beside(
    blocks: Blocks,
    own_row: IntArray,
    offset_m: FloatArray,
    xy: FloatArray,
    ways: tuple[IntArray, NDArray[np.object_]],
) -> Beside:
    """Find the lines of its street that run along each block.

    ``own_row`` is the row of each block's matched way, -1 off the road; ``ways`` are street and line of each
    row. First come the matched ways, then other lines: of the same street, with more than half of the fixes
    beside them, and followed rather than crossed.
    """
    on = np.flatnonzero(own_row >= 0)
    block, row = _near(blocks, own_row, xy, *ways)
    vertex_xy, owner = shapely.get_coordinates(ways[1], return_index=True)
    direction, count, offsets = _follow(
        blocks.first[block],
        blocks.last[block] + 1,
        row,
        xy,
        np.column_stack([np.sin(blocks.heading_rad), np.cos(blocks.heading_rad)])[block],
        np.searchsorted(owner, np.arange(len(ways[1]) + 1)),
        vertex_xy,
    )
    end = np.cumsum(count)
    found = direction != 0
    beside = direction[found] * _means(offsets, (end - count)[found], end[found])
    return Beside(
        np.concatenate([on, block[found]]),
        np.concatenate([own_row[on], row[found]]),
        np.arange(len(on) + len(beside)) < len(on),
        np.concatenate([_means(offset_m, blocks.first[on], blocks.last[on] + 1), beside]),
        np.concatenate([blocks.travel_direction[on], direction[found]]),
    )


def _near(
    blocks: Blocks, own_row: IntArray, xy: FloatArray, street_id: IntArray, lines: NDArray[np.object_]
) -> tuple[IntArray, IntArray]:
    """Blocks, and rows of other ways of their streets that come near them."""
    on = np.flatnonzero(own_row >= 0)
    by_street = np.argsort(street_id, kind="stable")
    begin, end = (
        np.searchsorted(street_id[by_street], blocks.street_id[on], side) for side in ("left", "right")
    )
    count = end - begin
    block = np.repeat(on, count)
    row = by_street[np.arange(count.sum()) + np.repeat(begin - np.cumsum(count) + count, count)]
    bounds = shapely.bounds(lines)[row]
    low = np.minimum.reduceat(xy, blocks.first)[block] - _REACH_M
    high = np.maximum.reduceat(xy, blocks.first)[block] + _REACH_M
    near = (bounds[:, :2] <= high).all(axis=1) & (bounds[:, 2:] >= low).all(axis=1)
    near &= row != own_row[block]
    return block[near], row[near]


def _means(values: FloatArray, first: IntArray, end: IntArray) -> FloatArray:
    """Mean of each stretch of values; numpy's sums round less than running ones."""
    sums = [np.add.reduce(values[a:b]) for a, b in zip(first.tolist(), end.tolist(), strict=True)]
    return np.array(sums, dtype=np.float64) / (end - first)


@compiled_once
@numba.njit(cache=True)
def _follow(
    first: IntArray,
    end: IntArray,
    row: IntArray,
    xy: FloatArray,
    heading: FloatArray,
    first_vertex: IntArray,
    vertex_xy: FloatArray,
) -> tuple[IntArray, IntArray, FloatArray]:
    """Direction of travel along each line, 0 where it is not followed; how many fixes are beside it; offsets.

    The offsets are those of the fixes that are beside a line that is followed, one pair after the other.
    """
    direction, count = np.zeros(len(row), np.int64), np.zeros(len(row), np.int64)
    most = 0
    for k in range(len(row)):
        most += end[k] - first[k]
    offsets, filled = np.empty(most), 0
    places = np.empty((2, 2))
    for k in range(len(row)):
        line = vertex_xy[first_vertex[row[k]] : first_vertex[row[k] + 1]]
        _, offset, beside = project_to_line(xy[first[k] : end[k]], line)
        number, x, y = 0, 0.0, 0.0
        for i in range(len(beside)):
            if beside[i]:
                number, x, y = number + 1, x + xy[first[k] + i, 0], y + xy[first[k] + i, 1]
        if 2 * number <= len(beside):
            continue
        # The middle of those fixes, and a place a little ahead of it.
        places[0, 0], places[0, 1] = x / number, y / number
        places[1, 0], places[1, 1] = x / number + 5.0 * heading[k, 0], y / number + 5.0 * heading[k, 1]
        chainage, _, _ = project_to_line(places, line)
        step = chainage[1] - chainage[0]
        if abs(step) < 3.0:
            continue  # it crosses the street rather than follows it
        direction[k], count[k] = 1 if step > 0.0 else -1, number
        for i in range(len(beside)):
            if beside[i]:
                offsets[filled] = offset[i]
                filled += 1
    return direction, count, offsets[:filled]


def _least(key: FloatArray, among: BoolArray, beside: Beside, blocks: int) -> IntArray:
    """Pair of each block with the smallest key among some; the smaller way of equal ones; -1 if none."""
    pairs = np.flatnonzero(among)
    pairs = pairs[np.lexsort((beside.row[pairs], key[pairs], beside.block[pairs]))]
    block, first = np.unique(beside.block[pairs], return_index=True)
    found = np.full(blocks, -1, dtype=np.int64)
    found[block] = pairs[first]
    return found


def _carriageways(beside: Beside, blocks: int, streets: _Streets) -> IntArray:
    """Pair of each block with its carriageway: itself, or else the nearest one; -1 on a path of its own."""
    own_offset = np.full(blocks, np.nan)
    own_offset[beside.block[beside.own]] = beside.offset_m[beside.own]
    away = np.where(beside.own, -1.0, np.abs(beside.offset_m - own_offset[beside.block]))
    carriageway = _least(away, streets.is_road[beside.row], beside, blocks)
    on_street = streets.is_road[beside.row] | (streets.road_side[beside.row] != 0)
    carriageway[beside.block[beside.own & ~on_street]] = -1
    return carriageway


def _fill_paths(places: Places, beside: Beside, carriageway: IntArray, streets: _Streets) -> None:
    """Write the places of blocks on a path, or a sidewalk whose road is out of reach: on its own line."""
    own = np.flatnonzero(beside.own & (carriageway[beside.block] < 0))
    k, row = beside.block[own], beside.row[own]
    side = streets.road_side[row] * beside.direction[own]
    state = np.array([OTHER, LEFT_SIDEWALK, RIGHT_SIDEWALK])[side]
    places.observed_m[k] = beside.offset_m[own, np.newaxis]
    places.way_id[k, state] = streets.way_id[row]
    places.mapped[k, state] = True


def _fill_streets(places: Places, beside: Beside, carriageway: IntArray, streets: _Streets) -> None:
    """Write the places of blocks on a street, as the width and the tags of its carriageway have them."""
    k = np.flatnonzero(carriageway >= 0)
    pair = carriageway[k]
    row, direction = beside.row[pair], beside.direction[pair]
    places.reference[k], places.direction[k] = streets.way_id[row], direction
    # Where sidewalks are mapped as lines, an untagged one on the other side is most likely none (judgement).
    lines = np.zeros(len(carriageway), dtype=bool)
    lines[beside.block[streets.road_side[beside.row] != 0]] = True
    turned = (direction < 0).astype(np.int64)
    tagged = streets.tagged[turned, row]
    exists = np.where(lines[k, np.newaxis], tagged, streets.allowed[turned, row])
    if places.odds is not None and streets.odds is not None:
        told = places.odds[k] = streets.odds[turned, row]
        walks = [LEFT_SIDEWALK, RIGHT_SIDEWALK]
        exists[:, walks] |= (told > 1.0) & streets.is_road[row, np.newaxis]
        tagged[:, walks] &= told >= 1.0
    places.observed_m[k] = beside.offset_m[pair, np.newaxis]
    places.place_m[k] = streets.place_m[turned, row]
    places.spread_m[k] = streets.spread_m[turned, row]
    edge_std, zero = streets.half_std_m[row], np.zeros(len(k))
    walk_std = np.hypot(edge_std, _WALK_STD_M)
    places.width_std_m[k] = np.stack([-walk_std, -edge_std, zero, edge_std, walk_std, zero], axis=1)
    places.way_id[k] = np.where(exists, streets.way_id[row, np.newaxis], NO_WAY)
    places.way_id[k, OTHER] = NO_WAY
    places.doubtful[k] = exists & ~tagged


def _fill_sidewalks(
    places: Places, beside: Beside, carriageway: IntArray, streets: _Streets, state: int, sign: float
) -> None:
    """Write the sidewalks of one side that are lines of their own: the matched one, or else the nearest."""
    pair = carriageway[beside.block]
    gap = sign * np.where(pair >= 0, beside.offset_m[pair] - beside.offset_m, np.nan)
    among = (streets.road_side[beside.row] != 0) & (gap > 1.0) & (gap < _WIDEST_M)
    nearest = _least(np.where(beside.own, -1.0, gap), among, beside, len(carriageway))
    k = np.flatnonzero(nearest >= 0)
    places.observed_m[k, state] = beside.offset_m[nearest[k]]
    places.place_m[k, state] = 0.0
    places.spread_m[k, state] = _PATH_SPREAD_M
    places.width_std_m[k, state] = 0.0
    places.way_id[k, state] = streets.way_id[beside.row[nearest[k]]]
    places.mapped[k, state] = True
    places.doubtful[k, state] = False
