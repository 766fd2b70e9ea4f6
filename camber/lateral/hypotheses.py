"""What is not known about a run is integrated over: how noisy it was, and how the runner uses places.

A few hypotheses are filtered each on its own and weighed by how well they foretold the blocks; posterior
probabilities are mixtures over them, and every drawn history belongs to one of them.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, Final, NamedTuple
from zlib import crc32

import numpy as np

from camber.conventions import NO_WAY, RIGHT_EDGE
from camber.lateral.learning import SAME_RUNNER, SAME_STREET
from camber.lateral.noise import block_factors, fast_correlation
from camber.lateral.sampling import no_doubts, no_passes, rank_blocks, sample
from camber.lateral.smoothing import Backward, Smoothed, prepare_back, smooth
from camber.lateral.switching import (
    DEVICE,
    EAST,
    FAST,
    LATENT,
    MAP,
    NORTH,
    WIDTH,
    Filtered,
    Observations,
    filter_forward,
)
from camber.lateral.told_passes import folded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from camber.lateral.blocks import Blocks
    from camber.lateral.places import Places
    from camber.lateral.sampling import Doubts, Passes
    from camber.lateral.use import CommonErrors
    from camber.schema import LateralSettings
    from camber.standards import GnssClass

    FloatArray = NDArray[np.float64]

_MAP_LENGTH_M = 250.0
"""Distance over which a way's map error keeps its value [m] (judgement: lines are traced piecewise)."""

_CLASS_SHARE = 0.5
"""Share of the variance of half widths that is common to the roads of a place (judgement: the spreads of
``standards/width.csv`` are half of what separates the widths that map makers assume for a whole class)."""

_CLEARANCE_M = 0.3
"""How far from its edge one runner is used to run, against others [m] (judgement: half of the variance of
``edge_clearance`` in ``standards/lateral_offset.csv`` is between runners)."""

_WANDER_TAU_S = 30.0
"""Correlation time of the runner's place within a state [s] (judgement)."""

_JITTER_M = 0.2
"""Noise of a block's mean that is independent from block to block [m] (judgement: arm swing, rounding)."""

_LEAST_WEIGHT = 0.02
"""Hypotheses with less of the posterior than this are dropped (judgement: a hundredth of an interval)."""


_KEPT_BLOCKS: Final = 4000
"""Blocks up to which what was filtered is kept until it is drawn from (judgement: 13 hours; with the steps
back it is 8 kB for each block and hypothesis). Of longer runs it is worked out again, one after the other."""

_NUMBERS_AT_ONCE: Final = 4_000_000
"""Normal numbers of draws that are there at once (judgement: 32 MB; those of any run of half a day whole)."""


class Hypothesis(NamedTuple):
    """One way in which the run may have come about, with the blocks under it.

    Parameters
    ----------
    noise : GnssClass
        Errors of the receiver.
    use : int
        Number of the hypothesis on the runner's use of places, in their order.
    mass : float
        Its posterior mass, before this inference.
    prior : float
        Prior weight of the errors.
    observations : Observations
        The blocks.
    """

    noise: GnssClass
    use: int
    mass: float
    prior: float
    observations: Observations


class Part(NamedTuple):
    """A hypothesis with what follows from it; ``weight`` is that of the posterior.

    ``steps`` is what histories are drawn from, where it is kept.
    """

    noise: GnssClass
    use: int
    weight: float
    observations: Observations
    steps: tuple[Filtered, Backward] | None
    smoothed: Smoothed


class Posterior(NamedTuple):
    """What one inference leaves: the hypotheses that still count, and what they say together.

    Parameters
    ----------
    parts : tuple of Part
        Their weights sum to 1.
    states : Smoothed
        Probabilities, means and variances over all of them.
    degrees_of_freedom : float
        Of the blocks' Student-t tails.
    """

    parts: tuple[Part, ...]
    states: Smoothed
    degrees_of_freedom: float

    @property
    def noises(self) -> tuple[GnssClass, ...]:
        """Errors that the run did not rule out, in the order of the hypotheses."""
        return tuple(dict.fromkeys(part.noise for part in self.parts))

    @property
    def likeliest_noise(self) -> str:
        """Name of the class of errors with most of the posterior, a row of ``standards/gnss_error.csv``."""
        total: dict[str, float] = {}
        for part in self.parts:
            total[part.noise.name] = total.get(part.noise.name, 0.0) + part.weight
        return max(total, key=lambda name: total[name])


