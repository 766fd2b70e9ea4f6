"""Where a run went, as lines in degrees: ways as they were mapped, and off them what was recorded."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from camber.conventions import P_STATES, WGS84
from camber.library.activities import places_of
from camber.library.results import read_exposure
from camber.longitudes import lines_from_seam, lines_seam_deg, unrolled
from camber.packing import table_columns

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

COLUMNS: Final = (
    *("run", "block", "way_id", "travel_direction", "street", "side", "side_basis", "surface_kind"),
    *("profile", "verdict", "cross_slope_pct", "cross_slope_std_pct", "slope_source"),
    *("start_time", "end_time", "start_chainage_m", "end_chainage_m", "p_left_low", "p_right_low", "p_level"),
    *("distance_m", "duration_s", "left_low_m", "right_low_m", "level_m", "unmatched_m"),
    *P_STATES,
    *("p_falls_left", "p_falls_right"),
)
_OFF_ROAD_DEG: Final = 2e-5
"""How far a drawn line may be from the recorded one off the road [deg] (2 m, judgement)."""

_LONGEST_STEP_M: Final = 100.0
"""Steps longer than this between two intervals of one way are breaks [m] (judgement)."""

_NOISE_M: Final = 15.0
"""Intervals that begin no further than this behind the end of the one before go on from it [m]: the longest
step back that the matcher takes for noise."""

WAYS_OF_RUN: Final = """
SELECT DISTINCT segment.segment_id, segment.way_id, segment.highway, segment.length_m, segment.line,
       segment.junctions
