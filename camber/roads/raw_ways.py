"""Ways as a source gives them, before they are measured: ids, tags, nodes, places in degrees.

Here ways lose what cannot be used: nodes without a place, ways without length, older copies of one way.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from camber import network
from camber.errors import NoRoadsError
from camber.longitudes import short_way
from camber.roads.grid import METRES_PER_DEGREE
from camber.schema import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]

FIRST_OWN_ID: Final = 10**15
"""Ids from here on are ours: for ways with negative ids, which editors give to what is not uploaded yet.

OpenStreetMap counted about 1.4e9 ways in 2025; the distance is a judgement.
"""

_LOWEST_ID: Final = -(2**62)
"""Ids below are taken for this one: an own id must be a number of 64 bits."""

UNITS_PER_DEGREE: Final = 1e7
"""OpenStreetMap keeps places as whole numbers of 1e-7 degrees (wiki Node)."""

_AT_ANTIMERIDIAN_DEG: Final = 180.0 - 5e-7
"""Beyond it, east or west, a place is one on the antimeridian [deg] (judgement: 5 cm)."""

NOWHERE: Final = np.iinfo(np.int32).min
"""Stands for a place that is not known."""


@dataclass(frozen=True, eq=False)
class RawWays:
    """Ways of any source, nodes one after the other.

    Of ``n`` ways the ids and tags; the nodes of way ``w`` are rows ``first[w]:first[w + 1]``, in the drawn
    order, of the ids and places [deg] of all nodes, NaN where the source does not tell a place. ``node_tags``
    are those of nodes that mark a crossing, by id; None where the source does not tell tags of nodes.
    ``problems`` is what was lost so far; ``osm_date`` is ISO 8601.
    """

    way_id: IntArray
    tags: tuple[dict[str, str], ...]
    first: IntArray
    node_id: IntArray
    longitude_deg: FloatArray
    latitude_deg: FloatArray
    problems: tuple[Problem, ...] = ()
    node_tags: Mapping[int, Mapping[str, str]] | None = None
    osm_date: str | None = None

    @property
    def row_way(self) -> IntArray:
        """Position of the way of each node row, shape (n_nodes,)."""
        return np.repeat(np.arange(len(self.way_id)), np.diff(self.first))


def selected_ways(raw: RawWays, at: IntArray) -> RawWays:
    """Select ways by their position, with all their nodes, in that order."""
    rows, first = network.ranges(raw.first[at], raw.first[at + 1])
    return replace(
        raw,
        way_id=raw.way_id[at],
        tags=tuple(raw.tags[way] for way in at),
        first=first,
        node_id=raw.node_id[rows],
        longitude_deg=raw.longitude_deg[rows],
        latitude_deg=raw.latitude_deg[rows],
    )


def joined_ways(parts: Sequence[RawWays]) -> RawWays:
    """Join ways that several sources, one at least, gave: each way once, in the order of ids.

    A way is as its last copy has it, and a node where its last copy has it.
    """
    way_id = np.concatenate([part.way_id for part in parts])
    tags = [way for part in parts for way in part.tags]
    first = np.cumsum(np.concatenate([[0], *(np.diff(part.first) for part in parts)]), dtype=np.int64)
    node_id = np.concatenate([part.node_id for part in parts])
    longitude = np.concatenate([part.longitude_deg for part in parts])
    latitude = np.concatenate([part.latitude_deg for part in parts])
    ids, node = np.unique(node_id, return_inverse=True)
    known = np.flatnonzero(np.isfinite(longitude) & np.isfinite(latitude))
    place = np.full(len(ids), -1)
    place[node[known]] = known  # of equal nodes the last one stays
    _, from_end = np.unique(way_id[::-1], return_index=True)
    at = place[node]
    longitude, latitude = (np.where(at >= 0, places[at], np.nan) for places in (longitude, latitude))
    node_tags = _joined_node_tags(parts)
    everything = RawWays(way_id, tuple(tags), first, node_id, longitude, latitude, (), node_tags)
    return selected_ways(everything, len(way_id) - 1 - from_end)


def _joined_node_tags(parts: Sequence[RawWays]) -> dict[int, Mapping[str, str]] | None:
    """Tags of nodes as the last part that has a node has them; None where no part tells any."""
    told = [part for part in parts if part.node_tags is not None]
    if not told:
        return None
    joined: dict[int, Mapping[str, str]] = {}
    for part in told:
        for node in set(part.node_id.tolist()) & joined.keys():
            del joined[node]
        joined.update(part.node_tags or {})
    return joined


def clean_ways(raw: RawWays, *, path: Path | str) -> RawWays:
    """Keep one usable line per way, with unique ids from 0 on; a `NoRoadsError` if nothing is left.

    Of copies of one way the last is kept. A way with nodes that have no place is clipped to its longest
    stretch without gaps. Ways of fewer than two nodes or of no length are dropped. Negative ids are replaced.
    """
    raw = _positive_ids(raw)
    raw = _last_copies(raw)
    refuse_ways_without_nodes(raw.longitude_deg, len(raw.way_id), path=path)
    raw = _joined_at_antimeridian(raw)
    raw = _clipped(_without_repeated_nodes(raw))
    if not len(raw.way_id):
        lost = "".join(f" {problem.count} {problem.message}" for problem in raw.problems)
        text = "holds no road or path that a runner could use; export an area with ways tagged `highway`."
        raise NoRoadsError(text + lost, path=path)
    return raw


def refuse_ways_without_nodes(longitude_deg: FloatArray, ways: int, *, path: Path | str) -> None:
    """Say what to export where there are ways, but no node has a place: a `NoRoadsError`."""
    if not ways or np.isfinite(longitude_deg).any():
        return
    text = (
        f"holds no road or path with a place: no nodes in this file say where its {ways} ways are; export "
        "with nodes: from Overpass with `(._;>;); out;` or `out geom;`, from an editor the whole layer."
    )
    raise NoRoadsError(text, path=path)


def left_out(count: int) -> tuple[Problem, ...]:
    """Note how many ways a source held that are no place to run; nothing for a count of zero."""
    text = "ways are no place to run (motorways, construction, platforms and the like): left out."
    return (Problem("left_out_way", text, count),) if count else ()


def _with_rows(raw: RawWays, kept: BoolArray) -> RawWays:
    """Keep some of the node rows of ways."""
    if kept.all():
        return raw
    sizes = np.bincount(raw.row_way[kept], minlength=len(raw.way_id))
    return replace(
        raw,
        first=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        node_id=raw.node_id[kept],
        longitude_deg=raw.longitude_deg[kept],
        latitude_deg=raw.latitude_deg[kept],
    )


def _last_copies(raw: RawWays) -> RawWays:
    """Of copies of one way the last, and all ways in the order of their ids, whatever the file's order."""
    if (np.diff(raw.way_id) > 0).all():
        return raw
    _, from_end = np.unique(raw.way_id[::-1], return_index=True)
    order = len(raw.way_id) - 1 - from_end
    older = len(raw.way_id) - len(order)
    note = Problem("duplicate_way", "ways stood in the data more than once: the last copy was kept.", older)
    problems = (*raw.problems, note) if older else raw.problems
    return replace(selected_ways(raw, order), problems=problems)


