"""Notes of the runner: kept and shown to them alone, and never made anything of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date


@dataclass(frozen=True)
class Note:
    """What the runner wrote of a day.

    Parameters
    ----------
    number : int
        Its number in the library; 0 before it is kept.
    day : date
        The day that it is of.
    text : str
        As it was written; whoever shows it frees it of what steers a program.
    leg : str
        ``"left"``, ``"right"``, ``"both"`` or "".
    run : int or None
        The run that it is of.
    source : str
        Where it comes from: ``"camber"``, or the export that held it, such as ``"strava"``.
    """

    number: int
    day: date
    text: str
    leg: str = ""
    run: int | None = None
    source: str = "camber"
