"""The true surface of each way: profile, slope, width, drawn from the standards once and for all.

A way has the same surface in every run of one world: its draws come from a generator keyed by the world's
seed and the way. Streets are built as a whole while the map cuts them at every change of a tag, so the ways
of one street share a part of their draws. Slopes and widths are normal distributions cut off below, since a
negative slope would flip the leg (science.md 1.3). What has no side of its own (which way a one-way
crossfall tilts) is drawn relative to the side of traffic, so that a mirrored world is the mirror image.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import shapely

from camber import cross_section, standards
from camber.conventions import Profile, TrafficSide
from camber.simulate.keyed import Stream, keyed_generator

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.schema import Ways

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

PROFILE_CODE: Final = {profile: code for code, profile in enumerate(Profile)}
"""Number of each profile in `camber.cross_section`."""

_SLOPE, _PROFILE, _SIDE, _WIDTH, _WALK, _NEAR, _FAR, _BANKED, _BANK, _SHOULDER, _UNMAPPED = range(11)
"""Uses of the ranks of a way."""

_SHARED: Final = (_SLOPE, _PROFILE, _SIDE, _WALK, _BANKED, _BANK, _SHOULDER, _UNMAPPED)
"""Those in which the ways of a street are alike."""

STREET_CORRELATION: Final = 0.7
"""Correlation of the normal numbers of the ways of one street (judgement: ``standards/surface.csv``)."""

_LEAST_WIDTH: Final = 0.5
_WALK_IN_M: Final = 0.4
"""A sidewalk lies at most this much closer to the road than expected [m]: it still has 0.5 m inside
(judgement)."""


def draw_surfaces(
    ways: Ways,
    seed: int,
    *,
    drawn_alike: IntArray | None = None,
    street_correlation: float = STREET_CORRELATION,
) -> pd.DataFrame:
    """Draw the true surface of each way.

    Parameters
    ----------
    ways : Ways
        The ways.
    seed : int
        Seed of the world.
    drawn_alike : ndarray of int64, shape (n_ways,), optional
        +1 where a way is drawn as its street runs, -1 where against it; +1 everywhere if not given.
    street_correlation : float
        Correlation of profile, slope and low side between the ways of one street, 0 to 1.

    Returns
    -------
    DataFrame
        Index ``way_id``; ``kind`` and ``is_road`` of the standards; ``profile`` (code, see `PROFILE_CODE`);
        ``slope_pct`` and ``sidewalk_slope_pct`` [%, positive]; ``half_width_m`` [m], at least half of the
        expected one (judgement); ``low_side``, way frame: +1 where a surface that tilts one way falls to the
        right of the drawn direction, -1 to the left; ``walk_shift_left_m`` and ``walk_shift_right_m``: how
        much further out [m] than expected an attached sidewalk lies (its verge and width are not mapped);
        ``banked_rank`` (its tight bends are banked where the probability of that exceeds it) and
        ``banked_z`` (by how many standard deviations those are steeper than expected);
        ``shoulder_slope_pct``; ``parabolic_share`` is used up in ``profile``; ``unmapped_left`` and
        ``unmapped_right``: whether an untagged street of a town has a sidewalk there.
    """
    assumed = standards.assume(ways)
    rank = _ranks(ways, seed, street_correlation)
    expected_m, spread_m, _ = cross_section.half_width(
        ways["width_m"].to_numpy(float),
        ways["lanes"].to_numpy(float),
        assumed["lane_m"].to_numpy(float),
        assumed["default_total_m"].to_numpy(float),
        assumed["width_std_m"].to_numpy(float),
    )
    tagged_pct = ways["incline_across_pct"].to_numpy(float)
    slope_pct = truncated_normal(
        assumed["slope_mean_pct"].to_numpy(float),
        assumed["slope_std_pct"].to_numpy(float),
        0.0,
        rank[:, _SLOPE],
    )
    alike = np.ones(len(ways), dtype=np.int64) if drawn_alike is None else drawn_alike
    profile, low_side = _profile(ways, assumed, rank[:, _PROFILE], rank[:, _SIDE], alike)
    place = cross_section.OffsetAssumptions()
    nearest = np.zeros(len(ways))
    walk_spread = np.full(len(ways), np.hypot(place.verge_std_m, place.sidewalk_std_m / 2.0))
    near_m, far_m = (truncated_normal(nearest, walk_spread, -_WALK_IN_M, rank[:, k]) for k in (_NEAR, _FAR))
    drives_right = np.asarray(ways["traffic_side"] == TrafficSide.RIGHT)
    return pd.DataFrame(
        {
            "kind": assumed["kind"],
            "is_road": assumed["is_road"],
            "profile": profile,
            "slope_pct": np.where(np.isnan(tagged_pct), slope_pct, np.abs(tagged_pct)),
            "low_side": low_side,
            "half_width_m": truncated_normal(
                expected_m, spread_m, _LEAST_WIDTH * expected_m, rank[:, _WIDTH]
            ),
            "sidewalk_slope_pct": truncated_normal(
                assumed["sidewalk_slope_mean_pct"].to_numpy(float),
                assumed["sidewalk_slope_std_pct"].to_numpy(float),
                0.0,
                rank[:, _WALK],
            ),
            "shoulder_slope_pct": truncated_normal(
                assumed["shoulder_slope_mean_pct"].to_numpy(float),
                assumed["shoulder_slope_std_pct"].to_numpy(float),
                0.0,
                rank[:, _SHOULDER],
            ),
            "banked_rank": rank[:, _BANKED],
            "banked_z": [NormalDist().inv_cdf(u) for u in np.clip(rank[:, _BANK], 1e-12, 1.0 - 1e-12)],
            "walk_shift_left_m": np.where(drives_right, far_m, near_m),
            "walk_shift_right_m": np.where(drives_right, near_m, far_m),
            "unmapped_left": _unmapped(ways, "left", rank[:, _UNMAPPED]),
            "unmapped_right": _unmapped(ways, "right", rank[:, _UNMAPPED]),
        },
        index=ways.index,
    )


def _ranks(ways: Ways, seed: int, correlation: float) -> FloatArray:
    """Uniform ranks of each way, joined within streets by a Gaussian copula; shape (n_ways, 11)."""
    own, street = (
        np.array([keyed_generator(seed, key, stream).random(_UNMAPPED + 1) for key in keys.tolist()])
        for keys, stream in (
            (ways.index.to_numpy(), Stream.SURFACE),
            (ways["street_id"].to_numpy(), Stream.STREET),
        )
    )
    rank = own.reshape(-1, _UNMAPPED + 1)
    if correlation == 0.0:
        return rank
    normal = NormalDist()
    parts = math.sqrt(correlation), math.sqrt(1.0 - correlation)
    for use in _SHARED:
        pairs = zip(street[:, use].tolist(), rank[:, use].tolist(), strict=True)
        joined = [
            parts[0] * normal.inv_cdf(max(whole, 1e-12)) + parts[1] * normal.inv_cdf(max(single, 1e-12))
            for whole, single in pairs
        ]
        rank[:, use] = [normal.cdf(z) for z in joined]
    return rank


def _unmapped(ways: Ways, side: str, rank: FloatArray) -> NDArray[np.bool_]:
    """Draw which untagged streets of towns have sidewalks.

    So many that the standards' share of runners, of whom most take a sidewalk where there is one, is on them.
    """
    context = standards.prior_context(ways)
    used = standards.mapped_sidewalk_share()
    untagged = ways["built_up"] & (ways[f"sidewalk_{side}"] == "")
    open_to_doubt = context["context"].str.endswith("_untagged") & untagged
    return np.asarray(open_to_doubt & (rank < context["p_sidewalk"].to_numpy(float) / used))


def truncated_normal(
    mean: FloatArray, std: FloatArray, least: FloatArray | float, rank: FloatArray
) -> FloatArray:
    """Turn uniform ranks into draws from normal distributions cut off below.

    Inverse of the distribution function: z = Phi^-1(p + (1 - p) u) with p = Phi((least - mean) / std).

    Parameters
    ----------
    mean, std : ndarray of float64, shape (n,)
        Of the distribution before it is cut; a standard deviation of zero gives the mean.
    least : ndarray of float64, shape (n,), or float
        Lower end; no draw lies below it.
    rank : ndarray of float64, shape (n,)
        Uniform in [0, 1).

    Returns
    -------
    ndarray of float64, shape (n,)
        Draws, in the unit of the mean; NaN where the mean or the standard deviation is missing.
    """
    normal = NormalDist()
    result = np.empty(len(mean))
    columns = (mean, std, np.broadcast_to(least, result.shape), rank)
    for row, (middle, spread, end, u) in enumerate(
        zip(*(column.tolist() for column in columns), strict=True)
    ):
        if not spread > 0.0 or math.isnan(middle):
            result[row] = math.nan if math.isnan(spread) or math.isnan(middle) else max(middle, end)
            continue
        below = normal.cdf((end - middle) / spread)
        # Held inside (0, 1), where the inverse is finite.
        part = min(max(below + (1.0 - below) * u, 1e-12), 1.0 - 1e-12)
        result[row] = max(middle + spread * normal.inv_cdf(part), end)
    return result


def _profile(
    ways: Ways,
    assumed: pd.DataFrame,
    profile_rank: FloatArray,
    side_rank: FloatArray,
    drawn_alike: IntArray,
) -> tuple[IntArray, IntArray]:
    share = assumed["p_crowned"].to_numpy(float)
    crowned = profile_rank < share
    bowed = crowned & (profile_rank >= share * (1.0 - assumed["parabolic_share"].to_numpy(float)))
    inverted = profile_rank >= 1.0 - assumed["p_inverted"].to_numpy(float)
    tilted = assumed["one_way_profile"].map(PROFILE_CODE).to_numpy(dtype=np.int64)
    profile = np.where(inverted, PROFILE_CODE[Profile.INVERTED], tilted)
    profile = np.where(crowned, PROFILE_CODE[Profile.CROWNED], profile)
    profile = np.where(bowed, PROFILE_CODE[Profile.PARABOLIC], profile)
    inner = _inner_side(ways)
    traffic = np.where(ways["traffic_side"] == TrafficSide.RIGHT, 1, -1)
    low_side = np.where(side_rank < 0.5, traffic, -traffic) * drawn_alike
    low_side = np.where(profile == PROFILE_CODE[Profile.TO_INSIDE], inner, low_side)
    low_side = np.where(profile == PROFILE_CODE[Profile.OUTWARD], -inner, low_side)
    # A sidewalk whose road is not known falls to a drawn side.
    side_of_road = ways["carriageway_side"].to_numpy()
    to_road = (profile == PROFILE_CODE[Profile.TO_ROAD]) & (side_of_road != 0)
    low_side = np.where(to_road, side_of_road, low_side)
    tag = ways["incline_across_pct"].to_numpy(float)
    profile = np.where(np.isnan(tag), profile, PROFILE_CODE[Profile.TAGGED])
    low_side = np.where(np.isnan(tag), low_side, np.where(tag < 0.0, -1, 1))
    return profile.astype(np.int64), low_side.astype(np.int64)


def _inner_side(ways: Ways) -> IntArray:
    """Side of the middle of a ring: -1 left of the drawn direction, 1 right.

    Of a piece of a ring only the traffic tells: it circulates anticlockwise where it drives on the right,
    and ways of a roundabout are drawn with it.
    """
    left = np.asarray(ways["traffic_side"] == TrafficSide.RIGHT).copy()
    for row in np.flatnonzero(shapely.is_closed(ways.geometry.to_numpy())):
        left[row] = shapely.is_ccw(shapely.LinearRing(ways.geometry.iloc[row].coords))
    return np.where(left, -1, 1)
