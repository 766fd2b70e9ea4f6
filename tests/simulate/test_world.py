"""The true world: surfaces of the standards, sidewalks that no tag tells of, and the errors of the map.

A way is the same in every run of one world, and strange to the others.
"""

from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camber.conventions import PROFILE_CODE, STATE_CODE, LateralState, Profile
from camber.schema import Ways
from camber.simulate import Preference, RunnerModel, route_via
from camber.simulate.chance import Stream, keyed_generator, truncated_normal
from camber.simulate.receiver import GnssErrorModel
from camber.simulate.routes import trace_route
from camber.simulate.scene import true_cross_slope
from camber.simulate.world import draw_surfaces, streets_of, town_offset, way_map_offset
from camber.standards import assume, table

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


PRIOR = table("side_prior").set_index("context")


def many(make_roads, *, walk_from=None, **tags):
    """A quiet street of 1 km in a town, perhaps with a sidewalk drawn beside its end, in 120 worlds."""
    ways = {7: ([(0.0, 0.0), (1000.0, 0.0)], {"built_up": True, "highway": "residential"} | tags)}
    if walk_from is not None:
        side = {"highway": "footway", "footway": "sidewalk", "street_id": 7, "carriageway_id": 7}
        ways[8] = ([(walk_from, -6.0), (1000.0, -6.0)], side | {"carriageway_side": -1, "is_sidepath": True})
    roads = make_roads(ways)
    east, north = roads.graph.node_xy.T
    on_street = np.flatnonzero(north > north.max() - 1.0)
    ends = [int(on_street[east[on_street].argmin()]), int(on_street[east[on_street].argmax()])]
    line = trace_route(roads, route_via(roads, ends, Preference(sidewalk=9.0)))
    worlds = [streets_of(roads, line, RunnerModel(), seed, unmapped_sidewalks=True) for seed in range(120)]
    streets = pd.concat(worlds)
    return streets[streets["way_id"] == 7].reset_index(drop=True)


def test_untagged_streets_have_sidewalks_as_often_as_the_standards_say(make_roads):
    rows = many(make_roads)
    used = PRIOR.loc["sidewalk_both", "p_sidewalk"]
    exists = PRIOR.loc["quiet_untagged", "p_sidewalk"] / used
    assert rows["walk_left"].mean() == pytest.approx(exists, abs=0.1)
    # The law of total probability: the rows with and without give the row of streets that nobody tagged.
    there, gone = rows[rows["walk_left"]], rows[~rows["walk_left"]]
    assert set(there["p_sidewalk"]) == {used}
    assert set(gone["p_centre"]) == {PRIOR.loc["quiet_no_sidewalk", "p_centre"]}
    for name, row in (("p_sidewalk", "p_sidewalk"), ("p_centre", "p_centre")):
        walked = rows[name] * (rows["walk_left"] if name == "p_sidewalk" else 1.0)
        assert walked.mean() == pytest.approx(PRIOR.loc["quiet_untagged", row], abs=0.09)


@pytest.mark.parametrize(("walk_from", "exist"), [(0.0, False), (300.0, False), (800.0, True)])
def test_beside_a_drawn_sidewalk_there_is_no_other(make_roads, walk_from, exist):
    assert many(make_roads, walk_from=walk_from)["walk_left"].any() == exist


def test_a_tag_is_believed(make_roads):
    rows = many(make_roads, sidewalk_left="yes", sidewalk_right="no")
    assert rows["walk_left"].all()
    assert not rows["walk_right"].any()


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
    assert not town_offset(replace(ERROR, town_sigma_m=0.0), 8).any()


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


def test_a_sidewalk_crosses_its_driveways_as_often_as_the_standards_say():
    n = 30_000
    here = pd.DataFrame(
        {
            "profile": np.full(n, PROFILE_CODE[Profile.TO_ROAD]),
            "half_width_m": 3.0,
            "is_road": False,
            "sidewalk_slope_pct": 2.0,
            "slope_pct": 2.0,
            "driveway_slope_pct": 6.0,
            "driveway_share": 0.06,
            "sidewalk_driveway_share": 0.06,
            "driveway_place": 0.4,
            "low_side": 1,
            "parked_left": False,
            "parked_right": False,
            "shoulder_left": False,
            "shoulder_right": False,
            "shoulder_slope_pct": 4.0,
            "built_share": 0.0,
            "speed_kmh": 50.0,
            "built_up": True,
            "banked_rank": 1.0,
            "banked_z": 0.0,
            "way_id": 7,
        }
    )
    chainage = np.arange(n) * 0.1
    state = np.full(n, STATE_CODE[LateralState.RIGHT_SIDEWALK])
    slope, _ = true_cross_slope(here, state, np.zeros(n), np.ones(n, np.int64), chainage_m=chainage)
    assert set(slope.round(6)) == {2.0, 6.0}
    assert (slope > 3.0).mean() == pytest.approx(0.06, abs=0.002)
    # Each is one car wide.
    starts = np.flatnonzero(np.diff((slope > 3.0).astype(int)) == 1)
    assert np.diff(chainage[starts]) == pytest.approx(50.0, abs=0.11)
    assert (true_cross_slope(here, state, np.zeros(n), np.ones(n, np.int64))[0] == 2.0).all()
