"""A small fixed part of the calibration study: claims are as good as they say, and never above the limit.

The whole study is ``python tests/benchmarks/calibration``; its bounds need hundreds of runs.
"""

import numpy as np
import pytest

from tests.benchmarks.calibration import limit, reliability, scenarios, study


@pytest.fixture(scope="module")
def runs():
    """Eight runs on the extract that comes with the project."""
    extracts = {"kouvola": scenarios.open_extracts()["kouvola"]}
    return study.judge_runs(extracts, 77, 8, report=lambda _: None)


def test_sides_that_are_named_are_right(runs):
    blocks = runs.blocks
    share, right = reliability.named(
        blocks["p_side"].to_numpy(), blocks["side_left_m"].to_numpy(), blocks["side_right_m"].to_numpy()
    )
    assert 0.2 < share < 1.0
    # Eight runs are few independent looks: nine tenths are asked of hundreds.
    assert right > 0.8


def test_the_oracle_names_more_or_about_as_much(runs):
    row = study.sharpness(runs).iloc[0]
    assert row["right_by_oracle"] > 0.8
    assert row["of_oracle"] > 0.6


def test_a_perfect_model_is_calibrated_and_a_boaster_is_not():
    rng = np.random.default_rng(1)
    p, metres = rng.uniform(0.05, 0.95, 4_000), np.full(4_000, 36.0)
    drawn = np.where(rng.random((100, 4_000)) < p, -1, 1)
    left, right = metres * (drawn[0] < 0), metres * (drawn[0] > 0)
    bound = reliability.perfect(p, metres, drawn)
    assert reliability.calibration_error(p, left, right) < 1.5 * bound
    boast = np.where(p > 0.5, 0.98, 0.02)
    assert reliability.calibration_error(boast, left, right) > 3.0 * bound
    assert reliability.log_loss(p, left, right) < reliability.log_loss(boast, left, right)
    assert reliability.brier(p, left, right) < reliability.brier(np.full(4_000, 0.5), left, right)


def test_single_stretches_reach_the_limit_and_do_not_pass_it():
    row = limit.cell("single_band", 300.0, 4.0, 150, 5)
    error = 3.0 * row["standard_error"]
    assert row["limit"] - error - 0.03 < row["camber"] < row["limit"] + error
    # Independent errors claim what nobody can know.
    assert row["independent_claims"] > row["limit"] + 0.04


def test_the_limit_of_one_gauss_markov_part_is_the_closed_form():
    # standards/model.md, The side: sigma 3 m, tau 60 s, map 1.5 m, half width 4 m, 300 m: 89 %.
    n, sigma, tau = 100, 3.0, 60.0
    apart = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    matrix = sigma**2 * np.exp(-apart / tau) + limit.MAP_SIGMA_M**2
    exact = limit.phi(3.25 * np.sqrt(np.linalg.solve(matrix, np.ones(n)).sum()))
    closed = limit.phi(3.25 / np.sqrt(sigma**2 * 2 * tau / (2 * tau + n) + limit.MAP_SIGMA_M**2))
    assert exact == pytest.approx(float(closed), abs=0.004)
