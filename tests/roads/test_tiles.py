"""Tiles: whatever an extract is cut into, and in whatever order it is merged, the roads are the same."""

import itertools
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import example, given
from hypothesis import strategies as st

from camber.errors import MissingTilesError, NoRoadsError, RoadsError
from camber.roads.extract import parse_extract
from camber.roads.grid import (
    COLUMNS,
    Tile,
    tile_keys,
    tile_keys_near,
    tile_of_key,
    tile_of_name,
    tiles_of_keys,
    tiles_of_ways,
)
from camber.roads.tiles import TileStore, add_file, merge_tiles, open_tiles, usable_tiles

LONGITUDE = st.floats(-180.0, 180.0, exclude_max=True)
LATITUDE = st.floats(-84.0, 84.0)


def tiles_of(longitude, latitude, *, margin_m=200.0):
    """Tiles of places and around them."""
    return tiles_of_keys(tile_keys_near(longitude, latitude, margin_m=margin_m))


# The grid


@given(LONGITUDE, LATITUDE)
@example(179.99999999999997, 0.0)
def test_a_place_lies_in_its_tile_and_in_no_other(longitude, latitude):
    (tile,) = tiles_of([longitude], [latitude], margin_m=0.0)
    west, south, east, north = tile.bounds_deg
    assert west - 1e-9 <= longitude <= east + 1e-9
    assert south - 1e-9 <= latitude <= north + 1e-9
    assert tile_of_key(tile.key) == tile
    assert tile_of_name(tile.name) == tile


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
    corner = tile_of_key(tile_keys([9.001], [50.001])[0])
    for i, j in itertools.product(range(-1, 8), range(-1, 8)):
        tile = Tile(corner.row + i, corner.column + j)
        cell = shapely.box(*tile.bounds_deg)
        if shapely.intersects(cell.buffer(-1e-9), line):
            assert tile in found
        elif not shapely.dwithin(cell, line, 1e-9):
            assert tile not in found


# From an extract to tiles and back


@pytest.fixture
def store(tmp_path):
    return TileStore(tmp_path / "kept")


def assert_same_roads(found, expected):
    pd.testing.assert_frame_equal(
        pd.DataFrame(found.ways.drop(columns="geometry")),
        pd.DataFrame(expected.ways.drop(columns="geometry")),
    )
    assert shapely.equals_exact(
        found.ways.geometry.values, expected.ways.geometry.values, tolerance=0.0
    ).all()
    for name in ("node_xy", "edge_way", "edge_from", "edge_to", "edge_start_m", "vertex_xy"):
        np.testing.assert_array_equal(getattr(found.graph, name), getattr(expected.graph, name))
    assert (found.crs, found.bounds_deg) == (expected.crs, expected.bounds_deg)


def test_all_tiles_of_an_extract_are_its_roads_again(sample, store):
    added = add_file(sample, store, None)
    assert_same_roads(open_tiles(store.folder, added.kept), parse_extract(sample))


@pytest.mark.parametrize("name", ["liechtenstein_pyosmium.osm.pbf", "melbourne-au_valhalla.osm.pbf"])
def test_real_extracts_come_back_whole(name, real_extract, store):
    path = real_extract(name)
    added = add_file(path, store, None)
    assert_same_roads(open_tiles(store.folder, added.kept), parse_extract(path))


def test_nothing_depends_on_the_order_of_tiles(sample, store):
    added = add_file(sample, store, None)
    tiles = [store.read(tile) for tile in sorted(added.kept)]
    assert_same_roads(merge_tiles(tiles[::-1]), merge_tiles(tiles))


def test_what_is_opened_again_is_the_same(sample, store):
    added = add_file(sample, store, None)
    first = open_tiles(store.folder, added.kept)
    again = open_tiles(store.folder, sorted(added.kept, reverse=True))
    assert_same_roads(again, first)
    assert again.problems == first.problems


