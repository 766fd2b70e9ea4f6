"""The street around a block: which lateral states exist, on which way, where, and how likely beforehand."""

from functools import cache

import numpy as np
import pytest
import shapely

from camber import standards
from camber.conventions import MIRRORED_STATES, NO_WAY
from camber.lateral.blocks import cut_blocks
from camber.lateral.places import find_lines_beside, find_places
from camber.lateral.state_prior import state_prior, street_shares
from camber.schema import LateralSettings
from tests.worlds import STATE, candidates_of, matched_on, ring, roads_of, straight

LEFT_WALK, LEFT, CENTRE, RIGHT, RIGHT_WALK, OTHER = range(6)

SEPARATE = roads_of(
    {
        1: ([(0.0, 0.0), (600.0, 0.0)],
            {"sidewalk_left": "separate", "sidewalk_right": "separate", "built_up": True, "width_m": 8.0}),
        2: ([(0.0, 6.5), (600.0, 6.5)],
            {"highway": "footway", "footway": "sidewalk", "is_sidepath": True, "street_id": 1,
             "carriageway_id": 1, "carriageway_side": 1}),
        3: ([(600.0, -7.0), (0.0, -7.0)],
            {"highway": "footway", "footway": "sidewalk", "is_sidepath": True, "street_id": 1,
             "carriageway_id": 1, "carriageway_side": 1}),
        4: ([(300.0, -60.0), (300.0, 60.0)], {"street_id": 1, "built_up": True}),
    }
)  # fmt: skip
"""A carriageway of 8 m with a sidewalk mapped on each side, and a street across of the same name."""


@cache
def places_of(roads, way_id=7, offset_m=0.0, **leg):
    matched = matched_on(roads, [{"way_id": way_id, "offset_m": np.full(48, offset_m)} | leg])
    blocks = cut_blocks(matched, candidates_of(matched), roads, LateralSettings())
    xy = np.column_stack([matched.geometry.x, matched.geometry.y])
    return find_places(blocks, matched["offset_m"].to_numpy(), xy, roads)


def prior_of(roads, *, habit=True, shift=(0.0, 0.0, 0.0, 0.0), **given):
    places = places_of(roads, **given)
    return state_prior(places, street_shares(places, roads), np.array(shift) if habit else None)[0]


def test_turning_round_swaps_the_states():
    names = list(STATE)
    swapped = [name.replace("left", "x").replace("right", "left").replace("x", "right") for name in names]
    assert [names[position] for position in MIRRORED_STATES] == swapped


@pytest.mark.parametrize(
    ("left", "right", "direction", "exists"),
    [
        ("yes", "no", 1, [True, False]),
        ("yes", "no", -1, [False, True]),
        ("no", "yes", 1, [False, True]),
        ("no", "yes", -1, [True, False]),
        ("yes", "yes", 1, [True, True]),
        ("no", "no", -1, [False, False]),
        ("separate", "separate", 1, [False, False]),
    ],
)
def test_a_tagged_sidewalk_is_on_the_side_that_the_tag_says(left, right, direction, exists):
    # "separate" promises a way of its own; where none is near, there is no place to speak of.
    places = places_of(straight(sidewalk_left=left, sidewalk_right=right, built_up=True), direction=direction)
    assert ((places.way_id[:, [LEFT_WALK, RIGHT_WALK]] == 7) == exists).all()
    assert (places.way_id[:, [LEFT, CENTRE, RIGHT]] == 7).all()
    assert (places.way_id[:, OTHER] == NO_WAY).all()
    assert not places.mapped.any()


@pytest.mark.parametrize("built_up", [True, False])
def test_untagged_means_unknown_in_town_and_none_outside(built_up):
    places = places_of(straight(built_up=built_up))
    assert ((places.way_id[:, [LEFT_WALK, RIGHT_WALK]] == 7) == built_up).all()


