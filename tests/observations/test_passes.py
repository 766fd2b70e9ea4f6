"""Streets of a run as its histories have them: metres are those of the draws, places the likeliest."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from camber.observations.passes import LEAST_M, NOWHERE, pack_passes, street_passes, unpack_passes


@pytest.fixture(scope="module")
def passes(analysed):
    return street_passes(analysed)


def test_metres_by_leg_are_those_of_the_draws(analysed, passes):
    """What is kept is the whole run but for streets of a few metres, draw by draw."""
    whole = analysed.draws.left_low_m.sum(axis=1) + analysed.draws.right_low_m.sum(axis=1)
    kept = (passes.left_low_m + passes.right_low_m).sum(axis=1)
    short = analysed.summary.distance_m - passes.table["distance_m"].sum()
    assert (kept <= whole + 1e-6).all()
    assert (kept >= whole - short - 1e-6).all()
    assert short < 0.1 * analysed.summary.distance_m
    assert (passes.table["distance_m"] >= LEAST_M).all()


def test_places_are_as_likely_as_the_stage_says(analysed, passes):
    """Shares of the draws by place, weighted by metres, are the mean probabilities of the intervals."""
    exposure = pd.DataFrame(analysed.exposure)
    metres = passes.table["distance_m"]
    share = ((passes.place == 1) @ metres).mean() / metres.sum()
    expected = np.average(exposure["p_left_edge"], weights=exposure["distance_m"])
    # The place of most metres in place of all: on a street it changes seldom.
    assert share == pytest.approx(expected, abs=0.1)
    assert (passes.place <= NOWHERE).all()


def test_a_street_that_is_run_out_and_back_has_two_rows_with_opposite_headings(analysed):
    """Turned round, the run has the same streets, run the other way: before and after change places."""
    found = pd.DataFrame(street_passes(analysed).rows)
    exposure = pd.DataFrame(analysed.exposure)
    back = exposure.iloc[::-1].reset_index(drop=True)
    histories = analysed.slope_histories
    turned = replace(
        histories,
        state=histories.state[:, ::-1],
        cross_slope_pct=histories.cross_slope_pct[:, ::-1],
    )
    again = pd.DataFrame(street_passes(replace(analysed, exposure=back, slope_histories=turned)).rows)
    joined = found.merge(again, on="key", suffixes=("", "_back"))
    one_way = joined[joined.groupby("key")["key"].transform("size") == 1]
    assert len(one_way) >= 2
    apart = np.cos(np.radians(one_way["heading_deg"] - one_way["heading_deg_back"]))
    assert (apart < -0.9).all()
    assert (one_way["before"] == one_way["after_back"]).all()
    assert (one_way["distance_m"] - one_way["distance_m_back"]).abs().max() < 1e-6


def test_packed_and_back(passes):
    again = unpack_passes(*pack_passes(passes))
    assert (again.place == passes.place).all()
    assert np.abs(again.left_low_m - passes.left_low_m).max() <= 0.5
    pd.testing.assert_frame_equal(pd.DataFrame(again.rows), pd.DataFrame(passes.rows), rtol=1e-6)
    assert sum(map(len, pack_passes(passes))) < 20_000
    assert unpack_passes(b"", b"") is None
