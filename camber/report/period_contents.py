"""What is said about a week, in sentences: the same in the terminal and on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from camber.conventions import ENOUGH_TO_COMPARE_M, SurfaceKind
from camber.report.wording import balance_text, day_text, distance_text, duration_text, plain, share_text

if TYPE_CHECKING:
    from datetime import date

    from camber.schema import Period, PeriodTotal, RunResult, Suggestion, Summary

REASON_WORDS: Final = {
    "other_sport": "other sports, indoors or virtual",
    "no_track": "no positions recorded",
    "waiting": "not analysed yet",
    "no_roads": "no map there",
    "failed": "could not be analysed",
    "unmatched": "on no mapped way",
    "path": "paths and trails, whose tilt is not known",
    "track": "running tracks and tracks",
    "side_unknown": "the side of the road is not sure enough",
    "leg_unknown": "the side is known, the leg is not sure enough",
}
"""Why nothing is said, in the order in which `camber.schema.NotJudged` knows it."""

SIMULATED_REMARK: Final = "Some of these recordings are simulated: nobody ran them."
MOST_SUGGESTIONS: Final = 3
_ROADS: Final = (SurfaceKind.ROAD_EDGE, SurfaceKind.ROAD_CENTRE, SurfaceKind.SIDEWALK)
ANOTHER_LENGTH: Final = 0.01
"""Share by which two distances of one run may part before a word is said (judgement)."""

_ALONG_POSITIONS: Final = "from one recorded position to the next, whose errors and pauses are in it"
_VIRTUAL: Final = ": virtual "


def on_roads_m(summary: Summary) -> float:
    """Sum the expected metres on mapped roads and sidewalks.

    Parameters
    ----------
    summary : Summary
        The totals.

    Returns
    -------
    float
        Metres [m].
    """
    return sum(item.distance_m for item in summary.surfaces if item.surface_kind in _ROADS)


def noun_of(period: Period) -> str:
    """Name the kind of period.

    Parameters
    ----------
    period : Period
        The period.

    Returns
    -------
    str
        ``"week"`` for seven days, else ``"period"``.
    """
    return "week" if period.kind == "week" else "period"


def period_facts(period: Period, units: str) -> str:
    """Say from when to when, how many runs, how far and how long.

    Parameters
    ----------
    period : Period
        The period.
    units : {"km", "mi"}
        Unit of distances.

    Returns
    -------
    str
        One line.
    """
    first, last = period.starts_on, period.ends_on
    days = f"{day_text(first)} to {day_text(last)}" if first and last else "no time recorded"
    runs = [run for run in period.runs if run.state not in {"other_sport", "no_track"}]
    parts = [days, "1 run" if len(runs) == 1 else f"{len(runs)} runs"]
    if runs:
        parts.append(distance_text(sum(run.distance_m for run in runs), units))
        parts.append(duration_text(sum(run.duration_s for run in runs)))
    virtual = [run.distance_m for run in period.runs if is_virtual(run.state, run.reason)]
    if virtual:
        parts.append(f"{len(virtual)} virtual, {distance_text(sum(virtual), units)}")
    return " · ".join(parts)


def period_sentences(period: Period, units: str) -> tuple[str, ...]:
    """Say what the week amounts to beside the runner's own weeks, and what to keep in mind.

    Parameters
    ----------
    period : Period
        The period.
    units : {"km", "mi"}
        Unit of distances.

    Returns
    -------
    tuple of str
        Sentences; the only one of an empty week says that it is empty.
    """
    without_day = _without_day(period.without_day)
    if not period.runs:
        return (f"No runs this {noun_of(period)}.", *without_day)
    total = period.total
    if total is None:
        noun = noun_of(period)
        return (f"Nothing of this {noun} is analysed yet; why stands beside each run.", *without_day)
    roads = on_roads_m(total)
    sentences = [
        (
            f"Balance {balance_text(total.balance)}, from \u22121 all left to +1 all right; "
            f"weighted by tilt {balance_text(total.tilt_balance)}."
        ),
        f"{distance_text(roads, units)} of it were on mapped roads and sidewalks.",
        *([] if roads >= ENOUGH_TO_COMPARE_M else ["That is too little to compare with other weeks."]),
        _usual(period),
    ]
    if total.facing_traffic is not None:
        share = share_text(total.facing_traffic)
        sentences.append(f"Facing traffic on {share} of the metres at the edge of two-way roads.")
    if period.duplicates:
        noun = "recording is another copy" if period.duplicates == 1 else "recordings are other copies"
        sentences.append(f"{period.duplicates} {noun} of these runs and not counted.")
    return (*sentences, *without_day)


def _without_day(runs: int) -> tuple[str, ...]:
    if not runs:
        return ()
    who = "1 run has no day and is" if runs == 1 else f"{runs} runs have no day and are"
    return (f"{who} in no week: `camber runs` lists them, `camber runs --date RUN DAY` gives one its day.",)


def day_lines(run: int, day: date | None, likely_day: date | None, doubt: str) -> tuple[str, ...]:
    """Say what is to be said of the day of a run, and how to set it; nothing where its own times do.

    Parameters
    ----------
    run : int
        Its number.
    day, likely_day : date or None
        The day that it has, and the likely one.
    doubt : str
        What speaks against its own times.

    Returns
    -------
    tuple of str
        One sentence, or none.
    """
    if day is not None and not doubt:
        return ()
    what = [doubt] if doubt else []
    if day is None:
        what.append(f"Run {run} has no day, so it is in no week.")
    given = "DAY" if likely_day is None else likely_day.isoformat()
    why = "" if likely_day is None else ", the likely one"
    return (" ".join([*what, f"To set its day{why}: camber runs --date {run} {given}"]),)


def _usual(period: Period) -> str:
    usual = period.usual
    if usual is None:
        return "Your usual range appears after four weeks with at least 5 km on roads."
    low, high = (f"{value:+.2f}".replace("-", "\u2212") for value in (usual.balance.low, usual.balance.high))
    range_ = f"Usual for you: a balance from {low} to {high} (eight of ten of your last {usual.weeks} weeks)"
    balance = None if period.total is None else period.total.balance
    if usual.closer_to_even is None or balance is None:
        return f"{range_}."
    within = usual.balance.low <= balance.median <= usual.balance.high
    place = "within it" if within else "outside it"
    noun = noun_of(period)
    return (
        f"{range_}. This {noun} is {place}, and closer to even than {usual.closer_to_even} of those "
        f"{usual.weeks} weeks."
    )


def not_judged_rows(period: Period, units: str) -> tuple[tuple[str, str, str], ...]:
    """List what no leg can be named for, and why.

    Parameters
    ----------
    period : Period
        The period.
    units : {"km", "mi"}
        Unit of distances.

    Returns
    -------
    tuple of (str, str, str)
        Reason, distance, and number of runs.
    """
    return tuple(
        (REASON_WORDS[item.reason], distance_text(item.distance_m, units), str(item.runs))
        for item in period.not_judged
    )


def best_suggestions(period: Period) -> tuple[tuple[RunResult, Suggestion], ...]:
    """Choose the suggestions that would bring a run closest to even.

    Parameters
    ----------
    period : Period
        The period.

    Returns
    -------
    tuple of (RunResult, Suggestion)
        Largest gain of the expected absolute balance first, one per run, three at most.
    """
    found = [
        (run, run.suggestions.items[0])
        for run in period.runs
        if run.suggestions is not None and run.suggestions.items
    ]
    return tuple(sorted(found, key=lambda pair: (-_gain(pair[1]), pair[0].run))[:MOST_SUGGESTIONS])


def _gain(item: Suggestion) -> float:
    """Take what the change is judged by: the median hides a side that is not known."""
    return item.uneven_before - item.uneven_after


def length_line(distance_m: float, recorded_m: float, units: str) -> str | None:
    """Say how far a run is along its recorded positions, where that is another distance.

    Parameters
    ----------
    distance_m, recorded_m : float
        Distance after the analysis, and from one recorded position to the next [m].
    units : {"km", "mi"}
        Unit of distances.

    Returns
    -------
    str or None
        One sentence where the two part by more than 1 %.
    """
    if abs(recorded_m - distance_m) <= ANOTHER_LENGTH * distance_m:
        return None
    return f"{distance_text(recorded_m, units)} {_ALONG_POSITIONS}."


def reason_words(state: str, reason: str) -> str:
    """Say in a few words why a run is not analysed.

    Parameters
    ----------
    state, reason : str
        As `camber.schema.RunResult` has them.

    Returns
    -------
    str
        Such as ``"not analysed yet"``.
    """
    return "virtual: counted, not analysed" if is_virtual(state, reason) else REASON_WORDS.get(state, state)


def is_virtual(state: str, reason: str) -> bool:
    """Tell whether nobody was where a run says, because a program invented the place.

    Parameters
    ----------
    state, reason : str
        As `camber.schema.RunResult` has them.

    Returns
    -------
    bool
        True for a virtual run.
    """
    return state == "other_sport" and _VIRTUAL in reason


def run_label(run: RunResult) -> str:
    """Name a run of a list.

    Parameters
    ----------
    run : RunResult
        The run.

    Returns
    -------
    str
        Day and title.
    """
    day = "no day: " if run.day is None else f"{day_text(run.day)} "
    return f"{day}{plain(run.title, 60)}"


def trend_row(total: PeriodTotal, units: str) -> tuple[str, str, str, str]:
    """Write one week of a trend.

    Parameters
    ----------
    total : PeriodTotal
        The week.
    units : {"km", "mi"}
        Unit of distances.

    Returns
    -------
    tuple of str
        Title, runs, distance and balance.
    """
    balance = "" if total.balance is None else balance_text(total.balance)
    return total.title, str(total.runs), distance_text(total.distance_m, units), balance


def is_simulated(period: Period) -> bool:
    """Tell whether any run says of itself that it is simulated.

    Parameters
    ----------
    period : Period
        The period.

    Returns
    -------
    bool
        True for the sample.
    """
    return any(run.simulated for run in period.runs)
