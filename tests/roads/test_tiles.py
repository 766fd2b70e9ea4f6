"""Tiles: whatever an extract is cut into, and in whatever order it is merged, the roads are the same."""

import itertools

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from camber.roads.grid import COLUMNS, Tile, tile_keys, tile_of_key, tiles_of, tiles_of_ways

LONGITUDE = st.floats(-180.0, 180.0, exclude_max=True)
LATITUDE = st.floats(-84.0, 84.0)


# The grid


@given(LONGITUDE, LATITUDE)
def test_a_place_lies_in_its_tile_and_in_no_other(longitude, latitude):
    (tile,) = tiles_of([longitude], [latitude], margin_m=0.0)
    west, south, east, north = tile.bounds_deg
    assert west - 1e-9 <= longitude <= east + 1e-9
    assert south - 1e-9 <= latitude <= north + 1e-9
    assert tile_of_key(tile.key) == tile


@given(st.integers(0, 3598), st.integers(0, 7198))
def test_neighbours_share_their_border_exactly(row, column):
    tile = Tile(row, column)
    assert tile.bounds_deg[2] == Tile(row, column + 1).bounds_deg[0]
    assert tile.bounds_deg[3] == Tile(row + 1, column).bounds_deg[1]
    assert tile.bounds_deg[2] - tile.bounds_deg[0] == pytest.approx(0.05)


def test_names_tell_the_corner_and_are_the_same_everywhere():
    assert {tile.name for tile in tiles_of([26.93], [60.53], margin_m=0.0)} == {"n6050e02690"}
    assert {tile.name for tile in tiles_of([-0.01, 151.21], [-0.01, -33.87], margin_m=0.0)} == {
        "s0005w00005",
        "s3390e15120",
    }


def test_the_antimeridian_is_a_border_like_any_other():
    assert tiles_of([180.01], [0.0], margin_m=0.0) == tiles_of([-179.99], [0.0], margin_m=0.0)
    near = tiles_of([179.9999], [0.02], margin_m=200.0)
    assert {tile.column for tile in near} == {0, COLUMNS - 1}


@pytest.mark.parametrize(
    ("metres", "expected"), [((0, 0), 1), ((0, 2650), 2), ((-1640, 0), 2), ((1640, -2650), 4)]
)
def test_the_neighbour_is_wanted_within_the_margin(metres, expected):
    """Places around the middle of a tile at 53.975 N: 2.78 km to its north, 1.64 km to its west border."""
    latitude = 53.975 + metres[1] / 111_320.0
    longitude = 9.025 + metres[0] / (111_320.0 * np.cos(np.radians(latitude)))
    assert len(tiles_of([longitude], [latitude], margin_m=200.0)) == expected


def test_what_is_no_number_needs_no_tile():
    assert tiles_of([np.nan, 9.0, np.inf], [50.0, np.nan, 50.0]) == frozenset()
    assert tiles_of([], []) == frozenset()


@given(st.lists(st.tuples(st.floats(9.0, 9.3), st.floats(50.0, 50.3)), min_size=2, max_size=6))
def test_a_way_touches_what_its_line_touches(places):
    """Oracle: shapely on every cell of the neighbourhood, but for lines within 1e-9 degrees of a border."""
    longitude, latitude = np.array(places).T
    pairs = tiles_of_ways(np.array([0, len(places)]), longitude, latitude)
    found = {tile_of_key(key) for _, key in pairs}
    line = shapely.linestrings(np.array(places))
    row, column = (
        tile_of_key(tile_keys([9.001], [50.001])[0]).row,
        tile_of_key(tile_keys([9.001], [50.001])[0]).column,
    )
    for i, j in itertools.product(range(-1, 8), range(-1, 8)):
        tile = Tile(row + i, column + j)
        cell = shapely.box(*tile.bounds_deg)
        if shapely.intersects(cell.buffer(-1e-9), line):
            assert tile in found
        elif not shapely.dwithin(cell, line, 1e-9):
            assert tile not in found
