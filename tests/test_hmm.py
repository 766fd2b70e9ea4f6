"""Forward-backward and Viterbi against the definition: all paths of small trellises, one by one."""

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camber.hmm import Trellis, forward_backward, viterbi

PATIENT = settings(deadline=None)  # kernels compile at their first call
WEIGHT = st.one_of(st.just(0.0), st.floats(2.0**-10, 8.0, width=32))


@st.composite
def trellises(draw, steps=5, states=3):
    """Weights, initial weights and the starts of chains; impossible moves included."""
    n, s = draw(st.integers(1, steps)), draw(st.integers(1, states))
    flat = draw(st.lists(WEIGHT, min_size=n * s * s, max_size=n * s * s))
    first = draw(st.lists(st.floats(1e-3, 10.0), min_size=n * s, max_size=n * s))
    starts = np.array([True, *draw(st.lists(st.booleans(), min_size=n - 1, max_size=n - 1))])
    weights = np.array(flat, dtype=np.float32).reshape(n, s, s)
    # As the contract asks: from every state some state can be reached.
    weights[..., 0] = np.maximum(weights[..., 0], np.float32(0.01))
    return weights, np.array(first).reshape(n, s), starts


def possible(weights, initial, starts):
    """The same as a trellis whose steps are all equally wide."""
    n, s = initial.shape
    blocks = [initial[i] if starts[i] else weights[i].astype(float).ravel() for i in range(n)]
    first = np.concatenate([[0], np.cumsum([len(block) for block in blocks])])
    return Trellis(np.full(n, s), first, np.concatenate(blocks), starts)


def posteriors(weights, initial, starts):
    return forward_backward(possible(weights, initial, starts)).reshape(initial.shape)


def states(weights, initial, starts):
    return viterbi(possible(weights, initial, starts))


def enumerate_paths(weights, initial, starts):
    """Every path and its weight, by multiplication alone."""
    n, s = initial.shape
    paths = np.array(list(product(range(s), repeat=n)))
    totals = np.ones(len(paths))
    for i in range(n):
        here = paths[:, i]
        totals *= initial[i, here] if starts[i] else weights[i, paths[:, i - 1], here].astype(float)
    return paths, totals


@PATIENT
@given(trellises())
def test_posteriors_are_sums_over_all_paths(trellis):
    paths, totals = enumerate_paths(*trellis)
    n, s = trellis[1].shape
    expected = [[totals[paths[:, i] == b].sum() / totals.sum() for b in range(s)] for i in range(n)]
    assert posteriors(*trellis) == pytest.approx(np.array(expected), abs=1e-9)


@PATIENT
@given(trellises())
def test_the_likeliest_path_is_as_likely_as_the_best_of_all(trellis):
    paths, totals = enumerate_paths(*trellis)
    found = states(*trellis)
    weight = totals[(paths == found).all(axis=1)].item()
    assert weight == pytest.approx(totals.max(), rel=1e-9)


@PATIENT
@given(trellises(states=4), st.data())
def test_steps_may_differ_in_width(trellis, data):
    """Leaving a state out is giving it no weight: a narrow trellis against the wide one."""
    weights, initial, starts = trellis
    n, s = initial.shape
    others = st.lists(st.booleans(), min_size=s - 1, max_size=s - 1)
    kept = [np.array([True, *data.draw(others)]) for _ in range(n)]
    for i in range(n):
        initial[i, ~kept[i]] = 0.0
        weights[i][:, ~kept[i]] = 0.0
    blocks = [
        initial[i, kept[i]] if starts[i] else weights[i][np.ix_(kept[i - 1], kept[i])].astype(float).ravel()
        for i in range(n)
    ]
    first = np.concatenate([[0], np.cumsum([len(block) for block in blocks])])
    narrow = Trellis(np.array([k.sum() for k in kept]), first, np.concatenate(blocks), starts)
    wide = np.concatenate([row[k] for row, k in zip(posteriors(*trellis), kept, strict=True)])
    assert forward_backward(narrow) == pytest.approx(wide, abs=1e-12)
    named = [np.flatnonzero(k)[state] for k, state in zip(kept, viterbi(narrow), strict=True)]
    assert named == states(*trellis).tolist()