BORDER = {1: (-2_000, 0), 2: (-1_000, 0), 3: (0, 10), 4: (1_000, 0), 5: (3_700, 0), 6: (3_700, 500)}
"""Metres around a place 29 m west of the border at 9.05 E of two tiles, on its row."""
LINES = [
    (7, [1, 2, 3, 4], {"highway": "residential", "name": "Across"}),
    (8, [4, 5], {"highway": "path"}),
    (9, [5, 6], {"highway": "footway"}),
]


@pytest.fixture
def across(osm_file):
    """A way over the border at 9.05 E, one from there over the next, and one beyond that."""
    return osm_file(BORDER, LINES, origin=(503_613.0, 5_452_500.0))


def test_a_way_over_the_border_is_whole_in_both_tiles_and_once_in_both_together(across, store):
    west = tile_of_key(tile_keys([9.02], [49.22])[0])
    east = Tile(west.row, west.column + 1)
    add_file(across, store, [west, east])
    expected = parse_extract(across).ways
    assert open_tiles(store.folder, [west]).ways.index.tolist() == [7]
    assert open_tiles(store.folder, [east]).ways.index.tolist() == [7, 8]
    both = open_tiles(store.folder, [west, east]).ways
    assert both.index.tolist() == [7, 8]
    np.testing.assert_allclose(both["length_m"], expected["length_m"].loc[[7, 8]])


def test_only_wanted_tiles_are_kept_and_those_outside_are_named(across, store):
    wanted = tiles_of([9.02, 24.0], [49.22, 60.0], margin_m=0.0)
    added = add_file(across, store, wanted)
    assert store.tiles() == added.kept == tiles_of([9.02], [49.22], margin_m=0.0)
    assert added.outside == tiles_of([24.0], [60.0], margin_m=0.0)


def test_a_tile_at_the_border_of_an_extract_says_so_and_one_inside_does_not(across, store):
    added = add_file(across, store, None)
    assert added.cut == added.kept
    problems = open_tiles(store.folder, added.kept).problems
    assert [problem.count for problem in problems if problem.code == "cut_tile"] == [len(added.kept)]
    boxed = across.with_name("boxed.osm")
    box = '<bounds minlat="48" minlon="8" maxlat="50" maxlon="10"/>'
    boxed.write_text(
        across.read_text(encoding="utf-8").replace('<osm version="0.6">', f'<osm version="0.6">{box}')
    )
    assert add_file(boxed, store, None).cut == frozenset()
    assert not open_tiles(store.folder, added.kept).problems


def test_a_whole_tile_is_never_replaced_by_one_that_may_be_cut(store, sample):
    added = add_file(sample, store, None)
    tile = min(added.kept)
    whole = replace(store.read(tile), whole=True, osm_date="2000-01-01T00:00:00Z")
    store.write(tile, whole)
    again = add_file(sample, store, None)
    assert again.older == {tile}
    assert store.read(tile).osm_date == "2000-01-01T00:00:00Z"


def test_older_data_never_replace_newer(across, store):
    add_file(across, store, None)
    text = across.read_text(encoding="utf-8").replace("Across", "Newer")
    head = '<osm version="0.6"><bounds minlat="48" minlon="8" maxlat="50" maxlon="10"/>'
    for name, date in (("Newer", "2025-01-01T00:00:00Z"), ("Older", "2020-01-01T00:00:00Z")):
        dated = across.with_name(f"{name}.osm")
        meta = f'<meta osm_base="{date}"/>'
        dated.write_text(
            text.replace("Newer", name).replace('<osm version="0.6">', head + meta), encoding="utf-8"
        )
        added = add_file(dated, store, None)
    assert added.older
    roads = open_tiles(store.folder, added.older)
    assert roads.ways["name"].loc[7] == "Newer"
    assert roads.osm_date == "2025-01-01T00:00:00Z"


def test_of_two_copies_of_a_way_the_newer_counts_and_nodes_move_with_it(across, store):
    added = add_file(across, store, None)
    west, east, *_ = sorted(added.kept)
    old, new = store.read(west), store.read(east)
    moved = replace(new.raw, latitude_deg=new.raw.latitude_deg + 1e-4)
    tags = tuple({**tags, "name": "New"} for tags in new.raw.tags)
    new = replace(new, raw=replace(moved, tags=tags), osm_date="2026-01-01T00:00:00Z")
    for order in ([old, new], [new, old]):
        roads = merge_tiles(order)
        assert roads.ways["name"].loc[7] == "New"
        alone = merge_tiles([new])
        assert_same_roads(roads, alone)


