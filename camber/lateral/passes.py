"""Places that a run passes more than once: laps, and the way back.

The map errs in the same way at every pass, and the road is as wide. Were each pass given errors of its own,
ten laps of a block would average them out and name a side that nobody can see; so a block that comes back to
a place starts from what the nearest earlier pass knew of the street there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numba
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

_LINKED = 150
"""After so many blocks, half an hour, nobody's side is linked any more to what it was (judgement)."""


class Passes(NamedTuple):
    """Where blocks come back to a place; ``n`` blocks, ``e`` of them come back, ``s`` states.

    Parameters
    ----------
    seen : ndarray of int64, shape (n,)
        The nearest block of an earlier pass; -1 where there is none, and but for the entry of each piece.
    alike : ndarray of float64, shape (n,)
        Correlation of the street's errors at the two places.
    link : ndarray of float64, shape (e, s, s)
        Probability of each state now, given each state then.
    """

    seen: NDArray[np.int64]
    alike: NDArray[np.float64]
    link: NDArray[np.float64]


def no_passes(n: int) -> Passes:
    """Say that no place is passed twice.

    Parameters
    ----------
    n : int
        Number of blocks.

    Returns
    -------
    Passes
        Without blocks that come back.
    """
    return Passes(np.full(n, -1, dtype=np.int64), np.zeros(n), np.zeros((0, 1, 1)))


def find_passes(
    way_id: IntArray, direction: IntArray, chainage_m: FloatArray, piece_m: float, length_m: float
) -> tuple[IntArray, FloatArray]:
    """Find the blocks that come back to a place.

    Parameters
    ----------
    way_id : ndarray of int64, shape (n,)
        Way whose errors a block has; -1 for none.
    direction : ndarray of int64, shape (n,)
        Direction of travel on it: whoever turns round begins another pass.
    chainage_m : ndarray of float64, shape (n,)
        Where on it [m].
    piece_m : float
        Length of the pieces of a way [m]: what was known is taken up at the entry of each.
    length_m : float
        Correlation length of the errors along a way [m].

    Returns
    -------
    seen : ndarray of int64, shape (n,)
        As in `Passes`.
    alike : ndarray of float64, shape (n,)
        exp(-d / ``length_m``) with the distance d of the two places.
    """
    n = len(way_id)
    seen, alike = np.full(n, -1, dtype=np.int64), np.zeros(n)
    piece = np.where(way_id >= 0, np.nan_to_num(chainage_m) // piece_m, -1).astype(np.int64)
    same_way = np.r_[False, way_id[1:] == way_id[:-1]]
    same_pass = same_way & np.r_[False, direction[1:] == direction[:-1]]
    enters = ~same_way | (same_pass & np.r_[False, piece[1:] != piece[:-1]])
    earlier: dict[int, list[int]] = {}
    running: list[int] = []
    for k in range(n):
        way = int(way_id[k])
        if not same_pass[k] and running:
            earlier.setdefault(int(way_id[k - 1]), []).extend(running)
            running = []
        running.append(k)
        before = earlier.get(way)
        if before and way >= 0 and enters[k]:
            apart = np.abs(chainage_m[before] - chainage_m[k])
            nearest = int(np.argmin(apart))
            if apart[nearest] <= 0.5 * piece_m:
                seen[k], alike[k] = before[nearest], np.exp(-apart[nearest] / length_m)
    return seen, alike


@numba.njit(cache=True)
def link_states(seen: IntArray, prior: FloatArray, transition: FloatArray) -> FloatArray:
    """Probability of each state at the blocks that come back, given each state at the earlier pass.

    Parameters
    ----------
    seen : ndarray of int64, shape (n,)
        Of `find_passes`.
    prior : ndarray of float64, shape (n, s)
        Prior of the states.
    transition : ndarray of float64, shape (n, s, s)
        Probability of going from a state of the block before to each state of a block.

    Returns
    -------
    ndarray of float64, shape (e, s, s)
        Products of the transitions in between (Chapman & Kolmogorov).
    """
    s = prior.shape[1]
    link = np.zeros(((seen >= 0).sum(), s, s))
    number = 0
    for k in range(len(seen)):
        if seen[k] < 0:
            continue
        if k - seen[k] > _LINKED:
            for a in range(s):
                link[number, a] = prior[k]
        else:
            product = transition[seen[k] + 1].copy()
            for between in range(seen[k] + 2, k + 1):
                product = _times(product, transition[between])
            link[number] = product
        number += 1
    return link


@numba.njit(cache=True)
def _times(one: FloatArray, other: FloatArray) -> FloatArray:
    s = len(one)
    product = np.zeros((s, s))
    for a in range(s):
        for b in range(s):
            if one[a, b] > 0.0:
                for c in range(s):
                    product[a, c] += one[a, b] * other[b, c]
    return product
