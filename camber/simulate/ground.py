"""The ground that a flight would have seen: streets with a known cross section, and errors of a survey.

Heights follow the street's grade along its line and its section across it: two planes or a parabola between
the edges, a kerb or none, a sidewalk that falls back, a verge that falls away, the rests of parked cars that
no filter took out. A survey averages over cells, errs, smooths, and leaves voids.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

from camber.conventions import PROFILE_CODE, Profile
from camber.geometry import project_to_line
from camber.simulate.chance import Stream, keyed_generator
from camber.simulate.scene import banked_at, curvature_of
from camber.simulate.world import surfaces_of, town_offset, way_map_offset

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from camber.schema import Roads
    from camber.simulate.receiver import GnssErrorModel

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Section:
    """Cross section of a street, way frame: positive is right of its line.

    Parameters
    ----------
    left_pct, right_pct : float
        Slope of each half, positive where it falls to the right [%]; of a parabola, its mean.
    half_m, middle_m : float
        Half the width between the edges, and where the middle lies from the line [m].
    bowed : bool
        A parabola in place of two planes.
    kerb_left_m, kerb_right_m : float
        Height of the step at each edge [m].
    walk_m, walk_pct : float
        Width of the strips beyond the edges [m] and how steeply they fall towards the road, or, where
        negative, away from it [%].
    beyond_pct : float
        How steeply the ground rises beyond the strips [%].
    cars_left, cars_right : float
        Share of each edge along which rests of parked cars were left in the ground.
    drift_m : float
        How much further right the middle lies at the end of the line than at its start [m].
    course : tuple of tuple of float
        In place of that, chainages [m], where the middle lies there [m], and the slope of a banked bend there
        [%, positive where it falls to the right; NaN where there is none]; linear between them.
    """

    left_pct: float
    right_pct: float
    half_m: float = 3.0
    middle_m: float = 0.0
    bowed: bool = False
    kerb_left_m: float = 0.1
    kerb_right_m: float = 0.1
    walk_m: float = 2.0
    walk_pct: float = 2.0
    beyond_pct: float = 3.0
    cars_left: float = 0.0
    cars_right: float = 0.0
    drift_m: float = 0.0
    course: tuple[tuple[float, float, float], ...] = ()


@dataclass(frozen=True)
class Survey:
    """How the ground was flown and filtered; the errors are those of published comparisons, or judgements.

    Parameters
    ----------
    cell_m : float
        Size of the cells [m].
    white_m, correlated_m, correlation_m : float
        Error of each cell alone, error that neighbours share, and over which distance they do [m].
    smoothed_m : float
        Length over which the grid was smoothed afterwards [m]; 0 for none.
    beyond_m : float
        Unevenness of the ground beyond the strips beside a road: gardens, fields, slopes [m]; half as much of
        verges.
    void_share : float
        Share of the ground that is missing, in patches of some metres.
    car_m, car_long_m : float
        Height of the rests of a car and its length [m].
    """

    cell_m: float = 1.0
    white_m: float = 0.03
    correlated_m: float = 0.03
    correlation_m: float = 10.0
    smoothed_m: float = 0.0
    beyond_m: float = 0.04
    void_share: float = 0.0
    car_m: float = 0.1
    car_long_m: float = 4.5


@dataclass(frozen=True, eq=False)
class Heights:
    """A grid of heights.

    Parameters
    ----------
    west_m, north_m, cell_m : float
        Its upper left corner and the size of its cells [m].
    height_m : ndarray of float64, shape (rows, columns)
        Heights, NaN where there are none [m].
    """

    west_m: float
    north_m: float
    cell_m: float
    height_m: FloatArray

    def points(self) -> FloatArray:
        """Give the middles of the cells that have a height, shape (n, 3) [m]."""
        row, column = np.nonzero(np.isfinite(self.height_m))
        x, y = self.west_m + (column + 0.5) * self.cell_m, self.north_m - (row + 0.5) * self.cell_m
        return np.stack([x, y, self.height_m[row, column]], axis=1)


_SUBCELLS: Final = 3
_AROUND_M: Final = 25.0
_CAR_WIDE_M: Final = 1.8
_UNEVEN_M: Final = 2.0


def height_across(
    section: Section, offset_m: FloatArray, bank_pct: FloatArray | float = np.nan
) -> FloatArray:
    """Height of a section over that of its middle at offsets from the middle [m], or of its bend there."""
    half = section.half_m
    inside = np.clip(offset_m, -half, half)
    bent = np.isfinite(bank_pct)
    shape = np.where(bent, inside, inside * np.abs(inside) / half if section.bowed else inside)
    slope = np.where(inside < 0.0, section.left_pct, section.right_pct) / 100.0
    slope = np.where(bent, np.asarray(bank_pct) / 100.0, slope)
    over = np.maximum(np.abs(offset_m) - half, 0.0)
    kerb = np.where(offset_m < 0.0, section.kerb_left_m, section.kerb_right_m)
    strip = np.minimum(over, section.walk_m)
    rise = strip * section.walk_pct + (over - strip) * section.beyond_pct
    return np.asarray(-slope * shape + np.where(over > 0.0, kerb + rise / 100.0, 0.0))


def lay_street(
    line_xy: FloatArray, section: Section, survey: Survey, rng: np.random.Generator, *, grade_pct: float = 2.0
) -> Heights:
    """Survey one street: a grid about its line, of which ``section`` is the truth."""
    low, high = line_xy.min(axis=0) - _AROUND_M, line_xy.max(axis=0) + _AROUND_M
    return lay_streets([line_xy], [section], (*low, *high), survey, rng, grade_pct=grade_pct)


def lay_streets(
    lines: Sequence[FloatArray],
    sections: Sequence[Section],
    bounds: tuple[float, float, float, float],
    survey: Survey,
    rng: np.random.Generator,
    *,
    grade_pct: float = 2.0,
    about: Sequence[FloatArray] = (),
) -> Heights:
    """Survey an area: each cell has the section of the street whose edge it lies closest to, or inside.

    ``bounds`` are west, south, east and north [m]; the ground rises by about ``grade_pct`` along the lines.
    Where lines are given that it is wanted ``about``, the rest of it has no streets.
    """
    cell = survey.cell_m
    west, north = np.floor(bounds[0] / cell) * cell, np.ceil(bounds[3] / cell) * cell
    columns, rows = (
        int(np.ceil((high - low) / cell)) for low, high in ((west, bounds[2]), (bounds[1], north))
    )
    total, rough = np.zeros((2, rows * columns))
    cars = [_cars(line, section, survey, rng) for line, section in zip(lines, sections, strict=True)]
    grid = west, north, cell, (rows, columns)
    near = [_near(line, *grid) for line in lines]
    if about:
        wanted = np.zeros(rows * columns, dtype=bool)
        for line in about:
            wanted[_near(line, *grid, 2.0 * _AROUND_M)[0]] = True
        near = [_of_these(wanted, *some) for some in near]
    height, uneven, nearest = np.empty((3, rows * columns))
    shift = (np.arange(_SUBCELLS) + 0.5) / _SUBCELLS
    for right in shift:
        for down in shift:
            height[:], uneven[:], nearest[:] = 0.0, 1.0, np.inf
            for line, section, parked, (cells, parts) in zip(lines, sections, cars, near, strict=True):
                row, column = np.divmod(cells, columns)
                xy = np.stack([west + (column + right) * cell, north - (row + down) * cell], axis=1)
                away, own, its, foot = _beside(_placed(xy, line, parts), line, section, parked)
                closer = away < nearest[cells]
                here = cells[closer]
                nearest[here], uneven[here] = away[closer], its[closer]
                grade = (foot[closer] - lines[0][0]) @ np.array([0.6, 0.8])
                height[here] = 100.0 + grade_pct / 100.0 * grade + own[closer]
            total += height
            rough += uneven
    total, rough = total.reshape(rows, columns), rough.reshape(rows, columns)
    height = total / _SUBCELLS**2
    height += survey.beyond_m * rough / _SUBCELLS**2 * field(total.shape, _UNEVEN_M / cell, rng)
    height += survey.white_m * rng.standard_normal(total.shape)
    if survey.correlated_m > 0.0:
        height += survey.correlated_m * field(total.shape, survey.correlation_m / cell, rng)
    if survey.smoothed_m > 0.0:
        height = box_mean(height, max(round(survey.smoothed_m / cell), 1))
    if survey.void_share > 0.0:
        patches = field(total.shape, 3.0 / cell, rng)
        height[patches < np.quantile(patches, survey.void_share)] = np.nan
    return Heights(float(west), float(north), cell, height)


def _cars(line_xy: FloatArray, section: Section, survey: Survey, rng: np.random.Generator) -> FloatArray:
    """Place the rests of cars: rows of start, side and height [m]."""
    length = float(np.hypot(*np.diff(line_xy, axis=0).T).sum())
    places = np.arange(0.0, length, survey.car_long_m + 1.0)
    found = [
        (start, side, survey.car_m * rng.uniform(0.5, 1.5))
        for side, share in ((-1.0, section.cars_left), (1.0, section.cars_right))
        for start in places[rng.random(len(places)) < share].tolist()
    ]
    return np.array(found).reshape(-1, 3)


def _near(
    line: FloatArray,
    west_m: float,
    north_m: float,
    cell_m: float,
    shape: tuple[int, int],
    reach_m: float = _AROUND_M,
) -> tuple[IntArray, list[IntArray]]:
    """Numbers of the cells near a line, and which of these lie near each of its segments."""
    parts = []
    for begin, end in pairwise(line):
        count = max(int(np.ceil(np.hypot(*(end - begin)) / reach_m)), 1)
        found = []
        for here, there in pairwise(begin + np.linspace(0.0, 1.0, count + 1)[:, np.newaxis] * (end - begin)):
            low, high = np.minimum(here, there) - reach_m, np.maximum(here, there) + reach_m
            columns = (np.array([low[0] - west_m, high[0] - west_m]) / cell_m).clip(0.0).astype(int)
            rows = (np.array([north_m - high[1], north_m - low[1]]) / cell_m).clip(0.0).astype(int)
            column = np.arange(columns[0], min(columns[1] + 1, shape[1]))
            row = np.arange(rows[0], min(rows[1] + 1, shape[0]))
            found.append((row[:, np.newaxis] * shape[1] + column).ravel())
        parts.append(_once(found))
    cells = _once(parts)
    return cells, [np.searchsorted(cells, part) for part in parts]


def _once(numbers: Sequence[IntArray]) -> IntArray:
    """Join some numbers, each once, in their order."""
    if len(numbers) == 1:
        return numbers[0]
    whole = np.concatenate(numbers)
    if not len(whole):
        return whole
    first = whole.min()
    there = np.zeros(whole.max() - first + 1, dtype=bool)
    there[whole - first] = True
    return np.asarray(np.flatnonzero(there) + first)


def _of_these(
    wanted: NDArray[np.bool_], cells: IntArray, parts: Sequence[IntArray]
) -> tuple[IntArray, list[IntArray]]:
    """Keep the cells near a line that are wanted."""
    kept = wanted[cells]
    place = np.cumsum(kept) - 1
    return cells[kept], [place[part[kept[part]]] for part in parts]


def _placed(xy: FloatArray, line: FloatArray, parts: Sequence[IntArray]) -> tuple[FloatArray, FloatArray]:
    """Chainage on a line and offset from it of places, of which ``parts`` lie near each of its segments."""
    along, offset = np.zeros(len(xy)), np.full(len(xy), np.inf)
    passed = 0.0
    for segment, part in zip(pairwise(line), parts, strict=True):
        place, away, _ = project_to_line(xy[part], np.array(segment))
        closer = np.abs(away) < np.abs(offset[part])
        here = part[closer]
        along[here], offset[here] = passed + place[closer], away[closer]
        passed += float(np.hypot(*(segment[1] - segment[0])))
    return along, offset


def _beside(
    placed: tuple[FloatArray, FloatArray], line: FloatArray, section: Section, parked: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Places beside a street: how far outside its edge, height over its middle, unevenness, foot on its line.

    Unevenness is from 0 on the road to 1; too far away they are infinitely far.
    """
    along, offset = placed
    near = np.abs(offset) < _AROUND_M
    offset = np.where(near, offset, _AROUND_M)
    passed = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    foot = np.stack([np.interp(along, passed, line[:, axis]) for axis in (0, 1)], axis=1)
    middle = section.middle_m + section.drift_m * (along / passed[-1] - 0.5)
    bank = np.full(len(along), np.nan)
    if section.course:
        place, middles, banks = np.array(section.course).T
        middle, bank = np.interp(along, place, middles), np.interp(along, place, banks)
    u = offset - middle
    away = np.where(near, np.abs(u) - section.half_m, np.inf)
    height = height_across(section, u, bank) + _on_cars(along, u, section, parked)
    verge = 0.5 * (section.walk_pct < 0.0)
    return away, height, np.where(away > section.walk_m, 1.0, np.where(away > 0.0, verge, 0.0)), foot


