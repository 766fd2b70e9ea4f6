"""What a report is about: one run or several, their total, and what is said beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from camber.conventions import SurfaceKind, Verdict
from camber.report.wording import (
    KIND_WORDS,
    LEG_WORDS,
    VERDICT_WORDS,
    distance_text,
    range_text,
)

if TYPE_CHECKING:
    from camber.schema import Cue, Interval, Suggestion, Summary


@dataclass(frozen=True)
class LegRow:
    """One row of the main table of a report.

    Parameters
    ----------
    words : str
        What the row counts.
    metres : Interval or None
        What the draws say [m]; None where a draw knows no such thing.
    named_m : float or None
        Metres [m] for which it may be said with 90 %; None where that has no meaning.
    """

    words: str
    metres: Interval | None
    named_m: float | None


def cues_to_do(item: Suggestion) -> list[Cue]:
    """Leave out the cues at which a runner only goes on as before.

    Parameters
    ----------
    item : Suggestion
        The change.

    Returns
    -------
    list of Cue
        Where to cross and where to turn, in order.
    """
    return [cue for cue in item.cues if cue.kind in {"cross", "turn"}]


def leg_rows(summary: Summary) -> tuple[LegRow, ...]:
    """Build the main table: by leg, level, and what is not known.

    Parameters
    ----------
    summary : Summary
        The totals.

    Returns
    -------
    tuple of LegRow
        Left first; what lies on no mapped way comes last, since it is part of what is not known.
    """
    said = summary.verdict_m
    unnamed = (Verdict.TILTED_UNKNOWN, Verdict.UNKNOWN)
    return (
        LegRow(LEG_WORDS["left_low_m"], summary.left_low_m, said.get(Verdict.LEFT_LOW, 0.0)),
        LegRow(LEG_WORDS["right_low_m"], summary.right_low_m, said.get(Verdict.RIGHT_LOW, 0.0)),
        LegRow(LEG_WORDS["level_m"], summary.level_m, said.get(Verdict.LEVEL, 0.0)),
        *(LegRow(VERDICT_WORDS[verdict], None, said.get(verdict, 0.0)) for verdict in unnamed),
        LegRow(f"of it {LEG_WORDS['unmatched_m']}", summary.unmatched_m, None),
    )


def leg_cells(summary: Summary, units: str) -> list[tuple[str, str, str, str]]:
    """Write `leg_rows`: words, median, 90 % interval, what is named; "" where there is no such thing."""
    return [
        (
            row.words,
            "" if row.metres is None else distance_text(row.metres.median, units),
            "" if row.metres is None else range_text(row.metres, units),
            "" if row.named_m is None else distance_text(row.named_m, units),
        )
        for row in leg_rows(summary)
    ]


def surface_cells(summary: Summary, units: str) -> list[tuple[str, ...]]:
    """Write the metres by kind of surface: words, distance, left low, right low, level."""
    return [
        (
            KIND_WORDS[SurfaceKind(item.surface_kind)],
            *(
                distance_text(metres, units)
                for metres in (item.distance_m, item.left_low_m, item.right_low_m, item.level_m)
            ),
        )
        for item in summary.surfaces
    ]
