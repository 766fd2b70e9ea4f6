"""Sidewalks that are in no map: in a draw they exist or not, at every pass alike."""

import numpy as np
import pytest

from camber.conventions import NO_WAY
from camber.lateral.existence import draw_existence
from camber.lateral.street import LEFT_SIDEWALK, OTHER, RIGHT_SIDEWALK, Places
from camber.lateral.switching import LATENT, Observations, filter_forward, sample

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
    doubts = draw_existence(places, np.full(len(prior), way_share), prior, draws, seed)
    rng = np.random.default_rng(1)
    shape = draws, len(prior)
    state = sample(
        seen, filter_forward(seen, 5.0), rng.random(shape), rng.standard_normal((*shape, LATENT)), doubts
    )
    return doubts, np.isin(state[:, ::2], (LEFT_SIDEWALK, RIGHT_SIDEWALK))


def test_without_evidence_existence_has_its_prior():
    doubts, _ = draw(2, 4_000)
    assert doubts.p_there == pytest.approx([EXISTS], abs=1e-9)
    assert doubts.there.mean() == pytest.approx(EXISTS, abs=0.03)


def test_nobody_is_on_a_sidewalk_that_does_not_exist():
    doubts, walk = draw(3, 4_000)
    assert not walk[~doubts.there[:, 0]].any()
    assert walk[doubts.there[:, 0]].mean() == pytest.approx(USED, abs=0.02)


def test_two_passes_share_what_is_not_known():
    # Given existence the passes are independent: mean n p q, variance n p q (1 - q) + p (1 - p) (n q)^2.
    draws, n = 20_000, 2
    _, walk = draw(n, draws)
    count = walk.sum(axis=1)
    assert count.mean() == pytest.approx(n * SHARE, abs=0.025)
    shared = n * SHARE * (1.0 - USED) + EXISTS * (1.0 - EXISTS) * (n * USED) ** 2
    assert count.var() == pytest.approx(shared, rel=0.04)
    # Drawn anew at each pass it would be little more than half of that.
    assert count.var() > 1.5 * n * SHARE * (1.0 - SHARE)


def test_two_runs_have_the_same_street_in_a_draw_and_two_seeds_have_not():
    one, two, other = draw(1, 500)[0], draw(3, 500)[0], draw(1, 500, seed=4)[0]
    np.testing.assert_array_equal(one.there, two.there)
    assert 0.3 < (one.there == other.there).mean() < 0.7


def test_a_pass_on_the_sidewalk_speaks_for_its_existence_at_the_others():
    places, _, prior = passes(2)
    seen = prior.copy()
    seen[0] = [0.9, 0.02, 0.02, 0.03, 0.03, 0.0]
    doubts = draw_existence(places, np.full(len(prior), SHARE), seen, 10, 3)
    assert doubts.p_there[0] > 0.93
    seen[0] = [0.01, 0.94, 0.02, 0.03, 0.0, 0.0]
    doubts = draw_existence(places, np.full(len(prior), SHARE), seen, 10, 3)
    # p (1 - q) / (1 - p q) if it were certain that the runner was not on it.
    certain = EXISTS * (1.0 - USED) / (1.0 - SHARE)
    # The other pass, which says nothing, may still have been on it.
    assert certain < doubts.p_there[0] < 0.5


def test_what_a_tag_tells_is_in_no_doubt():
    doubts, _ = draw(2, 10, way_share=USED)
    assert (doubts.road == -1).all()
    assert doubts.there.shape == (10, 0)