def observer(
    blocks: Blocks,
    places: Places,
    states: tuple[FloatArray, FloatArray],
    line: tuple[FloatArray, FloatArray],
    common: CommonErrors,
    settings: LateralSettings,
) -> Callable[[GnssClass], Observations]:
    """Give what puts the blocks into the form of the switching model, for any errors of the receiver.

    ``states`` are the prior of the states and the transitions between them, shapes (n, 6) and (n, 6, 6);
    ``line`` is the map's error, way frame: mean and standard deviation [m], shape (n,). What of
    the half width is the street's own joins the map's error: both belong to a way.
    """
    n, (prior, transition) = len(blocks.first), states
    alike = np.zeros((n, 6, LATENT))
    north, east = -np.sin(blocks.heading_rad)[:, np.newaxis], np.cos(blocks.heading_rad)[:, np.newaxis]
    # The runner's own place within a state wanders as slowly as the fast error: they share a latent part. How
    # far is judgement, so all states of a block get the same: scatter must not speak for the widest state.
    wander = (prior * places.spread_m**2).sum(axis=1) * block_factors(blocks.duration_s, _WANDER_TAU_S)
    drawn = np.where(places.direction < 0, -1.0, 1.0)
    edges = _edges_m(places)
    own = np.maximum(places.width_std_m**2 - edges**2, 0.0)
    alike[:, :, MAP] = drawn[:, np.newaxis] * np.sqrt(line[1][:, np.newaxis] ** 2 + own)
    # Both common errors in terms of two independent ones: the second has the part that the first has not.
    device, (x, y), root = settings.device_sigma_m, common.mean, common.root
    alike[:, :, DEVICE] = device * root[0, 0] + edges * root[1, 0]
    alike[:, :, WIDTH] = edges * root[1, 1]
    seconds = np.diff(blocks.time_s, prepend=blocks.time_s[0])
    metres = np.diff(blocks.distance_m, prepend=blocks.distance_m[0])
    same_way = np.r_[False, (np.diff(places.reference) == 0) & (places.reference[1:] >= 0)]
    kept = np.where(same_way, np.exp(-metres / _MAP_LENGTH_M), 0.0)
    residual = places.observed_m - places.place_m - (drawn * line[0] + device * x)[:, np.newaxis] - edges * y
    known = np.isfinite(places.observed_m)
    # A missing observation says nothing about any state of its block.
    residual[~(known | (places.way_id == NO_WAY)).all(axis=1)] = np.nan
    jitter = np.full((n, 6), _JITTER_M)

    def observe(noise: GnssClass) -> Observations:
        coefficient, slow = alike.copy(), np.hypot(noise.slow_sigma_m, settings.town_sigma_m)
        coefficient[:, :, EAST], coefficient[:, :, NORTH] = slow * east, slow * north
        fast = noise.fast_sigma_m * np.sqrt(block_factors(blocks.duration_s, noise.fast_tau_s))
        coefficient[:, :, FAST] = np.sqrt(fast**2 + wander)[:, np.newaxis]
        keep = np.ones((n, LATENT))
        keep[:, EAST] = keep[:, NORTH] = np.exp(-seconds / noise.slow_tau_s)
        keep[:, FAST], keep[:, MAP] = fast_correlation(blocks, noise), kept
        return Observations(residual, coefficient, jitter, np.clip(keep, 0.0, 0.9999), prior, transition)

    return observe


