"""A small HTML table by which a value shows itself in a notebook."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def card(title: str, rows: Mapping[str, str]) -> str:
    """Draw facts as a small HTML table; text is escaped, nothing is loaded.

    Parameters
    ----------
    title : str
        What it is about.
    rows : mapping of str to str
        Facts by name, from top to bottom.

    Returns
    -------
    str
        A ``<table>``.
    """
    body = "".join(
        f"<tr><th style='text-align:left'>{escape(name)}</th><td>{escape(text)}</td></tr>"
        for name, text in rows.items()
    )
    return f"<table><caption>{escape(title)}</caption><tbody>{body}</tbody></table>"
