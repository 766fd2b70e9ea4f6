"""A week for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from camber.report.contents import cues_to_do, how_sure, problem_lines
from camber.report.period_contents import (
    SIMULATED_REMARK,
    best_suggestions,
    day_lines,
    is_simulated,
    length_line,
    not_judged_rows,
    period_facts,
    period_sentences,
    reason_words,
    run_label,
    trend_row,
)
from camber.report.text import bar_text, bare_table, bullets, heading, indented, leg_table, surface_table
from camber.report.wording import (
    NAME_LENGTH,
    STANDING_NOTES,
    balance_text,
    change_text,
    distance_text,
    plain,
    tilt_text,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.table import Table

    from camber.schema import Period, PeriodTotal, RunResult

_STREETS = 5


def period_text(period: Period, units: str = "km") -> RenderableType:
    """Draw a week for the terminal.

    Parameters
    ----------
    period : Period
        The week.
    units : {"km", "mi"}
        Unit of distances.

    Returns
    -------
    rich renderable
        To be printed by a `rich.console.Console`.
    """
    parts: list[RenderableType] = [heading(period.title), Text(period_facts(period, units), style="dim")]
    if is_simulated(period):
        parts.append(Text(SIMULATED_REMARK, style="bold"))
    if period.total is not None:
        parts += [bar_text(period.total), indented(leg_table(period.total, units))]
    parts += [Text(sentence) for sentence in period_sentences(period, units)]
    if period.runs:
        parts += [Text(), indented(_runs(period.runs, units))]
    if period.total is not None:
        parts += [Text(), indented(surface_table(period.total, units)), *_streets(period, units)]
    if period.not_judged:
        rows = not_judged_rows(period, units)
        parts += [Text(), indented(_table(rows, "no leg named, because", "distance", "runs"))]
    parts += [*_suggestions(period, units), Text(), indented(trend_table(period.weeks, units))]
    if period.total is not None:
        draws = 0 if period.draws is None else len(period.draws.left_low_m)
        parts += [Text(), heading("How sure, and why"), *bullets(how_sure(period.total, draws))]
        parts += [*bullets(problem_lines(period.total)), *_data(period)]
    return Group(*parts, Text(), *(Text(note, style="dim") for note in STANDING_NOTES))


def trend_table(weeks: Sequence[PeriodTotal], units: str = "km") -> Table:
    """Draw weeks one below the other.

    Parameters
    ----------
    weeks : sequence of PeriodTotal
        Oldest first.
    units : {"km", "mi"}
        Unit of distances.

    Returns
    -------
    Table
        Title, runs, distance, balance with its interval.
    """
    rows = [trend_row(week, units) for week in weeks]
    return _table(rows, "week", "runs", "distance", "balance (90 % interval)")


def run_text(run: RunResult, units: str = "km") -> RenderableType:
    """Draw one run of the library for the terminal.

    Parameters
    ----------
    run : RunResult
        The run.
    units : {"km", "mi"}
        Unit of distances.

    Returns
    -------
    rich renderable
        To be printed by a `rich.console.Console`.
    """
    facts = [f"run {run.run}", run.source, run.sport or "no sport named", run.gear or ""]
    listed = " · ".join(plain(fact, NAME_LENGTH) for fact in facts if fact)
    parts: list[RenderableType] = [heading(run_label(run)), Text(listed, style="dim")]
    if run.simulated:
        parts.append(Text(SIMULATED_REMARK, style="bold"))
    parts += map(Text, map(plain, day_lines(run.run, run.day, run.likely_day, run.doubt)))
    if run.summary is None:
        return Group(*parts, Text(f"{reason_words(run.state, run.reason)}: {plain(run.reason)}"))
    summary = run.summary
    distance = distance_text(summary.distance_m, units)
    parts += [bar_text(summary), indented(leg_table(summary, units))]
    parts.append(Text(f"{distance}; balance {balance_text(summary.balance)}."))
    longer = length_line(summary.distance_m, run.recorded_m, units)
    parts += [] if longer is None else [Text(longer)]
    parts += [Text(), indented(surface_table(summary, units))]
    draws = 0 if run.draws is None else len(run.draws.left_low_m)
    parts += [Text(), heading("How sure, and why"), *bullets(how_sure(summary, draws))]
    parts += [*bullets(problem_lines(summary))]
    if run.suggestions is not None:
        whats = (item.what for item in run.suggestions.items)
        said = (run.suggestions.explanation, *whats, run.suggestions.conclusion)
        parts += [Text(), heading("Suggestion"), *bullets(plain(text) for text in said)]
    return Group(*parts, Text(), *(Text(note, style="dim") for note in STANDING_NOTES))


def _runs(runs: Sequence[RunResult], units: str) -> Table:
    rows = []
    for run in runs:
        summary = run.summary
        said = reason_words(run.state, run.reason) if summary is None else balance_text(summary.balance)
        rows.append((str(run.run), run_label(run), distance_text(run.distance_m, units), said))
    table = bare_table()
    table.add_column("run", justify="right")
    for title, side in (("", "left"), ("distance", "right"), ("balance (90 % interval)", "right")):
        table.add_column(title, justify="right" if side == "right" else "left")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table


def _streets(period: Period, units: str) -> list[RenderableType]:
    rows = [
        (
            plain(street.total.name, NAME_LENGTH),
            distance_text(street.total.distance_m, units),
            tilt_text(street.total.net_tilt_pct_km),
            str(street.visits_in_year),
            street.slope_source,
        )
        for street in period.streets[:_STREETS]
    ]
    titles = ("streets that tilt most", "distance", "net tilt", "runs in a year", "slope from")
    return [Text(), indented(_table(rows, *titles))] if rows else []


def _suggestions(period: Period, units: str) -> list[RenderableType]:
    found = best_suggestions(period)
    if not found:
        return []
    parts: list[RenderableType] = [Text(), heading("Suggestions")]
    for run, item in found:
        over = distance_text(item.distance_m, units)
        parts += [
            Text(f"{run_label(run)}: {plain(item.what)}", style="bold"),
            Text(f"  where: {', '.join(plain(name, 60) for name in item.where)} ({over})"),
            Text(
                f"  left leg low {change_text(item.left_low_before_m, item.left_low_after_m, units)}, "
                f"right leg low {change_text(item.right_low_before_m, item.right_low_after_m, units)}"
            ),
            Text(f"  balance {balance_text(item.balance_before)} → {balance_text(item.balance_after)}"),
            Text(f"  additional crossings: {item.crossings}; {plain(item.rule)} ({plain(item.rule_source)})"),
            *(
                Text(f"  at {distance_text(cue.at_m, units)}: {plain(cue.text, 160)}")
                for cue in cues_to_do(item)
            ),
            *(Text(f"  against it: {plain(reason)}") for reason in item.against),
        ]
    return parts


def _data(period: Period) -> list[RenderableType]:
    roads = "; ".join(f"{plain(source)}, data of {date or 'unknown date'}" for source, date in period.roads)
    versions = ", ".join(period.model_versions)
    return [Text(), Text(f"Roads: {roads}. Analysed by camber {versions}.", style="dim")]


def _table(rows: Iterable[Sequence[str]], first: str, *others: str) -> Table:
    table = bare_table()
    table.add_column(Text(first))
    for title in others:
        table.add_column(Text(title), justify="right")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table
