"""Answers as tables: one row per fix, one per candidate, one per traversal of a way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from camber.conventions import NO_WAY
from camber.matching.chain import JUNCTION
from camber.schema import as_candidates, as_matched_track, as_path

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.matching.answer import Answer
    from camber.matching.candidates import EdgeCandidates
    from camber.matching.chain import Chain
    from camber.matching.placing import Placed
    from camber.schema import Candidates, MatchedTrack, Path, RoadGraph, Roads, Track

_KEPT: Final = 0.01
"""Ways less probable than this are not listed."""


def matched_table(
    track: Track, roads: Roads, answer: Answer, candidates: EdgeCandidates, posterior: NDArray[np.float64]
) -> MatchedTrack:
    """Put the answers beside the fixes.

    Parameters
    ----------
    track : Track
        The fixes.
    roads : Roads
        The roads.
    answer : Answer
        What is said about them.
    candidates : EdgeCandidates
        What they could have been.
    posterior : ndarray of float64, shape (n, 2 k + 1)
        How likely each of that is.

    Returns
    -------
    MatchedTrack
        One row per fix.
    """
    graph, ways = roads.graph, roads.ways
    on = answer.edge >= 0
    way_row = graph.edge_way[answer.edge]
    same = _same_way(candidates, graph, way_row, answer.direction, on)
    probability = np.where(on, (posterior[:, :-1] * same).sum(axis=1), posterior[:, -1])
    chainage = graph.edge_start_m[answer.edge] + answer.along_m
    frame = track.assign(
        way_id=np.where(on, ways.index.to_numpy()[way_row], NO_WAY),
        street_id=np.where(on, ways["street_id"].to_numpy()[way_row], NO_WAY),
        edge_id=answer.edge,
        chainage_m=np.where(on, np.maximum(chainage, 0.0), np.nan),
        travel_direction=answer.direction,
        offset_m=answer.offset_m,
        match_probability=np.minimum(probability, 1.0),
        p_off_road=posterior[:, -1],
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


def candidate_table(
    track: Track, roads: Roads, answer: Answer, candidates: EdgeCandidates, posterior: NDArray[np.float64]
) -> Candidates:
    """List what each fix could have been on.

    Parameters
    ----------
    track, roads, answer, candidates, posterior
        As in `matched_table`.

    Returns
    -------
    Candidates
        Ways with a probability of 0.01 at least, summed over their edges.
    """
    # Two edges of one way near a junction are one answer, so small probabilities are summed before the cut.
    fix, state = np.nonzero(posterior[:, :-1] >= _KEPT / posterior.shape[1])
    k, direction = state // 2, np.where(state % 2 == 0, 1, -1)
    edge = candidates.edge[fix, k]
    own = (edge == answer.edge[fix]) & (direction == answer.direction[fix])
    along = np.where(own, answer.along_m[fix], candidates.along_m[fix, k])
    frame = pd.DataFrame(
        {
            "fix_id": track.index.to_numpy()[fix],
            "way_id": roads.ways.index.to_numpy()[roads.graph.edge_way[edge]],
            "travel_direction": direction,
            "chainage_m": np.maximum(roads.graph.edge_start_m[edge] + along, 0.0),
            "offset_m": np.where(own, answer.offset_m[fix], direction * candidates.offset_m[fix, k]),
            "probability": posterior[fix, state],
        }
    )
    frame = frame.iloc[np.lexsort((-frame["probability"], ~own))]
    keys = ["fix_id", "way_id", "travel_direction"]
    total = frame.groupby(keys, sort=False)["probability"].transform("sum")
    frame = frame.assign(probability=np.minimum(total, 1.0)).drop_duplicates(keys)
    frame = frame[frame["probability"] >= _KEPT]
    return as_candidates(
        frame.sort_values(["fix_id", "probability"], ascending=[True, False], ignore_index=True)
    )


def path_table(matched: MatchedTrack, roads: Roads, chains: list[Chain], placed: list[Placed]) -> Path:
    """List the traversals of ways.

    Parameters
    ----------
    matched : MatchedTrack
        The fixes with their answers.
    roads : Roads
        The roads.
    chains : list of Chain
        Lines through the network.
    placed : list of Placed
        Their fixes.

    Returns
    -------
    Path
        In the order of travel; probabilities are means over the fixes of a traversal, and for a way crossed
        between two fixes the smaller one of its neighbours.
    """
    rows: list[dict[str, Any]] = []
    for chain, places in zip(chains, placed, strict=True):
        rows += _traversals(chain, places, matched, roads)
    return as_path(_path_frame(rows, matched))


def _traversals(chain: Chain, placed: Placed, matched: MatchedTrack, roads: Roads) -> list[dict[str, Any]]:
    """Join the pieces of one way into traversals, from the first fix of the chain to the last."""
    graph, pieces = roads.graph, chain.pieces
    way_ids, streets = roads.ways.index.to_numpy(), roads.ways["street_id"].to_numpy()
    sure, section = matched["match_probability"].to_numpy(), matched["section"].to_numpy()
    begin_m, end_m = float(placed.distance_m.min()), float(placed.distance_m.max())
    first, last = _first_and_last(placed, len(pieces))
    rows: list[dict[str, Any]] = []
    before = None
    for number, piece in enumerate(pieces):
        low = max(begin_m - placed.start_m[number], 0.0)
        high = min(end_m, placed.start_m[number + 1]) - placed.start_m[number]
        if high < low or (high == low and first[number] < 0):
            continue
        way = int(graph.edge_way[piece.edge])
        start = graph.edge_start_m[piece.edge] + piece.enter_m
        ends = [max(float(start + piece.direction * part), 0.0) for part in (low, high)]
        goes_on = piece.joint == JUNCTION and before == (way, piece.direction)
        if not goes_on:
            rows.append(
                {
                    "section": int(section[placed.fix[0]]),
                    "way_id": way_ids[way],
                    "street_id": streets[way],
                    "travel_direction": piece.direction,
                    "from_chainage_m": ends[0],
                    "first": -1,
                    "last": -1,
                }
            )
        row = rows[-1]
        row["to_chainage_m"] = ends[1]
        if first[number] >= 0:
            row["first"] = first[number] if row["first"] == -1 else row["first"]
            row["last"] = last[number]
        before = (way, piece.direction)
    return _with_probabilities(rows, sure)


def _first_and_last(placed: Placed, n_pieces: int) -> tuple[list[int], list[int]]:
    first, last = np.full(n_pieces, -1), np.full(n_pieces, -1)
    last[placed.piece] = placed.fix
    first[placed.piece[::-1]] = placed.fix[::-1]
    return first.tolist(), last.tolist()


def _with_probabilities(rows: list[dict[str, Any]], sure: NDArray[np.float64]) -> list[dict[str, Any]]:
    means = [
        float(sure[row["first"] : row["last"] + 1].mean()) if row["first"] != -1 else np.nan for row in rows
    ]
    known = pd.Series(means, dtype=float)
    filled = np.fmin(known.ffill(), known.bfill())
    return [
        {**row, "probability": mean if np.isfinite(mean) else other}
        for row, mean, other in zip(rows, means, filled, strict=True)
    ]


def _path_frame(rows: list[dict[str, Any]], matched: MatchedTrack) -> pd.DataFrame:
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
