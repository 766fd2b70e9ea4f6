"""Answers turned into evidence: what was told, by ways as they are drawn and directions of travel."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from math import hypot, inf, isfinite, log
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from camber.observations.answers import (
    BY_TRAFFIC,
    COMPASS,
    INSTRUMENTS,
    RELATIVE,
    SHARES,
    FallAnswer,
    HabitAnswer,
    SideAnswer,
    SidewalkAnswer,
    TiltAnswer,
    WidthAnswer,
    street_of,
)
from camber.observations.trust import doubt, learned_trust
from camber.observations.way_frame import sided, states_on, way_at, ways_of
from camber.schema import (
    HabitObserved,
    Observed,
    RoadObserved,
    SideObserved,
    SidewalkObserved,
    WidthObserved,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from camber.observations.answers import Answer
    from camber.observations.trust import Trust
    from camber.observations.way_frame import StreetWay
    from camber.schema import ObservationSource, RoadSurface

_ONE_PLACE_PCT: Final = 0.6
"""How far one place is from the mean of its street [%] (judgement: as much as windows of 40 m of surveyed
streets lie off a smooth surface)."""

_LEVEL_PCT: Final = 0.5
"""Spread of the slope of a road that looks level [%] (judgement: the eye sees 1 in 100)."""

_PACED, _TAPED = 0.15, 0.03
"""Errors of widths that were stepped out and of measured ones, as a share (judgement)."""

_NOTHING: Final = -inf

_ONE_WAY_ONLY: Final = log(0.1)
"""How likely a plane is said to fall outward, or inward, by somebody who runs it on either side (judgement:
who thinks of the way out alone; one in ten)."""

_OTHER_WAYS: Final = 0.45
"""How far what was said of a street says nothing of a way that is none of it [share] (judgement: ways of one
street share 0.7 of their normal numbers, `camber.cross_slope.observed_roads`; of two with the usual patterns
the second is then like the first where that is not usual in about half of all cases)."""


class Known(NamedTuple):
    """What is known where answers meet the map.

    Parameters
    ----------
    ways : sequence of StreetWay
        Ways of the streets that are named, others among them.
    ways_on_run : callable
        Gives the ways of a run, by its fingerprint.
    left_faces : callable
        Says whether the left side faces traffic at a latitude and longitude.
    region : callable
        Names the town at a latitude and longitude, as in `camber.schema.UseLikelihood`.
    """

    ways: Sequence[StreetWay]
    ways_on_run: Callable[[str], Sequence[StreetWay]]
    left_faces: Callable[[float, float], bool]
    region: Callable[[float, float], str]


def observed_of(answers: Sequence[Answer], known: Known, trust: Trust | None = None) -> Observed:
    """Turn answers into evidence, in their order.

    Parameters
    ----------
    answers : sequence of Answer
        What was told.
    known : Known
        The ways that it is about.
    trust : Trust, optional
        How far a word goes; learned from these answers if missing.

    Returns
    -------
    Observed
        What the stages hear. Streets that no known way belongs to say nothing.
    """
    trust, parts = trust or learned_trust(answers), []
    for answer in answers:
        street = street_of(answer)
        ways = [] if street is None else ways_of(street, known.ways)
        parts.append(_part(answer, ways, known, doubt(answer, trust)))
    roads, sides, sidewalks, widths, habits = zip(*parts, strict=True) if parts else ((),) * 5
    return Observed(
        tuple(one for part in roads for one in part),
        tuple(one for part in sides for one in part),
        tuple(one for part in sidewalks for one in part),
        tuple(one for part in widths for one in part),
        tuple(one for part in habits for one in part),
    )


_Part = tuple[
    list[RoadObserved],
    list[SideObserved],
    list[SidewalkObserved],
    list[WidthObserved],
    list[HabitObserved],
]


def _part(answer: Answer, ways: Sequence[StreetWay], known: Known, p_wrong: float) -> _Part:
    """Evidence of one answer, in the order of the parts of `Observed`."""
    if isinstance(answer, FallAnswer):
        return _fall(answer, ways, p_wrong), [], [], [], []
    if isinstance(answer, TiltAnswer):
        return _tilt(answer, ways, p_wrong), [], [], [], []
    if isinstance(answer, SidewalkAnswer):
        return [], [], sidewalks_told(answer, ways, p_wrong), [], []
    if isinstance(answer, WidthAnswer):
        spread = answer.width_m * (_PACED if answer.paced else _TAPED)
        rows = [
            WidthObserved(way.way_id, width_m=answer.width_m, width_sd_m=spread, year=answer.on.year)
            for way in ways
        ]
        return [], [], [], rows, []
    if isinstance(answer, HabitAnswer):
        town = answer.town
        region = "" if town is None else known.region(town.latitude_deg, town.longitude_deg)
        return [], [], [], [], [HabitObserved(answer.habit, SHARES[answer.often], region, p_wrong)]
    return [], _sides(answer, ways, known, p_wrong), [], [], []


_Logs = tuple[float, float, float, float]
"""Of crowned, one way left, one way right, inverted."""

_BY_EYE: Final[dict[str, _Logs]] = {
    "crowned": (0.0, _NOTHING, _NOTHING, _NOTHING),
    "hollow": (_NOTHING, _NOTHING, _NOTHING, 0.0),
    "one side": (_NOTHING, 0.0, 0.0, _NOTHING),
    "outward": (0.0, _ONE_WAY_ONLY, _ONE_WAY_ONLY, _NOTHING),
    "inward": (_NOTHING, _ONE_WAY_ONLY, _ONE_WAY_ONLY, 0.0),
}
_TO_ONE_SIDE: Final[dict[int, _Logs]] = {
    -1: (_NOTHING, 0.0, _NOTHING, _NOTHING),
    1: (_NOTHING, _NOTHING, 0.0, _NOTHING),
}


def _fall(answer: FallAnswer, ways: Sequence[StreetWay], p_wrong: float) -> list[RoadObserved]:
    doubts = _doubts(ways, p_wrong)
    blank = [
        RoadObserved(way.way_id, 0.0, way.length_m, p_wrong=doubts[way.way_id], year=answer.on.year)
        for way in ways
    ]
    if answer.fall == "level":
        halves: dict[str, Any] = {
            "left_pct": 0.0,
            "left_sd_pct": _LEVEL_PCT,
            "right_pct": 0.0,
            "right_sd_pct": _LEVEL_PCT,
        }
        return [replace(one, **halves) for one in blank]
    if not answer.to:
        return [_with_logs(one, _BY_EYE[answer.fall]) for one in blank]
    found = []
    for piece in sided(answer.to, ways, answer.street, answer.heading_deg):
        one = RoadObserved(*piece[:3], p_wrong=doubts[piece.way_id], year=answer.on.year)
        found.append(_with_logs(one, _TO_ONE_SIDE[piece.side]))
    return found


def _doubts(ways: Sequence[StreetWay], p_wrong: float, at: StreetWay | None = None) -> dict[int, float]:
    """Doubt about each way of a street of which something was said as a whole, or at one of them.

    What is most of a street is as was said; the smaller a part, the likelier it was built otherwise.
    """
    total = sum(way.length_m for way in ways)
    share = {way.way_id: way.length_m / total if at is None else float(way is at) for way in ways}
    return {way: 1.0 - (1.0 - p_wrong) * (1.0 - _OTHER_WAYS * (1.0 - part)) for way, part in share.items()}


def _with_logs(one: RoadObserved, logs: _Logs) -> RoadObserved:
    names = ("log_crowned", "log_one_way_left", "log_one_way_right", "log_inverted")
    said: dict[str, Any] = dict(zip(names, logs, strict=True))
    return replace(one, **said)


def _tilt(answer: TiltAnswer, ways: Sequence[StreetWay], p_wrong: float) -> list[RoadObserved]:
    """Evidence of a tilt measured at one place, for the whole street."""
    spread = hypot(INSTRUMENTS[answer.instrument][int(answer.turned)], _ONE_PLACE_PCT)
    source: ObservationSource = "told" if answer.instrument == "eye" else "measured"
    doubts = _doubts(ways, p_wrong, None if source == "told" else way_at(ways, answer.street))
    found = []
    falls = sided(answer.falls, ways, answer.street, answer.heading_deg)
    lies = sided(answer.side, ways, answer.street, answer.heading_deg) if answer.side else []
    for piece in falls:
        slope = piece.side * answer.tilt_pct
        one = RoadObserved(*piece[:3], p_wrong=doubts[piece.way_id], source=source, year=answer.on.year)
        left: dict[str, Any] = {"left_pct": slope, "left_sd_pct": spread}
        right: dict[str, Any] = {"right_pct": slope, "right_sd_pct": spread}
        if answer.spot == "middle":
            # A level in the middle lies on both halves: what it shows is about their mean.
            found.append(replace(one, **left, **right))
            continue
        for other in lies:
            start, end = max(piece.from_m, other.from_m), min(piece.to_m, other.to_m)
            if other.way_id == piece.way_id and end > start:
                here = replace(one, from_m=start, to_m=end)
                if answer.spot == "sidewalk":
                    surface: RoadSurface = "left_sidewalk" if other.side < 0 else "right_sidewalk"
                    found.append(replace(here, surface=surface, **left))
                else:
                    found.append(replace(here, **(left if other.side < 0 else right)))
    return found


def sidewalks_told(
    answer: SidewalkAnswer, ways: Sequence[StreetWay], p_wrong: float
) -> list[SidewalkObserved]:
    """Say an answer about sidewalks in the frame of each way."""
    said: dict[str, Any] = {"p_wrong": p_wrong, "year": answer.on.year}
    both = {"both": True, "none": False, "separate": False}
    if answer.sides in both:
        there = both[answer.sides]
        return [SidewalkObserved(way.way_id, there, there, **said) for way in ways]
    found: dict[int, SidewalkObserved] = {}
    pieces = sided(answer.sides, ways, answer.street, answer.heading_deg)
    for piece in sorted(pieces, key=lambda piece: piece.to_m - piece.from_m):
        # Of a way that bends, the longest stretch with that side speaks.
        left = piece.side < 0
        found[piece.way_id] = SidewalkObserved(piece.way_id, left, not left, **said)
    return [found[way] for way in sorted(found)]


def _sides(answer: SideAnswer, ways: Sequence[StreetWay], known: Known, p_wrong: float) -> list[SideObserved]:
    name = sha256(repr(answer).encode()).hexdigest()[:16]
    said = SideObserved(
        run=answer.run,
        run_from_m=answer.from_m if isfinite(answer.from_m) else 0.0,
        run_to_m=answer.to_m if isfinite(answer.to_m) else inf,
        p_wrong=p_wrong,
        answer=name,
        share=SHARES[answer.often],
    )
    if answer.side in COMPASS:
        there = ways if answer.street is not None else known.ways_on_run(answer.run)
        return [
            replace(
                said,
                way_id=piece.way_id,
                from_m=piece.from_m,
                to_m=piece.to_m,
                along=states_on(piece.side, answer.place),
                against=states_on(-piece.side, answer.place),
            )
            for piece in sided(answer.side, there)
        ]
    if answer.side in BY_TRAFFIC:
        there = ways if answer.street is not None else known.ways_on_run(answer.run)
        found = []
        for way in there:
            longitude, latitude = way.line_deg[0].tolist()
            side = -1 if known.left_faces(latitude, longitude) == (answer.side == "facing") else 1
            states = states_on(side, answer.place)
            found.append(replace(said, way_id=way.way_id, along=states, against=states, by_traffic=True))
        return found
    side_of = {"": None, "middle": 0, RELATIVE[0]: -1, RELATIVE[1]: 1}
    states = states_on(side_of[answer.side], answer.place)
    said = replace(said, along=states, against=states)
    return [said] if answer.street is None else [replace(said, way_id=way.way_id) for way in ways]
