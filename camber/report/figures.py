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

from camber.report.strokes import LEFT_COLOUR, NEUTRAL_COLOUR, RIGHT_COLOUR
from camber.report.wording import METRES_PER_UNIT, NAME_LENGTH, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes

    from camber.schema import Interval, Summary

STYLE: Final = "camber.report.camber"
"""The package's matplotlib style, for `matplotlib.style.context`."""


def plot_bar(summaries: Sequence[Summary], ax: Axes | None = None, *, units: str = "km") -> Axes:
    """Draw one diverging bar per summary: left leg low to the left, right leg low to the right.

    Parameters
    ----------
    summaries : sequence of Summary
        Runs, or runs and their total, from top to bottom.
    ax : Axes, optional
        Where to draw; a figure of its own, without a window, if it is missing (see ``.figure``).
    units : {"km", "mi"}
        Unit of the axis.

    Returns
    -------
    Axes
        Bars end at the median, whiskers span the 90 % interval.
    """
    with style.context(STYLE):
        axes = ax or Figure(figsize=(5.2, 1.1 + 0.34 * len(summaries)), layout="constrained").add_subplot()
        per = METRES_PER_UNIT[units]
        for row, summary in enumerate(summaries):
            _half_bar(axes, row, summary.left_low_m, -1.0 / per, LEFT_COLOUR)
            _half_bar(axes, row, summary.right_low_m, 1.0 / per, RIGHT_COLOUR)
        reach = max((max(s.left_low_m.high, s.right_low_m.high) for s in summaries), default=0.0) / per
        axes.set_xlim(-1.08 * (reach or 1.0), 1.08 * (reach or 1.0))
        axes.set_ylim(len(summaries) - 0.5, -0.5)
        axes.set_yticks(range(len(summaries)))
        axes.set_yticklabels([plain(s.title, NAME_LENGTH // 2) for s in summaries], parse_math=False)
        axes.xaxis.set_major_formatter(lambda value, _position: f"{abs(value):g}")
        axes.axvline(0.0, color="#222222", linewidth=0.8)
        axes.set_xlabel(f"◀ left leg low     [{units}]     right leg low ▶")
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(axis="y", length=0)
    return axes


def _half_bar(axes: Axes, row: int, metres: Interval, scale: float, colour: str) -> None:
    axes.barh(row, metres.median * scale, height=0.56, color=colour)
    low, high = sorted((metres.low * scale, metres.high * scale))
    # White below dark, so that the whisker is seen inside the bar and outside of it.
    for width, ink in ((2.6, "white"), (1.0, "#222222")):
        axes.plot([low, high], [row, row], color=ink, linewidth=width)
        for end in (low, high):
            axes.plot([end, end], [row - 0.13, row + 0.13], color=ink, linewidth=width)


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
