"""Figures as matplotlib objects, and how they become bytes.

Nothing here touches the user's backend or settings: a style is used within a context, and figures that
camber makes itself are plain `matplotlib.figure.Figure` objects without a window.
"""

from __future__ import annotations

import io
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from matplotlib import style
from matplotlib.figure import Figure

from camber.report.story import Story, StreetLine
from camber.report.strokes import LEFT_COLOUR, NEUTRAL_COLOUR, PALE, RIGHT_COLOUR
from camber.report.wording import NAME_LENGTH, left_share_of, plain
from camber.schema import Summary, Word

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes

    from camber.report.story import RunLine, WeekLine

    _Line = Story | Summary | RunLine | WeekLine | StreetLine
    from camber.schema import Interval

STYLE: Final = "camber.report.camber"
"""The package's matplotlib style, for `matplotlib.style.context`."""


def plot_shares(
    lines: Story | Sequence[Summary | RunLine | WeekLine | StreetLine],
    ax: Axes | None = None,
    *,
    usual: Interval | None = None,
) -> Axes:
    """Draw shares of the legs on the one scale of every report: left stands on the left, even in the middle.

    Parameters
    ----------
    lines : Story, or sequence of Summary, RunLine, WeekLine or StreetLine
        A story's answer, its runs, weeks or streets, or summaries, from top to bottom.
    ax : Axes, optional
        Where to draw; a figure of its own, without a window, if it is missing (see ``.figure``).
    usual : Interval, optional
        A band behind them: share of the left leg, 0 to 1; that of the story if it is missing there.

    Returns
    -------
    Axes
        Bars go from even to the median share of the left leg, x from 0 (all left) to 1 (all right); whiskers
        span the 90 % range. Pale where a leg is low perhaps, grey where it could be either.
    """
    if isinstance(lines, Story):
        usual = usual or lines.usual_share
    rows: list[_Line] = [lines] if isinstance(lines, Story) else [*lines]
    with style.context(STYLE):
        axes = ax or Figure(figsize=(5.2, 0.9 + 0.3 * len(rows)), layout="constrained").add_subplot()
        if usual is not None:
            axes.axvspan(1.0 - usual.high, 1.0 - usual.low, color=NEUTRAL_COLOUR, alpha=0.2, linewidth=0.0)
        for row, line in enumerate(rows):
            _share_bar(axes, row, line)
        axes.set_xlim(0.0, 1.0)
        axes.set_ylim(max(len(rows), 1) - 0.45, -0.55)
        axes.set_yticks(range(len(rows)))
        axes.set_yticklabels([_label(line) for line in rows], parse_math=False)
        axes.set_xticks([0.0, 0.25, 0.5, 0.75, 1.0], ["100 %", "75 %", "even", "75 %", "100 %"])
        axes.axvline(0.5, color="#222222", linewidth=0.8)
        axes.set_xlabel("◀ left leg low        right leg low ▶")
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(axis="y", length=0)
    return axes


def _share_bar(axes: Axes, row: int, line: _Line) -> None:
    low = line.low if not isinstance(line, Summary) else None
    share = low.left_share if low is not None else left_share_of(getattr(line, "balance", None))
    if share is None:
        axes.plot([0.5], [row], marker="x", markersize=4, color=NEUTRAL_COLOUR, linestyle="none")
        return
    leg = low.leg if low is not None else "left" if share.median > 0.5 else "right"
    colour = {"left": LEFT_COLOUR, "right": RIGHT_COLOUR}.get(leg, NEUTRAL_COLOUR)
    pale = low is not None and low.word is Word.PERHAPS
    axes.barh(row, 0.5 - share.median, left=0.5, height=0.56, color=colour, alpha=PALE if pale else 1.0)
    # White below dark, so that the whisker is seen inside the bar and outside of it.
    for width, ink in ((2.6, "white"), (1.0, "#222222")):
        axes.plot([1.0 - share.high, 1.0 - share.low], [row, row], color=ink, linewidth=width)


