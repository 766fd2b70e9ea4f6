"""Which terrain models and inventories serve a way best, what is found there, and what that says of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache, partial
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Self

import numpy as np
import shapely
from pyproj import Transformer

from camber.conventions import WGS84
from camber.errors import CamberError, TerrainError
from camber.schema import MappedRoad, Observed
from camber.terrain.displacement import MAP_M, likely_middles, right_of
from camber.terrain.headers import TerrainFile
from camber.terrain.inventories import SlopeLines, surveyed_on
from camber.terrain.measuring import sections_and_places
from camber.terrain.nearby import Opened
from camber.terrain.road_evidence import middles_observed, roads_observed
from camber.versions import TERRAIN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from camber.schema import CrossSections, RoadObserved, WidthObserved
    from camber.terrain.mapped_ways import MappedWay

    FloatArray = NDArray[np.float64]
    Survey = TerrainFile | SlopeLines
    Flight = tuple[object, ...]
    Move = tuple[float, float]

NOWHERE: Final[Mapping[Flight, Move]] = MappingProxyType({})
"""No flight whose roads are looked for elsewhere than they are mapped."""

_LEAST_SHARE: Final = 0.1
"""Files that hold less of a way say nothing of it (judgement)."""

_STEP_M: Final = 20.0
"""Distance of the places along a way at which is looked which files hold them [m]."""

_SEAM_M: Final = 0.05
"""Tiles that differ by more than this where they meet are not used together [m] (judgement: on a road of 5 m
it is a cross slope of 1 %)."""

_SEAM_LOOKS: Final = 16
_SEAM_CELLS: Final = 8
"""Places along the border of two tiles that are looked at, and cells on each side there (judgement)."""

_SURFACE_M: Final = 0.2
"""Roughness of roofs, trees and cars [m] (judgement: a surface model has some 0.4, ground 0.02 to 0.06)."""


@dataclass(frozen=True, eq=False)
class Measured:
    """What came of one way.

    Parameters
    ----------
    way_id : int
        The way.
    version : str
        Of the way, the files that hold it and the estimator: the same if nothing is new.
    length_m : float
        Length of the way [m].
    observed : Observed or None
        What was measured; None where the version is the known one.
    said : dict of str to dict of str to int
        By the key of a file, how many windows were measured (""), or refused and why.
    problems : tuple of str
        Sentences about files.
    middles : dict of str to ndarray of float64, shape (n, 24)
        Of a road, by the key of a file, where it may be beside its line
        (`camber.terrain.displacement.likely_middles`).
    """

    way_id: int
    version: str
    length_m: float = 0.0
    observed: Observed | None = None
    said: dict[str, dict[str, int]] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    middles: dict[str, FloatArray] = field(default_factory=dict)


@lru_cache(maxsize=65536)
def key_of(survey: Survey) -> str:
    """Name a file by name, size, time of change and what was said of it, wherever it lies."""
    facts = tuple(value for name, value in vars(survey).items() if name != "path")
    name = Path(survey.path).name
    return f"{name} {sha256(repr((name, facts)).encode()).hexdigest()[:12]}"


def measure_ways(
    ways: Sequence[MappedWay],
    files: Sequence[Survey],
    known: Mapping[int, str],
    moved: Mapping[Flight, Move] = NOWHERE,
) -> list[Measured]:
    """Measure some ways in the files that serve each best; one that cannot be read costs itself alone.

    Of ways whose version is the known one nothing is read. Ways are looked for as far east and north of where
    they are mapped as their flight has ``moved`` their roads [m].
    """
    models = [one for one in files if isinstance(one, TerrainFile)]
    lists = [one for one in files if isinstance(one, SlopeLines)]
    with _Models(ways, models) as opened:
        return [_measured(way, opened, lists, known.get(way.way_id), moved) for way in ways]


def middles_moved(
    ways: Sequence[MappedWay], files: Sequence[TerrainFile], moved_m: FloatArray
) -> list[FloatArray]:
    """Say where the middles of some roads may be, as if they lay a vector of east and north away [m].

    Parameters
    ----------
    ways : sequence of MappedWay
        The ways; those that are no roads, or cannot be measured so, are left out.
    files : sequence of TerrainFile
        Where they are measured.
    moved_m : ndarray of float64, shape (2,)
        East and north in the system of the files [m].

    Returns
    -------
    list of ndarray of float64, shape (n, 24)
        As `camber.terrain.displacement.likely_middles` has them.
    """
    found = []
    with _Models(ways, files) as opened:
        for way in ways:
            best = opened.best(way)
            if best and way.is_road:
                with suppress(TerrainError):
                    sections, places = _along(way, best, opened.points(best), moved_m)
                    line = turned(way.line_deg, best[0])
                    found.append(likely_middles(line, sections, places, moved_m))
    return [rows for rows in found if len(rows)]


def files_of(ways: Sequence[MappedWay], files: Sequence[Survey]) -> list[tuple[Survey, ...]]:
    """Say which files may hold something of each way: inventories all of them, models where they lie."""
    if not ways:
        return []
    models = [one for one in files if isinstance(one, TerrainFile)]
    lists = [one for one in files if isinstance(one, SlopeLines)]
    tree = shapely.STRtree(shapely.box(*np.array([one.bounds_deg() for one in models]).reshape(-1, 4).T))
    found: list[list[Survey]] = [[] for _ in ways]
    lines = [shapely.LineString(way.line_deg) for way in ways]
    for way, number in sorted(zip(*tree.query(lines).tolist(), strict=True)):
        found[way].append(models[number])
    return [(*some, *lists) for some in found]


class _Models:
    """Terrain models around some ways, and those of them that turned out to be unreadable."""

    def __init__(self, ways: Sequence[MappedWay], models: Sequence[TerrainFile]) -> None:
        self._ways, self._models = ways, models
        self.bad: dict[TerrainFile, str] = {}
        self._opened: dict[str, Opened] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for opened in self._opened.values():
            opened.__exit__()

    def best(self, way: MappedWay) -> tuple[TerrainFile, ...]:
        """Give the models of one flight that serve a way best: most of it, then the finest, then the last."""
        flights: dict[tuple[object, ...], list[TerrainFile]] = defaultdict(list)
        for one in self._models:
            if one not in self.bad:
                flights[one.flight].append(one)
        best: tuple[TerrainFile, ...] = ()
        most = (_LEAST_SHARE, 0.0, 0)
        for some in flights.values():
            places = places_along(turned(way.line_deg, some[0]))
            held = {one: _inside(places, one) for one in some}
            share = float(np.logical_or.reduce(list(held.values())).mean())
            worth = (round(share, 1), -some[0].cell_m, some[0].year or 0)
            if worth > most:
                order = sorted(
                    (one for one in some if held[one].any()), key=lambda one: (-held[one].sum(), one)
                )
                best, most = tuple(order), worth
        return best

    def around(self, way: MappedWay) -> Iterator[TerrainFile]:
        """Give the models that hold something of a way."""
        lines = {one.crs: places_along(turned(way.line_deg, one)) for one in self._models}
        return (one for one in self._models if _inside(lines[one.crs], one).any())

    def points(self, files: Sequence[TerrainFile]) -> Opened:
        """Give what reads points of some models of one system."""
        crs = files[0].crs
        if crs not in self._opened:
            self._opened[crs] = Opened([turned(way.line_deg, files[0]) for way in self._ways])
        return self._opened[crs]


def _measured(
    way: MappedWay,
    models: _Models,
    lists: Sequence[SlopeLines],
    known: str | None,
    moved: Mapping[Flight, Move],
) -> Measured:
    best = models.best(way)
    version = _version(way, (*best, *lists))
    if best and best[0].flight in moved:
        version += moved_version(moved[best[0].flight])
    if version == known:
        return Measured(way.way_id, version)
    roads: list[RoadObserved] = []
    widths: tuple[WidthObserved, ...] = ()
    problems: list[str] = []
    said: dict[str, dict[str, int]] = {key_of(one): {} for one in models.around(way)}
    middles: dict[str, FloatArray] = {}
    while best:
        try:
            fitting, differing = _that_fit(best)
            moved_m = np.array(moved.get(fitting[0].flight, (0.0, 0.0)))
            sections, places = _sections(way, fitting, models.points(fitting), moved_m)
        except TerrainError as error:
            models.bad[next(one for one in best if one.place == str(error.path))] = str(error)
            problems.append(str(error))
            best = models.best(way)
            if not best and known is not None:
                return Measured(way.way_id, known, problems=tuple(problems))
            continue
        problems += differing
        line = turned(way.line_deg, fitting[0])
        for file, at in _by_file(way, fitting, sections):
            said[key_of(file)] = _said(sections[at])
            if way.is_road:
                middles[key_of(file)] = likely_middles(line, sections[at], places[at], moved_m)
        roads += roads_observed(sections, way.way_id, fitting[0].year, is_road=way.is_road)
        # Where the model may be off and not the map, its middles say nothing of the map.
        if way.is_road and np.hypot(*moved_m) <= MAP_M:
            widths = middles_observed(sections, way.way_id, fitting[0].year)
        break
    for one in lists:
        try:
            found = surveyed_on(way, one)
        except CamberError as error:
            problems.append(str(error))
            continue
        roads += found
        said[key_of(one)] = {"": len(found)}
    observed = Observed(tuple(roads), widths=widths)
    middles = {key: rows for key, rows in middles.items() if len(rows)}
    return Measured(way.way_id, version, way.length_m, observed, said, tuple(problems), middles)


def _version(way: MappedWay, files: Sequence[Survey]) -> str:
    """Name a way as the map has it, the files that serve it, and the estimator."""
    facts = [value for name, value in vars(way).items() if not name.endswith("_deg")]
    state = sha256(repr((TERRAIN, facts, sorted(map(key_of, files)))).encode())
    for line in (way.line_deg, *way.sidewalks_deg, *way.carriageways_deg):
        state.update(np.round(line * 1e7).astype("<i8").tobytes())
    return state.hexdigest()[:16]


def moved_version(moved_m: Move) -> str:
    """Say in a version where a way was looked for; "" where it is mapped."""
    return f"@{moved_m[0]:+.1f}{moved_m[1]:+.1f}" if moved_m != (0.0, 0.0) else ""


def _sections(
    way: MappedWay, files: tuple[TerrainFile, ...], opened: Opened, moved_m: FloatArray
) -> tuple[CrossSections, FloatArray]:
    """Measure a way where its road is looked for, with chainages as the map counts them, and its middles."""
    line = turned(way.line_deg, files[0])
    sections, places = _along(way, files, opened, moved_m)
    scale = way.length_m / float(np.hypot(*np.diff(line, axis=0).T).sum())
    right = right_of(line, ((sections["from_m"] + sections["to_m"]) / 2.0).to_numpy())
    centre_m = sections["centre_m"] + right @ moved_m
    from_m, to_m = sections["from_m"] * scale, sections["to_m"] * scale
    return sections.assign(from_m=from_m, to_m=to_m, centre_m=centre_m), places


def _along(
    way: MappedWay, files: tuple[TerrainFile, ...], opened: Opened, moved_m: FloatArray
) -> tuple[CrossSections, FloatArray]:
    """Measure a way as if it, and what is mapped beside it, lay elsewhere, with chainages of its line."""
    road = MappedRoad(
        way.width_m,
        way.width_sd_m,
        way.is_road,
        way.paved,
        way.covered,
        tuple(turned(one, files[0]) + moved_m for one in way.sidewalks_deg),
        tuple(turned(one, files[0]) + moved_m for one in way.carriageways_deg),
    )
    line, read = turned(way.line_deg, files[0]) + moved_m, partial(opened.points, files)
    return sections_and_places(read, line, road, files[0].cell_m, gridded=not files[0].is_cloud)


def _by_file(
    way: MappedWay, files: Sequence[TerrainFile], sections: CrossSections
) -> Iterator[tuple[TerrainFile, NDArray[np.bool_]]]:
    """Give to each file the windows whose middle it holds; where files overlap, to the first alone."""
    line = shapely.LineString(turned(way.line_deg, files[0]))
    middle = (sections["from_m"] + sections["to_m"]).to_numpy() / (2.0 * way.length_m)
    places = shapely.get_coordinates(shapely.line_interpolate_point(line, middle, normalized=True))
    free = np.ones(len(places), dtype=bool)
    for one in files:
        at = free & _inside(places, one)
        free &= ~at
        yield one, at


def _said(rows: CrossSections) -> dict[str, int]:
    """Count how many windows were measured (""), or refused and why."""
    rough = (rows["roughness_m"] > _SURFACE_M).tolist()
    reasons = zip(rough, rows["refused"].tolist(), strict=True)
    return dict(Counter("surface" if bad and reason == "rough" else reason for bad, reason in reasons))


def turned(line_deg: FloatArray, file: TerrainFile) -> FloatArray:
    """Turn longitude and latitude into the system of a file, in metres; shape (m, 2)."""
    return np.column_stack(_turn(file.crs).transform(*line_deg.T)) * file.metres


@lru_cache(maxsize=64)
def _turn(crs: str) -> Transformer:
    return Transformer.from_crs(WGS84, crs, always_xy=True)


def places_along(line: FloatArray) -> FloatArray:
    """Set places along a line at some 20 m, its ends among them."""
    return np.asarray(shapely.get_coordinates(shapely.segmentize(shapely.LineString(line), _STEP_M)))


def _inside(places: FloatArray, file: TerrainFile) -> NDArray[np.bool_]:
    west, south, east, north = np.array(file.bounds) * file.metres
    x, y = places.T
    return np.asarray((x >= west) & (x < east) & (y >= south) & (y < north))


# -- Tiles that meet ------------------------------------------------------------------------------------


def _that_fit(files: tuple[TerrainFile, ...]) -> tuple[tuple[TerrainFile, ...], list[str]]:
    """Leave out tiles that do not fit to those before them, and say so."""
    fitting: list[TerrainFile] = []
    problems = []
    for one in files:
        steps = ((seam_m(*sorted((one, other))), other) for other in fitting)
        step, other = max(steps, default=(0.0, one), key=lambda pair: abs(pair[0]))
        if abs(step) > _SEAM_M:
            text = f"differs by {abs(step):.2f} m from {other.name} where they meet, so streets across that"
            problems.append(f"{one.place}: {text} are measured in one of them: take both of one flight")
        else:
            fitting.append(one)
    return tuple(fitting), problems


@lru_cache(maxsize=4096)
def seam_m(one: TerrainFile, other: TerrainFile) -> float:
    """By how much the second of two grids lies higher where they meet [m]; 0 where they do not."""
    if one.is_cloud or other.is_cloud:
        return 0.0
    a, b = (np.array(each.bounds) * each.metres for each in (one, other))
    low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])
    if (low > high + one.cell_m).any():
        return 0.0
    steps = []
    with Opened([]) as opened:
        for share in np.linspace(0.03, 0.97, _SEAM_LOOKS):
            place = low + share * (high - low)
            reach = _SEAM_CELLS * one.cell_m
            around = (*(place - reach).tolist(), *(place + reach).tolist())
            heights = [_height_at(place, opened.points([each], around)) for each in (one, other)]
            steps.append(heights[1] - heights[0])
    known = np.array(steps)[np.isfinite(steps)]
    return float(np.median(known)) if len(known) else 0.0


def _height_at(place: FloatArray, points: FloatArray) -> float:
    """Give the height of the plane through some points at a place; NaN where there are too few."""
    if len(points) < _SEAM_CELLS:
        return float("nan")
    design = np.column_stack([points[:, :2] - place, np.ones(len(points))])
    return float(np.linalg.lstsq(design, points[:, 2], rcond=None)[0][2])


# -- What came of a file --------------------------------------------------------------------------------

_NO_FAULT: Final = ("bridge or tunnel", "too short", "bend", "cells too coarse")
"""Reasons that say nothing about a file."""

_VERDICTS: Final = {
    "interpolated": "its heights are smoothed or interpolated: take the agency's finest grid, or its cloud",
    "smoothed": "its heights are smoothed or interpolated: take the agency's finest grid, or its cloud",
    "surface": "it shows roofs and trees, not the ground: take the terrain model (DTM, DGM or MNT), not DSM",
    "too few cells": "it holds no heights on your ways: get the tile again, or take another",
    "displaced": "its roads lie metres beside those of the map; see to its coordinate system (--crs)",
    "rough": "its ground fits none of your streets: it may lie in the wrong place; see --crs",
}

_MOST_OF: Final = 0.6
"""From this share of its windows on a fault is one of the file (judgement)."""


def fault_of(counts: dict[str, int]) -> str:
    """Say what is wrong with a whole file, by what came of its windows; "" if nothing is."""
    joined = Counter({reason: n for reason, n in counts.items() if reason not in _NO_FAULT})
    joined["interpolated"] += joined.pop("smoothed", 0)
    (reason, most), total = joined.most_common(1)[0], joined.total()
    return _VERDICTS.get(reason, "") if most > _MOST_OF * total else ""
