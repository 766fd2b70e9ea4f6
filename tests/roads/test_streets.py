"""Which ways are one street, and on which side of a sidewalk its carriageway lies."""

import itertools

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from camber.geometry import parallel_line
from camber.roads import read_roads
from camber.roads import streets as room
from camber.roads.streets import sample_line

STREET = {"highway": "residential", "name": "High Street"}
SIDEWALK = {"highway": "footway", "footway": "sidewalk"}


def drawn(nodes, forward):
    return nodes if forward else nodes[::-1]


@pytest.mark.parametrize(
    ("road_forward", "walk_forward", "east_m"),
    list(itertools.product([True, False], [True, False], [-7.0, 7.0])),
)
def test_the_side_is_that_of_the_sidewalk_as_it_is_drawn(osm_file, road_forward, walk_forward, east_m):
    # The street runs north; a sidewalk to its east, drawn northwards, has the street on its left.
    places = {1: (0, 0), 2: (0, 200), 3: (east_m, 0), 4: (east_m, 200)}
    ways = [(10, drawn([1, 2], road_forward), STREET), (20, drawn([3, 4], walk_forward), SIDEWALK)]
    table = read_roads(osm_file(places, ways)).ways
    assert table.carriageway_id.tolist() == [-1, 10]
    assert table.carriageway_side.tolist() == [0, -int(np.sign(east_m)) * (1 if walk_forward else -1)]
    assert table.street_id.tolist() == [10, 10]


def test_a_sidewalk_on_each_side_sees_the_street_between_them(osm_file):
    places = {1: (0, 0), 2: (200, 0), 3: (0, 6), 4: (200, 6), 5: (0, -6), 6: (200, -6)}
    ways = [(10, [1, 2], STREET), (20, [3, 4], SIDEWALK), (30, [5, 6], SIDEWALK)]
    table = read_roads(osm_file(places, ways)).ways
    # Drawn eastwards: the northern sidewalk has the street on its right, the southern on its left.
    assert table.carriageway_side.tolist() == [0, 1, -1]


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"highway": "footway"}, 10),
        ({"highway": "cycleway"}, 10),
        ({"highway": "path"}, 10),
        ({"highway": "cycleway", "is_sidepath": "yes"}, 10),
        ({"highway": "footway", "footway": "crossing"}, -1),
        ({"highway": "footway", "area": "yes"}, -1),
        ({"highway": "footway", "layer": "-1"}, -1),
        ({"highway": "footway", "footway": "sidewalk", "layer": "-1"}, 10),
        ({"highway": "track"}, -1),
        ({"highway": "steps"}, -1),
        ({"highway": "residential"}, -1),
    ],
)
def test_which_kinds_of_way_accompany_a_street(osm_file, tags, expected):
    places = {1: (0, 0), 2: (0, 200), 3: (6, 0), 4: (6, 200)}
    table = read_roads(osm_file(places, [(10, [1, 2], STREET), (20, [3, 4], tags)])).ways
    assert table.carriageway_id[20] == expected


@pytest.mark.parametrize(("tags", "expected"), [({"highway": "footway"}, -1), (SIDEWALK, 10)])
def test_only_a_tagged_sidewalk_accompanies_a_service_road(osm_file, tags, expected):
    places = {1: (0, 0), 2: (0, 200), 3: (6, 0), 4: (6, 200)}
    table = read_roads(osm_file(places, [(10, [1, 2], {"highway": "service"}), (20, [3, 4], tags)])).ways
    assert table.carriageway_id[20] == expected


@pytest.mark.parametrize(
    ("width", "gap_m", "expected"),
    [("", 15.0, 10), ("", 17.0, -1), ("20", 21.0, 10), ("20", 23.0, -1), ("4", 15.0, -1)],
)
def test_how_near_is_measured_from_the_edge_of_the_road(osm_file, width, gap_m, expected):
    places = {1: (0, 0), 2: (0, 200), 3: (gap_m, 0), 4: (gap_m, 200)}
    street = {**STREET, "width": width} if width else STREET
    table = read_roads(osm_file(places, [(10, [1, 2], street), (20, [3, 4], SIDEWALK)])).ways
    assert table.carriageway_id[20] == expected


def test_a_path_that_crosses_or_leaves_accompanies_nothing(osm_file):
    places = {1: (0, 0), 2: (0, 200), 3: (-80, 100), 4: (80, 100), 5: (6, 0), 6: (6, 40), 7: (150, 90)}
    ways = [(10, [1, 2], STREET), (20, [3, 4], {"highway": "footway"}), (30, [5, 6, 7], {"highway": "path"})]
    assert read_roads(osm_file(places, ways)).ways.carriageway_id.tolist() == [-1, -1, -1]


