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
_AWAY_PT: Final = 10.0
_LETTER_PT: Final = 4.6


def draw_street_names(
    axes: Axes, roads: Roads, exposure: Exposure, run: shapely.MultiLineString, metres_per_pt: float
) -> None:
    """Write the names of the streets with the longest distance, beside their longest straight piece.

    Parameters
    ----------
    axes : Axes
        The map, with its limits set; coordinates in metres.
    roads : Roads
        The roads.
    exposure : Exposure
        The intervals; their ways are the streets.
    run : MultiLineString
        The recorded line; names stand on the side of the street that it leaves free.
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
        piece = _longest_piece(own)
        if piece is None or not _can_be_written(text):
            continue
        beside = _beside(piece, run, metres_per_pt)
        place = _free_place(beside, _LETTER_PT * len(text) * metres_per_pt, box, placed)
        if place is not None:
            placed.append(place.buffer(_AWAY_PT * metres_per_pt))
            _write(axes, text, place)


def _free_place(
    along: shapely.LineString, needed_m: float, box: shapely.Geometry, placed: list[shapely.Geometry]
) -> shapely.LineString | None:
    """Find where a name of this length fits on the map beside no other, nearest to the middle of its line."""
    (x0, y0), (x1, y1) = shapely.get_coordinates(along)
    half = 0.5 * needed_m / (along.length or 1.0)
    for middle in (0.5, 0.35, 0.65, 0.2, 0.8):
        ends = [(x0 + at * (x1 - x0), y0 + at * (y1 - y0)) for at in (middle - half, middle + half)]
        place = shapely.LineString(ends)
        fits = along.length > 0.8 * needed_m and shapely.contains(box, place)
        if fits and not any(place.intersects(other) for other in placed):
            return place
    return None


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


def _beside(
    along: shapely.LineString, run: shapely.MultiLineString, metres_per_pt: float
) -> shapely.LineString:
    """Shift a straight line to the side where the run is further away."""
    xy = shapely.get_coordinates(along)
    (dx, dy) = (xy[1] - xy[0]) / (along.length or 1.0)
    shift = _AWAY_PT * metres_per_pt * np.array([-dy, dx])
    sides = [shapely.LineString(xy + sign * shift) for sign in (-1.0, 1.0)]
    middles = [side.interpolate(0.5, normalized=True) for side in sides]
    return sides[int(np.argmax(shapely.distance(middles, run)))]


def _write(axes: Axes, text: str, along: shapely.LineString) -> None:
    (x0, y0), (x1, y1) = sorted(shapely.get_coordinates(along).tolist())
    angle = np.degrees(np.arctan2(y1 - y0, x1 - x0))
    axes.text((x0 + x1) / 2.0, (y0 + y1) / 2.0, text, rotation=angle, rotation_mode="anchor", ha="center",
              va="center", fontsize=7.5, color="#4a4a4a", parse_math=False, clip_on=True, zorder=2,
              path_effects=[withStroke(linewidth=2.2, foreground="white")])  # fmt: skip


@cache
def _can_be_written(text: str) -> bool:
    font = get_font(findfont(FontProperties(family="DejaVu Sans")))
    return all(font.get_char_index(ord(character)) for character in text)