def _on_cars(along_m: FloatArray, u: FloatArray, section: Section, parked: FloatArray) -> FloatArray:
    top = np.zeros(len(u))
    for start, side, high in parked:
        beside = section.half_m - side * u
        under = (along_m >= start) & (along_m < start + 4.5) & (beside > 0.2) & (beside < 0.2 + _CAR_WIDE_M)
        top[under] = high
    return top


def field(shape: tuple[int, int], cells: float, rng: np.random.Generator) -> FloatArray:
    """Draw a field of unit variance whose correlation falls off over so many cells, exp(-(d / cells)^2)."""
    frequency = np.hypot(np.fft.fftfreq(shape[0])[:, np.newaxis], np.fft.rfftfreq(shape[1]))
    gain = np.exp(-0.5 * (np.pi * cells * frequency) ** 2)
    noise = np.fft.irfft2(np.fft.rfft2(rng.standard_normal(shape)) * gain, s=shape)
    return np.asarray(noise / noise.std())


def box_mean(values: FloatArray, size: int) -> FloatArray:
    """Mean over a square of cells, edges repeated."""
    for axis in (0, 1):
        before = size // 2
        pad = [(before, size - 1 - before) if k == axis else (0, 0) for k in (0, 1)]
        values = np.lib.stride_tricks.sliding_window_view(np.pad(values, pad, mode="edge"), size, axis).mean(
            -1
        )
    return values