def test_the_places_lie_where_the_width_says():
    # 8 m wide: half of it less 0.75 m; the sidewalk's middle half a metre and more beyond the kerb.
    places = places_of(straight(width_m=8.0, sidewalk_left="yes", sidewalk_right="yes"), offset_m=1.5)
    np.testing.assert_allclose(places.place_m[0], [-5.0, -3.25, 0.0, 3.25, 5.0, 0.0])
    np.testing.assert_allclose(places.observed_m, 1.5)
    # The width is unsure: a wider road moves all states out, left to the left and right to the right.
    assert (np.sign(places.width_std_m[0]) == [-1, -1, 0, 1, 1, 0]).all()


@pytest.mark.parametrize("direction", [1, -1])
def test_parked_cars_push_the_runner_in_on_their_side_only(direction):
    free = places_of(straight(width_m=10.0))
    parked = places_of(straight(width_m=10.0, parking_right="lane"), direction=direction)
    beside, across = (RIGHT, LEFT) if direction > 0 else (LEFT, RIGHT)
    assert abs(parked.place_m[0, beside]) == pytest.approx(5.0 - 2.1 - 0.6)
    assert parked.place_m[0, across] == free.place_m[0, across]


@pytest.mark.parametrize("direction", [1, -1])
def test_a_shoulder_takes_the_runner_out_on_its_side_only(direction):
    places = places_of(straight(width_m=7.0, shoulder_left="yes"), direction=direction)
    beside, across = (LEFT, RIGHT) if direction > 0 else (RIGHT, LEFT)
    assert abs(places.place_m[0, beside]) == pytest.approx(3.5 + 0.4)
    assert abs(places.place_m[0, across]) == pytest.approx(3.5 - 0.75)


@pytest.mark.parametrize(
    "tags", [{"sidewalk_left": "yes"}, {"parking_right": "lane"}, {"shoulder_left": "yes"}, {}]
)
def test_against_the_drawing_the_street_is_its_own_mirror_image(tags):
    along = places_of(straight(built_up=True, **tags))
    against = places_of(straight(built_up=True, **tags), direction=-1)
    mirrored = list(MIRRORED_STATES)
    np.testing.assert_allclose(against.place_m, -along.place_m[:, mirrored])
    np.testing.assert_array_equal(against.way_id, along.way_id[:, mirrored])
    np.testing.assert_array_equal(against.spread_m, along.spread_m[:, mirrored])


@pytest.mark.parametrize(
    ("way_id", "offset_m", "direction", "walks"),
    [
        (1, 0.0, 1, (2, 3)),
        (1, 0.0, -1, (3, 2)),
        (2, 0.0, 1, (2, 3)),
        (2, 0.5, -1, (3, 2)),
        (3, 0.0, 1, (3, 2)),
        (3, 0.0, -1, (2, 3)),
    ],
)
def test_mapped_sidewalks_carry_their_own_state_on_both_sides(way_id, offset_m, direction, walks):
    # Way 2 lies left of the carriageway's drawing and is drawn like it; way 3 right of it, drawn against it.
    places = places_of(SEPARATE, way_id=way_id, offset_m=offset_m, direction=direction)
    ids = places.way_id[0]
    assert (ids[LEFT_WALK], ids[RIGHT_WALK]) == walks
    assert (ids[[LEFT, CENTRE, RIGHT]] == 1).all()
    assert places.mapped[0].tolist() == [True, False, False, False, True, False]
    assert (places.place_m[0, [LEFT_WALK, RIGHT_WALK]] == 0.0).all()


@pytest.mark.parametrize(("way_id", "direction"), [(2, 1), (2, -1), (3, 1), (3, -1)])
def test_each_line_sees_the_fixes_at_its_own_offset(way_id, direction):
    # A runner exactly on a mapped sidewalk: 0 from its line, 6.5 or 7 from the middle of the carriageway.
    places = places_of(SEPARATE, way_id=way_id, direction=direction)
    here, far = {2: (6.5, -7.0), 3: (-7.0, 6.5)}[way_id]  # metres left of the carriageway's drawing
    on_left = (way_id, direction) in {(2, 1), (3, 1)}  # each has the road on the right of its drawing
    walk, other_walk = (LEFT_WALK, RIGHT_WALK) if on_left else (RIGHT_WALK, LEFT_WALK)
    sign = -1.0 if on_left else 1.0
    assert places.observed_m[0, walk] == pytest.approx(0.0, abs=1e-6)
    assert places.observed_m[0, CENTRE] == pytest.approx(sign * abs(here), abs=1e-6)
    assert places.observed_m[0, other_walk] == pytest.approx(sign * abs(here - far), abs=1e-6)


