"""The balance of ground contact against the tilt under it, within one run. Arrays in, numbers out.

The tilt is not known but drawn, and the draws know nothing of the contact. So the expected tilt is the
instrument and each drawn history the regressor: what is wrong with the expected tilt then neither pulls the
effect to nothing nor hides in its interval. Noise is correlated and drifts; the run itself weighs its
covariance, of white noise and two Ornstein-Uhlenbeck processes.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from camber.conventions import NO_WAY
from camber.schema import ContactPart, ContactRun

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.schema import Analysis

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]

_QUICK_S, _SLOW_S = 40.0, 600.0
"""Times after which noise has forgotten itself [s]: in a real recording with a chest strap 0.68 is left after
12 s, 0.42 after 30 s and 0.2 after ten minutes (tests/benchmarks/contact.py prints it)."""

_QUICK: Final = (0.0, 0.5, 2.0, 8.0)
_SLOW: Final = (0.0, 0.1, 0.4, 1.6)
"""Variances that are tried for the two processes, beside white noise of one (judgement: twice as fine changes
no interval by a tenth)."""

_MOST_ROWS: Final = 900
"""Rows that a covariance is made for; of longer runs neighbours are joined (judgement: three hours)."""

_FEWEST_ROWS: Final = 30
"""Fewer rows say nothing of their own noise (judgement: six minutes)."""

_FEWEST_FIXES: Final = 3
_SLOWEST_MPS: Final = 1.8
"""Below it people walk, and watches keep the last balance [m/s] (judgement: 9:15 a kilometre)."""

_OUTLIER: Final = 6.0
"""Deviations, by the median of absolute ones, beyond which a value is a stumble (judgement)."""

_ONCE_M: Final = 120.0
"""A way counts as run in both directions from so many metres each way [m] (judgement: a few blocks)."""


@dataclass(frozen=True, eq=False)
class Strides:
    """Rows of one run, about 12 s each, in order.

    ``right_pct`` is the right foot's share of the time on the ground, ``slope_pct`` the expected cross slope,
    positive where it falls to the right, ``drawn_pct`` (n_draws, n_rows) that of each history, ``nuisances``
    (n_rows, n) what else moves the balance, ``time_s`` and ``distance_m`` when and how far.
    """

    time_s: FloatArray
    distance_m: FloatArray
    right_pct: FloatArray
    slope_pct: FloatArray
    drawn_pct: FloatArray
    nuisances: FloatArray
    way_id: IntArray
    direction: IntArray


def contact_of(analysis: Analysis) -> ContactRun | None:
    """Say what one run tells of contact and tilt; None where its recording has too little of the balance."""
    rows = strides_of(analysis)
    return None if rows is None else measure_contact(rows, analysis.recording.device or "")


def measure_contact(rows: Strides, device: str = "") -> ContactRun:
    """Boil the rows of one run down to what the effect of the tilt is found by."""
    design = np.column_stack([np.ones(len(rows.time_s)), rows.nuisances])
    covariance, noise_pct = noise_of(rows, design)
    both = both_ways(rows.way_id, rows.direction, rows.distance_m)
    paired = None
    if both.any():
        # Each way has a level of its own, so that only its two directions are compared.
        ways = (rows.way_id[both, None] == np.unique(rows.way_id[both])).astype(float)
        within = np.column_stack([ways, rows.nuisances[both]])
        paired = part_of(rows, both, within, covariance)
    everything = np.ones(len(both), dtype=bool)
    return ContactRun(
        device,
        float(np.average(rows.right_pct, weights=rows.distance_m)),
        noise_pct,
        part_of(rows, everything, design, covariance),
        paired,
    )


def part_of(rows: Strides, at: BoolArray, design: FloatArray, covariance: FloatArray) -> ContactPart:
    """Multiply expected tilt with itself, contact and histories, the design taken out of all of them."""
    instrument = rows.slope_pct[at]
    given = np.column_stack([instrument, rows.right_pct[at], rows.drawn_pct[:, at].T])
    whitener = np.linalg.cholesky(covariance[np.ix_(at, at)])
    white = np.linalg.solve(whitener, given)
    basis, weights, _ = np.linalg.svd(np.linalg.solve(whitener, design), full_matrices=False)
    basis = basis[:, weights > 1e-9 * weights[0]]
    left = white - basis @ (basis.T @ white)
    variance, freedom = unmodelled(left[:, 0], left[:, 1], basis.shape[1])
    products = left[:, 0] @ left / variance
    return ContactPart(
        float(rows.distance_m[at].sum()), float(products[0]), float(products[1]), products[2:].copy(), freedom
    )


def unmodelled(tilt: FloatArray, contact: FloatArray, taken_out: int) -> tuple[float, float]:
    """By how much noise varies more along the tilt than its covariance says, and how well that is known.

    Both are whitened rows of shape (n,). The noise is held against the tilt shifted by any number of rows:
    what it then has in common with it is chance, and would have a variance of 1 if the covariance were right;
    at least that is given. A tilt that is like itself when it is shifted leaves fewer degrees of freedom:
    n over the sum of its squared autocorrelations (Bartlett 1935, Journal of the Royal Statistical Society
    98, for the variance of a mean of such products).
    """
    size = float(tilt @ tilt)
    if size <= 0.0:
        return 1.0, 1.0
    noise = contact - tilt * (tilt @ contact) / size
    spectrum = np.fft.rfft(tilt)
    shifted = np.fft.irfft(np.conj(spectrum) * np.fft.rfft(noise), len(tilt))
    like = np.fft.irfft(np.abs(spectrum) ** 2, len(tilt)) / size
    free = max(len(tilt) - taken_out - 1, 1)
    variance = float((shifted**2).mean()) * len(tilt) / (size * free)
    return max(variance, 1.0), max(free / float((like**2).sum()), 1.0)


def noise_of(rows: Strides, design: FloatArray) -> tuple[FloatArray, float]:
    """Weigh covariances of the noise by restricted likelihood; gives its standard deviation too."""
    lag = np.abs(rows.time_s[:, None] - rows.time_s[None, :])
    quick, slow = np.exp(-lag / _QUICK_S), np.exp(-lag / _SLOW_S)
    white = np.eye(len(lag))
    full = np.column_stack([design, rows.slope_pct])
    shapes = [(a, b, white + a * quick + b * slow) for a, b in product(_QUICK, _SLOW)]
    tried = [_restricted(shape, full, rows.right_pct) for _, _, shape in shapes]
    # What the run leaves open of its noise is averaged over: a drift that may be there widens the interval.
    weight = np.exp(np.array([likelihood for likelihood, _ in tried]) - max(tried)[0])
    size = weight / weight.sum() * [variance for _, variance in tried]
    covariance = sum(part * shape for part, (_, _, shape) in zip(size, shapes, strict=True))
    spread = sum(part * (1.0 + a + b) for part, (a, b, _) in zip(size, shapes, strict=True))
    return np.asarray(covariance), float(np.sqrt(spread))


def _restricted(shape: FloatArray, design: FloatArray, values: FloatArray) -> tuple[float, float]:
    """Restricted log likelihood of values under a covariance known but for its size, and that size."""
    whitener = np.linalg.cholesky(shape)
    white = np.linalg.solve(whitener, np.column_stack([values, design]))
    basis, weights, _ = np.linalg.svd(white[:, 1:], full_matrices=False)
    kept = weights > 1e-9 * weights[0]
    basis = basis[:, kept]
    left = white[:, 0] - basis @ (basis.T @ white[:, 0])
    free = len(values) - basis.shape[1]
    variance = max(float(left @ left) / free, 1e-12)
    determinant = 2.0 * np.log(np.diag(whitener)).sum() + 2.0 * np.log(weights[kept]).sum()
    return -0.5 * float(determinant + free * np.log(variance)), variance


def both_ways(way_id: IntArray, direction: IntArray, distance_m: FloatArray) -> BoolArray:
    """Mark rows on ways that were run far enough in both directions, shape (n_rows,)."""
    ways, number = np.unique(way_id, return_inverse=True)
    metres = [np.bincount(number, distance_m * (direction == sign), len(ways)) for sign in (-1, 1)]
    return np.asarray((np.minimum(*metres) >= _ONCE_M)[number])


def without_stumbles(values: FloatArray) -> FloatArray:
    """Blank values that are far from all others, shape (n,): stumbles, turns, a pod that slipped."""
    known = values[np.isfinite(values)]
    if not len(known):
        return values
    middle = np.median(known)
    spread = max(1.4826 * float(np.median(np.abs(known - middle))), 0.1)
    return np.where(np.abs(values - middle) <= _OUTLIER * spread, values, np.nan)


def strides_of(analysis: Analysis) -> Strides | None:
    """Take the rows of a run out of its analysis; None where there are too few with a balance."""
    if not analysis.recording.fixes["stance_time_balance_pct"].notna().any():
        return None
    fixes = analysis.recording.fixes.loc[analysis.sloped.index]
    sloped = pd.DataFrame(analysis.sloped, copy=False)
    _, block = np.unique(sloped["block"].to_numpy(), return_inverse=True)
    # FIT's balance is the left foot's share (ANT+ Running Dynamics, page 1); positive is right here.
    right = without_stumbles(100.0 - fixes["stance_time_balance_pct"].to_numpy(dtype=float))
    exposure = pd.DataFrame(analysis.exposure)
    seconds = exposure["duration_s"].to_numpy()
    distance = exposure["distance_m"].to_numpy()
    speed = distance / np.maximum(seconds, 1.0)
    mean_right, count = _means(right, block, len(exposure))
    slope = exposure["cross_slope_pct"].to_numpy(dtype=float)
    kept = (
        (count >= _FEWEST_FIXES)
        & (speed >= _SLOWEST_MPS)
        & (exposure["way_id"].to_numpy() != NO_WAY)
        & np.isfinite(slope)
    )
    if kept.sum() < _FEWEST_ROWS:
        return None
    elapsed = _means(sloped["elapsed_s"].to_numpy(dtype=float), block, len(exposure))[0]
    nuisances = [
        elapsed,
        speed,
        _means(fixes["cadence_spm"].to_numpy(dtype=float), block, len(exposure))[0],
        _grade_pct(fixes["elevation_m"].to_numpy(dtype=float), block, distance, elapsed),
        _turning(sloped["heading_deg"].to_numpy(dtype=float), block, len(exposure)),
    ]
    columns = [_standard(column[kept]) for column in nuisances]
    rows = Strides(
        elapsed[kept],
        distance[kept],
        mean_right[kept],
        slope[kept],
        np.nan_to_num(analysis.slope_histories.cross_slope_pct[:, kept].astype(float)),
        np.column_stack([column for column in columns if column is not None]),
        exposure["way_id"].to_numpy()[kept],
        exposure["travel_direction"].to_numpy()[kept].astype(np.int64),
    )
    return joined(rows, -(-len(rows.time_s) // _MOST_ROWS))


def joined(rows: Strides, each: int) -> Strides:
    """Join so many neighbouring rows to one, by their distance; where they lie is the first one's."""
    if each <= 1:
        return rows
    group = np.arange(len(rows.time_s)) // each
    metres = np.asarray(np.bincount(group, rows.distance_m), dtype=float)

    def mean(values: FloatArray) -> FloatArray:
        return np.asarray(np.bincount(group, values * rows.distance_m) / np.maximum(metres, 1e-9))

    return Strides(
        mean(rows.time_s),
        metres,
        mean(rows.right_pct),
        mean(rows.slope_pct),
        np.array([mean(draw) for draw in rows.drawn_pct]),
        np.column_stack([mean(column) for column in rows.nuisances.T]),
        rows.way_id[::each],
        rows.direction[::each],
    )


