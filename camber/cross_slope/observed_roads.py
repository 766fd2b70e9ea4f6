"""Single roads of which something is known: their pattern, their slopes, and what they tell of all roads.

An observation multiplies the shares of the patterns by its likelihood and joins the slopes of the two halves,
with their sign, to those that the pattern leads one to expect; with a small probability it saw something else
and says nothing. Several meet in one mixture: of patterns, and of which of them were right. Everything is in
the way frame; the kernels turn it where a run passes.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Final, NamedTuple

import numba
import numpy as np

from camber.conventions import PROFILE_CODE, Profile
from camber.cross_slope.road_numbers import (
    USE_LEFT,
    USE_PROFILE,
    USE_RIGHT,
    USE_SLOPE,
    WHOLE_STREET,
    distribution,
    grades,
    road_normal,
)
from camber.kernels import compiled_once

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from camber.cross_slope.shared_unknowns import Shared, Unknowns
    from camber.schema import RoadObserved

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

CROWNED, PARABOLIC, PLANE_LEFT, PLANE_RIGHT, INVERTED, BANKED = range(6)
"""Patterns of a cross section; a banked bend is a plane, too."""

PATTERN_CODES: Final = tuple(
    PROFILE_CODE[profile]
    for profile in (
        *(Profile.CROWNED, Profile.PARABOLIC, Profile.ONE_WAY, Profile.ONE_WAY, Profile.INVERTED),
        Profile.BANKED,
    )
)
"""Profiles of the patterns of what was observed."""

SECTIONS: Final = 0.7
"""Correlation of sections along a way, in pattern and slope (judgement: what is patched is patched in parts,
what is built is built at once; as that of the ways of a street)."""

SLOPES_AT_ONCE: Final = 4
"""So many measured slopes of a stretch are held right or wrong one by one; of more, the best (judgement)."""

_SIGNS: Final = np.array([[-1, 1], [-1, 1], [-1, -1], [1, 1], [1, -1], [0, 0]])
"""Sign of the slope of the left and of the right half under each pattern; that of a bend depends on it."""

_LEAST: Final = 1e-12
"""Smallest likelihood of a pattern against the best one (judgement: nobody is that sure)."""

_SECTION: Final = np.uint64(0x8EBC6AF09C88C6E3)


class Spot(NamedTuple):
    """One surface of one way, what was observed of it and what the standards say of it, way frame."""

    way_id: int
    street_id: int
    attached: bool
    seen: tuple[int, ...]
    kind: int
    p_crowned: float
    p_parabolic: float
    p_one_way: float
    p_inverted: float
    one_way_profile: int
    low_side: int
    mean_pct: float
    std_pct: float
    mean_sd_pct: float
    p_banked: float
    banked_side: int
    banked_pct: float
    banked_std_pct: float

    def signs(self) -> IntArray:
        """Signs of both halves under each pattern, shape (6, 2)."""
        signs = _SIGNS.copy()
        signs[BANKED] = self.banked_side
        return signs

    def expected(self) -> tuple[FloatArray, FloatArray]:
        """Mean and spread of the slope under each pattern [%], shape (6,)."""
        mean, std = np.full(6, self.mean_pct), np.full(6, self.std_pct)
        mean[BANKED], std[BANKED] = self.banked_pct, self.banked_std_pct
        return mean, std

    def shares(self, crowned: FloatArray, inverted: FloatArray) -> FloatArray:
        """Shares of the patterns where those of crowned and inverted roads are given, shape (6, n)."""
        ridged = self.p_crowned + self.p_parabolic
        bowed = self.p_parabolic / ridged if ridged > 0.0 else 0.0
        plane = 1.0 - crowned - inverted
        left = 0.5 if self.low_side == 0 else float(self.low_side < 0)
        parts = [crowned * (1.0 - bowed), crowned * bowed, plane * left, plane * (1.0 - left), inverted]
        straight = (1.0 - self.p_banked) * np.maximum(parts, 0.0)
        return np.vstack([straight, np.full((1, len(crowned)), self.p_banked)])

    def usual_shares(self) -> FloatArray:
        """Shares of the patterns by the standards, shape (6,)."""
        ridged = np.array([self.p_crowned + self.p_parabolic])
        return np.asarray(self.shares(ridged, np.array([self.p_inverted]))[:, 0])


class Component(NamedTuple):
    """One pattern with some of the measurements right, of one spot.

    Without ``spread`` the slope is the pattern's own, truncated at zero. Else both halves are normal:
    ``halves`` holds their means without the shared part of the slope, ``spread`` their own spreads and
    ``common`` what one unit of the shared part adds; ``tied`` is +1 or -1 where the right half is the left
    one times that, and 0 where each is measured by itself.
    """

    weight: float
    pattern: int
    halves: tuple[float, float] = (0.0, 0.0)
    spread: tuple[float, float] = (0.0, 0.0)
    common: tuple[float, float] = (0.0, 0.0)
    tied: int = 0

    @property
    def free(self) -> bool:
        """Whether no measurement says how steep it is."""
        return self.spread[0] == 0.0


class Measured(NamedTuple):
    """Slopes that one observation measured: values and variances of left and right half; NaN without.

    Unsigned ones say how steep the halves are, whichever way they fall.
    """

    slope: FloatArray
    variance: FloatArray
    unsigned: bool = False

    def any(self) -> bool:
        """Whether there is one."""
        return bool(np.isfinite(self.slope).any())

    def under(self, signs: IntArray) -> FloatArray:
        """Slopes as they are if the halves fall as a pattern has them; shape as that of ``signs``."""
        return np.where(self.unsigned, signs * np.abs(self.slope), self.slope + 0.0 * signs)


def measured(one: RoadObserved) -> Measured:
    """Take the slopes out of an observation; a sidewalk has one, kept as that of its left half."""
    slope = np.array([one.left_pct, one.right_pct])
    variance = np.array([one.left_sd_pct, one.right_sd_pct]) ** 2
    known = np.isfinite(slope) & (variance > 0.0)
    if one.surface != "carriageway" and known.any():
        weight = np.where(known, 1.0 / np.where(known, variance, 1.0), 0.0)
        whole = float((weight * np.where(known, slope, 0.0)).sum() / weight.sum())
        return Measured(np.array([whole, np.nan]), np.array([1.0 / weight.sum(), np.nan]), one.unsigned)
    return Measured(np.where(known, slope, np.nan), np.where(known, variance, np.nan), one.unsigned)


def pattern_likelihoods(one: RoadObserved, spot: Spot) -> FloatArray:
    """Give the likelihood of an observation under each pattern, the best of them 1; shape (6,).

    Where it names none, from its slopes: under a pattern both halves have one slope that follows the
    standards, and each measurement errs about it.
    """
    named = (one.log_crowned, one.log_one_way_left, one.log_one_way_right, one.log_inverted)
    if not all(math.isnan(value) for value in named):
        crowned, left, right, inverted = (0.0 if math.isnan(value) else value for value in named)
        logs = np.array([crowned, crowned, left, right, inverted, left if spot.banked_side < 0 else right])
    else:
        seen = measured(one)
        known = np.isfinite(seen.slope)
        mean, std = spot.expected()
        signs = spot.signs()[:, known]
        away = seen.under(spot.signs())[:, known] - signs * mean[:, np.newaxis]
        weight = 1.0 / seen.variance[known]
        pull = std**2 * weight.sum()
        square = (away**2 * weight).sum(axis=1)
        square -= (away * signs * weight).sum(axis=1) ** 2 * std**2 / (1.0 + pull)
        logs = -0.5 * (square + np.log1p(pull))
    # Nothing is impossible: of two that are sure of opposites, something has to be left.
    return np.asarray(np.maximum(np.exp(logs - logs.max()), _LEAST))


def robust_likelihoods(one: RoadObserved, spot: Spot) -> tuple[FloatArray, float]:
    """Give likelihoods of an observation that is right, shape (6,), and that of any which saw something else.

    The other one is as likely as its patterns are on such a road, so that as much as ``p_wrong`` of what is
    believed stays as it was.
    """
    right = pattern_likelihoods(one, spot)
    return (1.0 - one.p_wrong) * right, one.p_wrong * float(spot.usual_shares() @ right)


def components(spot: Spot, roads: Sequence[RoadObserved]) -> list[Component]:
    """Set out what was observed of a spot as a mixture; weights are to be multiplied by the shares."""
    seen = [roads[number] for number in spot.seen]
    slopes = [measured(one) for one in seen]
    order = sorted(range(len(seen)), key=lambda i: np.nansum(1.0 / slopes[i].variance), reverse=True)
    tried = [i for i in order if slopes[i].any()][:SLOPES_AT_ONCE]
    weights = [robust_likelihoods(one, spot) for one in seen]
    mean, std = spot.expected()
    signs = spot.signs()
    found = []
    for rights in product((True, False), repeat=len(tried)):
        factor = np.ones(6)
        for i, (right, wrong) in enumerate(weights):
            if i in tried:
                factor = factor * (right if rights[tried.index(i)] else wrong)
            else:
                factor = factor * (right + wrong)
        used = [slopes[i] for i, is_right in zip(tried, rights, strict=True) if is_right]
        for pattern in range(6):
            if factor[pattern] > 0.0:
                shared = 0.0 if pattern == BANKED else spot.mean_sd_pct
                prior = mean[pattern], math.sqrt(max(std[pattern] ** 2 - shared**2, 0.0)), shared
                one = _component(float(factor[pattern]), pattern, used, prior, signs[pattern])
                found.append(one)
    # By pattern: roads of like rank are then alike, whatever was measured.
    return sorted(found, key=lambda one: one.pattern)


def _component(
    weight: float,
    pattern: int,
    used: Sequence[Measured],
    prior: tuple[float, float, float],
    signs: IntArray,
) -> Component:
    """Join measured slopes with what the pattern leads one to expect: mean, own spread and shared part."""
    mean, own, shared = prior
    own = max(own, 1e-6)
    information = sum((np.nan_to_num(1.0 / one.variance) for one in used), np.zeros(2))
    if not information.any():
        return Component(weight, pattern)
    value = sum((np.nan_to_num(one.under(signs) / one.variance) for one in used), np.zeros(2))
    precision = 1.0 / own**2 + information
    halves = (signs * mean / own**2 + value) / precision
    spread, common = 1.0 / np.sqrt(precision), signs * shared / own**2 / precision
    tied = 0
    if not information.all():
        # Of the other half nothing is known but that the pattern turns this one over, or does not.
        there = int(information[1] > 0.0)
        tied = int(signs[0] * signs[1])
        halves = np.where(np.arange(2) == there, halves, tied * halves[there])
        spread = np.full(2, spread[there])
        common = np.where(np.arange(2) == there, common, tied * common[there])
    return Component(weight, pattern, _pair(halves), _pair(spread), _pair(common), tied)


def _pair(values: FloatArray) -> tuple[float, float]:
    return float(values[0]), float(values[1])


# -- Drawn ----------------------------------------------------------------------------------------------


class SpotDraws(NamedTuple):
    """Halves of each spot in each draw, way frame, and the mixture that they were drawn from.

    Parameters
    ----------
    left_pct, right_pct : ndarray of float64, shape (n_draws, n_spots)
        Slopes of the left and of the right half [%], positive where they fall to the right of the drawing.
    pattern : ndarray of int64, shape (n_draws, n_spots)
        Pattern of the cross section.
    parts : ndarray of void, shape (n_components,)
        The components of all spots as `PART`.
    share : ndarray of float64, shape (n_spots, 6)
        Probability of each pattern.
    """

    left_pct: FloatArray
    right_pct: FloatArray
    pattern: IntArray
    parts: NDArray[np.void]
    share: FloatArray


PART: Final = np.dtype(
    [
        *((name, np.int64) for name in ("spot", "pattern", "free", "tied", "left_sign", "right_sign")),
        *((name, np.float64) for name in ("weight", "mean_pct", "std_pct", "left_pct", "right_pct")),
        *((name, np.float64) for name in ("left_own", "right_own", "left_common", "right_common")),
    ]
)
"""A component as the kernels read it: its weight, and the slope of each half over the shared part."""


NO_SPOTS: Final = SpotDraws(
    np.empty((0, 0)),
    np.empty((0, 0)),
    np.empty((0, 0), dtype=np.int64),
    np.empty(0, dtype=PART),
    np.empty((0, 6)),
)
"""Of nothing that was observed."""


def draw_spots(
    spots: Sequence[Spot],
    roads: Sequence[RoadObserved],
    shared: Shared,
    unknowns: Unknowns,
    correlation: float,
    seed: int,
) -> SpotDraws:
    """Draw what lies under each spot: the same in every run that passes it."""
    draws = len(shared.slope)
    left, right = np.empty((2, draws, len(spots)))
    pattern = np.empty((draws, len(spots)), dtype=np.int64)
    parts, share = [], np.zeros((len(spots), 6))
    for number, spot in enumerate(spots):
        found = components(spot, roads)
        weight = _weights(found, spot, shared)
        numbers = _RoadNumbers(spot, int(roads[spot.seen[0]].from_m), correlation, seed, draws)
        slope = shared.slope[:, spot.kind] if spot.kind >= 0 else np.zeros(draws)
        chosen = (np.cumsum(weight, axis=0) < numbers.rank() * weight.sum(axis=0)).sum(axis=0)
        chosen = np.minimum(chosen, len(found) - 1)
        for which in np.unique(chosen).tolist():
            at = np.flatnonzero(chosen == which)
            left[at, number], right[at, number] = _halves(found[which], spot, numbers, slope, at)
        pattern[:, number] = np.array([one.pattern for one in found])[chosen]
        mean = weight.mean(axis=1)
        share[number] = np.bincount([one.pattern for one in found], mean, minlength=6)
        at_mean = (unknowns.slope[spot.kind], unknowns.slope_std[spot.kind]) if spot.kind >= 0 else (0.0, 0.0)
        parts += [_part(number, spot, *each, *at_mean) for each in zip(found, mean.tolist(), strict=True)]
    return SpotDraws(left, right, pattern, np.array(parts, dtype=PART), share)


def _weights(found: Sequence[Component], spot: Spot, shared: Shared) -> FloatArray:
    """Weights of the components in each draw, whose own shares of crowned and inverted roads hold."""
    if spot.kind >= 0:
        share = spot.shares(shared.crowned[:, spot.kind], shared.inverted[:, spot.kind])
    else:
        share = np.repeat(spot.usual_shares()[:, np.newaxis], len(shared.slope), axis=1)
    pattern = [one.pattern for one in found]
    weight = share[pattern] * np.array([one.weight for one in found])[:, np.newaxis]
    return np.asarray(weight / weight.sum(axis=0))


class _RoadNumbers:
    """Normal numbers of a spot: partly of its street, partly of its way, partly of the section alone."""

    def __init__(self, spot: Spot, section_m: int, correlation: float, seed: int, draws: int) -> None:
        own = 2 * (spot.way_id + 1) + spot.attached
        self._keys = own, 2 * (spot.street_id + 1) + spot.attached, section_m
        self._correlation, self._seed, self._draws = correlation, seed % 2**64, draws

    def rank(self) -> FloatArray:
        """Rank of the spot among all mixtures, shape (n_draws,)."""
        return np.array([distribution(z) for z in self.of(USE_PROFILE).tolist()])

    def of(self, use: int, *, whole: bool = False) -> FloatArray:
        """Numbers of one use, shape (n_draws,); of the ``whole`` way, or of the section."""
        way, street, section = self._keys
        common = math.sqrt(self._correlation) * self._normals(WHOLE_STREET, street, use)
        common = common + math.sqrt(1.0 - self._correlation) * self._normals(np.uint64(0), way, use)
        if whole:
            return np.asarray(common)
        alone = self._normals(_SECTION, (way << 20) ^ section, use)
        return np.asarray(math.sqrt(SECTIONS) * common + math.sqrt(1.0 - SECTIONS) * alone)

    def _normals(self, turn: np.uint64, key: int, use: int) -> FloatArray:
        return _normals(self._seed ^ int(turn), key, self._draws, use)


@lru_cache(maxsize=4096)
def _normals(seed: int, key: int, draws: int, use: int) -> FloatArray:
    return _all_normals(np.uint64(seed), np.uint64(key % 2**64), draws, use)


@compiled_once
@numba.njit(cache=True)
def _all_normals(seed: np.uint64, key: np.uint64, draws: int, use: int) -> FloatArray:
    normals = np.empty(draws)
    for d in range(draws):
        normals[d] = road_normal(seed, key, d, draws, use)
    return normals


def _halves(
    one: Component, spot: Spot, numbers: _RoadNumbers, slope: FloatArray, at: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Slopes of both halves in some draws [%]; ``slope`` is the shared part in all of them."""
    if one.free:
        mean, std = spot.expected()
        normal, sign = numbers.of(USE_SLOPE, whole=True)[at], spot.signs()[one.pattern]
        if one.pattern != BANKED and spot.std_pct > 0.0:
            common = min(spot.mean_sd_pct / spot.std_pct, 1.0)
            normal = common * slope[at] + math.sqrt(1.0 - common**2) * normal
        steep = grades(float(mean[one.pattern]), float(std[one.pattern]), normal)
        return sign[0] * steep, sign[1] * steep
    left, right = (
        one.halves[half] + one.common[half] * slope[at] + one.spread[half] * numbers.of(use)[at]
        for half, use in enumerate((USE_LEFT, USE_RIGHT))
    )
    return left, one.tied * left if one.tied else right


def _part(
    number: int, spot: Spot, one: Component, weight: float, at: float, spread: float
) -> tuple[float, ...]:
    """Write a component for the kernels; the shared part of the slope is ``at``, give or take ``spread``."""
    mean, std = spot.expected()
    signs = spot.signs()[one.pattern]
    shared = 0.0 if one.pattern == BANKED else spot.mean_sd_pct
    wide = std[one.pattern] ** 2 - (1.0 - spread**2) * shared**2
    return (
        *(number, one.pattern, int(one.free), one.tied, int(signs[0]), int(signs[1])),
        *(weight, float(mean[one.pattern]) + at * shared, math.sqrt(max(wide, 0.0))),
        *(one.halves[half] + one.common[half] * at for half in range(2)),
        *one.spread,
        *(one.common[half] * spread for half in range(2)),
    )
