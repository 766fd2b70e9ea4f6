"""The tables that cross a stage border, column by column, and their one check.

The check collects everything that is wrong into one `camber.errors.TableError` that names table, column
and the first bad rows, and returns the frame under its own type. Sign and frame are those of
`camber.conventions`: positive is right of travel; chainage is in the way frame. A stage returns its input
plus its own columns, so each table below lists only what it adds to the one before.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import isfinite, isnan
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, NewType, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from camber.conventions import P_STATES, Profile, Side, SideBasis, SurfaceKind, Verdict
from camber.errors import TableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyproj import CRS

_T = TypeVar("_T")

Fixes = NewType("Fixes", pd.DataFrame)
Ways = NewType("Ways", gpd.GeoDataFrame)
Crossings = NewType("Crossings", gpd.GeoDataFrame)
Track = NewType("Track", gpd.GeoDataFrame)
MatchedTrack = NewType("MatchedTrack", gpd.GeoDataFrame)
Candidates = NewType("Candidates", pd.DataFrame)
Path = NewType("Path", pd.DataFrame)
LateralTrack = NewType("LateralTrack", gpd.GeoDataFrame)
SlopedTrack = NewType("SlopedTrack", gpd.GeoDataFrame)
Exposure = NewType("Exposure", pd.DataFrame)

_INF: Final = float("inf")
_PLAIN: Final = {"float": "f", "int": "iu"}
"""Kinds of numpy's dtypes that hold numbers of a kind."""


@dataclass(frozen=True)
class Column:
    """What must be true of one column.

    Parameters
    ----------
    name : str
        Column name; the unit stands in it.
    kind : {"float", "int", "text", "time", "bool"}
        Kind of its values; "time" is timezone-aware UTC.
    low, high : float
        Smallest and largest value allowed, both included.
    missing : bool
        Whether missing values are allowed.
    allowed : tuple of str
        For text, the values allowed; empty for any.
    """

    name: str
    kind: str
    low: float = -_INF
    high: float = _INF
    missing: bool = False
    allowed: tuple[str, ...] = ()


def _p(name: str) -> Column:
    return Column(name, "float", 0.0, 1.0 + 1e-9)


FIXES: Final = (
    Column("time", "time", missing=True),
    Column("latitude_deg", "float", -90.0, 90.0),
    Column("longitude_deg", "float", -180.0, 180.0),
    Column("elevation_m", "float", missing=True),
    Column("speed_mps", "float", 0.0, missing=True),
    Column("accuracy_m", "float", 0.0, missing=True),
    Column("cadence_spm", "float", 0.0, missing=True),
    Column("heart_rate_bpm", "float", 0.0, missing=True),
    Column("stance_time_balance_pct", "float", 0.0, 100.0, missing=True),
    Column("part", "int", 0),
)
"""Index ``fix_id`` 0, 1, ...; ``part`` grows by one where the file itself starts a new track or segment."""

TRACK: Final = (
    Column("time", "time", missing=True),
    Column("elapsed_s", "float", missing=True),
    Column("distance_m", "float", 0.0),
    Column("speed_mps", "float", 0.0, missing=True),
    Column("heading_deg", "float", 0.0, 360.0, missing=True),
    Column("accuracy_m", "float", 0.0, missing=True),
    Column("section", "int", 0),
)
"""Index ``fix_id`` as in the recording (gaps where fixes were dropped); Point geometry in local UTM.

``distance_m`` is cumulated along the smoothed positions and does not grow between sections;
``heading_deg`` is the direction of travel, clockwise from grid north; ``elapsed_s`` counts from the first
fix and is missing where the recording has no times; ``section`` is new at each pause, gap or jump.
"""

