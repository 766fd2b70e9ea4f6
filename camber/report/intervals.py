"""One row per interval, for other programs: CSV and GeoJSON, in SI units and under stable names.

The first columns, their names, order, units and signs are a public interface (`COLUMNS`); new columns are
only ever added at the end. Distances are metres, angles degrees, cross slopes percent (positive where the
surface falls to the runner's right), times UTC. Longitude and latitude are written with seven decimals
(1.1 cm), metres with three (1 mm), probabilities with six and percent with three. Each interval has its piece
of the recorded line.
"""

from __future__ import annotations

import csv
import io
import json
import math
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from camber.conventions import OSM_ATTRIBUTION, WGS84
from camber.longitudes import cut_at_antimeridian
from camber.report.wording import LICENCE_LINE, plain
from camber.whole_files import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from camber.schema import Analysis, Exposure, SlopedTrack

COLUMNS: Final = (
    "start_time",
    "end_time",
    "section",
    "way_id",
    "travel_direction",
    "start_chainage_m",
    "end_chainage_m",
    "distance_m",
    "duration_s",
    "latitude_deg",
    "longitude_deg",
    "offset_m",
    "match_probability",
    "p_off_road",
    "p_left_sidewalk",
    "p_left_edge",
    "p_centre",
    "p_right_edge",
    "p_right_sidewalk",
    "p_other",
    "side",
    "side_basis",
    "profile",
    "cross_slope_pct",
    "cross_slope_std_pct",
    "p_left_low",
    "p_right_low",
    "p_level",
    "left_low_m",
    "right_low_m",
    "level_m",
    "unmatched_m",
    "verdict",
    "surface_kind",
    "block",
    "slope_source",
    "recording",
    "p_falls_left",
    "p_falls_right",
)
"""Columns of the table of intervals, in order. ``p_left_low`` and ``p_right_low`` are the probabilities that
the surface falls to that side by more than counts as level, ``p_falls_*`` that it falls there at all."""

_FORMULA_STARTS: Final = tuple("=+-@\t\r\uff1d\uff0b\uff0d\uff20")
_DEGREE_DECIMALS: Final = 7


def interval_table(analysis: Analysis) -> pd.DataFrame:
    """One row per interval, with the columns of `COLUMNS`, unrounded.

    Parameters
    ----------
    analysis : Analysis
        The run.

    Returns
    -------
    DataFrame
        Index 0, 1, ...; signs and units as in `camber.schema.tables.EXPOSURE`; ``recording`` is the base
        name of the file.
    """
    table = pd.DataFrame(analysis.exposure).reset_index(drop=True)
    table = table.assign(recording=plain(analysis.recording.source))
    return table[list(COLUMNS)]


