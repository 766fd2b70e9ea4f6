"""Longitudes about 180 degrees: compared the short way, counted in one turn, cut where they are written."""

from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import example, given
from hypothesis import strategies as st

from camber.longitudes import (
    bounds_of,
    cut_at_antimeridian,
    from_seam,
    is_inside,
    lines_from_seam,
    lines_seam_deg,
    overlap_deg2,
    seam_deg,
    short_way,
    turned_to,
    unrolled,
    wrapped,
)

STEPS = st.lists(st.floats(-20.0, 20.0), min_size=1, max_size=30)
ANYWHERE = st.floats(-180.0, 180.0)


def on_earth(longitude):
    """Places as files have them, by another formula than the code's: turned by a complex number."""
    return np.degrees(np.angle(np.exp(1j * np.radians(longitude))))


def one(line):
    return cut_at_antimeridian(np.array([shapely.LineString(line)], dtype=object))[0]


@given(ANYWHERE, STEPS)
def test_a_line_is_in_one_turn_and_the_same_when_it_is_wrapped_again(start, steps):
    line = start + np.cumsum([0.0, *steps])
    kept = on_earth(line)
    whole = unrolled(kept)
    assert np.allclose(np.diff(whole), steps, atol=1e-9)
    assert np.allclose(np.exp(1j * np.radians(wrapped(whole))), np.exp(1j * np.radians(kept)), atol=1e-12)
    assert np.allclose(short_way(np.diff(kept)), steps, atol=1e-9)
    assert (np.abs(wrapped(whole)) <= 180.0).all()


@given(st.lists(ANYWHERE, min_size=1, max_size=20).filter(lambda x: np.ptp(x) <= 180.0))
def test_what_lies_together_keeps_its_numbers(places):
    longitude = np.array(places)
    assert (from_seam(longitude, seam_deg(longitude)) == longitude).all()
    assert (wrapped(longitude) == longitude).all()
    assert unrolled(longitude) is longitude


@given(st.floats(-180.0, 180.0), st.lists(st.floats(0.0, 170.0), min_size=1, max_size=20))
def test_places_within_half_the_world_lie_together_wherever_that_is(west, away):
    longitude = on_earth(west + np.array(away))
    together = from_seam(longitude, seam_deg(longitude))
    assert np.ptp(together) == pytest.approx(np.ptp(away), abs=1e-9)
    bounds = bounds_of(longitude, np.zeros(len(away)))
    assert bounds[2] - bounds[0] == pytest.approx(np.ptp(away), abs=1e-9)
    assert is_inside(bounds, longitude, np.zeros(len(away))).sum() >= len(away) - 2  # ends may be rounded off


def test_an_area_across_the_antimeridian_holds_what_lies_in_it():
    bounds = bounds_of(np.array([179.9, -179.8]), np.array([-17.0, -16.0]))
    assert bounds == pytest.approx((179.9, -17.0, 180.2, -16.0))
    longitude = np.array([179.95, 180.0, -180.0, -179.95, 179.85, -179.7, 0.0, np.nan])
    inside = is_inside(bounds, longitude, np.full(8, -16.5))
    assert inside.tolist() == [True, True, True, True, False, False, False, False]
    assert turned_to((-179.95, 0.0, -179.9, 1.0), bounds) == pytest.approx((180.05, 0.0, 180.1, 1.0))


@example(179.99999999999997, [(1.0, 0.0)])
@given(ANYWHERE, st.lists(st.tuples(st.floats(-20.0, 20.0), st.floats(-1.0, 1.0)), min_size=1, max_size=12))
def test_a_line_that_is_cut_keeps_its_length_and_its_places(start, steps):
    x, y = np.cumsum([(start, 0.0), *steps], axis=0).T
    if not (np.ptp(x) or np.ptp(y)):
        return
    cut = one(np.column_stack([on_earth(x), y]))
    parts = shapely.get_parts(cut)
    assert sum(part.length for part in parts) == pytest.approx(
        shapely.LineString(np.column_stack([x, y])).length, abs=1e-6
    )
    for part in parts:
        assert np.abs(shapely.get_coordinates(part)[:, 0]).max() <= 180.0
    for before, after in pairwise(parts):
        end, begin = before.coords[-1], after.coords[0]
        assert abs(end[0]) == abs(begin[0]) == 180.0
        assert (end[0], end[1]) == (-begin[0], begin[1])


def test_a_line_is_cut_as_the_standard_shows():
    """RFC 7946, section 3.1.9: from 170 E to 170 W at 45 N."""
    cut = one([(170.0, 45.0), (-170.0, 45.0)])
    assert cut.wkt == "MULTILINESTRING ((170 45, 180 45), (-180 45, -170 45))"
    assert one([(170.0, 45.0), (190.0, 45.0)]).wkt == cut.wkt
    assert one([(-170.0, 1.0), (170.0, 3.0)]).wkt == "MULTILINESTRING ((-170 1, -180 2), (180 2, 170 3))"
    assert one([(181.0, 1.0), (182.0, 3.0)]).wkt == "LINESTRING (-179 1, -178 3)"


@pytest.mark.parametrize(
    "line", [[(170.0, 1.0), (180.0, 2.0)], [(-180.0, 1.0), (-170.0, 2.0)], [(8, 1), (9, 2)]]
)
def test_a_line_that_does_not_cross_stays_as_it_is(line):
    whole = shapely.LineString(line)
    assert cut_at_antimeridian(np.array([whole], dtype=object))[0] is whole


def test_lines_that_are_drawn_together_lie_together():
    lines = np.array(
        [shapely.LineString(xy) for xy in ([(179.9, 0), (-179.9, 0)], [(-179.8, 0), (-179.7, 1)])]
    )
    seam = lines_seam_deg(lines)
    assert [line.bounds[::2] for line in lines_from_seam(lines, seam)] == [
        pytest.approx((179.9, 180.1)),
        pytest.approx((180.2, 180.3)),
    ]
    home = np.array([shapely.LineString([(25.0, 60.0), (26.0, 60.0)])])
    assert lines_from_seam(home, lines_seam_deg(home)) is home
    # A road that crosses beside a run that does not is drawn where it is.
    run = np.array([shapely.LineString([(-179.99, 0.0), (-179.98, 0.0)])])
    road = lines_from_seam(lines[:1], lines_seam_deg(run))[0]
    assert road.bounds[::2] == pytest.approx((-180.1, -179.9))


@pytest.mark.parametrize(
    ("one", "other", "common"),
    [
        ((0.0, 0.0, 2.0, 2.0), (1.0, 1.0, 3.0, 3.0), 1.0),
        ((0.0, 0.0, 2.0, 2.0), (2.0, 0.0, 3.0, 2.0), 0.0),
        ((179.0, 0.0, 181.0, 1.0), (-180.0, 0.0, -179.5, 1.0), 0.5),
        ((-180.0, 0.0, -179.5, 1.0), (179.0, 0.0, 181.0, 1.0), 0.5),
        ((10.0, 0.0, 11.0, 1.0), (-170.0, 0.0, -169.0, 1.0), 0.0),
    ],
)
def test_what_two_areas_have_in_common(one, other, common):
    assert overlap_deg2(one, other) == pytest.approx(common)