def _label(line: _Line) -> str:
    day = getattr(line, "day", "")
    name = line.name if isinstance(line, StreetLine) else line.title
    return plain(f"{day} {name}".strip(), NAME_LENGTH // 2)


def plot_tornado(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw how the balance moves when assumptions are moved, the largest move on top.

    Parameters
    ----------
    table : DataFrame
        Of `camber.sensitivity.balance_sensitivity`.
    ax : Axes, optional
        Where to draw; a figure of its own, without a window, if it is missing (see ``.figure``).

    Returns
    -------
    Axes
        One bar per assumption from the balance at its lower to that at its higher value, which stand at the
        ends; the line is the balance as assumed, the band its 90 % interval.
    """
    with style.context(STYLE):
        axes = ax or Figure(figsize=(5.6, 1.2 + 0.42 * len(table)), layout="constrained").add_subplot()
        for position, row in enumerate(table.to_dict("records")):
            ends = (
                (row["at_low_balance"], row["low_value"], LEFT_COLOUR),
                (row["at_high_balance"], row["high_value"], RIGHT_COLOUR),
            )
            for value, _, colour in ends:
                axes.barh(position, value - row["balance"], left=row["balance"], height=0.5, color=colour)
            # Also where both moves go the same way, each label has a side of its own.
            for (value, label, _), side in zip(sorted(ends, key=itemgetter(0)), (-1.0, 1.0), strict=True):
                outside = min(value, row["balance"]) if side < 0.0 else max(value, row["balance"])
                axes.annotate(
                    str(label), (outside, position), (4.0 * side, 0.0), textcoords="offset points",
                    ha="left" if side > 0.0 else "right", va="center", fontsize="small",
                )  # fmt: skip
        if len(table):
            usual = table[["balance_low", "balance", "balance_high"]].to_numpy(dtype=float)[0]
            axes.axvspan(float(usual[0]), float(usual[2]), color=NEUTRAL_COLOUR, alpha=0.12)
            axes.axvline(float(usual[1]), color="#222222", linewidth=0.8)
        axes.set_ylim(len(table) - 0.5, -0.5)
        axes.set_yticks(range(len(table)))
        axes.set_yticklabels(list(table["name"]) if len(table) else [], parse_math=False)
        axes.set_xlabel("◀ left leg low     balance     right leg low ▶")
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(axis="y", length=0)
    return axes


def figure_of(axes: Axes) -> Figure:
    """Find the figure that axes belong to.

    Parameters
    ----------
    axes : Axes
        Axes of a figure, or of a part of one.

    Returns
    -------
    Figure
        The whole figure.

    Raises
    ------
    ValueError
        If the axes were removed from their figure.
    """
    figure = axes.get_figure(root=True)
    if figure is None:
        raise ValueError("these axes belong to no figure any more: make new ones")
    return figure


def figure_png(figure: Figure, dpi: float | None = None) -> bytes:
    """Draw a figure as PNG.

    Parameters
    ----------
    figure : Figure
        The figure.
    dpi : float, optional
        Pixels per inch; those of the style if missing.

    Returns
    -------
    bytes
        The same figure gives the same bytes; no program or date is named in it.
    """
    out = io.BytesIO()
    with style.context(STYLE):
        if dpi is None:
            figure.savefig(out, format="png", metadata={"Software": None})
        else:
            figure.savefig(out, format="png", metadata={"Software": None}, dpi=dpi)
    return out.getvalue()


def figure_svg(figure: Figure) -> bytes:
    """Draw a figure as SVG.

    Parameters
    ----------
    figure : Figure
        The figure.

    Returns
    -------
    bytes
        The same figure gives the same bytes; no program or date is named in it.
    """
    out = io.BytesIO()
    with style.context(STYLE):
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return out.getvalue()