def intervals_csv(analyses: Iterable[Analysis]) -> str:
    """Write the intervals of one run or several as CSV.

    Parameters
    ----------
    analyses : iterable of Analysis
        The runs; their rows follow each other.

    Returns
    -------
    str
        RFC 4180 with a header and CRLF, to be stored as UTF-8; missing values are empty. Text that a
        spreadsheet would take for a formula starts with an apostrophe.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for analysis in analyses:
        table = interval_table(analysis)
        writer.writerows(zip(*(_cells(table[name]) for name in COLUMNS), strict=True))
    return out.getvalue()


def write_csv(analyses: Iterable[Analysis], path: Path | str) -> Path:
    """Write the intervals of one run or several to a CSV file.

    Parameters
    ----------
    analyses : iterable of Analysis
        The runs.
    path : Path or str
        Where to; replaced as a whole.

    Returns
    -------
    Path
        The same path.
    """
    return write_whole(path, intervals_csv(analyses))


def intervals_geojson(analyses: Iterable[Analysis]) -> str:
    """Write the intervals of one run or several as GeoJSON.

    Parameters
    ----------
    analyses : iterable of Analysis
        The runs; their features follow each other.

    Returns
    -------
    str
        A FeatureCollection (RFC 7946) of LineStrings in longitude and latitude, along the recorded line in
        the direction of travel, with the columns of `COLUMNS` as properties.
    """
    features = [feature for analysis in analyses for feature in _features(analysis)]
    return feature_collection(features)


def feature_collection(features: list[dict[str, Any]]) -> str:
    """Write features as GeoJSON that says whose the map is."""
    collection = {
        "type": "FeatureCollection",
        "attribution": OSM_ATTRIBUTION,
        "licence": LICENCE_LINE,
        "features": features,
    }
    return json.dumps(collection, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n"


def line_features(
    degrees: gpd.GeoSeries, names: Iterable[str], rows: Iterable[Iterable[Any]]
) -> list[dict[str, Any]]:
    """Make GeoJSON features of lines in degrees, each with a row of plain values by these names."""
    names = tuple(names)
    return [
        {
            "type": "Feature",
            "geometry": _geometry(line),
            "properties": dict(zip(names, row, strict=True)),
        }
        for line, row in zip(cut_at_antimeridian(np.asarray(degrees, dtype=object)), rows, strict=True)
    ]


def _geometry(line: shapely.Geometry) -> dict[str, Any]:
    """Write a line or, where the antimeridian cuts it, its pieces (RFC 7946, section 3.1.9)."""
    pieces = [
        np.round(shapely.get_coordinates(piece), _DEGREE_DECIMALS).tolist()
        for piece in shapely.get_parts(line)
    ]
    if len(pieces) > 1:
        return {"type": "MultiLineString", "coordinates": pieces}
    return {"type": "LineString", "coordinates": pieces[0]}


def write_geojson(analyses: Iterable[Analysis], path: Path | str) -> Path:
    """Write the intervals of one run or several to a GeoJSON file.

    Parameters
    ----------
    analyses : iterable of Analysis
        The runs.
    path : Path or str
        Where to; replaced as a whole.

    Returns
    -------
    Path
        The same path.
    """
    return write_whole(path, intervals_geojson(analyses))


def interval_lines(sloped: SlopedTrack, exposure: Exposure) -> NDArray[np.object_]:
    """Cut the recorded line into the intervals of the exposure table.

    Parameters
    ----------
    sloped : SlopedTrack
        The fixes, with ``section`` and ``block``.
    exposure : Exposure
        The intervals, with the same ``section`` and ``block``.

    Returns
    -------
    ndarray of LineString, shape (n_intervals,)
        In the order of the exposure table, in the direction of travel, in the CRS of the track. Each reaches
        to the first fix of the next interval in the same section, so that neighbours meet.
    """
    xy = shapely.get_coordinates(sloped.geometry.to_numpy())
    section = sloped["section"].to_numpy()
    block = sloped["block"].to_numpy()
    first = {}
    starts = np.flatnonzero(np.r_[True, (section[1:] != section[:-1]) | (block[1:] != block[:-1])])
    ends = np.r_[starts[1:], len(xy)]
    for start, end in zip(starts, ends, strict=True):
        meets = end < len(xy) and section[end] == section[start]
        # A last interval of one fix has no length of its own: it borrows the step that led to it.
        lone = end - start == 1 and not meets and start > 0 and section[start - 1] == section[start]
        piece = xy[start - lone : end + meets]
        first[section[start], block[start]] = piece if len(piece) > 1 else np.repeat(piece, 2, axis=0)
    keys = zip(exposure["section"], exposure["block"], strict=True)
    lines = np.empty(len(exposure), dtype=object)
    lines[:] = [shapely.LineString(first[key]) for key in keys]
    return lines


def guarded(text: str) -> str:
    """Keep a text from being run as a formula by a spreadsheet.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        The text, after an apostrophe where its first character that is no blank starts a formula.
    """
    starts = any(cut.startswith(_FORMULA_STARTS) for cut in (text.lstrip(" "), text.lstrip()))
    return "'" + text if starts else text


def _cells(values: pd.Series) -> list[str]:
    plain_values = _plain_values(values)
    return ["" if v is None else guarded(v) if isinstance(v, str) else str(v) for v in plain_values]


def _features(analysis: Analysis) -> list[dict[str, Any]]:
    table = interval_table(analysis)
    lines = gpd.GeoSeries(interval_lines(analysis.sloped, analysis.exposure), crs=analysis.sloped.crs)
    values = zip(*(_plain_values(table[name]) for name in COLUMNS), strict=True)
    return line_features(lines.to_crs(WGS84), COLUMNS, values)


def _plain_values(values: pd.Series) -> list[Any]:
    """Turn a column into plain values, rounded by the unit that its name ends in; None where missing."""
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return [
            None if pd.isna(v) else v.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            for v in values
        ]
    if pd.api.types.is_float_dtype(values):
        decimals = _decimals(str(values.name))
        return [None if not math.isfinite(v) else round(float(v), decimals) + 0.0 for v in values]
    if pd.api.types.is_integer_dtype(values):
        return [int(v) for v in values]
    return [plain(str(v)) for v in values]


def _decimals(name: str) -> int:
    if name.endswith("_deg"):
        return _DEGREE_DECIMALS
    return 3 if name.endswith(("_m", "_s", "_pct")) else 6
