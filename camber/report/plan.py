"""A plan in the terminal and as JSON: what to try, where to cross, and why where there is nothing."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.text import Text

from camber.report.details import streets_words
from camber.report.json_document import rows_json
from camber.report.sentences import effect, question_words
from camber.report.text import FOOT, bare_table, indented
from camber.report.wording import far_text, left_share_of, plain, share_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.table import Table

    from camber.schema import RoutePlan, Suggestion, WhatIf

_STATE_WORDS = {
    "left_sidewalk": "left-hand sidewalk",
    "left_edge": "left-hand edge",
    "centre": "as it was run",
    "right_edge": "right-hand edge",
    "right_sidewalk": "right-hand sidewalk",
    "other": "path",
}


def plan_text(title: str, plan: RoutePlan, units: str, *, details: bool = False) -> RenderableType:
    """Draw what could be done on a route.

    Parameters
    ----------
    title : str
        Name of the run or route.
    plan : RoutePlan
        Of `camber.planning.plan_route`.
    units : {"km", "mi"}
        Unit of distances.
    details : bool
        Whether to add what simple rules would do, the whole plan, rules with their sources and what speaks
        against it.

    Returns
    -------
    RenderableType
        For rich.
    """
    found = plan.suggestions
    parts: list[RenderableType] = [Text(plain(title, 100), style="bold"), Text(plain(found.conclusion))]
    if plan.dark:
        parts.append(Text("Planned for the dark: only facing traffic where there is no sidewalk."))
    parts += [part for item in found.items for part in _item(item, units, details=details)]
    parts += [Text(plain(one.what)) for one in found.next_best[:1]]
    parts += [] if found.question is None else [Text(question_words(found.question, units))]
    if details:
        parts += [Text(plain(found.explanation)), Text(), _rules(plan.what_ifs, units)]
    return Group(*parts, Text(FOOT, style="dim"))


def _item(item: Suggestion, units: str, *, details: bool) -> list[RenderableType]:
    where = streets_words(item.where)
    shares = (left_share_of(item.balance_before), left_share_of(item.balance_after))
    lines = [
        *([f"{where} ({far_text(item.distance_m, units)})"] if where else []),
        effect(*shares, item.crossings, item.detour_m, units),
        *(f"{far_text(cue.at_m, units)}: {plain(cue.text, 160)}" for cue in item.cues),
    ]
    if details:
        lines += [f"{plain(item.rule)} ({plain(item.rule_source)})", *map(plain, item.against)]
    parts: list[RenderableType] = [Text(), Text(plain(item.what), style="bold")]
    parts += [indented(Text(line)) for line in lines if line]
    if details and item.stretches:
        table = _table("from", "to", "street", "keep to")
        for part in item.stretches:
            words = _STATE_WORDS[part.state] + (" (changed)" if part.changed else "")
            ends = (far_text(part.from_m, units), far_text(part.to_m, units))
            table.add_row(*ends, plain(part.street, 40), words)
        parts.append(indented(table))
    return parts


def _rules(found: Iterable[WhatIf], units: str) -> Table:
    """Draw what each simple rule would do, kept all the way."""
    table = _table("if you kept to", "left leg low", "not allowed on")
    for one in found:
        against = far_text(one.not_allowed_m, units) if one.not_allowed_m >= 1.0 else "none of it"
        table.add_row(one.words, share_words(left_share_of(one.balance)), against)
    return table


def _table(*titles: str) -> Table:
    table = bare_table()
    for title in titles:
        table.add_column(title)
    return table


def plans_json(plans: Iterable[tuple[str, RoutePlan]]) -> str:
    """Write plans as JSON, with every number that the terminal shows and the places of the cues.

    Parameters
    ----------
    plans : iterable of (str, RoutePlan)
        Name of each run or route, and its plan.

    Returns
    -------
    str
        Metres, degrees and probabilities; there is no NaN in it.
    """
    documents: list[dict[str, Any]] = [
        {
            "title": plain(title, 200),
            "dark": plan.dark,
            "suggestions": asdict(plan.suggestions),
            "what_ifs": [asdict(one) for one in plan.what_ifs],
        }
        for title, plan in plans
    ]
    return rows_json("plans", documents)
