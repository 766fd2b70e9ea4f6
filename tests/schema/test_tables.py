"""Each check accepts what follows the schema, unchanged, and lists everything that does not, all at once.

Columns as plain arrays, and arrays as columns, are the same as pandas does one by one.
"""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from camber import schema
from camber.errors import TableError
from camber.schema import tables, take_columns, with_columns

UTM = "EPSG:32635"
ROWS = 6


TABLES = {
    table.name: table
    for table in (
        schema.as_fixes,
        schema.as_ways,
        schema.as_crossings,
        schema.as_track,
        schema.as_matched_track,
        schema.as_candidates,
        schema.as_path,
        schema.as_lateral_track,
        schema.as_sloped_track,
        schema.as_exposure,
    )
}
SPATIAL = [name for name, table in TABLES.items() if table.geometry]
IN_SUMS = {*tables.P_STATES, "p_left_low", "p_right_low", "p_level", "way_id", "distance_m"}
IN_SUMS |= {"left_low_m", "right_low_m", "level_m", "unmatched_m"}
EVERY_COLUMN = [(name, column) for name, table in TABLES.items() for column in table.columns]


def named(case):
    return "-".join(part.name if isinstance(part, tables.Column) else str(part) for part in case)


def cases(chosen):
    return [
        pytest.param(name, column, id=named((name, column)))
        for name, column in EVERY_COLUMN
        if chosen(column)
    ]


