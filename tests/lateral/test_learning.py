"""What runs say to each other: sums that do not depend on the order, and nothing that confirms itself."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camber.lateral import SharedEvidence, locate, pool_evidence
from camber.lateral.learning import habit_evidence, map_prior, without
from camber.lateral.state_prior import learned_facing
from camber.schema import Evidence, HabitCount, LateralSettings, Learned, MapOffset
from tests.worlds import candidates_of, matched_on, roads_of

WIDE = {"highway": "tertiary", "width_m": 14.0}
SINGLE = LateralSettings(device_class="single_band")

amounts = st.floats(0.0, 50.0, allow_nan=False)
habits = st.builds(HabitCount, st.sampled_from(["rural_sidewalk", "urban_sidewalk"]), amounts, amounts)
offsets = st.builds(MapOffset, st.integers(1, 3), st.integers(0, 2), amounts, st.floats(-50.0, 50.0))
evidences = st.builds(
    Evidence,
    st.uuids().map(str),
    st.lists(habits, max_size=2, unique_by=lambda row: row.context).map(tuple),
    st.lists(offsets, max_size=4, unique_by=lambda row: (row.way_id, row.piece)).map(tuple),
)


def run_at(roads, offset_m, *, name="one", seed=3, learned=None, n=600, direction=1):
    rng = np.random.default_rng(seed)
    legs = [{"way_id": 7, "offset_m": offset_m + rng.normal(0.0, 0.5, n), "direction": direction}]
    matched = matched_on(roads, legs)
    return locate(
        matched, candidates_of(matched), roads, SINGLE, draws=10, rng=rng, learned=learned, run=name
    )


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
    left = without(pool_evidence(runs), runs[0])
    others = pool_evidence(runs[1:])
    assert left.runs == others.runs
    expected = {(row.way_id, row.piece): row for row in others.map_offsets}
    for row in left.map_offsets:
        other = expected.get((row.way_id, row.piece), MapOffset(0, 0, 0.0, 0.0))
        assert row.information_per_m2 == pytest.approx(other.information_per_m2, abs=1e-9)
        assert row.weighted_offset_per_m == pytest.approx(other.weighted_offset_per_m, abs=1e-9)
    assert without(others, runs[0]) == others


def test_a_decided_run_counts_as_few_decisions_for_its_side():
    # 1.8 km on the left of a wide road, where vehicles drive on the right: one decision, perhaps two.
    _, _, evidence = run_at(road(**WIDE), -6.2)
    (habit,) = evidence.habits
    assert habit.context == "rural_no_sidewalk"
    assert 1.0 <= habit.facing < 3.0
    assert habit.with_traffic < 0.1 * habit.facing


def test_an_undecided_run_says_nothing_of_habits():
    _, _, evidence = run_at(road(highway="unclassified"), -0.3)
    assert evidence.habits == ()


def test_on_a_one_way_street_and_on_a_path_there_is_no_habit_of_facing_traffic():
    for tags in (WIDE | {"oneway": 1}, {"highway": "path"}):
        _, _, evidence = run_at(road(**tags), -6.2)
        assert evidence.habits == ()


def test_the_evidence_does_not_depend_on_what_was_learned():
    learned = Learned(("x",), (HabitCount("rural_no_sidewalk", 0.0, 100.0),), (MapOffset(7, 0, 5.0, 10.0),))
    assert run_at(road(**WIDE), -2.0)[2] == run_at(road(**WIDE), -2.0, learned=learned)[2]


def test_a_run_is_not_told_what_it_said_itself():
    alone, _, evidence = run_at(road(**WIDE), -6.2)
    told, _, _ = run_at(road(**WIDE), -6.2, learned=pool_evidence([evidence]))
    np.testing.assert_allclose(alone["p_left_edge"], told["p_left_edge"], atol=1e-9)


def test_a_habit_seen_elsewhere_moves_what_cannot_be_seen_but_never_makes_it_seen():
    narrow = road(highway="unclassified")
    facing = Learned(("other",), (HabitCount("rural_no_sidewalk", 30.0, 0.0),))
    shy = Learned(("other",), (HabitCount("rural_no_sidewalk", 0.0, 30.0),))
    neutral, _, _ = run_at(narrow, 0.0)
    left, _, _ = run_at(narrow, 0.0, learned=facing)
    right, _, _ = run_at(narrow, 0.0, learned=shy)
    assert left["p_left_edge"].mean() > neutral["p_left_edge"].mean() > right["p_left_edge"].mean()
    assert "seen" not in set(left["side_basis"]) | set(right["side_basis"])


def test_runs_on_both_sides_of_one_street_find_the_error_of_its_line():
    # The true middle lies 2 m to the right of the line; every run has a bias of its own (2.5 m).
    rng = np.random.default_rng(17)
    roads, found = road(length_m=249.0, **WIDE), []
    for number in range(90):
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


def test_habits_start_from_the_prior_and_end_at_the_counts():
    context, prior = np.array(["urban_sidewalk", ""], dtype=object), np.array([0.6, 0.5])
    few = Learned(("a",), (HabitCount("urban_sidewalk", 1.0, 0.0),))
    many = Learned(("a",), (HabitCount("urban_sidewalk", 900.0, 100.0),))
    worth, even = np.full(2, 4.0), np.full(2, 0.5)
    (edge, walk), decisions = learned_facing(context, (prior, even), worth, few)
    np.testing.assert_allclose(edge, [(4.0 * 0.6 + 1.0) / 5.0, 0.5])
    np.testing.assert_allclose(walk, [(4.0 * 0.5 + 1.0) / 5.0, 0.5])
    np.testing.assert_array_equal(decisions, [5.0, 4.0])
    np.testing.assert_allclose(
        learned_facing(context, (prior, even), worth, many)[0][0], [0.9, 0.5], atol=0.01
    )
    np.testing.assert_array_equal(learned_facing(context, (prior, even), worth, None)[0][0], prior)


def test_each_change_of_side_is_a_decision_and_staying_is_hardly_one():
    context = np.full(6, "rural_sidewalk", dtype=object)
    change = np.full(6, 0.02)
    (kept,) = habit_evidence(context, np.full(6, 0.95), change, 0.9)
    assert (kept.facing, kept.with_traffic) == (pytest.approx(1.0 + 5 * 0.02), 0.0)
    (moved,) = habit_evidence(context, np.array([0.95, 0.95, 0.5, -0.95, -0.95, 0.2]), change, 0.9)
    assert (moved.facing, moved.with_traffic) == (pytest.approx(1.02), pytest.approx(1.02))
    unsure = habit_evidence(context, np.full(6, 0.85), change, 0.9)
    assert unsure == ()
    assert replace(kept, facing=0.0).facing == 0.0


# -- What a run is told: by others alone, of its own places, and seldom anew ------------------------------


def said(number, ways, rng):
    """A run that decided a few times and passed some pieces."""
    habits = (HabitCount("urban_sidewalk", *rng.uniform(0.0, 4.0, 2)),)
    offsets = tuple(MapOffset(int(way), 0, *rng.uniform(0.1, 2.0, 2)) for way in sorted(ways))
    return Evidence(f"run{number:04d}", habits, offsets)


@pytest.fixture
def runs():
    rng = np.random.default_rng(11)
    return [said(number, rng.choice(40, 12, replace=False), rng) for number in range(100)]


def test_two_others_are_told_whole(runs):
    """One and two others: all of them; it is what pooling them says."""
    for others in (runs[:1], runs[:2]):
        told = SharedEvidence([*others, runs[5]]).told(runs[5])
        pooled = pool_evidence(others)
        assert told.habits[0].facing == pytest.approx(pooled.habits[0].facing)
        own = {row.way_id for row in runs[5].map_offsets}
        theirs = {row.way_id: row for row in pooled.map_offsets if row.way_id in own}
        assert {row.way_id for row in told.map_offsets} == set(theirs)
        for row in told.map_offsets:
            assert row.information_per_m2 == pytest.approx(theirs[row.way_id].information_per_m2)
            assert row.weighted_offset_per_m == pytest.approx(theirs[row.way_id].weighted_offset_per_m)


def test_more_than_half_of_the_others_are_heard(runs):
    for count in range(2, 70):
        shared = SharedEvidence(runs[:count])
        for own in (runs[0], runs[count - 1], runs[99]):
            others = [one for one in runs[:count] if one.run != own.run]
            first = others[: 2 ** int(np.log2(len(others)))]
            assert len(first) > len(others) / 2
            heard = pool_evidence(first).habits[0]
            assert shared.told(own).habits[0].facing == pytest.approx(heard.facing)


def test_a_run_does_not_hear_itself(runs):
    other = Evidence("other")
    loud = Evidence("run0000", (HabitCount("urban_sidewalk", 1e3, 0.0),), runs[0].map_offsets)
    quiet = Evidence("run0000", (), ())
    ways = Evidence("run0000", (), runs[0].map_offsets)
    heard = SharedEvidence([loud, *runs[1:], other]).told(ways).habits[0]
    alone = SharedEvidence([quiet, *runs[1:], other]).told(ways).habits[0]
    assert heard.facing == pytest.approx(alone.facing)


def test_a_run_elsewhere_leaves_most_results_untouched(runs):
    """A hundred runs, then one more on other ways: not one of them is told anything new."""
    rng = np.random.default_rng(12)
    before = SharedEvidence(runs)
    after = SharedEvidence([*runs, said(100, [1000, 1001], rng)])
    assert all(before.told(run) == after.told(run) for run in runs)


def test_results_change_seldom_while_a_history_grows():
    """Same loop every time: what a run is told changes when the number of the others doubles, never else."""
    rng = np.random.default_rng(13)
    loop = [said(number, range(5), rng) for number in range(257)]
    told = [SharedEvidence(loop[:count]).told(loop[0]) for count in range(2, 258)]
    changes = [count for count, (old, new) in enumerate(pairwise(told), 3) if old != new]
    assert changes == [3, 5, 9, 17, 33, 65, 129, 257]


def test_the_same_run_twice_counts_once(runs):
    assert SharedEvidence([*runs, *runs]).told(runs[3]) == SharedEvidence(runs).told(runs[3])
