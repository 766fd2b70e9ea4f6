"""The switching kernel against dense Gaussian algebra, exact enumeration, and a closed form."""

from itertools import product
from math import erf

import numpy as np
import pytest

from camber.lateral.sampling import no_doubts, sample
from camber.lateral.smoothing import prepare_back, smooth
from camber.lateral.switching import LATENT, WIDTH, Observations, filter_forward

GAUSSIAN = 1e9
"""So many degrees of freedom that a Student-t is a normal distribution."""

COLLAPSE = 0.01
"""Largest error that collapsing the forward filter may cause on these few blocks (measured: 0.003)."""


def smoothed(given, filtered):
    return smooth(given, filtered, prepare_back(given, filtered))


def observations(seed, n, s, *, switching=True):
    """Blocks with places up to 4 m apart, errors of 0.5 to 2 m and every latent part in play."""
    rng = np.random.default_rng(seed)
    place = np.sort(rng.uniform(-4.0, 4.0, s))
    coefficient = np.zeros((n, s, LATENT))
    coefficient[:] = rng.uniform(0.5, 2.0, (n, 1, LATENT))
    coefficient[:, :, WIDTH] *= np.sign(place)  # the half width moves left and right apart
    keep = rng.uniform(0.2, 0.98, (n, LATENT))
    observed = place[rng.integers(s)] + rng.normal(0.0, 2.5, n)
    prior = np.tile(rng.dirichlet(np.full(s, 3.0)), (n, 1))
    transition = np.stack([0.8 * np.eye(s) + 0.2 * rng.dirichlet(np.full(s, 3.0), s) for _ in range(n)])
    return Observations(
        observed[:, np.newaxis] - place,
        coefficient,
        rng.uniform(0.4, 1.0, (n, s)),
        keep,
        prior,
        transition if switching else np.tile(np.eye(s), (n, 1, 1)),
    )


def street(seed, n=8, slow_m=2.8, fast_m=1.0):
    """Blocks of a street as it is: left edge, middle, right edge, a slow bias, and switches that are rare."""
    rng = np.random.default_rng(seed)
    place = np.array([-2.25, 0.0, 2.25])
    coefficient = np.tile(np.array([0.5, 0.0, 0.0, slow_m, fast_m, 1.5]), (n, 3, 1))
    coefficient[:, :, WIDTH] = [-0.55, 0.0, 0.55]
    keep = np.tile(np.array([0.9999, 0.9999, 0.98, 0.98, 0.45, 0.87]), (n, 1))
    bias = rng.normal(0.0, slow_m)
    observed = np.array([rng.normal(bias - 2.25, 1.2) for _ in range(n)])
    prior = np.tile(np.array([0.65, 0.1, 0.25]), (n, 1))
    switch = 0.02
    transition = np.stack([(1.0 - switch) * np.eye(3) + switch * prior for prior in prior[:, np.newaxis]])
    return Observations(
        observed[:, np.newaxis] - place,
        coefficient,
        np.tile([0.4, 0.8, 0.4], (n, 1)),
        keep,
        prior,
        transition,
    )


def shared(keep):
    """Correlation of the latent parts of every two blocks, shape (n, n, 6)."""
    n = len(keep)
    correlation = np.ones((n, n, keep.shape[1]))
    for i in range(n):
        for j in range(i + 1, n):
            correlation[i, j] = correlation[j, i] = keep[i + 1 : j + 1].prod(axis=0)
    return correlation


def covariance_of(given, states):
    """Covariance of the residuals under one sequence of states, written out in full."""
    rows = np.arange(len(states))
    coefficient = given.coefficient[rows, states]
    covariance = np.einsum("il,ijl,jl->ij", coefficient, shared(given.keep), coefficient)
    return covariance + np.diag(given.noise_m[rows, states] ** 2)