FROM traversal JOIN segment USING (segment_id) WHERE traversal.activity_id = ?
"""
"""The ways that a run was on."""


class Way(NamedTuple):
    """A way to draw: its line in degrees, shape (n, 2), as drawn and in one turn, and its length [m]."""

    line: FloatArray
    length_m: float


def stretches_of(connection: sqlite3.Connection, runs: Sequence[int]) -> gpd.GeoDataFrame:
    """Draw the intervals of some runs, for the runner alone: privacy zones or not.

    One row per interval with the columns of `COLUMNS`, lines in the direction of travel, WGS 84; runs that
    are not analysed have none, and intervals of one fix alone are left out.
    """
    return joined([table for run in runs if (table := _run(connection, run)) is not None])


def joined(tables: Sequence[pd.DataFrame]) -> gpd.GeoDataFrame:
    """Put the drawn intervals of some runs into one table, their longitudes counted from one seam."""
    if not tables:
        empty = pd.DataFrame(columns=list(COLUMNS))
        return gpd.GeoDataFrame(empty, geometry=gpd.GeoSeries([], crs=WGS84))
    whole = pd.concat(tables, ignore_index=True)
    lines = whole["geometry"].to_numpy(dtype=object)
    together = lines_from_seam(lines, lines_seam_deg(lines))
    return gpd.GeoDataFrame(whole.drop(columns="geometry"), geometry=together, crs=WGS84)


def ways_of(connection: sqlite3.Connection, runs: Sequence[int]) -> gpd.GeoDataFrame:
    """Give the ways that some runs were on, each once and from end to end.

    They show where the runner was, zones or not: nothing of them may leave the library.
    """
    found = {
        row["segment_id"]: row
        for run in runs
        for row in sorted(connection.execute(WAYS_OF_RUN, (run,)), key=lambda row: int(row["segment_id"]))
    }
    rows = list(found.values())
    lines = [shapely.LineString(line_of(row["line"])) for row in rows]
    columns = {name: [row[name] for row in rows] for name in ("way_id", "highway")}
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(lines, crs=WGS84))


def _run(connection: sqlite3.Connection, run: int) -> pd.DataFrame | None:
    table = read_exposure(connection, run)
    if table is None:
        return None
    rows = connection.execute(WAYS_OF_RUN, (run,))
    ways = {row["way_id"]: Way(line_of(row["line"]), row["length_m"]) for row in rows}
    return drawn_intervals(run, table, places_of(connection, run), ways)


def drawn_intervals(
    run: int, table: pd.DataFrame, places_deg: FloatArray, ways: dict[int, Way]
) -> pd.DataFrame:
    """Draw the intervals of one run, with the columns of `COLUMNS` and ``geometry``.

    ``table`` is as `camber.library.results.read_exposure` gives it, ``places_deg`` longitude and latitude of
    every fix, shape (n, 2), and ``ways`` those that it was on.
    """
    longitude, latitude = places_deg.T
    fixes = np.column_stack([unrolled(longitude), latitude])
    lines = np.empty(len(table), dtype=object)
    begin, end = _where_they_meet(table, ways)
    table = table.assign(
        start_chainage_m=begin,
        end_chainage_m=end,
        from_fix=table["first_fix"] - (table["section"].diff() == 0),
    )
    flat = {way_id: _flattened(way) for way_id, way in ways.items()}
    columns = (table[name].tolist() for name in ("way_id", "start_chainage_m", "end_chainage_m"))
    ranges = (table[name].tolist() for name in ("from_fix", "last_fix"))
    lines[:] = [
        _piece_of(flat[way_id], from_m, to_m)
        if way_id in flat and abs(to_m - from_m) > 0.0
        else _recorded(fixes[int(first) : int(last) + 1])
        for way_id, from_m, to_m, first, last in zip(*columns, *ranges, strict=True)
    ]
    drawn = table.assign(run=run)[list(COLUMNS)].assign(geometry=lines)
    return drawn[[line is not None for line in lines]]


def _where_they_meet(table: pd.DataFrame, ways: dict[int, Way]) -> tuple[FloatArray, FloatArray]:
    """Let an interval begin where the one before it ended, on the same way and without a break.

    Where a closed way goes on past its first node, both reach to that node.
    """
    start, end = (table[name].to_numpy(copy=True) for name in ("start_chainage_m", "end_chainage_m"))
    before = np.r_[np.nan, end[:-1]]
    travel = table["travel_direction"].to_numpy()
    same = np.r_[False, (np.diff(table[["section", "way_id", "travel_direction"]], axis=0) == 0).all(axis=1)]
    ahead = travel * (start - before)
    meets = same & (ahead >= -_NOISE_M) & (ahead <= _LONGEST_STEP_M)
    over = same & (ahead < -_NOISE_M)
    leapt = pd.unique(table["way_id"][over])
    length = {way: ways[way].length_m for way in leapt if way in ways and _is_closed(ways[way])}
    whole = table["way_id"].map(length).to_numpy(dtype=float)
    over &= whole + ahead <= _LONGEST_STEP_M
    start = np.where(meets, before, np.where(over, np.where(travel > 0, 0.0, whole), start))
    reaches_on = np.r_[over[1:], False]
    return start, np.where(reaches_on, np.where(travel > 0, whole, 0.0), end)


def _is_closed(way: Way) -> bool:
    return bool((way.line[0] == way.line[-1]).all())


def _recorded(places: FloatArray) -> shapely.LineString | None:
    """Draw what was recorded off the road; None where it is a point."""
    if len(places) < 2 or not np.ptp(places, axis=0).any():
        return None
    simple = shapely.simplify(shapely.LineString(places), _OFF_ROAD_DEG)
    return shapely.LineString(shapely.get_coordinates(simple))


@lru_cache(maxsize=4096)
def line_of(data: bytes) -> FloatArray:
    """Read longitude and latitude of a way back, shape (n, 2) [deg], as drawn and in one turn."""
    _, columns = table_columns(data)
    line = np.column_stack([unrolled(columns["longitude_deg"]), columns["latitude_deg"]])
    line.flags.writeable = False  # the same runs go along the same ways, again and again
    return line


class _Flat(NamedTuple):
    """A way with degrees east stretched to those north, so that lengths along it keep their proportions.

    Its points and the length along it at each [deg north], what metres are multiplied by, and the factors of
    both axes.
    """

    whole: shapely.LineString
    points: FloatArray
    along: FloatArray
    scale: float
    factors: FloatArray


def _flattened(way: Way) -> _Flat:
    factors = np.array([np.cos(np.radians(way.line[:, 1].mean())), 1.0])
    flat = way.line * factors
    steps = np.hypot(*np.diff(flat, axis=0).T)
    whole = shapely.LineString(flat)
    return _Flat(whole, flat, np.cumsum(np.append(0.0, steps)), whole.length / (way.length_m or 1.0), factors)


def _piece_of(way: _Flat, begin_m: float, end_m: float) -> shapely.LineString | None:
    """Cut a piece out of a way by its chainages, in the direction of travel; None where it is a point."""
    low, high = sorted((begin_m * way.scale, end_m * way.scale))
    ends = shapely.get_coordinates(shapely.line_interpolate_point(way.whole, [low, high]))
    inner = way.points[(way.along > low) & (way.along < high)]
    places = np.concatenate([ends[:1], inner, ends[1:]]) / way.factors
    if (places == places[0]).all():
        return None
    return shapely.LineString(places if end_m >= begin_m else places[::-1])
