"""Inventories: cross slopes that somebody surveyed, as lines with a column, and the ways that they lie on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import numpy as np
import shapely

from camber.conventions import DEGREE_M, WGS84
from camber.errors import TerrainError
from camber.schema import RoadObserved
from camber.terrain.headers import reading

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from camber.terrain.mapped_ways import MappedWay

    FloatArray = NDArray[np.float64]

Unit = Literal["pct", "deg"]

_NEAR_M: Final = 4.0
"""How far from a way a surveyed line may lie [m] (judgement: lines of maps are 1.5 m off)."""

_LEAST_M: Final = 5.0
_ALONG: Final = 0.8
"""Shortest piece that counts [m], and the share of it that goes along the way (judgement: no crossings)."""

_SD_PCT: Final = 0.5
"""Error of a surveyed slope [%] (judgement: one value of an inclinometer for a whole stretch)."""


@dataclass(frozen=True, order=True)
class SlopeLines:
    """A file of lines with surveyed cross slopes, and which of its columns hold them.

    Parameters
    ----------
    path : str
        The file.
    slope, left, right : str
        Column of the whole surface, and of the halves left and right of the line as drawn; "" for none.
        Positive where the surface falls to the right of the line.
    unit : {"pct", "deg"}
        Of the columns.
    unsigned : bool
        Whether they say how steep it is, and not to which side.
    year : int or None
        When it was surveyed.
    size, changed_ns : int
        Bytes of the file and its time of change.
    """

    path: str
    slope: str
    left: str
    right: str
    unit: Unit
    unsigned: bool
    year: int | None
    size: int = 0
    changed_ns: int = 0

    @property
    def place(self) -> str:
        """Where it is, for messages."""
        return self.path


class Surveyed(NamedTuple):
    """Lines in degrees, and the slopes of their left and right half [%], shape (n,); NaN where unknown."""

    tree: shapely.STRtree
    left_pct: FloatArray
    right_pct: FloatArray


@lru_cache(maxsize=4)
def read_lines(given: SlopeLines) -> Surveyed:
    """Read surveyed lines; a TerrainError says what they lack: a system, a column, numbers."""
    import geopandas as gpd  # noqa: PLC0415 - heavy

    with reading(given.path):
        table = gpd.read_file(given.path)
    wanted = [name for name in (given.slope, given.left, given.right) if name]
    missing = [name for name in wanted if name not in table.columns]
    if missing:
        have = ", ".join(str(name) for name in table.columns[:20])
        text = f"has no column {missing[0]}: give one of {have}"
        raise TerrainError(text, path=given.path, code="no_column")
    if table.crs is None:
        text = (
            "does not say in which coordinate system it is: save it with one (GeoPackage, or .prj beside it)"
        )
        raise TerrainError(text, path=given.path, code="no_crs")
    parts = table.to_crs(WGS84).explode(ignore_index=True)
    parts = parts[parts.geometry.geom_type == "LineString"]
    values = {name: _percent(parts[name], given.unit) for name in wanted}
    left, right = (
        values.get(name or given.slope, np.full(len(parts), np.nan)) for name in (given.left, given.right)
    )
    known = np.isfinite(left) | np.isfinite(right)
    if not known.any():
        text = f"has no line with a number in {' or '.join(wanted)}: name the column of the cross slope"
        raise TerrainError(text, path=given.path, code="no_lines")
    return Surveyed(shapely.STRtree(np.asarray(parts.geometry)[known]), left[known], right[known])


def _percent(column: pd.Series, unit: Unit) -> FloatArray:
    import pandas as pd  # noqa: PLC0415 - heavy

    numbers = np.asarray(pd.to_numeric(column, errors="coerce"), dtype=np.float64)
    return np.asarray(100.0 * np.tan(np.radians(numbers)) if unit == "deg" else numbers)


def surveyed_on(way: MappedWay, given: SlopeLines) -> tuple[RoadObserved, ...]:
    """Find what was surveyed of a way, turned into the direction in which that is drawn."""
    found = read_lines(given)
    scale = np.array([np.cos(np.radians(way.line_deg[:, 1].mean())), 1.0]) * DEGREE_M
    line = shapely.LineString(way.line_deg * scale)
    around = shapely.buffer(line, _NEAR_M, cap_style="flat")
    margin = _NEAR_M / scale
    low, high = way.line_deg.min(axis=0) - margin, way.line_deg.max(axis=0) + margin
    seen = []
    for number in np.sort(found.tree.query(shapely.box(*low, *high))).tolist():
        other = shapely.LineString(shapely.get_coordinates(found.tree.geometries[number]) * scale)
        for piece in shapely.get_parts(shapely.intersection(around, other)).tolist():
            if piece.geom_type != "LineString" or piece.length < _LEAST_M:
                continue
            ends = shapely.points(shapely.get_coordinates(piece)[[0, -1]])
            begin, end = np.asarray(shapely.line_locate_point(line, ends)) * way.length_m / line.length
            if abs(end - begin) >= _ALONG * piece.length:
                slopes = float(found.left_pct[number]), float(found.right_pct[number])
                seen.append(_observed(way.way_id, (begin, end), slopes, given))
    return tuple(seen)


def _observed(
    way_id: int, stretch: tuple[float, float], slopes: tuple[float, float], given: SlopeLines
) -> RoadObserved:
    """Turn one surveyed line into the frame of its way: drawn the other way round, sides and signs change."""
    begin, end = stretch
    left, right = slopes if end > begin else (-slopes[1], -slopes[0])
    # One number for both halves is no two measurements.
    sd = _SD_PCT if given.left and given.right else _SD_PCT * float(np.sqrt(2.0))
    return RoadObserved(
        way_id,
        min(begin, end),
        max(begin, end),
        left_pct=abs(left) if given.unsigned else left,
        left_sd_pct=sd,
        right_pct=abs(right) if given.unsigned else right,
        right_sd_pct=sd,
        source="inventory",
        year=given.year,
        unsigned=given.unsigned,
    )
