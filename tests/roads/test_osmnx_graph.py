"""Roads from and to osmnx: the same roads, in the drawn direction, offline."""

import networkx as nx
import numpy as np
import osmnx as ox
import pandas as pd
import pytest
import shapely

from camber.errors import NoRoadsError, RoadsError
from camber.roads import read_roads, roads_from_osmnx, roads_to_osmnx

ROAD = {"highway": "residential"}
PLACES = {1: (0, 0), 2: (100, 0), 3: (200, 10), 4: (200, 100), 5: (100, 100), 6: (50, 50)}
WAYS = [
    (10, [1, 2, 3], {**ROAD, "name": "High Street", "width": "7"}),
    (11, [4, 3], {**ROAD, "lanes": "2", "maxspeed": "30"}),  # drawn against way 10
    (12, [2, 5, 6], {"highway": "tertiary", "oneway": "yes"}),
    (13, [4, 5, 6, 2], {"highway": "footway"}),
    (14, [5, 4], {"highway": "motorway"}),
]
KEPT = [
    "highway",
    "name",
    "oneway",
    "lanes",
    "width_m",
    "maxspeed_kmh",
    "junction",
    "service",
    "access",
    "bridge",
]


def graph_of(path, **options):
    options = {"simplify": False, "retain_all": True, **options}
    return ox.graph.graph_from_xml(path, **options)


@pytest.fixture
def extract(osm_file):
    return osm_file(PLACES, WAYS)


@pytest.mark.parametrize("bidirectional", [True, False])
def test_the_graph_gives_the_same_roads_as_the_file(extract, bidirectional):
    from_file = read_roads(extract).ways
    from_graph = roads_from_osmnx(graph_of(extract, bidirectional=bidirectional)).ways
    assert from_graph.index.tolist() == from_file.index.tolist() == [10, 11, 12, 13]
    assert shapely.equals_exact(from_graph.geometry.values, from_file.geometry.values, tolerance=0.02).all()
    kept = [column for column in KEPT if column != "oneway" or not bidirectional]
    pd.testing.assert_frame_equal(from_graph[kept], from_file[kept])
    assert from_graph.crs == from_file.crs


def test_ways_that_osmnx_keeps_but_nobody_runs_are_left_out_and_counted(extract):
    problems = roads_from_osmnx(graph_of(extract)).problems
    assert [(problem.code, problem.count) for problem in problems] == [("left_out_way", 1)]


def test_the_country_can_be_given_by_hand(extract):
    assert set(roads_from_osmnx(graph_of(extract), country="GB").ways["traffic_side"]) == {"left"}


def test_a_projected_graph_is_taken_too(extract):
    graph = graph_of(extract)
    plain, projected = (roads_from_osmnx(g).ways for g in (graph, ox.projection.project_graph(graph)))
    assert shapely.equals_exact(plain.geometry.values, projected.geometry.values, tolerance=1e-3).all()


def test_a_simplified_graph_is_refused_with_the_call_to_use(extract):
    with pytest.raises(RoadsError, match=r"simplified.*simplify=False, retain_all=True"):
        roads_from_osmnx(graph_of(extract, simplify=True))


@pytest.mark.parametrize("mark", [{"osmid": [10, 11]}, {"osmid": 10, "geometry": shapely.Point(0, 0)}])
def test_signs_of_simplification_are_refused_without_its_mark(extract, mark):
    graph = graph_of(extract)
    next(iter(graph.edges(data=True)))[2].update(mark)
    with pytest.raises(RoadsError, match="simplified"):
        roads_from_osmnx(graph)


@pytest.mark.parametrize("graph", [nx.path_graph(3, create_using=nx.MultiDiGraph), "a graph", None, 3])
def test_what_is_no_osmnx_graph_is_refused(graph):
    with pytest.raises(RoadsError, match="no osmnx graph"):
        roads_from_osmnx(graph)


def test_an_empty_graph_has_no_roads():
    with pytest.raises(NoRoadsError, match="no road or path"):
        roads_from_osmnx(nx.MultiDiGraph(crs="EPSG:4326"))


