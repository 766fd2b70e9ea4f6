"""A plan in the terminal: the pattern, what simple rules would do, what is suggested and where to cross."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from camber.report.text import bare_table, indented
from camber.report.wording import (
    STANDING_NOTES,
    balance_text,
    change_text,
    distance_text,
    longer_text,
    plain,
    range_text,
    share_text,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.table import Table

    from camber.schema import Suggestion, Suggestions, WhatIf

_STATE_WORDS = {
    "left_sidewalk": "left-hand sidewalk",
    "left_edge": "left-hand edge",
    "centre": "as it was run",
    "right_edge": "right-hand edge",
    "right_sidewalk": "right-hand sidewalk",
    "other": "path",
}


def plan_text(
    title: str,
    suggestions: Suggestions,
    what_ifs: Iterable[WhatIf],
    units: str,
    *,
    dark: bool = False,
    detailed: bool = True,
) -> RenderableType:
    """Draw what could be done on a route.

    Parameters
    ----------
    title : str
        Name of the run or route.
    suggestions : Suggestions
        Of `camber.planning.plan_route`.
    what_ifs : iterable of WhatIf
        What simple rules would do; may be empty.
    units : {"km", "mi"}
        Unit of distances.
    dark : bool
        Whether it was planned for the dark.
    detailed : bool
        Whether to list stretches and cues.

    Returns
    -------
    RenderableType
        For rich.
    """
    parts: list[RenderableType] = [
        Text(plain(title, 100), style="bold"),
        Text(plain(suggestions.explanation)),
    ]
    if dark:
        parts.append(Text("Planned for the dark: only facing traffic where there is no sidewalk."))
    table = _what_if_table(tuple(what_ifs), units)
    parts += [Text(), table] if table.row_count else []
    for item in suggestions.items:
        parts += [Text(), *_item(item, units, detailed=detailed)]
    notes = [Text(note, style="dim") for note in STANDING_NOTES]
    return Group(*parts, Text(), Text(plain(suggestions.conclusion), style="bold"), Text(), *notes)


def _what_if_table(found: tuple[WhatIf, ...], units: str) -> Table:
    table = _table("if you kept to", "left leg low", "right leg low", "balance", "of it not allowed")
    for one in found:
        against = distance_text(one.not_allowed_m, units) if one.not_allowed_m >= 1.0 else "none"
        legs = (range_text(one.left_low_m, units), range_text(one.right_low_m, units))
        table.add_row(one.words, *legs, balance_text(one.balance), against)
    return table


def _item(item: Suggestion, units: str, *, detailed: bool) -> list[RenderableType]:
    where = ", ".join(plain(name, 60) for name in item.where)
    lines = [
        f"left leg low {change_text(item.left_low_before_m, item.left_low_after_m, units)}",
        f"right leg low {change_text(item.right_low_before_m, item.right_low_after_m, units)}",
        f"balance {balance_text(item.balance_before)} → {balance_text(item.balance_after)}",
        f"even with probability {share_text(item.p_even_before)} → {share_text(item.p_even_after)}",
        f"where: {where} ({distance_text(item.distance_m, units)})",
        f"additional crossings: {item.crossings}",
        *([f"the run gets {longer_text(item.detour_m, units)}"] if item.detours else []),
        f"rule of the place: {plain(item.rule)} ({plain(item.rule_source)})",
        *(f"against it: {plain(reason)}" for reason in item.against),
    ]
    parts: list[RenderableType] = [Text(plain(item.what), style="bold")]
    parts += [indented(Text(line)) for line in lines]
    if detailed and item.cues:
        table = _table("at", "do this")
        for cue in item.cues:
            table.add_row(distance_text(cue.at_m, units), plain(cue.text, 160))
        parts.append(indented(table))
    if detailed:
        table = _table("from", "to", "street", "keep to")
        for part in item.stretches:
            words = _STATE_WORDS[part.state] + (" (changed)" if part.changed else "")
            table.add_row(
                *(distance_text(m, units) for m in (part.from_m, part.to_m)), plain(part.street, 40), words
            )
        parts.append(indented(table))
    return parts


def _table(*titles: str) -> Table:
    table = bare_table()
    for title in titles:
        table.add_column(title)
    return table
