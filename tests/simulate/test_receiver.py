"""The receiver's errors have the variances and correlations of their closed forms, at any time step."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camber.simulate.chance import ornstein_uhlenbeck
from camber.simulate.receiver import GnssErrorModel, bursts, position_error
from camber.standards import gnss_classes, table

MANY = 40_000
# Standard error of a standard deviation of MANY normal draws is sigma / sqrt(2 MANY) = 0.0035 sigma.
TOLERANCE = 0.018


def steady(**sizes):
    """A model with the named errors only."""
    return GnssErrorModel(**(dict.fromkeys(GnssErrorModel.__dataclass_fields__, 0.0) | UNITS | sizes))


UNITS = {"fast_tau_s": 15.0, "slow_tau_s": 600.0, "burst_duration_s": 60.0, "map_correlation_m": 250.0}


@pytest.mark.parametrize("tau_s", [3.0, 15.0, 600.0])
def test_ornstein_uhlenbeck_has_its_variance_at_every_time_and_its_correlation_at_every_lag(tau_s):
    elapsed_s = np.array([0.0, 0.5, 1.5, 8.5, 8.5, 40.0, 1000.0])
    paths = ornstein_uhlenbeck(elapsed_s, 2.5, tau_s, np.random.default_rng(1), columns=MANY)
    assert np.allclose(paths.std(axis=1), 2.5, rtol=TOLERANCE)
    expected = np.exp(-np.abs(elapsed_s[:, None] - elapsed_s) / tau_s)
    assert np.allclose(np.corrcoef(paths), expected, atol=4.0 / np.sqrt(MANY))


def test_one_long_step_equals_many_short_ones_in_law():
    short = ornstein_uhlenbeck(np.arange(0.0, 30.5, 0.5), 1.0, 20.0, np.random.default_rng(2), columns=MANY)
    long = ornstein_uhlenbeck(np.array([0.0, 30.0]), 1.0, 20.0, np.random.default_rng(3), columns=MANY)
    product = [(path[0] * path[-1]).mean() for path in (short, long)]
    assert np.allclose(product, np.exp(-1.5), atol=4.0 / np.sqrt(MANY))


def test_two_fixes_at_one_time_have_one_error():
    path = ornstein_uhlenbeck(np.array([0.0, 5.0, 5.0]), 3.0, 10.0, np.random.default_rng(4))
    assert (path[1] == path[2]).all()
    assert (path[0] != path[1]).all()


@given(st.lists(st.floats(0.0, 1e5), min_size=1, max_size=40), st.integers(0, 2**32))
def test_errors_are_finite_whatever_the_times(times, seed):
    elapsed_s = np.sort(np.array(times))
    right = np.tile([1.0, 0.0], (len(times), 1))
    error = position_error(elapsed_s, right, GnssErrorModel(burst_share=0.1), np.random.default_rng(seed))
    assert error.shape == (len(times), 2)
    assert np.isfinite(error).all()


@pytest.mark.parametrize("name", list(gnss_classes()))
def test_cross_track_spread_of_a_class_is_that_of_its_table(name):
    error = GnssErrorModel.from_class(gnss_classes()[name])
    elapsed_s = 30.0 * np.arange(8 * MANY)
    right = np.tile([0.6, -0.8], (len(elapsed_s), 1))
    drawn = position_error(elapsed_s, right, error, np.random.default_rng(5))
    # The device offset is constant over a run: it moves the mean and is no part of the spread.
    across = (drawn * right).sum(axis=1)
    # 30 s steps against a slow part of up to 600 s: 40 steps are about one independent look.
    assert across.std() == pytest.approx(error.cross_track_sigma_m, rel=0.04)
    rows = table("gnss_error").set_index("name")
    without_bursts = np.hypot(error.fast_sigma_m, error.slow_sigma_m)
    total = error.cross_track_sigma_m if name == "dense" else without_bursts
    assert total == pytest.approx(rows.loc[name, "total_sigma_m"], abs=0.05)


def test_the_spread_is_the_same_in_every_direction():
    error = steady(fast_sigma_m=2.0, slow_sigma_m=1.0, slow_tau_s=20.0)
    elapsed_s = 100.0 * np.arange(MANY)
    drawn = position_error(elapsed_s, np.zeros((MANY, 2)), error, np.random.default_rng(6))
    for angle in np.radians([0.0, 30.0, 90.0, 135.0]):
        across = drawn @ [np.cos(angle), np.sin(angle)]
        assert across.std() == pytest.approx(np.sqrt(5.0), rel=TOLERANCE)


@pytest.mark.parametrize("share", [0.005, 0.08])
def test_bursts_take_their_share_of_time_and_have_their_size(share):
    error = steady(burst_share=share, burst_sigma_m=10.0)
    elapsed_s = 5.0 * np.arange(1_500_000)
    drawn = bursts(elapsed_s, error, np.random.default_rng(7))
    under_way = (drawn != 0.0).any(axis=1)
    # Poisson arrivals: the time with at least one burst under way.
    assert under_way.mean() == pytest.approx(-np.expm1(-share), rel=0.05)
    assert drawn.var(axis=0) == pytest.approx(share * 100.0, rel=0.12)


def test_a_burst_lasts_about_a_minute_and_never_leaps():
    error = steady(burst_share=0.01, burst_sigma_m=10.0)
    elapsed_s = np.arange(300_000.0)
    drawn = bursts(elapsed_s, error, np.random.default_rng(8))
    under_way = np.flatnonzero((drawn != 0.0).any(axis=1))
    length = np.diff(np.flatnonzero(np.diff(under_way, prepend=-9) > 1))
    assert 50.0 < np.median(length) < 70.0
    # A ramp takes a twelfth of at least 30 s; five standard deviations of 10.6 m over 2.5 s.
    assert np.hypot(*np.diff(drawn, axis=0).T).max() < 5.0 * 10.6 * np.sqrt(2.0) / 2.5


def test_a_model_without_bursts_draws_none():
    assert not bursts(np.arange(1e4), steady(burst_sigma_m=10.0), np.random.default_rng(9)).any()


def test_the_device_offset_is_constant_in_the_frame_of_the_runner():
    angle = np.linspace(0.0, 6.0, 200)
    right = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    drawn = [
        position_error(np.arange(200.0), right, steady(device_sigma_m=0.5), np.random.default_rng(seed))
        for seed in range(2000)
    ]
    across = np.array([(error * right).sum(axis=1) for error in drawn])
    along = np.array([error[:, 0] * right[:, 1] - error[:, 1] * right[:, 0] for error in drawn])
    assert np.ptp(across, axis=1).max() < 1e-12
    assert np.abs(along).max() < 1e-12
    assert across[:, 0].std() == pytest.approx(0.5, rel=0.06)


def test_jitter_is_white():
    drawn = position_error(
        np.arange(float(MANY)), np.zeros((MANY, 2)), steady(jitter_m=0.3), np.random.default_rng(10)
    )
    assert drawn.std() == pytest.approx(0.3, rel=TOLERANCE)
    assert abs((drawn[1:] * drawn[:-1]).mean()) < 4.0 * 0.09 / np.sqrt(MANY)


def test_no_error_is_none_at_all():
    drawn = position_error(
        np.arange(500.0), np.ones((500, 2)), GnssErrorModel.none(), np.random.default_rng(11)
    )
    assert not drawn.any()
    assert GnssErrorModel.none().cross_track_sigma_m == 0.0
