"""Strips of a large area: every line once, all that can be near it at hand, and the roads as if in one go."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camber.roads import read_roads, strips

boxes = st.lists(st.tuples(st.floats(-5e4, 5e4), st.floats(0.0, 3e3), st.floats(0.0, 3e5)), min_size=1)


def split(found):
    west, width, places = np.array(found).T
    bounds = np.column_stack([west, np.zeros(len(west)), west + width, np.ones(len(west))])
    return bounds, places, list(strips.strips(bounds, places))


@given(boxes)
def test_every_line_is_in_one_strip_and_no_strip_is_overfull(found):
    _, places, parts = split(found)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(found)))
    for part in parts:
        assert (np.diff(part) > 0).all()
        assert places[part].sum() - places[part].max() <= strips.MOST


@given(boxes, st.floats(0.0, 200.0))
def test_what_can_be_within_reach_is_at_hand(found, reach_m):
    bounds, _, parts = split(found)
    for part in parts:
        near = set(strips.near_strip(bounds, part, bounds, reach_m).tolist())
        for row in part.tolist():
            apart = np.maximum(bounds[:, 0] - bounds[row, 2], bounds[row, 0] - bounds[:, 2])
            assert set(np.flatnonzero(apart < reach_m).tolist()) <= near


@pytest.mark.parametrize("most", [30.0, 1000.0])
def test_narrow_strips_give_the_same_roads(sample, monkeypatch, most):
    whole = read_roads(sample).ways
    monkeypatch.setattr(strips, "MOST", most)
    pd.testing.assert_frame_equal(pd.DataFrame(read_roads(sample).ways), pd.DataFrame(whole))
