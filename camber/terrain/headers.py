"""Terrain models as files: found in folders and archives, what each says of itself, or why it is of no use.

Nothing is copied or resampled: a header is read, and a few windows, to see that there are heights.
"""

from __future__ import annotations

import re
import warnings
import zipfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyproj

from camber.conventions import WGS84
from camber.errors import SettingsError, TerrainError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

GRIDS: Final = (".tif", ".tiff", ".asc", ".xyz", ".vrt")
CLOUDS: Final = (".las", ".laz")
_TIFF: Final = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""How TIFF and BigTIFF begin (TIFF 6.0, section 2): tiles of LiDAR HD come without an end to their name."""

GROUND: Final = 2
"""Class of ground returns (ASPRS, LAS 1.4 R15, table 17)."""

COARSEST_M: Final = 1.25
"""Largest cells that are of use [m] (`camber.terrain.measuring.Gates`)."""

_MOST_STRETCHED: Final = 0.01
"""So much may the metres of a grid differ from those on the ground (judgement: a slope would err as much)."""

_LOOKS: Final = 4
_LOOK_CELLS: Final = 64
_LOOK_POINTS: Final = 50_000
"""Windows in each direction, their cells, and points at which a file is looked at (judgement: some 10 ms)."""

_HIGHEST_M: Final = 9000.0
"""What is higher, or as deep, is a mark for nothing (judgement: Mount Everest is 8,849 m)."""

_YEAR: Final = re.compile(r"(?<!\d)(?:199[5-9]|20[0-3]\d)(?!\d)")
"""A year of flight within a name; codes of coordinate systems, such as 2056, are none."""

_GPS_1980: Final = np.datetime64("1980-01-06")
_GPS_SHIFT_S: Final = 1e9
"""Adjusted standard GPS time counts from 1980-01-06, less 1e9 s (ASPRS, LAS 1.4 R15, "GPS Time")."""


@dataclass(frozen=True, order=True)
class TerrainFile:
    """A terrain model that can be read, and what its header says.

    Parameters
    ----------
    path : str
        The file, or the archive that it is in.
    member : str
        Its name within the archive; "" outside of one.
    crs : str
        Horizontal coordinate system, as WKT.
    bounds : tuple of float
        West, south, east, north in that system's own unit.
    cell_m : float
        Cells of a grid [m]; of a cloud the mean distance between ground returns.
    metres, height_metres : float
        Metres in one unit of place, and of height.
    year : int or None
        When it was flown.
    size, changed_ns : int
        Bytes of the file and its time of change, to notice another one in its place.
    """

    path: str
    member: str
    crs: str
    bounds: tuple[float, float, float, float]
    cell_m: float
    metres: float
    height_metres: float
    year: int | None
    size: int
    changed_ns: int

    @property
    def is_cloud(self) -> bool:
        """Whether it holds points, not cells."""
        return Path(self.member or self.path).suffix.lower() in CLOUDS

    @property
    def name(self) -> str:
        """Its name for people."""
        return Path(self.member or self.path).name

    @property
    def place(self) -> str:
        """Where it is, for messages."""
        return f"{self.path}/{self.member}" if self.member else self.path

    @property
    def flight(self) -> tuple[str, int | None, bool, float]:
        """What files of one flight have in common: system, year, kind and cells."""
        return self.crs, self.year, self.is_cloud, round(self.cell_m, 1)

    def bounds_deg(self) -> tuple[float, float, float, float]:
        """West, south, east, north in degrees."""
        turn = pyproj.Transformer.from_crs(self.crs, WGS84, always_xy=True)
        return turn.transform_bounds(*self.bounds)


def terrain_files(paths: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """Find terrain models in folders, archives and among files: the file, and the name within an archive."""
    for path in paths:
        if path.is_dir():
            yield from terrain_files(sorted(p for p in path.rglob("*") if _kind(p) and p.is_file()))
        elif path.suffix.lower() == ".zip" and path.is_file():
            try:
                with zipfile.ZipFile(path) as archive:
                    names = sorted(
                        n for n in archive.namelist() if _kind(Path(n)) and _kind(Path(n)) != ".zip"
                    )
            except (zipfile.BadZipFile, OSError):
                names = []
            yield from ((path, name) for name in names or [""])
        else:
            yield path, ""


def _kind(path: Path) -> str:
    """Tell a terrain model, or an archive, by the end of its name; where it has none, by its first bytes."""
    suffix = path.suffix.lower()
    if not suffix and path.is_file():
        with suppress(OSError), path.open("rb") as file:
            return ".tif" if file.read(4) in _TIFF else ""
    return suffix if suffix in (*GRIDS, *CLOUDS, ".zip") else ""


def read_header(
    path: Path, member: str = "", *, flown: int | None = None, crs: str | None = None
) -> TerrainFile:
    """Read what a terrain model says of itself, and look whether it can be of use.

    Parameters
    ----------
    path : Path
        A GeoTIFF, an ASCII or XYZ grid, a virtual raster, a LAS or LAZ file; or a zip archive.
    member : str
        Name within the archive.
    flown : int, optional
        Year of the flight; by default that of the name, or of the times of the returns.
    crs : str, optional
        Coordinate system of a file that does not name its own, such as ``"EPSG:25832"``.

    Returns
    -------
    TerrainFile
        For `camber.terrain.nearby.points_near`.

    Raises
    ------
    TerrainError
        With the reason as a code: ``"unreadable"``, ``"no_crs"``, ``"degrees"``, ``"stretched"``,
        ``"coarse"``, ``"whole_metres"``, ``"all_void"`` or ``"no_ground"``.
    SettingsError
        If the extra ``terrain`` is not installed.
    """
    suffix = Path(member).suffix.lower() if member else _kind(path)
    if suffix not in (*GRIDS, *CLOUDS):
        text = "is no terrain model that camber reads: take GeoTIFF, ASCII or XYZ grid, LAS or LAZ"
        raise TerrainError(text, path=path, code="unreadable")
    name = f"{path}/{member}" if member else str(path)
    with reading(name):
        at = path.resolve().stat()
        found = (_cloud if suffix in CLOUDS else _grid)(path.resolve(), member, name, crs)
    system, height_metres, unit, bounds, cell, year = found
    if cell * unit > COARSEST_M:
        text = (
            f"has cells of {cell * unit:.3g} m, and cross slope needs 1 m or finer: take its agency's finest"
        )
        raise TerrainError(f"{text} terrain model", path=name, code="coarse")
    years = {int(one) for one in _YEAR.findall(Path(member or path).stem)}
    named = next(iter(years)) if len(years) == 1 else year
    return TerrainFile(
        str(path.resolve()),
        member,
        system.to_wkt(),
        (float(bounds[0]), float(bounds[1]), float(bounds[2]), float(bounds[3])),
        float(cell * unit),
        float(unit),
        float(height_metres),
        flown or named,
        at.st_size,
        at.st_mtime_ns,
    )


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn whatever readers raise into one sentence about one file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of grids without a place, which are refused in words
            yield
    except (TerrainError, SettingsError):
        raise
    except ImportError as error:
        text = 'reading terrain models needs the extra "terrain": pip install "camber[terrain]"'
        raise SettingsError(text, key="terrain") from error
    except FileNotFoundError as error:
        raise TerrainError(
            "is not there: add it again from where it is now", path=name, code="moved"
        ) from error
    except Exception as error:  # decoders of five formats have no error in common
        text = "cannot be read, perhaps since its download was broken off: get it again"
        raise TerrainError(
            f"{text} ({str(error).splitlines()[0][:80] if str(error) else type(error).__name__})",
            path=name,
            code="unreadable",
        ) from error


@contextmanager
def open_grid(path: str, member: str) -> Iterator[Any]:
    """Open a grid where it lies, within an archive too."""
    import rasterio  # noqa: PLC0415 - an extra

    with (
        rasterio.Env(GDAL_CACHEMAX=64),
        rasterio.open(f"/vsizip/{{{path}}}/{member}" if member else path) as grid,
    ):
        yield grid


@contextmanager
def open_cloud(path: str, member: str) -> Iterator[Any]:
    """Open a point cloud where it lies, within an archive too."""
    import laspy  # noqa: PLC0415 - an extra

    if not member:
        with laspy.open(path) as cloud:
            yield cloud
        return
    with zipfile.ZipFile(path) as archive, archive.open(member) as stream, laspy.open(stream) as cloud:
        yield cloud


def heights_in(grid: Any, window: Any) -> FloatArray:  # noqa: ANN401 - of rasterio, an extra
    """Read a window of the first band as it is, in its own unit; NaN where there is nothing."""
    masked = grid.read(1, window=window, masked=True)
    heights = masked.astype(np.float64).filled(np.nan) * grid.scales[0] + grid.offsets[0]
    heights[np.abs(heights) > _HIGHEST_M] = np.nan
    return np.asarray(heights)


def _grid(path: Path, member: str, name: str, given: str | None) -> tuple[Any, ...]:
    from rasterio.windows import Window  # noqa: PLC0415 - an extra

    with open_grid(str(path), member) as grid:
        own = pyproj.CRS.from_wkt(grid.crs.to_wkt()) if grid.crs else None
        system, unit, height = _system(own, given, name)
        if (grid.units[0] or "").lower() in {"m", "metre", "meter", "metres", "meters"}:
            height = 1.0
        step = grid.transform
        cell = max(np.hypot(step.a, step.d), np.hypot(step.b, step.e))
        _check_scale(system, tuple(grid.bounds), name)
        if cell * unit <= COARSEST_M:
            high, wide = min(_LOOK_CELLS, grid.height), min(_LOOK_CELLS, grid.width)
            rows, columns = (
                np.unique(np.linspace(0, size, _LOOKS).astype(int))
                for size in (grid.height - high, grid.width - wide)
            )
            looks = [
                heights_in(grid, Window(column, row, wide, high)).ravel()
                for row in rows
                for column in columns
            ]
            _check_heights(np.concatenate(looks), name)
        return system, height, unit, tuple(grid.bounds), cell, None


def _check_heights(heights: FloatArray, name: str) -> None:
    """Refuse heights that are all missing, or all whole numbers though not all one."""
    known = heights[np.isfinite(heights)]
    if not len(known):
        text = "holds no heights where it was looked at: take another tile, or get it again"
        raise TerrainError(text, path=name, code="all_void")
    if (known == np.round(known)).all() and np.ptp(known) > 0.0:
        text = "has heights in whole metres, and a road falls by centimetres: take the edition with decimals"
        raise TerrainError(text, path=name, code="whole_metres")


def _cloud(path: Path, member: str, name: str, given: str | None) -> tuple[Any, ...]:
    with open_cloud(str(path), member) as cloud:
        header = cloud.header
        system, unit, height = _system(header.parse_crs(), given, name)
        bounds = (*header.mins[:2].tolist(), *header.maxs[:2].tolist())
        _check_scale(system, bounds, name)
        seen = ground = 0
        year = None
        for points in cloud.chunk_iterator(_LOOK_POINTS):
            seen += len(points)
            ground += int((np.asarray(points.classification) == GROUND).sum())
            if (
                header.global_encoding.gps_time_type == 1
                and "gps_time" in points.point_format.dimension_names
            ):
                seconds = np.int64(np.median(points.gps_time) + _GPS_SHIFT_S)
                year = (_GPS_1980 + np.timedelta64(seconds, "s")).astype("datetime64[Y]").astype(int) + 1970
            if ground:
                break
        if not ground:
            text = (
                f"has no returns that are classified as ground (class {GROUND}): take the classified cloud,"
            )
            raise TerrainError(f"{text} or the terrain model made of it", path=name, code="no_ground")
        area = (bounds[2] - bounds[0]) * (bounds[3] - bounds[1])
        cell = np.sqrt(max(area, 1.0) / (ground / seen * header.point_count))
        return system, height, unit, bounds, float(cell), None if year is None else int(year)


def _system(own: pyproj.CRS | None, given: str | None, name: str) -> tuple[pyproj.CRS, float, float]:
    """Give the horizontal system, and the metres in its unit and in that of heights."""
    if own is None or own.is_engineering:
        if given is None:
            text = (
                "does not say in which coordinate system it is: add it with --crs, such as --crs EPSG:25832"
            )
            raise TerrainError(text, path=name, code="no_crs")
        own = _named(given)
    parts = own.sub_crs_list if own.is_compound else [own]
    flat = parts[0]
    while flat.is_bound and flat.source_crs is not None:
        flat = flat.source_crs
    if flat.is_geographic or flat.is_geocentric:
        text = "is in degrees, and cross slope needs a grid in metres: take the agency's metric edition, or"
        raise TerrainError(f"{text} reproject it", path=name, code="degrees")
    unit = flat.axis_info[0].unit_conversion_factor
    # Where nobody names the unit of heights, it is that of the places: feet go with feet.
    height = parts[1].axis_info[0].unit_conversion_factor if len(parts) > 1 else unit
    return flat, unit, height


def _named(given: str) -> pyproj.CRS:
    try:
        return pyproj.CRS.from_user_input(given)
    except pyproj.exceptions.CRSError as error:
        text = f"--crs {given}: there is no such coordinate system; give one such as EPSG:25832"
        raise SettingsError(text, key="crs") from error


def _check_scale(system: pyproj.CRS, bounds: tuple[float, ...], name: str) -> None:
    """Refuse metres that are none on the ground, as those of web maps."""
    turn = pyproj.Transformer.from_crs(system, WGS84, always_xy=True)
    place = turn.transform((bounds[0] + bounds[2]) / 2.0, (bounds[1] + bounds[3]) / 2.0)
    scale = pyproj.Proj(system).get_factors(*place).meridional_scale if np.isfinite(place).all() else np.inf
    if not abs(scale - 1.0) < _MOST_STRETCHED:
        text = f"has {scale:.2f} m to a metre on the ground ({system.name}): take the agency's own edition"
        if not np.isfinite(scale):
            text = f"does not lie where {system.name} holds: give the right system with --crs"
        raise TerrainError(text, path=name, code="stretched")
