"""Nearest edges of each fix: the grid against looking at every edge."""

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from camber.geometry import project_to_line
from camber.matching.candidates import edge_grid, find_candidates
from camber.network import build_graph

PATIENT = settings(deadline=None)  # kernels compile at their first call
METRES = st.integers(-1200, 1200).map(lambda tenths: tenths / 10.0)
PLACE = st.tuples(METRES, METRES)
SPREAD = st.sampled_from([1.0, 30.0])


@st.composite
def graphs(draw):
    """Ways of two to five vertices over a few places, junctions and crossings included."""
    places = np.array(draw(st.lists(PLACE, min_size=3, max_size=10, unique=True)))
    ways = draw(
        st.lists(
            st.lists(st.integers(0, len(places) - 1), min_size=2, max_size=5, unique=True),
            min_size=1,
            max_size=6,
        )
    )
    return graph_of([places[way] for way in ways], ways)


def graph_of(lines, names=None):
    """Graph of polylines; vertices with the same name are one node, without names none are shared."""
    first = np.concatenate([[0], np.cumsum([len(line) for line in lines])]).astype(np.int64)
    node = np.arange(first[-1]) if names is None else np.concatenate([np.array(way) for way in names])
    return build_graph(first, node.astype(np.int64), np.concatenate(lines).astype(float))


def edge_line(graph, edge):
    return graph.vertex_xy[graph.edge_first_vertex[edge] : graph.edge_first_vertex[edge + 1]]


def every_distance(graph, xy):
    lines = shapely.linestrings(
        np.concatenate([edge_line(graph, e) for e in range(len(graph.edge_way))]),
        indices=np.repeat(np.arange(len(graph.edge_way)), np.diff(graph.edge_first_vertex)),
    )
    return shapely.distance(shapely.points(xy)[:, np.newaxis], lines[np.newaxis])


@PATIENT
@given(graphs(), st.lists(PLACE, min_size=1, max_size=6), SPREAD, st.integers(1, 4), st.floats(5.0, 80.0))
def test_the_nearest_edges_are_found_nearest_first(graph, fixes, spread, most, radius):
    xy = np.array(fixes) * spread
    found = find_candidates(xy, edge_grid(graph), radius_m=radius, most=most)
    distances = every_distance(graph, xy)
    for i, away in enumerate(distances):
        n = found.number[i]
        edges = found.edge[i, :n]
        assert (found.edge[i, n:] == -1).all()
        assert len(set(edges.tolist())) == n
        near = np.sort(away[away <= radius - 1e-6])[:most]
        assert n >= len(near)
        assert np.abs(found.offset_m[i, :n]) == pytest.approx(away[edges], abs=1e-6)
        assert (np.diff(np.abs(found.offset_m[i, :n])) >= 0.0).all()
        assert np.abs(found.offset_m[i, : len(near)]) == pytest.approx(near, abs=1e-6)
        assert (np.abs(found.offset_m[i, :n]) <= radius).all()


@PATIENT
@given(graphs(), st.lists(PLACE, min_size=1, max_size=4))
def test_each_candidate_is_the_projection_onto_its_edge(graph, fixes):
    xy = np.array(fixes)
    found = find_candidates(xy, edge_grid(graph), radius_m=60.0, most=5)
    for i, k in zip(*np.nonzero(found.edge >= 0), strict=True):
        line = edge_line(graph, found.edge[i, k])
        along, offset = found.along_m[i, k], found.offset_m[i, k]
        _, expected, _ = project_to_line(xy[i : i + 1], line)
        assert abs(offset) == pytest.approx(abs(expected[0]), abs=1e-6)
        place = shapely.line_interpolate_point(shapely.LineString(line), along)
        assert found.foot_xy[i, k] == pytest.approx([place.x, place.y], abs=1e-6)
        assert np.hypot(*(xy[i] - found.foot_xy[i, k])) == pytest.approx(abs(offset), abs=1e-6)
        ahead = found.direction_xy[i, k]
        assert np.hypot(*ahead) == pytest.approx(1.0)
        if 1e-3 < along < graph.edge_length_m[found.edge[i, k]] - 1e-3 and abs(offset) > 1e-3:
            right = offset * np.array([ahead[1], -ahead[0]])
            inside = np.hypot(*(xy[i] - found.foot_xy[i, k] - right)) < 1e-6
            at_vertex = np.hypot(*(line - found.foot_xy[i, k]).T).min() < 1e-3
            assert inside or at_vertex


