"""How noisy a recording is: the closed form of block means, the class recognised, snapped traces."""

import numpy as np
import pytest

from camber.lateral.blocks import block_mean, cut_blocks
from camber.lateral.noise import block_factors, classify, is_snapped, why_silent
from camber.schema import LateralSettings
from camber.standards import gnss_classes
from tests.worlds import candidates_of, matched_on, ornstein_uhlenbeck, roads_of

ROADS = roads_of({1: ([(0.0, 0.0), (30_000.0, 0.0)], {}), 2: ([(0.0, 90.0), (30_000.0, 90.0)], {})})


def recorded(offset_m, **leg):
    matched = matched_on(ROADS, [{"way_id": 1, "offset_m": offset_m} | leg])
    blocks = cut_blocks(matched, candidates_of(matched), ROADS, LateralSettings())
    return blocks, matched["offset_m"].to_numpy()


def classified(offset_m, name="auto"):
    blocks, offset = recorded(offset_m)
    return classify(blocks, block_mean(offset, blocks.number), LateralSettings(device_class=name)).name


def noise_of(row, seconds, seed):
    rng = np.random.default_rng(seed)
    fast = ornstein_uhlenbeck(rng, seconds, 1.0, row.fast_sigma_m, row.fast_tau_s)
    return fast + ornstein_uhlenbeck(rng, seconds, 1.0, row.slow_sigma_m, row.slow_tau_s)


@pytest.mark.parametrize("duration_s", [2.0, 12.0, 15.0, 120.0])
@pytest.mark.parametrize("tau_s", [12.5, 60.0])
def test_the_variance_of_a_block_mean_is_the_double_integral(duration_s, tau_s):
    # Midpoints: their error falls with the square of the step.
    t = (np.arange(2_000) + 0.5) * duration_s / 2_000
    numeric = np.exp(-np.abs(t[:, np.newaxis] - t) / tau_s).mean()
    assert block_factors(np.array([duration_s]), tau_s)[0] == pytest.approx(numeric, rel=1e-5)


def test_a_moment_keeps_all_of_the_variance_and_an_age_none():
    factors = block_factors(np.array([0.0, 1.0, 1e4, 1e6]), 15.0)
    assert factors[0] == pytest.approx(1.0, abs=1e-3)
    assert (np.diff(factors) < 0.0).all()
    # For long blocks 2 tau / T: the number of independent looks is T / (2 tau).
    assert factors[3] == pytest.approx(2.0 * 15.0 / 1e6, rel=1e-4)


@pytest.mark.parametrize("name", ["multi_band", "single_band", "trees", "dense"])
def test_the_class_that_made_the_errors_is_recognised(name):
    row = gnss_classes()[name]
    found = [classified(noise_of(row, 3_000, seed)) for seed in range(12)]
    assert found.count(name) >= 10, found


def test_a_class_given_by_hand_goes_first():
    quiet = noise_of(gnss_classes()["multi_band"], 1_000, 1)
    assert classified(quiet) == "multi_band"
    assert classified(quiet, "dense") == "dense"


def test_a_change_of_side_does_not_pass_for_noise():
    row = gnss_classes()["multi_band"]
    offset = noise_of(row, 3_000, 2) + np.where(np.arange(3_000) // 600 % 2 == 0, -3.0, 3.0)
    assert classified(offset) == "multi_band"


def test_a_filtered_trace_far_from_its_way_is_not_called_precise():
    # Smooth from block to block, but 8 m off all along: no multi-band receiver is that far out.
    row = gnss_classes()["multi_band"]
    assert classified(noise_of(row, 1_200, 4) + 8.0) in {"trees", "dense"}


def test_too_short_a_run_says_nothing():
    assert classified(noise_of(gnss_classes()["dense"], 60, 1)) == "single_band"


def test_jumps_between_ways_are_no_scatter():
    # Each leg is quiet, but they lie 40 m apart: only neighbours on one way may be compared.
    quiet = noise_of(gnss_classes()["multi_band"], 1_200, 3)
    legs = [
        {"way_id": 1 + i % 2, "offset_m": quiet[60 * i : 60 * i + 60] + 40.0 * (i % 2), "start_m": 180.0 * i}
        for i in range(20)
    ]
    matched = matched_on(ROADS, legs)
    blocks = cut_blocks(matched, candidates_of(matched), ROADS, LateralSettings())
    offset = block_mean(matched["offset_m"].to_numpy(), blocks.number)
    assert classify(blocks, offset, LateralSettings()).name == "multi_band"


@pytest.mark.parametrize(
    ("scatter_m", "shift_m", "expected"), [(0.1, 0.0, True), (0.4, 0.0, False), (0.1, 3.0, False)]
)
def test_a_trace_that_lies_on_the_lines_is_snapped(scatter_m, shift_m, expected):
    offset = shift_m + np.random.default_rng(1).normal(0.0, scatter_m, 400)
    assert is_snapped(offset, 0.3) is expected


def test_a_handful_of_fixes_is_not_called_snapped():
    assert not is_snapped(np.zeros(5), 0.3)


def silent(offset_m, step_s=1.0, accuracy_m=np.nan):
    matched = matched_on(ROADS, [{"way_id": 1, "offset_m": offset_m}], step_s=step_s)
    matched = matched.assign(accuracy_m=accuracy_m)
    blocks = cut_blocks(matched, candidates_of(matched), ROADS, LateralSettings())
    return why_silent(blocks, matched, LateralSettings())


@pytest.mark.parametrize("name", ["multi_band", "single_band", "trees", "dense"])
def test_no_class_of_receivers_is_refused(name):
    reasons = {silent(2.25 + noise_of(gnss_classes()[name], 2_000, seed)) for seed in range(10)}
    assert reasons == {""}


def test_between_tall_buildings_nothing_is_said_of_the_side():
    # Slow errors of 12 m and more along each axis: within 5 m in 25 % in central London (Wang, Groves &
    # Ziebart 2014), which is 16 m.
    rng = np.random.default_rng(3)
    errors = [ornstein_uhlenbeck(rng, 3_000, 1.0, 18.0, 100.0) for _ in range(10)]
    assert [silent(error) for error in errors].count("noisy") >= 9


@pytest.mark.parametrize(
    ("step_s", "accuracy_m", "expected"),
    [(9.0, 3.0, ""), (11.0, 3.0, "sparse"), (1.0, 7.5, ""), (1.0, 8.5, "noisy"), (11.0, np.nan, "sparse")],
)
def test_sparse_and_uncertain_recordings_are_refused(step_s, accuracy_m, expected):
    offset = np.random.default_rng(4).normal(2.0, 1.0, 300)
    assert silent(offset, step_s, accuracy_m) == expected
