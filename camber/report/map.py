"""The run over the roads, drawn from OpenStreetMap itself: no tiles, no network.

Blue is left, orange right, grey neither. Solid is a leg from a probability of .75, pale from .60, dotted is
on no mapped way. The half arrowheads point along the run and have their barb on the side of the low leg, so
that left and right can be told apart without colour. The line is drawn beside its place, on the side that was
run; the shift is not to scale. Where the side is not known the line is thin.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely
from matplotlib import style
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from camber.conventions import OSM_ATTRIBUTION
from camber.geometry import parallel_line
from camber.report.figures import STYLE, figure_of
from camber.report.intervals import interval_lines
from camber.report.street_names import draw_street_names
from camber.report.strokes import STROKES, UNKNOWN_SIDE, Stroke, sides_of, strokes_of
from camber.report.wording import METRES_PER_UNIT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from camber.schema import Analysis, Exposure, Roads

_WIDTH_IN: Final = 5.2
_LEGEND_IN: Final = 1.35
_ROAD_WIDTH_PT: Final = {
    **dict.fromkeys(("motorway", "trunk", "primary", "motorway_link", "trunk_link", "primary_link"), 3.4),
    **dict.fromkeys(("secondary", "tertiary", "secondary_link", "tertiary_link"), 2.6),
    **dict.fromkeys(("residential", "unclassified", "living_street", "road"), 1.9),
    **dict.fromkeys(("service", "track", "busway"), 1.1),
}
_FOOT_WIDTH_PT: Final = 0.7
_LINE_PT: Final = 2.0
_SIDE_PT: Final = 3.0
_THIN_PT: Final = 1.0
_ARROW_EVERY_PT: Final = 46.0
_ARROW_PT: Final = (8.0, 4.6)
_BARBS: Final = {-1: (-1.0, 0.15), 0: (-0.6, 0.6), 1: (-0.15, 1.0)}
_SMOOTH_PT: Final = 0.5
_INK: Final = "#222222"
_START: Final[dict[str, Any]] = {
    "marker": "o",
    "markersize": 8.5,
    "markerfacecolor": "none",
    "markeredgecolor": _INK,
    "markeredgewidth": 1.4,
}
_END: Final[dict[str, Any]] = {
    "marker": "s",
    "markersize": 4.5,
    "markerfacecolor": _INK,
    "markeredgecolor": "white",
    "markeredgewidth": 0.5,
}


def plot_map(analysis: Analysis, ax: Axes | None = None, *, legend: bool = True, units: str = "km") -> Axes:
    """Draw a run over the roads around it.

    Parameters
    ----------
    analysis : Analysis
        The run.
    ax : Axes, optional
        Where to draw; a figure of its own, without a window, if it is missing (see ``.figure``).
    legend : bool
        Whether to explain the symbols below the map.
    units : {"km", "mi"}
        Unit of the scale bar.

    Returns
    -------
    Axes
        Coordinates are metres in the coordinate system of the roads.
    """
    lines = interval_lines(analysis.sloped, analysis.exposure)
    with style.context(STYLE):
        bounds = _frame(shapely.total_bounds(lines))
        axes = ax or _own_axes(bounds, legend=legend)
        axes.set_xlim(bounds[0], bounds[2])
        axes.set_ylim(bounds[1], bounds[3])
        axes.set_aspect("equal", adjustable="box" if ax is None else "datalim")
        axes.set_xticks([])
        axes.set_yticks([])
        metres_per_pt = _metres_per_point(axes, bounds)
        _draw_roads(axes, analysis.roads, bounds)
        draw_street_names(
            axes, analysis.roads, analysis.exposure, shapely.MultiLineString(list(lines)), metres_per_pt
        )
        drawn = _draw_run(axes, lines, analysis.exposure, metres_per_pt)
        _draw_ends(axes, lines)
        _draw_scale(axes, bounds, metres_per_pt, units)
        if legend:
            _draw_legend(axes, drawn)
    return axes


def _frame(bounds: NDArray[np.float64]) -> tuple[float, float, float, float]:
    """Widen the bounds of the run [m]: at least 200 m, no slimmer than 1 to 2, room for a scale bar."""
    west, south, east, north = map(float, bounds)
    margin = max(40.0, 0.07 * max(east - west, north - south))
    longer = max(east - west, north - south) + 2.0 * margin
    half_width = max(east - west + 2.0 * margin, longer / 2.0, 200.0) / 2.0
    half_height = max(north - south + 2.0 * margin, longer / 2.0, 200.0) / 2.0
    x, y = (west + east) / 2.0, (south + north) / 2.0
    return x - half_width, y - 1.15 * half_height, x + half_width, y + half_height


def _own_axes(bounds: tuple[float, float, float, float], *, legend: bool) -> Axes:
    west, south, east, north = bounds
    height = _WIDTH_IN * (north - south) / (east - west)
    if legend:
        return Figure(figsize=(_WIDTH_IN, height + _LEGEND_IN), layout="compressed").add_subplot()
    return Figure(figsize=(_WIDTH_IN, height)).add_axes((0.0, 0.0, 1.0, 1.0))


def _metres_per_point(axes: Axes, bounds: tuple[float, float, float, float]) -> float:
    inches = figure_of(axes).get_size_inches()
    place = axes.get_position()
    width, height = place.width * inches[0] * 72.0, place.height * inches[1] * 72.0
    return float(max((bounds[2] - bounds[0]) / width, (bounds[3] - bounds[1]) / height))


def _draw_roads(axes: Axes, roads: Roads, bounds: tuple[float, float, float, float]) -> None:
    geometry = roads.ways.geometry.to_numpy()
    inside = shapely.clip_by_rect(geometry, *bounds)
    highway = roads.ways["highway"].to_numpy(dtype=str)
    width = np.array([_ROAD_WIDTH_PT.get(name, _FOOT_WIDTH_PT) for name in highway])
    for points in sorted(set(width)):
        path = _compound(shapely.get_parts(inside[width == points]))
        foot = points == _FOOT_WIDTH_PT
        colour, dashes = ("#b9b9b9", (0, (3.0, 1.5))) if foot else ("#cfcfcf", "solid")
        patch = PathPatch(path, fill=False, linewidth=points, edgecolor=colour, linestyle=dashes,
                          capstyle="round", zorder=1)  # fmt: skip
        patch.set_gid(f"camber-{'foot' if foot else 'road'}-{points * 10:.0f}")
        axes.add_patch(patch)


def _compound(lines: Sequence[shapely.LineString] | NDArray[np.object_]) -> Path:
    """Join many lines to one path, so that a drawing holds one shape and not thousands."""
    kept = [shapely.get_coordinates(line) for line in lines if not line.is_empty]
    if not kept:
        return Path(np.zeros((0, 2)))
    codes = np.concatenate([np.r_[Path.MOVETO, np.full(len(xy) - 1, Path.LINETO)] for xy in kept])
    return Path(np.concatenate(kept), codes.astype(np.uint8))


def _draw_run(
    axes: Axes, lines: NDArray[np.object_], exposure: Exposure, metres_per_pt: float
) -> list[Stroke]:
    """Draw the stretches, the pale ones below, and return the strokes that occur."""
    stretches = _stretches(lines, exposure, metres_per_pt)
    occurring = []
    for stroke in reversed(STROKES):
        for width in (_THIN_PT, _LINE_PT):
            own = [line for line, name, points in stretches if (name, points) == (stroke.name, width)]
            if not own:
                continue
            occurring.append(stroke)
            gid = f"camber-{stroke.name}{'-thin' if width == _THIN_PT else ''}"
            patch = PathPatch(_compound(own), fill=False, edgecolor=stroke.colour, linewidth=width,
                              linestyle=(0, stroke.dashes) if stroke.dashes else "solid",
                              alpha=stroke.opacity, capstyle="butt", joinstyle="round", zorder=3)  # fmt: skip
            patch.set_gid(gid)
            axes.add_patch(patch)
            heads = PathPatch(_arrowheads(own, stroke.barb, metres_per_pt), facecolor=stroke.colour,
                              edgecolor="white", linewidth=0.4, zorder=4)  # fmt: skip
            heads.set_gid(f"{gid}-heads")
            axes.add_patch(heads)
    return list(dict.fromkeys(occurring[::-1]))


def _stretches(
    lines: NDArray[np.object_], exposure: Exposure, metres_per_pt: float
) -> list[tuple[shapely.LineString, str, float]]:
    """Join neighbours that are drawn alike; each with its stroke and width, on the side inferred."""
    keys = list(zip(exposure["section"], strokes_of(exposure), sides_of(exposure), strict=True))
    joined = []
    for (_section, stroke, side), members in groupby(range(len(keys)), key=keys.__getitem__):
        xy = np.concatenate([shapely.get_coordinates(lines[i]) for i in members])
        smooth = shapely.simplify(shapely.LineString(xy), _SMOOTH_PT * metres_per_pt)
        line = shapely.LineString(shapely.get_coordinates(smooth))
        known = side != UNKNOWN_SIDE
        shifted = _shifted(line, side * _SIDE_PT * metres_per_pt) if known and side else line
        joined.append((shifted, STROKES[stroke].name, _LINE_PT if known else _THIN_PT))
    return joined


def _shifted(line: shapely.LineString, offset_m: float) -> shapely.LineString:
    if line.length < 2.0 * abs(offset_m):
        return line
    shifted = parallel_line(line, offset_m)
    # A knot of fixes folds its parallel into pieces or nothing: then the line itself is the better picture.
    return shifted if shifted.geom_type == "LineString" and not shifted.is_empty else line


def _arrowheads(lines: list[shapely.LineString], barb: int, metres_per_pt: float) -> Path:
    every = _ARROW_EVERY_PT * metres_per_pt
    length, width = (points * metres_per_pt for points in _ARROW_PT)
    left, right = _BARBS[barb]
    shape = np.array([[0.5 * length, 0.0], [-0.5 * length, left * width], [-0.5 * length, right * width]])
    heads = []
    for line in lines:
        if line.length < length:
            continue
        count = max(1, int(line.length // every))
        at = (np.arange(count) + 0.5) / count * line.length
        centre = shapely.get_coordinates(shapely.line_interpolate_point(line, at))
        before, after = (
            shapely.get_coordinates(
                shapely.line_interpolate_point(line, np.clip(at + step, 0.0, line.length))
            )
            for step in (-length / 2.0, length / 2.0)
        )
        for middle, (dx, dy) in zip(centre, after - before, strict=True):
            along = np.array([dx, dy]) / (np.hypot(dx, dy) or 1.0)
            to_right = np.array([along[1], -along[0]])
            corners = middle + shape[:, :1] * along + shape[:, 1:] * to_right
            heads.append(Path(np.vstack([corners, corners[:1]]), closed=True))
    return Path.make_compound_path(*heads) if heads else Path(np.zeros((0, 2)))


def _draw_ends(axes: Axes, lines: NDArray[np.object_]) -> None:
    """Draw a ring at the start and a smaller square at the end, so that both are seen where they coincide."""
    for line, index, end in ((lines[0], 0, _START), (lines[-1], -1, _END)):
        x, y = shapely.get_coordinates(line)[index]
        axes.plot(x, y, linestyle="none", zorder=5, **end)


def _draw_scale(
    axes: Axes, bounds: tuple[float, float, float, float], metres_per_pt: float, units: str
) -> None:
    """Draw scale bar, north and attribution into the corners."""
    west, south, east, _north = bounds
    length, words = scale_bar((east - west) / 3.5, units)
    x, y, tick = west + 8.0 * metres_per_pt, south + 9.0 * metres_per_pt, 3.0 * metres_per_pt
    xs, ys = [x, x, x + length, x + length], [y + tick, y, y, y + tick]
    axes.plot(xs, ys, color="white", linewidth=3.5, zorder=6)
    axes.plot(xs, ys, color=_INK, linewidth=1.2, zorder=6)
    box = {"boxstyle": "square,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.8}
    axes.text(x + length + 2.0 * tick, y, words, ha="left", va="bottom", zorder=6, bbox=box)
    axes.text(0.99, 0.01, OSM_ATTRIBUTION, transform=axes.transAxes, ha="right", va="bottom", fontsize=7.5,
              zorder=6, bbox=box)  # fmt: skip
    axes.text(0.985, 0.985, "N\n↑", transform=axes.transAxes, ha="right", va="top", linespacing=0.9, zorder=6,
              bbox=box)  # fmt: skip


def scale_bar(longest_m: float, units: str) -> tuple[float, str]:
    """Choose a round length for a scale bar.

    Parameters
    ----------
    longest_m : float
        Longest length that fits [m].
    units : {"km", "mi"}
        Unit family of the words: metres and kilometres, or feet and miles.

    Returns
    -------
    float
        Length [m]: 1, 2 or 5 times a power of ten of the unit.
    str
        Its words.
    """
    small, small_m = ("m", 1.0) if units == "km" else ("ft", 0.3048)
    large_m = METRES_PER_UNIT[units]
    use_large = longest_m >= large_m
    unit, unit_m = (units, large_m) if use_large else (small, small_m)
    power = 10.0 ** np.floor(np.log10(longest_m / unit_m))
    count = max(step * power for step in (1.0, 2.0, 5.0) if step * power * unit_m <= longest_m)
    return float(count * unit_m), f"{count:g} {unit}"


def _draw_legend(axes: Axes, strokes: list[Stroke]) -> None:
    always = {"run-left", "run-right"}
    shown = [stroke for stroke in STROKES if stroke in strokes or stroke.name in always]
    handles = [
        Line2D([], [], color=stroke.colour, linewidth=_LINE_PT, alpha=stroke.opacity,
               linestyle=(0, stroke.dashes) if stroke.dashes else "solid", label=stroke.words)
        for stroke in shown
    ]  # fmt: skip
    handles += [
        Line2D([], [], linestyle="none", label=label, **end)
        for label, end in (("start", _START), ("end", _END))
    ]
    axes.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.01), ncols=2, handlelength=2.8,
                title="arrowheads: direction of travel, barb on the low side", title_fontsize=8)  # fmt: skip
