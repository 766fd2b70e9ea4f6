"""What belongs to a road is drawn by counters: the same for all runs, spread evenly, true to its rank."""

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camber.cross_slope.road_numbers import grade, inverse_normal, road_normal, slice_of
from camber.cross_slope.tilt import truncated_moments

NORMAL = NormalDist()


@settings(deadline=None)  # the first call compiles
@given(st.floats(1e-12, 1.0 - 1e-12))
def test_the_inverse_of_the_normal_distribution_is_the_library_s(p):
    assert inverse_normal(p) == pytest.approx(NORMAL.inv_cdf(p), abs=1e-5)


@settings(deadline=None)  # the first call compiles
@given(st.integers(0, 2**63), st.integers(1, 300))
def test_slices_are_a_permutation(key, draws):
    assert sorted(slice_of(np.uint64(key), d, draws) for d in range(draws)) == list(range(draws))


@pytest.mark.parametrize("road", [0, 7, 10**12])
def test_the_draws_of_a_road_fill_every_slice_once(road):
    numbers = [road_normal(np.uint64(5), np.uint64(road), d, 200, 0) for d in range(200)]
    ranks = np.sort([NORMAL.cdf(z) for z in numbers])
    assert (np.floor(ranks * 200.0 + 1e-6) == np.arange(200)).mean() > 0.99
    assert abs(np.mean(numbers)) < 0.02
    assert np.std(numbers) == pytest.approx(1.0, abs=0.03)


def test_roads_uses_and_seeds_are_independent():
    keys = [(seed, road, use) for seed in (1, 2) for road in range(40) for use in range(4)]
    numbers = np.array(
        [[road_normal(np.uint64(s), np.uint64(r), d, 200, u) for d in range(200)] for s, r, u in keys]
    )
    correlation = np.corrcoef(numbers)[~np.eye(len(keys), dtype=bool)]
    assert np.std(correlation) == pytest.approx(1.0 / np.sqrt(200.0), rel=0.1)
    assert abs(np.mean(correlation)) < 0.005


@settings(deadline=None)  # the first call compiles
@given(st.floats(0.1, 6.0), st.floats(0.1, 6.0), st.floats(-4.0, 4.0), st.floats(0.01, 2.0))
def test_a_truncated_slope_keeps_its_rank_and_its_side(mean, std, z, step):
    low, high = grade(mean, std, z), grade(mean, std, z + step)
    assert 0.0 <= low <= high


@pytest.mark.parametrize(("mean", "std"), [(3.0, 3.0), (2.0, 0.9), (1.5, 1.5)])
def test_truncated_slopes_have_the_moments_of_the_closed_form(mean, std):
    ranks = (np.arange(4_000) + 0.5) / 4_000
    slopes = np.array([grade(mean, std, NORMAL.inv_cdf(rank)) for rank in ranks])
    first, second = truncated_moments(mean, std)
    assert slopes.mean() == pytest.approx(first, rel=2e-3)
    assert (slopes**2).mean() == pytest.approx(second, rel=2e-3)


def test_two_ways_of_a_street_stay_as_alike_where_much_is_cut_off():
    # Trying again until a slope is positive, way by way, made them strangers: ranks do not.
    rng = np.random.default_rng(3)
    street, own = rng.standard_normal(4_000), rng.standard_normal((2, 4_000))
    both = np.sqrt(0.7) * street + np.sqrt(0.3) * own
    slopes = [[grade(1.0, 2.0, z) for z in way] for way in both]
    ranks = np.argsort(np.argsort(slopes, axis=1), axis=1)
    # Spearman's rank correlation of a Gaussian copula: 6 / pi asin(rho / 2).
    assert np.corrcoef(ranks)[0, 1] == pytest.approx(6.0 / np.pi * np.arcsin(0.35), abs=0.03)
