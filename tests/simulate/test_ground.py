"""The ground under simulated streets is what runs in that world feel underfoot."""

from dataclasses import replace

import numpy as np
import pytest
import shapely

from camber.conventions import PROFILE_CODE, STATE_CODE, LateralState
from camber.geometry import to_travel_frame
from camber.simulate.ground import Section, Survey, lay_street, lay_streets, sections_of
from camber.simulate.receiver import GnssErrorModel
from camber.simulate.scene import true_cross_slope
from camber.simulate.world import surfaces_of, town_offset, way_map_offset

ERROR = GnssErrorModel()
SEED = 11
EXACT = Survey(cell_m=0.5, white_m=0.0, correlated_m=0.0, beyond_m=0.0)


def test_sections_fall_as_runs_in_that_world_say(town):
    rows = np.arange(len(town.ways))
    _, table = surfaces_of(town, rows, SEED)
    sections = [section for _, section in sections_of(town, rows, SEED, ERROR)]
    assert set(table["profile"]) > {PROFILE_CODE["crowned"]}
    for direction in (1, -1):
        travel = np.full(len(table), direction)
        for side, state in ((-1.0, LateralState.LEFT_EDGE), (1.0, LateralState.RIGHT_EDGE)):
            offset = side * 0.5 * table["half_width_m"].to_numpy()
            felt, _ = true_cross_slope(table, np.full(len(table), STATE_CODE[state]), offset, travel)
            half = "right_pct" if side * direction > 0.0 else "left_pct"
            laid = to_travel_frame(np.array([getattr(one, half) for one in sections]), travel)
            even = np.array([not one.bowed for one in sections])
            # Underfoot a crown is a little round.
            assert laid[even] == pytest.approx(felt[even], abs=0.1)


def test_the_middle_lies_beside_the_line_as_the_map_errs(straight):
    ((line, section),) = sections_of(straight, np.array([0]), SEED, ERROR)
    place, middle, _ = np.array(section.course).T
    assert middle == pytest.approx(way_map_offset(place, 1200.0, 7, ERROR, SEED))
    drawn = shapely.get_coordinates(straight.ways.geometry.iloc[0])
    assert line - drawn == pytest.approx(np.tile(town_offset(ERROR, SEED), (2, 1)))


def test_heights_have_the_slopes_of_the_section_and_of_its_bends(straight):
    ((line, section),) = sections_of(straight, np.array([0]), SEED, ERROR)
    line = line[0] + np.array([[0.0, 0.0], [0.0, 60.0]])
    flat = replace(section, left_pct=-2.0, right_pct=3.0, half_m=3.5, bowed=False)
    course = ((0.0, 1.0, np.nan), (29.0, 1.0, np.nan), (30.0, 1.0, 4.0), (60.0, 1.0, 4.0))
    heights = lay_street(line, replace(flat, course=course), EXACT, np.random.default_rng(1), grade_pct=0.0)
    x, y, z = heights.points().T
    x, y = x - line[0, 0] - 1.0, y - line[0, 1]
    for rows, left, right in (((5.0, 25.0), -2.0, 3.0), ((32.0, 55.0), 4.0, 4.0)):
        for low, high, slope in ((-3.0, -0.6, left), (0.6, 3.0, right)):
            here = (y > rows[0]) & (y < rows[1]) & (x > low) & (x < high)
            assert -100.0 * np.polyfit(x[here], z[here], 1)[0] == pytest.approx(slope, abs=1e-6)


def test_about_some_streets_the_ground_is_what_it_is_with_all_of_it():
    lines = [np.array([[0.0, 0.0], [60.0, 0.0]]), np.array([[30.0, 200.0], [80.0, 200.0]])]
    sections = [Section(-2.0, 2.0), Section(-3.0, 3.0)]
    bounds = (-30.0, -30.0, 110.0, 230.0)
    whole, part = (
        lay_streets(lines, sections, bounds, EXACT, np.random.default_rng(1), about=about)
        for about in ((), lines[:1])
    )
    # Rows count from the north: the first street lies in the lower half, the other one far from it.
    assert np.array_equal(whole.height_m[-55:], part.height_m[-55:])
    assert not np.array_equal(whole.height_m[:60], part.height_m[:60])