def test_a_path_that_changes_sides_accompanies_nothing(osm_file):
    places = {1: (0, 0), 2: (0, 200), 3: (6, 0), 4: (6, 95), 5: (-6, 105), 6: (-6, 200)}
    ways = [(10, [1, 2], STREET), (20, [3, 4, 5, 6], {"highway": "footway"})]
    assert read_roads(osm_file(places, ways)).ways.carriageway_id.tolist() == [-1, -1]


def test_between_two_streets_the_nearer_one_counts_and_the_name_helps(osm_file):
    places = {1: (0, 0), 2: (0, 200), 3: (22, 0), 4: (22, 200), 5: (9, 0), 6: (9, 200)}
    other = {"highway": "residential", "name": "Back Lane"}
    for tags, expected in [
        (SIDEWALK, 10),
        ({**SIDEWALK, "name": "Back Lane"}, 20),
        ({**SIDEWALK, "is_sidepath:of:name": "Back Lane"}, 20),
    ]:
        ways = [(10, [1, 2], STREET), (20, [3, 4], other), (30, [5, 6], tags)]
        table = read_roads(osm_file(places, ways)).ways
        assert table.carriageway_id[30] == expected
        assert table.carriageway_side[30] == (-1 if expected == 10 else 1)


def test_a_sidewalk_along_two_ways_of_a_street_belongs_to_the_longer_stretch(osm_file):
    places = {1: (0, 0), 2: (0, 60), 3: (0, 200), 4: (6, 0), 5: (6, 200)}
    ways = [(10, [1, 2], STREET), (11, [2, 3], STREET), (20, [4, 5], SIDEWALK)]
    table = read_roads(osm_file(places, ways)).ways
    assert table.carriageway_id[20] == 11
    assert table.street_id.tolist() == [10, 10, 10]


def test_a_sidewalk_follows_a_bend(osm_file):
    angle = np.radians(np.arange(0, 91, 5))
    centre = shapely.LineString(np.stack([100 * np.sin(angle), -100 * np.cos(angle)], axis=1))
    for offset_m in (-6.0, 6.0):
        beside = shapely.get_coordinates(parallel_line(centre, offset_m))
        places = dict(enumerate([*shapely.get_coordinates(centre), *beside], start=1))
        first, second = range(1, 1 + len(angle)), range(1 + len(angle), 1 + len(places))
        table = read_roads(osm_file(places, [(10, first, STREET), (20, second, SIDEWALK)])).ways
        assert table.carriageway_id[20] == 10
        assert table.carriageway_side[20] == -np.sign(offset_m)


def test_streets_continue_by_name_or_where_nothing_else_meets(osm_file):
    places = {k: (100 * k, 0) for k in range(6)} | {8: (100, 100), 9: (300, 100)}
    plain = {"highway": "residential"}
    ways = [
        (10, [0, 1], STREET),
        (11, [1, 2], {**STREET, "highway": "tertiary"}),  # the name goes on over a junction
        (12, [1, 8], plain),  # branches off
        (13, [2, 3], plain),  # another name, degree 2
        (14, [3, 4], plain),  # a junction without a name
        (15, [3, 9], plain),
        (16, [4, 5], plain),  # nothing else meets at node 4
    ]
    street = read_roads(osm_file(places, ways)).ways.street_id
    assert street.to_dict() == {10: 10, 11: 10, 12: 12, 13: 13, 14: 14, 15: 15, 16: 14}


def test_two_streets_of_one_name_that_do_not_meet_are_two(osm_file):
    places = {1: (0, 0), 2: (0, 100), 3: (500, 0), 4: (500, 100)}
    street = read_roads(osm_file(places, [(10, [1, 2], STREET), (11, [3, 4], STREET)])).ways.street_id
    assert street.tolist() == [10, 11]


def test_a_sidewalk_does_not_join_the_streets_it_touches(osm_file):
    places = {1: (0, 0), 2: (0, 100), 3: (6, 0), 4: (6, 100), 5: (100, 100)}
    cross = {"highway": "residential", "name": "Cross Street"}
    ways = [(10, [1, 2], STREET), (11, [4, 5], cross), (20, [3, 4], {**SIDEWALK, "name": "Cross Street"})]
    table = read_roads(osm_file(places, ways)).ways
    assert table.street_id.to_dict() == {10: 10, 11: 11, 20: 10}


