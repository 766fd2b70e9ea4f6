"""A plan as JSON: every number that the terminal shows, and the places of the cues."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from camber.conventions import OSM_ATTRIBUTION
from camber.report.json_document import json_text
from camber.report.wording import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from camber.schema import Suggestions, WhatIf

VERSION = 1
"""Version of the document; a change that is no addition raises it."""


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
        One document with a version; there is no NaN in it.
    """
    whole = {"plan_version": VERSION, "attribution": OSM_ATTRIBUTION, "plans": list(documents)}
    return json_text(whole)
