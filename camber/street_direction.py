"""Which ways of one street are drawn the same way: what "falls to the left" means along a whole street."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.schema import RoadGraph, Ways

    IntArray = NDArray[np.int64]


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
