"""Superelevation: curvature of known curves, the published radii, and what must always hold."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from camber import bends, cross_section, standards
from camber.conventions import Profile
from camber.cross_slope import assign_cross_slope
from camber.standards import table
from tests.worlds import fixed_histories, lateral_on, mirrored_ways, roads_of, straight

BANKED = list(cross_section.PROFILES).index(Profile.BANKED)


def circle(radius_m, length_m, side, step_m=5.0):
    angle = np.arange(0.0, length_m + step_m, step_m) / radius_m
    sign = -1.0 if side == "right" else 1.0
    return radius_m * np.column_stack([np.sin(angle), sign * (1.0 - np.cos(angle))])


def curvature(points, at_m, window_m=60.0):
    line = shapely.LineString(points)
    one = np.ones(1)
    lines = np.array([line], dtype=object)
    return bends.curvature_along(lines, line.length * one, at_m * one, window_m * one)[0]


@pytest.mark.parametrize("radius_m", [30.0, 100.0, 400.0])
@pytest.mark.parametrize(("side", "sign"), [("right", 1.0), ("left", -1.0)])
@pytest.mark.parametrize("at_m", [0.0, 80.0, 150.0])
def test_a_circle_has_its_radius_everywhere_and_its_side(radius_m, side, sign, at_m):
    found = curvature(circle(radius_m, 160.0, side), at_m)
    assert found == pytest.approx(sign / radius_m, rel=0.02)


def test_a_straight_line_and_a_short_one_have_no_bend():
    assert curvature([(0.0, 0.0), (500.0, 0.0)], 100.0) == 0.0
    assert curvature(circle(20.0, 30.0, "left"), 10.0) == 0.0
    assert curvature(circle(100.0, 200.0, "left"), np.nan) == 0.0


@pytest.mark.parametrize(
    ("speed", "radius_m"), [(24, 15), (32, 33), (40, 61), (48, 102), (56, 156), (64, 233), (72, 318)]
)
def test_in_towns_the_crown_stays_above_the_radii_of_low_speed_streets(speed, radius_m):
    found = bends.crown_radius(np.array([float(speed)]), np.array([True]))[0]
    # V^2 / (127 (f - 0.02)) with AASHTO's side friction.
    assert found == pytest.approx(radius_m, rel=1e-9)


@pytest.mark.parametrize(("speed", "radius_m"), [(60, 720), (70, 1020), (85, 1440), (100, 2040), (120, 2880)])
def test_outside_towns_it_stays_above_the_radii_without_adverse_camber(speed, radius_m):
    found = bends.crown_radius(np.array([float(speed)]), np.array([False]))[0]
    assert found == pytest.approx(radius_m, rel=0.026)


@given(st.floats(-0.05, 0.05), st.floats(0.0, 130.0), st.booleans(), st.floats(0.0, 1.0), st.floats(1.0, 3.0))
def test_a_tighter_bend_is_banked_no_less_and_no_steeper_than_is_built(kappa, speed, town, share, tighter):
    one, place = np.ones(1), np.array([town])
    wide = bends.banked_share(kappa * one, speed * one, place, share * one)[0]
    tight = bends.banked_share(kappa * tighter * one, speed * one, place, share * one)[0]
    assert 0.0 <= wide <= share + 1e-12
    radius = 1.0 / abs(kappa) if kappa else np.inf
    if radius < bends.crown_radius(np.maximum(speed, 1.0) * one, place)[0]:
        assert tight >= wide - 1e-9
    slope = bends.banked_slope(kappa * one, speed * one, place)[0]
    assert 2.0 <= slope <= (4.0 if town else 7.0)
    assert bends.banked_share(-kappa * one, speed * one, place, share * one)[0] == wide


def test_the_slope_is_the_share_of_the_demand_of_the_design_speed():
    # V = 80 km/h, R = 500 m: 0.6 x 100 x 6400 / (127 x 500) = 6.05 %.
    assert bends.banked_slope(np.array([1 / 500]), np.array([80.0]), np.array([False]))[0] == pytest.approx(
        6.047, abs=0.001
    )


def test_the_defaults_are_the_published_assumptions():
    rows = table("surface").set_index("quantity")
    given_here = bends.BendAssumptions()
    assert rows["value"]["superelevation"] == given_here.superelevation
    assert rows["value"]["superelevation_least"] == given_here.superelevation_least_pct
    assert rows["std"]["superelevation_least"] == given_here.superelevation_std_pct
    assert rows["value"]["superelevation_most_urban"] == given_here.superelevation_most_urban_pct
    assert rows["value"]["superelevation_most_rural"] == given_here.superelevation_most_rural_pct
    assert rows["value"]["superelevation_scale"] == given_here.superelevation_scale
    assert rows["value"]["line_std"] == given_here.line_std_m


def test_only_paved_carriageways_are_banked_and_quiet_streets_seldom():
    def share(**tags):
        ways = straight(**tags).ways
        return standards.banking(ways, standards.assume(ways)).built_share[0]

    main, lane, town, quiet = (
        share(highway="secondary"),
        share(highway="unclassified"),
        share(highway="secondary", built_up=True),
        share(),
    )
    assert main > lane > quiet > 0.0
    assert main > town > quiet
    for tags in (
        {"highway": "path"},
        {"highway": "secondary", "surface": "gravel"},
        {"highway": "tertiary", "junction": "roundabout"},
        {"highway": "service", "service": "alley"},
    ):
        assert share(**tags) == 0.0


BEND = {7: (np.round(circle(150.0, 300.0, "left", 20.0) * 1024) / 1024,
            {"highway": "secondary", "sidewalk_left": "yes", "sidewalk_right": "yes"})}  # fmt: skip


def assigned(ways, state, direction=1, draws=2000):
    roads = roads_of(
        {way: ([tuple(point) for point in points], tags) for way, (points, tags) in ways.items()}
    )
    leg = {"way_id": 7, "blocks": 3, "p": {state: 1.0}, "direction": direction}
    lateral = lateral_on(roads, [leg])
    histories = fixed_histories(lateral, [state] * 3, draws)
    return assign_cross_slope(lateral, histories, roads, seed=1, rng=np.random.default_rng(2))


@pytest.mark.parametrize("direction", [1, -1])
@pytest.mark.parametrize("state", ["left_edge", "centre", "right_edge"])
def test_a_banked_bend_lowers_the_inside_on_every_part_of_the_carriageway(state, direction):
    sloped, drawn = assigned(BEND, state, direction)
    assert (sloped["profile"] == "banked").all()
    assert (sloped["slope_source"] == "superelevation").all()
    banked = drawn.profile == BANKED
    assert banked.mean() == pytest.approx(0.9, abs=0.03)
    assert (np.sign(drawn.cross_slope_pct[banked]) == -direction).all()
    # A bend is banked or not, as a whole.
    assert (banked == banked[:, :1]).all()


@pytest.mark.parametrize(("state", "low"), [("left_sidewalk", 1.0), ("right_sidewalk", -1.0)])
def test_the_sidewalk_of_a_banked_bend_still_falls_to_the_road(state, low):
    sloped, drawn = assigned(BEND, state)
    assert (np.sign(sloped["cross_slope_pct"]) == low).all()
    assert (np.sign(drawn.cross_slope_pct) == low).all()
    assert (drawn.profile != BANKED).all()


def test_a_tagged_fall_knows_better_than_the_bend():
    points, tags = BEND[7]
    sloped, _ = assigned({7: (points, tags | {"incline_across_pct": 3.0})}, "left_edge")
    assert (sloped["profile"] == "tagged").all()
    assert (sloped["cross_slope_pct"] > 0.0).all()


def test_the_mirror_image_of_a_bend_tilts_the_other_way():
    here, _ = assigned(BEND, "left_edge")
    there, _ = assigned(mirrored_ways(BEND), "right_edge")
    legs = ["p_left_low", "p_right_low", "p_level", "cross_slope_pct"]
    mirrored = here[legs].to_numpy()[:, [1, 0, 2, 3]] * [1.0, 1.0, 1.0, -1.0]
    np.testing.assert_allclose(there[legs].to_numpy(), mirrored, atol=1e-9)
