"""Which tiles the runs need, in which order, what getting them costs, and which extract would do instead.

Kernel first: metres of each track by tile; then the plan; then the countries' extracts. Their paths are those
of the download server of Geofabrik, as its public index lists them (as of 2026); nothing is asked of it here.
"""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final

import numpy as np

from camber import network
from camber.longitudes import short_way
from camber.roads.grid import (
    COLUMNS,
    MARGIN_M,
    METRES_PER_DEGREE,
    Tile,
    tile_keys,
    tile_keys_near,
    tile_of_key,
    tiles_of_keys,
)
from camber.standards.borders import region_at

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    Track = tuple[FloatArray, FloatArray]

THIN_M: Final = 50.0
"""Distance between the places of a track that are looked at [m] (judgement: a quarter of the margin)."""

LEAST_M: Final = 200.0
"""Tiles with less running than this are left out [m] (judgement: errors, a start on the wrong side)."""

JUMP_M: Final = 1000.0
"""Longer steps between two fixes are no running [m] (judgement: two minutes at the pace of a record)."""

MB_PER_TILE: Final = 1.0
"""Expected size of an answer [MB] (measured on extracts of Heidelberg, Helsinki and Liechtenstein: 0.6 on
average and 3.6 at most for all tiles; those with running are rather in towns)."""

SECONDS_PER_TILE: Final = 5.0
"""Expected time for a request with its pause [s] (judgement)."""

EXTRACTS: Final = "https://download.geofabrik.de"
"""Server of the extracts by country."""

_PLACES: Final = 5
"""Places on each side of a tile at which the country is asked (judgement: 1 km apart)."""


@dataclass(frozen=True)
class Cluster:
    """Tiles that touch each other, at a side or a corner: the one with most running first, then by distance.

    ``lacking`` are those that are not kept yet; ``running_m`` is the distance run in all of them.
    """

    tiles: tuple[Tile, ...]
    lacking: tuple[Tile, ...]
    running_m: float


@dataclass(frozen=True)
class NeededTiles:
    """What to get for a set of runs: the cluster with most running first, then by distance from it.

    ``dropped`` are tiles with hardly any running; ``tracks`` is the number of runs looked at.
    """

    clusters: tuple[Cluster, ...]
    dropped: frozenset[Tile]
    tracks: int

    @property
    def tiles(self) -> tuple[Tile, ...]:
        """All tiles that the runs need."""
        return tuple(tile for cluster in self.clusters for tile in cluster.tiles)

    @property
    def lacking(self) -> tuple[Tile, ...]:
        """Tiles that are not kept yet, in the order in which to fetch them: one request each."""
        return tuple(tile for cluster in self.clusters for tile in cluster.lacking)

    @property
    def area_km2(self) -> float:
        """Area to fetch."""
        return sum(tile.area_km2 for tile in self.lacking)

    @property
    def expected_mb(self) -> float:
        """Expected size of the answers."""
        return MB_PER_TILE * len(self.lacking)

    @property
    def expected_s(self) -> float:
        """Expected time for all requests."""
        return SECONDS_PER_TILE * len(self.lacking)