_STEP_M: Final = 10.0
"""Distance of the places at which a way's course is written down [m]."""

_RIDGED: Final = (PROFILE_CODE[Profile.CROWNED], PROFILE_CODE[Profile.PARABOLIC])


def sections_of(
    roads: Roads, rows: IntArray, seed: int, error: GnssErrorModel, *, unmapped_sidewalks: bool = False
) -> list[tuple[FloatArray, Section]]:
    """Give the true line and section of ways, at rows of ``Roads.ways``, as runs in that world have them.

    The line is that of the map moved by the offset of the town; the middle lies beside it as the map errs.
    Edges of streets in towns have kerbs of 0 to 15 cm, those of other roads and of paths none; where there is
    no sidewalk a verge falls away by 4 %; rests of cars lie along a tenth of the edges at which cars park
    (judgement).
    """
    _, table = surfaces_of(roads, rows, seed, unmapped_sidewalks=unmapped_sidewalks)
    shift = town_offset(error, seed)
    found = []
    for number in range(len(table)):
        true = table.iloc[number]
        way, length = int(true["way_id"]), float(true["length_m"])
        place = np.linspace(0.0, length, max(round(length / _STEP_M), 1) + 1)
        middle = way_map_offset(place, length, way, error, seed) * true["traffic_sign"]
        here = table.iloc[np.full(len(place), number)].reset_index(drop=True)
        banked, bank = banked_at(here, curvature_of(here, place))
        slope, shape = float(true["slope_pct"]), int(true["profile"])
        left = right = slope * float(true["low_side"])
        if shape in _RIDGED or shape == PROFILE_CODE[Profile.INVERTED]:
            right = slope if shape in _RIDGED else -slope
            left = -right
        rng = keyed_generator(seed, way, Stream.GROUND)
        kerbs = rng.uniform(0.0, 0.15, 2) * (true["built_up"] and true["is_road"])
        walks = bool(true["walk_left"] or true["walk_right"])
        section = Section(
            left,
            right,
            half_m=float(true["half_width_m"]),
            bowed=shape == PROFILE_CODE[Profile.PARABOLIC],
            kerb_left_m=float(kerbs[0]),
            kerb_right_m=float(kerbs[1]),
            walk_pct=float(true["sidewalk_slope_pct"]) if walks else -4.0,
            beyond_pct=float(rng.uniform(-3.0, 6.0)),
            cars_left=0.1 * bool(true["parked_left"]),
            cars_right=0.1 * bool(true["parked_right"]),
            course=tuple(
                zip(place.tolist(), middle.tolist(), np.where(banked, bank, np.nan).tolist(), strict=True)
            ),
        )
        found.append((shapely.get_coordinates(true["line"]) + shift, section))
    return found