def test_a_desert_is_kept_as_such_and_opens_as_no_roads(across, store):
    boxed = across.with_name("boxed.osm")
    box = '<bounds minlat="48" minlon="8" maxlat="50" maxlon="10"/>'
    boxed.write_text(
        across.read_text(encoding="utf-8").replace('<osm version="0.6">', f'<osm version="0.6">{box}')
    )
    desert = tiles_of([8.5], [48.5], margin_m=0.0)
    assert add_file(boxed, store, desert).kept == desert
    with pytest.raises(NoRoadsError):
        open_tiles(store.folder, desert)


# Missing and damaged


def test_missing_tiles_are_named_with_what_to_do(store):
    tiles = tiles_of([9.02], [49.22])
    with pytest.raises(
        MissingTilesError, match=r"n4920e00900.*camber roads fetch.*camber roads add"
    ) as error:
        open_tiles(store.folder, tiles)
    assert error.value.tiles == {tile.name for tile in tiles}


def test_every_single_byte_of_a_tile_counts(across, store):
    added = add_file(across, store, None)
    tile = min(added.kept)
    path, rng = store.path(tile), np.random.default_rng(6)
    whole = path.read_bytes()
    for place in range(len(whole)):
        broken = bytearray(whole)
        broken[place] ^= 1 << int(rng.integers(0, 8))
        path.write_bytes(broken)
        assert store.read(tile) is None
        assert not path.exists()
    path.write_bytes(whole)
    assert store.read(tile) is not None


@pytest.mark.parametrize("content", [b"", b"{}", b"tile\x00\x00\x00\x01", None])
def test_a_broken_tile_is_put_aside_and_missing(across, store, content):
    added = add_file(across, store, None)
    tile = min(added.kept)
    whole = store.path(tile).read_bytes()
    store.path(tile).write_bytes(whole[: len(whole) // 2] if content is None else content)
    with pytest.raises(MissingTilesError) as error:
        open_tiles(store.folder, added.kept)
    assert error.value.tiles == {tile.name}
    assert [path.name for path in store.put_aside()] == [f"{tile.name}.tile"]


def test_a_tile_under_the_name_of_another_is_not_taken(across, store):
    added = add_file(across, store, None)
    one, other, *_ = sorted(added.kept)
    shutil.copy(store.path(one), store.path(other))
    assert store.read(other) is None
    assert store.read(one) is not None


def test_other_files_in_the_folder_are_no_tiles(across, store):
    added = add_file(across, store, None)
    for name in ("n4921e00900.tile", "x.tile", "n4920e00900.tile.part", ".camber-x.part", "n9999e99999.tile"):
        (store.place / name).write_bytes(b"")
    assert store.tiles() == added.kept


def test_a_folder_that_cannot_be_written_to_is_an_error_that_says_so(across, tmp_path):
    (tmp_path / "kept").write_text("no folder", encoding="utf-8")
    with pytest.raises(RoadsError, match="cannot be kept"):
        add_file(across, TileStore(tmp_path / "kept"), None)


def test_two_fetches_at_once_are_refused(store):
    with store.alone(), pytest.raises(RoadsError, match="another"), TileStore(store.folder).alone():
        pass
    with store.alone():
        pass


# Which tiles a run can do with


def test_a_run_can_do_without_a_tile_that_it_hardly_touches(across, store):
    """A run of 1.4 km in the western tile that ends 80 m before the border."""
    longitude = np.linspace(9.03, 9.0489, 200)
    latitude = np.full(200, 49.22)
    west = tiles_of([9.02], [49.22], margin_m=0.0)
    add_file(across, store, west)
    assert usable_tiles(store.folder, longitude, latitude) == west
    with pytest.raises(MissingTilesError):
        usable_tiles(store.folder, longitude + 0.03, latitude)
