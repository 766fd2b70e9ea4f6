"""Names of the streets that were run on, written along them on the map."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.patheffects import withStroke

from camber.report.wording import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from camber.schema import Exposure, Roads

_MOST: Final = 8
_LONGEST: Final = 40
_AWAY_PT: Final = 9.0
_LETTER_PT: Final = 4.6


def draw_street_names(axes: Axes, roads: Roads, exposure: Exposure, metres_per_pt: float) -> None:
    """Write the names of the streets with the longest distance, beside their longest straight piece.

    Parameters
    ----------
    axes : Axes
        The map, with its limits set; coordinates in metres.
    roads : Roads
        The roads.
    exposure : Exposure
        The intervals; their ways are the streets.
    metres_per_pt : float
        Metres of the map per point on the page.
    """
    box = shapely.box(*(axes.get_xlim()[0], axes.get_ylim()[0], axes.get_xlim()[1], axes.get_ylim()[1]))
    metres = exposure.groupby("way_id")["distance_m"].sum()
    by_street = metres.groupby(roads.ways["street_id"].reindex(metres.index)).sum()
    # By street and not by way: a sidewalk mapped for itself has no name, but its street has.
    named = roads.ways[(roads.ways["name"] != "") & roads.ways["street_id"].isin(by_street.index)]
    weight = by_street.reindex(named["street_id"]).set_axis(named["name"].to_numpy())
    order = weight.groupby(level=0).max().sort_values(ascending=False, kind="stable")
    placed: list[shapely.Geometry] = []
    for name in order.index[:_MOST]:
        text = plain(str(name), _LONGEST)
        own = shapely.intersection(shapely.union_all(named.geometry[named["name"] == name].to_numpy()), box)
        place = _longest_piece(own)
        needed = _LETTER_PT * len(text) * metres_per_pt
        if place is None or place.length < 0.8 * needed or not _can_be_written(text):
            continue
        extent = place.interpolate(0.5, normalized=True).buffer(needed / 2.0)
        if not any(extent.intersects(other) for other in placed):
            placed.append(extent)
            _write(axes, text, place, metres_per_pt)


def _longest_piece(geometry: shapely.Geometry) -> shapely.LineString | None:
    """Longest piece between two bends of more than about 15 degrees (judgement)."""
    best = None
    for line in shapely.get_parts(shapely.line_merge(geometry)):
        if line.geom_type != "LineString" or line.is_empty:
            continue
        xy = shapely.get_coordinates(line)
        heading = np.arctan2(*np.diff(xy, axis=0).T)
        turn = np.abs((np.diff(heading) + np.pi) % (2.0 * np.pi) - np.pi)
        for piece in np.split(np.arange(len(xy) - 1), np.flatnonzero(turn > np.radians(15.0)) + 1):
            straight = shapely.LineString(xy[[piece[0], piece[-1] + 1]])
            if best is None or straight.length > best.length:
                best = straight
    return best


def _write(axes: Axes, text: str, along: shapely.LineString, metres_per_pt: float) -> None:
    (x0, y0), (x1, y1) = shapely.get_coordinates(along)
    if (x1, y1) < (x0, y0):
        x0, y0, x1, y1 = x1, y1, x0, y0
    length = along.length or 1.0
    # Beside the line: text runs rightwards, so that its left normal points up the page.
    x = (x0 + x1) / 2.0 - _AWAY_PT * metres_per_pt * (y1 - y0) / length
    y = (y0 + y1) / 2.0 + _AWAY_PT * metres_per_pt * (x1 - x0) / length
    axes.text(x, y, text, rotation=np.degrees(np.arctan2(y1 - y0, x1 - x0)), rotation_mode="anchor",
              ha="center", va="center", fontsize=7.5, color="#4a4a4a", parse_math=False, clip_on=True,
              path_effects=[withStroke(linewidth=2.2, foreground="white")], zorder=2)  # fmt: skip


@cache
def _can_be_written(text: str) -> bool:
    font = get_font(findfont(FontProperties(family="DejaVu Sans")))
    return all(font.get_char_index(ord(character)) for character in text)
