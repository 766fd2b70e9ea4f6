"""Chainage, offset, heading and curvature: literal signs, closed forms, and shapely as the oracle."""

from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from camber.geometry import (
    circle_radius,
    heading_deg,
    parallel_line,
    project_to_line,
    project_to_segment,
    swap_sides,
    to_travel_frame,
)

PATIENT = settings(deadline=None)  # kernels compile at their first call
METRES = st.integers(-2000, 2000).map(lambda tenths: tenths / 10.0)
PLACE = st.tuples(METRES, METRES)
ANGLE = st.floats(0.0, 360.0)
NORTH, EAST, SOUTH, WEST = [0.0, 1.0], [1.0, 0.0], [0.0, -1.0], [-1.0, 0.0]


def rotate(xy, clockwise_deg):
    angle = np.radians(clockwise_deg)
    return np.asarray(xy) @ np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def mirror(xy):
    return np.asarray(xy) * [-1.0, 1.0]


@st.composite
def lines(draw):
    """Polylines of two to six different places, corners and crossings of themselves included."""
    return np.array(draw(st.lists(PLACE, min_size=2, max_size=6, unique=True)))


def segment(point, start, end):
    along, offset = project_to_segment(*(np.array([xy], dtype=float) for xy in (point, start, end)))
    return float(along[0]), float(offset[0])


def line(point, vertices):
    chainage, offset, beside = project_to_line(
        np.array([point], dtype=float), np.array(vertices, dtype=float)
    )
    return float(chainage[0]), float(offset[0]), bool(beside[0])


@pytest.mark.parametrize(
    ("ahead", "right_of_it"), [(NORTH, EAST), (EAST, SOUTH), (SOUTH, WEST), (WEST, NORTH)]
)
def test_right_of_the_direction_is_positive(ahead, right_of_it):
    """Hand cases: who runs north has east on the right, who runs east has south there."""
    end, right = 10.0 * np.array(ahead), np.array(right_of_it)
    assert segment(4.0 * np.array(ahead) + 3.0 * right, [0, 0], end) == (4.0, 3.0)
    assert segment(4.0 * np.array(ahead) - 3.0 * right, [0, 0], end) == (4.0, -3.0)
    assert line(4.0 * np.array(ahead) + 3.0 * right, [[0, 0], end]) == (4.0, 3.0, True)
    assert line(4.0 * np.array(ahead) - 3.0 * right, [[0, 0], end]) == (4.0, -3.0, True)


@pytest.mark.parametrize(
    ("side", "away"), [("left", 3.0), ("right", -3.0)], ids=["left is positive", "right is negative"]
)
def test_shapely_counts_the_other_way(side, away):
    """The library's sign is pinned here, so that a change of it shows at once."""
    northwards = shapely.LineString([(0, 0), (0, 10)])
    (x,) = {x for x, _ in shapely.offset_curve(northwards, away).coords}
    assert x == (-3.0 if side == "left" else 3.0)


def test_a_parallel_line_lies_right_where_the_offset_is_positive():
    northwards = shapely.LineString([(0, 0), (0, 10)])
    assert shapely.get_coordinates(parallel_line(northwards, 3.0)).tolist() == [[3, 0], [3, 10]]
    assert shapely.get_coordinates(parallel_line(northwards, -3.0)).tolist() == [[-3, 0], [-3, 10]]


@PATIENT
@given(st.floats(-20.0, 20.0), ANGLE, st.floats(0.0, 1.0))
def test_a_point_of_a_parallel_line_has_its_offset(offset_m, heading, share):
    assume(abs(offset_m) > 0.01)
    drawn = shapely.LineString(np.array([5.0, -3.0]) + rotate([[0.0, 0.0], [0.0, 80.0]], heading))
    point = shapely.line_interpolate_point(parallel_line(drawn, offset_m), share, normalized=True)
    chainage, offset, _ = line([point.x, point.y], shapely.get_coordinates(drawn))
    assert offset == pytest.approx(offset_m, abs=1e-9)
    assert chainage == pytest.approx(80.0 * share, abs=1e-9)


