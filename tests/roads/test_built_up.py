"""Whether a way lies among streets of a town."""

import pytest

from camber.roads import read_roads

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
