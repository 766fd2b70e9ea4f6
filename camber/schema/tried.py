"""What was suggested some weeks ago, and what the runs since then say of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date


@dataclass(frozen=True)
class Tried:
    """A suggestion of earlier weeks beside what was run since.

    Parameters
    ----------
    day : date
        Last day of the days whose report held it.
    what : str
        The suggestion, in one sentence.
    streets : tuple of str
        Streets that it was about.
    passes : int
        Passes of them since, by run, street and direction.
    changed : float
        Expected number of those on another side of the road than was usual there before.
    left_before, left_after : float or None
        Expected share of the left leg in the tilted metres there, 0 to 1, in the weeks before and since; None
        where nothing there is tilted.
    kind : str
        Name of its lever, as in `camber.schema.Suggestion`; "" where that was not kept.
    """

    day: date
    what: str
    streets: tuple[str, ...]
    passes: int
    changed: float
    left_before: float | None
    left_after: float | None
    kind: str = ""
