"""Terrain models through the command line: what is noted, measured once, kept, and refused in a sentence."""

import json
import re
import shutil
import sqlite3
import sys
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely

from camber.cli import main
from camber.library import surveying, surveys
from camber.library.database import FILE_NAME
from camber.simulate.ground import Section, Survey, lay_streets
from camber.terrain import sources
from tests.at_once import Here
from tests.benchmarks.terrain_weeks import write_tile
from tests.terrain_streets import DATA, degrees, gpx_along, osm, streets_of, terrain_data

BAD = {
    "bad_no_crs.tif": "--crs EPSG:25832",
    "bad_degrees.tif": "is in degrees, and cross slope needs a grid in metres",
    "bad_coarse_25m.tif": "has cells of 25 m, and cross slope needs 1 m or finer",
    "bad_integers.tif": "has heights in whole metres",
    "bad_all_nodata.tif": "holds no heights",
    "bad_truncated.tif": "cannot be read, perhaps since its download was broken off",
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_model_gets_one_sentence_and_costs_itself_alone(call, name):
    code, out, err = call("terrain", "add", terrain_data() / name, DATA / "sim_crowned_1m.tif")
    assert code == 0
    assert out == "1 terrain models, 1 of them new\n"
    (line,) = [line for line in err.splitlines() if name in line]
    assert BAD[name] in line
    code, out, err = call("terrain", "add", DATA / name)
    assert (code, out) == (3, "")
    assert BAD[name] in err


def test_a_model_without_a_system_is_taken_with_one(call):
    assert call("terrain", "add", "--crs", "EPSG:25832", terrain_data() / "bad_no_crs.tif")[0] == 0
    code, _, err = call("terrain", "add", "--crs", "EPSG:999999", DATA / "bad_no_crs.tif")
    assert code == 2
    assert "there is no such coordinate system" in err


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """Streets of Delft and a simulated one, a run along two of them each way, and their library."""
    terrain_data()
    folder = tmp_path_factory.mktemp("streets")
    delft = streets_of("delft_roads.geojson")
    tags = [{"highway": "residential", "name": p["name"], "width": f"{p['width_m']:.1f}"} for p, _ in delft]
    (folder / "delft.osm").write_text(osm([degrees(line, 28992) for _, line in delft], tags))
    for day, number in ((10, 0), (12, 2)):
        line = delft[number][1]
        (folder / f"{day}.gpx").write_text(gpx_along(np.vstack([line, line[::-1]]), 28992, day=day))
    properties, line = streets_of("sim_lines.geojson")[0]
    tags = [{"highway": "residential", "name": properties["name"]}]
    (folder / "sim.osm").write_text(osm([degrees(line, 25832)], tags, first=100))
    (folder / "sim.gpx").write_text(gpx_along(np.vstack([line, line[::-1]]), 25832, day=20))
    home = folder / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAMBER_HOME", str(home))
        assert main(["-q", "import", *map(str, sorted(folder.glob("*.gpx")))]) == 0
        assert main(["-q", "terrain", "measure", *roads(folder)]) == 0
    return folder


def roads(folder):
    return ["--workers", "1", "--roads", str(folder / "delft.osm"), "--roads", str(folder / "sim.osm")]


@pytest.fixture
def home(town, tmp_path, monkeypatch):
    """A library that a test may change, whose runs have been looked at and whose ways are not measured."""
    shutil.copytree(town / "home", tmp_path / "home")
    monkeypatch.setenv("CAMBER_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("camber.library.workers._processes", lambda *_: Here())
    return tmp_path / "home"


def rows(home):
    with sqlite3.connect(home / "library" / FILE_NAME) as connection:
        found = connection.execute(
            "SELECT way_id, observed, said FROM measured_way ORDER BY way_id"
        ).fetchall()
    connection.close()
    return {way: (json.loads(observed)["roads"], json.loads(said)) for way, observed, said in found}


def test_each_way_is_measured_once_and_what_is_new_alone(call, town, home, monkeypatch):
    measure, asked = sources.sections_and_places, []

    def counted(*given, **named):
        asked.append(given)
        return measure(*given, **named)

    monkeypatch.setattr(sources, "sections_and_places", counted)
    call("terrain", "add", "--flown", "2019", DATA / "sim_crowned_1m.tif")
    code, out, err = call("terrain", "measure", *roads(town))
    assert code == 0, err
    assert "1 measured, 0 measured before" in out
    measured = rows(home)
    (found,) = [found for found, said in measured.values() if found]
    crowned = [one for one in found if one["surface"] == "carriageway"]
    # Falls to both sides of its middle by 2.5 %, as it was made.
    for half, made in (("left", -2.5), ("right", 2.5)):
        assert np.median([one[f"{half}_pct"] for one in crowned]) == pytest.approx(made, abs=0.4)
        assert all(abs(one[f"{half}_pct"] - made) < 2.0 * one[f"{half}_sd_pct"] for one in crowned)
    assert all(one["log_crowned"] == 0.0 and one["source"] == "terrain" for one in crowned)
    assert {one["year"] for one in crowned} == {2019}
    assert ": 0 measured" in call("terrain", "measure", *roads(town))[1]
    # Another town comes in: what was measured stays as it is.
    call("terrain", "add", DATA / "delft_ahn3_05m.tif")
    assert "3 ways: 2 measured, 1 measured before" in call("terrain", "measure", *roads(town))[1]
    assert measured[100] == rows(home)[100]
    # Runs pass each of the three ways to and fro.
    assert len(asked) == 3
    # A better estimator measures all of them anew.
    monkeypatch.setattr(surveys, "TERRAIN", 0)
    monkeypatch.setattr(sources, "TERRAIN", 0)
    assert "3 ways: 3 measured, 0 measured before" in call("terrain", "measure", *roads(town))[1]


def test_a_measurement_that_was_stopped_goes_on(call, town, home, monkeypatch):
    call("terrain", "add", DATA)
    note, noted = surveying.note_measured, []

    def stopped(*given):
        if len(noted) == 2:
            raise KeyboardInterrupt
        noted.append(given)
        note(*given)

    monkeypatch.setattr(surveying, "_WAYS_PER_WRITE", 1)
    monkeypatch.setattr(surveying, "note_measured", stopped)
    assert call("terrain", "measure", *roads(town))[0] == 130
    monkeypatch.undo()
    monkeypatch.setenv("CAMBER_HOME", str(home))
    assert "3 ways: 1 measured, 2 measured before" in call("terrain", "measure", *roads(town))[1]


def test_a_tile_that_moves_keeps_what_it_said_and_is_known_again(call, town, home, tmp_path):
    tile = tmp_path / "dgm1_32_475_5471_1_bw_2017.tif"
    shutil.copy(DATA / "sim_crowned_1m.tif", tile)
    call("terrain", "add", tile)
    call("terrain", "measure", *roads(town))
    before = rows(home)
    assert {one["year"] for one in before[100][0]} == {2017}
    moved = tmp_path / "kept" / tile.name
    moved.parent.mkdir()
    tile.rename(moved)
    code, out, err = call("terrain", "status")
    assert code == 0
    assert "1 grids of 1 m, flown 2017" in out
    assert f"{tile}: is not there any more" in err
    assert ": 0 measured, 1 measured before" in call("terrain", "measure", *roads(town))[1]
    assert rows(home) == before
    call("terrain", "add", moved)
    assert "not there" not in call("terrain", "status")[2]
    assert ": 0 measured, 1 measured before" in call("terrain", "measure", *roads(town))[1]
    # Another file under its name is read anew, and a broken one is said.
    shutil.copy(DATA / "sim_one_way_1m.tif", moved)
    assert ": 1 measured" in call("terrain", "measure", *roads(town))[1]
    there = [one for one in rows(home)[100][0] if one["surface"] == "carriageway"]
    assert all(one["log_one_way_right"] == 0.0 for one in there)
    shutil.copy(DATA / "bad_truncated.tif", moved)
    _, _, err = call("terrain", "measure", *roads(town))
    assert f"{moved}: cannot be read" in err


def write(path, heights, transform, **given):
    profile = {"driver": "GTiff", "count": 1, "dtype": "float32", "nodata": -9999.0, "crs": "EPSG:25832"}
    profile |= {"height": heights.shape[0], "width": heights.shape[1], "transform": transform} | given
    with rasterio.open(path, "w", **profile) as out:
        out.write(heights.astype(np.float32), 1)
    return path


def halves_of_tile(folder, step_m):
    """Cut the tile of the crowned street in two, and lift the eastern one."""
    with rasterio.open(DATA / "sim_crowned_1m.tif") as whole:
        heights, place = whole.read(1), whole.transform
    west = write(folder / "west.tif", heights[:, :110], place)
    return west, write(folder / "east.tif", heights[:, 110:] + step_m, place @ place.translation(110, 0))


def test_tiles_that_meet_are_one_and_those_that_differ_are_kept_apart(call, town, home, tmp_path):
    call("terrain", "add", DATA / "sim_crowned_1m.tif")
    call("terrain", "measure", *roads(town))
    whole = rows(home)[100][0]
    call("terrain", "remove", DATA)
    call("terrain", "add", *halves_of_tile(tmp_path, 0.0))
    assert "differs" not in call("terrain", "measure", *roads(town))[2]
    found, said = rows(home)[100]
    assert [sum(counts.values()) for counts in said.values()] == [3, 3]
    for one, other in zip(whole, found, strict=True):
        assert np.allclose(one["left_pct"], other["left_pct"], atol=1e-6)
    _, other = halves_of_tile(tmp_path, 0.3)
    call("terrain", "add", other)
    _, _, err = call("terrain", "measure", *roads(town))
    assert 0.28 <= float(re.search(r"east.tif: differs by (.*) m from west.tif", err)[1]) <= 0.32
    assert 0 < len(rows(home)[100][0]) < len(whole)


def test_a_tile_of_another_town_or_of_another_system_says_nothing(call, town, home, tmp_path):
    with rasterio.open(DATA / "sim_crowned_1m.tif") as whole:
        astray = write(tmp_path / "astray.tif", whole.read(1), whole.transform, crs="EPSG:25833")
    call("terrain", "add", astray, DATA / "montpellier_lidarhd_1m.tif")
    _, out, err = call("terrain", "measure", *roads(town))
    assert ": 0 measured" in out
    assert "cover none of the ways you run" in err
    assert not any(found for found, _ in rows(home).values())


def test_a_tile_in_the_wrong_place_is_refused_window_by_window(call, town, home, tmp_path):
    """Roofs and walls in the place of a street: rough, and said to be no ground."""
    with rasterio.open(DATA / "sim_crowned_1m.tif") as whole:
        noise = 0.5 * np.random.default_rng(3).standard_normal(whole.shape)
        call("terrain", "add", write(tmp_path / "dsm.tif", whole.read(1) + noise, whole.transform))
    _, _, err = call("terrain", "measure", *roads(town))
    assert "it shows roofs and trees, not the ground" in err
    assert rows(home)[100][0] == []


@pytest.fixture
def zigzag(tmp_path, monkeypatch):
    """Eight streets, end to end, that were run, and the ground under them."""
    turns = np.radians([80.0, 20.0, 110.0, 50.0, 100.0, 30.0, 120.0, 60.0])
    steps = 90.0 * np.column_stack([np.sin(turns), np.cos(turns)])
    corners = np.array([476_000.0, 5_472_000.0]) + np.vstack([np.zeros(2), np.cumsum(steps, axis=0)])
    lines = [np.vstack([corners[n], corners[n : n + 2].mean(axis=0), corners[n + 1]]) for n in range(8)]
    tags = [{"highway": "residential", "name": f"Street {n}", "width": "6"} for n in range(8)]
    (tmp_path / "map.osm").write_text(osm([degrees(line, 25832) for line in lines], tags))
    (tmp_path / "run.gpx").write_text(gpx_along(corners, 25832))
    around = (*(corners.min(axis=0) - 30.0), *(corners.max(axis=0) + 30.0))
    ground = lay_streets(lines, [Section(-2.5, 2.5)] * 8, around, Survey(), np.random.default_rng(4))
    monkeypatch.setenv("CAMBER_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("camber.library.workers._processes", lambda *_: Here())
    return tmp_path, ground


def test_a_flight_in_the_wrong_place_is_found_by_all_its_tiles_and_another_takes_its_place(
    call, zigzag, monkeypatch
):
    folder, ground = zigzag
    moved = replace(ground, west_m=ground.west_m - 4.5, north_m=ground.north_m + 2.0)
    for name, columns in (("west", slice(0, 250)), ("east", slice(250, None))):
        write_tile(folder / f"{name}_2020.tif", moved, "EPSG:25832", columns)
    call("import", folder / "run.gpx")
    call("terrain", "add", folder)
    measure = ("terrain", "measure", "--workers", "1", "--roads", folder / "map.osm")
    with monkeypatch.context() as patch:
        patch.setattr(surveying, "measured_elsewhere", interrupted)
        assert call(*measure)[0] == 130
    # What was measured is not believed before it was judged.
    code, out, err = call(*measure)
    assert (code, out) == (0, "8 ways: 0 measured, 8 measured before\n")
    (text,) = [line for line in err.splitlines() if "2020.tif" in line]
    assert re.search(
        r"1 more of its flight: their \d roads lie at least \d m (north-)?west of .* they are not used", text
    )
    assert not any(found for found, _ in rows(folder / "home").values())
    assert ": 0 measured" in call(*measure)[1]
    # An older flight that lies where the map does.
    call("terrain", "add", write_tile(folder / "whole_2015.tif", ground, "EPSG:25832"))
    assert "cover" not in call(*measure)[2]
    for found, said in rows(folder / "home").values():
        assert {one["year"] for one in found} == {2015}
        assert {reason for key, counts in said.items() for reason in counts if "2020" in key} == {"displaced"}


def test_a_library_looks_for_streets_where_its_map_does_not_have_them_once(call, zigzag, monkeypatch):
    folder, ground = zigzag
    there = replace(ground, west_m=ground.west_m + 1.5, north_m=ground.north_m - 1.5)
    call("terrain", "add", write_tile(folder / "whole_2020.tif", there, "EPSG:25832"))
    call("import", folder / "run.gpx")
    measure = ("terrain", "measure", "--workers", "1", "--roads", folder / "map.osm")
    _, out, err = call(*measure)
    assert out == "8 ways: 8 measured, 0 measured before\n"
    assert "2020.tif" not in err
    with sqlite3.connect(folder / "home" / "library" / FILE_NAME) as connection:
        versions = [version for (version,) in connection.execute("SELECT version FROM measured_way")]
    connection.close()
    assert {version.partition("@")[2] for version in versions} == {"+1.5-1.5"}
    for found, _ in rows(folder / "home").values():
        assert np.median([one["left_pct"] for one in found]) == pytest.approx(-2.5, abs=0.7)
    # Asked again, ways are the same, and where they are looked for: nothing is read.
    read = []
    monkeypatch.setattr(sources, "sections_and_places", lambda *given, **_: read.append(given))
    monkeypatch.setattr(surveys, "TERRAIN", 0)
    assert ": 0 measured" in call(*measure)[1]
    assert read == []


def interrupted(*_given):
    raise KeyboardInterrupt


def test_a_smoothed_tile_is_said_to_be(call, town, home):
    call("terrain", "add", DATA / "bad_smoothed_1m.tif")
    _, _, err = call("terrain", "measure", *roads(town))
    assert "bad_smoothed_1m.tif: its heights are smoothed or interpolated" in err
    assert rows(home)[100][0] == []


@pytest.mark.usefixtures("home")
def test_runs_on_ways_that_were_measured_are_analysed_again(call, town, tmp_path):
    assert "3 analysed" in call("analyse", "--all", *roads(town))[1]
    # Where tiles end would tell others where a runner lives: what they get knows nothing of them.
    shared = shared_week(call, town, tmp_path / "before")
    call("terrain", "add", "--flown", "2019", DATA / "sim_crowned_1m.tif")
    assert "1 analysed, 2 up to date" in call("analyse", "--all", *roads(town))[1]
    assert "0 analysed, 3 up to date" in call("analyse", "--all", *roads(town))[1]
    _, out, _ = call("terrain", "status")
    assert "1 grids of 1 m, flown 2019" in out
    assert "% of" in out
    week = json.loads(call("week", "2026-W47", "--json")[1])
    page = call("week", "2026-W47", "--details")[1]
    assert re.search(r"How the ground falls was measured on \d+ % of the distance", " ".join(page.split()))
    (street,) = week["streets"]
    assert (street["slope_basis"], street["slope_source"]) == (
        "measured",
        "measured (terrain model, flown 2019)",
    )
    for command in (("export",), ("week", "2026-W47")):
        file = tmp_path / f"{command[0]}.{'csv' if command == ('export',) else 'html'}"
        assert call(*command, "-o", file)[0] == 0
        assert "terrain model, flown 2019" in file.read_text("utf-8")
    assert shared_week(call, town, tmp_path / "after") == shared


def shared_week(call, town, folder):
    """Give a week as others get it: the page, the document and the table."""
    folder.mkdir()
    share = ("--share", "--no-zone", "--roads", town / "sim.osm")
    assert call("week", "2026-W47", *share, "-o", folder / "week.html")[0] == 0
    assert call("week", "2026-W47", *share, "-o", folder / "week.json")[0] == 0
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_a_road_authority_s_survey_says_how_steep_ways_are(call, town, home, tmp_path):
    _, line = streets_of("sim_lines.geojson")[0]
    survey = gpd.GeoDataFrame({"tverrfall": [1.5]}, geometry=[shapely.LineString(line)], crs=25832)
    survey.to_file(tmp_path / "survey.gpkg")
    code, _, err = call("terrain", "add-lines", tmp_path / "survey.gpkg", "--slope", "fall")
    assert code == 3
    assert "has no column fall: give one of tverrfall" in err
    assert call("terrain", "add-lines", tmp_path / "survey.gpkg")[0] == 2
    given = ("--slope", "tverrfall", "--unit", "deg", "--unsigned", "--surveyed", "2021")
    code, out, _ = call("terrain", "add-lines", tmp_path / "survey.gpkg", *given)
    assert (code, out) == (0, "1 lines with a cross slope\n")
    assert "1 inventories" in call("terrain", "status")[1]
    call("terrain", "measure", *roads(town))
    ((one, *others), _) = rows(home)[100]
    assert not others
    assert (one["source"], one["year"], one["unsigned"]) == ("inventory", 2021, True)
    assert one["left_pct"] == one["right_pct"] == pytest.approx(100.0 * np.tan(np.radians(1.5)))
    assert not rows(home)[1][0]


@pytest.mark.usefixtures("home")
def test_tiles_that_are_wanted_are_named_as_their_agency_does(call):
    code, out, err = call("terrain", "wanted")
    assert code == 0
    assert out.split() == ["dgm1_32_476_5472_1_*.tif", "dgm1_32_476_5471_1_*.tif"]
    assert "https://www.geoportal.de" in err
    assert "the tiles of where you run from https://www.ahn.nl/dataroom" in err
    call("terrain", "add", DATA / "sim_crowned_1m.tif")
    assert call("terrain", "wanted")[1] == ""


def test_without_the_extra_one_sentence_says_how_to_get_it(call, monkeypatch):
    monkeypatch.setitem(sys.modules, "rasterio", None)
    code, _, err = call("terrain", "add", terrain_data() / "sim_crowned_1m.tif")
    assert code == 2
    assert 'pip install "camber[terrain]"' in err