def test_a_street_that_crosses_is_no_line_of_this_one():
    places = places_of(SEPARATE, way_id=1, start_m=280.0)
    assert 4 not in places.way_id


@pytest.mark.parametrize("direction", [1, -1])
def test_a_mapped_sidewalk_without_its_road_in_reach_keeps_its_side(direction):
    walk = {"highway": "footway", "footway": "sidewalk", "is_sidepath": True, "carriageway_id": 9}
    roads = straight(**walk, carriageway_side=1)
    places = places_of(roads, direction=direction)
    # The road is to the right of the drawing: along it the sidewalk is left of the road.
    state = LEFT_WALK if direction > 0 else RIGHT_WALK
    assert places.way_id[0, state] == 7
    assert places.mapped[0, state]
    assert prior_of(roads, direction=direction)[state] == 1.0


@pytest.mark.parametrize("highway", ["path", "footway", "track", "steps", "cycleway"])
def test_on_a_path_there_is_no_side_and_the_line_says_the_place(highway):
    places = places_of(straight(highway=highway), offset_m=1.0)
    assert places.way_id[0].tolist() == [NO_WAY] * 5 + [7]
    assert places.mapped[0].tolist() == [False] * 5 + [True]
    np.testing.assert_array_equal(prior_of(straight(highway=highway)), [0, 0, 0, 0, 0, 1])


@pytest.mark.parametrize("direction", [1, -1])
def test_a_roundabout_has_edges_and_no_side_that_faces(direction):
    roads = roads_of({7: (ring(), {"highway": "tertiary", "junction": "roundabout", "oneway": 1})})
    places = places_of(roads, direction=direction)
    assert (places.way_id[:, [LEFT, CENTRE, RIGHT]] == 7).all()
    assert (places.way_id[:, OTHER] == NO_WAY).all()
    prior = prior_of(roads, direction=direction)
    assert prior[LEFT] == pytest.approx(prior[RIGHT])


def test_off_the_road_there_is_only_elsewhere():
    roads = straight()
    np.testing.assert_array_equal(prior_of(roads, way_id=-1), [0, 0, 0, 0, 0, 1])
    assert (places_of(roads, way_id=-1).way_id == NO_WAY).all()


STREETS = {
    "rural": {"highway": "tertiary"},
    "town": {"highway": "tertiary", "built_up": True},
    "quiet": {"built_up": True, "sidewalk_left": "no", "sidewalk_right": "no"},
    "both": {"built_up": True, "sidewalk_left": "yes", "sidewalk_right": "yes"},
    "left": {"built_up": True, "sidewalk_left": "yes", "sidewalk_right": "no"},
    "one-way": {"highway": "primary", "oneway": 1},
    "path": {"highway": "path"},
}


@pytest.mark.parametrize("habit", [True, False])
@pytest.mark.parametrize("direction", [1, -1])
@pytest.mark.parametrize("name", STREETS)
def test_prior_probabilities_sum_to_one_over_what_exists(name, direction, habit):
    roads = straight(**STREETS[name])
    prior = prior_of(roads, habit=habit, direction=direction)
    assert prior.sum() == pytest.approx(1.0)
    exists = places_of(roads, direction=direction).way_id[0] != NO_WAY
    assert (prior[~exists] == 0.0).all()
    assert (prior[exists] > 0.0).all()


