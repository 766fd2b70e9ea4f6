"""The list of all recordings, and how one of them is named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.table import Table
from rich.text import Text

from camber.errors import UnknownRunError
from camber.report.period_contents import REASON_WORDS
from camber.report.period_json import rows_json
from camber.report.wording import distance_text, plain

if TYPE_CHECKING:
    from camber.library import Library


def list_text(frame: pd.DataFrame, units: str) -> Table:
    """Draw the list for the terminal.

    Parameters
    ----------
    frame : DataFrame
        Of `camber.library.Library.runs`.
    units : {"km", "mi"}
        Unit of distances.

    Returns
    -------
    Table
        One line per recording.
    """
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("run", justify="right")
    table.add_column("day", no_wrap=True)
    table.add_column("name", max_width=44)
    for title in ("distance", "left leg low", "right leg low"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("")
    for row in _rows(frame):
        analysed = row["state"] == "analysed"
        legs = [distance_text(row[f"{leg}_low_m"], units) if analysed else "" for leg in ("left", "right")]
        cells = (str(row["run"]), row["day"] or "", plain(row["title"] or row["source"], 44))
        state = "" if analysed else _state(row)
        table.add_row(
            *(Text(cell) for cell in (*cells, distance_text(row["distance_m"], units), *legs, state))
        )
    return table


def _state(row: dict[str, Any]) -> str:
    if row["state"] == "duplicate":
        return f"same as {int(row['duplicate_of'])}"
    return REASON_WORDS.get(str(row["state"]), str(row["state"]))


def list_json(frame: pd.DataFrame) -> str:
    """Write the list as JSON.

    Parameters
    ----------
    frame : DataFrame
        Of `camber.library.Library.runs`.

    Returns
    -------
    str
        One object per recording.
    """
    return rows_json("runs", _rows(frame))


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    plain_values = frame.reset_index().astype(object)
    plain_values = plain_values.where(plain_values.notna(), None)
    return [_plain(row) for row in plain_values.to_dict("records")]


def _plain(row: dict[Any, Any]) -> dict[str, Any]:
    started = row.get("started_at")
    duplicate = row.get("duplicate_of")
    return {str(key): value for key, value in row.items()} | {
        "started_at": started.to_pydatetime() if isinstance(started, pd.Timestamp) else None,
        "duplicate_of": None if duplicate is None else int(duplicate),
    }


def run_number(library: Library, name: str) -> int:
    """Find the run that is meant.

    Parameters
    ----------
    library : Library
        The library.
    name : str
        A number, or ``last``.

    Returns
    -------
    int
        Its number.

    Raises
    ------
    UnknownRunError
        If there is none.
    """
    if name == "last":
        last = library.connection.execute(
            "SELECT activity_id FROM activity WHERE duplicate_of IS NULL AND kind = 'run' "
            "ORDER BY started_at_ms DESC LIMIT 1"
        ).fetchone()
        if last is None:
            raise UnknownRunError("there are no runs yet: `camber import` brings them in", path="library")
        return int(last[0])
    if not name.isascii() or not name.isdigit() or len(name) > 18:
        text = f"{name!r} is no number of a run; `camber runs` lists all"
        raise UnknownRunError(text, path="library")
    return int(name)
