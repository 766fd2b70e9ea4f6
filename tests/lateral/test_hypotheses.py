"""What is integrated over: weights are Bayes' rule, mixtures keep their means, draws follow the weights."""

from dataclasses import replace

import numpy as np
import pytest

from camber.lateral import hypotheses
from camber.lateral.hypotheses import Alike, Hypothesis, alike, draw_histories, weigh
from camber.lateral.noise import noise_hypotheses
from camber.lateral.switching import DEVICE, MAP
from camber.schema import LateralSettings
from camber.standards import gnss_classes
from tests.lateral.test_switching import GAUSSIAN, covariance_of, log_density, observations, street

ROW = gnss_classes()["single_band"]


def test_hypotheses_are_weighed_by_their_exact_likelihood():
    given = observations(3, n=9, s=1)
    wider = given._replace(coefficient=1.3 * given.coefficient)
    other = gnss_classes()["trees"]
    hypotheses = [Hypothesis(ROW, 0, 1.0, 0.7, given), Hypothesis(other, 0, 1.0, 0.3, wider)]
    parts = weigh(hypotheses, GAUSSIAN, 1.0).parts
    logs = [
        np.log(share) + log_density(one.residual_m[:, 0], covariance_of(one, np.zeros(9, dtype=int)))
        for share, one in ((0.7, given), (0.3, wider))
    ]
    expected = 1.0 / (1.0 + np.exp(logs[1] - logs[0]))
    assert parts[0].weight == pytest.approx(expected, abs=1e-6)
    assert sum(part.weight for part in parts) == pytest.approx(1.0)


def test_what_hardly_counts_is_dropped_and_the_rest_mixed():
    given = street(1)
    absurd = given._replace(residual_m=given.residual_m + 60.0)
    parts, mixed, _ = weigh(
        [Hypothesis(ROW, 0, 1.0, 0.5, given), Hypothesis(gnss_classes()["trees"], 0, 1.0, 0.5, absurd)],
        4.0,
        1.0,
    )
    assert [part.noise.name for part in parts] == [ROW.name]
    np.testing.assert_allclose(mixed.probability, parts[0].smoothed.probability, atol=1e-12)
    np.testing.assert_allclose(mixed.variance, parts[0].smoothed.variance, atol=1e-12)


def test_histories_are_drawn_from_each_hypothesis_as_often_as_it_is_likely():
    left = street(1)
    right = left._replace(prior=left.prior[:, ::-1].copy())
    posterior = weigh([Hypothesis(ROW, 1, 0.6, 1.0, left), Hypothesis(ROW, 0, 0.4, 1.0, right)], 4.0, 1.0)
    rng = np.random.default_rng(2)
    common, left_out = rng.standard_normal((4_000, 2)), rng.standard_normal(4_000)
    ranks = Alike((np.arange(4_000) + 0.5) / 4_000, common, left_out)
    drawn = draw_histories(posterior, ranks, rng)
    frequency = np.stack([(drawn == state).mean(axis=0) for state in range(3)], axis=1)
    np.testing.assert_allclose(frequency, posterior.states.probability, atol=0.04)
    # Low ranks are those of the first use of places, in this run as in every other.
    against = posterior.parts[1]
    assert against.weight == pytest.approx(0.4)
    low = drawn[: int(4_000 * against.weight)]
    np.testing.assert_allclose(
        np.stack([(low == state).mean(axis=0) for state in range(3)], axis=1),
        against.smoothed.probability,
        atol=0.06,
    )


def test_the_likeliest_class_is_named_whatever_its_parts():
    other = gnss_classes()["trees"]
    given = street(1)
    pairs = ((ROW, 0.3), (other, 0.4), (ROW, 0.3))
    posterior = weigh(
        [Hypothesis(row, use, share, 1.0, given) for use, (row, share) in enumerate(pairs)], 4.0, 1.0
    )
    assert posterior.likeliest_noise == "single_band"


