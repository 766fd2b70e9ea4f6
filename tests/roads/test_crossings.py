"""Mapped crossings: what their tags say, where they lie, and that no source or stored form loses them."""

import numpy as np
import osmium
import osmnx as ox
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from camber.roads import read_roads, roads_from_osmnx
from camber.roads.crossings import crossing_kind, denies_crossing, tells_crossing
from camber.roads.streets import CARRIAGEWAYS
from camber.roads.tiles import TileStore, add_file, open_tiles

ROAD = {"highway": "tertiary"}
OVER = {"highway": "footway", "footway": "crossing"}
PLACES = {1: (0, 0), 2: (50, 0), 3: (100, 0), 4: (50, 10), 5: (50, -10), 6: (70, 0), 7: (70, 10), 8: (90, 0)}
WAYS = [
    (10, [1, 2, 6, 8, 3], ROAD),
    (11, [4, 2, 5], {**OVER, "crossing": "marked", "crossing:island": "yes"}),
    (12, [7, 6], {**OVER, "crossing": "traffic_signals"}),
]
NODES = {
    2: {"highway": "crossing", "crossing": "traffic_signals"},
    8: {"highway": "crossing"},
    4: {"highway": "crossing", "crossing": "zebra"},  # of a footway with something else
}


@pytest.fixture
def extract(osm_file):
    """Give the street of the places above, with tags on its nodes."""

    def write(ways=WAYS, nodes=NODES):
        path = osm_file(PLACES, ways)
        text = path.read_text()
        for node, tags in nodes.items():
            start = text.index(f'<node id="{node}"')
            end = text.index("/>", start)
            listed = "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())
            text = f"{text[:end]}>{listed}</node>{text[end + 2 :]}"
        path.write_text(text)
        return path

    return write


def rows(crossings):
    return {
        node: (row.kind, row.island)
        for node, row in zip(crossings.index, crossings.itertuples(), strict=True)
    }


@pytest.mark.parametrize(
    ("tags", "kind", "island"),
    [
        ({}, "unmarked", False),
        ({"crossing": "unmarked"}, "unmarked", False),
        ({"crossing": "informal"}, "unmarked", False),
        ({"crossing": "zebra"}, "marked", False),
        ({"crossing": "uncontrolled"}, "marked", False),
        ({"crossing": "marked", "crossing:island": "yes"}, "marked", True),
        ({"crossing": "yes", "crossing_ref": "zebra"}, "marked", False),
        ({"crossing": "yes", "crossing_ref": "pelican"}, "signals", False),
        ({"crossing": "uncontrolled;island"}, "marked", True),
        ({"crossing": "traffic_signals;island"}, "signals", True),
        ({"crossing": "island"}, "unmarked", True),
        ({"traffic_calming": "island"}, "unmarked", True),
        ({"crossing:signals": "yes", "crossing:markings": "dots"}, "signals", False),
        ({"crossing:signals": "no", "crossing:markings": "zebra"}, "marked", False),
        ({"crossing:markings": "no"}, "unmarked", False),
        ({"crossing": "zebra", "crossing:markings": "no"}, "unmarked", False),
        ({"crossing": "traffic_signals", "crossing:signals": "no"}, "unmarked", False),
    ],
)
def test_what_a_crossing_offers(tags, kind, island):
    assert crossing_kind(tags) == (kind, island)


@pytest.mark.parametrize(
    ("tags", "marks"),
    [
        ({"highway": "crossing"}, True),
        ({"highway": "crossing", "crossing": "no"}, False),
        ({"highway": "traffic_signals"}, False),  # for vehicles, at a junction
        ({"highway": "traffic_signals", "crossing": "traffic_signals"}, True),
        ({"highway": "bus_stop", "crossing": "zebra"}, False),
        ({"railway": "crossing"}, False),
        ({}, False),
    ],
)
def test_which_nodes_mark_a_crossing(tags, marks):
    assert (tells_crossing(tags) and not denies_crossing(tags)) is marks


