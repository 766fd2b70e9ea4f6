"""The street around each block: which lateral states exist, where they lie, and how likely they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from camber import cross_section, geometry, standards
from camber.conventions import LATERAL_STATES, NO_WAY, LateralState, TrafficSide
from camber.lateral.learning import learned_facing
from camber.lateral.lines_beside import WIDEST_M, Beside, find_lines_beside
from camber.schema.tables import take_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.lateral.blocks import Blocks
    from camber.schema import Learned, Roads

LEFT_SIDEWALK, LEFT_EDGE, CENTRE, RIGHT_EDGE, RIGHT_SIDEWALK, OTHER = range(len(LATERAL_STATES))

MIRRORED = tuple(
    LATERAL_STATES.index(state)
    for state in (
        LateralState.RIGHT_SIDEWALK,
        LateralState.RIGHT_EDGE,
        LateralState.CENTRE,
        LateralState.LEFT_EDGE,
        LateralState.LEFT_SIDEWALK,
        LateralState.OTHER,
    )
)
"""State that is the same physical place when the direction of travel is turned."""

_PATH_SPREAD_M = 0.5
"""Spread of a runner about the line of a path or mapped sidewalk of about 1.8 m [m] (judgement)."""


_TAGS = (
    *("highway", "surface", "oneway", "footway", "service", "junction", "leisure", "is_sidepath", "bridge"),
    *("country", "built_up", "traffic_side", "sidewalk_left", "sidewalk_right"),
)
"""Columns of the ways that say who runs where."""

_COLUMNS = (
    *(*_TAGS, "width_m", "lanes", "parking_left", "parking_right", "shoulder_left", "shoulder_right"),
    *("street_id", "carriageway_side", "geometry"),
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
    """

    observed_m: NDArray[np.float64]
    place_m: NDArray[np.float64]
    spread_m: NDArray[np.float64]
    width_std_m: NDArray[np.float64]
    way_id: NDArray[np.int64]
    mapped: NDArray[np.bool_]
    reference: NDArray[np.int64]
    direction: NDArray[np.int64]
    doubtful: NDArray[np.bool_]


def find_places(
    blocks: Blocks, offset_m: NDArray[np.float64], xy: NDArray[np.float64], roads: Roads
) -> Places:
    """Find the lateral states of each block.

    Parameters
    ----------
    blocks : Blocks
        The blocks.
    offset_m : ndarray of float64, shape (n_fixes,)
        Offset of each fix from its matched way [m], positive right of travel.
    xy : ndarray of float64, shape (n_fixes, 2)
        The fixes [m].
    roads : Roads
        The roads.

    Returns
    -------
    Places
        States of each block.
    """
    streets = _look_up(roads, blocks.street_id)
    own_row = _positions(streets.way_id, blocks.way_id)
    beside = find_lines_beside(blocks, own_row, offset_m, xy, (streets.street_id, streets.lines))
    places = _nowhere(blocks)
    carriageway = _carriageways(beside, len(own_row), streets)
    _fill_paths(places, beside, carriageway, streets)
    _fill_streets(places, beside, carriageway, streets)
    for state, sign in ((LEFT_SIDEWALK, -1.0), (RIGHT_SIDEWALK, 1.0)):
        _fill_sidewalks(places, beside, carriageway, streets, state, sign)
    return places


def _nowhere(blocks: Blocks) -> Places:
    """Places of blocks none of whose states exists yet."""
    n = len(blocks.first)
    return Places(
        np.full((n, 6), np.nan),
        np.zeros((n, 6)),
        np.full((n, 6), _PATH_SPREAD_M),
        np.zeros((n, 6)),
        np.full((n, 6), NO_WAY, dtype=np.int64),
        np.zeros((n, 6), dtype=bool),
        blocks.way_id.copy(),
        blocks.travel_direction.copy(),
        np.zeros((n, 6), dtype=bool),
    )


class _Streets(NamedTuple):
    """Ways of the streets of a run, and what is assumed about them; ``w`` ways, in the order of their ids.

    Arrays of shape (2, w, 6) are for travel along and against the drawing.
    """

    way_id: NDArray[np.int64]
    street_id: NDArray[np.int64]
    lines: NDArray[np.object_]
    is_road: NDArray[np.bool_]
    road_side: NDArray[np.int64]
    half_std_m: NDArray[np.float64]
    place_m: NDArray[np.float64]
    spread_m: NDArray[np.float64]
    tagged: NDArray[np.bool_]
    allowed: NDArray[np.bool_]


