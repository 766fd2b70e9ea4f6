"""The answer as a picture to send: 1200 x 630 for a link or a message, 1080 x 1920 for a telephone.

A card holds the sentence, the scale and no name of a run or a street. It is made to be sent on: the outline
of where the runs went is on it only in a story to be shared, which privacy zones have cut.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely
from matplotlib import style
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from camber.conventions import OSM_ATTRIBUTION
from camber.report.figures import STYLE, figure_png
from camber.report.story import Reader
from camber.report.strokes import LEFT_COLOUR, NEUTRAL_COLOUR, RIGHT_COLOUR, STROKES, strokes_of
from camber.report.wording import plain

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.axes import Axes

    from camber.report.story import Story
    from camber.schema import Interval

WIDE: Final = (1200, 630)
TALL: Final = (1080, 1920)
"""Width and height of the cards [pixels] (the usual image of a link, and a telephone's screen)."""

_FOOT: Final = "Estimated from recordings and road standards; not medical advice"
_SOFT: Final = "#565d69"
_INK: Final = "#15181d"
_MIDDLE: Final = "#d3d7de"
_NEAR_DEG: Final = 0.2
"""How far from the first place a run may be to be in the outline [deg] (22 km of latitude, judgement)."""


def story_cards(story: Story) -> tuple[bytes, bytes]:
    """Draw a story as two cards.

    Parameters
    ----------
    story : Story
        The story; for others with the stretches of its period where there is to be an outline.

    Returns
    -------
    tuple of bytes
        PNG, `WIDE` and `TALL`; the same story gives the same bytes.
    """
    return _card(story, WIDE, 15.0), _card(story, TALL, 22.0)


def _card(story: Story, size: tuple[int, int], points: float) -> bytes:
    with style.context([STYLE, {"font.size": points * 0.8, "savefig.dpi": 100}]):
        figure = Figure(figsize=(size[0] / 100.0, size[1] / 100.0), dpi=100)
        wide = size[0] > size[1]
        small: dict[str, Any] = {"fontsize": points * 0.8, "color": _SOFT, "parse_math": False}
        figure.text(0.06, 0.93, plain(story.title), va="top", **small)
        days = textwrap.fill(story.eyebrow, 90 if wide else 44)
        figure.text(0.06, 0.885 if wide else 0.91, days, va="top", **small)
        outline = story.period.stretches if story.reader is Reader.SHARED else None
        drawn = outline is not None and not outline.empty
        words = textwrap.fill(story.headline, 34 if wide and drawn else 52 if wide else 27)
        figure.text(0.06, 0.80 if wide else 0.85, words, fontsize=points * (1.75 if wide else 1.95), va="top",
                    fontweight="bold", color=_INK, linespacing=1.15, parse_math=False)  # fmt: skip
        if story.low is not None and story.low.left_share is not None:
            across = (0.5 if drawn else 0.88) if wide else 0.88
            scale = figure.add_axes((0.06, 0.17, across, 0.16) if wide else (0.06, 0.5, 0.88, 0.07))
            _scale(scale, story.low.left_share, story.usual_share, story.scale, points)
        if drawn and outline is not None:
            _outline(figure.add_axes((0.62, 0.12, 0.34, 0.74) if wide else (0.06, 0.1, 0.88, 0.36)), outline)
        notes = [*story.remarks[:1], f"{_FOOT} · {OSM_ATTRIBUTION} · camber"]
        line = 130 if wide else 62
        foot = "\n".join(textwrap.fill(note, line) for note in notes)
        figure.text(0.06, 0.035, foot, va="bottom", **(small | {"fontsize": points * 0.62}))
    return figure_png(figure, dpi=100)


def _scale(axes: Axes, share: Interval, usual: Interval | None, label: str, points: float) -> None:
    """Draw the scale as the page has it: left on the left, median, 90 % range, and the usual band below."""
    colours = LinearSegmentedColormap.from_list("both", [LEFT_COLOUR, _MIDDLE, RIGHT_COLOUR])
    axes.imshow(
        np.linspace(0.0, 1.0, 256)[np.newaxis], cmap=colours, extent=(0.0, 1.0, 0.52, 0.68), aspect="auto"
    )
    low, high = 1.0 - share.high, 1.0 - share.low
    axes.add_patch(Rectangle((low, 0.46), high - low, 0.28, facecolor=(1.0, 1.0, 1.0, 0.4), edgecolor=_INK,
                             linewidth=2.0))  # fmt: skip
    axes.plot([1.0 - share.median] * 2, [0.4, 0.8], color=_INK, linewidth=4.0)
    axes.plot([0.5, 0.5], [0.42, 0.78], color=_SOFT, linewidth=1.0)
    if usual is not None:
        axes.plot([1.0 - usual.high, 1.0 - usual.low], [0.34, 0.34], color=NEUTRAL_COLOUR, linewidth=5.0)
    ends = (("◀ left leg low", 0.0, LEFT_COLOUR), ("right leg low ▶", 1.0, RIGHT_COLOUR))
    for words, at, colour in ends:
        axes.text(at, 0.98, words, ha="left" if at == 0.0 else "right", va="top", color=colour,
                  fontsize=points * 0.8, fontweight="bold")  # fmt: skip
    at = min(max(1.0 - share.median, 0.2), 0.8)
    axes.text(at, 0.24, label, ha="center", va="top", fontsize=points * 0.95, fontweight="bold", color=_INK)
    axes.set_xlim(0.0, 1.0)
    axes.set_ylim(0.0, 1.0)
    axes.set_axis_off()


def _outline(axes: Axes, stretches: gpd.GeoDataFrame) -> None:
    """Draw where the runs went, in the colours of the map; what is far from the first place is left out."""
    lines = stretches.geometry.to_numpy()
    first = shapely.get_coordinates(lines[0])[0]
    for line, stroke in zip(lines, strokes_of(stretches), strict=True):
        xy = shapely.get_coordinates(line)
        if np.abs(xy - first).max() > _NEAR_DEG:
            continue
        look = STROKES[stroke]
        axes.plot(xy[:, 0], xy[:, 1], color=look.colour, alpha=look.opacity, linewidth=2.6,
                  solid_capstyle="round", zorder=2 if look.barb else 1)  # fmt: skip
    axes.set_aspect(1.0 / np.cos(np.radians(first[1])))
    axes.set_axis_off()
