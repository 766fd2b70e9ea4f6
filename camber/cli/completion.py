"""What a shell offers to complete: runs, weeks and streets of the library, by what was typed so far."""

from contextlib import suppress
from typing import TYPE_CHECKING

import camber

if TYPE_CHECKING:
    import pandas as pd

_MOST = 30
"""So many are offered, the latest (judgement: a screen)."""


def of_runs(incomplete: str) -> list[tuple[str, str]]:
    """Offer the numbers of runs, the latest first, with their day and title."""
    table = _table("runs")
    found = [("last", "the latest run")]
    if table is not None:
        latest = table[table["state"] == "analysed"][::-1]
        found += [(str(run), f"{row['day']} {row['title']}") for run, row in latest.iterrows()]
    return _begun(found, incomplete)


def of_weeks(incomplete: str) -> list[tuple[str, str]]:
    """Offer the weeks that have runs, the latest first, with what was found."""
    table = _table("weeks")
    found = [("last", "the latest week"), ("-1", "the one before")]
    if table is not None:
        latest = table[table["runs"] > 0][::-1]
        found += [(str(week), str(row["word"] or "")) for week, row in latest.iterrows()]
    return _begun(found, incomplete)


def of_streets(incomplete: str) -> list[tuple[str, str]]:
    """Offer the streets that were run, those that tilt most first."""
    table = _table("streets")
    found = [] if table is None else [(str(name), "") for name in table.index if name]
    return _begun(found, incomplete)


def _table(name: str) -> "pd.DataFrame | None":
    """Read a table of the library; None without one: whoever presses a key gets no error for it."""
    from camber.library.database import FILE_NAME
    from camber.library.place import library_folder

    with suppress(Exception):
        if (library_folder() / FILE_NAME).exists():
            with camber.open_library() as library:
                table: pd.DataFrame = getattr(library, name)()
                return table
    return None


def _begun(found: list[tuple[str, str]], incomplete: str) -> list[tuple[str, str]]:
    begun = incomplete.casefold()
    return [one for one in found if one[0].casefold().startswith(begun)][:_MOST]