def _positive_ids(raw: RawWays) -> RawWays:
    negative = raw.way_id < 0
    if not negative.any():
        return raw
    text = "ways had negative ids, as drawn but not uploaded: they were given ids of our own."
    note = Problem("renumbered_way", text, int(negative.sum()))
    renumbered = np.where(negative, FIRST_OWN_ID - np.maximum(raw.way_id, _LOWEST_ID), raw.way_id)
    return replace(raw, way_id=renumbered, problems=(*raw.problems, note))


def _joined_at_antimeridian(raw: RawWays) -> RawWays:
    """Take a node at -180 for the one at 180 at the same latitude: ways are cut there, and meet."""
    at = np.flatnonzero(np.abs(raw.longitude_deg) >= _AT_ANTIMERIDIAN_DEG)
    east, west = at[raw.longitude_deg[at] > 0.0], at[raw.longitude_deg[at] < 0.0]
    if not len(east) or not len(west):
        return raw
    latitude = as_units(raw.latitude_deg)
    node_of = dict(zip(latitude[east].tolist(), raw.node_id[east].tolist(), strict=True))
    node_id = raw.node_id.copy()
    node_id[west] = [
        node_of.get(place, node)
        for place, node in zip(latitude[west].tolist(), raw.node_id[west].tolist(), strict=True)
    ]
    return replace(raw, node_id=node_id)


def _without_repeated_nodes(raw: RawWays) -> RawWays:
    repeated = np.zeros(len(raw.node_id), dtype=bool)
    repeated[1:] = (np.diff(raw.node_id) == 0) & (np.diff(raw.row_way) == 0)
    return _with_rows(raw, ~repeated)


def _clipped(raw: RawWays) -> RawWays:
    """Each way's longest stretch of located nodes; ways without any length dropped."""
    located = np.isfinite(raw.longitude_deg) & np.isfinite(raw.latitude_deg)
    way, n_ways = raw.row_way, len(raw.way_id)
    joined = np.zeros(len(way), dtype=bool)
    joined[1:] = located[1:] & located[:-1] & (np.diff(way) == 0)
    run = np.cumsum(~joined) - 1
    run_way = way[~joined]
    length = np.bincount(run, weights=np.where(joined, _steps(raw), 0.0), minlength=len(run_way))
    order = np.lexsort((np.arange(len(run_way)), -length, run_way))
    best = np.zeros(len(run_way), dtype=bool)
    best[order[np.flatnonzero(np.diff(run_way[order], prepend=-1))]] = True
    rows = best[run] & located
    measured = np.zeros(n_ways, dtype=bool)
    measured[run_way[best & (length > 0.0)]] = True
    cut = measured & (np.bincount(way[rows], minlength=n_ways) < np.diff(raw.first))
    missing = int(np.count_nonzero(~located))
    notes = (
        Problem(
            "clipped_way", "ways were clipped to their longest stretch with known nodes.", int(cut.sum())
        ),
        Problem("missing_node", "nodes of ways are not in the file.", missing),
        Problem(
            "short_way", "ways had fewer than two known nodes or no length: dropped.", int((~measured).sum())
        ),
    )
    raw = replace(_with_rows(raw, rows), problems=raw.problems + tuple(note for note in notes if note.count))
    return raw if measured.all() else selected_ways(raw, np.flatnonzero(measured))


def _steps(raw: RawWays) -> FloatArray:
    """Length [m] from the node before, flat-earth; NaN-free."""
    across = short_way(np.diff(raw.longitude_deg, prepend=np.nan)) * np.cos(np.radians(raw.latitude_deg))
    up = np.diff(raw.latitude_deg, prepend=np.nan)
    return np.nan_to_num(np.hypot(across, up) * METRES_PER_DEGREE)


def as_units(degrees: FloatArray) -> NDArray[np.int32]:
    """Turn degrees into whole 1e-7 degrees."""
    units = np.rint(np.nan_to_num(degrees) * UNITS_PER_DEGREE)
    return np.where(np.isnan(degrees), NOWHERE, units).astype(np.int32)


def as_degrees(units: NDArray[np.int32]) -> FloatArray:
    """Turn whole 1e-7 degrees into degrees; NaN where the place is not known."""
    return np.where(units == NOWHERE, np.nan, units / UNITS_PER_DEGREE)
