"""What a report is about: one run or several, their total, and what is said beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from camber.conventions import SideBasis, SurfaceKind, Verdict
from camber.report.wording import (
    KIND_WORDS,
    LEG_WORDS,
    VERDICT_WORDS,
    distance_text,
    duration_text,
    plain,
    range_text,
    share_text,
    start_text,
)

if TYPE_CHECKING:
    from camber.schema import Analysis, Cue, Interval, Suggestion, Summary


@dataclass(frozen=True, eq=False)
class Report:
    """What a report is about.

    Parameters
    ----------
    analyses : tuple of Analysis
        The runs, in the order in which they are shown; at least one.
    total : Summary
        Their total; of a single run, its own summary.
    units : {"km", "mi"}
        Unit of distances for people; tables for programs stay in metres.
    remarks : tuple of str
        Sentences shown at the top, such as that the recordings are simulated.
    """

    analyses: tuple[Analysis, ...]
    total: Summary
    units: str = "km"
    remarks: tuple[str, ...] = ()

    @property
    def is_single(self) -> bool:
        """Whether the report is about one run."""
        return len(self.analyses) == 1


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


def facts(summary: Summary, units: str) -> str:
    """Say when, how far and how long.

    Parameters
    ----------
    summary : Summary
        The totals.
    units : {"km", "mi"}
        Unit of the distance.

    Returns
    -------
    str
        One line.
    """
    runs = f"{summary.runs} runs"
    when = start_text(summary.started_at, summary.time_zone) if summary.runs == 1 else runs
    return " · ".join((when, distance_text(summary.distance_m, units), duration_text(summary.duration_s)))


def problem_lines(summary: Summary) -> tuple[str, ...]:
    """List what was noticed in the data, each thing once with how often it was met.

    Parameters
    ----------
    summary : Summary
        The totals.

    Returns
    -------
    tuple of str
        Sentences with counts.
    """
    counts: dict[str, int] = {}
    for item in summary.problems:
        message = plain(item.message).rstrip(".")
        counts[message] = counts.get(message, 0) + item.count
    return tuple(f"{message} ({count})" for message, count in counts.items())


def how_sure(summary: Summary, draws: int) -> tuple[str, ...]:
    """Say how sure a summary is, and why, in sentences.

    Parameters
    ----------
    summary : Summary
        The totals.
    draws : int
        Number of drawn histories behind the intervals.

    Returns
    -------
    tuple of str
        Sentences for a person.
    """
    total = summary.distance_m or 1.0
    basis = {name: share_text(summary.side_basis_m.get(name, 0.0) / total) for name in SideBasis}
    matched = (
        f"{share_text(summary.coverage)} of the distance was on a mapped way; for "
        f"{share_text(summary.judged)} a leg, or level, can be named with at least 90 % probability."
    )
    side = (
        f"The side of the road: {basis[SideBasis.SEEN]} seen in the recording, {basis[SideBasis.ASSUMED]} "
        f"assumed from traffic side, law and tags, {basis[SideBasis.MAPPED]} mapped, "
        f"{basis[SideBasis.UNKNOWN]} not known."
    )
    intervals = (
        f"Intervals hold 90 % of {draws} drawn histories of side and cross slope. Positioning errors that "
        "last for minutes are in them; an assumption that is wrong everywhere is not."
    )
    return (matched, side, *_slope_sentence(summary), intervals)


def _slope_sentence(summary: Summary) -> tuple[str, ...]:
    slopes = [item for item in summary.assumptions if item.table.startswith("cross_slope")]
    covered = sum(item.distance_m for item in slopes)
    if not covered:
        return ()
    low = share_text(sum(item.distance_m for item in slopes if item.confidence == "low") / covered)
    sentence = (
        "The cross slope comes from road standards and judgement, with low confidence over "
        f"{low} of the metres that rest on them."
    )
    return (sentence,)


def roads_of(report: Report) -> tuple[tuple[str, str | None], ...]:
    """List the road sources of a report and the dates of their data.

    Parameters
    ----------
    report : Report
        The report.

    Returns
    -------
    tuple of (str, str or None)
        Source and date, each source once, in the order of the runs.
    """
    return tuple(dict.fromkeys((a.roads.source, a.roads.osm_date) for a in report.analyses))
