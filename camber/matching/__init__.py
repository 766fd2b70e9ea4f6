"""Track and roads in, the way under each fix and the path out, with probabilities.

A hidden Markov model over all fixes (Newson & Krumm 2009, "Hidden Markov map matching through noise and
sparseness", with correlated errors, both directions of every way, and a state for being off the road).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from camber.conventions import NOMINAL_MPS, R68_TO_SIGMA, WGS84
from camber.cross_section import ACROSS_M
from camber.errors import OutsideRoadsError
from camber.longitudes import bounds_of
from camber.matching.along import place_on_chain
from camber.matching.chain import Links, follow
from camber.matching.inference import infer
from camber.matching.matched import candidate_columns, likeliest, matched_columns, move_to_chain
from camber.matching.prepared import prepared
from camber.matching.traversals import distance_along, on_chains, path_table, traversals
from camber.matching.trellis import Fixes
from camber.network import edges_of
from camber.schema import LateralSettings, MatchingSettings, as_candidates, as_matched_track

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from camber.matching.traversals import Traversal
    from camber.schema import Candidates, MatchedTrack, Path, Roads, Track

__all__ = ["match"]

_MAP_M = LateralSettings().map_sigma_m
"""Standard deviation of a way's line about the true middle [m]."""

_PART = 20_000
"""Fixes that are matched together, whole sections as far as possible: bounds memory (judgement)."""


def match(
    track: Track, roads: Roads, settings: MatchingSettings | None = None
) -> tuple[MatchedTrack, Candidates, Path]:
    """Find the way, chainage, direction and signed offset of every fix, and the path.

    Parameters
    ----------
    track : Track
        Cleaned and projected, in the CRS of the roads.
    roads : Roads
        The roads.
    settings : MatchingSettings, optional
        Numbers of the model.

    Returns
    -------
    MatchedTrack
        One row per fix; ``offset_m`` is positive right of travel.
    Candidates
        What else each fix could have been on.
    Path
        One row per traversal of a way.

    Raises
    ------
    OutsideRoadsError
        If no fix lies within the bounds of the roads, widened by the search radius.
    """
    settings = settings or MatchingSettings()
    fixes = _fixes(track, settings)
    run_m = fixes.step_m[~fixes.starts]
    reach_m = float(np.clip(1.5 * run_m.max(initial=0.0) + 60.0, 100.0, settings.max_gap_m))
    parts = [_match_part(fixes, rows, roads, reach_m, settings) for rows in _parts(fixes.starts)]
    if not any(part.near for part in parts):
        _require_overlap(track, fixes.xy, roads, settings.search_radius_m)
    path = [row for part in parts for row in part.path]
    matched = _joined([part.matched for part in parts])
    place_m, chain = (np.concatenate(values) for values in zip(*(part.places for part in parts), strict=True))
    matched["along_m"] = distance_along(fixes.distance_m, fixes.section, place_m, chain)
    listed = _joined([part.listed for part in parts])
    listed["fix_id"] = track.index.to_numpy()[listed["fix_id"]]
    return _beside(track, matched), as_candidates(pd.DataFrame(listed)), path_table(track, path)


class _Part(NamedTuple):
    """What is said about some neighbouring fixes: columns of two tables, and rows of the path."""

    matched: dict[str, NDArray[Any]]
    listed: dict[str, NDArray[Any]]
    path: list[Traversal]
    places: tuple[NDArray[np.float64], NDArray[np.int64]]  # on chains, of each fix; parts share no section
    near: bool  # whether any road is


def _match_part(fixes: Fixes, rows: slice, roads: Roads, reach_m: float, settings: MatchingSettings) -> _Part:
    """Likeliest states, the chains that they are read as, and where on those the fixes were."""
    here, graph = fixes.part(rows), roads.graph
    inferred = infer(here, roads, reach_m, settings)
    near = bool((inferred.edge >= 0).any())
    states = likeliest(inferred)
    links = Links(edges_of(graph), prepared(roads).traits(roads, settings).street, reach_m, settings)
    chains = follow(states, here.distance_m, here.starts, links)
    placed = [place_on_chain(chain, states, here, settings.correlation_s, graph) for chain in chains]
    for on_chain in placed:
        move_to_chain(states, inferred, on_chain, here.xy, graph.edge_length_m)
    matched = matched_columns(roads, states, inferred)
    listed = candidate_columns(roads, states, inferred, rows.start)
    path = traversals(roads, chains, placed, matched["match_probability"], here.section, rows.start)
    return _Part(matched, listed, path, on_chains(placed, len(here.xy)), near)


