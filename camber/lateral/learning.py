"""Learning across runs: pool what single runs say, and take out what a run said itself.

A habit is a Beta distribution over the side that faces traffic (science.md 5.5); a map offset is a normal
distribution per piece of a way, to which each run adds information with a slow bias of its own. A run is
never told what it said itself, so nothing confirms itself.
"""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING, Final

import numpy as np

from camber.schema import Evidence, HabitCount, Learned, MapOffset

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    ObjectArray = NDArray[np.object_]

PIECE_M: Final = 250.0
"""Length of the pieces of ways for which map errors are learned [m]: the error's own correlation length
(science.md 4.3, judgement)."""

_LEAST_INFORMATION: Final = 1e-6

_BEST_SIGMA: Final = 0.4
"""However many runs there are, a way's error is known no better than to this share of its prior deviation:
each run tells it from its own bias by the other ways it passed, which err too, and every run passes the same
ones (judgement: about six of them, 1 / sqrt 6)."""


def pool_evidence(evidence: Iterable[Evidence]) -> Learned:
    """Pool what several runs say about the runner's habits and about the map.

    Parameters
    ----------
    evidence : iterable of Evidence
        One per run, in any order; the same run counts once.

    Returns
    -------
    Learned
        Sums, the same to the last bit whatever the order.
    """
    runs = {one.run: one for one in evidence}
    habits: dict[str, list[HabitCount]] = {}
    offsets: dict[tuple[int, int], list[MapOffset]] = {}
    for one in runs.values():
        for habit in one.habits:
            habits.setdefault(habit.context, []).append(habit)
        for offset in one.map_offsets:
            offsets.setdefault((offset.way_id, offset.piece), []).append(offset)
    return Learned(
        tuple(sorted(runs)),
        tuple(
            HabitCount(context, fsum(row.facing for row in rows), fsum(row.with_traffic for row in rows))
            for context, rows in sorted(habits.items())
        ),
        tuple(
            MapOffset(
                *place,
                fsum(row.information_per_m2 for row in rows),
                fsum(row.weighted_offset_per_m for row in rows),
            )
            for place, rows in sorted(offsets.items())
        ),
    )


def without(learned: Learned, own: Evidence) -> Learned:
    """Take a run out of what was learned; unchanged if it is not part of it.

    Parameters
    ----------
    learned : Learned
        What several runs say.
    own : Evidence
        What this run said.

    Returns
    -------
    Learned
        What the other runs say, up to rounding.
    """
    if own.run not in learned.runs:
        return learned
    habits = {row.context: row for row in own.habits}
    offsets = {(row.way_id, row.piece): row for row in own.map_offsets}
    return Learned(
        tuple(run for run in learned.runs if run != own.run),
        tuple(_less_habit(row, habits.get(row.context)) for row in learned.habits),
        tuple(_less_offset(row, offsets.get((row.way_id, row.piece))) for row in learned.map_offsets),
    )


def _less_habit(total: HabitCount, own: HabitCount | None) -> HabitCount:
    if own is None:
        return total
    return HabitCount(
        total.context, max(total.facing - own.facing, 0.0), max(total.with_traffic - own.with_traffic, 0.0)
    )


def _less_offset(total: MapOffset, own: MapOffset | None) -> MapOffset:
    if own is None:
        return total
    return MapOffset(
        total.way_id,
        total.piece,
        max(total.information_per_m2 - own.information_per_m2, 0.0),
        total.weighted_offset_per_m - own.weighted_offset_per_m,
    )


def map_prior(
    way_id: IntArray, piece: IntArray, sigma_m: float, learned: Learned | None
) -> tuple[FloatArray, FloatArray]:
    """Say what is known about the map's error at each block before the run.

    Parameters
    ----------
    way_id, piece : ndarray of int64, shape (n,)
        Way and piece of each block; -1 where none.
    sigma_m : float
        Standard deviation of the map's error where nothing was learned [m].
    learned : Learned or None
        What other runs say.

    Returns
    -------
    mean_m, std_m : ndarray of float64, shape (n,)
        Offset of the true middle from the line, way frame, and its standard deviation [m]: precisions add,
        down to 0.4 times ``sigma_m``.
    """
    known = {} if learned is None else {(row.way_id, row.piece): row for row in learned.map_offsets}
    mean, std = np.zeros(len(way_id)), np.full(len(way_id), sigma_m)
    if known and sigma_m > 0.0:
        for k, place in enumerate(zip(way_id.tolist(), piece.tolist(), strict=True)):
            row = known.get(place)
            if row is not None:
                precision = sigma_m**-2 + row.information_per_m2
                mean[k] = row.weighted_offset_per_m / precision
                std[k] = max(precision**-0.5, _BEST_SIGMA * sigma_m)
    return mean, std


