"""Where along its line a runner truly was: a smoother over place, speed and the receiver's error.

The nearest place on a line is as wrong along it as the receiver is: 4 m, as often before as behind a
junction. But a runner keeps a speed, a receiver its error, and where the line turns, what was an error along
it becomes one across it, which is seen. One linear-Gaussian model says all three.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]


class Line(NamedTuple):
    """Straight segments that follow each other, in the order of travel.

    Parameters
    ----------
    start_m : ndarray of float64, shape (n_segments,)
        Distance along the line at which each segment starts [m].
    start_xy : ndarray of float64, shape (n_segments, 2)
        Where it starts [m]; a segment need not start where the one before it ends.
    tangent : ndarray of float64, shape (n_segments, 2)
        Unit vector in the direction of travel.
    """

    start_m: FloatArray
    start_xy: FloatArray
    tangent: FloatArray


class AlongModel(NamedTuple):
    """Sizes of what moves the fixes.

    Parameters
    ----------
    correlation_s : float
        Correlation time of the receiver's error [s].
    lateral_sigma_m, lateral_s : float
        Standard deviation of the runner's place across the line [m], and its correlation time [s].
    speed_mps, speed_sigma_mps, speed_s : float
        Mean speed [m/s], standard deviation about it [m/s], and correlation time of that [s].
    white_m : float
        Error without memory, per axis [m].
    """

    correlation_s: float
    lateral_sigma_m: float
    lateral_s: float
    speed_mps: float
    speed_sigma_mps: float
    speed_s: float
    white_m: float


def smooth_along(
    line: Line,
    xy: FloatArray,
    seconds: FloatArray,
    sigma_m: FloatArray,
    guess_m: FloatArray,
    first_segment: IntArray,
    last_segment: IntArray,
    model: AlongModel,
    *,
    rounds: int = 2,
) -> tuple[FloatArray, FloatArray]:
    """Estimate the distance along a line of every fix, from all fixes.

    State: distance along the line, speed (an Ornstein-Uhlenbeck process about its mean), the receiver's
    error east and north (one each) and the runner's place across the line (another). A fix is the line's
    point at that distance, plus the place across, plus the error; linearised about the last estimate
    and over its uncertainty, so that a corner within reach counts as the bend it is (iterated posterior
    linearisation smoother: Garcia-Fernandez, Svensson & Sarkka 2017, IEEE Trans. Autom. Control 62(4)).
    Backward pass after Bierman (1973, "Fixed interval smoothing with discrete measurements"), which inverts
    no matrix. Fixes further than three standard deviations from the forecast count less (Huber 1964).

    Parameters
    ----------
    line : Line
        The line.
    xy : ndarray of float64, shape (n, 2)
        Fixes [m].
    seconds : ndarray of float64, shape (n,)
        Time since the fix before [s]; the first is not read.
    sigma_m : ndarray of float64, shape (n,)
        Standard deviation of the receiver's error, per axis [m].
    guess_m : ndarray of float64, shape (n,)
        First estimate of the distances [m].
    first_segment, last_segment : ndarray of int64, shape (n,)
        Segments that each fix may be on, both included: what is known of parallel lines is not for the
        distance to decide.
    model : AlongModel
        Sizes.
    rounds : int
        How often the line is linearised.

    Returns
    -------
    distance_m : ndarray of float64, shape (n,)
        Distance along the line [m].
    std_m : ndarray of float64, shape (n,)
        Its standard deviation [m].
    """
    distance, std = guess_m, 0.5 * sigma_m
    for _ in range(rounds):
        distance, std = _smooth(
            *line, xy, seconds, sigma_m, distance, std, first_segment, last_segment, *model
        )  # fmt: skip
    return distance, std


@njit(cache=True)
def _smooth(
    start_m: FloatArray, start_xy: FloatArray, tangent: FloatArray,
    xy: FloatArray, seconds: FloatArray, sigma_m: FloatArray, guess_m: FloatArray, guess_std_m: FloatArray,
    first_segment: IntArray, last_segment: IntArray,
    correlation_s: float, lateral_sigma_m: float, lateral_s: float,
    speed_mps: float, speed_sigma_mps: float, speed_s: float, white_m: float,
) -> tuple[FloatArray, FloatArray]:  # fmt: skip
    n = len(xy)
    mean, cov = np.zeros(5), np.zeros((5, 5))
    means, covs = np.empty(n), np.empty((n, 5, 5))
    gains, seen, decay = np.empty((n, 2, 5)), np.empty((n, 2, 4)), np.ones((n, 4))
    about, slope, bent = np.empty(2), np.empty(2), np.empty(2)
    mean[0] = guess_m[0]
    cov[0, 0], cov[1, 1], cov[4, 4] = 400.0 + sigma_m[0] ** 2, speed_sigma_mps**2, lateral_sigma_m**2
    cov[2, 2] = cov[3, 3] = sigma_m[0] ** 2
    for i in range(n):
        if i > 0:
            h = seconds[i]
            mean[0] += speed_mps * h
            decay[i, 0] = np.exp(-h / speed_s)
            decay[i, 1] = speed_s * (1.0 - decay[i, 0])
            decay[i, 2], decay[i, 3] = np.exp(-h / correlation_s), np.exp(-h / lateral_s)
            _forecast(mean, cov, decay[i])
            _spread(cov, decay[i], h, sigma_m[i], lateral_sigma_m, speed_sigma_mps, speed_s)
        _linearise(start_m, start_xy, tangent, guess_m[i], guess_std_m[i],
                   first_segment[i], last_segment[i], about, slope, bent)  # fmt: skip
        for axis in range(2):
            seen[i, axis, 0], seen[i, axis, 1] = slope[axis], slope[1] if axis == 0 else -slope[0]
            apart = xy[i, axis] - about[axis] + slope[axis] * guess_m[i]
            _update(mean, cov, gains[i, axis], seen[i, axis], axis, apart, white_m**2 + bent[axis])
        means[i], covs[i] = mean[0], cov
    return _backward(means, covs, gains, seen, decay)


@njit(cache=True)
def _linearise(
    start_m: FloatArray, start_xy: FloatArray, tangent: FloatArray, distance_m: float, std_m: float,
    first: int, last: int, about: FloatArray, slope: FloatArray, bent: FloatArray,
) -> None:  # fmt: skip
    """Point and slope of the line over the places where the fix may be, and the variance they leave.

    Three-point Gauss-Hermite: at the distance and the root of three standard deviations to either side.
    """
    reach = np.sqrt(3.0) * max(std_m, 0.1)
    here = _segment(start_m, distance_m, first, last)
    ahead = _segment(start_m, distance_m + reach, here, last)
    behind = _segment(start_m, distance_m - reach, first, here)
    for axis in range(2):
        middle = start_xy[here, axis] + tangent[here, axis] * (distance_m - start_m[here])
        after = start_xy[ahead, axis] + tangent[ahead, axis] * (distance_m + reach - start_m[ahead])
        before = start_xy[behind, axis] + tangent[behind, axis] * (distance_m - reach - start_m[behind])
        about[axis] = (4.0 * middle + after + before) / 6.0
        slope[axis] = (after - before) / (2.0 * reach)
        bend = after - 2.0 * middle + before
        bent[axis] = bend * bend / 18.0


@njit(cache=True)
def _segment(start_m: FloatArray, distance_m: float, first: int, last: int) -> int:
    low, high = first, last
    while low < high:
        middle = (low + high + 1) // 2
        if start_m[middle] <= distance_m:
            low = middle
        else:
            high = middle - 1
    return low


@njit(cache=True)
def _forecast(mean: FloatArray, cov: FloatArray, decay: FloatArray) -> None:
    """Apply the transition to mean and covariance, in place; the speed is its difference from the mean."""
    keep_v, reach, keep_b, keep_l = decay
    mean[0] += reach * mean[1]
    mean[1] *= keep_v
    mean[2] *= keep_b
    mean[3] *= keep_b
    mean[4] *= keep_l
    for j in range(5):
        cov[0, j] += reach * cov[1, j]
        cov[1, j] *= keep_v
        cov[2, j] *= keep_b
        cov[3, j] *= keep_b
        cov[4, j] *= keep_l
    for j in range(5):
        cov[j, 0] += reach * cov[j, 1]
        cov[j, 1] *= keep_v
        cov[j, 2] *= keep_b
        cov[j, 3] *= keep_b
        cov[j, 4] *= keep_l


@njit(cache=True)
def _spread(
    cov: FloatArray, decay: FloatArray, h: float, sigma_m: float,
    lateral_sigma_m: float, speed_sigma_mps: float, speed_s: float,
) -> None:  # fmt: skip
    """Add what is new after ``h`` seconds (the process and its integral: Gillespie 1996, equation 2.14)."""
    keep_v, _, keep_b, keep_l = decay
    fresh = speed_sigma_mps**2
    # The difference of large numbers below is lost in rounding for short steps, where it is its first term.
    grown = speed_s**2 * (2.0 * h / speed_s - 3.0 + 4.0 * keep_v - keep_v * keep_v)
    cov[0, 0] += fresh * (grown if h > 0.01 * speed_s else 2.0 * h**3 / (3.0 * speed_s))
    together = fresh * speed_s * (1.0 - keep_v) ** 2
    cov[0, 1] += together
    cov[1, 0] += together
    cov[1, 1] += fresh * (1.0 - keep_v * keep_v)
    cov[2, 2] += sigma_m**2 * (1.0 - keep_b * keep_b)
    cov[3, 3] += sigma_m**2 * (1.0 - keep_b * keep_b)
    cov[4, 4] += lateral_sigma_m**2 * (1.0 - keep_l * keep_l)


@njit(cache=True)
def _update(
    mean: FloatArray, cov: FloatArray, gain: FloatArray, seen: FloatArray, axis: int, apart: float,
    noise_m2: float,
) -> None:  # fmt: skip
    """Take in one coordinate of a fix; ``seen`` gets its misfit and the inverse of that one's variance."""
    ahead, side = seen[0], seen[1]
    for j in range(5):
        gain[j] = ahead * cov[j, 0] + cov[j, 2 + axis] + side * cov[j, 4]
    variance = ahead * gain[0] + gain[2 + axis] + side * gain[4] + noise_m2
    misfit = apart - ahead * mean[0] - mean[2 + axis] - side * mean[4]
    variance *= max(1.0, abs(misfit) / (3.0 * np.sqrt(variance)))
    for j in range(5):
        for k in range(5):
            cov[j, k] -= gain[j] * gain[k] / variance
    for j in range(5):
        gain[j] /= variance
        mean[j] += gain[j] * misfit
    seen[2], seen[3] = misfit, 1.0 / variance


