"""The map's errors: the same in every run, of the right size, alike along a way and strange to other ways."""

import numpy as np
import pytest

from camber.simulate.chance import Stream, keyed_generator
from camber.simulate.receiver import GnssErrorModel
from camber.simulate.world import town_offset, way_map_offset

ERROR = GnssErrorModel()
WAYS = 4000


def over_ways(chainage_m, length_m=1000.0, seed=3):
    chainage_m = np.asarray(chainage_m, dtype=float)
    return np.array([way_map_offset(chainage_m, length_m, way, ERROR, seed) for way in range(WAYS)])


def test_a_way_does_not_move_between_two_runs():
    places = np.linspace(0.0, 812.0, 97)
    once = way_map_offset(places, 812.0, 5, ERROR, 3)
    again = way_map_offset(places[::-1], 812.0, 5, ERROR, 3)[::-1]
    assert (once == again).all()
    assert once[40] == way_map_offset(places[40:41], 812.0, 5, ERROR, 3)[0]


def test_other_ways_and_other_worlds_differ():
    here = way_map_offset(np.array([10.0]), 100.0, 5, ERROR, 3)
    assert here != way_map_offset(np.array([10.0]), 100.0, 6, ERROR, 3)
    assert here != way_map_offset(np.array([10.0]), 100.0, 5, ERROR, 4)


def test_the_spread_is_the_same_at_every_place_between_the_knots_too():
    drawn = over_ways([0.0, 6.0, 12.5, 25.0, 31.0, 990.0, 1000.0])
    assert drawn.std(axis=0) == pytest.approx(ERROR.map_sigma_m, rel=0.05)
    assert np.abs(drawn.mean(axis=0)).max() < 4.0 * ERROR.map_sigma_m / np.sqrt(WAYS)


def test_the_offset_stays_alike_over_its_correlation_length():
    chainage_m = [0.0, 25.0, 250.0, 750.0]
    correlation = np.corrcoef(over_ways(chainage_m).T)[0]
    assert correlation == pytest.approx(np.exp(-np.array(chainage_m) / 250.0), abs=4.0 / np.sqrt(WAYS))


def test_the_offset_does_not_leap():
    places = np.arange(0.0, 1000.0, 1.0)
    step = np.diff(way_map_offset(places, 1000.0, 5, ERROR, 3))
    assert np.abs(step).max() < 0.2


def test_places_beyond_the_end_take_the_end():
    inside = way_map_offset(np.array([0.0]), 40.0, 5, ERROR, 3)
    assert way_map_offset(np.array([-0.5]), 40.0, 5, ERROR, 3) == inside
    assert np.isfinite(way_map_offset(np.array([900.0]), 40.0, 5, ERROR, 3)).all()


def test_a_town_moves_as_one_and_worlds_differ_by_the_right_amount():
    assert (town_offset(ERROR, 8) == town_offset(ERROR, 8)).all()
    drawn = np.array([town_offset(ERROR, seed) for seed in range(WAYS)])
    assert drawn.std(axis=0) == pytest.approx(ERROR.town_sigma_m, rel=0.05)
    assert not town_offset(ERROR.without_map_error(), 8).any()


def test_keyed_streams_depend_on_every_part_of_the_key_and_on_nothing_else():
    draws = {
        (seed, key, stream): keyed_generator(seed, key, stream).random()
        for seed in (0, 1, 2**40)
        for key in (-1, 0, 1, 2**33)
        for stream in Stream
    }
    assert len(set(draws.values())) == len(draws)
    assert draws[1, 1, Stream.SURFACE] == keyed_generator(1, 1, Stream.SURFACE).random()


def test_streams_of_neighbouring_ways_are_independent():
    drawn = np.array([keyed_generator(1, way, Stream.SURFACE).standard_normal(2) for way in range(WAYS)])
    assert abs(np.corrcoef(drawn[1:, 0], drawn[:-1, 0])[0, 1]) < 4.0 / np.sqrt(WAYS)
    assert abs(np.corrcoef(drawn.T)[0, 1]) < 4.0 / np.sqrt(WAYS)
