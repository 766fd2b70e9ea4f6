"""The piece of the recorded line that belongs to each interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.schema import Exposure, SlopedTrack


def interval_lines(sloped: SlopedTrack, exposure: Exposure) -> NDArray[np.object_]:
    """Cut the recorded line into the intervals of the exposure table.

    Parameters
    ----------
    sloped : SlopedTrack
        The fixes, with ``section`` and ``block``.
    exposure : Exposure
        The intervals, with the same ``section`` and ``block``.

    Returns
    -------
    ndarray of LineString, shape (n_intervals,)
        In the order of the exposure table, in the direction of travel, in the CRS of the track. Each reaches
        to the first fix of the next interval in the same section, so that neighbours meet.
    """
    xy = shapely.get_coordinates(sloped.geometry.to_numpy())
    section = sloped["section"].to_numpy()
    block = sloped["block"].to_numpy()
    first = {}
    starts = np.flatnonzero(np.r_[True, (section[1:] != section[:-1]) | (block[1:] != block[:-1])])
    ends = np.r_[starts[1:], len(xy)]
    for start, end in zip(starts, ends, strict=True):
        meets = end < len(xy) and section[end] == section[start]
        # A last interval of one fix has no length of its own: it borrows the step that led to it.
        lone = end - start == 1 and not meets and start > 0 and section[start - 1] == section[start]
        piece = xy[start - lone : end + meets]
        first[section[start], block[start]] = piece if len(piece) > 1 else np.repeat(piece, 2, axis=0)
    keys = zip(exposure["section"], exposure["block"], strict=True)
    lines = np.empty(len(exposure), dtype=object)
    lines[:] = [shapely.LineString(first[key]) for key in keys]
    return lines
