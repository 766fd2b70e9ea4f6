"""A plan as JSON: every number that the terminal shows, and the places of the cues."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from camber.report.json_document import rows_json
from camber.report.wording import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from camber.schema import Suggestions, WhatIf


def plan_document(
    title: str, suggestions: Suggestions, what_ifs: Iterable[WhatIf], *, dark: bool
) -> dict[str, Any]:
    """Put a plan into plain values.

    Parameters
    ----------
    title : str
        Name of the run or route.
    suggestions : Suggestions
        Of `camber.planning.plan_route`.
    what_ifs : iterable of WhatIf
        What simple rules would do.
    dark : bool
        Whether it was planned for the dark.

    Returns
    -------
    dict
        Metres, degrees and probabilities.
    """
    return {
        "title": plain(title, 200),
        "dark": dark,
        "suggestions": asdict(suggestions),
        "what_ifs": [asdict(one) for one in what_ifs],
    }


def plans_json(documents: Iterable[dict[str, Any]]) -> str:
    """Write plans as JSON.

    Parameters
    ----------
    documents : iterable of dict
        Of `plan_document`.

    Returns
    -------
    str
        One document of `camber.report.json_document`, which holds them under ``plans``.
    """
    return rows_json("plans", documents)
