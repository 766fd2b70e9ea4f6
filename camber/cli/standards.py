"""``camber standards``: every assumption with its reference."""

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from camber.cli.options import Output

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import RenderableType

    from camber.cli.session import Session

app = typer.Typer(rich_markup_mode=None)


class ListFormat(StrEnum):
    """How a list is written."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"


@app.command()
def standards(
    context: typer.Context,
    kind: Annotated[ListFormat, typer.Option("--format", help="How to write them.")] = ListFormat.TEXT,
    output: Output = None,
) -> None:
    """List every assumption with its reference."""
    from camber.report.intervals import guarded
    from camber.standards import list_assumptions

    session: Session = context.obj
    listed = list_assumptions(session.preferences.settings.overrides)
    if kind is ListFormat.TEXT:
        session.show(_listed_text(listed), output)
    elif kind is ListFormat.JSON:
        rows = listed.to_dict("records")
        session.write(json.dumps(rows, ensure_ascii=False, allow_nan=False, indent=2) + "\n", output)
    else:
        cells = listed.map(lambda cell: guarded(str(cell)))
        session.write(cells.to_csv(index=False, lineterminator="\r\n"), output)


def _listed_text(listed: "pd.DataFrame") -> "RenderableType":
    """Draw the assumptions for the terminal, table by table."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    intro = "Each assumption: what it applies to, its value, [confidence, status; source]."
    parts: list[RenderableType] = [Text(intro, style="dim")]
    for table, rows in listed.groupby("table", sort=False):
        parts += [Text(), Text(str(table), style="bold underline")]
        for row in rows.astype(str).to_dict("records"):
            source = f"[{row['confidence']}, {row['status']}; {row['reference']}]"
            entry = Text.assemble((row["applies_to"], "bold"), f": {row['value']} ", (source, "dim"))
            parts.append(Padding(entry, (0, 0, 0, 2)))
    return Group(*parts)