@pytest.mark.parametrize(("traffic_side", "country"), [("right", "DE"), ("left", "GB")])
@pytest.mark.parametrize("direction", [1, -1])
def test_the_habit_is_to_face_the_cars_and_can_be_switched_off(traffic_side, country, direction):
    roads = straight(highway="tertiary", traffic_side=traffic_side, country=country)
    facing, away = (LEFT, RIGHT) if traffic_side == "right" else (RIGHT, LEFT)
    prior = prior_of(roads, direction=direction)
    assert prior[facing] / (prior[facing] + prior[away]) >= 0.6
    flat = prior_of(roads, habit=False, direction=direction)
    assert flat[facing] == pytest.approx(flat[away])
    assert flat[CENTRE] == pytest.approx(prior[CENTRE])


def test_where_the_law_asks_for_facing_more_face():
    by_law = prior_of(straight(highway="tertiary", country="DE"))
    advised = prior_of(straight(highway="tertiary", country="CZ"))
    free = prior_of(straight(highway="tertiary", country="NL"))
    assert by_law[LEFT] > advised[LEFT] > free[LEFT] > free[RIGHT]


def test_on_a_one_way_street_neither_edge_is_preferred():
    prior = mean_prior_of(straight(highway="primary", oneway=1))
    assert prior[LEFT] == pytest.approx(prior[RIGHT])


def test_most_keep_to_their_usual_side_on_a_one_way_street_and_the_others_are_on_either():
    for facing, usual, other in ((50.0, LEFT, RIGHT), (-50.0, RIGHT, LEFT)):
        prior = prior_of(straight(highway="primary", oneway=1), shift=(facing, 0.0, 0.0, 0.0))
        assert prior[usual] / (prior[usual] + prior[other]) == pytest.approx(0.8)


def test_most_use_a_sidewalk_where_there_is_one():
    both, one = (prior_of(straight(**STREETS[name])) for name in ("both", "left"))
    even = mean_prior_of(straight(**STREETS["both"]))
    assert even[LEFT_WALK] == pytest.approx(even[RIGHT_WALK])
    assert both[[LEFT_WALK, RIGHT_WALK]].sum() == pytest.approx(0.85)
    assert one[LEFT_WALK] == pytest.approx(0.85)
    mapped = prior_of(SEPARATE, way_id=1)
    assert mapped[[LEFT_WALK, RIGHT_WALK]].sum() >= 0.85


def mean_prior_of(roads):
    """Over all runners."""
    nodes = standards.use_nodes()
    return sum(w * prior_of(roads, shift=s) for w, s in zip(nodes.weight.ravel(), nodes.shift, strict=True))


@pytest.mark.parametrize(("country", "share"), [("DE", 0.75), ("CZ", 0.67), ("NL", 0.60)])
def test_over_all_runners_as_many_face_traffic_as_the_standards_say(country, share):
    prior = mean_prior_of(straight(highway="tertiary", country=country))
    edges = prior[LEFT] + prior[RIGHT]
    assert prior[LEFT] / edges == pytest.approx(share, abs=1e-9)


def odds(share):
    return share / (1.0 - share)


def test_a_runner_moves_the_odds_of_each_share_and_none_of_the_others():
    both = straight(**STREETS["both"])
    usual = prior_of(both)
    walks = [LEFT_WALK, RIGHT_WALK]
    shy = prior_of(both, shift=(0.0, -2.0, 0.0, 0.0))
    assert odds(shy[walks].sum()) == pytest.approx(odds(usual[walks].sum()) * np.exp(-2.0))
    assert shy[CENTRE] / shy[LEFT] == pytest.approx(usual[CENTRE] / usual[LEFT])
    bold = prior_of(both, shift=(0.0, 0.0, 2.0, 0.0))
    off = 1.0 - usual[walks].sum()
    assert bold[walks].sum() == pytest.approx(usual[walks].sum())
    assert odds(bold[CENTRE] / off) == pytest.approx(odds(usual[CENTRE] / off) * np.exp(2.0))
    facing = prior_of(both, shift=(2.0, 0.0, 0.0, 0.0))
    ratio = usual[LEFT_WALK] / usual[RIGHT_WALK]
    assert facing[LEFT_WALK] / facing[RIGHT_WALK] == pytest.approx(ratio * np.exp(2.0))
    assert odds(facing[LEFT] / (facing[LEFT] + facing[RIGHT])) == pytest.approx(
        odds(usual[LEFT] / (usual[LEFT] + usual[RIGHT])) * np.exp(2.0)
    )


