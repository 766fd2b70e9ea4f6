"""How this runner uses sidewalk, edge and middle, and which side: a season tells what no run does.

They are nodes (`camber.standards.use_nodes`). A run says how well each explains its blocks; what the runs say
is added, less where they are passes of the same streets (`camber.lateral.learning`); a run is then inferred
under a few hypotheses of equal mass, each a stretch of the nodes in their order (camber/standards/model.md,
The side).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from camber import standards
from camber.lateral.state_prior import mover, state_priors
from camber.lateral.switching import DEVICE, FAST, WIDTH, Filtered, Observations, filter_forward
from camber.lateral.told_passes import with_claims
from camber.schema import UseLikelihood

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.lateral.blocks import Blocks
    from camber.lateral.places import Places
    from camber.lateral.state_prior import StreetShares
    from camber.lateral.told_passes import Claims
    from camber.schema import Learned

    FloatArray = NDArray[np.float64]

_HYPOTHESES: Final = 4
"""Hypotheses of equal mass under which a run is inferred (judgement: their cost against what they show)."""

_DIGITS: Final = 3
"""Digits of a log-likelihood that are kept (judgement: a thousandth of a nat changes nothing)."""


_TOGETHER: Final = 3
"""Most blocks that the nodes take together (judgement: 36 s, about 100 m)."""

_ALIKE: Final = 0.02
"""Stretches whose nodes differ by less than this are one (judgement: a hundredth of an interval)."""


_GRID: Final = np.linspace(-3.0, 3.0, 13)
"""Values of a common error that are looked at, in its prior deviations (judgement: half of one apart is finer
than what a season tells)."""

_PAIRS: Final = np.stack(np.meshgrid(_GRID, _GRID, indexing="ij")).reshape(2, -1)
"""All pairs of them, shape (2, m): the device's offset and the error of the edges."""

_PRODUCTS: Final = np.einsum("im,jm->mij", _PAIRS, _PAIRS).reshape(-1, 4)
"""Products of both errors of each pair, shape (m, 4)."""

_KNOWN: Final = 0.4
"""However many runs there are, a common error is known no better than to this share of its prior deviation
(judgement: 0.2 m; how a watch is worn and how a runner feels differ from run to run)."""

_TAGGED: Final = 0.5
"""Share of the streets with sidewalks whose sidewalks are tagged, for the order of the nodes alone
(judgement)."""


class CommonErrors(NamedTuple):
    """Two errors that all runs have in common: of the device, and of the places at the edges.

    Parameters
    ----------
    mean : ndarray of float64, shape (2,)
        Their means, in prior standard deviations.
    root : ndarray of float64, shape (2, 2)
        Lower Cholesky factor of their covariance.
    """

    mean: FloatArray
    root: FloatArray


class Hypothesised(NamedTuple):
    """A hypothesis on the use of places: its posterior mass, shares of the nodes in it, and common errors.

    Parameters
    ----------
    mass : float
        Its posterior mass.
    share : ndarray of float64, shape (k,)
        Shares of the nodes in it.
    common : CommonErrors
        What the other runs say of the common errors under these nodes.
    """

    mass: float
    share: FloatArray
    common: CommonErrors


class UsePosterior(NamedTuple):
    """What is known of the use of places, and of the common errors by what other runs say.

    Parameters
    ----------
    share : ndarray of float64, shape (k,)
        Posterior of the nodes.
    mean : ndarray of float64, shape (k, 2)
        Common errors under each node, this run apart, in prior standard deviations.
    square : ndarray of float64, shape (k, 2, 2)
        Means of their products.
    """

    share: FloatArray
    mean: FloatArray
    square: FloatArray


