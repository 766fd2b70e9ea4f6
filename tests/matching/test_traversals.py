"""How far a runner came along the path: the roads' own length, whatever the fixes between."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camber.matching import match
from camber.matching.traversals import distance_along
from tests.worlds import ORIGIN, roads_of, track_of

CORNER = {
    1: ([(0.0, 0.0), (100.0, 0.0)], {"highway": "residential"}),
    2: ([(100.0, 0.0), (100.0, 100.0)], {"highway": "residential"}),
}


def test_a_corner_between_two_fixes_is_as_long_as_the_roads():
    xy = np.array([(x, 0.0) for x in (5.0, 25.0, 45.0, 65.0, 85.0)] + [(100.0, y) for y in (5.0, 25.0, 45.0)])
    matched, _, _ = match(track_of(xy + np.array(ORIGIN), step_s=7.0, speed_mps=20 / 7), roads_of(CORNER))
    assert matched["along_m"].iloc[-1] == pytest.approx(95.0 + 45.0, abs=1.0)
    assert np.hypot(*np.diff(xy, axis=0).T).sum() < 136.0


def test_a_way_crossed_between_two_fixes_counts_in_full():
    place, none = np.array([0.0, 20.0, 85.0, 110.0]), np.zeros(4, dtype=int)
    along = distance_along(np.array([0.0, 19.0, 60.0, 90.0]), none, place, none)
    np.testing.assert_allclose(along, [0.0, 20.0, 85.0, 110.0])


def test_off_the_road_the_track_counts_and_between_sections_nothing():
    place, chain = np.array([0.0, np.nan, np.nan, 7.0, 19.0]), np.array([0, -1, -1, 1, 1])
    track_m = np.array([0.0, 11.0, 11.0, 22.0, 33.0])
    along = distance_along(track_m, np.array([0, 0, 1, 1, 1]), place, chain)
    np.testing.assert_allclose(along, [0.0, 11.0, 11.0, 22.0, 34.0])


def test_between_two_chains_the_track_counts():
    place, chain = np.array([0.0, 20.0, 3.0, 9.0]), np.array([0, 0, 1, 1])
    along = distance_along(np.array([0.0, 19.0, 49.0, 55.0]), np.zeros(4, dtype=int), place, chain)
    np.testing.assert_allclose(along, [0.0, 20.0, 50.0, 56.0])


@given(st.lists(st.floats(0.0, 100.0), min_size=1, max_size=20))
def test_it_never_falls_and_a_step_back_costs_nothing(chainage):
    place = np.array(chainage)
    none = np.zeros(len(place), dtype=int)
    along = distance_along(np.zeros(len(place)), none, place, none)
    assert (np.diff(along) >= 0.0).all()
    assert along[-1] == pytest.approx(place.max() - place[0])


def test_without_a_path_the_track_is_all_there_is():
    along = distance_along(
        np.array([0.0, 3.0, 6.0]), np.zeros(3, dtype=int), np.full(3, np.nan), np.full(3, -1)
    )
    np.testing.assert_allclose(along, [0.0, 3.0, 6.0])