def test_beyond_the_ends_the_distance_is_to_the_end_with_the_sign_of_the_side():
    assert segment([3, 14], [0, 0], [0, 10]) == (10.0, 5.0)
    assert segment([-3, -4], [0, 0], [0, 10]) == (0.0, -5.0)
    assert line([3, 14], [[0, 0], [0, 10]]) == (10.0, 5.0, False)
    assert line([-3, -4], [[0, 0], [0, 10]]) == (0.0, -5.0, False)


def test_a_segment_of_no_length_is_a_point():
    assert segment([3, 4], [0, 0], [0, 0]) == (0.0, 5.0)


def test_a_vertex_given_twice_changes_nothing():
    assert line([1, 7], [[0, 0], [0, 5], [0, 5], [0, 10]]) == (7.0, 1.0, True)


def test_chainage_runs_on_round_a_corner():
    corner = [[0, 0], [0, 100], [50, 100]]
    assert line([20, 98], corner) == (120.0, 2.0, True)
    assert line([20, 103], corner) == (120.0, -3.0, True)
    assert line([-2, 100], corner) == (100.0, -2.0, True)


@PATIENT
@given(PLACE, PLACE, PLACE)
def test_segments_agree_with_shapely(point, start, end):
    assume(start != end)
    along, offset = segment(point, start, end)
    drawn = shapely.LineString([start, end])
    assert abs(offset) == pytest.approx(drawn.distance(shapely.Point(point)), abs=1e-9)
    assert along == pytest.approx(drawn.project(shapely.Point(point)), abs=1e-9)
    if abs(offset) > 1e-6:
        ring = shapely.LinearRing([start, end, point])
        assert (offset < 0.0) == ring.is_ccw or abs(shapely.Polygon(ring).area) < 1e-9


@PATIENT
@given(PLACE, lines())
def test_lines_agree_with_shapely(point, vertices):
    chainage, offset, _ = line(point, vertices)
    drawn = shapely.LineString(vertices)
    assert abs(offset) == pytest.approx(drawn.distance(shapely.Point(point)), abs=1e-9)
    foot = drawn.interpolate(chainage)
    assert foot.distance(shapely.Point(point)) == pytest.approx(abs(offset), abs=1e-7)


@PATIENT
@given(st.lists(PLACE, min_size=1, max_size=5), lines())
def test_a_line_is_its_segments(points, vertices):
    """The polyline kernel against the segment kernel: the nearest segment decides."""
    points = np.array(points, dtype=float)
    chainage, offset, _ = project_to_line(points, vertices)
    lengths = np.hypot(*np.diff(vertices, axis=0).T)
    each = [
        project_to_segment(points, np.broadcast_to(a, points.shape), np.broadcast_to(b, points.shape))
        for a, b in pairwise(vertices)
    ]
    nearest = np.min([np.abs(away) for _, away in each], axis=0)
    assert np.abs(offset) == pytest.approx(nearest, abs=1e-9)
    reached = [
        np.abs(start + along - chainage) + np.abs(np.abs(away) - nearest)
        for start, (along, away) in zip(np.cumsum(lengths) - lengths, each, strict=True)
    ]
    assert np.min(reached, axis=0) == pytest.approx(0.0, abs=1e-7)


@PATIENT
@given(PLACE, lines(), ANGLE, PLACE)
def test_rotation_and_shift_change_nothing(point, vertices, angle, shift):
    before = line(point, vertices)
    after = line(rotate([point], angle)[0] + shift, rotate(vertices, angle) + shift)
    assert abs(after[1]) == pytest.approx(abs(before[1]), abs=1e-9)
    single = vertices[:2]
    before = line(point, single)
    after = line(rotate([point], angle)[0] + shift, rotate(single, angle) + shift)
    assert after[0] == pytest.approx(before[0], abs=1e-9)
    assume(cross_of(point, single) > 1e-6)
    assert after[1] == pytest.approx(before[1], abs=1e-9)