def _means(values: FloatArray, block: IntArray, blocks: int) -> tuple[FloatArray, IntArray]:
    """Mean of what is known in each block, NaN without any, and how many that are."""
    known = np.isfinite(values)
    count = np.bincount(block[known], minlength=blocks)
    total = np.bincount(block[known], values[known], blocks)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan), count


def _grade_pct(
    elevation_m: FloatArray, block: IntArray, distance_m: FloatArray, elapsed_s: FloatArray
) -> FloatArray:
    """Grade over three blocks [%], NaN where no height is known."""
    height = _means(elevation_m, block, len(distance_m))[0]
    if np.isfinite(height).sum() < _FEWEST_ROWS:
        return np.full(len(height), np.nan)
    known = np.isfinite(height)
    height = np.interp(elapsed_s, elapsed_s[known], height[known])
    run_m = np.cumsum(distance_m)
    return np.asarray(np.clip(100.0 * np.gradient(height) / np.maximum(np.gradient(run_m), 5.0), -30.0, 30.0))


def _turning(heading_deg: FloatArray, block: IntArray, blocks: int) -> FloatArray:
    """Mean turn from fix to fix in each block [deg], positive to the right."""
    turn = np.diff(heading_deg, prepend=heading_deg[:1])
    return _means((turn + 180.0) % 360.0 - 180.0, block, blocks)[0]


def _standard(column: FloatArray) -> FloatArray | None:
    """Centre and scale a column, what is missing at its mean; None where it says nothing."""
    known = np.isfinite(column)
    if known.mean() < 0.5 or np.ptp(column[known]) < 1e-9:
        return None
    middle, spread = column[known].mean(), column[known].std()
    return np.asarray(np.where(known, (column - middle) / spread, 0.0))
