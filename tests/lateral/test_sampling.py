"""Sidewalks that are in no map: most passes of a street go by one rank, each as often as it is likely."""

from types import SimpleNamespace

import numpy as np
import pytest

from camber.conventions import LEFT_EDGE, LEFT_SIDEWALK, NO_WAY, OTHER, RIGHT_SIDEWALK
from camber.lateral.hypotheses import Hypothesis, alike, draw_histories, weigh
from camber.lateral.learning import SAME_RUNNER, SAME_STREET
from camber.lateral.places import Places
from camber.lateral.sampling import draw_existence, find_passes, rank_blocks, sample
from camber.lateral.smoothing import prepare_back
from camber.lateral.switching import LATENT, Observations, filter_forward
from camber.standards import gnss_classes

USED, EXISTS = 0.85, 0.5
"""Share of runners on a sidewalk that exists, and of streets that have one (`standards/side_prior.csv`)."""

SHARE = USED * EXISTS
STREET = 70


def passes(n):
    """``n`` passes over one street, a path between them; the share of a sidewalk is known, no more."""
    prior = np.zeros((2 * n - 1, 6))
    prior[1::2, OTHER] = 1.0
    prior[::2] = [SHARE / 2, (0.9 - SHARE) / 2, 0.1, (0.9 - SHARE) / 2, SHARE / 2, 0.0]
    shape = prior.shape
    reference = np.where(np.arange(len(prior)) % 2 == 0, STREET, STREET + 1)
    way_id = np.where(prior > 0.0, reference[:, np.newaxis], NO_WAY)
    doubtful = np.zeros(shape, dtype=bool)
    doubtful[::2, [LEFT_SIDEWALK, RIGHT_SIDEWALK]] = True
    nothing = np.full(shape, np.nan)
    places = Places(
        nothing, nothing, nothing, nothing, way_id, doubtful & False, reference, reference * 0 + 1, doubtful
    )
    seen = Observations(
        nothing,
        np.ones((*shape, LATENT)),
        np.ones(shape),
        np.full((len(prior), LATENT), 0.5),
        prior,
        np.tile(prior[:, np.newaxis, :], (1, 6, 1)),
    )
    return places, seen, prior


def draw(n, draws, seed=3, way_share=SHARE):
    places, seen, prior = passes(n)
    doubts = draw_existence(places, np.full(len(prior), way_share), draws, seed)
    rng = np.random.default_rng(1)
    shape = draws, len(prior)
    filtered = filter_forward(seen, 5.0)
    back = prepare_back(seen, filtered)
    state = sample(seen, filtered, back, rng.random(shape), rng.standard_normal((*shape, LATENT)), doubts)
    return doubts, np.isin(state[:, ::2], (LEFT_SIDEWALK, RIGHT_SIDEWALK))


def test_each_pass_is_on_the_sidewalk_as_often_as_it_is_likely():
    _, walk = draw(3, 20_000)
    np.testing.assert_allclose(walk.mean(axis=0), SHARE, atol=0.012)


def test_two_passes_share_what_is_not_known():
    # Were it drawn whether the sidewalk exists, and at each pass whether it is used: mean n p q, variance
    # n p q (1 - q) + p (1 - p) (n q)^2.
    draws, n = 20_000, 2
    _, walk = draw(n, draws)
    count = walk.sum(axis=1)
    shared = n * SHARE * (1.0 - USED) + EXISTS * (1.0 - EXISTS) * (n * USED) ** 2
    assert count.var() == pytest.approx(shared, rel=0.04)
    # Drawn anew at each pass it would be little more than half of that.
    assert count.var() > 1.5 * n * SHARE * (1.0 - SHARE)


def test_with_evidence_for_one_pass_both_still_follow_their_own():
    places, seen, prior = passes(2)
    sure = prior.copy()
    sure[0] = [0.9, 0.02, 0.02, 0.03, 0.03, 0.0]
    seen = seen._replace(prior=sure, transition=np.tile(sure[:, np.newaxis, :], (1, 6, 1)))
    draws = 20_000
    doubts = draw_existence(places, np.full(len(prior), SHARE), draws, 3)
    rng = np.random.default_rng(2)
    filtered = filter_forward(seen, 5.0)
    state = sample(
        seen,
        filtered,
        prepare_back(seen, filtered),
        rng.random((draws, 3)),
        rng.standard_normal((draws, 3, LATENT)),
        doubts,
    )
    walk = np.isin(state[:, ::2], (LEFT_SIDEWALK, RIGHT_SIDEWALK))
    np.testing.assert_allclose(walk.mean(axis=0), [0.93, SHARE], atol=0.012)


