"""What could be changed, what it would do, and what speaks against it."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from camber.schema.likelihood import LowLeg  # noqa: TC001 - types are read when a stored value is
from camber.schema.totals import Interval  # noqa: TC001 - types are read when a stored value is


@dataclass(frozen=True)
class PlannedStretch:
    """One stretch of a plan, with the place to be on.

    Parameters
    ----------
    from_m, to_m : float
        Distance from the start of the route [m].
    street : str
        Name of the street, or its class where it has none.
    state : str
        One of `camber.conventions.LATERAL_STATES`, in the direction in which the plan is run.
    changed : bool
        Whether that differs from how it was most likely run.
    """

    from_m: float
    to_m: float
    street: str
    state: str
    changed: bool


@dataclass(frozen=True)
class Cue:
    """One thing to do on the way.

    Parameters
    ----------
    at_m : float
        Distance from the start of the route as it is to be run [m].
    latitude_deg, longitude_deg : float
        Where [deg].
    kind : str
        ``"cross"``, ``"keep"`` or, where level ground is taken instead of a road, ``"turn"``.
    side : str
        ``"left"`` or ``"right"``: the side of travel after it, or where to turn; "" where it is neither.
    crossing : str
        ``"signals"``, ``"marked"``, ``"unmarked"``, ``"quiet"`` for a quiet street without a mapped one, or
        ``"as_run"`` where the route crosses anyway; "" where nothing is crossed.
    text : str
        The cue in words.
    """

    at_m: float
    latitude_deg: float
    longitude_deg: float
    kind: str
    side: str
    crossing: str
    text: str


@dataclass(frozen=True)
class Detour:
    """Level ground nearby in place of one stretch of a route.

    Parameters
    ----------
    leave_m, rejoin_m : float
        Distances from the start of the route as it was run at which it is left and met again [m].
    length_m : float
        Length of the way round [m].
    way_ids : tuple of int
        OpenStreetMap ids of its ways, in order.
    names : tuple of str
        Their names, or their class where they have none.
    unpaved_m : float
        Metres of it that are unpaved, or taken to be [m].
    unlit_m : float
        Metres of it that are not known to be lit [m].
    longitude_deg, latitude_deg : tuple of float
        Its line [deg], in the direction of travel.
    """

    leave_m: float
    rejoin_m: float
    length_m: float
    way_ids: tuple[int, ...]
    names: tuple[str, ...]
    unpaved_m: float
    unlit_m: float
    longitude_deg: tuple[float, ...]
    latitude_deg: tuple[float, ...]


@dataclass(frozen=True)
class Suggestion:
    """One change of side, direction, ground or route, with its predicted effect.

    Parameters
    ----------
    kind : str
        Stable name of the lever: ``"other_side"``, ``"same_side_back"``, ``"other_sidewalk"``,
        ``"alternate_direction"``, ``"level_surface"``, ``"other_route"``, or ``"safe_side"`` for what law and
        safety ask for, whatever it does to the legs.
    what : str
        The change, in one sentence.
    where : tuple of str
        Names of the streets concerned.
    way_ids : tuple of int
        OpenStreetMap ids of the ways concerned.
    distance_m : float
        Distance over which something changes [m].
    left_low_before_m, right_low_before_m, left_low_after_m, right_low_after_m : Interval
        Metres of the whole route [m], before and after.
    balance_before, balance_after : Interval or None
        (right - left) / (right + left) of the whole route.
    crossings : int
        Additional crossings needed.
    rule : str
        What law or advice says at that place.
    rule_source : str
        Where that rule was read, and how certain it is.
    against : tuple of str
        What speaks against the change.
    p_even_before, p_even_after : float
        Probability that the balance lies within what counts as even, 0 to 1: of the route, and of the weeks
        beside it where they are known.
    extra_traffic_km : float
        Additional exposure to traffic, crossings included [km facing traffic at the edge of a road at
        50 km/h]; negative where it gets less.
    detour_m : float
        Additional distance [m].
    stretches : tuple of PlannedStretch
        The whole plan, in order.
    cues : tuple of Cue
        What to do where.
    detours : tuple of Detour
        Where level ground nearby replaces a stretch, in order.
    gain : float
        What a change is judged by: what it is expected to take off the difference between the legs, as a
        share of the tilted metres of the route itself. 1 evens a route out that was all on one leg; up to 2
        is possible where the weeks beside it have that leg low too. May be negative for a safer side.
    run : int or None
        For another route: the number of the run to be run again instead.
    """

    kind: str
    what: str
    where: tuple[str, ...]
    way_ids: tuple[int, ...]
    distance_m: float
    left_low_before_m: Interval
    right_low_before_m: Interval
    left_low_after_m: Interval
    right_low_after_m: Interval
    balance_before: Interval | None
    balance_after: Interval | None
    crossings: int
    rule: str
    rule_source: str
    against: tuple[str, ...]
    p_even_before: float = 0.0
    p_even_after: float = 0.0
    extra_traffic_km: float = 0.0
    detour_m: float = 0.0
    stretches: tuple[PlannedStretch, ...] = ()
    cues: tuple[Cue, ...] = ()
    detours: tuple[Detour, ...] = ()
    gain: float = 0.0
    run: int | None = None


@dataclass(frozen=True)
class NextBest:
    """Something that would help a little, where nothing is worth a plan.

    Parameters
    ----------
    kind : str
        As `Suggestion.kind`.
    what : str
        One sentence.
    where : tuple of str
        Names of the streets concerned.
    distance_m : float
        Distance over which something would change [m].
    gain : float
        As `Suggestion.gain`.
    run : int or None
        For another route: the number of its run.
    """

    kind: str
    what: str
    where: tuple[str, ...]
    distance_m: float
    gain: float
    run: int | None = None


@dataclass(frozen=True)
class Question:
    """What the runner may know and the map and the watch do not, where an answer would help most.

    Parameters
    ----------
    asks : str
        ``"side"`` where it is open on which side the runner was, ``"fall"`` where it is which way that falls.
    street : str
        Name of the street.
    way_ids : tuple of int
        Its ways on this route.
    undecided_m : float
        Tilted metres [m] of it of which either leg may have been the low one, weighed by how open that is.
    """

    asks: str
    street: str
    way_ids: tuple[int, ...]
    undecided_m: float


@dataclass(frozen=True)
class WhatIf:
    """What one simple rule, kept all the way, would do on a route.

    Parameters
    ----------
    name : str
        Stable name, such as ``"facing_traffic"``.
    words : str
        The rule in words.
    left_low_m, right_low_m : Interval
        Metres [m] with the left and the right leg low.
    balance : Interval or None
        (right - left) / (right + left); None where nothing is tilted.
    not_allowed_m : float
        Metres [m] of it that law and safety do not leave.
    traffic_km : float
        Exposure to traffic without crossings [km facing traffic at the edge of a road at 50 km/h].
    """

    name: str
    words: str
    left_low_m: Interval
    right_low_m: Interval
    balance: Interval | None
    not_allowed_m: float
    traffic_km: float


@dataclass(frozen=True)
class Suggestions:
    """What the run's pattern was, and what, if anything, could be changed.

    Parameters
    ----------
    pattern : str
        ``"out_and_back"``, ``"loop"`` or ``"other"``.
    explanation : str
        One sentence on what this pattern does to the legs.
    items : tuple of Suggestion
        Best first; empty where no safe change was found.
    conclusion : str
        One sentence; says so where no safe change was found.
    answer : str
        Stable name of the conclusion: ``"change"``, ``"even"`` (probably so), ``"not_known"`` (which leg was
        low for longer, or whether it was even), ``"no_safe_change"`` or ``"level"`` (nothing was tilted).
    p_even : float
        Probability that what was run, without a change, lies within what counts as even, 0 to 1.
    direction : LowLeg or None
        Which leg has had more, of the route and the weeks beside it; None where nothing is known.
    with_history : bool
        Whether weeks beside the route are in that.
    reason : str
        Stable name of why no side changes: ``"no_side"`` (none is known to help), ``"no_crossing"``,
        ``"traffic"`` (more of it than it is worth), ``"little"`` (it would help too little), or the rule that
        stands against it: ``"law"``, ``"fast"``, ``"advised"``, ``"night"``, ``"bend"``, ``"own_limit"``,
        ``"one_way"``, ``"use_sidewalk"`` or ``"access"``; "" where that is not the question.
    next_best : tuple of NextBest
        What would help a little where nothing is worth a plan, best first.
    question : Question or None
        The street about which an answer would help most; None where nothing much is open.
    """

    pattern: str
    explanation: str
    items: tuple[Suggestion, ...]
    conclusion: str
    answer: str = ""
    p_even: float = 0.0
    direction: LowLeg | None = None
    with_history: bool = False
    reason: str = ""
    next_best: tuple[NextBest, ...] = ()
    question: Question | None = None

    def _repr_html_(self) -> str:
        items = "".join(f"<li>{escape(item.what)}</li>" for item in self.items)
        return f"<p>{escape(self.explanation)}</p><ul>{items}</ul><p>{escape(self.conclusion)}</p>"


@dataclass(frozen=True, eq=False)
class RoutePlan:
    """What could be done on a route.

    Parameters
    ----------
    suggestions : Suggestions
        Pattern, plans and conclusion.
    what_ifs : tuple of WhatIf
        What each simple rule, kept all the way, would do.
    dark : bool
        Whether it was planned for the dark.
    is_lawful : bool
        Whether nearly all of it may be run again as it was.
    """

    suggestions: Suggestions
    what_ifs: tuple[WhatIf, ...]
    dark: bool
    is_lawful: bool
