"""Roads seen from behind: the surface across the road, and which leg is low where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib import style
from matplotlib.figure import Figure

from camber.conventions import Profile
from camber.cross_section import PROFILES, cross_slope
from camber.report.figures import STYLE
from camber.report.strokes import LEFT_COLOUR, NEUTRAL_COLOUR, RIGHT_COLOUR
from camber.schema import CrossSlopeSettings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

_STEP_M: Final = 0.05
LEVEL_PCT: Final = CrossSlopeSettings.level_pct
"""Below this absolute cross slope the ground is called level."""


def surface_across(
    profile: Profile | str, half_width_m: float = 3.5, grade_pct: float = 2.5, low_side: int = 1
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Compute the surface of a road across its width.

    Parameters
    ----------
    profile : Profile or str
        Its shape; ``to_road`` is the pair of sidewalks, which fall towards the road between them.
    half_width_m : float
        Half the width [m] (3.5: a carriageway of two lanes; an example).
    grade_pct : float
        Absolute cross slope of its planes [%].
    low_side : {1, -1}
        Where a plane falls to the right (1) or to the left.

    Returns
    -------
    offset_m : ndarray of float64, shape (n,)
        Offset from the middle [m], positive right.
    slope_pct : ndarray of float64, shape (n,)
        Cross slope [%], positive where it falls to the right: `camber.cross_section.cross_slope`.
    height_m : ndarray of float64, shape (n,)
        Height over the lowest point [m]: minus the integral of the slope (trapezoids).
    """
    steps = round(half_width_m / _STEP_M)
    offset = np.linspace(-half_width_m, half_width_m, 2 * steps + 1)
    every = np.ones_like(offset)
    code = np.full(len(offset), PROFILES.index(Profile(profile)))
    slope = cross_slope(code, offset, grade_pct * every, half_width_m * every, low_side * every)
    falls = np.diff(offset) * (slope[1:] + slope[:-1]) / 200.0
    height = -np.concatenate([[0.0], np.cumsum(falls)])
    return offset, slope, height - height.min()


def plot_profile(
    profile: Profile | str,
    ax: Axes | None = None,
    *,
    half_width_m: float = 3.5,
    grade_pct: float = 2.5,
    low_side: int = 1,
) -> Axes:
    """Draw a road seen from behind, blue where the left leg is low and orange where the right leg is.

    Parameters
    ----------
    profile : Profile or str
        Its shape.
    ax : Axes, optional
        Where to draw; a figure of its own, without a window, if it is missing (see ``.figure``).
    half_width_m, grade_pct, low_side
        See `surface_across`.

    Returns
    -------
    Axes
        Offset [m] to the right, height [cm] upwards; heights are drawn far too steep.
    """
    offset, slope, height = surface_across(profile, half_width_m, grade_pct, low_side)
    middle = (slope[1:] + slope[:-1]) / 2.0
    parts = (
        ("◀", middle <= -LEVEL_PCT, LEFT_COLOUR),
        ("▶", middle >= LEVEL_PCT, RIGHT_COLOUR),
        ("", np.abs(middle) < LEVEL_PCT, NEUTRAL_COLOUR),
    )
    with style.context(STYLE):
        axes = ax or Figure(figsize=(3.2, 1.6), layout="constrained").add_subplot()
        axes.fill_between(offset, 0.0, 100.0 * height, color=NEUTRAL_COLOUR, alpha=0.15, linewidth=0.0)
        for symbol, here, colour in parts:
            for piece in np.split(np.arange(len(middle)), np.flatnonzero(np.diff(here)) + 1):
                if not here[piece[0]]:
                    continue
                place = slice(piece[0], piece[-1] + 2)
                axes.plot(offset[place], 100.0 * height[place], color=colour, linewidth=2.4)
                centre = (piece[0] + piece[-1] + 1) // 2
                axes.annotate(
                    symbol, (offset[centre], 100.0 * height[centre]), (0.0, 7.0),
                    textcoords="offset points", ha="center", va="center", color=colour,
                )  # fmt: skip
        axes.set_title(Profile(profile).value.replace("_", " "), fontsize="medium")
        axes.set_ylim(0.0, max(1.6 * 100.0 * float(height.max()), 5.0))
        axes.set_xlabel("left   [m from the middle]   right")
        axes.set_ylabel("height [cm]")
        axes.spines[["top", "right"]].set_visible(False)
    return axes
