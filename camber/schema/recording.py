"""What a runner's device wrote: one recording, as it was read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from camber.schema.card import card

if TYPE_CHECKING:
    from datetime import datetime

    from camber.schema.tables import Fixes


@dataclass(frozen=True)
class Problem:
    """Something a reader or a stage dropped, changed or could not use, counted instead of hidden.

    Parameters
    ----------
    code : str
        Short stable name, such as ``"bad_position"``.
    message : str
        One sentence for a person.
    count : int
        How many fixes, ways or values it concerns.
    source : str
        Recording or extract it was found in; "" before it is reported.
    shared : bool
        True for a problem of roads, which several runs may share: a total counts it once.
    """

    code: str
    message: str
    count: int = 1
    source: str = ""
    shared: bool = False


@dataclass(frozen=True, eq=False)
class Recording:
    """One recording as it was read, before any cleaning.

    Parameters
    ----------
    source : str
        Base name of the file, or a label; never a full path.
    format : str
        ``"gpx"``, ``"tcx"`` or ``"fit"``.
    sport : str or None
        Sport as the file names it, lower case.
    device : str or None
        Device or program that wrote the file.
    name : str or None
        Title given by the runner, without control characters.
    started_at : datetime or None
        Time of the first fix with a time, UTC.
    time_zone : str or None
        IANA name of the time zone at the first fix.
    fixes : Fixes
        One row per position; see `camber.schema.as_fixes`.
    problems : tuple of Problem
        What was dropped or assumed while reading.
    """

    source: str
    format: str
    sport: str | None
    device: str | None
    name: str | None
    started_at: datetime | None
    time_zone: str | None
    fixes: Fixes
    problems: tuple[Problem, ...] = ()

    def __repr__(self) -> str:
        """Say what it is, without its rows."""
        return f"<Recording {self.source}: {len(self.fixes)} positions>"

    def _repr_html_(self) -> str:
        rows = {
            "file": f"{self.source} ({self.format})",
            "begins": "unknown" if self.started_at is None else f"{self.started_at:%Y-%m-%d %H:%M} UTC",
            "sport": self.sport or "not named",
            "device": self.device or "not named",
            "positions": f"{len(self.fixes):,}",
            "problems": "none" if not self.problems else "; ".join(one.message for one in self.problems),
        }
        return card(self.name or self.source, rows)