@PATIENT
@given(PLACE, lines())
def test_a_mirror_swaps_the_sides(point, vertices):
    chainage, offset, beside = line(point, vertices)
    assume(all(cross_of(point, pair) > 1e-6 for pair in pairwise(vertices)))
    assert line(mirror(point), mirror(vertices)) == (chainage, -offset, beside)


@PATIENT
@given(PLACE, PLACE, PLACE)
def test_against_the_drawing_sides_swap_and_chainage_counts_down(point, start, end):
    assume(start != end)
    assume(cross_of(point, (start, end)) > 1e-6)
    along, offset = segment(point, start, end)
    back, other = segment(point, end, start)
    assert other == pytest.approx(-offset, abs=1e-9)
    assert along + back == pytest.approx(np.hypot(*np.subtract(end, start)), abs=1e-9)


def cross_of(point, ends):
    """Twice the area between a point and a segment; zero in line with it, where sides mean nothing."""
    (ax, ay), (bx, by) = ends
    return abs((bx - ax) * (point[1] - ay) - (by - ay) * (point[0] - ax))


@pytest.mark.parametrize(
    ("delta", "degrees"),
    [((0, 1), 0.0), ((1, 1), 45.0), ((1, 0), 90.0), ((0, -1), 180.0), ((-1, 0), 270.0), ((-1, 1), 315.0)],
)
def test_headings_count_clockwise_from_north(delta, degrees):
    assert heading_deg(np.array([delta], dtype=float)) == pytest.approx([degrees])


def test_standing_still_has_no_heading():
    assert np.isnan(heading_deg(np.zeros((1, 2)))).all()


@PATIENT
@given(st.floats(0.0, 359.99), st.floats(1e-3, 1e5))
def test_a_heading_is_the_angle_of_its_vector(degrees, length):
    angle = np.radians(degrees)
    found = heading_deg(np.array([[length * np.sin(angle), length * np.cos(angle)]]))[0]
    assert 0.0 <= found <= 360.0
    assert np.cos(np.radians(found - degrees)) == pytest.approx(1.0, abs=1e-12)


@PATIENT
@given(st.floats(2.0, 5000.0), ANGLE, st.floats(5.0, 60.0), st.sampled_from([1.0, -1.0]), PLACE)
def test_the_radius_of_an_arc_is_that_of_its_circle(radius, start, step, turn, centre):
    """Points on a circle; clockwise is a bend to the right."""
    angles = np.radians(start + turn * step * np.arange(3))
    xy = np.array(centre) + radius * np.stack([np.sin(angles), np.cos(angles)], axis=1)
    assert circle_radius(*xy[:, np.newaxis]) == pytest.approx([turn * radius], rel=1e-6)


def test_a_straight_line_has_no_bend():
    before, here, after = (np.array([[0.0, y]]) for y in (0.0, 5.0, 9.0))
    assert circle_radius(before, here, after) == np.inf
    assert circle_radius(here, here, here) == np.inf


@PATIENT
@given(PLACE, PLACE, PLACE)
def test_the_bend_turns_with_the_mirror_and_with_the_order(a, b, c):
    forward = [np.array([place], dtype=float) for place in (a, b, c)]
    (radius,) = circle_radius(*forward)
    (back,) = circle_radius(*forward[::-1])
    (seen,) = circle_radius(*(mirror(place) for place in forward))
    if np.isinf(radius):
        assert np.isinf(back)
        assert np.isinf(seen)
    else:
        assert back == pytest.approx(-radius, rel=1e-9)
        assert seen == pytest.approx(-radius, rel=1e-9)


@PATIENT
@given(st.floats(-50.0, 50.0), st.sampled_from([1, -1]))
def test_turning_the_frame_twice_is_turning_it_not_at_all(value, direction):
    offset, directions = np.array([value]), np.array([direction])
    once = to_travel_frame(offset, directions)
    assert once[0] == (value if direction == 1 else -value)
    assert to_travel_frame(once, directions)[0] == value


def test_against_the_drawing_the_left_tag_is_on_the_right():
    assert swap_sides("yes", "no", 1) == ("yes", "no")
    assert swap_sides("yes", "no", -1) == ("no", "yes")
