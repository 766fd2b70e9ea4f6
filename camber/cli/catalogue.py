"""Every assumption with its reference, as text, JSON or CSV."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from camber.report.tables import guarded
from camber.standards import list_assumptions

if TYPE_CHECKING:
    import pandas as pd

    from camber.standards import Overrides


def catalogue_text(overrides: Overrides | None = None) -> RenderableType:
    """Draw the assumptions for the terminal, table by table.

    Parameters
    ----------
    overrides : Overrides, optional
        Rows that the user set.

    Returns
    -------
    rich renderable
        To be printed by a `rich.console.Console`.
    """
    listed = list_assumptions(overrides)
    intro = "Each assumption: what it applies to, its value, [confidence, status; source]."
    parts: list[RenderableType] = [Text(intro, style="dim")]
    for table, rows in listed.groupby("table", sort=False):
        parts += [Text(), Text(str(table), style="bold underline")]
        parts += [Padding(_entry(row), (0, 0, 0, 2)) for row in rows.itertuples()]
    return Group(*parts)


def _entry(row: object) -> Text:
    applies_to, value, confidence, status, reference = (
        str(getattr(row, name)) for name in ("applies_to", "value", "confidence", "status", "reference")
    )
    return Text.assemble(
        (applies_to, "bold"), f": {value} ", (f"[{confidence}, {status}; {reference}]", "dim")
    )


def catalogue_json(overrides: Overrides | None = None) -> str:
    """Write the assumptions as JSON.

    Parameters
    ----------
    overrides : Overrides, optional
        Rows that the user set.

    Returns
    -------
    str
        An array of objects.
    """
    rows = list_assumptions(overrides).to_dict("records")
    return json.dumps(rows, ensure_ascii=False, allow_nan=False, indent=2) + "\n"


def catalogue_csv(overrides: Overrides | None = None) -> str:
    """Write the assumptions as CSV.

    Parameters
    ----------
    overrides : Overrides, optional
        Rows that the user set.

    Returns
    -------
    str
        RFC 4180 with a header; text that a spreadsheet would take for a formula starts with an apostrophe.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    listed: pd.DataFrame = list_assumptions(overrides)
    writer.writerow(listed.columns)
    writer.writerows([guarded(str(cell)) for cell in row] for row in listed.itertuples(index=False))
    return out.getvalue()
