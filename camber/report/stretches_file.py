"""Stretches to a file that others read: CSV, Parquet, GeoPackage or GeoJSON, whole or not at all."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import pandas as pd

from camber.conventions import OSM_ATTRIBUTION, OSM_COPYRIGHT_URL
from camber.longitudes import cut_at_antimeridian
from camber.report.intervals import feature_collection, guarded, line_features
from camber.report.wording import plain
from camber.whole_files import in_place_of, write_whole

if TYPE_CHECKING:
    from pathlib import Path

FORMATS: Final = ("csv", "parquet", "gpkg", "geojson")
_LICENCE: Final = (
    f"Map data {OSM_ATTRIBUTION}, available under the Open Database Licence 1.0: {OSM_COPYRIGHT_URL}\n"
    "The ways, their names and what was derived from their tags come from OpenStreetMap; whoever publishes\n"
    "them shares them under the same licence (ODbL 1.0, section 4.4).\n"
)
_LAYER: Final = "stretches"


def write_stretches(stretches: gpd.GeoDataFrame, path: Path, file_format: str) -> tuple[Path, Path]:
    """Write stretches, and beside them whose data they are.

    Parameters
    ----------
    stretches : GeoDataFrame
        As `camber.library.Library.stretches` gives them.
    path : Path
        Where to; replaced as a whole.
    file_format : str
        One of `FORMATS`.

    Returns
    -------
    tuple of Path
        The file, and the note of the licence.

    Raises
    ------
    OSError
        If the folder cannot be written; nothing of the file is left behind then.
    """
    frame = stretches.assign(
        **{name: [plain(str(v)) for v in stretches[name]] for name in ("street", "slope_source")}
    )
    if file_format == "csv":
        write_whole(path, _csv(frame))
    elif file_format == "geojson":
        write_whole(path, _geojson(frame))
    else:
        _write_binary(frame, path, file_format)
    note = path.with_name(f"{path.name}.LICENSE.txt")
    return path, write_whole(note, _LICENCE)


def _csv(frame: gpd.GeoDataFrame) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    table = pd.DataFrame(frame.drop(columns="geometry"))
    writer.writerow(table.columns)
    for row in table.itertuples(index=False):
        writer.writerow(["" if v is None else guarded(v) if isinstance(v, str) else v for v in _values(row)])
    return out.getvalue()


def _geojson(frame: gpd.GeoDataFrame) -> str:
    table = pd.DataFrame(frame.drop(columns="geometry"))
    rows = map(_values, table.itertuples(index=False))
    return feature_collection(line_features(frame.geometry, table.columns, rows))


def _values(row: Any) -> list[Any]:  # noqa: ANN401 - a row of a table
    """Plain values: None where missing, seconds of times, six decimals of numbers."""
    values: list[Any] = []
    for value in row:
        if isinstance(value, pd.Timestamp):
            values.append(f"{value:%Y-%m-%dT%H:%M:%SZ}")
        elif value is None or value is pd.NaT or value != value:  # noqa: PLR0124 - NaN is not itself
            values.append(None)
        else:
            values.append(round(float(value), 6) if isinstance(value, float) else value)
    return values


def _write_binary(frame: gpd.GeoDataFrame, path: Path, file_format: str) -> None:
    times = [name for name in ("start_time", "end_time") if name in frame]
    whole = frame.assign(**{name: frame[name].dt.floor("s") for name in times}).set_geometry(
        gpd.GeoSeries(cut_at_antimeridian(frame.geometry.to_numpy()), index=frame.index, crs=frame.crs)
    )
    with in_place_of(path, suffix=f".{file_format}") as part:
        if file_format == "parquet":
            whole.to_parquet(part)
        else:
            whole.to_file(part, layer=_LAYER, driver="GPKG", engine="pyogrio")