WAYS: Final = (
    Column("highway", "text"),
    Column("name", "text"),
    Column("surface", "text"),
    Column("oneway", "int", -1, 1),
    Column("lanes", "float", 0.0, missing=True),
    Column("width_m", "float", 0.0, missing=True),
    Column("maxspeed_kmh", "float", 0.0, missing=True),
    Column("sidewalk_left", "text", allowed=("", "yes", "no", "separate")),
    Column("sidewalk_right", "text", allowed=("", "yes", "no", "separate")),
    Column("shoulder_left", "text", allowed=("", "yes", "no")),
    Column("shoulder_right", "text", allowed=("", "yes", "no")),
    Column("parking_left", "text"),
    Column("parking_right", "text"),
    Column("cycleway_left", "text"),
    Column("cycleway_right", "text"),
    Column("footway", "text"),
    Column("service", "text"),
    Column("junction", "text"),
    Column("leisure", "text"),
    Column("foot", "text"),
    Column("access", "text"),
    Column("motorroad", "bool"),
    Column("is_sidepath", "bool"),
    Column("area", "bool"),
    Column("bridge", "bool"),
    Column("tunnel", "bool"),
    Column("layer", "int", -20, 20),
    Column("incline_across_pct", "float", -100.0, 100.0, missing=True),
    Column("lit", "text"),
    Column("country", "text"),
    Column("traffic_side", "text", allowed=("left", "right")),
    Column("built_up", "bool"),
    Column("length_m", "float", 0.0),
    Column("street_id", "int", 0),
    Column("carriageway_id", "int", -1),
    Column("carriageway_side", "int", -1, 1),
)
"""Index ``way_id`` (OpenStreetMap id, unique); LineString geometry in the drawn direction, local UTM.

All sides and signs here are in the way frame. ``oneway`` -1 means against the drawing, for vehicles.
Text is "" where the tag is absent. ``sidewalk_*`` is "" where nothing is tagged. ``incline_across_pct`` is
positive where the surface falls to the right of the drawn direction. ``country`` is ISO 3166-1 alpha-2 (or
``US-CA``), "" where unknown. ``built_up`` is true where the way lies among streets of a town (judgement).
``street_id`` joins a carriageway with its separately mapped sidewalks and cycle tracks; for those,
``carriageway_id`` is the way they accompany and ``carriageway_side`` says on which side of *them* it lies
(-1 left, 1 right); for all others -1 and 0.
"""

CROSSINGS: Final = (
    Column("kind", "text", allowed=("signals", "marked", "unmarked")),
    Column("island", "bool"),
)
"""Index ``node_id`` (OpenStreetMap id, unique); Points in local UTM, on the carriageway that is crossed.

``signals`` are traffic signals for people on foot, ``marked`` a zebra or another marking, ``unmarked`` a
mapped place without one; ``island`` is true where there is a refuge in the middle.
"""

MATCHED: Final = (
    Column("way_id", "int", -1),
    Column("street_id", "int", -1),
    Column("edge_id", "int", -1),
    Column("chainage_m", "float", 0.0, missing=True),
    Column("travel_direction", "int", -1, 1),
    Column("offset_m", "float", missing=True),
    Column("along_m", "float", 0.0),
    _p("match_probability"),
    _p("p_off_road"),
)
"""``way_id`` -1, ``travel_direction`` 0 and missing chainage and offset where the fix is on no way.

``offset_m`` is measured from the way's line, positive right of travel. ``along_m`` is the distance run along
the path, as long as the roads are (as the track is, off them); between sections it stands still.
``match_probability`` is the probability of that way in that direction (of being off the road, where
``way_id`` is -1).
"""

CANDIDATES: Final = (
    Column("fix_id", "int", 0),
    Column("way_id", "int", 0),
    Column("travel_direction", "int", -1, 1),
    Column("chainage_m", "float", 0.0),
    Column("offset_m", "float"),
    _p("probability"),
)
"""Long form: what each fix could have been on, the matched way included; off-road mass is not listed."""

PATH: Final = (
    Column("section", "int", 0),
    Column("way_id", "int", 0),
    Column("street_id", "int", 0),
    Column("travel_direction", "int", -1, 1),
    Column("from_chainage_m", "float", 0.0),
    Column("to_chainage_m", "float", 0.0),
    Column("from_time", "time", missing=True),
    Column("to_time", "time", missing=True),
    Column("first_fix_id", "int", -1),
    Column("last_fix_id", "int", -1),
    _p("probability"),
)
"""One row per traversal, in order; fix ids are -1 where a short way was crossed between two fixes."""

