"""Contact against tilt: signs by hand, closed forms, and noise that must not be taken for an effect."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import stdtrit

import camber
from camber.legs.contact_balance import (
    Strides,
    both_ways,
    contact_of,
    joined,
    measure_contact,
    unmodelled,
    without_stumbles,
)
from camber.legs.kept_contact import pack_contact, unpack_contact
from camber.legs.pooling import WANTED, interval_over, pooled_effect
from camber.schema import ContactPart, ContactRun
from camber.simulate.season import Season, simulate_season

ROWS, DRAWS = 120, 40


def strides(rng, effect=0.0, noise=0.3, known=1.0):
    """Rows out and back: the expected tilt is ``known`` of the true one, which one history in so many has."""
    sign = np.repeat(rng.choice([-1.0, 1.0], ROWS // 5), 5)
    truth = 2.0 * sign
    # A history has the right leg low where the truth has it with probability (1 + known) / 2.
    agree = rng.random((DRAWS, ROWS // 5)) < (1.0 + known) / 2.0
    mine = rng.random(ROWS // 5) < (1.0 + known) / 2.0
    seen = np.where(np.repeat(mine, 5), 1.0, -1.0) * sign
    drawn = 2.0 * seen * np.where(np.repeat(agree, 5, axis=1), 1.0, -1.0)
    time_s = 12.0 * np.arange(ROWS)
    speed = rng.normal(size=ROWS)
    right = 50.0 + effect * truth + 0.3 * speed + 1e-4 * time_s + noise * rng.normal(size=ROWS)
    way = np.repeat(np.arange(ROWS // 15), 15)
    return Strides(
        time_s,
        np.full(ROWS, 36.0),
        right,
        known * 2.0 * seen,
        drawn,
        np.column_stack([time_s / time_s.max(), speed]),
        way,
        np.where(np.arange(ROWS) % 15 < 7, 1, -1),
    )


def test_the_foot_on_the_low_side_that_stays_longer_has_a_positive_effect():
    """In words: right leg low on +2 %, right foot 51 % there; left leg low on -2 %, right foot 49 %."""
    rows = strides(np.random.default_rng(1), effect=0.5, noise=0.01)
    assert rows.right_pct[rows.slope_pct > 0].mean() > rows.right_pct[rows.slope_pct < 0].mean()
    said = pooled_effect([measure_contact(rows)])
    assert said.effect.median == pytest.approx(0.5, abs=0.01)
    assert said.is_detected


def test_mirrored_it_is_the_same():
    rows = strides(np.random.default_rng(2), effect=0.2)
    mirrored = replace(
        rows,
        right_pct=100.0 - rows.right_pct,
        slope_pct=-rows.slope_pct,
        drawn_pct=-rows.drawn_pct,
        nuisances=rows.nuisances,
    )
    one, other = (pooled_effect([measure_contact(each)]) for each in (rows, mirrored))
    assert one.effect.median == pytest.approx(other.effect.median, abs=1e-9)
    assert one.right_pct == pytest.approx(100.0 - other.right_pct)


def test_nuisances_and_the_level_play_no_part():
    rows = strides(np.random.default_rng(3), effect=0.1)
    moved = rows.right_pct + 7.0 + rows.nuisances @ np.array([5.0, -2.0])
    one, other = (measure_contact(each).whole for each in (rows, replace(rows, right_pct=moved)))
    assert other.score / other.information == pytest.approx(one.score / one.information, abs=1e-9)


def test_with_a_tilt_that_is_known_it_is_generalised_least_squares():
    rows = replace(strides(np.random.default_rng(4), effect=0.1), nuisances=np.zeros((ROWS, 0)))
    part = measure_contact(rows).whole
    assert np.allclose(part.drawn, part.information)  # every history has the expected tilt
    said, _ = interval_over([part], np.zeros(1, dtype=int))
    error = part.information**-0.5
    assert said.median == pytest.approx(part.score / part.information, abs=1e-6)
    assert said.high - said.low == pytest.approx(2 * stdtrit(part.freedom, 0.95) * error, rel=5e-3)


def test_noise_is_known_the_less_the_slower_the_tilt_changes():
    """Of white rows half are free, as each product with a shifted row shares rows with all others."""
    rng = np.random.default_rng(12)
    noise = rng.normal(size=400)
    white = unmodelled(rng.normal(size=400), noise, 0)[1]
    slow = unmodelled(np.repeat(rng.normal(size=40), 10), noise, 0)[1]
    assert white == pytest.approx(200, rel=0.15)
    assert slow < 0.25 * white


def test_few_degrees_of_freedom_widen_the_interval_as_students_t_does():
    parts = [ContactPart(5000.0, 400.0, 40.0, np.full(8, 400.0), freedom) for freedom in (5.0, math.inf)]
    wide, narrow = (interval_over([part], np.zeros(1, dtype=int))[0] for part in parts)
    assert wide.high - wide.low == pytest.approx(2 * 2.015 / 20.0, rel=5e-3)
    assert narrow.high - narrow.low == pytest.approx(2 * 1.645 / 20.0, rel=1e-3)


def test_what_is_not_known_of_the_tilt_widens_but_does_not_shrink_the_effect():
    """Sides right in eight of ten: least squares on the likelier side shrinks, this does not."""
    rng = np.random.default_rng(5)
    said, shrunk = [], []
    for _ in range(12):
        rows = strides(rng, effect=0.4, noise=0.1, known=0.6)
        said.append(pooled_effect([measure_contact(rows)]).effect)
        shrunk.append(np.polyfit(np.sign(rows.slope_pct) * 2.0, rows.right_pct, 1)[0])
    assert np.mean([one.median for one in said]) == pytest.approx(0.4, abs=0.1)
    assert np.mean(shrunk) == pytest.approx(0.6 * 0.4, abs=0.08)
    assert np.mean([one.low <= 0.4 <= one.high for one in said]) >= 0.75


def test_drift_and_correlated_noise_are_not_taken_for_an_effect():
    rng = np.random.default_rng(6)
    found = []
    for _ in range(12):
        rows = strides(rng, noise=0.2)
        slow = np.zeros(ROWS)
        for at in range(1, ROWS):
            slow[at] = 0.75 * slow[at - 1] + 0.3 * rng.normal()
        found.append(pooled_effect([measure_contact(replace(rows, right_pct=rows.right_pct + slow))]))
    assert np.mean([said.is_detected for said in found]) <= 0.25


def run_of(found, error, drawn=None, device="a", metres=5000.0):
    information = error**-2.0
    part = ContactPart(
        metres,
        information,
        found * information,
        np.full(8, information) if drawn is None else information * np.asarray(drawn),
    )
    return ContactRun(device, 50.0, 0.5, part, None)


def test_runs_that_agree_narrow_the_interval_and_runs_that_differ_widen_it():
    alike = pooled_effect([run_of(0.1, 0.05)] * 16).effect
    apart = pooled_effect([run_of(0.1 + sign * 0.3, 0.05) for sign in (-1, 1)] * 8).effect
    assert alike.median == pytest.approx(0.1, abs=0.002)
    assert 2 * 1.645 * 0.05 / 4 <= alike.high - alike.low <= 1.3 * 2 * 1.645 * 0.05 / 4
    assert apart.high - apart.low > 2.0 * (alike.high - alike.low)


def test_two_devices_that_differ_tell_less_than_one():
    runs = [run_of(value, 0.02, device=name) for name, value in (("a", 0.0), ("b", 0.2)) for _ in range(6)]
    one = [replace(run, device="a") for run in runs]
    wide, narrow = (pooled_effect(each).effect for each in (runs, one))
    assert wide.high - wide.low > 1.3 * (narrow.high - narrow.low)


def test_half_of_the_expected_tilt_doubles_the_effect():
    said = pooled_effect([run_of(0.1, 0.001, drawn=np.full(8, 0.5))]).effect
    assert said.median == pytest.approx(0.2, abs=0.002)


def test_how_much_more_it_would_take_falls_with_the_square_of_the_error():
    wanted_error = WANTED / (1.645 + 0.842)
    enough, twice = (pooled_effect([run_of(0.0, scale * wanted_error)]) for scale in (0.99, 2.0))
    assert enough.more_m == 0.0
    assert twice.more_m == pytest.approx(3.0 * 5000.0, rel=0.01)


def test_nothing_recorded_is_said_to_be_nothing():
    said = pooled_effect([])
    assert (said.runs, said.effect, said.more_m, said.is_detected) == (0, None, None, False)


def test_only_ways_run_both_ways_are_paired():
    way = np.array([1, 1, 1, 1, 2, 2])
    direction = np.array([1, 1, -1, -1, 1, 1])
    assert both_ways(way, direction, np.full(6, 70.0)).tolist() == [True] * 4 + [False] * 2
    assert not both_ways(way, direction, np.full(6, 50.0)).any()
    assert measure_contact(strides(np.random.default_rng(7))).paired is not None


def test_stumbles_are_blanked_and_nothing_else():
    values = np.r_[np.linspace(49.0, 51.0, 101), 0.0, 100.0, np.nan]
    assert np.isnan(without_stumbles(values)).sum() == 3
    assert np.isnan(without_stumbles(np.full(3, np.nan))).all()


def test_long_runs_are_joined_to_fewer_rows_of_the_same_distance():
    rows = strides(np.random.default_rng(8))
    fewer = joined(rows, 4)
    assert len(fewer.time_s) == 30
    assert fewer.distance_m.sum() == pytest.approx(rows.distance_m.sum())
    assert np.average(fewer.right_pct, weights=fewer.distance_m) == pytest.approx(rows.right_pct.mean())


def test_it_is_kept_as_it_was():
    run = replace(measure_contact(strides(np.random.default_rng(9), known=0.5)), device="[b]watch & co")
    back = unpack_contact(*pack_contact(run))
    assert (back.device, back.right_pct, back.noise_pct) == (run.device, run.right_pct, run.noise_pct)
    for one, other in ((back.whole, run.whole), (back.paired, run.paired)):
        assert (one.distance_m, one.information, one.score) == (
            other.distance_m,
            other.information,
            other.score,
        )
        assert np.allclose(one.drawn, other.drawn, rtol=1e-6)


@pytest.fixture(scope="module")
def kouvola():
    return camber.read_roads("data/kouvola.osm.pbf")


def test_a_recording_says_what_was_put_into_it(kouvola):
    """The left share of FIT, put in from the expected tilt of the blocks, comes back with its sign."""
    recording = simulate_season(kouvola, Season(weeks=1))[0].recording
    assert contact_of(camber.analyse(recording, kouvola, with_suggestions=False)) is None
    blank = recording.fixes.assign(stance_time_balance_pct=50.0)
    analysis = camber.analyse(replace(recording, fixes=blank), kouvola, with_suggestions=False)
    slope = analysis.sloped["cross_slope_pct"].reindex(blank.index).fillna(0.0)
    left = 50.0 - 0.3 * slope  # right leg low (positive): the right foot longer, the left share less
    told = contact_of(
        replace(analysis, recording=replace(recording, fixes=blank.assign(stance_time_balance_pct=left)))
    )
    assert told.whole.score / told.whole.information == pytest.approx(0.3, abs=0.02)
    assert told.whole.distance_m <= analysis.summary.distance_m
