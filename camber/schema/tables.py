"""The tables that cross a stage border, column by column, and one check for each.

A check collects everything that is wrong into one `camber.errors.TableError` that names table, column
and the first bad rows, and returns the frame under its own type. Sign and frame are those of
`camber.conventions`: positive is right of travel; chainage is in the way frame. A stage returns its input
plus its own columns, so each table below lists only what it adds to the one before.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, isnan
from typing import Final, NewType

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from camber.conventions import LATERAL_STATES, Profile, Side, SideBasis, SurfaceKind, Verdict
from camber.errors import TableError

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

P_STATES: Final = tuple(f"p_{state}" for state in LATERAL_STATES)
"""Columns of the lateral-state probabilities, in the order of `camber.conventions.LATERAL_STATES`."""

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
    Column("profile", "text", allowed=tuple(Profile)),
    Column("slope_source", "text"),
    Column("surface_kind", "text", allowed=tuple(SurfaceKind)),
)
"""Mean and standard deviation of the mixture, positive falling to the right; the three probabilities are
given that the fix is on a mapped way and sum to 1 there, to 0 where ``way_id`` is -1. ``profile`` and
``surface_kind`` name the likeliest."""

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


def as_fixes(frame: pd.DataFrame) -> Fixes:
    """Check the fixes of a recording.

    Parameters
    ----------
    frame : DataFrame
        Columns of `FIXES`, index ``fix_id``.

    Returns
    -------
    Fixes
        The same frame.

    Raises
    ------
    TableError
        If anything does not hold.
    """
    _check("Fixes", frame, FIXES, index="fix_id")
    return Fixes(frame)


def as_ways(frame: gpd.GeoDataFrame) -> Ways:
    """Check the ways of a road set.

    Parameters
    ----------
    frame : GeoDataFrame
        Columns of `WAYS`, index ``way_id``, LineStrings in a local metric CRS.

    Returns
    -------
    Ways
        The same frame.

    Raises
    ------
    TableError
        If anything does not hold.
    """
    _check("Ways", frame, WAYS, index="way_id", geometry="LineString")
    return Ways(frame)


def as_crossings(frame: gpd.GeoDataFrame) -> Crossings:
    """Check the crossings of a road set.

    Parameters
    ----------
    frame : GeoDataFrame
        Columns of `CROSSINGS`, index ``node_id``, Points in a local metric CRS.

    Returns
    -------
    Crossings
        The same frame.

    Raises
    ------
    TableError
        If anything does not hold.
    """
    _check("Crossings", frame, CROSSINGS, index="node_id", geometry="Point")
    return Crossings(frame)


def as_track(frame: gpd.GeoDataFrame) -> Track:
    """Check a track.

    Parameters
    ----------
    frame : GeoDataFrame
        Columns of `TRACK`, index ``fix_id``, Points in a local metric CRS.

    Returns
    -------
    Track
        The same frame.

    Raises
    ------
    TableError
        If anything does not hold; a geographic CRS and EPSG:3857 are refused, since metres in them are none.
    """
    _check("Track", frame, TRACK, index="fix_id", geometry="Point")
    return Track(frame)


def as_matched_track(frame: gpd.GeoDataFrame) -> MatchedTrack:
    """Check a matched track.

    Parameters
    ----------
    frame : GeoDataFrame
        Columns of `TRACK` and `MATCHED`.

    Returns
    -------
    MatchedTrack
        The same frame.

    Raises
    ------
    TableError
        If anything does not hold.
    """
    _check("MatchedTrack", frame, TRACK + MATCHED, index="fix_id", geometry="Point")
    return MatchedTrack(frame)


def as_candidates(frame: pd.DataFrame) -> Candidates:
    """Check the candidates.

    Parameters
    ----------
    frame : DataFrame
        Columns of `CANDIDATES`.

    Returns
    -------
    Candidates
        The same frame.

    Raises
    ------
    TableError
        If anything does not hold.
    """
    _check("Candidates", frame, CANDIDATES)
    return Candidates(frame)


def as_path(frame: pd.DataFrame) -> Path:
    """Check a path.

    Parameters
    ----------
    frame : DataFrame
        Columns of `PATH`.

    Returns
    -------
    Path
        The same frame.

    Raises
    ------
    TableError
        If anything does not hold.
    """
    _check("Path", frame, PATH)
    return Path(frame)


def as_lateral_track(frame: gpd.GeoDataFrame) -> LateralTrack:
    """Check a lateral track.

    Parameters
    ----------
    frame : GeoDataFrame
        Columns of `TRACK`, `MATCHED` and `LATERAL`.

    Returns
    -------
    LateralTrack
        The same frame.

    Raises
    ------
    TableError
        If anything does not hold, the sum of the state probabilities included.
    """
    everywhere = np.ones(len(frame), dtype=bool)
    _check(
        "LateralTrack",
        frame,
        TRACK + MATCHED + LATERAL,
        index="fix_id",
        geometry="Point",
        sums=((P_STATES, everywhere, 1.0),),
    )
    return LateralTrack(frame)


def as_sloped_track(frame: gpd.GeoDataFrame) -> SlopedTrack:
    """Check a sloped track.

    Parameters
    ----------
    frame : GeoDataFrame
        Columns of `TRACK`, `MATCHED`, `LATERAL` and `SLOPED`.

    Returns
    -------
    SlopedTrack
        The same frame.

    Raises
    ------
    TableError
        If anything does not hold, the sums of the leg probabilities included.
    """
    known = "way_id" in frame and _is_kind(frame["way_id"], "int")
    matched = np.asarray(frame["way_id"] >= 0) if known else np.zeros(len(frame), dtype=bool)
    legs = ("p_left_low", "p_right_low", "p_level")
    _check(
        "SlopedTrack",
        frame,
        TRACK + MATCHED + LATERAL + SLOPED,
        index="fix_id",
        geometry="Point",
        sums=((P_STATES, np.ones(len(frame), dtype=bool), 1.0), (legs, matched, 1.0), (legs, ~matched, 0.0)),
    )
    return SlopedTrack(frame)


def as_exposure(frame: pd.DataFrame) -> Exposure:
    """Check an exposure table.

    Parameters
    ----------
    frame : DataFrame
        Columns of `EXPOSURE`.

    Returns
    -------
    Exposure
        The same frame.

    Raises
    ------
    TableError
        If anything does not hold; the metres of each row must sum to its distance.
    """
    legs = ("left_low_m", "right_low_m", "level_m", "unmatched_m")
    everywhere = np.ones(len(frame), dtype=bool)
    numbers = "distance_m" in frame and _is_kind(frame["distance_m"], "float")
    distance = frame["distance_m"].to_numpy(dtype=float) if numbers else np.full(len(frame), np.nan)
    _check("Exposure", frame, EXPOSURE, sums=((legs, everywhere, distance),))
    return Exposure(frame)


def _check(
    table: str,
    frame: pd.DataFrame,
    columns: tuple[Column, ...],
    *,
    index: str | None = None,
    geometry: str | None = None,
    sums: tuple[tuple[tuple[str, ...], np.ndarray, float | np.ndarray], ...] = (),
) -> None:
    # By number: the names are Arrow strings, each of which is made a Python string again at every look.
    plain = pd.DataFrame(frame, copy=False).set_axis(range(frame.shape[1]), axis=1)
    found = dict(zip(frame.columns.tolist(), (values for _, values in plain.items()), strict=True))
    doubtful = [column for column in columns if not _is_sound(found.get(column.name), column)]
    problems = [problem for column in doubtful for problem in _column_problems(frame, column)]
    if index is not None:
        problems += _index_problems(frame, index)
    if geometry is not None:
        problems += _geometry_problems(frame, geometry)
    for parts, rows, total in sums:
        if all(name in found and _is_kind(found[name], "float") for name in parts):
            added = np.sum([found[name].to_numpy(dtype=float) for name in parts], axis=0)
            wrong = rows & ~np.isclose(added, total, atol=1e-6)
            if wrong.any():
                expected = f"{total:g}" if isinstance(total, float) else "distance_m"
                problems.append(f"{' + '.join(parts)} is not {expected} in rows {_rows(frame, wrong)}")
    if problems:
        raise TableError(table, problems)


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
    problems = []
    shapes = frame.geometry
    crs = None if shapes.crs is None else CRS.from_user_input(shapes.crs)
    if crs is None or not crs.is_projected or crs.to_epsg() == 3857 or crs.axis_info[0].unit_name != "metre":
        problems.append(f"CRS is {crs.name if crs else None}; metres need a local UTM system")
    wrong = shapely.get_type_id(np.asarray(shapes.array)) != shapely.GeometryType[kind.upper()]
    if wrong.any():
        problems.append(f"geometry is no {kind} in rows {_rows(frame, wrong)}")
    return problems


def _rows(frame: pd.DataFrame, wrong: np.ndarray) -> str:
    labels = frame.index[np.flatnonzero(wrong)[:3]].tolist()
    more = int(np.count_nonzero(wrong)) - len(labels)
    return ", ".join(map(str, labels)) + (f" and {more} more" if more > 0 else "")
