"""Six receivers whose errors have other shapes than the model's: mixtures of time scales, jumps, lag."""

from dataclasses import dataclass

import numpy as np

from camber.simulate.chance import ornstein_uhlenbeck

RECEIVERS = ("multi band", "single band", "phone", "under trees", "street canyon", "smart recording")

# Parts of the error, each a standard deviation per axis [m] and a correlation time [s].
_PARTS = {
    "multi band": ((0.5, 6.0), (1.0, 400.0)),
    "single band": ((0.9, 12.0), (0.9, 90.0), (1.8, 900.0)),
    "phone": ((1.4, 8.0), (2.4, 250.0)),
    "under trees": ((1.7, 20.0), (2.6, 350.0)),
    "street canyon": ((1.8, 10.0), (2.6, 150.0)),
    "smart recording": ((0.9, 10.0), (1.8, 600.0)),
}


@dataclass(frozen=True)
class Receiver:
    """One watch: its kind, how good it is of its kind, and its offset to the right of travel [m]."""

    kind: str
    scale: float
    offset_m: float


def draw_receiver(kind, seed):
    """Draw one watch of a kind."""
    rng = np.random.default_rng([seed, 2])
    return Receiver(kind, float(np.exp(0.2 * rng.standard_normal())), float(0.35 * rng.standard_normal()))


def error_xy(receiver, elapsed_s, right, hand, rng):
    """Error of each position [m], shape (n, 2); a mirrored town gives the mirrored error."""
    scale = receiver.scale * float(rng.gamma(12.0, 1.0 / 12.0))
    total = np.zeros((len(elapsed_s), 2))
    for sigma, tau in _PARTS[receiver.kind]:
        total += scale * ornstein_uhlenbeck(elapsed_s, sigma, tau * rng.uniform(0.6, 1.6), rng)
    if receiver.kind == "under trees":
        total *= np.exp(0.5 * ornstein_uhlenbeck(elapsed_s, 1.0, 120.0, rng, columns=1))
    across = np.full(len(elapsed_s), receiver.offset_m + 0.25 * rng.standard_normal())
    if receiver.kind == "street canyon":
        across += _jumps(elapsed_s, rng)
    return total * np.array([hand, 1.0]) + hand * across[:, np.newaxis] * right


def _jumps(elapsed_s, rng):
    """Multipath: the position leaps across the street, stays there for a while, and leaps back."""
    ends = np.cumsum(rng.exponential(40.0, int(elapsed_s[-1] / 10.0) + 20))
    held = np.searchsorted(ends, elapsed_s)
    size = np.where(rng.random(len(ends) + 1) < 0.35, rng.laplace(0.0, 4.5, len(ends) + 1), 0.0)
    return np.convolve(np.pad(size[held], 2, mode="edge"), np.full(5, 0.2), mode="valid")


def recorded(receiver, xy, error, hand, rng):
    """Which positions are written, and where: a smart watch smooths them and leaves most of them out."""
    found = xy + error + 0.1 * rng.standard_normal(xy.shape) * np.array([hand, 1.0])
    keep = np.ones(len(xy), dtype=bool)
    if receiver.kind == "smart recording":
        lagged = np.empty_like(found)
        lagged[0] = found[0]
        for k in range(1, len(found)):
            lagged[k] = lagged[k - 1] + (found[k] - lagged[k - 1]) * 0.35
        found = lagged
        step = rng.integers(2, 8, len(xy))
        keep = np.isin(np.arange(len(xy)), np.r_[0, np.cumsum(step)])
    return found, keep


def accuracy(receiver, n, rng):
    """Radius that the receiver claims [m]: a phone says something, its watch nothing."""
    if receiver.kind != "phone":
        return np.full(n, np.nan)
    return 1.52 * 2.8 * receiver.scale * np.repeat(rng.gamma(8.0, 1.0 / 8.0, n // 20 + 1), 20)[:n]