@njit(cache=True)
def _backward(
    means: FloatArray, covs: FloatArray, gains: FloatArray, seen: FloatArray, decay: FloatArray
) -> tuple[FloatArray, FloatArray]:
    n = len(means)
    distance, std = np.empty(n), np.empty(n)
    adjoint, weight, carried = np.zeros(5), np.zeros((5, 5)), np.zeros(5)
    for i in range(n - 1, -1, -1):
        shift, narrowed = 0.0, 0.0
        for j in range(5):
            shift += covs[i, 0, j] * adjoint[j]
            for k in range(5):
                narrowed += covs[i, 0, j] * weight[j, k] * covs[i, 0, k]
        distance[i] = means[i] - shift
        std[i] = np.sqrt(max(covs[i, 0, 0] - narrowed, 0.0))
        for axis in (1, 0):
            _recall(adjoint, weight, carried, gains[i, axis], seen[i, axis], axis)
        _recede(adjoint, weight, decay[i])
    return distance, std


@njit(cache=True)
def _recall(
    adjoint: FloatArray, weight: FloatArray, carried: FloatArray, gain: FloatArray, seen: FloatArray,
    axis: int,
) -> None:  # fmt: skip
    """Undo one update: adjoint and weight as they were before it."""
    ahead, side, misfit, precision = seen[0], seen[1], seen[2], seen[3]
    along, through = 0.0, 0.0
    for j in range(5):
        along += gain[j] * adjoint[j]
        carried[j] = 0.0
        for k in range(5):
            carried[j] += weight[j, k] * gain[k]
    for j in range(5):
        through += gain[j] * carried[j]
    for j, row in ((0, ahead), (2 + axis, 1.0), (4, side)):
        adjoint[j] -= row * (along + precision * misfit)
        for k in range(5):
            weight[j, k] -= row * carried[k]
            weight[k, j] -= row * carried[k]
    for j, row in ((0, ahead), (2 + axis, 1.0), (4, side)):
        for k, column in ((0, ahead), (2 + axis, 1.0), (4, side)):
            weight[j, k] += row * column * (through + precision)


@njit(cache=True)
def _recede(adjoint: FloatArray, weight: FloatArray, decay: FloatArray) -> None:
    """Apply the transposed transition to adjoint and weight, in place."""
    keep_v, reach, keep_b, keep_l = decay
    adjoint[1] = keep_v * adjoint[1] + reach * adjoint[0]
    adjoint[2] *= keep_b
    adjoint[3] *= keep_b
    adjoint[4] *= keep_l
    for j in range(5):
        weight[1, j] = keep_v * weight[1, j] + reach * weight[0, j]
        weight[2, j] *= keep_b
        weight[3, j] *= keep_b
        weight[4, j] *= keep_l
    for j in range(5):
        weight[j, 1] = keep_v * weight[j, 1] + reach * weight[j, 0]
        weight[j, 2] *= keep_b
        weight[j, 3] *= keep_b
        weight[j, 4] *= keep_l
