"""True surfaces: those of the standards in distribution, and one and the same for a way in every run."""

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camber.conventions import Profile
from camber.schema import Ways
from camber.simulate.chance import truncated_normal
from camber.simulate.world import PROFILE_CODE, draw_surfaces
from camber.standards import assume

MANY = 3000


def street_of(tags, n=MANY):
    return {way: ([(0.0, 20.0 * way), (100.0, 20.0 * way)], tags) for way in range(n)}


@pytest.fixture(scope="module")
def streets(make_roads):
    return make_roads(street_of({"highway": "residential"})).ways


def test_a_truncated_normal_has_the_mean_of_its_closed_form():
    rank = (np.arange(MANY) + 0.5) / MANY
    drawn = truncated_normal(np.full(MANY, 3.0), np.full(MANY, 3.0), 0.0, rank)
    normal = NormalDist()
    # E[x | x > 0] = mu + sigma phi(a) / (1 - Phi(a)), a = -mu / sigma = -1.
    expected = 3.0 + 3.0 * normal.pdf(-1.0) / (1.0 - normal.cdf(-1.0))
    assert drawn.mean() == pytest.approx(expected, rel=1e-3)
    assert (np.diff(drawn) > 0.0).all()


@given(st.floats(-5.0, 20.0), st.floats(0.0, 10.0), st.floats(0.0, 1.0, exclude_max=True))
def test_no_slope_is_ever_negative(mean, std, rank):
    drawn = truncated_normal(np.array([mean]), np.array([std]), 0.0, np.array([rank]))
    assert np.isfinite(drawn).all()
    assert drawn[0] >= 0.0


def test_far_from_its_end_it_is_the_plain_normal():
    drawn = truncated_normal(np.array([10.0]), np.array([0.5]), 0.0, np.array([0.975]))
    assert drawn == pytest.approx([10.0 + 0.5 * 1.959964], abs=1e-4)


def test_a_width_that_is_known_is_taken_and_one_that_is_missing_stays_missing():
    drawn = truncated_normal(np.array([2.0, np.nan]), np.array([0.0, 1.0]), 0.5, np.array([0.3, 0.3]))
    assert drawn[0] == 2.0
    assert np.isnan(drawn[1])
    assert np.isnan(truncated_normal(np.array([2.0]), np.array([np.nan]), 0.5, np.array([0.3]))).all()


def test_a_way_has_one_surface_whatever_it_is_drawn_with(streets):
    whole = draw_surfaces(streets, 5)
    part = draw_surfaces(Ways(streets.iloc[[40, 7, 1999]]), 5)
    assert part.equals(whole.loc[part.index])
    assert not draw_surfaces(streets, 6)["slope_pct"].equals(whole["slope_pct"])


def test_slopes_profiles_and_widths_follow_the_standards(streets):
    drawn, assumed = draw_surfaces(streets, 5), assume(streets).iloc[0]
    share = {
        name: (drawn["profile"] == PROFILE_CODE[profile]).mean()
        for name, profile in [
            ("p_crowned", Profile.CROWNED),
            ("p_one_way", Profile.ONE_WAY),
            ("p_inverted", Profile.INVERTED),
        ]
    }
    bowed = (drawn["profile"] == PROFILE_CODE[Profile.PARABOLIC]).mean()
    share["p_crowned"] += bowed
    assert bowed == pytest.approx(assumed["p_crowned"] * assumed["parabolic_share"], abs=0.025)
    for name, value in share.items():
        assert value == pytest.approx(assumed[name], abs=4.0 * 0.5 / np.sqrt(MANY))
    assert (drawn["slope_pct"] > 0.0).all()
    error = 4.0 * assumed["slope_std_pct"] / np.sqrt(MANY)
    assert drawn["slope_pct"].median() == pytest.approx(assumed["slope_mean_pct"], abs=2.0 * error)
    assert drawn["half_width_m"].mean() == pytest.approx(assumed["default_total_m"] / 2.0, rel=0.02)
    assert drawn["half_width_m"].min() >= assumed["default_total_m"] / 4.0
    assert abs(drawn["low_side"].mean()) < 4.0 / np.sqrt(MANY)
    assert np.corrcoef(drawn["slope_pct"], drawn["half_width_m"])[0, 1] == pytest.approx(0.0, abs=0.075)


