"""Columns as plain arrays, and arrays as columns: the same as pandas does one by one."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from camber.schema.columns import take_columns, with_columns

PLACES = gpd.GeoDataFrame(
    {"name": ["a", "b", "a"], "length_m": [1.0, np.nan, 3.0], "paved": [True, False, True]},
    geometry=shapely.points(np.arange(6.0).reshape(3, 2)),
    crs="EPSG:32635",
    index=pd.Index([7, 9, 4], name="way_id"),
)


def test_the_arrays_are_those_of_the_rows():
    names = ["name", "length_m", "paved", "absent", "geometry"]
    found = take_columns(PLACES, names, np.array([2, 2, 1]))
    assert list(found) == ["name", "length_m", "paved", "geometry"]
    for name, values in found.items():
        assert type(values) is np.ndarray
        np.testing.assert_array_equal(values, PLACES[name].iloc[[2, 2, 1]].to_numpy())
    found["length_m"][:] = 0.0
    assert PLACES["length_m"].tolist()[0] == 1.0


def test_columns_come_as_assigned_one_by_one():
    before = PLACES.copy()
    text, number = np.array(["x", "y", "x"], dtype=object), np.array([1, 2, 3])
    together = with_columns(PLACES, {"text": text, "number": number})
    pd.testing.assert_frame_equal(together, PLACES.assign(text=text, number=number))
    assert isinstance(together, gpd.GeoDataFrame)
    assert together.crs == PLACES.crs
    assert together.geometry.geom_equals(PLACES.geometry).all()
    pd.testing.assert_frame_equal(PLACES, before)


def test_values_of_blocks_are_spread_over_their_rows():
    row = np.array([1, 0, 1])
    found = with_columns(PLACES, {"text": np.array(["x", "y"], dtype=object)}, row)
    assert found["text"].tolist() == ["y", "x", "y"]
    assert found.index.equals(PLACES.index)
    assert found.index.name == "way_id"


def test_a_column_that_is_there_already_is_replaced():
    found = with_columns(PLACES, {"length_m": np.array([5.0, 6.0, 7.0])})
    assert found["length_m"].tolist() == [5.0, 6.0, 7.0]
    assert sorted(found.columns) == sorted(PLACES.columns)