def test_whether_untagged_sidewalks_exist_moves_untagged_streets_alone():
    walks = [LEFT_WALK, RIGHT_WALK]
    town, both, few = straight(**STREETS["town"]), straight(**STREETS["both"]), (0.0, 0.0, 0.0, -3.0)
    exists = 0.5 / 0.85
    moved = odds(exists) * np.exp(-3.0)
    assert prior_of(town)[walks].sum() == pytest.approx(0.5)
    assert prior_of(town, shift=few)[walks].sum() == pytest.approx(0.85 * moved / (1.0 + moved))
    np.testing.assert_array_equal(prior_of(both, shift=few), prior_of(both))


def test_on_a_roundabout_and_on_a_path_no_habit_of_facing_moves_anything():
    roundabout = straight(highway="primary", oneway=1, junction="roundabout")
    for roads in (roundabout, straight(highway="path")):
        np.testing.assert_array_equal(prior_of(roads, shift=(3.0, 0.0, 0.0, 0.0)), prior_of(roads))


# -- Lines beside a block -----------------------------------------------------------------------------------


LONE = straight(600.0)
"""One way of 600 m towards the east."""

BESIDE_STREET = int(LONE.ways["street_id"].iloc[0])


def beside(*lines, direction=1, streets=None):
    """Offsets and directions by line of a runner along 180 m of the road, with other lines about it."""
    leg = {"way_id": 7, "offset_m": np.zeros(60), "direction": direction}
    matched = matched_on(LONE, [leg])
    blocks = cut_blocks(matched, candidates_of(matched), LONE, LateralSettings())
    xy = np.column_stack([matched.geometry.x, matched.geometry.y])
    road = LONE.ways.geometry.iloc[0]
    others = [shapely.LineString(np.array(line) + road.coords[0]) for line in lines]
    found = find_lines_beside(
        blocks,
        np.zeros(len(blocks.first), dtype=np.int64),
        matched["offset_m"].to_numpy(),
        xy,
        (np.array(streets or [BESIDE_STREET] * (1 + len(lines))), np.array([road, *others], dtype=object)),
    )
    assert found.block[found.own].tolist() == list(range(len(blocks.first)))
    return {
        row: (found.offset_m[found.row == row], found.direction[found.row == row])
        for row in np.unique(found.row[~found.own]).tolist()
    }


@pytest.mark.parametrize("direction", [1, -1])
def test_a_line_drawn_alike_or_against_tells_the_same_offset(direction):
    # A line six metres north of a runner who goes east is on the left: the runner is right of it.
    found = beside([(0.0, 6.0), (600.0, 6.0)], [(600.0, 6.0), (0.0, 6.0)], direction=direction)
    for row, way in ((1, 1), (2, -1)):
        np.testing.assert_allclose(found[row][0], 6.0 * direction, atol=1e-9)
        assert (found[row][1] == way * direction).all()


@pytest.mark.parametrize(
    "line",
    [
        [(90.0, -60.0), (90.0, 60.0)],
        [(0.0, 60.0), (600.0, 60.0)],
        [(180.0, 5.0), (400.0, 5.0)],
    ],
    ids=["across", "far to the side", "further on"],
)
def test_what_does_not_run_along_is_left_out(line):
    assert beside(line) == {}


def test_only_lines_of_the_same_street_count():
    line = [(0.0, 6.0), (600.0, 6.0)]
    assert set(beside(line, line, streets=[BESIDE_STREET, BESIDE_STREET + 1, BESIDE_STREET])) == {2}
