"""How the ways of one street lie to each other: which are drawn alike, which are one of two carriageways."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.schema import RoadGraph, Ways

    BoolArray = NDArray[np.bool_]
    IntArray = NDArray[np.int64]

TWIN_M: Final = 25.0
"""Widest distance between the middles of two carriageways of a street [m] (judgement: two carriageways of 7 m
and a median of 18 m)."""


def drawn_alike(start_node: IntArray, end_node: IntArray, street_id: IntArray, way_id: IntArray) -> IntArray:
    """Orient the ways of each street alike, from end to end: +1 where drawn as the street runs, -1 against.

    By the nodes at which each way starts and ends as drawn, shape (n,). At a node two ways go on in the same
    direction if one ends where the other starts; the smallest id of those that hang together sets it.
    """
    at: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    starts, ends, streets = start_node.tolist(), end_node.tolist(), street_id.tolist()
    for row, (start, end, street) in enumerate(zip(starts, ends, streets, strict=True)):
        at[street, start].append((row, 1))
        at[street, end].append((row, -1))
    sign = [0] * len(starts)
    for first in np.argsort(way_id, kind="stable").tolist():
        if sign[first]:
            continue
        sign[first] = 1
        waiting = [first]
        while waiting:
            row = waiting.pop()
            for node, own in ((starts[row], 1), (ends[row], -1)):
                for other, its in at[streets[row], node]:
                    if not sign[other]:
                        sign[other] = sign[row] if own != its else -sign[row]
                        waiting.append(other)
    return np.array(sign, dtype=np.int64)


def ways_drawn_alike(graph: RoadGraph, ways: Ways, rows: IntArray) -> IntArray:
    """Say for some rows of the ways whether each is drawn as its whole street runs: +1 or -1, shape (n,)."""
    street = ways["street_id"].to_numpy()
    asked = np.zeros(len(ways), dtype=bool)
    asked[np.isin(street, street[rows])] = True
    edges = np.flatnonzero(asked[graph.edge_way])
    edges = edges[np.lexsort((graph.edge_start_m[edges], graph.edge_way[edges]))]
    owner, begin = np.unique(graph.edge_way[edges], return_index=True)
    end = np.r_[begin[1:], len(edges)].astype(np.int64) - 1
    alike = np.ones(len(ways), dtype=np.int64)
    if len(owner):
        nodes = graph.edge_from[edges[begin]], graph.edge_to[edges[end]]
        alike[owner] = drawn_alike(*nodes, street[owner], ways.index.to_numpy()[owner])
    return alike[rows]


def paired_carriageways(ways: Ways, rows: IntArray) -> BoolArray:
    """Say for some rows of the ways whether each is one of a pair of one-way carriageways, shape (n,).

    So it is where another way of its street, one-way against it, lies within `TWIN_M` of its middle.
    """
    one_way, street = ways["oneway"].to_numpy(), ways["street_id"].to_numpy()
    asked = np.flatnonzero(one_way[rows] != 0)
    paired = np.zeros(len(rows), dtype=bool)
    others = np.flatnonzero((one_way != 0) & np.isin(street, street[rows[asked]]))
    if len(asked) == 0:
        return paired
    lines = ways.geometry.to_numpy()
    middle = shapely.line_interpolate_point(lines[rows[asked]], 0.5, normalized=True)
    one, other = shapely.STRtree(lines[others]).query(middle, predicate="dwithin", distance=TWIN_M)
    way, twin = rows[asked[one]], others[other]
    flow = [np.sign(one_way[each])[:, np.newaxis] * _reach(lines[each]) for each in (way, twin)]
    against = (street[way] == street[twin]) & ((flow[0] * flow[1]).sum(axis=1) < 0.0)
    paired[asked[one[against]]] = True
    return paired


def _reach(lines: NDArray[np.object_]) -> NDArray[np.float64]:
    """From the first to the last point of each line, shape (n, 2)."""
    ends = [shapely.get_coordinates(shapely.get_point(lines, place)) for place in (0, -1)]
    return np.asarray(ends[1] - ends[0])
