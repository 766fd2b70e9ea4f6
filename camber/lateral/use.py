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
from camber.lateral.state_prior import state_prior, transitions
from camber.lateral.switching import Observations, filter_forward
from camber.lateral.told_passes import with_claims
from camber.schema import UseLikelihood

if TYPE_CHECKING:
    from collections.abc import Iterable

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


class Hypothesised(NamedTuple):
    """A hypothesis on the use of places: its posterior mass, and shares of the nodes in it, shape (k,)."""

    mass: float
    share: FloatArray


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
    held = given.keep[np.minimum(first + 1, len(new) - 1), 2][:, np.newaxis] ** apart
    pairs = np.maximum(size[:, np.newaxis] - apart, 0.0)
    coefficient[:, :, 2] *= np.sqrt((size + 2.0 * (pairs * held).sum(axis=1)) / size**2)[:, np.newaxis]
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


def use_likelihood(region: str, looks: Looks, degrees_of_freedom: float) -> tuple[UseLikelihood, ...]:
    """Say how well each use of places explains a run; nothing where the run has no evidence."""
    if looks.claims is None and not np.isfinite(looks.observed.residual_m).any():
        return ()
    nodes, which = _computed()
    found = np.empty(len(nodes))
    blocks, places, shares, change, observed, claims = coarse(looks)

    def move(prior: FloatArray) -> FloatArray:
        return transitions(blocks, prior, change)

    for at, shift in enumerate(standards.use_nodes().shift[nodes]):
        prior = state_prior(places, shares, shift)
        given = observed._replace(prior=prior, transition=move(prior))
        told = with_claims(given, claims, move, once=True)
        found[at] = filter_forward(told, degrees_of_freedom).log_evidence
    found = np.round(found - found.max(), _DIGITS)
    return (UseLikelihood(region, tuple(found[which].tolist())),)


def use_posterior(
    own: tuple[UseLikelihood, ...], told: Learned | None, region: str, said: FloatArray | None = None
) -> FloatArray:
    """Posterior of the nodes, shape (k,), from what a run says, what it is told, and what the runner said.

    The last is a log-likelihood of the nodes, shape (3, 3, 3, 3). In other regions there may be other
    sidewalks: they are integrated over there.
    """
    weight = standards.use_nodes().weight
    log = np.log(weight)
    existence = np.log(weight.sum(axis=(0, 1, 2)))
    share = 1.0 if told is None else told.own_weight
    log = log if said is None else log + said
    others = [] if told is None else told.uses
    here = [(one, 1.0) for one in others if one.region == region] + [(one, share) for one in own]
    for one, part in here:
        log = log + part * np.reshape(one.log_likelihood, weight.shape)
    for one in others:
        if one.region != region:
            there = np.reshape(one.log_likelihood, weight.shape) + existence
            log = log + np.logaddexp.reduce(there, axis=-1, keepdims=True)
    posterior = np.exp(log - log.max()).ravel()
    return np.asarray(posterior / posterior.sum())


def hypothesise(posterior: FloatArray, count: int = _HYPOTHESES) -> tuple[Hypothesised, ...]:
    """Cut the nodes, in their order, into stretches of equal posterior mass; equal stretches are one.

    The order is that of the unknowns: facing traffic first, so that what a rank chooses is the same habit in
    every run.
    """
    end = np.minimum(np.cumsum(posterior), 1.0)
    begin = np.concatenate([[0.0], end[:-1]])
    found: list[Hypothesised] = []
    for k in range(count):
        low, high = k / count, (k + 1) / count
        mass = np.maximum(np.minimum(end, high) - np.maximum(begin, low), 0.0)
        share = mass / mass.sum()
        if found and np.abs(share - found[-1].share).max() < _ALIKE:
            found[-1] = Hypothesised(found[-1].mass + 1.0 / count, found[-1].share)
        else:
            found.append(Hypothesised(1.0 / count, share))
    return tuple(found)


def mixed_prior(places: Places, shares: StreetShares, share: FloatArray) -> FloatArray:
    """Prior of the states under a hypothesis: the mean over its nodes, shape (n, 6)."""
    shift = standards.use_nodes().shift
    rows: Iterable[int] = np.flatnonzero(share > 0.0).tolist()
    return np.asarray(sum(share[k] * state_prior(places, shares, shift[k]) for k in rows))


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
        weight = use_posterior((), learned, region).reshape(shape).sum(axis=others)
        share = part["share"].to_numpy()
        mean = float(weight @ share)
        row: dict[str, str | float] = {"use": unknown, "region": region, "share": mean}
        row["std"] = float(np.sqrt(max(weight @ share**2 - mean**2, 0.0)))
        row["before"] = float(part["weight"] @ share / part["weight"].sum())
        rows.append(row)
    return rows
