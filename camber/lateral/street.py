"""The street around each block: which lateral states exist, where they lie, and how likely they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely

from camber import cross_section, geometry, standards
from camber.conventions import LATERAL_STATES, NO_WAY, LateralState, TrafficSide
from camber.lateral.learning import learned_facing

if TYPE_CHECKING:
    from collections.abc import Hashable

    import pandas as pd
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
    """

    observed_m: NDArray[np.float64]
    place_m: NDArray[np.float64]
    spread_m: NDArray[np.float64]
    width_std_m: NDArray[np.float64]
    way_id: NDArray[np.int64]
    mapped: NDArray[np.bool_]
    reference: NDArray[np.int64]
    direction: NDArray[np.int64]


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
    )
    streets = _Streets(roads.ways[roads.ways["street_id"].isin(blocks.street_id)])
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

    def __init__(self, ways: pd.DataFrame) -> None:
        self.assumed = standards.assume(ways)
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
    places.width_std_m[k] = streets.half_std[row] * np.array([-1.0, -1.0, 0.0, 1.0, 1.0, 0.0])
    places.way_id[k] = np.where(exists, carriageway, NO_WAY)
    places.way_id[k, OTHER] = NO_WAY
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
    ways = roads.ways.loc[np.unique(places.way_id[:, CENTRE][places.way_id[:, CENTRE] != NO_WAY])]
    tagged = ways[["sidewalk_left", "sidewalk_right"]].isin(["yes", "separate"]).any(axis=1)
    columns = ways[["oneway", "built_up", "traffic_side"]].assign(tagged=tagged).to_dict("index")
    context = np.full(len(places.way_id), "", dtype=object)
    left_faces = np.ones(len(places.way_id), dtype=bool)
    for k in np.flatnonzero(places.way_id[:, CENTRE] != NO_WAY):
        row = columns[int(places.way_id[k, CENTRE])]
        left_faces[k] = row["traffic_side"] == TrafficSide.RIGHT
        if row["oneway"] == 0:
            walks = row["tagged"] or places.mapped[k, [LEFT_SIDEWALK, RIGHT_SIDEWALK]].any()
            area = "urban" if row["built_up"] else "rural"
            context[k] = f"{area}_sidewalk" if walks else f"{area}_no_sidewalk"
    return context, left_faces


def state_prior(
    places: Places, roads: Roads, *, habit: bool, learned: Learned | None = None
) -> NDArray[np.float64]:
    """Prior probability of the states of each block.

    Parameters
    ----------
    places : Places
        States of the blocks.
    roads : Roads
        The roads.
    habit : bool
        Whether the preference for facing traffic and for the side with a sidewalk counts; without it both
        sides are even, and tags only share a side's half between edge and sidewalk.
    learned : Learned, optional
        Habits of the runner from other runs.

    Returns
    -------
    ndarray of float64, shape (n, 6)
        Probabilities that sum to 1; 0 where a state does not exist.
    """
    ways = roads.ways.loc[np.unique(places.way_id[places.way_id != NO_WAY])]
    context = standards.prior_context(ways)
    shares = standards.side_prior_table().set_index("context")["p_sidewalk"]
    mapped_share = float(shares["sidewalk_both"])
    prior = np.zeros(places.way_id.shape)
    columns = ways[["oneway", "traffic_side"]].join(context[["p_sidewalk", "p_centre", "p_facing"]])
    known = columns.to_dict("index")
    edge_facing, walk_facing = _facing(places, roads, known, learned if habit else None)
    for k in range(len(prior)):
        exists = places.way_id[k] != NO_WAY
        if not exists[CENTRE]:
            prior[k, exists] = 1.0
            prior[k, OTHER] = 0.0 if exists[:OTHER].any() else 1.0
            continue
        row = known[int(places.way_id[k, CENTRE])]
        facing = edge_facing[k] if habit and row["oneway"] == 0 else 0.5
        left = facing if row["traffic_side"] == TrafficSide.RIGHT else 1.0 - facing
        left_walk = walk_facing[k] if row["traffic_side"] == TrafficSide.RIGHT else 1.0 - walk_facing[k]
        sidewalks = exists[[LEFT_SIDEWALK, RIGHT_SIDEWALK]]
        share = float(row["p_sidewalk"]) if sidewalks.any() else 0.0
        if places.mapped[k, [LEFT_SIDEWALK, RIGHT_SIDEWALK]].any():
            share = max(share, mapped_share)
        centre = min(float(row["p_centre"]), 1.0 - share)
        if habit:
            weight = sidewalks * np.array([left_walk, 1.0 - left_walk])
            walks = share * weight / max(weight.sum(), 1e-12)
            edges = (1.0 - share - centre) * np.array([left, 1.0 - left])
        else:
            walks = 0.5 * share * sidewalks
            edges = 0.5 * (1.0 - centre) - walks
        prior[k, [LEFT_EDGE, CENTRE, RIGHT_EDGE]] = edges[0], centre, edges[1]
        prior[k, [LEFT_SIDEWALK, RIGHT_SIDEWALK]] = walks
    return prior


def _facing(
    places: Places, roads: Roads, known: dict[Hashable, dict[Hashable, Any]], learned: Learned | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Probability of facing traffic at road edges and on sidewalks; there it is even until learned."""
    standard = np.array([known[way]["p_facing"] if way in known else 0.5 for way in places.way_id[:, CENTRE]])
    even = np.full(len(standard), 0.5)
    if learned is None or not learned.habits:
        return standard, even
    context, _ = habit_context(places, roads)
    return learned_facing(context, standard, learned), learned_facing(context, even, learned)