def _joined(parts: list[dict[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _beside(track: Track, columns: dict[str, NDArray[Any]]) -> MatchedTrack:
    """Put columns beside the fixes, in place of any of the same name."""
    # Joined as plain frames, at once: a column set on a GeoDataFrame costs half a millisecond.
    plain = pd.DataFrame(track, copy=False)
    kept = plain[[name for name in plain if name not in columns]]
    joined = pd.concat([kept, pd.DataFrame(columns, index=track.index)], axis=1)
    return as_matched_track(gpd.GeoDataFrame(joined, geometry=track.geometry.name))


def _require_overlap(track: Track, xy: NDArray[np.float64], roads: Roads, margin_m: float) -> None:
    # All vertices, not the junctions alone: a street may bulge out beyond its ends, or run straight along x.
    low, high = roads.graph.vertex_xy.min(axis=0) - margin_m, roads.graph.vertex_xy.max(axis=0) + margin_m
    if ((xy >= low) & (xy <= high)).all(axis=1).any():
        return
    places = track.geometry.to_crs(WGS84)
    west, south, east, north = bounds_of(*shapely.get_coordinates(places.to_numpy()).T)
    raise OutsideRoadsError(
        f"no part of the run lies within these roads; it needs roads for longitude {west:.3f} to {east:.3f}, "
        f"latitude {south:.3f} to {north:.3f}",
        path=roads.source,
        track_bounds_deg=(west, south, east, north),
        roads_bounds_deg=roads.bounds_deg,
    )


def _fixes(track: Track, settings: MatchingSettings) -> Fixes:
    """Take the fixes of a track, with the steps between them along the smoothed heading."""
    plain = pd.DataFrame(track, copy=False)  # columns of a GeoDataFrame are slow to take
    xy = shapely.get_coordinates(np.asarray(track.geometry.array))
    distance, section = np.array(plain["distance_m"], dtype=float), np.array(plain["section"])
    run = np.maximum(np.diff(distance, prepend=distance[0]), 0.0)
    elapsed = plain["elapsed_s"].to_numpy(dtype=float)
    seconds = np.diff(elapsed, prepend=elapsed[0])
    seconds = np.where(np.isfinite(seconds), np.maximum(seconds, 0.05), np.maximum(run / NOMINAL_MPS, 0.05))
    heading = np.radians(plain["heading_deg"].ffill().bfill().fillna(0.0).to_numpy(dtype=float))
    moved = np.diff(xy, axis=0, prepend=xy[:1])
    across = moved[:, 0] * np.cos(heading) - moved[:, 1] * np.sin(heading)
    along = moved[:, 0] * np.sin(heading) + moved[:, 1] * np.cos(heading)
    # The error of the map and the runner's place across the street come on top of the receiver's.
    accuracy = plain["accuracy_m"].to_numpy(dtype=float)
    reported = np.sqrt((accuracy / R68_TO_SIGMA) ** 2 + _MAP_M**2 + ACROSS_M**2)
    sigma = np.where(np.isfinite(reported), reported, settings.sigma_m)
    starts = np.r_[True, section[1:] != section[:-1]]
    return Fixes(xy, distance, section, starts, run, seconds, across, along, sigma)


def _parts(starts: NDArray[np.bool_]) -> Iterator[slice]:
    """Slices of whole sections, joined up to the size of a part."""
    borders = [*np.flatnonzero(starts).tolist(), len(starts)]
    begin = 0
    for border, following in zip(borders[1:], [*borders[2:], None], strict=True):
        if following is None or following - begin > _PART:
            yield slice(begin, border)
            begin = border
