"""Track and roads in, the way under each fix and the path out, with probabilities.

A hidden Markov model over all fixes (Newson & Krumm 2009, "Hidden Markov map matching through noise and
sparseness", with correlated errors, both directions of every way, and a state for being off the road).
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from camber import hmm, network
from camber.conventions import NO_WAY
from camber.errors import OutsideRoadsError
from camber.matching.candidates import EdgeCandidates, find_candidates
from camber.matching.traversals import EdgeVisit, edge_visits
from camber.matching.trellis import Costs, Network, Steps, trellis
from camber.schema import (
    Candidates,
    MatchedTrack,
    MatchingSettings,
    Path,
    RoadGraph,
    Roads,
    Track,
    as_candidates,
    as_matched_track,
    as_path,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["match"]

_CHUNK = 20_000
"""Fixes per trellis: bounds memory at about 25 MB; chunks end at section borders where there are any."""

_KEPT = 0.01
"""Candidates less probable than this are not listed."""


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
    matched = _matched_track(track, roads, candidates, state, posterior)
    listed = _candidate_table(track, roads, candidates, posterior)
    return matched, listed, _path(matched, roads, reach_m, starts, settings.back_m)


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


def _matched_track(
    track: Track,
    roads: Roads,
    candidates: EdgeCandidates,
    state: NDArray[np.int64],
    posterior: NDArray[np.float64],
) -> MatchedTrack:
    graph, ways = roads.graph, roads.ways
    rows, off = np.arange(len(state)), posterior.shape[1] - 1
    on = state < off
    k = np.where(on, state // 2, 0)
    direction = np.where(on, np.where(state % 2 == 0, 1, -1), 0)
    edge = np.where(on, candidates.edge[rows, k], -1)
    way_row = graph.edge_way[edge]
    way_ids = ways.index.to_numpy()
    same = _same_way(candidates, graph, way_row, direction, on)
    probability = np.where(on, (posterior[:, :-1] * same).sum(axis=1), posterior[:, off])
    frame = track.assign(
        way_id=np.where(on, way_ids[way_row], NO_WAY),
        street_id=np.where(on, ways["street_id"].to_numpy()[way_row], NO_WAY),
        edge_id=edge,
        chainage_m=np.where(on, graph.edge_start_m[edge] + candidates.along_m[rows, k], np.nan),
        travel_direction=direction,
        offset_m=np.where(on, direction * candidates.offset_m[rows, k], np.nan),
        match_probability=np.minimum(probability, 1.0),
        p_off_road=posterior[:, off],
    )
    return as_matched_track(frame)


def _same_way(
    candidates: EdgeCandidates,
    graph: RoadGraph,
    way_row: NDArray[np.int64],
    direction: NDArray[np.int64],
    on: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Which states of each fix lie on the matched way in the matched direction."""
    ways = np.repeat(np.where(candidates.edge >= 0, graph.edge_way[candidates.edge], -1), 2, axis=1)
    directions = np.tile([1, -1], candidates.edge.shape[1])
    same = (ways == way_row[:, np.newaxis]) & (directions == direction[:, np.newaxis])
    return np.asarray(same & on[:, np.newaxis])


def _candidate_table(
    track: Track, roads: Roads, candidates: EdgeCandidates, posterior: NDArray[np.float64]
) -> Candidates:
    fix, state = np.nonzero(posterior[:, :-1] >= _KEPT)
    k, direction = state // 2, np.where(state % 2 == 0, 1, -1)
    edge = candidates.edge[fix, k]
    frame = pd.DataFrame(
        {
            "fix_id": track.index.to_numpy()[fix],
            "way_id": roads.ways.index.to_numpy()[roads.graph.edge_way[edge]],
            "travel_direction": direction,
            "chainage_m": roads.graph.edge_start_m[edge] + candidates.along_m[fix, k],
            "offset_m": direction * candidates.offset_m[fix, k],
            "probability": posterior[fix, state],
        }
    )
    # Two edges of one way near a junction are one answer: the way.
    frame = frame.sort_values("probability", ascending=False, kind="stable")
    keys = ["fix_id", "way_id", "travel_direction"]
    total = frame.groupby(keys, sort=False)["probability"].transform("sum")
    frame = frame.assign(probability=np.minimum(total, 1.0)).drop_duplicates(keys)
    return as_candidates(
        frame.sort_values(["fix_id", "probability"], ascending=[True, False], ignore_index=True)
    )


