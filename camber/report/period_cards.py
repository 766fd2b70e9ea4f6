"""The answer as a picture to send: 1200 x 630 for a link or a message, 1080 x 1920 for a telephone.

A card holds no map and no name of a run or a street: it shows nothing of where the runner was.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from matplotlib import style
from matplotlib.figure import Figure

from camber.conventions import OSM_ATTRIBUTION
from camber.report.figures import STYLE, figure_png
from camber.report.period_answer import answer, usual_sentence
from camber.report.period_contents import SIMULATED_REMARK, is_simulated, period_facts
from camber.report.period_figures import plot_answer, plot_trend

if TYPE_CHECKING:
    from camber.schema import Period

WIDE: Final = (1200, 630)
TALL: Final = (1080, 1920)
"""Width and height of the cards [pixels] (the usual image of a link, and a telephone's screen)."""

_FOOT: Final = "Exposure on cambered roads, estimated; not medical advice"


def week_cards(period: Period, units: str = "km") -> tuple[bytes, bytes]:
    """Draw a period as two cards.

    Parameters
    ----------
    period : Period
        The period.
    units : {"km", "mi"}
        Unit of distances.

    Returns
    -------
    tuple of bytes
        PNG, `WIDE` and `TALL`; the same period gives the same bytes.
    """
    return _card(period, units, WIDE, 56, 15.0), _card(period, units, TALL, 32, 21.0)


def _card(period: Period, units: str, size: tuple[int, int], line: int, points: float) -> bytes:
    with style.context([STYLE, {"font.size": points * 0.8, "savefig.dpi": 100}]):
        figure = Figure(figsize=(size[0] / 100.0, size[1] / 100.0), dpi=100)
        wide = size[0] > size[1]
        figure.text(0.06, 0.92, period.title, fontsize=points, color="#555555", va="top")
        facts = textwrap.fill(period_facts(period, units), line * 2 if wide else 40)
        figure.text(0.06, 0.86 if wide else 0.895, facts, fontsize=points * 0.8, color="#555555", va="top")
        words = textwrap.fill(answer(period).replace(" %", "\u00a0%"), line)
        top = 0.78 if wide else 0.83
        figure.text(0.06, top, words, fontsize=points * 1.5, fontweight="bold", va="top", parse_math=False)
        if period.total is not None:
            box = (0.06, 0.27, 0.88, 0.13) if wide else (0.08, 0.52, 0.84, 0.07)
            plot_answer(period.total, figure.add_axes(box))
        if not wide:
            plot_trend(period, figure.add_axes((0.17, 0.14, 0.75, 0.3)))
        notes = [textwrap.fill(usual_sentence(period), 105 if wide else 52)]
        notes += [SIMULATED_REMARK] if is_simulated(period) else []
        notes += [f"{_FOOT} · {OSM_ATTRIBUTION}" if wide else f"{_FOOT}\n{OSM_ATTRIBUTION}"]
        figure.text(0.06, 0.04, "\n".join(notes), fontsize=points * 0.62, color="#555555", va="bottom")
    return figure_png(figure, dpi=100)
