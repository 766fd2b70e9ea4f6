"""What all roads of a kind share: spread evenly, the same in every run, and a single road follows its row."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camber.conventions import PROFILE_CODE, Profile
from camber.cross_slope import assign_cross_slope
from camber.cross_slope.shared_unknowns import beta_distribution, beta_slices, draw_shared, unknowns_of
from camber.cross_slope.surfaces import kind_key
from camber.standards import table
from tests.worlds import fixed_histories, lateral_on, roads_of

DRAWS = 200
ROW = table("cross_slope").set_index("row").loc["de_residential_paved"]
STREETS = 60
TOWN = roads_of({way: ([(0.0, 90.0 * way), (600.0, 90.0 * way)], {}) for way in range(1, STREETS + 1)})
RIDGED = (PROFILE_CODE[Profile.CROWNED], PROFILE_CODE[Profile.PARABOLIC])


def shared_of(crowned=0.75, inverted=0.02, weight=8.0, *, draws=DRAWS, kinds=1, seed=3):
    """Draws of some kinds of road that are all alike."""
    keys = np.arange(1, kinds + 1).astype(np.uint64)
    every = (np.full(kinds, value) for value in (crowned, inverted, weight))
    return draw_shared(unknowns_of(keys, *every), seed, draws)


def along(ways, *, draws=DRAWS, seed=1, run=1, state="left_edge", direction=1):
    """Run along some streets of the town, always in one state: drawn slopes and profiles, a column each."""
    legs = [{"way_id": way, "blocks": 1, "p": {state: 1.0}, "direction": direction} for way in ways]
    lateral = lateral_on(TOWN, legs)
    histories = fixed_histories(lateral, [state] * len(ways), draws)
    _, drawn = assign_cross_slope(lateral, histories, TOWN, seed=seed, rng=np.random.default_rng(run))
    return drawn


# -- The distribution of a share ------------------------------------------------------------------------


@pytest.mark.parametrize(("a", "b"), [(6, 2), (1, 1), (3, 40), (60, 5), (400, 300)])
@pytest.mark.parametrize("x", [0.01, 0.2, 0.5, 0.77, 0.99])
def test_the_incomplete_beta_function_is_a_binomial_tail(a, b, x):
    n = a + b - 1
    tail = math.fsum(math.comb(n, j) * x**j * (1.0 - x) ** (n - j) for j in range(a, n + 1))
    assert beta_distribution(math.log(x / (1.0 - x)), float(a), float(b)) == pytest.approx(tail, abs=1e-11)


@settings(deadline=None)  # the first call compiles
@given(st.floats(0.01, 0.99), st.floats(0.1, 500.0), st.sampled_from([50, 200, 1000]))
def test_slices_have_the_mean_exactly_and_nearly_the_variance(mean, weight, count):
    slices = beta_slices(mean, weight, count)
    assert (np.diff(slices) >= -1e-7).all()  # rounding, times the number of slices
    assert slices.mean() == pytest.approx(mean, abs=1e-9)
    variance = mean * (1.0 - mean) / (weight + 1.0)
    # What is lost is the variance inside the slices: little, unless a density has no end at 0 or 1.
    least = 0.95 if min(mean, 1.0 - mean) * weight >= 1.0 else 0.0
    assert least * variance < slices.var() <= variance * (1.0 + 1e-9)


@pytest.mark.parametrize(("mean", "weight"), [(0.0, 8.0), (1.0, 8.0), (0.4, np.inf)])
def test_a_certain_share_does_not_vary(mean, weight):
    np.testing.assert_array_equal(beta_slices(mean, weight, 20), mean)


# -- What is drawn for a kind ---------------------------------------------------------------------------


def test_the_mean_over_the_draws_is_that_of_the_row():
    shared = shared_of(kinds=30)
    np.testing.assert_allclose(shared.crowned.mean(axis=0), 0.75, atol=1e-9)
    # The inverted share is that of the rest times the rest: two orders of slices meet by chance.
    assert shared.inverted.mean() == pytest.approx(0.02, abs=0.002)
    np.testing.assert_allclose(shared.slope.mean(axis=0), 0.0, atol=0.01)
    np.testing.assert_allclose(shared.slope.std(axis=0), 1.0, atol=0.03)


def test_shares_are_those_of_a_dirichlet_distribution():
    shared = shared_of(0.55, 0.15, 6.0, draws=20_000)
    crowned, inverted, _ = np.random.default_rng(7).dirichlet([3.3, 0.9, 1.8], 200_000).T
    quantiles = [0.02, 0.1, 0.5, 0.9, 0.98]
    for ours, theirs in ((shared.crowned[:, 0], crowned), (shared.inverted[:, 0], inverted)):
        np.testing.assert_allclose(np.quantile(ours, quantiles), np.quantile(theirs, quantiles), atol=0.012)
    expected = np.corrcoef(crowned, inverted)[0, 1]
    assert np.corrcoef(shared.crowned[:, 0], shared.inverted[:, 0])[0, 1] == pytest.approx(expected, abs=0.02)


def test_shares_never_exceed_the_whole_and_kinds_are_half_alike():
    shared = shared_of(0.3, 0.35, 2.0, kinds=40)
    assert (shared.crowned + shared.inverted <= 1.0 + 1e-12).all()
    between = np.corrcoef(shared.crowned.T)[~np.eye(40, dtype=bool)]
    # A correlation of 0.5 of the normal ranks is a little less of the shares.
    assert 0.4 < between.mean() < 0.5
    assert between.std() < 1.0 / np.sqrt(DRAWS)


def test_a_kind_is_a_row_in_a_country():
    rows, countries = table("cross_slope")["row"].tolist(), ("FI", "PL", "US-CA", "")
    keys = {kind_key(row, country) for row in rows for country in countries}
    assert len(keys) == len(countries) * len(rows)
    assert 0 not in keys


# -- Roads of a kind ------------------------------------------------------------------------------------


def test_two_roads_are_as_alike_as_the_share_says():
    """Two of exchangeable roads with a Beta share worth n roads correlate by 1 / (n + 1) in being crowned."""
    crowned = np.isin(along(range(1, STREETS + 1), draws=4_000).profile, RIDGED)
    assert crowned.mean() == pytest.approx(float(ROW["p_crowned"]), abs=0.01)
    pairs = np.corrcoef(crowned.T)[~np.eye(STREETS, dtype=bool)]
    assert pairs.mean() == pytest.approx(1.0 / (float(ROW["profile_concentration"]) + 1.0), abs=0.01)


def test_steepness_is_shared_by_its_part_of_the_spread_and_keeps_its_own():
    drawn = along(range(1, STREETS + 1), draws=4_000)
    # Away from the crown, whose blend bends a little, and from parabolas, which are steeper at the edge.
    steep = np.where(drawn.profile == RIDGED[1], np.nan, np.abs(drawn.cross_slope_pct))
    mean, std, common = (
        float(ROW[name]) for name in ("slope_mean_pct", "slope_std_pct", "mean_slope_sd_pct")
    )
    assert np.nanmean(steep) == pytest.approx(mean, abs=0.03)
    assert np.nanstd(steep) == pytest.approx(std, rel=0.03)
    by_draw = np.nanmean(steep, axis=1)
    assert by_draw.std() == pytest.approx(np.hypot(common, std / np.sqrt(STREETS)), rel=0.1)


def test_the_spread_of_a_town_is_that_of_a_brute_force_town():
    """Shares drawn by numpy once per town, roads one by one: as many are crowned, and as unevenly."""
    ours = np.isin(along(range(1, STREETS + 1), draws=4_000).profile, RIDGED).mean(axis=1)
    rng, weight, mean = np.random.default_rng(5), float(ROW["profile_concentration"]), float(ROW["p_crowned"])
    share = rng.beta(mean * weight, (1.0 - mean) * weight, 100_000)
    theirs = rng.binomial(STREETS, share) / STREETS
    quantiles = [0.05, 0.25, 0.5, 0.75, 0.95]
    np.testing.assert_allclose(np.quantile(ours, quantiles), np.quantile(theirs, quantiles), atol=0.035)
    assert ours.std() == pytest.approx(theirs.std(), rel=0.07)


def test_the_same_draw_has_the_same_share_in_two_runs():
    halves = [range(1, STREETS // 2 + 1), range(STREETS // 2 + 1, STREETS + 1)]
    one, two = (np.isin(along(ways, run=n).profile, RIDGED).mean(axis=1) for n, ways in enumerate(halves))
    # Other streets, other runs: what they have in common is the share of the draw.
    weight, rest = float(ROW["profile_concentration"]), STREETS // 2
    expected = 1.0 / (1.0 + weight / rest)  # variance of the share, over that of a mean of `rest` roads
    assert np.corrcoef(one, two)[0, 1] == pytest.approx(expected, abs=0.1)
    apart = along(halves[1], run=1, seed=2)
    assert abs(np.corrcoef(one, np.isin(apart.profile, RIDGED).mean(axis=1))[0, 1]) < 0.2


def test_the_mirrored_run_has_the_mirrored_slopes():
    left, right = along([1, 2, 3]), along([1, 2, 3], state="right_edge")
    crowned = (left.profile == RIDGED[0]) & (right.profile == RIDGED[0])
    assert crowned.mean() > 0.3
    np.testing.assert_allclose(left.cross_slope_pct[crowned], -right.cross_slope_pct[crowned], rtol=0.05)
