"""How a stretch is drawn on every map: colour by the likelier leg, solid or pale by how likely it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from camber.conventions import NO_WAY, Side, SideBasis
from camber.schema.likelihood import PALE_FROM, SOLID_FROM

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

LEFT_COLOUR: Final = "#2166AC"
RIGHT_COLOUR: Final = "#B35806"
NEUTRAL_COLOUR: Final = "#767676"
"""Left, right and neither: told apart with any colour vision (the ends of ColorBrewer's PuOr and RdBu,
looked at with the model of Machado et al. 2009), with a contrast of at least 4.5 to 1 on white."""

PALE: Final = 0.5
"""Opacity of a pale line (judgement)."""

UNKNOWN_SIDE: Final = 2
"""What stands for a side that is not known, where -1 is left, 0 on the line, and 1 right of travel."""

_UNKNOWN, _UNMATCHED = 5, 6


@dataclass(frozen=True)
class Stroke:
    """How one stretch of the run is drawn.

    Parameters
    ----------
    name : str
        Stable name, also the class of the shape in the page.
    words : str
        Text in the legend.
    colour : str
        Colour.
    opacity : float
        1 for a solid line, less for a pale one.
    barb : int
        Side of the arrowhead's barb: -1 left, 1 right, 0 both.
    dashes : tuple of float
        On and off lengths in widths of the line; empty for an unbroken line.
    """

    name: str
    words: str
    colour: str
    opacity: float
    barb: int
    dashes: tuple[float, ...] = ()


STROKES: Final = (
    Stroke("run-left", "◀ left leg low", LEFT_COLOUR, 1.0, -1),
    Stroke("run-left-pale", "◀ perhaps left leg low", LEFT_COLOUR, PALE, -1),
    Stroke("run-right", "▶ right leg low", RIGHT_COLOUR, 1.0, 1),
    Stroke("run-right-pale", "▶ perhaps right leg low", RIGHT_COLOUR, PALE, 1),
    Stroke("run-level", "level", NEUTRAL_COLOUR, 1.0, 0),
    Stroke("run-unknown", "can't tell", NEUTRAL_COLOUR, PALE, 0),
    Stroke("run-unmatched", "off the mapped roads", NEUTRAL_COLOUR, PALE, 0, (0.6, 1.6)),
)
"""Every way in which a stretch may be drawn, in the order of the legend."""


def strokes_of(exposure: pd.DataFrame) -> NDArray[np.int64]:
    """Choose how each interval is drawn.

    Parameters
    ----------
    exposure : DataFrame
        The intervals, or stretches of a library.

    Returns
    -------
    ndarray of int64, shape (n_intervals,)
        Index into `STROKES`, by `stroke_of_chances`.
    """
    chances = exposure[["p_left_low", "p_right_low", "p_level"]].to_numpy(dtype=float)
    off = exposure["way_id"].to_numpy() == NO_WAY
    chosen = [_UNMATCHED if away else stroke_of_chances(*row) for away, row in zip(off, chances, strict=True)]
    return np.array(chosen, dtype=np.int64)


def stroke_of_chances(p_left_low: float, p_right_low: float, p_level: float) -> int:
    """Choose how a stretch on a road is drawn: solid from .75, pale from .60, grey below.

    Parameters
    ----------
    p_left_low, p_right_low, p_level : float
        Probabilities of a leg, or of level ground, 0 to 1.

    Returns
    -------
    int
        Index into `STROKES`.
    """
    chances = ((p_left_low, SOLID_FROM, 0), (p_right_low, SOLID_FROM, 2), (p_left_low, PALE_FROM, 1),
               (p_right_low, PALE_FROM, 3), (p_level, PALE_FROM, 4))  # fmt: skip
    return next((stroke for chance, least, stroke in chances if chance >= least), _UNKNOWN)


def sides_of(exposure: pd.DataFrame) -> NDArray[np.int64]:
    """Choose on which side each interval is drawn: that of the runner, whatever the traffic does.

    Parameters
    ----------
    exposure : DataFrame
        The intervals, or stretches of a library.

    Returns
    -------
    ndarray of int64, shape (n_intervals,)
        -1 left and 1 right of travel, 0 on the line (the middle of a road, or a path of its own), and
        `UNKNOWN_SIDE` where no side reaches a probability of .75.
    """
    side, basis = (exposure[name].to_numpy(dtype=str) for name in ("side", "side_basis"))
    left, right, centre = (
        exposure[list(names)].to_numpy(dtype=float).sum(axis=1) >= SOLID_FROM
        for names in (("p_left_sidewalk", "p_left_edge"), ("p_right_sidewalk", "p_right_edge"), ("p_centre",))
    )
    chosen = [side == Side.LEFT, side == Side.RIGHT, left, right, centre | (basis == SideBasis.MAPPED)]
    return np.select(chosen, [-1, 1, -1, 1, 0], UNKNOWN_SIDE).astype(np.int64)