def test_two_runs_have_the_same_street_in_a_draw_and_two_seeds_have_not():
    one, two, other = draw(1, 500)[0], draw(3, 500)[0], draw(1, 500, seed=4)[0]
    np.testing.assert_array_equal(one.rank, two.rank)
    assert abs(np.corrcoef(one.rank[:, 0], other.rank[:, 0])[0, 1]) < 0.2


def test_what_a_tag_tells_is_in_no_doubt():
    doubts, _ = draw(2, 10, way_share=USED)
    assert (doubts.road == -1).all()
    assert doubts.rank.shape == (10, 0)


def one_way(direction, n=3, way=STREET):
    """Blocks of a pass over one street, whose state nothing tells, and what comes before and after it."""
    reference = np.r_[STREET + 1, np.full(n, way), NO_WAY]
    blank = np.zeros((n + 2, 6))
    places = Places(
        blank, blank, blank, blank, blank, blank > 0, reference, np.full(n + 2, direction), blank > 0
    )
    return SimpleNamespace(section=np.zeros(n + 2, dtype=int)), places


def test_passes_of_a_way_in_one_direction_share_their_numbers_from_the_end():
    short, long, back = (find_passes(*one_way(*given), 300, 7) for given in ((1, 3), (1, 5), (-1, 3)))
    np.testing.assert_array_equal(short.on_way, [True, True, True, True, False])
    np.testing.assert_array_equal(short.last, [True, False, False, True, False])
    np.testing.assert_array_equal(short.normal[:, 1:4], long.normal[:, 3:6])
    for other in (back.normal[:, 3], find_passes(*one_way(1), 300, 8).normal[:, 3], short.normal[:, 2]):
        assert abs(np.corrcoef(short.normal[:, 3], other)[0, 1]) < 0.2


def test_every_rank_by_itself_is_uniform():
    passes, rng = find_passes(*one_way(1), 20_000, 3), np.random.default_rng(5)
    rank = rank_blocks(passes, rng.standard_normal((20_000, 5)), rng.standard_normal(20_000), 0.6, 0.3)
    for column in rank.T:
        np.testing.assert_allclose(np.quantile(column, [0.1, 0.5, 0.9]), [0.1, 0.5, 0.9], atol=0.01)


ALIKE = SAME_STREET + SAME_RUNNER


@pytest.mark.parametrize(
    ("ways", "correlation"),
    [(((STREET, 1), (STREET, 1)), ALIKE), (((STREET, 1), (STREET, -1)), SAME_RUNNER),
     (((STREET, 1), (STREET + 9, 1)), SAME_RUNNER)],
)  # fmt: skip
def test_two_runs_are_drawn_alike_as_far_as_what_they_tell_is(ways, correlation):
    """Left or right by a coin: two of correlated numbers are on one side of zero in 1/2 + asin(r) / pi."""
    draws, left = 8000, []
    prior = np.tile([0.0, 0.5, 0.0, 0.5, 0.0, 0.0], (3, 1))
    nothing, ones = np.full((3, 6), np.nan), np.ones((3, 6, LATENT))
    held, move = np.full((3, LATENT), 0.5), np.tile(prior[:, np.newaxis], (1, 6, 1))
    given = Observations(nothing, ones, np.ones((3, 6)), held, prior, move)
    posterior = weigh([Hypothesis(gnss_classes()["single_band"], 0, 1.0, 1.0, given)], 4.0, 1.0)
    for number, (way, direction) in enumerate(ways):
        blocks, places = one_way(direction, 1, way)
        passes, rng = find_passes(blocks, places, draws, 3), np.random.default_rng(number)
        state = draw_histories(posterior, alike(3, "a watch", draws), rng, None, passes)
        left.append(state[:, 1] == LEFT_EDGE)
        assert left[-1].mean() == pytest.approx(0.5, abs=0.02)
    agreed = 0.5 + np.arcsin(correlation) / np.pi
    assert (left[0] == left[1]).mean() == pytest.approx(agreed, abs=0.02)