LATERAL: Final = (
    Column("block", "int", 0),
    _p("p_street"),
    *(_p(name) for name in P_STATES),
    Column("offset_mean_m", "float", missing=True),
    Column("offset_std_m", "float", 0.0, missing=True),
    Column("side", "text", allowed=tuple(Side)),
    Column("side_basis", "text", allowed=tuple(SideBasis)),
    Column("carriageway_way_id", "int", -1),
    Column("carriageway_direction", "int", -1, 1),
    Column("left_sidewalk_way_id", "int", -1),
    Column("right_sidewalk_way_id", "int", -1),
)
"""``block`` numbers 10-15 s of one way in one direction; the state columns sum to 1 and are constant in it.

``p_street`` is the probability of being on the matched street at all, given that it was some mapped way; the
state columns are given that it was this street (and ``p_other`` holds what is off the road).

``offset_mean_m`` and ``offset_std_m`` describe where the runner was relative to the middle of the
carriageway (of the path, on a path). The three ids name the way whose surface carries the state: the
carriageway for edges and centre; for a sidewalk the separately mapped way, or the carriageway itself where
the sidewalk is only a tag on it; -1 where the state is impossible. ``carriageway_direction`` is the direction
of travel on the carriageway, 0 off the road.
"""

SLOPED: Final = (
    Column("cross_slope_pct", "float", missing=True),
    Column("cross_slope_std_pct", "float", 0.0, missing=True),
    _p("p_left_low"),
    _p("p_right_low"),
    _p("p_level"),
    _p("p_falls_left"),
    _p("p_falls_right"),
    Column("profile", "text", allowed=tuple(Profile)),
    Column("slope_source", "text"),
    Column("surface_kind", "text", allowed=tuple(SurfaceKind)),
)
"""Mean and standard deviation of the mixture, positive falling to the right; the probabilities are given that
the fix is on a mapped way. ``p_left_low``, ``p_right_low`` (falling to that side by more than counts as
level) and ``p_level`` sum to 1 there, to 0 where ``way_id`` is -1; ``p_falls_left`` and ``p_falls_right`` say
to which side it falls, whatever the percent. ``profile`` and ``surface_kind`` name the likeliest."""

EXPOSURE: Final = (
    Column("start_time", "time", missing=True),
    Column("end_time", "time", missing=True),
    Column("section", "int", 0),
    Column("block", "int", 0),
    Column("way_id", "int", -1),
    Column("travel_direction", "int", -1, 1),
    Column("start_chainage_m", "float", 0.0, missing=True),
    Column("end_chainage_m", "float", 0.0, missing=True),
    Column("distance_m", "float", 0.0),
    Column("duration_s", "float", 0.0),
    Column("latitude_deg", "float", -90.0, 90.0),
    Column("longitude_deg", "float", -180.0, 180.0),
    Column("offset_m", "float", missing=True),
    _p("match_probability"),
    _p("p_off_road"),
    *(_p(name) for name in P_STATES),
    Column("side", "text", allowed=tuple(Side)),
    Column("side_basis", "text", allowed=tuple(SideBasis)),
    Column("profile", "text", allowed=tuple(Profile)),
    Column("cross_slope_pct", "float", missing=True),
    Column("cross_slope_std_pct", "float", 0.0, missing=True),
    Column("slope_source", "text"),
    _p("p_left_low"),
    _p("p_right_low"),
    _p("p_level"),
    _p("p_falls_left"),
    _p("p_falls_right"),
    Column("left_low_m", "float", 0.0),
    Column("right_low_m", "float", 0.0),
    Column("level_m", "float", 0.0),
    Column("unmatched_m", "float", 0.0),
    Column("verdict", "text", allowed=tuple(Verdict)),
    Column("surface_kind", "text", allowed=tuple(SurfaceKind)),
    Column("carriageway_way_id", "int", -1),
)
"""One row per interval (a block); the four ``*_m`` columns of legs sum to ``distance_m``.

Time, duration and distance reach back to the fix before the interval, where its first step began; the
chainages are those of its own first and last fix.
"""


class _Sum(NamedTuple):
    """Columns that sum to a number or to another column; ``matched`` asks it on, or off, a way only."""

    parts: tuple[str, ...]
    total: float | str
    matched: bool | None = None


