"""What somebody told, or an instrument measured, about roads, sides and habits: evidence, never an override.

Roads are in the way frame, the direction in which the way is drawn in OpenStreetMap; where a runner was is
in that of travel, once for each direction in which a way can be run. What people call left, right, north or
facing traffic is turned into these in one place only (`camber.observations`).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, nan
from typing import Literal

from camber.conventions import NO_WAY, LateralState

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
    unsigned : bool
        Whether the slopes say how steep it is, and not to which side.
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
    unsigned: bool = False


@dataclass(frozen=True, order=True)
class SideObserved:
    """Where across the street a runner was, as it was told.

    It speaks of each pass as a whole: with probability ``p_wrong`` the answer is wrong, and then this says
    nothing about it. Where it is right the runner decided as told in a ``share`` of the stretches.

    Parameters
    ----------
    way_id : int
        The carriageway, or a path; -1 for wherever the run went.
    from_m, to_m : float
        The stretch, as chainages along the way as drawn [m].
    run : str
        Fingerprint of the recording that it speaks of; "" for every run. What was said of a run goes before
        what was said of a street in general.
    run_from_m, run_to_m : float
        The stretch of that run, as distances from its start [m].
    along, against : tuple of LateralState
        The states that agree with what was told, left and right as seen in the direction of travel, for a
        runner who goes along the drawing of the way and for one who goes against it; none where it says
        nothing.
    p_wrong : float
        Probability that the answer is wrong (0.05: judgement; `camber.observations` learns it from answers
        that are repeated).
    answer : str
        Names the answer that this is a part of: in a pass it is right or wrong as a whole, and in all runs
        alike.
    by_traffic : bool
        Whether the side was said by traffic: that says nothing of one-way streets, where both sides face the
        same.
    share : float
        Share of the runner's decisions that are as told where the answer is right (0.95: judgement, nobody
        does the same thing every time).
    """

    way_id: int = NO_WAY
    from_m: float = 0.0
    to_m: float = inf
    run: str = ""
    run_from_m: float = 0.0
    run_to_m: float = inf
    along: tuple[LateralState, ...] = ()
    against: tuple[LateralState, ...] = ()
    p_wrong: float = 0.05
    answer: str = ""
    by_traffic: bool = False
    share: float = 0.95


@dataclass(frozen=True)
class SidewalkObserved:
    """Whether there are sidewalks along a way, as it was told or measured.

    Parameters
    ----------
    way_id : int
        The carriageway.
    left, right : bool or None
        Whether there is one left and right of the way as drawn; None where nothing was said.
    p_wrong : float
        Probability that this says nothing (another street, or another stretch of it; 0.05: judgement).
    source : str
        As for `RoadObserved`.
    year : int or None
        When it was so.
    """

    way_id: int
    left: bool | None = None
    right: bool | None = None
    p_wrong: float = 0.05
    source: ObservationSource = "told"
    year: int | None = None


@dataclass(frozen=True)
class WidthObserved:
    """How wide the carriageway of a way is, and where its true middle lies.

    Parameters
    ----------
    way_id : int
        The carriageway.
    from_m, to_m : float
        The stretch, as chainages along the way as drawn [m].
    width_m, width_sd_m : float
        Width between the edges and its standard deviation [m]; NaN where it is not known.
    middle_m, middle_sd_m : float
        Offset of the true middle from the mapped line [m], positive right of the way as drawn, and its
        standard deviation; NaN where it is not known.
    source : str
        As for `RoadObserved`.
    year : int or None
        When it was so.
    """

    way_id: int
    from_m: float = 0.0
    to_m: float = inf
    width_m: float = nan
    width_sd_m: float = nan
    middle_m: float = nan
    middle_sd_m: float = nan
    source: ObservationSource = "told"
    year: int | None = None


PlaceUnknown = Literal["facing", "sidewalk", "middle", "existence"]
"""What is unknown of a runner's use of places, and of a town: the unknowns of ``place_use.csv``."""


@dataclass(frozen=True, order=True)
class HabitObserved:
    """What a runner says of a habit, or of the sidewalks of a town.

    Parameters
    ----------
    unknown : {"facing", "sidewalk", "middle", "existence"}
        Facing traffic at the edges of the road; a sidewalk where there is one; the middle of the road where
        on no sidewalk; sidewalks in streets whose tags tell of none.
    share : float
        How often, as a share of the metres, or of the streets.
    region : str
        For ``"existence"`` the town, as in `UseLikelihood`; "" for all.
    p_wrong : float
        Probability that this says nothing (0.05: judgement).
    """

    unknown: PlaceUnknown
    share: float
    region: str = ""
    p_wrong: float = 0.05


@dataclass(frozen=True)
class Observed:
    """All that was observed; within each part any order gives the same result.

    Parameters
    ----------
    roads : tuple of RoadObserved
        How surfaces fall.
    sides : tuple of SideObserved
        Where the runner was.
    sidewalks : tuple of SidewalkObserved
        Where there are sidewalks, and where there are none.
    widths : tuple of WidthObserved
        How wide carriageways are, and where their middle lies.
    habits : tuple of HabitObserved
        How the runner uses places, and whether towns have sidewalks.
    """

    roads: tuple[RoadObserved, ...] = ()
    sides: tuple[SideObserved, ...] = ()
    sidewalks: tuple[SidewalkObserved, ...] = ()
    widths: tuple[WidthObserved, ...] = ()
    habits: tuple[HabitObserved, ...] = ()
