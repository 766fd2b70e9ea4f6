"""Which states law and safety leave on a stretch, and where a runner may cross: constraints, never traded.

A sidewalk that is in the map is to be used, on either side (every law of the table says so). Without one a
runner keeps to an edge; the edge that faces traffic is always left, the other one only where neither law nor
speed nor darkness nor the runner's own limits speak against it. Nobody is ever sent to the middle of the
road. Where nothing is left, the stretch keeps the state in which it was run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd
from astral import Observer
from astral.sun import elevation

from camber import conventions, standards
from camber.conventions import (
    CENTRE,
    LATERAL_STATES,
    LEFT_EDGE,
    LEFT_SIDEWALK,
    OTHER,
    RIGHT_EDGE,
    RIGHT_SIDEWALK,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.schema import Recording, SuggestionSettings
    from camber.standards import SideChoice
    from camber.suggestions.surroundings import Stretches

    BoolArray = NDArray[np.bool_]
    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    ObjectArray = NDArray[np.object_]

WALKS: Final = (LEFT_SIDEWALK, RIGHT_SIDEWALK)

SIDE_OF_STATE: Final = np.array(conventions.SIDE_OF_STATE)
"""Side of travel of each lateral state, to be looked up by many codes at once."""

WHY_NOT: Final = {
    "no_state": "that place does not exist there",
    "middle": "nobody is sent to the middle of the road",
    "access": "the carriageway is closed to people on foot",
    "use_sidewalk": "there is a sidewalk, and it is to be used",
    "law": "facing traffic is the law there",
    "one_way": "on a one-way road the law asks for the other edge there",
    "fast": "the limit is above {with_traffic_limit_kmh:.0f} km/h and there is no footway",
    "advised": "facing traffic is recommended there, and the limit is above {quiet_limit_kmh:.0f} km/h",
    "night": "in the dark only facing traffic",
    "own_limit": "your own limits rule out running with traffic",
    "bend": "vehicles from behind cannot be seen in the bend",
}
"""Reasons for which a state is ruled out, in words, with the settings they speak of."""

WHY_KEPT: Final = {
    "access": "the carriageway is closed to people on foot",
    "use_sidewalk": "the sidewalk is the place to be",
    "law": "facing traffic is the law",
    "one_way": "the law asks for this edge of the one-way road",
    "fast": "facing traffic is the safe side (above {with_traffic_limit_kmh:.0f} km/h, no footway)",
    "advised": "facing traffic is the safe side (above {quiet_limit_kmh:.0f} km/h, no footway)",
    "night": "facing traffic is the only safe side in the dark",
    "own_limit": "you chose never to run with traffic",
    "bend": "facing traffic is the safe side in the bends",
}
"""The same reasons, said to whoever stays where they are."""

_DARK_DEG: Final = -6.0
"""Height of the sun below which it is dark [deg]: the end of civil twilight (US Naval Observatory)."""


class Rules(NamedTuple):
    """What is left on each of n stretches; columns as LATERAL_STATES."""

    allowed: BoolArray  # whether the state may be planned, shape (n, 6)
    # Key of `WHY_NOT`, "" where nothing speaks against it, shape (n, 6); a state that is only kept for want
    # of another keeps its reason.
    reason: ObjectArray
    # Exposure to traffic, shape (n, 6) [km facing traffic at the edge of a road at 50 km/h].
    traffic_km: FloatArray
    # Cost of crossing at the start of the stretch, shape (n,) [same unit]; infinite where not allowed.
    crossing_km: FloatArray
    # Where nothing is allowed, so that the stretch keeps the state in which it was run, shape (n,).
    kept: BoolArray

    def reason_in(self, state: IntArray) -> ObjectArray:
        """Reason against one state for each stretch, shape (n,)."""
        return self.reason[np.arange(len(state)), state]

    def traffic_in(self, state: IntArray) -> FloatArray:
        """Exposure to traffic in one state for each stretch, shape (n,) [km facing traffic]."""
        return self.traffic_km[np.arange(len(state)), state]


def in_the_dark(recording: Recording) -> bool:
    """Whether the sun was below the end of civil twilight at the first or the last fix; not without times."""
    if recording.started_at is None:
        return False
    ends = recording.fixes.iloc[[0, -1]]
    return any(
        elevation(Observer(float(latitude), float(longitude)), pd.Timestamp(moment).to_pydatetime())
        < _DARK_DEG
        for moment, latitude, longitude in zip(
            ends["time"], ends["latitude_deg"], ends["longitude_deg"], strict=True
        )
        if pd.notna(moment)
    )


def side_rules(
    stretches: Stretches, usual: IntArray, settings: SuggestionSettings, *, dark: bool = False
) -> Rules:
    """Say what may be planned on each stretch, at least one state; ``usual`` is how each is run without."""
    choice = standards.side_choice()
    reason = _reasons(stretches, settings, dark=dark)
    allowed = reason == ""
    kept = ~allowed.any(axis=1)
    rows = np.flatnonzero(kept)
    allowed[rows, usual[rows]] = True
    crossing_km = _crossing_costs(stretches, settings, choice, dark=dark)
    return Rules(allowed, reason, _traffic(stretches, choice), crossing_km, kept)


def _reasons(stretches: Stretches, settings: SuggestionSettings, *, dark: bool) -> ObjectArray:
    n = len(stretches.length_m)
    reason = np.full((n, len(LATERAL_STATES)), "no_state", dtype=object)
    reason[~stretches.is_road, OTHER] = ""
    reason[stretches.is_road, CENTRE] = "middle"
    walks = stretches.left_walk | stretches.right_walk
    reason[stretches.left_walk, LEFT_SIDEWALK] = ""
    reason[stretches.right_walk, RIGHT_SIDEWALK] = ""
    for state, side in ((LEFT_EDGE, -1), (RIGHT_EDGE, 1)):
        edge = np.where(stretches.is_road, "", "no_state").astype(object)
        behind = stretches.is_road & ~_faces(stretches, side)
        # The last reason that holds is the one that is given: law before the rest.
        for rules_out, key in (
            (stretches.bend, "bend"),
            (stretches.facing_advised & (stretches.limit_kmh > settings.quiet_limit_kmh), "advised"),
            (stretches.limit_kmh > settings.with_traffic_limit_kmh, "fast"),
            (np.full(n, dark), "night"),
            (np.full(n, settings.never_with_traffic), "own_limit"),
            (stretches.facing_required, "law"),
        ):
            edge[behind & rules_out] = key
        edge[stretches.edge_required == -side] = "one_way"
        edge[stretches.is_road & walks] = "use_sidewalk"
        edge[stretches.is_road & stretches.closed] = "access"
        reason[:, state] = edge
    return reason


def _faces(stretches: Stretches, side: int) -> BoolArray:
    """Whether traffic comes towards a runner at that edge; beside a one-way lane both edges are alike."""
    return np.where(stretches.flow == 0, side != stretches.traffic_side, stretches.flow < 0)


def _traffic(stretches: Stretches, choice: SideChoice) -> FloatArray:
    """Weigh each state's metres; speed counts in proportion to the limit, 50 km/h as one (judgement)."""
    behind = np.where(stretches.built_up, choice.with_traffic_built_up, choice.with_traffic_rural)
    speed = stretches.limit_kmh / choice.reference_limit_kmh
    weight = np.zeros((len(speed), len(LATERAL_STATES)))
    for state, side in ((LEFT_EDGE, -1), (RIGHT_EDGE, 1)):
        weight[:, state] = speed * np.where(_faces(stretches, side), 1.0, behind)
    weight[:, CENTRE] = speed * behind
    weight[:, WALKS] = (speed * choice.sidewalk)[:, np.newaxis]
    return weight * (stretches.length_m / 1000.0)[:, np.newaxis]


