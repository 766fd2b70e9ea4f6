"""Places along a line that was run, and the crossings that it passes, by hand."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from camber.exposure import step_lengths
from camber.suggestions.surroundings import (
    line_of,
    met_crossings,
    passed_at,
    places_at,
    reversed_line,
    stretches_of,
)
from tests.suggestions.test_suggest import QUIET, leg, out_and_back, ran
from tests.worlds import CRS, ORIGIN, roads_of, straight


def with_crossings(roads, *places, kind="marked"):
    """The same roads with mapped crossings at places in metres from the origin."""
    points = [shapely.Point(ORIGIN[0] + x, ORIGIN[1] + y) for x, y in places]
    frame = pd.DataFrame({"kind": kind, "island": False}, index=pd.RangeIndex(len(places), name="node_id"))
    return replace(roads, crossings=gpd.GeoDataFrame(frame, geometry=points, crs=CRS))


def met(roads, legs):
    _, exposure, lateral, _, _ = ran(roads, legs)
    of = stretches_of(exposure, lateral, roads)
    line = line_of(lateral)
    start = np.cumsum(of.length_m) - of.length_m
    return of, line, start


def test_the_foot_of_a_place_is_on_the_line_between_the_bounds():
    _, line, _ = met(straight(**QUIET), [leg("left_edge")])
    place = np.array(ORIGIN) + np.array([100.0, 8.0])
    at_m, foot = passed_at(line, place, 0.0, 1e6)
    # The first fix is at chainage 0, and distance is counted from it.
    assert at_m == pytest.approx(100.0)
    assert foot[0] == pytest.approx(ORIGIN[0] + 100.0)
    assert passed_at(line, place, 130.0, 200.0)[0] == pytest.approx(130.0)
    assert passed_at(line, place, 0.0, 40.5)[0] == pytest.approx(40.5)


def test_distances_are_those_of_the_intervals_where_the_path_is_longer_than_the_chords():
    _, _, lateral, _, _ = ran(straight(**QUIET), [leg("left_edge")])
    longer = lateral.assign(along_m=1.04 * lateral["along_m"])
    np.testing.assert_allclose(line_of(longer).at_m, np.cumsum(step_lengths(longer)))
    assert line_of(longer).at_m[-1] == pytest.approx(1.04 * line_of(lateral).at_m[-1])


def test_a_line_turned_round_has_the_same_places():
    _, line, _ = met(straight(**QUIET), [leg("left_edge")])
    back, length_m = reversed_line(line), line.at_m[-1]
    assert (np.diff(back.at_m) >= 0.0).all()
    at_m = np.linspace(0.0, length_m, 7)
    np.testing.assert_allclose(places_at(back, length_m - at_m), places_at(line, at_m))


@pytest.mark.parametrize("x_m", [95.0, 108.0, 121.0])
def test_a_crossing_is_met_where_it_is_not_where_the_interval_begins(x_m):
    of, _, start = met(with_crossings(straight(**QUIET), (x_m, 0.0)), [leg("left_edge")])
    rows = np.flatnonzero(of.crossing == "marked")
    assert len(rows)
    np.testing.assert_allclose((start + of.crossing_ahead_m)[rows], x_m, atol=0.5)
    assert (of.crossing_ahead_m[of.crossing == ""] == 0.0).all()


def test_the_better_crossing_serves_and_of_two_alike_the_nearer():
    two = with_crossings(straight(**QUIET), (88.0, 0.0), (101.0, 0.0))
    of, _, start = met(two, [leg("left_edge")])
    # The first interval has two steps of 12 m, the others three: the fourth begins at 96 m.
    assert start[3] + of.crossing_ahead_m[3] == pytest.approx(101.0, abs=0.5)
    kinds = two.crossings.assign(kind=["signals", "marked"])
    of, _, start = met(replace(two, crossings=kinds), [leg("left_edge")])
    assert of.crossing[3] == "signals"
    assert start[3] + of.crossing_ahead_m[3] == pytest.approx(88.0, abs=0.5)


def test_after_a_turn_it_is_crossed_after_the_turn():
    # Out for 360 m and back, the crossing 15 m before the turn: at the turn it is met on the way back.
    roads = with_crossings(straight(**QUIET), (345.0, 0.0))
    of, _, _ = met(roads, out_and_back("left_edge", "left_edge"))
    (turn,) = np.flatnonzero(of.turned)
    assert of.crossing[turn] == "marked"
    assert of.crossing_ahead_m[turn] > 5.0


def test_a_crossing_beyond_the_corner_at_which_the_route_turns_off_is_none_of_its():
    corner = {
        7: ([(0.0, 0.0), (180.0, 0.0), (400.0, 0.0)], QUIET),
        8: ([(180.0, 0.0), (180.0, 180.0)], QUIET),
    }
    legs = [leg("left_edge", blocks=5), leg("left_edge", way_id=8, blocks=5)]
    for x_m, kind in ((196.0, ""), (165.0, "marked")):
        of, _, _ = met(with_crossings(roads_of(corner), (x_m, 0.0)), legs)
        assert of.crossing[5] == kind


def test_without_crossings_nothing_is_met():
    roads = straight(**QUIET)
    _, exposure, lateral, _, _ = ran(roads, [leg("left_edge")])
    way = exposure["way_id"].to_numpy()
    kind, ahead_m = met_crossings(roads, way, exposure, line_of(lateral), np.zeros(len(way), dtype=bool))
    assert not kind.astype(bool).any()
    assert not ahead_m.any()