def log_density(residual, covariance):
    seen = np.isfinite(residual)
    y, matrix = residual[seen], covariance[np.ix_(seen, seen)]
    return -0.5 * (y @ np.linalg.solve(matrix, y) + np.linalg.slogdet(2.0 * np.pi * matrix)[1])


def enumerated(given):
    """Every sequence of states with its exact posterior probability."""
    n, s = given.residual_m.shape
    sequences = np.array(list(product(range(s), repeat=n)))
    logs = np.full(len(sequences), -np.inf)
    for k, states in enumerate(sequences):
        chain = given.prior[0, states[0]]
        for i in range(1, n):
            chain *= given.transition[i, states[i - 1], states[i]]
        if chain > 0.0:
            residual = given.residual_m[np.arange(n), states]
            logs[k] = np.log(chain) + log_density(residual, covariance_of(given, states))
    weight = np.exp(logs - logs.max())
    return sequences, weight / weight.sum()


def marginals(sequences, weight, s):
    return np.stack([weight @ (sequences == state) for state in range(s)], axis=1)


@pytest.mark.parametrize("seed", range(4))
def test_one_state_filters_like_dense_gaussian_regression(seed):
    given = observations(seed, n=9, s=1)
    filtered = filter_forward(given, GAUSSIAN)
    coefficient = given.coefficient[:, 0]
    matrix = covariance_of(given, np.zeros(9, dtype=int))
    for k in range(9):
        cross = (shared(given.keep)[k, : k + 1] * coefficient[: k + 1]).T
        gain = np.linalg.solve(matrix[: k + 1, : k + 1], cross.T).T
        np.testing.assert_allclose(filtered.mean[k, 0], gain @ given.residual_m[: k + 1, 0], atol=1e-6)
        np.testing.assert_allclose(filtered.covariance[k, 0], np.eye(LATENT) - gain @ cross.T, atol=1e-6)
    np.testing.assert_array_equal(smoothed(given, filtered).probability, 1.0)


@pytest.mark.parametrize("seed", range(6))
def test_states_that_never_switch_are_weighed_by_their_exact_likelihood(seed):
    # Without switches nothing is collapsed, so every block must give the exact posterior.
    given = observations(seed, n=12, s=3, switching=False)
    logs = np.array(
        [log_density(given.residual_m[:, s], covariance_of(given, np.full(12, s))) for s in range(3)]
    ) + np.log(given.prior[0])
    exact = np.exp(logs - logs.max())
    exact /= exact.sum()
    filtered = filter_forward(given, GAUSSIAN)
    np.testing.assert_allclose(filtered.weight[-1], exact, atol=1e-6)
    np.testing.assert_allclose(smoothed(given, filtered).probability, np.tile(exact, (12, 1)), atol=1e-5)


@pytest.mark.parametrize("seed", range(6))
def test_the_filter_agrees_with_enumeration(seed):
    given = observations(seed, n=8, s=2)
    filtered = filter_forward(given, GAUSSIAN)
    for k in range(8):
        so_far = Observations(*(values[: k + 1] for values in given))
        np.testing.assert_allclose(filtered.weight[k], marginals(*enumerated(so_far), 2)[k], atol=COLLAPSE)


@pytest.mark.parametrize(("n", "s", "cases"), [(8, 2, 20), (5, 3, 10), (3, 6, 3)])
def test_smoothed_marginals_agree_with_enumeration(n, s, cases):
    # The smoother collapses on its way back too, and divides by the prior: seldom it errs by a tenth.
    errors = []
    for seed in range(cases):
        given = observations(seed, n, s)
        found = smoothed(given, filter_forward(given, GAUSSIAN)).probability
        np.testing.assert_allclose(found.sum(axis=1), 1.0, atol=1e-12)
        errors.append(np.abs(found - marginals(*enumerated(given), s)))
    assert np.mean(errors) < 0.006
    assert np.quantile(errors, 0.95) < 0.03
    assert np.max(errors) < 0.15


