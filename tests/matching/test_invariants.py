"""What holds for every match: sums, limits, mirror and shift, purity, and no run that breaks it."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from camber.conventions import NO_WAY
from camber.matching import match
from camber.network import build_graph
from camber.schema import RoadGraph, Roads, as_track, as_ways
from camber.schema.tables import WAYS

CRS = "EPSG:32632"
AXIS = 500_000.0
PER_METRE = 1024.0
"""Coordinates are multiples of 1/1024 m, which doubles hold exactly: mirrors and shifts round nothing."""

LINES = {
    1: [(0, 0), (150, 10), (300, 0)],
    2: [(300, 0), (300, 200)],
    3: [(294, 6), (294, 194), (300, 200)],
    4: [(300, 200), (120, 260), (0, 200)],
    5: [(0, 200), (0, 0)],
    6: [(294, 6), (300, 0)],
}
STREETS = {1: 1, 2: 2, 3: 2, 4: 4, 5: 5, 6: 6}
ONEWAY = {2: 1, 5: -1}


def world(turn):
    """Six ways in metres, placed by `turn`; tags in the table follow from their columns' kinds."""
    lines = {way: shapely.LineString(turn(np.array(xy, dtype=float))) for way, xy in LINES.items()}
    empty = {"float": np.nan, "int": 0, "text": "", "bool": False}
    rows = [
        {column.name: empty[column.kind] for column in WAYS}
        | {"highway": "footway" if way == 3 else "residential", "traffic_side": "right", "layer": 0}
        | {"street_id": STREETS[way], "oneway": ONEWAY.get(way, 0), "length_m": line.length}
        | {"carriageway_id": -1}
        for way, line in lines.items()
    ]
    frame = pd.DataFrame(rows, index=pd.Index(lines, name="way_id"))
    ways = as_ways(gpd.GeoDataFrame(frame, geometry=list(lines.values()), crs=CRS))
    numbers = {}
    node = [numbers.setdefault(place, len(numbers)) for xy in LINES.values() for place in xy]
    first = np.concatenate([[0], np.cumsum([len(xy) for xy in LINES.values()])])
    vertices = np.concatenate([shapely.get_coordinates(line) for line in lines.values()])
    graph = build_graph(first.astype(np.int64), np.array(node, dtype=np.int64), vertices)
    return Roads(ways, graph, CRS, (9.0, 49.0, 9.1, 49.1), None, "six ways")


def noisy_run():
    """Metres of a run round the six ways, on the grid of 1/1024 m, with a step off the map."""
    corners = np.array(
        [(5, 1), (150, 12), (302, 2), (297, 190), (120, 262), (60, 320), (-2, 190), (1, 20), (2, 150)]
    )
    ends = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(corners, axis=0).T))])
    where = np.arange(0.0, ends[-1], 3.0)
    xy = np.stack([np.interp(where, ends, corners[:, k]) for k in (0, 1)], axis=1)
    xy += np.random.default_rng(5).normal(0.0, 1.0, xy.shape)
    return np.round(xy * PER_METRE) / PER_METRE


