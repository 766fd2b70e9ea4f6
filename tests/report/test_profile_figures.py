import numpy as np
import pytest
from matplotlib.colors import to_hex

from camber.report import plot_profile, surface_across
from camber.report.figures import LEFT_COLOUR, NEUTRAL_COLOUR, RIGHT_COLOUR


def colour_at(axes, offset_m):
    """Colour of the drawn surface at an offset."""
    found = [line for line in axes.lines if line.get_xdata().min() <= offset_m <= line.get_xdata().max()]
    return to_hex(found[0].get_color())


@pytest.mark.parametrize(
    ("profile", "left", "right"),
    [
        ("crowned", LEFT_COLOUR, RIGHT_COLOUR),
        ("parabolic", LEFT_COLOUR, RIGHT_COLOUR),
        ("inverted", RIGHT_COLOUR, LEFT_COLOUR),
        ("to_road", RIGHT_COLOUR, LEFT_COLOUR),
        ("one_way", RIGHT_COLOUR, RIGHT_COLOUR),
        ("banked", RIGHT_COLOUR, RIGHT_COLOUR),
    ],
)
def test_the_low_leg_has_its_colour_at_both_edges(profile, left, right):
    axes = plot_profile(profile)
    assert colour_at(axes, -3.0) == left.lower()
    assert colour_at(axes, 3.0) == right.lower()


def test_a_plane_that_falls_left_lowers_the_left_leg_everywhere():
    axes = plot_profile("one_way", low_side=-1)
    assert {colour_at(axes, at) for at in (-3.0, 0.0, 3.0)} == {LEFT_COLOUR.lower()}


def test_the_crown_is_level_on_top():
    assert colour_at(plot_profile("crowned"), 0.0) == NEUTRAL_COLOUR.lower()


def test_heights_are_those_of_planes_and_parabolas():
    offset, slope, height = surface_across("one_way", 4.0, 2.0)
    assert height == pytest.approx(0.02 * (4.0 - offset))
    assert slope == pytest.approx(np.full(len(offset), 2.0))
    # A parabola of nominal 2 % on a half width of 4 m is 8 cm high: z = h (1 - (y / w)^2).
    offset, _, height = surface_across("parabolic", 4.0, 2.0)
    assert height == pytest.approx(0.08 * (1.0 - (offset / 4.0) ** 2), abs=1e-4)


def test_it_draws_where_it_is_told_and_returns_it():
    axes = plot_profile("crowned")
    assert plot_profile("inverted", axes) is axes