def values(column):
    if column.kind == "time":
        return pd.Series(pd.date_range("2026-11-17T05:12:00Z", periods=ROWS, freq="s"))
    if column.kind == "text":
        return pd.Series([str(column.allowed[0]) if column.allowed else "some text"] * ROWS)
    if column.kind == "bool":
        return pd.Series([True, False] * (ROWS // 2))
    low = column.low if np.isfinite(column.low) else -7.5
    return pd.Series([low] * ROWS).astype("int64" if column.kind == "int" else "float64")


def make(name):
    """A small table that follows its schema, at the lower limit of every number."""
    table = TABLES[name]
    frame = pd.DataFrame({column.name: values(column) for column in table.columns})
    if "p_other" in frame:
        frame["p_other"] = 1.0
    if name == "SlopedTrack":
        frame.loc[:2, "way_id"] = 7
        frame.loc[:2, "p_level"] = 1.0
    if table.index:
        frame.index = pd.RangeIndex(10, 10 + ROWS, name=table.index)
    if table.geometry:
        x, y = 385_600.0 + np.arange(ROWS), np.full(ROWS, 6_672_000.0)
        points = shapely.points(x, y)
        lines = shapely.linestrings(np.stack([x, y, x + 1.0, y + 1.0], axis=1).reshape(-1, 2, 2))
        frame = gpd.GeoDataFrame(frame, geometry=points if table.geometry == "Point" else lines, crs=UTM)
    return frame


def problems(name, frame):
    with pytest.raises(TableError) as caught:
        TABLES[name](frame)
    assert caught.value.table == name
    return caught.value.problems


@pytest.mark.parametrize("name", TABLES)
def test_a_good_table_passes_as_it_is(name):
    frame = make(name)
    before = frame.copy(deep=True)
    assert TABLES[name](frame) is frame
    pd.testing.assert_frame_equal(pd.DataFrame(frame), pd.DataFrame(before))


@pytest.mark.parametrize("name", TABLES)
def test_an_empty_table_passes(name):
    frame = make(name).iloc[:0]
    assert TABLES[name](frame) is frame


@pytest.mark.parametrize("name", TABLES)
def test_more_columns_than_asked_for_are_nobodys_business(name):
    assert "note" in TABLES[name](make(name).assign(note="mine"))


@pytest.mark.parametrize(("name", "column"), cases(lambda column: column.name not in IN_SUMS))
def test_a_missing_column_is_named(name, column):
    assert problems(name, make(name).drop(columns=column.name)) == (f"column {column.name} is missing",)


@pytest.mark.parametrize(("name", "column"), cases(lambda column: column.name not in IN_SUMS))
def test_a_column_of_the_wrong_kind_is_named(name, column):
    frame = make(name)
    wrong = 1.5 if column.kind in {"text", "int", "bool", "time"} else "1.5"
    frame[column.name] = pd.Series([wrong] * ROWS, index=frame.index)
    (problem,) = problems(name, frame)
    assert problem.startswith(f"column {column.name} is ")
    assert problem.endswith(f"expected {column.kind}")


def must_be_there(column):
    return column.kind in {"float", "time"} and not column.missing and column.name not in IN_SUMS


@pytest.mark.parametrize(("name", "column"), cases(must_be_there))
def test_a_missing_value_is_found_where_none_may_be(name, column):
    frame = make(name)
    frame.loc[frame.index[[1, 3]], column.name] = None
    rows = ", ".join(map(str, frame.index[[1, 3]]))
    assert problems(name, frame) == (f"column {column.name} has missing values in rows {rows}",)


@pytest.mark.parametrize(("name", "column"), cases(lambda column: column.missing))
def test_a_missing_value_is_allowed_where_it_may_be(name, column):
    frame = make(name)
    frame.loc[frame.index[1], column.name] = None
    assert TABLES[name](frame) is frame


def numeric(column):
    return column.kind in {"float", "int"} and column.name not in IN_SUMS


@pytest.mark.parametrize(("name", "column"), cases(numeric))
def test_a_number_past_a_limit_is_found_with_its_row(name, column):
    step = 1 if column.kind == "int" else 1e-6
    for limit, beyond in ((column.low, -step), (column.high, step)):
        if not np.isfinite(limit):
            continue
        frame = make(name)
        frame.loc[frame.index[4], column.name] = limit + beyond
        (problem,) = problems(name, frame)
        assert problem.startswith(f"column {column.name} is outside ")
        assert problem.endswith(f"in rows {frame.index[4]}")
        frame.loc[frame.index[4], column.name] = limit
        assert TABLES[name](frame) is frame


@pytest.mark.parametrize(
    ("name", "column"), cases(lambda column: column.kind == "float" and column.name not in IN_SUMS)
)
@pytest.mark.parametrize("infinite", [np.inf, -np.inf])
def test_infinity_is_never_a_measurement(name, column, infinite):
    frame = make(name)
    frame.loc[frame.index[0], column.name] = infinite
    (problem,) = problems(name, frame)
    assert column.name in problem


@pytest.mark.parametrize(("name", "column"), cases(lambda column: bool(column.allowed)))
def test_only_the_listed_words_are_allowed(name, column):
    frame = make(name)
    for word in column.allowed:
        frame[column.name] = str(word)
        assert TABLES[name](frame) is frame
    frame.loc[frame.index[2], column.name] = "perhaps"
    (problem,) = problems(name, frame)
    assert problem.startswith(f"column {column.name} is none of ")
    assert problem.endswith(f"in rows {frame.index[2]}")
    assert all(repr(str(word)) in problem for word in column.allowed)


@pytest.mark.parametrize(("name", "column"), cases(lambda column: column.kind == "time"))
@pytest.mark.parametrize("zone", [None, "Europe/Helsinki"])
def test_times_are_utc(name, column, zone):
    frame = make(name)
    frame[column.name] = frame[column.name].dt.tz_convert(zone)
    (problem,) = problems(name, frame)
    assert problem.startswith(f"column {column.name} is datetime64")


@pytest.mark.parametrize("name", [name for name, table in TABLES.items() if table.index])
def test_the_index_has_its_name_and_no_row_twice(name):
    index = TABLES[name].index
    assert problems(name, make(name).rename_axis("row")) == (f"index is named 'row', expected {index!r}",)
    frame = make(name)
    frame.index = pd.Index([1, 2, 2, 3, 4, 5], name=index)
    assert problems(name, frame) == (f"index {index} is not unique: rows 2",)


@pytest.mark.parametrize("name", [name for name, table in TABLES.items() if table.index == "fix_id"])
def test_fixes_keep_their_order(name):
    assert problems(name, make(name).iloc[::-1]) == ("index fix_id does not grow",)
    assert TABLES[name](make(name).iloc[[0, 2, 5]]) is not None


def test_ways_may_come_in_any_order():
    assert schema.as_ways(make("Ways").iloc[::-1]) is not None


@pytest.mark.parametrize("name", SPATIAL)
@pytest.mark.parametrize(
    "crs",
    ["EPSG:3857", "EPSG:4326", "EPSG:4258", "EPSG:2263", None],
    ids=["web mercator", "wgs84", "etrs89", "feet", "none"],
)
def test_metres_that_are_none_are_refused(name, crs):
    """Web Mercator measures 3.00 m as 4.76 m at 51 N; degrees and survey feet are no metres either."""
    (problem,) = problems(name, make(name).set_crs(crs, allow_override=True))
    assert "metres need a local UTM system" in problem


@pytest.mark.parametrize("name", SPATIAL)
@pytest.mark.parametrize("crs", ["EPSG:32632", "EPSG:32756", "EPSG:25832"])
def test_local_metres_are_accepted(name, crs):
    frame = make(name).set_crs(crs, allow_override=True)
    assert TABLES[name](frame) is frame


@pytest.mark.parametrize("name", SPATIAL)
def test_the_geometry_is_of_one_kind(name):
    other = shapely.box(0, 0, 1, 1)
    frame = make(name)
    frame.loc[frame.index[[0, 5]], "geometry"] = other
    kind = TABLES[name].geometry
    assert problems(name, frame) == (f"geometry is no {kind} in rows {frame.index[0]}, {frame.index[5]}",)
    frame = make(name)
    frame.loc[frame.index[1], "geometry"] = None
    assert problems(name, frame) == (f"geometry is no {kind} in rows {frame.index[1]}",)


@pytest.mark.parametrize("name", SPATIAL)
def test_a_table_without_geometry_is_refused(name):
    assert problems(name, pd.DataFrame(make(name).drop(columns="geometry"))) == ("is no GeoDataFrame",)


@pytest.mark.parametrize("name", TABLES)
def test_everything_wrong_is_told_at_once(name):
    """One error lists one violation of every column, and those of index and geometry."""
    table, frame = TABLES[name], make(name)
    plain = [column for column in table.columns if column.name not in IN_SUMS]
    for column in plain[1:]:
        frame[column.name] = 1.5 if column.kind in {"text", "int", "bool", "time"} else "1.5"
    frame = frame.drop(columns=plain[0].name)
    expected = len(plain)
    if table.index:
        frame, expected = frame.rename_axis("row"), expected + 1
    if table.geometry:
        frame, expected = frame.set_crs("EPSG:3857", allow_override=True), expected + 1
    found = problems(name, frame)
    assert len(found) == expected
    assert all(any(f"column {column.name} " in problem for problem in found) for column in plain)


def test_many_bad_rows_are_counted_not_listed():
    frame = make("Fixes").assign(latitude_deg=91.0)
    assert problems("Fixes", frame) == (
        "column latitude_deg is outside -90 to 90 in rows 10, 11, 12 and 3 more",
    )


@pytest.mark.parametrize("name", ["LateralTrack", "SlopedTrack"])
@pytest.mark.parametrize("wrong", [0.9, 1.0 - 1e-4])
def test_state_probabilities_sum_to_one(name, wrong):
    frame = make(name)
    frame.loc[frame.index[2], "p_other"] = wrong
    assert problems(name, frame) == (f"{' + '.join(tables.P_STATES)} is not 1 in rows {frame.index[2]}",)


def test_leg_probabilities_sum_to_one_on_a_way_and_to_zero_off_it():
    legs = "p_left_low + p_right_low + p_level"
    frame = make("SlopedTrack")
    frame["p_left_low"] = [0.25, 0.0, 0.0, 0.25, 0.0, 0.0]
    assert problems("SlopedTrack", frame) == (
        f"{legs} is not 1 in rows {frame.index[0]}",
        f"{legs} is not 0 in rows {frame.index[3]}",
    )
    frame["p_level"] = [0.75, 1.0, 1.0, 0.0, 0.0, 0.0]
    frame["p_left_low"] = [0.25, 0.0, 0.0, 0.0, 0.0, 0.0]
    assert schema.as_sloped_track(frame) is frame


def test_the_metres_of_an_interval_sum_to_its_distance():
    frame = make("Exposure").assign(distance_m=10.0, left_low_m=2.0, right_low_m=3.0, level_m=4.0)
    frame = frame.assign(unmatched_m=[1.0, 1.0, 1.1, 1.0, 1.0, 1.0])
    assert problems("Exposure", frame) == (
        "left_low_m + right_low_m + level_m + unmatched_m is not distance_m in rows 2",
    )
    assert schema.as_exposure(frame.assign(unmatched_m=1.0)) is not None


def test_a_column_describes_itself():
    column = tables.Column("offset_m", "float")
    assert not column.missing
    assert (column.low, column.high) == (-np.inf, np.inf)
    assert replace(column, missing=True) != column


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