def track(turn, *, mirrored=False):
    xy = noisy_run()
    moved = np.gradient(xy, axis=0)
    heading = np.degrees(np.arctan2(*moved.T)) % 360.0
    n = len(xy)
    frame = pd.DataFrame(
        {
            "time": pd.date_range("2026-11-17T05:12:00Z", periods=n, freq="s"),
            "elapsed_s": np.arange(n, dtype=float),
            "distance_m": 3.0 * np.arange(n),
            "speed_mps": 3.0,
            "heading_deg": (360.0 - heading) % 360.0 if mirrored else heading,
            "accuracy_m": np.nan,
            "section": np.repeat([0, 1], [n // 2, n - n // 2]),
        },
        index=pd.RangeIndex(n, name="fix_id"),
    )
    return as_track(gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(*turn(xy).T), crs=CRS))


def here(xy):
    return xy + np.array([AXIS, 5_450_000.0])


def beyond(xy):
    return here(xy) + 100_000.0


def mirrored(xy):
    return here(xy * [-1.0, 1.0])


@pytest.fixture(scope="module")
def original():
    return match(track(here), world(here))


PROBABILITIES = ["match_probability", "p_off_road"]


def test_the_run_meets_every_case(original):
    """The invariants below are worth nothing on a run that stays on one street."""
    matched, candidates, path = original
    assert {1, 2, 4, 5, NO_WAY} <= set(matched["way_id"])
    assert {2, 3} <= set(candidates["way_id"])
    assert {1, -1} <= set(path["travel_direction"])


def test_a_mirror_swaps_sides_and_nothing_else(original):
    matched, candidates, path = original
    other, others, way_there = match(track(mirrored, mirrored=True), world(mirrored))
    assert other[["way_id", "travel_direction"]].equals(matched[["way_id", "travel_direction"]])
    on = (matched["way_id"] != NO_WAY).to_numpy()
    assert other["offset_m"].to_numpy()[on] == pytest.approx(-matched["offset_m"].to_numpy()[on], abs=1e-9)
    assert other["chainage_m"].to_numpy()[on] == pytest.approx(matched["chainage_m"].to_numpy()[on], abs=1e-9)
    assert other[PROBABILITIES].to_numpy() == pytest.approx(matched[PROBABILITIES].to_numpy(), abs=1e-6)
    keys = ["fix_id", "way_id", "travel_direction"]
    both = candidates.merge(others, on=keys, suffixes=("", "_mirrored"))
    assert len(both) == len(candidates) == len(others)
    assert both["offset_m_mirrored"].to_numpy() == pytest.approx(-both["offset_m"].to_numpy(), abs=1e-9)
    assert both["probability_mirrored"].to_numpy() == pytest.approx(both["probability"].to_numpy(), abs=1e-6)
    assert way_there[["way_id", "travel_direction"]].equals(path[["way_id", "travel_direction"]])


def test_a_hundred_kilometres_further_everything_is_the_same(original):
    matched, candidates, path = original
    other, others, way_there = match(track(beyond), world(beyond))
    for column in ("way_id", "travel_direction", "edge_id", "chainage_m", "offset_m", *PROBABILITIES):
        assert other[column].to_numpy() == pytest.approx(matched[column].to_numpy(), abs=1e-9, nan_ok=True)
    pd.testing.assert_frame_equal(others, candidates, atol=1e-9)
    pd.testing.assert_frame_equal(way_there, path, atol=1e-9)


def test_probabilities_are_probabilities(original):
    """Listed candidates and being off the road make up the whole, but for what is too small to list."""
    matched, candidates, path = original
    for column in PROBABILITIES:
        assert matched[column].between(0.0, 1.0).all()
    listed = candidates.groupby("fix_id")["probability"].sum().reindex(matched.index, fill_value=0.0)
    total = listed + matched["p_off_road"]
    assert (total <= 1.0 + 1e-9).all()
    assert (total >= 1.0 - 16 * 0.01).all()
    assert path["probability"].between(0.0, 1.0).all()


def test_the_matched_way_is_its_own_candidate(original):
    matched, candidates, _ = original
    on = matched[matched["way_id"] != NO_WAY].reset_index()
    keys = ["fix_id", "way_id", "travel_direction"]
    found = on.merge(candidates, on=keys, suffixes=("", "_listed"))
    sure = on["match_probability"] >= 0.01
    assert len(found) == int(sure.sum())
    assert found["probability"].to_numpy() == pytest.approx(found["match_probability"].to_numpy(), abs=1e-9)
    assert not candidates.duplicated(keys).any()


def test_matching_changes_neither_track_nor_roads():
    roads, given_track = world(here), track(here)
    ways, before = roads.ways.copy(deep=True), given_track.copy(deep=True)
    arrays = {name: getattr(roads.graph, name).copy() for name in RoadGraph.__dataclass_fields__}
    match(given_track, roads)
    pd.testing.assert_frame_equal(pd.DataFrame(given_track), pd.DataFrame(before))
    pd.testing.assert_frame_equal(pd.DataFrame(roads.ways), pd.DataFrame(ways))
    for name, array in arrays.items():
        assert np.array_equal(getattr(roads.graph, name), array)


def test_the_same_run_gives_the_same_result(original):
    for one, other in zip(original, match(track(here), world(here)), strict=True):
        pd.testing.assert_frame_equal(pd.DataFrame(one), pd.DataFrame(other))


def test_a_result_is_the_track_and_more(original):
    matched, _, _ = original
    pd.testing.assert_frame_equal(pd.DataFrame(matched[track(here).columns]), pd.DataFrame(track(here)))


def test_sections_know_nothing_of_each_other(original):
    """Each section alone is matched as it is with the other beside it."""
    matched, _, path = original
    roads, whole = world(here), track(here)
    for section in (0, 1):
        alone, _, own_path = match(as_track(whole[whole["section"] == section]), roads)
        there = matched[matched["section"] == section]
        assert alone["way_id"].equals(there["way_id"])
        assert alone[PROBABILITIES].to_numpy() == pytest.approx(there[PROBABILITIES].to_numpy(), abs=1e-6)
        assert own_path["way_id"].tolist() == path.loc[path["section"] == section, "way_id"].tolist()


STEP = st.one_of(
    st.tuples(st.floats(-9.0, 9.0), st.floats(-9.0, 9.0)),
    st.tuples(st.floats(-900.0, 900.0), st.floats(-900.0, 900.0)),
    st.just((0.0, 0.0)),
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    steps=st.lists(STEP, min_size=2, max_size=40),
    seconds=st.lists(st.sampled_from([0.0, 0.1, 1.0, 7.0, 45.0, 2000.0]), min_size=40, max_size=40),
    accuracy=st.sampled_from([np.nan, 0.0, 3.0, 500.0]),
    timed=st.booleans(),
)
def test_no_run_breaks_the_match(steps, seconds, accuracy, timed):
    """Any finite walk through the town, however it was recorded, ends in probabilities."""
    xy = here(np.cumsum([(150.0, 5.0), *steps], axis=0))
    n = len(xy)
    elapsed = np.cumsum(seconds[:n]) if timed else np.full(n, np.nan)
    stamps = pd.Timestamp("2026-11-17T05:12:00Z").as_unit("us") + pd.to_timedelta(elapsed, unit="s").as_unit(
        "us"
    )
    moved = np.hypot(*np.diff(xy, axis=0, prepend=xy[:1]).T)
    frame = pd.DataFrame(
        {
            "time": stamps,
            "elapsed_s": elapsed,
            "distance_m": np.cumsum(moved),
            "speed_mps": np.full(n, np.nan),
            "heading_deg": np.full(n, np.nan),
            "accuracy_m": accuracy,
            "section": np.cumsum(np.arange(n) % 11 == 10),
        },
        index=pd.RangeIndex(n, name="fix_id"),
    )
    walk = as_track(gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(*xy.T), crs=CRS))
    matched, candidates, path = match(walk, world(here))
    assert len(matched) == n
    assert np.isfinite(matched[PROBABILITIES].to_numpy()).all()
    assert matched[PROBABILITIES].to_numpy().min() >= 0.0
    assert np.isfinite(candidates["probability"]).all()
    listed = candidates.groupby("fix_id")["probability"].sum().reindex(matched.index, fill_value=0.0)
    assert (listed + matched["p_off_road"] <= 1.0 + 1e-6).all()
    assert path["way_id"].isin(LINES).all()
