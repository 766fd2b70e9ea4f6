"""Track and roads in, the way under each fix and the path out, with probabilities.

A hidden Markov model over all fixes (Newson & Krumm 2009, "Hidden Markov map matching through noise and
sparseness", with correlated errors, both directions of every way, and a state for being off the road).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from camber import hmm, network
from camber.errors import OutsideRoadsError
from camber.matching.answer import follow_all, likeliest, move_to_chain
from camber.matching.candidates import EdgeCandidates, find_candidates
from camber.matching.placing import place_on_chain
from camber.matching.tables import candidate_table, matched_table, path_table
from camber.matching.trellis import Costs, Network, Steps, trellis
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
    xy = np.column_stack([track.geometry.x, track.geometry.y])
    candidates = find_candidates(
        xy, roads.graph, radius_m=settings.search_radius_m, most=settings.max_candidates
    )
    if not candidates.number.any():
        _require_overlap(track, xy, roads, settings.search_radius_m)
    section = track["section"].to_numpy()
    starts = np.r_[True, section[1:] != section[:-1]]
    steps = _steps(track, xy, settings)
    reach_m = float(np.clip(1.5 * steps.run_m[~starts].max(initial=0.0) + 60.0, 100.0, settings.max_gap_m))
    net = _network(candidates, roads, settings, reach_m)
    state, posterior = _infer(candidates, steps, starts, net, settings)
    answer = likeliest(candidates, state)
    run_m = track["distance_m"].to_numpy()
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


def _steps(track: Track, xy: NDArray[np.float64], settings: MatchingSettings) -> Steps:
    run = np.maximum(np.diff(track["distance_m"], prepend=track["distance_m"].iloc[0]), 0.0)
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


def _network(candidates: EdgeCandidates, roads: Roads, settings: MatchingSettings, reach_m: float) -> Network:
    graph = roads.graph
    edges = np.unique(candidates.edge[candidates.edge >= 0])
    nodes = np.unique(np.concatenate([graph.edge_from[edges], graph.edge_to[edges]]))
    table = network.bounded_distances(
        graph.edge_from,
        graph.edge_to,
        graph.edge_length_m,
        graph.node_first_edge,
        graph.node_edge,
        nodes,
        reach_m,
    )
    row = np.full(len(graph.node_xy), -1, dtype=np.int64)
    row[nodes] = np.arange(len(nodes))
    along, against = _rates(roads, settings)
    first, target, distance = _among(table, row, len(nodes))
    return Network(
        row[graph.edge_from],
        row[graph.edge_to],
        graph.edge_length_m,
        roads.ways["street_id"].to_numpy()[graph.edge_way],
        along,
        against,
        first,
        target,
        distance,
    )


def _among(
    table: network.Distances, row: NDArray[np.int64], n: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Restrict a distance table to targets that are sources too, sorted by target within each row."""
    source = np.repeat(np.arange(n), np.diff(table.first))
    target = row[table.target]
    kept = target >= 0
    order = np.lexsort((target[kept], source[kept]))
    first = np.concatenate([[0], np.cumsum(np.bincount(source[kept], minlength=n))]).astype(np.int64)
    return first, target[kept][order], table.distance_m[kept][order]


def _rates(roads: Roads, settings: MatchingSettings) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Log-likelihood per metre of each edge, along and against its drawn direction."""
    ways = roads.ways
    closed = (ways["foot"] == "no") | (
        ways["access"].isin(["no", "private"]) & ~ways["foot"].isin(["yes", "designated", "permissive"])
    )
    closed |= ways["motorroad"] | (ways["foot"] == "private")
    shut = np.where(closed, settings.no_access, 0.0)
    oneway = ways["oneway"].to_numpy()
    along = (shut + np.where(oneway < 0, settings.against_oneway, 0.0)) / 100.0
    against = (shut + np.where(oneway > 0, settings.against_oneway, 0.0)) / 100.0
    return along[roads.graph.edge_way], against[roads.graph.edge_way]


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
    net: Network,
    settings: MatchingSettings,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    costs = Costs(
        settings.correlation_s,
        settings.beta_m,
        settings.off_road_m,
        settings.nowhere_per_m,
        settings.switch_off_m,
        settings.map_bearing,
        settings.degrees_of_freedom,
        settings.u_turn,
        settings.hop,
        settings.back_m,
    )
    state = np.empty(len(starts), dtype=np.int64)
    posterior = np.empty((len(starts), 2 * candidates.edge.shape[1] + 1))
    for part in _chunks(starts):
        possible = trellis(
            candidates.part(part), Steps(*(values[part] for values in steps)), starts[part], net, costs
        )
        state[part] = hmm.viterbi(possible)
        posterior[part] = hmm.forward_backward(possible)
    return state, posterior