def _edges_m(places: Places) -> FloatArray:
    """Deviation of the edges' places that all runs have in common [m], outwards, shape (n, 6)."""
    half = np.sqrt(_CLASS_SHARE) * places.width_std_m[:, RIGHT_EDGE]
    edge = np.hypot(half, _CLEARANCE_M * (half > 0.0))
    zero = np.zeros(len(half))
    outwards = np.stack([-half, -edge, zero, edge, half, zero], axis=1)
    return np.where(places.width_std_m != 0.0, outwards, 0.0)


def weigh(given: Iterable[Hypothesis], degrees_of_freedom: float, noise_evidence: float) -> Posterior:
    """Filter the run under every hypothesis, weigh them, and smooth those that are left.

    The evidence for one size of the errors against another is taken to the power ``noise_evidence``; the
    masses of the uses of places are given. ``degrees_of_freedom`` are of the blocks' Student-t tails.
    """
    hypotheses, found = list(given), list[tuple[float, Filtered | None]]()
    for one in hypotheses:
        filtered = filter_forward(one.observations, degrees_of_freedom)
        found.append((filtered.log_evidence, filtered if _is_kept(one.observations) else None))
    evidence = np.array([log_evidence for log_evidence, _ in found])
    mass, prior = (np.array([getattr(one, name) for one in hypotheses]) for name in ("mass", "prior"))
    noises = np.array([one.noise.name for one in hypotheses])
    logs = np.log(mass) + np.log(prior)
    for noise in set(noises.tolist()):
        same = noises == noise
        logs[same] += noise_evidence * np.logaddexp.reduce(np.log(mass[same]) + evidence[same])
    weight = np.exp(logs - logs.max())
    weight = np.where(weight >= _LEAST_WEIGHT * weight.sum(), weight, 0.0)
    weight /= weight.sum()
    parts = tuple(
        _part(one, share, filtered or filter_forward(one.observations, degrees_of_freedom))
        for one, (_, filtered), share in zip(hypotheses, found, weight.tolist(), strict=True)
        if share > 0.0
    )
    return Posterior(parts, _mix(parts), degrees_of_freedom)


def _is_kept(given: Observations) -> bool:
    return len(given.prior) <= _KEPT_BLOCKS


def _part(given: Hypothesis, share: float, filtered: Filtered) -> Part:
    """Smooth what was filtered; what that has prepared, the draws use again."""
    seen = given.observations
    back = prepare_back(seen, filtered)
    smoothed = folded(smooth(seen, filtered, back))
    return Part(given.noise, given.use, share, seen, (filtered, back) if _is_kept(seen) else None, smoothed)


def _mix(parts: tuple[Part, ...]) -> Smoothed:
    """Mix what follows from the hypotheses."""

    def mixed(values: Iterable[FloatArray]) -> FloatArray:
        return np.asarray(sum(part.weight * value for part, value in zip(parts, values, strict=True)))

    mean = mixed(part.smoothed.mean for part in parts)
    square = mixed(part.smoothed.variance + part.smoothed.mean**2 for part in parts)
    probability = mixed(part.smoothed.probability for part in parts)
    return Smoothed(probability / probability.sum(axis=1, keepdims=True), mean, square - mean**2)


class Alike(NamedTuple):
    """Numbers that are the same in draw ``i`` of all runs of a runner, who is one.

    Parameters
    ----------
    use_rank : ndarray of float64, shape (draws,)
        Uniform ranks in [0, 1) of the use of places.
    common : ndarray of float64, shape (draws, 2)
        Standard normal numbers of the common errors.
    left_out : ndarray of float64, shape (draws,)
        Those of what the model leaves out of all runs, positive to the right of travel.
    """

    use_rank: FloatArray
    common: FloatArray
    left_out: FloatArray


def alike(seed: int, device: str, draws: int) -> Alike:
    """Draw what all runs of a seed share, spread evenly; a device has an offset of its own."""
    rng = np.random.default_rng([seed, draws])
    rank = (rng.permutation(draws) + rng.random(draws)) / draws
    keys = crc32(device.encode()), 1 << 32, 1 << 33
    numbers = [np.random.default_rng([seed, draws, key]) for key in keys]
    normal = NormalDist()
    of_device, of_width, left_out = np.array(
        [
            [normal.inv_cdf(value) for value in ((each.permutation(draws) + 0.5) / draws).tolist()]
            for each in numbers
        ]
    )
    return Alike(np.asarray(rank), np.stack([of_device, of_width], axis=1), left_out)