def test_the_class_of_errors_is_open_to_its_neighbours_unless_told():
    given = noise_hypotheses(ROW, LateralSettings())
    assert [row.name for row, _ in given] == ["multi_band", "single_band", "trees"]
    assert sum(weight for _, weight in given) == pytest.approx(1.0)
    # The larger an error, the more it counts; each is widened alike.
    size = np.array([gnss_classes()[row.name].slow_sigma_m for row, _ in given])
    np.testing.assert_allclose([weight for _, weight in given], size / size.sum())
    np.testing.assert_allclose([row.slow_sigma_m for row, _ in given], 1.5 * size)
    ((known, weight),) = noise_hypotheses(ROW, LateralSettings(device_class="single_band", slow_factor=1.0))
    assert (known, weight) == (replace(ROW), 1.0)


def test_the_evidence_for_a_class_of_errors_is_coarsened_and_the_mass_of_a_use_is_kept():
    other = gnss_classes()["trees"]
    near, far = street(1), street(1)
    far = far._replace(coefficient=1.5 * far.coefficient)
    mirrored = near._replace(prior=near.prior[:, ::-1].copy())
    hypotheses = [
        Hypothesis(ROW, 1, 0.7, 0.6, near),
        Hypothesis(ROW, 0, 0.3, 0.6, mirrored),
        Hypothesis(other, 1, 0.7, 0.4, far),
        Hypothesis(other, 0, 0.3, 0.4, far),
    ]
    found = {}
    for power in (1.0, 0.25, 0.0):
        weight = np.array([part.weight for part in weigh(hypotheses, 4.0, power).parts])
        found[power] = weight[:2].sum() / weight[2:].sum(), weight[0] / weight[1]
    prior = 0.6 / 0.4
    assert found[0.0][0] == pytest.approx(prior)
    assert found[0.25][0] / prior == pytest.approx((found[1.0][0] / prior) ** 0.25)
    assert found[1.0][0] != pytest.approx(prior, rel=0.05)
    assert all(pair[1] == pytest.approx(0.7 / 0.3) for pair in found.values())


def test_of_a_long_run_the_same_histories_are_drawn_though_nothing_is_kept_of_it(monkeypatch):
    left = street(1)
    right = left._replace(prior=left.prior[:, ::-1].copy())
    given = [Hypothesis(ROW, 1, 0.6, 1.0, left), Hypothesis(ROW, 0, 0.4, 1.0, right)]

    def drawn():
        rng = np.random.default_rng(2)
        posterior = weigh(given, 4.0, 1.0)
        return posterior, draw_histories(posterior, alike(3, "a watch", 50), rng), rng.random()

    whole, histories, after = drawn()
    monkeypatch.setattr(hypotheses, "_KEPT_BLOCKS", 0)
    monkeypatch.setattr(hypotheses, "_NUMBERS_AT_ONCE", 400)
    again, pieces, after_pieces = drawn()
    assert all(part.steps is not None for part in whole.parts)
    assert all(part.steps is None for part in again.parts)
    assert (again.states.probability == whole.states.probability).all()
    assert (pieces == histories).all()
    assert after_pieces == after


def test_what_a_device_errs_by_is_drawn_once_for_all_its_runs():
    """Edges that nothing but the device's offset moves: two runs of it lean to the same side in each draw."""
    given = street(1, n=12, slow_m=0.3, fast_m=0.3)
    coefficient = given.coefficient.copy()
    coefficient[:, :, DEVICE], coefficient[:, :, MAP] = 2.0, 0.1
    place = np.array([-2.25, 0.0, 2.25])
    between = given._replace(
        coefficient=coefficient, residual_m=np.tile(-1.1 - place, (12, 1)), prior=np.full((12, 3), 1 / 3)
    )
    posterior = weigh([Hypothesis(ROW, 0, 1.0, 1.0, between)], GAUSSIAN, 1.0)

    def leaning(device, seed):
        same = alike(3, device, 2000)
        assert sorted(np.floor(2000 * same.use_rank)) == list(range(2000))
        np.testing.assert_allclose([same.common.mean(), same.common.std()], [0.0, 1.0], atol=0.01)
        return (draw_histories(posterior, same, np.random.default_rng(seed)) == 0).mean(axis=1)

    one, again, other = leaning("a watch", 1), leaning("a watch", 2), leaning("a phone", 3)
    assert 0.1 < one.mean() < 0.9
    assert np.corrcoef(one, again)[0, 1] > 0.3
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.1
    # What is shared between runs changes none of them.
    assert one.mean() == pytest.approx(posterior.states.probability[:, 0].mean(), abs=0.05)
