"""What changed from one period to the next, in sentences: how much, and how likely that is no chance."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from camber.conventions import LateralState
from camber.report.details import street_words
from camber.report.wording import STATE_WORDS, compass, dates_words, day_words, far_text, of_the_runner, plain
from camber.schema import Word, chance_words, word_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from camber.schema import Change, Compared, Interval, OtherSide, RouteChange, Tried

_LEAST_SHARE: Final = 0.05
"""Shares of the distance that moved by less are not named (judgement: five metres of a hundred)."""

NO_CHANCE: Final = (
    "Compared draw by draw, so that what is not known of the same roads cancels, and with other runs by the "
    "same habits in mind. It does not say why anything changed."
)


def change_lines(found: Compared, units: str) -> tuple[str, ...]:
    """Say what changed, where, and how sure that is."""
    spans = (
        f"{_span(found, before=False)} ({_runs(found.runs_after)}, {far_text(found.after_m, units)}) "
        f"beside {_span(found, before=True)} ({_runs(found.runs_before)}, {far_text(found.before_m, units)})"
    )
    if found.share is None:
        few = (
            "Each needs at least three analysed runs on tilted ground before chance can be told from change."
        )
        return (f"{spans}.", few, *route_lines(found.routes, found.routes_in_both))
    moved = [
        f"{STATE_WORDS[LateralState(side.state)]} {_percent(side.before)}, now {_percent(side.after)}"
        for side in found.sides
        if abs(side.after - side.before) >= _LEAST_SHARE
    ]
    streets = [f"{street_words(one.name)}: {_from_to(one.change)}." for one in found.streets]
    return (
        f"{spans}.",
        share_line(found.share),
        *([f"Where you ran: {'; '.join(moved)}."] if moved else []),
        *route_lines(found.routes, found.routes_in_both),
        *(["Streets that very likely changed:", *streets] if streets else []),
        NO_CHANCE,
    )


def route_lines(changed: Sequence[RouteChange], in_both: int) -> tuple[str, ...]:
    """Say which routes are run on other sides, doubt in the verb; nothing where none was run both times."""
    if not in_both:
        return ()
    if not changed:
        both = "the one route" if in_both == 1 else f"any of the {in_both} routes"
        return (f"No other sides than before can be told on {both} that you ran both times.",)
    return tuple(_route_line(route) for route in changed[:_MOST_ROUTES])


def _route_line(route: RouteChange) -> str:
    parts = []
    for side in ("left", "right"):
        names = [_place(one) for one in route.streets if one.side == side]
        if names:
            parts.append(f"the {side} on {_listed(names)}")
    now = f": now {', '.join(parts)}" if parts else ""
    runs = f"{_runs(route.runs_before)} before, {route.runs_after} since"
    return f"On a route you {word_for(route.probability)} keep other sides than before ({runs}){now}."


_MOST_ROUTES: Final = 3
"""Routes that are spoken of (judgement: what a reader looks at)."""


def _place(one: OtherSide) -> str:
    name = street_words(one.name) if one.name else "a street without a name"
    return name if one.heading_deg is None else f"{name} (going {compass(one.heading_deg)})"


def _listed(names: Sequence[str]) -> str:
    shown, more = names[:_MOST_SIDES], len(names) - _MOST_SIDES
    last = f"{more} more" if more > 0 else shown[-1]
    first = shown if more > 0 else shown[:-1]
    return f"{', '.join(first)} and {last}" if first else last


_MOST_SIDES: Final = 5
"""Streets that are named for each side (judgement: as above)."""


def share_line(change: Change) -> str:
    """Say what became of the left leg's share, doubt in the verb."""
    less = change.p_less >= change.p_more
    probability = max(change.p_less, change.p_more)
    word = word_for(probability)
    shares = _from_to(change)
    if word is not Word.VERY_LIKELY:
        return f"No change of the share can be told from chance: {shares} ({_points(change.change)})."
    way = "less" if less else "more"
    chance = chance_words(probability)
    return (
        f"Your left leg was very likely the low one on {way} of the tilted distance ({chance}): {shares} "
        f"({_points(change.change)})."
    )


def _from_to(change: Change) -> str:
    return f"{_percent(change.before.median)} left before, {_percent(change.after.median)} after"


def _points(change: Interval) -> str:
    low, high = (f"{100.0 * value:+.0f}" for value in (change.low, change.high))
    return f"a change of {low} to {high} points"


def _percent(share: float) -> str:
    return f"{100.0 * share:.0f} %"


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count} runs"


def _span(found: Compared, *, before: bool) -> str:
    if before:
        return dates_words(found.before_from, found.since - timedelta(days=1))
    return dates_words(found.since, found.until)


def tried_line(tried: Tried) -> str:
    """Say what was suggested some weeks ago, and whether the runs since look like it."""
    where = ", ".join(street_words(name) for name in tried.streets[:3])
    return f"Suggested on {day_words(tried.day)} ({where}): {plain(tried.what)} {_followed(tried)}"


def tried_without_place(tried: Tried) -> str:
    """Say the same to whoever is to learn no street and no name of a run."""
    what = _LEVERS.get(tried.kind, "a change")
    said = of_the_runner(_followed(tried))
    return f"Suggested on {day_words(tried.day)}: {what}. {said}"


_LEVERS: Final = {
    "same_side_back": "to come back on the side of the way out",
    "other_sidewalk": "the sidewalk on the other side of the street",
    "other_side": "the other side of the street on part of a route",
    "alternate_direction": "a loop the other way round every other time",
    "safe_side": "the side that law and safety ask for",
    "level_surface": "level ground nearby in place of a road",
    "other_route": "another of the runner's routes now and then",
}
"""Levers as `camber.schema.Suggestion` names them, in words without a place."""


def _followed(tried: Tried) -> str:
    if not tried.passes:
        return "You have not run there since."
    passes = "1 pass" if tried.passes == 1 else f"{tried.passes} passes"
    changed = f"{tried.changed:.0f}" if tried.changed >= _HALF else "none"
    sides = f"Of {passes} since, about {changed} on another side than before"
    if tried.left_before is None or tried.left_after is None:
        return f"{sides}."
    return f"{sides}: {_percent(tried.left_before)} left before, {_percent(tried.left_after)} since."


_HALF: Final = 0.5
