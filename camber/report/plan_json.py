"""A plan as JSON: every number that the terminal shows, and the places of the cues."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from camber.conventions import OSM_ATTRIBUTION
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
        Metres, degrees and probabilities; texts are free of control characters.
    """
    return {
        "title": plain(title, 200),
        "dark": dark,
        "suggestions": _plain(asdict(suggestions)),
        "what_ifs": [_plain(asdict(one)) for one in what_ifs],
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
    return json.dumps(whole, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:  # noqa: ANN401 - walks through plain values of every kind
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, float):
        return round(value, 6) + 0.0
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