def map_evidence(
    way_id: IntArray, piece: IntArray, sigma_m: float, mean: FloatArray, variance: FloatArray
) -> tuple[MapOffset, ...]:
    """Say what a run adds to the knowledge of the map's error: its posterior divided by its prior.

    Parameters
    ----------
    way_id, piece : ndarray of int64, shape (n,)
        Way and piece of each block; -1 where the block says nothing.
    sigma_m : float
        Standard deviation of the prior [m].
    mean, variance : ndarray of float64, shape (n,)
        Posterior of the error in units of the prior's standard deviation.

    Returns
    -------
    tuple of MapOffset
        One per piece: that of the block in its middle, since the error hardly changes within a piece and
        every block has seen the same run.
    """
    rows: dict[tuple[int, int], list[int]] = {}
    for k, place in enumerate(zip(way_id.tolist(), piece.tolist(), strict=True)):
        if place[0] >= 0:
            rows.setdefault(place, []).append(k)
    found = []
    for place, blocks in sorted(rows.items()):
        k = blocks[len(blocks) // 2]
        gained = 1.0 / variance[k] - 1.0
        if gained > _LEAST_INFORMATION and sigma_m > 0.0:
            weighted = float(mean[k] / variance[k] / sigma_m)
            found.append(MapOffset(*place, float(gained / sigma_m**2), weighted))
    return tuple(found)


def habit_evidence(
    context: ObjectArray, facing: FloatArray, change: FloatArray, threshold: float
) -> tuple[HabitCount, ...]:
    """Count the decisions of a run for and against facing traffic, by context.

    Parameters
    ----------
    context : ndarray of object, shape (n,)
        Context of each block; "" where facing traffic means nothing (paths, one-way streets).
    facing : ndarray of float64, shape (n,)
        Probability of the side that faces traffic minus that of the other, without any prior for a side.
    change : ndarray of float64, shape (n,)
        Probability of a fresh decision since the block before.
    threshold : float
        Probability from which a side counts as decided.

    Returns
    -------
    tuple of HabitCount
        Weights add to the number of independent decisions: a decided block counts as much as it is likely
        that the runner made up its mind since the last decided one, and one where the side changed.
    """
    counts: dict[str, list[float]] = {}
    held = np.cumsum(np.log1p(-np.minimum(change, 0.999)))
    last = -1
    for k in np.flatnonzero((np.abs(facing) >= threshold) & (context != "")):
        same = last >= 0 and (facing[k] > 0.0) == (facing[last] > 0.0)
        weight = 1.0 - float(np.exp(held[k] - held[last])) if same else 1.0
        counts.setdefault(str(context[k]), [0.0, 0.0])[int(facing[k] <= 0.0)] += weight
        last = int(k)
    return tuple(HabitCount(name, *both) for name, both in sorted(counts.items()))


def learned_facing(
    context: ObjectArray,
    priors: tuple[FloatArray, FloatArray],
    decisions: FloatArray,
    learned: Learned | None,
) -> tuple[tuple[FloatArray, FloatArray], FloatArray]:
    """Probability of facing traffic: the mean of a Beta distribution that starts from the prior.

    Parameters
    ----------
    context : ndarray of object, shape (n,)
        Context of each block.
    priors : tuple of ndarray of float64, shape (n,)
        Probabilities before anything was learned, at edges and on sidewalks.
    decisions : ndarray of float64, shape (n,)
        Decisions s that they are worth.
    learned : Learned or None
        What other runs say.

    Returns
    -------
    facing : tuple of ndarray of float64, shape (n,)
        (s p + a) / (s + a + b) for each, with a decisions for facing traffic and b against.
    decisions : ndarray of float64, shape (n,)
        s + a + b.
    """
    facing, total = np.zeros(len(context)), np.zeros(len(context))
    for row in () if learned is None else learned.habits:
        here = context == row.context
        facing[here], total[here] = row.facing, row.facing + row.with_traffic
    edge, walk = ((decisions * prior + facing) / (decisions + total) for prior in priors)
    return (edge, walk), decisions + total
