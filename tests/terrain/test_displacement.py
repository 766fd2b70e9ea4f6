"""Terrain models in the wrong place: what roads have in common, in closed form and on simulated ground."""

from dataclasses import replace

import numpy as np
import pyproj
import pytest

from camber.simulate.ground import Section, Survey, lay_streets
from camber.terrain.displacement import in_common
from camber.terrain.edges import PLACES_M
from camber.terrain.headers import read_header
from camber.terrain.mapped_ways import MappedWay
from camber.terrain.sources import key_of
from tests.benchmarks.moved_streets import streets as streets_of_delft
from tests.benchmarks.terrain_weeks import measured_in, write_tile
from tests.terrain_streets import DATA

FOUR = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])


def around(count, seed):
    """Give what is to the right of ways in any direction."""
    angle = np.random.default_rng(seed).uniform(0.0, 2.0 * np.pi, count)
    return np.column_stack([np.cos(angle), np.sin(angle)])


def seen(right, middle_m, looked_m=0.0):
    """Ways whose middle is seen at one place each, from where it was looked."""
    away = np.asarray(middle_m, dtype=float) - looked_m
    step = PLACES_M[1] - PLACES_M[0]
    share = np.maximum(1.0 - np.abs(PLACES_M - away[:, np.newaxis]) / step, 0.0)
    return [
        np.array([[*one, looked, *places]])
        for one, looked, places in zip(right, np.broadcast_to(looked_m, len(right)), share, strict=True)
    ]


def found(right, middle_m):
    one = in_common(seen(right, middle_m))
    return np.array([one.east_m, one.north_m])


def test_what_ways_in_all_directions_have_in_common():
    right = np.tile(FOUR, (25, 1))
    one = in_common(seen(right, right @ [3.0, -4.0]))
    # 50 ways show each axis, by 1.5 m each (one in ten by 3 m); nothing is far beyond the 5 m of the search.
    assert (one.east_m, one.north_m) == pytest.approx((3.0, -4.0), abs=0.1)
    assert one.sd_m == pytest.approx(1.5 / np.sqrt(50.0), rel=0.3)
    assert (one.ways, one.towards, one.is_of_the_model) == (100, "south-east", True)


def test_it_does_not_matter_from_where_it_was_looked():
    right = around(30, 4)
    middle = right @ [2.0, 1.0] + np.random.default_rng(2).normal(0.0, 1.0, 30)
    here, there = (in_common(seen(right, middle, looked)) for looked in (0.0, right @ [2.0, 1.0]))
    assert there.is_near(here, 0.05)


def test_a_turned_or_mirrored_town_has_a_turned_or_mirrored_answer():
    right = around(30, 1)
    middle = right @ [2.0, 3.0] + np.random.default_rng(2).normal(0.0, 1.5, 30)
    plain = found(right, middle)
    # As far as displacements are tried on a grid.
    turn = np.array([[np.cos(0.7), -np.sin(0.7)], [np.sin(0.7), np.cos(0.7)]])
    assert found(right @ turn.T, middle) == pytest.approx(turn @ plain, abs=0.1)
    # In the mirror what was to the right is to the left.
    assert found(-right * [-1.0, 1.0], -middle) == pytest.approx(plain * [-1.0, 1.0], abs=1e-9)
    # Lines drawn the other way round.
    flip = np.where(np.arange(30) % 2, 1.0, -1.0)
    assert found(right * flip[:, np.newaxis], middle * flip) == pytest.approx(plain, abs=1e-9)
    # A way has as much to say in three windows as in one.
    three = in_common([np.repeat(rows, 3, axis=0) for rows in seen(right, middle)])
    assert (three.east_m, three.north_m) == pytest.approx(plain, abs=1e-9)


def test_parallel_ways_show_what_goes_across_them_alone():
    right = np.tile(FOUR[:1], (40, 1))
    one = in_common(seen(right, right @ [4.0, 3.0]))
    assert one.east_m == pytest.approx(4.0, abs=0.1)
    assert one.north_m == pytest.approx(0.0, abs=1e-9)
    assert one.p_there < 0.5


def test_lines_that_are_off_each_by_itself_prove_nothing():
    for seed in range(60):
        rng = np.random.default_rng(seed)
        right = around(int(rng.integers(1, 60)), seed)
        # Some lie far off, and the picture they were traced from by 1 m.
        middle = rng.normal(0.0, np.where(rng.random(len(right)) < 0.1, 3.0, 1.5)) + right @ [0.6, 0.8]
        assert not in_common(seen(right, middle)).is_of_the_model
    assert not in_common(seen(FOUR[:2], [4.0, 4.0])).is_of_the_model
    assert (in_common([]).ways, in_common([]).is_noted) == (0, False)


def test_a_few_roads_that_were_mistaken_hardly_count():
    right = around(60, 5)
    middle = right @ [3.0, 4.0]
    wrong = np.where(np.arange(60) % 6 == 0, -middle, middle)
    assert found(right, wrong) == pytest.approx([3.0, 4.0], abs=0.3)


