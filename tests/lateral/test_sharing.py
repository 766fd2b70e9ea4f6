"""What a run is told: by others alone, of its own places, the same in any order, and seldom anew."""

from itertools import pairwise

import numpy as np
import pytest

from camber.lateral import SharedEvidence, pool_evidence
from camber.schema import Evidence, HabitCount, MapOffset


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
