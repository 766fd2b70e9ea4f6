"""The sign rule, the names of sides and states, and the rules about units and coordinates.

**Positive is right.** Everything that has a sign is seen by a runner looking along the direction of
*travel*:

* ``offset_m > 0``: the runner is right of the reference line;
* ``cross_slope_pct > 0``: the surface falls to the runner's right, so the right foot is the lower one;
* ``travel_direction`` is +1 along and -1 against the direction in which the way is drawn in OpenStreetMap.
  Chainage and tags such as ``sidewalk:left`` are in that *way frame*; `camber.geometry` turns them.

Units stand in the names: ``_m``, ``_s``, ``_deg``, ``_pct`` (100 x rise / run), ``_mps``. Times are UTC.
Metres are measured in a local UTM coordinate system, never in Web Mercator (EPSG:3857), where 3.00 m
at 51 degrees north measure 4.76 m.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

WGS84: Final = "EPSG:4326"
"""Coordinate system of recordings and of OpenStreetMap: longitude and latitude in degrees."""

OSM_ATTRIBUTION: Final = "© OpenStreetMap contributors"
"""Credit that every map, figure and table with OpenStreetMap data carries (ODbL 1.0, section 4.3)."""

OSM_COPYRIGHT_URL: Final = "https://www.openstreetmap.org/copyright"

EARTH_M: Final = 6_371_008.8
"""Mean radius R1 of the GRS 80 ellipsoid [m] (Moritz 2000, Geodetic Reference System 1980)."""

DEGREE_M: Final = 111_195.0
"""Length of a degree of a great circle on a sphere of that radius, rounded [m]."""

R68_TO_SIGMA: Final = 1.52
"""An accuracy [m] is the radius that holds 68.3 % of the fixes: of two equal normal errors, so many times the
standard deviation of one, the root of -2 ln(1 - 0.683)."""

NOMINAL_MPS: Final = 3.0
"""Speed by which seconds stand for metres where a recording has no times [m/s] (judgement: an easy run)."""

NO_WAY: Final = -1
"""``way_id``, ``edge_id`` and ``street_id`` of a fix that is on no road."""


class TrafficSide(StrEnum):
    """Side of the road on which vehicles drive."""

    LEFT = "left"
    RIGHT = "right"


class Side(StrEnum):
    """Side of the road on which the runner was, looking along the direction of travel."""

    LEFT = "left"
    RIGHT = "right"
    CENTRE = "centre"
    OTHER = "other"
    UNKNOWN = "unknown"


class SideBasis(StrEnum):
    """What a statement about the side rests on.

    ``MAPPED``: the runner was on a way whose place beside the road is in the map. ``SEEN``: the recording
    alone, without any prior, reaches the threshold. ``TOLD``: the runner said so. ``ASSUMED``: the prior
    (traffic side, law, tags) decides. ``UNKNOWN``: nothing reaches the threshold.
    """

    MAPPED = "mapped"
    SEEN = "seen"
    TOLD = "told"
    ASSUMED = "assumed"
    UNKNOWN = "unknown"


class LateralState(StrEnum):
    """Where across the street the runner was, from left to right; ``OTHER`` is a path or off the road."""

    LEFT_SIDEWALK = "left_sidewalk"
    LEFT_EDGE = "left_edge"
    CENTRE = "centre"
    RIGHT_EDGE = "right_edge"
    RIGHT_SIDEWALK = "right_sidewalk"
    OTHER = "other"


LATERAL_STATES: Final = tuple(LateralState)
"""Order of the lateral states in every array that has one column per state."""

LEFT_SIDEWALK, LEFT_EDGE, CENTRE, RIGHT_EDGE, RIGHT_SIDEWALK, OTHER = range(len(LATERAL_STATES))
"""Place of each lateral state in that order, for kernels."""

P_STATES: Final = tuple(f"p_{state}" for state in LATERAL_STATES)
"""Columns of the probabilities of the lateral states, in their order."""

STATE_CODE: Final = {state: code for code, state in enumerate(LATERAL_STATES)}
"""The same by name."""

SIDE_OF_STATE: Final = (-1, -1, 0, 1, 1, 0)
"""Side of travel of each lateral state: -1 left, 1 right, 0 neither."""

MIRRORED_STATES: Final = (4, 3, 2, 1, 0, 5)
"""Place in `LATERAL_STATES` of the state that is the same physical place when travel is turned round."""


class Profile(StrEnum):
    """Shape of a surface across its width."""

    CROWNED = "crowned"
    ONE_WAY = "one_way"
    INVERTED = "inverted"
    TO_ROAD = "to_road"
    TAGGED = "tagged"
    TO_INSIDE = "to_inside"
    OUTWARD = "outward"
    PARABOLIC = "parabolic"
    BANKED = "banked"
    UNKNOWN = "unknown"


PROFILE_CODE: Final = {profile: code for code, profile in enumerate(Profile)}
"""Code of each profile in arrays."""


class SurfaceKind(StrEnum):
    """What the runner was on; totals are kept apart by it, since a sidewalk falls the other way."""

    ROAD_EDGE = "road_edge"
    ROAD_CENTRE = "road_centre"
    SIDEWALK = "sidewalk"
    PATH = "path"
    TRACK = "track"
    UNMATCHED = "unmatched"


CLOCK_UNSET: Final = "clock_unset"
CLOCK_WEEKS: Final = "clock_weeks"
CLOCK_LISTED: Final = "clock_listed"
CLOCK_AHEAD: Final = "clock_ahead"
CLOCK_ANCHORED: Final = "clock_anchored"
CLOCK_DOUBTS: Final = frozenset({CLOCK_UNSET, CLOCK_WEEKS, CLOCK_LISTED, CLOCK_AHEAD})
"""Codes of the problems that tell of a day that only the runner can know."""

ENOUGH_TO_COMPARE_M: Final = 5000.0
"""Metres on mapped roads and sidewalks below which a week is not compared with others [m] (judgement: about
one short run, of which a single street decides the balance)."""

SURFACE_KINDS: Final = tuple(SurfaceKind)
"""Order of the surface kinds in every array that has one column per kind."""


class Verdict(StrEnum):
    """What may be said about one interval; a way to speak, never the basis of a sum."""

    LEFT_LOW = "left_low"
    RIGHT_LOW = "right_low"
    LEVEL = "level"
    TILTED_UNKNOWN = "tilted_unknown"
    UNKNOWN = "unknown"
