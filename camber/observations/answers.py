"""What a runner tells of roads, sides and habits: one kind of answer a class, checked where it is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from math import isfinite, nan
from typing import ClassVar, Final, Literal, get_args

from camber.errors import AnswerError

COMPASS: Final = {
    name: 45.0 * number
    for number, name in enumerate(
        ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")
    )
}
"""Sides of a street by the compass: bearing [deg], clockwise from north."""

RELATIVE: Final = ("left", "right")
"""Sides as a runner sees them who goes a known way."""

BY_TRAFFIC: Final = ("facing", "with")
"""Sides by the traffic of the nearer lane."""

Fall = Literal["crowned", "hollow", "level", "one side", "outward", "inward"]
"""Cross section by eye: ridge in the middle, ditch in the middle, neither, or all of it to one side; or which
way it falls under those who run there, as a rule, away from the middle or to it."""

Often = Literal["always", "usually", "sometimes", "seldom", "never"]

SHARES: Final[dict[Often, float]] = {
    "always": 0.95,
    "usually": 0.8,
    "sometimes": 0.5,
    "seldom": 0.2,
    "never": 0.05,
}
"""What such a word means as a share (judgement: nobody does the same thing every time)."""

HABITS: Final = {
    "facing": "where there is no sidewalk you face traffic",
    "sidewalk": "you take the sidewalk where there is one",
    "middle": "you run in the middle of empty roads",
    "existence": "quiet streets here have sidewalks",
}
"""What can be told of habits and of a town, in words; the unknowns of ``place_use.csv``."""

INSTRUMENTS: Final = {
    "phone": (0.5, 0.25),
    "spirit level": (0.3, 0.15),
    "digital level": (0.2, 0.1),
    "eye": (1.5, 1.5),
}
"""Standard deviation of a reading and of two that are turned by 180 degrees [%]. Phone: below 0.3 degrees
(Mourcou et al. 2015, Sensors 15:23168); turned, the zero of the sensor goes and about half of it is left. A
spirit level of 0.6 m is read to 2 mm; a digital one shows tenths of a degree (judgement)."""

_STEEPEST_PCT: Final = 20.0
"""No road falls more steeply across [%] (judgement: twice the steepest bend that is built; 11 degrees)."""

_WIDEST_M: Final = 60.0
_EARLIEST: Final = date(1950, 1, 1)
_WALK_SIDES: Final = ("both", "none", "separate", *RELATIVE, *COMPASS)
_TILT_SPOTS: Final = ("edge", "sidewalk", "middle")


def _need(right: bool, message: str) -> None:  # noqa: FBT001 - what has to be true
    if not right:
        raise AnswerError(message)


def _one_of(value: str, allowed: tuple[str, ...], what: str) -> None:
    _need(value in allowed, f"{value!r} is no {what}; say one of: {', '.join(allowed)}")


@dataclass(frozen=True)
class Street:
    """A street of which something is told.

    Parameters
    ----------
    name : str
        As in the map; "" where it has none.
    latitude_deg, longitude_deg : float
        A place on it: it tells streets of one name apart.
    ways : tuple of int
        Ways that made it up when it was told, by their numbers in OpenStreetMap. Ways of the same name that
        are joined to them, or lie near the place, belong to it too.
    """

    name: str
    latitude_deg: float
    longitude_deg: float
    ways: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Check that it is a place on earth, and can be found again."""
        on_earth = abs(self.latitude_deg) <= 90.0 and abs(self.longitude_deg) <= 180.0
        _need(on_earth, f"{self.latitude_deg}, {self.longitude_deg} is no place on earth")
        _need(bool(self.name or self.ways), "a street without a name needs the numbers of its ways")


@dataclass(frozen=True, kw_only=True)
class Said:
    """Who said something, when, and how surely.

    Parameters
    ----------
    on : date
        Day from which on it was so: a street may be rebuilt.
    by : str
        Who said it.
    sure : float
        Probability that it is right; NaN for what is usual (`camber.observations.trust`).
    """

    kind: ClassVar[str]
    on: date
    by: str = "you"
    sure: float = nan

    def __post_init__(self) -> None:
        """Check the day and the probability."""
        # A day more: it may be tomorrow already where the runner is.
        today = date.today() + timedelta(days=1)  # noqa: DTZ011 - the runner's own day
        _need(self.on >= _EARLIEST, f"{self.on} is too long ago to say anything of streets today")
        _need(self.on <= today, f"{self.on} lies in the future; give a day that has been")
        known = not isfinite(self.sure) or 0.5 <= self.sure < 1.0
        _need(known, f"{self.sure:g} is no measure of sureness; give 0.5 (a guess) to 0.99")