KEYS = st.sampled_from(["highway", "crossing", "crossing_ref", "crossing:island", "crossing:signals"])


@given(st.dictionaries(KEYS, st.text(max_size=12)))
def test_no_tag_of_a_crossing_raises(tags):
    assert {tells_crossing(tags), denies_crossing(tags)} <= {True, False}
    assert crossing_kind(tags)[0] in {"signals", "marked", "unmarked"}


def test_crossings_lie_on_the_carriageway_and_node_and_way_tell_about_them(extract):
    crossings = read_roads(extract()).crossings
    assert rows(crossings) == {2: ("signals", True), 6: ("signals", False), 8: ("unmarked", False)}
    places = shapely.get_coordinates(crossings.geometry.to_numpy()) - (500_000.0, 5_450_000.0)
    np.testing.assert_allclose(places, [PLACES[node] for node in (2, 6, 8)], atol=0.02)


def test_a_driveway_is_crossed_only_where_its_node_says_so(extract):
    service = [(10, WAYS[0][1], {"highway": "service"}), *WAYS[1:]]
    assert set(read_roads(extract(service)).crossings.index) == {2, 8}


def test_where_a_tag_says_that_nobody_crosses_there_is_no_crossing(extract):
    nodes = {2: {"highway": "crossing", "crossing": "no"}, 6: {"crossing": "no"}}
    ways = [*WAYS[:2], (12, [7, 6], {**OVER, "crossing": "no"})]
    assert read_roads(extract(ways, nodes)).crossings.empty


def test_a_place_without_crossings_has_an_empty_table_and_not_none(osm_file):
    crossings = read_roads(osm_file(PLACES, WAYS[:1])).crossings
    assert len(crossings) == 0
    assert crossings.crs is not None


def test_the_stored_form_keeps_them(extract, tmp_path):
    path = extract()
    first, second = (read_roads(path, cache=tmp_path / "kept").crossings for _ in range(2))
    pd.testing.assert_frame_equal(first, second)


def test_tiles_keep_them(extract, tmp_path):
    path = extract()
    store = TileStore(tmp_path / "tiles")
    kept = add_file(path, store, None).kept
    for _ in range(2):
        pd.testing.assert_frame_equal(
            pd.DataFrame(open_tiles(tmp_path / "tiles", kept).crossings[["kind", "island"]]),
            pd.DataFrame(read_roads(path).crossings[["kind", "island"]]),
        )


def test_a_graph_tells_that_they_are_there(extract):
    """By default osmnx keeps ``highway`` of nodes and not ``crossing``, nor ``footway`` of ways."""
    graph = ox.graph.graph_from_xml(extract(), simplify=False, retain_all=True)
    assert rows(roads_from_osmnx(graph).crossings) == {2: ("unmarked", False), 8: ("unmarked", False)}


@pytest.mark.parametrize("name", ["heidelberg_ors.osm.pbf", "liechtenstein_pyosmium.osm.pbf"])
def test_every_tagged_crossing_on_a_road_is_there(real_extract, name):
    """Skips where ../shared is absent. Counted by another walk through the file."""
    path = real_extract(name)
    tagged, on_road = set(), set()
    for entity in osmium.FileProcessor(str(path)):
        if (
            entity.is_node()
            and entity.tags.get("highway") == "crossing"
            and entity.tags.get("crossing") != "no"
        ):
            tagged.add(entity.id)
        if entity.is_way() and entity.tags.get("highway") in CARRIAGEWAYS:
            on_road.update(node.ref for node in entity.nodes)
    roads = read_roads(path)
    missing = (tagged & on_road) - set(roads.crossings.index)
    assert len(tagged & on_road) > 300
    assert len(missing) <= 0.01 * len(tagged)  # of ways clipped at the border of the extract
    tree = shapely.STRtree(roads.ways.geometry[roads.ways["highway"].isin(CARRIAGEWAYS)].to_numpy())
    _, distance_m = tree.query_nearest(
        roads.crossings.geometry.to_numpy(), return_distance=True, all_matches=False
    )
    assert distance_m.max() < 0.001