def _crossing_costs(
    stretches: Stretches, settings: SuggestionSettings, choice: SideChoice, *, dark: bool
) -> FloatArray:
    """Cost at the start of each stretch: of the mapped crossing there, else of a quiet street without a bend.

    Crossing is where two stretches meet, so the less quiet of the two decides.
    """
    before = np.maximum(np.arange(len(stretches.length_m)) - 1, 0)
    limit = np.maximum(stretches.limit_kmh, stretches.limit_kmh[before])
    # A path that meets a road is left at the road's near side: getting to the other one is a crossing too.
    road = stretches.is_road | stretches.is_road[before]
    straight = road & ~(stretches.bend | stretches.bend[before])
    quiet, mapped = may_cross(stretches.crossing, limit, straight, settings, dark=dark)
    cost = np.where(quiet, choice.crossing_quiet, np.inf)
    for kind in ("unmarked", "marked", "signals"):
        price = getattr(choice, f"crossing_{kind}")
        cost = np.where(mapped & (stretches.crossing == kind), np.minimum(cost, price), cost)
    return cost


def may_cross(
    kind: ObjectArray, limit_kmh: FloatArray, straight: BoolArray, settings: SuggestionSettings, *, dark: bool
) -> tuple[BoolArray, BoolArray]:
    """Whether a road may be crossed where no crossing is mapped, and at the mapped one of that kind, if any.

    ``straight`` are the places where a quiet street is seen along well enough; all of shape (n,).
    """
    own_limit = limit_kmh <= settings.crossing_limit_kmh
    quiet = straight & (limit_kmh <= settings.quiet_limit_kmh) & own_limit
    if dark or settings.mapped_crossings_only:
        quiet = np.zeros(len(kind), dtype=bool)
    slow = limit_kmh <= settings.with_traffic_limit_kmh
    mapped = (kind != "") & ((kind != "unmarked") | slow) & own_limit
    return quiet, np.asarray(mapped)