@pytest.fixture(scope="module")
def streets():
    """Streets of 120 m in a grid, each line off by itself, and the ground under them at 1 m."""
    rng = np.random.default_rng(8)
    lines, sections, falls = [], [], []
    for number in range(16):
        middle = np.array([500_100.0, 5_400_100.0]) + 170.0 * np.array([number % 4, number // 4])
        angle = rng.uniform(0.0, 2.0 * np.pi)
        lines.append(middle + np.outer([-60.0, 0.0, 60.0], [np.sin(angle), np.cos(angle)]))
        fall = rng.uniform(1.5, 3.5)
        falls.append(fall)
        kerbs = {"kerb_left_m": rng.uniform(0.06, 0.14), "kerb_right_m": rng.uniform(0.06, 0.14)}
        sections.append(Section(-fall, fall, middle_m=rng.normal(0.0, 1.0), **kerbs))
    whole = np.concatenate(lines)
    bounds = (*(whole.min(axis=0) - 30.0), *(whole.max(axis=0) + 30.0))
    turn = pyproj.Transformer.from_crs("EPSG:25832", 4326, always_xy=True)
    ways = [
        MappedWay(number, 120.0, np.column_stack(turn.transform(*line.T)), 6.0, 1.2, True, True, False)  # noqa: FBT003 - as the class has it
        for number, line in enumerate(lines, start=1)
    ]
    ways.append(replace(ways[0], way_id=99, is_road=False))  # a path says nothing, but is not used either
    return ways, lay_streets(lines, sections, bounds, Survey(cell_m=1.0), rng), falls


@pytest.mark.parametrize(("east", "north"), [(0.0, 0.0), (-4.5, 2.0)])
def test_a_model_in_the_wrong_place_is_not_used_and_the_runner_told_what_to_do(
    streets, tmp_path, east, north
):
    ways, heights, _ = streets
    moved = replace(heights, west_m=heights.west_m + east, north_m=heights.north_m + north)
    file = read_header(write_tile(tmp_path / "tile.tif", moved, "EPSG:25832"))
    done, problems = measured_in(ways, [file])
    if not east:
        assert problems == ()
        assert sum(bool(one.observed.roads) for one in done) > 13
        return
    (text,) = problems
    assert text.startswith(str(file.place))
    assert "west of where the map has them" in text
    assert "--crs" in text
    assert not any(one.observed.roads or one.observed.widths for one in done)
    assert {reason for one in done for said in one.said.values() for reason in said} == {"displaced"}


@pytest.mark.parametrize(
    ("in_the_west", "moved_m", "bad"),
    [
        (3, ((-4.5, 2.0), (-4.5, 2.0)), {"west", "east"}),
        (8, ((0.0, 0.0), (-4.5, 2.0)), {"east"}),
    ],
)
def test_tiles_of_a_flight_are_judged_together_unless_they_lie_apart(
    streets, tmp_path, in_the_west, moved_m, bad
):
    ways, heights, _ = streets
    files = []
    for name, columns, (east, north) in zip(
        ("west", "east"), (slice(0, 340), slice(340, None)), moved_m, strict=True
    ):
        there = replace(heights, west_m=heights.west_m + east, north_m=heights.north_m + north)
        files.append(read_header(write_tile(tmp_path / f"{name}_2020.tif", there, "EPSG:25832", columns)))
    # Four in a row, from the west to the east.
    west = [way for way in ways if (way.way_id - 1) % 4 < 2][:in_the_west]
    done, problems = measured_in([*west, *(way for way in ways if (way.way_id - 1) % 4 >= 2)], files)
    names = {key_of(file): file.name[:4] for file in files}
    marked = {names[key] for one in done for key, counts in one.said.items() if "displaced" in counts}
    assert marked == bad
    assert len(problems) == 1
    for one in done:
        used = {names[key] for key, counts in one.said.items() if counts.get("")}
        assert not used & bad
        assert bool(one.observed.roads) <= bool(used)


def test_roads_are_looked_for_where_a_map_that_is_off_does_not_have_them(streets, tmp_path):
    ways, heights, falls = streets
    off = replace(heights, north_m=heights.north_m + 2.0)
    done, problems = measured_in(ways, [read_header(write_tile(tmp_path / "off.tif", off, "EPSG:25832"))])
    assert problems == ()
    assert sum("@+0.0+2.0" in one.version for one in done) > 13
    fall = dict(enumerate(falls, start=1))
    roads = [each for one in done if one.way_id in fall for each in one.observed.roads]
    roads = [one for one in roads if one.surface == "carriageway"]
    assert len(roads) > 30
    slopes = [(one.left_pct + fall[one.way_id], one.right_pct - fall[one.way_id]) for one in roads]
    assert np.median(np.abs(slopes)) < 0.5


def test_nine_streets_of_delft_do_not_accuse_a_model_that_lies_where_they_do(known_lines):
    done, problems = measured_in(
        streets_of_delft(known_lines("delft_roads.geojson"), 0.0, 0.0),
        [read_header(DATA / "delft_ahn3_1m.tif")],
    )
    assert problems == ()
    assert sum(bool(one.observed.roads) for one in done) > 5


@pytest.mark.parametrize(("east", "north"), [(0.0, 5.0), (-5.0, 0.0)])
def test_streets_of_delft_five_metres_off_are_not_used_or_found_where_they_are(known_lines, east, north):
    done, problems = measured_in(
        streets_of_delft(known_lines("delft_roads.geojson"), east, north),
        [read_header(DATA / "delft_ahn3_1m.tif")],
    )
    used = [one for one in done if one.observed.roads]
    assert bool(problems) != bool(used)
    for one in used:
        place = one.version.partition("@")[2]
        assert (float(place[:4]), float(place[4:])) == pytest.approx((east, north), abs=1.0)
        # What may be the model's fault says nothing of the map.
        assert not one.observed.widths
