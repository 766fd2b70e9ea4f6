"""What somebody told, or an instrument measured, about single roads: evidence, never an override.

Everything here is in the way frame, the direction in which the way is drawn in OpenStreetMap, so that left
and right are turned in one place only, where a run meets it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import Literal

RoadSurface = Literal["carriageway", "left_sidewalk", "right_sidewalk"]
"""What was observed: the way's own surface, or a sidewalk that is a tag on it, left or right as drawn."""

ObservationSource = Literal["told", "measured", "terrain", "inventory"]
"""Who says so: the runner's word or instrument, a terrain model, a road authority's survey."""


@dataclass(frozen=True, order=True)
class RoadObserved:
    """How the surface of a stretch of one way falls, as it was observed.

    Parameters
    ----------
    way_id : int
        The way.
    from_m, to_m : float
        The stretch, as chainages along the way as drawn [m].
    surface : str
        ``"carriageway"`` (of a path or a mapped sidewalk: its own surface), ``"left_sidewalk"`` or
        ``"right_sidewalk"``.
    log_crowned, log_one_way_left, log_one_way_right, log_inverted : float
        Log-likelihood of the observation under each pattern of the cross section, all that was seen put in,
        slopes included; a common constant is free. The planes fall to the left and to the right of the
        drawing. All four or none: where they are missing (NaN) they follow from the slopes and the standards.
    left_pct, left_sd_pct, right_pct, right_sd_pct : float
        Slope of the half left and of the half right of the crown, positive where it falls to the right of
        the drawing, and its standard deviation [%]; NaN where it was not measured. A sidewalk has one slope,
        given on either side.
    p_wrong : float
        Probability that something else was observed (another strip, another street): the observation then
        says nothing (0.05: judgement; of terrain models measured against surveyed streets in Delft 4 of 87
        windows were wrong).
    source : str
        ``"told"``, ``"measured"`` (by the runner), ``"terrain"`` or ``"inventory"``.
    year : int or None
        When the surface was as observed.
    """

    way_id: int
    from_m: float
    to_m: float
    surface: RoadSurface = "carriageway"
    log_crowned: float = nan
    log_one_way_left: float = nan
    log_one_way_right: float = nan
    log_inverted: float = nan
    left_pct: float = nan
    left_sd_pct: float = nan
    right_pct: float = nan
    right_sd_pct: float = nan
    p_wrong: float = 0.05
    source: ObservationSource = "told"
    year: int | None = None


@dataclass(frozen=True)
class Observed:
    """All that was observed.

    Parameters
    ----------
    roads : tuple of RoadObserved
        How surfaces fall; any order gives the same result.
    """

    roads: tuple[RoadObserved, ...] = ()
