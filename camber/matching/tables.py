"""Answers as tables: one row per fix, one per candidate, one per traversal of a way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from numba import njit

from camber.conventions import NO_WAY
from camber.matching.chain import JUNCTION
from camber.matching.run_length import distance_along
from camber.matching.traversal import Traversal
from camber.schema import as_candidates, as_matched_track, as_path

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.matching.answer import Answer
    from camber.matching.candidates import Places
    from camber.matching.chain import Chain
    from camber.matching.placing import Placed
    from camber.schema import Candidates, MatchedTrack, Path, Roads, Track

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

_KEPT: Final = 0.01
"""Ways less probable than this are not listed."""


class Part(NamedTuple):
    """What is said about some neighbouring fixes.

    Parameters
    ----------
    own : dict of str to ndarray
        Columns of `camber.schema.MATCHED`.
    listed : dict of str to ndarray
        Columns of the candidates; fixes are counted over the track.
    path : list of Traversal
        Rows of the path.
    """

    own: dict[str, NDArray[Any]]
    listed: dict[str, NDArray[Any]]
    path: list[Traversal]


def matched_table(track: Track, parts: list[Part]) -> MatchedTrack:
    """Put the answers beside the fixes.

    Parameters
    ----------
    track : Track
        The fixes.
    parts : list of Part
        What is said about them, in order.

    Returns
    -------
    MatchedTrack
        One row per fix.
    """
    own = _joined([part.own for part in parts])
    plain = pd.DataFrame(track, copy=False)
    travelled = plain["distance_m"].to_numpy(dtype=float), plain["section"].to_numpy()
    rows = [row for part in parts for row in part.path]
    own["along_m"] = distance_along(*travelled, own["chainage_m"], rows)
    # Joined as plain frames, at once: a column set on a GeoDataFrame costs half a millisecond.
    kept = plain.drop(columns=[name for name in own if name in plain])
    joined = pd.concat([kept, pd.DataFrame(own, index=track.index)], axis=1)
    return as_matched_track(gpd.GeoDataFrame(joined, geometry=track.geometry.name))


def candidate_table(track: Track, parts: list[Part]) -> Candidates:
    """List what each fix could have been on.

    Parameters
    ----------
    track, parts
        As in `matched_table`.

    Returns
    -------
    Candidates
        Ways with a probability of 0.01 at least, summed over their edges.
    """
    listed = _joined([part.listed for part in parts])
    return as_candidates(pd.DataFrame({**listed, "fix_id": track.index.to_numpy()[listed["fix_id"]]}))


def path_table(track: Track, parts: list[Part]) -> Path:
    """List the traversals of ways.

    Parameters
    ----------
    track, parts
        As in `matched_table`.

    Returns
    -------
    Path
        In the order of travel; probabilities are means over the fixes of a traversal, and for a way crossed
        between two fixes the smaller one of its neighbours.
    """
    rows = [row for part in parts for row in part.path]
    whole = np.array([(*row[:4], *row[6:8]) for row in rows], dtype=np.int64).reshape(-1, 6)
    parted = np.array([(*row[4:6], row.probability) for row in rows]).reshape(-1, 3)
    columns: dict[str, Any] = dict(zip(Traversal._fields[:4], whole[:, :4].T, strict=True))
    columns |= {"from_chainage_m": parted[:, 0], "to_chainage_m": parted[:, 1]}
    fixes, moments = track.index.to_numpy(), pd.DataFrame(track, copy=False)["time"].array
    for end, time, position in zip(("first", "last"), ("from_time", "to_time"), whole[:, 4:].T, strict=True):
        columns[time] = moments.take(position, allow_fill=True)
        columns[f"{end}_fix_id"] = np.where(position >= 0, fixes[np.maximum(position, 0)], -1)
    return as_path(pd.DataFrame({**columns, "probability": parted[:, 2]}))


def _joined(parts: list[dict[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def matched_columns(
    roads: Roads, answer: Answer, candidates: Places, posterior: FloatArray
) -> dict[str, NDArray[Any]]:
    """Say of each fix on which way it was, and how surely.

    Parameters
    ----------
    roads : Roads
        The roads.
    answer : Answer
        What is said about ``n`` fixes.
    candidates : Places
        What they could have been.
    posterior : ndarray of float64, shape (n, 2 k + 1)
        How likely each of that is.

    Returns
    -------
    dict of str to ndarray, shape (n,)
        Columns of `camber.schema.MATCHED`.
    """
    graph, ways = roads.graph, roads.ways
    on = answer.edge >= 0
    way_row = graph.edge_way[answer.edge]
    probability = _of_way(posterior, candidates.edge, answer.edge, answer.direction, graph.edge_way)
    chainage = graph.edge_start_m[answer.edge] + answer.along_m
    return {
        "way_id": np.where(on, ways.index.to_numpy()[way_row], NO_WAY),
        "street_id": np.where(on, ways["street_id"].to_numpy()[way_row], NO_WAY),
        "edge_id": answer.edge,
        "chainage_m": np.where(on, np.maximum(chainage, 0.0), np.nan),
        "travel_direction": answer.direction,
        "offset_m": answer.offset_m,
        "match_probability": np.minimum(probability, 1.0),
        "p_off_road": posterior[:, -1].copy(),
    }


@njit(cache=True)
def _of_way(
    posterior: FloatArray, candidate: IntArray, edge: IntArray, direction: IntArray, edge_way: IntArray
) -> FloatArray:
    """Sum the probabilities of the matched way in the matched direction; of no way, off the road."""
    total = np.zeros(len(posterior))
    for i in range(len(posterior)):
        if edge[i] < 0:
            total[i] = posterior[i, -1]
            continue
        for k in range(candidate.shape[1]):
            if candidate[i, k] >= 0 and edge_way[candidate[i, k]] == edge_way[edge[i]]:
                total[i] += posterior[i, 2 * k + (direction[i] < 0)]
    return total


def candidate_columns(
    roads: Roads, answer: Answer, candidates: Places, posterior: FloatArray, first: int
) -> dict[str, NDArray[Any]]:
    """Say of each fix what else it could have been on.

    Parameters
    ----------
    roads, answer, candidates, posterior
        As in `matched_columns`.
    first : int
        Number of the first fix.

    Returns
    -------
    dict of str to ndarray
        Columns of `camber.schema.CANDIDATES`, with fixes by number.
    """
    fix, k, direction, own, probability = _likely(
        posterior, candidates.edge, answer.edge, answer.direction, roads.graph.edge_way
    )
    edge = candidates.edge[fix, k]
    along = np.where(own, answer.along_m[fix], candidates.along_m[fix, k])
    return {
        "fix_id": first + fix,
        "way_id": roads.ways.index.to_numpy()[roads.graph.edge_way[edge]],
        "travel_direction": direction,
        "chainage_m": np.maximum(roads.graph.edge_start_m[edge] + along, 0.0),
        "offset_m": np.where(own, answer.offset_m[fix], direction * candidates.offset_m[fix, k]),
        "probability": probability,
    }


@njit(cache=True)
def _likely(
    posterior: FloatArray, candidate: IntArray, answer: IntArray, direction: IntArray, edge_way: IntArray
) -> tuple[IntArray, IntArray, IntArray, NDArray[np.bool_], FloatArray]:
    """List the ways of each fix that are likely enough, likeliest first.

    Two edges of one way near a junction are one answer, so probabilities are summed before the cut; the
    matched edge speaks for its way, or else the likeliest one.
    """
    # An edge that cannot lift its way over the cut, all of them together, is passed over.
    least = _KEPT / posterior.shape[1]
    rows = 0
    for i in range(len(posterior)):
        for state in range(posterior.shape[1] - 1):
            rows += posterior[i, state] >= least
    fix, place, heading = (np.empty(rows, np.int64), np.empty(rows, np.int64), np.empty(rows, np.int64))
    own, sums, part, m = np.zeros(rows, np.bool_), np.empty(rows), np.empty(rows), 0
    for i in range(len(posterior)):
        begin = m
        for state in range(posterior.shape[1] - 1):
            value = posterior[i, state]
            if value < least:
                continue
            k, way_of = state // 2, 1 - 2 * (state % 2)
            edge = candidate[i, k]
            mine = edge == answer[i] and way_of == direction[i]
            row = begin
            while row < m and not (
                heading[row] == way_of and edge_way[candidate[i, place[row]]] == edge_way[edge]
            ):
                row += 1
            if row == m:
                fix[m], sums[m], part[m], own[m], m = i, 0.0, -1.0, False, m + 1
            sums[row] += value
            if mine or (value > part[row] and not own[row]):
                place[row], heading[row], part[row], own[row] = k, way_of, value, mine
        end = m
        m = begin
        for row in range(begin, end):
            if sums[row] >= _KEPT:
                _sort_in(place, heading, own, sums, begin, m, row)
                m += 1
    return fix[:m], place[:m], heading[:m], own[:m], np.minimum(sums[:m], 1.0)


@njit(cache=True)
def _sort_in(
    place: IntArray, heading: IntArray, own: NDArray[np.bool_], sums: FloatArray, begin: int, end: int,
    row: int,
) -> None:  # fmt: skip
    """Move a row up among those from ``begin`` to ``end``, which are in falling order."""
    k, way_of, mine, value = place[row], heading[row], own[row], sums[row]
    at = end
    while at > begin and (sums[at - 1] < value or (sums[at - 1] == value and mine)):
        place[at], heading[at], own[at], sums[at] = place[at - 1], heading[at - 1], own[at - 1], sums[at - 1]
        at -= 1
    place[at], heading[at], own[at], sums[at] = k, way_of, mine, value


def traversals(
    roads: Roads,
    chains: list[Chain],
    placed: list[Placed],
    sure: FloatArray,
    section: IntArray,
    first: int,
) -> list[Traversal]:
    """Read chains as traversals of ways.

    Parameters
    ----------
    roads : Roads
        The roads.
    chains : list of Chain
        Lines through the network.
    placed : list of Placed
        Their fixes.
    sure : ndarray of float64, shape (n,)
        Probability of the way of each fix.
    section : ndarray of int64, shape (n,)
        Section of each fix.
    first : int
        Number of the first fix.

    Returns
    -------
    list of Traversal
        In the order of travel.
    """
    rows: list[Traversal] = []
    for chain, places in zip(chains, placed, strict=True):
        found = _traversals(chain, places, int(section[places.fix[0]]), roads)
        probability = _probabilities(found, sure).tolist()
        for row, known in zip(found, probability, strict=True):
            begin, end = (end if end < 0 else first + end for end in (row.first, row.last))
            rows.append(row._replace(first=begin, last=end, probability=known))
    return rows


def _traversals(chain: Chain, placed: Placed, section: int, roads: Roads) -> list[Traversal]:
    """Join the pieces of one way into traversals, from the first fix of the chain to the last."""
    graph, pieces = roads.graph, chain.pieces
    way_ids, streets = roads.ways.index.to_numpy(), roads.ways["street_id"].to_numpy()
    begin_m, end_m = float(placed.distance_m.min()), float(placed.distance_m.max())
    first, last = _first_and_last(placed, len(pieces))
    start_m = placed.start_m.tolist()
    rows: list[Traversal] = []
    before = None
    for number, piece in enumerate(pieces):
        low = max(begin_m - start_m[number], 0.0)
        high = min(end_m, start_m[number + 1]) - start_m[number]
        if high < low or (high == low and first[number] < 0):
            continue
        way = int(graph.edge_way[piece.edge])
        start = float(graph.edge_start_m[piece.edge]) + piece.enter_m
        begins, ends = (max(start + piece.direction * part, 0.0) for part in (low, high))
        if piece.joint == JUNCTION and before == (way, piece.direction):
            row = rows.pop()
        else:
            names = int(way_ids[way]), int(streets[way])
            row = Traversal(section, *names, piece.direction, begins, ends, -1, -1, np.nan)
        seen = first[number] if row.first == -1 else row.first
        until = last[number] if first[number] >= 0 else row.last
        rows.append(row._replace(to_chainage_m=ends, first=seen, last=until))
        before = (way, piece.direction)
    return rows


def _first_and_last(placed: Placed, n_pieces: int) -> tuple[list[int], list[int]]:
    first, last = np.full(n_pieces, -1), np.full(n_pieces, -1)
    last[placed.piece] = placed.fix
    first[placed.piece[::-1]] = placed.fix[::-1]
    return first.tolist(), last.tolist()


def _probabilities(rows: list[Traversal], sure: FloatArray) -> FloatArray:
    """Mean over the fixes of each row; the smaller one of its neighbours where it has none."""
    means = np.array([sure[row.first : row.last + 1].mean() if row.first != -1 else np.nan for row in rows])
    known = np.flatnonzero(np.isfinite(means))
    after = np.searchsorted(known, np.arange(len(means)))
    behind = means[known[np.maximum(after - 1, 0)]]
    ahead = means[known[np.minimum(after, len(known) - 1)]]
    return np.where(np.isfinite(means), means, np.minimum(behind, ahead))