@dataclass(frozen=True)
class Table(Generic[_T]):
    """What must be true of a table that crosses a stage border; called with a frame, it checks that.

    Parameters
    ----------
    name : str
        Name in messages, and of the type.
    columns : tuple of Column
        Columns that it must have; more are nobody's business.
    of : callable
        The type that a frame has once it is checked.
    index : str or None
        Name of the index, which is unique then; a ``fix_id`` grows.
    geometry : {"Point", "LineString"} or None
        Kind of its geometry, in a local metric CRS; a geographic one and EPSG:3857 are refused, since metres
        in them are none.
    sums : tuple
        Columns that sum up, to 1e-6.
    """

    name: str
    columns: tuple[Column, ...]
    of: Callable[[Any], _T]
    index: str | None = None
    geometry: str | None = None
    sums: tuple[_Sum, ...] = ()

    def __call__(self, frame: pd.DataFrame) -> _T:
        """Check a frame.

        Parameters
        ----------
        frame : DataFrame
            The frame, a GeoDataFrame where the table has a geometry.

        Returns
        -------
        Fixes, Ways, Crossings, Track, MatchedTrack, Candidates, Path, LateralTrack, SlopedTrack or Exposure
            The same frame.

        Raises
        ------
        TableError
            If anything does not hold: everything that is wrong, with column and rows.
        """
        # By number: the names are Arrow strings, each of which is made a Python string again at every look.
        plain = pd.DataFrame(frame, copy=False).set_axis(range(frame.shape[1]), axis=1)
        found = dict(zip(frame.columns.tolist(), (values for _, values in plain.items()), strict=True))
        doubtful = [column for column in self.columns if not _is_sound(found.get(column.name), column)]
        problems = [problem for column in doubtful for problem in _column_problems(frame, column)]
        if self.index is not None:
            problems += _index_problems(frame, self.index)
        if self.geometry is not None:
            problems += _geometry_problems(frame, self.geometry)
        problems += [problem for each in self.sums for problem in _sum_problems(frame, found, each)]
        if problems:
            raise TableError(self.name, problems)
        return self.of(frame)


_OF_STATES: Final = _Sum(P_STATES, 1.0)
_LEGS: Final = ("p_left_low", "p_right_low", "p_level")
_METRES: Final = ("left_low_m", "right_low_m", "level_m", "unmatched_m")

as_fixes: Final = Table("Fixes", FIXES, Fixes, index="fix_id")
as_ways: Final = Table("Ways", WAYS, Ways, index="way_id", geometry="LineString")
as_crossings: Final = Table("Crossings", CROSSINGS, Crossings, index="node_id", geometry="Point")
as_track: Final = Table("Track", TRACK, Track, index="fix_id", geometry="Point")
as_matched_track: Final = Table(
    "MatchedTrack", TRACK + MATCHED, MatchedTrack, index="fix_id", geometry="Point"
)
as_candidates: Final = Table("Candidates", CANDIDATES, Candidates)
as_path: Final = Table("Path", PATH, Path)
as_lateral_track: Final = Table(
    "LateralTrack",
    TRACK + MATCHED + LATERAL,
    LateralTrack,
    index="fix_id",
    geometry="Point",
    sums=(_OF_STATES,),
)
as_sloped_track: Final = Table(
    "SlopedTrack",
    TRACK + MATCHED + LATERAL + SLOPED,
    SlopedTrack,
    index="fix_id",
    geometry="Point",
    sums=(_OF_STATES, _Sum(_LEGS, 1.0, matched=True), _Sum(_LEGS, 0.0, matched=False)),
)
as_exposure: Final = Table("Exposure", EXPOSURE, Exposure, sums=(_Sum(_METRES, "distance_m"),))


def _is_sound(values: pd.Series | None, column: Column) -> bool:
    """Whether a quick look finds nothing; what is in doubt is looked at again, row by row."""
    if values is None or values.empty:
        return False
    if isinstance(values.dtype, np.dtype) and values.dtype.kind in _PLAIN.get(column.kind, ""):
        numbers = values.to_numpy()
        # The smallest of numbers is NaN if one of them is, unless missing ones are passed over.
        least, most = (np.fmin, np.fmax) if column.missing else (np.minimum, np.maximum)
        low, high = float(least.reduce(numbers)), float(most.reduce(numbers))
        fine = column.low <= low and high <= column.high and isfinite(low) and isfinite(high)
        return fine or (column.missing and isnan(low))
    if not _is_kind(values, column.kind) or column.kind in _PLAIN:
        return False
    if column.allowed:
        return set(values.unique().tolist()) <= set(column.allowed)
    return column.missing or not values.isna().any()


