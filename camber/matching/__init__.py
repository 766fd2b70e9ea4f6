"""Track and roads in, the way under each fix and the path out, with probabilities.

A hidden Markov model over all fixes (Newson & Krumm 2009, "Hidden Markov map matching through noise and
sparseness", with correlated errors, both directions of every way, and a state for being off the road).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from camber.errors import OutsideRoadsError
from camber.matching.answer import follow_all, likeliest, move_to_chain
from camber.matching.candidates import EdgeCandidates, find_candidates
from camber.matching.placing import place_on_chain
from camber.matching.prepared import prepared
from camber.matching.tables import candidate_table, matched_table, path_table
from camber.matching.trellis import Costs, Steps, decode, trellis
from camber.schema import (
    Candidates,
    MatchedTrack,
    MatchingSettings,
    Path,
    Roads,
    Track,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["match"]

_CHUNK = 20_000
"""Fixes per trellis: bounds memory at about 25 MB; chunks end at section borders where there are any."""


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
    xy = shapely.get_coordinates(track.geometry.array)
    kept = prepared(roads)
    candidates = find_candidates(
        xy, kept.grid, radius_m=settings.search_radius_m, most=settings.max_candidates
    )
    if not candidates.number.any():
        _require_overlap(track, xy, roads, settings.search_radius_m)
    plain = pd.DataFrame(track, copy=False)  # columns of a GeoDataFrame are slow to take
    section = plain["section"].to_numpy()
    starts = np.r_[True, section[1:] != section[:-1]]
    steps = _steps(plain, xy, settings)
    reach_m = float(np.clip(1.5 * steps.run_m[~starts].max(initial=0.0) + 60.0, 100.0, settings.max_gap_m))
    state, posterior = _infer(candidates, steps, starts, roads, settings, reach_m)
    answer = likeliest(candidates, state)
    run_m = plain["distance_m"].to_numpy()
    chains = follow_all(answer, run_m, starts, roads, reach_m, settings)
    placed = [
        place_on_chain(
            chain,
            answer.along_m,
            answer.edge,
            xy,
            steps.seconds,
            steps.sigma_m,
            settings.correlation_s,
            roads.graph,
        )
        for chain in chains
    ]
    for chain, places in zip(chains, placed, strict=True):
        move_to_chain(answer, candidates, posterior, chain, places, xy, roads.graph.edge_length_m)
    matched = matched_table(track, roads, answer, candidates, posterior)
    listed = candidate_table(track, roads, answer, candidates, posterior)
    return matched, listed, path_table(matched, roads, chains, placed)


def _require_overlap(track: Track, xy: NDArray[np.float64], roads: Roads, margin_m: float) -> None:
    # All vertices, not the junctions alone: a street may bulge out beyond its ends, or run straight along x.
    low, high = roads.graph.vertex_xy.min(axis=0) - margin_m, roads.graph.vertex_xy.max(axis=0) + margin_m
    if ((xy >= low) & (xy <= high)).all(axis=1).any():
        return
    west, south, east, north = (float(value) for value in track.to_crs("EPSG:4326").total_bounds)
    raise OutsideRoadsError(
        f"no part of the run lies within these roads; it needs roads for longitude {west:.3f} to {east:.3f}, "
        f"latitude {south:.3f} to {north:.3f}",
        path=roads.source,
        track_bounds_deg=(west, south, east, north),
        roads_bounds_deg=roads.bounds_deg,
    )


def _steps(track: pd.DataFrame, xy: NDArray[np.float64], settings: MatchingSettings) -> Steps:
    distance = track["distance_m"].to_numpy()
    run = np.maximum(np.diff(distance, prepend=distance[0]), 0.0)
    elapsed = track["elapsed_s"].to_numpy(dtype=float)
    seconds = np.diff(elapsed, prepend=elapsed[0])
    seconds = np.where(np.isfinite(seconds), np.maximum(seconds, 0.05), np.maximum(run / 3.0, 0.05))
    heading = np.radians(track["heading_deg"].ffill().bfill().fillna(0.0).to_numpy(dtype=float))
    moved = np.diff(xy, axis=0, prepend=xy[:1])
    across = moved[:, 0] * np.cos(heading) - moved[:, 1] * np.sin(heading)
    along = moved[:, 0] * np.sin(heading) + moved[:, 1] * np.cos(heading)
    # A receiver's accuracy is the radius of 68 %: 1.52 one-dimensional sigma (science.md 4.1). Map error
    # (1.5 m) and the runner's place across the street (about 2.3 m) come on top.
    accuracy = track["accuracy_m"].to_numpy(dtype=float)
    reported = np.sqrt((accuracy / 1.52) ** 2 + 1.5**2 + 2.3**2)
    sigma = np.where(np.isfinite(reported), reported, settings.sigma_m)
    return Steps(run, seconds, across, along, sigma)


def _chunks(starts: NDArray[np.bool_]) -> Iterator[slice]:
    """Slices of whole sections, joined up to the size of a chunk."""
    borders = [*np.flatnonzero(starts).tolist(), len(starts)]
    begin = 0
    for border, following in zip(borders[1:], [*borders[2:], None], strict=True):
        if following is None or following - begin > _CHUNK:
            yield slice(begin, border)
            begin = border


def _infer(
    candidates: EdgeCandidates,
    steps: Steps,
    starts: NDArray[np.bool_],
    roads: Roads,
    settings: MatchingSettings,
    reach_m: float,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    costs = Costs(*(getattr(settings, name) for name in Costs._fields))
    kept, most = prepared(roads), candidates.edge.shape[1]
    net = kept.network(roads, settings)
    state = np.empty(len(starts), dtype=np.int64)
    posterior = np.empty((len(starts), 2 * most + 1))
    for part in _chunks(starts):
        near, begun = candidates.part(part), starts[part]
        pairs = kept.distances.pairs(near, begun, reach_m)
        possible = trellis(near, Steps(*(values[part] for values in steps)), begun, net, pairs, costs)
        state[part], posterior[part] = decode(possible, most)
    return state, posterior