@dataclass(frozen=True, kw_only=True)
class OfStreet(Said):
    """Something said of a street.

    Parameters
    ----------
    street : Street
        The street.
    heading_deg : float
        Direction of travel at the street's place in which left and right were said [deg], clockwise from
        north; NaN where neither was.
    """

    street: Street
    heading_deg: float = nan

    def _turned(self, side: str) -> None:
        """Check that left or right was said by somebody who goes a known way."""
        told = side not in RELATIVE or isfinite(self.heading_deg)
        _need(
            told,
            f"{side} of what? Say the side by the compass, such as north, or a run that went there (--run)",
        )


@dataclass(frozen=True, kw_only=True)
class SidewalkAnswer(OfStreet):
    """Where a street has sidewalks.

    Parameters
    ----------
    sides : str
        ``"both"``, ``"none"``, ``"separate"`` (a path of its own, apart from the road), or the one side:
        ``"left"``, ``"right"``, or by the compass.
    """

    kind: ClassVar[str] = "sidewalk"
    sides: str

    def __post_init__(self) -> None:
        """Check the side."""
        super().__post_init__()
        _one_of(self.sides, _WALK_SIDES, "place for a sidewalk")
        self._turned(self.sides)


@dataclass(frozen=True, kw_only=True)
class WidthAnswer(OfStreet):
    """How wide a street is between its edges.

    Parameters
    ----------
    width_m : float
        Width [m].
    paced : bool
        Whether it was stepped out or guessed rather than measured.
    """

    kind: ClassVar[str] = "width"
    width_m: float
    paced: bool = True

    def __post_init__(self) -> None:
        """Check the width."""
        super().__post_init__()
        _need(
            1.0 <= self.width_m <= _WIDEST_M, f"a road is 1 to {_WIDEST_M:.0f} m wide, not {self.width_m:g} m"
        )


@dataclass(frozen=True, kw_only=True)
class FallAnswer(OfStreet):
    """How a street falls to its sides, by eye or by where the water runs.

    Parameters
    ----------
    fall : {"crowned", "hollow", "level", "one side", "outward", "inward"}
        Its cross section, or how it falls where one runs, on both sides of it.
    to : str
        The side to which it falls, as for `SidewalkAnswer`; "" where that is not known.
    """

    kind: ClassVar[str] = "fall"
    fall: Fall
    to: str = ""

    def __post_init__(self) -> None:
        """Check the cross section and the side."""
        super().__post_init__()
        _one_of(self.fall, get_args(Fall), "cross section")
        _one_of(self.to, ("", *RELATIVE, *COMPASS), "side")
        _need(not self.to or self.fall == "one side", f"a {self.fall} road does not fall to one side")
        self._turned(self.to)


@dataclass(frozen=True, kw_only=True)
class TiltAnswer(OfStreet):
    """A tilt that was measured at a place across a street.

    Parameters
    ----------
    tilt_pct : float
        Steepness [%], with a level laid across the street.
    falls : str
        The side to which it falls there: ``"left"``, ``"right"``, or by the compass.
    spot : {"edge", "sidewalk", "middle"}
        Where it was laid.
    side : str
        On which side of the street, as ``falls``; "" in the middle.
    instrument : {"phone", "spirit level", "digital level", "eye"}
        With what.
    turned : bool
        Whether it is the mean of two readings turned by 180 degrees, which removes the instrument's zero.
    """

    kind: ClassVar[str] = "tilt"
    tilt_pct: float
    falls: str
    spot: str = "edge"
    side: str = ""
    instrument: str = "phone"
    turned: bool = False

    def __post_init__(self) -> None:
        """Check tilt, place and instrument."""
        super().__post_init__()
        steep = f"no road falls {self.tilt_pct:g} % across; up to {_STEEPEST_PCT:.0f} % (11 degrees) is taken"
        _need(0.0 <= self.tilt_pct <= _STEEPEST_PCT, steep)
        _one_of(self.falls, (*RELATIVE, *COMPASS), "side to fall to")
        _one_of(self.spot, _TILT_SPOTS, "place across a street")
        _one_of(self.instrument, tuple(INSTRUMENTS), "instrument")
        across = ("",) if self.spot == "middle" else (*RELATIVE, *COMPASS)
        _one_of(self.side, across, "side of a street to lay a level")
        self._turned(self.falls)
        self._turned(self.side)


