"""Blocks of 10-15 s of one way in one direction: the unit in which the lateral position is inferred.

Errors of neighbouring fixes are correlated, so single fixes carry no evidence of their own
(camber/standards/model.md, The side).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from camber.network import links

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.schema import Candidates, LateralSettings, MatchedTrack, Roads, Ways


_LEAP_M: Final = 30.0
"""Chainages that part by more than this from the distance run leap [m] (judgement: twice the longest step
back that the matcher takes for noise)."""


class Blocks(NamedTuple):
    """One row per block, in order of time.

    Parameters
    ----------
    number : ndarray of int64, shape (n_fixes,)
        Block of each fix.
    first, last : ndarray of int64, shape (n,)
        Positions of its first and last fix.
    way_id, travel_direction, street_id, section : ndarray of int64, shape (n,)
        Of the matched way; way and street -1 off the road.
    time_s, duration_s : ndarray of float64, shape (n,)
        Middle and length [s]; from the distance where the recording has no times.
    distance_m : ndarray of float64, shape (n,)
        Middle [m].
    heading_rad : ndarray of float64, shape (n,)
        Mean direction of travel [rad], clockwise from north.
    p_off_road : ndarray of float64, shape (n,)
        Mean probability of being off the mapped ways; 1 where the block is matched to none.
    p_street : ndarray of float64, shape (n,)
        Mean probability of the matched street, given that it was some mapped way.
    junctions : ndarray of int64, shape (n,)
        Junctions passed since the middle of the block before.
    """

    number: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    way_id: NDArray[np.int64]
    travel_direction: NDArray[np.int64]
    street_id: NDArray[np.int64]
    section: NDArray[np.int64]
    time_s: NDArray[np.float64]
    duration_s: NDArray[np.float64]
    distance_m: NDArray[np.float64]
    heading_rad: NDArray[np.float64]
    p_off_road: NDArray[np.float64]
    p_street: NDArray[np.float64]
    junctions: NDArray[np.int64]


def cut_blocks(
    matched: MatchedTrack, candidates: Candidates, roads: Roads, settings: LateralSettings
) -> Blocks:
    """Cut a matched track into blocks, each within one section, way and direction.

    Where a closed way goes on past its first node, or the path breaks off and comes back to the same way, the
    chainage leaps, and another block begins: in each it only grows, or only falls.
    """
    distance = matched["distance_m"].to_numpy(dtype=float)
    seconds = matched["elapsed_s"].to_numpy(dtype=float)
    seconds = np.where(np.isfinite(seconds), seconds, distance / settings.nominal_speed_mps)
    # One by one: several columns of a GeoDataFrame are slow to take.
    keys = np.stack([matched[name].to_numpy() for name in ("section", "way_id", "travel_direction")], axis=1)
    new = np.r_[True, (keys[1:] != keys[:-1]).any(axis=1) | _leaps(matched)]
    stretch, starts = np.cumsum(new) - 1, np.flatnonzero(new)
    begin = np.minimum.reduceat(seconds, starts)[stretch]
    length = np.maximum.reduceat(seconds, starts)[stretch] - begin
    pieces = np.maximum(np.round(length / settings.block_s), 1.0)
    piece = np.minimum(np.floor((seconds - begin) / np.maximum(length, 1e-9) * pieces), pieces - 1.0)
    number = np.cumsum(np.r_[True, (np.diff(stretch) > 0) | (np.diff(piece) > 0)]) - 1
    first = np.flatnonzero(np.r_[True, np.diff(number) > 0])
    last = np.r_[first[1:], len(number)] - 1
    off = np.where(keys[:, 1] < 0, 1.0, matched["p_off_road"].to_numpy())
    return Blocks(
        number,
        first,
        last,
        keys[first, 1],
        keys[first, 2],
        matched["street_id"].to_numpy()[first],
        keys[first, 0],
        block_mean(seconds, number),
        seconds[last] - seconds[first],
        block_mean(distance, number),
        _mean_heading(matched, number),
        np.clip(block_mean(off, number), 0.0, 1.0),
        np.clip(block_mean(street_probability(matched, candidates, roads.ways), number), 0.0, 1.0),
        _junctions(matched, (first + last) // 2, links(roads.graph)),
    )


def _leaps(matched: MatchedTrack) -> NDArray[np.bool_]:
    """Tell the steps, shape (n_fixes - 1,), in which the chainage goes another way than the run."""
    travel = matched["travel_direction"].to_numpy()[1:]
    gone = np.diff(matched["along_m"].to_numpy(dtype=float))
    ahead = travel * np.diff(matched["chainage_m"].to_numpy(dtype=float))
    return np.asarray(np.abs(ahead - gone) > _LEAP_M)


def _junctions(
    matched: MatchedTrack, middle: NDArray[np.int64], link: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Count junctions between the middles of blocks by the link of each edge: a way goes on over most."""
    edge, way = matched["edge_id"].to_numpy(), matched["way_id"].to_numpy()
    on = np.where(edge >= 0, link[edge], -1)
    passed = np.cumsum(np.r_[False, (on[1:] != on[:-1]) | (way[1:] != way[:-1])])
    return np.diff(passed[middle], prepend=0)


def street_probability(matched: MatchedTrack, candidates: Candidates, ways: Ways) -> NDArray[np.float64]:
    """Probability of the matched street, by any of its lines, given some mapped way; shape (n_fixes,)."""
    position = matched.index.get_indexer(pd.Index(candidates["fix_id"]))
    row = ways.index.get_indexer(pd.Index(candidates["way_id"]))
    probability = candidates["probability"].to_numpy()
    same = ways["street_id"].to_numpy()[row] == matched["street_id"].to_numpy()[position]
    same &= row >= 0
    total = np.bincount(position, probability, minlength=len(matched))
    own = np.bincount(position, probability * same, minlength=len(matched))
    return np.divide(own, total, out=np.ones(len(matched)), where=total > 0.0)


def block_mean(values: NDArray[np.float64], number: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mean of a quantity of the fixes over each block, shape (n,); NaN is passed over, and for no value."""
    known = np.isfinite(values)
    count = np.bincount(number[known], minlength=number[-1] + 1)
    total = np.bincount(number[known], values[known], minlength=number[-1] + 1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _mean_heading(matched: MatchedTrack, number: NDArray[np.int64]) -> NDArray[np.float64]:
    known = matched["heading_deg"]
    if known.hasnans:
        known = known.ffill().bfill().fillna(0.0)
    heading = np.radians(known.to_numpy(dtype=float))
    return np.arctan2(block_mean(np.sin(heading), number), block_mean(np.cos(heading), number))
