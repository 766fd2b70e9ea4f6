"""From the likeliest state of each fix to the ways traversed, in order, without zigzag."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray


class EdgeVisit(NamedTuple):
    """One edge run along in one direction.

    Parameters
    ----------
    edge : int
        Edge index.
    direction : int
        +1 along, -1 against the drawn direction.
    first, last : int
        Positions of the first and last fix on it, -1 where it was crossed between two fixes.
    """

    edge: int
    direction: int
    first: int
    last: int


def edge_visits(
    edge: NDArray[np.int64],
    direction: NDArray[np.int64],
    connect: Callable[[int, int, int, int], list[tuple[int, int]] | None],
) -> list[list[EdgeVisit]]:
    """Order the edges visited by the fixes of one section.

    A fix that seems to fall back onto an edge just left is noise: it belongs to that earlier visit and
    opens no new one.

    Parameters
    ----------
    edge, direction : ndarray of int64, shape (n,)
        Likeliest edge (-1 off the road) and direction of travel of each fix.
    connect : callable
        ``connect(edge, direction, next_edge, next_direction)`` gives the edges between two, empty where
        they touch, None where the network does not connect them within reach.

    Returns
    -------
    list of list of EdgeVisit
        One list for each unbroken stretch on the network.
    """
    stretches: list[list[EdgeVisit]] = []
    stretch: list[EdgeVisit] = []
    cursor = -1
    for i in range(len(edge)):
        here = (int(edge[i]), int(direction[i]))
        if here[0] < 0:
            if stretch:
                stretches.append(stretch)
            stretch, cursor = [], -1
            continue
        found = _nearby(stretch, cursor, here)
        if found is None:
            between = connect(*stretch[-1][:2], *here) if stretch else []
            if between is None:
                stretches.append(stretch)
                stretch, between = [], []
            stretch += [EdgeVisit(e, d, -1, -1) for e, d in between]
            stretch.append(EdgeVisit(*here, i, i))
            cursor = len(stretch) - 1
        else:
            cursor = found
            visit = stretch[cursor]
            stretch[cursor] = visit._replace(first=i if visit.first < 0 else visit.first, last=i)
    if stretch:
        stretches.append(stretch)
    return stretches


def _nearby(stretch: list[EdgeVisit], cursor: int, here: tuple[int, int]) -> int | None:
    """Position of the visit that a fix belongs to: this one, the next, or one of the few just left."""
    for position in (cursor, cursor + 1, cursor - 1, cursor - 2, cursor + 2):
        if 0 <= position < len(stretch) and stretch[position][:2] == here:
            return position
    return None