def _look_up(roads: Roads, street_id: NDArray[np.int64]) -> _Streets:
    """Look up all ways of some streets."""
    rows = np.flatnonzero(np.isin(roads.ways["street_id"].to_numpy(), np.unique(street_id)))
    rows = rows[np.argsort(roads.ways.index.to_numpy()[rows])]
    ways = take_columns(roads.ways, _COLUMNS, rows)
    assumed = standards.assumed_columns(ways, roads.overrides)
    half, half_std, _ = cross_section.half_width(
        ways["width_m"],
        ways["lanes"],
        *(assumed[name] for name in ("lane_m", "default_total_m", "width_std_m")),
    )
    places, spreads, tagged, allowed = [], [], [], []
    for direction in (1, -1):
        left, right = geometry.swap_sides("left", "right", direction)
        # Only the runner's own spread is wanted here: the width is one latent error for a whole way.
        place, spread = cross_section.state_offsets(
            half,
            np.zeros_like(half),
            assumptions=_OWN_SPREAD,
            parked_left=cross_section.is_parked(ways[f"parking_{left}"]),
            parked_right=cross_section.is_parked(ways[f"parking_{right}"]),
            shoulder_left=ways[f"shoulder_{left}"] == "yes",
            shoulder_right=ways[f"shoulder_{right}"] == "yes",
        )
        sidewalks = ways[f"sidewalk_{left}"], ways[f"sidewalk_{right}"]
        sure, possible = (
            cross_section.allowed_states(assumed["is_road"], *sidewalks, assume_untagged=untagged)
            for untagged in (False, True)
        )
        places.append(place)
        spreads.append(spread)
        tagged.append(sure)
        # Most sidewalks in towns are in no map: untagged means unknown there, not absent.
        allowed.append(np.where(ways["built_up"][:, np.newaxis], possible, sure))
    return _Streets(
        roads.ways.index.to_numpy()[rows],
        ways["street_id"],
        ways["geometry"],
        assumed["is_road"],
        ways["carriageway_side"],
        half_std,
        *(np.stack(pair) for pair in (places, spreads, tagged, allowed)),
    )