def metres_by_tile(
    longitude_deg: ArrayLike, latitude_deg: ArrayLike
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Measure how much of a track (fixes in their order [deg], shape (n,)) lies in each tile and near it.

    Returns three arrays of shape (m,), a value for every tile touched or nearly touched: its `Tile.key`; the
    metres run in it or within `MARGIN_M`, which count in two tiles where they lie near both; the metres run
    in it, each counted once. Fixes that are no number are left out.
    """
    longitude, latitude = _known(longitude_deg, latitude_deg)
    if not len(longitude):
        return np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0)
    step = _steps(longitude, latitude)
    along = np.cumsum(np.where(step <= JUMP_M, step, 0.0))
    # The first fix of every 50 m stands for the distance run since the one before, and so does every jump.
    chosen = np.flatnonzero((np.diff(np.floor(along / THIN_M), prepend=-1.0) > 0) | (step > JUMP_M))
    metres = np.diff(along[chosen], append=along[-1])
    keys = tile_keys_near(longitude[chosen], latitude[chosen], margin_m=MARGIN_M).reshape(4, -1)
    fix = np.tile(np.arange(len(chosen)), 4)
    # A fix in the middle of a tile has four corners in it: it counts once.
    once, at = np.unique(fix * (1 << 32) + keys.ravel(), return_index=True)
    key, tile = np.unique(once % (1 << 32), return_inverse=True)
    own = np.searchsorted(key, tile_keys(longitude[chosen], latitude[chosen]))
    return key, _summed(tile, metres[fix[at]], len(key)), _summed(own, metres, len(key))


def needed_keys(key: IntArray, near_m: FloatArray) -> IntArray:
    """Choose the tiles without which a track cannot be placed, from what `metres_by_tile` returns.

    Tiles with less than `LEAST_M` of running in them and near them are not needed; the one with most is.
    """
    return key[near_m >= min(LEAST_M, float(near_m.max(initial=0.0)))]


def touched_tiles(tracks: Iterable[Track]) -> frozenset[Tile]:
    """Find all tiles that runs touch or come near, those with hardly any running among them."""
    return frozenset().union(*(tiles_of_keys(metres_by_tile(*track)[0]) for track in tracks))


def find_needed_tiles(tracks: Iterable[Track], kept: Collection[Tile]) -> NeededTiles:
    """Find which tiles to get for runs (longitudes and latitudes in their order [deg]), and in which order.

    Tiles with less than `LEAST_M` of running, all runs together, are left out; those of ``kept`` are not
    lacking.
    """
    measured, needed, count = [metres_by_tile([], [])], set[int](), 0
    for longitude, latitude in tracks:
        of_track = metres_by_tile(longitude, latitude)
        needed.update(needed_keys(*of_track[:2]).tolist())
        measured.append(of_track)
        count += 1
    keys, near, inside = (np.concatenate(arrays) for arrays in zip(*measured, strict=True))
    key, tile = np.unique(keys, return_inverse=True)
    near_m, inside_m = _summed(tile, near, len(key)), _summed(tile, inside, len(key))
    wanted = (near_m >= LEAST_M) | np.isin(key, np.fromiter(needed, dtype=np.int64))
    dropped = frozenset(tile_of_key(one) for one in key[~wanted])
    return NeededTiles(_clusters(key[wanted], inside_m[wanted], frozenset(kept)), dropped, count)


def _clusters(key: IntArray, metres: FloatArray, kept: frozenset[Tile]) -> tuple[Cluster, ...]:
    if not len(key):
        return ()
    group = _neighbours(key)
    labels, member = np.unique(group, return_inverse=True)
    running = np.bincount(member, weights=metres)
    home = key[np.argmax(np.where(member == np.argmax(running), metres, -1.0))]
    clusters, distance = [], []
    for label in range(len(labels)):
        own, weight = key[member == label], metres[member == label]
        order = np.lexsort((own, _apart(own, own[np.argmax(weight)])))
        tiles = tuple(tile_of_key(one) for one in own[order])
        lacking = tuple(tile for tile in tiles if tile not in kept)
        clusters.append(Cluster(tiles, lacking, float(running[label])))
        distance.append(float(_apart(own, home).min()))
    return tuple(clusters[label] for label in np.lexsort((labels, np.array(distance))))


def _neighbours(key: IntArray) -> IntArray:
    """Group of each tile: those that touch at a side or a corner, over the antimeridian too."""
    row, column = np.divmod(key, COLUMNS)
    pairs = []
    for down, across in ((0, 1), (1, -1), (1, 0), (1, 1)):
        other = (row + down) * COLUMNS + (column + across) % COLUMNS
        at = np.minimum(np.searchsorted(key, other), len(key) - 1)
        found = np.flatnonzero(key[at] == other)
        pairs.append(np.stack([found, at[found]]))
    first, second = np.concatenate(pairs, axis=1)
    return network.connected_groups(len(key), first, second)


def _apart(key: IntArray, other: np.int64) -> FloatArray:
    """Rough distance between tiles, in rows."""
    row, column = np.divmod(key, COLUMNS)
    other_row, other_column = divmod(int(other), COLUMNS)
    across = np.abs(column - other_column)
    across = np.minimum(across, COLUMNS - across) * np.cos(np.radians(other_row / 20.0 - 90.0))
    return np.asarray(np.hypot(row - other_row, across))


def _summed(group: NDArray[np.intp], values: FloatArray, size: int) -> FloatArray:
    return np.bincount(group, weights=values, minlength=size).astype(float)


def _known(longitude_deg: ArrayLike, latitude_deg: ArrayLike) -> Track:
    longitude, latitude = np.asarray(longitude_deg, dtype=float), np.asarray(latitude_deg, dtype=float)
    known = np.isfinite(longitude) & np.isfinite(latitude)
    return longitude[known], latitude[known]


def _steps(longitude: FloatArray, latitude: FloatArray) -> FloatArray:
    """Distance from the fix before [m], flat-earth."""
    across = short_way(np.diff(longitude, prepend=longitude[0]))
    up = np.diff(latitude, prepend=latitude[0])
    return np.asarray(np.hypot(across * np.cos(np.radians(latitude)), up) * METRES_PER_DEGREE)


@dataclass(frozen=True)
class Region:
    """A country of which there is an extract: its path on the server, and whether its parts have some."""

    path: str
    has_parts: bool

    @property
    def url(self) -> str:
        """Address of the ``.osm.pbf`` file."""
        return f"{EXTRACTS}/{self.path}-latest.osm.pbf"

    @property
    def page(self) -> str:
        """Address of the page that lists the parts."""
        return f"{EXTRACTS}/{self.path}.html"

    @property
    def file(self) -> str:
        """Name of the file, as it is after the download."""
        return self.url.rpartition("/")[2]


def regions_of(tiles: Collection[Tile]) -> tuple[Region, ...]:
    """Name the extracts that cover tiles, that of most tiles first; none at sea."""
    known = known_regions()
    step = (np.arange(_PLACES) + 0.5) / _PLACES
    found: Counter[Region] = Counter()
    for tile in sorted(tiles):
        west, south, east, north = tile.bounds_deg
        x, y = np.meshgrid(west + (east - west) * step, south + (north - south) * step)
        countries = set(region_at(x.ravel(), y.ravel())["country"])
        found.update(known[country] for country in sorted(countries) if country in known)
    return tuple(region for region, _ in found.most_common())


@cache
def known_regions() -> dict[str, Region]:
    """All regions by ISO 3166-1 alpha-2 code."""
    text = resources.files("camber.roads").joinpath("extracts.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {row["country"]: Region(row["path"], row["has_parts"] == "yes") for row in rows}
