"""The streets of a library as a figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib import style
from matplotlib.figure import Figure

from camber.report.figures import STYLE
from camber.report.strokes import LEFT_COLOUR, RIGHT_COLOUR
from camber.report.wording import NAME_LENGTH, plain

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def plot_streets(streets: pd.DataFrame, ax: Axes | None = None, *, most: int = 12) -> Axes:
    """Draw what each street adds to the tilt, the largest on top.

    Parameters
    ----------
    streets : DataFrame
        Of `camber.library.Library.streets`.
    ax : Axes, optional
        Where to draw; a figure of its own, without a window, if it is missing (see ``.figure``).
    most : int
        How many streets.

    Returns
    -------
    Axes
        One bar per street from 0 to its net tilt [% km], left where the left foot was lower.
    """
    largest = streets["net_tilt_pct_km"].abs().sort_values(ascending=False, kind="stable").index[:most]
    chosen = streets.loc[largest]
    with style.context(STYLE):
        axes = ax or Figure(figsize=(5.2, 1.1 + 0.26 * len(chosen)), layout="constrained").add_subplot()
        values = [float(value) for value in chosen["net_tilt_pct_km"]]
        for row, value in enumerate(values):
            axes.barh(row, value, height=0.56, color=LEFT_COLOUR if value < 0.0 else RIGHT_COLOUR)
        reach = max(map(abs, values), default=0.0) or 1.0
        axes.set_xlim(-1.08 * reach, 1.08 * reach)
        axes.set_ylim(max(len(chosen), 1) - 0.5, -0.5)
        names = [plain(str(name), NAME_LENGTH // 2) or "(no name)" for name in chosen.index]
        axes.set_yticks(range(len(chosen)))
        axes.set_yticklabels(names, parse_math=False)
        axes.xaxis.set_major_formatter(lambda value, _position: f"{abs(value):g}")
        axes.axvline(0.0, color="#222222", linewidth=0.8)
        axes.set_xlabel("◀ left leg low     net tilt [% km]     right leg low ▶")
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(axis="y", length=0)
    return axes