def test_mirrored_streets_have_mirrored_sides(osm_file):
    rng = np.random.default_rng(5)
    places = {k: tuple(rng.uniform(0, 300, 2)) for k in range(40)}
    kinds = [STREET, SIDEWALK, {"highway": "footway"}, {"highway": "cycleway"}, {"highway": "tertiary"}]
    ways = []
    for k in range(20):
        start = rng.uniform(0, 300, 2)
        heading = rng.choice([0.0, 0.1, np.pi / 2])
        step = 120 * np.array([np.cos(heading), np.sin(heading)])
        places |= {100 + 2 * k: tuple(start), 101 + 2 * k: tuple(start + step)}
        ways.append((k, [100 + 2 * k, 101 + 2 * k], kinds[k % len(kinds)]))
    here = read_roads(osm_file(places, ways)).ways
    there = read_roads(osm_file({node: (-x, y) for node, (x, y) in places.items()}, ways)).ways
    assert (here.carriageway_id >= 0).any()
    assert here.carriageway_id.tolist() == there.carriageway_id.tolist()
    assert here.carriageway_side.tolist() == (-there.carriageway_side).tolist()


def test_samples_lie_on_the_line_evenly_and_point_along_it():
    lines = np.array([shapely.LineString([(0, 0), (0, 35)]), shapely.LineString([(0, 0), (3, 0)])])
    line, xy, direction = sample_line(lines)
    assert line.tolist() == [0, 0, 0, 0, 1]
    np.testing.assert_allclose(xy, [[0, 4.375], [0, 13.125], [0, 21.875], [0, 30.625], [1.5, 0]])
    np.testing.assert_allclose(direction, [[0, 1]] * 4 + [[1, 0]])


def test_the_side_holds_on_real_sidewalks(sample):
    """The carriageway found lies on the side that is said, seen from the middle of the sidewalk."""
    ways = read_roads(sample).ways
    beside = ways[(ways.carriageway_id >= 0) & (ways.length_m > 40)]
    agree = []
    for way in beside.itertuples():
        at, ahead = (way.geometry.interpolate(share, normalized=True) for share in (0.5, 0.51))
        road = ways.geometry[way.carriageway_id]
        foot = road.interpolate(road.project(at))
        cross = (ahead.x - at.x) * (foot.y - at.y) - (ahead.y - at.y) * (foot.x - at.x)
        agree.append(np.sign(-cross) == way.carriageway_side)
    assert len(agree) > 10
    assert np.mean(agree) > 0.9


DUAL = {"highway": "primary", "name": "Ring", "oneway": "yes"}


@pytest.mark.parametrize("country", ["DE", "GB"])
@pytest.mark.parametrize("drawn_with_traffic", [True, False])
def test_the_two_directions_of_a_dual_carriageway_are_one_street(osm_file, country, drawn_with_traffic):
    # Traffic northwards in the east where people drive on the right, in the west where on the left.
    east, west = ([1, 2], [4, 3]) if country == "DE" else ([2, 1], [3, 4])
    places = {1: (12, 0), 2: (12, 300), 3: (0, 0), 4: (0, 300)}
    tags = DUAL if drawn_with_traffic else {**DUAL, "oneway": "-1"}
    ways = [
        (10, drawn(east, drawn_with_traffic), tags),
        (20, drawn(west, drawn_with_traffic), tags),
    ]
    assert read_roads(osm_file(places, ways), country=country).ways.street_id.tolist() == [10, 10]
    other = "GB" if country == "DE" else "DE"
    assert read_roads(osm_file(places, ways), country=other).ways.street_id.tolist() == [10, 20]


@pytest.mark.parametrize(
    ("change", "north_m"),
    [
        ({"name": "Parade"}, 300),
        ({"highway": "secondary"}, 300),
        ({"oneway": "no"}, 300),
        ({"oneway": "-1"}, 300),
        ({"area": "yes"}, 300),
        ({}, 900),  # beside less than half of it
    ],
)
def test_what_is_no_twin_stays_a_street_of_its_own(osm_file, change, north_m):
    places = {1: (12, 0), 2: (12, 300), 3: (0, north_m - 300), 4: (0, north_m)}
    ways = [(10, [1, 2], DUAL), (20, [4, 3], {**DUAL, **change})]
    assert read_roads(osm_file(places, ways)).ways.street_id.tolist() == [10, 20]


def test_a_twin_too_far_away_is_a_street_of_its_own(osm_file):
    for across_m, streets in ((24, [10, 10]), (26, [10, 20])):
        places = {1: (across_m, 0), 2: (across_m, 300), 3: (0, 0), 4: (0, 300)}
        table = read_roads(osm_file(places, [(10, [1, 2], DUAL), (20, [4, 3], DUAL)])).ways
        assert table.street_id.tolist() == streets


