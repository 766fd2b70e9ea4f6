"""Track and roads in, the way under each fix and the path out, with probabilities.

A hidden Markov model over all fixes (Newson & Krumm 2009, "Hidden Markov map matching through noise and
sparseness", with correlated errors, both directions of every way, and a state for being off the road).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import shapely

from camber.errors import OutsideRoadsError
from camber.matching.answer import follow_all, likeliest, move_to_chain
from camber.matching.inference import Inferred, infer
from camber.matching.placing import place_on_chain
from camber.matching.prepared import prepared
from camber.matching.tables import (
    Part,
    candidate_columns,
    candidate_table,
    matched_columns,
    matched_table,
    path_table,
    traversals,
)
from camber.matching.trellis import Steps
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

_PART = 20_000
"""Fixes that are matched together, whole sections as far as possible: bounds memory (judgement)."""


class _Fixes(NamedTuple):
    """Fixes of a track, or of a part of it."""

    xy: NDArray[np.float64]
    run_m: NDArray[np.float64]
    section: NDArray[np.int64]
    starts: NDArray[np.bool_]
    steps: Steps

    def part(self, rows: slice) -> _Fixes:
        steps = Steps(*(values[rows] for values in self.steps))
        return _Fixes(self.xy[rows], self.run_m[rows], self.section[rows], self.starts[rows], steps)


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
    run = fixes.steps.run_m[~fixes.starts]
    reach_m = float(np.clip(1.5 * run.max(initial=0.0) + 60.0, 100.0, settings.max_gap_m))
    parts, near = [], False
    for rows in _parts(fixes.starts):
        inferred = infer(
            fixes.xy[rows],
            Steps(*(values[rows] for values in fixes.steps)),
            fixes.starts[rows],
            roads,
            reach_m,
            settings,
        )
        near |= bool((inferred.places.edge >= 0).any())
        parts.append(_say(fixes.part(rows), inferred, roads, reach_m, settings, rows.start))
    if not near:
        _require_overlap(track, fixes.xy, roads, settings.search_radius_m)
    return matched_table(track, parts), candidate_table(track, parts), path_table(track, parts)


def _say(
    fixes: _Fixes,
    inferred: Inferred,
    roads: Roads,
    reach_m: float,
    settings: MatchingSettings,
    first: int,
) -> Part:
    """From the likeliest states of a part to what its tables say."""
    places, posterior, steps = inferred.places, inferred.posterior, fixes.steps
    answer = likeliest(places, inferred.state)
    street = prepared(roads).network(roads, settings).street
    chains = follow_all(answer, fixes.run_m, fixes.starts, roads, street, reach_m, settings)
    placed = [
        place_on_chain(
            chain,
            answer.along_m,
            answer.edge,
            fixes.xy,
            steps.seconds,
            steps.sigma_m,
            settings.correlation_s,
            roads.graph,
        )
        for chain in chains
    ]
    for chain, on_chain in zip(chains, placed, strict=True):
        move_to_chain(answer, places, posterior, chain, on_chain, fixes.xy, roads.graph.edge_length_m)
    own = matched_columns(roads, answer, places, posterior)
    return Part(
        own,
        candidate_columns(roads, answer, places, posterior, first),
        traversals(roads, chains, placed, own["match_probability"], fixes.section, first),
    )


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


def _fixes(track: Track, settings: MatchingSettings) -> _Fixes:
    plain = pd.DataFrame(track, copy=False)  # columns of a GeoDataFrame are slow to take
    xy = shapely.get_coordinates(np.asarray(track.geometry.array))
    section = plain["section"].to_numpy()
    starts = np.r_[True, section[1:] != section[:-1]]
    return _Fixes(xy, plain["distance_m"].to_numpy(), section, starts, _steps(plain, xy, settings))


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


def _parts(starts: NDArray[np.bool_]) -> Iterator[slice]:
    """Slices of whole sections, joined up to the size of a part."""
    borders = [*np.flatnonzero(starts).tolist(), len(starts)]
    begin = 0
    for border, following in zip(borders[1:], [*borders[2:], None], strict=True):
        if following is None or following - begin > _PART:
            yield slice(begin, border)
            begin = border
