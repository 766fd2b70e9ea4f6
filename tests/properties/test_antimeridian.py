"""A run and its map moved east by a UTM zone, so that they cross 180 degrees, give the same results.

The place lies where two zones meet, so that a move by 6 degrees changes no distance, but for the last digits.
"""

from dataclasses import replace

import numpy as np
import pytest
import shapely

import camber
from camber.roads.tiles import TileStore, add_file, open_tiles
from camber.track import prepare_track
from tests.properties.test_invariants import run
from tests.worlds import ORIGIN, TOWN, recording_of, town_track

LATITUDE = -16.8


def degrees(xy, middle_deg, east_m):
    """Places about a meridian, which crosses the town, in whole 1e-7 degrees."""
    east = 111_320.0 * np.cos(np.radians(LATITUDE))
    x, y = (np.asarray(xy, dtype=float) + np.array([east_m, 0.0])).T
    longitude = np.round(middle_deg + x / east, 7)
    longitude = np.where(longitude > 180.0, longitude - 360.0, longitude)
    return np.column_stack([np.round(longitude, 7), np.round(LATITUDE + y / 110_600.0, 7)])


def town_file(folder, middle_deg, east_m, *, split=False):
    """Write the town of `tests.worlds`; ``split``: ways are cut at the meridian, where nodes stand twice."""
    numbers, nodes, ways = {}, [], []

    def node(place, half=""):
        key = (*place, half)
        if key not in numbers:
            numbers[key] = len(numbers) + 1
            nodes.append(f'<node id="{numbers[key]}" version="1" lat="{place[1]:.7f}" lon="{place[0]:.7f}"/>')
        return numbers[key]

    for way, (xy, tags) in TOWN.items():
        pieces = [xy]
        at = next((i for i in range(1, len(xy)) if (xy[i - 1][0] + east_m) * (xy[i][0] + east_m) < 0.0), None)
        if split and at is not None:
            share = (-east_m - xy[at - 1][0]) / (xy[at][0] - xy[at - 1][0])
            cut = (-east_m, xy[at - 1][1] + share * (xy[at][1] - xy[at - 1][1]))
            pieces = [[*xy[:at], cut], [cut, *xy[at:]]]
        for number, piece in enumerate(pieces):
            refs = []
            for lon, lat in degrees(piece, middle_deg, east_m):
                on = split and abs(abs(lon) - 180.0) < 1e-9
                west = min(x for x, _ in piece) < -east_m
                refs.append(node(((180.0 if west else -180.0) if on else lon, lat)))
            kept = {k: v for k, v in tags.items() if k in {"name", "highway", "footway"}}
            kept = {"highway": "residential"} | kept
            listed = "".join(f'<tag k="{k}" v="{v}"/>' for k, v in kept.items())
            refs = "".join(f'<nd ref="{ref}"/>' for ref in refs)
            ways.append(f'<way id="{way + 100 * number}" version="1">{refs}{listed}</way>')
    path = folder / f"town_{middle_deg:.0f}_{split}.osm"
    path.write_text(f'<osm version="0.6">{"".join(nodes + ways)}</osm>', encoding="utf-8")
    return path


def recording(middle_deg, east_m):
    track = town_track()
    xy = shapely.get_coordinates(track.geometry.to_numpy()) - np.array(ORIGIN)
    found = recording_of(track)
    longitude, latitude = degrees(xy, middle_deg, east_m).T
    fixes = found.fixes.assign(longitude_deg=longitude, latitude_deg=latitude)
    return replace(found, fixes=fixes)


def results(roads, middle_deg, east_m):
    track, _ = prepare_track(recording(middle_deg, east_m), crs=roads.crs)
    return run(track, roads, draws=100)


@pytest.fixture(scope="module", params=[100.0, 600.0], ids=["most_in_the_west", "most_in_the_east"])
def pair(request, tmp_path_factory):
    """Results about 174 E, where zones 59 and 60 meet, and about 180, where 60 and 1 do."""
    folder = tmp_path_factory.mktemp("towns")
    both = []
    for middle_deg in (174.0, 180.0):
        roads = camber.read_roads(town_file(folder, middle_deg, request.param), country="FJ")
        both.append((roads, results(roads, middle_deg, request.param)))
    return request.param, *both


def test_the_map_is_the_same(pair):
    east_m, (here, _), (there, _) = pair
    zones = {100.0: ("EPSG:32759", "EPSG:32760"), 600.0: ("EPSG:32760", "EPSG:32701")}
    assert (here.crs, there.crs) == zones[east_m]
    assert there.bounds_deg[0] < 180.0 < there.bounds_deg[2] < 180.1
    assert there.ways.length_m.to_numpy() == pytest.approx(here.ways.length_m.to_numpy(), abs=1e-5)
    same = [name for name in here.ways if name not in {"geometry", "length_m"}]
    assert there.ways[same].equals(here.ways[same])


def test_the_way_the_side_and_the_exposure_are_the_same(pair):
    _, (_, here), (_, there) = pair
    assert there.matched["way_id"].tolist() == here.matched["way_id"].tolist()
    for name in ("travel_direction", "side", "verdict"):
        assert there.exposure[name].tolist() == here.exposure[name].tolist()
    for name in ("distance_m", "left_low_m", "right_low_m", "level_m", "unmatched_m"):
        expected = here.exposure[name].to_numpy()
        assert there.exposure[name].to_numpy() == pytest.approx(expected, abs=1e-3), name
    assert there.share() == pytest.approx(here.share(), abs=1e-3)
    moved = (there.exposure["longitude_deg"] - here.exposure["longitude_deg"]) % 360.0
    assert moved.to_numpy() == pytest.approx(6.0, abs=1e-6)
    assert (there.exposure["longitude_deg"] < 0.0).any()
    assert (there.exposure["longitude_deg"] > 0.0).any()


def test_a_map_that_is_cut_at_the_antimeridian_is_joined_there(pair, tmp_path):
    """Editors cut ways there: the node at 180 E and the one at 180 W are two, at one place."""
    east_m, _, (_, whole) = pair
    roads = camber.read_roads(town_file(tmp_path, 180.0, east_m, split=True), country="FJ")
    cut = results(roads, 180.0, east_m)
    assert len(roads.ways) > len(TOWN)
    assert (cut.matched["way_id"] % 100).tolist() == (whole.matched["way_id"] % 100).tolist()
    assert cut.exposure["distance_m"].sum() == pytest.approx(whole.exposure["distance_m"].sum(), abs=0.5)


def test_tiles_give_the_same_map(pair, tmp_path):
    east_m, _, (whole, _) = pair
    added = add_file(town_file(tmp_path, 180.0, east_m), TileStore(tmp_path), None)
    assert {tile.bounds_deg[0] for tile in added.kept} == {179.95, -180.0}
    roads = open_tiles(tmp_path, added.kept, country="FJ")
    assert roads.bounds_deg == whole.bounds_deg
    assert roads.ways.length_m.to_numpy() == pytest.approx(whole.ways.length_m.to_numpy(), abs=1e-9)