def test_a_twin_in_pieces_is_one_street_with_all_of_them(osm_file):
    places = {1: (12, 0), 2: (12, 300), 3: (0, 0), 4: (0, 100), 5: (0, 300)}
    ways = [(10, [1, 2], DUAL), (20, [5, 4], DUAL), (30, [4, 3], {**DUAL, "surface": "asphalt"})]
    assert read_roads(osm_file(places, ways)).ways.street_id.tolist() == [10, 10, 10]


# Among streets of a town


LANE = {"highway": "unclassified"}


def judged(osm_file, tags):
    return bool(read_roads(osm_file({1: (0, 0), 2: (0, 300)}, [(7, [1, 2], tags)])).ways.built_up[7])


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (LANE, False),
        ({"highway": "residential"}, True),
        ({"highway": "living_street"}, True),
        ({"highway": "pedestrian"}, True),
        ({**LANE, "lit": "yes"}, True),
        ({**LANE, "lit": "no"}, False),
        ({**LANE, "sidewalk": "left"}, True),
        ({**LANE, "sidewalk": "no"}, False),
        ({**LANE, "sidewalk:right": "separate"}, True),
        ({"highway": "footway", "footway": "sidewalk"}, True),
        ({**LANE, "maxspeed": "DE:urban"}, True),
        ({**LANE, "maxspeed": "100", "sidewalk": "left"}, False),
        ({**LANE, "maxspeed": "70", "source:maxspeed": "DE:urban"}, True),
        ({"highway": "residential", "source:maxspeed": "DE:rural"}, False),
    ],
)
def test_what_the_tags_say(osm_file, tags, expected):
    assert judged(osm_file, tags) is expected


@pytest.mark.parametrize(("distance_m", "expected"), [(40, True), (99, False), (150, False)])
def test_a_lane_among_town_streets_is_in_the_town(osm_file, distance_m, expected):
    # Two parallel streets at 40 m put more than 300 m of street within 100 m; at 99 m they only touch it.
    places = {1: (0, 0), 2: (0, 300)}
    places |= {3: (distance_m, -200), 4: (distance_m, 500), 5: (-distance_m, -200), 6: (-distance_m, 500)}
    street = {"highway": "residential"}
    ways = [(7, [1, 2], LANE), (8, [3, 4], street), (9, [5, 6], street)]
    assert bool(read_roads(osm_file(places, ways)).ways.built_up[7]) is expected


def test_the_country_around_a_town_is_not_the_town(real_extract):
    """Skips where ../shared is absent. Heidelberg: its town and the hills and fields around it."""
    ways = read_roads(real_extract("heidelberg_ors.osm.pbf")).ways
    share = ways.groupby("highway")["built_up"].mean()
    assert share["residential"] > 0.95
    assert share["track"] < 0.1
    assert 0.2 < ways["built_up"].mean() < 0.8


# Strip by strip: every line once, all that can be near it at hand, and the roads as if in one go


boxes = st.lists(st.tuples(st.floats(-5e4, 5e4), st.floats(0.0, 3e3), st.floats(0.0, 3e5)), min_size=1)


def split(found):
    west, width, places = np.array(found).T
    bounds = np.column_stack([west, np.zeros(len(west)), west + width, np.ones(len(west))])
    return bounds, places, list(room.strips(bounds, places))


@given(boxes)
def test_every_line_is_in_one_strip_and_no_strip_is_overfull(found):
    _, places, parts = split(found)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(found)))
    for part in parts:
        assert (np.diff(part) > 0).all()
        assert places[part].sum() - places[part].max() <= room.MOST_PLACES


@given(boxes, st.floats(0.0, 200.0))
def test_what_can_be_within_reach_is_at_hand(found, reach_m):
    bounds, _, parts = split(found)
    for part in parts:
        near = set(room.near_strip(bounds, part, bounds, reach_m).tolist())
        for row in part.tolist():
            apart = np.maximum(bounds[:, 0] - bounds[row, 2], bounds[row, 0] - bounds[:, 2])
            assert set(np.flatnonzero(apart < reach_m).tolist()) <= near


@pytest.mark.parametrize("most", [30.0, 1000.0])
def test_narrow_strips_give_the_same_roads(sample, monkeypatch, most):
    whole = read_roads(sample).ways
    monkeypatch.setattr(room, "MOST_PLACES", most)
    pd.testing.assert_frame_equal(pd.DataFrame(read_roads(sample).ways), pd.DataFrame(whole))