def draw_histories(
    posterior: Posterior,
    alike: Alike,
    rng: np.random.Generator,
    doubts: Doubts | None = None,
    passes: Passes | None = None,
) -> NDArray[np.int8]:
    """Draw whole histories of the states, each under one hypothesis, shape (draws, n).

    What is not shared by all runs comes from ``rng``. ``doubts`` are of states that may not exist; ``passes``
    are of ways in one direction: they err alike as far as two runs do in what they tell of the use of places.
    """
    use_rank = alike.use_rank
    order = sorted(posterior.parts, key=lambda part: part.use)
    uses, weights = (np.array([getattr(part, name) for part in order]) for name in ("use", "weight"))
    use_of = uses[_choose(np.cumsum(weights), use_rank)]
    n, draws = len(order[0].observations.prior), len(use_rank)
    noise_rank = rng.random(draws)
    own = rng.standard_normal((draws, n))
    uniform = rank_blocks(passes or no_passes(draws, n), own, alike.left_out, SAME_STREET, SAME_RUNNER)
    del own  # of a long run a tenth of its memory
    normal_of = _normals(rng, draws, n)
    doubts = doubts or no_doubts(draws, order[0].observations.prior.shape)
    chosen = np.empty(draws, dtype=np.int64)
    for use in np.unique(use_of):
        rows, mine = np.flatnonzero(uses == use), use_of == use
        chosen[mine] = rows[_choose(np.cumsum(weights[rows]) / weights[rows].sum(), noise_rank[mine])]
    state = np.empty((draws, n), dtype=np.int8)
    for number in np.unique(chosen):
        part = order[number]
        filtered, back = part.steps or _steps(part.observations, posterior.degrees_of_freedom)
        drawn = np.flatnonzero(chosen == number)
        for mine in np.array_split(drawn, -(-len(drawn) * n * LATENT // _NUMBERS_AT_ONCE)):
            normal = normal_of(mine)
            # What all runs have in common never changes, so it is drawn where a history begins, at its end.
            normal[:, -1, [DEVICE, WIDTH]] = alike.common[mine]
            ranked = doubts._replace(rank=doubts.rank[mine])
            state[mine] = sample(part.observations, filtered, back, uniform[mine], normal, ranked)
    return state


def _steps(given: Observations, degrees_of_freedom: float) -> tuple[Filtered, Backward]:
    """Work out again what histories are drawn from."""
    filtered = filter_forward(given, degrees_of_freedom)
    return filtered, prepare_back(given, filtered)


def _normals(rng: np.random.Generator, draws: int, n: int) -> Callable[[NDArray[np.int64]], FloatArray]:
    """Draw standard normal numbers, shape (draws, n, 6), and give those of some draws, such as are asked for.

    Of very many only where each draw begins is kept: they are drawn from there again.
    """
    if draws * n * LATENT <= _NUMBERS_AT_ONCE:
        whole = rng.standard_normal((draws, n, LATENT))
        return lambda rows: whole[rows]
    begins = []
    for _ in range(draws):
        begins.append(rng.bit_generator.state)
        rng.standard_normal((n, LATENT))
    again = np.random.Generator(type(rng.bit_generator)())

    def normal_of(rows: NDArray[np.int64]) -> FloatArray:
        found = np.empty((len(rows), n, LATENT))
        for place, row in enumerate(rows.tolist()):
            again.bit_generator.state = begins[row]
            again.standard_normal(out=found[place])
        return found

    return normal_of


def _choose(cumulative: FloatArray, rank: FloatArray) -> NDArray[np.int64]:
    """Position of each rank among cumulative weights that sum to 1."""
    return np.minimum(np.searchsorted(cumulative, rank, side="right"), len(cumulative) - 1)
