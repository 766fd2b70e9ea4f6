"""Rows of the tables that a user sets: read from a CSV file, checked like the packaged ones."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import pandas as pd

from camber.errors import StandardsError
from camber.standards.tables import LAYOUTS, check_table, packaged_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

OVERRIDABLE: Final = ("cross_slope", "width")
"""Tables of which a user may set rows."""

STATUS: Final = "override"
"""Status of a row that a user set."""


@dataclass(frozen=True)
class Overrides:
    """Rows that take the place of packaged ones, or stand beside them.

    Parameters
    ----------
    name : str
        Name of the file, for people.
    rows : tuple of (str, tuple of (str, str))
        Table, and the columns that are set with their text, one for each row, in the order of the file.
    """

    name: str
    rows: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


def read_overrides(path: Path) -> Overrides:
    """Read a user's rows.

    Parameters
    ----------
    path : Path
        A CSV file with a header: ``table`` (``cross_slope`` or ``width``; ``cross_slope`` where the column
        is missing), ``row`` and any columns of that table. A row of the same name as a packaged one changes
        only the columns that are filled in; another name is a row of its own, and needs all of them.

    Returns
    -------
    Overrides
        Checked rows.

    Raises
    ------
    StandardsError
        If the file cannot be read, or a row is not usable; every fault is listed.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        lines = list(csv.DictReader(text.splitlines(), strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        message = f"{path}: the overrides cannot be read ({error}); give a CSV file with a column row"
        raise StandardsError(message) from error
    faults = [fault for number, line in enumerate(lines, 2) for fault in _line_faults(number, line)]
    if not lines:
        faults.append("there is no row; the first line names the columns: table, row, p_crowned, ...")
    if faults:
        raise StandardsError(_listed(path.name, faults))
    found = Overrides(path.name, tuple(_row(line) for line in lines))
    for name in OVERRIDABLE:
        merged_table(name, found)
    return found


def overrides_of(name: str, rows: Sequence[Mapping[str, object]]) -> Overrides:
    """Make overrides from values, for studies of what an assumption is worth.

    Parameters
    ----------
    name : str
        What to call them.
    rows : sequence of mapping
        As the rows of a file.

    Returns
    -------
    Overrides
        Checked rows.

    Raises
    ------
    StandardsError
        If a row is not usable.
    """
    made = Overrides(name, tuple(_row({key: f"{value}" for key, value in row.items()}) for row in rows))
    for table in OVERRIDABLE:
        merged_table(table, made)
    return made


def _line_faults(number: int, line: Mapping[str | None, str | list[str] | None]) -> list[str]:
    name = str(line.get("table") or "cross_slope")
    if name not in OVERRIDABLE:
        return [f"line {number}: table {name!r} is none of {', '.join(OVERRIDABLE)}"]
    if None in line or None in line.values():
        return [f"line {number}: there are more or fewer cells than columns"]
    faults = [] if line.get("row") else [f"line {number}: the cell row is empty"]
    known = {"table", *pd.read_csv(packaged_text(name), nrows=0).columns}
    filled = [key for key, value in line.items() if key is not None and value]
    unknown = sorted(key for key in filled if key not in known)
    return faults + [f"line {number}: {name} has no column {key!r}" for key in unknown]


def _row(line: Mapping[str, str]) -> tuple[str, tuple[tuple[str, str], ...]]:
    cells = ((key, value.strip()) for key, value in line.items() if key != "table" and value.strip())
    return line.get("table") or "cross_slope", tuple(cells)


@lru_cache(maxsize=64)
def merged_table(name: str, overrides: Overrides) -> pd.DataFrame:
    """Put a user's rows into a packaged table.

    Parameters
    ----------
    name : str
        A key of `camber.standards.tables.LAYOUTS`.
    overrides : Overrides
        The user's rows.

    Returns
    -------
    DataFrame
        The checked table; what the user set has the status ``override`` and says which file it is from. It
        is kept: copy before writing.

    Raises
    ------
    StandardsError
        If the table is malformed with them.
    """
    raw = pd.read_csv(packaged_text(name), dtype=str, keep_default_na=False)
    records: dict[str, dict[str, str]] = (
        {str(record["row"]): {str(k): str(v) for k, v in record.items()} for record in raw.to_dict("records")}
        if "row" in raw
        else {}
    )
    own = [dict(cells) for table, cells in overrides.rows if table == name]
    reference = f"user override {overrides.name}"
    for cells in own:
        old = records.pop(cells["row"], dict.fromkeys(map(str, raw.columns), "") | {"confidence": "medium"})
        note = {
            "status": STATUS,
            "basis": f"{reference}: {cells['basis']}" if "basis" in cells else reference,
        }
        records[cells["row"]] = old | cells | note
    frame = pd.DataFrame(list(records.values()), columns=raw.columns) if own else raw
    checked, faults = check_table(LAYOUTS[name], frame)
    if faults:
        raise StandardsError(_listed(overrides.name, [f"{name}: {fault}" for fault in faults]))
    return checked


def _listed(name: str, faults: Sequence[str]) -> str:
    listed = "\n".join(f"  - {fault}" for fault in faults)
    return f"{name}: these overrides of assumptions cannot be used:\n{listed}"