def _column_problems(frame: pd.DataFrame, column: Column) -> list[str]:
    if column.name not in frame.columns:
        return [f"column {column.name} is missing"]
    values = frame[column.name]
    if not _is_kind(values, column.kind):
        return [f"column {column.name} is {values.dtype}, expected {column.kind}"]
    problems = []
    absent = np.asarray(values.isna())
    if absent.any() and not column.missing:
        problems.append(f"column {column.name} has missing values in rows {_rows(frame, absent)}")
    if column.kind in {"float", "int"}:
        numbers = values.to_numpy(dtype=float, na_value=np.nan)
        outside = ~absent & ~((numbers >= column.low) & (numbers <= column.high) & np.isfinite(numbers))
        if outside.any():
            limits = f"{column.low:g} to {column.high:g}"
            problems.append(f"column {column.name} is outside {limits} in rows {_rows(frame, outside)}")
    if column.allowed:
        unknown = ~absent & ~np.asarray(values.isin(column.allowed))
        if unknown.any():
            listed = ", ".join(repr(str(value)) for value in column.allowed)
            problems.append(f"column {column.name} is none of {listed} in rows {_rows(frame, unknown)}")
    return problems


def _is_kind(values: pd.Series, kind: str) -> bool:
    if kind == "time":
        return isinstance(values.dtype, pd.DatetimeTZDtype) and str(values.dtype.tz) == "UTC"
    if kind == "text":
        return pd.api.types.is_string_dtype(values) or values.empty
    tests = {
        "float": pd.api.types.is_float_dtype,
        "int": pd.api.types.is_integer_dtype,
        "bool": pd.api.types.is_bool_dtype,
    }
    return bool(tests[kind](values))


def _sum_problems(frame: pd.DataFrame, found: dict[str, pd.Series], each: _Sum) -> list[str]:
    """Rows where parts do not sum up; nothing where a column is itself in doubt, which is told elsewhere."""
    needed = [*each.parts, *([each.total] if isinstance(each.total, str) else [])]
    if not all(name in found and _is_kind(found[name], "float") for name in needed):
        return []
    total = found[each.total].to_numpy(dtype=float) if isinstance(each.total, str) else each.total
    wrong = ~np.isclose(
        np.sum([found[name].to_numpy(dtype=float) for name in each.parts], axis=0), total, atol=1e-6
    )
    if each.matched is not None:
        known = "way_id" in found and _is_kind(found["way_id"], "int")
        wrong &= (
            np.asarray(found["way_id"] >= 0) if known else np.zeros(len(frame), dtype=bool)
        ) == each.matched
    if not wrong.any():
        return []
    expected = each.total if isinstance(each.total, str) else f"{each.total:g}"
    return [f"{' + '.join(each.parts)} is not {expected} in rows {_rows(frame, wrong)}"]


def _index_problems(frame: pd.DataFrame, name: str) -> list[str]:
    problems = []
    if frame.index.name != name:
        problems.append(f"index is named {frame.index.name!r}, expected {name!r}")
    if not frame.index.is_unique:
        problems.append(f"index {name} is not unique: rows {_rows(frame, frame.index.duplicated())}")
    if name == "fix_id" and not frame.index.is_monotonic_increasing:
        problems.append("index fix_id does not grow")
    return problems


def _geometry_problems(frame: pd.DataFrame, kind: str) -> list[str]:
    if not isinstance(frame, gpd.GeoDataFrame):
        return ["is no GeoDataFrame"]
    shapes, crs = frame.geometry, frame.crs
    fine = crs is not None and _is_metric(crs)
    problems = [] if fine else [f"CRS is {crs.name if crs else None}; metres need a local UTM system"]
    wrong = shapely.get_type_id(np.asarray(shapes.array)) != shapely.GeometryType[kind.upper()]
    if wrong.any():
        problems.append(f"geometry is no {kind} in rows {_rows(frame, wrong)}")
    return problems


@lru_cache(maxsize=64)
def _is_metric(crs: CRS) -> bool:
    return crs.is_projected and crs.to_epsg() != 3857 and crs.axis_info[0].unit_name == "metre"


def _rows(frame: pd.DataFrame, wrong: np.ndarray) -> str:
    labels = frame.index[np.flatnonzero(wrong)[:3]].tolist()
    more = int(np.count_nonzero(wrong)) - len(labels)
    return ", ".join(map(str, labels)) + (f" and {more} more" if more > 0 else "")