@settings(deadline=None, max_examples=10)
@given(graphs(), st.lists(PLACE, min_size=2, max_size=5), st.integers(0, 4))
def test_a_fix_far_away_changes_nothing(graph, fixes, where):
    """Nor do the edges gathered for one fix serve one that is far from it."""
    xy = np.array(fixes)
    alone = find_candidates(xy, edge_grid(graph), radius_m=35.0, most=8)
    where = min(where, len(xy))
    along = find_candidates(
        np.insert(xy, where, [200_000.0, -150_000.0], axis=0), edge_grid(graph), radius_m=35.0, most=8
    )
    assert along.number[where] == 0
    rest = np.delete(np.arange(len(xy) + 1), where)
    assert along.number[rest].tolist() == alone.number.tolist()
    for mine, theirs in zip(along.offset_m[rest], alone.offset_m, strict=True):
        assert np.abs(mine) == pytest.approx(np.abs(theirs), abs=1e-9)


def test_right_of_the_drawing_is_positive():
    graph = graph_of([np.array([[0.0, 0.0], [0.0, 100.0]])])
    found = find_candidates(np.array([[4.0, 30.0], [-4.0, 30.0]]), edge_grid(graph), radius_m=35.0, most=2)
    assert found.offset_m[:, 0].tolist() == [4.0, -4.0]
    assert found.along_m[:, 0].tolist() == [30.0, 30.0]
    assert found.direction_xy[:, 0].tolist() == [[0.0, 1.0], [0.0, 1.0]]


def test_only_what_lies_within_the_radius_is_a_candidate():
    graph = graph_of([np.array([[0.0, y], [100.0, y]]) for y in (10.0, 20.0, 40.0)])
    found = find_candidates(np.array([[50.0, 0.0], [50.0, 500.0]]), edge_grid(graph), radius_m=35.0, most=8)
    assert found.number.tolist() == [2, 0]
    assert found.offset_m[0, :2].tolist() == [10.0, 20.0]


def test_no_more_candidates_than_asked_for():
    lines = [np.array([[0.0, y], [100.0, y]]) for y in (9.0, 3.0, 7.0, 1.0, 5.0)]
    found = find_candidates(np.array([[50.0, 0.0]]), edge_grid(graph_of(lines)), radius_m=35.0, most=3)
    assert found.edge.tolist() == [[3, 1, 4]]
    assert found.number.tolist() == [3]


def test_segments_are_the_edges_cut_at_their_vertices():
    lines = [[[0, 0], [3, 4], [3, 4], [3, 10]], [[50, 0], [60, 0]]]
    grid = edge_grid(graph_of([np.array(line, dtype=float) for line in lines]))
    # From the second vertex to the third there is no way to go: that is no segment.
    assert grid.edge.tolist() == [0, -1, 0, -1, 1, -1]
    assert sorted(set(grid.segment.tolist())) == [0, 2, 4]


def test_roads_far_apart_are_both_found():
    """Also where the grid between them would have more columns than there is memory for."""
    far = np.array([[9e8, 0.0], [9e8, 100.0]])
    grid = edge_grid(graph_of([np.array([[0.0, 0.0], [0.0, 100.0]]), far]))
    found = find_candidates(np.array([[5.0, 50.0], [9e8 + 5.0, 50.0]]), grid, radius_m=35.0, most=2)
    assert found.edge[:, 0].tolist() == [0, 1]
    assert len(grid.column_first) < 5_000_000


def test_where_two_segments_meet_the_first_is_taken():
    corner = graph_of([np.array([[0.0, 0.0], [10.1, 0.3], [10.3, -9.7]])])
    for east in (0.0, 1e5 / 3.0, 4.7e5):
        moved = replace(corner, vertex_xy=corner.vertex_xy + np.array([east, 0.0]))
        fixes = moved.vertex_xy[1] + np.array([[3.0, 3.0], [5.0, 4.0], [2.0, 6.0]])
        found = find_candidates(fixes, edge_grid(moved), radius_m=35.0, most=2)
        assert (found.direction_xy[:, 0, 0] > 0.9).all()


def test_what_lies_outside_the_area_changes_nothing_in_it():
    """Random roads, cut out and whole: the same candidates to the bit, but for the rounding of cells."""
    rng = np.random.default_rng(5)
    lines = [
        rng.uniform(0.0, 2000.0, 2) + np.cumsum(rng.normal(0.0, 40.0, (6, 2)), axis=0) for _ in range(300)
    ]
    graph = graph_of(lines)
    xy = rng.uniform(800.0, 1200.0, (400, 2))
    area = edge_grid(graph, xy.min(axis=0) - 40.0, xy.max(axis=0) + 40.0)
    whole = edge_grid(graph)
    assert 0 < len(area.edge) < len(whole.edge) / 2
    for part, all_of_it in zip(
        find_candidates(xy, area, radius_m=40.0, most=8),
        find_candidates(xy, whole, radius_m=40.0, most=8),
        strict=True,
    ):
        assert np.array_equal(part, all_of_it)