@pytest.mark.parametrize("seed", range(4))
def test_on_a_street_the_filter_and_the_draws_are_as_good_as_exact(seed):
    given = street(seed)
    exact = marginals(*enumerated(given), 3)
    np.testing.assert_allclose(filter_forward(given, GAUSSIAN).weight[-1], exact[-1], atol=0.003)
    drawn = draw(given, 10_000, seed)
    frequency = np.stack([(drawn == s).mean(axis=0) for s in range(3)], axis=1)
    np.testing.assert_allclose(frequency, exact, atol=0.003 + 4.0 * np.sqrt(0.25 / 10_000))
    # The smoother is rougher: within a tenth, and it names the same state.
    found = smoothed(given, filter_forward(given, GAUSSIAN)).probability
    np.testing.assert_allclose(found, exact, atol=0.1)
    np.testing.assert_array_equal(found.argmax(axis=1), exact.argmax(axis=1))


@pytest.mark.parametrize(("n", "s", "seed"), [(8, 2, 1), (6, 2, 4), (3, 6, 6)])
def test_drawn_histories_have_the_exact_joint_distribution(n, s, seed):
    given = observations(seed, n, s)
    sequences, weight = enumerated(given)
    draws = 10_000
    drawn = draw(given, draws, seed)
    error = COLLAPSE + 4.0 * np.sqrt(0.25 / draws)
    for k in range(n):
        frequency = np.bincount(drawn[:, k], minlength=s) / draws
        np.testing.assert_allclose(frequency, marginals(sequences, weight, s)[k], atol=error)
    for k in range(n - 1):
        stays = weight @ (sequences[:, k] == sequences[:, k + 1])
        assert abs((drawn[:, k] == drawn[:, k + 1]).mean() - stays) < error
    # The number of blocks in a state is what an exposure sums: its spread needs the whole joint.
    spread = np.sqrt(weight @ ((sequences == 0).sum(axis=1) - weight @ (sequences == 0).sum(axis=1)) ** 2)
    assert abs((drawn == 0).sum(axis=1).std() / spread - 1.0) < 0.1


@pytest.mark.parametrize("seed", range(3))
def test_drawn_histories_agree_with_the_smoothed_marginals(seed):
    given = observations(seed, n=40, s=6)
    found = smoothed(given, filter_forward(given, 4.0)).probability
    drawn = draw(given, 4_000, seed, degrees_of_freedom=4.0)
    frequency = np.stack([(drawn == s).mean(axis=0) for s in range(6)], axis=1)
    # Two routes through two collapsed filters: each may be off by the collapse, and by chance.
    errors = np.abs(frequency - found)
    assert errors.mean() < 0.01
    assert errors.max() < 0.08 + 4.0 * np.sqrt(0.25 / 4_000)


def draw(given, draws, seed, degrees_of_freedom=GAUSSIAN):
    rng = np.random.default_rng(seed)
    n = len(given.residual_m)
    filtered = filter_forward(given, degrees_of_freedom)
    uniform, normal = rng.random((draws, n)), rng.standard_normal((draws, n, LATENT))
    return sample(
        given, filtered, prepare_back(given, filtered), uniform, normal, no_doubts(draws, given.prior.shape)
    )


def test_an_impossible_state_stays_impossible():
    given = observations(3, n=20, s=4)
    prior, transition = given.prior.copy(), given.transition.copy()
    prior[:, 2] = 0.0
    transition[:, :, 2] = 0.0
    given = given._replace(prior=prior, transition=transition / transition.sum(axis=2, keepdims=True))
    assert (smoothed(given, filter_forward(given, 4.0)).probability[:, 2] == 0.0).all()
    assert not (draw(given, 200, 1, degrees_of_freedom=4.0) == 2).any()