@pytest.mark.parametrize("side", [-1, 1])
def test_a_mapped_sidewalk_falls_to_its_carriageway(make_roads, side):
    tags = {"highway": "footway", "footway": "sidewalk", "is_sidepath": True, "carriageway_side": side}
    drawn = draw_surfaces(make_roads(street_of(tags, 60)).ways, 5)
    assert (drawn["profile"] == PROFILE_CODE[Profile.TO_ROAD]).all()
    assert (drawn["low_side"] == side).all()
    assert not drawn["is_road"].any()


@pytest.mark.parametrize(("tag_pct", "low_side"), [(2.5, 1), (-3.0, -1)])
def test_a_tagged_cross_slope_wins(make_roads, tag_pct, low_side):
    drawn = draw_surfaces(make_roads(street_of({"incline_across_pct": tag_pct}, 40)).ways, 5)
    assert (drawn["profile"] == PROFILE_CODE[Profile.TAGGED]).all()
    assert (drawn["slope_pct"] == abs(tag_pct)).all()
    assert (drawn["low_side"] == low_side).all()


RING = [(0.0, 0.0), (20.0, 0.0), (20.0, 20.0), (0.0, 20.0), (0.0, 0.0)]


@pytest.mark.parametrize(
    ("tags", "profile", "inside"),
    [
        ({"junction": "roundabout", "oneway": 1}, Profile.OUTWARD, -1),
        ({"highway": "footway", "leisure": "track"}, Profile.TO_INSIDE, 1),
    ],
)
@pytest.mark.parametrize("anticlockwise", [True, False])
def test_rings_fall_outward_or_to_their_inside(make_roads, tags, profile, inside, anticlockwise):
    shift = np.array([100.0, 0.0])
    ring = np.array(RING if anticlockwise else RING[::-1])
    drawn = draw_surfaces(make_roads({n: (ring + n * shift, tags) for n in range(60)}).ways, 5)
    tilted = drawn[drawn["profile"] == PROFILE_CODE[profile]]
    assert len(tilted) >= 40
    # The inside of a ring is left of an anticlockwise line.
    assert (tilted["low_side"] == inside * (-1 if anticlockwise else 1)).all()


@pytest.mark.parametrize(("traffic_side", "low_side"), [("right", 1), ("left", -1)])
def test_a_piece_of_a_roundabout_takes_its_turn_from_the_traffic(make_roads, traffic_side, low_side):
    tags = {"junction": "roundabout", "oneway": 1, "traffic_side": traffic_side}
    drawn = draw_surfaces(make_roads(street_of(tags, 60)).ways, 5)
    outward = drawn["profile"] == PROFILE_CODE[Profile.OUTWARD]
    assert outward.any()
    assert (drawn.loc[outward, "low_side"] == low_side).all()


def test_the_mirror_image_of_a_world_has_mirrored_tilts(make_roads):
    right = draw_surfaces(make_roads(street_of({"country": "XX", "traffic_side": "right"}, 200)).ways, 5)
    left = draw_surfaces(make_roads(street_of({"country": "XX", "traffic_side": "left"}, 200)).ways, 5)
    assert (left["low_side"] == -right["low_side"]).all()
    walks = ["walk_shift_left_m", "walk_shift_right_m"]
    assert (left[walks].to_numpy() == right[walks[::-1]].to_numpy()).all()
    assert (right[walks] >= -0.4).all(axis=None)
    same = right.columns.difference(["low_side", *walks])
    assert left[same].equals(right[same])
