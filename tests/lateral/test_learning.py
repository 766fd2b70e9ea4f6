"""What runs say to each other: sums that do not depend on the order, and nothing that confirms itself."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camber import standards
from camber.lateral import SharedEvidence, locate, pool_evidence
from camber.lateral.learning import map_prior, novelty, without
from camber.lateral.use import use_posterior
from camber.schema import Evidence, LateralSettings, Learned, MapOffset, UseLikelihood
from tests.worlds import candidates_of, matched_on, roads_of

WIDE = {"highway": "tertiary", "width_m": 14.0}
SINGLE = LateralSettings(device_class="single_band")

NODES = standards.use_nodes().weight
SHAPE, COUNT = NODES.shape, NODES.size

amounts = st.floats(0.0, 50.0, allow_nan=False)
uses = st.builds(
    lambda region, seed: UseLikelihood(
        region,
        tuple(np.random.default_rng(seed).normal(0.0, 2.0, COUNT).round(3)),
        "",
        tuple(map(tuple, np.random.default_rng(seed).normal(0.0, 2.0, (5, COUNT)).round(3))),
    ),
    st.sampled_from(["here", "there"]),
    st.integers(0, 99),
)
offsets = st.builds(
    MapOffset,
    st.integers(1, 3),
    st.integers(0, 2),
    amounts,
    st.floats(-50.0, 50.0),
    st.sampled_from([-1, 1]),
)
evidences = st.builds(
    Evidence,
    st.uuids().map(str),
    st.lists(uses, max_size=1).map(tuple),
    st.lists(offsets, max_size=4, unique_by=lambda row: (row.way_id, row.piece, row.direction)).map(tuple),
)


def run_at(roads, offset_m, *, name="one", seed=3, learned=None, n=600, direction=1):
    rng = np.random.default_rng(seed)
    legs = [{"way_id": 7, "offset_m": offset_m + rng.normal(0.0, 0.5, n), "direction": direction}]
    matched = matched_on(roads, legs)
    return locate(
        matched, candidates_of(matched), roads, SINGLE, draws=10, rng=rng, learned=learned, run=name
    )


def said_of_facing(nats):
    """Others who say, by so many nats at the last node, that this runner faces traffic."""
    facing = np.linspace(0.0, nats, SHAPE[0])[:, None, None, None]
    return UseLikelihood("elsewhere", tuple(np.broadcast_to(facing, SHAPE).ravel().tolist()))


def road(length_m=3000.0, **tags):
    return roads_of({7: ([(0.0, 0.0), (length_m, 0.0)], tags)})


@given(runs=st.lists(evidences, max_size=5, unique_by=lambda row: row.run), order=st.randoms())
@settings(max_examples=50, deadline=None)
def test_the_order_and_the_number_of_times_a_run_is_told_do_not_matter(runs, order):
    shuffled = [*runs, *runs]
    order.shuffle(shuffled)
    assert pool_evidence(shuffled) == pool_evidence(runs)


@given(runs=st.lists(evidences, min_size=1, max_size=5, unique_by=lambda row: row.run))
@settings(max_examples=50, deadline=None)
def test_a_run_taken_out_again_leaves_what_the_others_say(runs):
    whole = pool_evidence(runs)
    left = without(whole, runs[0])
    others = pool_evidence(runs[1:])
    assert left.runs == others.runs
    assert left.own_weight == whole.weights[whole.runs.index(runs[0].run)]
    expected = {(row.way_id, row.piece, row.direction): row for row in others.map_offsets}
    for row in left.map_offsets:
        other = expected.get((row.way_id, row.piece, row.direction), MapOffset(0, 0, 0.0, 0.0))
        assert row.information_per_m2 == pytest.approx(other.information_per_m2, abs=1e-9)
        assert row.weighted_offset_per_m == pytest.approx(other.weighted_offset_per_m, abs=1e-9)
    # Weights are those of all the runs: what is left is the others' part under them.
    said = {use.region: np.zeros((6, COUNT)) for use in left.uses}
    for one in runs[1:]:
        for use in one.uses:
            weight = whole.weights[whole.runs.index(one.run)]
            said[use.region] += weight * np.array([use.log_likelihood, *use.common])
    for use in left.uses:
        np.testing.assert_allclose([use.log_likelihood, *use.common], said[use.region], atol=1e-9)
    assert without(others, runs[0]) == others


@given(runs=st.lists(evidences, min_size=1, max_size=3, unique_by=lambda row: row.run))
@settings(max_examples=20, deadline=None)
def test_what_a_run_says_of_other_places_today_takes_nothing_out(runs):
    whole = pool_evidence(runs)
    moved = tuple(replace(use, region=f"moved {use.region}") for use in runs[0].uses)
    left = without(whole, replace(runs[0], uses=moved))
    assert [(use.region, use.device) for use in left.uses] == [(use.region, use.device) for use in whole.uses]
    for use, before in zip(left.uses, whole.uses, strict=True):
        np.testing.assert_allclose(use.log_likelihood, before.log_likelihood, atol=1e-9)


def marginal(use, axis):
    """Posterior of one unknown, from what a run says alone."""
    posterior = use_posterior((use,), None, (use.region, use.device)).share.reshape(SHAPE)
    return posterior.sum(axis=tuple(k for k in range(len(SHAPE)) if k != axis))


def test_a_run_that_saw_its_side_tells_who_faces_traffic():
    # 1.8 km on the left of a wide road, where vehicles drive on the right.
    for offset_m, often in ((-6.2, 2), (6.2, 0)):
        _, _, evidence = run_at(road(**WIDE), offset_m)
        facing = marginal(evidence.uses[0], 0)
        assert facing.argmax() == often
        assert facing[2 - often] < 0.3 * NODES.sum(axis=(1, 2, 3))[2 - often]


def test_a_run_in_the_middle_tells_of_the_middle():
    _, _, evidence = run_at(road(**WIDE), 0.0)
    assert marginal(evidence.uses[0], 2)[2] > 1.5 * NODES.sum(axis=(0, 1, 3))[2]


def test_an_undecided_run_hardly_says_who_faces_traffic():
    _, _, evidence = run_at(road(highway="unclassified"), -0.3)
    assert np.abs(marginal(evidence.uses[0], 0) - NODES.sum(axis=(1, 2, 3))).max() < 0.15


def test_on_a_path_nothing_is_said_of_facing_traffic_and_on_a_one_way_street_less():
    said = {}
    for name, tags in (("road", WIDE), ("one way", WIDE | {"oneway": 1}), ("path", {"highway": "path"})):
        _, _, evidence = run_at(road(**tags), -6.2)
        said[name] = np.ptp(np.reshape(evidence.uses[0].log_likelihood, SHAPE), axis=0).max()
    assert said["path"] < 2e-3
    assert 0.2 * said["road"] < said["one way"] < said["road"]


def test_the_evidence_does_not_depend_on_what_was_learned():
    learned = Learned(("x",), (1.0,), (said_of_facing(9.0),), (MapOffset(7, 0, 5.0, 10.0, 1),))
    assert run_at(road(**WIDE), -2.0)[2] == run_at(road(**WIDE), -2.0, learned=learned)[2]


def test_a_run_is_not_told_what_it_said_itself():
    alone, _, evidence = run_at(road(**WIDE), -6.2)
    told, _, _ = run_at(road(**WIDE), -6.2, learned=pool_evidence([evidence]))
    np.testing.assert_allclose(alone["p_left_edge"], told["p_left_edge"], atol=1e-9)


def test_a_habit_seen_elsewhere_moves_what_cannot_be_seen_but_never_makes_it_seen():
    narrow = road(highway="unclassified")
    neutral, _, _ = run_at(narrow, 0.0)
    left, _, _ = run_at(narrow, 0.0, learned=Learned(("other",), (1.0,), (said_of_facing(9.0),)))
    right, _, _ = run_at(narrow, 0.0, learned=Learned(("other",), (1.0,), (said_of_facing(-9.0),)))
    assert left["p_left_edge"].mean() > neutral["p_left_edge"].mean() > right["p_left_edge"].mean()
    assert "seen" not in set(left["side_basis"]) | set(right["side_basis"])


def test_what_was_said_before_is_not_found_out_again():
    _, _, evidence = run_at(road(**WIDE), -6.2)
    known = Learned(own=evidence.uses)
    assert run_at(road(**WIDE), -6.2, learned=known)[2] == evidence


def test_runs_on_both_sides_of_one_street_find_the_error_of_its_line():
    # The true middle lies 2 m to the right of the line; every run has a bias of its own (2.5 m).
    rng = np.random.default_rng(17)
    roads, found = road(length_m=249.0, **WIDE), []
    for number in range(140):
        direction = 1 if number % 2 else -1
        bias = 2.5 * rng.standard_normal()
        found.append(
            run_at(
                roads,
                -6.2 + direction * (2.0 + bias),
                name=str(number),
                seed=number,
                n=80,
                direction=direction,
            )
        )
    learned = pool_evidence(evidence for _, _, evidence in found)
    mean, std = map_prior(np.array([7]), np.array([0]), 1.5, learned)
    assert std[0] < 1.0
    assert abs(mean[0] - 2.0) < 2.5 * std[0]
    assert mean[0] > 0.7


def test_passes_in_one_direction_do_not_tell_a_line_from_a_side_and_passes_in_both_do():
    way, piece = np.array([7]), np.array([0])
    both = Learned(map_offsets=(MapOffset(7, 0, 4.0, 8.0, 1), MapOffset(7, 0, 4.0, 8.0, -1)))
    mean, std = map_prior(way, piece, 1.5, both)
    # The error that turns cancels: 8 of information, 2 m.
    assert mean[0] == pytest.approx(16.0 / (8.0 + 1.5**-2))
    assert std[0] == pytest.approx(0.4 * 1.5)
    one = Learned(map_offsets=(MapOffset(7, 0, 8.0, 16.0, 1),))
    mean, std = map_prior(way, piece, 1.5, one)
    information = 1.0 / (1.0 / 8.0 + 1.0)
    assert mean[0] == pytest.approx(2.0 * information / (information + 1.5**-2))
    assert std[0] == pytest.approx((information + 1.5**-2) ** -0.5)
    # Along and against it lies on the left of travel: that is the runner's side, not the line's error.
    side = Learned(map_offsets=(MapOffset(7, 0, 8.0, -16.0, 1), MapOffset(7, 0, 8.0, 16.0, -1)))
    assert map_prior(way, piece, 1.5, side)[0][0] == pytest.approx(0.0)


def test_what_lines_and_sides_say_is_integrated_exactly():
    """Against a grid: m of the line, and d that turns with the direction."""
    along, against, sigma = (1.0, 2.0), (0.5, -1.0), 1.5
    m, d = np.meshgrid(np.linspace(-12, 12, 1201), np.linspace(-8, 8, 801), indexing="ij")
    log = -0.5 * (m / sigma) ** 2 - 0.5 * d**2
    for (information, weighted), turn in ((along, 1.0), (against, -1.0)):
        log += -0.5 * information * (m + turn * d) ** 2 + weighted * (m + turn * d)
    density = np.exp(log - log.max()).sum(axis=1)
    density /= density.sum()
    mean = (density * m[:, 0]).sum()
    learned = Learned(map_offsets=(MapOffset(7, 0, *along, 1), MapOffset(7, 0, *against, -1)))
    found, std = map_prior(np.array([7]), np.array([0]), sigma, learned)
    assert found[0] == pytest.approx(mean, abs=1e-4)
    assert std[0] == pytest.approx(np.sqrt((density * (m[:, 0] - mean) ** 2).sum()), abs=1e-3)


def test_the_same_streets_again_are_less_news_than_others():
    here = [frozenset((way, 0, 1) for way in range(10))] * 8
    there = [frozenset((way + 10 * number, 0, 1) for way in range(10)) for number in range(8)]
    back = [frozenset((way, 0, direction) for way in range(10)) for direction in (1, -1)] * 4
    same, other, both = (sum(novelty(passes)) for passes in (here, there, back))
    assert 1.0 < same < both < other < 8.0
    assert novelty(here[:1]) == [1.0]


# -- What a run is told: by others alone, of its own places, and seldom anew ------------------------------


def said(number, ways, rng):
    """A run that says something of the use of places and passed some pieces."""
    use = UseLikelihood("here", tuple(rng.normal(0.0, 1.0, COUNT).round(3).tolist()))
    offsets = tuple(MapOffset(int(way), 0, *rng.uniform(0.1, 2.0, 2), 1) for way in sorted(ways))
    return Evidence(f"run{number:04d}", (use,), offsets)


def said_by(runs, own):
    """What runs say together, by their weights beside the one that is told."""
    passes = [frozenset((row.way_id, row.piece, row.direction) for row in one.map_offsets) for one in runs]
    mine = frozenset((row.way_id, row.piece, row.direction) for row in own.map_offsets)
    pairs = zip(novelty([*passes, mine]), runs, strict=False)
    return sum(weight * np.array(one.uses[0].log_likelihood) for weight, one in pairs)


@pytest.fixture
def runs():
    rng = np.random.default_rng(11)
    return [said(number, rng.choice(40, 12, replace=False), rng) for number in range(100)]


def test_two_others_are_told_whole(runs):
    """One and two others: all of them; it is what pooling them says."""
    for others in (runs[:1], runs[:2]):
        told = SharedEvidence([*others, runs[5]]).told(runs[5])
        pooled = pool_evidence(others)
        np.testing.assert_allclose(told.uses[0].log_likelihood, said_by(others, runs[5]), atol=1e-9)
        assert told.own == runs[5].uses
        own = {row.way_id for row in runs[5].map_offsets}
        theirs = {row.way_id: row for row in pooled.map_offsets if row.way_id in own}
        assert {row.way_id for row in told.map_offsets} == set(theirs)
        for row in told.map_offsets:
            assert row.information_per_m2 == pytest.approx(theirs[row.way_id].information_per_m2)
            assert row.weighted_offset_per_m == pytest.approx(theirs[row.way_id].weighted_offset_per_m)


def test_more_than_half_of_the_others_are_heard(runs):
    for count in range(2, 70, 3):
        shared = SharedEvidence(runs[:count])
        for own in (runs[0], runs[count - 1], runs[99]):
            others = [one for one in runs[:count] if one.run != own.run]
            first = others[: 2 ** int(np.log2(len(others)))]
            assert len(first) > len(others) / 2
            heard = shared.told(own).uses[0].log_likelihood
            np.testing.assert_allclose(heard, said_by(first, own), atol=1e-9)


def test_a_run_does_not_hear_itself(runs):
    loud = replace(runs[0], uses=(UseLikelihood("here", tuple(100.0 * np.arange(COUNT))),))
    heard = SharedEvidence([loud, *runs[1:]]).told(loud)
    alone = SharedEvidence([runs[0], *runs[1:]]).told(runs[0])
    assert heard.uses == alone.uses
    assert heard.own_weight == alone.own_weight < 1.0


def test_results_change_seldom_while_a_history_grows():
    """Same loop every time: what a run is told changes when the number of the others doubles, never else."""
    rng = np.random.default_rng(13)
    loop = [said(number, range(5), rng) for number in range(257)]
    told = [SharedEvidence(loop[:count]).told(loop[0]) for count in range(2, 258)]
    changes = [count for count, (old, new) in enumerate(pairwise(told), 3) if old != new]
    assert changes == [3, 5, 9, 17, 33, 65, 129, 257]


def test_the_same_run_twice_counts_once(runs):
    assert SharedEvidence([*runs, *runs]).told(runs[3]) == SharedEvidence(runs).told(runs[3])
