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
    progress_m: NDArray[np.float64],
    rest_m: NDArray[np.float64],
    connect: Callable[[int, int, int, int], list[tuple[int, int]] | None],
    *,
    back_m: float,
) -> list[list[EdgeVisit]]:
    """Order the edges visited by the fixes of one section.

    A fix that seems to fall back onto an edge just left is noise: it belongs to that earlier visit and
    opens no new one. One that falls back further than noise does has come round again.

    Parameters
    ----------
    edge, direction : ndarray of int64, shape (n,)
        Likeliest edge (-1 off the road) and direction of travel of each fix.
    progress_m, rest_m : ndarray of float64, shape (n,)
        Distance [m] of each fix from where its edge is entered, and to where it is left.
    connect : callable
        ``connect(edge, direction, next_edge, next_direction)`` gives the edges between two, empty where
        they touch, None where the network does not connect them within reach.
    back_m : float
        Longest step backwards that counts as noise [m].

    Returns
    -------
    list of list of EdgeVisit
        One list for each unbroken stretch on the network.
    """
    stretches: list[list[EdgeVisit]] = []
    stretch: list[EdgeVisit] = []
    cursor, furthest = -1, 0.0
    for i in range(len(edge)):
        here = (int(edge[i]), int(direction[i]))
        if here[0] < 0:
            if stretch:
                stretches.append(stretch)
            stretch, cursor = [], -1
            continue
        found = _nearby(
            stretch, cursor, here, still=furthest - progress_m[i] <= back_m, leaving=rest_m[i] <= back_m
        )
        if found is None:
            between = connect(*stretch[-1][:2], *here) if stretch else []
            if between is None:
                stretches.append(stretch)
                stretch, between = [], []
            stretch += [EdgeVisit(e, d, -1, -1) for e, d in between]
            stretch.append(EdgeVisit(*here, i, i))
            cursor, furthest = len(stretch) - 1, progress_m[i]
        else:
            furthest = max(furthest, progress_m[i]) if found == cursor else progress_m[i]
            cursor = found
            visit = stretch[cursor]
            stretch[cursor] = visit._replace(first=i if visit.first < 0 else visit.first, last=i)
    if stretch:
        stretches.append(stretch)
    return stretches


def _nearby(
    stretch: list[EdgeVisit], cursor: int, here: tuple[int, int], *, still: bool, leaving: bool
) -> int | None:
    """Position of the visit that a fix belongs to: this one, the next, or one of the few just left.

    It is still this visit while the fix has not fallen far back, and one just left only near its end.
    """
    for position in (cursor, cursor + 1, cursor - 1, cursor - 2, cursor + 2):
        possible = still if position == cursor else leaving or position > cursor
        if possible and 0 <= position < len(stretch) and stretch[position][:2] == here:
            return position
    return None