def _positions(ids: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Positions of ids in a sorted array that holds them; -1 for `NO_WAY`."""
    return np.where(wanted == NO_WAY, -1, np.searchsorted(ids, wanted))


def _least(
    key: NDArray[np.float64], among: NDArray[np.bool_], beside: Beside, blocks: int
) -> NDArray[np.int64]:
    """Pair of each block with the smallest key among some; the smaller way of equal ones; -1 if none."""
    pairs = np.flatnonzero(among)
    pairs = pairs[np.lexsort((beside.row[pairs], key[pairs], beside.block[pairs]))]
    block, first = np.unique(beside.block[pairs], return_index=True)
    found = np.full(blocks, -1, dtype=np.int64)
    found[block] = pairs[first]
    return found


def _carriageways(beside: Beside, blocks: int, streets: _Streets) -> NDArray[np.int64]:
    """Pair of each block with its carriageway: itself, or else the nearest one; -1 on a path of its own."""
    own_offset = np.full(blocks, np.nan)
    own_offset[beside.block[beside.own]] = beside.offset_m[beside.own]
    away = np.where(beside.own, -1.0, np.abs(beside.offset_m - own_offset[beside.block]))
    carriageway = _least(away, streets.is_road[beside.row], beside, blocks)
    on_street = streets.is_road[beside.row] | (streets.road_side[beside.row] != 0)
    carriageway[beside.block[beside.own & ~on_street]] = -1
    return carriageway


def _fill_paths(places: Places, beside: Beside, carriageway: NDArray[np.int64], streets: _Streets) -> None:
    """Write the places of blocks on a path, or a sidewalk whose road is out of reach: on its own line."""
    own = np.flatnonzero(beside.own & (carriageway[beside.block] < 0))
    k, row = beside.block[own], beside.row[own]
    side = streets.road_side[row] * beside.direction[own]
    state = np.array([OTHER, LEFT_SIDEWALK, RIGHT_SIDEWALK])[side]
    places.observed_m[k] = beside.offset_m[own, np.newaxis]
    places.way_id[k, state] = streets.way_id[row]
    places.mapped[k, state] = True


def _fill_streets(places: Places, beside: Beside, carriageway: NDArray[np.int64], streets: _Streets) -> None:
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
    places: Places,
    beside: Beside,
    carriageway: NDArray[np.int64],
    streets: _Streets,
    state: int,
    sign: float,
) -> None:
    """Write the sidewalks of one side that are lines of their own: the matched one, or else the nearest."""
    pair = carriageway[beside.block]
    gap = sign * np.where(pair >= 0, beside.offset_m[pair] - beside.offset_m, np.nan)
    among = (streets.road_side[beside.row] != 0) & (gap > 1.0) & (gap < WIDEST_M)
    nearest = _least(np.where(beside.own, -1.0, gap), among, beside, len(carriageway))
    k = np.flatnonzero(nearest >= 0)
    places.observed_m[k, state] = beside.offset_m[nearest[k]]
    places.place_m[k, state] = 0.0
    places.spread_m[k, state] = _PATH_SPREAD_M
    places.width_std_m[k, state] = 0.0
    places.way_id[k, state] = streets.way_id[beside.row[nearest[k]]]
    places.mapped[k, state] = True
    places.doubtful[k, state] = False


def state_prior(
    places: Places, here: StreetShares, *, habit: bool, shift: float = 0.0
) -> NDArray[np.float64]:
    """Prior probability of the states of each block.

    Parameters
    ----------
    places : Places
        States of the blocks.
    here : StreetShares
        What is assumed about runners there.
    habit : bool
        Whether the preference for facing traffic and for the side with a sidewalk counts; without it both
        sides are even, and tags only share a side's half between edge and sidewalk.
    shift : float
        Habit of the runner: so many standard deviations from the mean towards facing traffic.

    Returns
    -------
    ndarray of float64, shape (n, 6)
        Probabilities that sum to 1; 0 where a state does not exist.
    """
    exists = places.way_id != NO_WAY
    road = exists[:, CENTRE]
    prior = np.where(exists, 1.0, 0.0)
    prior[:, OTHER] = ~exists[:, :OTHER].any(axis=1)
    if not road.any():
        return prior
    facing, walk_facing = (
        habit_node(share, here.decisions, shift) for share in (here.facing, here.walk_facing)
    )
    sidewalks = exists[:, [LEFT_SIDEWALK, RIGHT_SIDEWALK]]
    share = np.where(sidewalks.any(axis=1), here.sidewalk, 0.0)
    centre = np.minimum(here.centre, 1.0 - share)
    if habit:
        weight = sidewalks * _sides(walk_facing, here)
        walks = share[:, np.newaxis] * weight / np.maximum(weight.sum(axis=1, keepdims=True), 1e-12)
        edges = (1.0 - share - centre)[:, np.newaxis] * _sides(facing, here)
    else:
        walks = 0.5 * share[:, np.newaxis] * sidewalks
        edges = 0.5 * (1.0 - centre)[:, np.newaxis] - walks
    prior[road, CENTRE] = centre[road]
    prior[np.ix_(road, [LEFT_EDGE, RIGHT_EDGE])] = edges[road]
    prior[np.ix_(road, [LEFT_SIDEWALK, RIGHT_SIDEWALK])] = walks[road]
    return prior


class StreetShares(NamedTuple):
    """What is assumed about runners on the street of each block; shape (n,) throughout.

    Parameters
    ----------
    sidewalk, centre : ndarray of float64
        Share of runners on a sidewalk where there is one, and in the middle.
    facing, walk_facing : ndarray of float64
        Share of those at the edges, and on sidewalks, who face traffic; there it is even until learned.
    decisions : ndarray of float64
        Decisions that these shares are worth; infinite on one-way streets, where nothing is open.
    context : ndarray of object
        Context of the runner's habit: "rural_no_sidewalk", "rural_sidewalk", "urban_no_sidewalk" or
        "urban_sidewalk" (one that is tagged or mapped); "" off carriageways and on one-way streets, where
        both sides face the same traffic.
    left_faces : ndarray of bool
        Whether the left side faces traffic: where vehicles drive on the right, and off carriageways.
    """

    sidewalk: NDArray[np.float64]
    centre: NDArray[np.float64]
    facing: NDArray[np.float64]
    walk_facing: NDArray[np.float64]
    decisions: NDArray[np.float64]
    context: NDArray[np.object_]
    left_faces: NDArray[np.bool_]


def street_shares(
    places: Places, roads: Roads, learned: Learned | None, prior_decisions: float
) -> StreetShares:
    """Look up what is assumed about runners on the street of each block.

    Parameters
    ----------
    places : Places
        States of the blocks.
    roads : Roads
        The roads.
    learned : Learned or None
        Habits of the runner from other runs.
    prior_decisions : float
        Decisions that the standards' shares are worth.

    Returns
    -------
    StreetShares
        One value per block; neutral off carriageways.
    """
    centre = places.way_id[:, CENTRE]
    road = centre != NO_WAY
    # Off carriageways any way serves as a placeholder: its shares are not used.
    some = np.where(road, centre, centre[road][0] if road.any() else roads.ways.index[0])
    ids, row = np.unique(some, return_inverse=True)
    ways = take_columns(roads.ways, _TAGS, roads.ways.index.get_indexer(pd.Index(ids)))
    table = standards.prior_columns(ways)
    mapped_share = standards.mapped_sidewalk_share()
    share, middle, facing = (table[name][row] for name in ("p_sidewalk", "p_centre", "p_facing"))
    mapped = places.mapped[:, [LEFT_SIDEWALK, RIGHT_SIDEWALK]].any(axis=1)
    raised = np.where(mapped, np.maximum(share, mapped_share), share)
    # Who is on a sidewalk that the context does not foresee comes from the edges and the middle alike.
    middle = middle * np.divide(1.0 - raised, 1.0 - share, out=np.ones_like(share), where=share < 1.0)
    share = raised
    one_way = (ways["oneway"] != 0)[row]
    facing = np.where(one_way, 0.5, facing)
    context, left_faces = _habit_context(places, ways, row)
    even, decisions = np.full(len(row), 0.5), np.full(len(row), prior_decisions)
    (facing, walk_facing), decisions = learned_facing(context, (facing, even), decisions, learned)
    decisions = np.where(one_way | ~road, np.inf, decisions)
    return StreetShares(share, middle, facing, walk_facing, decisions, context, left_faces)


def _habit_context(
    places: Places, ways: dict[str, NDArray[Any]], row: NDArray[np.int64]
) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    """Context of each block for the runner's habit, and whether the left side faces traffic there."""
    road = places.way_id[:, CENTRE] != NO_WAY
    tagged = np.zeros(len(ways["oneway"]), dtype=bool)
    for tag in (ways["sidewalk_left"], ways["sidewalk_right"]):
        tagged |= (tag == "yes") | (tag == "separate")
    walks = tagged[row] | places.mapped[:, [LEFT_SIDEWALK, RIGHT_SIDEWALK]].any(axis=1)
    names = np.array(
        [["rural_no_sidewalk", "rural_sidewalk"], ["urban_no_sidewalk", "urban_sidewalk"]], dtype=object
    )
    here = names[ways["built_up"][row].astype(np.int64), walks.astype(np.int64)]
    context = np.where(road & (ways["oneway"][row] == 0), here, "")
    return context, ~road | (ways["traffic_side"] == TrafficSide.RIGHT)[row]


def _sides(facing: NDArray[np.float64], here: StreetShares) -> NDArray[np.float64]:
    """Turn the share that faces traffic into those on the left and on the right of travel."""
    left = np.where(here.left_faces, facing, 1.0 - facing)
    return np.column_stack([left, 1.0 - left])


def habit_node(
    share: NDArray[np.float64], decisions: NDArray[np.float64], shift: float
) -> NDArray[np.float64]:
    """Share at a node of its Beta distribution.

    Parameters
    ----------
    share, decisions : ndarray of float64, shape (n,)
        Mean and weight a + b of the distribution.
    shift : float
        Place of the node in standard deviations, sqrt(p (1 - p) / (a + b + 1)).

    Returns
    -------
    ndarray of float64, shape (n,)
        The share there. Both far nodes are kept within 0.02 and 0.98 (judgement: nobody always does the
        same), and equally far from the mean, so that the mean stays.
    """
    if shift == 0.0:
        return share
    deviation = np.sqrt(share * (1.0 - share) / (decisions + 1.0))
    furthest = np.maximum(np.minimum(share, 1.0 - share) - 0.02, 0.0)
    return np.asarray(share + np.clip(shift * deviation, -furthest, furthest))