@cache
def _computed() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Nodes whose likelihood is computed, and for each node the number of the one that stands for it.

    Where nobody takes a sidewalk it does not matter how many there are, and what those do in the middle who
    nearly always take one is hardly seen.
    """
    weight = standards.use_nodes().weight
    number = np.arange(weight.size).reshape(weight.shape)
    stands = number.copy()
    stands[:, 0] = number[:, 0, :, 1:2]
    stands[:, -1] = number[:, -1, 1:2]
    nodes, which = np.unique(stands.ravel(), return_inverse=True)
    return nodes, which.astype(np.int64)


class Looks(NamedTuple):
    """Blocks of a run as the nodes see them; shape (n,) throughout but for the places and what is observed.

    Neighbouring blocks of one way are taken together: whether a runner uses sidewalks does not hang on 12 s.
    """

    blocks: Blocks
    places: Places
    shares: StreetShares
    change: FloatArray
    observed: Observations
    claims: Claims | None = None


def coarse(looks: Looks) -> Looks:
    """Take up to three blocks of one way and direction together: their means, and the errors of those.

    A mean of m blocks whose fast parts have correlation r from one to the next has the variance of one times
    (m + 2 sum of (m - j) r^j) / m^2.
    """
    blocks, places, given = looks.blocks, looks.places, looks.observed
    known = np.isfinite(given.residual_m).all(axis=1)
    told = np.zeros((len(given.keep), 0)) if looks.claims is None else looks.claims.answer
    way = blocks.section, blocks.way_id, blocks.travel_direction
    keys = np.column_stack([*way, places.way_id, known, told])
    new = np.r_[True, (keys[1:] != keys[:-1]).any(axis=1)]
    start = np.flatnonzero(new)
    place = np.arange(len(new)) - start[np.cumsum(new) - 1]
    first = np.flatnonzero(place % _TOGETHER == 0)
    size = np.diff(np.append(first, len(new)))
    total = np.add.reduceat
    residual = total(given.residual_m, first) / size[:, np.newaxis]
    coefficient = total(given.coefficient, first) / size[:, np.newaxis, np.newaxis]
    apart = np.arange(1, _TOGETHER)
    held = given.keep[np.minimum(first + 1, len(new) - 1), FAST][:, np.newaxis] ** apart
    pairs = np.maximum(size[:, np.newaxis] - apart, 0.0)
    coefficient[:, :, FAST] *= np.sqrt((size + 2.0 * (pairs * held).sum(axis=1)) / size**2)[:, np.newaxis]
    keep = np.multiply.reduceat(given.keep, first)
    change = 1.0 - np.multiply.reduceat(1.0 - looks.change, first)
    noise = given.noise_m[first] / np.sqrt(size)[:, np.newaxis]
    return Looks(
        blocks._replace(
            section=blocks.section[first],
            way_id=blocks.way_id[first],
            travel_direction=blocks.travel_direction[first],
        ),
        places._replace(way_id=places.way_id[first]),
        looks.shares.at(first),
        change,
        Observations(residual, coefficient, noise, keep, given.prior[first], given.transition[first]),
        None if looks.claims is None else looks.claims.at(first),
    )


def use_likelihood(
    place: tuple[str, str], looks: Looks, degrees_of_freedom: float
) -> tuple[UseLikelihood, ...]:
    """Say how well each use of places explains a run, ``place`` being its region and device.

    Nothing where the run has no evidence. The filter ends with what it knows of the common errors under each
    node: divided by their prior, a normal likelihood of them, beside the node's own.
    """
    if looks.claims is None and not np.isfinite(looks.observed.residual_m).any():
        return ()
    nodes, which = _computed()
    blocks, places, shares, change, observed, claims = coarse(looks)
    move, ended = mover(blocks, change), []
    for prior in state_priors(places, shares, standards.use_nodes().shift[nodes]):
        given = observed._replace(prior=prior, transition=move(prior))
        told = with_claims(given, claims, move, once=True)
        ended.append(_end(filter_forward(told, degrees_of_freedom)))
    without, common = _of_common(ended)
    found = np.array([one.log_evidence for one in ended]) + without
    found = np.round(found - found.max(), _DIGITS)
    rows = tuple(tuple(row) for row in np.round(common, _DIGITS)[:, which].tolist())
    return (UseLikelihood(place[0], tuple(found[which].tolist()), place[1], rows),)


def _end(found: Filtered) -> Filtered:
    """Keep the last block alone: all blocks under all nodes are memory by the megabyte."""
    weight, mean, covariance = (values[-1:].copy() for values in found[:3])
    return Filtered(weight, mean, covariance, found.log_evidence)


def _of_common(ended: list[Filtered]) -> tuple[FloatArray, FloatArray]:
    """Say what a run tells of the common errors under each of m nodes, from where their filters ended.

    The log-likelihood of none against all there may be, shape (m,), and the five numbers, shape (5, m).
    """
    parts = slice(DEVICE, WIDTH + 1)
    weight = np.array([one.weight[-1] for one in ended])
    means = np.array([one.mean[-1, :, parts] for one in ended])
    mean = np.einsum("ms,msi->mi", weight, means)
    away = means - mean[:, np.newaxis]
    covariance = np.einsum("ms,msij->mij", weight, [one.covariance[-1, :, parts, parts] for one in ended])
    covariance += np.einsum("ms,msi,msj->mij", weight, away, away)
    variance, axes = np.linalg.eigh(covariance)
    variance = np.clip(variance, 1e-6, 1.0)
    along = np.einsum("mji,mj->mi", axes, mean)
    without = -0.5 * (np.log(variance) + along**2 / variance).sum(axis=1)
    a, b = np.einsum("mik,mk->im", axes, along / variance)
    (c, d), (_, e) = np.einsum("mik,mk,mjk->ijm", axes, 1.0 / variance - 1.0, axes)
    return np.asarray(without), np.stack([a, b, c, d, e])


def use_posterior(
    own: tuple[UseLikelihood, ...],
    told: Learned | None,
    place: tuple[str, str],
    said: FloatArray | None = None,
) -> UsePosterior:
    """Posterior of the nodes from what a run says, what it is told, and what the runner said.

    ``place`` is the run's region and device. What the runner said is a log-likelihood of the nodes, shape
    (3, 3, 3, 3). In other regions there may be other sidewalks, and other devices have offsets of their own:
    they are integrated over there.
    """
    weight, size = standards.use_nodes().weight, len(_GRID)
    normal = _normed(-0.5 * _GRID**2)
    prior = np.log(np.outer(normal, normal).ravel())
    existence = np.log(weight.sum(axis=(0, 1, 2)))[:, np.newaxis]
    log = np.log(weight)[..., np.newaxis] + prior
    log = log if said is None else log + said[..., np.newaxis]
    for one in () if told is None else told.uses:
        there = _log_at(one)
        if one.region != place[0]:
            there = np.logaddexp.reduce(there + existence, axis=3, keepdims=True)
        if one.device != place[1]:
            apart = there.reshape(*there.shape[:4], size, size) + np.log(normal)[:, np.newaxis]
            there = np.tile(np.logaddexp.reduce(apart, axis=4), size)
        log = log + there
    others = log.reshape(weight.size, -1)
    known = _normed(others)
    for one in own:
        log = log + (1.0 if told is None else told.own_weight) * _log_at(one)
    joint = log.reshape(weight.size, -1)
    share = np.exp(joint - joint.max()).sum(axis=1)
    square = (known @ _PRODUCTS).reshape(-1, 2, 2)
    return UsePosterior(share / share.sum(), known @ _PAIRS.T, square)


def _log_at(one: UseLikelihood) -> FloatArray:
    """Log-likelihood of each node and pair of common errors, shape (3, 3, 3, 3, m)."""
    shape = standards.use_nodes().weight.shape
    log = np.array(one.log_likelihood)[:, np.newaxis] + np.zeros(_PAIRS.shape[1])
    if one.common:
        x, y = _PAIRS
        log += np.transpose(one.common) @ np.stack([x, y, -0.5 * x * x, -x * y, -0.5 * y * y])
    return log.reshape(*shape, -1)


def _normed(log: FloatArray) -> FloatArray:
    """Weights that sum to 1 along the last axis."""
    weight = np.exp(log - log.max(axis=-1, keepdims=True))
    return np.asarray(weight / weight.sum(axis=-1, keepdims=True))


@cache
def _order() -> NDArray[np.int64]:
    """Nodes from those under which the leg towards traffic is high to those under which it is low.

    It is low at the edge, on a sidewalk the other one is: the share of either, times how much facing traffic
    outweighs following it.
    """
    rows = standards.table("place_use")
    facing, walk, middle, exist = np.meshgrid(
        *(rows.loc[rows["unknown"] == one, "share"] for one in dict.fromkeys(rows["unknown"])), indexing="ij"
    )
    walk = walk * (_TAGGED + (1.0 - _TAGGED) * exist)
    lean = (2.0 * facing - 1.0) * ((1.0 - walk) * (1.0 - middle) - walk)
    return np.argsort(lean.ravel(), kind="stable")


def hypothesise(posterior: UsePosterior, count: int = _HYPOTHESES) -> tuple[Hypothesised, ...]:
    """Cut the nodes, in their order, into stretches of equal posterior mass; equal stretches are one.

    The order is that of the low leg they lead to, so that what all runs share of it is between stretches: a
    rank chooses the same in every run.
    """
    order = _order()
    end = np.minimum(np.cumsum(posterior.share[order]), 1.0)
    begin = np.concatenate([[0.0], end[:-1]])
    found: list[tuple[float, FloatArray]] = []
    for k in range(count):
        low, high = k / count, (k + 1) / count
        mass = np.maximum(np.minimum(end, high) - np.maximum(begin, low), 0.0)
        share = np.empty(len(mass))
        share[order] = mass / mass.sum()
        if found and np.abs(share - found[-1][1]).max() < _ALIKE:
            found[-1] = found[-1][0] + 1.0 / count, found[-1][1]
        else:
            found.append((1.0 / count, share))
    return tuple(Hypothesised(mass, share, _common(posterior, share)) for mass, share in found)


def _common(posterior: UsePosterior, share: FloatArray) -> CommonErrors:
    """Give the common errors over the nodes of a stretch."""
    mean = share @ posterior.mean
    covariance = np.tensordot(share, posterior.square, 1) - np.outer(mean, mean)
    both = np.arange(2)
    covariance[both, both] = np.maximum(covariance[both, both], _KNOWN**2)
    return CommonErrors(np.asarray(mean), np.asarray(np.linalg.cholesky(covariance), dtype=np.float64))


def mixed_prior(places: Places, shares: StreetShares, share: FloatArray) -> FloatArray:
    """Prior of the states under a hypothesis: the mean over its nodes, shape (n, 6)."""
    rows = np.flatnonzero(share > 0.0)
    priors = state_priors(places, shares, standards.use_nodes().shift[rows])
    return np.asarray(np.tensordot(share[rows], priors, 1))


def learned_shares(learned: Learned) -> list[dict[str, str | float]]:
    """Tell what was learned of each unknown, a row each: its share of those of whom it is asked, and before.

    Existence of sidewalks that no tag tells of has a row for each region.
    """
    table = standards.table("place_use")
    unknowns = list(dict.fromkeys(table["unknown"]))
    asked = [(unknown, "") for unknown in unknowns[:-1] if learned.uses]
    asked += [(unknowns[-1], use.region) for use in learned.uses]
    shape, rows = standards.use_nodes().weight.shape, []
    for unknown, region in asked:
        axis, part = unknowns.index(unknown), table[table["unknown"] == unknown]
        others = tuple(k for k in range(len(shape)) if k != axis)
        posterior = use_posterior((), learned, (region, "")).share
        weight = posterior.reshape(shape).sum(axis=others)
        share = part["share"].to_numpy()
        mean = float(weight @ share)
        row: dict[str, str | float] = {"use": unknown, "region": region, "share": mean}
        row["std"] = float(np.sqrt(max(weight @ share**2 - mean**2, 0.0)))
        row["before"] = float(part["weight"] @ share / part["weight"].sum())
        rows.append(row)
    return rows
