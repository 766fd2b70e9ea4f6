"""Cross sections that were measured in a terrain model: what the map says of a way, and what was found there.

Everything is in the way frame: positive is right of the direction in which the way is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NewType

import pandas as pd

from camber.schema.tables import Column, Table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

CrossSections = NewType("CrossSections", pd.DataFrame)

REFUSED: Final = (
    *("", "too few cells", "too short", "bridge or tunnel", "bend", "cells too coarse", "interpolated"),
    *("smoothed", "rough", "no edges"),
)
"""Why a window was not measured; "" where it was."""

CROSS_SECTIONS: Final = (
    Column("from_m", "float", 0.0),
    Column("to_m", "float", 0.0),
    Column("left_pct", "float", missing=True),
    Column("left_sd_pct", "float", 0.0, missing=True),
    Column("right_pct", "float", missing=True),
    Column("right_sd_pct", "float", 0.0, missing=True),
    Column("correlation", "float", -1.0, 1.0, missing=True),
    Column("log_crowned", "float", missing=True),
    Column("log_one_way_left", "float", missing=True),
    Column("log_one_way_right", "float", missing=True),
    Column("log_inverted", "float", missing=True),
    Column("centre_m", "float", missing=True),
    Column("centre_sd_m", "float", 0.0, missing=True),
    Column("width_m", "float", 0.0, missing=True),
    Column("width_sd_m", "float", 0.0, missing=True),
    Column("step_left_m", "float", missing=True),
    Column("step_right_m", "float", missing=True),
    Column("left_walk_pct", "float", missing=True),
    Column("left_walk_sd_pct", "float", 0.0, missing=True),
    Column("right_walk_pct", "float", missing=True),
    Column("right_walk_sd_pct", "float", 0.0, missing=True),
    Column("roughness_m", "float", 0.0, missing=True),
    Column("second_difference_m", "float", 0.0, missing=True),
    Column("evenness", "float", 0.0, missing=True),
    Column("refused", "text", allowed=REFUSED),
)
"""One row per window of about 40 m, along the way as drawn.

``from_m`` and ``to_m`` are chainages. ``left_pct`` and ``right_pct`` are the slopes of the halves left and
right of the middle, positive where they fall to the right, with their standard errors as the fit has them
and the ``correlation`` of both; ``log_*`` are log-likelihoods of the patterns under a neutral prior, the best
of them 0 (the planes fall to the left and to the right). ``centre_m`` is the middle of the carriageway,
positive right of the line; ``step_*_m`` how much higher the ground is just outside each edge; ``*_walk_pct``
the slope of the strip beyond it, where that is three cells wide and more. ``roughness_m`` is the robust
scatter of the cells about the fit, ``second_difference_m`` that of second differences over sqrt 6, which is
small where a grid was interpolated (missing for points); ``evenness`` is their share over 1 m of those over
3 m (no more than the median of the way, where that is below 0.6): 1 for white noise, half in a grid that was
smoothed over 3 m. What is not known is missing.
"""

as_cross_sections: Final = Table("CrossSections", CROSS_SECTIONS, CrossSections)


@dataclass(frozen=True, eq=False)
class MappedRoad:
    """What the map says about a way whose cross section is wanted.

    Parameters
    ----------
    width_m, width_sd_m : float
        Width of the carriageway (of a path: its own), by tag, lanes or class, and its standard deviation [m].
    is_road : bool
        A carriageway, with two halves; a path, or a sidewalk drawn as a line, has one slope.
    paved : bool
        Whether it is paved.
    covered : bool
        On a bridge, in a tunnel, or on a layer of its own: a model of the ground does not show it.
    sidewalks : tuple of ndarray of float64, shape (m, 2)
        Lines of sidewalks and paths beside it, in the system of the points [m].
    carriageways : tuple of ndarray of float64, shape (m, 2)
        Lines of other carriageways beside it, the other direction of a dual one above all [m].
    """

    width_m: float
    width_sd_m: float
    is_road: bool = True
    paved: bool = True
    covered: bool = False
    sidewalks: tuple[FloatArray, ...] = ()
    carriageways: tuple[FloatArray, ...] = ()