@dataclass(frozen=True, kw_only=True)
class SideAnswer(Said):
    """Where the runner was, or usually is.

    Parameters
    ----------
    street : Street or None
        On this street; None for all of the run.
    run : str
        On this run, by the fingerprint of the recording; "" for every run.
    from_m, to_m : float
        On this stretch of the run, from its start [m]; NaN for all of it.
    side : str
        ``"facing"`` or ``"with"`` traffic, ``"left"`` or ``"right"`` of travel, by the compass, ``"middle"``,
        or "" where only the place is known.
    place : {"", "edge", "sidewalk"}
        On the road's edge, or on a sidewalk.
    often : {"always", "usually"}
        How often.
    """

    kind: ClassVar[str] = "side"
    street: Street | None = None
    run: str = ""
    from_m: float = nan
    to_m: float = nan
    side: str = ""
    place: str = ""
    often: Often = "always"

    def __post_init__(self) -> None:
        """Check that it says something of somewhere."""
        super().__post_init__()
        _need(self.street is not None or bool(self.run), "where? Name a street, or a run (--run)")
        _one_of(self.side, ("", "middle", *BY_TRAFFIC, *RELATIVE, *COMPASS), "side to run on")
        _one_of(self.place, ("", "edge", "sidewalk"), "place to run on")
        _one_of(self.often, ("always", "usually"), "measure of how often")
        _need(
            bool(self.side or self.place), "on which side, or on what? Such as: facing, left edge, sidewalk"
        )
        _need(self.side != "middle" or not self.place, "the middle of a road is neither edge nor sidewalk")
        stretch = isfinite(self.from_m) or isfinite(self.to_m)
        _need(
            bool(self.run) or not stretch, "a stretch is counted from the start of a run: say which (--run)"
        )
        ends = (self.from_m if isfinite(self.from_m) else 0.0), (self.to_m if isfinite(self.to_m) else 1e9)
        _need(0.0 <= ends[0] < ends[1], f"a stretch from {ends[0]:g} m to {ends[1]:g} m is none")


@dataclass(frozen=True, kw_only=True)
class HabitAnswer(Said):
    """A habit, or what a town is like.

    Parameters
    ----------
    habit : {"facing", "sidewalk", "middle", "existence"}
        What is usual; see `HABITS`.
    often : {"always", "usually", "sometimes", "seldom", "never"}
        How usual.
    town : Street or None
        For ``"existence"``, a street of the town; None for all towns.
    """

    kind: ClassVar[str] = "habit"
    habit: Literal["facing", "sidewalk", "middle", "existence"]
    often: Often
    town: Street | None = field(default=None)

    def __post_init__(self) -> None:
        """Check the words."""
        super().__post_init__()
        _one_of(self.habit, tuple(HABITS), "habit")
        _one_of(self.often, tuple(SHARES), "measure of how often")
        _need(self.town is None or self.habit == "existence", "a habit goes with you: it has no town")


Answer = SidewalkAnswer | WidthAnswer | FallAnswer | TiltAnswer | SideAnswer | HabitAnswer
"""All kinds."""

KINDS: Final = {
    one.kind: one for one in (SidewalkAnswer, WidthAnswer, FallAnswer, TiltAnswer, SideAnswer, HabitAnswer)
}
"""Classes of answers by their names in files."""


def share_of(often: Often) -> float:
    """Give the share that a word such as ``"usually"`` stands for."""
    return SHARES[often]


def street_of(answer: Answer) -> Street | None:
    """Give the street that an answer names, if any."""
    if isinstance(answer, HabitAnswer):
        return answer.town
    return answer.street