def _path(
    matched: MatchedTrack, roads: Roads, reach_m: float, starts: NDArray[np.bool_], back_m: float
) -> Path:
    graph = roads.graph

    def connect(edge: int, direction: int, other: int, other_direction: int) -> list[tuple[int, int]] | None:
        leave = int(graph.edge_to[edge] if direction > 0 else graph.edge_from[edge])
        enter = int(graph.edge_from[other] if other_direction > 0 else graph.edge_to[other])
        if leave == enter or edge == other:
            return []
        edges, directions = network.route(
            graph.edge_from,
            graph.edge_to,
            graph.edge_length_m,
            graph.node_first_edge,
            graph.node_edge,
            leave,
            enter,
            reach_m,
        )
        return list(zip(edges.tolist(), directions.tolist(), strict=True)) or None

    edge, direction = matched["edge_id"].to_numpy(), matched["travel_direction"].to_numpy()
    along = matched["chainage_m"].to_numpy() - graph.edge_start_m[edge]
    left = graph.edge_length_m[edge] - along
    progress, rest = np.where(direction > 0, along, left), np.where(direction > 0, left, along)
    borders = [*np.flatnonzero(starts).tolist(), len(starts)]
    rows: list[dict[str, object]] = []
    for begin, end in pairwise(borders):
        part = slice(begin, end)
        for stretch in edge_visits(
            edge[part], direction[part], progress[part], rest[part], connect, back_m=back_m
        ):
            rows += _traversals(stretch, begin, matched, roads)
    return as_path(_path_frame(rows, matched))


def _traversals(
    stretch: list[EdgeVisit], begin: int, matched: MatchedTrack, roads: Roads
) -> list[dict[str, object]]:
    """Join the edges of one way into traversals with their fixes, times and chainages."""
    graph = roads.graph
    way_ids, streets = roads.ways.index.to_numpy(), roads.ways["street_id"].to_numpy()
    groups: list[list[EdgeVisit]] = []
    for visit in stretch:
        last = groups[-1][-1] if groups else None
        if last and (graph.edge_way[last.edge], last.direction) == (
            graph.edge_way[visit.edge],
            visit.direction,
        ):
            groups[-1].append(visit)
        else:
            groups.append([visit])
    chainage, sure = matched["chainage_m"].to_numpy(), matched["match_probability"].to_numpy()
    section = int(matched["section"].to_numpy()[begin])
    rows: list[dict[str, object]] = []
    fixes_of = [sorted(begin + i for v in group for i in (v.first, v.last) if i >= 0) for group in groups]
    turns = _turning_places(groups, fixes_of, chainage)
    for number, (group, fixes) in enumerate(zip(groups, fixes_of, strict=True)):
        ends = [
            (graph.edge_start_m[v.edge], graph.edge_start_m[v.edge] + graph.edge_length_m[v.edge])[
                :: v.direction
            ]
            for v in (group[0], group[-1])
        ]
        # The first and the last traversal of a stretch begin and end in the middle of an edge.
        entered = chainage[fixes[0]] if number == 0 else turns.get(number, ends[0][0])
        left = chainage[fixes[-1]] if number == len(groups) - 1 else turns.get(number + 1, ends[1][1])
        way = int(graph.edge_way[group[0].edge])
        rows.append(
            {
                "section": section,
                "way_id": way_ids[way],
                "street_id": streets[way],
                "travel_direction": group[0].direction,
                "from_chainage_m": float(entered),
                "to_chainage_m": float(left),
                "first": fixes[0] if fixes else -1,
                "last": fixes[-1] if fixes else -1,
                # Mean over the fixes on the way; a way crossed between two fixes follows from them.
                "probability": float(sure[fixes[0] : fixes[-1] + 1].mean()) if fixes else 1.0,
            }
        )
    return rows


def _turning_places(
    groups: list[list[EdgeVisit]], fixes_of: list[list[int]], chainage: NDArray[np.float64]
) -> dict[int, float]:
    """Chainage of the furthest fix where a traversal goes back on the edge of the one before, by position."""
    places = {}
    for number, (before, after) in enumerate(pairwise(groups), start=1):
        around = fixes_of[number - 1][-1:] + fixes_of[number][:1]
        if before[-1].edge == after[0].edge and around:
            ahead = before[-1].direction
            places[number] = ahead * max(ahead * float(chainage[i]) for i in around)
    return places


def _path_frame(rows: list[dict[str, object]], matched: MatchedTrack) -> pd.DataFrame:
    columns = {
        "section": "int64",
        "way_id": "int64",
        "street_id": "int64",
        "travel_direction": "int64",
        "from_chainage_m": "float64",
        "to_chainage_m": "float64",
        "first": "int64",
        "last": "int64",
        "probability": "float64",
    }
    frame = pd.DataFrame(rows, columns=list(columns)).astype(columns)
    for end, time in (("first", "from_time"), ("last", "to_time")):
        position = frame[end].to_numpy()
        known = position >= 0
        frame[time] = pd.Series(matched["time"].array[np.maximum(position, 0)]).where(known)
        frame[f"{end}_fix_id"] = np.where(known, matched.index.to_numpy()[np.maximum(position, 0)], -1)
    return frame.drop(columns=["first", "last"])
