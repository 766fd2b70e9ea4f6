"""What could be changed, what it would do, and what speaks against it."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from camber.schema.exposure import Interval


@dataclass(frozen=True)
class Suggestion:
    """One change of side or direction, with its predicted effect.

    Parameters
    ----------
    kind : str
        Stable name of the pattern, such as ``"same_side_back"``.
    what : str
        The change, in one sentence.
    where : tuple of str
        Names of the streets concerned.
    way_ids : tuple of int
        OpenStreetMap ids of the ways concerned.
    distance_m : float
        Distance over which something changes [m].
    left_low_before_m, right_low_before_m, left_low_after_m, right_low_after_m : Interval
        Metres of the whole run [m], before and after.
    balance_before, balance_after : Interval or None
        (right - left) / (right + left) of the whole run.
    crossings : int
        Additional crossings needed.
    rule : str
        What law or advice says at that place.
    rule_source : str
        Where that rule was read, and how certain it is.
    against : tuple of str
        What speaks against the change.
    """

    kind: str
    what: str
    where: tuple[str, ...]
    way_ids: tuple[int, ...]
    distance_m: float
    left_low_before_m: Interval
    right_low_before_m: Interval
    left_low_after_m: Interval
    right_low_after_m: Interval
    balance_before: Interval | None
    balance_after: Interval | None
    crossings: int
    rule: str
    rule_source: str
    against: tuple[str, ...]


@dataclass(frozen=True)
class Suggestions:
    """What the run's pattern was, and what, if anything, could be changed.

    Parameters
    ----------
    pattern : str
        ``"out_and_back"``, ``"loop"`` or ``"other"``.
    explanation : str
        One sentence on what this pattern does to the legs.
    items : tuple of Suggestion
        Best first; empty where no safe change was found.
    conclusion : str
        One sentence; says so where no safe change was found.
    """

    pattern: str
    explanation: str
    items: tuple[Suggestion, ...]
    conclusion: str

    def _repr_html_(self) -> str:
        items = "".join(f"<li>{escape(item.what)}</li>" for item in self.items)
        return f"<p>{escape(self.explanation)}</p><ul>{items}</ul><p>{escape(self.conclusion)}</p>"