@pytest.mark.parametrize(
    "nodes", [[1, 2, 3, 4, 5, 1], [1, 2, 3, 4, 2], [1, 2, 3, 4, 2, 5], [1, 2, 4, 5, 2, 3]]
)
def test_ways_that_close_or_cross_themselves_are_put_together_again(osm_file, nodes):
    path = osm_file(PLACES, [(10, nodes, ROAD)])
    line, known = (
        shapely.get_coordinates(r.ways.geometry[10])
        for r in (roads_from_osmnx(graph_of(path)), read_roads(path))
    )
    if nodes[0] == nodes[-1]:  # a closed way may start elsewhere, but runs the same way round
        start = int(np.argmin(np.hypot(*(line - known[0]).T)))
        line = np.concatenate([line[start:-1], line[: start + 1]])
    np.testing.assert_allclose(line, known, atol=0.02)


def test_a_way_torn_by_cutting_the_graph_is_clipped_and_counted(osm_file):
    places = {k: (50 * k, 0) for k in range(6)}
    graph = graph_of(osm_file(places, [(10, range(6), ROAD)]))
    graph.remove_node(2)
    roads = roads_from_osmnx(graph)
    assert roads.ways.length_m[10] == pytest.approx(100.0, abs=0.1)
    assert [problem.code for problem in roads.problems] == ["clipped_way", "missing_node"]


def test_the_graph_given_back_is_one_that_osmnx_takes(extract):
    roads = read_roads(extract)
    graph = roads_to_osmnx(roads)
    nodes, edges = ox.convert.graph_to_gdfs(graph)
    assert len(nodes) == len(PLACES)
    assert nodes["x"].between(8.9, 9.1).all()
    assert nodes["y"].between(49, 50).all()
    assert {"osmid", "highway", "name", "length", "reversed", "oneway"} <= set(edges.columns)
    assert str(nodes.crs) == "EPSG:4326"
    forward = edges[~edges["reversed"]].groupby("osmid")["length"].sum()
    np.testing.assert_allclose(forward, roads.ways["length_m"], rtol=1e-9)
    measured = ox.distance.add_edge_lengths(graph.copy())
    for u, v, key, length in graph.edges(keys=True, data="length"):
        assert measured.edges[u, v, key]["length"] == pytest.approx(length, rel=5e-3)
    assert ox.stats.count_streets_per_node(graph) == dict(graph.nodes(data="street_count"))
    assert len(ox.simplification.simplify_graph(graph)) < len(graph)


def test_a_oneway_street_has_edges_with_the_traffic_only(osm_file):
    ways = [
        (10, [1, 2], {**ROAD, "oneway": "yes"}),
        (11, [3, 2], {**ROAD, "oneway": "-1"}),
        (12, [3, 4], ROAD),
    ]
    graph = roads_to_osmnx(read_roads(osm_file(PLACES, ways)))
    found = sorted((data["osmid"], data["oneway"], data["reversed"]) for _, _, data in graph.edges(data=True))
    assert found == [(10, True, False), (11, True, True), (12, False, False), (12, False, True)]


def test_there_and_back_is_the_same(sample):
    here = read_roads(sample)
    there = roads_from_osmnx(roads_to_osmnx(here))
    assert there.crs == here.crs
    assert there.problems == ()
    measured = ["geometry", "length_m"]
    # Not all that decides what is built up is a column of the ways (zone tags): that is judged anew.
    pd.testing.assert_frame_equal(
        pd.DataFrame(there.ways.drop(columns=[*measured, "built_up"])),
        pd.DataFrame(here.ways.drop(columns=[*measured, "built_up"])),
    )
    np.testing.assert_allclose(there.ways["length_m"], here.ways["length_m"], atol=1e-3)
    same = shapely.equals_exact(there.ways.geometry.values, here.ways.geometry.values, tolerance=1e-3)
    rings = shapely.is_ring(here.ways.geometry.values) | shapely.is_closed(here.ways.geometry.values)
    crossing = ~shapely.is_simple(here.ways.geometry.values)
    assert (same | rings | crossing).all()
    edges_here, edges_there = (np.bincount(roads.graph.edge_way) for roads in (here, there))
    np.testing.assert_array_equal(edges_there[same], edges_here[same])