def test_without_evidence_the_chain_alone_speaks():
    given = observations(7, n=6, s=3)
    given = given._replace(residual_m=np.full((6, 3), np.nan))
    expected = [given.prior[0]]
    for k in range(1, 6):
        expected.append(expected[-1] @ given.transition[k])
    np.testing.assert_allclose(smoothed(given, filter_forward(given, 4.0)).probability, expected, atol=1e-9)


def test_a_block_without_evidence_is_bridged():
    given = observations(1, n=8, s=2)
    residual = given.residual_m.copy()
    residual[3:5] = np.nan
    given = given._replace(residual_m=residual)
    found = smoothed(given, filter_forward(given, GAUSSIAN)).probability
    np.testing.assert_allclose(found, marginals(*enumerated(given), 2), atol=3.0 * COLLAPSE)


def test_heavy_tails_keep_one_burst_from_deciding():
    # Nine blocks a little left of the middle, one 30 m to the right: the side must not turn.
    n = 10
    observed = np.full(n, -1.5)
    observed[5] = 30.0
    given = Observations(
        observed[:, np.newaxis] - np.array([-3.0, 3.0]),
        np.tile(np.array([0.0, 0.0, 1.0, 0.0, 0.0, 0.0]), (n, 2, 1)),
        np.full((n, 2), 0.5),
        np.tile(np.array([0.9, 0.9, 0.5, 0.9, 0.9, 0.9]), (n, 1)),
        np.full((n, 2), 0.5),
        np.tile(np.eye(2), (n, 1, 1)),
    )
    robust = smoothed(given, filter_forward(given, 4.0)).probability
    normal = smoothed(given, filter_forward(given, GAUSSIAN)).probability
    assert (normal[:, 1] > 0.99).all()
    assert (robust[:, 0] > 0.5).all()


@pytest.mark.parametrize(
    ("place_m", "fast_m", "slow_m", "map_m", "blocks"),
    [(3.25, 1.2, 2.2, 1.5, 8), (2.25, 2.0, 3.5, 1.5, 8), (3.25, 0.8, 1.3, 0.0, 3), (5.5, 3.5, 6.0, 1.5, 20)],
)
def test_the_side_is_found_as_often_as_theory_allows(place_m, fast_m, slow_m, map_m, blocks):
    # Two hypotheses at +-d, covariance C: P(correct) = Phi(d sqrt(1' C^-1 1)), a ceiling.
    rng = np.random.default_rng(blocks)
    coefficient = np.tile(np.array([0.0, slow_m, fast_m, map_m, 0.0, 0.0]), (blocks, 2, 1))
    keep = np.tile(np.array([0.98, 0.98, 0.45, 0.999, 0.95, 0.9999]), (blocks, 1))
    noise = np.full((blocks, 2), 0.4)
    given = Observations(
        np.zeros((blocks, 2)), coefficient, noise, keep,
        np.full((blocks, 2), 0.5), np.tile(np.eye(2), (blocks, 1, 1)),
    )  # fmt: skip
    covariance = covariance_of(given, np.zeros(blocks, dtype=int))
    looks = np.linalg.solve(covariance, np.ones(blocks)).sum()
    ceiling = 0.5 * (1.0 + erf(place_m * np.sqrt(looks) / np.sqrt(2.0)))
    repetitions, root, right, claimed = 1_000, np.linalg.cholesky(covariance), 0.0, 0.0
    for _ in range(repetitions):
        observed = place_m + root @ rng.standard_normal(blocks)
        one = given._replace(residual_m=observed[:, np.newaxis] - np.array([-place_m, place_m]))
        found = smoothed(one, filter_forward(one, GAUSSIAN)).probability[blocks // 2]
        right += float(found[1] > found[0]) / repetitions
        claimed += float(found.max()) / repetitions
    error = np.sqrt(ceiling * (1.0 - ceiling) / repetitions)
    assert abs(right - ceiling) < 3.5 * error + 1e-3
    # Calibrated too: what is claimed on average is what is right.
    assert abs(claimed - ceiling) < 3.5 * error + 1e-3
