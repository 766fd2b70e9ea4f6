"""The street around each block: which lateral states exist, where they lie, and how likely they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import shapely

from camber import cross_section, geometry, standards
from camber.conventions import LATERAL_STATES, NO_WAY, LateralState, TrafficSide
from camber.lateral.learning import learned_facing

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

_WIDEST_M = 25.0
"""A mapped sidewalk further than this from the carriageway's line is none of it (judgement)."""

_PATH_SPREAD_M = 0.5
"""Spread of a runner about the line of a path or mapped sidewalk of about 1.8 m [m] (judgement)."""


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
    n = len(blocks.first)
    places = Places(
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
    streets = _Streets(roads.ways[roads.ways["street_id"].isin(blocks.street_id)], roads.overrides)
    for k in np.flatnonzero(blocks.way_id >= 0):
        fixes = slice(blocks.first[k], blocks.last[k] + 1)
        beside = streets.lines_beside(
            int(blocks.way_id[k]), int(blocks.street_id[k]), xy[fixes], blocks.heading_rad[k]
        )
        beside[int(blocks.way_id[k])] = (float(offset_m[fixes].mean()), int(blocks.travel_direction[k]))
        _fill(places, int(k), int(blocks.way_id[k]), beside, streets)
    return places


class _Streets:
    """Lines of the ways of each street, and what is assumed about them, looked up while blocks are filled."""

    def __init__(self, ways: pd.DataFrame, overrides: standards.Overrides | None) -> None:
        self.assumed = standards.assume(ways, overrides)
        self.ways = ways
        self.is_road = dict(zip(ways.index, self.assumed["is_road"], strict=True))
        self.road_side = dict(zip(ways.index, ways["carriageway_side"].tolist(), strict=True))
        self.is_sidepath = {way: side != 0 for way, side in self.road_side.items()}
        self.row = {way: row for row, way in enumerate(ways.index)}
        self.lines = ways.geometry.to_numpy()
        self.members = ways.groupby("street_id").indices
        self.bounds = shapely.bounds(self.lines)
        half, half_std, _ = cross_section.half_width(
            ways["width_m"].to_numpy(dtype=float),
            ways["lanes"].to_numpy(dtype=float),
            self.assumed["lane_m"].to_numpy(dtype=float),
            self.assumed["default_total_m"].to_numpy(dtype=float),
            self.assumed["width_std_m"].to_numpy(dtype=float),
        )
        self.half_std = half_std
        self.places, self.spread, self.allowed, self.tagged = {}, {}, {}, {}
        for direction in (1, -1):
            left, right = geometry.swap_sides("left", "right", direction)
            # Only the runner's own spread is wanted here: the width is one latent error for a whole way.
            self.places[direction], self.spread[direction] = cross_section.state_offsets(
                half,
                np.zeros_like(half),
                assumptions=_OWN_SPREAD,
                parked_left=_parked(ways[f"parking_{left}"]),
                parked_right=_parked(ways[f"parking_{right}"]),
                shoulder_left=(ways[f"shoulder_{left}"] == "yes").to_numpy(),
                shoulder_right=(ways[f"shoulder_{right}"] == "yes").to_numpy(),
            )
            tagged, possible = (
                cross_section.allowed_states(
                    self.assumed["is_road"].to_numpy(),
                    ways[f"sidewalk_{left}"].to_numpy(dtype=object),
                    ways[f"sidewalk_{right}"].to_numpy(dtype=object),
                    assume_untagged=untagged,
                )
                for untagged in (False, True)
            )
            # Most sidewalks in towns are in no map: untagged means unknown there, not absent.
            self.tagged[direction] = tagged
            self.allowed[direction] = np.where(ways["built_up"].to_numpy()[:, np.newaxis], possible, tagged)

    def lines_beside(
        self, way_id: int, street_id: int, xy: NDArray[np.float64], heading_rad: float
    ) -> dict[int, tuple[float, int]]:
        """Other ways of the street that run beside a block: mean offset [m] and direction of travel."""
        low, high = xy.min(axis=0) - _WIDEST_M - 10.0, xy.max(axis=0) + _WIDEST_M + 10.0
        found: dict[int, tuple[float, int]] = {}
        for row in self.members[street_id]:
            other = int(self.ways.index[row])
            box = self.bounds[row]
            if other == way_id or box[0] > high[0] or box[1] > high[1] or box[2] < low[0] or box[3] < low[1]:
                continue
            line = shapely.get_coordinates(self.lines[row])
            _, offset, beside = geometry.project_to_line(xy, line)
            if beside.mean() <= 0.5:
                continue
            middle = xy[beside].mean(axis=0, keepdims=True)
            ahead = middle + 5.0 * np.array([[np.sin(heading_rad), np.cos(heading_rad)]])
            step = geometry.project_to_line(ahead, line)[0][0] - geometry.project_to_line(middle, line)[0][0]
            if abs(step) < 3.0:
                continue  # it crosses the street rather than follows it
            direction = 1 if step > 0.0 else -1
            found[other] = (direction * float(offset[beside].mean()), direction)
        return found


def _parked(tag: pd.Series) -> NDArray[np.bool_]:
    return tag.isin(["lane", "parallel", "diagonal", "perpendicular", "on_street", "yes"]).to_numpy()


def _fill(
    places: Places, k: int, way_id: int, beside: dict[int, tuple[float, int]], streets: _Streets
) -> None:
    """Write the states of one block into the places, which nobody else holds yet."""
    carriageways = [way for way in beside if streets.is_road[way]]
    if not streets.is_road[way_id] and not (streets.is_sidepath[way_id] and carriageways):
        # A path, or a sidewalk whose road is out of reach here: its own line is all there is.
        side = streets.road_side[way_id] * beside[way_id][1]
        state = {0: OTHER, -1: RIGHT_SIDEWALK, 1: LEFT_SIDEWALK}[side]
        places.observed_m[k] = beside[way_id][0]
        places.way_id[k, state] = way_id
        places.mapped[k, state] = True
        return
    carriageway = way_id
    if not streets.is_road[way_id]:
        carriageway = min(carriageways, key=lambda way: (abs(beside[way][0] - beside[way_id][0]), way))
    offset, direction = beside[carriageway]
    row = streets.row[carriageway]
    places.reference[k], places.direction[k] = carriageway, direction
    sidepaths = {way: offset - value for way, (value, _) in beside.items() if streets.is_sidepath[way]}
    # Where sidewalks are mapped as lines, an untagged one on the other side is most likely none (judgement).
    exists = (streets.tagged if sidepaths else streets.allowed)[direction][row]
    places.observed_m[k] = offset
    places.place_m[k] = streets.places[direction][row]
    places.spread_m[k] = streets.spread[direction][row]
    walk_std = np.hypot(streets.half_std[row], _WALK_STD_M)
    edge_std = streets.half_std[row]
    places.width_std_m[k] = np.array([-walk_std, -edge_std, 0.0, edge_std, walk_std, 0.0])
    places.way_id[k] = np.where(exists, carriageway, NO_WAY)
    places.way_id[k, OTHER] = NO_WAY
    places.doubtful[k] = exists & ~streets.tagged[direction][row]
    for state, sign in ((LEFT_SIDEWALK, -1.0), (RIGHT_SIDEWALK, 1.0)):
        gaps = {way: sign * gap for way, gap in sidepaths.items() if 1.0 < sign * gap < _WIDEST_M}
        if not gaps:
            continue
        nearest = way_id if way_id in gaps else min(gaps, key=lambda way: (gaps[way], way))
        places.observed_m[k, state] = beside[nearest][0]
        places.place_m[k, state] = 0.0
        places.spread_m[k, state] = _PATH_SPREAD_M
        places.width_std_m[k, state] = 0.0
        places.way_id[k, state] = nearest
        places.mapped[k, state] = True
        places.doubtful[k, state] = False


def habit_context(places: Places, roads: Roads) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    """Context of each block for the runner's habit, and which side faces traffic there.

    Parameters
    ----------
    places : Places
        States of the blocks.
    roads : Roads
        The roads.

    Returns
    -------
    context : ndarray of object, shape (n,)
        "rural_no_sidewalk", "rural_sidewalk", "urban_no_sidewalk" or "urban_sidewalk" (one that is tagged or
        mapped); "" off carriageways and on one-way streets, where both sides face the same traffic.
    left_faces : ndarray of bool, shape (n,)
        True where vehicles drive on the right.
    """
    road = places.way_id[:, CENTRE] != NO_WAY
    columns = ["oneway", "built_up", "traffic_side", "sidewalk_left", "sidewalk_right"]
    row = roads.ways.index.get_indexer(pd.Index(places.way_id[road, CENTRE]))
    # Columns of a GeoDataFrame are slow to take.
    ways = pd.DataFrame(roads.ways, copy=False)[columns].take(row)
    walks = ways[["sidewalk_left", "sidewalk_right"]].isin(["yes", "separate"]).to_numpy().any(axis=1)
    walks |= places.mapped[np.ix_(road, [LEFT_SIDEWALK, RIGHT_SIDEWALK])].any(axis=1)
    names = np.array(
        [["rural_no_sidewalk", "rural_sidewalk"], ["urban_no_sidewalk", "urban_sidewalk"]], dtype=object
    )
    here = names[ways["built_up"].to_numpy(dtype=np.int64), walks.astype(np.int64)]
    context = np.full(len(places.way_id), "", dtype=object)
    context[road] = np.where((ways["oneway"] == 0).to_numpy(), here, "")
    left_faces = np.ones(len(places.way_id), dtype=bool)
    left_faces[road] = (ways["traffic_side"] == TrafficSide.RIGHT).to_numpy()
    return context, left_faces


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
    left_faces : ndarray of bool
        Whether the left side faces traffic.
    """

    sidewalk: NDArray[np.float64]
    centre: NDArray[np.float64]
    facing: NDArray[np.float64]
    walk_facing: NDArray[np.float64]
    decisions: NDArray[np.float64]
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
    ways = roads.ways.loc[np.unique(some)]
    row = ways.index.get_indexer(pd.Index(some))
    table = standards.prior_context(ways)
    mapped_share = float(standards.side_prior_table().set_index("context")["p_sidewalk"]["sidewalk_both"])
    share, middle, facing = (
        table[name].to_numpy(dtype=float)[row] for name in ("p_sidewalk", "p_centre", "p_facing")
    )
    mapped = places.mapped[:, [LEFT_SIDEWALK, RIGHT_SIDEWALK]].any(axis=1)
    raised = np.where(mapped, np.maximum(share, mapped_share), share)
    # Who is on a sidewalk that the context does not foresee comes from the edges and the middle alike.
    middle = middle * np.divide(1.0 - raised, 1.0 - share, out=np.ones_like(share), where=share < 1.0)
    share = raised
    one_way = (ways["oneway"] != 0).to_numpy()[row]
    facing = np.where(one_way, 0.5, facing)
    context, left_faces = habit_context(places, roads)
    even, decisions = np.full(len(row), 0.5), np.full(len(row), prior_decisions)
    (facing, walk_facing), decisions = learned_facing(context, (facing, even), decisions, learned)
    decisions = np.where(one_way | ~road, np.inf, decisions)
    return StreetShares(share, middle, facing, walk_facing, decisions, left_faces)


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
