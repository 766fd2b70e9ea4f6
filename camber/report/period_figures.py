"""Figures of a week or of any other days: the answer as one bar, the runs, and the weeks before.

Left stands on the left in every figure, and no name that somebody may have given is drawn into one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from matplotlib import style
from matplotlib.figure import Figure

from camber.conventions import ENOUGH_TO_COMPARE_M
from camber.report.figures import STYLE
from camber.report.period_answer import LITTLE_OF_RUN_M, left_share
from camber.report.period_contents import on_roads_m
from camber.report.strokes import LEFT_COLOUR, NEUTRAL_COLOUR, RIGHT_COLOUR
from camber.report.wording import DAY_WORDS, METRES_PER_UNIT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from camber.schema import Interval, Period, PeriodTotal, RunResult, Summary

_WIDTH_IN: Final = 3.7
_INK: Final = "#222222"
MOST_BARS: Final = 40
"""Runs beyond which a figure holds weeks instead (judgement: what fits a page)."""


def plot_answer(summary: Summary, ax: Axes | None = None) -> Axes:
    """Draw the share of each leg as one bar, left on the left.

    Parameters
    ----------
    summary : Summary
        The totals; without a balance the bar is empty.
    ax : Axes, optional
        Where to draw; a figure of its own, without a window, if it is missing (see ``.figure``).

    Returns
    -------
    Axes
        The legs meet at the median; the whisker spans the 90 % interval. Hollow where there is too little
        to compare.
    """
    with style.context(STYLE):
        axes = ax or Figure(figsize=(_WIDTH_IN, 0.8), layout="constrained").add_subplot()
        share = left_share(summary.balance)
        hollow = on_roads_m(summary) < ENOUGH_TO_COMPARE_M
        if share is not None:
            parts = ((0.0, share.median, LEFT_COLOUR), (share.median, 1.0 - share.median, RIGHT_COLOUR))
            for start, width, colour in parts:
                _bar(axes, 0.0, start, width, colour, hollow=hollow)
            _whisker(axes, 0.0, share.low, share.high, 0.16)
        axes.set_xlim(0.0, 1.0)
        axes.set_ylim(-0.5, 0.5)
        axes.set_yticks([])
        axes.set_xticks([0.0, 0.25, 0.5, 0.75, 1.0], ["0", "25", "50", "75", "100"])
        axes.set_xlabel("◀ left leg low   [% of tilted metres]   right leg low ▶")
        axes.axvline(0.5, color=_INK, linewidth=0.6, linestyle=(0, (2, 2)))
        axes.spines[["top", "right", "left"]].set_visible(False)
    return axes


def _bar(axes: Axes, row: float, start: float, width: float, colour: str, *, hollow: bool) -> None:
    face = "none" if hollow else colour
    axes.barh(row, width, left=start, height=0.6, facecolor=face, edgecolor=colour, linewidth=1.1)


def _whisker(axes: Axes, row: float, low: float, high: float, half: float = 0.13) -> None:
    # White below dark, so that the whisker is seen inside the bar and outside of it.
    for width, ink in ((2.6, "white"), (1.0, _INK)):
        axes.plot([low, high], [row, row], color=ink, linewidth=width)
        for end in (low, high):
            axes.plot([end, end], [row - half, row + half], color=ink, linewidth=width)


def plot_days(runs: Sequence[RunResult], ax: Axes | None = None, *, units: str = "km") -> Axes:
    """Draw one diverging bar per run: left leg low to the left, right leg low to the right.

    Parameters
    ----------
    runs : sequence of RunResult
        The runs; those without a summary have a row without a bar.
    ax : Axes, optional
        Where to draw; a figure of its own, without a window, if it is missing (see ``.figure``).
    units : {"km", "mi"}
        Unit of the axis.

    Returns
    -------
    Axes
        Bars end at the median, whiskers span the 90 % interval; hollow where the run has too little on
        mapped roads and sidewalks.
    """
    labels = ["" if run.day is None else f"{DAY_WORDS[run.day.weekday()]} {run.day:%m-%d}" for run in runs]
    values = [
        (run.summary.left_low_m, run.summary.right_low_m, on_roads_m(run.summary) < LITTLE_OF_RUN_M)
        if run.summary
        else None
        for run in runs
    ]
    return _diverging(labels, values, ax, units)


def plot_week_bars(weeks: Sequence[PeriodTotal], ax: Axes | None = None, *, units: str = "km") -> Axes:
    """Draw one diverging bar per week, for periods of too many runs to draw each.

    Parameters
    ----------
    weeks : sequence of PeriodTotal
        The weeks, oldest first.
    ax : Axes, optional
        Where to draw; a figure of its own, without a window, if it is missing (see ``.figure``).
    units : {"km", "mi"}
        Unit of the axis.

    Returns
    -------
    Axes
        As `plot_days`.
    """
    values = [
        (week.left_low_m, week.right_low_m, week.on_roads_m < ENOUGH_TO_COMPARE_M)
        if week.left_low_m is not None and week.right_low_m is not None
        else None
        for week in weeks
    ]
    return _diverging([_week_label(week) for week in weeks], values, ax, units)


def _diverging(
    labels: Sequence[str],
    values: Sequence[tuple[Interval, Interval, bool] | None],
    ax: Axes | None,
    units: str,
) -> Axes:
    per = METRES_PER_UNIT[units]
    with style.context(STYLE):
        axes = (
            ax or Figure(figsize=(_WIDTH_IN, 0.62 + 0.24 * len(labels)), layout="constrained").add_subplot()
        )
        reach = 0.0
        for row, value in enumerate(values):
            if value is None:
                axes.plot([0.0], [row], marker="x", markersize=4, color=NEUTRAL_COLOUR, linestyle="none")
                continue
            left, right, hollow = value
            _bar(axes, row, 0.0, -left.median / per, LEFT_COLOUR, hollow=hollow)
            _bar(axes, row, 0.0, right.median / per, RIGHT_COLOUR, hollow=hollow)
            _whisker(axes, row, -left.low / per, -left.high / per)
            _whisker(axes, row, right.low / per, right.high / per)
            reach = max(reach, left.high / per, right.high / per)
        axes.set_xlim(-1.08 * (reach or 1.0), 1.08 * (reach or 1.0))
        axes.set_ylim(max(len(labels), 1) - 0.4, -0.6)
        axes.set_yticks(range(len(labels)), labels)
        axes.xaxis.set_major_formatter(lambda value, _position: f"{abs(value):g}")
        axes.axvline(0.0, color=_INK, linewidth=0.8)
        axes.set_xlabel(f"◀ left leg low   [{units}]   right leg low ▶")
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(axis="y", length=0)
    return axes


def plot_trend(period: Period, ax: Axes | None = None) -> Axes:
    """Draw the share of the left leg week by week, with what is usual behind.

    Parameters
    ----------
    period : Period
        With its weeks, oldest first; they stand from top to bottom.
    ax : Axes, optional
        Where to draw; a figure of its own, without a window, if it is missing (see ``.figure``).

    Returns
    -------
    Axes
        Dots are medians, lines 90 % intervals, the band is the usual range; more left stands further left.
        A dot is hollow where the week has too little to compare.
    """
    weeks = period.weeks
    with style.context(STYLE):
        axes = ax or Figure(figsize=(_WIDTH_IN, 0.7 + 0.2 * len(weeks)), layout="constrained").add_subplot()
        if period.usual is not None:
            usual = period.usual.balance
            axes.axvspan(usual.low, usual.high, color=NEUTRAL_COLOUR, alpha=0.22, linewidth=0.0)
        for row, week in enumerate(weeks):
            if week.balance is not None:
                _dot(axes, row, week.balance, hollow=week.on_roads_m < ENOUGH_TO_COMPARE_M)
        axes.set_xlim(-1.0, 1.0)
        axes.set_ylim(max(len(weeks), 1) - 0.4, -0.6)
        axes.set_yticks(range(len(weeks)), [_week_label(week) for week in weeks])
        axes.set_xticks([-1.0, -0.5, 0.0, 0.5, 1.0], ["100", "75", "50", "75", "100"])
        axes.set_xlabel("◀ left leg low   [% of tilted metres]   right leg low ▶")
        axes.axvline(0.0, color=_INK, linewidth=0.6, linestyle=(0, (2, 2)))
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(axis="y", length=0)
        if len(weeks) > MOST_BARS:
            axes.tick_params(axis="y", labelsize=5)
    return axes


def _dot(axes: Axes, row: int, balance: Interval, *, hollow: bool) -> None:
    colour = LEFT_COLOUR if balance.median < 0.0 else RIGHT_COLOUR
    axes.plot([balance.low, balance.high], [row, row], color=colour, linewidth=1.3)
    face = "white" if hollow else colour
    marker = "<" if balance.median < 0.0 else ">"
    axes.plot(
        [balance.median], [row], marker=marker, markersize=5.5, markerfacecolor=face, markeredgecolor=colour
    )


def _week_label(week: PeriodTotal) -> str:
    return f"{week.starts_on:%m-%d}" if week.title.startswith("Week of") else week.title[-3:]
