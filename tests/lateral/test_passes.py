"""Laps and the way back: the street's errors are the same at every pass, so they do not average out."""

from dataclasses import replace
from math import erf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camber.lateral import locate
from camber.lateral.kernels import LATENT, MAP
from camber.lateral.passes import Passes, find_passes, link_states, no_passes
from camber.lateral.switching import Observations, filter_forward
from camber.schema import LateralSettings
from tests.worlds import candidates_of, matched_on, roads_of

GAUSSIAN = 1e9
PLACE = np.array([-2.25, 2.25])


def laps(observed_m, map_m, noise_m, seen):
    """One block per lap, a runner who keeps the side, and no error but the map's and the block's own."""
    n = len(observed_m)
    coefficient = np.zeros((n, 2, LATENT))
    coefficient[:, :, MAP] = map_m
    prior, transition = np.full((n, 2), 0.5), np.tile(np.eye(2), (n, 1, 1))
    came = np.where(np.arange(n) > 0, np.arange(n) - 1, -1) if seen else np.full(n, -1)
    passes = Passes(came, (came >= 0).astype(float), link_states(came, prior, transition))
    return Observations(
        np.asarray(observed_m)[:, np.newaxis] - PLACE,
        coefficient,
        np.full((n, 2), noise_m),
        np.zeros((n, LATENT)),
        prior,
        transition,
        passes if seen else no_passes(n),
    )


def exact(observed_m, map_m, noise_m):
    """Bayes with the covariance of all laps: one map error and n errors of their own."""
    n = len(observed_m)
    precision = np.linalg.inv(map_m**2 * np.ones((n, n)) + noise_m**2 * np.eye(n))
    away = [np.asarray(observed_m) - place for place in PLACE]
    logs = np.array([-0.5 * one @ precision @ one for one in away])
    return np.exp(logs - logs.max()) / np.exp(logs - logs.max()).sum()


@given(st.lists(st.floats(-6.0, 6.0), min_size=1, max_size=8), st.floats(0.5, 3.0), st.floats(0.5, 3.0))
def test_laps_are_weighed_like_all_of_them_at_once(observed, map_m, noise_m):
    found = filter_forward(laps(observed, map_m, noise_m, seen=True), GAUSSIAN).weight[-1]
    np.testing.assert_allclose(found, exact(observed, map_m, noise_m), atol=1e-6)


def test_many_laps_are_right_as_often_as_they_claim_and_no_ceiling_of_one_map_error_is_broken():
    # A map error of 2 m, a place of 2.25 m: no number of laps names more than Phi(2.25 / 2) = 87 % right.
    rng, laps_run, claimed, right = np.random.default_rng(2), 30, [], []
    for _ in range(1_500):
        observed = PLACE[1] + 2.0 * rng.standard_normal() + rng.normal(0.0, 1.5, laps_run)
        weight = filter_forward(laps(observed, 2.0, 1.5, seen=True), GAUSSIAN).weight[-1]
        claimed.append(weight.max())
        right.append(weight[1] > weight[0])
    ceiling = 0.5 * (1.0 + erf(2.25 / np.sqrt(2.0 * (2.0**2 + 1.5**2 / laps_run))))
    assert np.mean(right) == pytest.approx(ceiling, abs=0.03)
    assert np.mean(claimed) == pytest.approx(ceiling, abs=0.03)
    apart = filter_forward(laps(observed, 2.0, 1.5, seen=False), GAUSSIAN).weight[-1]
    assert apart.max() > 0.999


def test_each_pass_starts_from_the_nearest_block_of_an_earlier_one():
    way = np.array([1, 1, 1, 2, 1, 1, 1])
    chainage = np.array([10.0, 50.0, 90.0, 5.0, 20.0, 60.0, 100.0])
    seen, alike = find_passes(way, np.ones(7, dtype=int), chainage, 250.0, 250.0)
    assert seen.tolist() == [-1, -1, -1, -1, 0, -1, -1]
    assert alike[4] == pytest.approx(np.exp(-10.0 / 250.0))


def test_a_pass_that_goes_on_is_none_and_every_piece_is_taken_up_anew():
    chainage = np.r_[np.arange(20.0, 700.0, 40.0), np.arange(680.0, 0.0, -40.0)]
    direction = np.r_[np.ones(17, dtype=int), -np.ones(17, dtype=int)]
    seen, _ = find_passes(np.ones(34, dtype=int), direction, chainage, 250.0, 250.0)
    assert (seen[:18] == -1).all()  # one pass, and its turning point
    found = np.flatnonzero(seen >= 0)
    assert len(found) == 2  # 500 m and 250 m, on the way back
    assert np.abs(chainage[found] - chainage[seen[found]]).max() <= 20.0


def test_links_are_products_of_transitions_and_fade():
    rng = np.random.default_rng(4)
    prior = rng.dirichlet(np.ones(3), 400)
    transition = rng.dirichlet(np.ones(3), (400, 3))
    seen = np.full(400, -1)
    seen[5], seen[399] = 2, 1
    link = link_states(seen, prior, transition)
    np.testing.assert_allclose(link[0], transition[3] @ transition[4] @ transition[5])
    np.testing.assert_allclose(link[1], np.tile(prior[399], (3, 1)))


def test_ten_laps_on_one_side_claim_no_more_than_the_maps_error_allows():
    # A perfect receiver, a line that errs by 3 m, 2.25 m to the left: laps cannot tell that from a shift.
    block = {
        1: ([(0.0, 0.0), (200.0, 0.0)], {"width_m": 6.0}),
        2: ([(200.0, 0.0), (200.0, 200.0)], {"width_m": 6.0}),
    }
    ring = block | {
        3: ([(200.0, 200.0), (0.0, 200.0)], {"width_m": 6.0}),
        4: ([(0.0, 200.0), (0.0, 0.0)], {"width_m": 6.0}),
    }
    scatter = np.random.default_rng(1).normal(0.0, 0.4, 66)
    lap = [{"way_id": way, "offset_m": -2.25 + scatter} for way in (1, 2, 3, 4)]
    settings = replace(LateralSettings(), facing_habit=False, map_sigma_m=3.0, device_class="multi_band")
    matched = matched_on(roads_of(ring), 10 * lap)
    arguments = matched, candidates_of(matched), roads_of(ring), settings
    lateral, _, _ = locate(*arguments, draws=2, rng=np.random.default_rng(1))
    one = matched_on(roads_of(ring), lap)
    once, _, _ = locate(one, candidates_of(one), *arguments[2:], draws=2, rng=np.random.default_rng(1))
    assert lateral["p_left_edge"].mean() < once["p_left_edge"].mean() + 0.12