@PATIENT
@given(trellises(steps=30, states=6))
def test_every_row_sums_to_one(trellis):
    posterior = posteriors(*trellis)
    assert (posterior >= 0.0).all()
    assert posterior.sum(axis=1) == pytest.approx(1.0, abs=1e-12)


@PATIENT
@given(trellises(steps=12))
def test_chains_know_nothing_of_each_other(trellis):
    weights, initial, starts = trellis
    borders = [*np.flatnonzero(starts), len(starts)]
    parts = [slice(a, b) for a, b in pairwise(borders)]
    single = [(weights[part], initial[part], starts[part]) for part in parts]
    alone = np.concatenate([posteriors(*chain) for chain in single])
    assert posteriors(*trellis) == pytest.approx(alone, abs=1e-12)
    assert states(*trellis).tolist() == np.concatenate([states(*chain) for chain in single]).tolist()


@PATIENT
@given(trellises(steps=12), st.integers(-20, 20))
def test_only_the_ratios_of_weights_matter(trellis, power):
    """Each step is rescaled; a power of two changes no rounding, so the result is the same to the bit."""
    weights, initial, starts = trellis
    scale = 2.0 ** (power * np.where(np.arange(len(starts)) % 2, 1, -1))
    scaled = (weights * scale[:, None, None]).astype(np.float32), initial * scale[:, None], starts
    assert posteriors(*scaled) == pytest.approx(posteriors(*trellis), abs=1e-12)
    assert states(*scaled).tolist() == states(*trellis).tolist()


@PATIENT
@given(trellises(steps=6, states=4))
def test_the_names_of_the_states_do_not_matter(trellis):
    weights, initial, starts = trellis
    order = np.arange(initial.shape[1])[::-1]
    turned = weights[:, order][:, :, order].copy(), initial[:, order].copy(), starts
    assert posteriors(*turned) == pytest.approx(posteriors(*trellis)[:, order], abs=1e-12)


def test_evidence_at_one_end_reaches_the_other():
    """Two states that hardly ever change: the last step decides the first."""
    stay = np.array([[0.99, 0.01], [0.01, 0.99]], dtype=np.float32)
    weights = np.repeat(stay[np.newaxis], 4, axis=0)
    weights[3] = stay * np.array([1.0, 0.001], dtype=np.float32)
    initial = np.ones((4, 2))
    starts = np.array([True, False, False, False])
    assert (posteriors(weights, initial, starts)[:, 0] > 0.95).all()
    assert states(weights, initial, starts).tolist() == [0, 0, 0, 0]


def test_a_long_chain_neither_underflows_nor_overflows():
    n = 200_000
    for size in (1e-30, 1e30):
        weights = np.full((n, 2, 2), size, dtype=np.float32)
        weights[:, :, 1] *= 0.5
        starts = np.zeros(n, dtype=bool)
        starts[0] = True
        initial = np.full((n, 2), 0.5)
        posterior = posteriors(weights, initial, starts)
        assert posterior[1:, 0] == pytest.approx(2.0 / 3.0, abs=1e-6)
        assert not states(weights, initial, starts)[1:].any()


def test_an_impossible_move_is_never_made():
    """Even where both ends alone are likeliest in the states that it would join."""
    weights = np.ones((2, 2, 2), dtype=np.float32)
    weights[1] = [[0.0, 0.2], [0.0, 1.0]]
    weights[1, 1, 0] = 0.5
    initial = np.array([[10.0, 1.0], [1.0, 1.0]])
    starts = np.array([True, False])
    posterior = posteriors(weights, initial, starts)
    assert posterior[1] == pytest.approx([0.5 / 3.5, 3.0 / 3.5])
    assert states(weights, initial, starts).tolist() == [0, 1]
