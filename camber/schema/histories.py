"""Whole histories drawn from the posterior: what the intervals of every total are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


SILENT: Final = {
    "snapped": "the positions lie on the map's own lines: they were moved there, and say nothing of the side",
    "sparse": "the positions are too far apart in time to say anything of the side of the road",
    "noisy": "the positions are too uncertain to say anything of the side of the road",
}
"""Why a recording says nothing about the side, as a clause for people."""


@dataclass(frozen=True, eq=False)
class LateralHistories:
    """Drawn histories of the lateral state, so that its correlation along the run is kept.

    Parameters
    ----------
    block : ndarray of int64, shape (n_blocks,)
        Values of column ``block`` of the lateral track, in order.
    state : ndarray of int8, shape (n_draws, n_blocks)
        Index into `camber.conventions.LATERAL_STATES`; -1 where the draw is on no mapped way.
    astray : ndarray of bool, shape (n_draws, n_blocks)
        True where the draw is on another street than the matched one, of which nothing is known but that it
        is tilted like this one, to either side.
    device_class : str
        Row of ``standards/gnss_error.csv`` that was used.
    silent : str
        Key of `SILENT` where the recording as a whole says nothing about the side; "" where it does.
    """

    block: NDArray[np.int64]
    state: NDArray[np.int8]
    astray: NDArray[np.bool_]
    device_class: str
    silent: str


@dataclass(frozen=True, eq=False)
class SlopeHistories:
    """Drawn histories of lateral state and of the cross slope under the runner.

    Parameters
    ----------
    block : ndarray of int64, shape (n_blocks,)
        Values of column ``block`` of the sloped track, in order.
    state : ndarray of int8, shape (n_draws, n_blocks)
        As in `LateralHistories`.
    cross_slope_pct : ndarray of float32, shape (n_draws, n_blocks)
        Cross slope [%], positive where it falls to the runner's right; NaN where the state is -1.
    profile : ndarray of int8, shape (n_draws, n_blocks)
        Code of the drawn profile: its place in `camber.conventions.Profile`; -1 where the state is -1.
    """

    block: NDArray[np.int64]
    state: NDArray[np.int8]
    cross_slope_pct: NDArray[np.float32]
    profile: NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class SlopeOptions:
    """Drawn cross slopes of every lateral state: what the surface does wherever the runner may be.

    Parameters
    ----------
    block : ndarray of int64, shape (n_blocks,)
        Values of column ``block`` of the sloped track, in order.
    cross_slope_pct : ndarray of float32, shape (n_draws, n_blocks, 6)
        Cross slope [%] in each of `camber.conventions.LATERAL_STATES`, positive where it falls to the
        runner's right; NaN where the state does not exist. Draws of a road are those of the histories.
    """

    block: NDArray[np.int64]
    cross_slope_pct: NDArray[np.float32]
