"""From the points of a terrain model and the line of a way to its cross sections, window by window.

Cells of a raster and ground returns of a cloud are the same thing: points, used once and never resampled.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from camber.geometry import project_to_line
from camber.schema import as_cross_sections
from camber.schema.cross_sections import CROSS_SECTIONS
from camber.terrain.edges import (
    GIVEN,
    PLACES_M,
    REACH_M,
    Evidence,
    Search,
    along_way,
    anywhere,
    prior_of,
    try_edges,
)
from camber.terrain.grade import BIN_M, Levelled, level, second_differences
from camber.terrain.halves import (
    common_excess,
    covariance_of,
    design_of,
    fit_at,
    halves_of,
    joint_covariance,
    walk_beyond,
)
from camber.terrain.line_frame import beside_line, smooth_line, tight
from camber.terrain.slope_errors import ERRORS, is_doubtful

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from camber.schema import CrossSections, MappedRoad

    FloatArray = NDArray[np.float64]
    BoolArray = NDArray[np.bool_]
    ReadPoints = Callable[[tuple[float, float, float, float]], FloatArray]


@dataclass(frozen=True)
class Gates:
    """What is not measured; the numbers are judgements from simulated and real streets.

    Parameters
    ----------
    window_m, shortest_m, end_m : float
        Length of the windows, of the shortest way, and what is left out at the ends of a way, which lie in
        junctions [m].
    radius_m : float
        Tighter bends are left out [m].
    paved_m, unpaved_m : float
        Roughest surfaces [m]: rougher ones are another place, a bridge or a forest's floor.
    interpolated_m : float
        Second differences below this, over sqrt 6, are those of a grid that was interpolated [m].
    smoothed : float
        Second differences over 1 m may not fall below this share of those over 3 m.
    smoothed_way : float
        Where the median of the way is below this, no window's share is above that median.
    coarsest_m : float
        Largest cells [m]: with those of 2 m simulated slopes of a road of 8 m err by 3 %.
    path_m, path_cell_m : float
        Ways up to this width need cells up to this size [m].
    filled : float
        Share of the road's cells that must be there.
    edge_m : float
        Ground that steps up or down by less at either side of a path is no edge of it [m]: of simulated paths
        of 2 m between verges half are taken for a strip beside them.
    """

    window_m: float = 40.0
    shortest_m: float = 15.0
    end_m: float = 4.0
    radius_m: float = 30.0
    paved_m: float = 0.04
    unpaved_m: float = 0.05
    interpolated_m: float = 0.002
    smoothed: float = 0.45
    smoothed_way: float = 0.6
    coarsest_m: float = 1.25
    path_m: float = 2.5
    path_cell_m: float = 0.6
    filled: float = 0.3
    edge_m: float = 0.04


GATES: Final = Gates()


class _Window(NamedTuple):
    """One window that has points: its number, its points beside the line, and what every edge makes of it."""

    number: int
    cell: NDArray[np.int64]
    offset_m: FloatArray
    level: Levelled
    evidence: Evidence
    search: Search


def measure_way(
    points: FloatArray | ReadPoints, line_xy: FloatArray, road: MappedRoad, spacing_m: float, *, gridded: bool
) -> CrossSections:
    """Measure the cross sections of one way in a terrain model.

    Parameters
    ----------
    points : ndarray of float64, shape (n, 3), or callable
        Cells or ground returns as x, y and height in a metric system [m], in any order; or what gives those
        within bounds (west, south, east, north): it is asked for one window after the other, and may give
        more.
    line_xy : ndarray of float64, shape (m, 2)
        The way as it is drawn, in the same metric system [m].
    road : MappedRoad
        What the map says of it.
    spacing_m : float
        Size of the cells, or mean distance of the points [m].
    gridded : bool
        Whether the points are cells of a raster.

    Returns
    -------
    CrossSections
        A row per window of about 40 m, from the start of the way to its end, refused ones included.
    """
    return sections_and_places(points, line_xy, road, spacing_m, gridded=gridded)[0]


def sections_and_places(
    points: FloatArray | ReadPoints, line_xy: FloatArray, road: MappedRoad, spacing_m: float, *, gridded: bool
) -> tuple[CrossSections, FloatArray]:
    """Measure a way as `measure_way` does, and say where its middle is, wherever the line is drawn.

    For each window, (n, 21), the probabilities of `camber.terrain.edges.PLACES_M`; NaN where none was seen.
    """
    length = float(np.hypot(*np.diff(line_xy, axis=0).T).sum())
    count = max(round(length / GATES.window_m), 1)
    border = np.linspace(0.0, length, count + 1)
    rows = [_blank(low, high) for low, high in pairwise(border.tolist())]
    reason = _refused_at_once(length, road, spacing_m)
    if reason:
        for row in rows:
            row["refused"] = reason
        return _as_table(rows), np.full((count, len(PLACES_M)), np.nan)
    read = points if callable(points) else partial(_within, points)
    search = _search(road, spacing_m, gridded=gridded)
    nodes, chainage = smooth_line(line_xy)
    bends = tight(nodes, chainage, GATES.radius_m)
    windows = []
    for number, row in enumerate(rows):
        limits = (
            max(border[number], min(GATES.end_m, length / 8.0)),
            min(border[number + 1], length - min(GATES.end_m, length / 8.0)),
        )
        here = (chainage >= limits[0] - 12.0) & (chainage <= limits[1] + 12.0)
        inside = (chainage >= limits[0]) & (chainage <= limits[1])
        if bends[inside].mean() > 0.5:
            row["refused"] = "bend"
            continue
        frame = nodes[here], chainage[here], bends[here]
        found = _look(read, frame, limits, search, road, spacing_m, gridded=gridded)
        if isinstance(found, str):
            row["refused"] = found
        else:
            penalty = _neighbours(road, nodes[inside], search)
            score = GIVEN.tempered * found.evidence.score + penalty
            windows.append((found._replace(number=number), score))
    places = np.full((count, len(PLACES_M)), np.nan)
    if windows:
        places[[window.number for window, _ in windows]] = _solve(
            rows, windows, road, spacing_m, gridded=gridded
        )
    return _as_table(rows), places


def _within(points: FloatArray, bounds: tuple[float, float, float, float]) -> FloatArray:
    x, y = points[:, 0], points[:, 1]
    return points[(x >= bounds[0]) & (y >= bounds[1]) & (x <= bounds[2]) & (y <= bounds[3])]


def _blank(low: float, high: float) -> dict[str, float | str]:
    row: dict[str, float | str] = {column.name: np.nan for column in CROSS_SECTIONS}
    return row | {"from_m": low, "to_m": high, "refused": ""}


def _as_table(rows: list[dict[str, float | str]]) -> CrossSections:
    return as_cross_sections(pd.DataFrame(rows).astype({"refused": "str"}))


def _refused_at_once(length_m: float, road: MappedRoad, spacing_m: float) -> str:
    """Say why nothing of a way can be measured; "" where it can."""
    if road.covered:
        return "bridge or tunnel"
    if length_m < GATES.shortest_m:
        return "too short"
    narrow = road.width_m <= GATES.path_m and spacing_m > GATES.path_cell_m
    return "cells too coarse" if narrow or spacing_m > GATES.coarsest_m else ""


def _search(road: MappedRoad, spacing_m: float, *, gridded: bool) -> Search:
    """Choose the places and widths to try, as wide as the map is in doubt."""
    steps = round(REACH_M / BIN_M)
    centre = np.asarray(np.arange(-steps, steps + 1) * BIN_M, dtype=np.float64)
    least = max(road.width_m / 2.0 - 1.5 * road.width_sd_m, 0.6 if road.width_m < 3.0 else 1.25)
    most = min(road.width_m / 2.0 + 1.75 * road.width_sd_m, 9.0)
    half = np.asarray(np.arange(int(least / BIN_M), int(most / BIN_M) + 2) * BIN_M, dtype=np.float64)
    margin = spacing_m if gridded else 0.4
    return Search(centre, half, 0.5 * margin, 0.75 * margin)


def _look(
    read: ReadPoints,
    frame: tuple[FloatArray, FloatArray, BoolArray],
    limits: tuple[float, float],
    search: Search,
    road: MappedRoad,
    spacing_m: float,
    *,
    gridded: bool,
) -> _Window | str:
    """Take the points of one window and try all edges on them; or say why that cannot be."""
    nodes, chainage, bends = frame
    reach = REACH_M + search.half_m[-1] + search.outside_m + 3.0
    low, high = nodes.min(axis=0) - reach, nodes.max(axis=0) + reach
    points = read((float(low[0]), float(low[1]), float(high[0]), float(high[1])))
    number, along, offset = beside_line(points, nodes, chainage, reach)
    # Cells in a tight bend are left out: nothing is straight there.
    node = np.minimum(np.searchsorted(chainage, along), len(chainage) - 1)
    keep = (along >= limits[0]) & (along <= limits[1]) & ~bends[node]
    number, along, offset = number[keep], along[keep] - limits[0], offset[keep]
    length = limits[1] - limits[0]
    expected = length * road.width_m / spacing_m**2
    near = np.abs(offset) <= road.width_m / 2.0
    if near.sum() < max(GATES.filled * expected, 30.0):
        return "too few cells"
    half = int(np.ceil(reach / BIN_M))
    done = level(along, offset, points[number, 2], length, road.width_m / 2.0 + 1.5, half)
    total = done.points.sum(axis=0)
    variance = done.noise_m**2 / np.maximum(total, 1.0) + GIVEN.misfit_m**2
    weight = np.where(total > 0.0, 1.0 / variance, 0.0)
    height = done.height_m.sum(axis=0) / np.maximum(total, 1.0)
    cost = np.array([GIVEN.free_per_m, GIVEN.strip_cost])
    evidence = try_edges(weight, done.offset_m, height, search, half, cost, GIVEN.bowed)
    cells = np.round(points[number, :2] / spacing_m - points[number[0], :2] / spacing_m).astype(np.int64)
    return _Window(0, cells if gridded else np.empty((0, 2), np.int64), offset, done, evidence, search)


def _neighbours(road: MappedRoad, nodes: FloatArray, search: Search) -> FloatArray:
    """Weigh edges by the lines beside the way, under which no road lies; (1, n_centres, n_halves)."""
    penalty = np.zeros((1, len(search.centre_m), len(search.half_m)))
    edge = search.centre_m[:, np.newaxis], search.half_m
    for lines, room in ((road.sidewalks, 0.75), (road.carriageways, 2.0)):
        for line in lines:
            _, offset, beside = project_to_line(line, nodes)
            offset = offset[beside & (np.abs(offset) < 15.0)]
            if len(offset) == 0 or np.ptp(offset) > 6.0:
                continue
            away = abs(float(np.median(offset)))
            side = np.sign(np.median(offset))
            overlap = side * edge[0] + edge[1] + room - away
            penalty -= 0.5 * (np.maximum(overlap, 0.0) / 1.0) ** 2
    return penalty


def _solve(
    rows: list[dict[str, float | str]],
    windows: list[tuple[_Window, FloatArray]],
    road: MappedRoad,
    spacing_m: float,
    *,
    gridded: bool,
) -> list[FloatArray]:
    """Find the edges of all windows together, and write what follows into their rows; give their places."""
    search = windows[0][0].search
    joint = [np.logaddexp(score[0], score[1]) for _, score in windows]
    numbers = [window.number for window, _ in windows]
    gap = [1, *np.diff(numbers).tolist()]
    prior = prior_of(search, road.width_m, road.width_sd_m)
    probability = along_way(joint, prior, search, gap)
    told, even = [], []
    for (window, score), both, posterior in zip(windows, joint, probability, strict=True):
        weight = np.exp(score - both) * posterior
        best = np.unravel_index(int(np.argmax(weight)), weight.shape)
        at = int(best[0]), int(best[1]), int(best[2])
        design = design_of(search, at, window.level.offset_m)
        fit = fit_at(window.evidence, at, design)
        told.append((weight, at, covariance_of(window.level, fit, np.nan_to_num(design))))
        even.append(_evenness(window, at, spacing_m) if gridded else (np.nan, np.nan))
    # Whoever smoothed a grid did so along the whole way: where its windows look it, so is each.
    known = [each for _, each in even if np.isfinite(each)]
    whole = float(np.median(known)) if known else np.nan
    # How much more than points that err alone: over all windows of the way, since one has few blocks.
    excess = common_excess([both for _, _, both in told])
    for (window, _), posterior, (weight, at, both), (short, own_even) in zip(
        windows, probability, told, even, strict=True
    ):
        covariance = 1e4 * joint_covariance(both, excess, len(window.level.points))
        rough = both.rms_m
        row = rows[window.number]
        row["roughness_m"] = rough
        row["second_difference_m"], row["evenness"] = (
            short,
            min(own_even, whole) if whole < GATES.smoothed_way else own_even,
        )
        steps = window.evidence.step_left[at], window.evidence.step_right[at]
        row["refused"] = _refused_after(row, road, (float(steps[0]), float(steps[1])))
        if not row["refused"]:
            _write(row, window, posterior, weight, at, covariance)
    return anywhere(joint, prior, search, gap)


def _write(
    row: dict[str, float | str],
    window: _Window,
    posterior: FloatArray,
    weight: FloatArray,
    at: tuple[int, int, int],
    covariance: FloatArray,
) -> None:
    """Write slopes, patterns, edges and steps of a window into its row."""
    search = window.search
    beyond = ERRORS.kerbs_pct**2 + (ERRORS.smoothed_pct**2 if is_doubtful(row["evenness"]) else 0.0)
    inflated = covariance + beyond * np.eye(2)
    told = halves_of(window.evidence, weight, covariance, inflated)
    sd = np.sqrt(np.diag(told.covariance))
    row["left_pct"], row["right_pct"] = told.slope_pct.tolist()
    row["left_sd_pct"], row["right_sd_pct"] = sd.tolist()
    row["correlation"] = float(np.clip(told.covariance[0, 1] / (sd[0] * sd[1]), -1.0, 1.0))
    names = ("log_crowned", "log_one_way_left", "log_one_way_right", "log_inverted")
    row |= dict(zip(names, told.log_pattern.tolist(), strict=True))
    for name, values, axis, times in (("centre", search.centre_m, 1, 1.0), ("width", search.half_m, 0, 2.0)):
        share = posterior.sum(axis=axis)
        mean = float(share @ values)
        row[f"{name}_m"] = times * mean
        row[f"{name}_sd_m"] = times * float(np.sqrt(share @ (values - mean) ** 2 + BIN_M**2 / 12.0))
    centre, half = search.centre_m[at[1]], search.half_m[at[2]]
    # Of a sidewalk of 1.5 m coarser cells leave too little between kerb and garden.
    fine = search.outside_m <= 0.75 * GATES.path_cell_m
    for side, name in ((-1, "left"), (1, "right")) if fine else ():
        walk = walk_beyond(window.level, centre + side * half, side, search.outside_m, 4.0 * search.outside_m)
        row[f"{name}_walk_pct"], row[f"{name}_walk_sd_pct"] = walk
    row["step_left_m"], row["step_right_m"] = window.evidence.step_left[at], window.evidence.step_right[at]


def _evenness(window: _Window, at: tuple[int, int, int], spacing_m: float) -> tuple[float, float]:
    """Second differences of the road's cells, and their share over 1 m of those over 3 m; NaN for few."""
    design = design_of(window.search, at, window.offset_m)
    away = window.level.rest_m - fit_at(window.evidence, at, design)
    inside = np.isfinite(away)
    if inside.sum() < 20:
        return np.nan, np.nan
    step = max(round(1.0 / spacing_m), 1)
    short, near, far = (
        second_differences(window.cell[inside], away[inside], lag) for lag in (1, step, 3 * step)
    )
    return short, near / max(far, 1e-9)


def _refused_after(row: dict[str, float | str], road: MappedRoad, steps_m: tuple[float, float]) -> str:
    """Say why what was found is not believed; "" where it is."""
    if float(row["roughness_m"]) > (GATES.paved_m if road.paved else GATES.unpaved_m):
        return "rough"
    if float(row["second_difference_m"]) < GATES.interpolated_m:
        return "interpolated"
    if float(row["evenness"]) < GATES.smoothed:
        return "smoothed"
    seen = road.is_road or min(map(abs, steps_m)) >= GATES.edge_m
    return "" if seen else "no edges"
