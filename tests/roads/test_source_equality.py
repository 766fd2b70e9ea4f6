"""A real extract and an unsimplified osmnx graph of it are the same roads: edges, tags, crossings."""

import itertools
from pathlib import Path

import numpy as np
import osmium
import osmnx as ox
import pandas as pd
import pytest
import shapely

from camber.roads import read_roads, roads_from_osmnx

DATA = Path(__file__).parents[2] / "data"
BRISTOL = "osm2streets_bristol_contraflow_cycleway.osm"
GRAPHS = {
    "bidirectional": ({"bidirectional": True}, False),
    "one_way": ({"bidirectional": False}, False),
    "all_oneway": ({"bidirectional": False}, True),
}


@pytest.fixture(params=["bristol", "kouvola"])
def extract(request, tmp_path, real_extract):
    """A real extract as XML, the one form that osmnx reads, without the ways that its border cuts."""
    source = real_extract(BRISTOL) if request.param == "bristol" else DATA / "kouvola.osm.pbf"
    return whole_ways(source, tmp_path / "whole.osm")


def whole_ways(source, target):
    """Ways of which every node is there; osmnx stops at the others."""
    nodes = {thing.id for thing in osmium.FileProcessor(str(source)) if thing.is_node()}
    with osmium.SimpleWriter(str(target)) as writer:
        for thing in osmium.FileProcessor(str(source)):
            if thing.is_node() or (thing.is_way() and all(node.ref in nodes for node in thing.nodes)):
                writer.add(thing)
    return target


def graph_of(path, monkeypatch, all_oneway, **options):
    """Graph with every tag of the file."""
    things = [(thing.is_way(), dict(thing.tags)) for thing in osmium.FileProcessor(str(path))]
    for kind, setting in ((True, "useful_tags_way"), (False, "useful_tags_node")):
        keys = {key for is_way, tags in things if is_way == kind for key in tags}
        monkeypatch.setattr(ox.settings, setting, sorted(keys))
    monkeypatch.setattr(ox.settings, "all_oneway", all_oneway)
    return ox.graph.graph_from_xml(path, simplify=False, retain_all=True, **options)


def edge_set(roads):
    """Edges as way, both ends (to a decimetre) and length, in the drawn direction."""
    graph = roads.graph
    ends = np.round(graph.node_xy[np.column_stack([graph.edge_from, graph.edge_to])] * 10.0).astype(int)
    way = roads.ways.index.to_numpy()[graph.edge_way]
    return sorted(zip(way.tolist(), map(str, ends.tolist()), np.round(graph.edge_length_m, 2), strict=True))


@pytest.mark.parametrize("kind", GRAPHS)
def test_a_file_and_a_graph_of_it_are_the_same_roads(extract, monkeypatch, kind):
    options, all_oneway = GRAPHS[kind]
    from_file = read_roads(extract)
    from_graph = roads_from_osmnx(graph_of(extract, monkeypatch, all_oneway, **options))
    here, there = from_file.ways, from_graph.ways
    assert there.index.tolist() == here.index.tolist()
    lost = ["oneway", "street_id"] if kind == "bidirectional" else []
    backwards = (here["oneway"] == -1).to_numpy() & (kind == "one_way")
    columns = [name for name in here.columns if name not in {"geometry", "length_m", *lost}]
    pd.testing.assert_frame_equal(
        pd.DataFrame(there.loc[~backwards, columns]), pd.DataFrame(here.loc[~backwards, columns])
    )
    assert there["length_m"].to_numpy() == pytest.approx(here["length_m"].to_numpy(), abs=1e-3)
    rings = shapely.is_closed(here.geometry.to_numpy()) | backwards  # where a ring starts is not told
    same = shapely.equals_exact(there.geometry.to_numpy(), here.geometry.to_numpy(), tolerance=1e-3)
    assert (same | rings).all()
    edges = [
        [edge for edge in edge_set(roads) if edge[0] in set(here.index[~rings])]
        for roads in (from_file, from_graph)
    ]
    assert edges[0] == edges[1]
    pd.testing.assert_frame_equal(
        pd.DataFrame(from_graph.crossings[["kind", "island"]]),
        pd.DataFrame(from_file.crossings[["kind", "island"]]),
    )
    assert {problem.code for problem in from_graph.problems} == {
        problem.code for problem in from_file.problems
    }


def test_streets_against_their_drawing_come_through_where_osmnx_keeps_the_order(osm_file, monkeypatch):
    places = dict(enumerate(itertools.product((0, 100), (0, 100))))
    ways = [(10, [0, 1, 3], {"highway": "residential", "oneway": "-1", "sidewalk": "left"})]
    path = osm_file(places, ways)
    found = roads_from_osmnx(graph_of(path, monkeypatch, all_oneway=True)).ways
    expected = read_roads(path).ways
    assert found["oneway"].tolist() == [-1]
    pd.testing.assert_frame_equal(
        pd.DataFrame(found.drop(columns=["geometry", "length_m"])),
        pd.DataFrame(expected.drop(columns=["geometry", "length_m"])),
    )
    assert shapely.equals_exact(found.geometry[10], expected.geometry[10], tolerance=0.02)
