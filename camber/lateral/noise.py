"""How noisy the recording is, from its own scatter: which class of receiver and sky it belongs to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from camber import standards
from camber.cross_section import ACROSS_M
from camber.lateral.blocks import block_mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.lateral.blocks import Blocks
    from camber.schema import LateralSettings, MatchedTrack
    from camber.standards import GnssClass

    FloatArray = NDArray[np.float64]

_FEWEST = 8
"""Fewer pairs of blocks than this say nothing about the scatter (judgement)."""

_BEYOND = 1.6
"""Offsets spread by this factor more than the worst class explains come from none of them (judgement)."""

_SURPRISE = 1.3
"""Offsets spread by this factor more than a class explains speak against it (judgement)."""


def block_factors(duration_s: FloatArray, tau_s: float) -> FloatArray:
    """Share of the variance of a first-order Gauss-Markov process that remains in the mean of a block, (n,).

    2 (x - 1 + exp(-x)) / x^2 with x = duration / tau, the double integral of exp(-abs(u - v) / tau).
    """
    x = np.maximum(duration_s / tau_s, 1e-3)
    return np.asarray(2.0 * (x - 1.0 + np.exp(-x)) / x**2)


def fast_correlation(blocks: Blocks, noise: GnssClass) -> FloatArray:
    """Correlation of the fast error's block means with those of the block before, shape (n,)."""
    length = np.maximum(blocks.duration_s, 1.0) / noise.fast_tau_s
    factor = block_factors(blocks.duration_s, noise.fast_tau_s)
    apart = np.diff(blocks.time_s, prepend=blocks.time_s[0]) / noise.fast_tau_s
    half = 2.0 * np.sinh(length / 2.0) / length
    # Integral of exp(-abs(u - v)) over two blocks that do not overlap, whose middles are `apart`.
    shared = half * np.r_[1.0, half[:-1]] * np.exp(-apart)
    return np.asarray(np.minimum(shared / np.sqrt(factor * np.r_[1.0, factor[:-1]]), 0.99))


def classify(blocks: Blocks, offset_m: FloatArray, settings: LateralSettings) -> GnssClass:
    """Choose the error class whose fast part explains the scatter of the blocks' mean offsets [m].

    The class named in the settings, else the one whose expected scatter is nearest, and at least so noisy
    that the offsets themselves are no surprise; ``single_band`` where there are too few blocks to tell.
    """
    classes = standards.gnss_classes()
    if settings.device_class != "auto":
        return classes[settings.device_class]
    step = np.abs(np.diff(offset_m))[_neighbours(blocks)]
    step = step[np.isfinite(step)]
    if len(step) < _FEWEST:
        return classes["single_band"]
    seconds = float(np.median(np.diff(blocks.time_s)[_neighbours(blocks)]))
    # Median absolute difference of a normal variable: 0.6745 sigma; robust against changes of side.
    observed = float(np.median(step)) / 0.6745
    near = np.abs(offset_m[np.abs(offset_m) <= settings.mismatch_m])
    spread = float(np.median(near)) / 0.6745 if len(near) >= _FEWEST else 0.0
    enough = [row for row in classes.values() if spread <= _SURPRISE * _offset_sigma(row, settings)]
    enough = enough or [max(classes.values(), key=lambda row: row.slow_sigma_m)]
    return min(enough, key=lambda row: abs(np.log(max(observed, 0.05) / _expected(row, seconds))))


def noise_hypotheses(device: GnssClass, settings: LateralSettings) -> tuple[tuple[GnssClass, float], ...]:
    """List what the errors may be, slow part widened, with prior weights: a class found and its neighbours.

    Weights are in proportion to the slow part, for an error taken too small makes a claim too sure, and one
    too large only says less (judgement).
    """
    rows = list(standards.gnss_classes().values())
    if settings.device_class == "auto":
        place = [row.name for row in rows].index(device.name)
        rows = rows[max(place - 1, 0) : place + 2]
    else:
        rows = [device]
    total = sum(row.slow_sigma_m for row in rows)
    return tuple(
        (replace(row, slow_sigma_m=settings.slow_factor * row.slow_sigma_m), row.slow_sigma_m / total)
        for row in rows
    )


def _offset_sigma(row: GnssClass, settings: LateralSettings) -> float:
    """Give the standard deviation of a block's offset: receiver, map, and the runner's place across."""
    line = settings.map_sigma_m**2 + settings.town_sigma_m**2
    return float(np.sqrt(row.fast_sigma_m**2 + row.slow_sigma_m**2 + line + ACROSS_M**2))


def _neighbours(blocks: Blocks) -> NDArray[np.bool_]:
    """Pairs of neighbouring whole blocks on one way in one direction."""
    long = blocks.duration_s > 0.5 * np.median(blocks.duration_s)
    keys = np.stack([blocks.way_id, blocks.travel_direction, blocks.section])
    same = (np.diff(keys, axis=1) == 0).all(axis=0)
    return np.asarray(same & long[1:] & long[:-1] & (blocks.way_id[1:] >= 0))


def _expected(row: GnssClass, seconds: float) -> float:
    """Give the standard deviation of the difference of two neighbouring block means [m]."""
    factor = float(block_factors(np.array([seconds]), row.fast_tau_s)[0])
    x = seconds / row.fast_tau_s
    shared = ((1.0 - np.exp(-x)) / x) ** 2
    fast = 2.0 * row.fast_sigma_m**2 * max(factor - shared, 0.0)
    slow = 2.0 * row.slow_sigma_m**2 * (1.0 - np.exp(-seconds / row.slow_tau_s))
    runner = 2.0 * 0.3**2  # the runner's own weaving within a side (judgement)
    return float(np.sqrt(fast + slow + runner))


def why_silent(blocks: Blocks, matched: MatchedTrack, settings: LateralSettings) -> str:
    """Say why a recording as a whole is no evidence of a side: a key of `camber.schema.SILENT`, or "".

    "snapped", "sparse" (interval of the fixes) or "noisy" (an accuracy reported by the receiver, or a scatter
    about the ways that the worst class does not explain, as between tall buildings).
    """
    offset = matched["offset_m"].to_numpy(dtype=float)
    if is_snapped(offset, settings.snapped_sigma_m):
        return "snapped"
    within = np.diff(matched["section"].to_numpy()) == 0
    interval = np.diff(matched["elapsed_s"].to_numpy(dtype=float))[within]
    interval = interval[np.isfinite(interval)]
    if len(interval) and float(np.median(interval)) > settings.sparse_s:
        return "sparse"
    accuracy = matched["accuracy_m"].to_numpy(dtype=float)
    accuracy = accuracy[np.isfinite(accuracy)]
    if len(accuracy) and float(np.median(accuracy)) > settings.refused_accuracy_m:
        return "noisy"
    worst = max(standards.gnss_classes().values(), key=lambda row: row.slow_sigma_m)
    far = np.abs(block_mean(offset, blocks.number))
    far = far[np.isfinite(far)]
    limit = _BEYOND * _offset_sigma(worst, settings)
    return "noisy" if len(far) >= _FEWEST and float(np.median(far)) / 0.6745 > limit else ""


def is_snapped(offset_m: FloatArray, limit_m: float) -> bool:
    """Tell whether a trace has been snapped to the map: scatter about zero below a limit [m] of receivers."""
    known = offset_m[np.isfinite(offset_m)]
    return len(known) >= _FEWEST and float(np.sqrt(np.mean(known**2))) < limit_m
