"""Before and after: what is shared cancels, what is chance between runs is no change."""

import numpy as np
import pytest

from camber.legs.share_changes import SURE_FROM, change_of

DRAWS = 100


def period(rng, shares, spread=0.0, shared=0.0):
    """Five kilometres a run with these shares of the left leg, known but for ``spread`` and ``shared``."""
    drawn = np.asarray(shares)[None, :] + spread * rng.normal(size=(DRAWS, len(shares)))
    left = 5000.0 * np.clip(drawn + np.reshape(shared, (-1, 1)), 0.0, 1.0)
    return left, 5000.0 - left


def test_what_both_periods_share_cancels():
    """How the town's roads fall is unsure by 15 points; that the second period has 30 less is not."""
    rng = np.random.default_rng(1)
    town = rng.normal(0.0, 0.05, DRAWS)
    found = change_of(
        period(rng, [0.8, 0.78, 0.82, 0.8], shared=town),
        period(rng, [0.5, 0.48, 0.52, 0.5], shared=town),
        rng,
    )
    assert found.p_less > 0.99
    assert found.change.median == pytest.approx(-0.3, abs=0.02)
    assert found.change.high - found.change.low < found.before.high - found.before.low


def test_left_and_right_mirrored_mirror_the_answer():
    before, after = (period(np.random.default_rng(2), shares) for shares in ([0.7] * 4, [0.6, 0.5, 0.7, 0.6]))
    one = change_of(before, after, np.random.default_rng(3))
    other = change_of(before[::-1], after[::-1], np.random.default_rng(3))
    assert one.p_less == pytest.approx(other.p_more)
    assert one.change.low == pytest.approx(-other.change.high)


@pytest.mark.parametrize("runs", [3, 8])
def test_other_routes_by_chance_are_no_change(runs):
    """Two routes of 90 and of 30 % left, in both periods, drawn by lot: an alarm in at most one of ten."""
    rng = np.random.default_rng(4)
    alarms = []
    for _ in range(500):
        before, after = (period(rng, rng.choice([0.9, 0.3], runs), spread=0.05) for _ in range(2))
        found = change_of(before, after, rng)
        alarms.append(max(found.p_less, found.p_more) >= SURE_FROM)
    assert 0.01 < np.mean(alarms) <= 0.1


def test_a_change_that_runs_can_show_is_said():
    """From 90 to 50 % left, by runs that differ by ten points either way: seen in nine of ten cases."""
    rng = np.random.default_rng(6)
    said = []
    for _ in range(100):
        before, after = (period(rng, rng.normal(share, 0.1, 6), spread=0.05) for share in (0.9, 0.5))
        said.append(change_of(before, after, rng).p_less >= SURE_FROM)
    assert np.mean(said) >= 0.9


def test_too_few_runs_or_no_tilt_cannot_be_compared():
    rng = np.random.default_rng(5)
    assert change_of(period(rng, [0.5] * 2), period(rng, [0.5] * 9), rng) is None
    level = np.zeros((DRAWS, 4))
    assert change_of((level, level), period(rng, [0.5] * 4), rng) is None
